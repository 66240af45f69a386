//! Answers to what peers ask.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::message::{
    Checkpoints, Entries, Heads, MAX_MESSAGE_BYTES, MAX_NOTES, MAX_PART_BYTES, MAX_PEERS,
    MAX_RANGE_ENTRIES, MAX_TOKENS, Peers, Range, Refusal, RefusalReason, Request, Response, Since,
    StatusPage, StatusTokens,
};
use super::{Action, Archive, Millis, Misbehaviour, Sync};
use crate::cbor::{Bytes, Encode as _};
use crate::id::TreeSize;
use crate::ledger::{CheckpointView, LogView};
use crate::log::checkpoint::Note;

impl<P: Ord + Clone> Sync<P> {
    pub(super) fn request(
        &mut self,
        now: Millis,
        peer: &P,
        id: u64,
        bytes: &[u8],
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) {
        let what = match Request::parse(bytes) {
            Err(_) if bytes.len() > MAX_MESSAGE_BYTES => Misbehaviour::Oversized,
            Err(_) => Misbehaviour::Malformed,
            Ok(request) => match self.answer(now, peer, request, archive, out) {
                Err(what) => what,
                Ok(response) => {
                    let mut bytes = response.to_cbor();
                    if bytes.len() > MAX_MESSAGE_BYTES {
                        bytes = refusal(RefusalReason::TooLarge).to_cbor();
                    }
                    out.push(Action::Respond { id, bytes });
                    return;
                }
            },
        };
        out.push(Action::Refuse { id });
        out.push(Action::Report { peer: peer.clone(), what });
    }

    fn answer(
        &mut self,
        now: Millis,
        peer: &P,
        request: Request,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<Response, Misbehaviour> {
        Ok(match request {
            Request::Heads(theirs) => {
                self.learn(peer, &theirs);
                let asked = theirs.heads.iter().map(|head| &head.origin);
                let heads = asked.filter_map(|origin| self.head(origin, archive)).collect();
                Response::Heads(Heads { epoch: self.config.epoch, heads })
            }
            Request::Entries(range) => {
                self.serve_entries(&range, archive).map_or_else(refusal, Response::Entries)
            }
            Request::Checkpoints(since) => self
                .serve_checkpoints(&since, archive)
                .map_or_else(|| refusal(RefusalReason::NotHeld), Response::Checkpoints),
            Request::Status(page) => self
                .serve_status(&page, archive)
                .map_or_else(|| refusal(RefusalReason::NotHeld), Response::Status),
            Request::Cosign(offer) => {
                Response::Cosigned(self.cosign(now, peer, &offer.note, archive, out)?)
            }
            Request::Peers(wanted) => {
                let mut nodes = archive.nodes();
                nodes.truncate(usize::from(wanted.most).min(MAX_PEERS));
                Response::Peers(Peers { nodes })
            }
        })
    }

    fn serve_entries(
        &self,
        range: &Range,
        archive: &impl Archive,
    ) -> Result<Entries, RefusalReason> {
        let Range { origin, from, to } = *range;
        let view = archive.view(&origin).filter(|_| self.wanted.contains(&origin));
        let view = view.ok_or(RefusalReason::NotHeld)?;
        let target = target(&view, from).ok_or(RefusalReason::NotHeld)?;
        let limit = TreeSize(from.0.saturating_add(MAX_RANGE_ENTRIES as u64));
        let to = to.min(limit).min(target.head.size);
        let mut entries = Vec::new();
        if from < to {
            let found = archive.entries(&origin, from, to, MAX_PART_BYTES);
            entries = found.map_err(|_| RefusalReason::Unavailable)?;
        }
        let end = TreeSize(from.0.saturating_add(entries.len() as u64));
        let mut proof = None;
        if !entries.is_empty() && end < target.head.size {
            // Who cannot check the checkpoint yet needs all that leads to it.
            if is_ahead(&view, from, target) {
                return Err(RefusalReason::TooLarge);
            }
            let found = archive.consistency(&origin, end, target.head.size);
            proof = Some(found.ok_or(RefusalReason::Unavailable)?);
        }
        let entries = entries.into_iter().map(Bytes).collect();
        Ok(Entries { entries, note: target.note.clone(), proof })
    }

    fn serve_checkpoints(&self, since: &Since, archive: &impl Archive) -> Option<Checkpoints> {
        let view = archive.view(&since.origin).filter(|_| self.wanted.contains(&since.origin))?;
        let log = self.journal.log(&since.origin)?;
        let epoch = self.config.epoch;
        let mut revision = if since.epoch == epoch { since.revision } else { 0 };
        let mut notes: Vec<Note> = Vec::new();
        let mut bytes = 0;
        for (changed, size) in log.since(revision) {
            if let Some(checkpoint) = view.checkpoints.get(&size) {
                bytes += checkpoint.note.to_string().len();
                if notes.len() >= MAX_NOTES || (bytes > MAX_PART_BYTES && !notes.is_empty()) {
                    return Some(Checkpoints { epoch, revision, notes, more: true });
                }
                notes.push(checkpoint.note.clone());
            }
            revision = changed;
        }
        Some(Checkpoints { epoch, revision: log.revision(), notes, more: false })
    }

    fn serve_status(&self, page: &StatusPage, archive: &impl Archive) -> Option<StatusTokens> {
        let view = archive.view(&page.origin).filter(|_| self.wanted.contains(&page.origin))?;
        let head = view.standing.as_ref().filter(|_| view.has_newest_status())?.status_lists;
        let start = usize::try_from(page.start).ok()?;
        let mut tokens = Vec::new();
        let mut bytes = 0;
        for token in view.status.values().skip(start).take(MAX_TOKENS) {
            bytes += token.as_bytes().len();
            if bytes > MAX_PART_BYTES && !tokens.is_empty() {
                break;
            }
            tokens.push(Bytes(token.as_bytes().to_vec()));
        }
        Some(StatusTokens { size: head.size, root: head.root, start: page.start, tokens })
    }
}

/// Returns the checkpoint towards which entries are served to a node that holds `from` of them: the
/// newest that is signed with keys known there; across a rotation, the first behind it.
fn target(view: &LogView, from: TreeSize) -> Option<&CheckpointView> {
    let mut rotations = view.keys.iter().skip(1).map(|period| TreeSize(period.from.0));
    let Some(rotation) = rotations.find(|rotation| *rotation >= from) else { return view.newest() };
    let before = view.checkpoints.range(..=rotation).next_back().filter(|(size, _)| **size > from);
    let behind = || view.checkpoints.range(TreeSize(rotation.0.saturating_add(1))..).next();
    before.or_else(behind).map(|(_, checkpoint)| &**checkpoint)
}

/// Returns whether a checkpoint is signed with keys that a node with `from` entries does not know.
fn is_ahead(view: &LogView, from: TreeSize, checkpoint: &CheckpointView) -> bool {
    let set = |size| view.keys_under(size).map(|period| period.from);
    set(from.max(TreeSize(1))) != set(checkpoint.head.size)
}

fn refusal(reason: RefusalReason) -> Response {
    Response::Refused(Refusal { reason })
}
