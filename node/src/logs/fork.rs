//! Proofs that a log shows two histories. The first that is found is kept for ever, and shown to
//! whoever asks; one is enough.

use std::collections::BTreeMap;
use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::fork::ForkProof;

use super::{Changed, Logs, LogsError, layout, read, write};
use crate::store::{Batch, Store};

/// The proofs held, by the log that each is against.
pub(super) type Forks = BTreeMap<Did, Arc<ForkProof>>;

impl Logs {
    /// Returns the proof that a log shows two histories, if one is held.
    pub fn fork(&self, did: &Did) -> Option<Arc<ForkProof>> {
        read(&self.forks).get(did).cloned()
    }

    /// Keeps a proof that a checkpoint contradicts the log held, unless one is held already or this
    /// checkpoint proves nothing. Returns whether it was new. Blocks.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`], [`LogsError::Store`].
    pub fn accuse(&self, did: &Did, other: &Note) -> Result<bool, LogsError> {
        let replica = self.get(did).ok_or(LogsError::UnknownLog(*did))?;
        if self.fork(did).is_some() {
            return Ok(false);
        }
        let Some(proof) = ForkProof::of(&replica, other) else { return Ok(false) };
        // What a restart could not read again is no proof to keep.
        if ForkProof::open(&proof.to_file()).is_err() {
            return Ok(false);
        }
        self.keep_fork(did, proof)
    }

    /// Keeps a proof that was verified, unless one of this log is kept already. Returns whether it is
    /// new. Blocks.
    ///
    /// # Errors
    /// [`LogsError::UnknownLog`] if the log is not held, [`LogsError::Store`].
    pub fn keep_fork(&self, did: &Did, proof: ForkProof) -> Result<bool, LogsError> {
        self.log(did)?;
        // Held while it is written, so that the one shown is the one on disk.
        let mut forks = write(&self.forks);
        if forks.contains_key(did) {
            return Ok(false);
        }
        let mut batch = Batch::new();
        batch.put(layout::fork(did), proof.to_file());
        self.store.apply(batch)?;
        forks.insert(*did, Arc::new(proof));
        drop(forks);
        self.tell(did, Changed::Fork)?;
        Ok(true)
    }
}

/// Reads the proof against a log, and checks it again.
pub(super) fn load(store: &dyn Store, did: &Did) -> Result<Option<Arc<ForkProof>>, LogsError> {
    let Some(file) = store.get(&layout::fork(did))? else { return Ok(None) };
    let proof = ForkProof::open(&file).ok();
    let proof = proof.filter(|proof| proof.verify().is_ok_and(|fork| fork.origin == *did));
    let detail = "the proof that it shows two histories".to_owned();
    proof.map(|proof| Some(Arc::new(proof))).ok_or(LogsError::Damaged { did: *did, detail })
}
