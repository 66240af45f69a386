//! Evidence: what is stapled to a presentation so that it verifies without a network.
//!
//! For each log that matters: how it begins, its newest checkpoint with cosignatures, the standing
//! under it, and the statements that a verifier needs, each with a proof that leads to that
//! checkpoint. A statement's state is proven by the standing, so leaving a withdrawal out does not
//! hide it: without a proof of its state an accreditation does not count.
//!
//! Nothing in evidence is believed. [`Evidence::verify`] drops whatever does not prove itself, and
//! says what it dropped.

mod gather;

pub use gather::{GatherFor, MAX_LOGS};

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::cbor::{Bytes, CborError, Decode, Decoder, Encode, Encoder, Mode, record};
use crate::id::{Did, Digest, LeafIndex, TreeSize};
use crate::ledger::{
    CheckpointView, DigestMap, Held, Issuances, KeyChain, Ledger, LogView, ProfileView, Statements,
    StatusLists, about,
};
use crate::log::checkpoint::{MAX_NOTE_BYTES, Note, NoteKey};
use crate::log::merkle::{TreeHead, leaf_hash};
use crate::log::proof::{ConsistencyProof, InclusionProof};
use crate::profile::MAX_CREDENTIALS;
use crate::statement::standing::{MAX_KEY_SETS, Standing, State, statement_leaf, status_leaf};
use crate::statement::{Body, Statement};
use crate::status::StatusToken;

/// Most items of one kind for one log.
pub const MAX_ITEMS: usize = 256;

record! {
    /// An earlier checkpoint, which proves a time.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct EarlierCheckpoint {
        /// The note with its cosignatures.
        note [1]: String,
        /// That it is a prefix of the newest.
        proof [2]: ConsistencyProof,
    }
}

record! {
    /// An accreditation, agreement or ratification with its state.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatementEvidence {
        /// The entry.
        entry [1]: Bytes,
        /// Its leaf.
        leaf [2]: LeafIndex,
        /// Its state.
        state [3]: State,
        /// Its position in the first tree of the standing.
        position [4]: LeafIndex,
        /// The way from there to the root that the standing names.
        path [5]: InclusionProof,
    }
}

record! {
    /// An issuance, or what a log says of the end of another institution.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct EntryEvidence {
        /// The entry.
        entry [1]: Bytes,
        /// Its leaf.
        leaf [2]: LeafIndex,
        /// The way from there to the checkpoint.
        path [3]: InclusionProof,
    }
}

record! {
    /// A status list.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct StatusEvidence {
        /// The token.
        token [1]: Bytes,
        /// Its position in the second tree of the standing.
        position [2]: LeafIndex,
        /// The way from there to the root that the standing names.
        path [3]: InclusionProof,
    }
}

record! {
    /// What is shown of one log.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct LogEvidence {
        /// The entry at leaf 0.
        inception [1]: Bytes,
        /// The newest checkpoint: a note with its cosignatures.
        note [2]: String,
        /// The last entry under it, the standing.
        standing [3]: Bytes,
        /// The way from there to the checkpoint.
        standing_path [4]: InclusionProof,
        /// Earlier checkpoints.
        earlier [5; ..MAX_ITEMS]: Vec<EarlierCheckpoint>,
        /// Statements with their states.
        statements [6; ..MAX_ITEMS]: Vec<StatementEvidence>,
        /// Issuances.
        issuances [7; ..MAX_ITEMS]: Vec<EntryEvidence>,
        /// Status lists.
        status [8; ..MAX_ITEMS]: Vec<StatusEvidence>,
        /// The newest profile; its digest is in the standing.
        profile [9]: Option<Bytes>,
        /// The rotations, oldest first; their leaves are in the standing.
        rotations [10; ..MAX_KEY_SETS]: Vec<Bytes>,
        /// What the log says of the ends of other institutions.
        successions [11; ..MAX_ITEMS]: Vec<EntryEvidence>,
    }
}

/// What is shown of several logs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// The logs.
    pub logs: Vec<LogEvidence>,
}

impl Encode for Evidence {
    fn encode(&self, e: &mut Encoder) {
        e.list(&self.logs);
    }
}

impl<'b> Decode<'b> for Evidence {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        Ok(Self { logs: d.list(MAX_LOGS)? })
    }
}

/// A part of evidence that does not prove itself, and so was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The log that it claims to be of, if that much could be read.
    pub origin: Option<Did>,
    /// What it was.
    pub part: &'static str,
    /// Why it does not count.
    pub reason: &'static str,
}

impl Evidence {
    /// Joins evidence. Of a log that occurs twice the larger view is kept, and parts of the other
    /// that belong to the same checkpoint.
    #[must_use]
    pub fn join(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut logs: BTreeMap<Did, (TreeSize, LogEvidence)> = BTreeMap::new();
        for log in parts.into_iter().flat_map(|part| part.logs) {
            let size = Note::parse(&log.note).and_then(|n| n.checkpoint()).map(|c| c.head.size);
            let size = size.unwrap_or_default();
            let origin = Did::of_inception(&log.inception.0);
            match logs.get_mut(&origin) {
                Some((known, _)) if *known > size => {}
                Some((known, kept)) if *known == size => {
                    kept.note = joined(&kept.note, &log.note);
                    extend_new(&mut kept.earlier, log.earlier);
                    extend_new(&mut kept.statements, log.statements);
                    extend_new(&mut kept.issuances, log.issuances);
                    extend_new(&mut kept.status, log.status);
                    extend_new(&mut kept.successions, log.successions);
                    kept.profile = kept.profile.take().or(log.profile);
                }
                _ => {
                    logs.insert(origin, (size, log));
                }
            }
        }
        Self { logs: logs.into_values().map(|(_, log)| log).collect() }
    }

    /// Joins encoded evidence, for [`crate::wallet::Wallet::present`]; parts that do not decode are
    /// left out.
    pub fn join_encoded(parts: &[&[u8]]) -> Option<Vec<u8>> {
        let parts: Vec<_> = parts.iter().filter_map(|part| Self::from_cbor(part).ok()).collect();
        if parts.is_empty() { None } else { Some(Self::join(parts).to_cbor()) }
    }

    /// Checks every part and returns the views that are proven, and what was dropped. Cosignatures
    /// are judged later, against a witness policy.
    pub fn verify(&self) -> (Ledger, Vec<Dropped>) {
        let mut ledger = Ledger::new();
        let mut dropped = Vec::new();
        let mut room = MAX_CREDENTIALS;
        for log in &self.logs {
            match log.verify(&mut room, &mut dropped) {
                Ok(view) => ledger.insert(Arc::new(view)),
                Err(reason) => {
                    let origin = Some(Did::of_inception(&log.inception.0));
                    dropped.push(Dropped { origin, part: "log", reason });
                }
            }
        }
        (ledger, dropped)
    }
}

/// Returns a note with the signatures of both, if they are of one checkpoint; else the first.
fn joined(one: &str, other: &str) -> String {
    let (Ok(mut note), Ok(more)) = (Note::parse(one), Note::parse(other)) else {
        return one.into();
    };
    if note.body() == more.body() {
        for line in more.signatures() {
            note.add(line.clone());
        }
    }
    note.to_string()
}

fn extend_new<T: PartialEq>(kept: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !kept.contains(&item) && kept.len() < MAX_ITEMS {
            kept.push(item);
        }
    }
}

impl LogEvidence {
    /// Checks every part, what costs little before signatures. `room` is the number of status lists
    /// that may still be read: a presentation has a list for each of its credentials at most.
    fn verify(
        &self,
        room: &mut usize,
        dropped: &mut Vec<Dropped>,
    ) -> Result<LogView, &'static str> {
        let origin = Did::of_inception(&self.inception.0);
        let (note, head) = read_note(&self.note, &origin)?;
        let last = LeafIndex(head.size.0.checked_sub(1).ok_or("an empty log")?);
        self.standing_path
            .verify(last, leaf_hash(&self.standing.0), &head)
            .map_err(|_| "the standing is not the last entry")?;
        let (statement, standing, chain) = self.read_standing()?;
        let current = standing.keys.last().ok_or(OTHER_KEYS)?;
        if current.from >= last {
            return Err("the standing is not signed by the keys in force");
        }
        note.verify(&NoteKey::of_log(&origin, current.keys.checkpoint))
            .map_err(|_| NOT_SIGNED_BY_LOG)?;
        if !statement.is_signed_by(&current.keys.statement) {
            return Err("the standing is not signed by the institution");
        }
        let newest = CheckpointView { head, note };

        let mut view = LogView {
            origin,
            chain: Arc::new(chain),
            keys: standing.keys.clone(),
            checkpoints: Arc::default(),
            standing: None,
            is_whole: false,
            statements: Statements::default(),
            issuances: Issuances::default(),
            profile: if standing.profile.is_some() {
                ProfileView::NotShown
            } else {
                ProfileView::None
            },
            closing: standing.closing,
            successions: DigestMap::new(),
            accusations: DigestMap::new(),
            status: StatusLists::default(),
            unsupported_from: None,
        };
        view.add_checkpoint(newest);
        let mut note = |part, result: Result<(), &'static str>| {
            if let Err(reason) = result {
                dropped.push(Dropped { origin: Some(origin), part, reason });
            }
        };
        for earlier in &self.earlier {
            note("checkpoint", view.add_earlier(earlier, &head));
        }
        for statement in &self.statements {
            note("statement", view.add_statement(statement, &standing.statements));
        }
        for issuance in &self.issuances {
            note("issuance", view.add_issuance(issuance, &head));
        }
        for status in &self.status {
            let head = &standing.status_lists;
            let Some(left) = room.checked_sub(1) else {
                note("status list", Err("more status lists than credentials"));
                continue;
            };
            *room = left;
            note("status list", view.add_status(status, head));
        }
        for succession in &self.successions {
            note("succession", view.add_succession(succession, &head));
        }
        if let (Some(entry), Some(digest)) = (&self.profile, &standing.profile) {
            note("profile", view.set_profile(&entry.0, digest));
        }
        view.standing = Some(standing);
        Ok(view)
    }

    /// Reads the standing and the chain of key sets that it names; neither is believed yet.
    fn read_standing(&self) -> Result<(Statement, Standing, KeyChain), &'static str> {
        let statement = Statement::parse(&self.standing.0).map_err(|_| "malformed standing")?;
        let Body::Standing(standing) = statement.body() else { return Err("not a standing") };
        // What the standing does not name is not worth reading.
        if standing.keys.len() != self.rotations.len().saturating_add(1) {
            return Err(OTHER_KEYS);
        }
        let rotations = self.rotations.iter().map(|rotation| &rotation.0);
        let chain = KeyChain::read(&self.inception.0, rotations)
            .map_err(|_| "the keys do not lead back to the identifier")?;
        if statement.issuer() != chain.origin() {
            return Err("the standing of another log");
        }
        let leaves: Vec<_> = standing.keys.iter().skip(1).map(|period| period.from).collect();
        if chain.periods(&leaves).as_ref() != Some(&standing.keys) {
            return Err(OTHER_KEYS);
        }
        let standing = standing.clone();
        Ok((statement, standing, chain))
    }
}

const OTHER_KEYS: &str = "the standing names keys that are not shown";
const NOT_SIGNED_BY_LOG: &str = "the checkpoint is not signed by the log";

/// Reads a checkpoint of a log; its signature is not checked.
fn read_note(text: &str, origin: &Did) -> Result<(Note, TreeHead), &'static str> {
    if text.len() > MAX_NOTE_BYTES {
        return Err("the checkpoint is too large");
    }
    let note = Note::parse(text).map_err(|_| "malformed checkpoint")?;
    let checkpoint = note.checkpoint().map_err(|_| "malformed checkpoint")?;
    if checkpoint.origin != origin.to_string() {
        return Err("a checkpoint of another log");
    }
    Ok((note, checkpoint.head))
}

impl LogView {
    fn add_earlier(
        &mut self,
        earlier: &EarlierCheckpoint,
        newest: &TreeHead,
    ) -> Result<(), &'static str> {
        let (note, head) = read_note(&earlier.note, &self.origin)?;
        let proof = &earlier.proof;
        proof.verify(&head, newest).map_err(|_| "not consistent with the newest checkpoint")?;
        let period = self.keys_under(head.size).ok_or("no keys")?;
        let key = NoteKey::of_log(&self.origin, period.keys.checkpoint);
        // Of the text that is known already the log's signature is too, and it makes no other.
        let known = self.checkpoints.get(&head.size).map(|known| &known.note);
        let is_signed = match known.filter(|known| known.body() == note.body()) {
            Some(known) => note.is_signed_as(known, &key),
            None => note.verify(&key).is_ok(),
        };
        if !is_signed {
            return Err(NOT_SIGNED_BY_LOG);
        }
        self.add_checkpoint(CheckpointView { head, note });
        Ok(())
    }

    /// Checks that an entry is a statement of this log, signed by the key in force at its leaf.
    fn own_statement(&self, entry: &[u8], leaf: LeafIndex) -> Result<Statement, &'static str> {
        let statement = Statement::parse(entry).map_err(|_| "malformed statement")?;
        if self.closing.is_some_and(|closing| leaf > closing.by) {
            return Err("stated after the institution had closed");
        }
        let period = self.keys_before(leaf).ok_or("no keys")?;
        if *statement.issuer() != self.origin || !statement.is_signed_by(&period.keys.statement) {
            return Err("not signed by the institution");
        }
        Ok(statement)
    }

    fn add_statement(
        &mut self,
        evidence: &StatementEvidence,
        tree: &TreeHead,
    ) -> Result<(), &'static str> {
        let StatementEvidence { entry, leaf, state, position, path } = evidence;
        let digest = Digest::of(&entry.0);
        path.verify(*position, statement_leaf(*leaf, &digest, state), tree)
            .map_err(|_| "its state is not what the standing says")?;
        let statement = match self.statements.get(&digest) {
            Some(known) if known.leaf == *leaf => known.statement.clone(),
            _ => self.own_statement(&entry.0, *leaf)?,
        };
        self.statements.insert(digest, Held { leaf: *leaf, statement, state: *state });
        Ok(())
    }

    fn add_issuance(
        &mut self,
        evidence: &EntryEvidence,
        head: &TreeHead,
    ) -> Result<(), &'static str> {
        let EntryEvidence { entry, leaf, path } = evidence;
        path.verify(*leaf, leaf_hash(&entry.0), head).map_err(|_| "not in the log")?;
        let digest = Digest::of(&entry.0);
        let statement = match self.issuances.get(&digest) {
            Some((known, statement)) if known == leaf => statement.clone(),
            _ => self.own_statement(&entry.0, *leaf)?,
        };
        if !matches!(statement.body(), Body::Issuance(_)) {
            return Err("not an issuance");
        }
        self.issuances.add_first(digest, *leaf, statement);
        Ok(())
    }

    fn add_succession(
        &mut self,
        evidence: &EntryEvidence,
        head: &TreeHead,
    ) -> Result<(), &'static str> {
        let EntryEvidence { entry, leaf, path } = evidence;
        path.verify(*leaf, leaf_hash(&entry.0), head).map_err(|_| "not in the log")?;
        let statement = self.own_statement(&entry.0, *leaf)?;
        let Body::Succession(succession) = statement.body() else {
            return Err("not a succession");
        };
        if self.is_void(*leaf, &statement.digest()) {
            return Err("stated with keys that were repudiated");
        }
        let about = about(&succession.institution);
        // Which of two counts is the first; both are proven to be in the log.
        if self.successions.get(&about).is_none_or(|(known, _)| leaf < known) {
            self.successions.insert(about, (*leaf, statement));
        }
        Ok(())
    }

    /// Adds a status list without inflating it: of those shown few are asked for.
    fn add_status(
        &mut self,
        evidence: &StatusEvidence,
        tree: &TreeHead,
    ) -> Result<(), &'static str> {
        let StatusEvidence { token, position, path } = evidence;
        let token = StatusToken::parse_deflated(&token.0, Mode::Strict)
            .map_err(|_| "malformed status list")?;
        path.verify(*position, status_leaf(&token.uri, token.digest()), tree)
            .map_err(|_| "not the newest status list")?;
        let known = self.status.get(&token.uri);
        if known.is_some_and(|known| known.digest() == token.digest()) {
            return Ok(());
        }
        if !self.signed_status(&token) {
            return Err("the status list is not signed by the issuer");
        }
        self.status.add(token);
        Ok(())
    }

    fn set_profile(&mut self, entry: &[u8], digest: &Digest) -> Result<(), &'static str> {
        if Digest::of(entry) != *digest {
            return Err("not the newest profile");
        }
        let statement = Statement::parse(entry).map_err(|_| "malformed profile")?;
        let Body::Profile(profile) = statement.body() else { return Err("not a profile") };
        self.profile = ProfileView::Known(profile.clone());
        Ok(())
    }
}
