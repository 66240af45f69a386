use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};

use carnet_proto::cbor::{Decode as _, Encode as _, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::AlwaysShown;
use carnet_proto::id::{Did, Digest, LeafIndex};
use carnet_proto::issuing::{CredentialFile, IssuedBatch};
use carnet_proto::statement::Body;
use carnet_proto::status::Status;
use serde_json::json;

use super::*;
use crate::desk::batch::NO_ISSUANCE;
use crate::test_support::{Running, accreditation, config, make, order, profile};

mod backup;
mod clock;
mod damage;
mod documents;
mod keys;
mod leased;
mod peers;
mod register;

const CBOR: &str = "application/cbor";
const ISSUE: &str = "/operator/v1/issue";
const CHILD: &str = "CARNET_TEST_ISSUING_CHILD";

async fn register(running: &Running) -> Vec<serde_json::Value> {
    let answer = running.get("/operator/v1/register").await;
    assert_eq!(answer.status, 200);
    answer.json()["records"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_node_that_was_stopped_starts_again_as_the_same_and_goes_on() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let peer = running.node.peer_id();
    let institution = Arc::clone(&running.node.institutions()[0]);
    assert_eq!(institution.did, did);
    let first = institution.writer.state(accreditation(1).into()).await.unwrap();
    assert_eq!((first.leaf.0, first.size.0), (3, 5));
    drop(institution);
    let root = running.node.logs().get(&did).unwrap().tree().head();
    running.node.stop().await;

    let checked = check(&directory, false).unwrap();
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    assert_eq!((checked.logs[0].did, checked.logs[0].size), (did, 5));

    let running = Running::start(&directory).await;
    assert_eq!(running.node.peer_id(), peer);
    assert_eq!(running.node.logs().get(&did).unwrap().tree().head(), root);
    let second = running.node.institutions()[0].writer.state(accreditation(2).into()).await;
    assert_eq!(second.unwrap().leaf.0, 5);
    running.node.stop().await;
}

#[tokio::test]
async fn every_credential_of_a_class_is_anchored_and_has_a_valid_status() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let answer = running.post(ISSUE, CBOR, &order(did, "class", 25).to_cbor()).await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    let batch = IssuedBatch::from_cbor(&answer.body).unwrap();
    assert_eq!(batch.rows.len(), 25);

    let replica = running.node.logs().get(&did).unwrap();
    let (leaf, issuance) = replica.view().issuances.get(&batch.issuance).unwrap();
    assert_eq!(*leaf, LeafIndex(3));
    let Body::Issuance(issuance) = issuance.body() else { panic!("not an issuance") };
    assert!(replica.is_in_order().is_ok());
    let records = register(&running).await;
    let mut places = BTreeSet::new();
    for (number, row) in batch.rows.iter().enumerate() {
        assert_eq!(row.row.as_str(), format!("class-{number}"));
        let file = CredentialFile::open(&row.file.0).unwrap();
        let credential = SdCwt::parse(&file.sd_cwt.0, Mode::Strict).unwrap();
        assert!(credential.is_signed_by(&replica.view().keys[0].keys.credential));
        let shown = AlwaysShown::read(credential.payload().unwrap()).unwrap();
        assert_eq!(shown.issuer, Some(did));
        assert_eq!(file.anchor.root(&credential.digest()), Some(issuance.root));
        let record = records.iter().find(|r| r["row"] == row.row.as_str()).unwrap();
        let (list, index) = (record["list"].as_u64().unwrap(), record["index"].as_u64().unwrap());
        let token = &replica.view().status[&format!("{did}/status/{list}")];
        assert_eq!(token.list().value(index), Some(Status::Valid as u8));
        assert!(places.insert((list, index)));
    }
    running.node.stop().await;
}

#[tokio::test]
async fn bad_rows_are_all_told_and_nothing_is_issued() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let issued = running.post(ISSUE, CBOR, &order(did, "first", 3).to_cbor()).await;
    assert_eq!(issued.status, 200);
    let before = (running.node.logs().get(&did).unwrap().tree().head(), register(&running).await);

    let mut bad = order(did, "bad", 7);
    bad.rows[1].row = crate::test_support::line("first-2");
    bad.rows[2].row = bad.rows[0].row.clone();
    bad.rows[3].key_request =
        order(Did::of_inception(b"other"), "x", 1).rows[0].key_request.clone();
    bad.rows[4].key_request = bad.rows[0].key_request.clone();
    bad.rows[5].person.birth_date = None;
    bad.rows[6].expires_at = carnet_proto::time::UnixSeconds(1);
    for query in ["", "?dry_run=true"] {
        let answer = running.post(&format!("{ISSUE}{query}"), CBOR, &bad.to_cbor()).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "rows"));
        let rows = answer.json()["rows"].as_array().unwrap().clone();
        let told = rows.iter().map(|r| (r["row"].as_u64().unwrap(), r["field"].as_str().unwrap()));
        let expected = [
            (1, "row"),
            (2, "row"),
            (3, "key_request"),
            (4, "key_request"),
            (5, "birth_date"),
            (6, "expires_at"),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
        assert!(rows[0]["message"].as_str().unwrap().contains("first-2"));
    }
    let good = order(did, "dry", 2).to_cbor();
    let dry = running.post(&format!("{ISSUE}?dry_run=true"), CBOR, &good).await;
    let dry = IssuedBatch::from_cbor(&dry.body).unwrap();
    assert_eq!((dry.issuance, dry.rows.len()), (NO_ISSUANCE, 0));

    let after = (running.node.logs().get(&did).unwrap().tree().head(), register(&running).await);
    assert_eq!(before, after);
    running.node.stop().await;
}

#[tokio::test]
async fn a_revocation_shows_in_the_lists_published_next() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let nothing = running.post_json("/operator/v1/status-lists/publish", json!({})).await;
    assert_eq!((nothing.status, nothing.json()["lists"].as_u64()), (200, Some(0)));
    running.post(ISSUE, CBOR, &order(did, "class", 2).to_cbor()).await;
    let record = register(&running).await[0].clone();
    let (row, index) = (record["row"].as_str().unwrap(), record["index"].as_u64().unwrap());
    let value = || {
        let replica = running.node.logs().get(&did).unwrap();
        let status = replica.view().status.values().next().unwrap().list().value(index);
        (status.unwrap(), replica.view().standing.as_ref().unwrap().status_lists.root)
    };
    let before = value();
    let set = async |record: &str, status: &str| {
        let body = json!({"record": record, "status": status});
        running.post_json("/operator/v1/credentials/status", body).await
    };
    let suspended = set(row, "suspended").await;
    assert_eq!(suspended.json(), json!({"record": row, "before": "valid", "after": "suspended"}));
    assert_eq!(value(), before);
    let published = running.post_json("/operator/v1/status-lists/publish", json!({})).await;
    assert_eq!(published.json()["lists"], 1);
    assert_eq!(value().0, Status::Suspended as u8);
    assert_ne!(value().1, before.1);
    assert!(running.node.logs().get(&did).unwrap().is_in_order().is_ok());

    // By the credential's own identifier, and for good.
    let credential = record["credential"].as_str().unwrap();
    assert_eq!(set(credential, "invalid").await.json()["before"], "suspended");
    assert_eq!(set(credential, "valid").await.code(), "final");
    assert_eq!(set("nobody", "invalid").await.code(), "unknown-record");
    // The schedule publishes once the lists are an hour old.
    running.clock.step(3600);
    let deadline = Instant::now() + Duration::from_secs(30);
    while value().0 != Status::Invalid as u8 {
        assert!(Instant::now() < deadline, "the schedule did not publish");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Later statements keep the lists in the standing.
    running.node.institutions()[0].writer.state(accreditation(1).into()).await.unwrap();
    assert!(running.node.logs().get(&did).unwrap().is_in_order().is_ok());
    running.node.stop().await;
}

#[tokio::test]
async fn operators_are_told_apart_from_strangers() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let path = "/operator/v1/status";
    let missing = running.send_as("", "GET", path, None, b"").await;
    assert_eq!((missing.status, missing.code().as_str()), (401, "token-missing"));
    assert!(missing.head.to_lowercase().contains("www-authenticate: bearer"));
    let wrong = running.send_as("wrong", "GET", path, None, b"").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (403, "token-wrong"));
    assert_eq!(running.get(&format!("{path}?as={did}")).await.json()["did"], did.to_string());
    let other = Did::of_inception(b"other");
    assert_eq!(running.get(&format!("{path}?as={other}")).await.status, 403);
    // Before anything of the body is looked at.
    let issue = running.send_as("wrong", "POST", ISSUE, Some(CBOR), b"noise").await;
    assert_eq!(issue.status, 403);
    running.node.stop().await;
}

#[tokio::test]
async fn wrong_input_is_refused_with_a_reason() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    let large = vec![0; crate::http::MAX_BODY_BYTES + 1];
    let statement = "/operator/v1/statements/accreditation";
    let unknown = Did::of_inception(b"unknown");
    let log = format!("/v1/logs/{did}");
    for (answer, status, code) in [
        (running.post(ISSUE, CBOR, &large).await, 413, "too-large"),
        (running.post(ISSUE, CBOR, b"\xff").await, 400, "malformed"),
        (running.post(ISSUE, "text/plain", b"").await, 415, "media-type"),
        (running.post(statement, CBOR, b"\xa0").await, 400, "malformed"),
        (running.post("/operator/v1/statements/standing", CBOR, b"").await, 404, "unknown-kind"),
        (running.post("/operator/v1/follows", "application/json", b"{").await, 400, "malformed"),
        (running.get("/nothing").await, 404, "not-found"),
        (running.post("/v1/node", CBOR, b"").await, 405, "method"),
        (running.get("/v1/logs/did:carnet:x").await, 400, "did"),
        (running.get(&format!("/v1/logs/{unknown}")).await, 404, "unknown-log"),
        (running.get(&format!("{log}/entries?limit=1025")).await, 400, "limit"),
        (running.get(&format!("{log}/entries?from=99")).await, 400, "range"),
        (running.get(&format!("{log}/entries?from=x")).await, 400, "query"),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
    }
    running.node.stop().await;
}

#[tokio::test]
async fn statements_that_would_not_count_are_refused() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    make(&directory);
    let running = Running::start(&directory).await;
    let path = |kind: &str| format!("/operator/v1/statements/{kind}");
    let body = accreditation(1).to_cbor();
    let stated = running.post(&path("accreditation"), CBOR, &body).await;
    assert_eq!(stated.status, 200);
    let digest = Digest::from_hex(stated.json()["digest"].as_str().unwrap()).unwrap();
    let again = running.post(&path("accreditation"), CBOR, &body).await;
    assert_eq!((again.status, again.code().as_str()), (409, "cannot-count"));
    let withdrawal = |target| carnet_proto::statement::accreditation::Withdrawal {
        target,
        effective: carnet_proto::time::UnixSeconds(7),
        reason: carnet_proto::statement::accreditation::WithdrawalReason::Ceased,
        retroactive: false,
    };
    let withdraw =
        async |target| running.post(&path("withdrawal"), CBOR, &withdrawal(target).to_cbor()).await;
    assert_eq!(withdraw(Digest::of(b"nothing")).await.status, 409);
    assert_eq!(withdraw(digest).await.status, 200);
    assert_eq!(withdraw(digest).await.status, 409);
    let ratification = carnet_proto::statement::agreement::Ratification {
        agreement: Digest::of(b"unknown"),
        party: profile().country,
        role: profile().role,
        since: carnet_proto::time::UnixSeconds(7),
    };
    let ratify = running.post(&path("ratification"), CBOR, &ratification.to_cbor()).await;
    assert!(ratify.json()["message"].as_str().unwrap().contains("follow"), "{ratify:?}");
    let wait = format!("{}?wait=1", path("profile"));
    let waited = running.post(&wait, CBOR, &profile().to_cbor()).await;
    assert_eq!(waited.json()["cosigned"], false);
    running.node.stop().await;
}

#[tokio::test]
async fn anyone_reads_the_logs() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let running = Running::start(&directory).await;
    running.post(ISSUE, CBOR, &order(did, "class", 1).to_cbor()).await;
    let get = async |path: &str| running.send_as("", "GET", path, None, b"").await;
    assert_eq!(get("/health").await.json(), json!({"status": "ok"}));
    assert_eq!(get("/v1/node").await.json()["institutions"], json!([did.to_string()]));
    let logs = get("/v1/logs").await.json();
    assert_eq!(logs["logs"][0]["name"], "Institute of Welding");
    assert_eq!(logs["logs"][0]["checkpoint_size"], 5);
    let log = format!("/v1/logs/{did}");
    assert_eq!(get(&log).await.json()["in_order"], true);
    let entries = get(&format!("{log}/entries?from=1&limit=3")).await.body;
    let mut d = carnet_proto::cbor::Decoder::new(&entries, Mode::Strict);
    let entries: Vec<carnet_proto::cbor::Bytes> = d.list(9).unwrap();
    assert_eq!(entries.len(), 3);
    let kinds = get(&format!("{log}/statements")).await.json();
    let kinds: Vec<_> = kinds.as_array().unwrap().iter().map(|s| s["kind"].clone()).collect();
    assert_eq!(kinds, ["inception", "profile", "standing", "issuance", "standing"]);
    let note = String::from_utf8(get(&format!("{log}/checkpoint")).await.body).unwrap();
    assert!(note.starts_with(&format!("{did}\n5\n")));
    assert!(get(&format!("{log}/checkpoints")).await.body.starts_with(b"\x82"));
    assert!(get(&format!("{log}/status")).await.body.starts_with(b"\x81"));
    let resolved = get(&format!("/1.0/identifiers/{did}")).await.json();
    assert_eq!(resolved["didDocument"]["id"], did.to_string());
    assert_eq!(resolved["didDocument"]["verificationMethod"].as_array().unwrap().len(), 6);
    let missing = get(&format!("/1.0/identifiers/{}", Did::of_inception(b"x"))).await;
    assert_eq!(missing.json()["didResolutionMetadata"]["error"], "notFound");
    let described = get("/openapi.json").await.json();
    for path in [
        "/v1/logs/{did}/entries",
        "/v1/witness/add-checkpoint",
        "/operator/v1/issue",
        "/1.0/identifiers/{did}",
    ] {
        assert!(described["paths"][path].is_object(), "{path}");
    }
    running.node.stop().await;
}

#[tokio::test]
async fn follows_outlast_a_restart() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    make(&directory);
    let running = Running::start(&directory).await;
    let (a, b) = (Did::of_inception(b"a"), Did::of_inception(b"b"));
    for did in [a, b] {
        let body = json!({"did": did.to_string(), "addresses": ["/ip4/192.0.2.7/tcp/7879"]});
        assert_eq!(running.post_json("/operator/v1/follows", body).await.status, 200);
    }
    let gone = running.send("DELETE", &format!("/operator/v1/follows?did={a}"), None, b"").await;
    assert_eq!(gone.json()["follows"], json!([b.to_string()]));
    running.node.stop().await;
    let running = Running::start(&directory).await;
    let follows = running.get("/operator/v1/follows").await.json();
    assert_eq!(follows["follows"], json!([b.to_string()]));
    assert_eq!(running.node.logs().follows()[&b].addresses.len(), 1);
    running.node.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    make(&directory);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = taken.local_addr().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock);
    let start =
        |config| Node::start(config, &directory, Arc::clone(&clock), NodeOptions::default());
    let refused = start(Config { http, ..config() }).await.unwrap_err();
    assert!(refused.to_string().contains(&http.to_string()), "{refused}");
    let listen = Vec::from([format!("/ip4/127.0.0.1/tcp/{}", http.port()).parse().unwrap()]);
    let refused = start(Config { listen, ..config() }).await.unwrap_err();
    assert!(refused.to_string().contains(&http.port().to_string()), "{refused}");
    // Whatever was started was stopped again.
    start(config()).await.unwrap().stop().await;
}

#[tokio::test]
async fn the_profile_names_the_node_once() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock);
    let address: Multiaddr = "/dns4/node.example/tcp/7879".parse().unwrap();
    let mut sizes = Vec::new();
    for _ in 0..2 {
        let announce = Announce::Addresses(Vec::from([address.clone()]));
        let config = Config { announce, ..config() };
        let options = NodeOptions::default();
        let node = Node::start(config, &directory, Arc::clone(&clock), options).await.unwrap();
        let replica = node.logs().get(&did).unwrap();
        let ProfileView::Known(profile) = &replica.view().profile else { panic!("no profile") };
        assert_eq!(profile.nodes[0].peer.as_str(), node.peer_id().to_string());
        assert_eq!(profile.nodes[0].addresses[0].as_str(), address.to_string());
        sizes.push(replica.size().0);
        node.stop().await;
    }
    assert_eq!(sizes, [5, 5]);
}

#[tokio::test]
async fn a_node_without_a_log_serves_its_operator() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let options = crate::institution::InitOptions { profile: None, config: config() };
    let rng = &mut getrandom::rand_core::UnwrapErr(getrandom::SysRng);
    crate::institution::init(&directory, options, rng).unwrap();
    let running = Running::start(&directory).await;
    assert_eq!(running.get("/operator/v1/status").await.json()["did"], json!(null));
    let refused = running.post(ISSUE, CBOR, b"").await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "no-institution"));
    running.node.stop().await;
}

/// Issues for ever, telling what was acknowledged; ended by its parent.
async fn issue_for_ever(directory: &Path) {
    let config = Config::load(directory).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock);
    let node = Node::start(config, directory, clock, NodeOptions::default()).await.unwrap();
    let institution = Arc::clone(&node.institutions()[0]);
    let from = node.logs().get(&institution.did).unwrap().size().0;
    for number in from.. {
        let prefix = format!("n{number}");
        let batch = institution.desk.issue(order(institution.did, &prefix, 3)).await.unwrap();
        let stated = institution.writer.state(accreditation(number).into()).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nissued {} {prefix} {}", batch.issuance, stated.digest).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_during_issuing() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    if let Some(directory) = std::env::var_os(CHILD) {
        runtime().block_on(issue_for_ever(Path::new(&directory)));
    }
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let did = make(&directory);
    let name = std::thread::current().name().unwrap().to_owned();
    let mut acknowledged: Vec<[String; 3]> = Vec::new();
    for round in 0..3usize {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name, "--nocapture"])
            .env(CHILD, &directory)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut issued = lines.map_while(Result::ok).filter_map(|line| {
            let parts: Vec<_> =
                line.strip_prefix("issued ")?.split(' ').map(String::from).collect();
            parts.try_into().ok()
        });
        acknowledged.extend(issued.by_ref().take(3 + 2 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(issued);
        assert!(acknowledged.len() >= 3, "the child ended by itself");

        let checked = check(&directory, false).unwrap();
        assert!(checked.problems.is_empty(), "{:?}", checked.problems);
        assert!(checked.records >= acknowledged.len() * 3);
        runtime().block_on(async {
            let running = Running::start(&directory).await;
            let replica = running.node.logs().get(&did).unwrap();
            // The tree is that of the entries, and the last of them is published.
            let size = usize::try_from(replica.size().0).unwrap();
            let entries = running.node.logs().entries(&did, 0, size, usize::MAX).unwrap();
            let leaves = entries.iter().map(|entry| carnet_proto::log::merkle::leaf_hash(entry));
            let head = carnet_proto::log::merkle::Tree::from_leaves(leaves).head();
            assert_eq!(replica.view().newest().unwrap().head, head);
            assert!(replica.is_in_order().is_ok() && replica.ignored().is_empty());
            let records = register(&running).await;
            for [issuance, prefix, accreditation] in &acknowledged {
                let issuance = Digest::from_hex(issuance).unwrap();
                assert!(replica.view().issuances.get(&issuance).is_some());
                let accreditation = Digest::from_hex(accreditation).unwrap();
                assert!(replica.view().statements.contains_key(&accreditation));
                for row in 0..3 {
                    let row = format!("{prefix}-{row}");
                    assert!(records.iter().any(|record| record["row"] == row.as_str()), "{row}");
                }
            }
            // No row stands without the others of its order.
            assert_eq!(records.len() % 3, 0);
            running.node.stop().await;
        });
    }
}
