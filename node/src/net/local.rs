//! Peers found on the local network by multicast DNS. Anybody there can claim anything, so few are
//! dialled, and each of them seldom.

use std::collections::HashMap;
use std::time::Instant;

use libp2p::{Multiaddr, PeerId};

use super::dial::by_preference;
use super::limits::{ENOUGH_FOR_LOCAL, LOCAL_PAUSE, MAX_LOCAL_PEERS, MAX_RESOLVED};

/// Which peers were dialled lately.
#[derive(Debug, Default)]
pub(super) struct LocalPeers {
    tried: HashMap<PeerId, Instant>,
}

impl LocalPeers {
    /// Chooses whom to dial of those that were found: of each peer the addresses, best first.
    pub(super) fn choose(
        &mut self,
        found: Vec<(PeerId, Multiaddr)>,
        connected: usize,
        is_known: impl Fn(&PeerId) -> bool,
        now: Instant,
    ) -> Vec<Vec<Multiaddr>> {
        self.tried.retain(|_, at| now.duration_since(*at) < LOCAL_PAUSE);
        let mut chosen: HashMap<PeerId, Vec<Multiaddr>> = HashMap::new();
        for (peer, addr) in found {
            let is_new = !self.tried.contains_key(&peer) && !is_known(&peer);
            let has_room = connected + chosen.len() < ENOUGH_FOR_LOCAL
                && self.tried.len() + chosen.len() < MAX_LOCAL_PEERS;
            let Ok(addr) = addr.with_p2p(peer) else { continue };
            match chosen.get_mut(&peer) {
                Some(addrs) if addrs.len() < MAX_RESOLVED => addrs.push(addr),
                None if is_new && has_room => drop(chosen.insert(peer, vec![addr])),
                _ => {}
            }
        }
        self.tried.extend(chosen.keys().map(|peer| (*peer, now)));
        let mut chosen: Vec<_> = chosen.into_values().collect();
        chosen.iter_mut().for_each(|addrs| by_preference(addrs));
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: usize) -> Vec<(PeerId, Multiaddr)> {
        let addr: Multiaddr = "/ip4/192.0.2.1/tcp/1".parse().unwrap();
        (0..count).map(|_| (PeerId::random(), addr.clone())).collect()
    }

    #[test]
    fn each_peer_is_dialled_once_a_minute_and_quic_first() {
        let (mut local, now) = (LocalPeers::default(), Instant::now());
        let peer = PeerId::random();
        let addrs = ["/ip4/192.0.2.1/tcp/1", "/ip4/192.0.2.1/udp/1/quic-v1"];
        let news = || addrs.iter().map(|addr| (peer, addr.parse().unwrap())).collect();
        let chosen = local.choose(news(), 0, |_| false, now);
        let texts: Vec<_> = chosen[0].iter().map(ToString::to_string).collect();
        assert_eq!(texts[0], format!("{}/p2p/{peer}", addrs[1]));
        assert_eq!((chosen.len(), texts.len()), (1, 2));
        assert!(local.choose(news(), 0, |_| false, now + LOCAL_PAUSE / 2).is_empty());
        assert_eq!(local.choose(news(), 0, |_| false, now + LOCAL_PAUSE).len(), 1);
        let later = now + 3 * LOCAL_PAUSE;
        assert!(local.choose(news(), 0, |known| *known == peer, later).is_empty());
    }

    #[test]
    fn a_crowd_of_invented_peers_is_not_dialled() {
        let (mut local, now) = (LocalPeers::default(), Instant::now());
        assert_eq!(local.choose(found(1000), 60, |_| false, now).len(), ENOUGH_FOR_LOCAL - 60);
        assert!(local.choose(found(1000), ENOUGH_FOR_LOCAL, |_| false, now).is_empty());
        let mut dialled = 4;
        for _ in 0..20 {
            dialled += local.choose(found(1000), 0, |_| false, now).len();
        }
        assert_eq!(dialled, MAX_LOCAL_PEERS);
    }
}
