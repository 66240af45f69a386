//! Periods as institutions certify them, apart from any attestation's format.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Rational, TotalisationError};
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, codes};
use crate::classification::Country;
use crate::statement::accreditation::Branch;
use crate::time::Date;

/// Most periods of one computation.
pub const MAX_PERIODS: usize = 4096;
/// Most yearly figures of one period, and most calendar years that it may run through.
pub const MAX_YEARS: usize = 128;

/// A State, or a part of one with social security of its own: a code of ISO 3166-1 alpha-2, the
/// user-assigned ones included, or a code of ISO 3166-2 such as `CA-QC`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateCode {
    bytes: [u8; 6],
    length: u8,
}

impl StateCode {
    /// Reads a code: two capital letters, and perhaps a hyphen and one to three capital letters or
    /// digits.
    pub fn parse(code: &str) -> Option<Self> {
        let (country, part) = match code.split_once('-') {
            Some((country, part)) => (country, Some(part)),
            None => (code, None),
        };
        let upper = |b: u8| b.is_ascii_uppercase();
        let fits = country.len() == 2
            && country.bytes().all(upper)
            && part.is_none_or(|part| {
                (1..=3).contains(&part.len())
                    && part.bytes().all(|b| upper(b) || b.is_ascii_digit())
            });
        let mut bytes = [0; 6];
        bytes.get_mut(..code.len()).filter(|_| fits)?.copy_from_slice(code.as_bytes());
        Some(Self { bytes, length: u8::try_from(code.len()).ok()? })
    }

    /// Returns the State itself, where this is a part of one; nothing for a code that no State has.
    pub fn state(&self) -> Option<Country> {
        Country::parse(self.country()).ok()
    }

    /// Returns the code of the State itself, where this is a part of one.
    pub fn country(&self) -> &str {
        self.code().get(..2).unwrap_or_default()
    }

    /// Returns whether this is a part of a State.
    pub fn is_part(&self) -> bool {
        self.length > 2
    }

    /// Returns the code.
    pub fn code(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl From<Country> for StateCode {
    fn from(country: Country) -> Self {
        let mut bytes = [0; 6];
        for (to, from) in bytes.iter_mut().zip(country.code().bytes()) {
            *to = from;
        }
        Self { bytes, length: 2 }
    }
}

impl fmt::Display for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for StateCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Encode for StateCode {
    fn encode(&self, e: &mut Encoder) {
        e.text(self.code());
    }
}

impl<'b> Decode<'b> for StateCode {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        Self::parse(d.text()?)
            .ok_or_else(|| CborError::new(CborErrorKind::Invalid("not the code of a State"), start))
    }
}

impl serde::Serialize for StateCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

codes! {
    /// What a period is by the law under which it was completed.
    pub enum PeriodKind {
        /// Compulsory insurance.
        Compulsory = 1, "compulsory";
        /// Voluntary or optional continued insurance.
        Voluntary = 2, "voluntary";
        /// Treated as insurance by national law.
        Equivalent = 3, "equivalent";
        /// Residence.
        Residence = 4, "residence";
        /// Employment or self-employment.
        Employment = 5, "employment";
    }
}

codes! {
    /// Unit in which time is certified or counted.
    pub enum TimeUnit {
        /// Years; decimals are allowed.
        Year = 1, "year";
        /// Calendar quarters.
        Quarter = 2, "quarter";
        /// Calendar months.
        Month = 3, "month";
        /// Weeks.
        Week = 4, "week";
        /// Days of a five-day scheme.
        Day5 = 5, "day5";
        /// Days of a six-day scheme.
        Day6 = 6, "day6";
        /// Days of a seven-day scheme.
        Day7 = 7, "day7";
        /// Days whose scheme is not stated.
        Day = 8, "day";
        /// Weekly contributions.
        ContributionWeek = 9, "contribution-week";
    }
}

codes! {
    /// Whether contributions were paid back, which ends the rights from them.
    pub enum Refund {
        /// Not.
        None = 0, "none";
        /// In part.
        Partial = 1, "partial";
        /// In full.
        Full = 2, "full";
    }
}

/// A certified figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// So many of one unit.
    Of(TimeUnit, Rational),
    /// Years, months and days together.
    Ymd {
        /// Whole years.
        years: u32,
        /// Months beyond them.
        months: u32,
        /// Days beyond them.
        days: u32,
    },
}

/// What the institution certified, in the mode in which it did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reported {
    /// One figure for the whole frame.
    Aggregate(Quantity),
    /// A figure for each calendar year, in ascending order, every year within the frame.
    ByYear(Vec<(i32, Quantity)>),
}

/// First and last day, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Frame {
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Date,
}

impl Frame {
    /// Makes a frame; `None` if it ends before it starts.
    pub fn new(start: Date, end: Date) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// Returns the first and the last calendar year.
    pub fn years(&self) -> (i32, i32) {
        (self.start.to_ymd().0, self.end.to_ymd().0)
    }
}

/// One certified period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// What results name it by: unique among the periods of a computation.
    pub id: String,
    /// Under whose law it was completed.
    pub country: StateCode,
    /// Where the work was done, if elsewhere.
    pub work_country: Option<StateCode>,
    /// The scheme, as its institution calls it.
    pub scheme: String,
    /// For which branches it counts.
    pub branches: Vec<Branch>,
    /// What it is.
    pub kind: PeriodKind,
    /// The time within which it lies. The certified figure may be less, and may even be more.
    pub frame: Frame,
    /// Whether the institution could not tell the exact days.
    pub dates_uncertain: bool,
    /// The certified figure; absent: the calendar months that the frame touches.
    pub reported: Option<Reported>,
    /// Whether it counts towards a right (SED P5000, list 5.1).
    pub counts_for_right: bool,
    /// Whether it counts for the amount (SED P5000, list 5.2).
    pub counts_for_amount: bool,
    /// Whether its contributions were paid back.
    pub refund: Refund,
    /// A category with a rule of its own, such as `III` in Japan.
    pub category: Option<String>,
    /// Whether it alone gives a right by national law; absent: not examined.
    pub national_right: Option<bool>,
    /// Up to which day the institution says that it stated everything of this scheme.
    pub complete_up_to: Option<Date>,
}

impl Period {
    /// Returns whether it is for a branch; one that names none is for any.
    pub(super) fn is_for(&self, branch: Option<Branch>) -> bool {
        branch.is_none_or(|one| self.branches.is_empty() || self.branches.contains(&one))
    }

    /// Checks what no list of periods may break: a frame that does not end before it starts and runs through
    /// at most [`MAX_YEARS`] calendar years, years in ascending order within the frame, no empty list of
    /// years.
    ///
    /// # Errors
    /// [`TotalisationError::Period`] with the period's id and what is wrong.
    pub fn check(&self) -> Result<(), TotalisationError> {
        let wrong = |what| Err(TotalisationError::Period { id: self.id.clone(), what });
        if self.frame.end < self.frame.start {
            return wrong("it ends before it starts");
        }
        let (first, last) = self.frame.years();
        if usize::try_from(last.abs_diff(first)).is_ok_and(|years| years >= MAX_YEARS) {
            return wrong("it runs through more than 128 calendar years");
        }
        if let Some(Reported::ByYear(years)) = &self.reported {
            if years.is_empty() || years.len() > MAX_YEARS {
                return wrong("it has no years, or too many");
            }
            if years.iter().any(|(year, _)| !(first..=last).contains(year)) {
                return wrong("a year lies outside its frame");
            }
            let mut pairs = years.iter().zip(years.iter().skip(1));
            if pairs.any(|((before, _), (after, _))| after <= before) {
                return wrong("its years are not in ascending order");
            }
        }
        Ok(())
    }

    /// Tells whether it may be equivalent time only: insurance by national law without contributions.
    pub fn is_equivalent(&self) -> bool {
        self.kind == PeriodKind::Equivalent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_a_code_of_iso_3166() {
        for good in ["DE", "XA", "CA-QC", "US-6"] {
            assert_eq!(StateCode::parse(good).unwrap().code(), good);
        }
        for bad in ["", "D", "de", "DEU", "DE-", "DE-ABCD", "DE-a", "CA-QC-X", "ÄÖ"] {
            assert_eq!(StateCode::parse(bad), None, "{bad}");
        }
        assert_eq!(StateCode::from(Country::parse("DE").unwrap()), StateCode::parse("DE").unwrap());
    }
}
