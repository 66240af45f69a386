//! That a batch of credentials existed, without saying which or how many.

use crate::cbor::record;
use crate::id::RootHash;
use crate::text::Line;

record! {
    /// The root over a batch of blinded credential digests, padded with random ones.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Issuance {
        /// The credential type.
        credential_type [1]: Line,
        /// The root.
        root [2]: RootHash,
    }
}
