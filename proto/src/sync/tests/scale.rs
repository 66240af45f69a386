//! Much to fetch, many to fetch it from, and little to say.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::network::{Network, Node, federation};
use crate::cbor::{Bytes, Encode as _};
use crate::id::{Did, TreeSize};
use crate::sync::message::{
    Entries, Head, Heads, MAX_MESSAGE_BYTES, MAX_RANGE_ENTRIES, Range, Request, Response,
};
use crate::sync::{
    Action, Archive as _, Input, MAX_IN_FLIGHT, MAX_RANGES_AHEAD, MAX_RANGES_PER_LOG, Millis,
};

/// A log of so many entries, and a node that follows it and was told by a peer that it holds it.
struct Following {
    owner: Node,
    node: Node,
    /// Requests for entries that were not answered.
    open: Vec<(u64, Range)>,
    now: u64,
}

impl Following {
    const PEER: usize = 7;

    fn new(count: u64) -> Self {
        let mut owner = Node::new(1);
        owner.publish(Node::issuances(count));
        let mut node = Node::new(2);
        node.follow([owner.did]);
        let mut following = Self { owner, node, open: Vec::new(), now: 1 };
        let asked = following.give(Input::Connected(Self::PEER));
        // What it asks for besides takes none of its places.
        for (id, request) in &asked {
            if matches!(request, Request::Peers(_)) {
                following.give(Input::Failed { id: *id });
            }
        }
        let heads = asked
            .iter()
            .find_map(|(id, request)| matches!(request, Request::Heads(_)).then_some(*id));
        let (origin, size) = (following.owner.did, following.size());
        let head = Head { origin, size, state: [1; 16], revision: 0, is_forked: false };
        let response = Response::Heads(Heads { epoch: 9, heads: vec![head] });
        following.give(Input::Response { id: heads.unwrap(), bytes: response.to_cbor() });
        following
    }

    fn size(&self) -> TreeSize {
        self.owner.archive.size(&self.owner.did)
    }

    fn held(&self) -> TreeSize {
        self.node.archive.size(&self.owner.did)
    }

    fn give(&mut self, input: Input<usize>) -> Vec<(u64, Request)> {
        let Node { sync, archive, .. } = &mut self.node;
        let actions = sync.handle(Millis(self.now), input, archive);
        let sent = actions.into_iter().filter_map(|action| match action {
            Action::Send { id, bytes, .. } => Some((id, Request::parse(&bytes).unwrap())),
            Action::Report { what, .. } => panic!("{what:?}"),
            _ => None,
        });
        let sent: Vec<_> = sent.collect();
        self.open.extend(sent.iter().filter_map(|(id, request)| match request {
            Request::Entries(range) => Some((*id, range.clone())),
            _ => None,
        }));
        sent
    }

    /// Answers a request with no more than so many entries.
    fn answer(&mut self, at: usize, most: usize) {
        let (id, range) = self.open.remove(at);
        let Range { origin, from, to } = range;
        let archive = &self.owner.archive;
        let newest = archive.view(&origin).unwrap().newest().unwrap().note.clone();
        let mut entries = archive.entries(&origin, from, to, usize::MAX).unwrap();
        entries.truncate(most);
        let end = TreeSize(from.0 + entries.len() as u64);
        let proof = (end < self.size()).then(|| archive.consistency(&origin, end, self.size()));
        let entries = entries.into_iter().map(Bytes).collect();
        let answer = Entries { entries, note: newest, proof: proof.flatten() };
        let bytes = Response::Entries(answer).to_cbor();
        self.give(Input::Response { id, bytes });
    }
}

#[test]
fn several_ranges_are_under_way_and_no_more_than_that() {
    let mut following = Following::new(6_000);
    let all: Vec<_> = following.open.iter().map(|(_, range)| (range.from.0, range.to.0)).collect();
    let step = MAX_RANGE_ENTRIES as u64;
    let expected: Vec<_> =
        (0..MAX_RANGES_PER_LOG as u64).map(|at| (at * step, (at + 1) * step)).collect();
    assert_eq!(all, expected);
    // The last comes first: what came too early waits, and nothing more is asked for meanwhile.
    for left in (1..MAX_RANGES_PER_LOG).rev() {
        following.answer(left, usize::MAX);
        assert_eq!((following.held(), following.open.len()), (TreeSize(0), left));
    }
    following.answer(0, usize::MAX);
    assert_eq!(following.held(), TreeSize(MAX_RANGES_PER_LOG as u64 * step));
    while !following.open.is_empty() {
        following.answer(0, usize::MAX);
    }
    assert_eq!(following.held(), following.size());
    assert!(following.node.archive.replica(&following.owner.did).unwrap().is_in_order().is_ok());
}

#[test]
fn the_range_in_front_is_asked_for_again_when_all_others_wait_for_it() {
    let mut following = Following::new(6_000);
    while following.open.len() > 1 {
        following.answer(1, usize::MAX);
    }
    let (id, front) = following.open.remove(0);
    following.give(Input::Failed { id });
    let due = following.node.sync.next_due().unwrap();
    following.now = due.0 - 1;
    following.give(Input::Tick { random: 1 });
    assert_eq!(following.open, [], "the peer is left alone for a moment");
    following.now = due.0;
    following.give(Input::Tick { random: 1 });
    assert!(following.open.iter().any(|(_, range)| *range == front));
    while !following.open.is_empty() {
        following.answer(0, usize::MAX);
    }
    assert_eq!(following.held(), following.size());
}

#[test]
fn what_waits_unproven_is_bounded_over_all_logs() {
    let mut node = Node::new(2);
    let logs: Vec<_> = (0..30_u8).map(|number| Did::of_inception(&[number])).collect();
    node.follow(logs.iter().copied());
    let heads = logs.iter().map(|origin| {
        let size = TreeSize(1_000_000);
        Head { origin: *origin, size, state: [1; 16], revision: 0, is_forked: false }
    });
    let mut heads: Vec<_> = heads.collect();
    heads.sort_by_key(|head| head.origin);
    let bytes = Request::Heads(Heads { epoch: 9, heads }).to_cbor();
    let mut ranges = Vec::new();
    for peer in 0..40 {
        let input = Input::Request { peer, id: 1, bytes: bytes.clone() };
        for input in [Input::Connected(peer), input] {
            for action in node.sync.handle(Millis(1), input, &mut node.archive) {
                let Action::Send { bytes, .. } = action else { continue };
                if let Ok(Request::Entries(range)) = Request::parse(&bytes) {
                    ranges.push(range);
                }
            }
        }
    }
    let ahead = ranges.iter().filter(|range| range.from > TreeSize(0)).count();
    assert!(ranges.len() > ahead && ahead > 0);
    assert!(ahead <= MAX_RANGES_AHEAD, "{ahead}");
    assert!(ranges.len() <= MAX_IN_FLIGHT);
}

#[test]
fn a_range_that_comes_short_leaves_a_gap_that_is_asked_for() {
    let mut following = Following::new(3_000);
    let mut answered = 0;
    while !following.open.is_empty() {
        let last = following.open.len() - 1;
        following.answer(last, 400);
        answered += 1;
        assert!(answered < 100, "it comes to an end");
    }
    assert_eq!(following.held(), following.size());
}

#[test]
fn nothing_is_fetched_twice_when_a_peer_goes_and_another_comes() {
    let mut following = Following::new(6_000);
    following.answer(1, usize::MAX);
    following.answer(0, usize::MAX);
    let held = following.held();
    assert_eq!(held.0, 2 * MAX_RANGE_ENTRIES as u64);
    following.open.clear();
    following.give(Input::Disconnected(Following::PEER));
    let asked = following.give(Input::Connected(8));
    let id = asked.iter().find_map(|(id, r)| matches!(r, Request::Heads(_)).then_some(*id));
    let (origin, size) = (following.owner.did, following.size());
    let head = Head { origin, size, state: [1; 16], revision: 0, is_forked: false };
    let bytes = Response::Heads(Heads { epoch: 4, heads: vec![head] }).to_cbor();
    following.give(Input::Response { id: id.unwrap(), bytes });
    assert!(!following.open.is_empty());
    assert!(following.open.iter().all(|(_, range)| range.from >= held));
}

#[test]
fn a_long_log_does_not_keep_short_ones_waiting() {
    // One peer serves them all. The long one is asked for first, as it comes first in order.
    let mut owners: Vec<_> = (1..=20).map(Node::new).collect();
    owners.sort_by_key(|owner| owner.did);
    let mut server = Node::new(100);
    let mut reader = Node::new(101);
    let dids: Vec<Did> = owners.iter().map(|owner| owner.did).collect();
    for (number, owner) in owners.iter_mut().enumerate() {
        let count = if number == 0 { 16_000 } else { 50 };
        let note = owner.publish(Node::issuances(count));
        let size = owner.archive.size(&owner.did);
        let entries = owner.archive.entries(&owner.did, TreeSize(0), size, usize::MAX).unwrap();
        server.archive.extend(&owner.did, &entries, &note, None).unwrap();
    }
    server.follow(dids.iter().copied());
    reader.follow(dids.iter().copied());
    let mut network = Network::new(vec![server, reader], 41);
    network.connect(0, 1);
    let size = |network: &Network, node: usize, did: &Did| network.nodes[node].archive.size(did);
    let has_all = |network: &Network, dids: &[Did]| {
        dids.iter().all(|did| size(network, 1, did) == size(network, 0, did))
    };
    while !has_all(&network, &dids[1..]) {
        assert!(network.step(), "the short logs come without another word");
    }
    let (held, whole) = (size(&network, 1, &dids[0]).0, size(&network, 0, &dids[0]).0);
    assert!(held > 0, "the long one is not kept waiting either");
    assert!(held < whole / 2, "{held} of {whole} while others waited");
    network.run(2_000);
    assert!(has_all(&network, &dids));
}

#[test]
fn a_status_list_larger_than_a_message_comes_in_pieces() {
    let mut network = federation(2, 42);
    network.connect(0, 1);
    network.run(3_000);
    network.nodes[0].set_large_list(1);
    for small in 2..5 {
        network.nodes[0].set_list(small);
    }
    assert!(network.nodes[0].status.values().any(|token| token.len() > MAX_MESSAGE_BYTES));
    network.publish(0, Vec::new());
    network.run(3_000);
    network.assert_same();
    let origin = network.nodes[0].did;
    let view = network.nodes[1].archive.view(&origin).unwrap();
    assert!(view.has_newest_status());
    assert_eq!(view.status.values().count(), 4);
    assert_eq!(network.reports, []);
}

#[test]
fn what_is_said_grows_with_what_changes() {
    const NODES: usize = 12;
    const ROUNDS: usize = 10;
    let mut network = federation(NODES as u8, 40);
    network.connect_all();
    network.run(10_000);
    network.assert_same();
    let peers = NODES - 1;
    let (requests, heard) = (network.requests, network.heard);
    for round in 0..ROUNDS {
        network.publish(0, vec![Node::issuance(round as u64)]);
        network.run(5_000);
    }
    network.assert_same();
    assert_eq!(network.nodes[3].cosigners(&network.nodes[0].did).len(), peers);
    // Each peer fetches the entries and is asked for a cosignature; the rest is anti-entropy.
    let (requests, heard) = (network.requests - requests, network.heard - heard);
    assert!(requests <= 3 * peers * ROUNDS, "{requests}");
    // The checkpoint, and once more with the cosignatures; here, everybody passes on to all.
    assert!(heard <= 2 * NODES * peers * ROUNDS, "{heard}");
    let (requests, heard) = (network.requests, network.heard);
    for node in 0..NODES {
        network.nodes[node].archive.now = network.nodes[node].archive.now.plus(7_200);
        network.queue.push_back((node, Input::Nudge));
    }
    network.run(5_000);
    network.assert_same();
    let (requests, heard) = (network.requests - requests, network.heard - heard);
    // Every pair compares once in each direction, and every log is cosigned by all.
    assert!(requests <= 3 * NODES * peers, "{requests}");
    assert!(heard <= 3 * NODES * NODES * peers, "{heard}");
}

#[test]
fn a_peer_that_withholds_costs_a_bounded_wait_and_another_is_asked() {
    let mut nodes: Vec<_> = (1..=3).map(Node::new).collect();
    let owner = nodes[0].did;
    nodes[0].publish(Node::issuances(3_000));
    nodes[1].follow([owner]);
    nodes[2].follow([owner]);
    let mut network = Network::new(nodes, 43);
    network.connect(0, 1);
    network.run(5_000);
    // The reader knows both; the first answers nothing from now on.
    network.connect(0, 2);
    network.connect(1, 2);
    let unanswered = |input: &Input<usize>| matches!(input, Input::Request { peer: 2, .. });
    for _ in 0..60 {
        network.now += 1_000;
        for node in 1..3 {
            network.queue.push_back((node, Input::Tick { random: 1 }));
        }
        loop {
            network.queue.retain(|(node, input)| *node != 0 || !unanswered(input));
            if !network.step() {
                break;
            }
        }
    }
    let held: BTreeSet<_> = (0..3).map(|node| network.nodes[node].archive.size(&owner)).collect();
    assert_eq!(held.len(), 1);
}
