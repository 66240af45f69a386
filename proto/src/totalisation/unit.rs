//! What units are worth in one another, and what a calendar year holds of each.

use super::period::{Quantity, TimeUnit};
use super::rules::{MechanismKind, PeriodRules};
use super::{Rational, TotalisationError};

/// Days of one basis that make a week, a month, a quarter, and at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct DayScheme {
    week: i64,
    month: i64,
    quarter: i64,
    year: i64,
}

/// The unit table of an agreement.
///
/// Quarters, months and weeks are the same in every table: 3 months are 13 weeks and one quarter, and a
/// year has 4 quarters. Days differ by the basis of the scheme.
#[derive(Clone, Copy, Debug)]
pub struct UnitTable {
    five: DayScheme,
    six: DayScheme,
    seven: DayScheme,
}

impl UnitTable {
    /// Reads the table from an agreement's rules.
    ///
    /// # Errors
    /// [`TotalisationError::NoRule`] if a day scheme is not there.
    pub fn of(rules: &PeriodRules) -> Result<Self, TotalisationError> {
        let scheme = |unit| {
            let found = rules
                .mechanisms()
                .find(|(_, m)| m.kind == MechanismKind::DayScheme && m.unit == Some(unit))
                .and_then(|(_, m)| Some((m.week?, m.month?, m.quarter?, m.year?)));
            let (week, month, quarter, year) =
                found.ok_or(TotalisationError::NoRule(MechanismKind::DayScheme))?;
            Ok(DayScheme {
                week: week.into(),
                month: month.into(),
                quarter: quarter.into(),
                year: year.into(),
            })
        };
        Ok(Self {
            five: scheme(TimeUnit::Day5)?,
            six: scheme(TimeUnit::Day6)?,
            seven: scheme(TimeUnit::Day7)?,
        })
    }

    fn scheme(&self, unit: TimeUnit) -> Option<&DayScheme> {
        match unit {
            TimeUnit::Day5 => Some(&self.five),
            TimeUnit::Day6 => Some(&self.six),
            TimeUnit::Day7 | TimeUnit::Day => Some(&self.seven),
            TimeUnit::Year
            | TimeUnit::Quarter
            | TimeUnit::Month
            | TimeUnit::Week
            | TimeUnit::ContributionWeek => None,
        }
    }

    /// Returns how much of `to` one of `from` is, before any rounding.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`] or [`TotalisationError::DividedByZero`], for a table of nonsense.
    pub fn factor(&self, from: TimeUnit, to: TimeUnit) -> Result<Rational, TotalisationError> {
        /// A unit in days of a scheme.
        fn in_days(unit: TimeUnit, scheme: &DayScheme) -> i64 {
            match unit {
                TimeUnit::Year => scheme.year,
                TimeUnit::Quarter => scheme.quarter,
                TimeUnit::Month => scheme.month,
                TimeUnit::Week | TimeUnit::ContributionWeek => scheme.week,
                TimeUnit::Day5 | TimeUnit::Day6 | TimeUnit::Day7 | TimeUnit::Day => 1,
            }
        }
        /// A unit without days, in thirteenths of a month.
        fn in_thirteenths(unit: TimeUnit) -> i64 {
            match unit {
                TimeUnit::Year => 156,
                TimeUnit::Quarter => 39,
                TimeUnit::Month => 13,
                _ => 3,
            }
        }
        if from == to {
            return Ok(Rational::ONE);
        }
        let (num, den) = match (self.scheme(from), self.scheme(to)) {
            // The table does not say how days of one basis become days of another: the months decide.
            (Some(from), Some(to)) => (to.month, from.month),
            (Some(scheme), None) => (1, in_days(to, scheme)),
            (None, Some(scheme)) => (in_days(from, scheme), 1),
            (None, None) => (in_thirteenths(from), in_thirteenths(to)),
        };
        Rational::new(num.into(), den.into())
    }

    /// Returns what a calendar year holds of a unit.
    pub fn year_of(&self, unit: TimeUnit) -> Rational {
        Rational::whole(match unit {
            TimeUnit::Year => 1,
            TimeUnit::Quarter => 4,
            TimeUnit::Month => 12,
            TimeUnit::Week | TimeUnit::ContributionWeek => 52,
            TimeUnit::Day5 => self.five.year,
            TimeUnit::Day6 => self.six.year,
            TimeUnit::Day7 | TimeUnit::Day => self.seven.year,
        })
    }

    /// Returns a quantity in a unit, before any rounding. Days beyond years and months are days of a
    /// seven-day scheme; if `rest_is_month`, every thirty of them are a month, and what is left is one more.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn exact(
        &self,
        quantity: Quantity,
        to: TimeUnit,
        rest_is_month: bool,
    ) -> Result<Rational, TotalisationError> {
        let part = |value: Rational, from| value.times(self.factor(from, to)?);
        match quantity {
            Quantity::Of(from, value) => part(value, from),
            Quantity::Ymd { years, months, days } => {
                let rest = if rest_is_month {
                    part(Rational::whole(days.div_ceil(30).into()), TimeUnit::Month)?
                } else {
                    part(Rational::whole(days.into()), TimeUnit::Day7)?
                };
                part(Rational::whole(years.into()), TimeUnit::Year)?
                    .plus(part(Rational::whole(months.into()), TimeUnit::Month)?)?
                    .plus(rest)
            }
        }
    }
}

/// Returns the unit of a quantity: years, for years, months and days together.
pub const fn unit_of(quantity: Quantity) -> TimeUnit {
    match quantity {
        Quantity::Of(unit, _) => unit,
        Quantity::Ymd { .. } => TimeUnit::Year,
    }
}
