//! Anchors: proof that a credential existed when its batch was logged, without logging anything of it.
//!
//! A leaf of the batch is `SHA-256(0x00 | blinding | SHA-256(credential))`, where the credential is
//! the SD-CWT with an empty unprotected header. Leaves are shuffled and padded with random ones to a
//! power of two, so that the log shows neither which credentials nor how many.

use alloc::vec::Vec;

use rand_core::CryptoRng;
use sha2::{Digest as _, Sha256};

use crate::cbor::record;
use crate::id::{Digest, LeafHash, LeafIndex, RootHash, TreeSize};
use crate::log::merkle::Tree;
use crate::log::proof::InclusionProof;

/// Fewest leaves of a batch, random ones included.
pub const MIN_BATCH: usize = 32;
/// Most leaves of a batch.
pub const MAX_BATCH: usize = 65_536;

record! {
    /// What shows that a credential is in a batch. It travels in every presentation.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Anchor {
        /// Digest of the issuance statement.
        issuance [1]: Digest,
        /// The blinding of the leaf.
        blinding [2]: [u8; 32],
        /// The position of the leaf.
        index [3]: LeafIndex,
        /// The hashes on its way up: as many as the batch has levels.
        path [4]: InclusionProof,
    }
    check |anchor| {
        let levels = anchor.path.hashes().len();
        if (MIN_BATCH.trailing_zeros()..=MAX_BATCH.trailing_zeros()).contains(&(levels as u32)) {
            Ok(())
        } else {
            Err("a batch has 32 to 65,536 leaves")
        }
    }
}

impl Anchor {
    /// Returns the root of the batch that the anchor implies for a credential; `None` if the
    /// position is outside the batch.
    pub fn root(&self, credential: &Digest) -> Option<RootHash> {
        let size = TreeSize(1 << self.path.hashes().len());
        self.path.root(self.index, size, blinded_leaf(&self.blinding, credential)).ok()
    }
}

fn blinded_leaf(blinding: &[u8; 32], credential: &Digest) -> LeafHash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(blinding);
    hasher.update(credential.as_bytes());
    LeafHash::new(hasher.finalize().into())
}

/// A batch of credentials that is about to be logged.
#[derive(Clone, Debug)]
pub struct Batch {
    tree: Tree,
    /// For each credential, in the order given, its blinding and position.
    places: Vec<([u8; 32], LeafIndex)>,
}

/// More credentials than a batch has leaves, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a batch holds 1 to {MAX_BATCH} credentials, not {0}")]
pub struct BatchSizeError(pub usize);

impl Batch {
    /// Blinds, pads and shuffles the digests of credentials.
    ///
    /// # Errors
    /// [`BatchSizeError`].
    pub fn new(credentials: &[Digest], rng: &mut impl CryptoRng) -> Result<Self, BatchSizeError> {
        let count = credentials.len();
        if count == 0 || count > MAX_BATCH {
            return Err(BatchSizeError(count));
        }
        let size = count.next_power_of_two().max(MIN_BATCH);
        let mut order: Vec<usize> = (0..size).collect();
        for i in (1..size).rev() {
            order.swap(i, below(rng, i as u64 + 1) as usize);
        }
        let mut places = Vec::from_iter(core::iter::repeat_n(([0; 32], LeafIndex(0)), count));
        let mut tree = Tree::new();
        for (position, which) in order.into_iter().enumerate() {
            let mut random = [0; 32];
            rng.fill_bytes(&mut random);
            match (credentials.get(which), places.get_mut(which)) {
                (Some(credential), Some(place)) => {
                    *place = (random, LeafIndex(position as u64));
                    tree.push(blinded_leaf(&random, credential));
                }
                _ => tree.push(LeafHash::new(random)),
            }
        }
        Ok(Self { tree, places })
    }

    /// Returns the root, to be logged in an issuance statement.
    pub fn root(&self) -> RootHash {
        self.tree.head().root
    }

    /// Returns the anchors of the credentials, in the order given.
    pub fn anchors(&self, issuance: Digest) -> impl Iterator<Item = Anchor> {
        let size = self.tree.size();
        self.places.iter().map(move |(blinding, index)| Anchor {
            issuance,
            blinding: *blinding,
            index: *index,
            path: self.tree.inclusion_proof(*index, size).unwrap_or_default(),
        })
    }
}

/// Draws a number below `bound`, each with the same chance.
pub fn below(rng: &mut impl CryptoRng, bound: u64) -> u64 {
    if bound <= 1 {
        return 0;
    }
    // Draws from the incomplete last stretch would favour small numbers.
    let limit = u64::MAX - u64::MAX % bound;
    loop {
        let n = rng.next_u64();
        if n < limit {
            return n % bound;
        }
    }
}
