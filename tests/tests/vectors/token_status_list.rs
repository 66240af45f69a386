//! draft-ietf-oauth-status-list: lists in their CBOR form, and the signed examples.

use carnet_proto::cbor::{CborErrorKind, Decode as _, Decoder, Encode as _, Mode, Value};
use carnet_proto::cose::Sign1;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::profile::claim;
use carnet_proto::status::{
    MAX_INFLATED_BYTES, StatusList, StatusReference, StatusToken, StatusUri,
};
use carnet_proto::time::UnixSeconds;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value as Json;

use crate::ecdsa::Key;
use crate::{all_files, hex, json, passed};

fn decode(bytes: &[u8], mode: Mode) -> Result<StatusList, carnet_proto::cbor::CborError> {
    let mut d = Decoder::new(bytes, mode);
    let list = StatusList::decode(&mut d)?;
    d.finish()?;
    Ok(list)
}

/// The statuses that a case lists; every other is 0.
fn listed(case: &Json, index: u64) -> u8 {
    case["nonzero_status"].get(index.to_string()).map_or(0, |v| v.as_u64().unwrap() as u8)
}

pub fn every_status_of_every_list_is_read() {
    let Some(path) = carnet_tests::vectors("token-status-list/status_list_vectors.json") else {
        return;
    };
    let (mut lists, mut nonzero, mut largest) = (0, 0, 0);
    for case in json(&path)["vectors"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let encoded = hex(case["status_list_cbor_hex"].as_str().unwrap());
        // Their keys stand in the order of the text, `bits` first.
        let refused = decode(&encoded, Mode::Strict).unwrap_err().kind;
        assert_eq!(refused, CborErrorKind::UnsortedKeys, "{name}");
        let list = decode(&encoded, Mode::Foreign).unwrap();
        let entries = case["entries"].as_u64().unwrap();
        assert_eq!(list.len(), entries, "{name}");
        let mut found = 0;
        for index in 0..entries {
            match list.value(index) {
                Some(0) => {}
                Some(value) => {
                    assert_eq!(value, listed(case, index), "{name}: {index}");
                    found += 1;
                }
                None => panic!("{name}: {index} of {entries}"),
            }
        }
        // As many as are listed, and each of them right: so every other is 0.
        assert_eq!(found, case["nonzero_status"].as_object().unwrap().len(), "{name}");
        assert_eq!(list.value(entries), None);
        assert_eq!(StatusList::from_cbor(&list.to_cbor()), Ok(list), "{name} in our encoding");
        largest = largest.max(case["decompressed_bytes"].as_u64().unwrap());
        nonzero += found;
        lists += 1;
    }
    assert_eq!(largest, MAX_INFLATED_BYTES as u64, "one list fills the limit exactly");
    passed("token status lists", lists, 6);
    passed("token status list statuses", nonzero, 300);
}

fn token(name: &str) -> Option<Vec<u8>> {
    let path = carnet_tests::vectors("token-status-list/signed_cwt_vectors.json")?;
    let file = json(&path);
    let is_wanted = |case: &&Json| case["source_file"].as_str().unwrap().ends_with(name);
    let case = file["tokens"].as_array().unwrap().iter().find(is_wanted).unwrap();
    Some(hex(case["cose_sign1_hex"].as_str().unwrap()))
}

pub fn a_foreign_status_list_token_is_read_and_the_strict_mode_refuses_it() {
    let Some(bytes) = token("status_list_cwt.md") else { return };
    let token = StatusToken::parse(&bytes, Mode::Foreign).unwrap();
    assert_eq!(token.uri, "https://example.com/statuslists/1");
    assert_eq!(token.issued_at, UnixSeconds(1_686_920_170));
    assert_eq!(token.expires_at, Some(UnixSeconds(2_291_720_170)));
    assert_eq!(token.ttl, Some(43_200));
    let statuses: Vec<_> =
        (0..token.list().len()).map(|i| token.list().value(i).unwrap()).collect();
    assert_eq!(statuses, [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
    assert_eq!(token.as_bytes(), bytes);
    // Its key identifier is unprotected and its signature ECDSA: no key of ours verifies it.
    assert_eq!(token.kid, None);
    assert!(!token.is_signed_by(&Seed::new([1; 32]).signing_key(Purpose::Status).public()));
    assert!(StatusToken::parse(&bytes, Mode::Strict).is_err());
    // The order of its claims alone (2, 6, 4, 65534, 65533) would be refused.
    let sign1 = Sign1::parse(&bytes, Mode::Strict).unwrap();
    let claims = sign1.attached().unwrap();
    let refused = Value::decode(&mut Decoder::new(claims, Mode::Strict)).unwrap_err();
    assert_eq!(refused.kind, CborErrorKind::UnsortedKeys);
    passed("token status list token", 1, 1);
}

pub fn a_foreign_credential_says_where_its_status_stands() {
    let Some(bytes) = token("referenced_token_cwt.md") else { return };
    let sign1 = Sign1::parse(&bytes, Mode::Foreign).unwrap();
    let claims = Value::decode(&mut Decoder::new(sign1.attached().unwrap(), Mode::Foreign));
    let claims = claims.unwrap();
    assert_eq!(claims.at(claim::SUB.into()).unwrap().as_text(), Some("12345"));
    let status = claims.at(claim::STATUS.into()).unwrap().to_cbor();
    let status = StatusReference::from_cbor(&status).unwrap();
    let expected = StatusReference { index: 0, uri: "https://example.com/statuslists/1".into() };
    assert_eq!(status, expected);
    // It is none of our issuers' lists.
    assert_eq!(StatusUri::parse(&status.uri), None);
    assert!(StatusToken::parse(&bytes, Mode::Foreign).is_err(), "a credential is no list");
    passed("token status list reference", 1, 1);
}

pub fn the_signed_examples_verify_until_a_byte_is_flipped() {
    let Some(path) = carnet_tests::vectors("token-status-list/signed_cwt_vectors.json") else {
        return;
    };
    let file = json(&path);
    let coordinate = |name| {
        let text = file["public_key_ec_p256"][name].as_str().unwrap();
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
    };
    let key = Key::new(&coordinate("x_b64u"), &coordinate("y_b64u"));
    let mut cases = 0;
    for case in file["tokens"].as_array().unwrap() {
        let bytes = hex(case["cose_sign1_hex"].as_str().unwrap());
        let sign1 = Sign1::parse(&bytes, Mode::Foreign).unwrap();
        assert!(key.signed(&sign1));
        let unprotected = sign1.unprotected.as_ptr() as usize - bytes.as_ptr() as usize;
        let unsigned = unprotected..unprotected + sign1.unprotected.len();
        for at in (0..bytes.len()).step_by(5).filter(|at| !unsigned.contains(at)) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let accepted = Sign1::parse(&changed, Mode::Foreign).is_ok_and(|s| key.signed(&s));
            assert!(!accepted, "byte {at}");
            cases += 1;
        }
        cases += 1;
    }
    passed("token status list es256", cases, 70);
}

/// Digits of the hexadecimal dumps: a line may have a comment behind `#`, and before `encoded:` stands
/// what is encoded.
fn dump(text: &str) -> Vec<u8> {
    let text = text.split_once("encoded:").map_or(text, |(_, rest)| rest);
    let lines = text.lines().map(|line| line.split('#').next().unwrap());
    hex(&lines.collect::<String>())
}

pub fn the_pages_of_the_draft_print_the_same_bytes_in_each_form() {
    let Some(directory) = carnet_tests::vectors("token-status-list") else { return };
    let lists = json(&directory.join("status_list_vectors.json"));
    let lists = lists["vectors"].as_array().unwrap();
    let lists: Vec<Vec<u8>> =
        lists.iter().map(|list| hex(list["status_list_cbor_hex"].as_str().unwrap())).collect();
    let tokens = ["status_list_cwt.md", "referenced_token_cwt.md"].map(|name| token(name).unwrap());
    let mut cases = 0;
    for path in all_files(&directory.join("examples")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name.contains("_jwt") {
            continue;
        }
        let text = crate::text(&path);
        if name.ends_with("_json") {
            let (_, json) = text.split_once('{').unwrap();
            let json: String = json.split_whitespace().collect();
            let json: Json = serde_json::from_str(&format!("{{{json}")).unwrap();
            let compressed = BASE64URL_NOPAD.decode(json["lst"].as_str().unwrap().as_bytes());
            let compressed = compressed.unwrap();
            assert!(lists.iter().any(|list| list.ends_with(&compressed)), "{name}");
        } else {
            let bytes = dump(&text);
            assert!(lists.iter().chain(&tokens).any(|object| *object == bytes), "{name}");
        }
        cases += 1;
    }
    passed("token status list pages", cases, 18);
}
