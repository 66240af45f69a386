//! Rules on periods with everything that they can hold.

use carnet_proto::statement::accreditation::Branch;
use carnet_proto::time::Date;
use carnet_proto::totalisation::period::{PeriodKind, StateCode, TimeUnit};
use carnet_proto::totalisation::rules::{
    AgreementFamily, Denominator, Formula, Mechanism, MechanismKind, PeriodRule, PeriodRules,
    QuarterBasis, RuleId, ShortPeriod,
};
use carnet_tests::world::line;

use super::example::Example;

fn states(codes: &[&str]) -> Vec<StateCode> {
    codes.iter().map(|code| StateCode::parse(code).unwrap()).collect()
}

fn mechanisms() -> Vec<Mechanism> {
    use MechanismKind as Kind;
    let of = Mechanism::new;
    vec![
        Mechanism {
            unit: Some(TimeUnit::Day6),
            week: Some(6),
            month: Some(26),
            quarter: Some(78),
            year: Some(312),
            ..of(Kind::DayScheme)
        },
        Mechanism { countries: states(&["PH"]), ..of(Kind::Totalise) },
        Mechanism {
            kinds: vec![PeriodKind::Compulsory],
            over: vec![PeriodKind::Voluntary],
            ..of(Kind::Displace)
        },
        Mechanism {
            countries: states(&["PH"]),
            date: Date::parse("2016-01-01"),
            scheme: Some(line("PH-SSS")),
            ..of(Kind::CountsFrom)
        },
        Mechanism {
            value: Some(1),
            unit: Some(TimeUnit::Year),
            short: Some(ShortPeriod::Relieves),
            ..of(Kind::ShortPeriod)
        },
        Mechanism { policy: Some(Denominator::Total), ..of(Kind::Ratio) },
        Mechanism {
            countries: states(&["PH"]),
            unit: Some(TimeUnit::Month),
            value: Some(3),
            basis: Some(QuarterBasis::Period),
            ..of(Kind::Quarters)
        },
        Mechanism {
            countries: states(&["PH"]),
            category: Some(line("III")),
            value: Some(11),
            ..of(Kind::CategoryLimit)
        },
        Mechanism { formula: Some(Formula::NoncontributoryCap), ..of(Kind::National) },
    ]
}

pub fn period_rules() -> Vec<Example> {
    let rule = PeriodRule {
        id: RuleId::parse("EXAMPLE-1").unwrap(),
        citation: line("Fictitious Agreement, art. 1"),
        text: vec![line("Says everything at once.")],
        general_knowledge: true,
        does: mechanisms(),
    };
    let rules = PeriodRules {
        id: RuleId::parse("EXAMPLE").unwrap(),
        family: AgreementFamily::Totalisation,
        parties: states(&["PH", "DE"]),
        branches: vec![Branch::OldAge],
        from: Date::parse("2018-06-01"),
        until: Date::parse("2040-12-31"),
        rules: vec![rule.clone()],
    };
    vec![
        Example::of("period-rules", "rules with every key of a mechanism", &rules)
            .holds("period-rule", &rule)
            .holds("mechanism", &rule.does[0]),
    ]
}
