//! Codes as CBOR texts.

use super::{Country, Field, Framework, Occupation};
use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder};

macro_rules! wire {
    ($($name:ident, $what:literal;)*) => {$(
        impl Encode for $name {
            fn encode(&self, e: &mut Encoder) {
                e.text(self.code());
            }
        }

        impl<'b> Decode<'b> for $name {
            fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
                let start = d.position();
                Self::parse(d.text()?)
                    .map_err(|_| CborError::new(CborErrorKind::Invalid($what), start))
            }
        }
    )*};
}

wire! {
    Occupation, "not a code of ISCO-08";
    Field, "not a code of ISCED-F 2013";
    Country, "not a code of ISO 3166-1";
    Framework, "not the code of a qualification framework";
}
