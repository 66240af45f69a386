//! Deterministic CBOR (RFC 8949, section 4.2.1): the one door through which bytes become values.
//!
//! Two modes. [`Mode::Strict`] reads everything that Carnet itself defines and refuses unsorted or
//! repeated map keys, heads that are not the shortest, and indefinite lengths. [`Mode::Foreign`]
//! reads tokens that others encoded: unsorted keys and long heads pass, the rest is refused all the
//! same. In both, what was signed or hashed is handed out as the slice that was received.

mod decode;
mod encode;
mod key;
mod kind;
mod record;
mod scalar;
mod value;

pub use decode::Decoder;
pub use encode::Encoder;
pub use key::Key;
pub(crate) use key::MapKeys;
pub use kind::Kind;
pub(crate) use record::{codes, record};
pub use value::{Bytes, Value};

use alloc::vec::Vec;

/// Deepest nesting that a decoder follows; a value inside the outermost container is at level 1.
pub const MAX_DEPTH: u8 = 16;

/// How strictly an encoding is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Deterministic encoding only: what Carnet defines.
    Strict,
    /// Any definite-length encoding without repeated keys: what others define.
    Foreign,
}

/// Why bytes are not the CBOR they should be, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}{}", InField(.field))]
pub struct CborError {
    /// What is wrong.
    pub kind: CborErrorKind,
    /// Offset into the decoded slice, in bytes, of the item that is wrong.
    pub offset: usize,
    /// The innermost named field that was being read.
    pub field: Option<&'static str>,
}

struct InField<'a>(&'a Option<&'static str>);

impl core::fmt::Display for InField<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            Some(field) => write!(f, ", in `{field}`"),
            None => Ok(()),
        }
    }
}

impl CborError {
    /// Creates an error at an offset.
    pub fn new(kind: CborErrorKind, offset: usize) -> Self {
        Self { kind, offset, field: None }
    }

    /// Creates an error about a value that decoded but breaks a rule of its type.
    pub fn invalid(what: &'static str) -> Self {
        Self::new(CborErrorKind::Invalid(what), 0)
    }

    pub(crate) fn within(mut self, field: &'static str) -> Self {
        self.field.get_or_insert(field);
        self
    }
}

/// The ways in which an encoding can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CborErrorKind {
    /// The input ends inside an item.
    #[error("input ends inside an item")]
    Truncated,
    /// Bytes follow the item.
    #[error("bytes follow the item")]
    TrailingBytes,
    /// Not well-formed (RFC 8949, appendix F).
    #[error("not well-formed CBOR")]
    Malformed,
    /// Indefinite length, or a break.
    #[error("indefinite length")]
    IndefiniteLength,
    /// An integer, length or tag number that is not in its shortest form.
    #[error("head is not in its shortest form")]
    NotShortest,
    /// Map keys out of the order of their encodings.
    #[error("map keys are not sorted")]
    UnsortedKeys,
    /// A key that occurs twice in a map.
    #[error("map key occurs twice")]
    DuplicateKey,
    /// A map key of a type that this map does not take.
    #[error("map key of a forbidden type")]
    ForbiddenKey,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// Nested more than [`MAX_DEPTH`] deep.
    #[error("nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
    /// Another type than the format calls for.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What the format calls for.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
    /// A map entry that the format does not define.
    #[error("unknown map key {0}")]
    UnknownKey(i128),
    /// A required map entry that is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A number outside its range.
    #[error("number out of range")]
    OutOfRange,
    /// A byte string, text, array or map of the wrong length.
    #[error("length is {found}, expected {expected}")]
    WrongLength {
        /// The length found.
        found: usize,
        /// The length called for.
        expected: usize,
    },
    /// More than a named limit.
    #[error("larger than the limit of {limit} {unit}")]
    TooLarge {
        /// The limit.
        limit: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// Well-formed, and of the right type, but against a rule of the format.
    #[error("{0}")]
    Invalid(&'static str),
}

/// A value that encodes itself deterministically.
pub trait Encode {
    /// Appends the one deterministic encoding of the value.
    fn encode(&self, e: &mut Encoder);

    /// Returns whether the value, as a map entry, is left out.
    fn is_absent(&self) -> bool {
        false
    }

    /// Returns the encoding as bytes.
    fn to_cbor(&self) -> Vec<u8> {
        let mut e = Encoder::new();
        self.encode(&mut e);
        e.into_bytes()
    }
}

/// A value that can be read from CBOR; reading is the only way to construct it from bytes.
pub trait Decode<'b>: Sized {
    /// Reads one item.
    ///
    /// # Errors
    /// [`CborError`] naming the defect and its place.
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError>;

    /// Returns the value of an absent map entry, or `None` where the entry is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Reads exactly one strictly encoded item that fills `bytes`.
    ///
    /// # Errors
    /// [`CborError`] naming the defect and its place.
    fn from_cbor(bytes: &'b [u8]) -> Result<Self, CborError> {
        let mut d = Decoder::new(bytes, Mode::Strict);
        let value = Self::decode(&mut d)?;
        d.finish()?;
        Ok(value)
    }
}

/// Checks that `bytes` is exactly one item in the given mode.
///
/// # Errors
/// [`CborError`] naming the first defect.
pub fn check(bytes: &[u8], mode: Mode) -> Result<(), CborError> {
    let mut d = Decoder::new(bytes, mode);
    d.skip()?;
    d.finish()
}

/// Reads an array that, being written only when it has items, must have one.
pub(crate) fn non_empty_list<'b, T: Decode<'b>>(
    d: &mut Decoder<'b>,
    limit: usize,
) -> Result<Vec<T>, CborError> {
    let start = d.position();
    let items = d.list(limit)?;
    if items.is_empty() {
        return Err(CborError::new(
            CborErrorKind::Invalid("an empty list must be left out"),
            start,
        ));
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8], mode: Mode) -> Option<CborErrorKind> {
        check(bytes, mode).err().map(|e| e.kind)
    }

    #[test]
    fn a_container_inside_a_map_key_is_refused_at_once() {
        // Before it was, these 33 bytes took seconds.
        let nested = [[0xa1; 16].as_slice(), &[0; 17]].concat();
        for bytes in [nested.as_slice(), b"\xa1\x80\x00", b"\xa1\xd8\x3a\xa0\x00"] {
            assert_eq!(kind(bytes, Mode::Foreign), Some(CborErrorKind::ForbiddenKey));
            assert_eq!(kind(bytes, Mode::Strict), Some(CborErrorKind::ForbiddenKey));
        }
        assert_eq!(kind(b"\xa1\xd8\x3a\x01\x00", Mode::Foreign), None);
    }

    #[test]
    fn a_value_has_one_strict_encoding() {
        for (strict, other) in [
            (b"\xf9\x7e\x00".as_slice(), b"\xfb\x7f\xf7\xfc\0\0\0\0\0".as_slice()),
            (b"\x03", b"\xc2\x41\x03"),
            (b"\xc2\x49\x01\0\0\0\0\0\0\0\0", b"\xc2\x4a\x00\x01\0\0\0\0\0\0\0\0"),
            (b"\xf9\x40\x00", b"\xfa\x40\0\0\0"),
            (b"\x18\x18", b"\x19\x00\x18"),
        ] {
            assert_eq!(kind(strict, Mode::Strict), None);
            assert_eq!(kind(other, Mode::Strict), Some(CborErrorKind::NotShortest));
            assert_eq!(kind(other, Mode::Foreign), None);
        }
    }
}
