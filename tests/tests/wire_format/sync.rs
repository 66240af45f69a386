//! What nodes say to each other.

use std::fmt::Debug;

use carnet_proto::cbor::{Bytes, Decode, Encode};
use carnet_proto::id::{TreeSize, sha256};
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::Note;
use carnet_proto::statement::profile::NodeAddress;
use carnet_proto::sync::message::{
    Checkpoints, CosignRefusal, Cosigned, Entries, ForkShown, ForkWanted, Gossip, Head, Heads,
    Offer, Peers, PeersWanted, Range, Refusal, RefusalReason, Request, Response, Since, StatusPage,
    StatusTokens,
};
use carnet_tests::world::line;

use super::example::Example;
use super::story::Story;

/// A message and the record in it.
fn message<M, T>(name: &str, about: &str, rule: &'static str, body: &T, wrap: fn(T) -> M) -> Example
where
    M: Encode + for<'b> Decode<'b> + PartialEq + Debug,
    T: Encode + for<'b> Decode<'b> + PartialEq + Debug + Clone,
{
    Example::of(name, about, &wrap(body.clone())).holds(rule, body)
}

/// The state of a log as the document says it.
fn state(replica: &Replica) -> [u8; 16] {
    let print = |note: &Note| {
        let mut lines: Vec<_> =
            note.signatures().iter().map(|line| line.to_line() + "\n").collect();
        lines.sort();
        sha256(format!("{}{}", note.body(), lines.concat()).as_bytes())
    };
    let mut state = [0; 16];
    for checkpoint in replica.view().checkpoints.values() {
        for (byte, other) in state.iter_mut().zip(print(&checkpoint.note)) {
            *byte ^= other;
        }
    }
    state
}

pub fn replication(story: &Story) -> Vec<Example> {
    let institute = &story.institute;
    let (origin, note) = (institute.did, institute.note());
    let first = institute.replica.view().checkpoints.values().next().unwrap().note.clone();
    let tree = institute.replica.tree();
    let wanted = Heads {
        epoch: 1,
        heads: vec![Head {
            origin,
            size: TreeSize(0),
            state: [0; 16],
            revision: 0,
            is_forked: false,
        }],
    };
    let head = Head {
        origin,
        size: tree.size(),
        state: state(&institute.replica),
        revision: 2,
        is_forked: true,
    };
    let held = Heads { epoch: 77, heads: vec![head.clone()] };
    let range = Range { origin, from: TreeSize(2), to: tree.size() };
    let entries = Entries {
        entries: vec![Bytes(institute.entries[2].entry().into())],
        note: note.clone(),
        proof: tree.consistency_proof(TreeSize(3), tree.size()),
    };
    let since = Since { origin, epoch: 77, revision: 0 };
    let checkpoints =
        Checkpoints { epoch: 77, revision: 1, notes: vec![first.clone()], more: true };
    let page = StatusPage { origin, start: 0, offset: 0 };
    let standing = institute.replica.view().standing.clone().unwrap();
    let tokens = StatusTokens {
        size: standing.status_lists.size,
        root: standing.status_lists.root,
        start: 0,
        tokens: vec![Bytes(institute.token.clone().unwrap())],
        offset: 0,
        left: 0,
    };
    let own = note.clone().retain(|line| line.name == origin.to_string());
    let offer = Offer { note: own };
    let cosigned =
        Cosigned { size: tree.size(), lines: vec![note.signatures()[1].clone()], refusal: None };
    let behind =
        Cosigned { size: TreeSize(2), lines: vec![], refusal: Some(CosignRefusal::Behind) };
    let address = NodeAddress {
        peer: line("12D3KooWExampleOnly"),
        addresses: vec![line("/ip4/192.0.2.7/tcp/4001")],
    };
    let peers = Peers { nodes: vec![address] };
    let fork_wanted = ForkWanted { origin, note: None };
    let fork_shown = ForkShown { proof: Some(Bytes(story.fork().to_file())) };
    let refusal = Refusal { reason: RefusalReason::NotHeld };
    vec![
        message(
            "request/heads",
            "by a node that does not hold it",
            "heads",
            &wanted,
            Request::Heads,
        ),
        message("request/entries", "", "range", &range, Request::Entries),
        message("request/checkpoints", "", "since", &since, Request::Checkpoints),
        message("request/status", "", "status-page", &page, Request::Status),
        message("request/cosign", "", "offer", &offer, Request::Cosign),
        message("request/peers", "", "peers-wanted", &PeersWanted { most: 8 }, Request::Peers),
        message("request/fork", "", "fork-wanted", &fork_wanted, Request::Fork),
        message("response/heads", "", "heads", &held, Response::Heads).holds("head", &head),
        message(
            "response/entries",
            "leaf 2 alone, before a checkpoint of 4",
            "entries",
            &entries,
            Response::Entries,
        ),
        message(
            "response/checkpoints",
            "the first of two",
            "checkpoints",
            &checkpoints,
            Response::Checkpoints,
        ),
        message("response/status", "", "status-tokens", &tokens, Response::Status),
        message("response/cosigned", "", "cosigned", &cosigned, Response::Cosigned),
        message("response/behind", "", "cosigned", &behind, Response::Cosigned),
        message("response/peers", "", "peers", &peers, Response::Peers),
        message("response/refused", "", "refusal", &refusal, Response::Refused),
        message("response/fork", "", "fork-shown", &fork_shown, Response::Fork),
        message("gossip", "", "offer", &offer, Gossip::Checkpoint),
    ]
}
