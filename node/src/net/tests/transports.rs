//! QUIC beside TCP, the crowd from one address, and the local network.

use super::*;

fn listening(seed: u8, addrs: &[&str]) -> NetConfig {
    let mut config = config(seed);
    config.listen = addrs.iter().map(|addr| addr.parse().unwrap()).collect();
    config
}

const QUIC: &str = "/ip4/127.0.0.1/udp/0/quic-v1";
const TCP: &str = "/ip4/127.0.0.1/tcp/0";

fn is_quic(addr: &Multiaddr) -> bool {
    addr.to_string().contains("/quic-v1")
}

fn by_transport(node: &NetHandle) -> (Multiaddr, Multiaddr) {
    let addrs = node.listen_addrs();
    let find = |wanted: bool| addrs.iter().find(|addr| is_quic(addr) == wanted).unwrap().clone();
    (find(true), find(false))
}

#[tokio::test]
async fn two_nodes_speak_over_quic_as_over_tcp() {
    let (a, _a_events) = Net::start(listening(1, &[QUIC])).await.unwrap();
    let (b, b_events) = Net::start(listening(2, &[QUIC])).await.unwrap();
    connect(&a, &b).await;
    assert!(is_quic(&a.peers()[0].addr) && is_quic(&b.peers()[0].addr));
    serve(b_events);
    let largest = vec![7; MAX_MESSAGE_BYTES];
    assert_eq!(a.request(b.local_peer_id(), largest.clone()).await.unwrap(), largest);
    b.publish(b"news".to_vec()).await.unwrap();
}

#[tokio::test]
async fn gossip_crosses_from_quic_to_tcp() {
    let (a, _a_events) = Net::start(listening(1, &[QUIC])).await.unwrap();
    let (b, b_events) = Net::start(listening(2, &[TCP, QUIC])).await.unwrap();
    let (c, c_events) = Net::start(listening(3, &[TCP])).await.unwrap();
    let (quic, tcp) = by_transport(&b);
    for (from, addr) in [(&a, quic), (&c, tcp)] {
        assert_eq!(from.dial(addr).await.unwrap(), b.local_peer_id());
        let (one, other) = (from.local_peer_id(), b.local_peer_id());
        until("both gossip", || {
            from.peers().iter().any(|info| info.peer == other && info.gossips)
                && b.peers().iter().any(|info| info.peer == one && info.gossips)
        })
        .await;
    }
    let _b = listen(b_events);
    let heard = listen(c_events);
    a.publish(b"checkpoint".to_vec()).await.unwrap();
    until("it is heard", || heard.lock().unwrap().contains(&b"checkpoint".to_vec())).await;
}

#[tokio::test]
async fn a_peer_with_both_is_dialled_over_quic_and_over_tcp_where_udp_is_lost() {
    let (b, _b_events) = Net::start(listening(2, &[TCP, QUIC])).await.unwrap();
    let peer = b.local_peer_id();
    let (quic, tcp) = by_transport(&b);
    let with_peer = |addr: Multiaddr| addr.with_p2p(peer).unwrap();
    let mut config_a = config(1);
    config_a.persistent = vec![with_peer(tcp.clone()), with_peer(quic)];
    let (a, mut a_events) = Net::start(config_a).await.unwrap();
    let NetEvent::Connected { addr, .. } = next(&mut a_events).await else { panic!("connected") };
    assert!(is_quic(&addr), "{addr}");
    assert_eq!(a.peers().len(), 1);

    // A port at which packets are taken and nobody answers.
    let silent = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let lost = format!("/ip4/127.0.0.1/udp/{port}/quic-v1").parse().unwrap();
    let mut config_c = config(3);
    config_c.persistent = vec![with_peer(lost), with_peer(tcp)];
    let (_c, mut c_events) = Net::start(config_c).await.unwrap();
    let NetEvent::Connected { addr, .. } = next(&mut c_events).await else { panic!("connected") };
    assert!(!is_quic(&addr), "{addr}");
}

#[tokio::test]
async fn a_udp_port_taken_is_an_error_that_names_the_address() {
    let (a, _events) = Net::start(listening(1, &[QUIC])).await.unwrap();
    let mut second = config(2);
    second.listen = vec![addr(&a)];
    let error = Net::start(second).await.unwrap_err();
    assert!(matches!(&error, NetError::AddressInUse { addr: taken } if *taken == addr(&a)));
}

#[tokio::test]
async fn only_so_many_connect_from_one_address() {
    let mut crowded = config(1);
    crowded.limits.connections_per_ip = 2;
    let (a, _a_events) = Net::start(crowded).await.unwrap();
    let mut others = Vec::new();
    for seed in 2..=3 {
        let (other, events) = start(seed).await;
        connect(&other, &a).await;
        others.push((other, events));
    }
    let (third, _third_events) = start(4).await;
    // It hears of it by being hung up on.
    let _ = third.dial(addr(&a)).await;
    until("the third is gone", || third.peers().is_empty()).await;
    assert_eq!(a.peers().len(), 2);
    // We ourselves dial whom we like, and who leaves makes room.
    assert!(a.dial(addr(&third)).await.is_ok());
    let (first, _events) = others.remove(0);
    first.shutdown().await;
    drop(first);
    until("it has left", || a.peers().len() == 2).await;
    let (fourth, _fourth_events) = start(5).await;
    connect(&fourth, &a).await;
}

#[tokio::test]
async fn only_so_many_connect_in_all() {
    let mut crowded = config(1);
    crowded.limits.incoming_connections = 2;
    let (a, _a_events) = Net::start(crowded).await.unwrap();
    let (b, _b_events) = start(2).await;
    let (c, _c_events) = start(3).await;
    connect(&b, &a).await;
    connect(&c, &a).await;
    let (d, _d_events) = start(4).await;
    let _ = d.dial(addr(&a)).await;
    until("the third is gone", || d.peers().is_empty()).await;
    assert_eq!(a.peers().len(), 2);
    // We ourselves dial whom we like, and it is heard.
    connect(&a, &d).await;
    assert_eq!(a.peers().len(), 3);
}

#[tokio::test]
async fn a_node_that_looks_for_others_on_the_local_network_starts_and_works() {
    let mut config_a = config(1);
    config_a.mdns = true;
    let (a, _a_events) = Net::start(config_a).await.unwrap();
    let (b, b_events) = start(2).await;
    connect(&a, &b).await;
    serve(b_events);
    assert_eq!(a.request(b.local_peer_id(), b"ab".to_vec()).await.unwrap(), b"ba");
}
