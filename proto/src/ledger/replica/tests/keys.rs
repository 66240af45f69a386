//! Keys that are replaced: what a thief of the old ones can do, and how a copy catches up.

use super::*;
use crate::id::RootHash;
use crate::ledger::ChainError;
use crate::statement::identity::{Rotation, Succession};

impl Writer {
    /// Makes the rotation that the log has committed to.
    pub(super) fn rotation(&self, from: Option<u64>, kept: &[Digest]) -> Rotation {
        let committed = Seed::new([self.generation + 1; 32]).public_key_set().commitment();
        let mut kept = kept.to_vec();
        kept.sort_unstable();
        kept.dedup();
        let keys = self.next.public_key_set();
        Rotation { keys, next: committed, repudiated_from: from.map(LeafIndex), kept }
    }

    /// Replaces the keys.
    pub(super) fn rotate(&mut self, from: Option<u64>, kept: &[Digest]) {
        let rotation = self.rotation(from, kept);
        self.generation += 1;
        let next = Seed::new([self.generation; 32]);
        self.seed = core::mem::replace(&mut self.next, next);
        self.state(rotation);
    }

    fn rotations(&self) -> Vec<Vec<u8>> {
        let chain = &self.replica.view().chain;
        chain.rotations().iter().map(|rotation| rotation.entry().to_vec()).collect()
    }

    fn close(&mut self) {
        let institution = self.did();
        self.state(Succession { institution, closed: UnixSeconds(9), successor: None });
    }
}

/// A log of a few statements, whose keys were replaced at leaf 5 and again at leaf 8.
fn rotated_twice() -> Writer {
    let mut writer = Writer::new(3);
    for n in 0..3 {
        writer.accredit(0, &[n]);
    }
    writer.conclude();
    writer.rotate(None, &[]);
    writer.accredit(0, b"x");
    writer.conclude();
    writer.rotate(Some(3), &[]);
    writer.accredit(0, b"y");
    writer.conclude();
    writer
}

fn ready(writer: &Writer) -> Replica {
    Replica::new(&writer.entries[0]).unwrap()
}

fn text_of(replica: &Replica) -> String {
    let Replica { view, tree, states, standing, ignored, .. } = replica;
    alloc::format!("{:?}", (view, tree.head(), states.head(), standing, ignored))
}

fn is_unsigned<T: core::fmt::Debug>(result: &Result<T, ReplicaError>) -> bool {
    matches!(result, Err(ReplicaError::Unsigned(_)))
}

#[test]
fn a_range_may_end_under_a_note_that_is_signed_by_a_key_that_it_reveals() {
    let writer = rotated_twice();
    let note = writer.note();
    let mut copy = ready(&writer);
    copy.extend(&writer.entries[1..], &note, None).unwrap();
    assert_eq!(copy.is_in_order(), Ok(()));
    assert_eq!(copy.view().keys, writer.replica.view().keys);
    assert_eq!(copy.ignored(), writer.replica.ignored());
    // The same entries under a note by a key that they replaced.
    let first = Seed::new([7; 32]).signing_key(Purpose::Checkpoint);
    let theirs = Note::sign(&note.checkpoint().unwrap(), &first);
    let mut copy = ready(&writer);
    let before = text_of(&copy);
    assert!(is_unsigned(&copy.extend(&writer.entries[1..], &theirs, None)));
    assert_eq!(text_of(&copy), before);
}

#[test]
fn what_leads_to_a_checkpoint_is_not_taken_in_part_before_its_key_is_known() {
    let writer = rotated_twice();
    let (note, size) = (writer.note(), writer.entries.len() as u64);
    let proof = writer.replica.tree().consistency_proof(TreeSize(3), TreeSize(size));
    let mut copy = ready(&writer);
    let before = text_of(&copy);
    assert!(is_unsigned(&copy.extend(&writer.entries[1..3], &note, proof.as_ref())));
    assert_eq!(text_of(&copy), before);
}

#[test]
fn keys_that_the_log_has_not_committed_to_are_refused() {
    let writer = rotated_twice();
    let rotations = writer.rotations();
    let refused = |rotations: &[Vec<u8>]| KeyChain::read(&writer.entries[0], rotations).err();
    assert_eq!(refused(&rotations), None);
    let swapped = [rotations[1].clone(), rotations[0].clone()];
    assert_eq!(refused(&swapped), Some(ChainError::NotCommitted));
    assert_eq!(refused(&rotations[1..]), Some(ChainError::NotCommitted));
    let twice = [rotations[0].clone(), rotations[0].clone()];
    assert_eq!(refused(&twice), Some(ChainError::NotCommitted));
    assert_eq!(refused(&writer.entries[1..2]), Some(ChainError::NotARotation));
    let mut forged = rotations[0].clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(refused(&[forged]), Some(ChainError::Unsigned));
    // Signed by the set that it replaces: all that a thief of that set can do.
    let mut thief = Writer::new(3);
    let rotation = thief.rotation(None, &[]);
    thief.state(rotation);
    assert_eq!(refused(&thief.entries[1..]), Some(ChainError::Unsigned));
    assert_eq!(thief.replica.view().keys.len(), 1);
}

/// A thief of the set in force after the first rotation signs that rotation anew, and commits to keys
/// of his own.
fn thief_of_the_second_set(writer: &Writer) -> Vec<Vec<u8>> {
    let sets = [8, 66, 67, 68].map(|n| Seed::new([n; 32]));
    let rotation = |pair: &[Seed]| {
        let [set, next] = pair else { return Vec::new() };
        let (keys, next) = (set.public_key_set(), next.public_key_set().commitment());
        let body = Rotation { keys, next, repudiated_from: None, kept: Vec::new() };
        let key = set.signing_key(Purpose::Statement);
        Statement::sign(&writer.did(), body, &key).unwrap().entry().to_vec()
    };
    sets.windows(2).map(rotation).collect()
}

#[test]
fn a_thief_of_replaced_keys_does_not_stand_in_the_way_of_their_owner() {
    let writer = rotated_twice();
    let note = writer.note();
    // His chain proves itself, and is the longer one.
    let theirs = KeyChain::read(&writer.entries[0], thief_of_the_second_set(&writer)).unwrap();
    assert!(theirs.sets().len() > writer.replica.view().chain.sets().len());
    // Once the log's own rotation is held, his keys sign nothing.
    let mut copy = ready(&writer);
    copy.extend(&writer.entries[1..], &note, None).unwrap();
    let head = TreeHead { size: TreeSize(99), ..copy.tree().head() };
    let checkpoint = Checkpoint::new(&writer.did(), head);
    let theirs = Note::sign(&checkpoint, &Seed::new([67; 32]).signing_key(Purpose::Checkpoint));
    assert!(is_unsigned(&copy.extend(&[b"x".to_vec()], &theirs, None)));
}

#[test]
fn a_rotation_repeated_elsewhere_has_no_effect() {
    let mut writer = rotated_twice();
    let keys = writer.replica.view().keys.clone();
    for rotation in writer.rotations() {
        writer.append(&Statement::parse(&rotation).unwrap());
    }
    writer.conclude();
    assert_eq!(writer.replica.view().keys, keys);
    // One that declares void what is not there yet does not count where it stands.
    let mut early = Writer::new(3);
    early.rotate(Some(5), &[]);
    assert_eq!(early.replica.view().keys.len(), 1);
    assert_eq!(early.replica.ignored().len(), 1);
    let chain = KeyChain::read(&early.entries[0], &early.entries[1..]).unwrap();
    assert_eq!(chain.periods(&[LeafIndex(4)]), None);
    assert!(chain.periods(&[LeafIndex(5)]).is_some());
}

#[test]
fn what_was_stated_behind_a_closing_that_is_void_counts_if_it_is_kept() {
    let mut writer = Writer::new(3);
    writer.conclude();
    writer.close();
    writer.accredit(0, b"kept");
    writer.state(Issuance {
        credential_type: line("urn:carnet:skill:1"),
        root: RootHash::new([1; 32]),
    });
    writer.accredit(0, b"lost");
    writer.conclude();
    let view = writer.replica.view();
    assert_eq!(view.closing.map(|closing| closing.by), Some(LeafIndex(2)));
    assert_eq!((view.statements.iter().count(), view.issuances.len()), (0, 0));
    let kept = [writer.said[2], writer.said[3]];
    writer.rotate(Some(2), &kept);
    writer.conclude();
    let view = writer.replica.view();
    assert_eq!(view.closing, None);
    let state = |digest: &Digest| view.statements.get(digest).map(|held| held.state);
    assert_eq!(state(&kept[0]), Some(State::InForce));
    assert_eq!(state(&writer.said[4]), Some(State::Void));
    assert!(view.issuances.get(&kept[1]).is_some() && !view.is_void(LeafIndex(4), &kept[1]));
    check_standing(&writer.replica);
    assert_eq!(writer.replica.is_in_order(), Ok(()));
    // Nothing else opens an institution again.
    writer.close();
    writer.rotate(Some(9), &[]);
    writer.conclude();
    assert!(writer.replica.view().closing.is_none());
    writer.close();
    let size = writer.entries.len() as u64;
    writer.rotate(Some(size), &[]);
    assert!(writer.replica.view().closing.is_some());
}

#[test]
fn whoever_proves_a_fork_leaves_the_room_for_cosignatures_free() {
    let mut writer = rotated_twice();
    let note = writer.note();
    writer.replica.publish(note.clone()).unwrap();
    let head = TreeHead { root: RootHash::new([9; 32]), ..writer.replica.tree().head() };
    let other = Checkpoint::new(&writer.did(), head);
    let other = Note::sign(&other, &writer.seed.signing_key(Purpose::Checkpoint));
    let mut proof = ForkProof::of(&writer.replica, &other).unwrap();
    for shown in [&mut proof.smaller, &mut proof.larger] {
        for number in 0..40 {
            let did = Did::of_inception(&[number]);
            let key = Seed::new([number; 32]).signing_key(Purpose::Witness);
            let line = shown.cosign(&did, &key, UnixSeconds(1));
            shown.add(line);
        }
    }
    writer.replica.learn_fork(&proof);
    assert!(writer.replica.forked_at().contains(&writer.replica.size()));
    assert_eq!(writer.replica.view().newest().unwrap().note, note);
}
