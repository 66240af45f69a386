//! Tasks on rights and amounts.

use super::read::Node;
use super::{Answer, CaseError, fraction, money, number};
use crate::agreements;
use carnet_proto::totalisation::amount::{Chosen, Institution, Theoretical};
use carnet_proto::totalisation::count::{Counted, PeriodResult};
use carnet_proto::totalisation::explain::Explanation;
use carnet_proto::totalisation::filter::Purpose;
use carnet_proto::totalisation::period::{Frame, Period, StateCode, TimeUnit};
use carnet_proto::totalisation::qualify::Outcome;
use carnet_proto::totalisation::ratio::Ratio;
use carnet_proto::totalisation::rules::{Denominator, MechanismKind};
use carnet_proto::totalisation::time::touched_months;
use carnet_proto::totalisation::{Claim, Plan, Rational};
use serde_json::{Value, json};

fn range(frame: &Frame) -> Value {
    json!({ "start": frame.start, "end": frame.end })
}

fn converted(
    period: &Period,
    unit: TimeUnit,
    result: &carnet_proto::totalisation::convert::Converted,
) -> Value {
    let mut answer = Answer::default();
    answer
        .set("period_id", period.id.clone())
        .set("unit", name_of(unit))
        .number("value", result.value);
    if !result.years.is_empty() {
        let year =
            |(year, value): &(i32, Rational)| json!({ "year": year, "value": number(*value) });
        answer.set("years", result.years.iter().map(year).collect::<Vec<_>>());
    }
    answer.done()
}

/// Names of units as cases write them.
fn name_of(unit: TimeUnit) -> String {
    unit.name().replace('-', "_")
}

pub fn convert(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let periods = inputs.get("periods").periods()?;
    let mut all = Vec::new();
    for (period, node) in periods.iter().zip(inputs.get("periods").list()?) {
        let several = given.get("target_units").list()?;
        let targets = if node.get("to").is_there() {
            vec![node.get("to")]
        } else if several.is_empty() {
            vec![given.any(&["target_unit", "unit"])]
        } else {
            several
        };
        for target in targets {
            let unit = target.unit()?;
            all.push(converted(period, unit, &plan.convert(period, unit)?));
        }
    }
    Ok(json!({ "converted": all }))
}

pub fn calendar_months(inputs: Node<'_>) -> Result<Value, CaseError> {
    let periods = inputs.get("periods").periods()?;
    let frames: Vec<Frame> = periods.iter().map(|period| period.frame).collect();
    let touched = touched_months(&frames);
    let each = periods.iter().zip(&touched.each);
    let each = each.map(|(period, value)| json!({ "period_id": period.id, "value": value }));
    Ok(json!({
        "months_per_period": each.collect::<Vec<_>>(),
        "total": touched.total,
        "unit": "month",
        "merged": touched.merged.iter().map(range).collect::<Vec<_>>(),
    }))
}

fn counted(periods: &[Period], result: &PeriodResult, unit: TimeUnit) -> Option<Value> {
    let period = periods.get(result.index)?;
    let mut answer = Answer::default();
    answer
        .set("period_id", period.id.clone())
        .number(&format!("{}s", name_of(unit)), result.counted);
    answer.set("ranges", result.frames.iter().map(range).collect::<Vec<_>>());
    if !result.displaced.is_zero() {
        answer.number(&format!("displaced_{}s", name_of(unit)), result.displaced);
        let by = result.displaced_by.and_then(|by| periods.get(by));
        answer.set("displaced_by", by.map(|period| period.id.clone()));
    }
    answer.set("rule", result.rule.map(|rule| rule.to_string()));
    Some(answer.done())
}

pub fn overlap(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let periods = inputs.get("periods").periods()?;
    let claim = claim(plan, given, inputs, &periods)?;
    let all = plan.count(&claim, &periods, Purpose::Right, &mut Explanation::default())?;
    let each = all.periods.iter().filter_map(|result| counted(&periods, result, claim.unit));
    Ok(json!({
        "counted": each.collect::<Vec<_>>(),
        "total": number(all.total),
        "unit": name_of(claim.unit),
    }))
}

/// Returns the States of the periods, each once, in order.
fn states(periods: &[Period]) -> Vec<StateCode> {
    let mut states: Vec<StateCode> = periods.iter().map(|period| period.country).collect();
    states.sort_unstable();
    states.dedup();
    states
}

pub fn overlap_by_state(
    plan: &Plan<'_>,
    given: Node<'_>,
    inputs: Node<'_>,
) -> Result<Value, CaseError> {
    let periods = inputs.get("periods").periods()?;
    let base = claim(plan, given, inputs, &periods)?;
    let mut each = Vec::new();
    for state in states(&periods) {
        let claim = Claim { country: Some(state), ..base.clone() };
        let all: Counted =
            plan.count(&claim, &periods, Purpose::Right, &mut Explanation::default())?;
        let mut answer = Answer::default();
        answer.set("country", state.code()).number("own", all.own);
        answer.number("foreign_counted", all.foreign).number("total", all.total);
        each.push(answer.done());
    }
    Ok(json!({ "per_claim_country": each, "unit": name_of(base.unit) }))
}

/// Reads what is asked. Lengths of time are `{value, unit}`, or numbers in the unit of the claim.
fn claim(
    plan: &Plan<'_>,
    given: Node<'_>,
    inputs: Node<'_>,
    periods: &[Period],
) -> Result<Claim, CaseError> {
    let unit = given.any(&["unit", "target_unit"]).maybe(Node::unit)?.unwrap_or(TimeUnit::Month);
    let country = given.any(&["claim_country", "home_country"]).maybe(Node::state)?;
    let length = |node: Node<'_>| -> Result<Rational, CaseError> {
        if node.get("value").is_there() {
            let from = node.get("unit").maybe(Node::unit)?.unwrap_or(unit);
            return Ok(node.get("value").number()?.times(plan.units.factor(from, unit)?)?);
        }
        node.number()
    };
    let months = |node: Node<'_>| -> Result<Rational, CaseError> {
        Ok(node.number()?.times(plan.units.factor(TimeUnit::Month, unit)?)?)
    };
    let either = |whole, of_months| -> Result<Option<Rational>, CaseError> {
        match given.get(whole).maybe(length)? {
            Some(found) => Ok(Some(found)),
            None => given.get(of_months).maybe(months),
        }
    };
    if let Some(country) = country {
        bound(plan, country)?;
    }
    let mut claim = Claim::new(country, unit);
    claim.qualifying = given.get("qualifying").maybe(length)?;
    claim.risk = given.get("risk_date").maybe(Node::day)?;
    claim.on = given.any(&["risk_date", "claim_date"]).maybe(Node::day)?;
    claim.birth = given.get("birth_date").maybe(Node::day)?;
    claim.foreign_from = given.get("foreign_periods_from").maybe(Node::day)?;
    claim.own_after = given.any(&["own_awlr_after", "own_periods_after"]).maybe(Node::day)?;
    claim.own_before_age = given.get("own_before_age").maybe(Node::small)?;
    claim.own_minimum = either("own_minimum", "own_minimum_months")?;
    claim.own_continuous = either("own_minimum_continuous", "own_minimum_continuous_months")?;
    claim.own_time = inputs.get("awlr_months").maybe(months)?;
    claim.own_longest = inputs.get("awlr_longest_continuous_months").maybe(months)?;
    claim.short_threshold = given.get("short_threshold").maybe(length)?;
    claim.max_period = given.get("max_period").maybe(length)?;
    claim.coverage_lifetime = given.get("coverage_lifetime").maybe(length)?;
    let right =
        given.any(&["independent_right_from_own_periods", "national_right_from_own_periods"]);
    claim.right_alone = right.maybe(Node::yes)?;
    claim.thirds = thirds(plan, given, country, periods)?;
    Ok(claim)
}

/// Checks that the agreement binds a State.
pub fn bound(plan: &Plan<'_>, state: StateCode) -> Result<(), CaseError> {
    if plan.rules.is_party(state) {
        return Ok(());
    }
    let (agreement, state) = (plan.rules.id.to_string(), state.to_string());
    Err(CaseError::NotBound { agreement, state })
}

/// Returns the third States whose time may be added: those named, else those with which a shipped
/// agreement of the State that is asked adds time.
fn thirds(
    plan: &Plan<'_>,
    given: Node<'_>,
    country: Option<StateCode>,
    periods: &[Period],
) -> Result<Vec<StateCode>, CaseError> {
    let named = given.any(&["third_states", "third_state_agreements"]);
    if named.is_there() {
        return named.list()?.into_iter().map(Node::state).collect();
    }
    let Some(country) = country.filter(|_| plan.has(MechanismKind::ThirdState)) else {
        return Ok(Vec::new());
    };
    let shipped = agreements::shipped().map_err(|error| CaseError::Rules(format!("{error:?}")))?;
    let linked = |state: StateCode| {
        shipped.iter().map(|file| &file.rules).any(|rules| {
            let adds = rules.about(MechanismKind::Totalise, country).is_some();
            adds && rules.parties.contains(&country) && rules.parties.contains(&state)
        })
    };
    Ok(states(periods).into_iter().filter(|s| !plan.rules.is_party(*s) && linked(*s)).collect())
}

/// Answers a claim.
pub fn outcome(
    plan: &Plan<'_>,
    given: Node<'_>,
    inputs: Node<'_>,
) -> Result<(Vec<Period>, Outcome), CaseError> {
    let periods = inputs.get("periods").periods()?;
    let claim = claim(plan, given, inputs, &periods)?;
    let outcome = plan.totalise(&claim, &periods)?;
    Ok((periods, outcome))
}

pub fn totalise(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let (periods, outcome) = outcome(plan, given, inputs)?;
    Ok(right(&periods, &outcome).done())
}

/// The two sides of the ratio: `total` is the time that stands below, unless a longest period takes its place.
pub fn pro_rata(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let (periods, outcome) = outcome(plan, given, inputs)?;
    let mut answer = right(&periods, &outcome);
    let excluding = |ratio: &Ratio| ratio.policy == Denominator::TotalExcludingShort;
    let below = outcome.ratio.filter(excluding).map_or(outcome.total, |ratio| ratio.den);
    answer.number("total", below).number("total_for_ratio", below);
    answer.number("total_for_theoretical", outcome.total);
    Ok(answer.done())
}

fn right(periods: &[Period], outcome: &Outcome) -> Answer {
    let mut answer = Answer::default();
    let each = periods.iter().zip(&outcome.counted.periods);
    let each = each.map(|(period, result)| converted(period, outcome.unit, &result.converted));
    answer.set("converted", each.collect::<Vec<_>>());
    answer
        .number("own", outcome.own)
        .number("foreign_converted", outcome.counted.foreign_converted);
    answer.number("foreign_counted", outcome.foreign);
    answer.number("foreign_excluded", outcome.counted.foreign_excluded);
    answer.number("total", outcome.total).set("unit", name_of(outcome.unit));
    answer
        .set("qualifies_alone", outcome.alone)
        .set("qualifies_with_totalisation", outcome.together);
    answer.maybe("foreign_needed", outcome.foreign_needed);
    answer.maybe("hypothetical_total", outcome.hypothetical);
    answer.set("reason", outcome.reason.map(|rule| rule.to_string()));
    answer.set("may_totalise", outcome.may_add);
    answer.set("relieved", outcome.relieved).set("may_refuse", outcome.may_refuse);
    let ratio = outcome.ratio.map(|ratio| fraction(ratio.num, ratio.den));
    answer.set("ratio", ratio.unwrap_or_default());
    answer
}

pub fn home_scheme(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let (periods, outcome) = outcome(plan, given, inputs)?;
    let mut answer = right(&periods, &outcome);
    answer.set("pro_rata", outcome.ratio.is_some());
    Ok(answer.done())
}

pub fn several(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let periods = inputs.get("periods").periods()?;
    let base = claim(plan, given, inputs, &periods)?;
    let neutral = Claim { country: None, ..base.clone() };
    let all = plan.count(&neutral, &periods, Purpose::Right, &mut Explanation::default())?;
    let mut institutions = Vec::new();
    for node in given.get("institutions").institutions()? {
        let country = node.get("country").state()?;
        bound(plan, country)?;
        let claim = Claim {
            country: Some(country),
            qualifying: node.get("qualifying").maybe(Node::number)?,
            ..base.clone()
        };
        let mut answer = right(&periods, &plan.totalise(&claim, &periods)?);
        answer.set("country", country.code());
        institutions.push(answer.done());
    }
    let mut answer = Answer::default();
    answer.number("total", all.total).set("unit", name_of(base.unit));
    answer.set("institutions", institutions);
    Ok(answer.done())
}

pub fn minimum_needed(
    plan: &Plan<'_>,
    given: Node<'_>,
    inputs: Node<'_>,
) -> Result<Value, CaseError> {
    let (periods, outcome) = outcome(plan, given, inputs)?;
    let theoretical = given.get("theoretical_amount_at_minimum").maybe(Node::number)?;
    let mut answer = right(&periods, &outcome);
    answer.number("foreign_available", outcome.counted.foreign);
    let amount = match (theoretical, outcome.ratio) {
        (Some(theoretical), Some(ratio)) => money(plan, ratio.of(theoretical)?)?,
        (Some(_), None) if outcome.together == Some(false) => money(plan, Rational::ZERO)?,
        _ => Value::Null,
    };
    answer.set("amount", amount);
    Ok(answer.done())
}

fn institution(node: Node<'_>, unit: TimeUnit) -> Result<Institution, CaseError> {
    let per_unit = format!("theoretical_per_{}", unit.name());
    let per_unit = node.any(&["theoretical_per_unit", per_unit.as_str(), "theoretical_per_month"]);
    let theoretical = match node.get("theoretical_amount").maybe(Node::number)? {
        Some(amount) => Some(Theoretical::Amount(amount)),
        None => per_unit.maybe(Node::number)?.map(Theoretical::PerUnit),
    };
    let voluntary = format!("displaced_voluntary_per_{}", unit.name());
    let voluntary = node.any(&["displaced_voluntary_per_unit", voluntary.as_str()]);
    Ok(Institution {
        country: node.get("country").state()?,
        qualifying: node.get("qualifying").maybe(Node::number)?,
        right_alone: node.get("independent_right_from_own_periods").maybe(Node::yes)?,
        independent: node.get("independent_amount").maybe(Node::number)?,
        theoretical,
        max_period: node.get("max_period").maybe(Node::number)?,
        voluntary_per_unit: voluntary.maybe(Node::number)?,
    })
}

pub fn amounts(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let periods = inputs.get("periods").periods()?;
    let base = claim(plan, given, inputs, &periods)?;
    let nodes = given.get("institutions").institutions()?;
    let institutions: Vec<Institution> =
        nodes.into_iter().map(|node| institution(node, base.unit)).collect::<Result<_, _>>()?;
    institutions.iter().try_for_each(|one| bound(plan, one.country))?;
    let awards = plan.amounts(&base, &institutions, &periods)?;
    let mut each = Vec::new();
    for award in &awards.awards {
        let mut answer = right(&periods, &award.outcome);
        answer.set("country", award.country.code());
        for (key, amount) in [
            ("theoretical_amount", award.theoretical),
            ("pro_rata_amount", award.pro_rata),
            ("independent_amount", award.independent),
            ("supplement_amount", award.supplement),
            ("payable", award.payable),
        ] {
            let amount = amount.map(|amount| money(plan, amount)).transpose()?;
            answer.set(key, amount.unwrap_or_default());
        }
        let chosen = award.chosen.map(|chosen| match chosen {
            Chosen::Independent => "independent",
            Chosen::ProRata => "pro_rata",
        });
        answer
            .set("chosen", chosen)
            .set("pays_under", award.pays_under.map(|rule| rule.to_string()));
        each.push(answer.done());
    }
    let mut answer = Answer::default();
    answer.number("total", awards.total).number("total_for_theoretical", awards.total);
    answer.number("total_for_ratio", awards.total_for_ratio).set("unit", name_of(base.unit));
    let payable = awards.payable.map(|amount| money(plan, amount)).transpose()?;
    answer.set("institutions", each).set("payable_total", payable.unwrap_or_default());
    Ok(answer.done())
}
