//! How disclosures come back into their places (SD-CWT, section 9, step 8).

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{DisclosureError, SALT_BYTES};
use crate::cbor::{
    CborError, Decode as _, Decoder, Encode, Encoder, Key, Kind, MAX_DEPTH, MapKeys, Mode, Value,
};
use crate::profile::{
    MAX_DISCLOSURES, Profile, SIMPLE_REDACTED_KEYS, TAG_REDACTED_ELEMENT, TAGS_BEFORE_ISSUANCE,
    claim,
};

/// Most entries that room is reserved for before they have been read.
const RESERVE: usize = 32;
/// Bytes for the entries of a map before their number is known.
const ROOM: usize = 512;

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
    pub claims: RestoredClaims,
    /// The disclosures and where they belong; decoys are left out.
    pub placed: Vec<Placed>,
    /// Hashes that nothing was disclosed for: withheld claims and decoys.
    pub withheld: usize,
}

/// An encoded claims map. Its keys, and those of every map in it, are sorted; if it was read in strict
/// mode it is deterministic CBOR throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredClaims(Vec<u8>);

impl RestoredClaims {
    /// Returns the encoding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the claims as a tree.
    ///
    /// # Errors
    /// [`CborError`] if they are nested too deep for one.
    pub fn to_value(&self) -> Result<Value, CborError> {
        Value::decode(&mut Decoder::new(&self.0, Mode::Foreign))
    }

    /// Encodes claims that were put together elsewhere.
    #[cfg(test)]
    pub(crate) fn of(claims: &Value) -> Self {
        Self(claims.to_cbor())
    }
}

impl Encode for RestoredClaims {
    fn encode(&self, e: &mut Encoder) {
        e.raw(&self.0);
    }
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
    let table = read_disclosures(profile, disclosures, mode)?;
    let mut restorer = Restorer {
        table,
        seen: Vec::with_capacity(RESERVE),
        path: Vec::new(),
        placed: Vec::with_capacity(disclosures.len()),
        withheld: 0,
        reader,
        mode,
    };
    let mut claims = Vec::with_capacity(payload.len());
    let mut d = Decoder::new(payload, mode);
    restorer.value(&mut d, &mut claims, None)?;
    d.finish()?;
    restorer.seen.sort_unstable();
    if restorer.seen.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        return Err(DisclosureError::RepeatedHash);
    }
    if restorer.table.iter().any(|disclosure| !disclosure.is_placed) {
        return Err(DisclosureError::Unmatched);
    }
    let Restorer { placed, withheld, .. } = restorer;
    Ok(Restored { claims: RestoredClaims(claims), placed, withheld })
}

/// One disclosure, read and not placed yet.
struct Disclosure<'b> {
    hash: [u8; 32],
    salt: [u8; SALT_BYTES],
    index: usize,
    /// The encoded value; absent in a decoy.
    value: Option<&'b [u8]>,
    /// The encoded key; absent in an array element.
    key: Option<&'b [u8]>,
    is_placed: bool,
}

/// Returns the disclosures in the order of their hashes.
fn read_disclosures<'b>(
    profile: Profile,
    disclosures: &[&'b [u8]],
    mode: Mode,
) -> Result<Vec<Disclosure<'b>>, DisclosureError> {
    if disclosures.len() > MAX_DISCLOSURES {
        return Err(DisclosureError::TooMany);
    }
    let mut table = Vec::with_capacity(disclosures.len());
    for (index, encoded) in disclosures.iter().enumerate() {
        // The hash covers the head, so the head must have one form in either mode.
        let mut outer = Decoder::new(encoded, Mode::Strict);
        let contents = outer.bytes()?;
        outer.finish()?;
        let mut d = Decoder::new(contents, mode);
        let (salt, value, key) = d.array(|d, length| {
            let salt = d.byte_array::<SALT_BYTES>()?;
            let value = if length >= 2 { Some(d.skip()?) } else { None };
            let key = if length == 3 { Some(read_key(d)?) } else { None };
            match length {
                1..=3 => Ok((salt, value, key)),
                _ => Err(CborError::invalid("a disclosure has one to three elements")),
            }
        })?;
        d.finish()?;
        let hash = profile.redacted_claim_hash(encoded);
        table.push(Disclosure { hash, salt, index, value, key, is_placed: false });
    }
    let repeats = |pair: &[Disclosure<'_>]| matches!(pair, [a, b] if a.salt == b.salt);
    table.sort_unstable_by_key(|disclosure| disclosure.salt);
    if table.windows(2).any(repeats) {
        return Err(DisclosureError::RepeatedSalt);
    }
    table.sort_unstable_by_key(|disclosure| disclosure.hash);
    Ok(table)
}

fn read_key<'b>(d: &mut Decoder<'b>) -> Result<&'b [u8], CborError> {
    let raw = d.clone().skip()?;
    match d.kind()? {
        Kind::Int => d.int().map(|_| raw),
        Kind::Text if (1..=255).contains(&d.text()?.len()) => Ok(raw),
        Kind::Text => Err(CborError::invalid("a text key has 1 to 255 bytes")),
        _ => Err(CborError::invalid("a claim key is an integer or a text")),
    }
}

/// A step from a container to what it holds.
#[derive(Clone, Copy)]
enum Step<'b> {
    /// The value under a key.
    Key(Key<'b>),
    /// An element, or the content of a tag.
    Element,
}

/// A restored entry of a map: its key, deterministically encoded, and where its value lies.
type Entry<'b> = (Cow<'b, [u8]>, core::ops::Range<usize>);

struct Restorer<'b> {
    table: Vec<Disclosure<'b>>,
    seen: Vec<[u8; 32]>,
    /// The steps from the outermost map down to where it is.
    path: Vec<Step<'b>>,
    placed: Vec<Placed>,
    withheld: usize,
    reader: Reader,
    mode: Mode,
}

impl<'b> Restorer<'b> {
    /// Reads one item and writes what it is with all disclosures in their places.
    fn value(
        &mut self,
        d: &mut Decoder<'b>,
        out: &mut Vec<u8>,
        parent: Option<usize>,
    ) -> Result<(), DisclosureError> {
        // The claims map itself is level 0.
        if self.path.len() > usize::from(MAX_DEPTH) {
            return Err(DisclosureError::TooDeep);
        }
        match d.kind()? {
            Kind::Map => self.map(d, out, parent)?,
            Kind::Array => self.array(d, out, parent)?,
            Kind::Tag => {
                let start = d.position();
                let number = d.enter_tag()?;
                if TAGS_BEFORE_ISSUANCE.contains(&number) || number == TAG_REDACTED_ELEMENT {
                    return Err(DisclosureError::MalformedRedaction);
                }
                out.extend_from_slice(d.since(start));
                self.path.push(Step::Element);
                self.value(d, out, parent)?;
                self.path.pop();
                d.leave();
            }
            Kind::Simple => {
                let raw = d.skip()?;
                if raw == [0xf8, SIMPLE_REDACTED_KEYS] {
                    return Err(DisclosureError::MalformedRedaction);
                }
                out.extend_from_slice(raw);
            }
            _ => out.extend_from_slice(d.skip()?),
        }
        Ok(())
    }

    fn map(
        &mut self,
        d: &mut Decoder<'b>,
        out: &mut Vec<u8>,
        parent: Option<usize>,
    ) -> Result<(), DisclosureError> {
        let length = d.enter_map()?;
        let mut keys = MapKeys::default();
        let mut entries: Vec<Entry<'b>> = Vec::with_capacity(length.min(RESERVE) + 4);
        let mut values = Vec::with_capacity(ROOM);
        let mut hashes = None;
        for _ in 0..length {
            let (raw, key) = keys.next(d)?;
            match key {
                Some(Key::Simple(SIMPLE_REDACTED_KEYS)) => {
                    hashes = Some(d.clone());
                    d.skip()?;
                }
                Some(Key::Text(text)) if !(1..=255).contains(&text.len()) => {
                    return Err(CborError::invalid("a text key has 1 to 255 bytes").into());
                }
                Some(key @ (Key::Int(_) | Key::Text(_))) => {
                    self.path.push(Step::Key(key));
                    let start = values.len();
                    self.value(d, &mut values, parent)?;
                    self.path.pop();
                    entries.push((self.canonical(raw)?, start..values.len()));
                }
                Some(Key::Simple(_)) | None => return Err(DisclosureError::MalformedRedaction),
            }
        }
        if let Some(mut hashes) = hashes {
            self.disclosed(&mut hashes, &mut entries, &mut values, parent)?;
        }
        d.leave();
        entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        if entries.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
            return Err(DisclosureError::DuplicateKey);
        }
        let mut head = Encoder::new();
        head.map(entries.len());
        out.extend_from_slice(head.as_bytes());
        for (key, value) in entries {
            out.extend_from_slice(&key);
            out.extend_from_slice(values.get(value).unwrap_or_default());
        }
        Ok(())
    }

    /// Adds the entries of a map that are disclosed for its hashes.
    fn disclosed(
        &mut self,
        hashes: &mut Decoder<'b>,
        entries: &mut Vec<Entry<'b>>,
        values: &mut Vec<u8>,
        parent: Option<usize>,
    ) -> Result<(), DisclosureError> {
        if hashes.kind()? != Kind::Array {
            return Err(DisclosureError::MalformedRedaction);
        }
        self.always_shown()?;
        for _ in 0..hashes.enter_array()? {
            let Some((index, value, key)) = self.take(hashes)? else { continue };
            let raw = key.ok_or(DisclosureError::WrongForm)?;
            let key = Key::parse(raw, self.mode).ok_or(DisclosureError::WrongForm)?;
            self.path.push(Step::Key(key));
            self.always_shown()?;
            let start = values.len();
            self.place(index, value, values, parent)?;
            self.path.pop();
            entries.push((self.canonical(raw)?, start..values.len()));
        }
        Ok(())
    }

    fn array(
        &mut self,
        d: &mut Decoder<'b>,
        out: &mut Vec<u8>,
        parent: Option<usize>,
    ) -> Result<(), DisclosureError> {
        let length = d.enter_array()?;
        self.path.push(Step::Element);
        let mut items = Vec::new();
        let mut count = 0;
        for _ in 0..length {
            let mut ahead = d.clone();
            if d.kind()? == Kind::Tag && ahead.enter_tag()? == TAG_REDACTED_ELEMENT {
                d.skip()?;
                self.always_shown()?;
                let Some((index, value, key)) = self.take(&mut ahead)? else { continue };
                if key.is_some() {
                    return Err(DisclosureError::WrongForm);
                }
                self.place(index, value, &mut items, parent)?;
            } else {
                self.value(d, &mut items, parent)?;
            }
            count += 1;
        }
        self.path.pop();
        d.leave();
        let mut head = Encoder::new();
        head.array(count);
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(&items);
        Ok(())
    }

    /// Notes that a disclosure belongs here and writes its value.
    fn place(
        &mut self,
        index: usize,
        value: &'b [u8],
        out: &mut Vec<u8>,
        parent: Option<usize>,
    ) -> Result<(), DisclosureError> {
        let path = self.path.iter().map(|step| match step {
            Step::Key(Key::Int(n)) => Value::Int(*n),
            Step::Key(Key::Text(text)) => Value::from(*text),
            Step::Key(Key::Simple(n)) => Value::Simple(*n),
            Step::Element => Value::Null,
        });
        self.placed.push(Placed { index, path: path.collect(), parent });
        self.value(&mut Decoder::new(value, self.mode), out, Some(index))
    }

    /// Refuses redaction of, or within, a claim that must always show.
    fn always_shown(&self) -> Result<(), DisclosureError> {
        match self.path.first() {
            Some(Step::Key(Key::Int(n)))
                if claim::NEVER_REDACTED.iter().any(|c| i128::from(*c) == *n) =>
            {
                Err(DisclosureError::NeverRedacted(*n))
            }
            _ => Ok(()),
        }
    }

    /// Reads a hash and returns position, value and key of its disclosure; `None` if there is none,
    /// or it is a decoy.
    #[expect(clippy::type_complexity, reason = "what a disclosure has")]
    fn take(
        &mut self,
        d: &mut Decoder<'b>,
    ) -> Result<Option<(usize, &'b [u8], Option<&'b [u8]>)>, DisclosureError> {
        let hash = match d.kind()? {
            Kind::Bytes => <[u8; 32]>::try_from(d.bytes()?).ok(),
            _ => None,
        };
        let hash = hash.ok_or(DisclosureError::MalformedRedaction)?;
        self.seen.push(hash);
        let found = self.table.binary_search_by(|disclosure| disclosure.hash.cmp(&hash)).ok();
        let Some(found) = found.and_then(|at| self.table.get_mut(at)) else {
            self.withheld += 1;
            return Ok(None);
        };
        if core::mem::replace(&mut found.is_placed, true) {
            return Err(DisclosureError::RepeatedHash);
        }
        match (found.value, self.reader) {
            (Some(value), _) => Ok(Some((found.index, value, found.key))),
            (None, Reader::Holder) => Ok(None),
            (None, Reader::Verifier) => Err(DisclosureError::Decoy),
        }
    }

    /// Returns the deterministic encoding of a key.
    fn canonical(&self, raw: &'b [u8]) -> Result<Cow<'b, [u8]>, CborError> {
        match self.mode {
            Mode::Strict => Ok(Cow::Borrowed(raw)),
            Mode::Foreign => {
                let key = Value::decode(&mut Decoder::new(raw, Mode::Foreign))?;
                Ok(Cow::Owned(key.to_cbor()))
            }
        }
    }
}
