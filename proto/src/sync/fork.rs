//! Proofs that a log shows two histories: made, asked for, checked, kept and told.
//!
//! One proof of a log is enough. A node that keeps a new one tells each peer in a list of heads, and a
//! peer that lacks it asks; whoever missed that learns it when it compares next. What a peer shows is
//! verified before it is kept; one that said it had a proof, and shows none that verifies, broke a rule.
//!
//! A peer whose entries do not lead to the checkpoint that it shows with them is wrong, or shows another
//! history that the log has signed as well. It is asked to prove that; only if it does not, it is at fault.

use alloc::vec::Vec;

use super::message::{ForkShown, ForkWanted, Response};
use super::{Action, Archive, Ask, MAX_FORKS, Millis, Misbehaviour, Request, Sync};
use crate::cbor::Bytes;
use crate::id::{Did, TreeSize};
use crate::log::checkpoint::Note;
use crate::log::fork::ForkProof;

impl<P: Ord + Clone> Sync<P> {
    /// A checkpoint that the log signed contradicts what is held: tells so once, and keeps the proof.
    pub(super) fn contradicted(
        &mut self,
        origin: &Did,
        size: TreeSize,
        held: Option<Note>,
        other: Note,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) {
        if archive.fork(origin).is_none()
            && let Some(proof) = archive.prove_fork(origin, &other)
        {
            self.keep_fork(*origin, proof, archive, out);
        }
        if self.forks.len() < MAX_FORKS && self.forks.insert((*origin, size)) {
            out.push(Action::Fork { origin: *origin, held, other });
        }
    }

    /// Keeps a verified proof and tells every peer that does not have one.
    fn keep_fork(
        &mut self,
        origin: Did,
        proof: ForkProof,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) {
        // What a peer could not read again is no proof to keep.
        if ForkProof::open(&proof.to_file()).is_err()
            || archive.keep_fork(&origin, proof) != Ok(true)
        {
            return;
        }
        self.told.insert(origin);
        self.tell_fork(&origin);
        out.push(Action::ForkProven { origin });
    }

    /// Makes known that a proof is kept.
    pub(super) fn tell_fork(&mut self, origin: &Did) {
        for peer in self.peers.values_mut() {
            if !peer.claims.get(origin).is_some_and(|claim| claim.is_forked) {
                peer.forks_due.insert(*origin);
            }
        }
    }

    /// Asks for a proof, of a peer that has to explain itself or one that says it has one. Returns
    /// whether it was asked.
    pub(super) fn ask_fork(
        &mut self,
        now: Millis,
        origin: Did,
        archive: &impl Archive,
        wait: &mut super::plan::Wait,
        out: &mut Vec<Action<P>>,
    ) -> bool {
        let Some(view) = archive.view(&origin) else { return false };
        let is_proven = archive.fork(&origin).is_some();
        let disputed = self.logs.get(&origin).and_then(|log| log.dispute.clone());
        if let Some(peer) = disputed {
            let state = self.peers.get(&peer).filter(|_| !is_proven);
            if state.is_some_and(|state| !state.can_be_asked(now)) {
                wait.add_place();
                return false;
            }
            if let Some(log) = self.logs.get_mut(&origin) {
                log.dispute = None;
            }
            if let (Some(_), Some(newest)) = (self.peers.get(&peer), view.newest())
                && !is_proven
            {
                let wanted = ForkWanted { origin, note: Some(newest.note.clone()) };
                let ask = Ask::Fork { origin, is_dispute: true };
                self.send(now, peer, ask, &Request::Fork(wanted), out);
                return true;
            }
        }
        if is_proven {
            return false;
        }
        let Some(peer) = self.choose(now, &origin, |claim| claim.is_forked, wait) else {
            return false;
        };
        let ask = Ask::Fork { origin, is_dispute: false };
        self.send(now, peer, ask, &Request::Fork(ForkWanted { origin, note: None }), out);
        true
    }

    /// Answers with the proof kept, or with one that the entries held make.
    pub(super) fn serve_fork(
        &mut self,
        wanted: &ForkWanted,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Option<Response> {
        let origin = &wanted.origin;
        archive.view(origin).filter(|_| self.wanted.contains(origin))?;
        if archive.fork(origin).is_none()
            && let Some(note) = &wanted.note
            && let Some(proof) = archive.prove_fork(origin, note)
        {
            self.keep_fork(*origin, proof, archive, out);
        }
        let proof = archive.fork(origin).map(|proof| Bytes(proof.to_file()));
        Some(Response::Fork(ForkShown { proof }))
    }

    /// Checks a proof that a peer showed, and keeps it.
    pub(super) fn fork_shown(
        &mut self,
        origin: Did,
        shown: &ForkShown,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Result<(), Misbehaviour> {
        let proof = shown.proof.as_ref().and_then(|file| ForkProof::open(&file.0).ok());
        let proof = proof.filter(|proof| proof.verify().is_ok_and(|fork| fork.origin == origin));
        let proof = proof.ok_or(Misbehaviour::FalseProof)?;
        if self.wanted.contains(&origin) {
            self.keep_fork(origin, proof, archive, out);
        }
        Ok(())
    }
}
