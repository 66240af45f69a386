//! Crafted credentials and tokens, and what is expected of the reports on them.

use std::collections::BTreeMap;

use carnet_proto::anchor::{Anchor, Batch};
use carnet_proto::cbor::{Decode as _, Encode as _, Mode, Value};
use carnet_proto::cose;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::{AlwaysShown, Claims};
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::evidence::{Evidence, GatherFor};
use carnet_proto::key::{Purpose, SigningKey};
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingClaims, KeyBindingToken, Presentation, Presented};
use carnet_proto::profile::{Profile, VCT_SKILL};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::{Outcome, Report, Verdict, check};
use carnet_proto::verify::verify;
use carnet_tests::world::{AUDIENCE, World, line};

/// The claims map of a credential as it is signed.
pub type Entries = Vec<(Value, Value)>;

/// Verifies with the whole logs, and with evidence for the presented credentials alone.
pub fn both(world: &World, policy: &Policy, presentation: &Presentation) -> [Report; 2] {
    let whole = verify(&presentation.to_cbor(), policy, &world.ledger(), world.now);
    let replicas: BTreeMap<_, _> =
        world.institutions.values().map(|i| (i.did, i.replica.clone())).collect();
    let parts = presentation.presented.iter().map(|presented| {
        let token = KeyBindingToken::parse(&presented.token).unwrap();
        let restored = token.credential.restore(presentation.profile, Reader::Verifier).unwrap();
        let shown = AlwaysShown::read(token.credential.payload().unwrap()).unwrap();
        let issuer = shown.issuer.unwrap();
        let status_uri = match Claims::read(&restored.claims) {
            Ok(claims) => claims.status.uri,
            Err(_) => format!("{issuer}/status/0"),
        };
        let issuance = presented.anchor.as_ref().unwrap().issuance;
        Evidence::gather(&replicas, &GatherFor { issuer, issuance, status_uri: &status_uri })
    });
    let evidence = Some(Evidence::join(parts).to_cbor());
    let stapled = Presentation { evidence, ..presentation.clone() };
    [whole, verify(&stapled.to_cbor(), policy, &Ledger::new(), world.now)]
}

/// Asserts that each report lists every check in order, has the verdict, and that this check came out
/// so for this reason.
#[track_caller]
pub fn expect(reports: &[Report], verdict: Verdict, id: &str, outcome: Outcome, reason: &str) {
    for report in reports {
        assert!(!report.credentials.is_empty());
        for credential in &report.credentials {
            let listed: Vec<_> = credential.checks.iter().map(|c| c.id).collect();
            assert_eq!(listed, check::ALL, "every check is listed");
            let check = credential.check(id).unwrap();
            assert_eq!((check.outcome, check.reason.id), (outcome, reason), "{credential:#?}");
        }
        assert_eq!(report.verdict, verdict, "{report:#?}");
    }
}

/// The key with which the institute signs credentials.
pub fn institutes_key(world: &World) -> SigningKey {
    world.institutions["ph-institute"].seed.signing_key(Purpose::Credential)
}

/// The worker's first credential with other claims, for the same key, signed by `signer` under the
/// headers of the first.
pub fn altered(world: &World, signer: &SigningKey, alter: impl FnOnce(&mut Entries)) -> Vec<u8> {
    let token = SdCwt::parse(&world.wallet.credentials()[0].sd_cwt.0, Mode::Strict).unwrap();
    let Value::Map(mut claims) = Value::from_cbor(token.payload().unwrap()).unwrap() else {
        panic!("claims are a map")
    };
    alter(&mut claims);
    let payload = Value::Map(claims).to_cbor();
    cose::sign1(token.sign1().protected, token.sign1().unprotected, &payload, signer)
}

/// Puts a claim into the place of another, or adds it.
pub fn set(claims: &mut Entries, key: i64, value: impl Into<Value>) {
    claims.retain(|(known, _)| *known != Value::Int(key.into()));
    claims.push((Value::Int(key.into()), value.into()));
}

/// Has the institute log a batch of this credential alone, of this type.
pub fn anchored(world: &mut World, sd_cwt: &[u8], credential_type: &str) -> Anchor {
    let digest = SdCwt::parse(sd_cwt, Mode::Strict).unwrap().digest();
    let batch = Batch::new(&[digest], &mut world.rng).unwrap();
    let issuance = Issuance { credential_type: line(credential_type), root: batch.root() };
    let issuance = world.say("ph-institute", issuance);
    world.publish_status("ph-institute");
    world.cosign("ph-institute");
    batch.anchors(issuance).next().unwrap()
}

/// What the worker says when answering the verifier's challenge now.
pub fn answer(world: &World) -> KeyBindingClaims {
    KeyBindingClaims {
        audience: AUDIENCE.into(),
        expires_at: world.now.plus(300),
        issued_at: world.now,
        nonce: Some(vec![9; 16]),
        container: None,
    }
}

/// Presents a credential for the key of the worker's first, with everything disclosed.
pub fn presented(
    world: &World,
    sd_cwt: &[u8],
    anchor: Anchor,
    claims: &KeyBindingClaims,
) -> Presentation {
    let token = SdCwt::parse(sd_cwt, Mode::Strict).unwrap();
    let placed = token.restore(Profile::SdCwt08, Reader::Holder).unwrap().placed;
    let shown = token.with_disclosures(|index| placed.iter().any(|p| p.index == index));
    let key = world.wallet.key(&world.wallet.credentials()[0]);
    Presentation {
        profile: Profile::SdCwt08,
        presented: vec![Presented {
            token: KeyBindingToken::sign(&shown, claims, &key),
            anchor: Some(anchor),
        }],
        evidence: None,
    }
}

/// Has the institute issue the worker's first credential again with other claims, and answers the
/// verifier's challenge with it.
pub fn crafted(world: &mut World, alter: impl FnOnce(&mut Entries)) -> Presentation {
    let sd_cwt = altered(world, &institutes_key(world), alter);
    let anchor = anchored(world, &sd_cwt, VCT_SKILL);
    presented(world, &sd_cwt, anchor, &answer(world))
}

/// Presents the worker's first credential, saying something else than an answer now would.
pub fn saying(world: &World, change: impl FnOnce(&mut KeyBindingClaims)) -> Presentation {
    let mut claims = answer(world);
    change(&mut claims);
    let credential = &world.wallet.credentials()[0];
    presented(world, &credential.sd_cwt.0, credential.anchor.clone(), &claims)
}
