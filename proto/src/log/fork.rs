//! Proof that a log shows two histories.
//!
//! Two checkpoints that the log itself has signed cannot both be true: they have one size and different
//! roots; or the larger, at the size of the smaller, had another root, as a proof from there shows. A
//! consistency proof that fails proves nothing: anyone can make one.

use alloc::vec::Vec;
use core::cmp::Ordering;

use crate::cbor::{Bytes, CborError, Decode as _, record};
use crate::file::{self, FileError};
use crate::id::{Did, RootHash, TreeSize};
use crate::ledger::{ChainError, KeyChain, Replica};
use crate::log::checkpoint::{Note, NoteError, NoteKey};
use crate::log::merkle::TreeHead;
use crate::log::proof::{ConsistencyProof, ProofError};
use crate::profile::FileKind;
use crate::statement::standing::MAX_KEY_SETS;

/// Most bytes of a file with a proof.
pub const MAX_FORK_BYTES: usize = 128 * 1024;

record! {
    /// Two checkpoints of one log that cannot both be true, with all that it takes to see it. Nothing is
    /// believed of it before [`ForkProof::verify`].
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ForkProof {
        /// The first entry of the log, whose hash is the institution's identifier and which names the
        /// key of its checkpoints.
        inception [1]: Bytes,
        /// The checkpoint of the smaller tree; of two of one size, that with the smaller root.
        smaller [2]: Note,
        /// The other.
        larger [3]: Note,
        /// The root that the history of the larger had at the size of the smaller.
        root [4]: Option<RootHash>,
        /// Shows that it had.
        proof [5]: Option<ConsistencyProof>,
        /// The rotations that reveal later keys of checkpoints, oldest first.
        rotations [6; ..MAX_KEY_SETS]: Vec<Bytes>,
    }
    check |p| if p.root.is_some() == p.proof.is_some() {
        Ok(())
    } else {
        Err("a root and its proof come together")
    }
}

/// What a proof shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The institution whose log shows two histories.
    pub origin: Did,
    /// The first tree.
    pub smaller: TreeHead,
    /// The second tree, which is not a continuation of the first.
    pub larger: TreeHead,
    /// The key sets that signed them, counted from 0, the first before the second.
    pub sets: [usize; 2],
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkError {
    /// The first entry does not begin a log, or the rotations are not its own.
    #[error("the keys are not those of a log: {0}")]
    Keys(#[from] ChainError),
    /// A checkpoint is malformed, or not signed by the log.
    #[error("a checkpoint is not one of the log: {0}")]
    Unsigned(#[from] NoteError),
    /// A checkpoint is of another log.
    #[error("a checkpoint is of another log")]
    OtherLog,
    /// The checkpoints are not in order: the smaller comes first, of two of one size that with the
    /// smaller root.
    #[error("the checkpoints are not in their order")]
    Order,
    /// Nothing in it contradicts the rest.
    #[error("the two checkpoints do not contradict each other")]
    NoContradiction,
    /// A part is missing, or one is there that proves nothing.
    #[error("two checkpoints of one size come without a root and a proof, others with both")]
    Parts,
    /// The larger tree does not lead back to the root given.
    #[error("the larger checkpoint does not lead back to the root given: {0}")]
    Proof(#[from] ProofError),
}

impl ForkProof {
    /// Proves that a checkpoint, signed by the log of a replica, contradicts it. `None` if it does not,
    /// or if it is larger than all that the replica holds: whoever holds the entries below it can prove it.
    pub fn of(replica: &Replica, other: &Note) -> Option<Self> {
        let chain = &replica.view().chain;
        let inception = Bytes(chain.inception().entry().to_vec());
        let rotations: Vec<_> =
            chain.rotations().iter().map(|rotation| Bytes(rotation.entry().to_vec())).collect();
        let theirs = other.checkpoint().ok()?.head;
        let checkpoints = &replica.view().checkpoints;
        let proof = if let Some(same) = checkpoints.get(&theirs.size) {
            let (ours, theirs) = ((same.head.root, &same.note), (theirs.root, other));
            let (smaller, larger) = if ours.0 < theirs.0 { (ours, theirs) } else { (theirs, ours) };
            let (smaller, larger) = (smaller.1.clone(), larger.1.clone());
            Self { inception, smaller, larger, root: None, proof: None, rotations }
        } else {
            let newest = replica.view().newest().filter(|ours| ours.head.size > theirs.size)?;
            let root = replica.tree().root_at(theirs.size);
            let proof = replica.tree().consistency_proof(theirs.size, newest.head.size);
            let (smaller, larger) = (other.clone(), newest.note.clone());
            Self { inception, smaller, larger, root, proof, rotations }
        };
        proof.verify().is_ok().then_some(proof)
    }

    /// Checks the proof.
    ///
    /// # Errors
    /// [`ForkError`]: then it says nothing against anyone.
    pub fn verify(&self) -> Result<Fork, ForkError> {
        let chain = KeyChain::read(&self.inception.0, self.rotations.iter().map(|entry| &entry.0))?;
        let origin = *chain.origin();
        let head = |note: &Note| -> Result<(TreeHead, usize), ForkError> {
            let checkpoint = note.checkpoint()?;
            if checkpoint.did() != Ok(origin) {
                return Err(ForkError::OtherLog);
            }
            // The newest set that signed. Anyone can add a line that names another.
            let mut refused = NoteError::NotSigned;
            for (set, (keys, _)) in chain.sets().iter().enumerate().rev() {
                match note.verify(&NoteKey::of_log(&origin, keys.checkpoint)) {
                    Ok(()) => return Ok((checkpoint.head, set)),
                    Err(NoteError::NotSigned) => {}
                    Err(error) => refused = error,
                }
            }
            Err(refused.into())
        };
        let ((smaller, first), (larger, second)) = (head(&self.smaller)?, head(&self.larger)?);
        let fork = Fork { origin, smaller, larger, sets: [first, second] };
        match (smaller.size.cmp(&larger.size), &self.root, &self.proof) {
            (Ordering::Equal, None, None) => match smaller.root.cmp(&larger.root) {
                Ordering::Less => Ok(fork),
                Ordering::Equal => Err(ForkError::NoContradiction),
                Ordering::Greater => Err(ForkError::Order),
            },
            (Ordering::Less, Some(root), Some(proof)) => {
                if *root == smaller.root {
                    return Err(ForkError::NoContradiction);
                }
                proof.verify(&TreeHead { size: smaller.size, root: *root }, &larger)?;
                Ok(fork)
            }
            (Ordering::Greater, ..) => Err(ForkError::Order),
            _ => Err(ForkError::Parts),
        }
    }

    /// Writes the proof as a file.
    pub fn to_file(&self) -> Vec<u8> {
        file::wrap(FileKind::Fork, self)
    }

    /// Reads a file; nothing is checked but its form.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(bytes: &[u8]) -> Result<Self, FileError> {
        let body = file::unwrap(bytes, FileKind::Fork, MAX_FORK_BYTES)?;
        Self::from_cbor(body)
            .map_err(|source: CborError| FileError::Malformed { kind: FileKind::Fork, source })
    }
}

impl Fork {
    /// Returns the most entries that both histories can have in common.
    pub fn common(&self) -> TreeSize {
        TreeSize(self.smaller.size.0.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests;
