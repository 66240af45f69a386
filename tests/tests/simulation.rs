//! The federation under faults and attacks, seed by seed: see `carnet_tests::simulator`.
//!
//! One seed, with every step of it: `CARNET_SEED=7 cargo test -p carnet-tests --test simulation seeds`.
//! More of them: `CARNET_TEST_ALL=1`, or `CARNET_SEEDS=5000`.

#[path = "simulation/coverage.rs"]
mod coverage;
#[path = "simulation/scale.rs"]
mod scale;
#[path = "simulation/watched.rs"]
mod watched;

use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use carnet_tests::simulator::{Failure, Outcome, Scenario, Simulation};

/// Seeds of a run that is to be thorough.
const ALL_SEEDS: u64 = 1_000;
/// Seeds of a usual run.
const SOME_SEEDS: u64 = 100;
/// Failures that are shown in full.
const SHOWN: usize = 3;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// Plays each seed in one thread, as many at once as there are cores.
fn play(seeds: &[u64]) -> (Outcome, Vec<Failure>) {
    let next = AtomicU64::new(0);
    let all = Mutex::new((Outcome::default(), Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let result = Simulation::new(Scenario::draw(*seed)).run();
                    let mut all = all.lock().unwrap();
                    match result {
                        Ok(outcome) => all.0.merge(&outcome),
                        Err(failure) => all.1.push(*failure),
                    }
                }
            });
        }
    });
    let (outcome, mut failures) = all.into_inner().unwrap();
    failures.sort_by_key(|failure| failure.seed);
    (outcome, failures)
}

#[test]
fn seeds() {
    let one = number("CARNET_SEED");
    let is_all = std::env::var_os("CARNET_TEST_ALL").is_some_and(|all| all == "1");
    let count = if is_all { ALL_SEEDS } else { SOME_SEEDS };
    let seeds: Vec<u64> = match one {
        Some(seed) => vec![seed],
        None => (0..number("CARNET_SEEDS").unwrap_or(count)).collect(),
    };
    if let Some(seed) = one {
        println!("{:#?}", Scenario::draw(seed));
    }
    let (outcome, failures) = play(&seeds);
    // Past the harness, which keeps what is printed: this is to be seen in every run.
    let _ = writeln!(std::io::stderr(), "\n{outcome}");
    for failure in failures.iter().take(SHOWN) {
        println!("{failure}\n");
    }
    for Failure { seed, violation, .. } in failures.iter().skip(SHOWN) {
        println!("seed {seed}: {violation}");
    }
    assert!(failures.is_empty(), "{} of {} seeds break a rule", failures.len(), seeds.len());
    if seeds.len() as u64 >= SOME_SEEDS {
        coverage::assert_complete(&outcome);
    }
}

#[test]
fn the_same_seed_gives_the_same_steps() {
    let run =
        |seed| Simulation::new(Scenario::draw(seed)).run().map_err(|failure| failure.to_string());
    let mut hashes = std::collections::BTreeSet::new();
    for seed in [0, 3, 5, 13] {
        let (first, second) = (run(seed).unwrap(), run(seed).unwrap());
        assert_eq!(first, second, "seed {seed}");
        hashes.insert(first.trace);
    }
    assert_eq!(hashes.len(), 4, "other seeds give other steps");
}
