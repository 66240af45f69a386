//! Peers that lie, flood, fork or withhold, among real nodes: who is honest gets what it wants.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use carnet_node::net::{NetEvent, NetEvents, PeerId, THROTTLE_SCORE};
use carnet_node::store::{Batch, Store as _, entries};
use carnet_proto::cbor::{Bytes, Encode};
use carnet_proto::sync::message::{Entries, Head, Heads, Range, Request, Response};

use super::*;

/// A node without logs that says what the test lets it say.
async fn stranger(number: u8) -> (NetHandle, NetEvents) {
    let mut config = NetConfig::new(&[number; 32]).unwrap();
    config.listen.push("/ip4/127.0.0.1/tcp/0".parse().unwrap());
    Net::start(config).await.unwrap()
}

fn address(net: &NetHandle) -> Multiaddr {
    net.listen_addrs()[0].clone().with_p2p(net.local_peer_id()).unwrap()
}

/// Says that it holds any log that it is asked for, with a million entries, and sends junk.
async fn lie(mut events: NetEvents, note: Note) {
    while let Some(event) = events.next().await {
        let NetEvent::Request { bytes, responder, .. } = event else { continue };
        let answer = match Request::parse(&bytes) {
            Ok(Request::Heads(Heads { heads, .. })) => {
                let size = TreeSize(1_000_000);
                let claim = |head: Head| Head { size, state: [9; 16], revision: 9, ..head };
                Response::Heads(Heads { epoch: 5, heads: heads.into_iter().map(claim).collect() })
            }
            Ok(Request::Entries(_)) => {
                let entries = vec![Bytes(vec![0xa0; 1000]); 900];
                Response::Entries(Entries { entries, note: note.clone(), proof: None })
            }
            _ => continue,
        };
        let _ = responder.respond(answer.to_cbor()).await;
    }
}

fn copied(disk: &MemoryDisk) -> MemoryDisk {
    let (from, to) = (MemoryStore::open(disk).unwrap(), MemoryStore::new());
    let mut batch = Batch::new();
    for found in entries(&from, b"") {
        let (key, value) = found.unwrap();
        batch.put(key, value);
    }
    to.apply(batch).unwrap();
    to.disk()
}

fn score(node: &Running, peer: &PeerId) -> Option<f64> {
    node.net.peers().into_iter().find(|info| info.peer == *peer).map(|info| info.score)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_serves_junk_loses_its_score_and_the_log_comes_from_another() {
    let sites: Vec<_> = (41..=42).map(Site::new).collect();
    let dids = all(&sites);
    let owner = sites[0].start(&[], &[], NEVER).await;
    owner.publish(issuances(0, 900)).await;
    let size = owner.publish(issuances(1_000, 900)).await;
    let note = owner.logs.notes(&owner.did).unwrap().pop().unwrap();
    let (liar, events) = stranger(200).await;
    tokio::spawn(lie(events, note));
    // It claims more than the owner does, so that it is asked first.
    let reader = sites[1].start(&dids, &[address(&liar), owner.address()], NEVER).await;
    until("the log is here", || async {
        reader.logs.with(&owner.did, |replica| replica.size()) == Some(size)
    })
    .await;
    until("the liar has lost its score", || async {
        score(&reader, &liar.local_peer_id()).is_none_or(|score| score >= THROTTLE_SCORE)
    })
    .await;
    assert_eq!(score(&reader, &owner.net.local_peer_id()).map(|score| score as u32), Some(0));
    reader.stop().await;
    owner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_floods_does_not_keep_others_from_being_served() {
    let sites: Vec<_> = (43..=44).map(Site::new).collect();
    let dids = all(&sites);
    let owner = sites[0].start(&[], &[], NEVER).await;
    for from in 0..2 {
        owner.publish(issuances(from * 1_000, 900)).await;
    }
    let size = owner.publish(issuances(2_000, 900)).await;
    let (flooder, mut events) = stranger(201).await;
    tokio::spawn(async move { while events.next().await.is_some() {} });
    let peer = flooder.dial(owner.address()).await.unwrap();
    // As much as it may have under way at once, the largest that there is, without a pause.
    let is_over = Arc::new(AtomicBool::new(false));
    let range = Range { origin: owner.did, from: TreeSize(0), to: TreeSize(1024) };
    let request = Request::Entries(range).to_cbor();
    let floods: Vec<_> = (0..64)
        .map(|_| {
            let (net, request, is_over) = (flooder.clone(), request.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let _ = net.request(peer, request.clone()).await;
                    let _ = net.publish(request.clone()).await;
                }
            })
        })
        .collect();
    let reader = sites[1].start(&dids, &[owner.address()], NEVER).await;
    until("the log is here in spite of it", || async {
        reader.logs.with(&owner.did, |replica| replica.size()) == Some(size)
    })
    .await;
    let next = owner.publish(issuances(9_000, 2)).await;
    until("and so is what is new", || async {
        reader.logs.with(&owner.did, |replica| replica.size()) == Some(next)
    })
    .await;
    is_over.store(true, Ordering::Relaxed);
    for flood in floods {
        flood.await.unwrap();
    }
    reader.stop().await;
    owner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_gossips_junk_is_banned() {
    let site = Site::new(45);
    let owner = site.start(&[], &[], NEVER).await;
    let (stranger, mut events) = stranger(202).await;
    tokio::spawn(async move { while events.next().await.is_some() {} });
    stranger.dial(owner.address()).await.unwrap();
    let number = AtomicU32::new(0);
    until("it is hung up on", || async {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let _ = stranger.publish(number.to_be_bytes().to_vec()).await;
        number > 4 && owner.net.peers().is_empty()
    })
    .await;
    owner.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_that_two_sides_saw_is_proven_to_both_once_they_meet() {
    let sites: Vec<_> = (51..=53).map(Site::new).collect();
    let (owner, did) = (&sites[0], sites[0].did);
    // The owner runs twice, on copies of one disk, and each is believed by one follower.
    let twin = Site {
        seed: owner.seed.clone(),
        did,
        disk: copied(&owner.disk),
        clock: Arc::clone(&owner.clock),
    };
    let first = owner.start(&[], &[], NEVER).await;
    let second = twin.start(&[], &[], NEVER).await;
    let one = sites[1].start(&[did], &[first.address()], NEVER).await;
    let mut sizes = Vec::new();
    for (node, from) in [(&first, 100), (&second, 200)] {
        sizes.push(node.publish(issuances(from, 1 + from / 100)).await);
    }
    until("one side holds a history", || async {
        one.logs.with(&did, |replica| replica.size()) == Some(sizes[0])
    })
    .await;
    let other = sites[2].start(&[did], &[second.address(), one.address()], NEVER).await;
    for node in [&one, &other] {
        until("the proof is kept", || async { node.logs.fork(&did).is_some() }).await;
        let fork = node.logs.fork(&did).unwrap().verify().unwrap();
        assert_eq!(fork.origin, did);
    }
    for (node, honest) in [(&one, &other), (&other, &one)] {
        assert_eq!(score(node, &honest.net.local_peer_id()).unwrap_or_default() as u32, 0);
    }
    for node in [one, other, first, second] {
        node.stop().await;
    }
}
