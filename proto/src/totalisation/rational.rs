//! Exact fractions. There is no floating point, and what does not fit is an error.

use alloc::string::{String, ToString as _};
use core::cmp::Ordering;
use core::fmt;

use super::TotalisationError;

/// Most digits before the point that a decimal may have.
pub const MAX_WHOLE_DIGITS: usize = 12;
/// Most digits behind the point that a decimal may have.
pub const MAX_DECIMALS: usize = 8;

/// A fraction in lowest terms; the denominator is above 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rational {
    num: i128,
    den: i128,
}

type Checked = Result<Rational, TotalisationError>;

impl Default for Rational {
    fn default() -> Self {
        Self::ZERO
    }
}

impl Rational {
    /// Nothing.
    pub const ZERO: Self = Self { num: 0, den: 1 };
    /// One.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// Returns a whole number.
    pub const fn whole(value: i64) -> Self {
        Self { num: value as i128, den: 1 }
    }

    /// Returns `num / den`.
    ///
    /// # Errors
    /// [`TotalisationError::DividedByZero`], or [`TotalisationError::TooLarge`].
    pub fn new(num: i128, den: i128) -> Checked {
        if den == 0 {
            return Err(TotalisationError::DividedByZero);
        }
        if den == 1 {
            return Ok(Self { num, den });
        }
        // Division is many times faster in 64 bits too.
        if let (Ok(num), Ok(den @ 1..)) = (i64::try_from(num), i64::try_from(den)) {
            let common = gcd_of_small(num.unsigned_abs(), den.unsigned_abs()).cast_signed();
            return Ok(Self { num: (num / common).into(), den: (den / common).into() });
        }
        let common = gcd(num.unsigned_abs(), den.unsigned_abs());
        let common = i128::try_from(common).map_err(|_| TotalisationError::TooLarge)?;
        let sign = if den < 0 { -1 } else { 1 };
        let part = |n: i128| (n / common).checked_mul(sign).ok_or(TotalisationError::TooLarge);
        Ok(Self { num: part(num)?, den: part(den)? })
    }

    /// Reads a decimal such as `12`, `7.300` or `0.05`: digits and at most one point, no sign, no
    /// exponent; at most [`MAX_WHOLE_DIGITS`] before and [`MAX_DECIMALS`] behind the point.
    pub fn parse_decimal(text: &str) -> Option<Self> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits =
            |part: &str, most| part.len() <= most && part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole, MAX_WHOLE_DIGITS) || !digits(decimals, MAX_DECIMALS) {
            return None;
        }
        let mut num: i128 = whole.parse().ok()?;
        let mut den: i128 = 1;
        for digit in decimals.bytes() {
            num = num.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
            den = den.checked_mul(10)?;
        }
        Self::new(num, den).ok()
    }

    /// Returns the numerator in lowest terms.
    pub const fn numerator(self) -> i128 {
        self.num
    }

    /// Returns the denominator in lowest terms, above 0.
    pub const fn denominator(self) -> i128 {
        self.den
    }

    /// Tells whether it is a whole number.
    pub const fn is_whole(self) -> bool {
        self.den == 1
    }

    /// Tells whether it is 0.
    pub const fn is_zero(self) -> bool {
        self.num == 0
    }

    /// Returns the sum.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn plus(self, other: Self) -> Checked {
        if self.den == other.den {
            let num = self.num.checked_add(other.num).ok_or(TotalisationError::TooLarge)?;
            return Self::new(num, self.den);
        }
        let num = product(self.num, other.den)?
            .checked_add(product(other.num, self.den)?)
            .ok_or(TotalisationError::TooLarge)?;
        Self::new(num, product(self.den, other.den)?)
    }

    /// Returns the difference.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn minus(self, other: Self) -> Checked {
        let num = other.num.checked_neg().ok_or(TotalisationError::TooLarge)?;
        self.plus(Self { num, den: other.den })
    }

    /// Returns the difference, 0 if `other` is the larger.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn less(self, other: Self) -> Checked {
        Ok(self.minus(other)?.max(Self::ZERO))
    }

    /// Returns the product.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn times(self, other: Self) -> Checked {
        Self::new(product(self.num, other.num)?, product(self.den, other.den)?)
    }

    /// Returns the quotient.
    ///
    /// # Errors
    /// [`TotalisationError::DividedByZero`], or [`TotalisationError::TooLarge`].
    pub fn over(self, other: Self) -> Checked {
        Self::new(product(self.num, other.den)?, product(self.den, other.num)?)
    }

    /// Rounds down to a whole number.
    #[must_use]
    pub const fn floor(self) -> Self {
        if self.den == 1 {
            return self;
        }
        Self { num: self.num.div_euclid(self.den), den: 1 }
    }

    /// Rounds up to a whole number.
    #[must_use]
    pub const fn ceil(self) -> Self {
        if self.den == 1 {
            return self;
        }
        let up = if self.num.rem_euclid(self.den) == 0 { 0 } else { 1 };
        Self { num: self.num.div_euclid(self.den) + up, den: 1 }
    }

    /// Rounds to so many decimals, half up.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn round_half_up(self, decimals: u32) -> Checked {
        let scale = 10_i128.checked_pow(decimals).ok_or(TotalisationError::TooLarge)?;
        let half = Self { num: 1, den: 2 };
        let units = self.times(Self { num: scale, den: 1 })?.plus(half)?.floor();
        Self::new(units.num, scale)
    }

    /// Writes it with exactly so many decimals, rounded half up.
    ///
    /// # Errors
    /// [`TotalisationError::TooLarge`].
    pub fn to_decimal(self, decimals: u32) -> Result<String, TotalisationError> {
        let scale = 10_i128.checked_pow(decimals).ok_or(TotalisationError::TooLarge)?;
        let rounded = self.round_half_up(decimals)?.times(Self { num: scale, den: 1 })?.num;
        let sign = if rounded < 0 { "-" } else { "" };
        let units = rounded.unsigned_abs();
        let scale = scale.unsigned_abs();
        if decimals == 0 {
            return Ok(alloc::format!("{sign}{units}"));
        }
        let width = decimals as usize;
        Ok(alloc::format!("{sign}{}.{:0width$}", units / scale, units % scale))
    }

    /// Compares whole parts first, then the reciprocals of what is left: never overflows.
    fn cmp_of_large(&self, other: &Self) -> Ordering {
        let (mut a, mut b, mut turned) = (*self, *other, false);
        loop {
            let (whole_a, whole_b) = (a.num.div_euclid(a.den), b.num.div_euclid(b.den));
            let order = whole_a.cmp(&whole_b);
            let (rest_a, rest_b) = (a.num.rem_euclid(a.den), b.num.rem_euclid(b.den));
            let order = match (order, rest_a, rest_b) {
                (Ordering::Equal, 0, 0) => return Ordering::Equal,
                (Ordering::Equal, 0, _) => Ordering::Less,
                (Ordering::Equal, _, 0) => Ordering::Greater,
                (Ordering::Equal, ..) => {
                    (a, b) = (Self { num: a.den, den: rest_a }, Self { num: b.den, den: rest_b });
                    turned = !turned;
                    continue;
                }
                (order, ..) => order,
            };
            return if turned { order.reverse() } else { order };
        }
    }

    /// Returns the whole number, if it is one and fits.
    pub fn to_whole(self) -> Option<i64> {
        self.is_whole().then(|| i64::try_from(self.num).ok())?
    }
}

fn product(a: i128, b: i128) -> Result<i128, TotalisationError> {
    small_product(a, b).or_else(|| a.checked_mul(b)).ok_or(TotalisationError::TooLarge)
}

/// Returns the product of two numbers of 64 bits, as nearly every one here is: many times faster.
fn small_product(a: i128, b: i128) -> Option<i128> {
    let small = |n| i64::try_from(n).ok().map(i128::from);
    Some(small(a)? * small(b)?)
}

fn gcd(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
            return gcd_of_small(a, b).into();
        }
        (a, b) = (b, a % b);
    }
    a.max(1)
}

fn gcd_of_small(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

impl Ord for Rational {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.den == other.den {
            return self.num.cmp(&other.num);
        }
        if let (Some(a), Some(b)) =
            (small_product(self.num, other.den), small_product(other.num, self.den))
        {
            return a.cmp(&b);
        }
        self.cmp_of_large(other)
    }
}

impl PartialOrd for Rational {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Prints a whole number as it is, a fraction of tens as a decimal, any other as `num/den`.
impl fmt::Display for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.den == 1 {
            return write!(f, "{}", self.num);
        }
        for decimals in 1..=8_u32 {
            if 10_i128.pow(decimals) % self.den == 0
                && let Ok(text) = self.to_decimal(decimals)
            {
                return f.write_str(&text);
            }
        }
        write!(f, "{}/{}", self.num, self.den)
    }
}

impl fmt::Debug for Rational {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Rational {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.to_whole() {
            Some(whole) => s.serialize_i64(whole),
            None => s.serialize_str(&self.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn r(num: i128, den: i128) -> Rational {
        Rational::new(num, den).unwrap()
    }

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(Rational::parse_decimal("7.300"), Some(r(73, 10)));
        assert_eq!(Rational::parse_decimal("0"), Some(Rational::ZERO));
        for bad in
            ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "1.123456789", "1234567890123", "１"]
        {
            assert_eq!(Rational::parse_decimal(bad), None, "{bad}");
        }
    }

    #[test]
    fn rounding_is_up_down_or_half_up() {
        assert_eq!(r(85, 10).ceil(), r(9, 1));
        assert_eq!(r(8, 1).ceil(), r(8, 1));
        assert_eq!(r(85, 10).floor(), r(8, 1));
        assert_eq!(r(23_076_375, 100_000).to_decimal(2).unwrap(), "230.76");
        assert_eq!(r(5, 1000).to_decimal(2).unwrap(), "0.01");
        assert_eq!(r(200, 3).to_decimal(5).unwrap(), "66.66667");
    }

    #[test]
    fn order_holds_without_overflow() {
        let big = i128::MAX / 2;
        assert!(r(big, big - 1) > r(big - 1, big));
        assert!(r(1, 3) < r(1, 2) && r(-1, 2) < r(-1, 3) && r(7, 2) > r(10, 3));
        assert_eq!(r(2, 4).cmp(&r(1, 2)), Ordering::Equal);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let big = Rational { num: i128::MAX, den: 1 };
        assert_eq!(big.plus(Rational::ONE), Err(TotalisationError::TooLarge));
        assert_eq!(big.times(r(2, 1)), Err(TotalisationError::TooLarge));
        assert_eq!(Rational::ONE.over(Rational::ZERO), Err(TotalisationError::DividedByZero));
    }
}
