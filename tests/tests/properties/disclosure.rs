//! A choice of disclosures shows what was chosen and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use carnet_proto::cbor::{Decode as _, Encode as _, Mode, Value};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::claims::{Claims, Person};
use carnet_proto::credential::disclosure::{DisclosureError, Reader, Restored};
use carnet_proto::credential::issue::Issue;
use carnet_proto::credential::skill::{self, Skill};
use carnet_proto::evidence::Evidence;
use carnet_proto::id::Did;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::profile::Profile;
use carnet_proto::status::StatusUri;
use carnet_proto::time::DAY;
use carnet_proto::verify::report::Verdict;
use carnet_proto::verify::verify;
use carnet_proto::wallet::{PresentRequest, contents_of};
use carnet_tests::SeededRng;
use carnet_tests::world::{AUDIENCE, START, World, welding, worker};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value as Json;

use crate::cases;
use crate::draw::Source;

/// A credential about anybody and anything, and the key that signed it.
fn issued(drawn: &[u8]) -> (Vec<u8>, Person, Skill, Seed) {
    let s = &mut Source(drawn);
    let (person, skill, seed) = (s.draw::<Person>(), s.draw::<Skill>(), Seed::new([3; 32]));
    let issuer = Did::of_inception(b"issuer");
    let issue = Issue {
        issuer: &issuer,
        holder_key: seed.credential_key(&[0; 16]).public(),
        person: &person,
        attested: &Attested::from(&skill),
        issued_at: START,
        expires_at: START.plus(30 * DAY),
        status: (StatusUri { issuer, list: 0 }, 7),
    };
    let mut rng = SeededRng(s.draw());
    let issued = issue.sign(&seed.signing_key(Purpose::Credential), &mut rng).unwrap();
    (issued.sd_cwt, person, skill, seed)
}

fn parse(bytes: &[u8]) -> SdCwt<'_> {
    SdCwt::parse(bytes, Mode::Strict).unwrap()
}

fn restore(token: &SdCwt<'_>, reader: Reader) -> Result<Restored, DisclosureError> {
    token.restore(Profile::SdCwt08, reader)
}

/// Puts the disclosures of a table where their hashes stand and drops all other hashes, which it
/// counts: the rule of the draft's section 7 in the fewest words.
fn expected(value: Value, table: &BTreeMap<[u8; 32], Vec<Value>>, withheld: &mut usize) -> Value {
    let take = |hash: &Value| table.get::<[u8; 32]>(hash.as_bytes().unwrap().try_into().unwrap());
    match value {
        Value::Map(entries) => {
            let mut map = Vec::new();
            for (key, value) in entries {
                let Value::Array(hashes) = value.clone() else {
                    map.push((key, expected(value, table, withheld)));
                    continue;
                };
                if key != Value::Simple(59) {
                    map.push((key, expected(value, table, withheld)));
                    continue;
                }
                for hash in &hashes {
                    match take(hash) {
                        Some(parts) => {
                            map.push((
                                parts[2].clone(),
                                expected(parts[1].clone(), table, withheld),
                            ));
                        }
                        None => *withheld += 1,
                    }
                }
            }
            Value::Map(map)
        }
        Value::Array(items) => {
            let mut array = Vec::new();
            for item in items {
                match item {
                    Value::Tag(60, hash) => match take(&hash) {
                        Some(parts) => array.push(expected(parts[1].clone(), table, withheld)),
                        None => *withheld += 1,
                    },
                    item => array.push(expected(item, table, withheld)),
                }
            }
            Value::Array(array)
        }
        plain => plain,
    }
}

/// Reads the parts of a disclosure: salt, and perhaps value and key.
fn parts(disclosure: &[u8]) -> Vec<Value> {
    let contents = Value::from_cbor(disclosure).unwrap();
    match Value::from_cbor(contents.as_bytes().unwrap()).unwrap() {
        Value::Array(parts) => parts,
        other => panic!("{other:?}"),
    }
}

fn masks() -> impl Strategy<Value = Vec<bool>> {
    proptest::collection::vec(any::<bool>(), 256)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 64..640)
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn any_choice_of_disclosures_shows_exactly_itself(drawn in bytes(), mask in masks()) {
        let (bytes, person, skill, seed) = issued(&drawn);
        let token = parse(&bytes);
        let all = restore(&token, Reader::Holder).unwrap();
        let claims = Claims::read(&all.claims).unwrap();
        prop_assert_eq!((&claims.person, claims.skill()), (&person, Some(&skill)));
        prop_assert_eq!(all.withheld, 0);

        // Whoever shows a part shows what holds it.
        let mut chosen = BTreeSet::new();
        for placed in &all.placed {
            if mask[placed.index] && placed.parent.is_none_or(|parent| chosen.contains(&parent)) {
                chosen.insert(placed.index);
            }
        }
        let shown = token.with_disclosures(|index| chosen.contains(&index));
        let shown_token = parse(&shown);
        prop_assert!(shown_token.is_signed_by(&seed.signing_key(Purpose::Credential).public()));
        prop_assert_eq!(shown_token.digest(), token.digest());
        let table: BTreeMap<_, _> = shown_token
            .disclosures()
            .iter()
            .map(|d| (Profile::SdCwt08.redacted_claim_hash(d), parts(d)))
            .collect();
        let mut withheld = 0;
        let payload = Value::from_cbor(token.payload().unwrap()).unwrap();
        let expected = expected(payload, &table, &mut withheld);
        let restored = restore(&shown_token, Reader::Verifier).unwrap();
        prop_assert_eq!(restored.claims.to_cbor(), expected.to_cbor());
        prop_assert_eq!(restored.withheld, withheld);
        prop_assert_eq!(restored.placed.len(), chosen.len());
        // Of what is withheld not even the salt is there.
        for (index, disclosure) in token.disclosures().iter().enumerate() {
            let parts = parts(disclosure);
            let salt = parts[0].as_bytes().unwrap();
            let is_there = shown.windows(salt.len()).any(|window| window == salt);
            prop_assert_eq!(is_there, chosen.contains(&index));
        }
        // Each further one that does not belong there is told.
        for index in (0..token.disclosures().len()).filter(|index| !chosen.contains(index)) {
            let more = token.with_disclosures(|i| i == index || chosen.contains(&i));
            let found = restore(&parse(&more), Reader::Verifier);
            match all.placed.iter().find(|placed| placed.index == index) {
                None => prop_assert!(found == Err(DisclosureError::Decoy) || found == Err(DisclosureError::Unmatched)),
                Some(placed) if placed.parent.is_none_or(|parent| chosen.contains(&parent)) => {
                    prop_assert_eq!(found.unwrap().placed.len(), chosen.len() + 1);
                }
                Some(_) => prop_assert_eq!(found, Err(DisclosureError::Unmatched)),
            }
        }
    }
}

/// What a report says of a credential, as its JSON, and the names it lists as not shown.
fn reported(world: &World, disclose: &[String]) -> (Json, BTreeSet<String>) {
    let request = PresentRequest {
        audience: AUDIENCE,
        nonce: Some(&[9; 16]),
        issued_at: world.now,
        expires_at: world.now.plus(300),
        disclose,
        with_evidence: false,
    };
    let presentation = world.wallet.present(&[0], &request, Evidence::join_encoded).unwrap();
    let report = verify(&presentation.to_cbor(), &world.policy(), &world.ledger(), world.now);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    let credential = &report.credentials[0];
    let withheld = credential.withheld.iter().map(ToString::to_string).collect();
    (serde_json::to_value(credential.disclosed.as_ref().unwrap()).unwrap(), withheld)
}

#[test]
fn a_report_tells_what_was_shown_and_names_what_was_not() {
    let world = World::usual();
    let names: Vec<String> = contents_of(&world.wallet.credentials()[0])
        .unwrap()
        .disclosures
        .into_iter()
        .map(|disclosure| disclosure.name)
        .collect();
    assert!(names.len() >= 12, "{names:?}");
    let full: Json = serde_json::to_value((worker(), welding())).unwrap();
    let (bare, all_withheld) = reported(&world, &[]);
    let mut runner = proptest::test_runner::TestRunner::new(cases(64));
    let mask = proptest::collection::vec(any::<bool>(), names.len());
    let outcome = runner.run(&(mask, any::<Index>()), |(mask, _)| {
        let chosen: Vec<String> =
            names.iter().zip(mask).filter(|(_, on)| *on).map(|(name, _)| name.clone()).collect();
        let (found, withheld) = reported(&world, &chosen);
        let is_shown = |name: &str| {
            let within = format!("{name}.");
            chosen.iter().any(|claim| claim == name || claim.starts_with(&within))
        };
        let expected = all_withheld.iter().filter(|name| !is_shown(name)).cloned().collect();
        prop_assert_eq!(&withheld, &expected);
        for (name, of) in [(&found, &full[0]), (&found["skill"], &full[1])].into_iter().flat_map(
            |(found, full)| full.as_object().unwrap().keys().map(move |k| (k, (found, full))),
        ) {
            let (found, full) = of;
            if name == "skills" && is_shown(name) && !chosen.iter().any(|claim| claim == name) {
                let number = |claim: &String| claim.strip_prefix("skills.")?.parse::<usize>().ok();
                let mut wanted: Vec<_> = chosen.iter().filter_map(number).collect();
                wanted.sort_unstable();
                let wanted: Vec<_> = wanted.iter().map(|n| full["skills"][n - 1].clone()).collect();
                prop_assert_eq!(&found[name], &Json::Array(wanted));
            } else if is_shown(name) {
                prop_assert_eq!(&found[name], &full[name]);
            } else if skill::redactable_names().any(|other| other == name) {
                prop_assert_eq!(&found[name], &bare["skill"][name]);
            } else if worker_has(name) {
                prop_assert_eq!(&found[name], &Json::Null);
            } else {
                prop_assert_eq!(&found[name], &full[name], "always shown");
            }
        }
        prop_assert_eq!(found.get("sub").is_some(), is_shown("sub"));
        Ok(())
    });
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
}

/// Whether a name is of the person, all of whose claims are redactable.
fn worker_has(name: &str) -> bool {
    carnet_proto::credential::claims::redactable_names().any(|other| other == name)
}
