//! Calendar months.

use core::fmt;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder};
use crate::time::{Date, days_of_month};

/// The last month that there is: December 9999.
const LAST: u32 = 9999 * 12 + 11;

/// A calendar month: the year times 12, and 0 for January to 11 for December. Years run from 1 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(u32);

impl Month {
    /// Makes a month; `month` runs from 1 to 12.
    pub fn new(year: u16, month: u8) -> Option<Self> {
        let is_month = (1..=9999).contains(&year) && (1..=12).contains(&month);
        is_month.then(|| Self(u32::from(year) * 12 + u32::from(month) - 1))
    }

    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |t: &str, n| t.len() == n && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }

    /// Returns the month of a day.
    pub fn of(day: Date) -> Option<Self> {
        let (year, month, _) = day.to_ymd();
        Self::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?)
    }

    /// Returns the calendar year.
    pub fn year(self) -> u16 {
        u16::try_from(self.0 / 12).unwrap_or(u16::MAX)
    }

    /// Returns the month of the year, 1 to 12.
    pub fn month(self) -> u8 {
        u8::try_from(self.0 % 12 + 1).unwrap_or(1)
    }

    /// Returns its number: the year times 12, and 0 for January to 11 for December.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Returns the first day.
    pub fn first_day(self) -> Date {
        Date::from_ymd(self.year().into(), self.month().into(), 1).unwrap_or(Date(0))
    }

    /// Returns the last day.
    pub fn last_day(self) -> Date {
        let (year, month) = (i32::from(self.year()), u32::from(self.month()));
        Date::from_ymd(year, month, days_of_month(year, month)).unwrap_or(Date(0))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl Encode for Month {
    fn encode(&self, e: &mut Encoder) {
        e.uint(self.0.into());
    }
}

impl<'b> Decode<'b> for Month {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        match u32::decode(d)? {
            number @ 12..=LAST => Ok(Self(number)),
            _ => Err(CborError::new(CborErrorKind::OutOfRange, start)),
        }
    }
}

impl serde::Serialize for Month {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn months_round_trip_and_those_that_do_not_exist_are_refused() {
        for text in ["0001-01", "1999-12", "2000-02", "9999-12"] {
            let month = Month::parse(text).unwrap();
            assert_eq!(month.to_string(), text);
            assert_eq!(Month::from_cbor(&month.to_cbor()), Ok(month));
            assert_eq!(Month::of(month.first_day()), Some(month));
            assert_eq!(Month::of(month.last_day()), Some(month));
        }
        for text in ["0000-01", "1999-13", "1999-00", "1999-1", "99-01", "1999-01-01", "+999-01"] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
        assert!(
            Month::from_cbor(b"\x0b").is_err()
                && Month::from_cbor(b"\x1a\x00\x01\xd4\xc0").is_err()
        );
        assert_eq!(Month::parse("2000-02").unwrap().last_day().to_string(), "2000-02-29");
    }
}
