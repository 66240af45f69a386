//! Shipped agreements held against their own cases and those of others, and what holds for any list of
//! periods.

mod calendar;
mod figures;
mod traps;

use super::*;
use crate::cases::{answer, answer_by};
use carnet_proto::time::Date;
use carnet_proto::totalisation::explain::{MissingKind, NotCountedReason, WarningKind};
use carnet_proto::totalisation::period::{
    Frame, Period, PeriodKind, Quantity, Refund, Reported, StateCode, TimeUnit,
};
use carnet_proto::totalisation::qualify::Outcome;
use carnet_proto::totalisation::{Claim, Plan, Rational};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn rules(id: &str) -> PeriodRules {
    named(id).unwrap().1
}

fn state(code: &str) -> StateCode {
    StateCode::parse(code).unwrap()
}

fn frame(start: &str, end: &str) -> Frame {
    Frame::new(Date::parse(start).unwrap(), Date::parse(end).unwrap()).unwrap()
}

fn of(unit: TimeUnit, value: i64) -> Quantity {
    Quantity::Of(unit, Rational::whole(value))
}

fn period(id: &str, country: &str, start: &str, end: &str, months: i64) -> Period {
    Period {
        id: id.to_owned(),
        country: state(country),
        work_country: None,
        scheme: format!("{country}-general"),
        branches: Vec::new(),
        kind: PeriodKind::Compulsory,
        frame: frame(start, end),
        dates_uncertain: false,
        reported: Some(Reported::Aggregate(of(TimeUnit::Month, months))),
        counts_for_right: true,
        counts_for_amount: true,
        refund: Refund::None,
        category: None,
        national_right: None,
        complete_up_to: None,
    }
}

fn claim(country: &str, months: i64) -> Claim {
    let mut claim = Claim::new(Some(state(country)), TimeUnit::Month);
    claim.qualifying = Some(Rational::whole(months));
    claim
}

fn totalise(agreement: &str, claim: &Claim, periods: &[Period]) -> Outcome {
    let rules = rules(agreement);
    Plan::new(&rules).unwrap().totalise(claim, periods).unwrap()
}

fn whole(value: i64) -> Rational {
    Rational::whole(value)
}

#[test]
fn every_file_on_disk_is_built_in_and_its_sets_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/agreements");
    let names = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
    let on_disk: BTreeSet<String> = names.map(|name| name.into_string().unwrap()).collect();
    let built_in: BTreeSet<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(on_disk, built_in);
    for file in shipped().unwrap() {
        complete(Path::new(file.rules.id.as_str()), file).unwrap();
    }
}

#[test]
fn a_rule_has_the_same_text_wherever_it_stands() {
    let mut seen: Vec<&PeriodRule> = Vec::new();
    for rule in shipped().unwrap().iter().flat_map(|file| &file.rules.rules) {
        if let Some(same) = seen.iter().find(|other| other.id == rule.id) {
            assert_eq!(*same, rule, "{}", rule.id);
        }
        seen.push(rule);
    }
}

#[test]
fn every_shipped_agreement_reproduces_its_own_cases_and_has_one() {
    for file in shipped().unwrap() {
        let rules = complete(Path::new("shipped"), file).unwrap();
        assert!(
            file.rules.parties.is_empty() || !file.cases.is_empty(),
            "{} has no case",
            rules.id
        );
        for case in &file.cases {
            let answered = answer_by(case, &rules);
            assert!(answered.matches(), "{}: {answered:?}", rules.id);
        }
    }
}

/// Returns the cases of others: `$CARNET_VECTORS`, else `shared/vectors` beside the repository.
fn cases_of_others() -> Option<serde_json::Value> {
    let root = std::env::var_os("CARNET_VECTORS").map(PathBuf::from);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut near = here.ancestors().map(|dir| dir.join("shared/vectors"));
    let root = root.or_else(|| near.find(|dir| dir.is_dir()))?;
    let text = std::fs::read_to_string(root.join("totalisation-cases.json")).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn the_cases_of_others_come_out_and_what_is_expected_is_never_looked_at() {
    let Some(file) = cases_of_others() else {
        eprintln!("left out: there is no totalisation-cases.json");
        return;
    };
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() >= 50);
    for case in cases {
        let answered = answer(case);
        assert!(answered.matches(), "{answered:?}");
        // The same without the expectation, and without an agreement that we know.
        let mut blind = case.clone();
        blind["expected"] = serde_json::json!({ "nothing": 1 });
        let again = answer(&blind);
        assert_eq!(again.computed.unwrap(), answered.computed.unwrap());
        assert_eq!(again.differences.len(), 1);
    }
}

#[test]
fn an_agreement_that_is_not_known_is_put_together_from_the_rules_listed() {
    let Some(file) = cases_of_others() else { return };
    let mut tried = 0;
    for case in file["cases"].as_array().unwrap() {
        // These need more of their agreement than they list.
        if ["EU-57-03", "EU-CONV-02", "AU-IT-01", "AU-IT-02", "EU-TOT-01"]
            .contains(&case["id"].as_str().unwrap())
        {
            continue;
        }
        if case["agreement"]["id"].as_str().is_some_and(|id| id.starts_with("EU-")) {
            let mut model = case.clone();
            model["agreement"]["id"] = "MODEL-EU".into();
            let answered = answer(&model);
            assert!(answered.matches(), "{answered:?}");
            tried += 1;
        }
    }
    assert!(tried > 10);
}

#[test]
fn rules_that_are_not_known_are_named() {
    let case = serde_json::json!({
        "id": "x", "task": "totalise", "agreement": { "id": "NEW-1", "type": "bilateral" },
        "rules": [{ "id": "NEW-RULE" }], "parameters": { "claim_country": "XA", "unit": "month" },
        "inputs": { "periods": [] }, "expected": {},
    });
    let error = answer(&case).computed.unwrap_err().to_string();
    assert!(error.contains("NEW-1") && error.contains("NEW-RULE"), "{error}");
    let mut misspelt = case.clone();
    misspelt["agreement"] = serde_json::json!({ "id": "DE-HP" });
    misspelt["rules"] = serde_json::json!([]);
    let error = answer(&misspelt).computed.unwrap_err().to_string();
    assert_eq!(error, "no agreement is called DE-HP, and the case lists no rules of it");
    let unknown = serde_json::json!({ "id": "x", "task": "guess", "parameters": {}, "inputs": {} });
    assert!(answer(&unknown).computed.is_err());
}

#[test]
fn numbers_that_do_not_fit_are_errors() {
    let mut own = period("a", "AT", "1900-01-01", "1999-12-31", 0);
    own.reported = Some(Reported::Aggregate(Quantity::Ymd {
        years: u32::MAX,
        months: u32::MAX,
        days: u32::MAX,
    }));
    let huge = Rational::new(i128::MAX, 3).unwrap();
    let rules = rules("eu-883");
    let plan = Plan::new(&rules).unwrap();
    assert!(plan.totalise(&claim("AT", 60), &[own.clone()]).is_ok());
    own.reported = Some(Reported::Aggregate(Quantity::Of(TimeUnit::Week, huge)));
    assert!(plan.totalise(&claim("AT", 60), &[own.clone()]).is_err());
    own.reported = Some(Reported::ByYear(vec![
        (2001, of(TimeUnit::Month, 1)),
        (2001, of(TimeUnit::Month, 1)),
    ]));
    assert!(plan.totalise(&claim("AT", 60), &[own]).is_err());
}

/// Periods of whole months in a few States, of every kind, some without exact days, some of less than their
/// frames.
fn some_periods(count: usize) -> impl Strategy<Value = Vec<Period>> {
    let one = (0..4_usize, 0..72_i32, 1..30_i32, 0..4_usize, 0..4_u8, 1..=30_i64);
    proptest::collection::vec(one, 0..count).prop_map(|drawn| {
        let made = drawn.into_iter().enumerate().map(
            |(index, (country, from, length, kind, how, part))| {
                let month =
                    |at: i32| Date::from_ymd(2000 + at / 12, at as u32 % 12 + 1, 1).unwrap();
                let country = ["AT", "BE", "CZ", "DK"][country];
                let mut made = period(
                    &format!("p{index}"),
                    country,
                    "2000-01-01",
                    "2000-01-31",
                    i64::from(length),
                );
                made.frame = Frame::new(month(from), Date(month(from + length).0 - 1)).unwrap();
                made.kind = [
                    PeriodKind::Compulsory,
                    PeriodKind::Voluntary,
                    PeriodKind::Equivalent,
                    PeriodKind::Residence,
                ][kind];
                made.dates_uncertain = how == 0;
                if how < 3 {
                    let months = part.min(i64::from(length));
                    made.reported = Some(Reported::Aggregate(of(TimeUnit::Month, months)));
                }
                made
            },
        );
        made.collect()
    })
}

/// Agreements with every rule on overlap, and parties to them.
const OVERLAPPING: [(&str, &[&str]); 4] = [
    ("eu-883", &["AT", "BE", "CZ", "DK"]),
    ("uk-bb", &["GB", "BB"]),
    ("ch-ph", &["PH", "CH"]),
    ("ibero", &["ES", "PT", "AR"]),
];

/// Returns periods of the drawn States as those of parties to an agreement.
fn of_parties(periods: &[Period], parties: &[&str]) -> Vec<Period> {
    let of = |p: &Period| ["AT", "BE", "CZ", "DK"].iter().position(|c| state(c) == p.country);
    let country = |p: &Period| state(parties[of(p).unwrap() % parties.len()]);
    periods.iter().map(|p| Period { country: country(p), ..p.clone() }).collect()
}

/// Totalises some periods, and more of them, and holds the times against each other.
fn more_with_more(
    agreement: &str,
    claim: &Claim,
    some: &[Period],
    more: &[Period],
) -> Result<Outcome, TestCaseError> {
    let (before, after) = (totalise(agreement, claim, some), totalise(agreement, claim, more));
    prop_assert!(
        after.total >= before.total,
        "{agreement} in {}s: {} then {}",
        claim.unit,
        before.total,
        after.total
    );
    Ok(after)
}

/// Months that any of the periods touches.
fn months_covered(periods: &[Period]) -> i64 {
    let frames: Vec<Frame> = periods.iter().map(|p| p.frame).collect();
    carnet_proto::totalisation::time::touched_months(&frames).total
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn never_more_than_the_calendar_holds(periods in some_periods(14)) {
        let outcome = totalise("eu-883", &claim("AT", 60), &periods);
        prop_assert!(outcome.total <= whole(months_covered(&periods)), "{outcome:?}");
        let sum = outcome.counted.periods.iter().try_fold(Rational::ZERO, |sum, p| sum.plus(p.counted));
        prop_assert_eq!(sum.unwrap(), outcome.total);
    }

    #[test]
    fn the_order_of_periods_never_matters(periods in some_periods(10), turn in 0..10_usize) {
        let outcome = totalise("eu-883", &claim("AT", 60), &periods);
        let mut turned = periods.clone();
        turned.reverse();
        turned.rotate_left(if periods.is_empty() { 0 } else { turn % periods.len() });
        let again = totalise("eu-883", &claim("AT", 60), &turned);
        prop_assert_eq!((outcome.own, outcome.foreign, outcome.total), (again.own, again.foreign, again.total));
        prop_assert_eq!(outcome.ratio, again.ratio);
        for (place, period) in turned.iter().enumerate() {
            let before = periods.iter().position(|p| p.id == period.id).unwrap();
            prop_assert_eq!(
                outcome.counted.periods[before].counted,
                again.counted.periods[place].counted
            );
        }
    }

    #[test]
    fn another_period_never_lowers_the_time_towards_a_right(
        periods in some_periods(10), more in some_periods(2)
    ) {
        let mut all = periods.clone();
        all.extend(more.into_iter().map(|p| Period { id: format!("more-{}", p.id), ..p }));
        // Every kind of rule on overlap, those of each its own and of one count for all among them.
        for (agreement, parties) in OVERLAPPING {
            let named = |periods: &[Period]| of_parties(periods, parties);
            for unit in [TimeUnit::Month, TimeUnit::Week, TimeUnit::Year] {
                let mut asked = Claim::new(Some(state(parties[0])), unit);
                asked.own_minimum = Some(Rational::ZERO);
                let after = more_with_more(agreement, &asked, &named(&periods), &named(&all))?;
                let held = Rational::new(months_covered(&all).into(), 12).unwrap();
                let units = Plan::new(&rules(agreement)).unwrap().units;
                let held = held.times(units.factor(TimeUnit::Year, unit).unwrap()).unwrap();
                prop_assert!(after.total <= held.ceil(), "{agreement} in {unit}s: {after:?}");
            }
        }
    }

    #[test]
    fn conversion_by_year_stays_within_the_year_and_keeps_a_full_one(
        days in 0..=400_i64, unit in 0..3_usize, to in 0..3_usize
    ) {
        let rules = rules("eu-883");
        let plan = Plan::new(&rules).unwrap();
        let from = [TimeUnit::Day5, TimeUnit::Day6, TimeUnit::Day7][unit];
        let to = [TimeUnit::Week, TimeUnit::Month, TimeUnit::Quarter][to];
        let mut one = period("p", "AT", "2001-01-01", "2001-12-31", 0);
        one.reported = Some(Reported::ByYear(vec![(2001, of(from, days))]));
        let found = plan.convert(&one, to).unwrap().value;
        prop_assert!(found <= plan.units.year_of(to) && found.is_whole());
        prop_assert_eq!(found == whole(0), days == 0);
        if whole(days) >= plan.units.year_of(from) {
            prop_assert_eq!(found, plan.units.year_of(to));
        }
    }
}

#[test]
fn the_guide_explains_every_mechanism_and_every_key() {
    use carnet_proto::totalisation::rules::MechanismKind;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agreements.md");
    let guide = std::fs::read_to_string(path).unwrap();
    for kind in MechanismKind::ALL {
        let row = guide.lines().find(|line| line.starts_with(&format!("| `{}` |", kind.name())));
        let row = row.unwrap_or_else(|| panic!("{kind} is not explained"));
        let (needed, allowed) = kind.keys();
        let keys = row.split('|').nth(2).unwrap();
        for key in needed {
            assert!(keys.contains(&format!("`{key}`")), "{kind}: {key} is not named");
        }
        for key in allowed {
            assert!(keys.contains(&format!("[`{key}`]")), "{kind}: {key} is not named as optional");
        }
        assert_eq!(keys.matches('`').count() / 2, needed.len() + allowed.len(), "{kind}: {keys}");
    }
}

#[test]
fn the_file_in_the_guide_is_right_and_its_case_comes_out() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agreements.md");
    let guide = std::fs::read_to_string(&path).unwrap();
    let text = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let file = periods::parse(&path, text).unwrap();
    let rules = complete(&path, &file).unwrap();
    assert_eq!(file.cases.len(), 1);
    let answered = answer_by(&file.cases[0], &rules);
    assert!(answered.matches(), "{answered:?}");
}
