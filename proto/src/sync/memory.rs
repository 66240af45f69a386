//! Logs in memory, for tests and simulations.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::message::CosignRefusal;
use super::witness::{LastCosigned, decide};
use super::{Archive, ArchiveError};
use crate::id::{Did, TreeSize};
use crate::key::SigningKey;
use crate::ledger::{LogView, Replica, ReplicaError};
use crate::log::checkpoint::{Checkpoint, Note, NoteSignature};
use crate::log::fork::ForkProof;
use crate::log::proof::ConsistencyProof;
use crate::statement::Statement;
use crate::statement::profile::NodeAddress;
use crate::time::UnixSeconds;

#[derive(Clone, Debug)]
struct Held {
    replica: Replica,
    entries: Vec<Vec<u8>>,
}

/// Logs and witnesses in memory, with a clock that the caller sets.
#[derive(Clone, Debug, Default)]
pub struct MemoryArchive {
    /// The time that cosignatures state.
    pub now: UnixSeconds,
    /// Seconds after which a checkpoint is cosigned anew.
    pub interval: u64,
    /// What [`Archive::nodes`] returns.
    pub nodes: Vec<NodeAddress>,
    logs: BTreeMap<Did, Held>,
    own: BTreeSet<Did>,
    witnesses: BTreeMap<Did, SigningKey>,
    cosigned: BTreeMap<(Did, Did), LastCosigned>,
    forks: BTreeMap<Did, Arc<ForkProof>>,
}

impl MemoryArchive {
    /// Holds nothing; cosigns anew hourly.
    pub fn new(now: UnixSeconds) -> Self {
        Self { now, interval: 3600, ..Self::default() }
    }

    /// Returns a log's replica.
    pub fn replica(&self, origin: &Did) -> Option<&Replica> {
        self.logs.get(origin).map(|held| &held.replica)
    }

    /// Cosigns by an institution's witness key from now on.
    pub fn add_witness(&mut self, witness: Did, key: SigningKey) {
        self.witnesses.insert(witness, key);
    }

    /// Begins an own log.
    ///
    /// # Errors
    /// [`ReplicaError::NotAnInception`].
    pub fn begin(&mut self, inception: &Statement) -> Result<Did, ReplicaError> {
        let replica = Replica::new(inception.entry())?;
        let origin = *replica.origin();
        let entries = Vec::from([inception.entry().to_vec()]);
        self.logs.insert(origin, Held { replica, entries });
        self.own.insert(origin);
        Ok(origin)
    }

    /// Appends statements to an own log, the last of them its standing with these status lists, and
    /// signs the checkpoint.
    ///
    /// # Errors
    /// [`ArchiveError`] if the log would not be in order.
    pub fn publish(
        &mut self,
        origin: &Did,
        statements: &[Statement],
        status: &[Vec<u8>],
        key: &SigningKey,
    ) -> Result<Note, ArchiveError> {
        let held = self.logs.get_mut(origin).ok_or(ArchiveError::NotHeld)?;
        held.replica.append(statements);
        held.entries.extend(statements.iter().map(|s| s.entry().to_vec()));
        held.replica.set_status(status)?;
        held.replica.is_in_order()?;
        let note = Note::sign(&Checkpoint::new(origin, held.replica.tree().head()), key);
        held.replica.publish(note.clone())?;
        Ok(note)
    }
}

impl Archive for MemoryArchive {
    fn origins(&self) -> Vec<Did> {
        self.logs.keys().copied().collect()
    }

    fn view(&self, origin: &Did) -> Option<Arc<LogView>> {
        self.logs.get(origin).map(|held| Arc::clone(held.replica.view()))
    }

    fn size(&self, origin: &Did) -> TreeSize {
        self.logs.get(origin).map(|held| held.replica.size()).unwrap_or_default()
    }

    fn entries(
        &self,
        origin: &Did,
        from: TreeSize,
        to: TreeSize,
        max_bytes: usize,
    ) -> Result<Vec<Vec<u8>>, ArchiveError> {
        let held = self.logs.get(origin).ok_or(ArchiveError::NotHeld)?;
        let index = |size: TreeSize| usize::try_from(size.0).unwrap_or(usize::MAX);
        let wanted = index(to).saturating_sub(index(from));
        let mut bytes = 0;
        let mut found = Vec::new();
        for entry in held.entries.iter().skip(index(from)).take(wanted) {
            bytes += entry.len();
            if bytes > max_bytes && !found.is_empty() {
                break;
            }
            found.push(entry.clone());
        }
        Ok(found)
    }

    fn consistency(&self, origin: &Did, old: TreeSize, new: TreeSize) -> Option<ConsistencyProof> {
        self.logs.get(origin)?.replica.tree().consistency_proof(old, new)
    }

    fn extend(
        &mut self,
        origin: &Did,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> Result<(), ArchiveError> {
        if self.own.contains(origin) {
            return Err(ArchiveError::Failed("an own log".into()));
        }
        if let Some(held) = self.logs.get_mut(origin) {
            held.replica.extend(entries, note, proof)?;
            held.entries.extend_from_slice(entries);
            return Ok(());
        }
        let (first, rest) = entries.split_first().ok_or(ReplicaError::NotAnInception)?;
        let mut replica = Replica::new(first)?;
        if replica.origin() != origin {
            return Err(ReplicaError::OtherLog.into());
        }
        replica.extend(rest, note, proof)?;
        self.logs.insert(*origin, Held { replica, entries: entries.to_vec() });
        Ok(())
    }

    fn add_checkpoint(&mut self, origin: &Did, note: &Note) -> Result<bool, ArchiveError> {
        let held = self.logs.get_mut(origin).ok_or(ArchiveError::NotHeld)?;
        Ok(held.replica.add_checkpoint(note, |_, _| true)?)
    }

    fn set_status(&mut self, origin: &Did, tokens: &[Vec<u8>]) -> Result<(), ArchiveError> {
        let held = self.logs.get_mut(origin).ok_or(ArchiveError::NotHeld)?;
        Ok(held.replica.set_status(tokens)?)
    }

    fn cosign(&mut self, note: &Note, anew: bool) -> Result<Vec<NoteSignature>, CosignRefusal> {
        let origin = note.checkpoint().and_then(|checkpoint| checkpoint.did());
        let origin = origin.map_err(|_| CosignRefusal::NotFollowed)?;
        let held = self.logs.get(&origin).ok_or(CosignRefusal::Behind)?;
        let mut lines = Vec::new();
        for (witness, key) in &self.witnesses {
            let last = self.cosigned.get(&(origin, *witness));
            let (now, interval) = (self.now, self.interval);
            let decided = decide(&held.replica, witness, last, note, now, interval, anew)?;
            if let Some(record) = decided {
                self.cosigned.insert((origin, *witness), record);
                lines.push(note.cosign(witness, key, record.time));
            }
        }
        Ok(lines)
    }

    fn fork(&self, origin: &Did) -> Option<Arc<ForkProof>> {
        self.forks.get(origin).cloned()
    }

    fn prove_fork(&self, origin: &Did, other: &Note) -> Option<ForkProof> {
        ForkProof::of(&self.logs.get(origin)?.replica, other)
    }

    fn keep_fork(&mut self, origin: &Did, proof: ForkProof) -> Result<bool, ArchiveError> {
        if !self.logs.contains_key(origin) {
            return Err(ArchiveError::NotHeld);
        }
        if self.forks.contains_key(origin) {
            return Ok(false);
        }
        self.forks.insert(*origin, Arc::new(proof));
        Ok(true)
    }

    fn nodes(&self) -> Vec<NodeAddress> {
        self.nodes.clone()
    }
}
