//! Copying one store into another, and proving that both hold the same.

use sha2::{Digest as _, Sha256};

use super::{Batch, Entry, Store, StoreError, entries};

/// Bytes of keys and values that are written at once.
const BATCH_BYTES: usize = 4 << 20;

/// What a store holds, in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Entries.
    pub entries: u64,
    /// SHA-256 over all entries in the order of their keys: length of the key and of the value, u64
    /// each, key, value.
    pub digest: [u8; 32],
}

/// Sums up what a store holds, up to a key if one is given. `step` is called for each entry.
///
/// # Errors
/// [`StoreError`].
pub fn summary(
    store: &dyn Store,
    last: Option<&[u8]>,
    step: &mut dyn FnMut(),
) -> Result<Summary, StoreError> {
    let mut sum = Sum::default();
    for found in entries(store, b"") {
        let entry = found?;
        if last.is_some_and(|last| entry.0.as_slice() > last) {
            break;
        }
        sum.add(&entry);
        step();
    }
    Ok(sum.done())
}

#[derive(Default)]
struct Sum {
    entries: u64,
    hash: Sha256,
}

impl Sum {
    fn add(&mut self, (key, value): &Entry) {
        self.entries += 1;
        self.hash.update((key.len() as u64).to_be_bytes());
        self.hash.update((value.len() as u64).to_be_bytes());
        self.hash.update(key);
        self.hash.update(value);
    }

    fn done(self) -> Summary {
        Summary { entries: self.entries, digest: self.hash.finalize().into() }
    }
}

/// How a copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// Both hold this.
    Same(Summary),
    /// The target held something that is not the beginning of the source; it is as it was.
    Occupied,
    /// After the copy they differ: somebody else wrote to one of them, or one reads back wrong.
    Differs,
}

/// Copies all entries of `from` to `to`, which is empty or holds the beginning of them, as after an
/// interruption; then reads both again and compares. `step` is called for each entry, each time that it
/// is read: two or three times.
///
/// # Errors
/// [`StoreError`].
pub fn copy(
    from: &dyn Store,
    to: &dyn Store,
    step: &mut dyn FnMut(),
) -> Result<Copied, StoreError> {
    let mut after = to.last(b"")?.map(|(key, _)| key);
    if let Some(last) = &after
        && summary(to, None, &mut || {})? != summary(from, Some(last), &mut || {})?
    {
        return Ok(Copied::Occupied);
    }
    let mut sum = Sum::default();
    if let Some(last) = &after {
        for found in entries(from, b"") {
            let entry = found?;
            if entry.0 > *last {
                break;
            }
            sum.add(&entry);
            step();
        }
    }
    loop {
        let page = from.scan(b"", after.as_deref(), 256)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        let mut batch = Batch::new();
        for entry in page {
            sum.add(&entry);
            step();
            batch.put(entry.0, entry.1);
            if batch.bytes() >= BATCH_BYTES {
                to.apply(std::mem::take(&mut batch))?;
            }
        }
        to.apply(batch)?;
    }
    let (source, target) = (sum.done(), summary(to, None, step)?);
    Ok(if source == target { Copied::Same(source) } else { Copied::Differs })
}

#[cfg(test)]
mod tests {
    use super::super::memory::MemoryStore;
    use super::super::sled::{SledOptions, SledStore};
    use super::*;

    fn filled(store: impl Store, from: u16, to: u16) -> impl Store {
        for number in from..to {
            let mut batch = Batch::new();
            batch.put([b"k".as_slice(), &number.to_be_bytes()].concat(), vec![7; number.into()]);
            store.apply(batch).unwrap();
        }
        store
    }

    #[test]
    fn a_copy_holds_the_same_also_if_it_was_interrupted() {
        let directory = tempfile::tempdir().unwrap();
        let source = filled(MemoryStore::new(), 0, 700);
        let target = SledStore::open(directory.path(), &SledOptions::default()).unwrap();
        let target = filled(target, 0, 300);
        let Copied::Same(found) = copy(&source, &target, &mut || {}).unwrap() else {
            panic!("not the same")
        };
        assert_eq!(found.entries, 700);
        assert_eq!(summary(&target, None, &mut || {}).unwrap(), found);
        assert_eq!(copy(&source, &target, &mut || {}).unwrap(), Copied::Same(found));
    }

    #[test]
    fn a_target_with_something_else_is_left_as_it_is() {
        let source = filled(MemoryStore::new(), 0, 20);
        for other in [filled(MemoryStore::new(), 1, 5), filled(MemoryStore::new(), 0, 21)] {
            let before = summary(&other, None, &mut || {}).unwrap();
            assert_eq!(copy(&source, &other, &mut || {}).unwrap(), Copied::Occupied);
            assert_eq!(summary(&other, None, &mut || {}).unwrap(), before);
        }
    }
}
