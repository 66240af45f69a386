//! Two nodes that follow each other.

use super::*;
use crate::test_support::within_a_minute;

pub(super) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_node_that_copies_a_long_log_tells_how_far_it_is() {
    const STATEMENTS: u64 = 6000;
    let parent = tempfile::tempdir().unwrap();
    let (home, away) = (parent.path().join("home"), parent.path().join("away"));
    let did = make(&home);
    make(&away);
    let (ours, theirs) = (Running::start(&home).await, Running::start(&away).await);
    for first in (0..STATEMENTS).step_by(1000) {
        let bodies = (first..first + 1000).map(|number| accreditation(number).into()).collect();
        ours.node.institutions()[0].writer.append(bodies, None).await.unwrap();
    }
    let size = ours.node.logs().get(&did).unwrap().size().0;
    let mut watch = theirs.node.copying().closely();
    let watching = tokio::spawn(async move {
        let mut looks = Vec::new();
        while let Some(look) = watch.next().await {
            looks.push(look);
            if look.remaining == 0 {
                break;
            }
        }
        looks
    });
    assert_eq!(theirs.follow(did, &[ours.address()]).await.status, 200);
    let looks = watching.await.unwrap();
    let (first, last) = (looks.first().unwrap(), looks.last().unwrap());
    assert!(first.remaining >= 1024 && first.logs == 1, "{first:?}");
    assert_eq!((last.remaining, last.logs), (0, 0));
    assert!((1024..=size).contains(&last.copied), "{last:?}");
    assert!(looks.is_sorted_by_key(|look| look.copied), "{looks:?}");
    // Nothing to tell of a log that grows as it should.
    let mut watch = theirs.node.copying().closely();
    let stated = ours.node.institutions()[0].writer.state(accreditation(STATEMENTS).into()).await;
    let size = stated.unwrap().size.0;
    within_a_minute("the log grows", async || {
        theirs.node.logs().get(&did).is_some_and(|replica| replica.size().0 == size)
    })
    .await;
    theirs.node.stop().await;
    assert_eq!(watch.next().await, None, "and the watch ends with the node");
    ours.node.stop().await;
}

#[tokio::test]
async fn a_witness_cosigns_and_keeps_the_log() {
    let parent = tempfile::tempdir().unwrap();
    let (home, away) = (parent.path().join("home"), parent.path().join("away"));
    let (did, witness) = (make(&home), make(&away));
    let (ours, theirs) = (Running::start(&home).await, Running::start(&away).await);
    assert_eq!(theirs.follow(did, &[ours.address()]).await.status, 200);
    assert_eq!(ours.follow(witness, &[]).await.status, 200);

    // The institute proposes the other as its witness, and then waits to be cosigned.
    let mut proposed = profile();
    proposed.witnesses.push(witness);
    proposed.quorum = Some(1);
    let path = "/operator/v1/statements/profile?wait=60";
    let stated = ours.post(path, CBOR, &proposed.to_cbor()).await;
    assert_eq!((stated.status, stated.json()["cosigned"].as_bool()), (200, Some(true)));
    let issued = ours.post(ISSUE, CBOR, &order(did, "class", 2).to_cbor()).await;
    assert_eq!(issued.status, 200);
    let size = ours.node.logs().get(&did).unwrap().size().0;
    let is_copied = || {
        let replica = theirs.node.logs().get(&did);
        replica.is_some_and(|replica| replica.size().0 == size && replica.is_in_order().is_ok())
    };
    within_a_minute("the witness has the log", async || is_copied()).await;
    let status = ours.get("/operator/v1/status").await.json();
    assert_eq!((&status["quorum"], status["peers"].as_array().unwrap().len()), (&json!(1), 1));
    let served = theirs.get(&format!("/v1/logs/{did}/status")).await.body;
    assert_eq!(served, ours.get(&format!("/v1/logs/{did}/status")).await.body);
    ours.node.stop().await;
    theirs.node.stop().await;
}
