//! How many connections others may open from one place: identities cost nothing, addresses do.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{
    ConnectionClosed, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

/// There are too many connections from one place.
#[derive(Debug, thiserror::Error)]
#[error("too many connections from {place}; the limit is {limit}")]
pub(super) struct Crowded {
    place: IpAddr,
    limit: usize,
}

/// Counts the connections that others have opened, by address.
#[derive(Debug)]
pub(super) struct Crowd {
    limit: usize,
    places: HashMap<IpAddr, usize>,
    open: HashMap<ConnectionId, IpAddr>,
}

impl Crowd {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, places: HashMap::new(), open: HashMap::new() }
    }

    fn admit(&mut self, id: ConnectionId, remote: &Multiaddr) -> Result<(), ConnectionDenied> {
        let Some(place) = place(remote) else { return Ok(()) };
        let limit = self.limit;
        let count = self.places.entry(place).or_default();
        if *count >= limit {
            return Err(ConnectionDenied::new(Crowded { place, limit }));
        }
        *count += 1;
        self.open.insert(id, place);
        Ok(())
    }

    fn leave(&mut self, id: ConnectionId) {
        let Some(place) = self.open.remove(&id) else { return };
        if let Some(count) = self.places.get_mut(&place) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.places.remove(&place);
            }
        }
    }
}

/// Returns the address from which somebody connects; of IPv6, the network, as one host has many.
fn place(addr: &Multiaddr) -> Option<IpAddr> {
    match addr.iter().next()? {
        Protocol::Ip4(ip) => Some(ip.into()),
        Protocol::Ip6(ip) => Some(match ip.to_ipv4_mapped() {
            Some(ip) => ip.into(),
            None => std::net::Ipv6Addr::from_bits(ip.to_bits() >> 64 << 64).into(),
        }),
        _ => None,
    }
}

impl NetworkBehaviour for Crowd {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        id: ConnectionId,
        _: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.admit(id, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm) {
        match event {
            FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. }) => {
                self.leave(connection_id);
            }
            FromSwarm::ListenFailure(failure) => self.leave(failure.connection_id),
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(&mut self, _: &mut Context<'_>) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_come_from_one_place_and_who_leaves_makes_room() {
        let mut crowd = Crowd::new(2);
        let mut admit = |id: usize, addr: &str| {
            let addr = addr.parse().unwrap();
            crowd.admit(ConnectionId::new_unchecked(id), &addr).is_ok()
        };
        assert!(admit(1, "/ip4/192.0.2.1/tcp/1"));
        assert!(admit(2, "/ip4/192.0.2.1/udp/2/quic-v1"));
        assert!(!admit(3, "/ip4/192.0.2.1/tcp/3"));
        assert!(admit(4, "/ip4/192.0.2.2/tcp/3"));
        assert!(!admit(5, "/ip6/::ffff:192.0.2.1/tcp/3"));
        assert!(admit(6, "/ip6/2001:db8::1/tcp/1") && admit(7, "/ip6/2001:db8::2/tcp/1"));
        assert!(!admit(8, "/ip6/2001:db8::3/tcp/1") && admit(9, "/ip6/2001:db8:0:1::3/tcp/1"));
        crowd.leave(ConnectionId::new_unchecked(1));
        let addr = "/ip4/192.0.2.1/tcp/3".parse().unwrap();
        assert!(crowd.admit(ConnectionId::new_unchecked(10), &addr).is_ok());
        for id in 2..11 {
            crowd.leave(ConnectionId::new_unchecked(id));
        }
        assert!(crowd.places.is_empty() && crowd.open.is_empty());
    }
}
