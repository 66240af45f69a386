//! Certified figures in another unit: in one operation or year by year, rounded up, and held to what a
//! calendar year has.

use alloc::vec::Vec;

use super::period::{Period, Quantity, Reported, TimeUnit};
use super::plan::Plan;
use super::rules::MechanismKind;
use super::time::Measure;
use super::unit::unit_of;
use super::{Rational, TotalisationError};

/// A period's certified figure in another unit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Converted {
    /// In all.
    pub value: Rational,
    /// By calendar year, if it was reported so.
    pub years: Vec<(i32, Rational)>,
    /// The figures before they are rounded, one for each year if it was reported so.
    #[serde(skip)]
    pub(super) parts: Vec<Part>,
}

/// A figure before it is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// The calendar year in which all of it lies, if that is one.
    pub year: Option<i32>,
    /// In the target unit.
    pub exact: Rational,
    /// Days beyond that, thirty or a part of thirty of which make a month.
    pub rest_days: i64,
    /// How much of a full year of its own unit it is, without those days.
    pub share: Rational,
}

impl Plan<'_> {
    /// Converts what an institution certified. Where it certified nothing, the time of the frame counts.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn convert(&self, period: &Period, to: TimeUnit) -> Result<Converted, TotalisationError> {
        let rest_is_month = self.rest_days_one_month(period.country);
        match &period.reported {
            None => {
                let measure = Measure::of(to);
                let touched = self.touches_months(period.country) && to == TimeUnit::Month;
                let frame =
                    if touched { super::time::whole_months(period.frame) } else { period.frame };
                let exact = measure.time(frame, to, &self.units)?;
                let (first, last) = frame.years();
                let year = (first == last).then_some(first);
                let share = exact.over(self.units.year_of(to))?;
                let part = Part { year, exact, rest_days: 0, share };
                let value = self.round(exact, to);
                Ok(Converted { value, years: Vec::new(), parts: alloc::vec![part] })
            }
            Some(Reported::Aggregate(quantity)) => {
                let (first, last) = period.frame.years();
                let years = i64::from(last) - i64::from(first) + 1;
                let year = (years == 1).then_some(first);
                let (value, part) = self.figure(*quantity, to, (year, years), rest_is_month)?;
                Ok(Converted { value, years: Vec::new(), parts: alloc::vec![part] })
            }
            Some(Reported::ByYear(figures)) => {
                let mut years = Vec::with_capacity(figures.len());
                let mut parts = Vec::with_capacity(figures.len());
                let mut value = Rational::ZERO;
                for (year, quantity) in figures {
                    let within = (Some(*year), 1);
                    let (in_year, part) = self.figure(*quantity, to, within, rest_is_month)?;
                    value = value.plus(in_year)?;
                    years.push((*year, in_year));
                    parts.push(part);
                }
                Ok(Converted { value, years, parts })
            }
        }
    }

    /// Converts one figure that lies within some calendar years, or in one: rounded, and before that.
    fn figure(
        &self,
        quantity: Quantity,
        to: TimeUnit,
        (year, years): (Option<i32>, i64),
        rest_is_month: bool,
    ) -> Result<(Rational, Part), TotalisationError> {
        let from = unit_of(quantity);
        let certified = self.units.exact(quantity, from, rest_is_month)?;
        let (full, full_year) = (self.units.year_of(from), self.units.year_of(to));
        let part = match quantity {
            Quantity::Ymd { years, months, days } if rest_is_month && days > 0 => {
                let whole = Quantity::Ymd { years, months, days: 0 };
                let share = self.units.exact(whole, from, rest_is_month)?.over(full)?;
                let exact = self.units.exact(whole, to, rest_is_month)?;
                Part { year, exact, rest_days: days.into(), share }
            }
            _ => {
                let exact = self.units.exact(quantity, to, rest_is_month)?;
                Part { year, exact, rest_days: 0, share: certified.over(full)? }
            }
        };
        let exact = match part.rest_days {
            0 => part.exact,
            _ => self.units.exact(quantity, to, rest_is_month)?,
        };
        let mut value = self.round(exact, to);
        if matches!(quantity, Quantity::Of(..)) && from == to {
            return Ok((value, part));
        }
        let years = Rational::whole(years);
        let most = full_year.times(years)?;
        if self.has(MechanismKind::YearlyMaximum) {
            value = value.min(most);
        }
        if self.has(MechanismKind::FullYearKept) && certified >= full.times(years)? {
            value = value.max(most);
        }
        Ok((value, part))
    }

    /// Rounds a fraction up to a whole unit, if the rules say so. Parts of a year are months and stay.
    pub fn round(&self, value: Rational, unit: TimeUnit) -> Rational {
        if unit != TimeUnit::Year && self.has(MechanismKind::RoundUp) {
            value.ceil()
        } else {
            value
        }
    }
}
