//! What a verifier hands to a holder: for whom the presentation is, a nonce, and wishes.

use alloc::vec::Vec;

use crate::cbor::{Bytes, record};
use crate::presentation::NONCE_BYTES;
use crate::text::Line;
use crate::time::UnixSeconds;

/// Most claims that a challenge asks for.
pub const MAX_WISHES: usize = 32;
/// Most bytes of a challenge file.
pub const MAX_CHALLENGE_BYTES: usize = 16 * 1024;

record! {
    /// The body of a file of kind 5. It is not signed: a holder decides by the way it came whether
    /// the verifier is who it says.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Challenge {
        /// For whom the presentation is.
        audience [1]: Line,
        /// Random, and accepted once.
        nonce [2]: Bytes,
        /// When it was made.
        issued_at [3]: UnixSeconds,
        /// Until when an answer is accepted.
        expires_at [4]: UnixSeconds,
        /// What the verifier wants it for.
        purpose [5]: Option<Line>,
        /// Claims that the verifier asks for, by name.
        wishes [6; ..MAX_WISHES]: Vec<Line>,
    }
    check |c| if !NONCE_BYTES.contains(&c.nonce.0.len()) {
        Err("a nonce has 16 to 64 bytes")
    } else if c.expires_at <= c.issued_at {
        Err("a challenge ends after it begins")
    } else {
        Ok(())
    }
}
