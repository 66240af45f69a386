//! Nodes in memory, connected, in virtual time.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::NOW;
use crate::classification::Country;
use crate::id::{Did, Digest, RootHash};
use crate::key::{Purpose, Seed};
use crate::ledger::LogView;
use crate::log::checkpoint::Note;
use crate::statement::identity::{Inception, Rotation};
use crate::statement::issuance::Issuance;
use crate::statement::profile::{InstitutionProfile, Role};
use crate::statement::standing::{empty_head, status_tree};
use crate::statement::{Body, Statement};
use crate::status::{MIN_ENTRIES, StatusList, StatusToken, StatusUri};
use crate::sync::journal::fingerprint;
use crate::sync::memory::MemoryArchive;
use crate::sync::message::MAX_MESSAGE_BYTES;
use crate::sync::{
    Action, Archive as _, Config, Input, MAX_IN_FLIGHT_PER_PEER, Millis, Misbehaviour, Sync,
    Verdict,
};
use crate::test_support::line;
use crate::text::{Language, Name};

/// An institution on its own node.
pub(super) struct Node {
    pub(super) seed: Seed,
    next: Seed,
    pub(super) did: Did,
    pub(super) archive: MemoryArchive,
    pub(super) sync: Sync<usize>,
    pub(super) status: BTreeMap<String, Vec<u8>>,
}

impl Node {
    pub(super) fn new(number: u8) -> Self {
        let seed = Seed::new([number; 32]);
        let keys = seed.public_key_set();
        let next = Seed::new([number ^ 0x80; 32]);
        let inception = Inception { keys, next: next.public_key_set().commitment() };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        let mut archive = MemoryArchive::new(NOW);
        let did = archive.begin(&inception).unwrap();
        archive.add_witness(did, seed.signing_key(Purpose::Witness));
        let mut sync = Sync::new(Config::new(u64::from(number)));
        sync.follow(BTreeSet::from([did]), BTreeSet::new(), &archive);
        Self { seed, next, did, archive, sync, status: BTreeMap::new() }
    }

    pub(super) fn follow(&mut self, others: impl IntoIterator<Item = Did>) {
        let own = BTreeSet::from([self.did]);
        self.sync.follow(own, others.into_iter().collect(), &self.archive);
    }

    pub(super) fn sign(&self, body: impl Into<Body>) -> Statement {
        let key = self.seed.signing_key(Purpose::Statement);
        Statement::sign(&self.did, body, &key).unwrap()
    }

    /// Replaces the keys. The network is not told.
    pub(super) fn rotate(&mut self) -> Note {
        let following = self.next.derive(b"", b"next");
        let rotation = Rotation {
            keys: self.next.public_key_set(),
            next: following.public_key_set().commitment(),
            repudiated_from: None,
            kept: Vec::new(),
        };
        self.seed = core::mem::replace(&mut self.next, following);
        self.archive.add_witness(self.did, self.seed.signing_key(Purpose::Witness));
        self.publish(vec![rotation.into()])
    }

    pub(super) fn set_list(&mut self, number: u64) {
        let uri = StatusUri::parse(&alloc::format!("{}/status/{number}", self.did)).unwrap();
        let key = self.seed.signing_key(Purpose::Status);
        let list = StatusList::new(MIN_ENTRIES);
        let token = StatusToken::sign(&uri, &list, NOW, NOW.plus(90_000), 3600, &key);
        self.status.insert(uri.to_string(), token);
    }

    /// Appends the bodies and a standing, and signs a checkpoint. The network is not told.
    pub(super) fn publish(&mut self, bodies: Vec<Body>) -> Note {
        let mut statements: Vec<_> = bodies.into_iter().map(|body| self.sign(body)).collect();
        let tokens: Vec<_> = self.status.values().cloned().collect();
        let digests: BTreeMap<_, _> =
            self.status.iter().map(|(uri, t)| (uri.clone(), Digest::of(t))).collect();
        let lists = if tokens.is_empty() { empty_head() } else { status_tree(&digests).head() };
        let mut replica = self.archive.replica(&self.did).unwrap().clone();
        replica.append(&statements);
        statements.push(self.sign(replica.derive_standing(lists)));
        let key = self.seed.signing_key(Purpose::Checkpoint);
        self.archive.publish(&self.did, &statements, &tokens, &key).unwrap()
    }

    pub(super) fn profile(&self, witnesses: Vec<Did>) -> Body {
        let quorum = (!witnesses.is_empty()).then_some(1);
        let name = Name { language: Language::parse("en").unwrap(), text: line("An institute") };
        Body::Profile(InstitutionProfile {
            names: vec![name],
            country: Country::parse("PH").unwrap(),
            role: Role::TrainingBody,
            web: None,
            nodes: Vec::new(),
            contacts: Vec::new(),
            witnesses,
            quorum,
        })
    }

    pub(super) fn issuance(number: u64) -> Body {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        Body::Issuance(Issuance {
            credential_type: line("urn:carnet:skill:1"),
            root: RootHash::new(root),
        })
    }

    pub(super) fn issuances(count: u64) -> Vec<Body> {
        (0..count).map(Self::issuance).collect()
    }

    pub(super) fn cosigners(&self, origin: &Did) -> BTreeSet<String> {
        let Some(view) = self.archive.view(origin) else { return BTreeSet::new() };
        let lines = view.newest().unwrap().note.signatures();
        lines.iter().filter(|l| l.name != origin.to_string()).map(|l| l.name.clone()).collect()
    }
}

/// Nodes that are connected, with virtual time.
pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
    pub(super) now: u64,
    pub(super) random: u64,
    pub(super) links: BTreeSet<(usize, usize)>,
    pub(super) queue: VecDeque<(usize, Input<usize>)>,
    /// Requests that wait for an answer: (asked, id there) to (asker, id here).
    pub(super) asked: BTreeMap<(usize, u64), (usize, u64)>,
    pub(super) next: u64,
    pub(super) reports: Vec<(usize, usize, Misbehaviour)>,
    pub(super) forks: usize,
    pub(super) published: usize,
    pub(super) bytes: usize,
    pub(super) gossip_is_on: bool,
    /// Takes messages in a random order.
    pub(super) is_shuffled: bool,
    /// Of so many messages, one is lost; 0: none.
    pub(super) loses_one_in: u64,
}

impl Network {
    pub(super) fn new(nodes: Vec<Node>, random: u64) -> Self {
        Self {
            nodes,
            now: 1,
            random,
            links: BTreeSet::new(),
            queue: VecDeque::new(),
            asked: BTreeMap::new(),
            next: 1,
            reports: Vec::new(),
            forks: 0,
            published: 0,
            bytes: 0,
            gossip_is_on: true,
            is_shuffled: false,
            loses_one_in: 0,
        }
    }

    pub(super) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
        self.random >> 33
    }

    pub(super) fn connect(&mut self, a: usize, b: usize) {
        self.links.extend([(a, b), (b, a)]);
        self.queue.extend([(a, Input::Connected(b)), (b, Input::Connected(a))]);
    }

    pub(super) fn connect_all(&mut self) {
        for a in 0..self.nodes.len() {
            for b in 0..a {
                self.connect(a, b);
            }
        }
    }

    pub(super) fn disconnect(&mut self, a: usize, b: usize) {
        self.links.remove(&(a, b));
        self.links.remove(&(b, a));
        self.asked.retain(|(to, _), (from, _)| !matches!((*to, *from), (x, y) if (x, y) == (a, b) || (x, y) == (b, a)));
        self.queue.extend([(a, Input::Disconnected(b)), (b, Input::Disconnected(a))]);
    }

    pub(super) fn neighbours(&self, node: usize) -> Vec<usize> {
        self.links.iter().filter(|(a, _)| *a == node).map(|(_, b)| *b).collect()
    }

    pub(super) fn gossip(&mut self, from: usize, bytes: &[u8]) {
        if !self.gossip_is_on {
            return;
        }
        self.next += 1;
        for peer in self.neighbours(from) {
            let input = Input::Gossip { peer: from, id: self.next, bytes: bytes.to_vec() };
            self.queue.push_back((peer, input));
        }
    }

    pub(super) fn perform(&mut self, node: usize, input: &Input<usize>, action: Action<usize>) {
        match action {
            Action::Send { peer, id, bytes } => {
                assert!(bytes.len() <= MAX_MESSAGE_BYTES);
                assert!(self.links.contains(&(node, peer)), "sends to the connected only");
                self.next += 1;
                let key = (peer, self.next);
                self.asked.insert(key, (node, id));
                let under_way =
                    self.asked.iter().filter(|((to, _), (from, _))| (*to, *from) == (peer, node));
                assert!(under_way.count() <= MAX_IN_FLIGHT_PER_PEER);
                self.queue.push_back((peer, Input::Request { peer: node, id: self.next, bytes }));
            }
            Action::Respond { id, bytes } => {
                self.bytes += bytes.len();
                assert!(bytes.len() <= MAX_MESSAGE_BYTES);
                if let Some((asker, id)) = self.asked.remove(&(node, id)) {
                    self.queue.push_back((asker, Input::Response { id, bytes }));
                }
            }
            Action::Refuse { id } => {
                if let Some((asker, id)) = self.asked.remove(&(node, id)) {
                    self.queue.push_back((asker, Input::Failed { id }));
                }
            }
            Action::Judge { verdict, .. } => {
                if let (Verdict::Accept, Input::Gossip { bytes, .. }) = (verdict, input) {
                    let bytes = bytes.clone();
                    self.gossip(node, &bytes);
                }
                if verdict == Verdict::Reject {
                    self.reports.push((node, node, Misbehaviour::Malformed));
                }
            }
            Action::Publish { bytes } => {
                self.published += 1;
                self.gossip(node, &bytes);
            }
            Action::Report { peer, what } => self.reports.push((node, peer, what)),
            Action::Learnt { .. } => {}
            Action::Fork { .. } => self.forks += 1,
        }
    }

    pub(super) fn give(&mut self, node: usize, input: Input<usize>) -> Vec<Action<usize>> {
        let Node { sync, archive, .. } = &mut self.nodes[node];
        sync.handle(Millis(self.now), input, archive)
    }

    /// Loses a message now and then: gossip and requests without a trace, an answer as a failure.
    fn lose(&mut self, input: Input<usize>) -> (bool, Input<usize>) {
        if self.loses_one_in == 0 || !self.random().is_multiple_of(self.loses_one_in) {
            return (false, input);
        }
        match input {
            Input::Response { id, .. } => (false, Input::Failed { id }),
            Input::Gossip { .. } | Input::Request { .. } => (true, input),
            other => (false, other),
        }
    }

    /// Delivers all messages there are.
    pub(super) fn drain(&mut self) {
        let mut delivered = 0;
        loop {
            if self.is_shuffled && !self.queue.is_empty() {
                let index = usize::try_from(self.random()).unwrap() % self.queue.len();
                self.queue.swap(0, index);
            }
            let Some((node, input)) = self.queue.pop_front() else { return };
            delivered += 1;
            let (is_lost, input) = self.lose(input);
            if is_lost {
                if let Input::Request { id, .. } = input {
                    self.asked.remove(&(node, id));
                }
                continue;
            }
            assert!(delivered < 200_000, "the network does not come to rest");
            for action in self.give(node, input.clone()) {
                self.perform(node, &input, action);
            }
        }
    }

    /// Lets time pass, a tick every 250 ms.
    pub(super) fn run(&mut self, milliseconds: u64) {
        self.drain();
        let end = self.now + milliseconds;
        while self.now < end {
            self.now += 250;
            for node in 0..self.nodes.len() {
                let random = self.random();
                self.queue.push_back((node, Input::Tick { random }));
            }
            self.drain();
        }
    }

    pub(super) fn publish(&mut self, node: usize, bodies: Vec<Body>) {
        self.nodes[node].publish(bodies);
        let did = self.nodes[node].did;
        self.queue.push_back((node, Input::Changed(did)));
    }

    pub(super) fn rotate(&mut self, node: usize) {
        self.nodes[node].rotate();
        let did = self.nodes[node].did;
        self.queue.push_back((node, Input::Changed(did)));
    }

    pub(super) fn assert_same(&self) {
        let first = &self.nodes[0].archive;
        for node in &self.nodes[1..] {
            assert_eq!(node.archive.origins(), first.origins());
            for origin in first.origins() {
                let (a, b) = (first.view(&origin).unwrap(), node.archive.view(&origin).unwrap());
                let heads = |v: &LogView| {
                    let notes = v.checkpoints.values().map(|c| fingerprint(&c.note));
                    notes.collect::<Vec<_>>()
                };
                assert_eq!(heads(&a), heads(&b), "{origin}");
                assert_eq!(a.standing, b.standing);
                assert_eq!(
                    a.status.keys().collect::<Vec<_>>(),
                    b.status.keys().collect::<Vec<_>>()
                );
                assert_eq!(first.size(&origin), node.archive.size(&origin));
            }
        }
    }
}

/// Nodes that follow each other and have published a profile that proposes all others as witnesses.
pub(super) fn federation(count: u8, random: u64) -> Network {
    let mut nodes: Vec<_> = (1..=count).map(Node::new).collect();
    let dids: Vec<_> = nodes.iter().map(|node| node.did).collect();
    for node in &mut nodes {
        let own = node.did;
        node.follow(dids.iter().copied().filter(|did| *did != own));
        let profile = node.profile(dids.iter().copied().filter(|did| *did != own).collect());
        node.publish(vec![profile]);
    }
    let mut network = Network::new(nodes, random);
    for node in 0..network.nodes.len() {
        let did = network.nodes[node].did;
        network.queue.push_back((node, Input::Changed(did)));
    }
    network
}
