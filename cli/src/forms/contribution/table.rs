//! Contribution attestations as CSV: one period per row.

use super::{ContributionForm, EarningsForm, EmployerForm, Figure, NumberForm, calendar_year};
use crate::forms::table::{Column, Row, Table, trimmed};
use crate::forms::{FromText, In, not};
use carnet_proto::classification::Country;
use carnet_proto::credential::attested::Attested;
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::text::Line;
use std::collections::BTreeMap;

/// A table of contribution attestations.
#[derive(Debug)]
pub enum Periods {}

const COLUMNS: &[Column] = &[
    ("row", true, "your own key for the row, unique; `carnet status set` takes it later"),
    ("key_request", true, "file from `carnet wallet key`, relative to the table"),
    ("name_native", false, "name in the own script; at least one of the three names"),
    ("name_latin", false, "name in Latin letters"),
    ("name_icao", false, "name as in the machine-readable zone of a passport"),
    ("birth_date", true, "YYYY-MM-DD"),
    ("nationality", false, "ISO 3166-1: PH"),
    ("document_number", false, "number of an identity document"),
    ("institution_code", true, "two letters of the State, a colon, your number: PH:SSS-EX"),
    ("institution_name", true, "name of the institution"),
    ("institution_role", false, "competent (if left out), liaison"),
    (
        "legislation",
        true,
        "State, or part of one, under whose law the period was completed: PH, CA-QC",
    ),
    ("scheme", true, "the scheme, as you name it"),
    ("branches", true, "old-age; invalidity; survivors; sickness; unemployment; and others"),
    ("kind", true, "compulsory, voluntary, equivalent, residence, employment"),
    ("period_type", false, "type of SED P5000, by name or number: 11"),
    ("start", true, "first month: 2014-03"),
    ("end", true, "last month: 2016-10"),
    ("dates_uncertain", false, "yes, if it is not known when within these months"),
    ("unit", true, "month, year, quarter, week, day, years-months-days"),
    ("day_basis", false, "with days: of a week of 5, 6 or 7"),
    ("value", false, "one figure for all of it: 31.5; with years-months-days 2/7/15"),
    ("years", false, "or one figure for each year: 2014: 10; 2015: 12; 2016: 9.5"),
    ("counts_for_right", false, "branches for whose right it counts (if left out, all of them)"),
    ("counts_for_amount", false, "branches for whose amount it counts (likewise); - for none"),
    ("refunded", false, "none (if left out), partial, full"),
    ("refund_date", false, "YYYY-MM-DD"),
    ("category", false, "a category with rules of its own"),
    ("as_of", true, "YYYY-MM-DD, the day for which this is certified"),
    ("complete_up_to", false, "YYYY-MM-DD, if every period of the scheme up to then is attested"),
    ("series", false, "id of the run of attestations, 32 hexadecimal digits"),
    ("sequence", false, "number in the series"),
    ("supersedes", false, "id of the credential that it replaces"),
    ("total_for_right", false, "all on record in the scheme that counts for the right"),
    ("total_for_amount", false, "all on record in the scheme that counts for the amount"),
    ("first_day", false, "YYYY-MM-DD, within the first month"),
    ("last_day", false, "YYYY-MM-DD, within the last month"),
    ("national_right", false, "yes, no, not-examined: whether this time alone gives a right"),
    ("scheme_class", false, "general, employed, self-employed, miners, seafarers, and others"),
    ("occupation", false, "ISCO-08: 7212"),
    ("special_scheme", false, "a special scheme that it belongs to"),
    ("employers", false, "name|reference|place; name"),
    ("earnings", false, "year|base|currency; year|base|currency|worker|employer"),
    ("insurance_numbers", false, "PH|34-0000000-0; DE|65 000000 X 000"),
    ("sex", false, "female, male, not-known, not-applicable"),
    ("expires", true, "YYYY-MM-DD; the credential counts up to the beginning of this day"),
];

impl Table for Periods {
    const COMMAND: &str = "issue contribution";
    const COLUMNS: &[Column] = COLUMNS;

    fn sample(column: &str) -> &'static str {
        match column {
            "row" => "period-2014-ana",
            "key_request" => "ana.request",
            "name_latin" => "Ana Example",
            "birth_date" => "1988-02-17",
            "institution_code" => "PH:SSS-EX",
            "institution_name" => "Fictitious Social Security Office",
            "legislation" => "PH",
            "scheme" => "employees",
            "branches" => "old-age; invalidity; survivors",
            "kind" => "compulsory",
            "period_type" => "11",
            "start" => "2014-03",
            "end" => "2016-10",
            "unit" => "month",
            "years" => "2014: 10; 2015: 12; 2016: 9.5",
            "as_of" | "complete_up_to" => "2026-06-30",
            "expires" => "2031-01-01",
            _ => "",
        }
    }

    fn attested(row: &mut Row<'_>) -> Option<Attested> {
        let form = form_of(row)?;
        match form.build() {
            Ok(contribution) => Some(contribution.into()),
            Err(wrong) => {
                // Where the rule names a part that the table has no column for, the row is named.
                for (field, reason) in wrong {
                    match COLUMNS.iter().find(|(name, ..)| *name == field) {
                        Some((name, ..)) => row.mistake(name, reason),
                        None => row.mistake_of_row(reason),
                    }
                }
                None
            }
        }
    }
}

fn form_of(row: &mut Row<'_>) -> Option<ContributionForm> {
    let must = (
        row.must("institution_code").zip(row.must("institution_name")),
        row.must("legislation").zip(row.must("scheme")),
        row.must("kind").zip(row.must("start")).zip(row.must("end")),
        row.must("unit").zip(row.must("as_of")),
    );
    let branches = row.list("branches", Branch::from_text);
    row.must_stand("branches");
    let years = row.list("years", year_of).into_iter().map(|(year, figure)| (year, In(figure)));
    let form_years: BTreeMap<_, _> = years.collect();
    let rest = Rest {
        right: branches_of(row, "counts_for_right"),
        amount: branches_of(row, "counts_for_amount"),
        employers: row.list("employers", employer_of),
        earnings: row.list("earnings", earnings_of),
        numbers: row.list("insurance_numbers", number_of),
    };
    let dates_uncertain = row.yes_or_no("dates_uncertain").unwrap_or(false);
    let (institution, law, when, what) = must;
    let (institution_code, institution_name) = institution?;
    let (legislation, scheme) = law?;
    let ((kind, start), end) = when?;
    let (unit, as_of) = what?;
    Some(ContributionForm {
        institution_code: In(institution_code),
        institution_name: In(institution_name),
        institution_role: row.may("institution_role").map(In),
        legislation: In(legislation),
        scheme: In(scheme),
        branches: branches.into_iter().map(In).collect(),
        kind: In(kind),
        period_type: row.may("period_type").map(In),
        start: In(start),
        end: In(end),
        dates_uncertain,
        unit: In(unit),
        day_basis: row.may("day_basis").map(In),
        value: row.may("value").map(In),
        years: form_years,
        counts_for_right: rest.right,
        counts_for_amount: rest.amount,
        refunded: row.may("refunded").map(In),
        refund_date: row.may("refund_date").map(In),
        category: row.may("category").map(In),
        as_of: In(as_of),
        complete_up_to: row.may("complete_up_to").map(In),
        series: row.may("series").map(In),
        sequence: row.may("sequence"),
        supersedes: row.may("supersedes").map(In),
        total_for_right: row.may("total_for_right").map(In),
        total_for_amount: row.may("total_for_amount").map(In),
        first_day: row.may("first_day").map(In),
        last_day: row.may("last_day").map(In),
        national_right: row.may("national_right").map(In),
        scheme_class: row.may("scheme_class").map(In),
        occupation: row.may("occupation").map(In),
        special_scheme: row.may("special_scheme").map(In),
        employers: rest.employers,
        earnings: rest.earnings,
        insurance_numbers: rest.numbers,
        sex: row.may("sex").map(In),
    })
}

struct Rest {
    right: Option<Vec<In<Branch>>>,
    amount: Option<Vec<In<Branch>>>,
    employers: Vec<EmployerForm>,
    earnings: Vec<EarningsForm>,
    numbers: Vec<NumberForm>,
}

/// Reads branches; `-` stands for none of them, and nothing for all.
fn branches_of(row: &mut Row<'_>, column: &str) -> Option<Vec<In<Branch>>> {
    match row.cell(column)? {
        "-" => Some(Vec::new()),
        _ => Some(row.list(column, Branch::from_text).into_iter().map(In).collect()),
    }
}

/// Reads `2014: 10`.
fn year_of(text: &str) -> Result<(String, Figure), String> {
    let pair = text.split_once(':').ok_or_else(|| not(text, "a year and its figure: 2014: 10"))?;
    let year = trimmed(pair.0);
    calendar_year(year)?;
    Ok((year.to_owned(), Figure::from_text(trimmed(pair.1))?))
}

fn parts(text: &str) -> impl Iterator<Item = Option<&str>> {
    text.split('|').map(|part| Some(trimmed(part)).filter(|part| !part.is_empty()))
}

fn read_part<T: FromText>(part: Option<Option<&str>>) -> Result<Option<In<T>>, String> {
    part.flatten().map(|text| T::from_text(text).map(In)).transpose()
}

/// Reads `name|reference|place`.
fn employer_of(text: &str) -> Result<EmployerForm, String> {
    let wrong = || not(text, "an employer: name|reference|place");
    let mut parts = parts(text);
    let name = read_part(parts.next())?.ok_or_else(wrong)?;
    let (reference, place) = (read_part(parts.next())?, read_part(parts.next())?);
    match parts.next() {
        Some(_) => Err(wrong()),
        None => Ok(EmployerForm { name, reference, place }),
    }
}

/// Reads `year|base|currency|worker|employer`.
fn earnings_of(text: &str) -> Result<EarningsForm, String> {
    let wrong = || not(text, "earnings: year|base|currency|worker|employer");
    let mut parts = parts(text);
    let year = calendar_year(parts.next().flatten().ok_or_else(wrong)?)?;
    let base = read_part(parts.next())?.ok_or_else(wrong)?;
    let currency = read_part(parts.next())?.ok_or_else(wrong)?;
    let (worker, employer) = (read_part(parts.next())?, read_part(parts.next())?);
    match parts.next() {
        Some(_) => Err(wrong()),
        None => Ok(EarningsForm { year, base, currency, ceiling: None, worker, employer }),
    }
}

/// Reads `PH|number`.
fn number_of(text: &str) -> Result<NumberForm, String> {
    let wrong = || not(text, "a number: PH|34-0000000-0");
    let (country, number) = text.split_once('|').ok_or_else(wrong)?;
    let country = In(Country::from_text(trimmed(country))?);
    Ok(NumberForm { country, number: In(Line::from_text(trimmed(number))?) })
}
