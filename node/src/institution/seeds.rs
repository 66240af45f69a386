//! The seed of an institution while its keys are replaced: the new one lies beside the old one until
//! the rotation is on disk.

use std::fs::{self, File};
use std::io;

use carnet_proto::key::{PublicKeySet, Seed};
use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::{Institution, InstitutionError, SEED_FILE, put, read_secret};

/// File with the seed of the keys that a rotation reveals, while it is being made.
pub const NEW_SEED_FILE: &str = "institution.seed.new";

impl Institution {
    /// Puts the seed of the keys to come beside that of the keys in force.
    ///
    /// # Errors
    /// [`InstitutionError::Uncreatable`].
    pub fn put_new_seed(&self, seed: &Seed) -> Result<(), InstitutionError> {
        self.drop_new_seed()?;
        let hex = Zeroizing::new(HEXLOWER.encode(seed.expose()) + "\n");
        put(&self.directory, NEW_SEED_FILE, hex.as_bytes(), true)?;
        self.sync()
    }

    /// Takes the new seed into use: from now on it is the institution's.
    ///
    /// # Errors
    /// [`InstitutionError::Uncreatable`].
    pub fn take_new_seed(&self) -> Result<(), InstitutionError> {
        let path = self.directory.join(SEED_FILE);
        fs::rename(self.directory.join(NEW_SEED_FILE), &path)
            .map_err(|source| InstitutionError::Uncreatable { path, source })?;
        self.sync()
    }

    /// Finishes a rotation that was interrupted, or clears it away: uses the seed whose keys are in
    /// force.
    ///
    /// # Errors
    /// [`InstitutionError`].
    pub fn settle(&mut self, in_force: &PublicKeySet) -> Result<(), InstitutionError> {
        let path = self.directory.join(NEW_SEED_FILE);
        if fs::symlink_metadata(&path).is_err() {
            return Ok(());
        }
        if self.seed.public_key_set() == *in_force {
            return self.drop_new_seed();
        }
        let new = Seed::new(*read_secret(&path)?);
        if new.public_key_set() == *in_force {
            self.take_new_seed()?;
            self.seed = new;
            tracing::info!(did = %self.did, "a rotation that was interrupted is finished");
        }
        Ok(())
    }

    fn drop_new_seed(&self) -> Result<(), InstitutionError> {
        let path = self.directory.join(NEW_SEED_FILE);
        match fs::remove_file(&path) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(InstitutionError::Uncreatable { path, source }),
        }
    }

    fn sync(&self) -> Result<(), InstitutionError> {
        let path = self.directory.clone();
        let synced = File::open(&path).and_then(|directory| directory.sync_all());
        synced.map_err(|source| InstitutionError::Uncreatable { path, source })
    }
}
