//! The nonces that a verifier has handed out, each of which counts once.
//!
//! They are kept in `<home>/challenges/`, for this user alone: one small file per nonce, and beside it
//! a file `.used` whose creation is what uses the nonce, so that of two answers at once one loses.

use crate::error::CliError;
use crate::files::{self, Access, Existing};
use carnet_proto::id::{Digest, sha256};
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::verify::policy::IssuedNonce;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// Largest file, in bytes.
const MAX_FILE_BYTES: u64 = 4096;
/// Most nonces that are read.
const MAX_NONCES: usize = 10_000;
/// Seconds for which a nonce is remembered after its end, so that a late answer is told from an
/// unknown one.
const REMEMBERED: u64 = 7 * DAY;

/// Where nonces are kept.
#[derive(Debug, Clone)]
pub struct Challenges {
    dir: PathBuf,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    audience: String,
    nonce: String,
    issued_at: u64,
    expires_at: u64,
}

impl Challenges {
    /// Those of this user.
    ///
    /// # Errors
    /// As [`files::carnet_home`].
    pub fn of_user() -> Result<Self, CliError> {
        Ok(Self::at(&files::carnet_home()?))
    }

    /// Those kept below a directory.
    pub fn at(home: &Path) -> Self {
        Self { dir: home.join("challenges") }
    }

    /// Remembers a nonce, and forgets those long past.
    ///
    /// # Errors
    /// Those of writing.
    pub fn issue(
        &self,
        audience: &str,
        nonce: &[u8],
        now: UnixSeconds,
        expires_at: UnixSeconds,
    ) -> Result<(), CliError> {
        files::create_dir(&self.dir, Access::Private)?;
        self.forget(now);
        let record = Record {
            version: 1,
            audience: audience.to_owned(),
            nonce: HEXLOWER.encode(nonce),
            issued_at: now.0,
            expires_at: expires_at.0,
        };
        let bytes = serde_json::to_vec(&record)
            .map_err(|cause| CliError::bug("json-write").caused_by(cause))?;
        files::write(&self.file(nonce, "json"), &bytes, Access::Private, Existing::Keep)
    }

    /// Returns the nonces handed out for an audience.
    ///
    /// # Errors
    /// Those of reading the directory.
    pub fn issued(&self, audience: &str) -> Result<Vec<IssuedNonce>, CliError> {
        let mut nonces = Vec::new();
        for (path, record) in self.records()? {
            let Ok(nonce) = HEXLOWER.decode(record.nonce.as_bytes()) else { continue };
            if record.audience == audience {
                nonces.push(IssuedNonce {
                    nonce,
                    expires_at: UnixSeconds(record.expires_at),
                    used: path.with_extension("used").exists(),
                });
            }
        }
        Ok(nonces)
    }

    /// Uses a nonce. Returns whether it was unused until now.
    ///
    /// # Errors
    /// `file-write`: what cannot be marked as used must not be accepted.
    pub fn use_up(&self, nonce: &[u8]) -> Result<bool, CliError> {
        match files::write(&self.file(nonce, "used"), b"", Access::Private, Existing::Keep) {
            Ok(()) => Ok(true),
            Err(error) if error.code() == "file-exists" => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Takes back that a nonce is used: whoever waited for the verdict was not told.
    pub fn give_back(&self, nonce: &[u8]) {
        // If that fails it stays used, which refuses.
        let _ = fs::remove_file(self.file(nonce, "used"));
    }

    fn file(&self, nonce: &[u8], extension: &str) -> PathBuf {
        self.dir.join(format!("{}.{extension}", Digest::new(sha256(nonce))))
    }

    fn records(&self) -> Result<Vec<(PathBuf, Record)>, CliError> {
        let entries = match fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                let file = self.dir.display().to_string();
                return Err(CliError::store("file-read").arg("file", file).caused_by(error));
            }
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let json = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        // An answer to what cannot be read would look like one to somebody else's challenge.
        let read = |path: PathBuf| {
            let damaged = || {
                let error = CliError::store("challenge-record");
                error.arg("file", path.display().to_string()).hint("challenge-record")
            };
            let bytes = files::read_limited(&path, MAX_FILE_BYTES)?;
            let record = serde_json::from_slice(&bytes);
            let record: Record = record.map_err(|cause| damaged().caused_by(cause))?;
            if record.version == 1 { Ok((path, record)) } else { Err(damaged()) }
        };
        json.take(MAX_NONCES).map(read).collect()
    }

    fn forget(&self, now: UnixSeconds) {
        for (path, record) in self.records().unwrap_or_default() {
            if record.expires_at.saturating_add(REMEMBERED) < now.0 {
                // First the nonce, then the mark: a used nonce never becomes an unused one.
                if fs::remove_file(&path).is_ok() {
                    let _ = fs::remove_file(path.with_extension("used"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_counts_once_and_is_forgotten_in_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Challenges::at(dir.path());
        assert!(store.issued("me").unwrap().is_empty());
        store.issue("me", &[7; 32], UnixSeconds(1000), UnixSeconds(1600)).unwrap();
        let expected =
            IssuedNonce { nonce: vec![7; 32], expires_at: UnixSeconds(1600), used: false };
        assert_eq!(store.issued("me").unwrap(), [expected]);
        assert!(store.issued("another").unwrap().is_empty());
        assert!(store.use_up(&[7; 32]).unwrap());
        assert!(!store.use_up(&[7; 32]).unwrap());
        assert!(store.issued("me").unwrap()[0].used);
        store.give_back(&[7; 32]);
        assert!(!store.issued("me").unwrap()[0].used);
        assert!(store.use_up(&[7; 32]).unwrap());
        let later = UnixSeconds(1600 + REMEMBERED + 1);
        store.issue("me", &[8; 32], later, later.plus(600)).unwrap();
        assert_eq!(store.issued("me").unwrap().len(), 1);
    }

    #[test]
    fn a_record_that_cannot_be_read_is_named_and_no_answer_is_refused_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Challenges::at(dir.path());
        store.issue("me", &[7; 32], UnixSeconds(1000), UnixSeconds(1600)).unwrap();
        let path = store.file(&[7; 32], "json");
        let whole = fs::read(&path).unwrap();
        let newer =
            String::from_utf8(whole.clone()).unwrap().replace("\"version\":1", "\"version\":2");
        for damaged in [&whole[..30], b"garbage", newer.as_bytes()] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(store.issued("me").unwrap_err().code(), "challenge-record");
        }
        fs::write(&path, whole).unwrap();
        assert_eq!(store.issued("me").unwrap().len(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nonces_are_for_their_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Challenges::at(dir.path()).issue("me", &[7; 32], UnixSeconds(1), UnixSeconds(2)).unwrap();
        let made = dir.path().join("challenges");
        assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700);
        for entry in fs::read_dir(made).unwrap() {
            assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
