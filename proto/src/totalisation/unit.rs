//! What units are worth in one another, and what a calendar year holds of each.

use super::period::{Quantity, Unit};
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
        Ok(Self { five: scheme(Unit::Day5)?, six: scheme(Unit::Day6)?, seven: scheme(Unit::Day7)? })
    }

    fn scheme(&self, unit: Unit) -> Option<&DayScheme> {
        match unit {
            Unit::Day5 => Some(&self.five),
            Unit::Day6 => Some(&self.six),
            Unit::Day7 | Unit::Day => Some(&self.seven),
            Unit::Year | Unit::Quarter | Unit::Month | Unit::Week | Unit::ContributionWeek => None,
        }
    }

    /// Returns how much of `to` one of `from` is, before any rounding.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`] or [`TotalisationError::DividedByZero`], for a table of nonsense.
    pub fn factor(&self, from: Unit, to: Unit) -> Result<Rational, TotalisationError> {
        /// A unit in days of a scheme.
        fn in_days(unit: Unit, scheme: &DayScheme) -> i64 {
            match unit {
                Unit::Year => scheme.year,
                Unit::Quarter => scheme.quarter,
                Unit::Month => scheme.month,
                Unit::Week | Unit::ContributionWeek => scheme.week,
                Unit::Day5 | Unit::Day6 | Unit::Day7 | Unit::Day => 1,
            }
        }
        /// A unit without days, in thirteenths of a month.
        fn in_thirteenths(unit: Unit) -> i64 {
            match unit {
                Unit::Year => 156,
                Unit::Quarter => 39,
                Unit::Month => 13,
                _ => 3,
            }
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
    pub fn year_of(&self, unit: Unit) -> Rational {
        Rational::whole(match unit {
            Unit::Year => 1,
            Unit::Quarter => 4,
            Unit::Month => 12,
            Unit::Week | Unit::ContributionWeek => 52,
            Unit::Day5 => self.five.year,
            Unit::Day6 => self.six.year,
            Unit::Day7 | Unit::Day => self.seven.year,
        })
    }

    /// Returns a quantity in a unit, before any rounding. Days beyond years and months are days of a
    /// seven-day scheme, or together one month if `rest_is_month`.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn exact(
        &self,
        quantity: Quantity,
        to: Unit,
        rest_is_month: bool,
    ) -> Result<Rational, TotalisationError> {
        let part = |value: Rational, from| value.times(self.factor(from, to)?);
        match quantity {
            Quantity::Of(from, value) => part(value, from),
            Quantity::Ymd { years, months, days } => {
                let rest = if rest_is_month {
                    part(Rational::whole(i64::from(days > 0)), Unit::Month)?
                } else {
                    part(Rational::whole(days.into()), Unit::Day7)?
                };
                part(Rational::whole(years.into()), Unit::Year)?
                    .plus(part(Rational::whole(months.into()), Unit::Month)?)?
                    .plus(rest)
            }
        }
    }
}

/// Returns the unit of a quantity: years, for years, months and days together.
pub const fn unit_of(quantity: Quantity) -> Unit {
    match quantity {
        Quantity::Of(unit, _) => unit,
        Quantity::Ymd { .. } => Unit::Year,
    }
}
