//! What the node speaks over a connection, and the swarm that speaks it.

use std::collections::HashSet;
use std::time::Duration;

use libp2p::allow_block_list::{self, BlockedPeers};
use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::gossipsub::{
    self, IdentTopic, IdentityTransform, MessageAuthenticity, MessageId, ValidationMode,
    WhitelistSubscriptionFilter,
};
use libp2p::identity::Keypair;
use libp2p::request_response::{self, ProtocolSupport};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{Swarm, SwarmBuilder, identify, mdns, noise, ping, tcp, yamux};
use sha2::{Digest, Sha256};

use super::crowd::Crowd;
use super::error::NetError;
use super::limits::{
    CONNECT_TIMEOUT, GOSSIP_ENVELOPE_BYTES, GOSSIP_QUEUE, IDLE_TIMEOUT, Limits, MAX_CONNECTIONS,
    MAX_CONNECTIONS_PER_PEER, MAX_GOSSIP_BYTES, MAX_INBOUND, MAX_NEGOTIATING_STREAMS,
    MAX_PENDING_CONNECTIONS, MAX_STREAMS, MAX_SYNC_STREAMS,
};
use super::protocol::{SYNC_PROTOCOL, SyncCodec};

/// The gossip topic of fresh checkpoints.
pub(super) const CHECKPOINT_TOPIC: &str = "carnet/checkpoint/1";
const IDENTIFY_PROTOCOL: &str = "carnet/1";
const AGENT: &str = concat!("carnet/", env!("CARGO_PKG_VERSION"));
const PING_INTERVAL: Duration = Duration::from_secs(15);
const GOSSIP_HEARTBEAT: Duration = Duration::from_millis(700);
const GOSSIP_FIRST_HEARTBEAT: Duration = Duration::from_millis(100);
/// Heartbeats in which the application has to say whether a message is good.
const GOSSIP_HISTORY: usize = 12;
/// Heartbeats in which a message is offered to peers outside the mesh.
const GOSSIP_OFFERED: usize = 4;
/// How long a message is known as a duplicate.
const GOSSIP_MEMORY: Duration = Duration::from_secs(120);

type Gossip = gossipsub::Behaviour<IdentityTransform, WhitelistSubscriptionFilter>;

/// The protocols of a node. Bans and limits come first: what they refuse, the others never see.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    pub(super) bans: allow_block_list::Behaviour<BlockedPeers>,
    limits: connection_limits::Behaviour,
    crowd: Crowd,
    local: Toggle<mdns::tokio::Behaviour>,
    identify: identify::Behaviour,
    ping: ping::Behaviour,
    pub(super) gossip: Gossip,
    pub(super) sync: request_response::Behaviour<SyncCodec>,
}

/// Builds the swarm of the node that holds `keypair`. It listens nowhere yet.
pub(super) fn swarm(
    keypair: Keypair,
    limits: &Limits,
    mdns: bool,
) -> Result<Swarm<Behaviour>, NetError> {
    let behaviour = behaviour(&keypair, limits, mdns)?;
    let swarm = SwarmBuilder::with_existing_identity(keypair)
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, || {
            let mut yamux = yamux::Config::default();
            yamux.set_max_num_streams(MAX_STREAMS);
            yamux
        })
        .map_err(setup)?
        .with_quic_config(|mut quic| {
            quic.max_concurrent_stream_limit = MAX_STREAMS as u32;
            quic
        })
        .with_behaviour(|_| behaviour)
        .map_err(setup)?
        .with_swarm_config(|swarm| {
            swarm
                .with_idle_connection_timeout(IDLE_TIMEOUT)
                .with_max_negotiating_inbound_streams(MAX_NEGOTIATING_STREAMS)
        })
        .with_connection_timeout(CONNECT_TIMEOUT)
        .build();
    Ok(swarm)
}

fn behaviour(keypair: &Keypair, limits: &Limits, mdns: bool) -> Result<Behaviour, NetError> {
    let connections = ConnectionLimits::default()
        .with_max_pending_incoming(Some(MAX_PENDING_CONNECTIONS))
        .with_max_pending_outgoing(Some(MAX_PENDING_CONNECTIONS))
        .with_max_established_incoming(Some(limits.incoming_connections))
        .with_max_established(Some(MAX_CONNECTIONS))
        .with_max_established_per_peer(Some(MAX_CONNECTIONS_PER_PEER));
    let identify = identify::Config::new(IDENTIFY_PROTOCOL.into(), keypair.public())
        .with_agent_version(AGENT.into())
        .with_push_listen_addr_updates(true);
    let sync = request_response::Config::default()
        .with_request_timeout(limits.request_timeout)
        .with_max_concurrent_streams(MAX_SYNC_STREAMS);
    let local = keypair.public().to_peer_id();
    let local = mdns.then(|| mdns::tokio::Behaviour::new(mdns::Config::default(), local));
    Ok(Behaviour {
        bans: allow_block_list::Behaviour::default(),
        limits: connection_limits::Behaviour::new(connections),
        crowd: Crowd::new(limits.connections_per_ip),
        local: Toggle::from(local.transpose().map_err(setup)?),
        identify: identify::Behaviour::new(identify),
        ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_INTERVAL)),
        gossip: gossip(keypair)?,
        sync: request_response::Behaviour::with_codec(
            SyncCodec::new(limits.max_message_bytes, MAX_INBOUND),
            [(SYNC_PROTOCOL, ProtocolSupport::Full)],
            sync,
        ),
    })
}

fn gossip(keypair: &Keypair) -> Result<Gossip, NetError> {
    let topic = IdentTopic::new(CHECKPOINT_TOPIC);
    // The mesh sizes are gossipsub's own, fit for thousands of nodes; flood publishing makes two
    // nodes work as well, and spares the first hop the mesh.
    let config = gossipsub::ConfigBuilder::default()
        .validation_mode(ValidationMode::Strict)
        .validate_messages()
        .message_id_fn(|message| MessageId::new(&Sha256::digest(&message.data)))
        .max_transmit_size(MAX_GOSSIP_BYTES + GOSSIP_ENVELOPE_BYTES)
        .flood_publish(true)
        .heartbeat_initial_delay(GOSSIP_FIRST_HEARTBEAT)
        .heartbeat_interval(GOSSIP_HEARTBEAT)
        .history_length(GOSSIP_HISTORY)
        .history_gossip(GOSSIP_OFFERED)
        .duplicate_cache_time(GOSSIP_MEMORY)
        .connection_handler_queue_len(GOSSIP_QUEUE)
        .build()
        .map_err(setup)?;
    let only_ours = WhitelistSubscriptionFilter(HashSet::from([topic.hash()]));
    let signed = MessageAuthenticity::Signed(keypair.clone());
    let mut gossip = Gossip::new_with_subscription_filter(signed, config, only_ours)
        .map_err(|reason| NetError::Setup { reason: reason.into() })?;
    gossip.subscribe(&topic).map_err(setup)?;
    Ok(gossip)
}

fn setup(error: impl std::fmt::Display) -> NetError {
    NetError::Setup { reason: error.to_string() }
}
