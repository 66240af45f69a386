//! What the client reports, as a [`StoreError`].

use std::io::{self, ErrorKind};

use tokio_postgres::error::SqlState;

use super::super::StoreError;

/// What the client says of settings with which it cannot connect; the kind itself is not told.
const INVALID_SETTINGS: &str = "invalid configuration";

/// A failure of one attempt.
pub(super) enum Failure {
    /// The connection is gone, or the server takes none now: it may work later. Of a write it is
    /// unknown whether it was done.
    Lost(String),
    /// The server answered, and did nothing.
    Refused(StoreError),
}

/// Returns whether a failure is the answer of a server that does its work.
pub(super) fn is_answer(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|db| !is_no_service(db.code()))
}

/// Classes: connection, operator intervention, insufficient resources.
fn is_no_service(code: &SqlState) -> bool {
    code.code().starts_with("08")
        || code.code().starts_with("57P")
        || *code == SqlState::TOO_MANY_CONNECTIONS
}

/// Tells what a failure means. Messages of the server name no values.
pub(super) fn classify(server: &str, error: &tokio_postgres::Error) -> Failure {
    let Some(db) = error.as_db_error() else {
        let mut detail = error.to_string();
        if let Some(cause) = std::error::Error::source(error) {
            detail = format!("{detail}: {cause}");
        }
        // Settings do not get better by trying again: a password that the server wants and nobody has given.
        if detail.starts_with(INVALID_SETTINGS) {
            return Failure::Refused(StoreError::Refused { server: server.to_owned(), detail });
        }
        return Failure::Lost(detail);
    };
    let (code, detail) = (db.code(), format!("{} ({})", db.message(), db.code().code()));
    let is_passing = is_no_service(code)
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::T_R_DEADLOCK_DETECTED;
    let server = server.to_owned();
    if is_passing {
        Failure::Lost(detail)
    } else if *code == SqlState::DISK_FULL {
        let source = io::Error::new(ErrorKind::StorageFull, detail);
        Failure::Refused(StoreError::Full { path: server.into(), source })
    } else if *code == SqlState::DATA_CORRUPTED || *code == SqlState::INDEX_CORRUPTED {
        Failure::Refused(StoreError::Corrupt { detail: format!("{server}: {detail}") })
    } else {
        Failure::Refused(StoreError::Refused { server, detail })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio_postgres::{Config, NoTls};

    #[tokio::test]
    async fn settings_that_cannot_connect_are_refused_and_not_tried_again() {
        // As a password that the server wants and nobody has given: no server is asked here.
        let Err(error) = Config::new().connect(NoTls).await else { panic!("there is no host") };
        let failure = classify("db at x, schema carnet", &error);
        let Failure::Refused(StoreError::Refused { detail, .. }) = failure else {
            panic!("it would be tried again: {error}")
        };
        assert!(detail.starts_with(INVALID_SETTINGS), "{detail}");
    }
}
