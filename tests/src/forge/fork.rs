//! Proofs that a log shows two histories.

use carnet_proto::cbor::{Bytes, Encode as _};
use carnet_proto::id::{RootHash, TreeSize};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::fork::ForkProof;
use carnet_proto::log::merkle::{Tree, leaf_hash};
use carnet_proto::profile::{FileKind, VCT_SKILL};
use carnet_proto::statement::Statement;
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::issuance::Issuance;
use serde_json::{Value as Json, json};

use super::{Cases, altered_map, file_around, hex, remove};
use crate::world::line;

fn seed() -> Seed {
    Seed::new([0x31; 32])
}

fn inception(seed: &Seed) -> Statement {
    let next = Seed::new([0x32; 32]).public_key_set().commitment();
    let inception = Inception { keys: seed.public_key_set(), next };
    Statement::incept(inception, &seed.signing_key(Purpose::Statement))
}

/// A history of so many entries: the second is another in each history.
fn tree(history: u8, size: u8) -> Tree {
    let first = inception(&seed());
    let key = seed().signing_key(Purpose::Statement);
    let entries = (1..size).map(|number| {
        let root = RootHash::new([if number == 1 { history } else { number }; 32]);
        let issuance = Issuance { credential_type: line(VCT_SKILL), root };
        let statement = Statement::sign(first.issuer(), issuance, &key).expect("an issuance");
        leaf_hash(statement.entry())
    });
    Tree::from_leaves(std::iter::once(first.leaf_hash()).chain(entries))
}

fn note(history: u8, size: u8, signer: &Seed) -> Note {
    let checkpoint = Checkpoint::new(inception(&seed()).issuer(), tree(history, size).head());
    Note::sign(&checkpoint, &signer.signing_key(Purpose::Checkpoint))
}

/// Two checkpoints of five entries.
fn same_size() -> ForkProof {
    let mut notes = [note(0xa1, 5, &seed()), note(0xa2, 5, &seed())];
    notes.sort_by_key(|note| note.checkpoint().expect("a checkpoint").head.root);
    let [smaller, larger] = notes;
    let inception = Bytes(inception(&seed()).entry().to_vec());
    ForkProof { inception, smaller, larger, root: None, proof: None, rotations: Vec::new() }
}

/// Checkpoints of three and of six entries.
fn older() -> ForkProof {
    ForkProof {
        smaller: note(0xa1, 3, &seed()),
        larger: note(0xa2, 6, &seed()),
        root: tree(0xa2, 6).root_at(TreeSize(3)),
        proof: tree(0xa2, 6).consistency_proof(TreeSize(3), TreeSize(6)),
        ..same_size()
    }
}

fn input(proof: &ForkProof) -> Json {
    json!({ "file": hex(proof.to_file()) })
}

/// A proof without one of its fields.
fn without(proof: &ForkProof, label: i64) -> Json {
    let body = altered_map(&proof.to_cbor(), |entries| drop(remove(entries, label)));
    json!({ "file": hex(file_around(FileKind::Fork, &body)) })
}

/// Proofs, and what looks like them.
pub fn cases() -> Cases {
    let mut c = Cases::new("fork-proof");
    c.source("wire-format.md, proofs of a fork");
    let reads = |smaller: u8, larger: u8| {
        let did = inception(&seed()).issuer().to_string();
        json!({ "did": did, "smaller": smaller, "larger": larger })
    };
    let (same, old) = (same_size(), older());
    let about = "Two checkpoints of one size with different roots, both signed by the log.";
    c.valid("valid-same-size", about, input(&same), reads(5, 5));
    let about = "The larger leads back to another root than that of the smaller.";
    c.valid("valid-older", about, input(&old), reads(3, 6));

    let base = "valid-same-size";
    let (smaller, larger) = (same.larger.clone(), same.smaller.clone());
    let swapped = ForkProof { smaller, larger, ..same.clone() };
    let about = "Of two of one size, that with the smaller root comes first.";
    c.invalid("order", base, "Order", about, input(&swapped));
    let twice = ForkProof { larger: same.smaller.clone(), ..same.clone() };
    let about = "One checkpoint, twice.";
    c.invalid("no-contradiction", base, "NoContradiction", about, input(&twice));
    let thief = Seed::new([0x66; 32]);
    let mut forged = [note(0xa1, 5, &seed()), note(0xa2, 5, &thief)];
    forged.sort_by_key(|note| note.checkpoint().expect("a checkpoint").head.root);
    let [smaller, larger] = forged;
    let forged = ForkProof { smaller, larger, ..same.clone() };
    let about = "One of the checkpoints is signed by somebody else.";
    c.invalid("unsigned", base, "Unsigned", about, input(&forged));
    let stranger = Bytes(inception(&thief).entry().to_vec());
    let other = ForkProof { inception: stranger, ..same.clone() };
    let about = "The first entry is that of another log.";
    c.invalid("other-log", base, "OtherLog", about, input(&other));
    let noise = ForkProof { inception: Bytes(b"noise".to_vec()), ..same.clone() };
    let about = "The first entry is not a statement.";
    c.invalid("not-an-inception", base, "NotAnInception", about, input(&noise));
    let parts = ForkProof { root: old.root, proof: old.proof.clone(), ..same.clone() };
    let about = "Two of one size need no proof.";
    c.invalid("parts-too-many", base, "Parts", about, input(&parts));
    let about = "A checkpoint is missing.";
    c.invalid("without-larger", base, "Malformed:Missing", about, without(&same, 3));

    let base = "valid-older";
    let parts = ForkProof { root: None, proof: None, ..old.clone() };
    let about = "Two sizes need a root and a proof.";
    c.invalid("parts-missing", base, "Parts", about, input(&parts));
    let about = "A root without its proof.";
    c.invalid("without-proof", base, "Malformed:Invalid", about, without(&old, 5));
    let same_root = tree(0xa1, 3).root_at(TreeSize(3));
    let about = "The root given is that of the smaller.";
    let honest = ForkProof { root: same_root, ..old.clone() };
    c.invalid("older-no-contradiction", base, "NoContradiction", about, input(&honest));
    let invented = ForkProof { root: Some(RootHash::new([9; 32])), ..old.clone() };
    let about = "A consistency proof that fails proves nothing: anyone can make one.";
    c.invalid("proof-fails", base, "Proof", about, input(&invented));
    let (smaller, larger) = (old.larger.clone(), old.smaller.clone());
    let swapped = ForkProof { smaller, larger, ..old };
    let about = "The smaller comes first.";
    c.invalid("older-order", base, "Order", about, input(&swapped));
    c
}
