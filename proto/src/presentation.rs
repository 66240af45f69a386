//! Presentations: key-binding tokens in a container, with their anchors and perhaps evidence.
//!
//! ```cddl
//! presentation = { 1: profile: uint, 2: [+ presented], ? 3: evidence }     ; body of a file of kind 1
//! presented = { 1: bstr .cbor kbt, ? 2: anchor }
//! kbt = #6.18([bstr .cbor { 1: -19, 13: sd-cwt, 16: 294 }, {}, bstr .cbor kbt-claims, bstr .size 64])
//! kbt-claims = { 3: tstr, 4: uint, 6: uint, ? 39: bstr, ? -65539: bstr .size 32 }
//! ```
//!
//! Claim -65539 is there if and only if the container has several credentials: SHA-256 over the
//! sorted digests of all of them. So no token can be moved into, or out of, a container.

use alloc::string::String;
use alloc::vec::Vec;

use crate::anchor::Anchor;
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, Key, Mode};
use crate::cose::{self, Sign1};
use crate::credential::{CredentialError, SdCwt};
use crate::file::{self, FileError};
use crate::id::{Digest, sha256};
use crate::key::{PublicKey, SigningKey};
use crate::profile::{
    ALG_ED25519, FileKind, MAX_CREDENTIALS, MAX_PRESENTATION_BYTES, Profile, TYP_KEY_BINDING,
    claim, header,
};
use crate::time::UnixSeconds;

/// Fewest and most bytes of a verifier's nonce.
pub const NONCE_BYTES: core::ops::RangeInclusive<usize> = 16..=64;

/// What a holder says to a verifier: the claims of a key-binding token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyBindingClaims {
    /// For whom the presentation is.
    pub audience: String,
    /// Until when it counts.
    pub expires_at: UnixSeconds,
    /// When it was made.
    pub issued_at: UnixSeconds,
    /// The verifier's nonce; absent in a prepared presentation.
    pub nonce: Option<Vec<u8>>,
    /// Binds the credentials of a container with several.
    pub container: Option<Digest>,
}

impl Encode for KeyBindingClaims {
    fn encode(&self, e: &mut Encoder) {
        e.map(3 + usize::from(self.nonce.is_some()) + usize::from(self.container.is_some()));
        e.int(claim::AUD.into()).text(&self.audience);
        e.int(claim::EXP.into()).item(&self.expires_at);
        e.int(claim::IAT.into()).item(&self.issued_at);
        if let Some(nonce) = &self.nonce {
            e.int(claim::CNONCE.into()).bytes(nonce);
        }
        if let Some(container) = &self.container {
            e.int(claim::CONTAINER.into()).item(container);
        }
    }
}

impl<'b> Decode<'b> for KeyBindingClaims {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let (mut aud, mut exp, mut iat, mut nonce, mut container) = (None, None, None, None, None);
        d.map(|d, key| {
            let Key::Int(key) = key else { return Err(d.error(CborErrorKind::ForbiddenKey)) };
            match i64::try_from(key) {
                Ok(claim::AUD) => aud = Some(String::from(d.text()?)),
                Ok(claim::EXP) => exp = Some(UnixSeconds::decode(d)?),
                Ok(claim::IAT) => iat = Some(UnixSeconds::decode(d)?),
                Ok(claim::CNONCE) => nonce = Some(Vec::from(d.bytes()?)),
                Ok(claim::CONTAINER) => container = Some(Digest::decode(d)?),
                _ => return Err(d.error(CborErrorKind::UnknownKey(key))),
            }
            Ok(())
        })?;
        let missing = |what| CborError::new(CborErrorKind::Missing(what), 0);
        if nonce.as_ref().is_some_and(|n| !NONCE_BYTES.contains(&n.len())) {
            return Err(CborError::invalid("a nonce has 16 to 64 bytes"));
        }
        Ok(Self {
            audience: aud.ok_or(missing("aud"))?,
            expires_at: exp.ok_or(missing("exp"))?,
            issued_at: iat.ok_or(missing("iat"))?,
            nonce,
            container,
        })
    }
}

/// A key-binding token as received, and the credential inside it. Nothing is verified.
#[derive(Clone, Debug)]
pub struct KeyBindingToken<'b> {
    sign1: Sign1<'b>,
    /// What the holder says.
    pub claims: KeyBindingClaims,
    /// The credential.
    pub credential: SdCwt<'b>,
}

/// Why bytes are not a presentation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresentationError {
    /// The container is malformed.
    #[error("malformed presentation: {0}")]
    Malformed(#[from] CborError),
    /// A credential in it is malformed.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// A key-binding token has the wrong type, algorithm or other headers.
    #[error("the headers are not those of a key-binding token")]
    WrongHeaders,
}

impl<'b> KeyBindingToken<'b> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`PresentationError`].
    pub fn parse(bytes: &'b [u8]) -> Result<Self, PresentationError> {
        let sign1 = Sign1::parse(bytes, Mode::Strict)?;
        let head = sign1.header()?;
        let exact = head.has_exactly(&[header::ALG, header::KCWT, header::TYP], &[]);
        let typ = head.value::<u64>(header::TYP).unwrap_or(None);
        if !exact
            || !head.is_ed25519()
            || typ != Some(TYP_KEY_BINDING)
            || sign1.unprotected != b"\xa0"
        {
            return Err(PresentationError::WrongHeaders);
        }
        let inner = head.raw(header::KCWT).ok_or(PresentationError::WrongHeaders)?;
        let credential = SdCwt::parse(inner, Mode::Strict)?;
        let claims = KeyBindingClaims::from_cbor(sign1.attached()?)?;
        Ok(Self { sign1, claims, credential })
    }

    /// Makes a token. `sd_cwt` holds exactly the disclosures to show.
    pub fn sign(sd_cwt: &[u8], claims: &KeyBindingClaims, key: &SigningKey) -> Vec<u8> {
        let mut protected = Encoder::new();
        protected.map(3).int(header::ALG.into()).int(ALG_ED25519.into());
        protected.int(header::KCWT.into()).raw(sd_cwt);
        protected.int(header::TYP.into()).uint(TYP_KEY_BINDING);
        cose::sign1(protected.as_bytes(), b"\xa0", &claims.to_cbor(), key)
    }

    /// Returns whether the holder's key signed it.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        self.sign1.is_signed_by(key)
    }
}

/// One credential of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// The key-binding token.
    pub token: Vec<u8>,
    /// What proves when the credential existed.
    pub anchor: Option<Anchor>,
}

impl Encode for Presented {
    fn encode(&self, e: &mut Encoder) {
        e.map(1 + usize::from(self.anchor.is_some())).uint(1).bytes(&self.token);
        if let Some(anchor) = &self.anchor {
            e.uint(2).item(anchor);
        }
    }
}

impl<'b> Decode<'b> for Presented {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let (mut token, mut anchor) = (None, None);
        d.map(|d, key| {
            match key {
                Key::Int(1) => token = Some(Vec::from(d.bytes()?)),
                Key::Int(2) => anchor = Some(Anchor::decode(d)?),
                _ => return Err(d.error(CborErrorKind::ForbiddenKey)),
            }
            Ok(())
        })?;
        let token = token.ok_or(CborError::new(CborErrorKind::Missing("token"), 0))?;
        Ok(Self { token, anchor })
    }
}

/// What a verifier receives: a container. Its parts are not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// The format of the credentials.
    pub profile: Profile,
    /// The credentials.
    pub presented: Vec<Presented>,
    /// What is stapled to it, encoded.
    pub evidence: Option<Vec<u8>>,
}

impl Encode for Presentation {
    fn encode(&self, e: &mut Encoder) {
        e.map(2 + usize::from(self.evidence.is_some()));
        e.uint(1).item(&self.profile).uint(2).list(&self.presented);
        if let Some(evidence) = &self.evidence {
            e.uint(3).raw(evidence);
        }
    }
}

impl<'b> Decode<'b> for Presentation {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let (mut profile, mut presented, mut evidence) = (None, None, None);
        d.map(|d, key| {
            match key {
                Key::Int(1) => profile = Some(Profile::decode(d)?),
                Key::Int(2) => presented = Some(d.list(MAX_CREDENTIALS)?),
                Key::Int(3) => evidence = Some(Vec::from(d.skip()?)),
                _ => return Err(d.error(CborErrorKind::ForbiddenKey)),
            }
            Ok(())
        })?;
        let missing = |what| CborError::new(CborErrorKind::Missing(what), 0);
        Ok(Self {
            profile: profile.ok_or(missing("profile"))?,
            presented: presented.ok_or(missing("credentials"))?,
            evidence,
        })
    }
}

impl Presentation {
    /// Returns the file.
    pub fn to_file(&self) -> Vec<u8> {
        file::wrap(FileKind::Presentation, self)
    }

    /// Opens the outermost layer of a file and returns the body, to be judged by `verify`.
    ///
    /// # Errors
    /// [`FileError`] if it is not a presentation of a known version.
    pub fn open(bytes: &[u8]) -> Result<&[u8], FileError> {
        file::unwrap(bytes, FileKind::Presentation, MAX_PRESENTATION_BYTES)
    }
}

/// Returns what claim -65539 holds: SHA-256 over the sorted digests of all credentials, or nothing
/// if there is one.
pub fn container_digest(credentials: &[Digest]) -> Option<Digest> {
    if credentials.len() < 2 {
        return None;
    }
    let mut sorted: Vec<_> = credentials.iter().map(|d| *d.as_bytes()).collect();
    sorted.sort_unstable();
    Some(Digest::new(sha256(&sorted.concat())))
}

#[cfg(test)]
mod tests;
