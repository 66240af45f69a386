//! What replication is told, and what it says is to be done.

use alloc::vec::Vec;

use crate::id::{Did, TreeSize};
use crate::log::checkpoint::Note;
use crate::statement::profile::NodeAddress;

/// Milliseconds since any moment; never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub u64);

impl Millis {
    /// Adds milliseconds.
    pub fn plus(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }
}

/// What a caller may set.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Milliseconds between two comparisons with a random peer.
    pub period: u64,
    /// A random number, not 0, that names this run of the node.
    pub epoch: u64,
}

impl Config {
    /// The usual settings: anti-entropy every 30 s.
    pub fn new(epoch: u64) -> Self {
        Self { period: 30_000, epoch: epoch.max(1) }
    }
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Input<P> {
    /// A peer is there.
    Connected(P),
    /// A peer is gone; what it was asked will not be answered.
    Disconnected(P),
    /// A peer asks. `id` is the caller's and comes back with the answer.
    Request {
        /// Who asks.
        peer: P,
        /// The caller's name for the request.
        id: u64,
        /// The request.
        bytes: Vec<u8>,
    },
    /// A peer has answered.
    Response {
        /// Which request, from [`Action::Send`].
        id: u64,
        /// The response.
        bytes: Vec<u8>,
    },
    /// A request was not answered.
    Failed {
        /// Which request, from [`Action::Send`].
        id: u64,
    },
    /// A gossip message came.
    Gossip {
        /// Who passed it on.
        peer: P,
        /// The caller's name for the message.
        id: u64,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A log was changed by somebody else on this node: its writer published a checkpoint.
    Changed(Did),
    /// Time has passed. To be called at least once a second.
    Tick {
        /// A random number.
        random: u64,
    },
    /// Ask all peers to cosign the newest checkpoint of an own log anew: whoever does so knows of none
    /// that is larger.
    Confirm(Did),
    /// Cosign anew and make known what is newest, now; and compare with every peer soon after.
    Nudge,
}

/// What a peer did wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misbehaviour {
    /// It sent bytes that are no message, or another than was asked for.
    Malformed,
    /// It sent a message over its limit.
    Oversized,
    /// It sent entries, a proof, a note or status lists that do not hold, or said that it had a proof
    /// of a fork and had none.
    FalseProof,
}

/// What is to happen to a gossip message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is new and good: pass it on.
    Accept,
    /// It does not concern this node, or says nothing new.
    Ignore,
    /// It breaks a rule: whoever passed it on should not have.
    Reject,
}

/// What the caller has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action<P> {
    /// Send a request; answer with [`Input::Response`] or [`Input::Failed`].
    Send {
        /// To whom.
        peer: P,
        /// Names the request.
        id: u64,
        /// The request.
        bytes: Vec<u8>,
    },
    /// Answer a request.
    Respond {
        /// The `id` of [`Input::Request`].
        id: u64,
        /// The response.
        bytes: Vec<u8>,
    },
    /// Do not answer a request that is no message.
    Refuse {
        /// The `id` of [`Input::Request`].
        id: u64,
    },
    /// Judge a gossip message.
    Judge {
        /// The `id` of [`Input::Gossip`].
        id: u64,
        /// How.
        verdict: Verdict,
    },
    /// Tell all that listen.
    Publish {
        /// The message.
        bytes: Vec<u8>,
    },
    /// A peer broke a rule.
    Report {
        /// Who.
        peer: P,
        /// What it did.
        what: Misbehaviour,
    },
    /// Addresses of nodes came in; dialling is the caller's choice.
    Learnt {
        /// The nodes.
        nodes: Vec<NodeAddress>,
    },
    /// A proof that a log shows two histories is kept now, the first of this log.
    ForkProven {
        /// The log.
        origin: Did,
    },
    /// A log signed a checkpoint that contradicts what is held. Not the peer's fault.
    Fork {
        /// The log.
        origin: Did,
        /// The checkpoint held.
        held: Option<Note>,
        /// The other.
        other: Note,
    },
}

/// How far a log is, see [`super::Sync::lags`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The log.
    pub origin: Did,
    /// Entries held.
    pub held: TreeSize,
    /// The largest size that the log was seen to sign, or held. Unlike claims, no peer can invent it.
    pub signed: TreeSize,
    /// The largest size that a peer claims or that the log was seen to sign.
    pub known: TreeSize,
    /// Whether the status lists are those of the newest standing.
    pub has_status: bool,
}
