//! Deterministic CBOR, strictly and as others may encode it.

use serde_json::json;

use super::Cases;

/// One item that is well-formed, or has one defect.
pub fn cases() -> Cases {
    let mut c = Cases::new("cbor");
    for mode in ["strict", "foreign"] {
        c.context(json!({ "mode": mode }));
        valid(&mut c, mode);
        refused_in_both(&mut c, mode);
    }
    c.context(json!({ "mode": "strict" }));
    refused_in_strict(&mut c);
    c.context(json!({ "mode": "foreign" }));
    c.source("RFC 8949, section 4.2.1; draft-ietf-oauth-status-list-20, examples");
    for (name, bytes, about) in [
        ("map-unsorted", "a202020101", "Others may leave map keys in any order."),
        (
            "integer-head-too-long",
            "190018",
            "Others may write an integer in more bytes than it needs.",
        ),
        (
            "length-head-too-long",
            "580101",
            "Others may write a length in more bytes than it needs.",
        ),
        (
            "float-too-long",
            "fb3ff8000000000000",
            "Others may write a float in more bytes than it needs.",
        ),
    ] {
        c.valid(&format!("foreign-{name}"), about, json!({ "bytes": bytes }), json!({}));
    }
    c.source("SD-CWT -08, section 5.4");
    c.invalid(
        "foreign-duplicate-key-in-another-length",
        "foreign-map",
        "DuplicateKey",
        "Keys are compared by value: 01 and 18 01 are one key.",
        json!({ "bytes": "a20102180102" }),
    );
    c
}

fn valid(c: &mut Cases, mode: &str) {
    c.source("RFC 8949, section 4.2.1");
    let nested = "81".repeat(16) + "00";
    for (name, bytes, about) in [
        ("integer", "1818", "An integer in the fewest bytes."),
        ("map", "a201020202", "A map with its keys in the order of their encodings."),
        ("array", "8101", "An array of stated length."),
        ("bytes", "4101", "A byte string of stated length."),
        ("text", "6161", "A text of stated length, in UTF-8."),
        ("simple", "f820", "A simple value above 31 in two bytes."),
        ("float", "f93e00", "A float in the fewest bytes that keep it."),
        ("not-a-number", "f97e00", "The one encoding of what is not a number."),
        ("bignum", "c249010000000000000000", "An integer that 64 bits do not hold."),
        ("nested-16-deep", nested.as_str(), "Arrays nested to the limit of 16."),
        ("tagged-key", "a1d83a0100", "A map key may be tagged once."),
    ] {
        c.valid(&format!("{mode}-{name}"), about, json!({ "bytes": bytes }), json!({}));
    }
}

fn refused_in_both(c: &mut Cases, mode: &str) {
    let nested = "81".repeat(17) + "00";
    let section = "RFC 8949, section 3 and appendix F";
    let definite = "SD-CWT -08, sections 5.1 to 5.4; RFC 8949, section 4.2.1";
    for (source, name, base, error, bytes, about) in [
        (section, "empty", "integer", "Truncated", "", "There is no item."),
        (
            section,
            "truncated",
            "bytes",
            "Truncated",
            "4201",
            "The input ends inside a byte string.",
        ),
        (section, "truncated-head", "integer", "Truncated", "18", "The input ends inside a head."),
        (
            section,
            "trailing-byte",
            "integer",
            "TrailingBytes",
            "181800",
            "A byte follows the item.",
        ),
        (
            section,
            "reserved-head",
            "integer",
            "Malformed",
            "1c",
            "Additional information 28 to 30 is reserved.",
        ),
        (
            section,
            "simple-in-two-bytes",
            "simple",
            "Malformed",
            "f818",
            "A simple value below 32 takes one byte.",
        ),
        (section, "not-utf8", "text", "NotUtf8", "61ff", "A text is not UTF-8."),
        (
            definite,
            "indefinite-bytes",
            "bytes",
            "IndefiniteLength",
            "5f4101ff",
            "A byte string of indefinite length.",
        ),
        (
            definite,
            "indefinite-text",
            "text",
            "IndefiniteLength",
            "7f6161ff",
            "A text of indefinite length.",
        ),
        (
            definite,
            "indefinite-array",
            "array",
            "IndefiniteLength",
            "9f01ff",
            "An array of indefinite length.",
        ),
        (
            definite,
            "indefinite-map",
            "map",
            "IndefiniteLength",
            "bf01020202ff",
            "A map of indefinite length.",
        ),
        (
            definite,
            "break-alone",
            "integer",
            "IndefiniteLength",
            "ff",
            "A break without what it ends.",
        ),
        (definite, "duplicate-key", "map", "DuplicateKey", "a201020102", "A map has a key twice."),
        (definite, "array-as-key", "map", "ForbiddenKey", "a201028002", "A map key is an array."),
        (definite, "map-as-key", "map", "ForbiddenKey", "a20102a002", "A map key is a map."),
        (
            definite,
            "doubly-tagged-key",
            "tagged-key",
            "ForbiddenKey",
            "a1d83ad83a0100",
            "A map key is tagged twice.",
        ),
        (
            "wire-format.md, encoding",
            "nested-17-deep",
            "nested-16-deep",
            "TooDeep",
            nested.as_str(),
            "Arrays nested deeper than the limit of 16.",
        ),
    ] {
        c.source(source);
        let (name, base) = (format!("{mode}-{name}"), format!("{mode}-{base}"));
        c.invalid(&name, &base, error, about, json!({ "bytes": bytes }));
    }
}

fn refused_in_strict(c: &mut Cases) {
    c.source("RFC 8949, section 4.2.1");
    for (name, base, error, bytes, about) in [
        (
            "map-unsorted",
            "map",
            "UnsortedKeys",
            "a202020102",
            "Map keys are not in the order of their encodings.",
        ),
        (
            "integer-head-too-long",
            "integer",
            "NotShortest",
            "190018",
            "24 in three bytes instead of two.",
        ),
        (
            "length-head-too-long",
            "bytes",
            "NotShortest",
            "580101",
            "The length 1 in two bytes instead of one.",
        ),
        (
            "array-head-too-long",
            "array",
            "NotShortest",
            "980101",
            "The length 1 in two bytes instead of one.",
        ),
        (
            "tag-head-too-long",
            "bignum",
            "NotShortest",
            "d80249010000000000000000",
            "The tag 2 in two bytes instead of one.",
        ),
        (
            "float-too-long",
            "float",
            "NotShortest",
            "fb3ff8000000000000",
            "1.5 in nine bytes instead of three.",
        ),
        (
            "not-a-number-with-payload",
            "not-a-number",
            "NotShortest",
            "f97e01",
            "Not a number, in another encoding than its one.",
        ),
        ("bignum-that-an-integer-holds", "bignum", "NotShortest", "c24103", "3 as a bignum."),
        (
            "bignum-with-leading-zero",
            "bignum",
            "NotShortest",
            "c24a00010000000000000000",
            "A bignum with a leading zero.",
        ),
    ] {
        let (name, base) = (format!("strict-{name}"), format!("strict-{base}"));
        c.invalid(&name, &base, error, about, json!({ "bytes": bytes }));
    }
}
