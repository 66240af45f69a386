//! The types of items (RFC 8949, section 3.1).

use ciborium_ll::Header;

/// The type of the next item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the major types of RFC 8949, section 3.1")]
pub enum Kind {
    Int,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Bool,
    Null,
    Simple,
    Float,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Int => "an integer",
            Kind::Bytes => "a byte string",
            Kind::Text => "a text",
            Kind::Array => "an array",
            Kind::Map => "a map",
            Kind::Tag => "a tag",
            Kind::Bool => "a boolean",
            Kind::Null => "null",
            Kind::Simple => "a simple value",
            Kind::Float => "a floating-point number",
        }
    }

    pub(super) fn of(header: &Header) -> Self {
        match header {
            Header::Positive(_) | Header::Negative(_) => Kind::Int,
            Header::Bytes(_) => Kind::Bytes,
            Header::Text(_) => Kind::Text,
            Header::Array(_) => Kind::Array,
            Header::Map(_) => Kind::Map,
            Header::Tag(_) => Kind::Tag,
            Header::Simple(20 | 21) => Kind::Bool,
            Header::Simple(22) => Kind::Null,
            Header::Simple(_) | Header::Break => Kind::Simple,
            Header::Float(_) => Kind::Float,
        }
    }
}
