//! The network between members: connections, requests, gossip and time, all of it virtual.
//!
//! It plays what `carnet_node::net` gives to replication: connections that come and go, one answer
//! or a failure per request, a place for so many requests of a peer, and gossip in which a message
//! that was seen within two minutes is not shown again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::Arc;

use carnet_node::net::{MAX_INBOUND_PER_PEER, REQUEST_TIMEOUT};
use carnet_proto::id::sha256;

use super::node::Member;
use super::random::Random;
use super::scenario::Step;
use super::trace::Tally;

/// How long a gossip message is known as a duplicate, in milliseconds.
const GOSSIP_MEMORY: u64 = 120_000;
/// After how many requests' time an exchange is forgotten if nobody is told of failures.
const SILENT_TIMEOUTS: u64 = 2;

/// How bad the network is. Shares are of a thousand.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conditions {
    /// Messages that are lost.
    pub lost: u64,
    /// Messages that arrive twice.
    pub doubled: u64,
    /// Messages that arrive much later, and so after others.
    pub late: u64,
    /// Milliseconds by which a delay varies.
    pub jitter: u64,
    /// Whether whoever asked is told that no answer came.
    pub tells_failures: bool,
}

/// What is delivered to a member.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A request, and the exchange it belongs to.
    Request { exchange: u64, bytes: Arc<[u8]> },
    /// The answer to what the member has asked.
    Response { exchange: u64, bytes: Arc<[u8]> },
    /// There was no answer.
    Failed { exchange: u64 },
    /// Gossip, a hash of it, and whether it comes a second time although it is known.
    Gossip { bytes: Arc<[u8]>, print: u64, again: bool },
}

impl Parcel {
    /// Its name in traces, its hash and its length.
    pub fn describe(&self) -> (&'static str, u64, usize) {
        match self {
            Self::Request { bytes, .. } => ("request", print_of(bytes), bytes.len()),
            Self::Response { bytes, .. } => ("response", print_of(bytes), bytes.len()),
            Self::Failed { exchange } => ("no answer", *exchange, 0),
            Self::Gossip { bytes, print, .. } => ("gossip", *print, bytes.len()),
        }
    }
}

/// What happens next.
#[derive(Clone, Debug)]
pub enum Event {
    /// A member is told the time.
    Tick { member: Member, run: u64 },
    /// Something arrives over a connection of this age.
    Deliver { from: Member, to: Member, link: u64, parcel: Parcel },
    /// An answer is overdue.
    Expire { exchange: u64 },
    /// The scenario goes on.
    Script(Step),
}

/// A request that is under way.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// Who asks, and which of its parts.
    pub asker: Member,
    /// Which of the asker's parts.
    pub part: usize,
    /// The asker's own name for it.
    pub id: u64,
    /// Who is asked.
    pub asked: Member,
    is_answered: bool,
}

#[derive(Debug)]
struct Link {
    number: u64,
    latency: u64,
    open: usize,
}

/// What a member has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests.
    pub requests: u64,
    /// Bytes of requests.
    pub request_bytes: u64,
    /// Responses.
    pub responses: u64,
    /// Bytes of responses.
    pub response_bytes: u64,
    /// Gossip messages, one for each peer that got it.
    pub gossip: u64,
    /// Bytes of gossip messages.
    pub gossip_bytes: u64,
}

impl Traffic {
    /// Returns all bytes.
    pub fn bytes(&self) -> u64 {
        self.request_bytes + self.response_bytes + self.gossip_bytes
    }

    /// Returns what was sent since.
    pub fn since(&self, before: &Self) -> Self {
        Self {
            requests: self.requests - before.requests,
            request_bytes: self.request_bytes - before.request_bytes,
            responses: self.responses - before.responses,
            response_bytes: self.response_bytes - before.response_bytes,
            gossip: self.gossip - before.gossip,
            gossip_bytes: self.gossip_bytes - before.gossip_bytes,
        }
    }

    /// Returns all messages.
    pub fn messages(&self) -> u64 {
        self.requests + self.responses + self.gossip
    }
}

/// Something that happens at a time; of those of one time, what was planned first comes first.
#[derive(Debug)]
struct Planned(u64, u64, Event);

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}

impl Eq for Planned {}

impl PartialOrd for Planned {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Planned {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// The network.
#[derive(Debug)]
pub struct Network {
    /// The time in milliseconds since the beginning.
    pub now: u64,
    /// How bad it is.
    pub conditions: Conditions,
    /// The side of a partition on which each member is; members on none reach everybody.
    pub sides: Vec<Option<u8>>,
    /// What each member has sent.
    pub traffic: Vec<Traffic>,
    /// What the network did.
    pub tally: Tally,
    random: Random,
    queue: BinaryHeap<Reverse<Planned>>,
    planned: u64,
    links: Vec<BTreeMap<Member, Link>>,
    exchanges: HashMap<u64, Exchange>,
    next: u64,
    heard: Vec<HashMap<u64, u64>>,
}

impl Network {
    /// So many members, not connected.
    pub fn new(members: usize, conditions: Conditions, random: Random) -> Self {
        Self {
            now: 0,
            conditions,
            sides: vec![None; members],
            traffic: vec![Traffic::default(); members],
            tally: Tally::default(),
            random,
            queue: BinaryHeap::new(),
            planned: 0,
            links: (0..members).map(|_| BTreeMap::new()).collect(),
            exchanges: HashMap::new(),
            next: 1,
            heard: vec![HashMap::new(); members],
        }
    }

    /// Plans something.
    pub fn plan(&mut self, at: u64, event: Event) {
        self.planned += 1;
        self.queue.push(Reverse(Planned(at.max(self.now), self.planned, event)));
    }

    /// Returns what happens next, if it does so up to a time; otherwise that time has come.
    pub fn next(&mut self, until: u64) -> Option<Event> {
        if self.queue.peek().is_none_or(|Reverse(Planned(at, ..))| *at > until) {
            self.now = until;
            return None;
        }
        let Reverse(Planned(at, _, event)) = self.queue.pop()?;
        self.now = at;
        Some(event)
    }

    /// Connects two members. Returns whether they were not connected before.
    pub fn link(&mut self, a: Member, b: Member, latency: u64) -> bool {
        if self.is_linked(a, b) {
            return false;
        }
        self.next += 1;
        for (here, there) in [(a, b), (b, a)] {
            self.links[here].insert(there, Link { number: self.next, latency, open: 0 });
        }
        true
    }

    /// Separates two members; what was under way between them is gone. Returns whether they were
    /// connected.
    pub fn unlink(&mut self, a: Member, b: Member) -> bool {
        let was_linked = self.links[a].remove(&b).is_some();
        self.links[b].remove(&a);
        if was_linked {
            let is_between =
                |x: &Exchange| (x.asker, x.asked) == (a, b) || (x.asker, x.asked) == (b, a);
            self.exchanges.retain(|_, exchange| !is_between(exchange));
        }
        was_linked
    }

    /// Returns whether two members are connected.
    pub fn is_linked(&self, a: Member, b: Member) -> bool {
        self.links[a].contains_key(&b)
    }

    /// Returns to whom a member is connected.
    pub fn peers(&self, member: Member) -> Vec<Member> {
        self.links[member].keys().copied().collect()
    }

    /// Returns whether a partition lies between two members.
    pub fn is_parted(&self, a: Member, b: Member) -> bool {
        match (self.sides[a], self.sides[b]) {
            (Some(a), Some(b)) => a != b,
            _ => false,
        }
    }

    /// Takes an event that has come: what arrives over a connection that is still there.
    pub fn arrives(&mut self, from: Member, to: Member, link: u64, parcel: &Parcel) -> bool {
        if self.links[to].get(&from).is_none_or(|there| there.number != link) {
            return false;
        }
        if self.is_parted(from, to) {
            self.tally.count("lost in a partition");
            return false;
        }
        if let Parcel::Gossip { print, again: false, .. } = parcel {
            let (now, heard) = (self.now, &mut self.heard[to]);
            if heard.get(print).is_some_and(|until| *until > now) {
                return false;
            }
            if heard.len() > 512 {
                heard.retain(|_, until| *until > now);
            }
            heard.insert(*print, now + GOSSIP_MEMORY);
        }
        true
    }

    /// Forgets what a member that was stopped had heard.
    pub fn forget(&mut self, member: Member) {
        self.heard[member].clear();
    }

    /// Sends a request.
    pub fn ask(&mut self, asker: Member, part: usize, asked: Member, id: u64, bytes: Arc<[u8]>) {
        let traffic = &mut self.traffic[asker];
        traffic.requests += 1;
        traffic.request_bytes += bytes.len() as u64;
        let Some(link) = self.links[asker].get_mut(&asked) else { return };
        self.next += 1;
        let exchange = self.next;
        let is_open = link.open < MAX_INBOUND_PER_PEER;
        link.open += usize::from(is_open);
        self.exchanges.insert(exchange, Exchange { asker, part, id, asked, is_answered: !is_open });
        let patience = REQUEST_TIMEOUT.as_millis() as u64;
        let patience =
            if self.conditions.tells_failures { patience } else { patience * SILENT_TIMEOUTS };
        self.plan(self.now + patience, Event::Expire { exchange });
        if is_open {
            self.send(asker, asked, 0, Parcel::Request { exchange, bytes });
        } else {
            self.tally.count("requests beyond a peer's places");
        }
    }

    /// Sends an answer after some time.
    pub fn respond(&mut self, exchange: u64, bytes: Arc<[u8]>, after: u64) {
        let Some(Exchange { asker, asked, .. }) = self.close(exchange) else { return };
        let traffic = &mut self.traffic[asked];
        traffic.responses += 1;
        traffic.response_bytes += bytes.len() as u64;
        self.send(asked, asker, after, Parcel::Response { exchange, bytes });
    }

    /// Turns a request away.
    pub fn refuse(&mut self, exchange: u64) {
        let Some(Exchange { asker, asked, .. }) = self.close(exchange) else { return };
        self.send(asked, asker, 0, Parcel::Failed { exchange });
    }

    /// Ends an exchange whose time is over. Returns it if whoever asked has to be told.
    pub fn expire(&mut self, exchange: u64) -> Option<Exchange> {
        let closed = self.close(exchange)?;
        self.exchanges.remove(&exchange);
        self.conditions.tells_failures.then_some(closed)
    }

    /// Returns a request that is known.
    pub fn exchange(&self, exchange: u64) -> Option<Exchange> {
        self.exchanges.get(&exchange).copied()
    }

    fn close(&mut self, exchange: u64) -> Option<Exchange> {
        let found = self.exchanges.get_mut(&exchange)?;
        if !found.is_answered {
            found.is_answered = true;
            let (asker, asked) = (found.asker, found.asked);
            if let Some(link) = self.links[asker].get_mut(&asked) {
                link.open = link.open.saturating_sub(1);
            }
        }
        self.exchanges.get(&exchange).copied()
    }

    /// Passes a gossip message to one peer.
    pub fn gossip(&mut self, from: Member, to: Member, bytes: &Arc<[u8]>, print: u64) {
        let traffic = &mut self.traffic[from];
        traffic.gossip += 1;
        traffic.gossip_bytes += bytes.len() as u64;
        self.send(from, to, 0, Parcel::Gossip { bytes: Arc::clone(bytes), print, again: false });
    }

    fn send(&mut self, from: Member, to: Member, after: u64, parcel: Parcel) {
        let Some(link) = self.links[from].get(&to) else { return };
        let (number, latency) = (link.number, link.latency);
        let conditions = self.conditions;
        if self.random.happens(conditions.lost) {
            self.tally.count("lost");
            return;
        }
        let mut times = 1;
        if self.random.happens(conditions.doubled) {
            self.tally.count("doubled");
            times = 2;
        }
        for time in 0..times {
            let mut parcel = parcel.clone();
            if let Parcel::Gossip { again, .. } = &mut parcel {
                *again = time > 0;
            }
            let mut delay = latency + self.random.below(conditions.jitter + 1);
            if self.random.happens(conditions.late) {
                self.tally.count("late");
                delay += self.random.between(500, 25_000);
            }
            let event = Event::Deliver { from, to, link: number, parcel };
            self.plan(self.now + after + delay, event);
        }
    }
}

/// Names a message in traces and in the memory of gossip.
pub fn print_of(bytes: &[u8]) -> u64 {
    sha256(bytes).first_chunk().map(|first| u64::from_be_bytes(*first)).unwrap_or_default()
}
