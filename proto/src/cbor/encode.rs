//! The deterministic encoder.

use alloc::string::String;
use alloc::vec::Vec;

use ciborium_ll::Header;

use super::Encode;

/// Builds one deterministic encoding. Heads are always the shortest; map order is the caller's duty,
/// which `record!` and [`super::Value`] discharge.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    out: Vec<u8>,
}

/// Writing to a vector cannot fail: the error type has no values.
struct Sink<'v>(&'v mut Vec<u8>);

impl ciborium_io::Write for Sink<'_> {
    type Error = core::convert::Infallible;

    fn write_all(&mut self, data: &[u8]) -> Result<(), Self::Error> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl Encoder {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what was encoded.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Returns what has been encoded so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    pub(super) fn head(&mut self, header: Header) -> &mut Self {
        let Ok(()) = ciborium_ll::Encoder::from(Sink(&mut self.out)).push(header);
        self
    }

    /// Appends an unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.head(Header::Positive(value))
    }

    /// Appends an integer of either sign. Values beyond 64 bits saturate; no format of ours has any.
    pub fn int(&mut self, value: i128) -> &mut Self {
        if value >= 0 {
            self.head(Header::Positive(u64::try_from(value).unwrap_or(u64::MAX)))
        } else {
            self.head(Header::Negative(u64::try_from(!value).unwrap_or(u64::MAX)))
        }
    }

    /// Appends a byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.head(Header::Bytes(Some(value.len())));
        self.out.extend_from_slice(value);
        self
    }

    /// Appends a text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.head(Header::Text(Some(value.len())));
        self.out.extend_from_slice(value.as_bytes());
        self
    }

    /// Appends the head of an array of `length` items, which must follow.
    pub fn array(&mut self, length: usize) -> &mut Self {
        self.head(Header::Array(Some(length)))
    }

    /// Appends the head of a map of `length` entries, which must follow in order.
    pub fn map(&mut self, length: usize) -> &mut Self {
        self.head(Header::Map(Some(length)))
    }

    /// Appends a tag number; its content must follow.
    pub fn tag(&mut self, number: u64) -> &mut Self {
        self.head(Header::Tag(number))
    }

    /// Appends a boolean.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.head(Header::Simple(if value { 21 } else { 20 }))
    }

    /// Appends `null`.
    pub fn null(&mut self) -> &mut Self {
        self.head(Header::Simple(22))
    }

    /// Appends another simple value.
    pub fn simple(&mut self, value: u8) -> &mut Self {
        self.head(Header::Simple(value))
    }

    /// Appends an item that is encoded already.
    pub fn raw(&mut self, item: &[u8]) -> &mut Self {
        self.out.extend_from_slice(item);
        self
    }

    /// Appends a value.
    pub fn item(&mut self, value: &(impl Encode + ?Sized)) -> &mut Self {
        value.encode(self);
        self
    }

    /// Appends an array of values.
    pub fn list<T: Encode>(&mut self, values: &[T]) -> &mut Self {
        self.array(values.len());
        for value in values {
            value.encode(self);
        }
        self
    }
}

macro_rules! integers {
    ($($t:ty)*) => {$(
        impl Encode for $t {
            fn encode(&self, e: &mut Encoder) {
                e.int(i128::from(*self));
            }
        }
    )*};
}
integers!(u8 u16 u32 u64 i32 i64);

impl Encode for bool {
    fn encode(&self, e: &mut Encoder) {
        e.bool(*self);
    }
}

impl Encode for str {
    fn encode(&self, e: &mut Encoder) {
        e.text(self);
    }
}

impl Encode for String {
    fn encode(&self, e: &mut Encoder) {
        e.text(self);
    }
}

impl<const N: usize> Encode for [u8; N] {
    fn encode(&self, e: &mut Encoder) {
        e.bytes(self);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }

    fn encode(&self, e: &mut Encoder) {
        if let Some(value) = self {
            value.encode(e);
        }
    }
}
