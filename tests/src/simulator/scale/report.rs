//! The report of what was measured: `docs/scale.md` and its plot.

use std::fmt::Write as _;

use super::{Measured, PUBLISHING, Plan, REST};

/// The document, and the plot that it shows.
pub struct Report {
    /// `docs/scale.md`.
    pub text: String,
    /// `docs/scale.svg`.
    pub plot: String,
}

/// Federations that differ in one thing only.
pub struct Series<'m> {
    /// With how many nodes.
    pub by_nodes: Vec<&'m Measured>,
    /// With how many logs.
    pub by_logs: Vec<&'m Measured>,
    /// With how many witnesses.
    pub by_witnesses: Vec<&'m Measured>,
}

/// Writes the report.
pub fn report(series: &Series<'_>) -> Report {
    let mut text = String::from(include_str!("head.md"));
    for (title, rows) in [
        ("By nodes", &series.by_nodes),
        ("By logs that each node follows", &series.by_logs),
        ("By witnesses", &series.by_witnesses),
    ] {
        let _ = writeln!(text, "\n### {title}\n\n{COLUMNS}");
        for measured in rows {
            let _ = writeln!(text, "{}", row(measured));
        }
    }
    let _ = write!(text, "\n{}", include_str!("tail.md"));
    let nodes = series.by_nodes.iter().map(|measured| measured.plan.nodes);
    let text = text
        .replace("{most}", &nodes.max().unwrap_or_default().to_string())
        .replace("{rest}", &(REST / 60_000).to_string())
        .replace("{publishing}", &(PUBLISHING / 1_000).to_string());
    Report { text, plot: plot(series) }
}

const COLUMNS: &str = "\
| nodes | logs | witnesses | sent at rest, KiB/h | messages/h | sent per statement, KiB | messages | half, s | 99 %, s | all, s |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

/// Writes a row of a table.
pub fn row(measured: &Measured) -> String {
    let Measured { plan, spread: [half, most, all], .. } = measured;
    let seconds = |ms: u64| match ms {
        u64::MAX => "not all".to_owned(),
        ms => format!("{:.1}", ms as f64 / 1000.0),
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
        plan.nodes,
        plan.logs,
        plan.witnesses,
        kib(measured.rest_bytes_per_hour),
        measured.rest_messages_per_hour,
        kib(measured.bytes_per_statement),
        measured.messages_per_statement,
        seconds(*half),
        seconds(*most),
        seconds(*all),
    )
}

/// Reads a row that [`row`] wrote; what it does not tell is 0.
pub fn parse_row(line: &str) -> Option<Measured> {
    let cells: Vec<f64> = line.split('|').filter_map(|cell| cell.trim().parse().ok()).collect();
    let [nodes, logs, witnesses, rest, rest_messages, busy, messages, spread @ ..] = &cells[..]
    else {
        return None;
    };
    let ms = |index: usize| spread.get(index).map_or(u64::MAX, |s| (s * 1000.0).round() as u64);
    let bytes = |kib: f64| (kib * 1024.0).round() as u64;
    Some(Measured {
        plan: Plan {
            nodes: *nodes as usize,
            logs: *logs as usize,
            witnesses: *witnesses as usize,
            degree: 0,
            seed: 0,
        },
        links: 0,
        rest_bytes_per_hour: bytes(*rest),
        rest_messages_per_hour: *rest_messages as u64,
        bytes_per_statement: bytes(*busy),
        messages_per_statement: *messages as u64,
        spread: [ms(0), ms(1), ms(2)],
        events: 0,
    })
}

fn kib(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1024.0)
}

const WIDTH: f64 = 330.0;
const HEIGHT: f64 = 210.0;

/// A line of a plot: its name, its colour, and its points.
type Line<'t> = (&'t str, &'t str, Vec<(f64, f64)>);

fn plot(series: &Series<'_>) -> String {
    let nodes = |of: fn(&Measured) -> f64| {
        series.by_nodes.iter().map(|m| (m.plan.nodes as f64, of(m))).collect::<Vec<_>>()
    };
    let logs = |of: fn(&Measured) -> f64| {
        series.by_logs.iter().map(|m| (m.plan.logs as f64, of(m))).collect::<Vec<_>>()
    };
    let rest = |m: &Measured| m.rest_bytes_per_hour as f64 / 1024.0;
    let busy = |m: &Measured| m.bytes_per_statement as f64 / 1024.0;
    let panels = [
        panel(
            "Sent by a node, KiB, by nodes",
            &[
                ("at rest, an hour", "#4269d0", nodes(rest)),
                ("for a statement", "#c4432b", nodes(busy)),
            ],
        ),
        panel(
            "Seconds until a statement has come, by nodes",
            &[
                ("half of all copies", "#4269d0", nodes(|m| m.spread[0] as f64 / 1000.0)),
                ("99 of 100", "#c4432b", nodes(|m| m.spread[1] as f64 / 1000.0)),
                ("all", "#3a8a4f", nodes(|m| m.spread[2] as f64 / 1000.0)),
            ],
        ),
        panel(
            "Sent by a node, KiB, by logs followed",
            &[
                ("at rest, an hour", "#4269d0", logs(rest)),
                ("for a statement", "#c4432b", logs(busy)),
            ],
        ),
    ];
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        3.0 * (WIDTH + 60.0),
        HEIGHT + 90.0
    );
    for (index, panel) in panels.iter().enumerate() {
        let x = 45.0 + index as f64 * (WIDTH + 60.0);
        let _ = writeln!(svg, "<g transform=\"translate({x:.0} 30)\">\n{panel}</g>");
    }
    svg.push_str("</svg>\n");
    svg
}

/// Draws lines over a logarithmic x axis, and a y axis from 0.
fn panel(title: &str, lines: &[Line<'_>]) -> String {
    let points = || lines.iter().flat_map(|(.., points)| points);
    let low = points().map(|(x, _)| x.log10()).fold(f64::MAX, f64::min);
    let high = points().map(|(x, _)| x.log10()).fold(f64::MIN, f64::max);
    let top = nice(points().map(|(_, y)| *y).fold(0.0, f64::max));
    let x = |value: f64| (value.log10() - low) / (high - low).max(0.001) * WIDTH;
    let y = |value: f64| HEIGHT - value / top * HEIGHT;
    let mut svg = format!("<text y=\"-12\" font-size=\"13\">{title}</text>\n");
    for step in 0..=4 {
        let value = top * f64::from(step) / 4.0;
        let at = y(value);
        let _ = writeln!(svg, "<path d=\"M0 {at:.1}H{WIDTH}\" stroke=\"#ddd\"/>");
        let _ = writeln!(
            svg,
            "<text x=\"-6\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
            at + 4.0
        );
    }
    if let Some((.., points)) = lines.first() {
        for (value, _) in points {
            let (at, below) = (x(*value), HEIGHT + 16.0);
            let _ = writeln!(
                svg,
                "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{value}</text>"
            );
        }
    }
    for (index, (name, colour, points)) in lines.iter().enumerate() {
        let path: Vec<_> =
            points.iter().map(|(a, b)| format!("{:.1} {:.1}", x(*a), y(*b))).collect();
        let _ = writeln!(
            svg,
            "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>",
            path.join("L")
        );
        for (a, b) in points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(*a),
                y(*b)
            );
        }
        let at = index as f64 * 120.0;
        let _ = writeln!(
            svg,
            "<text x=\"{at}\" y=\"{}\" fill=\"{colour}\">{name}</text>",
            HEIGHT + 38.0
        );
    }
    svg
}

/// Rounds up to a number that four steps divide evenly.
fn nice(value: f64) -> f64 {
    let size = 10_f64.powf(value.max(0.001).log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    steps.iter().map(|step| step * size).find(|top| *top >= value).unwrap_or(value)
}
