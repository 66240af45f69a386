//! The Merkle tree of RFC 9162, section 2.1, with SHA-256.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::proof::{ConsistencyProof, InclusionProof};
use super::sequence::Sequence;
use crate::cbor::record;
use crate::id::{LeafHash, LeafIndex, RootHash, TreeSize, sha256};

/// A node of the tree: 32 bytes.
pub type Hash = [u8; 32];

/// Hashes an entry into a leaf: `SHA-256(0x00 | entry)`.
pub fn leaf_hash(entry: &[u8]) -> LeafHash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    LeafHash::new(hasher.finalize().into())
}

/// Hashes two nodes into their parent: `SHA-256(0x01 | left | right)`.
pub(super) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    #[cfg(test)]
    counted::HASHES.with(|hashes| hashes.set(hashes.get() + 1));
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

record! {
    /// Size and root of a tree.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct TreeHead {
        /// Number of leaves.
        size [1]: TreeSize,
        /// Root over them.
        root [2]: RootHash,
    }
}

/// The lowest level above the leaves whose nodes are kept: those between are hashed when asked for.
const FIRST_KEPT: u32 = 4;

/// A tree that keeps its leaves and the roots of its perfect subtrees of 16 leaves and more: 36 bytes a
/// leaf, and any root or proof at any earlier size in logarithmic time. So is a change; a clone shares
/// all nodes with its original.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    leaves: Sequence<Hash>,
    /// The first holds the roots of subtrees of 2^[`FIRST_KEPT`] leaves, each next one of twice as many.
    levels: Vec<Sequence<Hash>>,
}

impl Tree {
    /// Makes an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a tree of these leaves.
    pub fn from_leaves(leaves: impl IntoIterator<Item = LeafHash>) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree
    }

    /// Returns the number of leaves.
    pub fn size(&self) -> TreeSize {
        TreeSize(self.leaves.len() as u64)
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: LeafHash) {
        self.leaves.push(*leaf.as_bytes());
        let size = self.size().0;
        for level in FIRST_KEPT..=size.trailing_zeros() {
            let Some(root) = self.perfect_of_two(level, (size >> level) - 1) else { return };
            let kept = (level - FIRST_KEPT) as usize;
            if self.levels.len() == kept {
                self.levels.push(Sequence::new());
            }
            if let Some(roots) = self.levels.get_mut(kept) {
                roots.push(root);
            }
        }
    }

    /// Replaces a leaf, also for every earlier size: the tree of a log never does that, the tree of
    /// what is in force does. Returns whether there is such a leaf.
    pub fn set(&mut self, index: LeafIndex, leaf: LeafHash) -> bool {
        let Ok(at) = usize::try_from(index.0) else { return false };
        if !self.leaves.set(at, *leaf.as_bytes()) {
            return false;
        }
        for (level, kept) in (FIRST_KEPT..).zip(0..self.levels.len()) {
            let Some(root) = self.perfect_of_two(level, index.0 >> level) else { break };
            if let Some(roots) = self.levels.get_mut(kept) {
                roots.set(at >> level, root);
            }
        }
        true
    }

    /// Forgets the leaves from `size` on.
    pub fn truncate(&mut self, size: TreeSize) {
        let kept = |level: u32| usize::try_from(size.0 >> level).unwrap_or(usize::MAX);
        self.leaves.truncate(kept(0));
        for (level, roots) in (FIRST_KEPT..).zip(&mut self.levels) {
            roots.truncate(kept(level));
        }
    }

    /// Returns a leaf.
    pub fn leaf(&self, index: LeafIndex) -> Option<LeafHash> {
        self.leaves.get(usize::try_from(index.0).ok()?).copied().map(LeafHash::new)
    }

    /// Returns the root over the 2^`level` leaves from `index` * 2^`level` on, if they are all there.
    pub fn perfect(&self, level: u32, index: u64) -> Option<Hash> {
        let roots = match level.checked_sub(FIRST_KEPT) {
            Some(kept) => self.levels.get(usize::try_from(kept).ok()?)?,
            None if level == 0 => &self.leaves,
            None => return self.perfect_of_two(level, index),
        };
        roots.get(usize::try_from(index).ok()?).copied()
    }

    /// Hashes the two subtrees below one of level 1 or above, if both are there.
    fn perfect_of_two(&self, level: u32, index: u64) -> Option<Hash> {
        let below = |side| self.perfect(level.checked_sub(1)?, index.checked_mul(2)? + side);
        Some(node_hash(&below(0)?, &below(1)?))
    }

    /// Returns the current size and root.
    pub fn head(&self) -> TreeHead {
        let size = self.size();
        TreeHead { size, root: self.root_at(size).unwrap_or_else(empty_root) }
    }

    /// Returns the root at an earlier size; `None` if the tree is smaller. The root of no leaves is
    /// `SHA-256("")`.
    pub fn root_at(&self, size: TreeSize) -> Option<RootHash> {
        if size.0 == 0 {
            return Some(empty_root());
        }
        if size > self.size() {
            return None;
        }
        self.subtree(0, size.0).map(RootHash::new)
    }

    /// Proves that a leaf is in the tree of this size (RFC 9162, section 2.1.3.1).
    pub fn inclusion_proof(&self, index: LeafIndex, size: TreeSize) -> Option<InclusionProof> {
        if size > self.size() || !index.is_in(size) {
            return None;
        }
        let mut hashes = Vec::new();
        let (mut begin, mut end) = (0, size.0);
        while end - begin > 1 {
            let middle = begin + split(end - begin);
            if index.0 < middle {
                hashes.push(self.subtree(middle, end)?);
                end = middle;
            } else {
                hashes.push(self.subtree(begin, middle)?);
                begin = middle;
            }
        }
        hashes.reverse();
        InclusionProof::new(hashes).ok()
    }

    /// Proves that the tree of size `old` is a prefix of the tree of size `new` (RFC 9162, section
    /// 2.1.4.1). There is none for `old` = 0.
    pub fn consistency_proof(&self, old: TreeSize, new: TreeSize) -> Option<ConsistencyProof> {
        if new > self.size() || old > new || old.0 == 0 {
            return None;
        }
        let mut hashes = Vec::new();
        let (mut begin, mut end) = (0, new.0);
        let mut complete = true;
        while old.0 != end {
            let middle = begin + split(end - begin);
            if old.0 <= middle {
                hashes.push(self.subtree(middle, end)?);
                end = middle;
            } else {
                hashes.push(self.subtree(begin, middle)?);
                begin = middle;
                complete = false;
            }
        }
        if !complete {
            hashes.push(self.subtree(begin, end)?);
        }
        hashes.reverse();
        ConsistencyProof::new(hashes).ok()
    }

    /// Returns the root over leaves `begin..end`, where `begin` is a multiple of a power of two that
    /// is at least as large as the range.
    fn subtree(&self, begin: u64, end: u64) -> Option<Hash> {
        let length = end - begin;
        if length.is_power_of_two() {
            let level = length.trailing_zeros();
            return self.perfect(level, begin >> level);
        }
        let middle = begin + split(length);
        Some(node_hash(&self.subtree(begin, middle)?, &self.subtree(middle, end)?))
    }
}

/// Returns the root over no leaves.
pub fn empty_root() -> RootHash {
    RootHash::new(sha256(b""))
}

/// Returns the largest power of two below `length`, which is at least 2.
fn split(length: u64) -> u64 {
    1 << (u64::BITS - 1 - (length - 1).leading_zeros())
}

#[cfg(test)]
pub(crate) mod counted {
    extern crate std;

    use core::cell::Cell;

    std::thread_local! {
        /// Nodes hashed by this test.
        pub(crate) static HASHES: Cell<u32> = const { Cell::new(0) };
    }
}

#[cfg(test)]
mod tests {
    use super::counted::HASHES;
    use super::*;
    use crate::test_support::SeededRng;

    fn leaf(n: usize) -> LeafHash {
        leaf_hash(&n.to_be_bytes())
    }

    #[test]
    fn a_changed_tree_is_the_tree_built_anew_at_every_size() {
        let mut rng = SeededRng(1);
        let mut tree = Tree::new();
        let mut leaves = Vec::new();
        for step in 0..600 {
            match rng.below(8) {
                0 => {
                    let size = rng.below(leaves.len() + 1);
                    tree.truncate(TreeSize(size as u64));
                    leaves.truncate(size);
                }
                1..4 => {
                    let index = rng.below(leaves.len() + 1);
                    let is_there = tree.set(LeafIndex(index as u64), leaf(step));
                    assert_eq!(is_there, index < leaves.len());
                    if let Some(known) = leaves.get_mut(index) {
                        *known = leaf(step);
                    }
                }
                _ => {
                    tree.push(leaf(step));
                    leaves.push(leaf(step));
                }
            }
            let size = TreeSize(rng.below(leaves.len() + 1) as u64);
            let anew = Tree::from_leaves(leaves.iter().copied());
            assert_eq!(tree.head(), anew.head());
            assert_eq!(tree.root_at(size), anew.root_at(size));
            if size.0 > 0 {
                let index = LeafIndex(size.0 / 2);
                assert_eq!(tree.inclusion_proof(index, size), anew.inclusion_proof(index, size));
                let proof = tree.consistency_proof(size, tree.size());
                assert_eq!(proof, anew.consistency_proof(size, anew.size()));
            }
        }
    }

    #[test]
    fn a_change_hashes_sixteen_leaves_and_one_node_a_level_and_leaves_copies_alone() {
        let mut tree = Tree::from_leaves((0..100_000).map(leaf));
        let before = tree.clone();
        let head = before.head();
        let count = |work: &mut dyn FnMut()| {
            HASHES.set(0);
            work();
            HASHES.get()
        };
        assert!(count(&mut || assert!(tree.set(LeafIndex(77_777), leaf(1)))) <= 15 + 13);
        assert!(count(&mut || tree.push(leaf(2))) <= 15 + 13);
        assert!(count(&mut || assert_ne!(tree.head(), head)) <= 15 + 13);
        // Of 112,500 hashes in chunks of 16, what lies above two leaves is copied.
        let copied = |(now, then): (&Sequence<Hash>, &Sequence<Hash>)| now.nodes_unlike(then);
        let levels: usize = tree.levels.iter().zip(&before.levels).map(copied).sum();
        let copied = copied((&tree.leaves, &before.leaves)) + levels;
        assert!(copied <= 14 * 2 * 5, "{copied}");
        assert_eq!(before.head(), head);
    }
}
