//! The store without a disk, for tests and short-lived nodes.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{
    Batch, Entry, FORMAT_KEY, FORMAT_VERSION, Store, StoreError, check_format, key_range, page,
};

/// What outlives a [`MemoryStore`], as a disk outlives a process. Clones share their content.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<Content>>);

/// A store in memory. Clones, and stores opened on one disk, share their content.
#[derive(Clone)]
pub struct MemoryStore {
    disk: MemoryDisk,
}

/// How a planned failure leaves the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nothing of the batch is written, as when the process dies before it is.
    NotWritten,
    /// The batch is written but not acknowledged, as when the process dies right after it is.
    Unacknowledged,
}

#[derive(Default)]
struct Content {
    map: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Writes still to succeed, and how the ones after them fail.
    planned: Option<(usize, Fault)>,
}

impl MemoryStore {
    /// Returns an empty store.
    #[must_use]
    pub fn new() -> Self {
        let disk = MemoryDisk::default();
        disk.content().map.insert(FORMAT_KEY.to_vec(), FORMAT_VERSION.to_be_bytes().to_vec());
        Self { disk }
    }

    /// Opens what is on `disk`.
    ///
    /// # Errors
    /// [`StoreError::NewerVersion`] or [`StoreError::Corrupt`], as any store.
    pub fn open(disk: &MemoryDisk) -> Result<Self, StoreError> {
        let store = Self { disk: disk.clone() };
        check_format(&store, false)?;
        Ok(store)
    }

    /// Returns the disk, to open it again.
    #[must_use]
    pub fn disk(&self) -> MemoryDisk {
        self.disk.clone()
    }
}

impl MemoryDisk {
    /// Lets `successes` more writes succeed; every later one fails with [`StoreError::Io`] and
    /// leaves the disk as `fault` says, until [`heal`](Self::heal).
    pub fn fail_after(&self, successes: usize, fault: Fault) {
        self.content().planned = Some((successes, fault));
    }

    /// Lets writes succeed again.
    pub fn heal(&self) {
        self.content().planned = None;
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for MemoryStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.disk.content().map.get(key).cloned())
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let Some(range) = key_range(prefix, after) else { return Ok(Vec::new()) };
        let content = self.disk.content();
        let found = content.map.range(range);
        page(found.map(|(key, value)| Ok((key.clone(), value.clone()))), limit)
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Entry>, StoreError> {
        let Some(range) = key_range(prefix, None) else { return Ok(None) };
        let content = self.disk.content();
        let found = content.map.range(range).next_back();
        Ok(found.map(|(key, value)| (key.clone(), value.clone())))
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        let mut content = self.disk.content();
        let fault = match &mut content.planned {
            Some((0, fault)) => Some(*fault),
            Some((successes, _)) => {
                *successes -= 1;
                None
            }
            None => None,
        };
        if fault != Some(Fault::NotWritten) {
            for (key, value) in batch.changes {
                match value {
                    Some(value) => content.map.insert(key, value),
                    None => content.map.remove(&key),
                };
            }
        }
        match fault {
            None => Ok(()),
            Some(_) => Err(StoreError::Io {
                doing: "write",
                path: PathBuf::from("memory"),
                source: io::Error::other("planned failure"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance::{self, Disk};
    use super::*;

    impl Disk for MemoryDisk {
        type Opened = MemoryStore;

        fn open(&self) -> Result<MemoryStore, StoreError> {
            MemoryStore::open(self)
        }
    }

    #[test]
    fn the_memory_store_conforms() {
        conformance::run(MemoryDisk::default);
    }

    fn one(key: &[u8]) -> Batch {
        let mut batch = Batch::new();
        batch.put(key, b"value");
        batch
    }

    #[test]
    fn a_planned_failure_starts_after_the_given_number_of_writes() {
        let store = MemoryStore::new();
        store.disk().fail_after(1, Fault::NotWritten);
        store.apply(one(b"a")).unwrap();
        assert!(matches!(store.apply(one(b"b")), Err(StoreError::Io { .. })));
        assert!(matches!(store.apply(one(b"c")), Err(StoreError::Io { .. })));
        assert_eq!(store.scan(b"", None, 9).unwrap(), [(b"a".to_vec(), b"value".to_vec())]);
        store.disk().heal();
        store.apply(one(b"b")).unwrap();
    }

    #[test]
    fn an_unacknowledged_write_is_there_afterwards() {
        let store = MemoryStore::new();
        store.disk().fail_after(0, Fault::Unacknowledged);
        assert!(store.apply(one(b"a")).is_err());
        let store = MemoryStore::open(&store.disk()).unwrap();
        assert_eq!(store.get(b"a").unwrap(), Some(b"value".to_vec()));
    }
}
