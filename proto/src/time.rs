//! Points in time, calendar days and intervals. Nothing here reads a clock.

use core::fmt;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, record};

/// Seconds in a day.
pub const DAY: u64 = 86_400;

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// Adds seconds; stays at the largest value instead of overflowing.
    pub fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Subtracts seconds; stays at 0 instead of underflowing.
    pub fn minus(self, seconds: u64) -> Self {
        Self(self.0.saturating_sub(seconds))
    }

    /// Returns the seconds from `earlier` to this time, 0 if it is not earlier.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Rounds down to the beginning of the UTC day.
    pub fn start_of_day(self) -> Self {
        Self(self.0 - self.0 % DAY)
    }

    /// Returns the last second of the UTC day.
    pub fn end_of_day(self) -> Self {
        self.start_of_day().plus(DAY - 1)
    }

    /// Returns the UTC day.
    pub fn date(self) -> Date {
        Date(i32::try_from(self.0 / DAY).unwrap_or(i32::MAX))
    }
}

/// Prints as RFC 3339 in UTC.
impl fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.0 % DAY;
        let (h, m, s) = (second / 3600, second / 60 % 60, second % 60);
        write!(f, "{}T{h:02}:{m:02}:{s:02}Z", self.date())
    }
}

impl Encode for UnixSeconds {
    fn encode(&self, e: &mut Encoder) {
        e.uint(self.0);
    }
}

impl<'b> Decode<'b> for UnixSeconds {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        let seconds = d.uint()?;
        // Far enough for any certificate; small enough that sums of two never overflow.
        if seconds > 1 << 40 {
            return Err(CborError::new(CborErrorKind::OutOfRange, start));
        }
        Ok(Self(seconds))
    }
}

impl serde::Serialize for UnixSeconds {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(self.0)
    }
}

/// A calendar day: days since 1970-01-01, as in RFC 8943 (tag 100, without the tag).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

impl Date {
    /// Makes a day from the proleptic Gregorian calendar; `None` if there is no such day.
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !(1..=9999).contains(&year)
            || !(1..=12).contains(&month)
            || !(1..=days_of_month(year, month)).contains(&day)
        {
            return None;
        }
        // Counts in years that begin in March, so that the leap day comes last.
        let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let day_of_year = i32::try_from((153 * m + 2) / 5 + day).ok()? - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self(era * 146_097 + day_of_era - 719_468))
    }

    /// Returns year, month and day.
    pub fn to_ymd(self) -> (i32, u32, u32) {
        // In eras of 400 years, from so far back that no day is before them: division of what is never
        // negative is faster.
        const ERAS: i64 = 15_000;
        let z = (i64::from(self.0) + 719_468 + ERAS * 146_097).unsigned_abs();
        let (era, day_of_era) = (z / 146_097, z % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let m = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * m + 2) / 5 + 1;
        let month = if m < 10 { m + 3 } else { m - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        (
            i32::try_from(year.cast_signed() - ERAS * 400).unwrap_or(i32::MAX),
            u32::try_from(month).unwrap_or(1),
            u32::try_from(day).unwrap_or(1),
        )
    }

    /// Reads `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |width: usize| {
            parts.next().filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()))
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        if parts.next().is_some() {
            return None;
        }
        Self::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }

    /// Moves the day by calendar months. Where the month has no such day it is its last; outside the years
    /// 1 to 9999 it is the nearest end of the calendar.
    #[must_use]
    pub fn plus_months(self, months: i32) -> Self {
        let (year, month, day) = self.to_ymd();
        let month = i32::try_from(month).unwrap_or(1);
        let all = year.saturating_mul(12).saturating_add(month - 1).saturating_add(months);
        let (year, month) =
            (all.div_euclid(12), u32::try_from(all.rem_euclid(12)).unwrap_or(0) + 1);
        let moved = Self::from_ymd(year, month, day.min(days_of_month(year, month)));
        moved.unwrap_or(if months < 0 { Self(-719_162) } else { Self(2_932_896) })
    }

    /// Returns the first second of the day, 0 for days before 1970.
    pub fn start(self) -> UnixSeconds {
        UnixSeconds(u64::try_from(self.0).unwrap_or(0) * DAY)
    }
}

/// Returns the days of a month.
pub fn days_of_month(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.to_ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl Encode for Date {
    fn encode(&self, e: &mut Encoder) {
        e.int(i128::from(self.0));
    }
}

impl<'b> Decode<'b> for Date {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        let date = Self(i32::decode(d)?);
        let (year, ..) = date.to_ymd();
        if !(1..=9999).contains(&year) {
            return Err(CborError::new(CborErrorKind::OutOfRange, start));
        }
        Ok(date)
    }
}

impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

record! {
    /// An interval: from a time, until and including a time or open-ended.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Validity {
        /// The first second.
        from [1]: UnixSeconds,
        /// The last second; absent: no end is stated.
        until [2]: Option<UnixSeconds>,
    }
    check |v| if v.until.is_some_and(|until| until < v.from) {
        Err("the end lies before the beginning")
    } else {
        Ok(())
    }
}

impl Validity {
    /// Returns whether the time lies within.
    pub fn contains(&self, at: UnixSeconds) -> bool {
        self.from <= at && !self.has_ended(at)
    }

    /// Returns whether the end lies before the time.
    pub fn has_ended(&self, at: UnixSeconds) -> bool {
        self.until.is_some_and(|until| until < at)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn days_round_trip_over_leap_years_and_centuries() {
        for days in (-719_162..2_932_897).step_by(17) {
            let (y, m, d) = Date(days).to_ymd();
            assert_eq!(Date::from_ymd(y, m, d), Some(Date(days)), "{y}-{m}-{d}");
        }
        assert_eq!(Date::parse("2000-02-29"), Date::from_ymd(2000, 2, 29));
        assert_eq!(Date::parse("1970-01-01"), Some(Date(0)));
        assert_eq!(format!("{}", Date(20_000)), "2024-10-04");
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-04-31",
            "2026-4-01",
            "26-04-01",
            "2026-04-01x",
            "+026-04-01",
            "2026-04-00",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_prints_in_utc() {
        assert_eq!(format!("{}", UnixSeconds(1_700_000_000)), "2023-11-14T22:13:20Z");
    }
}
