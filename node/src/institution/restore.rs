//! An institution that lost its disk: made again from the 24 words of its next keys and from the copy of
//! its log that others hold.
//!
//! The keys in force are lost with the disk, so that the first thing the restored log says is a
//! rotation to the next ones. The status lists are taken over as they were published, and new
//! credentials get new lists. The register is lost too, unless there is an old backup of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::key::Seed;
use carnet_proto::statement::identity::Rotation;
use carnet_proto::time::UnixSeconds;
use data_encoding::HEXLOWER;
use getrandom::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::backup::{agrees, take_register};
use super::{
    DID_FILE, InstitutionError, NODE_SEED_FILE, REGISTER_DIRECTORY, REGISTER_KEY_FILE, SEED_FILE,
    STORE_DIRECTORY, TOKEN_FILE, made_beside, make_directory, put, put_secret, put_token,
    read_secret,
};
use crate::config::{CONFIG_FILE, Config};
use crate::desk::adopt::{Adopted, adopt_own};
use crate::desk::register::{Register, RegisterKey};
use crate::logs::{Logs, LogsError, WholeLog};
use crate::run::{RotateError, with_rotation};
use crate::store::sled::{SledOptions, SledStore};

/// An institution that was made again.
#[derive(Debug)]
pub struct Restored {
    /// Its identifier.
    pub did: Did,
    /// Entries of its log, the rotation included.
    pub size: u64,
    /// What was taken over of its status lists.
    pub adopted: Adopted,
    /// File with the operator's new token.
    pub token_file: PathBuf,
}

/// What an institution is made again from.
#[derive(Debug)]
pub struct Restoring<'a> {
    /// Its log. It was checked by whoever fetched it; it is checked once more.
    pub log: &'a WholeLog,
    /// The seed of its next keys.
    pub revealed: &'a Seed,
    /// The seed of those after them, whose words were shown before.
    pub next: &'a Seed,
    /// How its node is to run.
    pub config: Config,
    /// An old directory of it, whose register is taken over.
    pub backup: Option<&'a Path>,
    /// When it is made.
    pub now: UnixSeconds,
}

/// Makes the directory of a node again.
///
/// # Errors
/// [`RotateError`]: nothing is left behind then.
pub fn restore(
    directory: &Path,
    restoring: Restoring<'_>,
    rng: &mut impl CryptoRng,
) -> Result<Restored, RotateError> {
    let made = made_beside(directory, rng, |making, rng| build(making, restoring, rng))?;
    let (did, size, adopted) = made;
    Ok(Restored { did, size, adopted, token_file: directory.join(TOKEN_FILE) })
}

fn build(
    directory: &Path,
    restoring: Restoring<'_>,
    rng: &mut impl CryptoRng,
) -> Result<(Did, u64, Adopted), RotateError> {
    let Restoring { log, revealed, next, mut config, backup, now } = restoring;
    make_directory(directory)?;
    put_secret(directory, NODE_SEED_FILE, rng)?;
    put_token(directory, rng)?;
    let hex = Zeroizing::new(HEXLOWER.encode(revealed.expose()) + "\n");
    put(directory, SEED_FILE, hex.as_bytes(), true)?;
    let options = SledOptions::default();
    let open = |name: &str| SledStore::open(&directory.join(name), &options);
    let store = Arc::new(open(STORE_DIRECTORY).map_err(InstitutionError::from)?);
    let logs = Logs::open(store)?;
    let did = logs.take_whole(log)?;
    put(directory, DID_FILE, format!("{did}\n").as_bytes(), false)?;
    match backup {
        Some(backup) => {
            take_register(backup, directory, &did)?;
            let replica = logs.get(&did).ok_or(LogsError::UnknownLog(did))?;
            agrees(backup, directory, &replica)?;
        }
        None => put_secret(directory, REGISTER_KEY_FILE, rng)?,
    }
    let register = Arc::new(open(REGISTER_DIRECTORY).map_err(InstitutionError::from)?);
    let key = RegisterKey::from_bytes(read_secret(&directory.join(REGISTER_KEY_FILE))?);
    let register = Register::open(register, &key)?;
    let mut adopted = Adopted::default();
    let head = logs.resume_own(&did, |replica, _| {
        let keys = replica.view().current_keys();
        if keys.map(|period| period.next) != Some(revealed.public_key_set().commitment()) {
            return Err(RotateError::NotTheNext);
        }
        adopted = adopt_own(&register, replica.view())?;
        let rotation = Rotation {
            keys: revealed.public_key_set(),
            next: next.public_key_set().commitment(),
            repudiated_from: None,
            kept: Vec::new(),
        };
        with_rotation(replica, rotation, revealed, &register, now)
    })?;
    config.institutions = Vec::from([PathBuf::from(".")]);
    put(directory, CONFIG_FILE, config.to_toml().as_bytes(), false)?;
    Ok((did, head.size.0, adopted))
}
