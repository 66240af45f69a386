//! The task between transport and replication.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use carnet_proto::id::Did;
use carnet_proto::sync::{self as proto, Action, Archive as _, Input, Millis, Verdict};
use libp2p::PeerId;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use super::archive::NodeArchive;
use super::discover::Discovery;
use super::{OwnLog, SyncConfig, SyncStatus};
use crate::logs::{Change, Changed};
use crate::net::{Misbehaviour, NetError, NetEvent, NetEvents, Responder, Validation};

/// How often replication is told that time has passed.
const TICK: Duration = Duration::from_millis(200);
/// How soon it is told so, if something is due before that.
const SOONEST: Duration = Duration::from_millis(20);
/// How often it is looked whom the operator follows.
const REFRESH: Duration = Duration::from_secs(1);
/// How often new nodes are looked for.
const DISCOVER: Duration = Duration::from_secs(5);
/// Things that wait for replication; beyond it, the transport holds back its events.
const MAX_PENDING: usize = 128;
/// Things done in one go beside the task, before their results are sent.
const MAX_BATCH: usize = 8;
/// Bytes of answers after which a batch ends.
const MAX_BATCH_BYTES: usize = 64 << 10;
/// Answers that wait to be handed over.
const REPLY_QUEUE: usize = proto::MAX_IN_FLIGHT;
/// Gossip that nobody listened to yet, and how often it is tried again.
const MAX_UNHEARD: usize = 64;
const MAX_TRIES: u32 = 50;

type State = proto::Sync<PeerId>;

/// What the task is asked.
#[derive(Debug)]
pub(super) enum Command {
    Changed { did: Did, reply: oneshot::Sender<()> },
    Refresh(oneshot::Sender<()>),
    Nudge(oneshot::Sender<()>),
    Status(oneshot::Sender<SyncStatus>),
    OwnLog { did: Did, reply: oneshot::Sender<OwnLog> },
    Confirm { did: Did, reply: oneshot::Sender<()> },
    Stop,
}

/// What waits for replication.
enum Work {
    Input(Input<PeerId>),
    Told(Input<PeerId>, oneshot::Sender<()>),
    Refresh(Option<oneshot::Sender<()>>),
    Status(SyncStatus, oneshot::Sender<SyncStatus>),
    OwnLog(Did, oneshot::Sender<OwnLog>),
}

/// Works beside the task, and gives the state back with what is to be done.
type Job = JoinHandle<(State, Vec<Action<PeerId>>)>;

/// The result of a request: which run of the state it belongs to, its id, the answer.
type Reply = (u64, u64, Result<Vec<u8>, NetError>);

pub(super) struct Driver {
    archive: NodeArchive,
    config: SyncConfig,
    started: Instant,
    /// `None` while a job has it.
    state: Option<State>,
    generation: u64,
    /// When something is due.
    due: Option<Instant>,
    pending: VecDeque<Work>,
    changed: BTreeSet<Did>,
    next_id: u64,
    responders: BTreeMap<u64, Responder>,
    validations: BTreeMap<u64, Validation>,
    requests: JoinSet<()>,
    dials: JoinSet<PeerId>,
    replies: mpsc::Sender<Reply>,
    reply_queue: mpsc::Receiver<Reply>,
    unheard: VecDeque<(Vec<u8>, u32)>,
    discovery: Discovery,
    /// Addresses of followed institutions, as last seen.
    dialled: BTreeSet<String>,
}

impl Driver {
    pub(super) fn new(archive: NodeArchive, config: SyncConfig) -> Self {
        let (replies, reply_queue) = mpsc::channel(REPLY_QUEUE);
        Self {
            state: Some(new_state(&config)),
            archive,
            config,
            started: Instant::now(),
            generation: 0,
            due: None,
            pending: VecDeque::from([Work::Refresh(None)]),
            changed: BTreeSet::new(),
            next_id: 0,
            responders: BTreeMap::new(),
            validations: BTreeMap::new(),
            requests: JoinSet::new(),
            dials: JoinSet::new(),
            replies,
            reply_queue,
            unheard: VecDeque::new(),
            discovery: Discovery::default(),
            dialled: BTreeSet::new(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut events: NetEvents,
        mut commands: mpsc::Receiver<Command>,
    ) {
        let mut changes = self.archive.logs.changes();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut discover = tokio::time::interval(DISCOVER);
        discover.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut refresh = tokio::time::interval(REFRESH);
        refresh.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut job: Option<Job> = None;
        loop {
            if job.is_none() {
                job = self.next_job();
            }
            let has_room = self.pending.len() < MAX_PENDING;
            tokio::select! {
                done = joined(&mut job), if job.is_some() => {
                    job = None;
                    self.finish(done).await;
                }
                event = events.next(), if has_room => match event {
                    Some(event) => self.event(event),
                    None => break,
                },
                Some((generation, id, result)) = self.reply_queue.recv() => {
                    if generation == self.generation {
                        self.pending.push_back(Work::Input(match result {
                            Ok(bytes) => Input::Response { id, bytes },
                            Err(error) => {
                                tracing::debug!(%error, "a request was not answered");
                                Input::Failed { id }
                            }
                        }));
                    }
                }
                command = commands.recv(), if has_room => match command {
                    Some(Command::Stop) | None => break,
                    Some(Command::Refresh(reply)) => self.refresh(Some(reply)).await,
                    Some(command) => self.command(command),
                },
                _ = refresh.tick(), if has_room => self.refresh(None).await,
                change = changes.recv() => self.change(change),
                _ = tick.tick() => self.tick().await,
                () = sleep_until(self.due), if has_room => {
                    self.due = None;
                    self.time_passed();
                }
                _ = discover.tick(), if self.config.discovers => self.discover().await,
                Some(done) = self.dials.join_next(), if !self.dials.is_empty() => {
                    if let Ok(peer) = done {
                        self.discovery.done(&peer);
                    }
                }
                Some(_) = self.requests.join_next(), if !self.requests.is_empty() => {}
            }
        }
        if let Some(job) = job {
            // What it began on disk is brought to its end.
            let _ = job.await;
        }
    }

    fn now(&self) -> Millis {
        Millis(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    fn event(&mut self, event: NetEvent) {
        let input = match event {
            NetEvent::Connected { peer, .. } => Input::Connected(peer),
            NetEvent::Disconnected { peer } => Input::Disconnected(peer),
            NetEvent::Request { peer, bytes, responder } => {
                self.next_id += 1;
                self.responders.insert(self.next_id, responder);
                Input::Request { peer, id: self.next_id, bytes }
            }
            NetEvent::Gossip { peer, bytes, validation } => {
                self.next_id += 1;
                self.validations.insert(self.next_id, validation);
                Input::Gossip { peer, id: self.next_id, bytes }
            }
        };
        self.pending.push_back(Work::Input(input));
    }

    fn command(&mut self, command: Command) {
        let work = match command {
            Command::Changed { did, reply } => Work::Told(Input::Changed(did), reply),
            Command::Nudge(reply) => Work::Told(Input::Nudge, reply),
            Command::Status(reply) => {
                let peers = self.archive.net.peers().into_iter().map(|peer| peer.peer).collect();
                let pending = self.pending.len();
                Work::Status(SyncStatus { peers, pending, ..SyncStatus::default() }, reply)
            }
            Command::OwnLog { did, reply } => Work::OwnLog(did, reply),
            Command::Confirm { did, reply } => Work::Told(Input::Confirm(did), reply),
            Command::Refresh(_) | Command::Stop => return,
        };
        self.pending.push_back(work);
    }

    fn change(&mut self, change: Result<Change, broadcast::error::RecvError>) {
        match change {
            // What replication itself changed comes back here and changes nothing more.
            Ok(Change { did, what: Changed::Checkpoint | Changed::Fork, .. }) => {
                self.changed.insert(did);
            }
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(_)) => {
                self.changed.extend(self.archive.logs.dids());
            }
            // The logs outlive this task, so there is always a sender.
            Err(broadcast::error::RecvError::Closed) => {}
        }
    }

    async fn tick(&mut self) {
        if self.pending.len() < MAX_PENDING {
            self.time_passed();
        }
        for (bytes, tries) in std::mem::take(&mut self.unheard) {
            self.publish(bytes, tries).await;
        }
    }

    fn time_passed(&mut self) {
        // Only spreads load: a guessable number does no harm.
        let random = getrandom::u64().unwrap_or_default();
        self.pending.push_back(Work::Input(Input::Tick { random }));
    }

    /// Looks whom the operator follows, and keeps their nodes dialled.
    async fn refresh(&mut self, reply: Option<oneshot::Sender<()>>) {
        let follows = self.archive.logs.follows();
        let addresses = follows.values().flat_map(|follow| &follow.addresses);
        let addresses: BTreeSet<_> = addresses.map(|address| address.as_str().to_owned()).collect();
        for text in addresses.difference(&self.dialled) {
            let added = match text.parse() {
                Ok(address) => self.archive.net.add_persistent(address).await,
                Err(_) => continue,
            };
            if let Err(error) = added {
                tracing::warn!(%error, address = %text, "a followed institution's node");
            }
        }
        self.dialled = addresses;
        self.pending.push_back(Work::Refresh(reply));
    }

    async fn discover(&mut self) {
        let archive = self.archive.clone();
        let profiles = tokio::task::spawn_blocking(move || archive.profile_nodes()).await;
        let profiles = profiles.unwrap_or_default();
        let chosen = self.discovery.choose(&self.archive.net, &profiles, Instant::now());
        for (peer, addresses) in chosen {
            let net = self.archive.net.clone();
            self.dials.spawn(async move {
                for address in addresses {
                    match net.dial(address).await {
                        Ok(_) => break,
                        Err(error) => tracing::debug!(%error, "a known node was not reached"),
                    }
                }
                peer
            });
        }
    }

    /// Lets replication work on what waits, beside the task.
    fn next_job(&mut self) -> Option<Job> {
        if self.pending.is_empty() && self.changed.is_empty() {
            return None;
        }
        let mut state = self.state.take()?;
        let changed = std::mem::take(&mut self.changed);
        let mut works: Vec<_> =
            changed.into_iter().map(|did| Work::Input(Input::Changed(did))).collect();
        let mut bytes = 0;
        for _ in 0..MAX_BATCH {
            let Some(work) = self.pending.pop_front() else { break };
            if let Work::Input(Input::Response { bytes: response, .. }) = &work {
                bytes += response.len();
            }
            works.push(work);
            // The next request goes out before the next range is checked.
            if bytes >= MAX_BATCH_BYTES {
                break;
            }
        }
        let (mut archive, now) = (self.archive.clone(), self.now());
        let follows = self.config.follows.clone();
        Some(tokio::task::spawn_blocking(move || {
            let mut actions = Vec::new();
            for work in works {
                actions.extend(perform(work, &mut state, &mut archive, now, &follows));
            }
            (state, actions)
        }))
    }

    async fn finish(&mut self, done: Result<(State, Vec<Action<PeerId>>), tokio::task::JoinError>) {
        match done {
            Ok((state, actions)) => {
                let due = state.next_due().map(|at| self.started + Duration::from_millis(at.0));
                self.due = due.map(|due| due.max(Instant::now() + SOONEST));
                self.state = Some(state);
                for action in actions {
                    self.act(action).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, "replication starts anew");
                self.state = Some(new_state(&self.config));
                self.generation += 1;
                self.requests.abort_all();
                self.responders.clear();
                self.validations.clear();
                self.pending.clear();
                self.pending.push_back(Work::Refresh(None));
                let peers = self.archive.net.peers().into_iter();
                self.pending.extend(peers.map(|peer| Work::Input(Input::Connected(peer.peer))));
            }
        }
    }

    async fn act(&mut self, action: Action<PeerId>) {
        match action {
            Action::Send { peer, id, bytes } => {
                let (net, replies) = (self.archive.net.clone(), self.replies.clone());
                let generation = self.generation;
                self.requests.spawn(async move {
                    let result = net.request(peer, bytes).await;
                    // The task has ended if nobody takes it.
                    let _ = replies.send((generation, id, result)).await;
                });
            }
            Action::Respond { id, bytes } => {
                if let Some(responder) = self.responders.remove(&id)
                    && let Err(error) = responder.respond(bytes).await
                {
                    tracing::debug!(%error, "an answer was not sent");
                }
            }
            Action::Refuse { id } => {
                self.responders.remove(&id);
            }
            Action::Judge { id, verdict } => {
                if let Some(validation) = self.validations.remove(&id) {
                    match verdict {
                        Verdict::Accept => validation.accept().await,
                        Verdict::Ignore => validation.ignore().await,
                        Verdict::Reject => validation.reject().await,
                    }
                }
            }
            Action::Publish { bytes } => self.publish(bytes, 0).await,
            Action::Report { peer, what } => {
                let what = match what {
                    proto::Misbehaviour::Oversized => Misbehaviour::Oversized,
                    proto::Misbehaviour::FalseProof => Misbehaviour::FalseProof,
                    _ => Misbehaviour::Malformed,
                };
                self.archive.net.report(peer, what).await;
            }
            Action::Learnt { nodes } => self.discovery.learn(nodes),
            Action::Fork { origin, .. } => {
                tracing::error!(%origin, "a log shows two histories");
            }
            Action::ForkProven { origin } => {
                tracing::error!(%origin, "the proof that a log shows two histories is kept");
            }
            other => tracing::debug!(?other, "an action that this node does not know"),
        }
    }

    /// Gossips. If nobody listens yet, it is tried again for a while.
    async fn publish(&mut self, bytes: Vec<u8>, tries: u32) {
        match self.archive.net.publish(bytes.clone()).await {
            Ok(()) => {}
            Err(NetError::NoPeers | NetError::Busy { .. }) if tries < MAX_TRIES => {
                if self.unheard.len() >= MAX_UNHEARD {
                    self.unheard.pop_front();
                }
                self.unheard.push_back((bytes, tries + 1));
            }
            Err(error) => tracing::debug!(%error, "a checkpoint was not gossiped"),
        }
    }
}

fn new_state(config: &SyncConfig) -> State {
    // Without randomness, the time keeps two runs of a node apart.
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let time = time.map_or(1, |since| since.as_nanos() as u64);
    let mut settings = proto::Config::new(getrandom::u64().unwrap_or(time));
    settings.period = u64::try_from(config.period.as_millis()).unwrap_or(u64::MAX).max(1);
    State::new(settings)
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

async fn joined<T>(job: &mut Option<JoinHandle<T>>) -> Result<T, tokio::task::JoinError> {
    match job {
        Some(job) => job.await,
        None => std::future::pending().await,
    }
}

/// Does one thing; blocks while it reads, checks and writes.
fn perform(
    work: Work,
    state: &mut State,
    archive: &mut NodeArchive,
    now: Millis,
    follows: &BTreeSet<Did>,
) -> Vec<Action<PeerId>> {
    match work {
        Work::Input(input) => state.handle(now, input, archive),
        Work::Told(input, reply) => {
            let actions = state.handle(now, input, archive);
            // Whoever asked may not wait any more; the same below.
            let _ = reply.send(());
            actions
        }
        Work::Refresh(reply) => {
            let own: BTreeSet<Did> =
                archive.origins().into_iter().filter(|did| archive.logs.is_own(did)).collect();
            let mut others = follows.clone();
            others.extend(archive.logs.follows().into_keys());
            others.extend(archive.logs.all_set_aside());
            state.follow(own, others, archive);
            if let Some(reply) = reply {
                let _ = reply.send(());
            }
            Vec::new()
        }
        Work::Status(mut status, reply) => {
            status.logs = state.lags(archive);
            status.is_idle = state.is_idle();
            let _ = reply.send(status);
            Vec::new()
        }
        Work::OwnLog(did, reply) => {
            let (signed, contradicted) =
                (state.largest_signed(&did), state.largest_contradicted(&did));
            let _ = reply.send(OwnLog { signed, contradicted });
            Vec::new()
        }
    }
}
