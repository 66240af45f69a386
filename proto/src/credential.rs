//! Credentials: SD-CWTs that an issuer signs and a holder keeps.
//!
//! ```cddl
//! sd-cwt = #6.18([bstr .cbor { 1: -19, 4: bstr .size 32, 16: 293, 170: -16 },
//!                 { ? 17: [+ bstr .cbor disclosure] }, bstr .cbor claims, bstr .size 64])
//! disclosure = [bstr .size 16, value: any, key: int / tstr] / [bstr .size 16, value: any] / [bstr .size 16]
//! ```

pub mod claims;
pub mod disclosure;
pub mod issue;
pub mod skill;

use alloc::vec::Vec;

use crate::cbor::{CborError, Decoder, Encoder, Kind, Mode};
use crate::cose::{self, Header, Sign1};
use crate::id::{Digest, Kid};
use crate::key::PublicKey;
use crate::profile::{
    ALG_SHA256, MAX_CREDENTIAL_BYTES, MAX_DISCLOSURES, Profile, TYP_SD_CWT, header,
};

/// A credential as received: nothing in it is verified.
#[derive(Clone, Debug)]
pub struct SdCwt<'b> {
    sign1: Sign1<'b>,
    header: Header<'b>,
    disclosures: Vec<&'b [u8]>,
    mode: Mode,
}

/// Why bytes are not a credential of this profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// More than [`MAX_CREDENTIAL_BYTES`].
    #[error("a credential has at most {MAX_CREDENTIAL_BYTES} bytes, this one has {0}")]
    TooLarge(usize),
    /// Not a COSE_Sign1 of the right form.
    #[error("malformed credential: {0}")]
    Malformed(#[from] CborError),
    /// The type is not that of an SD-CWT.
    #[error("the type is not that of a credential")]
    WrongType,
    /// Other headers than the profile has.
    #[error("the headers are not those of a credential")]
    WrongHeaders,
    /// No disclosures, though the header for them is there; or too many.
    #[error("the header of disclosures is empty or too long")]
    DisclosureCount,
}

impl<'b> SdCwt<'b> {
    /// Reads a token. In foreign mode only what every SD-CWT has is demanded; in strict mode the
    /// headers must be exactly those of the profile.
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn parse(bytes: &'b [u8], mode: Mode) -> Result<Self, CredentialError> {
        if bytes.len() > MAX_CREDENTIAL_BYTES {
            return Err(CredentialError::TooLarge(bytes.len()));
        }
        let sign1 = Sign1::parse(bytes, mode)?;
        let head = sign1.header()?;
        let typ = head.raw(header::TYP).ok_or(CredentialError::WrongType)?;
        let mut d = Decoder::new(typ, mode);
        let is_sd_cwt = match d.kind()? {
            Kind::Int => d.uint()? == TYP_SD_CWT,
            Kind::Text => mode == Mode::Foreign && d.text()? == "application/sd-cwt",
            _ => false,
        };
        if !is_sd_cwt {
            return Err(CredentialError::WrongType);
        }
        let unprotected = sign1.unprotected_header()?;
        if mode == Mode::Strict {
            let labels = [header::ALG, header::KID, header::TYP, header::SD_ALG];
            let sha256 = head.value::<i64>(header::SD_ALG)? == Some(ALG_SHA256);
            let exact = head.has_exactly(&labels, &[]);
            if !exact
                || !head.is_ed25519()
                || !sha256
                || !unprotected.has_exactly(&[], &[header::SD_CLAIMS])
            {
                return Err(CredentialError::WrongHeaders);
            }
        }
        let mut disclosures = Vec::new();
        if let Some(raw) = unprotected.raw(header::SD_CLAIMS) {
            let mut d = Decoder::new(raw, mode);
            let count = d.array(|d, count| {
                for _ in 0..count.min(MAX_DISCLOSURES + 1) {
                    if d.kind()? != Kind::Bytes {
                        return Err(CborError::invalid("a disclosure is a byte string"));
                    }
                    disclosures.push(d.skip()?);
                }
                Ok(count)
            })?;
            if count == 0 || count > MAX_DISCLOSURES {
                return Err(CredentialError::DisclosureCount);
            }
        }
        Ok(Self { sign1, header: head, disclosures, mode })
    }

    /// Returns the key identifier of the issuer's key.
    pub fn kid(&self) -> Option<Kid> {
        self.header.value(header::KID).ok().flatten()
    }

    /// Returns whether this key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.sign1.is_signed_by(key)
    }

    /// Returns the claims map as signed, with its redactions.
    ///
    /// # Errors
    /// If the payload is detached.
    pub fn payload(&self) -> Result<&'b [u8], CborError> {
        self.sign1.attached()
    }

    /// Returns the disclosures: encoded byte strings as received.
    pub fn disclosures(&self) -> &[&'b [u8]] {
        &self.disclosures
    }

    /// Puts the disclosures into their places.
    ///
    /// # Errors
    /// [`disclosure::DisclosureError`].
    pub fn restore(
        &self,
        profile: Profile,
        reader: disclosure::Reader,
    ) -> Result<disclosure::Restored, disclosure::DisclosureError> {
        disclosure::restore(profile, self.payload()?, &self.disclosures, reader, self.mode)
    }

    /// Returns the token with only some of its disclosures.
    pub fn with_disclosures(&self, keep: impl Fn(usize) -> bool) -> Vec<u8> {
        let kept: Vec<_> = (0..).zip(&self.disclosures).filter(|(i, _)| keep(*i)).collect();
        let mut e = Encoder::new();
        if kept.is_empty() {
            e.map(0);
        } else {
            e.map(1).int(header::SD_CLAIMS.into()).array(kept.len());
            for (_, disclosure) in kept {
                e.raw(disclosure);
            }
        }
        cose::with_unprotected(&self.sign1, e.as_bytes())
    }

    /// Returns the digest that names the credential: SHA-256 of the token with an empty unprotected
    /// header, which no choice of disclosures changes.
    pub fn digest(&self) -> Digest {
        Digest::of(&cose::with_unprotected(&self.sign1, b"\xa0"))
    }

    /// Returns the whole COSE object, for checks of other algorithms.
    pub fn sign1(&self) -> &Sign1<'b> {
        &self.sign1
    }
}
