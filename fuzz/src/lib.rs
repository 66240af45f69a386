//! What each fuzz target does with its input. Nothing here knows libFuzzer, so that a test on the
//! stable toolchain replays the corpora through the same code.
//!
//! A target panics if a rule is broken: what decodes encodes to what was read, what was refused
//! leaves no trace, and nothing that was tampered with is ever `valid`.

mod credential;
mod decoders;
mod fixture;
mod recipe;
mod sync;
mod verify;
mod views;

pub use credential::{credential, presentation};
pub use decoders::{cbor, files, log, statement, status};
pub use fixture::{Fixture, Log};
pub use sync::sync;
pub use verify::{verify, worst};

/// A target: takes any bytes, and panics if a rule is broken.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its corpus too.
pub const ALL: [(&str, Target); 9] = [
    ("cbor", cbor),
    ("statement", statement),
    ("credential", credential),
    ("presentation", presentation),
    ("status", status),
    ("log", log),
    ("files", files),
    ("sync", sync),
    ("verify", verify),
];
