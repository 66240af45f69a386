//! Entry bundles: the entries behind a tile of leaf hashes (c2sp.org/tlog-tiles).
//!
//! ```text
//! bundle = 1 to 256 of: length of the entry (2 bytes, big-endian) | entry
//! ```

use alloc::vec::Vec;

/// Most bytes of an entry in a bundle. Those of our logs are smaller.
pub const MAX_BUNDLED_ENTRY_BYTES: usize = 65_535;
/// Most bytes of a bundle: 256 such entries with their lengths.
pub const MAX_BUNDLE_BYTES: usize = 65_537 * 256;

/// Why entries have no bundle, or bytes are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// An entry is larger than its length can say.
    #[error("an entry in a bundle has at most {MAX_BUNDLED_ENTRY_BYTES} bytes, this one has {0}")]
    EntryTooLarge(usize),
    /// The bytes end inside an entry.
    #[error("the bundle ends inside an entry")]
    Truncated,
    /// Another number of entries than the address calls for.
    #[error("the bundle has {found} entries, not {expected}")]
    WrongCount {
        /// The number called for.
        expected: u16,
        /// The number there are, as far as they were counted.
        found: usize,
    },
}

/// Appends an entry to a bundle.
///
/// # Errors
/// [`BundleError::EntryTooLarge`]; the bundle is as before.
pub fn push(bundle: &mut Vec<u8>, entry: &[u8]) -> Result<(), BundleError> {
    let length = u16::try_from(entry.len()).map_err(|_| BundleError::EntryTooLarge(entry.len()))?;
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    Ok(())
}

/// Splits a bundle of `width` entries.
///
/// # Errors
/// [`BundleError::Truncated`], [`BundleError::WrongCount`].
pub fn split(mut bundle: &[u8], width: u16) -> Result<Vec<&[u8]>, BundleError> {
    let mut entries = Vec::new();
    while !bundle.is_empty() {
        if entries.len() == usize::from(width) {
            return Err(BundleError::WrongCount { expected: width, found: entries.len() + 1 });
        }
        let (length, rest) = bundle.split_first_chunk::<2>().ok_or(BundleError::Truncated)?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, rest) = rest.split_at_checked(length).ok_or(BundleError::Truncated)?;
        entries.push(entry);
        bundle = rest;
    }
    if entries.len() == usize::from(width) {
        Ok(entries)
    } else {
        Err(BundleError::WrongCount { expected: width, found: entries.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_splits_into_what_was_put_in_and_nothing_else() {
        let largest = alloc::vec![7; MAX_BUNDLED_ENTRY_BYTES];
        let entries = [b"one".as_slice(), b"", &largest];
        let mut bundle = Vec::new();
        for entry in entries {
            push(&mut bundle, entry).unwrap();
        }
        assert_eq!(&bundle[..7], b"\x00\x03one\x00\x00");
        assert_eq!(split(&bundle, 3).unwrap(), entries);
        let before = bundle.len();
        let refused = push(&mut bundle, &[0; MAX_BUNDLED_ENTRY_BYTES + 1]);
        assert_eq!((refused, bundle.len()), (Err(BundleError::EntryTooLarge(65_536)), before));

        assert_eq!(split(&bundle[..4], 1), Err(BundleError::Truncated));
        assert_eq!(split(&bundle[..6], 2), Err(BundleError::Truncated));
        assert_eq!(split(&bundle, 2), Err(BundleError::WrongCount { expected: 2, found: 3 }));
        assert_eq!(split(&bundle, 4), Err(BundleError::WrongCount { expected: 4, found: 3 }));
    }
}
