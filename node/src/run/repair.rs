//! What can be saved of a database on disk that does not hold what was written.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use carnet_proto::id::Did;

use super::StartError;
use crate::logs::Logs;
use crate::store::sled::{SledOptions, SledStore};
use crate::store::{Batch, Store, StoreError, entries};

/// Bytes that are copied at once.
const BATCH_BYTES: usize = 4 << 20;

/// What became of a damaged database.
#[derive(Debug)]
pub(super) struct Repaired {
    /// Where it is now.
    pub(super) set_aside: PathBuf,
    /// The logs that were taken over whole.
    pub(super) salvaged: Vec<Did>,
    /// What its operator has to do, in words.
    pub(super) problems: Vec<String>,
}

/// Sets a damaged database aside, and puts one in its place that holds what checks out: others' logs
/// that are whole, and own logs only if no batch is missing at the end, as going on from an older
/// state would give them a second history. The damaged one is not opened, but a copy of it.
///
/// # Errors
/// [`StoreError::Io`]: all is as it was, or the damaged database is set aside already.
pub(super) fn repair(directory: &Path, own: &[Did]) -> Result<Repaired, StartError> {
    let io = |source| StoreError::Io { doing: "repair", path: directory.to_owned(), source };
    let beside = |suffix: &str| {
        let mut name = directory.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (copy, repaired) = (beside(".copy"), beside(".repaired"));
    for left_over in [&copy, &repaired] {
        if left_over.exists() {
            fs::remove_dir_all(left_over).map_err(io)?;
        }
    }
    copy_directory(directory, &copy).map_err(io)?;
    let to = SledStore::open(&repaired, &SledOptions::default())?;
    let (mut salvaged, mut problems) = (Vec::new(), Vec::new());
    match SledStore::open_damaged(&copy) {
        Ok((from, ends_complete)) => {
            salvaged = salvage(&from, &to, own, ends_complete)?;
        }
        Err(error) => problems.push(error.to_string()),
    }
    for did in own.iter().filter(|did| !salvaged.contains(did)) {
        problems.push(format!(
            "the log of {did} cannot be shown to be complete: restore it from the copies of its peers"
        ));
    }
    problems.push(
        "what this node cosigned may not all be known any more: ask the logs that it witnesses"
            .to_owned(),
    );
    drop(to);
    let free = (1u32..).map(|number| beside(&format!(".damaged-{number}")));
    let set_aside = free.into_iter().find(|path| !path.exists()).unwrap_or_else(|| beside(".old"));
    fs::rename(directory, &set_aside).map_err(io)?;
    fs::rename(&repaired, directory).map_err(io)?;
    fs::remove_dir_all(&copy).map_err(io)?;
    if let Some(parent) = directory.parent() {
        File::open(parent).and_then(|parent| parent.sync_all()).map_err(io)?;
    }
    Ok(Repaired { set_aside, salvaged, problems })
}

/// Copies what checks out, and returns the logs among it.
fn salvage(
    from: &SledStore,
    to: &SledStore,
    own: &[Did],
    ends_complete: bool,
) -> Result<Vec<Did>, StoreError> {
    let mut salvaged = Vec::new();
    for (did, found) in Logs::check(from, own).unwrap_or_default() {
        let is_whole =
            found.is_ok_and(|replica| !own.contains(&did) || replica.is_in_order().is_ok());
        if is_whole && (ends_complete || !own.contains(&did)) {
            put_all(to, &mut Logs::stored(from, &did))?;
            salvaged.push(did);
        }
    }
    // Follows and records of cosignatures, as far as they can be read.
    let others = entries(from, b"").map_while(Result::ok);
    put_all(to, &mut others.filter(|(key, _)| !Logs::is_of_a_log(key)).map(Ok))?;
    Ok(salvaged)
}

fn put_all(
    to: &SledStore,
    found: &mut dyn Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>>,
) -> Result<(), StoreError> {
    let mut batch = Batch::new();
    for entry in found {
        let (key, value) = entry?;
        batch.put(key, value);
        if batch.bytes() >= BATCH_BYTES {
            to.apply(std::mem::take(&mut batch))?;
        }
    }
    to.apply(batch)
}

fn copy_directory(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir(to)?;
    for found in fs::read_dir(from)? {
        let found = found?;
        let target = to.join(found.file_name());
        if found.file_type()?.is_dir() {
            copy_directory(&found.path(), &target)?;
        } else {
            fs::copy(found.path(), target)?;
        }
    }
    Ok(())
}
