//! What a database must hold, kept beside what it holds.
//!
//! sled takes what comes before a damaged place in its file for all there is, and may lose pages in the
//! middle, without a word. So every batch also writes a sum over all entries, and the number of the
//! last batch on disk goes to a file of its own: opening compares both.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Seek as _, Write as _};
use std::path::Path;

use ::sled::Db;
use sha2::{Digest as _, Sha256};

use super::{guarded, io_error, look_again, store_error};
use crate::store::StoreError;

/// Holds the number of the last batch on disk, in decimal digits.
pub(super) const SEQUENCE_FILE: &str = "carnet-sequence";
/// Digits of the number in its file.
const SEQUENCE_DIGITS: usize = 20;
/// The key of the sum: batch and entries, u64 each, big-endian, and 32 bytes.
pub(super) const SUM_KEY: &[u8] = b"\0sum";

/// A sum over all entries but itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// Number of the last batch, from 1.
    pub(super) batch: u64,
    entries: u64,
    /// Exclusive or of SHA-256 over length of the key, key and value of each. Tells damage, not malice.
    hash: [u8; 32],
}

impl Sum {
    /// Replaces the value of a key.
    pub(super) fn change(&mut self, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) {
        for value in [old, new].into_iter().flatten() {
            let mut hash = Sha256::new();
            hash.update((key.len() as u64).to_be_bytes());
            hash.update(key);
            hash.update(value);
            let hash: [u8; 32] = hash.finalize().into();
            for (sum, byte) in self.hash.iter_mut().zip(hash) {
                *sum ^= byte;
            }
        }
        self.entries = self.entries.wrapping_sub(u64::from(old.is_some()));
        self.entries = self.entries.wrapping_add(u64::from(new.is_some()));
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let numbers = [self.batch.to_be_bytes(), self.entries.to_be_bytes()].concat();
        [numbers.as_slice(), &self.hash].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (batch, rest) = bytes.split_first_chunk()?;
        let (entries, hash) = rest.split_first_chunk()?;
        let (batch, entries) = (u64::from_be_bytes(*batch), u64::from_be_bytes(*entries));
        Some(Self { batch, entries, hash: hash.try_into().ok()? })
    }

    /// Reads the sum of a database that may be damaged; tells whether the last batch is there.
    pub(super) fn of_damaged(db: &Db, directory: &Path) -> Result<(Self, bool), StoreError> {
        let stored = guarded(|| db.get(SUM_KEY));
        let stored = stored.map_err(|error| store_error("read", directory, error))?;
        let Some(sum) = stored.as_deref().and_then(Self::decode) else {
            return Ok((Self::default(), false));
        };
        let ends_complete = matches!(noted(directory), Ok(Some(noted)) if noted <= sum.batch);
        Ok((sum, ends_complete))
    }

    /// Reads all entries of a database, and compares them with its sum. `has_sum` tells whether it
    /// is of a format that has one.
    pub(super) fn check(db: &Db, directory: &Path, has_sum: bool) -> Result<Self, StoreError> {
        let corrupt = |detail: String| {
            let detail = format!("{}: {detail}", directory.join("db").display());
            Err(StoreError::Corrupt { detail })
        };
        let read = guarded(|| {
            let (mut sum, mut stored) = (Self::default(), None);
            for found in db.iter() {
                let (key, value) = found?;
                look_again(db, &key, value.len())?;
                if key == SUM_KEY {
                    stored = Some(value);
                } else {
                    sum.change(&key, None, Some(&value));
                }
            }
            Ok((sum, stored))
        });
        let (found, stored) = read.map_err(|error| store_error("read", directory, error))?;
        let noted = noted(directory)?;
        let Some(stored) = stored else {
            return if has_sum { corrupt("its sum is missing".to_owned()) } else { Ok(found) };
        };
        let Some(stored) = Self::decode(&stored) else {
            return corrupt("its sum is not one".to_owned());
        };
        if let Some(noted) = noted.filter(|noted| *noted > stored.batch) {
            return corrupt(format!("it ends with batch {} and had {noted}", stored.batch));
        }
        if stored != (Self { batch: stored.batch, ..found }) {
            let (found, entries) = (found.entries, stored.entries);
            return corrupt(format!("it holds {found} entries, not the {entries} that it should"));
        }
        Ok(stored)
    }
}

/// Reads the number of the last batch on disk, if it was noted.
fn noted(directory: &Path) -> Result<Option<u64>, StoreError> {
    let path = directory.join(SEQUENCE_FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) if error.kind() == ErrorKind::InvalidData => String::new(),
        Err(error) => return Err(io_error("open", directory, error)),
    };
    let number = text.strip_suffix('\n').filter(|digits| digits.len() == SEQUENCE_DIGITS);
    match number.and_then(|digits| digits.parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => {
            let detail = format!("{}: it does not hold a number", path.display());
            Err(StoreError::Corrupt { detail })
        }
    }
}

/// The file with the number of the last batch. It is synced when it is closed: it may be behind.
pub(super) struct Sequence(File);

impl Sequence {
    pub(super) fn open(directory: &Path, number: u64) -> io::Result<Self> {
        let path = directory.join(SEQUENCE_FILE);
        let mut file = Self(File::options().write(true).create(true).truncate(false).open(path)?);
        file.note(number)?;
        file.sync()?;
        Ok(file)
    }

    /// Notes the number of the last batch on disk.
    pub(super) fn note(&mut self, number: u64) -> io::Result<()> {
        self.0.rewind()?;
        self.0.write_all(format!("{number:0SEQUENCE_DIGITS$}\n").as_bytes())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}
