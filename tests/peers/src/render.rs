//! Tables in Markdown, and where they stand in `docs/benchmarks.md`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::bench::{BATCH, Benchmark, Measured, OURS_BATCH, OURS_STAPLED, OURS_WARM, ROUNDS, What};
use crate::offline::{Case, PEERS};

/// Peers and their versions, as `Cargo.lock` has them.
const LIBRARIES: [&str; 6] = ["carnet-proto", "sd-cwt", "cose2", "ssi", "sd-jwt-rs", "isomdl"];

/// The file with the tables.
#[must_use]
pub fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/benchmarks.md")
}

/// Returns a text with another part between the markers of this name.
///
/// # Errors
/// If the markers are not there.
pub fn replaced(text: &str, name: &str, part: &str) -> Result<String, String> {
    let (begin, end) = (format!("<!-- {name}: begin -->\n"), format!("<!-- {name}: end -->"));
    let missing = || format!("no markers for {name}");
    let (before, rest) = text.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}{part}{end}{after}"))
}

/// Writes a part into the document.
///
/// # Errors
/// If the document cannot be read or written, or has no such part.
pub fn write(name: &str, part: &str) -> io::Result<()> {
    let text = fs::read_to_string(document())?;
    fs::write(document(), replaced(&text, name, part).map_err(io::Error::other)?)
}

/// Versions, machine and day.
#[must_use]
pub fn circumstances() -> String {
    let lock = include_str!("../Cargo.lock");
    let version = |name: &str| {
        let at = format!("name = \"{name}\"\nversion = \"");
        let rest = lock.split_once(&at).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let libraries = LIBRARIES.map(|name| format!("`{name}` {}", version(name))).join(", ");
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_matches([' ', '\t', ':']);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let rustc = std::process::Command::new("rustc").arg("-V").output();
    let rustc = rustc.map_or_else(
        |_| "rustc unknown".into(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    format!(
        "{libraries}; {model}, {cores} cores; {rustc}; one thread, median of {ROUNDS} rounds.\n"
    )
}

/// Operations per second, each beside how many times as long as the bare curve it takes.
#[must_use]
pub fn speed(benchmark: &Benchmark) -> String {
    let mut out = String::from(
        "| | Signatures | Issue/s | Present/s | Verify/s | Bare sign/s | Bare verify/s |\n\
         |---|---|--:|--:|--:|--:|--:|\n",
    );
    for (peer, algorithm, ..) in &benchmark.peers {
        let name = if *peer == "carnet" { "carnet, what peers do" } else { peer };
        row(&mut out, benchmark, name, peer, peer, algorithm);
    }
    for line in [OURS_WARM, OURS_STAPLED, OURS_BATCH] {
        row(&mut out, benchmark, line, line, "carnet", "the same");
    }
    out
}

fn row(out: &mut String, all: &Benchmark, name: &str, line: &str, curve: &str, algorithm: &str) {
    let bare = |what| all.of(curve, what).map_or(f64::NAN, |m| m.per_second);
    let cell = |what: What| {
        let of_curve = match what {
            What::Verify => bare(What::VerifySignature) / 2.0,
            What::Sign | What::VerifySignature => f64::NAN,
            What::Issue | What::Present => bare(What::Sign),
        };
        all.of(line, what).map_or_else(String::new, |m| {
            let ratio = of_curve / m.per_second;
            let ratio = if ratio.is_nan() { String::new() } else { format!(" ({ratio:.1})") };
            format!("{}{ratio}", number(m.per_second))
        })
    };
    let cells = [What::Issue, What::Present, What::Verify, What::Sign, What::VerifySignature];
    let cells = cells.map(cell).join(" | ");
    let _ = writeln!(out, "| {name} | {algorithm} | {cells} |");
}

/// Three digits, and groups of three.
fn number(value: f64) -> String {
    let step = 10f64.powi((value.log10().floor() as i32 - 2).max(0));
    let digits = format!("{:.0}", (value / step).round() * step);
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes.
#[must_use]
pub fn sizes(benchmark: &Benchmark) -> String {
    let ours = &benchmark.sizes;
    let mut out = String::from("| | Credential | Presentation |\n|---|--:|--:|\n");
    let mut add = |name: &str, credential: usize, presentation: usize| {
        let credential = if credential == 0 { String::new() } else { number(credential as f64) };
        let _ = writeln!(out, "| {name} | {credential} | {} |", number(presentation as f64));
    };
    add("carnet, without anchor", ours.sd_cwt, ours.bare);
    add("carnet", ours.credential, ours.presentation);
    add("carnet, evidence stapled", 0, ours.stapled);
    for (peer, _, credential, presentation) in &benchmark.peers {
        if *peer != "carnet" {
            add(peer, *credential, *presentation);
        }
    }
    let _ = writeln!(
        out,
        "\nOf the stapled evidence {} bytes are the status list with the issuer's signature.",
        number(ours.status_tokens as f64)
    );
    out
}

/// Cuts off what differs from run to run: salts and addresses.
fn shortened(why: &str) -> &str {
    [" `DecodedDisclosure", " (http"]
        .iter()
        .fold(why, |why, end| why.split(end).next().unwrap_or(why))
}

/// How far the rounds lay apart.
#[must_use]
pub fn spread(benchmark: &Benchmark) -> String {
    let low = benchmark.measured.iter().map(|m: &Measured| m.spread[0]).fold(1.0, f64::min);
    let high = benchmark.measured.iter().map(|m| m.spread[1]).fold(1.0, f64::max);
    format!(
        "The middle half of the rounds lay between {:.0} % and {:.0} % of the median. \
         A batch was of {BATCH} credentials.\n",
        low * 100.0,
        high * 100.0
    )
}

/// Cases and answers.
#[must_use]
pub fn offline(cases: &[Case]) -> String {
    let mut out = format!("| | {} |\n|---|{}\n", PEERS.join(" | "), "---|".repeat(PEERS.len()));
    let mut remarks: Vec<String> = Vec::new();
    for case in cases {
        let cells = case.answers.iter().map(|answer| {
            let said = match &answer.said {
                Ok(()) => "accepted".to_owned(),
                Err(why) if why.starts_with("undetermined") => why.clone(),
                Err(why) => format!("refused: {}", shortened(why).replace('|', "\\|")),
            };
            if answer.remark.is_empty() {
                return said;
            }
            let remark = answer.remark.to_owned();
            let number = remarks.iter().position(|known| *known == remark).unwrap_or_else(|| {
                remarks.push(remark);
                remarks.len() - 1
            });
            format!("{said} [{}]", number + 1)
        });
        let cells: Vec<_> = cells.collect();
        let _ = writeln!(out, "| **{}** | {} |", case.name, cells.join(" | "));
    }
    out.push('\n');
    for (number, remark) in (1..).zip(remarks) {
        let _ = writeln!(out, "{number}. {remark}");
    }
    out
}
