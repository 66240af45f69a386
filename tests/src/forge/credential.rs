//! Credentials: headers, disclosures and redactions of an SD-CWT. Their claims are in
//! `credential_claims.rs`.

use carnet_proto::cbor::{Encode as _, Encoder, Mode, Value};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::credential::issue::Issue;
use carnet_proto::id::{Did, Digest};
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::profile::{Profile, claim, header};
use carnet_proto::status::StatusUri;
use carnet_proto::time::DAY;
use serde_json::{Value as Json, json};

use super::cose::Forged;
use super::{Cases, Entries, hex, int, remove, set, unhex};
use crate::SeededRng;
use crate::world::{START, welding, worker};

/// The key of the issuer.
pub fn issuer_key() -> SigningKey {
    Seed::new([6; 32]).signing_key(Purpose::Credential)
}

/// The key of the holder.
pub fn holder_key() -> SigningKey {
    Seed::new([0x66; 32]).credential_key(&[1; 16])
}

/// A credential with all its disclosures.
pub fn issued() -> Vec<u8> {
    let issuer = Did::of_inception(b"the issuer of the conformance vectors");
    let issue = Issue {
        issuer: &issuer,
        holder_key: holder_key().public(),
        person: &worker(),
        skill: &welding(),
        issued_at: START,
        expires_at: START.plus(365 * DAY),
        status: (StatusUri { issuer, list: 7 }, 1000),
    };
    issue.sign(&issuer_key(), &mut SeededRng(6)).expect("a credential").sd_cwt
}

/// The claims of the outermost map that are shown in the cases: a name, the birth date, the skills.
const SHOWN: [i64; 2] = [claim::NAME_LATIN, claim::BIRTH_DATE];

/// A credential in parts: its disclosures apart from its headers and claims.
#[derive(Clone)]
pub struct Parts {
    /// Headers and claims; the disclosures are put in when it is signed.
    pub forged: Forged,
    /// Encoded byte strings.
    pub disclosures: Vec<Vec<u8>>,
}

impl Parts {
    /// The credential of most cases: a name, the birth date and one of two skills are shown.
    pub fn shown() -> Self {
        let sd_cwt = issued();
        let token = SdCwt::parse(&sd_cwt, Mode::Strict).expect("a credential");
        let placed = token.restore(Profile::SdCwt08, Reader::Holder).expect("disclosures").placed;
        let skills = |path: &[Value]| path.get(1) == Some(&int(23));
        let mut skill_items = 0;
        let is_shown = |path: &[Value], items: &mut u32| {
            if skills(path) && path.len() == 3 {
                *items += 1;
            }
            SHOWN.iter().any(|key| path == [int(*key)])
                || (skills(path) && (path.len() == 2 || (path.len() == 3 && *items == 1)))
        };
        let kept: Vec<_> = placed
            .iter()
            .filter(|place| is_shown(&place.path, &mut skill_items))
            .map(|place| token.disclosures()[place.index].to_vec())
            .collect();
        assert_eq!(kept.len(), 4, "a name, the birth date, the list of skills and one of them");
        Self { forged: Forged::of(&sd_cwt), disclosures: kept }
    }

    /// Alters the claims.
    #[must_use]
    pub fn claims(mut self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.forged = self.forged.payload(alter);
        self
    }

    /// Alters the protected header.
    #[must_use]
    pub fn header(mut self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.forged = self.forged.protected(alter);
        self
    }

    /// Redacts what is not in the claims: adds the hash of a disclosure, and shows it.
    #[must_use]
    pub fn redacted(self, contents: &[Value]) -> Self {
        let disclosure = disclosure(contents);
        let hash = hash(&disclosure);
        let mut parts = self.claims(|claims| hashes(claims).push(hash));
        parts.disclosures.push(disclosure);
        parts
    }

    /// Signs the parts as they are now.
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        let mut e = Encoder::new();
        if self.disclosures.is_empty() {
            e.map(0);
        } else {
            e.map(1).int(header::SD_CLAIMS.into()).array(self.disclosures.len());
            for disclosure in &self.disclosures {
                e.raw(disclosure);
            }
        }
        Forged { unprotected: e.into_bytes(), ..self.forged.clone() }.sign(key)
    }

    /// The input of a case.
    pub fn input(&self) -> Json {
        input(&self.sign(&issuer_key()))
    }
}

/// The hashes of the redacted claims of a map.
pub fn hashes(claims: &mut Entries) -> &mut Vec<Value> {
    let list = claims.iter_mut().find(|(key, _)| *key == Value::Simple(59)).map(|(_, list)| list);
    let Some(Value::Array(list)) = list else { panic!("hashes") };
    list
}

/// A disclosure as it stands in header 17: an encoded byte string.
pub fn disclosure(contents: &[Value]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.bytes(&Value::Array(contents.to_vec()).to_cbor());
    e.into_bytes()
}

/// The hash of a disclosure, as a value.
pub fn hash(disclosure: &[u8]) -> Value {
    Value::Bytes(Profile::SdCwt08.redacted_claim_hash(disclosure).into())
}

fn salt(number: u8) -> Value {
    Value::Bytes(vec![number; 16])
}

/// The input of a case.
pub fn input(sd_cwt: &[u8]) -> Json {
    json!({ "sd_cwt": hex(sd_cwt) })
}

/// What the reader of most cases knows.
pub fn context(reader: &str) -> Json {
    json!({ "reader": reader, "issuer_key": hex(issuer_key().public().as_bytes()) })
}

/// What is read of a credential: its digest, its claims restored, and how many hashes stay redacted.
pub fn reads(sd_cwt: &[u8], reader: Reader) -> Json {
    let token = SdCwt::parse(sd_cwt, Mode::Strict).expect("a credential");
    let restored = token.restore(Profile::SdCwt08, reader).expect("disclosures");
    json!({
        "digest": hex(Digest::of(&token.with_disclosures(|_| false)).as_bytes()),
        "claims": hex(restored.claims.to_cbor()),
        "withheld": restored.withheld,
    })
}

/// The base of most cases.
pub const BASE: &str = "valid-some-disclosed";

/// Headers, disclosures, redactions, signature.
pub fn cases() -> Cases {
    let mut c = Cases::new("credential");
    let good = Parts::shown();
    c.source("SD-CWT -08, sections 7 and 9");
    c.context(context("holder"));
    c.valid(
        "valid-as-issued",
        "The holder gets every disclosure, decoys included, one for each hash.",
        input(&issued()),
        reads(&issued(), Reader::Holder),
    );
    c.context(context("verifier"));
    let shown = good.sign(&issuer_key());
    c.valid(
        BASE,
        "A name, the birth date and one of two skills are shown.",
        input(&shown),
        reads(&shown, Reader::Verifier),
    );
    let bare = Parts { disclosures: vec![], ..good.clone() }.sign(&issuer_key());
    c.valid(
        "valid-none-disclosed",
        "Nothing is shown: header 17 is absent.",
        input(&bare),
        reads(&bare, Reader::Verifier),
    );
    let extra =
        good.clone().redacted(&[salt(1), Value::from("urn:carnet:holder:x"), int(claim::SUB)]);
    // The issuer's own `sub` stays redacted beside it.
    let signed = extra.sign(&issuer_key());
    c.valid(
        "valid-sub-disclosed",
        "The subject may be redacted, and shown.",
        input(&signed),
        reads(&signed, Reader::Verifier),
    );
    let mut reversed = good.clone();
    reversed.disclosures.reverse();
    let signed = reversed.sign(&issuer_key());
    c.valid(
        "valid-in-another-order",
        "Disclosures may stand in any order, parts before what holds them.",
        input(&signed),
        reads(&signed, Reader::Verifier),
    );

    form(&mut c, &good);
    headers(&mut c, &good);
    disclosures(&mut c, &good);
    redactions(&mut c, &good);
    c.context(context("verifier")).source("RFC 8392, section 7.2; RFC 9052, section 4.4");
    let other = Seed::new([0xee; 32]).signing_key(Purpose::Credential);
    c.invalid(
        "signature-of-another-key",
        BASE,
        "Signature",
        "Signed by another key, under the issuer's key identifier.",
        input(&good.sign(&other)),
    );
    let mut flipped = shown.clone();
    *flipped.last_mut().expect("a byte") ^= 1;
    c.invalid(
        "signature-wrong",
        BASE,
        "Signature",
        "One bit of the signature is another.",
        input(&flipped),
    );
    c
}

/// Replaces the payload with bytes that no encoder here would make.
fn raw_payload(parts: &Parts, alter: impl FnOnce(&[u8]) -> Vec<u8>) -> Json {
    let mut parts = parts.clone();
    parts.forged.payload = alter(&parts.forged.payload);
    parts.input()
}

fn form(c: &mut Cases, good: &Parts) {
    c.source("SD-CWT -08, section 5");
    let Some(head @ 0xa1..=0xb7) = good.forged.payload.first().copied() else { panic!("a map") };
    let entries = |payload: &[u8]| payload[1..].to_vec();
    for (name, error, payload, about) in [
        (
            "payload-indefinite-length",
            "Malformed:IndefiniteLength",
            raw_payload(good, |p| [&[0xbf], entries(p).as_slice(), &[0xff]].concat()),
            "The claims map has indefinite length.",
        ),
        (
            "payload-duplicate-key",
            "Malformed:DuplicateKey",
            {
                let iss = [0x01, 0x60];
                raw_payload(good, |p| [&[head + 1], iss.as_slice(), &entries(p)].concat())
            },
            "The claims map has `iss` twice.",
        ),
        (
            "payload-unsorted",
            "Malformed:UnsortedKeys",
            {
                raw_payload(good, |p| {
                    [&[head + 1], unhex("1901f4 00").as_slice(), &entries(p)].concat()
                })
            },
            "The claims map is not sorted.",
        ),
        (
            "payload-bytes-behind",
            "Malformed:TrailingBytes",
            raw_payload(good, |p| [p, &[0]].concat()),
            "A byte follows the claims map.",
        ),
        (
            "key-an-array",
            "Malformed:ForbiddenKey",
            {
                raw_payload(good, |p| {
                    [&[head + 1], unhex("80 00").as_slice(), &entries(p)].concat()
                })
            },
            "A claim key is an array.",
        ),
    ] {
        c.invalid(name, BASE, error, about, payload);
    }
    for (name, error, key, about) in [
        (
            "key-a-byte-string",
            "MalformedRedaction",
            Value::Bytes(vec![1]),
            "A claim key is a byte string.",
        ),
        ("key-a-boolean", "MalformedRedaction", Value::Bool(true), "A claim key is a boolean."),
        (
            "key-an-empty-text",
            "Malformed:Invalid",
            Value::from(""),
            "A claim key is an empty text.",
        ),
        (
            "key-a-text-of-256-bytes",
            "Malformed:Invalid",
            Value::Text("k".repeat(256)),
            "A claim key is a text of more than 255 bytes.",
        ),
    ] {
        let parts = good.clone().claims(|claims| set(claims, key, Value::Null));
        c.invalid(name, BASE, error, about, parts.input());
    }
    c.source("wire-format.md, encoding");
    let signed = good.sign(&issuer_key());
    let cases = [
        (
            "untagged",
            "Malformed:WrongType",
            signed[1..].to_vec(),
            "The tag of COSE_Sign1 is missing.",
        ),
        (
            "tagged-as-cwt",
            "Malformed:Invalid",
            [b"\xd8\x3d", signed.as_slice()].concat(),
            "A CWT tag (61) stands in front.",
        ),
        (
            "bytes-behind",
            "Malformed:TrailingBytes",
            [signed.as_slice(), &[0]].concat(),
            "A byte follows the credential.",
        ),
    ];
    for (name, error, bytes, about) in cases {
        c.invalid(name, BASE, error, about, input(&bytes));
    }
}

fn headers(c: &mut Cases, good: &Parts) {
    let with = |label: i64, value: Value| good.clone().header(|h| set(h, label, value)).input();
    let without = |label: i64| good.clone().header(|h| drop(remove(h, label))).input();
    let unprotected = |bytes: &str| {
        input(&Forged { unprotected: unhex(bytes), ..good.forged.clone() }.sign(&issuer_key()))
    };
    let bytes = |n: usize| Value::Bytes(vec![7; n]);
    for (source, name, base, error, input, about) in [
        (
            "SD-CWT -08, section 7",
            "type-missing",
            BASE,
            "WrongType",
            without(header::TYP),
            "The type is missing.",
        ),
        (
            "SD-CWT -08, section 7",
            "type-of-a-key-binding-token",
            BASE,
            "WrongType",
            with(header::TYP, int(294)),
            "The type is that of a key-binding token.",
        ),
        (
            "SD-CWT -08, section 7",
            "type-a-text",
            BASE,
            "WrongType",
            with(header::TYP, "application/sd-cwt".into()),
            "The type is the text form, which this profile does not use.",
        ),
        (
            "RFC 9864; SD-CWT -08, section 7",
            "algorithm-eddsa",
            BASE,
            "WrongHeaders",
            with(header::ALG, int(-8)),
            "The algorithm is EdDSA (-8), which is not fully specified.",
        ),
        (
            "RFC 9864; SD-CWT -08, section 7",
            "algorithm-es256",
            BASE,
            "WrongHeaders",
            with(header::ALG, int(-7)),
            "The algorithm is ES256 (-7).",
        ),
        (
            "RFC 9864; SD-CWT -08, section 7",
            "algorithm-missing",
            BASE,
            "WrongHeaders",
            without(header::ALG),
            "The algorithm is missing.",
        ),
        (
            "wire-format.md, credentials",
            "key-identifier-missing",
            BASE,
            "WrongHeaders",
            without(header::KID),
            "The key identifier is missing.",
        ),
        (
            "wire-format.md, credentials",
            "hash-algorithm-sha-384",
            BASE,
            "WrongHeaders",
            with(header::SD_ALG, int(-43)),
            "The hash of redacted claims is SHA-384.",
        ),
        (
            "wire-format.md, credentials",
            "hash-algorithm-missing",
            BASE,
            "WrongHeaders",
            without(header::SD_ALG),
            "The hash of redacted claims is not stated.",
        ),
        (
            "RFC 9052, section 3.1",
            "critical-header",
            BASE,
            "WrongHeaders",
            with(2, Value::Array(vec![int(16)])),
            "There is a list of critical headers.",
        ),
        (
            "SD-CWT -08, section 7; RFC 9597",
            "cwt-claims-header",
            BASE,
            "WrongHeaders",
            with(header::CWT_CLAIMS, Value::Map(vec![(int(1), "did:carnet:x".into())])),
            "There are claims in header 15, which disagree with the payload.",
        ),
        (
            "SD-CWT -08, section 7",
            "encryption-header",
            BASE,
            "WrongHeaders",
            with(172, int(1)),
            "There is a header for encrypted disclosures (172).",
        ),
        (
            "RFC 9052, section 3.1",
            "certificate-header",
            BASE,
            "WrongHeaders",
            with(33, bytes(3)),
            "There is a header that credentials do not have.",
        ),
        (
            "SD-CWT -08, section 7",
            "disclosures-empty",
            "valid-none-disclosed",
            "DisclosureCount",
            unprotected("a1 11 80"),
            "Header 17 is an empty array instead of absent.",
        ),
        (
            "SD-CWT -08, section 7",
            "disclosures-a-byte-string",
            "valid-none-disclosed",
            "Malformed:WrongType",
            unprotected("a1 11 40"),
            "Header 17 is a byte string.",
        ),
        (
            "SD-CWT -08, section 7",
            "disclosure-not-wrapped",
            "valid-none-disclosed",
            "Malformed:Invalid",
            unprotected("a1 11 81 80"),
            "A disclosure is an array, not a byte string that holds one.",
        ),
        (
            "SD-CWT -08, section 7",
            "encrypted-disclosures-empty",
            "valid-none-disclosed",
            "WrongHeaders",
            unprotected("a1 18ab 80"),
            "Header 171 is an empty array.",
        ),
        (
            "wire-format.md, signatures",
            "encrypted-disclosures",
            "valid-none-disclosed",
            "WrongHeaders",
            unprotected("a1 18ab 81 83 40 40 40"),
            "There are encrypted disclosures, which this profile refuses.",
        ),
        (
            "wire-format.md, credentials",
            "unprotected-header-unknown",
            "valid-none-disclosed",
            "WrongHeaders",
            unprotected("a1 1864 00"),
            "There is an unprotected header that credentials do not have.",
        ),
        (
            "RFC 9052, section 3",
            "label-in-both-headers",
            "valid-none-disclosed",
            "Malformed:Invalid",
            unprotected("a1 01 32"),
            "The algorithm stands in both headers.",
        ),
    ] {
        c.source(source);
        c.invalid(name, base, error, about, input);
    }
    c.source("wire-format.md, limits");
    let many = Parts { disclosures: vec![disclosure(&[salt(0)]); 257], ..good.clone() };
    c.invalid(
        "257-disclosures",
        BASE,
        "DisclosureCount",
        "There are more disclosures than a credential may have.",
        many.input(),
    );
}

fn disclosures(c: &mut Cases, good: &Parts) {
    c.source("SD-CWT -08, section 9, step 8");
    let changed = |alter: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut parts = good.clone();
        alter(&mut parts.disclosures);
        parts.input()
    };
    // The shown parts, by their place: which is which depends on the issuer's shuffling.
    let at = |wanted: &[u8]| {
        let found =
            good.disclosures.iter().position(|d| d.windows(wanted.len()).any(|w| w == wanted));
        found.expect("a disclosure")
    };
    let name = at(b"Ligaya Halimbawa");
    let item = good.disclosures.iter().map(Vec::len).enumerate();
    let list = item.max_by_key(|(_, length)| *length).expect("the list of skills").0;
    let sub = |salt: Value| [salt, "urn:carnet:holder:x".into(), int(claim::SUB)];
    for (file, error, input, about) in [
        (
            "disclosure-altered",
            "Unmatched",
            changed(&|d| *d[name].last_mut().expect("a byte") ^= 2),
            "A shown claim is another than was signed.",
        ),
        (
            "disclosure-of-another-credential",
            "Unmatched",
            changed(&|d| d.push(disclosure(&sub(salt(9))))),
            "A disclosure fits no hash of this credential.",
        ),
        (
            "disclosure-without-what-holds-it",
            "Unmatched",
            changed(&|d| drop(d.remove(list))),
            "An element of a redacted list is shown without the list.",
        ),
        (
            "disclosure-twice",
            "RepeatedSalt",
            changed(&|d| d.push(d[name].clone())),
            "One disclosure stands there twice.",
        ),
    ] {
        c.invalid(file, BASE, error, about, input);
    }
    c.source("SD-CWT -08, section 9, step 8; wire-format.md, redaction");
    let base = "valid-sub-disclosed";
    let with = |contents: &[Value]| good.clone().redacted(contents).input();
    for (file, error, input, about) in [
        ("decoy-disclosed", "Decoy", with(&[salt(1)]), "A decoy is shown to a verifier."),
        (
            "disclosure-for-an-element",
            "WrongForm",
            with(&[salt(1), "urn:carnet:holder:x".into()]),
            "A claim is disclosed in the form of an array element.",
        ),
        (
            "disclosed-key-exists",
            "DuplicateKey",
            with(&[salt(1), int(0), int(claim::SKILL)]),
            "A disclosed claim stands there already.",
        ),
        (
            "salt-of-15-bytes",
            "Malformed:WrongLength",
            with(&[Value::Bytes(vec![1; 15]), "x".into(), int(2)]),
            "A salt has 15 bytes.",
        ),
        (
            "salt-of-17-bytes",
            "Malformed:WrongLength",
            with(&[Value::Bytes(vec![1; 17]), "x".into(), int(2)]),
            "A salt has 17 bytes.",
        ),
        (
            "disclosure-empty",
            "Malformed:WrongType",
            {
                let mut parts = good.clone().redacted(&[salt(1)]);
                *parts.disclosures.last_mut().expect("one") = vec![0x41, 0xa0];
                let hash = hash(&[0x41, 0xa0]);
                parts.claims(|claims| *hashes(claims).last_mut().expect("one") = hash).input()
            },
            "A disclosure holds a map instead of an array.",
        ),
        (
            "disclosure-of-four",
            "Malformed:Invalid",
            with(&[salt(1), "x".into(), int(2), Value::Null]),
            "A disclosure has four elements.",
        ),
        (
            "disclosed-key-a-byte-string",
            "Malformed:Invalid",
            with(&[salt(1), "x".into(), Value::Bytes(vec![2])]),
            "The key of a disclosed claim is a byte string.",
        ),
        (
            "disclosed-key-tagged-to-be-redacted",
            "Malformed:Invalid",
            with(&[salt(1), "x".into(), Value::Tag(58, int(2).into())]),
            "The key of a disclosed claim bears tag 58.",
        ),
        (
            "disclosed-value-with-tag-58",
            "MalformedRedaction",
            with(&[salt(1), Value::Tag(58, int(2).into()), int(2)]),
            "A disclosed value bears tag 58, which stands only before issuance.",
        ),
    ] {
        c.invalid(file, base, error, about, input);
    }
    let twice = good.clone().redacted(&sub(salt(1))).redacted(&[
        salt(1),
        "X1".into(),
        int(claim::DOCUMENT_NUMBER),
    ]);
    c.invalid("salt-twice", base, "RepeatedSalt", "Two disclosures have one salt.", twice.input());

    c.source("SD-CWT -08, section 9, step 8; examples of the draft");
    let encoded = disclosure(&sub(salt(1)));
    let contents_alone = Value::Bytes(carnet_proto::id::sha256(&encoded[2..]).into());
    let mut parts = good.clone().claims(|claims| hashes(claims).push(contents_alone));
    parts.disclosures.push(encoded.clone());
    c.invalid(
        "hash-over-the-contents-alone",
        base,
        "Unmatched",
        "The hash leaves out the head of the byte string, as two figures of the draft show it.",
        parts.input(),
    );
    let long = [&[0x59, 0x00], &encoded[1..]].concat();
    let mut parts = good.clone().claims(|claims| hashes(claims).push(hash(&long)));
    parts.disclosures.push(long);
    c.invalid(
        "disclosure-head-too-long",
        base,
        "Malformed:NotShortest",
        "A disclosure has a longer head than it needs, and the hash covers it.",
        parts.input(),
    );
}

fn redactions(c: &mut Cases, good: &Parts) {
    c.source("SD-CWT -08, sections 3 and 7");
    let with =
        |key: i64, value: Value| good.clone().claims(|claims| set(claims, key, value)).input();
    let skill = |alter: &dyn Fn(&mut Entries)| {
        let altered = |claims: &mut Entries| {
            let Value::Map(mut skill) = remove(claims, claim::SKILL) else { panic!("a map") };
            alter(&mut skill);
            set(claims, claim::SKILL, Value::Map(skill));
        };
        good.clone().claims(altered).input()
    };
    let list = |alter: &dyn Fn(&mut Vec<Value>)| {
        good.clone().claims(|claims| alter(hashes(claims))).input()
    };
    for (name, error, input, about) in [
        (
            "tag-58-on-a-key",
            "MalformedRedaction",
            good.clone()
                .claims(|claims| set(claims, Value::Tag(58, int(500).into()), Value::Null))
                .input(),
            "A claim key bears tag 58, which stands only before issuance.",
        ),
        (
            "tag-58-on-a-value",
            "MalformedRedaction",
            with(500, Value::Tag(58, int(1).into())),
            "A value bears tag 58.",
        ),
        (
            "tag-58-on-an-element",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(58, int(1).into())])),
            "An array element bears tag 58.",
        ),
        (
            "tag-62-on-a-key",
            "MalformedRedaction",
            good.clone()
                .claims(|claims| set(claims, Value::Tag(62, int(1).into()), Value::Null))
                .input(),
            "A claim key bears tag 62, which stands only before issuance.",
        ),
        (
            "tag-62-on-an-element",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(62, int(1).into())])),
            "An array element bears tag 62.",
        ),
        (
            "tag-60-outside-an-array",
            "MalformedRedaction",
            with(500, Value::Tag(60, Value::Bytes(vec![0; 32]).into())),
            "The mark of a redacted element stands in the place of a value.",
        ),
        (
            "tag-60-on-31-bytes",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(60, Value::Bytes(vec![0; 31]).into())])),
            "The hash of a redacted element has 31 bytes.",
        ),
        (
            "tag-60-on-a-text",
            "MalformedRedaction",
            with(500, Value::Array(vec![Value::Tag(60, Value::Text("x".into()).into())])),
            "The hash of a redacted element is a text.",
        ),
        (
            "hash-of-31-bytes",
            "MalformedRedaction",
            list(&|l| l.push(Value::Bytes(vec![0; 31]))),
            "The hash of a redacted claim has 31 bytes.",
        ),
        (
            "hash-a-text",
            "MalformedRedaction",
            list(&|l| l.push("x".into())),
            "The hash of a redacted claim is a text.",
        ),
        (
            "hashes-a-byte-string",
            "MalformedRedaction",
            good.clone()
                .claims(|claims| set(claims, Value::Simple(59), Value::Bytes(vec![0; 32])))
                .input(),
            "The hashes of redacted claims are no array.",
        ),
        (
            "simple-59-as-a-value",
            "MalformedRedaction",
            with(500, Value::Simple(59)),
            "simple(59) stands as a value.",
        ),
        (
            "hash-twice-in-one-map",
            "RepeatedHash",
            list(&|l| l.push(l[0].clone())),
            "One hash stands twice.",
        ),
        (
            "hash-twice-in-two-maps",
            "RepeatedHash",
            {
                let again = {
                    let mut p = good.clone();
                    let mut h = Value::Null;
                    p.forged = p.forged.payload(|c| h = hashes(c)[0].clone());
                    h
                };
                skill(&|s| hashes(s).push(again.clone()))
            },
            "One hash stands in two maps.",
        ),
    ] {
        let base = BASE;
        c.invalid(name, base, error, about, input);
    }

    c.source("SD-CWT -08, section 3; wire-format.md, claims");
    for (claim, name) in [
        (claim::ISS, "iss"),
        (claim::EXP, "exp"),
        (claim::IAT, "iat"),
        (claim::CTI, "cti"),
        (claim::CNF, "cnf"),
        (claim::VCT, "vct"),
        (claim::STATUS, "status"),
    ] {
        let mut value = Value::Null;
        let parts = good.clone().claims(|claims| value = remove(claims, claim));
        let parts = parts.redacted(&[salt(1), value, int(claim)]);
        let about = format!("`{name}` is redacted and disclosed; it must always show.");
        c.invalid(&format!("{name}-redacted"), BASE, "NeverRedacted", &about, parts.input());
    }
    let parts = good.clone().claims(|claims| {
        let Value::Map(mut cnf) = remove(claims, claim::CNF) else { panic!("a map") };
        cnf.push((Value::Simple(59), Value::Array(vec![Value::Bytes(vec![0; 32])])));
        set(claims, claim::CNF, Value::Map(cnf));
    });
    c.invalid(
        "part-of-cnf-redacted",
        BASE,
        "NeverRedacted",
        "A part of `cnf` is redacted.",
        parts.input(),
    );

    c.source("SD-CWT -08, section 9, step 11; wire-format.md, encoding");
    // In its own encoding the value is within the limit; in its place it is a level too deep.
    let nested = (0..15).fold(int(1), |value, _| Value::Array(vec![value]));
    let deep = disclosure(&[salt(1), nested, int(25)]);
    let hash = hash(&deep);
    let mut parts = good.clone().claims(|claims| {
        let Value::Map(mut skill) = remove(claims, claim::SKILL) else { panic!("a map") };
        hashes(&mut skill).push(hash);
        set(claims, claim::SKILL, Value::Map(skill));
    });
    parts.disclosures.push(deep);
    c.invalid(
        "nested-17-deep-after-restoring",
        BASE,
        "TooDeep",
        "A disclosed value is nested deeper than 16 levels in its place.",
        parts.input(),
    );
}
