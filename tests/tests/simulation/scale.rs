//! That the measurement of `docs/scale.md` still measures.

use carnet_tests::simulator::scale::{Plan, measure};

#[test]
fn a_small_federation_is_measured() {
    let plan = Plan { nodes: 24, logs: 2, degree: 6, seed: 1 };
    let measured = measure(plan);
    assert_eq!(measured, measure(plan), "the same seed gives the same numbers");
    assert!(measured.spread[2] < 60_000, "it reached everybody: {measured:?}");
    assert!(measured.spread[0] > 0 && measured.spread[0] <= measured.spread[1]);
    assert!(measured.bytes_per_statement > 0 && measured.rest_bytes_per_hour > 0);
}
