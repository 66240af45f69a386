//! Measures federations of up to 10,000 nodes, and writes `docs/scale.md` and its plot:
//!
//! ```text
//! cargo run --release -p carnet-tests --example scale
//! ```
//!
//! The largest takes minutes. With three numbers (nodes, logs, witnesses) it measures one federation and
//! prints its row; with the name of a file of such rows it writes the documents from them.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use carnet_tests::simulator::scale::report::{Series, parse_row, report, row};
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
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Vec<usize> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let plan = |nodes, logs, witnesses| Plan { nodes, logs, witnesses, degree: DEGREE, seed: SEED };
    if let [nodes, logs, witnesses] = numbers[..] {
        println!("{}", row(&measure(plan(nodes, logs, witnesses))));
        return Ok(());
    }
    let all: Vec<Measured> = match arguments.first() {
        Some(rows) => std::fs::read_to_string(rows)?.lines().filter_map(parse_row).collect(),
        None => {
            let mut plans: Vec<Plan> = Vec::new();
            plans.extend(BY_NODES.map(|nodes| plan(nodes, LOGS, WITNESSES)));
            plans.extend(BY_LOGS.map(|logs| plan(NODES, logs, WITNESSES)));
            plans.extend(BY_WITNESSES.map(|witnesses| plan(NODES, LOGS, witnesses)));
            measure_all(plans)
        }
    };
    let found = |nodes, logs, witnesses| {
        let wanted = (nodes, logs, witnesses);
        all.iter().find(|m| (m.plan.nodes, m.plan.logs, m.plan.witnesses) == wanted)
    };
    let series = Series {
        by_nodes: BY_NODES.iter().filter_map(|n| found(*n, LOGS, WITNESSES)).collect(),
        by_logs: BY_LOGS.iter().filter_map(|n| found(NODES, *n, WITNESSES)).collect(),
        by_witnesses: BY_WITNESSES.iter().filter_map(|n| found(NODES, LOGS, *n)).collect(),
    };
    let report = report(&series);
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    std::fs::write(docs.join("scale.md"), report.text)?;
    std::fs::write(docs.join("scale.svg"), report.plot)
}

/// Measures all, the largest first, as many at once as there are cores.
fn measure_all(mut plans: Vec<Plan>) -> Vec<Measured> {
    plans.sort_by_key(|plan| (plan.nodes * plan.logs, plan.witnesses));
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
