//! `verify` itself: genuine presentations, tampered with by everyone who could.
//!
//! An input that begins with a CBOR map is the body of a presentation as it stands; any other is a
//! recipe. Whatever was done, a credential is `valid` only if an institution of the fixture issued it,
//! its anchor is the one it came with, and its holder bound it to this verifier.

mod adversary;
mod tamper;
pub mod worst;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use carnet_proto::anchor::Anchor;
use carnet_proto::cbor::{Decode, Encode, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::Claims;
use carnet_proto::evidence::Evidence;
use carnet_proto::id::{Did, Digest};
use carnet_proto::key::SigningKey;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingToken, Presentation, container_digest};
use carnet_proto::profile::{AUDIENCE_ANYONE, CLOCK_SKEW};
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify as verification;
use carnet_proto::verify::policy::{Accept, IssuedNonce, Policy, TrustAnchor, TrustPurpose};
use carnet_proto::verify::report::{CredentialReport, Link, Outcome, Report, Verdict, check};
use carnet_proto::wallet::{Wallet, contents_of};

use super::fixture::{AUDIENCE, Fixture, NONCE};
use super::recipe::Recipe;

/// The fixture's presentation that was made beforehand.
const PREPARED: usize = 3;
/// Most changes of one recipe.
const MAX_CHANGES: usize = 8;

/// A genuine credential, and what only its issuer and holder have.
struct Genuine {
    sd_cwt: Vec<u8>,
    anchor: Anchor,
    claims: Claims,
    key: SigningKey,
    is_revoked: bool,
}

/// What is parsed once for all runs.
struct Base {
    now: UnixSeconds,
    ledger: Ledger,
    trusted: Did,
    by_digest: BTreeMap<Digest, usize>,
    genuine: Vec<Genuine>,
    bodies: Vec<(Presentation, Evidence)>,
}

impl Base {
    fn get() -> &'static Self {
        static BASE: OnceLock<Base> = OnceLock::new();
        BASE.get_or_init(|| {
            let fixture = Fixture::get();
            let wallet = Wallet::open(&fixture.wallet.0).expect("a wallet");
            let last = wallet.credentials().len() - 1;
            let genuine: Vec<_> = (0..)
                .zip(wallet.credentials())
                .map(|(index, credential)| Genuine {
                    sd_cwt: credential.sd_cwt.0.clone(),
                    anchor: credential.anchor.clone(),
                    claims: contents_of(credential).expect("a credential").claims,
                    key: wallet.key(credential),
                    is_revoked: index == last,
                })
                .collect();
            let digest = |genuine: &Genuine| {
                SdCwt::parse(&genuine.sd_cwt, Mode::Strict).expect("a credential").digest()
            };
            let body = |body: &carnet_proto::cbor::Bytes| {
                let presentation = Presentation::from_cbor(&body.0).expect("a presentation");
                let evidence = presentation.evidence.as_deref();
                let evidence = evidence.map(|e| Evidence::from_cbor(e).expect("evidence"));
                (presentation, evidence.unwrap_or_default())
            };
            Self {
                now: fixture.now,
                ledger: fixture.ledger(),
                trusted: fixture.logs[0].origin(),
                by_digest: genuine.iter().map(digest).zip(0..).collect(),
                bodies: fixture.bodies.iter().map(body).collect(),
                genuine,
            }
        })
    }

    fn policy(&self, accept: Accept) -> Policy {
        Policy {
            trust_anchors: vec![TrustAnchor {
                did: self.trusted,
                name: adversary::line("Federal Office"),
                purposes: vec![TrustPurpose::Skill],
            }],
            audience: AUDIENCE.into(),
            accept,
            witnesses: None,
            view_age: 86_400,
            clock_skew: CLOCK_SKEW,
        }
    }

    fn live(&self) -> Accept {
        let expires_at = self.now.plus(300);
        Accept::Live(vec![IssuedNonce { nonce: NONCE.into(), expires_at, used: false }])
    }
}

/// A presentation as it is or changed by a recipe, verified and judged.
pub fn verify(data: &[u8]) {
    let base = Base::get();
    if data.first().is_some_and(|first| first >> 5 == 5) {
        for ledger in [&Ledger::new(), &base.ledger] {
            judge(base, data, &base.policy(base.live()), ledger, base.now);
        }
        return;
    }
    let mut recipe = Recipe::new(data);
    let chosen = recipe.index(base.bodies.len());
    let settings = recipe.byte();
    let ledger = match settings % 3 {
        0 => Ledger::new(),
        1 => base.ledger.clone(),
        _ => {
            let known = recipe.byte();
            let logs = &Fixture::get().logs;
            let kept = (0..).zip(logs).filter(|(bit, _)| known >> bit & 1 == 1);
            kept.map(|(_, log)| log.replica().view().clone()).collect()
        }
    };
    let is_prepared = (chosen == PREPARED) != (settings & 0x40 != 0);
    let accept = if is_prepared { Accept::Prepared } else { base.live() };
    let policy = base.policy(accept);
    let mut case = tamper::Case::new(base, chosen);
    let mut changes = 0;
    while !recipe.is_done() && changes < MAX_CHANGES {
        case.change(&mut recipe);
        changes += 1;
    }
    let now = case.now;
    let body = case.into_body(&mut recipe);
    let report = judge(base, &body, &policy, &ledger, now);
    if settings & 0x80 != 0 {
        let again = verification::verify(&body, &policy, &ledger, now);
        assert_eq!(report, again, "the same input gives the same report");
    }
    let is_whole = chosen != 1 || settings % 3 == 1;
    if changes == 0 && is_whole && settings & 0x40 == 0 {
        let expected =
            if chosen == base.bodies.len() - 1 { Verdict::Invalid } else { Verdict::Valid };
        assert_eq!(report.verdict, expected, "what is genuine: {report:#?}");
    }
}

fn judge(base: &Base, body: &[u8], policy: &Policy, ledger: &Ledger, now: UnixSeconds) -> Report {
    let report = verification::verify(body, policy, ledger, now);
    let worst = report.credentials.iter().map(|c| c.verdict).max();
    assert_eq!(worst, Some(report.verdict), "the verdict is the worst of the credentials'");
    for credential in &report.credentials {
        let ids: Vec<_> = credential.checks.iter().map(|check| check.id).collect();
        assert_eq!(ids, check::ALL, "every check is reported, in order");
        let is_valid = credential.checks.iter().all(|check| check.outcome == Outcome::Pass);
        assert_eq!(is_valid, credential.verdict == Verdict::Valid);
        let is_invalid = credential.checks.iter().any(|check| check.outcome == Outcome::Fail);
        assert_eq!(is_invalid, credential.verdict == Verdict::Invalid);
    }
    if report.credentials.iter().any(|credential| credential.verdict == Verdict::Valid) {
        let presentation = Presentation::from_cbor(body).expect("decoded, if it is valid");
        assert_eq!(presentation.presented.len(), report.credentials.len());
        let is_prepared = policy.accept == Accept::Prepared;
        for (index, credential) in report.credentials.iter().enumerate() {
            if credential.verdict == Verdict::Valid {
                is_genuine(base, &presentation, index, is_prepared, credential, now);
            }
        }
    }
    report
}

/// Checks by what only the fixture knows that a credential may be called valid.
fn is_genuine(
    base: &Base,
    presentation: &Presentation,
    index: usize,
    is_prepared: bool,
    report: &CredentialReport,
    now: UnixSeconds,
) {
    let presented = &presentation.presented[index];
    let token = KeyBindingToken::parse(&presented.token).expect("a token");
    let digest = token.credential.digest();
    let index = base.by_digest.get(&digest).expect("valid, but nobody issued it");
    let genuine = &base.genuine[*index];
    assert!(!genuine.is_revoked, "valid, though revoked");
    assert_eq!(presented.anchor.as_ref(), Some(&genuine.anchor), "valid with another's anchor");
    assert!(token.is_signed_by(&genuine.key.public()), "valid, but its holder did not say so");
    let claims = &token.claims;
    match is_prepared {
        true => {
            assert_eq!(claims.nonce, None);
            assert!(claims.audience == AUDIENCE || claims.audience == AUDIENCE_ANYONE);
        }
        false => {
            assert_eq!(claims.nonce.as_deref(), Some(NONCE.as_slice()));
            assert_eq!(claims.audience, AUDIENCE);
        }
    }
    assert!(claims.issued_at <= now.plus(CLOCK_SKEW) && now < claims.expires_at.plus(CLOCK_SKEW));
    let parse = |p: &carnet_proto::presentation::Presented| {
        KeyBindingToken::parse(&p.token).map(|t| t.credential.digest()).ok()
    };
    let all: Vec<_> = presentation.presented.iter().filter_map(parse).collect();
    assert_eq!(claims.container, container_digest(&all), "valid in another container");
    let (shown, whole) = (report.disclosed.as_ref().expect("shown"), &genuine.claims);
    assert!(is_same(&shown.person.name_latin, &whole.person.name_latin));
    assert!(is_same(&shown.person.name_native, &whole.person.name_native));
    assert!(is_same(&shown.person.birth_date, &whole.person.birth_date));
    let both = shown.attested.skill().zip(whole.skill());
    let (shown, whole) = both.expect("the fixture has skill attestations only");
    assert!(is_same(&shown.assessment, &whole.assessment));
    assert_eq!((&shown.title, shown.level), (&whole.title, whole.level));
    assert!(shown.skills.iter().all(|item| whole.skills.contains(item)));
    let first = report.path.as_ref().and_then(|path| path.first());
    assert!(
        matches!(first, Some(Link::TrustAnchor { did, .. }) if *did == base.trusted),
        "valid, but by nobody whom the verifier trusts"
    );
}

fn is_same<T: PartialEq>(shown: &Option<T>, whole: &Option<T>) -> bool {
    shown.is_none() || shown == whole
}

/// Encodes a container with what is stapled to it.
fn encode(presentation: &Presentation, evidence: &Evidence) -> Vec<u8> {
    let evidence = (!evidence.logs.is_empty()).then(|| evidence.to_cbor());
    Presentation { evidence, ..presentation.clone() }.to_cbor()
}
