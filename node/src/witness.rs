//! Cosigning others' checkpoints with the witness keys of the institutions on this node.
//!
//! What a witness cosigns is on disk before the cosignature is given away, and one log is decided
//! about at a time: whatever happens in between, no two roots are ever cosigned for one size, and no
//! smaller size after a larger one.
//!
//! ```text
//! "W" | 32 bytes: log | 32 bytes: witness -> the checkpoint cosigned last
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::id::Did;
use carnet_proto::key::SigningKey;
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Note, NoteSignature};
use carnet_proto::sync::message::CosignRefusal;
use carnet_proto::sync::witness::{LastCosigned, decide};

use crate::clock::Clock;
use crate::store::{Batch, Store, StoreError};

/// Seconds after which a checkpoint that is still the newest is cosigned anew: within the hour,
/// with the pause between two looks.
pub const RECOSIGN_SECONDS: u64 = 3_000;

/// Prefix of the records.
const COSIGNED: &[u8] = b"W";

/// The witnesses of a node.
pub struct Witness {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    interval: u64,
    keys: RwLock<BTreeMap<Did, SigningKey>>,
    /// Held from the decision until it is on disk.
    deciding: Mutex<()>,
}

impl Witness {
    /// Starts without any witness; `clock` gives the times that cosignatures state.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            interval: RECOSIGN_SECONDS,
            keys: RwLock::default(),
            deciding: Mutex::default(),
        }
    }

    /// Cosigns anew after so many seconds instead of [`RECOSIGN_SECONDS`].
    #[must_use]
    pub fn with_interval(mut self, seconds: u64) -> Self {
        self.interval = seconds;
        self
    }

    /// Cosigns with the witness key of an institution from now on.
    pub fn add(&self, did: Did, key: SigningKey) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(did, key);
    }

    /// Returns the institutions that cosign.
    pub fn dids(&self) -> Vec<Did> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Cosigns a checkpoint by every institution that has not done so lately, or by every one, if
    /// `anew`; the log's owner never does. Blocks until what is cosigned is on disk.
    ///
    /// # Errors
    /// [`CosignRefusal`] if `replica` is not the whole log of that size and in order, or if a
    /// larger tree or another root was cosigned before.
    pub fn cosign(
        &self,
        replica: &Replica,
        note: &Note,
        anew: bool,
    ) -> Result<Vec<NoteSignature>, CosignRefusal> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let _deciding = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let mut batch = Batch::new();
        let mut granted = Vec::new();
        for (witness, key) in keys.iter() {
            let place = [COSIGNED, replica.origin().as_bytes(), witness.as_bytes()].concat();
            let last = self.last(&place).map_err(unable)?;
            let (last, interval) = (last.as_ref(), self.interval);
            if let Some(record) = decide(replica, witness, last, note, now, interval, anew)? {
                batch.put(place, record.to_cbor());
                granted.push((witness, key));
            }
        }
        if granted.is_empty() {
            return Ok(Vec::new());
        }
        self.store.apply(batch).map_err(unable)?;
        Ok(granted.iter().map(|(witness, key)| note.cosign(witness, key, now)).collect())
    }

    fn last(&self, place: &[u8]) -> Result<Option<LastCosigned>, StoreError> {
        let Some(bytes) = self.store.get(place)? else { return Ok(None) };
        // A record that cannot be read must not be taken for none.
        let record = LastCosigned::from_cbor(&bytes);
        let damaged = |error| StoreError::Corrupt { detail: format!("what was cosigned: {error}") };
        record.map(Some).map_err(damaged)
    }
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("dids", &self.dids()).finish_non_exhaustive()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the last that is heard of the error")]
fn unable(error: StoreError) -> CosignRefusal {
    tracing::error!(error = &error as &dyn std::error::Error, "cannot cosign");
    CosignRefusal::Unable
}
