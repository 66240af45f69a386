//! How much replication holds: every part of it has a limit.

use super::Sync;

/// How much the state of a node holds at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Peers.
    pub peers: usize,
    /// What peers say of logs: at most one for each peer and wanted log.
    pub claims: usize,
    /// Cosignatures wanted of peers: at most one for each peer and own log.
    pub jobs: usize,
    /// Requests under way, at most [`super::MAX_IN_FLIGHT`].
    pub in_flight: usize,
    /// The most that are under way to one peer, at most [`super::MAX_IN_FLIGHT_PER_PEER`].
    pub in_flight_to_one: usize,
    /// Logs that are looked after: at most those wanted and those held.
    pub logs: usize,
    /// Logs for which something is to be done, now or later: at most three times as many.
    pub waiting: usize,
    /// Witnesses of all logs whose keys are not known, at most [`super::MAX_STRANGERS`] of a log.
    pub strangers: usize,
    /// Bytes of status lists that are not complete, at most [`super::MAX_STATUS_BYTES`] of a log.
    pub status_bytes: usize,
    /// Changes of checkpoints that are remembered: at most one for each checkpoint held.
    pub journal: usize,
    /// Forks that were told of, at most [`super::MAX_FORKS`].
    pub forks: usize,
}

impl<P: Ord + Clone> Sync<P> {
    /// Returns how much is held.
    pub fn load(&self) -> Load {
        let peers = self.peers.values();
        let to_one = |peer: &P| self.in_flight.values().filter(|r| r.peer == *peer).count();
        let logs = self.logs.values();
        Load {
            peers: self.peers.len(),
            claims: peers.clone().map(|peer| peer.claims.len()).sum(),
            jobs: peers.map(|peer| peer.jobs.len()).sum(),
            in_flight: self.in_flight.len(),
            in_flight_to_one: self.peers.keys().map(to_one).max().unwrap_or_default(),
            logs: self.logs.len(),
            waiting: self.todo.len() + self.later.len() + self.publish_due.len(),
            strangers: logs.clone().map(|log| log.strangers.len()).sum(),
            status_bytes: logs.flat_map(|log| &log.status).map(|token| token.len()).sum(),
            journal: self.journal.len(),
            forks: self.forks.len(),
        }
    }
}
