//! How an institution's log begins, how its keys are replaced, and how it ends.

use alloc::vec::Vec;

use crate::cbor::record;
use crate::id::{Commitment, Did, Digest, LeafIndex, RootHash};
use crate::key::PublicKeySet;
use crate::log::merkle::{Tree, leaf_hash};
use crate::statement::standing::Closing;
use crate::time::UnixSeconds;

/// Most statements that a rotation keeps; more have to be stated anew.
pub const MAX_KEPT: usize = 1024;

/// `iss` and `sub` of an inception statement, which cannot name its own hash.
pub const INCEPTION: &str = "urn:carnet:inception";

record! {
    /// Leaf 0 of a log: the first key set, and a commitment to the next, whose seed its owner keeps
    /// on paper. Signed by the statement key that it lists.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Inception {
        /// The first key set.
        keys [1]: PublicKeySet,
        /// What the first rotation has to reveal.
        next [2]: Commitment,
    }
}

record! {
    /// Replaces the key set by the one that the set before has committed to. Signed by the statement
    /// key that it reveals, so that a thief of the set before cannot make one.
    ///
    /// After a theft it says from which leaf on the set before was in a thief's hands. Statements from
    /// there up to the rotation are void, but those kept; rotations stay.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Rotation {
        /// The set revealed.
        keys [1]: PublicKeySet,
        /// What the next rotation has to reveal.
        next [2]: Commitment,
        /// The first leaf that is void.
        repudiated_from [3]: Option<LeafIndex>,
        /// Statements from there on that count all the same, in the order of their digests.
        kept [4; ..MAX_KEPT]: Vec<Digest>,
    }
    check |rotation| rotation.check()
}

impl Rotation {
    fn check(&self) -> Result<(), &'static str> {
        if self.repudiated_from == Some(LeafIndex(0)) {
            return Err("the beginning of a log cannot be void");
        }
        if self.repudiated_from.is_none() && !self.kept.is_empty() {
            return Err("nothing is kept where nothing is void");
        }
        if !self.kept.is_sorted_by(|a, b| a < b) {
            return Err("statements kept stand in the order of their digests, each once");
        }
        if self.next == self.keys.commitment() {
            return Err("the next key set is another one");
        }
        Ok(())
    }

    /// Returns the root over the digests kept: the tree of RFC 9162 over them, in their order. `None` if
    /// nothing was declared void.
    pub fn kept_root(&self) -> Option<RootHash> {
        self.repudiated_from?;
        let leaves = self.kept.iter().map(|digest| leaf_hash(digest.as_bytes()));
        Some(Tree::from_leaves(leaves).head().root)
    }

    /// Returns whether a statement is kept.
    pub fn keeps(&self, digest: &Digest) -> bool {
        self.kept.binary_search(digest).is_ok()
    }
}

record! {
    /// Ends an institution, said by itself or by a body that accredits it.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Succession {
        /// The institution that ends.
        institution [1]: Did,
        /// When it closed, or will.
        closed [2]: UnixSeconds,
        /// The institution that continues its status lists.
        successor [3]: Option<Did>,
    }
    check |succession| if succession.successor == Some(succession.institution) {
        Err("nobody succeeds itself")
    } else {
        Ok(())
    }
}

impl Succession {
    /// Returns what a standing says of it, if it stands at a leaf.
    pub fn closing(&self, by: LeafIndex) -> Closing {
        Closing { closed: self.closed, successor: self.successor, by }
    }
}
