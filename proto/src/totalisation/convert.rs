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
                let value = self.round(measure.time(frame, to, &self.units)?);
                Ok(Converted { value, years: Vec::new() })
            }
            Some(Reported::Aggregate(quantity)) => {
                let (first, last) = period.frame.years();
                let years = i64::from(last) - i64::from(first) + 1;
                let value = self.convert_one(*quantity, to, years, rest_is_month)?;
                Ok(Converted { value, years: Vec::new() })
            }
            Some(Reported::ByYear(figures)) => {
                let mut years = Vec::with_capacity(figures.len());
                let mut value = Rational::ZERO;
                for (year, quantity) in figures {
                    let in_year = self.convert_one(*quantity, to, 1, rest_is_month)?;
                    value = value.plus(in_year)?;
                    years.push((*year, in_year));
                }
                Ok(Converted { value, years })
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
        if matches!(quantity, Quantity::Of(from, _) if from == to) {
            // Nothing is converted. Parts of a year stay; parts of anything smaller are a whole one.
            return Ok(if to == TimeUnit::Year { exact } else { self.round(exact) });
        }
        let full = self.units.year_of(to);
        let mut value = self.round(exact);
        if self.yearly_maximum {
            value = value.min(full.times(Rational::whole(years))?);
        }
        if self.full_year_kept && years == 1 {
            let from = unit_of(quantity);
            let certified = self.units.exact(quantity, from, rest_is_month)?;
            if certified >= self.units.year_of(from) {
                value = value.max(full);
            }
        }
        Ok(value)
    }

    /// Rounds a fraction up to a whole unit, if the rules say so.
    pub fn round(&self, value: Rational) -> Rational {
        if self.round_up { value.ceil() } else { value }
    }
}
