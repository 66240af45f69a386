//! The private register: which status index belongs to which issuing record.
//!
//! It never leaves the desk: it is not replicated, has a directory and a [`Store`] of its own so
//! that it is backed up apart, and is encrypted there. Without the key it tells how many records
//! and batches there are, and how many records in each status list, but not which.
//!
//! ```text
//! register-key = HMAC-SHA256(lookup key, tag | value)       tag and value of each entry:
//!   "r" | register-key("r", record id)                      -> sealed record
//!   "c" | register-key("c", credential id)                  -> sealed record id
//!   "h" | register-key("h", holder key)                     -> sealed record id
//!   "s" | register-key("l", list)[..16]
//!       | register-key("s", list | index)                   -> sealed slot: index, state, record id
//!   "b" | register-key("b", root of a batch)               -> sealed root
//!   "a" | register-key("a", URI of a list)               -> sealed list that was taken over
//!   "k"                                                     -> sealed name of this format
//! ```

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use getrandom::rand_core::CryptoRng;

use crate::store::{Batch, MAX_BATCH_BYTES, Store, entries};

mod adopted;
mod announced;
mod error;
mod layout;
mod seal;
#[cfg(test)]
mod tests;

pub use announced::BatchNames;
pub use error::RegisterError;
pub use layout::{
    IssuingRecord, MAX_LABEL_BYTES, RecordId, RecordIdError, RecordState, RowLabel, RowLabelError,
};
pub use seal::RegisterKey;

use layout::Slot;
use seal::Sealer;

/// Most records written, states changed or indexes allocated at once.
pub const MAX_RECORDS_AT_ONCE: usize = 65_536;

/// Most entries of one status list: its bits make 1 MiB.
pub const MAX_LIST_ENTRIES: u32 = 1 << 22;

/// Names the format of the register; sealed, it also tells whether a key is the right one.
const FORMAT: &[u8] = b"carnet register 1";
const FORMAT_KEY: &[u8] = b"k";

// A record takes some 900 bytes in four entries.
const _: () = assert!(MAX_RECORDS_AT_ONCE * 1000 <= MAX_BATCH_BYTES);

/// The register of one desk. Its calls block: from async code, use `spawn_blocking`.
pub struct Register {
    store: Arc<dyn Store>,
    sealer: Sealer,
    /// Indexes in use by list, as far as lists were looked at. Held through every change, so that
    /// what a change was checked against stays true.
    used: Mutex<BTreeMap<u32, UsedIndexes>>,
}

impl Register {
    /// Opens the register in `store`, which holds nothing else; an empty one becomes a register.
    ///
    /// # Errors
    /// [`RegisterError::WrongKey`], or [`RegisterError::Damaged`] if the store holds other things.
    pub fn open(store: Arc<dyn Store>, key: &RegisterKey) -> Result<Self, RegisterError> {
        let sealer = Sealer::new(key);
        match store.get(FORMAT_KEY)? {
            Some(sealed) => match sealer.open(FORMAT_KEY, &sealed) {
                Some(format) if format.as_slice() == FORMAT => {}
                Some(_) => return Err(RegisterError::UnknownFormat),
                None => return Err(RegisterError::WrongKey),
            },
            None if store.last(&[])?.is_some() => {
                return Err(RegisterError::Damaged { what: "format" });
            }
            None => {
                let mut batch = Batch::new();
                batch.put(FORMAT_KEY, sealer.seal(FORMAT_KEY, FORMAT)?);
                store.apply(batch)?;
            }
        }
        Ok(Self { store, sealer, used: Mutex::default() })
    }

    /// Takes a random index of status list `list` that was never taken before, also if nothing
    /// was recorded under it.
    ///
    /// # Errors
    /// As [`allocate_many`](Self::allocate_many).
    pub fn allocate(
        &self,
        list: u32,
        capacity: u32,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<u32, RegisterError> {
        let taken = self.allocate_many(list, capacity, 1, rng)?;
        taken.first().copied().ok_or(RegisterError::ListFull { list, capacity })
    }

    /// Takes `count` different random indexes below `capacity`, all or none.
    ///
    /// # Errors
    /// [`RegisterError::ListFull`] if fewer are left; [`RegisterError::TooMany`] if `count` is over
    /// [`MAX_RECORDS_AT_ONCE`] or `capacity` over [`MAX_LIST_ENTRIES`].
    pub fn allocate_many(
        &self,
        list: u32,
        capacity: u32,
        count: usize,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u32>, RegisterError> {
        at_most("indexes", count, MAX_RECORDS_AT_ONCE)?;
        at_most("list entries", to_usize(capacity), to_usize(MAX_LIST_ENTRIES))?;
        let mut lists = self.lock();
        let used = self.used_of(&mut lists, list)?;
        if to_usize(used.free_below(capacity)) < count {
            return Err(RegisterError::ListFull { list, capacity });
        }
        let mut batch = Batch::new();
        let mut taken = Vec::with_capacity(count);
        for _ in 0..count {
            let index =
                used.take(capacity, rng).ok_or(RegisterError::ListFull { list, capacity })?;
            let slot = Slot { index, state: RecordState::Valid, record: None };
            self.put_slot(&mut batch, list, &slot)?;
            taken.push(index);
        }
        // If this fails the indexes stay taken in memory, which wastes them but never doubles them.
        self.store.apply(batch)?;
        Ok(taken)
    }

    /// Records `records`, all or none. Each uses an index that was allocated to it alone.
    ///
    /// # Errors
    /// [`RegisterError::NotAllocated`], [`RegisterError::IndexTaken`],
    /// [`RegisterError::AlreadyRecorded`] or [`RegisterError::TooMany`].
    pub fn put(&self, records: &[IssuingRecord]) -> Result<(), RegisterError> {
        self.put_for(records, &[])
    }

    /// Records `records` as [`put`](Self::put), with the holder key of each, so that a key is known that
    /// was used before.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub fn put_for(
        &self,
        records: &[IssuingRecord],
        holders: &[[u8; 32]],
    ) -> Result<(), RegisterError> {
        at_most("records", records.len(), MAX_RECORDS_AT_ONCE)?;
        let _unchanged = self.lock();
        let mut batch = Batch::new();
        for (record, holder) in records.iter().zip(holders) {
            let key = self.sealer.holder_key(holder);
            let pointer = self.sealer.seal(&key, record.record.as_bytes())?;
            batch.put(key, pointer);
        }
        let (mut ids, mut credentials, mut slots) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        for record in records {
            let (list, index) = (record.status_list, record.status_index);
            let key = self.sealer.record_key(&record.record);
            let credential_key = self.sealer.credential_key(&record.credential);
            if !ids.insert(record.record)
                || !credentials.insert(record.credential)
                || self.store.get(&key)?.is_some()
                || self.store.get(&credential_key)?.is_some()
            {
                return Err(RegisterError::AlreadyRecorded { record: record.record });
            }
            match self.slot(list, index)? {
                None => return Err(RegisterError::NotAllocated { list, index }),
                Some(Slot { record: None, .. }) if slots.insert((list, index)) => {}
                Some(_) => return Err(RegisterError::IndexTaken { list, index }),
            }
            let slot = Slot { index, state: record.state, record: Some(record.record) };
            self.put_slot(&mut batch, list, &slot)?;
            batch.put(key.as_slice(), self.sealer.seal(&key, &layout::encode_record(record))?);
            let pointer = self.sealer.seal(&credential_key, record.record.as_bytes())?;
            batch.put(credential_key, pointer);
        }
        Ok(self.store.apply(batch)?)
    }

    /// Finds the record with this id.
    ///
    /// # Errors
    /// [`RegisterError::Store`] or [`RegisterError::Damaged`].
    pub fn find_by_record(&self, id: &RecordId) -> Result<Option<IssuingRecord>, RegisterError> {
        let key = self.sealer.record_key(id);
        match self.store.get(&key)? {
            Some(sealed) => {
                let record = self.read_record(&key, &sealed)?;
                if record.record == *id { Ok(Some(record)) } else { Err(damaged("record")) }
            }
            None => Ok(None),
        }
    }

    /// Finds the record of the credential with this id (its `cti`).
    ///
    /// # Errors
    /// [`RegisterError::Store`] or [`RegisterError::Damaged`].
    pub fn find_by_credential(
        &self,
        credential: &[u8; 16],
    ) -> Result<Option<IssuingRecord>, RegisterError> {
        let key = self.sealer.credential_key(credential);
        let Some(sealed) = self.store.get(&key)? else { return Ok(None) };
        let id = self.sealer.open(&key, &sealed).ok_or(damaged("credential"))?;
        let id = id.as_slice().try_into().map_err(|_| damaged("credential"))?;
        self.find_by_record(&RecordId::from_bytes(id))?.ok_or(damaged("credential")).map(Some)
    }

    /// Tells whether a credential was issued to this holder key before, by a desk that recorded it.
    ///
    /// # Errors
    /// [`RegisterError::Store`].
    pub fn knows_holder(&self, holder: &[u8; 32]) -> Result<bool, RegisterError> {
        Ok(self.store.get(&self.sealer.holder_key(holder))?.is_some())
    }

    /// Iterates over at most `limit` records, in an order that means nothing but stays the same.
    pub fn iter(
        &self,
        limit: usize,
    ) -> impl Iterator<Item = Result<IssuingRecord, RegisterError>> + '_ {
        let found = entries(&*self.store, seal::RECORDS).take(limit);
        found.map(|found| found.map_err(Into::into).and_then(|(k, v)| self.read_record(&k, &v)))
    }

    /// Returns at most `limit` records after a given one, in the order of [`iter`](Self::iter).
    ///
    /// # Errors
    /// [`RegisterError::Store`] or [`RegisterError::Damaged`].
    pub fn page(
        &self,
        after: Option<&RecordId>,
        limit: usize,
    ) -> Result<Vec<IssuingRecord>, RegisterError> {
        let after = after.map(|id| self.sealer.record_key(id));
        let found = self.store.scan(seal::RECORDS, after.as_deref(), limit)?;
        found.iter().map(|(key, sealed)| self.read_record(key, sealed)).collect()
    }

    /// Returns the id under which the row with this label is recorded, so that a label is recorded
    /// once. Without the register's key it tells nothing about the label.
    #[must_use]
    pub fn id_of_label(&self, label: &RowLabel) -> RecordId {
        self.sealer.id_of_label(label.as_str())
    }

    /// Counts the indexes of a list that were taken.
    ///
    /// # Errors
    /// [`RegisterError::Store`] or [`RegisterError::Damaged`].
    pub fn taken(&self, list: u32) -> Result<u32, RegisterError> {
        let mut lists = self.lock();
        let used = self.used_of(&mut lists, list)?;
        Ok(MAX_LIST_ENTRIES - used.free_below(MAX_LIST_ENTRIES))
    }

    /// Changes the state of one record, and returns what it was.
    ///
    /// # Errors
    /// As [`set_states`](Self::set_states).
    pub fn set_state(
        &self,
        record: &RecordId,
        state: RecordState,
    ) -> Result<RecordState, RegisterError> {
        let before = self.set_states(&[(*record, state)])?;
        before.first().copied().ok_or(RegisterError::UnknownRecord { record: *record })
    }

    /// Changes the states of several records, all or none, and returns what they were.
    ///
    /// # Errors
    /// [`RegisterError::UnknownRecord`]; [`RegisterError::Final`] if one is invalid and would no
    /// longer be (Token Status List); [`RegisterError::TooMany`].
    pub fn set_states(
        &self,
        changes: &[(RecordId, RecordState)],
    ) -> Result<Vec<RecordState>, RegisterError> {
        at_most("changes", changes.len(), MAX_RECORDS_AT_ONCE)?;
        let _unchanged = self.lock();
        let mut batch = Batch::new();
        let mut pending = BTreeMap::new();
        let mut before = Vec::with_capacity(changes.len());
        for &(id, state) in changes {
            let record =
                self.find_by_record(&id)?.ok_or(RegisterError::UnknownRecord { record: id })?;
            let current = pending.insert(id, state).unwrap_or(record.state);
            if current == RecordState::Invalid && state != RecordState::Invalid {
                return Err(RegisterError::Final { record: id });
            }
            before.push(current);
            let slot = Slot { index: record.status_index, state, record: Some(id) };
            self.put_slot(&mut batch, record.status_list, &slot)?;
        }
        self.store.apply(batch)?;
        Ok(before)
    }

    /// Iterates over index and state of every record in status list `list`, in no order that
    /// means anything. Indexes that are not told belong to no record.
    pub fn states_of_list(
        &self,
        list: u32,
    ) -> impl Iterator<Item = Result<(u32, RecordState), RegisterError>> + '_ {
        self.slots_of_list(list).filter_map(|slot| match slot {
            Ok(Slot { record: None, .. }) => None,
            Ok(slot) => Some(Ok((slot.index, slot.state))),
            Err(error) => Some(Err(error)),
        })
    }

    /// Iterates over index, record and state of every record in status list `list`, as
    /// [`states_of_list`](Self::states_of_list).
    pub fn records_of_list(
        &self,
        list: u32,
    ) -> impl Iterator<Item = Result<(u32, RecordId, RecordState), RegisterError>> + '_ {
        self.slots_of_list(list).filter_map(|slot| match slot {
            Ok(slot) => slot.record.map(|record| Ok((slot.index, record, slot.state))),
            Err(error) => Some(Err(error)),
        })
    }

    fn slots_of_list(
        &self,
        list: u32,
    ) -> impl Iterator<Item = Result<Slot, RegisterError>> + use<'_> {
        let prefix = self.sealer.list_prefix(list);
        entries(&*self.store, &prefix).map(|found| {
            let (key, sealed) = found?;
            self.read_slot(&key, &sealed)
        })
    }

    fn slot(&self, list: u32, index: u32) -> Result<Option<Slot>, RegisterError> {
        let key = self.sealer.slot_key(list, index);
        match self.store.get(&key)? {
            Some(sealed) => self.read_slot(&key, &sealed).map(Some),
            None => Ok(None),
        }
    }

    fn put_slot(&self, batch: &mut Batch, list: u32, slot: &Slot) -> Result<(), RegisterError> {
        let key = self.sealer.slot_key(list, slot.index);
        batch.put(key.as_slice(), self.sealer.seal(&key, &slot.encode())?);
        Ok(())
    }

    fn read_slot(&self, key: &[u8], sealed: &[u8]) -> Result<Slot, RegisterError> {
        let plain = self.sealer.open(key, sealed).ok_or(damaged("slot"))?;
        Slot::decode(&plain).ok_or(damaged("slot"))
    }

    fn read_record(&self, key: &[u8], sealed: &[u8]) -> Result<IssuingRecord, RegisterError> {
        let plain = self.sealer.open(key, sealed).ok_or(damaged("record"))?;
        let mut record = layout::decode_record(&plain).ok_or(damaged("record"))?;
        let slot = self.slot(record.status_list, record.status_index)?;
        let slot = slot.filter(|slot| slot.record == Some(record.record));
        record.state = slot.ok_or(damaged("slot"))?.state;
        Ok(record)
    }

    fn used_of<'a>(
        &self,
        lists: &'a mut BTreeMap<u32, UsedIndexes>,
        list: u32,
    ) -> Result<&'a mut UsedIndexes, RegisterError> {
        match lists.entry(list) {
            std::collections::btree_map::Entry::Occupied(known) => Ok(known.into_mut()),
            std::collections::btree_map::Entry::Vacant(unknown) => {
                let mut used = UsedIndexes::default();
                for slot in self.slots_of_list(list) {
                    used.insert(slot?.index);
                }
                Ok(unknown.insert(used))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u32, UsedIndexes>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Register").finish_non_exhaustive()
    }
}

/// Set of indexes, a bit each.
#[derive(Default)]
struct UsedIndexes {
    words: Vec<u64>,
}

impl UsedIndexes {
    fn contains(&self, index: u32) -> bool {
        self.words.get(to_usize(index / 64)).is_some_and(|word| word & (1 << (index % 64)) != 0)
    }

    fn insert(&mut self, index: u32) {
        let at = to_usize(index / 64);
        if self.words.len() <= at {
            self.words.resize(at + 1, 0);
        }
        if let Some(word) = self.words.get_mut(at) {
            *word |= 1 << (index % 64);
        }
    }

    fn free_below(&self, capacity: u32) -> u32 {
        let whole = self.words.iter().take(to_usize(capacity / 64));
        let mut used: u32 = whole.map(|word| word.count_ones()).sum();
        let rest = self.words.get(to_usize(capacity / 64)).copied().unwrap_or(0);
        used += (rest & ((1 << (capacity % 64)) - 1)).count_ones();
        capacity - used
    }

    /// Takes an index below `capacity`, each free one being equally likely.
    fn take(&mut self, capacity: u32, rng: &mut (impl CryptoRng + ?Sized)) -> Option<u32> {
        /// Guesses before counting: enough while one index in eight is free.
        const GUESSES: u32 = 64;
        if capacity == 0 {
            return None;
        }
        let guesses = (0..GUESSES).map(|_| random_below(capacity, rng));
        let index = guesses.into_iter().find(|index| !self.contains(*index)).or_else(|| {
            let free = self.free_below(capacity);
            let chosen = if free == 0 { return None } else { random_below(free, rng) };
            (0..capacity).filter(|index| !self.contains(*index)).nth(to_usize(chosen))
        })?;
        self.insert(index);
        Some(index)
    }
}

fn damaged(what: &'static str) -> RegisterError {
    RegisterError::Damaged { what }
}

fn at_most(what: &'static str, count: usize, limit: usize) -> Result<(), RegisterError> {
    if count > limit { Err(RegisterError::TooMany { what, count, limit }) } else { Ok(()) }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Random number below `bound`, which is not 0; each equally likely.
fn random_below(bound: u32, rng: &mut (impl CryptoRng + ?Sized)) -> u32 {
    // Numbers from the last, incomplete multiple of the bound would favour the small ones.
    let complete = u32::MAX - u32::MAX % bound;
    loop {
        let number = rng.next_u32();
        if number < complete {
            return number % bound;
        }
    }
}
