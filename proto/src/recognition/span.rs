//! Lengths of time as agreements state them, counted in the calendar.

use core::fmt;

use crate::cbor::{codes, record};
use crate::time::Date;

codes! {
    /// What a length of time is counted in.
    pub enum SpanUnit {
        /// Days.
        Days = 1, "days";
        /// Weeks.
        Weeks = 2, "weeks";
        /// Months.
        Months = 3, "months";
        /// Years.
        Years = 4, "years";
    }
}

record! {
    /// A length of time: "3 years".
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct TimeSpan {
        /// How many.
        count [1]: u16,
        /// Of what.
        unit [2]: SpanUnit,
    }
    check |s| if s.count == 0 { Err("a length of time is not zero") } else { Ok(()) }
}

impl TimeSpan {
    /// Reads `3 years`, `1 month`, `90 days`.
    pub fn parse(text: &str) -> Option<Self> {
        let (count, unit) = text.trim().split_once(' ')?;
        let plural = |unit: &str| match unit.ends_with('s') {
            true => SpanUnit::from_name(unit),
            false => {
                SpanUnit::ALL.iter().copied().find(|u| u.name().strip_suffix('s') == Some(unit))
            }
        };
        if !count.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count = count.parse().ok().filter(|count| *count > 0)?;
        Some(Self { count, unit: plural(unit.trim())? })
    }

    /// Returns the day that lies this long before `day`; of a month that is too short, its last day.
    pub fn before(self, day: Date) -> Date {
        self.moved(day, -1)
    }

    /// Returns the day that lies this long after `day`; of a month that is too short, its last day.
    pub fn after(self, day: Date) -> Date {
        self.moved(day, 1)
    }

    fn moved(self, day: Date, sign: i32) -> Date {
        let count = i32::from(self.count) * sign;
        match self.unit {
            SpanUnit::Days => Date(day.0.saturating_add(count)),
            SpanUnit::Weeks => Date(day.0.saturating_add(count * 7)),
            SpanUnit::Months => day.plus_months(count),
            SpanUnit::Years => day.plus_months(count * 12),
        }
    }

    /// Tells whether days that need not be consecutive add up to this length, a year being 365 of them and
    /// a month the twelfth part of that.
    pub fn is_reached_by(self, days: u64) -> bool {
        let count = u64::from(self.count);
        match self.unit {
            SpanUnit::Days => days >= count,
            SpanUnit::Weeks => days >= count * 7,
            SpanUnit::Months => days.saturating_mul(12) >= count * 365,
            SpanUnit::Years => days >= count * 365,
        }
    }
}

impl fmt::Display for TimeSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.unit.name();
        match self.count {
            1 => write!(f, "1 {}", name.strip_suffix('s').unwrap_or(name)),
            count => write!(f, "{count} {name}"),
        }
    }
}

impl serde::Serialize for TimeSpan {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn day(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn a_length_reads_as_it_is_written() {
        for text in ["3 years", "1 year", "90 days", "1 week", "18 months"] {
            assert_eq!(TimeSpan::parse(text).unwrap().to_string(), text);
        }
        for bad in [
            "",
            "3",
            "years",
            "0 days",
            "-1 days",
            "+1 days",
            "3 fortnights",
            "70000 days",
            "1.5 years",
        ] {
            assert_eq!(TimeSpan::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn months_are_counted_in_the_calendar_and_the_last_day_of_a_month_stays_one() {
        let span = |text| TimeSpan::parse(text).unwrap();
        assert_eq!(span("1 month").before(day("2026-03-31")), day("2026-02-28"));
        assert_eq!(span("1 month").after(day("2024-01-31")), day("2024-02-29"));
        assert_eq!(span("3 years").before(day("2027-02-28")), day("2024-02-28"));
        assert_eq!(span("2 weeks").after(day("2026-12-25")), day("2027-01-08"));
        assert_eq!(span("65535 years").before(day("2026-01-01")), day("0001-01-01"));
        assert_eq!(span("65535 years").after(day("2026-01-01")), day("9999-12-31"));
    }

    #[test]
    fn days_here_and_there_add_up_exactly() {
        let reached = |text, days| TimeSpan::parse(text).unwrap().is_reached_by(days);
        assert!(reached("1 year", 365) && !reached("1 year", 364));
        assert!(reached("1 month", 31) && !reached("1 month", 30));
        assert!(reached("18 months", 548) && !reached("18 months", 547));
        assert!(reached("1 month", u64::MAX));
    }
}
