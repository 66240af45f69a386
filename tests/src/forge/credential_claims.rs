//! Credentials: what the claims of a skill attestation must be, and the key of the holder.

use carnet_proto::cbor::Value;
use carnet_proto::profile::claim;
use serde_json::Value as Json;

use super::credential::{BASE, Parts, context};
use super::{Cases, Entries, int, remove, set, unhex};

/// Claims with one defect each, all signed and with fitting disclosures.
pub fn cases() -> Cases {
    let mut c = Cases::new("credential");
    c.context(context("verifier"));
    let good = Parts::shown();
    let with =
        |key: i64, value: Value| good.clone().claims(|claims| set(claims, key, value)).input();
    c.source("RFC 8392, section 3.1; wire-format.md, claims");
    for (key, name) in [
        (claim::ISS, "iss"),
        (claim::EXP, "exp"),
        (claim::IAT, "iat"),
        (claim::CTI, "cti"),
        (claim::CNF, "cnf"),
        (claim::VCT, "vct"),
        (claim::STATUS, "status"),
        (claim::SKILL, "skill"),
    ] {
        // Nothing is shown, so that no disclosure loses its place with the claim.
        let bare = Parts { disclosures: vec![], ..good.clone() };
        let parts = bare.claims(|claims| drop(remove(claims, key)));
        let about = format!("`{name}` is missing.");
        c.invalid(
            &format!("{name}-missing"),
            "valid-none-disclosed",
            &format!("Missing:{name}"),
            &about,
            parts.input(),
        );
    }
    let text = |text: &str| Value::from(text);
    let list = |idx: Value, uri: Value| {
        Value::Map(vec![(
            text("status_list"),
            Value::Map(vec![(text("idx"), idx), (text("uri"), uri)]),
        )])
    };
    for (source, name, error, input, about) in [
        (
            "wire-format.md, claims",
            "aud-in-a-credential",
            "Unknown",
            with(claim::AUD, text("urn:carnet:anyone")),
            "A credential names an audience.",
        ),
        (
            "wire-format.md, claims; SD-CWT -08, section 9",
            "cnonce-in-a-credential",
            "Unknown",
            with(claim::CNONCE, Value::Bytes(vec![9; 16])),
            "A credential holds a nonce, which a verifier must never see.",
        ),
        (
            "wire-format.md, claims",
            "unknown-claim",
            "Unknown",
            with(500, Value::Null),
            "There is a claim that credentials do not have.",
        ),
        (
            "wire-format.md, claims",
            "unknown-text-claim",
            "Unknown",
            good.clone().claims(|claims| set(claims, text("note"), Value::Null)).input(),
            "There is a claim with a text for a key.",
        ),
        (
            "wire-format.md, claims",
            "contribution-claims",
            "Unknown",
            with(-65538, Value::Map(vec![])),
            "There are contribution claims in a skill attestation.",
        ),
        (
            "RFC 8392, section 3.1.4",
            "exp-a-text",
            "Malformed:exp",
            with(claim::EXP, text("tomorrow")),
            "`exp` is a text.",
        ),
        (
            "RFC 8392, section 3.1.4; wire-format.md, common types",
            "exp-a-float",
            "Malformed:exp",
            with(claim::EXP, Value::Float(1.5e9 + 0.5)),
            "`exp` is a float.",
        ),
        (
            "wire-format.md, common types",
            "exp-beyond-the-limit",
            "Malformed:exp",
            with(claim::EXP, int((1 << 40) + 1)),
            "`exp` lies behind 2^40 seconds.",
        ),
        (
            "wire-format.md, common types",
            "iat-negative",
            "Malformed:iat",
            with(claim::IAT, int(-1)),
            "`iat` lies before 1970.",
        ),
        (
            "wire-format.md, claims",
            "cti-of-15-bytes",
            "Malformed:cti",
            with(claim::CTI, Value::Bytes(vec![1; 15])),
            "`cti` has 15 bytes.",
        ),
        (
            "wire-format.md, keys and identifiers",
            "iss-a-url",
            "Malformed:iss",
            with(claim::ISS, text("https://issuer.example")),
            "`iss` is not an institution's identifier.",
        ),
        (
            "wire-format.md, keys and identifiers",
            "iss-in-capitals",
            "Malformed:iss",
            with(claim::ISS, Value::Text(format!("did:carnet:{}", "A".repeat(52)))),
            "`iss` is in capital letters; an identifier has one form.",
        ),
        (
            "wire-format.md, keys and identifiers",
            "iss-with-unused-bits",
            "Malformed:iss",
            with(claim::ISS, Value::Text(format!("did:carnet:{}b", "a".repeat(51)))),
            "The unused bits of the identifier's last character are not zero.",
        ),
        (
            "draft-ietf-oauth-status-list-20, section 6",
            "status-empty",
            "Malformed:status",
            with(claim::STATUS, Value::Map(vec![])),
            "`status` has no status list.",
        ),
        (
            "draft-ietf-oauth-status-list-20, section 6",
            "status-index-negative",
            "Malformed:status",
            with(claim::STATUS, list(int(-1), text("did:carnet:x/status/0"))),
            "The status index is negative.",
        ),
        (
            "draft-ietf-oauth-status-list-20, section 6",
            "status-index-a-text",
            "Malformed:status",
            with(claim::STATUS, list(text("5"), text("did:carnet:x/status/0"))),
            "The status index is a text.",
        ),
        (
            "draft-ietf-oauth-status-list-20, section 6",
            "status-uri-bytes",
            "Malformed:status",
            with(claim::STATUS, list(int(5), Value::Bytes(vec![1]))),
            "The URI of the status list is a byte string.",
        ),
        (
            "draft-ietf-oauth-status-list-20, section 6",
            "status-index-missing",
            "Malformed:status",
            with(
                claim::STATUS,
                Value::Map(vec![(
                    text("status_list"),
                    Value::Map(vec![(text("uri"), text("did:carnet:x/status/0"))]),
                )]),
            ),
            "The status index is missing.",
        ),
    ] {
        c.source(source);
        c.invalid(name, BASE, error, about, input);
    }
    c.source("wire-format.md, versions");
    c.refused(
        "type-of-a-later-version",
        BASE,
        "UnknownType",
        "A credential of a type that this version does not know is newer, not wrong.",
        with(claim::VCT, text("urn:carnet:skill:2")),
    );
    c.source("wire-format.md, claims");
    c.invalid(
        "type-of-contributions",
        BASE,
        "Unknown",
        "A contribution attestation holds skill claims.",
        with(claim::VCT, text("urn:carnet:contribution:1")),
    );
    confirmation(&mut c, &good);
    skill(&mut c, &good);
    c
}

/// The holder's key.
fn confirmation(c: &mut Cases, good: &Parts) {
    let key = |alter: &dyn Fn(&mut Entries)| -> Json {
        let altered = |claims: &mut Entries| {
            let Value::Map(cnf) = remove(claims, claim::CNF) else { panic!("a map") };
            let (_, Value::Map(mut key)) = cnf.into_iter().next().expect("a key") else {
                panic!("a map")
            };
            alter(&mut key);
            set(claims, claim::CNF, Value::Map(vec![(int(1), Value::Map(key))]));
        };
        good.clone().claims(altered).input()
    };
    let cnf = |value: Value| good.clone().claims(|claims| set(claims, claim::CNF, value)).input();
    let point = |hex: &str| Value::Bytes(unhex(hex));
    let identity = "0100000000000000000000000000000000000000000000000000000000000000";
    let not_a_point = "0200000000000000000000000000000000000000000000000000000000000000";
    for (name, input, about) in [
        (
            "cnf-with-a-private-part",
            key(&|k| set(k, -4, Value::Bytes(vec![1; 32]))),
            "The holder's key comes with its private part.",
        ),
        (
            "cnf-of-another-type",
            key(&|k| set(k, 1, int(2))),
            "The holder's key is said to be of type EC2.",
        ),
        (
            "cnf-of-another-curve",
            key(&|k| set(k, -1, int(4))),
            "The holder's key is said to be for X25519, which signs nothing.",
        ),
        (
            "cnf-of-another-algorithm",
            key(&|k| set(k, 3, int(-8))),
            "The holder's key is said to be for EdDSA (-8).",
        ),
        (
            "cnf-of-31-bytes",
            key(&|k| set(k, -2, Value::Bytes(vec![1; 31]))),
            "The holder's key has 31 bytes.",
        ),
        (
            "cnf-of-low-order",
            key(&|k| set(k, -2, point(identity))),
            "The holder's key is of low order: anybody could sign with it.",
        ),
        (
            "cnf-not-a-point",
            key(&|k| set(k, -2, point(not_a_point))),
            "The holder's key encodes no point of the curve.",
        ),
        (
            "cnf-a-thumbprint",
            cnf(Value::Map(vec![(int(5), Value::Bytes(vec![1; 32]))])),
            "The holder's key is named by its thumbprint; it has to travel with the credential.",
        ),
        ("cnf-empty", cnf(Value::Map(vec![])), "There is no key of the holder."),
    ] {
        c.source(
            "RFC 8747, section 3; RFC 9053, section 7.2; wire-format.md, keys and identifiers",
        );
        c.invalid(name, BASE, "Malformed:cnf", about, input);
    }
}

/// What is attested.
fn skill(c: &mut Cases, good: &Parts) {
    c.source("wire-format.md, skill claims");
    let skill = |alter: &dyn Fn(&mut Entries)| -> Json {
        let altered = |claims: &mut Entries| {
            let Value::Map(mut skill) = remove(claims, claim::SKILL) else { panic!("a map") };
            alter(&mut skill);
            set(claims, claim::SKILL, Value::Map(skill));
        };
        good.clone().claims(altered).input()
    };
    let text = |text: &str| Value::from(text);
    for (name, input, about) in [
        (
            "skill-entry-unknown",
            skill(&|s| set(s, 16, Value::Null)),
            "There is an entry that skill attestations do not have.",
        ),
        ("skill-title-missing", skill(&|s| drop(remove(s, 2))), "The title is missing."),
        (
            "skill-occupation-unknown",
            skill(&|s| set(s, 5, text("9999"))),
            "The occupation is not in ISCO-08.",
        ),
        (
            "skill-occupation-a-number",
            skill(&|s| set(s, 5, int(7212))),
            "The occupation is a number.",
        ),
        (
            "skill-country-unknown",
            skill(&|s| set(s, 14, text("XX"))),
            "The country is not in ISO 3166-1.",
        ),
        ("skill-level-too-high", skill(&|s| set(s, 8, int(1000))), "The level is above 99.9."),
        ("skill-isced-level-9", skill(&|s| set(s, 9, int(9))), "ISCED levels end at 8."),
        (
            "skill-ends-before-its-award",
            skill(&|s| set(s, 12, int(0))),
            "The last day lies before the day of the award.",
        ),
        (
            "skill-type-unknown",
            skill(&|s| set(s, 1, int(99))),
            "The kind of claim has no such number.",
        ),
        (
            "skill-title-reversed",
            skill(&|s| {
                set(
                    s,
                    2,
                    Value::Map(vec![(int(1), text("en")), (int(2), text("Welder \u{202e}rotcod"))]),
                )
            }),
            "The title holds a character that reverses the direction of writing.",
        ),
        (
            "skill-title-not-nfc",
            skill(&|s| {
                set(
                    s,
                    2,
                    Value::Map(vec![(int(1), text("de")), (int(2), text("Schweis\u{65}\u{301}"))]),
                )
            }),
            "The title is not in Unicode's composed form (NFC).",
        ),
    ] {
        c.invalid(name, BASE, "Malformed:skill", about, input);
    }
}
