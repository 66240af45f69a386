//! A CBOR value as a tree, for claims whose shape is not known beforehand.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use ciborium_ll::Header;

use super::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, Kind};

/// Any CBOR value. Encoding sorts map entries by the bytes of their keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// An integer of up to 64 bits, either sign.
    Int(i128),
    /// A byte string.
    Bytes(Vec<u8>),
    /// A text.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// A map; entries in any order, keys distinct.
    Map(Vec<(Value, Value)>),
    /// A tag number and its content.
    Tag(u64, Box<Value>),
    /// A boolean.
    Bool(bool),
    /// Null.
    Null,
    /// Another simple value, such as SD-CWT's 59.
    Simple(u8),
    /// A floating-point number.
    Float(f64),
}

impl Value {
    /// Returns the integer, if it is one and fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Value::Int(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// Returns the text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the bytes, if it is a byte string.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the entries, if it is a map.
    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        match self {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// Returns the value under an integer key, if it is a map that has it.
    pub fn at(&self, key: i128) -> Option<&Value> {
        self.as_map()?.iter().find(|(k, _)| *k == Value::Int(key)).map(|(_, v)| v)
    }
}

impl From<u64> for Value {
    fn from(n: u64) -> Self {
        Value::Int(i128::from(n))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.into())
    }
}

impl Encode for Value {
    fn encode(&self, e: &mut Encoder) {
        match self {
            Value::Int(n) => e.int(*n),
            Value::Bytes(bytes) => e.bytes(bytes),
            Value::Text(text) => e.text(text),
            Value::Array(items) => e.list(items),
            Value::Map(entries) => {
                let mut sorted: Vec<_> = entries.iter().map(|(k, v)| (k.to_cbor(), v)).collect();
                sorted.sort_by(|a, b| a.0.cmp(&b.0));
                e.map(sorted.len());
                for (key, value) in sorted {
                    e.raw(&key).item(value);
                }
                e
            }
            Value::Tag(number, content) => e.tag(*number).item(content.as_ref()),
            Value::Bool(value) => e.bool(*value),
            Value::Null => e.null(),
            Value::Simple(value) => e.simple(*value),
            Value::Float(value) => e.head(Header::Float(*value)),
        };
    }
}

impl<'b> Decode<'b> for Value {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        Ok(match d.kind()? {
            Kind::Int => Value::Int(d.int()?),
            Kind::Bytes => Value::Bytes(d.bytes()?.into()),
            Kind::Text => Value::Text(d.text()?.into()),
            Kind::Array => Value::Array(d.list(usize::MAX)?),
            Kind::Map => {
                let mut entries = Vec::new();
                d.map_slices(|d, key, _| {
                    let mut key = Decoder::new(key, d.mode());
                    entries.push((Value::decode(&mut key)?, Value::decode(d)?));
                    Ok(())
                })?;
                Value::Map(entries)
            }
            Kind::Tag => {
                d.tagged(|d, number| Ok(Value::Tag(number, Box::new(Value::decode(d)?))))?
            }
            Kind::Bool | Kind::Null | Kind::Simple | Kind::Float => match d.simple()? {
                Header::Simple(20) => Value::Bool(false),
                Header::Simple(21) => Value::Bool(true),
                Header::Simple(22) => Value::Null,
                Header::Simple(n) => Value::Simple(n),
                Header::Float(f) => Value::Float(f),
                _ => return Err(d.error(CborErrorKind::Malformed)),
            },
        })
    }
}

/// A byte string whose contents are another object, decoded apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Encode for Bytes {
    fn encode(&self, e: &mut Encoder) {
        e.bytes(&self.0);
    }
}

impl<'b> Decode<'b> for Bytes {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.bytes().map(|bytes| Self(bytes.into()))
    }
}
