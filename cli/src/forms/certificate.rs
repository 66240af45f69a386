//! One certificate to be issued, as TOML.

use super::{In, all, broken, maybe, read_toml};
use crate::error::CliError;
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::skill::{
    Assessment, AssessmentMethod, ClaimType, Endorsed, EvidenceRule, Experience, LanguageSkill,
    Learning, Licence, LicenceStatus, PriorLearningEvidence, PriorLearningKind, Skill, SkillItem,
};
use carnet_proto::id::{CredentialId, Digest};
use carnet_proto::issuing::PersonRow;
use carnet_proto::statement::accreditation::Level;
use carnet_proto::statement::profile::Role;
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{Date, UnixSeconds};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A certificate to start from.
pub const TEMPLATE: &str = include_str!("certificate.toml");

/// What one credential is to be made of.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// Line in the form, from 1.
    pub line: u64,
    /// The clerk's key for the row.
    pub row: Line,
    /// File with the holder's key request.
    pub key_request: Option<PathBuf>,
    /// Who it is about.
    pub person: PersonRow,
    /// What it attests.
    pub attested: Attested,
    /// Until when it counts.
    pub expires_at: UnixSeconds,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateForm {
    row: In<Line>,
    key_request: PathBuf,
    expires: In<Date>,
    person: PersonForm,
    skill: SkillForm,
}

/// Who a credential is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonForm {
    name_native: Option<In<Line>>,
    name_latin: Option<In<Line>>,
    name_icao: Option<In<Line>>,
    birth_date: In<Date>,
    nationality: Option<In<Country>>,
    document_number: Option<In<Line>>,
    portrait: Option<In<Digest>>,
}

/// What a certificate attests.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillForm {
    claim_type: Option<In<ClaimType>>,
    title: In<Line>,
    language: In<Language>,
    national_code: Option<In<Line>>,
    standard: Option<In<Line>>,
    occupation: In<Occupation>,
    esco_occupation: Option<In<Line>>,
    framework: In<Framework>,
    level: In<Level>,
    isced_level: Option<In<u8>>,
    field: In<Field>,
    award_date: In<Date>,
    valid_until: Option<In<Date>>,
    renewal: Option<In<Line>>,
    country: In<Country>,
    series: Option<In<CredentialId>>,
    sequence: Option<u32>,
    supersedes: Option<In<CredentialId>>,
    #[serde(default)]
    skills: Vec<ItemForm>,
    assessment: Option<AssessmentForm>,
    learning: Option<LearningForm>,
    #[serde(default)]
    experience: Vec<ExperienceForm>,
    licence: Option<LicenceForm>,
    #[serde(default)]
    prior_learning: Vec<EvidenceForm>,
    #[serde(default)]
    languages: Vec<LanguageForm>,
    endorses: Option<EndorsedForm>,
}

/// Defines a form whose fields become those of a value of the core, with the same names.
macro_rules! forms {
    ($($form:ident => $value:ident { $($field:ident: $kind:tt $type:ty,)* })*) => {$(
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $form { $($field: forms!(@form $kind $type),)* }

        impl From<$form> for $value {
            fn from(form: $form) -> Self {
                Self { $($field: forms!(@value $kind form.$field),)* }
            }
        }
    )*};
    (@form must $type:ty) => { In<$type> };
    (@form may $type:ty) => { Option<In<$type>> };
    (@form list $type:ty) => { Vec<In<$type>> };
    (@form plain $type:ty) => { Option<$type> };
    (@value must $value:expr) => { $value.0 };
    (@value may $value:expr) => { maybe($value) };
    (@value list $value:expr) => { all($value) };
    (@value plain $value:expr) => { $value };
}

forms! {
    ItemForm => SkillItem { code: must Line, title: may Line, level: may Level, }
    AssessmentForm => Assessment {
        methods: list AssessmentMethod, body: may Line, date: may Date, result: may Line,
        language: may Language, place: may Line, passed: plain bool,
    }
    LearningForm => Learning {
        provider: may Line, hours: plain u32, credits: plain u32, start: may Date, end: may Date,
    }
    ExperienceForm => Experience {
        role: must Line, start: must Date, end: may Date, hours: plain u32, supervised: plain bool,
        employer: may Line,
    }
    LicenceForm => Licence {
        number: must Line, register: must Line, status: must LicenceStatus, restrictions: may Line,
        good_standing: may Date,
    }
    EvidenceForm => PriorLearningEvidence {
        kind: must PriorLearningKind, date: must Date, vouched_by: may Line, digest: must Digest,
        unit: may Line, rules: list EvidenceRule,
    }
    LanguageForm => LanguageSkill { language: must Language, level: must Line, }
    EndorsedForm => Endorsed { credential: must CredentialId, role: must Role, statement: may Line, }
}

/// Reads a certificate. Its key request is named relative to the form.
///
/// # Errors
/// As [`read_toml`], or `form-rule` if it breaks a rule of the format.
pub fn read(path: &Path) -> Result<Certificate, CliError> {
    let form: CertificateForm = read_toml(path)?;
    let head = Head { row: form.row, key_request: form.key_request, expires: form.expires };
    let skill = checked(form.skill.into()).map_err(|reason| broken(path, reason))?;
    head.certificate(path, form.person, skill.into())
}

/// What every form of a credential begins with.
pub struct Head {
    /// The clerk's key for it.
    pub row: In<Line>,
    /// File with the holder's key request, relative to the form.
    pub key_request: PathBuf,
    /// The first day on which it no longer counts.
    pub expires: In<Date>,
}

impl Head {
    /// Returns what is to be issued.
    ///
    /// # Errors
    /// `form-rule` if nobody is named.
    pub fn certificate(
        self,
        path: &Path,
        person: PersonForm,
        attested: Attested,
    ) -> Result<Certificate, CliError> {
        let person = PersonRow::from(person);
        if !has_name(&person) {
            return Err(broken(path, "[person] gives no name"));
        }
        Ok(Certificate {
            line: 1,
            row: self.row.0,
            key_request: Some(beside(path, &self.key_request)),
            person,
            attested,
            expires_at: self.expires.0.start(),
        })
    }
}

impl From<PersonForm> for PersonRow {
    fn from(form: PersonForm) -> Self {
        Self {
            name_native: maybe(form.name_native),
            name_latin: maybe(form.name_latin),
            name_icao: maybe(form.name_icao),
            birth_date: Some(form.birth_date.0),
            nationality: maybe(form.nationality),
            document_number: maybe(form.document_number),
            portrait: maybe(form.portrait),
        }
    }
}

/// Returns whether a person has at least one name.
pub fn has_name(person: &PersonRow) -> bool {
    person.name_native.is_some() || person.name_latin.is_some() || person.name_icao.is_some()
}

/// Applies the rules of the format to a skill that was put together.
///
/// # Errors
/// The rule that it breaks.
pub fn checked(skill: Skill) -> Result<Skill, String> {
    Skill::from_cbor(&skill.to_cbor()).map_err(|error| super::broken_rule(&error))
}

/// Returns a path that a form names relative to itself.
pub fn beside(form: &Path, named: &Path) -> PathBuf {
    form.parent().unwrap_or(Path::new("")).join(named)
}

impl From<SkillForm> for Skill {
    fn from(form: SkillForm) -> Self {
        fn list<F, T: From<F>>(forms: Vec<F>) -> Vec<T> {
            forms.into_iter().map(T::from).collect()
        }
        Self {
            claim_type: maybe(form.claim_type).unwrap_or(ClaimType::Qualification),
            title: Name { language: form.language.0, text: form.title.0 },
            national_code: maybe(form.national_code),
            standard: maybe(form.standard),
            occupation: form.occupation.0,
            esco_occupation: maybe(form.esco_occupation),
            framework: form.framework.0,
            level: form.level.0,
            isced_level: maybe(form.isced_level),
            field: form.field.0,
            award_date: form.award_date.0,
            valid_until: maybe(form.valid_until),
            renewal: maybe(form.renewal),
            country: form.country.0,
            endorsements: Vec::new(),
            series: maybe(form.series),
            sequence: form.sequence,
            supersedes: maybe(form.supersedes),
            skills: list(form.skills),
            assessment: form.assessment.map(Assessment::from),
            learning: form.learning.map(Learning::from),
            experience: list(form.experience),
            licence: form.licence.map(Licence::from),
            prior_learning: list(form.prior_learning),
            languages: list(form.languages),
            endorses: form.endorses.map(Endorsed::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_is_a_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("certificate.toml");
        std::fs::write(&path, TEMPLATE).unwrap();
        let certificate = read(&path).unwrap();
        let skill = certificate.attested.skill().unwrap();
        assert_eq!((skill.occupation.code(), skill.skills.len()), ("7212", 2));
        assert_eq!(certificate.key_request, Some(dir.path().join("ana.request")));
        std::fs::write(&path, TEMPLATE.replace("name_latin", "# name_latin")).unwrap();
        assert_eq!(read(&path).unwrap_err().code(), "form-rule");
    }
}
