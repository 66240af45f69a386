//! Status lists: collected from one peer, in pieces where one is larger than a message, and checked
//! once all are there.

use alloc::vec::Vec;
use core::mem;

use super::fetch::Reject;
use super::message::{MAX_PART_BYTES, MAX_TOKENS, Request, StatusPage, StatusTokens};
use super::plan::Wait;
use super::{Action, Archive, Ask, MAX_STATUS_BYTES, Millis, Misbehaviour, Sync};
use crate::cbor::Bytes;
use crate::id::{Did, TreeSize};
use crate::ledger::LogView;
use crate::status::MAX_TOKEN_BYTES;

/// Pause before another look at status lists for which there is no room, in milliseconds.
const STATUS_PAUSE: u64 = 500;

/// Status lists collected so far of one log.
#[derive(Debug)]
pub(super) struct Collected<P> {
    /// From whom, so that it is known whose fault a wrong one is.
    pub(super) from: Option<P>,
    tokens: Vec<Vec<u8>>,
    /// The beginning of the next.
    piece: Vec<u8>,
    bytes: usize,
}

impl<P> Default for Collected<P> {
    fn default() -> Self {
        Self { from: None, tokens: Vec::new(), piece: Vec::new(), bytes: 0 }
    }
}

impl<P> Collected<P> {
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where to go on: lists, and bytes of the next.
    fn place(&self) -> (u64, u64) {
        (self.tokens.len() as u64, self.piece.len() as u64)
    }

    fn add(&mut self, answer: StatusTokens) -> Result<(), Misbehaviour> {
        for token in answer.tokens {
            self.bytes += token.0.len();
            if answer.offset == 0 && answer.left == 0 {
                self.tokens.push(token.0);
                continue;
            }
            if token.0.is_empty() {
                return Err(Misbehaviour::Malformed);
            }
            self.piece.extend_from_slice(&token.0);
            if self.piece.len() > MAX_TOKEN_BYTES {
                return Err(Misbehaviour::FalseProof);
            }
            if answer.left == 0 {
                self.tokens.push(mem::take(&mut self.piece));
            }
        }
        if self.bytes > MAX_STATUS_BYTES { Err(Misbehaviour::FalseProof) } else { Ok(()) }
    }
}

impl<P: Ord + Clone> Sync<P> {
    /// Asks for status lists, where those of the newest standing are missing of another's log.
    pub(super) fn plan_lists(
        &mut self,
        now: Millis,
        origin: Did,
        view: Option<&LogView>,
        held: TreeSize,
        wait: &mut Wait,
        out: &mut Vec<Action<P>>,
    ) -> bool {
        let Some(view) = view.filter(|_| !self.own.contains(&origin)) else { return false };
        let newest = view.newest().map(|checkpoint| checkpoint.head.size).unwrap_or_default();
        if newest != held || view.standing.is_none() || view.has_newest_status() {
            return false;
        }
        if !self.has_room_for_status(now, origin) {
            return false;
        }
        let Some(peer) = self.choose(now, &origin, |c| c.size >= newest, wait) else {
            return false;
        };
        let (start, offset) = self.status_place(&origin, &peer);
        let request = Request::Status(StatusPage { origin, start, offset });
        self.send(now, peer, Ask::Status { origin, start, offset }, &request, out);
        true
    }

    /// Returns whether the status lists of a log may be collected beside those of others; if not, it
    /// is looked at again.
    fn has_room_for_status(&mut self, now: Millis, origin: Did) -> bool {
        let has_begun = self.logs.get(&origin).is_some_and(|log| log.status.bytes() > 0);
        let bytes: usize = self.logs.values().map(|log| log.status.bytes()).sum();
        let has_room = has_begun || bytes < MAX_STATUS_BYTES;
        if !has_room {
            self.wake(now.plus(STATUS_PAUSE), origin);
        }
        has_room
    }

    /// Returns where to go on with a peer; what another has sent is dropped.
    pub(super) fn status_place(&mut self, origin: &Did, peer: &P) -> (u64, u64) {
        let status = &mut self.logs.entry(*origin).or_default().status;
        if status.from.as_ref() != Some(peer) {
            status.clear();
            status.from = Some(peer.clone());
        }
        status.place()
    }

    pub(super) fn status(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        place: (u64, u64),
        answer: StatusTokens,
        archive: &mut impl Archive,
    ) -> Result<(), Misbehaviour> {
        let Some(view) = archive.view(&origin) else { return Ok(()) };
        let Some(standing) = &view.standing else { return Ok(()) };
        let log = self.logs.entry(origin).or_default();
        let status = &mut log.status;
        if status.from.as_ref() != Some(peer) || status.place() != place {
            return Ok(());
        }
        if (answer.start, answer.offset) != place {
            return Err(Misbehaviour::Malformed);
        }
        let lists = standing.status_lists;
        if (answer.size, answer.root) != (lists.size, lists.root) || answer.tokens.is_empty() {
            // It stands elsewhere in the log, before or after us.
            status.clear();
            log.lists_missed = true;
            if let Some(state) = self.peers.get_mut(peer) {
                let claim = state.claims.entry(origin).or_default();
                let size = claim.size;
                claim.was_fruitless(now, size);
            }
            return Ok(());
        }
        let added = status.add(answer);
        let count = status.tokens.len() as u64;
        if added.is_err() || count > lists.size.0 {
            status.clear();
            return Err(added.err().unwrap_or(Misbehaviour::FalseProof));
        }
        if count < lists.size.0 {
            return Ok(());
        }
        let tokens = mem::take(&mut status.tokens);
        status.clear();
        match archive.set_status(&origin, &tokens).map_err(Reject::from) {
            Ok(()) => {
                self.settle(now, &origin, false, archive);
                Ok(())
            }
            Err(Reject::Local | Reject::TooNew) => {
                self.claim_waits(now, peer, origin);
                Ok(())
            }
            Err(Reject::False | Reject::Hearsay | Reject::Fork) => Err(Misbehaviour::FalseProof),
        }
    }

    pub(super) fn serve_status(
        &self,
        page: &StatusPage,
        archive: &impl Archive,
    ) -> Option<StatusTokens> {
        let view = archive.view(&page.origin).filter(|_| self.wanted.contains(&page.origin))?;
        let head = view.standing.as_ref().filter(|_| view.has_newest_status())?.status_lists;
        let mut answer = StatusTokens {
            size: head.size,
            root: head.root,
            start: page.start,
            tokens: Vec::new(),
            offset: page.offset,
            left: 0,
        };
        let mut all = view.status.values().skip(usize::try_from(page.start).ok()?);
        let offset = usize::try_from(page.offset).ok()?;
        let mut bytes = 0;
        for token in all.by_ref().take(MAX_TOKENS) {
            let token = token.as_bytes();
            if answer.tokens.is_empty() && (offset > 0 || token.len() > MAX_PART_BYTES) {
                let rest = token.get(offset..).filter(|rest| !rest.is_empty())?;
                let piece = rest.get(..MAX_PART_BYTES).unwrap_or(rest);
                answer.left = (rest.len() - piece.len()) as u64;
                answer.tokens.push(Bytes(piece.to_vec()));
                break;
            }
            bytes += token.len();
            if bytes > MAX_PART_BYTES {
                break;
            }
            answer.tokens.push(Bytes(token.to_vec()));
        }
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{RootHash, TreeSize};

    fn answer(bytes: usize, offset: u64, left: u64) -> StatusTokens {
        let tokens = Vec::from([Bytes(alloc::vec![1; bytes])]);
        let root = RootHash::new([0; 32]);
        StatusTokens { size: TreeSize(9), root, start: 0, tokens, offset, left }
    }

    #[test]
    fn a_list_and_all_lists_of_a_log_have_a_limit() {
        let mut pieces = Collected::<u8>::default();
        assert_eq!(pieces.add(answer(MAX_PART_BYTES, 0, 1)), Ok(()));
        assert_eq!(pieces.place(), (0, MAX_PART_BYTES as u64));
        let rest = MAX_TOKEN_BYTES - MAX_PART_BYTES;
        assert_eq!(pieces.add(answer(rest + 1, 1, 1)), Err(Misbehaviour::FalseProof));
        let mut empty = Collected::<u8>::default();
        assert_eq!(empty.add(answer(0, 0, 1)), Err(Misbehaviour::Malformed), "no end to it");
        let mut whole = Collected::<u8>::default();
        let most = MAX_STATUS_BYTES / MAX_PART_BYTES;
        assert!((0..most).all(|_| whole.add(answer(MAX_PART_BYTES, 0, 0)).is_ok()));
        assert_eq!(whole.place(), (most as u64, 0));
        assert_eq!(whole.add(answer(MAX_PART_BYTES, 0, 0)), Err(Misbehaviour::FalseProof));
    }
}
