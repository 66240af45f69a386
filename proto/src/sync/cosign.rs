//! Cosignatures: asked for, given and made known.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::fetch::Reject;
use super::gossip::Standing;
use super::message::{CosignRefusal, Cosigned};
use super::{Action, Archive, Millis, Misbehaviour, RENEW_PAUSE, Sync};
use crate::id::{Did, TreeSize};
use crate::log::checkpoint::Note;

impl<P: Ord + Clone> Sync<P> {
    /// Cosigns the newest checkpoint of a log that is held whole, if it is due.
    pub(super) fn settle(
        &mut self,
        now: Millis,
        origin: &Did,
        anew: bool,
        archive: &mut impl Archive,
    ) {
        let Some(view) = archive.view(origin) else { return };
        let Some(newest) = view.newest() else { return };
        if archive.size(origin) != newest.head.size || !view.has_newest_status() {
            return;
        }
        let Ok(lines) = archive.cosign(&newest.note, anew) else { return };
        if lines.is_empty() {
            return;
        }
        let owner = origin.to_string();
        let mut note = newest.note.clone().retain(|line| line.name == owner);
        lines.into_iter().for_each(|line| note.add(line));
        if archive.add_checkpoint(origin, &note) == Ok(true) {
            if let Some(view) = archive.view(origin) {
                self.journal.touch(&view, newest.head.size);
            }
            self.publish_for_owner(now, *origin);
        }
    }

    /// Answers a peer that wants cosignatures, mostly the log's owner.
    pub(super) fn cosign(
        &mut self,
        now: Millis,
        peer: &P,
        note: &Note,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<Cosigned, Misbehaviour> {
        let refuse = |size, why| Ok(Cosigned { size, lines: Vec::new(), refusal: Some(why) });
        let origin = note.checkpoint().and_then(|checkpoint| checkpoint.did());
        let Ok(origin) = origin else { return refuse(TreeSize(0), CosignRefusal::NotFollowed) };
        if !self.wanted.contains(&origin) {
            return refuse(TreeSize(0), CosignRefusal::NotFollowed);
        }
        let weighed = self.weigh(now, peer, &origin, note, archive, out);
        let held = archive.size(&origin);
        match weighed {
            Ok(Standing::Held(_)) => {}
            Ok(Standing::Larger(_) | Standing::Unknown) | Err(Reject::TooNew) => {
                return refuse(held, CosignRefusal::Behind);
            }
            Err(Reject::Fork) => return refuse(held, CosignRefusal::OtherRoot),
            Err(Reject::Local) => return refuse(held, CosignRefusal::Unable),
            Err(Reject::False | Reject::Hearsay) => return Err(Misbehaviour::FalseProof),
        }
        // The owner learns from a fresh one that nothing larger is known here.
        let log = self.logs.entry(origin).or_default();
        let anew = log.renewed.is_none_or(|at| at.plus(RENEW_PAUSE) <= now);
        if anew {
            log.renewed = Some(now);
        }
        match archive.cosign(note, anew) {
            Err(why) => return refuse(held, why),
            Ok(lines) => {
                let mut fresh = note.clone();
                lines.into_iter().for_each(|line| fresh.add(line));
                if self.merge(&origin, &fresh, archive, out) == Ok(true) {
                    self.publish_for_owner(now, origin);
                }
            }
        }
        let size = note.checkpoint().map(|checkpoint| checkpoint.head.size).unwrap_or_default();
        let names: Vec<_> =
            self.own.iter().filter(|own| **own != origin).map(|own| own.to_string()).collect();
        let view = archive.view(&origin);
        let lines = view.iter().filter_map(|view| view.checkpoints.get(&size));
        let lines = lines.flat_map(|checkpoint| checkpoint.note.signatures());
        let lines = lines.filter(|line| names.contains(&line.name)).cloned().collect();
        Ok(Cosigned { size: held, lines, refusal: None })
    }

    /// Keeps the cosignatures that a peer gave, or tries again later.
    #[expect(clippy::too_many_arguments, reason = "one answer, and what it is checked against")]
    pub(super) fn cosigned(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        size: TreeSize,
        answer: &Cosigned,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        let Some(view) = archive.view(&origin) else { return Ok(()) };
        let Some(checkpoint) = view.checkpoints.get(&size) else { return Ok(()) };
        let newest = view.newest().map(|newest| newest.head.size);
        let mut note = checkpoint.note.clone();
        let owner = origin.to_string();
        for line in answer.lines.iter().filter(|line| line.name != owner) {
            note.add(line.clone());
        }
        match self.merge(&origin, &note, archive, out) {
            Ok(true) => self.publish_soon(now, origin),
            Err(Reject::False) => return Err(Misbehaviour::FalseProof),
            _ => {}
        }
        let Some(state) = self.peers.get_mut(peer) else { return Ok(()) };
        if newest != Some(size) {
            return Ok(());
        }
        let is_early =
            matches!(answer.refusal, Some(CosignRefusal::Behind | CosignRefusal::NotInOrder));
        let is_retried =
            is_early && state.jobs.get_mut(&origin).is_some_and(|job| job.not_yet(now));
        if !is_retried {
            state.jobs.remove(&origin);
        }
        Ok(())
    }
}
