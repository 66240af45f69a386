mod forks;
mod lies;
mod network;
mod scale;

use alloc::collections::BTreeSet;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use network::{Network, Node, federation};

use super::message::{
    CosignRefusal, Entries, Gossip, Head, Heads, MAX_MESSAGE_BYTES, Offer, Peers, Range, Request,
    Response,
};
use super::{Action, Archive as _, Input, Millis, Misbehaviour, Verdict};
use crate::cbor::{Bytes, Encode as _};
use crate::id::{Did, RootHash, TreeSize};
use crate::key::{Purpose, Seed};
use crate::ledger::CheckpointView;
use crate::log::checkpoint::{Checkpoint, Note};
use crate::log::merkle::TreeHead;
use crate::time::UnixSeconds;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

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
    assert!(entries.iter().map(Vec::len).sum::<usize>() > MAX_MESSAGE_BYTES);
    network.connect(1, 2);
    network.run(40_000);
    assert_eq!(network.nodes[2].archive.size(&origin), held);
    let sizes = |node: usize| {
        let view = network.nodes[node].archive.view(&origin).unwrap();
        let cosigned = |c: &CheckpointView| c.note.signatures().len() > 1;
        view.checkpoints.values().filter(|c| cosigned(c)).map(|c| c.head.size).collect::<Vec<_>>()
    };
    assert_eq!(sizes(2), sizes(1));
    assert_eq!(sizes(2).len(), 4);
    assert_eq!(network.reports, []);
}

#[test]
fn a_late_joiner_follows_a_log_across_the_changes_of_its_keys() {
    let mut network = federation(3, 4);
    network.connect(0, 1);
    network.run(2_000);
    // Rotations before, between and behind more entries than one range holds, one at the very end; the
    // witness changes its keys too.
    for count in [1500, 0, 1100, 3] {
        network.publish(0, Node::issuances(count));
        network.run(2_000);
        for node in [0, 1] {
            network.rotate(node);
        }
        network.run(2_000);
    }
    let origin = network.nodes[0].did;
    let held = network.nodes[0].archive.size(&origin);
    assert_eq!(network.nodes[1].archive.size(&origin), held);
    network.connect(1, 2);
    network.run(60_000);
    assert_eq!(network.nodes[2].archive.size(&origin), held);
    let view = |node: usize| network.nodes[node].archive.view(&origin).unwrap();
    assert_eq!(view(2).keys.len(), 5);
    // What the witness cosigned with keys that it had before is told too.
    let cosigned = |node: usize| {
        let names = network.nodes[1].did.to_string();
        let by_witness = |c: &&alloc::sync::Arc<CheckpointView>| {
            c.note.signatures().iter().any(|line| line.name == names)
        };
        let view = view(node);
        view.checkpoints.values().filter(by_witness).map(|c| c.head.size).collect::<Vec<_>>()
    };
    assert_eq!(cosigned(2), cosigned(1));
    assert!(cosigned(2).len() >= 8);
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
    assert_eq!(answer.refusal, Some(CosignRefusal::OtherRoot));
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
    for bytes in [vec![], vec![0x82, 0x09, 0xa0], vec![0; MAX_MESSAGE_BYTES + 1]] {
        let actions = network.give(1, Input::Request { peer: 0, id: 8, bytes });
        assert_eq!(actions[0], Action::Refuse { id: 8 });
        assert!(matches!(actions[1], Action::Report { peer: 0, .. }));
    }
}

#[test]
fn losses_delay_but_do_not_divide() {
    for random in 20..24 {
        let mut network = federation(4, random);
        network.is_shuffled = true;
        network.loses_one_in = 5;
        network.connect_all();
        for round in 0..3 {
            for node in 0..4 {
                network.publish(node, vec![Node::issuance(round)]);
            }
            network.run(2_000);
        }
        network.run(600_000);
        network.loses_one_in = 0;
        network.run(200_000);
        network.assert_same();
        assert_eq!(network.reports, []);
    }
}

#[test]
fn a_node_restored_from_an_old_backup_learns_what_it_had_signed() {
    let mut network = federation(2, 30);
    network.connect(0, 1);
    network.run(3_000);
    let backup = network.nodes[0].archive.clone();
    network.publish(0, Node::issuances(2));
    network.run(3_000);
    let origin = network.nodes[0].did;
    let signed = network.nodes[0].archive.size(&origin);
    let mut restored = Node::new(1);
    restored.archive = backup;
    let other = network.nodes[1].did;
    restored.follow([other]);
    network.disconnect(0, 1);
    network.drain();
    network.nodes[0] = restored;
    network.connect(0, 1);
    network.run(3_000);
    let Node { sync, archive, .. } = &network.nodes[0];
    assert!(archive.size(&origin) < signed, "an own log is not taken from others");
    assert_eq!(sync.largest_signed(&origin), signed);
    assert_eq!(network.reports, []);
}

#[test]
fn what_a_peer_only_claims_is_known_of_and_counts_as_signed_by_nobody() {
    let mut node = Node::new(2);
    let origin = Did::of_inception(b"claimed");
    node.follow([origin]);
    let asked = node.sync.handle(Millis(1), Input::Connected(7), &mut node.archive);
    let Some(Action::Send { id, .. }) = asked.first() else { panic!("{asked:?}") };
    let head =
        Head { origin, size: TreeSize(1_000_000), state: [1; 16], revision: 1, is_forked: false };
    let bytes = Response::Heads(Heads { epoch: 9, heads: vec![head] }).to_cbor();
    node.sync.handle(Millis(2), Input::Response { id: *id, bytes }, &mut node.archive);
    let lags = node.sync.lags(&node.archive);
    let lag = lags.iter().find(|lag| lag.origin == origin).unwrap();
    assert_eq!((lag.held, lag.signed, lag.known), (TreeSize(0), TreeSize(0), TreeSize(1_000_000)));
}
