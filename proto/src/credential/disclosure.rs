//! Selective disclosure (draft-ietf-spice-sd-cwt-08): how claims are redacted, and how they come back.

mod restore;

pub use restore::{Placed, Reader, Restored, RestoredClaims, restore};

use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::anchor::below;
use crate::cbor::{CborError, Encode as _, Encoder, MAX_DEPTH, Value};
use crate::profile::{MAX_DISCLOSURES, Profile, SIMPLE_REDACTED_KEYS, TAG_REDACTED_ELEMENT};

/// Hashes in one map or array are filled up with decoys to a multiple of this.
pub const DECOY_MULTIPLE: usize = 4;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 16;
/// Room for the payload of most credentials.
const PAYLOAD_BYTES: usize = 1024;
/// Most bytes of a head.
const MAX_HEAD: usize = 9;

/// A claim value before issuance: which of its parts become redactable.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A value without redactable parts.
    Value(Value),
    /// The same, encoded deterministically already.
    Encoded(Vec<u8>),
    /// A map; an entry may be redactable, and hold redactable parts itself.
    Map(Vec<(Value, Node, bool)>),
    /// An array; an element may be redactable.
    Array(Vec<(Node, bool)>),
}

/// Why disclosures do not fit a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DisclosureError {
    /// A disclosure is not an array of salt, value and key, salt and value, or salt.
    #[error("malformed disclosure: {0}")]
    Malformed(#[from] CborError),
    /// More than [`MAX_DISCLOSURES`].
    #[error("more than {MAX_DISCLOSURES} disclosures")]
    TooMany,
    /// The same salt in two disclosures, or the same disclosure twice.
    #[error("a salt occurs twice")]
    RepeatedSalt,
    /// The same hash in two places.
    #[error("a hash occurs twice")]
    RepeatedHash,
    /// A disclosure that fits no hash: it belongs to another credential, or was altered.
    #[error("a disclosure fits nothing in the credential")]
    Unmatched,
    /// A claim disclosed as an array element, or the reverse.
    #[error("a disclosure has the wrong form for its place")]
    WrongForm,
    /// A disclosed key that stands there already.
    #[error("a disclosed claim stands there already")]
    DuplicateKey,
    /// A claim that must never be redacted, nor any part of it.
    #[error("claim {0} may not be redacted")]
    NeverRedacted(i128),
    /// A decoy shown to a verifier.
    #[error("a decoy is disclosed")]
    Decoy,
    /// Redaction marks where none may be.
    #[error("a redaction mark is malformed")]
    MalformedRedaction,
    /// Nested too deep after disclosing.
    #[error("claims are nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// Redacts a claims map and returns the payload, and every disclosure as an encoded byte string:
/// those of claims, of elements and of decoys, in random order.
pub fn redact(
    profile: Profile,
    entries: Vec<(Value, Node, bool)>,
    rng: &mut impl CryptoRng,
) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut disclosures = Vec::new();
    let mut payload = Encoder::with_capacity(PAYLOAD_BYTES);
    redact_node(profile, Node::Map(entries), rng, &mut disclosures, &mut payload);
    for i in (1..disclosures.len()).rev() {
        disclosures.swap(i, below(rng, i as u64 + 1) as usize);
    }
    (payload.into_bytes(), disclosures)
}

/// Appends what stays of a value to `e`, and what is redacted to `out`.
fn redact_node(
    profile: Profile,
    node: Node,
    rng: &mut impl CryptoRng,
    out: &mut Vec<Vec<u8>>,
    e: &mut Encoder,
) {
    match node {
        Node::Value(value) => {
            e.item(&value);
        }
        Node::Encoded(value) => {
            e.raw(&value);
        }
        Node::Map(entries) => {
            let mut open = Parts::with_capacity(entries.len() + 1);
            let mut hashes = Vec::with_capacity(entries.len() + DECOY_MULTIPLE);
            let mut redacted = Encoder::new();
            for (key, node, redactable) in entries {
                if redactable {
                    redacted.clear();
                    redact_node(profile, node, rng, out, &mut redacted);
                    let parts = [redacted.as_bytes(), &key.to_cbor()];
                    hashes.push(disclose(profile, &parts, rng, out));
                } else {
                    open.add(|e| {
                        e.item(&key);
                        redact_node(profile, node, rng, out, e);
                    });
                }
            }
            while !hashes.len().is_multiple_of(DECOY_MULTIPLE) {
                hashes.push(disclose(profile, &[], rng, out));
            }
            if !hashes.is_empty() {
                // In the order of the claims the hashes would tell which of them are missing.
                hashes.sort_unstable();
                open.add(|e| {
                    e.simple(SIMPLE_REDACTED_KEYS).list(&hashes);
                });
            }
            // Keys differ, and none is the beginning of another: entries sort as their keys do.
            open.sort();
            open.append_to(e.map(open.len()));
        }
        Node::Array(elements) => {
            let mut items = Parts::with_capacity(elements.len() + DECOY_MULTIPLE);
            let mut redacted = 0usize;
            let element = |e: &mut Encoder, hash: [u8; 32]| {
                e.tag(TAG_REDACTED_ELEMENT).bytes(&hash);
            };
            for (node, redactable) in elements {
                if redactable {
                    redacted += 1;
                    let mut value = Encoder::new();
                    redact_node(profile, node, rng, out, &mut value);
                    let hash = disclose(profile, &[value.as_bytes()], rng, out);
                    items.add(|e| element(e, hash));
                } else {
                    items.add(|e| redact_node(profile, node, rng, out, e));
                }
            }
            while !redacted.is_multiple_of(DECOY_MULTIPLE) {
                redacted += 1;
                // Always at the end, decoys would tell themselves apart by their place.
                let at = below(rng, items.len() as u64 + 1) as usize;
                let hash = disclose(profile, &[], rng, out);
                items.add(|e| element(e, hash));
                items.move_last_to(at);
            }
            items.append_to(e.array(items.len()));
        }
    }
}

/// Encodings one behind the other, and the order in which they are wanted.
struct Parts {
    encoded: Encoder,
    ranges: Vec<core::ops::Range<usize>>,
}

impl Parts {
    fn with_capacity(count: usize) -> Self {
        Self { encoded: Encoder::with_capacity(PAYLOAD_BYTES), ranges: Vec::with_capacity(count) }
    }

    fn len(&self) -> usize {
        self.ranges.len()
    }

    fn add(&mut self, encode: impl FnOnce(&mut Encoder)) {
        let start = self.encoded.as_bytes().len();
        encode(&mut self.encoded);
        self.ranges.push(start..self.encoded.as_bytes().len());
    }

    fn sort(&mut self) {
        let bytes = self.encoded.as_bytes();
        self.ranges.sort_by(|a, b| bytes.get(a.clone()).cmp(&bytes.get(b.clone())));
    }

    fn move_last_to(&mut self, at: usize) {
        if let Some(last) = self.ranges.pop() {
            self.ranges.insert(at.min(self.ranges.len()), last);
        }
    }

    fn append_to(&self, e: &mut Encoder) {
        for range in &self.ranges {
            e.raw(self.encoded.as_bytes().get(range.clone()).unwrap_or_default());
        }
    }
}

/// Makes a disclosure with a new salt, of the encoded value and key or what there is of them; keeps
/// it, and returns its hash.
fn disclose(
    profile: Profile,
    parts: &[&[u8]],
    rng: &mut impl CryptoRng,
    out: &mut Vec<Vec<u8>>,
) -> [u8; 32] {
    let mut salt = [0; SALT_BYTES];
    rng.fill_bytes(&mut salt);
    // Heads of up to 23 take one byte: that of the array and that of the salt.
    let length = 2 + SALT_BYTES + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut e = Encoder::with_capacity(length + MAX_HEAD);
    e.bytes_head(length).array(1 + parts.len()).bytes(&salt);
    for part in parts {
        e.raw(part);
    }
    let hash = profile.redacted_claim_hash(e.as_bytes());
    out.push(e.into_bytes());
    hash
}

#[cfg(test)]
mod tests;
