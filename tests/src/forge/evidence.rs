//! Evidence: what proves itself is kept, the rest is dropped.

use std::collections::BTreeMap;

use carnet_proto::cbor::{Bytes, Encode as _, Value};
use carnet_proto::evidence::{Evidence, GatherFor, LogEvidence};
use carnet_proto::id::LeafIndex;
use carnet_proto::key::Purpose;
use carnet_proto::log::checkpoint::Note;
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::statement::Statement;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::standing::State;
use serde_json::{Value as Json, json};

use super::{Cases, altered_map, hex, set};
use crate::world::START;
use crate::world::{World, line, welding, worker};
use carnet_proto::time::UnixSeconds;

/// A log with everything that evidence can have: it accredits, and it issues.
fn log() -> (World, LogEvidence) {
    let mut world = World::new();
    // Each vouches for the other, so that the issuer's own log has a statement that matters.
    world.accredit("stranger", "ph-institute", &["72"], 1);
    world.accredit("ph-institute", "stranger", &["72"], 0);
    world.step(60);
    world.issue("ph-institute", &worker(), welding());
    world.step(60);
    // A witness cosigns only what is proven elsewhere; here notes with the log's own line will do.
    let replicas: BTreeMap<_, _> =
        world.institutions.values().map(|i| (i.did, i.replica.clone())).collect();
    let issuer = world.did("ph-institute");
    let issuance = world.wallet.credentials()[0].anchor.issuance;
    let uri = format!("{issuer}/status/0");
    let evidence = Evidence::gather(&replicas, &GatherFor { issuer, issuance, status_uri: &uri });
    let own = |text: &str| {
        Note::parse(text)
            .expect("a note")
            .retain(|line| line.name == issuer.to_string())
            .to_string()
    };
    let mut log =
        evidence.logs.into_iter().find(|log| log.status.len() == 1).expect("the issuer's log");
    log.note = own(&log.note);
    for earlier in &mut log.earlier {
        earlier.note = own(&earlier.note);
    }
    assert_eq!((log.statements.len(), log.issuances.len()), (1, 1));
    assert!(!log.earlier.is_empty() && log.profile.is_some());
    (world, log)
}

fn input(logs: &[LogEvidence]) -> Json {
    json!({ "evidence": hex(Evidence { logs: logs.to_vec() }.to_cbor()) })
}

fn flipped(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.clone();
    *bytes.0.last_mut().expect("a byte") ^= 1;
    bytes
}

/// Evidence of one log with one part that does not prove itself.
pub fn cases() -> Cases {
    let mut c = Cases::new("evidence");
    let (world, good) = log();
    let institute = &world.institutions["ph-institute"];
    c.source("wire-format.md, evidence");
    let reads = |log: &LogEvidence, logs: usize| {
        json!({
            "logs": vec![institute.did.to_string(); logs],
            "statements": log.statements.len() * logs, "issuances": log.issuances.len() * logs,
            "status": log.status.len() * logs, "checkpoints": (log.earlier.len() + 1) * logs,
            "profile": log.profile.is_some() && logs == 1,
            "key_sets": (log.rotations.len() + 1) * logs,
            "successions": log.successions.len() * logs,
        })
    };
    c.valid("valid", "An issuer's log: checkpoints, standing, a statement, an issuance, a status list, a profile.", input(std::slice::from_ref(&good)), reads(&good, 1));
    c.valid("valid-none", "Evidence of no logs.", input(&[]), reads(&good, 0));
    let bare = LogEvidence {
        earlier: vec![],
        statements: vec![],
        issuances: vec![],
        status: vec![],
        profile: None,
        rotations: vec![],
        successions: vec![],
        ..good.clone()
    };
    c.valid(
        "valid-standing-alone",
        "A checkpoint and the standing under it.",
        input(std::slice::from_ref(&bare)),
        reads(&bare, 1),
    );

    let with = |alter: &dyn Fn(&mut LogEvidence)| {
        let mut log = good.clone();
        alter(&mut log);
        input(&[log])
    };
    let statement_key = institute.seed.signing_key(Purpose::Statement);
    let elsewhere = &world.institutions["stranger"];
    let foreign = Statement::sign(
        &institute.did,
        Issuance {
            credential_type: line(VCT_SKILL),
            root: carnet_proto::id::RootHash::new([1; 32]),
        },
        &elsewhere.seed.signing_key(Purpose::Statement),
    )
    .expect("a statement");
    let unlogged = Statement::sign(
        &institute.did,
        Issuance {
            credential_type: line(VCT_SKILL),
            root: carnet_proto::id::RootHash::new([2; 32]),
        },
        &statement_key,
    )
    .expect("a statement");
    let older_list = {
        let mut older = World::new();
        older.publish_status("ph-institute");
        older.institutions["ph-institute"].token.clone().expect("a token")
    };
    for (name, part, input, about) in [
        (
            "inception-signature-wrong",
            "log",
            with(&|l| l.inception = flipped(&l.inception)),
            "The inception is not signed by the key that it lists.",
        ),
        (
            "inception-of-another-log",
            "log",
            with(&|l| l.inception = Bytes(elsewhere.replica.inception().entry().to_vec())),
            "The inception is another log's.",
        ),
        (
            "note-signature-wrong",
            "log",
            with(&|l| l.note = unsigned(&l.note)),
            "The checkpoint is not signed by the log.",
        ),
        (
            "note-of-another-log",
            "log",
            with(&|l| {
                l.note = elsewhere.replica.view().newest().expect("a checkpoint").note.to_string()
            }),
            "The checkpoint is another log's.",
        ),
        (
            "standing-signature-wrong",
            "log",
            with(&|l| l.standing = flipped(&l.standing)),
            "The standing is not the one that was logged.",
        ),
        (
            "standing-not-the-last-entry",
            "log",
            with(&|l| l.standing = l.issuances[0].entry.clone()),
            "What is shown as the standing is not the last entry.",
        ),
        (
            "standing-path-cut",
            "log",
            with(&|l| {
                let hashes = l.standing_path.hashes();
                l.standing_path =
                    carnet_proto::log::proof::InclusionProof::new(hashes[1..].to_vec())
                        .expect("a proof");
            }),
            "The way from the standing to the checkpoint is cut.",
        ),
        (
            "earlier-checkpoint-inconsistent",
            "checkpoint",
            with(&|l| {
                l.earlier[0].proof = carnet_proto::log::proof::ConsistencyProof::default();
            }),
            "An earlier checkpoint is not shown to be a prefix of the newest.",
        ),
        (
            "statement-withdrawn-shown-in-force",
            "statement",
            with(&|l| {
                l.statements[0].state = State::Withdrawn {
                    effective: UnixSeconds(START.0),
                    by: LeafIndex(5),
                    retroactive: false,
                }
            }),
            "The state of a statement is not what the standing says.",
        ),
        (
            "statement-leaf-changed",
            "statement",
            with(&|l| l.statements[0].leaf = LeafIndex(l.statements[0].leaf.0 + 1)),
            "The leaf of a statement is not what the standing says.",
        ),
        (
            "statement-of-another-institution",
            "statement",
            with(&|l| l.statements[0].entry = Bytes(foreign.entry().to_vec())),
            "A statement is not signed by the institution.",
        ),
        (
            "issuance-never-logged",
            "issuance",
            with(&|l| l.issuances[0].entry = Bytes(unlogged.entry().to_vec())),
            "An issuance is signed, but not in the log.",
        ),
        (
            "issuance-of-another-kind",
            "issuance",
            with(&|l| l.issuances[0].entry = l.statements[0].entry.clone()),
            "What is shown as an issuance is an accreditation.",
        ),
        (
            "status-list-superseded",
            "status list",
            with(&|l| l.status[0].token = Bytes(older_list.clone())),
            "The status list is an earlier one than the standing names.",
        ),
        (
            "status-list-signature-wrong",
            "status list",
            with(&|l| l.status[0].token = flipped(&l.status[0].token)),
            "The status list is not signed by the status key.",
        ),
        (
            "profile-superseded",
            "profile",
            with(&|l| {
                l.profile =
                    Some(Bytes(elsewhere.replica.profile().expect("a profile").entry().to_vec()))
            }),
            "The profile is not the one that the standing names.",
        ),
    ] {
        c.invalid(name, "valid", &format!("Dropped:{part}"), about, input);
    }
    c.source("wire-format.md, evidence and encoding");
    let bytes = Evidence { logs: vec![bare.clone()] }.to_cbor();
    let raw = |bytes: Vec<u8>| json!({ "evidence": hex(bytes) });
    let altered = |alter: &dyn Fn(&mut super::Entries)| {
        raw([&[0x81], altered_map(&bytes[1..], alter).as_slice()].concat())
    };
    for (name, error, input, about) in [
        (
            "not-a-list",
            "WrongType",
            raw(bytes[1..].to_vec()),
            "Evidence is a list of logs, even of one.",
        ),
        (
            "standing-missing",
            "Missing",
            altered(&|e| drop(super::remove(e, 3))),
            "The standing is missing.",
        ),
        (
            "unknown-member",
            "UnknownKey",
            altered(&|e| set(e, 12, Value::Null)),
            "There is a member that evidence does not have.",
        ),
        (
            "list-empty",
            "Invalid",
            altered(&|e| set(e, 6, Value::Array(vec![]))),
            "An empty list is written instead of left out.",
        ),
        (
            "path-of-33-bytes",
            "Invalid",
            altered(&|e| set(e, 4, Value::Bytes(vec![0; 33]))),
            "A proof is not made of hashes of 32 bytes.",
        ),
        (
            "note-a-byte-string",
            "WrongType",
            altered(&|e| set(e, 2, Value::Bytes(vec![1]))),
            "The checkpoint is a byte string.",
        ),
        (
            "bytes-behind",
            "TrailingBytes",
            raw([bytes.as_slice(), &[0]].concat()),
            "A byte follows.",
        ),
    ] {
        c.invalid(name, "valid-standing-alone", &format!("Malformed:{error}"), about, input);
    }
    c
}

/// A note with one bit of the log's signature changed.
fn unsigned(note: &str) -> String {
    let note = Note::parse(note).expect("a note");
    let mut line = note.signatures()[0].clone();
    line.bytes[0] ^= 1;
    let mut note = note.retain(|_| false);
    note.add(line);
    note.to_string()
}
