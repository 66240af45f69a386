//! The outermost layer of files.

use serde_json::json;

use super::{Cases, hex, unhex};

/// Files with one defect each; what is inside does not matter.
pub fn cases() -> Cases {
    let mut c = Cases::new("file");
    c.source("wire-format.md, files");
    let kinds = [
        (1, "presentation"),
        (2, "credential"),
        (3, "key request"),
        (4, "wallet"),
        (5, "challenge"),
        (7, "fork proof"),
    ];
    let file = |tail: &str| json!({ "file": hex([&unhex("84 66 6361726e6574"), unhex(tail).as_slice()].concat()) });
    for (number, kind) in kinds {
        c.context(json!({ "kind": kind }));
        let name = format!("valid-{}", kind.replace(' ', "-"));
        c.valid(
            &name,
            &format!("A {kind} of version 1."),
            file(&format!("0{number} 01 a0")),
            json!({ "body": "a0" }),
        );
    }
    c.context(json!({ "kind": "presentation" }));
    c.valid(
        "valid-malformed-body",
        "The body is read afterwards, whatever it is.",
        file("01 01 ff"),
        json!({ "body": "ff" }),
    );
    let base = "valid-presentation";
    c.refused(
        "version-2",
        base,
        "Unsupported",
        "A later version is newer than this reader, not malformed.",
        file("01 02 a0"),
    );
    c.refused(
        "version-2-with-another-body",
        base,
        "Unsupported",
        "A later version may encode its body otherwise.",
        file("01 02 9fff"),
    );
    for (name, error, input, about) in [
        (
            "another-kind",
            "OtherKind",
            file("02 01 a0"),
            "A credential, where a presentation is wanted.",
        ),
        ("kind-unknown", "NotCarnet", file("17 01 a0"), "The kind has no such number."),
        (
            "kind-head-too-long",
            "NotCarnet",
            file("1801 01 a0"),
            "The kind has a longer head than it needs.",
        ),
        ("version-a-text", "NotCarnet", file("01 6131 a0"), "The version is a text."),
        ("version-missing", "NotCarnet", file("01"), "The file ends behind the kind."),
        (
            "another-word",
            "NotCarnet",
            json!({ "file": hex(unhex("84 66 4361726e6574 01 01 a0")) }),
            "The word at the start is another.",
        ),
        (
            "word-bytes",
            "NotCarnet",
            json!({ "file": hex(unhex("84 46 6361726e6574 01 01 a0")) }),
            "The word at the start is a byte string.",
        ),
        (
            "array-of-three",
            "NotCarnet",
            json!({ "file": hex(unhex("83 66 6361726e6574 01 01 a0")) }),
            "The array has three items.",
        ),
        (
            "array-head-too-long",
            "NotCarnet",
            json!({ "file": hex(unhex("9804 66 6361726e6574 01 01 a0")) }),
            "The array has a longer head than it needs.",
        ),
        ("empty", "NotCarnet", json!({ "file": "" }), "There are no bytes."),
    ] {
        c.invalid(name, base, error, about, input);
    }
    c.context(json!({ "kind": "key request" })).source("wire-format.md, files and limits");
    let sized = |bytes: usize| {
        let body = format!("59{:04x}{}", bytes - 13, "00".repeat(bytes - 13));
        file(&format!("03 01 {body}"))
    };
    let body = |bytes: usize| json!({ "body": format!("59{:04x}{}", bytes - 13, "00".repeat(bytes - 13)) });
    c.valid("valid-1024-bytes", "The largest key request.", sized(1024), body(1024));
    c.invalid(
        "1025-bytes",
        "valid-1024-bytes",
        "TooLarge",
        "A key request has at most 1 KiB, judged before anything is read.",
        sized(1025),
    );
    c
}
