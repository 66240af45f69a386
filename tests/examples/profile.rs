//! Runs one thing many times, for a profiler that counts instructions:
//!
//! ```text
//! cargo build --release -p carnet-tests --example profile
//! valgrind --tool=callgrind --toggle-collect='*measured*' target/release/examples/profile verify 10
//! ```

#[allow(dead_code, reason = "the benchmarks use more of it")]
#[path = "../benches/budgets/samples.rs"]
mod samples;

use carnet_proto::ledger::Ledger;
use carnet_proto::verify::Verifier;
use carnet_tests::SeededRng;

fn main() {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let runs: u32 = args.next().and_then(|runs| runs.parse().ok()).unwrap_or(1);
    let usual = samples::Usual::new();
    let order = samples::Order::new();
    let mut rng = SeededRng(3);
    let verifier = Verifier::new(&usual.policy, &usual.ledger);
    for _ in 0..runs {
        match what.as_str() {
            "verify" => measured(|| usual.verify(&usual.body, &usual.ledger)),
            "warm" => measured(|| verifier.verify(&usual.body, usual.world.now)),
            "stapled" => measured(|| usual.verify(&usual.stapled, &Ledger::new())),
            "signatures" => measured(|| usual.verify_signatures()),
            "issue" => measured(|| order.sign(&mut rng)),
            "signature" => measured(|| order.work()),
            _ => panic!("verify, warm, stapled, signatures, issue or signature, and how often"),
        }
    }
}

/// What a profiler is told to look at.
#[inline(never)]
fn measured<T>(run: impl FnOnce() -> T) {
    std::hint::black_box(run());
}
