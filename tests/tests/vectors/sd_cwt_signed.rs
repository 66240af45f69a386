//! The signed examples of draft-ietf-spice-sd-cwt: their ECDSA signatures, that their diagnostic
//! notation says the same, and that each rule a reader of any SD-CWT must keep refuses one of them
//! once it is broken there.

use carnet_proto::cbor::{CborError, CborErrorKind, Encoder, Mode, Value};
use carnet_proto::cose::Sign1;
use carnet_proto::credential::disclosure::{DisclosureError, Reader};
use carnet_proto::credential::{CredentialError, SdCwt};
use carnet_proto::profile::{Profile, claim, header};

use crate::ecdsa::Key;
use crate::sd_cwt::{parse, read, tokens};
use crate::{edn, files, hex, json, passed, text};

/// Bytes of a token between two that are flipped: verifying over P-384 takes its time.
const STEP: usize = 37;

/// The part of a token that no signature covers.
fn unsigned(token: &Sign1<'_>, within: &[u8]) -> std::ops::Range<usize> {
    let start = token.unprotected.as_ptr() as usize - within.as_ptr() as usize;
    start..start + token.unprotected.len()
}

pub fn every_token_is_signed_by_the_key_that_the_draft_prints() {
    let Some(directory) = carnet_tests::vectors("sd-cwt") else { return };
    let keys = json(&directory.join("keys_and_aead.json"));
    let key = |name: &str| {
        let coordinate = |axis| hex(keys[name][axis].as_str().unwrap());
        Key::new(&coordinate("x"), &coordinate("y"))
    };
    let (issuer, holder) = (key("issuer_key_p384"), key("holder_key_p256"));
    let (mut signatures, mut flipped) = (0, 0);
    for (path, bytes) in tokens(&directory) {
        let token = parse(&bytes);
        let sign1 = token.sign1();
        assert!(issuer.signed(sign1) && !holder.signed(sign1), "{path:?}");
        // Whatever is disclosed, the signature holds.
        let bare = token.with_disclosures(|_| false);
        assert!(issuer.signed(&Sign1::parse(&bare, Mode::Foreign).unwrap()), "{path:?}");
        let claims = read(token.payload().unwrap());
        let confirmation = claims.at(claim::CNF.into()).unwrap().at(1).unwrap();
        assert_eq!(Key::from_cose(confirmation), holder, "{path:?}");
        signatures += 1;

        let whole = crate::read(&path);
        let outer = Sign1::parse(&whole, Mode::Foreign).unwrap();
        let signer = if outer.header().unwrap().raw(header::KCWT).is_some() {
            assert!(holder.signed(&outer) && !issuer.signed(&outer), "{path:?}");
            signatures += 1;
            &holder
        } else {
            &issuer
        };
        let unsigned = unsigned(&outer, &whole);
        for at in (0..whole.len()).step_by(STEP).filter(|at| !unsigned.contains(at)) {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            let parsed = Sign1::parse(&changed, Mode::Foreign);
            assert!(!parsed.is_ok_and(|s| signer.signed(&s)), "{path:?} {at}");
            flipped += 1;
        }
    }
    passed("sd-cwt signatures", signatures, 8);
    passed("sd-cwt bytes flipped", flipped, 90);
}

pub fn diagnostic_notation_says_what_the_bytes_say() {
    let Some(directory) = carnet_tests::vectors("sd-cwt/2026-04-editors-copy") else { return };
    let file = |name: &str| directory.join(name);
    let mut cases = 0;
    for path in files(&directory, "cbor") {
        let notation = edn::items(&text(&path.with_extension("edn")));
        assert_eq!(notation, [crate::read(&path)], "{path:?}");
        cases += 1;
    }
    // One entry of the unprotected header, without the braces.
    for (entry, token) in
        [("chosen-disclosures.edn", "kbt"), ("chosen-nested-disclosures.edn", "nested_kbt")]
    {
        let (_, sd_cwt) = tokens(&directory)
            .into_iter()
            .find(|(p, _)| p.ends_with(format!("{token}.cbor")))
            .unwrap();
        let header = [vec![0xa1], edn::items(&text(&file(entry))).concat()].concat();
        assert_eq!(parse(&sd_cwt).sign1().unprotected, header, "{entry}");
        cases += 1;
    }
    let first = crate::read(&file("first-disclosure.cborseq"));
    let dump: String = text(&file("first-disclosure.pretty"))
        .lines()
        .map(|line| line.split('#').next().unwrap().to_owned())
        .collect();
    assert_eq!(hex(&dump), first);
    let mut e = Encoder::new();
    e.bytes(&first);
    assert_eq!(edn::items(&text(&file("first-disclosure.edn"))), [e.into_bytes()]);
    passed("sd-cwt notation", cases + 2, 10);
}

pub fn every_salt_is_drawn_once() {
    let Some(directory) = carnet_tests::vectors("sd-cwt/2026-04-editors-copy") else { return };
    let drawn = |name: &str| {
        let text = text(&directory.join(name));
        text.lines().map(|line| hex(line.split(',').nth(1).unwrap())).collect::<Vec<_>>()
    };
    let (claims, decoys) = (drawn("salt_list.csv"), drawn("decoy_list.csv"));
    let mut cases = 0;
    for (path, bytes) in tokens(&directory) {
        for disclosure in parse(&bytes).disclosures() {
            let contents = read(read(disclosure).as_bytes().unwrap());
            let Value::Array(parts) = contents else { panic!("{path:?}") };
            let list = if parts.len() == 1 { &decoys } else { &claims };
            let uses = list.iter().filter(|salt| parts[0].as_bytes() == Some(salt)).count();
            assert_eq!(uses, 1, "{path:?}");
            cases += 1;
        }
    }
    passed("sd-cwt salts", cases, 41);
}

/// Takes a token apart, changes one part, and puts it together again.
struct Parts {
    protected: Vec<u8>,
    unprotected: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl Parts {
    fn of(token: &SdCwt<'_>) -> Self {
        let sign1 = token.sign1();
        Self {
            protected: sign1.protected.to_vec(),
            unprotected: sign1.unprotected.to_vec(),
            payload: sign1.attached().unwrap().to_vec(),
            signature: sign1.signature.to_vec(),
        }
    }

    fn join(&self) -> Vec<u8> {
        let mut e = Encoder::new();
        e.tag(18).array(4).bytes(&self.protected).raw(&self.unprotected);
        e.bytes(&self.payload).bytes(&self.signature);
        e.into_bytes()
    }
}

/// Adds an entry, key and value encoded, behind the others of a map with fewer than 23.
fn add(map: &mut Vec<u8>, entry: &[u8]) {
    map[0] += 1;
    map.extend_from_slice(entry);
}

fn replace(bytes: &mut Vec<u8>, from: &[u8], to: &[u8]) {
    let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
    bytes.splice(at..at + from.len(), to.iter().copied());
}

/// Encodes header 17 with these disclosures, each an encoded byte string.
fn disclosing(disclosures: &[&[u8]]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(1).int(header::SD_CLAIMS.into()).array(disclosures.len()).raw(&disclosures.concat());
    e.into_bytes()
}

/// Makes a disclosure of a key and its value, both encoded, and the entry that redacts it.
fn redacted(value: &[u8], key: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut contents = Encoder::new();
    contents.array(2 + usize::from(!key.is_empty())).bytes(&[9; 16]).raw(value).raw(key);
    let mut disclosure = Encoder::new();
    disclosure.bytes(contents.as_bytes());
    let hash = Profile::SdCwt08.redacted_claim_hash(disclosure.as_bytes());
    let mut entry = Encoder::new();
    entry.simple(59).array(1).bytes(&hash);
    (disclosure.into_bytes(), entry.into_bytes())
}

pub fn a_token_that_breaks_one_rule_of_any_sd_cwt_is_refused() {
    let Some(directory) = carnet_tests::vectors("sd-cwt") else { return };
    let mut cases = 0;
    let all = tokens(&directory);
    let (_, decoys) = all.iter().find(|(path, _)| path.ends_with("decoy.cbor")).unwrap();
    let decoys = parse(decoys);
    for (path, bytes) in &all {
        let token = parse(bytes);
        assert_eq!(Parts::of(&token).join(), *bytes);
        let mut refused = |how: &str, change: &dyn Fn(&mut Parts), expected: CredentialError| {
            let mut parts = Parts::of(&token);
            change(&mut parts);
            let found = SdCwt::parse(&parts.join(), Mode::Foreign).unwrap_err();
            // An error of form is told by its kind, not by where it stands.
            match (&found, &expected) {
                (CredentialError::Malformed(found), CredentialError::Malformed(expected)) => {
                    assert_eq!(found.kind, expected.kind, "{path:?}: {how}");
                }
                _ => assert_eq!(found, expected, "{path:?}: {how}"),
            }
            cases += 1;
        };
        let malformed = |kind| CredentialError::Malformed(CborError::new(kind, 0));
        refused(
            "type of a key-binding token",
            &|p| replace(&mut p.protected, b"\x10\x19\x01\x25", b"\x10\x19\x01\x26"),
            CredentialError::WrongType,
        );
        refused(
            "no type",
            &|p| replace(&mut p.protected, b"\x10\x19\x01\x25", b"\x18\x20\x19\x01\x25"),
            CredentialError::WrongType,
        );
        refused(
            "an empty list of disclosures",
            &|p| p.unprotected = disclosing(&[]),
            CredentialError::DisclosureCount,
        );
        refused(
            "a disclosure that is no byte string",
            &|p| p.unprotected = disclosing(&[b"\x00"]),
            malformed(CborErrorKind::Invalid("a disclosure is a byte string")),
        );
        refused(
            "a label in both headers",
            &|p| add(&mut p.unprotected, b"\x01\x26"),
            malformed(CborErrorKind::Invalid("a label stands in both headers")),
        );
        refused(
            "a label twice",
            &|p| add(&mut p.protected, b"\x01\x26"),
            malformed(CborErrorKind::DuplicateKey),
        );
        refused(
            "a header of indefinite length",
            &|p| {
                p.protected[0] = 0xbf;
                p.protected.push(0xff);
            },
            malformed(CborErrorKind::IndefiniteLength),
        );

        let mut unrestored = |how: &str, change: &dyn Fn(&mut Parts), expected: DisclosureError| {
            let mut parts = Parts::of(&token);
            change(&mut parts);
            let changed = parts.join();
            let restored = parse(&changed).restore(Profile::SdCwt08, Reader::Holder);
            match (restored.unwrap_err(), expected) {
                (DisclosureError::Malformed(found), DisclosureError::Malformed(expected)) => {
                    assert_eq!(found.kind, expected.kind, "{path:?}: {how}");
                }
                (found, expected) => assert_eq!(found, expected, "{path:?}: {how}"),
            }
            cases += 1;
        };
        let malformed = |kind| DisclosureError::Malformed(CborError::new(kind, 0));
        let shown = token.disclosures();
        let with = |more: &[u8]| disclosing(&[shown, &[more]].concat());
        unrestored(
            "a claim twice",
            &|p| add(&mut p.payload, b"\x06\x00"),
            malformed(CborErrorKind::DuplicateKey),
        );
        unrestored(
            "a claim twice, once in the long form",
            &|p| add(&mut p.payload, b"\x18\x06\x00"),
            malformed(CborErrorKind::DuplicateKey),
        );
        unrestored(
            "a byte string as a key",
            &|p| add(&mut p.payload, b"\x41\x00\x00"),
            DisclosureError::MalformedRedaction,
        );
        unrestored(
            "claims of indefinite length",
            &|p| {
                p.payload[0] = 0xbf;
                p.payload.push(0xff);
            },
            malformed(CborErrorKind::IndefiniteLength),
        );
        unrestored(
            "tag 58, to be redacted",
            &|p| add(&mut p.payload, b"\x19\x03\xe8\xd8\x3a\x00"),
            DisclosureError::MalformedRedaction,
        );
        unrestored(
            "tag 62, to be decoy",
            &|p| add(&mut p.payload, b"\x19\x03\xe8\xd8\x3e\x01"),
            DisclosureError::MalformedRedaction,
        );
        unrestored(
            "a hash of 31 bytes",
            &|p| {
                add(
                    &mut p.payload,
                    &[b"\x19\x03\xe8\x81\xd8\x3c\x58\x1f".as_slice(), &[0; 31]].concat(),
                )
            },
            DisclosureError::MalformedRedaction,
        );
        unrestored(
            "a disclosure twice",
            &|p| p.unprotected = with(shown[0]),
            DisclosureError::RepeatedSalt,
        );
        let other = if path.ends_with("decoy.cbor") {
            redacted(b"\x00", b"\x01").0
        } else {
            decoys.disclosures()[0].to_vec()
        };
        unrestored(
            "a disclosure of another token",
            &|p| p.unprotected = with(&other),
            DisclosureError::Unmatched,
        );

        // In a map of its own, since most tokens have redacted claims at the top already.
        let (disclosure, entry) = redacted(b"\x00", b"\x01");
        unrestored(
            "a claim that is there already",
            &|p| {
                p.unprotected = with(&disclosure);
                add(&mut p.payload, &[b"\x19\x03\xe8\xa2\x01\x00".as_slice(), &entry].concat());
            },
            DisclosureError::DuplicateKey,
        );
        unrestored(
            "a hash in two places",
            &|p| {
                add(&mut p.payload, &[b"\x19\x03\xe8\xa1".as_slice(), &entry].concat());
                add(&mut p.payload, &[b"\x19\x03\xe9\xa1".as_slice(), &entry].concat());
            },
            DisclosureError::RepeatedHash,
        );
        let (element, entry) = redacted(b"\x00", b"");
        unrestored(
            "an element in the place of a claim",
            &|p| {
                p.unprotected = with(&element);
                add(&mut p.payload, &[b"\x19\x03\xe8\xa1".as_slice(), &entry].concat());
            },
            DisclosureError::WrongForm,
        );
        // Confirmation keys are never redacted, nor anything within.
        if read(&Parts::of(&token).payload)
            .as_map()
            .unwrap()
            .iter()
            .all(|(key, _)| *key != Value::Simple(59))
        {
            let (disclosure, entry) = redacted(b"\x41\x07", b"\x07");
            unrestored(
                "an identifier redacted",
                &|p| {
                    p.unprotected = with(&disclosure);
                    add(&mut p.payload, &entry);
                },
                DisclosureError::NeverRedacted(claim::CTI.into()),
            );
        }
        // Without its tag, or with that of another object, it is nothing.
        for tag in [b"".as_slice(), b"\xd1", b"\xd8\x3d\xd2"] {
            let changed = [tag, &bytes[1..]].concat();
            assert!(SdCwt::parse(&changed, Mode::Foreign).is_err(), "{path:?}");
            cases += 1;
        }
        let parts = Parts::of(&token);
        let mut e = Encoder::new();
        e.tag(18).array(4).bytes(&parts.protected).map(0).null().bytes(&parts.signature);
        let detached = e.into_bytes();
        assert!(parse(&detached).payload().is_err(), "{path:?}");
        cases += 1;
    }
    passed("sd-cwt rules broken", cases, 138);
}
