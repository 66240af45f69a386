//! The issuances of a log, by their digests.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::iter;

use super::DigestMap;
use crate::id::{Digest, LeafIndex};
use crate::statement::Statement;

/// Statements with their leaves.
type Stated = DigestMap<Digest, (LeafIndex, Statement)>;

/// Issuances by their digests: most of what a log has.
#[derive(Clone, Debug)]
pub enum Issuances {
    /// With what they say, as verification needs them: some 700 bytes each.
    Stated(Stated),
    /// Only where they may stand, for a node that has the entries on its disk: 16 bytes each.
    Places(Places),
}

impl Issuances {
    /// Returns an issuance and its leaf. Where only places are kept, none is.
    pub fn get(&self, digest: &Digest) -> Option<&(LeafIndex, Statement)> {
        self.stated().and_then(|stated| stated.get(digest))
    }

    /// Returns all of them with what they say; `None` where only places are kept.
    pub fn stated(&self) -> Option<&Stated> {
        match self {
            Self::Stated(stated) => Some(stated),
            Self::Places(_) => None,
        }
    }

    /// Returns the leaves at which an issuance may stand, in order: the first that does is its leaf.
    pub fn places(&self, digest: &Digest) -> Vec<LeafIndex> {
        match self {
            Self::Stated(stated) => stated.get(digest).map(|(leaf, _)| *leaf).into_iter().collect(),
            Self::Places(places) => places.get(digest),
        }
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Stated(stated) => stated.len(),
            Self::Places(places) => places.len(),
        }
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds an issuance; of one that the log holds twice the first counts.
    pub(crate) fn add_first(&mut self, digest: Digest, leaf: LeafIndex, statement: Statement) {
        match self {
            Self::Stated(stated) => {
                if stated.get(&digest).is_none_or(|(known, _)| leaf < *known) {
                    stated.insert(digest, (leaf, statement));
                }
            }
            Self::Places(places) => places.add(&digest, leaf),
        }
    }
}

impl Default for Issuances {
    fn default() -> Self {
        Self::Stated(Stated::new())
    }
}

/// Leaves by the first 8 bytes of a digest, in runs that are sorted and at most half as long as the one
/// before, so that a copy shares all but the last few. Two digests may share a beginning: whoever looks
/// one up reads the entry.
#[derive(Clone, Debug, Default)]
pub struct Places {
    runs: Vec<Arc<Vec<Place>>>,
}

/// Beginning of a digest, and a leaf.
type Place = (u64, LeafIndex);

impl Places {
    fn add(&mut self, digest: &Digest, leaf: LeafIndex) {
        let mut run = Vec::from([(beginning(digest), leaf)]);
        while let Some(last) = self.runs.pop_if(|last| last.len() <= run.len()) {
            run = merged(&last, &run);
        }
        self.runs.push(Arc::new(run));
    }

    fn get(&self, digest: &Digest) -> Vec<LeafIndex> {
        let wanted = beginning(digest);
        let mut found: Vec<_> = self.runs.iter().flat_map(|run| of(run, wanted)).collect();
        found.sort_unstable();
        found
    }

    fn len(&self) -> usize {
        self.runs.iter().map(|run| run.len()).sum()
    }
}

fn beginning(digest: &Digest) -> u64 {
    digest.as_bytes().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

fn of(run: &[Place], wanted: u64) -> impl Iterator<Item = LeafIndex> + '_ {
    let from = run.partition_point(|(beginning, _)| *beginning < wanted);
    let rest = run.get(from..).unwrap_or_default();
    rest.iter().take_while(move |(beginning, _)| *beginning == wanted).map(|(_, leaf)| *leaf)
}

fn merged(one: &[Place], other: &[Place]) -> Vec<Place> {
    let mut all = Vec::with_capacity(one.len() + other.len());
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let next = iter::from_fn(|| match (one.peek(), other.peek()) {
        (Some(a), Some(b)) if a <= b => one.next(),
        (Some(_), None) => one.next(),
        _ => other.next(),
    });
    all.extend(next.copied());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u64, end: u8) -> Digest {
        let mut bytes = *Digest::of(&number.to_be_bytes()).as_bytes();
        bytes[31] = end;
        Digest::new(bytes)
    }

    #[test]
    fn every_place_is_found_and_copies_keep_what_they_had() {
        let mut places = Places::default();
        let mut earlier = Places::default();
        for number in 0..3_000 {
            if number == 1_000 {
                earlier = places.clone();
            }
            places.add(&digest(number, 0), LeafIndex(number));
        }
        assert_eq!((places.len(), earlier.len()), (3_000, 1_000));
        assert!(places.runs.len() < 13, "{} runs", places.runs.len());
        for number in 0..3_000 {
            assert_eq!(places.get(&digest(number, 0)), [LeafIndex(number)]);
            let before = if number < 1_000 { Some(LeafIndex(number)) } else { None };
            assert_eq!(earlier.get(&digest(number, 0)), before.into_iter().collect::<Vec<_>>());
        }
        assert!(places.get(&digest(3_000, 0)).is_empty());
    }

    #[test]
    fn digests_that_begin_alike_are_all_named_the_first_leaf_first() {
        let mut places = Places::default();
        for leaf in [7, 3, 9] {
            places.add(&digest(1, leaf as u8), LeafIndex(leaf));
        }
        assert_eq!(places.get(&digest(1, 0)), [LeafIndex(3), LeafIndex(7), LeafIndex(9)]);
    }
}
