//! Every mistake in a file of rules on periods, each with its line.
//!
//! Reading such a file stops at the first mistake. Whoever writes one wants to see all of them: so every
//! key, rule, mechanism and case is looked at for itself.

mod case;

use super::{
    Branch, Date, FromText, In, Line, Lines, Mechanism, MechanismForm, Named, RuleForm, RuleId,
    StateCode,
};
use crate::agreements;
use crate::error::Mistake;
use crate::forms::place;
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::totalisation::period::{PeriodKind, TimeUnit};
use carnet_proto::totalisation::rules::{
    AgreementFamily, Denominator, Formula, MechanismKind, QuarterBasis, ShortPeriod,
};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

type Value<'t> = Spanned<DeValue<'t>>;

/// Returns what is wrong with the syntax of a file, if anything is.
pub fn syntax(text: &str) -> Vec<Mistake> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let mut found = Found { text, mistakes: Vec::new() };
    for error in errors {
        found.error(0..0, &error);
    }
    found.mistakes
}

/// Returns everything that is wrong with a file of rules on periods.
pub fn mistakes(text: &str) -> Vec<Mistake> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return syntax(text);
    }
    let mut found = Found { text, mistakes: Vec::new() };
    let document = document.into_inner();
    found.keys(&document, 0..0, HEAD);
    let parties = found.parties(&document);
    let sets: Vec<RuleId> = list(document.get("includes")).iter().filter_map(read).collect();
    for (value, id) in list(document.get("includes")).iter().filter_map(|v| Some((v, read(v)?))) {
        if !agreements::is_set(id).unwrap_or(false) {
            found.at(value.span(), format!("there is no set of rules {id}"));
        }
    }
    let mut first: BTreeMap<RuleId, usize> = BTreeMap::new();
    for rule in list(document.get("rule")) {
        found.rule(rule, &parties, &mut first);
    }
    let thirds = case::speaks_of_others(list(document.get("rule")), &sets);
    case::all(list(document.get("case")), &parties, thirds, &mut found);
    found.mistakes.sort_by_key(|mistake| mistake.line);
    found.mistakes
}

/// Returns the elements of a list; none of anything else.
fn list<'v, 't>(value: Option<&'v Value<'t>>) -> &'v [Value<'t>] {
    value.and_then(|value| value.get_ref().as_array()).map_or(&[], |array| array)
}

/// Reads a value, if it is what it should be.
fn read<T: FromText>(value: &Value<'_>) -> Option<T> {
    T::from_text(value.get_ref().as_str()?).ok()
}

/// Looks at one value: what is wrong, and where that can be told.
type Look = fn(Value<'_>) -> Vec<Error>;

/// A key, whether it must be there, and how its value is looked at.
type Key = (&'static str, bool, Look);

fn one<T: DeserializeOwned>(value: Value<'_>) -> Vec<Error> {
    T::deserialize(ValueDeserializer::from(value)).err().into_iter().collect()
}

fn several<T: DeserializeOwned>(value: Value<'_>) -> Vec<Error> {
    match value.get_ref().as_array() {
        Some(values) => values.iter().cloned().flat_map(one::<T>).collect(),
        None => one::<Vec<T>>(value),
    }
}

fn version(value: Value<'_>) -> Vec<Error> {
    crate::forms::version_one(ValueDeserializer::from(value)).err().into_iter().collect()
}

fn kind(value: Value<'_>) -> Vec<Error> {
    super::kind_periods(ValueDeserializer::from(value)).err().into_iter().collect()
}

fn apart(_: Value<'_>) -> Vec<Error> {
    Vec::new()
}

const HEAD: &[Key] = &[
    ("version", true, version),
    ("kind", true, kind),
    ("id", true, one::<In<RuleId>>),
    ("title", true, one::<String>),
    ("family", true, one::<In<AgreementFamily>>),
    ("parties", false, several::<In<StateCode>>),
    ("branches", false, several::<In<Named<Branch>>>),
    ("from", false, one::<In<Date>>),
    ("until", false, one::<In<Date>>),
    ("includes", false, several::<In<RuleId>>),
    ("rule", false, apart),
    ("case", false, apart),
];

const RULE: &[Key] = &[
    ("id", true, one::<In<RuleId>>),
    ("citation", true, one::<In<Line>>),
    ("text", true, one::<Lines>),
    ("general_knowledge", false, one::<bool>),
    ("does", false, apart),
];

const MECHANISM: &[Key] = &[
    ("mechanism", true, one::<In<Named<MechanismKind>>>),
    ("countries", false, several::<In<StateCode>>),
    ("kinds", false, several::<In<Named<PeriodKind>>>),
    ("over", false, several::<In<Named<PeriodKind>>>),
    ("value", false, one::<u32>),
    ("unit", false, one::<In<Named<TimeUnit>>>),
    ("week", false, one::<u32>),
    ("month", false, one::<u32>),
    ("quarter", false, one::<u32>),
    ("year", false, one::<u32>),
    ("date", false, one::<In<Date>>),
    ("category", false, one::<In<Line>>),
    ("scheme", false, one::<In<Line>>),
    ("short", false, one::<In<Named<ShortPeriod>>>),
    ("policy", false, one::<In<Named<Denominator>>>),
    ("basis", false, one::<In<Named<QuarterBasis>>>),
    ("formula", false, one::<In<Named<Formula>>>),
];

/// What was found so far.
struct Found<'t> {
    text: &'t str,
    mistakes: Vec<Mistake>,
}

impl Found<'_> {
    fn line(&self, at: usize) -> usize {
        place(self.text, at).0
    }

    fn at(&mut self, span: Range<usize>, reason: String) {
        let line = u64::try_from(self.line(span.start)).unwrap_or(u64::MAX);
        self.mistakes.push(Mistake::new(line, None, reason));
    }

    fn error(&mut self, span: Range<usize>, error: &Error) {
        self.at(error.span().unwrap_or(span), error.message().trim().to_owned());
    }

    /// Looks at every key of a table. Returns whether all of it is well.
    fn keys(&mut self, table: &DeTable<'_>, span: Range<usize>, keys: &[Key]) -> bool {
        let before = self.mistakes.len();
        for (name, value) in table {
            match keys.iter().find(|(key, ..)| key == name.get_ref()) {
                Some((_, _, look)) => {
                    for error in look(value.clone()) {
                        self.error(value.span(), &error);
                    }
                }
                None => self.at(name.span(), format!("there is no key {:?} here", name.get_ref())),
            }
        }
        for (name, _, _) in keys.iter().filter(|(_, must, _)| *must) {
            if !table.contains_key(*name) {
                self.at(span.clone(), format!("the key {name:?} is missing"));
            }
        }
        self.mistakes.len() == before
    }

    /// Looks at the parties beyond their codes, and returns them.
    fn parties(&mut self, document: &DeTable<'_>) -> Vec<StateCode> {
        let Some(all) = document.get("parties") else { return Vec::new() };
        let mut parties: Vec<StateCode> = Vec::new();
        for value in list(Some(all)) {
            let Some(state) = read(value) else { continue };
            if parties.contains(&state) {
                self.at(value.span(), format!("the party {state} stands there twice"));
            } else {
                parties.push(state);
            }
        }
        if parties.len() < 2 {
            let reason = "an agreement has at least two parties; a set of shared rules names none";
            self.at(all.span(), reason.to_owned());
        }
        parties
    }

    fn rule(
        &mut self,
        rule: &Value<'_>,
        parties: &[StateCode],
        first: &mut BTreeMap<RuleId, usize>,
    ) {
        let Some(table) = rule.get_ref().as_table() else {
            return self.at(rule.span(), "a rule is a table".to_owned());
        };
        let is_well = self.keys(table, rule.span(), RULE);
        let id = table.get("id").and_then(read::<RuleId>);
        if let (Some(id), Some(value)) = (id, table.get("id")) {
            let line = self.line(value.span().start);
            if let Some(line) = first.insert(id, line) {
                self.at(value.span(), format!("the rule {id} stands in line {line} already"));
            }
        }
        if is_well {
            let mut bare = table.clone();
            bare.remove("does");
            let value = Spanned::new(rule.span(), DeValue::Table(bare));
            let form =
                <RuleForm as serde::Deserialize>::deserialize(ValueDeserializer::from(value));
            if let Ok(Err(reason)) = form.map(RuleForm::into_rule) {
                self.at(rule.span(), reason);
            }
        }
        let name = id.map_or_else(|| "a rule".to_owned(), |id| format!("the rule {id}"));
        if let Some(does) = table.get("does")
            && does.get_ref().as_array().is_none()
        {
            self.at(does.span(), "`does` is a list of mechanisms".to_owned());
        }
        for value in list(table.get("does")) {
            self.mechanism(value, parties, &name);
        }
    }

    fn mechanism(&mut self, value: &Value<'_>, parties: &[StateCode], rule: &str) {
        let Some(table) = value.get_ref().as_table() else {
            return self.at(value.span(), "a mechanism is a table".to_owned());
        };
        for state in list(table.get("countries")) {
            let Some(code) = read::<StateCode>(state) else { continue };
            if !parties.is_empty() && !parties.contains(&code) {
                self.at(state.span(), format!("{rule} names {code}, which is no party"));
            }
        }
        if !self.keys(table, value.span(), MECHANISM) {
            return;
        }
        let form = ValueDeserializer::from(value.clone());
        let form = <MechanismForm as serde::Deserialize>::deserialize(form);
        let mechanism = form.map(MechanismForm::into_mechanism);
        if let Ok(Err(error)) = mechanism.map(|one| Mechanism::from_cbor(&one.to_cbor())) {
            self.at(value.span(), error.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
