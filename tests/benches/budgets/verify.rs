//! Verifying a presentation, against the two signatures in it.

use std::cell::LazyCell;

use carnet_proto::verify::report::Verdict;
use carnet_proto::verify::verify;

use super::bench::{Bench, Spec};
use super::samples::Usual;
use super::table::Budget;

const SIGNATURES: &str = "the two strict Ed25519 verifications in it";

pub fn rows(bench: &mut Bench) {
    let usual = LazyCell::new(|| {
        let usual = Usual::new();
        for body in [&usual.body, &usual.stapled] {
            let report = verify(body, &usual.policy, &usual.ledger, usual.world.now);
            assert_eq!(report.verdict, Verdict::Valid, "{report:?}");
        }
        assert!(usual.verify_signatures());
        usual
    });
    let spec = |what, budget| Spec {
        what,
        yardstick: SIGNATURES,
        item: "presentations",
        items: 1,
        budget,
    };
    bench.compare(
        spec("verify: ledger known, nothing remembered", Budget::Information),
        || verify(&usual.body, &usual.policy, &usual.ledger, usual.world.now),
        || usual.verify_signatures(),
    );
    bench.compare(
        spec("verify: from stapled evidence, no ledger", Budget::Information),
        || verify(&usual.stapled, &usual.policy, &Default::default(), usual.world.now),
        || usual.verify_signatures(),
    );
}
