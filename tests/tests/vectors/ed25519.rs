//! C2SP/CCTV edge cases of Ed25519 and the key pairs of the did:key method.

use std::collections::BTreeMap;

use carnet_proto::key::{PublicKey, Signature, SigningKey};

use data_encoding::BASE64URL_NOPAD;

use crate::{hex, json, passed};

/// The flags by which the one rule of the federation refuses: RFC 8032, canonical points of large
/// order, and the cofactorless equation. What is left, `low_order_component_*`, is accepted as long as
/// the components cancel out.
const REFUSED: [&str; 6] = [
    "low_order_A",
    "low_order_R",
    "low_order_residue",
    "non_canonical_A",
    "non_canonical_R",
    "reencoded_k",
];

pub fn edge_case_signatures_are_judged_by_the_one_rule() {
    let Some(path) = carnet_tests::vectors("ed25519-cctv/ed25519vectors.json") else { return };
    let cases = json(&path);
    let cases = cases.as_array().unwrap();
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for case in cases {
        let flags: Vec<&str> =
            case["flags"].as_array().into_iter().flatten().map(|f| f.as_str().unwrap()).collect();
        let key: [u8; 32] = hex(case["key"].as_str().unwrap()).try_into().unwrap();
        let signature = Signature(hex(case["sig"].as_str().unwrap()).try_into().unwrap());
        let message = case["msg"].as_str().unwrap().as_bytes();
        let key = PublicKey::new(&key);
        for flag in ["low_order_A", "non_canonical_A"] {
            assert!(key.is_err() || !flags.contains(&flag), "{} key accepted", case["number"]);
        }
        let accepted = key.is_ok_and(|key| key.verifies(message, &signature));
        let expected = !flags.iter().any(|flag| REFUSED.contains(flag));
        assert_eq!(accepted, expected, "{} {flags:?}", case["number"]);
        for flag in if flags.is_empty() { &["no flag"] } else { flags.as_slice() } {
            counts.entry(flag).or_default()[usize::from(accepted)] += 1;
        }
    }
    for (flag, [refused, accepted]) in &counts {
        println!("ed25519 {flag}: {accepted} accepted, {refused} refused");
    }
    assert!(counts["low_order_component_A"][1] > 0 && counts["no flag"][1] > 0);
    passed("ed25519 edge cases", cases.len(), 914);
}

pub fn seeds_give_the_public_keys_of_their_did_key() {
    let Some(path) = carnet_tests::vectors("did-key/ed25519-x25519.json") else { return };
    let cases = json(&path);
    let cases = cases.as_object().unwrap();
    for (did, case) in cases {
        let seed = hex(case["seed"].as_str().unwrap()).try_into().unwrap();
        let public = SigningKey::new(&seed).public();
        // Multicodec 0xed, "Ed25519 public key", as a varint.
        let multikey = [&[0xed, 0x01], public.as_bytes().as_slice()].concat();
        assert_eq!(format!("did:key:z{}", base58(&multikey)), *did);
        let method = &case["didDocument"]["verificationMethod"][0];
        let printed = match method["publicKeyBase58"].as_str() {
            Some(text) => from_base58(text),
            None => {
                let x = method["publicKeyJwk"]["x"].as_str().unwrap();
                BASE64URL_NOPAD.decode(x.as_bytes()).unwrap()
            }
        };
        assert_eq!(printed, public.as_bytes());
    }
    passed("did:key", cases.len(), 5);
}

const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Reads what [`base58`] wrote.
pub fn from_base58(text: &str) -> Vec<u8> {
    let mut bytes: Vec<u32> = Vec::new();
    for c in text.bytes() {
        let mut carry = ALPHABET.iter().position(|digit| *digit == c).unwrap() as u32;
        for byte in &mut bytes {
            carry += *byte * 58;
            *byte = carry & 0xff;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push(carry & 0xff);
            carry >>= 8;
        }
    }
    bytes.iter().rev().map(|byte| *byte as u8).collect()
}

/// Writes a number, given by its bytes, in base 58; no leading zeros occur here.
fn base58(bytes: &[u8]) -> String {
    let mut digits: Vec<usize> = Vec::new();
    for byte in bytes {
        let mut carry = usize::from(*byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    digits.iter().rev().map(|digit| char::from(ALPHABET[*digit])).collect()
}
