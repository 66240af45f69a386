//! A holder's signed request for a credential to a key: proof that the holder has the key.
//!
//! ```cddl
//! key-request = #6.18([bstr .cbor { 1: -19, 4: bstr .size 32, 16: tstr }, {}, bstr .cbor key-request-claims, bstr .size 64])
//! key-request-claims = { 1: institution: tstr, 2: COSE_Key, 3: issued-at: uint }
//! ```

use alloc::vec::Vec;

use crate::cbor::{Bytes, CborError, Decode as _, Encode as _, Mode, record};
use crate::cose::{self, Sign1};
use crate::file::{self, FileError};
use crate::id::Did;
use crate::key::{CoseKey, PublicKey, SigningKey};
use crate::profile::{FileKind, TYP_KEY_REQUEST, header};
use crate::time::UnixSeconds;

/// Most bytes of a request.
pub const MAX_REQUEST_BYTES: usize = 1024;

record! {
    /// What the holder asks for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct KeyRequestClaims {
        /// The institution that may use the request; no other must.
        institution [1]: Did,
        /// The key for the credential.
        key [2]: CoseKey,
        /// When it was made.
        issued_at [3]: UnixSeconds,
    }
}

/// A request whose signature was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRequest(KeyRequestClaims);

/// Why bytes are not a request that may be honoured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyRequestError {
    /// Not a file of this kind.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not the format.
    #[error("malformed key request: {0}")]
    Malformed(#[from] CborError),
    /// Not signed by the key it asks for.
    #[error("the key request is not signed by its own key")]
    WrongSignature,
    /// Made for another institution.
    #[error("the key request is for {0}, not for this institution")]
    OtherInstitution(Did),
}

impl KeyRequest {
    /// Makes a request, as a file.
    pub fn sign(institution: Did, key: &SigningKey, now: UnixSeconds) -> Vec<u8> {
        let claims = KeyRequestClaims { institution, key: CoseKey(key.public()), issued_at: now };
        let protected = cose::header_with_typ(&key.public().kid(), TYP_KEY_REQUEST);
        let signed = cose::sign1(&protected, b"\xa0", &claims.to_cbor(), key);
        file::wrap(FileKind::KeyRequest, &Bytes(signed))
    }

    /// Reads and verifies a request made for `institution`.
    ///
    /// # Errors
    /// [`KeyRequestError`].
    pub fn open(bytes: &[u8], institution: &Did) -> Result<Self, KeyRequestError> {
        let body = file::unwrap(bytes, FileKind::KeyRequest, MAX_REQUEST_BYTES)?;
        let Bytes(signed) = Bytes::from_cbor(body)?;
        let sign1 = Sign1::parse(&signed, Mode::Strict)?;
        let head = sign1.header()?;
        let exact = head.has_exactly(&[header::ALG, header::KID, header::TYP], &[]);
        let typ = head.value::<&str>(header::TYP)?;
        let is_bare = sign1.unprotected == b"\xa0";
        if !exact || !is_bare || !head.is_ed25519() || typ != Some(TYP_KEY_REQUEST) {
            return Err(CborError::invalid("the headers are not those of a key request").into());
        }
        let claims = KeyRequestClaims::from_cbor(sign1.attached()?)?;
        let kid = head.value(header::KID)?;
        if kid != Some(claims.key.0.kid()) || !sign1.is_signed_by(&claims.key.0) {
            return Err(KeyRequestError::WrongSignature);
        }
        if claims.institution != *institution {
            return Err(KeyRequestError::OtherInstitution(claims.institution));
        }
        Ok(Self(claims))
    }

    /// Returns the key for the credential.
    pub fn key(&self) -> PublicKey {
        self.0.key.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Seed;

    #[test]
    fn a_request_serves_only_the_institution_it_was_made_for() {
        let here = Did::of_inception(b"here");
        let there = Did::of_inception(b"there");
        let key = Seed::new([1; 32]).credential_key(&[2; 16]);
        let request = KeyRequest::sign(here, &key, UnixSeconds(5));
        assert!(request.len() <= MAX_REQUEST_BYTES);
        assert_eq!(KeyRequest::open(&request, &here).unwrap().key(), key.public());
        assert_eq!(
            KeyRequest::open(&request, &there),
            Err(KeyRequestError::OtherInstitution(here))
        );
        let Bytes(signed) =
            Bytes::from_cbor(file::unwrap(&request, FileKind::KeyRequest, 1024).unwrap()).unwrap();
        let sign1 = Sign1::parse(&signed, Mode::Strict).unwrap();
        let loaded = Bytes(cose::with_unprotected(&sign1, b"\xa1\x18\x63\x01"));
        assert!(KeyRequest::open(&file::wrap(FileKind::KeyRequest, &loaded), &here).is_err());
        for at in 0..request.len() {
            let mut bad = request.clone();
            bad[at] ^= 1;
            assert!(KeyRequest::open(&bad, &here).is_err(), "byte {at}");
        }
    }
}
