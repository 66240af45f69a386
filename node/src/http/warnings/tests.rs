use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use carnet_proto::id::TreeSize;

use super::*;
use crate::http::overview::{LastSeen, LogState, WitnessState};
use crate::store::measured::Measured;
use crate::store::memory::{Fault, MemoryStore};
use crate::store::{Batch, Store as _};
use crate::sync::{OwnLog, SyncStatus};
use crate::writer::{Phase, WriterCounts};

fn did(name: &str) -> Did {
    Did::of_inception(name.as_bytes())
}

fn node() -> NodeFacts {
    NodeFacts {
        started: Instant::now(),
        directory: PathBuf::new(),
        disk: Vec::new(),
        stores: Vec::new(),
        status_schedule: 3600,
        configured_peers: 0,
        caught_up: AtomicBool::new(true),
        seen: LastSeen::default(),
    }
}

/// A node with one institution that lacks nothing.
fn overview() -> Overview {
    let own = OwnState {
        did: did("own"),
        name: None,
        size: 9,
        published: 9,
        heard: OwnLog { signed: TreeSize(9), contradicted: TreeSize(0) },
        phase: Phase::Writing,
        witnesses: witnesses(4, 2, 0),
        writer: WriterCounts::default(),
        in_order: true,
        lists: 1,
        status_age: Some(60),
        batches: 1,
        unknown_batches: 0,
        failed_publications: 0,
    };
    Overview {
        now: 1_800_000_000,
        uptime: 60,
        own: Vec::from([own]),
        logs: Vec::new(),
        sync: SyncStatus::default(),
        peers: 1,
        banned: 0,
        disk_bytes: 1,
        free_bytes: Some(LOW_DISK_BYTES),
        backup_age: Some(OLD_BACKUP_SECONDS),
        follows: 1,
        clock_behind: None,
        away: None,
    }
}

/// So many witnesses, each on a node of its own, of which some are silent.
fn witnesses(count: i64, quorum: u8, silent: i64) -> Witnesses {
    let state = |number: i64| WitnessState {
        did: did(&format!("witness {number}")),
        name: None,
        held: true,
        last: Some(1),
        newest: true,
        silent: number < silent,
    };
    let tolerates = Some(count - 1 - i64::from(quorum));
    let list = (0..count).map(state).collect();
    Witnesses { quorum: Some(quorum), tolerates, view_age: Some(1), list }
}

fn ids(overview: &Overview, node: &NodeFacts) -> Vec<&'static str> {
    warnings(overview, node, None).into_iter().map(|warning| warning.id).collect()
}

fn ids_if(change: impl FnOnce(&mut Overview)) -> Vec<&'static str> {
    let mut overview = overview();
    change(&mut overview);
    ids(&overview, &node())
}

#[test]
fn nothing_is_warned_of_where_nothing_is_wrong() {
    assert_eq!(ids(&overview(), &node()), Vec::<&str>::new());
}

#[test]
fn a_list_of_witnesses_is_judged_by_whether_it_can_ever_settle() {
    for (count, quorum, silent, expected) in [
        (4, 2, 1, "witness-silent"),
        (3, 2, 0, "witnesses-tight"),
        (3, 2, 1, "quorum-lost witness-silent"),
        (5, 2, 3, "quorum-lost witness-silent witness-silent witness-silent"),
        (2, 2, 0, "witnesses-never"),
        (1, 1, 0, "witnesses-never"),
    ] {
        let found = ids_if(|seen| seen.own[0].witnesses = witnesses(count, quorum, silent));
        assert_eq!(found.join(" "), expected, "{quorum} of {count}, {silent} silent");
    }
    assert_eq!(ids_if(|seen| seen.own[0].witnesses = Witnesses::default()), ["no-witnesses"]);
    let unknown = |seen: &mut Overview| {
        seen.own[0].witnesses = witnesses(4, 2, 1);
        seen.own[0].witnesses.list[0].held = false;
    };
    assert_eq!(ids_if(unknown), ["witness-unknown"]);
}

#[test]
fn each_limit_warns_from_just_beyond_it() {
    assert_eq!(ids_if(|seen| seen.free_bytes = Some(LOW_DISK_BYTES - 1)), ["disk-low"]);
    assert_eq!(ids_if(|seen| seen.backup_age = Some(OLD_BACKUP_SECONDS + 1)), ["backup-old"]);
    assert_eq!(ids_if(|seen| seen.backup_age = None), ["backup-none"]);
    assert_eq!(ids_if(|seen| seen.own[0].status_age = Some(7200)), Vec::<&str>::new());
    assert_eq!(ids_if(|seen| seen.own[0].status_age = Some(7201)), ["status-late"]);
    let signed = |seen: &mut Overview| seen.own[0].heard.signed = TreeSize(10);
    assert_eq!(ids_if(signed), ["older-than-published"]);
    let contradicted = |seen: &mut Overview| seen.own[0].heard.contradicted = TreeSize(10);
    assert_eq!(ids_if(contradicted), ["own-contradicted"]);
    assert_eq!(ids_if(|seen| seen.own[0].phase = Phase::Waiting), ["own-unconfirmed"]);
    let catching_up = |seen: &mut Overview| {
        seen.own[0].phase = Phase::CatchingUp;
        seen.own[0].in_order = false;
    };
    assert_eq!(ids_if(catching_up), ["older-than-published"]);
    assert_eq!(ids_if(|seen| seen.own[0].unknown_batches = 1), ["register-older"]);
    assert_eq!(ids_if(|seen| seen.own[0].in_order = false), ["out-of-order"]);
    assert_eq!(ids_if(|seen| seen.clock_behind = Some(400)), ["clock-behind"]);
    assert_eq!(ids_if(|seen| seen.peers = 0), ["no-peers"]);
}

#[test]
fn the_most_urgent_comes_first_and_a_failed_store_before_all() {
    let store = MemoryStore::new();
    store.disk().fail_after(0, Fault::NotWritten);
    let store = Measured::new(store, "memory");
    let mut batch = Batch::new();
    batch.put(b"key".to_vec(), b"value".to_vec());
    assert!(store.apply(batch).is_err());
    let node = NodeFacts {
        stores: Vec::from([("register", store.watch())]),
        caught_up: AtomicBool::new(false),
        ..node()
    };
    let mut seen = overview();
    seen.backup_age = None;
    let log = |name: &str, own| LogState {
        did: did(name),
        name: None,
        own,
        size: 1,
        lag: 0,
        missing: 3,
        age: None,
        forked: true,
    };
    seen.logs = Vec::from([log("own", true), log("other", false)]);
    let found = warnings(&seen, &node, None);
    let found_ids: Vec<_> = found.iter().map(|warning| warning.id).collect();
    assert_eq!(found_ids, ["store-failed", "catching-up", "own-fork", "fork", "backup-none"]);
    assert_eq!(found[0].about["store"], "register");
    assert_eq!(found[1].about["missing"], 6);
    // Once it has caught up, what is missing of one log is no more than that.
    let node = NodeFacts { caught_up: AtomicBool::new(true), stores: Vec::new(), ..node };
    assert_eq!(ids(&seen, &node), ["own-fork", "fork", "missing", "backup-none"]);
}
