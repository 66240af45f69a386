//! Key requests and challenges.

use carnet_proto::cbor::{Bytes, Decode as _, Encode as _, Value};
use carnet_proto::challenge::Challenge;
use carnet_proto::file;
use carnet_proto::id::Did;
use carnet_proto::key::SigningKey;
use carnet_proto::profile::{FileKind, header};
use carnet_proto::request::KeyRequest;
use serde_json::{Value as Json, json};

use super::cose::Forged;
use super::credential::holder_key;
use super::{Cases, Entries, altered_map, file_around, hex, int, remove, set};
use crate::world::{AUDIENCE, START, line};

fn institution(name: &[u8]) -> Did {
    Did::of_inception(name)
}

fn wrapped(signed: Vec<u8>) -> Json {
    json!({ "file": hex(file::wrap(FileKind::KeyRequest, &Bytes(signed))) })
}

/// A holder's requests for a credential to a key.
pub fn key_requests() -> Cases {
    let mut c = Cases::new("key-request");
    let here = institution(b"here");
    c.source("wire-format.md, key request").context(json!({ "institution": here.to_string() }));
    let request = KeyRequest::sign(here, &holder_key(), START);
    let body = file::unwrap(&request, FileKind::KeyRequest, 1024).expect("a request");
    let Bytes(signed) = Bytes::from_cbor(body).expect("a request");
    let good = Forged::of(&signed);
    c.valid(
        "valid",
        "Signed by the very key that it names.",
        wrapped(signed.clone()),
        json!({ "key": hex(holder_key().public().as_bytes()) }),
    );
    let payload =
        |alter: &dyn Fn(&mut Entries)| wrapped(good.clone().payload(alter).sign(&holder_key()));
    let protected =
        |alter: &dyn Fn(&mut Entries)| wrapped(good.clone().protected(alter).sign(&holder_key()));
    let mut flipped = signed.clone();
    *flipped.last_mut().expect("a byte") ^= 1;
    let other = SigningKey::new(&[0xdd; 32]);
    for (name, error, input, about) in [
        (
            "signature-wrong",
            "WrongSignature",
            wrapped(flipped),
            "One bit of the signature is another.",
        ),
        (
            "signed-by-another-key",
            "WrongSignature",
            wrapped(good.sign(&other)),
            "Whoever signed does not have the key that is asked for.",
        ),
        (
            "key-identifier-of-another-key",
            "WrongSignature",
            protected(&|h| {
                set(h, header::KID, Value::Bytes(other.public().kid().as_bytes().to_vec()))
            }),
            "The key identifier is that of another key.",
        ),
        (
            "for-another-institution",
            "OtherInstitution",
            payload(&|p| set(p, 1, Value::Text(institution(b"there").to_string()))),
            "The request is for another institution, which alone may use it.",
        ),
        (
            "type-of-another-object",
            "Malformed:Invalid",
            protected(&|h| set(h, header::TYP, "application/statuslist+cwt")),
            "The type is that of a status list token.",
        ),
        (
            "type-missing",
            "Malformed:Invalid",
            protected(&|h| drop(remove(h, header::TYP))),
            "The type is missing.",
        ),
        (
            "algorithm-eddsa",
            "Malformed:Invalid",
            protected(&|h| set(h, header::ALG, int(-8))),
            "The algorithm is EdDSA (-8).",
        ),
        (
            "unprotected-header",
            "Malformed:Invalid",
            wrapped(good.clone().unprotected(|h| set(h, 99, int(1))).sign(&holder_key())),
            "The unprotected header is not empty.",
        ),
        (
            "key-with-a-private-part",
            "Malformed:Invalid",
            payload(&|p| {
                let Value::Map(mut key) = remove(p, 2) else { panic!("a map") };
                set(&mut key, -4, Value::Bytes(vec![1; 32]));
                set(p, 2, Value::Map(key));
            }),
            "The key comes with its private part.",
        ),
        (
            "time-missing",
            "Malformed:Missing",
            payload(&|p| drop(remove(p, 3))),
            "The time is missing.",
        ),
        (
            "unknown-member",
            "Malformed:UnknownKey",
            payload(&|p| set(p, 4, Value::Null)),
            "There is a member that requests do not have.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input);
    }
    let bare = json!({ "file": hex(file::wrap(FileKind::KeyRequest, &Value::from_cbor(&signed).expect("CBOR"))) });
    c.invalid(
        "not-wrapped",
        "valid",
        "Malformed:WrongType",
        "The body is the signed object itself instead of a byte string.",
        bare,
    );
    c
}

/// What a verifier hands to a holder.
pub fn challenges() -> Cases {
    let mut c = Cases::new("challenge");
    c.source("wire-format.md, challenge");
    let challenge = Challenge {
        audience: line(AUDIENCE),
        nonce: Bytes(vec![9; 16]),
        issued_at: START,
        expires_at: START.plus(300),
        purpose: Some(line("Employment as a welder")),
        wishes: vec![line("name_latin"), line("birth_date")],
    };
    let body = challenge.to_cbor();
    let input = |body: Vec<u8>| json!({ "file": hex(file_around(FileKind::Challenge, &body)) });
    let reads = |nonce: &[u8], wishes: usize| {
        json!({
            "audience": AUDIENCE, "nonce": hex(nonce), "issued_at": START.0,
            "expires_at": START.0 + 300, "wishes": wishes,
        })
    };
    c.valid(
        "valid",
        "For whom, a nonce, until when, what for, and two wishes.",
        input(body.clone()),
        reads(&[9; 16], 2),
    );
    let altered = |alter: &dyn Fn(&mut Entries)| input(altered_map(&body, alter));
    c.valid(
        "valid-without-wishes",
        "Purpose and wishes may be left out.",
        altered(&|e| {
            remove(e, 5);
            remove(e, 6);
        }),
        reads(&[9; 16], 0),
    );
    c.valid(
        "valid-nonce-of-64-bytes",
        "The longest nonce.",
        altered(&|e| set(e, 2, Value::Bytes(vec![9; 64]))),
        reads(&[9; 64], 2),
    );
    let wishes = |count: usize| Value::Array(vec![Value::from("assessment"); count]);
    c.valid(
        "valid-32-wishes",
        "The most wishes that a challenge may have.",
        altered(&|e| set(e, 6, wishes(32))),
        reads(&[9; 16], 32),
    );
    for (name, error, input, about) in [
        (
            "nonce-of-15-bytes",
            "Invalid",
            altered(&|e| set(e, 2, Value::Bytes(vec![9; 15]))),
            "The nonce has 15 bytes.",
        ),
        (
            "nonce-of-65-bytes",
            "Invalid",
            altered(&|e| set(e, 2, Value::Bytes(vec![9; 65]))),
            "The nonce has 65 bytes.",
        ),
        (
            "ends-as-it-begins",
            "Invalid",
            altered(&|e| set(e, 4, Value::from(START.0))),
            "The challenge ends in the second in which it begins.",
        ),
        ("nonce-missing", "Missing", altered(&|e| drop(remove(e, 2))), "The nonce is missing."),
        (
            "audience-missing",
            "Missing",
            altered(&|e| drop(remove(e, 1))),
            "The audience is missing.",
        ),
        (
            "audience-of-two-lines",
            "Invalid",
            altered(&|e| set(e, 1, "urn:a\nurn:b")),
            "The audience has a line break.",
        ),
        ("audience-empty", "Invalid", altered(&|e| set(e, 1, "")), "The audience is empty."),
        (
            "purpose-reversed",
            "Invalid",
            altered(&|e| set(e, 5, "for\u{202e}em")),
            "The purpose reverses the direction of writing.",
        ),
        (
            "wishes-empty",
            "Invalid",
            altered(&|e| set(e, 6, wishes(0))),
            "An empty list is written instead of left out.",
        ),
        (
            "unknown-member",
            "UnknownKey",
            altered(&|e| set(e, 7, Value::Null)),
            "There is a member that challenges do not have.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input);
    }
    c.invalid(
        "33-wishes",
        "valid-32-wishes",
        "TooLarge",
        "There are more wishes than a challenge may have.",
        altered(&|e| set(e, 6, wishes(33))),
    );
    c
}
