//! How far a node is with logs that it copies from others.

use std::time::{Duration, Instant};

use crate::sync::{SyncError, SyncHandle, SyncStatus};

/// Missing entries from which on it is worth telling: fewer are there within a moment.
const WORTH_TELLING: u64 = 1024;
/// How often it is looked, while nothing much is missing and while something is.
const LOOK: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(500));

/// How far it is. Counts over all logs; which logs those are, and of whom, it does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copying {
    /// Entries copied since it began.
    pub copied: u64,
    /// Entries that logs were seen to sign and that are not held.
    pub remaining: u64,
    /// Entries a second, since it began.
    pub per_second: u64,
    /// Logs of which entries are missing.
    pub logs: usize,
}

/// Watches a node copy logs: when it starts for the first time, was away for long, or follows another.
#[derive(Debug)]
pub struct CopyWatch {
    sync: SyncHandle,
    looks: (Duration, Duration),
    meter: Meter,
}

impl CopyWatch {
    pub(super) fn new(sync: SyncHandle) -> Self {
        Self { sync, looks: LOOK, meter: Meter::default() }
    }

    /// Returns how far it is, a moment after the last time; with nothing remaining once it is done. Says
    /// nothing while little is missing, and `None` once the node has stopped.
    pub async fn next(&mut self) -> Option<Copying> {
        loop {
            let pause = if self.meter.begun.is_some() { self.looks.1 } else { self.looks.0 };
            tokio::time::sleep(pause).await;
            let status: Result<SyncStatus, SyncError> = self.sync.status().await;
            let counts = Counts::of(&status.ok()?);
            if let Some(copying) = self.meter.look(counts, Instant::now()) {
                return Some(copying);
            }
        }
    }

    /// Looks often enough for what a test copies.
    #[cfg(test)]
    pub(super) fn closely(mut self) -> Self {
        self.looks = (Duration::from_millis(2), Duration::from_millis(2));
        self
    }
}

/// What is held and missing of all wanted logs together.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    held: u64,
    missing: u64,
    logs: usize,
}

impl Counts {
    /// What a peer claims and no log signed is not counted: it may not exist.
    fn of(status: &SyncStatus) -> Self {
        let mut counts = Self::default();
        for lag in &status.logs {
            let missing = lag.signed.0.saturating_sub(lag.held.0);
            counts.held = counts.held.saturating_add(lag.held.0);
            counts.missing = counts.missing.saturating_add(missing);
            counts.logs += usize::from(missing > 0);
        }
        counts
    }
}

/// Turns looks into progress.
#[derive(Debug, Default)]
struct Meter {
    /// When it began, and what was held then.
    begun: Option<(Instant, u64)>,
}

impl Meter {
    fn look(&mut self, counts: Counts, now: Instant) -> Option<Copying> {
        let (start, before) = match self.begun {
            Some(begun) => begun,
            None if counts.missing < WORTH_TELLING => return None,
            None => *self.begun.insert((now, counts.held)),
        };
        let copied = counts.held.saturating_sub(before);
        let milliseconds = now.saturating_duration_since(start).as_millis().max(1);
        let per_second = u128::from(copied) * 1000 / milliseconds;
        if counts.missing == 0 {
            self.begun = None;
        }
        Some(Copying {
            copied,
            remaining: counts.missing,
            per_second: u64::try_from(per_second).unwrap_or(u64::MAX),
            logs: counts.logs,
        })
    }
}

#[cfg(test)]
mod tests {
    use carnet_proto::id::{Did, TreeSize};
    use carnet_proto::sync::Lag;

    use super::*;

    fn counts(held: u64, missing: u64) -> Counts {
        Counts { held, missing, logs: usize::from(missing > 0) }
    }

    #[test]
    fn it_begins_with_many_missing_entries_and_ends_with_none() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut meter = Meter::default();
        assert_eq!(meter.look(counts(9, WORTH_TELLING - 1), start), None);
        let copying = |copied, remaining, per_second| {
            let logs = usize::from(remaining > 0);
            Some(Copying { copied, remaining, per_second, logs })
        };
        assert_eq!(meter.look(counts(100, 5000), at(0)), copying(0, 5000, 0));
        assert_eq!(meter.look(counts(2100, 3000), at(4)), copying(2000, 3000, 500));
        // Also the last few are told, which would not have been worth beginning.
        assert_eq!(meter.look(counts(5099, 1), at(5)), copying(4999, 1, 999));
        assert_eq!(meter.look(counts(5100, 0), at(10)), copying(5000, 0, 500));
        assert_eq!(meter.look(counts(5100, 0), at(11)), None);
    }

    #[test]
    fn what_a_peer_claims_is_not_counted() {
        let lag = Lag {
            origin: Did::of_inception(b"a"),
            held: TreeSize(5),
            signed: TreeSize(7),
            known: TreeSize(u64::MAX),
            has_status: true,
        };
        let status = SyncStatus { logs: Vec::from([lag]), ..SyncStatus::default() };
        let Counts { held, missing, logs } = Counts::of(&status);
        assert_eq!((held, missing, logs), (5, 2, 1));
    }
}
