//! A pull decoder over a slice.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use ciborium_ll::Header;

use super::{CborError, CborErrorKind, Decode, Encode, Encoder, MAX_DEPTH, Mode, Value};

/// Most items that room is reserved for before they have been read.
const RESERVE: usize = 64;

/// Reads items from a slice, one after the other.
#[derive(Clone, Debug)]
pub struct Decoder<'b> {
    input: &'b [u8],
    position: usize,
    mode: Mode,
    depth: u8,
}

/// The type of the next item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the major types of RFC 8949, section 3.1")]
pub enum Kind {
    Int,
    Bytes,
    Text,
    Array,
    Map,
    Tag,
    Bool,
    Null,
    Simple,
    Float,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Int => "an integer",
            Kind::Bytes => "a byte string",
            Kind::Text => "a text",
            Kind::Array => "an array",
            Kind::Map => "a map",
            Kind::Tag => "a tag",
            Kind::Bool => "a boolean",
            Kind::Null => "null",
            Kind::Simple => "a simple value",
            Kind::Float => "a floating-point number",
        }
    }

    fn of(header: &Header) -> Self {
        match header {
            Header::Positive(_) | Header::Negative(_) => Kind::Int,
            Header::Bytes(_) => Kind::Bytes,
            Header::Text(_) => Kind::Text,
            Header::Array(_) => Kind::Array,
            Header::Map(_) => Kind::Map,
            Header::Tag(_) => Kind::Tag,
            Header::Simple(20 | 21) => Kind::Bool,
            Header::Simple(22) => Kind::Null,
            Header::Simple(_) | Header::Break => Kind::Simple,
            Header::Float(_) => Kind::Float,
        }
    }
}

/// A map key of the kinds that COSE, CWT and SD-CWT use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'b> {
    /// An integer label.
    Int(i128),
    /// A text label.
    Text(&'b str),
    /// A simple value: SD-CWT's `simple(59)`.
    Simple(u8),
}

impl<'b> Decoder<'b> {
    /// Starts reading at the beginning of `input`.
    pub fn new(input: &'b [u8], mode: Mode) -> Self {
        Self { input, position: 0, mode, depth: 0 }
    }

    /// Returns the offset of the next item, in bytes.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Returns how strictly this decoder judges.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Returns whether all input was read.
    pub fn is_done(&self) -> bool {
        self.position >= self.input.len()
    }

    /// Checks that nothing follows.
    ///
    /// # Errors
    /// [`CborErrorKind::TrailingBytes`].
    pub fn finish(&self) -> Result<(), CborError> {
        if self.is_done() { Ok(()) } else { Err(self.error(CborErrorKind::TrailingBytes)) }
    }

    pub(crate) fn error(&self, kind: CborErrorKind) -> CborError {
        CborError::new(kind, self.position)
    }

    fn rest(&self) -> &'b [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    /// Reads a head and checks its form; `position` moves behind it.
    fn header(&mut self) -> Result<Header, CborError> {
        let rest = self.rest();
        let mut ll = ciborium_ll::Decoder::from(rest);
        let header = ll.pull().map_err(|e| match e {
            ciborium_ll::Error::Io(_) => self.error(CborErrorKind::Truncated),
            ciborium_ll::Error::Syntax(_) => self.error(CborErrorKind::Malformed),
        })?;
        let length = ll.offset();
        match header {
            Header::Bytes(None)
            | Header::Text(None)
            | Header::Array(None)
            | Header::Map(None)
            | Header::Break => return Err(self.error(CborErrorKind::IndefiniteLength)),
            Header::Simple(value) if length == 2 && value < 32 => {
                return Err(self.error(CborErrorKind::Malformed));
            }
            _ => {}
        }
        if self.mode == Mode::Strict {
            let mut shortest = Encoder::new();
            let same = match header {
                // One value, one encoding: the payload of a NaN means nothing.
                Header::Float(f) if f.is_nan() => rest.starts_with(&[0xf9, 0x7e, 0x00]),
                Header::Positive(n) | Header::Negative(n) | Header::Tag(n) => {
                    head_length(n) == length
                }
                Header::Bytes(Some(n))
                | Header::Text(Some(n))
                | Header::Array(Some(n))
                | Header::Map(Some(n)) => head_length(n as u64) == length,
                other => {
                    shortest.head(other);
                    rest.get(..length) == Some(shortest.as_bytes())
                }
            };
            if !same {
                return Err(self.error(CborErrorKind::NotShortest));
            }
        }
        self.position += length;
        Ok(header)
    }

    fn expect(&mut self, expected: Kind) -> Result<Header, CborError> {
        let start = self.position;
        let header = self.header()?;
        let found = Kind::of(&header);
        if found == expected {
            return Ok(header);
        }
        self.position = start;
        Err(self.error(CborErrorKind::WrongType { expected: expected.name(), found: found.name() }))
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], CborError> {
        let rest = self.rest();
        let slice = rest.get(..length).ok_or_else(|| self.error(CborErrorKind::Truncated))?;
        self.position += length;
        Ok(slice)
    }

    fn enter(&mut self) -> Result<(), CborError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(CborErrorKind::TooDeep));
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Returns the type of the next item without reading it.
    ///
    /// # Errors
    /// If the head is malformed or missing.
    pub fn kind(&self) -> Result<Kind, CborError> {
        Ok(Kind::of(&self.clone().header()?))
    }

    /// Reads an integer of up to 64 bits, either sign.
    ///
    /// # Errors
    /// If the next item is not one.
    pub fn int(&mut self) -> Result<i128, CborError> {
        Ok(match self.expect(Kind::Int)? {
            Header::Positive(n) => i128::from(n),
            Header::Negative(n) => !i128::from(n),
            _ => return Err(self.error(CborErrorKind::Malformed)),
        })
    }

    /// Reads an unsigned integer.
    ///
    /// # Errors
    /// If the next item is not one.
    pub fn uint(&mut self) -> Result<u64, CborError> {
        let start = self.position;
        u64::try_from(self.int()?).map_err(|_| CborError::new(CborErrorKind::OutOfRange, start))
    }

    /// Reads a byte string and returns its contents.
    ///
    /// # Errors
    /// If the next item is not one.
    pub fn bytes(&mut self) -> Result<&'b [u8], CborError> {
        match self.expect(Kind::Bytes)? {
            Header::Bytes(Some(length)) => self.take(length),
            _ => Err(self.error(CborErrorKind::Malformed)),
        }
    }

    /// Reads a byte string of exactly `N` bytes.
    ///
    /// # Errors
    /// [`CborErrorKind::WrongLength`] if it is shorter or longer.
    pub fn byte_array<const N: usize>(&mut self) -> Result<[u8; N], CborError> {
        let start = self.position;
        let bytes = self.bytes()?;
        bytes.try_into().map_err(|_| {
            CborError::new(CborErrorKind::WrongLength { found: bytes.len(), expected: N }, start)
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// If the next item is not one, or not UTF-8.
    pub fn text(&mut self) -> Result<&'b str, CborError> {
        let start = self.position;
        let Header::Text(Some(length)) = self.expect(Kind::Text)? else {
            return Err(self.error(CborErrorKind::Malformed));
        };
        core::str::from_utf8(self.take(length)?)
            .map_err(|_| CborError::new(CborErrorKind::NotUtf8, start))
    }

    /// Reads a boolean.
    ///
    /// # Errors
    /// If the next item is not one.
    pub fn bool(&mut self) -> Result<bool, CborError> {
        Ok(self.expect(Kind::Bool)? == Header::Simple(21))
    }

    /// Reads `null`.
    ///
    /// # Errors
    /// If the next item is another.
    pub fn null(&mut self) -> Result<(), CborError> {
        self.expect(Kind::Null).map(|_| ())
    }

    /// Reads a tag number; its content follows.
    ///
    /// # Errors
    /// If the next item is not a tag.
    pub fn tag(&mut self) -> Result<u64, CborError> {
        let start = self.position;
        let Header::Tag(number) = self.expect(Kind::Tag)? else {
            return Err(self.error(CborErrorKind::Malformed));
        };
        // A bignum that an integer could hold, or with leading zeros (RFC 8949, section 3.4.3).
        if self.mode == Mode::Strict
            && matches!(number, 2 | 3)
            && !matches!(self.clone().bytes()?, [1..=u8::MAX, _, _, _, _, _, _, _, _, ..])
        {
            return Err(CborError::new(CborErrorKind::NotShortest, start));
        }
        Ok(number)
    }

    /// Reads an array, handing its length to `read`, which must read that many items.
    ///
    /// # Errors
    /// What `read` returns; or if the next item is not an array or too deep.
    pub fn array<T>(
        &mut self,
        read: impl FnOnce(&mut Self, usize) -> Result<T, CborError>,
    ) -> Result<T, CborError> {
        let Header::Array(Some(length)) = self.expect(Kind::Array)? else {
            return Err(self.error(CborErrorKind::Malformed));
        };
        self.enter()?;
        let value = read(self, length)?;
        self.leave();
        Ok(value)
    }

    /// Reads an array of exactly `expected` items.
    ///
    /// # Errors
    /// [`CborErrorKind::WrongLength`]; or what `read` returns.
    pub fn tuple<T>(
        &mut self,
        expected: usize,
        read: impl FnOnce(&mut Self) -> Result<T, CborError>,
    ) -> Result<T, CborError> {
        let start = self.position;
        self.array(|d, found| {
            if found != expected {
                return Err(CborError::new(CborErrorKind::WrongLength { found, expected }, start));
            }
            read(d)
        })
    }

    /// Reads an array of at most `limit` items of one type.
    ///
    /// # Errors
    /// [`CborErrorKind::TooLarge`]; or what an item returns.
    pub fn list<T: Decode<'b>>(&mut self, limit: usize) -> Result<Vec<T>, CborError> {
        let start = self.position;
        self.array(|d, length| {
            if length > limit {
                return Err(CborError::new(
                    CborErrorKind::TooLarge { limit, unit: "items" },
                    start,
                ));
            }
            let mut items = Vec::with_capacity(length.min(RESERVE));
            for _ in 0..length {
                items.push(T::decode(d)?);
            }
            Ok(items)
        })
    }

    /// Reads a map; `read` is called once a key, and must read the value.
    ///
    /// # Errors
    /// If keys are repeated, unsorted (strict mode) or of another type than [`Key`].
    pub fn map(
        &mut self,
        mut read: impl FnMut(&mut Self, Key<'b>) -> Result<(), CborError>,
    ) -> Result<(), CborError> {
        self.map_slices(|d, slice, start| {
            let mut key = Decoder { position: 0, input: slice, mode: d.mode, depth: d.depth };
            let key = match key.header()? {
                Header::Positive(n) => Key::Int(i128::from(n)),
                Header::Negative(n) => Key::Int(!i128::from(n)),
                Header::Text(_) => Key::Text(
                    core::str::from_utf8(key.rest())
                        .map_err(|_| CborError::new(CborErrorKind::NotUtf8, start))?,
                ),
                Header::Simple(n) => Key::Simple(n),
                _ => return Err(CborError::new(CborErrorKind::ForbiddenKey, start)),
            };
            read(d, key)
        })
    }

    /// Reads a map, handing out each key as the slice received, with its offset. Keys are scalars,
    /// tagged once at most.
    pub(super) fn map_slices(
        &mut self,
        mut read: impl FnMut(&mut Self, &'b [u8], usize) -> Result<(), CborError>,
    ) -> Result<(), CborError> {
        let Header::Map(Some(length)) = self.expect(Kind::Map)? else {
            return Err(self.error(CborErrorKind::Malformed));
        };
        self.enter()?;
        let mut previous: Option<&[u8]> = None;
        let mut seen = BTreeSet::new();
        for _ in 0..length {
            let start = self.position;
            // A container inside a key would be read twice a level: time exponential in the depth.
            let mut ahead = self.clone();
            if ahead.kind()? == Kind::Tag {
                ahead.tag()?;
            }
            if matches!(ahead.kind()?, Kind::Array | Kind::Map | Kind::Tag) {
                return Err(CborError::new(CborErrorKind::ForbiddenKey, start));
            }
            let key = self.skip()?;
            match (self.mode, previous) {
                (Mode::Strict, Some(before)) if before == key => {
                    return Err(CborError::new(CborErrorKind::DuplicateKey, start));
                }
                (Mode::Strict, Some(before)) if before > key => {
                    return Err(CborError::new(CborErrorKind::UnsortedKeys, start));
                }
                (Mode::Foreign, _) => {
                    // Keys are compared by value: `01` and `18 01` are the same key.
                    let mut d =
                        Decoder { position: 0, input: key, mode: self.mode, depth: self.depth };
                    if !seen.insert(Value::decode(&mut d)?.to_cbor()) {
                        return Err(CborError::new(CborErrorKind::DuplicateKey, start));
                    }
                }
                _ => {}
            }
            previous = Some(key);
            read(self, key, start)?;
        }
        self.leave();
        Ok(())
    }

    /// Checks one item and returns it as the slice received.
    ///
    /// # Errors
    /// The first defect in it.
    pub fn skip(&mut self) -> Result<&'b [u8], CborError> {
        let start = self.position;
        match self.kind()? {
            Kind::Int => self.int().map(|_| ())?,
            Kind::Bytes => self.bytes().map(|_| ())?,
            Kind::Text => self.text().map(|_| ())?,
            Kind::Bool | Kind::Null | Kind::Simple | Kind::Float => self.header().map(|_| ())?,
            Kind::Tag => {
                self.tag()?;
                self.enter()?;
                self.skip()?;
                self.leave();
            }
            Kind::Array => self.array(|d, length| {
                for _ in 0..length {
                    d.skip()?;
                }
                Ok(())
            })?,
            Kind::Map => self.map_slices(|d, _, _| d.skip().map(|_| ()))?,
        }
        Ok(self.input.get(start..self.position).unwrap_or_default())
    }

    /// Reads a tag and its content, one level deeper.
    pub(super) fn tagged<T>(
        &mut self,
        read: impl FnOnce(&mut Self, u64) -> Result<T, CborError>,
    ) -> Result<T, CborError> {
        let number = self.tag()?;
        self.enter()?;
        let value = read(self, number)?;
        self.leave();
        Ok(value)
    }

    /// Reads a boolean, null, other simple value or float.
    pub(super) fn simple(&mut self) -> Result<Header, CborError> {
        self.header()
    }
}

fn head_length(n: u64) -> usize {
    match n {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}
