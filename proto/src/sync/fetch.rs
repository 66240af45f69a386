//! What comes in is checked and kept.

use alloc::collections::BTreeSet;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::archive::{ArchiveError, counting};
use super::message::{Checkpoints, Entries, Heads, MAX_MESSAGE_BYTES, Response, StatusTokens};
use super::{
    Action, Archive, Ask, MAX_FORKS, MAX_STATUS_BYTES, Millis, Misbehaviour, QUARANTINE, Sync,
};
use crate::id::{Did, TreeSize};
use crate::ledger::{KeyChain, LogView, ProfileView, ReplicaError};
use crate::log::checkpoint::{Note, NoteKey};
use crate::statement::{Body, MAX_STATEMENT_BYTES, Statement};

/// Most institutions remembered per log whose cosignatures do not count yet.
const MAX_STRANGERS: usize = 64;

/// Why something that came in is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reject {
    /// It is false, and whoever sent it could have known.
    False,
    /// It is another history, signed by the log.
    Fork,
    /// Its entries are not held yet.
    TooNew,
    /// The archive failed.
    Local,
}

impl From<ArchiveError> for Reject {
    fn from(error: ArchiveError) -> Self {
        match error {
            ArchiveError::Refused(ReplicaError::Fork(_)) => Self::Fork,
            ArchiveError::Refused(_) => Self::False,
            _ => Self::Local,
        }
    }
}

/// Returns whether a quorum of the witnesses that an own log proposes has cosigned a checkpoint of it;
/// true where it proposes none.
fn is_witnessed(view: &LogView, note: &Note, archive: &impl Archive) -> Result<bool, Misbehaviour> {
    let ProfileView::Known(profile) = &view.profile else { return Ok(true) };
    if profile.witnesses.is_empty() {
        return Ok(true);
    }
    let counted = counting(archive, &view.origin, None, note);
    let (counted, _) = counted.map_err(|_| Misbehaviour::FalseProof)?;
    let names: BTreeSet<&str> =
        counted.signatures().iter().map(|line| line.name.as_str()).collect();
    let cosigned = profile
        .witnesses
        .iter()
        .filter(|witness| **witness != view.origin && names.contains(witness.to_string().as_str()));
    Ok(cosigned.count() >= usize::from(profile.quorum.unwrap_or(1).max(1)))
}

impl<P: Ord + Clone> Sync<P> {
    pub(super) fn response(
        &mut self,
        now: Millis,
        id: u64,
        bytes: &[u8],
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) {
        let Some((peer, ask)) = self.take(id) else { return };
        // Whatever comes, there is room for another request now.
        self.jobs_due = Some(Millis(0));
        let result = match Response::parse(bytes) {
            Err(_) if bytes.len() > MAX_MESSAGE_BYTES => Err(Misbehaviour::Oversized),
            Err(_) => Err(Misbehaviour::Malformed),
            Ok(response) => {
                if let Some(state) = self.peers.get_mut(&peer) {
                    state.answered();
                }
                self.answered(now, &peer, ask, response, archive, out)
            }
        };
        let Err(what) = result else { return };
        out.push(Action::Report { peer: peer.clone(), what });
        let Some(state) = self.peers.get_mut(&peer) else { return };
        state.failed(now);
        match ask {
            Ask::Entries { origin, .. }
            | Ask::Checkpoints { origin }
            | Ask::Status { origin, .. } => {
                state.claims.entry(origin).or_default().not_before = now.plus(QUARANTINE);
            }
            Ask::Cosign { origin, .. } => {
                state.jobs.remove(&origin);
            }
            Ask::Heads { .. } | Ask::Peers => {}
        }
    }

    fn answered(
        &mut self,
        now: Millis,
        peer: &P,
        ask: Ask,
        response: Response,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        match (ask, response) {
            (Ask::Heads { next }, Response::Heads(heads)) => {
                self.learn(peer, &heads);
                if next.is_some() {
                    self.ask_heads(now, peer.clone(), next, archive, out);
                }
                Ok(())
            }
            (Ask::Entries { origin, from }, Response::Entries(entries)) => {
                self.entries(now, peer, origin, from, &entries, archive, out)
            }
            (Ask::Checkpoints { origin }, Response::Checkpoints(checkpoints)) => {
                self.checkpoints(now, peer, origin, &checkpoints, archive, out)
            }
            (Ask::Status { origin, start }, Response::Status(tokens)) => {
                self.status(now, peer, origin, start, tokens, archive)
            }
            (Ask::Cosign { origin, size }, Response::Cosigned(cosigned)) => {
                self.cosigned(now, peer, origin, size, &cosigned, archive, out)
            }
            (Ask::Peers, Response::Peers(peers)) => {
                if !peers.nodes.is_empty() {
                    out.push(Action::Learnt { nodes: peers.nodes });
                }
                Ok(())
            }
            (ask, Response::Refused(_)) => {
                self.refused(now, peer, ask);
                Ok(())
            }
            _ => Err(Misbehaviour::Malformed),
        }
    }

    fn refused(&mut self, now: Millis, peer: &P, ask: Ask) {
        let Some(state) = self.peers.get_mut(peer) else { return };
        match ask {
            Ask::Entries { origin, .. }
            | Ask::Checkpoints { origin }
            | Ask::Status { origin, .. } => {
                let claim = state.claims.entry(origin).or_default();
                claim.was_fruitless(now, TreeSize(0));
            }
            Ask::Cosign { origin, .. } => {
                state.jobs.remove(&origin);
            }
            Ask::Heads { .. } | Ask::Peers => {}
        }
    }

    /// Takes note of what a peer says it holds.
    pub(super) fn learn(&mut self, peer: &P, heads: &Heads) {
        let Some(state) = self.peers.get_mut(peer) else { return };
        let held = heads.heads.iter().filter(|head| head.size.0 > 0);
        for head in held.filter(|head| self.wanted.contains(&head.origin)) {
            state.learn(heads.epoch, head);
            self.todo.insert(head.origin);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one answer, and what it is checked against")]
    fn entries(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        from: TreeSize,
        answer: &Entries,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        if !self.wanted.contains(&origin) || archive.size(&origin) != from {
            return Ok(());
        }
        let checkpoint = answer.note.checkpoint().map_err(|_| Misbehaviour::FalseProof)?;
        if checkpoint.did() != Ok(origin) {
            return Err(Misbehaviour::FalseProof);
        }
        let before = archive.view(&origin);
        if self.own.contains(&origin) {
            return self.own_note(now, peer, &origin, answer, archive);
        }
        if answer.entries.is_empty() {
            let newest = before.as_ref().and_then(|v| v.newest()).map(|c| c.head.size);
            let newest = newest.unwrap_or_default();
            let merged = self.merge(&origin, &answer.note, archive, out);
            if merged == Err(Reject::False) {
                return Err(Misbehaviour::FalseProof);
            }
            let size = checkpoint.head.size;
            let is_news = merged.is_ok() && size > newest;
            let claim = self.peers.get_mut(peer).map(|p| p.claims.entry(origin).or_default());
            if let Some(claim) = claim {
                if is_news { claim.was_fruitful() } else { claim.was_fruitless(now, newest) }
            }
            if is_news {
                self.settle(now, &origin, false, archive);
            }
            return Ok(());
        }
        if answer.entries.iter().any(|entry| entry.0.len() > MAX_STATEMENT_BYTES) {
            return Err(Misbehaviour::FalseProof);
        }
        let entries: Vec<Vec<u8>> = answer.entries.iter().map(|entry| entry.0.clone()).collect();
        // Only what the log itself signed counts without a look at the witnesses' keys.
        let owner = origin.to_string();
        let bare = answer.note.clone().retain(|line| line.name == owner);
        if let Err(error) = archive.extend(&origin, &entries, &bare, answer.proof.as_ref()) {
            return match Reject::from(error) {
                Reject::Local | Reject::TooNew => {
                    self.claim_waits(now, peer, origin);
                    Ok(())
                }
                Reject::False | Reject::Fork => Err(Misbehaviour::FalseProof),
            };
        }
        if let Some(state) = self.peers.get_mut(peer) {
            state.claims.entry(origin).or_default().was_fruitful();
        }
        let log = self.logs.entry(origin).or_default();
        log.status.clear();
        log.seen = log.seen.max(checkpoint.head.size);
        self.is_reach_due = true;
        let Some(view) = archive.view(&origin) else { return Ok(()) };
        self.journal.refresh(&view);
        let witness = |keys: Option<&crate::statement::standing::KeyPeriod>| {
            keys.map(|period| period.keys.witness)
        };
        let known = before.as_ref().map(|view| witness(view.current_keys()));
        if known != Some(witness(view.current_keys())) {
            self.key_learnt(&origin);
        }
        if archive.size(&origin) == checkpoint.head.size {
            let merged = self.merge(&origin, &answer.note, archive, out);
            self.recompute_wanted(archive);
            self.settle(now, &origin, false, archive);
            if merged == Err(Reject::False) {
                return Err(Misbehaviour::FalseProof);
            }
        }
        Ok(())
    }

    /// Looks at a checkpoint of an own log that a peer holds. It may be signed with any key set of
    /// the log: a rotation that was not published does not end what others hold of the set before.
    fn own_note(
        &mut self,
        now: Millis,
        peer: &P,
        origin: &Did,
        answer: &Entries,
        archive: &impl Archive,
    ) -> Result<(), Misbehaviour> {
        let Some(view) = archive.view(origin) else { return Ok(()) };
        let note = &answer.note;
        let size = note.checkpoint().map_err(|_| Misbehaviour::FalseProof)?.head.size;
        let is_larger = size > archive.size(origin);
        let is_signed = |chain: &KeyChain| {
            let keys = chain.sets().iter().map(|(keys, _)| keys.checkpoint);
            let mut keys = keys.map(|key| NoteKey::of_log(origin, key));
            keys.any(|key| note.verify(&key).is_ok())
        };
        let entries: Vec<Vec<u8>> = answer.entries.iter().map(|entry| entry.0.clone()).collect();
        if !is_signed(&view.chain) {
            // The keys may have been replaced elsewhere, with the words of the next ones.
            let mut chain = KeyChain::clone(&view.chain);
            for statement in entries.iter().filter_map(|entry| Statement::parse(entry).ok()) {
                if matches!(statement.body(), Body::Rotation(_)) {
                    let _ = chain.push(statement);
                }
            }
            if !is_signed(&chain) {
                if !is_larger {
                    return Err(Misbehaviour::FalseProof);
                }
                self.claim_waits(now, peer, *origin);
                return Ok(());
            }
        }
        // A thief of the checkpoint key alone makes no log that a witness cosigns.
        let follows = !is_larger
            || (archive.leads_on(origin, &entries, note, answer.proof.as_ref()) != Some(false)
                && is_witnessed(&view, note, archive)?);
        let log = self.logs.entry(*origin).or_default();
        let is_news = follows && size > log.seen;
        if follows {
            log.seen = log.seen.max(size);
        } else {
            log.contradicted = log.contradicted.max(size);
        }
        if let Some(state) = self.peers.get_mut(peer) {
            let claim = state.claims.entry(*origin).or_default();
            if is_news { claim.was_fruitful() } else { claim.was_fruitless(now, size) }
        }
        Ok(())
    }

    /// A witness's key is known now: what it cosigned may count, and is fetched again.
    fn key_learnt(&mut self, witness: &Did) {
        let mut found = false;
        for (origin, log) in &mut self.logs {
            if log.strangers.remove(witness) {
                found = true;
                for peer in self.peers.values_mut() {
                    if let Some(claim) = peer.claims.get_mut(origin) {
                        claim.seen = (0, 0);
                    }
                }
                self.todo.insert(*origin);
            }
        }
        if found {
            self.peers.values_mut().for_each(|peer| peer.is_heads_due = true);
        }
    }

    /// Keeps a checkpoint of entries held, with the cosignatures that count. Returns whether
    /// anything was new.
    pub(super) fn merge(
        &mut self,
        origin: &Did,
        note: &Note,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<bool, Reject> {
        let head = note.checkpoint().map_err(|_| Reject::False)?.head;
        if head.size > archive.size(origin) {
            return Err(Reject::TooNew);
        }
        let view = archive.view(origin).ok_or(Reject::TooNew)?;
        let known = view.checkpoints.get(&head.size).map(|checkpoint| &checkpoint.note);
        let (counted, strangers) =
            counting(archive, origin, known, note).map_err(|_| Reject::False)?;
        let log = self.logs.entry(*origin).or_default();
        log.strangers.extend(strangers);
        while log.strangers.len() > MAX_STRANGERS {
            log.strangers.pop_last();
        }
        let owner = origin.to_string();
        let is_known = known.is_some_and(|known| known.body() == note.body());
        if is_known && counted.signatures().iter().all(|line| line.name == owner) {
            return Ok(false);
        }
        match archive.add_checkpoint(origin, &counted) {
            Ok(false) => Ok(false),
            Ok(true) => {
                let log = self.logs.entry(*origin).or_default();
                log.seen = log.seen.max(head.size);
                if let Some(view) = archive.view(origin) {
                    self.journal.touch(&view, head.size);
                }
                Ok(true)
            }
            Err(error) => {
                let reject = Reject::from(error);
                let fork = (*origin, head.size);
                if reject == Reject::Fork && self.forks.len() < MAX_FORKS && self.forks.insert(fork)
                {
                    let held = known.cloned();
                    out.push(Action::Fork { origin: *origin, held, other: counted });
                }
                Err(reject)
            }
        }
    }

    fn checkpoints(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        answer: &Checkpoints,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        if !self.wanted.contains(&origin) {
            return Ok(());
        }
        let mut largest = TreeSize(0);
        let mut is_local = false;
        let mut result = Ok(());
        for note in &answer.notes {
            if note.checkpoint().and_then(|checkpoint| checkpoint.did()) != Ok(origin) {
                result = Err(Misbehaviour::FalseProof);
                break;
            }
            match self.merge(&origin, note, archive, out) {
                Ok(_) | Err(Reject::Fork) => {}
                Err(Reject::False) => {
                    result = Err(Misbehaviour::FalseProof);
                    break;
                }
                Err(Reject::TooNew) => {
                    let size = note.checkpoint().map(|c| c.head.size).unwrap_or_default();
                    largest = largest.max(size);
                }
                Err(Reject::Local) => is_local = true,
            }
        }
        self.settle(now, &origin, false, archive);
        result?;
        let Some(state) = self.peers.get_mut(peer) else { return Ok(()) };
        let claim = state.claims.entry(origin).or_default();
        let seen = if claim.seen.0 == answer.epoch { claim.seen.1 } else { 0 };
        if answer.more && answer.revision <= seen {
            return Err(Misbehaviour::Malformed);
        }
        if is_local {
            claim.waits(now);
        } else if largest.0 > 0 {
            // The entries come first; then these are asked for again.
            claim.size = claim.size.max(largest);
            claim.was_fruitless(now, archive.size(&origin));
        } else if answer.more {
            claim.seen = (answer.epoch, answer.revision);
            claim.revision = (answer.epoch, claim.revision.1.max(answer.revision + 1));
        } else {
            claim.seen = (answer.epoch, answer.revision);
            claim.revision = claim.seen;
        }
        Ok(())
    }

    fn status(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        start: u64,
        answer: StatusTokens,
        archive: &mut impl Archive,
    ) -> Result<(), Misbehaviour> {
        let Some(view) = archive.view(&origin) else { return Ok(()) };
        let Some(standing) = &view.standing else { return Ok(()) };
        let log = self.logs.entry(origin).or_default();
        if log.status_from.as_ref() != Some(peer) || log.status.len() as u64 != start {
            return Ok(());
        }
        if answer.start != start {
            return Err(Misbehaviour::Malformed);
        }
        let is_same =
            (answer.size, answer.root) == (standing.status_lists.size, standing.status_lists.root);
        if !is_same || answer.tokens.is_empty() {
            // It stands elsewhere in the log, before or after us.
            log.status.clear();
            if let Some(state) = self.peers.get_mut(peer) {
                let claim = state.claims.entry(origin).or_default();
                let size = claim.size;
                claim.was_fruitless(now, size);
            }
            return Ok(());
        }
        log.status.extend(answer.tokens.into_iter().map(|token| token.0));
        let bytes: usize = log.status.iter().map(Vec::len).sum();
        let count = log.status.len() as u64;
        if bytes > MAX_STATUS_BYTES || count > standing.status_lists.size.0 {
            log.status.clear();
            return Err(Misbehaviour::FalseProof);
        }
        if count < standing.status_lists.size.0 {
            return Ok(());
        }
        let tokens = core::mem::take(&mut log.status);
        match archive.set_status(&origin, &tokens).map_err(Reject::from) {
            Ok(()) => {
                self.settle(now, &origin, false, archive);
                Ok(())
            }
            Err(Reject::Local | Reject::TooNew) => {
                self.claim_waits(now, peer, origin);
                Ok(())
            }
            Err(Reject::False | Reject::Fork) => Err(Misbehaviour::FalseProof),
        }
    }

    fn claim_waits(&mut self, now: Millis, peer: &P, origin: Did) {
        if let Some(state) = self.peers.get_mut(peer) {
            state.claims.entry(origin).or_default().waits(now);
        }
    }
}
