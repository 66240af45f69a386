//! What the holder says: to whom, when, with what.

use carnet_proto::cbor::Mode;
use carnet_proto::credential::SdCwt;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::presentation::{KeyBindingClaims, Presentation, container_digest};
use carnet_proto::profile::{AUDIENCE_ANYONE, MAX_PREPARED_SECONDS, Profile, claim};
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::policy::{Accept, IssuedNonce, Policy};
use carnet_proto::verify::report::{Outcome, check, reason};

use super::{Maker, Question, alone, token};

const BINDING: &str = check::HOLDER_BINDING;

pub fn cases(m: &mut Maker) {
    m.source("SD-CWT -08, section 9");
    let usual = m.with("plain");
    m.valid(
        "valid",
        "A genuine credential, answered live.",
        &usual,
        (BINDING, Outcome::Pass, reason::LIVE),
    );
    super::decode::cases(m, &usual);
    live(m, &usual);
    prepared(m);
    times(m);
    container(m);
}

/// The usual credential with something else said.
fn saying(m: &Maker, change: impl FnOnce(&mut KeyBindingClaims)) -> Question {
    let mut claims = m.answer();
    change(&mut claims);
    m.showing(&[(m.sealed("plain"), claims)])
}

fn live(m: &mut Maker, usual: &Question) {
    let fails = |reason| (BINDING, Outcome::Fail, reason);
    m.source("SD-CWT -08, section 9, step 5; RFC 8747");
    let mut stolen = m.sealed("plain");
    stolen.key = Seed::new([0xdd; 32]).credential_key(&[0; 16]);
    let question = m.showing(&[(stolen.clone(), m.answer())]);
    m.invalid(
        "signed-by-a-thief",
        "valid",
        "The token is not signed by the key in the credential.",
        &question,
        fails(reason::HOLDER_SIGNATURE),
    );
    stolen.key = m.story.world.institutions["ph-institute"].seed.signing_key(Purpose::Credential);
    let question = m.showing(&[(stolen, m.answer())]);
    m.invalid(
        "signed-by-the-issuer",
        "valid",
        "The issuer signed in the holder's place.",
        &question,
        fails(reason::HOLDER_SIGNATURE),
    );

    m.source("SD-CWT -08, section 9, step 9");
    let question = saying(m, |c| c.audience = "urn:carnet:verifier:other".into());
    m.invalid(
        "for-another-verifier",
        "valid",
        "The token is for another verifier.",
        &question,
        fails(reason::WRONG_AUDIENCE),
    );
    let question = saying(m, |c| c.audience = AUDIENCE_ANYONE.into());
    m.invalid(
        "for-anyone-where-an-answer-is-demanded",
        "valid",
        "An answer names whom it answers.",
        &question,
        fails(reason::WRONG_AUDIENCE),
    );

    m.source("SD-CWT -08, section 9, step 6");
    let nonces = |change: &dyn Fn(&mut IssuedNonce)| {
        let mut policy = usual.policy.clone();
        if let Accept::Live(nonces) = &mut policy.accept {
            nonces.iter_mut().for_each(change);
        }
        Question { policy, ..usual.clone() }
    };
    let question = saying(m, |c| c.nonce = Some(vec![8; 16]));
    m.invalid(
        "nonce-of-nobody",
        "valid",
        "The nonce is none that this verifier handed out.",
        &question,
        fails(reason::NONCE_UNKNOWN),
    );
    let question = saying(m, |c| c.nonce = Some(vec![9; 17]));
    m.invalid(
        "nonce-with-a-byte-more",
        "valid",
        "The nonce only begins with one that this verifier handed out.",
        &question,
        fails(reason::NONCE_UNKNOWN),
    );
    m.invalid(
        "nonce-used",
        "valid",
        "The nonce was answered before.",
        &nonces(&|n| n.used = true),
        fails(reason::NONCE_USED),
    );
    let late = m.now().minus(301);
    m.invalid(
        "nonce-expired",
        "valid",
        "The challenge ended more than the skew ago.",
        &nonces(&|n| n.expires_at = late),
        fails(reason::NONCE_EXPIRED),
    );
    m.valid(
        "valid-nonce-at-the-skew",
        "The challenge ended the skew ago, which may be the clock.",
        &nonces(&|n| n.expires_at = UnixSeconds(late.0 + 1)),
        (BINDING, Outcome::Pass, reason::LIVE),
    );
    let none = Question {
        policy: Policy { accept: Accept::Live(vec![]), ..usual.policy.clone() },
        ..usual.clone()
    };
    m.invalid(
        "no-nonce-handed-out",
        "valid",
        "This verifier handed out no nonce.",
        &none,
        fails(reason::NONCE_UNKNOWN),
    );
    m.source("wire-format.md, presentations; checks.md, holder-binding");
    let question = saying(m, |c| c.nonce = None);
    m.invalid(
        "copy-where-an-answer-is-demanded",
        "valid",
        "There is no nonce, and this verifier demands an answer.",
        &question,
        fails(reason::PREPARED_REFUSED),
    );
}

fn prepared(m: &mut Maker) {
    m.source("wire-format.md, presentations; checks.md, holder-binding");
    let sealed = m.sealed("plain");
    let ask = |m: &Maker, claims: &KeyBindingClaims, shown: &[i64]| Question {
        policy: m.copies(),
        ..m.question(&alone(token(&sealed, claims, shown).token, Some(sealed.anchor.clone()), None))
    };
    let copy = ask(m, &m.copy(), &super::SHOWN);
    m.valid(
        "valid-prepared",
        "A copy for this verifier, which accepts copies.",
        &copy,
        (BINDING, Outcome::Pass, reason::PREPARED),
    );
    let open = KeyBindingClaims { audience: AUDIENCE_ANYONE.into(), ..m.copy() };
    let open = ask(m, &open, &super::SHOWN);
    m.valid(
        "valid-prepared-for-anyone",
        "A copy for anyone, where copies are accepted.",
        &open,
        (BINDING, Outcome::Pass, reason::PREPARED),
    );
    let question = ask(m, &m.answer(), &super::SHOWN);
    m.invalid(
        "answer-where-a-copy-is-expected",
        "valid-prepared",
        "There is a nonce, and this verifier expects a copy.",
        &question,
        (BINDING, Outcome::Fail, reason::LIVE_UNASKED),
    );
    let elsewhere = KeyBindingClaims { audience: "urn:carnet:verifier:other".into(), ..m.copy() };
    let question = ask(m, &elsewhere, &super::SHOWN);
    m.invalid(
        "copy-for-another-verifier",
        "valid-prepared",
        "The copy is for another verifier.",
        &question,
        (BINDING, Outcome::Fail, reason::WRONG_AUDIENCE),
    );
    let lasting =
        |m: &Maker, seconds| KeyBindingClaims { expires_at: m.now().plus(seconds), ..m.copy() };
    let longest = ask(m, &lasting(m, MAX_PREPARED_SECONDS), &super::SHOWN);
    m.valid(
        "valid-prepared-for-90-days",
        "A copy counts for at most 90 days.",
        &longest,
        (BINDING, Outcome::Pass, reason::PREPARED),
    );
    let question = ask(m, &lasting(m, MAX_PREPARED_SECONDS + 1), &super::SHOWN);
    m.invalid(
        "copy-for-longer-than-90-days",
        "valid-prepared-for-90-days",
        "The copy is made to count for a second longer than allowed.",
        &question,
        (BINDING, Outcome::Fail, reason::PRESENTATION_TOO_LONG),
    );
    m.source("checks.md, claim-shape");
    for (name, shown, about) in [
        (
            "copy-without-a-name",
            [claim::BIRTH_DATE].as_slice(),
            "A copy without a name cannot be compared with a document.",
        ),
        (
            "copy-without-birth-date",
            &[claim::NAME_LATIN],
            "A copy without the birth date cannot be compared with a document.",
        ),
        ("copy-that-shows-nobody", &[], "A copy that shows neither name nor birth date."),
    ] {
        let question = ask(m, &m.copy(), shown);
        m.invalid(
            name,
            "valid-prepared",
            about,
            &question,
            (check::CLAIM_SHAPE, Outcome::Fail, reason::PREPARED_INCOMPLETE),
        );
    }
}

fn times(m: &mut Maker) {
    let now = m.now();
    let passes = (BINDING, Outcome::Pass, reason::LIVE);
    let from_to = |m: &Maker, from: UnixSeconds, to: UnixSeconds| {
        saying(m, |c| (c.issued_at, c.expires_at) = (from, to))
    };
    m.source("SD-CWT -08, section 9, step 7");
    let question = from_to(m, now, now);
    m.invalid(
        "token-ends-as-it-begins",
        "valid",
        "`exp` of the token equals its `iat`.",
        &question,
        (BINDING, Outcome::Fail, reason::PRESENTATION_TIMES),
    );
    let question = from_to(m, now, now.minus(1));
    m.invalid(
        "token-ends-before-it-begins",
        "valid",
        "`exp` of the token lies before its `iat`.",
        &question,
        (BINDING, Outcome::Fail, reason::PRESENTATION_TIMES),
    );
    for (name, credential, base, issued_at, expires_at, about) in [
        (
            "token-before-its-credential",
            "iat-at-the-skew",
            "valid-iat-at-the-skew",
            now.plus(299),
            now.plus(400),
            "The token is dated before the credential was issued.",
        ),
        (
            "token-outlives-its-credential",
            "expires-now",
            "valid-expires-now",
            now.minus(400),
            now.minus(298),
            "The token ends after its credential.",
        ),
        (
            "token-after-its-credential",
            "expires-now",
            "valid-expires-now",
            now.minus(299),
            now.minus(298),
            "The token begins as its credential ends.",
        ),
    ] {
        let claims = KeyBindingClaims { issued_at, expires_at, ..m.answer() };
        let question = m.showing(&[(m.sealed(credential), claims)]);
        m.invalid(
            name,
            base,
            about,
            &question,
            (BINDING, Outcome::Fail, reason::PRESENTATION_TIMES),
        );
    }
    m.source("checks.md, holder-binding; wire-format.md, presentations");
    let past = |seconds| (now.minus(300 + seconds), now.minus(seconds));
    let question = from_to(m, past(300).0, past(300).1);
    m.valid(
        "valid-token-ended-the-skew-ago",
        "The token ended the skew ago, which may be the clock.",
        &question,
        passes,
    );
    let question = from_to(m, past(301).0, past(301).1);
    m.invalid(
        "token-ended",
        "valid-token-ended-the-skew-ago",
        "The token ended more than the skew ago.",
        &question,
        (BINDING, Outcome::Fail, reason::PRESENTATION_EXPIRED),
    );
    let question = from_to(m, now.plus(300), now.plus(360));
    m.valid(
        "valid-token-ahead-by-the-skew",
        "The token is dated the skew ahead, which may be the clock.",
        &question,
        passes,
    );
    let question = from_to(m, now.plus(301), now.plus(361));
    m.invalid(
        "token-from-the-future",
        "valid-token-ahead-by-the-skew",
        "The token is dated more than the skew ahead.",
        &question,
        (BINDING, Outcome::Fail, reason::PRESENTATION_FUTURE),
    );
    let question = from_to(m, now, now.plus(301));
    m.invalid(
        "answer-for-longer-than-300-seconds",
        "valid",
        "The answer is made to count for a second longer than allowed.",
        &question,
        (BINDING, Outcome::Fail, reason::PRESENTATION_TOO_LONG),
    );
}

fn container(m: &mut Maker) {
    m.source("wire-format.md, presentations");
    let (one, other) = (m.sealed("plain"), m.sealed("second"));
    let digest = |sealed: &super::Sealed| {
        SdCwt::parse(&sealed.sd_cwt, Mode::Strict).expect("a credential").digest()
    };
    let set = container_digest(&[digest(&one), digest(&other)]);
    let bound = KeyBindingClaims { container: set, ..m.answer() };
    let two = |m: &Maker, first: &KeyBindingClaims, second: &KeyBindingClaims, shown: &[i64]| {
        let presented = vec![token(&one, first, &super::SHOWN), token(&other, second, shown)];
        m.question(&Presentation { profile: Profile::SdCwt08, presented, evidence: None })
    };
    let both = two(m, &bound, &bound, &super::SHOWN);
    let passes = |id, reason| (id, Outcome::Pass, reason);
    m.valid(
        "valid-two-credentials",
        "Two credentials of one person, each token naming both.",
        &both,
        passes(check::SAME_SUBJECT, reason::OK),
    );
    m.valid(
        "valid-container",
        "Each token names the set of credentials.",
        &both,
        passes(check::CONTAINER, reason::OK),
    );
    let usual = m.with("plain");
    m.valid(
        "valid-single",
        "There is one credential.",
        &usual,
        passes(check::SAME_SUBJECT, reason::SINGLE),
    );
    let mismatch = (check::CONTAINER, Outcome::Fail, reason::CONTAINER_MISMATCH);
    let unbound = m.answer();
    let question = two(m, &bound, &unbound, &super::SHOWN);
    m.invalid(
        "token-moved-into-a-container",
        "valid-two-credentials",
        "A token that names no set was moved into a container of two.",
        &question,
        mismatch,
    );
    let question = m.showing(&[(one.clone(), bound.clone())]);
    m.invalid(
        "token-moved-out-of-a-container",
        "valid",
        "A token that names a set of two stands alone.",
        &question,
        mismatch,
    );
    let wrong = KeyBindingClaims {
        container: container_digest(&[digest(&one), digest(&one)]),
        ..m.answer()
    };
    let question = two(m, &bound, &wrong, &super::SHOWN);
    m.invalid(
        "container-of-another-set",
        "valid-two-credentials",
        "A token names another set of credentials.",
        &question,
        mismatch,
    );
    let twice = KeyBindingClaims {
        container: container_digest(&[digest(&one), digest(&one)]),
        ..m.answer()
    };
    let question = m.showing(&[(one.clone(), twice.clone()), (one.clone(), twice)]);
    m.invalid(
        "one-credential-twice",
        "valid-two-credentials",
        "One credential stands there twice: it would count twice.",
        &question,
        mismatch,
    );
    m.source("checks.md, same-subject");
    let not_shown = (check::SAME_SUBJECT, Outcome::Undetermined, reason::SUBJECT_NOT_SHOWN);
    for (name, shown, about) in [
        (
            "birth-date-withheld",
            [claim::NAME_LATIN].as_slice(),
            "One of two credentials does not show the birth date.",
        ),
        (
            "another-name-shown",
            &[claim::BIRTH_DATE, claim::NAME_NATIVE],
            "Two credentials show names in different forms, of which none is equal.",
        ),
    ] {
        let question = two(m, &bound, &bound, shown);
        m.unclear(name, "valid-two-credentials", about, &question, not_shown, &[]);
    }
    let numbers = [claim::NAME_LATIN, claim::BIRTH_DATE, claim::DOCUMENT_NUMBER];
    let presented = vec![token(&one, &bound, &numbers), token(&other, &bound, &numbers)];
    let question =
        m.question(&Presentation { profile: Profile::SdCwt08, presented, evidence: None });
    m.unclear(
        "another-document-number-shown",
        "valid-two-credentials",
        "Name and birth date are the same, and the document numbers are not.",
        &question,
        (check::SAME_SUBJECT, Outcome::Undetermined, reason::SUBJECT_OTHER_DOCUMENTS),
        &[],
    );
}
