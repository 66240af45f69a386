//! Our code lists against published copies of the same classifications.

use std::collections::BTreeSet;

use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::classification::{Country, Field, Occupation};
use carnet_proto::credential::contribution::{
    Contribution, DayBasis, Decimal, Month, PeriodKind, PeriodType, Quantity, SchemeClass,
};
use carnet_proto::time::Date;
use serde_json::Value as Json;

use crate::{fields, passed, text};

/// Reads one column of a CSV file without line breaks in its fields.
fn column(file: &str, name: &str) -> Option<Vec<String>> {
    let text = text(&carnet_tests::vectors(&format!("domain/{file}"))?);
    let mut lines = text.lines().map(fields);
    let index = lines.next().unwrap().iter().position(|field| field == name).unwrap();
    Some(lines.map(|row| row[index].clone()).collect())
}

/// Compares a list of ours with a column that names every code once.
fn same<'a>(suite: &str, ours: impl Iterator<Item = &'a str>, file: &str, name: &str) {
    let Some(published) = column(file, name) else { return };
    let set: BTreeSet<&str> = published.iter().map(String::as_str).collect();
    assert_eq!(set.len(), published.len(), "{file} names a code twice");
    assert_eq!(ours.collect::<BTreeSet<_>>(), set);
    passed(suite, set.len(), 160);
}

pub fn occupations_are_those_of_isco_08() {
    let ours = Occupation::all();
    same("isco-08", ours.map(Occupation::code), "isco08_groups_en.csv", "code");
}

pub fn fields_are_those_of_isced_f_2013() {
    same("isced-f 2013", Field::all().map(Field::code), "isced_f_2013_en.csv", "code");
}

pub fn countries_are_those_of_iso_3166() {
    same("iso 3166", Country::all().map(Country::code), "iso3166_all.csv", "alpha-2");
}

pub fn every_occupation_of_esco_has_one_of_our_codes() {
    let Some(codes) = column("esco_1_1_1_occupations_en.csv", "isco08") else { return };
    for code in &codes {
        assert!(Occupation::parse(code).is_ok(), "{code}");
    }
    passed("esco occupations", codes.len(), 3000);
}

pub fn types_and_schemes_are_those_of_sed_p5000() {
    let Some(path) = carnet_tests::vectors("domain/p5000_codes_en.csv") else { return };
    let text = text(&path);
    let rows: Vec<_> = text.lines().skip(1).map(fields).collect();
    let codes = |list: &str| -> BTreeSet<u8> {
        let rows = rows.iter().filter(|row| row[0] == list);
        rows.map(|row| row[1].parse().unwrap()).collect()
    };
    let ours = PeriodType::ALL.iter().map(|period_type| period_type.code());
    assert_eq!(ours.collect::<BTreeSet<_>>(), codes("period_type"));
    let ours = SchemeClass::ALL.iter().map(|class| *class as u8);
    assert_eq!(ours.collect::<BTreeSet<_>>(), codes("scheme"));
    let ours = DayBasis::ALL.iter().map(|basis| *basis as u8);
    assert_eq!(ours.collect::<BTreeSet<_>>(), codes("day_type"));
    // The groups of the list are our kinds.
    for row in rows.iter().filter(|row| row[0] == "period_type") {
        let kind = match row[2].as_str() {
            "contribution" => PeriodKind::Compulsory,
            group => PeriodKind::from_name(group).unwrap(),
        };
        assert!(PeriodType::from_code(row[1].parse().unwrap()).unwrap().fits(kind), "{row:?}");
    }
    let read = ["period_type", "scheme", "day_type"].map(|list| codes(list).len());
    passed("sed p5000 codes", read.iter().sum(), 34);
}

pub fn periods_of_sed_p5000_can_be_attested() {
    let Some(path) = carnet_tests::vectors("domain/nav_p5000_period_samples.json") else { return };
    let samples: Json = serde_json::from_str(&text(&path)).unwrap();
    let mut attested = 0;
    for sample in samples.as_object().unwrap().values() {
        for period in sample["pensjon"]["medlemskap"].as_array().unwrap() {
            let number = |value: &Json| value.as_str().and_then(Decimal::parse);
            let sum = &period["sum"];
            let quantity = Quantity {
                years: number(&sum["aar"]),
                quarters: number(&sum["kvartal"]),
                months: number(&sum["maaneder"]),
                weeks: number(&sum["uker"]),
                days: number(&sum["dager"]["nr"]),
            };
            // Some give a kind of days and no number of them.
            let Some(_) = quantity.unit() else { continue };
            let code = period["type"].as_str().unwrap().parse().unwrap();
            let period_type = PeriodType::from_code(code).unwrap();
            let kind = PeriodKind::ALL.iter().find(|kind| period_type.fits(**kind)).unwrap();
            let day = |name: &str| Date::parse(period["periode"][name].as_str().unwrap()).unwrap();
            let (first, last) = (day("fom"), day("tom"));
            let basis = &sum["dager"]["type"];
            let basis = DayBasis::ALL.iter().find(|known| basis == known.name()).copied();
            let contribution = Contribution {
                kind: *kind,
                period_type: Some(period_type),
                start: Month::of(first).unwrap(),
                end: Month::of(last).unwrap(),
                first_day: Some(first),
                last_day: Some(last),
                day_basis: basis,
                value: Some(quantity),
                ..carnet_tests::world::period()
            };
            let read = Contribution::from_cbor(&contribution.to_cbor());
            assert_eq!(read.as_ref(), Ok(&contribution), "{period}");
            attested += 1;
        }
    }
    passed("sed p5000 samples", attested, 5);
}
