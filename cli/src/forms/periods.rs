//! The rules of an agreement on periods, as TOML, with the cases that they must reproduce.
//!
//! A file may take the rules of shared sets after its own (`includes`); what goes into a log holds them all.

pub mod check;

use super::{FromText, In, all, broken, broken_rule, maybe, mistaken, not, parse_toml};
use crate::error::CliError;
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::text::{Line, MAX_LINE_BYTES};
use carnet_proto::time::Date;
use carnet_proto::totalisation::period::{PeriodKind, StateCode, TimeUnit};
use carnet_proto::totalisation::rules::{
    AgreementFamily, Denominator, Formula, Mechanism, MechanismKind, PeriodRule, PeriodRules,
    QuarterBasis, RuleId, ShortPeriod,
};
use serde::Deserialize;
use std::path::Path;

/// The rules with what a file says beside them.
#[derive(Debug, Clone)]
pub struct PeriodFile {
    /// What people call the agreement.
    pub title: String,
    /// The sets whose rules follow its own.
    pub includes: Vec<RuleId>,
    /// The rules, those of the sets not yet among them.
    pub rules: PeriodRules,
    /// The cases that the rules must reproduce, in the shape of `carnet totalise --cases`.
    pub cases: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodForm {
    #[serde(deserialize_with = "super::version_one")]
    #[expect(dead_code, reason = "read to be checked")]
    version: (),
    #[serde(rename = "kind", deserialize_with = "kind_periods")]
    #[expect(dead_code, reason = "read to be checked")]
    kind: (),
    id: In<RuleId>,
    title: String,
    family: In<AgreementFamily>,
    #[serde(default)]
    parties: Vec<In<StateCode>>,
    #[serde(default)]
    branches: Vec<In<Named<Branch>>>,
    from: Option<In<Date>>,
    until: Option<In<Date>>,
    #[serde(default)]
    includes: Vec<In<RuleId>>,
    #[serde(default)]
    rule: Vec<RuleForm>,
    #[serde(default)]
    case: Vec<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleForm {
    id: In<RuleId>,
    citation: In<Line>,
    text: Lines,
    #[serde(default)]
    general_knowledge: bool,
    #[serde(default)]
    does: Vec<MechanismForm>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MechanismForm {
    mechanism: In<Named<MechanismKind>>,
    #[serde(default)]
    countries: Vec<In<StateCode>>,
    #[serde(default)]
    kinds: Vec<In<Named<PeriodKind>>>,
    #[serde(default)]
    over: Vec<In<Named<PeriodKind>>>,
    value: Option<u32>,
    unit: Option<In<Named<TimeUnit>>>,
    week: Option<u32>,
    month: Option<u32>,
    quarter: Option<u32>,
    year: Option<u32>,
    date: Option<In<Date>>,
    category: Option<In<Line>>,
    scheme: Option<In<Line>>,
    short: Option<In<Named<ShortPeriod>>>,
    policy: Option<In<Named<Denominator>>>,
    basis: Option<In<Named<QuarterBasis>>>,
    formula: Option<In<Named<Formula>>>,
}

/// A value that a file gives by its name.
struct Named<T>(T);

macro_rules! by_name {
    ($($type:ty, $what:literal;)*) => {$(
        impl FromText for Named<$type> {
            fn from_text(text: &str) -> Result<Self, String> {
                let names = || <$type>::ALL.iter().map(|value| value.name()).collect::<Vec<_>>();
                <$type>::from_name(text)
                    .map(Named)
                    .ok_or_else(|| not(text, concat!($what, ": one of ")) + &names().join(", "))
            }
        }
    )*};
}
by_name! {
    Branch, "a branch";
    PeriodKind, "a kind of period";
    TimeUnit, "a unit";
    MechanismKind, "a mechanism";
    Formula, "a formula";
    Denominator, "a policy on the denominator";
    ShortPeriod, "what a short period means";
    QuarterBasis, "a basis of quarters";
}

impl FromText for AgreementFamily {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::from_name(text).ok_or_else(|| not(text, "a family of agreements"))
    }
}

impl FromText for RuleId {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text)
            .ok_or_else(|| not(text, "an identifier of at most 24 letters, digits and hyphens"))
    }
}

impl FromText for StateCode {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| not(text, "the code of a State, such as DE or CA-QC"))
    }
}

fn kind_periods<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let kind = String::deserialize(deserializer)?;
    if kind == "periods" {
        return Ok(());
    }
    Err(serde::de::Error::custom(format!("kind is {kind:?} and not \"periods\"")))
}

/// Reads rules that are in memory; `path` is for errors only.
///
/// # Errors
/// `form` with line and column; `form-mistakes` with the line of each rule that breaks a rule of rules.
pub fn parse(path: &Path, text: &str) -> Result<PeriodFile, CliError> {
    let form: PeriodForm = parse_toml(path, text)?;
    form.into_file().map_err(|reason| match check::of_rules(text) {
        mistakes if mistakes.is_empty() => broken(path, reason),
        mistakes => mistaken(path, mistakes),
    })
}

impl PeriodForm {
    fn into_file(self) -> Result<PeriodFile, String> {
        let rules = PeriodRules {
            id: self.id.0,
            family: self.family.0,
            parties: all(self.parties),
            branches: named(self.branches),
            from: maybe(self.from),
            until: maybe(self.until),
            rules: self.rule.into_iter().map(RuleForm::into_rule).collect::<Result<_, _>>()?,
        };
        if let Some((rule, state)) = rules.strangers().next() {
            return Err(format!("the rule {rule} names {state}, which is no party"));
        }
        let case =
            |case: toml::Value| serde_json::to_value(case).map_err(|error| error.to_string());
        Ok(PeriodFile {
            title: self.title,
            includes: all(self.includes),
            rules: checked(&rules)?,
            cases: self.case.into_iter().map(case).collect::<Result<_, _>>()?,
        })
    }
}

/// Returns rules as another reader would get them.
///
/// # Errors
/// The rule of rules that they break.
pub fn checked(rules: &PeriodRules) -> Result<PeriodRules, String> {
    PeriodRules::from_cbor(&rules.to_cbor()).map_err(|error| broken_rule(&error))
}

impl RuleForm {
    fn into_rule(self) -> Result<PeriodRule, String> {
        let lines = match self.text {
            Lines::One(text) => wrapped(&text),
            Lines::Several(lines) => lines,
        };
        let line =
            |line: String| Line::parse(&line).map_err(|error| format!("{}: {error}", self.id.0));
        let rule = PeriodRule {
            id: self.id.0,
            citation: self.citation.0,
            text: lines.into_iter().map(line).collect::<Result<_, _>>()?,
            general_knowledge: self.general_knowledge,
            does: self.does.into_iter().map(MechanismForm::into_mechanism).collect(),
        };
        PeriodRule::from_cbor(&rule.to_cbor())
            .map_err(|error| format!("rule {}: {}", rule.id, broken_rule(&error)))
    }
}

impl MechanismForm {
    fn into_mechanism(self) -> Mechanism {
        Mechanism {
            kind: self.mechanism.0.0,
            countries: all(self.countries),
            kinds: named(self.kinds),
            over: named(self.over),
            value: self.value,
            unit: maybe(self.unit).map(|Named(unit)| unit),
            week: self.week,
            month: self.month,
            quarter: self.quarter,
            year: self.year,
            date: maybe(self.date),
            category: maybe(self.category),
            scheme: maybe(self.scheme),
            short: maybe(self.short).map(|Named(short)| short),
            policy: maybe(self.policy).map(|Named(policy)| policy),
            basis: maybe(self.basis).map(|Named(basis)| basis),
            formula: maybe(self.formula).map(|Named(formula)| formula),
        }
    }
}

fn named<T>(values: Vec<In<Named<T>>>) -> Vec<T> {
    values.into_iter().map(|In(Named(value))| value).collect()
}

/// Breaks a text into lines that fit, between words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= MAX_LINE_BYTES => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "version = 1\nkind = \"periods\"\nid = \"X-1\"\ntitle = \"X\"\n\
        family = \"totalisation\"\nparties = [\"XA\", \"XB\"]\n[[rule]]\nid = \"X-2\"\n\
        citation = \"art. 2\"\ntext = \"adds\"\ndoes = [{ mechanism = \"totalise\" }]\n";

    fn message(text: &str) -> String {
        let texts = crate::text::Texts::load(Some("en"));
        parse(Path::new("rules.toml"), text).map_or_else(
            |error| {
                let each = error.all_mistakes().iter().map(ToString::to_string);
                std::iter::once(error.message(&texts)).chain(each).collect::<Vec<_>>().join("\n")
            },
            |_| "fine".into(),
        )
    }

    #[test]
    fn rules_are_read_and_a_mistake_is_named() {
        assert_eq!(message(RULES), "fine");
        for (from, to, says) in [
            ("version = 1", "version = 2", "version 2"),
            ("\"periods\"", "\"recognition\"", "not \"periods\""),
            ("\"totalise\"", "\"totalize\"", "a mechanism: one of"),
            (
                "mechanism = \"totalise\"",
                "mechanism = \"totalise\", value = 3",
                "line 11: the rule X-2: totalise takes no key `value`",
            ),
            (
                "mechanism = \"totalise\"",
                "mechanism = \"own-minimum\", value = 3",
                "line 11: the rule X-2: own-minimum needs the key `unit`",
            ),
            (", \"XB\"", "", "line 6: an agreement has at least two parties"),
            ("\"XB\"", "\"XA\"", "line 6: the party XA stands there twice"),
            ("\"XB\"", "\"Xb\"", "the code of a State"),
            (
                "\"totalise\" }",
                "\"totalise\", countries = [\"XC\"] }",
                "line 11: the rule X-2 names XC",
            ),
            ("\"X-2\"", "\"X 2\"", "an identifier"),
            ("text = \"adds\"", "text = \"\"", "has a text"),
        ] {
            let found = message(&RULES.replace(from, to));
            assert!(found.contains(says), "{found}");
            assert!(!found.contains("at byte"), "{found}");
        }
        let circle = "[[rule]]\nid = \"C\"\ncitation = \"c\"\ntext = \"c\"\ndoes = [\
            { mechanism = \"displace\", kinds = [\"voluntary\"], over = [\"equivalent\"] },\
            { mechanism = \"displace\", kinds = [\"equivalent\"], over = [\"voluntary\"] }]\n";
        assert!(message(&format!("{RULES}{circle}")).contains("line 16: kinds"));
    }

    #[test]
    fn a_long_text_is_broken_between_words() {
        let long = "word ".repeat(120);
        assert!(
            wrapped(&long).len() > 1
                && wrapped(&long).iter().all(|line| line.len() <= MAX_LINE_BYTES)
        );
        assert_eq!(wrapped(&long).join(" "), long.trim());
    }
}
