//! The claims of a credential after disclosure: a closed set, each of its type.

use alloc::string::String;
use alloc::vec::Vec;

use super::disclosure::Node;
use super::skill::Skill;
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Mode, Value};
use crate::classification::Country;
use crate::id::{CredentialId, Did};
use crate::key::{CoseKey, PublicKey};
use crate::profile::{VCT_SKILL, claim};
use crate::status::StatusReference;
use crate::text::Line;
use crate::time::{Date, UnixSeconds};

/// Who a credential is about; each part is disclosed apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Person {
    /// Name in the own script.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_native: Option<Line>,
    /// Name in Latin letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_latin: Option<Line>,
    /// Name as in the machine-readable zone of a travel document (ICAO 9303).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_icao: Option<Line>,
    /// Birth date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<Date>,
    /// Nationality.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nationality: Option<Country>,
    /// Number of an identity document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_number: Option<Line>,
    /// SHA-256 of a portrait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub portrait: Option<crate::id::Digest>,
}

/// Calls a macro with every part of a person: field, claim key, name in reports.
macro_rules! person_claims {
    ($apply:ident) => {
        $apply! {
            name_native, NAME_NATIVE, "name_native";
            name_latin, NAME_LATIN, "name_latin";
            name_icao, NAME_ICAO, "name_icao";
            birth_date, BIRTH_DATE, "birth_date";
            nationality, NATIONALITY, "nationality";
            document_number, DOCUMENT_NUMBER, "document_number";
            portrait, PORTRAIT, "portrait";
        }
    };
}

impl Person {
    /// Returns the redactable claims.
    pub(super) fn nodes(&self) -> Vec<(Value, Node, bool)> {
        let mut nodes = Vec::new();
        macro_rules! push {
            ($($field:ident, $key:ident, $name:literal;)*) => {$(
                if let Some(value) = &self.$field {
                    let value = Node::Encoded(value.to_cbor());
                    nodes.push((Value::Int(claim::$key.into()), value, true));
                }
            )*};
        }
        person_claims!(push);
        nodes
    }

    /// Returns whether at least one name is there.
    pub fn has_name(&self) -> bool {
        self.name_native.is_some() || self.name_latin.is_some() || self.name_icao.is_some()
    }
}

/// Returns the name that reports and commands use for a claim of the outermost map.
pub fn claim_name(key: &Value) -> Option<&'static str> {
    let Value::Int(key) = key else { return None };
    let key = i64::try_from(*key).ok()?;
    macro_rules! named {
        ($($field:ident, $claim:ident, $name:literal;)*) => {
            match key {
                $(claim::$claim => Some($name),)*
                claim::SUB => Some("sub"),
                claim::SKILL => Some("skill"),
                _ => None,
            }
        };
    }
    person_claims!(named)
}

/// Names of every redactable claim of the outermost map.
pub fn redactable_names() -> impl Iterator<Item = &'static str> {
    macro_rules! names {
        ($($field:ident, $claim:ident, $name:literal;)*) => { ["sub", $($name,)*] };
    }
    person_claims!(names).into_iter()
}

/// A credential's claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The issuer.
    pub issuer: Did,
    /// A name for the holder that occurs in this credential only.
    pub subject: Option<String>,
    /// Until when it counts.
    pub expires_at: UnixSeconds,
    /// From when it counts.
    pub not_before: Option<UnixSeconds>,
    /// When it was issued, rounded down to the day.
    pub issued_at: UnixSeconds,
    /// Its identifier.
    pub id: CredentialId,
    /// The holder's key.
    pub holder_key: PublicKey,
    /// Where its status stands.
    pub status: StatusReference,
    /// Who it is about, as far as disclosed.
    pub person: Person,
    /// What it attests.
    pub skill: Skill,
}

/// Why restored claims are not those of a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// A claim that the format does not define.
    #[error("unknown claim {0}")]
    Unknown(String),
    /// A required claim that is not there.
    #[error("claim `{0}` is missing")]
    Missing(&'static str),
    /// A claim of the wrong type or value.
    #[error("claim `{claim}` is malformed: {source}")]
    Malformed {
        /// Which.
        claim: &'static str,
        /// Why.
        source: CborError,
    },
    /// A credential type that this build does not know.
    #[error("unknown credential type `{0}`: update carnet")]
    UnknownType(String),
}

impl Claims {
    /// Reads restored claims.
    ///
    /// # Errors
    /// [`ClaimsError`].
    pub fn read(claims: &Value) -> Result<Self, ClaimsError> {
        let entries = claims.as_map().ok_or(ClaimsError::Missing("iss"))?;
        for (key, _) in entries {
            let known = match key {
                Value::Int(n) => i64::try_from(*n).is_ok_and(is_known),
                _ => false,
            };
            if !known {
                return Err(ClaimsError::Unknown(
                    alloc::format!("{key:?}").chars().take(60).collect(),
                ));
            }
        }
        let vct: String = required(claims, claim::VCT, "vct")?;
        if vct != VCT_SKILL {
            return Err(ClaimsError::UnknownType(vct.chars().take(80).collect()));
        }
        let mut person = Person::default();
        macro_rules! fill {
            ($($field:ident, $key:ident, $name:literal;)*) => {$(
                person.$field = optional(claims, claim::$key, $name)?;
            )*};
        }
        person_claims!(fill);
        let Confirmation(CoseKey(holder_key)) = required(claims, claim::CNF, "cnf")?;
        let skill = claims.at(claim::SKILL.into()).ok_or(ClaimsError::Missing("skill"))?;
        let skill = Skill::read(skill)
            .map_err(|source| ClaimsError::Malformed { claim: "skill", source })?;
        Ok(Self {
            issuer: required(claims, claim::ISS, "iss")?,
            subject: optional::<Line>(claims, claim::SUB, "sub")?.map(|sub| sub.as_str().into()),
            expires_at: required(claims, claim::EXP, "exp")?,
            not_before: optional(claims, claim::NBF, "nbf")?,
            issued_at: required(claims, claim::IAT, "iat")?,
            id: required(claims, claim::CTI, "cti")?,
            holder_key,
            status: required(claims, claim::STATUS, "status")?,
            person,
            skill,
        })
    }
}

fn is_known(key: i64) -> bool {
    use claim::{CNF, CTI, EXP, IAT, ISS, NBF, SKILL, STATUS, SUB, VCT};
    [ISS, SUB, EXP, NBF, IAT, CTI, CNF, VCT, STATUS, SKILL].contains(&key)
        || (claim::PORTRAIT..=claim::NAME_NATIVE).contains(&key)
}

fn optional<T: for<'b> Decode<'b>>(
    claims: &Value,
    key: i64,
    name: &'static str,
) -> Result<Option<T>, ClaimsError> {
    let Some(value) = claims.at(key.into()) else { return Ok(None) };
    T::from_cbor(&value.to_cbor())
        .map(Some)
        .map_err(|source| ClaimsError::Malformed { claim: name, source })
}

fn required<T: for<'b> Decode<'b>>(
    claims: &Value,
    key: i64,
    name: &'static str,
) -> Result<T, ClaimsError> {
    optional(claims, key, name)?.ok_or(ClaimsError::Missing(name))
}

/// The value of `cnf`: `{1: COSE_Key}` (RFC 8747).
struct Confirmation(CoseKey);

impl<'b> Decode<'b> for Confirmation {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let mut key = None;
        d.map(|d, label| match label {
            crate::cbor::Key::Int(1) => {
                key = Some(CoseKey::decode(d)?);
                Ok(())
            }
            _ => Err(d.error(CborErrorKind::ForbiddenKey)),
        })?;
        key.map(Self).ok_or(CborError::invalid("the holder's key is missing"))
    }
}

/// Reads the always-shown claim `iss` without judging anything else, to say who a credential claims
/// to be from.
pub fn issuer_of(payload: &[u8]) -> Option<Did> {
    let value = Value::decode(&mut Decoder::new(payload, Mode::Strict)).ok()?;
    Did::parse(value.at(claim::ISS.into())?.as_text()?).ok()
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::credential::SdCwt;
    use crate::credential::disclosure::Reader;
    use crate::profile::Profile;
    use crate::test_support::{SeededRng, issue, person, skill};

    /// The claims of a good credential, all disclosed.
    fn restored() -> Vec<(Value, Value)> {
        let issued = issue(&person(), &skill(), &mut SeededRng(1));
        let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).unwrap();
        let claims = token.restore(Profile::SdCwt08, Reader::Holder).unwrap().claims;
        claims.as_map().unwrap().to_vec()
    }

    fn key(n: i64) -> Value {
        Value::Int(n.into())
    }

    fn without(n: i64) -> Vec<(Value, Value)> {
        restored().into_iter().filter(|(k, _)| *k != key(n)).collect()
    }

    fn with(n: i64, value: Value) -> Result<Claims, ClaimsError> {
        let mut claims = without(n);
        claims.push((key(n), value));
        Claims::read(&Value::Map(claims))
    }

    #[test]
    fn a_claim_that_the_format_does_not_have_is_refused() {
        for unknown in [
            key(claim::AUD),
            key(claim::CNONCE),
            key(claim::PORTRAIT - 1),
            key(claim::CONTAINER),
            key(500),
            "name".into(),
        ] {
            let mut claims = restored();
            claims.push((unknown, Value::Null));
            let refused = Claims::read(&Value::Map(claims)).unwrap_err();
            assert!(matches!(refused, ClaimsError::Unknown(_)), "{refused}");
        }
    }

    #[test]
    fn each_claim_that_must_show_is_missed() {
        use claim::{CNF, CTI, EXP, IAT, ISS, SKILL, STATUS, VCT};
        for (n, name) in [
            (ISS, "iss"),
            (EXP, "exp"),
            (IAT, "iat"),
            (CTI, "cti"),
            (CNF, "cnf"),
            (VCT, "vct"),
            (STATUS, "status"),
            (SKILL, "skill"),
        ] {
            let refused = Claims::read(&Value::Map(without(n)));
            assert_eq!(refused, Err(ClaimsError::Missing(name)));
        }
        assert_eq!(Claims::read(&Value::Null), Err(ClaimsError::Missing("iss")));
    }

    #[test]
    fn a_claim_of_the_wrong_type_is_named() {
        use claim::{BIRTH_DATE, CNF, CTI, EXP, ISS, NAME_LATIN, NATIONALITY, STATUS};
        let private = {
            let mut key = CoseKey(crate::test_support::holder_key().public()).to_cbor();
            key[0] = 0xa4;
            key.extend_from_slice(b"\x23\x58\x20");
            key.extend_from_slice(&[9; 32]);
            Value::Map(vec![(Value::Int(1), Value::from_cbor(&key).unwrap())])
        };
        let thumbprint = Value::Map(vec![(Value::Int(5), Value::Bytes(vec![1; 32]))]);
        for (n, value, name) in [
            (ISS, "https://issuer.example".into(), "iss"),
            (EXP, Value::Float(1.0), "exp"),
            (EXP, Value::Int(-1), "exp"),
            (CTI, Value::Bytes(vec![0; 15]), "cti"),
            (CNF, private, "cnf"),
            (CNF, thumbprint, "cnf"),
            (STATUS, Value::Map(vec![]), "status"),
            (NAME_LATIN, "Malaya\n".into(), "name_latin"),
            (NAME_LATIN, "Jose\u{301}".into(), "name_latin"),
            (BIRTH_DATE, "1993-05-17".into(), "birth_date"),
            (NATIONALITY, "ph".into(), "nationality"),
        ] {
            let refused = with(n, value).unwrap_err();
            assert!(matches!(refused, ClaimsError::Malformed { claim, .. } if claim == name));
        }
    }

    #[test]
    fn a_type_that_this_build_does_not_know_says_so() {
        let later = with(claim::VCT, "urn:carnet:skill:2".into());
        assert_eq!(later, Err(ClaimsError::UnknownType("urn:carnet:skill:2".into())));
    }

    #[test]
    fn the_issuer_can_be_named_before_anything_is_judged() {
        let issued = issue(&person(), &skill(), &mut SeededRng(1));
        let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).unwrap();
        assert_eq!(issuer_of(token.payload().unwrap()), Some(Did::of_inception(b"an institution")));
        assert_eq!(issuer_of(b"\xa1\x01\x61x"), None);
        assert_eq!(issuer_of(b"\x80"), None);
    }
}
