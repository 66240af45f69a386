//! How an issuer makes a credential.

use alloc::format;
use alloc::vec::Vec;

use rand_core::CryptoRng;

use super::attested::Attested;
use super::claims::Person;
use super::disclosure::{Node, redact};
use crate::cbor::{CborError, Encoder, Value};
use crate::cose;
use crate::id::{CredentialId, Did};
use crate::key::{CoseKey, PublicKey, SigningKey};
use crate::profile::{
    ALG_ED25519, ALG_SHA256, MAX_CREDENTIAL_BYTES, MAX_DISCLOSURES, Profile, TYP_SD_CWT, claim,
    header,
};
use crate::status::StatusUri;
use crate::time::UnixSeconds;

/// What a credential is made of.
#[derive(Clone, Debug)]
pub struct Issue<'a> {
    /// The issuer.
    pub issuer: &'a Did,
    /// The holder's key, for this credential only.
    pub holder_key: PublicKey,
    /// Who it is about.
    pub person: &'a Person,
    /// What it attests.
    pub attested: &'a Attested,
    /// Now; rounded down to the day.
    pub issued_at: UnixSeconds,
    /// Until when it counts; rounded down to the day.
    pub expires_at: UnixSeconds,
    /// Its place in the status list.
    pub status: (StatusUri, u64),
}

/// A credential as issued, with all its disclosures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The SD-CWT.
    pub sd_cwt: Vec<u8>,
    /// Its identifier.
    pub id: CredentialId,
}

/// Why a credential cannot be issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// It ends on or before the day it begins.
    #[error("it expires on {0}, not after the day of issue")]
    Expired(UnixSeconds),
    /// It names nobody.
    #[error("a credential gives at least one name and the birth date")]
    NoName,
    /// More than [`MAX_DISCLOSURES`] redactable claims.
    #[error("{0} redactable claims and decoys, more than {MAX_DISCLOSURES}")]
    TooManyDisclosures(usize),
    /// More than [`MAX_CREDENTIAL_BYTES`].
    #[error("{0} bytes, more than {MAX_CREDENTIAL_BYTES}")]
    TooLarge(usize),
    /// The claims break a rule of their format.
    #[error("the claims are malformed: {0}")]
    Malformed(#[from] CborError),
}

impl Issue<'_> {
    /// Signs the credential.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn sign(&self, key: &SigningKey, rng: &mut impl CryptoRng) -> Result<Issued, IssueError> {
        let issued_at = self.issued_at.start_of_day();
        let expires_at = self.expires_at.start_of_day();
        if expires_at <= issued_at {
            return Err(IssueError::Expired(expires_at));
        }
        if !self.person.has_name() || self.person.birth_date.is_none() {
            return Err(IssueError::NoName);
        }
        let mut id = [0; 16];
        rng.fill_bytes(&mut id);
        let id = CredentialId::new(id);
        let mut pseudonym = [0; 16];
        rng.fill_bytes(&mut pseudonym);
        let subject = format!("urn:carnet:holder:{}", CredentialId::new(pseudonym));

        let mut claims = self.person.nodes();
        claims.push((int(claim::SUB), Node::Value(subject.as_str().into()), true));
        let mut always = |key: i64, encode: &dyn for<'e> Fn(&'e mut Encoder) -> &'e mut Encoder| {
            let mut e = Encoder::new();
            encode(&mut e);
            claims.push((int(key), Node::Encoded(e.into_bytes()), false));
        };
        let (uri, index) = (format!("{}", self.status.0), self.status.1);
        always(claim::ISS, &|e| e.text(&format!("{}", self.issuer)));
        always(claim::EXP, &|e| e.item(&expires_at));
        always(claim::IAT, &|e| e.item(&issued_at));
        always(claim::CTI, &|e| e.bytes(id.as_bytes()));
        always(claim::CNF, &|e| e.map(1).int(1).item(&CoseKey(self.holder_key)));
        always(claim::VCT, &|e| e.text(self.attested.credential_type()));
        always(claim::STATUS, &|e| {
            e.map(1).text("status_list").map(2).text("idx").uint(index).text("uri").text(&uri)
        });
        if let Attested::Contribution(contribution) = self.attested {
            let issued = contribution.check_issued(issued_at.date());
            issued.map_err(|rule| CborError::invalid(rule.text()))?;
        }
        claims.push((int(self.attested.claim()), self.attested.node()?, false));

        let (payload, disclosures) = redact(Profile::SdCwt08, claims, rng);
        if disclosures.len() > MAX_DISCLOSURES {
            return Err(IssueError::TooManyDisclosures(disclosures.len()));
        }
        let room = disclosures.iter().map(Vec::len).sum::<usize>();
        let mut unprotected = Encoder::with_capacity(room + 16);
        unprotected.map(1).int(header::SD_CLAIMS.into()).array(disclosures.len());
        for disclosure in &disclosures {
            unprotected.raw(disclosure);
        }
        let sd_cwt = cose::sign1(&protected(key), unprotected.as_bytes(), &payload, key);
        if sd_cwt.len() > MAX_CREDENTIAL_BYTES {
            return Err(IssueError::TooLarge(sd_cwt.len()));
        }
        Ok(Issued { sd_cwt, id })
    }
}

fn int(key: i64) -> Value {
    Value::Int(key.into())
}

fn protected(key: &SigningKey) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(4).int(header::ALG.into()).int(ALG_ED25519.into());
    e.int(header::KID.into()).item(&key.public().kid());
    e.int(header::TYP.into()).uint(TYP_SD_CWT);
    e.int(header::SD_ALG.into()).int(ALG_SHA256.into());
    e.into_bytes()
}

#[cfg(test)]
mod tests;
