//! What a certified figure is worth: before and after it is rounded, and beside others.

use super::*;
use carnet_proto::totalisation::amount::{Institution, Theoretical};

fn certified(unit: TimeUnit, value: i64) -> Option<Reported> {
    Some(Reported::Aggregate(of(unit, value)))
}

#[test]
fn nobody_gives_way_to_more_than_a_figure() {
    let own = period("own", "DE", "2005-01-01", "2008-12-31", 48);
    let abroad = period("abroad", "FR", "2000-01-01", "2000-12-31", 12);
    let little = period("little", "DE", "2000-01-01", "2000-12-31", 1);
    let asked = claim("DE", 60);
    let outcome = totalise("eu-883", &asked, &[own.clone(), abroad.clone(), little]);
    assert_eq!((outcome.total, outcome.together), (whole(60), Some(true)));
    assert_eq!(outcome.counted.periods[1].counted, whole(11));
    // The same from abroad over voluntary time, certified as one figure or by year.
    let figures = [
        Reported::Aggregate(of(TimeUnit::Month, 12)),
        Reported::ByYear(vec![(2000, of(TimeUnit::Month, 12))]),
    ];
    for reported in figures {
        let abroad =
            Period { kind: PeriodKind::Voluntary, reported: Some(reported), ..abroad.clone() };
        let little = period("little", "PL", "2000-01-01", "2000-12-31", 1);
        let outcome = totalise("eu-883", &asked, &[own.clone(), abroad, little]);
        assert_eq!((outcome.total, outcome.together), (whole(60), Some(true)));
    }
}

#[test]
fn a_month_is_not_rounded_up_to_a_year() {
    let own = period("own", "DE", "2000-01-01", "2003-12-31", 48);
    let abroad = period("abroad", "FR", "2010-01-01", "2010-01-31", 1);
    let mut asked = Claim::new(Some(state("DE")), TimeUnit::Year);
    asked.qualifying = Some(whole(5));
    let outcome = totalise("eu-883", &asked, &[own.clone(), abroad.clone()]);
    assert_eq!((outcome.total, outcome.together), (Rational::new(49, 12).unwrap(), Some(false)));
    let year = period("year", "FR", "2010-01-01", "2010-12-31", 12);
    assert_eq!(totalise("eu-883", &asked, &[own, year]).together, Some(true));
}

#[test]
fn rounding_makes_no_year_of_a_short_period() {
    let long = period("long", "AT", "2000-01-01", "2009-12-31", 120);
    let mut asked = claim("FR", 60);
    asked.right_alone = Some(false);
    let relieved = |unit, value, kept| {
        let short = period("short", "FR", "2010-01-01", "2010-12-31", 12);
        let short = Period { reported: certified(unit, value), ..short };
        let outcome = totalise("eu-883", &asked, &[long.clone(), short.clone()]);
        assert_eq!(outcome.own, whole(kept), "{value} {unit:?}");
        // Whoever else pays leaves the same time out of the share.
        let other = totalise("eu-883", &claim("AT", 60), &[long.clone(), short]);
        let den = other.ratio.unwrap().den;
        assert_eq!(den == whole(120), outcome.relieved, "{value} {unit:?}");
        outcome.relieved
    };
    assert!(relieved(TimeUnit::Week, 51, 12));
    assert!(!relieved(TimeUnit::Week, 52, 12));
    assert!(relieved(TimeUnit::Day7, 359, 12));
    assert!(!relieved(TimeUnit::Day7, 360, 12));
    assert!(!relieved(TimeUnit::Quarter, 4, 12));
    assert!(relieved(TimeUnit::Month, 11, 11));
}

#[test]
fn adjoining_months_make_no_more_quarters_than_they_are() {
    let mut asked = Claim::new(Some(state("DE")), TimeUnit::Quarter);
    asked.qualifying = Some(whole(3));
    let across = period("across", "DE", "2000-10-01", "2001-01-31", 4);
    let after = period("after", "DE", "2001-02-01", "2001-03-31", 2);
    let outcome = totalise("eu-883", &asked, &[across, after]);
    assert_eq!((outcome.total, outcome.together), (whole(2), Some(false)));
}

#[test]
fn full_years_stay_full_years_in_one_figure_too() {
    let rules = rules("eu-883");
    let plan = Plan::new(&rules).unwrap();
    let days = |end: &str, reported| {
        let period = Period { reported, ..period("p", "DE", "2014-01-01", end, 0) };
        plan.convert(&period, TimeUnit::Day5).unwrap().value
    };
    let by_year = |year| (year, of(TimeUnit::Week, 52));
    let each = Some(Reported::ByYear(vec![by_year(2014), by_year(2015)]));
    assert_eq!(days("2015-12-31", each), whole(528));
    assert_eq!(days("2015-12-31", certified(TimeUnit::Week, 104)), whole(528));
    assert_eq!(days("2015-12-31", certified(TimeUnit::Week, 103)), whole(515));
    assert_eq!(days("2016-12-31", certified(TimeUnit::Week, 104)), whole(520));
}

#[test]
fn without_a_birth_date_time_that_an_age_could_cut_off_is_named() {
    let own = Period {
        kind: PeriodKind::Residence,
        ..period("own", "AU", "1996-01-01", "2003-12-31", 96)
    };
    let abroad = period("abroad", "IN", "2016-01-01", "2019-12-31", 48);
    let missing = |outcome: &Outcome| {
        outcome.explanation.missing.iter().any(|m| m.kind == MissingKind::BirthDate)
    };
    let mut asked = claim("AU", 120);
    let unknown = totalise("au-in", &asked, &[own.clone(), abroad.clone()]);
    assert!(missing(&unknown) && unknown.together == Some(true));
    asked.birth = Date::parse("1940-01-01");
    let known = totalise("au-in", &asked, &[own, abroad]);
    assert!(!missing(&known) && known.together == Some(false), "{known:?}");
}

#[test]
fn a_home_scheme_reaches_abroad_only_while_its_agreement_is_in_force() {
    let home = period("home", "KW", "2000-01-01", "2007-12-31", 96);
    let abroad = Period {
        work_country: Some(state("AE")),
        ..period("abroad", "KW", "2008-01-01", "2015-12-31", 96)
    };
    let mut asked = claim("KW", 180);
    asked.on = Date::parse("2020-01-01");
    let both = [home, abroad];
    let totalise_from = |day: &str| {
        let rules = PeriodRules { from: Date::parse(day), ..rules("gcc-ext") };
        Plan::new(&rules).unwrap().totalise(&asked, &both).unwrap()
    };
    assert_eq!(totalise_from("2006-01-01").total, whole(192));
    let before = totalise_from("2021-01-01");
    assert_eq!((before.total, before.together), (whole(96), Some(false)));
    assert!(before.explanation.warns(WarningKind::NotInForce));
}

#[test]
fn the_last_of_relieved_states_pays_only_if_no_other_comes_after_it() {
    let rules = rules("eu-883");
    let plan = Plan::new(&rules).unwrap();
    let asked = |country: &str| Institution {
        country: state(country),
        qualifying: Some(whole(12)),
        right_alone: Some(false),
        independent: None,
        theoretical: Some(Theoretical::PerUnit(whole(5))),
        max_period: None,
        voluntary_per_unit: None,
    };
    let periods = [
        period("first", "AT", "2000-01-01", "2000-10-31", 10),
        period("last", "BE", "2001-01-01", "2001-10-31", 10),
    ];
    let base = Claim::new(None, TimeUnit::Month);
    let pays = |countries: &[&str]| {
        let institutions: Vec<_> = countries.iter().map(|country| asked(country)).collect();
        let awards = plan.amounts(&base, &institutions, &periods).unwrap().awards;
        awards.into_iter().map(|award| award.payable).collect::<Vec<_>>()
    };
    assert_eq!(pays(&["AT", "BE"]), [Some(whole(0)), Some(whole(100))]);
    assert_eq!(pays(&["BE"]), [Some(whole(100))]);
    // Nobody asked whether the conditions of the last are met.
    assert_eq!(pays(&["AT"]), [None]);
}

#[test]
fn a_right_without_an_amount_is_not_a_right_to_nothing() {
    let rules = rules("eu-883");
    let plan = Plan::new(&rules).unwrap();
    let institution = |months| Institution {
        country: state("AT"),
        qualifying: Some(whole(months)),
        right_alone: None,
        independent: None,
        theoretical: None,
        max_period: None,
        voluntary_per_unit: None,
    };
    let periods = [period("own", "AT", "2000-01-01", "2009-12-31", 120)];
    let base = Claim::new(None, TimeUnit::Month);
    let awards = |months| plan.amounts(&base, &[institution(months)], &periods).unwrap();
    assert_eq!((awards(60).awards[0].payable, awards(60).payable), (None, None));
    assert_eq!(awards(180).payable, Some(whole(0)));
}
