//! An own log of which others hold more: what was appended and not published is set aside, the log is
//! completed as if it were another's, and what was set aside is stated again on top.
//!
//! A statement does not name its leaf, so that it counts at another as it stands. Standings are made
//! anew.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::ledger::{Replica, ReplicaError};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::merkle::{TreeHead, leaf_hash};
use carnet_proto::log::proof::ConsistencyProof;
use carnet_proto::statement::{Body, Statement};

use super::{Appending, Changed, Logs, LogsError, layout, load, lock, read};
use crate::store::{Batch, Store, entries as scan};

impl Logs {
    /// Takes an own log back to its newest checkpoint, and keeps what stood behind it for
    /// [`Logs::resume_own`]. From now on it is completed from peers, and nobody appends to it. All is
    /// done or nothing. Returns how many statements were set aside. Blocks.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::NotOwn`], [`LogsError::Store`], [`LogsError::Damaged`].
    pub fn set_aside(&self, did: &Did) -> Result<usize, LogsError> {
        let log = self.log(did)?;
        let mut writing = lock(&log.writing);
        self.refresh(did, &log, &mut writing)?;
        if writing.committed.is_none() {
            return Err(LogsError::NotOwn(*did));
        }
        let view = Arc::clone(read(&log.replica).view());
        let size = view.newest().ok_or(LogsError::NotOwn(*did))?.head.size.0;
        let damaged = |detail: &str| LogsError::Damaged { did: *did, detail: detail.into() };
        let mut batch = Batch::new();
        let mut tail = Vec::new();
        let after = size.checked_sub(1).map(|before| layout::run(did, before));
        let mut after = after.ok_or_else(|| damaged("a checkpoint of nothing"))?;
        loop {
            let page = self.store.scan(&layout::entries(did), Some(&after), load::PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after.clone_from(last);
            for (key, value) in page {
                let (first, run) =
                    layout::read_run(&key, &value).ok_or_else(|| damaged("a run of entries"))?;
                batch.delete(key);
                let kept = usize::try_from(size.saturating_sub(first)).unwrap_or(usize::MAX);
                let (kept, rest) = run.split_at(kept.min(run.len()));
                layout::put_entries(&mut batch, did, TreeSize(first), kept);
                tail.extend_from_slice(rest);
            }
        }
        let mut count = 0;
        for entry in tail {
            let statement = Statement::parse(&entry);
            let statement = statement.map_err(|error| damaged(&error.to_string()))?;
            if !matches!(statement.body(), Body::Standing(_)) {
                batch.put(layout::aside(did, count), entry);
                count += 1;
            }
        }
        batch.delete(layout::committed(did));
        layout::put_checkpoints(&mut batch, did, &writing.stored, &view);
        let applied = self.store.apply(batch);
        writing.is_stale = true;
        let read_again = self.refresh(did, &log, &mut writing);
        // Also if the write failed and is on disk all the same.
        if applied.is_ok() || writing.committed.is_none() {
            log.is_own.store(false, Ordering::SeqCst);
        }
        applied?;
        read_again?;
        drop(writing);
        self.tell(did, Changed::Entries)?;
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Returns the institutions of this node whose logs are being completed from peers.
    pub fn all_set_aside(&self) -> Vec<Did> {
        let institutions = read(&self.institutions).clone();
        institutions.into_iter().filter(|did| !self.is_own(did)).collect()
    }

    /// Returns whether a log of this node is being completed from peers.
    pub fn is_set_aside(&self, did: &Did) -> bool {
        read(&self.institutions).contains(did) && !self.is_own(did)
    }

    /// Returns whether a log is held up to its newest checkpoint and no further, in order and with its
    /// status lists.
    pub fn is_whole(&self, did: &Did) -> bool {
        self.get(did).is_some_and(|replica| {
            let newest = replica.view().newest().map(|newest| newest.head.size);
            newest == Some(replica.size()) && replica.is_in_order().is_ok()
        })
    }

    /// Returns whether entries that follow the newest checkpoint of a log lead from it to another.
    pub fn leads_on(
        &self,
        did: &Did,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> bool {
        let target = note.checkpoint().map(|checkpoint| checkpoint.head);
        let (Some(replica), Ok(target)) = (self.get(did), target) else { return false };
        let newest = replica.view().newest().map(|newest| newest.head.size);
        let mut tree = replica.tree().clone();
        tree.truncate(newest.unwrap_or_default());
        entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        let head = tree.head();
        match proof {
            _ if entries.is_empty() || head.size > target.size => false,
            _ if head.size == target.size => head.root == target.root,
            Some(proof) => proof.verify(&head, &target).is_ok(),
            None => false,
        }
    }

    /// Makes a log one of this node's own again, once it [`is_whole`](Self::is_whole): `append` is
    /// given what was set aside and appends what of it still counts, then a standing; or nothing, if
    /// nothing was set aside. All is kept or nothing. Blocks.
    ///
    /// # Errors
    /// What `append` refuses; [`LogsError::UnknownLog`], [`LogsError::Replica`] if the log is not whole
    /// or would not be in order, [`LogsError::Store`], [`LogsError::Damaged`].
    pub fn resume_own<E: From<LogsError>>(
        &self,
        did: &Did,
        append: impl FnOnce(&mut Replica, Vec<Statement>) -> Result<Appending, E>,
    ) -> Result<TreeHead, E> {
        let log = self.log(did)?;
        let mut writing = lock(&log.writing);
        self.refresh(did, &log, &mut writing)?;
        let mut replica = log.copy();
        if replica.view().issuances.stated().is_none() {
            (replica, _) = load::replica(&*self.store, did, true)?;
        }
        let from = replica.size();
        if replica.view().newest().map(|newest| newest.head.size) != Some(from) {
            let limit = replica.view().newest().map_or(TreeSize(0), |newest| newest.head.size);
            return Err(LogsError::from(ReplicaError::WrongRange { expected: from, limit }).into());
        }
        replica.is_in_order().map_err(LogsError::from)?;
        let mut batch = Batch::new();
        let mut tail = Vec::new();
        for found in scan(&*self.store, &layout::part(did, layout::ASIDE)) {
            let (key, entry) = found.map_err(LogsError::from)?;
            let statement = Statement::parse(&entry)
                .map_err(|error| LogsError::Damaged { did: *did, detail: error.to_string() })?;
            batch.delete(key);
            tail.push(statement);
        }
        let before = replica.clone();
        let Appending { statements, status, .. } = append(&mut replica, tail)?;
        let is_longer = !statements.is_empty();
        if let Some(tokens) = &status {
            replica.set_status(tokens).map_err(LogsError::from)?;
            layout::put_status(&mut batch, &*self.store, did, replica.view())?;
        }
        replica.is_in_order().map_err(LogsError::from)?;
        let head = replica.tree().head();
        layout::put_entries(&mut batch, did, from, statements.iter().map(Statement::entry));
        layout::put_committed(&mut batch, did, &head);
        batch.delete(layout::towards(did));
        if status.is_some() {
            // Published once the witnesses have confirmed.
            self.keep_published(&log, &before, true)?;
        }
        self.commit(did, &log, &mut writing, replica, batch)?;
        writing.committed = Some(head);
        log.is_own.store(true, Ordering::SeqCst);
        drop(writing);
        if is_longer {
            self.tell(did, Changed::Entries)?;
        }
        Ok(head)
    }

    /// Returns size and root of the newest checkpoint that a store holds of a log.
    ///
    /// # Errors
    /// [`LogsError::Store`], [`LogsError::Damaged`].
    pub fn newest_stored(store: &dyn Store, did: &Did) -> Result<Option<TreeHead>, LogsError> {
        let Some((_, note)) = store.last(&layout::notes(did))? else { return Ok(None) };
        let note = String::from_utf8(note).ok().and_then(|note| Note::parse(&note).ok());
        let head = note.and_then(|note| note.checkpoint().ok()).map(|checkpoint| checkpoint.head);
        let detail = "a checkpoint".to_owned();
        head.map(Some).ok_or(LogsError::Damaged { did: *did, detail })
    }

    /// Keeps a log that was fetched whole, as if peers had brought it: for an institution that is
    /// restored. [`Logs::resume_own`] makes it an own one.
    ///
    /// # Errors
    /// As [`Logs::extend`], [`Logs::add_checkpoint`] and [`Logs::set_status`].
    pub fn take_whole(&self, fetched: &WholeLog) -> Result<Did, LogsError> {
        let first = fetched.entries.first();
        let first = first.ok_or(LogsError::Replica(ReplicaError::NotAnInception))?;
        let did = Did::of_inception(first);
        let newest = fetched.notes.last().ok_or(LogsError::UnknownLog(did))?;
        self.extend(&did, &fetched.entries, newest, None)?;
        for note in &fetched.notes {
            self.add_checkpoint(&did, note, |_, _| true)?;
        }
        self.set_status(&did, &fetched.status)?;
        Ok(did)
    }
}

/// A log as a node serves it, from its first entry to its newest checkpoint.
#[derive(Clone, Debug)]
pub struct WholeLog {
    /// Every entry.
    pub entries: Vec<Vec<u8>>,
    /// Its checkpoints, the newest last.
    pub notes: Vec<Note>,
    /// Its status lists, in the order of their URIs.
    pub status: Vec<Vec<u8>>,
}
