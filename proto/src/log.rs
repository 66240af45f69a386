//! An append-only log: entries, the tree over them, proofs and checkpoints, and the same tree as
//! others read it: receipts, tiles, entry bundles and proof files; what witnesses are sent.

pub mod add_checkpoint;
pub mod bundle;
pub mod checkpoint;
pub mod fork;
pub mod merkle;
pub mod proof;
pub mod receipt;
pub(crate) mod sequence;
mod text;
pub mod tile;
pub mod tlog_proof;

pub use checkpoint::{Checkpoint, Note, NoteError, NoteKey};
pub use merkle::{Tree, TreeHead};
pub use proof::{ConsistencyProof, InclusionProof, ProofError};
