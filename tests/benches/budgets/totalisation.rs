//! Totalisation of a long life: 600 periods in ten countries under one agreement.

use std::cell::LazyCell;
use std::time::Duration;

use carnet_proto::time::Date;
use carnet_proto::totalisation::period::{
    Frame, Period, PeriodKind, Quantity, Refund, Reported, StateCode, TimeUnit,
};
use carnet_proto::totalisation::rules::{
    AgreementFamily, Denominator, Mechanism, MechanismKind, PeriodRule, PeriodRules, RuleId,
    ShortPeriod,
};
use carnet_proto::totalisation::{Claim, Plan, Rational};
use carnet_tests::world::line;

use super::bench::{Bench, Spec, time};
use super::table::Budget;

/// Periods of the life.
const PERIODS: usize = 600;
const COUNTRIES: [&str; 10] = ["AT", "BE", "CZ", "DE", "ES", "FR", "IT", "NL", "PL", "PT"];
/// How long an answer may take.
const LIMIT: Duration = Duration::from_millis(1);

pub fn rows(bench: &mut Bench) {
    let rules = LazyCell::new(rules);
    let periods: LazyCell<Vec<Period>> = LazyCell::new(|| (0..PERIODS).map(period).collect());
    let claim = Claim {
        qualifying: Some(Rational::whole(60)),
        ..Claim::new(StateCode::parse("DE"), TimeUnit::Month)
    };
    let spec = Spec {
        what: "totalise: 600 periods in 10 countries under one agreement",
        yardstick: "limit",
        item: "answers",
        items: 1,
        budget: Budget::Times(1.0),
    };
    bench.rounds(spec, || {
        let answer = || {
            let plan = Plan::new(&rules).expect("rules that fit");
            let outcome = plan.totalise(&claim, &periods).expect("periods that fit");
            assert!(outcome.together == Some(true) && outcome.ratio.is_some());
            outcome
        };
        (time(1, answer), LIMIT)
    });
}

/// A month or two of every kind here and there, by year and in all, some of them at the same time.
fn period(index: usize) -> Period {
    let from = index as i32;
    let month = |at: i32| Date::from_ymd(1970 + at / 12, at as u32 % 12 + 1, 1).expect("a month");
    let frame = Frame::new(month(from), Date(month(from + 1 + from % 3).0 - 1)).expect("a frame");
    let (year, last) = frame.years();
    let unit = [TimeUnit::Month, TimeUnit::Week, TimeUnit::Day6, TimeUnit::Day7][index % 4];
    let quantity = Quantity::Of(unit, Rational::whole([1, 4, 26, 30][index % 4]));
    Period {
        id: format!("p{index}"),
        country: StateCode::parse(COUNTRIES[index % COUNTRIES.len()]).expect("a State"),
        work_country: None,
        scheme: "general".into(),
        branches: Vec::new(),
        kind: [
            PeriodKind::Compulsory,
            PeriodKind::Compulsory,
            PeriodKind::Voluntary,
            PeriodKind::Equivalent,
            PeriodKind::Residence,
        ][index % 5],
        frame,
        dates_uncertain: index % 50 == 49,
        reported: Some(if year == last && index.is_multiple_of(2) {
            Reported::ByYear(vec![(year, quantity)])
        } else {
            Reported::Aggregate(quantity)
        }),
        counts_for_right: true,
        counts_for_amount: true,
        refund: Refund::None,
        category: None,
        national_right: None,
        complete_up_to: None,
    }
}

/// The rules of a coordination of many States.
fn rules() -> PeriodRules {
    use MechanismKind as Kind;
    let of = Mechanism::new;
    let days = |unit, week, month, quarter, year| Mechanism {
        unit: Some(unit),
        week: Some(week),
        month: Some(month),
        quarter: Some(quarter),
        year: Some(year),
        ..of(Kind::DayScheme)
    };
    let displace = |kinds: &[PeriodKind], over| Mechanism {
        kinds: kinds.to_vec(),
        over: vec![over],
        ..of(Kind::Displace)
    };
    let work = [PeriodKind::Compulsory, PeriodKind::Residence];
    let ratio = |policy| Mechanism { policy: Some(policy), ..of(Kind::Ratio) };
    let does = [
        of(Kind::Totalise),
        days(TimeUnit::Day5, 5, 22, 66, 264),
        days(TimeUnit::Day6, 6, 26, 78, 312),
        days(TimeUnit::Day7, 7, 30, 90, 360),
        of(Kind::RoundUp),
        of(Kind::YearlyMaximum),
        of(Kind::FullYearKept),
        displace(&work, PeriodKind::Voluntary),
        displace(&[work[0], work[1], PeriodKind::Voluntary], PeriodKind::Equivalent),
        of(Kind::EquivalentOnce),
        of(Kind::UncertainApart),
        of(Kind::YearlyTotal),
        ratio(Denominator::Total),
        ratio(Denominator::TotalExcludingShort),
        Mechanism {
            value: Some(1),
            unit: Some(TimeUnit::Year),
            short: Some(ShortPeriod::Relieves),
            ..of(Kind::ShortPeriod)
        },
    ];
    let rule = |(index, does)| PeriodRule {
        id: RuleId::parse(&format!("R-{index}")).expect("an identifier"),
        citation: line("Regulation of the benchmark"),
        text: vec![line("As in the regulations.")],
        general_knowledge: false,
        does: vec![does],
    };
    PeriodRules {
        id: RuleId::parse("BENCH").expect("an identifier"),
        family: AgreementFamily::Coordination,
        parties: COUNTRIES.iter().filter_map(|code| StateCode::parse(code)).collect(),
        branches: Vec::new(),
        from: None,
        until: None,
        rules: does.into_iter().enumerate().map(rule).collect(),
    }
}
