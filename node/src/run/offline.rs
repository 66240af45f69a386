//! What is done to an institution while its node does not run: its keys are replaced.
//!
//! The order is chosen so that a crash at any point loses nothing: the caller shows the words of the
//! set after next before anything is committed; the new seed is beside the old one before the
//! rotation is committed; and a start that finds the rotation committed takes the new seed into use.
//!
//! The rotation is not published here. The node does that once it runs, as any other statement: after
//! its witnesses have confirmed, and on top of what they hold.

use std::path::Path;
use std::sync::Arc;

use carnet_proto::id::{Did, Digest, LeafIndex};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::{LogView, Replica};
use carnet_proto::statement::identity::{MAX_KEPT, Rotation};
use carnet_proto::statement::standing::{State, empty_head};
use carnet_proto::statement::{Body, Statement, StatementError};
use carnet_proto::time::UnixSeconds;
use thiserror::Error;

use super::{StartError, open};
use crate::config::Config;
use crate::desk::DeskError;
use crate::desk::older::{Drawn, unknown_issuances};
use crate::desk::register::{Register, RegisterError};
use crate::desk::status::{lists_of, sign};
use crate::institution::{Institution, InstitutionError};
use crate::logs::{Appending, Logs, LogsError};
use crate::store::StoreError;
use crate::store::sled::DEFAULT_LOCK_PATIENCE;
use crate::writer::{WriterError, status_head};

/// Entries looked through at once.
const PAGE: usize = 1024;
/// Bytes looked through at once.
const PAGE_BYTES: usize = 1 << 20;

/// An institution of a node that does not run. Nobody else can open its directory meanwhile.
pub struct Offline {
    institution: Institution,
    logs: Arc<Logs>,
    register: Register,
}

/// What was in a thief's hands, and what of it counts all the same.
#[derive(Clone, Debug, Default)]
pub struct Repudiation {
    /// The first leaf that a thief may have stated; nothing is void without it.
    pub from: Option<LeafIndex>,
    /// Digests of statements from there on that are kept.
    pub keep: Vec<Digest>,
    /// Issuances are kept too whose batch the own register knows.
    pub keep_known_batches: bool,
}

/// A statement that a rotation makes void, or keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// Its leaf.
    pub leaf: LeafIndex,
    /// Its digest.
    pub digest: Digest,
    /// Its kind.
    pub kind: &'static str,
}

/// A rotation that is ready to be made.
#[derive(Debug)]
pub struct RotationPlan {
    revealed: Seed,
    from: Option<LeafIndex>,
    /// The statements that become void, in the order of their leaves.
    pub void: Vec<Affected>,
    /// The statements that count all the same, in that order.
    pub kept: Vec<Affected>,
    /// Entries of the log now: the rotation is the leaf of that number, unless others hold more.
    pub size: u64,
}

/// A rotation that was committed.
#[derive(Clone, Copy, Debug)]
pub struct Rotated {
    /// The institution.
    pub did: Did,
    /// Digest of the rotation.
    pub digest: Digest,
    /// Its leaf.
    pub leaf: LeafIndex,
    /// Status lists that were signed anew.
    pub lists: usize,
}

impl Offline {
    /// Opens an institution of the node in a directory: the one that is named, else the only one.
    /// Blocks.
    ///
    /// # Errors
    /// [`RotateError::Which`]; [`RotateError::Start`] as at the start of the node, for example if it is
    /// running.
    pub fn open(directory: &Path, did: Option<&Did>) -> Result<Self, RotateError> {
        let config = Config::load(directory).map_err(StartError::from)?;
        let opened = open(&config, directory, DEFAULT_LOCK_PATIENCE, "carnet key rotate")?;
        if let Some(holder) = opened.holder {
            let error = StoreError::NotWriter { holder: Some(holder.name) };
            return Err(StartError::from(error).into());
        }
        let mut found = opened.institutions.into_iter();
        let chosen = match did {
            Some(did) => found.find(|(institution, _)| institution.did == *did),
            None => found.next().filter(|_| config.institutions.len() == 1),
        };
        let (institution, store) = chosen.ok_or(RotateError::Which)?;
        let register = Register::open(store, &institution.register_key)?;
        Ok(Self { institution, logs: opened.logs, register })
    }

    /// Returns the institution.
    pub fn did(&self) -> &Did {
        &self.institution.did
    }

    /// Looks what a rotation to the key set of a seed would do. Nothing is changed.
    ///
    /// # Errors
    /// [`RotateError`]: the rotation cannot be made.
    pub fn plan(&self, revealed: Seed, wish: &Repudiation) -> Result<RotationPlan, RotateError> {
        let did = self.institution.did;
        match self.logs.claim(&did) {
            Ok(()) => {}
            Err(LogsError::NotOwn(_)) => return Err(RotateError::CatchingUp),
            Err(error) => return Err(error.into()),
        }
        let replica = self.logs.get(&did).ok_or(LogsError::UnknownLog(did))?;
        let keys = replica.view().current_keys().ok_or(LogsError::UnknownLog(did))?;
        let set = revealed.public_key_set();
        if set == keys.keys {
            return Err(RotateError::InForce);
        }
        if set.commitment() != keys.next {
            return Err(RotateError::NotTheNext);
        }
        let size = replica.size().0;
        let (mut void, mut kept) = (Vec::new(), Vec::new());
        if let Some(from) = wish.from {
            if from.0 == 0 || from.0 > size {
                return Err(RotateError::From { from: from.0, size });
            }
            let unknown = unknown_issuances(&self.register, replica.view())?;
            for (leaf, statement) in self.statements(from)? {
                let (digest, body) = (statement.digest(), statement.body());
                if is_void(replica.view(), leaf, &digest) {
                    continue;
                }
                let affected = Affected { leaf, digest, kind: body.kind() };
                let is_known = matches!(body, Body::Issuance(_))
                    && !unknown.iter().any(|(issuance, _)| issuance == digest.as_bytes());
                match body {
                    Body::Standing(_) | Body::Rotation(_) => {}
                    _ if wish.keep.contains(&digest) => kept.push(affected),
                    _ if is_known && wish.keep_known_batches => kept.push(affected),
                    _ => void.push(affected),
                }
            }
        }
        let is_kept = |digest: &&Digest| kept.iter().any(|kept| kept.digest == **digest);
        if let Some(digest) = wish.keep.iter().find(|digest| !is_kept(digest)) {
            return Err(RotateError::NotThere(*digest));
        }
        if kept.len() > MAX_KEPT {
            return Err(RotateError::TooManyKept(kept.len()));
        }
        Ok(RotationPlan { revealed, from: wish.from, void, kept, size })
    }

    /// Makes a planned rotation, which commits to the key set of `next`; whoever calls has shown that
    /// seed's words to its owner before. Blocks.
    ///
    /// # Errors
    /// [`RotateError`]: nothing was committed, unless the store says that this is unknown; the next
    /// start tells.
    pub fn rotate(
        self,
        plan: RotationPlan,
        next: &Seed,
        now: UnixSeconds,
    ) -> Result<Rotated, RotateError> {
        let did = self.institution.did;
        let mut kept: Vec<Digest> = plan.kept.iter().map(|kept| kept.digest).collect();
        kept.sort_unstable();
        kept.dedup();
        let rotation = Rotation {
            keys: plan.revealed.public_key_set(),
            next: next.public_key_set().commitment(),
            repudiated_from: plan.from,
            kept,
        };
        self.institution.put_new_seed(&plan.revealed)?;
        let mut rotated = None;
        self.logs.append_own(&did, |replica| {
            let leaf = LeafIndex(replica.size().0);
            let made = with_rotation(replica, rotation, &plan.revealed, &self.register, now)?;
            let lists = made.status.as_ref().map_or(0, Vec::len);
            let digest = made.statements.first().map(Statement::digest);
            rotated = digest.map(|digest| Rotated { did, digest, leaf, lists });
            Ok::<_, RotateError>(made)
        })?;
        self.institution.take_new_seed()?;
        rotated.ok_or(RotateError::NotTheNext)
    }

    /// Reads the statements from a leaf on; entries that are none are left out.
    fn statements(&self, from: LeafIndex) -> Result<Vec<(LeafIndex, Statement)>, RotateError> {
        let did = self.institution.did;
        let (mut found, mut next) = (Vec::new(), from.0);
        loop {
            let page = self.logs.entries(&did, next, PAGE, PAGE_BYTES)?;
            if page.is_empty() {
                return Ok(found);
            }
            for entry in page {
                found.extend(Statement::parse(&entry).ok().map(|read| (LeafIndex(next), read)));
                next += 1;
            }
        }
    }
}

impl std::fmt::Debug for Offline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Offline").field("did", self.did()).finish_non_exhaustive()
    }
}

/// Returns whether a statement counts for nothing already.
fn is_void(view: &LogView, leaf: LeafIndex, digest: &Digest) -> bool {
    view.is_void(leaf, digest)
        || view.statements.get(digest).is_some_and(|held| held.state == State::Void)
}

/// Appends a rotation to a replica, with all status lists and a standing signed by the keys that it
/// reveals.
pub(crate) fn with_rotation(
    replica: &mut Replica,
    rotation: Rotation,
    revealed: &Seed,
    register: &Register,
    now: UnixSeconds,
) -> Result<Appending, RotateError> {
    let did = *replica.origin();
    let (set, repudiates) = (rotation.keys, rotation.repudiated_from.is_some());
    let key = revealed.signing_key(Purpose::Statement);
    let rotation = Statement::sign(&did, rotation, &key)?;
    replica.append(std::slice::from_ref(&rotation));
    if replica.view().current_keys().map(|period| period.keys) != Some(set) {
        return Err(RotateError::NotTheNext);
    }
    let tokens = lists_anew(replica.view(), revealed, register, repudiates, now)?;
    let head = if tokens.is_empty() { empty_head() } else { status_head(&tokens)? };
    let standing = Statement::sign(&did, replica.derive_standing(head), &key)?;
    replica.append(std::slice::from_ref(&standing));
    let statements = Vec::from([rotation, standing]);
    Ok(Appending { statements, status: Some(tokens), waits: true })
}

/// Signs all status lists with new keys: as the register has them, or as they are published where it
/// would take anything back. After a theft that may be the thief's doing, and a register that knows
/// every batch is believed.
fn lists_anew(
    view: &LogView,
    revealed: &Seed,
    register: &Register,
    repudiates: bool,
    now: UnixSeconds,
) -> Result<Vec<Vec<u8>>, RotateError> {
    let key = revealed.signing_key(Purpose::Status);
    let is_in_step = unknown_issuances(register, view)?.is_empty();
    let mut tokens = Vec::new();
    for list in lists_of(view) {
        let Some(held) = view.status.get(&list.uri.to_string()) else { continue };
        let drawn = Drawn::up(register, &list)?;
        let token = if is_in_step && (repudiates || drawn.keeps(held).is_ok()) {
            sign(&list.uri, &drawn.list, now, &key)
        } else {
            let held = held.inflate().map_err(StatementError::from)?;
            sign(&list.uri, &held, now, &key)
        };
        tokens.push((list.uri.to_string(), token));
    }
    tokens.sort_unstable();
    Ok(tokens.into_iter().map(|(_, token)| token).collect())
}

impl From<StartError> for RotateError {
    fn from(error: StartError) -> Self {
        Self::Start(Box::new(error))
    }
}

/// Why keys were not replaced.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RotateError {
    /// The directory cannot be opened.
    #[error(transparent)]
    Start(Box<StartError>),
    /// The node has no institution, or several and none is named.
    #[error("the node has several institutions, or none; name the one that is meant")]
    Which,
    /// Others hold more of the log.
    #[error(
        "others hold more of this institution's log than this node; run the node until it has caught up, \
         stop it, and replace the keys then"
    )]
    CatchingUp,
    /// The words are of the keys in force.
    #[error("these are the words of the keys in force, not of the next ones")]
    InForce,
    /// The words are of other keys.
    #[error("these are not the words of the next keys: the log has committed to others")]
    NotTheNext,
    /// The first void leaf is not one that can be.
    #[error(
        "nothing can be void from leaf {from} on: the log has {size} entries, and leaf 0 is always kept"
    )]
    From {
        /// The leaf given.
        from: u64,
        /// Entries of the log.
        size: u64,
    },
    /// A statement that is to be kept is not among those that become void.
    #[error("no statement with the digest {0} would become void, so that it could be kept")]
    NotThere(Digest),
    /// More than a rotation can keep.
    #[error("{0} statements would be kept, more than {MAX_KEPT}; state the others anew afterwards")]
    TooManyKept(usize),
    /// A backup has published more of the log than peers show.
    #[error(
        "the backup has published {backup} entries of this log, and the copies that were fetched have {found}: \
         a log restored from them would show two histories"
    )]
    BackupNewer {
        /// Entries under the backup's newest checkpoint.
        backup: u64,
        /// Entries fetched.
        found: u64,
    },
    /// A backup holds another history of the log than peers show.
    #[error(
        "the backup holds another history of this log than the copies that were fetched: the first {0} \
         entries differ"
    )]
    BackupDiffers(u64),
    /// A file of the institution.
    #[error(transparent)]
    Institution(#[from] InstitutionError),
    /// The log.
    #[error(transparent)]
    Logs(#[from] LogsError),
    /// The register.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The desk.
    #[error(transparent)]
    Desk(#[from] DeskError),
    /// The rotation cannot be signed.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// The status lists cannot be summed up.
    #[error(transparent)]
    Writer(#[from] WriterError),
}
