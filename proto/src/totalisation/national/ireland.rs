//! The Irish contributory pension: a band by yearly average, against a share of the rate that all
//! contributions together would give.

use crate::totalisation::{Rational, TotalisationError};

/// Below this yearly average there is no right, however it would be rounded.
const LEAST_AVERAGE: i64 = 10;

/// A rate from a yearly average on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// The lowest average.
    pub min: Rational,
    /// The rate.
    pub rate: Rational,
}

/// Both ways, and the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct IrishPension {
    /// The own yearly average, rounded.
    pub own_average: Rational,
    /// The rate of it, if there is a right.
    pub own_rate: Option<Rational>,
    /// The yearly average of all contributions, rounded.
    pub notional_average: Rational,
    /// The rate of it, if there is a right.
    pub notional_rate: Option<Rational>,
    /// Own contributions over all.
    pub ratio: (Rational, Rational),
    /// The share of the notional rate, before rounding.
    pub pro_rata: Option<Rational>,
    /// The higher of the two, before rounding; 0 without a right.
    pub payable: Rational,
    /// Whether it is the own rate.
    pub own_chosen: Option<bool>,
}

/// Computes the pension both ways.
///
/// # Errors
/// [`TotalisationError::DividedByZero`] for no years or no contributions, or
/// [`TotalisationError::TooLarge`].
pub fn yearly_average(
    own: Rational,
    foreign: Rational,
    years: Rational,
    bands: &[Band],
) -> Result<IrishPension, TotalisationError> {
    let all = own.plus(foreign)?;
    let rate = |contributions: Rational| {
        let average = contributions.over(years)?;
        let rounded = average.round_half_up(0)?;
        let fits = bands.iter().filter(|band| band.min <= rounded).max_by_key(|band| band.min);
        let right = average >= Rational::whole(LEAST_AVERAGE);
        Ok::<_, TotalisationError>((rounded, fits.filter(|_| right).map(|band| band.rate)))
    };
    let (own_average, own_rate) = rate(own)?;
    let (notional_average, notional_rate) = rate(all)?;
    let share = |rate: Rational| rate.times(own)?.over(all);
    let pro_rata = notional_rate.map(share).transpose()?;
    let own_chosen = match (own_rate, pro_rata) {
        (None, None) => None,
        (own, share) => Some(own >= share),
    };
    let payable = own_rate.max(pro_rata).unwrap_or(Rational::ZERO);
    Ok(IrishPension {
        own_average,
        own_rate,
        notional_average,
        notional_rate,
        ratio: (own, all),
        pro_rata,
        payable,
        own_chosen,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_average_just_below_ten_gives_no_right_though_it_rounds_to_ten() {
        let whole = Rational::whole;
        let bands =
            [Band { min: whole(10), rate: whole(100) }, Band { min: whole(20), rate: whole(200) }];
        let found = yearly_average(whole(99), whole(0), whole(10), &bands).unwrap();
        assert_eq!((found.own_average, found.own_rate, found.payable), (whole(10), None, whole(0)));
        let found = yearly_average(whole(99), whole(101), whole(10), &bands).unwrap();
        assert_eq!((found.own_rate, found.pro_rata), (None, Some(whole(99))));
        assert_eq!(found.own_chosen, Some(false));
        assert!(yearly_average(whole(1), whole(1), whole(0), &bands).is_err());
    }
}
