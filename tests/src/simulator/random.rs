//! What a seed decides: every draw of a simulation.

use carnet_proto::id::sha256;
use rand_core::Rng as _;

use crate::SeededRng;

/// A stream of draws. Equal names of one seed give equal streams.
#[derive(Clone, Debug)]
pub struct Random(SeededRng);

impl Random {
    /// The stream of this name.
    pub fn new(seed: u64, name: &str) -> Self {
        let hash = sha256(format!("{seed} {name}").as_bytes());
        let first = hash.first_chunk().copied().unwrap_or_default();
        Self(SeededRng(u64::from_be_bytes(first)))
    }

    /// Draws any number.
    pub fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Draws a number below `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        if limit == 0 { 0 } else { self.any() % limit }
    }

    /// Draws an index below `limit`.
    pub fn index(&mut self, limit: usize) -> usize {
        self.below(limit as u64) as usize
    }

    /// Draws a number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// Returns whether something happens that happens so many times in a thousand.
    pub fn happens(&mut self, in_a_thousand: u64) -> bool {
        self.below(1000) < in_a_thousand
    }

    /// Draws one of several.
    pub fn one_of<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        among.get(self.index(among.len()))
    }
}
