//! Keeps the logs of a node in step with those of its peers: drives [`carnet_proto::sync`].
//!
//! One task takes what the transport reports and does what replication asks for; whatever touches
//! the disk or checks signatures runs beside it. Every queue is bounded: while replication is busy,
//! peers wait, and the transport turns away what it cannot hold.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::sync::Lag;
use libp2p::{Multiaddr, PeerId};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::logs::{Logs, LogsError};
use crate::net::{NetEvents, NetHandle};
use crate::witness::Witness;

mod archive;
mod discover;
mod driver;

pub use discover::{ENOUGH_CONNECTIONS, FEW_CONNECTIONS};

use archive::NodeArchive;
use driver::{Command, Driver};

/// Commands that wait for the task.
const COMMAND_QUEUE: usize = 64;

/// How a node replicates.
#[derive(Clone, Debug)]
pub struct SyncConfig {
    /// Time between two comparisons with a random peer.
    pub period: Duration,
    /// Institutions whose logs are wanted, besides own ones and those that [`Logs`] says are
    /// followed.
    pub follows: BTreeSet<Did>,
    /// Whether nodes that profiles name, or peers tell of, are dialled.
    pub discovers: bool,
}

impl Default for SyncConfig {
    /// Every 30 s; nothing else is followed; nodes are discovered.
    fn default() -> Self {
        Self { period: Duration::from_secs(30), follows: BTreeSet::new(), discovers: true }
    }
}

/// How replication is going.
#[derive(Clone, Debug, Default)]
pub struct SyncStatus {
    /// How far each wanted log is.
    pub logs: Vec<Lag>,
    /// Connected peers, in order.
    pub peers: Vec<PeerId>,
    /// Whether nothing is under way.
    pub is_idle: bool,
    /// Messages and other things that wait to be worked on.
    pub pending: usize,
}

/// What peers hold of an own log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnLog {
    /// The largest size that its key was seen to sign, of the history that is held.
    pub signed: TreeSize,
    /// The largest size that its key was seen to sign and that was not shown to be of that history.
    pub contradicted: TreeSize,
}

/// Talks to the replication of a node. Clones are cheap.
#[derive(Clone, Debug)]
pub struct SyncHandle {
    commands: mpsc::Sender<Command>,
    logs: Arc<Logs>,
}

/// The replication task of a node.
#[derive(Debug)]
pub struct Sync {
    handle: SyncHandle,
    task: JoinHandle<()>,
}

impl Sync {
    /// Starts to replicate. Own logs have to be claimed ([`Logs::claim`]) before.
    ///
    /// Has to be called within a runtime.
    pub fn start(
        net: NetHandle,
        events: NetEvents,
        logs: Arc<Logs>,
        witness: Arc<Witness>,
        config: SyncConfig,
    ) -> Self {
        let (commands, queue) = mpsc::channel(COMMAND_QUEUE);
        let handle = SyncHandle { commands, logs: Arc::clone(&logs) };
        let archive = NodeArchive { logs, witness, net };
        let task = tokio::spawn(Driver::new(archive, config).run(events, queue));
        Self { handle, task }
    }

    /// Returns what talks to this task.
    pub fn handle(&self) -> SyncHandle {
        self.handle.clone()
    }

    /// Stops, and returns once nothing of it touches the logs any more.
    pub async fn stop(self) {
        // The task has ended already if nobody hears this.
        let _ = self.handle.commands.send(Command::Stop).await;
        if let Err(error) = self.task.await {
            tracing::error!(%error, "replication ended by itself");
        }
    }
}

impl SyncHandle {
    /// Says that an own log has a new checkpoint. [`Logs`] tells by itself; this waits until
    /// replication has heard of it.
    ///
    /// # Errors
    /// [`SyncError::Stopped`].
    pub async fn published(&self, did: Did) -> Result<(), SyncError> {
        self.ask(|reply| Command::Changed { did, reply }).await
    }

    /// Follows an institution from now on, and keeps connected to these addresses.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn follow(&self, did: Did, addresses: &[Multiaddr]) -> Result<(), SyncError> {
        let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        let logs = Arc::clone(&self.logs);
        run_blocking(move || logs.follow(&did, &texts)).await??;
        self.refresh().await
    }

    /// Follows an institution no longer; its log stays. Returns whether it was followed.
    ///
    /// # Errors
    /// [`SyncError`].
    pub async fn unfollow(&self, did: Did) -> Result<bool, SyncError> {
        let logs = Arc::clone(&self.logs);
        let was_followed = run_blocking(move || logs.unfollow(&did)).await??;
        self.refresh().await?;
        Ok(was_followed)
    }

    /// Looks again which logs are own and which are followed; it does so every second anyway.
    ///
    /// # Errors
    /// [`SyncError::Stopped`].
    pub async fn refresh(&self) -> Result<(), SyncError> {
        self.ask(Command::Refresh).await
    }

    /// Compares with all peers, cosigns every log anew and makes known what is newest, now. Returns
    /// once this node has cosigned; peers hear of it within moments.
    ///
    /// # Errors
    /// [`SyncError::Stopped`].
    pub async fn nudge(&self) -> Result<(), SyncError> {
        self.ask(Command::Nudge).await
    }

    /// Returns how replication is going.
    ///
    /// # Errors
    /// [`SyncError::Stopped`].
    pub async fn status(&self) -> Result<SyncStatus, SyncError> {
        self.ask(Command::Status).await
    }

    /// Returns the largest size of an own log that its key has been seen to sign. If the log held
    /// is smaller, the node was restored from an old backup.
    ///
    /// # Errors
    /// [`SyncError::Stopped`].
    pub async fn largest_signed(&self, did: Did) -> Result<TreeSize, SyncError> {
        Ok(self.own_log(did).await?.signed)
    }

    /// Returns what peers were seen to hold of an own log.
    ///
    /// # Errors
    /// [`SyncError::Stopped`].
    pub async fn own_log(&self, did: Did) -> Result<OwnLog, SyncError> {
        self.ask(|reply| Command::OwnLog { did, reply }).await
    }

    /// Asks peers to cosign the newest checkpoint of an own log anew.
    ///
    /// # Errors
    /// [`SyncError::Stopped`].
    pub async fn confirm(&self, did: Did) -> Result<(), SyncError> {
        self.ask(|reply| Command::Confirm { did, reply }).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, SyncError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| SyncError::Stopped)?;
        answer.await.map_err(|_| SyncError::Stopped)
    }
}

async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SyncError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| SyncError::Stopped)
}

/// Why replication did not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SyncError {
    /// The task has ended.
    #[error("replication is stopped")]
    Stopped,
    /// The logs refused.
    #[error(transparent)]
    Logs(#[from] LogsError),
}
