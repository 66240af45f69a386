//! What the swarm reports, and what the task makes of it.

use std::time::Instant;

use libp2p::request_response::{
    Event, InboundRequestId, Message, OutboundFailure, ResponseChannel,
};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, gossipsub, identify, mdns, ping};

use super::{Asked, Task};
use crate::net::PeerInfo;
use crate::net::behaviour::BehaviourEvent;
use crate::net::dial::without_peer;
use crate::net::error::NetError;
use crate::net::event::{NetEvent, Responder, Validation};
use crate::net::limits::{
    MAX_AGENT_CHARS, MAX_GOSSIP_BYTES, MAX_INBOUND_PER_PEER, MAX_LISTEN_ADDRS, Misbehaviour,
};
use crate::net::protocol::{Received, SYNC_PROTOCOL, Unread};
use crate::net::tap::{Direction, Kind};

impl Task {
    pub(super) fn on_event(&mut self, event: SwarmEvent<BehaviourEvent>) {
        match event {
            SwarmEvent::Behaviour(BehaviourEvent::Sync(event)) => self.on_sync(event),
            SwarmEvent::Behaviour(BehaviourEvent::Gossip(event)) => self.on_gossip(event),
            SwarmEvent::Behaviour(BehaviourEvent::Identify(event)) => self.on_identify(event),
            SwarmEvent::Behaviour(BehaviourEvent::Ping(event)) => self.on_ping(event),
            SwarmEvent::Behaviour(BehaviourEvent::Local(mdns::Event::Discovered(found))) => {
                self.on_found(found);
            }
            SwarmEvent::NewListenAddr { address, .. } => self.shared.view().listen.push(address),
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.shared.view().listen.retain(|addr| *addr != address);
            }
            SwarmEvent::ListenerClosed { addresses, reason, .. } => {
                tracing::warn!(?addresses, ?reason, "listener closed");
                self.shared.view().listen.retain(|addr| !addresses.contains(addr));
            }
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                let score = self.conduct.score(peer_id, Instant::now());
                let addr = without_peer(endpoint.get_remote_address().clone());
                let info = PeerInfo::new(peer_id, addr, endpoint.is_dialer(), score);
                self.shared.view().peers.entry(peer_id).or_insert(info);
                self.unannounced.insert(peer_id);
                self.persistent.connected(peer_id, Instant::now());
                if let Some(dial) = self.dials.remove(&connection_id) {
                    self.settle(dial, Ok(peer_id));
                }
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                self.shared.view().peers.remove(&peer_id);
                self.unannounced.insert(peer_id);
                self.persistent.disconnected(peer_id, Instant::now());
            }
            SwarmEvent::OutgoingConnectionError { connection_id, error, .. } => {
                if let Some(dial) = self.dials.remove(&connection_id) {
                    self.on_dial_failed(dial, error);
                }
            }
            _ => {}
        }
    }

    /// Dials peers on the local network.
    fn on_found(&mut self, found: Vec<(PeerId, Multiaddr)>) {
        let swarm = &self.swarm;
        let (connected, is_known) =
            (swarm.network_info().num_peers(), |peer: &PeerId| swarm.is_connected(peer));
        for addrs in self.local.choose(found, connected, is_known, Instant::now()) {
            self.dial_any(addrs);
        }
    }

    fn on_sync(&mut self, event: Event<Received, Received>) {
        match event {
            Event::Message {
                peer,
                message: Message::Request { request_id, request, channel },
                ..
            } => {
                self.on_request(peer, request_id, request, channel);
            }
            Event::Message { message: Message::Response { request_id, response }, .. } => {
                let Some(asked) = self.asked.remove(&request_id) else { return };
                let result = match response {
                    Ok(bytes) => {
                        self.tap(Direction::Received, Kind::Response, &bytes);
                        Ok(bytes)
                    }
                    Err(Unread::TooLarge { bytes }) => {
                        self.report(asked.peer, Misbehaviour::Oversized);
                        let limit = self.shared.limits.max_message_bytes;
                        Err(NetError::TooLarge { bytes, limit })
                    }
                    Err(Unread::Busy) => Err(NetError::Refused { peer: asked.peer }),
                };
                let _ = asked.reply.send(result);
            }
            Event::OutboundFailure { request_id, error, .. } => {
                let Some(Asked { peer, reply, .. }) = self.asked.remove(&request_id) else {
                    return;
                };
                let _ = reply.send(Err(match error {
                    OutboundFailure::DialFailure | OutboundFailure::ConnectionClosed => {
                        NetError::NotConnected { peer }
                    }
                    OutboundFailure::Timeout => NetError::TimedOut { peer },
                    OutboundFailure::UnsupportedProtocols => NetError::Unsupported { peer },
                    OutboundFailure::Io(_) => NetError::Refused { peer },
                }));
            }
            Event::InboundFailure { request_id, .. } | Event::ResponseSent { request_id, .. } => {
                self.serving.remove(&request_id);
            }
        }
    }

    /// Passes a request to the application, or refuses it by dropping `channel`.
    fn on_request(
        &mut self,
        peer: PeerId,
        id: InboundRequestId,
        request: Received,
        channel: ResponseChannel<Received>,
    ) {
        let bytes = match request {
            Ok(bytes) => bytes,
            Err(unread) => {
                // Answered with what cannot be written, the stream is reset. Dropping `channel`
                // would only close our half, and leave the peer writing until it times out.
                let _ = self.swarm.behaviour_mut().sync.send_response(channel, Err(unread));
                if matches!(unread, Unread::TooLarge { .. }) {
                    self.report(peer, Misbehaviour::Oversized);
                }
                return;
            }
        };
        self.tap(Direction::Received, Kind::Request, &bytes);
        if !self.conduct.admit_request(peer, bytes.len(), Instant::now()) {
            return self.report(peer, Misbehaviour::Flooding);
        }
        let open = self.serving.values().filter(|other| **other == peer).count();
        let Some(commands) = self.sender.upgrade() else { return };
        if open >= MAX_INBOUND_PER_PEER || !self.is_announced(peer) {
            return;
        }
        let limit = self.shared.limits.max_message_bytes;
        let responder = Responder { peer, limit, channel, commands };
        if self.events.try_send(NetEvent::Request { peer, bytes, responder }).is_ok() {
            self.serving.insert(id, peer);
        }
    }

    fn on_gossip(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source: peer, message_id: id, message } => {
                self.tap(Direction::Received, Kind::Gossip, &message.data);
                let Some(commands) = self.sender.upgrade() else { return };
                // Dropped on every way out but the last, which ignores the message.
                let validation = Validation { peer, id: Some(id), commands };
                let bytes = message.data;
                if bytes.len() > MAX_GOSSIP_BYTES {
                    return self.report(peer, Misbehaviour::Oversized);
                }
                if !self.conduct.admit_gossip(peer, bytes.len(), Instant::now()) {
                    return self.report(peer, Misbehaviour::Flooding);
                }
                if self.is_announced(peer) {
                    let _ = self.events.try_send(NetEvent::Gossip { peer, bytes, validation });
                }
            }
            gossipsub::Event::Subscribed { peer_id, .. } => self.set_gossips(peer_id, true),
            gossipsub::Event::Unsubscribed { peer_id, .. } => self.set_gossips(peer_id, false),
            _ => {}
        }
    }

    /// Makes sure that the application knows of `peer` before it hears from it.
    fn is_announced(&mut self, peer: PeerId) -> bool {
        self.announce();
        self.announced.contains(&peer)
    }

    fn set_gossips(&self, peer: PeerId, gossips: bool) {
        if let Some(info) = self.shared.view().peers.get_mut(&peer) {
            info.gossips = gossips;
        }
    }

    fn on_identify(&self, event: identify::Event) {
        let identify::Event::Received { peer_id, info, .. } = event else { return };
        if let Some(known) = self.shared.view().peers.get_mut(&peer_id) {
            known.listen_addrs = info.listen_addrs;
            known.listen_addrs.truncate(MAX_LISTEN_ADDRS);
            // It will be shown on terminals, so nothing in it may steer one.
            let printable = |char: &char| char.is_ascii_graphic() || *char == ' ';
            let agent = info.agent_version.chars().filter(printable);
            known.agent = agent.take(MAX_AGENT_CHARS).collect();
            known.syncs = info.protocols.contains(&SYNC_PROTOCOL);
        }
    }

    fn on_ping(&mut self, event: ping::Event) {
        match event.result {
            Ok(round_trip) => {
                if let Some(info) = self.shared.view().peers.get_mut(&event.peer) {
                    info.round_trip = Some(round_trip);
                }
            }
            Err(ping::Failure::Unsupported) => {}
            // A dead connection would otherwise hold its place until TCP gives up.
            Err(_) => drop(self.swarm.close_connection(event.connection)),
        }
    }
}
