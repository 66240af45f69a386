//! What the calendar holds: figures of one State and calendar year are added before they are rounded, and
//! no calendar month counts more than once.
//!
//! A certified figure says how much, and only roughly when. So each is time that may lie anywhere within
//! its months, and what counts is as much of all of them as these months have room for.

use alloc::collections::{BTreeMap, BinaryHeap};
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::convert::{Converted, Part};
use super::period::{Frame, Period, StateCode, TimeUnit};
use super::plan::Plan;
use super::rules::MechanismKind;
use super::time::{MONTH, Measure, months_touched, within_year};
use super::{Rational, TotalisationError};

/// Months of a calendar year.
const MONTHS: i64 = 12;

/// Time that lies somewhere within a run of calendar time, in ticks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    /// Where it may begin.
    pub first: i64,
    /// Where it must have ended.
    pub end: i64,
    /// How much it is.
    pub time: i64,
}

impl Stretch {
    /// Returns time within the months of a frame, of a figure that was `exact` before it was rounded. A figure
    /// that is more than these months hold counts as certified: it lies somewhere in their calendar years.
    /// What only rounding adds to it, or a conversion of all days of its weeks, is no such excess.
    fn new(frame: Frame, time: i64, exact: i64) -> Self {
        let (first, end) = months_touched(frame);
        let room = end - first;
        if exact <= room.max(Measure::Weeks.touched(frame) * (MONTH / 30)) {
            return Self { first, end, time: time.min(room) };
        }
        let year = MONTHS * MONTH;
        let (first, end) =
            (first.div_euclid(year) * year, (end + year - 1).div_euclid(year) * year);
        Self { first, end, time }
    }
}

/// Places every stretch where it may lie, whichever must end first, and returns how much finds room. No
/// other way of placing them finds room for more.
pub(super) fn fit(mut stretches: Vec<Stretch>) -> i64 {
    stretches.sort_by_key(|stretch| stretch.first);
    let mut coming = stretches.into_iter().peekable();
    let mut open: BinaryHeap<Reverse<(i64, i64)>> = BinaryHeap::new();
    let (mut now, mut placed) = (i64::MIN, 0i64);
    loop {
        if open.is_empty() {
            let Some(next) = coming.peek() else { return placed };
            now = now.max(next.first);
        }
        while let Some(one) = coming.next_if(|one| one.first <= now) {
            open.push(Reverse((one.end, one.time)));
        }
        let Some(Reverse((end, time))) = open.pop() else { continue };
        let next = coming.peek().map_or(end, |next| next.first.min(end));
        let part = time.min(next.saturating_sub(now).max(0));
        now = now.saturating_add(part);
        placed = placed.saturating_add(part);
        if part < time && now < end {
            open.push(Reverse((end, time - part)));
        }
    }
}

/// Figures of one State within one calendar year, or one figure of several years.
#[derive(Clone, Copy, Debug, Default)]
struct Together {
    exact: Rational,
    rest_days: i64,
    share: Rational,
}

impl Together {
    /// Returns the days beyond in months: thirty or a part of thirty make one.
    fn rest(&self) -> Rational {
        Rational::whole(self.rest_days.div_euclid(30))
            .plus(Rational::whole(i64::from(self.rest_days.rem_euclid(30) > 0)))
            .unwrap_or_default()
    }
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
    years: BTreeMap<i32, Together>,
    /// Figures of several years, each rounded for itself, and the same in years before that.
    long: (Rational, Rational),
    /// Where it lies.
    stretches: Vec<Stretch>,
}

/// What counts of a period.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counting<'p> {
    /// Its place in the list.
    pub index: usize,
    /// The period.
    pub period: &'p Period,
    /// Its certified figure.
    pub converted: &'p Converted,
    /// The days within which it lies.
    pub within: Frame,
    /// The days that count.
    pub frames: &'p [Frame],
    /// How much of it counts.
    pub counted: Rational,
    /// The same by calendar year, if it was certified so.
    pub years: &'p [(i32, Rational)],
}

/// Returns ticks in calendar months.
fn in_months(ticks: i64) -> Result<Rational, TotalisationError> {
    Rational::new(ticks.into(), MONTH.into())
}

impl Plan<'_> {
    /// Adds the time of each State up, and holds it to the calendar.
    pub(super) fn by_state<'p>(
        &self,
        periods: impl Iterator<Item = Counting<'p>>,
        unit: TimeUnit,
    ) -> Result<BTreeMap<StateCode, OfState>, TotalisationError> {
        let a_month = self.units.year_of(unit).over(Rational::whole(MONTHS))?;
        let mut states: BTreeMap<StateCode, OfState> = BTreeMap::new();
        for counting in periods.filter(|counting| !counting.counted.is_zero()) {
            let state = states
                .entry(counting.period.country)
                .or_insert_with(|| OfState { first: counting.index, ..OfState::default() });
            state.apart = state.apart.plus(counting.counted)?;
            self.each_figure(&counting, unit, a_month, |stretch, left, time| {
                state.stretches.push(stretch);
                state.add(left, time)
            })?;
        }
        for state in states.values_mut() {
            let (mut time, mut exact) = state.long;
            for together in state.years.values() {
                let (in_unit, share) = self.together(together, unit)?;
                (time, exact) = (time.plus(in_unit)?, exact.plus(share)?);
            }
            let held = in_months(fit(core::mem::take(&mut state.stretches)))?;
            state.exact = exact.min(held.over(Rational::whole(MONTHS))?);
            // A month that is covered in part gives what its rounding gives.
            state.time = time.min(self.round(held.times(a_month)?, unit)).min(state.apart);
        }
        Ok(states)
    }

    /// Returns how much of all certified time the calendar holds together, whoever gives way to whom: so
    /// another period never makes it less.
    pub(super) fn held<'p>(
        &self,
        periods: impl Iterator<Item = Counting<'p>>,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        let a_month = self.units.year_of(unit).over(Rational::whole(MONTHS))?;
        let mut stretches = Vec::new();
        for part in periods {
            let (frames, cut);
            let alone = if part.within == part.period.frame {
                let (counted, years) = (part.converted.value, part.converted.years.as_slice());
                Counting {
                    frames: core::slice::from_ref(&part.period.frame),
                    counted,
                    years,
                    ..part
                }
            } else {
                frames = [part.within];
                cut = self.left_by_year(part.period, part.converted, &frames, unit)?;
                Counting { frames: &frames, counted: cut.0, years: &cut.1, ..part }
            };
            self.each_figure(&alone, unit, a_month, |stretch, _, _| {
                stretches.push(stretch);
                Ok(())
            })?;
        }
        Ok(self.round(in_months(fit(stretches))?.times(a_month)?, unit))
    }

    /// Enters each figure of what counts of a period: where it lies, what is left of it before any rounding,
    /// and after.
    fn each_figure(
        &self,
        counting: &Counting<'_>,
        unit: TimeUnit,
        a_month: Rational,
        mut enter: impl FnMut(Stretch, &Part, Rational) -> Result<(), TotalisationError>,
    ) -> Result<(), TotalisationError> {
        let Counting { period, converted, within, frames, counted, .. } = *counting;
        let ticks_of_one = Rational::whole(MONTH).over(a_month)?;
        let whole = frames == [period.frame];
        let mut place = |within, time: Rational, left: &Part| -> Result<(), TotalisationError> {
            let ticks = |time: Rational| -> Result<Option<i64>, TotalisationError> {
                Ok(time.times(ticks_of_one)?.ceil().to_whole())
            };
            let exact = ticks(self.exact_of(left, unit)?)?.unwrap_or(i64::MAX);
            let rounded = ticks(time)?.ok_or(TotalisationError::TooLarge)?;
            enter(Stretch::new(within, rounded, exact), left, time)
        };
        if converted.years.is_empty() {
            let Some(part) = converted.parts.first() else { return Ok(()) };
            let left = if whole && counted == converted.value {
                *part
            } else {
                self.cut(part, period.frame, frames, counted, unit)?
            };
            return place(within, counted, &left);
        }
        let figures = converted.parts.iter().zip(&converted.years);
        for ((part, (year, figure)), (_, time)) in figures.zip(counting.years) {
            let (year, time) = (*year, *time);
            if time.is_zero() {
                continue;
            }
            let of_year = |frame: &Frame| within_year(*frame, year);
            let (Some(within), Some(of_period)) =
                (of_year(&within), within_year(period.frame, year))
            else {
                continue;
            };
            let left = if whole && time == *figure {
                *part
            } else {
                let frames: Vec<Frame> = frames.iter().filter_map(of_year).collect();
                self.cut(part, of_period, &frames, time, unit)?
            };
            place(within, time, &left)?;
        }
        Ok(())
    }

    /// Returns what is left of a figure, before any rounding, if only some days of its frame count.
    fn cut(
        &self,
        part: &Part,
        frame: Frame,
        frames: &[Frame],
        most: Rational,
        unit: TimeUnit,
    ) -> Result<Part, TotalisationError> {
        let figure = self.exact_of(part, unit)?;
        let measure = Measure::of(unit);
        let free = frames.iter().map(|frame| measure.ticks(*frame)).sum();
        let exact = self.left_exact(figure, frame, free, unit)?.min(most);
        let rest = Rational::new(part.rest_days.into(), 360)?;
        let share = match figure.is_zero() {
            true => Rational::ZERO,
            false => part.share.plus(rest)?.times(exact)?.over(figure)?,
        };
        Ok(Part { exact, rest_days: 0, share, ..*part })
    }

    /// Returns a figure before it is rounded, its days among it.
    pub(super) fn exact_of(
        &self,
        part: &Part,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        if part.rest_days == 0 {
            return Ok(part.exact);
        }
        let rest = Rational::new(part.rest_days.into(), 30)?;
        part.exact.plus(rest.times(self.units.factor(TimeUnit::Month, unit)?)?)
    }

    /// Returns what figures of one State come to in one calendar year, and how much of a year that is
    /// before any rounding.
    fn together(
        &self,
        all: &Together,
        unit: TimeUnit,
    ) -> Result<(Rational, Rational), TotalisationError> {
        let (mut exact, mut share) = (all.exact, all.share);
        if all.rest_days > 0 {
            let rest = all.rest();
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
}

impl OfState {
    /// Adds a figure; one of several years as it was rounded.
    fn add(&mut self, part: &Part, rounded: Rational) -> Result<(), TotalisationError> {
        let Some(year) = part.year else {
            let rest = Together { rest_days: part.rest_days, ..Together::default() }.rest();
            let share = part.share.plus(rest.over(Rational::whole(MONTHS))?)?;
            self.long = (self.long.0.plus(rounded)?, self.long.1.plus(share)?);
            return Ok(());
        };
        let together = self.years.entry(year).or_default();
        together.exact = together.exact.plus(part.exact)?;
        together.rest_days = together.rest_days.saturating_add(part.rest_days);
        together.share = together.share.plus(part.share)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_finds_room_as_can() {
        let stretch = |first, end, time| Stretch { first, end, time };
        let fits = |all: &[Stretch]| fit(all.to_vec());
        assert_eq!(fits(&[]), 0);
        assert_eq!(fits(&[stretch(0, 12, 12), stretch(0, 12, 1)]), 12);
        assert_eq!(fits(&[stretch(0, 1, 1), stretch(0, 1, 1), stretch(0, 1, 1)]), 1);
        // What may lie later makes room for what may not.
        assert_eq!(fits(&[stretch(0, 24, 12), stretch(0, 12, 12)]), 24);
        assert_eq!(fits(&[stretch(0, 24, 12), stretch(6, 8, 2), stretch(3, 6, 3)]), 17);
        // A gap is no room.
        assert_eq!(fits(&[stretch(0, 2, 1), stretch(100, 101, 1)]), 2);
    }
}
