//! The credential itself: disclosures, claims, times, status.

use carnet_proto::presentation::KeyBindingClaims;
use carnet_proto::profile::claim;
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::{Outcome, Verdict, check, reason};

use super::{Maker, Question, SHOWN, alone, shown_of, token};
use crate::forge::cose::Forged;
use crate::forge::{altered_map, credential, set};

pub fn cases(m: &mut Maker) {
    disclosures(m);
    shape(m);
    time(m);
    status(m);
}

/// Presents the plain credential with its header of disclosures altered; the holder signs what is
/// then inside.
fn disclosing(m: &Maker, alter: impl FnOnce(&mut Vec<Vec<u8>>)) -> Question {
    let sealed = m.sealed("plain");
    let sd_cwt = shown_of(&sealed, &SHOWN);
    let parts = carnet_proto::credential::SdCwt::parse(&sd_cwt, carnet_proto::cbor::Mode::Strict);
    let mut disclosures: Vec<_> =
        parts.expect("a credential").disclosures().iter().map(|d| d.to_vec()).collect();
    alter(&mut disclosures);
    let forged = Forged::of(&sd_cwt);
    let mut e = carnet_proto::cbor::Encoder::new();
    e.map(1).int(17).array(disclosures.len());
    for disclosure in &disclosures {
        e.raw(disclosure);
    }
    let unsigned = Forged { unprotected: e.into_bytes(), ..forged };
    // The issuer's signature covers no disclosure, so that it is still right.
    let mut sd_cwt_new = unsigned.sign(&sealed.key);
    let at = sd_cwt_new.len() - 64;
    sd_cwt_new.truncate(at);
    sd_cwt_new.extend_from_slice(&sd_cwt[sd_cwt.len() - 64..]);
    let token =
        carnet_proto::presentation::KeyBindingToken::sign(&sd_cwt_new, &m.answer(), &sealed.key);
    m.question(&alone(token, Some(sealed.anchor), None))
}

fn disclosures(m: &mut Maker) {
    m.source("SD-CWT -08, section 9, step 8");
    let wrong = (check::DISCLOSURES, Outcome::Fail, reason::DISCLOSURE_WRONG);
    let same = disclosing(m, |_| {});
    m.valid(
        "valid-disclosures",
        "Everything shown belongs to the credential.",
        &same,
        (check::DISCLOSURES, Outcome::Pass, reason::OK),
    );
    let question = disclosing(m, |d| {
        let name = d.iter_mut().find(|d| d.windows(6).any(|w| w == b"Ligaya")).expect("the name");
        let at = name.windows(6).position(|w| w == b"Ligaya").expect("the name");
        name[at] = b'M';
    });
    m.invalid(
        "claim-altered",
        "valid-disclosures",
        "The holder altered the name that is shown.",
        &question,
        wrong,
    );
    let foreign = credential::disclosure(&[
        carnet_proto::cbor::Value::Bytes(vec![1; 16]),
        "X".into(),
        crate::forge::int(claim::DOCUMENT_NUMBER),
    ]);
    let question = disclosing(m, |d| d.push(foreign));
    m.invalid(
        "disclosure-of-another-credential",
        "valid-disclosures",
        "A claim that belongs to no hash of the credential is shown.",
        &question,
        wrong,
    );
    let sealed = m.sealed("plain");
    let full =
        carnet_proto::credential::SdCwt::parse(&sealed.sd_cwt, carnet_proto::cbor::Mode::Strict);
    let decoy = full
        .expect("a credential")
        .disclosures()
        .iter()
        .find(|d| d.len() == 19)
        .map(|d| d.to_vec());
    let decoy = decoy.expect("a decoy: the head, an array of one, 16 bytes");
    let question = disclosing(m, |d| d.push(decoy));
    m.invalid("decoy-shown", "valid-disclosures", "A decoy is shown.", &question, wrong);
    let question = disclosing(m, |d| d.push(d[0].clone()));
    m.invalid(
        "disclosure-twice",
        "valid-disclosures",
        "One claim is shown twice.",
        &question,
        wrong,
    );
}

fn shape(m: &mut Maker) {
    m.source("RFC 8392, section 3.1; wire-format.md, claims");
    let usual = m.with("crafted");
    m.valid(
        "valid-claims",
        "The claims are those of a skill attestation.",
        &usual,
        (check::CLAIM_SHAPE, Outcome::Pass, reason::OK),
    );
    let wrong = (check::CLAIM_SHAPE, Outcome::Fail, reason::CLAIMS_WRONG);
    for (name, credential, about) in [
        (
            "unknown-claim",
            "unknown-claim",
            "The issuer wrote a claim that credentials do not have.",
        ),
        ("audience-in-the-credential", "aud", "The credential names an audience."),
    ] {
        let question = m.with(credential);
        m.invalid(name, "valid-claims", about, &question, wrong);
    }
    m.source("wire-format.md, versions");
    let question = m.with("later-type");
    m.unclear(
        "type-of-a-later-version",
        "valid-claims",
        "The credential is of a type that this version does not know.",
        &question,
        (check::CLAIM_SHAPE, Outcome::Undetermined, reason::TYPE_UNSUPPORTED),
        &[],
    );
}

fn time(m: &mut Maker) {
    let now = m.now();
    let passes = (check::TIME, Outcome::Pass, reason::OK);
    m.source("SD-CWT -08, section 9, step 3; RFC 8392, sections 3.1.4 to 3.1.6");
    let at = |m: &Maker, name: &str, issued_at: UnixSeconds, expires_at: UnixSeconds| {
        m.showing(&[(m.sealed(name), KeyBindingClaims { issued_at, expires_at, ..m.answer() })])
    };
    let question = m.with("with-nbf");
    m.valid("valid-nbf-at-iat", "`nbf` may equal `iat`.", &question, passes);
    let wrong = (check::TIME, Outcome::Fail, reason::TIMES_WRONG);
    let question = m.with("nbf-after-iat");
    m.invalid("nbf-after-iat", "valid-nbf-at-iat", "`nbf` lies behind `iat`.", &question, wrong);
    for (name, about) in
        [("exp-at-iat", "`exp` equals `iat`."), ("exp-before-iat", "`exp` lies before `iat`.")]
    {
        let question = m.with(name);
        m.invalid(name, "valid-claims", about, &question, wrong);
    }
    m.source("RFC 8392, section 3.1.4; checks.md, time");
    let question = at(m, "expires-now", now.minus(400), now.minus(299));
    m.valid(
        "valid-expires-now",
        "`exp` passed less than the skew ago, which may be the clock.",
        &question,
        passes,
    );
    let question = at(m, "expired", now.minus(400), now.minus(300));
    m.invalid(
        "expired",
        "valid-expires-now",
        "`exp` passed the skew ago.",
        &question,
        (check::TIME, Outcome::Fail, reason::EXPIRED),
    );
    m.source("RFC 8392, section 3.1.6; checks.md, time");
    let question = at(m, "iat-at-the-skew", now.plus(300), now.plus(400));
    m.valid(
        "valid-iat-at-the-skew",
        "`iat` lies the skew ahead, which may be the clock.",
        &question,
        passes,
    );
    let behind = at(m, "iat-after-a-clock-behind", now.plus(150), now.plus(300));
    m.valid("valid-iat-ahead", "`iat` lies ahead by less than the skew.", &behind, passes);
    let question = Question { now: now.minus(200), ..behind };
    // Nobody can present a credential before it was issued: the token is of the future too.
    m.add(
        "not-yet-valid",
        Some("valid-iat-ahead"),
        "`iat` lies ahead by more than the skew.",
        &question,
        Verdict::Invalid,
        (check::TIME, Outcome::Fail, reason::NOT_YET_VALID),
        &[check::HOLDER_BINDING],
    );
    m.source("wire-format.md, skill claims; checks.md, time");
    let question = m.with("qualification-ends-today");
    m.valid(
        "valid-qualification-ends-today",
        "The qualification holds to the end of its last day.",
        &question,
        passes,
    );
    let question = m.with("qualification-ended");
    m.invalid(
        "qualification-ended",
        "valid-qualification-ends-today",
        "The last day of the qualification has passed.",
        &question,
        (check::TIME, Outcome::Fail, reason::QUALIFICATION_ENDED),
    );
}

fn status(m: &mut Maker) {
    let id = check::STATUS;
    m.source("draft-ietf-oauth-status-list-20, section 8.3");
    let question = m.with("last-index");
    m.valid(
        "valid-last-index",
        "The last entry of the list, which says valid.",
        &question,
        (id, Outcome::Pass, reason::OK),
    );
    for (name, credential, reason, about) in [
        (
            "revoked",
            "revoked",
            reason::REVOKED,
            "The list says that the credential is invalid for good.",
        ),
        (
            "suspended",
            "suspended",
            reason::SUSPENDED,
            "The list says that the credential is suspended.",
        ),
        (
            "status-value-3",
            "status-3",
            reason::STATUS_VALUE,
            "The list has the value 3, which means nothing here.",
        ),
        (
            "status-index-beyond-the-list",
            "index-beyond",
            reason::STATUS_INDEX,
            "The index is the first behind the end of the list.",
        ),
    ] {
        let question = m.with(credential);
        m.invalid(name, "valid-last-index", about, &question, (id, Outcome::Fail, reason));
    }
    m.source("draft-ietf-oauth-status-list-20, sections 6 and 8.3; wire-format.md, status lists");
    for (name, credential, about) in [
        (
            "status-list-of-another-issuer",
            "list-of-another",
            "The status stands in the list of another institution.",
        ),
        (
            "status-list-on-the-web",
            "list-on-the-web",
            "The status stands at an address that is not the issuer's.",
        ),
    ] {
        let question = m.with(credential);
        m.invalid(
            name,
            "valid-last-index",
            about,
            &question,
            (id, Outcome::Fail, reason::STATUS_OTHER_ISSUER),
        );
    }
    let question = m.with("second-list");
    m.unclear(
        "status-list-unknown",
        "valid-last-index",
        "The status stands in a list that is not at hand.",
        &question,
        (id, Outcome::Undetermined, reason::STATUS_UNKNOWN),
        &[],
    );

    m.source("draft-ietf-oauth-status-list-20, sections 5.2 and 8.3");
    let sealed = m.sealed("plain");
    let copy = token(&sealed, &m.copy(), &SHOWN).token;
    let policy = Policy { view_age: 30 * DAY, ..m.copies() };
    let ask = |m: &Maker, days: u64| Question {
        policy: policy.clone(),
        now: m.now().plus(days * DAY),
        ..m.question(&alone(copy.clone(), Some(sealed.anchor.clone()), None))
    };
    let question = ask(m, 6);
    m.valid(
        "valid-status-list-of-6-days",
        "The list counts for 7 days, and the policy accepts views of that age.",
        &question,
        (id, Outcome::Pass, reason::OK),
    );
    let question = ask(m, 8);
    m.unclear(
        "status-list-expired",
        "valid-status-list-of-6-days",
        "The list has expired, though the view that names it is recent enough.",
        &question,
        (id, Outcome::Undetermined, reason::STATUS_STALE),
        &[],
    );

    m.source("draft-ietf-oauth-status-list-20, section 8.3; wire-format.md, evidence");
    let evidence = m.evidence(&sealed);
    let stapled = |m: &Maker, evidence: &carnet_proto::evidence::Evidence| Question {
        logs: Some(vec![]),
        ..m.question(&alone(
            token(&sealed, &m.answer(), &SHOWN).token,
            Some(sealed.anchor.clone()),
            Some(evidence),
        ))
    };
    let question = stapled(m, &evidence);
    m.valid(
        "valid-from-evidence-alone",
        "The verifier knows no log; what is stapled is enough.",
        &question,
        (id, Outcome::Pass, reason::OK),
    );
    let mut without = evidence.clone();
    without.logs.iter_mut().for_each(|log| log.status.clear());
    let question = stapled(m, &without);
    m.unclear(
        "evidence-without-status-list",
        "valid-from-evidence-alone",
        "The holder left the status list out.",
        &question,
        (id, Outcome::Undetermined, reason::STATUS_UNKNOWN),
        &[],
    );
    let mut forged = evidence.clone();
    for status in forged.logs.iter_mut().flat_map(|log| &mut log.status) {
        // A list signed anew in which nothing is revoked, by a key that is not the issuer's.
        let signed = Forged::of(&status.token.0);
        let payload = altered_map(&signed.payload, |p| set(p, claim::TTL, 3601));
        status.token.0 = Forged { payload, ..signed }.sign(&sealed.key);
    }
    let question = stapled(m, &forged);
    m.unclear("evidence-with-a-forged-status-list", "valid-from-evidence-alone", "The holder put another list in the place of the issuer's; it proves nothing and is dropped.", &question, (id, Outcome::Undetermined, reason::STATUS_UNKNOWN), &[]);
}
