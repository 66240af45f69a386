//! What is asked, and what is answered: an outcome, and every step that led to it.

use alloc::vec::Vec;

use super::compensation::{CompensationReason, CompensationRules};
use super::condition::Condition;
use super::missing::Missing;
use super::terms::{Citation, MobilityPurpose, Procedure, RecognitionTerms};
use super::title::UnitName;
use crate::cbor::codes;
use crate::classification::{Country, Occupation};
use crate::credential::skill::Skill;
use crate::id::{CredentialId, Did, Digest};
use crate::statement::profile::Role;
use crate::text::{Line, Name};
use crate::time::{Date, UnixSeconds};
use crate::verify::report::Reason;

/// The version of the answer's shape.
pub const RECOGNITION_VERSION: u8 = 1;

codes! {
    /// What comes of it; the first is the best.
    pub enum RecognitionOutcome {
        /// Recognised, and nothing more is asked.
        Automatic = 1, "automatic";
        /// Recognised once the conditions that are not shown yet are shown.
        RecognisedWithConditions = 2, "recognised_with_conditions";
        /// Recognised after a compensation measure.
        CompensationRequired = 3, "compensation_required";
        /// A part of the occupation is open.
        Partial = 4, "partial";
        /// The agreement applies, and the answer by what is shown is no.
        Refused = 5, "refused";
        /// An agreement binds both countries and does not speak of this.
        NotInScope = 6, "not_in_scope";
        /// No agreement binds both countries.
        NoAgreement = 7, "no_agreement";
    }
}

/// An attestation that was verified.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// What it attests.
    pub skill: &'a Skill,
    /// Its identifier.
    pub id: Option<CredentialId>,
    /// Who issued it.
    pub issuer: Option<Did>,
    /// The name that the way from a trust anchor gives the issuer, never the issuer's own.
    pub issuer_name: Option<&'a str>,
    /// The day on which it was issued.
    pub issued: Date,
    /// The first day on which all accreditations on that way held; absent: they do not say.
    pub accredited_from: Option<Date>,
    /// The last day; absent: no end is stated.
    pub accredited_until: Option<Date>,
}

/// Everything shown of one person.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// The attestations.
    pub shown: &'a [Shown<'a>],
    /// The birth date, if it was shown.
    pub birth_date: Option<Date>,
}

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Where somebody wants to work.
    pub destination: Country,
    /// As what.
    pub occupation: Occupation,
    /// What for; absent: it does not matter.
    pub purpose: Option<MobilityPurpose>,
    /// The day for which the answer holds.
    pub today: Date,
}

/// A seat at an agreement, and whether it is signed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SeenSignature {
    /// The country for which it signs.
    pub country: Country,
    /// As what.
    pub role: Role,
    /// The name that the agreement gives it.
    pub name: Line,
    /// Whether the agreement is in force only with it.
    pub must: bool,
    /// From when it has signed, if its signature is in force.
    pub since: Option<UnixSeconds>,
}

/// What is known of an agreement's signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// It is a file: nobody's signature was looked at, and it binds nobody.
    NotChecked,
    /// They were looked up in logs.
    Seen(Vec<SeenSignature>),
}

/// An agreement to judge by.
#[derive(Clone, Debug)]
pub struct Ground<'a> {
    /// What it says.
    pub terms: &'a RecognitionTerms,
    /// The digest of the statement, if it stands in a log.
    pub digest: Option<Digest>,
    /// Who has signed.
    pub signatures: Signatures,
    /// The day from which it no longer holds, because a signatory that must have signed denounced it or
    /// its dates are over.
    pub ended: Option<Date>,
}

/// How something came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is met.
    Met,
    /// What is shown says that it is not.
    NotMet,
    /// Nothing that is shown says so.
    NotShown,
    /// It is told, and decides nothing.
    Note,
}

/// Ids of steps and of what is said of conditions. Each has a text in every language.
pub mod step {
    macro_rules! steps {
        ($($name:ident = $id:literal;)*) => {
            $(#[expect(missing_docs, reason = "its text says it")] pub const $name: &str = $id;)*
            /// All of them, those of conditions included.
            pub const ALL: &[&str] = &[$($id,)*
                "host-decides", "experience-not-shown", "experience-met", "experience-short",
                "registration-not-shown", "registration-met", "registration-ended", "registration-status",
                "standing-not-shown", "standing-old", "standing-met", "sanctions-none",
                "education-not-shown", "education-short", "education-met",
                "language-not-shown", "language-result-not-shown", "language-short", "language-met",
                "examination-not-shown", "examination-old", "examination-met", "examination-ended",
                "examination-failed", "examination-contradiction", "examination-result-not-shown",
                "registration-contradiction",
                "evidence-other-kind", "evidence-other-issuer", "evidence-other-time",
                "age-not-shown", "age-met", "age-outside",
            ];
        };
    }
    steps! {
        FILE_ONLY = "file-only";
        SIGNED = "signed";
        SIGNED_IN_PART = "signed-in-part";
        IN_FORCE = "in-force";
        NOT_YET_IN_FORCE = "not-yet-in-force";
        ENDED = "ended";
        ENDED_BUT_STAYS = "ended-but-stays";
        OCCUPATION_IN_SCOPE = "occupation-in-scope";
        OCCUPATION_OUTSIDE = "occupation-outside";
        PURPOSE_OUTSIDE = "purpose-outside";
        ACTIVITIES_EXCLUDED = "activities-excluded";
        CLAIM_OUTSIDE = "claim-outside";
        LEVEL_OUTSIDE = "level-outside";
        ESCO_OUTSIDE = "esco-outside";
        ISSUER_ACCEPTED = "issuer-accepted";
        ISSUER_NOT_ACCEPTED = "issuer-not-accepted";
        ISSUER_OTHER_TIME = "issuer-other-time";
        ATTESTATION_ENDED = "attestation-ended";
        ASSESSMENT_FAILED = "assessment-failed";
        ASSESSMENT_NOT_SHOWN = "assessment-not-shown";
        PRIOR_LEARNING_MET = "prior-learning-met";
        PRIOR_LEARNING_NOT_SHOWN = "prior-learning-not-shown";
        PRIOR_LEARNING_STATEMENTS = "prior-learning-statements";
        PRIOR_LEARNING_REFERENCES = "prior-learning-references";
        PRIOR_LEARNING_RULES = "prior-learning-rules";
        PRIOR_LEARNING_OLD = "prior-learning-old";
        PRIOR_LEARNING_FUTURE = "prior-learning-future";
        TITLE_CORRESPONDS = "title-corresponds";
        TITLE_OTHER_STANDARD = "title-other-standard";
        UNITS_COVERED = "units-covered";
        UNITS_MISSING = "units-missing";
        LEVEL_SAME = "level-same";
        LEVEL_REACHED = "level-reached";
        LEVEL_ONE_BELOW = "level-one-below";
        LEVEL_TOO_LOW = "level-too-low";
        LEVEL_ALONE = "level-alone";
        NO_CORRESPONDENCE = "no-correspondence";
        NO_TITLE_ROW = "no-title-row";
        OTHER_OCCUPATION = "other-occupation";
        COMPENSATION = "compensation";
        COMPENSATION_WAIVED = "compensation-waived";
        COMPENSATION_NOT_FORESEEN = "compensation-not-foreseen";
        PARTIAL_ACCESS = "partial-access";
        NOTHING_SHOWN = "nothing-shown";
        NO_AGREEMENT = "no-agreement";
        OWN_CERTIFICATE = "own-certificate";
    }
}

/// One step, with the rule behind it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Step {
    /// How it came out.
    pub status: Status,
    /// What was found: one of [`step::ALL`], and its values.
    pub reason: Reason,
    /// Where the rule stands.
    pub citation: Option<Citation>,
}

/// A condition, and what is shown of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct JudgedCondition {
    /// The condition.
    #[serde(flatten)]
    pub condition: Condition,
    /// How it came out.
    pub status: Status,
    /// What was found.
    pub reason: Reason,
    /// What speaks of it and does not count, with the reason why not.
    pub not_counted: Vec<Reason>,
}

/// The measures of which one is asked for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AskedMeasures {
    /// Why.
    pub because: Vec<CompensationReason>,
    /// What may be asked for.
    #[serde(flatten)]
    pub rules: CompensationRules,
}

/// What one agreement makes of one attestation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Route {
    /// What comes of it.
    pub outcome: RecognitionOutcome,
    /// The agreement's id.
    pub agreement: Line,
    /// Its version.
    pub version: Line,
    /// Its titles.
    pub titles: Vec<Name>,
    /// The digest of its statement, if it stands in a log.
    pub digest: Option<Digest>,
    /// Whether it binds: signatures were looked up, and suffice.
    pub is_binding: bool,
    /// The seats, and which are signed; empty if that was not looked up.
    pub signatures: Vec<SeenSignature>,
    /// The country of the attestation.
    pub home: Country,
    /// Where it would be recognised.
    pub host: Country,
    /// The occupation that it opens.
    pub occupation: Occupation,
    /// The attestation, by its place among those shown.
    pub attestation: Option<usize>,
    /// What the host calls it.
    pub host_title: Option<Line>,
    /// How this was found.
    pub steps: Vec<Step>,
    /// The conditions.
    pub conditions: Vec<JudgedCondition>,
    /// Units that the host title has and that are not shown.
    pub units_missing: Vec<UnitName>,
    /// What may be asked for to make up for differences.
    pub compensation: Option<AskedMeasures>,
    /// The fewest further pieces of evidence that would show what is not shown.
    pub missing: Vec<Missing>,
    /// How one applies.
    pub procedure: Option<Procedure>,
}

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Recognition {
    /// [`RECOGNITION_VERSION`].
    #[serde(rename = "version")]
    pub shape: u8,
    /// What comes of it: that of the best route.
    pub outcome: RecognitionOutcome,
    /// Where.
    pub destination: Country,
    /// As what.
    pub occupation: Occupation,
    /// The day for which it holds.
    pub today: Date,
    /// Steps that belong to no agreement.
    pub steps: Vec<Step>,
    /// What each agreement makes of it, the best first.
    pub routes: Vec<Route>,
}

impl Step {
    pub(super) fn new(status: Status, id: &'static str) -> Self {
        Self { status, reason: Reason::new(id), citation: None }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl core::fmt::Display) -> Self {
        self.reason = self.reason.with(name, value);
        self
    }

    pub(super) fn cited(mut self, citation: &Citation) -> Self {
        self.citation = Some(citation.clone());
        self
    }
}
