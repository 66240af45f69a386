//! Forms that people fill in: TOML files and CSV tables, read into values of the core.
//!
//! Every mistake is named with its file, line and column. A key that a form does not have is a mistake
//! too, because a misspelt limit would otherwise be no limit.

pub mod agreement;
pub mod certificate;
pub mod check;
pub mod class;
pub mod contribution;
pub mod grant;
pub mod periods;
pub mod profile;
pub mod recognition;
pub mod table;

use crate::error::{CliError, Mistake};
use crate::files;
use carnet_proto::cbor::CborError;
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::contribution::{
    DayBasis, Decimal, InstitutionRole, Month, NationalRight, PeriodKind, PeriodType, Refund,
    SchemeClass, Sex, Unit,
};
use carnet_proto::credential::skill::{
    AssessmentMethod, ClaimType, EvidenceRule, LicenceStatus, PriorLearningKind,
};
use carnet_proto::id::{CredentialId, Did, Digest};
use carnet_proto::recognition::{
    Acquired, Basis, Chooser, CompensationReason, ConditionKind, EvidenceKind, LanguageLevel,
    LevelRelation, MeasureKind, MobilityPurpose, Otherwise, Payer, RecognitionOutcome, TimeSpan,
};
use carnet_proto::statement::accreditation::{Branch, Level};
use carnet_proto::statement::agreement::AgreementKind;
use carnet_proto::statement::profile::Role;
use carnet_proto::text::{Language, Line};
use carnet_proto::time::Date;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

/// Largest form, in bytes; a table of many rows has its own limit.
pub const MAX_FORM_BYTES: u64 = 1024 * 1024;
/// How much of a refused text a message repeats, in characters.
const MAX_QUOTED_CHARS: usize = 40;

/// A value that a form gives as text.
pub trait FromText: Sized {
    /// Whether TOML may give it as a number with a point, which is not exact.
    const FLOATS: bool = true;

    /// Reads the text.
    ///
    /// # Errors
    /// What is wrong with it, in words for the person who wrote it.
    fn from_text(text: &str) -> Result<Self, String>;
}

/// Says that a text is not what it should be.
pub fn not(text: &str, what: &str) -> String {
    let quoted: String = text.chars().take(MAX_QUOTED_CHARS).collect();
    format!("{quoted:?} is not {what}")
}

macro_rules! by_parse {
    ($($type:ty),*) => {$(
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                Self::parse(text).map_err(|error| error.to_string())
            }
        }
    )*};
}
by_parse!(Did, Line, Country, Occupation, Field, Framework);

macro_rules! by_name {
    ($($type:ty, $what:literal;)*) => {$(
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                let names = || Self::ALL.iter().map(|value| value.name()).collect::<Vec<_>>();
                Self::from_name(text)
                    .ok_or_else(|| not(text, concat!($what, ": one of ")) + &names().join(", "))
            }
        }
    )*};
}
by_name! {
    Role, "a role";
    ClaimType, "a type of claim";
    AssessmentMethod, "a method of assessment";
    AgreementKind, "a kind of agreement";
    Branch, "a branch of social security";
    InstitutionRole, "a role of an institution";
    PeriodKind, "a kind of period";
    Unit, "a unit";
    DayBasis, "days of a week";
    Refund, "whether it was paid back";
    NationalRight, "whether it gives a right";
    SchemeClass, "a class of schemes";
    Sex, "a sex";
    LicenceStatus, "a status of a licence";
    PriorLearningKind, "a kind of evidence";
    EvidenceRule, "a rule of evidence";
    Basis, "a basis";
    Payer, "a payer";
    MobilityPurpose, "a purpose";
    Acquired, "what becomes of what was awarded before the end";
    LevelRelation, "a relation of levels";
    ConditionKind, "a kind of condition";
    EvidenceKind, "a kind of evidence";
    LanguageLevel, "a level of a language";
    Otherwise, "what follows";
    MeasureKind, "a kind of measure";
    Chooser, "who chooses";
    CompensationReason, "a reason for compensation";
    RecognitionOutcome, "an outcome";
}

macro_rules! by_option {
    ($($type:ty, $read:expr, $what:literal;)*) => {$(
        impl FromText for $type {
            fn from_text(text: &str) -> Result<Self, String> {
                $read(text).ok_or_else(|| not(text, $what))
            }
        }
    )*};
}
by_option! {
    Date, Date::parse, "a day such as 2026-03-31";
    Month, Month::parse, "a month such as 2026-03";
    TimeSpan, TimeSpan::parse, "a length of time such as 3 years";
    Language, Language::parse, "a language such as en or pt-BR";
    Level, Level::parse, "a level such as 4 or 4.5";
    Digest, Digest::from_hex, "a SHA-256 digest of 64 hexadecimal digits";
    CredentialId, CredentialId::from_hex, "a credential's id of 32 hexadecimal digits";
    u32, |text: &str| text.parse().ok(), "a whole number";
    u8, |text: &str| text.parse().ok(), "a whole number below 256";
}

impl FromText for Decimal {
    const FLOATS: bool = false;

    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text)
            .ok_or_else(|| not(text, "an exact number such as 12 or 13.5, with up to four places"))
    }
}

impl FromText for PeriodType {
    fn from_text(text: &str) -> Result<Self, String> {
        let by_code = text.parse().ok().and_then(Self::from_code);
        let names = || Self::ALL.iter().map(|one| format!("{} {one}", one.code()));
        by_code.or_else(|| Self::from_name(text)).ok_or_else(|| {
            not(text, "a type of period: one of ") + &names().collect::<Vec<_>>().join(", ")
        })
    }
}

/// A value read from the text of a form. A number is read as it is written.
#[derive(Debug, Clone)]
pub struct In<T>(pub T);

impl<'de, T: FromText> serde::Deserialize<'de> for In<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);
        impl<T: FromText> Visitor<'_> for Text<T> {
            type Value = In<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a number")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<In<T>, E> {
                T::from_text(text).map(In).map_err(E::custom)
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<In<T>, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<In<T>, E> {
                self.visit_str(&number.to_string())
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<In<T>, E> {
                if !T::FLOATS {
                    return Err(E::custom("decimals stand in quotation marks, such as \"13.5\""));
                }
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Text(PhantomData))
    }
}

/// Unwraps a list of read values.
pub fn all<T>(values: Vec<In<T>>) -> Vec<T> {
    values.into_iter().map(|In(value)| value).collect()
}

/// Unwraps a value that may be left out.
pub fn maybe<T>(value: Option<In<T>>) -> Option<T> {
    value.map(|In(value)| value)
}

/// Reads a version number that must be 1.
///
/// # Errors
/// If it is another.
pub fn version_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let version: u64 = serde::Deserialize::deserialize(deserializer)?;
    if version == 1 {
        return Ok(());
    }
    Err(D::Error::custom(format!("version {version} is not known to this program: update carnet")))
}

/// Reads a TOML form.
///
/// # Errors
/// Those of reading, or `form` with file, line and column.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, CliError> {
    parse_toml(path, &files::read_text(path, MAX_FORM_BYTES)?)
}

/// Reads a TOML form that is in memory; `path` is for the error only.
///
/// # Errors
/// `form` with file, line and column.
pub fn parse_toml<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, CliError> {
    toml::from_str(text).map_err(|error| {
        let (line, column) = place(text, error.span().map_or(0, |span| span.start));
        wrong(path, line, column, error.message())
    })
}

/// Says where a form is wrong.
pub fn wrong(path: &Path, line: usize, column: usize, reason: &str) -> CliError {
    CliError::input("form")
        .arg("file", path.display().to_string())
        .arg("line", line)
        .arg("column", column)
        .arg("reason", reason.trim().to_owned())
}

/// Says everything that is wrong with a form; there is at least one mistake.
pub fn mistaken(path: &Path, mistakes: Vec<Mistake>) -> CliError {
    table::listed(CliError::input("form-mistakes"), path, mistakes)
}

/// Says that a form as a whole breaks a rule.
pub fn broken(path: &Path, reason: impl fmt::Display) -> CliError {
    CliError::input("form-rule")
        .arg("file", path.display().to_string())
        .arg("reason", reason.to_string())
}

/// Says which rule of the format a value breaks that was put together from a form: no byte of the form is to
/// blame, so none is named.
pub fn broken_rule(error: &CborError) -> String {
    match error.field {
        Some(field) => format!("{}, in `{field}`", error.kind),
        None => error.kind.to_string(),
    }
}

/// Returns line and column, from 1, of a byte.
pub fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Texts;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        #[expect(dead_code, reason = "only whether it is read matters")]
        occupation: In<Occupation>,
        level: In<Level>,
    }

    fn read(text: &str) -> Result<Form, String> {
        parse_toml(Path::new("grant.toml"), text)
            .map_err(|error: CliError| error.message(&Texts::load(Some("en"))))
    }

    #[test]
    fn a_mistake_is_named_with_file_line_and_column() {
        let error = read("# scope\noccupation = \"7219\"\nlevel = 2\n").unwrap_err();
        assert!(
            error.starts_with("grant.toml, line 2, column 14: 7219 is not an ISCO-08"),
            "{error}"
        );
        let error = read("occupation = \"7212\"\nlevel = 2\nlevvel = 3\n").unwrap_err();
        assert!(error.starts_with("grant.toml, line 3, column 1: unknown field"), "{error}");
        let error = read("occupation = \"7212\nlevel = 2").unwrap_err();
        assert!(error.starts_with("grant.toml, line 1"), "{error}");
    }

    #[test]
    fn a_level_may_be_written_as_text_or_as_a_number() {
        for level in ["4.5", "\"4.5\""] {
            let form = read(&format!("occupation = \"7212\"\nlevel = {level}")).unwrap();
            assert_eq!(form.level.0.to_string(), "4.5");
        }
        assert!(read("occupation = \"7212\"\nlevel = 4.55").is_err());
    }
}
