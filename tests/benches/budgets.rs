//! Every budget of the core and the store, each measured beside its yardstick in the same run.
//!
//! `cargo bench` runs all rows and prints one table; `cargo bench -- verify` those whose name contains
//! `verify`; `cargo bench -- --quick` takes fewer rounds. Ours and the yardstick take turns, a few
//! hundred microseconds each, and the ratio is the median of the rounds' ratios: a busy machine slows
//! both. The rows also go to `target/budgets.json`, and with `CARNET_BENCH_MARKDOWN=FILE` into that
//! file, between its markers.

#[path = "budgets/bench.rs"]
mod bench;
#[path = "budgets/issue.rs"]
mod issue;
#[path = "budgets/samples.rs"]
mod samples;
#[path = "budgets/table.rs"]
mod table;
#[path = "budgets/verify.rs"]
mod verify;

fn main() {
    let mut bench = bench::Bench::from_args();
    verify::rows(&mut bench);
    issue::rows(&mut bench);
    bench.finish();
}
