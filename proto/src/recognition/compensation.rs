//! What a host country may ask for to make up for differences.

use alloc::vec::Vec;

use super::span::TimeSpan;
use super::terms::Citation;
use crate::cbor::{codes, record};
use crate::text::{Line, MAX_NAMES, Name};

/// Most measures of an agreement.
pub const MAX_MEASURES: usize = 16;

codes! {
    /// A kind of measure.
    pub enum MeasureKind {
        /// Work under guidance for a time.
        AdaptationPeriod = 1, "adaptation-period";
        /// A test of what differs.
        AptitudeTest = 2, "aptitude-test";
        /// Practice under supervision.
        SupervisedPractice = 3, "supervised-practice";
        /// The units that are missing.
        GapUnits = 4, "gap-units";
    }
}

codes! {
    /// Who chooses among measures.
    pub enum Chooser {
        /// The worker.
        Worker = 1, "worker";
        /// The host country's body.
        Host = 2, "host";
    }
}

codes! {
    /// When measures may be asked for.
    pub enum CompensationReason {
        /// The level lies one below the one demanded.
        LevelOneBelow = 1, "level-one-below";
        /// The host title has units that the home title has not.
        UnitsMissing = 2, "units-missing";
        /// A condition that may be made up for is not met.
        ConditionNotMet = 3, "condition-not-met";
    }
}

record! {
    /// A measure.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct CompensationMeasure {
        /// Its kind.
        kind [1]: MeasureKind,
        /// The longest that it may take.
        #[serde(skip_serializing_if = "Option::is_none")]
        maximum [2]: Option<TimeSpan>,
        /// What it is, in words.
        text [3; ..MAX_NAMES]: Vec<Name>,
        /// Who holds it.
        #[serde(skip_serializing_if = "Option::is_none")]
        body [4]: Option<Line>,
    }
}

record! {
    /// What may be asked for, when, and who chooses.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct CompensationRules {
        /// The measures; one of them is asked for.
        measures [1; ..MAX_MEASURES]: Vec<CompensationMeasure>,
        /// Who chooses.
        chooser [2]: Chooser,
        /// When they may be asked for.
        reasons [3; ..8]: Vec<CompensationReason>,
        /// Work in the occupation that makes up for the difference, so that none may be asked for.
        #[serde(skip_serializing_if = "Option::is_none")]
        waived_by [4]: Option<TimeSpan>,
        /// Where this stands.
        source [5]: Citation,
    }
    check |rules| if rules.measures.is_empty() || rules.reasons.is_empty() {
        Err("compensation names a measure, and when it may be asked for")
    } else {
        Ok(())
    }
}
