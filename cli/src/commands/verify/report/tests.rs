use super::*;
use carnet_proto::classification::Country;
use carnet_proto::id::{Did, Digest};
use carnet_proto::text::Line;
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::report::{REPORT_VERSION, Reason, check, reason};
use std::io::Write;
use std::sync::{Arc, Mutex};

fn texts() -> Texts {
    Texts::load(Some("en"))
}

#[test]
fn every_check_and_reason_of_the_core_has_a_text() {
    let checks = check::ALL.iter().map(|id| format!("check-{id}"));
    let reasons = reason::ALL.iter().map(|id| format!("reason-{id}"));
    let missing: Vec<_> = checks.chain(reasons).filter(|id| !texts().has(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_reason_that_could_not_be_checked_is_worded_neither_as_forged_nor_as_fine() {
    let undecided = [
        reason::ISSUER_UNKNOWN,
        reason::KEY_UNKNOWN_STALE,
        reason::STATUS_UNKNOWN,
        reason::STATUS_STALE,
        reason::ANCHOR_MISSING,
        reason::ISSUANCE_UNKNOWN,
        reason::NOT_PROVEN,
        reason::NO_QUORUM,
        reason::VIEW_STALE,
        reason::CLOCK_BEHIND,
        reason::NO_PATH,
        reason::NO_TRUST_ANCHOR,
        reason::WITHDRAWAL_UNCLEAR,
        reason::AGREEMENT_NOT_RATIFIED,
        reason::SUBJECT_NOT_SHOWN,
        reason::SUBJECT_OTHER_DOCUMENTS,
        reason::DEPENDS,
    ];
    for id in undecided {
        let text = texts().plain(&format!("reason-{id}")).to_lowercase();
        for word in ["forged", "fake", "tampered", "fraud", "invalid"] {
            assert!(!text.contains(word), "{id}: {text}");
        }
    }
}

fn name(text: &str) -> Line {
    Line::parse(text).unwrap()
}

fn links() -> Vec<Link> {
    let did = |seed: &str| Did::of_inception(seed.as_bytes());
    vec![
        Link::TrustAnchor { did: did("de"), name: name("Ministry Two") },
        Link::Agreement {
            by: did("de"),
            did: did("ph"),
            name: name("Authority One"),
            title: "Welding".into(),
            country: Country::parse("PH").unwrap(),
            statement: Digest::of(b"agreement"),
        },
        Link::Accreditation {
            by: did("ph"),
            did: did("institute"),
            name: name("Institute"),
            statement: Digest::of(b"accreditation"),
            appeal_body: Some(name("Appeals Board")),
        },
    ]
}

fn report(verdict: Verdict, checks: Vec<Check>, path: Option<Vec<Link>>) -> Report {
    let credential = CredentialReport {
        verdict,
        id: None,
        issuer: Some(Did::of_inception(b"institute")),
        calls_itself: None,
        checks,
        path,
        proven_time: Some(UnixSeconds(1_770_000_000)),
        disclosed: None,
        withheld: vec!["birth_date"],
        withheld_hashes: 5,
        prepared: false,
    };
    Report {
        version: REPORT_VERSION,
        verdict,
        checked_at: UnixSeconds(1_770_010_000),
        evidence_age: Some(10_000),
        credentials: vec![credential],
    }
}

fn made(id: &'static str, outcome: Outcome, reason: Reason) -> Check {
    Check { id, outcome, reason, statements: Vec::new() }
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn page(report: &Report) -> String {
    let page = Page::default();
    write(report, &texts(), &mut Output::plain(page.clone(), true)).unwrap();
    let bytes = page.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_verdict_comes_first_then_the_reason_then_the_path_in_words() {
    let path = made(check::PATH, Outcome::Pass, Reason::new(reason::OK).with("links", 2));
    let text = page(&report(Verdict::Valid, vec![path], Some(links())));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "✓ valid");
    assert!(lines[1].contains("Every check holds"), "{text}");
    let order = ["Ministry Two", "Authority One", "Institute", "Appeals Board"];
    let places: Vec<_> = order.iter().map(|word| text.find(word).unwrap()).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.contains("Philippines") && text.contains("2 hours"), "{text}");
    assert!(text.contains("birth_date"), "{text}");
}

#[test]
fn a_no_gives_the_failed_check_as_its_reason() {
    let checks = vec![
        made(check::STATUS, Outcome::Fail, Reason::new(reason::REVOKED)),
        made(check::PATH, Outcome::Undetermined, Reason::new(reason::NO_PATH)),
    ];
    let text = page(&report(Verdict::Invalid, checks, None));
    assert!(text.starts_with("✗ invalid\n"), "{text}");
    assert!(text.lines().nth(1).unwrap().contains("revoked"), "{text}");
    assert!(text.contains("did:carnet:"), "whom to ask: {text}");
}

#[test]
fn verdicts_are_the_exit_codes() {
    let codes = [Verdict::Valid, Verdict::Invalid, Verdict::Undetermined].map(|v| answer(v).code());
    assert_eq!(codes, [0, 1, 3]);
}

#[test]
fn without_a_path_nothing_is_said_of_what_was_relied_on() {
    let no_path = || vec![made(check::PATH, Outcome::Undetermined, Reason::new(reason::NO_PATH))];
    let mut report = report(Verdict::Undetermined, no_path(), None);
    report.evidence_age = None;
    let text = page(&report);
    assert!(!text.contains("relied on") && !text.ends_with("\n\n"), "{text}");
}
