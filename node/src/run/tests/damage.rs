//! Files that do not hold what was written, and disks that are full.

use std::path::Path;

use super::leased::Served;
use super::*;
use crate::logs::LogsError;
use crate::store::StoreError;
use crate::store::sled::{SledOptions, SledStore};

/// Changes a byte in each page of a file, but for its beginning.
fn flip(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    for byte in bytes.iter_mut().step_by(4096).skip(4) {
        *byte ^= 0x55;
    }
    std::fs::write(path, bytes).unwrap();
}

/// Makes a node with an own log, and a copy of another's in its store.
async fn with_a_copy(directory: &Path, other: &Path) -> (Did, Did) {
    let (own, copied) = (make(directory), make(other));
    let from = SledStore::open(&other.join(STORE_DIRECTORY), &SledOptions::default()).unwrap();
    let to = SledStore::open(&directory.join(STORE_DIRECTORY), &SledOptions::default()).unwrap();
    let from = Logs::open(Arc::new(from)).unwrap();
    let to = Logs::open(Arc::new(to)).unwrap();
    let note = from.notes(&copied).unwrap().pop().unwrap();
    to.extend(&copied, &from.entries(&copied, 0, 9, usize::MAX).unwrap(), &note, None).unwrap();
    (own, copied)
}

#[tokio::test]
async fn a_damaged_database_is_named_set_aside_and_what_checks_out_is_kept() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let (own, copied) = with_a_copy(&directory, &parent.path().join("other")).await;
    let running = Running::start(&directory).await;
    for number in 0..30 {
        running.node.institutions()[0].writer.state(accreditation(number).into()).await.unwrap();
    }
    running.node.stop().await;
    let db = directory.join(STORE_DIRECTORY).join("db");
    flip(&db);

    let config = Config::load(&directory).unwrap();
    let clock = Arc::new(crate::clock::SystemClock);
    let started = Node::start(config, &directory, clock, NodeOptions::default()).await;
    let refused = started.expect_err("it starts from a part of its log");
    assert_eq!(refused.store_problem(), Some(StoreProblem::Damaged));
    assert!(refused.to_string().contains(&db.display().to_string()), "{refused}");
    assert!(check(&directory, false).is_err(), "a check alone changes nothing");
    assert!(!parent.path().join("node").join("store.damaged-1").exists());

    let report = check(&directory, true).unwrap();
    let set_aside = directory.join("store.damaged-1");
    assert_eq!(report.set_aside.as_deref(), Some(set_aside.as_path()));
    assert!(set_aside.join("db").exists());
    assert!(!report.salvaged.contains(&own), "what comes last is missing");
    let own_text = own.to_string();
    let problem = report.problems.iter().find(|problem| problem.contains("restore it from"));
    assert!(problem.unwrap().contains(&own_text), "{:?}", report.problems);
    let started = Node::start(
        Config::load(&directory).unwrap(),
        &directory,
        Arc::new(crate::clock::SystemClock),
        NodeOptions::default(),
    );
    assert!(matches!(started.await, Err(StartError::NoLog(did)) if did == own));
    // Whatever is kept of others checks out.
    for log in &report.logs {
        assert_eq!(log.did, copied);
    }
    let again = check(&directory, true).unwrap();
    assert_eq!(again.set_aside, None);
}

#[test]
fn an_own_log_is_kept_if_nothing_behind_it_is_missing() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let own = make(&directory);
    let store = directory.join(STORE_DIRECTORY);
    // The sum says that something is gone; the own log, and the end, are not.
    SledStore::open(&store, &SledOptions::default()).unwrap().forget_one_entry();
    assert!(matches!(check(&directory, false), Err(StartError::Store(StoreError::Corrupt { .. }))));
    let report = check(&directory, true).unwrap();
    assert_eq!(report.salvaged, [own]);
    assert!(report.problems.iter().all(|problem| problem.contains("cosigned")));
    assert!(report.logs[0].in_order && report.logs[0].own);
    assert!(check(&directory, false).unwrap().problems.is_empty());
}

#[test]
fn a_damaged_register_is_named_and_the_logs_are_checked_all_the_same() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    let own = make(&directory);
    let register = directory.join(REGISTER_DIRECTORY);
    drop(SledStore::open(&register, &SledOptions::default()).unwrap());
    std::fs::write(register.join("carnet-sequence"), "00000000000000000099\n").unwrap();
    let report = check(&directory, true).unwrap();
    assert_eq!(report.logs[0].did, own);
    assert!(report.problems[0].contains("put back the backup"), "{:?}", report.problems);
    assert!(report.problems[0].contains("batch 1 and had 99"), "{:?}", report.problems);
}

/// A file system of a few MiB; `None` without the right to mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(mebibytes: u32) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let size = format!("size={mebibytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path());
        let mounted = mount.stderr(Stdio::null()).status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(directory));
        }
        println!("left out: a disk that is full takes the right to mount one");
        None
    }

    /// Takes all space that is left.
    fn fill(&self) -> std::path::PathBuf {
        let path = self.0.path().join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        for size in [64 * 1024, 4096] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_nothing_acknowledged_is_lost_and_it_goes_on_once_there_is_space() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let directory = disk.0.path().join("node");
    let did = make(&directory);
    let node = Served::start(&directory).await;
    let mut number = 0;
    let mut stated = node.state_once_it_writes(number).await.json()["size"].as_u64().unwrap();
    let ballast = disk.fill();
    let refused = loop {
        number += 1;
        assert!(number < 20_000, "the disk is not full");
        let answer = node.state(number).await.unwrap();
        if answer.status != 200 {
            break answer;
        }
        stated = answer.json()["size"].as_u64().unwrap();
    };
    assert_eq!((refused.status, refused.code().as_str()), (503, "disk-full"));
    assert!(refused.json()["message"].as_str().unwrap().contains("until there is space"));
    let refused = node.state(number + 1).await.unwrap();
    assert_eq!(refused.status, 503, "{}", refused.json());
    let read = node.send("GET", &format!("/v1/logs/{did}/checkpoint"), b"").await.unwrap();
    assert_eq!(read.status, 200);

    std::fs::remove_file(ballast).unwrap();
    let next = node.state_once_it_writes(number + 2).await.json();
    let size = next["size"].as_u64().unwrap();
    assert!(size >= stated + 2, "{stated} were acknowledged, and then there were {size}");
    node.stop().await;
    let report = check(&directory, false).unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.logs[0].size, size);
}

#[tokio::test]
async fn each_reason_why_a_store_does_not_open_is_told_from_the_others() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("node");
    make(&directory);
    let running = Running::start(&directory).await;
    let path = directory.clone();
    let locked = tokio::task::spawn_blocking(move || check(&path, false)).await.unwrap();
    assert_eq!(locked.unwrap_err().store_problem(), Some(StoreProblem::Locked));
    running.node.stop().await;

    let damaged = LogsError::Damaged { did: Did::of_inception(b"x"), detail: "x".into() };
    assert_eq!(StartError::from(damaged).store_problem(), Some(StoreProblem::Damaged));
    let io = |kind: std::io::ErrorKind| StoreError::Io {
        doing: "open",
        path: directory.clone(),
        source: kind.into(),
    };
    for (error, problem) in [
        (io(std::io::ErrorKind::PermissionDenied), Some(StoreProblem::Permission)),
        (io(std::io::ErrorKind::StorageFull), Some(StoreProblem::Full)),
        (io(std::io::ErrorKind::Other), None),
        (StoreError::NewerVersion { found: 9, supported: 2 }, Some(StoreProblem::Newer)),
        (StoreError::Moved { to: "x".into() }, Some(StoreProblem::Moved)),
        (StoreError::NotWriter { holder: None }, Some(StoreProblem::Leased)),
    ] {
        assert_eq!(StartError::from(error).store_problem(), problem);
    }
}
