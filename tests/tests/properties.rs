//! What holds for every value, tried on many: objects and their encodings, proofs and trees, choices
//! of disclosures, and orders of arrival.
//!
//! `PROPTEST_CASES` sets how many cases each property tries; without it each has its own number, so
//! that all of them together take some seconds.

use std::env;

use proptest::prelude::ProptestConfig;

#[path = "properties/disclosure.rs"]
mod disclosure;
#[path = "properties/draw.rs"]
mod draw;
#[path = "properties/formats.rs"]
mod formats;
#[path = "properties/ledger.rs"]
mod ledger;
#[path = "properties/proofs.rs"]
mod proofs;
#[path = "properties/verify.rs"]
mod verify;

/// Tries so many cases, unless the environment says how many. What fails is printed whole and kept in
/// no file.
fn cases(cases: u32) -> ProptestConfig {
    let asked = env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}
