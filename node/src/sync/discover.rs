//! Whom to dial besides the peers that the operator names: nodes in profiles, and those that peers
//! tell of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use carnet_proto::statement::profile::NodeAddress;
use libp2p::{Multiaddr, PeerId};

use crate::net::{NetHandle, by_preference};

/// Connections up to which nodes in profiles are dialled.
pub const ENOUGH_CONNECTIONS: usize = 64;
/// Connections up to which nodes that peers tell of are dialled.
pub const FEW_CONNECTIONS: usize = 8;
/// Dials under way at once.
const MAX_DIALS: usize = 4;
/// Nodes remembered that peers told of.
const MAX_LEARNT: usize = 256;
/// Nodes whose last dial is remembered.
const MAX_TRIED: usize = 4096;
/// How long a node is left alone after a dial.
const PAUSE: Duration = Duration::from_secs(60);

/// What is known of nodes that are not connected.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    learnt: VecDeque<NodeAddress>,
    tried: BTreeMap<PeerId, Instant>,
    under_way: BTreeSet<PeerId>,
}

impl Discovery {
    /// Remembers nodes that a peer told of.
    pub(super) fn learn(&mut self, nodes: Vec<NodeAddress>) {
        for node in nodes {
            if self.learnt.iter().any(|known| known.peer == node.peer) {
                continue;
            }
            if self.learnt.len() >= MAX_LEARNT {
                self.learnt.pop_front();
            }
            self.learnt.push_back(node);
        }
    }

    /// A dial is done.
    pub(super) fn done(&mut self, peer: &PeerId) {
        self.under_way.remove(peer);
    }

    /// Chooses whom to dial now.
    pub(super) fn choose(
        &mut self,
        net: &NetHandle,
        profiles: &[NodeAddress],
        now: Instant,
    ) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let connected: BTreeSet<PeerId> = net.peers().into_iter().map(|peer| peer.peer).collect();
        if self.tried.len() > MAX_TRIED {
            self.tried.retain(|_, at| now.duration_since(*at) < PAUSE);
        }
        let profiles = profiles.iter().filter(|_| connected.len() < ENOUGH_CONNECTIONS);
        let learnt = self.learnt.iter().filter(|_| connected.len() < FEW_CONNECTIONS);
        let mut chosen = Vec::new();
        for (peer, addresses) in profiles.chain(learnt).filter_map(parse) {
            if self.under_way.len() >= MAX_DIALS {
                break;
            }
            let is_due = self.tried.get(&peer).is_none_or(|at| now.duration_since(*at) >= PAUSE);
            let is_other = peer != net.local_peer_id() && !connected.contains(&peer);
            if is_due && is_other && self.under_way.insert(peer) {
                self.tried.insert(peer, now);
                chosen.push((peer, addresses));
            }
        }
        chosen
    }
}

/// Reads a node's name and its addresses, each with the name.
fn parse(node: &NodeAddress) -> Option<(PeerId, Vec<Multiaddr>)> {
    let peer: PeerId = node.peer.as_str().parse().ok()?;
    let addresses = node.addresses.iter().filter_map(|address| {
        let address: Multiaddr = address.as_str().parse().ok()?;
        address.with_p2p(peer).ok()
    });
    let mut addresses: Vec<_> = addresses.collect();
    by_preference(&mut addresses);
    (!addresses.is_empty()).then_some((peer, addresses))
}
