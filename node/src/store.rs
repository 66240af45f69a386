//! Ordered bytes on disk: what every other part of a node keeps its data in.
//!
//! A [`Store`] is synchronous: from async code it is called in `spawn_blocking`.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

pub mod copy;
pub mod measured;
pub mod memory;
pub mod postgres;
pub mod sled;

#[cfg(test)]
mod conformance;

/// Format that this version writes; a store with a higher one is refused.
///
/// 2 since stores on disk keep a sum over what they hold. One of format 1 is upgraded when it is opened.
pub const FORMAT_VERSION: u32 = 2;

/// Longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 1024;

/// Longest value, in bytes.
pub const MAX_VALUE_BYTES: usize = 16 << 20;

/// Largest batch: its keys and values together, in bytes.
pub const MAX_BATCH_BYTES: usize = 64 << 20;

/// Most entries that one scan returns, whatever limit its caller gives.
pub const MAX_SCAN_ENTRIES: usize = 4096;

/// Most bytes of values that one scan returns.
pub const MAX_SCAN_BYTES: usize = 32 << 20;

// The first entry always fits, so that a scan that is not at its end is never empty.
const _: () = assert!(MAX_VALUE_BYTES <= MAX_SCAN_BYTES);

/// First byte of the keys that stores keep for themselves.
const RESERVED: u8 = 0;

/// Key of the format version, a big-endian u32.
const FORMAT_KEY: &[u8] = b"\0format";

/// Key of the place that a store was moved to, which is where its node goes on.
const MOVED_KEY: &[u8] = b"\0moved";

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// Ordered byte keys with atomic batches and prefix scans.
///
/// Keys are 1 to [`MAX_KEY_BYTES`] bytes, ordered bytewise, and do not start with a zero byte.
/// A read may see a batch slightly before its `apply` has returned.
pub trait Store: Send + Sync + 'static {
    /// Returns the value of `key`, if it has one.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns entries whose key starts with `prefix`, in ascending order, after key `after`.
    ///
    /// Never more than `limit`, [`MAX_SCAN_ENTRIES`] nor [`MAX_SCAN_BYTES`], so that only an empty answer means the
    /// end ([`entries`] pages through all). The entries of one answer belong to one moment: a
    /// batch is seen entire or not at all.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Returns the entry with the greatest key that starts with `prefix`.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    fn last(&self, prefix: &[u8]) -> Result<Option<Entry>, StoreError>;

    /// Writes all of `batch` or nothing of it; when this returns `Ok` it is on disk.
    ///
    /// # Errors
    /// [`StoreError`]. After [`StoreError::Io`] or [`StoreError::Full`] it is unknown whether the
    /// batch will be found after a restart, and further writes are [`StoreError::Stopped`]. After
    /// [`StoreError::Unreachable`] it is unknown until the next call that succeeds. After any other
    /// error nothing was written.
    fn apply(&self, batch: Batch) -> Result<(), StoreError>;

    /// Returns the failure after which nothing is written until the store is opened again.
    fn failure(&self) -> Option<String> {
        None
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        (**self).get(key)
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        (**self).scan(prefix, after, limit)
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Entry>, StoreError> {
        (**self).last(prefix)
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        (**self).apply(batch)
    }

    fn failure(&self) -> Option<String> {
        (**self).failure()
    }
}

/// Changes that are made together. Of several to one key, the last counts.
#[derive(Clone, Default)]
pub struct Batch {
    changes: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    bytes: usize,
    writes_reserved: bool,
}

impl Batch {
    /// Returns a batch without changes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of `key`.
    pub fn put(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.push(key.into(), Some(value.into()))
    }

    /// Removes `key`, whether it is there or not.
    pub fn delete(&mut self, key: impl Into<Vec<u8>>) -> &mut Self {
        self.push(key.into(), None)
    }

    /// Tells whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Counts keys and values, in bytes; at most [`MAX_BATCH_BYTES`] can be applied.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns each key once, in order, with the last change to it.
    fn into_final(self) -> BTreeMap<Vec<u8>, Option<Vec<u8>>> {
        self.changes.into_iter().collect()
    }

    fn push(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> &mut Self {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        self.changes.push((key, value));
        self
    }

    fn format(version: u32) -> Self {
        let mut batch = Self { writes_reserved: true, ..Self::default() };
        batch.put(FORMAT_KEY, version.to_be_bytes());
        batch
    }

    /// Says where a store was moved to; it is not opened again.
    pub(crate) fn moved(to: &str) -> Self {
        let mut batch = Self { writes_reserved: true, ..Self::default() };
        batch.put(MOVED_KEY, to.as_bytes());
        batch
    }

    fn check(&self) -> Result<(), StoreError> {
        within("batch", self.bytes, MAX_BATCH_BYTES)?;
        for (key, value) in &self.changes {
            within("key", key.len(), MAX_KEY_BYTES)?;
            within("value", value.as_ref().map_or(0, Vec::len), MAX_VALUE_BYTES)?;
            match key.first() {
                None => return Err(StoreError::ReservedKey),
                Some(&RESERVED) if !self.writes_reserved => return Err(StoreError::ReservedKey),
                Some(_) => {}
            }
        }
        Ok(())
    }
}

/// Iterates over all entries whose key starts with `prefix`, in ascending order.
///
/// Reads a page at a time; what is written meanwhile may be seen or missed. Ends after an error.
pub fn entries<'a, S: Store + ?Sized>(store: &'a S, prefix: &[u8]) -> Entries<'a, S> {
    Entries { store, prefix: prefix.to_vec(), after: None, page: VecDeque::new(), ended: false }
}

/// Iterator of [`entries`].
pub struct Entries<'a, S: Store + ?Sized> {
    store: &'a S,
    prefix: Vec<u8>,
    after: Option<Vec<u8>>,
    page: VecDeque<Entry>,
    ended: bool,
}

impl<S: Store + ?Sized> Iterator for Entries<'_, S> {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        /// Entries read at once.
        const PAGE: usize = 256;
        if self.page.is_empty() && !self.ended {
            match self.store.scan(&self.prefix, self.after.as_deref(), PAGE) {
                Ok(page) => self.page = page.into(),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
            self.after = self.page.back().map(|(key, _)| key.clone());
            self.ended = self.page.is_empty();
        }
        self.page.pop_front().map(Ok)
    }
}

/// Why a store could not be opened, read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    #[error("the database in {path} is in use by another process")]
    Locked {
        /// Directory of the database.
        path: PathBuf,
        /// What to do about it.
        hint: &'static str,
    },
    /// What is on disk is not what was written.
    #[error("the database is damaged: {detail}")]
    Corrupt {
        /// What does not fit.
        detail: String,
    },
    /// No space is left.
    #[error("no space is left, or none that we may use, for the database in {path}")]
    Full {
        /// Directory of the database.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
    /// The operating system refused.
    #[error("cannot {doing} the database in {path}")]
    Io {
        /// What was tried: open, read or write.
        doing: &'static str,
        /// Directory of the database.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
    /// The directory of the database is not there and cannot be made.
    #[error("cannot create directory {path}")]
    NoDirectory {
        /// The directory.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
    /// Written by a later version of this program.
    #[error("the database has format {found}; this version reads up to {supported}")]
    NewerVersion {
        /// Format of the database.
        found: u32,
        /// Highest format known here.
        supported: u32,
    },
    /// It was moved elsewhere, and its node goes on there.
    #[error("this database was moved to {to}, where its node goes on; it is only a copy now")]
    Moved {
        /// Where it is now.
        to: String,
    },
    /// A server does not answer. It is tried again with the next call.
    #[error("the database {server} cannot be reached: {detail}")]
    Unreachable {
        /// Database, host and schema.
        server: String,
        /// What was found.
        detail: String,
    },
    /// A server answered, and refused.
    #[error("the database {server} refuses: {detail}")]
    Refused {
        /// Database, host and schema.
        server: String,
        /// What it says.
        detail: String,
    },
    /// The password of a database cannot be read.
    #[error("cannot read the password of the database in {path}")]
    Password {
        /// The file.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
    /// Another process holds the lease of this database.
    #[error(
        "this node does not write: the lease of its database is held by {}",
        holder.as_deref().unwrap_or("nobody yet")
    )]
    NotWriter {
        /// The name that the holder gave; `None` if it was just released.
        holder: Option<String>,
    },
    /// An earlier write failed, so that nothing more is written until the store is opened again.
    #[error("the database takes no more writes, as an earlier one failed: {cause}")]
    Stopped {
        /// The earlier failure.
        cause: String,
    },
    /// Our caller exceeds a limit.
    #[error("a {what} of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Key, value or batch.
        what: &'static str,
        /// Its size.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Our caller writes an empty key, or one that starts with a zero byte.
    #[error("a key is empty or starts with a zero byte, which stores keep for themselves")]
    ReservedKey,
}

fn within(what: &'static str, bytes: usize, limit: usize) -> Result<(), StoreError> {
    if bytes > limit { Err(StoreError::TooLarge { what, bytes, limit }) } else { Ok(()) }
}

/// First and last key.
type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Range of the keys that start with `prefix`, come after `after` and are not reserved; `None` if
/// no key can be in it.
fn key_range(prefix: &[u8], after: Option<&[u8]>) -> Option<KeyRange> {
    let first = if prefix.is_empty() { vec![RESERVED + 1] } else { prefix.to_vec() };
    // The next string that does not start with the prefix: its last byte below 0xff, plus one.
    let mut end = prefix.to_vec();
    while end.pop_if(|byte| *byte == u8::MAX).is_some() {}
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    let start = match after {
        Some(after) if after >= first.as_slice() => {
            // Ordered maps panic on a range that starts behind its end.
            if !end.is_empty() && after >= end.as_slice() {
                return None;
            }
            Bound::Excluded(after.to_vec())
        }
        _ => Bound::Included(first),
    };
    let end = if end.is_empty() { Bound::Unbounded } else { Bound::Excluded(end) };
    Some((start, end))
}

/// Takes entries, in order, as one scan may return them.
fn page<E>(found: impl Iterator<Item = Result<Entry, E>>, limit: usize) -> Result<Vec<Entry>, E> {
    let mut page = Vec::new();
    let mut bytes = 0;
    for entry in found.take(limit.min(MAX_SCAN_ENTRIES)) {
        let entry = entry?;
        bytes += entry.1.len();
        if bytes > MAX_SCAN_BYTES {
            break;
        }
        page.push(entry);
    }
    Ok(page)
}

/// Checks the format version of a store that was just opened, and marks it if it is new.
fn check_format(store: &impl Store, in_use: bool) -> Result<(), StoreError> {
    let found = store.get(FORMAT_KEY)?;
    if found.is_none() && !in_use && store.last(&[])?.is_none() {
        return store.apply(Batch::format(FORMAT_VERSION));
    }
    if check_format_of(store, found)? < FORMAT_VERSION {
        // From 1 to 2: whatever a store adds to a batch comes with this one.
        store.apply(Batch::format(FORMAT_VERSION))?;
    }
    Ok(())
}

/// Checks the format version of a store that is not new, and returns it.
fn check_format_of(store: &impl Store, format: Option<Vec<u8>>) -> Result<u32, StoreError> {
    let missing = || StoreError::Corrupt { detail: "its format version is missing".to_owned() };
    let version = check_format_value(&format.ok_or_else(missing)?)?;
    check_not_moved(store.get(MOVED_KEY)?)?;
    Ok(version)
}

fn check_format_value(found: &[u8]) -> Result<u32, StoreError> {
    match found.try_into().map(u32::from_be_bytes) {
        Ok(found @ 1..=FORMAT_VERSION) => Ok(found),
        Ok(found) if found > FORMAT_VERSION => {
            Err(StoreError::NewerVersion { found, supported: FORMAT_VERSION })
        }
        _ => {
            let detail = "its format version is not a known number".to_owned();
            Err(StoreError::Corrupt { detail })
        }
    }
}

fn check_not_moved(mark: Option<Vec<u8>>) -> Result<(), StoreError> {
    match mark {
        Some(to) => Err(StoreError::Moved { to: String::from_utf8_lossy(&to).into_owned() }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_of_only_ff_has_no_upper_bound() {
        assert_eq!(
            key_range(&[0xff, 0xff], None),
            Some((Bound::Included(vec![0xff, 0xff]), Bound::Unbounded))
        );
        assert_eq!(
            key_range(&[b'a', 0xff], None),
            Some((Bound::Included(vec![b'a', 0xff]), Bound::Excluded(vec![b'b'])))
        );
    }

    #[test]
    fn a_page_after_the_prefix_is_empty_and_before_it_starts_with_it() {
        assert_eq!(key_range(b"b", Some(b"c")), None);
        let (start, _) = key_range(b"b", Some(b"a")).unwrap();
        assert_eq!(start, Bound::Included(b"b".to_vec()));
        let (start, _) = key_range(b"b", Some(b"b1")).unwrap();
        assert_eq!(start, Bound::Excluded(b"b1".to_vec()));
    }
}
