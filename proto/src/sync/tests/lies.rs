//! Peers that send what is false, and peers that pass on what they cannot check.

use super::*;

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
    let head = Head { origin: owner.did, size, state: [1; 16], revision: 1, is_forked: false };
    let response = Response::Heads(Heads { epoch: 9, heads: vec![head] });
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
    let found = forge(|_, _| Some(vec![0; MAX_MESSAGE_BYTES + 1]));
    assert_reported("oversized", &found, Misbehaviour::Oversized);
    let found = forge(|_, _| Some(Response::Peers(Peers { nodes: Vec::new() }).to_cbor()));
    assert_reported("another answer", &found, Misbehaviour::Malformed);
}

#[test]
fn false_and_unknown_cosignatures_in_gossip_are_not_kept() {
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
    // Not held against whoever passed it on, see below.
    assert_eq!(judge(&mut network, wrong), Some(Verdict::Ignore));
    let view = network.nodes[1].archive.view(&origin).unwrap();
    assert_eq!(view.newest().unwrap().note, note);
}

#[test]
fn whoever_passes_on_what_it_could_not_check_is_not_blamed() {
    let mut network = federation(3, 12);
    network.connect_all();
    network.run(3_000);
    let origin = network.nodes[0].did;
    let note = network.nodes[0].publish(Node::issuances(1));
    let key = network.nodes[2].seed.signing_key(Purpose::Witness);
    let mut line = note.cosign(&network.nodes[2].did, &key, NOW);
    line.bytes[40] ^= 1;
    let mut poisoned = note.clone();
    poisoned.add(line);
    let judge = |network: &mut Network, node, from, note| {
        let bytes = Gossip::Checkpoint(Offer { note }).to_cbor();
        let actions = network.give(node, Input::Gossip { peer: from, id: 3, bytes });
        actions.into_iter().find_map(|action| match action {
            Action::Judge { verdict, .. } => Some(verdict),
            _ => None,
        })
    };
    // Node 1 does not hold the entries yet, so it cannot say what is wrong and passes it on.
    assert_eq!(judge(&mut network, 1, 0, poisoned.clone()), Some(Verdict::Accept));
    network.queue.push_back((0, Input::Changed(origin)));
    network.run(3_000);
    // Node 2 holds them, and does not take it for node 1's fault.
    assert_eq!(judge(&mut network, 2, 1, poisoned), Some(Verdict::Ignore));
    // What the log itself never signed, any node that holds it could see.
    let mut unsigned = note.to_string();
    let signature = unsigned.len() - 8;
    unsigned.replace_range(
        signature..signature + 1,
        if unsigned.as_bytes()[signature] == b'A' { "B" } else { "A" },
    );
    assert_eq!(judge(&mut network, 2, 1, Note::parse(&unsigned).unwrap()), Some(Verdict::Reject));
    assert_eq!(network.reports, []);
}
