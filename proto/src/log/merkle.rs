//! The Merkle tree of RFC 9162, section 2.1, with SHA-256.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::proof::{ConsistencyProof, InclusionProof};
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

/// A tree that keeps every node of its perfect subtrees: 64 bytes a leaf, and any root or proof at
/// any earlier size in logarithmic time.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Level 0 holds the leaves, level k the roots of perfect subtrees of 2^k leaves.
    levels: Vec<Vec<Hash>>,
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
        TreeSize(self.levels.first().map_or(0, Vec::len) as u64)
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: LeafHash) {
        let mut hash = *leaf.as_bytes();
        let mut level = 0;
        loop {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else { return };
            nodes.push(hash);
            match nodes.as_slice() {
                [.., left, right] if nodes.len() % 2 == 0 => hash = node_hash(left, right),
                _ => return,
            }
            level += 1;
        }
    }

    /// Forgets the leaves from `size` on.
    pub fn truncate(&mut self, size: TreeSize) {
        for (level, nodes) in self.levels.iter_mut().enumerate() {
            nodes.truncate(usize::try_from(size.0 >> level).unwrap_or(usize::MAX));
        }
    }

    /// Returns a leaf.
    pub fn leaf(&self, index: LeafIndex) -> Option<LeafHash> {
        let leaves = self.levels.first()?;
        leaves.get(usize::try_from(index.0).ok()?).copied().map(LeafHash::new)
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
            let nodes = self.levels.get(usize::try_from(level).ok()?)?;
            return nodes.get(usize::try_from(begin >> level).ok()?).copied();
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
