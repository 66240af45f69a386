//! What the register holds, and how it is laid out before it is sealed.

use std::fmt;

use data_encoding::HEXLOWER;
use thiserror::Error;
use zeroize::Zeroizing;

/// Longest row label, in bytes of UTF-8.
pub const MAX_LABEL_BYTES: usize = 200;

/// First byte of every sealed value, so that a later layout can be told apart.
const LAYOUT: u8 = 1;

/// Length of a record: all fields of [`encode_record`], the label filled up with zeros, so that
/// its length does not show.
const RECORD_BYTES: usize = 1 + 16 + 16 + 32 + 4 + 4 + 32 + 8 + 8 + 1 + MAX_LABEL_BYTES;

/// Name of an issuing record, for the clerk and in file names: 16 random bytes, in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId([u8; 16]);

impl RecordId {
    /// Takes 16 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`RecordIdError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, RecordIdError> {
        let mut bytes = [0; 16];
        if text.len() != 32 || HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).is_err() {
            return Err(RecordIdError);
        }
        Ok(Self(bytes))
    }

    /// Returns the 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId({self})")
    }
}

/// The text is not the name of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a record is named by 32 hexadecimal digits in lower case")]
pub struct RecordIdError;

/// What the clerk calls a row: free text of at most [`MAX_LABEL_BYTES`]. Never printed by `Debug`,
/// as it often names a worker.
#[derive(Clone, PartialEq, Eq)]
pub struct RowLabel(Zeroizing<String>);

impl RowLabel {
    /// Takes a text.
    ///
    /// # Errors
    /// [`RowLabelError`] if it is too long.
    pub fn parse(text: &str) -> Result<Self, RowLabelError> {
        let bytes = text.len();
        if bytes > MAX_LABEL_BYTES {
            return Err(RowLabelError { bytes });
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RowLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RowLabel(..)")
    }
}

/// The label is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a row label of {bytes} bytes is over the limit of {MAX_LABEL_BYTES}")]
pub struct RowLabelError {
    /// Length of the text.
    pub bytes: usize,
}

/// State of an issued credential; the numbers are those of a Token Status List.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RecordState {
    /// As issued.
    Valid = 0,
    /// Revoked for good.
    Invalid = 1,
    /// Not to be accepted for now; may become valid again.
    Suspended = 2,
}

impl RecordState {
    /// Returns the status value.
    #[must_use]
    pub const fn value(self) -> u8 {
        self as u8
    }

    fn from_value(value: u8) -> Option<Self> {
        [Self::Valid, Self::Invalid, Self::Suspended].into_iter().find(|s| s.value() == value)
    }
}

/// What the desk keeps about one credential that it issued.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuingRecord {
    /// Name of the record.
    pub record: RecordId,
    /// What the clerk calls the row.
    pub label: RowLabel,
    /// The credential's `cti`.
    pub credential: [u8; 16],
    /// SHA-256 of the credential with empty unprotected header.
    pub credential_digest: [u8; 32],
    /// Number of the status list.
    pub status_list: u32,
    /// Index in that list.
    pub status_index: u32,
    /// Digest of the issuance statement of its batch.
    pub batch: [u8; 32],
    /// Unix seconds.
    pub issued_at: u64,
    /// Unix seconds.
    pub expires_at: u64,
    /// State that the next status list will show.
    pub state: RecordState,
}

/// Shows no more than the record's own name: the rest leads to a worker.
impl fmt::Debug for IssuingRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IssuingRecord").field("record", &self.record).finish_non_exhaustive()
    }
}

/// Lays out a record without its state, which its slot holds.
pub(super) fn encode_record(record: &IssuingRecord) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(RECORD_BYTES));
    out.push(LAYOUT);
    out.extend(record.record.0);
    out.extend(record.credential);
    out.extend(record.credential_digest);
    out.extend(record.status_list.to_be_bytes());
    out.extend(record.status_index.to_be_bytes());
    out.extend(record.batch);
    out.extend(record.issued_at.to_be_bytes());
    out.extend(record.expires_at.to_be_bytes());
    let label = record.label.as_str();
    // A label has at most 200 bytes.
    out.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
    out.extend(label.as_bytes());
    out.resize(RECORD_BYTES, 0);
    out
}

/// Reads what [`encode_record`] wrote; the state is still to be set.
pub(super) fn decode_record(bytes: &[u8]) -> Option<IssuingRecord> {
    let mut rest = bytes;
    let [LAYOUT] = take(&mut rest)? else { return None };
    let record = RecordId(take(&mut rest)?);
    let credential = take(&mut rest)?;
    let credential_digest = take(&mut rest)?;
    let status_list = u32::from_be_bytes(take(&mut rest)?);
    let status_index = u32::from_be_bytes(take(&mut rest)?);
    let batch = take(&mut rest)?;
    let issued_at = u64::from_be_bytes(take(&mut rest)?);
    let expires_at = u64::from_be_bytes(take(&mut rest)?);
    let [length] = take(&mut rest)?;
    if rest.len() != MAX_LABEL_BYTES {
        return None;
    }
    let label = std::str::from_utf8(rest.get(..usize::from(length))?).ok()?;
    Some(IssuingRecord {
        record,
        label: RowLabel::parse(label).ok()?,
        credential,
        credential_digest,
        status_list,
        status_index,
        batch,
        issued_at,
        expires_at,
        state: RecordState::Valid,
    })
}

/// An index that was taken, and the record it belongs to once there is one.
pub(super) struct Slot {
    pub(super) index: u32,
    pub(super) state: RecordState,
    pub(super) record: Option<RecordId>,
}

impl Slot {
    /// Lays out a slot; its length does not show whether there is a record.
    pub(super) fn encode(&self) -> [u8; 23] {
        let mut out = [0; 23];
        let [layout, a, b, c, d, state, used, record @ ..] = &mut out;
        *layout = LAYOUT;
        [*a, *b, *c, *d] = self.index.to_be_bytes();
        *state = self.state.value();
        *used = u8::from(self.record.is_some());
        *record = self.record.map_or([0; 16], |record| record.0);
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let [LAYOUT, a, b, c, d, state, used, record @ ..] = <[u8; 23]>::try_from(bytes).ok()?
        else {
            return None;
        };
        let record = match used {
            0 => None,
            1 => Some(RecordId(record)),
            _ => return None,
        };
        let state = RecordState::from_value(state)?;
        Some(Self { index: u32::from_be_bytes([a, b, c, d]), state, record })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*taken)
}
