//! The issuer: its key and signature, the anchor, the witnesses, and who vouches for it.

use carnet_proto::id::Digest;
use carnet_proto::ledger::WitnessPolicy;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::{Policy, TrustAnchor};
use carnet_proto::verify::report::{Outcome, check, reason};

use super::{Maker, Question, SHOWN, alone, token};
use crate::world::line;

pub fn cases(m: &mut Maker) {
    keys(m);
    anchor(m);
    witnesses(m);
    path(m);
    policy(m);
}

fn keys(m: &mut Maker) {
    m.source("RFC 8392, section 7.2; RFC 9052, section 4.4");
    let usual = m.with("crafted");
    m.valid(
        "valid-issuer-key",
        "The key was the issuer's when the batch was logged.",
        &usual,
        (check::ISSUER_KEY, Outcome::Pass, reason::OK),
    );
    m.valid(
        "valid-issuer-signature",
        "The issuer signed the credential.",
        &usual,
        (check::ISSUER_SIGNATURE, Outcome::Pass, reason::OK),
    );
    let question = m.with("signed-by-a-forger");
    m.invalid(
        "issuer-signature-wrong",
        "valid-issuer-signature",
        "Another key signed under the identifier of the issuer's.",
        &question,
        (check::ISSUER_SIGNATURE, Outcome::Fail, reason::SIGNATURE_WRONG),
    );
    m.source("RFC 9679; wire-format.md, credentials");
    let question = m.with("under-a-forgers-key");
    m.invalid(
        "issuer-key-unknown",
        "valid-issuer-key",
        "The credential names a key that the issuer never had.",
        &question,
        (check::ISSUER_KEY, Outcome::Fail, reason::KEY_UNKNOWN),
    );

    m.source("wire-format.md, reading a log; checks.md, issuer-key");
    let copy = |m: &Maker, name: &str, now| {
        let sealed = m.sealed(name);
        let token = token(&sealed, &m.copy(), &SHOWN).token;
        Question { policy: m.copies(), now, ..m.question(&alone(token, Some(sealed.anchor), None)) }
    };
    let late = m.now().plus(DAY + 1);
    let forged = copy(m, "under-a-forgers-key", late);
    m.unclear(
        "issuer-key-unknown-in-an-old-view",
        "view-too-old",
        "The key is in no view recent enough to tell whether the issuer has it now.",
        &forged,
        (check::ISSUER_KEY, Outcome::Undetermined, reason::KEY_UNKNOWN_STALE),
        &[check::WITNESSES, check::PATH],
    );
    let all: Vec<_> = m.story.world.institutions.keys().copied().collect();
    let without = all.iter().copied().filter(|name| *name != "ph-institute").collect();
    let question = Question { logs: Some(without), ..m.with("plain") };
    m.unclear(
        "issuer-unknown",
        "valid",
        "The verifier knows every log but the issuer's.",
        &question,
        (check::ISSUER_KEY, Outcome::Undetermined, reason::ISSUER_UNKNOWN),
        &[check::ANCHOR, check::PATH, check::STATUS],
    );
}

fn anchor(m: &mut Maker) {
    let id = check::ANCHOR;
    m.source("RFC 9162, section 2.1.3.2; wire-format.md, anchors");
    let usual = m.with("plain");
    m.valid(
        "valid-anchor",
        "The anchor leads to the root that the issuer logged.",
        &usual,
        (id, Outcome::Pass, reason::PROVEN),
    );
    let sealed = m.sealed("plain");
    let made = token(&sealed, &m.answer(), &SHOWN).token;
    let ask = |m: &Maker, anchor| m.question(&alone(made.clone(), anchor, None));
    let question = ask(m, None);
    m.unclear(
        "anchor-missing",
        "valid-anchor",
        "There is no anchor.",
        &question,
        (id, Outcome::Undetermined, reason::ANCHOR_MISSING),
        &[check::PATH],
    );
    let mut unknown = sealed.anchor.clone();
    unknown.issuance = Digest::of(b"never logged");
    let question = ask(m, Some(unknown));
    m.unclear(
        "issuance-unknown",
        "valid-anchor",
        "The anchor names an issuance that is not in the log.",
        &question,
        (id, Outcome::Undetermined, reason::ISSUANCE_UNKNOWN),
        &[check::PATH],
    );
    let wrong = (id, Outcome::Fail, reason::ANCHOR_WRONG);
    let question = ask(m, Some(m.sealed("second").anchor));
    m.invalid(
        "anchor-of-another-credential",
        "valid-anchor",
        "The anchor belongs to another credential of the issuer.",
        &question,
        wrong,
    );
    let mut blinded = sealed.anchor.clone();
    blinded.blinding[0] ^= 1;
    let question = ask(m, Some(blinded));
    m.invalid(
        "anchor-blinding-changed",
        "valid-anchor",
        "One bit of the blinding is another.",
        &question,
        wrong,
    );
    let other = m.story.of_another_type.clone();
    let question = m.showing(&[(other, m.answer())]);
    m.invalid(
        "batch-of-another-type",
        "valid-anchor",
        "The batch was logged for another type of credential.",
        &question,
        wrong,
    );
    m.source("wire-format.md, reading a log; checks.md, anchor");
    let now = m.now();
    let dated = |m: &Maker, name: &str| {
        let claims = carnet_proto::presentation::KeyBindingClaims {
            issued_at: now.plus(305),
            expires_at: now.plus(400),
            ..m.answer()
        };
        Question { now: now.plus(10), ..m.showing(&[(m.sealed(name), claims)]) }
    };
    let question = dated(m, "iat-at-the-skew");
    m.valid(
        "valid-dated-at-the-skew",
        "`iat` lies the skew behind the proven time, which may be the clock.",
        &question,
        (id, Outcome::Pass, reason::PROVEN),
    );
    let question = dated(m, "iat-beyond-the-skew");
    m.invalid(
        "issued-after-its-anchor",
        "valid-dated-at-the-skew",
        "The credential is dated after its batch was logged.",
        &question,
        (id, Outcome::Fail, reason::ISSUED_AFTER_ANCHOR),
    );
}

fn witnesses(m: &mut Maker) {
    let id = check::WITNESSES;
    m.source("C2SP tlog-cosignature; wire-format.md, reading a log");
    let sealed = m.sealed("plain");
    let copy = token(&sealed, &m.copy(), &SHOWN).token;
    let ask = |m: &Maker, now| Question {
        policy: m.copies(),
        now,
        ..m.question(&alone(copy.clone(), Some(sealed.anchor.clone()), None))
    };
    let now = m.now();
    let question = ask(m, now.plus(DAY));
    m.valid(
        "valid-view-of-a-day",
        "A quorum cosigned within the age that the policy allows.",
        &question,
        (id, Outcome::Pass, reason::OK),
    );
    let question = ask(m, now.plus(DAY + 1));
    m.unclear(
        "view-too-old",
        "valid-view-of-a-day",
        "The view is a second older than the policy allows.",
        &question,
        (id, Outcome::Undetermined, reason::VIEW_STALE),
        &[check::PATH],
    );
    let early =
        carnet_proto::presentation::KeyBindingClaims { issued_at: now.minus(600), ..m.copy() };
    let early = token(&sealed, &early, &SHOWN).token;
    let ask_early = |m: &Maker, now| Question {
        policy: m.copies(),
        now,
        ..m.question(&alone(early.clone(), Some(sealed.anchor.clone()), None))
    };
    let question = ask_early(m, now.minus(300));
    m.valid(
        "valid-clock-behind-by-the-skew",
        "The clock here is behind the witnesses' by the skew.",
        &question,
        (id, Outcome::Pass, reason::OK),
    );
    let question = ask_early(m, now.minus(301));
    m.unclear(
        "clock-behind",
        "valid-clock-behind-by-the-skew",
        "The clock here is behind the witnesses' by more than the skew.",
        &question,
        (id, Outcome::Undetermined, reason::CLOCK_BEHIND),
        &[check::PATH, check::STATUS],
    );
    let usual = m.with("plain");
    let own = |m: &Maker, names: &[&str], quorum| Question {
        policy: Policy {
            witnesses: Some(WitnessPolicy {
                witnesses: names.iter().map(|name| m.story.world.did(name)).collect(),
                quorum,
            }),
            ..usual.policy.clone()
        },
        ..usual.clone()
    };
    let question = own(m, &["de-ministry", "de-union", "de-employers"], 2);
    m.valid(
        "valid-own-witnesses",
        "The verifier relies on witnesses of its own.",
        &question,
        (id, Outcome::Pass, reason::OK),
    );
    let question = own(m, &["de-ministry", "stranger", "unknown"], 2);
    m.unclear(
        "no-quorum-of-own-witnesses",
        "valid-own-witnesses",
        "Of the verifier's own witnesses only one has cosigned.",
        &question,
        (id, Outcome::Undetermined, reason::NO_QUORUM),
        &[check::ANCHOR, check::PATH],
    );
    let mut logs: Vec<_> = m.story.world.institutions.keys().copied().collect();
    logs.retain(|name| !["ph-union", "ph-employers"].contains(name));
    let question = Question { logs: Some(logs), ..usual };
    m.unclear("no-quorum-that-is-known", "valid", "Two of three witnesses of the issuer's country are not known here, and so are no witnesses.", &question, (id, Outcome::Undetermined, reason::NO_QUORUM), &[check::ANCHOR, check::PATH]);
}

fn path(m: &mut Maker) {
    let id = check::PATH;
    m.source("wire-format.md, accreditation; checks.md, path");
    let usual = m.with("crafted");
    m.valid(
        "valid-path",
        "From the verifier's ministry over the agreement to the institute.",
        &usual,
        (id, Outcome::Pass, reason::OK),
    );
    for (name, credential, reason, about) in [
        (
            "occupation-outside-the-accreditation",
            "nursing",
            reason::OUTSIDE_SCOPE,
            "A welders' institute attests nursing.",
        ),
        (
            "country-outside-the-accreditation",
            "another-country",
            reason::OUTSIDE_SCOPE,
            "The qualification is another country's than the institute may attest.",
        ),
        (
            "level-outside-the-accreditation",
            "level-5",
            reason::OUTSIDE_SCOPE,
            "The level is above those that the institute may attest.",
        ),
        (
            "accredited-by-a-body-that-may-only-issue",
            "stranger",
            reason::MAY_NOT_ACCREDIT,
            "The issuer was accredited by a body that may only issue.",
        ),
        (
            "accreditation-not-yet",
            "late",
            reason::ACCREDITATION_NOT_YET,
            "The accreditation began after the credential was issued.",
        ),
        (
            "accreditation-ended",
            "ended",
            reason::ACCREDITATION_ENDED,
            "The accreditation had ended when the credential was issued.",
        ),
        (
            "accreditation-withdrawn-before",
            "withdrawn",
            reason::ACCREDITATION_WITHDRAWN,
            "The accreditation had been withdrawn when the credential was issued.",
        ),
    ] {
        let question = m.with(credential);
        m.invalid(name, "valid-path", about, &question, (id, Outcome::Fail, reason));
    }
    let unclear = [
        (
            "withdrawal-dated-back",
            "unclear",
            reason::WITHDRAWAL_UNCLEAR,
            "The accreditation was withdrawn with effect from before the credential, by an entry that nobody saw before it.",
        ),
        (
            "withdrawn-retroactively",
            "doubtful",
            reason::WITHDRAWN_RETROACTIVELY,
            "The accreditation was withdrawn afterwards, with doubt on what was attested before.",
        ),
        (
            "agreement-not-ratified",
            "unratified",
            reason::AGREEMENT_NOT_RATIFIED,
            "The agreement lacks the other side's ratification.",
        ),
        (
            "agreement-lapsed",
            "lapsed",
            reason::AGREEMENT_NOT_IN_FORCE,
            "The dates of the agreement do not contain today.",
        ),
        ("nobody-vouches", "unknown", reason::NO_PATH, "Nobody accredited the issuer."),
    ];
    for (name, credential, reason, about) in unclear {
        let question = m.with(credential);
        m.unclear(name, "valid-path", about, &question, (id, Outcome::Undetermined, reason), &[]);
    }
    m.source("wire-format.md, evidence; checks.md, path");
    let sealed = m.sealed("plain");
    let mut evidence = m.evidence(&sealed);
    let institute = m.story.world.did("ph-institute");
    for log in &mut evidence.logs {
        let accredits =
            |entry: &[u8]| entry.windows(63).any(|w| w == institute.to_string().as_bytes());
        log.statements.retain(|statement| !accredits(&statement.entry.0));
    }
    let question = Question {
        logs: Some(vec![]),
        ..m.question(&alone(
            token(&sealed, &m.answer(), &SHOWN).token,
            Some(sealed.anchor.clone()),
            Some(&evidence),
        ))
    };
    m.unclear(
        "evidence-without-the-accreditation",
        "valid-from-evidence-alone",
        "The holder left the accreditation out.",
        &question,
        (id, Outcome::Undetermined, reason::NO_PATH),
        &[],
    );
}

fn policy(m: &mut Maker) {
    let id = check::PATH;
    m.source("checks.md, policy and path");
    let usual = m.with("plain");
    let anchors = |trust_anchors: Vec<TrustAnchor>| Question {
        policy: Policy { trust_anchors, ..usual.policy.clone() },
        ..usual.clone()
    };
    let none = (id, Outcome::Undetermined, reason::NO_TRUST_ANCHOR);
    m.unclear(
        "no-trust-anchor",
        "valid",
        "The verifier trusts nobody.",
        &anchors(vec![]),
        none,
        &[],
    );
    let mut purposeless = usual.policy.trust_anchors.clone();
    purposeless[0].purposes.clear();
    m.unclear(
        "trust-anchor-for-nothing",
        "valid",
        "The verifier's trust anchor is trusted for no kind of credential.",
        &anchors(purposeless),
        none,
        &[],
    );
    let anchor = |name: &str| TrustAnchor {
        did: m.story.world.did(name),
        name: line(name),
        purposes: usual.policy.trust_anchors[0].purposes.clone(),
    };
    let (itself, elsewhere) =
        (anchors(vec![anchor("ph-ministry")]), anchors(vec![anchor("stranger")]));
    m.valid(
        "valid-trust-anchor-at-home",
        "The verifier trusts the issuer's own ministry.",
        &itself,
        (id, Outcome::Pass, reason::OK),
    );
    m.unclear(
        "trust-anchor-that-vouches-for-nobody",
        "valid",
        "The verifier trusts a body that accredited nobody.",
        &elsewhere,
        (id, Outcome::Undetermined, reason::NO_PATH),
        &[],
    );
}
