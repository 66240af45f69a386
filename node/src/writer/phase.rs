//! Whether a log may be written and published.
//!
//! A directory may have been put back from a backup, and whoever holds a copy of the keys may have
//! written on elsewhere. What a node publishes must not contradict what the witnesses hold, so that it
//! asks them first:
//!
//! ```text
//!              a quorum of the witnesses confirms,
//!              or the log has none
//!   Waiting ------------------------------------------> Writing
//!      ^  \                                               /
//!      |   \  others hold more, signed by the log's keys /
//!      |    +---------------> CatchingUp <--------------+
//!      |                          |
//!      +--------------------------+ the log is complete; what had not been published
//!                                   is stated again on top
//! ```
//!
//! While it waits, a log takes statements, which are published later. It takes neither issuances nor
//! status lists: which indexes are free only the newest log tells.

use std::sync::{Arc, PoisonError};

use carnet_proto::statement::{Body, Statement, StatementError};

use super::{CannotCount, Core, WriterError, WriterHandle, check};
use crate::logs::{Appending, Logs, LogsError};

/// How far a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has confirmed yet that the log held is the newest: nothing is published.
    Waiting,
    /// Others hold more: it is fetched from them, and nothing is stated.
    CatchingUp,
    /// What is stated is published.
    Writing,
}

impl Phase {
    /// Refuses what has to wait in this phase.
    pub(super) fn allows(
        self,
        statements: &[Result<Statement, StatementError>],
        has_status: bool,
    ) -> Result<(), WriterError> {
        let is_issuance = |statement: &Result<Statement, _>| matches!(statement, Ok(s) if matches!(s.body(), Body::Issuance(_)));
        match self {
            Self::Writing => Ok(()),
            Self::CatchingUp => Err(WriterError::CatchingUp),
            Self::Waiting if has_status || statements.iter().any(is_issuance) => {
                Err(WriterError::Unconfirmed)
            }
            Self::Waiting => Ok(()),
        }
    }

    /// Returns the name of the phase in status answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::CatchingUp => "catching-up",
            Self::Writing => "publishing",
        }
    }
}

impl WriterHandle {
    /// Returns how far the log is.
    pub fn phase(&self) -> Phase {
        self.core.phase()
    }

    /// Says that the log held is the newest there is: it is published from now on.
    ///
    /// # Errors
    /// [`WriterError::Logs`], [`WriterError::Stopped`].
    pub async fn confirm(&self) -> Result<(), WriterError> {
        self.blocking(Core::confirm).await
    }

    /// Says that others hold more of the log: what was not published is set aside until it is
    /// complete. Returns how many statements that are.
    ///
    /// # Errors
    /// [`WriterError::Logs`], [`WriterError::Stopped`].
    pub async fn set_aside(&self) -> Result<usize, WriterError> {
        self.blocking(Core::set_aside).await
    }

    /// Goes on from a log that is complete, if it is; what was set aside and still counts stands on
    /// top of it, and waits to be published. Returns whether it is.
    ///
    /// # Errors
    /// [`WriterError::WrongSeed`] if the keys were replaced meanwhile; [`WriterError::Logs`],
    /// [`WriterError::Stopped`].
    pub async fn resume(&self) -> Result<bool, WriterError> {
        self.blocking(Core::resume).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Core) -> Result<T, WriterError> + Send + 'static,
    ) -> Result<T, WriterError> {
        let core = Arc::clone(&self.core);
        tokio::task::spawn_blocking(move || work(&core)).await.unwrap_or(Err(WriterError::Stopped))
    }
}

impl Core {
    pub(super) fn phase(&self) -> Phase {
        *self.phase.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(&self, phase: Phase) {
        *self.phase.write().unwrap_or_else(PoisonError::into_inner) = phase;
    }

    pub(super) fn confirm(&self) -> Result<(), WriterError> {
        let mut phase = self.phase.write().unwrap_or_else(PoisonError::into_inner);
        if *phase == Phase::Waiting {
            self.publish(Logs::publish_own)?;
            *phase = Phase::Writing;
        }
        Ok(())
    }

    fn set_aside(&self) -> Result<usize, WriterError> {
        let mut phase = self.phase.write().unwrap_or_else(PoisonError::into_inner);
        if *phase == Phase::CatchingUp {
            return Ok(0);
        }
        let count = match self.logs.set_aside(&self.did) {
            // It was, by a write that was thought to have failed.
            Err(LogsError::NotOwn(_)) if !self.logs.is_own(&self.did) => 0,
            count => count?,
        };
        *phase = Phase::CatchingUp;
        Ok(count)
    }

    fn resume(&self) -> Result<bool, WriterError> {
        let mut phase = self.phase.write().unwrap_or_else(PoisonError::into_inner);
        if *phase != Phase::CatchingUp || !self.logs.is_whole(&self.did) {
            return Ok(false);
        }
        self.logs.resume_own(&self.did, |replica, tail| {
            let mut appending = Appending::default();
            for statement in tail {
                let counts = match statement.body() {
                    Body::Rotation(_) => Ok(()),
                    body => check::counts(replica, body, || self.logs.ledger()),
                };
                match counts.and_then(|()| check::is_new(replica, &statement)) {
                    Ok(()) => {
                        replica.append(std::slice::from_ref(&statement));
                        appending.statements.push(statement);
                    }
                    // Others may have it from this node, which stopped before it knew.
                    Err(CannotCount::Known(_)) => {}
                    Err(error) => {
                        let (did, digest) = (self.did, statement.digest());
                        tracing::warn!(%did, %digest, %error, "not stated again");
                    }
                }
            }
            self.has_keys(replica)?;
            if !appending.statements.is_empty() {
                let standing = self.standing(replica, None)?;
                replica.append(std::slice::from_ref(&standing));
                appending.statements.push(standing);
            }
            Ok::<_, WriterError>(appending)
        })?;
        *phase = Phase::Waiting;
        Ok(true)
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("did", &self.did).finish_non_exhaustive()
    }
}
