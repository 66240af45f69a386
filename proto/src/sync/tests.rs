use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::memory::MemoryArchive;
use super::message::{Entries, Gossip, Heads, Offer, Range, Request, Response};
use super::{
    Action, Archive, Config, Input, MAX_IN_FLIGHT_PER_PEER, Millis, Misbehaviour, Sync, Verdict,
};
use crate::cbor::{Bytes, Encode as _};
use crate::classification::Country;
use crate::id::{Did, RootHash, TreeSize};
use crate::key::{Purpose, Seed};
use crate::log::checkpoint::{Checkpoint, Note};
use crate::log::merkle::TreeHead;
use crate::statement::identity::Inception;
use crate::statement::issuance::Issuance;
use crate::statement::profile::{InstitutionProfile, Role};
use crate::statement::standing::{empty_head, status_tree};
use crate::statement::{Body, Statement};
use crate::status::{StatusList, StatusToken, StatusUri};
use crate::test_support::line;
use crate::text::{Language, Name};
use crate::time::UnixSeconds;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// An institution on its own node.
struct Node {
    seed: Seed,
    did: Did,
    archive: MemoryArchive,
    sync: Sync<usize>,
    status: BTreeMap<alloc::string::String, Vec<u8>>,
}

impl Node {
    fn new(number: u8) -> Self {
        let seed = Seed::new([number; 32]);
        let keys = seed.public_key_set();
        let inception =
            Inception { keys, next: Seed::new([number ^ 0x80; 32]).public_key_set().commitment() };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        let mut archive = MemoryArchive::new(NOW);
        let did = archive.begin(&inception).unwrap();
        archive.add_witness(did, seed.signing_key(Purpose::Witness));
        let mut sync = Sync::new(Config::new(u64::from(number)));
        sync.follow(BTreeSet::from([did]), BTreeSet::new(), &archive);
        Self { seed, did, archive, sync, status: BTreeMap::new() }
    }

    fn follow(&mut self, others: impl IntoIterator<Item = Did>) {
        let own = BTreeSet::from([self.did]);
        self.sync.follow(own, others.into_iter().collect(), &self.archive);
    }

    fn sign(&self, body: impl Into<Body>) -> Statement {
        let key = self.seed.signing_key(Purpose::Statement);
        Statement::sign(&self.did, body, &key).unwrap()
    }

    fn set_list(&mut self, number: u64) {
        let uri = StatusUri::parse(&alloc::format!("{}/status/{number}", self.did)).unwrap();
        let key = self.seed.signing_key(Purpose::Status);
        let list = StatusList::new(crate::status::MIN_ENTRIES);
        let token = StatusToken::sign(&uri, &list, NOW, NOW.plus(90_000), 3600, &key);
        self.status.insert(uri.to_string(), token);
    }

    /// Appends the bodies and a standing, and signs a checkpoint. The network is not told.
    fn publish(&mut self, bodies: Vec<Body>) -> Note {
        let mut statements: Vec<_> = bodies.into_iter().map(|body| self.sign(body)).collect();
        let tokens: Vec<_> = self.status.values().cloned().collect();
        let digests: BTreeMap<_, _> =
            self.status.iter().map(|(uri, t)| (uri.clone(), crate::id::Digest::of(t))).collect();
        let lists = if tokens.is_empty() { empty_head() } else { status_tree(&digests).head() };
        let mut replica = self.archive.replica(&self.did).unwrap().clone();
        replica.append(&statements);
        statements.push(self.sign(replica.derive_standing(lists)));
        let key = self.seed.signing_key(Purpose::Checkpoint);
        self.archive.publish(&self.did, &statements, &tokens, &key).unwrap()
    }

    fn profile(&self, witnesses: Vec<Did>) -> Body {
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

    fn issuance(number: u64) -> Body {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        Body::Issuance(Issuance {
            credential_type: line("urn:carnet:skill:1"),
            root: RootHash::new(root),
        })
    }

    fn issuances(count: u64) -> Vec<Body> {
        (0..count).map(Self::issuance).collect()
    }

    fn cosigners(&self, origin: &Did) -> BTreeSet<alloc::string::String> {
        let Some(view) = self.archive.view(origin) else { return BTreeSet::new() };
        let lines = view.newest().unwrap().note.signatures();
        lines.iter().filter(|l| l.name != origin.to_string()).map(|l| l.name.clone()).collect()
    }
}

/// Nodes that are connected, with virtual time.
struct Network {
    nodes: Vec<Node>,
    now: u64,
    random: u64,
    links: BTreeSet<(usize, usize)>,
    queue: VecDeque<(usize, Input<usize>)>,
    /// Requests that wait for an answer: (asked, id there) to (asker, id here).
    asked: BTreeMap<(usize, u64), (usize, u64)>,
    next: u64,
    reports: Vec<(usize, usize, Misbehaviour)>,
    forks: usize,
    published: usize,
    bytes: usize,
    gossip_is_on: bool,
    /// Takes messages in a random order.
    is_shuffled: bool,
}

impl Network {
    fn new(nodes: Vec<Node>, random: u64) -> Self {
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
        }
    }

    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
        self.random >> 33
    }

    fn connect(&mut self, a: usize, b: usize) {
        self.links.extend([(a, b), (b, a)]);
        self.queue.extend([(a, Input::Connected(b)), (b, Input::Connected(a))]);
    }

    fn connect_all(&mut self) {
        for a in 0..self.nodes.len() {
            for b in 0..a {
                self.connect(a, b);
            }
        }
    }

    fn disconnect(&mut self, a: usize, b: usize) {
        self.links.remove(&(a, b));
        self.links.remove(&(b, a));
        self.asked.retain(|(to, _), (from, _)| !matches!((*to, *from), (x, y) if (x, y) == (a, b) || (x, y) == (b, a)));
        self.queue.extend([(a, Input::Disconnected(b)), (b, Input::Disconnected(a))]);
    }

    fn neighbours(&self, node: usize) -> Vec<usize> {
        self.links.iter().filter(|(a, _)| *a == node).map(|(_, b)| *b).collect()
    }

    fn gossip(&mut self, from: usize, bytes: &[u8]) {
        if !self.gossip_is_on {
            return;
        }
        self.next += 1;
        for peer in self.neighbours(from) {
            let input = Input::Gossip { peer: from, id: self.next, bytes: bytes.to_vec() };
            self.queue.push_back((peer, input));
        }
    }

    fn perform(&mut self, node: usize, input: &Input<usize>, action: Action<usize>) {
        match action {
            Action::Send { peer, id, bytes } => {
                assert!(bytes.len() <= super::message::MAX_MESSAGE_BYTES);
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
                assert!(bytes.len() <= super::message::MAX_MESSAGE_BYTES);
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

    fn give(&mut self, node: usize, input: Input<usize>) -> Vec<Action<usize>> {
        let Node { sync, archive, .. } = &mut self.nodes[node];
        sync.handle(Millis(self.now), input, archive)
    }

    /// Delivers all messages there are.
    fn drain(&mut self) {
        let mut delivered = 0;
        loop {
            if self.is_shuffled && !self.queue.is_empty() {
                let index = usize::try_from(self.random()).unwrap() % self.queue.len();
                self.queue.swap(0, index);
            }
            let Some((node, input)) = self.queue.pop_front() else { return };
            delivered += 1;
            assert!(delivered < 200_000, "the network does not come to rest");
            for action in self.give(node, input.clone()) {
                self.perform(node, &input, action);
            }
        }
    }

    /// Lets time pass, a tick every 250 ms.
    fn run(&mut self, milliseconds: u64) {
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

    fn publish(&mut self, node: usize, bodies: Vec<Body>) {
        self.nodes[node].publish(bodies);
        let did = self.nodes[node].did;
        self.queue.push_back((node, Input::Changed(did)));
    }

    fn assert_same(&self) {
        let first = &self.nodes[0].archive;
        for node in &self.nodes[1..] {
            assert_eq!(node.archive.origins(), first.origins());
            for origin in first.origins() {
                let (a, b) = (first.view(&origin).unwrap(), node.archive.view(&origin).unwrap());
                let heads = |v: &crate::ledger::LogView| {
                    let notes =
                        v.checkpoints.values().map(|c| super::journal::fingerprint(&c.note));
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
fn federation(count: u8, random: u64) -> Network {
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

#[test]
fn two_nodes_hold_the_same_and_cosign_each_other() {
    let mut network = federation(2, 1);
    network.connect(0, 1);
    network.run(5_000);
    network.assert_same();
    for (a, b) in [(0, 1), (1, 0)] {
        let (cosigned, by) = (network.nodes[a].did, network.nodes[b].did.to_string());
        assert_eq!(network.nodes[0].cosigners(&cosigned), BTreeSet::from([by]));
    }
    assert_eq!(network.reports, []);
}

#[test]
fn a_checkpoint_reaches_five_nodes_in_a_row_with_everybodys_cosignature() {
    let mut network = federation(5, 2);
    for node in 1..5 {
        network.connect(node - 1, node);
    }
    network.run(65_000);
    network.assert_same();
    network.nodes[0].set_list(1);
    network.publish(0, Node::issuances(3));
    // Fresh by gossip alone, well before the next round of anti-entropy.
    network.run(10_000);
    let origin = network.nodes[0].did;
    for node in &network.nodes {
        assert_eq!(node.archive.size(&origin), network.nodes[0].archive.size(&origin));
        assert!(node.archive.view(&origin).unwrap().has_newest_status());
        assert_eq!(node.cosigners(&origin).len(), 4);
    }
    assert_eq!(network.reports, []);
    // And then it is quiet: nobody repeats what all know.
    let published = network.published;
    network.run(20_000);
    assert_eq!(network.published, published);
}

#[test]
fn without_gossip_anti_entropy_finds_everything() {
    let mut network = federation(3, 3);
    network.gossip_is_on = false;
    network.connect_all();
    network.run(5_000);
    network.nodes[1].set_list(7);
    network.nodes[1].publish(Node::issuances(2));
    network.run(200_000);
    network.assert_same();
    let origin = network.nodes[1].did;
    assert_eq!(network.nodes[0].cosigners(&origin).len(), 2);
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let mut ends = BTreeSet::new();
    for random in 1..6 {
        let mut network = federation(4, random);
        network.is_shuffled = true;
        network.connect_all();
        network.run(1_000);
        for round in 0..3 {
            for node in 0..4 {
                network.nodes[node].set_list(round);
                network.publish(node, vec![Node::issuance(round)]);
            }
            network.run(300);
        }
        network.run(200_000);
        network.assert_same();
        assert_eq!(network.reports, []);
        let origins = network.nodes[0].archive.origins();
        let sizes: Vec<_> =
            origins.iter().map(|o| (*o, network.nodes[0].archive.size(o).0)).collect();
        ends.insert(sizes);
        for origin in origins {
            assert_eq!(network.nodes[2].cosigners(&origin).len(), 3);
        }
    }
    assert_eq!(ends.len(), 1);
}

#[test]
fn a_late_joiner_gets_a_long_log_with_its_history_of_checkpoints() {
    let mut network = federation(3, 4);
    network.connect(0, 1);
    network.run(2_000);
    // More than one range of entries, and more than one message of bytes.
    for count in [700, 900, 4000] {
        network.publish(0, Node::issuances(count));
        network.run(2_000);
    }
    let origin = network.nodes[0].did;
    let held = network.nodes[0].archive.size(&origin);
    let entries = network.nodes[0].archive.entries(&origin, TreeSize(0), held, usize::MAX).unwrap();
    assert!(entries.iter().map(Vec::len).sum::<usize>() > super::message::MAX_MESSAGE_BYTES);
    network.connect(1, 2);
    network.run(40_000);
    assert_eq!(network.nodes[2].archive.size(&origin), held);
    let sizes = |node: usize| {
        let view = network.nodes[node].archive.view(&origin).unwrap();
        let cosigned = |c: &crate::ledger::CheckpointView| c.note.signatures().len() > 1;
        view.checkpoints.values().filter(|c| cosigned(c)).map(|c| c.head.size).collect::<Vec<_>>()
    };
    assert_eq!(sizes(2), sizes(1));
    assert_eq!(sizes(2).len(), 4);
    assert_eq!(network.reports, []);
}

#[test]
fn a_peer_that_was_away_catches_up() {
    let mut network = federation(2, 5);
    network.connect(0, 1);
    network.run(3_000);
    network.disconnect(0, 1);
    network.publish(0, Node::issuances(2));
    network.run(3_000);
    let origin = network.nodes[0].did;
    assert!(network.nodes[1].archive.size(&origin) < network.nodes[0].archive.size(&origin));
    network.connect(0, 1);
    network.run(3_000);
    network.assert_same();
    assert_eq!(network.nodes[0].cosigners(&origin).len(), 1);
}

#[test]
fn logs_that_are_not_wanted_are_neither_stored_nor_forwarded() {
    let mut nodes: Vec<_> = (1..=3).map(Node::new).collect();
    let witness = nodes[2].did;
    for node in &mut nodes {
        let profile = node.profile(Vec::new());
        node.publish(vec![profile]);
    }
    // The third follows the first; the second, between them, follows nobody.
    let first = nodes[0].did;
    nodes[2].follow([first]);
    let mut network = Network::new(nodes, 6);
    network.connect(0, 1);
    network.connect(1, 2);
    network.queue.push_back((0, Input::Changed(first)));
    network.run(70_000);
    assert_eq!(network.nodes[1].archive.origins(), [network.nodes[1].did]);
    assert_eq!(network.nodes[2].archive.origins(), [witness]);
    let gossip = Gossip::Checkpoint(Offer {
        note: network.nodes[0].archive.view(&first).unwrap().newest().unwrap().note.clone(),
    });
    let input = Input::Gossip { peer: 0, id: 5, bytes: gossip.to_cbor() };
    let actions = network.give(1, input);
    assert!(actions.contains(&Action::Judge { id: 5, verdict: Verdict::Ignore }));
    let ask = Request::Entries(Range { origin: first, from: TreeSize(0), to: TreeSize(9) });
    let input = Input::Request { peer: 0, id: 6, bytes: ask.to_cbor() };
    let actions = network.give(1, input);
    let [Action::Respond { bytes, .. }] = actions.as_slice() else { panic!("{actions:?}") };
    assert!(matches!(Response::parse(bytes), Ok(Response::Refused(_))));
    // Once it is wanted, it comes.
    network.nodes[1].follow([first]);
    network.run(70_000);
    assert_eq!(network.nodes[1].archive.origins().len(), 2);
    assert!(network.nodes[2].archive.origins().contains(&first));
}

#[test]
fn what_a_followed_log_leads_to_is_wanted_too() {
    let mut nodes: Vec<_> = (1..=3).map(Node::new).collect();
    let dids: Vec<_> = nodes.iter().map(|node| node.did).collect();
    let profile = nodes[0].profile(vec![dids[1]]);
    nodes[0].publish(vec![profile]);
    nodes[1].publish(Vec::new());
    nodes[2].follow([dids[0]]);
    let mut network = Network::new(nodes, 7);
    network.connect(0, 2);
    network.connect(1, 2);
    network.run(10_000);
    let held: BTreeSet<_> = network.nodes[2].archive.origins().into_iter().collect();
    assert_eq!(held, dids.into_iter().collect());
}

/// A node that follows one log, and a forged answer to its first request for entries.
fn forge(
    change: impl FnOnce(&Node, &mut Entries) -> Option<Vec<u8>>,
) -> (Node, Vec<Action<usize>>) {
    let mut owner = Node::new(1);
    owner.publish(Node::issuances(5));
    let mut node = Node::new(2);
    node.follow([owner.did]);
    let mut give = |input| node.sync.handle(Millis(1), input, &mut node.archive);
    let asked = give(Input::Connected(7));
    let heads = asked.iter().find_map(|action| match action {
        Action::Send { id, bytes, .. } => {
            matches!(Request::parse(bytes), Ok(Request::Heads(_))).then_some(*id)
        }
        _ => None,
    });
    let size = owner.archive.size(&owner.did);
    let head = super::message::Head { origin: owner.did, size, state: [1; 16], revision: 1 };
    let response = Response::Heads(Heads { epoch: 9, after: None, heads: vec![head], more: false });
    let asked = give(Input::Response { id: heads.unwrap(), bytes: response.to_cbor() });
    let [Action::Send { id, .. }] = asked.as_slice() else { panic!("{asked:?}") };
    let entries = owner.archive.entries(&owner.did, TreeSize(0), size, usize::MAX).unwrap();
    let note = owner.archive.view(&owner.did).unwrap().newest().unwrap().note.clone();
    let entries = entries.into_iter().map(Bytes).collect();
    let mut answer = Entries { entries, note, proof: None };
    let bytes = change(&owner, &mut answer);
    let bytes = bytes.unwrap_or_else(|| Response::Entries(answer).to_cbor());
    let actions = give(Input::Response { id: *id, bytes });
    (node, actions)
}

fn assert_reported(case: &str, found: &(Node, Vec<Action<usize>>), what: Misbehaviour) {
    assert_eq!(found.1, [Action::Report { peer: 7, what }], "{case}");
    assert_eq!(found.0.archive.origins(), [found.0.did], "{case}");
}

#[test]
fn whoever_sends_something_false_is_reported_and_nothing_changes() {
    let (node, actions) = forge(|_, _| None);
    assert_eq!(node.archive.origins().len(), 2, "the honest answer is kept");
    assert!(!actions.iter().any(|action| matches!(action, Action::Report { .. })));

    let false_proof = Misbehaviour::FalseProof;
    let found = forge(|owner, answer| {
        answer.entries[3] = Bytes(owner.sign(Node::issuance(77)).entry().to_vec());
        None
    });
    assert_reported("another entry", &found, false_proof);
    let found = forge(|_, answer| {
        answer.entries.swap(2, 3);
        None
    });
    assert_reported("another order", &found, false_proof);
    let found = forge(|_, answer| {
        answer.entries.pop();
        None
    });
    assert_reported("an entry less, without a proof", &found, false_proof);
    let found = forge(|owner, answer| {
        answer.entries.pop();
        let tree = owner.archive.replica(&owner.did).unwrap().tree();
        answer.proof = tree.consistency_proof(TreeSize(2), TreeSize(4));
        None
    });
    assert_reported("another proof", &found, false_proof);
    let found = forge(|owner, answer| {
        let head = TreeHead { size: TreeSize(7), root: RootHash::new([4; 32]) };
        let key = owner.seed.signing_key(Purpose::Statement);
        answer.note = Note::sign(&Checkpoint::new(&owner.did, head), &key);
        None
    });
    assert_reported("a note by another key", &found, false_proof);
    let found = forge(|owner, answer| {
        let head = TreeHead { size: TreeSize(7), root: RootHash::new([4; 32]) };
        let key = owner.seed.signing_key(Purpose::Checkpoint);
        answer.note = Note::sign(&Checkpoint::new(&owner.did, head), &key);
        None
    });
    assert_reported("a note of another root", &found, false_proof);
    let found = forge(|_, answer| {
        let bytes = Response::Entries(answer.clone()).to_cbor();
        Some(bytes[..bytes.len() - 1].to_vec())
    });
    assert_reported("truncated", &found, Misbehaviour::Malformed);
    let found = forge(|_, _| Some(vec![0; super::message::MAX_MESSAGE_BYTES + 1]));
    assert_reported("oversized", &found, Misbehaviour::Oversized);
    let found =
        forge(|_, _| Some(Response::Peers(super::message::Peers { nodes: Vec::new() }).to_cbor()));
    assert_reported("another answer", &found, Misbehaviour::Malformed);
}

#[test]
fn a_false_cosignature_in_gossip_is_rejected_and_an_unknown_one_not_kept() {
    let mut network = federation(2, 8);
    network.connect(0, 1);
    network.run(3_000);
    let origin = network.nodes[0].did;
    let note = network.nodes[0].archive.view(&origin).unwrap().newest().unwrap().note.clone();
    let judge = |network: &mut Network, note: Note| {
        let bytes = Gossip::Checkpoint(Offer { note }).to_cbor();
        let actions = network.give(1, Input::Gossip { peer: 0, id: 3, bytes });
        actions.into_iter().find_map(|action| match action {
            Action::Judge { verdict, .. } => Some(verdict),
            _ => None,
        })
    };
    let mut strange = note.clone();
    let stranger = Seed::new([99; 32]).signing_key(Purpose::Witness);
    strange.add(note.cosign(&Did::of_inception(b"nobody"), &stranger, NOW));
    assert_eq!(judge(&mut network, strange), Some(Verdict::Ignore));
    let mut wrong = note.clone();
    let key = network.nodes[1].seed.signing_key(Purpose::Witness);
    let mut cosignature = note.cosign(&network.nodes[1].did, &key, NOW.plus(9));
    cosignature.bytes[40] ^= 1;
    wrong.add(cosignature);
    assert_eq!(judge(&mut network, wrong), Some(Verdict::Reject));
    let view = network.nodes[1].archive.view(&origin).unwrap();
    assert_eq!(view.newest().unwrap().note, note);
}

#[test]
fn two_histories_of_one_log_are_told_and_the_witness_keeps_to_the_first() {
    let mut network = federation(2, 9);
    network.connect(0, 1);
    network.run(3_000);
    let origin = network.nodes[0].did;
    let size = network.nodes[0].archive.size(&origin);
    let head = TreeHead { size, root: RootHash::new([5; 32]) };
    let key = network.nodes[0].seed.signing_key(Purpose::Checkpoint);
    let note = Note::sign(&Checkpoint::new(&origin, head), &key);
    let bytes = Gossip::Checkpoint(Offer { note: note.clone() }).to_cbor();
    let actions = network.give(1, Input::Gossip { peer: 0, id: 3, bytes });
    let told = |action: &&Action<usize>| matches!(action, Action::Fork { .. });
    assert_eq!(actions.iter().filter(told).count(), 1);
    assert!(!actions.iter().any(|action| matches!(action, Action::Report { .. })));
    let ask = Request::Cosign(Offer { note });
    let actions = network.give(1, Input::Request { peer: 0, id: 4, bytes: ask.to_cbor() });
    let answer = actions.iter().find_map(|action| match action {
        Action::Respond { bytes, .. } => Response::parse(bytes).ok(),
        _ => None,
    });
    let Some(Response::Cosigned(answer)) = answer else { panic!("{actions:?}") };
    assert_eq!(answer.refusal, Some(super::message::CosignRefusal::OtherRoot));
    assert_eq!(answer.lines, []);
}

#[test]
fn a_log_that_does_not_change_is_cosigned_anew_hourly_and_when_told() {
    let mut network = federation(2, 10);
    network.connect(0, 1);
    network.run(3_000);
    let origin = network.nodes[0].did;
    let newest = |network: &Network| {
        let view = network.nodes[0].archive.view(&origin).unwrap();
        let lines = view.newest().unwrap().note.signatures();
        lines.iter().filter_map(|l| l.cosignature()).map(|(time, _)| time).max()
    };
    assert_eq!(newest(&network), Some(NOW));
    for node in &mut network.nodes {
        node.archive.now = NOW.plus(1800);
    }
    network.run(120_000);
    assert_eq!(newest(&network), Some(NOW), "not within the hour");
    for node in &mut network.nodes {
        node.archive.now = NOW.plus(3600);
    }
    network.run(120_000);
    assert_eq!(newest(&network), Some(NOW.plus(3600)));
    for node in &mut network.nodes {
        node.archive.now = NOW.plus(3700);
    }
    network.queue.push_back((1, Input::Nudge));
    network.run(2_000);
    assert_eq!(newest(&network), Some(NOW.plus(3700)));
}

#[test]
fn requests_that_are_no_messages_are_refused() {
    let mut network = federation(2, 11);
    network.connect(0, 1);
    network.run(1_000);
    for bytes in [vec![], vec![0x82, 0x09, 0xa0], vec![0; super::message::MAX_MESSAGE_BYTES + 1]] {
        let actions = network.give(1, Input::Request { peer: 0, id: 8, bytes });
        assert_eq!(actions[0], Action::Refuse { id: 8 });
        assert!(matches!(actions[1], Action::Report { peer: 0, .. }));
    }
}
