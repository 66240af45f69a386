//! cose-wg/Examples: `COSE_Sign1`. Ed25519 is verified; of ES256, which nothing of ours uses, the
//! structure and the bytes that are signed.

use std::collections::BTreeMap;

use carnet_proto::cbor::Mode;
use carnet_proto::cose::Sign1;
use carnet_proto::key::PublicKey;
use serde_json::Value as Json;

use crate::{files, hex, json, passed};

fn bytes(case: &Json) -> Vec<u8> {
    hex(case["output"]["cbor"].as_str().unwrap())
}

fn published(case: &Json) -> Vec<u8> {
    hex(case["intermediates"]["ToBeSign_hex"].as_str().unwrap())
}

#[test]
fn an_ed25519_object_verifies_until_a_byte_is_flipped() {
    let Some(path) = carnet_tests::vectors("cose-sign1/eddsa-examples/eddsa-sig-01.json") else {
        return;
    };
    let case = json(&path);
    let key = hex(case["input"]["sign0"]["key"]["x_hex"].as_str().unwrap()).try_into().unwrap();
    let key = PublicKey::new(&key).unwrap();
    let object = bytes(&case);
    let sign1 = Sign1::parse(&object, Mode::Strict).unwrap();
    assert_eq!(sign1.to_be_signed(), published(&case));
    assert!(sign1.is_signed_by(&key));
    // It names the deprecated EdDSA (-8), which our own formats refuse.
    assert!(!sign1.header().unwrap().is_ed25519());
    let unprotected = sign1.unprotected.as_ptr() as usize - object.as_ptr() as usize;
    let unsigned = unprotected..unprotected + sign1.unprotected.len();
    let mut cases = 1;
    for at in 0..object.len() {
        let mut changed = object.clone();
        changed[at] ^= 1;
        let accepted =
            Sign1::parse(&changed, Mode::Foreign).is_ok_and(|sign1| sign1.is_signed_by(&key));
        assert!(!accepted || unsigned.contains(&at), "byte {at}");
        cases += 1;
    }
    passed("cose ed25519", cases, 100);
}

#[test]
fn what_is_signed_is_what_others_sign() {
    let Some(directory) = carnet_tests::vectors("cose-sign1") else { return };
    let mut outcomes: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut cases = 0;
    for path in files(&directory, "json") {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let case = json(&path);
        let object = bytes(&case);
        let parsed = Sign1::parse(&object, Mode::Foreign);
        let outcome = match &parsed {
            Err(_) => "refused",
            Ok(sign1) if sign1.to_be_signed() == published(&case) => "same",
            Ok(_) => "different",
        };
        if let Ok(sign1) = parsed {
            assert!(sign1.header().is_ok() && sign1.attached().is_ok(), "{name}");
        }
        outcomes.entry(outcome).or_default().push(name);
        cases += 1;
    }
    let named = |outcome| outcomes[outcome].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(
        named("same"),
        ["A_3", "Appendix_C_2_1", "eddsa-sig-01", "eddsa-sig-02", "sign-pass-01"]
    );
    // Other tags (MAC, encryption, several signers, 998), and pass-03 without one: we require it.
    assert_eq!(
        named("refused"),
        ["A_4", "A_5", "A_6", "A_7", "eddsa-01", "eddsa-02", "sign-fail-01", "sign-pass-03"]
    );
    // Changed after signing; and pass-02 signs external data, which nothing of ours has.
    assert_eq!(
        named("different"),
        [
            "sign-fail-02",
            "sign-fail-03",
            "sign-fail-04",
            "sign-fail-06",
            "sign-fail-07",
            "sign-pass-02"
        ]
    );
    passed("cose structure", cases, 19);
}
