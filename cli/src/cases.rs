//! Cases of totalisation as JSON: what is given, what is expected, and what the engine answers.
//!
//! The engine follows the rules of the agreement that a case names; `expected` is read by the comparison
//! alone.

pub mod compare;
mod credit;
mod formula;
mod read;
mod right;
mod rules;

pub use rules::is_model;

use carnet_proto::totalisation::qualify::Outcome;
use carnet_proto::totalisation::{Period, PeriodRules, Plan, Rational, TotalisationError};
use read::Node;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Most cases of a file.
pub const MAX_CASES: usize = 4096;

/// Why a case has no answer.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Something that the task needs is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// Something is not what it should be.
    #[error("{name} is not {what}")]
    Wrong {
        /// Which key.
        name: String,
        /// What it should be.
        what: String,
    },
    /// Two periods go by the same identifier, so that an answer would not tell which is meant.
    #[error("two periods have the id {0:?}")]
    Twice(String),
    /// A task that this program does not know.
    #[error("the task {0} is not known")]
    Task(String),
    /// No shipped agreement goes by this name, and the case says nothing of its own on it.
    #[error("no agreement is called {0}, and the case lists no rules of it")]
    Agreement(String),
    /// No shipped agreement has this rule, and no agreement of the case's name is there.
    #[error("neither the agreement {agreement} nor its rule {rule} is known")]
    Rule {
        /// The agreement.
        agreement: String,
        /// The rule.
        rule: String,
    },
    /// The agreement does not bind the State that is asked.
    #[error("the agreement {agreement} does not bind {state}")]
    NotBound {
        /// The agreement.
        agreement: String,
        /// The State.
        state: String,
    },
    /// The rules cannot be used.
    #[error("the rules cannot be used: {0}")]
    Rules(String),
    /// The engine refuses.
    #[error(transparent)]
    Engine(#[from] TotalisationError),
}

/// A case with its answer.
#[derive(Debug)]
pub struct Answered {
    /// Its identifier.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What the engine answers, in the shape of `expected`.
    pub computed: Result<Value, CaseError>,
    /// Whether the case expects anything that an answer could be compared with.
    pub is_compared: bool,
    /// Where the answer differs from `expected`: path, expected, computed.
    pub differences: Vec<(String, Value, Value)>,
}

impl Answered {
    /// Tells whether the answer is the expected one. Where nothing is expected, none is.
    pub fn matches(&self) -> bool {
        self.computed.is_ok() && self.is_compared && self.differences.is_empty()
    }

    /// Tells whether there is an answer, and nothing to compare it with.
    pub fn is_open(&self) -> bool {
        self.computed.is_ok() && !self.is_compared
    }

    /// Returns the answer as `carnet totalise --cases --json` prints it; `matches` is null where there is
    /// nothing to compare it with.
    pub fn to_json(&self) -> Value {
        let differs = |(path, expected, computed): &(String, Value, Value)| json!({ "at": path, "expected": expected, "computed": computed });
        let differences: Vec<_> = self.differences.iter().map(differs).collect();
        let mut answer = Answer::default();
        let matches = if self.is_open() { Value::Null } else { self.matches().into() };
        answer.set("id", self.id.clone()).set("matches", matches);
        match &self.computed {
            Ok(computed) => answer.set("computed", computed.clone()),
            Err(error) => answer.set("computed", Value::Null).set("error", error.to_string()),
        };
        if !differences.is_empty() {
            answer.set("differences", differences);
        }
        answer.done()
    }
}

/// Answers a case by the rules of the agreement that it names.
pub fn answer(case: &Value) -> Answered {
    answered(case, |task| rules::of(case, task))
}

/// Answers a case by given rules: how an agreement's own cases are tried.
pub fn answer_by(case: &Value, given: &PeriodRules) -> Answered {
    answered(case, |task| Ok(rules::for_task(given.clone(), case, task)))
}

fn answered(case: &Value, rules: impl FnOnce(&str) -> Result<PeriodRules, CaseError>) -> Answered {
    let root = Node::new(case, "case");
    let text = |name| root.get(name).text().unwrap_or_default().to_owned();
    let computed = root.get("task").text().and_then(|task| {
        let rules = rules(task)?;
        let plan = Plan::new(&rules)?;
        compute(task, &plan, root)
    });
    let expected = case.get("expected").unwrap_or(&Value::Null);
    let is_compared = compare::expects(expected);
    let differences = match &computed {
        Ok(_) if !is_compared => Vec::new(),
        Ok(computed) if expected.is_object() => compare::differences(expected, computed),
        Ok(computed) => vec![("expected".to_owned(), expected.clone(), computed.clone())],
        Err(_) => Vec::new(),
    };
    Answered { id: text("id"), title: text("title"), computed, is_compared, differences }
}

/// Returns the first identifier that two cases have.
pub fn twice(cases: &[Value]) -> Option<&str> {
    let mut known = BTreeSet::new();
    cases.iter().filter_map(|case| case.get("id")?.as_str()).find(|id| !known.insert(*id))
}

/// Returns the periods of a case on a right, and the answer with how it came about; nothing for a case on
/// anything else, or one without an answer.
pub fn outcome(case: &Value) -> Option<(Vec<Period>, Outcome)> {
    let root = Node::new(case, "case");
    let task = root.get("task").text().ok()?;
    if !matches!(task, "totalise" | "pro_rata" | "home_scheme" | "ph_minimum_pro_rata") {
        return None;
    }
    let rules = rules::of(case, task).ok()?;
    right::outcome(&Plan::new(&rules).ok()?, root.get("parameters"), root.get("inputs")).ok()
}

/// What can be asked of cases; `docs/agreements.md` explains each.
pub const TASKS: &[&str] = &[
    "convert",
    "calendar_months",
    "overlap",
    "overlap_by_claim_country",
    "totalise",
    "pro_rata",
    "home_scheme",
    "totalise_multi",
    "ph_minimum_pro_rata",
    "amount",
    "credit_quarters",
    "credit_quarters_count",
    "us_insured",
    "rate_fraction",
    "capped_noncontributory",
    "irish_yearly_average",
    "us_rep",
    "oas",
];

/// Computes one task; the case's `expected` is never looked at.
fn compute(task: &str, plan: &Plan<'_>, case: Node<'_>) -> Result<Value, CaseError> {
    let (given, inputs) = (case.get("parameters"), case.get("inputs"));
    match task {
        "convert" => right::convert(plan, given, inputs),
        "calendar_months" => right::calendar_months(inputs),
        "overlap" => right::overlap(plan, given, inputs),
        "overlap_by_claim_country" => right::overlap_by_state(plan, given, inputs),
        "totalise" => right::totalise(plan, given, inputs),
        "pro_rata" => right::pro_rata(plan, given, inputs),
        "home_scheme" => right::home_scheme(plan, given, inputs),
        "totalise_multi" => right::several(plan, given, inputs),
        "ph_minimum_pro_rata" => right::minimum_needed(plan, given, inputs),
        "amount" => right::amounts(plan, given, inputs),
        "credit_quarters" | "credit_quarters_count" => credit::quarters(plan, given, inputs),
        "us_insured" => credit::insured(plan, given, inputs),
        "rate_fraction" => formula::rate(plan, given, inputs),
        "capped_noncontributory" => formula::capped(plan, given, inputs),
        "irish_yearly_average" => formula::irish(plan, given, inputs),
        "us_rep" => formula::relative_earnings(inputs),
        "oas" => formula::old_age_security(plan, given, inputs),
        other => Err(CaseError::Task(other.to_owned())),
    }
}

/// An answer under construction.
#[derive(Default)]
struct Answer(Map<String, Value>);

impl Answer {
    fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn number(&mut self, key: &str, value: Rational) -> &mut Self {
        self.set(key, number(value))
    }

    fn maybe(&mut self, key: &str, value: Option<Rational>) -> &mut Self {
        self.set(key, value.map_or(Value::Null, number))
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// Writes a number: a whole one as it is, any other as an exact text.
fn number(value: Rational) -> Value {
    value.to_whole().map_or_else(|| value.to_string().into(), Value::from)
}

fn fraction(num: Rational, den: Rational) -> Value {
    json!({ "num": number(num), "den": number(den) })
}

/// Writes money with the decimals that the agreement has.
fn money(plan: &Plan<'_>, amount: Rational) -> Result<Value, CaseError> {
    Ok(amount.to_decimal(plan.decimals())?.into())
}

#[cfg(test)]
pub mod tests;
