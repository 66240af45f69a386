//! Key-binding tokens: what a holder says, around a credential.

use carnet_proto::cbor::{Decode as _, Value};
use carnet_proto::key::SigningKey;
use carnet_proto::presentation::{KeyBindingClaims, KeyBindingToken};
use carnet_proto::profile::{claim, header};
use serde_json::{Value as Json, json};

use super::cose::Forged;
use super::credential::{self, Parts, holder_key, issuer_key};
use super::{Cases, Entries, hex, int, remove, set};
use crate::world::{AUDIENCE, START};

/// What the holder says in most cases.
pub fn claims() -> KeyBindingClaims {
    KeyBindingClaims {
        audience: AUDIENCE.into(),
        expires_at: START.plus(300),
        issued_at: START,
        nonce: Some(vec![9; 16]),
        container: None,
    }
}

/// The token of most cases.
pub fn token() -> Vec<u8> {
    KeyBindingToken::sign(&Parts::shown().sign(&issuer_key()), &claims(), &holder_key())
}

fn input(token: &[u8]) -> Json {
    json!({ "token": hex(token) })
}

/// Tokens with one defect each, all signed by the holder's key.
pub fn cases() -> Cases {
    let mut c = Cases::new("key-binding");
    c.context(json!({ "issuer_key": hex(issuer_key().public().as_bytes()) }));
    c.source("SD-CWT -08, section 8.1; RFC 8747, section 3");
    let reads = |nonce: Json, container: Json| {
        json!({
            "aud": AUDIENCE, "iat": START.0, "exp": START.0 + 300, "cnonce": nonce, "container": container,
            "holder_key": hex(holder_key().public().as_bytes()),
        })
    };
    c.valid(
        "valid",
        "An answer to a challenge.",
        input(&token()),
        reads(json!("09".repeat(16)), Json::Null),
    );
    let good = Forged::of(&token());
    let payload = |alter: &dyn Fn(&mut Entries)| good.clone().payload(alter).sign(&holder_key());
    let protected =
        |alter: &dyn Fn(&mut Entries)| good.clone().protected(alter).sign(&holder_key());
    c.valid(
        "valid-prepared",
        "A copy made beforehand has no nonce.",
        input(&payload(&|p| drop(remove(p, claim::CNONCE)))),
        reads(Json::Null, Json::Null),
    );
    c.valid(
        "valid-of-several",
        "With several credentials the token names the set of them.",
        input(&payload(&|p| set(p, claim::CONTAINER, Value::Bytes(vec![3; 32])))),
        reads(json!("09".repeat(16)), json!("03".repeat(32))),
    );
    for length in [16, 64] {
        c.valid(
            &format!("valid-nonce-of-{length}-bytes"),
            "A nonce has 16 to 64 bytes.",
            input(&payload(&|p| set(p, claim::CNONCE, Value::Bytes(vec![9; length])))),
            reads(json!("09".repeat(length)), Json::Null),
        );
    }

    c.source("SD-CWT -08, section 8.1");
    for (name, error, bytes, about) in [
        (
            "type-missing",
            "WrongHeaders",
            protected(&|h| drop(remove(h, header::TYP))),
            "The type is missing.",
        ),
        (
            "type-of-a-credential",
            "WrongHeaders",
            protected(&|h| set(h, header::TYP, int(293))),
            "The type is that of a credential.",
        ),
        (
            "type-a-text",
            "WrongHeaders",
            protected(&|h| set(h, header::TYP, "application/kb+cwt")),
            "The type is the text form, which this profile does not use.",
        ),
        (
            "cwt-claims-header",
            "WrongHeaders",
            protected(&|h| set(h, header::CWT_CLAIMS, Value::Map(vec![]))),
            "There is a header 15, which a key-binding token must not have.",
        ),
        (
            "credential-missing",
            "WrongHeaders",
            protected(&|h| drop(remove(h, header::KCWT))),
            "There is no credential inside.",
        ),
        (
            "credential-wrapped",
            "Credential:Malformed:WrongType",
            protected(&|h| {
                let inner = carnet_proto::cbor::Encode::to_cbor(&remove(h, header::KCWT));
                set(h, header::KCWT, Value::Bytes(inner));
            }),
            "The credential is a byte string instead of the tagged item itself.",
        ),
        (
            "aud-missing",
            "Missing:aud",
            payload(&|p| drop(remove(p, claim::AUD))),
            "The audience is missing.",
        ),
        (
            "iss-present",
            "UnknownKey",
            payload(&|p| set(p, claim::ISS, "urn:x")),
            "There is an issuer, which a key-binding token must not have.",
        ),
        (
            "sub-present",
            "UnknownKey",
            payload(&|p| set(p, claim::SUB, "urn:x")),
            "There is a subject, which a key-binding token must not have.",
        ),
        (
            "iat-and-cti-missing",
            "Missing:exp",
            payload(&|p| {
                remove(p, claim::IAT);
                remove(p, claim::EXP);
            }),
            "Neither the time of signing nor an identifier is there, and so no expiry either.",
        ),
        (
            "exp-without-iat",
            "Missing:iat",
            payload(&|p| drop(remove(p, claim::IAT))),
            "There is an expiry without a time of signing.",
        ),
        (
            "nbf-without-iat",
            "UnknownKey",
            payload(&|p| {
                remove(p, claim::IAT);
                remove(p, claim::EXP);
                set(p, claim::CTI, Value::Bytes(vec![1; 16]));
                set(p, claim::NBF, int(1));
            }),
            "There is a beginning without a time of signing.",
        ),
        (
            "cnonce-a-text",
            "WrongType",
            payload(&|p| set(p, claim::CNONCE, "0909090909090909")),
            "The nonce is a text.",
        ),
        (
            "aud-a-list",
            "WrongType",
            payload(&|p| set(p, claim::AUD, Value::Array(vec![AUDIENCE.into()]))),
            "The audience is a list.",
        ),
        (
            "redaction-in-the-token",
            "ForbiddenKey",
            payload(&|p| set(p, Value::Simple(59), Value::Array(vec![Value::Bytes(vec![0; 32])]))),
            "The token redacts claims of its own.",
        ),
    ] {
        // The nearest valid token has the credential, or the claims, that these lack.
        c.invalid(name, "valid", error, about, input(&bytes));
    }
    c.source("RFC 9864; SD-CWT -08, section 8.1");
    for (name, alg) in
        [("algorithm-eddsa", Some(-8)), ("algorithm-es256", Some(-7)), ("algorithm-missing", None)]
    {
        let bytes = protected(&|h| {
            remove(h, header::ALG);
            h.extend(alg.map(|alg| (int(header::ALG), int(alg))));
        });
        c.invalid(
            name,
            "valid",
            "WrongHeaders",
            "The algorithm is not Ed25519 (-19), which alone fits the key.",
            input(&bytes),
        );
    }
    c.source("wire-format.md, presentations");
    for (name, error, bytes, about) in [
        (
            "exp-missing",
            "Missing:exp",
            payload(&|p| drop(remove(p, claim::EXP))),
            "The expiry is missing.",
        ),
        (
            "nbf-present",
            "UnknownKey",
            payload(&|p| set(p, claim::NBF, int(1))),
            "There is a claim that key-binding tokens do not have.",
        ),
        (
            "cti-present",
            "UnknownKey",
            payload(&|p| set(p, claim::CTI, Value::Bytes(vec![1; 16]))),
            "There is an identifier, which Carnet's key-binding tokens do not have.",
        ),
        (
            "nonce-of-15-bytes",
            "Invalid",
            payload(&|p| set(p, claim::CNONCE, Value::Bytes(vec![9; 15]))),
            "The nonce has 15 bytes.",
        ),
        (
            "nonce-of-65-bytes",
            "Invalid",
            payload(&|p| set(p, claim::CNONCE, Value::Bytes(vec![9; 65]))),
            "The nonce has 65 bytes.",
        ),
        (
            "container-of-31-bytes",
            "WrongLength",
            payload(&|p| set(p, claim::CONTAINER, Value::Bytes(vec![3; 31]))),
            "The digest of the container has 31 bytes.",
        ),
        (
            "critical-header",
            "WrongHeaders",
            protected(&|h| set(h, 2, Value::Array(vec![int(16)]))),
            "There is a list of critical headers.",
        ),
        (
            "key-identifier",
            "WrongHeaders",
            protected(&|h| set(h, header::KID, Value::Bytes(vec![1; 32]))),
            "There is a key identifier; the key is in the credential.",
        ),
        (
            "unprotected-header",
            "WrongHeaders",
            good.clone().unprotected(|h| set(h, 100, int(1))).sign(&holder_key()),
            "The unprotected header is not empty.",
        ),
        (
            "payload-unsorted",
            "UnsortedKeys",
            Forged { payload: swapped(&good.payload), ..good.clone() }.sign(&holder_key()),
            "The claims are not sorted.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input(&bytes));
    }
    c.source("SD-CWT -08, section 9, step 5");
    let mut flipped = token();
    *flipped.last_mut().expect("a byte") ^= 1;
    c.invalid(
        "signature-wrong",
        "valid",
        "Signature",
        "One bit of the holder's signature is another.",
        input(&flipped),
    );
    let thief = SigningKey::new(&[0xdd; 32]);
    c.invalid(
        "signed-by-a-thief",
        "valid",
        "Signature",
        "Signed by a key that is not the credential's.",
        input(&good.sign(&thief)),
    );
    c.invalid(
        "signed-by-the-issuer",
        "valid",
        "Signature",
        "Signed by the issuer's key instead of the holder's.",
        input(&good.sign(&issuer_key())),
    );

    c.source("SD-CWT -08, section 9, steps 1 and 2");
    let around = |sd_cwt: &[u8]| {
        let inner = Value::from_cbor(sd_cwt).expect("CBOR");
        input(&protected(&|h| set(h, header::KCWT, inner.clone())))
    };
    let another_type = Parts::shown().header(|h| set(h, header::TYP, int(294))).sign(&issuer_key());
    c.invalid(
        "credential-of-the-wrong-type",
        "valid",
        "Credential:WrongType",
        "What is inside has the type of a key-binding token.",
        around(&another_type),
    );
    let forged = Parts::shown().sign(&SigningKey::new(&[0xee; 32]));
    c.invalid(
        "credential-forged",
        "valid",
        "IssuerSignature",
        "The credential inside is not signed by the issuer.",
        around(&forged),
    );
    c.invalid(
        "credential-alone",
        "valid",
        "WrongHeaders",
        "A credential is passed off as a key-binding token: nobody bound it to a key.",
        input(&credential::issued()),
    );
    c
}

/// The claims with the first two entries in the wrong order.
fn swapped(payload: &[u8]) -> Vec<u8> {
    // `aud` begins at byte 1, `exp` is a head and four bytes behind it.
    let exp = payload.windows(2).position(|w| w == [0x04, 0x1a]).expect("exp");
    [&payload[..1], &payload[exp..exp + 6], &payload[1..exp], &payload[exp + 6..]].concat()
}
