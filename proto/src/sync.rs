//! Replication of logs between nodes as a state machine: it is told what came in and says what to
//! send. It has no clock, no socket and no randomness of its own.
//!
//! *Gossip* makes a new checkpoint known within moments; *anti-entropy* finds whatever gossip
//! missed: on connecting, and every [`Config::period`] with a random peer, two nodes compare what
//! they hold. Either way the node that lacks something asks for it: entries in ranges, each proven
//! to lead to a checkpoint that the log signed, then status lists, then checkpoints with
//! their cosignatures. Nothing that a peer says is believed, only what the log itself signed.
//!
//! A log is stored and passed on only if it is wanted: an own one, one that the operator follows, or
//! one that these [`reach`]. The messages are in [`message`]; none of them can
//! hold anything about workers.

mod archive;
mod cosign;
mod entries;
mod event;
mod fetch;
mod fork;
mod gossip;
mod journal;
mod lists;
mod load;
pub mod memory;
pub mod message;
mod own;
mod peer;
mod plan;
mod serve;
#[cfg(test)]
mod tests;
pub mod witness;

pub use archive::{Archive, ArchiveError};
pub use entries::{MAX_RANGES_AHEAD, MAX_RANGES_PER_LOG};
pub use event::{Action, Config, Input, Lag, Millis, Misbehaviour, Verdict};
pub use fetch::MAX_STRANGERS;
pub use load::Load;
pub use peer::{HEADS_PAUSE, LOG_PAUSE, MAX_IN_FLIGHT_PER_PEER, PEER_PAUSE, QUARANTINE};

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::id::{Did, TreeSize};
use crate::ledger::{Ledger, LogView, ProfileView, reach};
use journal::Journal;
use lists::Collected;
use message::{Entries, Request};
use peer::Peer;

/// Requests to all peers that are under way at once.
pub const MAX_IN_FLIGHT: usize = 64;
/// Milliseconds after which a request counts as lost.
pub const REQUEST_TIMEOUT: u64 = 30_000;
/// Shortest time between two gossip messages about one log, in milliseconds.
pub const PUBLISH_PAUSE: u64 = 500;
/// Time that the owner of a log has to make a cosignature known, before whoever made it does, in
/// milliseconds.
pub const OWNER_FIRST: u64 = 3_000;
/// Time that witnesses have to fetch what is new before they are asked for cosignatures, in
/// milliseconds.
pub const COSIGN_AFTER: u64 = 100;
/// Time that gossip has after [`Input::Nudge`] before peers are compared with, in milliseconds.
pub const COMPARE_AFTER: u64 = 2_000;
/// Shortest time between two cosignatures of one checkpoint that its owner asks for, in milliseconds.
pub const RENEW_PAUSE: u64 = 3_000;
/// Milliseconds between two rounds in which witnesses look whether a cosignature is due.
pub const RECOSIGN_CHECK: u64 = 60_000;
/// Most status lists' bytes that are collected of one log before they are checked; from as many of all
/// logs on, no other log's are begun.
pub const MAX_STATUS_BYTES: usize = 64 << 20;
/// Most conflicting checkpoints that are remembered, so that each is told once.
pub const MAX_FORKS: usize = 1024;
/// Every so many rounds of anti-entropy a peer is asked for addresses too.
const ROUNDS_PER_PEERS: u64 = 10;

/// What a request that is under way asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// What is wanted up to `next`; more is to follow behind it.
    Heads {
        next: Option<Did>,
    },
    Entries {
        origin: Did,
        from: TreeSize,
        to: TreeSize,
    },
    Checkpoints {
        origin: Did,
    },
    Status {
        origin: Did,
        start: u64,
        offset: u64,
    },
    Fork {
        origin: Did,
        is_dispute: bool,
    },
    Cosign {
        origin: Did,
        size: TreeSize,
    },
    Peers,
}

impl Ask {
    /// The log of which it fetches something.
    fn origin(&self) -> Option<Did> {
        match self {
            Self::Entries { origin, .. }
            | Self::Checkpoints { origin }
            | Self::Status { origin, .. }
            | Self::Fork { origin, .. } => Some(*origin),
            Self::Heads { .. } | Self::Cosign { .. } | Self::Peers => None,
        }
    }
}

#[derive(Debug)]
struct InFlight<P> {
    peer: P,
    ask: Ask,
    sent: Millis,
}

/// What is under way for one log.
#[derive(Debug)]
struct Progress<P> {
    /// The request that fetches something of it other than entries.
    busy: Option<u64>,
    /// Ranges of entries under way, by their first: the request, and where they end.
    asked: BTreeMap<TreeSize, (u64, TreeSize)>,
    /// Ranges that came before those in front of them, and from whom.
    ahead: BTreeMap<TreeSize, (P, Entries)>,
    /// When it was asked for last, among all logs.
    turn: u64,
    /// When it is looked at again.
    wake: Option<Millis>,
    /// Status lists collected so far.
    status: Collected<P>,
    /// A peer did not have the status lists of the newest standing; perhaps nobody has.
    lists_missed: bool,
    /// Of how many statements and which witnesses it was when it was last looked where it leads.
    leads: Option<(usize, Vec<Did>)>,
    /// A peer that showed another history and is to prove it.
    dispute: Option<P>,
    /// When to tell its newest checkpoint.
    publish_due: Option<Millis>,
    published: Option<(Millis, [u8; 16])>,
    /// Own log: the checkpoint for which cosignatures were asked.
    offered: TreeSize,
    /// Institutions whose cosignatures were dropped because their logs are not held.
    strangers: BTreeSet<Did>,
    /// The largest size that the log has signed, as far as was seen.
    seen: TreeSize,
    /// Own log: the largest size signed that does not follow from what is held.
    contradicted: TreeSize,
    /// When a cosignature was last made anew because the owner asked.
    renewed: Option<Millis>,
}

impl<P> Default for Progress<P> {
    fn default() -> Self {
        Self {
            busy: None,
            asked: BTreeMap::new(),
            ahead: BTreeMap::new(),
            turn: 0,
            wake: None,
            status: Collected::default(),
            lists_missed: false,
            leads: None,
            dispute: None,
            publish_due: None,
            published: None,
            offered: TreeSize(0),
            strangers: BTreeSet::new(),
            seen: TreeSize(0),
            contradicted: TreeSize(0),
            renewed: None,
        }
    }
}

/// Replication of one node. `P` names its peers.
#[derive(Debug)]
pub struct Sync<P> {
    config: Config,
    own: BTreeSet<Did>,
    roots: BTreeSet<Did>,
    wanted: BTreeSet<Did>,
    is_reach_due: bool,
    peers: BTreeMap<P, Peer>,
    in_flight: BTreeMap<u64, InFlight<P>>,
    next_id: u64,
    logs: BTreeMap<Did, Progress<P>>,
    journal: Journal,
    /// Logs for which something may be to do now, and later.
    todo: BTreeSet<Did>,
    turns: u64,
    later: BTreeSet<(Millis, Did)>,
    jobs_due: Option<Millis>,
    publish_due: BTreeSet<(Millis, Did)>,
    next_exchange: Millis,
    next_recosign: Millis,
    rounds: u64,
    forks: BTreeSet<(Did, TreeSize)>,
    /// Logs of which it was told that a proof of a fork is kept.
    told: BTreeSet<Did>,
}

impl<P: Ord + Clone> Sync<P> {
    /// Starts with no peers and nothing wanted.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            own: BTreeSet::new(),
            roots: BTreeSet::new(),
            wanted: BTreeSet::new(),
            is_reach_due: false,
            peers: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            next_id: 1,
            logs: BTreeMap::new(),
            journal: Journal::default(),
            todo: BTreeSet::new(),
            turns: 0,
            later: BTreeSet::new(),
            jobs_due: None,
            publish_due: BTreeSet::new(),
            next_exchange: Millis(0),
            next_recosign: Millis(0),
            rounds: 0,
            forks: BTreeSet::new(),
            told: BTreeSet::new(),
        }
    }

    /// Says which logs are this node's own and which others the operator follows. Saying it again
    /// costs nothing.
    pub fn follow(&mut self, own: BTreeSet<Did>, others: BTreeSet<Did>, archive: &impl Archive) {
        let roots = own.union(&others).copied().collect();
        if own == self.own && roots == self.roots {
            return;
        }
        (self.own, self.roots) = (own, roots);
        self.recompute_wanted(archive);
    }

    /// Returns the logs that are wanted.
    pub fn wanted(&self) -> &BTreeSet<Did> {
        &self.wanted
    }

    /// Returns how far each wanted log is.
    pub fn lags(&self, archive: &impl Archive) -> Vec<Lag> {
        let lag = |origin: &Did| {
            let claims = self.peers.values().filter_map(|peer| peer.claims.get(origin));
            let claimed = claims.map(|claim| claim.size).max().unwrap_or_default();
            let seen = self.logs.get(origin).map(|log| log.seen).unwrap_or_default();
            let held = archive.size(origin);
            Lag {
                origin: *origin,
                held,
                signed: held.max(seen),
                known: held.max(claimed).max(seen),
                has_status: archive.view(origin).is_some_and(|view| view.has_newest_status()),
            }
        };
        self.wanted.iter().map(lag).collect()
    }

    /// Returns the largest size of an own log that its own key has been seen to sign. If the node
    /// holds less, it was restored from an old backup and must not sign another checkpoint.
    pub fn largest_signed(&self, origin: &Did) -> TreeSize {
        self.logs.get(origin).map(|log| log.seen).unwrap_or_default()
    }

    /// Returns the largest size of an own log that its key has signed but that was not shown to follow
    /// from what is held; 0 if there is none.
    pub fn largest_contradicted(&self, origin: &Did) -> TreeSize {
        self.logs.get(origin).map(|log| log.contradicted).unwrap_or_default()
    }

    /// Returns whether nothing is under way and nothing waits to be.
    pub fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.todo.is_empty() && self.publish_due.is_empty()
    }

    /// Returns when something that waits is due, if anything is: an [`Input::Tick`] before that finds nothing
    /// to ask.
    pub fn next_due(&self) -> Option<Millis> {
        let later = self.later.first().map(|(at, _)| *at);
        later.into_iter().chain(self.jobs_due).min()
    }

    /// Takes what happened and returns what to do.
    pub fn handle(
        &mut self,
        now: Millis,
        input: Input<P>,
        archive: &mut impl Archive,
    ) -> Vec<Action<P>> {
        let mut out = Vec::new();
        match input {
            Input::Connected(peer) => self.connected(peer),
            Input::Disconnected(peer) => self.disconnected(now, &peer),
            Input::Request { peer, id, bytes } => {
                self.request(now, &peer, id, &bytes, archive, &mut out);
            }
            Input::Response { id, bytes } => self.response(now, id, &bytes, archive, &mut out),
            Input::Failed { id } => self.failed(now, id),
            Input::Gossip { peer, id, bytes } => {
                let verdict = self.gossip(now, &peer, &bytes, archive, &mut out);
                out.push(Action::Judge { id, verdict });
            }
            Input::Changed(origin) => self.changed(now, &origin, archive),
            Input::Tick { random } => self.tick(now, random, archive),
            Input::Confirm(origin) => self.offer(now, &origin, archive, true),
            Input::Nudge => self.nudge(now, archive),
        }
        self.pump(now, archive, &mut out);
        out
    }

    fn connected(&mut self, peer: P) {
        let state = self.peers.entry(peer).or_default();
        (state.is_heads_due, state.is_peers_due) = (true, true);
        for origin in &self.own {
            state.jobs.entry(*origin).or_default();
        }
        self.jobs_due = Some(Millis(0));
    }

    fn disconnected(&mut self, now: Millis, peer: &P) {
        let lost = self.in_flight.iter().filter(|(_, request)| request.peer == *peer);
        let lost: Vec<u64> = lost.map(|(id, _)| *id).collect();
        for id in lost {
            self.failed(now, id);
        }
        self.peers.remove(peer);
        for log in self.logs.values_mut().filter(|log| log.status.from.as_ref() == Some(peer)) {
            log.status.clear();
        }
    }

    fn failed(&mut self, now: Millis, id: u64) {
        let Some((peer, ask)) = self.take(id) else { return };
        if let Some(peer) = self.peers.get_mut(&peer) {
            peer.failed(now);
            self.jobs_due = Some(Millis(0));
            if let Ask::Cosign { origin, .. } = ask
                && peer.jobs.get_mut(&origin).is_some_and(|job| !job.not_yet(now))
            {
                peer.jobs.remove(&origin);
            }
        }
    }

    /// Closes a request and makes room for what it was about.
    fn take(&mut self, id: u64) -> Option<(P, Ask)> {
        let InFlight { peer, ask, .. } = self.in_flight.remove(&id)?;
        if let Some(state) = self.peers.get_mut(&peer) {
            state.in_flight = state.in_flight.saturating_sub(1);
            match ask {
                Ask::Heads { .. } => state.is_heads_asked = false,
                Ask::Cosign { origin, .. } => {
                    if let Some(job) = state.jobs.get_mut(&origin) {
                        job.is_asked = false;
                    }
                }
                _ => {}
            }
        }
        if let Some(origin) = ask.origin() {
            if let Some(log) = self.logs.get_mut(&origin) {
                if log.busy == Some(id) {
                    log.busy = None;
                }
                log.asked.retain(|_, (asked, _)| *asked != id);
            }
            self.todo.insert(origin);
        }
        Some((peer, ask))
    }

    fn changed(&mut self, now: Millis, origin: &Did, archive: &mut impl Archive) {
        let Some(view) = archive.view(origin) else { return };
        if archive.fork(origin).is_some() && self.told.insert(*origin) {
            self.tell_fork(origin);
        }
        self.look_where_it_leads(&view);
        let is_new = self.journal.refresh(&view);
        if !self.wanted.contains(origin) {
            return;
        }
        if is_new {
            self.publish_soon(now, *origin);
        }
        self.offer(now, origin, archive, false);
        self.settle(now, origin, false, archive);
    }

    fn tick(&mut self, now: Millis, random: u64, archive: &mut impl Archive) {
        let late = self.in_flight.iter().filter(|(_, r)| r.sent.plus(REQUEST_TIMEOUT) <= now);
        let late: Vec<u64> = late.map(|(id, _)| *id).collect();
        for id in late {
            self.failed(now, id);
        }
        if self.next_exchange <= now {
            self.next_exchange = now.plus(self.config.period);
            self.rounds += 1;
            let count = self.peers.len().max(1) as u64;
            let chosen = usize::try_from(random % count).unwrap_or(0);
            if let Some(peer) = self.peers.values_mut().nth(chosen) {
                peer.is_heads_due = true;
                peer.is_peers_due = self.rounds.is_multiple_of(ROUNDS_PER_PEERS);
            }
        }
        if self.next_recosign <= now {
            self.next_recosign = now.plus(RECOSIGN_CHECK);
            self.cosign_all(now, false, archive);
        }
        if self.is_reach_due {
            self.recompute_wanted(archive);
        }
    }

    fn nudge(&mut self, now: Millis, archive: &mut impl Archive) {
        self.recompute_wanted(archive);
        for peer in self.peers.values_mut() {
            // Once the cosignatures have been told, most pairs have nothing to compare.
            if !core::mem::replace(&mut peer.is_heads_due, true) {
                peer.heads_after = peer.heads_after.max(now.plus(COMPARE_AFTER));
            }
            peer.not_before = Millis(0);
        }
        for origin in self.own.clone() {
            self.offer(now, &origin, archive, true);
            self.publish_soon(now, origin);
        }
        self.cosign_all(now, true, archive);
    }

    fn cosign_all(&mut self, now: Millis, anew: bool, archive: &mut impl Archive) {
        for origin in archive.origins() {
            if self.wanted.contains(&origin) {
                self.settle(now, &origin, anew, archive);
            }
        }
    }

    /// Takes note if a log may name others than before. What it holds of statements only grows.
    fn look_where_it_leads(&mut self, view: &LogView) {
        let witnesses = match &view.profile {
            ProfileView::Known(profile) => profile.witnesses.clone(),
            _ => Vec::new(),
        };
        let leads = Some((view.statements.len(), witnesses));
        let log = self.logs.entry(view.origin).or_default();
        if log.leads != leads {
            log.leads = leads;
            self.is_reach_due = true;
        }
    }

    /// Finds out anew which logs are wanted.
    fn recompute_wanted(&mut self, archive: &impl Archive) {
        self.is_reach_due = false;
        let views = archive.origins().into_iter().filter_map(|origin| archive.view(&origin));
        let ledger: Ledger = views.collect();
        for view in ledger.logs() {
            if self.journal.log(&view.origin).is_none() {
                self.journal.refresh(view);
            }
        }
        let wanted = reach(&ledger, self.roots.iter().copied());
        let has_grown = wanted.difference(&self.wanted).next().is_some();
        for peer in self.peers.values_mut() {
            peer.is_heads_due |= has_grown;
            peer.claims.retain(|origin, _| wanted.contains(origin));
            peer.jobs.retain(|origin, _| self.own.contains(origin));
        }
        self.logs.retain(|origin, _| wanted.contains(origin));
        self.todo.extend(wanted.difference(&self.wanted).copied());
        self.wanted = wanted;
    }
}
