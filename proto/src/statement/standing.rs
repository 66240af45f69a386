//! The signed summary of all that is in force, the last leaf under every checkpoint.
//!
//! It holds the roots of two trees. In the first stands every accreditation, agreement and
//! ratification of the log with its state, in the order of the leaves; in the second every status
//! list with the digest of its newest token, in the order of the URIs. A proof in them shows that a
//! statement was not withdrawn and that a status list is the newest.

use alloc::string::String;
use alloc::vec::Vec;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, record};
use crate::id::{Commitment, Did, Digest, LeafHash, LeafIndex, RootHash, TreeSize};
use crate::key::PublicKeySet;
use crate::log::merkle::{Tree, TreeHead, leaf_hash};
use crate::time::UnixSeconds;

/// Most key sets that a log has had.
pub const MAX_KEY_SETS: usize = 256;

record! {
    /// A key set and the leaves for which it was in force.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct KeyPeriod {
        /// The leaf of the inception or rotation that revealed it.
        from [1]: LeafIndex,
        /// The leaf of the rotation that replaced it; absent for the current set.
        until [2]: Option<LeafIndex>,
        /// The keys.
        keys [3]: PublicKeySet,
        /// The commitment to the set after it.
        next [4]: Commitment,
        /// The first leaf that its replacement declared void.
        repudiated_from [5]: Option<LeafIndex>,
        /// Root over the digests that are kept all the same.
        kept [6]: Option<RootHash>,
    }
}

record! {
    /// How a log ended, and who continues its status lists.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Closing {
        /// When.
        closed [1]: UnixSeconds,
        /// The institution that continues its status lists.
        successor [2]: Option<Did>,
        /// The leaf that says so; nothing that the institution states behind it counts.
        by [3]: LeafIndex,
    }
}

record! {
    /// All that is in force in a log.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Standing {
        /// Every key set, oldest first.
        keys [1; ..MAX_KEY_SETS]: Vec<KeyPeriod>,
        /// Size and root of the tree over statements and their states.
        statements [2]: TreeHead,
        /// Size and root of the tree over status lists.
        status_lists [3]: TreeHead,
        /// Digest of the newest profile.
        profile [4]: Option<Digest>,
        /// How the log ended, if it did.
        closing [5]: Option<Closing>,
    }
    check |standing| if standing.keys.is_empty() { Err("a log has keys") } else { Ok(()) }
}

/// The state of an accreditation, agreement or ratification.
///
/// ```cddl
/// state = [0] / [1, time: uint, leaf: uint, retroactive: bool] / [2]
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In force.
    InForce,
    /// Withdrawn or denounced.
    Withdrawn {
        /// From when it no longer holds.
        effective: UnixSeconds,
        /// The leaf that says so.
        by: LeafIndex,
        /// Whether earlier attestations are in doubt too.
        retroactive: bool,
    },
    /// Void, because the keys that signed it were repudiated.
    Void,
}

impl Encode for State {
    fn encode(&self, e: &mut Encoder) {
        match self {
            State::InForce => e.array(1).uint(0),
            State::Withdrawn { effective, by, retroactive } => {
                e.array(4).uint(1).item(effective).item(by).bool(*retroactive)
            }
            State::Void => e.array(1).uint(2),
        };
    }
}

impl<'b> Decode<'b> for State {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        d.array(|d, length| match (length, d.uint()?) {
            (1, 0) => Ok(State::InForce),
            (4, 1) => Ok(State::Withdrawn {
                effective: UnixSeconds::decode(d)?,
                by: LeafIndex::decode(d)?,
                retroactive: d.bool()?,
            }),
            (1, 2) => Ok(State::Void),
            _ => Err(CborError::new(CborErrorKind::OutOfRange, start)),
        })
    }
}

/// Returns the leaf of the first tree: SHA-256 over 0x00 and `[leaf index, digest, state]`.
pub fn statement_leaf(index: LeafIndex, digest: &Digest, state: &State) -> LeafHash {
    let mut e = Encoder::new();
    e.array(3).item(&index).item(digest).item(state);
    leaf_hash(e.as_bytes())
}

/// Returns the leaf of the second tree: SHA-256 over 0x00 and `[URI, token digest]`.
pub fn status_leaf(uri: &str, token: &Digest) -> LeafHash {
    let mut e = Encoder::new();
    e.array(2).text(uri).item(token);
    leaf_hash(e.as_bytes())
}

/// Builds the second tree of a standing. `lists` are in the order of their URIs.
pub fn status_tree<'l>(lists: impl IntoIterator<Item = (&'l String, &'l Digest)>) -> Tree {
    Tree::from_leaves(lists.into_iter().map(|(uri, token)| status_leaf(uri, token)))
}

/// The head of a tree without leaves.
pub fn empty_head() -> TreeHead {
    TreeHead { size: TreeSize(0), root: crate::log::merkle::empty_root() }
}
