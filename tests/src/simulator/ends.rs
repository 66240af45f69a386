//! How it has to end: connected honest nodes hold the same, and a fork that they saw is proven.

use carnet_proto::id::Did;
use carnet_proto::sync::Archive as _;

use super::checker::Violation;
use super::node::{Member, Node};
use super::{Simulation, checker::Checker};

impl Simulation {
    fn honest(&self) -> impl Iterator<Item = (Member, &Node)> {
        self.actors.iter().enumerate().filter_map(|(member, actor)| Some((member, actor.honest()?)))
    }

    /// Returns whether the owner of a log is honest.
    fn is_honest(&self, origin: &Did) -> bool {
        let owner = self.dids.iter().position(|did| did == origin);
        owner.is_some_and(|owner| owner < self.scenario.honest)
    }

    fn honest_pairs(&self) -> impl Iterator<Item = ((Member, &Node), (Member, &Node))> {
        self.honest().flat_map(move |a| {
            let others = self.honest().filter(move |b| a.0 < b.0);
            others.filter(move |b| self.network.is_linked(a.0, b.0)).map(move |b| (a, b))
        })
    }

    /// Returns in what two connected honest nodes differ.
    pub(super) fn difference(&self) -> Option<String> {
        for ((a, first), (b, second)) in self.honest_pairs() {
            let (mine, theirs) = (first.wanted(), second.wanted());
            for origin in mine.intersection(&theirs) {
                let common =
                    self.checker.histories_of(a, origin) & self.checker.histories_of(b, origin);
                let what = if common == 0 || is_proven(first, origin) || is_proven(second, origin) {
                    // Each keeps to the history that it saw first, and both hold the proof.
                    let both = is_proven(first, origin) && is_proven(second, origin);
                    (!both).then(|| "not both can prove the fork".to_owned())
                } else {
                    let (all, owner) = (mine == theirs, self.is_honest(origin));
                    difference_of(first, second, origin, all, owner)
                };
                if let Some(what) = what {
                    return Some(format!("members {a} and {b} on {origin}: {what}"));
                }
            }
        }
        None
    }

    /// Looks at what every honest node is left with.
    pub(super) fn look_at_ends(&mut self) -> Result<(), Violation> {
        for (member, node) in self.honest() {
            self.checker.look_at_entries(member, node)?;
        }
        let forked = self.checker.forked();
        for origin in forked {
            if self.was_seen(&origin) {
                self.tally.count("forks that honest nodes are left with");
                let mut wanting = self.honest().filter(|(_, node)| node.wanted().contains(&origin));
                if !wanting.all(|(_, node)| is_proven(node, &origin)) {
                    return Err(Violation::Unproven { origin });
                }
            }
        }
        Ok(())
    }

    /// Returns whether honest nodes that are connected hold different histories of a log.
    fn was_seen(&self, origin: &Did) -> bool {
        let holds = |checker: &Checker, member| checker.histories_of(member, origin);
        self.honest_pairs().any(|((a, first), (b, second))| {
            first.wanted().contains(origin)
                && second.wanted().contains(origin)
                && holds(&self.checker, a) & holds(&self.checker, b) == 0
        })
    }
}

fn is_proven(node: &Node, origin: &Did) -> bool {
    node.archive.fork(origin).is_some()
}

/// Returns in what two nodes differ about a log: in every cosignature too if `all` is to be the same.
/// Whose owner is not honest may keep its status lists from everybody.
fn difference_of(
    first: &Node,
    second: &Node,
    origin: &Did,
    all: bool,
    owner_is_honest: bool,
) -> Option<String> {
    let views = (first.archive.view(origin), second.archive.view(origin));
    let (first, second) = match views {
        (Some(first), Some(second)) => (first, second),
        (None, None) => return None,
        _ => return Some("only one holds it".into()),
    };
    let heads = (first.newest().map(|c| c.head), second.newest().map(|c| c.head));
    if heads.0 != heads.1 {
        return Some(format!(
            "sizes {:?} and {:?}",
            heads.0.map(|h| h.size),
            heads.1.map(|h| h.size)
        ));
    }
    let lists = [first.has_newest_status(), second.has_newest_status()];
    if lists.contains(&false) && (owner_is_honest || lists.contains(&true)) {
        return Some(format!("status lists are missing: {lists:?}"));
    }
    if !all {
        return None;
    }
    // Those that want the same logs know the same witnesses.
    let lines = |view: &carnet_proto::ledger::LogView| {
        let checkpoints = view.checkpoints.values();
        let lines = checkpoints.flat_map(|checkpoint| {
            let size = checkpoint.head.size;
            checkpoint.note.signatures().iter().map(move |line| (size, line.to_line()))
        });
        lines.collect::<std::collections::BTreeSet<_>>()
    };
    let (first, second) = (lines(&first), lines(&second));
    let (more, less) = (first.difference(&second).count(), second.difference(&first).count());
    (more + less > 0).then(|| format!("{more} and {less} signature lines that only one holds"))
}
