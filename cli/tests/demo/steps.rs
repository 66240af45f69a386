//! What the demo shows, step by step.

use super::run::run;
use serde_json::Value;
use std::collections::BTreeMap;

/// The verdicts that the demo shows, with the check that decides.
const VERDICTS: [(&str, &str); 30] = [
    ("not-ratified", "undetermined: path"),
    ("verify-evidence", "valid"),
    ("verify-node", "valid"),
    ("forged-key", "invalid: issuer-key"),
    ("altered-claim", "invalid: disclosures"),
    ("foreign-disclosure", "invalid: disclosures"),
    ("answer-once", "valid"),
    ("replayed-nonce", "invalid: holder-binding"),
    ("wrong-audience", "invalid: holder-binding"),
    ("another-holder", "invalid: holder-binding"),
    ("no-anchor", "undetermined: anchor"),
    ("unknown-issuer", "undetermined: issuer-key"),
    ("two-people", "undetermined: same-subject"),
    ("suspended", "invalid: status"),
    ("revoked", "invalid: status"),
    ("outside-scope", "invalid: path"),
    ("expired", "invalid: time"),
    ("stale-status", "undetermined: status"),
    ("stale-evidence", "undetermined: witnesses"),
    ("bought", "valid"),
    ("stolen", "invalid: issuer-key"),
    ("before-the-theft", "valid"),
    ("fork-harmless", "valid"),
    ("withdrawn-before", "invalid: path"),
    ("withdrawal-left-out", "undetermined: path"),
    ("withdrawn-afterwards", "valid"),
    ("graduate", "valid"),
    ("revoked-before-closing", "invalid: status"),
    ("copy", "valid"),
    ("copy-altered", "invalid: disclosures"),
];

/// What leads there.
const EVENTS: [(&str, &str); 27] = [
    ("nodes-start", "8 nodes run"),
    ("witnesses", "7 institutions"),
    ("accredit", "in force"),
    ("propose", "in force"),
    ("ratify-ph-authority", "in force"),
    ("ratify-ph-union", "in force"),
    ("ratify-ph-employers", "in force"),
    ("ratify-de-authority", "in force"),
    ("ratify-de-employers", "in force"),
    ("ratify-de-union", "in force"),
    ("key-requests", "25 key requests"),
    ("bad-rows", "2 mistakes, nothing issued"),
    ("issue-class", "25 credentials"),
    ("converge", "8 nodes agree"),
    ("wallet", "1 credential"),
    ("present", "1 credential shown"),
    ("nodes-stop", "1 node runs"),
    ("same-path", "the same path"),
    ("nodes-restart", "8 nodes run"),
    ("rotate", "1 batch void, 0 kept"),
    ("second-history", "refused"),
    ("fork-proven", "8 nodes hold the proof"),
    ("fork-verified", "two histories"),
    ("withdraw", "withdrawn"),
    ("close", "closed"),
    ("last-list", "issuer-closed"),
    ("privacy", "0 traces"),
];

#[test]
fn every_step_of_the_demo_comes_out_as_expected_even_with_the_default_ports_taken() {
    let run = run();
    assert_eq!(run.answer.code, 0, "{}\n{}", run.answer.stdout, run.answer.stderr);
    let json: Value = serde_json::from_str(&run.answer.stdout).unwrap();
    assert_eq!((&json["version"], &json["ok"]), (&1.into(), &true.into()));
    assert_eq!(json["dir"], run.dir.to_str().unwrap());
    let mut steps = BTreeMap::new();
    for step in json["steps"].as_array().unwrap() {
        let text = |key: &str| step[key].as_str().unwrap();
        assert_eq!(step["ok"], true, "{step}");
        assert_eq!(text("expected"), text("got"), "{step}");
        assert!(!text("text").is_empty(), "{step}");
        let again = steps.insert(text("id"), text("got"));
        assert_eq!(again, None, "{} names one step", text("id"));
    }
    for (id, expected) in VERDICTS.into_iter().chain(EVENTS) {
        assert_eq!(steps.get(id), Some(&expected), "{id}");
    }
    assert!(!run.touched_home, "everything goes into the directory that was named");
}
