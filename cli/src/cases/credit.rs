//! Tasks on quarters of coverage.

use super::read::Node;
use super::{Answer, CaseError};
use carnet_proto::totalisation::Plan;
use carnet_proto::totalisation::period::{Period, StateCode};
use carnet_proto::totalisation::quarters::{Credited, Placement};
use serde_json::{Map, Value, json};

/// Returns the State whose quarters are counted.
fn counting(given: Node<'_>) -> Result<StateCode, CaseError> {
    let named = given.get("claim_country").maybe(Node::state)?;
    named.or_else(|| StateCode::parse("US")).ok_or_else(|| given.not("the code of a State"))
}

fn credited(
    plan: &Plan<'_>,
    given: Node<'_>,
    inputs: Node<'_>,
) -> Result<(Vec<Period>, Credited), CaseError> {
    let periods = inputs.get("periods").periods()?;
    let own = inputs.get("us_quarters").quarters()?;
    let direction = given.get("direction");
    let how = Placement {
        backward: match direction.maybe(Node::text)? {
            None | Some("forward") => false,
            Some("backward") => true,
            Some(_) => return Err(direction.not("forward or backward")),
        },
        move_own: given.get("move_us_quarters").maybe(Node::yes)?.unwrap_or(false),
    };
    let state = counting(given)?;
    super::right::bound(plan, state)?;
    let credited = plan.credit(state, &periods, &own, how)?;
    Ok((periods, credited))
}

pub fn quarters(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let (periods, credited) = credited(plan, given, inputs)?;
    let worth = credited.worth.iter().map(|worth| {
        let mut answer = Answer::default();
        if let Some(period) = worth.period.and_then(|index| periods.get(index)) {
            answer.set("period_id", period.id.clone());
        }
        if let Some(year) = worth.year {
            answer.set("year", year);
        }
        answer.set("value", worth.value).set("uncapped", worth.uncapped);
        answer.done()
    });
    let (first, last) = credited.years.unwrap_or((1, 0));
    let pattern: Map<String, Value> = (first..=last)
        .map(|year| (year.to_string(), credited.pattern(year).iter().collect::<String>().into()))
        .collect();
    Ok(json!({
        "f_quarters_max": worth.collect::<Vec<_>>(),
        "total": credited.most,
        "pattern": pattern,
        "f_credited": credited.foreign.len(),
    }))
}

pub fn insured(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let own = match inputs.get("us_qc").maybe(Node::whole)? {
        Some(own) => own,
        None => i64::try_from(inputs.get("us_quarters").quarters()?.len()).unwrap_or(i64::MAX),
    };
    let counted = inputs.get("f_qc");
    let foreign = match counted.value() {
        // Only one partner's quarters are added: whichever helps most.
        Some(Value::Object(partners)) => {
            let of = |(_, value): (&String, &Value)| Node::new(value, "f_qc").whole();
            let all: Vec<i64> = partners.iter().map(of).collect::<Result<_, _>>()?;
            all.into_iter().max().unwrap_or(0)
        }
        Some(_) => counted.whole()?,
        None => {
            let (_, credited) = credited(plan, given, inputs)?;
            i64::try_from(credited.foreign.len()).unwrap_or(i64::MAX)
        }
    };
    let birth = given.any(&["birth_date"]).maybe(Node::day)?;
    let required = match given.get("required_qc").maybe(Node::whole)? {
        Some(required) => Some(required),
        None => birth.and_then(|birth| plan.required_quarters(birth)),
    };
    let required = required.ok_or_else(|| given.get("required_qc").not("a number"))?;
    let insured = plan.insured(counting(given)?, own, foreign, required)?;
    Ok(json!({
        "may_totalise": insured.may_add,
        "insured": insured.insured,
        "f_used": insured.used,
        "required_qc": required,
        "reason": if insured.may_add { Value::Null } else { insured.rule.as_str().into() },
    }))
}
