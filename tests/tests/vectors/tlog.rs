//! C2SP: signed notes, and the checkpoints, tiles and entry bundles of a small log of Tessera's.

use carnet_proto::id::{LeafIndex, TreeSize};
use carnet_proto::log::merkle::leaf_hash;
use carnet_proto::log::{Note, NoteError, NoteKey, Tree, TreeHead};

use crate::{json, passed, read, text};

const TESSERA_KEY: &str =
    "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

pub fn the_example_note_verifies_until_it_is_changed() {
    let Some(path) = carnet_tests::vectors("c2sp-tlog/signed-note-example.json") else { return };
    let case = json(&path);
    let vkey = case["vkey"].as_str().unwrap();
    let text = case["note"].as_str().unwrap();
    let key = NoteKey::parse(vkey).unwrap();
    assert_eq!(key.to_vkey(), vkey);
    let note = Note::parse(text).unwrap();
    assert_eq!(note.to_string(), text);
    assert_eq!(note.verify(&key), Ok(()));
    let changed = Note::parse(&text.replacen("example", "Example", 1)).unwrap();
    assert_eq!(changed.verify(&key), Err(NoteError::WrongSignature));
    passed("signed note", 1, 1);
}

/// Splits an entry bundle: each entry behind its length, two bytes big-endian.
fn entries(mut bundle: &[u8]) -> Vec<&[u8]> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk::<2>() {
        let (entry, rest) = rest.split_at(u16::from_be_bytes(*length).into());
        entries.push(entry);
        bundle = rest;
    }
    assert!(bundle.is_empty());
    entries
}

pub fn every_checkpoint_of_a_foreign_log_verifies_and_has_the_root_of_its_entries() {
    let Some(log) = carnet_tests::vectors("c2sp-tlog/tessera-log") else { return };
    let key = NoteKey::parse(TESSERA_KEY).unwrap();
    let mut heads: Vec<TreeHead> = Vec::new();
    let mut tree = Tree::new();
    for size in 0..=15_u64 {
        let text = text(&log.join(format!("checkpoint.{size}")));
        let note = Note::parse(&text).unwrap();
        assert_eq!(note.to_string(), text);
        assert_eq!(note.verify(&key), Ok(()), "checkpoint.{size}");
        let checkpoint = note.checkpoint().unwrap();
        assert_eq!(checkpoint.origin, "example.com/log/testdata");
        assert_eq!(checkpoint.head.size, TreeSize(size));
        if size > 0 {
            let bundle = read(&log.join(format!("tile/entries/000.p/{size}")));
            let tile = read(&log.join(format!("tile/0/000.p/{size}")));
            let leaves: Vec<_> = entries(&bundle).into_iter().map(leaf_hash).collect();
            let hashes: Vec<u8> = leaves.iter().flat_map(|leaf| *leaf.as_bytes()).collect();
            assert_eq!(tile, hashes, "tile of width {size}");
            tree.push(*leaves.last().unwrap());
            assert_eq!(Tree::from_leaves(leaves).head(), tree.head());
        }
        assert_eq!(tree.head(), checkpoint.head, "root at {size}");
        heads.push(checkpoint.head);
    }
    assert_eq!(read(&log.join("checkpoint")), read(&log.join("checkpoint.15")));
    let mut proofs = 0;
    for (old, new) in (1..16).flat_map(|new| (1..=new).map(move |old| (old, new))) {
        let (old, new) = (&heads[old], &heads[new]);
        let proof = tree.consistency_proof(old.size, new.size).unwrap();
        assert_eq!(proof.verify(old, new), Ok(()));
        assert!(old == new || proof.verify(new, old).is_err());
        proofs += 1;
    }
    for index in (0..15).map(LeafIndex) {
        let head = heads.last().unwrap();
        let proof = tree.inclusion_proof(index, head.size).unwrap();
        assert_eq!(proof.verify(index, tree.leaf(index).unwrap(), head), Ok(()));
        proofs += 1;
    }
    passed("tessera checkpoints", heads.len(), 16);
    passed("tessera proofs", proofs, 135);
}
