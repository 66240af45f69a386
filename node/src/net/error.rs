use libp2p::{Multiaddr, PeerId};

/// Why the transport could not do what it was asked.
///
/// Every message names the address or the peer it is about, because it ends up in an operator's
/// terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetError {
    /// Another program listens on this address already.
    #[error("cannot listen on {addr}: the port is taken by another program")]
    AddressInUse {
        /// The address asked for.
        addr: Multiaddr,
    },
    /// The system does not let us listen on this address.
    #[error("cannot listen on {addr}")]
    CannotListen {
        /// The address asked for.
        addr: Multiaddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The address is not IP or DNS with a TCP port, or a UDP port for QUIC.
    #[error(
        "{addr} is not an address this node can use; expected /ip4, /ip6 or /dns \
         with /tcp/PORT or /udp/PORT/quic-v1"
    )]
    UnsupportedAddress {
        /// The address given.
        addr: Multiaddr,
    },
    /// Nobody answers at this address.
    #[error("cannot reach {addr}: {reason}")]
    Unreachable {
        /// The address dialled.
        addr: Multiaddr,
        /// The innermost cause.
        reason: String,
    },
    /// Somebody else answers at this address.
    #[error("{addr} answers as {obtained}, which is another peer than expected")]
    WrongPeer {
        /// The address dialled.
        addr: Multiaddr,
        /// The peer that answered.
        obtained: PeerId,
    },
    /// There is no connection to this peer.
    #[error("not connected to {peer}")]
    NotConnected {
        /// The peer asked for.
        peer: PeerId,
    },
    /// The peer closed the stream without an answer: it is busy, or does not want to.
    #[error("{peer} refused the request")]
    Refused {
        /// The peer asked.
        peer: PeerId,
    },
    /// The peer did not answer in time.
    #[error("{peer} did not answer in time")]
    TimedOut {
        /// The peer asked.
        peer: PeerId,
    },
    /// The peer does not speak the protocol.
    #[error("{peer} does not speak /carnet/sync/1")]
    Unsupported {
        /// The peer asked.
        peer: PeerId,
    },
    /// A message is larger than the protocol allows.
    #[error("message of {bytes} bytes is over the limit of {limit}")]
    TooLarge {
        /// Its size, as announced.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// We banned this peer.
    #[error("{peer} is banned for now")]
    Banned {
        /// The peer banned.
        peer: PeerId,
    },
    /// Too much of this is under way already.
    #[error("too many {what} at once; the limit is {limit}")]
    Busy {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Nobody to gossip with.
    #[error("no peer listens to gossip")]
    NoPeers,
    /// The libraries below refused our settings or our keys.
    #[error("cannot set up the network: {reason}")]
    Setup {
        /// What they said.
        reason: String,
    },
    /// The transport was shut down.
    #[error("the network is shut down")]
    Stopped,
}
