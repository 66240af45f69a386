//! Time under a home scheme: it is own time wherever it was worked, and nothing is added or divided.

use alloc::vec::Vec;

use super::explain::{Explanation, NotCountedReason, StepKind, WarningKind};
use super::filter::Purpose;
use super::period::{Period, StateCode};
use super::plan::Plan;
use super::qualify::{Notes, Outcome};
use super::rules::{AgreementFamily, MechanismKind};
use super::{Claim, Rational, TotalisationError};

impl Plan<'_> {
    /// Counts time under a home scheme: it is own time wherever it was worked.
    pub(super) fn home_time(
        &self,
        claim: &Claim,
        home: StateCode,
        periods: &[Period],
    ) -> Result<Outcome, TotalisationError> {
        let rule = self.rule(MechanismKind::HomeTime);
        // A scheme that only goes by the same words may be any State's: its name must say the State.
        let extends = self.in_force(claim);
        let at_home = |p: &Period| {
            let names =
                p.scheme.strip_prefix(home.code()).is_some_and(|rest| rest.starts_with('-'));
            let insured = p.country == home || names;
            let place = p.work_country.unwrap_or(p.country);
            insured && (place == home || extends && self.rules.is_party(place))
        };
        let insured: Vec<Period> = periods
            .iter()
            .map(|period| match at_home(period) {
                true => Period { country: home, ..period.clone() },
                false => Period { counts_for_right: false, ..period.clone() },
            })
            .collect();
        let mut out = Notes { explanation: Explanation::default(), unit: claim.unit };
        let counted = self.count(claim, &insured, Purpose::Right, &mut out.explanation)?;
        for not in &mut out.explanation.not_counted {
            if not.period.and_then(|index| periods.get(index)).is_some_and(|p| !at_home(p)) {
                (not.reason, not.rule) = (NotCountedReason::OutsideHome, rule);
            }
        }
        if !extends {
            out.explanation.warn(WarningKind::NotInForce, None, rule);
        }
        let needed = self.needed(claim, home)?;
        let alone = needed.map(|needed| counted.own >= needed);
        out.step(StepKind::Own, rule, counted.own, counted.own);
        if let Some(needed) = needed {
            out.step(StepKind::Alone, rule, counted.own, needed);
        }
        Ok(Outcome {
            unit: claim.unit,
            own: counted.own,
            foreign: Rational::ZERO,
            total: counted.own,
            needed,
            foreign_needed: None,
            alone,
            together: alone,
            reason: None,
            bound: true,
            may_add: false,
            relieved: false,
            may_refuse: false,
            hypothetical: None,
            ratio: None,
            counted,
            explanation: out.explanation,
        })
    }

    /// Tells whether the rules only extend a home scheme.
    pub fn is_home_scheme(&self) -> bool {
        self.rules.family == AgreementFamily::HomeScheme || self.has(MechanismKind::HomeTime)
    }
}
