//! A copy of a whole log, checked entry by entry.

mod fold;
mod notes;
mod rotate;
#[cfg(test)]
mod tests;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::{
    DigestMap, Issuances, KeyChain, LogView, Places, ProfileView, Statements, StatusLists,
};
use crate::cbor::Mode;
use crate::id::{Did, Digest, LeafIndex, TreeSize};
use crate::key::PublicKey;
use crate::log::checkpoint::{Note, NoteError, NoteSignature};
use crate::log::fork::ForkProof;
use crate::log::merkle::{Tree, TreeHead, leaf_hash};
use crate::log::proof::{ConsistencyProof, ProofError};
use crate::log::sequence::Sequence;
use crate::statement::standing::{Standing, empty_head};
use crate::statement::{Body, Statement, StatementError};
use crate::status::StatusToken;
pub use fold::joined_state;
use fold::merge_line;

/// Most checkpoints that a replica keeps of one log, the oldest and the newest among them.
pub const MAX_CHECKPOINTS: usize = 4096;
/// Most status lists of one issuer.
pub const MAX_STATUS_LISTS: usize = 4096;
/// Most logs that one log proves to show two histories; what it states of further ones counts for nothing.
pub const MAX_ACCUSATIONS: usize = 1024;
/// Most reasons for ignored entries that a replica remembers.
const MAX_IGNORED: usize = 1000;

/// An entry that is in the tree but counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignored {
    /// Its leaf.
    pub leaf: LeafIndex,
    /// Why.
    pub reason: String,
}

/// Why a replica refuses what it was given. It is unchanged then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplicaError {
    /// Entry 0 is not an inception statement signed by its own key.
    #[error("the first entry does not begin a log")]
    NotAnInception,
    /// The checkpoint is of another log.
    #[error("the checkpoint is of another log")]
    OtherLog,
    /// The checkpoint's signature is not that of the log's key.
    #[error("the checkpoint is not signed by the log: {0}")]
    Unsigned(#[from] NoteError),
    /// The entries do not lead to the checkpoint.
    #[error("the entries do not lead to the checkpoint: {0}")]
    Proof(#[from] ProofError),
    /// A checkpoint of a size that is held already, with another root: the log shows two histories.
    #[error("two checkpoints of size {0} with different roots")]
    Fork(TreeSize),
    /// The entries do not begin where the replica ends, or go beyond the checkpoint.
    #[error("expected entries from {expected} on, up to {limit}")]
    WrongRange {
        /// The first entry that is wanted.
        expected: TreeSize,
        /// The size of the checkpoint.
        limit: TreeSize,
    },
    /// The newest entry under the checkpoint is not the standing that the entries call for.
    #[error("the standing is not what the log's entries call for")]
    WrongStanding,
    /// Status lists that are not those of the newest standing.
    #[error("the status lists are not those of the newest standing: {0}")]
    WrongStatus(&'static str),
}

/// A copy of a log from its first entry on. A clone takes a few steps, whatever the length of the log.
#[derive(Clone, Debug)]
pub struct Replica {
    view: Arc<LogView>,
    tree: Tree,
    /// The first tree of the standing: accreditations, agreements and ratifications with their states.
    states: Tree,
    /// The leaf of each of them, in order.
    leaves: Sequence<LeafIndex>,
    /// Withdrawals, denunciations, profiles, successions and forks with their leaves, whether they
    /// counted or not; and whatever was stated after the institution had closed.
    journal: Sequence<(LeafIndex, Statement)>,
    /// Entries of kinds that this build does not know.
    unsupported: Sequence<(LeafIndex, Digest)>,
    profile: Option<Statement>,
    standing: Option<Statement>,
    /// Whether the last entry folded is a standing that is right.
    standing_is_right: bool,
    /// Entries folded; those in the tree but not folded are being checked.
    folded: u64,
    ignored: Arc<Vec<Ignored>>,
    /// Sizes at which another history of the log has been seen.
    forked_at: Arc<BTreeSet<TreeSize>>,
}

impl Replica {
    /// Begins a copy with the entry at leaf 0.
    ///
    /// # Errors
    /// [`ReplicaError::NotAnInception`].
    pub fn new(entry: &[u8]) -> Result<Self, ReplicaError> {
        Self::begin(entry, Issuances::default())
    }

    /// Begins a copy that keeps of issuances only where they may stand: for a node, which has the
    /// entries on its disk. Nothing that rests on an issuance can be verified with it.
    ///
    /// # Errors
    /// As [`Replica::new`].
    pub fn with_places(entry: &[u8]) -> Result<Self, ReplicaError> {
        Self::begin(entry, Issuances::Places(Places::default()))
    }

    fn begin(entry: &[u8], issuances: Issuances) -> Result<Self, ReplicaError> {
        let chain = KeyChain::new(entry).map_err(|_| ReplicaError::NotAnInception)?;
        let view = LogView {
            origin: *chain.origin(),
            keys: chain.periods(&[]).ok_or(ReplicaError::NotAnInception)?,
            chain: Arc::new(chain),
            checkpoints: Arc::default(),
            standing: None,
            is_whole: true,
            statements: Statements::default(),
            issuances,
            profile: ProfileView::None,
            closing: None,
            successions: DigestMap::new(),
            accusations: DigestMap::new(),
            status: StatusLists::default(),
            unsupported_from: None,
        };
        Ok(Self {
            view: Arc::new(view),
            tree: Tree::from_leaves([leaf_hash(entry)]),
            states: Tree::new(),
            leaves: Sequence::new(),
            journal: Sequence::new(),
            unsupported: Sequence::new(),
            profile: None,
            standing: None,
            standing_is_right: false,
            folded: 1,
            ignored: Arc::default(),
            forked_at: Arc::default(),
        })
    }

    /// Returns what is known of the log.
    pub fn view(&self) -> &Arc<LogView> {
        &self.view
    }

    /// Returns the institution.
    pub fn origin(&self) -> &Did {
        &self.view.origin
    }

    /// Returns the tree over all entries held.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Returns the number of entries held.
    pub fn size(&self) -> TreeSize {
        self.tree.size()
    }

    /// Returns the inception statement.
    pub fn inception(&self) -> &Statement {
        self.view.chain.inception()
    }

    /// Returns the newest profile statement.
    pub fn profile(&self) -> Option<&Statement> {
        self.profile.as_ref()
    }

    /// Returns the newest standing statement.
    pub fn standing(&self) -> Option<&Statement> {
        self.standing.as_ref()
    }

    /// Returns entries that count for nothing, and why.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }

    /// Returns the first tree of the standing: accreditations, agreements and ratifications with their
    /// states, in the order of their leaves.
    pub fn statement_tree(&self) -> &Tree {
        &self.states
    }

    /// Returns where a statement stands in the first tree of the standing.
    pub fn position(&self, digest: &Digest) -> Option<LeafIndex> {
        let leaf = self.view.statements.get(digest)?.leaf;
        let (mut from, mut to) = (0, self.leaves.len());
        while from < to {
            let middle = from + (to - from) / 2;
            if *self.leaves.get(middle)? < leaf {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        (self.leaves.get(from) == Some(&leaf)).then_some(LeafIndex(from as u64))
    }

    /// Returns the standing that the entries held call for, with these status lists.
    pub fn derive_standing(&self, status_lists: TreeHead) -> Standing {
        Standing {
            keys: self.view.keys.clone(),
            statements: self.states.head(),
            status_lists,
            profile: self.profile.as_ref().map(Statement::digest),
            closing: self.view.closing,
        }
    }

    /// Appends entries of the own log; the caller has signed them and signs the checkpoint next. A
    /// signature that was just made is not checked again.
    pub fn append(&mut self, entries: &[Statement]) {
        for statement in entries {
            self.tree.push(statement.leaf_hash());
            self.fold(Ok(statement.clone()), statement.entry());
        }
    }

    /// Appends entries that were checked before they were kept, and are read back in pieces: of a log's
    /// million entries a few are in memory at a time. `read` is as for [`Replica::extend_read_by`].
    ///
    /// Nothing here shows that they are those of the log. Before any of it is believed the caller compares
    /// where they led, with [`Replica::extend`] and no further entries, or with [`Replica::tree`]; if it
    /// is not where they should have, the replica is thrown away.
    pub fn restore_read_by(
        &mut self,
        entries: &[Vec<u8>],
        read: impl FnOnce(&[Vec<u8>], &PublicKey) -> Vec<Result<Statement, StatementError>>,
    ) {
        for entry in entries {
            self.tree.push(leaf_hash(entry));
        }
        let statements = self.read(entries, read);
        self.fold_all(statements, entries);
    }

    /// Accepts entries that lead towards a checkpoint.
    ///
    /// `entries` follow those held. If they end before the checkpoint, `proof` shows that the tree
    /// so far is a prefix of the checkpoint's; otherwise it is not needed. With the last entries the
    /// checkpoint is kept. It counts only if the last entry is the right standing, which
    /// [`Replica::is_in_order`] tells.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn extend(
        &mut self,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> Result<(), ReplicaError> {
        self.extend_read_by(entries, note, proof, |entries, key| {
            entries.iter().map(|entry| Statement::parse_signed_by(entry, key)).collect()
        })
    }

    /// As [`Replica::extend`], but leaves to `read` to read the entries, once they are known to be
    /// those of the log: [`Statement::parse_signed_by`] of each, in their order, on any number of cores.
    ///
    /// # Errors
    /// [`ReplicaError`].
    pub fn extend_read_by(
        &mut self,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
        read: impl FnOnce(&[Vec<u8>], &PublicKey) -> Vec<Result<Statement, StatementError>>,
    ) -> Result<(), ReplicaError> {
        let before = self.size();
        let after = TreeSize(before.0.saturating_add(entries.len() as u64));
        let target = self.head_of(note)?;
        if after > target.size {
            return Err(ReplicaError::WrongRange { expected: before, limit: target.size });
        }
        let signed = self.check_note(note);
        // A rotation among the last entries may reveal the key that signed; only then is it known.
        if let Err(error @ ReplicaError::Unsigned(_)) = &signed
            && (after < target.size || before == after)
        {
            return Err(error.clone());
        }
        for entry in entries {
            self.tree.push(leaf_hash(entry));
        }
        let head = self.tree.head();
        let checked = if after == target.size {
            if head.root == target.root { Ok(()) } else { Err(ProofError::WrongRoot) }
        } else {
            proof.ok_or(ProofError::WrongLength).and_then(|proof| proof.verify(&head, &target))
        };
        if let Err(error) = checked {
            self.tree.truncate(before);
            return Err(error.into());
        }
        let statements = self.read(entries, read);
        let is_rotation =
            |s: &Result<Statement, _>| matches!(s, Ok(s) if matches!(s.body(), Body::Rotation(_)));
        let may_end_otherwise =
            after == target.size && (signed.is_err() || statements.iter().any(is_rotation));
        let unchanged = may_end_otherwise.then(|| self.clone());
        self.fold_all(statements, entries);
        if after < target.size {
            return Ok(());
        }
        let own = match self.check_note(note) {
            Ok((_, own)) => own,
            Err(error) => {
                if let Some(mut unchanged) = unchanged {
                    unchanged.tree.truncate(before);
                    *self = unchanged;
                }
                return Err(error);
            }
        };
        // A note that comes without them takes no cosignatures away.
        let mut kept = match self.view.checkpoints.get(&target.size) {
            Some(checkpoint) => checkpoint.note.clone(),
            None => own,
        };
        for line in self.foreign(note) {
            merge_line(&mut kept, line);
        }
        self.keep(target, kept);
        Ok(())
    }

    /// Accepts a checkpoint of entries that are held already: an older one, or more cosignatures.
    /// Of each witness the first and the last cosignature are kept, of those that `counts` approves.
    ///
    /// Returns whether anything was new.
    ///
    /// # Errors
    /// [`ReplicaError::Fork`] if its root is not that of the tree held.
    pub fn add_checkpoint(
        &mut self,
        note: &Note,
        mut counts: impl FnMut(&NoteSignature, &Note) -> bool,
    ) -> Result<bool, ReplicaError> {
        let (target, own) = self.check_note(note)?;
        let held = self.tree.root_at(target.size);
        let held =
            held.ok_or(ReplicaError::WrongRange { expected: self.size(), limit: target.size })?;
        if held != target.root {
            return Err(ReplicaError::Fork(target.size));
        }
        let mut known = match self.view.checkpoints.get(&target.size) {
            Some(checkpoint) => checkpoint.note.clone(),
            None => own,
        };
        let mut changed = !self.view.checkpoints.contains_key(&target.size);
        for line in self.foreign(note) {
            if !known.signatures().contains(line) && counts(line, note) {
                changed |= merge_line(&mut known, line);
            }
        }
        if changed {
            self.keep(target, known);
        }
        Ok(changed)
    }

    /// Takes notice that the log shows another history: keeps the checkpoint that is of this one, so
    /// that whoever reads the view can tell which of the two it is.
    pub fn learn_fork(&mut self, proof: &ForkProof) {
        for note in [&proof.smaller, &proof.larger] {
            let Ok(checkpoint) = note.checkpoint() else { continue };
            // Whoever sent it chose the cosignatures on it; they are read where the proof is kept.
            if self.add_checkpoint(note, |_, _| false).is_ok() {
                Arc::make_mut(&mut self.forked_at).insert(checkpoint.head.size);
            }
        }
    }

    /// Returns the sizes of checkpoints held at which another history of the log has been seen.
    pub fn forked_at(&self) -> &BTreeSet<TreeSize> {
        &self.forked_at
    }

    /// Accepts all status lists of the newest standing, in the order of their URIs.
    ///
    /// # Errors
    /// [`ReplicaError::WrongStatus`] if they are not exactly those, or not signed.
    pub fn set_status(&mut self, tokens: &[Vec<u8>]) -> Result<(), ReplicaError> {
        let wrong = ReplicaError::WrongStatus;
        let head = self.view.standing.as_ref().map_or_else(empty_head, |s| s.status_lists);
        if tokens.len() > MAX_STATUS_LISTS {
            return Err(wrong("too many lists"));
        }
        let mut status = BTreeMap::new();
        for token in tokens {
            let token = StatusToken::parse(token, Mode::Strict).map_err(|_| wrong("malformed"))?;
            // One of another issuer is continued by this one, if that one's closing says so.
            if crate::status::StatusUri::parse(&token.uri).is_none() {
                return Err(wrong("not an identifier of a list"));
            }
            if !self.view.signed_status(&token) {
                return Err(wrong("not signed by the issuer"));
            }
            status.insert(token.uri.clone(), token);
        }
        let status = StatusLists::all(status);
        if status.head() != Some(head) {
            return Err(wrong("another root"));
        }
        Arc::make_mut(&mut self.view).status = status;
        Ok(())
    }

    /// Returns whether the log, as far as held, ends with the right standing and its status lists
    /// are known: what a witness wants to know before it cosigns.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn is_in_order(&self) -> Result<(), ReplicaError> {
        if !self.standing_is_right || self.view.unsupported_from.is_some() {
            return Err(ReplicaError::WrongStanding);
        }
        if !self.view.has_newest_status() {
            return Err(ReplicaError::WrongStatus("not held"));
        }
        Ok(())
    }

    /// Keeps a checkpoint that the own log has just signed.
    ///
    /// # Errors
    /// [`ReplicaError`] if it is not one of the tree held.
    pub fn publish(&mut self, note: Note) -> Result<(), ReplicaError> {
        self.add_checkpoint(&note, |_, _| false).map(|_| ())
    }
}
