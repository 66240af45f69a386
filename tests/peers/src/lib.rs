//! Carnet beside its peers: the same worker, the same claims, the same three of them shown to the
//! same verifier.
//!
//! What a peer leaves to its caller is done here in the plainest way, and counted as the peer's.

/// The federation in memory of Carnet's own tests, without the node that their crate depends on.
#[path = "../../src"]
pub mod federation {
    pub mod seeded;
    pub mod world;
}

pub use federation::seeded::SeededRng;

pub mod bench;
pub mod mdoc;
pub mod offline;
pub mod ours;
pub mod render;
pub mod sd_cwt;
pub mod sd_jwt_rs;
pub mod ssi_sd_jwt;
pub mod worker;

/// How a verifier's name is written in presentations.
pub const AUDIENCE: &str = federation::world::AUDIENCE;
/// The verifier's nonce.
pub const NONCE: [u8; 16] = [9; 16];

/// The nonce as JSON formats carry it.
#[must_use]
pub fn nonce_text() -> String {
    data_encoding::BASE64URL_NOPAD.encode(&NONCE)
}

/// A library that can issue, present and verify.
pub trait Peer {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Its signature algorithm, and what computes it.
    fn algorithm(&self) -> &'static str;

    /// Issues the worker's credential, as the holder receives it.
    fn issue(&self) -> Vec<u8>;

    /// Presents three claims of a credential to [`AUDIENCE`] with [`NONCE`].
    fn present(&self, credential: &[u8]) -> Vec<u8>;

    /// Verifies a presentation.
    ///
    /// # Errors
    /// What the library says against it.
    fn verify(&self, presentation: &[u8]) -> Result<(), String>;

    /// Signs a message with the issuer's key and nothing else.
    fn sign(&self, message: &[u8]) -> Vec<u8>;

    /// Verifies such a signature and nothing else.
    fn verify_signature(&self, message: &[u8], signature: &[u8]) -> bool;
}
