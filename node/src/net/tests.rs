//! Real nodes on loopback. Nothing is asserted about time; waiting polls, up to a deadline.

use std::future::Future;
use std::sync::Mutex;

use super::*;

mod transports;

const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);

fn config(seed: u8) -> NetConfig {
    let mut config = NetConfig::new(&[seed; 32]).unwrap();
    config.listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
    config.limits.redial_first = Duration::from_millis(50);
    config.limits.redial_longest = Duration::from_millis(200);
    config
}

async fn start(seed: u8) -> (NetHandle, NetEvents) {
    Net::start(config(seed)).await.unwrap()
}

fn addr(node: &NetHandle) -> Multiaddr {
    node.listen_addrs()[0].clone()
}

async fn within_deadline<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, future).await {
        Ok(value) => value,
        Err(_) => panic!("gave up waiting until {what}"),
    }
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let polled = async {
        while !condition() {
            tokio::time::sleep(POLL).await;
        }
    };
    within_deadline(what, polled).await;
}

async fn connect(from: &NetHandle, to: &NetHandle) {
    assert_eq!(from.dial(addr(to)).await.unwrap(), to.local_peer_id());
    for (one, other) in [(from, to), (to, from)] {
        until("both gossip", || {
            let other = other.local_peer_id();
            one.peers().iter().any(|info| info.peer == other && info.gossips)
        })
        .await;
    }
}

async fn next(events: &mut NetEvents) -> NetEvent {
    within_deadline("an event comes", events.next()).await.unwrap()
}

async fn next_request(events: &mut NetEvents) -> (PeerId, Vec<u8>, Responder) {
    loop {
        if let NetEvent::Request { peer, bytes, responder } = next(events).await {
            return (peer, bytes, responder);
        }
    }
}

/// Answers every request with its bytes in reverse.
fn serve(mut events: NetEvents) {
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let NetEvent::Request { mut bytes, responder, .. } = event {
                bytes.reverse();
                let _ = responder.respond(bytes).await;
            }
        }
    });
}

/// Accepts gossip unless it begins with "bad", and returns what came.
fn listen(mut events: NetEvents) -> Arc<Mutex<Vec<Vec<u8>>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let heard_here = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Some(event) = events.next().await {
            if let NetEvent::Gossip { bytes, validation, .. } = event {
                if bytes.starts_with(b"bad") {
                    validation.reject().await;
                } else {
                    validation.accept().await;
                }
                heard_here.lock().unwrap().push(bytes);
            }
        }
    });
    heard
}

#[tokio::test]
async fn two_nodes_exchange_a_request_and_a_response() {
    let ((a, _a_events), (b, mut b_events)) = (start(1).await, start(2).await);
    connect(&a, &b).await;
    let connected = next(&mut b_events).await;
    assert!(matches!(connected, NetEvent::Connected { peer, .. } if peer == a.local_peer_id()));
    serve(b_events);
    assert_eq!(a.request(b.local_peer_id(), b"abc".to_vec()).await.unwrap(), b"cba");
    let largest = vec![7; MAX_MESSAGE_BYTES];
    assert_eq!(a.request(b.local_peer_id(), largest.clone()).await.unwrap(), largest);
    until("identify tells where b listens", || a.peers()[0].listen_addrs.contains(&addr(&b))).await;
    assert!(a.peers()[0].syncs && a.peers()[0].outbound && !b.peers()[0].outbound);
}

#[tokio::test]
async fn many_requests_at_once_wait_their_turn_instead_of_failing() {
    let ((a, _a_events), (b, b_events)) = (start(1).await, start(2).await);
    connect(&a, &b).await;
    serve(b_events);
    let requests = (0..100_u8).map(|n| a.request(b.local_peer_id(), vec![n, 0]));
    for (n, answer) in futures::future::join_all(requests).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap(), [0, n as u8]);
    }
}

#[tokio::test]
async fn gossip_reaches_every_node_of_a_line_and_rejected_gossip_goes_no_further() {
    let mut nodes = Vec::new();
    for seed in 1..=5 {
        nodes.push(start(seed).await);
    }
    let (nodes, events): (Vec<_>, Vec<_>) = nodes.into_iter().unzip();
    for pair in nodes.windows(2) {
        connect(&pair[0], &pair[1]).await;
    }
    let heard: Vec<_> = events.into_iter().map(listen).collect();
    nodes[0].publish(b"bad checkpoint".to_vec()).await.unwrap();
    nodes[0].publish(b"checkpoint".to_vec()).await.unwrap();
    for (n, heard) in heard.iter().enumerate().skip(1) {
        let heard = || heard.lock().unwrap().clone();
        until("the checkpoint is heard", || heard().contains(&b"checkpoint".to_vec())).await;
        assert_eq!(heard().contains(&b"bad checkpoint".to_vec()), n == 1, "node {n}");
    }
    assert!(heard[0].lock().unwrap().is_empty(), "a node does not hear itself");
    until("the rejection counts", || nodes[1].peers().iter().any(|info| info.score > 0.0)).await;
}

#[tokio::test]
async fn gossip_without_listeners_or_over_the_limit_is_an_error() {
    let ((a, _a_events), (b, b_events)) = (start(1).await, start(2).await);
    assert!(matches!(a.publish(vec![1]).await, Err(NetError::NoPeers)));
    connect(&a, &b).await;
    let heard = listen(b_events);
    let too_large = a.publish(vec![1; MAX_GOSSIP_BYTES + 1]).await;
    assert!(matches!(too_large, Err(NetError::TooLarge { limit: MAX_GOSSIP_BYTES, .. })));
    a.publish(vec![1; MAX_GOSSIP_BYTES]).await.unwrap();
    a.publish(vec![1; MAX_GOSSIP_BYTES]).await.unwrap();
    until("the largest message is heard", || !heard.lock().unwrap().is_empty()).await;
}

#[tokio::test]
async fn oversized_messages_are_refused_at_both_ends_and_others_go_on() {
    let mut careless = config(1);
    careless.limits.max_message_bytes = 4 * MAX_MESSAGE_BYTES;
    let (careless, careless_events) = Net::start(careless).await.unwrap();
    let ((a, a_events), (b, _b_events)) = (start(2).await, start(3).await);
    connect(&careless, &a).await;
    connect(&b, &a).await;
    serve(a_events);
    let (own, peer) = (a.local_peer_id(), careless.local_peer_id());
    let oversized = vec![7; MAX_MESSAGE_BYTES + 1];

    // An honest sender does not send it, a receiver does not read it.
    assert!(matches!(
        b.request(own, oversized.clone()).await,
        Err(NetError::TooLarge { bytes, limit: MAX_MESSAGE_BYTES }) if bytes == oversized.len()
    ));
    let refused = careless.request(own, oversized.clone()).await;
    assert!(matches!(refused, Err(NetError::Refused { .. })), "{refused:?}");

    // Nor does a requester read such an answer.
    tokio::spawn(async move {
        let mut events = careless_events;
        let (_, _, responder) = next_request(&mut events).await;
        responder.respond(oversized).await.unwrap();
        events.next().await
    });
    assert!(matches!(a.request(peer, vec![]).await, Err(NetError::TooLarge { .. })));

    until("both offences count", || {
        a.peers().iter().any(|info| info.peer == peer && info.score > 49.0)
    })
    .await;
    for node in [&careless, &b] {
        assert_eq!(node.request(own, b"ab".to_vec()).await.unwrap(), b"ba");
    }
}

#[tokio::test]
async fn banned_peer_cannot_come_back_before_the_ban_ends() {
    let ((a, mut a_events), (b, mut b_events)) = (start(1).await, start(2).await);
    connect(&b, &a).await;
    let peer = b.local_peer_id();
    a.report(peer, Misbehaviour::FalseProof).await;
    assert_eq!(a.peers().len(), 1, "one offence is not enough");
    a.report(peer, Misbehaviour::FalseProof).await;
    let mut news = vec![next(&mut a_events).await, next(&mut a_events).await];
    assert!(matches!(news.pop(), Some(NetEvent::Disconnected { .. })));
    assert!(matches!(news.pop(), Some(NetEvent::Connected { .. })));

    assert!(matches!(next(&mut b_events).await, NetEvent::Connected { .. }));
    assert!(matches!(next(&mut b_events).await, NetEvent::Disconnected { .. }));
    for _ in 0..3 {
        // It hears of the ban only by being hung up on.
        let _ = b.dial(addr(&a)).await;
        until("a hangs up", || b.peers().is_empty()).await;
        assert!(a.peers().is_empty());
    }
    let dialled = a.dial(addr(&b).with_p2p(peer).unwrap()).await;
    assert!(matches!(dialled, Err(NetError::Banned { .. })), "{dialled:?}");
    assert!(matches!(a.request(peer, vec![]).await, Err(NetError::Banned { .. })));
    assert!(a_events.0.try_recv().is_err(), "the application hears nothing of a banned peer");
}

#[tokio::test]
async fn banned_peer_is_let_in_again_after_the_ban() {
    let mut config_a = config(1);
    config_a.limits.ban = Duration::from_millis(300);
    let (a, mut a_events) = Net::start(config_a).await.unwrap();
    let mut config_b = config(2);
    config_b.persistent = vec![addr(&a)];
    let (b, b_events) = Net::start(config_b).await.unwrap();
    serve(b_events);
    let peer = b.local_peer_id();
    for _ in 0..2 {
        assert!(matches!(next(&mut a_events).await, NetEvent::Connected { .. }));
        a.report(peer, Misbehaviour::FalseProof).await;
        a.report(peer, Misbehaviour::FalseProof).await;
        assert!(matches!(next(&mut a_events).await, NetEvent::Disconnected { .. }));
    }
    assert!(matches!(next(&mut a_events).await, NetEvent::Connected { .. }));
    assert_eq!(a.request(peer, b"ab".to_vec()).await.unwrap(), b"ba");
    assert!(a.peers()[0].score > 39.0, "what it did is not forgotten");
}

#[tokio::test]
async fn restarted_peer_is_dialled_again() {
    let (b, b_events) = start(2).await;
    let (peer, address) = (b.local_peer_id(), addr(&b));
    let mut config_a = config(1);
    config_a.persistent = vec![address.clone().with_p2p(peer).unwrap()];
    let (a, mut a_events) = Net::start(config_a).await.unwrap();
    assert!(matches!(next(&mut a_events).await, NetEvent::Connected { .. }));
    b.shutdown().await;
    drop(b_events);
    assert!(matches!(next(&mut a_events).await, NetEvent::Disconnected { .. }));
    assert!(matches!(a.request(peer, vec![]).await, Err(NetError::NotConnected { .. })));

    let mut config_b = config(2);
    config_b.listen = vec![address];
    let (_b, b_events) = Net::start(config_b).await.unwrap();
    serve(b_events);
    assert!(matches!(next(&mut a_events).await, NetEvent::Connected { .. }));
    assert_eq!(a.request(peer, b"ab".to_vec()).await.unwrap(), b"ba");
}

#[tokio::test]
async fn port_taken_is_an_error_that_names_the_address() {
    let (a, _events) = start(1).await;
    let mut second = config(2);
    second.listen = vec![addr(&a)];
    let error = Net::start(second).await.unwrap_err();
    assert!(matches!(&error, NetError::AddressInUse { addr: taken } if *taken == addr(&a)));
    assert!(error.to_string().contains(&addr(&a).to_string()));

    a.shutdown().await;
    assert!(a.listen_addrs().is_empty());
    assert!(matches!(a.publish(vec![]).await, Err(NetError::Stopped)));
}

#[tokio::test]
async fn dial_says_why_it_failed() {
    let ((a, _a_events), (b, _b_events)) = (start(1).await, start(2).await);
    let wrong = addr(&b).with_p2p(config(3).peer_id()).unwrap();
    let error = a.dial(wrong).await.unwrap_err();
    assert!(matches!(error, NetError::WrongPeer { obtained, .. } if obtained == b.local_peer_id()));
    let gone = addr(&b);
    b.shutdown().await;
    let error = a.dial(gone.clone()).await.unwrap_err();
    assert!(matches!(error, NetError::Unreachable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&gone.to_string()) && text.contains("refused"), "{text}");
    let error = a.dial(addr(&a)).await.unwrap_err();
    assert!(error.to_string().contains("this node itself"), "{error}");
    let udp = "/ip4/127.0.0.1/udp/1".parse().unwrap();
    assert!(matches!(a.dial(udp).await, Err(NetError::UnsupportedAddress { .. })));
}

#[tokio::test]
async fn names_are_dialled_as_well_as_numbers() {
    let ((a, _a_events), (b, _b_events)) = (start(1).await, start(2).await);
    let named = addr(&b).to_string().replace("/ip4/127.0.0.1", "/dns4/localhost");
    assert_eq!(a.dial(named.parse().unwrap()).await.unwrap(), b.local_peer_id());
}

#[tokio::test]
async fn requests_are_refused_while_the_application_does_not_take_events() {
    let mut config_b = config(2);
    config_b.limits.event_queue = 2;
    let (b, mut b_events) = Net::start(config_b).await.unwrap();
    let (a, _a_events) = start(1).await;
    connect(&a, &b).await;
    let (own, peer) = (a.clone(), b.local_peer_id());
    // The news of the connection and one request fill the queue.
    let first = tokio::spawn(async move { own.request(peer, b"first".to_vec()).await });
    until("the queue is full", || b_events.0.len() == 2).await;
    assert!(matches!(a.request(peer, vec![]).await, Err(NetError::Refused { .. })));

    let (_, bytes, responder) = next_request(&mut b_events).await;
    responder.respond(bytes).await.unwrap();
    assert_eq!(first.await.unwrap().unwrap(), b"first");
    serve(b_events);
    assert_eq!(a.request(peer, b"ab".to_vec()).await.unwrap(), b"ba");
}

#[tokio::test]
async fn unanswered_request_times_out_and_a_dropped_one_is_refused() {
    let mut config_a = config(1);
    config_a.limits.request_timeout = Duration::from_millis(200);
    let (a, _a_events) = Net::start(config_a).await.unwrap();
    let (b, mut b_events) = start(2).await;
    connect(&a, &b).await;
    let answer = a.request(b.local_peer_id(), vec![]).await;
    assert!(matches!(answer, Err(NetError::TimedOut { .. })), "{answer:?}");
    let late = next_request(&mut b_events).await.2;
    late.respond(vec![]).await.unwrap();
    let dropped = async { drop(next_request(&mut b_events).await) };
    let (answer, ()) = tokio::join!(a.request(b.local_peer_id(), vec![]), dropped);
    assert!(matches!(answer, Err(NetError::Refused { .. })), "{answer:?}");
}

#[tokio::test]
async fn tap_sees_exactly_the_plaintext() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let mut nodes = Vec::new();
    for (seed, name) in [(1, "a"), (2, "b")] {
        let mut config = config(seed);
        config.tap = Some(Arc::new(FileTap::append(&path(name)).unwrap()));
        nodes.push(Net::start(config).await.unwrap());
    }
    let (b, mut b_events) = nodes.pop().unwrap();
    let (a, _a_events) = nodes.pop().unwrap();
    connect(&a, &b).await;
    let answered = async {
        let (_, _, responder) = next_request(&mut b_events).await;
        responder.respond(b"answer".to_vec()).await.unwrap();
    };
    let (answer, ()) = tokio::join!(a.request(b.local_peer_id(), b"ask".to_vec()), answered);
    answer.unwrap();
    a.publish(b"news".to_vec()).await.unwrap();
    let heard = listen(b_events);
    until("the news is heard", || !heard.lock().unwrap().is_empty()).await;

    let (sent, received) = (Direction::Sent, Direction::Received);
    let transcript = |name| {
        let records = read_transcript(&std::fs::read(path(name)).unwrap()).unwrap();
        records.into_iter().map(|record| (record.direction, record.kind, record.bytes))
    };
    let exchange = |ours, theirs| {
        [
            (ours, Kind::Request, b"ask".to_vec()),
            (theirs, Kind::Response, b"answer".to_vec()),
            (ours, Kind::Gossip, b"news".to_vec()),
        ]
    };
    assert!(transcript("a").eq(exchange(sent, received)));
    assert!(transcript("b").eq(exchange(received, sent)));
}

#[test]
fn configuration_does_not_print_its_key() {
    let text = format!("{:?}", NetConfig::new(&[0xAB; 32]).unwrap());
    assert!(text.contains("peer_id") && !text.contains("171") && !text.contains("abab"), "{text}");
}
