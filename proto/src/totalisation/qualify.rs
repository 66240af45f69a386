//! Whether a right opens: from own time alone, and with foreign time so far as an agreement adds it.

use alloc::vec::Vec;

use super::count::Counted;
use super::explain::{
    Explanation, Missing, MissingKind, NotCounted, NotCountedReason, Step, StepKind, Warning,
    WarningKind,
};
use super::filter::Purpose;
use super::period::{Frame, Period, PeriodKind, StateCode, TimeUnit};
use super::plan::Plan;
use super::ratio::Ratio;
use super::rules::{Denominator, Mechanism, MechanismKind, RuleId, ShortPeriod};
use super::time::Measure;
use super::{Claim, Rational, TotalisationError};

/// The answer to one claim, from the periods shown.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Outcome {
    /// The unit of every time here.
    pub unit: TimeUnit,
    /// What became of the periods.
    pub counted: Counted,
    /// The own time, as far as it counts towards the right.
    pub own: Rational,
    /// The foreign time that counts.
    pub foreign: Rational,
    /// Both.
    pub total: Rational,
    /// The time that the right needs, if that is known.
    pub needed: Option<Rational>,
    /// The foreign time that the right needs, if there is enough of it.
    pub foreign_needed: Option<Rational>,
    /// Whether own time alone opens the right.
    pub alone: Option<bool>,
    /// Whether own and foreign time together open it.
    pub together: Option<bool>,
    /// The rule that keeps foreign time from being added.
    pub reason: Option<RuleId>,
    /// Whether the agreement binds the State that is asked.
    pub bound: bool,
    /// Whether foreign time may be added at all.
    pub may_add: bool,
    /// Whether the State is relieved because the own time is short.
    pub relieved: bool,
    /// Whether the State may refuse because the own time is short.
    pub may_refuse: bool,
    /// What would be reached if an agreement added the periods; only where none does.
    pub hypothetical: Option<Rational>,
    /// The own share, where the rules divide.
    pub ratio: Option<Ratio>,
    /// How it came about.
    pub explanation: Explanation,
}

impl Plan<'_> {
    /// Answers a claim in a State from the periods shown.
    ///
    /// # Errors
    /// [`TotalisationError`].
    pub fn totalise(
        &self,
        claim: &Claim,
        periods: &[Period],
    ) -> Result<Outcome, TotalisationError> {
        let Some(state) = claim.country else { return Err(TotalisationError::NoClaimState) };
        let mut explanation = Explanation::default();
        let bound = self.rules.is_party(state) && self.rules.is_about(claim.branch);
        if bound && self.has(MechanismKind::HomeTime) {
            return self.home_time(claim, state, periods);
        }
        let mut counted = self.count(claim, periods, Purpose::Right, &mut explanation)?;
        let coverage = self.counts_coverage(claim);
        if coverage {
            self.cover(claim, periods, &mut counted, &mut explanation)?;
        }
        let in_force = self.in_force(claim);
        let together_time = counted.own.plus(counted.foreign)?;
        let own_only = self.own_only(claim, periods, &counted)?;
        if let Some(own) = &own_only
            && (!bound || !in_force || self.adds(state).is_err())
        {
            // Where nothing is added, nobody's time gives way to another State's.
            counted.own = own.own;
        }
        let needed = self.needed(claim, state)?;
        let alone_time = match &own_only {
            Some(own) if !self.binds_own(claim) => own.own,
            _ => self.alone_time(claim, periods, &counted)?,
        };
        let unit = claim.unit;
        let mut out = Notes { explanation, unit };
        out.step(StepKind::Own, None, counted.own, counted.own);
        let alone = needed.map(|needed| alone_time >= needed);
        if let Some(needed) = needed {
            out.step(StepKind::Alone, self.rule(MechanismKind::OwnFirst), alone_time, needed);
        }
        let mut refusal = match self.adds(state) {
            _ if !bound => Some((None, NotCountedReason::NoAgreement)),
            Ok(_) if !in_force => Some((None, NotCountedReason::NoAgreement)),
            Ok(_) => None,
            Err(rule) => {
                if self.has(MechanismKind::Totalise) {
                    out.explanation.warn(WarningKind::OneSided, None, rule);
                }
                Some((rule, NotCountedReason::NoTotalisation))
            }
        };
        if !bound {
            out.explanation.warn(WarningKind::NotBound, None, None);
        }
        if !in_force {
            out.explanation.warn(WarningKind::NotInForce, None, None);
        }
        if refusal.is_none() {
            let short = self.below_minimum(claim, state, periods, &counted, &mut out)?;
            refusal = short.map(|rule| (rule, NotCountedReason::NotOwed));
        }
        if refusal.is_none() && !coverage {
            self.drop_thirds(claim, periods, needed, &mut counted, &mut out)?;
        }
        let added = if refusal.is_none() { counted.foreign } else { Rational::ZERO };
        let total = counted.own.plus(added)?;
        out.step(StepKind::Foreign, self.rule(MechanismKind::Totalise), counted.foreign, added);
        let mut together = needed.map(|needed| alone == Some(true) || total >= needed);
        let mut hypothetical = None;
        if let Some((rule, reason)) = refusal
            && !counted.foreign.is_zero()
        {
            let time = counted.foreign;
            out.explanation.not_counted.push(NotCounted { period: None, reason, rule, time });
            hypothetical = Some(together_time.max(counted.own));
            let (kind, time) = (WarningKind::Hypothetical, hypothetical);
            out.explanation.warnings.push(Warning { kind, period: None, other: None, rule, time });
            together = alone.or(together);
        }
        if let Some(needed) = needed {
            out.step(StepKind::Together, self.rule(MechanismKind::Totalise), total, needed);
            if together == Some(false) {
                let time = Some(needed.less(total)?);
                let kind = MissingKind::Time;
                out.explanation.missing.push(Missing { kind, state, period: None, time });
            }
        }
        let foreign_needed = needed
            .filter(|_| together == Some(true))
            .map(|needed| match alone {
                Some(true) => Ok(Rational::ZERO),
                _ => needed.less(counted.own),
            })
            .transpose()?;
        let short = match bound {
            true => {
                let completed = own_only.as_ref().unwrap_or(&counted);
                self.short(claim, state, periods, completed, alone, &mut out)?
            }
            false => None,
        };
        let mut outcome = Outcome {
            unit,
            own: counted.own,
            foreign: added,
            total,
            needed,
            foreign_needed,
            alone,
            together,
            reason: refusal.and_then(|(rule, _)| rule),
            bound,
            may_add: refusal.is_none(),
            relieved: short == Some(ShortPeriod::Relieves),
            may_refuse: short == Some(ShortPeriod::MayRefuse),
            hypothetical,
            ratio: None,
            counted,
            explanation: out.explanation,
        };
        self.beware(periods, state, &mut outcome);
        if claim.birth.is_none() && self.binds_age(claim, state) && !outcome.own.is_zero() {
            let (kind, period, time) = (MissingKind::BirthDate, None, None);
            outcome.explanation.missing.push(Missing { kind, state, period, time });
        }
        outcome.ratio = self.ratio(claim, state, periods, &outcome)?;
        if let Some(ratio) = outcome.ratio {
            self.unknown_rights(claim, state, periods, ratio, &mut outcome)?;
            let kind = StepKind::Ratio;
            let (period, other) = (None, None);
            let (rule, input, result) = (Some(ratio.rule), ratio.num, ratio.den);
            outcome.explanation.steps.push(Step { kind, rule, period, other, input, result, unit });
        }
        Ok(outcome)
    }

    /// Returns the time that the right needs: as the claim says, else as the rules say.
    pub(super) fn needed(
        &self,
        claim: &Claim,
        state: StateCode,
    ) -> Result<Option<Rational>, TotalisationError> {
        if claim.qualifying.is_some() {
            return Ok(claim.qualifying);
        }
        let found = self.rules.about(MechanismKind::Qualifying, state);
        found.map(|(_, does)| self.threshold(does, claim.unit)).transpose()
    }

    /// Returns the number of a mechanism in a unit.
    pub(super) fn threshold(
        &self,
        does: &Mechanism,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        let value = Rational::whole(does.value.unwrap_or_default().into());
        value.times(self.units.factor(does.unit.unwrap_or(unit), unit)?)
    }

    /// Tells whether own time is totalised only before an age.
    fn binds_age(&self, claim: &Claim, state: StateCode) -> bool {
        claim.own_before_age.is_some() || self.names(MechanismKind::OwnBeforeAge, state)
    }

    /// Tells whether the agreement was in force on the day of the claim.
    pub(super) fn in_force(&self, claim: &Claim) -> bool {
        claim.on.is_none_or(|on| {
            self.rules.from.is_none_or(|from| from <= on)
                && self.rules.until.is_none_or(|until| on <= until)
        })
    }

    /// Holds the own time against what must be there before foreign time is added. Returns the rule that
    /// it fails; the rule is unknown where only the claim states the minimum.
    fn below_minimum(
        &self,
        claim: &Claim,
        state: StateCode,
        periods: &[Period],
        counted: &Counted,
        out: &mut Notes,
    ) -> Result<Option<Option<RuleId>>, TotalisationError> {
        let no_duty = self.rules.mechanisms().find(|(_, m)| {
            m.kind == MechanismKind::ShortPeriod
                && m.short == Some(ShortPeriod::NoDuty)
                && (m.countries.is_empty() || m.countries.contains(&state))
        });
        let minimum = self.rules.about(MechanismKind::OwnMinimum, state).or(no_duty);
        let continuous = self.rules.about(MechanismKind::OwnContinuous, state);
        // Whether time is short is decided by what was certified; a minimum is of time that counts.
        let is_short = minimum.is_some_and(|(_, m)| m.kind == MechanismKind::ShortPeriod);
        let own = match claim.own_time {
            Some(stated) => stated,
            None if is_short => counted.before_rounding(state, self, claim.unit)?,
            None => counted.own,
        };
        for (found, stated, has) in [
            (minimum, claim.own_minimum, own),
            (continuous, claim.own_continuous, self.longest(claim, periods, counted)?),
        ] {
            let wanted = match (stated, found) {
                (Some(stated), _) => stated,
                (None, Some((_, does))) => self.threshold(does, claim.unit)?,
                (None, None) => continue,
            };
            let rule = found.map(|(rule, _)| rule);
            out.step(StepKind::OwnMinimum, rule, has, wanted);
            if has < wanted {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// Returns the longest own time without a gap.
    fn longest(
        &self,
        claim: &Claim,
        periods: &[Period],
        counted: &Counted,
    ) -> Result<Rational, TotalisationError> {
        if let Some(longest) = claim.own_longest {
            return Ok(longest);
        }
        let own =
            |index: usize| periods.get(index).is_some_and(|p| claim.country == Some(p.country));
        let of_own = counted.periods.iter().filter(|result| own(result.index));
        let mut frames: Vec<(Frame, Rational)> = of_own
            .flat_map(|result| result.frames.iter().map(|frame| (*frame, result.counted)))
            .collect();
        frames.sort_unstable();
        let measure = Measure::of(claim.unit);
        let mut longest = Rational::ZERO;
        let mut run: Option<(Frame, Rational)> = None;
        for (frame, figure) in frames {
            let (frame, figure) = match run {
                Some((run, figures)) if frame.start.0 <= run.end.0 + 1 => {
                    let joined = Frame { start: run.start, end: run.end.max(frame.end) };
                    (joined, figures.plus(figure)?)
                }
                _ => (frame, figure),
            };
            // The dates are only a frame: no more time is without a gap than was certified in it.
            let held = measure.to_unit(measure.ticks(frame), claim.unit, &self.units)?;
            longest = longest.max(held.min(figure));
            run = Some((frame, figure));
        }
        Ok(longest)
    }

    /// Leaves the time of third States out, if the right opens without it or no rule adds it.
    fn drop_thirds(
        &self,
        claim: &Claim,
        periods: &[Period],
        needed: Option<Rational>,
        counted: &mut Counted,
        out: &mut Notes,
    ) -> Result<(), TotalisationError> {
        let third =
            |p: &Period| claim.country != Some(p.country) && !self.rules.is_party(p.country);
        if claim.thirds.is_empty() || !periods.iter().any(third) {
            return Ok(());
        }
        let without = Claim { thirds: Vec::new(), ..claim.clone() };
        let mut explanation = Explanation::default();
        let fewer = self.count(&without, periods, Purpose::Right, &mut explanation)?;
        let found = claim.country.and_then(|c| self.rules.about(MechanismKind::ThirdState, c));
        if found.is_none() || needed.is_some_and(|needed| fewer.total >= needed) {
            *counted = fewer;
            out.explanation = explanation;
        } else if let Some((rule, _)) = found {
            out.step(StepKind::ThirdState, Some(rule), fewer.total, counted.total);
        }
        Ok(())
    }

    /// Holds the own time against the threshold of a short period.
    fn short(
        &self,
        claim: &Claim,
        state: StateCode,
        periods: &[Period],
        counted: &Counted,
        alone: Option<bool>,
        out: &mut Notes,
    ) -> Result<Option<ShortPeriod>, TotalisationError> {
        let found = self.rules.mechanisms().find(|(_, m)| {
            m.kind == MechanismKind::ShortPeriod
                && m.short != Some(ShortPeriod::NoDuty)
                && (m.countries.is_empty() || m.countries.contains(&state))
        });
        let Some((rule, does)) = found else { return Ok(None) };
        let threshold = match claim.short_threshold {
            Some(stated) => stated,
            None => self.one_year(does, claim.unit)?,
        };
        let own = counted.before_rounding(state, self, claim.unit)?;
        out.step(StepKind::Short, Some(rule), own, threshold);
        if own == threshold {
            out.explanation.warn(WarningKind::ExactlyOneYear, None, Some(rule));
        }
        if own >= threshold {
            return Ok(None);
        }
        let of_state = periods.iter().enumerate().filter(|(_, p)| p.country == state);
        let certified = of_state.clone().any(|(_, p)| p.national_right == Some(true));
        let right = claim.right_alone.unwrap_or(certified || alone == Some(true));
        if does.short == Some(ShortPeriod::Relieves) {
            if right {
                out.explanation.warn(WarningKind::ShortWithRight, None, Some(rule));
                return Ok(None);
            }
            if claim.right_alone.is_none() {
                let unknown = of_state.filter(|(_, p)| p.national_right.is_none());
                let kind = MissingKind::NationalRight;
                let missing =
                    unknown.map(|(i, _)| Missing { kind, state, period: Some(i), time: None });
                out.explanation.missing.extend(missing);
            }
        }
        Ok(does.short)
    }

    /// Names the short periods of other States that a ratio leaves out without knowing whether they alone
    /// give a right.
    fn unknown_rights(
        &self,
        claim: &Claim,
        own: StateCode,
        periods: &[Period],
        ratio: Ratio,
        outcome: &mut Outcome,
    ) -> Result<(), TotalisationError> {
        if ratio.policy != Denominator::TotalExcludingShort || claim.relieved.is_some() {
            return Ok(());
        }
        let short = self.relieved(claim.unit, periods, &outcome.counted)?;
        for (index, period) in periods.iter().enumerate() {
            let state = period.country;
            if state != own && short.contains(&state) && period.national_right.is_none() {
                let (kind, period, time) = (MissingKind::NationalRight, Some(index), None);
                outcome.explanation.missing.push(Missing { kind, state, period, time });
            }
        }
        Ok(())
    }

    /// Returns the threshold of a short period; where it is a year, what a year is in this unit.
    pub(super) fn one_year(
        &self,
        does: &Mechanism,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        if (does.value, does.unit) == (Some(1), Some(TimeUnit::Year)) {
            return Ok(self.units.year_of(unit));
        }
        self.threshold(does, unit)
    }

    /// Adds the warnings that every answer needs, and who can make it surer.
    fn beware(&self, periods: &[Period], state: StateCode, outcome: &mut Outcome) {
        let explanation = &mut outcome.explanation;
        let abroad = periods.iter().any(|p| p.country != state);
        if abroad {
            explanation.warn(WarningKind::HiddenRaisesShare, None, None);
            explanation.warn(WarningKind::OtherAges, None, None);
        }
        let left_out = |why| explanation.not_counted.iter().any(|not| not.reason == why);
        if left_out(NotCountedReason::OtherPartner) || left_out(NotCountedReason::NoAgreement) {
            let rule = self.rule(MechanismKind::OnePartner);
            explanation.warn(WarningKind::NotChained, None, rule);
        }
        let residence = explanation.not_counted.iter().find(|not| {
            let kind = not.period.and_then(|index| periods.get(index)).map(|p| p.kind);
            not.reason == NotCountedReason::Kind && kind == Some(PeriodKind::Residence)
        });
        if let Some((period, rule)) = residence.map(|not| (not.period, not.rule)) {
            explanation.warn(WarningKind::ResidenceNotCounted, period, rule);
        }
        for (index, period) in periods.iter().enumerate() {
            let by_year =
                matches!(&period.reported, Some(super::Reported::ByYear(years)) if years.len() > 1);
            let converts =
                outcome.counted.periods.get(index).is_some_and(|r| r.converted.years.len() > 1);
            let other_unit = matches!(&period.reported, Some(super::Reported::ByYear(years))
                if years.iter().any(|(_, q)| super::unit::unit_of(*q) != outcome.unit));
            if by_year && converts && other_unit {
                let rule = self.rule(MechanismKind::RoundUp);
                explanation.warn(WarningKind::RoundedByYear, Some(index), rule);
            }
            let complete = period.complete_up_to.is_some_and(|day| day >= period.frame.end);
            let mut missing = |kind| {
                let (state, period) = (period.country, Some(index));
                explanation.missing.push(Missing { kind, state, period, time: None });
            };
            if !complete {
                missing(MissingKind::Completeness);
            }
            if period.dates_uncertain {
                missing(MissingKind::ExactDays);
            }
        }
    }
}

/// Collects steps that are about no single period.
pub(super) struct Notes {
    pub explanation: Explanation,
    pub unit: TimeUnit,
}

impl Notes {
    pub fn step(
        &mut self,
        kind: StepKind,
        rule: Option<RuleId>,
        input: Rational,
        result: Rational,
    ) {
        let unit = self.unit;
        self.explanation.steps.push(Step {
            kind,
            rule,
            period: None,
            other: None,
            input,
            result,
            unit,
        });
    }
}
