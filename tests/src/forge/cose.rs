//! `COSE_Sign1` and the one rule for signatures.

use carnet_proto::cbor::{Decode as _, Encode as _, Encoder, Value};
use carnet_proto::cose;
use carnet_proto::key::SigningKey;
use serde_json::{Value as Json, json};

use super::{Cases, Entries, altered_map, hex, int, set, unhex};

/// The four parts of a signed object, each of which can be altered before or after signing.
#[derive(Clone, Debug)]
pub struct Forged {
    /// Contents of the protected header.
    pub protected: Vec<u8>,
    /// The unprotected header.
    pub unprotected: Vec<u8>,
    /// The payload.
    pub payload: Vec<u8>,
}

impl Forged {
    /// Takes a signed object apart.
    pub fn of(signed: &[u8]) -> Self {
        let Value::Tag(18, parts) = Value::from_cbor(signed).expect("CBOR") else {
            panic!("a tag")
        };
        let Value::Array(parts) = *parts else { panic!("an array") };
        let bytes = |value: &Value| value.as_bytes().expect("bytes").to_vec();
        Self {
            protected: bytes(&parts[0]),
            unprotected: parts[1].to_cbor(),
            payload: bytes(&parts[2]),
        }
    }

    /// Alters the protected header.
    #[must_use]
    pub fn protected(mut self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.protected = altered_map(&self.protected, alter);
        self
    }

    /// Alters the unprotected header.
    #[must_use]
    pub fn unprotected(mut self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.unprotected = altered_map(&self.unprotected, alter);
        self
    }

    /// Alters the payload.
    #[must_use]
    pub fn payload(mut self, alter: impl FnOnce(&mut Entries)) -> Self {
        self.payload = altered_map(&self.payload, alter);
        self
    }

    /// Signs the parts as they are now.
    pub fn sign(&self, key: &SigningKey) -> Vec<u8> {
        cose::sign1(&self.protected, &self.unprotected, &self.payload, key)
    }
}

/// The key of the cases about objects that are of no kind in particular.
pub fn key() -> SigningKey {
    SigningKey::new(&[0x21; 32])
}

/// Where the signature of a signed object begins: it is the last of its parts.
fn signature_of(signed: &[u8]) -> usize {
    signed.len() - 64
}

/// The parts of a signed object under a tag.
fn parts(tag: Option<u64>, items: &[&[u8]]) -> Vec<u8> {
    let mut e = Encoder::new();
    if let Some(tag) = tag {
        e.tag(tag);
    }
    e.array(items.len());
    for item in items {
        e.raw(item);
    }
    e.into_bytes()
}

/// The order of the group, little-endian (RFC 8032, section 5.1).
const GROUP_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// A signature with S replaced by S + L: the same point equation, another encoding.
fn malleated(signed: &[u8]) -> Vec<u8> {
    let mut out = signed.to_vec();
    let at = signature_of(signed) + 32;
    let mut carry = 0u16;
    for (byte, order) in out[at..].iter_mut().zip(unhex(GROUP_ORDER)) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    out
}

/// Any signed object: its form, its headers, its signature.
pub fn cases() -> Cases {
    let mut c = Cases::new("cose");
    let context = |mode: &str, key: &[u8]| json!({ "mode": mode, "key": hex(key) });
    let public = *key().public().as_bytes();
    c.context(context("strict", &public));

    let protected = Value::Map(vec![(int(1), int(-19))]).to_cbor();
    let good = Forged { protected, unprotected: unhex("a0"), payload: b"carnet".to_vec() };
    let signed = good.sign(&key());
    let input = |bytes: &[u8]| json!({ "sign1": hex(bytes) });
    let reads = |forged: &Forged| json!({ "payload": hex(&forged.payload) });
    c.source("RFC 9052, sections 4.2 and 4.4");
    c.valid("valid", "A tagged COSE_Sign1 with Ed25519 (-19).", input(&signed), reads(&good));
    let other = good.clone().unprotected(|entries| set(entries, 100, int(1)));
    c.valid(
        "valid-unprotected-header",
        "The signature does not cover the unprotected header.",
        input(&other.sign(&key())),
        reads(&other),
    );

    // Its form.
    let [p, u, b, s] = [
        item(&good.protected),
        good.unprotected.clone(),
        item(&good.payload),
        signed[signature_of(&signed) - 2..].to_vec(),
    ];
    let short = item(&s[2..65]);
    let long = item(&[&s[2..], &[0]].concat());
    for (name, error, bytes, about) in [
        ("untagged", "Form:WrongType", parts(None, &[&p, &u, &b, &s]), "The tag is missing."),
        (
            "tagged-as-mac0",
            "Form:Invalid",
            parts(Some(17), &[&p, &u, &b, &s]),
            "The tag is that of a COSE_Mac0.",
        ),
        (
            "tagged-as-cwt",
            "Form:Invalid",
            [&unhex("d83d"), signed.as_slice()].concat(),
            "A CWT tag (61) stands before the COSE tag.",
        ),
        (
            "three-parts",
            "Form:WrongLength",
            parts(Some(18), &[&p, &u, &b]),
            "The signature is missing.",
        ),
        (
            "five-parts",
            "Form:WrongLength",
            parts(Some(18), &[&p, &u, &b, &s, &b]),
            "There is a fifth part.",
        ),
        (
            "protected-header-not-wrapped",
            "Form:WrongType",
            parts(Some(18), &[&good.protected, &u, &b, &s]),
            "The protected header is a map, not a byte string.",
        ),
        (
            "unprotected-header-an-array",
            "Form:WrongType",
            parts(Some(18), &[&p, b"\x80", &b, &s]),
            "The unprotected header is an array.",
        ),
        (
            "payload-a-text",
            "Form:WrongType",
            parts(Some(18), &[&p, &u, b"\x61a", &s]),
            "The payload is a text.",
        ),
        (
            "payload-detached",
            "Detached",
            parts(Some(18), &[&p, &u, b"\xf6", &s]),
            "The payload is missing: nothing here is detached.",
        ),
        (
            "signature-63-bytes",
            "Signature",
            parts(Some(18), &[&p, &u, &b, &short]),
            "The signature has 63 bytes.",
        ),
        (
            "signature-65-bytes",
            "Signature",
            parts(Some(18), &[&p, &u, &b, &long]),
            "The signature has 65 bytes.",
        ),
        (
            "bytes-behind",
            "Form:TrailingBytes",
            [signed.as_slice(), &[0]].concat(),
            "A byte follows the object.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input(&bytes));
    }

    // Its headers.
    c.source("RFC 9052, section 3");
    let both = other.clone().unprotected(|entries| set(entries, 1, int(-19)));
    c.invalid(
        "label-in-both-headers",
        "valid-unprotected-header",
        "Header:Invalid",
        "The algorithm stands in both headers.",
        input(&both.sign(&key())),
    );
    c.source("RFC 9864, section 2; RFC 9052, section 3.1");
    for (name, alg, about) in [
        (
            "algorithm-eddsa",
            Some(-8),
            "The algorithm is EdDSA (-8), which is deprecated and not -19.",
        ),
        ("algorithm-es256", Some(-7), "The algorithm is ES256 (-7), which no key here fits."),
        ("algorithm-missing", None, "No algorithm is stated."),
    ] {
        let forged = good.clone().protected(|entries| {
            entries.clear();
            entries.extend(alg.map(|alg| (int(1), int(alg))));
        });
        c.invalid(name, "valid", "Algorithm", about, input(&forged.sign(&key())));
    }
    let mut moved = good.clone();
    (moved.protected, moved.unprotected) = (vec![], good.protected.clone());
    c.invalid(
        "algorithm-unprotected",
        "valid",
        "Algorithm",
        "The algorithm stands in the unprotected header.",
        input(&moved.sign(&key())),
    );
    c.source("RFC 8949, section 4.2.1; wire-format.md, encoding");
    let mut unsorted = good.clone();
    unsorted.protected = unhex("a2044101 0132");
    c.invalid(
        "protected-header-unsorted",
        "valid",
        "Header:UnsortedKeys",
        "The labels of the protected header are not sorted.",
        input(&unsorted.sign(&key())),
    );
    c.context(context("foreign", &public));
    c.valid(
        "valid-foreign-unsorted",
        "Others may leave labels in any order; the signature is over the bytes as they came.",
        input(&unsorted.sign(&key())),
        reads(&unsorted),
    );

    signatures(&mut c, &signed, &context, &input);
    c
}

/// A byte string as an item.
fn item(bytes: &[u8]) -> Vec<u8> {
    Value::Bytes(bytes.to_vec()).to_cbor()
}

fn signatures(
    c: &mut Cases,
    signed: &[u8],
    context: &dyn Fn(&str, &[u8]) -> Json,
    input: &dyn Fn(&[u8]) -> Json,
) {
    let public = *key().public().as_bytes();
    c.context(context("strict", &public)).source("RFC 8032, section 5.1.7");
    let flipped = |at: usize| {
        let mut bytes = signed.to_vec();
        bytes[at] ^= 1;
        bytes
    };
    let start = signature_of(signed);
    let payload = signed.windows(6).position(|w| w == b"carnet").expect("the payload");
    for (name, bytes, about) in [
        ("signature-r-changed", flipped(start), "One bit of R is another."),
        ("signature-s-changed", flipped(start + 32), "One bit of S is another."),
        ("payload-changed", flipped(payload), "One bit of the payload is another than was signed."),
        (
            "signature-s-above-the-order",
            malleated(signed),
            "S + L in place of S, which a lax verifier takes for the same signature.",
        ),
    ] {
        c.invalid(name, "valid", "Signature", about, input(&bytes));
    }
    c.source("wire-format.md, signatures; RFC 8032");
    let other = SigningKey::new(&[0x22; 32]);
    c.context(context("strict", other.public().as_bytes()));
    c.invalid(
        "signature-of-another-key",
        "valid",
        "Signature",
        "The key is not the one that signed.",
        input(signed),
    );
    for (name, key, about) in [
        (
            "key-of-low-order",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "The key is the identity, for which anyone can make signatures.",
        ),
        (
            "key-of-order-8",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "The key has order 8.",
        ),
        (
            "key-not-canonical",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "The key is another encoding of a point than its canonical one.",
        ),
        (
            "key-not-a-point",
            "0200000000000000000000000000000000000000000000000000000000000000",
            "The key encodes no point of the curve.",
        ),
    ] {
        c.context(context("strict", &unhex(key)));
        c.invalid(name, "valid", "Key", about, input(signed));
    }
}
