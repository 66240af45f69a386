//! Contribution attestations, as TOML for one and as CSV for many.

mod table;

pub use table::Periods;

use super::certificate::{Certificate, Head, PersonForm};
use super::{FromText, In, all, broken, maybe, not, read_toml};
use crate::error::CliError;
use carnet_proto::classification::{Country, Occupation};
use carnet_proto::credential::contribution::{
    BrokenRule, Contribution, DayBasis, Decimal, Earnings, Employer, Institution, InstitutionRole,
    InsuranceNumber, Month, NationalRight, PeriodKind, PeriodType, Quantity, Refund, ReportingMode,
    SchemeClass, SchemeTotals, Sex, StateCode, Unit, YearValue,
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

/// Under whose law a period was completed.
#[derive(Clone, Copy)]
struct Law {
    state: Country,
    part: Option<StateCode>,
}

impl FromText for Law {
    fn from_text(text: &str) -> Result<Self, String> {
        let wrong = || not(text, "the code of a State, or of a part of one: PH, CA-QC");
        let code = StateCode::parse(text).ok_or_else(wrong)?;
        let state = code.state().ok_or_else(wrong)?;
        Ok(Self { state, part: Some(code).filter(StateCode::is_part) })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContributionForm {
    institution_code: In<Line>,
    institution_name: In<Line>,
    institution_role: Option<In<InstitutionRole>>,
    legislation: In<Law>,
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
    ///
    /// # Errors
    /// Everything that is wrong, each with its field.
    fn build(self) -> Result<Contribution, Vec<Wrong>> {
        checked(self.put_together().map_err(|wrong| vec![wrong])?)
    }

    fn put_together(self) -> Result<Contribution, Wrong> {
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
        Ok(Contribution {
            institution: Institution {
                code: self.institution_code.0,
                name: self.institution_name.0,
                role: maybe(self.institution_role).unwrap_or(InstitutionRole::Competent),
            },
            legislation: self.legislation.0.state,
            legislation_part: self.legislation.0.part,
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
        })
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

/// Applies the rules of the format, those of the issuer among them, and names the fields.
fn checked(contribution: Contribution) -> Result<Contribution, Vec<Wrong>> {
    use carnet_proto::cbor::{Decode as _, Encode as _};

    let named = |rule: BrokenRule| (rule.field(), format!("{} ({})", rule.text(), rule.name()));
    let broken = contribution.broken_rules();
    if !broken.is_empty() {
        return Err(broken.into_iter().map(named).collect());
    }
    // Limits, and the rules of parts.
    Contribution::from_cbor(&contribution.to_cbor())
        .map_err(|error| vec![(error.field.unwrap_or("contribution"), error.kind.to_string())])
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
    let contribution = contribution.map_err(|wrong| {
        let each = wrong.into_iter().map(|(field, reason)| format!("{field}: {reason}"));
        broken(path, format!("[contribution] {}", each.collect::<Vec<_>>().join("; ")))
    })?;
    head.certificate(path, form.person, contribution.into())
}

#[cfg(test)]
mod tests;
