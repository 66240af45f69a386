//! Every mistake in a file of rules on periods, each with its line.
//!
//! Every key, rule, mechanism and case is looked at for itself.

mod case;

use super::{
    Branch, Date, In, Line, Lines, Mechanism, MechanismForm, Named, PeriodForm, RuleForm, RuleId,
    StateCode,
};
use crate::agreements;
use crate::error::Mistake;
use crate::forms::broken_rule;
use crate::forms::check::{self, Found, Key, Value, apart, list, one, read, several, version};
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::totalisation::period::{PeriodKind, TimeUnit};
use carnet_proto::totalisation::rules::{
    AgreementFamily, Denominator, Formula, MAX_NUMBER, MechanismKind, QuarterBasis, ShortPeriod,
};
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Returns everything that is wrong with a file of rules on periods.
pub fn mistakes(text: &str) -> Vec<Mistake> {
    look(text, true)
}

/// Returns what is wrong with the rules themselves: no case is looked at, and no other file.
pub fn of_rules(text: &str) -> Vec<Mistake> {
    look(text, false)
}

fn look(text: &str, at_all: bool) -> Vec<Mistake> {
    check::mistakes(text, |document, found| all(document, at_all, found))
}

fn all(document: &DeTable<'_>, at_all: bool, found: &mut Found<'_>) {
    found.keys(document, 0..0, HEAD);
    let parties = found.parties(document);
    let sets: Vec<RuleId> = list(document.get("includes")).iter().filter_map(read).collect();
    for (value, id) in list(document.get("includes")).iter().filter_map(|v| Some((v, read(v)?))) {
        if at_all && !agreements::is_set(id).unwrap_or(false) {
            found.at(value.span(), format!("there is no set of rules {id}"));
        }
    }
    let mut first: BTreeMap<RuleId, usize> = BTreeMap::new();
    for rule in list(document.get("rule")) {
        found.rule(rule, &parties, &mut first);
    }
    if found.mistakes.is_empty() {
        found.together(document);
    }
    if at_all {
        let thirds = case::speaks_of_others(list(document.get("rule")), &sets);
        case::all(list(document.get("case")), &parties, thirds, found);
    }
}

fn kind(value: &Value<'_>, found: &mut Found<'_>) {
    if let Err(error) = super::kind_periods(ValueDeserializer::from(value.clone())) {
        found.error(value.span(), &error);
    }
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

/// Keys of a mechanism whose values are numbers.
const NUMBERS: &[&str] = &["value", "week", "month", "quarter", "year"];

impl Found<'_> {
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
            let form = check::deserialize::<RuleForm>(&value);
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
        if !self.keys(table, value.span(), MECHANISM) || !self.fits(table, value.span(), rule) {
            return;
        }
        let form = check::deserialize::<MechanismForm>(value);
        let mechanism = form.map(MechanismForm::into_mechanism);
        if let Ok(Err(error)) = mechanism.map(|one| Mechanism::from_cbor(&one.to_cbor())) {
            self.at(value.span(), format!("{rule}: {}", broken_rule(&error)));
        }
    }

    /// Holds the keys of a mechanism against those that its kind needs and takes. Returns whether all of it is
    /// well.
    fn fits(&mut self, table: &DeTable<'_>, span: Range<usize>, rule: &str) -> bool {
        let kind = table.get("mechanism").and_then(read::<Named<MechanismKind>>);
        let Some(Named(kind)) = kind else { return true };
        let before = self.mistakes.len();
        let (needed, allowed) = kind.keys();
        for (name, value) in table {
            let key = name.get_ref().as_ref();
            if key != "mechanism" && !needed.contains(&key) && !allowed.contains(&key) {
                let takes = [needed, allowed].concat();
                let takes = if takes.is_empty() { "none".to_owned() } else { takes.join(", ") };
                let reason = format!("{rule}: {kind} takes no key `{key}`; it takes: {takes}");
                self.at(name.span(), reason);
            }
            if NUMBERS.contains(&key)
                && !check::deserialize::<u32>(value).is_ok_and(|n| (1..=MAX_NUMBER).contains(&n))
            {
                let reason = format!("{rule}: `{key}` is a number from 1 to {MAX_NUMBER}");
                self.at(value.span(), reason);
            }
        }
        let is_there = |key: &str| match table.get(key) {
            Some(value) => value.get_ref().as_array().is_none_or(|list| !list.is_empty()),
            None => false,
        };
        for key in needed.iter().filter(|key| !is_there(key)) {
            self.at(span.clone(), format!("{rule}: {kind} needs the key `{key}`"));
        }
        self.mistakes.len() == before
    }

    /// Looks at what only all rules together can break.
    fn together(&mut self, document: &DeTable<'_>) {
        let form = match toml::from_str::<PeriodForm>(self.text) {
            Ok(form) => form,
            Err(error) => return self.error(0..0, &error),
        };
        let Err(reason) = form.into_file() else { return };
        let day = |key| document.get(key).and_then(read::<Date>);
        let ends_early = day("until").zip(day("from")).is_some_and(|(until, from)| until < from);
        let mechanisms = list(document.get("rule"))
            .iter()
            .flat_map(|rule| list(rule.get_ref().as_table().and_then(|table| table.get("does"))));
        let displaces = |value: &&Value<'_>| {
            let kind = value.get_ref().as_table().and_then(|table| table.get("mechanism"));
            kind.and_then(|kind| kind.get_ref().as_str()) == Some(MechanismKind::Displace.name())
        };
        let place = match ends_early {
            true => document.get("until").map(Spanned::span),
            false => mechanisms.rev().find(displaces).map(Spanned::span),
        };
        self.at(place.unwrap_or(0..0), reason);
    }
}

#[cfg(test)]
mod tests;
