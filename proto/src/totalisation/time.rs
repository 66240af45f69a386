//! Calendar time in whole ticks, so that it can be cut, added and compared without fractions.

use alloc::vec::Vec;

use super::period::{Frame, TimeUnit};
use super::unit::UnitTable;
use super::{Rational, TotalisationError};
use crate::time::{Date, days_of_month};

/// Ticks of a calendar month: divisible by the days of every month, and by ten-thousandths of the days that
/// a month has in schemes of five, six and seven days.
pub(super) const MONTH: i64 = 539_939_400_000;

/// How time is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// In calendar months and parts of them: every month is as long as every other.
    Months,
    /// In days, seven of which are a week.
    Weeks,
}

impl Measure {
    /// Returns how time is measured that is counted in a unit.
    pub const fn of(unit: TimeUnit) -> Self {
        match unit {
            TimeUnit::Week | TimeUnit::ContributionWeek => Self::Weeks,
            _ => Self::Months,
        }
    }

    /// Returns where a day begins, in ticks.
    pub fn tick(self, day: i32) -> i64 {
        match self {
            Self::Weeks => i64::from(day),
            Self::Months => {
                let (year, month, of_month) = Date(day).to_ymd();
                let length = i64::from(days_of_month(year, month));
                let months = i64::from(year) * 12 + i64::from(month) - 1;
                months * MONTH + (i64::from(of_month) - 1) * (MONTH / length)
            }
        }
    }

    /// Returns the ticks of a frame.
    pub fn ticks(self, frame: Frame) -> i64 {
        self.tick(frame.end.0.saturating_add(1)) - self.tick(frame.start.0)
    }

    /// Returns the ticks of all months that a frame touches, or of as many weeks as hold it.
    pub fn touched(self, frame: Frame) -> i64 {
        let (first, end) = self.around(frame);
        end - first
    }

    /// Returns where the first month that a frame touches begins, and where the last ends; of weeks, from its
    /// first day on.
    pub fn around(self, frame: Frame) -> (i64, i64) {
        match self {
            Self::Weeks => {
                let first = self.tick(frame.start.0);
                (first, first + self.ticks(frame).saturating_add(6).div_euclid(7) * 7)
            }
            Self::Months => {
                let month = |day: Date| {
                    let (year, month, _) = day.to_ymd();
                    i64::from(year) * 12 + i64::from(month) - 1
                };
                (month(frame.start) * MONTH, (month(frame.end) + 1) * MONTH)
            }
        }
    }

    /// Returns ticks in a unit.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn to_unit(
        self,
        ticks: i64,
        unit: TimeUnit,
        table: &UnitTable,
    ) -> Result<Rational, TotalisationError> {
        Rational::whole(ticks).over(self.ticks_of(unit, table)?)
    }

    /// Returns how many ticks one of a unit is.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn ticks_of(
        self,
        unit: TimeUnit,
        table: &UnitTable,
    ) -> Result<Rational, TotalisationError> {
        let (natural, ticks) = match self {
            Self::Months => (TimeUnit::Month, MONTH),
            Self::Weeks => (TimeUnit::Week, 7),
        };
        Rational::whole(ticks).times(table.factor(unit, natural)?)
    }

    /// Returns the time of a frame in a unit, before any rounding.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn time(
        self,
        frame: Frame,
        unit: TimeUnit,
        table: &UnitTable,
    ) -> Result<Rational, TotalisationError> {
        self.to_unit(self.ticks(frame), unit, table)
    }
}

/// Returns the frame from the first day of its first month to the last day of its last month.
pub fn whole_months(frame: Frame) -> Frame {
    let days = |days: u32| i32::try_from(days).unwrap_or_default();
    let (_, _, first) = frame.start.to_ymd();
    let (year, month, last) = frame.end.to_ymd();
    let (before, after) = (days(first - 1), days(days_of_month(year, month) - last));
    Frame {
        start: Date(frame.start.0.saturating_sub(before)),
        end: Date(frame.end.0.saturating_add(after)),
    }
}

/// Returns the whole calendar months within a frame, if there is one.
pub fn months_within(frame: Frame) -> Option<Frame> {
    let (year, month, day) = frame.start.to_ymd();
    let start = match (day, month) {
        (1, _) => frame.start,
        (_, 12) => Date::from_ymd(year + 1, 1, 1)?,
        _ => Date::from_ymd(year, month + 1, 1)?,
    };
    let (year, month, day) = frame.end.to_ymd();
    let end = if day == days_of_month(year, month) {
        frame.end
    } else {
        Date(Date::from_ymd(year, month, 1)?.0 - 1)
    };
    Frame::new(start, end)
}

/// Returns the part of a frame that lies in a calendar year.
pub fn within_year(frame: Frame, year: i32) -> Option<Frame> {
    let start = Date::from_ymd(year, 1, 1)?;
    let end = Date::from_ymd(year, 12, 31)?;
    Frame::new(frame.start.max(start), frame.end.min(end))
}

/// Calendar months that are covered in part or in full, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct TouchedMonths {
    /// The months that each frame touches.
    pub each: Vec<i64>,
    /// The months that all of them touch.
    pub total: i64,
    /// The covered time in whole months, without the gaps.
    pub merged: Vec<Frame>,
}

/// Counts the calendar months that frames touch.
pub fn touched_months(frames: &[Frame]) -> TouchedMonths {
    let months = |frame: &Frame| Measure::Months.touched(*frame) / MONTH;
    let whole: Vec<Frame> = frames.iter().map(|frame| whole_months(*frame)).collect();
    let mut sorted = whole.clone();
    sorted.sort_unstable();
    let mut merged: Vec<Frame> = Vec::new();
    for frame in sorted {
        match merged.last_mut() {
            Some(last) if frame.start.0 <= last.end.0.saturating_add(1) => {
                last.end = last.end.max(frame.end);
            }
            _ => merged.push(frame),
        }
    }
    let total = merged.iter().map(months).sum();
    TouchedMonths { each: whole.iter().map(months).collect(), total, merged }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(start: &str, end: &str) -> Frame {
        Frame::new(Date::parse(start).unwrap(), Date::parse(end).unwrap()).unwrap()
    }

    #[test]
    fn every_month_has_the_same_ticks_and_its_days_add_up() {
        for month in ["2000-02-01/2000-02-29", "2001-02-01/2001-02-28", "2001-01-01/2001-01-31"] {
            let (start, end) = month.split_once('/').unwrap();
            assert_eq!(Measure::Months.ticks(frame(start, end)), MONTH);
        }
        let (a, b) = (frame("2001-03-15", "2001-07-02"), frame("2001-07-03", "2002-01-01"));
        let both = frame("2001-03-15", "2002-01-01");
        for measure in [Measure::Months, Measure::Weeks] {
            assert_eq!(measure.ticks(a) + measure.ticks(b), measure.ticks(both));
        }
        for days in [22, 26, 28, 29, 30, 31] {
            assert_eq!(MONTH % (days * 10_000), 0);
        }
    }

    #[test]
    fn months_are_touched_or_whole() {
        let part = frame("2000-08-16", "2000-10-30");
        assert_eq!(whole_months(part), frame("2000-08-01", "2000-10-31"));
        assert_eq!(months_within(part), Some(frame("2000-09-01", "2000-09-30")));
        assert_eq!(months_within(frame("2000-12-02", "2001-01-30")), None);
    }
}
