//! What a stranger can send at worst, and how large an honest presentation is.

use std::cell::LazyCell;
use std::path::Path;
use std::time::Duration;

use carnet_proto::cbor::{Encode as _, Encoder};
use carnet_proto::presentation::{Presentation, Presented};
use carnet_proto::profile::Profile;
use carnet_proto::verify::verify;

use super::bench::{Bench, Spec, time};
use super::samples::Usual;
use super::table::{Budget, Row};

/// How long the worst 64 KiB may take on one core.
const LIMIT: Duration = Duration::from_millis(20);
/// Bytes of the worst input.
const INPUT: usize = 64 << 10;
/// Bytes that a presentation of three claims with its anchor may have: one QR code.
const SIZE: usize = 1600;

pub fn rows(bench: &mut Bench) {
    let usual = LazyCell::new(Usual::new);
    let worst = LazyCell::new(|| worst(&usual));
    let spec = Spec {
        what: "inputs: the worst 64 KiB known, verified or refused",
        yardstick: "limit",
        item: "inputs",
        items: 1,
        budget: Budget::Times(1.0),
    };
    bench.rounds(spec, || {
        let judge = || verify(&worst, &usual.policy, &usual.ledger, usual.world.now);
        (time(1, judge), LIMIT)
    });
    if !bench.wants("size") {
        return;
    }
    let bytes = usual.file.len();
    bench.count(Row {
        what: "size: presentation of three claims, anchor in a batch of 64".into(),
        yardstick_is: "limit".into(),
        ours: format!("{bytes} bytes"),
        yardstick: format!("{SIZE} bytes"),
        ratio: bytes as f64 / SIZE as f64,
        quartiles: [0.0; 2],
        rounds: 1,
        budget: Budget::Times(1.0),
    });
}

/// Of the inputs that fuzzing found to be slow, and of two made by hand, the slowest.
fn worst(usual: &Usual) -> Vec<u8> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/verify");
    let found = std::fs::read_dir(corpus).into_iter().flatten().flatten();
    let found = found.filter(|file| file.file_name().to_string_lossy().starts_with("worst-"));
    let mut inputs: Vec<_> = found.filter_map(|file| std::fs::read(file.path()).ok()).collect();
    inputs.extend([many_credentials(usual), nested()]);
    let judge = |input: &Vec<u8>| {
        let judged = || verify(input, &usual.policy, &usual.ledger, usual.world.now);
        (0..3).map(|_| time(1, judged)).min()
    };
    inputs.into_iter().max_by_key(judge).expect("two by hand")
}

/// As many credentials as fit: each has two signatures to verify and a path to find.
fn many_credentials(usual: &Usual) -> Vec<u8> {
    let presentation = usual.world.present(usual.index);
    let one: &Presented = &presentation.presented[0];
    let count = (INPUT / (one.to_cbor().len() + 8)).min(carnet_proto::profile::MAX_CREDENTIALS);
    let presented = vec![one.clone(); count];
    Presentation { profile: Profile::SdCwt08, presented, evidence: None }.to_cbor()
}

/// Evidence of maps in maps in arrays, again and again.
fn nested() -> Vec<u8> {
    let mut level = Encoder::new();
    for _ in 0..12 {
        level.array(1);
    }
    level.map(1).int(1).int(1);
    let mut e = Encoder::new();
    e.map(3).uint(1).item(&Profile::SdCwt08).uint(2).array(0).uint(3);
    let count = INPUT / level.as_bytes().len() - 4;
    e.array(count);
    for _ in 0..count {
        e.raw(level.as_bytes());
    }
    e.into_bytes()
}
