//! The smallest set of further evidence.

use alloc::vec::Vec;

use super::condition::EvidenceKind;
use crate::text::Line;

/// A piece of evidence that is missing.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Missing {
    /// What kind of evidence.
    pub evidence: EvidenceKind,
    /// The conditions that it would show.
    pub conditions: Vec<Line>,
    /// Titles or units of which it has to be one; empty if none is named.
    pub one_of: Vec<Line>,
    /// Accepted issuers that can supply it, by name; empty if the agreement names none.
    pub issuers: Vec<Line>,
}

impl Missing {
    pub(super) fn of(evidence: EvidenceKind) -> Self {
        Self { evidence, conditions: Vec::new(), one_of: Vec::new(), issuers: Vec::new() }
    }
}

/// Returns the fewest kinds of evidence that show all of the conditions, each given with its name and the
/// kinds of which one suffices. Of several smallest sets it is the one whose kinds come first. A condition
/// that no kind shows asks for nothing.
pub fn smallest(open: &[(&Line, &[EvidenceKind])]) -> Vec<Missing> {
    let masks: Vec<u16> = open
        .iter()
        .map(|(_, kinds)| kinds.iter().fold(0, |mask, kind| mask | bit(*kind)))
        .filter(|mask| *mask != 0)
        .collect();
    let all = masks.iter().fold(0, |all, mask| all | mask);
    let mut best: Option<u16> = None;
    // Every subset of the kinds that are named: there are few kinds.
    for set in 0..=all {
        let is_subset = set & !all == 0;
        if is_subset && masks.iter().all(|mask| mask & set != 0) {
            let order = |set: u16| (set.count_ones(), set);
            if best.is_none_or(|best| order(set) < order(best)) {
                best = Some(set);
            }
        }
    }
    let chosen = best.unwrap_or(0);
    let mut found: Vec<Missing> = EvidenceKind::ALL
        .iter()
        .filter(|kind| chosen & bit(**kind) != 0)
        .map(|kind| Missing::of(*kind))
        .collect();
    for (name, kinds) in open {
        if let Some(missing) = found.iter_mut().find(|missing| kinds.contains(&missing.evidence)) {
            missing.conditions.push((*name).clone());
        }
    }
    found
}

fn bit(kind: EvidenceKind) -> u16 {
    1 << (kind as u16)
}
