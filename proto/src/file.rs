//! The outermost layer of every file: `["carnet", kind, version, body]`.
//!
//! ```cddl
//! file = ["carnet", kind: uint, version: uint, body: any]   ; deterministic CBOR
//! ```

use alloc::vec::Vec;

use crate::cbor::{CborError, Decoder, Encode, Encoder, Mode};
use crate::profile::FileKind;

/// The version of every kind that this build writes and reads.
pub const VERSION: u64 = 1;

/// Why bytes are not a file of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Larger than the limit of its kind.
    #[error("{size} bytes, more than the {limit} that a {kind} may have")]
    TooLarge {
        /// What was wanted.
        kind: FileKind,
        /// Bytes found.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Not a Carnet file at all.
    #[error("not a Carnet file")]
    NotCarnet,
    /// A Carnet file of another kind.
    #[error("this is a {found}, not a {wanted}")]
    OtherKind {
        /// What was wanted.
        wanted: FileKind,
        /// What is there.
        found: FileKind,
    },
    /// A version that this build does not know.
    #[error("{kind} of version {found}; this build reads version {VERSION}: update carnet")]
    Unsupported {
        /// The kind.
        kind: FileKind,
        /// Its version.
        found: u64,
    },
    /// The right kind and version, but the body is malformed.
    #[error("malformed {kind}: {source}")]
    Malformed {
        /// The kind.
        kind: FileKind,
        /// Where and why.
        source: CborError,
    },
}

/// Wraps an encoded body.
pub fn wrap(kind: FileKind, body: &impl Encode) -> Vec<u8> {
    let mut e = Encoder::new();
    e.array(4).text("carnet").item(&kind).uint(VERSION).item(body);
    e.into_bytes()
}

/// Opens the outermost layer and returns the body's bytes, which are not checked yet.
///
/// # Errors
/// [`FileError`] if the bytes are too many, of another kind, or of a version that is not known.
pub fn unwrap(bytes: &[u8], wanted: FileKind, limit: usize) -> Result<&[u8], FileError> {
    if bytes.len() > limit {
        return Err(FileError::TooLarge { kind: wanted, size: bytes.len(), limit });
    }
    // The head is read apart from the body, so that a later version may encode its body otherwise.
    let rest = bytes.strip_prefix(b"\x84\x66carnet").ok_or(FileError::NotCarnet)?;
    let mut d = Decoder::new(rest, Mode::Strict);
    let found = d.uint().map_err(|_| FileError::NotCarnet)?;
    let found = FileKind::ALL
        .iter()
        .copied()
        .find(|kind| *kind as u64 == found)
        .ok_or(FileError::NotCarnet)?;
    let version = d.uint().map_err(|_| FileError::NotCarnet)?;
    if found != wanted {
        return Err(FileError::OtherKind { wanted, found });
    }
    if version != VERSION {
        return Err(FileError::Unsupported { kind: found, found: version });
    }
    Ok(rest.get(d.position()..).unwrap_or_default())
}
