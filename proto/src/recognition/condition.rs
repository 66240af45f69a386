//! Conditions: what an agreement demands beyond the title or level, and what attestations show of it.

mod judge;

pub(super) use judge::{Judged, has_ended, has_worked, was_passed};

use alloc::vec::Vec;

use super::span::TimeSpan;
use super::terms::Citation;
use crate::cbor::{codes, record};
use crate::classification::{Country, Occupation};
use crate::credential::skill::ClaimType;
use crate::statement::accreditation::MAX_CODES;
use crate::statement::agreement::MAX_PARTIES;
use crate::text::{Language, Line, MAX_NAMES, Name};

/// Most conditions of an agreement.
pub const MAX_CONDITIONS: usize = 64;
/// Most kinds of evidence that show one condition.
pub const MAX_EVIDENCE: usize = 16;

codes! {
    /// What a condition is about.
    pub enum ConditionKind {
        /// Work in the occupation: `length`, `continuous`, `gap`, `within`.
        Experience = 1, "experience";
        /// A registration or licence that holds now.
        Registration = 2, "registration";
        /// Good standing, attested `within` this time.
        GoodStanding = 3, "good-standing";
        /// Continuing education: `hours`, `within`.
        ContinuingEducation = 4, "continuing-education";
        /// A language: `language`, `level`.
        Language = 5, "language";
        /// An examination: `code`, `within`.
        Examination = 6, "examination";
        /// Age: `youngest`, `oldest`.
        Age = 7, "age";
        /// No sanctions, attested `within` this time.
        NoSanctions = 8, "no-sanctions";
        /// What only the host's body can say.
        HostDecision = 9, "host-decision";
    }
}

codes! {
    /// A kind of evidence.
    pub enum EvidenceKind {
        /// A certificate of a whole qualification.
        QualificationCertificate = 1, "qualification-certificate";
        /// A certificate of a unit.
        UnitCertificate = 2, "unit-certificate";
        /// An extract of a register.
        RegisterExtract = 3, "register-extract";
        /// A certificate of good standing.
        GoodStandingCertificate = 4, "good-standing-certificate";
        /// A certificate of work.
        WorkCertificate = 5, "work-certificate";
        /// A certificate of a language.
        LanguageCertificate = 6, "language-certificate";
        /// A certificate of an examination.
        ExaminationCertificate = 7, "examination-certificate";
        /// A record of continuing education.
        TrainingRecord = 8, "training-record";
        /// The birth date, shown.
        BirthDate = 9, "birth-date";
        /// The evidence behind recognition of prior learning, shown.
        PriorLearningRecord = 10, "prior-learning-record";
    }
}

impl EvidenceKind {
    /// Tells whether an attestation is evidence of this kind. An extract of a register and a certificate of
    /// good standing are both an attestation of a licence.
    pub(super) fn is_attested_by(self, claim: ClaimType) -> bool {
        use ClaimType as Claim;
        match self {
            Self::QualificationCertificate => {
                matches!(claim, Claim::Qualification | Claim::PriorLearning)
            }
            Self::UnitCertificate => claim == Claim::Unit,
            Self::RegisterExtract | Self::GoodStandingCertificate => claim == Claim::Licence,
            Self::WorkCertificate => claim == Claim::WorkExperience,
            Self::LanguageCertificate => {
                matches!(claim, Claim::Assessment | Claim::Qualification | Claim::Unit)
            }
            Self::ExaminationCertificate => claim == Claim::Assessment,
            Self::TrainingRecord => claim == Claim::ContinuingEducation,
            Self::PriorLearningRecord => claim == Claim::PriorLearning,
            Self::BirthDate => false,
        }
    }

    /// Tells whether evidence of this kind can say anything of a condition.
    fn can_show(self, kind: ConditionKind) -> bool {
        use ConditionKind as Kind;
        match kind {
            Kind::Experience => self == Self::WorkCertificate,
            Kind::Registration | Kind::GoodStanding | Kind::NoSanctions => {
                matches!(self, Self::RegisterExtract | Self::GoodStandingCertificate)
            }
            Kind::ContinuingEducation => self == Self::TrainingRecord,
            Kind::Language => matches!(
                self,
                Self::LanguageCertificate
                    | Self::ExaminationCertificate
                    | Self::QualificationCertificate
                    | Self::UnitCertificate
            ),
            Kind::Examination => matches!(
                self,
                Self::ExaminationCertificate
                    | Self::QualificationCertificate
                    | Self::UnitCertificate
            ),
            Kind::Age => self == Self::BirthDate,
            Kind::HostDecision => false,
        }
    }
}

codes! {
    /// A level of the Common European Framework of Reference for Languages.
    pub enum LanguageLevel {
        /// A1.
        A1 = 1, "A1";
        /// A2.
        A2 = 2, "A2";
        /// B1.
        B1 = 3, "B1";
        /// B2.
        B2 = 4, "B2";
        /// C1.
        C1 = 5, "C1";
        /// C2.
        C2 = 6, "C2";
    }
}

codes! {
    /// What follows if a condition is not met.
    pub enum Otherwise {
        /// Recognition is refused.
        Refuse = 1, "refuse";
        /// It may be made up for.
        Compensate = 2, "compensate";
    }
}

record! {
    /// A condition.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Condition {
        /// Its name in the agreement.
        id [1]: Line,
        /// What it is about.
        kind [2]: ConditionKind,
        /// What it says, in words.
        text [3; ..MAX_NAMES]: Vec<Name>,
        /// Evidence of which each kind shows it, and no other does; none: only the host's body can tell.
        evidence [4; ..MAX_EVIDENCE]: Vec<EvidenceKind>,
        /// What follows if it is not met.
        otherwise [5]: Otherwise,
        /// Where it stands.
        source [6]: Citation,
        /// Host countries in which it applies; none: all.
        hosts [7; ..MAX_PARTIES]: Vec<Country>,
        /// Occupations to which it applies; none: all of the scope.
        occupations [8; ..MAX_CODES]: Vec<Occupation>,
        /// How long.
        #[serde(skip_serializing_if = "Option::is_none")]
        length [9]: Option<TimeSpan>,
        /// How long before today at most.
        #[serde(skip_serializing_if = "Option::is_none")]
        within [10]: Option<TimeSpan>,
        /// Whether without interruption.
        #[serde(skip_serializing_if = "Option::is_none")]
        continuous [11]: Option<bool>,
        /// The longest interruption that does no harm.
        #[serde(skip_serializing_if = "Option::is_none")]
        gap [12]: Option<TimeSpan>,
        /// Hours.
        #[serde(skip_serializing_if = "Option::is_none")]
        hours [13]: Option<u32>,
        /// The language.
        #[serde(skip_serializing_if = "Option::is_none")]
        language [14]: Option<Language>,
        /// The lowest level of it.
        #[serde(skip_serializing_if = "Option::is_none")]
        level [15]: Option<LanguageLevel>,
        /// The national code or title of the examination.
        #[serde(skip_serializing_if = "Option::is_none")]
        code [16]: Option<Line>,
        /// The youngest age, in years.
        #[serde(skip_serializing_if = "Option::is_none")]
        youngest [17]: Option<u8>,
        /// The oldest age, in years.
        #[serde(skip_serializing_if = "Option::is_none")]
        oldest [18]: Option<u8>,
        /// Home countries to whose attestations it applies; none: all.
        homes [19; ..MAX_PARTIES]: Vec<Country>,
    }
    check |c| c.predicate().map(|_| ())
}

/// What a condition demands, with its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the values of a condition")]
pub enum Predicate<'c> {
    /// Work in the occupation.
    Experience {
        length: TimeSpan,
        continuous: bool,
        gap: Option<TimeSpan>,
        within: Option<TimeSpan>,
    },
    /// A registration that holds now.
    Registration,
    /// Good standing.
    GoodStanding { within: TimeSpan },
    /// Continuing education.
    ContinuingEducation { hours: u32, within: TimeSpan },
    /// A language.
    Language { language: &'c Language, level: LanguageLevel },
    /// An examination.
    Examination { code: &'c Line, within: Option<TimeSpan> },
    /// Age.
    Age { youngest: Option<u8>, oldest: Option<u8> },
    /// No sanctions.
    NoSanctions { within: TimeSpan },
    /// What only the host's body can say.
    HostDecision,
}

impl Condition {
    /// Returns what is demanded.
    ///
    /// # Errors
    /// If a value is missing, or one is there that this kind of condition does not take.
    pub fn predicate(&self) -> Result<Predicate<'_>, &'static str> {
        const MISSING: &str = "a condition lacks a value that its kind needs";
        use ConditionKind as Kind;
        let (predicate, takes): (Predicate<'_>, &[u8]) = match self.kind {
            Kind::Experience => {
                let continuous = self.continuous.unwrap_or(false);
                if self.gap.is_some() && !continuous {
                    return Err("an interruption matters only where work is to be continuous");
                }
                let length = self.length.ok_or(MISSING)?;
                (
                    Predicate::Experience {
                        length,
                        continuous,
                        gap: self.gap,
                        within: self.within,
                    },
                    &[9, 10, 11, 12],
                )
            }
            Kind::Registration => (Predicate::Registration, &[]),
            Kind::GoodStanding => {
                (Predicate::GoodStanding { within: self.within.ok_or(MISSING)? }, &[10])
            }
            Kind::ContinuingEducation => {
                let hours = self.hours.ok_or(MISSING)?;
                let within = self.within.ok_or(MISSING)?;
                (Predicate::ContinuingEducation { hours, within }, &[10, 13])
            }
            Kind::Language => {
                let language = self.language.as_ref().ok_or(MISSING)?;
                (Predicate::Language { language, level: self.level.ok_or(MISSING)? }, &[14, 15])
            }
            Kind::Examination => {
                let code = self.code.as_ref().ok_or(MISSING)?;
                (Predicate::Examination { code, within: self.within }, &[10, 16])
            }
            Kind::Age => {
                let (youngest, oldest) = (self.youngest, self.oldest);
                if youngest.is_none() && oldest.is_none() {
                    return Err(MISSING);
                }
                (Predicate::Age { youngest, oldest }, &[17, 18])
            }
            Kind::NoSanctions => {
                (Predicate::NoSanctions { within: self.within.ok_or(MISSING)? }, &[10])
            }
            Kind::HostDecision => (Predicate::HostDecision, &[]),
        };
        let given = [
            (9, self.length.is_some()),
            (10, self.within.is_some()),
            (11, self.continuous.is_some()),
            (12, self.gap.is_some()),
            (13, self.hours.is_some()),
            (14, self.language.is_some()),
            (15, self.level.is_some()),
            (16, self.code.is_some()),
            (17, self.youngest.is_some()),
            (18, self.oldest.is_some()),
        ];
        if given.iter().any(|(key, is_there)| *is_there && !takes.contains(key)) {
            return Err("a condition has a value that its kind does not take");
        }
        match (self.kind, self.evidence.is_empty()) {
            (Kind::HostDecision, false) => {
                Err("what only the host can say is not shown by evidence")
            }
            (kind, true) if kind != Kind::HostDecision => {
                Err("a condition names the evidence that shows it")
            }
            (kind, _) if !self.evidence.iter().all(|evidence| evidence.can_show(kind)) => {
                Err("a condition names evidence that cannot show it")
            }
            _ => Ok(predicate),
        }
    }

    /// Tells whether the condition applies to a question.
    pub(super) fn applies(&self, home: Country, host: Country, occupation: Occupation) -> bool {
        (self.homes.is_empty() || self.homes.contains(&home))
            && (self.hosts.is_empty() || self.hosts.contains(&host))
            && (self.occupations.is_empty()
                || self.occupations.iter().any(|group| group.covers(occupation)))
    }
}
