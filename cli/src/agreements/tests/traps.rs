//! What misleads people who add periods up: each is answered, and said in words.

use super::*;

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
