//! What to ask whom next.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::cmp::Reverse;
use core::mem;
use core::ops::Bound;

use super::journal::fingerprint;
use super::message::{
    Gossip, Head, Heads, MAX_HEADS, MAX_PEERS, MAX_RANGE_ENTRIES, Offer, PeersWanted, Range,
    Request, Since,
};
use super::peer::{Claim, CosignJob};
use super::{
    Action, Archive, Ask, COSIGN_AFTER, HEADS_PAUSE, InFlight, MAX_IN_FLIGHT, Millis, OWNER_FIRST,
    PUBLISH_PAUSE, Sync,
};
use crate::cbor::Encode as _;
use crate::id::{Did, TreeSize};
use crate::ledger::LogView;
use crate::log::checkpoint::Note;

/// Pause before another look at what only waits for a free place, in milliseconds.
const PLACE_PAUSE: u64 = 20;

/// Logs looked at in one go that only wait for a place.
const MAX_LOOKS: usize = 64;
/// What came of the look at a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planned {
    /// Something was asked; perhaps more can be.
    Sent,
    /// Whoever could be asked has no place for a request.
    NoPlace,
    /// There is nothing to do now.
    Nothing,
}

/// What stands in the way of a request.
#[derive(Debug, Default)]
pub(super) struct Wait {
    /// The earliest time at which somebody may be asked.
    until: Option<Millis>,
    /// Somebody may be asked as soon as there is a place.
    for_place: bool,
}

impl Wait {
    fn add(&mut self, at: Millis) {
        self.until = Some(self.until.map_or(at, |until| until.min(at)));
    }

    pub(super) fn add_place(&mut self) {
        self.for_place = true;
    }
}

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
        self.plan_logs(now, archive, out);
        self.publish(now, archive, out);
    }

    /// Asks for something of each log in turn, as long as there are places: whoever was asked for last
    /// comes first, so that a log with much to fetch does not keep others from their little.
    fn plan_logs(&mut self, now: Millis, archive: &impl Archive, out: &mut Vec<Action<P>>) {
        if self.todo.is_empty() {
            return;
        }
        let turn = |this: &Self, origin: &Did| this.logs.get(origin).map_or(0, |log| log.turn);
        let todo = mem::take(&mut self.todo);
        let mut queue: BTreeSet<_> =
            todo.into_iter().map(|origin| (turn(self, &origin), origin)).collect();
        let mut looks = MAX_LOOKS;
        while let Some((_, origin)) = queue.pop_first() {
            if self.is_full() || looks == 0 {
                self.todo.insert(origin);
                self.todo.extend(queue.into_iter().map(|(_, origin)| origin));
                return;
            }
            let planned = self.plan(now, origin, archive, out);
            if planned == Planned::Nothing {
                continue;
            }
            self.turns += 1;
            self.logs.entry(origin).or_default().turn = self.turns;
            if planned == Planned::Sent {
                queue.insert((self.turns, origin));
            } else {
                looks -= 1;
                self.todo.insert(origin);
            }
        }
    }

    /// Returns whether nothing more can be asked before an answer comes.
    fn is_full(&self) -> bool {
        self.in_flight.len() >= MAX_IN_FLIGHT
            || (!self.in_flight.is_empty() && !self.peers.values().any(super::Peer::has_place))
    }

    pub(super) fn send(
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
        match ask {
            Ask::Entries { origin, from, to } => {
                self.logs.entry(origin).or_default().asked.insert(from, (id, to));
            }
            Ask::Checkpoints { origin } | Ask::Status { origin, .. } | Ask::Fork { origin, .. } => {
                self.logs.entry(origin).or_default().busy = Some(id);
            }
            Ask::Heads { .. } | Ask::Cosign { .. } | Ask::Peers => {}
        }
        self.in_flight.insert(id, InFlight { peer: peer.clone(), ask, sent: now });
        out.push(Action::Send { peer, id, bytes: request.to_cbor() });
    }

    fn ask_peers(&mut self, now: Millis, archive: &impl Archive, out: &mut Vec<Action<P>>) {
        let due = |peer: &&P, this: &Self| {
            this.peers.get(*peer).is_some_and(|state| {
                state.can_be_asked(now) && (state.wants_heads(now) || state.is_peers_due)
            })
        };
        let due: Vec<P> = self.peers.keys().filter(|peer| due(peer, self)).cloned().collect();
        for peer in due {
            if self.in_flight.len() >= MAX_IN_FLIGHT {
                return;
            }
            let Some(state) = self.peers.get_mut(&peer) else { continue };
            if !state.is_heads_asked && state.is_heads_due && state.heads_after <= now {
                state.is_heads_due = false;
                state.forks_due.clear();
                state.heads_after = now.plus(HEADS_PAUSE);
                self.ask_heads(now, peer.clone(), None, archive, out);
            } else if state.wants_heads(now) {
                let told = mem::take(&mut state.forks_due);
                state.is_heads_asked = true;
                let heads = told.iter().filter_map(|origin| self.head(origin, archive));
                let heads = heads.take(MAX_HEADS).collect();
                let request = Request::Heads(Heads { epoch: self.config.epoch, heads });
                self.send(now, peer.clone(), Ask::Heads { next: None }, &request, out);
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
        let empty = |origin: &Did| Head {
            origin: *origin,
            size: TreeSize(0),
            state: [0; 16],
            revision: 0,
            is_forked: false,
        };
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
        let (state, revision) = (log.state(), log.revision());
        let is_forked = archive.fork(origin).is_some();
        Some(Head { origin: *origin, size, state, revision, is_forked })
    }

    /// Asks every peer for cosignatures of an own checkpoint.
    pub(super) fn offer(&mut self, now: Millis, origin: &Did, archive: &impl Archive, anew: bool) {
        if !self.own.contains(origin) {
            return;
        }
        let newest = archive.view(origin).and_then(|view| view.newest().map(|c| c.head.size));
        let Some(size) = newest else { return };
        let log = self.logs.entry(*origin).or_default();
        log.seen = log.seen.max(size);
        if size > mem::replace(&mut log.offered, size) || anew {
            let due = now.plus(COSIGN_AFTER);
            for peer in self.peers.values_mut() {
                peer.jobs.insert(*origin, CosignJob { due, ..CosignJob::default() });
            }
            self.jobs_due = Some(self.jobs_due.map_or(due, |known| known.min(due)));
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
            let not_before = state.not_before.max(now.plus(PLACE_PAUSE));
            for (origin, job) in state.jobs.iter_mut().filter(|(_, job)| !job.is_asked) {
                if job.due <= now && room > 0 && self.in_flight.len() + ready.len() < MAX_IN_FLIGHT
                {
                    room -= 1;
                    job.is_asked = true;
                    ready.push((peer.clone(), *origin));
                } else {
                    let at = job.due.max(not_before);
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

    /// Asks for the next thing that is missing of a log: a proof that it shows two histories, entries,
    /// then status lists, then checkpoints.
    fn plan(
        &mut self,
        now: Millis,
        origin: Did,
        archive: &impl Archive,
        out: &mut Vec<Action<P>>,
    ) -> Planned {
        if !self.wanted.contains(&origin) || self.is_busy(&origin) {
            return Planned::Nothing;
        }
        let mut wait = Wait::default();
        if self.ask_fork(now, origin, archive, &mut wait, out) {
            return Planned::Sent;
        }
        let view = archive.view(&origin);
        let newest =
            view.as_ref().and_then(|v| v.newest()).map(|c| c.head.size).unwrap_or_default();
        let held = archive.size(&origin);
        let has_asked = self.logs.get(&origin).is_some_and(|log| !log.asked.is_empty());
        if self.own.contains(&origin) {
            // A node that was restored from an old backup learns here what it has signed since.
            let seen = self.logs.get(&origin).map(|log| log.seen).unwrap_or_default().max(newest);
            if !has_asked
                && let Some(peer) = self.choose(now, &origin, |c| c.size > seen, &mut wait)
            {
                // They come with the proof that the larger one is of the same history.
                let to = TreeSize(held.0.saturating_add(MAX_RANGE_ENTRIES as u64));
                let request = Request::Entries(Range { origin, from: held, to });
                let ask = Ask::Entries { origin, from: held, to };
                self.send(now, peer, ask, &request, out);
                return Planned::Sent;
            }
        } else {
            let planned = self.plan_entries(now, origin, newest, archive, &mut wait, out);
            if let Some(planned) = planned {
                return planned;
            }
        }
        // Lists that nobody may have do not keep checkpoints waiting.
        let lists_missed = self.logs.get(&origin).is_some_and(|log| log.lists_missed);
        let view = view.as_deref();
        let is_sent = lists_missed && self.plan_checkpoints(now, origin, view, &mut wait, out)
            || self.plan_lists(now, origin, view, held, &mut wait, out)
            || self.plan_checkpoints(now, origin, view, &mut wait, out);
        if is_sent {
            return Planned::Sent;
        }
        if wait.for_place {
            return Planned::NoPlace;
        }
        if let Some(at) = wait.until {
            self.wake(at, origin);
        }
        Planned::Nothing
    }

    /// Asks for checkpoints and cosignatures of a log that is held.
    fn plan_checkpoints(
        &mut self,
        now: Millis,
        origin: Did,
        view: Option<&LogView>,
        wait: &mut Wait,
        out: &mut Vec<Action<P>>,
    ) -> bool {
        if view.is_none() || self.logs.get(&origin).is_some_and(|log| !log.asked.is_empty()) {
            return false;
        }
        let state = self.journal.log(&origin).map(|log| log.state()).unwrap_or_default();
        let Some(peer) = self.choose(now, &origin, |c| c.has_unseen(state), wait) else {
            return false;
        };
        let claim = self.peers.get(&peer).and_then(|peer| peer.claims.get(&origin));
        let (epoch, revision) = claim.map(|claim| claim.seen).unwrap_or_default();
        let request = Request::Checkpoints(Since { origin, epoch, revision });
        self.send(now, peer, Ask::Checkpoints { origin }, &request, out);
        true
    }

    fn is_busy(&self, origin: &Did) -> bool {
        self.logs.get(origin).is_some_and(|log| log.busy.is_some())
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
    /// one that is asked least. If there is none, `wait` says what for.
    pub(super) fn choose(
        &self,
        now: Millis,
        origin: &Did,
        fits: impl Fn(&Claim) -> bool,
        wait: &mut Wait,
    ) -> Option<P> {
        let mut best = None;
        for (index, (peer, state)) in (self.next_id..).zip(&self.peers) {
            let Some(claim) = state.claims.get(origin).filter(|claim| fits(claim)) else {
                continue;
            };
            let pause = claim.not_before.max(state.not_before);
            if pause > now {
                wait.add(pause);
            } else if !state.has_place() {
                wait.add_place();
            } else {
                // Among equals another comes first every time.
                let spread = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                let rank = (claim.size, Reverse(state.in_flight), spread);
                if best.as_ref().is_none_or(|(known, _)| rank > *known) {
                    best = Some((rank, peer));
                }
            }
        }
        best.map(|(_, peer)| peer.clone())
    }

    /// Tells the newest checkpoint of a log soon, but not too often.
    pub(super) fn publish_soon(&mut self, now: Millis, origin: Did) {
        self.publish_at(now, origin);
    }

    /// Tells a cosignature of another's log, unless its owner does so before: it asks all its peers.
    pub(super) fn publish_for_owner(&mut self, now: Millis, origin: Did) {
        self.publish_at(now.plus(OWNER_FIRST), origin);
    }

    fn publish_at(&mut self, at: Millis, origin: Did) {
        let log = self.logs.entry(origin).or_default();
        let at = log.published.map_or(at, |(last, _)| last.plus(PUBLISH_PAUSE).max(at));
        match log.publish_due {
            Some(due) if due <= at => return,
            Some(due) => drop(self.publish_due.remove(&(due, origin))),
            None => {}
        }
        log.publish_due = Some(at);
        self.publish_due.insert((at, origin));
    }

    /// A checkpoint was heard: whoever holds nothing more of it need not tell it.
    pub(super) fn heard(&mut self, now: Millis, origin: &Did, note: &Note, archive: &impl Archive) {
        let Some(view) = archive.view(origin) else { return };
        let Some(newest) = view.newest() else { return };
        let print = fingerprint(&newest.note);
        if print == fingerprint(note)
            && let Some(log) = self.logs.get_mut(origin)
        {
            log.published = Some((now, print));
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
