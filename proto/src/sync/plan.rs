//! What to ask whom next.

use alloc::vec::Vec;
use core::cmp::Reverse;
use core::mem;
use core::ops::Bound;

use super::journal::fingerprint;
use super::message::{
    Gossip, Head, Heads, MAX_HEADS, MAX_PEERS, MAX_RANGE_ENTRIES, Offer, PeersWanted, Range,
    Request, Since, StatusPage,
};
use super::peer::{Claim, CosignJob};
use super::{Action, Archive, Ask, InFlight, MAX_IN_FLIGHT, Millis, PUBLISH_PAUSE, Sync};
use crate::cbor::Encode as _;
use crate::id::{Did, TreeSize};

/// Pause before another look at what only waits for a free place, in milliseconds.
const PLACE_PAUSE: u64 = 20;

impl<P: Ord + Clone> Sync<P> {
    /// Asks for whatever is missing, as far as there is room, and tells what is due.
    pub(super) fn pump(
        &mut self,
        now: Millis,
        archive: &mut impl Archive,
        out: &mut Vec<Action<P>>,
    ) {
        while let Some((at, origin)) = self.later.first().copied()
            && at <= now
        {
            self.later.pop_first();
            if let Some(log) = self.logs.get_mut(&origin) {
                log.wake = None;
            }
            self.todo.insert(origin);
        }
        self.ask_peers(now, archive, out);
        self.ask_cosignatures(now, archive, out);
        for origin in mem::take(&mut self.todo) {
            self.plan(now, origin, archive, out);
        }
        self.publish(now, archive, out);
    }

    fn send(
        &mut self,
        now: Millis,
        peer: P,
        ask: Ask,
        request: &Request,
        out: &mut Vec<Action<P>>,
    ) {
        let id = self.next_id;
        self.next_id += 1;
        if let Some(state) = self.peers.get_mut(&peer) {
            state.in_flight += 1;
        }
        if let Ask::Entries { origin, .. }
        | Ask::Checkpoints { origin }
        | Ask::Status { origin, .. } = ask
        {
            self.logs.entry(origin).or_default().busy = Some(id);
        }
        self.in_flight.insert(id, InFlight { peer: peer.clone(), ask, sent: now });
        out.push(Action::Send { peer, id, bytes: request.to_cbor() });
    }

    fn ask_peers(&mut self, now: Millis, archive: &impl Archive, out: &mut Vec<Action<P>>) {
        let due = |peer: &&P, this: &Self| {
            this.peers.get(*peer).is_some_and(|state| {
                state.can_be_asked(now)
                    && (state.is_heads_due && !state.is_heads_asked || state.is_peers_due)
            })
        };
        let due: Vec<P> = self.peers.keys().filter(|peer| due(peer, self)).cloned().collect();
        for peer in due {
            if self.in_flight.len() >= MAX_IN_FLIGHT {
                return;
            }
            let Some(state) = self.peers.get_mut(&peer) else { continue };
            if state.is_heads_due && !state.is_heads_asked {
                state.is_heads_due = false;
                self.ask_heads(now, peer.clone(), None, archive, out);
            }
            let Some(state) = self.peers.get_mut(&peer) else { continue };
            if mem::take(&mut state.is_peers_due) {
                let most = u8::try_from(MAX_PEERS).unwrap_or(u8::MAX);
                let request = Request::Peers(PeersWanted { most });
                self.send(now, peer, Ask::Peers, &request, out);
            }
        }
    }

    /// Compares with a peer what is wanted here, from behind a log on.
    pub(super) fn ask_heads(
        &mut self,
        now: Millis,
        peer: P,
        after: Option<Did>,
        archive: &impl Archive,
        out: &mut Vec<Action<P>>,
    ) {
        if let Some(state) = self.peers.get_mut(&peer) {
            state.is_heads_asked = true;
        }
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut wanted = self.wanted.range((start, Bound::Unbounded));
        let empty =
            |origin: &Did| Head { origin: *origin, size: TreeSize(0), state: [0; 16], revision: 0 };
        let page = wanted.by_ref().take(MAX_HEADS);
        let heads: Vec<_> = page
            .map(|origin| self.head(origin, archive).unwrap_or_else(|| empty(origin)))
            .collect();
        let next = wanted.next().and(heads.last().map(|head| head.origin));
        let request = Request::Heads(Heads { epoch: self.config.epoch, heads });
        self.send(now, peer, Ask::Heads { next }, &request, out);
    }

    /// Returns what this node holds of a log that it wants.
    pub(super) fn head(&self, origin: &Did, archive: &impl Archive) -> Option<Head> {
        let size =
            archive.view(origin).filter(|_| self.wanted.contains(origin))?.newest()?.head.size;
        let log = self.journal.log(origin)?;
        Some(Head { origin: *origin, size, state: log.state(), revision: log.revision() })
    }

    /// Asks every peer for cosignatures of an own checkpoint.
    pub(super) fn offer(&mut self, origin: &Did, archive: &impl Archive, anew: bool) {
        if !self.own.contains(origin) {
            return;
        }
        let newest = archive.view(origin).and_then(|view| view.newest().map(|c| c.head.size));
        let Some(size) = newest else { return };
        let log = self.logs.entry(*origin).or_default();
        log.seen = log.seen.max(size);
        if size > mem::replace(&mut log.offered, size) || anew {
            for peer in self.peers.values_mut() {
                peer.jobs.insert(*origin, CosignJob::default());
            }
            self.jobs_due = Some(Millis(0));
        }
    }

    fn ask_cosignatures(&mut self, now: Millis, archive: &impl Archive, out: &mut Vec<Action<P>>) {
        if self.jobs_due.is_none_or(|due| due > now) {
            return;
        }
        let mut next: Option<Millis> = None;
        let mut ready = Vec::new();
        for (peer, state) in &mut self.peers {
            let mut room = if state.can_be_asked(now) {
                super::MAX_IN_FLIGHT_PER_PEER - state.in_flight
            } else {
                0
            };
            for (origin, job) in state.jobs.iter_mut().filter(|(_, job)| !job.is_asked) {
                if job.due <= now && room > 0 && self.in_flight.len() + ready.len() < MAX_IN_FLIGHT
                {
                    room -= 1;
                    job.is_asked = true;
                    ready.push((peer.clone(), *origin));
                } else {
                    let at = job.due.max(now.plus(PLACE_PAUSE));
                    next = Some(next.map_or(at, |next| next.min(at)));
                }
            }
        }
        self.jobs_due = next;
        for (peer, origin) in ready {
            let newest = archive.view(&origin).and_then(|view| view.newest().cloned());
            if let Some(newest) = newest {
                let ask = Ask::Cosign { origin, size: newest.head.size };
                self.send(now, peer, ask, &Request::Cosign(Offer { note: newest.note }), out);
            } else if let Some(state) = self.peers.get_mut(&peer) {
                state.jobs.remove(&origin);
            }
        }
    }

    /// Asks for the next thing that is missing of a log: entries, then status lists, then
    /// checkpoints.
    fn plan(&mut self, now: Millis, origin: Did, archive: &impl Archive, out: &mut Vec<Action<P>>) {
        if !self.wanted.contains(&origin) || self.is_busy(&origin) {
            return;
        }
        if self.in_flight.len() >= MAX_IN_FLIGHT {
            self.wake(now.plus(PLACE_PAUSE), origin);
            return;
        }
        let view = archive.view(&origin);
        let newest =
            view.as_ref().and_then(|v| v.newest()).map(|c| c.head.size).unwrap_or_default();
        let held = archive.size(&origin);
        let mut wait = None;
        if self.own.contains(&origin) {
            // A node that was restored from an old backup learns here what it has signed since.
            let seen = self.logs.get(&origin).map(|log| log.seen).unwrap_or_default().max(newest);
            if let Some(peer) = self.choose(now, &origin, |c| c.size > seen, &mut wait) {
                // They come with the proof that the larger one is of the same history.
                let to = TreeSize(held.0.saturating_add(MAX_RANGE_ENTRIES as u64));
                let request = Request::Entries(Range { origin, from: held, to });
                let ask = Ask::Entries { origin, from: held };
                return self.send(now, peer, ask, &request, out);
            }
        } else {
            if let Some(peer) = self.choose(now, &origin, |c| c.size > newest, &mut wait) {
                let to = TreeSize(held.0.saturating_add(MAX_RANGE_ENTRIES as u64));
                let request = Request::Entries(Range { origin, from: held, to });
                let ask = Ask::Entries { origin, from: held };
                return self.send(now, peer, ask, &request, out);
            }
            let lacks_status =
                view.as_ref().is_some_and(|v| v.standing.is_some() && !v.has_newest_status());
            if lacks_status
                && newest == held
                && let Some(peer) = self.choose(now, &origin, |c| c.size >= newest, &mut wait)
            {
                let start = self.status_start(&origin, &peer);
                let request = Request::Status(StatusPage { origin, start });
                return self.send(now, peer, Ask::Status { origin, start }, &request, out);
            }
        }
        if view.is_some() {
            let state = self.journal.log(&origin).map(|log| log.state()).unwrap_or_default();
            if let Some(peer) = self.choose(now, &origin, |c| c.has_unseen(state), &mut wait) {
                let claim = self.peers.get(&peer).and_then(|peer| peer.claims.get(&origin));
                let (epoch, revision) = claim.map(|claim| claim.seen).unwrap_or_default();
                let request = Request::Checkpoints(Since { origin, epoch, revision });
                return self.send(now, peer, Ask::Checkpoints { origin }, &request, out);
            }
        }
        if let Some(at) = wait {
            self.wake(at, origin);
        }
    }

    fn is_busy(&self, origin: &Did) -> bool {
        self.logs.get(origin).is_some_and(|log| log.busy.is_some())
    }

    /// Status lists are collected from one peer, so that it is known whose fault a wrong one is.
    fn status_start(&mut self, origin: &Did, peer: &P) -> u64 {
        let log = self.logs.entry(*origin).or_default();
        if log.status_from.as_ref() != Some(peer) {
            log.status_from = Some(peer.clone());
            log.status.clear();
        }
        log.status.len() as u64
    }

    /// Looks at a log again at a time.
    pub(super) fn wake(&mut self, at: Millis, origin: Did) {
        let log = self.logs.entry(origin).or_default();
        match log.wake {
            Some(earlier) if earlier <= at => return,
            Some(later) => {
                self.later.remove(&(later, origin));
            }
            None => {}
        }
        log.wake = Some(at);
        self.later.insert((at, origin));
    }

    /// Chooses among the peers whose claim about a log fits: the one that claims most, then the
    /// one that is asked least. If all of them have to wait, `wait` is until when.
    fn choose(
        &self,
        now: Millis,
        origin: &Did,
        fits: impl Fn(&Claim) -> bool,
        wait: &mut Option<Millis>,
    ) -> Option<P> {
        let mut best = None;
        for (index, (peer, state)) in (self.next_id..).zip(&self.peers) {
            let Some(claim) = state.claims.get(origin).filter(|claim| fits(claim)) else {
                continue;
            };
            if state.can_be_asked(now) && claim.not_before <= now {
                // Among equals another comes first every time.
                let spread = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let rank = (claim.size, Reverse(state.in_flight), spread);
                if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    best = Some((rank, peer));
                }
            } else {
                let at = claim.not_before.max(state.not_before).max(now.plus(PLACE_PAUSE));
                *wait = Some(wait.map_or(at, |wait| wait.min(at)));
            }
        }
        best.map(|(_, peer)| peer.clone())
    }

    /// Tells the newest checkpoint of a log soon, but not too often.
    pub(super) fn publish_soon(&mut self, now: Millis, origin: Did) {
        let log = self.logs.entry(origin).or_default();
        if log.publish_due.is_none() {
            let at = log.published.map_or(now, |(at, _)| at.plus(PUBLISH_PAUSE).max(now));
            log.publish_due = Some(at);
            self.publish_due.insert((at, origin));
        }
    }

    fn publish(&mut self, now: Millis, archive: &impl Archive, out: &mut Vec<Action<P>>) {
        while let Some((at, origin)) = self.publish_due.first().copied()
            && at <= now
        {
            self.publish_due.pop_first();
            let Some(log) = self.logs.get_mut(&origin) else { continue };
            log.publish_due = None;
            let Some(view) = archive.view(&origin) else { continue };
            let Some(newest) = view.newest() else { continue };
            let print = fingerprint(&newest.note);
            if log.published.is_none_or(|(_, published)| published != print) {
                log.published = Some((now, print));
                let gossip = Gossip::Checkpoint(Offer { note: newest.note.clone() });
                out.push(Action::Publish { bytes: gossip.to_cbor() });
            }
        }
    }
}
