//! Canadian old age security: a right from years of residence, and a fortieth of the pension for each.

use crate::totalisation::{Rational, TotalisationError};

/// Years of residence that give a right in Canada, and abroad.
const REQUIRED: (i64, i64) = (10, 20);
/// Years of residence for the full pension.
const FULL: i64 = 40;

/// The right and the share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OldAgeSecurity {
    /// The years that are needed.
    pub required: Rational,
    /// Residence and foreign years together.
    pub total: Rational,
    /// Whether residence alone gives the right.
    pub alone: bool,
    /// Whether it is given with foreign years.
    pub together: bool,
    /// Years of residence that count for the amount, of forty.
    pub ratio: (Rational, Rational),
    /// The amount before rounding; 0 without a right.
    pub amount: Rational,
}

/// Computes the right and the amount. Foreign years help only with a year of residence at least, and never
/// raise the amount.
///
/// # Errors
/// [`TotalisationError::TooLarge`].
pub fn old_age_security(
    residence: Rational,
    foreign: Rational,
    abroad: bool,
    full_pension: Rational,
) -> Result<OldAgeSecurity, TotalisationError> {
    let required = Rational::whole(if abroad { REQUIRED.1 } else { REQUIRED.0 });
    let total = residence.plus(foreign)?;
    let alone = residence >= required;
    let together = alone || (residence >= Rational::ONE && total >= required);
    let full = Rational::whole(FULL);
    let years = residence.floor().min(full);
    let amount = full_pension.times(years)?.over(full)?;
    let amount = if together { amount } else { Rational::ZERO };
    Ok(OldAgeSecurity { required, total, alone, together, ratio: (years, full), amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(residence: i64, foreign: i64, abroad: bool) -> (bool, bool, Rational) {
        let whole = Rational::whole;
        let found = old_age_security(whole(residence), whole(foreign), abroad, whole(400)).unwrap();
        (found.alone, found.together, found.amount)
    }

    #[test]
    fn foreign_years_open_the_right_and_never_raise_the_amount() {
        assert_eq!(answer(9, 0, false), (false, false, Rational::ZERO));
        assert_eq!(answer(9, 30, false), (false, true, Rational::whole(90)));
        assert_eq!(answer(10, 0, false), (true, true, Rational::whole(100)));
        assert_eq!(answer(19, 1, true), (false, true, Rational::whole(190)));
        assert_eq!(answer(0, 40, false), (false, false, Rational::ZERO));
        assert_eq!(answer(45, 0, true), (true, true, Rational::whole(400)));
    }
}
