//! Nodes that keep their data in PostgreSQL.

use std::net::SocketAddr;
use std::path::Path;

use carnet_proto::key::Seed;
use carnet_proto::log::merkle::TreeHead;
use tokio::sync::oneshot;

use super::keys::read_by_verifier;
use super::*;
use crate::clock::SystemClock;
use crate::config::{CONFIG_FILE, StoreConfig};
use crate::institution::TOKEN_FILE;
use crate::logs::LogsError;
use crate::store::StoreError;
use crate::store::postgres::cluster::Cluster;
use crate::test_support::{Answer, exchange, make_with_next, within_a_minute};
use crate::writer::WriterError;

/// A lease that does not run out in a test.
const LONG: u64 = 3600;

/// Makes a node whose data is in a schema of its own.
async fn made(cluster: &Cluster, directory: &Path, lease_seconds: u64) -> Did {
    let did = make(directory);
    let settings = cluster.settings(&cluster.schema(), lease_seconds);
    let moved = moved(directory, StoreConfig::Postgres(settings)).await.unwrap();
    assert_eq!(moved.stores.len(), 2);
    did
}

async fn moved(directory: &Path, to: StoreConfig) -> Result<MigrateReport, MigrateError> {
    let directory = directory.to_owned();
    let moving = move || migrate(&directory, to, &mut |_, _| {});
    tokio::task::spawn_blocking(moving).await.unwrap()
}

fn problem(error: &MigrateError) -> Option<StoreProblem> {
    match error {
        MigrateError::Start(error) => error.store_problem(),
        _ => None,
    }
}

/// Copies the directory of a node without its data, as for a second machine.
fn copy_of(directory: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for found in std::fs::read_dir(directory).unwrap() {
        let path = found.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
    std::fs::write(to.join("node.seed"), "07".repeat(32)).unwrap();
}

/// A node that is run as `carnet node run` does.
pub(super) struct Served {
    http: SocketAddr,
    token: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), StartError>>,
}

impl Served {
    pub(super) async fn start(directory: &Path) -> Self {
        let config = Config::load(directory).unwrap();
        let token = std::fs::read_to_string(directory.join(TOKEN_FILE)).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (started, mut starts) = tokio::sync::mpsc::channel(16);
        let directory = directory.to_owned();
        let task = tokio::spawn(async move {
            let clock = Arc::new(SystemClock);
            let stopped = async {
                let _ = stopped.await;
            };
            let started = |node: &Node| {
                let _ = started.try_send(node.http_addr());
            };
            serve(config, &directory, clock, NodeOptions::default(), stopped, started).await
        });
        let http = starts.recv().await.expect("it starts");
        Self { http, token: token.trim().to_owned(), stop, task }
    }

    pub(super) async fn stop(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap().unwrap();
    }

    pub(super) async fn send(&self, method: &str, path: &str, body: &[u8]) -> Option<Answer> {
        let headers = format!("authorization: Bearer {}\r\ncontent-type: {CBOR}\r\n", self.token);
        exchange(self.http, method, path, &headers, body).await
    }

    pub(super) async fn state(&self, number: u64) -> Option<Answer> {
        let body = accreditation(number).to_cbor();
        self.send("POST", "/operator/v1/statements/accreditation", &body).await
    }

    /// States something as soon as this node writes.
    pub(super) async fn state_once_it_writes(&self, number: u64) -> Answer {
        loop {
            match self.state(number).await {
                Some(answer) if answer.status == 200 => return answer,
                Some(answer) => assert_eq!(answer.status, 503, "{}", answer.json()),
                // It is starting again.
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn status(&self) -> serde_json::Value {
        loop {
            if let Some(answer) = self.send("GET", "/operator/v1/status", b"").await {
                return answer.json();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn size(&self, did: &Did) -> Option<u64> {
        let status = self.status().await;
        let logs = status["logs"].as_array().unwrap();
        let log = logs.iter().find(|log| log["did"] == did.to_string())?;
        log["size"].as_u64()
    }
}

async fn head(running: &Running, did: &Did) -> TreeHead {
    running.node.logs().get(did).unwrap().tree().head()
}

#[tokio::test]
async fn a_node_moves_to_a_database_and_back_and_its_log_goes_on() {
    let Some(cluster) = Cluster::shared() else { return };
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let issued = running.post(ISSUE, CBOR, &order(did, "class", 3).to_cbor()).await;
    assert_eq!(issued.status, 200);
    let (before, records) = (head(&running, &did).await, register(&running).await);
    let settings = StoreConfig::Postgres(cluster.settings(&cluster.schema(), LONG));
    let refused = moved(&directory, settings.clone()).await.unwrap_err();
    assert_eq!(problem(&refused), Some(StoreProblem::Locked), "{refused}");
    running.node.stop().await;

    let report = moved(&directory, settings.clone()).await.unwrap();
    assert_eq!(report.check.logs[0].size, before.size.0);
    assert_eq!(report.check.records, 3);
    assert!(matches!(moved(&directory, settings).await, Err(MigrateError::Same)));
    let running = Running::start(&directory).await;
    assert_eq!((head(&running, &did).await, register(&running).await), (before, records));
    let status = running.get("/operator/v1/status").await.json();
    assert!(status["database"].as_str().unwrap().contains("schema test_"), "{status}");
    assert!(status["disk_bytes"].as_u64().unwrap() > 0);
    let issued = running.post(ISSUE, CBOR, &order(did, "next", 3).to_cbor()).await;
    assert_eq!(issued.status, 200);
    let (before, records) = (head(&running, &did).await, register(&running).await);
    assert_eq!(records.len(), 6);
    running.node.stop().await;
    assert!(check(&directory, false).unwrap().problems.is_empty());

    // What was left behind is not opened again: the log would have two histories.
    let config = std::fs::read_to_string(directory.join(CONFIG_FILE)).unwrap();
    let old = Config { store: StoreConfig::Sled, ..Config::load(&directory).unwrap() };
    std::fs::write(directory.join(CONFIG_FILE), old.to_toml()).unwrap();
    let refused = check(&directory, false).unwrap_err();
    assert!(matches!(refused, StartError::Store(StoreError::Moved { .. })), "{refused}");
    std::fs::write(directory.join(CONFIG_FILE), config).unwrap();
    let refused = moved(&directory, StoreConfig::Sled).await.unwrap_err();
    assert_eq!(problem(&refused), Some(StoreProblem::Moved), "{refused}");
    for name in [STORE_DIRECTORY, REGISTER_DIRECTORY] {
        std::fs::rename(directory.join(name), parent.path().join(name)).unwrap();
    }
    moved(&directory, StoreConfig::Sled).await.unwrap();
    let running = Running::start(&directory).await;
    assert_eq!((head(&running, &did).await, register(&running).await), (before, records));
    running.node.stop().await;
}

#[tokio::test]
async fn a_second_node_serves_what_is_read_and_takes_over_when_the_first_stops() {
    let Some(cluster) = Cluster::shared() else { return };
    let parent = tempfile::tempdir().unwrap();
    let directories = ["a", "b"].map(|name| parent.path().join(name));
    let did = made(&cluster, &directories[0], LONG).await;
    copy_of(&directories[0], &directories[1]);
    let first = Served::start(&directories[0]).await;
    let second = Served::start(&directories[1]).await;

    let stated = first.state(1).await.unwrap();
    assert_eq!(stated.status, 200, "{}", stated.json());
    let size = stated.json()["size"].as_u64().unwrap();
    while second.size(&did).await != Some(size) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let of_first = first.send("GET", &format!("/v1/logs/{did}/checkpoint"), b"").await.unwrap();
    let of_second = second.send("GET", &format!("/v1/logs/{did}/checkpoint"), b"").await.unwrap();
    assert_eq!(of_first.status, 200);
    assert_eq!(of_second.status, 200);

    // What a verifier reads from either belongs together, whatever is being issued.
    for class in ["first", "second", "third"] {
        let order = order(did, class, 2).to_cbor();
        assert_eq!(first.send("POST", ISSUE, &order).await.unwrap().status, 200);
        let newest = first.send("GET", &format!("/v1/logs/{did}/checkpoint"), b"").await.unwrap();
        within_a_minute("the second node has it", async || {
            // It may read in the middle of a change.
            let Ok(seen) = read_by_verifier(second.http, did).await else { return false };
            let note = seen.view().newest().unwrap().note.to_string();
            note.as_bytes() == newest.body
        })
        .await;
    }
    let size = first.size(&did).await.unwrap();

    // It says who writes, wherever one tries to write.
    let peer = first.status().await;
    assert!(peer["standby_for"].is_null());
    let holder = second.status().await["standby_for"].as_str().unwrap().to_owned();
    let refused = second.state(2).await.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (503, "standby"));
    assert!(refused.json()["message"].as_str().unwrap().contains(&holder), "{}", refused.json());
    assert!(holder.starts_with("12D3KooW"), "{holder}");

    first.stop().await;
    let stated = second.state_once_it_writes(3).await.json();
    assert_eq!(stated["size"].as_u64().unwrap(), size + 2, "behind what the first wrote");
    assert!(second.status().await["standby_for"].is_null());
    // Back again, it is its turn to stand by.
    let first = Served::start(&directories[0]).await;
    assert!(first.status().await["standby_for"].is_string());
    assert_eq!(first.size(&did).await, Some(size + 2));
    first.stop().await;
    second.stop().await;
    assert!(check(&directories[1], false).unwrap().problems.is_empty());
}

#[tokio::test]
async fn a_node_that_was_paused_past_its_lease_states_nothing_and_the_log_has_one_history() {
    let Some(cluster) = Cluster::shared() else { return };
    let parent = tempfile::tempdir().unwrap();
    let directories = ["a", "b"].map(|name| parent.path().join(name));
    let did = made(&cluster, &directories[0], 1).await;
    copy_of(&directories[0], &directories[1]);
    let paused = Running::start(&directories[0]).await;
    let institution = Arc::clone(&paused.node.institutions()[0]);
    let before = institution.writer.state(accreditation(1).into()).await.unwrap();
    paused.node.database.as_ref().unwrap().pause();

    let second = Served::start(&directories[1]).await;
    let stated = second.state_once_it_writes(2).await.json();
    assert_eq!(stated["size"].as_u64().unwrap(), before.size.0 + 2);
    // It wakes up, and knows of nothing.
    let refused = institution.writer.state(accreditation(3).into()).await.unwrap_err();
    let WriterError::Commit(cause) = &refused else { panic!("{refused}") };
    let WriterError::Logs(LogsError::Store(StoreError::NotWriter { holder })) = &**cause else {
        panic!("{cause}")
    };
    assert!(holder.as_ref().unwrap().starts_with("12D3KooW"));
    let body = accreditation(4).to_cbor();
    let answer = paused.post("/operator/v1/statements/accreditation", CBOR, &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "standby"));
    let record = paused.post(ISSUE, CBOR, &order(did, "paused", 1).to_cbor()).await;
    assert_eq!(record.status, 503, "nor does its register take anything");
    drop(institution);
    paused.node.stop().await;

    let stated = second.state_once_it_writes(5).await.json();
    assert_eq!(stated["size"].as_u64().unwrap(), before.size.0 + 4);
    second.stop().await;
    let report = check(&directories[1], false).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.logs[0].size, before.size.0 + 4);
    assert_eq!(report.logs[0].ignored, 0);
}

#[tokio::test]
async fn a_node_that_loses_the_lease_while_it_runs_stands_by_and_takes_over_again() {
    let Some(cluster) = Cluster::shared() else { return };
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    make(&directory);
    let schema = cluster.schema();
    let settings = cluster.settings(&schema, 1);
    moved(&directory, StoreConfig::Postgres(settings)).await.unwrap();
    let node = Served::start(&directory).await;
    node.state_once_it_writes(1).await;
    cluster.sql(&format!(
        "UPDATE {schema}.lease SET token = token + 1, nonce = 'x', holder = 'somebody else', \
         expires = clock_timestamp() + interval '1 hour'"
    ));
    while node.status().await["standby_for"] != "somebody else" {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    cluster.sql(&format!("UPDATE {schema}.lease SET nonce = NULL, expires = '-infinity'"));
    node.state_once_it_writes(2).await;
    node.stop().await;
}

/// Waits until a node says that it is ready, or for which reason it is not.
async fn until_ready(node: &Served, reason: Option<&str>) {
    within_a_minute("the node notices", async || {
        let Some(answer) = node.send("GET", "/ready", b"").await else { return false };
        let reasons = answer.json()["reasons"].clone();
        match reason {
            None => answer.status == 200,
            Some(code) => answer.status == 503 && reasons[0]["code"] == code,
        }
    })
    .await;
}

#[tokio::test]
async fn a_node_is_not_ready_while_its_database_is_away_and_goes_on_when_it_is_back() {
    let Some(cluster) = Cluster::start_new() else { return };
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = made(&cluster, &directory, LONG).await;
    let node = Served::start(&directory).await;
    node.state_once_it_writes(1).await;
    until_ready(&node, None).await;
    cluster.stop();
    // Nothing is asked of it meanwhile.
    until_ready(&node, Some("store-unreachable")).await;
    let metrics = node.send("GET", "/metrics", b"").await.unwrap();
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(metrics.contains("carnet_warnings{id=\"store-unreachable\"} 1"), "{metrics}");
    let warning = node.status().await["warnings"][0].clone();
    assert_eq!(warning["id"], "store-unreachable");
    assert!(warning["about"]["store"].as_str().unwrap().contains("schema test_"), "{warning}");
    assert!(!warning["about"]["cause"].as_str().unwrap().is_empty());

    let refused = node.state(2).await.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (503, "store-unreachable"));
    let read = node.send("GET", &format!("/v1/logs/{did}/checkpoint"), b"").await.unwrap();
    assert_eq!(read.status, 200, "what was read is served meanwhile");
    cluster.start();
    until_ready(&node, None).await;
    assert_eq!(node.send("GET", "/ready", b"").await.unwrap().json()["reasons"], json!([]));
    let stated = node.state_once_it_writes(3).await.json();
    assert_eq!(stated["leaf"].as_u64().unwrap(), 5, "behind the first, and nothing in between");
    node.stop().await;
}

#[tokio::test]
async fn a_database_that_answers_nothing_is_as_good_as_gone() {
    let Some(cluster) = Cluster::start_new() else { return };
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    made(&cluster, &directory, 1).await;
    let node = Served::start(&directory).await;
    node.state_once_it_writes(1).await;
    let frozen = cluster.freeze();
    // The first order waits for an answer until it is known that there will be none.
    let refused = node.state(2).await.unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (503, "store-unreachable"));
    until_ready(&node, Some("store-unreachable")).await;
    drop(frozen);
    until_ready(&node, None).await;
    let stated = node.state_once_it_writes(3).await.json();
    // The second may have been on its way when nobody answered any more.
    assert!((5..=7).contains(&stated["leaf"].as_u64().unwrap()), "{stated}");
    node.stop().await;
    assert!(check(&directory, false).unwrap().problems.is_empty());
}

#[tokio::test]
async fn keys_are_replaced_by_whoever_holds_the_lease_and_by_nobody_else() {
    let Some(cluster) = Cluster::shared() else { return };
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let (did, next) = make_with_next(&directory);
    let settings = cluster.settings(&cluster.schema(), LONG);
    moved(&directory, StoreConfig::Postgres(settings)).await.unwrap();
    let node = Served::start(&directory).await;
    node.state_once_it_writes(1).await;
    let RotateError::Start(refused) = Offline::open(&directory, None).unwrap_err() else {
        panic!("not as at a start")
    };
    assert_eq!(refused.store_problem(), Some(StoreProblem::Leased), "{refused}");
    node.stop().await;

    let offline = Offline::open(&directory, None).unwrap();
    let plan = offline.plan(next.clone(), &Repudiation::default()).unwrap();
    let rotated = offline.rotate(plan, &Seed::new([9; 32]), SystemClock.now()).unwrap();
    assert_eq!(rotated.did, did);
    let node = Served::start(&directory).await;
    let stated = node.state_once_it_writes(2).await.json();
    assert!(stated["leaf"].as_u64().unwrap() > rotated.leaf.0);
    node.stop().await;
    assert!(check(&directory, false).unwrap().problems.is_empty());
}
