//! The logs that a node holds, its own and others', in memory and on disk.
//!
//! A change is checked on a copy of the replica, written in one batch, and shown to readers only
//! once it is on disk: nothing is ever served that a restart could take back. If the disk fails, the
//! replica is read from it again before the next change. A copy shares with its original all that does
//! not change, so that a change costs as much in a long log as in a short one.
//!
//! One thing may be shown before it is on disk: the checkpoint that an own log has just signed. What
//! it signs is there, and a restart signs it again, byte for byte.
//!
//! ```text
//! log = "L" | 32 bytes of the institution's identifier
//! log | "e" | leaf index, u64      -> a run of entries that came at once, each a CBOR byte string; the
//!                                     leaf is that of the last
//! log | "n" | tree size, u64       -> the checkpoint of that size, a note with its cosignatures
//! log | "s" | number, u32          -> a status list token of the newest standing, ordered by URI
//! log | "f"                        -> the proof that it shows two histories, a file
//! log | "c"                        -> own log: size and root that may be signed (u64 | 32 bytes)
//! log | "o" | number, u64          -> own log: a status list token that is published still, while those
//!                                     under "s" wait to be
//! log | "q" | number, u64          -> own log: a statement that is to be stated again
//! log | "t"                        -> the checkpoint that entries held lead towards: [note, proof]
//! "F" | 32 bytes of the identifier -> addresses under which a followed institution was found
//! ```
//!
//! Numbers are big-endian. Writing blocks: from async code, use `spawn_blocking`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use carnet_proto::id::{Did, Digest, LeafIndex, TreeSize};
use carnet_proto::ledger::{CheckpointView, Ledger, LogView, Replica, ReplicaError};
use carnet_proto::log::checkpoint::{Note, NoteSignature};
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::log::proof::ConsistencyProof;
use tokio::sync::broadcast;

use crate::store::{Batch, Entry, Store, StoreError, entries};

mod aside;
mod error;
mod follow;
mod fork;
mod layout;
mod load;
mod own;
mod published;
mod standby;
#[cfg(test)]
mod tests;

pub use aside::WholeLog;
pub use error::LogsError;
pub use follow::{Follow, MAX_FOLLOW_ADDRESSES, MAX_FOLLOWS};
pub use own::Appending;

/// Most logs that a node holds.
pub const MAX_LOGS: usize = 10_000;
/// Most entries that are read to find one statement.
const MAX_PLACES: usize = 16;
/// Changes that a listener may lag behind before it misses some.
pub const CHANGES_QUEUE: usize = 1024;

/// What changed in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The log.
    pub did: Did,
    /// Entries held now.
    pub size: TreeSize,
    /// What is new.
    pub what: Changed,
}

/// The part of a log that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// There are more entries.
    Entries,
    /// There is a checkpoint, or a cosignature, that was not known.
    Checkpoint,
    /// The status lists are those of the newest standing now.
    Status,
    /// There is a proof that it shows two histories.
    Fork,
}

/// All logs of a node. Shared as an `Arc`.
pub struct Logs {
    store: Arc<dyn Store>,
    logs: RwLock<BTreeMap<Did, Arc<Log>>>,
    follows: RwLock<BTreeMap<Did, Follow>>,
    /// Those of this node, also while their logs are completed from peers.
    institutions: RwLock<BTreeSet<Did>>,
    forks: RwLock<fork::Forks>,
    changes: broadcast::Sender<Change>,
    /// Cosignatures that came for own logs since the start.
    received: AtomicU64,
}

/// The checkpoints of a view, by size.
type Checkpoints = Arc<BTreeMap<TreeSize, Arc<CheckpointView>>>;

/// One log. The mutex is held through a change; readers take the replica as it is.
struct Log {
    replica: RwLock<Arc<Replica>>,
    /// The institution is one of this node's: only its writer appends.
    is_own: AtomicBool,
    /// What others are shown of the status lists, if not those of the replica.
    published: RwLock<Option<Arc<published::Published>>>,
    writing: Mutex<Writing>,
}

#[derive(Default)]
struct Writing {
    /// A write failed, so that the disk may hold more than the replica.
    is_stale: bool,
    /// Own log: what the newest commit allows to be signed.
    committed: Option<TreeHead>,
    /// The checkpoints on disk.
    stored: Checkpoints,
}

impl Logs {
    /// Reads all logs from a store, checking every entry, checkpoint and status list again.
    ///
    /// # Errors
    /// [`LogsError::Damaged`] if what is stored does not check out, [`LogsError::Store`].
    pub fn open(store: Arc<dyn Store>) -> Result<Self, LogsError> {
        let (mut logs, mut forks) = (BTreeMap::new(), fork::Forks::new());
        for did in load::dids(&*store)? {
            let (replica, committed) = load::replica(&*store, &did, false)?;
            forks.extend(fork::load(&*store, &did)?.map(|proof| (did, proof)));
            let published = match committed {
                Some(_) => published::load(&*store, &replica)?,
                None => None,
            };
            let log = Log::new(replica, committed);
            *write(&log.published) = published;
            logs.insert(did, Arc::new(log));
        }
        let follows = RwLock::new(follow::load(&*store)?);
        let (changes, _) = broadcast::channel(CHANGES_QUEUE);
        let (logs, forks, institutions) =
            (RwLock::new(logs), RwLock::new(forks), RwLock::default());
        let received = AtomicU64::new(0);
        Ok(Self { store, logs, follows, institutions, forks, changes, received })
    }

    /// Holds the logs of a store that another process writes; empty before [`Logs::read_again`].
    pub fn of_another(store: Arc<dyn Store>) -> Self {
        let (changes, _) = broadcast::channel(CHANGES_QUEUE);
        let (logs, follows, institutions, forks, received) = Default::default();
        Self { store, logs, follows, institutions, forks, changes, received }
    }

    /// Reads each stored log by itself, and tells what each is like. `own` are this node's institutions.
    ///
    /// # Errors
    /// [`LogsError::Store`], [`LogsError::Damaged`] if the logs cannot even be told apart.
    #[expect(clippy::type_complexity, reason = "a list of results")]
    pub fn check(
        store: &dyn Store,
        own: &[Did],
    ) -> Result<Vec<(Did, Result<Replica, LogsError>)>, LogsError> {
        let dids = load::dids(store)?.into_iter();
        let read = |did| {
            let (replica, _) = load::replica(store, &did, own.contains(&did))?;
            fork::load(store, &did).map(|_| replica)
        };
        Ok(dids.map(|did| (did, read(did))).collect())
    }

    /// Deletes a log from a store that no node has open.
    ///
    /// # Errors
    /// [`LogsError::Store`].
    pub fn drop_stored(store: &dyn Store, did: &Did) -> Result<(), LogsError> {
        let mut batch = Batch::new();
        for found in entries(store, &layout::log(did)) {
            batch.delete(found?.0);
        }
        store.apply(batch)?;
        Ok(())
    }

    /// Returns all that a store holds of a log.
    pub fn stored<'a>(
        store: &'a dyn Store,
        did: &Did,
    ) -> impl Iterator<Item = Result<Entry, StoreError>> + use<'a> {
        entries(store, &layout::log(did))
    }

    /// Returns whether a key of a store belongs to a log.
    pub fn is_of_a_log(key: &[u8]) -> bool {
        key.starts_with(layout::LOGS)
    }

    /// Returns the institutions whose logs are held, in order.
    pub fn dids(&self) -> Vec<Did> {
        read(&self.logs).keys().copied().collect()
    }

    /// Returns the replica of a log as it is now.
    pub fn get(&self, did: &Did) -> Option<Arc<Replica>> {
        let log = read(&self.logs).get(did).cloned()?;
        let replica = read(&log.replica).clone();
        Some(replica)
    }

    /// Reads from a replica; `None` if the log is not held.
    pub fn with<T>(&self, did: &Did, read: impl FnOnce(&Replica) -> T) -> Option<T> {
        self.get(did).map(|replica| read(&replica))
    }

    /// Returns the view of each log.
    pub fn views(&self) -> Vec<Arc<LogView>> {
        let logs: Vec<_> = read(&self.logs).values().cloned().collect();
        logs.iter().map(|log| Arc::clone(read(&log.replica).view())).collect()
    }

    /// Returns the views of all logs as a ledger.
    pub fn ledger(&self) -> Ledger {
        let mut ledger: Ledger = self.views().into_iter().collect();
        for proof in read(&self.forks).values() {
            ledger.add_fork(proof);
        }
        ledger
    }

    /// Reads entries of a log from a leaf on, at most `count`, and at most `bytes` in sum unless the
    /// first alone has more. Empty beyond the end.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::Store`].
    pub fn entries(
        &self,
        did: &Did,
        from: u64,
        count: usize,
        bytes: usize,
    ) -> Result<Vec<Vec<u8>>, LogsError> {
        // The disk may be ahead of what readers are shown.
        let size = self.get(did).ok_or(LogsError::UnknownLog(*did))?.size().0;
        let left = usize::try_from(size.saturating_sub(from)).unwrap_or(usize::MAX);
        load::entries(&*self.store, did, from, count.min(left), bytes)
    }

    /// Returns at which of some leaves a statement stands, of the first 16: more statements have digests
    /// that begin alike only if somebody made them so.
    ///
    /// # Errors
    /// As [`Logs::entries`].
    pub fn find(
        &self,
        did: &Did,
        digest: &Digest,
        places: Vec<LeafIndex>,
    ) -> Result<Option<LeafIndex>, LogsError> {
        for leaf in places.into_iter().take(MAX_PLACES) {
            let entry = self.entries(did, leaf.0, 1, usize::MAX)?.pop();
            if entry.is_some_and(|entry| Digest::of(&entry) == *digest) {
                return Ok(Some(leaf));
            }
        }
        Ok(None)
    }

    /// Returns the checkpoints held, by size, the newest last.
    pub fn notes(&self, did: &Did) -> Option<Vec<Note>> {
        self.with(did, |replica| {
            replica.view().checkpoints.values().map(|c| c.note.clone()).collect()
        })
    }

    /// Returns the status list tokens held, ordered by URI; whether they are those of the newest
    /// standing tells [`LogView::has_newest_status`].
    pub fn status_tokens(&self, did: &Did) -> Option<Vec<Vec<u8>>> {
        self.with(did, |replica| {
            replica.view().status.values().map(|token| token.as_bytes().to_vec()).collect()
        })
    }

    /// Returns how many cosignatures came for the newest checkpoints of own logs since the start.
    pub fn cosignatures_received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Returns a receiver of changes from now on. One that lags behind misses the oldest.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Accepts entries of another institution's log that lead towards a checkpoint, as
    /// [`Replica::extend`]. Of a log that is not held yet, the first entry is the inception. All is
    /// kept or nothing.
    ///
    /// # Errors
    /// [`LogsError::Replica`] if what was given is wrong, [`LogsError::OwnLog`],
    /// [`LogsError::TooMany`], [`LogsError::Store`].
    pub fn extend(
        &self,
        did: &Did,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> Result<TreeSize, LogsError> {
        let known = read(&self.logs).get(did).cloned();
        let Some(log) = known else { return self.begin(did, entries, note, proof) };
        let mut writing = lock(&log.writing);
        if log.is_own.load(Ordering::SeqCst) {
            return Err(LogsError::OwnLog(*did));
        }
        self.refresh(did, &log, &mut writing)?;
        let mut replica = log.copy();
        let from = replica.size();
        replica.extend_read_by(entries, note, proof, load::read)?;
        let mut batch = Batch::new();
        layout::put_entries(&mut batch, did, from, entries);
        layout::put_towards(&mut batch, did, &replica, note, proof);
        self.commit(did, &log, &mut writing, replica, batch)?;
        self.tell(did, Changed::Entries)
    }

    /// Accepts a checkpoint of entries that are held, or cosignatures on it, as
    /// [`Replica::add_checkpoint`]; returns whether anything was new.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::Replica`], [`LogsError::Store`].
    pub fn add_checkpoint(
        &self,
        did: &Did,
        note: &Note,
        counts: impl FnMut(&NoteSignature, &Note) -> bool,
    ) -> Result<bool, LogsError> {
        let log = self.log(did)?;
        let mut writing = lock(&log.writing);
        self.refresh(did, &log, &mut writing)?;
        let mut replica = log.copy();
        let before = log.is_own.load(Ordering::SeqCst).then(|| signatures(&replica));
        if !replica.add_checkpoint(note, counts)? {
            return Ok(false);
        }
        if let Some(before) = before {
            let added = signatures(&replica).saturating_sub(before);
            self.received.fetch_add(added as u64, Ordering::Relaxed);
        }
        self.commit(did, &log, &mut writing, replica, Batch::new())?;
        self.tell(did, Changed::Checkpoint)?;
        Ok(true)
    }

    /// Accepts all status lists of the newest standing of another's log, ordered by URI.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::OwnLog`], [`LogsError::Replica`], [`LogsError::Store`].
    pub fn set_status(&self, did: &Did, tokens: &[Vec<u8>]) -> Result<(), LogsError> {
        let log = self.log(did)?;
        let mut writing = lock(&log.writing);
        if log.is_own.load(Ordering::SeqCst) {
            return Err(LogsError::OwnLog(*did));
        }
        self.refresh(did, &log, &mut writing)?;
        let mut replica = log.copy();
        replica.set_status(tokens)?;
        let mut batch = Batch::new();
        layout::put_status(&mut batch, &*self.store, did, replica.view())?;
        self.commit(did, &log, &mut writing, replica, batch)?;
        self.tell(did, Changed::Status).map(|_| ())
    }

    fn begin(
        &self,
        did: &Did,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> Result<TreeSize, LogsError> {
        let (first, rest) =
            entries.split_first().ok_or(LogsError::Replica(ReplicaError::NotAnInception))?;
        if Did::of_inception(first) != *did {
            return Err(ReplicaError::OtherLog.into());
        }
        let mut replica = load::begin(first, read(&self.institutions).contains(did))?;
        replica.extend_read_by(rest, note, proof, load::read)?;
        // Held while it is written, so that nobody else begins the same log.
        let mut logs = write(&self.logs);
        if logs.contains_key(did) {
            return Err(
                ReplicaError::WrongRange { expected: replica.size(), limit: TreeSize(0) }.into()
            );
        }
        if logs.len() >= MAX_LOGS {
            return Err(LogsError::TooMany { what: "logs", limit: MAX_LOGS });
        }
        let mut batch = Batch::new();
        layout::put_entries(&mut batch, did, TreeSize(0), entries);
        layout::put_towards(&mut batch, did, &replica, note, proof);
        layout::put_checkpoints(&mut batch, did, &Checkpoints::default(), replica.view());
        self.store.apply(batch)?;
        logs.insert(*did, Arc::new(Log::new(replica, None)));
        drop(logs);
        self.tell(did, Changed::Entries)
    }

    fn log(&self, did: &Did) -> Result<Arc<Log>, LogsError> {
        read(&self.logs).get(did).cloned().ok_or(LogsError::UnknownLog(*did))
    }

    /// Writes a changed replica, with the checkpoints that changed, and shows it to readers.
    fn commit(
        &self,
        did: &Did,
        log: &Log,
        writing: &mut Writing,
        replica: Replica,
        mut batch: Batch,
    ) -> Result<(), LogsError> {
        layout::put_checkpoints(&mut batch, did, &writing.stored, replica.view());
        let applied = if batch.is_empty() { Ok(()) } else { self.store.apply(batch) };
        if let Err(error) = applied {
            writing.is_stale = true;
            // What cannot be read now is read before the next change.
            let _ = self.refresh(did, log, writing);
            return Err(error.into());
        }
        writing.stored = Arc::clone(&replica.view().checkpoints);
        *write(&log.replica) = Arc::new(replica);
        Ok(())
    }

    /// After a failed write, takes what is on disk.
    fn refresh(&self, did: &Did, log: &Log, writing: &mut Writing) -> Result<(), LogsError> {
        if writing.is_stale {
            let is_own = read(&log.replica).view().issuances.stated().is_some();
            let (mut replica, committed) = load::replica(&*self.store, did, is_own)?;
            writing.stored = Arc::clone(&replica.view().checkpoints);
            // Shown, signed from what is on disk, and perhaps not there itself.
            if let Some(newest) = read(&log.replica).view().newest() {
                let _ = replica.publish(newest.note.clone());
            }
            if committed.is_some() {
                self.settle_published(log, &replica)?;
            } else {
                *write(&log.published) = None;
            }
            *write(&log.replica) = Arc::new(replica);
            writing.committed = committed;
            writing.is_stale = false;
        }
        Ok(())
    }

    fn tell(&self, did: &Did, what: Changed) -> Result<TreeSize, LogsError> {
        let size = self.get(did).ok_or(LogsError::UnknownLog(*did))?.size();
        // Nobody may be listening.
        let _ = self.changes.send(Change { did: *did, size, what });
        Ok(size)
    }
}

impl std::fmt::Debug for Logs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logs").field("logs", &read(&self.logs).len()).finish_non_exhaustive()
    }
}

/// Counts the signature lines under the newest checkpoint.
fn signatures(replica: &Replica) -> usize {
    replica.view().newest().map_or(0, |newest| newest.note.signatures().len())
}

impl Log {
    fn new(replica: Replica, committed: Option<TreeHead>) -> Self {
        let stored = Arc::clone(&replica.view().checkpoints);
        let writing = Writing { committed, stored, ..Writing::default() };
        let (replica, is_own) = (RwLock::new(Arc::new(replica)), AtomicBool::new(false));
        Self { replica, is_own, published: RwLock::default(), writing: Mutex::new(writing) }
    }

    fn copy(&self) -> Replica {
        Replica::clone(&read(&self.replica))
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
