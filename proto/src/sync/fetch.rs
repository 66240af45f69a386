//! What comes in is checked and kept.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::archive::{ArchiveError, counting};
use super::message::{Checkpoints, Heads, MAX_MESSAGE_BYTES, Response};
use super::{Action, Archive, Ask, Millis, Misbehaviour, Sync};
use crate::id::{Did, TreeSize};
use crate::ledger::ReplicaError;
use crate::log::checkpoint::Note;

/// Most institutions remembered per log whose cosignatures do not count yet.
pub const MAX_STRANGERS: usize = 64;

/// Why something that came in is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reject {
    /// It is false, and whoever sent it could have known.
    False,
    /// It is false, but a node that is behind could not know when it passed it on.
    Hearsay,
    /// It is another history, signed by the log.
    Fork,
    /// Its entries are not held yet.
    TooNew,
    /// The archive failed.
    Local,
}

impl From<ArchiveError> for Reject {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Refused(ReplicaError::Fork(_)) => Self::Fork,
            ArchiveError::Refused(_) => Self::False,
            _ => Self::Local,
        }
    }
}

impl<P: Ord + Clone> Sync<P> {
    pub(super) fn response(
        &mut self,
        now: Millis,
        id: u64,
        bytes: &[u8],
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) {
        let Some((peer, ask)) = self.take(id) else { return };
        // Whatever comes, there is room for another request now.
        self.jobs_due = Some(Millis(0));
        let result = match Response::parse(bytes) {
            Err(_) if bytes.len() > MAX_MESSAGE_BYTES => Err(Misbehaviour::Oversized),
            Err(_) => Err(Misbehaviour::Malformed),
            Ok(response) => {
                if let Some(state) = self.peers.get_mut(&peer) {
                    state.answered();
                }
                self.answered(now, &peer, ask, response, archive, out)
            }
        };
        let Err(what) = result else { return };
        self.blame(now, &peer, ask.origin(), what, out);
        if let (Some(state), Ask::Cosign { origin, .. }) = (self.peers.get_mut(&peer), ask) {
            state.jobs.remove(&origin);
        }
    }

    /// Reports a peer, and leaves it alone: for a while, and about this log for long.
    pub(super) fn blame(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Option<Did>,
        what: Misbehaviour,
        out: &mut Vec<Action<P>>,
    ) {
        out.push(Action::Report { peer: peer.clone(), what });
        if let Some(state) = self.peers.get_mut(peer) {
            state.failed(now);
        }
        if let Some(origin) = origin {
            self.quarantine(now, peer, origin);
        }
    }

    /// Asks a peer nothing more about a log for long, and drops what it sent that was not used yet.
    pub(super) fn quarantine(&mut self, now: Millis, peer: &P, origin: Did) {
        if let Some(state) = self.peers.get_mut(peer) {
            state.claims.entry(origin).or_default().quarantined(now);
        }
        if let Some(log) = self.logs.get_mut(&origin) {
            log.ahead.retain(|_, (from, _)| from != peer);
        }
    }

    fn answered(
        &mut self,
        now: Millis,
        peer: &P,
        ask: Ask,
        response: Response,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        match (ask, response) {
            (Ask::Heads { next }, Response::Heads(heads)) => {
                self.learn(peer, &heads);
                if next.is_some() {
                    self.ask_heads(now, peer.clone(), next, archive, out);
                }
                Ok(())
            }
            (Ask::Entries { origin, from, .. }, Response::Entries(entries)) => {
                self.entries(now, peer, origin, from, entries, archive, out)
            }
            (Ask::Checkpoints { origin }, Response::Checkpoints(checkpoints)) => {
                self.checkpoints(now, peer, origin, &checkpoints, archive, out)
            }
            (Ask::Status { origin, start, offset }, Response::Status(tokens)) => {
                self.status(now, peer, origin, (start, offset), tokens, archive)
            }
            (Ask::Fork { origin, .. }, Response::Fork(shown)) => {
                self.fork_shown(origin, &shown, archive, out)
            }
            (Ask::Cosign { origin, size }, Response::Cosigned(cosigned)) => {
                self.cosigned(now, peer, origin, size, &cosigned, archive, out)
            }
            (Ask::Peers, Response::Peers(peers)) => {
                if !peers.nodes.is_empty() {
                    out.push(Action::Learnt { nodes: peers.nodes });
                }
                Ok(())
            }
            // It showed us another history a moment ago, so it can say why.
            (Ask::Fork { is_dispute: true, .. }, Response::Refused(_)) => {
                Err(Misbehaviour::FalseProof)
            }
            (ask, Response::Refused(_)) => {
                self.refused(now, peer, ask);
                Ok(())
            }
            _ => Err(Misbehaviour::Malformed),
        }
    }

    fn refused(&mut self, now: Millis, peer: &P, ask: Ask) {
        if let Ask::Status { origin, .. } = ask {
            self.logs.entry(origin).or_default().lists_missed = true;
        }
        let Some(state) = self.peers.get_mut(peer) else { return };
        match ask {
            Ask::Entries { origin, .. }
            | Ask::Checkpoints { origin }
            | Ask::Status { origin, .. }
            | Ask::Fork { origin, .. } => {
                let claim = state.claims.entry(origin).or_default();
                claim.was_fruitless(now, TreeSize(0));
            }
            Ask::Cosign { origin, .. } => {
                state.jobs.remove(&origin);
            }
            Ask::Heads { .. } | Ask::Peers => {}
        }
    }

    /// Takes note of what a peer says it holds.
    pub(super) fn learn(&mut self, peer: &P, heads: &Heads) {
        let Some(state) = self.peers.get_mut(peer) else { return };
        let held = heads.heads.iter().filter(|head| head.size.0 > 0);
        for head in held.filter(|head| self.wanted.contains(&head.origin)) {
            state.learn(heads.epoch, head);
            self.todo.insert(head.origin);
        }
    }

    /// Keeps a checkpoint of entries held, with the cosignatures that count. Returns whether
    /// anything was new.
    pub(super) fn merge(
        &mut self,
        origin: &Did,
        note: &Note,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<bool, Reject> {
        let head = note.checkpoint().map_err(|_| Reject::False)?.head;
        if head.size > archive.size(origin) {
            return Err(Reject::TooNew);
        }
        let view = archive.view(origin).ok_or(Reject::TooNew)?;
        let known = view.checkpoints.get(&head.size).map(|checkpoint| &checkpoint.note);
        let (counted, strangers) =
            counting(archive, origin, known, note).map_err(|_| Reject::False)?;
        let log = self.logs.entry(*origin).or_default();
        log.strangers.extend(strangers);
        while log.strangers.len() > MAX_STRANGERS {
            log.strangers.pop_last();
        }
        let owner = origin.to_string();
        let is_known = known.is_some_and(|known| known.body() == note.body());
        if is_known && counted.signatures().iter().all(|line| line.name == owner) {
            return Ok(false);
        }
        match archive.add_checkpoint(origin, &counted) {
            Ok(false) => Ok(false),
            Ok(true) => {
                let log = self.logs.entry(*origin).or_default();
                log.seen = log.seen.max(head.size);
                if let Some(view) = archive.view(origin) {
                    self.journal.touch(&view, head.size);
                }
                Ok(true)
            }
            Err(error) => {
                let reject = Reject::from(error);
                if reject == Reject::Fork {
                    let held = known.cloned();
                    self.contradicted(origin, head.size, held, counted, archive, out);
                }
                Err(reject)
            }
        }
    }

    fn checkpoints(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        answer: &Checkpoints,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        if !self.wanted.contains(&origin) {
            return Ok(());
        }
        let mut largest = TreeSize(0);
        let mut is_local = false;
        let mut result = Ok(());
        for note in &answer.notes {
            if note.checkpoint().and_then(|checkpoint| checkpoint.did()) != Ok(origin) {
                result = Err(Misbehaviour::FalseProof);
                break;
            }
            match self.merge(&origin, note, archive, out) {
                Ok(_) | Err(Reject::Fork) => {}
                Err(Reject::False | Reject::Hearsay) => {
                    result = Err(Misbehaviour::FalseProof);
                    break;
                }
                Err(Reject::TooNew) => {
                    let size = note.checkpoint().map(|c| c.head.size).unwrap_or_default();
                    largest = largest.max(size);
                }
                Err(Reject::Local) => is_local = true,
            }
        }
        self.settle(now, &origin, false, archive);
        result?;
        let Some(state) = self.peers.get_mut(peer) else { return Ok(()) };
        let claim = state.claims.entry(origin).or_default();
        let seen = if claim.seen.0 == answer.epoch { claim.seen.1 } else { 0 };
        if answer.more && answer.revision <= seen {
            return Err(Misbehaviour::Malformed);
        }
        if is_local {
            claim.waits(now);
        } else if largest.0 > 0 {
            // The entries come first; then these are asked for again.
            claim.size = claim.size.max(largest);
            claim.was_fruitless(now, archive.size(&origin));
        } else if answer.more {
            claim.seen = (answer.epoch, answer.revision);
            claim.revision = (answer.epoch, claim.revision.1.max(answer.revision + 1));
        } else {
            claim.seen = (answer.epoch, answer.revision);
            claim.revision = claim.seen;
        }
        Ok(())
    }

    pub(super) fn claim_waits(&mut self, now: Millis, peer: &P, origin: Did) {
        if let Some(state) = self.peers.get_mut(peer) {
            state.claims.entry(origin).or_default().waits(now);
        }
    }
}
