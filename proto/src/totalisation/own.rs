//! Own time as national law alone looks at it, without other States.

use alloc::vec::Vec;

use super::count::Counted;
use super::explain::Explanation;
use super::filter::{OwnBounds, Purpose};
use super::period::Period;
use super::plan::Plan;
use super::rules::MechanismKind;
use super::{Claim, Rational, TotalisationError};

impl Plan<'_> {
    /// Returns the own time that national law looks at: days and ages that only totalising minds do not
    /// matter to it.
    pub(super) fn alone_time(
        &self,
        claim: &Claim,
        periods: &[Period],
        counted: &Counted,
    ) -> Result<Rational, TotalisationError> {
        if !self.binds_own(claim) {
            let own_only = self.own_only(claim, periods, counted)?;
            return Ok(own_only.map_or(counted.own, |own| own.own));
        }
        let own: Vec<Period> =
            periods.iter().filter(|p| claim.country == Some(p.country)).cloned().collect();
        let mut ignored = Explanation::default();
        Ok(self.count_within(claim, &own, Purpose::Right, OwnBounds::Open, &mut ignored)?.own)
    }

    /// Tells whether own time is totalised only within some days or ages.
    pub(super) fn binds_own(&self, claim: &Claim) -> bool {
        self.has(MechanismKind::OwnAfter)
            || self.has(MechanismKind::OwnBeforeAge)
            || claim.own_after.is_some()
            || claim.own_before_age.is_some()
    }

    /// Counts the own time as if there were no other State, if some of it gave way.
    pub(super) fn own_only(
        &self,
        claim: &Claim,
        periods: &[Period],
        counted: &Counted,
    ) -> Result<Option<Counted>, TotalisationError> {
        let is_own = |p: &Period| claim.country == Some(p.country);
        let gave_way = counted.periods.iter().zip(periods).any(|(result, period)| {
            is_own(period) && (!result.displaced.is_zero() || !result.given_way.is_empty())
        });
        if !gave_way {
            return Ok(None);
        }
        let own: Vec<Period> = periods.iter().filter(|p| is_own(p)).cloned().collect();
        let mut ignored = Explanation::default();
        self.count(claim, &own, Purpose::Right, &mut ignored).map(Some)
    }
}
