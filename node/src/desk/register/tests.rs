use std::collections::BTreeSet;
use std::time::Duration;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use zeroize::Zeroizing;

use super::*;
use crate::store::entries;
use crate::store::memory::{Fault, MemoryStore};
use crate::store::sled::{SledOptions, SledStore};

const RNG: UnwrapErr<SysRng> = UnwrapErr(SysRng);
const LIST: u32 = 7;
const CAPACITY: u32 = 1 << 17;

fn key(byte: u8) -> RegisterKey {
    RegisterKey::from_bytes(Zeroizing::new([byte; 32]))
}

fn open(store: &MemoryStore) -> Register {
    Register::open(Arc::new(store.clone()), &key(1)).unwrap()
}

/// A record whose fields all follow from `number`.
fn record(number: u8, index: u32) -> IssuingRecord {
    IssuingRecord {
        record: RecordId::from_bytes([number; 16]),
        label: RowLabel::parse(&format!("row {number}: Marisol Añonuevo")).unwrap(),
        credential: [number ^ 0x55; 16],
        credential_digest: [number; 32],
        status_list: LIST,
        status_index: index,
        batch: [0xbb; 32],
        issued_at: 1_800_000_000,
        expires_at: 1_900_000_000,
        state: RecordState::Valid,
    }
}

fn issue(register: &Register, numbers: std::ops::Range<u8>) -> Vec<IssuingRecord> {
    let indexes = register.allocate_many(LIST, CAPACITY, numbers.len(), &mut RNG.clone()).unwrap();
    let records: Vec<_> = numbers.zip(indexes).map(|(n, index)| record(n, index)).collect();
    register.put(&records).unwrap();
    records
}

fn states(register: &Register) -> BTreeMap<u32, RecordState> {
    register.states_of_list(LIST).map(Result::unwrap).collect()
}

#[test]
fn a_recorded_batch_is_found_by_record_and_by_credential() {
    let register = open(&MemoryStore::new());
    let records = issue(&register, 0..25);
    for record in &records {
        assert_eq!(register.find_by_record(&record.record).unwrap().as_ref(), Some(record));
        assert_eq!(register.find_by_credential(&record.credential).unwrap().as_ref(), Some(record));
    }
    assert_eq!(register.find_by_record(&RecordId::from_bytes([99; 16])).unwrap(), None);
    assert_eq!(register.find_by_credential(&[99; 16]).unwrap(), None);
    let all: Vec<_> = register.iter(usize::MAX).map(|found| found.unwrap().record).collect();
    assert_eq!(all.len(), 25);
    assert_eq!(
        all.iter().collect::<BTreeSet<_>>(),
        records.iter().map(|record| &record.record).collect()
    );
    assert_eq!(register.iter(3).count(), 3);
}

#[test]
fn it_survives_a_restart_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let open = || {
        let options =
            SledOptions { lock_patience: Duration::from_secs(60), ..SledOptions::default() };
        Register::open(Arc::new(SledStore::open(directory.path(), &options).unwrap()), &key(1))
            .unwrap()
    };
    let register = open();
    let records = issue(&register, 0..5);
    register.set_state(&records[2].record, RecordState::Suspended).unwrap();
    drop(register);
    let register = open();
    let found = register.find_by_record(&records[2].record).unwrap().unwrap();
    assert_eq!(found, IssuingRecord { state: RecordState::Suspended, ..records[2].clone() });
    assert_eq!(states(&register).len(), 5);
}

#[test]
fn an_index_is_never_given_twice_also_after_a_restart() {
    const SMALL: u32 = 100;
    let store = MemoryStore::new();
    let mut seen = BTreeSet::new();
    for _ in 0..10 {
        // Each round is a restart, and records nothing under what it took.
        let register = open(&store);
        for _ in 0..10 {
            let index = register.allocate(LIST, SMALL, &mut RNG.clone()).unwrap();
            assert!(index < SMALL);
            assert!(seen.insert(index), "{index} was given twice");
        }
    }
    assert_eq!(seen.len(), 100);
    let full = open(&store).allocate(LIST, SMALL, &mut RNG.clone());
    assert!(matches!(full, Err(RegisterError::ListFull { list: LIST, capacity: SMALL })));
    assert!(states(&open(&store)).is_empty());
    // Another list has indexes of its own.
    open(&store).allocate(LIST + 1, SMALL, &mut RNG.clone()).unwrap();
}

#[test]
fn concurrent_clerks_never_share_an_index() {
    let register = open(&MemoryStore::new());
    let taken = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let some = register.allocate_many(LIST, 200, 10, &mut RNG.clone()).unwrap();
                    taken.lock().unwrap().extend(some);
                }
            });
        }
    });
    let taken = taken.into_inner().unwrap();
    assert_eq!(taken.len(), 200);
    assert_eq!(taken.into_iter().collect::<BTreeSet<_>>().len(), 200);
}

#[test]
fn too_many_indexes_are_refused_and_none_is_taken() {
    let register = open(&MemoryStore::new());
    register.allocate_many(LIST, 130, 100, &mut RNG.clone()).unwrap();
    let refused = register.allocate_many(LIST, 130, 31, &mut RNG.clone());
    assert!(matches!(refused, Err(RegisterError::ListFull { .. })));
    assert_eq!(register.allocate_many(LIST, 130, 30, &mut RNG.clone()).unwrap().len(), 30);
    let refused = register.allocate_many(LIST, CAPACITY, MAX_RECORDS_AT_ONCE + 1, &mut RNG.clone());
    assert!(matches!(refused, Err(RegisterError::TooMany { .. })));
    assert!(matches!(
        register.allocate(LIST, MAX_LIST_ENTRIES + 1, &mut RNG.clone()),
        Err(RegisterError::TooMany { .. })
    ));
    assert!(register.allocate(LIST + 1, 0, &mut RNG.clone()).is_err());
}

#[test]
fn indexes_are_spread_over_the_list() {
    let register = open(&MemoryStore::new());
    let taken = register.allocate_many(LIST, 1 << 12, 512, &mut RNG.clone()).unwrap();
    assert!(!taken.is_sorted());
    for eighth in 0..8 {
        // 64 are expected; the chance of fewer than 16 is below 10^-11.
        let here = taken.iter().filter(|index| **index / 512 == eighth).count();
        assert!(here >= 16, "{here} in part {eighth}");
    }
}

#[test]
fn a_batch_with_one_bad_record_records_nothing() {
    let register = open(&MemoryStore::new());
    let recorded = issue(&register, 0..1).remove(0);
    let free = register.allocate_many(LIST, CAPACITY, 2, &mut RNG.clone()).unwrap();
    let good = record(10, free[0]);
    let never = (0..).find(|i| *i != recorded.status_index && !free.contains(i)).unwrap();

    let refused = |bad: IssuingRecord| register.put(&[good.clone(), bad]).unwrap_err();
    assert!(matches!(refused(record(11, never)), RegisterError::NotAllocated { .. }));
    let taken = refused(record(11, recorded.status_index));
    assert!(matches!(taken, RegisterError::IndexTaken { .. }));
    assert!(matches!(refused(record(11, free[0])), RegisterError::IndexTaken { .. }));
    assert!(matches!(refused(record(10, free[1])), RegisterError::AlreadyRecorded { .. }));
    assert!(matches!(refused(record(0, free[1])), RegisterError::AlreadyRecorded { .. }));
    let again = IssuingRecord { credential: recorded.credential, ..record(11, free[1]) };
    assert!(matches!(refused(again), RegisterError::AlreadyRecorded { .. }));

    assert_eq!(register.find_by_record(&good.record).unwrap(), None);
    assert_eq!(states(&register).len(), 1);
    register.put(&[good, record(11, free[1])]).unwrap();
    assert_eq!(states(&register).len(), 3);
}

#[test]
fn a_failed_write_leaves_no_half_record() {
    let store = MemoryStore::new();
    let register = open(&store);
    let free = register.allocate_many(LIST, CAPACITY, 2, &mut RNG.clone()).unwrap();
    store.disk().fail_after(0, Fault::NotWritten);
    let records = [record(1, free[0]), record(2, free[1])];
    assert!(matches!(register.put(&records), Err(RegisterError::Store(_))));
    store.disk().heal();
    assert_eq!(register.iter(9).count(), 0);
    register.put(&records).unwrap();
}

#[test]
fn states_change_together_and_invalid_is_final() {
    use RecordState::{Invalid, Suspended, Valid};
    let register = open(&MemoryStore::new());
    let records = issue(&register, 0..3);
    let [a, b, c] = [0, 1, 2].map(|n| records[n].record);
    assert_eq!(register.set_state(&a, Suspended).unwrap(), Valid);
    assert_eq!(register.set_state(&a, Valid).unwrap(), Suspended);
    assert_eq!(register.set_states(&[(a, Invalid), (b, Suspended)]).unwrap(), [Valid, Valid]);

    let back = register.set_states(&[(c, Suspended), (a, Valid)]);
    assert!(matches!(back, Err(RegisterError::Final { record }) if record == a));
    let within = register.set_states(&[(c, Invalid), (c, Valid)]);
    assert!(matches!(within, Err(RegisterError::Final { record }) if record == c));
    let unknown = RecordId::from_bytes([99; 16]);
    let refused = register.set_states(&[(c, Invalid), (unknown, Invalid)]);
    assert!(matches!(refused, Err(RegisterError::UnknownRecord { record }) if record == unknown));

    let expected = [Invalid, Suspended, Valid];
    let shown = states(&register);
    assert_eq!([0, 1, 2].map(|n| shown[&records[n].status_index]), expected);
    assert_eq!(register.find_by_record(&a).unwrap().unwrap().state, Invalid);
    assert_eq!(expected.map(RecordState::value), [1, 2, 0]);
}

#[test]
fn a_wrong_key_is_named() {
    let store = MemoryStore::new();
    drop(issue(&open(&store), 0..2));
    let refused = Register::open(Arc::new(store.clone()), &key(2));
    assert!(matches!(refused, Err(RegisterError::WrongKey)));
    assert_eq!(open(&store).iter(9).count(), 2);
}

#[test]
fn a_store_that_holds_something_else_is_refused() {
    let store = MemoryStore::new();
    let mut batch = Batch::new();
    batch.put(b"other", b"");
    store.apply(batch).unwrap();
    let refused = Register::open(Arc::new(store), &key(1));
    assert!(matches!(refused, Err(RegisterError::Damaged { .. })));
}

#[test]
fn what_is_altered_or_moved_at_rest_is_noticed() {
    let store = MemoryStore::new();
    let records = issue(&open(&store), 0..2);
    let pristine: Vec<_> = entries(&store, b"").map(Result::unwrap).collect();
    let of_kind = |kind: u8| pristine.iter().filter(move |(key, _)| key[0] == kind);
    let mut damages = Vec::new();
    for kind in *b"rcs" {
        let (key, value) = of_kind(kind).next().unwrap().clone();
        // One bit changed; the value of another place; the entry gone.
        let mut flipped = value.clone();
        *flipped.last_mut().unwrap() ^= 1;
        damages.push((key.clone(), Some(flipped)));
        damages.push((key.clone(), Some(of_kind(kind).nth(1).unwrap().1.clone())));
        damages.push((key.clone(), Some(value[..20].to_vec())));
        if kind != b'c' {
            damages.push((key, None));
        }
    }
    for (key, value) in damages {
        let mut batch = Batch::new();
        match value {
            Some(value) => batch.put(key.clone(), value),
            None => batch.delete(key.clone()),
        };
        store.apply(batch).unwrap();
        let register = open(&store);
        let noticed = records.iter().any(|record| {
            let found = register.find_by_credential(&record.credential);
            matches!(found, Err(RegisterError::Damaged { .. }))
        });
        assert!(noticed, "not noticed in {:?}", key[0] as char);
        let mut batch = Batch::new();
        for (key, value) in &pristine {
            batch.put(key.clone(), value.clone());
        }
        store.apply(batch).unwrap();
    }
}

#[test]
fn nothing_of_a_record_shows_at_rest() {
    let store = MemoryStore::new();
    let register = open(&store);
    let index = register.allocate(0x0102_0304, 0x20_0000, &mut RNG.clone()).unwrap();
    let record = IssuingRecord { status_list: 0x0102_0304, ..record(0x41, index) };
    register.put(std::slice::from_ref(&record)).unwrap();
    let mut at_rest = Vec::new();
    for found in entries(&store, b"") {
        let (key, value) = found.unwrap();
        at_rest.extend([key, value].concat());
    }
    let shows = |needle: &[u8]| at_rest.windows(needle.len()).any(|window| window == needle);
    for needle in [
        record.record.as_bytes().as_slice(),
        &record.credential,
        &record.credential_digest,
        &record.batch,
        record.label.as_str().as_bytes(),
        b"Marisol",
        record.record.to_string().as_bytes(),
        &record.issued_at.to_be_bytes(),
        &record.status_list.to_be_bytes(),
    ] {
        assert!(!shows(needle), "{needle:02x?} shows");
    }
    assert!(shows(&store.last(b"r").unwrap().unwrap().1), "the search finds what is there");
}

#[test]
fn records_have_one_length_and_one_value_is_sealed_differently_each_time() {
    let store = MemoryStore::new();
    let register = open(&store);
    let free = register.allocate_many(LIST, CAPACITY, 2, &mut RNG.clone()).unwrap();
    let label = |text: &str| RowLabel::parse(text).unwrap();
    let long = "é".repeat(MAX_LABEL_BYTES / 2);
    let short = IssuingRecord { label: label(""), ..record(1, free[0]) };
    let long = IssuingRecord { label: label(&long), ..record(2, free[1]) };
    register.put(&[short.clone(), long.clone()]).unwrap();
    let lengths: BTreeSet<_> = entries(&store, b"r").map(|found| found.unwrap().1.len()).collect();
    assert_eq!(lengths.len(), 1);
    assert_eq!(register.find_by_record(&short.record).unwrap(), Some(short.clone()));
    assert_eq!(register.find_by_record(&long.record).unwrap(), Some(long));

    let slots = || entries(&store, b"s").map(Result::unwrap).collect::<BTreeSet<_>>();
    let before = slots();
    register.set_state(&short.record, RecordState::Valid).unwrap();
    assert_eq!(before.intersection(&slots()).count(), 1);
}

#[test]
fn labels_and_record_ids_are_parsed_strictly() {
    assert_eq!(RowLabel::parse(&"x".repeat(201)), Err(RowLabelError { bytes: 201 }));
    let id = RecordId::from_bytes([0xab; 16]);
    assert_eq!(RecordId::parse(&id.to_string()), Ok(id));
    for bad in ["", "ab", &"AB".repeat(16), &"ab".repeat(17), &"zz".repeat(16)] {
        assert_eq!(RecordId::parse(bad), Err(RecordIdError), "{bad}");
    }
}

#[test]
fn debug_output_names_no_worker_and_no_key() {
    let record = record(3, 4);
    let shown = format!("{record:?} {:?} {:?}", record.label, key(0xaa));
    assert!(!shown.contains("Marisol") && !shown.contains("170") && !shown.contains("aa"));
}
