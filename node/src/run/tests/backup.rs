//! A directory that was put back from a backup, or copied, with witnesses that remember.

use super::peers::copy;
use super::*;
use crate::test_support::{make_with_next, within_a_minute};
use crate::writer::Phase;
use carnet_proto::key::Seed;

const STATE: &str = "/operator/v1/statements/accreditation";
const PROFILE: &str = "/operator/v1/statements/profile";
const STATUS: &str = "/operator/v1/credentials/status";
const ADOPT: &str = "/operator/v1/status-lists/adopt";
const PUBLISH: &str = "/operator/v1/status-lists/publish";

/// An institution with one witness, each on a node of its own.
pub(super) struct Pair {
    pub(super) parent: tempfile::TempDir,
    pub(super) did: Did,
    pub(super) next: Seed,
    witness: Did,
    pub(super) theirs: Running,
}

impl Pair {
    /// Starts both, and lets the institution name its witness.
    pub(super) async fn start() -> (Self, Running) {
        let parent = tempfile::tempdir().unwrap();
        let (home, away) = (parent.path().join("home"), parent.path().join("away"));
        let ((did, next), witness) = (make_with_next(&home), make(&away));
        let pair = Self { did, next, witness, theirs: Running::start(&away).await, parent };
        let ours = pair.run("home").await;
        let mut proposed = profile();
        proposed.witnesses.push(witness);
        proposed.quorum = Some(1);
        let stated = ours.post(&format!("{PROFILE}?wait=60"), CBOR, &proposed.to_cbor()).await;
        assert_eq!(stated.json()["cosigned"], true);
        (pair, ours)
    }

    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.parent.path().join(name)
    }

    /// Starts a directory of the institution and connects it with the witness.
    pub(super) async fn run(&self, name: &str) -> Running {
        let running = Running::start(&self.path(name)).await;
        self.connect(&running).await;
        running
    }

    pub(super) async fn connect(&self, running: &Running) {
        assert_eq!(self.theirs.follow(self.did, &[running.address()]).await.status, 200);
        assert_eq!(running.follow(self.witness, &[]).await.status, 200);
    }

    /// Lets the witness lose its copy of the log, and start again.
    pub(super) async fn without_copy(self) -> Self {
        let Self { parent, did, next, witness, theirs } = self;
        theirs.node.stop().await;
        let away = parent.path().join("away");
        drop_copy(&away, &did).unwrap();
        let theirs = Running::start(&away).await;
        assert!(theirs.node.logs().get(&did).is_none());
        Self { parent, did, next, witness, theirs }
    }

    pub(super) async fn until_published(&self, running: &Running) {
        let did = self.did;
        within_a_minute("the log is published and the witness has it", async || {
            let head = running.node.logs().get(&did).unwrap().tree().head();
            let theirs = self.theirs.node.logs().get(&did);
            phase(running) == Phase::Writing
                && newest(running, &did) == head
                && self.theirs.node.logs().is_whole(&did)
                && theirs.is_some_and(|theirs| theirs.tree().head() == head)
        })
        .await;
    }
}

pub(super) fn phase(running: &Running) -> Phase {
    running.node.institutions()[0].writer.phase()
}

fn newest(running: &Running, did: &Did) -> carnet_proto::log::merkle::TreeHead {
    running.node.logs().get(did).unwrap().view().newest().unwrap().head
}

pub(super) async fn issue(
    running: &Running,
    did: Did,
    prefix: &str,
) -> crate::test_support::Answer {
    running.post(ISSUE, CBOR, &order(did, prefix, 2).to_cbor()).await
}

#[tokio::test]
async fn an_old_backup_publishes_nothing_until_it_has_caught_up_and_its_witness_confirms() {
    let (pair, ours) = Pair::start().await;
    let did = pair.did;
    assert_eq!(issue(&ours, did, "first").await.status, 200);
    ours.node.stop().await;
    copy(&pair.path("home"), &pair.path("backup"));
    let ours = pair.run("home").await;
    pair.until_published(&ours).await;
    assert_eq!(issue(&ours, did, "second").await.status, 200);
    let set = json!({"record": "first-0", "status": "invalid"});
    assert_eq!(ours.post_json(STATUS, set).await.status, 200);
    assert_eq!(ours.post_json(PUBLISH, json!({})).await.status, 200);
    pair.until_published(&ours).await;
    let lost = ours.node.logs().get(&did).unwrap();
    ours.node.stop().await;

    // It wakes up and finds nobody: it states, but neither issues nor publishes.
    let restored = Running::start(&pair.path("backup")).await;
    let before = newest(&restored, &did);
    assert!(before.size < lost.size());
    let stated = restored.post(STATE, CBOR, &accreditation(77).to_cbor()).await;
    assert_eq!(stated.status, 200);
    assert_eq!(issue(&restored, did, "third").await.code(), "unconfirmed");
    assert_eq!(restored.post_json(PUBLISH, json!({})).await.code(), "unconfirmed");
    assert_eq!((phase(&restored), newest(&restored, &did)), (Phase::Waiting, before));
    assert_eq!(restored.get("/operator/v1/status").await.json()["phase"], "waiting");
    // Nor does it after another restart.
    restored.node.stop().await;
    let restored = pair.run("backup").await;
    pair.until_published(&restored).await;

    // What was lost is there again, and what was stated meanwhile stands on top.
    let replica = restored.node.logs().get(&did).unwrap();
    assert_eq!(replica.tree().root_at(lost.size()), Some(lost.tree().head().root));
    let held = replica.view().accreditations().next().unwrap();
    assert_eq!((held.2.subject, held.1.leaf.0), (accreditation(77).subject, lost.size().0));
    assert!(pair.theirs.node.logs().fork(&did).is_none());
    // Its register is older than that: nothing is taken back, and no index given out.
    assert_eq!(issue(&restored, did, "third").await.code(), "older-register");
    assert_eq!(restored.post_json(PUBLISH, json!({})).await.code(), "older-register");
    let token = replica.view().status.values().next().unwrap().list();
    let revoked = (0..token.len()).filter(|index| token.value(*index) == Some(1)).count();
    assert_eq!(revoked, 1);

    // The operator, who knows what happened, takes the lists over as they are; new ones are opened.
    let adopted = restored.post_json(ADOPT, json!({})).await;
    assert_eq!((adopted.status, &adopted.json()["lost_batches"]), (200, &json!(1)));
    assert_eq!(register(&restored).await.iter().filter(|r| r["state"] == "invalid").count(), 1);
    assert_eq!(issue(&restored, did, "third").await.status, 200);
    let records = register(&restored).await;
    let of_third = records.iter().filter(|r| r["row"].as_str().unwrap().starts_with("third"));
    assert!(of_third.map(|record| record["list"].as_u64().unwrap()).all(|list| list == 2));
    pair.until_published(&restored).await;
    restored.clock.step(3600);
    assert_eq!(restored.post_json(PUBLISH, json!({})).await.json()["lists"], 2);
    let replica = restored.node.logs().get(&did).unwrap();
    let token = replica.view().status[&format!("{did}/status/1")].list();
    assert_eq!((0..token.len()).filter(|index| token.value(*index) == Some(1)).count(), 1);
    restored.node.stop().await;
    pair.theirs.node.stop().await;
}

#[tokio::test]
async fn a_node_that_was_killed_goes_on_once_its_witness_has_confirmed() {
    let (pair, ours) = Pair::start().await;
    let did = pair.did;
    ours.node.stop().await;
    let ours = Running::start(&pair.path("home")).await;
    for number in 0..3 {
        let stated = ours.post(STATE, CBOR, &accreditation(number).to_cbor()).await;
        assert_eq!(stated.status, 200);
    }
    assert_eq!(phase(&ours), Phase::Waiting);
    pair.connect(&ours).await;
    pair.until_published(&ours).await;
    let replica = ours.node.logs().get(&did).unwrap();
    assert_eq!(replica.view().accreditations().count(), 3);
    ours.node.stop().await;
    pair.theirs.node.stop().await;
}

#[tokio::test]
async fn an_operator_may_publish_unconfirmed_and_the_log_then_shows_two_histories() {
    let (pair, ours) = Pair::start().await;
    let did = pair.did;
    ours.node.stop().await;
    copy(&pair.path("home"), &pair.path("copy"));
    let ours = pair.run("home").await;
    pair.until_published(&ours).await;
    let path = format!("{STATE}?wait=60");
    assert_eq!(ours.post(&path, CBOR, &accreditation(1).to_cbor()).await.json()["cosigned"], true);
    ours.node.stop().await;

    let options = NodeOptions { danger_publish_unconfirmed: true, ..NodeOptions::default() };
    let copy = Running::start_with(&pair.path("copy"), options).await;
    assert_eq!(phase(&copy), Phase::Writing);
    assert_eq!(copy.post(STATE, CBOR, &accreditation(2).to_cbor()).await.status, 200);
    copy.node.stop().await;

    // Without the flag it publishes nothing more: no witness goes along with it.
    let copy = pair.run("copy").await;
    let before = newest(&copy, &did);
    let sync = copy.node.sync();
    within_a_minute("the witness tells of the other history", async || {
        let fork =
            pair.theirs.node.logs().fork(&did).is_some() || copy.node.logs().fork(&did).is_some();
        fork || sync.own_log(did).await.unwrap().contradicted.0 > 0
    })
    .await;
    assert_eq!(copy.post(STATE, CBOR, &accreditation(3).to_cbor()).await.status, 200);
    assert_eq!(issue(&copy, did, "third").await.code(), "unconfirmed");
    assert_eq!((phase(&copy), newest(&copy, &did)), (Phase::Waiting, before));
    drop(sync);
    copy.node.stop().await;
    pair.theirs.node.stop().await;
}
