use alloc::vec;

use super::*;
use crate::key::{Purpose, Seed};
use crate::log::checkpoint::Checkpoint;
use crate::statement::Statement;
use crate::statement::identity::Inception;
use crate::statement::issuance::Issuance;
use crate::test_support::line;

fn seed() -> Seed {
    Seed::new([7; 32])
}

/// A log of so many entries; each history says something else from its second on.
struct History {
    replica: Replica,
    name: u8,
}

impl History {
    fn new(name: u8) -> Self {
        let next = Seed::new([8; 32]).public_key_set().commitment();
        let inception = Inception { keys: seed().public_key_set(), next };
        let key = seed().signing_key(Purpose::Statement);
        let replica = Replica::new(Statement::incept(inception, &key).entry()).unwrap();
        Self { replica, name }
    }

    /// Grows to a size; what is said before `apart` is the same in all histories.
    fn grown(mut self, size: u64, apart: u64) -> Self {
        while self.replica.size().0 < size {
            let number = self.replica.size().0;
            let mut root = [0; 32];
            root[0] = number as u8;
            root[1] = if number < apart { 0 } else { self.name };
            let root = RootHash::new(root);
            let issuance = Issuance { credential_type: line("urn:carnet:skill:1"), root };
            let key = seed().signing_key(Purpose::Statement);
            let statement = Statement::sign(self.replica.origin(), issuance, &key).unwrap();
            self.replica.append(&[statement]);
        }
        self
    }

    fn note(&self) -> Note {
        self.note_of(&seed())
    }

    fn note_of(&self, seed: &Seed) -> Note {
        let checkpoint = Checkpoint::new(self.replica.origin(), self.replica.tree().head());
        Note::sign(&checkpoint, &seed.signing_key(Purpose::Checkpoint))
    }

    fn published(mut self) -> Self {
        let note = self.note();
        self.replica.publish(note).unwrap();
        self
    }
}

/// A history, and a note of another with so many entries in common.
fn apart(ours: u64, theirs: u64, common: u64) -> (Replica, Note) {
    let ours = History::new(1).grown(ours, common).published();
    (ours.replica, History::new(2).grown(theirs, common).note())
}

#[test]
fn two_checkpoints_that_contradict_each_other_are_proven_whoever_holds_the_larger() {
    for ours in 2..12 {
        for theirs in 2..=ours {
            for common in 1..theirs {
                let (replica, note) = apart(ours, theirs, common);
                let proof = ForkProof::of(&replica, &note).unwrap();
                let fork = proof.verify().unwrap();
                assert_eq!(fork.origin, *replica.origin());
                assert_eq!(fork.smaller.size.0, theirs);
                assert_eq!(fork.larger.size.0, ours);
                assert!(fork.common().0 >= common);
                assert_eq!(ForkProof::open(&proof.to_file()), Ok(proof));
            }
        }
    }
}

#[test]
fn both_sides_make_the_same_proof_of_two_checkpoints_of_one_size() {
    let (ours, note) = apart(5, 5, 2);
    let theirs = History::new(2).grown(5, 2).published();
    let other = ForkProof::of(&theirs.replica, &History::new(1).grown(5, 2).note());
    assert_eq!(ForkProof::of(&ours, &note), other);
}

#[test]
fn a_log_that_only_grew_is_not_accused() {
    for theirs in 1..=6 {
        let (replica, note) = apart(6, theirs, 100);
        assert_eq!(ForkProof::of(&replica, &note), None);
    }
    // Nobody who holds less can tell.
    let (replica, note) = apart(4, 6, 2);
    assert_eq!(ForkProof::of(&replica, &note), None);
}

#[test]
fn a_proof_that_fails_proves_nothing() {
    let honest = History::new(1).grown(6, 100).published().replica;
    let proof = honest.tree().consistency_proof(TreeSize(3), TreeSize(6));
    let forged = ForkProof {
        inception: Bytes(honest.inception().entry().to_vec()),
        smaller: History::new(1).grown(3, 100).note(),
        larger: History::new(1).grown(6, 100).note(),
        root: Some(RootHash::new([9; 32])),
        proof,
        rotations: Vec::new(),
    };
    assert_eq!(forged.verify(), Err(ForkError::Proof(ProofError::WrongRoot)));
    let root = honest.tree().root_at(TreeSize(3));
    assert_eq!(ForkProof { root, ..forged }.verify(), Err(ForkError::NoContradiction));
}

#[test]
fn nobody_but_the_log_itself_can_be_made_to_look_guilty() {
    let (replica, note) = apart(5, 5, 2);
    let proof = ForkProof::of(&replica, &note).unwrap();
    let thief = Seed::new([66; 32]);
    let unsigned = |proof: ForkProof| matches!(proof.verify(), Err(ForkError::Unsigned(_)));
    let forged = History::new(3).grown(5, 2).note_of(&thief);
    assert_eq!(ForkProof::of(&replica, &forged), None);
    assert!(unsigned(ForkProof { smaller: forged.clone(), ..proof.clone() }));
    assert!(unsigned(ForkProof { larger: forged, ..proof.clone() }));
    // The inception of somebody who holds another key.
    let next = Seed::new([8; 32]).public_key_set().commitment();
    let key = thief.signing_key(Purpose::Statement);
    let other = Statement::incept(Inception { keys: thief.public_key_set(), next }, &key);
    let other = ForkProof { inception: Bytes(other.entry().to_vec()), ..proof.clone() };
    assert_eq!(other.verify(), Err(ForkError::OtherLog));
    let forged = Inception { keys: seed().public_key_set(), next };
    let forged = Statement::incept(forged, &key).entry().to_vec();
    assert_eq!(
        ForkProof { inception: Bytes(forged), ..proof }.verify(),
        Err(ForkError::Keys(ChainError::NotAnInception))
    );
}

#[test]
fn a_proof_has_one_form() {
    let (replica, note) = apart(5, 5, 2);
    let same = ForkProof::of(&replica, &note).unwrap();
    let (smaller, larger) = (same.larger.clone(), same.smaller.clone());
    assert_eq!(ForkProof { smaller, larger, ..same.clone() }.verify(), Err(ForkError::Order));
    let (replica, note) = apart(6, 4, 2);
    let older = ForkProof::of(&replica, &note).unwrap();
    let parts = ForkProof { root: older.root, proof: older.proof.clone(), ..same };
    assert_eq!(parts.verify(), Err(ForkError::Parts));
    let parts = ForkProof { root: None, proof: None, ..older.clone() };
    assert_eq!(parts.verify(), Err(ForkError::Parts));
    let (smaller, larger) = (older.larger.clone(), older.smaller.clone());
    assert_eq!(ForkProof { smaller, larger, ..older }.verify(), Err(ForkError::Order));
}

#[test]
fn one_flipped_bit_anywhere_proves_nothing() {
    for theirs in [4, 6] {
        let (replica, note) = apart(6, theirs, 2);
        let file = ForkProof::of(&replica, &note).unwrap().to_file();
        for bit in 0..file.len() * 8 {
            let mut altered = file.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            let verified = ForkProof::open(&altered).map(|proof| proof.verify());
            assert!(!matches!(verified, Ok(Ok(_))), "bit {bit}");
        }
        let long = vec![0; MAX_FORK_BYTES + 1];
        assert!(matches!(ForkProof::open(&long), Err(FileError::TooLarge { .. })));
    }
}
