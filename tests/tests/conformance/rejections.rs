//! What the specifications make a reader refuse, and the vectors that show it: rule by rule, with its
//! source. A rule that ends with "accepted" is shown by valid vectors.

#[path = "rejections/c2sp.rs"]
mod c2sp;
#[path = "rejections/keys.rs"]
mod keys;
#[path = "rejections/receipt.rs"]
mod receipt;
#[path = "rejections/sd_cwt.rs"]
mod sd_cwt;
#[path = "rejections/status.rs"]
mod status;
#[path = "rejections/verifier.rs"]
mod verifier;

/// Rule, source, vectors.
pub type Rejection = (&'static str, &'static str, &'static [&'static str]);

/// Every mandatory rejection, by section.
pub const REJECTIONS: &[(&str, &[Rejection])] = &[
    ("SD-CWT: credentials and key-binding tokens", sd_cwt::ALL),
    ("Token Status List, CWT form", status::ALL),
    ("COSE receipts", receipt::ALL),
    ("C2SP notes and cosignatures, RFC 9162 proofs", c2sp::ALL),
    ("What a verifier checks", verifier::ALL),
    ("Keys that were replaced, logs that were closed", keys::ALL),
];
