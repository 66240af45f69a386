//! Certified figures in another unit: in one operation or year by year, rounded up, and held to what a
//! calendar year has.

use alloc::vec::Vec;

use super::period::{Period, Quantity, Reported, TimeUnit};
use super::plan::Plan;
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
                let value = self.convert_one(*quantity, to, years, rest_is_month)?;
                let year = (years == 1).then_some(first);
                let part = self.part(*quantity, to, year, rest_is_month)?;
                Ok(Converted { value, years: Vec::new(), parts: alloc::vec![part] })
            }
            Some(Reported::ByYear(figures)) => {
                let mut years = Vec::with_capacity(figures.len());
                let mut parts = Vec::with_capacity(figures.len());
                let mut value = Rational::ZERO;
                for (year, quantity) in figures {
                    let in_year = self.convert_one(*quantity, to, 1, rest_is_month)?;
                    value = value.plus(in_year)?;
                    years.push((*year, in_year));
                    parts.push(self.part(*quantity, to, Some(*year), rest_is_month)?);
                }
                Ok(Converted { value, years, parts })
            }
        }
    }

    /// Converts one figure that lies within `years` calendar years.
    fn convert_one(
        &self,
        quantity: Quantity,
        to: TimeUnit,
        years: i64,
        rest_is_month: bool,
    ) -> Result<Rational, TotalisationError> {
        let exact = self.units.exact(quantity, to, rest_is_month)?;
        let mut value = self.round(exact, to);
        if matches!(quantity, Quantity::Of(from, _) if from == to) {
            return Ok(value);
        }
        let years = Rational::whole(years);
        let full = self.units.year_of(to).times(years)?;
        if self.yearly_maximum {
            value = value.min(full);
        }
        if self.full_year_kept {
            let from = unit_of(quantity);
            let certified = self.units.exact(quantity, from, rest_is_month)?;
            if certified >= self.units.year_of(from).times(years)? {
                value = value.max(full);
            }
        }
        Ok(value)
    }

    /// Returns a figure before it is rounded.
    fn part(
        &self,
        quantity: Quantity,
        to: TimeUnit,
        year: Option<i32>,
        rest_is_month: bool,
    ) -> Result<Part, TotalisationError> {
        let (quantity, rest_days) = match quantity {
            Quantity::Ymd { years, months, days } if rest_is_month => {
                (Quantity::Ymd { years, months, days: 0 }, i64::from(days))
            }
            other => (other, 0),
        };
        let from = unit_of(quantity);
        let certified = self.units.exact(quantity, from, rest_is_month)?;
        let share = certified.over(self.units.year_of(from))?;
        let exact = self.units.exact(quantity, to, rest_is_month)?;
        Ok(Part { year, exact, rest_days, share })
    }

    /// Rounds a fraction up to a whole unit, if the rules say so. Parts of a year are months and stay.
    pub fn round(&self, value: Rational, unit: TimeUnit) -> Rational {
        if self.round_up && unit != TimeUnit::Year { value.ceil() } else { value }
    }
}
