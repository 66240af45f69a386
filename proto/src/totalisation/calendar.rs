//! Where time lies in the calendar, and how much of it finds room: no month counts more than once.
//!
//! A certified figure says how much, and only roughly when. So each is time that may lie anywhere within
//! its months, and what counts is as much of all of them as these months have room for.

use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::convert::{Converted, Part};
use super::period::{Frame, Period, TimeUnit};
use super::plan::Plan;
use super::time::{MONTH, Measure, within_year};
use super::{Rational, TotalisationError};
use crate::time::Date;

/// Months of a calendar year.
pub(super) const MONTHS: i64 = 12;

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

/// Where a figure lies: so far as its months or weeks hold it within them, else somewhere in their calendar
/// years.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Within the months or weeks that it touches.
    pub inside: Stretch,
    /// What is above that.
    pub beside: Option<Stretch>,
}

impl Place {
    /// Returns where time of a figure lies. All of the figure is `certified`, and was `exact` before it was
    /// rounded; its frame was `of_period`, of which `within` is left.
    fn new(
        measure: Measure,
        (within, of_period): (Frame, Frame),
        (time, certified): (i64, i64),
        exact: impl FnOnce() -> Result<i64, TotalisationError>,
    ) -> Result<Self, TotalisationError> {
        let (first, end) = measure.around(of_period);
        let room = end - first;
        let mut above = (certified - room).clamp(0, time);
        if above > 0 && measure == Measure::Months {
            // What only rounding adds, or a conversion of all days of their weeks, is not above months.
            let all_weeks = Measure::Weeks.touched(of_period) * (MONTH / 30);
            above = if exact()? <= room.max(all_weeks) { 0 } else { above };
        }
        let beside = (above > 0).then(|| {
            let (year, last) = of_period.years();
            let tick = |year| Date::from_ymd(year, 1, 1).map(|day| measure.tick(day.0));
            let end = tick(last.saturating_add(1)).unwrap_or(end);
            Stretch { first: tick(year).unwrap_or(first), end, time: above }
        });
        let (first, end) = if within == of_period { (first, end) } else { measure.around(within) };
        let inside = Stretch { first, end, time: (time - above).min(end - first) };
        Ok(Self { inside, beside })
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

impl Plan<'_> {
    /// Returns what counts of a period if no other were there.
    pub(super) fn undisturbed<T>(
        &self,
        part: Counting<'_>,
        unit: TimeUnit,
        each: impl FnOnce(&Counting<'_>) -> Result<T, TotalisationError>,
    ) -> Result<T, TotalisationError> {
        let frames = [part.within];
        if part.within == part.period.frame {
            let (counted, years) = (part.converted.value, part.converted.years.as_slice());
            return each(&Counting { frames: &frames, counted, years, ..part });
        }
        let (counted, years) = self.left_by_year(part.period, part.converted, &frames, unit)?;
        each(&Counting { frames: &frames, counted, years: &years, ..part })
    }

    /// Returns how many ticks one of a unit is: of months, if as many as a calendar year holds fill it.
    pub(super) fn ticks_of_one(
        &self,
        unit: TimeUnit,
        measure: Measure,
    ) -> Result<Rational, TotalisationError> {
        match measure {
            Measure::Months => Rational::whole(MONTHS * MONTH).over(self.units.year_of(unit)),
            Measure::Weeks => measure.ticks_of(unit, &self.units),
        }
    }

    /// Enters each figure of what counts of a period: where it lies, what is left of it before any rounding,
    /// and after.
    pub(super) fn each_figure(
        &self,
        counting: &Counting<'_>,
        unit: TimeUnit,
        measure: Measure,
        mut enter: impl FnMut(Place, &Part, Rational) -> Result<(), TotalisationError>,
    ) -> Result<(), TotalisationError> {
        let Counting { period, converted, within, frames, counted, .. } = *counting;
        let ticks_of_one = self.ticks_of_one(unit, measure)?;
        let ticks = |time: Rational| -> Result<Option<i64>, TotalisationError> {
            Ok(time.times(ticks_of_one)?.ceil().to_whole())
        };
        let whole = frames == [period.frame];
        let mut place = |frames, time, figure, part: &Part, left: &Part| {
            let certified = ticks(figure)?.ok_or(TotalisationError::TooLarge)?;
            let counted = match time == figure {
                true => certified,
                false => ticks(time)?.ok_or(TotalisationError::TooLarge)?,
            };
            let exact = || Ok(ticks(self.exact_of(part, unit)?)?.unwrap_or(i64::MAX));
            enter(Place::new(measure, frames, (counted, certified), exact)?, left, time)
        };
        if converted.years.is_empty() {
            let Some(part) = converted.parts.first() else { return Ok(()) };
            let left = if whole && counted == converted.value {
                *part
            } else {
                self.cut(part, period.frame, frames, counted, unit)?
            };
            return place((within, period.frame), counted, converted.value, part, &left);
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
            place((within, of_period), time, *figure, part, &left)?;
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
