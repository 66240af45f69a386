use std::path::Path;

use carnet_proto::id::{Did, RootHash, TreeSize};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, MAX_NOTE_BYTES, Note, NoteKey};
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::log::proof::{ConsistencyProof, MAX_PROOF_HASHES};
use data_encoding::BASE64;
use futures::future::join_all;

use super::*;
use crate::config::{CONFIG_FILE, Config};
use crate::test_support::{Answer, ForeignLog, Running, config, make};

const PATH: &str = "/v1/witness/add-checkpoint";

/// A node whose operator listed a log.
async fn start(directory: &Path) -> (Running, Did) {
    let did = make(directory);
    let config = Config { witnessed: Vec::from([ForeignLog::new(1).listed()]), ..config() };
    std::fs::write(directory.join(CONFIG_FILE), config.to_toml()).unwrap();
    (Running::start(directory).await, did)
}

async fn submit(running: &Running, body: impl ToString) -> Answer {
    // Without a token, and with whatever type.
    running.send_as("", "POST", PATH, None, body.to_string().as_bytes()).await
}

/// Checks that an answer is the one cosignature of a note.
fn is_cosigned(running: &Running, did: &Did, note: &Note, answer: &Answer) {
    let text = std::str::from_utf8(&answer.body).unwrap();
    assert_eq!(answer.status, 200, "{text}");
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(text.lines().count(), 1);
    let keys = running.node.logs().get(did).unwrap().view().current_keys().unwrap().keys;
    let cosigned = Note::parse(&format!("{note}{text}")).unwrap();
    let times = cosigned.cosignature_times(&NoteKey::of_witness(did, keys.witness)).unwrap();
    assert_eq!(times.len(), 1);
}

fn is_size(answer: &Answer, size: u64) {
    assert_eq!((answer.status, answer.header("content-type")), (409, Some("text/x.tlog.size")));
    assert_eq!(answer.body, format!("{size}\n").as_bytes());
}

#[tokio::test]
async fn each_answer_is_that_of_the_specification() {
    let parent = tempfile::tempdir().unwrap();
    let (running, did) = start(&parent.path().join("node")).await;
    let log = ForeignLog::new(1);
    let answer = submit(&running, log.submission(0, 5)).await;
    is_cosigned(&running, &did, &log.note(5), &answer);
    is_size(&submit(&running, log.submission(0, 9)).await, 5);
    let unknown = ForeignLog { origin: "log.example/2027", ..ForeignLog::new(1) };
    let key = Seed::new([6; 32]).signing_key(Purpose::Checkpoint);
    let unsigned = ForeignLog { key, ..ForeignLog::new(1) };
    let hashes = format!("{}\n", BASE64.encode(&[7; 32])).repeat(MAX_PROOF_HASHES + 1);
    for (body, status, code) in [
        (String::new(), 400, "malformed"),
        (log.note(9).to_string(), 400, "malformed"),
        (format!("old 5\nx\n\n{}", log.note(9)), 400, "malformed"),
        (format!("old 5\n{hashes}\n{}", log.note(9)), 400, "malformed"),
        (log.submission(6, 5).to_string(), 400, "old-size"),
        (unsigned.submission(5, 9).to_string(), 403, "not-signed"),
        (unknown.submission(0, 5).to_string(), 404, "unknown-log"),
        (ForeignLog::new(2).submission(5, 5).to_string(), 422, "other-root"),
        (ForeignLog::new(2).submission(5, 9).to_string(), 422, "proof"),
        (format!("old 5\n\n{}", log.note(9)), 422, "proof"),
    ] {
        let answer = submit(&running, &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}");
    }
    let not_text = running.send_as("", "POST", PATH, None, b"old 5\n\n\xff").await;
    assert_eq!((not_text.status, not_text.code().as_str()), (400, "malformed"));
    assert_eq!(running.get(PATH).await.status, 405);
    let unable = ApiError::from(SubmissionError::Unable).into_response();
    assert_eq!(unable.status(), StatusCode::SERVICE_UNAVAILABLE);
    let answer = submit(&running, log.submission(5, 9)).await;
    is_cosigned(&running, &did, &log.note(9), &answer);
    running.node.stop().await;
}

#[tokio::test]
async fn what_was_cosigned_over_http_outlasts_a_restart() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let (running, did) = start(&directory).await;
    let log = ForeignLog::new(1);
    assert_eq!(submit(&running, log.submission(0, 7)).await.status, 200);
    running.node.stop().await;
    let running = Running::start(&directory).await;
    is_size(&submit(&running, log.submission(0, 3)).await, 7);
    assert_eq!(submit(&running, ForeignLog::new(2).submission(7, 7)).await.status, 422);
    let answer = submit(&running, log.submission(7, 9)).await;
    is_cosigned(&running, &did, &log.note(9), &answer);
    running.node.stop().await;
}

#[tokio::test]
async fn of_requests_at_once_one_is_cosigned_and_the_others_learn_its_size() {
    let parent = tempfile::tempdir().unwrap();
    let (running, _) = start(&parent.path().join("node")).await;
    let log = ForeignLog::new(1);
    let sizes: Vec<u64> = (1..=16).collect();
    let answers = join_all(sizes.iter().map(|size| submit(&running, log.submission(0, *size))));
    let answers = answers.await;
    let granted: Vec<_> =
        sizes.iter().zip(&answers).filter(|(_, answer)| answer.status == 200).collect();
    let [(size, _)] = granted.as_slice() else { panic!("{granted:?}") };
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        is_size(refused, **size);
    }
    running.node.stop().await;
}

/// Fills a note up with the signature of a stranger.
fn filled(note: &Note) -> Note {
    let line = format!("—  {}\n", BASE64.encode(&[1; 72]));
    let name = "x".repeat(MAX_NOTE_BYTES - note.to_string().len() - line.len());
    let filled = Note::parse(&format!("{note}{}", line.replace("  ", &format!(" {name} "))));
    filled.unwrap()
}

#[tokio::test]
async fn a_body_may_be_as_large_as_its_parts_and_no_larger() {
    let parent = tempfile::tempdir().unwrap();
    let (running, did) = start(&parent.path().join("node")).await;
    let log = ForeignLog::new(1);
    // The largest sizes, the longest proof and the largest note are read to the end.
    let head = TreeHead { size: TreeSize(u64::MAX), root: RootHash::new([1; 32]) };
    let note = Note::sign(&Checkpoint { origin: log.origin.into(), head }, &log.key);
    let proof = ConsistencyProof::new(vec![[7; 32]; MAX_PROOF_HASHES]).unwrap();
    let largest = AddCheckpoint::new(TreeSize(u64::MAX), proof, filled(&note)).unwrap().to_string();
    assert_eq!(largest.len(), MAX_ADD_CHECKPOINT_BYTES);
    is_size(&submit(&running, &largest).await, 0);
    let answer = submit(&running, largest + "\n").await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "too-large"));
    let note = filled(&log.note(5));
    let answer = submit(&running, format!("old 0\n\n{note}")).await;
    is_cosigned(&running, &did, &log.note(5), &answer);
    running.node.stop().await;
}

#[tokio::test]
async fn the_log_of_another_institution_is_cosigned_where_it_is_held() {
    let parent = tempfile::tempdir().unwrap();
    let (owner, copy) = (parent.path().join("owner"), parent.path().join("copy"));
    let (did, own) = (make(&owner), make(&copy));
    let owner = Running::start(&owner).await;
    let copy = Running::start(&copy).await;
    let note = owner.node.logs().notes(&did).unwrap().pop().unwrap();
    assert_eq!(submit(&copy, format!("old 0\n\n{note}")).await.status, 404);
    // An owner does not count for its own log.
    assert_eq!(submit(&owner, format!("old 0\n\n{note}")).await.status, 404);
    let entries = owner.node.logs().entries(&did, 0, 100, 1 << 20).unwrap();
    let size = entries.len();
    copy.node.logs().extend(&did, &entries, &note, None).unwrap();
    let tokens = owner.node.logs().status_tokens(&did).unwrap();
    copy.node.logs().set_status(&did, &tokens).unwrap();
    let mut answer = submit(&copy, format!("old 0\n\n{note}")).await;
    if answer.status == 409 {
        // It was cosigned as soon as it was there.
        is_size(&answer, size as u64);
        answer = submit(&copy, format!("old {size}\n\n{note}")).await;
    }
    is_cosigned(&copy, &own, &note, &answer);
    let shown = copy.get(&format!("/v1/witness/{}/checkpoint", hash(&did.to_string()))).await;
    let shown = Note::parse(std::str::from_utf8(&shown.body).unwrap()).unwrap();
    assert_eq!(shown.body(), note.body());
    let names: std::collections::BTreeSet<_> =
        shown.signatures().iter().map(|line| line.name.clone()).collect();
    assert_eq!(names, [did.to_string(), own.to_string()].into());
    copy.node.stop().await;
    owner.node.stop().await;
}

fn hash(origin: &str) -> String {
    HEXLOWER.encode(&carnet_proto::id::sha256(origin.as_bytes()))
}

#[tokio::test]
async fn a_monitor_reads_the_newest_checkpoint_that_was_cosigned() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let (running, did) = start(&directory).await;
    let log = ForeignLog::new(1);
    let path = format!("/v1/witness/{}/checkpoint", hash(log.origin));
    // Known, and not cosigned yet; unknown; no hash at all.
    let upper = path.replace(&hash(log.origin), &hash(log.origin).to_uppercase());
    let other = format!("/v1/witness/{}/checkpoint", hash("log.example/2027"));
    for path in [&path, &upper, &other, "/v1/witness/0/checkpoint"] {
        let answer = running.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "unknown-log"), "{path}");
    }
    assert_eq!(submit(&running, log.submission(0, 5)).await.status, 200);
    // With a line of a stranger, which is not passed on.
    let last = submit(
        &running,
        format!("old 5\n{}", {
            let text = log.submission(5, 9).to_string();
            let (_, rest) = text.split_once('\n').unwrap();
            rest.replace(&log.note(9).to_string(), &filled(&log.note(9)).to_string())
        }),
    );
    let last = last.await;
    assert_eq!(last.status, 200, "{}", String::from_utf8_lossy(&last.body));
    let expected = format!("{}{}", log.note(9), String::from_utf8(last.body).unwrap());
    let shown = running.get(&path).await;
    assert_eq!((shown.status, shown.header("content-type")), (200, Some(TEXT)));
    assert_eq!(String::from_utf8(shown.body).unwrap(), expected);
    running.node.stop().await;

    let running = Running::start(&directory).await;
    assert_eq!(running.get(&path).await.body, expected.as_bytes());
    // Its own log is cosigned by nobody here.
    let own = format!("/v1/witness/{}/checkpoint", hash(&did.to_string()));
    assert_eq!(running.get(&own).await.status, 404);
    running.node.stop().await;
}

#[tokio::test]
async fn a_checkpoint_submitted_again_gets_the_same_line_and_nothing_is_written() {
    let parent = tempfile::tempdir().unwrap();
    let (running, _) = start(&parent.path().join("node")).await;
    let log = ForeignLog::new(1);
    let first = submit(&running, log.submission(0, 5)).await.body;
    let commits = async || {
        let text = String::from_utf8(running.get("/metrics").await.body).unwrap();
        let counted = "carnet_store_commit_seconds_count{store=\"logs\"} ";
        text.lines().find_map(|line| line.strip_prefix(counted)).unwrap().to_owned()
    };
    let before = commits().await;
    for _ in 0..20 {
        assert_eq!(submit(&running, log.submission(5, 5)).await.body, first);
    }
    assert_eq!(commits().await, before);
    // Later it is cosigned anew.
    running.clock.step(crate::witness::REPEAT_SECONDS);
    let renewed = submit(&running, log.submission(5, 5)).await;
    assert!(renewed.status == 200 && renewed.body != first);
    running.node.stop().await;
}
