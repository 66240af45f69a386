//! Our code lists against published copies of the same classifications.

use std::collections::BTreeSet;

use carnet_proto::classification::{Country, Field, Occupation};

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
