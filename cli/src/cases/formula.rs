//! Tasks on shares without periods, and on formulas of single countries.

use super::read::Node;
use super::{Answer, CaseError, fraction, money, number};
use carnet_proto::totalisation::national::{australia, canada, ireland, noncontributory, usa};
use carnet_proto::totalisation::period::{Period, Quantity, Reported, TimeUnit};
use carnet_proto::totalisation::rules::{Denominator, MechanismKind};
use carnet_proto::totalisation::{Claim, Plan, Rational};
use serde_json::{Value, json};

/// A share of a fixed number, or of own and foreign time together.
pub fn rate(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let ratio = plan.rules.first(MechanismKind::Ratio).map(|(_, does)| does);
    let fixed =
        ratio.filter(|does| does.policy == Some(Denominator::Fixed)).and_then(|does| does.value);
    let stated = given.any(&["denominator_months", "denominator"]).maybe(Node::number)?;
    let fixed = stated.or(fixed.map(|value| Rational::whole(value.into())));
    let (num, den) = match fixed {
        Some(den) => (residence(plan, inputs)?.min(den), den),
        None => {
            let own = inputs.any(&["own_months", "own"]).number()?;
            (own, own.plus(inputs.any(&["foreign_months", "foreign"]).number()?)?)
        }
    };
    let mut answer = Answer::default();
    answer.set("ratio", fraction(num, den));
    if let Some(basic) = given.any(&["basic_amount", "full_amount"]).maybe(Node::number)? {
        answer.set("amount", money(plan, basic.times(num)?.over(den)?)?);
    }
    answer.number("months", num);
    Ok(answer.done())
}

/// Returns months of working life residence: as stated, else from the stays.
fn residence(plan: &Plan<'_>, inputs: Node<'_>) -> Result<Rational, CaseError> {
    let stated = inputs.any(&["awlr_months", "own_months", "own"]);
    if stated.is_there() {
        return stated.number();
    }
    let periods = inputs.any(&["periods", "awlr_periods"]);
    if !periods.is_there() {
        return Err(stated.not("a number of months"));
    }
    let days = plan.rules.first(MechanismKind::DaysMakeMonth).and_then(|(_, does)| does.value);
    let stay = |period: &Period| match period.reported {
        Some(Reported::Aggregate(Quantity::Ymd { years, months, days })) => {
            Ok((i64::from(years) * 12 + i64::from(months), i64::from(days)))
        }
        Some(Reported::Aggregate(Quantity::Of(TimeUnit::Month, value))) if value.is_whole() => {
            Ok((value.to_whole().unwrap_or_default(), 0))
        }
        None => Ok(australia::months_and_days(period.frame)),
        Some(_) => Err(periods.not("stays by days or in years, months and days")),
    };
    let stays = periods.periods()?.iter().map(stay).collect::<Result<Vec<_>, _>>()?;
    Ok(Rational::whole(australia::working_life_residence(stays, days.unwrap_or(30).into())))
}

pub fn capped(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let periods = inputs.get("periods").periods()?;
    let unit = given.get("unit").maybe(Node::unit)?.unwrap_or(TimeUnit::Month);
    let claim = Claim::new(Some(given.get("claim_country").state()?), unit);
    let cap = given.get("noncontributory_cap").get("fraction");
    let parts = cap.text()?.split_once('/');
    let part =
        |text: &str| Rational::parse_decimal(text.trim()).ok_or_else(|| cap.not("a fraction"));
    let fraction_of = match parts {
        Some((num, den)) => part(num)?.over(part(den)?)?,
        None => part(cap.text()?)?,
    };
    let capped = noncontributory::cap(plan, &claim, &periods, fraction_of)?;
    let qualifying = given.get("qualifying");
    let needed = qualifying.any(&["value"]).maybe(Node::number)?;
    let from = qualifying.get("unit").maybe(Node::unit)?.unwrap_or(unit);
    let needed = match needed {
        Some(needed) => Some(needed.times(plan.units.factor(from, unit)?)?),
        None => None,
    };
    let mut answer = Answer::default();
    answer.number("noncontributory_counted_for_right", capped.for_right);
    answer.number("total_for_right", capped.total_for_right);
    answer
        .set("qualifies_with_totalisation", needed.map(|needed| capped.total_for_right >= needed));
    answer.number("noncontributory_counted_for_actual", capped.for_amount);
    answer.number("own_for_actual", capped.own_for_amount);
    answer.number("total_for_actual", capped.total_for_amount);
    answer.set("ratio", fraction(capped.own_for_amount, capped.total_for_amount));
    answer.set("unit", unit.name());
    Ok(answer.done())
}

pub fn irish(plan: &Plan<'_>, given: Node<'_>, inputs: Node<'_>) -> Result<Value, CaseError> {
    let band = |node: Node<'_>| {
        Ok(ireland::Band { min: node.get("min").number()?, rate: node.get("rate").number()? })
    };
    let bands: Vec<_> =
        given.get("bands").list()?.into_iter().map(band).collect::<Result<_, CaseError>>()?;
    let own = inputs.get("own_contributions").number()?;
    let foreign = inputs.get("foreign_contributions").number()?;
    let found = ireland::yearly_average(own, foreign, given.get("years").number()?, &bands)?;
    let rate = |rate: Option<Rational>| rate.map(|rate| money(plan, rate)).transpose();
    let mut answer = Answer::default();
    answer.number("own_average_rounded", found.own_average);
    answer.set("own_rate", rate(found.own_rate)?.unwrap_or_default());
    answer.number("notional_average_rounded", found.notional_average);
    answer.set("notional_rate", rate(found.notional_rate)?.unwrap_or_default());
    answer.set("ratio", fraction(found.ratio.0, found.ratio.1));
    answer.set("pro_rata_amount", rate(found.pro_rata)?.unwrap_or_default());
    answer.set("payable", money(plan, found.payable)?);
    answer.set("chosen", found.own_chosen.map(|own| if own { "own" } else { "pro_rata" }));
    Ok(answer.done())
}

pub fn relative_earnings(inputs: Node<'_>) -> Result<Value, CaseError> {
    let year = |node: Node<'_>| {
        Ok(usa::Earnings {
            quarters: node.get("qc").number()?,
            earnings: node.get("earnings").number()?,
            average: node.get("national_average").number()?,
        })
    };
    let years: Vec<_> =
        inputs.get("years").list()?.into_iter().map(year).collect::<Result<_, CaseError>>()?;
    let found = usa::relative_earnings(&years)?;
    let percent = |value: Rational| value.to_decimal(5);
    let percentages: Vec<String> =
        found.percentages.iter().map(|value| percent(*value)).collect::<Result<_, _>>()?;
    Ok(json!({
        "percentages": percentages,
        "sum": percent(found.sum)?,
        "qc_total": number(found.quarters),
        "rep": percent(found.position)?,
    }))
}

pub fn old_age_security(
    plan: &Plan<'_>,
    given: Node<'_>,
    inputs: Node<'_>,
) -> Result<Value, CaseError> {
    let residence = inputs.get("residence_years_after_18").number()?;
    let foreign = inputs.get("foreign_years_not_overlapping").maybe(Node::number)?;
    let abroad = given.get("receive_abroad").maybe(Node::yes)?.unwrap_or(false);
    let full = given.get("full_pension").maybe(Node::number)?;
    let found = canada::old_age_security(
        residence,
        foreign.unwrap_or(Rational::ZERO),
        abroad,
        full.unwrap_or(Rational::ZERO),
    )?;
    let mut answer = Answer::default();
    answer.number("required_years", found.required).number("total_years", found.total);
    answer.set("qualifies_alone", found.alone).set("qualifies_with_totalisation", found.together);
    answer.set("ratio", fraction(found.ratio.0, found.ratio.1));
    let amount = full.map(|_| money(plan, found.amount)).transpose()?;
    answer.set("amount", amount.unwrap_or_default());
    Ok(answer.done())
}

#[cfg(test)]
mod tests {
    use crate::cases::answer;
    use serde_json::json;

    #[test]
    fn stays_in_australia_add_up_before_they_are_rounded() {
        let stay = |id: &str, start: &str, end: &str| json!({ "id": id, "country": "AU", "type": "residence", "start": start, "end": end });
        let found = answer(&json!({
            "id": "stays", "task": "rate_fraction", "agreement": { "id": "AU-IT" },
            "parameters": { "denominator_months": 420 },
            "inputs": { "periods": [stay("a", "2000-01-01", "2000-02-20"), stay("b", "2001-03-01", "2001-03-10")] },
            "expected": { "ratio": { "num": 2, "den": 420 } },
        }));
        assert!(found.matches(), "{found:?}");
    }
}
