//! Which time counts: what is excluded, cut, displaced, converted, and limited by the calendar.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::calendar::Counting;
use super::convert::Converted;
use super::explain::{
    Explanation, NotCounted, NotCountedReason, Step, StepKind, Warning, WarningKind,
};
use super::filter::{Filtered, OwnBounds, Purpose};
use super::overlap::{Displaced, Entrant, Kept, resolve};
use super::period::{Frame, MAX_PERIODS, Period, Refund, StateCode, TimeUnit};
use super::plan::Plan;
use super::room::Share;
use super::rules::{MechanismKind, RuleId};
use super::time::{Measure, within_year};
use super::{Claim, Rational, TotalisationError};

/// What became of one period.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PeriodResult {
    /// Its place in the list.
    pub index: usize,
    /// Its certified figure in the unit of the count.
    pub converted: Converted,
    /// The time that counts, before figures of one State are added and held to the calendar.
    pub counted: Rational,
    /// The days that count, in order; all of the frame where exact days are not known.
    pub frames: Vec<Frame>,
    /// The time that counts for others.
    pub displaced: Rational,
    /// For which period, by its place in the list.
    pub displaced_by: Option<usize>,
    /// The rule that decided, where one did.
    pub rule: Option<RuleId>,
    /// The time that was excluded or cut off before anything else.
    pub excluded: Rational,
    /// The days displaced, with whom they count for.
    #[serde(skip)]
    pub(super) given_way: Vec<Displaced>,
    /// The time that counts by calendar year, if it was certified so.
    #[serde(skip)]
    pub(super) years: Vec<(i32, Rational)>,
    /// The days within which it lies.
    #[serde(skip)]
    pub(super) within: Frame,
}

/// The time of all States.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    /// What became of each period, in the order of the list.
    pub periods: Vec<PeriodResult>,
    /// The time of the State that asks.
    pub own: Rational,
    /// The time of the others, each State's as the calendar holds it, before all of it is held to it.
    pub foreign_converted: Rational,
    /// The time of the others that counts.
    pub foreign: Rational,
    /// The time of the others that the agreement excludes, or that was paid back.
    pub foreign_excluded: Rational,
    /// All time that counts.
    pub total: Rational,
    /// The time by State, as the calendar holds it.
    pub shares: BTreeMap<StateCode, Rational>,
    /// The same in years, before any rounding: what tells whether a period is short.
    #[serde(skip)]
    pub(super) exact: BTreeMap<StateCode, Rational>,
}

impl Counted {
    /// Returns the time of a State in a unit before it was rounded. No time is a year that only rounding
    /// made one: what was certified decides whether it is short.
    pub(super) fn before_rounding(
        &self,
        state: StateCode,
        plan: &Plan<'_>,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        self.exact.get(&state).copied().unwrap_or_default().times(plan.units.year_of(unit))
    }
}

impl Plan<'_> {
    /// Counts the time of periods.
    ///
    /// # Errors
    /// [`TotalisationError`]: a period that is none, too many of them, or a number that does not fit.
    pub fn count(
        &self,
        claim: &Claim,
        periods: &[Period],
        purpose: Purpose,
        explanation: &mut Explanation,
    ) -> Result<Counted, TotalisationError> {
        self.count_within(claim, periods, purpose, OwnBounds::Held, explanation)
    }

    /// Counts the time of periods, own time within the days and ages that bind it or without them.
    pub(super) fn count_within(
        &self,
        claim: &Claim,
        periods: &[Period],
        purpose: Purpose,
        bounds: OwnBounds,
        explanation: &mut Explanation,
    ) -> Result<Counted, TotalisationError> {
        if periods.len() > MAX_PERIODS {
            return Err(TotalisationError::TooMany);
        }
        let mut results = Vec::with_capacity(periods.len());
        let mut entrants = Vec::with_capacity(periods.len());
        let mut foreign_excluded = Rational::ZERO;
        let filter = self.filter(claim, periods, purpose, bounds);
        for (index, period) in periods.iter().enumerate() {
            period.check()?;
            let converted = self.convert(period, claim.unit)?;
            let mut result = PeriodResult {
                index,
                counted: Rational::ZERO,
                frames: Vec::new(),
                displaced: Rational::ZERO,
                displaced_by: None,
                rule: None,
                excluded: Rational::ZERO,
                given_way: Vec::new(),
                years: Vec::new(),
                within: period.frame,
                converted,
            };
            self.warn_of_figures(period, index, claim.unit, &result.converted, explanation)?;
            let outside = match filter.of(period) {
                Filtered::Out(reason, rule) => {
                    result.excluded = result.converted.value;
                    Some((reason, rule))
                }
                Filtered::In(frame, why) => {
                    let left = self.left(period, &result.converted, &[frame], claim.unit)?;
                    result.excluded = result.converted.value.less(left)?;
                    result.within = frame;
                    entrants.push(Entrant { index, period, frame, time: left });
                    why.filter(|_| !result.excluded.is_zero())
                }
            };
            if let Some((reason, rule)) = outside {
                result.rule = rule;
                let time = result.excluded;
                explanation.not_counted.push(NotCounted {
                    period: Some(index),
                    reason,
                    rule,
                    time,
                });
                if claim.country != Some(period.country) {
                    foreign_excluded = foreign_excluded.plus(time)?;
                }
            }
            results.push(result);
        }
        let mut kept = resolve(self, &entrants, claim.country, claim.unit)?;
        let shares = self.shares(&entrants, &mut kept, &results, claim)?;
        for ((entrant, kept), share) in entrants.iter().zip(kept).zip(shares) {
            if let Some(result) = results.get_mut(entrant.index) {
                self.settle(entrant, kept, share, claim.unit, result, explanation)?;
            }
        }
        self.sum(claim, periods, results, foreign_excluded, explanation)
    }

    /// Returns what is left of a certified figure if only some days of the frame count.
    ///
    /// The time of those days is what can be left; so far as the figure is more than its own frame holds,
    /// the number wins and the excess stays.
    fn left(
        &self,
        period: &Period,
        converted: &Converted,
        frames: &[Frame],
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        if frames == [period.frame] {
            return Ok(converted.value);
        }
        Ok(self.left_by_year(period, converted, frames, unit)?.0)
    }

    /// Returns what is left in all and by year, if the figure was certified by year.
    pub(super) fn left_by_year(
        &self,
        period: &Period,
        converted: &Converted,
        frames: &[Frame],
        unit: TimeUnit,
    ) -> Result<(Rational, Vec<(i32, Rational)>), TotalisationError> {
        if frames == [period.frame] {
            return Ok((converted.value, converted.years.clone()));
        }
        let measure = Measure::of(unit);
        let left = |figure: Rational, frame: Frame, free: i64| {
            let left = self.left_exact(figure, frame, free, unit)?;
            Ok(self.round(left, unit).min(figure))
        };
        let all = |frames: &[Frame]| frames.iter().map(|frame| measure.ticks(*frame)).sum::<i64>();
        if converted.years.is_empty() {
            let value = left(converted.value, period.frame, all(frames))?;
            return Ok((value, Vec::new()));
        }
        let (mut value, mut years) = (Rational::ZERO, Vec::with_capacity(converted.years.len()));
        for (year, figure) in &converted.years {
            let ticks =
                |frame: Frame| within_year(frame, *year).map_or(0, |part| measure.ticks(part));
            let free = frames.iter().map(|frame| ticks(*frame)).sum();
            let in_year = match within_year(period.frame, *year) {
                Some(frame) => left(*figure, frame, free)?,
                None => Rational::ZERO,
            };
            value = value.plus(in_year)?;
            years.push((*year, in_year));
        }
        Ok((value, years))
    }

    /// Returns what is left of the figure of a frame, before any rounding, if so many ticks of it are free.
    pub(super) fn left_exact(
        &self,
        figure: Rational,
        frame: Frame,
        free: i64,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        if figure.is_zero() {
            return Ok(Rational::ZERO);
        }
        let measure = Measure::of(unit);
        // A month or week that is touched may be certified in full: only what is above that is excess.
        let whole = measure.to_unit(measure.touched(frame), unit, &self.units)?;
        let free = measure.to_unit(free, unit, &self.units)?;
        Ok(figure.min(free).plus(figure.less(whole)?)?.min(figure))
    }

    /// Writes down what is left of a period after others took their time.
    fn settle(
        &self,
        entrant: &Entrant<'_>,
        kept: Kept,
        Share { counted, years }: Share,
        unit: TimeUnit,
        result: &mut PeriodResult,
        explanation: &mut Explanation,
    ) -> Result<(), TotalisationError> {
        (result.counted, result.years) = (counted, years);
        if kept.placed.is_some() && !result.converted.years.is_empty() {
            // Without exact days the earliest years count as far as there was room.
            let (converted, frames) = (&result.converted, [entrant.frame]);
            let (_, mut years) = self.left_by_year(entrant.period, converted, &frames, unit)?;
            let mut left = counted;
            for (_, time) in &mut years {
                *time = left.min(*time);
                left = left.minus(*time)?;
            }
            result.years = years;
        }
        result.displaced = entrant.time.less(counted)?;
        let step = |kind, rule, other| Step {
            kind,
            rule,
            period: Some(entrant.index),
            other,
            input: result.converted.value,
            result: counted,
            unit,
        };
        if kept.placed.is_some() {
            let rule = self.rule(MechanismKind::UncertainApart);
            result.rule = rule;
            explanation.steps.push(step(StepKind::Placed, rule, None));
            explanation.warn(WarningKind::DatesUncertain, Some(entrant.index), rule);
        } else {
            let rule = self.rule(MechanismKind::RoundUp);
            explanation.steps.push(step(StepKind::Converted, rule, None));
        }
        if !result.displaced.is_zero()
            && let Some(first) = kept.displaced.first()
        {
            result.displaced_by = Some(first.by);
            result.rule = first.rule;
            explanation.steps.push(step(StepKind::Displaced, first.rule, Some(first.by)));
            let reason = match (kept.placed, first.rule) {
                (Some(_), _) => NotCountedReason::NoRoom,
                (None, Some(_)) => NotCountedReason::Displaced,
                (None, None) => NotCountedReason::SameState,
            };
            let (period, time) = (Some(entrant.index), result.displaced);
            explanation.not_counted.push(NotCounted { period, reason, rule: first.rule, time });
        }
        if let Some(same) = kept.displaced.iter().find(|d| d.rule.is_none()) {
            explanation.warnings.push(Warning {
                kind: WarningKind::SameState,
                period: Some(entrant.index),
                other: Some(same.by),
                rule: None,
                time: None,
            });
        }
        result.given_way = kept.displaced;
        result.frames = kept.frames;
        Ok(())
    }

    /// Adds the time of each State up as the calendar holds it, and all of it if a rule says so; foreign
    /// time gives way.
    fn sum(
        &self,
        claim: &Claim,
        periods: &[Period],
        results: Vec<PeriodResult>,
        foreign_excluded: Rational,
        explanation: &mut Explanation,
    ) -> Result<Counted, TotalisationError> {
        let unit = claim.unit;
        let counting = || {
            let took_part = |r: &&PeriodResult| r.excluded < r.converted.value;
            results.iter().filter(took_part).filter_map(|result| {
                Some(Counting {
                    index: result.index,
                    period: periods.get(result.index)?,
                    converted: &result.converted,
                    within: result.within,
                    frames: &result.frames,
                    counted: result.counted,
                    years: &result.years,
                })
            })
        };
        let (states, held) = self.by_state(counting(), unit)?;
        let (mut own, mut foreign) = (Rational::ZERO, Rational::ZERO);
        for (state, of_state) in &states {
            let side = if claim.country == Some(*state) { &mut own } else { &mut foreign };
            *side = side.plus(of_state.time)?;
            if of_state.time < of_state.apart {
                let (period, other) = (Some(of_state.first), None);
                let rule = self.rule(MechanismKind::RoundUp);
                let (input, result) = (of_state.apart, of_state.time);
                let kind = StepKind::Calendar;
                explanation.steps.push(Step { kind, rule, period, other, input, result, unit });
                let time = input.minus(result)?;
                let reason = NotCountedReason::CalendarFull;
                explanation.not_counted.push(NotCounted { period, reason, rule, time });
            }
        }
        let mut total = own.plus(foreign)?;
        if let Some(rule) = self.rule(MechanismKind::YearlyTotal) {
            let held = held.max(own);
            if held != total {
                let (input, result) = (total, held);
                let (period, other, rule) = (None, None, Some(rule));
                let kind = if held < total { StepKind::YearlyLimit } else { StepKind::RoomLeft };
                explanation.steps.push(Step { kind, rule, period, other, input, result, unit });
            }
            if held < total {
                let (period, rule, time) = (None, Some(rule), total.minus(held)?);
                let reason = NotCountedReason::YearFull;
                explanation.not_counted.push(NotCounted { period, reason, rule, time });
                explanation.warn(WarningKind::MixedUnits, None, rule);
            }
            total = held;
        }
        Ok(Counted {
            periods: results,
            own,
            foreign_converted: foreign,
            foreign: total.minus(own)?,
            foreign_excluded,
            total,
            shares: states.iter().map(|(state, of_state)| (*state, of_state.time)).collect(),
            exact: states.iter().map(|(state, of_state)| (*state, of_state.exact)).collect(),
        })
    }

    /// Tells of figures that people misread.
    fn warn_of_figures(
        &self,
        period: &Period,
        index: usize,
        unit: TimeUnit,
        converted: &Converted,
        explanation: &mut Explanation,
    ) -> Result<(), TotalisationError> {
        if period.refund == Refund::Full {
            let rule = self.rule(MechanismKind::RefundEnds);
            explanation.warnings.push(Warning {
                kind: WarningKind::RefundEnds,
                period: Some(index),
                other: None,
                rule,
                time: Some(converted.value),
            });
        }
        if period.reported.is_some() && !period.dates_uncertain {
            let measure = Measure::of(unit);
            let held = measure.to_unit(measure.touched(period.frame), unit, &self.units)?;
            if converted.value > held.ceil() {
                explanation.warn(WarningKind::NumberNotDates, Some(index), None);
            }
        }
        Ok(())
    }
}
