//! Which rules answer a case: those of the agreement that it names, else those that it lists.

use super::CaseError;
use super::read::Node;
use crate::agreements;
use carnet_proto::totalisation::period::StateCode;
use carnet_proto::totalisation::rules::{AgreementFamily, MechanismKind, PeriodRules, RuleId};
use serde_json::Value;
use std::path::Path;

fn broken(error: impl std::fmt::Debug) -> CaseError {
    CaseError::Rules(format!("{error:?}"))
}

/// Returns the shipped rules with this identifier, with those of the sets that they include.
fn shipped(id: &str) -> Result<Option<PeriodRules>, CaseError> {
    let Some(file) = agreements::by_id(id).map_err(broken)? else { return Ok(None) };
    agreements::complete(Path::new(id), file).map(Some).map_err(broken)
}

fn needed(id: &str) -> Result<PeriodRules, CaseError> {
    shipped(id)?.ok_or_else(|| CaseError::Rules(id.to_owned()))
}

/// Finds the rules for a case: no agreement, a shipped one, or one put together from the rules listed.
pub fn of(case: &Value, task: &str) -> Result<PeriodRules, CaseError> {
    let root = Node::new(case, "case");
    let agreement = root.get("agreement");
    let totalises = root.get("parameters").get("totalisation").maybe(Node::yes)? != Some(false);
    let rules = if agreement.is_there() {
        let id = agreement.get("id").text()?;
        match shipped(id)? {
            Some(rules) => with_listed(rules, root, id)?,
            None if listed(root)?.is_empty() && !agreement.get("type").is_there() => {
                return Err(CaseError::Agreement(id.to_owned()));
            }
            None => assembled(root, agreement, id, totalises)?,
        }
    } else if lists(root, "NOAG")? || !agreement.is_there() && !has_rule_that_adds(root)? {
        needed("NONE")?
    } else {
        with_listed(needed("MODEL")?, root, "none")?
    };
    let rules = if totalises { rules } else { without_adding(rules, root)? };
    Ok(for_task(rules, case, task))
}

/// Prepares rules for a task: where the case itself says what a right needs, rules on that are not asked,
/// and model States are parties.
pub fn for_task(mut rules: PeriodRules, case: &Value, task: &str) -> PeriodRules {
    if matches!(task, "pro_rata" | "amount" | "overlap" | "totalise_multi") {
        for rule in &mut rules.rules {
            rule.does.retain(|does| does.kind != MechanismKind::Qualifying);
        }
    }
    if rules.parties.is_empty() {
        return rules;
    }
    let root = Node::new(case, "case");
    let (given, inputs) = (root.get("parameters"), root.get("inputs"));
    let periods = inputs.get("periods").list().unwrap_or_default();
    let institutions = given.get("institutions").list().unwrap_or_default();
    let all = periods.into_iter().chain(institutions).map(|node| node.get("country"));
    let asked = [given.get("claim_country"), given.get("home_country")];
    for state in all.chain(asked).filter_map(|node| node.state().ok()) {
        // Codes that nobody is assigned stand for some State of the agreement. In the coordination of the
        // European Union time of its former member is asked about too.
        let former = rules.id.as_str() == "EU-883" && state.code() == "GB";
        if (is_model(state) || former) && !rules.parties.contains(&state) {
            rules.parties.push(state);
        }
    }
    rules
}

/// Tells whether a code is one that nobody is assigned, which stands for some State of an agreement.
pub fn is_model(state: StateCode) -> bool {
    state.code().starts_with('X') || state.code() == "ZZ"
}

fn listed<'v>(root: Node<'v>) -> Result<Vec<&'v str>, CaseError> {
    root.get("rules").list()?.into_iter().map(|rule| rule.get("id").text()).collect()
}

fn lists(root: Node<'_>, id: &str) -> Result<bool, CaseError> {
    Ok(listed(root)?.contains(&id))
}

fn has_rule_that_adds(root: Node<'_>) -> Result<bool, CaseError> {
    for id in listed(root)? {
        let rule = agreements::rule(id).map_err(broken)?;
        let adds = |rule: &carnet_proto::totalisation::rules::PeriodRule| {
            rule.does.iter().any(|does| does.kind == MechanismKind::Totalise)
        };
        if rule.is_some_and(adds) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Adds rules that a case lists beside those of its agreement.
fn with_listed(
    mut rules: PeriodRules,
    root: Node<'_>,
    agreement: &str,
) -> Result<PeriodRules, CaseError> {
    for (place, id) in listed(root)?.into_iter().enumerate() {
        let known = RuleId::parse(id).is_some_and(|id| rules.rule(id).is_some());
        if known {
            continue;
        }
        let rule = agreements::rule(id).map_err(broken)?;
        let rule =
            rule.ok_or_else(|| CaseError::Rule { agreement: agreement.into(), rule: id.into() })?;
        let rule = rules.adopt(rule.clone());
        rules.rules.insert(place.min(rules.rules.len()), rule);
    }
    crate::forms::periods::checked(&rules).map_err(CaseError::Rules)
}

/// Puts rules together for an agreement that is not shipped: those listed, over those that agreements
/// share.
fn assembled(
    root: Node<'_>,
    agreement: Node<'_>,
    id: &str,
    totalises: bool,
) -> Result<PeriodRules, CaseError> {
    let kind = agreement.get("type").maybe(Node::text)?.unwrap_or_default();
    let only_contributions = kind.contains("contributions_only") || !totalises;
    let mut rules = needed(if only_contributions { "NONE" } else { "MODEL" })?;
    rules.rules.retain(|rule| rule.id.as_str() != "NOAG" || !only_contributions);
    rules.id = RuleId::parse(id).unwrap_or(rules.id);
    rules.family = match kind {
        _ if only_contributions => AgreementFamily::ContributionsOnly,
        kind if kind.contains("home_scheme") => AgreementFamily::HomeScheme,
        kind if kind.contains("coordination") => AgreementFamily::Coordination,
        _ => AgreementFamily::Totalisation,
    };
    if rules.family == AgreementFamily::HomeScheme {
        rules.rules.retain(|rule| rule.id.as_str() != "G-ADD");
    }
    let states: Vec<StateCode> = id
        .split('-')
        .filter(|part| part.len() == 2)
        .filter_map(|part| StateCode::parse(if part == "UK" { "GB" } else { part }))
        .collect();
    if states.len() == 2 && id.len() == 5 {
        rules.parties.clone_from(&states);
        rules.rules =
            std::mem::take(&mut rules.rules).into_iter().map(|r| rules.adopt(r)).collect();
    }
    let mut rules = with_listed(rules, root, id)?;
    let american = id.split('-').any(|part| part == "US");
    if american && !only_contributions {
        let common = needed("US-RULES")?;
        let partners = root.get("inputs").get("periods").list()?;
        let partners: Vec<StateCode> =
            partners.into_iter().filter_map(|period| period.get("country").state().ok()).collect();
        let quarters =
            agreements::shipped().map_err(broken)?.iter().flat_map(|file| &file.rules.rules);
        let of_partner = quarters.filter(|rule| {
            rule.does.iter().any(|does| {
                does.kind == MechanismKind::Quarters
                    && does.countries.iter().any(|c| partners.contains(c))
            })
        });
        for rule in common.rules.iter().chain(of_partner) {
            if rules.rule(rule.id).is_none() {
                rules.rules.push(rule.clone());
            }
        }
    }
    if only_contributions && !rules.rules.iter().any(stops) {
        rules = without_adding(rules, root)?;
    }
    Ok(rules)
}

fn stops(rule: &carnet_proto::totalisation::rules::PeriodRule) -> bool {
    rule.does.iter().any(|does| does.kind == MechanismKind::NoTotalisation)
}

/// Makes rules add nothing, by the rule that the case lists, else by the one on such agreements.
fn without_adding(mut rules: PeriodRules, root: Node<'_>) -> Result<PeriodRules, CaseError> {
    if rules.rules.iter().any(stops) {
        return Ok(rules);
    }
    let listed = listed(root)?;
    let id = listed
        .into_iter()
        .find(|id| agreements::rule(id).is_ok_and(|rule| rule.is_some_and(stops)));
    let rule = agreements::rule(id.unwrap_or("NOTOT")).map_err(broken)?;
    rules.rules.extend(rule.cloned());
    Ok(rules)
}
