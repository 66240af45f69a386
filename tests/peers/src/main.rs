//! `cargo run --release`: measures, asks, and prints. `--write` puts the tables into
//! `docs/benchmarks.md`; `--offline` leaves the measuring out.

use std::process::ExitCode;

use carnet_peers::{bench, offline, render};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let known = ["--write", "--offline"];
    if let Some(unknown) = arguments.iter().find(|given| !known.contains(&given.as_str())) {
        eprintln!("unknown argument {unknown}; known: {}", known.join(" "));
        return ExitCode::from(2);
    }
    let given = |name: &str| arguments.iter().any(|given| given == name);
    let mut parts = vec![("offline", render::offline(&offline::cases()))];
    if !given("--offline") {
        let benchmark = bench::run(bench::ROUNDS);
        parts.push(("circumstances", render::circumstances()));
        parts.push(("speed", render::speed(&benchmark) + "\n" + &render::spread(&benchmark)));
        parts.push(("sizes", render::sizes(&benchmark)));
    }
    for (name, part) in parts {
        println!("{part}");
        if given("--write")
            && let Err(error) = render::write(name, &part)
        {
            eprintln!("docs/benchmarks.md: {error}");
            return ExitCode::from(3);
        }
    }
    ExitCode::SUCCESS
}
