//! Names of rules.

use core::fmt;

use super::MAX_RULE_ID_BYTES;
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder};

/// Names a rule within all agreements: letters, digits and hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleId {
    bytes: [u8; MAX_RULE_ID_BYTES],
    length: u8,
}

impl RuleId {
    /// Reads an identifier: 1 to 24 letters, digits and hyphens.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let mut bytes = [0; MAX_RULE_ID_BYTES];
        bytes
            .get_mut(..text.len())
            .filter(|to| fits && !to.is_empty())?
            .copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: u8::try_from(text.len()).ok()? })
    }

    /// Returns the identifier.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Encode for RuleId {
    fn encode(&self, e: &mut Encoder) {
        e.text(self.as_str());
    }
}

impl<'b> Decode<'b> for RuleId {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        Self::parse(d.text()?).ok_or_else(|| {
            CborError::new(CborErrorKind::Invalid("not the identifier of a rule"), start)
        })
    }
}

impl serde::Serialize for RuleId {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
