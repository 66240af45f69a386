//! An institution that lost its disk: made again from the 24 words of its next keys and from the copy of
//! its log that others hold.
//!
//! The keys in force are lost with the disk, so that the first thing the restored log says is a
//! rotation to the next ones. The register is lost too: the status lists are taken over as they were
//! published, and new credentials get new lists.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::key::Seed;
use carnet_proto::statement::identity::Rotation;
use carnet_proto::time::UnixSeconds;
use data_encoding::HEXLOWER;
use getrandom::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{
    DID_FILE, InstitutionError, NODE_SEED_FILE, REGISTER_DIRECTORY, REGISTER_KEY_FILE, SEED_FILE,
    STORE_DIRECTORY, TOKEN_FILE, made_beside, make_directory, put, put_secret, put_token,
    read_secret,
};
use crate::config::{CONFIG_FILE, Config};
use crate::desk::adopt::{Adopted, adopt_own};
use crate::desk::register::{Register, RegisterKey};
use crate::logs::{Logs, WholeLog};
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

/// Makes the directory of a node again. `log` was checked by whoever fetched it; it is checked once more.
/// `revealed` is the seed of the next keys, and `next` that of the set after them, whose words the caller has
/// shown before.
///
/// # Errors
/// [`RotateError`]: nothing is left behind then.
pub fn restore(
    directory: &Path,
    log: &WholeLog,
    revealed: &Seed,
    next: &Seed,
    config: Config,
    now: UnixSeconds,
    rng: &mut impl CryptoRng,
) -> Result<Restored, RotateError> {
    let made = made_beside(directory, rng, |making, rng| {
        build(making, log, revealed, next, config, now, rng)
    })?;
    let (did, size, adopted) = made;
    Ok(Restored { did, size, adopted, token_file: directory.join(TOKEN_FILE) })
}

fn build(
    directory: &Path,
    log: &WholeLog,
    revealed: &Seed,
    next: &Seed,
    mut config: Config,
    now: UnixSeconds,
    rng: &mut impl CryptoRng,
) -> Result<(Did, u64, Adopted), RotateError> {
    make_directory(directory)?;
    put_secret(directory, NODE_SEED_FILE, rng)?;
    put_secret(directory, REGISTER_KEY_FILE, rng)?;
    put_token(directory, rng)?;
    let hex = Zeroizing::new(HEXLOWER.encode(revealed.expose()) + "\n");
    put(directory, SEED_FILE, hex.as_bytes(), true)?;
    let options = SledOptions::default();
    let open = |name: &str| SledStore::open(&directory.join(name), &options);
    let store = Arc::new(open(STORE_DIRECTORY).map_err(InstitutionError::from)?);
    let register = Arc::new(open(REGISTER_DIRECTORY).map_err(InstitutionError::from)?);
    let key = RegisterKey::from_bytes(read_secret(&directory.join(REGISTER_KEY_FILE))?);
    let register = Register::open(register, &key)?;
    let logs = Logs::open(store)?;
    let did = logs.take_whole(log)?;
    put(directory, DID_FILE, format!("{did}\n").as_bytes(), false)?;
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
