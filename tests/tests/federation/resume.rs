//! A long copy that is broken off goes on where it was.

use std::sync::Mutex;

use carnet_node::net::{Direction, Kind, Tap};
use carnet_proto::sync::message::Request;

use super::*;

/// The ranges of entries that a node asked for.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<(u64, u64)>>);

impl Tap for Asked {
    fn message(&self, direction: Direction, kind: Kind, bytes: &[u8]) {
        if let (Direction::Sent, Kind::Request) = (direction, kind)
            && let Ok(Request::Entries(range)) = Request::parse(bytes)
        {
            self.0.lock().unwrap().push((range.from.0, range.to.0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_before_a_crash_is_not_fetched_again_and_others_are_served_meanwhile() {
    let sites: Vec<_> = (61..=63).map(Site::new).collect();
    let dids = all(&sites);
    let owner = sites[0].start(&[], &[], NEVER).await;
    for from in 0..10 {
        owner.publish(issuances(from * 1_000, 900)).await;
    }
    let size = owner.publish(issuances(90_000, 1)).await;
    let held =
        |node: &Running| node.logs.with(&owner.did, |replica| replica.size()).unwrap_or_default();
    let reader = sites[1].start(&dids, &[owner.address()], NEVER).await;
    // Somebody copies from it what it has while it copies itself.
    let third = sites[2].start(&dids, &[reader.address()], NEVER).await;
    until("some of it is here", || async { held(&reader).0 > 2_000 }).await;
    // As after a crash: what was not on disk is gone.
    reader.stop().await;
    let disk = MemoryStore::open(&sites[1].disk).unwrap();
    let kept = Logs::open(Arc::new(disk)).unwrap().with(&owner.did, |replica| replica.size());
    let kept = kept.unwrap();
    assert!(kept.0 > 2_000);
    let asked = Arc::new(Asked::default());
    let tap = Arc::clone(&asked) as Arc<dyn Tap>;
    let reader = sites[1].start_tapped(&dids, &[owner.address()], NEVER, Some(tap)).await;
    third.net.add_persistent(reader.address()).await.unwrap();
    for node in [&reader, &third] {
        until("the whole log is here", || async { held(node) == size }).await;
    }
    let asked = asked.0.lock().unwrap().clone();
    assert!(asked.iter().all(|(from, _)| *from >= kept.0), "from {kept}: {asked:?}");
    for node in [third, reader, owner] {
        node.stop().await;
    }
}
