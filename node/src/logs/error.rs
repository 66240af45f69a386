use carnet_proto::cbor::CborError;
use carnet_proto::id::Did;
use carnet_proto::ledger::ReplicaError;
use thiserror::Error;

use crate::store::StoreError;

/// Why a log could not be read or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogsError {
    /// The store failed.
    #[error("the logs cannot be read or written")]
    Store(#[from] StoreError),
    /// What was given does not fit the log.
    #[error(transparent)]
    Replica(#[from] ReplicaError),
    /// What is stored does not check out.
    #[error("the stored log of {did} is damaged: {detail}")]
    Damaged {
        /// The log.
        did: Did,
        /// What is wrong.
        detail: String,
    },
    /// The addresses of a followed institution cannot be read.
    #[error("the stored list of followed institutions is damaged")]
    DamagedFollow(#[source] CborError),
    /// The node does not hold this log.
    #[error("this node does not hold the log of {0}")]
    UnknownLog(Did),
    /// The log is one of this node's own: nobody else appends to it.
    #[error("the log of {0} belongs to this node")]
    OwnLog(Did),
    /// The log is not one of this node's own.
    #[error("the log of {0} does not belong to this node")]
    NotOwn(Did),
    /// A limit is reached.
    #[error("no more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// An address is not one line of text.
    #[error("an address of a node is one line of text")]
    Address,
}
