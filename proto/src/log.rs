//! An append-only log: entries, the tree over them, proofs and checkpoints.

pub mod checkpoint;
pub mod merkle;
pub mod proof;
pub(crate) mod sequence;

pub use checkpoint::{Checkpoint, Note, NoteError, NoteKey};
pub use merkle::{Tree, TreeHead};
pub use proof::{ConsistencyProof, InclusionProof, ProofError};
