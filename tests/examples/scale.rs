//! Measures federations of up to 10,000 nodes, and writes `docs/scale.md` and its plot:
//!
//! ```text
//! cargo run --release -p carnet-tests --example scale
//! ```
//!
//! With four numbers (nodes, logs, witnesses, connections of a node) it measures one federation and
//! prints its row.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use carnet_tests::simulator::scale::report::{Series, report, row};
use carnet_tests::simulator::scale::{Measured, Plan, measure};

const SEED: u64 = 1;
const DEGREE: usize = 8;
const LOGS: usize = 1;
const NODES: usize = 100;
const WITNESSES: usize = 3;

const BY_NODES: [usize; 5] = [100, 300, 1_000, 3_000, 10_000];
const BY_LOGS: [usize; 5] = [1, 3, 10, 30, 100];
const BY_WITNESSES: [usize; 3] = [3, 30, 100];

fn main() -> std::io::Result<()> {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    if let [nodes, logs, witnesses, degree] = numbers[..] {
        let measured = measure(Plan { nodes, logs, witnesses, degree, seed: SEED });
        println!("{}", row(&measured));
        return Ok(());
    }
    let plan = |nodes, logs, witnesses| Plan { nodes, logs, witnesses, degree: DEGREE, seed: SEED };
    let mut plans: Vec<Plan> = Vec::new();
    plans.extend(BY_NODES.map(|nodes| plan(nodes, LOGS, WITNESSES)));
    plans.extend(BY_LOGS.map(|logs| plan(NODES, logs, WITNESSES)));
    plans.extend(BY_WITNESSES.map(|witnesses| plan(NODES, LOGS, witnesses)));
    let all = measure_all(plans);
    let found = |wanted: Plan| all.iter().find(|measured| measured.plan == wanted);
    let series = Series {
        by_nodes: BY_NODES.iter().filter_map(|n| found(plan(*n, LOGS, WITNESSES))).collect(),
        by_logs: BY_LOGS.iter().filter_map(|n| found(plan(NODES, *n, WITNESSES))).collect(),
        by_witnesses: BY_WITNESSES.iter().filter_map(|n| found(plan(NODES, LOGS, *n))).collect(),
    };
    let report = report(&series);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    std::fs::write(docs.join("scale.md"), report.text)?;
    std::fs::write(docs.join("scale.svg"), report.plot)
}

/// Measures all, the largest first, as many at once as there are cores.
fn measure_all(mut plans: Vec<Plan>) -> Vec<Measured> {
    plans.sort_by_key(|plan| plan.nodes * plan.logs);
    plans.dedup();
    let (plans, all) = (Mutex::new(plans), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(plan) = plans.lock().expect("a lock").pop() {
                    let began = Instant::now();
                    let measured = measure(plan);
                    eprintln!("{} in {} s", row(&measured), began.elapsed().as_secs());
                    all.lock().expect("a lock").push(measured);
                }
            });
        }
    });
    all.into_inner().expect("a lock")
}
