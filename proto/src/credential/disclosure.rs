//! Selective disclosure (draft-ietf-spice-sd-cwt-08): how claims are redacted, and how they come back.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use rand_core::CryptoRng;

use crate::anchor::below;
use crate::cbor::{CborError, Decode, Decoder, Encode, Encoder, Kind, MAX_DEPTH, Mode, Value};
use crate::profile::{
    MAX_DISCLOSURES, Profile, SIMPLE_REDACTED_KEYS, TAG_REDACTED_ELEMENT, TAGS_BEFORE_ISSUANCE,
    claim,
};

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

/// One disclosure, decoded.
#[derive(Clone, Debug)]
struct Disclosure {
    index: usize,
    value: Option<Value>,
    key: Option<Value>,
}

/// A disclosure that found its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// Its position among the disclosures.
    pub index: usize,
    /// The keys from the outermost map down; an array element adds `null`.
    pub path: Vec<Value>,
    /// The position of the disclosure that holds this one, if it is nested in another.
    pub parent: Option<usize>,
}

/// Claims with everything that was disclosed in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Restored {
    /// The claims map; what stays redacted is gone from it.
    pub claims: Value,
    /// The disclosures and where they belong; decoys are left out.
    pub placed: Vec<Placed>,
    /// Hashes that nothing was disclosed for: withheld claims and decoys.
    pub withheld: usize,
}

/// Who looks at the disclosures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The holder, who gets every disclosure, decoys too.
    Holder,
    /// A verifier, who never gets a decoy.
    Verifier,
}

/// Puts disclosures into their places in a payload (SD-CWT, section 9, step 8).
///
/// `disclosures` are encoded byte strings as received, head included.
///
/// # Errors
/// [`DisclosureError`].
pub fn restore(
    profile: Profile,
    payload: &[u8],
    disclosures: &[&[u8]],
    reader: Reader,
    mode: Mode,
) -> Result<Restored, DisclosureError> {
    let mut d = Decoder::new(payload, mode);
    let payload = Value::decode(&mut d)?;
    d.finish()?;
    let table = read_disclosures(profile, disclosures, mode)?;
    let mut restorer = Restorer {
        table,
        seen: BTreeSet::new(),
        path: Vec::new(),
        placed: Vec::new(),
        withheld: 0,
        reader,
    };
    let claims = restorer.value(payload, None)?;
    match restorer.table.is_empty() {
        true => Ok(Restored { claims, placed: restorer.placed, withheld: restorer.withheld }),
        false => Err(DisclosureError::Unmatched),
    }
}

fn read_disclosures(
    profile: Profile,
    disclosures: &[&[u8]],
    mode: Mode,
) -> Result<BTreeMap<[u8; 32], Disclosure>, DisclosureError> {
    if disclosures.len() > MAX_DISCLOSURES {
        return Err(DisclosureError::TooMany);
    }
    let mut table = BTreeMap::new();
    let mut salts = BTreeSet::new();
    for (index, encoded) in disclosures.iter().enumerate() {
        // The hash covers the head, so the head must have one form in either mode.
        let mut outer = Decoder::new(encoded, Mode::Strict);
        let contents = outer.bytes()?;
        outer.finish()?;
        let mut d = Decoder::new(contents, mode);
        let (salt, value, key) = d.array(|d, length| {
            let salt = d.byte_array::<SALT_BYTES>()?;
            let value = if length >= 2 { Some(Value::decode(d)?) } else { None };
            let key = if length == 3 { Some(read_key(d)?) } else { None };
            match length {
                1..=3 => Ok((salt, value, key)),
                _ => Err(CborError::invalid("a disclosure has one to three elements")),
            }
        })?;
        d.finish()?;
        if !salts.insert(salt) {
            return Err(DisclosureError::RepeatedSalt);
        }
        let hash = profile.redacted_claim_hash(encoded);
        table.insert(hash, Disclosure { index, value, key });
    }
    Ok(table)
}

fn read_key(d: &mut Decoder<'_>) -> Result<Value, CborError> {
    match d.kind()? {
        Kind::Int => Ok(Value::Int(d.int()?)),
        Kind::Text => match d.text()? {
            text if (1..=255).contains(&text.len()) => Ok(text.into()),
            _ => Err(CborError::invalid("a text key has 1 to 255 bytes")),
        },
        _ => Err(CborError::invalid("a claim key is an integer or a text")),
    }
}

struct Restorer {
    table: BTreeMap<[u8; 32], Disclosure>,
    seen: BTreeSet<[u8; 32]>,
    /// The keys from the outermost map down to where it is.
    path: Vec<Value>,
    placed: Vec<Placed>,
    withheld: usize,
    reader: Reader,
}

impl Restorer {
    fn value(&mut self, value: Value, parent: Option<usize>) -> Result<Value, DisclosureError> {
        // The claims map itself is level 0.
        if self.path.len() > usize::from(MAX_DEPTH) {
            return Err(DisclosureError::TooDeep);
        }
        match value {
            Value::Map(entries) => self.map(entries, parent),
            Value::Array(items) => self.array(items, parent),
            Value::Tag(number, _) if TAGS_BEFORE_ISSUANCE.contains(&number) => {
                Err(DisclosureError::MalformedRedaction)
            }
            Value::Tag(TAG_REDACTED_ELEMENT, _) => Err(DisclosureError::MalformedRedaction),
            Value::Tag(number, content) => {
                self.path.push(Value::Null);
                let content = self.value(*content, parent)?;
                self.path.pop();
                Ok(Value::Tag(number, content.into()))
            }
            Value::Simple(SIMPLE_REDACTED_KEYS) => Err(DisclosureError::MalformedRedaction),
            plain => Ok(plain),
        }
    }

    fn map(
        &mut self,
        entries: Vec<(Value, Value)>,
        parent: Option<usize>,
    ) -> Result<Value, DisclosureError> {
        let mut out = Vec::with_capacity(entries.len());
        let mut hashes = None;
        for (key, value) in entries {
            match key {
                Value::Simple(SIMPLE_REDACTED_KEYS) => hashes = Some(value),
                Value::Text(text) if !(1..=255).contains(&text.len()) => {
                    return Err(CborError::invalid("a text key has 1 to 255 bytes").into());
                }
                Value::Int(_) | Value::Text(_) => {
                    self.path.push(key.clone());
                    let value = self.value(value, parent)?;
                    self.path.pop();
                    out.push((key, value));
                }
                _ => return Err(DisclosureError::MalformedRedaction),
            }
        }
        match hashes {
            None => {}
            Some(Value::Array(hashes)) => {
                self.always_shown()?;
                // Thousands of open claims are not searched through for each disclosed one.
                let mut keys: BTreeSet<_> = out.iter().map(|(key, _)| key.to_cbor()).collect();
                for hash in hashes {
                    let Some(found) = self.take(&hash)? else { continue };
                    let (Some(value), Some(key)) = (found.value, found.key) else {
                        return Err(DisclosureError::WrongForm);
                    };
                    self.path.push(key.clone());
                    self.always_shown()?;
                    if !keys.insert(key.to_cbor()) {
                        return Err(DisclosureError::DuplicateKey);
                    }
                    out.push((key, self.placed(found.index, value, parent)?));
                    self.path.pop();
                }
            }
            Some(_) => return Err(DisclosureError::MalformedRedaction),
        }
        Ok(Value::Map(out))
    }

    fn array(
        &mut self,
        items: Vec<Value>,
        parent: Option<usize>,
    ) -> Result<Value, DisclosureError> {
        self.path.push(Value::Null);
        let mut out = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Value::Tag(TAG_REDACTED_ELEMENT, hash) => {
                    self.always_shown()?;
                    let Some(found) = self.take(&hash)? else { continue };
                    let (Some(value), None) = (found.value, found.key) else {
                        return Err(DisclosureError::WrongForm);
                    };
                    out.push(self.placed(found.index, value, parent)?);
                }
                item => out.push(self.value(item, parent)?),
            }
        }
        self.path.pop();
        Ok(Value::Array(out))
    }

    /// Notes that a disclosure belongs here and puts in its value.
    fn placed(
        &mut self,
        index: usize,
        value: Value,
        parent: Option<usize>,
    ) -> Result<Value, DisclosureError> {
        self.placed.push(Placed { index, path: self.path.clone(), parent });
        self.value(value, Some(index))
    }

    /// Refuses redaction of, or within, a claim that must always show.
    fn always_shown(&self) -> Result<(), DisclosureError> {
        match self.path.first() {
            Some(Value::Int(n)) if claim::NEVER_REDACTED.iter().any(|c| i128::from(*c) == *n) => {
                Err(DisclosureError::NeverRedacted(*n))
            }
            _ => Ok(()),
        }
    }

    /// Takes the disclosure of a hash out of the table; `None` if there is none, or it is a decoy.
    fn take(&mut self, hash: &Value) -> Result<Option<Disclosure>, DisclosureError> {
        let hash: [u8; 32] = hash
            .as_bytes()
            .and_then(|h| h.try_into().ok())
            .ok_or(DisclosureError::MalformedRedaction)?;
        if !self.seen.insert(hash) {
            return Err(DisclosureError::RepeatedHash);
        }
        match self.table.remove(&hash) {
            None => {
                self.withheld += 1;
                Ok(None)
            }
            Some(found) if found.value.is_none() => match self.reader {
                Reader::Holder => Ok(None),
                Reader::Verifier => Err(DisclosureError::Decoy),
            },
            Some(found) => Ok(Some(found)),
        }
    }
}

#[cfg(test)]
mod tests;
