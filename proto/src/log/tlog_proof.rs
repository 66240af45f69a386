//! Proofs in a text file: that an entry is in a log, for whoever has the entry, the log's key and
//! those of witnesses (c2sp.org/tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64>              if there is any
//! index <leaf index>
//! <base64 of a hash>          a line each, lowest first
//!
//! <checkpoint, a signed note>
//! ```
//!
//! Nothing signs what is extra. Ours holds the entry itself, which the proof covers all the same, so
//! that one file is enough.

use alloc::vec::Vec;
use core::fmt;

use data_encoding::BASE64;

use super::checkpoint::{Checkpoint, MAX_NOTE_BYTES, Note, NoteError, NoteKey};
use super::merkle::{Tree, leaf_hash};
use super::proof::{InclusionProof, ProofError};
use super::text::{decimal, from_base64};
use crate::id::LeafIndex;

/// Most bytes of a proof file: the largest entry as extra, 63 hashes and the largest checkpoint.
pub const MAX_TLOG_PROOF_BYTES: usize = 128 * 1024;
/// The first line.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why a text is not a proof file, or does not prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Longer than [`MAX_TLOG_PROOF_BYTES`].
    #[error("a proof file has at most {MAX_TLOG_PROOF_BYTES} bytes")]
    TooLarge,
    /// Another version, or another kind of file.
    #[error("the first line of a proof file is `{FIRST_LINE}`")]
    Unsupported,
    /// Not the lines of a proof file.
    #[error("line {0} of the proof file is not what stands there")]
    Malformed(usize),
    /// The checkpoint is malformed, or not signed by the log.
    #[error("the checkpoint of the proof file: {0}")]
    Note(#[from] NoteError),
    /// The checkpoint is of another log than the key.
    #[error("the checkpoint is of another log")]
    OtherLog,
    /// The hashes do not lead from the entry to the checkpoint.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// A proof file. Nothing in it is trusted before [`TlogProof::verify`], and `extra` never is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlogProof {
    /// What its maker added; in ours, the entry.
    pub extra: Option<Vec<u8>>,
    /// The place of the entry.
    pub index: LeafIndex,
    /// From the entry up to the root.
    pub proof: InclusionProof,
    /// The checkpoint with that root.
    pub checkpoint: Note,
}

impl TlogProof {
    /// Proves that a leaf is under a checkpoint, and carries its entry along.
    ///
    /// # Errors
    /// [`TlogProofError::Note`] if the note is no checkpoint; [`TlogProofError::Proof`] if it is
    /// not one of this tree, or the entry is not the one at that leaf.
    pub fn new(
        tree: &Tree,
        index: LeafIndex,
        entry: &[u8],
        checkpoint: &Note,
    ) -> Result<Self, TlogProofError> {
        let head = checkpoint.checkpoint()?.head;
        let proof = tree.inclusion_proof(index, head.size).ok_or(ProofError::IndexOutOfRange)?;
        proof.verify(index, leaf_hash(entry), &head)?;
        let (extra, checkpoint) = (Some(entry.into()), checkpoint.clone());
        Ok(Self { extra, index, proof, checkpoint })
    }

    /// Reads a proof file.
    ///
    /// # Errors
    /// [`TlogProofError`] for anything but the one form of the lines. No signature is checked.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > MAX_TLOG_PROOF_BYTES {
            return Err(TlogProofError::TooLarge);
        }
        let (first, mut rest) = text.split_once('\n').ok_or(TlogProofError::Unsupported)?;
        if first != FIRST_LINE {
            return Err(TlogProofError::Unsupported);
        }
        let mut number = 1;
        let mut line = || {
            number += 1;
            let (line, behind) = rest.split_once('\n').ok_or(TlogProofError::Malformed(number))?;
            rest = behind;
            Ok::<_, TlogProofError>((number, line))
        };
        let (mut at, mut text) = line()?;
        let extra = match text.strip_prefix("extra ") {
            Some(extra) => {
                let bytes = from_base64(extra).filter(|bytes| !bytes.is_empty());
                let extra = bytes.ok_or(TlogProofError::Malformed(at))?;
                (at, text) = line()?;
                Some(extra)
            }
            None => None,
        };
        let index = text.strip_prefix("index ").and_then(decimal);
        let index = LeafIndex(index.ok_or(TlogProofError::Malformed(at))?);
        let mut hashes = Vec::new();
        loop {
            let (at, text) = line()?;
            if text.is_empty() {
                break;
            }
            let hash = from_base64(text).and_then(|bytes| bytes.try_into().ok());
            hashes.push(hash.ok_or(TlogProofError::Malformed(at))?);
        }
        let proof = InclusionProof::new(hashes)?;
        let checkpoint = Note::parse(rest)?;
        checkpoint.checkpoint()?;
        Ok(Self { extra, index, proof, checkpoint })
    }

    /// Checks that the log with this key has the entry, and returns the checkpoint that shows it.
    /// Whose cosignatures it needs besides is for the caller to say.
    ///
    /// # Errors
    /// [`TlogProofError::Note`], [`TlogProofError::OtherLog`], [`TlogProofError::Proof`].
    pub fn verify(&self, entry: &[u8], key: &NoteKey) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = self.checkpoint.checkpoint()?;
        if checkpoint.origin != key.name() {
            return Err(TlogProofError::OtherLog);
        }
        self.checkpoint.verify(key)?;
        self.proof.verify(self.index, leaf_hash(entry), &checkpoint.head)?;
        Ok(checkpoint)
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", BASE64.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in self.proof.hashes() {
            writeln!(f, "{}", BASE64.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}

// The largest of each part fits.
const _: () = assert!(
    crate::statement::MAX_STATEMENT_BYTES.div_ceil(3) * 4
        + super::proof::MAX_PROOF_HASHES * 45
        + MAX_NOTE_BYTES
        + 128
        <= MAX_TLOG_PROOF_BYTES
);

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::string::ToString;

    use super::*;
    use crate::id::{Did, TreeSize};
    use crate::key::{Purpose, Seed};

    fn log(size: u64) -> (Tree, Note, NoteKey) {
        let tree = Tree::from_leaves((0..size).map(|n| leaf_hash(&n.to_be_bytes())));
        let key = Seed::new([3; 32]).signing_key(Purpose::Checkpoint);
        let did = Did::of_inception(b"x");
        let note = Note::sign(&Checkpoint::new(&did, tree.head()), &key);
        (tree, note, NoteKey::of_log(&did, key.public()))
    }

    #[test]
    fn every_leaf_of_small_logs_is_proven_by_its_file_and_no_other_entry_is() {
        for size in 1..=9 {
            let (tree, note, key) = log(size);
            for index in 0..size {
                let entry = index.to_be_bytes();
                let proof = TlogProof::new(&tree, LeafIndex(index), &entry, &note).unwrap();
                let text = proof.to_string();
                assert_eq!(text.lines().nth(2).unwrap(), format!("index {index}"));
                let read = TlogProof::parse(&text).unwrap();
                assert_eq!((&read, read.to_string()), (&proof, text));
                assert_eq!(read.extra.as_deref(), Some(entry.as_slice()));
                let shown = read.verify(&entry, &key).unwrap();
                assert_eq!(shown.head, tree.head());
                assert!(read.verify(b"other", &key).is_err());
                assert!(TlogProof::new(&tree, LeafIndex(index), b"other", &note).is_err());
            }
            let outside = TlogProof::new(&tree, LeafIndex(size), b"", &note);
            assert_eq!(outside, Err(TlogProofError::Proof(ProofError::IndexOutOfRange)));
        }
    }

    #[test]
    fn a_checkpoint_of_another_log_or_key_proves_nothing() {
        let (tree, note, key) = log(3);
        let entry = 1u64.to_be_bytes();
        let mut proof = TlogProof::new(&tree, LeafIndex(1), &entry, &note).unwrap();
        let other = Seed::new([4; 32]).signing_key(Purpose::Checkpoint);
        let did = Did::of_inception(b"x");
        let not_signed = proof.verify(&entry, &NoteKey::of_log(&did, other.public()));
        assert_eq!(not_signed, Err(TlogProofError::Note(NoteError::NotSigned)));
        // Signed under the name of the log, but about another.
        let mut checkpoint = Checkpoint::new(&Did::of_inception(b"y"), tree.head());
        proof.checkpoint = Note::sign(&checkpoint, &other);
        assert_eq!(proof.verify(&entry, &key), Err(TlogProofError::OtherLog));
        checkpoint = Checkpoint::new(&did, tree.head());
        checkpoint.head.size = TreeSize(9);
        let own = Seed::new([3; 32]).signing_key(Purpose::Checkpoint);
        proof.checkpoint = Note::sign(&checkpoint, &own);
        assert!(matches!(proof.verify(&entry, &key), Err(TlogProofError::Proof(_))));
    }

    #[test]
    fn a_file_has_one_form() {
        let (tree, note, _) = log(3);
        let text = TlogProof::new(&tree, LeafIndex(1), b"\0\0\0\0\0\0\0\x01", &note).unwrap();
        let text = text.to_string();
        let without = text.replace("extra AAAAAAAAAAE=\n", "");
        assert_ne!(without, text);
        assert_eq!(TlogProof::parse(&without).unwrap().extra, None);
        let not_a_checkpoint = TlogProofError::Note(NoteError::NotACheckpoint);
        let (malformed, unsupported) = (TlogProofError::Malformed, TlogProofError::Unsupported);
        for (bad, error) in [
            (String::new(), unsupported),
            (text.replace("@v1", "@v2"), unsupported),
            (text.replace("extra AAAAAAAAAAE=", "extra "), malformed(2)),
            (text.replace("extra AAAAAAAAAAE=", "extra AAAAAAAAAAE"), malformed(2)),
            (text.replace("extra AAAAAAAAAAE=", "extra AA==AAAAAAAAAQ=="), malformed(2)),
            (text.replace("extra AAAAAAAAAAE=", "extra AAAAAAAAAAF="), malformed(2)),
            (
                text.replace("index 1\n", &format!("index 1\nAA=={}==\n", "A".repeat(42))),
                malformed(4),
            ),
            (text.replace("index 1", "index 01"), malformed(3)),
            (text.replace("index 1", "index +1"), malformed(3)),
            (text.replace("index 1\n", ""), malformed(3)),
            (text.replace("index 1\n", "index 1\n\n"), not_a_checkpoint),
            (text.replace("index 1\n", "index 1\nAAAA\n"), malformed(4)),
            (text.replace('\n', "\r\n"), unsupported),
            (text[..text.find("\n\n").unwrap() + 1].into(), malformed(6)),
        ] {
            assert_eq!(TlogProof::parse(&bad), Err(error), "{bad}");
        }
        let hash = BASE64.encode(&[0; 32]) + "\n";
        let long = text.replace("index 1\n", &format!("index 1\n{}", hash.repeat(64)));
        assert_eq!(TlogProof::parse(&long), Err(TlogProofError::Proof(ProofError::TooLong)));
        let large = text.replace("AAAAAAAAAAE=", &"A".repeat(MAX_TLOG_PROOF_BYTES));
        assert_eq!(TlogProof::parse(&large), Err(TlogProofError::TooLarge));
    }
}
