//! Totalisation: adding periods completed in other States, so far as an agreement says, to open a
//! right.
//!
//! Everything here is a pure function of periods and of an agreement's [rules], in exact
//! fractions. A result counts only for the attestations that were shown.

pub mod amount;
pub mod attested;
mod by_state;
mod calendar;
pub mod convert;
pub mod count;
mod coverage;
pub mod explain;
pub mod filter;
mod flow;
mod home;
pub mod national;
pub mod overlap;
mod own;
pub mod period;
pub mod plan;
pub mod qualify;
pub mod quarters;
pub mod ratio;
pub mod rational;
mod room;
pub mod rules;
pub mod time;
pub mod unit;

pub use period::{Frame, Period, PeriodKind, Quantity, Refund, Reported, StateCode, TimeUnit};
pub use plan::Plan;
pub use rational::Rational;
pub use rules::{PeriodRules, RuleId};

use alloc::string::String;
use alloc::vec::Vec;

use crate::statement::accreditation::Branch;
use crate::time::Date;
use rules::MechanismKind;

/// What is asked: a right in one State, for one branch, in one unit. What is `None` is as the agreement
/// says, or not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The State that is asked; `None` to count for all States alike.
    pub country: Option<StateCode>,
    /// The branch; `None` counts time whatever it is for.
    pub branch: Option<Branch>,
    /// The unit to count in.
    pub unit: TimeUnit,
    /// The time that the right needs.
    pub qualifying: Option<Rational>,
    /// When the risk materialised.
    pub risk: Option<Date>,
    /// The person's birth date.
    pub birth: Option<Date>,
    /// The day on which the agreement must be in force.
    pub on: Option<Date>,
    /// Time of the partners counts only from this day on.
    pub foreign_from: Option<Date>,
    /// Own time serves to totalise only after this day.
    pub own_after: Option<Date>,
    /// Own time serves to totalise only before this age, in years.
    pub own_before_age: Option<u32>,
    /// Own time that must be there.
    pub own_minimum: Option<Rational>,
    /// Own time without a gap that must be there.
    pub own_continuous: Option<Rational>,
    /// Own time to hold against the minimum, where the institution states it apart.
    pub own_time: Option<Rational>,
    /// Own time without a gap, where the institution states it.
    pub own_longest: Option<Rational>,
    /// Own time below which a period is short.
    pub short_threshold: Option<Rational>,
    /// Whether own time alone gives a right, where the institution says so.
    pub right_alone: Option<bool>,
    /// The longest period that counts for a full benefit.
    pub max_period: Option<Rational>,
    /// The length of the coverage lifetime.
    pub coverage_lifetime: Option<Rational>,
    /// States whose institutions are relieved; `None`: found from the periods.
    pub relieved: Option<Vec<StateCode>>,
    /// Third States with an agreement on totalisation with the State that is asked.
    pub thirds: Vec<StateCode>,
}

impl Claim {
    /// Asks a State in a unit, and leaves everything else to the agreement.
    pub const fn new(country: Option<StateCode>, unit: TimeUnit) -> Self {
        Self {
            country,
            branch: None,
            unit,
            qualifying: None,
            risk: None,
            birth: None,
            on: None,
            foreign_from: None,
            own_after: None,
            own_before_age: None,
            own_minimum: None,
            own_continuous: None,
            own_time: None,
            own_longest: None,
            short_threshold: None,
            right_alone: None,
            max_period: None,
            coverage_lifetime: None,
            relieved: None,
            thirds: Vec::new(),
        }
    }
}

/// Why a computation has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TotalisationError {
    /// A number does not fit.
    #[error("a number is too large to compute with")]
    TooLarge,
    /// A rule or a figure asks to divide by zero.
    #[error("a rule divides by zero")]
    DividedByZero,
    /// More than [`period::MAX_PERIODS`] periods.
    #[error("there are more than {} periods", period::MAX_PERIODS)]
    TooMany,
    /// No State is asked.
    #[error("no State is asked")]
    NoClaimState,
    /// The rules lack a mechanism that the computation needs.
    #[error("the agreement has no rule with the mechanism {0}")]
    NoRule(MechanismKind),
    /// The rules contradict each other.
    #[error("the rules of the agreement contradict each other: {0}")]
    Rules(&'static str),
    /// A period is not one.
    #[error("period {id}: {what}")]
    Period {
        /// Its id.
        id: String,
        /// What is wrong.
        what: &'static str,
    },
}
