//! Shipped agreements held against their own cases and those of others, the traps that people fall into,
//! and what holds for any list of periods.

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
    let unknown = serde_json::json!({ "id": "x", "task": "guess", "parameters": {}, "inputs": {} });
    assert!(answer(&unknown).computed.is_err());
}

// Trap 1.
#[test]
fn hiding_foreign_time_raises_the_share_and_the_answer_says_so() {
    let own = period("own", "AT", "2000-01-01", "2009-12-31", 120);
    let foreign = period("foreign", "SE", "1980-01-01", "1999-12-31", 240);
    let shown = totalise("eu-883", &claim("AT", 60), &[own.clone(), foreign.clone()]);
    let hidden = totalise("eu-883", &claim("AT", 60), &[own]);
    let share = |outcome: &Outcome| outcome.ratio.unwrap().of(whole(1)).unwrap();
    assert!(share(&hidden) > share(&shown));
    assert!(shown.explanation.warns(WarningKind::HiddenRaisesShare));
    let complete = Period { complete_up_to: Some(foreign.frame.end), ..foreign };
    let missing = |outcome: &Outcome, state: StateCode| {
        outcome
            .explanation
            .missing
            .iter()
            .any(|m| m.kind == MissingKind::Completeness && m.state == state)
    };
    assert!(missing(&shown, state("SE")));
    assert!(!missing(&totalise("eu-883", &claim("AT", 60), &[complete]), state("SE")));
}

// Trap 2.
#[test]
fn a_refund_ends_the_right_and_the_answer_says_how_much_is_lost() {
    let own = period("own", "DE", "2019-01-01", "2022-06-30", 42);
    let refunded =
        Period { refund: Refund::Full, ..period("r", "PH", "2010-01-01", "2012-12-31", 36) };
    let outcome = totalise("de-ph", &claim("DE", 60), &[own.clone(), refunded.clone()]);
    assert_eq!((outcome.total, outcome.together), (whole(42), Some(false)));
    let warning = outcome.explanation.warnings.iter().find(|w| w.kind == WarningKind::RefundEnds);
    assert_eq!(warning.unwrap().time, Some(whole(36)));
    let kept = Period { refund: Refund::None, ..refunded };
    assert_eq!(totalise("de-ph", &claim("DE", 60), &[own, kept]).together, Some(true));
}

// Trap 3.
#[test]
fn a_right_abroad_may_open_at_another_age() {
    let periods = [
        period("a", "AT", "2000-01-01", "2009-12-31", 120),
        period("b", "SE", "2010-01-01", "2010-12-31", 12),
    ];
    assert!(
        totalise("eu-883", &claim("AT", 60), &periods).explanation.warns(WarningKind::OtherAges)
    );
    assert!(
        !totalise("eu-883", &claim("AT", 60), &periods[..1])
            .explanation
            .warns(WarningKind::OtherAges)
    );
}

// Trap 4.
#[test]
fn the_certified_number_wins_over_the_dates() {
    let mut foreign = period("f", "FR", "1994-10-01", "1995-06-01", 0);
    foreign.reported = Some(Reported::Aggregate(of(TimeUnit::Quarter, 5)));
    let outcome = totalise("eu-883", &claim("DE", 60), &[foreign]);
    assert_eq!(outcome.foreign, whole(15));
    assert!(outcome.explanation.warns(WarningKind::NumberNotDates));
}

// Trap 5.
#[test]
fn two_institutions_of_one_state_are_flagged_and_not_added() {
    let a = period("a", "AT", "2000-01-01", "2000-12-31", 12);
    let b =
        Period { scheme: "AT-farmers".into(), ..period("b", "AT", "2000-01-01", "2000-12-31", 12) };
    let outcome = totalise("eu-883", &claim("AT", 60), &[a, b]);
    assert_eq!(outcome.own, whole(12));
    assert!(outcome.explanation.warns(WarningKind::SameState));
    assert!(
        outcome.explanation.not_counted.iter().any(|n| n.reason == NotCountedReason::SameState)
    );
}

// Trap 7 and 12.
#[test]
fn several_units_in_a_year_are_held_to_it_and_rounding_by_year_is_named() {
    let mut days = period("d", "ES", "2014-01-01", "2014-07-19", 0);
    days.reported = Some(Reported::ByYear(vec![(2014, of(TimeUnit::Day7, 200))]));
    let mut quarters = period("q", "FR", "2014-07-20", "2014-12-31", 0);
    quarters.reported = Some(Reported::ByYear(vec![(2014, of(TimeUnit::Quarter, 2))]));
    let outcome = totalise("eu-883", &claim("DE", 60), &[days, quarters]);
    assert_eq!((outcome.counted.foreign_converted, outcome.foreign), (whole(13), whole(12)));
    assert!(outcome.explanation.warns(WarningKind::MixedUnits));
    let mut years = period("y", "BE", "2015-01-01", "2016-12-31", 0);
    years.reported = Some(Reported::ByYear(vec![
        (2015, of(TimeUnit::Day6, 110)),
        (2016, of(TimeUnit::Day6, 110)),
    ]));
    let outcome = totalise("eu-883", &claim("DE", 60), &[years]);
    assert!(outcome.explanation.warns(WarningKind::RoundedByYear));
}

// Traps 8 and 9.
#[test]
fn a_short_period_relieves_below_a_year_and_only_without_a_right() {
    let long = period("l", "AT", "2000-01-01", "2009-12-31", 120);
    let year = period("y", "FI", "2010-01-01", "2010-12-31", 12);
    let outcome = totalise("eu-883", &claim("FI", 60), &[long.clone(), year]);
    assert!(!outcome.relieved && outcome.explanation.warns(WarningKind::ExactlyOneYear));
    let short = period("s", "FI", "2010-01-01", "2010-11-30", 11);
    let outcome = totalise("eu-883", &claim("FI", 60), &[long.clone(), short.clone()]);
    assert!(outcome.relieved && outcome.ratio.is_none());
    assert!(outcome.explanation.missing.iter().any(|m| m.kind == MissingKind::NationalRight));
    let with_right = Period { national_right: Some(true), ..short };
    let outcome = totalise("eu-883", &claim("FI", 60), &[long, with_right]);
    assert!(!outcome.relieved && outcome.explanation.warns(WarningKind::ShortWithRight));
    for (unit, value) in [(TimeUnit::Week, 52), (TimeUnit::Quarter, 4), (TimeUnit::Year, 1)] {
        let mut exact = period("e", "FI", "2011-01-01", "2011-12-31", 0);
        exact.reported = Some(Reported::Aggregate(of(unit, value)));
        let asked = Claim::new(Some(state("FI")), unit);
        assert!(!totalise("eu-883", &asked, &[exact]).relieved, "{unit}");
    }
}

// Trap 10.
#[test]
fn an_agreement_may_bind_one_side_only() {
    let periods = [
        period("p", "PH", "2000-01-01", "2006-12-31", 84),
        period("c", "CH", "2007-01-01", "2011-12-31", 60),
    ];
    let outcome = totalise("ch-ph", &claim("CH", 120), &periods);
    assert_eq!((outcome.foreign, outcome.hypothetical), (whole(0), Some(whole(144))));
    assert!(outcome.explanation.warns(WarningKind::OneSided));
    assert!(outcome.explanation.warns(WarningKind::Hypothetical));
    assert_eq!(totalise("ch-ph", &claim("PH", 120), &periods).together, Some(true));
}

// Trap 11.
#[test]
fn residence_that_counts_at_home_may_not_count_abroad() {
    let residence = Period {
        kind: PeriodKind::Residence,
        ..period("r", "CA", "1980-01-01", "1999-12-31", 240)
    };
    let own = period("u", "US", "2000-01-01", "2004-12-31", 60);
    let outcome = totalise("us-ca", &claim("US", 120), &[residence, own]);
    assert_eq!(outcome.foreign, whole(0));
    assert!(outcome.explanation.warns(WarningKind::ResidenceNotCounted));
}

// Trap 13.
#[test]
fn the_rules_in_force_on_the_day_apply() {
    let periods = [
        period("a", "AT", "2000-01-01", "2003-12-31", 48),
        period("b", "SE", "2004-01-01", "2005-12-31", 24),
    ];
    let on = |day| Claim { on: Date::parse(day), ..claim("AT", 60) };
    assert_eq!(totalise("eu-883", &on("2012-01-01"), &periods).together, Some(true));
    let before = totalise("eu-883", &on("2009-12-31"), &periods);
    assert_eq!(before.together, Some(false));
    assert!(before.explanation.warns(WarningKind::NotInForce));
}

#[test]
fn agreements_are_not_chained() {
    let own = period("u", "US", "2000-01-01", "2004-12-31", 60);
    let italy = period("i", "IT", "1990-01-01", "1991-12-31", 24);
    let germany = period("g", "DE", "1992-01-01", "1995-12-31", 48);
    let outcome = totalise("us-it", &claim("US", 120), &[own, italy, germany]);
    assert_eq!(outcome.foreign, whole(24));
    assert!(outcome.explanation.warns(WarningKind::NotChained));
    let left_out =
        outcome.explanation.not_counted.iter().find(|n| n.reason == NotCountedReason::OtherPartner);
    assert_eq!(left_out.unwrap().rule.unwrap().as_str(), "US-BILAT");
}

#[test]
fn a_branch_and_the_two_lists_of_a_p5000_are_kept_apart() {
    use carnet_proto::statement::accreditation::Branch;
    let own = period("a", "AT", "2000-01-01", "2009-12-31", 120);
    let mut sickness = period("b", "SE", "1990-01-01", "1999-12-31", 120);
    sickness.branches = vec![Branch::Sickness];
    let mut only_amount = period("c", "SE", "1980-01-01", "1980-12-31", 12);
    only_amount.counts_for_right = false;
    let asked = Claim { branch: Some(Branch::OldAge), ..claim("AT", 60) };
    let outcome = totalise("eu-883", &asked, &[own, sickness, only_amount]);
    assert_eq!(outcome.total, whole(120));
    let ratio = outcome.ratio.unwrap();
    assert_eq!((ratio.num, ratio.den), (whole(120), whole(132)));
}

#[test]
fn numbers_that_do_not_fit_are_errors() {
    let mut own = period("a", "AT", "0001-01-01", "9999-12-31", 0);
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

/// Periods of whole months in a few States, of every kind, some without exact days.
fn some_periods(count: usize) -> impl Strategy<Value = Vec<Period>> {
    let one = (0..4_usize, 0..72_i32, 1..30_i32, 0..4_usize, any::<bool>(), 1..=30_i64);
    proptest::collection::vec(one, 0..count).prop_map(|drawn| {
        let made = drawn.into_iter().enumerate().map(
            |(index, (country, from, length, kind, unsure, part))| {
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
                if unsure {
                    made.dates_uncertain = true;
                    let months = part.min(i64::from(length));
                    made.reported = Some(Reported::Aggregate(of(TimeUnit::Month, months)));
                }
                made
            },
        );
        made.collect()
    })
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
        let before = totalise("eu-883", &claim("AT", 60), &periods);
        let mut all = periods;
        all.extend(more.into_iter().map(|p| Period { id: format!("more-{}", p.id), ..p }));
        let after = totalise("eu-883", &claim("AT", 60), &all);
        prop_assert!(after.total >= before.total, "{:?} then {:?}", before.total, after.total);
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
