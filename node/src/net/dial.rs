//! Where to dial, and when to dial again.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::time::{Duration, Instant};
use std::{error::Error, io};

use libp2p::multiaddr::Protocol;
use libp2p::swarm::DialError;
use libp2p::{Multiaddr, PeerId, allow_block_list};

use super::error::NetError;
use super::limits::{MAX_CONNECTIONS, MAX_PERSISTENT, MAX_RESOLVED, STABLE_CONNECTION};

/// An address taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) transport: Transport,
    /// Whom to expect there, if the address says so.
    pub(super) peer: Option<PeerId>,
}

/// How a node is reached. QUIC is tried first: it takes fewer round trips and loses less on bad
/// networks; where UDP does not get through, there is TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Transport {
    Quic,
    Tcp,
}

/// Sorts addresses of one peer by the order in which they are tried.
pub(crate) fn by_preference(addrs: &mut [Multiaddr]) {
    addrs.sort_by_key(|addr| Target::parse(addr).map_or(Transport::Tcp, |target| target.transport));
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    Ip(IpAddr),
    /// A name, and the version of IP that is asked for.
    Name(String, Option<IpVersion>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IpVersion {
    Four,
    Six,
}

impl Target {
    /// Takes `/ip4|ip6|dns|dns4|dns6/HOST` with `/tcp/PORT` or `/udp/PORT/quic-v1`, with or without
    /// `/p2p/PEER`.
    pub(super) fn parse(addr: &Multiaddr) -> Result<Self, NetError> {
        Self::parts(addr).ok_or_else(|| NetError::UnsupportedAddress { addr: addr.clone() })
    }

    fn parts(addr: &Multiaddr) -> Option<Self> {
        let mut parts = addr.iter();
        let host = match parts.next()? {
            Protocol::Ip4(ip) => Host::Ip(ip.into()),
            Protocol::Ip6(ip) => Host::Ip(ip.into()),
            Protocol::Dns(name) => Host::Name(name.into_owned(), None),
            Protocol::Dns4(name) => Host::Name(name.into_owned(), Some(IpVersion::Four)),
            Protocol::Dns6(name) => Host::Name(name.into_owned(), Some(IpVersion::Six)),
            _ => return None,
        };
        let (port, transport) = match parts.next()? {
            Protocol::Tcp(port) => (port, Transport::Tcp),
            Protocol::Udp(port) => match parts.next()? {
                Protocol::QuicV1 => (port, Transport::Quic),
                _ => return None,
            },
            _ => return None,
        };
        let peer = match parts.next() {
            None => None,
            Some(Protocol::P2p(peer)) => Some(peer),
            Some(_) => return None,
        };
        parts.next().is_none().then_some(Self { host, port, transport, peer })
    }

    /// Returns the addresses behind the target, at most [`MAX_RESOLVED`]. Names are asked of the
    /// system, which also knows what is in the hosts file or in a container's network.
    pub(super) async fn resolve(&self) -> io::Result<Vec<Multiaddr>> {
        let ips: Vec<IpAddr> = match &self.host {
            Host::Ip(ip) => vec![*ip],
            Host::Name(name, version) => tokio::net::lookup_host((name.as_str(), self.port))
                .await?
                .map(|address| address.ip())
                .filter(|ip| match version {
                    None => true,
                    Some(IpVersion::Four) => ip.is_ipv4(),
                    Some(IpVersion::Six) => ip.is_ipv6(),
                })
                .take(MAX_RESOLVED)
                .collect(),
        };
        if ips.is_empty() {
            return Err(io::Error::other("the name has no address"));
        }
        let address = |ip| match self.transport {
            Transport::Tcp => Multiaddr::from(ip).with(Protocol::Tcp(self.port)),
            Transport::Quic => {
                Multiaddr::from(ip).with(Protocol::Udp(self.port)).with(Protocol::QuicV1)
            }
        };
        Ok(ips.into_iter().map(address).collect())
    }
}

/// Checks that nobody listens on `addr`. libp2p sets SO_REUSEPORT, with which two programs of
/// one user share a port in silence.
pub(super) fn check_port_free(addr: &Multiaddr) -> Result<(), NetError> {
    let target = Target::parse(addr)?;
    let ip = match target.host {
        // The wildcard of IPv6 would ask for the port of IPv4 too, which libp2p does not.
        Host::Ip(IpAddr::V6(ip)) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        Host::Ip(ip) => ip,
        Host::Name(..) => return Err(NetError::UnsupportedAddress { addr: addr.clone() }),
    };
    let place = SocketAddr::new(ip, target.port);
    let bound = match target.transport {
        Transport::Tcp => TcpListener::bind(place).map(drop),
        Transport::Quic => UdpSocket::bind(place).map(drop),
    };
    bound.map_err(|source| listen_error(addr, source))
}

pub(super) fn listen_error(addr: &Multiaddr, source: io::Error) -> NetError {
    let addr = addr.clone();
    match source.kind() {
        io::ErrorKind::AddrInUse => NetError::AddressInUse { addr },
        _ => NetError::CannotListen { addr, source },
    }
}

/// Says in our words why `addr` could not be dialled.
pub(super) fn dial_error(addr: Multiaddr, peer: Option<PeerId>, error: DialError) -> NetError {
    match error {
        DialError::WrongPeerId { obtained, .. } => NetError::WrongPeer { addr, obtained },
        // libp2p leaves out the addresses on which we listen ourselves.
        DialError::LocalPeerId { .. } | DialError::NoAddresses => {
            NetError::Unreachable { addr, reason: "it is this node itself".into() }
        }
        DialError::Denied { cause } => {
            match (cause.downcast_ref::<allow_block_list::Blocked>(), peer) {
                (Some(_), Some(peer)) => NetError::Banned { peer },
                _ => NetError::Busy { what: "connections", limit: MAX_CONNECTIONS as usize },
            }
        }
        DialError::Transport(causes) => {
            let reason = match causes.first() {
                Some((_, cause)) => innermost(cause),
                None => "no address".into(),
            };
            NetError::Unreachable { addr, reason }
        }
        other => NetError::Unreachable { addr, reason: innermost(&other) },
    }
}

/// Returns `addr` without `/p2p` at its end.
pub(super) fn without_peer(mut addr: Multiaddr) -> Multiaddr {
    if matches!(addr.iter().last(), Some(Protocol::P2p(_))) {
        addr.pop();
    }
    addr
}

fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[derive(Debug)]
struct Persistent {
    addr: Multiaddr,
    transport: Transport,
    peer: Option<PeerId>,
    failures: u32,
    next: Instant,
    dialling: bool,
    connected_at: Option<Instant>,
}

/// The addresses that are dialled whenever nobody is connected there.
#[derive(Debug)]
pub(super) struct PersistentPeers {
    first: Duration,
    longest: Duration,
    list: Vec<Persistent>,
}

impl PersistentPeers {
    pub(super) fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, list: Vec::new() }
    }

    /// Adds `addr`, to be dialled at once. `connected` says whether its peer is there already.
    pub(super) fn add(
        &mut self,
        addr: Multiaddr,
        connected: impl Fn(&PeerId) -> bool,
        now: Instant,
    ) -> Result<(), NetError> {
        let peer = Target::parse(&addr)?.peer;
        if self.list.iter().any(|entry| entry.addr == addr) {
            return Ok(());
        }
        if self.list.len() >= MAX_PERSISTENT {
            return Err(NetError::Busy { what: "persistent peers", limit: MAX_PERSISTENT });
        }
        let connected_at = peer.filter(connected).map(|_| now);
        let transport = Target::parse(&addr)?.transport;
        let entry = Persistent {
            addr,
            transport,
            peer,
            failures: 0,
            next: now,
            dialling: false,
            connected_at,
        };
        self.list.push(entry);
        self.list.sort_by_key(|entry| entry.transport);
        Ok(())
    }

    /// Returns the addresses to dial now, of each peer only one at a time. Each has to be
    /// [`Self::settled`] before it is due again.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Multiaddr> {
        let mut busy = self.dialled_peers();
        let mut due = Vec::new();
        for entry in self.list.iter_mut().filter(|entry| entry.is_waiting() && entry.next <= now) {
            if entry.peer.is_none_or(|peer| busy.insert(peer)) {
                entry.dialling = true;
                due.push(entry.addr.clone());
            }
        }
        due
    }

    /// Returns when the next address is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let busy = self.dialled_peers();
        let is_free = |entry: &&Persistent| entry.peer.is_none_or(|peer| !busy.contains(&peer));
        let waiting = self.list.iter().filter(|entry| entry.is_waiting()).filter(is_free);
        waiting.map(|entry| entry.next).min()
    }

    fn dialled_peers(&self) -> HashSet<PeerId> {
        self.list.iter().filter(|entry| entry.dialling).filter_map(|entry| entry.peer).collect()
    }

    /// Takes note of how the dial of `addr` ended: with the peer that answers there, or without.
    pub(super) fn settled(&mut self, addr: &Multiaddr, peer: Option<PeerId>, now: Instant) {
        let (first, longest) = (self.first, self.longest);
        let Some(entry) = self.list.iter_mut().find(|entry| entry.addr == *addr) else { return };
        entry.dialling = false;
        match peer {
            Some(_) => {
                entry.peer = peer;
                entry.connected_at.get_or_insert(now);
            }
            None => entry.wait(first, longest, now),
        }
    }

    /// Takes note that `peer` is there, whoever dialled.
    pub(super) fn connected(&mut self, peer: PeerId, now: Instant) {
        for entry in self.list.iter_mut().filter(|entry| entry.peer == Some(peer)) {
            entry.connected_at.get_or_insert(now);
        }
    }

    /// Takes note that the last connection to `peer` is gone.
    pub(super) fn disconnected(&mut self, peer: PeerId, now: Instant) {
        let (first, longest) = (self.first, self.longest);
        for entry in self.list.iter_mut().filter(|entry| entry.peer == Some(peer)) {
            let since = entry.connected_at.take();
            if since.is_some_and(|since| now.duration_since(since) >= STABLE_CONNECTION) {
                entry.failures = 0;
            }
            entry.wait(first, longest, now);
        }
    }
}

impl Persistent {
    fn is_waiting(&self) -> bool {
        !self.dialling && self.connected_at.is_none()
    }

    fn wait(&mut self, first: Duration, longest: Duration, now: Instant) {
        self.next = now + pause(first, longest, self.failures, jitter());
        self.failures = self.failures.saturating_add(1);
    }
}

/// Doubles `first` with every failure up to `longest`, then takes between half and all of it.
fn pause(first: Duration, longest: Duration, failures: u32, jitter: f64) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(failures));
    doubled.min(longest).mul_f64(0.5 + 0.5 * jitter)
}

/// Returns a number from 0 to 1. Without randomness the pauses are merely in step.
fn jitter() -> f64 {
    getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn parse(addr: &str) -> Result<Target, NetError> {
        Target::parse(&addr.parse().unwrap())
    }

    #[test]
    fn only_tcp_and_quic_addresses_are_taken() {
        let peer = PeerId::random();
        let target = parse(&format!("/dns4/node.example/tcp/4001/p2p/{peer}")).unwrap();
        assert_eq!(target.host, Host::Name("node.example".into(), Some(IpVersion::Four)));
        assert_eq!((target.port, target.peer), (4001, Some(peer)));
        let quic = parse("/ip6/::1/udp/4001/quic-v1").unwrap();
        assert_eq!((quic.transport, quic.port), (Transport::Quic, 4001));
        for addr in [
            "/ip4/127.0.0.1",
            "/ip4/127.0.0.1/udp/1",
            "/ip4/127.0.0.1/udp/1/quic",
            "/tcp/1",
            "/ip4/1.2.3.4/tcp/1/ws",
            "/ip4/1.2.3.4/tcp/1/quic-v1",
        ] {
            assert!(matches!(parse(addr), Err(NetError::UnsupportedAddress { .. })), "{addr}");
        }
    }

    #[test]
    fn pauses_double_from_first_to_longest_with_jitter() {
        let seconds = |failures, jitter| pause(SECOND, 60 * SECOND, failures, jitter).as_secs_f64();
        assert_eq!([seconds(0, 1.0), seconds(0, 0.0), seconds(3, 1.0)], [1.0, 0.5, 8.0]);
        assert_eq!([seconds(6, 1.0), seconds(4_000, 1.0), seconds(9, 0.0)], [60.0, 60.0, 30.0]);
    }

    #[test]
    fn of_a_peer_with_two_addresses_quic_is_dialled_and_tcp_only_if_that_fails() {
        let (peer, now) = (PeerId::random(), Instant::now());
        let addr = |middle: &str| -> Multiaddr {
            format!("/ip4/127.0.0.1/{middle}/p2p/{peer}").parse().unwrap()
        };
        let (tcp, quic) = (addr("tcp/1"), addr("udp/1/quic-v1"));
        let mut peers = PersistentPeers::new(SECOND, 60 * SECOND);
        peers.add(tcp.clone(), |_| false, now).unwrap();
        peers.add(quic.clone(), |_| false, now).unwrap();
        assert_eq!(peers.due(now), std::slice::from_ref(&quic));
        assert!(peers.due(now).is_empty() && peers.next_due().is_none(), "one at a time");
        peers.settled(&quic, None, now);
        assert_eq!(peers.due(now), std::slice::from_ref(&tcp));
        peers.settled(&tcp, Some(peer), now);
        peers.connected(peer, now);
        assert!(peers.due(now + 60 * SECOND).is_empty(), "it is connected");
        let mut addrs = [tcp.clone(), quic.clone()];
        by_preference(&mut addrs);
        assert_eq!(addrs, [quic, tcp]);
    }

    #[test]
    fn peer_that_hangs_up_at_once_is_dialled_ever_more_slowly() {
        let (peer, mut now) = (PeerId::random(), Instant::now());
        let addr: Multiaddr = format!("/ip4/127.0.0.1/tcp/1/p2p/{peer}").parse().unwrap();
        let mut peers = PersistentPeers::new(SECOND, 60 * SECOND);
        peers.add(addr.clone(), |_| false, now).unwrap();
        for _ in 0..8 {
            assert_eq!(peers.due(now), std::slice::from_ref(&addr));
            assert!(peers.due(now).is_empty() && peers.next_due().is_none());
            peers.settled(&addr, Some(peer), now);
            peers.connected(peer, now);
            assert!(peers.next_due().is_none());
            peers.disconnected(peer, now);
            now = peers.next_due().unwrap().max(now);
        }
        let slow = peers.next_due().unwrap();
        peers.due(now);
        peers.settled(&addr, Some(peer), slow);
        let later = slow + STABLE_CONNECTION;
        peers.disconnected(peer, later);
        assert!(peers.next_due().unwrap() <= later + SECOND);
    }
}
