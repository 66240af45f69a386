//! The directory of an institution and of a node, and how they are made.
//!
//! ```text
//! carnet.toml        configuration                            of the node
//! node.seed          64 hexadecimal digits: who the node is on the network
//! store/             the logs
//! institution.seed   64 hexadecimal digits: all its keys      of each institution
//! institution.seed.new   the same, while its keys are replaced
//! institution.did    its identifier
//! operator.token     the password of its operator             (also of a node without a log)
//! register.key       64 hexadecimal digits: opens the register
//! register/          which status index belongs to which record
//! ```
//!
//! Secrets are readable by their owner only. A directory is made beside its place and moved there
//! once it is complete.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use carnet_proto::id::{Did, sha256};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::profile::InstitutionProfile;
use carnet_proto::statement::standing::empty_head;
use carnet_proto::statement::{Statement, StatementError};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use getrandom::rand_core::CryptoRng;
use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::config::{CONFIG_FILE, Config};
use crate::desk::register::RegisterKey;
use crate::logs::{Logs, LogsError};
use crate::store::StoreError;
use crate::store::sled::{SledOptions, SledStore};

mod backup;
mod restore;
mod seeds;

pub use restore::{Restored, Restoring, restore};
pub use seeds::NEW_SEED_FILE;

/// File with the seed of an institution's keys.
pub const SEED_FILE: &str = "institution.seed";
/// File with an institution's identifier.
pub const DID_FILE: &str = "institution.did";
/// File with an operator's token.
pub const TOKEN_FILE: &str = "operator.token";
/// File with the seed of a node's identity on the network.
pub const NODE_SEED_FILE: &str = "node.seed";
/// Directory with the logs of a node.
pub const STORE_DIRECTORY: &str = "store";
/// Directory with the register of an institution.
pub const REGISTER_DIRECTORY: &str = "register";
/// File with the key of the register.
const REGISTER_KEY_FILE: &str = "register.key";
/// Largest of these files, in bytes.
const MAX_FILE_BYTES: u64 = 256;
/// Bytes of an operator's token before they are written in base32.
const TOKEN_BYTES: usize = 32;

/// An institution whose log a node writes.
#[derive(Debug)]
pub struct Institution {
    /// Its identifier.
    pub did: Did,
    /// Its keys.
    pub seed: Seed,
    /// What its operator's token is compared with.
    pub token: TokenDigest,
    /// Opens its register.
    pub register_key: RegisterKey,
    /// Its directory.
    pub directory: PathBuf,
}

impl Institution {
    /// Reads the directory of an institution.
    ///
    /// # Errors
    /// [`InstitutionError::Unreadable`], [`InstitutionError::Malformed`].
    pub fn open(directory: &Path) -> Result<Self, InstitutionError> {
        let path = directory.join(DID_FILE);
        let did = Did::parse(read(&path)?.trim())
            .map_err(|_| InstitutionError::Malformed { path, what: "an identifier" })?;
        Ok(Self {
            did,
            seed: Seed::new(*read_secret(&directory.join(SEED_FILE))?),
            token: TokenDigest::open(directory)?,
            register_key: RegisterKey::from_bytes(read_secret(&directory.join(REGISTER_KEY_FILE))?),
            directory: directory.to_owned(),
        })
    }
}

/// SHA-256 of an operator's token: enough to recognise it.
#[derive(Clone, Copy, Debug)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// Reads the token in a directory.
    ///
    /// # Errors
    /// [`InstitutionError::Unreadable`], [`InstitutionError::Malformed`].
    pub fn open(directory: &Path) -> Result<Self, InstitutionError> {
        let path = directory.join(TOKEN_FILE);
        let token = read(&path)?;
        if token.trim().len() < 32 {
            return Err(InstitutionError::Malformed { path, what: "a token" });
        }
        Ok(Self(sha256(token.trim().as_bytes())))
    }

    /// Returns whether this is the token, in a time that does not depend on it.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        self.0.ct_eq(&sha256(token.as_bytes())).into()
    }
}

/// Reads the seed of a node's identity on the network.
///
/// # Errors
/// [`InstitutionError::Unreadable`], [`InstitutionError::Malformed`].
pub fn node_seed(directory: &Path) -> Result<Zeroizing<[u8; 32]>, InstitutionError> {
    read_secret(&directory.join(NODE_SEED_FILE))
}

/// What a new node is to be.
#[derive(Clone, Debug)]
pub struct InitOptions {
    /// Who its institution says it is; `None` for a node that owns no log.
    pub profile: Option<InstitutionProfile>,
    /// How it is to run.
    pub config: Config,
}

/// What was made.
#[derive(Debug)]
pub struct InitReport {
    /// The institution's identifier; `None` for a node that owns no log.
    pub did: Option<Did>,
    /// The seed of the next key set, to be shown once, written on paper and forgotten.
    pub next_seed: Option<Seed>,
    /// File with the operator's token.
    pub token_file: PathBuf,
}

/// Makes the directory of a node, with its institution if it has one. The log begins with inception,
/// profile and standing, under a signed checkpoint.
///
/// # Errors
/// [`InstitutionError::NotEmpty`] if there is anything in the directory, and what the system says.
/// Nothing is left behind then.
pub fn init(
    directory: &Path,
    options: InitOptions,
    rng: &mut impl CryptoRng,
) -> Result<InitReport, InstitutionError> {
    let made = made_beside(directory, rng, |making, rng| make(making, options, rng));
    made.map(|(did, next_seed)| InitReport {
        did,
        next_seed,
        token_file: directory.join(TOKEN_FILE),
    })
}

/// Refuses a directory in which there is something: whoever asks for words first looks here.
///
/// # Errors
/// [`InstitutionError::NotEmpty`].
pub fn must_be_empty(directory: &Path) -> Result<(), InstitutionError> {
    if fs::read_dir(directory).is_ok_and(|mut found| found.next().is_some()) {
        return Err(InstitutionError::NotEmpty { path: directory.to_owned() });
    }
    Ok(())
}

/// Lets a directory be made beside its place, and moves it there once it is complete.
fn made_beside<T, R: CryptoRng, E: From<InstitutionError>>(
    directory: &Path,
    rng: &mut R,
    make: impl FnOnce(&Path, &mut R) -> Result<T, E>,
) -> Result<T, E> {
    let cannot = |source| InstitutionError::Uncreatable { path: directory.to_owned(), source };
    must_be_empty(directory)?;
    let absolute = std::path::absolute(directory).map_err(cannot)?;
    let (parent, name) = match (absolute.parent(), absolute.file_name()) {
        (Some(parent), Some(name)) => (parent, name.to_string_lossy()),
        _ => return Err(cannot(io::ErrorKind::InvalidInput.into()).into()),
    };
    fs::create_dir_all(parent).map_err(cannot)?;
    let mut random = [0; 8];
    rng.fill_bytes(&mut random);
    let making = parent.join(format!(".{name}.{}", HEXLOWER.encode(&random)));
    let made = make(&making, rng).and_then(|made| {
        fs::rename(&making, &absolute).map_err(cannot)?;
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(cannot)?;
        Ok(made)
    });
    if made.is_err() {
        // It may not have come to be, or have been moved already.
        let _ = fs::remove_dir_all(&making);
    }
    made
}

fn make(
    directory: &Path,
    options: InitOptions,
    rng: &mut impl CryptoRng,
) -> Result<(Option<Did>, Option<Seed>), InstitutionError> {
    let mut config = options.config;
    make_directory(directory)?;
    put_secret(directory, NODE_SEED_FILE, rng)?;
    let made = match options.profile {
        Some(profile) => {
            config.institutions = Vec::from([PathBuf::from(".")]);
            let store = SledStore::open(&directory.join(STORE_DIRECTORY), &SledOptions::default())?;
            let logs = Logs::open(Arc::new(store))?;
            let (did, next) = add_institution(directory, &logs, profile, rng)?;
            (Some(did), Some(next))
        }
        None => {
            config.institutions.clear();
            put_token(directory, rng)?;
            (None, None)
        }
    };
    put(directory, CONFIG_FILE, config.to_toml().as_bytes(), false)?;
    Ok(made)
}

/// Makes the files of an institution in a directory that is there, and begins its log. Returns its
/// identifier and the seed of its next key set.
///
/// # Errors
/// [`InstitutionError`].
pub fn add_institution(
    directory: &Path,
    logs: &Logs,
    profile: InstitutionProfile,
    rng: &mut impl CryptoRng,
) -> Result<(Did, Seed), InstitutionError> {
    let (seed, next) = (Seed::generate(rng), Seed::generate(rng));
    let key = seed.signing_key(Purpose::Statement);
    let (keys, commitment) = (seed.public_key_set(), next.public_key_set().commitment());
    let inception = Statement::incept(Inception { keys, next: commitment }, &key);
    let did = *inception.issuer();
    let profile = Statement::sign(&did, profile, &key)?;
    let mut replica = Replica::new(inception.entry()).map_err(LogsError::from)?;
    replica.append(std::slice::from_ref(&profile));
    let standing = Statement::sign(&did, replica.derive_standing(empty_head()), &key)?;

    let hex = Zeroizing::new(HEXLOWER.encode(seed.expose()) + "\n");
    put(directory, SEED_FILE, hex.as_bytes(), true)?;
    put_secret(directory, REGISTER_KEY_FILE, rng)?;
    put_token(directory, rng)?;
    put(directory, DID_FILE, format!("{did}\n").as_bytes(), false)?;
    let head = logs.begin_own(&[inception, profile, standing])?;
    let note = Note::sign(&Checkpoint::new(&did, head), &seed.signing_key(Purpose::Checkpoint));
    logs.publish_own(&did, &note)?;
    Ok((did, next))
}

fn put_token(directory: &Path, rng: &mut impl CryptoRng) -> Result<(), InstitutionError> {
    let mut token = Zeroizing::new([0; TOKEN_BYTES]);
    rng.fill_bytes(&mut token[..]);
    let text = Zeroizing::new(BASE32_NOPAD.encode(&token[..]).to_lowercase() + "\n");
    put(directory, TOKEN_FILE, text.as_bytes(), true)
}

fn put_secret(
    directory: &Path,
    name: &str,
    rng: &mut impl CryptoRng,
) -> Result<(), InstitutionError> {
    let mut secret = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut secret[..]);
    let text = Zeroizing::new(HEXLOWER.encode(&secret[..]) + "\n");
    put(directory, name, text.as_bytes(), true)
}

fn make_directory(path: &Path) -> Result<(), InstitutionError> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let created = builder.create(path);
    created.map_err(|source| InstitutionError::Uncreatable { path: path.to_owned(), source })
}

fn put(
    directory: &Path,
    name: &str,
    content: &[u8],
    is_secret: bool,
) -> Result<(), InstitutionError> {
    let path = directory.join(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    let written = options
        .open(&path)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    written.map_err(|source| InstitutionError::Uncreatable { path, source })
}

fn read(path: &Path) -> Result<Zeroizing<String>, InstitutionError> {
    let unreadable = |source| InstitutionError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(unreadable)?;
    Ok(text)
}

fn read_secret(path: &Path) -> Result<Zeroizing<[u8; 32]>, InstitutionError> {
    let text = read(path)?;
    let mut secret = Zeroizing::new([0; 32]);
    let text = text.trim();
    if text.len() != 64 || HEXLOWER.decode_mut(text.as_bytes(), &mut secret[..]).is_err() {
        let what = "64 hexadecimal digits in lower case";
        return Err(InstitutionError::Malformed { path: path.to_owned(), what });
    }
    Ok(secret)
}

/// Why a directory could not be made or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstitutionError {
    /// There is something in the directory.
    #[error("{path} is not empty")]
    NotEmpty {
        /// The directory.
        path: PathBuf,
    },
    /// The system refused to make something.
    #[error("cannot create {path}")]
    Uncreatable {
        /// What.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
    /// The system refused to read something.
    #[error("cannot read {path}")]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
    /// A file holds something else.
    #[error("{path} does not hold {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// A backup of something else.
    #[error("{path} says that it is a directory of {found}")]
    OtherInstitution {
        /// The file that says so.
        path: PathBuf,
        /// Whose directory it is.
        found: Did,
    },
    /// The profile cannot be stated.
    #[error("the profile cannot be stated")]
    Statement(#[from] StatementError),
    /// The logs cannot be written.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[cfg(test)]
mod tests {
    use carnet_proto::classification::Country;
    use carnet_proto::statement::profile::Role;
    use carnet_proto::text::{Language, Line, Name};
    use getrandom::SysRng;
    use getrandom::rand_core::UnwrapErr;

    use super::*;

    fn options() -> InitOptions {
        let name = Name {
            language: Language::parse("en").unwrap(),
            text: Line::parse("Institute of Welding").unwrap(),
        };
        let profile = InstitutionProfile {
            names: Vec::from([name]),
            country: Country::parse("PH").unwrap(),
            role: Role::TrainingBody,
            web: None,
            nodes: Vec::new(),
            contacts: Vec::new(),
            witnesses: Vec::new(),
            quorum: None,
        };
        InitOptions { profile: Some(profile), config: Config::default() }
    }

    #[test]
    fn a_new_institution_has_keys_a_token_and_a_log_in_order() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("a/node");
        let report = init(&directory, options(), &mut UnwrapErr(SysRng)).unwrap();
        let institution = Institution::open(&directory).unwrap();
        assert_eq!(Some(institution.did), report.did);
        let token = fs::read_to_string(&report.token_file).unwrap();
        assert!(institution.token.matches(token.trim()));
        assert!(!institution.token.matches("guess"));
        assert_eq!(Config::load(&directory).unwrap(), Config::default());
        let store = SledStore::open(&directory.join(STORE_DIRECTORY), &SledOptions::default());
        let replica = Logs::open(Arc::new(store.unwrap())).unwrap().get(&institution.did).unwrap();
        assert_eq!(replica.is_in_order(), Ok(()));
        assert_eq!(replica.size().0, 3);
        assert_eq!(replica.view().newest().unwrap().head, replica.tree().head());
        let keys = replica.view().current_keys().unwrap();
        assert_eq!(keys.keys, institution.seed.public_key_set());
        assert_eq!(keys.next, report.next_seed.unwrap().public_key_set().commitment());
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("node");
        init(&directory, options(), &mut UnwrapErr(SysRng)).unwrap();
        for secret in [SEED_FILE, TOKEN_FILE, NODE_SEED_FILE, REGISTER_KEY_FILE] {
            let mode = fs::metadata(directory.join(secret)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{secret}");
        }
    }

    #[test]
    fn a_directory_in_use_is_refused_and_a_failure_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("node");
        init(&directory, options(), &mut UnwrapErr(SysRng)).unwrap();
        let again = init(&directory, options(), &mut UnwrapErr(SysRng));
        assert!(matches!(again, Err(InstitutionError::NotEmpty { .. })));
        fs::write(parent.path().join("file"), b"").unwrap();
        let below = init(&parent.path().join("file/node"), options(), &mut UnwrapErr(SysRng));
        assert!(matches!(below, Err(InstitutionError::Uncreatable { .. })));
        let mut unnamed = options();
        unnamed.profile.as_mut().unwrap().names.clear();
        let unnamed = init(&parent.path().join("other"), unnamed, &mut UnwrapErr(SysRng));
        assert!(matches!(unnamed, Err(InstitutionError::Statement(_))));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_node_without_a_log_has_an_identity_and_a_token() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("node");
        let options = InitOptions { profile: None, config: Config::default() };
        let report = init(&directory, options, &mut UnwrapErr(SysRng)).unwrap();
        assert!(report.did.is_none() && report.next_seed.is_none());
        assert_eq!(Config::load(&directory).unwrap().institutions, Vec::<PathBuf>::new());
        node_seed(&directory).unwrap();
        TokenDigest::open(&directory).unwrap();
    }
}
