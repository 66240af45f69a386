//! The table: what, ours, yardstick, ratio, budget, met or not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::bench::{Round, Spec};

/// Between these lines of a Markdown file the table is put.
const MARKERS: [&str; 2] = ["<!-- budgets: begin -->", "<!-- budgets: end -->"];
/// Names a Markdown file that gets the table.
const MARKDOWN_VARIABLE: &str = "CARNET_BENCH_MARKDOWN";
/// Of all rounds, the first are left out: caches and clock rates settle.
const SETTLING: usize = 10;

/// What a row has to keep.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    /// Ours takes at most so many times as long.
    Times(f64),
    /// Ours gets at least this part of the yardstick's rate.
    Rate(f64),
    /// None: for information.
    Information,
}

/// One row.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Row {
    pub what: String,
    pub yardstick_is: String,
    pub ours: String,
    pub yardstick: String,
    /// The median of all rounds' ratios.
    pub ratio: f64,
    /// The quarter of the rounds below and above which another quarter lies.
    pub quartiles: [f64; 2],
    pub rounds: usize,
    pub budget: Budget,
}

impl Row {
    /// Returns whether the budget is met; nothing if there is none.
    fn is_met(&self) -> Option<bool> {
        match self.budget {
            Budget::Times(limit) => Some(self.ratio <= limit),
            Budget::Rate(limit) => Some(self.ratio >= limit),
            Budget::Information => None,
        }
    }

    fn cells(&self) -> [String; 6] {
        let ratio = format!("{:.2}", self.ratio);
        let budget = match self.budget {
            Budget::Times(limit) => format!("<= {limit}"),
            Budget::Rate(limit) => format!(">= {limit}"),
            Budget::Information => "-".into(),
        };
        let met = match self.is_met() {
            Some(true) => "met",
            Some(false) => "NOT MET",
            None => "",
        };
        let yardstick = match self.yardstick_is.as_str() {
            "" => String::new(),
            what => format!("{} ({what})", self.yardstick),
        };
        [self.what.clone(), self.ours.clone(), yardstick, ratio, budget, met.into()]
    }
}

/// The rows measured.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

impl Table {
    /// Adds what was measured; nothing if the row was filtered out.
    pub fn push(&mut self, spec: Spec, rounds: &[Round]) {
        let rounds = rounds.get(SETTLING.min(rounds.len() / 4)..).unwrap_or_default();
        if rounds.is_empty() {
            return;
        }
        let each = |which: fn(&Round) -> Duration| {
            let times = rounds.iter().map(|round| which(round).as_secs_f64()).collect();
            quantile(times, 0.5) / f64::from(spec.items)
        };
        let ratios: Vec<f64> = rounds
            .iter()
            .map(|(ours, yardstick)| {
                let times = ours.as_secs_f64() / yardstick.as_secs_f64().max(1e-12);
                if let Budget::Rate(_) = spec.budget { 1.0 / times.max(1e-12) } else { times }
            })
            .collect();
        let show = |seconds: f64| match spec.budget {
            Budget::Rate(_) => format!("{:.0} {}/s", 1.0 / seconds, spec.item),
            _ => duration(seconds),
        };
        self.rows.push(Row {
            what: spec.what.into(),
            yardstick_is: spec.yardstick.into(),
            ours: show(each(|round| round.0)),
            yardstick: show(each(|round| round.1)),
            ratio: quantile(ratios.clone(), 0.5),
            quartiles: [quantile(ratios.clone(), 0.25), quantile(ratios, 0.75)],
            rounds: rounds.len(),
            budget: spec.budget,
        });
    }

    /// Adds a row as it is.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Prints the table, and writes it as JSON and, if asked to, as Markdown.
    pub fn finish(self) {
        if self.rows.is_empty() {
            return;
        }
        let mut lines =
            vec![["what", "ours", "yardstick", "ratio", "budget", ""].map(String::from)];
        lines.extend(self.rows.iter().map(Row::cells));
        print(&lines);
        let json = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../budgets.json");
        write(&json, &serde_json::to_string_pretty(&self.rows).expect("plain data"));
        if let Some(file) = std::env::var_os(MARKDOWN_VARIABLE) {
            // Cargo starts a benchmark in its package, and people are in the directory above.
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
            let old = std::fs::read_to_string(&file).expect("a Markdown file with markers");
            write(&file, &between_markers(&old, &markdown(&lines)));
        }
    }
}

fn write(file: &Path, text: &str) {
    if let Err(error) = std::fs::write(file, text) {
        eprintln!("{}: {error}", file.display());
    }
}

fn quantile(mut numbers: Vec<f64>, at: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[((numbers.len() - 1) as f64 * at).round() as usize]
}

/// Writes a time with three digits and its unit.
pub fn duration(seconds: f64) -> String {
    let (number, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let digits = if number < 10.0 { 2 } else { usize::from(number < 100.0) };
    format!("{number:.digits$} {unit}")
}

fn print(lines: &[[String; 6]]) {
    let width = |at: usize| lines.iter().map(|l| l[at].chars().count()).max().unwrap_or(0);
    let widths: [usize; 6] = std::array::from_fn(width);
    println!();
    for line in lines {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        println!("{}", cells.collect::<Vec<_>>().join("  ").trim_end());
    }
}

fn markdown(lines: &[[String; 6]]) -> String {
    let row = |line: &[String; 6]| format!("| {} |\n", line.join(" | "));
    let (head, rows) = lines.split_first().expect("a head");
    let rule = "|---|---|---|---|---|---|\n";
    [row(head), rule.into(), rows.iter().map(row).collect()].concat()
}

fn between_markers(text: &str, table: &str) -> String {
    let [begin, end] = MARKERS;
    match (text.split_once(begin), text.split_once(end)) {
        (Some((before, _)), Some((_, after))) => format!("{before}{begin}\n{table}{end}{after}"),
        _ => panic!("no {begin} and {end} in the file"),
    }
}
