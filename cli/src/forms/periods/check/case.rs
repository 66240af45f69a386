//! The cases in a file of rules: whether each can be told by its id, has no key that nobody reads, and is
//! about States that the agreement binds.

use super::{RuleId, StateCode};
use crate::agreements;
use crate::cases::{TASKS, compare, is_model};
use crate::forms::check::{Found, Value, deserialize, list, read};
use carnet_proto::totalisation::rules::MechanismKind;
use std::collections::BTreeMap;
use toml::de::DeTable;

pub(super) const CASE: &[&str] = &[
    "id",
    "title",
    "task",
    "agreement",
    "rules",
    "parameters",
    "inputs",
    "expected",
    "source",
    "explanation",
];
pub(super) const PARAMETERS: &[&str] = &[
    "bands",
    "basic_amount",
    "basis",
    "birth_date",
    "claim_country",
    "claim_date",
    "coverage_lifetime",
    "currency",
    "denominator",
    "denominator_months",
    "direction",
    "foreign_periods_from",
    "full_amount",
    "full_pension",
    "home_country",
    "independent_right_from_own_periods",
    "institutions",
    "max_period",
    "move_us_quarters",
    "national_right_from_own_periods",
    "noncontributory_cap",
    "own_awlr_after",
    "own_before_age",
    "own_minimum",
    "own_minimum_continuous",
    "own_minimum_continuous_months",
    "own_minimum_months",
    "own_periods_after",
    "qualifying",
    "receive_abroad",
    "required_qc",
    "risk_date",
    "short_threshold",
    "target_unit",
    "target_units",
    "theoretical_amount_at_minimum",
    "third_state_agreements",
    "third_states",
    "totalisation",
    "unit",
    "years",
];
pub(super) const INPUTS: &[&str] = &[
    "awlr_longest_continuous_months",
    "awlr_months",
    "awlr_periods",
    "birth_date",
    "f_qc",
    "foreign",
    "foreign_contributions",
    "foreign_months",
    "foreign_years_not_overlapping",
    "own",
    "own_contributions",
    "own_months",
    "periods",
    "residence_years_after_18",
    "us_qc",
    "us_quarters",
    "years",
];
pub(super) const PERIOD: &[&str] = &[
    "branch",
    "branches",
    "category",
    "complete_up_to",
    "counts_for_amount",
    "counts_for_right",
    "country",
    "dates_uncertain",
    "end",
    "id",
    "kind",
    "national_right_from_this_alone",
    "note_for_test",
    "p5000_type",
    "refund_date",
    "refunded",
    "reported",
    "scheme",
    "start",
    "to",
    "type",
    "work_country",
];
pub(super) const REPORTED: &[&str] = &["days", "mode", "months", "unit", "value", "years"];

/// Tells whether the rules, or those of the sets that they include, speak of time elsewhere than with the
/// parties: they let time of third States be added, or leave out what lies outside a home scheme.
pub(super) fn speaks_of_others(rules: &[Value<'_>], sets: &[RuleId]) -> bool {
    let kinds = [MechanismKind::ThirdState, MechanismKind::HomeTime];
    let adds = |value: &Value<'_>| {
        let kind = value.get_ref().as_table().and_then(|table| table.get("mechanism"));
        let name = kind.and_then(|kind| kind.get_ref().as_str());
        kinds.iter().any(|kind| name == Some(kind.name()))
    };
    let own = rules.iter().filter_map(|rule| rule.get_ref().as_table());
    let mut does = own.flat_map(|rule| list(rule.get("does")));
    does.any(adds)
        || sets.iter().any(|id| {
            agreements::by_id(id.as_str()).is_ok_and(|set| {
                set.is_some_and(|set| kinds.iter().any(|kind| set.rules.first(*kind).is_some()))
            })
        })
}

/// Looks at every case.
pub(super) fn all(cases: &[Value<'_>], parties: &[StateCode], thirds: bool, found: &mut Found<'_>) {
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for case in cases {
        let Some(table) = case.get_ref().as_table() else {
            found.at(case.span(), "a case is a table".to_owned());
            continue;
        };
        known(table, CASE, found);
        for name in ["id", "task", "inputs", "expected"] {
            if !table.contains_key(name) {
                found.at(case.span(), format!("a case lacks the key {name:?}"));
            }
        }
        if let Some(value) = table.get("task")
            && !value.get_ref().as_str().is_some_and(|task| TASKS.contains(&task))
        {
            found.at(value.span(), format!("this is no task: one of {}", TASKS.join(", ")));
        }
        if let Some(value) = table.get("expected")
            && !expects(value)
        {
            found.at(
                value.span(),
                "`expected` expects nothing, so the case proves nothing".to_owned(),
            );
        }
        if let Some(value) = table.get("id") {
            let Some(id) = value.get_ref().as_str() else {
                found.at(value.span(), "the id of a case is a text".to_owned());
                continue;
            };
            let line = found.line(value.span().start);
            match first.get(id) {
                Some(line) => {
                    found
                        .at(value.span(), format!("the case {id:?} stands in line {line} already"));
                }
                None => {
                    first.insert(id.to_owned(), line);
                }
            }
        }
        let part = |name| table.get(name).and_then(|value: &Value<'_>| value.get_ref().as_table());
        if let Some(parameters) = part("parameters") {
            known(parameters, PARAMETERS, found);
            for name in ["claim_country", "home_country"] {
                state(parameters.get(name), parties, found);
            }
            for one in list(parameters.get("institutions")) {
                let country = one.get_ref().as_table().and_then(|table| table.get("country"));
                state(country, parties, found);
            }
        }
        let Some(inputs) = part("inputs") else { continue };
        known(inputs, INPUTS, found);
        periods_twice(list(inputs.get("periods")), found);
        for period in list(inputs.get("periods")) {
            let Some(period) = period.get_ref().as_table() else { continue };
            known(period, PERIOD, found);
            if !thirds {
                state(period.get("country"), parties, found);
            }
            if let Some(reported) = period.get("reported").and_then(|r| r.get_ref().as_table()) {
                known(reported, REPORTED, found);
            }
        }
    }
}

/// Tells whether a case expects anything.
fn expects(value: &Value<'_>) -> bool {
    deserialize::<serde_json::Value>(value).is_ok_and(|value| compare::expects(&value))
}

/// Names every period whose id another of the case has.
fn periods_twice(periods: &[Value<'_>], found: &mut Found<'_>) {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for period in periods {
        let id = period.get_ref().as_table().and_then(|table| table.get("id"));
        let Some((id, span)) = id.and_then(|id| Some((id.get_ref().as_str()?, id.span()))) else {
            continue;
        };
        let line = found.line(span.start);
        match first.get(id) {
            Some(line) => {
                found.at(
                    span,
                    format!("the period {id:?} of this case stands in line {line} already"),
                );
            }
            None => {
                first.insert(id, line);
            }
        }
    }
}

/// Names every key that nobody reads.
fn known(table: &DeTable<'_>, keys: &[&str], found: &mut Found<'_>) {
    for (name, _) in table {
        if !keys.contains(&name.get_ref().as_ref()) {
            found.at(name.span(), format!("a case has no key {:?} here", name.get_ref()));
        }
    }
}

/// Names a State that the agreement does not bind.
fn state(value: Option<&Value<'_>>, parties: &[StateCode], found: &mut Found<'_>) {
    let Some((value, state)) = value.and_then(|value| Some((value, read::<StateCode>(value)?)))
    else {
        return;
    };
    if !parties.is_empty() && !parties.contains(&state) && !is_model(state) {
        found.at(value.span(), format!("a case names {state}, which is no party"));
    }
}
