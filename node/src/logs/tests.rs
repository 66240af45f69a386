use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::Checkpoint;
use carnet_proto::log::merkle::{Tree, leaf_hash};
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::standing::empty_head;
use carnet_proto::statement::{Body, Statement};
use carnet_proto::text::Line;
use carnet_proto::time::UnixSeconds;

use super::*;
use crate::store::memory::{Fault, MemoryDisk, MemoryStore};
use crate::test_support::accreditation;

/// A log as another institution makes it: entries, and its checkpoints by size.
struct Theirs {
    did: Did,
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
        let mut theirs = Self { did: *inception.issuer(), seed, replica, entries };
        theirs.grow(1);
        theirs
    }

    /// Adds accreditations and a standing.
    fn grow(&mut self, count: u64) -> Vec<Statement> {
        let key = self.seed.signing_key(Purpose::Statement);
        let mut added = Vec::new();
        for _ in 0..count {
            let body = accreditation(self.replica.size().0);
            let statement = Statement::sign(&self.did, body, &key).unwrap();
            self.replica.append(std::slice::from_ref(&statement));
            added.push(statement);
        }
        let standing = self.replica.derive_standing(empty_head());
        let standing = Statement::sign(&self.did, standing, &key).unwrap();
        self.replica.append(std::slice::from_ref(&standing));
        added.push(standing);
        self.entries.extend(added.iter().map(|statement| statement.entry().to_vec()));
        added
    }

    fn note(&self) -> Note {
        let checkpoint = Checkpoint::new(&self.did, self.replica.tree().head());
        Note::sign(&checkpoint, &self.seed.signing_key(Purpose::Checkpoint))
    }

    fn proof(&self, from: u64) -> ConsistencyProof {
        self.replica.tree().consistency_proof(TreeSize(from), self.replica.size()).unwrap()
    }
}

fn open(disk: &MemoryDisk) -> Logs {
    Logs::open(Arc::new(MemoryStore::open(disk).unwrap())).unwrap()
}

/// What a restart must not change.
fn state(logs: &Logs, did: &Did) -> (TreeHead, Vec<Note>, usize) {
    let replica = logs.get(did).unwrap();
    let entries = logs.entries(did, 0, usize::MAX, usize::MAX).unwrap();
    let tree = Tree::from_leaves(entries.iter().map(|entry| leaf_hash(entry)));
    assert_eq!(tree.head(), replica.tree().head());
    (tree.head(), logs.notes(did).unwrap(), replica.view().statements.len())
}

#[test]
fn a_log_that_comes_in_parts_outlasts_a_restart_at_any_point() {
    let disk = MemoryStore::new().disk();
    let mut theirs = Theirs::new();
    let did = theirs.did;
    theirs.grow(5);
    let note = theirs.note();
    let size = theirs.entries.len();
    for (from, to) in [(0, 2), (2, 6), (6, size)] {
        let logs = open(&disk);
        let proof = (to < size).then(|| theirs.proof(to as u64));
        let part = &theirs.entries[from..to];
        assert_eq!(logs.extend(&did, part, &note, proof.as_ref()).unwrap().0, to as u64);
        let before = state(&logs, &did);
        assert_eq!(state(&open(&disk), &did), before);
    }
    let logs = open(&disk);
    // More of it, under a checkpoint that is cosigned later.
    theirs.grow(2);
    logs.extend(&did, &theirs.entries[size..], &theirs.note(), None).unwrap();
    let witness = Did::of_inception(b"witness");
    let mut cosigned = theirs.note();
    let key = Seed::new([3; 32]).signing_key(Purpose::Witness);
    cosigned.add(cosigned.cosign(&witness, &key, UnixSeconds(7)));
    let mut changes = logs.changes();
    assert!(logs.add_checkpoint(&did, &cosigned, |_, _| true).unwrap());
    assert!(!logs.add_checkpoint(&did, &cosigned, |_, _| true).unwrap());
    assert_eq!(changes.try_recv().unwrap().what, Changed::Checkpoint);
    assert!(changes.try_recv().is_err());
    let before = state(&logs, &did);
    assert_eq!(before.1.len(), 2);
    assert_eq!(state(&open(&disk), &did), before);
}

#[test]
fn the_issuances_of_anothers_log_are_found_on_disk_and_those_of_an_own_one_in_memory() {
    let disk = MemoryStore::new().disk();
    let mut theirs = Theirs::new();
    let did = theirs.did;
    let key = theirs.seed.signing_key(Purpose::Statement);
    let issuance = |number: u8| {
        let root = carnet_proto::id::RootHash::new([number; 32]);
        let credential_type = Line::parse("urn:carnet:skill:1").unwrap();
        Statement::sign(&did, Body::Issuance(Issuance { credential_type, root }), &key).unwrap()
    };
    let (held, other) = (issuance(1), issuance(2));
    theirs.replica.append(std::slice::from_ref(&held));
    theirs.entries.push(held.entry().to_vec());
    theirs.grow(1);
    let logs = open(&disk);
    logs.extend(&did, &theirs.entries, &theirs.note(), None).unwrap();
    for logs in [&logs, &open(&disk)] {
        let replica = logs.get(&did).unwrap();
        let issuances = &replica.view().issuances;
        assert!(issuances.stated().is_none() && issuances.len() == 1);
        let found = |wanted: &Statement, places| logs.find(&did, &wanted.digest(), places).unwrap();
        let places = issuances.places(&held.digest());
        assert_eq!(found(&held, places.clone()), Some(LeafIndex(3)));
        // Where another stands whose digest begins alike, it is not taken for it.
        assert_eq!(found(&other, places), None);
        assert_eq!(found(&held, vec![LeafIndex(1), LeafIndex(3)]), Some(LeafIndex(3)));
    }
    // Claimed, it is kept as an own one, though it may not be appended to yet.
    assert!(matches!(logs.claim(&did), Err(LogsError::NotOwn(_))));
    assert!(logs.get(&did).unwrap().view().issuance(&held.digest()).is_some());
    let resumed = logs.resume_own::<LogsError>(&did, |_, _| Ok(Appending::default()));
    resumed.unwrap();
    for logs in [&logs, &open(&disk)] {
        let replica = logs.get(&did).unwrap();
        assert!(replica.view().issuance(&held.digest()).is_some());
    }
}

#[test]
fn what_is_wrong_changes_nothing() {
    let disk = MemoryStore::new().disk();
    let logs = open(&disk);
    let mut theirs = Theirs::new();
    let did = theirs.did;
    let other = Did::of_inception(b"other");
    assert!(logs.extend(&other, &theirs.entries, &theirs.note(), None).is_err());
    assert!(logs.extend(&did, &[], &theirs.note(), None).is_err());
    let mut bad = theirs.entries.clone();
    bad[1][9] ^= 1;
    assert!(logs.extend(&did, &bad, &theirs.note(), None).is_err());
    assert!(logs.dids().is_empty());
    logs.extend(&did, &theirs.entries, &theirs.note(), None).unwrap();
    let before = state(&logs, &did);
    theirs.grow(1);
    let mut bad = theirs.entries[3..].to_vec();
    bad[0][9] ^= 1;
    assert!(logs.extend(&did, &bad, &theirs.note(), None).is_err());
    assert!(logs.set_status(&did, &[b"noise".to_vec()]).is_err());
    assert_eq!(state(&logs, &did), before);
    assert_eq!(state(&open(&disk), &did), before);
}

#[test]
fn nothing_that_is_not_on_disk_is_served() {
    for fault in [Fault::NotWritten, Fault::Unacknowledged] {
        let disk = MemoryStore::new().disk();
        let logs = open(&disk);
        let mut theirs = Theirs::new();
        let did = theirs.did;
        logs.extend(&did, &theirs.entries, &theirs.note(), None).unwrap();
        theirs.grow(3);
        disk.fail_after(0, fault);
        let failed = logs.extend(&did, &theirs.entries[3..], &theirs.note(), None);
        assert!(matches!(failed, Err(LogsError::Store(_))));
        // What is shown is what is on disk, also if the disk has more than it said.
        let shown = state(&logs, &did);
        disk.heal();
        assert_eq!(state(&open(&disk), &did), shown);
        let written = u64::from(fault == Fault::Unacknowledged) * 4;
        assert_eq!(shown.0.size.0, 3 + written);
        if fault == Fault::NotWritten {
            logs.extend(&did, &theirs.entries[3..], &theirs.note(), None).unwrap();
        }
        assert_eq!(state(&logs, &did).0, theirs.replica.tree().head());
    }
}

#[test]
fn a_damaged_log_is_told_and_can_be_dropped() {
    let disk = MemoryStore::new().disk();
    let theirs = Theirs::new();
    let did = theirs.did;
    open(&disk).extend(&did, &theirs.entries, &theirs.note(), None).unwrap();
    let store = MemoryStore::open(&disk).unwrap();
    let mut batch = Batch::new();
    batch.put(layout::run(&did, 2), b"noise");
    store.apply(batch).unwrap();
    let opened = Logs::open(Arc::new(store.clone()));
    assert!(matches!(opened, Err(LogsError::Damaged { did: damaged, .. }) if damaged == did));
    assert!(Logs::check(&store, &[]).unwrap()[0].1.is_err());
    Logs::drop_stored(&store, &did).unwrap();
    assert!(open(&disk).dids().is_empty());
}

#[test]
fn ranges_are_bounded_by_count_and_bytes() {
    let logs = open(&MemoryStore::new().disk());
    let mut theirs = Theirs::new();
    theirs.grow(200);
    let did = theirs.did;
    logs.extend(&did, &theirs.entries, &theirs.note(), None).unwrap();
    let count = |from, count, bytes| logs.entries(&did, from, count, bytes).unwrap().len();
    for from in 0..theirs.entries.len() {
        let expected = &theirs.entries[from..theirs.entries.len().min(from + 2)];
        assert_eq!(logs.entries(&did, from as u64, 2, usize::MAX).unwrap(), expected);
    }
    assert_eq!(count(0, usize::MAX, usize::MAX), theirs.entries.len());
    assert_eq!(count(0, 9, 0), 1);
    assert_eq!(count(0, 9, theirs.entries[0].len() + theirs.entries[1].len()), 2);
    assert_eq!(count(theirs.entries.len() as u64, 9, usize::MAX), 0);
    assert_eq!(count(u64::MAX, 9, usize::MAX), 0);
}

#[test]
fn the_proof_of_two_histories_is_kept_once_and_outlasts_a_restart() {
    let disk = MemoryStore::new().disk();
    let mut theirs = Theirs::new();
    let did = theirs.did;
    // The same institution says something else to others.
    let mut other = Theirs::new();
    theirs.grow(3);
    other.grow(1);
    let logs = open(&disk);
    assert!(matches!(logs.accuse(&did, &other.note()), Err(LogsError::UnknownLog(_))));
    logs.extend(&did, &theirs.entries, &theirs.note(), None).unwrap();
    assert!(!logs.accuse(&did, &theirs.note()).unwrap(), "it is the one held");
    assert_eq!(logs.fork(&did), None);
    assert!(logs.accuse(&did, &other.note()).unwrap());
    let proof = logs.fork(&did).unwrap();
    assert_eq!(proof.verify().unwrap().origin, did);
    other.grow(1);
    assert!(!logs.accuse(&did, &other.note()).unwrap(), "one is enough");
    assert_eq!(logs.fork(&did), Some(Arc::clone(&proof)));
    drop(logs);
    assert_eq!(open(&disk).fork(&did), Some(proof));
    // A proof that does not check out any more is damage, not an accusation.
    let store = MemoryStore::open(&disk).unwrap();
    let mut batch = Batch::new();
    batch.put(layout::fork(&did), b"noise");
    store.apply(batch).unwrap();
    assert!(Logs::check(&store, &[]).unwrap()[0].1.is_err());
    let opened = Logs::open(Arc::new(store));
    assert!(matches!(opened, Err(LogsError::Damaged { did: damaged, .. }) if damaged == did));
}

#[test]
fn nobody_is_accused_of_what_was_not_written() {
    let disk = MemoryStore::new().disk();
    let (mut theirs, mut other) = (Theirs::new(), Theirs::new());
    let did = theirs.did;
    theirs.grow(3);
    other.grow(1);
    let logs = open(&disk);
    logs.extend(&did, &theirs.entries, &theirs.note(), None).unwrap();
    disk.fail_after(0, Fault::NotWritten);
    assert!(matches!(logs.accuse(&did, &other.note()), Err(LogsError::Store(_))));
    assert_eq!(logs.fork(&did), None);
}

#[test]
fn a_node_holds_so_many_logs_and_follows_so_many_institutions() {
    let (theirs, other) = (Theirs::new(), Did::of_inception(b"other"));
    let logs = Logs::open(Arc::new(MemoryStore::new())).unwrap();
    logs.extend(&theirs.did, &theirs.entries, &theirs.note(), None).unwrap();
    let log = logs.log(&theirs.did).unwrap();
    let number = |number: usize| Did::of_inception(&number.to_be_bytes());
    write(&logs.logs).remove(&theirs.did);
    write(&logs.logs).extend((0..MAX_LOGS).map(|n| (number(n), Arc::clone(&log))));
    let refused = logs.extend(&theirs.did, &theirs.entries, &theirs.note(), None);
    assert!(matches!(refused, Err(LogsError::TooMany { what: "logs", limit: MAX_LOGS })));
    write(&logs.logs).remove(&number(0));
    logs.extend(&theirs.did, &theirs.entries, &theirs.note(), None).unwrap();

    const NOWHERE: [&str; 0] = [];
    for n in 0..MAX_FOLLOWS {
        logs.follow(&number(n), &NOWHERE).unwrap();
    }
    assert!(matches!(
        logs.follow(&other, &NOWHERE),
        Err(LogsError::TooMany { limit: MAX_FOLLOWS, .. })
    ));
    logs.follow(&number(0), &["/ip4/192.0.2.1/tcp/1"; MAX_FOLLOW_ADDRESSES]).unwrap();
    assert!(matches!(
        logs.follow(&number(0), &["/ip4/192.0.2.1/tcp/1"; MAX_FOLLOW_ADDRESSES + 1]),
        Err(LogsError::TooMany { limit: MAX_FOLLOW_ADDRESSES, .. })
    ));
}

#[test]
fn who_stands_by_follows_an_own_log_that_was_taken_back() {
    let disk = MemoryStore::new().disk();
    let mut theirs = Theirs::new();
    let (did, published) = (theirs.did, theirs.entries.len());
    let note = theirs.note();
    let logs = open(&disk);
    logs.extend(&did, &theirs.entries, &note, None).unwrap();
    logs.resume_own(&did, |_, _| Ok::<_, LogsError>(Appending::default())).unwrap();
    // Stated, committed, and not published.
    let mut alone = Theirs::new();
    let stated = alone.grow(1);
    let append = |replica: &mut Replica| {
        replica.append(&stated);
        Ok::<_, LogsError>(Appending { statements: stated.clone(), ..Appending::default() })
    };
    logs.append_own(&did, append).unwrap();
    let standby = Logs::of_another(Arc::new(MemoryStore::open(&disk).unwrap()));
    standby.read_again().unwrap();
    assert_eq!(standby.get(&did).unwrap().size(), alone.replica.size());

    assert_eq!(logs.set_aside(&did).unwrap(), 1);
    theirs.grow(5);
    logs.extend(&did, &theirs.entries[published..], &theirs.note(), None).unwrap();
    standby.read_again().unwrap();
    assert_eq!(state(&standby, &did), state(&logs, &did));
}
