//! `carnet node migrate`: moves what a node keeps from one place to another.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::check::{CheckReport, check_stores};
use super::stores::Stores;
use super::{StartError, below};
use crate::config::{CONFIG_FILE, Config, StoreConfig};
use crate::institution::{Institution, InstitutionError};
use crate::store::copy::{Copied, Summary, copy, summary};
use crate::store::{Batch, Store, StoreError};

/// Under which name the lease is held meanwhile.
const HOLDER: &str = "carnet node migrate";

/// What was moved.
#[derive(Clone, Debug)]
pub struct MigrateReport {
    /// Where it was.
    pub from: String,
    /// Where it is.
    pub to: String,
    /// The store of the logs, then that of each register in the order of the configuration.
    pub stores: Vec<Summary>,
    /// The check of the copy.
    pub check: CheckReport,
}

/// Why nothing was moved: the node goes on where it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// The source or the target cannot be opened.
    #[error(transparent)]
    Start(#[from] Box<StartError>),
    /// It is there already.
    #[error("the node keeps its data there already")]
    Same,
    /// The target is not empty.
    #[error("the target holds something else, and was left as it is: {0}")]
    Occupied(String),
    /// The copy is not what was copied.
    #[error("the copy in {0} differs from the source")]
    Differs(String),
    /// The copy does not check out.
    #[error("the copy does not check out: {0}")]
    Problem(String),
    /// The configuration cannot be changed.
    #[error("cannot change {path}")]
    Config {
        /// The file.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
}

impl From<StartError> for MigrateError {
    fn from(error: StartError) -> Self {
        Self::Start(Box::new(error))
    }
}

impl From<StoreError> for MigrateError {
    fn from(error: StoreError) -> Self {
        StartError::from(error).into()
    }
}

impl From<InstitutionError> for MigrateError {
    fn from(error: InstitutionError) -> Self {
        StartError::from(error).into()
    }
}

/// Copies logs and registers of a node that does not run to `target`, compares, checks the copy, and
/// only then names the target in the configuration and marks the source as left behind: it is not
/// opened again, as a log that goes on in two places gets two histories. An interrupted copy is gone
/// on with. `progress` is told how many of how many steps are done. Blocks.
///
/// # Errors
/// [`MigrateError`].
pub fn migrate(
    directory: &Path,
    target: StoreConfig,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<MigrateReport, MigrateError> {
    let config = Config::load(directory).map_err(StartError::from)?;
    let target = Config { store: target, ..config.clone() };
    if is_same(&config.store, &target.store) {
        return Err(MigrateError::Same);
    }
    let institutions = config.institutions.iter();
    let institutions = institutions.map(|path| Institution::open(&below(directory, path)));
    let institutions = institutions.collect::<Result<Vec<_>, _>>()?;
    let from = all(&Stores::open_alone(&config, directory, HOLDER)?, &institutions)?;
    let to_stores = Stores::open_alone(&target, directory, HOLDER)?;
    let to = all(&to_stores, &institutions)?;

    let mut entries = 0;
    for store in &from {
        let mut step = || entries += 1;
        summary(&**store, None, &mut step)?;
    }
    let (mut done, total) = (0, 2 * entries);
    let mut step = || {
        done += 1;
        progress(done.min(total), total);
    };
    let place = place(&target.store);
    let mut stores = Vec::with_capacity(from.len());
    for (from, to) in from.iter().zip(&to) {
        match copy(&**from, &**to, &mut step)? {
            Copied::Same(summary) => stores.push(summary),
            Copied::Occupied => return Err(MigrateError::Occupied(place)),
            Copied::Differs => return Err(MigrateError::Differs(place)),
        }
    }
    // Opened again by the check.
    drop(to);
    let check = check_stores(&target, directory, &to_stores, false)?;
    if let Some(problem) = check.problems.first() {
        return Err(MigrateError::Problem(problem.clone()));
    }
    configure(directory, &target.store)?;
    for store in &from {
        store.apply(Batch::moved(&place))?;
    }
    Ok(MigrateReport { from: self::place(&config.store), to: place, stores, check })
}

/// Opens the store of the logs and those of the registers.
fn all(stores: &Stores, institutions: &[Institution]) -> Result<Vec<Arc<dyn Store>>, StoreError> {
    let registers = institutions.iter().map(|institution| stores.register(institution));
    std::iter::once(stores.logs()).chain(registers).collect()
}

fn is_same(one: &StoreConfig, other: &StoreConfig) -> bool {
    match (one, other) {
        (StoreConfig::Sled, StoreConfig::Sled) => true,
        // Two ways to write one address are found out by the lease.
        (StoreConfig::Postgres(one), StoreConfig::Postgres(other)) => {
            one.url() == other.url() && one.schema() == other.schema()
        }
        _ => false,
    }
}

/// Names a place for people.
fn place(store: &StoreConfig) -> String {
    match store {
        StoreConfig::Sled => "the directory of the node".to_owned(),
        StoreConfig::Postgres(settings) => settings.server(),
    }
}

/// Names another store in the configuration, whose other lines stay as they are.
fn configure(directory: &Path, store: &StoreConfig) -> Result<(), MigrateError> {
    let path = directory.join(CONFIG_FILE);
    let cannot = |source| MigrateError::Config { path: path.clone(), source };
    let text = fs::read_to_string(&path).map_err(cannot)?;
    let text = with_store(&text, store);
    let read = Config::parse(&text, &path).map_err(StartError::from)?;
    if read.store != *store {
        return Err(cannot(io::Error::other("its table [store] is not where it is expected")));
    }
    let new = directory.join(format!("{CONFIG_FILE}.new"));
    let write = || {
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(cannot)
}

/// Replaces the table of the store in a configuration, or adds it.
fn with_store(text: &str, store: &StoreConfig) -> String {
    let mut kept = String::new();
    let (mut in_table, mut is_written) = (false, false);
    for line in text.lines() {
        let is_header = line.trim_start().starts_with('[');
        if is_header {
            in_table = line.trim() == "[store]";
        }
        if in_table && !is_written {
            kept += &store.to_toml();
            is_written = true;
        }
        let is_comment = line.trim_start().starts_with('#') || line.trim().is_empty();
        if !in_table || (is_comment && !is_header) {
            kept += line;
            kept.push('\n');
        }
    }
    if !is_written {
        kept += &format!("\n{}", store.to_toml());
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::PostgresSettings;

    #[test]
    fn only_the_table_of_the_store_changes_in_a_configuration() {
        let settings = PostgresSettings::new("host=/x".into(), "carnet".into(), None, 15).unwrap();
        let store = StoreConfig::Postgres(settings);
        let before = "# mine\nhttp = \"127.0.0.1:1\"\n\n[store]\nkind = \"sled\"\n# end\n\n\
                      [[witnessed]]\norigin = \"x\"\n";
        let after = with_store(before, &store);
        let expected = before.replace("[store]\nkind = \"sled\"\n", &store.to_toml());
        assert_eq!(after, expected);
        assert_eq!(with_store(&after, &StoreConfig::Sled), before);
        assert_eq!(with_store("# x\n", &store), format!("# x\n\n{}", store.to_toml()));
    }
}
