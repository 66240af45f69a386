//! The container of a presentation file.

use carnet_proto::cbor::{Encode as _, Value};
use carnet_proto::presentation::{Presentation, Presented};
use carnet_proto::profile::{FileKind, MAX_CREDENTIALS, Profile};
use serde_json::{Value as Json, json};

use super::{Cases, Entries, altered_map, file_around, hex, int, key_binding, remove, set};

/// The input of a case: a file around any body.
fn input(body: &[u8]) -> Json {
    json!({ "file": hex(file_around(FileKind::Presentation, body)) })
}

/// Containers with one defect each.
pub fn cases() -> Cases {
    let mut c = Cases::new("presentation");
    c.source("wire-format.md, presentations");
    let with = |count: usize, token: &[u8]| Presentation {
        profile: Profile::SdCwt08,
        presented: vec![Presented { token: token.to_vec(), anchor: None }; count],
        evidence: None,
    };
    let good = with(1, &key_binding::token()).to_cbor();
    let reads = |credentials: usize, evidence: bool| json!({ "credentials": credentials, "evidence": evidence });
    c.valid(
        "valid",
        "One key-binding token, without its anchor and without evidence.",
        input(&good),
        reads(1, false),
    );
    let anchored = Presentation {
        presented: vec![Presented {
            token: key_binding::token(),
            anchor: Some(super::anchor::anchor().0),
        }],
        ..with(1, b"")
    };
    c.valid(
        "valid-with-anchor",
        "A key-binding token with its anchor.",
        input(&anchored.to_cbor()),
        reads(1, false),
    );
    let stapled =
        Presentation { evidence: Some(b"\x80".to_vec()), ..with(1, &key_binding::token()) };
    c.valid(
        "valid-with-evidence",
        "Evidence of no logs is stapled to it.",
        input(&stapled.to_cbor()),
        reads(1, true),
    );
    c.valid(
        "valid-32-tokens",
        "The most tokens that a container may have; what is in them is read apart.",
        input(&with(MAX_CREDENTIALS, b"").to_cbor()),
        reads(32, false),
    );

    let body = |alter: &dyn Fn(&mut Entries)| input(&altered_map(&good, alter));
    let presented = |alter: &dyn Fn(&mut Entries)| {
        body(&|entries| {
            let Value::Array(mut list) = remove(entries, 2) else { panic!("a list") };
            let Some(Value::Map(first)) = list.first_mut() else { panic!("a map") };
            alter(first);
            set(entries, 2, Value::Array(list));
        })
    };
    for (name, error, input, about) in [
        ("profile-missing", "Missing", body(&|e| drop(remove(e, 1))), "The profile is missing."),
        (
            "profile-unknown",
            "OutOfRange",
            body(&|e| set(e, 1, int(2))),
            "The profile has no such number.",
        ),
        (
            "credentials-missing",
            "Missing",
            body(&|e| drop(remove(e, 2))),
            "The list of tokens is missing.",
        ),
        (
            "unknown-member",
            "ForbiddenKey",
            body(&|e| set(e, 4, Value::Null)),
            "There is a member that containers do not have.",
        ),
        ("not-a-map", "WrongType", input(b"\x80"), "The container is an array."),
        (
            "token-missing",
            "Missing",
            presented(&|e| {
                remove(e, 1);
            }),
            "An entry has no token.",
        ),
        (
            "token-not-wrapped",
            "WrongType",
            presented(&|e| set(e, 1, Value::Null)),
            "A token is not a byte string.",
        ),
        (
            "presented-unknown-member",
            "ForbiddenKey",
            presented(&|e| set(e, 3, Value::Null)),
            "An entry has a member that entries do not have.",
        ),
        (
            "anchor-null",
            "WrongType",
            presented(&|e| set(e, 2, Value::Null)),
            "A missing anchor is written as null instead of left out.",
        ),
        (
            "bytes-behind",
            "TrailingBytes",
            input(&[good.as_slice(), &[0]].concat()),
            "A byte follows the container.",
        ),
        ("body-cut", "Truncated", input(&good[..good.len() - 1]), "The container ends early."),
        ("body-unsorted", "UnsortedKeys", input(&unsorted(&good)), "The members are not sorted."),
    ] {
        c.invalid(name, "valid", error, about, input);
    }
    c.invalid(
        "no-credential",
        "valid",
        "Empty",
        "There is no token.",
        input(&with(0, b"").to_cbor()),
    );
    c.source("wire-format.md, limits");
    c.invalid(
        "33-tokens",
        "valid-32-tokens",
        "TooLarge",
        "There are more tokens than a container may have.",
        input(&with(MAX_CREDENTIALS + 1, b"").to_cbor()),
    );
    c
}

/// A container with its profile behind its tokens.
fn unsorted(body: &[u8]) -> Vec<u8> {
    // The profile is two bytes behind the head of the map: its key, and its number.
    [&body[..1], &body[3..], &body[1..3]].concat()
}
