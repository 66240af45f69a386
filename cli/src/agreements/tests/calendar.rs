//! What the calendar holds is never exceeded, however time is certified, cut into attestations and
//! counted.

use super::*;
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::totalisation::time::touched_months;

const UNITS: [TimeUnit; 6] = [
    TimeUnit::Month,
    TimeUnit::Week,
    TimeUnit::Day5,
    TimeUnit::Day6,
    TimeUnit::Day7,
    TimeUnit::Quarter,
];

/// The units of 30 days: as many as a period of so many days can certify at most.
fn most(unit: TimeUnit, frame: Frame) -> i64 {
    let days = i64::from(frame.end.0 - frame.start.0) + 1;
    let months = touched_months(&[frame]).total;
    match unit {
        TimeUnit::Month => months,
        TimeUnit::Quarter => months / 3,
        TimeUnit::Week => days / 7,
        TimeUnit::Day5 => days * 5 / 7,
        TimeUnit::Day6 => days * 6 / 7,
        _ => days.min(months * 30),
    }
}

/// Periods of any days, in every unit, as one figure or by year, full or not.
fn any_periods(count: usize) -> impl Strategy<Value = Vec<Period>> {
    some_periods_of(count, 1500, 700)
}

/// Many short ones within a year or two: what one State certifies for a year is far less than one by one.
fn short_periods(count: usize) -> impl Strategy<Value = Vec<Period>> {
    some_periods_of(count, 420, 45)
}

/// Periods of any days that begin within some days and are no longer than others.
fn some_periods_of(
    count: usize,
    within: i32,
    most_days: i32,
) -> impl Strategy<Value = Vec<Period>> {
    let (from, days) = (0..within, 1..most_days);
    let one = (0..4_usize, from, days, 0..4_usize, 0..7_usize, 1..=4_i64, 0..6_u8);
    proptest::collection::vec(one, 0..count).prop_map(|drawn| {
        let made = drawn.into_iter().enumerate();
        let made = made.filter_map(|(index, (country, from, days, kind, unit, part, mode))| {
            let start = Date(Date::from_ymd(2000, 1, 1)?.0 + from);
            let country = ["AT", "AT", "BE", "CZ"][country];
            let mut made = period(&format!("p{index}"), country, "2000-01-01", "2000-01-31", 0);
            made.frame = Frame::new(start, Date(start.0 + days - 1))?;
            made.kind = [
                PeriodKind::Compulsory,
                PeriodKind::Compulsory,
                PeriodKind::Voluntary,
                PeriodKind::Equivalent,
            ][kind];
            let figure = |frame: Frame| match UNITS.get(unit) {
                Some(unit) => Quantity::Of(
                    *unit,
                    Rational::new((most(*unit, frame) * part).into(), 4).unwrap(),
                ),
                None => Quantity::Ymd {
                    years: 0,
                    months: (touched_months(&[frame]).total - 1) as u32,
                    days: (7 * part) as u32,
                },
            };
            let (first, last) = made.frame.years();
            let of_year = |year| {
                let day = |month, day| Date::from_ymd(year, month, day).unwrap();
                let part =
                    Frame::new(made.frame.start.max(day(1, 1)), made.frame.end.min(day(12, 31)));
                (year, figure(part.unwrap()))
            };
            made.reported = Some(match mode {
                0 | 1 => Reported::ByYear((first..=last).map(of_year).collect()),
                _ => Reported::Aggregate(figure(made.frame)),
            });
            made.dates_uncertain = mode == 5;
            Some(made)
        });
        made.collect()
    })
}

/// What the calendar months that periods touch hold of a unit.
fn holds(unit: TimeUnit, periods: &[Period]) -> Rational {
    let frames: Vec<Frame> = periods.iter().map(|p| p.frame).collect();
    let touched = touched_months(&frames);
    // A unit that is longer than a month is full when a part of it is: then whole years hold it.
    let years: BTreeSet<i32> =
        touched.merged.iter().flat_map(|frame| frame.years().0..=frame.years().1).collect();
    match unit {
        TimeUnit::Month => whole(touched.total),
        TimeUnit::Week => whole(52 * years.len() as i64),
        TimeUnit::Quarter => whole(4 * years.len() as i64),
        TimeUnit::Day6 => whole(26 * touched.total),
        _ => whole(years.len() as i64),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_calendar_holds_whatever_counts(periods in any_periods(12), unit in 0..5_usize) {
        let unit = [
            TimeUnit::Month, TimeUnit::Week, TimeUnit::Quarter, TimeUnit::Day6, TimeUnit::Year,
        ][unit];
        let asked = Claim::new(Some(state("AT")), unit);
        let outcome = totalise("eu-883", &asked, &periods);
        let own: Vec<Period> =
            periods.iter().filter(|p| p.country == state("AT")).cloned().collect();
        prop_assert!(outcome.own <= holds(unit, &own), "{:?}", outcome.own);
        prop_assert!(outcome.total <= holds(unit, &periods), "{:?}", outcome.total);
        if let Some(ratio) = outcome.ratio {
            prop_assert!(ratio.num <= ratio.den && ratio.den <= holds(unit, &periods));
        }
        for (of, time) in &outcome.counted.shares {
            let its: Vec<Period> = periods.iter().filter(|p| p.country == *of).cloned().collect();
            prop_assert!(*time <= holds(unit, &its), "{of} {time:?}");
        }
    }

    #[test]
    fn another_period_of_any_days_never_lowers_the_time_towards_a_right(
        periods in prop_oneof![any_periods(9), short_periods(16)],
        more in prop_oneof![any_periods(3), short_periods(3)],
    ) {
        let mut all = periods.clone();
        all.extend(more.into_iter().map(|p| Period { id: format!("more-{}", p.id), ..p }));
        for (agreement, parties) in OVERLAPPING {
            let named = |periods: &[Period]| of_parties(periods, parties);
            for unit in UNITS.into_iter().chain([TimeUnit::Year]) {
                let mut asked = Claim::new(Some(state(parties[0])), unit);
                asked.own_minimum = Some(Rational::ZERO);
                more_with_more(agreement, &asked, &named(&periods), &named(&all))?;
            }
        }
    }

    #[test]
    fn neither_the_order_of_any_periods_nor_their_names_matter(
        periods in any_periods(9), turn in 0..9_usize, again in 0..9_usize
    ) {
        // Some stand there twice, alike in everything but the name.
        let mut periods = periods;
        if let Some(same) = periods.get(again).cloned() {
            periods.push(Period { id: "same".into(), ..same });
        }
        let outcome = totalise("eu-883", &claim("AT", 24), &periods);
        let mut turned = periods.clone();
        turned.reverse();
        turned.rotate_left(if periods.is_empty() { 0 } else { turn % periods.len() });
        for (index, period) in turned.iter_mut().enumerate() {
            period.id = format!("{index}");
        }
        let again = totalise("eu-883", &claim("AT", 24), &turned);
        prop_assert_eq!((outcome.own, outcome.foreign, outcome.total), (again.own, again.foreign, again.total));
        prop_assert_eq!(outcome.ratio, again.ratio);
    }

    #[test]
    fn an_attestation_that_is_cut_into_parts_never_gives_more(
        tenths in proptest::collection::vec((1..400_i64, 1..40_i32), 1..9),
        from in 0..6_usize, to in 0..4_usize, country in 0..2_usize,
    ) {
        let (from, country) = (UNITS[from], ["AT", "BE"][country]);
        let to = [TimeUnit::Month, TimeUnit::Week, TimeUnit::Quarter, TimeUnit::Year][to];
        let of = |tenths: i64| Quantity::Of(from, Rational::new(tenths.into(), 10).unwrap());
        let first = Date::from_ymd(2001, 1, 1).unwrap().0;
        let mut at = first;
        let (mut parts, mut certified) = (Vec::new(), 0);
        for (index, (tenths, days)) in tenths.iter().enumerate() {
            let mut part = period(&format!("p{index}"), country, "2001-01-01", "2001-01-31", 0);
            part.frame = Frame::new(Date(at), Date(at + days - 1)).unwrap();
            // Nobody certifies more than a frame holds.
            let tenths = (*tenths).min(10 * most(from, part.frame));
            part.reported = Some(Reported::Aggregate(of(tenths)));
            certified += tenths;
            at += days;
            parts.push(part);
        }
        let mut all = period("all", country, "2001-01-01", "2001-01-31", 0);
        all.frame = Frame::new(Date(first), Date(at - 1)).unwrap();
        all.reported = Some(Reported::Aggregate(of(certified)));
        let asked = Claim::new(Some(state("AT")), to);
        let apart = totalise("eu-883", &asked, &parts).total;
        let together = totalise("eu-883", &asked, &[all]).total;
        prop_assert!(apart <= together, "{apart:?} of {together:?}");
    }
}

#[test]
fn many_short_attestations_are_rounded_once() {
    // Three parts of one month are a month, and one day in each of twelve months is less than one.
    let day = |id: usize, start: &str, end: &str, days: i64| {
        let mut part = period(&format!("p{id}"), "AT", start, end, 0);
        part.reported = Some(Reported::Aggregate(of(TimeUnit::Day7, days)));
        part
    };
    let month = [
        day(1, "2020-01-01", "2020-01-10", 10),
        day(2, "2020-01-11", "2020-01-20", 10),
        day(3, "2020-01-21", "2020-01-31", 10),
    ];
    let outcome = totalise("eu-883", &claim("AT", 3), &month);
    assert_eq!((outcome.own, outcome.together), (whole(1), Some(false)));
    let told = |reason| outcome.explanation.not_counted.iter().any(|not| not.reason == reason);
    assert!(told(NotCountedReason::CalendarFull));
    let days: Vec<Period> = (1..=12)
        .map(|month| {
            let start = format!("2020-{month:02}-05");
            day(month, &start, &start, 1)
        })
        .collect();
    assert_eq!(totalise("eu-883", &claim("AT", 12), &days).own, whole(1));
    // Attestations that certify more than a month each for the same month are one month.
    let months = [
        period("a", "AT", "2020-01-01", "2020-01-15", 1),
        period("b", "AT", "2020-01-16", "2020-01-31", 1),
    ];
    assert_eq!(totalise("eu-883", &claim("AT", 2), &months).own, whole(1));
    // Two halves of a year are a year.
    let weeks = |id: &str, start: &str, end: &str| {
        let mut part = period(id, "AT", start, end, 0);
        part.reported = Some(Reported::Aggregate(of(TimeUnit::Week, 26)));
        part
    };
    let halves = [weeks("a", "2001-01-01", "2001-06-30"), weeks("b", "2001-07-01", "2001-12-31")];
    assert_eq!(totalise("eu-883", &claim("AT", 12), &halves).own, whole(12));
}

#[test]
fn an_agreement_that_does_not_bind_the_state_says_so_and_adds_nothing() {
    let periods = [
        period("own", "IN", "2000-01-01", "2003-12-31", 48),
        period("other", "DE", "2004-01-01", "2009-12-31", 72),
    ];
    let outcome = totalise("eu-883", &claim("IN", 60), &periods);
    assert!(!outcome.bound && !outcome.may_add && !outcome.relieved);
    assert_eq!((outcome.total, outcome.ratio), (whole(48), None));
    assert!(outcome.explanation.warns(WarningKind::NotBound));
    assert!(!outcome.explanation.warns(WarningKind::OneSided));
    assert!(!totalise("gcc-ext", &claim("DE", 60), &periods).bound);
    let unemployment = Claim { branch: Some(Branch::Unemployment), ..claim("PH", 60) };
    let without = totalise("de-ph", &unemployment, &periods);
    assert!(!without.bound && without.explanation.warns(WarningKind::NotBound));
    let case = serde_json::json!({
        "id": "x", "task": "totalise", "agreement": { "id": "EU-883" },
        "parameters": { "claim_country": "IN", "unit": "month" },
        "inputs": { "periods": [{ "id": "a", "country": "IN", "type": "compulsory",
            "start": "2000-01-01", "end": "2000-12-31" }] },
        "expected": {},
    });
    let error = answer(&case).computed.unwrap_err().to_string();
    assert_eq!(error, "the agreement EU-883 does not bind IN");
}

#[test]
fn a_period_of_more_years_than_a_life_has_is_refused() {
    let rules = rules("us-de");
    let plan = Plan::new(&rules).unwrap();
    let long = period("long", "DE", "0001-01-01", "9999-12-31", 12);
    let how = carnet_proto::totalisation::quarters::Placement::default();
    let error = plan.credit(state("US"), std::slice::from_ref(&long), &[], how).unwrap_err();
    assert!(error.to_string().contains("128 calendar years"), "{error}");
    assert!(plan.totalise(&claim("DE", 60), &[long]).is_err());
}

#[test]
fn own_time_that_certifies_little_does_not_displace_what_certifies_much() {
    let little = period("a", "AT", "2001-01-01", "2001-12-31", 1);
    let much =
        Period { scheme: "AT-farmers".into(), ..period("b", "AT", "2001-02-01", "2001-07-31", 6) };
    assert_eq!(totalise("eu-883", &claim("AT", 6), &[little, much]).own, whole(7));
}

#[test]
fn own_time_stays_own_whatever_lies_beside_it() {
    let months = |id: &str, country: &str, start: &str, end: &str, months: i64| {
        let mut made = period(id, country, start, end, 0);
        made.reported = Some(Reported::Aggregate(of(TimeUnit::Month, months)));
        made
    };
    // What a figure is above its frame stays, though other own time has all of the frame.
    let own = [
        months("a", "ES", "2001-01-01", "2001-06-30", 6),
        months("b", "ES", "2001-03-01", "2001-03-31", 2),
    ];
    let outcome = totalise("eu-883", &claim("ES", 7), &own);
    assert_eq!((outcome.own, outcome.foreign, outcome.alone), (whole(7), whole(0), Some(true)));
    // A year without exact days gives way to one month, and not as a whole.
    let mut by_year = months("b", "ES", "2001-01-01", "2001-12-31", 0);
    by_year.reported = Some(Reported::ByYear(vec![(2001, of(TimeUnit::Month, 12))]));
    by_year.dates_uncertain = true;
    let outcome = totalise(
        "eu-883",
        &claim("ES", 11),
        &[months("a", "FR", "2001-09-01", "2001-09-30", 1), by_year],
    );
    assert_eq!((outcome.own, outcome.foreign), (whole(11), whole(1)));
    // Half a month abroad that is rounded up does not take an own month.
    let periods = [
        months("a", "CH", "2001-03-01", "2001-05-15", 2),
        months("b", "CH", "2001-03-01", "2001-04-30", 1),
        months("c", "FR", "2001-05-16", "2001-06-30", 2),
    ];
    let outcome = totalise("eu-883", &claim("CH", 3), &periods);
    assert_eq!((outcome.own, outcome.foreign, outcome.alone), (whole(3), whole(1), Some(true)));
}

#[test]
fn whether_own_time_is_enough_is_judged_without_other_states() {
    let mut own = period("own", "DE", "2001-01-01", "2002-12-31", 24);
    own.kind = PeriodKind::Voluntary;
    let periods = [own, period("other", "FR", "2000-01-01", "2008-12-31", 108)];
    // Voluntary time gives way where time is added, and national law alone does not ask who else counts.
    let outcome = totalise("eu-883", &claim("DE", 12), &periods);
    assert_eq!((outcome.own, outcome.alone, outcome.relieved), (whole(0), Some(true), false));
    let before = Claim { on: Date::from_ymd(2005, 12, 31), ..claim("DE", 12) };
    let outcome = totalise("eu-883", &before, &periods);
    assert_eq!((outcome.own, outcome.foreign, outcome.total), (whole(24), whole(0), whole(24)));
    assert_eq!((outcome.alone, outcome.together), (Some(true), Some(true)));
}
