//! Honest nodes that are made to break a rule: proof that whoever watches them would see it.

use carnet_proto::cbor::Encode as _;
use carnet_proto::id::{Did, TreeSize};
use carnet_proto::sync::memory::MemoryArchive;
use carnet_proto::sync::message::{Gossip, Offer, Response};
use carnet_proto::sync::{Action, Archive as _, Input, Misbehaviour};

use super::node::{Member, Node};

/// How often an overdone thing is done.
const FAR_TOO_OFTEN: usize = 500;

/// A rule that a node breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Once it hears of a second history of a log, it drops the first and takes whatever comes.
    TakesAnotherHistory,
    /// It cosigns the second history of a log too.
    CosignsBoth,
    /// It blames whoever answers.
    BlamesAnybody,
    /// It takes no entries.
    IsDeaf,
    /// It keeps no proof of a fork.
    KeepsNoProof,
    /// It asks everything far too often.
    AsksTooOften,
    /// It tells everything far too often.
    TellsTooOften,
}

impl Sabotage {
    /// Changes what a node hears.
    pub(super) fn mishear(self, input: Input<Member>) -> Input<Member> {
        match input {
            Input::Response { id, bytes }
                if self == Self::IsDeaf
                    && matches!(Response::parse(&bytes), Ok(Response::Entries(_))) =>
            {
                Input::Failed { id }
            }
            other => other,
        }
    }

    /// Changes what a node did.
    pub(super) fn spoil(
        self,
        node: &mut Node,
        from: Option<Member>,
        is_answer: bool,
        actions: &mut Vec<Action<Member>>,
    ) {
        let fork = actions.iter().find_map(|action| match action {
            Action::Fork { origin, other, .. } => Some((*origin, other.clone())),
            _ => None,
        });
        match (self, fork) {
            (Self::TakesAnotherHistory, Some((origin, _))) => {
                node.archive = without(node, &origin);
            }
            (Self::CosignsBoth, Some((_, other))) => {
                let note = node.institution.cosign_anything(&other, node.archive.now);
                let bytes = Gossip::Checkpoint(Offer { note }).to_cbor();
                actions.push(Action::Publish { bytes });
            }
            (Self::KeepsNoProof, Some(_)) => node.proofs.clear(),
            (Self::BlamesAnybody, _) => {
                let what = Misbehaviour::FalseProof;
                actions
                    .extend(from.filter(|_| is_answer).map(|peer| Action::Report { peer, what }));
            }
            (Self::AsksTooOften, _) => repeat(actions, |a| matches!(a, Action::Send { .. })),
            (Self::TellsTooOften, _) => repeat(actions, |a| matches!(a, Action::Publish { .. })),
            _ => {}
        }
    }
}

fn repeat(actions: &mut Vec<Action<Member>>, which: impl Fn(&Action<Member>) -> bool) {
    let some: Vec<_> = actions.iter().filter(|action| which(action)).cloned().collect();
    for _ in 0..FAR_TOO_OFTEN {
        actions.extend(some.iter().cloned());
    }
}

/// Returns what a node has on disk, but for one log.
fn without(node: &Node, dropped: &Did) -> MemoryArchive {
    let mut without = MemoryArchive::new(node.archive.now);
    for origin in node.archive.origins().into_iter().filter(|origin| origin != dropped) {
        let Some(view) = node.archive.view(&origin) else { continue };
        let Some(newest) = view.newest() else { continue };
        let size = newest.head.size;
        let Ok(entries) = node.archive.entries(&origin, TreeSize(0), size, usize::MAX) else {
            continue;
        };
        without.extend(&origin, &entries, &newest.note, None).expect("what was held");
        for checkpoint in view.checkpoints.values() {
            without.add_checkpoint(&origin, &checkpoint.note).expect("what was held");
        }
        let tokens: Vec<_> = view.status.values().map(|token| token.as_bytes().to_vec()).collect();
        without.set_status(&origin, &tokens).expect("what was held");
    }
    without
}
