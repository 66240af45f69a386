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

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;
    use crate::cbor::{Decode as _, Encode as _};
    use crate::log::merkle::Hash;
    use crate::test_support::SeededRng;

    fn credentials(count: usize) -> Vec<Digest> {
        (0..count as u64).map(|n| Digest::of(&n.to_be_bytes())).collect()
    }

    fn batch(count: usize) -> (Vec<Digest>, RootHash, Vec<Anchor>) {
        let credentials = credentials(count);
        let batch = Batch::new(&credentials, &mut SeededRng(count as u64)).unwrap();
        let anchors = batch.anchors(Digest::of(b"issuance")).collect();
        (credentials, batch.root(), anchors)
    }

    #[test]
    fn each_credential_is_proven_to_be_in_its_batch() {
        for count in [1, 25, 64, 65] {
            let (credentials, root, anchors) = batch(count);
            assert_eq!(anchors.len(), count);
            for (credential, anchor) in credentials.iter().zip(&anchors) {
                assert_eq!(anchor.issuance, Digest::of(b"issuance"));
                let received = Anchor::from_cbor(&anchor.to_cbor()).unwrap();
                assert_eq!(received.root(credential), Some(root));
            }
            let places: BTreeSet<_> = anchors.iter().map(|anchor| anchor.index).collect();
            assert_eq!(places.len(), count);
        }
    }

    #[test]
    fn an_anchor_proves_no_other_credential_blinding_or_place() {
        let (credentials, root, anchors) = batch(25);
        let anchor = &anchors[7];
        for (_, other) in credentials.iter().enumerate().filter(|(i, _)| *i != 7) {
            assert_ne!(anchor.root(other), Some(root));
        }
        assert_ne!(anchor.root(&Digest::of(b"never in it")), Some(root));
        let own = &credentials[7];
        for at in 0..32 {
            let mut other = anchor.clone();
            other.blinding[at] ^= 1;
            assert_ne!(other.root(own), Some(root));
        }
        for index in (0..32).map(LeafIndex).filter(|index| *index != anchor.index) {
            assert_ne!(Anchor { index, ..anchor.clone() }.root(own), Some(root));
        }
        for beyond in [32, 33, u64::MAX] {
            assert_eq!(Anchor { index: LeafIndex(beyond), ..anchor.clone() }.root(own), None);
        }
        for at in 0..5 {
            let mut hashes = anchor.path.hashes().to_vec();
            hashes[at][0] ^= 1;
            let path = InclusionProof::new(hashes).unwrap();
            assert_ne!(Anchor { path, ..anchor.clone() }.root(own), Some(root));
        }
    }

    #[test]
    fn a_batch_does_not_show_how_many_credentials_it_holds() {
        for (count, levels) in [(1, 5), (2, 5), (32, 5), (33, 6), (64, 6), (65, 7)] {
            let (_, _, anchors) = batch(count);
            assert!(anchors.iter().all(|anchor| anchor.path.hashes().len() == levels), "{count}");
        }
    }

    #[test]
    fn the_places_of_a_batch_do_not_follow_the_order_of_its_credentials() {
        // One credential among 32 leaves: over 200 batches it stands nearly everywhere.
        let places = (0..200).map(|seed| {
            let batch = Batch::new(&credentials(1), &mut SeededRng(seed)).unwrap();
            batch.anchors(Digest::of(b"")).next().unwrap().index
        });
        assert!(places.collect::<BTreeSet<_>>().len() > 25);
    }

    #[test]
    fn a_batch_holds_1_to_65_536_credentials() {
        let mut rng = SeededRng(1);
        assert_eq!(Batch::new(&[], &mut rng).unwrap_err(), BatchSizeError(0));
        let too_many = credentials(MAX_BATCH + 1);
        assert_eq!(Batch::new(&too_many, &mut rng).unwrap_err(), BatchSizeError(MAX_BATCH + 1));
        let full = Batch::new(&too_many[..MAX_BATCH], &mut rng).unwrap();
        let last = full.anchors(Digest::of(b"")).last().unwrap();
        assert_eq!(last.path.hashes().len(), 16);
        assert_eq!(last.root(&too_many[MAX_BATCH - 1]), Some(full.root()));
    }

    #[test]
    fn an_anchor_into_a_batch_of_another_size_is_refused() {
        for (levels, accepted) in [(0, false), (4, false), (5, true), (16, true), (17, false)] {
            let path = InclusionProof::new(alloc::vec![Hash::default(); levels]).unwrap();
            let (issuance, index) = (Digest::of(b""), LeafIndex(0));
            let anchor = Anchor { issuance, blinding: [0; 32], index, path };
            assert_eq!(Anchor::from_cbor(&anchor.to_cbor()).is_ok(), accepted, "{levels}");
        }
    }

    #[test]
    fn drawing_below_a_bound_reaches_every_number_and_none_beyond() {
        let mut rng = SeededRng(1);
        let drawn: BTreeSet<_> = (0..500).map(|_| below(&mut rng, 7)).collect();
        assert_eq!(drawn, (0..7).collect());
        assert_eq!((below(&mut rng, 0), below(&mut rng, 1)), (0, 0));
    }
}
