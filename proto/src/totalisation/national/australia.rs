//! Australian working life residence: months and days, added before anything is rounded.

use crate::time::{Date, days_of_month};
use crate::totalisation::period::Frame;

/// Returns the whole months of a stay and the days beyond them, the first and the last day included.
pub fn months_and_days(stay: Frame) -> (i64, i64) {
    let after = Date(stay.end.0.saturating_add(1));
    let (year, month, day) = stay.start.to_ymd();
    let (last_year, last_month, last_day) = after.to_ymd();
    let month_number = |year: i32, month: u32| i64::from(year) * 12 + i64::from(month) - 1;
    let mut months = month_number(last_year, last_month) - month_number(year, month);
    let mut days = i64::from(last_day) - i64::from(day);
    if days < 0 {
        months -= 1;
        // The rest of the month before the one in which the stay ends, from the day it began on.
        let (before_year, before_month) = match last_month {
            1 => (last_year - 1, 12),
            month => (last_year, month - 1),
        };
        let length = i64::from(days_of_month(before_year, before_month));
        days = i64::from(last_day) + (length - i64::from(day)).max(0);
    }
    (months, days)
}

/// Adds stays up: `month` days left over make a month, and any days left at the end one more.
pub fn working_life_residence(stays: impl IntoIterator<Item = (i64, i64)>, month: i64) -> i64 {
    let (months, days) = stays.into_iter().fold((0i64, 0i64), |(m, d), (months, days)| {
        (m.saturating_add(months), d.saturating_add(days))
    });
    let month = month.max(1);
    months
        .saturating_add(days.div_euclid(month))
        .saturating_add(i64::from(days.rem_euclid(month) > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(start: &str, end: &str) -> (i64, i64) {
        months_and_days(Frame::new(Date::parse(start).unwrap(), Date::parse(end).unwrap()).unwrap())
    }

    #[test]
    fn both_ends_count_and_days_are_added_before_they_are_rounded() {
        assert_eq!(stay("2000-01-01", "2000-12-31"), (12, 0));
        assert_eq!(stay("2000-01-15", "2000-03-14"), (2, 0));
        assert_eq!(stay("2000-01-15", "2000-03-20"), (2, 6));
        assert_eq!(stay("2001-01-31", "2001-03-01"), (1, 2));
        assert_eq!(stay("2001-05-07", "2001-05-07"), (0, 1));
        assert_eq!(working_life_residence([(1, 20), (2, 10)], 30), 4);
        assert_eq!(working_life_residence([(1, 20), (2, 11)], 30), 5);
        assert_eq!(working_life_residence([], 30), 0);
    }
}
