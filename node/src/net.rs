//! The transport between nodes: libp2p over TCP, with Noise and Yamux.
//!
//! It carries opaque bytes, as requests with a response under `/carnet/sync/1` and as gossip
//! under the topic `carnet/checkpoint/1`; what they say is decided elsewhere. One task owns the
//! connections. It bounds what every peer may use, and bans those that break a rule.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libp2p::identity::Keypair;
pub use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

mod behaviour;
mod counters;
mod dial;
mod error;
mod event;
mod limits;
mod protocol;
mod tap;
mod task;
#[cfg(test)]
mod tests;

pub use counters::{Counters, RequestOutcome};
pub use error::NetError;
pub use event::{NetEvent, NetEvents, Responder, Validation};
pub use limits::{
    BAN_SCORE, BAN_SECONDS, BURST_SECONDS, BYTES_PER_SECOND, GOSSIP_PER_SECOND, Limits,
    MAX_CONNECTIONS, MAX_CONNECTIONS_PER_PEER, MAX_GOSSIP_BYTES, MAX_INBOUND, MAX_INBOUND_PER_PEER,
    MAX_INCOMING_CONNECTIONS, MAX_MESSAGE_BYTES, MAX_OUTBOUND_PER_PEER, MAX_PERSISTENT,
    MAX_REMEMBERED_PEERS, Misbehaviour, REDIAL_FIRST, REDIAL_LONGEST, REQUEST_TIMEOUT,
    REQUESTS_PER_SECOND, SCORE_HALF_LIFE, THROTTLE_SCORE, THROTTLED_SHARE,
};
pub use tap::{Direction, FileTap, Kind, Record, Tap, read_transcript};

use limits::COMMAND_QUEUE;
use task::{Command, Shared, Task};

/// What a node needs to go on the network.
pub struct NetConfig {
    keypair: Keypair,
    /// Where to listen: `/ip4` or `/ip6` with `/tcp`; port 0 lets the system choose.
    pub listen: Vec<Multiaddr>,
    /// Peers to be connected to at all times: `/ip4`, `/ip6` or `/dns` with `/tcp`, preferably
    /// with `/p2p`.
    pub persistent: Vec<Multiaddr>,
    /// Sees every message in the clear.
    pub tap: Option<Arc<dyn Tap>>,
    /// The bounds, by default the constants of this module.
    pub limits: Limits,
}

impl NetConfig {
    /// A node that is known by the Ed25519 key of `seed`, listens nowhere and dials nobody.
    ///
    /// # Errors
    /// [`NetError::Setup`] if `seed` is not a key, which does not happen for 32 bytes.
    pub fn new(seed: &[u8; 32]) -> Result<Self, NetError> {
        let mut seed = Zeroizing::new(*seed);
        let keypair = Keypair::ed25519_from_bytes(&mut seed[..])
            .map_err(|error| NetError::Setup { reason: error.to_string() })?;
        Ok(Self {
            keypair,
            listen: Vec::new(),
            persistent: Vec::new(),
            tap: None,
            limits: Limits::default(),
        })
    }

    /// Returns the name under which the node will be known.
    pub fn peer_id(&self) -> PeerId {
        self.keypair.public().to_peer_id()
    }
}

impl fmt::Debug for NetConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NetConfig")
            .field("peer_id", &self.peer_id())
            .field("listen", &self.listen)
            .field("persistent", &self.persistent)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// The transport of one node.
#[derive(Debug)]
pub struct Net;

impl Net {
    /// Goes on the network. Returns once every address of `config.listen` is listened on.
    ///
    /// # Errors
    /// [`NetError::AddressInUse`], [`NetError::CannotListen`] or [`NetError::UnsupportedAddress`],
    /// each with the address; [`NetError::Busy`] for too many persistent peers.
    pub async fn start(config: NetConfig) -> Result<(NetHandle, NetEvents), NetError> {
        let swarm = behaviour::swarm(config.keypair, &config.limits)?;
        let (commands, command_queue) = mpsc::channel(COMMAND_QUEUE);
        let (events, event_queue) = mpsc::channel(config.limits.event_queue.max(1));
        let shared = Arc::new(Shared {
            local: *swarm.local_peer_id(),
            limits: config.limits,
            view: Default::default(),
            pacer: Default::default(),
            counters: Counters::default(),
        });
        let queue = (command_queue, commands.downgrade());
        let mut task = Task::new(swarm, queue, events, Arc::clone(&shared), config.tap);
        task.listen(&config.listen).await?;
        config.persistent.into_iter().try_for_each(|addr| task.add_persistent(addr))?;
        tokio::spawn(task.run());
        Ok((NetHandle { commands, shared }, NetEvents(event_queue)))
    }
}

/// A peer that is connected. What it says of itself is not proven, except its name.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PeerInfo {
    /// Its name, proven by its key.
    pub peer: PeerId,
    /// The other end of the connection.
    pub addr: Multiaddr,
    /// Whether we dialled it.
    pub outbound: bool,
    /// Where it says it listens, at most 16 addresses.
    pub listen_addrs: Vec<Multiaddr>,
    /// The software it says it is, at most 64 printable ASCII characters.
    pub agent: String,
    /// Whether it says it speaks `/carnet/sync/1`.
    pub syncs: bool,
    /// Whether it listens to our gossip.
    pub gossips: bool,
    /// The last time a ping took.
    pub round_trip: Option<Duration>,
    /// Its score when it last broke a rule or connected; banned from [`BAN_SCORE`].
    pub score: f64,
}

impl PeerInfo {
    fn new(peer: PeerId, addr: Multiaddr, outbound: bool, score: f64) -> Self {
        Self {
            peer,
            addr,
            outbound,
            listen_addrs: Vec::new(),
            agent: String::new(),
            syncs: false,
            gossips: false,
            round_trip: None,
            score,
        }
    }
}

/// Talks to the network task. Clones are cheap; when the last is gone, the node leaves the
/// network.
#[derive(Clone)]
pub struct NetHandle {
    commands: mpsc::Sender<Command>,
    shared: Arc<Shared>,
}

impl fmt::Debug for NetHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("NetHandle").field(&self.shared.local).finish()
    }
}

impl NetHandle {
    /// Returns the name of this node.
    pub fn local_peer_id(&self) -> PeerId {
        self.shared.local
    }

    /// Returns the addresses listened on, with the ports that the system chose.
    pub fn listen_addrs(&self) -> Vec<Multiaddr> {
        self.shared.view().listen.clone()
    }

    /// Returns the connected peers, ordered by name.
    pub fn peers(&self) -> Vec<PeerInfo> {
        self.shared.view().peers.values().cloned().collect()
    }

    /// Returns what was counted since the start.
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Counts the peers that are refused for a time.
    pub fn banned(&self) -> usize {
        self.shared.view().banned
    }

    /// Connects to `addr` once, and returns who answers. A peer that is connected is not dialled
    /// again. One that banned us hangs up right afterwards.
    ///
    /// # Errors
    /// [`NetError::Unreachable`], [`NetError::WrongPeer`], [`NetError::Banned`],
    /// [`NetError::UnsupportedAddress`], [`NetError::Busy`] or [`NetError::Stopped`].
    pub async fn dial(&self, addr: Multiaddr) -> Result<PeerId, NetError> {
        self.ask(|reply| Command::Dial { addr, reply }).await
    }

    /// Keeps connected to `addr`: dials it now and whenever its peer is gone.
    ///
    /// # Errors
    /// [`NetError::UnsupportedAddress`], [`NetError::Busy`] or [`NetError::Stopped`].
    pub async fn add_persistent(&self, addr: Multiaddr) -> Result<(), NetError> {
        self.ask(|reply| Command::AddPersistent { addr, reply }).await
    }

    /// Sends `bytes` to `peer`, which has to be connected, and returns its answer. Over
    /// [`MAX_OUTBOUND_PER_PEER`] at once, or faster than an honest peer serves, it waits first.
    ///
    /// # Errors
    /// [`NetError::NotConnected`], [`NetError::Refused`], [`NetError::TimedOut`],
    /// [`NetError::TooLarge`] for either direction, [`NetError::Unsupported`],
    /// [`NetError::Banned`] or [`NetError::Stopped`].
    pub async fn request(&self, peer: PeerId, bytes: Vec<u8>) -> Result<Vec<u8>, NetError> {
        let limit = self.shared.limits.max_message_bytes;
        if bytes.len() > limit {
            return Err(NetError::TooLarge { bytes: bytes.len(), limit });
        }
        let slots = self.shared.pacer().slots(peer, Instant::now());
        let slot = slots.acquire_owned().await.map_err(|_| NetError::Stopped)?;
        let pause = self.shared.pacer().reserve(peer, bytes.len(), Instant::now());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let answer = self.ask(|reply| Command::Request { peer, bytes, slot, reply }).await;
        self.shared.counters.asked(&answer);
        let answer = answer?;
        self.shared.pacer().received(peer, answer.len(), Instant::now());
        Ok(answer)
    }

    /// Gossips `bytes` to all. A message that is known to the network already is not sent again.
    ///
    /// # Errors
    /// [`NetError::NoPeers`] if nobody listens, [`NetError::TooLarge`] over [`MAX_GOSSIP_BYTES`],
    /// [`NetError::Busy`] or [`NetError::Stopped`].
    pub async fn publish(&self, bytes: Vec<u8>) -> Result<(), NetError> {
        self.ask(|reply| Command::Publish { bytes, reply }).await
    }

    /// Counts a broken rule against `peer`: from [`THROTTLE_SCORE`] it is throttled, from
    /// [`BAN_SCORE`] disconnected and refused for [`Limits::ban`].
    pub async fn report(&self, peer: PeerId, what: Misbehaviour) {
        // After a shutdown there is nobody left to punish.
        let _ = self.commands.send(Command::Report { peer, what }).await;
    }

    /// Leaves the network in an orderly way. Returns once the task has ended and its ports are
    /// free; whatever waits for an answer gets [`NetError::Stopped`].
    pub async fn shutdown(&self) {
        let _ = self.commands.send(Command::Shutdown).await;
        self.commands.closed().await;
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, NetError>>) -> Command,
    ) -> Result<T, NetError> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| NetError::Stopped)?;
        answer.await.unwrap_or(Err(NetError::Stopped))
    }
}
