//! A register that was lost, or put back from a backup older than what the node has published.

use super::peers::copy;
use super::*;

const PUBLISH: &str = "/operator/v1/status-lists/publish";
const STATUS: &str = "/operator/v1/credentials/status";

async fn issue(running: &Running, did: Did, prefix: &str) -> crate::test_support::Answer {
    running.post(ISSUE, CBOR, &order(did, prefix, 2).to_cbor()).await
}

async fn set(running: &Running, row: &str, status: &str) {
    let answer = running.post_json(STATUS, json!({"record": row, "status": status})).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

async fn publish(running: &Running) -> crate::test_support::Answer {
    running.post_json(PUBLISH, json!({})).await
}

/// Returns the index of a row in the one list there is.
async fn index(running: &Running, row: &str) -> u64 {
    let records = register(running).await;
    let record = records.iter().find(|record| record["row"] == row).unwrap();
    record["index"].as_u64().unwrap()
}

fn value(running: &Running, did: &Did, index: u64) -> u8 {
    let replica = running.node.logs().get(did).unwrap();
    let token = replica.view().status.values().next().unwrap();
    token.list().value(index).unwrap()
}

/// Returns the size of the log and its status lists, as anyone is served them.
async fn published(running: &Running, did: &Did) -> (u64, Vec<u8>) {
    let size = running.node.logs().get(did).unwrap().size().0;
    (size, running.get(&format!("/v1/logs/{did}/status")).await.body)
}

fn problems(directory: &Path) -> Vec<String> {
    check(directory, false).unwrap().problems
}

fn put_back(directory: &Path, backup: &Path) {
    let register = directory.join(REGISTER_DIRECTORY);
    std::fs::remove_dir_all(&register).unwrap();
    copy(backup, &register);
}

#[tokio::test]
async fn a_lost_register_takes_no_revocation_back_and_issues_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, backup) = (parent.path().join("node"), parent.path().join("backup"));
    let did = make(&directory);
    let running = Running::start(&directory).await;
    assert_eq!(issue(&running, did, "class").await.status, 200);
    set(&running, "class-0", "invalid").await;
    assert_eq!(publish(&running).await.status, 200);
    let revoked = index(&running, "class-0").await;
    let before = published(&running, &did).await;
    running.node.stop().await;
    assert_eq!(problems(&directory), Vec::<String>::new());
    let register = directory.join(REGISTER_DIRECTORY);
    std::fs::rename(&register, &backup).unwrap();

    let found = problems(&directory);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("does not know 1 of the batches"), "{found:?}");
    assert!(found[1].contains(&format!("would be valid again (entries {revoked})")), "{found:?}");

    let running = Running::start(&directory).await;
    let refused = publish(&running).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "older-register"));
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("restore register/ from its newest backup"), "{message}");
    for path in [ISSUE, "/operator/v1/issue?dry_run=true"] {
        for prefix in ["class", "other"] {
            let refused = running.post(path, CBOR, &order(did, prefix, 2).to_cbor()).await;
            assert_eq!((refused.status, refused.code().as_str()), (409, "older-register"));
        }
    }
    // Nor does the schedule, which looks at the clock every second.
    running.clock.step(3600);
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(published(&running, &did).await, before);
    assert_eq!(value(&running, &did, revoked), Status::Invalid as u8);
    running.node.stop().await;

    put_back(&directory, &backup);
    assert_eq!(problems(&directory), Vec::<String>::new());
    let running = Running::start(&directory).await;
    assert_eq!(publish(&running).await.status, 200);
    assert_eq!(value(&running, &did, revoked), Status::Invalid as u8);
    assert_eq!(issue(&running, did, "other").await.status, 200);
    running.node.stop().await;
}

#[tokio::test]
async fn an_older_register_publishes_once_the_revocations_since_are_made_again() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, backup) = (parent.path().join("node"), parent.path().join("backup"));
    let did = make(&directory);
    let running = Running::start(&directory).await;
    assert_eq!(issue(&running, did, "class").await.status, 200);
    let revoked = index(&running, "class-1").await;
    running.node.stop().await;
    copy(&directory.join(REGISTER_DIRECTORY), &backup);
    let running = Running::start(&directory).await;
    set(&running, "class-1", "invalid").await;
    assert_eq!(publish(&running).await.status, 200);
    let before = published(&running, &did).await;
    running.node.stop().await;

    put_back(&directory, &backup);
    let found = problems(&directory);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains(&format!("(entries {revoked})")), "{found:?}");
    let running = Running::start(&directory).await;
    assert_eq!(publish(&running).await.code(), "older-register");
    set(&running, "class-1", "suspended").await;
    assert_eq!(publish(&running).await.code(), "older-register");
    assert_eq!(published(&running, &did).await, before);
    set(&running, "class-1", "invalid").await;
    assert_eq!(publish(&running).await.status, 200);
    assert_eq!(value(&running, &did, revoked), Status::Invalid as u8);
    running.node.stop().await;
    assert_eq!(problems(&directory), Vec::<String>::new());
}

#[tokio::test]
async fn a_register_that_lacks_the_newest_batch_issues_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let (directory, backup) = (parent.path().join("node"), parent.path().join("backup"));
    let did = make(&directory);
    let running = Running::start(&directory).await;
    assert_eq!(issue(&running, did, "first").await.status, 200);
    running.node.stop().await;
    copy(&directory.join(REGISTER_DIRECTORY), &backup);
    let running = Running::start(&directory).await;
    assert_eq!(issue(&running, did, "second").await.status, 200);
    running.node.stop().await;

    put_back(&directory, &backup);
    let found = problems(&directory);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("does not know 1 of the batches"), "{found:?}");
    let running = Running::start(&directory).await;
    let before = running.node.logs().get(&did).unwrap().size();
    for prefix in ["second", "third"] {
        assert_eq!(issue(&running, did, prefix).await.code(), "older-register");
    }
    assert_eq!(running.node.logs().get(&did).unwrap().size(), before);
    // What it does know can be revoked, and the lists go on.
    set(&running, "first-0", "invalid").await;
    assert_eq!(publish(&running).await.status, 200);
    running.node.stop().await;
}

#[tokio::test]
async fn after_a_restart_lists_are_published_as_before() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    assert_eq!(issue(&running, did, "class").await.status, 200);
    set(&running, "class-0", "invalid").await;
    set(&running, "class-1", "suspended").await;
    assert_eq!(publish(&running).await.status, 200);
    running.node.stop().await;

    let running = Running::start(&directory).await;
    let places = [index(&running, "class-0").await, index(&running, "class-1").await];
    let values = || places.map(|index| value(&running, &did, index));
    assert_eq!(values(), [Status::Invalid as u8, Status::Suspended as u8]);
    set(&running, "class-1", "valid").await;
    assert_eq!(publish(&running).await.json()["lists"], 1);
    assert_eq!(values(), [Status::Invalid as u8, Status::Valid as u8]);
    assert_eq!(issue(&running, did, "other").await.status, 200);
    running.node.stop().await;
    assert_eq!(problems(&directory), Vec::<String>::new());
}
