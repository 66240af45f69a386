//! `carnet node check`: everything is derived again from the entries.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use carnet_proto::id::Did;

use super::{StartError, below};
use crate::config::Config;
use crate::desk::older;
use crate::desk::register::Register;
use crate::institution::{Institution, REGISTER_DIRECTORY, STORE_DIRECTORY};
use crate::logs::{Logs, LogsError};
use crate::store::Store;
use crate::store::sled::{SledOptions, SledStore};

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// The logs that check out.
    pub logs: Vec<CheckedLog>,
    /// What does not, in words. Empty: all is well.
    pub problems: Vec<String>,
    /// Copies of others' logs that were damaged and dropped; the node fetches them again.
    pub dropped: Vec<Did>,
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
/// and whether a register is older than what is published. With `repair`, damaged copies of others' logs are dropped. Blocks.
///
/// # Errors
/// [`StartError`] if the directory is not that of a node, or in use.
pub fn check(directory: &Path, repair: bool) -> Result<CheckReport, StartError> {
    let config = Config::load(directory)?;
    let options = SledOptions::default();
    let store: Arc<dyn Store> =
        Arc::new(SledStore::open(&directory.join(STORE_DIRECTORY), &options)?);
    let mut report = CheckReport::default();
    let mut own = BTreeMap::new();
    for path in &config.institutions {
        let institution = Institution::open(&below(directory, path))?;
        let register = institution.directory.join(REGISTER_DIRECTORY);
        let register = SledStore::open(&register, &options)?;
        let register = match Register::open(Arc::new(register), &institution.register_key) {
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
    for (did, found) in Logs::check(&*store)? {
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
