//! Status list tokens: their headers, claims and signature.

use carnet_proto::cbor::{Decode as _, Encode as _, Value};
use carnet_proto::id::Did;
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::profile::{claim, header};
use carnet_proto::status::{Status, StatusList, StatusToken, StatusUri};
use carnet_proto::time::DAY;
use serde_json::{Value as Json, json};

use super::cose::Forged;
use super::{Cases, Entries, hex, int, remove, set};
use crate::world::START;

fn key() -> SigningKey {
    Seed::new([5; 32]).signing_key(Purpose::Status)
}

/// A token of a list of 16 entries, of which one is invalid and one suspended.
fn token() -> Vec<u8> {
    let issuer = Did::of_inception(b"the issuer of the conformance vectors");
    let mut list = StatusList::new(16);
    assert!(list.set(5, Status::Invalid) && list.set(9, Status::Suspended));
    StatusToken::sign(
        &StatusUri { issuer, list: 7 },
        &list,
        START,
        START.plus(7 * DAY),
        3600,
        &key(),
    )
}

/// Tokens with one defect each, all signed by the status key.
pub fn cases() -> Cases {
    let mut c = Cases::new("status-token");
    let context = |mode: &str, key: &SigningKey| json!({ "mode": mode, "status_key": hex(key.public().as_bytes()) });
    let input = |bytes: &[u8]| json!({ "token": hex(bytes) });
    let good = Forged::of(&token());
    let parsed = |exp: Json, ttl: Json| {
        let token =
            StatusToken::parse(&token(), carnet_proto::cbor::Mode::Strict).expect("a token");
        json!({
            "sub": token.uri, "iat": START.0, "exp": exp, "ttl": ttl, "entries": 16,
            "values": [0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0],
        })
    };
    let exp = json!(START.plus(7 * DAY).0);
    c.source("draft-ietf-oauth-status-list-20, section 5.2");
    c.context(context("foreign", &key()));
    c.valid(
        "valid-foreign",
        "The token as others read it.",
        input(&token()),
        parsed(exp.clone(), json!(3600)),
    );
    let more = good.clone().payload(|p| set(p, claim::ISS, "https://issuer.example"));
    c.valid(
        "valid-foreign-with-iss",
        "Others may state claims that Carnet does not.",
        input(&more.sign(&key())),
        parsed(exp.clone(), json!(3600)),
    );
    c.context(context("strict", &key()));
    c.valid(
        "valid",
        "A list of 16 entries: 5 is invalid, 9 suspended.",
        input(&token()),
        parsed(exp.clone(), json!(3600)),
    );
    for (name, claims, exp, ttl, about) in [
        ("valid-without-ttl", claim::TTL, exp, Json::Null, "The time to live may be left out."),
        (
            "valid-without-exp",
            claim::EXP,
            Json::Null,
            json!(3600),
            "The expiry may be left out; such a token counts as expired.",
        ),
    ] {
        let forged = good.clone().payload(|p| drop(remove(p, claims)));
        c.valid(name, about, input(&forged.sign(&key())), parsed(exp, ttl));
    }

    let payload = |alter: &dyn Fn(&mut Entries)| good.clone().payload(alter).sign(&key());
    let protected = |alter: &dyn Fn(&mut Entries)| good.clone().protected(alter).sign(&key());
    for (name, error, bytes, about) in [
        (
            "type-missing",
            "Invalid",
            protected(&|h| drop(remove(h, header::TYP))),
            "The type is missing.",
        ),
        (
            "type-of-the-jwt-form",
            "Invalid",
            protected(&|h| set(h, header::TYP, "application/statuslist+jwt")),
            "The type is that of the JWT form.",
        ),
        (
            "type-without-application",
            "Invalid",
            protected(&|h| set(h, header::TYP, "statuslist+cwt")),
            "The type lacks `application/`.",
        ),
        (
            "type-of-a-credential",
            "WrongType",
            protected(&|h| set(h, header::TYP, int(293))),
            "The type is that of a credential.",
        ),
        (
            "sub-missing",
            "Missing",
            payload(&|p| drop(remove(p, claim::SUB))),
            "The list's URI is missing.",
        ),
        (
            "iat-missing",
            "Missing",
            payload(&|p| drop(remove(p, claim::IAT))),
            "The time of signing is missing.",
        ),
        (
            "list-missing",
            "Missing",
            payload(&|p| drop(remove(p, claim::STATUS_LIST))),
            "The list is missing.",
        ),
        (
            "iat-a-float",
            "WrongType",
            payload(&|p| set(p, claim::IAT, Value::Float(1.5))),
            "The time of signing is a float.",
        ),
        (
            "iat-negative",
            "OutOfRange",
            payload(&|p| set(p, claim::IAT, int(-1))),
            "The time of signing lies before 1970.",
        ),
        (
            "ttl-negative",
            "OutOfRange",
            payload(&|p| set(p, claim::TTL, int(-1))),
            "The time to live is negative.",
        ),
        (
            "bits-3",
            "Invalid",
            payload(&|p| {
                let mut list = remove(p, claim::STATUS_LIST).as_map().expect("a map").to_vec();
                set(&mut list, Value::from("bits"), 3);
                set(p, claim::STATUS_LIST, Value::Map(list));
            }),
            "Entries have three bits.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input(&bytes));
    }
    let tagged = [b"\xd8\x3d".as_slice(), &token()].concat();
    c.invalid(
        "tagged-as-cwt",
        "valid",
        "Invalid",
        "A CWT tag (61), which a status list token must not have.",
        input(&tagged),
    );
    c.invalid(
        "untagged",
        "valid",
        "WrongType",
        "The tag of COSE_Sign1 is missing.",
        input(&token()[1..]),
    );

    c.source("wire-format.md, status lists");
    for (name, error, bytes, about) in [
        (
            "unknown-claim",
            "UnknownKey",
            payload(&|p| set(p, claim::ISS, "https://issuer.example")),
            "There is a claim that Carnet's tokens do not have.",
        ),
        (
            "unknown-header",
            "Invalid",
            protected(&|h| set(h, 33, Value::Bytes(vec![0]))),
            "There is a header that Carnet's tokens do not have.",
        ),
        (
            "critical-header",
            "Invalid",
            protected(&|h| set(h, 2, Value::Array(vec![int(16)]))),
            "There is a list of critical headers.",
        ),
        (
            "unprotected-header",
            "Invalid",
            good.clone().unprotected(|h| set(h, 100, int(1))).sign(&key()),
            "The unprotected header is not empty.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input(&bytes));
    }
    c.source("RFC 9864; wire-format.md, signatures");
    for (name, alg) in [("algorithm-eddsa", -8), ("algorithm-es256", -7)] {
        let bytes = protected(&|h| set(h, header::ALG, int(alg)));
        let about = format!("The algorithm is {alg}, not -19.");
        c.invalid(name, "valid", "Signature", &about, input(&bytes));
    }
    c.source("draft-ietf-oauth-status-list-20, section 8.3");
    let mut flipped = token();
    *flipped.last_mut().expect("a byte") ^= 1;
    c.invalid(
        "signature-wrong",
        "valid",
        "Signature",
        "One bit of the signature is another.",
        input(&flipped),
    );
    let list = Value::from_cbor(&StatusList::new(16).to_cbor()).expect("CBOR");
    let swapped = Forged {
        payload: super::altered_map(&good.payload, |p| set(p, claim::STATUS_LIST, list)),
        ..good.clone()
    };
    let mut unsigned = swapped.sign(&key());
    let at = unsigned.len() - 64;
    unsigned.truncate(at);
    unsigned.extend_from_slice(&token()[token().len() - 64..]);
    c.invalid(
        "list-changed-after-signing",
        "valid",
        "Signature",
        "The list is another than was signed: nothing is revoked in it.",
        input(&unsigned),
    );
    let credential = Seed::new([5; 32]).signing_key(Purpose::Credential);
    c.invalid(
        "signed-by-the-credential-key",
        "valid",
        "Signature",
        "The issuer signed with its key for credentials.",
        input(&good.sign(&credential)),
    );
    c
}
