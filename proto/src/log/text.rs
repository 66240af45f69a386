//! What the texts of C2SP are made of: numbers and base 64, each in its one form.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use data_encoding::BASE64;

/// Reads digits without a sign or leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Reads base 64 in its one form: the decoder by itself also takes padded texts put together.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.as_bytes()).ok().filter(|bytes| BASE64.encode(bytes) == text)
}
