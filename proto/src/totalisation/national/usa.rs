//! The American relative earnings position.

use alloc::vec::Vec;

use crate::totalisation::{Rational, TotalisationError};

/// Decimals to which percentages are rounded.
const DECIMALS: u32 = 5;

/// One year of covered earnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earnings {
    /// Quarters of coverage.
    pub quarters: Rational,
    /// Covered earnings.
    pub earnings: Rational,
    /// The national average wage.
    pub average: Rational,
}

/// The position, in percent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RelativeEarnings {
    /// The percentage of each year, rounded.
    pub percentages: Vec<Rational>,
    /// Their sum.
    pub sum: Rational,
    /// All quarters of coverage.
    pub quarters: Rational,
    /// The sum over the quarters, four of which are a year, rounded.
    pub position: Rational,
}

/// Computes the position (20 CFR 404.1918).
///
/// # Errors
/// [`TotalisationError::DividedByZero`] for no quarters or no average wage, or
/// [`TotalisationError::TooLarge`].
pub fn relative_earnings(years: &[Earnings]) -> Result<RelativeEarnings, TotalisationError> {
    let (mut sum, mut quarters) = (Rational::ZERO, Rational::ZERO);
    let mut percentages = Vec::with_capacity(years.len());
    for year in years {
        let percentage = year.earnings.times(Rational::whole(100))?.over(year.average)?;
        let percentage = percentage.round_half_up(DECIMALS)?;
        sum = sum.plus(percentage)?;
        quarters = quarters.plus(year.quarters)?;
        percentages.push(percentage);
    }
    let position = sum.times(Rational::whole(4))?.over(quarters)?.round_half_up(DECIMALS)?;
    Ok(RelativeEarnings { percentages, sum, quarters, position })
}
