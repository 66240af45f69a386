use std::collections::BTreeSet;

use carnet_proto::log::checkpoint::NoteKey;
use carnet_proto::statement::identity::Inception;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;

use super::*;
use crate::store::memory::{Fault, MemoryDisk, MemoryStore};
use crate::test_support::{accreditation, within_a_minute};

fn open(disk: &MemoryDisk) -> Arc<Logs> {
    Arc::new(Logs::open(Arc::new(MemoryStore::open(disk).unwrap())).unwrap())
}

/// A disk with an own log of inception and standing, not published yet.
fn begun() -> (MemoryDisk, Did, Seed) {
    let disk = MemoryStore::new().disk();
    let seed = Seed::generate(&mut UnwrapErr(SysRng));
    let key = seed.signing_key(Purpose::Statement);
    let next = Seed::new([2; 32]).public_key_set().commitment();
    let inception = Inception { keys: seed.public_key_set(), next };
    let inception = Statement::incept(inception, &key);
    let did = *inception.issuer();
    let standing = Replica::new(inception.entry()).unwrap().derive_standing(empty_head());
    let standing = Statement::sign(&did, standing, &key).unwrap();
    open(&disk).begin_own(&[inception, standing]).unwrap();
    (disk, did, seed)
}

fn is_published(logs: &Logs, did: &Did, seed: &Seed) {
    let replica = logs.get(did).unwrap();
    let newest = replica.view().newest().unwrap();
    assert_eq!(newest.head, replica.tree().head());
    let key = NoteKey::of_log(did, seed.public_key_set().checkpoint);
    assert_eq!(newest.note.verify(&key), Ok(()));
    assert_eq!(replica.is_in_order(), Ok(()));
    assert!(replica.ignored().is_empty());
}

#[tokio::test]
async fn what_was_committed_before_a_crash_is_published_at_the_start() {
    let (disk, did, seed) = begun();
    let logs = open(&disk);
    assert!(logs.get(&did).unwrap().view().newest().is_none());
    let writer = Writer::start(Arc::clone(&logs), did, seed.clone(), true).unwrap();
    is_published(&logs, &did, &seed);
    writer.stop().await;
    let other = Writer::start(open(&disk), did, Seed::new([9; 32]), true);
    assert!(matches!(other, Err(WriterError::WrongSeed(_))));
}

#[tokio::test]
async fn requests_at_the_same_time_share_commits() {
    const REQUESTS: u64 = 200;
    let (disk, did, seed) = begun();
    let logs = open(&disk);
    let writer = Writer::start(Arc::clone(&logs), did, seed.clone(), true).unwrap();
    let requests = (0..REQUESTS).map(|number| {
        let handle = writer.handle();
        tokio::spawn(async move { handle.state(accreditation(number).into()).await.unwrap() })
    });
    let requests: Vec<_> = requests.collect();
    let mut leaves = BTreeSet::new();
    for request in requests {
        let appended = request.await.unwrap();
        assert!(appended.leaf.is_in(appended.size) && leaves.insert(appended.leaf));
        let replica = logs.get(&did).unwrap();
        assert_eq!(replica.view().statements.get(&appended.digest).unwrap().leaf, appended.leaf);
        assert!(replica.view().checkpoints.contains_key(&appended.size));
    }
    is_published(&logs, &did, &seed);
    let commits = logs.get(&did).unwrap().size().0 - 2 - REQUESTS;
    assert!((1..REQUESTS / 2).contains(&commits), "{commits} commits for {REQUESTS} requests");
    writer.stop().await;
    let stopped = writer_handle_after_stop(&logs, did, seed).await;
    assert!(matches!(stopped, WriterError::Stopped));
}

async fn writer_handle_after_stop(logs: &Arc<Logs>, did: Did, seed: Seed) -> WriterError {
    let writer = Writer::start(Arc::clone(logs), did, seed, true).unwrap();
    let handle = writer.handle();
    writer.stop().await;
    handle.state(accreditation(9999).into()).await.unwrap_err()
}

#[tokio::test]
async fn of_several_statements_all_are_made_or_none() {
    let (disk, did, seed) = begun();
    let logs = open(&disk);
    let writer = Writer::start(Arc::clone(&logs), did, seed.clone(), true).unwrap();
    let before = logs.get(&did).unwrap().tree().head();
    let twice = Vec::from([accreditation(1).into(), accreditation(1).into()]);
    let refused = writer.handle().append(twice, None).await;
    assert!(matches!(refused, Err(WriterError::CannotCount(CannotCount::Known(_)))));
    assert_eq!(logs.get(&did).unwrap().tree().head(), before);
    let both = Vec::from([accreditation(1).into(), accreditation(2).into()]);
    let places = writer.handle().append(both, None).await.unwrap();
    assert_eq!(places.iter().map(|place| place.leaf.0).collect::<Vec<_>>(), [2, 3]);
    let tokens = writer.handle().append(Vec::new(), Some(Vec::from([b"noise".to_vec()]))).await;
    assert!(tokens.is_err());
    is_published(&logs, &did, &seed);
    writer.stop().await;
}

/// Of what was shown, only the newest checkpoint may not be on disk: the next start signs it again.
#[tokio::test]
async fn checkpoints_that_were_shown_outlast_a_crash() {
    let (disk, did, seed) = begun();
    let logs = open(&disk);
    let writer = Writer::start(Arc::clone(&logs), did, seed.clone(), true).unwrap();
    for number in 0..3 {
        writer.handle().state(accreditation(number).into()).await.unwrap();
    }
    let shown = logs.notes(&did).unwrap();
    assert_eq!(shown.len(), 4);
    let again = open(&disk);
    let stored = again.notes(&did).unwrap();
    assert!(stored.len() >= 3 && shown.starts_with(&stored));
    let other = Writer::start(Arc::clone(&again), did, seed.clone(), true).unwrap();
    assert_eq!(again.notes(&did).unwrap(), shown);
    other.stop().await;
    // Who stops in order leaves nothing to do.
    writer.stop().await;
    assert_eq!(open(&disk).notes(&did).unwrap(), shown);
}

/// Whoever reads the same database sees it without another request.
#[tokio::test]
async fn a_checkpoint_is_on_disk_after_a_moment_of_quiet() {
    let (disk, did, seed) = begun();
    let logs = open(&disk);
    let writer = Writer::start(Arc::clone(&logs), did, seed, true).unwrap();
    writer.handle().state(accreditation(1).into()).await.unwrap();
    let shown = logs.notes(&did).unwrap();
    within_a_minute("it is saved", async || open(&disk).notes(&did).unwrap() == shown).await;
    writer.stop().await;
}

/// A disk that fails at any write of an append, in either way, leaves all of it or nothing, and no
/// size is ever signed with two roots.
#[tokio::test]
async fn a_failing_disk_leaves_nothing_half() {
    for fault in [Fault::NotWritten, Fault::Unacknowledged] {
        for successes in 0..2 {
            let (disk, did, seed) = begun();
            let logs = open(&disk);
            let writer = Writer::start(Arc::clone(&logs), did, seed.clone(), true).unwrap();
            disk.fail_after(successes, fault);
            for number in 0..successes as u64 {
                writer.handle().state(accreditation(10 + number).into()).await.unwrap();
            }
            let both = Vec::from([accreditation(1).into(), accreditation(2).into()]);
            let failed = writer.handle().append(both, None).await;
            assert!(matches!(failed, Err(WriterError::Commit(_))), "{failed:?}");
            let mut signed: Vec<_> = logs.notes(&did).unwrap();
            assert!(signed.len() > successes);
            disk.heal();

            // The same process goes on, and so does the next.
            writer.handle().state(accreditation(3).into()).await.unwrap();
            writer.stop().await;
            is_published(&logs, &did, &seed);
            let again = open(&disk);
            let writer = Writer::start(Arc::clone(&again), did, seed.clone(), true).unwrap();
            writer.handle().state(accreditation(4).into()).await.unwrap();
            writer.stop().await;
            is_published(&again, &did, &seed);
            let replica = again.get(&did).unwrap();
            let subjects: BTreeSet<_> = replica
                .view()
                .accreditations()
                .map(|(_, _, a)| a.name.as_str().to_owned())
                .collect();
            let is_there = |number: u64| subjects.contains(&format!("Body {number}"));
            assert_eq!(is_there(1), is_there(2));
            assert!(is_there(3) && is_there(4));
            signed.extend(again.notes(&did).unwrap());
            for note in signed {
                let head = note.checkpoint().unwrap().head;
                assert_eq!(replica.tree().root_at(head.size), Some(head.root));
                assert!(replica.view().checkpoints.contains_key(&head.size));
            }
        }
    }
}
