//! Verifying a presentation, against the two signatures in it.

use std::cell::{Cell, LazyCell};
use std::num::NonZeroUsize;
use std::thread;

use carnet_proto::ledger::Ledger;
use carnet_proto::verify::report::Verdict;
use carnet_proto::verify::{Verifier, verify_many};

use super::bench::{Bench, Spec};
use super::samples::Usual;
use super::table::Budget;

/// Presentations in a file of many.
const MANY: usize = 256;

pub fn rows(bench: &mut Bench) {
    let usual = LazyCell::new(|| {
        let usual = Usual::new();
        for body in [&usual.body, &usual.stapled] {
            let report = usual.verify(body, &usual.ledger);
            assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
        }
        assert!(usual.verify_signatures());
        usual
    });
    let verifier = LazyCell::new(|| Verifier::new(&usual.policy, &usual.ledger));
    let spec = |what, budget| Spec {
        what,
        yardstick: "its two strict Ed25519 verifications",
        item: "presentations",
        items: 1,
        budget,
    };
    bench.compare(
        spec("verify: ledger warm", Budget::Times(1.15)),
        || verifier.verify(&usual.body, usual.world.now),
        || usual.verify_signatures(),
    );
    bench.compare(
        spec("verify: ledger at hand, nothing verified yet", Budget::Information),
        || usual.verify(&usual.body, &usual.ledger),
        || usual.verify_signatures(),
    );
    bench.compare(
        spec("verify: from stapled evidence, no ledger", Budget::Information),
        || usual.verify(&usual.stapled, &Ledger::new()),
        || usual.verify_signatures(),
    );
    let bodies = LazyCell::new(|| vec![usual.body.clone(); MANY]);
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let many =
        |threads| verify_many(&bodies, &usual.policy, &usual.ledger, usual.world.now, threads);
    let spec = Spec {
        what: "verify: a file of 256 on all cores",
        yardstick: "on one core",
        item: "presentations",
        items: MANY as u32,
        budget: Budget::Information,
    };
    let reports = Cell::new(0);
    bench.compare(
        spec,
        || reports.set(many(cores).len()),
        || reports.set(many(NonZeroUsize::MIN).len()),
    );
}
