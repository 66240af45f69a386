//! What logs say, folded into answers: who holds which key, who accredited whom, what is in force.
//!
//! A [`LogView`] is what is known of one log. A [`Replica`] makes it from every entry; evidence makes
//! it from entries with proofs. Verification reads views and does not know which of the two it has,
//! but for one rule: a view of the whole log counts as far as a quorum of witnesses has cosigned; a
//! view from proofs counts only if a quorum has cosigned the very checkpoint that the proofs lead to.

mod quorum;
mod reach;
mod replica;

pub use quorum::{Position, Quorums, Settled, WitnessPolicy};
pub use reach::{MAX_REACH_DEPTH, MAX_REACHED_LOGS, reach};
pub use replica::{Ignored, Replica, ReplicaError};

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::id::{Did, Digest, Kid, LeafIndex, TreeSize};
use crate::key::Purpose;
use crate::log::checkpoint::Note;
use crate::log::merkle::TreeHead;
use crate::statement::accreditation::Accreditation;
use crate::statement::agreement::Agreement;
use crate::statement::issuance::Issuance;
use crate::statement::profile::InstitutionProfile;
use crate::statement::standing::{KeyPeriod, Standing, State};
use crate::statement::{Body, Statement};
use crate::status::StatusToken;

/// A statement that the standing speaks of, with its place and state.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its leaf.
    pub leaf: LeafIndex,
    /// The statement.
    pub statement: Statement,
    /// Whether it is in force.
    pub state: State,
}

/// A checkpoint that is proven consistent with the newest.
#[derive(Clone, Debug)]
pub struct CheckpointView {
    /// Size and root.
    pub head: TreeHead,
    /// The note, with the cosignatures known.
    pub note: Note,
}

/// What is known of the newest profile of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileView {
    /// The log has none.
    None,
    /// It has one that is not shown.
    NotShown,
    /// This is it.
    Known(InstitutionProfile),
}

/// What is known of one log. Every part was verified against the log's own keys and tree.
#[derive(Clone, Debug)]
pub struct LogView {
    /// The institution.
    pub origin: Did,
    /// Its key sets, oldest first.
    pub keys: Vec<KeyPeriod>,
    /// Checkpoints by size, each consistent with the newest.
    pub checkpoints: BTreeMap<TreeSize, CheckpointView>,
    /// The newest standing.
    pub standing: Option<Standing>,
    /// Whether every entry up to the newest checkpoint is known.
    pub is_whole: bool,
    /// Accreditations, agreements and ratifications.
    pub statements: BTreeMap<Digest, Held>,
    /// Issuances with their leaves.
    pub issuances: BTreeMap<Digest, (LeafIndex, Statement)>,
    /// The newest profile.
    pub profile: ProfileView,
    /// Newest status lists by URI.
    pub status: BTreeMap<String, StatusToken>,
    /// The first leaf of a kind that this build does not know; nothing from there on counts.
    pub unsupported_from: Option<LeafIndex>,
}

impl LogView {
    /// Returns the key set in force before a leaf; for leaf 0, the set that it reveals.
    pub fn keys_before(&self, leaf: LeafIndex) -> Option<&KeyPeriod> {
        self.keys.iter().rev().find(|period| period.from < leaf || leaf.0 == 0)
    }

    /// Returns the newest key set.
    pub fn current_keys(&self) -> Option<&KeyPeriod> {
        self.keys.last()
    }

    /// Returns the key set that has this key for a purpose.
    pub fn keys_with(&self, purpose: Purpose, kid: &Kid) -> Option<&KeyPeriod> {
        self.keys.iter().find(|period| period.keys.key(purpose).kid() == *kid)
    }

    /// Returns the leaf and contents of an issuance.
    pub fn issuance(&self, digest: &Digest) -> Option<(LeafIndex, &Issuance)> {
        let (leaf, statement) = self.issuances.get(digest)?;
        match statement.body() {
            Body::Issuance(issuance) => Some((*leaf, issuance)),
            _ => None,
        }
    }

    /// Returns the newest checkpoint.
    pub fn newest(&self) -> Option<&CheckpointView> {
        self.checkpoints.last_key_value().map(|(_, checkpoint)| checkpoint)
    }

    /// Returns the accreditations, in the order of their digests.
    pub fn accreditations(&self) -> impl Iterator<Item = (&Digest, &Held, &Accreditation)> {
        self.statements.iter().filter_map(|(digest, held)| match held.statement.body() {
            Body::Accreditation(accreditation) => Some((digest, held, accreditation)),
            _ => None,
        })
    }

    /// Returns the agreements, in the order of their digests.
    pub fn agreements(&self) -> impl Iterator<Item = (&Digest, &Held, &Agreement)> {
        self.statements.iter().filter_map(|(digest, held)| match held.statement.body() {
            Body::Agreement(agreement) => Some((digest, held, agreement)),
            _ => None,
        })
    }

    /// Returns the ratification of an agreement, if the log has one.
    pub fn ratification(&self, agreement: &Digest) -> Option<(&Digest, &Held)> {
        self.statements.iter().find(|(_, held)| match held.statement.body() {
            Body::Ratification(ratification) => ratification.agreement == *agreement,
            _ => false,
        })
    }

    /// Returns whether the status lists known are those of the newest standing.
    pub fn has_newest_status(&self) -> bool {
        let tree = crate::statement::standing::status_tree(
            self.status.iter().map(|(uri, token)| (uri, token.digest())),
        );
        !self.is_whole || self.standing.as_ref().is_some_and(|s| s.status_lists == tree.head())
    }
}

/// Views of many logs.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    logs: BTreeMap<Did, Arc<LogView>>,
}

impl Ledger {
    /// Makes a ledger of no logs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a view. Of two views of one log the larger is kept; of two of one size, the whole one.
    pub fn insert(&mut self, view: Arc<LogView>) {
        let rank = |view: &LogView| (view.newest().map(|c| c.head.size), view.is_whole);
        match self.logs.get(&view.origin) {
            Some(known) if rank(known) >= rank(&view) => {}
            _ => {
                self.logs.insert(view.origin, view);
            }
        }
    }

    /// Returns the view of a log.
    pub fn log(&self, origin: &Did) -> Option<&LogView> {
        self.logs.get(origin).map(Arc::as_ref)
    }

    /// Returns all views, in the order of the identifiers.
    pub fn logs(&self) -> impl Iterator<Item = &LogView> {
        self.logs.values().map(Arc::as_ref)
    }

    /// Adds every view of another ledger.
    pub fn merge(&mut self, other: &Self) {
        for view in other.logs.values() {
            self.insert(Arc::clone(view));
        }
    }

    /// Returns the agreements of all logs, once each, in the order of their digests, with the log
    /// that holds them.
    pub fn agreements(&self) -> BTreeMap<&Digest, (&LogView, &Held, &Agreement)> {
        let mut found = BTreeMap::new();
        for log in self.logs() {
            for (digest, held, agreement) in log.agreements() {
                found.entry(digest).or_insert((log, held, agreement));
            }
        }
        found
    }
}

impl FromIterator<Arc<LogView>> for Ledger {
    fn from_iter<I: IntoIterator<Item = Arc<LogView>>>(views: I) -> Self {
        let mut ledger = Self::new();
        for view in views {
            ledger.insert(view);
        }
        ledger
    }
}
