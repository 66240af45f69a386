//! Foreign time for a State that counts in quarters of coverage: what the agreement credits, placed in
//! calendar quarters, takes the place of what converting the figures would give.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::count::Counted;
use super::explain::{Explanation, NotCounted, NotCountedReason, Step, StepKind};
use super::period::{Frame, Period, StateCode, TimeUnit};
use super::plan::Plan;
use super::quarters::{Placement, Quarter};
use super::rules::MechanismKind;
use super::time::within_year;
use super::{Claim, Rational, TotalisationError};

impl Plan<'_> {
    /// Tells whether a claim is counted in quarters that the rules credit for the time of partners.
    pub(super) fn counts_coverage(&self, claim: &Claim) -> bool {
        let own = |state| !self.names(MechanismKind::Quarters, state);
        claim.unit == TimeUnit::Quarter
            && self.has(MechanismKind::Quarters)
            && claim.country.is_some_and(own)
    }

    /// Puts the quarters that the rules credit in the place of converted foreign time.
    ///
    /// Own quarters lie from the first day of their period or year on; later ones are moved within their
    /// year where the rules allow it.
    pub(super) fn cover(
        &self,
        claim: &Claim,
        periods: &[Period],
        counted: &mut Counted,
        explanation: &mut Explanation,
    ) -> Result<(), TotalisationError> {
        let Some(state) = claim.country else { return Err(TotalisationError::NoClaimState) };
        let own = own_quarters(state, periods, counted);
        let how = Placement { backward: false, move_own: true };
        let credited = self.credit_for(claim, periods, &own, how)?;
        let foreign = |index: usize| periods.get(index).is_some_and(|p| p.country != state);
        forget_conversion(explanation, foreign);

        let out: BTreeSet<usize> =
            credited.explanation.not_counted.iter().filter_map(|not| not.period).collect();
        let mut placed: BTreeMap<usize, i64> = BTreeMap::new();
        let mut open = credited.foreign.clone();
        for whole_years in [false, true] {
            for (index, period) in periods.iter().enumerate() {
                if !foreign(index) || out.contains(&index) {
                    continue;
                }
                let quarters = match whole_years {
                    true => Quarter::of_years(period.frame),
                    false => Quarter::touched(period.frame),
                };
                let taken = quarters.filter(|quarter| open.remove(quarter)).count();
                *placed.entry(index).or_default() += i64::try_from(taken).unwrap_or(i64::MAX);
            }
        }
        let worth = |index: usize| credited.worth.iter().find(|one| one.period == Some(index));
        for result in counted.periods.iter_mut().filter(|result| foreign(result.index)) {
            let Some(placed) = placed.get(&result.index) else { continue };
            let placed = Rational::whole(*placed);
            let value = worth(result.index).map_or(placed, |one| Rational::whole(one.uncapped));
            result.converted.years.clear();
            result.years.clear();
            (result.converted.value, result.counted) = (value, placed);
            (result.displaced, result.displaced_by) = (Rational::ZERO, None);
            result.given_way.clear();
        }
        let (period, other, unit) = (None, None, claim.unit);
        for one in &credited.worth {
            let (input, result) = (Rational::whole(one.uncapped), Rational::whole(one.value));
            let (kind, rule, period) = (StepKind::Converted, Some(one.rule), one.period);
            explanation.steps.push(Step { kind, rule, period, other, input, result, unit });
            let lost = one.uncapped - one.value;
            if lost > 0 {
                let (reason, time) = (NotCountedReason::Kind, Rational::whole(lost));
                explanation.not_counted.push(NotCounted { period, reason, rule, time });
            }
        }
        let (most, all) = (credited.most, i64::try_from(credited.foreign.len()));
        let all = all.map_err(|_| TotalisationError::TooLarge)?;
        if most > all {
            let (reason, rule) = (NotCountedReason::NoRoom, self.rule(MechanismKind::QuartersOnce));
            let time = Rational::whole(most - all);
            explanation.not_counted.push(NotCounted { period, reason, rule, time });
        }
        counted.foreign_converted = Rational::whole(most);
        counted.foreign = Rational::whole(all);
        counted.total = counted.own.plus(counted.foreign)?;
        counted.shares.retain(|country, _| *country == state);
        for result in counted.periods.iter().filter(|result| foreign(result.index)) {
            if let Some(period) = periods.get(result.index) {
                let share = counted.shares.entry(period.country).or_insert(Rational::ZERO);
                *share = share.plus(result.counted)?;
            }
        }
        Ok(())
    }
}

/// Returns the own quarters, each in the first free quarter of its period, or of its year.
fn own_quarters(state: StateCode, periods: &[Period], counted: &Counted) -> Vec<Quarter> {
    let mut own = BTreeSet::new();
    let mut fill = |frames: &[Frame], time: Rational| {
        let mut left = time.ceil().to_whole().unwrap_or(0);
        for quarter in frames.iter().flat_map(|frame| Quarter::touched(*frame)) {
            if left <= 0 {
                break;
            }
            left -= i64::from(own.insert(quarter));
        }
    };
    for result in &counted.periods {
        if periods.get(result.index).is_none_or(|period| period.country != state) {
            continue;
        }
        if result.years.is_empty() {
            fill(&result.frames, result.counted);
        }
        for (year, time) in &result.years {
            let frames = result.frames.iter().filter_map(|frame| within_year(*frame, *year));
            fill(&frames.collect::<Vec<_>>(), *time);
        }
    }
    own.into_iter().collect()
}

/// Takes out what was said of converting foreign time, and of the calendar that it was held to.
fn forget_conversion(explanation: &mut Explanation, foreign: impl Fn(usize) -> bool) {
    use NotCountedReason::{CalendarFull, Displaced, NoRoom, YearFull};
    let about = |period: Option<usize>| period.is_none_or(&foreign);
    explanation.steps.retain(|step| !about(step.period));
    explanation.not_counted.retain(|not| {
        let of_calendar = matches!(not.reason, Displaced | NoRoom | YearFull | CalendarFull);
        !(of_calendar && about(not.period))
    });
}
