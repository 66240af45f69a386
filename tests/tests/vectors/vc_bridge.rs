//! Signatures of the W3C's Data Integrity examples: Ed25519 of others over hashes that they print. How
//! JSON becomes those hashes concerns a bridge that does not exist yet.

use carnet_proto::id::sha256;
use carnet_proto::key::{PublicKey, Signature};

use crate::ed25519::from_base58;
use crate::{files, hex, json, passed, text};

/// Reads a multibase text of base 58.
fn multibase(text: &str) -> Vec<u8> {
    from_base58(text.trim().strip_prefix('z').unwrap())
}

pub fn the_signatures_of_data_integrity_verify_over_the_printed_hashes() {
    let Some(directory) = carnet_tests::vectors("vc-bridge/vc-di-eddsa") else { return };
    let pair = json(&directory.join("keyPair.json"));
    let key = multibase(pair["publicKeyMultibase"].as_str().unwrap());
    let key = PublicKey::new(key.strip_prefix(&[0xed, 0x01]).unwrap().try_into().unwrap()).unwrap();
    let (mut cases, mut flipped) = (0, 0);
    for path in files(&directory, "txt") {
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(suite) = name.strip_prefix("sigHex").and_then(|n| n.strip_suffix(".txt")) else {
            continue;
        };
        let read = |part: &str| text(&path.with_file_name(format!("{part}{suite}.txt")));
        let (proof, document) = (hex(&read("proofHash")), hex(&read("docHash")));
        assert_eq!(sha256(read("proofCanon").as_bytes()).as_slice(), proof, "{path:?}");
        assert_eq!(sha256(read("canonDoc").as_bytes()).as_slice(), document, "{path:?}");
        let mut message = [proof, document].concat();
        assert_eq!(hex(&read("combinedHash")), message);
        let signature: [u8; 64] = hex(&read("sigHex")).try_into().unwrap();
        assert_eq!(multibase(&read("sigBTC58")), signature);
        let signed = json(&path.with_file_name(format!("signed{suite}.json")));
        assert_eq!(signed["proof"]["proofValue"], read("sigBTC58").trim());
        assert!(key.verifies(&message, &Signature(signature)), "{path:?}");
        for at in 0..message.len() {
            message[at] ^= 1;
            assert!(!key.verifies(&message, &Signature(signature)), "{path:?}");
            message[at] ^= 1;
            flipped += 1;
        }
        cases += 1;
    }
    passed("data integrity signatures", cases, 3);
    passed("data integrity bytes flipped", flipped, 192);
}
