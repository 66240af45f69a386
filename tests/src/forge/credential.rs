//! Credentials: the one that most cases alter, its form and signature. What concerns headers,
//! disclosures and claims is in `credential_headers.rs`, `credential_disclosures.rs`,
//! `credential_claims.rs` and `credential_contribution.rs`.

use carnet_proto::cbor::{Encode as _, Encoder, Mode, Value};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::credential::issue::Issue;
use carnet_proto::id::{Did, Digest};
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::profile::{Profile, claim, header};
use carnet_proto::status::StatusUri;
use carnet_proto::time::DAY;
use serde_json::{Value as Json, json};

use super::cose::Forged;
use super::{Cases, Entries, hex, int, set, unhex};
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

/// A skill attestation with all its disclosures.
pub fn issued() -> Vec<u8> {
    issued_of(&welding().into())
}

/// A credential with all its disclosures.
pub fn issued_of(attested: &Attested) -> Vec<u8> {
    let issuer = Did::of_inception(b"the issuer of the conformance vectors");
    let issue = Issue {
        issuer: &issuer,
        holder_key: holder_key().public(),
        person: &worker(),
        attested,
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

/// A salt.
pub fn salt(number: u8) -> Value {
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
    super::credential_headers::cases(&mut c, &good);
    super::credential_disclosures::disclosures(&mut c, &good);
    super::credential_disclosures::redactions(&mut c, &good);
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
    c.source("SD-CWT -08, sections 5.1 to 5.4");
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
