//! What the transport tells the application, and how the application answers.

use std::fmt;

use libp2p::gossipsub::{MessageAcceptance, MessageId};
use libp2p::request_response::ResponseChannel;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;

use super::error::NetError;
use super::protocol::Received;
use super::task::Command;

/// The events of a node, in order. Whoever holds it has to keep calling [`NetEvents::next`]: while
/// the queue is full, requests are refused and gossip is ignored.
#[derive(Debug)]
pub struct NetEvents(pub(super) mpsc::Receiver<NetEvent>);

impl NetEvents {
    /// Waits for the next event. Returns `None` once the node is shut down.
    pub async fn next(&mut self) -> Option<NetEvent> {
        self.0.recv().await
    }
}

/// Something that happened on the network.
#[derive(Debug)]
#[non_exhaustive]
pub enum NetEvent {
    /// The first connection to a peer is up. It comes before anything else from that peer.
    Connected {
        /// The peer, proven by its key.
        peer: PeerId,
        /// Where it is.
        addr: Multiaddr,
    },
    /// The last connection to a peer is gone.
    Disconnected {
        /// The peer.
        peer: PeerId,
    },
    /// A peer asks.
    Request {
        /// Who asks.
        peer: PeerId,
        /// What, at most [`super::MAX_MESSAGE_BYTES`].
        bytes: Vec<u8>,
        /// Takes the answer. Dropping it refuses the request.
        responder: Responder,
    },
    /// A gossip message came, and is not passed on until the application accepts it.
    Gossip {
        /// Who passed it on to us, which need not be who published it.
        peer: PeerId,
        /// The message, at most [`super::MAX_GOSSIP_BYTES`].
        bytes: Vec<u8>,
        /// Takes the verdict. Dropping it ignores the message.
        validation: Validation,
    },
}

/// The place for the answer to one request.
pub struct Responder {
    pub(super) peer: PeerId,
    pub(super) limit: usize,
    pub(super) channel: ResponseChannel<Received>,
    pub(super) commands: mpsc::Sender<Command>,
}

impl Responder {
    /// Sends the answer. That the peer is gone or gave up meanwhile is not an error.
    ///
    /// # Errors
    /// [`NetError::TooLarge`] over [`super::MAX_MESSAGE_BYTES`], [`NetError::Stopped`] after a shutdown.
    pub async fn respond(self, bytes: Vec<u8>) -> Result<(), NetError> {
        if bytes.len() > self.limit {
            return Err(NetError::TooLarge { bytes: bytes.len(), limit: self.limit });
        }
        let command = Command::Respond { peer: self.peer, channel: self.channel, bytes };
        self.commands.send(command).await.map_err(|_| NetError::Stopped)
    }
}

impl fmt::Debug for Responder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Responder").field("peer", &self.peer).finish_non_exhaustive()
    }
}

/// The place for the verdict on one gossip message, to be given within seconds.
pub struct Validation {
    pub(super) peer: PeerId,
    // None once the verdict is given.
    pub(super) id: Option<MessageId>,
    pub(super) commands: mpsc::Sender<Command>,
}

impl Validation {
    /// The message is good and new: it is passed on.
    pub async fn accept(self) {
        self.give(MessageAcceptance::Accept).await;
    }

    /// The message breaks a rule: it is dropped, and counts against the peer that passed it on
    /// as [`super::Misbehaviour::InvalidGossip`].
    pub async fn reject(self) {
        self.give(MessageAcceptance::Reject).await;
    }

    /// The message does not concern us, or we cannot tell: it is dropped.
    pub async fn ignore(self) {
        self.give(MessageAcceptance::Ignore).await;
    }

    async fn give(mut self, verdict: MessageAcceptance) {
        if let Some(id) = self.id.take() {
            // After a shutdown nobody cares for the verdict.
            let _ = self.commands.send(Command::Verdict { peer: self.peer, id, verdict }).await;
        }
    }
}

impl Drop for Validation {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            let verdict = MessageAcceptance::Ignore;
            // If the queue is full, the message ages out of gossipsub's memory instead.
            let _ = self.commands.try_send(Command::Verdict { peer: self.peer, id, verdict });
        }
    }
}

impl fmt::Debug for Validation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Validation").field("peer", &self.peer).finish_non_exhaustive()
    }
}
