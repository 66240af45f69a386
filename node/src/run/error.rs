//! Why a node could not start, told apart by what its operator can do.

use std::io::ErrorKind;

use carnet_proto::id::Did;
use thiserror::Error;

use crate::config::ConfigError;
use crate::desk::DeskError;
use crate::desk::register::RegisterError;
use crate::http::HttpError;
use crate::institution::InstitutionError;
use crate::logs::LogsError;
use crate::net::NetError;
use crate::store::StoreError;
use crate::writer::WriterError;

/// Why a node could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The files of an institution or of the node.
    #[error(transparent)]
    Institution(#[from] InstitutionError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The logs.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// The writer of a log.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// The issuing desk.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The HTTP interface.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The database does not hold the log of an institution of this node.
    #[error("the database does not hold the log of {0}; is it that of another node?")]
    NoLog(Did),
    /// The log of an institution of this node is not dropped.
    #[error("{0} is an institution of this node: its log is nowhere else to be taken from")]
    OwnLog(Did),
    /// Two directories hold the same institution.
    #[error("two directories hold the institution {0}")]
    Twice(Did),
    /// An address cannot be named in a profile.
    #[error("a profile cannot name the address {0}")]
    Announce(String),
    /// The runtime is ending.
    #[error("the node was stopped while it started")]
    Stopped,
}

/// What is the matter with a store, by what can be done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreProblem {
    /// Another process of this machine has it open.
    Locked,
    /// Another node writes it.
    Leased,
    /// It does not hold what was written.
    Damaged,
    /// A later version wrote it.
    Newer,
    /// It was moved elsewhere.
    Moved,
    /// The system does not let this user read or write it.
    Permission,
    /// No space is left.
    Full,
    /// Its server does not answer.
    Unreachable,
    /// Its server refuses, or the password is missing.
    Refused,
}

impl StartError {
    /// Returns what is the matter with the store, if it is the store.
    pub fn store_problem(&self) -> Option<StoreProblem> {
        let error = match self {
            Self::Store(error)
            | Self::Logs(LogsError::Store(error))
            | Self::Writer(WriterError::Logs(LogsError::Store(error)))
            | Self::Desk(DeskError::Register(RegisterError::Store(error)))
            | Self::Institution(
                InstitutionError::Store(error) | InstitutionError::Logs(LogsError::Store(error)),
            ) => error,
            Self::Logs(LogsError::Damaged { .. } | LogsError::DamagedFollow(_))
            | Self::Writer(WriterError::Logs(LogsError::Damaged { .. })) => {
                return Some(StoreProblem::Damaged);
            }
            _ => return None,
        };
        match error {
            StoreError::Locked { .. } => Some(StoreProblem::Locked),
            StoreError::NotWriter { .. } => Some(StoreProblem::Leased),
            StoreError::Corrupt { .. } => Some(StoreProblem::Damaged),
            StoreError::NewerVersion { .. } => Some(StoreProblem::Newer),
            StoreError::Moved { .. } => Some(StoreProblem::Moved),
            StoreError::Full { .. } => Some(StoreProblem::Full),
            StoreError::Unreachable { .. } => Some(StoreProblem::Unreachable),
            StoreError::Refused { .. } | StoreError::Password { .. } => Some(StoreProblem::Refused),
            StoreError::Io { source, .. } | StoreError::NoDirectory { source, .. } => {
                match source.kind() {
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                        Some(StoreProblem::Permission)
                    }
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some(StoreProblem::Full),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
