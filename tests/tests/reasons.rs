//! Every reason that a check can give, reached by a whole presentation, mostly with whole logs and
//! from evidence alone; with `verify.rs` and `attacks.rs` none is left out.

#[path = "reasons/credential.rs"]
mod credential;
#[path = "reasons/holder.rs"]
mod holder;
#[path = "reasons/path.rs"]
mod path;
#[path = "reasons/support.rs"]
mod support;

use std::collections::BTreeSet;

use carnet_proto::verify::report::{check, reason};

/// The tests that reach checks and reasons, as text.
const TESTS: [&str; 5] = [
    include_str!("verify.rs"),
    include_str!("attacks.rs"),
    include_str!("reasons/credential.rs"),
    include_str!("reasons/holder.rs"),
    include_str!("reasons/path.rs"),
];

/// Reasons that cannot occur yet, and why.
const CANNOT_OCCUR: [(&str, &str); 2] = [
    (reason::KEY_NOT_IN_FORCE, "a log has one key set until keys can be rotated"),
    (reason::ACCREDITATION_VOID, "keys are repudiated by a rotation, which does not exist yet"),
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
        match CANNOT_OCCUR.iter().find(|(excepted, _)| excepted == id) {
            None => assert!(is_named, "no test names the reason {id}"),
            Some((_, why)) => assert!(!is_named, "{id} is tested, so it is not true that {why}"),
        }
    }
}
