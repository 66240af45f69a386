//! Whether a node writes or stands by, and when that changes.

use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use crate::logs::Logs;
use crate::store::postgres::{Database, Holder, LeaseState};
use crate::store::sled::has_space;
use crate::store::{Store, StoreError};

/// How often a node that stands by looks for changes, and whether it can take over.
const POLL: Duration = Duration::from_secs(1);
/// How often a node looks whether its store still takes writes.
const FAILURE_POLL: Duration = Duration::from_secs(1);

/// Why a node has to be started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Another node took the lease: this one stands by from now on.
    LeaseLost,
    /// Nobody holds the lease: this node may take over.
    LeaseFree,
    /// A write had failed, and there is space again.
    SpaceAgain,
}

impl std::fmt::Display for Restart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::LeaseLost => "another node has taken the lease of the database",
            Self::LeaseFree => "the lease of the database is free",
            Self::SpaceAgain => "a write had failed, and there is space again",
        })
    }
}

/// Waits until a node has to be started again; for ever if it is not.
pub(super) async fn changed(mut restart: watch::Receiver<Option<Restart>>) -> Restart {
    match restart.wait_for(Option::is_some).await.map(|reason| *reason) {
        Ok(Some(reason)) => reason,
        _ => std::future::pending().await,
    }
}

/// Tells when a database is lost to another writer.
pub(super) async fn watch_lease(
    database: Arc<Database>,
    restart: watch::Sender<Option<Restart>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut lease = database.lease();
    drop(database);
    tokio::select! {
        _ = stop.wait_for(|stop| *stop) => {}
        lost = lease.wait_for(|state| *state == LeaseState::Lost) => {
            if lost.is_ok() {
                restart.send_replace(Some(Restart::LeaseLost));
            }
        }
    }
}

/// Reads what the writer writes, and tells when nobody holds the lease any more.
pub(super) async fn stand_by(
    database: Arc<Database>,
    logs: Arc<Logs>,
    holder: watch::Sender<String>,
    restart: watch::Sender<Option<Restart>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut seen = None;
    loop {
        let (from, to) = (Arc::clone(&database), Arc::clone(&logs));
        let looked = tokio::task::spawn_blocking(move || look(&from, &to, seen)).await;
        match looked {
            Ok(Ok((_, None))) => {
                restart.send_replace(Some(Restart::LeaseFree));
                return;
            }
            Ok(Ok((writes, Some(found)))) => {
                seen = writes.or(seen);
                holder.send_if_modified(|known| {
                    let is_new = *known != found.name;
                    *known = found.name;
                    is_new
                });
            }
            Ok(Err(error)) => tracing::warn!(%error, "the database cannot be read"),
            Err(error) => tracing::error!(%error, "reading the database ended by itself"),
        }
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

/// Takes over what was written since `seen`; returns the number of writes if all could be read.
fn look(
    database: &Database,
    logs: &Logs,
    seen: Option<i64>,
) -> Result<(Option<i64>, Option<Holder>), StoreError> {
    let writes = database.writes()?;
    let is_read = seen == Some(writes) || {
        let read = logs.read_again();
        // What is written while it is read is read the next time.
        read.inspect_err(|error| tracing::debug!(%error, "a log is being written")).is_ok()
    };
    Ok((is_read.then_some(writes), database.holder()?))
}

/// Tells when stores that failed to write could be opened again.
pub(super) async fn watch_failures(
    stores: Vec<Weak<dyn Store>>,
    directory: PathBuf,
    restart: watch::Sender<Option<Restart>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut is_told = false;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(FAILURE_POLL) => {}
        }
        let failure = stores.iter().find_map(|store| store.upgrade()?.failure());
        let Some(cause) = failure else { continue };
        if !is_told {
            tracing::error!(%cause, "nothing more is written until there is space");
            is_told = true;
        }
        let directory = directory.clone();
        let probed = tokio::task::spawn_blocking(move || has_space(&directory)).await;
        if matches!(probed, Ok(true)) {
            restart.send_replace(Some(Restart::SpaceAgain));
            return;
        }
    }
}
