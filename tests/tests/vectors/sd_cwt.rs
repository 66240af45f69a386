//! The signed examples of draft-ietf-spice-sd-cwt: how disclosures are found and put in their places.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use carnet_proto::cbor::{Decode as _, Decoder, Encode as _, Encoder, Mode, Value};
use carnet_proto::cose::Sign1;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::disclosure::{DisclosureError, Reader, Restored};
use carnet_proto::id::sha256;
use carnet_proto::presentation::{KeyBindingToken, PresentationError};
use carnet_proto::profile::{Profile, SIMPLE_REDACTED_KEYS, TAG_REDACTED_ELEMENT, claim, header};

use crate::{files, passed};

/// What a token discloses: its claims but those that every example has, in diagnostic notation with
/// sorted keys, and how many hashes stay without a disclosure.
const EXPECTED: [(&str, &str, usize); 6] = [
    (
        "issuer_cwt",
        r#"{500: true, 501: "ABCD-123456", 502: [1549560720, 1612560720, 1674004740], 503: {"region": "ca", "country": "us", "postal_code": "94188"}}"#,
        0,
    ),
    (
        "kbt",
        r#"{500: true, 501: "ABCD-123456", 502: [1549560720, 1674004740], 503: {"region": "ca", "country": "us"}}"#,
        2,
    ),
    (
        "nested_issuer_cwt",
        r#"{504: [{500: true, 501: "DCBA-101777", 502: 1549560720, 503: {1: "us", 2: "co", 3: "80302"}}, {500: true, 501: "EFGH-789012", 502: 1612560720, 503: {1: "us", 2: "nv", 3: "89155"}}, {500: true, 501: "ABCD-123456", 502: 1674004740, 503: {1: "us", 2: "ca", 3: "94188"}}]}"#,
        0,
    ),
    ("nested_cwt", NESTED, 4),
    ("nested_kbt", NESTED, 4),
    ("decoy", r#"{98: ["fr"], 500: true}"#, 0),
];

const NESTED: &str = r#"{504: [{500: true, 501: "DCBA-101777", 502: 1549560720, 503: {1: "us"}}, {500: true, 501: "ABCD-123456", 502: 1674004740, 503: {1: "us", 2: "ca"}}]}"#;

/// Returns the line of [`EXPECTED`] with the longest name that a file's name contains.
fn expected(path: &Path) -> &'static (&'static str, &'static str, usize) {
    let name = path.file_stem().unwrap().to_str().unwrap();
    let found = EXPECTED.iter().filter(|(stem, ..)| name.contains(stem));
    found.max_by_key(|(stem, ..)| stem.len()).unwrap_or_else(|| panic!("what is in {path:?}?"))
}

/// Every token, with the SD-CWT taken out of the key-binding tokens.
pub fn tokens(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    files(directory, "cbor").into_iter().map(|path| (path.clone(), sd_cwt(&path))).collect()
}

fn sd_cwt(path: &Path) -> Vec<u8> {
    let bytes = crate::read(path);
    let sign1 = Sign1::parse(&bytes, Mode::Foreign).unwrap();
    match sign1.header().unwrap().raw(header::KCWT) {
        Some(inner) => inner.to_vec(),
        None => bytes.clone(),
    }
}

pub fn parse(bytes: &[u8]) -> SdCwt<'_> {
    SdCwt::parse(bytes, Mode::Foreign).unwrap()
}

pub fn read(bytes: &[u8]) -> Value {
    Value::decode(&mut Decoder::new(bytes, Mode::Foreign)).unwrap()
}

/// Diagnostic notation, map keys in the order of their encodings.
fn diagnostic(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Text(text) => format!("{text:?}"),
        Value::Bool(value) => value.to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(diagnostic).collect::<Vec<_>>().join(", "))
        }
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.to_cbor());
            let entries =
                entries.iter().map(|(k, v)| format!("{}: {}", diagnostic(k), diagnostic(v)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => panic!("no example discloses {other:?}"),
    }
}

/// Checks the claims that every example has, and returns the others.
fn own_claims(claims: &Value) -> Value {
    let at = |key: i64| claims.at(key.into()).unwrap();
    assert_eq!(at(claim::ISS).as_text(), Some("https://issuer.example"));
    let subject = at(claim::SUB).as_text().unwrap();
    assert!(["https://device.example", "https://holder.example"].contains(&subject));
    assert_eq!(at(claim::EXP).as_u64(), Some(1_725_330_600));
    assert_eq!(at(claim::NBF).as_u64(), Some(1_725_243_900));
    assert_eq!(at(claim::IAT).as_u64(), Some(1_725_244_200));
    assert!(at(claim::CNF).at(1).is_some());
    let common = [claim::ISS, claim::SUB, claim::EXP, claim::NBF, claim::IAT, claim::CNF];
    let is_own = |key: &Value| !common.iter().any(|common| *key == Value::Int(i128::from(*common)));
    let claims = claims.as_map().unwrap().iter();
    Value::Map(claims.filter(|(key, _)| is_own(key)).cloned().collect())
}

/// Collects every hash that stands for something redacted.
fn redacted_hashes(value: &Value, found: &mut BTreeSet<Vec<u8>>) {
    match value {
        Value::Map(entries) => {
            for (key, value) in entries {
                if let (Value::Simple(SIMPLE_REDACTED_KEYS), Value::Array(hashes)) = (key, value) {
                    found.extend(hashes.iter().map(|hash| hash.as_bytes().unwrap().to_vec()));
                } else {
                    redacted_hashes(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| redacted_hashes(item, found)),
        Value::Tag(TAG_REDACTED_ELEMENT, hash) => {
            found.insert(hash.as_bytes().unwrap().to_vec());
        }
        _ => {}
    }
}

pub fn a_disclosure_is_found_by_the_hash_of_its_encoded_byte_string_and_no_other() {
    let Some(directory) = carnet_tests::vectors("sd-cwt") else { return };
    let (mut tokens_seen, mut disclosures) = (0, 0);
    for (path, bytes) in tokens(&directory) {
        let token = parse(&bytes);
        let mut hashes = BTreeSet::new();
        redacted_hashes(&read(token.payload().unwrap()), &mut hashes);
        for disclosure in token.disclosures() {
            redacted_hashes(&read(read(disclosure).as_bytes().unwrap()), &mut hashes);
        }
        for disclosure in token.disclosures() {
            let found = Profile::SdCwt08.redacted_claim_hash(disclosure);
            assert!(hashes.contains(found.as_slice()), "{path:?}");
            let contents = sha256(read(disclosure).as_bytes().unwrap());
            assert!(!hashes.contains(contents.as_slice()), "{path:?}");
            disclosures += 1;
        }
        tokens_seen += 1;
    }
    passed("sd-cwt tokens", tokens_seen, 6);
    passed("sd-cwt disclosures", disclosures, 41);
}

pub fn a_figure_of_the_draft_shows_the_other_hash() {
    let Some(directory) = carnet_tests::vectors("sd-cwt/2026-04-editors-copy") else { return };
    let contents = crate::read(&directory.join("first-disclosure.cborseq"));
    let figure = crate::text(&directory.join("first-blinded-hash.txt"));
    assert_eq!(sha256(&contents).as_slice(), crate::hex(&figure));
    let notation = crate::edn::items(&crate::text(&directory.join("first-redacted.edn")));
    let mut e = Encoder::new();
    e.simple(SIMPLE_REDACTED_KEYS).array(1).bytes(&crate::hex(&figure));
    assert_eq!(notation.concat(), e.into_bytes());
    let bytes = sd_cwt(&directory.join("issuer_cwt.cbor"));
    let token = parse(&bytes);
    let signed = token.disclosures()[0];
    assert_eq!(read(signed).as_bytes(), Some(contents.as_slice()));
    let hash = Profile::SdCwt08.redacted_claim_hash(signed);
    assert!(token.payload().unwrap().windows(32).any(|window| window == hash));
    passed("sd-cwt figures", 2, 2);
}

pub fn what_is_disclosed_returns_to_its_place() {
    let Some(directory) = carnet_tests::vectors("sd-cwt") else { return };
    let mut cases = 0;
    for (path, bytes) in tokens(&directory) {
        let (name, expected, withheld) = expected(&path);
        let token = parse(&bytes);
        let judge = |restored: Restored, withheld: usize| {
            assert_eq!(
                diagnostic(&own_claims(&restored.claims.to_value().unwrap())),
                *expected,
                "{path:?}"
            );
            assert_eq!(restored.withheld, withheld, "{path:?}");
            restored
        };
        let holder = judge(token.restore(Profile::SdCwt08, Reader::Holder).unwrap(), *withheld);
        let decoys = token.disclosures().len() - holder.placed.len();
        match token.restore(Profile::SdCwt08, Reader::Verifier) {
            Ok(restored) => assert_eq!(judge(restored, *withheld), holder),
            Err(error) => {
                assert_eq!((error, *name, decoys), (DisclosureError::Decoy, "decoy", 2));
                // Without its decoys a verifier takes it, and sees two hashes more.
                let shown = token.with_disclosures(|i| holder.placed.iter().any(|p| p.index == i));
                judge(parse(&shown).restore(Profile::SdCwt08, Reader::Verifier).unwrap(), 2);
            }
        }
        cases += 1;
    }
    passed("sd-cwt restored", cases, 6);
}

pub fn leaving_out_a_disclosure_takes_those_inside_it_along() {
    let Some(directory) = carnet_tests::vectors("sd-cwt") else { return };
    let mut cases = 0;
    for (path, bytes) in tokens(&directory) {
        let token = parse(&bytes);
        let all = token.restore(Profile::SdCwt08, Reader::Holder).unwrap();
        for left_out in 0..token.disclosures().len() {
            let shown = token.with_disclosures(|i| i != left_out);
            let shown = parse(&shown);
            assert_eq!(shown.digest(), token.digest());
            let restored = shown.restore(Profile::SdCwt08, Reader::Holder);
            if all.placed.iter().any(|placed| placed.parent == Some(left_out)) {
                assert_eq!(restored, Err(DisclosureError::Unmatched), "{path:?} {left_out}");
            } else {
                let others = all.placed.iter().filter(|placed| placed.index != left_out).count();
                assert_eq!(restored.unwrap().placed.len(), others, "{path:?} {left_out}");
            }
            cases += 1;
        }
        for disclosure in token.disclosures() {
            let mut changed = bytes.clone();
            let end = disclosure.as_ptr_range().end as usize - bytes.as_ptr() as usize;
            changed[end - 1] ^= 1;
            let restored = parse(&changed).restore(Profile::SdCwt08, Reader::Holder);
            assert!(restored.is_err(), "{path:?}");
            cases += 1;
        }
    }
    passed("sd-cwt left out or changed", cases, 82);
}

pub fn a_foreign_key_binding_token_has_the_claims_of_one_and_is_not_ours() {
    let Some(directory) = carnet_tests::vectors("sd-cwt") else { return };
    let mut cases = 0;
    for path in files(&directory, "cbor") {
        let bytes = crate::read(&path);
        let sign1 = Sign1::parse(&bytes, Mode::Foreign).unwrap();
        let head = sign1.header().unwrap();
        if head.raw(header::KCWT).is_none() {
            // A credential by itself is never taken for a presentation.
            assert!(KeyBindingToken::parse(&bytes).is_err());
            assert!(SdCwt::parse(&bytes, Mode::Strict).is_err(), "another algorithm");
            continue;
        }
        assert!(head.has_exactly(&[header::ALG, header::KCWT, header::TYP], &[]));
        assert_eq!(head.value::<u64>(header::TYP), Ok(Some(294)));
        assert_eq!(head.value::<i64>(header::ALG), Ok(Some(-7)));
        let claims = read(sign1.attached().unwrap());
        let at = |key: i64| claims.at(key.into()).unwrap();
        assert_eq!(at(claim::AUD).as_text(), Some("https://verifier.example/app"));
        assert_eq!(at(claim::IAT).as_u64(), Some(1_725_244_237));
        assert_eq!(at(claim::CNONCE).as_bytes().map(<[u8]>::len), Some(16));
        assert_eq!(claims.as_map().unwrap().len(), 3);
        assert_eq!(KeyBindingToken::parse(&bytes).err(), Some(PresentationError::WrongHeaders));
        assert!(SdCwt::parse(&bytes, Mode::Foreign).is_err());
        cases += 1;
    }
    passed("sd-cwt key-binding tokens", cases, 2);
}
