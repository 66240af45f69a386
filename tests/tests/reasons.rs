//! Every reason that a check can give, reached by a whole presentation, mostly with whole logs and
//! from evidence alone; with `verify.rs` and `attacks.rs` none is left out.

#[path = "reasons/credential.rs"]
mod credential;
#[path = "reasons/holder.rs"]
mod holder;
#[path = "reasons/keys.rs"]
mod keys;
#[path = "reasons/path.rs"]
mod path;
#[path = "reasons/support.rs"]
mod support;

use std::collections::BTreeSet;

use carnet_proto::verify::report::{check, reason};

/// The tests that reach checks and reasons, as text.
const TESTS: [&str; 6] = [
    include_str!("verify.rs"),
    include_str!("attacks.rs"),
    include_str!("reasons/credential.rs"),
    include_str!("reasons/holder.rs"),
    include_str!("reasons/keys.rs"),
    include_str!("reasons/path.rs"),
];

#[test]
fn every_check_and_every_reason_is_named_in_a_test_of_verification() {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let named: BTreeSet<_> = TESTS.iter().flat_map(|text| text.split(|c| !is_path(c))).collect();
    let constant =
        |module: &str, id: &str| format!("{module}::{}", id.to_uppercase().replace('-', "_"));
    for id in check::ALL {
        assert!(named.contains(constant("check", id).as_str()), "no test names the check {id}");
    }
    for id in reason::ALL {
        let is_named = named.contains(constant("reason", id).as_str());
        assert!(is_named, "no test names the reason {id}");
    }
}
