//! The claims of a credential after disclosure: a closed set, each of its type.

use alloc::string::String;
use alloc::vec::Vec;

use super::attested::Attested;
use super::contribution::Contribution;
use super::disclosure::{Node, RestoredClaims};
use super::skill::Skill;
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Key, Mode, Value};
use crate::classification::Country;
use crate::id::{CredentialId, Did};
use crate::key::{CoseKey, PublicKey};
use crate::profile::{VCT_CONTRIBUTION, VCT_SKILL, claim};
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
                claim::CONTRIBUTION => Some("contribution"),
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
    pub attested: Attested,
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

/// The claims that every credential shows, as far as they can be read: what can be judged even if a
/// disclosure is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlwaysShown {
    /// The issuer.
    pub issuer: Option<Did>,
    /// Until when it counts.
    pub expires_at: Option<UnixSeconds>,
    /// From when it counts.
    pub not_before: Option<UnixSeconds>,
    /// When it was issued.
    pub issued_at: Option<UnixSeconds>,
    /// Its identifier.
    pub id: Option<CredentialId>,
    /// The holder's key.
    pub holder_key: Option<PublicKey>,
    /// The credential type.
    pub credential_type: Option<String>,
    /// Where its status stands.
    pub status: Option<StatusReference>,
    /// What is wrong with the first of them that is malformed.
    wrong: Option<ClaimsError>,
}

impl AlwaysShown {
    /// Reads the payload of a credential, redacted or restored; what else is in it is passed over.
    ///
    /// # Errors
    /// [`CborError`] if it is not a map.
    pub fn read(payload: &[u8]) -> Result<Self, CborError> {
        Ok(Parts::read(payload)?.shown)
    }
}

/// What stands in a claims map, judged by itself.
#[derive(Default)]
struct Parts<'b> {
    shown: AlwaysShown,
    person: Person,
    subject: Option<Line>,
    skill: Option<&'b [u8]>,
    contribution: Option<&'b [u8]>,
    /// The first claim that the format does not define.
    unknown: Option<Key<'b>>,
}

impl<'b> Parts<'b> {
    fn read(claims: &'b [u8]) -> Result<Self, CborError> {
        let mut parts = Self::default();
        let Self { shown, person, subject, skill, contribution, unknown } = &mut parts;
        let mut d = Decoder::new(claims, Mode::Strict);
        d.map(|d, key| {
            let number = match key {
                Key::Int(n) => i64::try_from(n).ok(),
                _ => None,
            };
            let wrong = &mut shown.wrong;
            macro_rules! fill {
                ($($field:ident, $key:ident, $name:literal;)*) => {
                    match number {
                        Some(claim::ISS) => shown.issuer = part(d, "iss", wrong)?,
                        Some(claim::EXP) => shown.expires_at = part(d, "exp", wrong)?,
                        Some(claim::NBF) => shown.not_before = part(d, "nbf", wrong)?,
                        Some(claim::IAT) => shown.issued_at = part(d, "iat", wrong)?,
                        Some(claim::CTI) => shown.id = part(d, "cti", wrong)?,
                        Some(claim::CNF) => {
                            let confirmation: Option<Confirmation> = part(d, "cnf", wrong)?;
                            shown.holder_key = confirmation.map(|Confirmation(CoseKey(key))| key);
                        }
                        Some(claim::VCT) => shown.credential_type = part(d, "vct", wrong)?,
                        Some(claim::STATUS) => shown.status = part(d, "status", wrong)?,
                        $(Some(claim::$key) => person.$field = part(d, $name, wrong)?,)*
                        Some(claim::SUB) => *subject = part(d, "sub", wrong)?,
                        Some(claim::SKILL) => *skill = Some(d.skip()?),
                        Some(claim::CONTRIBUTION) => *contribution = Some(d.skip()?),
                        _ => {
                            d.skip()?;
                            unknown.get_or_insert(key);
                        }
                    }
                };
            }
            person_claims!(fill);
            Ok(())
        })?;
        d.finish()?;
        Ok(parts)
    }

    fn claims(self) -> Result<Claims, ClaimsError> {
        let shown = self.shown;
        let is_contribution = match shown.credential_type.as_deref() {
            Some(VCT_CONTRIBUTION) => true,
            Some(VCT_SKILL) | None => false,
            Some(vct) => return Err(ClaimsError::UnknownType(vct.chars().take(80).collect())),
        };
        // A claim of the other type is as unknown as one that nobody defined.
        let other = |there: Option<&[u8]>, key: i64| there.map(|_| Key::Int(key.into()));
        let other = if is_contribution {
            other(self.skill, claim::SKILL)
        } else {
            other(self.contribution, claim::CONTRIBUTION)
        };
        if let Some(key) = self.unknown.or(other) {
            let name = match key {
                Key::Int(n) => alloc::format!("{n}"),
                Key::Text(text) => text.chars().take(60).collect(),
                Key::Simple(n) => alloc::format!("simple({n})"),
            };
            return Err(ClaimsError::Unknown(name));
        }
        if let Some(wrong) = shown.wrong {
            return Err(wrong);
        }
        let missing = ClaimsError::Missing;
        shown.credential_type.ok_or(missing("vct"))?;
        let issued_at = shown.issued_at.ok_or(missing("iat"));
        let attested = |issued_at: UnixSeconds| {
            if !is_contribution {
                let skill = Skill::read(self.skill.ok_or(missing("skill"))?);
                return skill.map(Attested::from).map_err(malformed("skill"));
            }
            let wrong = malformed("contribution");
            let value = self.contribution.ok_or(missing("contribution"))?;
            let contribution = Contribution::read(value).map_err(&wrong)?;
            let issued = contribution.check_issued(issued_at.date());
            issued.map_err(|rule| wrong(CborError::invalid(rule.text())))?;
            Ok(contribution.into())
        };
        Ok(Claims {
            issuer: shown.issuer.ok_or(missing("iss"))?,
            subject: self.subject.map(|sub| sub.as_str().into()),
            expires_at: shown.expires_at.ok_or(missing("exp"))?,
            not_before: shown.not_before,
            issued_at: issued_at.clone()?,
            id: shown.id.ok_or(missing("cti"))?,
            holder_key: shown.holder_key.ok_or(missing("cnf"))?,
            status: shown.status.ok_or(missing("status"))?,
            person: self.person,
            attested: attested(issued_at?)?,
        })
    }
}

impl Claims {
    /// Reads restored claims.
    ///
    /// # Errors
    /// [`ClaimsError`].
    pub fn read(claims: &RestoredClaims) -> Result<Self, ClaimsError> {
        Parts::read(claims.as_bytes()).map_err(malformed("claims"))?.claims()
    }

    /// Reads restored claims, and those always shown even if there is something wrong with others.
    pub fn read_with_shown(claims: &RestoredClaims) -> (AlwaysShown, Result<Self, ClaimsError>) {
        match Parts::read(claims.as_bytes()) {
            Ok(parts) => (parts.shown.clone(), parts.claims()),
            Err(error) => (AlwaysShown::default(), Err(malformed("claims")(error))),
        }
    }

    /// Names the redactable claims that are not there.
    pub fn withheld(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        if self.subject.is_none() {
            names.push("sub");
        }
        macro_rules! push {
            ($($field:ident, $key:ident, $name:literal;)*) => {$(
                if self.person.$field.is_none() {
                    names.push($name);
                }
            )*};
        }
        person_claims!(push);
        match &self.attested {
            Attested::Skill(skill) => names.extend(skill.withheld()),
            Attested::Contribution(contribution) => names.extend(contribution.withheld()),
        }
        names
    }

    /// Returns the skill attestation, if it is one.
    pub fn skill(&self) -> Option<&Skill> {
        self.attested.skill()
    }

    /// Returns the contribution attestation, if it is one.
    pub fn contribution(&self) -> Option<&Contribution> {
        self.attested.contribution()
    }
}

fn malformed(claim: &'static str) -> impl Fn(CborError) -> ClaimsError {
    move |source| ClaimsError::Malformed { claim, source }
}

/// Reads the value of a claim; what is wrong with it is kept, unless something was before.
fn part<'b, T: Decode<'b>>(
    d: &mut Decoder<'b>,
    name: &'static str,
    wrong: &mut Option<ClaimsError>,
) -> Result<Option<T>, CborError> {
    let mut ahead = d.clone();
    match T::decode(&mut ahead) {
        Ok(value) => {
            *d = ahead;
            Ok(Some(value))
        }
        Err(error) => {
            wrong.get_or_insert_with(|| malformed(name)(error));
            d.skip().map(|_| None)
        }
    }
}

/// The value of `cnf`: `{1: COSE_Key}` (RFC 8747).
struct Confirmation(CoseKey);

impl<'b> Decode<'b> for Confirmation {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let mut key = None;
        d.map(|d, label| match label {
            Key::Int(1) => {
                key = Some(CoseKey::decode(d)?);
                Ok(())
            }
            _ => Err(d.error(CborErrorKind::ForbiddenKey)),
        })?;
        key.map(Self).ok_or(CborError::invalid("the holder's key is missing"))
    }
}

#[cfg(test)]
mod tests;
