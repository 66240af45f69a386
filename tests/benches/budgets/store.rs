//! The store on sled: a commit on disk, and reading in order.

use std::cell::{Cell, LazyCell};

use carnet_node::store::sled::{SledOptions, SledStore};
use carnet_node::store::{Batch, Store as _, entries};

use super::bench::{Bench, Spec, time};
use super::table::Budget;

/// Entries of one commit: a full group.
const GROUP: u64 = 1024;
/// Bytes of an entry, about those of a statement.
const ENTRY: usize = 400;

pub fn rows(bench: &mut Bench) {
    let directory =
        LazyCell::new(|| tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory"));
    let store = LazyCell::new(|| {
        SledStore::open(directory.path(), &SledOptions::default()).expect("a store")
    });
    let next = Cell::new(0_u64);
    let put = |count: u64| {
        let mut batch = Batch::new();
        for number in next.get()..next.get() + count {
            batch.put([b"L".as_slice(), &number.to_be_bytes()].concat(), vec![number as u8; ENTRY]);
        }
        next.set(next.get() + count);
        store.apply(batch).expect("room on the disk");
    };
    let spec = Spec {
        what: "store: 1,024 entries in one commit on disk",
        yardstick: "one entry in one commit",
        item: "commits",
        items: 1,
        budget: Budget::Information,
    };
    bench.rounds(spec, || (time(1, || put(GROUP)), time(1, || put(1))));
    let read = || entries(&*store, b"L").take(GROUP as usize).filter(Result::is_ok).count();
    let spec = Spec {
        what: "store: 1,024 entries read in order",
        yardstick: "each by its key",
        item: "scans",
        items: 1,
        budget: Budget::Information,
    };
    let filled = LazyCell::new(|| put(GROUP));
    let each = || {
        (0..GROUP)
            .filter(|number| {
                let key = [b"L".as_slice(), &number.to_be_bytes()].concat();
                store.get(&key).is_ok_and(|value| value.is_some())
            })
            .count()
    };
    bench.rounds(spec, || {
        *filled;
        assert_eq!((read(), each()), (GROUP as usize, GROUP as usize));
        (time(1, read), time(1, each))
    });
}
