//! Which logs matter to a node: what its own institutions and anchors lead to.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::{Ledger, LogView, ProfileView};
use crate::id::Did;
use crate::statement::Body;
use crate::statement::agreement::Agreement;

/// Most steps from a root to a log that is replicated.
pub const MAX_REACH_DEPTH: usize = 8;
/// Most logs that a node replicates.
pub const MAX_REACHED_LOGS: usize = 16_384;

/// Returns the logs that `roots` lead to, themselves included: subjects of accreditations, also of
/// those withdrawn; bodies, signatories and witnesses of agreements that a reached log holds or
/// ratified; witnesses that a reached log's profile proposes.
///
/// Breadth first, in the order of the identifiers, at most [`MAX_REACH_DEPTH`] steps and
/// [`MAX_REACHED_LOGS`] logs: the same ledger gives the same answer.
pub fn reach(ledger: &Ledger, roots: impl IntoIterator<Item = Did>) -> BTreeSet<Did> {
    let agreements = ledger.agreements();
    let mut reached: BTreeSet<Did> = roots.into_iter().take(MAX_REACHED_LOGS).collect();
    let mut frontier = reached.clone();
    for _ in 0..MAX_REACH_DEPTH {
        let mut next = BTreeSet::new();
        for log in frontier.iter().filter_map(|did| ledger.log(did)) {
            let mut found = neighbours(log);
            for held in log.statements.values() {
                if let Body::Ratification(ratification) = held.statement.body()
                    && let Some((_, _, agreement)) = agreements.get(&ratification.agreement)
                {
                    named(agreement, &mut found);
                }
            }
            next.extend(found.into_iter().filter(|did| !reached.contains(did)));
        }
        let room = MAX_REACHED_LOGS.saturating_sub(reached.len());
        frontier = next.into_iter().take(room).collect();
        if frontier.is_empty() {
            break;
        }
        reached.extend(frontier.iter().copied());
    }
    reached
}

/// Returns whom a log names itself.
fn neighbours(log: &LogView) -> Vec<Did> {
    let mut found: Vec<Did> = log.accreditations().map(|(_, _, a)| a.subject).collect();
    for (_, _, agreement) in log.agreements() {
        named(agreement, &mut found);
    }
    if let ProfileView::Known(profile) = &log.profile {
        found.extend(&profile.witnesses);
    }
    found
}

fn named(agreement: &Agreement, found: &mut Vec<Did>) {
    for party in &agreement.parties {
        found.extend(party.bodies.iter().map(|body| body.did));
        found.extend(party.signatories.iter().map(|signatory| signatory.did));
        found.extend(&party.witnesses);
    }
}
