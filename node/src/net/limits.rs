//! Every bound of the transport, and the bookkeeping that holds peers to them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use libp2p::PeerId;
use tokio::sync::Semaphore;

/// Largest request or response, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 1 << 20;
/// Largest gossip message, in bytes, without its envelope.
pub const MAX_GOSSIP_BYTES: usize = 64 << 10;
/// Room for signature, key, topic and framing around a gossip message, in bytes.
pub(super) const GOSSIP_ENVELOPE_BYTES: usize = 1 << 10;

/// Requests of one peer that may be open at once; more are refused.
pub const MAX_INBOUND_PER_PEER: usize = 8;
/// Requests of all peers that may be open at once, which bounds the memory they hold.
pub const MAX_INBOUND: usize = 64;
/// Requests to one peer that may be open at once; more wait their turn.
pub const MAX_OUTBOUND_PER_PEER: usize = 8;
/// Streams of the sync protocol on one connection, both directions together.
pub(super) const MAX_SYNC_STREAMS: usize = MAX_INBOUND_PER_PEER + MAX_OUTBOUND_PER_PEER;
/// Streams of all protocols on one connection.
pub(super) const MAX_STREAMS: usize = 64;
/// Streams of one connection whose protocol is still being agreed.
pub(super) const MAX_NEGOTIATING_STREAMS: usize = 16;

/// Connections to one peer. Two, because both sides may dial at the same moment.
pub const MAX_CONNECTIONS_PER_PEER: u32 = 2;
/// Connections opened by others from one IPv4 address, or from one network of 64 bits of IPv6.
pub const MAX_CONNECTIONS_PER_IP: usize = 64;
/// Connections opened by others.
pub const MAX_INCOMING_CONNECTIONS: u32 = 256;
/// Connections in all.
pub const MAX_CONNECTIONS: u32 = 512;
/// Connections whose handshake is under way, each direction.
pub(super) const MAX_PENDING_CONNECTIONS: u32 = 64;
/// Dials under way, including those that wait for a name to resolve.
pub(super) const MAX_DIALS: usize = 64;
/// Peers found on the local network whose last dial is remembered.
pub(super) const MAX_LOCAL_PEERS: usize = 256;
/// Connections up to which peers found on the local network are dialled.
pub(super) const ENOUGH_FOR_LOCAL: usize = 64;
/// How long such a peer is left alone after a dial.
pub(super) const LOCAL_PAUSE: Duration = Duration::from_secs(60);
/// Addresses kept dialled.
pub const MAX_PERSISTENT: usize = 256;
/// Addresses remembered per peer from what it says of itself.
pub(super) const MAX_LISTEN_ADDRS: usize = 16;
/// Characters kept of the name a peer gives its software.
pub(super) const MAX_AGENT_CHARS: usize = 64;
/// Addresses one DNS name may stand for.
pub(super) const MAX_RESOLVED: usize = 8;

/// Commands waiting for the network task.
pub(super) const COMMAND_QUEUE: usize = 64;
/// Events waiting for the application.
pub(super) const EVENT_QUEUE: usize = 64;
/// Gossip messages waiting to be sent to one peer.
pub(super) const GOSSIP_QUEUE: usize = 256;

/// Time for one exchange, request and response together.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// Time for TCP, Noise and Yamux to come up.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time for a listener to report its address.
pub(super) const LISTEN_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without any traffic of ours stays open.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(3_600);
/// Time that connections have to close in an orderly way on shutdown.
pub(super) const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
/// First pause before a lost peer is dialled again.
pub const REDIAL_FIRST: Duration = Duration::from_secs(1);
/// Longest pause between two dials of a lost peer.
pub const REDIAL_LONGEST: Duration = Duration::from_secs(60);
/// A connection that lasted this long makes the next pause the first one again. Without it, a
/// peer that accepts and hangs up would be dialled every second.
pub(super) const STABLE_CONNECTION: Duration = Duration::from_secs(30);

/// How long a banned peer is refused, in seconds.
pub const BAN_SECONDS: u64 = 3_600;
/// Score from which a peer is banned.
pub const BAN_SCORE: f64 = 100.0;
/// Score from which a peer is throttled.
pub const THROTTLE_SCORE: f64 = 40.0;
/// Time in which a score halves.
pub const SCORE_HALF_LIFE: Duration = Duration::from_secs(600);
/// Peers whose conduct is remembered, and bans kept.
pub const MAX_REMEMBERED_PEERS: usize = 4_096;

/// Requests per second served to one peer.
pub const REQUESTS_PER_SECOND: f64 = 1_000.0;
/// Bytes per second taken from and served to one peer.
pub const BYTES_PER_SECOND: f64 = (128 << 20) as f64;
/// Gossip messages per second taken from one peer.
pub const GOSSIP_PER_SECOND: f64 = 100.0;
/// Seconds of its rate that a peer may use up in one burst.
pub const BURST_SECONDS: f64 = 2.0;
/// What is left of its rates to a throttled peer.
pub const THROTTLED_SHARE: f64 = 1.0 / 16.0;
/// The share of those rates at which we ourselves ask, so that an honest peer never trips them.
const PACE_SHARE: f64 = 0.5;

/// The bounds that an operator or a test may set; [`Default`] gives the constants above.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a banned peer is refused.
    pub ban: Duration,
    /// Time for one exchange.
    pub request_timeout: Duration,
    /// First pause before a lost peer is dialled again.
    pub redial_first: Duration,
    /// Longest pause between two dials of a lost peer.
    pub redial_longest: Duration,
    /// Events waiting for the application, at least 1.
    pub event_queue: usize,
    /// Connections opened by others from one IP address.
    pub connections_per_ip: usize,
    /// Connections opened by others.
    pub incoming_connections: u32,
    /// Raised only by the tests that play a peer who breaks the rule.
    pub(super) max_message_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ban: Duration::from_secs(BAN_SECONDS),
            request_timeout: REQUEST_TIMEOUT,
            redial_first: REDIAL_FIRST,
            redial_longest: REDIAL_LONGEST,
            event_queue: EVENT_QUEUE,
            connections_per_ip: MAX_CONNECTIONS_PER_IP,
            incoming_connections: MAX_INCOMING_CONNECTIONS,
            max_message_bytes: MAX_MESSAGE_BYTES,
        }
    }
}

/// A rule that a peer broke, as the application or the transport saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// It sent bytes that are no message.
    Malformed,
    /// It announced a message over [`MAX_MESSAGE_BYTES`].
    Oversized,
    /// It sent a proof or signature that does not hold.
    FalseProof,
    /// It forwarded gossip that an honest peer would have rejected.
    InvalidGossip,
    /// It exceeded its rate. Cheap, since it may be a matter of load.
    Flooding,
}

impl Misbehaviour {
    /// Points added to the score; [`BAN_SCORE`] of them within a [`SCORE_HALF_LIFE`] ban.
    pub fn points(self) -> f64 {
        match self {
            Self::Malformed | Self::InvalidGossip => 25.0,
            Self::Oversized => 30.0,
            Self::FalseProof => 60.0,
            Self::Flooding => 0.2,
        }
    }
}

/// A rate with a burst. The level may go below zero: what was already served is paid afterwards.
#[derive(Debug)]
struct Bucket {
    level: f64,
    rate: f64,
    at: Instant,
}

impl Bucket {
    fn full(rate: f64, now: Instant) -> Self {
        Self { level: rate * BURST_SECONDS, rate, at: now }
    }

    fn refill(&mut self, share: f64, now: Instant) {
        let gained = now.saturating_duration_since(self.at).as_secs_f64() * self.rate * share;
        self.level = (self.level + gained).min(self.rate * BURST_SECONDS);
        self.at = now;
    }

    fn is_full(&self) -> bool {
        self.level >= self.rate * BURST_SECONDS
    }

    /// Returns the time until the level is back at zero.
    fn debt(&self) -> Duration {
        Duration::from_secs_f64((-self.level / self.rate).max(0.0))
    }
}

#[derive(Debug)]
struct Record {
    points: f64,
    at: Instant,
    requests: Bucket,
    bytes: Bucket,
    gossip: Bucket,
}

impl Record {
    fn new(now: Instant) -> Self {
        Self {
            points: 0.0,
            at: now,
            requests: Bucket::full(REQUESTS_PER_SECOND, now),
            bytes: Bucket::full(BYTES_PER_SECOND, now),
            gossip: Bucket::full(GOSSIP_PER_SECOND, now),
        }
    }

    fn advance(&mut self, now: Instant) {
        let halves =
            now.saturating_duration_since(self.at).as_secs_f64() / SCORE_HALF_LIFE.as_secs_f64();
        self.points *= 0.5_f64.powf(halves);
        self.at = now;
        let share = if self.points >= THROTTLE_SCORE { THROTTLED_SHARE } else { 1.0 };
        for bucket in [&mut self.requests, &mut self.bytes, &mut self.gossip] {
            bucket.refill(share, now);
        }
    }

    fn is_blank(&self) -> bool {
        let buckets = [&self.requests, &self.bytes, &self.gossip];
        self.points < 1.0 && buckets.into_iter().all(Bucket::is_full)
    }
}

/// What is known of the conduct of each peer. It outlives connections, so that hanging up and
/// coming back gains nothing.
#[derive(Debug)]
pub(super) struct Conduct {
    ban: Duration,
    records: HashMap<PeerId, Record>,
    bans: HashMap<PeerId, Instant>,
}

impl Conduct {
    pub(super) fn new(ban: Duration) -> Self {
        Self { ban, records: HashMap::new(), bans: HashMap::new() }
    }

    /// Adds the points of `misbehaviour`. Returns whether the peer is banned by it.
    pub(super) fn report(&mut self, peer: PeerId, what: Misbehaviour, now: Instant) -> bool {
        let record = self.record(peer, now);
        record.points += what.points();
        if record.points < BAN_SCORE {
            return false;
        }
        // It comes back throttled, and the next offence weighs the more.
        record.points = THROTTLE_SCORE;
        self.bans.insert(peer, now + self.ban);
        true
    }

    pub(super) fn score(&mut self, peer: PeerId, now: Instant) -> f64 {
        self.record(peer, now).points
    }

    pub(super) fn is_banned(&self, peer: &PeerId) -> bool {
        self.bans.contains_key(peer)
    }

    /// Counts the bans in force.
    pub(super) fn banned(&self) -> usize {
        self.bans.len()
    }

    /// Removes and returns the peers whose ban has ended, or had to make room.
    pub(super) fn pardon(&mut self, now: Instant) -> Vec<PeerId> {
        let mut pardoned: Vec<_> =
            self.bans.iter().filter(|(_, end)| **end <= now).map(|(peer, _)| *peer).collect();
        if self.bans.len() - pardoned.len() > MAX_REMEMBERED_PEERS {
            pardoned.extend(self.bans.iter().min_by_key(|(_, end)| **end).map(|(peer, _)| *peer));
        }
        self.bans.retain(|peer, _| !pardoned.contains(peer));
        pardoned
    }

    /// Returns when the next ban ends.
    pub(super) fn next_pardon(&self) -> Option<Instant> {
        self.bans.values().min().copied()
    }

    /// Counts a request of `bytes`. Returns false if the peer is over its rate.
    pub(super) fn admit_request(&mut self, peer: PeerId, bytes: usize, now: Instant) -> bool {
        let record = self.record(peer, now);
        if record.requests.level < 1.0 || record.bytes.level < 0.0 {
            return false;
        }
        record.requests.level -= 1.0;
        record.bytes.level -= bytes as f64;
        true
    }

    /// Counts a response of `bytes`, which the next request pays for.
    pub(super) fn served(&mut self, peer: PeerId, bytes: usize, now: Instant) {
        self.record(peer, now).bytes.level -= bytes as f64;
    }

    /// Counts a gossip message. Returns false if the peer is over its rate.
    pub(super) fn admit_gossip(&mut self, peer: PeerId, bytes: usize, now: Instant) -> bool {
        let record = self.record(peer, now);
        if record.gossip.level < 1.0 || record.bytes.level < 0.0 {
            return false;
        }
        record.gossip.level -= 1.0;
        record.bytes.level -= bytes as f64;
        true
    }

    fn record(&mut self, peer: PeerId, now: Instant) -> &mut Record {
        if self.records.len() >= MAX_REMEMBERED_PEERS && !self.records.contains_key(&peer) {
            self.forget_somebody(now);
        }
        let record = self.records.entry(peer).or_insert_with(|| Record::new(now));
        record.advance(now);
        record
    }

    fn forget_somebody(&mut self, now: Instant) {
        self.records.retain(|_, record| {
            record.advance(now);
            !record.is_blank()
        });
        if self.records.len() >= MAX_REMEMBERED_PEERS {
            let least = self.records.iter().min_by(|a, b| a.1.points.total_cmp(&b.1.points));
            if let Some(peer) = least.map(|(peer, _)| *peer) {
                self.records.remove(&peer);
            }
        }
    }
}

#[derive(Debug)]
struct Pace {
    slots: Arc<Semaphore>,
    requests: Bucket,
    bytes: Bucket,
}

/// Keeps our own requests within what an honest peer serves.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    peers: HashMap<PeerId, Pace>,
}

impl Pacer {
    /// Returns the places for requests to `peer`, of which each open one holds one.
    pub(super) fn slots(&mut self, peer: PeerId, now: Instant) -> Arc<Semaphore> {
        Arc::clone(&self.pace(peer, now).slots)
    }

    /// Counts a request that is about to be sent. Returns how long it has to wait.
    pub(super) fn reserve(&mut self, peer: PeerId, bytes: usize, now: Instant) -> Duration {
        let pace = self.pace(peer, now);
        pace.requests.level -= 1.0;
        pace.bytes.level -= bytes as f64;
        pace.requests.debt().max(pace.bytes.debt())
    }

    /// Counts a response that came.
    pub(super) fn received(&mut self, peer: PeerId, bytes: usize, now: Instant) {
        self.pace(peer, now).bytes.level -= bytes as f64;
    }

    fn pace(&mut self, peer: PeerId, now: Instant) -> &mut Pace {
        if self.peers.len() >= MAX_REMEMBERED_PEERS && !self.peers.contains_key(&peer) {
            self.peers.retain(|_, pace| pace.slots.available_permits() < MAX_OUTBOUND_PER_PEER);
        }
        let pace = self.peers.entry(peer).or_insert_with(|| Pace {
            slots: Arc::new(Semaphore::new(MAX_OUTBOUND_PER_PEER)),
            requests: Bucket::full(REQUESTS_PER_SECOND * PACE_SHARE, now),
            bytes: Bucket::full(BYTES_PER_SECOND * PACE_SHARE, now),
        });
        pace.requests.refill(1.0, now);
        pace.bytes.refill(1.0, now);
        pace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn score_halves_and_offences_add_up_to_a_ban() {
        let (peer, start) = (PeerId::random(), Instant::now());
        let mut conduct = Conduct::new(Duration::from_secs(60));
        assert!(!conduct.report(peer, Misbehaviour::FalseProof, start));
        let later = start + SCORE_HALF_LIFE;
        assert!((conduct.score(peer, later) - 30.0).abs() < 1e-6);
        assert!(!conduct.report(peer, Misbehaviour::FalseProof, later));
        assert!(conduct.report(peer, Misbehaviour::FalseProof, later));
        assert!(conduct.is_banned(&peer));
        assert!(conduct.pardon(later + Duration::from_secs(59)).is_empty());
        assert_eq!(conduct.pardon(later + Duration::from_secs(60)), [peer]);
        assert!(!conduct.is_banned(&peer));
    }

    #[test]
    fn throttled_peer_keeps_a_sixteenth_of_its_rate() {
        let (good, bad, now) = (PeerId::random(), PeerId::random(), Instant::now());
        let mut conduct = Conduct::new(Duration::from_secs(60));
        conduct.report(bad, Misbehaviour::FalseProof, now);
        let count = |conduct: &mut Conduct, peer, now| {
            (0..10_000).take_while(|_| conduct.admit_request(peer, 10, now)).count()
        };
        for peer in [good, bad] {
            assert_eq!(count(&mut conduct, peer, now), 2_000);
        }
        let later = now + Duration::from_secs(1);
        assert_eq!(count(&mut conduct, good, later), 1_000);
        assert_eq!(count(&mut conduct, bad, later), 62);
    }

    #[test]
    fn gossip_of_one_peer_has_a_rate_of_its_own() {
        let (loud, other, now) = (PeerId::random(), PeerId::random(), Instant::now());
        let mut conduct = Conduct::new(Duration::from_secs(60));
        let burst = (GOSSIP_PER_SECOND * BURST_SECONDS) as usize;
        let admitted = (0..10_000).take_while(|_| conduct.admit_gossip(loud, 100, now)).count();
        assert_eq!(admitted, burst);
        assert!(conduct.admit_gossip(other, 100, now));
        // Five hundred messages over the rate are a ban.
        let offences = (BAN_SCORE / Misbehaviour::Flooding.points()) as usize;
        let banned = (0..=offences).any(|_| conduct.report(loud, Misbehaviour::Flooding, now));
        assert!(banned && conduct.is_banned(&loud));
    }

    #[test]
    fn large_responses_are_paid_for_by_later_requests() {
        let (peer, now) = (PeerId::random(), Instant::now());
        let mut conduct = Conduct::new(Duration::from_secs(60));
        conduct.served(peer, 3 * (BYTES_PER_SECOND as usize), now);
        assert!(!conduct.admit_request(peer, 10, now));
        assert!(conduct.admit_request(peer, 10, now + Duration::from_secs(2)));
    }

    #[test]
    fn our_own_pace_never_trips_the_limit_of_the_other_side() {
        let (peer, mut now) = (PeerId::random(), Instant::now());
        let (mut pacer, mut conduct) = (Pacer::default(), Conduct::new(Duration::from_secs(60)));
        for _ in 0..20_000 {
            now += pacer.reserve(peer, 100, now);
            assert!(conduct.admit_request(peer, 100, now));
            conduct.served(peer, MAX_MESSAGE_BYTES, now);
            pacer.received(peer, MAX_MESSAGE_BYTES, now);
        }
    }

    #[test]
    fn remembered_peers_are_bounded() {
        let now = Instant::now();
        let mut conduct = Conduct::new(Duration::from_secs(60));
        let worst = PeerId::random();
        conduct.report(worst, Misbehaviour::FalseProof, now);
        for _ in 0..MAX_REMEMBERED_PEERS + 10 {
            conduct.report(PeerId::random(), Misbehaviour::Malformed, now);
        }
        assert_eq!(conduct.records.len(), MAX_REMEMBERED_PEERS);
        assert!(conduct.score(worst, now) >= 59.0);
    }
}
