//! A log with two histories: proven, told, believed only with the proof, and nobody else blamed.

use alloc::vec;
use alloc::vec::Vec;

use super::network::{Network, Node};
use crate::cbor::{Bytes, Encode as _};
use crate::id::Did;
use crate::log::fork::ForkProof;
use crate::sync::message::{ForkShown, Head, Heads, MAX_GOSSIP_BYTES, Request, Response};
use crate::sync::{Action, Archive as _, Input, Millis, Misbehaviour};

/// Two nodes of one institution that go different ways, each with an honest follower: 0 - 1, 2 - 3.
/// The second goes further by `more`.
fn partitioned(more: u64) -> (Network, Did) {
    let mut nodes: Vec<_> = [1, 2, 1, 3].map(Node::new).into_iter().collect();
    let origin = nodes[0].did;
    nodes[0].publish(vec![Node::issuance(1)]);
    nodes[2].publish(vec![Node::issuance(1)]);
    nodes[1].follow([origin]);
    nodes[3].follow([origin]);
    let mut network = Network::new(nodes, 50 + more);
    network.connect(0, 1);
    network.connect(2, 3);
    network.run(3_000);
    network.publish(0, vec![Node::issuance(100)]);
    network.publish(2, vec![Node::issuance(200)]);
    for number in 0..more {
        network.publish(2, vec![Node::issuance(300 + number)]);
    }
    network.run(3_000);
    (network, origin)
}

fn proof(network: &Network, node: usize, origin: &Did) -> Option<ForkProof> {
    network.nodes[node].archive.fork(origin).map(|proof| ForkProof::clone(&proof))
}

#[test]
fn a_fork_seen_by_both_sides_of_a_healed_partition_is_proven_to_both() {
    for more in [0, 1, 4] {
        let (mut network, origin) = partitioned(more);
        assert!((0..4).all(|node| proof(&network, node, &origin).is_none()));
        network.connect(1, 3);
        network.run(40_000);
        for node in [1, 3] {
            let proof = proof(&network, node, &origin).expect("a proof");
            assert_eq!(proof.verify().unwrap().origin, origin, "{more}");
        }
        assert_eq!(network.reports, [], "no honest node is blamed, {more}");
    }
}

#[test]
fn whoever_was_away_learns_of_a_fork_when_it_compares() {
    let (mut network, origin) = partitioned(1);
    let mut late = Node::new(9);
    late.follow([origin]);
    network.nodes.push(late);
    network.connect(1, 3);
    network.run(40_000);
    // Connected to one that holds the proof, and never to the other history.
    network.connect(4, 1);
    network.run(3_000);
    assert!(proof(&network, 4, &origin).is_some());
    assert_eq!(network.reports, []);
}

#[test]
fn a_proof_is_told_at_once_passed_on_and_asked_for_once() {
    let (mut network, origin) = partitioned(0);
    // A line behind the first follower: 1 - 4 - 5.
    for number in [8, 9] {
        let mut node = Node::new(number);
        node.follow([origin]);
        network.nodes.push(node);
    }
    network.connect(1, 4);
    network.connect(4, 5);
    network.run(5_000);
    network.connect(1, 3);
    // Long before the next round of anti-entropy.
    network.run(4_000);
    assert!((3..6).all(|node| proof(&network, node, &origin).is_some()));
    let proven = network.proven;
    network.run(100_000);
    assert_eq!(network.proven, proven, "one of a log is kept, and no more");
    assert_eq!(network.reports, []);
}

/// A follower of a log that is whole, and what it asks after a peer said that it keeps a proof.
fn told(follows: bool) -> (Node, Did, Option<u64>) {
    let mut owner = Node::new(1);
    let note = owner.publish(Node::issuances(2));
    let mut node = Node::new(2);
    let size = owner.archive.size(&owner.did);
    let entries = owner.archive.entries(&owner.did, Default::default(), size, usize::MAX).unwrap();
    node.archive.extend(&owner.did, &entries, &note, None).unwrap();
    if follows {
        node.follow([owner.did]);
    }
    let origin = owner.did;
    let head = Head { origin, size, state: [0; 16], revision: 0, is_forked: true };
    let bytes = Request::Heads(Heads { epoch: 9, heads: vec![head] }).to_cbor();
    node.sync.handle(Millis(1), Input::Connected(7), &mut node.archive);
    let input = Input::Request { peer: 7, id: 1, bytes };
    let actions = node.sync.handle(Millis(2), input, &mut node.archive);
    let asked = actions.iter().find_map(|action| match action {
        Action::Send { id, bytes, .. } => match Request::parse(bytes) {
            Ok(Request::Fork(wanted)) if wanted.origin == origin => Some(*id),
            _ => None,
        },
        _ => None,
    });
    (node, origin, asked)
}

#[test]
fn a_proof_that_does_not_verify_is_not_kept_and_counts_against_the_peer() {
    let (network, forked) = {
        let (mut network, origin) = partitioned(0);
        network.connect(1, 3);
        network.run(40_000);
        (network, origin)
    };
    let good = proof(&network, 1, &forked).unwrap();
    let mut tampered = good.clone();
    core::mem::swap(&mut tampered.smaller, &mut tampered.larger);
    let of_another = {
        let mut nodes = [Node::new(6), Node::new(6)];
        let first = nodes[0].publish(vec![Node::issuance(1)]);
        nodes[1].publish(vec![Node::issuance(2)]);
        let _ = first;
        let other = nodes[1].archive.view(&nodes[1].did).unwrap().newest().unwrap().note.clone();
        ForkProof::of(nodes[0].archive.replica(&nodes[0].did).unwrap(), &other).unwrap()
    };
    let shown = |proof: Option<Vec<u8>>| {
        let shown = ForkShown { proof: proof.map(Bytes) };
        Response::Fork(shown).to_cbor()
    };
    let is_kept = |bytes: Vec<u8>| {
        let (mut node, origin, asked) = told(true);
        let input = Input::Response { id: asked.unwrap(), bytes };
        let actions = node.sync.handle(Millis(3), input, &mut node.archive);
        let report = Action::Report { peer: 7, what: Misbehaviour::FalseProof };
        let is_kept = node.archive.fork(&origin).is_some();
        assert_ne!(actions.contains(&report), is_kept);
        is_kept
    };
    assert!(is_kept(shown(Some(good.to_file()))), "an honest one is");
    for (case, bytes) in [
        ("none, although it said so", shown(None)),
        ("no file", shown(Some(vec![1, 2, 3]))),
        ("two checkpoints that are not in order", shown(Some(tampered.to_file()))),
        ("a proof against another log", shown(Some(of_another.to_file()))),
    ] {
        assert!(!is_kept(bytes), "{case}");
    }
}

#[test]
fn proofs_are_asked_for_only_of_logs_that_are_wanted() {
    assert!(told(true).2.is_some());
    assert!(told(false).2.is_none());
}

#[test]
fn a_proof_of_the_largest_size_fits_into_a_message() {
    use crate::log::fork::MAX_FORK_BYTES;
    use crate::sync::message::MAX_MESSAGE_BYTES;
    let shown =
        |bytes: usize| Response::Fork(ForkShown { proof: Some(Bytes(vec![0; bytes])) }).to_cbor();
    let largest = shown(MAX_FORK_BYTES);
    assert!(largest.len() < MAX_MESSAGE_BYTES && largest.len() > MAX_GOSSIP_BYTES);
    assert!(Response::parse(&largest).is_ok());
    assert!(Response::parse(&shown(MAX_FORK_BYTES + 1)).is_err());
}

#[test]
fn a_peer_whose_entries_lead_elsewhere_is_blamed_only_if_it_cannot_prove_a_fork() {
    // As in a partition, but the second follower cannot show why it holds another history.
    let (mut network, origin) = partitioned(3);
    network.connect(1, 3);
    let mut disputes = 0;
    for _ in 0..100_000 {
        let next = network.queue.front().map(|(node, input)| (*node, input.clone()));
        // What the first holds is kept from the other, which therefore proves nothing by itself.
        if let Some((3, Input::Request { peer: 1, id, bytes })) = &next {
            match Request::parse(bytes) {
                Ok(Request::Fork(wanted)) if wanted.note.is_some() => {
                    disputes += 1;
                    let (asker, asked) = network.asked.remove(&(3, *id)).unwrap();
                    let bytes = Response::Fork(ForkShown { proof: None }).to_cbor();
                    network.queue.pop_front();
                    network.queue.push_back((asker, Input::Response { id: asked, bytes }));
                    continue;
                }
                _ => {}
            }
        }
        if let Some((3, Input::Response { .. } | Input::Gossip { peer: 1, .. })) = &next {
            network.queue.pop_front();
            continue;
        }
        if !network.step() {
            break;
        }
    }
    assert_eq!(disputes, 1);
    assert_eq!(network.reports, [(1, 3, Misbehaviour::FalseProof)]);
    assert!(proof(&network, 1, &origin).is_none());
}
