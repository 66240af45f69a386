//! Transparent statements: an entry that carries its receipts (RFC 9943).
//!
//! ```cddl
//! transparent-statement = #6.18([bstr, { 394: [1*16 bstr .cbor receipt] }, bstr, bstr .size 64])
//! ```
//!
//! The leaf of the log is the same bytes with an empty unprotected header.

use alloc::vec::Vec;

use super::{MAX_RECEIPT_BYTES, MAX_RECEIPTS, ReceiptError};
use crate::cbor::{Bytes, Decoder, Encoder, Mode};
use crate::cose::{self, Sign1};
use crate::profile::header;
use crate::statement::MAX_STATEMENT_BYTES;

/// Most bytes of a statement with its receipts.
pub const MAX_TRANSPARENT_BYTES: usize = 256 * 1024;

const EMPTY: &[u8] = b"\xa0";

/// A statement with receipts, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransparentStatement {
    entry: Vec<u8>,
    receipts: Vec<Bytes>,
}

impl TransparentStatement {
    /// Reads an entry of ours with its receipts.
    ///
    /// # Errors
    /// [`ReceiptError::TooLarge`], [`ReceiptError::Malformed`], [`ReceiptError::Headers`]. Neither
    /// statement nor receipts are checked.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        Self::parse_in(bytes, Mode::Strict)
    }

    /// Reads a statement that others made, which may have more in its unprotected header.
    ///
    /// # Errors
    /// As [`TransparentStatement::parse`].
    pub fn parse_foreign(bytes: &[u8]) -> Result<Self, ReceiptError> {
        Self::parse_in(bytes, Mode::Foreign)
    }

    fn parse_in(bytes: &[u8], mode: Mode) -> Result<Self, ReceiptError> {
        if bytes.len() > MAX_TRANSPARENT_BYTES {
            return Err(ReceiptError::TooLarge { limit: MAX_TRANSPARENT_BYTES });
        }
        let sign1 = Sign1::parse(bytes, mode)?;
        let unprotected = sign1.unprotected_header()?;
        if mode == Mode::Strict && !unprotected.has_exactly(&[header::RECEIPTS], &[]) {
            return Err(ReceiptError::Headers("something else beside the receipts"));
        }
        let receipts = unprotected.raw(header::RECEIPTS);
        let receipts = receipts.ok_or(ReceiptError::Headers("no receipts"))?;
        let receipts: Vec<Bytes> = Decoder::new(receipts, mode).list(MAX_RECEIPTS)?;
        if receipts.is_empty() {
            return Err(ReceiptError::Headers("no receipts"));
        }
        Ok(Self { entry: cose::with_unprotected(&sign1, EMPTY), receipts })
    }

    /// Returns the statement as the log has it: with an empty unprotected header.
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }

    /// Returns the receipts, in the order of their maker's preference.
    pub fn receipts(&self) -> impl Iterator<Item = &[u8]> {
        self.receipts.iter().map(|Bytes(receipt)| receipt.as_slice())
    }
}

/// Puts receipts into the unprotected header of an entry. Whether they fit it is not checked.
///
/// # Errors
/// [`ReceiptError::TooLarge`]; [`ReceiptError::Malformed`] if the entry is no `COSE_Sign1`;
/// [`ReceiptError::Headers`] if its unprotected header is not empty, or there is not one receipt to
/// [`MAX_RECEIPTS`].
pub fn attach(entry: &[u8], receipts: &[Vec<u8>]) -> Result<Vec<u8>, ReceiptError> {
    if entry.len() > MAX_STATEMENT_BYTES {
        return Err(ReceiptError::TooLarge { limit: MAX_STATEMENT_BYTES });
    }
    if receipts.iter().any(|receipt| receipt.len() > MAX_RECEIPT_BYTES) {
        return Err(ReceiptError::TooLarge { limit: MAX_RECEIPT_BYTES });
    }
    let sign1 = Sign1::parse(entry, Mode::Strict)?;
    if sign1.unprotected != EMPTY {
        return Err(ReceiptError::Headers("the unprotected header is not empty"));
    }
    if !(1..=MAX_RECEIPTS).contains(&receipts.len()) {
        return Err(ReceiptError::Headers("1 to 16 receipts"));
    }
    let mut unprotected = Encoder::new();
    unprotected.map(1).int(header::RECEIPTS.into()).array(receipts.len());
    for receipt in receipts {
        unprotected.bytes(receipt);
    }
    Ok(cose::with_unprotected(&sign1, unprotected.as_bytes()))
}

// What can be attached can be read.
const _: () = assert!(
    MAX_STATEMENT_BYTES + MAX_RECEIPTS * (MAX_RECEIPT_BYTES + 5) + 64 <= MAX_TRANSPARENT_BYTES
);
