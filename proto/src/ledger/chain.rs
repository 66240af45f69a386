//! The key sets of a log, each committed to by the one before it.
//!
//! A chain proves itself: from the identifier to the first entry, from a set to the commitment that it
//! carries, from there to the set that a rotation reveals. It does not tell at which leaves they stand.

use alloc::vec::Vec;

use crate::id::{Commitment, Did, LeafIndex};
use crate::key::{PublicKeySet, Purpose};
use crate::statement::identity::Rotation;
use crate::statement::standing::{KeyPeriod, MAX_KEY_SETS};
use crate::statement::{Body, Statement};

/// The statements that reveal the key sets of a log, oldest first: its inception and rotations.
#[derive(Clone, Debug)]
pub struct KeyChain {
    inception: Statement,
    rotations: Vec<Statement>,
    sets: Vec<(PublicKeySet, Commitment)>,
}

/// Why statements are not the key chain of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The first is not an inception that is signed by its own key.
    #[error("the first entry does not begin a log")]
    NotAnInception,
    /// One is no rotation of this log.
    #[error("not a rotation of this log")]
    NotARotation,
    /// A rotation reveals other keys than the set before has committed to.
    #[error("a rotation reveals other keys than the set before has committed to")]
    NotCommitted,
    /// A rotation reveals a key that an earlier set had.
    #[error("a rotation reveals a key that an earlier set had")]
    KeyUsedBefore,
    /// A rotation is not signed by the key that it reveals.
    #[error("a rotation is not signed by the key that it reveals")]
    Unsigned,
    /// More than [`MAX_KEY_SETS`] sets.
    #[error("a log has at most {MAX_KEY_SETS} key sets")]
    TooMany,
}

impl KeyChain {
    /// Begins a chain with the entry at leaf 0.
    ///
    /// # Errors
    /// [`ChainError::NotAnInception`].
    pub fn new(inception: &[u8]) -> Result<Self, ChainError> {
        let inception = Statement::parse(inception).map_err(|_| ChainError::NotAnInception)?;
        let Body::Inception(body) = inception.body() else {
            return Err(ChainError::NotAnInception);
        };
        if !inception.is_signed_by(&body.keys.statement) {
            return Err(ChainError::NotAnInception);
        }
        let sets = Vec::from([(body.keys, body.next)]);
        Ok(Self { inception, rotations: Vec::new(), sets })
    }

    /// Reads a whole chain.
    ///
    /// # Errors
    /// [`ChainError`] at the first entry that does not fit.
    pub fn read<E: AsRef<[u8]>>(
        inception: &[u8],
        rotations: impl IntoIterator<Item = E>,
    ) -> Result<Self, ChainError> {
        let mut chain = Self::new(inception)?;
        for rotation in rotations {
            let rotation =
                Statement::parse(rotation.as_ref()).map_err(|_| ChainError::NotARotation)?;
            chain.push(rotation)?;
        }
        Ok(chain)
    }

    /// Adds the next rotation.
    ///
    /// # Errors
    /// [`ChainError`]; the chain is unchanged then.
    pub fn push(&mut self, statement: Statement) -> Result<(), ChainError> {
        if *statement.issuer() != *self.origin() {
            return Err(ChainError::NotARotation);
        }
        let Body::Rotation(rotation) = statement.body() else {
            return Err(ChainError::NotARotation);
        };
        if self.sets.len() >= MAX_KEY_SETS {
            return Err(ChainError::TooMany);
        }
        let (keys, next) = (rotation.keys, rotation.next);
        if self.sets.last().is_none_or(|(_, committed)| keys.commitment() != *committed) {
            return Err(ChainError::NotCommitted);
        }
        let is_used = |(set, _): &(PublicKeySet, _)| {
            Purpose::ALL.iter().any(|purpose| set.key(*purpose) == keys.key(*purpose))
        };
        if self.sets.iter().any(is_used) {
            return Err(ChainError::KeyUsedBefore);
        }
        if !statement.is_signed_by(&keys.statement) {
            return Err(ChainError::Unsigned);
        }
        self.rotations.push(statement);
        self.sets.push((keys, next));
        Ok(())
    }

    /// Returns the institution.
    pub fn origin(&self) -> &Did {
        self.inception.issuer()
    }

    /// Returns the statement at leaf 0.
    pub fn inception(&self) -> &Statement {
        &self.inception
    }

    /// Returns the rotations, oldest first.
    pub fn rotations(&self) -> &[Statement] {
        &self.rotations
    }

    /// Returns the rotation that replaced a set, counted from 0.
    pub fn replaced_by(&self, set: usize) -> Option<&Rotation> {
        match self.rotations.get(set)?.body() {
            Body::Rotation(rotation) => Some(rotation),
            _ => None,
        }
    }

    /// Returns every set with its commitment to the next, oldest first.
    pub fn sets(&self) -> &[(PublicKeySet, Commitment)] {
        &self.sets
    }

    /// Returns the sets with the leaves of the rotations, as the standing names them; `None` unless
    /// there is one leaf for each, they ascend, and none declares void what comes behind it.
    pub fn periods(&self, leaves: &[LeafIndex]) -> Option<Vec<KeyPeriod>> {
        if leaves.len() != self.rotations.len()
            || !leaves.is_sorted_by(|a, b| a < b)
            || leaves.first() == Some(&LeafIndex(0))
        {
            return None;
        }
        let mut rotations = (0..).zip(leaves).map(|(set, leaf)| (self.replaced_by(set), leaf));
        if rotations.any(|(r, leaf)| r.and_then(|r| r.repudiated_from).is_some_and(|k| k > *leaf)) {
            return None;
        }
        let from = core::iter::once(LeafIndex(0)).chain(leaves.iter().copied());
        let periods = self.sets.iter().zip(from).enumerate().map(|(set, ((keys, next), from))| {
            let replaced = self.replaced_by(set);
            KeyPeriod {
                from,
                until: leaves.get(set).copied(),
                keys: *keys,
                next: *next,
                repudiated_from: replaced.and_then(|rotation| rotation.repudiated_from),
                kept: replaced.and_then(Rotation::kept_root),
            }
        });
        Some(periods.collect())
    }

    /// Returns whether another chain begins as this one.
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        self.inception == other.inception && other.rotations.starts_with(&self.rotations)
    }
}
