//! What peers hold of an own log.

use alloc::collections::BTreeSet;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::archive::counting;
use super::message::Entries;
use super::{Archive, Millis, Misbehaviour, Sync};
use crate::id::Did;
use crate::ledger::{KeyChain, LogView, ProfileView};
use crate::log::checkpoint::{Note, NoteKey};
use crate::statement::{Body, Statement};

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
    /// Looks at a checkpoint of an own log that a peer holds. It may be signed with any key set of
    /// the log: a rotation that was not published does not end what others hold of the set before.
    pub(super) fn own_note(
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
        let is_revealed = !is_signed(&view.chain);
        if is_revealed {
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
        // A thief of the checkpoint key alone makes no log that a witness cosigns, and no rotation. The
        // first checkpoint behind one is what is served across it, and witnesses may have passed it over.
        let follows = !is_larger
            || (archive.leads_on(origin, &entries, note, answer.proof.as_ref()) != Some(false)
                && (is_revealed || is_witnessed(&view, note, archive)?));
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
}
