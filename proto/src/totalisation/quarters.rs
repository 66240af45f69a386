//! A partner's time as quarters of coverage: how many, and in which calendar quarters they are placed.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::fmt;
use core::iter::Map;
use core::ops::RangeInclusive;

use super::explain::{Explanation, NotCounted, WarningKind};
use super::filter::{Filter, Filtered, OwnBounds, Purpose};
use super::period::{Frame, MAX_PERIODS, Period, StateCode};
use super::plan::Plan;
use super::rules::{Mechanism, MechanismKind, QuarterBasis, RuleId};
use super::time::{touched_months, within_year};
use super::{Claim, Rational, TotalisationError};
use crate::time::Date;

/// Quarters one after the other.
pub(super) type Quarters = Map<RangeInclusive<i32>, fn(i32) -> Quarter>;

/// A calendar quarter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quarter(i32);

impl Quarter {
    /// Makes a quarter, 1 to 4, of a year from 1 to 9999.
    pub fn new(year: i32, quarter: u8) -> Option<Self> {
        ((1..=9999).contains(&year) && (1..=4).contains(&quarter))
            .then(|| Self(year * 4 + i32::from(quarter) - 1))
    }

    /// Reads `1966Q4`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, quarter) = text.split_once('Q')?;
        let digits =
            |part: &str, width| part.len() == width && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(quarter, 1) {
            return None;
        }
        Self::new(year.parse().ok()?, quarter.parse().ok()?)
    }

    /// Returns the quarter of a day.
    pub fn of(day: Date) -> Self {
        let (year, month, _) = day.to_ymd();
        Self(year * 4 + i32::try_from((month - 1) / 3).unwrap_or(0))
    }

    /// Returns the year.
    pub const fn year(self) -> i32 {
        self.0.div_euclid(4)
    }

    /// Returns the quarters that a frame touches, in order.
    pub(super) fn touched(frame: Frame) -> Quarters {
        (Self::of(frame.start).0..=Self::of(frame.end).0).map(Self)
    }

    /// Returns the quarters of the calendar years that a frame touches, in order.
    pub(super) fn of_years(frame: Frame) -> Quarters {
        let (first, last) = frame.years();
        (first * 4..=last * 4 + 3).map(Self)
    }

    /// Returns the quarter of the year, 1 to 4.
    pub const fn of_year(self) -> i32 {
        self.0.rem_euclid(4) + 1
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}Q{}", self.year(), self.of_year())
    }
}

impl fmt::Debug for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Quarter {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// How many quarters a period, or a calendar year, is worth before they are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Worth {
    /// The period, by its place in the list.
    pub period: Option<usize>,
    /// Or the calendar year.
    pub year: Option<i32>,
    /// So many quarters.
    pub value: i64,
    /// So many without the limit of a category.
    pub uncapped: i64,
    /// By which rule.
    pub rule: RuleId,
}

/// The partner's time in quarters.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Credited {
    /// What each period or year is worth.
    pub worth: Vec<Worth>,
    /// The sum of it.
    pub most: i64,
    /// The quarters that are credited.
    pub foreign: BTreeSet<Quarter>,
    /// The own quarters, moved within their years where that was asked.
    pub own: BTreeSet<Quarter>,
    /// The years from the first to the last that matter.
    pub years: Option<(i32, i32)>,
    /// What did not count.
    pub explanation: Explanation,
}

impl Credited {
    /// Tells whether a quarter may be credited: no own one, and not before the first year.
    fn is_free(&self, quarter: Quarter, first_year: Option<i64>) -> bool {
        first_year.is_none_or(|first| i64::from(quarter.year()) >= first)
            && !self.own.contains(&quarter)
    }

    /// Writes a year: `C` an own quarter, `F` a credited one, `N` neither.
    pub fn pattern(&self, year: i32) -> [char; 4] {
        [1, 2, 3, 4].map(|quarter| {
            let quarter = Quarter::new(year, quarter);
            let is_in = |set: &BTreeSet<Quarter>| quarter.is_some_and(|q| set.contains(&q));
            match (is_in(&self.own), is_in(&self.foreign)) {
                (true, _) => 'C',
                (_, true) => 'F',
                _ => 'N',
            }
        })
    }
}

/// What periods come to in one calendar year, and by which rule.
struct InYear<'r> {
    time: Rational,
    frames: Vec<Frame>,
    rule: RuleId,
    does: &'r Mechanism,
}

/// How quarters are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Placement {
    /// From the last quarter back.
    pub backward: bool,
    /// Own quarters may be moved within their year where the rules allow it.
    pub move_own: bool,
}

impl Plan<'_> {
    /// Credits partners' time in quarters to a State that counts so.
    ///
    /// # Errors
    /// [`TotalisationError`].
    pub fn credit(
        &self,
        state: StateCode,
        periods: &[Period],
        own: &[Quarter],
        how: Placement,
    ) -> Result<Credited, TotalisationError> {
        self.credit_for(&Claim::new(Some(state), super::TimeUnit::Quarter), periods, own, how)
    }

    /// Credits partners' time so far as it counts for a claim.
    pub(super) fn credit_for(
        &self,
        claim: &Claim,
        periods: &[Period],
        own: &[Quarter],
        how: Placement,
    ) -> Result<Credited, TotalisationError> {
        let Some(state) = claim.country else { return Err(TotalisationError::NoClaimState) };
        if periods.len() > MAX_PERIODS {
            return Err(TotalisationError::TooMany);
        }
        let mut credited = Credited { own: own.iter().copied().collect(), ..Credited::default() };
        let years = periods.iter().flat_map(|p| [p.frame.start.to_ymd().0, p.frame.end.to_ymd().0]);
        let years = years.chain(own.iter().map(|quarter| quarter.year()));
        credited.years = years.clone().min().zip(years.max());
        if how.move_own {
            self.move_own(state, periods, &mut credited.own);
        }
        let filter = self.filter(claim, periods, Purpose::Right, OwnBounds::Held);
        let mut by_year: BTreeMap<i32, InYear<'_>> = BTreeMap::new();
        let mut categories: BTreeMap<&str, i64> = BTreeMap::new();
        let mut order: Vec<usize> = (0..periods.len()).collect();
        order.sort_by_key(|index| periods.get(*index).map(|p| (p.frame, *index)));
        for index in order {
            let Some(period) = periods.get(index) else { continue };
            period.check()?;
            let found = self.rules.about(MechanismKind::Quarters, period.country);
            let Some((rule, does)) = found.filter(|_| period.country != state) else {
                self.not_a_partner(state, period, index, &mut credited.explanation);
                continue;
            };
            let (unit, Some(basis)) = (does.unit.unwrap_or(super::TimeUnit::Month), does.basis)
            else {
                continue;
            };
            let converted = self.convert(period, unit)?;
            let frame = match filter.of(period) {
                Filtered::In(frame, _) => frame,
                Filtered::Out(reason, rule) => {
                    let (period, time) = (Some(index), converted.value);
                    credited.explanation.not_counted.push(NotCounted {
                        period,
                        reason,
                        rule,
                        time,
                    });
                    continue;
                }
            };
            let (time, years) = self.left_by_year(period, &converted, &[frame], unit)?;
            if basis == QuarterBasis::Period {
                let uncapped = per_quarter(time, does)?;
                let value =
                    self.category_limit(&filter, periods, period, uncapped, &mut categories);
                let worth = Worth { period: Some(index), year: None, value, uncapped, rule };
                credited.worth.push(worth);
                self.place_period(frame, value, how.backward, &mut credited);
                continue;
            }
            // Figures of one year are added before they are rounded.
            let of_years = converted.parts.iter().filter(|_| frame == period.frame);
            let exact: Vec<(i32, Rational)> = of_years
                .filter_map(|part| Some((part.year?, self.exact_of(part, unit))))
                .map(|(year, exact)| exact.map(|exact| (year, exact)))
                .collect::<Result<_, _>>()?;
            let years = match (exact.is_empty(), years.is_empty()) {
                (false, _) => exact,
                (true, false) => years,
                (true, true) => self.spread(frame, time, unit)?,
            };
            for (year, time) in years.into_iter().filter(|(_, time)| !time.is_zero()) {
                let nothing = || InYear { time: Rational::ZERO, frames: Vec::new(), rule, does };
                let entry = by_year.entry(year).or_insert_with(nothing);
                entry.time = entry.time.plus(time)?;
                entry.frames.extend(within_year(frame, year));
            }
        }
        for (year, InYear { time, frames, rule, does }) in by_year {
            let fill = does.basis == Some(QuarterBasis::FillYear);
            let value = if fill { 4 } else { per_quarter(time, does)?.min(4) };
            credited.worth.push(Worth {
                period: None,
                year: Some(year),
                value,
                uncapped: value,
                rule,
            });
            self.place_year(year, &frames, value, fill, &mut credited);
        }
        credited.worth.sort_by_key(|worth| (worth.period, worth.year));
        credited.most = credited.worth.iter().map(|worth| worth.value).sum();
        Ok(credited)
    }

    /// Returns the first year of which a quarter may be credited.
    fn first_year(&self) -> Option<i64> {
        let (_, does) = self.rules.first(MechanismKind::QuartersOnce)?;
        does.year.map(i64::from)
    }

    /// Places quarters of one period, consecutively. One that another period has already is lost.
    fn place_period(&self, frame: Frame, mut left: i64, backward: bool, credited: &mut Credited) {
        let first_year = self.first_year();
        let (first, last) = (Quarter::of(frame.start).0, Quarter::of(frame.end).0);
        let mut at = if backward { last } else { first };
        while left > 0 && (first..=last).contains(&at) {
            if credited.is_free(Quarter(at), first_year) {
                credited.foreign.insert(Quarter(at));
                left -= 1;
            }
            at += if backward { -1 } else { 1 };
        }
    }

    /// Places quarters of one calendar year where a period touches it, or wherever it is free.
    fn place_year(
        &self,
        year: i32,
        frames: &[Frame],
        mut left: i64,
        fill: bool,
        credited: &mut Credited,
    ) {
        let first_year = self.first_year();
        for quarter in (1..=4).filter_map(|quarter| Quarter::new(year, quarter)) {
            let touched = frames
                .iter()
                .any(|f| (Quarter::of(f.start)..=Quarter::of(f.end)).contains(&quarter));
            if left > 0 && (fill || touched) && credited.is_free(quarter, first_year) {
                credited.foreign.insert(quarter);
                left -= 1;
            }
        }
    }

    /// Spreads one figure over the calendar years of its frame, from the first day on.
    fn spread(
        &self,
        frame: Frame,
        mut time: Rational,
        unit: super::TimeUnit,
    ) -> Result<Vec<(i32, Rational)>, TotalisationError> {
        let (first, last) = frame.years();
        let mut years = Vec::new();
        for year in first..=last {
            if time.is_zero() {
                break;
            }
            let Some(part) = within_year(frame, year) else { continue };
            let held = super::time::Measure::of(unit).time(part, unit, &self.units)?.ceil();
            let in_year = if year == last { time } else { time.min(held) };
            time = time.minus(in_year)?;
            years.push((year, in_year));
        }
        Ok(years)
    }

    /// Limits quarters of a category that counts only between contributory time, so far as that time
    /// itself counts.
    fn category_limit<'p>(
        &self,
        filter: &Filter<'_>,
        periods: &[Period],
        period: &'p Period,
        quarters: i64,
        used: &mut BTreeMap<&'p str, i64>,
    ) -> i64 {
        let Some(category) = period.category.as_deref() else { return quarters };
        let limit = self.rules.mechanisms().find(|(_, m)| {
            m.kind == MechanismKind::CategoryLimit
                && m.countries.contains(&period.country)
                && m.category.as_ref().is_some_and(|limited| limited.as_str() == category)
        });
        let Some(most) = limit.and_then(|(_, m)| m.value) else { return quarters };
        let contributory = |p: &&Period| {
            p.country == period.country
                && p.category.as_deref() != Some(category)
                && !p.is_equivalent()
        };
        let counts = |p: &Period| match filter.of(p) {
            Filtered::In(frame, _) => Some(frame),
            Filtered::Out(..) => None,
        };
        let mut frames = periods.iter().filter(contributory).filter_map(counts);
        let before = frames.clone().any(|frame| frame.end < period.frame.start);
        let after = frames.any(|frame| frame.start > period.frame.end);
        let used = used.entry(category).or_default();
        let value = if before && after { quarters.min(i64::from(most) - *used) } else { 0 };
        *used += value;
        value
    }

    /// Moves own quarters within their years to where no period lies, else to the end of the year.
    fn move_own(&self, state: StateCode, periods: &[Period], own: &mut BTreeSet<Quarter>) {
        let from = self.rules.first(MechanismKind::QuartersMove).and_then(|(_, m)| m.year);
        let Some(from) = from.and_then(|year| i32::try_from(year).ok()) else { return };
        let years: BTreeSet<i32> = own.iter().map(|quarter| quarter.year()).collect();
        let foreign = periods.iter().filter(|period| period.country != state);
        let frames: Vec<Frame> = foreign.map(|period| period.frame).collect();
        let touched = touched_months(&frames).merged;
        for year in years.into_iter().filter(|year| *year >= from) {
            let all = Quarter(year * 4)..=Quarter(year * 4 + 3);
            let fixed = own.range(all).count();
            let mut places: Vec<Quarter> = (1..=4).filter_map(|q| Quarter::new(year, q)).collect();
            let wanted = |quarter: &Quarter| {
                let next = touched.partition_point(|frame| Quarter::of(frame.end) < *quarter);
                touched.get(next).is_some_and(|frame| Quarter::of(frame.start) <= *quarter)
            };
            places.sort_by_key(|quarter| (wanted(quarter), core::cmp::Reverse(*quarter)));
            for (index, quarter) in places.into_iter().enumerate() {
                if index < fixed {
                    own.insert(quarter);
                } else {
                    own.remove(&quarter);
                }
            }
        }
    }

    fn not_a_partner(
        &self,
        state: StateCode,
        period: &Period,
        index: usize,
        explanation: &mut Explanation,
    ) {
        if period.country != state {
            let found = self.rules.about(MechanismKind::OnePartner, state);
            let rule = found.map(|(rule, _)| rule);
            let reason = super::explain::NotCountedReason::OtherPartner;
            let time = Rational::ZERO;
            explanation.not_counted.push(NotCounted { period: Some(index), reason, rule, time });
            explanation.warn(WarningKind::NotChained, Some(index), rule);
        }
    }

    /// Says whether a number of own and credited quarters insures.
    ///
    /// # Errors
    /// [`TotalisationError::NoRule`] if the rules have no minimum.
    pub fn insured(
        &self,
        state: StateCode,
        own: i64,
        foreign: i64,
        required: i64,
    ) -> Result<Insured, TotalisationError> {
        let found = self.rules.about(MechanismKind::OwnMinimum, state);
        let (rule, does) = found.ok_or(TotalisationError::NoRule(MechanismKind::OwnMinimum))?;
        let may_add = own >= i64::from(does.value.unwrap_or_default());
        let open = required.saturating_sub(own).max(0);
        let used = if may_add { foreign.min(open) } else { 0 };
        Ok(Insured { may_add, insured: used >= open, used, rule })
    }

    /// Returns the quarters that insure fully: one for each calendar year after the first year or the year
    /// of age 21, up to the year before age 62.
    pub fn required_quarters(&self, birth: Date) -> Option<i64> {
        let (_, does) = self.rules.first(MechanismKind::InsuredQuarters)?;
        let (most, first) = (i64::from(does.value?), i64::from(does.year?));
        let born = i64::from(birth.to_ymd().0);
        let from = (born + 22).max(first + 1);
        Some((born + 61 - from + 1).clamp(0, most))
    }
}

/// Whether quarters insure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Insured {
    /// Whether foreign quarters may be added.
    pub may_add: bool,
    /// Whether the number is reached.
    pub insured: bool,
    /// How many foreign quarters are used.
    pub used: i64,
    /// The rule on the own minimum.
    pub rule: RuleId,
}

/// Returns the quarters that a time is worth; a remainder is one more.
fn per_quarter(time: Rational, does: &Mechanism) -> Result<i64, TotalisationError> {
    let per = Rational::whole(does.value.unwrap_or_default().into());
    time.over(per)?.ceil().to_whole().ok_or(TotalisationError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_read_and_written_alike() {
        let quarter = Quarter::parse("1966Q4").unwrap();
        assert_eq!((quarter.year(), quarter.of_year()), (1966, 4));
        assert_eq!(alloc::format!("{quarter}"), "1966Q4");
        assert_eq!(Quarter::of(Date::parse("1966-12-31").unwrap()), quarter);
        for bad in ["", "1966", "1966Q0", "1966Q5", "66Q1", "1966q1", "0000Q1"] {
            assert_eq!(Quarter::parse(bad), None, "{bad}");
        }
    }
}
