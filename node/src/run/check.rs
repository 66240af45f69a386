//! `carnet node check`: everything is derived again from the entries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use carnet_proto::id::Did;

use super::stores::Stores;
use super::{StartError, below, repair};
use crate::config::{Config, StoreConfig};
use crate::desk::older;
use crate::desk::register::Register;
use crate::institution::{Institution, STORE_DIRECTORY};
use crate::logs::{Logs, LogsError};
use crate::store::StoreError;

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// The logs that check out.
    pub logs: Vec<CheckedLog>,
    /// What does not, in words. Empty: all is well.
    pub problems: Vec<String>,
    /// Copies of others' logs that were damaged and dropped; the node fetches them again.
    pub dropped: Vec<Did>,
    /// Where a damaged database was set aside.
    pub set_aside: Option<PathBuf>,
    /// The logs that were taken over from it.
    pub salvaged: Vec<Did>,
    /// Records in the registers.
    pub records: usize,
}

/// A log that checks out.
#[derive(Clone, Debug)]
pub struct CheckedLog {
    /// The institution.
    pub did: Did,
    /// Entries.
    pub size: u64,
    /// Entries under the newest checkpoint.
    pub checkpoint_size: u64,
    /// Entries that count for nothing.
    pub ignored: usize,
    /// Whether it ends with the right standing and its status lists.
    pub in_order: bool,
    /// Whether this node writes it.
    pub own: bool,
}

/// Checks the directory of a node that does not run: every entry, checkpoint, status list and record,
/// and whether a register is older than what is published. With `repair`, damaged copies of others'
/// logs are dropped, and a damaged database on disk is set aside for one with what checks out. Blocks.
///
/// # Errors
/// [`StartError`] if the directory is not that of a node, or in use.
pub fn check(directory: &Path, repair: bool) -> Result<CheckReport, StartError> {
    let config = Config::load(directory)?;
    let stores = Stores::open_alone(&config, directory, "carnet node check")?;
    let is_damaged = |error: &StoreError| matches!(error, StoreError::Corrupt { .. });
    if !repair
        || config.store != StoreConfig::Sled
        || !stores.logs().is_err_and(|error| is_damaged(&error))
    {
        return check_stores(&config, directory, &stores, repair);
    }
    let mut own = Vec::new();
    for path in &config.institutions {
        own.push(Institution::open(&below(directory, path))?.did);
    }
    let done = repair::repair(&directory.join(STORE_DIRECTORY), &own)?;
    let mut report = check_stores(&config, directory, &stores, repair)?;
    report.set_aside = Some(done.set_aside);
    report.salvaged = done.salvaged;
    report.problems.extend(done.problems);
    Ok(report)
}

/// Drops the copy of another's log from the store of a node that does not run, so that it is fetched
/// anew: the way off a history that the node holds and others do not. Blocks.
///
/// # Errors
/// [`StartError::OwnLog`]: an own log is never dropped. [`LogsError::UnknownLog`], and as [`check`].
pub fn drop_copy(directory: &Path, did: &Did) -> Result<(), StartError> {
    let config = Config::load(directory)?;
    for path in &config.institutions {
        if Institution::open(&below(directory, path))?.did == *did {
            return Err(StartError::OwnLog(*did));
        }
    }
    let store = Stores::open_alone(&config, directory, "carnet node check")?.logs()?;
    if Logs::stored(&*store, did).next().transpose()?.is_none() {
        return Err(LogsError::UnknownLog(*did).into());
    }
    Ok(Logs::drop_stored(&*store, did)?)
}

pub(super) fn check_stores(
    config: &Config,
    directory: &Path,
    stores: &Stores,
    repair: bool,
) -> Result<CheckReport, StartError> {
    let store = stores.logs()?;
    let mut report = CheckReport::default();
    let mut own = BTreeMap::new();
    for path in &config.institutions {
        let institution = Institution::open(&below(directory, path))?;
        let opened = match stores.register(&institution) {
            Ok(store) => Register::open(store, &institution.register_key),
            Err(error @ StoreError::Corrupt { .. }) => {
                report.problems.push(format!("{error}; put back the backup of the register"));
                own.insert(institution.did, None);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let register = match opened {
            Ok(register) => {
                for record in register.iter(usize::MAX) {
                    match record {
                        Ok(_) => report.records += 1,
                        Err(error) => report.problems.push(error.to_string()),
                    }
                }
                Some(register)
            }
            Err(error) => {
                report.problems.push(error.to_string());
                None
            }
        };
        own.insert(institution.did, register);
    }
    let dids: Vec<Did> = own.keys().copied().collect();
    for (did, found) in Logs::check(&*store, &dids)? {
        let register = own.get(&did);
        let own = register.is_some();
        match found {
            Ok(replica) => {
                let newest = replica.view().newest().map_or(0, |newest| newest.head.size.0);
                let in_order = replica.is_in_order().is_ok();
                if own && !in_order {
                    report.problems.push(format!("the log of {did} does not end in order"));
                }
                if let Some(Some(register)) = register {
                    match older::find(register, replica.view()) {
                        Ok(found) => {
                            report.problems.extend(found.iter().map(ToString::to_string));
                        }
                        Err(error) => report.problems.push(error.to_string()),
                    }
                }
                report.logs.push(CheckedLog {
                    did,
                    size: replica.size().0,
                    checkpoint_size: newest,
                    ignored: replica.ignored().len(),
                    in_order,
                    own,
                });
            }
            Err(LogsError::Damaged { .. }) if repair && !own => {
                Logs::drop_stored(&*store, &did)?;
                report.dropped.push(did);
            }
            Err(error) => report.problems.push(error.to_string()),
        }
    }
    for did in own.into_keys() {
        if !report.logs.iter().any(|log| log.did == did) {
            report.problems.push(format!("the log of {did} is missing or damaged"));
        }
    }
    Ok(report)
}
