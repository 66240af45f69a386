//! Keys that are replaced, an institution that is restored, and one that is succeeded.

use std::net::SocketAddr;

use carnet_proto::cbor::Decoder;
use carnet_proto::key::Seed;
use carnet_proto::ledger::{Replica, ReplicaError};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::statement::identity::Succession;
use carnet_proto::statement::standing::State;
use carnet_proto::time::UnixSeconds;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;

use super::backup::{Pair, issue, phase};
use super::peers::copy;
use super::*;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::institution::{
    DID_FILE, InstitutionError, NEW_SEED_FILE, Restoring, SEED_FILE, restore,
};
use crate::logs::WholeLog;
use crate::test_support::{exchange, make_with_next, within_a_minute};
use crate::writer::Phase;

const STATE: &str = "/operator/v1/statements/accreditation";
const SUCCEED: &str = "/operator/v1/statements/succession";
const STATUS: &str = "/operator/v1/credentials/status";
const PUBLISH: &str = "/operator/v1/status-lists/publish";
const ADOPT: &str = "/operator/v1/status-lists/adopt";
const ENTRY: &str = "/operator/v1/status-lists/entry";

fn now() -> UnixSeconds {
    SystemClock.now()
}

fn seed(byte: u8) -> Seed {
    Seed::new([byte; 32])
}

fn rotate(directory: &Path, revealed: &Seed, next: &Seed, wish: &Repudiation) -> Rotated {
    let offline = Offline::open(directory, None).unwrap();
    let plan = offline.plan(revealed.clone(), wish).unwrap();
    offline.rotate(plan, next, now()).unwrap()
}

#[tokio::test]
async fn keys_are_replaced_twice_and_the_institution_goes_on_under_its_name() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let (did, next) = make_with_next(&directory);
    let running = Running::start(&directory).await;
    assert_eq!(issue(&running, did, "first").await.status, 200);
    let set = json!({"record": "first-0", "status": "invalid"});
    assert_eq!(running.post_json(STATUS, set).await.status, 200);
    assert_eq!(running.post_json(PUBLISH, json!({})).await.status, 200);
    running.node.stop().await;

    // Not with words of other keys, nor with those in force.
    let offline = Offline::open(&directory, Some(&did)).unwrap();
    let refused = offline.plan(seed(7), &Repudiation::default());
    assert!(matches!(refused, Err(RotateError::NotTheNext)));
    drop(offline);
    rotate(&directory, &next, &seed(3), &Repudiation::default());
    let offline = Offline::open(&directory, None).unwrap();
    let refused = offline.plan(next, &Repudiation::default());
    assert!(matches!(refused, Err(RotateError::InForce)));
    drop(offline);
    let second = rotate(&directory, &seed(3), &seed(4), &Repudiation::default());
    assert_eq!(second.lists, 1);
    assert!(!directory.join(NEW_SEED_FILE).exists());

    let running = Running::start(&directory).await;
    assert_eq!(issue(&running, did, "second").await.status, 200);
    let replica = running.node.logs().get(&did).unwrap();
    let view = replica.view();
    assert_eq!((view.keys.len(), view.keys[2].keys), (3, seed(3).public_key_set()));
    assert_eq!(view.newest().unwrap().head, replica.tree().head());
    assert!(replica.ignored().is_empty() && replica.is_in_order().is_ok());
    let token = &view.status[&format!("{did}/status/1")];
    assert!(token.is_signed_by(&view.keys[2].keys.status));
    let list = token.list();
    assert_eq!((0..list.len()).filter(|index| list.value(*index) == Some(1)).count(), 1);
    running.node.stop().await;
}

/// Reads a log over HTTP as a verifier does: what the newest checkpoint covers, and the status lists.
pub(super) async fn read_by_verifier(node: SocketAddr, did: Did) -> Result<Replica, ReplicaError> {
    let get = async |part: &str| {
        let path = format!("/v1/logs/{did}/{part}");
        exchange(node, "GET", &path, "", b"").await.unwrap().body
    };
    let note = Note::parse(&String::from_utf8(get("checkpoint").await).unwrap()).unwrap();
    let size = note.checkpoint().unwrap().head.size;
    let list = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let mut d = Decoder::new(bytes, Mode::Strict);
        d.array(|d, count| (0..count).map(|_| Ok(d.bytes()?.to_vec())).collect()).unwrap()
    };
    let entries = list(&get(&format!("entries?limit={size}")).await);
    let mut replica = Replica::new(&entries[0])?;
    replica.extend(&entries[1..], &note, None)?;
    replica.set_status(&list(&get("status").await))?;
    replica.is_in_order().map(|()| replica)
}

#[tokio::test]
async fn while_a_rotation_waits_others_see_the_lists_that_their_checkpoint_covers() {
    let (pair, ours) = Pair::start().await;
    let did = pair.did;
    assert_eq!(issue(&ours, did, "first").await.status, 200);
    pair.until_published(&ours).await;
    let published = read_by_verifier(ours.node.http_addr(), did).await.unwrap();
    ours.node.stop().await;
    // Also if the keys are replaced twice before anybody hears of it.
    let home = pair.path("home");
    rotate(&home, &pair.next, &seed(3), &Repudiation::default());
    rotate(&home, &seed(3), &seed(4), &Repudiation::default());
    let token = |replica: &Replica| replica.view().status[&format!("{did}/status/1")].clone();
    for _ in 0..2 {
        let waiting = Running::start(&home).await;
        assert_eq!(phase(&waiting), Phase::Waiting);
        let seen = read_by_verifier(waiting.node.http_addr(), did).await.unwrap();
        assert_eq!(seen.tree().head(), published.tree().head());
        assert_eq!(token(&seen).digest(), token(&published).digest());
        waiting.node.stop().await;
    }

    // A witness that lost its copy gets what it needs to confirm.
    let pair = pair.without_copy().await;
    let ours = pair.run("home").await;
    pair.until_published(&ours).await;
    let seen = read_by_verifier(ours.node.http_addr(), did).await.unwrap();
    assert_eq!(seen.view().keys.len(), 3);
    assert!(token(&seen).is_signed_by(&seen.view().keys[2].keys.status));
    let head = seen.tree().head();
    assert_eq!(ours.node.logs().get(&did).unwrap().tree().head(), head);
    ours.node.stop().await;
    pair.theirs.node.stop().await;
}

#[tokio::test]
async fn a_rotation_that_was_interrupted_is_finished_or_cleared_away_at_the_next_start() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let (did, next) = make_with_next(&directory);
    let (old, new) = (directory.join(SEED_FILE), directory.join(NEW_SEED_FILE));
    let before = std::fs::read(&old).unwrap();
    // Stopped before the commit.
    let hex = data_encoding::HEXLOWER.encode(next.expose());
    std::fs::write(&new, hex + "\n").unwrap();
    let running = Running::start(&directory).await;
    assert!(!new.exists() && std::fs::read(&old).unwrap() == before);
    running.node.stop().await;
    // Stopped right after it.
    rotate(&directory, &next, &seed(3), &Repudiation::default());
    std::fs::rename(&old, &new).unwrap();
    std::fs::write(&old, &before).unwrap();
    let running = Running::start(&directory).await;
    assert!(!new.exists() && std::fs::read(&old).unwrap() != before);
    assert_eq!(issue(&running, did, "class").await.status, 200);
    running.node.stop().await;
}

#[tokio::test]
async fn after_a_theft_the_rotation_stands_on_what_the_witnesses_hold_and_makes_it_void() {
    let (pair, ours) = Pair::start().await;
    let did = pair.did;
    assert_eq!(issue(&ours, did, "first").await.status, 200);
    pair.until_published(&ours).await;
    let size = ours.node.logs().get(&did).unwrap().size();
    ours.node.stop().await;
    copy(&pair.path("home"), &pair.path("thief"));
    let thief = pair.run("thief").await;
    pair.until_published(&thief).await;
    assert_eq!(thief.post(STATE, CBOR, &accreditation(66).to_cbor()).await.status, 200);
    assert_eq!(issue(&thief, did, "forged").await.status, 200);
    pair.until_published(&thief).await;
    thief.node.stop().await;

    // Replaced where nothing of the theft is known but its time.
    let home = pair.path("home");
    let wish = Repudiation { from: Some(LeafIndex(size.0)), ..Repudiation::default() };
    rotate(&home, &pair.next, &seed(3), &wish);
    let ours = pair.run("home").await;
    pair.until_published(&ours).await;
    let replica = pair.theirs.node.logs().get(&did).unwrap();
    let forged = replica.view().accreditations().next().unwrap();
    assert_eq!((forged.1.leaf, forged.1.state), (LeafIndex(size.0), State::Void));
    assert_eq!(replica.view().keys.len(), 2);
    assert!(replica.view().keys[1].from > forged.1.leaf);
    // The register knows every batch that counts.
    assert_eq!(issue(&ours, did, "second").await.status, 200);
    pair.until_published(&ours).await;
    assert!(pair.theirs.node.logs().fork(&did).is_none());
    ours.node.stop().await;

    // The thief's copy learns of it, and can say nothing more.
    let thief = pair.run("thief").await;
    let logs = thief.node.logs();
    within_a_minute("the copy catches up", async || {
        logs.is_whole(&did)
            && logs.is_set_aside(&did)
            && logs.get(&did).unwrap().view().keys.len() == 2
    })
    .await;
    let refused = thief.post(STATE, CBOR, &accreditation(67).to_cbor()).await;
    assert_eq!((refused.code().as_str(), phase(&thief)), ("catching-up", Phase::CatchingUp));
    thief.node.stop().await;
    pair.theirs.node.stop().await;
}

#[tokio::test]
async fn what_is_void_and_what_is_kept_is_told_before() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let (did, next) = make_with_next(&directory);
    let running = Running::start(&directory).await;
    let stated = running.post(STATE, CBOR, &accreditation(1).to_cbor()).await.json();
    let from = LeafIndex(stated["leaf"].as_u64().unwrap());
    assert_eq!(issue(&running, did, "class").await.status, 200);
    running.node.stop().await;
    let offline = Offline::open(&directory, None).unwrap();
    let plan = |keep: Vec<Digest>, keep_known_batches| {
        let wish = Repudiation { from: Some(from), keep, keep_known_batches };
        offline.plan(next.clone(), &wish)
    };
    let kinds = |affected: &[Affected]| affected.iter().map(|a| a.kind).collect::<Vec<_>>();
    let known = plan(Vec::new(), true).unwrap();
    assert_eq!(kinds(&known.void), ["accreditation"]);
    assert_eq!(kinds(&known.kept), ["issuance"]);
    let none = plan(Vec::new(), false).unwrap();
    assert_eq!(kinds(&none.void), ["accreditation", "issuance"]);
    let named = plan(Vec::from([none.void[0].digest]), true).unwrap();
    assert_eq!((kinds(&named.void), named.kept.len()), (Vec::new(), 2));
    let unknown = plan(Vec::from([Digest::new([9; 32])]), true);
    assert!(matches!(unknown, Err(RotateError::NotThere(_))));
    offline.rotate(known, &seed(3), now()).unwrap();
    let running = Running::start(&directory).await;
    let replica = running.node.logs().get(&did).unwrap();
    let held = replica.view().accreditations().next().unwrap().1;
    assert_eq!(held.state, State::Void);
    let (digest, (leaf, _)) = replica.view().issuances.stated().unwrap().iter().next().unwrap();
    assert!(!replica.view().is_void(*leaf, digest));
    running.node.stop().await;
}

#[tokio::test]
async fn an_institution_that_lost_its_disk_is_restored_from_its_words_and_a_copy() {
    let (pair, ours) = Pair::start().await;
    let did = pair.did;
    assert_eq!(issue(&ours, did, "first").await.status, 200);
    let set = json!({"record": "first-0", "status": "invalid"});
    assert_eq!(ours.post_json(STATUS, set).await.status, 200);
    assert_eq!(ours.post_json(PUBLISH, json!({})).await.status, 200);
    pair.until_published(&ours).await;
    ours.node.stop().await;
    std::fs::remove_dir_all(pair.path("home")).unwrap();

    let logs = pair.theirs.node.logs();
    let log = WholeLog {
        entries: logs.entries(&did, 0, usize::MAX, usize::MAX).unwrap(),
        notes: logs.notes(&did).unwrap(),
        status: logs.status_tokens(&did).unwrap(),
    };
    let again = |revealed: &Seed, log: &WholeLog| {
        let rng = &mut UnwrapErr(SysRng);
        let next = &seed(3);
        let restoring =
            Restoring { log, revealed, next, config: config(), backup: None, now: now() };
        restore(&pair.path("again"), restoring, rng)
    };
    assert!(matches!(again(&seed(9), &log), Err(RotateError::NotTheNext)));
    let mut cut = log.clone();
    cut.entries.pop();
    assert!(again(&pair.next, &cut).is_err());
    assert!(!pair.path("again").exists());
    let restored = again(&pair.next, &log).unwrap();
    assert_eq!((restored.did, restored.adopted.lists, restored.adopted.lost_batches), (did, 1, 1));

    let ours = pair.run("again").await;
    pair.until_published(&ours).await;
    assert_eq!(issue(&ours, did, "first").await.status, 200);
    let records = register(&ours).await;
    assert!(records.iter().all(|record| record["list"] == 2));
    pair.until_published(&ours).await;
    let replica = pair.theirs.node.logs().get(&did).unwrap();
    let list = replica.view().status[&format!("{did}/status/1")].list();
    assert_eq!((0..list.len()).filter(|index| list.value(*index) == Some(1)).count(), 1);
    assert!(Config::load(&pair.path("again")).is_ok());
    ours.node.stop().await;
    pair.theirs.node.stop().await;
}

#[tokio::test]
async fn with_an_old_backup_its_register_is_taken_over_and_its_log_is_not() {
    let (pair, ours) = Pair::start().await;
    let did = pair.did;
    assert_eq!(issue(&ours, did, "first").await.status, 200);
    pair.until_published(&ours).await;
    let whole = || {
        let logs = pair.theirs.node.logs();
        WholeLog {
            entries: logs.entries(&did, 0, usize::MAX, usize::MAX).unwrap(),
            notes: logs.notes(&did).unwrap(),
            status: logs.status_tokens(&did).unwrap(),
        }
    };
    let older = whole();
    ours.node.stop().await;
    let (home, old) = (pair.path("home"), pair.path("old"));
    copy(&home, &old);
    let ours = pair.run("home").await;
    pair.until_published(&ours).await;
    assert_eq!(issue(&ours, did, "second").await.status, 200);
    let set = json!({"record": "first-0", "status": "invalid"});
    assert_eq!(ours.post_json(STATUS, set).await.status, 200);
    assert_eq!(ours.post_json(PUBLISH, json!({})).await.status, 200);
    pair.until_published(&ours).await;
    ours.node.stop().await;

    let again = |name: &str, log: &WholeLog, backup: &Path| {
        let (revealed, next) = (&pair.next, &seed(3));
        let restoring =
            Restoring { log, revealed, next, config: config(), backup: Some(backup), now: now() };
        restore(&pair.path(name), restoring, &mut UnwrapErr(SysRng))
    };
    // What had been published is never left out: others have seen it.
    let refused = again("again", &older, &home).unwrap_err();
    assert!(matches!(refused, RotateError::BackupNewer { .. }), "{refused}");
    let refused = again("again", &whole(), &pair.path("away")).unwrap_err();
    let RotateError::Institution(InstitutionError::OtherInstitution { .. }) = refused else {
        panic!("{refused}")
    };
    assert!(again("again", &whole(), &pair.path("nowhere")).is_err());
    assert!(!pair.path("again").exists());
    let before = std::fs::read(old.join("register/db")).unwrap();
    let restored = again("again", &whole(), &old).unwrap();
    assert_eq!((restored.adopted.lost_batches, restored.adopted.records), (1, 1));
    assert_eq!(std::fs::read(old.join("register/db")).unwrap(), before, "it is only read");
    assert_eq!(std::fs::read(old.join(DID_FILE)).unwrap(), format!("{did}\n").into_bytes());

    // Who was revoked since the backup stays revoked, and the others are revoked by their names.
    let ours = pair.run("again").await;
    pair.until_published(&ours).await;
    let states: Vec<_> = register(&ours).await.iter().map(|r| r["state"].clone()).collect();
    assert_eq!(states.iter().filter(|state| **state == "invalid").count(), 1, "{states:?}");
    assert_eq!(states.len(), 2, "{states:?}");
    let set = json!({"record": "first-1", "status": "invalid"});
    assert_eq!(ours.post_json(STATUS, set).await.status, 200);
    assert_eq!(ours.post_json(PUBLISH, json!({})).await.status, 200);
    assert_eq!(issue(&ours, did, "first").await.code(), "rows", "a row is issued once");
    assert_eq!(issue(&ours, did, "third").await.status, 200);
    pair.until_published(&ours).await;
    let replica = pair.theirs.node.logs().get(&did).unwrap();
    let list = replica.view().status[&format!("{did}/status/1")].list();
    assert_eq!((0..list.len()).filter(|index| list.value(*index) == Some(1)).count(), 2);
    assert!(register(&ours).await.iter().filter(|r| r["list"] == 2).count() == 2);
    assert!(pair.theirs.node.logs().fork(&did).is_none());
    ours.node.stop().await;
    pair.theirs.node.stop().await;
}

#[tokio::test]
async fn a_closed_institution_is_succeeded_by_one_that_continues_its_lists() {
    let (pair, ours) = Pair::start().await;
    let (did, successor) = (pair.did, pair.theirs.node.institutions()[0].did);
    assert_eq!(issue(&ours, did, "class").await.status, 200);
    let records = register(&ours).await;
    pair.until_published(&ours).await;
    let early = pair.theirs.post_json(ADOPT, json!({"institution": did.to_string()})).await;
    assert_eq!(early.code(), "not-successor");
    let body = Succession { institution: did, closed: now(), successor: Some(successor) };
    assert_eq!(ours.post(SUCCEED, CBOR, &body.to_cbor()).await.status, 200);
    assert_eq!(issue(&ours, did, "late").await.code(), "cannot-count");
    pair.until_published(&ours).await;
    ours.node.stop().await;
    // Whoever has closed starts all the same, and goes on with its lists.
    let ours = pair.run("home").await;
    pair.until_published(&ours).await;
    assert_eq!(ours.post_json(PUBLISH, json!({})).await.status, 200);
    pair.until_published(&ours).await;
    ours.node.stop().await;

    let theirs = &pair.theirs;
    let adopted = theirs.post_json(ADOPT, json!({"institution": did.to_string()})).await;
    assert_eq!((adopted.status, &adopted.json()["lists"]), (200, &json!(1)), "{adopted:?}");
    let uri = format!("{did}/status/1");
    let index = records[0]["index"].as_u64().unwrap();
    let change = |status: &str| json!({"list": uri, "index": index, "status": status});
    let changed = theirs.post_json(ENTRY, change("invalid")).await;
    assert_eq!((changed.status, &changed.json()["before"]), (200, &json!("valid")));
    assert_eq!(theirs.post_json(ENTRY, change("valid")).await.code(), "final");
    // Its own classes do not touch them.
    assert_eq!(issue(theirs, successor, "own").await.status, 200);
    assert_eq!(theirs.post_json(PUBLISH, json!({})).await.json()["lists"], 2);
    let replica = theirs.node.logs().get(&successor).unwrap();
    assert!(replica.is_in_order().is_ok() && replica.ignored().is_empty());
    let token = &replica.view().status[&uri];
    assert!(token.is_signed_by(&replica.view().current_keys().unwrap().keys.status));
    assert_eq!(token.list().value(index), Some(1));
    let other = format!("{successor}/status/1");
    assert!(replica.view().status.contains_key(&other));
    pair.theirs.node.stop().await;
}
