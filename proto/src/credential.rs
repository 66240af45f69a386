//! Credentials: SD-CWTs that an issuer signs and a holder keeps.
//!
//! ```cddl
//! sd-cwt = #6.18([bstr .cbor { 1: -19, 4: bstr .size 32, 16: 293, 170: -16 },
//!                 { ? 17: [+ bstr .cbor disclosure] }, bstr .cbor claims, bstr .size 64])
//! disclosure = [bstr .size 16, value: any, key: int / tstr] / [bstr .size 16, value: any] / [bstr .size 16]
//! ```

pub mod attested;
pub mod claims;
pub mod contribution;
pub mod disclosure;
mod entries;
pub mod issue;
pub mod oddity;
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
        let (head, unprotected) = sign1.headers()?;
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

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::profile::ALG_ED25519;
    use crate::test_support::{SeededRng, issue, issuer_key, person, skill};

    fn issued() -> Vec<u8> {
        issue(&person(), &skill(), &mut SeededRng(1)).sd_cwt
    }

    #[test]
    fn its_digest_does_not_change_with_what_is_shown() {
        let bytes = issued();
        let token = SdCwt::parse(&bytes, Mode::Strict).unwrap();
        for step in 1..=token.disclosures().len() + 1 {
            let shown = token.with_disclosures(|i| i % step == 0 && step < 20);
            let other = SdCwt::parse(&shown, Mode::Strict).unwrap();
            assert_eq!(other.digest(), token.digest());
            assert!(other.is_signed_by(&issuer_key().public()));
        }
        let bare = token.with_disclosures(|_| false);
        assert_eq!(token.digest(), Digest::of(&bare));
        let other = issue(&person(), &skill(), &mut SeededRng(2)).sd_cwt;
        assert_ne!(SdCwt::parse(&other, Mode::Strict).unwrap().digest(), token.digest());
    }

    #[test]
    fn a_changed_byte_breaks_the_form_the_signature_or_a_disclosure() {
        let bytes = issued();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let Ok(token) = SdCwt::parse(&changed, Mode::Strict) else { continue };
            let accepted = token.is_signed_by(&issuer_key().public())
                && token.restore(Profile::SdCwt08, disclosure::Reader::Holder).is_ok();
            assert!(!accepted, "byte {at}");
        }
    }

    /// Signs a credential with any headers around the payload of a good one.
    fn with_headers(protected: &[(i64, &[u8])], unprotected: &[u8]) -> Vec<u8> {
        let bytes = issued();
        let payload = SdCwt::parse(&bytes, Mode::Strict).unwrap().payload().unwrap().to_vec();
        let mut e = Encoder::new();
        e.map(protected.len());
        for (label, value) in protected {
            e.int((*label).into()).raw(value);
        }
        cose::sign1(e.as_bytes(), unprotected, &payload, &issuer_key())
    }

    #[test]
    fn headers_that_the_profile_does_not_have_are_refused() {
        let kid = [b"\x58\x20".as_slice(), &[7; 32]].concat();
        let good: [(i64, &[u8]); 4] = [
            (header::ALG, b"\x32"),
            (header::KID, &kid),
            (header::TYP, b"\x19\x01\x25"),
            (header::SD_ALG, b"\x2f"),
        ];
        let parse = |headers: &[(i64, &[u8])], unprotected: &[u8]| {
            SdCwt::parse(&with_headers(headers, unprotected), Mode::Strict).map(|_| ())
        };
        assert_eq!((ALG_ED25519, parse(&good, b"\xa0")), (-19, Ok(())));
        for (at, value) in [
            // The deprecated EdDSA (-8), ES256, a text.
            (0, b"\x27".as_slice()),
            (0, b"\x26"),
            (0, b"\x62\x31\x39"),
            // SHA-384.
            (3, b"\x38\x2a"),
        ] {
            let mut headers = good;
            headers[at].1 = value;
            assert_eq!(parse(&headers, b"\xa0"), Err(CredentialError::WrongHeaders));
        }
        for typ in [b"\x19\x01\x26".as_slice(), b"\x72application/sd-cwt", b"\xf6"] {
            let mut headers = good;
            headers[2].1 = typ;
            assert_eq!(parse(&headers, b"\xa0"), Err(CredentialError::WrongType));
        }
        for left_out in 0..good.len() {
            let mut headers = Vec::from(good);
            headers.remove(left_out);
            let expected = match left_out {
                2 => CredentialError::WrongType,
                _ => CredentialError::WrongHeaders,
            };
            assert_eq!(parse(&headers, b"\xa0"), Err(expected));
        }
        // CWT claims, encrypted disclosures, a critical label.
        for (label, value, at) in
            [(header::CWT_CLAIMS, b"\xa0".as_slice(), 2), (171, b"\x80", 4), (2, b"\x81\x01", 1)]
        {
            let mut headers = Vec::from(good);
            headers.insert(at, (label, value));
            assert_eq!(parse(&headers, b"\xa0"), Err(CredentialError::WrongHeaders));
        }
        for unprotected in
            [b"\xa1\x18\xab\x80".as_slice(), b"\xa1\x19\x01\x8a\x80", b"\xa1\x61x\x00"]
        {
            assert_eq!(parse(&good, unprotected), Err(CredentialError::WrongHeaders));
        }
        assert!(matches!(parse(&good, b"\xa1\x01\x32"), Err(CredentialError::Malformed(_))));
    }

    #[test]
    fn an_empty_header_of_disclosures_is_refused_and_one_that_is_too_long() {
        let bytes = issued();
        let token = SdCwt::parse(&bytes, Mode::Strict).unwrap();
        let with = |count: usize| {
            let mut e = Encoder::new();
            e.map(1).int(header::SD_CLAIMS.into()).array(count);
            for _ in 0..count {
                e.bytes(&[0; 18]);
            }
            cose::with_unprotected(token.sign1(), e.as_bytes())
        };
        for mode in [Mode::Strict, Mode::Foreign] {
            let count = |n| SdCwt::parse(&with(n), mode).map(|t| t.disclosures().len());
            assert_eq!(count(0), Err(CredentialError::DisclosureCount));
            assert_eq!(count(1), Ok(1));
            assert_eq!(count(MAX_DISCLOSURES), Ok(MAX_DISCLOSURES));
            assert_eq!(count(MAX_DISCLOSURES + 1), Err(CredentialError::DisclosureCount));
            assert_eq!(count(1000), Err(CredentialError::DisclosureCount));
            for not_a_list in [b"\xa1\x11\x41\x00".as_slice(), b"\xa1\x11\x81\x00", b"\xa1\x11\xf6"]
            {
                let bytes = cose::with_unprotected(token.sign1(), not_a_list);
                assert!(matches!(SdCwt::parse(&bytes, mode), Err(CredentialError::Malformed(_))));
            }
        }
    }

    #[test]
    fn a_credential_beyond_the_limit_is_refused_before_it_is_read() {
        let bytes = vec![0xff; MAX_CREDENTIAL_BYTES + 1];
        for mode in [Mode::Strict, Mode::Foreign] {
            let refused = SdCwt::parse(&bytes, mode).unwrap_err();
            assert_eq!(refused, CredentialError::TooLarge(MAX_CREDENTIAL_BYTES + 1));
        }
    }

    #[test]
    fn bytes_before_or_after_a_credential_are_refused() {
        let bytes = issued();
        let tagged = [b"\xd8\x3d".as_slice(), &bytes].concat();
        let longer = [bytes.as_slice(), b"\x00"].concat();
        for bad in [tagged.as_slice(), &longer, &bytes[1..], &bytes[..bytes.len() - 1], b""] {
            assert!(matches!(SdCwt::parse(bad, Mode::Strict), Err(CredentialError::Malformed(_))));
        }
    }
}
