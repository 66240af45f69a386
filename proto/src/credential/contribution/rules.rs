//! What an attestation may not say: the same rules when it is issued and when it is read.
//!
//! A reader sees a part of it, so each rule judges what is there; those in
//! [`Contribution::check_whole`] need all of it and are the issuer's alone.

use alloc::vec::Vec;

use super::{Contribution, DayBasis, Decimal, Month, Quantity, Refund, ReportingMode, Unit};
use crate::statement::accreditation::Branch;
use crate::time::Date;
use crate::totalisation::StateCode;
use crate::totalisation::explain::names;

names! {
    /// A rule that a contribution attestation breaks.
    pub enum BrokenRule {
        /// No branch is named.
        NoBranch = "no-branch";
        /// A branch is named twice.
        BranchTwice = "branch-twice";
        /// It counts for a branch that is not among its branches.
        OtherBranch = "other-branch";
        /// The part is none of the State under whose law the period was completed.
        PartOfOtherState = "part-of-other-state";
        /// The type is not one of that kind.
        TypeNotOfKind = "type-not-of-kind";
        /// The last month lies before the first, or the last day before the first.
        EndBeforeStart = "end-before-start";
        /// The period runs beyond the day for which it is certified.
        EndAfterAsOf = "end-after-as-of";
        /// The first or last day is not in the first or last month.
        DayOutsideFrame = "day-outside-frame";
        /// One figure is called for, and there is none, or there are years.
        NotAggregate = "not-aggregate";
        /// Figures by year are called for, and there is one for all.
        NotByYear = "not-by-year";
        /// Days, and not said of what week.
        NoDayBasis = "no-day-basis";
        /// More than the period can hold.
        AboveFrame = "above-frame";
        /// More than the year, or the part of it within the period, can hold.
        AboveYear = "above-year";
        /// A year outside the period.
        YearOutsideFrame = "year-outside-frame";
        /// Years that are not in order, or one twice.
        YearsNotInOrder = "years-not-in-order";
        /// The years make more than their total.
        AboveTotal = "above-total";
        /// The period makes more than all that is on record.
        AboveSchemeTotals = "above-scheme-totals";
        /// A refund without its day, or a day without a refund.
        RefundDate = "refund-date";
        /// A refund after the day for which it is certified.
        RefundAfterAsOf = "refund-after-as-of";
        /// Complete, and not said up to when; or up to a day that is not complete.
        CompleteUpTo = "complete-up-to";
        /// Complete up to a day after the one for which it is certified.
        CompleteAfterAsOf = "complete-after-as-of";
        /// Certified for a day after that of issue.
        AsOfAfterIssue = "as-of-after-issue";
        /// Year by year, and no year.
        NoYears = "no-years";
        /// The total is not the sum of the years, or stands where there are none.
        TotalNotSum = "total-not-sum";
        /// A number in a series without the series, or the reverse.
        HalfSeries = "half-series";
        /// Figures in different units.
        UnitsDiffer = "units-differ";
    }
}

impl BrokenRule {
    /// Returns what is wrong, in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::NoBranch => "no branch is named",
            Self::BranchTwice => "a branch is named twice",
            Self::OtherBranch => "it counts for a branch that is not among its branches",
            Self::PartOfOtherState => "the part is none of the State whose law applies",
            Self::TypeNotOfKind => "the type does not fit the kind of period",
            Self::EndBeforeStart => "the period ends before it starts",
            Self::EndAfterAsOf => "the period runs beyond the day for which it is certified",
            Self::DayOutsideFrame => "the first or last day is not in the first or last month",
            Self::NotAggregate => "one figure is certified, so there is a value and no years",
            Self::NotByYear => "figures are certified by year, so there is no value for all",
            Self::NoDayBasis => "days need to say whether they are of a week of 5, 6 or 7",
            Self::AboveFrame => "the number is more than the period can hold",
            Self::AboveYear => "the number of a year is more than it can hold within the period",
            Self::YearOutsideFrame => "a year lies outside the period",
            Self::YearsNotInOrder => "years are in ascending order, each once",
            Self::AboveTotal => "the years make more than their total",
            Self::AboveSchemeTotals => "the period makes more than all that is on record",
            Self::RefundDate => "a refund has a day, and a day a refund",
            Self::RefundAfterAsOf => "the refund lies after the day for which it is certified",
            Self::CompleteUpTo => "what is complete is so up to a day, which is given with it",
            Self::CompleteAfterAsOf => {
                "it is complete up to a day after the one for which it is certified"
            }
            Self::AsOfAfterIssue => "it is certified for a day after that of issue",
            Self::NoYears => "figures are certified by year, and there is no year",
            Self::TotalNotSum => "the total is not the sum of the years",
            Self::HalfSeries => "a series and the number in it go together",
            Self::UnitsDiffer => "the years are not all in one unit",
        }
    }

    /// Returns the field where a form has it.
    pub fn field(self) -> &'static str {
        match self {
            Self::NoBranch | Self::BranchTwice => "branches",
            Self::OtherBranch => "counts_for_right",
            Self::PartOfOtherState => "legislation",
            Self::TypeNotOfKind => "period_type",
            Self::EndBeforeStart | Self::EndAfterAsOf => "end",
            Self::DayOutsideFrame => "first_day",
            Self::NotAggregate | Self::NotByYear | Self::AboveFrame => "value",
            Self::NoDayBasis => "day_basis",
            Self::AboveYear
            | Self::YearOutsideFrame
            | Self::YearsNotInOrder
            | Self::NoYears
            | Self::UnitsDiffer => "years",
            Self::AboveTotal | Self::TotalNotSum => "total",
            Self::AboveSchemeTotals => "scheme_totals",
            Self::RefundDate | Self::RefundAfterAsOf => "refund_date",
            Self::CompleteUpTo | Self::CompleteAfterAsOf => "complete_up_to",
            Self::AsOfAfterIssue => "as_of",
            Self::HalfSeries => "sequence",
        }
    }
}

impl Contribution {
    /// Checks what is there against the rules that hold for every part of an attestation.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self) -> Result<(), BrokenRule> {
        self.check_branches()?;
        let of_state = |part: &StateCode| part.is_part() && part.state() == Some(self.legislation);
        if !self.legislation_part.as_ref().is_none_or(of_state) {
            return Err(BrokenRule::PartOfOtherState);
        }
        self.check_type()?;
        if let Some(rule) = self.broken_days().first() {
            return Err(*rule);
        }
        self.check_mode()?;
        self.check_quantities()
    }

    /// Checks also what only the issuer can: an attestation of which everything is there.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check_whole(&self) -> Result<(), BrokenRule> {
        self.check()?;
        self.check_sum()?;
        self.check_series()
    }

    /// Checks that nothing is certified for a day after that of issue.
    ///
    /// # Errors
    /// [`BrokenRule::AsOfAfterIssue`].
    pub fn check_issued(&self, issued_on: Date) -> Result<(), BrokenRule> {
        if self.as_of > issued_on { Err(BrokenRule::AsOfAfterIssue) } else { Ok(()) }
    }

    fn check_branches(&self) -> Result<(), BrokenRule> {
        if self.branches.is_empty() {
            return Err(BrokenRule::NoBranch);
        }
        for list in [&self.branches, &self.counts_for_right, &self.counts_for_amount] {
            let mut sorted: Vec<Branch> = list.clone();
            sorted.sort_unstable();
            sorted.dedup();
            if sorted.len() != list.len() {
                return Err(BrokenRule::BranchTwice);
            }
        }
        let mut counts = self.counts_for_right.iter().chain(&self.counts_for_amount);
        if counts.any(|branch| !self.branches.contains(branch)) {
            return Err(BrokenRule::OtherBranch);
        }
        Ok(())
    }

    /// Returns every rule that it breaks, those that need all of it among them, as far as one does not
    /// keep another from being asked.
    pub fn broken_rules(&self) -> Vec<BrokenRule> {
        let mut broken: Vec<BrokenRule> = self.check_branches().err().into_iter().collect();
        broken.extend(self.check_type().err());
        broken.extend(self.broken_days());
        broken.extend(self.check_mode().err());
        broken.extend(self.check_quantities().err());
        broken.extend(self.check_sum().err());
        broken.extend(self.check_series().err());
        broken
    }

    fn check_type(&self) -> Result<(), BrokenRule> {
        match self.period_type {
            Some(period_type) if !period_type.fits(self.kind) => Err(BrokenRule::TypeNotOfKind),
            _ => Ok(()),
        }
    }

    fn check_mode(&self) -> Result<(), BrokenRule> {
        match self.mode {
            ReportingMode::Aggregate if self.value.is_none() || !self.years.is_empty() => {
                Err(BrokenRule::NotAggregate)
            }
            ReportingMode::ByYear if self.value.is_some() => Err(BrokenRule::NotByYear),
            ReportingMode::Aggregate | ReportingMode::ByYear => Ok(()),
        }
    }

    fn check_sum(&self) -> Result<(), BrokenRule> {
        if self.mode == ReportingMode::ByYear && self.years.is_empty() {
            return Err(BrokenRule::NoYears);
        }
        let sum = Quantity::sum(self.years.iter().map(|year| year.value));
        if self.total.is_some() && self.total != sum {
            return Err(BrokenRule::TotalNotSum);
        }
        Ok(())
    }

    fn check_series(&self) -> Result<(), BrokenRule> {
        if self.series.is_some() == self.sequence.is_some() {
            Ok(())
        } else {
            Err(BrokenRule::HalfSeries)
        }
    }

    /// Returns every rule on its days that it breaks.
    fn broken_days(&self) -> Vec<BrokenRule> {
        let after = |day: Option<Date>| day.is_some_and(|day| day > self.as_of);
        let outside =
            |day: Option<Date>, month| day.is_some_and(|day| Month::of(day) != Some(month));
        let days = self.first_day.zip(self.last_day);
        let backward = self.end < self.start || days.is_some_and(|(first, last)| last < first);
        let end_after = self.end.first_day() > self.as_of || after(self.last_day);
        let outside = outside(self.first_day, self.start) || outside(self.last_day, self.end);
        [
            (backward, BrokenRule::EndBeforeStart),
            (end_after, BrokenRule::EndAfterAsOf),
            (outside, BrokenRule::DayOutsideFrame),
            ((self.refunded == Refund::None) != self.refund_date.is_none(), BrokenRule::RefundDate),
            (after(self.refund_date), BrokenRule::RefundAfterAsOf),
            (self.complete != self.complete_up_to.is_some(), BrokenRule::CompleteUpTo),
            (after(self.complete_up_to), BrokenRule::CompleteAfterAsOf),
        ]
        .into_iter()
        .filter_map(|(is_broken, rule)| is_broken.then_some(rule))
        .collect()
    }

    fn check_quantities(&self) -> Result<(), BrokenRule> {
        let totals = self.scheme_totals.iter().flat_map(|totals| [totals.right, totals.amount]);
        let years = self.years.iter().map(|year| year.value);
        let mut all = self.value.into_iter().chain(self.total).chain(totals).chain(years.clone());
        if self.day_basis.is_none() && all.any(|quantity| quantity.days.is_some()) {
            return Err(BrokenRule::NoDayBasis);
        }
        let frame = Frame { first: self.start, last: self.end, basis: self.day_basis };
        if self.value.is_some_and(|value| !frame.holds(&value)) {
            return Err(BrokenRule::AboveFrame);
        }
        if self.years.windows(2).any(|pair| matches!(pair, [a, b] if a.year >= b.year)) {
            return Err(BrokenRule::YearsNotInOrder);
        }
        for year in &self.years {
            let part = frame.within(year.year).ok_or(BrokenRule::YearOutsideFrame)?;
            if !part.holds(&year.value) {
                return Err(BrokenRule::AboveYear);
            }
        }
        if !self.years.is_empty() {
            let sum = Quantity::sum(years).ok_or(BrokenRule::UnitsDiffer)?;
            if !frame.holds(&sum) {
                return Err(BrokenRule::AboveFrame);
            }
            if self.total.is_some_and(|total| sum.is_at_most(&total) == Some(false)) {
                return Err(BrokenRule::AboveTotal);
            }
        }
        if self.total.is_some_and(|total| !frame.holds(&total)) {
            return Err(BrokenRule::AboveFrame);
        }
        let shown = self.shown_quantity().zip(self.scheme_totals);
        let above = |(shown, totals): (Quantity, super::SchemeTotals)| {
            let counts = |list: &[Branch], total| {
                !list.is_empty() && shown.is_at_most(&total) == Some(false)
            };
            counts(&self.counts_for_right, totals.right)
                || counts(&self.counts_for_amount, totals.amount)
        };
        // What was paid back is no longer among the totals.
        if self.refunded == Refund::None && shown.is_some_and(above) {
            return Err(BrokenRule::AboveSchemeTotals);
        }
        Ok(())
    }
}

/// A run of months, and what fits into it.
///
/// Certified days may follow the calendar or a convention of so many days a month (22, 26 or 30), which
/// in February is more than the calendar has: either is taken.
#[derive(Clone, Copy)]
struct Frame {
    first: Month,
    last: Month,
    basis: Option<DayBasis>,
}

impl Frame {
    /// Returns the part of it within a calendar year.
    fn within(self, year: u16) -> Option<Self> {
        let (first, last) = (Month::new(year, 1)?, Month::new(year, 12)?);
        let part = Self { first: self.first.max(first), last: self.last.min(last), ..self };
        (part.first <= part.last).then_some(part)
    }

    fn months(self) -> u64 {
        u64::from(self.last.number().saturating_sub(self.first.number())) + 1
    }

    fn quarters(self) -> u64 {
        u64::from((self.last.number() / 3).saturating_sub(self.first.number() / 3)) + 1
    }

    /// Returns the days of the calendar.
    fn calendar_days(self) -> u64 {
        let days = i64::from(self.last.last_day().0) - i64::from(self.first.first_day().0) + 1;
        u64::try_from(days).unwrap_or(0)
    }

    fn days(self) -> u64 {
        let (a_week, a_month) = match self.basis {
            Some(DayBasis::Five) => (5, 22),
            Some(DayBasis::Six) => (6, 26),
            Some(DayBasis::Seven) | None => (7, 30),
        };
        let days = self.calendar_days();
        let calendar = days / 7 * a_week + (days % 7).min(a_week);
        calendar.max(self.months() * a_month)
    }

    /// Returns whether a number is not more than fits.
    fn holds(self, quantity: &Quantity) -> bool {
        let parts = |number: Option<Decimal>| number.map_or(0, Decimal::ten_thousandths);
        let whole = |number: u64| number.saturating_mul(10_000);
        let years_in_months = parts(quantity.years).saturating_mul(12);
        match quantity.unit() {
            Some(Unit::Year) => years_in_months <= whole(self.months()),
            Some(Unit::Quarter) => parts(quantity.quarters) <= whole(self.quarters()),
            Some(Unit::Month) => parts(quantity.months) <= whole(self.months()),
            Some(Unit::Week) => parts(quantity.weeks) <= whole(self.calendar_days().div_ceil(7)),
            Some(Unit::Day) => parts(quantity.days) <= whole(self.days()),
            Some(Unit::YearsMonthsDays) => {
                let months = years_in_months.saturating_add(parts(quantity.months));
                // What is left for days: no month has more than 31, nor more of a shorter week.
                let a_month = match self.basis {
                    Some(DayBasis::Five) => 23,
                    Some(DayBasis::Six) => 27,
                    Some(DayBasis::Seven) | None => 31,
                };
                let left = whole(self.months()).checked_sub(months);
                left.is_some_and(|left| parts(quantity.days) <= left.saturating_mul(a_month))
            }
            None => false,
        }
    }
}
