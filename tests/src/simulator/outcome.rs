//! How simulations ended.

use std::collections::BTreeMap;
use std::fmt;

use super::byzantine::Behaviour;
use super::checker::Violation;
use super::trace::Tally;

/// A rule was broken.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed that shows it.
    pub seed: u64,
    /// When, in milliseconds.
    pub at: u64,
    /// Which rule.
    pub violation: Violation,
    /// What happened before.
    pub last_steps: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, {} ms: {}", self.seed, self.at, self.violation)?;
        writeln!(f, "the last steps:\n{}", self.last_steps)?;
        write!(
            f,
            "again: CARNET_SEED={} cargo test -p carnet-tests --test simulation seeds -- --nocapture",
            self.seed
        )
    }
}

/// What one simulation, or several, came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// How many simulations.
    pub seeds: u64,
    /// Things that happened to members.
    pub steps: u64,
    /// Messages sent.
    pub messages: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Milliseconds from the last fault until all held the same; of several, the most.
    pub converged_after: u64,
    /// Forks of which an honest node holds proof.
    pub forks_proven: u64,
    /// The most requests of an honest node to one peer within a minute.
    pub most_asked: u64,
    /// The most things that a state machine held.
    pub most_held: u64,
    /// The hash of all steps.
    pub trace: u64,
    /// How many members behaved in which way.
    pub behaviours: BTreeMap<Behaviour, u64>,
    /// How often what happened.
    pub tally: Tally,
}

impl Outcome {
    /// Adds what another came to.
    pub fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.messages += other.messages;
        self.bytes += other.bytes;
        self.converged_after = self.converged_after.max(other.converged_after);
        self.forks_proven += other.forks_proven;
        self.most_asked = self.most_asked.max(other.most_asked);
        self.most_held = self.most_held.max(other.most_held);
        self.trace ^= other.trace;
        for (behaviour, count) in &other.behaviours {
            *self.behaviours.entry(*behaviour).or_default() += count;
        }
        self.tally.merge(&other.tally);
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = [
            ("simulations", self.seeds),
            ("steps", self.steps),
            ("messages", self.messages),
            ("bytes", self.bytes),
            ("longest until all held the same, ms", self.converged_after),
            ("forks proven", self.forks_proven),
            ("most requests to a peer in a minute", self.most_asked),
            ("most things held by a state machine", self.most_held),
        ];
        for (what, count) in rows {
            writeln!(f, "{count:>12}  {what}")?;
        }
        for (behaviour, count) in &self.behaviours {
            writeln!(f, "{count:>12}  members: {behaviour:?}")?;
        }
        for (what, count) in &self.tally.0 {
            writeln!(f, "{count:>12}  {what}")?;
        }
        Ok(())
    }
}
