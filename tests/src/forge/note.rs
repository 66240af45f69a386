//! Checkpoints and cosignatures: C2SP signed notes.

use carnet_proto::id::Did;
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::log::checkpoint::{
    Checkpoint, MAX_SIGNATURES, Note, NoteKey, NoteKeyKind, NoteSignature,
};
use carnet_proto::log::merkle::{Tree, leaf_hash};
use carnet_proto::time::UnixSeconds;
use data_encoding::BASE64;
use serde_json::{Value as Json, json};

use super::{Cases, hex};
use crate::world::START;

fn key(purpose: Purpose) -> SigningKey {
    Seed::new([3; 32]).signing_key(purpose)
}

fn origin() -> Did {
    Did::of_inception(b"the log of the conformance vectors")
}

fn witness() -> Did {
    Did::of_inception(b"the witness of the conformance vectors")
}

/// A checkpoint of three leaves, signed by its log.
fn note() -> Note {
    let head = Tree::from_leaves([b"a", b"b", b"c"].map(|e| leaf_hash(e))).head();
    Note::sign(&Checkpoint::new(&origin(), head), &key(Purpose::Checkpoint))
}

fn body() -> String {
    note().body().to_owned()
}

/// Signs any text as the log would sign a checkpoint.
fn signed(body: &str) -> String {
    let log = NoteKey::of_log(&origin(), key(Purpose::Checkpoint).public());
    let bytes = key(Purpose::Checkpoint).sign(body.as_bytes()).0.to_vec();
    let line = NoteSignature { name: log.name().into(), id: log.id(), bytes };
    format!("{body}\n{}\n", line.to_line())
}

/// A line of a key that nobody knows.
fn strangers(number: u8) -> NoteSignature {
    NoteSignature { name: "example.org/log".into(), id: [number; 4], bytes: vec![number; 64] }
}

fn input(text: &str) -> Json {
    json!({ "note": text })
}

/// Checkpoints and the signature of the log.
pub fn checkpoints() -> Cases {
    let mut c = Cases::new("checkpoint");
    let context = |key: &SigningKey| {
        json!({
            "origin": origin().to_string(),
            "log_key": hex(key.public().as_bytes()),
            "vkey": NoteKey::of_log(&origin(), key.public()).to_vkey(),
        })
    };
    c.context(context(&key(Purpose::Checkpoint)));
    let good = note().to_string();
    let reads = || {
        let checkpoint = note().checkpoint().expect("a checkpoint");
        json!({ "size": checkpoint.head.size.0, "root": hex(checkpoint.head.root.as_bytes()) })
    };
    let with = |lines: Vec<NoteSignature>| {
        let mut note = note();
        for line in lines {
            note.add(line);
        }
        note.to_string()
    };
    c.source("C2SP tlog-checkpoint; signed-note");
    c.valid("valid", "A checkpoint of three leaves, signed by its log.", input(&good), reads());
    c.valid(
        "valid-with-unknown-keys",
        "Signatures of unknown keys are ignored.",
        input(&with(vec![strangers(1), strangers(2)])),
        reads(),
    );
    let empty = Checkpoint::new(&origin(), Tree::new().head());
    let empty = Note::sign(&empty, &key(Purpose::Checkpoint));
    c.valid(
        "valid-empty-log",
        "The root of no leaves is SHA-256 of nothing.",
        input(&empty.to_string()),
        json!({ "size": 0, "root": hex(Tree::new().head().root.as_bytes()) }),
    );
    let full = (1..MAX_SIGNATURES as u8).map(strangers).collect::<Vec<_>>();
    c.valid(
        "valid-64-lines",
        "A note has up to 64 signature lines.",
        input(&with(full.clone())),
        reads(),
    );

    let lines: Vec<_> = body().lines().map(str::to_owned).collect();
    let resigned = |alter: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        alter(&mut lines);
        signed(&(lines.join("\n") + "\n"))
    };
    let root = BASE64.decode(lines[2].as_bytes()).expect("base64");
    c.source("C2SP tlog-checkpoint");
    for (name, text, about) in [
        (
            "size-with-leading-zero",
            resigned(&|l| l[1] = "03".into()),
            "The size has a leading zero.",
        ),
        ("size-with-sign", resigned(&|l| l[1] = "+3".into()), "The size has a sign."),
        ("size-empty", resigned(&|l| l[1] = String::new()), "The size is missing."),
        (
            "size-beyond-64-bits",
            resigned(&|l| l[1] = "18446744073709551616".into()),
            "The size does not fit 64 bits.",
        ),
        (
            "root-31-bytes",
            resigned(&|l| l[2] = BASE64.encode(&root[..31])),
            "The root has 31 bytes.",
        ),
        ("root-not-base64", resigned(&|l| l[2] = "*".repeat(44)), "The root is not base64."),
        ("root-missing", resigned(&|l| l.truncate(2)), "The body has two lines."),
        (
            "extension-line",
            resigned(&|l| l.push("more".into())),
            "The body has a fourth line; nothing here writes one.",
        ),
        ("origin-empty", resigned(&|l| l[0] = String::new()), "The origin is missing."),
    ] {
        c.invalid(name, "valid", "NotACheckpoint", about, input(&text));
    }
    c.source("wire-format.md, logs");
    let elsewhere = resigned(&|l| l[0] = witness().to_string());
    c.invalid(
        "another-origin",
        "valid",
        "OtherLog",
        "The checkpoint is of another log, under this log's key.",
        input(&elsewhere),
    );

    c.source("C2SP signed-note");
    let line = note().signatures()[0].to_line();
    let tampered = |at: usize| {
        let mut line = note().signatures()[0].clone();
        line.bytes[at] ^= 1;
        format!("{}\n{}\n", body(), line.to_line())
    };
    for (name, error, text, about) in [
        (
            "no-empty-line",
            "Malformed",
            format!("{}{line}\n", body()),
            "No empty line stands between body and signatures.",
        ),
        (
            "no-line-break-at-the-end",
            "Malformed",
            good.trim_end().to_owned(),
            "The last signature line does not end.",
        ),
        ("no-signature", "Malformed", format!("{}\n", body()), "There is no signature line."),
        (
            "hyphen-for-dash",
            "Malformed",
            good.replace('—', "-"),
            "A signature line begins with a hyphen instead of an em dash.",
        ),
        (
            "carriage-return",
            "Malformed",
            good.replace("\n\n", "\r\n\n"),
            "There is a control character other than the line break.",
        ),
        (
            "signature-not-base64",
            "Malformed",
            format!("{}\n— {} ????\n", body(), origin()),
            "A signature is not base64.",
        ),
        (
            "signature-shorter-than-a-key-id",
            "Malformed",
            format!("{}\n— {} AAAA\n", body(), origin()),
            "A signature has no room for a key id.",
        ),
        (
            "key-name-with-plus",
            "Malformed",
            with(vec![]) + &strangers(1).to_line().replace("org/", "org+") + "\n",
            "A key's name holds a plus sign.",
        ),
        (
            "key-name-empty",
            "Malformed",
            with(vec![]) + &strangers(1).to_line().replace("example.org/log", "") + "\n",
            "A key's name is empty.",
        ),
        (
            "signature-wrong",
            "WrongSignature",
            tampered(0),
            "One bit of the log's signature is another.",
        ),
        (
            "signature-cut",
            "WrongSignature",
            {
                let mut line = note().signatures()[0].clone();
                line.bytes.pop();
                format!("{}\n{}\n", body(), line.to_line())
            },
            "The log's signature has 63 bytes.",
        ),
        (
            "not-signed-by-the-log",
            "NotSigned",
            format!("{}\n{}\n", body(), strangers(1).to_line()),
            "Only a stranger signed.",
        ),
        (
            "second-signature-of-the-log-wrong",
            "WrongSignature",
            {
                let mut second = note().signatures()[0].clone();
                second.bytes[63] ^= 1;
                with(vec![second])
            },
            "One line of a known key is right and another is not: the note is worthless.",
        ),
    ] {
        c.invalid(name, "valid", error, about, input(&text));
    }
    let changed = good.replacen("\n3\n", "\n4\n", 1);
    c.invalid(
        "size-changed-after-signing",
        "valid",
        "WrongSignature",
        "The size is another than was signed.",
        input(&changed),
    );
    let too_many = with(full) + &strangers(200).to_line() + "\n";
    c.source("wire-format.md, limits");
    c.invalid(
        "65-lines",
        "valid-64-lines",
        "SignatureCount",
        "There are more signature lines than a note may have.",
        input(&too_many),
    );

    c.source("C2SP signed-note; wire-format.md, keys");
    let other = SigningKey::new(&[0x44; 32]);
    c.context(context(&other));
    c.invalid(
        "signed-by-another-key",
        "valid",
        "NotSigned",
        "The log's key is another, with another key id.",
        input(&good),
    );
    let kind = NoteKey::new(
        &origin().to_string(),
        NoteKeyKind::Cosignature,
        key(Purpose::Checkpoint).public(),
    );
    let mut as_witness = note().signatures()[0].clone();
    as_witness.id = kind.expect("a name").id();
    c.context(context(&key(Purpose::Checkpoint)));
    c.invalid(
        "key-id-of-another-type",
        "valid",
        "NotSigned",
        "The key id is that of the same key as a witness (0x04), not as a log (0x01).",
        input(&format!("{}\n{}\n", body(), as_witness.to_line())),
    );
    c
}

/// Signs a cosignature over any message, at a time.
fn cosigned(message: &str, time: u64) -> NoteSignature {
    let key = key(Purpose::Witness);
    let mut bytes = time.to_be_bytes().to_vec();
    bytes.extend_from_slice(&key.sign(message.as_bytes()).0);
    let id = NoteKey::of_witness(&witness(), key.public()).id();
    NoteSignature { name: witness().to_string(), id, bytes }
}

/// Cosignatures of one witness.
pub fn cosignatures() -> Cases {
    let mut c = Cases::new("cosignature");
    let public = key(Purpose::Witness).public();
    c.context(json!({
        "witness": witness().to_string(),
        "witness_key": hex(public.as_bytes()),
        "vkey": NoteKey::of_witness(&witness(), public).to_vkey(),
    }));
    c.source("C2SP tlog-cosignature");
    let at = START.0;
    let message = |time: u64| format!("cosignature/v1\ntime {time}\n{}", body());
    let with = |lines: &[NoteSignature]| {
        let mut note = note();
        for line in lines {
            note.add(line.clone());
        }
        input(&note.to_string())
    };
    let good = cosigned(&message(at), at);
    assert_eq!(good, note().cosign(&witness(), &key(Purpose::Witness), UnixSeconds(at)));
    c.valid(
        "valid",
        "As of that time the witness knew no larger tree.",
        with(std::slice::from_ref(&good)),
        json!({ "times": [at] }),
    );
    c.valid(
        "valid-first-and-last",
        "A note may hold two cosignatures of one witness, at different times.",
        with(&[good.clone(), cosigned(&message(at + 60), at + 60)]),
        json!({ "times": [at, at + 60] }),
    );
    let mut elsewhere = good.clone();
    elsewhere.name = origin().to_string();
    c.valid(
        "valid-under-another-name",
        "A line under another name is of a key that is not known here, and ignored.",
        with(&[elsewhere]),
        json!({ "times": [] }),
    );
    let mut cut = good.clone();
    cut.bytes.drain(..8);
    let mut flipped = good.clone();
    flipped.bytes[71] ^= 1;
    for (name, line, about) in [
        ("signature-wrong", flipped, "One bit of the signature is another."),
        ("time-changed", cosigned(&message(at), at + 1), "The time is another than was signed."),
        ("time-missing", cut, "The time is missing in front of the signature."),
        (
            "body-signed-without-its-header",
            cosigned(&body(), at),
            "What is signed is the body alone, as a log would.",
        ),
        (
            "header-of-another-version",
            cosigned(&message(at).replace("/v1", "/v2"), at),
            "What is signed begins with another header.",
        ),
        (
            "time-with-leading-zero",
            cosigned(&message(at).replace("time ", "time 0"), at),
            "What is signed has the time with a leading zero.",
        ),
        (
            "another-checkpoint",
            cosigned(&message(at).replace("\n3\n", "\n4\n"), at),
            "What is signed is a checkpoint of another size.",
        ),
    ] {
        c.invalid(name, "valid", "WrongSignature", about, with(&[line]));
    }
    c.source("wire-format.md, common types");
    let late = (1 << 40) + 1;
    c.invalid(
        "time-beyond-the-limit",
        "valid",
        "WrongSignature",
        "The time lies behind 2^40 seconds.",
        with(&[cosigned(&message(late), late)]),
    );
    c
}
