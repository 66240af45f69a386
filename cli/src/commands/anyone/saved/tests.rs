use super::*;
use carnet_proto::id::RootHash;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::merkle::Tree;
use carnet_proto::log::receipt::ReceiptIssuer;
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::text::Line;

const SEED: [u8; 32] = [5; 32];

/// A log of an inception and what was issued then, a statement for each number.
fn log(numbers: &[u8]) -> (Replica, Vec<Statement>) {
    let seed = Seed::new(SEED);
    let key = seed.signing_key(Purpose::Statement);
    let next = Seed::new([6; 32]).public_key_set().commitment();
    let inception = Statement::incept(Inception { keys: seed.public_key_set(), next }, &key);
    let mut log = Replica::new(inception.entry()).unwrap();
    let did = *log.origin();
    let mut entries = Vec::from([inception]);
    for number in numbers {
        let credential_type = Line::parse("urn:carnet:skill:1").unwrap();
        let issuance = Issuance { credential_type, root: RootHash::new([*number; 32]) };
        let statement = Statement::sign(&did, issuance, &key).unwrap();
        log.append(std::slice::from_ref(&statement));
        entries.push(statement);
    }
    (log, entries)
}

/// Both files about a leaf of a tree of this size, signed with the keys of the log.
fn files(tree: &Tree, did: &Did, size: u64, leaf: u64, entry: &[u8]) -> [Saved; 2] {
    let seed = Seed::new(SEED);
    let (size, leaf) = (TreeSize(size), LeafIndex(leaf));
    let key = seed.signing_key(Purpose::Receipt);
    let receipt = ReceiptIssuer { log: did, key: &key }.inclusion(tree, size, leaf, entry).unwrap();
    let transparent = attach(entry, &[receipt]).unwrap();
    let head = TreeHead { size, root: tree.root_at(size).unwrap() };
    let key = seed.signing_key(Purpose::Checkpoint);
    let note = Note::sign(&Checkpoint::new(did, head), &key);
    let proof = TlogProof::new(tree, leaf, entry, &note).unwrap();
    [
        Saved::Receipts(TransparentStatement::parse(&transparent).unwrap()),
        read_proof(proof.to_string().as_bytes()).unwrap(),
    ]
}

#[test]
fn a_file_of_another_history_is_refused_although_its_keys_are_right() {
    let (log, _) = log(&[1, 2, 3]);
    // The same keys sign a tree that the log never had: at another leaf, and behind the same one.
    for (numbers, leaf) in [([9, 2, 3], 1), ([9, 2, 3], 2), ([1, 2, 9], 1)] {
        let (fork, entries) = self::log(&numbers);
        let entry = entries[usize::try_from(leaf).unwrap()].entry();
        for saved in files(fork.tree(), log.origin(), 4, leaf, entry) {
            let judged = judge(&saved, &log, Known::Log);
            assert!(matches!(&judged, Judged::No(why) if why.contains("fork")), "{numbers:?}");
            // Before they part, it is the same history.
            assert!(matches!(judge(&saved, &fork, Known::Log), Judged::Yes(_)));
        }
    }
}

#[test]
fn every_tree_that_the_log_had_is_shown_and_a_later_one_is_not_known() {
    let (log, entries) = log(&[1, 2, 3]);
    let (shorter, _) = self::log(&[1, 2]);
    for size in 2..=4 {
        for saved in files(log.tree(), log.origin(), size, 1, entries[1].entry()) {
            let Judged::Yes(shown) = judge(&saved, &log, Known::Log) else { panic!("{size}") };
            assert_eq!((shown.leaf, shown.head.size), (LeafIndex(1), TreeSize(size)));
            let judged = judge(&saved, &shorter, Known::Log);
            assert_eq!(matches!(judged, Judged::Yes(_)), size < 4);
            assert_eq!(matches!(judged, Judged::Unknown(_)), size == 4);
        }
    }
}

#[test]
fn an_issuance_is_not_asked_for_by_itself() {
    let (_, entries) = log(&[1]);
    let refused = |statement: &Statement| {
        let (digest, kind) = (statement.digest().to_string(), statement.body().kind().to_owned());
        about_institutions(&Listed { leaf: 1, digest, kind, state: None, summary: None }).is_err()
    };
    assert_eq!(entries.iter().map(refused).collect::<Vec<_>>(), [false, true]);
}
