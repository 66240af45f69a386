//! Totalisation: adding periods completed in other States, so far as an agreement says, to open a
//! right.
//!
//! Everything here is a pure function of periods and of an agreement's [rules](rules), in exact
//! fractions. A result counts only for the attestations that were shown.

pub mod convert;
pub mod explain;
pub mod overlap;
pub mod period;
pub mod plan;
pub mod rational;
pub mod rules;
mod time;
pub mod unit;

pub use period::{Frame, Period, PeriodKind, Quantity, Refund, Reported, State, Unit};
pub use plan::Plan;
pub use rational::Rational;
pub use rules::{PeriodRules, RuleId};

use alloc::string::String;

use rules::MechanismKind;

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
