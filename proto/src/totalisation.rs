//! Totalisation: adding periods completed in other States, so far as an agreement says, to open a
//! right.
//!
//! Everything here is a pure function of periods and of an agreement's [rules](rules), in exact
//! fractions. A result counts only for the attestations that were shown.

pub mod period;
pub mod rational;

pub use period::{Frame, Period, PeriodKind, Quantity, Refund, Reported, State, Unit};
pub use rational::Rational;

use alloc::string::String;

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
    /// A period is not one.
    #[error("period {id}: {what}")]
    Period {
        /// Its id.
        id: String,
        /// What is wrong.
        what: &'static str,
    },
}
