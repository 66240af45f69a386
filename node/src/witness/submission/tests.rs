use std::sync::Arc;
use std::time::Duration;

use carnet_proto::id::RootHash;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::proof::ConsistencyProof;
use carnet_proto::statement::Statement;
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::standing::empty_head;
use carnet_proto::time::UnixSeconds;

use super::*;
use crate::clock::{Clock as _, SteppedClock};
use crate::store::memory::{Fault, MemoryDisk, MemoryStore};
use crate::store::{Batch, Entry, Store};
use crate::test_support::{ForeignLog, accreditation};

/// A witness on a disk, and the logs there.
struct Setting {
    disk: MemoryDisk,
    clock: Arc<SteppedClock>,
    key: NoteKey,
}

impl Setting {
    fn new() -> Self {
        let clock = Arc::new(SteppedClock::starting_at(UnixSeconds(1_790_000_000)));
        let key = NoteKey::of_witness(&did(), Seed::new([7; 32]).public_key_set().witness);
        Self { disk: MemoryStore::new().disk(), clock, key }
    }

    /// As after a restart.
    fn open(&self) -> (Witness, Logs) {
        let store = Arc::new(MemoryStore::open(&self.disk).unwrap());
        let logs = Logs::open(Arc::clone(&store) as _).unwrap();
        let witness = Witness::new(store, Arc::clone(&self.clock) as _);
        let witness = witness.with_listed(Vec::from([ForeignLog::new(1).listed()]));
        witness.add(did(), Seed::new([7; 32]).signing_key(Purpose::Witness));
        (witness, logs)
    }

    /// Checks that these are the one cosignature of a note, made about now.
    fn is_cosigned(&self, note: &Note, lines: &[NoteSignature]) {
        let mut note = note.clone();
        lines.iter().for_each(|line| note.add(line.clone()));
        let times = note.cosignature_times(&self.key).unwrap();
        assert!(lines.len() == 1 && times.len() == 1);
        assert!(self.clock.now().since(times[0]) < 10);
    }
}

fn did() -> Did {
    Did::of_inception(b"witness")
}

fn changed(submission: &AddCheckpoint, from: &str, to: &str) -> AddCheckpoint {
    AddCheckpoint::parse(&submission.to_string().replace(from, to)).unwrap()
}

#[test]
fn a_listed_log_is_cosigned_from_size_to_size() {
    let setting = Setting::new();
    let (witness, logs) = setting.open();
    let log = ForeignLog::new(1);
    for (old, new) in [(0, 0), (0, 3), (3, 7), (7, 7), (7, 8), (8, 64)] {
        let lines = witness.add_checkpoint(&logs, &log.submission(old, new)).unwrap();
        setting.is_cosigned(&log.note(new), &lines);
        setting.clock.step(REPEAT_SECONDS);
    }
}

#[test]
fn extension_lines_of_a_listed_log_are_cosigned_with_the_rest() {
    let setting = Setting::new();
    let (witness, logs) = setting.open();
    let log = ForeignLog::new(1);
    let body = format!("{}extension\n", log.note(3).body());
    let line = log.note(3).signatures()[0].clone();
    let bytes = log.key.sign(body.as_bytes()).0.to_vec();
    let note = format!("{body}\n{}\n", NoteSignature { bytes, ..line }.to_line());
    let submission = AddCheckpoint::parse(&format!("old 0\n\n{note}")).unwrap();
    let lines = witness.add_checkpoint(&logs, &submission).unwrap();
    setting.is_cosigned(&Note::parse(&note).unwrap(), &lines);
}

#[test]
fn each_mistake_has_its_refusal_and_changes_nothing() {
    let setting = Setting::new();
    let (witness, logs) = setting.open();
    let (log, other) = (ForeignLog::new(1), ForeignLog::new(2));
    witness.add_checkpoint(&logs, &log.submission(0, 5)).unwrap();
    let unknown = ForeignLog { origin: "log.example/2027", ..ForeignLog::new(1) };
    let key = Seed::new([6; 32]).signing_key(Purpose::Checkpoint);
    let not_theirs = ForeignLog { key, ..ForeignLog::new(1) };
    let proven = log.submission(5, 9);
    let with_proof = |old, from: u64, to: u64, note| {
        let proof = log.tree.consistency_proof(TreeSize(from), TreeSize(to)).unwrap();
        AddCheckpoint::new(TreeSize(old), proof, note).unwrap()
    };
    let bare = |old, note| AddCheckpoint::new(TreeSize(old), ConsistencyProof::default(), note);
    let root = RootHash::new([1; 32]);
    let head = TreeHead { size: TreeSize(0), root };
    let empty = Note::sign(&Checkpoint { origin: log.origin.into(), head }, &log.key);
    for (submission, error) in [
        (unknown.submission(0, 5), SubmissionError::UnknownOrigin),
        (not_theirs.submission(5, 9), SubmissionError::NotSigned(NoteError::NotSigned)),
        (
            changed(&proven, "log.example/2026\n9\n", "log.example/2026\n10\n"),
            SubmissionError::NotSigned(NoteError::WrongSignature),
        ),
        (log.submission(6, 5), SubmissionError::OldSize),
        (bare(5, empty.clone()).unwrap(), SubmissionError::OldSize),
        (log.submission(0, 9), SubmissionError::OtherSize(TreeSize(5))),
        (log.submission(4, 5), SubmissionError::OtherSize(TreeSize(5))),
        (log.submission(6, 9), SubmissionError::OtherSize(TreeSize(5))),
        (other.submission(5, 5), SubmissionError::OtherRoot),
        (other.submission(5, 9), SubmissionError::Proof(ProofError::WrongRoot)),
        (with_proof(5, 4, 9, log.note(9)), SubmissionError::Proof(ProofError::WrongRoot)),
        (with_proof(5, 5, 8, log.note(9)), SubmissionError::Proof(ProofError::WrongRoot)),
        (bare(5, log.note(9)).unwrap(), SubmissionError::Proof(ProofError::WrongLength)),
        (with_proof(5, 5, 9, log.note(5)), SubmissionError::Proof(ProofError::WrongLength)),
    ] {
        let refused = witness.add_checkpoint(&logs, &submission).unwrap_err();
        // Of a wrong proof, it may be seen by its length or by its root.
        match (refused, error) {
            (SubmissionError::Proof(_), SubmissionError::Proof(_)) => {}
            _ => assert_eq!(refused, error, "{submission}"),
        }
    }
    witness.add_checkpoint(&logs, &proven).unwrap();

    let (fresh, logs) = Setting::new().open();
    let from_nothing = with_proof(0, 4, 9, log.note(9));
    let refused = fresh.add_checkpoint(&logs, &from_nothing);
    assert_eq!(refused, Err(SubmissionError::Proof(ProofError::WrongLength)));
    let refused = fresh.add_checkpoint(&logs, &bare(0, empty).unwrap());
    assert_eq!(refused, Err(SubmissionError::Proof(ProofError::WrongRoot)));
    let store = Arc::new(MemoryStore::new());
    let nobody = Witness::new(store, Arc::new(SteppedClock::starting_at(UnixSeconds(9))));
    let nobody = nobody.with_listed(Vec::from([log.listed()]));
    let refused = nobody.add_checkpoint(&logs, &log.submission(0, 5));
    assert_eq!(refused, Err(SubmissionError::UnknownOrigin));
}

#[test]
fn after_a_restart_a_listed_log_goes_on_where_it_was() {
    let setting = Setting::new();
    let log = ForeignLog::new(1);
    let (witness, logs) = setting.open();
    witness.add_checkpoint(&logs, &log.submission(0, 7)).unwrap();
    drop((witness, logs));
    let (witness, logs) = setting.open();
    let again = witness.add_checkpoint(&logs, &log.submission(0, 3));
    assert_eq!(again, Err(SubmissionError::OtherSize(TreeSize(7))));
    let forked = witness.add_checkpoint(&logs, &ForeignLog::new(2).submission(7, 7));
    assert_eq!(forked, Err(SubmissionError::OtherRoot));
    assert!(witness.add_checkpoint(&logs, &log.submission(7, 9)).is_ok());
    // A clock that is set back.
    let early = Setting {
        disk: setting.disk.clone(),
        clock: Arc::new(SteppedClock::starting_at(UnixSeconds(1_780_000_000))),
        key: setting.key.clone(),
    };
    let (witness, logs) = early.open();
    let refused = witness.add_checkpoint(&logs, &log.submission(9, 9));
    assert_eq!(refused, Err(SubmissionError::Unable));
}

#[test]
fn no_cosignature_of_a_listed_log_leaves_before_its_record_is_on_disk() {
    let setting = Setting::new();
    let log = ForeignLog::new(1);
    let (witness, logs) = setting.open();
    setting.disk.fail_after(0, Fault::NotWritten);
    for _ in 0..2 {
        let refused = witness.add_checkpoint(&logs, &log.submission(0, 7));
        assert_eq!(refused, Err(SubmissionError::Unable));
    }
    setting.disk.heal();
    let (witness, logs) = setting.open();
    assert!(witness.add_checkpoint(&logs, &log.submission(0, 3)).is_ok());
}

/// A store in which much happens between a look at a record and what is made of it.
struct Slow(MemoryStore);

impl Store for Slow {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.0.get(key);
        std::thread::sleep(Duration::from_millis(20));
        found
    }

    fn scan(&self, of: &[u8], after: Option<&[u8]>, most: usize) -> Result<Vec<Entry>, StoreError> {
        self.0.scan(of, after, most)
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.0.last(prefix)
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        self.0.apply(batch)
    }
}

fn slow() -> (Witness, Logs) {
    let (_, logs) = Setting::new().open();
    let store = Arc::new(Slow(MemoryStore::new()));
    let clock = Arc::new(SteppedClock::starting_at(UnixSeconds(1_790_000_000)));
    let witness = Witness::new(store, clock);
    witness.add(did(), Seed::new([7; 32]).signing_key(Purpose::Witness));
    (witness.with_listed(Vec::from([ForeignLog::new(1).listed()])), logs)
}

#[test]
fn of_submissions_of_an_institutions_log_at_once_one_is_cosigned() {
    let (witness, logs) = slow();
    let theirs = Theirs::new();
    theirs.copy_to(&logs);
    let submission = theirs.submission(0);
    let submit = || witness.add_checkpoint(&logs, &submission);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(submit)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let size = submission.checkpoint().head.size;
    let told = answers.iter().filter(|answer| **answer == Err(SubmissionError::OtherSize(size)));
    assert_eq!(told.count(), 7);
}

#[test]
fn of_submissions_of_a_listed_log_at_once_one_is_cosigned() {
    let (witness, logs) = slow();
    let histories = [ForeignLog::new(1), ForeignLog::new(2)];
    let mut at = (0, 0);
    for round in 1..=4 {
        let granted: Vec<(usize, u64)> = std::thread::scope(|scope| {
            let submit = |number: usize| {
                let (history, size) = (number % 2, round * 8 - (number as u64) / 2);
                let submission = histories[history].submission(at.1, size);
                let (witness, logs) = (&witness, &logs);
                scope.spawn(move || match witness.add_checkpoint(logs, &submission) {
                    Ok(_) => Some((history, size)),
                    Err(SubmissionError::OtherSize(_) | SubmissionError::Proof(_)) => None,
                    Err(error) => panic!("{error}"),
                })
            };
            let threads: Vec<_> = (0..8).map(submit).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(granted.len(), 1, "{granted:?}");
        assert!(round == 1 || granted[0].0 == at.0, "two histories");
        at = granted[0];
    }
}

/// The log of an institution, as its owner has it.
struct Theirs {
    seed: Seed,
    replica: Replica,
    entries: Vec<Vec<u8>>,
}

impl Theirs {
    fn new() -> Self {
        let seed = Seed::new([1; 32]);
        let next = Seed::new([2; 32]).public_key_set().commitment();
        let inception = Inception { keys: seed.public_key_set(), next };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        let replica = Replica::new(inception.entry()).unwrap();
        let entries = Vec::from([inception.entry().to_vec()]);
        let mut theirs = Self { seed, replica, entries };
        theirs.grow(1);
        theirs
    }

    fn push(&mut self, statement: Statement) {
        self.entries.push(statement.entry().to_vec());
        self.replica.append(&[statement]);
    }

    fn state(&mut self, number: u64) {
        let key = self.seed.signing_key(Purpose::Statement);
        let body = accreditation(number);
        self.push(Statement::sign(self.replica.origin(), body, &key).unwrap());
    }

    /// Adds an accreditation and a standing.
    fn grow(&mut self, number: u64) {
        self.state(number);
        let key = self.seed.signing_key(Purpose::Statement);
        let standing = self.replica.derive_standing(empty_head());
        self.push(Statement::sign(self.replica.origin(), standing, &key).unwrap());
    }

    fn note(&self) -> Note {
        let checkpoint = Checkpoint::new(self.replica.origin(), self.replica.tree().head());
        Note::sign(&checkpoint, &self.seed.signing_key(Purpose::Checkpoint))
    }

    fn submission(&self, old: u64) -> AddCheckpoint {
        let (old, size) = (TreeSize(old), self.replica.size());
        let proof = self.replica.tree().consistency_proof(old, size).unwrap_or_default();
        AddCheckpoint::new(old, proof, self.note()).unwrap()
    }

    /// Brings all entries that are not there to a node.
    fn copy_to(&self, logs: &Logs) {
        let did = self.replica.origin();
        let held = logs.with(did, |replica| replica.size().0).unwrap_or(0);
        let entries = &self.entries[usize::try_from(held).unwrap()..];
        logs.extend(did, entries, &self.note(), None).unwrap();
    }
}

#[test]
fn the_log_of_an_institution_is_cosigned_once_it_is_held_whole() {
    let setting = Setting::new();
    let (witness, logs) = setting.open();
    let mut theirs = Theirs::new();
    let origin = *theirs.replica.origin();
    let small = theirs.submission(0);
    assert_eq!(witness.add_checkpoint(&logs, &small), Err(SubmissionError::UnknownOrigin));
    theirs.copy_to(&logs);
    let lines = witness.add_checkpoint(&logs, &small).unwrap();
    setting.is_cosigned(small.note(), &lines);
    // It is with the log from now on; the next one is not.
    let kept = logs.notes(&origin).unwrap().pop().unwrap();
    assert!(kept.signatures().contains(&lines[0]));
    setting.clock.step(REPEAT_SECONDS);
    let renewed = witness.add_checkpoint(&logs, &theirs.submission(3)).unwrap();
    setting.is_cosigned(small.note(), &renewed);
    assert_eq!(logs.notes(&origin).unwrap().pop().unwrap(), kept);

    theirs.grow(2);
    let large = theirs.submission(3);
    let behind = witness.add_checkpoint(&logs, &large);
    assert_eq!(behind, Err(SubmissionError::Behind { held: TreeSize(3) }));
    theirs.copy_to(&logs);
    let again = witness.add_checkpoint(&logs, &changed(&small, "old 0\n", "old 3\n"));
    assert_eq!(again, Err(SubmissionError::Ahead { held: TreeSize(5) }));
    // What is cosigned among nodes is the same record.
    let replica = logs.get(&origin).unwrap();
    assert_eq!(witness.cosign(&replica, large.note(), false).unwrap().len(), 1);
    let known = Err(SubmissionError::OtherSize(TreeSize(5)));
    assert_eq!(witness.add_checkpoint(&logs, &large), known);
    drop((witness, logs));
    let (witness, logs) = setting.open();
    assert_eq!(witness.add_checkpoint(&logs, &large), known);
    assert_eq!(witness.add_checkpoint(&logs, &theirs.submission(0)), known);
    assert!(witness.add_checkpoint(&logs, &theirs.submission(5)).is_ok());
}

#[test]
fn a_log_of_an_institution_that_is_forked_or_out_of_order_or_its_own_is_refused() {
    let setting = Setting::new();
    let (witness, logs) = setting.open();
    let (mut theirs, mut forked) = (Theirs::new(), Theirs::new());
    theirs.copy_to(&logs);
    witness.add_checkpoint(&logs, &theirs.submission(0)).unwrap();
    theirs.grow(2);
    forked.grow(3);
    theirs.copy_to(&logs);
    let refused = witness.add_checkpoint(&logs, &forked.submission(3));
    assert_eq!(refused, Err(SubmissionError::Fork));
    let wrong = changed(&theirs.submission(3), "\n5\n", "\n6\n");
    let refused = witness.add_checkpoint(&logs, &wrong);
    assert_eq!(refused, Err(SubmissionError::NotSigned(NoteError::WrongSignature)));
    let root = theirs.note().body().lines().nth(2).unwrap().to_owned();
    let extended = changed(&theirs.submission(3), &root, &format!("{root}\nextension"));
    assert_eq!(witness.add_checkpoint(&logs, &extended), Err(SubmissionError::Extended));
    let empty = changed(&theirs.submission(3), "\n5\n", "\n0\n");
    let refused = witness.add_checkpoint(&logs, &empty);
    assert_eq!(refused, Err(SubmissionError::NotSigned(NoteError::NotSigned)));
    assert!(witness.add_checkpoint(&logs, &theirs.submission(3)).is_ok());
    let refused = witness.add_checkpoint(&logs, &forked.submission(5));
    assert_eq!(refused, Err(SubmissionError::OtherRoot));

    theirs.state(4);
    theirs.copy_to(&logs);
    let refused = witness.add_checkpoint(&logs, &theirs.submission(5));
    assert_eq!(refused, Err(SubmissionError::NotInOrder));

    let store = Arc::new(MemoryStore::open(&setting.disk).unwrap());
    let own = Witness::new(store, setting.clock);
    own.add(*theirs.replica.origin(), theirs.seed.signing_key(Purpose::Witness));
    let refused = own.add_checkpoint(&logs, &theirs.submission(0));
    assert_eq!(refused, Err(SubmissionError::UnknownOrigin));
}
