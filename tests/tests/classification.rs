//! Our code lists against published copies of the same classifications.

use carnet_proto::classification::{Country, Field, Occupation};
use std::collections::BTreeSet;

/// Reads one column of a CSV file whose quoted fields may hold commas but no line breaks.
fn column(file: &str, name: &str) -> Option<BTreeSet<String>> {
    let text = std::fs::read_to_string(carnet_tests::vectors(&format!("domain/{file}"))?).unwrap();
    let mut lines = text.lines().map(fields);
    let index = lines.next().unwrap().iter().position(|field| field == name).unwrap();
    let values: Vec<String> = lines.map(|row| row[index].clone()).collect();
    let set: BTreeSet<String> = values.iter().cloned().collect();
    assert_eq!(set.len(), values.len(), "{file} names a code twice");
    Some(set)
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.trim_start_matches('\u{feff}').chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

fn codes<'a>(ours: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    ours.map(str::to_owned).collect()
}

#[test]
fn occupations_are_those_of_isco_08() {
    let Some(published) = column("isco08_groups_en.csv", "code") else { return };
    assert_eq!(codes(Occupation::all().map(Occupation::code)), published);
}

#[test]
fn fields_are_those_of_isced_f_2013() {
    let Some(published) = column("isced_f_2013_en.csv", "code") else { return };
    assert_eq!(codes(Field::all().map(Field::code)), published);
}

#[test]
fn countries_are_those_of_iso_3166() {
    let Some(published) = column("iso3166_all.csv", "alpha-2") else { return };
    assert_eq!(codes(Country::all().map(Country::code)), published);
}
