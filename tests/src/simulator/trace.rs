//! What happened, in the order in which it did: a hash of all of it, and the last steps as text.

use std::collections::{BTreeMap, VecDeque};

use rand_core::Rng as _;

use super::node::Member;
use crate::SeededRng;

/// Steps that are kept for whoever has to understand a failure.
const LAST_STEPS: usize = 40;

/// One thing that happened to a member.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// When, in milliseconds.
    pub at: u64,
    /// To whom.
    pub member: Member,
    /// What.
    pub what: &'static str,
    /// From whom.
    pub from: Option<Member>,
    /// A hash of the message, or what else tells it from others.
    pub print: u64,
    /// Bytes of the message.
    pub bytes: usize,
}

/// The steps of a simulation.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    hash: u64,
    steps: u64,
    last: VecDeque<Step>,
}

impl Trace {
    /// Takes note of a step.
    pub fn push(&mut self, step: Step) {
        self.steps += 1;
        let from = step.from.map_or(u64::MAX, |from| from as u64);
        let what = step.what.bytes().fold(0_u64, |sum, byte| sum.rotate_left(8) ^ u64::from(byte));
        for part in [step.at, step.member as u64, what, from, step.print, step.bytes as u64] {
            self.hash = SeededRng(self.hash ^ part).next_u64();
        }
        if self.last.len() >= LAST_STEPS {
            self.last.pop_front();
        }
        self.last.push_back(step);
    }

    /// Returns the hash of all steps.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Returns how many there were.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Writes the last steps, one a line.
    pub fn last_steps(&self) -> String {
        let line = |step: &Step| {
            let Step { at, member, what, from, print, bytes } = *step;
            let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
            format!("{at:>8} ms  member {member:>2}: {what}{from} ({bytes} bytes, {print:016x})")
        };
        self.last.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// How often each thing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<&'static str, u64>);

impl Tally {
    /// Counts something once.
    pub fn count(&mut self, what: &'static str) {
        self.add(what, 1);
    }

    /// Counts something several times.
    pub fn add(&mut self, what: &'static str, times: u64) {
        *self.0.entry(what).or_default() += times;
    }

    /// Returns how often something happened.
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    /// Adds all that another counted.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(what, times)| self.add(what, *times));
    }
}
