//! The task that owns the swarm. It never waits for the application: what the application does
//! not take is refused.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use libp2p::core::transport::ListenerId;
use libp2p::gossipsub::{IdentTopic, MessageAcceptance, MessageId, PublishError};
use libp2p::request_response::{InboundRequestId, OutboundRequestId, ResponseChannel};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, DialError, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, TransportError};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio::time::{sleep_until, timeout};

use super::PeerInfo;
use super::behaviour::{Behaviour, CHECKPOINT_TOPIC};
use super::counters::Counters;
use super::dial::{Host, PersistentPeers, Target, check_port_free, dial_error, listen_error};
use super::error::NetError;
use super::event::NetEvent;
use super::limits::{
    CONNECT_TIMEOUT, Conduct, LISTEN_TIMEOUT, Limits, MAX_DIALS, MAX_GOSSIP_BYTES, Misbehaviour,
    Pacer, SHUTDOWN_TIMEOUT,
};
use super::protocol::Received;
use super::tap::{Direction, Kind, Tap};

mod events;

/// How long the task sleeps when nothing is due.
const LONGEST_SLEEP: Duration = Duration::from_secs(3_600);

type Reply<T> = oneshot::Sender<Result<T, NetError>>;

/// What the application asks of the task.
pub(super) enum Command {
    Dial { addr: Multiaddr, reply: Reply<PeerId> },
    Request { peer: PeerId, bytes: Vec<u8>, slot: OwnedSemaphorePermit, reply: Reply<Vec<u8>> },
    Respond { peer: PeerId, channel: ResponseChannel<Received>, bytes: Vec<u8> },
    Publish { bytes: Vec<u8>, reply: Reply<()> },
    Verdict { peer: PeerId, id: MessageId, verdict: MessageAcceptance },
    Report { peer: PeerId, what: Misbehaviour },
    AddPersistent { addr: Multiaddr, reply: Reply<()> },
    Shutdown,
}

/// What handles read without asking the task.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) local: PeerId,
    pub(super) limits: Limits,
    pub(super) view: Mutex<View>,
    pub(super) pacer: Mutex<Pacer>,
    pub(super) counters: Counters,
}

#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) peers: BTreeMap<PeerId, PeerInfo>,
    pub(super) listen: Vec<Multiaddr>,
    pub(super) banned: usize,
}

impl Shared {
    pub(super) fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn pacer(&self) -> MutexGuard<'_, Pacer> {
        self.pacer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Asked {
    peer: PeerId,
    reply: Reply<Vec<u8>>,
    _slot: OwnedSemaphorePermit,
}

struct Dial {
    addr: Multiaddr,
    peer: Option<PeerId>,
    // What `addr` resolved to and was not tried yet.
    rest: VecDeque<Multiaddr>,
    // None for a persistent peer.
    reply: Option<Reply<PeerId>>,
}

type Resolving = BoxFuture<'static, (Dial, std::io::Result<Vec<Multiaddr>>)>;

pub(super) struct Task {
    // Dropped first: once `commands` is closed, every port is free again.
    swarm: Swarm<Behaviour>,
    commands: mpsc::Receiver<Command>,
    // Weak, so that the task ends when the last handle is gone.
    sender: mpsc::WeakSender<Command>,
    events: mpsc::Sender<NetEvent>,
    shared: Arc<Shared>,
    tap: Option<Arc<dyn Tap>>,
    conduct: Conduct,
    persistent: PersistentPeers,
    dials: HashMap<ConnectionId, Dial>,
    resolving: FuturesUnordered<Resolving>,
    asked: HashMap<OutboundRequestId, Asked>,
    serving: HashMap<InboundRequestId, PeerId>,
    // What the application believes, and the peers about which it may be wrong.
    announced: HashSet<PeerId>,
    unannounced: BTreeSet<PeerId>,
}

impl Task {
    pub(super) fn new(
        swarm: Swarm<Behaviour>,
        (commands, sender): (mpsc::Receiver<Command>, mpsc::WeakSender<Command>),
        events: mpsc::Sender<NetEvent>,
        shared: Arc<Shared>,
        tap: Option<Arc<dyn Tap>>,
    ) -> Self {
        let limits = &shared.limits;
        Self {
            conduct: Conduct::new(limits.ban),
            persistent: PersistentPeers::new(limits.redial_first, limits.redial_longest),
            swarm,
            commands,
            sender,
            events,
            shared,
            tap,
            dials: HashMap::new(),
            resolving: FuturesUnordered::new(),
            asked: HashMap::new(),
            serving: HashMap::new(),
            announced: HashSet::new(),
            unannounced: BTreeSet::new(),
        }
    }

    /// Listens on every one of `addrs`, and returns once all listeners are up.
    pub(super) async fn listen(&mut self, addrs: &[Multiaddr]) -> Result<(), NetError> {
        // All are checked before the first listens: they may share a port across IP versions.
        addrs.iter().try_for_each(check_port_free)?;
        let mut waiting: HashMap<ListenerId, Multiaddr> = HashMap::new();
        for addr in addrs {
            let id = self.swarm.listen_on(addr.clone()).map_err(|error| match error {
                TransportError::MultiaddrNotSupported(addr) => {
                    NetError::UnsupportedAddress { addr }
                }
                TransportError::Other(source) => listen_error(addr, source),
            })?;
            waiting.insert(id, addr.clone());
        }
        let deadline = tokio::time::Instant::now() + LISTEN_TIMEOUT;
        while let Some(addr) = waiting.values().next().cloned() {
            let next = tokio::time::timeout_at(deadline, self.swarm.select_next_some()).await;
            let event =
                next.map_err(|_| listen_error(&addr, std::io::ErrorKind::TimedOut.into()))?;
            match event {
                SwarmEvent::NewListenAddr { listener_id, .. } => {
                    waiting.remove(&listener_id);
                }
                SwarmEvent::ListenerClosed { listener_id, reason: Err(source), .. } => {
                    let addr = waiting.get(&listener_id).unwrap_or(&addr);
                    return Err(listen_error(addr, source));
                }
                _ => {}
            }
            self.on_event(event);
        }
        Ok(())
    }

    pub(super) fn add_persistent(&mut self, addr: Multiaddr) -> Result<(), NetError> {
        let swarm = &self.swarm;
        self.persistent.add(addr, |peer| swarm.is_connected(peer), Instant::now())
    }

    /// Runs until it is told to stop, or until nobody is left to tell it.
    pub(super) async fn run(mut self) {
        loop {
            self.on_time();
            self.announce();
            let wake = self.next_wake();
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_event(event),
                command = self.commands.recv() => match command {
                    None | Some(Command::Shutdown) => break,
                    Some(command) => self.on_command(command),
                },
                Some((dial, addrs)) = self.resolving.next() => self.on_resolved(dial, addrs),
                // There is room for news again; `announce` uses it.
                () = has_room(&self.events), if !self.unannounced.is_empty() => {}
                () = sleep_until(wake.into()) => {}
            }
        }
        self.close().await;
    }

    async fn close(mut self) {
        self.asked.clear();
        let peers: Vec<_> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        let closed = async {
            while self.swarm.network_info().num_peers() > 0 {
                self.swarm.select_next_some().await;
            }
        };
        // Whoever does not let go in time is cut off.
        let _ = timeout(SHUTDOWN_TIMEOUT, closed).await;
        let mut view = self.shared.view();
        view.peers.clear();
        view.listen.clear();
    }

    fn next_wake(&self) -> Instant {
        let due = [self.persistent.next_due(), self.conduct.next_pardon()];
        due.into_iter().flatten().min().unwrap_or_else(|| Instant::now() + LONGEST_SLEEP)
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        for peer in self.conduct.pardon(now) {
            tracing::info!(%peer, "ban ended");
            self.swarm.behaviour_mut().bans.unblock_peer(peer);
        }
        self.shared.view().banned = self.conduct.banned();
        for addr in self.persistent.due(now) {
            self.dial(addr, None);
        }
    }

    /// Tells the application who came and went. What it misses while its queue is full, it is
    /// told later in short.
    fn announce(&mut self) {
        while let Some(peer) = self.unannounced.first().copied() {
            let addr = self.shared.view().peers.get(&peer).map(|info| info.addr.clone());
            let news = match (self.announced.contains(&peer), addr) {
                (false, Some(addr)) => Some(NetEvent::Connected { peer, addr }),
                (true, None) => Some(NetEvent::Disconnected { peer }),
                _ => None,
            };
            let arrived = matches!(news, Some(NetEvent::Connected { .. }));
            if let Some(news) = news {
                match self.events.try_send(news) {
                    Ok(()) if arrived => drop(self.announced.insert(peer)),
                    Ok(()) => drop(self.announced.remove(&peer)),
                    Err(mpsc::error::TrySendError::Full(_)) => return,
                    Err(mpsc::error::TrySendError::Closed(_)) => return self.unannounced.clear(),
                }
            }
            self.unannounced.remove(&peer);
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Dial { addr, reply } => self.dial(addr, Some(reply)),
            Command::Request { peer, bytes, slot, reply } => self.ask(peer, bytes, slot, reply),
            Command::Respond { peer, channel, bytes } => self.respond(peer, channel, bytes),
            Command::Publish { bytes, reply } => drop(reply.send(self.publish(bytes))),
            Command::Verdict { peer, id, verdict } => {
                if matches!(verdict, MessageAcceptance::Reject) {
                    self.report(peer, Misbehaviour::InvalidGossip);
                }
                let gossip = &mut self.swarm.behaviour_mut().gossip;
                gossip.report_message_validation_result(&id, &peer, verdict);
            }
            Command::Report { peer, what } => self.report(peer, what),
            Command::AddPersistent { addr, reply } => drop(reply.send(self.add_persistent(addr))),
            Command::Shutdown => {}
        }
    }

    fn dial(&mut self, addr: Multiaddr, reply: Option<Reply<PeerId>>) {
        let target = Target::parse(&addr);
        let peer = target.as_ref().ok().and_then(|target| target.peer);
        let dial = Dial { addr, peer, rest: VecDeque::new(), reply };
        if let Some(peer) = self.connected_at(&dial) {
            return self.settle(dial, Ok(peer));
        }
        match target {
            Err(error) => self.settle(dial, Err(error)),
            Ok(_) if self.dials.len() + self.resolving.len() >= MAX_DIALS => {
                self.settle(dial, Err(NetError::Busy { what: "dials", limit: MAX_DIALS }));
            }
            Ok(Target { host: Host::Ip(_), .. }) => {
                let addrs = vec![dial.addr.clone()];
                self.on_resolved(dial, Ok(addrs));
            }
            Ok(target) => self.resolving.push(Box::pin(async move {
                let addrs = timeout(CONNECT_TIMEOUT, target.resolve()).await;
                (dial, addrs.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into())))
            })),
        }
    }

    /// Returns the peer that `dial` looks for, if it is connected.
    fn connected_at(&self, dial: &Dial) -> Option<PeerId> {
        match dial.peer {
            Some(peer) => self.swarm.is_connected(&peer).then_some(peer),
            None => {
                let view = self.shared.view();
                let mut peers = view.peers.values();
                peers.find(|info| info.outbound && info.addr == dial.addr).map(|info| info.peer)
            }
        }
    }

    fn on_resolved(&mut self, mut dial: Dial, addrs: std::io::Result<Vec<Multiaddr>>) {
        match addrs {
            Ok(addrs) => {
                dial.rest = addrs.into();
                self.dial_next(dial);
            }
            Err(error) => {
                let (addr, reason) = (dial.addr.clone(), error.to_string());
                self.settle(dial, Err(NetError::Unreachable { addr, reason }));
            }
        }
    }

    /// Tries the next of the addresses behind the one to be dialled.
    fn dial_next(&mut self, mut dial: Dial) {
        let Some(addr) = dial.rest.pop_front() else { return };
        // A new port each time: two nodes that dial each other from the ports they listen on
        // would meet in one TCP connection, on which both are the client.
        let options = match dial.peer {
            Some(peer) => DialOpts::peer_id(peer)
                .condition(PeerCondition::Disconnected)
                .addresses(vec![addr])
                .allocate_new_port()
                .build(),
            None => DialOpts::unknown_peer_id().address(addr).allocate_new_port().build(),
        };
        let id = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => drop(self.dials.insert(id, dial)),
            Err(error) => self.on_dial_failed(dial, error),
        }
    }

    fn on_dial_failed(&mut self, dial: Dial, error: DialError) {
        if let Some(peer) = self.connected_at(&dial) {
            self.settle(dial, Ok(peer));
        } else if dial.rest.is_empty() {
            let error = dial_error(dial.addr.clone(), dial.peer, error);
            self.settle(dial, Err(error));
        } else {
            self.dial_next(dial);
        }
    }

    fn settle(&mut self, dial: Dial, result: Result<PeerId, NetError>) {
        match dial.reply {
            Some(reply) => drop(reply.send(result)),
            None => {
                if let Err(error) = &result {
                    tracing::debug!(%error, "cannot dial a persistent peer");
                }
                self.persistent.settled(&dial.addr, result.ok(), Instant::now());
            }
        }
    }

    fn ask(
        &mut self,
        peer: PeerId,
        bytes: Vec<u8>,
        slot: OwnedSemaphorePermit,
        reply: Reply<Vec<u8>>,
    ) {
        if self.conduct.is_banned(&peer) {
            return drop(reply.send(Err(NetError::Banned { peer })));
        }
        if !self.swarm.is_connected(&peer) {
            return drop(reply.send(Err(NetError::NotConnected { peer })));
        }
        self.tap(Direction::Sent, Kind::Request, &bytes);
        let id = self.swarm.behaviour_mut().sync.send_request(&peer, Ok(bytes));
        self.asked.insert(id, Asked { peer, reply, _slot: slot });
    }

    fn respond(&mut self, peer: PeerId, channel: ResponseChannel<Received>, bytes: Vec<u8>) {
        if channel.is_open() {
            self.tap(Direction::Sent, Kind::Response, &bytes);
            self.conduct.served(peer, bytes.len(), Instant::now());
            // The peer may be gone since; that is no concern of the application.
            let _ = self.swarm.behaviour_mut().sync.send_response(channel, Ok(bytes));
        }
    }

    fn publish(&mut self, bytes: Vec<u8>) -> Result<(), NetError> {
        let size = bytes.len();
        let too_large = NetError::TooLarge { bytes: size, limit: MAX_GOSSIP_BYTES };
        if size > MAX_GOSSIP_BYTES {
            return Err(too_large);
        }
        let copy = self.tap.is_some().then(|| bytes.clone());
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        match gossip.publish(IdentTopic::new(CHECKPOINT_TOPIC), bytes) {
            Ok(_) => {}
            // It went out or came in already, which is what the caller wants.
            Err(PublishError::Duplicate) => return Ok(()),
            Err(PublishError::NoPeersSubscribedToTopic) => return Err(NetError::NoPeers),
            Err(PublishError::MessageTooLarge) => return Err(too_large),
            Err(PublishError::AllQueuesFull(limit)) => {
                return Err(NetError::Busy { what: "gossip messages", limit });
            }
            Err(other) => return Err(NetError::Setup { reason: other.to_string() }),
        }
        match copy {
            Some(copy) => self.tap(Direction::Sent, Kind::Gossip, &copy),
            None => self.shared.counters.message(Direction::Sent, Kind::Gossip, size),
        }
        Ok(())
    }

    fn report(&mut self, peer: PeerId, what: Misbehaviour) {
        let now = Instant::now();
        let banned = self.conduct.report(peer, what, now);
        let score = self.conduct.score(peer, now);
        tracing::debug!(%peer, ?what, score, "peer broke a rule");
        if let Some(info) = self.shared.view().peers.get_mut(&peer) {
            info.score = score;
        }
        if banned {
            tracing::warn!(%peer, ?what, "peer is banned for a time");
            self.swarm.behaviour_mut().bans.block_peer(peer);
            self.shared.counters.banned();
            self.shared.view().banned = self.conduct.banned();
        }
    }

    fn tap(&self, direction: Direction, kind: Kind, bytes: &[u8]) {
        self.shared.counters.message(direction, kind, bytes.len());
        if let Some(tap) = &self.tap {
            tap.message(direction, kind, bytes);
        }
    }
}

/// Waits until an event can be sent, or until nobody takes events any more.
async fn has_room(events: &mpsc::Sender<NetEvent>) {
    drop(events.reserve().await);
}
