//! Recognition of skills abroad: what an agreement says of attestations that were verified.
//!
//! ```text
//! recognise(evidence, question, agreements) -> Recognition
//! opens(evidence, purpose, agreements, today) -> routes
//! ```
//!
//! Both are pure. [`RecognitionTerms`] are data: whoever writes a new agreement writes no code. Nothing is
//! mapped that has no row, a level alone recognises nothing, and the verdict on an attestation is not
//! touched: what is handed in here was found valid before.

mod case;
mod compensation;
mod condition;
mod engine;
mod level;
mod missing;
mod outcome;
mod signed;
mod span;
mod terms;
mod title;

pub use case::{MAX_CASES, MAX_SAMPLES, Mismatch, RecognitionCase, SampleAttestation, check_cases};
pub use compensation::{
    Chooser, CompensationMeasure, CompensationReason, CompensationRules, MAX_MEASURES, MeasureKind,
};
pub use condition::{
    Condition, ConditionKind, EvidenceKind, LanguageLevel, MAX_CONDITIONS, MAX_EVIDENCE, Otherwise,
    Predicate,
};
pub use engine::{opens, recognise};
pub use level::{
    Correspondence, HostRequirement, LevelRelation, LevelRow, MAX_LEVEL_ROWS, MAX_REQUIREMENTS,
    correspondence,
};
pub use missing::{Missing, smallest};
pub use outcome::{
    AskedMeasures, Evidence, Ground, JudgedCondition, Question, RECOGNITION_VERSION, Recognition,
    RecognitionOutcome, Route, SeenSignature, Shown, Signatures, Status, Step, step,
};
pub use signed::{ground, has_ratified};
pub use span::{SpanUnit, TimeSpan};
pub use terms::{
    AcceptedIssuer, Acquired, Basis, Citation, FeeLimit, MAX_DOCUMENTS, MAX_ISSUERS, MAX_SCOPE,
    MobilityPurpose, NationalTitle, Payer, Procedure, RecognitionParty, RecognitionScope,
    RecognitionTerms, SigningRule, Supervision,
};
pub use title::{MAX_TITLE_ROWS, MAX_UNITS, TitleRow, UnitName};

#[cfg(test)]
mod tests;
