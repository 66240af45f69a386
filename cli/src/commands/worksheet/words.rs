//! The words of a worksheet: identifiers of the engine as sentences of the reader's language.

use super::{Work, day};
use crate::commands::verify::report::reason_text;
use crate::text::{Args, Texts};
use carnet_proto::credential::oddity::Oddity;
use carnet_proto::totalisation::Rational;
use carnet_proto::totalisation::attested::{LeftOut, LeftOutReason, Note, NoteKind};
use carnet_proto::totalisation::period::{Period, TimeUnit};

/// Makes an enumeration of the engine choose a text: all ids stand here, so that a test knows them.
macro_rules! id_of {
    ($value:expr, $type:ident { $($variant:ident => $id:literal,)* }) => {
        match $value { $($type::$variant => $id,)* }
    };
}

/// Returns time with its unit.
pub fn time(time: Rational, unit: TimeUnit, texts: &Texts) -> String {
    let [year, quarter, month, week, day] = crate::text_ids![
        "totalise-time-year",
        "totalise-time-quarter",
        "totalise-time-month",
        "totalise-time-week",
        "totalise-time-day"
    ];
    let id = match unit {
        TimeUnit::Year => year,
        TimeUnit::Quarter => quarter,
        TimeUnit::Month => month,
        TimeUnit::Week | TimeUnit::ContributionWeek => week,
        TimeUnit::Day5 | TimeUnit::Day6 | TimeUnit::Day7 | TimeUnit::Day => day,
    };
    let count = if time.to_string() == "1" { 1 } else { 2 };
    texts.get(id, &Args::new().with("time", time.to_string()).with("count", count))
}

/// Returns the periods by the names that a worksheet gives them.
pub fn named(work: &Work<'_>, texts: &Texts) -> Vec<Period> {
    let name = |period: &Period| {
        let id = texts.get("totalise-number", &Args::new().with("number", period.id.clone()));
        Period { id, ..period.clone() }
    };
    work.attested.periods.iter().map(name).collect()
}

/// Returns why a valid attestation is no period.
pub fn left_out(left: &LeftOut, texts: &Texts) -> String {
    let id = id_of!(left.reason, LeftOutReason {
        Replaced => "totalise-left-replaced",
        ShownTwice => "totalise-left-shown-twice",
        NoFigure => "totalise-left-no-figure",
        SameTime => "totalise-left-same-time",
    });
    let numbers = Args::new()
        .with("number", (left.shown + 1).to_string())
        .with("other", left.other.map(|other| (other + 1).to_string()).unwrap_or_default());
    texts.get(id, &numbers)
}

/// Returns what is told of an attestation.
pub fn note(note: &Note, work: &Work<'_>, texts: &Texts) -> String {
    let id = id_of!(note.kind, NoteKind {
        YearsHidden => "totalise-note-years-hidden",
        YearsUnknown => "totalise-note-years-unknown",
        SchemeHoldsMore => "totalise-note-scheme-holds-more",
        SchemeAllShown => "totalise-note-scheme-all-shown",
        Complete => "totalise-note-complete",
        NotComplete => "totalise-note-not-complete",
        PartlyRefunded => "totalise-note-partly-refunded",
        OtherLaw => "totalise-note-other-law",
    });
    let mut values = Args::new().with("number", (note.shown + 1).to_string());
    if let Some(place) = work.places.get(note.shown) {
        let contribution = place.contribution;
        values.set("institution", contribution.institution.code.to_string());
        values.set("law", contribution.law().to_string());
        values.set("scheme", contribution.scheme.to_string());
        let on = match note.kind {
            NoteKind::Complete => contribution.complete_up_to,
            NoteKind::PartlyRefunded => contribution.refund_date,
            _ => Some(contribution.as_of),
        };
        values.set("day", day(on));
    }
    texts.get(id, &values)
}

/// Returns what cannot be of what is attested, for each attestation.
pub fn odd(work: &Work<'_>, texts: &Texts) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, item) in (1..).zip(&work.counted) {
        for oddity in item.report.disclosed.iter().flat_map(|shown| {
            shown.attested.oddities(shown.person.birth_date, shown.issued_at.date())
        }) {
            if oddity != Oddity::OtherLaw {
                let values = Args::new().with("number", number).with("reason", oddity.text());
                lines.push(texts.get("totalise-note-odd", &values));
            }
        }
    }
    lines
}

/// Returns why a credential was refused.
pub fn refused(item: &super::Item<'_>, texts: &Texts) -> String {
    let file = item.file.display().to_string();
    let values = Args::new().with("file", file.clone());
    match item.report.decisive() {
        Some(check) => {
            let name = texts.plain(&format!("check-{}", check.id));
            let values = values.with("reason", reason_text(check, texts)).with("check", name);
            texts.get("totalise-refused-line", &values)
        }
        None => format!("{file}: {}", texts.plain("totalise-no-contribution")),
    }
}

/// Returns the answer in sentences, the first of which tells the result.
pub fn answer(work: &Work<'_>, texts: &Texts) -> Vec<String> {
    let state = work.claim.country.map(|state| state.to_string()).unwrap_or_default();
    let mut said = Vec::new();
    match &work.outcome {
        None if !work.is_one_person => said.push(texts.plain("totalise-answer-people")),
        None => said.push(texts.plain("totalise-answer-nothing")),
        Some(outcome) => {
            let show = |much: Rational| time(much, outcome.unit, texts);
            let values = || {
                Args::new()
                    .with("state", state.clone())
                    .with("own", show(outcome.own))
                    .with("foreign", show(outcome.foreign))
                    .with("total", show(outcome.total))
                    .with("needed", outcome.needed.map(show).unwrap_or_default())
            };
            let [alone, together, short, open] = crate::text_ids![
                "totalise-answer-alone",
                "totalise-answer-together",
                "totalise-answer-short",
                "totalise-answer-open"
            ];
            let [not_bound, undetermined] =
                crate::text_ids!["totalise-answer-not-bound", "totalise-answer-undetermined"];
            let id = match (outcome.alone, outcome.together) {
                (Some(true), _) => alone,
                _ if !outcome.bound => not_bound,
                (_, Some(true)) => together,
                (_, Some(false)) => short,
                _ => open,
            };
            said.push(texts.get(id, &values()));
            let mut also = |holds: bool, id: &str, values: Args| {
                if holds {
                    said.push(texts.get(id, &values));
                }
            };
            also(work.is_undetermined, undetermined, values());
            also(outcome.bound && !outcome.may_add, "totalise-answer-no-adding", values());
            also(outcome.relieved, "totalise-answer-relieved", values());
            also(outcome.may_refuse, "totalise-answer-may-refuse", values());
            crate::uses_texts![
                "totalise-answer-no-adding",
                "totalise-answer-relieved",
                "totalise-answer-may-refuse"
            ];
            if let Some(total) = outcome.hypothetical {
                let values = Args::new().with("total", show(total));
                said.push(texts.get("totalise-answer-hypothetical", &values));
            }
            if let Some(ratio) = outcome.ratio {
                let values = Args::new()
                    .with("state", state.clone())
                    .with("num", ratio.num.to_string())
                    .with("den", ratio.den.to_string());
                said.push(texts.get("totalise-answer-share", &values));
            }
        }
    }
    if !work.refused.is_empty() {
        let count = Args::new().with("count", work.refused.len());
        said.push(texts.get("totalise-answer-refused", &count));
    }
    said
}
