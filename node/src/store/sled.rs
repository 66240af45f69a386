//! The store on a local disk. No other file names sled.

use std::cell::Cell;
use std::collections::HashSet;
use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use ::sled::{Batch as SledBatch, Config, Db, Error as SledError, IVec};

use super::{
    Batch, Entry, FORMAT_KEY, Store, StoreError, check_format, check_format_value, key_range, page,
};

mod sum;

use sum::{SUM_KEY, Sequence, Sum};

/// Memory for pages that were read, unless the caller says otherwise, in bytes.
pub const DEFAULT_CACHE_BYTES: u64 = 16 << 20;

/// How long a lock is waited for, unless the caller says otherwise: after a kill the operating
/// system needs a moment to free it.
pub const DEFAULT_LOCK_PATIENCE: Duration = Duration::from_secs(5);

/// Bytes of a value for each look at its page. sled parts its pages among 256 caches, and lets one go
/// only after 64 looks at the pages of that cache. With one look for a value of many KiB thousands of
/// pages would stay in memory, whatever [`SledOptions::cache_bytes`] says.
const BYTES_PER_LOOK: usize = 1024;

/// Says, in a directory, that its database was in use: sled takes one that lost its first bytes
/// for a new one.
const MARKER: &str = "carnet-store";

/// The first format that has sums.
const SUMS_SINCE: u32 = 2;

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct SledOptions {
    /// Memory for pages that were read, in bytes.
    pub cache_bytes: u64,
    /// How long a lock held by another process is waited for.
    pub lock_patience: Duration,
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { cache_bytes: DEFAULT_CACHE_BYTES, lock_patience: DEFAULT_LOCK_PATIENCE }
    }
}

/// A database that has a directory to itself.
///
/// Batches applied at the same time share one `fsync` (group commit).
pub struct SledStore {
    db: Db,
    path: PathBuf,
    /// Held for writing while a batch goes in, so that a scan sees all of it or nothing.
    order: RwLock<()>,
    commit: Mutex<Commit>,
    committed: Condvar,
    files: Mutex<Files>,
    /// First failure of a write. What is on disk is then unknown until the store is opened anew.
    failure: OnceLock<String>,
    syncs: AtomicU64,
}

/// Batches are numbered in the order they go in, from the first of the database on.
#[derive(Default)]
struct Commit {
    /// Of everything applied.
    sum: Sum,
    synced: u64,
    syncing: bool,
}

/// What has to reach the disk besides what sled's `flush` writes there.
struct Files {
    data: File,
    sequence: Sequence,
    blobs: PathBuf,
    /// Blob files known to be on disk; sled writes each once.
    synced_blobs: HashSet<OsString>,
}

impl SledStore {
    /// Opens the database in `directory`, which is created with mode 0700 if it is not there.
    ///
    /// # Errors
    /// [`StoreError::NoDirectory`], [`StoreError::Locked`], [`StoreError::NewerVersion`],
    /// [`StoreError::Corrupt`], [`StoreError::Io`] or [`StoreError::Full`].
    pub fn open(directory: &Path, options: &SledOptions) -> Result<Self, StoreError> {
        create_directory(directory)
            .map_err(|source| StoreError::NoDirectory { path: directory.to_owned(), source })?;
        let opening = |source| io_error("open", directory, source);
        let in_use = fs::exists(directory.join(MARKER)).map_err(opening)?;
        let db = open_locked(directory, options)?;
        let format = guarded(|| db.get(FORMAT_KEY));
        let format = format.map_err(|error| store_error("read", directory, error))?;
        // Before anything else, so that the database of a newer version is named as such.
        let version = format.as_deref().map(check_format_value).transpose()?;
        let sum = Sum::check(&db, directory, version.is_some_and(|version| version >= SUMS_SINCE))?;
        let store = Self::new(db, directory, sum).map_err(opening)?;
        check_format(&store, in_use)?;
        if !in_use {
            mark(directory).map_err(opening)?;
        }
        Ok(store)
    }

    fn new(db: Db, directory: &Path, sum: Sum) -> io::Result<Self> {
        let files = Files {
            sequence: Sequence::open(directory, sum.batch)?,
            data: open_to_sync(&directory.join("db"))?,
            blobs: directory.join("blobs"),
            synced_blobs: HashSet::new(),
        };
        Ok(Self {
            db,
            path: directory.to_owned(),
            order: RwLock::default(),
            commit: Mutex::new(Commit { sum, synced: sum.batch, syncing: false }),
            committed: Condvar::new(),
            files: Mutex::new(files),
            failure: OnceLock::new(),
            syncs: AtomicU64::new(0),
        })
    }

    /// Opens a database that may be damaged, to read what is left of it; tells whether the last batch
    /// that was on disk is there.
    ///
    /// # Errors
    /// As [`SledStore::open`], if nothing can be read.
    pub fn open_damaged(directory: &Path) -> Result<(Self, bool), StoreError> {
        let opening = |source| io_error("open", directory, source);
        let db = open_locked(directory, &SledOptions::default())?;
        let (sum, ends_complete) = Sum::of_damaged(&db, directory)?;
        let store = Self::new(db, directory, sum).map_err(opening)?;
        Ok((store, ends_complete))
    }

    /// Loses an entry that the sum counts.
    #[cfg(test)]
    pub(crate) fn forget_one_entry(self) {
        let batch = Batch::new().put([1], [1]).clone();
        self.apply(batch).unwrap();
        self.db.remove([1]).unwrap();
        self.db.flush().unwrap();
    }

    /// Counts how often this store waited for the disk.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }

    /// Waits until batch `number` is on disk, or puts it there with all that came in meanwhile.
    fn commit(&self, number: u64) -> Result<(), StoreError> {
        let mut commit = lock(&self.commit);
        loop {
            if commit.synced >= number {
                return Ok(());
            }
            self.check_running()?;
            if commit.syncing {
                commit = self.committed.wait(commit).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            commit.syncing = true;
            let target = commit.sum.batch;
            drop(commit);
            let result = self.sync(target);
            commit = lock(&self.commit);
            commit.syncing = false;
            if result.is_ok() {
                commit.synced = commit.synced.max(target);
            }
            let result = self.or_stop(result);
            self.committed.notify_all();
            result?;
        }
    }

    /// Puts everything that sled holds on disk, batch `number` at least.
    fn sync(&self, number: u64) -> Result<(), StoreError> {
        let mut files = lock(&self.files);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        guarded(|| self.db.flush()).map_err(|error| self.error("write", error))?;
        let synced = files.sync().and_then(|()| files.sequence.note(number));
        synced.map_err(|source| io_error("write", &self.path, source))
    }

    /// Reads; sled meets some kinds of damage with an assertion.
    fn read<T>(&self, read: impl FnOnce(&Db) -> Result<T, SledError>) -> Result<T, StoreError> {
        guarded(|| read(&self.db)).map_err(|error| self.error("read", error))
    }

    fn check_running(&self) -> Result<(), StoreError> {
        match self.failure.get() {
            Some(cause) => Err(StoreError::Stopped { cause: cause.clone() }),
            None => Ok(()),
        }
    }

    /// Passes on the result of a write; no write is taken after one that failed.
    fn or_stop(&self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        result.inspect_err(|error| {
            self.failure.get_or_init(|| error.to_string());
        })
    }

    fn error(&self, doing: &'static str, error: SledError) -> StoreError {
        store_error(doing, &self.path, error)
    }
}

impl Store for SledStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let found = self.read(|db| {
            let found = db.get(key)?;
            look_again(db, key, found.as_ref().map_or(0, |value| value.len()))?;
            Ok(found)
        })?;
        Ok(found.map(|value| value.to_vec()))
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let Some(range) = key_range(prefix, after) else { return Ok(Vec::new()) };
        let _order = self.order.read().unwrap_or_else(PoisonError::into_inner);
        self.read(|db| {
            let found = db.range(range).map(|found| {
                let (key, value) = found?;
                look_again(db, &key, value.len())?;
                Ok(entry((key, value)))
            });
            page(found, limit)
        })
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Entry>, StoreError> {
        let Some(range) = key_range(prefix, None) else { return Ok(None) };
        let _order = self.order.read().unwrap_or_else(PoisonError::into_inner);
        Ok(self.read(|db| db.range(range).next_back().transpose())?.map(entry))
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        if batch.is_empty() {
            return Ok(());
        }
        let number = {
            let _order = self.order.write().unwrap_or_else(PoisonError::into_inner);
            self.check_running()?;
            let mut sum = lock(&self.commit).sum;
            sum.batch += 1;
            let (mut changes, mut large) = (SledBatch::default(), Vec::new());
            for (key, value) in batch.into_final() {
                let old = self.read(|db| db.get(&key))?;
                sum.change(&key, old.as_deref(), value.as_deref());
                let bytes = value.as_ref().map_or(0, Vec::len);
                if bytes > BYTES_PER_LOOK {
                    large.push((key.clone(), bytes));
                }
                match value {
                    Some(value) => changes.insert(key, value),
                    None => changes.remove(key),
                }
            }
            changes.insert(SUM_KEY, sum.encode());
            let applied = guarded(|| {
                self.db.apply_batch(changes)?;
                large.iter().try_for_each(|(key, bytes)| look_again(&self.db, key, *bytes))
            });
            self.or_stop(applied.map_err(|error| self.error("write", error)))?;
            lock(&self.commit).sum = sum;
            sum.batch
        };
        self.commit(number)
    }

    fn failure(&self) -> Option<String> {
        self.failure.get().cloned()
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        let files = self.files.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = files.sequence.sync() {
            tracing::warn!(%error, "a file of the database may be behind");
        }
    }
}

impl Files {
    fn sync(&mut self) -> io::Result<()> {
        let mut present = HashSet::new();
        let mut new = false;
        for found in fs::read_dir(&self.blobs)? {
            let name = found?.file_name();
            if !self.synced_blobs.contains(&name) {
                match open_to_sync(&self.blobs.join(&name)) {
                    Ok(blob) => blob.sync_data()?,
                    // Collected as garbage since it was listed.
                    Err(error) if error.kind() == ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
                new = true;
            }
            present.insert(name);
        }
        self.synced_blobs = present;
        if new {
            sync_directory(&self.blobs)?;
        }
        self.data.sync_data()
    }
}

/// Returns whether a file of some size can be written in a directory.
pub fn has_space(directory: &Path) -> bool {
    const PROBE: &str = "carnet-space";
    const BYTES: usize = 4 << 20;
    let path = directory.join(PROBE);
    let written = File::create(&path)
        .and_then(|mut file| file.write_all(&vec![1; BYTES]).and_then(|()| file.sync_all()));
    // It is not there if it could not be made.
    let _ = fs::remove_file(&path);
    written.is_ok()
}

/// Looks at the page of a value as often as its length calls for; it has been looked at once.
fn look_again(db: &Db, key: &[u8], bytes: usize) -> Result<(), SledError> {
    (0..bytes / BYTES_PER_LOOK).try_for_each(|_| db.get(key).map(drop))
}

fn entry((key, value): (IVec, IVec)) -> Entry {
    (key.to_vec(), value.to_vec())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens the database once nobody else has it open, or the patience of `options` is at its end.
fn open_locked(directory: &Path, options: &SledOptions) -> Result<Db, StoreError> {
    /// Pause between two attempts.
    const PAUSE: Duration = Duration::from_millis(20);
    let start = Instant::now();
    let config = Config::new().path(directory).cache_capacity(options.cache_bytes);
    loop {
        match guarded(|| config.open()) {
            Ok(db) => return Ok(db),
            Err(error) if is_lock(&error) => {
                if start.elapsed() >= options.lock_patience {
                    return Err(StoreError::Locked {
                        path: directory.to_owned(),
                        hint: "stop the other node, or give this one a directory of its own",
                    });
                }
                thread::sleep(PAUSE);
            }
            Err(error) => return Err(store_error("open", directory, error)),
        }
    }
}

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Tells whether a panic on this thread would be that of sled over damaged files, which is caught and
/// becomes an error: whoever reports panics leaves it alone.
pub fn is_guarded() -> bool {
    IS_GUARDED.get()
}

/// Runs sled, which meets some kinds of damage with an assertion.
fn guarded<T>(work: impl FnOnce() -> Result<T, SledError>) -> Result<T, SledError> {
    IS_GUARDED.set(true);
    let result = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(SledError::ReportableBug("its parts do not fit together".to_owned()))
    });
    IS_GUARDED.set(false);
    result
}

/// Tells whether sled means "locked", for which it has no kind of its own.
fn is_lock(error: &SledError) -> bool {
    matches!(error, SledError::Io(io) if io.to_string().starts_with("could not acquire lock"))
}

fn store_error(doing: &'static str, path: &Path, error: SledError) -> StoreError {
    match error {
        SledError::Io(source) => io_error(doing, path, source),
        SledError::Unsupported(detail) | SledError::ReportableBug(detail) => {
            StoreError::Corrupt { detail: format!("{}: {detail}", path.join("db").display()) }
        }
        other => {
            // Large values are in files of their own.
            let file = if format!("{other:?}").contains("Blob") { "blobs" } else { "db" };
            let detail = "what it holds is not what was written";
            StoreError::Corrupt { detail: format!("{}: {detail}", path.join(file).display()) }
        }
    }
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { path, source },
        _ => StoreError::Io { doing, path, source },
    }
}

fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Leaves the marker, and makes sure that the names of all files are on disk.
fn mark(directory: &Path) -> io::Result<()> {
    let mut marker = File::create(directory.join(MARKER))?;
    marker.write_all(b"This directory is a database of a Carnet node.\n")?;
    marker.sync_all()?;
    sync_directory(directory)?;
    match fs::canonicalize(directory)?.parent() {
        // A parent that we may not list was not created by us.
        Some(parent) => sync_directory(parent).or_else(|error| match error.kind() {
            ErrorKind::PermissionDenied => Ok(()),
            _ => Err(error),
        }),
        None => Ok(()),
    }
}

/// Opens a file of sled's; not every system lets those sync who cannot write.
fn open_to_sync(path: &Path) -> io::Result<File> {
    File::options().write(true).open(path)
}

#[cfg(unix)]
fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a directory cannot be opened as a file, and names are durable with their file.
#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
