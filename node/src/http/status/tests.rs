use std::collections::BTreeSet;

use carnet_proto::cbor::Encode as _;
use carnet_proto::id::Did;

use crate::institution::REGISTER_DIRECTORY;
use crate::run::NodeOptions;
use crate::test_support::{Answer, Running, make, order, profile};

fn reasons(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    assert_eq!(json["ready"], answer.status == 200);
    let reasons = json["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_node_is_ready_unless_something_keeps_it_from_its_work() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let ready = running.get("/ready").await;
    assert_eq!((ready.status, reasons(&ready)), (200, Vec::new()));
    let order = order(did, "class", 2).to_cbor();
    let issued = running.post("/operator/v1/issue", "application/cbor", &order).await;
    assert_eq!(issued.status, 200);
    // After a start it waits for its witnesses.
    let mut proposed = profile();
    (proposed.witnesses, proposed.quorum) = (Vec::from([Did::of_inception(b"gone")]), Some(1));
    let path = "/operator/v1/statements/profile";
    let stated = running.post(path, "application/cbor", &proposed.to_cbor()).await;
    assert_eq!(stated.status, 200);
    running.node.stop().await;
    let running = Running::start(&directory).await;
    let ready = running.get("/ready").await;
    assert_eq!((ready.status, reasons(&ready)), (503, Vec::from(["own-unconfirmed".into()])));
    assert_eq!(running.get("/operator/v1/status").await.json()["phase"], "waiting");
    running.node.stop().await;

    std::fs::remove_dir_all(directory.join(REGISTER_DIRECTORY)).unwrap();
    let options = NodeOptions { danger_publish_unconfirmed: true, ..NodeOptions::default() };
    let running = Running::start_with(&directory, options).await;
    let ready = running.get("/ready").await;
    assert_eq!((ready.status, reasons(&ready)), (503, Vec::from(["register-older".into()])));
    assert_eq!(running.get("/health").await.status, 200);
    running.node.stop().await;
}

#[tokio::test]
async fn the_status_for_operators_keeps_its_shape() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    make(&directory);
    let running = Running::start(&directory).await;
    let status = running.get("/operator/v1/status").await.json();
    let keys: BTreeSet<&str> = status.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = "addresses backup_age banned configured_peers cosignatures database did disk_bytes \
                    follows free_bytes logs name node_version now peer_id peers pending phase \
                    published_size quorum size standby_for status_age status_lists store uptime warnings witnesses";
    assert_eq!(keys, expected.split_whitespace().collect());
    assert_eq!(status["warnings"][0]["id"], "no-witnesses");
    assert_eq!(status["store"], "sled");
    assert_eq!(running.send_as("", "GET", "/operator/v1/status", None, b"").await.status, 401);
    running.node.stop().await;
}
