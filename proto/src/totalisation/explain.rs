//! What a computation tells beside its result: its steps, what did not count and why, what to beware
//! of, and what is missing and who can supply it. Everything is an identifier with values; words are
//! the reader's.

use alloc::vec::Vec;

use super::Rational;
use super::period::{State, Unit};
use super::rules::RuleId;
use crate::cbor::codes;

codes! {
    /// What a step did.
    pub enum StepKind {
        /// A certified figure was converted.
        Converted = 1, "converted";
        /// Time was cut off at a day.
        Cut = 2, "cut";
        /// Coinciding time gave way to another period.
        Displaced = 3, "displaced";
        /// A period without exact days was placed where time was free.
        Placed = 4, "placed";
        /// The own time was added up.
        Own = 5, "own";
        /// The foreign time was added up.
        Foreign = 6, "foreign";
        /// The time of a calendar year was limited.
        YearlyLimit = 7, "yearly-limit";
        /// The own time was held against a minimum.
        OwnMinimum = 8, "own-minimum";
        /// The own time alone was held against what the right needs.
        Alone = 9, "alone";
        /// All time was held against what the right needs.
        Together = 10, "together";
        /// As much foreign time as the right needs.
        Needed = 11, "needed";
        /// The own time was held against the threshold of a short period.
        Short = 12, "short";
        /// The own time over the time that stands below it.
        Ratio = 13, "ratio";
        /// Time of a third State was added.
        ThirdState = 14, "third-state";
    }
}

/// One step of a computation: what went in, by which rule, and what came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// What was done.
    pub kind: StepKind,
    /// By which rule, where one says so.
    pub rule: Option<RuleId>,
    /// On which period, by its place in the list.
    pub period: Option<usize>,
    /// Because of which other period.
    pub other: Option<usize>,
    /// What went in.
    pub input: Rational,
    /// What came out.
    pub result: Rational,
    /// The unit of what came out.
    pub unit: Unit,
}

codes! {
    /// Why time does not count.
    pub enum NotCountedReason {
        /// No agreement between the two States for this branch was shown.
        NoAgreement = 1, "no-agreement";
        /// The agreement adds no periods.
        NoTotalisation = 2, "no-totalisation";
        /// The agreement adds the time of one partner only.
        OtherPartner = 3, "other-partner";
        /// It counts for other branches.
        OtherBranch = 4, "other-branch";
        /// It does not count towards rights.
        NotForRight = 5, "not-for-right";
        /// Its contributions were paid back.
        Refunded = 6, "refunded";
        /// The agreement does not count this kind of period.
        Kind = 7, "kind";
        /// It lies before the day from which time counts.
        BeforeDay = 8, "before-day";
        /// It lies after the risk.
        AfterRisk = 9, "after-risk";
        /// It lies after an age.
        AfterAge = 10, "after-age";
        /// The same time counts for another State.
        Displaced = 11, "displaced";
        /// Two institutions of one State report the same time.
        SameState = 12, "same-state";
        /// No free time was left for it.
        NoRoom = 13, "no-room";
        /// The calendar year is full.
        YearFull = 14, "year-full";
        /// The State need not add foreign time.
        NotOwed = 15, "not-owed";
        /// It was spent outside the home scheme.
        OutsideHome = 16, "outside-home";
    }
}

/// Time that did not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct NotCounted {
    /// Of which period, by its place in the list; absent: of the foreign time together.
    pub period: Option<usize>,
    /// Why.
    pub reason: NotCountedReason,
    /// By which rule, where one says so.
    pub rule: Option<RuleId>,
    /// How much.
    pub time: Rational,
}

codes! {
    /// What to beware of.
    pub enum WarningKind {
        /// Periods that are not shown would make the denominator larger and the share smaller.
        HiddenRaisesShare = 1, "hidden-raises-share";
        /// Contributions that are paid back end the right from them.
        RefundEnds = 2, "refund-ends";
        /// A right may open in one State earlier than in another.
        OtherAges = 3, "other-ages";
        /// The certified number and the dates disagree; the number counts.
        NumberNotDates = 4, "number-not-dates";
        /// Two institutions of one State report the same time.
        SameState = 5, "same-state";
        /// Several units within one calendar year came to more than a year.
        MixedUnits = 6, "mixed-units";
        /// The own time is exactly a year, which is not a short period.
        ExactlyOneYear = 7, "exactly-one-year";
        /// A period below a year still pays if it alone gives a right.
        ShortWithRight = 8, "short-with-right";
        /// The agreement binds only the other side to add.
        OneSided = 9, "one-sided";
        /// Residence that counts in one State does not count for another.
        ResidenceNotCounted = 10, "residence-not-counted";
        /// A figure by year is rounded every year, one for all years only once.
        RoundedByYear = 11, "rounded-by-year";
        /// The agreement was not in force on the day.
        NotInForce = 12, "not-in-force";
        /// The total is hypothetical: no agreement adds these periods.
        Hypothetical = 13, "hypothetical";
        /// No exact days are known; the period is presumed not to coincide.
        DatesUncertain = 14, "dates-uncertain";
        /// Agreements cannot be chained.
        NotChained = 15, "not-chained";
    }
}

/// Something to beware of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    /// What.
    pub kind: WarningKind,
    /// In which period.
    pub period: Option<usize>,
    /// Because of which other period.
    pub other: Option<usize>,
    /// By which rule.
    pub rule: Option<RuleId>,
    /// How much, where that can be said.
    pub time: Option<Rational>,
}

codes! {
    /// What is missing to be sure.
    pub enum MissingKind {
        /// A statement up to which day a scheme has stated everything.
        Completeness = 1, "completeness";
        /// The exact days of a period.
        ExactDays = 2, "exact-days";
        /// Whether a short period alone gives a right.
        NationalRight = 3, "national-right";
        /// More time, to open the right.
        Time = 4, "time";
    }
}

/// Something missing. The institutions of the State can supply it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Missing {
    /// What.
    pub kind: MissingKind,
    /// Whose institutions can supply it.
    pub state: State,
    /// For which period.
    pub period: Option<usize>,
    /// How much, where that can be said.
    pub time: Option<Rational>,
}

/// What a computation tells beside its result.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Explanation {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What did not count.
    pub not_counted: Vec<NotCounted>,
    /// What to beware of.
    pub warnings: Vec<Warning>,
    /// What is missing.
    pub missing: Vec<Missing>,
}

impl Explanation {
    pub(super) fn warn(&mut self, kind: WarningKind, period: Option<usize>, rule: Option<RuleId>) {
        self.warnings.push(Warning { kind, period, other: None, rule, time: None });
    }

    /// Tells whether there is a warning of this kind.
    pub fn warns(&self, kind: WarningKind) -> bool {
        self.warnings.iter().any(|warning| warning.kind == kind)
    }
}
