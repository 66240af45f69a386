//! Carnet's formats and rules as values and pure functions.
//!
//! Everything another implementation has to agree on is here: encodings, ledger rules, verification
//! and the wallet's layout. There is no clock, no file, no socket and no randomness of its own:
//! `now` and `rng` are arguments. The wire format is described in `docs/wire-format.md`.
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod anchor;
pub mod cbor;
pub mod challenge;
pub mod classification;
pub mod cose;
pub mod credential;
pub mod evidence;
pub mod file;
pub mod id;
pub mod issuing;
pub mod key;
pub mod ledger;
pub mod log;
pub mod presentation;
pub mod profile;
pub mod recognition;
pub mod request;
pub mod statement;
pub mod status;
pub mod sync;
pub mod text;
pub mod time;
pub mod totalisation;
pub mod verify;
pub mod wallet;

#[cfg(test)]
pub(crate) mod test_support;
