//! One node: what it has on disk, and the real state machine in its memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::log::fork::ForkProof;
use carnet_proto::statement::Body;
use carnet_proto::sync::memory::MemoryArchive;
use carnet_proto::sync::{Action, Config, Input, Millis, Sync};
use carnet_proto::time::UnixSeconds;

use super::institution::{BEGINNING, Institution, Lists};

/// Names a member of the network.
pub type Member = usize;

/// A node's clocks, none of which is right.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Seconds by which its calendar is ahead; negative: behind.
    pub skew: i64,
    /// Parts in a million by which it runs fast; negative: slow.
    pub drift: i64,
    started: u64,
}

impl Clock {
    /// A clock that is so much ahead and so much too fast.
    pub fn new(skew: i64, drift: i64) -> Self {
        Self { skew, drift, started: 0 }
    }

    /// Milliseconds since the node was started, by its own count.
    fn millis(self, now: u64) -> Millis {
        let passed = now.saturating_sub(self.started);
        let drift = passed as i128 * i128::from(self.drift) / 1_000_000;
        Millis(u64::try_from(passed as i128 + drift).unwrap_or_default() + 1)
    }

    fn calendar(self, now: u64) -> UnixSeconds {
        UnixSeconds((BEGINNING.0 + now / 1000).saturating_add_signed(self.skew))
    }
}

/// A node that hosts one institution.
pub struct Node {
    /// Its institution.
    pub institution: Arc<Institution>,
    /// Whom its operator follows.
    pub follows: BTreeSet<Did>,
    /// The logs on its disk.
    pub archive: MemoryArchive,
    /// The proofs of forks on its disk.
    pub proofs: BTreeMap<Did, ForkProof>,
    /// Its clocks.
    pub clock: Clock,
    /// How often it was started.
    pub run: u64,
    lists: Lists,
    sync: Option<Sync<Member>>,
}

impl Node {
    /// A node that was never started, with the first checkpoint of its own log.
    pub fn new(institution: Arc<Institution>, witnesses: Vec<Did>, clock: Clock) -> Self {
        let mut archive = MemoryArchive::new(BEGINNING);
        institution.begin(&mut archive);
        let profile = Institution::profile(witnesses);
        institution.publish(&mut archive, vec![profile], &Lists::new());
        Self::with(institution, archive, clock)
    }

    /// A node that has these logs on its disk.
    pub fn with(institution: Arc<Institution>, archive: MemoryArchive, clock: Clock) -> Self {
        Self {
            institution,
            follows: BTreeSet::new(),
            archive,
            proofs: BTreeMap::new(),
            clock,
            run: 0,
            lists: Lists::new(),
            sync: None,
        }
    }

    /// Starts from what is on disk.
    pub fn start(&mut self, now: u64, epoch: u64) {
        self.run += 1;
        self.clock.started = now;
        let mut sync = Sync::new(Config::new(epoch));
        let own = BTreeSet::from([self.institution.did]);
        sync.follow(own, self.follows.clone(), &self.archive);
        self.sync = Some(sync);
    }

    /// Stops; whatever is not on disk is gone.
    pub fn stop(&mut self) {
        self.sync = None;
    }

    /// Returns whether it runs.
    pub fn is_running(&self) -> bool {
        self.sync.is_some()
    }

    /// Returns the state machine, if it runs.
    pub fn sync(&self) -> Option<&Sync<Member>> {
        self.sync.as_ref()
    }

    /// Returns whether it was started within the last second.
    pub fn has_just_started(&self, now: u64) -> bool {
        now < self.clock.started + 1000
    }

    /// Returns the logs that it wants; none if it does not run.
    pub fn wanted(&self) -> BTreeSet<Did> {
        self.sync.as_ref().map(|sync| sync.wanted().clone()).unwrap_or_default()
    }

    /// Lets the state machine handle something, and keeps the proof of a fork that it tells of.
    pub fn handle(&mut self, now: u64, input: Input<Member>) -> Vec<Action<Member>> {
        let Some(sync) = &mut self.sync else { return Vec::new() };
        self.archive.now = self.clock.calendar(now);
        let actions = sync.handle(self.clock.millis(now), input, &mut self.archive);
        for action in &actions {
            if let Action::Fork { origin, other, .. } = action
                && let Some(replica) = self.archive.replica(origin)
                && let Some(proof) = ForkProof::of(replica, other)
            {
                self.proofs.entry(*origin).or_insert(proof);
            }
        }
        actions
    }

    /// Publishes statements on its own log.
    pub fn publish(&mut self, bodies: Vec<Body>) {
        self.institution.publish(&mut self.archive, bodies, &self.lists);
    }

    /// Puts a status list under its next standing.
    pub fn add_list(&mut self, number: u32) {
        self.lists.extend([self.institution.list(number)]);
    }

    /// Another node of the same institution with copies of all that is on this one's disk.
    pub fn twin(&self) -> Self {
        let mut twin = Self::with(Arc::clone(&self.institution), self.archive.clone(), self.clock);
        twin.follows.clone_from(&self.follows);
        twin.lists.clone_from(&self.lists);
        twin
    }
}
