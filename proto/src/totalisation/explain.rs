//! What a computation tells beside its result: its steps, what did not count and why, what to beware
//! of, and what is missing and who can supply it. Everything is an identifier with values; words are
//! the reader's.

use alloc::vec::Vec;

use super::Rational;
use super::period::{StateCode, TimeUnit};
use super::rules::RuleId;

/// Defines what is told by a stable name and never goes over a wire.
macro_rules! names {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$vmeta])* $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.name())
            }
        }
    };
}

pub(crate) use names;

names! {
    /// What a step did.
    pub enum StepKind {
        /// A certified figure was converted.
        Converted = "converted";
        /// Time was cut off at a day.
        Cut = "cut";
        /// Coinciding time gave way to another period.
        Displaced = "displaced";
        /// A period without exact days was placed where time was free.
        Placed = "placed";
        /// The own time was added up.
        Own = "own";
        /// The foreign time was added up.
        Foreign = "foreign";
        /// Figures of one State were added by calendar year, rounded, and held to the calendar.
        Calendar = "calendar";
        /// The time of a calendar year was limited.
        YearlyLimit = "yearly-limit";
        /// Time that gave way has room after all, because what it gave way to comes to less together.
        RoomLeft = "room-left";
        /// The own time was held against a minimum.
        OwnMinimum = "own-minimum";
        /// The own time alone was held against what the right needs.
        Alone = "alone";
        /// All time was held against what the right needs.
        Together = "together";
        /// As much foreign time as the right needs.
        Needed = "needed";
        /// The own time was held against the threshold of a short period.
        Short = "short";
        /// The own time over the time that stands below it.
        Ratio = "ratio";
        /// Time of a third State was added.
        ThirdState = "third-state";
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
    pub unit: TimeUnit,
}

names! {
    /// Why time does not count.
    pub enum NotCountedReason {
        /// No agreement between the two States for this branch was shown.
        NoAgreement = "no-agreement";
        /// The agreement adds no periods.
        NoTotalisation = "no-totalisation";
        /// The agreement adds the time of one partner only.
        OtherPartner = "other-partner";
        /// It counts for other branches.
        OtherBranch = "other-branch";
        /// It does not count towards rights.
        NotForRight = "not-for-right";
        /// Its contributions were paid back.
        Refunded = "refunded";
        /// The agreement does not count this kind of period.
        Kind = "kind";
        /// It lies before the day from which time counts.
        BeforeDay = "before-day";
        /// It lies after the risk.
        AfterRisk = "after-risk";
        /// It lies after an age.
        AfterAge = "after-age";
        /// The same time counts for another State.
        Displaced = "displaced";
        /// Two attestations of one State are about the same time.
        SameState = "same-state";
        /// No free time was left for it.
        NoRoom = "no-room";
        /// The calendar year is full.
        YearFull = "year-full";
        /// Figures of one State make less together than each rounded up, or than the calendar holds.
        CalendarFull = "calendar-full";
        /// The State need not add foreign time.
        NotOwed = "not-owed";
        /// It was spent outside the home scheme.
        OutsideHome = "outside-home";
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

names! {
    /// What to beware of.
    pub enum WarningKind {
        /// Periods that are not shown would make the denominator larger and the share smaller.
        HiddenRaisesShare = "hidden-raises-share";
        /// Contributions that are paid back end the right from them.
        RefundEnds = "refund-ends";
        /// A right may open in one State earlier than in another.
        OtherAges = "other-ages";
        /// The certified number and the dates disagree; the number counts.
        NumberNotDates = "number-not-dates";
        /// Two attestations of one State are about the same time.
        SameState = "same-state";
        /// Several units within one calendar year came to more than a year.
        MixedUnits = "mixed-units";
        /// The own time is exactly a year, which is not a short period.
        ExactlyOneYear = "exactly-one-year";
        /// A period below a year still pays if it alone gives a right.
        ShortWithRight = "short-with-right";
        /// The agreement binds only the other side to add.
        OneSided = "one-sided";
        /// The agreement does not bind the State that is asked.
        NotBound = "not-bound";
        /// Residence that counts in one State does not count for another.
        ResidenceNotCounted = "residence-not-counted";
        /// A figure by year is rounded every year, one for all years only once.
        RoundedByYear = "rounded-by-year";
        /// The agreement was not in force on the day.
        NotInForce = "not-in-force";
        /// The total is hypothetical: no agreement adds these periods.
        Hypothetical = "hypothetical";
        /// No exact days are known; the period is presumed not to coincide.
        DatesUncertain = "dates-uncertain";
        /// Agreements cannot be chained.
        NotChained = "not-chained";
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

names! {
    /// What is missing to be sure.
    pub enum MissingKind {
        /// A statement up to which day a scheme has stated everything.
        Completeness = "completeness";
        /// The exact days of a period.
        ExactDays = "exact-days";
        /// Whether a short period alone gives a right.
        NationalRight = "national-right";
        /// More time, to open the right.
        Time = "time";
        /// The birth date of the person, where own time is totalised only before an age.
        BirthDate = "birth-date";
    }
}

/// Something missing. The institutions of the State can supply it; the birth date, the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Missing {
    /// What.
    pub kind: MissingKind,
    /// Whose institutions can supply it.
    pub state: StateCode,
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
