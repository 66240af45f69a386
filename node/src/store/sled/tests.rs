use std::io::{BufRead, BufReader, Seek};
use std::process::{Command, Stdio};
use std::sync::Arc;

use super::super::conformance::{self, Disk};
use super::super::entries;
use super::*;

impl Disk for tempfile::TempDir {
    type Opened = SledStore;

    fn open(&self) -> Result<SledStore, StoreError> {
        open(self.path())
    }
}

fn open(directory: &Path) -> Result<SledStore, StoreError> {
    SledStore::open(directory, &SledOptions::default())
}

fn one(key: impl Into<Vec<u8>>) -> Batch {
    let mut batch = Batch::new();
    batch.put(key, b"value");
    batch
}

/// Waits for `condition`, which a thread or process that runs already brings about.
fn wait_until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "did not happen in a minute");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_sled_store_conforms() {
    conformance::run(|| tempfile::tempdir().unwrap());
}

#[test]
fn batches_that_come_while_the_disk_is_busy_share_one_sync() {
    const FOLLOWERS: u8 = 8;
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open(directory.path()).unwrap());
    let (syncs, applied) = (store.syncs(), lock(&store.commit).sum.batch);

    // Whoever syncs needs the files: keeping them is a disk that takes its time.
    let busy = lock(&store.files);
    let apply = |key| {
        let store = Arc::clone(&store);
        thread::spawn(move || store.apply(one([key])).unwrap())
    };
    let leader = apply(b'l');
    wait_until(|| lock(&store.commit).syncing);
    let followers: Vec<_> = (1..=FOLLOWERS).map(apply).collect();
    wait_until(|| lock(&store.commit).sum.batch == applied + 1 + u64::from(FOLLOWERS));
    assert!(followers.iter().all(|follower| !follower.is_finished()), "acknowledged too early");
    drop(busy);

    leader.join().unwrap();
    for follower in followers {
        follower.join().unwrap();
    }
    assert_eq!(store.syncs() - syncs, 2);
}

#[test]
fn every_batch_applied_alone_is_synced() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    let before = store.syncs();
    for key in 1..=5u8 {
        store.apply(one([key])).unwrap();
    }
    assert_eq!(store.syncs() - before, 5);
}

#[test]
fn no_write_is_taken_after_one_that_failed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path()).unwrap();
    store.apply(one(*b"before")).unwrap();
    fs::rename(directory.path().join("blobs"), directory.path().join("away")).unwrap();
    assert!(matches!(store.apply(one(*b"during")), Err(StoreError::Io { doing: "write", .. })));
    fs::rename(directory.path().join("away"), directory.path().join("blobs")).unwrap();
    assert!(matches!(store.apply(one(*b"after")), Err(StoreError::Stopped { .. })));
    assert!(store.get(b"before").unwrap().is_some());
    drop(store);
    let store = open(directory.path()).unwrap();
    assert!(store.get(b"before").unwrap().is_some());
    assert!(store.get(b"after").unwrap().is_none());
    store.apply(one(*b"after")).unwrap();
}

#[test]
fn a_database_in_use_is_refused_and_then_opened_once_it_is_free() {
    let directory = tempfile::tempdir().unwrap();
    let holder = open(directory.path()).unwrap();
    let options = SledOptions { lock_patience: Duration::ZERO, ..SledOptions::default() };
    let refused = SledStore::open(directory.path(), &options);
    let Err(StoreError::Locked { path, hint }) = refused else { panic!("opened twice") };
    assert_eq!(path, directory.path());
    assert!(!hint.is_empty());

    let path = directory.path().to_owned();
    let options = SledOptions { lock_patience: Duration::from_secs(60), ..options };
    let waiting = thread::spawn(move || SledStore::open(&path, &options).map(drop));
    drop(holder);
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_directory_that_cannot_be_created_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, b"").unwrap();
    for path in [file.clone(), file.join("below")] {
        let Err(error) = open(&path) else { panic!("opened {path:?}") };
        assert!(matches!(error, StoreError::NoDirectory { .. }));
        assert_eq!(error.to_string(), format!("cannot create directory {}", path.display()));
    }
}

#[cfg(unix)]
#[test]
fn a_new_directory_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data").join("store");
    drop(open(&path).unwrap());
    for path in [path.as_path(), path.parent().unwrap()] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}

#[test]
fn a_database_that_lost_its_content_is_not_taken_for_a_new_one() {
    for damage in [(|file: &mut File| file.set_len(0).unwrap()) as fn(&mut File), |file| {
        let noise: Vec<u8> = (0..50_000u32).map(|n| ((n * n) >> 3) as u8).collect();
        file.rewind().unwrap();
        file.write_all(&noise).unwrap();
    }] {
        let directory = tempfile::tempdir().unwrap();
        open(directory.path()).unwrap().apply(one(*b"key")).unwrap();
        // sled also keeps what it found when it was last opened.
        for found in fs::read_dir(directory.path()).unwrap() {
            let path = found.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with("snap.") {
                fs::remove_file(path).unwrap();
            }
        }
        damage(&mut File::options().write(true).open(directory.path().join("db")).unwrap());
        assert!(matches!(open(directory.path()), Err(StoreError::Corrupt { .. })));
    }
}

/// Fills a database with what a node keeps: small and large values, in many batches.
fn fill(directory: &Path) -> Vec<Entry> {
    let store = open(directory).unwrap();
    for number in 0..60u32 {
        let mut batch = Batch::new();
        let noise = |seed: u32, length: u32| -> Vec<u8> {
            (0..length).map(|n| ((n ^ seed).wrapping_mul(2_654_435_761) >> 24) as u8).collect()
        };
        batch.put(killed_key(number, 0), noise(number, 900));
        if number % 20 == 0 {
            batch.put(killed_key(number, 1), noise(number, 600_000));
        }
        store.apply(batch).unwrap();
    }
    entries(&store, b"").collect::<Result<_, _>>().unwrap()
}

/// Damages a file at a place that the number chooses.
fn damage(path: &Path, number: u64) {
    use std::io::Read as _;
    let mut file = File::options().read(true).write(true).open(path).unwrap();
    let size = file.metadata().unwrap().len();
    if number.is_multiple_of(4) {
        return file.set_len(number * 7919 % size).unwrap();
    }
    let at = io::SeekFrom::Start(number * 2_654_435_761 % size);
    let mut bytes = [0; 16];
    file.seek(at).unwrap();
    let length = file.read(&mut bytes).unwrap();
    file.seek(at).unwrap();
    file.write_all(&bytes[..length].iter().map(|byte| byte ^ 0x55).collect::<Vec<_>>()).unwrap();
}

#[test]
fn what_was_written_is_all_there_or_the_damage_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let original = parent.path().join("original");
    let written = fill(&original);
    let blob = fs::read_dir(original.join("blobs")).unwrap().next().unwrap().unwrap().file_name();
    let mut named = 0;
    for number in 1..=80u64 {
        let copy = parent.path().join(number.to_string());
        assert!(Command::new("cp").arg("-r").args([&original, &copy]).status().unwrap().success());
        // sled also keeps what it found when it was last opened.
        let found = fs::read_dir(&copy).unwrap().map(|found| found.unwrap().path());
        for path in found.filter(|path| path.to_string_lossy().contains("snap.")) {
            if number.is_multiple_of(2) {
                fs::remove_file(path).unwrap();
            }
        }
        let file = match number % 5 {
            0 => copy.join("blobs").join(&blob),
            _ => copy.join("db"),
        };
        damage(&file, number);
        match open(&copy) {
            Ok(store) => {
                let found: Result<Vec<_>, _> = entries(&store, b"").collect();
                assert_eq!(found.unwrap(), written, "damage {number} is not told");
            }
            Err(error) => {
                let StoreError::Corrupt { detail } = &error else { panic!("{error}") };
                assert!(detail.starts_with(&copy.display().to_string()), "{detail}");
                named += 1;
            }
        }
    }
    // Some places are not in use.
    assert!(named > 40, "only {named} are told");
}

#[test]
fn a_database_of_the_first_format_is_upgraded_and_protected_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    {
        let db = Config::new().path(directory.path()).open().unwrap();
        db.insert(b"\0format", &1u32.to_be_bytes()).unwrap();
        for number in 0..20u8 {
            db.insert([b'k', number], vec![number; 5000]).unwrap();
        }
        db.flush().unwrap();
        fs::write(directory.path().join(MARKER), b"").unwrap();
    }
    let store = open(directory.path()).unwrap();
    assert_eq!(entries(&store, b"k").count(), 20);
    assert_eq!(store.get(FORMAT_KEY).unwrap(), Some(2u32.to_be_bytes().to_vec()));
    let before = lock(&store.commit).sum;
    drop(store);
    {
        let db = Config::new().path(directory.path()).open().unwrap();
        db.remove([b'k', 3]).unwrap();
        db.flush().unwrap();
    }
    let Err(StoreError::Corrupt { detail }) = open(directory.path()) else {
        panic!("an entry is missing")
    };
    assert!(detail.contains("20 entries, not the 21"), "{detail}");
    assert_eq!(before.batch, 1);
}

#[test]
fn a_full_disk_is_told_from_other_failures() {
    let path = Path::new("somewhere");
    let full = SledError::Io(ErrorKind::StorageFull.into());
    assert!(matches!(store_error("write", path, full), StoreError::Full { .. }));
    let other = SledError::Io(ErrorKind::PermissionDenied.into());
    assert!(matches!(store_error("write", path, other), StoreError::Io { .. }));
}

/// Directory in which this test binary, run as a child, writes until it is killed.
const CHILD: &str = "CARNET_TEST_STORE_CHILD";
/// Keys of one batch in the test that kills.
const WIDTH: u32 = 12;

fn killed_batch(number: u32) -> Batch {
    let mut batch = Batch::new();
    for column in 0..WIDTH {
        // Every tenth batch has values that sled keeps in files of their own.
        let length = if number % 10 == 9 { 40_000 } else { 700 };
        let value = [number.to_be_bytes().as_slice(), &vec![column as u8; length]].concat();
        batch.put(killed_key(number, column), value);
    }
    if let Some(old) = number.checked_sub(50) {
        for column in 0..WIDTH {
            batch.delete(killed_key(old, column));
        }
    }
    batch
}

fn killed_key(number: u32, column: u32) -> Vec<u8> {
    [b"k".as_slice(), &number.to_be_bytes(), &column.to_be_bytes()].concat()
}

/// Number of the next batch, after checking that every batch is there entire or not at all, and
/// that deletions came with the batch that made them.
fn next_number(store: &SledStore) -> u32 {
    let mut columns = std::collections::BTreeMap::<u32, u32>::new();
    for found in entries(store, b"k") {
        let (key, value) = found.unwrap();
        let number = u32::from_be_bytes(key[1..5].try_into().unwrap());
        assert_eq!(value[..4], number.to_be_bytes());
        *columns.entry(number).or_default() += 1;
    }
    assert!(columns.values().all(|found| *found == WIDTH), "half a batch: {columns:?}");
    let Some((&last, _)) = columns.last_key_value() else { return 0 };
    let expected: Vec<u32> = (last.saturating_sub(49)..=last).collect();
    assert_eq!(columns.into_keys().collect::<Vec<_>>(), expected);
    last + 1
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_no_batch_is_half_there() {
    if let Some(directory) = std::env::var_os(CHILD) {
        let store = open(Path::new(&directory)).unwrap();
        for number in next_number(&store).. {
            store.apply(killed_batch(number)).unwrap();
            let mut out = io::stdout().lock();
            writeln!(out, "\nack {number}").unwrap();
            out.flush().unwrap();
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let name = thread::current().name().unwrap().to_owned();
    let mut acknowledged = None;
    for round in 0..5usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name, "--nocapture"])
            .env(CHILD, directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut numbers = lines.map_while(Result::ok).filter_map(|line| {
            line.strip_prefix("ack ").map(|number| number.parse::<u32>().unwrap())
        });
        // Killed at a different point each time, always in the middle of something.
        acknowledged = Some(numbers.nth(30 + 7 * round).expect("the child died by itself"));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = numbers.last().or(acknowledged);

        let store = open(directory.path()).unwrap();
        let next = next_number(&store);
        assert!(next > acknowledged.unwrap(), "{acknowledged:?} was acknowledged, {next} is next");
    }
    assert!(acknowledged.unwrap() > 150);
    let blobs = fs::read_dir(directory.path().join("blobs")).unwrap().count();
    assert!(blobs > 0, "large values were not among what was killed");
}
