//! A store whose writes are measured, whatever it stands on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{Batch, Entry, Store, StoreError};

/// Upper ends of the classes of commit times, in seconds.
pub const COMMIT_SECONDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0];

/// What is known of the writes of one store. Shared with its [`Measured`].
#[derive(Debug)]
pub struct StoreWatch {
    kind: &'static str,
    times: Mutex<Times>,
    failure: Mutex<Option<String>>,
}

/// How long commits took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// Commits of each class of [`COMMIT_SECONDS`]; the last are those beyond.
    pub classes: [u64; COMMIT_SECONDS.len() + 1],
    /// Seconds in sum.
    pub sum: f64,
}

impl StoreWatch {
    /// Returns what the store stands on: "sled".
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Returns how long commits took, each from its start until it was on disk.
    pub fn times(&self) -> Times {
        *self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the first failure of a write since the last that succeeded. Most stores take no more of
    /// them then, before they are opened again.
    pub fn failure(&self) -> Option<String> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn took(&self, seconds: f64) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let class = COMMIT_SECONDS.iter().position(|end| seconds <= *end);
        if let Some(count) = times.classes.get_mut(class.unwrap_or(COMMIT_SECONDS.len())) {
            *count += 1;
        }
        times.sum += seconds;
    }
}

/// A store whose writes are measured.
#[derive(Debug)]
pub struct Measured<S> {
    store: S,
    watch: Arc<StoreWatch>,
}

impl<S: Store> Measured<S> {
    /// Measures a store, which stands on `kind`.
    pub fn new(store: S, kind: &'static str) -> Self {
        let watch = StoreWatch { kind, times: Mutex::default(), failure: Mutex::default() };
        Self { store, watch: Arc::new(watch) }
    }

    /// Returns what is known of the writes.
    pub fn watch(&self) -> Arc<StoreWatch> {
        Arc::clone(&self.watch)
    }
}

impl<S: Store> Store for Measured<S> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.get(key)
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.store.scan(prefix, after, limit)
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Entry>, StoreError> {
        self.store.last(prefix)
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        let start = Instant::now();
        let applied = self.store.apply(batch);
        match &applied {
            Ok(()) => {
                self.watch.took(start.elapsed().as_secs_f64());
                *self.watch.lock() = None;
            }
            Err(error @ (StoreError::Io { .. } | StoreError::Full { .. })) => {
                self.watch.lock().get_or_insert_with(|| error.to_string());
            }
            Err(StoreError::Stopped { cause }) => {
                self.watch.lock().get_or_insert_with(|| cause.clone());
            }
            // The batch was refused; the store goes on.
            Err(_) => {}
        }
        applied
    }

    fn failure(&self) -> Option<String> {
        self.store.failure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::{Fault, MemoryStore};

    fn batch() -> Batch {
        let mut batch = Batch::new();
        batch.put(b"key".to_vec(), b"value".to_vec());
        batch
    }

    #[test]
    fn each_commit_is_counted_once_and_a_failure_is_kept_until_one_succeeds() {
        let inner = MemoryStore::new();
        let disk = inner.disk();
        let store = Measured::new(inner, "memory");
        let watch = store.watch();
        store.apply(batch()).unwrap();
        store.apply(batch()).unwrap();
        assert_eq!(watch.times().classes.iter().sum::<u64>(), 2);
        assert_eq!((watch.kind(), watch.failure()), ("memory", None));
        disk.fail_after(0, Fault::NotWritten);
        let first = store.apply(batch()).unwrap_err().to_string();
        assert!(store.apply(batch()).is_err());
        assert_eq!(watch.failure(), Some(first));
        assert_eq!(watch.times().classes.iter().sum::<u64>(), 2);
        // As a server whose disk was full.
        disk.heal();
        store.apply(batch()).unwrap();
        assert_eq!(watch.failure(), None);
    }

    #[test]
    fn a_time_falls_into_the_first_class_that_holds_it() {
        let watch = Measured::new(MemoryStore::new(), "memory").watch();
        for seconds in [0.0005, 0.001, 0.002, 7.0] {
            watch.took(seconds);
        }
        let times = watch.times();
        assert_eq!(times.classes, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert!((times.sum - 7.0035).abs() < 1e-9);
    }
}
