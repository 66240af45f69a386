//! Ranges of entries: several under way at once, each checked and kept as soon as those before it are.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::archive::{ArchiveError, signed_head};
use super::fetch::Reject;
use super::message::{Entries, MAX_RANGE_ENTRIES, Range, Request};
use super::plan::{Planned, Wait};
use super::{Action, Archive, Ask, Millis, Misbehaviour, Sync};
use crate::id::{Did, TreeSize};
use crate::ledger::{LogView, ReplicaError};
use crate::log::checkpoint::Note;
use crate::statement::MAX_STATEMENT_BYTES;
use crate::statement::standing::KeyPeriod;

/// Ranges of one log that are under way, or wait for those before them.
pub const MAX_RANGES_PER_LOG: usize = 4;
/// Ranges of all logs that were asked for, or came, before those in front of them: what is held in
/// memory without a proof, at most a message each.
pub const MAX_RANGES_AHEAD: usize = 16;

impl<P: Ord + Clone> Sync<P> {
    /// Counts the ranges that are asked for, or came, before those in front of them.
    fn ranges_ahead(&self) -> usize {
        let ahead =
            |log: &super::Progress<P>| (log.asked.len() + log.ahead.len()).saturating_sub(1);
        self.logs.values().map(ahead).sum()
    }

    /// Asks for the next range of entries that is missing, if there is room for it.
    pub(super) fn plan_entries(
        &mut self,
        now: Millis,
        origin: Did,
        newest: TreeSize,
        archive: &impl Archive,
        wait: &mut Wait,
        out: &mut Vec<Action<P>>,
    ) -> Option<Planned> {
        let held = archive.size(&origin);
        let log = self.logs.entry(origin).or_default();
        log.ahead.retain(|from, _| *from >= held);
        let under_way = log.asked.len() + log.ahead.len();
        // What waits for an answer is looked at again when that comes; nothing else is sure to come.
        let later = (!log.asked.is_empty()).then_some(Planned::Nothing);
        // The first entry that is neither held nor asked for, nor came already.
        let mut from = held;
        loop {
            let came = log.ahead.get(&from).map(|(_, answer)| answer.entries.len() as u64);
            let came = came.map(|count| TreeSize(from.0.saturating_add(count)));
            match came.or_else(|| log.asked.get(&from).map(|(_, to)| *to)) {
                Some(next) if next > from => from = next,
                Some(_) => return later,
                None => break,
            }
        }
        let behind = TreeSize(from.0.saturating_add(1));
        let next = [
            log.asked.range(behind..).next().map(|(from, _)| *from),
            log.ahead.range(behind..).next().map(|(from, _)| *from),
        ];
        let next = next.into_iter().flatten().min();
        let to = TreeSize(from.0.saturating_add(MAX_RANGE_ENTRIES as u64));
        let to = next.map_or(to, |next| next.min(to));
        // The range in front is asked for in any case: all others wait for it.
        let is_full = || under_way >= MAX_RANGES_PER_LOG || self.ranges_ahead() >= MAX_RANGES_AHEAD;
        if from > held && is_full() {
            return later;
        }
        // The range in front may be empty: a checkpoint of what is held may be all that is missing.
        let fits = |size: TreeSize| size > newest && (from == held || size > from);
        let Some(peer) = self.choose(now, &origin, |claim| fits(claim.size), wait) else {
            return later;
        };
        let request = Request::Entries(Range { origin, from, to });
        self.send(now, peer, Ask::Entries { origin, from, to }, &request, out);
        Some(Planned::Sent)
    }

    /// Takes a range: keeps it and what waited for it, or lets it wait.
    #[expect(clippy::too_many_arguments, reason = "one answer, and what it is checked against")]
    pub(super) fn entries(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        from: TreeSize,
        answer: Entries,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        let claim = self.peers.get(peer).and_then(|peer| peer.claims.get(&origin));
        if !self.wanted.contains(&origin) || claim.is_some_and(|claim| claim.is_quarantined(now)) {
            return Ok(());
        }
        let checkpoint = answer.note.checkpoint().map_err(|_| Misbehaviour::FalseProof)?;
        if checkpoint.did() != Ok(origin) {
            return Err(Misbehaviour::FalseProof);
        }
        if answer.entries.iter().any(|entry| entry.0.len() > MAX_STATEMENT_BYTES) {
            return Err(Misbehaviour::FalseProof);
        }
        let held = archive.size(&origin);
        if self.own.contains(&origin) {
            if from == held {
                return self.own_note(now, peer, &origin, &answer, archive);
            }
            return Ok(());
        }
        if from > held {
            if answer.entries.is_empty() {
                self.has_no_more(now, peer, origin, checkpoint.head.size.min(from));
            } else {
                let log = self.logs.entry(origin).or_default();
                log.ahead.insert(from, (peer.clone(), answer));
            }
            return Ok(());
        }
        if from < held {
            return Ok(());
        }
        let result = self.keep_entries(now, peer, origin, answer, archive, out);
        while let Some((peer, next)) = self.next_ahead(&origin, archive) {
            if let Err(what) = self.keep_entries(now, &peer, origin, next, archive, out) {
                self.blame(now, &peer, Some(origin), what, out);
            }
        }
        result
    }

    fn next_ahead(&mut self, origin: &Did, archive: &impl Archive) -> Option<(P, Entries)> {
        self.logs.get_mut(origin)?.ahead.remove(&archive.size(origin))
    }

    /// A peer holds less than it claimed.
    fn has_no_more(&mut self, now: Millis, peer: &P, origin: Did, size: TreeSize) {
        if let Some(state) = self.peers.get_mut(peer) {
            let claim = state.claims.entry(origin).or_default();
            claim.size = claim.size.min(size);
            claim.was_fruitless(now, size);
        }
    }

    /// Keeps entries that follow those held, or the checkpoint that came without any.
    fn keep_entries(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        answer: Entries,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        if answer.entries.is_empty() {
            return self.keep_note(now, peer, origin, &answer.note, archive, out);
        }
        let Entries { entries, note, proof } = answer;
        let size = note.checkpoint().map_err(|_| Misbehaviour::FalseProof)?.head.size;
        let before = archive.view(&origin);
        let entries: Vec<Vec<u8>> = entries.into_iter().map(|entry| entry.0).collect();
        // Only what the log itself signed counts without a look at the witnesses' keys.
        let owner = origin.to_string();
        let bare = note.clone().retain(|line| line.name == owner);
        if let Err(error) = archive.extend(&origin, &entries, &bare, proof.as_ref()) {
            return self.not_kept(now, peer, origin, error, before.as_deref(), &note, archive);
        }
        if let Some(state) = self.peers.get_mut(peer) {
            state.claims.entry(origin).or_default().was_fruitful();
        }
        let log = self.logs.entry(origin).or_default();
        log.status.clear();
        log.lists_missed = false;
        log.seen = log.seen.max(size);
        let Some(view) = archive.view(&origin) else { return Ok(()) };
        self.look_where_it_leads(&view);
        self.journal.refresh(&view);
        let witness = |keys: Option<&KeyPeriod>| keys.map(|period| period.keys.witness);
        let known = before.as_ref().map(|view| witness(view.current_keys()));
        if known != Some(witness(view.current_keys())) {
            self.key_learnt(&origin);
        }
        if archive.size(&origin) == size {
            let merged = self.merge(&origin, &note, archive, out);
            if self.is_reach_due {
                self.recompute_wanted(archive);
            }
            self.settle(now, &origin, false, archive);
            if merged == Err(Reject::False) {
                return Err(Misbehaviour::FalseProof);
            }
        }
        Ok(())
    }

    /// Judges entries that were refused: the peer may be wrong, or the log may show two histories.
    #[expect(clippy::too_many_arguments, reason = "one refusal, and what it is judged by")]
    fn not_kept(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        error: ArchiveError,
        before: Option<&LogView>,
        note: &Note,
        archive: &impl Archive,
    ) -> Result<(), Misbehaviour> {
        let is_signed = before.is_some_and(|view| signed_head(view, note).is_ok());
        let has_newest = before.is_some_and(|view| view.newest().is_some());
        match error {
            ArchiveError::Refused(ReplicaError::Proof(_)) if is_signed && has_newest => {
                self.quarantine(now, peer, origin);
                // If a proof is kept already, nobody can tell whether the peer is wrong.
                if archive.fork(&origin).is_none() {
                    let log = self.logs.entry(origin).or_default();
                    log.dispute.get_or_insert_with(|| peer.clone());
                    self.todo.insert(origin);
                }
                Ok(())
            }
            error => match Reject::from(error) {
                Reject::Local | Reject::TooNew => {
                    self.claim_waits(now, peer, origin);
                    Ok(())
                }
                Reject::False | Reject::Hearsay | Reject::Fork => Err(Misbehaviour::FalseProof),
            },
        }
    }

    /// Keeps a checkpoint of entries held that came in answer to a request for more.
    fn keep_note(
        &mut self,
        now: Millis,
        peer: &P,
        origin: Did,
        note: &Note,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        let view = archive.view(&origin);
        let newest = view.as_ref().and_then(|v| v.newest()).map(|c| c.head.size);
        let newest = newest.unwrap_or_default();
        let merged = self.merge(&origin, note, archive, out);
        if merged == Err(Reject::False) {
            return Err(Misbehaviour::FalseProof);
        }
        let size = note.checkpoint().map(|checkpoint| checkpoint.head.size).unwrap_or_default();
        let is_news = merged.is_ok() && size > newest;
        if let Some(state) = self.peers.get_mut(peer) {
            let claim = state.claims.entry(origin).or_default();
            if is_news { claim.was_fruitful() } else { claim.was_fruitless(now, newest) }
        }
        if is_news {
            self.settle(now, &origin, false, archive);
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
}
