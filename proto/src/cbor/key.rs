//! The keys of maps: what they may be, and that none comes twice.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use ciborium_ll::Header;

use super::{CborError, CborErrorKind, Decode as _, Decoder, Encode as _, Kind, Mode, Value};

/// A map key of the kinds that COSE, CWT and SD-CWT use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'b> {
    /// An integer label.
    Int(i128),
    /// A text label.
    Text(&'b str),
    /// A simple value: SD-CWT's `simple(59)`.
    Simple(u8),
}

impl<'b> Key<'b> {
    /// Reads a key that was checked already; `None` if it is of none of these kinds.
    pub(crate) fn parse(slice: &'b [u8], mode: Mode) -> Option<Self> {
        let mut d = Decoder::new(slice, mode);
        match d.header().ok()? {
            Header::Positive(n) => Some(Key::Int(i128::from(n))),
            Header::Negative(n) => Some(Key::Int(!i128::from(n))),
            Header::Text(_) => core::str::from_utf8(d.rest()).ok().map(Key::Text),
            Header::Simple(20..=22) => None,
            Header::Simple(n) => Some(Key::Simple(n)),
            _ => None,
        }
    }
}

/// Reads the keys of one map and checks that none is repeated and, in strict mode, that they are
/// sorted.
#[derive(Debug, Default)]
pub(crate) struct MapKeys<'b> {
    previous: Option<&'b [u8]>,
    /// In foreign mode, the keys so far, deterministically encoded.
    seen: BTreeSet<Vec<u8>>,
}

impl<'b> MapKeys<'b> {
    /// Reads the next key of a map that was entered: as the slice received, and as what it is, if it is
    /// of the kinds that maps of ours have. Keys are scalars, tagged once at most.
    pub fn next(&mut self, d: &mut Decoder<'b>) -> Result<(&'b [u8], Option<Key<'b>>), CborError> {
        let start = d.position();
        let error = |kind| CborError::new(kind, start);
        let key = match d.header()? {
            Header::Positive(n) => Some(Key::Int(i128::from(n))),
            Header::Negative(n) => Some(Key::Int(!i128::from(n))),
            Header::Text(Some(length)) => {
                let text = core::str::from_utf8(d.take(length)?);
                Some(Key::Text(text.map_err(|_| error(CborErrorKind::NotUtf8))?))
            }
            Header::Bytes(Some(length)) => d.take(length).map(|_| None)?,
            Header::Simple(20..=22) | Header::Float(_) => None,
            Header::Simple(n) => Some(Key::Simple(n)),
            Header::Tag(_) => {
                d.rewind(start);
                d.enter_tag()?;
                // A container inside a key would be read twice a level: time exponential in the depth.
                if matches!(d.kind()?, Kind::Array | Kind::Map | Kind::Tag) {
                    return Err(error(CborErrorKind::ForbiddenKey));
                }
                d.skip()?;
                d.leave();
                None
            }
            _ => return Err(error(CborErrorKind::ForbiddenKey)),
        };
        let raw = d.since(start);
        match (d.mode(), self.previous) {
            (Mode::Strict, Some(before)) if before == raw => {
                return Err(error(CborErrorKind::DuplicateKey));
            }
            (Mode::Strict, Some(before)) if before > raw => {
                return Err(error(CborErrorKind::UnsortedKeys));
            }
            (Mode::Foreign, _) => {
                // Keys are compared by value: `01` and `18 01` are the same key.
                let value = Value::decode(&mut Decoder::new(raw, d.mode()))?;
                if !self.seen.insert(value.to_cbor()) {
                    return Err(error(CborErrorKind::DuplicateKey));
                }
            }
            _ => {}
        }
        self.previous = Some(raw);
        Ok((raw, key))
    }
}
