//! cose-wg/Examples: `COSE_Sign1` with Ed25519 and with ES256, and the tokens of RFC 8392.

use carnet_proto::cbor::{Decode as _, Decoder, Mode, Value};
use carnet_proto::cose::Sign1;
use carnet_proto::key::PublicKey;
use carnet_proto::profile::claim;
use data_encoding::BASE64URL_NOPAD;
use serde_json::Value as Json;

use crate::ecdsa::Key;
use crate::{files, hex, json, passed};

fn bytes(case: &Json) -> Vec<u8> {
    hex(case["output"]["cbor"].as_str().unwrap())
}

fn published(case: &Json) -> Vec<u8> {
    hex(case["intermediates"]["ToBeSign_hex"].as_str().unwrap())
}

pub fn an_ed25519_object_verifies_until_a_byte_is_flipped() {
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

/// Reads a coordinate, which some files give in hexadecimal and others in base 64.
fn coordinate(key: &Json, name: &str) -> Option<Vec<u8>> {
    match key[format!("{name}_hex")].as_str() {
        Some(text) => Some(hex(text)),
        None => Some(BASE64URL_NOPAD.decode(key[name].as_str()?.as_bytes()).unwrap()),
    }
}

/// Why a good example is not taken as one of ours would be.
#[derive(Debug, PartialEq)]
enum Exception {
    /// Nothing: it verifies.
    None,
    /// Nothing of ours signs external data.
    ExternalData,
    /// We require the tag.
    NoTag,
}

pub fn an_ecdsa_object_verifies_over_our_bytes_if_and_only_if_it_is_good() {
    let Some(directory) = carnet_tests::vectors("cose-sign1") else { return };
    let (mut good, mut bad) = (0, 0);
    for path in files(&directory, "json") {
        let case = json(&path);
        let key = &case["input"]["sign0"]["key"];
        let (Some(x), Some(y)) = (coordinate(key, "x"), coordinate(key, "y")) else { continue };
        let key = Key::new(&x, &y);
        let object = bytes(&case);
        let verifies = |object: &[u8]| {
            Sign1::parse(object, Mode::Foreign).is_ok_and(|sign1| {
                sign1.header().is_ok() && key.verifies(&sign1.to_be_signed(), sign1.signature)
            })
        };
        if case["fail"] == true {
            assert!(!verifies(&object), "{path:?}");
            bad += 1;
            continue;
        }
        let exception = match path.file_stem().unwrap().to_str().unwrap() {
            "sign-pass-02" => Exception::ExternalData,
            "sign-pass-03" => Exception::NoTag,
            _ => Exception::None,
        };
        assert_eq!(verifies(&object), exception == Exception::None, "{path:?}");
        let tagged =
            if exception == Exception::NoTag { [&[0xd2], &*object].concat() } else { object };
        let sign1 = Sign1::parse(&tagged, Mode::Foreign).unwrap();
        assert!(key.verifies(&published(&case), sign1.signature), "{path:?}");
        let same = sign1.to_be_signed() == published(&case);
        assert_eq!(same, exception != Exception::ExternalData, "{path:?}");
        good += 1;
    }
    assert_eq!(bad, 6);
    passed("cose es256", good + bad, 11);
}

pub fn other_objects_of_cose_are_refused_by_their_tag() {
    let Some(directory) = carnet_tests::vectors("cose-sign1") else { return };
    // MAC, encryption, and several signers.
    let names = [
        "CWT/A_4",
        "CWT/A_5",
        "CWT/A_6",
        "CWT/A_7",
        "eddsa-examples/eddsa-01",
        "eddsa-examples/eddsa-02",
    ];
    for name in names {
        let object = bytes(&json(&directory.join(format!("{name}.json"))));
        for mode in [Mode::Foreign, Mode::Strict] {
            assert!(Sign1::parse(&object, mode).is_err(), "{name}");
        }
    }
    // Ed448: an object like ours, with a signature of 114 bytes.
    let case = json(&directory.join("eddsa-examples/eddsa-sig-02.json"));
    let object = bytes(&case);
    let sign1 = Sign1::parse(&object, Mode::Foreign).unwrap();
    assert_eq!(sign1.to_be_signed(), published(&case));
    assert_eq!(sign1.signature.len(), 114);
    assert!(!sign1.header().unwrap().is_ed25519());
    passed("cose of other kinds", names.len() + 1, 7);
}

pub fn the_claims_of_rfc_8392_are_read() {
    let Some(directory) = carnet_tests::vectors("cose-sign1/CWT") else { return };
    let read = |bytes: &[u8]| Value::decode(&mut Decoder::new(bytes, Mode::Strict)).unwrap();
    let files = files(&directory, "json");
    for path in &files {
        let case = json(path);
        let plaintext = hex(case["input"]["plaintext_hex"].as_str().unwrap());
        let name = path.file_stem().unwrap().to_str().unwrap();
        // A.6 is the token of A.3, encrypted.
        let nested = Sign1::parse(&plaintext, Mode::Strict);
        assert_eq!(nested.is_ok(), name == "A_6");
        let claims = read(nested.as_ref().map_or(&*plaintext, |token| token.attached().unwrap()));
        let at = |key: i64| claims.at(key.into());
        if name == "A_7" {
            assert_eq!(at(claim::IAT), Some(&Value::Float(1_443_944_944.5)));
            continue;
        }
        assert_eq!(at(claim::ISS).unwrap().as_text(), Some("coap://as.example.com"));
        assert_eq!(at(claim::SUB).unwrap().as_text(), Some("erikw"));
        assert_eq!(at(claim::AUD).unwrap().as_text(), Some("coap://light.example.com"));
        let times = [claim::EXP, claim::NBF, claim::IAT].map(|key| at(key).unwrap().as_u64());
        assert_eq!(times, [Some(1_444_064_944), Some(1_443_944_944), Some(1_443_944_944)]);
        assert_eq!(at(claim::CTI).unwrap().as_bytes(), Some([0x0b, 0x71].as_slice()));
    }
    passed("cwt claims", files.len(), 5);
}
