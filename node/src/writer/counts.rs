//! What a writer counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a writer has done since it started.
#[derive(Debug, Default)]
pub(super) struct Counts {
    statements: AtomicU64,
    commits: AtomicU64,
    refused: AtomicU64,
}

/// What a writer has done since it started, and what waits for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriterCounts {
    /// Statements that were committed and published, standings not counted.
    pub statements: u64,
    /// Group commits: one standing and one wait for the disk each.
    pub commits: u64,
    /// Requests that were refused, or whose commit failed.
    pub refused: u64,
    /// Requests that wait, at most [`super::REQUEST_QUEUE`].
    pub waiting: usize,
}

impl Counts {
    pub(super) fn committed(&self, statements: usize) {
        self.statements.fetch_add(statements as u64, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self, requests: usize) {
        self.refused.fetch_add(requests as u64, Ordering::Relaxed);
    }

    pub(super) fn read(&self, waiting: usize) -> WriterCounts {
        WriterCounts {
            statements: self.statements.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            waiting,
        }
    }
}
