//! The desk: where an institution issues, and keeps track of what it issued.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use carnet_proto::anchor::BatchSizeError;
use carnet_proto::id::Did;
use carnet_proto::key::{Purpose, SigningKey};
use thiserror::Error;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::institution::Institution;
use crate::logs::{Logs, LogsError};
use crate::store::Store;
use crate::writer::{WriterError, WriterHandle};

pub mod adopt;
pub mod batch;
pub mod older;
pub mod register;
pub mod status;
#[cfg(test)]
mod tests;

use older::OlderRegister;
use register::{IssuingRecord, RecordId, RecordState, Register, RegisterError, RowLabel};

/// Most records that one answer lists.
pub const MAX_PAGE: usize = 1000;

/// The desk of one institution. Shared as an `Arc`.
pub struct Desk {
    did: Did,
    register: Register,
    writer: WriterHandle,
    logs: Arc<Logs>,
    clock: Arc<dyn Clock>,
    credential_key: SigningKey,
    status_key: SigningKey,
    list_entries: u32,
    /// Batches of the log that the register does not know, which keep the desk from issuing.
    unknown_batches: AtomicUsize,
    /// Publications of the status lists by the schedule that failed since the start.
    failed_publications: AtomicU64,
    /// Held while issuing and publishing: rows are unique and lists are built one after the other.
    turn: Mutex<()>,
}

impl Desk {
    /// Opens the desk of an institution; `store` holds its register and nothing else, and new status
    /// lists have `list_entries` entries. A register that is older than the log is opened and told in the
    /// log of the program; nothing is issued with it. Blocks while it reads.
    ///
    /// # Errors
    /// [`DeskError::Register`]; [`DeskError::Writer`] if the log is not held.
    pub fn open(
        institution: &Institution,
        store: Arc<dyn Store>,
        logs: Arc<Logs>,
        writer: WriterHandle,
        clock: Arc<dyn Clock>,
        list_entries: u32,
    ) -> Result<Self, DeskError> {
        let did = institution.did;
        let register = Register::open(store, &institution.register_key)?;
        let view = logs.with(&did, |replica| Arc::clone(replica.view()));
        let view = view.ok_or(LogsError::UnknownLog(did)).map_err(WriterError::from)?;
        let unknown_batches = older::unknown_batches(&register, &view)?;
        if unknown_batches > 0 {
            let error = OlderRegister::UnknownBatches(unknown_batches);
            tracing::error!(%did, %error, "nothing can be issued");
        }
        Ok(Self {
            did,
            register,
            writer,
            logs,
            clock,
            credential_key: institution.seed.signing_key(Purpose::Credential),
            status_key: institution.seed.signing_key(Purpose::Status),
            list_entries,
            unknown_batches: AtomicUsize::new(unknown_batches),
            failed_publications: AtomicU64::new(0),
            turn: Mutex::new(()),
        })
    }

    /// Returns the institution.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// Changes the state of a record, named by its row key or its credential's identifier in
    /// hexadecimal; returns the state before. The next publication of the status lists shows it.
    ///
    /// # Errors
    /// [`DeskError::UnknownRecord`]; [`RegisterError::Final`] if the record is invalid for good.
    pub async fn set_state(
        self: &Arc<Self>,
        record: String,
        state: RecordState,
    ) -> Result<RecordState, DeskError> {
        self.blocking(move |desk| {
            let found = desk.find(&record)?.ok_or(DeskError::UnknownRecord)?;
            Ok(desk.register.set_state(&found.record, state)?)
        })
        .await
    }

    /// Returns at most `limit` records after the one that is named as in [`Desk::set_state`], in an
    /// order that means nothing but stays the same.
    ///
    /// # Errors
    /// [`DeskError::UnknownRecord`], [`DeskError::Register`].
    pub async fn records(
        self: &Arc<Self>,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<IssuingRecord>, DeskError> {
        self.blocking(move |desk| {
            let after = match after {
                Some(after) => Some(desk.find(&after)?.ok_or(DeskError::UnknownRecord)?.record),
                None => None,
            };
            Ok(desk.register.page(after.as_ref(), limit.min(MAX_PAGE))?)
        })
        .await
    }

    /// Returns how many batches of the log the register does not know; above none, nothing is issued.
    pub fn unknown_batches(&self) -> usize {
        self.unknown_batches.load(Ordering::SeqCst)
    }

    /// Returns how many scheduled publications of the status lists have failed since the start.
    pub fn failed_publications(&self) -> u64 {
        self.failed_publications.load(Ordering::Relaxed)
    }

    /// Refuses to issue with a register that is older than the log.
    fn may_issue(&self) -> Result<(), DeskError> {
        match self.unknown_batches.load(Ordering::SeqCst) {
            0 => {}
            unknown => return Err(OlderRegister::UnknownBatches(unknown).into()),
        }
        self.is_newest()
    }

    /// Compares the register with the log again, which was completed from peers.
    pub async fn look_again(self: &Arc<Self>) {
        let counted = self
            .blocking(|desk| {
                let unknown = older::unknown_batches(&desk.register, &*desk.view()?)?;
                desk.unknown_batches.store(unknown, Ordering::SeqCst);
                Ok(unknown)
            })
            .await;
        match counted {
            Ok(0) => {}
            Ok(unknown) => {
                let error = OlderRegister::UnknownBatches(unknown);
                tracing::error!(did = %self.did, %error, "nothing can be issued");
            }
            Err(error) => tracing::error!(did = %self.did, %error, "the register was not compared"),
        }
    }

    fn find(&self, name: &str) -> Result<Option<IssuingRecord>, DeskError> {
        if let Ok(label) = RowLabel::parse(name)
            && let Some(record) =
                self.register.find_by_record(&self.register.id_of_label(&label))?
        {
            return Ok(Some(record));
        }
        match RecordId::parse(name) {
            Ok(id) => Ok(self.register.find_by_credential(id.as_bytes())?),
            Err(_) => Ok(None),
        }
    }

    /// Does what blocks on a thread of its own.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, DeskError> + Send + 'static,
    ) -> Result<T, DeskError> {
        let desk = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&desk)).await.unwrap_or(Err(DeskError::Stopped))
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Desk").field("did", &self.did).finish_non_exhaustive()
    }
}

/// What is wrong with a row of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// The row, from 0.
    pub row: usize,
    /// Which part of it.
    pub field: &'static str,
    /// What is wrong, without repeating what the row says of a worker.
    pub message: String,
}

/// Why the desk did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeskError {
    /// Rows cannot be issued; nothing was.
    #[error("{} of the order cannot be issued, so that nothing was", rows(.0.len()))]
    Rows(Vec<RowError>),
    /// No such record.
    #[error("no credential was issued under this row key or credential identifier")]
    UnknownRecord,
    /// No such entry in a list that was taken over.
    #[error("this node has not taken over such a status list, or it has no such entry")]
    UnknownEntry,
    /// The lists are not to be continued here.
    #[error(
        "the lists of {0} are not continued here: its log, or that of a body that accredits it, does not name \
         this institution as its successor, or this node does not hold all of it yet"
    )]
    NotSuccessor(Did),
    /// More rows than a batch has leaves.
    #[error(transparent)]
    Batch(#[from] BatchSizeError),
    /// The register is older than what was published.
    #[error(transparent)]
    Older(#[from] OlderRegister),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The log.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// No further status list can be opened.
    #[error("the institution has {0} status lists, the most there may be")]
    TooManyLists(usize),
    /// The node is stopping.
    #[error("the desk is closing")]
    Stopped,
}

fn rows(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}
