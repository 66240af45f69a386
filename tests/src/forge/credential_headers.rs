//! Credentials: their headers.

use carnet_proto::cbor::Value;
use carnet_proto::profile::header;

use super::cose::Forged;
use super::credential::{BASE, Parts, disclosure, input, issuer_key, salt};
use super::{Cases, int, remove, set, unhex};

/// Headers that the profile does not have, or without those that it has.
pub fn cases(c: &mut Cases, good: &Parts) {
    let with = |label: i64, value: Value| good.clone().header(|h| set(h, label, value)).input();
    let without = |label: i64| good.clone().header(|h| drop(remove(h, label))).input();
    let unprotected = |bytes: &str| {
        input(&Forged { unprotected: unhex(bytes), ..good.forged.clone() }.sign(&issuer_key()))
    };
    let bytes = |n: usize| Value::Bytes(vec![7; n]);
    for (source, name, base, error, input, about) in [
        (
            "SD-CWT -08, section 4",
            "type-missing",
            BASE,
            "WrongType",
            without(header::TYP),
            "The type is missing.",
        ),
        (
            "SD-CWT -08, section 4",
            "type-of-a-key-binding-token",
            BASE,
            "WrongType",
            with(header::TYP, int(294)),
            "The type is that of a key-binding token.",
        ),
        (
            "SD-CWT -08, section 4",
            "type-a-text",
            BASE,
            "WrongType",
            with(header::TYP, "application/sd-cwt".into()),
            "The type is the text form, which this profile does not use.",
        ),
        (
            "RFC 9864; SD-CWT -08, section 6.1",
            "algorithm-eddsa",
            BASE,
            "WrongHeaders",
            with(header::ALG, int(-8)),
            "The algorithm is EdDSA (-8), which is not fully specified.",
        ),
        (
            "RFC 9864; SD-CWT -08, section 6.1",
            "algorithm-es256",
            BASE,
            "WrongHeaders",
            with(header::ALG, int(-7)),
            "The algorithm is ES256 (-7).",
        ),
        (
            "RFC 9864; SD-CWT -08, section 6.1",
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
            "SD-CWT -08, section 5.3; RFC 9597",
            "cwt-claims-header",
            BASE,
            "WrongHeaders",
            with(header::CWT_CLAIMS, Value::Map(vec![(int(1), "did:carnet:x".into())])),
            "There are claims in header 15, which disagree with the payload.",
        ),
        (
            "wire-format.md, credentials",
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
            "SD-CWT -08, section 6",
            "disclosures-empty",
            "valid-none-disclosed",
            "DisclosureCount",
            unprotected("a1 11 80"),
            "Header 17 is an empty array instead of absent.",
        ),
        (
            "SD-CWT -08, section 6",
            "disclosures-a-byte-string",
            "valid-none-disclosed",
            "Malformed:WrongType",
            unprotected("a1 11 40"),
            "Header 17 is a byte string.",
        ),
        (
            "SD-CWT -08, section 6",
            "disclosure-not-wrapped",
            "valid-none-disclosed",
            "Malformed:Invalid",
            unprotected("a1 11 81 80"),
            "A disclosure is an array, not a byte string that holds one.",
        ),
        (
            "SD-CWT -08, section 6",
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
