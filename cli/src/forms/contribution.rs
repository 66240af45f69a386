//! Contribution attestations, as TOML for one and as CSV for many.

use super::certificate::{Certificate, Head, PersonForm};
use super::table::{Column, Row, Table};
use super::{FromText, In, all, broken, maybe, not, read_toml};
use crate::error::CliError;
use carnet_proto::classification::{Country, Occupation};
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::contribution::{
    BrokenRule, Contribution, DayBasis, Decimal, Earnings, Employer, Institution, InstitutionRole,
    InsuranceNumber, Month, NationalRight, PeriodKind, PeriodType, Quantity, Refund, ReportingMode,
    SchemeClass, SchemeTotals, Sex, Unit, YearValue,
};
use carnet_proto::id::CredentialId;
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::text::Line;
use carnet_proto::time::Date;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// An attestation to start from.
pub const TEMPLATE: &str = include_str!("contribution.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    row: In<Line>,
    key_request: std::path::PathBuf,
    expires: In<Date>,
    person: PersonForm,
    contribution: ContributionForm,
}

/// A number in the unit that the form names; years, months and days are parted by `/`.
#[derive(Debug, Clone)]
struct Figure(Vec<Decimal>);

impl FromText for Figure {
    const FLOATS: bool = false;

    fn from_text(text: &str) -> Result<Self, String> {
        let parts = text.split('/').map(|part| Decimal::from_text(part.trim()));
        match parts.collect::<Result<Vec<_>, _>>()? {
            parts if matches!(parts.len(), 1 | 3) => Ok(Self(parts)),
            _ => Err(not(text, "a number, or years/months/days")),
        }
    }
}

impl Figure {
    fn in_unit(&self, unit: Unit) -> Result<Quantity, String> {
        match (unit, self.0.as_slice()) {
            (Unit::YearsMonthsDays, [years, months, days]) => Ok(Quantity {
                years: Some(*years),
                months: Some(*months),
                days: Some(*days),
                ..Quantity::default()
            }),
            (Unit::YearsMonthsDays, _) => Err("years, months and days are parted by /".to_owned()),
            (unit, [number]) => Ok(Quantity::of(unit, *number)),
            (unit, _) => Err(format!("it is one number, in the unit {unit}")),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContributionForm {
    institution_code: In<Line>,
    institution_name: In<Line>,
    institution_role: Option<In<InstitutionRole>>,
    legislation: In<Country>,
    scheme: In<Line>,
    branches: Vec<In<Branch>>,
    kind: In<PeriodKind>,
    period_type: Option<In<PeriodType>>,
    start: In<Month>,
    end: In<Month>,
    #[serde(default)]
    dates_uncertain: bool,
    unit: In<Unit>,
    day_basis: Option<In<DayBasis>>,
    value: Option<In<Figure>>,
    #[serde(default)]
    years: BTreeMap<String, In<Figure>>,
    counts_for_right: Option<Vec<In<Branch>>>,
    counts_for_amount: Option<Vec<In<Branch>>>,
    refunded: Option<In<Refund>>,
    refund_date: Option<In<Date>>,
    category: Option<In<Line>>,
    as_of: In<Date>,
    complete_up_to: Option<In<Date>>,
    series: Option<In<CredentialId>>,
    sequence: Option<u32>,
    supersedes: Option<In<CredentialId>>,
    total_for_right: Option<In<Figure>>,
    total_for_amount: Option<In<Figure>>,
    first_day: Option<In<Date>>,
    last_day: Option<In<Date>>,
    national_right: Option<In<NationalRight>>,
    scheme_class: Option<In<SchemeClass>>,
    occupation: Option<In<Occupation>>,
    special_scheme: Option<In<Line>>,
    #[serde(default)]
    employers: Vec<EmployerForm>,
    #[serde(default)]
    earnings: Vec<EarningsForm>,
    #[serde(default)]
    insurance_numbers: Vec<NumberForm>,
    sex: Option<In<Sex>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmployerForm {
    name: In<Line>,
    reference: Option<In<Line>>,
    place: Option<In<Line>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarningsForm {
    year: u16,
    base: In<Decimal>,
    currency: In<Line>,
    ceiling: Option<In<Decimal>>,
    worker: Option<In<Decimal>>,
    employer: Option<In<Decimal>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberForm {
    country: In<Country>,
    number: In<Line>,
}

/// What a form leaves to be worked out: a field, and what is wrong there.
type Wrong = (&'static str, String);

impl ContributionForm {
    /// Puts the attestation together: without other words it counts for all its branches, and figures
    /// by year have their sum as total.
    fn build(self) -> Result<Contribution, Wrong> {
        let unit = self.unit.0;
        let figure = |field, figure: Option<In<Figure>>| {
            let in_unit = figure.map(|In(figure)| figure.in_unit(unit)).transpose();
            in_unit.map_err(|reason| (field, reason))
        };
        let mut years = Vec::new();
        for (year, In(value)) in self.years {
            let wrong = |reason| ("years", reason);
            years.push(YearValue {
                year: calendar_year(&year).map_err(wrong)?,
                value: value.in_unit(unit).map_err(wrong)?,
            });
        }
        let right = figure("total_for_right", self.total_for_right)?;
        let amount = figure("total_for_amount", self.total_for_amount)?;
        let scheme_totals = match (right, amount) {
            (Some(right), Some(amount)) => Some(SchemeTotals { right, amount }),
            (None, None) => None,
            _ => return Err(("total_for_right", "the two totals go together".to_owned())),
        };
        let branches = all(self.branches);
        let counts = |list: Option<Vec<In<Branch>>>| list.map_or_else(|| branches.clone(), all);
        let mode = match &self.value {
            Some(_) => ReportingMode::Aggregate,
            None => ReportingMode::ByYear,
        };
        let contribution = Contribution {
            institution: Institution {
                code: self.institution_code.0,
                name: self.institution_name.0,
                role: maybe(self.institution_role).unwrap_or(InstitutionRole::Competent),
            },
            legislation: self.legislation.0,
            scheme: self.scheme.0,
            kind: self.kind.0,
            period_type: maybe(self.period_type),
            start: self.start.0,
            end: self.end.0,
            dates_uncertain: self.dates_uncertain,
            mode,
            day_basis: maybe(self.day_basis),
            value: figure("value", self.value)?,
            counts_for_right: counts(self.counts_for_right),
            counts_for_amount: counts(self.counts_for_amount),
            branches,
            refunded: maybe(self.refunded).unwrap_or(Refund::None),
            refund_date: maybe(self.refund_date),
            category: maybe(self.category),
            as_of: self.as_of.0,
            complete: self.complete_up_to.is_some(),
            complete_up_to: maybe(self.complete_up_to),
            series: maybe(self.series),
            sequence: self.sequence,
            supersedes: maybe(self.supersedes),
            total: Quantity::sum(years.iter().map(|year| year.value)),
            years,
            scheme_totals,
            first_day: maybe(self.first_day),
            last_day: maybe(self.last_day),
            national_right: maybe(self.national_right),
            scheme_class: maybe(self.scheme_class),
            occupation: maybe(self.occupation),
            special_scheme: maybe(self.special_scheme),
            employers: self.employers.into_iter().map(Employer::from).collect(),
            earnings: self.earnings.into_iter().map(Earnings::from).collect(),
            insurance_numbers: self.insurance_numbers.into_iter().map(number).collect(),
            sex: maybe(self.sex),
        };
        checked(contribution)
    }
}

fn number(form: NumberForm) -> InsuranceNumber {
    InsuranceNumber { country: form.country.0, number: form.number.0 }
}

impl From<EmployerForm> for Employer {
    fn from(form: EmployerForm) -> Self {
        Self { name: form.name.0, reference: maybe(form.reference), place: maybe(form.place) }
    }
}

impl From<EarningsForm> for Earnings {
    fn from(form: EarningsForm) -> Self {
        Self {
            year: form.year,
            base: form.base.0,
            currency: form.currency.0,
            ceiling: maybe(form.ceiling),
            worker: maybe(form.worker),
            employer: maybe(form.employer),
        }
    }
}

/// Applies the rules of the format, those of the issuer among them, and names the field.
fn checked(contribution: Contribution) -> Result<Contribution, Wrong> {
    use carnet_proto::cbor::{Decode as _, Encode as _};

    let named = |rule: BrokenRule| (rule.field(), format!("{} ({rule})", rule.text()));
    contribution.check_whole().map_err(named)?;
    // Limits, and the rules of parts.
    Contribution::from_cbor(&contribution.to_cbor())
        .map_err(|error| (error.field.unwrap_or("contribution"), error.to_string()))
}

fn calendar_year(text: &str) -> Result<u16, String> {
    let year = text.parse().ok().filter(|_| text.len() == 4);
    year.ok_or_else(|| not(text, "a calendar year such as 2014"))
}

/// Reads one attestation. Its key request is named relative to the form.
///
/// # Errors
/// As [`read_toml`], or `form-rule` if it breaks a rule of the format.
pub fn read(path: &Path) -> Result<Certificate, CliError> {
    let form: Form = read_toml(path)?;
    let head = Head { row: form.row, key_request: form.key_request, expires: form.expires };
    let contribution = form.contribution.build();
    let contribution = contribution
        .map_err(|(field, reason)| broken(path, format!("[contribution] {field}: {reason}")))?;
    head.certificate(path, form.person, contribution.into())
}

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
    ("legislation", true, "State under whose law the period was completed: PH"),
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
            Err((field, reason)) => {
                // Where the rule names a part that the table has no column for, the row is named.
                match COLUMNS.iter().find(|(name, ..)| *name == field) {
                    Some((name, ..)) => row.mistake(name, reason),
                    None => row.mistake_of_row(reason),
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
    if row.cell("branches").is_none() {
        row.mistake("branches", "nothing stands there".into());
    }
    let years = row.list("years", year_of).into_iter().map(|(year, figure)| (year, In(figure)));
    let form_years: BTreeMap<_, _> = years.collect();
    let rest = Rest {
        right: branches_of(row, "counts_for_right"),
        amount: branches_of(row, "counts_for_amount"),
        employers: row.list("employers", employer_of),
        earnings: row.list("earnings", earnings_of),
        numbers: row.list("insurance_numbers", number_of),
    };
    let dates_uncertain = match row.cell("dates_uncertain") {
        None | Some("no") => false,
        Some("yes") => true,
        Some(other) => {
            let reason = not(other, "yes or no");
            row.mistake("dates_uncertain", reason);
            false
        }
    };
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
    let year = pair.0.trim();
    calendar_year(year)?;
    Ok((year.to_owned(), Figure::from_text(pair.1.trim())?))
}

fn parts(text: &str) -> impl Iterator<Item = Option<&str>> {
    text.split('|').map(|part| Some(part.trim()).filter(|part| !part.is_empty()))
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
    let country = In(Country::from_text(country.trim())?);
    Ok(NumberForm { country, number: In(Line::from_text(number.trim())?) })
}

#[cfg(test)]
mod tests;
