//! What every store has to do, whatever it stands on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::*;

/// What a store leaves behind when it is dropped.
pub(super) trait Disk {
    type Opened: Store;

    fn open(&self) -> Result<Self::Opened, StoreError>;
}

/// Runs everything, each on a disk of its own.
pub(super) fn run<D: Disk>(fresh: impl Fn() -> D) {
    keys_come_in_byte_order(&fresh());
    prefixes_at_the_edge_of_a_byte(&fresh());
    pages_cover_everything_once(&fresh());
    a_page_is_bounded_in_bytes(&fresh());
    empty_values_are_values(&fresh());
    a_batch_is_applied_entire(&fresh());
    a_refused_batch_leaves_no_trace(&fresh());
    writers_at_the_same_time_all_succeed(&fresh());
    scans_see_whole_batches(&fresh());
    what_exceeds_a_limit_is_refused_entire(&fresh());
    reserved_keys_are_out_of_reach(&fresh());
    data_is_there_after_reopening(&fresh());
    a_newer_format_is_refused(&fresh());
    an_older_format_is_upgraded(&fresh());
    a_store_without_a_format_is_refused(&fresh());
    a_store_that_was_moved_is_refused(&fresh());
    any_sequence_agrees_with_an_ordered_map(&fresh());
}

fn put<S: Store>(store: &S, keys: &[&[u8]]) {
    let mut batch = Batch::new();
    for key in keys {
        batch.put(*key, *key);
    }
    store.apply(batch).unwrap();
}

fn keys<S: Store>(store: &S, prefix: &[u8]) -> Vec<Vec<u8>> {
    store.scan(prefix, None, 100).unwrap().into_iter().map(|(key, _)| key).collect()
}

fn keys_come_in_byte_order(disk: &impl Disk) {
    let store = disk.open().unwrap();
    put(&store, &[b"b", b"a\xff", b"a", b"\xff", b"a\0", b"\x01", b"ab"]);
    let expected: [&[u8]; 7] = [b"\x01", b"a", b"a\0", b"ab", b"a\xff", b"b", b"\xff"];
    assert_eq!(keys(&store, b""), expected);
    assert_eq!(store.last(b"").unwrap().unwrap().0, b"\xff");
    assert_eq!(store.last(b"a").unwrap().unwrap().0, b"a\xff");
    assert_eq!(store.last(b"c").unwrap(), None);
    assert_eq!(store.get(b"ab").unwrap(), Some(b"ab".to_vec()));
    assert_eq!(store.get(b"ac").unwrap(), None);
}

fn prefixes_at_the_edge_of_a_byte(disk: &impl Disk) {
    let store = disk.open().unwrap();
    put(&store, &[b"a\xfe", b"a\xff", b"a\xff\xff", b"b", b"\xff", b"\xff\xff", b"\xff\xff\x01"]);
    let after_a: [&[u8]; 2] = [b"a\xff", b"a\xff\xff"];
    assert_eq!(keys(&store, b"a\xff"), after_a);
    let top: [&[u8]; 2] = [b"\xff\xff", b"\xff\xff\x01"];
    assert_eq!(keys(&store, b"\xff\xff"), top);
    assert_eq!(store.last(b"\xff\xff").unwrap().unwrap().0, b"\xff\xff\x01");
    assert_eq!(store.last(b"a\xff").unwrap().unwrap().0, b"a\xff\xff");
    assert!(keys(&store, b"\xff\xff\xff").is_empty());
}

fn pages_cover_everything_once(disk: &impl Disk) {
    let store = disk.open().unwrap();
    let mut batch = Batch::new();
    let count = MAX_SCAN_ENTRIES + 300;
    for number in 0..u32::try_from(count).unwrap() {
        batch.put([b"k".as_slice(), &number.to_be_bytes()].concat(), number.to_be_bytes());
    }
    batch.put(b"j", b"").put(b"l", b"");
    store.apply(batch).unwrap();

    assert_eq!(store.scan(b"k", None, usize::MAX).unwrap().len(), MAX_SCAN_ENTRIES);
    assert!(store.scan(b"k", None, 0).unwrap().is_empty());
    let page = store.scan(b"k", Some(b"k\0\0\0\x04"), 3).unwrap();
    let numbers: Vec<_> = page.iter().map(|(_, value)| value[3]).collect();
    assert_eq!(numbers, [5, 6, 7]);
    assert!(store.scan(b"k", Some(b"l"), 3).unwrap().is_empty());
    assert_eq!(store.scan(b"k", Some(b"a"), 1).unwrap()[0].0, b"k\0\0\0\0");

    let all: Result<Vec<_>, _> = entries(&store, b"k").collect();
    let all = all.unwrap();
    assert_eq!(all.len(), count);
    assert!(all.is_sorted());
}

fn a_page_is_bounded_in_bytes(disk: &impl Disk) {
    let store = disk.open().unwrap();
    let length = MAX_SCAN_BYTES / 2 - 1;
    for key in [b"k\x01", b"k\x02", b"k\x03"] {
        let mut batch = Batch::new();
        batch.put(*key, vec![key[1]; length]);
        store.apply(batch).unwrap();
    }
    assert_eq!(keys(&store, b"k"), [b"k\x01", b"k\x02"], "three would be too much at once");
    let lengths: Vec<_> = entries(&store, b"k").map(|found| found.unwrap().1.len()).collect();
    assert_eq!(lengths, [length; 3], "and all are there");
}

fn empty_values_are_values(disk: &impl Disk) {
    {
        let store = disk.open().unwrap();
        let mut batch = Batch::new();
        batch.put(b"a", b"").put(b"b", b"b").put(b"c", b"");
        store.apply(batch).unwrap();
    }
    let store = disk.open().unwrap();
    assert_eq!(store.get(b"a").unwrap(), Some(Vec::new()));
    assert_eq!(store.last(b"").unwrap(), Some((b"c".to_vec(), Vec::new())));
    let lengths: Vec<_> = entries(&store, b"").map(|found| found.unwrap().1.len()).collect();
    assert_eq!(lengths, [0, 1, 0]);
}

fn a_refused_batch_leaves_no_trace(disk: &impl Disk) {
    let store = disk.open().unwrap();
    put(&store, &[b"a"]);
    let mut batch = Batch::new();
    batch.delete(b"a").put(b"b", b"").put(b"\0", b"");
    assert!(store.apply(batch).is_err());
    drop(store);
    assert_eq!(keys(&disk.open().unwrap(), b""), [b"a"]);
}

fn writers_at_the_same_time_all_succeed(disk: &impl Disk) {
    const WRITERS: u8 = 4;
    const BATCHES: u8 = 10;
    let store = disk.open().unwrap();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                for number in 0..BATCHES {
                    let mut batch = Batch::new();
                    batch.put([b'k', writer, number], [number]).put([b'c', writer], [number]);
                    store.apply(batch).unwrap();
                    let seen = store.get(&[b'c', writer]).unwrap();
                    assert_eq!(seen, Some(Vec::from([number])), "one's own write is seen");
                }
            });
        }
    });
    assert_eq!(entries(&store, b"k").count(), usize::from(WRITERS * BATCHES));
}

fn a_batch_is_applied_entire(disk: &impl Disk) {
    let store = disk.open().unwrap();
    put(&store, &[b"old", b"kept"]);
    let mut batch = Batch::new();
    batch.put(b"new", b"1").delete(b"old").delete(b"never there").put(b"new", b"2");
    store.apply(batch).unwrap();
    assert_eq!(store.get(b"new").unwrap(), Some(b"2".to_vec()), "the last change counts");
    assert_eq!(store.get(b"old").unwrap(), None);
    assert_eq!(store.get(b"kept").unwrap(), Some(b"kept".to_vec()));
    store.apply(Batch::new()).unwrap();
}

fn scans_see_whole_batches(disk: &impl Disk) {
    const WIDTH: u8 = 40;
    let store = disk.open().unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..30u8 {
                let mut batch = Batch::new();
                for column in 0..WIDTH {
                    batch.put([b'k', column], [round]);
                }
                store.apply(batch).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            let seen = store.scan(b"k", None, 100).unwrap();
            assert!(seen.is_empty() || seen.len() == usize::from(WIDTH));
            assert!(seen.windows(2).all(|pair| pair[0].1 == pair[1].1), "half a batch: {seen:?}");
        }
    });
}

fn what_exceeds_a_limit_is_refused_entire(disk: &impl Disk) {
    let store = disk.open().unwrap();
    for (key, value) in
        [(vec![b'k'; MAX_KEY_BYTES + 1], Vec::new()), (b"k".to_vec(), vec![0; MAX_VALUE_BYTES + 1])]
    {
        let mut batch = Batch::new();
        batch.put(b"good", b"").put(key, value);
        assert!(matches!(store.apply(batch), Err(StoreError::TooLarge { .. })));
    }
    let mut batch = Batch::new();
    for key in 1..=5u8 {
        batch.put([key], vec![0; MAX_VALUE_BYTES]);
    }
    assert!(matches!(
        store.apply(batch),
        Err(StoreError::TooLarge { what: "batch", limit: MAX_BATCH_BYTES, .. })
    ));
    assert!(keys(&store, b"").is_empty());
    let mut batch = Batch::new();
    batch.put([b'k'; MAX_KEY_BYTES], vec![1; MAX_VALUE_BYTES]);
    store.apply(batch).unwrap();
    assert_eq!(store.last(b"k").unwrap().unwrap().1, vec![1; MAX_VALUE_BYTES]);
}

fn reserved_keys_are_out_of_reach(disk: &impl Disk) {
    let store = disk.open().unwrap();
    for key in [b"".as_slice(), b"\0", b"\0format"] {
        let mut batch = Batch::new();
        batch.put(b"good", b"").put(key, b"");
        assert!(matches!(store.apply(batch), Err(StoreError::ReservedKey)));
        let mut batch = Batch::new();
        batch.delete(key);
        assert!(matches!(store.apply(batch), Err(StoreError::ReservedKey)));
    }
    assert!(keys(&store, b"").is_empty());
    assert_eq!(store.last(b"").unwrap(), None);
}

fn data_is_there_after_reopening(disk: &impl Disk) {
    let large = vec![7; 400_000];
    {
        let store = disk.open().unwrap();
        put(&store, &[b"a", b"b"]);
        let mut batch = Batch::new();
        batch.put(b"large", large.clone()).delete(b"a");
        store.apply(batch).unwrap();
    }
    let store = disk.open().unwrap();
    assert_eq!(store.get(b"a").unwrap(), None);
    assert_eq!(store.get(b"b").unwrap(), Some(b"b".to_vec()));
    assert_eq!(store.get(b"large").unwrap(), Some(large));
}

fn a_newer_format_is_refused(disk: &impl Disk) {
    disk.open().unwrap().apply(Batch::format(FORMAT_VERSION + 1)).unwrap();
    let Err(error) = disk.open() else { panic!("opened a newer format") };
    assert!(matches!(error, StoreError::NewerVersion { found: 3, supported: 2 }));
    assert_eq!(error.to_string(), "the database has format 3; this version reads up to 2");
}

fn an_older_format_is_upgraded(disk: &impl Disk) {
    {
        let store = disk.open().unwrap();
        put(&store, &[b"a"]);
        store.apply(Batch::format(1)).unwrap();
    }
    for _ in 0..2 {
        let store = disk.open().unwrap();
        assert_eq!(store.get(FORMAT_KEY).unwrap(), Some(FORMAT_VERSION.to_be_bytes().to_vec()));
        assert_eq!(keys(&store, b""), [b"a"]);
    }
    let mut batch = Batch::format(0);
    batch.put(b"b", b"");
    disk.open().unwrap().apply(batch).unwrap();
    assert!(matches!(disk.open(), Err(StoreError::Corrupt { .. })), "there never was a format 0");
}

fn a_store_without_a_format_is_refused(disk: &impl Disk) {
    let store = disk.open().unwrap();
    put(&store, &[b"a"]);
    let mut batch = Batch { writes_reserved: true, ..Batch::default() };
    batch.delete(FORMAT_KEY);
    store.apply(batch).unwrap();
    drop(store);
    assert!(matches!(disk.open(), Err(StoreError::Corrupt { .. })));
}

fn a_store_that_was_moved_is_refused(disk: &impl Disk) {
    disk.open().unwrap().apply(Batch::moved("elsewhere")).unwrap();
    let Err(error) = disk.open() else { panic!("opened a copy that was left behind") };
    assert!(matches!(&error, StoreError::Moved { to } if to == "elsewhere"));
}

/// Random writes, deletions and scans over a small key space, compared after every step.
fn any_sequence_agrees_with_an_ordered_map(disk: &impl Disk) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    const BYTES: [u8; 4] = [1, b'a', 0xfe, 0xff];
    let key = move |shortest: u64, random: &mut dyn FnMut(u64) -> u64| {
        let length = shortest + random(3);
        (0..length).map(|_| BYTES[usize::try_from(random(4)).unwrap()]).collect::<Vec<u8>>()
    };
    let mut model = BTreeMap::new();
    let mut store = disk.open().unwrap();
    for step in 0..200 {
        let mut batch = Batch::new();
        for _ in 0..random(6) {
            let key = key(1, &mut random);
            if random(3) == 0 {
                batch.delete(key.clone());
                model.remove(&key);
            } else {
                let value = vec![u8::try_from(step).unwrap(); usize::try_from(random(40)).unwrap()];
                batch.put(key.clone(), value.clone());
                model.insert(key, value);
            }
        }
        store.apply(batch).unwrap();
        if step % 50 == 49 {
            drop(store);
            store = disk.open().unwrap();
        }
        let prefix = key(0, &mut random);
        let after = (random(2) == 0).then(|| key(1, &mut random));
        let limit = usize::try_from(random(8)).unwrap();
        let expected: Vec<Entry> = model
            .iter()
            .filter(|(key, _)| key.starts_with(&prefix))
            .filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        assert_eq!(store.scan(&prefix, after.as_deref(), limit).unwrap(), expected);
        let expected = model.iter().rfind(|(key, _)| key.starts_with(&prefix));
        let expected = expected.map(|(key, value)| (key.clone(), value.clone()));
        assert_eq!(store.last(&prefix).unwrap(), expected);
    }
}
