//! The words of a worksheet: identifiers of the engine as sentences of the reader's language.

use super::{Work, day};
use crate::commands::verify::report::reason_text;
use crate::text::{Args, Texts};
use carnet_proto::totalisation::Rational;
use carnet_proto::totalisation::attested::{LeftOut, LeftOutReason, Note, NoteKind};
use carnet_proto::totalisation::explain::{
    Missing, MissingKind, NotCounted, NotCountedReason, Step, StepKind, Warning, WarningKind,
};
use carnet_proto::totalisation::period::TimeUnit;

/// Makes an enumeration of the engine choose a text: all ids stand here, so that a test knows them.
macro_rules! id_of {
    ($value:expr, $type:ident { $($variant:ident => $id:literal,)* }) => {
        match $value { $($type::$variant => $id,)* }
    };
}

/// Returns time with its unit.
pub fn time(time: Rational, unit: TimeUnit, texts: &Texts) -> String {
    let [year, quarter, month, week, day] = crate::text_ids![
        "totalise-unit-year",
        "totalise-unit-quarter",
        "totalise-unit-month",
        "totalise-unit-week",
        "totalise-unit-day"
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

/// Returns what a step did.
pub fn step(step: &Step, work: &Work<'_>, texts: &Texts) -> String {
    let id = id_of!(step.kind, StepKind {
        Converted => "totalise-step-converted",
        Cut => "totalise-step-cut",
        Displaced => "totalise-step-displaced",
        Placed => "totalise-step-placed",
        Own => "totalise-step-own",
        Foreign => "totalise-step-foreign",
        YearlyLimit => "totalise-step-yearly-limit",
        OwnMinimum => "totalise-step-own-minimum",
        Alone => "totalise-step-alone",
        Together => "totalise-step-together",
        Needed => "totalise-step-needed",
        Short => "totalise-step-short",
        Ratio => "totalise-step-ratio",
        ThirdState => "totalise-step-third-state",
    });
    let numbers =
        Args::new().with("number", work.number(step.period)).with("other", work.number(step.other));
    texts.get(id, &numbers)
}

/// Returns what did not count, how much, and why.
pub fn not_counted(not: &NotCounted, unit: TimeUnit, work: &Work<'_>, texts: &Texts) -> String {
    let why = id_of!(not.reason, NotCountedReason {
        NoAgreement => "totalise-why-no-agreement",
        NoTotalisation => "totalise-why-no-totalisation",
        OtherPartner => "totalise-why-other-partner",
        OtherBranch => "totalise-why-other-branch",
        NotForRight => "totalise-why-not-for-right",
        Refunded => "totalise-why-refunded",
        Kind => "totalise-why-kind",
        BeforeDay => "totalise-why-before-day",
        AfterRisk => "totalise-why-after-risk",
        AfterAge => "totalise-why-after-age",
        Displaced => "totalise-why-displaced",
        SameState => "totalise-why-same-state",
        NoRoom => "totalise-why-no-room",
        YearFull => "totalise-why-year-full",
        NotOwed => "totalise-why-not-owed",
        OutsideHome => "totalise-why-outside-home",
    });
    let what = match not.period {
        Some(period) => {
            let number = Args::new().with("number", work.number(Some(period)));
            texts.get("totalise-not-period", &number)
        }
        None => texts.plain("totalise-not-foreign"),
    };
    let line = Args::new()
        .with("what", what)
        .with("time", time(not.time, unit, texts))
        .with("why", texts.plain(why));
    let line = texts.get("totalise-not-line", &line);
    match not.rule {
        Some(rule) => format!("{line} ({rule})"),
        None => line,
    }
}

/// Returns something to beware of.
pub fn warning(warning: &Warning, work: &Work<'_>, texts: &Texts) -> String {
    let id = id_of!(warning.kind, WarningKind {
        HiddenRaisesShare => "totalise-warn-hidden-raises-share",
        RefundEnds => "totalise-warn-refund-ends",
        OtherAges => "totalise-warn-other-ages",
        NumberNotDates => "totalise-warn-number-not-dates",
        SameState => "totalise-warn-same-state",
        MixedUnits => "totalise-warn-mixed-units",
        ExactlyOneYear => "totalise-warn-exactly-one-year",
        ShortWithRight => "totalise-warn-short-with-right",
        OneSided => "totalise-warn-one-sided",
        ResidenceNotCounted => "totalise-warn-residence-not-counted",
        RoundedByYear => "totalise-warn-rounded-by-year",
        NotInForce => "totalise-warn-not-in-force",
        Hypothetical => "totalise-warn-hypothetical",
        DatesUncertain => "totalise-warn-dates-uncertain",
        NotChained => "totalise-warn-not-chained",
    });
    let numbers = Args::new()
        .with("number", work.number(warning.period))
        .with("other", work.number(warning.other));
    texts.get(id, &numbers)
}

/// Returns what is missing, and who can supply it.
pub fn missing(missing: &Missing, unit: TimeUnit, work: &Work<'_>, texts: &Texts) -> String {
    let id = id_of!(missing.kind, MissingKind {
        Completeness => "totalise-miss-completeness",
        ExactDays => "totalise-miss-exact-days",
        NationalRight => "totalise-miss-national-right",
        Time => "totalise-miss-time",
    });
    let values = Args::new()
        .with("state", missing.state.to_string())
        .with("number", work.number(missing.period))
        .with("time", missing.time.map(|much| time(much, unit, texts)).unwrap_or_default());
    texts.get(id, &values)
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
    });
    let mut values = Args::new().with("number", (note.shown + 1).to_string());
    if let Some(place) = work.places.get(note.shown) {
        let contribution = place.contribution;
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
            let id = match (outcome.alone, outcome.together) {
                (Some(true), _) => alone,
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
            also(!outcome.may_add, "totalise-answer-no-adding", values());
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
