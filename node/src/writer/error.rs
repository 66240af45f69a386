//! Why something was not stated.

use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::statement::StatementError;
use thiserror::Error;

use super::{CannotCount, MAX_GROUP};
use crate::logs::LogsError;

/// Why something was not stated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriterError {
    /// It would count for nothing.
    #[error(transparent)]
    CannotCount(#[from] CannotCount),
    /// It cannot be signed.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// Too many at once.
    #[error("{0} statements at once, more than {MAX_GROUP}")]
    TooMany(usize),
    /// The seed is not that of the keys in force.
    #[error("the seed of {0} is not that of the keys in force")]
    WrongSeed(Did),
    /// The log cannot be read or written.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// Others hold more of the log, and it is not complete yet.
    #[error(
        "others hold more of this log than this node, which fetches it from them; nothing can be stated \
         until it is complete"
    )]
    CatchingUp,
    /// It is not known yet whether others hold more of the log.
    #[error(
        "the witnesses of this log have not confirmed since the node started that they know of nothing \
         newer; until a quorum of them has, nothing is issued and no status list is published"
    )]
    Unconfirmed,
    /// The commit of several requests failed; it is unknown whether it will be found after a restart.
    #[error("it could not be committed")]
    Commit(#[source] Arc<WriterError>),
    /// The writer has stopped.
    #[error("the writer of this log has stopped")]
    Stopped,
}
