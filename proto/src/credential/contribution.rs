//! The contribution attestation, `urn:carnet:contribution:1`: a period of insurance, employment or
//! residence under the law of one State, as the institution there certifies it.
//!
//! Keys 1 to 21 are always shown. Keys from 40 on are disclosed one by one, and within `years`,
//! `employers`, `earnings` and `insurance_numbers` every element apart: whoever proves at least so many
//! months shows only as many years as that takes. What is always shown is what totalisation asks;
//! earnings and employers are for the institution itself and for wage claims. The person stands in the
//! claims that every credential has.
//!
//! The certified number counts, not one that a reader works out from the dates. Numbers are decimals in
//! ten-thousandths, never binary fractions. Every rule that an attestation can break has a name, see
//! [`BrokenRule`]; it is applied when one is issued and when one is read.

mod code;
mod month;
mod quantity;
mod rules;
mod series;

pub use code::{InstitutionRole, NationalRight, PeriodType, ReportingMode, SchemeClass, Sex};
pub use month::Month;
pub use quantity::{DayBasis, Decimal, Quantity, Unit};
pub use rules::BrokenRule;
pub use series::{Place, Replaced, replaced};

pub use crate::totalisation::{PeriodKind, Refund, StateCode};

use alloc::vec::Vec;

use super::disclosure::Node;
use super::entries::Entries;
use crate::cbor::{CborError, Value, record};
use crate::classification::{Country, Occupation};
use crate::id::CredentialId;
use crate::profile::VCT_CONTRIBUTION;
use crate::statement::accreditation::{Branch, Scope};
use crate::text::Line;
use crate::time::Date;

/// Most years in one attestation.
pub const MAX_YEARS: usize = 80;
/// Most employers, or insurance numbers, in one attestation.
pub const MAX_ENTRIES: usize = 16;
/// Most branches in one list.
pub const MAX_BRANCHES: usize = 9;

record! {
    /// The institution that certifies, as other institutions know it.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Institution {
        /// Its code: two capital letters for the State, a colon, and the number there.
        code [1]: Line,
        /// Its name.
        name [2]: Line,
        /// As what it certifies.
        role [3]: InstitutionRole,
    }
    check |i| match i.code.as_str().split_once(':') {
        Some((state, number)) if state.len() == 2
            && state.bytes().all(|b| b.is_ascii_uppercase())
            && !number.trim().is_empty() => Ok(()),
        _ => Err("an institution's code is two capital letters, a colon and its number"),
    }
}

record! {
    /// What is certified for one calendar year.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct YearValue {
        /// The calendar year.
        year [1]: u16,
        /// How much of it.
        value [2]: Quantity,
    }
}

record! {
    /// All that the institution has on record for the person in this scheme, up to `complete_up_to`:
    /// who is shown less knows that something is not shown.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct SchemeTotals {
        /// What counts for the right (5.1 of SED P5000).
        right [1]: Quantity,
        /// What counts for the amount (5.2 of SED P5000).
        amount [2]: Quantity,
    }
}

record! {
    /// An employer.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Employer {
        /// Its name.
        name [1]: Line,
        /// Its number with the institution.
        #[serde(skip_serializing_if = "Option::is_none")]
        reference [2]: Option<Line>,
        /// The place of work.
        #[serde(skip_serializing_if = "Option::is_none")]
        place [3]: Option<Line>,
    }
}

record! {
    /// Earnings of one calendar year, and what was paid on them.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Earnings {
        /// The calendar year.
        year [1]: u16,
        /// The base on which contributions were due.
        base [2]: Decimal,
        /// The currency, ISO 4217.
        currency [3]: Line,
        /// The ceiling of that year.
        #[serde(skip_serializing_if = "Option::is_none")]
        ceiling [4]: Option<Decimal>,
        /// What the worker paid.
        #[serde(skip_serializing_if = "Option::is_none")]
        worker [5]: Option<Decimal>,
        /// What the employer paid.
        #[serde(skip_serializing_if = "Option::is_none")]
        employer [6]: Option<Decimal>,
    }
    check |e| {
        let currency = e.currency.as_str();
        if currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(())
        } else {
            Err("a currency is three capital letters")
        }
    }
}

record! {
    /// A number under which a State's institutions know the person.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct InsuranceNumber {
        /// The State.
        country [1]: Country,
        /// The number.
        number [2]: Line,
    }
}

record! {
    /// What is attested.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Contribution {
        /// Who certifies.
        institution [1]: Institution,
        /// The State under whose law the period was completed.
        legislation [2]: Country,
        /// The scheme, as the institution names it.
        scheme [3]: Line,
        /// The branches for which it is a period.
        branches [4; ..MAX_BRANCHES]: Vec<Branch>,
        /// The kind of period.
        kind [5]: PeriodKind,
        /// The type of SED P5000.
        #[serde(skip_serializing_if = "Option::is_none")]
        period_type [6]: Option<PeriodType>,
        /// The first month.
        start [7]: Month,
        /// The last month.
        end [8]: Month,
        /// Whether it is not known when within these months it was.
        dates_uncertain [9]: bool,
        /// Whether one figure is certified, or one for each year.
        mode [10]: ReportingMode,
        /// Whether days are those of a week of five, six or seven.
        #[serde(skip_serializing_if = "Option::is_none")]
        day_basis [11]: Option<DayBasis>,
        /// The certified number, if it is one figure.
        #[serde(skip_serializing_if = "Option::is_none")]
        value [12]: Option<Quantity>,
        /// For which of the branches it counts towards the right (5.1 of SED P5000).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        counts_for_right [13; ..MAX_BRANCHES]: Vec<Branch>,
        /// For which of the branches it counts towards the amount (5.2 of SED P5000).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        counts_for_amount [14; ..MAX_BRANCHES]: Vec<Branch>,
        /// Whether contributions were paid back.
        refunded [15]: Refund,
        /// When.
        #[serde(skip_serializing_if = "Option::is_none")]
        refund_date [16]: Option<Date>,
        /// A category with rules of its own, as the institution names it.
        #[serde(skip_serializing_if = "Option::is_none")]
        category [17]: Option<Line>,
        /// The day for which all this is certified.
        as_of [18]: Date,
        /// Whether all periods of this scheme up to `complete_up_to` are attested.
        complete [19]: bool,
        /// Up to which day that is said.
        #[serde(skip_serializing_if = "Option::is_none")]
        complete_up_to [20]: Option<Date>,
        /// A part of the State with social security of its own, if it is that part's law.
        #[serde(skip_serializing_if = "Option::is_none")]
        legislation_part [21]: Option<StateCode>,
        /// Names the run of attestations of which this is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        series [40]: Option<CredentialId>,
        /// Its number in the series.
        #[serde(skip_serializing_if = "Option::is_none")]
        sequence [41]: Option<u32>,
        /// The credential that it replaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        supersedes [42]: Option<CredentialId>,
        /// What is certified year by year.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        years [43; ..MAX_YEARS]: Vec<YearValue>,
        /// The sum of the years: who is shown years that make less knows that some are not shown.
        #[serde(skip_serializing_if = "Option::is_none")]
        total [44]: Option<Quantity>,
        /// All that is on record in this scheme.
        #[serde(skip_serializing_if = "Option::is_none")]
        scheme_totals [45]: Option<SchemeTotals>,
        /// The first day.
        #[serde(skip_serializing_if = "Option::is_none")]
        first_day [46]: Option<Date>,
        /// The last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        last_day [47]: Option<Date>,
        /// Whether this time alone gives a right under national law.
        #[serde(skip_serializing_if = "Option::is_none")]
        national_right [48]: Option<NationalRight>,
        /// The class of the scheme.
        #[serde(skip_serializing_if = "Option::is_none")]
        scheme_class [49]: Option<SchemeClass>,
        /// The occupation, ISCO-08.
        #[serde(skip_serializing_if = "Option::is_none")]
        occupation [50]: Option<Occupation>,
        /// A special scheme to which the period belongs.
        #[serde(skip_serializing_if = "Option::is_none")]
        special_scheme [51]: Option<Line>,
        /// Employers.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        employers [52; ..MAX_ENTRIES]: Vec<Employer>,
        /// Earnings year by year.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        earnings [53; ..MAX_YEARS]: Vec<Earnings>,
        /// Numbers of the person.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        insurance_numbers [54; ..MAX_ENTRIES]: Vec<InsuranceNumber>,
        /// The sex of the person.
        #[serde(skip_serializing_if = "Option::is_none")]
        sex [55]: Option<Sex>,
    }
    check |c| c.check().map_err(BrokenRule::text)
}

/// Redactable entries: key, name, and whether each element is redactable for itself.
const REDACTABLE: Entries = Entries(&[
    (40, "series", false),
    (41, "sequence", false),
    (42, "supersedes", false),
    (43, "years", true),
    (44, "total", false),
    (45, "scheme_totals", false),
    (46, "first_day", false),
    (47, "last_day", false),
    (48, "national_right", false),
    (49, "scheme_class", false),
    (50, "occupation", false),
    (51, "special_scheme", false),
    (52, "employers", true),
    (53, "earnings", true),
    (54, "insurance_numbers", true),
    (55, "sex", false),
]);

impl Contribution {
    /// Reads the restored value of the contribution claim. A list of which no element was disclosed is
    /// treated as not disclosed.
    ///
    /// # Errors
    /// [`CborError`]; a broken rule is [`Invalid`](crate::cbor::CborErrorKind::Invalid) with the text of
    /// the [`BrokenRule`].
    pub fn read(value: &[u8]) -> Result<Self, CborError> {
        REDACTABLE.read(value)
    }

    /// Returns the claim before issuance, with its redactable parts marked.
    pub(super) fn node(&self) -> Result<Node, CborError> {
        self.check_whole().map_err(|rule| CborError::invalid(rule.text()))?;
        REDACTABLE.node(self)
    }

    /// Names the redactable entries that are not there, in the order of their keys.
    pub(super) fn withheld(&self) -> impl Iterator<Item = &'static str> {
        REDACTABLE.withheld([
            self.series.is_some(),
            self.sequence.is_some(),
            self.supersedes.is_some(),
            !self.years.is_empty(),
            self.total.is_some(),
            self.scheme_totals.is_some(),
            self.first_day.is_some(),
            self.last_day.is_some(),
            self.national_right.is_some(),
            self.scheme_class.is_some(),
            self.occupation.is_some(),
            self.special_scheme.is_some(),
            !self.employers.is_empty(),
            !self.earnings.is_empty(),
            !self.insurance_numbers.is_empty(),
            self.sex.is_some(),
        ])
    }

    /// Returns under whose law the period was completed: that of a State, or of a part of one.
    pub fn law(&self) -> StateCode {
        self.legislation_part.unwrap_or_else(|| self.legislation.into())
    }

    /// Returns what accreditations have to cover: every branch, under the law of that State.
    pub fn scope(&self) -> Scope {
        Scope {
            credential_type: VCT_CONTRIBUTION,
            occupation: None,
            field: None,
            level: None,
            branches: self.branches.clone(),
            country: self.legislation,
        }
    }

    /// Returns whether the institution is of another State than the one whose law applies.
    pub fn is_under_other_law(&self) -> bool {
        let state = self.institution.code.as_str().split(':').next();
        state.is_some_and(|state| state != self.legislation.code())
    }

    /// Returns what the attestation certifies, as far as it is shown: the one figure, or the sum of the
    /// years; nothing if it is year by year and no year is shown, or their units differ.
    pub fn shown_quantity(&self) -> Option<Quantity> {
        match self.mode {
            ReportingMode::Aggregate => self.value,
            ReportingMode::ByYear => Quantity::sum(self.years.iter().map(|year| year.value)),
        }
    }

    /// Returns whether some years are known not to be shown: `None` if that cannot be told, because the
    /// total is not shown.
    pub fn hides_years(&self) -> Option<bool> {
        match self.mode {
            ReportingMode::Aggregate => Some(false),
            ReportingMode::ByYear => Some(self.shown_quantity() != Some(self.total?)),
        }
    }
}

/// Returns the name of a redactable entry of the contribution claim.
pub fn entry_name(key: &Value) -> Option<&'static str> {
    REDACTABLE.name(key)
}

/// Names of every redactable entry of the contribution claim.
pub fn redactable_names() -> impl Iterator<Item = &'static str> {
    REDACTABLE.names()
}

#[cfg(test)]
mod tests;
