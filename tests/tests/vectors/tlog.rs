//! C2SP: signed notes, and the checkpoints, tiles and entry bundles of a small log of Tessera's.

use carnet_proto::id::{LeafIndex, TreeSize};
use carnet_proto::log::bundle;
use carnet_proto::log::merkle::leaf_hash;
use carnet_proto::log::tile::TilePath;
use carnet_proto::log::tlog_proof::TlogProof;
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

pub fn every_checkpoint_of_a_foreign_log_verifies_and_has_the_root_of_its_entries() {
    let Some(log) = carnet_tests::vectors("c2sp-tlog/tessera-log") else { return };
    let key = NoteKey::parse(TESSERA_KEY).unwrap();
    let mut heads: Vec<TreeHead> = Vec::new();
    let mut tree = Tree::new();
    let (mut entries, mut tiles) = (Vec::new(), 0);
    for size in 0..=15_u64 {
        let text = text(&log.join(format!("checkpoint.{size}")));
        let note = Note::parse(&text).unwrap();
        assert_eq!(note.to_string(), text);
        assert_eq!(note.verify(&key), Ok(()), "checkpoint.{size}");
        let checkpoint = note.checkpoint().unwrap();
        assert_eq!(checkpoint.origin, "example.com/log/testdata");
        assert_eq!(checkpoint.head.size, TreeSize(size));
        if size > 0 {
            // The paths that the size calls for are those of the files.
            let size = TreeSize(size);
            let [tile] = TilePath::tiles(size).collect::<Vec<_>>()[..] else { panic!("one tile") };
            let [path] = TilePath::bundles(size).collect::<Vec<_>>()[..] else { panic!("one") };
            let bundle = read(&log.join(path.to_string()));
            entries =
                bundle::split(&bundle, path.width()).unwrap().into_iter().map(Vec::from).collect();
            let mut again = Vec::new();
            entries.iter().for_each(|entry| bundle::push(&mut again, entry).unwrap());
            assert_eq!(again, bundle);
            let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
            tree.push(*leaves.last().unwrap());
            assert_eq!(Tree::from_leaves(leaves.iter().copied()).head(), tree.head());
            let bytes = read(&log.join(tile.to_string()));
            assert_eq!(tile.hashes(&tree, size).as_ref(), Some(&bytes), "{tile}");
            let hashes = tile.split(&bytes).unwrap();
            assert_eq!(hashes, leaves.iter().map(|leaf| *leaf.as_bytes()).collect::<Vec<_>>());
            tiles += 2;
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
    let newest = Note::parse(&text(&log.join("checkpoint"))).unwrap();
    for (index, entry) in (0..).map(LeafIndex).zip(&entries) {
        let head = heads.last().unwrap();
        let proof = tree.inclusion_proof(index, head.size).unwrap();
        assert_eq!(proof.verify(index, tree.leaf(index).unwrap(), head), Ok(()));
        // The same as a file of its own, under the checkpoint as its log signed it.
        let file = TlogProof::new(&tree, index, entry, &newest).unwrap().to_string();
        assert!(file.ends_with(&format!("\n\n{newest}")));
        let file = TlogProof::parse(&file).unwrap();
        assert_eq!(file.verify(entry, &key).unwrap().head, *head);
        assert!(file.verify(b"another entry", &key).is_err());
        proofs += 1;
    }
    passed("tessera checkpoints", heads.len(), 16);
    passed("tessera tiles and bundles", tiles, 30);
    passed("tessera proofs", proofs, 135);
}
