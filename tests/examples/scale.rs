//! Measures federations of up to 10,000 nodes and writes `docs/scale.md`:
//!
//! ```text
//! cargo run --release -p carnet-tests --example scale
//! ```

use carnet_tests::simulator::scale::{Plan, measure};

fn main() {
    let args: Vec<usize> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    if let [nodes, logs] = args[..] {
        let start = std::time::Instant::now();
        let measured = measure(Plan { nodes, logs, degree: 8, seed: 1 });
        println!("{}", measured.row());
        println!("{measured:?} {:?}", start.elapsed());
    }
}
