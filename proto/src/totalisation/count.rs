//! Which time counts: what is excluded, cut, displaced, converted, and limited by the calendar.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::calendar::Counting;
use super::convert::Converted;
use super::explain::{
    Explanation, NotCounted, NotCountedReason, Step, StepKind, Warning, WarningKind,
};
use super::overlap::{Displaced, Entrant, Kept, resolve};
use super::period::{Frame, MAX_PERIODS, Period, Refund, StateCode, TimeUnit};
use super::plan::Plan;
use super::rules::{MechanismKind, RuleId};
use super::time::{Measure, whole_months, within_year};
use super::{Claim, Rational, TotalisationError};
use crate::time::{Date, days_of_month};

/// Whether time is counted for the right or for the amount (SED P5000, lists 5.1 and 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Towards a right.
    Right,
    /// For the amount.
    Amount,
}

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
    pub given_way: Vec<Displaced>,
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
}

/// Whether own time counts only within the days and ages that bind it where it is totalised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnBounds {
    /// Within them.
    Held,
    /// Without, as national law alone looks at it.
    Open,
}

/// Why a whole period is out, or the days of it that are left with why the rest is out.
pub(super) enum Filtered {
    Out(NotCountedReason, Option<RuleId>),
    In(Frame, Option<(NotCountedReason, Option<RuleId>)>),
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
                converted,
            };
            self.warn_of_figures(period, index, claim.unit, &result.converted, explanation)?;
            let outside = match self.filter(claim, period, purpose, bounds) {
                Filtered::Out(reason, rule) => {
                    result.excluded = result.converted.value;
                    Some((reason, rule))
                }
                Filtered::In(frame, why) => {
                    let left = self.left(period, &result.converted, &[frame], claim.unit)?;
                    result.excluded = result.converted.value.less(left)?;
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
        let kept = resolve(self, &entrants, claim.country, claim.unit)?;
        for (entrant, kept) in entrants.iter().zip(kept) {
            if let Some(result) = results.get_mut(entrant.index) {
                self.settle(entrant, kept, claim.unit, result, explanation)?;
            }
        }
        self.sum(claim, periods, results, foreign_excluded, explanation)
    }

    /// Decides whether a period takes part, and with which of its days.
    pub(super) fn filter(
        &self,
        claim: &Claim,
        period: &Period,
        purpose: Purpose,
        bounds: OwnBounds,
    ) -> Filtered {
        use NotCountedReason as Why;
        let own = claim.country == Some(period.country);
        let bound = own && bounds == OwnBounds::Held;
        let out = |why, kind| Filtered::Out(why, self.rule(kind));
        let counts = match purpose {
            Purpose::Right => period.counts_for_right,
            Purpose::Amount => period.counts_for_amount,
        };
        if claim
            .branch
            .is_some_and(|b| !period.branches.is_empty() && !period.branches.contains(&b))
        {
            return Filtered::Out(Why::OtherBranch, None);
        }
        if !counts {
            return Filtered::Out(Why::NotForRight, None);
        }
        if period.refund == Refund::Full {
            return out(Why::Refunded, MechanismKind::RefundEnds);
        }
        if !own {
            if !self.rules.is_party(period.country) && !claim.thirds.contains(&period.country) {
                let one =
                    claim.country.and_then(|c| self.rules.about(MechanismKind::OnePartner, c));
                return match one {
                    Some((rule, _)) => Filtered::Out(Why::OtherPartner, Some(rule)),
                    None => Filtered::Out(Why::NoAgreement, None),
                };
            }
            let excludes = self.rules.mechanisms().find(|(_, m)| {
                m.kind == MechanismKind::ExcludeKinds
                    && m.countries.contains(&period.country)
                    && m.kinds.contains(&period.kind)
            });
            if let Some((rule, _)) = excludes {
                return Filtered::Out(Why::Kind, Some(rule));
            }
        }
        let (mut frame, mut why) = (period.frame, None);
        let mut cut = |start: Option<Date>, end: Option<Date>, reason, rule| {
            if start.is_some_and(|start| start > frame.start)
                || end.is_some_and(|end| end < frame.end)
            {
                frame.start = start.map_or(frame.start, |start| start.max(frame.start));
                frame.end = end.map_or(frame.end, |end| end.min(frame.end));
                why = Some((reason, rule));
            }
        };
        for (rule, does) in self.rules.mechanisms() {
            if !does.countries.contains(&period.country) {
                continue;
            }
            let scheme = does.scheme.as_ref().is_none_or(|scheme| scheme.as_str() == period.scheme);
            match does.kind {
                MechanismKind::CountsFrom if !own && scheme && claim.foreign_from.is_none() => {
                    cut(does.date, None, Why::BeforeDay, Some(rule));
                }
                MechanismKind::OwnAfter if bound && claim.own_after.is_none() => {
                    let next = does.date.map(|date| Date(date.0.saturating_add(1)));
                    cut(next, None, Why::BeforeDay, Some(rule));
                }
                MechanismKind::OwnBeforeAge if bound && claim.own_before_age.is_none() => {
                    let age =
                        does.value.zip(claim.birth).and_then(|(age, birth)| birthday(birth, age));
                    cut(None, age.map(|day| Date(day.0 - 1)), Why::AfterAge, Some(rule));
                }
                _ => {}
            }
        }
        if bound {
            let next = claim.own_after.map(|date| Date(date.0.saturating_add(1)));
            cut(next, None, Why::BeforeDay, self.rule(MechanismKind::OwnAfter));
            let age =
                claim.own_before_age.zip(claim.birth).and_then(|(a, birth)| birthday(birth, a));
            let last = age.map(|day| Date(day.0 - 1));
            cut(None, last, Why::AfterAge, self.rule(MechanismKind::OwnBeforeAge));
        }
        if !own {
            cut(claim.foreign_from, None, Why::BeforeDay, self.rule(MechanismKind::CountsFrom));
        }
        let risk = claim.risk.map(last_day_before_risk);
        cut(None, risk, Why::AfterRisk, self.rule(MechanismKind::CutAtRisk));
        match Frame::new(frame.start, frame.end) {
            Some(frame) => Filtered::In(frame, why),
            None => {
                let (reason, rule) = why.unwrap_or((Why::AfterRisk, None));
                Filtered::Out(reason, rule)
            }
        }
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
            Ok(self.round(left).min(figure))
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
        if free == 0 || figure.is_zero() {
            return Ok(Rational::ZERO);
        }
        let measure = Measure::of(unit);
        // A month or week that is touched may be certified in full: only what is above that is excess.
        let whole = match measure {
            Measure::Months => measure.time(whole_months(frame), unit, &self.units)?,
            Measure::Weeks => measure.time(frame, unit, &self.units)?.ceil(),
        };
        let free = measure.to_unit(free, unit, &self.units)?;
        Ok(figure.min(free).plus(figure.less(whole)?)?.min(figure))
    }

    /// Writes down what is left of a period after others took their time.
    fn settle(
        &self,
        entrant: &Entrant<'_>,
        kept: Kept,
        unit: TimeUnit,
        result: &mut PeriodResult,
        explanation: &mut Explanation,
    ) -> Result<(), TotalisationError> {
        let counted = match kept.placed {
            Some(placed) => placed,
            None => self.left(entrant.period, &result.converted, &kept.frames, unit)?,
        };
        result.counted = counted;
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
        let counting = periods.iter().zip(&results).map(|(period, result)| Counting {
            index: result.index,
            period,
            converted: &result.converted,
            frames: &result.frames,
            counted: result.counted,
        });
        let states = self.by_state(counting, unit)?;
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
            let limited = self.held(&states, unit)?.max(own);
            if limited < total {
                let time = total.minus(limited)?;
                let (input, result) = (total, limited);
                let (period, other, rule) = (None, None, Some(rule));
                let kind = StepKind::YearlyLimit;
                explanation.steps.push(Step { kind, rule, period, other, input, result, unit });
                let reason = NotCountedReason::YearFull;
                explanation.not_counted.push(NotCounted { period, reason, rule, time });
                explanation.warn(WarningKind::MixedUnits, None, rule);
                total = limited;
            }
        }
        Ok(Counted {
            periods: results,
            own,
            foreign_converted: foreign,
            foreign: total.minus(own)?,
            foreign_excluded,
            total,
            shares: states.into_iter().map(|(state, of_state)| (state, of_state.time)).collect(),
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
            let held = Measure::of(unit).time(whole_months(period.frame), unit, &self.units)?;
            if converted.value > held.ceil() {
                explanation.warn(WarningKind::NumberNotDates, Some(index), None);
            }
        }
        Ok(())
    }
}

/// Returns the last day before the risk. A risk at the end of a month leaves that month whole.
pub(super) fn last_day_before_risk(risk: Date) -> Date {
    let (year, month, day) = risk.to_ymd();
    if day == days_of_month(year, month) { risk } else { Date(risk.0 - 1) }
}

/// Returns the day on which an age is reached; 29 February gives way to 1 March.
pub(super) fn birthday(birth: Date, age: u32) -> Option<Date> {
    let (year, month, day) = birth.to_ymd();
    let year = year.checked_add(i32::try_from(age).ok()?)?;
    Date::from_ymd(year, month, day).or_else(|| Date::from_ymd(year, 3, 1))
}
