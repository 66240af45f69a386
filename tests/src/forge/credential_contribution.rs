//! Credentials: what the claims of a contribution attestation must be.

use carnet_proto::cbor::{Decode as _, Value};
use carnet_proto::credential::contribution::{
    Contribution, DayBasis, Decimal, Month, PeriodKind, Quantity, Refund, Unit, YearValue,
};
use carnet_proto::profile::claim;
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::time::{DAY, Date};
use serde_json::Value as Json;

use super::cose::Forged;
use super::credential::{Parts, context, input, issued_of, issuer_key, reads};
use super::{Cases, Entries, int, remove, set};
use crate::world::{START, months, period, period_by_year};

const BASE: &str = "valid-contribution";
const BY_YEAR: &str = "valid-contribution-by-year";

/// A credential of which nothing is disclosed.
fn bare(contribution: &Contribution) -> Parts {
    let sd_cwt = issued_of(&contribution.into());
    Parts { forged: Forged::of(&sd_cwt), disclosures: vec![] }
}

/// The credential with what is attested altered.
fn altered(parts: &Parts, alter: impl FnOnce(&mut Entries)) -> Json {
    let change = |claims: &mut Entries| {
        let Value::Map(mut period) = remove(claims, claim::CONTRIBUTION) else { panic!("a map") };
        alter(&mut period);
        set(claims, claim::CONTRIBUTION, Value::Map(period));
    };
    parts.clone().claims(change).input()
}

fn value(of: &impl carnet_proto::cbor::Encode) -> Value {
    Value::from_cbor(&of.to_cbor()).expect("a value")
}

fn day(text: &str) -> Value {
    value(&Date::parse(text).expect("a date"))
}

fn month(text: &str) -> Value {
    value(&Month::parse(text).expect("a month"))
}

fn of(unit: Unit, number: u32) -> Value {
    value(&Quantity::of(unit, Decimal::whole(number)))
}

fn years(list: &[(u16, &str)]) -> Value {
    let year =
        |(year, number): &(u16, &str)| value(&YearValue { year: *year, value: months(number) });
    Value::Array(list.iter().map(year).collect())
}

/// One rule broken each: an issuer wrote it so, and signed it.
pub fn cases() -> Cases {
    let mut c = Cases::new("credential");
    c.context(context("verifier"));
    c.source("wire-format.md, contribution claims");
    let (aggregate, by_year) = (bare(&period()), bare(&period_by_year()));
    for (name, parts, about) in [
        (BASE, &aggregate, "A period in one figure; who it is about is not shown."),
        (BY_YEAR, &by_year, "A period in figures by year, of which none is shown."),
    ] {
        let bytes = parts.sign(&issuer_key());
        let read = reads(&bytes, carnet_proto::credential::disclosure::Reader::Verifier);
        c.valid(name, about, input(&bytes), read);
    }
    frame(&mut c, &aggregate);
    figures(&mut c, &aggregate);
    by_years(&mut c, &by_year);
    let missing = aggregate.clone().claims(|claims| drop(remove(claims, claim::CONTRIBUTION)));
    c.invalid(
        "contribution-missing",
        BASE,
        "Missing:contribution",
        "There are no contribution claims.",
        missing.input(),
    );
    c
}

/// Branches, kind, days, refund and completeness.
fn frame(c: &mut Cases, parts: &Parts) {
    let with = |key: i64, value: Value| altered(parts, |period| set(period, key, value));
    let branches = |list: &[Branch]| Value::Array(list.iter().map(value).collect());
    let code = |text: &str| {
        altered(parts, |period| {
            let Value::Map(mut institution) = remove(period, 1) else { panic!("a map") };
            set(&mut institution, 1, Value::from(text));
            set(period, 1, Value::Map(institution));
        })
    };
    for (name, input, about) in [
        ("contribution-entry-unknown", with(21, Value::Null), "There is an entry without meaning."),
        ("contribution-institution-code", code("SSO-1"), "The institution's code has no State."),
        (
            "contribution-branch-twice",
            with(4, branches(&[Branch::OldAge, Branch::Invalidity, Branch::OldAge])),
            "A branch is named twice.",
        ),
        (
            "contribution-other-branch",
            with(14, branches(&[Branch::Family])),
            "It counts for a branch for which it is no period.",
        ),
        (
            "contribution-type-not-of-kind",
            with(6, int(45)),
            "Care of children (45) is no compulsory insurance.",
        ),
        (
            "contribution-kind-not-of-type",
            with(5, value(&PeriodKind::Residence)),
            "Residence is of another type than insurance of employees (11).",
        ),
        ("contribution-type-unknown", with(6, int(53)), "SED P5000 has no type 53."),
        ("contribution-ends-before-it-starts", with(8, month("2014-02")), "It ends before March."),
        (
            "contribution-after-as-of",
            with(18, day("2016-09-30")),
            "It runs to October, and is certified for a day in September.",
        ),
        (
            "contribution-as-of-after-issue",
            with(18, value(&START.plus(DAY).date())),
            "It is certified for the day after that of issue: nothing in the future can be.",
        ),
        ("contribution-refund-without-day", with(15, value(&Refund::Full)), "When is not said."),
        ("contribution-day-without-refund", with(16, day("2017-01-01")), "Nothing was paid back."),
        (
            "contribution-refund-after-as-of",
            altered(parts, |period| {
                set(period, 15, value(&Refund::Full));
                set(period, 16, day("2026-01-01"));
            }),
            "It was paid back after the day for which it is certified.",
        ),
        (
            "contribution-complete-up-to-no-day",
            altered(parts, |period| drop(remove(period, 20))),
            "It is complete, and not said up to when.",
        ),
        (
            "contribution-complete-after-as-of",
            with(20, day("2026-01-01")),
            "It is complete up to a day after the one for which it is certified.",
        ),
    ] {
        c.invalid(name, BASE, "Malformed:contribution", about, input);
    }
}

/// The certified figure.
fn figures(c: &mut Cases, parts: &Parts) {
    let with = |key: i64, value: Value| altered(parts, |period| set(period, key, value));
    let days = |basis: Option<DayBasis>, number| {
        altered(parts, |period| {
            set(period, 12, of(Unit::Day, number));
            if let Some(basis) = basis {
                set(period, 11, value(&basis));
            }
        })
    };
    let map = |entries: &[(i128, Value)]| {
        Value::Map(entries.iter().map(|(key, value)| (Value::Int(*key), value.clone())).collect())
    };
    for (name, input, about) in [
        (
            "contribution-above-its-months",
            with(12, value(&months("32.0001"))),
            "There are 32 calendar months, and a ten-thousandth more is certified.",
        ),
        ("contribution-above-its-quarters", with(12, of(Unit::Quarter, 13)), "12 are touched."),
        ("contribution-above-its-weeks", with(12, of(Unit::Week, 141)), "There are 140 weeks."),
        ("contribution-above-its-years", with(12, of(Unit::Year, 3)), "There are less than 3."),
        (
            "contribution-above-its-days",
            days(Some(DayBasis::Five), 705),
            "More days of a week of five than 22 a month, and than the calendar has.",
        ),
        ("contribution-days-of-no-week", days(None, 100), "It is not said of what week."),
        ("contribution-figure-a-float", with(12, map(&[(3, Value::Float(1.5))])), "A float."),
        ("contribution-figure-negative", with(12, map(&[(3, int(-1))])), "A negative number."),
        ("contribution-figure-no-unit", with(12, map(&[])), "A number without a unit."),
        (
            "contribution-figure-of-two-units",
            with(12, map(&[(3, int(10_000)), (4, int(10_000))])),
            "A month and a week.",
        ),
        (
            "contribution-no-figure",
            altered(parts, |period| drop(remove(period, 12))),
            "One figure is said to be certified, and there is none.",
        ),
        (
            "contribution-figure-and-years",
            with(43, years(&[(2015, "12")])),
            "One figure is said to be certified, and there are years.",
        ),
    ] {
        c.invalid(name, BASE, "Malformed:contribution", about, input);
    }
}

/// Figures by year; they stand there as if they had been disclosed.
fn by_years(c: &mut Cases, parts: &Parts) {
    let with = |key: i64, value: Value| altered(parts, |period| set(period, key, value));
    let listed = |list: &[(u16, &str)]| with(43, years(list));
    for (name, input, about) in [
        (
            "contribution-year-above-its-part",
            listed(&[(2014, "11")]),
            "The period begins in March: ten months of 2014 lie in it.",
        ),
        ("contribution-year-of-13-months", listed(&[(2015, "13")]), "A year has 12 months."),
        ("contribution-year-outside", listed(&[(2013, "1")]), "The period begins in 2014."),
        (
            "contribution-years-not-in-order",
            listed(&[(2015, "12"), (2014, "10")]),
            "2014 stands behind 2015.",
        ),
        (
            "contribution-year-twice",
            listed(&[(2015, "6"), (2015, "6")]),
            "2015 stands there twice.",
        ),
        (
            "contribution-years-above-their-total",
            altered(parts, |period| {
                set(period, 43, years(&[(2014, "10"), (2015, "12")]));
                set(period, 44, value(&months("21")));
            }),
            "The years make 22 months, their total 21.",
        ),
        (
            "contribution-by-year-with-one-figure",
            with(12, value(&months("31.5"))),
            "Figures by year are said to be certified, and there is one for all.",
        ),
        (
            "contribution-first-day-outside",
            with(46, day("2014-04-01")),
            "The first day is not in the first month.",
        ),
    ] {
        c.invalid(name, BY_YEAR, "Malformed:contribution", about, input);
    }
}
