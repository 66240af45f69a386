//! What the transport counts. Nothing of it tells one peer from another.

use std::sync::atomic::{AtomicU64, Ordering};

use super::error::NetError;
use super::tap::{Direction, Kind};

/// Messages, bytes, requests and bans since the start.
#[derive(Debug, Default)]
pub struct Counters {
    messages: [Traffic; 6],
    requests: [AtomicU64; RequestOutcome::ALL.len()],
    bans: AtomicU64,
}

#[derive(Debug, Default)]
struct Traffic {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// What became of a request to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// It was answered.
    Answered,
    /// There was no answer in time.
    TimedOut,
    /// The peer refused.
    Refused,
    /// The peer was gone, or never there.
    NotConnected,
    /// The answer was too large.
    TooLarge,
    /// Anything else.
    Failed,
}

impl RequestOutcome {
    /// All outcomes.
    pub const ALL: [Self; 6] = [
        Self::Answered,
        Self::TimedOut,
        Self::Refused,
        Self::NotConnected,
        Self::TooLarge,
        Self::Failed,
    ];

    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::TimedOut => "timed-out",
            Self::Refused => "refused",
            Self::NotConnected => "not-connected",
            Self::TooLarge => "too-large",
            Self::Failed => "failed",
        }
    }
}

/// Each direction and kind of message, in the order of the counters.
const TRAFFIC: [(Direction, Kind); 6] = [
    (Direction::Sent, Kind::Request),
    (Direction::Sent, Kind::Response),
    (Direction::Sent, Kind::Gossip),
    (Direction::Received, Kind::Request),
    (Direction::Received, Kind::Response),
    (Direction::Received, Kind::Gossip),
];

impl Counters {
    pub(super) fn message(&self, direction: Direction, kind: Kind, bytes: usize) {
        let mut counters = TRAFFIC.iter().zip(&self.messages);
        if let Some((_, traffic)) = counters.find(|(of, _)| **of == (direction, kind)) {
            traffic.messages.fetch_add(1, Ordering::Relaxed);
            traffic.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        }
    }

    pub(super) fn asked(&self, answer: &Result<Vec<u8>, NetError>) {
        let outcome = match answer {
            Ok(_) => RequestOutcome::Answered,
            Err(NetError::TimedOut { .. }) => RequestOutcome::TimedOut,
            Err(NetError::Refused { .. }) => RequestOutcome::Refused,
            Err(NetError::NotConnected { .. }) => RequestOutcome::NotConnected,
            Err(NetError::TooLarge { .. }) => RequestOutcome::TooLarge,
            Err(_) => RequestOutcome::Failed,
        };
        let mut counters = RequestOutcome::ALL.iter().zip(&self.requests);
        if let Some((_, count)) = counters.find(|(of, _)| **of == outcome) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn banned(&self) {
        self.bans.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the messages and bytes of each direction and kind.
    pub fn traffic(&self) -> impl Iterator<Item = (Direction, Kind, u64, u64)> {
        TRAFFIC.iter().zip(&self.messages).map(|((direction, kind), traffic)| {
            let messages = traffic.messages.load(Ordering::Relaxed);
            (*direction, *kind, messages, traffic.bytes.load(Ordering::Relaxed))
        })
    }

    /// Returns how many requests to peers came to each outcome.
    pub fn requests(&self) -> impl Iterator<Item = (RequestOutcome, u64)> {
        let counts = RequestOutcome::ALL.iter().zip(&self.requests);
        counts.map(|(outcome, count)| (*outcome, count.load(Ordering::Relaxed)))
    }

    /// Returns how many bans were imposed.
    pub fn bans(&self) -> u64 {
        self.bans.load(Ordering::Relaxed)
    }
}
