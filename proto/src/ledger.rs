//! What logs say, folded into answers: who holds which key, who accredited whom, what is in force.
//!
//! A [`LogView`] is what is known of one log. A [`Replica`] makes it from every entry; evidence makes
//! it from entries with proofs. Verification reads views and does not know which of the two it has,
//! but for one rule: a view of the whole log counts as far as a quorum of witnesses has cosigned; a
//! view from proofs counts only if a quorum has cosigned the very checkpoint that the proofs lead to.
//!
//! What is shown with a presentation stands beside what a verifier knows itself and never takes its
//! place: it may add, but it cannot make anyone forget a revocation, a withdrawal or a witness.

mod chain;
mod contest;
mod digest_map;
mod issuances;
mod lists;
mod quorum;
mod reach;
mod replica;
mod signed;
mod statements;

pub use chain::{ChainError, KeyChain};
pub use digest_map::{DigestMap, Hashed};
pub use issuances::{Issuances, Places};
pub use lists::StatusLists;
pub use quorum::{Cosignatures, Position, Quorums, Settled, WitnessPolicy};
pub use reach::{MAX_REACH_DEPTH, MAX_REACHED_LOGS, reach};
pub use replica::{Ignored, MAX_ACCUSATIONS, Replica, ReplicaError, joined_state};
pub use signed::Signed;
pub use statements::Statements;

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::id::{Did, Digest, Kid, LeafIndex, RootHash, TreeSize};
use crate::key::Purpose;
use crate::log::checkpoint::Note;
use crate::log::fork::{Fork, ForkProof};
use crate::log::merkle::TreeHead;
use crate::statement::accreditation::Accreditation;
use crate::statement::agreement::{Agreement, Ratification};
use crate::statement::identity::{Rotation, Succession};
use crate::statement::issuance::Issuance;
use crate::statement::profile::InstitutionProfile;
use crate::statement::standing::{Closing, KeyPeriod, Standing, State};
use crate::statement::{Body, Statement};
use crate::status::StatusToken;

/// Most proofs of forks that a ledger holds against one log.
pub const MAX_FORKS: usize = 16;

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

/// A proof that was checked, and what it proves.
pub type Proven = Arc<(ForkProof, Fork)>;

/// What is known of one log. Every part was verified against the log's own keys and tree.
///
/// A view that readers hold can be changed at little cost: its copies share what did not change.
#[derive(Clone, Debug)]
pub struct LogView {
    /// The institution.
    pub origin: Did,
    /// The statements that reveal its key sets.
    pub chain: Arc<KeyChain>,
    /// Its key sets, oldest first.
    pub keys: Vec<KeyPeriod>,
    /// Checkpoints by size, each consistent with the newest.
    pub checkpoints: Arc<BTreeMap<TreeSize, Arc<CheckpointView>>>,
    /// The newest standing.
    pub standing: Option<Standing>,
    /// Whether every entry up to the newest checkpoint is known.
    pub is_whole: bool,
    /// Accreditations, agreements and ratifications.
    pub statements: Statements,
    /// Issuances with their leaves.
    pub issuances: Issuances,
    /// The newest profile.
    pub profile: ProfileView,
    /// How the log ended, if it did.
    pub closing: Option<Closing>,
    /// What it says of the ends of others, by what they are about: the institution that ended.
    pub successions: DigestMap<Digest, (LeafIndex, Statement)>,
    /// Proofs that other logs show two histories, by what they are about: the accused.
    pub accusations: DigestMap<Digest, (LeafIndex, Proven)>,
    /// Newest status lists by URI.
    pub status: StatusLists,
    /// The first leaf of a kind that this build does not know; nothing from there on counts.
    pub unsupported_from: Option<LeafIndex>,
}

impl LogView {
    /// Returns the key set in force before a leaf; for leaf 0, the set that it reveals.
    pub fn keys_before(&self, leaf: LeafIndex) -> Option<&KeyPeriod> {
        self.keys.iter().rev().find(|period| period.from < leaf || leaf.0 == 0)
    }

    /// Returns the key set in force after the last of `size` leaves: its checkpoint key signs them.
    pub fn keys_under(&self, size: TreeSize) -> Option<&KeyPeriod> {
        self.keys.iter().rev().find(|period| period.from.is_in(size))
    }

    /// Returns whether a statement is void: a rotation repudiated the keys that signed it, and did not
    /// keep it.
    pub fn is_void(&self, leaf: LeafIndex, digest: &Digest) -> bool {
        self.voided_by(leaf, digest).next().is_some()
    }

    /// Returns the leaves of the rotations that declare a statement void.
    pub fn voided_by<'v>(
        &'v self,
        leaf: LeafIndex,
        digest: &'v Digest,
    ) -> impl Iterator<Item = LeafIndex> + 'v {
        self.keys.iter().enumerate().filter_map(move |(set, period)| {
            let (from, until) = (period.repudiated_from?, period.until?);
            let keeps = |rotation: &Rotation| rotation.keeps(digest);
            let is_kept = self.chain.replaced_by(set).is_some_and(keeps);
            (from <= leaf && leaf < until && !is_kept).then_some(until)
        })
    }

    /// Returns whether a list that the standing names is signed by the institution. Which list is the
    /// newest the standing says; one of before a rotation may still be in force.
    pub fn signed_status(&self, token: &StatusToken) -> bool {
        self.keys.iter().rev().any(|period| token.is_signed_by(period.keys.key(Purpose::Status)))
    }

    /// Returns what the log says of the end of another institution.
    pub fn succession_of(&self, institution: &Did) -> Option<(LeafIndex, &Statement, &Succession)> {
        let (leaf, statement) = self.successions.get(&about(institution))?;
        match statement.body() {
            Body::Succession(succession) => Some((*leaf, statement, succession)),
            _ => None,
        }
    }

    /// Returns the proof in this log that another shows two histories, with its leaf.
    pub fn accusation_of(&self, accused: &Did) -> Option<(LeafIndex, &ForkProof)> {
        self.accusations.get(&about(accused)).map(|(leaf, proven)| (*leaf, &proven.0))
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
        self.checkpoints.last_key_value().map(|(_, checkpoint)| &**checkpoint)
    }

    /// Returns the accreditations, in the order of their digests.
    pub fn accreditations(&self) -> impl Iterator<Item = (&Digest, &Held, &Accreditation)> {
        self.statements.iter().filter_map(accreditation)
    }

    /// Returns the accreditations of one institution, in the order of their digests.
    pub fn accreditations_of(
        &self,
        subject: &Did,
    ) -> impl Iterator<Item = (&Digest, &Held, &Accreditation)> {
        self.statements.accreditations_of(subject).filter_map(accreditation)
    }

    /// Returns the agreements, in the order of their digests.
    pub fn agreements(&self) -> impl Iterator<Item = (&Digest, &Held, &Agreement)> {
        self.statements.agreements().filter_map(|(digest, held)| match held.statement.body() {
            Body::Agreement(agreement) => Some((digest, held, &**agreement)),
            _ => None,
        })
    }

    /// Returns the ratifications of an agreement, in the order of their digests. One institution may
    /// have ratified for several seats; only the one that the agreement names for it counts.
    pub fn ratifications(
        &self,
        agreement: &Digest,
    ) -> impl Iterator<Item = (&Digest, &Held, &Ratification)> + Clone {
        let all = self.statements.ratifications(agreement);
        all.filter_map(|(digest, held)| match held.statement.body() {
            Body::Ratification(ratification) => Some((digest, held, ratification)),
            _ => None,
        })
    }

    /// Returns the ratification of an agreement that is in force, else any that the log has.
    pub fn ratification(&self, agreement: &Digest) -> Option<(&Digest, &Held)> {
        let mut all = self.ratifications(agreement).map(|(digest, held, _)| (digest, held));
        let in_force = all.clone().find(|(_, held)| held.state == State::InForce);
        in_force.or_else(|| all.next())
    }

    /// Adds what another view from proofs to the same checkpoint has.
    fn join(&mut self, other: &Self) {
        for (digest, held) in other.statements.iter() {
            if !self.statements.contains_key(digest) {
                self.statements.insert(*digest, held.clone());
            }
        }
        for (digest, (leaf, statement)) in other.issuances.stated().into_iter().flatten() {
            self.issuances.add_first(*digest, *leaf, statement.clone());
        }
        for (about, stated) in &other.successions {
            if !self.successions.contains_key(about) {
                self.successions.insert(*about, stated.clone());
            }
        }
        for (uri, token) in other.status.iter() {
            if !self.status.contains_key(uri) {
                self.status.add(token.clone());
            }
        }
        for checkpoint in other.checkpoints.values() {
            self.add_checkpoint(CheckpointView::clone(checkpoint));
        }
        if self.profile == ProfileView::NotShown {
            self.profile = other.profile.clone();
        }
    }

    /// Adds a checkpoint, or its cosignatures to those known.
    pub(crate) fn add_checkpoint(&mut self, checkpoint: CheckpointView) {
        let checkpoints = Arc::make_mut(&mut self.checkpoints);
        match checkpoints.get_mut(&checkpoint.head.size) {
            Some(known) => {
                let known = Arc::make_mut(known);
                for line in checkpoint.note.signatures() {
                    known.note.add(line.clone());
                }
            }
            None => {
                checkpoints.insert(checkpoint.head.size, Arc::new(checkpoint));
            }
        }
    }

    /// Returns whether the status lists known are those of the newest standing.
    pub fn has_newest_status(&self) -> bool {
        let known = self.status.head();
        !self.is_whole || self.standing.as_ref().is_some_and(|s| Some(s.status_lists) == known)
    }
}

/// Returns the key under which statements about an institution are found. Whoever writes a log chooses
/// what its statements are about, so that those names need not spread by themselves.
pub(crate) fn about(institution: &Did) -> Digest {
    Digest::of(institution.as_bytes())
}

fn accreditation<'h>(
    (digest, held): (&'h Digest, &'h Held),
) -> Option<(&'h Digest, &'h Held, &'h Accreditation)> {
    match held.statement.body() {
        Body::Accreditation(accreditation) => Some((digest, held, accreditation)),
        _ => None,
    }
}

/// What is known of one log: what the verifier holds itself, and what was shown to it.
#[derive(Clone, Debug, Default)]
struct Known {
    own: Option<Arc<LogView>>,
    shown: Option<Arc<LogView>>,
}

/// Views of many logs.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    logs: BTreeMap<Did, Known>,
    /// Proofs that logs show two histories, checked, by log.
    forks: BTreeMap<Did, Vec<Proven>>,
    /// Whether any view was shown rather than the verifier's own.
    has_shown: bool,
}

impl Ledger {
    /// Makes a ledger of no logs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a view. Of two views of one log the larger is kept; of two of one size, the whole one;
    /// of two from proofs to one checkpoint, the parts of both.
    pub fn insert(&mut self, view: Arc<LogView>) {
        for (_, proven) in view.accusations.values() {
            self.add_proven(proven);
        }
        keep(&mut self.logs.entry(view.origin).or_default().own, view);
    }

    /// Adds a proof that a log shows two histories. One that proves nothing is left out; so is one
    /// beyond [`MAX_FORKS`] for a log.
    pub fn add_fork(&mut self, proof: &ForkProof) {
        if let Ok(fork) = proof.verify() {
            self.add_proven(&Arc::new((proof.clone(), fork)));
        }
    }

    fn add_proven(&mut self, proven: &Proven) {
        let fork = &proven.1;
        let known = self.forks.entry(fork.origin).or_default();
        // Which of them is kept must not depend on the order.
        if let Err(place) = known.binary_search_by(|held| order(&held.1).cmp(&order(fork))) {
            known.insert(place, Arc::clone(proven));
            known.truncate(MAX_FORKS);
        }
    }

    /// Returns the proofs that a log shows two histories, and what they prove.
    pub fn forks(&self, origin: &Did) -> impl Iterator<Item = &(ForkProof, Fork)> {
        self.forks.get(origin).into_iter().flatten().map(Arc::as_ref)
    }

    /// Adds every view of another ledger as shown: beside those known already, never in their place.
    pub fn merge(&mut self, other: &Self) {
        self.has_shown |= !other.logs.is_empty();
        for proven in other.forks.values().flatten() {
            self.add_proven(proven);
        }
        for (origin, known) in &other.logs {
            let here = &mut self.logs.entry(*origin).or_default().shown;
            for view in [&known.own, &known.shown].into_iter().flatten() {
                keep(here, Arc::clone(view));
            }
        }
    }

    /// Returns the view of a log: the verifier's own, else the one shown.
    pub fn log(&self, origin: &Did) -> Option<&LogView> {
        self.views(origin).next()
    }

    /// Returns the verifier's own view of a log.
    pub fn own(&self, origin: &Did) -> Option<&LogView> {
        self.logs.get(origin)?.own.as_deref()
    }

    /// Returns all views of a log, the verifier's own first.
    pub fn views(&self, origin: &Did) -> impl Iterator<Item = &LogView> + use<'_> {
        self.logs.get(origin).into_iter().flat_map(Known::views)
    }

    /// Returns every view of every log, by identifier, the verifier's own first.
    pub(crate) fn all_views(&self) -> impl Iterator<Item = &LogView> {
        self.logs.values().flat_map(Known::views)
    }

    /// Returns whether there may be a second view of a log.
    pub(crate) fn has_shown(&self) -> bool {
        self.has_shown
    }

    /// Returns one view of each log, in the order of the identifiers.
    pub fn logs(&self) -> impl Iterator<Item = &LogView> {
        self.logs.values().filter_map(|known| known.views().next())
    }

    /// Returns the agreements of all logs, once each, in the order of their digests, with the log
    /// that holds them.
    pub fn agreements(&self) -> BTreeMap<&Digest, (&LogView, &Held, &Agreement)> {
        let mut found = BTreeMap::new();
        for log in self.logs.values().flat_map(Known::views) {
            for (digest, held, agreement) in log.agreements() {
                found.entry(digest).or_insert((log, held, agreement));
            }
        }
        found
    }
}

/// The order of proofs against one log.
fn order(fork: &Fork) -> [(TreeSize, RootHash); 2] {
    [fork.smaller, fork.larger].map(|head| (head.size, head.root))
}

impl Known {
    fn views(&self) -> impl Iterator<Item = &LogView> {
        [&self.own, &self.shown].into_iter().flatten().map(Arc::as_ref)
    }
}

/// Keeps the better of two views of one log, or joins them.
fn keep(place: &mut Option<Arc<LogView>>, view: Arc<LogView>) {
    let rank = |view: &LogView| (view.newest().map(|c| c.head.size), view.is_whole);
    let head = |view: &LogView| view.newest().map(|c| c.head);
    match place {
        Some(known) if !known.is_whole && !view.is_whole && head(known) == head(&view) => {
            Arc::make_mut(known).join(&view);
        }
        // Two histories of one size: which is kept must not depend on the order.
        Some(known) if rank(known) == rank(&view) => {
            let root = |view: &LogView| head(view).map(|head| *head.root.as_bytes());
            if !known.is_whole && root(&view) < root(known) {
                *place = Some(view);
            }
        }
        Some(known) if rank(known) > rank(&view) => {}
        _ => *place = Some(view),
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
