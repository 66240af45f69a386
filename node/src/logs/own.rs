//! What only the writer of an own log does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::ledger::{Replica, ReplicaError};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::statement::Statement;

use super::{Changed, Log, Logs, LogsError, layout, load, lock, read, write};
use crate::store::Batch;

/// What is appended to an own log at once.
#[derive(Debug, Default)]
pub struct Appending {
    /// The statements, the last of them the standing.
    pub statements: Vec<Statement>,
    /// All status lists, where the standing calls for new ones.
    pub status: Option<Vec<Vec<u8>>>,
    /// It is not published by this process: a start from disk still has to know what is.
    pub waits: bool,
}

impl Logs {
    /// Begins an own log with its first statements, the last of them the standing. Nothing of it is
    /// published before [`Logs::publish_own`].
    ///
    /// # Errors
    /// [`LogsError::OwnLog`] if the log is there, [`LogsError::Replica`], [`LogsError::Store`].
    pub fn begin_own(&self, statements: &[Statement]) -> Result<TreeHead, LogsError> {
        let (inception, rest) =
            statements.split_first().ok_or(LogsError::Replica(ReplicaError::NotAnInception))?;
        let did = *inception.issuer();
        let mut logs = write(&self.logs);
        if logs.contains_key(&did) {
            return Err(LogsError::OwnLog(did));
        }
        let mut replica = Replica::new(inception.entry())?;
        replica.append(rest);
        let head = replica.tree().head();
        let mut batch = Batch::new();
        layout::put_entries(&mut batch, &did, TreeSize(0), statements.iter().map(Statement::entry));
        layout::put_committed(&mut batch, &did, &head);
        self.store.apply(batch)?;
        let log = Log::new(replica, Some(head));
        log.is_own.store(true, Ordering::SeqCst);
        logs.insert(did, Arc::new(log));
        drop(logs);
        self.tell(&did, Changed::Entries)?;
        Ok(head)
    }

    /// Marks a log as one of this node's own: from now on only its writer appends to it. Blocks.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::Damaged`], [`LogsError::Store`]; [`LogsError::NotOwn`] if it has no commit, see [`Logs::set_aside`].
    pub fn claim(&self, did: &Did) -> Result<(), LogsError> {
        let log = self.log(did)?;
        write(&self.institutions).insert(*did);
        let mut writing = lock(&log.writing);
        if writing.committed.is_none() {
            if read(&log.replica).view().issuances.stated().is_none() {
                let (replica, _) = load::replica(&*self.store, did, true)?;
                writing.stored = Arc::clone(&replica.view().checkpoints);
                *write(&log.replica) = Arc::new(replica);
            }
            return Err(LogsError::NotOwn(*did));
        }
        drop(writing);
        log.is_own.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Returns whether a log is one of this node's own.
    pub fn is_own(&self, did: &Did) -> bool {
        self.log(did).is_ok_and(|log| log.is_own.load(Ordering::SeqCst))
    }

    /// Appends to an own log what `append` appends to the replica that it is given, with the size and
    /// root that may be signed next. All is kept or nothing; nobody sees anything of it before it is
    /// on disk.
    ///
    /// # Errors
    /// What `append` refuses; [`LogsError::UnknownLog`], [`LogsError::NotOwn`],
    /// [`LogsError::Replica`] if the log would not be in order afterwards, [`LogsError::Store`].
    pub fn append_own<E: From<LogsError>>(
        &self,
        did: &Did,
        append: impl FnOnce(&mut Replica) -> Result<Appending, E>,
    ) -> Result<TreeHead, E> {
        let log = self.log(did)?;
        let mut writing = lock(&log.writing);
        if !log.is_own.load(Ordering::SeqCst) {
            return Err(LogsError::NotOwn(*did).into());
        }
        self.refresh(did, &log, &mut writing)?;
        let before = log.copy();
        let (mut replica, from) = (before.clone(), before.size());
        let Appending { statements, status, waits } = append(&mut replica)?;
        let mut batch = Batch::new();
        if let Some(tokens) = &status {
            replica.set_status(tokens).map_err(LogsError::from)?;
            layout::put_status(&mut batch, &*self.store, did, replica.view())?;
        }
        // The log must never end with anything that a witness would refuse to cosign.
        replica.is_in_order().map_err(LogsError::from)?;
        let head = replica.tree().head();
        layout::put_entries(&mut batch, did, from, statements.iter().map(Statement::entry));
        layout::put_committed(&mut batch, did, &head);
        if status.is_some() {
            self.keep_published(&log, &before, waits)?;
        }
        self.commit(did, &log, &mut writing, replica, batch)?;
        writing.committed = Some(head);
        drop(writing);
        self.tell(did, Changed::Entries)?;
        if status.is_some() {
            self.tell(did, Changed::Status)?;
        }
        Ok(head)
    }

    /// Returns the size and root of an own log that were committed last: the only ones that its
    /// checkpoint key may sign.
    pub fn committed(&self, did: &Did) -> Option<TreeHead> {
        lock(&self.log(did).ok()?.writing).committed
    }

    /// Keeps a checkpoint that an own log has just signed.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::Replica`] if it is not one of the log,
    /// [`LogsError::Store`].
    pub fn publish_own(&self, did: &Did, note: &Note) -> Result<(), LogsError> {
        self.show_own(did, note)?;
        self.save(did)?;
        self.forget_published(did)
    }

    /// Shows a checkpoint that an own log has just signed. It goes to disk with the next change:
    /// until then a restart signs the very same again, as its size and root are there.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::NotOwn`], [`LogsError::Replica`] if they are not what
    /// was committed last.
    pub fn show_own(&self, did: &Did, note: &Note) -> Result<(), LogsError> {
        let log = self.log(did)?;
        let mut writing = lock(&log.writing);
        self.refresh(did, &log, &mut writing)?;
        let signed = note.checkpoint().map_err(ReplicaError::from)?.head;
        let committed = writing.committed.ok_or(LogsError::NotOwn(*did))?;
        if committed != signed {
            let (expected, limit) = (committed.size, signed.size);
            return Err(ReplicaError::WrongRange { expected, limit }.into());
        }
        let mut replica = log.copy();
        replica.publish(note.clone())?;
        let replica = Arc::new(replica);
        *write(&log.replica) = Arc::clone(&replica);
        self.settle_published(&log, &replica)?;
        drop(writing);
        self.tell(did, Changed::Checkpoint).map(|_| ())
    }

    /// Writes checkpoints that are shown but not on disk.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::Store`].
    pub fn save(&self, did: &Did) -> Result<(), LogsError> {
        let log = self.log(did)?;
        let mut writing = lock(&log.writing);
        self.refresh(did, &log, &mut writing)?;
        let replica = Replica::clone(&read(&log.replica));
        self.commit(did, &log, &mut writing, replica, Batch::new())
    }
}
