//! Where a node keeps its data, opened as its configuration says.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{StartError, below};
use crate::config::{Config, StoreConfig};
use crate::institution::{Institution, REGISTER_DIRECTORY, STORE_DIRECTORY, TokenDigest};
use crate::logs::Logs;
use crate::store::measured::Measured;
use crate::store::postgres::{Database, Holder, PostgresStore, Space};
use crate::store::sled::{SledOptions, SledStore};
use crate::store::{Store, StoreError};

/// What is read from disk before anything is started.
pub(super) struct Opened {
    pub(super) logs: Arc<Logs>,
    pub(super) store: Arc<dyn Store>,
    pub(super) measured: Arc<Measured<Arc<dyn Store>>>,
    pub(super) institutions: Vec<(Institution, Arc<dyn Store>)>,
    /// Tokens that open no institution.
    pub(super) tokens: Vec<TokenDigest>,
    pub(super) database: Option<Arc<Database>>,
    pub(super) holder: Option<Holder>,
}

/// The place of the stores of one node.
#[derive(Debug)]
pub(super) enum Stores {
    /// Directories below that of the node.
    Sled { directory: PathBuf, options: SledOptions },
    /// Tables of a database.
    Postgres { database: Arc<Database>, holder: Option<Holder> },
}

impl Stores {
    /// Connects to the database if there is one, and takes its lease if nobody holds it. `name` is what
    /// others are told of the holder.
    pub(super) fn open(
        config: &Config,
        directory: &Path,
        patience: Duration,
        name: &str,
    ) -> Result<Self, StoreError> {
        match &config.store {
            StoreConfig::Sled => {
                let cache_bytes = config.cache_mebibytes << 20;
                let options = SledOptions { cache_bytes, lock_patience: patience };
                Ok(Self::Sled { directory: directory.to_owned(), options })
            }
            StoreConfig::Postgres(settings) => {
                let database = Database::open(settings.options(directory, name)?)?;
                let holder = database.acquire()?;
                Ok(Self::Postgres { database, holder })
            }
        }
    }

    /// As [`Stores::open`], for a command that must be alone with the data.
    pub(super) fn open_alone(
        config: &Config,
        directory: &Path,
        name: &str,
    ) -> Result<Self, StartError> {
        let patience = SledOptions::default().lock_patience;
        match Self::open(config, directory, patience, name)? {
            Self::Postgres { holder: Some(holder), .. } => {
                Err(StoreError::NotWriter { holder: Some(holder.name) }.into())
            }
            stores => Ok(stores),
        }
    }

    /// Names what the stores stand on, as metrics do.
    fn kind(&self) -> &'static str {
        match self {
            Self::Sled { .. } => "sled",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Returns who writes instead of this node.
    pub(super) fn holder(&self) -> Option<&Holder> {
        match self {
            Self::Sled { .. } => None,
            Self::Postgres { holder, .. } => holder.as_ref(),
        }
    }

    pub(super) fn database(&self) -> Option<&Arc<Database>> {
        match self {
            Self::Sled { .. } => None,
            Self::Postgres { database, .. } => Some(database),
        }
    }

    /// Opens the store of the logs.
    pub(super) fn logs(&self) -> Result<Arc<dyn Store>, StoreError> {
        match self {
            Self::Sled { directory, options } => {
                Ok(Arc::new(SledStore::open(&directory.join(STORE_DIRECTORY), options)?))
            }
            Self::Postgres { database, .. } => {
                Ok(Arc::new(PostgresStore::open(database, Space::Logs)?))
            }
        }
    }

    /// Opens the store of a register.
    pub(super) fn register(&self, institution: &Institution) -> Result<Arc<dyn Store>, StoreError> {
        match self {
            Self::Sled { options, .. } => {
                let directory = institution.directory.join(REGISTER_DIRECTORY);
                Ok(Arc::new(SledStore::open(&directory, options)?))
            }
            Self::Postgres { database, .. } => {
                Ok(Arc::new(PostgresStore::open(database, Space::Register(institution.did))?))
            }
        }
    }
}

/// Reads what a node keeps, and who operates it.
pub(super) fn open(
    config: &Config,
    directory: &Path,
    patience: Duration,
    name: &str,
) -> Result<Opened, StartError> {
    let stores = Stores::open(config, directory, patience, name)?;
    let (store, holder) = (stores.logs()?, stores.holder().cloned());
    let measured = Arc::new(Measured::new(Arc::clone(&store), stores.kind()));
    let for_logs = Arc::clone(&measured) as Arc<dyn Store>;
    let mut opened = Opened {
        logs: Arc::new(match &holder {
            None => Logs::open(for_logs)?,
            Some(_) => {
                let logs = Logs::of_another(for_logs);
                // What is being written now is read with the next look.
                let _ = logs.read_again();
                logs
            }
        }),
        store,
        measured,
        institutions: Vec::new(),
        tokens: Vec::new(),
        database: stores.database().cloned(),
        holder,
    };
    for path in &config.institutions {
        let mut institution = Institution::open(&below(directory, path))?;
        let did = institution.did;
        if opened.institutions.iter().any(|(other, _)| other.did == did) {
            return Err(StartError::Twice(did));
        }
        if opened.holder.is_some() {
            opened.tokens.push(institution.token);
            continue;
        }
        let replica = opened.logs.get(&did).ok_or(StartError::NoLog(did))?;
        if let Some(period) = replica.view().current_keys() {
            institution.settle(&period.keys)?;
        }
        let register = stores.register(&institution)?;
        opened.institutions.push((institution, register));
    }
    if config.institutions.is_empty() {
        opened.tokens.push(TokenDigest::open(directory)?);
    }
    Ok(opened)
}
