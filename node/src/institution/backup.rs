//! What is taken from an old backup when an institution is restored: its register, and nothing else.
//!
//! The log comes from peers, and the states of records follow the status lists published there. The
//! backup's own log is only compared: if it had published more than peers show, a log restored from
//! their copies would get a second history.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use carnet_proto::id::Did;
use carnet_proto::ledger::Replica;
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::{
    DID_FILE, InstitutionError, REGISTER_DIRECTORY, REGISTER_KEY_FILE, STORE_DIRECTORY,
    make_directory, put, read, read_secret,
};
use crate::logs::Logs;
use crate::run::RotateError;
use crate::store::StoreError;
use crate::store::sled::{SledOptions, SledStore};

/// Directory of the copy of the backup's store, while it is looked at.
const LOOKED_AT: &str = "store.backup";

/// Copies the register of a backup, and the key that opens it, to the directory that is being made. The
/// backup is not changed.
///
/// # Errors
/// [`InstitutionError::OtherInstitution`], and what the system says.
pub(super) fn take_register(
    backup: &Path,
    making: &Path,
    did: &Did,
) -> Result<(), InstitutionError> {
    let path = backup.join(DID_FILE);
    match Did::parse(read(&path)?.trim()) {
        Ok(found) if found == *did => {}
        Ok(found) => return Err(InstitutionError::OtherInstitution { path, found }),
        Err(_) => return Err(InstitutionError::Malformed { path, what: "an identifier" }),
    }
    let key = read_secret(&backup.join(REGISTER_KEY_FILE))?;
    let hex = Zeroizing::new(HEXLOWER.encode(&key[..]) + "\n");
    put(making, REGISTER_KEY_FILE, hex.as_bytes(), true)?;
    copy(&backup.join(REGISTER_DIRECTORY), &making.join(REGISTER_DIRECTORY))
}

/// Compares what a backup had published of a log with a copy of peers.
///
/// # Errors
/// [`RotateError::BackupNewer`], [`RotateError::BackupDiffers`], and what the system says.
pub(super) fn agrees(backup: &Path, making: &Path, replica: &Replica) -> Result<(), RotateError> {
    let store = backup.join(STORE_DIRECTORY);
    if !store.is_dir() {
        return Ok(());
    }
    let looked_at = making.join(LOOKED_AT);
    copy(&store, &looked_at)?;
    let published = SledStore::open(&looked_at, &SledOptions::default())
        .map_err(Into::into)
        .and_then(|store| Logs::newest_stored(&store, replica.origin()));
    let removed = fs::remove_dir_all(&looked_at);
    removed.map_err(|source| InstitutionError::Uncreatable { path: looked_at, source })?;
    let published = match published {
        Ok(Some(published)) => published,
        Ok(None) => return Ok(()),
        Err(crate::logs::LogsError::Store(error @ StoreError::Corrupt { .. })) => {
            tracing::warn!(%error, "the logs in the backup are not compared");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let found = replica.size();
    match replica.tree().root_at(published.size) {
        _ if published.size > found => {
            Err(RotateError::BackupNewer { backup: published.size.0, found: found.0 })
        }
        Some(root) if root == published.root => Ok(()),
        _ => Err(RotateError::BackupDiffers(published.size.0)),
    }
}

/// Copies a directory of plain files and such directories.
fn copy(from: &Path, to: &Path) -> Result<(), InstitutionError> {
    let unreadable = |source| InstitutionError::Unreadable { path: from.to_owned(), source };
    let found = fs::read_dir(from).map_err(unreadable)?;
    make_directory(to)?;
    for entry in found {
        let entry = entry.map_err(unreadable)?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            copy(&path, &target)?;
            continue;
        }
        let copied = match kind.is_file() {
            true => fs::copy(&path, &target)
                .and_then(|_| File::open(&target))
                .and_then(|file| file.sync_all()),
            // A link could lead anywhere.
            false => Err(io::Error::other("it is neither a file nor a directory")),
        };
        copied.map_err(|source| InstitutionError::Unreadable { path, source })?;
    }
    Ok(())
}
