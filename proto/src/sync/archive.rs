//! Where the logs are kept: what replication needs of a store.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::message::CosignRefusal;
use crate::id::{Did, TreeSize};
use crate::ledger::{LogView, ReplicaError};
use crate::log::checkpoint::{Note, NoteError, NoteKey, NoteSignature};
use crate::log::fork::ForkProof;
use crate::log::merkle::TreeHead;
use crate::log::proof::ConsistencyProof;
use crate::statement::profile::NodeAddress;

/// Why an archive did not take or give something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// It does not hold: whoever sent it is at fault.
    #[error(transparent)]
    Refused(#[from] ReplicaError),
    /// The log is not held.
    #[error("the log is not held here")]
    NotHeld,
    /// The archive itself failed.
    #[error("the archive failed: {0}")]
    Failed(String),
}

/// Access to the copies of logs that a node holds. What it takes, it verifies by
/// [`crate::ledger::Replica`] and keeps; a refusal leaves it unchanged.
pub trait Archive {
    /// Returns the logs held.
    fn origins(&self) -> Vec<Did>;

    /// Returns what is known of a log.
    fn view(&self, origin: &Did) -> Option<Arc<LogView>>;

    /// Returns the number of entries held of a log, 0 if none; of an own log, those under its newest
    /// checkpoint, as whatever follows was not published.
    fn size(&self, origin: &Did) -> TreeSize;

    /// Returns entries from `from` on, up to but not including `to`; fewer if they would take more
    /// than `max_bytes`, but at least one.
    ///
    /// # Errors
    /// [`ArchiveError::NotHeld`]; [`ArchiveError::Failed`].
    fn entries(
        &self,
        origin: &Did,
        from: TreeSize,
        to: TreeSize,
        max_bytes: usize,
    ) -> Result<Vec<Vec<u8>>, ArchiveError>;

    /// Proves that the tree of one size is a prefix of that of another.
    fn consistency(&self, origin: &Did, old: TreeSize, new: TreeSize) -> Option<ConsistencyProof>;

    /// Accepts entries that follow those held; those of a log that is not held begin at leaf 0.
    ///
    /// # Errors
    /// [`ArchiveError`].
    fn extend(
        &mut self,
        origin: &Did,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> Result<(), ArchiveError>;

    /// Returns whether entries that follow the newest checkpoint of a log lead from it to another, by
    /// which it is told whether the two are of one history. An archive need not be able to tell.
    fn leads_on(
        &self,
        _origin: &Did,
        _entries: &[Vec<u8>],
        _note: &Note,
        _proof: Option<&ConsistencyProof>,
    ) -> Option<bool> {
        None
    }

    /// Accepts a checkpoint of entries held. All its cosignature lines count. Returns whether
    /// anything was new.
    ///
    /// # Errors
    /// [`ArchiveError`].
    fn add_checkpoint(&mut self, origin: &Did, note: &Note) -> Result<bool, ArchiveError>;

    /// Accepts the status lists of the newest standing, in the order of their URIs.
    ///
    /// # Errors
    /// [`ArchiveError`].
    fn set_status(&mut self, origin: &Did, tokens: &[Vec<u8>]) -> Result<(), ArchiveError>;

    /// Cosigns the newest checkpoint of a log by every witness hosted here that has not done so
    /// lately, or by every one, if `anew`. What was cosigned is recorded before this returns.
    ///
    /// # Errors
    /// Why not, see [`super::witness`].
    fn cosign(&mut self, note: &Note, anew: bool) -> Result<Vec<NoteSignature>, CosignRefusal>;

    /// Returns the proof that a log shows two histories, if one is kept.
    fn fork(&self, origin: &Did) -> Option<Arc<ForkProof>>;

    /// Proves from the entries held that a checkpoint contradicts the log, as [`ForkProof::of`].
    fn prove_fork(&self, origin: &Did, other: &Note) -> Option<ForkProof>;

    /// Keeps a proof that was verified, unless one is kept of this log. Returns whether it is new.
    ///
    /// # Errors
    /// [`ArchiveError::NotHeld`]; [`ArchiveError::Failed`].
    fn keep_fork(&mut self, origin: &Did, proof: ForkProof) -> Result<bool, ArchiveError>;

    /// Returns nodes that are known to serve logs.
    fn nodes(&self) -> Vec<NodeAddress>;
}

/// Checks the log's own signature on a note by the keys known.
///
/// # Errors
/// [`NoteError::NotSigned`] if it is signed by a key that is not known, or not yet.
pub(super) fn signed_head(view: &LogView, note: &Note) -> Result<TreeHead, NoteError> {
    let head = note.checkpoint()?.head;
    let period = view.keys_under(head.size);
    let period = period.ok_or(NoteError::NotACheckpoint)?;
    note.verify(&NoteKey::of_log(&view.origin, period.keys.checkpoint))?;
    Ok(head)
}

/// Returns whether any key that the log has had has signed a note.
pub(super) fn was_ever_signed(view: &LogView, note: &Note) -> bool {
    let mut keys = view.keys.iter().map(|period| period.keys.checkpoint);
    keys.any(|key| note.verify(&NoteKey::of_log(&view.origin, key)).is_ok())
}

/// Leaves on a note the log's own line and those that count: cosignatures that verify by a witness
/// key of an institution whose log is held. Lines known already are left out too.
///
/// The second value holds the institutions that cosigned but whose keys are not known.
///
/// # Errors
/// [`NoteError::WrongSignature`] if a line of a known key does not verify: no honest node has one.
pub(super) fn counting(
    archive: &impl Archive,
    origin: &Did,
    known: Option<&Note>,
    note: &Note,
) -> Result<(Note, Vec<Did>), NoteError> {
    let mut strangers = Vec::new();
    let mut result = Ok(());
    let body = note.body();
    let counted = note.clone().retain(|line| {
        let Ok(signer) = Did::parse(&line.name) else { return false };
        if signer == *origin {
            return true;
        }
        if known.is_some_and(|known| known.body() == body && known.signatures().contains(line)) {
            return false;
        }
        let Some(view) = archive.view(&signer) else {
            strangers.push(signer);
            return false;
        };
        let keys = view.keys.iter().rev();
        let mut keys = keys.map(|period| NoteKey::of_witness(&signer, period.keys.witness));
        // What keys that were replaced since have cosigned may prove an older time.
        let Some(key) = keys.find(|key| line.id == key.id()) else {
            // A key that a rotation will reveal.
            strangers.push(signer);
            return false;
        };
        let alone = note.clone().retain(|other| other == line);
        let times = alone.cosignature_times(&key);
        let counts = times.as_ref().is_ok_and(|times| !times.is_empty());
        if let Err(error) = times {
            result = Err(error);
        }
        counts
    });
    result.map(|()| (counted, strangers))
}
