//! The notes of a log: which of them count, and which are kept.

use alloc::collections::BTreeMap;
use alloc::string::ToString as _;
use alloc::sync::Arc;

use super::{MAX_CHECKPOINTS, Replica, ReplicaError};
use crate::id::TreeSize;
use crate::ledger::CheckpointView;
use crate::log::checkpoint::{Note, NoteKey, NoteSignature};
use crate::log::merkle::TreeHead;

impl Replica {
    /// Returns the lines of a note that are not under the log's own name.
    pub(super) fn foreign<'n>(&self, note: &'n Note) -> impl Iterator<Item = &'n NoteSignature> {
        let owner = self.view.origin.to_string();
        note.signatures().iter().filter(move |line| line.name != owner)
    }

    /// Returns what a note of this log states, and the note with the log's own signature alone:
    /// whatever else stands under its name would only leave less room for cosignatures.
    pub(super) fn check_note(&self, note: &Note) -> Result<(TreeHead, Note), ReplicaError> {
        let head = self.head_of(note)?;
        let period = self.view.keys_under(head.size).ok_or(ReplicaError::NotAnInception)?;
        let key = NoteKey::of_log(&self.view.origin, period.keys.checkpoint);
        note.verify(&key)?;
        let mut is_first = true;
        let own = note.clone().retain(|line| {
            let is_own = line.name == key.name() && line.id == key.id();
            is_own && core::mem::take(&mut is_first)
        });
        Ok((head, own))
    }

    /// Returns what a note of this log states; its signature is not checked.
    pub(super) fn head_of(&self, note: &Note) -> Result<TreeHead, ReplicaError> {
        let checkpoint = note.checkpoint()?;
        if checkpoint.did() != Ok(self.view.origin) {
            return Err(ReplicaError::OtherLog);
        }
        Ok(checkpoint.head)
    }

    pub(super) fn keep(&mut self, head: TreeHead, note: Note) {
        let view = Arc::make_mut(&mut self.view);
        let checkpoints = Arc::make_mut(&mut view.checkpoints);
        checkpoints.insert(head.size, Arc::new(CheckpointView { head, note }));
        if checkpoints.len() > MAX_CHECKPOINTS {
            // The middle is thinned: times are proven by the oldest that cover a leaf, freshness by
            // the newest. Those on both sides of a rotation stay, as no proof leads across it.
            let is_beside = |size: &TreeSize, checkpoints: &BTreeMap<_, _>| {
                view.keys.iter().skip(1).any(|period| {
                    let rotation = TreeSize(period.from.0);
                    let before = checkpoints.range(..=rotation).next_back();
                    let behind = checkpoints.range(TreeSize(rotation.0 + 1)..).next();
                    before.into_iter().chain(behind).any(|(beside, _)| beside == size)
                })
            };
            let mut middle = checkpoints.keys().skip(MAX_CHECKPOINTS / 2);
            let middle = middle.find(|size| !is_beside(size, checkpoints)).copied();
            if let Some(middle) = middle {
                checkpoints.remove(&middle);
            }
        }
    }
}
