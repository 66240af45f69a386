//! The federation under faults and attacks, seed by seed: see `carnet_tests::simulator`.

use carnet_tests::simulator::{Scenario, Simulation};

#[test]
fn seeds() {
    let from: u64 = std::env::var("FROM").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let to: u64 = std::env::var("TO").ok().and_then(|s| s.parse().ok()).unwrap_or(10);
    let mut bad = 0;
    let mut all = carnet_tests::simulator::Outcome::default();
    for seed in from..to {
        let start = std::time::Instant::now();
        let scenario = Scenario::draw(seed);
        let b = format!("{} {:?}", scenario.honest, scenario.byzantine);
        match Simulation::new(scenario).run() {
            Ok(outcome) => {
                if std::env::var("V").is_ok() {
                    println!(
                        "{seed} {b} steps {} conv {} {:?}",
                        outcome.steps,
                        outcome.converged_after,
                        start.elapsed()
                    );
                }
                all.merge(&outcome);
            }
            Err(failure) => {
                bad += 1;
                if std::env::var("V").is_ok() || bad == 1 {
                    println!("{failure}");
                } else {
                    println!("{seed} {b} {}", failure.violation);
                }
            }
        }
    }
    println!("{all}");
    assert_eq!(bad, 0);
}
