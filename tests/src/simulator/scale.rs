//! How traffic and time grow with the number of nodes and of logs: many nodes, all of them honest,
//! on a network of fixed degree.
//!
//! Every node has a log of its own and follows the same few others, so that each of these has to
//! reach everybody: those that publish, and those of the witnesses who cosign them. Who is connected to whom has nothing to do with who publishes.

use std::collections::BTreeMap;
use std::sync::Arc;

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::sync::memory::MemoryArchive;
use carnet_proto::sync::{Archive as _, Input};

use super::TICK;
use super::byzantine::Deed;
use super::institution::{BEGINNING, Institution, Lists};
use super::network::{Conditions, Event, Network, Traffic};
use super::node::{Clock, Member, Node};
use super::random::Random;

pub mod report;

/// Milliseconds until the start is over: all have compared with all their peers, and cosigned; the more, the
/// more witnesses there are, as each cosigns every log.
const START: u64 = 60_000;
const START_BY_WITNESS: u64 = 10_000;
/// Milliseconds in which nothing happens, for the traffic of a federation at rest.
const REST: u64 = 300_000;
/// Milliseconds within which the logs publish, each once.
const PUBLISHING: u64 = 30_000;
/// Milliseconds after which a statement has to be everywhere.
const LIMIT: u64 = 900_000;

/// Most witnesses that a profile proposes.
const PROPOSED: usize = 8;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Nodes.
    pub nodes: usize,
    /// Logs that publish, and that every node follows; the first nodes own them.
    pub logs: usize,
    /// Institutions that cosign what they follow, the first ones again; every node follows them too.
    pub witnesses: usize,
    /// Connections of each node, about.
    pub degree: usize,
    /// What decides who is connected, and every delay.
    pub seed: u64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Of what.
    pub plan: Plan,
    /// Connections of all nodes.
    pub links: usize,
    /// What a node sends at rest, in bytes an hour.
    pub rest_bytes_per_hour: u64,
    /// Messages that a node sends at rest, an hour.
    pub rest_messages_per_hour: u64,
    /// What a node sends for one statement of one log, in bytes.
    pub bytes_per_statement: u64,
    /// Messages that a node sends for one statement of one log.
    pub messages_per_statement: u64,
    /// Milliseconds after which half, 99 of 100, and all copies of a log had a new statement.
    pub spread: [u64; 3],
    /// Things that happened.
    pub events: u64,
}

struct Federation {
    network: Network,
    nodes: Vec<Node>,
    random: Random,
    /// Logs that everybody follows; the first of them publish.
    logs: Vec<Did>,
    /// The sizes that are waited for, and since when.
    awaited: BTreeMap<Did, (TreeSize, u64)>,
    arrived: BTreeMap<(Member, Did), u64>,
    events: u64,
}

/// Measures a federation.
pub fn measure(plan: Plan) -> Measured {
    let mut federation = Federation::new(plan);
    let links = federation.connect(plan);
    let started = START + plan.witnesses as u64 * START_BY_WITNESS;
    federation.run_until(started);
    let before = federation.network.traffic.clone();
    federation.run_until(started + REST);
    let rest = since(&federation.network.traffic, &before);
    let before = federation.network.traffic.clone();
    let began = federation.network.now;
    federation.publish(plan.logs);
    let copies = plan.logs * (plan.nodes - 1);
    while federation.arrived.len() < copies && federation.network.now < began + LIMIT {
        federation.run_until(federation.network.now + 1_000);
    }
    // Cosignatures go on after the entries have come.
    let until = (federation.network.now + 60_000).max(began + PUBLISHING + 60_000);
    federation.run_until(until);
    let busy = since(&federation.network.traffic, &before);
    let lasted = federation.network.now - began;
    let mut times: Vec<u64> = federation.arrived.values().copied().collect();
    times.sort_unstable();
    let missing = copies - times.len();
    times.extend(std::iter::repeat_n(u64::MAX, missing));
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let nodes = plan.nodes as u64;
    let total = |all: &[Traffic], of: fn(&Traffic) -> u64| all.iter().map(of).sum::<u64>();
    let rest_during = |of| total(&rest, of) * lasted / REST;
    let for_statements =
        |of| total(&busy, of).saturating_sub(rest_during(of)) / nodes / plan.logs as u64;
    Measured {
        plan,
        links,
        rest_bytes_per_hour: total(&rest, Traffic::bytes) * 3_600_000 / REST / nodes,
        rest_messages_per_hour: total(&rest, Traffic::messages) * 3_600_000 / REST / nodes,
        bytes_per_statement: for_statements(Traffic::bytes),
        messages_per_statement: for_statements(Traffic::messages),
        spread: [at(50), at(99), at(100)],
        events: federation.events,
    }
}

fn since(now: &[Traffic], before: &[Traffic]) -> Vec<Traffic> {
    now.iter().zip(before).map(|(now, before)| now.since(before)).collect()
}

impl Federation {
    fn new(plan: Plan) -> Self {
        let institutions: Vec<_> =
            (0..plan.nodes).map(|number| Arc::new(Institution::new(number as u64))).collect();
        let followed = plan.logs.max(plan.witnesses).min(plan.nodes);
        let logs: Vec<Did> = institutions.iter().take(followed).map(|i| i.did).collect();
        let mut owners = Vec::new();
        let mut common = MemoryArchive::new(BEGINNING);
        for institution in institutions.iter().take(followed) {
            let mut archive = MemoryArchive::new(BEGINNING);
            institution.begin(&mut archive);
            let proposed = logs.iter().copied().take(plan.witnesses.min(PROPOSED));
            let proposed = proposed.filter(|did| *did != institution.did);
            let profile = Institution::profile(proposed.collect());
            let note = institution.publish(&mut archive, vec![profile], &Lists::new());
            let size = archive.size(&institution.did);
            let entries = archive.entries(&institution.did, TreeSize(0), size, usize::MAX);
            common
                .extend(&institution.did, &entries.expect("its own log"), &note, None)
                .expect("a log in order");
            owners.push(archive);
        }
        let mut nodes = Vec::new();
        let mut owners = owners.into_iter();
        for (member, institution) in institutions.into_iter().enumerate() {
            let mut archive = match owners.next() {
                Some(own) => with_others(own, &common),
                None => {
                    let mut archive = common.clone();
                    institution.begin(&mut archive);
                    institution.publish(&mut archive, Vec::new(), &Lists::new());
                    archive
                }
            };
            if member < plan.witnesses {
                institution.witness(&mut archive);
            }
            let own = institution.did;
            let mut node = Node::with(institution, archive, Clock::default());
            node.follows = logs.iter().copied().filter(|did| *did != own).collect();
            nodes.push(node);
        }
        let conditions =
            Conditions { lost: 1, jitter: 50, tells_failures: true, ..Conditions::default() };
        Self {
            network: Network::new(plan.nodes, conditions, Random::new(plan.seed, "network")),
            nodes,
            random: Random::new(plan.seed, "times"),
            logs,
            awaited: BTreeMap::new(),
            arrived: BTreeMap::new(),
            events: 0,
        }
    }

    /// Connects all in several rings, each in another order: a graph of fixed degree in which every
    /// node is near.
    fn connect(&mut self, plan: Plan) -> usize {
        for member in 0..self.nodes.len() {
            let epoch = self.random.any() | 1;
            self.nodes[member].start(0, epoch);
            let run = self.nodes[member].run;
            let first = self.random.below(TICK);
            self.network.plan(first, Event::Tick { member, run });
        }
        let mut links = 0;
        for _ in 0..plan.degree.div_ceil(2) {
            let mut order: Vec<Member> = (0..self.nodes.len()).collect();
            for index in (1..order.len()).rev() {
                order.swap(index, self.random.index(index + 1));
            }
            for (a, b) in order.iter().zip(order.iter().cycle().skip(1)) {
                let latency = self.random.between(10, 150);
                if a != b && self.network.link(*a, *b, latency) {
                    links += 1;
                    self.give(*a, Some(*b), Input::Connected(*b));
                    self.give(*b, Some(*a), Input::Connected(*a));
                }
            }
        }
        links
    }

    fn publish(&mut self, logs: usize) {
        let mut times: Vec<_> = (0..logs)
            .map(|owner| (self.network.now + self.random.below(PUBLISHING), owner))
            .collect();
        times.sort_unstable();
        for (at, owner) in times {
            self.run_until(at);
            let did = self.logs[owner];
            let node = &mut self.nodes[owner];
            node.publish(vec![Institution::issuance(owner as u64)]);
            self.awaited.insert(did, (node.archive.size(&did), at));
            self.give(owner, None, Input::Changed(did));
        }
    }

    fn run_until(&mut self, until: u64) {
        while let Some(event) = self.network.next(until) {
            self.events += 1;
            match event {
                Event::Tick { member, run } => {
                    let random = self.random.any();
                    self.network.plan(self.network.now + TICK, Event::Tick { member, run });
                    self.give(member, None, Input::Tick { random });
                }
                Event::Deliver { from, to, link, parcel } => {
                    if self.network.arrives(from, to, link, &parcel)
                        && let Some((_, input)) = self.network.input(from, parcel)
                    {
                        let is_answer = matches!(input, Input::Response { .. });
                        self.give(to, Some(from), input);
                        if is_answer {
                            self.look_at(to);
                        }
                    }
                }
                Event::Expire { exchange } => {
                    if let Some(expired) = self.network.expire(exchange) {
                        let input = Input::Failed { id: expired.id };
                        self.give(expired.asker, Some(expired.asked), input);
                    }
                }
                Event::Script(_) => {}
            }
        }
    }

    fn look_at(&mut self, member: Member) {
        for (did, (size, since)) in &self.awaited {
            if self.nodes[member].archive.size(did) >= *size && self.logs.get(member) != Some(did) {
                let passed = self.network.now - since;
                self.arrived.entry((member, *did)).or_insert(passed);
            }
        }
    }

    fn give(&mut self, member: Member, from: Option<Member>, input: Input<Member>) {
        let gossip: Option<Arc<[u8]>> = match &input {
            Input::Gossip { bytes, .. } => Some(bytes.as_slice().into()),
            _ => None,
        };
        for action in self.nodes[member].handle(self.network.now, input) {
            let deed = Deed { part: 0, action, after: 0 };
            let left = self.network.carry(member, deed, from.zip(gossip.as_ref()), |_| true);
            assert!(left.is_none_or(|left| !is_trouble(&left)), "honest nodes find no fault");
        }
    }
}

fn is_trouble(action: &carnet_proto::sync::Action<Member>) -> bool {
    use carnet_proto::sync::Action;
    matches!(action, Action::Report { .. } | Action::Judge { .. } | Action::Fork { .. })
}

/// Adds the logs of others to the archive of an owner.
fn with_others(mut own: MemoryArchive, common: &MemoryArchive) -> MemoryArchive {
    for origin in common.origins() {
        if own.view(&origin).is_some() {
            continue;
        }
        let size = common.size(&origin);
        let entries = common.entries(&origin, TreeSize(0), size, usize::MAX).expect("held");
        let view = common.view(&origin).expect("held");
        let note = &view.newest().expect("a checkpoint").note;
        own.extend(&origin, &entries, note, None).expect("a log in order");
    }
    own
}
