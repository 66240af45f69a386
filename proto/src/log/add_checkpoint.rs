//! What a log sends to a C2SP witness: a checkpoint, and the proof that it continues the one that
//! the witness cosigned last (c2sp.org/tlog-witness).
//!
//! ```text
//! old <size of the checkpoint cosigned last>
//! <hash of the consistency proof, base64>     none to 63 lines
//!                                             an empty line
//! <the checkpoint, a signed note>
//! ```

use alloc::vec::Vec;

use data_encoding::BASE64;

use super::checkpoint::{Checkpoint, MAX_NOTE_BYTES, Note, NoteError};
use super::merkle::Hash;
use super::proof::{ConsistencyProof, MAX_PROOF_HASHES, ProofError};
use super::text::{decimal, from_base64};
use crate::id::TreeSize;

/// Most bytes of a submission: the longest line of each kind, and the largest note.
pub const MAX_ADD_CHECKPOINT_BYTES: usize = 45 * MAX_PROOF_HASHES + 26 + MAX_NOTE_BYTES;

/// Why a text is not a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddCheckpointError {
    /// Longer than [`MAX_ADD_CHECKPOINT_BYTES`].
    #[error("a submission has at most {MAX_ADD_CHECKPOINT_BYTES} bytes")]
    TooLarge,
    /// Not the lines of a submission.
    #[error("line {0} of the submission is not what stands there")]
    Malformed(usize),
    /// More hashes than a proof has.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Not a checkpoint.
    #[error("the checkpoint of the submission: {0}")]
    Note(#[from] NoteError),
}

/// A submission. Nothing of it is checked but its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old: TreeSize,
    proof: ConsistencyProof,
    note: Note,
    checkpoint: Checkpoint,
}

impl AddCheckpoint {
    /// Makes a submission of a checkpoint that continues one of size `old`.
    ///
    /// # Errors
    /// [`AddCheckpointError::Note`] if the note is not a checkpoint.
    pub fn new(
        old: TreeSize,
        proof: ConsistencyProof,
        note: Note,
    ) -> Result<Self, AddCheckpointError> {
        let (checkpoint, _) = Checkpoint::parse_extended(note.body())?;
        Ok(Self { old, proof, note, checkpoint })
    }

    /// Reads a submission. The checkpoint may have extension lines.
    ///
    /// # Errors
    /// [`AddCheckpointError`].
    pub fn parse(text: &str) -> Result<Self, AddCheckpointError> {
        if text.len() > MAX_ADD_CHECKPOINT_BYTES {
            return Err(AddCheckpointError::TooLarge);
        }
        let (head, note) = text.split_once("\n\n").ok_or(AddCheckpointError::Malformed(1))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(decimal);
        let old = old.ok_or(AddCheckpointError::Malformed(1))?;
        if lines.clone().count() > MAX_PROOF_HASHES {
            return Err(ProofError::TooLong.into());
        }
        let hash = |(line, text)| {
            let hash = from_base64(text).and_then(|bytes| Hash::try_from(bytes).ok());
            hash.ok_or(AddCheckpointError::Malformed(line))
        };
        let hashes = (2..).zip(lines).map(hash).collect::<Result<Vec<_>, _>>()?;
        Self::new(TreeSize(old), ConsistencyProof::new(hashes)?, Note::parse(note)?)
    }

    /// Returns the size of the checkpoint that it is said to continue.
    pub fn old(&self) -> TreeSize {
        self.old
    }

    /// Returns the proof that it does.
    pub fn proof(&self) -> &ConsistencyProof {
        &self.proof
    }

    /// Returns the signed checkpoint.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Returns what the checkpoint states, without its extension lines.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

impl core::fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in self.proof.hashes() {
            writeln!(f, "{}", BASE64.encode(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use super::*;
    use crate::id::Did;
    use crate::key::{Purpose, Seed};
    use crate::log::merkle::{Tree, leaf_hash};

    fn note() -> Note {
        let head = Tree::from_leaves([leaf_hash(b"a")]).head();
        let key = Seed::new([3; 32]).signing_key(Purpose::Checkpoint);
        Note::sign(&Checkpoint::new(&Did::of_inception(b"x"), head), &key)
    }

    #[test]
    fn a_submission_has_one_text() {
        let hash = BASE64.encode(&[7; 32]);
        let note = note().to_string();
        for (old, count) in [(0, 0), (1, 1), (u64::MAX, MAX_PROOF_HASHES)] {
            let text = format!("old {old}\n{}\n{note}", format!("{hash}\n").repeat(count));
            let read = AddCheckpoint::parse(&text).unwrap();
            assert_eq!((read.old().0, read.proof().hashes().len()), (old, count));
            assert_eq!(read.to_string(), text);
        }
        for (bad, line) in [
            (format!("old 01\n\n{note}"), 1),
            (format!("old\n\n{note}"), 1),
            (format!("old +1\n\n{note}"), 1),
            (format!("old 18446744073709551616\n\n{note}"), 1),
            (format!("old 1 \n\n{note}"), 1),
            (format!("{hash}\n\n{note}"), 1),
            (format!("old 1\n{hash} \n\n{note}"), 2),
            (format!("old 1\n{hash}\n{}\n\n{note}", BASE64.encode(&[7; 31])), 3),
            (format!("old 1\r\n\r\n{note}"), 1),
        ] {
            assert_eq!(AddCheckpoint::parse(&bad), Err(AddCheckpointError::Malformed(line)));
        }
        let without_line = format!("old 1\n{note}");
        assert!(AddCheckpoint::parse(&without_line).is_err());
        let not_a_note = AddCheckpoint::parse("old 1\n\nexample.com/log\n1\n");
        assert_eq!(not_a_note, Err(NoteError::Malformed.into()));
    }

    #[test]
    fn what_is_beyond_the_limits_is_refused_by_name() {
        let hash = format!("{}\n", BASE64.encode(&[7; 32]));
        let hashes = hash.repeat(MAX_PROOF_HASHES + 1);
        let too_long = AddCheckpoint::parse(&format!("old 1\n{hashes}\n{}", note()));
        assert_eq!(too_long, Err(ProofError::TooLong.into()));
        let too_large = format!("old 1\n\n{}", "x".repeat(MAX_ADD_CHECKPOINT_BYTES));
        assert_eq!(AddCheckpoint::parse(&too_large), Err(AddCheckpointError::TooLarge));
    }

    #[test]
    fn extension_lines_are_told_from_what_a_checkpoint_states() {
        let body = Checkpoint::parse_body(note().body()).unwrap().to_body();
        let text = note().to_string().replace(&body, &format!("{body}extension\nanother\n"));
        let read = AddCheckpoint::parse(&format!("old 0\n\n{text}")).unwrap();
        assert_eq!(Ok(read.checkpoint().clone()), note().checkpoint());
        assert_eq!(read.note().checkpoint(), Err(NoteError::NotACheckpoint));
    }
}
