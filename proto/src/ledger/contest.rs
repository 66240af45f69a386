//! What a fork leaves in doubt.
//!
//! What a quorum has cosigned stands, unless another history of the log has a quorum too: then what was
//! cosigned after the earlier of the two cannot be told from what was not. Only whoever holds the seed
//! on paper can replace the keys, so that the history that does so is the institution's from there on.

use super::quorum::Quorums;
use super::{KeyChain, LogView, Position, Settled};
use crate::id::{Digest, LeafIndex};
use crate::log::fork::{Fork, ForkProof};
use crate::statement::{Body, Statement};
use crate::time::UnixSeconds;

/// A doubt about a log: two of its histories have a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Contest {
    /// When a quorum had cosigned the earlier of the two: what was proven by then is in both.
    since: UnixSeconds,
    /// From which leaf on that very time is in doubt too: the other history was not the later one.
    tied_from: Option<LeafIndex>,
    /// The leaf of the rotation that ended the doubt.
    until: Option<LeafIndex>,
}

impl Quorums<'_> {
    /// Returns since when it is in doubt what a view says that relies on what is stated at a leaf, and on
    /// the standing under the newest checkpoint that a quorum has cosigned; `None` if it is not.
    pub fn doubt(
        &self,
        log: &LogView,
        settled: &Settled,
        position: &Position,
        stated: Option<(LeafIndex, Digest)>,
    ) -> Option<UnixSeconds> {
        let standing = LeafIndex(position.covered.0.saturating_sub(1));
        let forks = self.ledger().forks(&log.origin);
        let contests = forks.filter_map(|(proof, fork)| self.contest(log, settled, proof, fork));
        let open = contests.filter(|contest| {
            let is_open = |(leaf, digest): (LeafIndex, Digest)| {
                self.is_contested(log, settled, contest, leaf, Some(&digest))
            };
            stated.is_some_and(is_open) || self.is_contested(log, settled, contest, standing, None)
        });
        open.map(|contest| contest.since).min()
    }

    fn contest(
        &self,
        log: &LogView,
        settled: &Settled,
        proof: &ForkProof,
        fork: &Fork,
    ) -> Option<Contest> {
        let sets = fork.sets.map(|set| shared_set(&log.chain, proof, set));
        let notes = [(fork.smaller, sets[0]), (fork.larger, sets[1])];
        let is_ours = |at: usize| {
            let (head, _) = notes.get(at)?;
            Some(log.checkpoints.get(&head.size)?.head == *head)
        };
        // One of them is not of this history: whichever the view contradicts, else the one that it does
        // not hold. A view may tell neither.
        let others: &[usize] = match (is_ours(0), is_ours(1)) {
            (Some(true), _) => &[1],
            (_, Some(true)) => &[0],
            (Some(false), None) => &[0],
            (None, Some(false)) => &[1],
            (None, None) | (Some(false), Some(false)) => &[0, 1],
        };
        let theirs = others.iter().filter_map(|at| {
            let (head, set) = notes.get(*at)?;
            let (first, _) = self.quorum(&log.origin, head, settled)?;
            self.counts(log, settled, *set, first).then_some((first, *set))
        });
        let (theirs, set) = theirs.min()?;
        // From the size of the smaller on there are two histories.
        let first = LeafIndex(fork.common().0);
        let ours = self.proven_time(log, settled, first).unwrap_or(theirs);
        let until = log.keys.get(set).and_then(|period| period.until);
        let tied_from = (theirs <= ours).then_some(first);
        Some(Contest { since: theirs.min(ours), tied_from, until })
    }

    /// Returns whether a note counts that a key set signed: one of a set that was replaced only if a
    /// quorum had cosigned it before the rotation was there.
    fn counts(&self, log: &LogView, settled: &Settled, set: usize, first: UnixSeconds) -> bool {
        let Some(rotation) = log.keys.get(set).and_then(|period| period.until) else { return true };
        self.proven_time(log, settled, rotation).is_none_or(|replaced| first < replaced)
    }

    /// Returns whether a doubt leaves what stands at a leaf open.
    fn is_contested(
        &self,
        log: &LogView,
        settled: &Settled,
        contest: &Contest,
        leaf: LeafIndex,
        digest: Option<&Digest>,
    ) -> bool {
        if contest.until.is_some_and(|until| leaf >= until) {
            return false;
        }
        // What the institution itself has confirmed with its new keys is not in doubt.
        let is_kept = |digest: &Digest| {
            let sets = 0..log.chain.rotations().len();
            sets.filter_map(|set| log.chain.replaced_by(set)).any(|rotation| rotation.keeps(digest))
        };
        if digest.is_some_and(is_kept) {
            return false;
        }
        let is_tied = contest.tied_from.is_some_and(|first| leaf >= first);
        let proven = self.proven_time(log, settled, leaf);
        proven.is_none_or(|at| at > contest.since || (is_tied && at == contest.since))
    }
}

/// Returns the newest set of a chain from which a set of a proof's chain comes. Whoever has stolen the
/// keys of a set can sign the rotation that revealed it anew, with a commitment to keys of his own; what
/// those sign is worth no more than what he can sign with the stolen ones.
fn shared_set(chain: &KeyChain, proof: &ForkProof, set: usize) -> usize {
    let theirs = proof.rotations.iter().map_while(|entry| Statement::parse(&entry.0).ok());
    let shared = theirs.zip(chain.sets().iter().skip(1)).take_while(|(theirs, (keys, _))| {
        matches!(theirs.body(), Body::Rotation(rotation) if rotation.keys == *keys)
    });
    set.min(shared.count())
}
