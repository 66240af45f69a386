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
const EVENTS: [(&str, &str); 30] = [
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
    ("converge-agreement", "8 nodes agree"),
    ("converge", "8 nodes agree"),
    ("wallet", "1 credential"),
    ("refresh", "evidence for 1"),
    ("present", "1 credential shown"),
    ("nodes-stop", "1 node runs"),
    ("same-path", "the same path"),
    ("nodes-restart", "8 nodes run"),
    ("converge-restart", "8 nodes agree"),
    ("rotate", "1 batch void, 0 kept"),
    ("second-history", "refused"),
    ("fork-proven", "8 nodes hold the proof"),
    ("fork-verified", "two histories"),
    ("withdraw", "withdrawn"),
    ("close", "closed"),
    ("last-list", "issuer-closed"),
    ("privacy", "0 traces"),
];

/// What the certificate opens abroad, as the agreement in the logs says.
const RECOGNITION: [(&str, &str); 6] = [
    (
        "recognise-certificate",
        "recognised_with_conditions, missing work-certificate and language-certificate",
    ),
    ("accredit-chamber", "in force"),
    ("recognise-work", "recognised_with_conditions, missing language-certificate"),
    ("recognise-all", "automatic"),
    ("recognise-no-row", "not_in_scope"),
    ("recognise-no-agreement", "no_agreement"),
];

/// What the periods of three countries give, and what does not count.
const PERIODS: [(&str, &str); 17] = [
    ("funds-join", "10 nodes run"),
    ("periods-propose", "rules of DE-PH"),
    ("periods-ratify-de", "in force"),
    ("periods-issue", "6 sheets"),
    ("converge-funds", "10 nodes agree"),
    ("periods-early", "not in force"),
    ("periods-ratify-ph", "in force"),
    ("periods-shown", "3 valid periods, 0 employers, 0 earnings"),
    ("periods-counted", "42 + 78 = 120 months of 60: the right opens"),
    ("periods-saudi", "12 months not counted: no-agreement"),
    ("periods-share", "78 + 42 = 120 months of 120: the right opens, share 78/120"),
    ("periods-none", "12 + 0 = 12 months of 120: the right does not open"),
    ("periods-refunded", "12 months not counted: refunded"),
    ("periods-twice", "42 + 78 = 120 months; left out: same-time"),
    ("periods-mistaken", "42 + 90 = 132 months; refused: nothing"),
    ("periods-revoked", "42 + 78 = 120 months; refused: status"),
    ("periods-open", "cannot tell"),
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
    let all = VERDICTS.into_iter().chain(EVENTS).chain(RECOGNITION).chain(PERIODS);
    for (id, expected) in all.clone() {
        assert_eq!(steps.get(id), Some(&expected), "{id}");
    }
    assert_eq!(steps.len(), all.count(), "every step stands here");
    assert!(!run.touched_home, "everything goes into the directory that was named");
}
