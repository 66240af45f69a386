//! A clock that is set while the node runs.

use carnet_proto::profile::CLOCK_SKEW;

use super::*;
use crate::clock::SystemClock;
use crate::test_support::{SetClock, within_a_minute};

const YEARS: u64 = 10 * 365 * 86_400;

/// Returns when the one status list was signed.
fn signed_at(running: &Running, did: &Did) -> u64 {
    let replica = running.node.logs().get(did).unwrap();
    replica.view().status.values().next().unwrap().issued_at.0
}

async fn answers(running: &Running) {
    for path in ["/health", "/ready", "/metrics", "/operator/v1/status", "/v1/node", "/v1/logs"] {
        let answer = running.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    }
}

#[tokio::test]
async fn status_lists_are_published_again_after_the_clock_went_ahead_and_after_it_was_set_back() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let now = SystemClock.now().0;
    let clock = SetClock::at(now);
    let running = Running::start_by(&directory, Arc::clone(&clock) as _).await;
    let issued = running.post(ISSUE, CBOR, &order(did, "class", 2).to_cbor()).await;
    assert_eq!(issued.status, 200);
    assert_eq!(signed_at(&running, &did), now);
    answers(&running).await;
    // A list of the future is taken by nobody, and must not stay until that comes.
    for time in [now + YEARS, now + 60] {
        clock.set(time);
        within_a_minute("the lists follow the clock", async || signed_at(&running, &did) == time)
            .await;
        answers(&running).await;
    }
    // Back by no more than verifiers allow, the lists in force do.
    clock.set(now + 60 - CLOCK_SKEW);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(signed_at(&running, &did), now + 60);
    let institution = Arc::clone(&running.node.institutions()[0]);
    for (number, time) in [(1, 0), (2, now + YEARS), (3, now)] {
        clock.set(time);
        institution.writer.state(accreditation(number).into()).await.unwrap();
        answers(&running).await;
    }
    drop(institution);
    running.node.stop().await;
    let checked = check(&directory, false).unwrap();
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
}

#[tokio::test]
async fn a_node_starts_whatever_its_clock_shows() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    make(&directory);
    for time in [0, u64::MAX, SystemClock.now().0] {
        let running = Running::start_by(&directory, SetClock::at(time)).await;
        answers(&running).await;
        running.node.stop().await;
    }
}
