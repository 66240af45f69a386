//! A national cap on time without contributions: for the right it is held against contributions in all
//! States, for the amount against the own ones (Court of Justice, C-440/09 and C-866/19).

use alloc::vec::Vec;

use crate::totalisation::count::Counted;
use crate::totalisation::explain::Explanation;
use crate::totalisation::filter::Purpose;
use crate::totalisation::{Claim, Period, Plan, Rational, TotalisationError};

/// The capped time, for the right and for the amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Capped {
    /// Own time without contributions that counts for the right.
    pub for_right: Rational,
    /// All time for the right.
    pub total_for_right: Rational,
    /// Own time without contributions that counts for the amount.
    pub for_amount: Rational,
    /// Own time for the amount.
    pub own_for_amount: Rational,
    /// All time for the amount.
    pub total_for_amount: Rational,
}

/// Caps own time without contributions at a fraction of contributory time.
///
/// # Errors
/// [`TotalisationError`].
pub fn cap(
    plan: &Plan<'_>,
    claim: &Claim,
    periods: &[Period],
    fraction: Rational,
) -> Result<Capped, TotalisationError> {
    let split = |purpose: Purpose| {
        let counted = plan.count(claim, periods, purpose, &mut Explanation::default())?;
        sides(claim, periods, &counted)
    };
    let (own, own_without, foreign, foreign_without) = split(Purpose::Right)?;
    let for_right = own_without.min(fraction.times(own.plus(foreign)?)?);
    let total_for_right = own.plus(foreign)?.plus(foreign_without)?.plus(for_right)?;
    let (own, own_without, foreign, foreign_without) = split(Purpose::Amount)?;
    let for_amount = own_without.min(fraction.times(own)?);
    let own_for_amount = own.plus(for_amount)?;
    let total_for_amount = own_for_amount.plus(foreign)?.plus(foreign_without)?;
    Ok(Capped { for_right, total_for_right, for_amount, own_for_amount, total_for_amount })
}

/// Returns own time with and without contributions, and foreign time with and without.
fn sides(
    claim: &Claim,
    periods: &[Period],
    counted: &Counted,
) -> Result<(Rational, Rational, Rational, Rational), TotalisationError> {
    let sum = |own: bool, without: bool| {
        let of: Vec<Rational> = counted
            .periods
            .iter()
            .zip(periods)
            .filter(|(_, p)| {
                (claim.country == Some(p.country)) == own && p.is_equivalent() == without
            })
            .map(|(result, _)| result.counted)
            .collect();
        of.into_iter().try_fold(Rational::ZERO, Rational::plus)
    };
    Ok((sum(true, false)?, sum(true, true)?, sum(false, false)?, sum(false, true)?))
}
