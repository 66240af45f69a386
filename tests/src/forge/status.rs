//! Status lists: how entries are packed, and what a list must not be.

use carnet_proto::cbor::Encoder;
use serde_json::json;

use super::{Cases, hex, unhex};

/// A zlib stream (RFC 1950) that stores bytes as they are, in one block; `adler` is its checksum.
fn stored(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("one block");
    let mut out = unhex("7801 01");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&(!length).to_le_bytes());
    out.extend_from_slice(bytes);
    out.extend_from_slice(&adler(bytes).to_be_bytes());
    out
}

fn adler(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    b << 16 | a
}

/// The deterministic encoding of a list.
fn list(bits: u64, lst: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(2).text("lst").bytes(lst).text("bits").uint(bits);
    e.into_bytes()
}

/// A zlib stream of `length` zeros, from this repository's own encoder of status lists.
fn zeros(length: usize) -> Vec<u8> {
    use carnet_proto::cbor::{Decode as _, Encode as _, Value};
    use carnet_proto::status::StatusList;
    let encoded = StatusList::new(length as u32 * 4).to_cbor();
    let Value::Map(entries) = Value::from_cbor(&encoded).expect("CBOR") else { panic!("a map") };
    entries[0].1.as_bytes().expect("bytes").to_vec()
}

/// A list by itself: the value of claim 65533 of a status list token.
pub fn cases() -> Cases {
    let mut c = Cases::new("status-list");
    let input = |bytes: &[u8]| json!({ "status_list": hex(bytes) });
    let values = |values: &[u8]| json!({ "entries": values.len(), "values": values });
    c.source("draft-ietf-oauth-status-list-20, section 4");
    let bytes = [0xc9, 0x44, 0xf9];
    for (bits, expected) in [
        (1, vec![1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1]),
        (2, vec![1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]),
        (4, vec![9, 12, 4, 4, 9, 15]),
        (8, vec![0xc9, 0x44, 0xf9]),
    ] {
        c.valid(
            &format!("valid-{bits}-bit"),
            "Entries are packed from the least significant bits of each byte.",
            input(&list(bits, &stored(&bytes))),
            values(&expected),
        );
    }
    let mut with_uri = Encoder::new();
    with_uri.map(3).text("lst").bytes(&stored(&bytes)).text("bits").uint(8);
    with_uri.text("aggregation_uri").text("https://status.example/all");
    c.valid(
        "valid-aggregation-uri",
        "A list may name where others of its issuer are found.",
        input(with_uri.as_bytes()),
        values(&[0xc9, 0x44, 0xf9]),
    );
    c.valid(
        "valid-empty",
        "A list without entries has none at any index.",
        input(&list(2, &stored(&[]))),
        values(&[]),
    );
    c.valid(
        "valid-largest",
        "A list that inflates to exactly the limit of 1 MiB: 4,194,304 entries of 2 bits.",
        input(&list(2, &zeros(1 << 20))),
        json!({ "entries": 1 << 22 }),
    );

    let good = stored(&bytes);
    let invalid =
        |c: &mut Cases, name: &str, base: &str, error: &str, about: &str, bytes: &[u8]| {
            c.invalid(name, base, error, about, input(bytes));
        };
    for bits in [0, 3, 16] {
        let about = format!("Entries have 1, 2, 4 or 8 bits, not {bits}.");
        invalid(
            &mut c,
            &format!("bits-{bits}"),
            "valid-2-bit",
            "Invalid",
            &about,
            &list(bits, &good),
        );
    }
    let mut wrong_sum = good.clone();
    *wrong_sum.last_mut().expect("a byte") ^= 1;
    let raw = &good[2..good.len() - 4];
    for (name, lst, about) in [
        ("stream-cut", &good[..good.len() - 5], "The zlib stream ends early."),
        ("stream-raw-deflate", raw, "There is no zlib wrapper around the DEFLATE stream."),
        ("stream-checksum-wrong", &wrong_sum, "The checksum of the zlib stream is wrong."),
        ("stream-empty", b"", "There is no zlib stream."),
    ] {
        invalid(&mut c, name, "valid-2-bit", "Invalid", about, &list(2, lst));
    }
    invalid(
        &mut c,
        "inflates-beyond-the-limit",
        "valid-largest",
        "Invalid",
        "The list inflates to more than 1 MiB.",
        &list(2, &zeros((1 << 20) + 1)),
    );
    let map = |fill: &dyn Fn(&mut Encoder)| {
        let mut e = Encoder::new();
        fill(&mut e);
        e.into_bytes()
    };
    let cases: [(&str, &str, &str, Vec<u8>); 5] = [
        (
            "bits-missing",
            "Invalid",
            "The width of entries is missing.",
            map(&|e| {
                e.map(1).text("lst").bytes(&good);
            }),
        ),
        (
            "stream-missing",
            "Invalid",
            "The list itself is missing.",
            map(&|e| {
                e.map(1).text("bits").uint(2);
            }),
        ),
        (
            "stream-a-text",
            "WrongType",
            "The list is a text, as in the JWT form.",
            map(&|e| {
                e.map(2).text("lst").text("eAHbuRgAAhcBXQ").text("bits").uint(2);
            }),
        ),
        (
            "bits-a-text",
            "WrongType",
            "The width is a text.",
            map(&|e| {
                e.map(2).text("lst").bytes(&good).text("bits").text("2");
            }),
        ),
        (
            "unknown-member",
            "ForbiddenKey",
            "There is a member that lists do not have.",
            map(&|e| {
                e.map(3).text("lst").bytes(&good).text("bits").uint(2).text("size").uint(12);
            }),
        ),
    ];
    for (name, error, about, bytes) in cases {
        invalid(&mut c, name, "valid-2-bit", error, about, &bytes);
    }
    c
}
