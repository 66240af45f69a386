//! A pull decoder over a slice.

use alloc::vec::Vec;

use ciborium_ll::Header;

use super::{CborError, CborErrorKind, Decode, Encoder, Key, Kind, MAX_DEPTH, MapKeys, Mode};

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

    pub(super) fn rest(&self) -> &'b [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    /// Reads a head and checks its form; `position` moves behind it.
    pub(super) fn header(&mut self) -> Result<Header, CborError> {
        let rest = self.rest();
        let Some(first) = rest.first() else { return Err(self.error(CborErrorKind::Truncated)) };
        if first >> 5 == 7 {
            return self.simple_header(rest);
        }
        // Integers, lengths and tags: nearly everything there is.
        let argument = |length: usize| {
            let bytes = rest.get(1..=length).ok_or_else(|| self.error(CborErrorKind::Truncated))?;
            Ok((bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)), 1 + length))
        };
        let (n, length) = match first & 0x1f {
            n @ 0..=23 => (u64::from(n), 1),
            24 => argument(1)?,
            25 => argument(2)?,
            26 => argument(4)?,
            27 => argument(8)?,
            31 if matches!(first >> 5, 2..=5) => {
                return Err(self.error(CborErrorKind::IndefiniteLength));
            }
            _ => return Err(self.error(CborErrorKind::Malformed)),
        };
        if self.mode == Mode::Strict && head_length(n) != length {
            return Err(self.error(CborErrorKind::NotShortest));
        }
        // What does not fit the memory is not in the input either.
        let count = || usize::try_from(n).map_err(|_| self.error(CborErrorKind::Truncated));
        let header = match first >> 5 {
            0 => Header::Positive(n),
            1 => Header::Negative(n),
            2 => Header::Bytes(Some(count()?)),
            3 => Header::Text(Some(count()?)),
            4 => Header::Array(Some(count()?)),
            5 => Header::Map(Some(count()?)),
            _ => Header::Tag(n),
        };
        self.position += length;
        Ok(header)
    }

    /// Reads the head of a simple value or float.
    fn simple_header(&mut self, rest: &[u8]) -> Result<Header, CborError> {
        let mut ll = ciborium_ll::Decoder::from(rest);
        let header = ll.pull().map_err(|e| match e {
            ciborium_ll::Error::Io(_) => self.error(CborErrorKind::Truncated),
            ciborium_ll::Error::Syntax(_) => self.error(CborErrorKind::Malformed),
        })?;
        let length = ll.offset();
        match header {
            Header::Break => return Err(self.error(CborErrorKind::IndefiniteLength)),
            Header::Simple(value) if length == 2 && value < 32 => {
                return Err(self.error(CborErrorKind::Malformed));
            }
            _ => {}
        }
        let is_shortest = || match header {
            // One value, one encoding: the payload of a NaN means nothing.
            Header::Float(f) if f.is_nan() => rest.starts_with(&[0xf9, 0x7e, 0x00]),
            other => {
                let mut shortest = Encoder::new();
                shortest.head(other);
                rest.get(..length) == Some(shortest.as_bytes())
            }
        };
        if self.mode == Mode::Strict && !is_shortest() {
            return Err(self.error(CborErrorKind::NotShortest));
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

    pub(super) fn take(&mut self, length: usize) -> Result<&'b [u8], CborError> {
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

    /// Ends what one of the `enter` functions began.
    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Begins an array and returns how many items follow.
    pub(crate) fn enter_array(&mut self) -> Result<usize, CborError> {
        let Header::Array(Some(length)) = self.expect(Kind::Array)? else {
            return Err(self.error(CborErrorKind::Malformed));
        };
        self.enter()?;
        Ok(length)
    }

    /// Begins a map and returns how many entries follow; [`MapKeys`] reads their keys.
    pub(crate) fn enter_map(&mut self) -> Result<usize, CborError> {
        let Header::Map(Some(length)) = self.expect(Kind::Map)? else {
            return Err(self.error(CborErrorKind::Malformed));
        };
        self.enter()?;
        Ok(length)
    }

    /// Begins a tag and returns its number; the content follows.
    pub(crate) fn enter_tag(&mut self) -> Result<u64, CborError> {
        let number = self.tag()?;
        self.enter()?;
        Ok(number)
    }

    /// Goes back to an offset that was read before.
    pub(super) fn rewind(&mut self, position: usize) {
        self.position = self.position.min(position);
    }

    /// Returns the input from an offset up to the next item.
    pub(crate) fn since(&self, start: usize) -> &'b [u8] {
        self.input.get(start..self.position).unwrap_or_default()
    }

    /// Returns the type of the next item without reading it. Whether its head is well-formed shows
    /// when it is read.
    ///
    /// # Errors
    /// If there is none.
    pub fn kind(&self) -> Result<Kind, CborError> {
        let Some(first) = self.input.get(self.position) else {
            return Err(self.error(CborErrorKind::Truncated));
        };
        Ok(match (first >> 5, first & 0x1f) {
            (0 | 1, _) => Kind::Int,
            (2, _) => Kind::Bytes,
            (3, _) => Kind::Text,
            (4, _) => Kind::Array,
            (5, _) => Kind::Map,
            (6, _) => Kind::Tag,
            (_, 20 | 21) => Kind::Bool,
            (_, 22) => Kind::Null,
            (_, 25..=27) => Kind::Float,
            _ => Kind::Simple,
        })
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
        let length = self.enter_array()?;
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
        let length = self.enter_map()?;
        let mut keys = MapKeys::default();
        for _ in 0..length {
            let start = self.position;
            let (_, key) = keys.next(self)?;
            read(self, key.ok_or(CborError::new(CborErrorKind::ForbiddenKey, start))?)?;
        }
        self.leave();
        Ok(())
    }

    /// Reads a map, handing out each key as the slice received, with its offset. Keys are scalars,
    /// tagged once at most.
    pub(crate) fn map_slices(
        &mut self,
        mut read: impl FnMut(&mut Self, &'b [u8], usize) -> Result<(), CborError>,
    ) -> Result<(), CborError> {
        let length = self.enter_map()?;
        let mut keys = MapKeys::default();
        for _ in 0..length {
            let start = self.position;
            let (key, _) = keys.next(self)?;
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
        match self.header()? {
            Header::Bytes(Some(length)) => self.take(length).map(|_| ())?,
            Header::Text(Some(length)) => {
                let text = core::str::from_utf8(self.take(length)?);
                text.map_err(|_| CborError::new(CborErrorKind::NotUtf8, start))?;
            }
            Header::Array(Some(length)) => {
                self.enter()?;
                for _ in 0..length {
                    self.skip()?;
                }
                self.leave();
            }
            Header::Map(Some(length)) => {
                self.enter()?;
                let mut keys = MapKeys::default();
                for _ in 0..length {
                    keys.next(self)?;
                    self.skip()?;
                }
                self.leave();
            }
            Header::Tag(_) => {
                // The rules for tags are applied where they are read.
                self.position = start;
                self.enter_tag()?;
                self.skip()?;
                self.leave();
            }
            _ => {}
        }
        Ok(self.since(start))
    }

    /// Reads a tag and its content, one level deeper.
    pub(super) fn tagged<T>(
        &mut self,
        read: impl FnOnce(&mut Self, u64) -> Result<T, CborError>,
    ) -> Result<T, CborError> {
        let number = self.enter_tag()?;
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
