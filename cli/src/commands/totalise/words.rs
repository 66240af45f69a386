//! How an answer on a right came about, in words.

use crate::text::{Args, Texts};
use carnet_proto::totalisation::explain::{Missing, NotCounted, Step, Warning};
use carnet_proto::totalisation::period::{Period, TimeUnit};
use carnet_proto::totalisation::qualify::Outcome;
use carnet_proto::totalisation::{Rational, RuleId};

crate::uses_texts![
    "totalise-unit-year",
    "totalise-unit-quarter",
    "totalise-unit-month",
    "totalise-unit-week",
    "totalise-unit-day5",
    "totalise-unit-day6",
    "totalise-unit-day7",
    "totalise-unit-day",
    "totalise-unit-contribution-week",
    "totalise-step-converted",
    "totalise-step-cut",
    "totalise-step-displaced",
    "totalise-step-placed",
    "totalise-step-own",
    "totalise-step-foreign",
    "totalise-step-calendar",
    "totalise-step-yearly-limit",
    "totalise-step-room-left",
    "totalise-step-own-minimum",
    "totalise-step-alone",
    "totalise-step-together",
    "totalise-step-needed",
    "totalise-step-short",
    "totalise-step-ratio",
    "totalise-step-third-state",
    "totalise-left-out-no-agreement",
    "totalise-left-out-no-totalisation",
    "totalise-left-out-other-partner",
    "totalise-left-out-other-branch",
    "totalise-left-out-not-for-right",
    "totalise-left-out-refunded",
    "totalise-left-out-kind",
    "totalise-left-out-before-day",
    "totalise-left-out-after-risk",
    "totalise-left-out-after-age",
    "totalise-left-out-displaced",
    "totalise-left-out-same-state",
    "totalise-left-out-no-room",
    "totalise-left-out-year-full",
    "totalise-left-out-calendar-full",
    "totalise-left-out-not-owed",
    "totalise-left-out-outside-home",
    "totalise-warning-hidden-raises-share",
    "totalise-warning-refund-ends",
    "totalise-warning-other-ages",
    "totalise-warning-number-not-dates",
    "totalise-warning-same-state",
    "totalise-warning-mixed-units",
    "totalise-warning-exactly-one-year",
    "totalise-warning-short-with-right",
    "totalise-warning-one-sided",
    "totalise-warning-not-bound",
    "totalise-warning-residence-not-counted",
    "totalise-warning-rounded-by-year",
    "totalise-warning-not-in-force",
    "totalise-warning-hypothetical",
    "totalise-warning-dates-uncertain",
    "totalise-warning-not-chained",
    "totalise-missing-completeness",
    "totalise-missing-exact-days",
    "totalise-missing-national-right",
    "totalise-missing-birth-date",
    "totalise-missing-time",
];

/// Names values in sentences: periods by their identifiers, units in words.
#[derive(Clone, Copy)]
pub struct Sentences<'w> {
    /// The texts of the reader's language.
    pub texts: &'w Texts,
    /// The periods that were counted.
    pub periods: &'w [Period],
    /// The unit of every time.
    pub unit: TimeUnit,
}

impl Sentences<'_> {
    fn name(&self, period: Option<usize>) -> String {
        match period.and_then(|index| self.periods.get(index)) {
            Some(period) => period.id.clone(),
            None => self.texts.plain("totalise-without-foreign-time"),
        }
    }

    fn args(&self, period: Option<usize>, other: Option<usize>) -> Args {
        let unit = self.texts.plain(&format!("totalise-unit-{}", self.unit.name()));
        let state = period.and_then(|index| self.periods.get(index));
        Args::new()
            .with("period", self.name(period))
            .with("other", self.name(other))
            .with("state", state.map(|period| period.country.to_string()).unwrap_or_default())
            .with("unit", unit)
    }

    /// Returns a sentence with the rule behind it, where there is one.
    fn say(&self, id: &str, args: &Args, rule: Option<RuleId>) -> String {
        let text = self.texts.get(id, args);
        match rule {
            Some(rule) => self.with_rule(text, rule),
            None => text,
        }
    }

    fn with_rule(&self, text: String, rule: RuleId) -> String {
        let args = Args::new().with("text", text).with("rule", rule.to_string());
        self.texts.get("totalise-rule", &args)
    }
}

fn time(time: Option<Rational>) -> String {
    time.map(|time| time.to_string()).unwrap_or_default()
}

impl Sentences<'_> {
    /// Tells what a step did, without its rule.
    pub fn step(&self, step: &Step) -> String {
        let args = self.args(step.period, step.other);
        let args =
            args.with("input", step.input.to_string()).with("result", step.result.to_string());
        self.say(&format!("totalise-step-{}", step.kind.name()), &args, None)
    }

    /// Tells what did not count and why.
    pub fn not_counted(&self, not: &NotCounted) -> String {
        let args = self.args(not.period, None).with("time", not.time.to_string());
        self.say(&format!("totalise-left-out-{}", not.reason.name()), &args, not.rule)
    }

    /// Tells what to beware of.
    pub fn warning(&self, warning: &Warning) -> String {
        let args = self.args(warning.period, warning.other).with("time", time(warning.time));
        self.say(&format!("totalise-warning-{}", warning.kind.name()), &args, warning.rule)
    }

    /// Tells what is missing and who can supply it.
    pub fn missing(&self, missing: &Missing) -> String {
        let args = self.args(missing.period, None).with("time", time(missing.time));
        let args = args.with("state", missing.state.to_string());
        self.say(&format!("totalise-missing-{}", missing.kind.name()), &args, None)
    }
}

/// Tells how an answer came about: its steps, what did not count, what to beware of and what is missing.
pub fn explain(outcome: &Outcome, periods: &[Period], texts: &Texts) -> Vec<String> {
    let said = Sentences { texts, periods, unit: outcome.unit };
    let told = &outcome.explanation;
    let mut lines = vec![texts.plain("totalise-basis")];
    lines.extend(told.steps.iter().map(|step| match step.rule {
        Some(rule) => said.with_rule(said.step(step), rule),
        None => said.step(step),
    }));
    lines.extend(told.not_counted.iter().map(|not| said.not_counted(not)));
    lines.extend(told.warnings.iter().map(|warning| said.warning(warning)));
    lines.extend(told.missing.iter().map(|missing| said.missing(missing)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnet_proto::totalisation::explain::{
        MissingKind, NotCountedReason, StepKind, WarningKind,
    };

    #[test]
    fn everything_that_can_be_told_has_words() {
        let texts = Texts::load(Some("en"));
        let all = [
            ("step", StepKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>()),
            ("left-out", NotCountedReason::ALL.iter().map(|kind| kind.name()).collect()),
            ("warning", WarningKind::ALL.iter().map(|kind| kind.name()).collect()),
            ("missing", MissingKind::ALL.iter().map(|kind| kind.name()).collect()),
            ("unit", TimeUnit::ALL.iter().map(|unit| unit.name()).collect()),
        ];
        for (group, names) in all {
            for name in names {
                assert!(texts.has(&format!("totalise-{group}-{name}")), "{group} {name}");
            }
        }
    }
}
