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
use super::time::{Measure, within_year};
use super::{Rational, TotalisationError};

/// Months of a calendar year.
const MONTHS: i64 = 12;

/// Time that lies somewhere within a run of calendar months: the first, and the first after the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    first: i64,
    end: i64,
    /// How much, in months.
    months: Rational,
}

impl Stretch {
    /// Returns time within frames. A figure that is more than their months hold counts as certified: it
    /// lies somewhere in their calendar years.
    fn new(first: Frame, last: Frame, months: Rational) -> Self {
        let ((year, month, _), (last_year, last_month, _)) =
            (first.start.to_ymd(), last.end.to_ymd());
        let (year, last_year) = (i64::from(year) * MONTHS, i64::from(last_year) * MONTHS);
        let narrow = Self {
            first: year + i64::from(month) - 1,
            end: last_year + i64::from(last_month),
            months,
        };
        if months <= Rational::whole(narrow.end - narrow.first) {
            return narrow;
        }
        Self { first: year, end: last_year + MONTHS, months }
    }
}

/// Places every stretch within its months, whichever must end first, and returns how many months find
/// room. No other way of placing them finds room for more.
pub(super) fn fit(mut stretches: Vec<Stretch>) -> Result<Rational, TotalisationError> {
    stretches.sort_unstable_by_key(|stretch| stretch.first);
    let mut coming = stretches.into_iter().peekable();
    let mut open: BinaryHeap<Reverse<(i64, Rational)>> = BinaryHeap::new();
    let (mut now, mut placed) = (Rational::ZERO, Rational::ZERO);
    loop {
        if open.is_empty() {
            let Some(next) = coming.peek() else { return Ok(placed) };
            now = now.max(Rational::whole(next.first));
        }
        while let Some(one) = coming.next_if(|one| Rational::whole(one.first) <= now) {
            open.push(Reverse((one.end, one.months)));
        }
        let Some(Reverse((end, months))) = open.pop() else { continue };
        let next = coming.peek().map_or(end, |next| next.first.min(end));
        let room = Rational::whole(next).less(now)?;
        let part = months.min(room);
        now = now.plus(part)?;
        placed = placed.plus(part)?;
        if part < months && now < Rational::whole(end) {
            open.push(Reverse((end, months.minus(part)?)));
        }
    }
}

/// Figures of one State within one calendar year, or one figure of several years.
#[derive(Clone, Copy, Debug, Default)]
struct Together {
    exact: Rational,
    rest_days: i64,
    share: Rational,
    as_is: bool,
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
    years: BTreeMap<i32, Together>,
    /// Figures of several years, each rounded for itself.
    long: Rational,
    /// Where it lies.
    pub stretches: Vec<Stretch>,
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
    /// The days that count.
    pub frames: &'p [Frame],
    /// How much of it counts.
    pub counted: Rational,
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
            self.enter(&counting, unit, a_month, state)?;
        }
        for state in states.values_mut() {
            let mut time = state.long;
            for together in state.years.values() {
                time = time.plus(self.together(together, unit)?)?;
            }
            let held = fit(state.stretches.clone())?.times(a_month)?;
            // A month that is covered in part gives what its rounding gives.
            state.time = time.min(self.round_in(held, unit)).min(state.apart);
        }
        Ok(states)
    }

    /// Returns how much of the time of several States the calendar holds together.
    pub(super) fn held(
        &self,
        states: &BTreeMap<StateCode, OfState>,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        let a_month = self.units.year_of(unit).over(Rational::whole(MONTHS))?;
        let all = states.values().flat_map(|state| state.stretches.iter().copied()).collect();
        Ok(self.round_in(fit(all)?.times(a_month)?, unit))
    }

    /// Rounds time that was held to the calendar; parts of a year stay.
    fn round_in(&self, time: Rational, unit: TimeUnit) -> Rational {
        if unit == TimeUnit::Year { time } else { self.round(time) }
    }

    /// Enters what counts of a period with the time of its State.
    fn enter(
        &self,
        counting: &Counting<'_>,
        unit: TimeUnit,
        a_month: Rational,
        state: &mut OfState,
    ) -> Result<(), TotalisationError> {
        let Counting { period, converted, frames, counted, .. } = *counting;
        let Some((first, last)) = frames.first().copied().zip(frames.last().copied()) else {
            return Ok(());
        };
        let whole = frames == [period.frame];
        if converted.years.is_empty() {
            state.stretches.push(Stretch::new(first, last, counted.over(a_month)?));
            let Some(part) = converted.parts.first().filter(|part| part.year.is_some()) else {
                state.long = state.long.plus(counted)?;
                return Ok(());
            };
            let left = if whole && counted == converted.value {
                *part
            } else {
                self.cut(part, period.frame, frames, counted, unit)?
            };
            return state.add(&left);
        }
        let rounded = self.left_by_year(period, converted, frames, unit)?.1;
        for (part, (year, time)) in converted.parts.iter().zip(rounded) {
            if time.is_zero() {
                continue;
            }
            let of_year = |frame: &Frame| within_year(*frame, year);
            let first = frames.iter().find_map(of_year);
            let last = frames.iter().rev().find_map(of_year);
            let (Some(first), Some(last), Some(of_period)) =
                (first, last, within_year(period.frame, year))
            else {
                continue;
            };
            state.stretches.push(Stretch::new(first, last, time.over(a_month)?));
            if whole {
                state.add(part)?;
            } else {
                let frames: Vec<Frame> = frames.iter().filter_map(of_year).collect();
                state.add(&self.cut(part, of_period, &frames, time, unit)?)?;
            }
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
        let left = self.left_exact(figure, frame, free, unit)?;
        Ok(Part { exact: left.min(most), rest_days: 0, share: Rational::ZERO, ..*part })
    }

    /// Returns a figure before it is rounded, its days among it.
    pub(super) fn exact_of(
        &self,
        part: &Part,
        unit: TimeUnit,
    ) -> Result<Rational, TotalisationError> {
        let rest = Rational::new(part.rest_days.into(), 30)?;
        part.exact.plus(rest.times(self.units.factor(TimeUnit::Month, unit)?)?)
    }

    /// Returns what figures of one State come to in one calendar year.
    fn together(&self, all: &Together, unit: TimeUnit) -> Result<Rational, TotalisationError> {
        let rest = Rational::whole(all.rest_days.div_euclid(30))
            .plus(Rational::whole(i64::from(all.rest_days.rem_euclid(30) > 0)))?;
        let exact = all.exact.plus(rest.times(self.units.factor(TimeUnit::Month, unit)?)?)?;
        if all.as_is {
            return Ok(exact);
        }
        let full = self.units.year_of(unit);
        let mut value = self.round(exact);
        if self.yearly_maximum {
            value = value.min(full);
        }
        if self.full_year_kept && all.share >= Rational::ONE {
            value = value.max(full);
        }
        Ok(value)
    }
}

impl OfState {
    fn add(&mut self, part: &Part) -> Result<(), TotalisationError> {
        let Some(year) = part.year else {
            self.long = self.long.plus(part.exact)?;
            return Ok(());
        };
        let nothing = Together { as_is: true, ..Together::default() };
        let together = self.years.entry(year).or_insert(nothing);
        together.exact = together.exact.plus(part.exact)?;
        together.rest_days = together.rest_days.saturating_add(part.rest_days);
        together.share = together.share.plus(part.share)?;
        together.as_is &= part.as_is;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(first: i64, end: i64, months: i64) -> Stretch {
        Stretch { first, end, months: Rational::whole(months) }
    }

    #[test]
    fn as_much_finds_room_as_can() {
        let fits = |all: &[Stretch]| fit(all.to_vec()).unwrap().to_whole().unwrap();
        assert_eq!(fits(&[]), 0);
        assert_eq!(fits(&[stretch(0, 12, 12), stretch(0, 12, 1)]), 12);
        assert_eq!(fits(&[stretch(0, 1, 1), stretch(0, 1, 1), stretch(0, 1, 1)]), 1);
        // What may lie later makes room for what may not.
        assert_eq!(fits(&[stretch(0, 24, 12), stretch(0, 12, 12)]), 24);
        assert_eq!(fits(&[stretch(0, 24, 12), stretch(6, 8, 2), stretch(3, 6, 3)]), 17);
        // A gap is no room.
        assert_eq!(fits(&[stretch(0, 2, 1), stretch(100, 101, 1)]), 2);
    }

    #[test]
    fn half_months_add_up_and_lose_nothing() {
        let half = Rational::new(1, 2).unwrap();
        let halves = |n| alloc::vec![Stretch { first: 0, end: 1, months: half }; n];
        assert_eq!(fit(halves(2)).unwrap(), Rational::ONE);
        assert_eq!(fit(halves(3)).unwrap(), Rational::ONE);
        assert_eq!(fit(halves(1)).unwrap(), half);
    }
}
