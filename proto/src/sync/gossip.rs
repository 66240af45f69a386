//! Gossip: a checkpoint that somebody passes on.

use alloc::vec::Vec;

use super::archive::{signed_head, was_ever_signed};
use super::fetch::Reject;
use super::message::{Gossip, MAX_GOSSIP_BYTES, Offer};
use super::{Action, Archive, Millis, Misbehaviour, Sync, Verdict};
use crate::id::{Did, TreeSize};
use crate::log::checkpoint::{Note, NoteError};

/// What a checkpoint of a wanted log is to this node.
pub(super) enum Standing {
    /// Its entries are held; whether it, or a cosignature on it, was new.
    Held(bool),
    /// It is larger than what is held; whether it was known to exist.
    Larger(bool),
    /// Whether the log signed it cannot be told yet.
    Unknown,
}

impl<P: Ord + Clone> Sync<P> {
    pub(super) fn gossip(
        &mut self,
        now: Millis,
        peer: &P,
        bytes: &[u8],
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Verdict {
        let note = match Gossip::parse(bytes) {
            Ok(Gossip::Checkpoint(Offer { note })) => note,
            Err(_) => {
                if bytes.len() > MAX_GOSSIP_BYTES {
                    let what = Misbehaviour::Oversized;
                    out.push(Action::Report { peer: peer.clone(), what });
                }
                return Verdict::Reject;
            }
        };
        let Ok(checkpoint) = note.checkpoint() else { return Verdict::Reject };
        let Ok(origin) = checkpoint.did() else { return Verdict::Ignore };
        if !self.wanted.contains(&origin) {
            return Verdict::Ignore;
        }
        match self.weigh(now, peer, &origin, &note, archive, out) {
            Ok(Standing::Held(true) | Standing::Larger(false)) => Verdict::Accept,
            Ok(Standing::Held(false) | Standing::Larger(true) | Standing::Unknown) => {
                Verdict::Ignore
            }
            // Others have to see that the log shows two histories.
            Err(Reject::Fork) => Verdict::Accept,
            Err(Reject::False) => Verdict::Reject,
            Err(Reject::Hearsay | Reject::TooNew | Reject::Local) => Verdict::Ignore,
        }
    }

    /// Judges a checkpoint of a wanted log that a peer showed, and keeps or fetches what is new.
    pub(super) fn weigh(
        &mut self,
        now: Millis,
        peer: &P,
        origin: &Did,
        note: &Note,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<Standing, Reject> {
        let size = note.checkpoint().map_err(|_| Reject::False)?.head.size;
        let Some(view) = archive.view(origin) else {
            self.announced(peer, *origin, size);
            return Ok(Standing::Unknown);
        };
        if self.own.contains(origin) && size > archive.size(origin) {
            // Whether the own key signed it, and after what, is looked at with its entries.
            self.announced(peer, *origin, size);
            return Ok(Standing::Unknown);
        }
        match signed_head(&view, note) {
            Ok(_) => {}
            // Perhaps a key that a rotation reveals further on.
            Err(NoteError::NotSigned) if size > archive.size(origin) => {
                self.announced(peer, *origin, size);
                return Ok(Standing::Unknown);
            }
            // Whoever has not come to the rotation takes the key before it for the log's.
            Err(_) if was_ever_signed(&view, note) => return Err(Reject::Hearsay),
            Err(_) => return Err(Reject::False),
        }
        if size > archive.size(origin) {
            let log = self.logs.entry(*origin).or_default();
            let was_known = log.seen >= size;
            log.seen = log.seen.max(size);
            self.announced(peer, *origin, size);
            return Ok(Standing::Larger(was_known));
        }
        let before = view.newest().map(|newest| newest.head.size);
        // Cosignatures on what is larger than what one holds are passed on without a look at them.
        let merged = self.merge(origin, note, archive, out);
        let is_new = merged.map_err(|reject| match reject {
            Reject::False => Reject::Hearsay,
            other => other,
        })?;
        if is_new && before.is_none_or(|before| size > before) {
            self.settle(now, origin, false, archive);
        }
        self.heard(now, origin, note, archive);
        Ok(Standing::Held(is_new))
    }

    fn announced(&mut self, peer: &P, origin: Did, size: TreeSize) {
        if let Some(state) = self.peers.get_mut(peer) {
            state.announced(origin, size);
            self.todo.insert(origin);
        }
    }
}
