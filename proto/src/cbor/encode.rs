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
        /// Room for most of what is encoded, so that it need not grow byte by byte.
        const ROOM: usize = 128;
        Self::with_capacity(ROOM)
    }

    /// Starts with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    /// Returns what was encoded.
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Returns what has been encoded so far.
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// Forgets what was encoded and keeps the room.
    pub fn clear(&mut self) {
        self.out.clear();
    }

    pub(super) fn head(&mut self, header: Header) -> &mut Self {
        let Ok(()) = ciborium_ll::Encoder::from(Sink(&mut self.out)).push(header);
        self
    }

    /// Appends the shortest head of a major type, 0 to 6.
    fn major(&mut self, major: u8, argument: u64) -> &mut Self {
        let major = major << 5;
        let bytes = argument.to_be_bytes();
        let (info, skipped) = match argument {
            0..=23 => (argument as u8, 8),
            24..=0xff => (24, 7),
            0x100..=0xffff => (25, 6),
            0x1_0000..=0xffff_ffff => (26, 4),
            _ => (27, 0),
        };
        self.out.push(major | info);
        self.out.extend_from_slice(bytes.get(skipped..).unwrap_or_default());
        self
    }

    /// Appends an unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        self.major(0, value)
    }

    /// Appends an integer of either sign. Values beyond 64 bits saturate; no format of ours has any.
    pub fn int(&mut self, value: i128) -> &mut Self {
        if value >= 0 {
            self.major(0, u64::try_from(value).unwrap_or(u64::MAX))
        } else {
            self.major(1, u64::try_from(!value).unwrap_or(u64::MAX))
        }
    }

    /// Appends a byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.bytes_head(value.len()).raw(value)
    }

    /// Appends the head of a byte string of `length` bytes, which must follow.
    pub fn bytes_head(&mut self, length: usize) -> &mut Self {
        self.major(2, length as u64)
    }

    /// Appends a text.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.major(3, value.len() as u64).raw(value.as_bytes())
    }

    /// Appends the head of an array of `length` items, which must follow.
    pub fn array(&mut self, length: usize) -> &mut Self {
        self.major(4, length as u64)
    }

    /// Appends the head of a map of `length` entries, which must follow in order.
    pub fn map(&mut self, length: usize) -> &mut Self {
        self.major(5, length as u64)
    }

    /// Appends a tag number; its content must follow.
    pub fn tag(&mut self, number: u64) -> &mut Self {
        self.major(6, number)
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
