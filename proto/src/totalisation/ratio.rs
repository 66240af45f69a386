//! What a State divides: its own time over whatever the agreement puts below it.

use alloc::vec::Vec;

use super::count::Counted;
use super::explain::Explanation;
use super::filter::Purpose;
use super::period::{Period, StateCode, TimeUnit};
use super::plan::Plan;
use super::qualify::Outcome;
use super::rules::{Denominator, Mechanism, MechanismKind, RuleId, ShortPeriod};
use super::{Claim, Rational, TotalisationError};

/// A share, unreduced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Ratio {
    /// The own time.
    pub num: Rational,
    /// The time below it.
    pub den: Rational,
    /// The rule that says what stands below.
    pub rule: RuleId,
    /// What stands below.
    pub policy: Denominator,
}

impl Ratio {
    /// Returns the share of an amount, before rounding.
    ///
    /// # Errors
    /// [`TotalisationError::DividedByZero`], or [`TotalisationError::TooLarge`].
    pub fn of(&self, amount: Rational) -> Result<Rational, TotalisationError> {
        amount.times(self.num)?.over(self.den)
    }
}

impl Plan<'_> {
    /// Returns the own share for a claim that may be met; `None` where the rules do not divide, where the
    /// State is relieved, or where there is no time to divide by.
    pub(super) fn ratio(
        &self,
        claim: &Claim,
        state: StateCode,
        periods: &[Period],
        outcome: &Outcome,
    ) -> Result<Option<Ratio>, TotalisationError> {
        if outcome.relieved || !outcome.may_add || outcome.together == Some(false) {
            return Ok(None);
        }
        let Some((rule, does)) = self.share(state) else { return Ok(None) };
        let policy = does.policy.unwrap_or(Denominator::None);
        let own_suffices = match claim.right_alone {
            Some(stated) => stated && outcome.alone != Some(false),
            None => outcome.alone == Some(true),
        };
        // Where the same rule puts own time first, nothing was added that could be divided by.
        if own_suffices && self.own_before_share(rule) {
            return Ok(None);
        }
        let (own, total) = self.for_amount(claim, periods, outcome)?;
        let mut ratio = match policy {
            Denominator::None | Denominator::Home => return Ok(None),
            Denominator::Fixed => {
                let unit = does.unit.unwrap_or(claim.unit);
                let den = Rational::whole(does.value.unwrap_or_default().into());
                // Days and ages that only totalising minds do not matter to the rate.
                let own = self.alone_time(claim, periods, &outcome.counted)?;
                let num = own.times(self.units.factor(claim.unit, unit)?)?;
                let num = self.round(num, unit).min(den);
                Ratio { num, den, rule, policy }
            }
            Denominator::MinimumNeeded => {
                let needed = outcome.foreign_needed.unwrap_or(outcome.foreign);
                Ratio { num: own, den: own.plus(needed)?, rule, policy }
            }
            Denominator::CoverageLifetime => match claim.coverage_lifetime {
                Some(den) => Ratio { num: own.min(den), den, rule, policy },
                None => return Ok(None),
            },
            Denominator::Total | Denominator::TotalExcludingShort | Denominator::MaxPeriod => {
                Ratio { num: own, den: total, rule, policy: Denominator::Total }
            }
        };
        if ratio.policy == Denominator::Total {
            self.leave_short_out(claim, state, periods, outcome, &mut ratio)?;
            self.hold_to_maximum(claim, state, &mut ratio);
        }
        Ok(Some(ratio).filter(|ratio| !ratio.den.is_zero()))
    }

    /// Tells whether the rule on the ratio divides only where own time alone gives no right.
    fn own_before_share(&self, rule: RuleId) -> bool {
        self.rules.mechanisms().any(|(id, m)| id == rule && m.kind == MechanismKind::OwnFirst)
    }

    /// Returns the rule on the ratio of a State: one that is about it before one about all, and one that
    /// is the base before one that amends it.
    fn share(&self, state: StateCode) -> Option<(RuleId, &Mechanism)> {
        let find = |amending: bool, about: bool| {
            self.rules.mechanisms().find(|(_, m)| {
                let amends = matches!(
                    m.policy,
                    Some(Denominator::TotalExcludingShort | Denominator::MaxPeriod)
                );
                let fits =
                    if about { m.countries.contains(&state) } else { m.countries.is_empty() };
                m.kind == MechanismKind::Ratio && amends == amending && fits
            })
        };
        find(false, true)
            .or_else(|| find(false, false))
            .or_else(|| find(true, true))
            .or_else(|| find(true, false))
    }

    fn amends(&self, policy: Denominator, state: StateCode) -> Option<RuleId> {
        self.rules
            .mechanisms()
            .find(|(_, m)| {
                m.kind == MechanismKind::Ratio
                    && m.policy == Some(policy)
                    && (m.countries.is_empty() || m.countries.contains(&state))
            })
            .map(|(rule, _)| rule)
    }

    /// Returns own time and all time for the amount, where some time counts only for one of the two.
    fn for_amount(
        &self,
        claim: &Claim,
        periods: &[Period],
        outcome: &Outcome,
    ) -> Result<(Rational, Rational), TotalisationError> {
        if periods.iter().all(|p| p.counts_for_right == p.counts_for_amount) {
            return Ok((outcome.own, outcome.total));
        }
        let counted = self.count(claim, periods, Purpose::Amount, &mut Explanation::default())?;
        Ok((counted.own, counted.total))
    }

    /// Takes the time of States that are relieved as short out of the denominator.
    fn leave_short_out(
        &self,
        claim: &Claim,
        state: StateCode,
        periods: &[Period],
        outcome: &Outcome,
        ratio: &mut Ratio,
    ) -> Result<(), TotalisationError> {
        let Some(rule) = self.amends(Denominator::TotalExcludingShort, state) else {
            return Ok(());
        };
        let short: Vec<StateCode> = match &claim.relieved {
            Some(relieved) => relieved.clone(),
            None => self.relieved(claim.unit, periods, &outcome.counted)?,
        };
        let short: Vec<StateCode> = short.into_iter().filter(|short| *short != state).collect();
        if short.is_empty() {
            return Ok(());
        }
        let rest: Vec<Period> =
            periods.iter().filter(|p| !short.contains(&p.country)).cloned().collect();
        let counted = self.count(claim, &rest, Purpose::Amount, &mut Explanation::default())?;
        *ratio = Ratio {
            num: counted.own,
            den: counted.total,
            rule,
            policy: Denominator::TotalExcludingShort,
        };
        Ok(())
    }

    /// Returns the States whose time is short and gives no right that is known of.
    pub(super) fn relieved(
        &self,
        unit: TimeUnit,
        periods: &[Period],
        counted: &Counted,
    ) -> Result<Vec<StateCode>, TotalisationError> {
        let mut relieved = Vec::new();
        for state in counted.shares.keys() {
            let found = self.rules.mechanisms().find(|(_, m)| {
                m.kind == MechanismKind::ShortPeriod
                    && m.short == Some(ShortPeriod::Relieves)
                    && (m.countries.is_empty() || m.countries.contains(state))
            });
            let Some((_, does)) = found else { continue };
            let right = |p: &Period| p.country == *state && p.national_right == Some(true);
            if counted.before_rounding(*state, self, unit)? < self.one_year(does, unit)?
                && !periods.iter().any(right)
            {
                relieved.push(*state);
            }
        }
        Ok(relieved)
    }

    /// Puts the longest period that counts for a full benefit below, if the total is above it.
    fn hold_to_maximum(&self, claim: &Claim, state: StateCode, ratio: &mut Ratio) {
        if let Some((max, rule)) = claim.max_period.zip(self.amends(Denominator::MaxPeriod, state))
            && ratio.den > max
        {
            let num = ratio.num.min(max);
            *ratio = Ratio { num, den: max, rule, policy: Denominator::MaxPeriod };
        }
    }
}
