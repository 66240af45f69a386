//! How integers, booleans, texts and fixed byte strings are read.

use alloc::string::String;

use super::{CborError, CborErrorKind, Decode, Decoder};

impl<'b> Decode<'b> for u64 {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.uint()
    }
}

macro_rules! narrow {
    ($($t:ty)*) => {$(
        impl<'b> Decode<'b> for $t {
            fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
                let start = d.position();
                <$t>::try_from(d.int()?).map_err(|_| CborError::new(CborErrorKind::OutOfRange, start))
            }
        }
    )*};
}
narrow!(u8 u16 u32 i32 i64);

impl<'b> Decode<'b> for bool {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.bool()
    }
}

impl<'b> Decode<'b> for &'b str {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.text()
    }
}

impl<'b> Decode<'b> for String {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.text().map(String::from)
    }
}

impl<'b, const N: usize> Decode<'b> for [u8; N] {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.byte_array()
    }
}

impl<'b, T: Decode<'b>> Decode<'b> for Option<T> {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        T::decode(d).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}
