//! What is known of one peer: what it holds, what it was asked, how it behaved.

use alloc::collections::{BTreeMap, BTreeSet};

use super::Millis;
use super::message::Head;
use crate::id::{Did, TreeSize};

/// Requests to one peer that are under way at once.
pub const MAX_IN_FLIGHT_PER_PEER: usize = 4;
/// First and longest pause after a peer did not answer, in milliseconds; it doubles.
pub const PEER_PAUSE: (u64, u64) = (1_000, 60_000);
/// First and longest pause after a peer had nothing new of a log, in milliseconds; it doubles.
pub const LOG_PAUSE: (u64, u64) = (100, 30_000);
/// How long a peer is not asked about a log of which it sent something false, in milliseconds.
pub const QUARANTINE: u64 = 3_600_000;
/// Answers in a row without anything new after which a peer's claim about a log is dropped.
const MAX_FRUITLESS: u32 = 8;
/// Shortest time between two comparisons with one peer, in milliseconds.
pub const HEADS_PAUSE: u64 = 1_000;
/// How often a witness is asked for one cosignature before the hourly round has to do.
const MAX_COSIGN_ATTEMPTS: u32 = 10;
/// First and longest pause between these, in milliseconds; it doubles.
const COSIGN_PAUSE: (u64, u64) = (200, 10_000);

/// Doubles a pause with every failure.
fn pause((first, longest): (u64, u64), failures: u32) -> u64 {
    first.checked_shl(failures.min(16)).map_or(longest, |pause| pause.min(longest))
}

/// What a peer says it holds of a log. Nothing of it is proven.
#[derive(Debug, Default)]
pub(super) struct Claim {
    pub(super) size: TreeSize,
    pub(super) state: [u8; 16],
    /// Run and revision that it has reached.
    pub(super) revision: (u64, u64),
    /// Run and revision up to which its checkpoints were fetched.
    pub(super) seen: (u64, u64),
    pub(super) not_before: Millis,
    /// It keeps a proof that the log shows two histories.
    pub(super) is_forked: bool,
    fruitless: u32,
}

impl Claim {
    /// It had nothing new of the log, although it said so; it may be fetching that itself.
    /// `truth` is what it showed.
    pub(super) fn was_fruitless(&mut self, now: Millis, truth: TreeSize) {
        self.not_before = now.plus(pause(LOG_PAUSE, self.fruitless));
        self.fruitless += 1;
        if self.fruitless > MAX_FRUITLESS {
            self.fruitless = 0;
            self.size = self.size.min(truth);
        }
    }

    pub(super) fn was_fruitful(&mut self) {
        self.fruitless = 0;
        self.not_before = Millis(0);
    }

    /// It sent something false.
    pub(super) fn quarantined(&mut self, now: Millis) {
        self.not_before = now.plus(QUARANTINE);
    }

    pub(super) fn is_quarantined(&self, now: Millis) -> bool {
        self.not_before > now.plus(LOG_PAUSE.1)
    }

    /// Waits without doubt about the peer.
    pub(super) fn waits(&mut self, now: Millis) {
        self.not_before = now.plus(LOG_PAUSE.1);
    }

    /// Returns whether it has checkpoints or cosignatures that were not fetched.
    pub(super) fn has_unseen(&self, own_state: [u8; 16]) -> bool {
        self.state != own_state
            && self.revision.1 > 0
            && (self.revision.0 != self.seen.0 || self.revision.1 > self.seen.1)
    }
}

/// A cosignature that is wanted of a peer.
#[derive(Debug, Default)]
pub(super) struct CosignJob {
    pub(super) due: Millis,
    pub(super) is_asked: bool,
    pub(super) attempts: u32,
}

impl CosignJob {
    /// Returns whether it is worth trying again.
    pub(super) fn not_yet(&mut self, now: Millis) -> bool {
        self.is_asked = false;
        self.due = now.plus(pause(COSIGN_PAUSE, self.attempts));
        self.attempts += 1;
        self.attempts <= MAX_COSIGN_ATTEMPTS
    }
}

/// A connected peer.
#[derive(Debug, Default)]
pub(super) struct Peer {
    pub(super) claims: BTreeMap<Did, Claim>,
    pub(super) jobs: BTreeMap<Did, CosignJob>,
    pub(super) in_flight: usize,
    pub(super) not_before: Millis,
    failures: u32,
    /// Heads are to be compared.
    pub(super) is_heads_due: bool,
    pub(super) is_heads_asked: bool,
    /// When they may be compared again.
    pub(super) heads_after: Millis,
    /// Logs of which it is to be told that a proof of a fork is kept here.
    pub(super) forks_due: BTreeSet<Did>,
    /// Addresses are to be asked for.
    pub(super) is_peers_due: bool,
}

impl Peer {
    pub(super) fn can_be_asked(&self, now: Millis) -> bool {
        self.has_place() && self.not_before <= now
    }

    pub(super) fn has_place(&self) -> bool {
        self.in_flight < MAX_IN_FLIGHT_PER_PEER
    }

    /// Returns whether heads are to be sent to it now.
    pub(super) fn wants_heads(&self, now: Millis) -> bool {
        let is_due = self.is_heads_due && self.heads_after <= now;
        !self.is_heads_asked && (is_due || !self.forks_due.is_empty())
    }

    pub(super) fn failed(&mut self, now: Millis) {
        self.not_before = now.plus(pause(PEER_PAUSE, self.failures));
        self.failures += 1;
    }

    pub(super) fn answered(&mut self) {
        self.failures = 0;
        self.not_before = Millis(0);
    }

    pub(super) fn learn(&mut self, epoch: u64, head: &Head) {
        let claim = self.claims.entry(head.origin).or_default();
        claim.size = head.size;
        claim.state = head.state;
        claim.revision = (epoch, head.revision);
        claim.is_forked = head.is_forked;
    }

    /// Takes note that it may hold a size, as it passed on a checkpoint of it.
    pub(super) fn announced(&mut self, origin: Did, size: TreeSize) {
        let claim = self.claims.entry(origin).or_default();
        claim.size = claim.size.max(size);
    }
}
