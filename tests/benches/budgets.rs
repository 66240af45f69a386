//! Every budget of the core and the store, each measured beside its yardstick in the same run.
//!
//! `cargo bench` runs all rows and prints one table; `cargo bench -- verify` those whose name contains
//! `verify`; `cargo bench -- --quick` takes fewer rounds. Ours and the yardstick take turns, a few
//! hundred microseconds each, and the ratio is the median of the rounds' ratios: a busy machine slows
//! both. The rows also go to `target/budgets.json`, and with `CARNET_BENCH_MARKDOWN=FILE` into that
//! file, between its markers. No row asserts a time.

#[path = "budgets/bench.rs"]
mod bench;
#[path = "budgets/cores.rs"]
mod cores;
#[path = "budgets/federation.rs"]
mod federation;
#[path = "budgets/inputs.rs"]
mod inputs;
#[path = "budgets/issue.rs"]
mod issue;
#[path = "budgets/logs.rs"]
mod logs;
#[path = "budgets/network.rs"]
mod network;
#[path = "budgets/path.rs"]
mod path;
#[path = "budgets/samples.rs"]
mod samples;
#[path = "budgets/store.rs"]
mod store;
#[path = "budgets/table.rs"]
mod table;
#[path = "budgets/totalisation.rs"]
mod totalisation;
#[path = "budgets/verify.rs"]
mod verify;

fn main() {
    if network::played_role() {
        return;
    }
    let mut bench = bench::Bench::from_args();
    verify::rows(&mut bench);
    path::rows(&mut bench);
    issue::rows(&mut bench);
    logs::rows(&mut bench);
    store::rows(&mut bench);
    inputs::rows(&mut bench);
    network::rows(&mut bench);
    totalisation::rows(&mut bench);
    bench.finish();
}
