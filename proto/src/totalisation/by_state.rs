//! The time of each State: figures of one calendar year are added before they are rounded, and no State has
//! more than the calendar holds. And what it holds of all States together.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Range;

use super::calendar::{Counting, MONTHS, Place, fit};
use super::convert::Part;
use super::flow::{self, Group};
use super::period::{StateCode, TimeUnit};
use super::plan::Plan;
use super::rules::MechanismKind;
use super::time::Measure;
use super::{Rational, TotalisationError};

/// A figure that counts.
#[derive(Clone, Copy, Debug)]
struct Figure {
    /// Where it lies.
    lies: Place,
    /// What it is before any rounding, and of which calendar year, if all of it lies in one.
    part: Part,
    /// What it is rounded for itself.
    time: Rational,
}

/// Figures of one State and calendar year, or those of several years.
#[derive(Clone, Debug)]
struct OfYear {
    /// What they come to together; nothing if each stands for itself.
    sum: Option<Rational>,
    /// Which they are.
    figures: Range<usize>,
}

/// The time of one State.
#[derive(Clone, Debug, Default)]
pub(super) struct OfState {
    /// Its first period, by its place in the list.
    pub first: usize,
    /// Its time as each period comes to alone.
    pub apart: Rational,
    /// Its time: added by calendar year, rounded, and held to the calendar.
    pub time: Rational,
    /// The same in years, before any rounding: what tells whether a period is short.
    pub exact: Rational,
    figures: Vec<Figure>,
    years: Vec<OfYear>,
}

/// The time of States.
type States = BTreeMap<StateCode, OfState>;

/// Returns how time is measured to hold it to the calendar: all of it by months, and weeks by days too.
const fn measures(unit: TimeUnit) -> &'static [Measure] {
    match Measure::of(unit) {
        Measure::Months => &[Measure::Months],
        Measure::Weeks => &[Measure::Months, Measure::Weeks],
    }
}

/// Returns days beyond months in months: thirty or a part of thirty make one.
fn rest_in_months(days: i64) -> Rational {
    Rational::whole(days.div_euclid(30) + i64::from(days.rem_euclid(30) > 0))
}

impl Plan<'_> {
    /// Returns the time of each State that has some, held to the calendar; and how much of all certified time
    /// the calendar holds together, whoever gives way to whom, so that another period never makes it less.
    pub(super) fn by_state<'p>(
        &self,
        periods: impl Iterator<Item = Counting<'p>> + Clone,
        unit: TimeUnit,
    ) -> Result<(BTreeMap<StateCode, OfState>, Rational), TotalisationError> {
        let mut least: Option<(States, Rational)> = None;
        for measure in measures(unit) {
            let (mut states, all) = self.enter_all(periods.clone(), unit, *measure)?;
            for state in states.values_mut() {
                let (time, exact) = self.add_years(state, unit)?;
                let held = self.room([&*state], unit, *measure)?;
                state.exact = exact.min(held.over(self.units.year_of(unit))?);
                // A month that is covered in part gives what its rounding gives.
                state.time = time.min(self.round(held, unit)).min(state.apart);
            }
            let held = self.round(self.room(all.values(), unit, *measure)?, unit);
            match &mut least {
                None => least = Some((states, held)),
                Some((before, least)) => {
                    *least = held.min(*least);
                    for (before, state) in before.values_mut().zip(states.values()) {
                        before.time = before.time.min(state.time);
                    }
                }
            }
        }
        Ok(least.unwrap_or_default())
    }

    /// Enters what counts of each period with the time of its State, and what would if no other were there.
    fn enter_all<'p>(
        &self,
        periods: impl Iterator<Item = Counting<'p>>,
        unit: TimeUnit,
        measure: Measure,
    ) -> Result<(States, States), TotalisationError> {
        let (mut states, mut all) = (States::new(), States::new());
        for counting in periods {
            self.undisturbed(counting, unit, |alone| {
                let full = all.entry(counting.period.country).or_default();
                let from = full.figures.len();
                self.enter(alone, unit, measure, full)?;
                if counting.counted.is_zero() {
                    return Ok(());
                }
                let state = states
                    .entry(counting.period.country)
                    .or_insert_with(|| OfState { first: counting.index, ..OfState::default() });
                state.apart = state.apart.plus(counting.counted)?;
                if (counting.counted, counting.frames) != (alone.counted, alone.frames) {
                    return self.enter(&counting, unit, measure, state);
                }
                state.figures.extend(full.figures.iter().skip(from));
                Ok(())
            })?;
        }
        for full in all.values_mut() {
            self.add_years(full, unit)?;
        }
        Ok((states, all))
    }

    fn enter(
        &self,
        counting: &Counting<'_>,
        unit: TimeUnit,
        measure: Measure,
        state: &mut OfState,
    ) -> Result<(), TotalisationError> {
        self.each_figure(counting, unit, measure, |lies, part, time| {
            state.figures.push(Figure { lies, part: *part, time });
            Ok(())
        })
    }

    /// Adds the figures of a State by calendar year; returns its time, and the same in years before any
    /// rounding.
    fn add_years(
        &self,
        state: &mut OfState,
        unit: TimeUnit,
    ) -> Result<(Rational, Rational), TotalisationError> {
        state.figures.sort_by_key(|figure| figure.part.year);
        let (mut time, mut exact, mut from) = (Rational::ZERO, Rational::ZERO, 0);
        let of_years = state.figures.chunk_by(|one, next| one.part.year == next.part.year);
        for of_year in of_years {
            let is_year = of_year.first().is_some_and(|figure| figure.part.year.is_some());
            let sum = if is_year {
                let (sum, share) = self.together(of_year, unit)?;
                (time, exact) = (time.plus(sum)?, exact.plus(share)?);
                Some(sum)
            } else {
                for Figure { part, time: rounded, .. } in of_year {
                    let rest = rest_in_months(part.rest_days).over(Rational::whole(MONTHS))?;
                    (time, exact) = (time.plus(*rounded)?, exact.plus(part.share)?.plus(rest)?);
                }
                None
            };
            let figures = from..from + of_year.len();
            from = figures.end;
            state.years.push(OfYear { sum, figures });
        }
        Ok((time, exact))
    }

    /// Returns what figures of one State come to in one calendar year, and how much of a year that is
    /// before any rounding.
    fn together(
        &self,
        figures: &[Figure],
        unit: TimeUnit,
    ) -> Result<(Rational, Rational), TotalisationError> {
        let (mut exact, mut share, mut rest_days) = (Rational::ZERO, Rational::ZERO, 0i64);
        for Figure { part, .. } in figures {
            (exact, share) = (exact.plus(part.exact)?, share.plus(part.share)?);
            rest_days = rest_days.saturating_add(part.rest_days);
        }
        if rest_days > 0 {
            let rest = rest_in_months(rest_days);
            exact = exact.plus(rest.times(self.units.factor(TimeUnit::Month, unit)?)?)?;
            share = share.plus(rest.over(Rational::whole(MONTHS))?)?;
        }
        let full = self.units.year_of(unit);
        let mut value = self.round(exact, unit);
        if self.has(MechanismKind::YearlyMaximum) {
            value = value.min(full);
            share = share.min(Rational::ONE);
        }
        if self.has(MechanismKind::FullYearKept) && share >= Rational::ONE {
            value = value.max(full);
        }
        Ok((value, share))
    }

    /// Returns how much of the figures of States finds room: of each State and year no more than they come
    /// to together.
    fn room<'s>(
        &self,
        states: impl IntoIterator<Item = &'s OfState>,
        unit: TimeUnit,
        measure: Measure,
    ) -> Result<Rational, TotalisationError> {
        let ticks_of_one = self.ticks_of_one(unit, measure)?;
        let (mut groups, mut stretches, mut is_less) = (Vec::new(), Vec::new(), false);
        for state in states {
            for OfYear { sum, figures } in &state.years {
                let limit = match sum {
                    Some(sum) => sum.times(ticks_of_one)?.ceil().to_whole(),
                    None => None,
                };
                let (limit, from) = (limit.unwrap_or(i64::MAX), stretches.len());
                let mut apart = 0i64;
                for figure in state.figures.get(figures.clone()).unwrap_or_default() {
                    for one in [Some(figure.lies.inside), figure.lies.beside].into_iter().flatten()
                    {
                        apart = apart.saturating_add(one.time);
                        stretches.push(one);
                    }
                }
                is_less |= apart > limit;
                groups.push(Group { limit, figures: from..stretches.len() });
            }
        }
        let ticks = match is_less {
            true => flow::most(&groups, &stretches),
            false => fit(stretches),
        };
        Rational::whole(ticks).over(ticks_of_one)
    }
}
