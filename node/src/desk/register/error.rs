use thiserror::Error;

use super::RecordId;
use crate::store::StoreError;

/// Why the register could not do what it was asked to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The store failed.
    #[error("the private register cannot be read or written")]
    Store(#[from] StoreError),
    /// The register was encrypted with another key.
    #[error("this key does not open the private register")]
    WrongKey,
    /// The register was written by a later version of this program.
    #[error("the private register has a format that this version does not know")]
    UnknownFormat,
    /// An entry was altered, or does not fit the others.
    #[error("the private register is damaged: a {what} entry does not fit")]
    Damaged {
        /// Which kind of entry.
        what: &'static str,
    },
    /// The log is not an own one: its issuances are not in memory.
    #[error("the batches of a log that is not this node's own cannot be compared with a register")]
    OtherLog,
    /// Too few indexes are left.
    #[error("status list {list} has too few of its {capacity} entries left; open a new one")]
    ListFull {
        /// Number of the status list.
        list: u32,
        /// Entries it has.
        capacity: u32,
    },
    /// The record names an index that was never allocated.
    #[error("entry {index} of status list {list} was not allocated")]
    NotAllocated {
        /// Number of the status list.
        list: u32,
        /// The index.
        index: u32,
    },
    /// The record names an index that belongs to another record.
    #[error("entry {index} of status list {list} belongs to another record")]
    IndexTaken {
        /// Number of the status list.
        list: u32,
        /// The index.
        index: u32,
    },
    /// The record or its credential is in the register, or twice in what was to be recorded.
    #[error("record {record} or its credential was recorded before")]
    AlreadyRecorded {
        /// The record.
        record: RecordId,
    },
    /// No such record.
    #[error("there is no record {record}")]
    UnknownRecord {
        /// The record.
        record: RecordId,
    },
    /// An entry of a list that was taken over is invalid for good.
    #[error("the entry {index} of the status list is invalid, which is final")]
    FinalEntry {
        /// Its index.
        index: u64,
    },
    /// An invalid credential stays invalid.
    #[error("record {record} is invalid, which is final")]
    Final {
        /// The record.
        record: RecordId,
    },
    /// Our caller exceeds a limit.
    #[error("{count} {what} at once are over the limit of {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    NoRandomness(#[source] getrandom::Error),
}
