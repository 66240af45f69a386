//! One newtype per identifier.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use sha2::{Digest as _, Sha256};

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder};

/// Computes SHA-256, the one hash of every format here.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What every identifier of an institution begins with.
pub const DID_PREFIX: &str = "did:carnet:";

/// An institution's identifier and the origin of its log: `did:carnet:` and the unpadded lower-case
/// base32 of SHA-256 over the entry bytes of its leaf 0, the inception statement.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Did([u8; 32]);

impl Did {
    /// Derives the identifier from the entry bytes of an inception statement.
    pub fn of_inception(entry: &[u8]) -> Self {
        Self(sha256(entry))
    }

    /// Wraps the 32 hash bytes.
    pub const fn new(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`DidError`] for any text but the one canonical form.
    pub fn parse(text: &str) -> Result<Self, DidError> {
        let body = text.strip_prefix(DID_PREFIX).ok_or(DidError::Prefix)?;
        if body.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(DidError::Body);
        }
        let mut upper = String::from(body);
        upper.make_ascii_uppercase();
        let bytes = BASE32_NOPAD.decode(upper.as_bytes()).map_err(|_| DidError::Body)?;
        Ok(Self(bytes.try_into().map_err(|_| DidError::Body)?))
    }

    /// Returns the 32 hash bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the first characters, enough for a person to tell two apart in a list.
    pub fn short(&self) -> String {
        let mut text = alloc::format!("{self}");
        text.truncate(DID_PREFIX.len() + 8);
        text.push('…');
        text
    }
}

/// Why a text is not an institution's identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DidError {
    /// It does not begin with `did:carnet:`.
    #[error("an institution's identifier begins with `did:carnet:`")]
    Prefix,
    /// What follows is not 52 characters of lower-case base32.
    #[error("after `did:carnet:` come 52 characters, a to z and 2 to 7; copy the identifier whole")]
    Body,
}

impl fmt::Display for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut body = BASE32_NOPAD.encode(&self.0);
        body.make_ascii_lowercase();
        write!(f, "{DID_PREFIX}{body}")
    }
}

impl fmt::Debug for Did {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Did {
    type Err = DidError;

    fn from_str(text: &str) -> Result<Self, DidError> {
        Self::parse(text)
    }
}

impl Encode for Did {
    fn encode(&self, e: &mut Encoder) {
        e.text(&alloc::format!("{self}"));
    }
}

impl<'b> Decode<'b> for Did {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        Self::parse(d.text()?).map_err(|_| {
            CborError::new(CborErrorKind::Invalid("not a did:carnet identifier"), start)
        })
    }
}

impl serde::Serialize for Did {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Defines a fixed-length byte string that prints as lower-case hex.
macro_rules! byte_id {
    ($(#[$meta:meta])* $name:ident, $length:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $length]);

        impl $name {
            /// Wraps the bytes.
            pub const fn new(bytes: [u8; $length]) -> Self {
                Self(bytes)
            }

            /// Returns the bytes.
            pub fn as_bytes(&self) -> &[u8; $length] {
                &self.0
            }

            /// Reads the lower-case hex form.
            pub fn from_hex(text: &str) -> Option<Self> {
                HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl Encode for $name {
            fn encode(&self, e: &mut Encoder) {
                e.bytes(&self.0);
            }
        }

        impl<'b> Decode<'b> for $name {
            fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
                d.byte_array().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
    };
}

byte_id!(
    /// SHA-256 over the bytes of a statement, status list token or credential as signed.
    Digest,
    32
);

impl Digest {
    /// Computes the digest of an object's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha256(bytes))
    }
}

byte_id!(
    /// A credential's identifier (CWT claim `cti`): 16 random bytes, the only one always shown.
    CredentialId,
    16
);

byte_id!(
    /// A key identifier: the COSE key thumbprint of RFC 9679.
    Kid,
    32
);

byte_id!(
    /// SHA-256 over the deterministic map of the next key set, which stays secret until a rotation
    /// reveals it.
    Commitment,
    32
);

byte_id!(
    /// SHA-256 over 0x00 and an entry (RFC 9162, section 2.1.1).
    LeafHash,
    32
);

byte_id!(
    /// The root of a Merkle tree (RFC 9162, section 2.1.1).
    RootHash,
    32
);

/// Defines a count or position.
macro_rules! number {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl Encode for $name {
            fn encode(&self, e: &mut Encoder) {
                e.uint(self.0);
            }
        }

        impl<'b> Decode<'b> for $name {
            fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
                d.uint().map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_u64(self.0)
            }
        }
    };
}

number!(
    /// The position of an entry in a log, from 0.
    LeafIndex
);
number!(
    /// The number of entries in a log.
    TreeSize
);

impl LeafIndex {
    /// Returns whether a tree of this size holds the entry.
    pub fn is_in(self, size: TreeSize) -> bool {
        self.0 < size.0
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn a_did_has_one_text_form() {
        let did = Did::of_inception(b"x");
        let text = format!("{did}");
        assert_eq!(Did::parse(&text), Ok(did));
        assert_eq!(Did::parse(&text.to_uppercase()), Err(DidError::Prefix));
        assert_eq!(
            Did::parse(&format!("{DID_PREFIX}{}", text[DID_PREFIX.len()..].to_uppercase())),
            Err(DidError::Body)
        );
        assert_eq!(Did::parse(&text[..text.len() - 1]), Err(DidError::Body));
        assert_eq!(Did::parse("did:web:example.org"), Err(DidError::Prefix));
    }
}
