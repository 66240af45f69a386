//! Measures: every operation of every peer in turn, round after round, so that a disturbance meets all.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use crate::Peer;
use crate::mdoc::Isomdl;
use crate::ours::{Ours, Sizes};
use crate::sd_cwt::SdCwtCrate;
use crate::sd_jwt_rs::SdJwtRs;
use crate::ssi_sd_jwt::Ssi;

/// Rounds of which the median is taken.
pub const ROUNDS: usize = 25;
/// How long one operation is repeated in a round.
const SLICE: Duration = Duration::from_millis(12);
/// Credentials in one of our batches when it is measured.
pub const BATCH: usize = 64;
/// What is signed and verified to measure the curve alone: as long as what a credential's signature
/// is over.
const MESSAGE: [u8; 1024] = [0x42; 1024];

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Issuing.
    Issue,
    /// Presenting.
    Present,
    /// Verifying.
    Verify,
    /// A bare signature.
    Sign,
    /// A bare verification of a signature.
    VerifySignature,
}

/// Operations per second.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The line of the table.
    pub line: &'static str,
    /// What was done.
    pub what: What,
    /// How often in a second: the median of all rounds.
    pub per_second: f64,
    /// The slowest and the fastest quarter of the rounds, as parts of the median.
    pub spread: [f64; 2],
}

struct Operation<'a> {
    line: &'static str,
    what: What,
    /// Results of one call.
    results: usize,
    run: Box<dyn FnMut() + 'a>,
    rounds: Vec<f64>,
}

/// The name of the line for our whole verification with logs at hand.
pub const OURS_WARM: &str = "carnet, logs at hand";
/// The name of the line for our whole verification from what is stapled.
pub const OURS_STAPLED: &str = "carnet, from stapled evidence";
/// The name of the line for issuing with anchors.
pub const OURS_BATCH: &str = "carnet, with anchors in a batch";

/// What was measured.
pub struct Benchmark {
    /// Every peer's name, algorithm, and bytes of a credential and of a presentation.
    pub peers: Vec<(&'static str, &'static str, usize, usize)>,
    /// The times.
    pub measured: Vec<Measured>,
    /// Our sizes.
    pub sizes: Sizes,
}

impl Benchmark {
    /// Returns what was measured for a line.
    #[must_use]
    pub fn of(&self, line: &str, what: What) -> Option<&Measured> {
        self.measured.iter().find(|m| m.line == line && m.what == what)
    }
}

/// Measures everything.
#[must_use]
pub fn run(rounds: usize) -> Benchmark {
    let ours = Ours::new();
    let others: [Box<dyn Peer>; 4] = [
        Box::new(SdCwtCrate::new()),
        Box::new(Ssi::new()),
        Box::new(SdJwtRs::new()),
        Box::new(Isomdl::new()),
    ];
    let mut peers: Vec<&dyn Peer> = vec![&ours];
    peers.extend(others.iter().map(|peer| &**peer));

    let mut operations = Vec::new();
    let mut lines = Vec::new();
    for peer in &peers {
        let credential = peer.issue();
        let presentation = peer.present(&credential);
        assert_eq!(peer.verify(&presentation), Ok(()), "{}", peer.name());
        let signature = peer.sign(&MESSAGE);
        assert!(peer.verify_signature(&MESSAGE, &signature));
        lines.push((peer.name(), peer.algorithm(), credential.len(), presentation.len()));
        let mut add = |what, run: Box<dyn FnMut()>| {
            operations.push(Operation { line: peer.name(), what, results: 1, run, rounds: vec![] });
        };
        add(What::Issue, Box::new(|| drop(black_box(peer.issue()))));
        let kept = credential;
        add(What::Present, Box::new(move || drop(black_box(peer.present(&kept)))));
        add(What::Verify, Box::new(move || peer.verify(&presentation).expect("valid")));
        add(What::Sign, Box::new(|| drop(black_box(peer.sign(black_box(&MESSAGE))))));
        let verify = move || assert!(peer.verify_signature(black_box(&MESSAGE), &signature));
        add(What::VerifySignature, Box::new(verify));
    }
    let (warm, stapled) = (ours.present_with(false).to_file(), ours.present_with(true).to_file());
    let mut add = |line, what, results, run: Box<dyn FnMut()>| {
        operations.push(Operation { line, what, results, run, rounds: vec![] });
    };
    let ours = &ours;
    let verifier = ours.verifier();
    let run = move || ours.verify_warm(&verifier, &warm).expect("valid");
    add(OURS_WARM, What::Verify, 1, Box::new(run));
    let run = move || ours.verify_stapled(&stapled).expect("valid");
    add(OURS_STAPLED, What::Verify, 1, Box::new(run));
    let run = || drop(black_box(ours.present_with(true).to_file()));
    add(OURS_STAPLED, What::Present, 1, Box::new(run));
    let run = || drop(black_box(ours.issue_batch(BATCH)));
    add(OURS_BATCH, What::Issue, BATCH, Box::new(run));

    for round in 0..=rounds {
        for operation in &mut operations {
            let rate = operation.measure();
            // The first round warms up.
            if round > 0 {
                operation.rounds.push(rate);
            }
        }
    }
    let measured = operations.into_iter().map(Operation::finish).collect();
    Benchmark { peers: lines, measured, sizes: ours.sizes() }
}

impl Operation<'_> {
    /// Repeats the operation for a slice and returns how often a second of the processor would do it.
    fn measure(&mut self) -> f64 {
        let (start, processor) = (Instant::now(), ThreadTime::now());
        let mut calls = 0;
        while start.elapsed() < SLICE {
            (self.run)();
            calls += self.results;
        }
        calls as f64 / processor.elapsed().as_secs_f64()
    }

    fn finish(mut self) -> Measured {
        self.rounds.sort_unstable_by(f64::total_cmp);
        let at = |quarter: usize| self.rounds[(self.rounds.len() - 1) * quarter / 4];
        let median = at(2);
        let spread = [at(1) / median, at(3) / median];
        Measured { line: self.line, what: self.what, per_second: median, spread }
    }
}
