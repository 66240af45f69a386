use alloc::vec;

use super::*;
use crate::cbor::{CborErrorKind, Decode as _, Encode as _, Encoder, Mode};
use crate::credential::SdCwt;
use crate::credential::attested::Attested;
use crate::credential::claims::{Claims, ClaimsError};
use crate::credential::disclosure::Reader;
use crate::credential::issue::{Issue, IssueError};
use crate::id::Did;
use crate::profile::Profile;
use crate::status::StatusUri;
use crate::test_support::{
    NOW, SeededRng, contribution as by_year, date, holder_key, issuer_key, person,
};
use crate::time::DAY;

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn months(number: &str) -> Quantity {
    Quantity::of(Unit::Month, Decimal::parse(number).unwrap())
}

/// An attestation of one figure, of which nothing is redactable.
fn aggregate() -> Contribution {
    Contribution {
        mode: ReportingMode::Aggregate,
        value: Some(months("32")),
        series: None,
        sequence: None,
        supersedes: None,
        years: vec![],
        total: None,
        scheme_totals: None,
        first_day: None,
        last_day: None,
        national_right: None,
        scheme_class: None,
        occupation: None,
        legislation_part: None,
        special_scheme: None,
        employers: vec![],
        earnings: vec![],
        insurance_numbers: vec![],
        sex: None,
        ..by_year()
    }
}

fn year(year: u16, number: &str) -> YearValue {
    YearValue { year, value: months(number) }
}

fn issue(contribution: &Contribution) -> Result<alloc::vec::Vec<u8>, IssueError> {
    let issuer = Did::of_inception(b"an institution");
    let attested = Attested::from(contribution.clone());
    let request = Issue {
        issuer: &issuer,
        holder_key: holder_key().public(),
        person: &person(),
        attested: &attested,
        issued_at: NOW,
        expires_at: NOW.plus(1000 * DAY),
        status: (StatusUri { issuer, list: 3 }, 97_341),
    };
    request.sign(&issuer_key(), &mut SeededRng(1)).map(|issued| issued.sd_cwt)
}

#[test]
fn it_is_issued_and_read_as_it_was() {
    for contribution in [aggregate(), by_year()] {
        let bytes = issue(&contribution).unwrap();
        let token = SdCwt::parse(&bytes, Mode::Strict).unwrap();
        let restored = token.restore(Profile::SdCwt08, Reader::Holder).unwrap();
        assert_eq!(restored.withheld, 0);
        let claims = Claims::read(&restored.claims).unwrap();
        assert_eq!(claims.contribution(), Some(&contribution));
        assert_eq!(claims.skill(), None);
        assert_eq!(claims.attested.credential_type(), VCT_CONTRIBUTION);
        // Without a disclosure, what is always shown remains, and all else is named.
        let bare = token.with_disclosures(|_| false);
        let bare = SdCwt::parse(&bare, Mode::Strict).unwrap();
        let restored = bare.restore(Profile::SdCwt08, Reader::Verifier).unwrap();
        let claims = Claims::read(&restored.claims).unwrap();
        let mut always = aggregate();
        (always.mode, always.value) = (contribution.mode, contribution.value);
        assert_eq!(claims.contribution(), Some(&always));
        assert!(redactable_names().all(|name| claims.withheld().contains(&name)));
    }
}

#[test]
fn each_year_can_be_shown_for_itself_and_the_total_tells_what_is_missing() {
    let bytes = issue(&by_year()).unwrap();
    let token = SdCwt::parse(&bytes, Mode::Strict).unwrap();
    let restored = token.restore(Profile::SdCwt08, Reader::Holder).unwrap();
    let under = |key: i128| {
        let keys = restored.placed.iter().filter(move |p| p.path.get(1) == Some(&Value::Int(key)));
        keys.map(|placed| (placed.index, placed.parent.is_some()))
    };
    let list: vec::Vec<_> = under(43).filter(|(_, nested)| !nested).collect();
    let years: vec::Vec<_> = under(43).filter(|(_, nested)| *nested).collect();
    assert_eq!((list.len(), years.len()), (1, 3));
    let read = |keep: &[usize]| {
        let shown = token.with_disclosures(|index| keep.contains(&index));
        let shown = SdCwt::parse(&shown, Mode::Strict).unwrap();
        let restored = shown.restore(Profile::SdCwt08, Reader::Verifier).unwrap();
        Claims::read(&restored.claims).unwrap().contribution().unwrap().clone()
    };
    let one = read(&[list[0].0, years[1].0]);
    assert_eq!((one.years.len(), one.hides_years()), (1, None));
    let total = under(44).next().unwrap().0;
    let one = read(&[list[0].0, years[1].0, total]);
    assert_eq!(one.hides_years(), Some(true));
    let all = read(&[list[0].0, years[0].0, years[1].0, years[2].0, total]);
    assert_eq!(all.hides_years(), Some(false));
    assert_eq!(all.shown_quantity(), Some(months("31.5")));
    // The list without any year is as good as not shown.
    assert_eq!(read(&[list[0].0]).years, vec![]);
}

#[test]
fn every_rule_is_broken_by_something_and_refused_when_issued_and_when_read() {
    use BrokenRule as Rule;
    let a = aggregate;
    let y = by_year;
    let days = |number| Some(Quantity::of(Unit::Day, Decimal::whole(number)));
    let weeks = |number| Some(Quantity::of(Unit::Week, Decimal::whole(number)));
    let broken = [
        (
            Rule::NoBranch,
            Contribution {
                branches: vec![],
                counts_for_right: vec![],
                counts_for_amount: vec![],
                ..a()
            },
        ),
        (Rule::BranchTwice, Contribution { branches: vec![Branch::OldAge; 2], ..a() }),
        (Rule::OtherBranch, Contribution { counts_for_amount: vec![Branch::Family], ..a() }),
        (
            Rule::PartOfOtherState,
            Contribution { legislation_part: StateCode::parse("CA-QC"), ..a() },
        ),
        (Rule::PartOfOtherState, Contribution { legislation_part: StateCode::parse("DE"), ..a() }),
        (Rule::TypeNotOfKind, Contribution { kind: PeriodKind::Voluntary, ..a() }),
        (Rule::TypeNotOfKind, Contribution { period_type: PeriodType::from_code(45), ..a() }),
        (Rule::EndBeforeStart, Contribution { start: month("2016-11"), ..a() }),
        (Rule::EndAfterAsOf, Contribution { end: month("2025-07"), ..a() }),
        (Rule::DayOutsideFrame, Contribution { first_day: Some(date("2014-02-28")), ..a() }),
        (Rule::NotAggregate, Contribution { value: None, ..a() }),
        (Rule::NotAggregate, Contribution { years: vec![year(2015, "12")], ..a() }),
        (Rule::NotByYear, Contribution { value: Some(months("1")), ..y() }),
        (Rule::NoDayBasis, Contribution { value: days(10), ..a() }),
        (Rule::AboveFrame, Contribution { value: Some(months("32.0001")), ..a() }),
        (Rule::AboveFrame, Contribution { value: weeks(141), ..a() }),
        (
            Rule::AboveFrame,
            Contribution { value: days(705), day_basis: Some(DayBasis::Five), ..a() },
        ),
        (
            Rule::AboveFrame,
            Contribution {
                value: Some(Quantity { years: Some(Decimal::whole(2)), ..months("9") }),
                ..a()
            },
        ),
        (Rule::AboveFrame, Contribution { total: Some(months("33")), ..y() }),
        (Rule::AboveYear, Contribution { years: vec![year(2014, "11")], ..y() }),
        (Rule::AboveYear, Contribution { years: vec![year(2015, "13")], ..y() }),
        (Rule::YearOutsideFrame, Contribution { years: vec![year(2013, "1")], ..y() }),
        (
            Rule::YearsNotInOrder,
            Contribution { years: vec![year(2015, "1"), year(2014, "1")], ..y() },
        ),
        (Rule::YearsNotInOrder, Contribution { years: vec![year(2015, "1"); 2], ..y() }),
        (Rule::AboveTotal, Contribution { total: Some(months("31")), ..y() }),
        (
            Rule::AboveSchemeTotals,
            Contribution {
                scheme_totals: Some(SchemeTotals { right: months("31"), amount: months("60") }),
                ..y()
            },
        ),
        (Rule::RefundDate, Contribution { refunded: Refund::Full, ..a() }),
        (Rule::RefundDate, Contribution { refund_date: Some(date("2017-01-01")), ..a() }),
        (
            Rule::RefundAfterAsOf,
            Contribution {
                refunded: Refund::Partial,
                refund_date: Some(date("2025-07-01")),
                ..a()
            },
        ),
        (Rule::CompleteUpTo, Contribution { complete_up_to: None, ..a() }),
        (Rule::CompleteUpTo, Contribution { complete: false, ..a() }),
        (Rule::CompleteAfterAsOf, Contribution { complete_up_to: Some(date("2025-07-01")), ..a() }),
        (
            Rule::UnitsDiffer,
            Contribution {
                years: vec![year(2014, "10"), YearValue { year: 2015, value: weeks(52).unwrap() }],
                ..y()
            },
        ),
    ];
    for (rule, contribution) in &broken {
        assert_eq!(contribution.check(), Err(*rule), "{contribution:?}");
        let text = CborErrorKind::Invalid(rule.text());
        let read = Contribution::read(&contribution.to_cbor());
        assert_eq!(read.map_err(|error| error.kind), Err(text), "{rule:?}");
        assert!(matches!(issue(contribution), Err(IssueError::Malformed(_))), "{rule:?}");
    }
    // Those of the issuer alone, who has all of it; and that of the day of issue.
    let whole = [
        (Rule::NoYears, Contribution { years: vec![], total: None, ..y() }),
        (Rule::TotalNotSum, Contribution { total: Some(months("32")), ..y() }),
        (Rule::TotalNotSum, Contribution { total: Some(months("32")), ..a() }),
        (Rule::HalfSeries, Contribution { sequence: None, ..y() }),
    ];
    for (rule, contribution) in &whole {
        assert_eq!(contribution.check_whole(), Err(*rule));
        assert!(Contribution::read(&contribution.to_cbor()).is_ok(), "{rule:?}");
        assert!(matches!(issue(contribution), Err(IssueError::Malformed(_))), "{rule:?}");
    }
    let early = Contribution { as_of: NOW.plus(DAY).date(), ..a() };
    assert!(matches!(issue(&early), Err(IssueError::Malformed(_))));
    let early = early.check_issued(NOW.date());
    assert_eq!(early, Err(Rule::AsOfAfterIssue));
    let named = broken.iter().chain(&whole).map(|(rule, _)| *rule);
    let named: alloc::collections::BTreeSet<_> = named.chain(early.err()).collect();
    assert_eq!(named.len(), Rule::ALL.len(), "every rule is tried");
}

#[test]
fn what_a_calendar_or_a_convention_holds_is_accepted() {
    let february = |basis, number: u32| Contribution {
        start: month("2015-02"),
        end: month("2015-02"),
        day_basis: basis,
        value: Some(Quantity::of(Unit::Day, Decimal::whole(number))),
        ..aggregate()
    };
    for (basis, most) in [(DayBasis::Five, 22), (DayBasis::Six, 26), (DayBasis::Seven, 30)] {
        assert_eq!(february(Some(basis), most).check(), Ok(()));
        assert_eq!(february(Some(basis), most + 1).check(), Err(BrokenRule::AboveFrame));
    }
    let of_year = |unit, number| Contribution {
        start: month("2016-01"),
        end: month("2016-12"),
        day_basis: Some(DayBasis::Seven),
        value: Some(Quantity::of(unit, Decimal::whole(number))),
        ..aggregate()
    };
    let most = [
        (Unit::Day, 366),
        (Unit::Week, 53),
        (Unit::Month, 12),
        (Unit::Quarter, 4),
        (Unit::Year, 1),
    ];
    for (unit, most) in most {
        assert_eq!(of_year(unit, most).check(), Ok(()), "{unit}");
        assert_eq!(of_year(unit, most + 1).check(), Err(BrokenRule::AboveFrame), "{unit}");
    }
}

#[test]
fn a_float_is_no_quantity() {
    let mut e = Encoder::new();
    e.map(1).int(3).raw(b"\xf9\x48\x00");
    assert!(Quantity::from_cbor(e.as_bytes()).is_err());
}

#[test]
fn a_type_fits_one_kind_or_two() {
    for period_type in PeriodType::ALL {
        let kinds: vec::Vec<_> =
            PeriodKind::ALL.iter().filter(|kind| period_type.fits(**kind)).collect();
        let worked = matches!(period_type.code(), 11 | 12);
        assert_eq!(kinds.len(), if worked { 2 } else { 1 }, "{period_type}");
        assert_eq!(PeriodType::from_code(period_type.code()), Some(*period_type));
    }
    assert_eq!(PeriodType::from_code(53), None);
}

#[test]
fn the_newer_of_a_series_counts_and_nobody_replaces_what_another_issued() {
    let (issuer, other) = (Did::of_inception(b"a"), Did::of_inception(b"b"));
    let id = |n| CredentialId::new([n; 16]);
    let of = |series: u8, sequence| Contribution {
        series: Some(id(series)),
        sequence: Some(sequence),
        ..aggregate()
    };
    let place = |issuer, n, contribution| Place { issuer, id: id(n), contribution };
    let (first, second, third, elsewhere) = (of(9, 1), of(9, 2), of(9, 3), of(9, 8));
    let said = Contribution { supersedes: Some(id(5)), ..aggregate() };
    let plain = aggregate();
    let places = [
        place(issuer, 1, &first),
        place(issuer, 3, &third),
        place(issuer, 2, &second),
        place(other, 4, &elsewhere),
        place(issuer, 5, &plain),
        place(issuer, 6, &said),
        place(issuer, 6, &said),
        place(other, 5, &plain),
    ];
    let by = |n| Some(Replaced::By(id(n)));
    let twice = Some(Replaced::SameAs(id(6)));
    assert_eq!(replaced(&places), [by(3), None, by(3), None, by(6), None, twice, None]);
}

#[test]
fn skill_claims_in_a_contribution_attestation_are_unknown() {
    let bytes = issue(&aggregate()).unwrap();
    let token = SdCwt::parse(&bytes, Mode::Strict).unwrap();
    let claims = token.restore(Profile::SdCwt08, Reader::Holder).unwrap().claims;
    let mut claims = claims.to_value().unwrap().as_map().unwrap().to_vec();
    let key = |n: i64| Value::Int(n.into());
    let read = |claims: &[(Value, Value)]| {
        Claims::read(&crate::credential::disclosure::RestoredClaims::of(&Value::Map(claims.into())))
    };
    claims.push((key(crate::profile::claim::SKILL), Value::Null));
    assert!(matches!(read(&claims), Err(ClaimsError::Unknown(_))));
    claims.retain(|(k, _)| {
        *k != key(crate::profile::claim::SKILL) && *k != key(crate::profile::claim::CONTRIBUTION)
    });
    assert_eq!(read(&claims), Err(ClaimsError::Missing("contribution")));
}
