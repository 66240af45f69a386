//! The skill attestation, `urn:carnet:skill:1`: what a holder can do, who assessed it and how.
//!
//! Keys 1 to 16 are always shown; keys from 20 on are disclosed one by one, and within `skills` every
//! element apart.

mod lint;
mod prior_learning;

pub use lint::{SkillLint, Weight};
pub use prior_learning::{CURRENCY, EvidenceRule, PriorLearningEvidence, PriorLearningKind};

use alloc::vec::Vec;

use super::disclosure::Node;
use super::entries::Entries;
use crate::cbor::{CborError, Value, codes, record};
use crate::classification::{Country, Field, Framework, Occupation};
use crate::id::{CredentialId, Did, Digest};
use crate::profile::VCT_SKILL;
use crate::statement::accreditation::{Level, Scope};
use crate::statement::profile::Role;
use crate::text::{Language, Line, Name};
use crate::time::Date;

/// Most items in one list of a skill attestation.
pub const MAX_ITEMS: usize = 64;

codes! {
    /// What kind of claim an attestation makes.
    pub enum ClaimType {
        /// A whole qualification.
        Qualification = 1, "qualification";
        /// A unit of one.
        Unit = 2, "unit";
        /// A licence or registration.
        Licence = 3, "licence";
        /// Work experience.
        WorkExperience = 4, "work-experience";
        /// The outcome of recognition of prior learning.
        PriorLearning = 5, "prior-learning";
        /// An assessment without a qualification.
        Assessment = 6, "assessment";
        /// Continuing education.
        ContinuingEducation = 7, "continuing-education";
        /// The support of a union or an employers' body for another attestation.
        Endorsement = 8, "endorsement";
    }
}

codes! {
    /// How something was assessed.
    pub enum AssessmentMethod {
        /// In writing.
        Written = 1, "written";
        /// By doing it.
        Practical = 2, "practical";
        /// By collected evidence.
        Portfolio = 3, "portfolio";
        /// In conversation.
        Interview = 4, "interview";
        /// At work.
        Observation = 5, "observation";
    }
}

record! {
    /// One skill or unit.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct SkillItem {
        /// An ESCO URI or a national unit code.
        code [1]: Line,
        /// Its title.
        #[serde(skip_serializing_if = "Option::is_none")]
        title [2]: Option<Line>,
        /// Its level, in the framework of the attestation.
        #[serde(skip_serializing_if = "Option::is_none")]
        level [3]: Option<Level>,
    }
}

record! {
    /// How the claim was assessed.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Assessment {
        /// By which methods.
        methods [1; ..8]: Vec<AssessmentMethod>,
        /// By whom.
        #[serde(skip_serializing_if = "Option::is_none")]
        body [2]: Option<Line>,
        /// When.
        #[serde(skip_serializing_if = "Option::is_none")]
        date [3]: Option<Date>,
        /// With which result.
        #[serde(skip_serializing_if = "Option::is_none")]
        result [4]: Option<Line>,
        /// In which language.
        #[serde(skip_serializing_if = "Option::is_none")]
        language [5]: Option<Language>,
        /// Where.
        #[serde(skip_serializing_if = "Option::is_none")]
        place [6]: Option<Line>,
        /// Whether it was passed.
        #[serde(skip_serializing_if = "Option::is_none")]
        passed [7]: Option<bool>,
    }
}

record! {
    /// What was learnt where, and how long.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Learning {
        /// The provider.
        #[serde(skip_serializing_if = "Option::is_none")]
        provider [1]: Option<Line>,
        /// Hours of learning.
        #[serde(skip_serializing_if = "Option::is_none")]
        hours [2]: Option<u32>,
        /// Credits, in the system of the framework.
        #[serde(skip_serializing_if = "Option::is_none")]
        credits [3]: Option<u32>,
        /// First day.
        #[serde(skip_serializing_if = "Option::is_none")]
        start [4]: Option<Date>,
        /// Last day.
        #[serde(skip_serializing_if = "Option::is_none")]
        end [5]: Option<Date>,
    }
    check |l| days_in_order(l.start, l.end)
}

record! {
    /// A time of work.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Experience {
        /// As what.
        role [1]: Line,
        /// First day.
        start [2]: Date,
        /// Last day; absent: it goes on.
        #[serde(skip_serializing_if = "Option::is_none")]
        end [3]: Option<Date>,
        /// Hours in all.
        #[serde(skip_serializing_if = "Option::is_none")]
        hours [4]: Option<u32>,
        /// Whether under supervision.
        #[serde(skip_serializing_if = "Option::is_none")]
        supervised [5]: Option<bool>,
        /// For whom.
        #[serde(skip_serializing_if = "Option::is_none")]
        employer [6]: Option<Line>,
    }
    check |e| days_in_order(Some(e.start), e.end)
}

codes! {
    /// The status of a licence in its register.
    pub enum LicenceStatus {
        /// It holds.
        Active = 1, "active";
        /// It holds, and does not allow everything.
        Restricted = 2, "restricted";
        /// It does not hold for a time.
        Suspended = 3, "suspended";
        /// It ran out.
        Expired = 4, "expired";
        /// It was taken away.
        Revoked = 5, "revoked";
        /// It was given back.
        Surrendered = 6, "surrendered";
    }
}

record! {
    /// A licence or registration.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Licence {
        /// Its number.
        number [1]: Line,
        /// The register.
        register [2]: Line,
        /// Its status there.
        status [3]: LicenceStatus,
        /// What it does not allow.
        #[serde(skip_serializing_if = "Option::is_none")]
        restrictions [4]: Option<Line>,
        /// The day for which good standing is attested.
        #[serde(skip_serializing_if = "Option::is_none")]
        good_standing [5]: Option<Date>,
    }
}

record! {
    /// How well a language is known.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct LanguageSkill {
        /// The language.
        language [1]: Language,
        /// The level of the Common European Framework, A1 to C2.
        level [2]: Line,
    }
    check |l| match l.level.as_str() {
        "A1" | "A2" | "B1" | "B2" | "C1" | "C2" => Ok(()),
        _ => Err("a language level is A1 to C2"),
    }
}

record! {
    /// A document of a union or employers' body that supported the attestation before it was issued.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Endorsement {
        /// Who endorses.
        by [1]: Did,
        /// The digest of what they signed.
        digest [2]: Digest,
    }
}

record! {
    /// Another attestation that this one supports.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Endorsed {
        /// Its identifier, which is random and says nothing of the person.
        credential [1]: CredentialId,
        /// As what the issuer of this one supports it: a union or an employers' body.
        role [2]: Role,
        /// What it supports, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        statement [3]: Option<Line>,
    }
    check |e| match e.role {
        Role::Union | Role::EmployersBody => Ok(()),
        _ => Err("a union or an employers' body endorses"),
    }
}

record! {
    /// What is attested.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Skill {
        /// What kind of claim it is.
        claim_type [1]: ClaimType,
        /// The title.
        title [2]: Name,
        /// The national code of the qualification.
        #[serde(skip_serializing_if = "Option::is_none")]
        national_code [3]: Option<Line>,
        /// The version of the standard.
        #[serde(skip_serializing_if = "Option::is_none")]
        standard [4]: Option<Line>,
        /// The occupation, ISCO-08.
        occupation [5]: Occupation,
        /// The occupation in ESCO, a URI.
        #[serde(skip_serializing_if = "Option::is_none")]
        esco_occupation [6]: Option<Line>,
        /// The qualification framework.
        framework [7]: Framework,
        /// The level in it.
        level [8]: Level,
        /// The level of ISCED 2011, 0 to 8.
        #[serde(skip_serializing_if = "Option::is_none")]
        isced_level [9]: Option<u8>,
        /// The field, ISCED-F 2013.
        field [10]: Field,
        /// The day of the award.
        award_date [11]: Date,
        /// The last day for which the qualification itself holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        valid_until [12]: Option<Date>,
        /// How it is renewed.
        #[serde(skip_serializing_if = "Option::is_none")]
        renewal [13]: Option<Line>,
        /// The country whose qualification it is.
        country [14]: Country,
        /// Endorsements.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        endorsements [15; ..MAX_ITEMS]: Vec<Endorsement>,
        /// Names the run of attestations of which this is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        series [20]: Option<CredentialId>,
        /// Its number in the series.
        #[serde(skip_serializing_if = "Option::is_none")]
        sequence [21]: Option<u32>,
        /// The credential that it replaces.
        #[serde(skip_serializing_if = "Option::is_none")]
        supersedes [22]: Option<CredentialId>,
        /// Skills or units.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        skills [23; ..MAX_ITEMS]: Vec<SkillItem>,
        /// How it was assessed.
        #[serde(skip_serializing_if = "Option::is_none")]
        assessment [24]: Option<Assessment>,
        /// What was learnt where.
        #[serde(skip_serializing_if = "Option::is_none")]
        learning [25]: Option<Learning>,
        /// Work.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        experience [26; ..MAX_ITEMS]: Vec<Experience>,
        /// A licence.
        #[serde(skip_serializing_if = "Option::is_none")]
        licence [27]: Option<Licence>,
        /// Evidence behind recognition of prior learning.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        prior_learning [28; ..MAX_ITEMS]: Vec<PriorLearningEvidence>,
        /// Languages.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        languages [29; ..MAX_ITEMS]: Vec<LanguageSkill>,
        /// The attestation that it endorses.
        #[serde(skip_serializing_if = "Option::is_none")]
        endorses [30]: Option<Endorsed>,
    }
    check |s| if s.isced_level.is_some_and(|level| level > 8) {
        Err("ISCED levels run from 0 to 8")
    } else {
        days_in_order(Some(s.award_date), s.valid_until)
    }
}

fn days_in_order(start: Option<Date>, end: Option<Date>) -> Result<(), &'static str> {
    match (start, end) {
        (Some(start), Some(end)) if end < start => Err("the last day lies before the first"),
        _ => Ok(()),
    }
}

/// Redactable entries: key, name, and whether each element is redactable for itself.
const REDACTABLE: Entries = Entries(&[
    (20, "series", false),
    (21, "sequence", false),
    (22, "supersedes", false),
    (23, "skills", true),
    (24, "assessment", false),
    (25, "learning", false),
    (26, "experience", false),
    (27, "licence", false),
    (28, "prior_learning", false),
    (29, "languages", false),
    (30, "endorses", false),
]);

impl Skill {
    /// Reads the restored value of the skill claim. A list of skills of which no element was disclosed
    /// is treated as not disclosed.
    ///
    /// # Errors
    /// [`CborError`].
    pub fn read(value: &[u8]) -> Result<Self, CborError> {
        REDACTABLE.read(value)
    }

    /// Returns the claim before issuance, with its redactable parts marked.
    pub(super) fn node(&self) -> Result<Node, CborError> {
        REDACTABLE.node(self)
    }

    /// Names the redactable entries that are not there, in the order of their keys.
    pub(super) fn withheld(&self) -> impl Iterator<Item = &'static str> {
        REDACTABLE.withheld([
            self.series.is_some(),
            self.sequence.is_some(),
            self.supersedes.is_some(),
            !self.skills.is_empty(),
            self.assessment.is_some(),
            self.learning.is_some(),
            !self.experience.is_empty(),
            self.licence.is_some(),
            !self.prior_learning.is_empty(),
            !self.languages.is_empty(),
            self.endorses.is_some(),
        ])
    }

    /// Returns what accreditations have to cover.
    pub fn scope(&self) -> Scope {
        Scope {
            credential_type: VCT_SKILL,
            occupation: Some(self.occupation),
            field: Some(self.field),
            level: Some((self.framework.clone(), self.level)),
            branches: Vec::new(),
            country: self.country,
        }
    }
}

/// Returns the name of a redactable entry of the skill claim.
pub fn entry_name(key: &Value) -> Option<&'static str> {
    REDACTABLE.name(key)
}

/// Names of every redactable entry of the skill claim.
pub fn redactable_names() -> impl Iterator<Item = &'static str> {
    REDACTABLE.names()
}
