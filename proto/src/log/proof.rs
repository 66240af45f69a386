//! Inclusion and consistency proofs, and how they are checked.

use alloc::vec::Vec;

use super::merkle::{Hash, TreeHead, node_hash};
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder};
use crate::id::{LeafHash, LeafIndex, RootHash, TreeSize};

/// Most hashes of a proof: one for each level of the largest tree.
pub const MAX_PROOF_HASHES: usize = 63;

/// Why a proof does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// More hashes than any tree has levels.
    #[error("a proof has at most {MAX_PROOF_HASHES} hashes")]
    TooLong,
    /// The sizes call for more or fewer hashes.
    #[error("the proof has the wrong number of hashes for these sizes")]
    WrongLength,
    /// The leaf is not inside the tree.
    #[error("the leaf index is not below the tree size")]
    IndexOutOfRange,
    /// The older tree is empty, or larger than the newer.
    #[error("no proof exists between these sizes")]
    WrongSizes,
    /// The hashes do not lead to the root.
    #[error("the proof leads to another root")]
    WrongRoot,
}

/// Defines a list of hashes, encoded as one byte string of 32 bytes each.
macro_rules! proof {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name { hashes: Vec<Hash> }

        impl $name {
            /// Makes a proof of these hashes, in the order of RFC 9162.
            ///
            /// # Errors
            /// [`ProofError::TooLong`] above [`MAX_PROOF_HASHES`].
            pub fn new(hashes: Vec<Hash>) -> Result<Self, ProofError> {
                if hashes.len() > MAX_PROOF_HASHES {
                    return Err(ProofError::TooLong);
                }
                Ok(Self { hashes })
            }

            /// Returns the hashes.
            pub fn hashes(&self) -> &[Hash] {
                &self.hashes
            }
        }

        impl Encode for $name {
            fn encode(&self, e: &mut Encoder) {
                e.bytes(&self.hashes.concat());
            }
        }

        impl<'b> Decode<'b> for $name {
            fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
                let start = d.position();
                let (hashes, rest) = d.bytes()?.as_chunks::<32>();
                if !rest.is_empty() || hashes.len() > MAX_PROOF_HASHES {
                    let what = "a proof is at most 63 hashes of 32 bytes";
                    return Err(CborError::new(CborErrorKind::Invalid(what), start));
                }
                Ok(Self { hashes: hashes.to_vec() })
            }
        }
    };
}

proof!(
    /// Shows that a leaf is in a tree: the siblings on its way up, lowest first.
    InclusionProof
);
proof!(
    /// Shows that one tree is a prefix of another.
    ConsistencyProof
);

impl InclusionProof {
    /// Returns the root that the proof implies for a leaf (RFC 9162, section 2.1.3.2).
    ///
    /// # Errors
    /// [`ProofError::IndexOutOfRange`]; [`ProofError::WrongLength`].
    pub fn root(
        &self,
        index: LeafIndex,
        size: TreeSize,
        leaf: LeafHash,
    ) -> Result<RootHash, ProofError> {
        if !index.is_in(size) {
            return Err(ProofError::IndexOutOfRange);
        }
        let (mut fn_, mut sn) = (index.0, size.0 - 1);
        let mut r = *leaf.as_bytes();
        for p in &self.hashes {
            if sn == 0 {
                return Err(ProofError::WrongLength);
            }
            if fn_ & 1 == 1 || fn_ == sn {
                r = node_hash(p, &r);
                while fn_ & 1 == 0 && fn_ != 0 {
                    fn_ >>= 1;
                    sn >>= 1;
                }
            } else {
                r = node_hash(&r, p);
            }
            fn_ >>= 1;
            sn >>= 1;
        }
        if sn != 0 {
            return Err(ProofError::WrongLength);
        }
        Ok(RootHash::new(r))
    }

    /// Checks that a leaf is in a tree.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(
        &self,
        index: LeafIndex,
        leaf: LeafHash,
        head: &TreeHead,
    ) -> Result<(), ProofError> {
        if self.root(index, head.size, leaf)? == head.root {
            Ok(())
        } else {
            Err(ProofError::WrongRoot)
        }
    }
}

impl ConsistencyProof {
    /// Checks that the older tree is a prefix of the newer (RFC 9162, section 2.1.4.2).
    ///
    /// An empty older tree has no proof. Equal sizes need an empty proof and equal roots.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn verify(&self, old: &TreeHead, new: &TreeHead) -> Result<(), ProofError> {
        if self.root(old, new.size)? == new.root { Ok(()) } else { Err(ProofError::WrongRoot) }
    }

    /// Returns the root of the newer tree that the proof implies, having checked that it leads to
    /// the older one too.
    ///
    /// # Errors
    /// [`ProofError`].
    pub fn root(&self, old: &TreeHead, new: TreeSize) -> Result<RootHash, ProofError> {
        if old.size.0 == 0 || old.size > new {
            return Err(ProofError::WrongSizes);
        }
        if old.size == new {
            return if self.hashes.is_empty() {
                Ok(old.root)
            } else {
                Err(ProofError::WrongLength)
            };
        }
        // 1. and 2.: for a perfect older tree, its root is the first hash.
        let mut hashes = self.hashes.iter();
        let first = if old.size.0.is_power_of_two() {
            *old.root.as_bytes()
        } else {
            *hashes.next().ok_or(ProofError::WrongLength)?
        };
        if self.hashes.is_empty() {
            return Err(ProofError::WrongLength);
        }
        // 3. and 4.
        let (mut fn_, mut sn) = (old.size.0 - 1, new.0 - 1);
        while fn_ & 1 == 1 {
            fn_ >>= 1;
            sn >>= 1;
        }
        // 5. and 6.
        let (mut fr, mut sr) = (first, first);
        for c in hashes {
            if sn == 0 {
                return Err(ProofError::WrongLength);
            }
            if fn_ & 1 == 1 || fn_ == sn {
                fr = node_hash(c, &fr);
                sr = node_hash(c, &sr);
                while fn_ & 1 == 0 && fn_ != 0 {
                    fn_ >>= 1;
                    sn >>= 1;
                }
            } else {
                sr = node_hash(&sr, c);
            }
            fn_ >>= 1;
            sn >>= 1;
        }
        // 7.
        if sn != 0 {
            return Err(ProofError::WrongLength);
        }
        if fr == *old.root.as_bytes() { Ok(RootHash::new(sr)) } else { Err(ProofError::WrongRoot) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::merkle::{Tree, leaf_hash};
    use super::*;

    fn tree(size: u64) -> Tree {
        Tree::from_leaves((0..size).map(|n| leaf_hash(&n.to_be_bytes())))
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proven_and_no_other() {
        let all = tree(40);
        for size in 1..=40 {
            let head =
                TreeHead { size: TreeSize(size), root: all.root_at(TreeSize(size)).unwrap() };
            for index in 0..size {
                let proof = all.inclusion_proof(LeafIndex(index), head.size).unwrap();
                let leaf = all.leaf(LeafIndex(index)).unwrap();
                assert_eq!(proof.verify(LeafIndex(index), leaf, &head), Ok(()));
                for wrong in (0..size).filter(|wrong| *wrong != index) {
                    assert!(proof.verify(LeafIndex(wrong), leaf, &head).is_err());
                }
            }
        }
    }

    #[test]
    fn every_prefix_is_consistent_and_no_other_root_is() {
        let all = tree(40);
        let head = |n| TreeHead { size: TreeSize(n), root: all.root_at(TreeSize(n)).unwrap() };
        for new in 1..=40 {
            for old in 1..=new {
                let proof = all.consistency_proof(TreeSize(old), TreeSize(new)).unwrap();
                assert_eq!(proof.verify(&head(old), &head(new)), Ok(()), "{old} {new}");
                let mut other = head(old);
                other.root = RootHash::new([9; 32]);
                assert!(proof.verify(&other, &head(new)).is_err());
            }
        }
        assert!(all.consistency_proof(TreeSize(0), TreeSize(4)).is_none());
    }

    #[test]
    fn appending_gives_the_same_root_as_building_anew() {
        let all = tree(40);
        for size in 0..=40 {
            assert_eq!(all.root_at(TreeSize(size)).unwrap(), tree(size).head().root);
        }
        assert!(all.root_at(TreeSize(41)).is_none());
    }
}
