//! How an institution's log begins.

use crate::cbor::record;
use crate::id::Commitment;
use crate::key::PublicKeySet;

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
