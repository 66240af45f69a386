//! How much time was certified: exact decimals with their unit.

use core::fmt;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, codes, record};

/// Parts of a unit that a decimal is counted in.
const PARTS: u64 = Decimal::PARTS as u64;
/// Largest decimal, in whole units: sums of a hundred still fit 64 bits in parts.
const MAX_WHOLE: u64 = 1_000_000_000_000;

codes! {
    /// Whether days are those of a week of five, six or seven.
    pub enum DayBasis {
        /// Five days a week.
        Five = 5, "5";
        /// Six days a week.
        Six = 6, "6";
        /// Seven days a week.
        Seven = 7, "7";
    }
}

/// The unit of a certified number. It is not written: the entries of a [`Quantity`] say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unit {
    /// Calendar years.
    Year,
    /// Calendar quarters.
    Quarter,
    /// Calendar months.
    Month,
    /// Weeks.
    Week,
    /// Days.
    Day,
    /// Years, months and days together.
    YearsMonthsDays,
}

impl Unit {
    /// Every unit.
    pub const ALL: &[Self] =
        &[Self::Year, Self::Quarter, Self::Month, Self::Week, Self::Day, Self::YearsMonthsDays];

    /// Returns the name used in files, reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Quarter => "quarter",
            Self::Month => "month",
            Self::Week => "week",
            Self::Day => "day",
            Self::YearsMonthsDays => "years-months-days",
        }
    }

    /// Returns the unit with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|unit| unit.name() == name)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A decimal number that is not negative, in ten-thousandths: 13.5 is 135,000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(u64);

impl Decimal {
    /// Makes a whole number.
    pub fn whole(number: u32) -> Self {
        Self(u64::from(number) * PARTS)
    }

    /// Reads a decimal number with at most four places, such as `12` or `13.5`.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |t: &str, max| (1..=max).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole, 13) || !digits(places, 4) {
            return None;
        }
        let scale = 10u64.checked_pow(u32::try_from(4 - places.len()).ok()?)?;
        let parts = places.parse::<u64>().ok()?.checked_mul(scale)?;
        let whole = whole.parse::<u64>().ok().filter(|whole| *whole < MAX_WHOLE)?;
        Some(Self(whole.checked_mul(PARTS)?.checked_add(parts)?))
    }

    /// Parts of a unit that it is counted in.
    pub const PARTS: u32 = 10_000;

    /// Returns the number, if it is a whole one that fits.
    pub fn to_whole(self) -> Option<u32> {
        self.0.is_multiple_of(PARTS).then(|| u32::try_from(self.0 / PARTS).ok()).flatten()
    }

    /// Returns the number of ten-thousandths.
    pub fn ten_thousandths(self) -> u64 {
        self.0
    }

    fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0 / PARTS)?;
        match self.0 % PARTS {
            0 => Ok(()),
            mut places => {
                let mut width = 4;
                while places % 10 == 0 {
                    places /= 10;
                    width -= 1;
                }
                write!(f, ".{places:0width$}")
            }
        }
    }
}

impl Encode for Decimal {
    fn encode(&self, e: &mut Encoder) {
        e.uint(self.0);
    }
}

impl<'b> Decode<'b> for Decimal {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        match d.uint()? {
            parts if parts / PARTS < MAX_WHOLE => Ok(Self(parts)),
            _ => Err(CborError::new(CborErrorKind::OutOfRange, start)),
        }
    }
}

impl serde::Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

record! {
    /// A certified number: in one unit, or in years, months and days together.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
    pub struct Quantity {
        /// Years.
        #[serde(skip_serializing_if = "Option::is_none")]
        years [1]: Option<Decimal>,
        /// Quarters.
        #[serde(skip_serializing_if = "Option::is_none")]
        quarters [2]: Option<Decimal>,
        /// Months.
        #[serde(skip_serializing_if = "Option::is_none")]
        months [3]: Option<Decimal>,
        /// Weeks.
        #[serde(skip_serializing_if = "Option::is_none")]
        weeks [4]: Option<Decimal>,
        /// Days.
        #[serde(skip_serializing_if = "Option::is_none")]
        days [5]: Option<Decimal>,
    }
    check |q| if q.unit() == Some(Unit::YearsMonthsDays) {
        let parts = [q.years, q.months, q.days];
        if parts.into_iter().flatten().all(|part| part.to_whole().is_some()) {
            Ok(())
        } else {
            Err("years, months and days together are whole numbers")
        }
    } else if q.unit().is_some() {
        Ok(())
    } else if *q == Self::default() {
        Err("a number has a unit")
    } else {
        Err("a number is in one unit, or in years, months and days")
    }
}

impl Quantity {
    /// Makes a number in one unit; in [`Unit::YearsMonthsDays`] it is days.
    pub fn of(unit: Unit, number: Decimal) -> Self {
        let mut quantity = Self::default();
        let part = match unit {
            Unit::Year => &mut quantity.years,
            Unit::Quarter => &mut quantity.quarters,
            Unit::Month => &mut quantity.months,
            Unit::Week => &mut quantity.weeks,
            Unit::Day | Unit::YearsMonthsDays => &mut quantity.days,
        };
        *part = Some(number);
        quantity
    }

    /// Returns the unit; `None` if there is none, or several that do not go together.
    pub fn unit(&self) -> Option<Unit> {
        let Self { years, quarters, months, weeks, days } = self;
        let there = [years, quarters, months, weeks, days].map(Option::is_some);
        match there {
            [true, false, false, false, false] => Some(Unit::Year),
            [false, true, false, false, false] => Some(Unit::Quarter),
            [false, false, true, false, false] => Some(Unit::Month),
            [false, false, false, true, false] => Some(Unit::Week),
            [false, false, false, false, true] => Some(Unit::Day),
            [_, false, _, false, _] if there.contains(&true) => Some(Unit::YearsMonthsDays),
            _ => None,
        }
    }

    /// Returns the number, if it is in one unit.
    pub fn number(&self) -> Option<Decimal> {
        match self.unit()? {
            Unit::YearsMonthsDays => None,
            _ => self.years.or(self.quarters).or(self.months).or(self.weeks).or(self.days),
        }
    }

    /// Returns whether every part of it is at most that of another, in the same unit; `None` if the
    /// units differ or there are several.
    pub fn is_at_most(&self, other: &Self) -> Option<bool> {
        (self.unit() == other.unit()).then_some(())?;
        Some(self.number()? <= other.number()?)
    }

    /// Adds numbers part by part: nothing if there are none, or their units do not go together.
    pub fn sum(numbers: impl Iterator<Item = Self>) -> Option<Self> {
        let plus = |a: Option<Decimal>, b: Option<Decimal>| match (a, b) {
            (Some(a), Some(b)) => Some(a.plus(b)),
            (one, other) => one.or(other),
        };
        let sum = numbers.reduce(|a, b| Self {
            years: plus(a.years, b.years),
            quarters: plus(a.quarters, b.quarters),
            months: plus(a.months, b.months),
            weeks: plus(a.weeks, b.weeks),
            days: plus(a.days, b.days),
        });
        sum.filter(|sum| sum.unit().is_some())
    }
}

impl fmt::Display for Quantity {
    /// Prints the parts with their units: `2 years, 1 month, 4 days`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.years, "year"),
            (self.quarters, "quarter"),
            (self.months, "month"),
            (self.weeks, "week"),
            (self.days, "day"),
        ];
        let mut before = "";
        for (number, unit) in parts {
            let Some(number) = number else { continue };
            let several = if number == Decimal::whole(1) { "" } else { "s" };
            write!(f, "{before}{number} {unit}{several}")?;
            before = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_decimal_is_exact_and_has_one_form() {
        for (text, parts) in
            [("0", 0), ("12", 120_000), ("13.5", 135_000), ("0.0001", 1), ("7.25", 72_500)]
        {
            let decimal = Decimal::parse(text).unwrap();
            assert_eq!((decimal.ten_thousandths(), decimal.to_string().as_str()), (parts, text));
            assert_eq!(Decimal::from_cbor(&decimal.to_cbor()), Ok(decimal));
        }
        for text in ["", ".5", "5.", "1,5", "-1", "+1", "1e3", "1.00001", "1000000000000", " 1"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        // A float in CBOR is no decimal.
        assert!(Decimal::from_cbor(b"\xf9\x3c\x00").is_err());
    }

    #[test]
    fn a_quantity_is_in_one_unit_or_in_years_months_and_days() {
        let n = |n| Some(Decimal::whole(n));
        let ymd = Quantity { years: n(2), months: n(1), days: n(4), ..Quantity::default() };
        assert_eq!((ymd.unit(), ymd.number()), (Some(Unit::YearsMonthsDays), None));
        assert_eq!(ymd.to_string(), "2 years, 1 month, 4 days");
        assert_eq!(Quantity::from_cbor(&ymd.to_cbor()), Ok(ymd));
        let months = Quantity::of(Unit::Month, Decimal::whole(7));
        assert_eq!((months.unit(), months.number()), (Some(Unit::Month), n(7)));
        for bad in [
            Quantity::default(),
            Quantity { weeks: n(1), days: n(1), ..Quantity::default() },
            Quantity { quarters: n(1), months: n(1), ..Quantity::default() },
            Quantity { years: n(1), months: Decimal::parse("1.5"), ..Quantity::default() },
        ] {
            assert!(Quantity::from_cbor(&bad.to_cbor()).is_err(), "{bad:?}");
        }
        assert_eq!(Quantity::sum([months, months].into_iter()).unwrap().number(), n(14));
        let weeks = Quantity::of(Unit::Week, Decimal::whole(7));
        assert_eq!(Quantity::sum([months, weeks].into_iter()), None);
        assert_eq!(months.is_at_most(&weeks), None);
    }
}
