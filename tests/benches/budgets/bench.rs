//! Rounds in which ours and its yardstick take turns.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode};

use super::table::{Budget, Row, Table};

/// About how long one turn of one side takes, so that a round is short beside what disturbs it.
const TURN: Duration = Duration::from_micros(400);

/// What a row is called, what it counts, and what it has to keep.
#[derive(Clone, Copy)]
pub struct Spec {
    /// What is measured; `cargo bench -- FILTER` looks here.
    pub what: &'static str,
    /// What it is measured against.
    pub yardstick: &'static str,
    /// What is done once in one run of either side, `items` times.
    pub item: &'static str,
    /// How many of them.
    pub items: u32,
    /// The budget.
    pub budget: Budget,
}

/// What one round took: ours, and the yardstick, for the same number of runs.
pub type Round = (Duration, Duration);

/// Measures rows and keeps their results.
pub struct Bench {
    criterion: Criterion,
    table: Table,
    filter: Option<String>,
}

impl Bench {
    /// Takes the filter and other options from the command line.
    pub fn from_args() -> Self {
        let criterion = Criterion::default()
            .sample_size(20)
            .warm_up_time(Duration::from_millis(500))
            .measurement_time(Duration::from_millis(1500))
            .configure_from_args();
        let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
        Self { criterion, table: Table::default(), filter }
    }

    /// Returns whether a row that is not timed is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()))
    }

    /// Measures two things that each take nanoseconds to milliseconds and can be repeated.
    pub fn compare<T, U>(
        &mut self,
        spec: Spec,
        mut ours: impl FnMut() -> T,
        mut yardstick: impl FnMut() -> U,
    ) {
        let mut runs = 0;
        self.rounds(spec, || {
            if runs == 0 {
                // Whatever is made at the first use is made before anything counts.
                let (a, b) = (time(1, &mut ours), time(1, &mut yardstick));
                let longer = time(1, &mut ours).max(b).max(a / 64);
                runs = (TURN.as_nanos() / longer.as_nanos().max(1)).clamp(1, 10_000) as u32;
            }
            let (a, b) = (time(runs, &mut ours), time(runs, &mut yardstick));
            (a / runs, b / runs)
        });
    }

    /// Measures by a function that times one round itself, per run.
    pub fn rounds(&mut self, spec: Spec, mut round: impl FnMut() -> Round) {
        let rounds: RefCell<Vec<Round>> = RefCell::default();
        let mut group = self.criterion.benchmark_group("round");
        group.sampling_mode(SamplingMode::Flat);
        group.bench_function(spec.what, |b| {
            b.iter_custom(|count| {
                let start = Instant::now();
                let taken: Vec<_> = (0..count).map(|_| round()).collect();
                rounds.borrow_mut().extend(taken);
                // Of the whole round, so that as many rounds are asked for as there is time.
                start.elapsed()
            });
        });
        group.finish();
        self.table.push(spec, &rounds.into_inner());
    }

    /// Adds a row that is counted and not timed.
    pub fn count(&mut self, row: Row) {
        self.table.add(row);
    }

    /// Prints the table and writes it to its files.
    pub fn finish(self) {
        self.criterion.final_summary();
        self.table.finish();
    }
}

/// Times a number of runs.
pub fn time<T>(runs: u32, mut run: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    for _ in 0..runs {
        std::hint::black_box(run());
    }
    start.elapsed()
}
