//! `COSE_Sign1` (RFC 9052, section 4.2), kept as the bytes that were signed.
//!
//! ```cddl
//! COSE_Sign1 = #6.18([protected: bstr, unprotected: map, payload: bstr / nil, signature: bstr])
//! ```

use alloc::vec::Vec;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encoder, Key, Kind, Mode};
use crate::key::{PublicKey, Signature, SigningKey};
use crate::profile::{ALG_ED25519, TAG_SIGN1, header};

/// Most labels of a header. They are looked for one by one, and those of one header in the other.
pub const MAX_LABELS: usize = 32;

/// Room for all heads of a signed object, or of what is signed.
const HEADS: usize = 32;

/// A signed object as received. Nothing in it is trusted before [`Sign1::is_signed_by`].
#[derive(Clone, Copy, Debug)]
pub struct Sign1<'b> {
    /// The whole object, tag included.
    pub raw: &'b [u8],
    /// Contents of the protected header's byte string.
    pub protected: &'b [u8],
    /// The unprotected header, an encoded map.
    pub unprotected: &'b [u8],
    /// The payload; `None` if detached.
    pub payload: Option<&'b [u8]>,
    /// The signature.
    pub signature: &'b [u8],
    mode: Mode,
}

/// A header map: labels and values as received.
#[derive(Clone, Debug, Default)]
pub struct Header<'b> {
    entries: Vec<(Key<'b>, &'b [u8])>,
    mode: Option<Mode>,
}

impl<'b> Header<'b> {
    /// Reads a header map; the empty slice is the empty map.
    ///
    /// # Errors
    /// [`CborError`] for anything but a map with at most [`MAX_LABELS`] integer or text labels.
    pub fn parse(bytes: &'b [u8], mode: Mode) -> Result<Self, CborError> {
        let mut entries = Vec::new();
        if !bytes.is_empty() {
            let mut d = Decoder::new(bytes, mode);
            d.map(|d, key| {
                if matches!(key, Key::Simple(_)) {
                    return Err(d.error(CborErrorKind::ForbiddenKey));
                }
                if entries.len() == MAX_LABELS {
                    let kind = CborErrorKind::TooLarge { limit: MAX_LABELS, unit: "labels" };
                    return Err(d.error(kind));
                }
                entries.push((key, d.skip()?));
                Ok(())
            })?;
            d.finish()?;
        }
        Ok(Self { entries, mode: Some(mode) })
    }

    /// Returns the encoded value under a label.
    pub fn raw(&self, label: i64) -> Option<&'b [u8]> {
        let label = Key::Int(i128::from(label));
        self.entries.iter().find(|(key, _)| *key == label).map(|(_, value)| *value)
    }

    /// Decodes the value under a label, if there is one.
    ///
    /// # Errors
    /// If it is of another type.
    pub fn value<T: Decode<'b>>(&self, label: i64) -> Result<Option<T>, CborError> {
        let Some(raw) = self.raw(label) else { return Ok(None) };
        let mut d = Decoder::new(raw, self.mode.unwrap_or(Mode::Strict));
        T::decode(&mut d).map(Some)
    }

    /// Returns the labels.
    pub fn labels(&self) -> impl Iterator<Item = Key<'b>> {
        self.entries.iter().map(|(key, _)| *key)
    }

    /// Returns whether exactly these labels occur, each of the first and any of the second.
    pub fn has_exactly(&self, required: &[i64], optional: &[i64]) -> bool {
        required.iter().all(|label| self.raw(*label).is_some())
            && self.labels().all(|key| match key {
                Key::Int(n) => required.iter().chain(optional).any(|label| i128::from(*label) == n),
                _ => false,
            })
    }

    /// Returns whether the algorithm is Ed25519 (-19).
    pub fn is_ed25519(&self) -> bool {
        self.value::<i64>(header::ALG) == Ok(Some(ALG_ED25519))
    }
}

impl<'b> Sign1<'b> {
    /// Reads a tagged `COSE_Sign1` that fills `bytes`.
    ///
    /// # Errors
    /// [`CborError`]; also if a label stands in both headers.
    pub fn parse(bytes: &'b [u8], mode: Mode) -> Result<Self, CborError> {
        let mut d = Decoder::new(bytes, mode);
        let tag = d.tag()?;
        if tag != TAG_SIGN1 {
            return Err(CborError::invalid("not tagged as COSE_Sign1"));
        }
        let sign1 = d.tuple(4, |d| {
            let protected = d.bytes()?;
            if d.kind()? != Kind::Map {
                return Err(
                    d.error(CborErrorKind::WrongType { expected: "a map", found: "another type" })
                );
            }
            let unprotected = d.skip()?;
            let payload = match d.kind()? {
                Kind::Null => {
                    d.null()?;
                    None
                }
                _ => Some(d.bytes()?),
            };
            let signature = d.bytes()?;
            Ok(Self { raw: bytes, protected, unprotected, payload, signature, mode })
        })?;
        d.finish()?;
        Ok(sign1)
    }

    /// Reads the protected header.
    ///
    /// # Errors
    /// [`CborError`] if it is malformed, or shares a label with the unprotected header.
    pub fn header(&self) -> Result<Header<'b>, CborError> {
        self.headers().map(|(protected, _)| protected)
    }

    /// Reads both headers, the protected one first.
    ///
    /// # Errors
    /// [`CborError`] if one is malformed, or they share a label.
    pub fn headers(&self) -> Result<(Header<'b>, Header<'b>), CborError> {
        let protected = Header::parse(self.protected, self.mode)?;
        let unprotected = self.unprotected_header()?;
        if protected.labels().any(|label| unprotected.labels().any(|other| other == label)) {
            return Err(CborError::invalid("a label stands in both headers"));
        }
        Ok((protected, unprotected))
    }

    /// Reads the unprotected header.
    ///
    /// # Errors
    /// [`CborError`] if it is malformed.
    pub fn unprotected_header(&self) -> Result<Header<'b>, CborError> {
        Header::parse(self.unprotected, self.mode)
    }

    /// Returns the attached payload.
    ///
    /// # Errors
    /// If the payload is detached.
    pub fn attached(&self) -> Result<&'b [u8], CborError> {
        self.payload.ok_or(CborError::invalid("the payload is missing"))
    }

    /// Returns the bytes that are signed: `["Signature1", protected, h'', payload]`.
    pub fn to_be_signed(&self) -> Vec<u8> {
        to_be_signed(self.protected, self.payload.unwrap_or_default())
    }

    /// Returns whether the signature is that of this key. The algorithm is checked by the caller,
    /// who also knows which other labels the object may have.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        match self.signature.try_into() {
            Ok(signature) => key.verifies(&self.to_be_signed(), &Signature(signature)),
            Err(_) => false,
        }
    }
}

fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    // No protected labels are signed as the empty string, whichever way they were sent (RFC 9052,
    // section 4.4).
    let protected = if protected == b"\xa0" { b"" } else { protected };
    let mut e = Encoder::with_capacity(protected.len() + payload.len() + HEADS);
    e.array(4).text("Signature1").bytes(protected).bytes(b"").bytes(payload);
    e.into_bytes()
}

/// Signs a payload. `protected` and `unprotected` are encoded maps.
pub fn sign1(protected: &[u8], unprotected: &[u8], payload: &[u8], key: &SigningKey) -> Vec<u8> {
    let signature = key.sign(&to_be_signed(protected, payload));
    let parts = [protected, unprotected, payload, &signature.0];
    let mut e = Encoder::with_capacity(parts.map(<[u8]>::len).iter().sum::<usize>() + HEADS);
    e.tag(TAG_SIGN1).array(4).bytes(protected).raw(unprotected).bytes(payload).item(&signature);
    e.into_bytes()
}

/// Replaces the unprotected header of a signed object; the signature does not cover it.
pub fn with_unprotected(sign1: &Sign1<'_>, unprotected: &[u8]) -> Vec<u8> {
    let mut e = Encoder::with_capacity(sign1.raw.len() + unprotected.len());
    e.tag(TAG_SIGN1).array(4).bytes(sign1.protected).raw(unprotected);
    match sign1.payload {
        Some(payload) => e.bytes(payload),
        None => e.null(),
    };
    e.bytes(sign1.signature);
    e.into_bytes()
}

/// A header with exactly algorithm, key identifier and a textual type, as several objects have.
pub(crate) fn header_with_typ(kid: &crate::id::Kid, typ: &str) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(3).int(header::ALG.into()).int(ALG_ED25519.into());
    e.int(header::KID.into()).item(kid);
    e.int(header::TYP.into()).text(typ);
    e.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Seed;

    #[test]
    fn a_changed_byte_anywhere_breaks_the_signature_or_the_form() {
        let key = Seed::new([1; 32]).credential_key(&[0; 16]);
        let signed = sign1(&header_with_typ(&key.public().kid(), "x"), b"\xa0", b"payload", &key);
        assert!(Sign1::parse(&signed, Mode::Strict).unwrap().is_signed_by(&key.public()));
        for at in 0..signed.len() {
            let mut bad = signed.clone();
            bad[at] ^= 1;
            let accepted = Sign1::parse(&bad, Mode::Strict)
                .is_ok_and(|s| s.header().is_ok() && s.is_signed_by(&key.public()));
            assert!(!accepted, "byte {at}");
        }
    }

    #[test]
    fn a_header_of_very_many_labels_is_refused_before_they_are_compared() {
        // Half a million labels in either header, as a presentation has room for, took minutes.
        let header = |count: usize| {
            let mut e = Encoder::new();
            e.map(count);
            for label in 0..count {
                e.int(label as i128).int(0);
            }
            e.into_bytes()
        };
        assert!(Header::parse(&header(MAX_LABELS), Mode::Strict).is_ok());
        let refused = Header::parse(&header(MAX_LABELS + 1), Mode::Strict).unwrap_err();
        assert!(matches!(refused.kind, CborErrorKind::TooLarge { unit: "labels", .. }));
    }

    #[test]
    fn a_label_in_both_headers_is_refused() {
        let key = Seed::new([1; 32]).credential_key(&[0; 16]);
        let signed = sign1(b"\xa1\x01\x32", b"\xa1\x01\x32", b"", &key);
        assert!(Sign1::parse(&signed, Mode::Strict).unwrap().header().is_err());
    }
}
