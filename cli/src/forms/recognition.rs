//! The rules of recognition of an agreement, as TOML: the table `[recognition]`.
//!
//! `docs/recognition.md` explains every key. The names are those of the core.

mod check;

pub use check::look;

use super::certificate::SkillForm;
use super::check::{Found, Key, Value, one, several};
use super::{FromText, In, all, broken_rule, maybe, not};
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::classification::{Country, Framework, Occupation};
use carnet_proto::credential::skill::{ClaimType, Skill};
use carnet_proto::id::{Did, Digest};
use carnet_proto::recognition::{
    AcceptedIssuer, Acquired, Basis, Chooser, Citation, CompensationMeasure, CompensationReason,
    CompensationRules, Condition, ConditionKind, EvidenceKind, FeeLimit, HostRequirement,
    LanguageLevel, LevelRelation, LevelRow, MeasureKind, MobilityPurpose, NationalTitle, Otherwise,
    Payer, Procedure, RecognitionCase, RecognitionOutcome, RecognitionParty, RecognitionScope,
    RecognitionTerms, SampleAttestation, SigningRule, Supervision, TimeSpan, TitleRow, UnitName,
};
use carnet_proto::statement::accreditation::{Level, LevelRange};
use carnet_proto::statement::agreement::SourceText;
use carnet_proto::statement::profile::Role;
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::Date;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// A framework and a level, written `PQF 2`.
#[derive(Debug, Clone)]
pub struct FrameworkLevel(Framework, Level);

impl FromText for FrameworkLevel {
    fn from_text(text: &str) -> Result<Self, String> {
        let (framework, level) = text
            .split_once(' ')
            .ok_or_else(|| not(text, "a framework and a level, such as PQF 2"))?;
        Ok(Self(Framework::from_text(framework)?, Level::from_text(level.trim())?))
    }
}

/// A text by language: `{ en = "..." }`.
struct Names(Vec<Name>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_language = BTreeMap::<String, In<Line>>::deserialize(deserializer)?;
        super::agreement::names(by_language).map(Self).map_err(D::Error::custom)
    }
}

/// Where a rule stands: a text, or `{ text = "...", basis = "general-knowledge" }`.
pub struct Cited(Citation);

impl From<Cited> for Citation {
    fn from(cited: Cited) -> Self {
        cited.0
    }
}

impl<'de> Deserialize<'de> for Cited {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct WithBasis {
            text: In<Line>,
            basis: In<Basis>,
        }
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Cited;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or a table with text and basis")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Cited, E> {
                let text = Line::from_text(text).map_err(E::custom)?;
                Ok(Cited(Citation { text, basis: Basis::Source }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cited, A::Error> {
                let form = WithBasis::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Cited(Citation { text: form.text.0, basis: form.basis.0 }))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Defines a form whose fields become those of a value of the core, with the same names.
macro_rules! forms {
    ($($(#[$meta:meta])* $form:ident => $value:ident { $($field:ident: $kind:tt $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $form { $(#[serde(default = "none_of", deserialize_with = "some_of")] $field: Option<forms!(@form $kind $type)>,)* }

        impl TryFrom<$form> for $value {
            type Error = String;
            fn try_from(form: $form) -> Result<Self, String> {
                Ok(Self { $($field: forms!(@value $kind form.$field, stringify!($field)),)* })
            }
        }

        impl check::Looked for $form {
            fn look(value: &Value<'_>, found: &mut Found<'_>) {
                const KEYS: &[Key] = &[
                    $((stringify!($field), forms!(@must $kind), forms!(@look $kind $type)),)*
                ];
                if found.table(value, KEYS) {
                    found.whole::<$form, $value>(value, $value::try_from);
                }
            }
        }
    )*};
    (@must must) => { true };
    (@must value) => { true };
    (@must names) => { true };
    (@must cite) => { true };
    (@must part) => { true };
    (@must $kind:tt) => { false };
    (@look must $type:ty) => { one::<In<$type>> };
    (@look may $type:ty) => { one::<In<$type>> };
    (@look list $type:ty) => { several::<In<$type>> };
    (@look number $type:ty) => { one::<$type> };
    (@look flag $type:ty) => { one::<$type> };
    (@look value $type:ty) => { one::<$type> };
    (@look names $type:ty) => { one::<Names> };
    (@look cite $type:ty) => { one::<Cited> };
    (@look part $type:ty) => { <$type as check::Looked>::look };
    (@look maybe_part $type:ty) => { <$type as check::Looked>::look };
    (@look parts $type:ty) => { check::parts::<$type> };
    (@form must $type:ty) => { In<$type> };
    (@form may $type:ty) => { In<$type> };
    (@form list $type:ty) => { Vec<In<$type>> };
    (@form number $type:ty) => { $type };
    (@form flag $type:ty) => { $type };
    (@form value $type:ty) => { $type };
    (@form names $type:ty) => { Names };
    (@form cite $type:ty) => { Cited };
    (@form part $type:ty) => { $type };
    (@form maybe_part $type:ty) => { $type };
    (@form parts $type:ty) => { Vec<$type> };
    (@value must $value:expr, $name:expr) => { $value.ok_or_else(|| lacks($name))?.0 };
    (@value may $value:expr, $name:expr) => { maybe($value) };
    (@value list $value:expr, $name:expr) => { all($value.unwrap_or_default()) };
    (@value number $value:expr, $name:expr) => { $value };
    (@value flag $value:expr, $name:expr) => { $value.unwrap_or(false) };
    (@value value $value:expr, $name:expr) => { $value.ok_or_else(|| lacks($name))? };
    (@value names $value:expr, $name:expr) => { $value.ok_or_else(|| lacks($name))?.0 };
    (@value cite $value:expr, $name:expr) => { $value.ok_or_else(|| lacks($name))?.0 };
    (@value part $value:expr, $name:expr) => { $value.ok_or_else(|| lacks($name))?.try_into()? };
    (@value maybe_part $value:expr, $name:expr) => { $value.map(TryInto::try_into).transpose()? };
    (@value parts $value:expr, $name:expr) => {
        $value.unwrap_or_default().into_iter().map(TryInto::try_into).collect::<Result<_, String>>()?
    };
}

fn lacks(field: &str) -> String {
    format!("missing field `{field}`")
}

fn none_of<T>() -> Option<T> {
    None
}

fn some_of<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

forms! {
    TextForm => SourceText { language: must Language, digest: must Digest, address: may Line, }
    FeeForm => FeeLimit { amount: value u32, currency: must Line, payer: must Payer, }
    ProcedureForm => Procedure {
        body: must Line, did: may Did, documents: list Line, acknowledgement: may TimeSpan,
        decision: may TimeSpan, fee: maybe_part FeeForm, appeal: may Line, alert: may Line,
        source: cite Citation,
    }
    PartyForm => RecognitionParty {
        country: must Country, region: may Line, authority: must Line, professional_body: may Line,
        from: must Date, until: may Date, procedure: maybe_part ProcedureForm,
    }
    NationalTitleForm => NationalTitle { country: must Country, title: must Line, }
    IssuerForm => AcceptedIssuer {
        country: must Country, name: must Line, did: may Did, from: may Date, until: may Date,
        occupations: list Occupation,
    }
    RangeForm => LevelRange { framework: must Framework, lowest: must Level, highest: must Level, }
    ScopeForm => RecognitionScope {
        occupations: list Occupation, esco: list Line, national_titles: parts NationalTitleForm,
        regulated: number bool, sectors: list Line, excluded: list Line,
        excluded_occupations: list Occupation, purposes: list MobilityPurpose,
        levels: parts RangeForm, claims: list ClaimType, issuers: parts IssuerForm,
        source: cite Citation,
    }
    UnitForm => UnitName { code: must Line, title: must Line, }
    TitleForm => TitleRow {
        home: may Country, home_title: must Line, home_code: may Line, standard: may Line,
        host: may Country, host_title: must Line, occupation: must Occupation,
        missing: parts UnitForm, partial: flag bool, source: cite Citation,
    }
    ConditionForm => Condition {
        id: must Line, kind: must ConditionKind, text: names Name, evidence: list EvidenceKind,
        otherwise: must Otherwise, source: cite Citation, hosts: list Country,
        occupations: list Occupation, length: may TimeSpan, within: may TimeSpan,
        continuous: number bool, gap: may TimeSpan, hours: number u32, language: may Language,
        level: may LanguageLevel, code: may Line, youngest: number u8, oldest: number u8,
        homes: list Country,
    }
    MeasureForm => CompensationMeasure {
        kind: must MeasureKind, maximum: may TimeSpan, text: names Name, body: may Line,
    }
    CompensationForm => CompensationRules {
        measures: parts MeasureForm, chooser: must Chooser, reasons: list CompensationReason,
        waived_by: may TimeSpan, source: cite Citation,
    }
    SupervisionForm => Supervision {
        committee: may Line, review: may Date, withdrawal: may Line, dispute: may Line,
    }
    SigningForm => SigningRule { roles: list Role, at_least: value u8, parties: number u16, }
    SampleForm => SampleAttestation {
        id: must Line, skill: part SampleSkill, issued: must Date, issuer: may Did,
        issuer_name: may Line, accredited_from: may Date, accredited_until: may Date,
    }
    CaseForm => RecognitionCase {
        id: must Line, about: must Line, show: list Line, birth_date: may Date,
        destination: must Country, occupation: must Occupation, purpose: may MobilityPurpose,
        today: must Date, outcome: must RecognitionOutcome, missing: list EvidenceKind,
        not_met: list Line, not_shown: list Line,
    }
}

/// The attestation of a sample: written as in a certificate.
#[derive(Deserialize)]
#[serde(transparent)]
struct SampleSkill(SkillForm);

impl TryFrom<SampleSkill> for Skill {
    type Error = String;
    fn try_from(form: SampleSkill) -> Result<Self, String> {
        super::certificate::checked(form.0.into())
    }
}

/// A row of levels: `from = "PQF 2"`, `to = "AQRF 2"`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelForm {
    from: In<FrameworkLevel>,
    to: In<FrameworkLevel>,
    relation: In<LevelRelation>,
    source: Cited,
}

impl From<LevelForm> for LevelRow {
    fn from(form: LevelForm) -> Self {
        let (
            In(FrameworkLevel(from_framework, from_level)),
            In(FrameworkLevel(to_framework, to_level)),
        ) = (form.from, form.to);
        Self {
            from_framework,
            from_level,
            to_framework,
            to_level,
            relation: form.relation.0,
            source: form.source.0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementForm {
    host: In<Country>,
    occupation: In<Occupation>,
    title: In<Line>,
    #[serde(default)]
    regulated: bool,
    level: In<FrameworkLevel>,
    source: Cited,
}

impl From<RequirementForm> for HostRequirement {
    fn from(form: RequirementForm) -> Self {
        let In(FrameworkLevel(framework, level)) = form.level;
        Self {
            host: form.host.0,
            occupation: form.occupation.0,
            title: form.title.0,
            regulated: form.regulated,
            framework,
            level,
            source: form.source.0,
        }
    }
}

/// The table `[recognition]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecognitionForm {
    id: In<Line>,
    version: In<Line>,
    titles: Names,
    #[serde(default)]
    text: Vec<TextForm>,
    party: Vec<PartyForm>,
    scope: ScopeForm,
    #[serde(default)]
    requirement: Vec<RequirementForm>,
    #[serde(default)]
    level: Vec<LevelForm>,
    #[serde(default)]
    title: Vec<TitleForm>,
    #[serde(default)]
    condition: Vec<ConditionForm>,
    compensation: Option<CompensationForm>,
    acquired: In<Acquired>,
    supervision: Option<SupervisionForm>,
    signing: Option<SigningForm>,
    #[serde(default)]
    sample: Vec<SampleForm>,
    #[serde(default)]
    case: Vec<CaseForm>,
}

impl RecognitionForm {
    /// Returns the terms.
    ///
    /// # Errors
    /// The rule of the format that they break.
    pub fn into_terms(self) -> Result<RecognitionTerms, String> {
        fn each<F, T: TryFrom<F, Error = String>>(forms: Vec<F>) -> Result<Vec<T>, String> {
            forms.into_iter().map(T::try_from).collect()
        }
        let terms = RecognitionTerms {
            id: self.id.0,
            version: self.version.0,
            titles: self.titles.0,
            texts: each(self.text)?,
            parties: each(self.party)?,
            scope: self.scope.try_into()?,
            requirements: self.requirement.into_iter().map(HostRequirement::from).collect(),
            levels: self.level.into_iter().map(LevelRow::from).collect(),
            title_rows: each(self.title)?,
            conditions: each(self.condition)?,
            compensation: self.compensation.map(TryInto::try_into).transpose()?,
            acquired: self.acquired.0,
            supervision: self.supervision.map(TryInto::try_into).transpose()?,
            signing: self.signing.map(TryInto::try_into).transpose()?,
            samples: each(self.sample)?,
            cases: each(self.case)?,
        };
        // Reading it again applies the rules of the format.
        RecognitionTerms::from_cbor(&terms.to_cbor()).map_err(|error| broken_rule(&error))
    }
}
