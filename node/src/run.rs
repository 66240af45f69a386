//! A node from start to stop: who is wired to whom, and in which order.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use carnet_proto::id::Did;
use carnet_proto::key::Purpose;
use carnet_proto::ledger::ProfileView;
use carnet_proto::statement::profile::{InstitutionProfile, MAX_NODES, NodeAddress};
use carnet_proto::text::Line;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::{Announce, Config};
use crate::desk::Desk;
use crate::http::{
    Api, ClockRef, Http, HttpCounters, LastSeen, NodeFacts, Operator, OwnInstitution,
};
use crate::institution::{REGISTER_DIRECTORY, STORE_DIRECTORY, node_seed};
use crate::logs::Logs;
use crate::net::{Limits, Multiaddr, Net, NetConfig, NetEvents, NetHandle, PeerId, Tap};
use crate::store::Store;
use crate::store::measured::Measured;
use crate::store::postgres::Database;
use crate::store::sled::DEFAULT_LOCK_PATIENCE;
use crate::sync::{Sync, SyncConfig, SyncHandle};
use crate::witness::Witness;
use crate::writer::{CannotCount, Writer, WriterError};

mod check;
mod confirm;
mod copying;
mod error;
mod migrate;
mod offline;
mod repair;
mod role;
mod serve;
mod stores;
#[cfg(test)]
mod tests;

use confirm::Keeper;

pub(crate) use offline::with_rotation;
pub use offline::{Affected, Offline, Repudiation, RotateError, Rotated, RotationPlan};

pub use copying::{CopyWatch, Copying};

pub use check::{CheckReport, CheckedLog, check, drop_copy};
pub use error::{StartError, StoreProblem};
pub use migrate::{MigrateError, MigrateReport, migrate};
pub use role::Restart;
pub use serve::serve;

use stores::{Opened, open};

/// Longest time that the database has to be free after a stop.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(10);

/// What the configuration does not say.
#[derive(Clone)]
pub struct NodeOptions {
    /// Sees every message between nodes in the clear.
    pub tap: Option<Arc<dyn Tap>>,
    /// The bounds of the network.
    pub limits: Limits,
    /// How long a database in use by another process is waited for.
    pub lock_patience: Duration,
    /// Own logs are published at once, also if their witnesses have not confirmed that they know of
    /// nothing newer: if this is an old backup, its log will show two histories.
    pub danger_publish_unconfirmed: bool,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self {
            tap: None,
            limits: Limits::default(),
            lock_patience: DEFAULT_LOCK_PATIENCE,
            danger_publish_unconfirmed: false,
        }
    }
}

impl std::fmt::Debug for NodeOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NodeOptions").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// A node that runs.
#[derive(Debug)]
pub struct Node {
    http: Http,
    net: NetHandle,
    sync: Sync,
    logs: Arc<Logs>,
    institutions: Vec<Arc<OwnInstitution>>,
    writers: Vec<Writer>,
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<bool>,
    stores: Vec<Weak<dyn Store>>,
    database: Option<Arc<Database>>,
    /// Who writes while this node stands by.
    standby: Option<watch::Receiver<String>>,
    restart: watch::Receiver<Option<Restart>>,
}

impl Node {
    /// Starts the node in `directory`.
    ///
    /// # Errors
    /// [`StartError`]: everything that was started is stopped again.
    pub async fn start(
        config: Config,
        directory: &Path,
        clock: Arc<dyn Clock>,
        options: NodeOptions,
    ) -> Result<Self, StartError> {
        let seed = node_seed(directory)?;
        // Before the database is opened, so that a port that is taken is told at once.
        let listener = Http::bind(config.http).await?;
        let mut network = NetConfig::new(&seed)?;
        let opened = {
            let (config, directory) = (config.clone(), directory.to_owned());
            let patience = options.lock_patience;
            let name = format!("{} (http {})", network.peer_id(), config.http);
            let open = move || open(&config, &directory, patience, &name);
            tokio::task::spawn_blocking(open).await.map_err(|_| StartError::Stopped)??
        };
        opened.logs.assume_follows(&config.follows);
        // A node that stands by is on no network: what it would learn it could not keep.
        if opened.holder.is_none() {
            network.listen.clone_from(&config.listen);
            network.persistent.clone_from(&config.peers);
            network.mdns = config.mdns;
        }
        network.tap = options.tap;
        network.limits = options.limits;
        let (net, events) = Net::start(network).await?;
        let stores: Vec<_> = std::iter::once(&opened.store)
            .chain(opened.institutions.iter().map(|(_, register)| register))
            .map(Arc::downgrade)
            .collect();
        let (stop, stopping) = watch::channel(false);
        let (to_restart, restart) = watch::channel(None);
        let database = opened.database.clone();
        let holder = opened.holder.as_ref().map(|holder| watch::channel(holder.name.clone()));
        let (to_holder, standby) = holder.unzip();
        let mut node = Starting {
            net: net.clone(),
            logs: Arc::clone(&opened.logs),
            sync: None,
            institutions: Vec::new(),
            operators: Vec::new(),
            writers: Vec::new(),
            tasks: Vec::new(),
            standby: standby.clone(),
            danger_publish_unconfirmed: options.danger_publish_unconfirmed,
        };
        let is_stopping = stopping.clone();
        node.tasks.push(match (&database, to_holder) {
            (Some(database), Some(holder)) => {
                let (database, logs) = (Arc::clone(database), Arc::clone(&node.logs));
                tokio::spawn(role::stand_by(database, logs, holder, to_restart, is_stopping))
            }
            (Some(database), None) => {
                tokio::spawn(role::watch_lease(Arc::clone(database), to_restart, is_stopping))
            }
            (None, _) => {
                let (stores, directory) = (stores.clone(), directory.to_owned());
                tokio::spawn(role::watch_failures(stores, directory, to_restart, is_stopping))
            }
        });
        match node.bring_up(&config, directory, opened, clock, events, stopping, listener).await {
            Ok((http, sync)) => {
                let (version, http_address) = (env!("CARGO_PKG_VERSION"), http.address());
                let (peer, institutions) = (net.local_peer_id(), node.institutions.len());
                tracing::info!(version, %http_address, %peer, institutions, "the node has started");
                Ok(Self {
                    http,
                    net,
                    sync,
                    logs: node.logs,
                    institutions: node.institutions,
                    writers: node.writers,
                    tasks: node.tasks,
                    stop,
                    stores,
                    database,
                    standby,
                    restart,
                })
            }
            Err(error) => {
                // Nobody may be listening yet.
                let _ = stop.send(true);
                node.take_down().await;
                Err(error)
            }
        }
    }

    /// Returns the address of the HTTP interface.
    pub fn http_addr(&self) -> SocketAddr {
        self.http.address()
    }

    /// Returns the addresses listened on for other nodes.
    pub fn listen_addrs(&self) -> Vec<Multiaddr> {
        self.net.listen_addrs()
    }

    /// Returns the name of the node on the network.
    pub fn peer_id(&self) -> PeerId {
        self.net.local_peer_id()
    }

    /// Returns the network.
    pub fn net(&self) -> &NetHandle {
        &self.net
    }

    /// Returns what talks to the replication of the node.
    pub fn sync(&self) -> SyncHandle {
        self.sync.handle()
    }

    /// Returns what watches the node copy logs.
    pub fn copying(&self) -> CopyWatch {
        CopyWatch::new(self.sync())
    }

    /// Returns the logs that the node holds.
    pub fn logs(&self) -> &Arc<Logs> {
        &self.logs
    }

    /// Returns the name of the node that writes, if this one stands by.
    pub fn standby_for(&self) -> Option<String> {
        self.standby.as_ref().map(|holder| holder.borrow().clone())
    }

    /// Returns once the node should be stopped and started again; see [`serve`].
    pub fn changed(&self) -> impl Future<Output = Restart> + use<> {
        role::changed(self.restart.clone())
    }

    /// Returns the institutions of the node.
    pub fn institutions(&self) -> &[Arc<OwnInstitution>] {
        &self.institutions
    }

    /// Stops: takes no more requests, ends those under way, commits what the writers were given, leaves
    /// the network and closes the databases. Returns once another process could open them.
    pub async fn stop(self) {
        // Nobody may be listening.
        let _ = self.stop.send(true);
        self.http.stop().await;
        drop(self.institutions);
        let starting = Starting {
            net: self.net,
            sync: Some(self.sync),
            logs: self.logs,
            institutions: Vec::new(),
            operators: Vec::new(),
            writers: self.writers,
            tasks: self.tasks,
            standby: None,
            danger_publish_unconfirmed: false,
        };
        starting.take_down().await;
        let start = Instant::now();
        while self.stores.iter().any(|store| store.strong_count() > 0) {
            if start.elapsed() > CLOSE_TIMEOUT {
                tracing::warn!("the database is still in use");
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Releases the lease.
        let database = self.database;
        let _ = tokio::task::spawn_blocking(move || drop(database)).await;
        tracing::info!("the node has stopped");
    }
}

/// The parts of a node, to be stopped in the opposite order.
struct Starting {
    net: NetHandle,
    sync: Option<Sync>,
    logs: Arc<Logs>,
    institutions: Vec<Arc<OwnInstitution>>,
    operators: Vec<Operator>,
    writers: Vec<Writer>,
    tasks: Vec<JoinHandle<()>>,
    standby: Option<watch::Receiver<String>>,
    danger_publish_unconfirmed: bool,
}

impl Starting {
    #[expect(clippy::too_many_arguments, reason = "called once")]
    async fn bring_up(
        &mut self,
        config: &Config,
        directory: &Path,
        opened: Opened,
        clock: Arc<dyn Clock>,
        events: NetEvents,
        stopping: watch::Receiver<bool>,
        listener: tokio::net::TcpListener,
    ) -> Result<(Http, Sync), StartError> {
        let mut disk = Vec::from([directory.join(STORE_DIRECTORY)]);
        let (database, kind) = (opened.database, opened.measured.watch().kind());
        let mut stores = Vec::from([("logs", opened.measured.watch())]);
        drop(opened.store);
        let witness = Witness::new(opened.measured, Arc::clone(&clock));
        let witness = Arc::new(witness.with_listed(config.witnessed.clone()));
        for (institution, register) in opened.institutions {
            disk.push(institution.directory.join(REGISTER_DIRECTORY));
            let register = Arc::new(Measured::new(register, kind));
            stores.push(("register", register.watch()));
            let (logs, clock) = (Arc::clone(&self.logs), Arc::clone(&clock));
            let entries = config.status_list_entries;
            witness.add(institution.did, institution.seed.signing_key(Purpose::Witness));
            let (did, token) = (institution.did, institution.token);
            let receipt_key = institution.seed.signing_key(Purpose::Receipt);
            let is_alone = logs.with(&did, |replica| confirm::is_alone(replica.view()));
            let is_confirmed = self.danger_publish_unconfirmed || is_alone == Some(true);
            let seed = institution.seed.clone();
            let writer = Writer::start(Arc::clone(&logs), did, seed, is_confirmed)?;
            let handle = writer.handle();
            self.writers.push(writer);
            let for_desk = handle.clone();
            let desk = move || Desk::open(&institution, register, logs, for_desk, clock, entries);
            let desk =
                tokio::task::spawn_blocking(desk).await.map_err(|_| StartError::Stopped)??;
            let desk = Arc::new(desk);
            let schedule = Arc::clone(&desk).run_schedule(config.status_schedule, stopping.clone());
            self.tasks.push(tokio::spawn(schedule));
            let institution = Arc::new(OwnInstitution { did, writer: handle, desk, receipt_key });
            self.operators.push(Operator { token, institution: Some(Arc::clone(&institution)) });
            self.institutions.push(institution);
        }
        for token in opened.tokens {
            self.operators.push(Operator { token, institution: None });
        }
        for institution in &self.institutions {
            announce(&self.logs, institution, &self.net, &config.announce).await?;
        }
        // Whatever is followed is known to the logs already.
        let settings = SyncConfig { period: config.anti_entropy, ..SyncConfig::default() };
        let logs = Arc::clone(&self.logs);
        let sync = Sync::start(self.net.clone(), events, logs, Arc::clone(&witness), settings);
        let own: BTreeSet<Did> = self.institutions.iter().map(|own| own.did).collect();
        for institution in &self.institutions {
            let keeper = Keeper {
                sync: sync.handle(),
                writer: institution.writer.clone(),
                desk: Arc::clone(&institution.desk),
                logs: Arc::clone(&self.logs),
                own: own.clone(),
                since: clock.now(),
                clock: Arc::clone(&clock),
                asked: None,
                told: None,
            };
            self.tasks.push(tokio::spawn(keeper.run(stopping.clone())));
        }
        let api = Api {
            logs: Arc::clone(&self.logs),
            clock: ClockRef(clock),
            net: self.net.clone(),
            sync: sync.handle(),
            witness,
            operators: std::mem::take(&mut self.operators),
            node: NodeFacts {
                started: Instant::now(),
                directory: directory.to_owned(),
                disk,
                stores,
                status_schedule: config.status_schedule,
                configured_peers: config.peers.len(),
                caught_up: AtomicBool::new(false),
                seen: LastSeen::default(),
            },
            requests: HttpCounters::default(),
            stopping,
            database,
            standby: self.standby.clone(),
        };
        match Http::serve(listener, Arc::new(api)) {
            Ok(http) => Ok((http, sync)),
            Err(error) => {
                self.sync = Some(sync);
                Err(error.into())
            }
        }
    }

    async fn take_down(self) {
        drop((self.institutions, self.operators));
        if let Some(sync) = self.sync {
            sync.stop().await;
        }
        self.net.shutdown().await;
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task ended by itself");
            }
        }
        for writer in self.writers {
            writer.stop().await;
        }
    }
}

/// Joins a path, of which `.` is the directory itself.
fn below(directory: &Path, path: &Path) -> PathBuf {
    if path == Path::new(".") { directory.to_owned() } else { directory.join(path) }
}

/// States a new profile if the newest names this node differently than the configuration wants.
async fn announce(
    logs: &Logs,
    institution: &OwnInstitution,
    net: &NetHandle,
    announce: &Announce,
) -> Result<(), StartError> {
    let addresses = match announce {
        Announce::Nothing => return Ok(()),
        Announce::Listening => net.listen_addrs(),
        Announce::Addresses(addresses) => addresses.clone(),
    };
    let line = |text: String| Line::parse(&text).map_err(|_| StartError::Announce(text));
    let lines = addresses.iter().map(|address| line(address.to_string()));
    let most = carnet_proto::statement::profile::MAX_ADDRESSES;
    let addresses = lines.take(most).collect::<Result<Vec<_>, _>>()?;
    let node = NodeAddress { peer: line(net.local_peer_id().to_string())?, addresses };
    let known = logs.with(&institution.did, |replica| replica.view().profile.clone());
    let Some(ProfileView::Known(mut profile)) = known else { return Ok(()) };
    if name_node(&mut profile, node) {
        match institution.writer.state(profile.into()).await {
            // The addresses are stated at the next start.
            Ok(_) | Err(WriterError::CatchingUp) => {}
            Err(WriterError::Commit(error)) if matches!(*error, WriterError::CatchingUp) => {}
            Err(WriterError::CannotCount(CannotCount::Closed(_))) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Names a node in a profile; returns whether that changed it.
fn name_node(profile: &mut InstitutionProfile, node: NodeAddress) -> bool {
    match profile.nodes.iter_mut().find(|known| known.peer == node.peer) {
        Some(known) if *known == node => false,
        Some(known) => {
            *known = node;
            true
        }
        None => {
            profile.nodes.truncate(MAX_NODES - 1);
            profile.nodes.push(node);
            true
        }
    }
}
