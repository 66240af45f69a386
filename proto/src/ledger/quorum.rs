//! Which cosignatures count, and what times they prove.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cell::RefCell;

use super::{CheckpointView, Ledger, LogView, ProfileView};
use crate::id::{Did, LeafIndex, TreeSize};
use crate::log::checkpoint::NoteKey;
use crate::time::UnixSeconds;

/// Whose cosignatures count, and how many of them are enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WitnessPolicy {
    /// The witnesses.
    pub witnesses: Vec<Did>,
    /// How many must have cosigned; at least 1.
    pub quorum: u8,
}

/// A witness policy whose witnesses' own logs were checked in turn: only those that hold are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    policy: WitnessPolicy,
    holding: Vec<Did>,
}

impl Settled {
    /// Returns the policy that was settled.
    pub fn policy(&self) -> &WitnessPolicy {
        &self.policy
    }
}

/// How far, and until when, a log is cosigned by a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The largest size that a quorum cosigned.
    pub covered: TreeSize,
    /// The q-th newest cosignature: as of then, a quorum knew no larger tree.
    pub seen: UnixSeconds,
    /// Whether statements count up to `covered` (a whole view) or only if `covered` is the newest.
    is_usable: bool,
}

impl Position {
    /// Returns whether what stands at a leaf counts.
    pub fn covers(&self, leaf: LeafIndex) -> bool {
        self.is_usable && leaf.is_in(self.covered)
    }

    /// Returns whether the view counts at all.
    pub fn is_usable(&self) -> bool {
        self.is_usable
    }
}

type Times = Option<(UnixSeconds, UnixSeconds)>;

/// Verifies cosignatures as they are asked for, each once.
#[derive(Debug)]
pub struct Quorums<'l> {
    ledger: &'l Ledger,
    now: UnixSeconds,
    view_age: u64,
    times: RefCell<BTreeMap<(Did, TreeSize, Did), Times>>,
}

impl<'l> Quorums<'l> {
    /// Judges a ledger at a time; a view older than `view_age` seconds is too old to rely on.
    pub fn new(ledger: &'l Ledger, now: UnixSeconds, view_age: u64) -> Self {
        Self { ledger, now, view_age, times: RefCell::default() }
    }

    /// Returns the first and last time at which a witness cosigned a checkpoint.
    fn cosigned(&self, log: &LogView, checkpoint: &CheckpointView, witness: &Did) -> Times {
        let key = (log.origin, checkpoint.head.size, *witness);
        if let Some(times) = self.times.borrow().get(&key) {
            return *times;
        }
        let times =
            self.ledger.log(witness).and_then(|log| log.current_keys()).and_then(|period| {
                let key = NoteKey::of_witness(witness, period.keys.witness);
                let times = checkpoint.note.cosignature_times(&key).ok()?;
                Some((*times.iter().min()?, *times.iter().max()?))
            });
        self.times.borrow_mut().insert(key, times);
        times
    }

    /// Returns the q-th earliest and the q-th newest cosignature of a checkpoint by these witnesses;
    /// the log's owner never counts, and witnesses on one node count once.
    fn quorum(
        &self,
        log: &LogView,
        checkpoint: &CheckpointView,
        witnesses: &[Did],
        quorum: u8,
    ) -> Times {
        let mut first = Vec::new();
        let mut last = Vec::new();
        for group in self.by_node(witnesses) {
            let times: Vec<_> = group
                .iter()
                .filter(|witness| **witness != log.origin)
                .filter_map(|witness| self.cosigned(log, checkpoint, witness))
                .collect();
            first.extend(times.iter().map(|(first, _)| *first).min());
            last.extend(times.iter().map(|(_, last)| *last).max());
        }
        first.sort_unstable();
        last.sort_unstable_by(|a, b| b.cmp(a));
        let nth = usize::from(quorum).checked_sub(1)?;
        Some((*first.get(nth)?, *last.get(nth)?))
    }

    /// Groups witnesses whose profiles name the same peer id. A witness whose profile is not shown
    /// is left out: it might be another's twin.
    fn by_node(&self, witnesses: &[Did]) -> Vec<Vec<Did>> {
        let mut groups: Vec<(Vec<&str>, Vec<Did>)> = Vec::new();
        for witness in witnesses {
            let mut peers: Vec<&str> = match self.ledger.log(witness).map(|log| &log.profile) {
                Some(ProfileView::Known(profile)) => {
                    profile.nodes.iter().map(|node| node.peer.as_str()).collect()
                }
                Some(ProfileView::None) => Vec::new(),
                Some(ProfileView::NotShown) | None => continue,
            };
            let mut members = Vec::from([*witness]);
            // A witness on two nodes joins the groups of both into one.
            groups.retain_mut(|(known, group)| {
                let shared = known.iter().any(|peer| peers.contains(peer));
                if shared {
                    peers.append(known);
                    members.append(group);
                }
                !shared
            });
            groups.push((peers, members));
        }
        groups.into_iter().map(|(_, members)| members).collect()
    }

    /// Checks the witnesses' own logs against each other: nothing counts until all hold.
    ///
    /// Starts from all witnesses whose keys are known and drops those whose own log is not cosigned
    /// by a quorum of the others, or not recently, until none is dropped.
    pub fn settle(&self, policy: &WitnessPolicy) -> Settled {
        let mut holding = policy.witnesses.clone();
        holding.sort_unstable();
        holding.dedup();
        holding.retain(|witness| self.ledger.log(witness).is_some());
        loop {
            let before = holding.len();
            let current = Settled { policy: policy.clone(), holding: holding.clone() };
            holding.retain(|witness| {
                let log = self.ledger.log(witness);
                log.and_then(|log| self.position(log, &current))
                    .is_some_and(|position| position.is_usable && self.is_fresh(&position))
            });
            if holding.len() == before {
                return current;
            }
        }
    }

    /// Returns whether a view is recent enough to rely on.
    pub fn is_fresh(&self, position: &Position) -> bool {
        self.now.since(position.seen) <= self.view_age
    }

    /// Returns how far a log is cosigned; `None` if nowhere by a quorum.
    pub fn position(&self, log: &LogView, settled: &Settled) -> Option<Position> {
        let newest = log.newest()?.head.size;
        let mut position: Option<Position> = None;
        for (size, checkpoint) in log.checkpoints.iter().rev() {
            let times = self.quorum(log, checkpoint, &settled.holding, settled.policy.quorum);
            let Some((_, last)) = times else { continue };
            match &mut position {
                None => {
                    let is_usable = log.is_whole || *size == newest;
                    position = Some(Position { covered: *size, seen: last, is_usable });
                }
                Some(position) => position.seen = position.seen.max(last),
            }
        }
        position
    }

    /// Returns the earliest time by which a leaf is proven to have existed: the q-th earliest
    /// cosignature on a checkpoint that covers it, the earliest over all of them.
    pub fn proven_time(
        &self,
        log: &LogView,
        settled: &Settled,
        leaf: LeafIndex,
    ) -> Option<UnixSeconds> {
        log.checkpoints
            .iter()
            .filter(|(size, _)| leaf.is_in(**size))
            .filter_map(|(_, checkpoint)| {
                self.quorum(log, checkpoint, &settled.holding, settled.policy.quorum)
            })
            .map(|(first, _)| first)
            .min()
    }

    /// Returns whether a quorum stated, at or after a time, that the log had no more than `size`
    /// entries.
    pub fn was_no_larger(
        &self,
        log: &LogView,
        settled: &Settled,
        size: TreeSize,
        at: UnixSeconds,
    ) -> bool {
        log.checkpoints
            .iter()
            .filter(|(known, _)| **known <= size)
            .filter_map(|(_, checkpoint)| {
                self.quorum(log, checkpoint, &settled.holding, settled.policy.quorum)
            })
            .any(|(_, last)| last >= at)
    }

    /// Returns the ledger that is judged.
    pub fn ledger(&self) -> &'l Ledger {
        self.ledger
    }

    /// Returns the time of judging.
    pub fn now(&self) -> UnixSeconds {
        self.now
    }
}
