//! Our code lists against published copies of the same classifications.

use std::collections::BTreeSet;
use std::path::Path;

use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::classification::{Country, Field, Occupation};
use carnet_proto::credential::contribution::{
    Contribution, DayBasis, Decimal, Earnings, Month, PeriodKind, PeriodType, Quantity, SchemeClass,
};
use carnet_proto::credential::skill::SkillItem;
use carnet_proto::text::Line;
use carnet_proto::time::Date;
use serde_json::Value as Json;
use toml::Value as Toml;

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

pub fn what_esco_names_fits_an_attestation() {
    let mut read = 0;
    for file in ["esco_skills_en.csv", "esco_1_1_1_skill_groups_en.csv"] {
        let Some(codes) = column(file, "esco_uri") else { return };
        let titles = column(file, "label").unwrap();
        for (code, title) in codes.iter().zip(&titles) {
            let line = |text: &str| Line::parse(text).unwrap_or_else(|_| panic!("{text}"));
            let skill = SkillItem { code: line(code), title: Some(line(title)), level: None };
            assert_eq!(SkillItem::from_cbor(&skill.to_cbor()), Ok(skill));
        }
        read += codes.len();
    }
    passed("esco skills", read, 3000);
}

pub fn every_currency_of_iso_4217_can_be_attested() {
    let Some(codes) = column("iso4217_currency_en.csv", "code") else { return };
    for code in &codes {
        let earnings = Earnings {
            year: 2001,
            base: Decimal::parse("1.5").unwrap(),
            currency: Line::parse(code).unwrap(),
            ceiling: None,
            worker: None,
            employer: None,
        };
        assert_eq!(Earnings::from_cbor(&earnings.to_cbor()), Ok(earnings), "{code}");
    }
    passed("iso 4217", codes.len(), 150);
}

/// Reads the frameworks that come with the program, and those that are published.
fn frameworks() -> Option<(Toml, Json)> {
    let published = carnet_tests::vectors("domain/qualification_frameworks.json")?;
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/recognition/frameworks.toml");
    let ours: toml::Table = text(&ours).parse().unwrap();
    Some((ours["levels"].clone(), serde_json::from_str(&text(&published)).unwrap()))
}

fn texts(list: &Toml) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

pub fn frameworks_have_the_levels_that_are_published() {
    let Some((ours, published)) = frameworks() else { return };
    let mut read = 0;
    for framework in ours["framework"].as_array().unwrap() {
        let code = match framework["code"].as_str().unwrap() {
            "NVQ-LK" => "SLQF-NVQ",
            code => code,
        };
        let theirs = &published["frameworks"][code];
        let levels: Vec<String> = match theirs["levels"].as_u64() {
            Some(count) => (1..=count).map(|level| level.to_string()).collect(),
            None => serde_json::from_value(theirs["levels"].clone()).unwrap(),
        };
        assert_eq!(texts(&framework["levels"]), levels, "{code}");
        let country = framework.get("country").map(|country| country.as_str().unwrap());
        assert_eq!(country, theirs["country"].as_str(), "{code}");
        if let Some(types) = framework.get("types") {
            let theirs = levels.iter().map(|level| theirs["types"][level].as_str().unwrap());
            assert_eq!(texts(types), theirs.collect::<Vec<_>>(), "{code}");
        }
        read += levels.len();
    }
    let Some(levels) = column("europass_vocab_en.csv", "uri") else { return };
    assert_eq!(levels.iter().filter(|uri| uri.contains("/snb/eqf/")).count(), 8);
    passed("levels of frameworks", read, 80);
}

pub fn levels_correspond_as_is_published_and_no_others_do() {
    let Some((ours, published)) = frameworks() else { return };
    let rows = ours["row"].as_array().unwrap();
    for row in rows {
        let side = |key: &str| row[key].as_str().unwrap().split_once(' ').unwrap();
        let ((from, level), (to, other)) = (side("from"), side("to"));
        let between = |pair: &&Json| pair["from"] == from && pair["to"] == to;
        let found = published["referencing"].as_array().unwrap().iter().find(between);
        let found = found.unwrap_or_else(|| panic!("{from} to {to} is published nowhere"));
        assert_eq!(found["map"][level], other, "{from} {level}");
    }
    passed("levels that correspond", rows.len(), 26);
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
