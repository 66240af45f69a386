//! Checkpoints that are brought to the witnesses of a node (c2sp.org/tlog-witness).
//!
//! The log of an institution is cosigned on the terms that hold among nodes: all of it is held here,
//! and in order. The log of somebody else is cosigned if the operator listed it and the checkpoint
//! continues the one cosigned before; of these the node keeps one record for all its witnesses.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use carnet_proto::id::{Did, TreeSize, sha256};
use carnet_proto::key::SigningKey;
use carnet_proto::ledger::{Replica, ReplicaError};
use carnet_proto::log::add_checkpoint::AddCheckpoint;
use carnet_proto::log::checkpoint::{Note, NoteError, NoteKey, NoteSignature};
use carnet_proto::log::merkle::{TreeHead, empty_root};
use carnet_proto::log::proof::ProofError;
use carnet_proto::sync::message::CosignRefusal;
use carnet_proto::sync::witness::{LastCosigned, cosigning_time};
use carnet_proto::time::UnixSeconds;
use thiserror::Error;

use super::{LISTED, NOTES, REPEAT_SECONDS, Witness, place};
use crate::logs::Logs;
use crate::store::StoreError;

#[cfg(test)]
mod tests;

/// Why a checkpoint that was submitted is not cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SubmissionError {
    /// The log is neither held nor listed, or no other institution than its owner is here.
    #[error("this node does not witness a log of that origin")]
    UnknownOrigin,
    /// The key of the log did not sign the checkpoint.
    #[error("the checkpoint is not signed by a key known of this log: {0}")]
    NotSigned(NoteError),
    /// A checkpoint of an institution's log has extension lines.
    #[error("the checkpoint of a log of Carnet has no extension lines")]
    Extended,
    /// The old size is above that of the checkpoint.
    #[error("the old size is above that of the checkpoint")]
    OldSize,
    /// The old size is not that of the checkpoint cosigned last.
    #[error("the checkpoint cosigned last has size {0}")]
    OtherSize(TreeSize),
    /// Another root was cosigned for the same size.
    #[error("another root was cosigned for this size")]
    OtherRoot,
    /// The checkpoint does not continue the one cosigned last.
    #[error("the proof does not lead from the checkpoint cosigned last to this one: {0}")]
    Proof(ProofError),
    /// The entries of the log are not all here.
    #[error(
        "this node holds {held} entries of the log, fewer than the checkpoint covers; try later"
    )]
    Behind {
        /// The entries held.
        held: TreeSize,
    },
    /// More of the log is here already.
    #[error("this node holds {held} entries of the log; only its newest checkpoint is cosigned")]
    Ahead {
        /// The entries held.
        held: TreeSize,
    },
    /// The entries held have another root at this size.
    #[error("the entries that this node holds lead to another root at this size")]
    Fork,
    /// The log does not end with the right standing, or its status lists are missing.
    #[error("the log does not end with the right standing, or its status lists are not here yet")]
    NotInOrder,
    /// The clock or the memory of the witness fails it.
    #[error("this node cannot cosign now; its own log says why")]
    Unable,
}

impl Witness {
    /// Cosigns a checkpoint by every institution of this node but the log's owner: one line each.
    /// Blocks until what is cosigned is on disk.
    ///
    /// # Errors
    /// [`SubmissionError`].
    pub fn add_checkpoint(
        &self,
        logs: &Logs,
        submission: &AddCheckpoint,
    ) -> Result<Vec<NoteSignature>, SubmissionError> {
        let origin = submission.checkpoint().origin.as_str();
        let listed = self.listed.iter().filter(|log| log.origin() == origin);
        let listed: Vec<_> = listed.map(|log| log.key()).collect();
        let lines = if listed.is_empty() {
            let did = Did::parse(origin).map_err(|_| SubmissionError::UnknownOrigin);
            did.and_then(|did| self.add_held(logs, &did, submission))
        } else {
            self.add_listed(&listed, submission)
        };
        self.count(lines.as_ref().ok().map(Vec::len));
        lines
    }

    fn add_held(
        &self,
        logs: &Logs,
        did: &Did,
        submission: &AddCheckpoint,
    ) -> Result<Vec<NoteSignature>, SubmissionError> {
        if !self.dids().iter().any(|witness| witness != did) {
            return Err(SubmissionError::UnknownOrigin);
        }
        let mut replica = logs.get(did).ok_or(SubmissionError::UnknownOrigin)?;
        let (note, head) = (submission.note(), submission.checkpoint().head);
        // On a copy: an old checkpoint that anybody brings changes nothing here.
        let found = Replica::clone(&replica).add_checkpoint(note, |_, _| false);
        match found {
            Err(ReplicaError::Unsigned(NoteError::NotACheckpoint)) => {
                return Err(SubmissionError::Extended);
            }
            Err(ReplicaError::Unsigned(error)) => return Err(SubmissionError::NotSigned(error)),
            // No key is in force before the first entry.
            Err(ReplicaError::NotAnInception) => {
                return Err(SubmissionError::NotSigned(NoteError::NotSigned));
            }
            _ => {}
        }
        if found == Err(ReplicaError::Fork(head.size))
            && let Err(error) = logs.accuse(did, note)
        {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(log = %did, error, "the proof of its two histories is not kept");
        }
        check_old(submission)?;
        let owner = did.to_string();
        let own = note.clone().retain(|line| line.name == owner);
        if found == Ok(true) && head.size == replica.size() {
            logs.add_checkpoint(did, &own, |_, _| false).map_err(|error| failed(&error))?;
            replica = logs.get(did).ok_or(SubmissionError::UnknownOrigin)?;
        }
        let lines = {
            let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
            let mut recorded = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
            let last = self.last_of(&keys, did).map_err(|error| failed(&error))?;
            check_continues(submission, last.as_ref())?;
            if found == Err(ReplicaError::Fork(head.size)) {
                tracing::warn!(log = %did, size = %head.size, "the log signed two histories");
                return Err(SubmissionError::Fork);
            }
            let given = self.given(&keys, did, submission).map_err(|error| failed(&error))?;
            match given.filter(|_| head.size == replica.size()) {
                Some(lines) => lines,
                None => {
                    let granted = self.grant(&keys, &mut recorded, &replica, note, true);
                    granted.map_err(|why| withheld(why, replica.size()))?
                }
            }
        };
        // What only renews a cosignature is not spread: anybody may ask for it at any time.
        if submission.old() < head.size {
            let mut cosigned = own;
            lines.iter().for_each(|line| cosigned.add(line.clone()));
            if let Err(error) = logs.add_checkpoint(did, &cosigned, |_, _| true) {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(log = %did, error, "cosignatures given away are not kept");
            }
        }
        Ok(lines)
    }

    fn add_listed(
        &self,
        listed: &[&NoteKey],
        submission: &AddCheckpoint,
    ) -> Result<Vec<NoteSignature>, SubmissionError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        if keys.is_empty() {
            return Err(SubmissionError::UnknownOrigin);
        }
        let (note, checkpoint) = (submission.note(), submission.checkpoint());
        let mut signed = Err(SubmissionError::NotSigned(NoteError::NotSigned));
        for key in listed {
            match note.verify(key) {
                Ok(()) => signed = Ok(()),
                Err(NoteError::NotSigned) => {}
                Err(error) => return Err(SubmissionError::NotSigned(error)),
            }
        }
        signed?;
        check_old(submission)?;
        let place = [LISTED, &sha256(checkpoint.origin.as_bytes())].concat();
        let mut recorded = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.last(&place).map_err(|error| failed(&error))?;
        check_continues(submission, last.as_ref())?;
        let now = self.clock.now();
        let lines = |time| -> Vec<_> {
            keys.iter().map(|(witness, key)| note.cosign(witness, key, time)).collect()
        };
        if let Some(last) = last.filter(|last| is_repeated(last, &checkpoint.head, now)) {
            return Ok(lines(last.time));
        }
        self.look_at_clock(last.as_ref(), now);
        let time = cosigning_time(last.as_ref(), now).ok_or(SubmissionError::Unable)?;
        let TreeHead { size, root } = checkpoint.head;
        let lines = lines(time);
        let of_log = |line: &NoteSignature| {
            listed.iter().any(|key| line.name == key.name() && line.id == key.id())
        };
        let mut cosigned = note.clone().retain(of_log);
        lines.iter().for_each(|line| cosigned.add(line.clone()));
        let record = LastCosigned { size, root, time };
        let kept =
            Some(([NOTES, place.get(LISTED.len()..).unwrap_or_default()].concat(), &cosigned));
        let recorded = self.record(&mut recorded, Vec::from([(place, record)]), kept);
        recorded.map_err(|error| failed(&error))?;
        Ok(lines)
    }

    /// Returns the cosignatures that were given within [`REPEAT_SECONDS`], if each witness gave one of
    /// just this checkpoint.
    fn given(
        &self,
        keys: &BTreeMap<Did, SigningKey>,
        log: &Did,
        submission: &AddCheckpoint,
    ) -> Result<Option<Vec<NoteSignature>>, StoreError> {
        let now = self.clock.now();
        let mut lines = Vec::new();
        for (witness, key) in keys.iter().filter(|(witness, _)| *witness != log) {
            let last = self.last(&place(log, witness))?;
            match last.filter(|last| is_repeated(last, &submission.checkpoint().head, now)) {
                Some(last) => lines.push(submission.note().cosign(witness, key, last.time)),
                None => return Ok(None),
            }
        }
        Ok(Some(lines))
    }

    /// Returns the newest checkpoint of a log that a witness of this node has cosigned, with the
    /// signatures of the log and these cosignatures; the log is named by the SHA-256 of its origin.
    /// Blocks.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn newest(&self, logs: &Logs, origin: &[u8; 32]) -> Result<Option<Note>, StoreError> {
        let is_named = |name: &str| sha256(name.as_bytes()) == *origin;
        if self.listed.iter().any(|log| is_named(log.origin())) {
            let Some(bytes) = self.store.get(&[NOTES, origin].concat())? else { return Ok(None) };
            let note = std::str::from_utf8(&bytes).ok().and_then(|text| Note::parse(text).ok());
            let damaged = || StoreError::Corrupt { detail: "a cosigned checkpoint".to_owned() };
            return note.map(Some).ok_or_else(damaged);
        }
        let did = logs.dids().into_iter().find(|did| is_named(&did.to_string()));
        let Some(replica) = did.and_then(|did| logs.get(&did)) else { return Ok(None) };
        let owner = replica.origin().to_string();
        let own: Vec<_> = self.dids().iter().map(ToString::to_string).collect();
        let by_own = |line: &NoteSignature| line.name != owner && own.contains(&line.name);
        let mut notes =
            replica.view().checkpoints.values().rev().map(|checkpoint| &checkpoint.note);
        let newest = notes.find(|note| note.signatures().iter().any(by_own));
        let kept = |line: &NoteSignature| line.name == owner || by_own(line);
        Ok(newest.map(|note| note.clone().retain(kept)))
    }

    /// Returns the largest checkpoint of a log that a witness of this node has cosigned.
    fn last_of(
        &self,
        keys: &BTreeMap<Did, SigningKey>,
        log: &Did,
    ) -> Result<Option<LastCosigned>, StoreError> {
        let mut largest: Option<LastCosigned> = None;
        for witness in keys.keys().filter(|witness| *witness != log) {
            let last = self.last(&place(log, witness))?;
            largest = largest.into_iter().chain(last).max_by_key(|last| last.size);
        }
        Ok(largest)
    }
}

/// Tells whether a checkpoint is the one that was cosigned, and not long ago.
fn is_repeated(last: &LastCosigned, head: &TreeHead, now: UnixSeconds) -> bool {
    let is_same = last.size == head.size && last.root == head.root;
    is_same && last.time <= now && now.since(last.time) < REPEAT_SECONDS
}

fn check_old(submission: &AddCheckpoint) -> Result<(), SubmissionError> {
    if submission.old() > submission.checkpoint().head.size {
        return Err(SubmissionError::OldSize);
    }
    Ok(())
}

/// Checks that a checkpoint continues the one cosigned last; before the first, the log was empty.
fn check_continues(
    submission: &AddCheckpoint,
    last: Option<&LastCosigned>,
) -> Result<(), SubmissionError> {
    let empty = TreeHead { size: TreeSize(0), root: empty_root() };
    let old = last.map_or(empty, |last| TreeHead { size: last.size, root: last.root });
    let head = submission.checkpoint().head;
    if submission.old() != old.size {
        return Err(SubmissionError::OtherSize(old.size));
    }
    if head.size.0 == 0 && head.root != empty.root {
        return Err(SubmissionError::Proof(ProofError::WrongRoot));
    }
    if head.size == old.size && head.root != old.root {
        return Err(SubmissionError::OtherRoot);
    }
    let proven = match old.size {
        // Every tree continues the empty one, which has no proof.
        TreeSize(0) if submission.proof().hashes().is_empty() => Ok(()),
        TreeSize(0) => Err(ProofError::WrongLength),
        _ => submission.proof().verify(&old, &head),
    };
    proven.map_err(SubmissionError::Proof)
}

fn withheld(why: CosignRefusal, held: TreeSize) -> SubmissionError {
    match why {
        CosignRefusal::NotFollowed => SubmissionError::UnknownOrigin,
        CosignRefusal::Behind => SubmissionError::Behind { held },
        CosignRefusal::Ahead => SubmissionError::Ahead { held },
        CosignRefusal::NotInOrder => SubmissionError::NotInOrder,
        CosignRefusal::OtherRoot => SubmissionError::OtherRoot,
        CosignRefusal::Unable => SubmissionError::Unable,
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> SubmissionError {
    tracing::error!(error, "cannot cosign");
    SubmissionError::Unable
}
