//! Statements: the envelope that all kinds share. Their payloads are in `statement_kinds.rs`.

use carnet_proto::cbor::{Encode as _, Value};
use carnet_proto::id::Did;
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::profile::{claim, header};
use carnet_proto::statement::accreditation::Accreditation;
use carnet_proto::statement::{Body, Statement};
use carnet_proto::time::Validity;
use serde_json::{Value as Json, json};

use super::cose::Forged;
use super::{Cases, Entries, hex, int, remove, set};
use crate::world::{START, grant, line};

/// The key that signs the statements of the cases.
pub fn key() -> SigningKey {
    Seed::new([8; 32]).signing_key(Purpose::Statement)
}

/// The institution that makes the statements of the cases.
pub fn issuer() -> Did {
    Did::of_inception(b"the institution of the conformance vectors")
}

/// The institution that they are about.
pub fn subject() -> Did {
    Did::of_inception(b"the institute of the conformance vectors")
}

/// What the reader of most cases knows.
pub fn context(key: &SigningKey) -> Json {
    json!({ "statement_key": hex(key.public().as_bytes()) })
}

/// The input of a case.
pub fn input(entry: &[u8]) -> Json {
    json!({ "entry": hex(entry) })
}

/// What is read of a statement.
pub fn reads(statement: &Statement) -> Json {
    json!({
        "kind": statement.body().kind(),
        "issuer": statement.issuer().to_string(),
        "digest": statement.digest().to_string(),
        "leaf_hash": hex(statement.leaf_hash().as_bytes()),
    })
}

/// Signs a statement of the institution of the cases.
pub fn signed(body: impl Into<Body>) -> Statement {
    Statement::sign(&issuer(), body, &key()).expect("a statement")
}

/// The accreditation of the cases.
pub fn accreditation() -> Accreditation {
    Accreditation {
        subject: subject(),
        name: line("Institute of Welding"),
        grants: vec![grant(&["72"])],
        may_accredit: 0,
        validity: Validity { from: START, until: Some(START.plus(1000)) },
        legal_basis: Some(line("Skills Act, section 4")),
        appeal_body: None,
    }
}

/// Accreditations with one defect each in their envelope, all signed by the statement key.
pub fn cases() -> Cases {
    let mut c = Cases::new("statement");
    c.context(context(&key()));
    let good = Forged::of(signed(accreditation()).entry());
    let protected =
        |alter: &dyn Fn(&mut Entries)| input(&good.clone().protected(alter).sign(&key()));
    let claims = |alter: &dyn Fn(&mut Entries)| {
        protected(&|h| {
            let Value::Map(mut claims) = remove(h, header::CWT_CLAIMS) else { panic!("a map") };
            alter(&mut claims);
            set(h, header::CWT_CLAIMS, Value::Map(claims));
        })
    };
    let typ = |kind: &str| Value::Text(format!("application/vnd.carnet.{kind}+cose"));
    let base = "valid-accreditation";
    let invalid = "Malformed:Invalid";
    for (source, name, error, input, about) in [
        (
            "RFC 9596; wire-format.md, statements",
            "type-missing",
            invalid,
            protected(&|h| drop(remove(h, header::TYP))),
            "The type is missing.",
        ),
        (
            "RFC 9596; wire-format.md, statements",
            "type-a-number",
            "Malformed:WrongType",
            protected(&|h| set(h, header::TYP, int(293))),
            "The type is a number.",
        ),
        (
            "wire-format.md, statements",
            "type-of-another-kind",
            "Malformed:WrongType",
            protected(&|h| set(h, header::TYP, typ("withdrawal"))),
            "The type is that of a withdrawal, the payload that of an accreditation.",
        ),
        (
            "RFC 9943, section 5",
            "key-identifier-missing",
            invalid,
            protected(&|h| drop(remove(h, header::KID))),
            "The key identifier is missing.",
        ),
        (
            "RFC 9943, section 5",
            "claims-missing",
            invalid,
            protected(&|h| drop(remove(h, header::CWT_CLAIMS))),
            "The claims are missing from the header.",
        ),
        (
            "RFC 9943, section 5",
            "issuer-missing",
            "Malformed:Missing",
            claims(&|c| drop(remove(c, claim::ISS))),
            "The claims have no issuer.",
        ),
        (
            "RFC 9943, section 5",
            "subject-missing",
            "Malformed:Missing",
            claims(&|c| drop(remove(c, claim::SUB))),
            "The claims have no subject.",
        ),
        (
            "wire-format.md, statements",
            "issuer-a-url",
            invalid,
            claims(&|c| set(c, claim::ISS, "https://ministry.example")),
            "The issuer is not an institution's identifier.",
        ),
        (
            "wire-format.md, statements",
            "subject-of-another",
            invalid,
            claims(&|c| set(c, claim::SUB, Value::Text(issuer().to_string()))),
            "The subject is not the institution that the payload accredits.",
        ),
        (
            "wire-format.md, statements",
            "claim-unknown",
            "Malformed:ForbiddenKey",
            claims(&|c| set(c, claim::IAT, int(1))),
            "The claims have a time, which statements do not.",
        ),
        (
            "RFC 9864; wire-format.md, signatures",
            "algorithm-eddsa",
            invalid,
            protected(&|h| set(h, header::ALG, int(-8))),
            "The algorithm is EdDSA (-8).",
        ),
        (
            "RFC 9052, section 3.1",
            "critical-header",
            invalid,
            protected(&|h| set(h, 2, Value::Array(vec![int(16)]))),
            "There is a list of critical headers.",
        ),
        (
            "wire-format.md, statements",
            "header-unknown",
            invalid,
            protected(&|h| set(h, 3, "application/cbor")),
            "There is a content type, which statements do not have.",
        ),
    ] {
        c.source(source);
        c.invalid(name, base, error, about, input);
    }
    c.source("RFC 9943, section 6; wire-format.md, statements");
    let receipt = good.clone().unprotected(|h| set(h, 394, Value::Array(vec![])));
    c.invalid(
        "unprotected-header",
        base,
        invalid,
        "The unprotected header is not empty: an entry is a statement without its receipts.",
        input(&receipt.sign(&key())),
    );
    c.source("wire-format.md, signatures");
    let entry = good.sign(&key());
    let mut flipped = entry.clone();
    *flipped.last_mut().expect("a byte") ^= 1;
    c.invalid(
        "signature-wrong",
        base,
        "Signature",
        "One bit of the signature is another.",
        input(&flipped),
    );
    let other = Seed::new([8; 32]).signing_key(Purpose::Credential);
    c.invalid(
        "signed-by-the-credential-key",
        base,
        "Signature",
        "Signed by another key of the institution, under the identifier of the right one.",
        input(&good.sign(&other)),
    );
    let named = good
        .clone()
        .protected(|h| set(h, header::KID, Value::Bytes(other.public().kid().as_bytes().to_vec())));
    c.invalid(
        "key-identifier-of-another-key",
        base,
        "Signature",
        "Signed by the right key, under the identifier of another.",
        input(&named.sign(&key())),
    );
    let detached = Value::Tag(
        18,
        Value::Array(vec![
            Value::Bytes(good.protected.clone()),
            Value::Map(vec![]),
            Value::Null,
            Value::Bytes(entry[entry.len() - 64..].to_vec()),
        ])
        .into(),
    );
    c.source("wire-format.md, statements");
    c.invalid(
        "payload-detached",
        base,
        invalid,
        "The payload is missing.",
        input(&detached.to_cbor()),
    );
    c.invalid(
        "untagged",
        base,
        "Malformed:WrongType",
        "The tag of COSE_Sign1 is missing.",
        input(&entry[1..]),
    );
    c.invalid(
        "bytes-behind",
        base,
        "Malformed:TrailingBytes",
        "A byte follows the statement.",
        input(&[entry.as_slice(), &[0]].concat()),
    );
    let raw = |payload: Vec<u8>| input(&Forged { payload, ..good.clone() }.sign(&key()));
    c.invalid(
        "payload-bytes-behind",
        base,
        "Malformed:TrailingBytes",
        "A byte follows the payload.",
        raw([good.payload.as_slice(), &[0]].concat()),
    );
    let entries = &good.payload[1..];
    c.invalid(
        "payload-indefinite-length",
        base,
        "Malformed:IndefiniteLength",
        "The payload has indefinite length.",
        raw([&[0xbf], entries, &[0xff]].concat()),
    );
    // The last entry is the legal basis: key 6 and its text.
    let last = entries.iter().rposition(|byte| *byte == 0x06).expect("key 6");
    let again = [&[good.payload[0] + 1], entries, &entries[last..]].concat();
    c.invalid(
        "payload-duplicate-key",
        base,
        "Malformed:DuplicateKey",
        "The payload has a key twice.",
        raw(again),
    );
    c.source("wire-format.md, kinds and versions");
    c.refused(
        "kind-newer",
        base,
        "Unsupported",
        "A kind that this version does not know is newer, not malformed.",
        protected(&|h| set(h, header::TYP, typ("amendment"))),
    );
    c.refused(
        "kind-of-others",
        base,
        "Unsupported",
        "The type is not one of Carnet's.",
        protected(&|h| set(h, header::TYP, "application/scitt-statement+cose")),
    );
    c
}
