//! What an example is, how it is checked, and how it stands in the document.

use std::fmt::{Debug, Write as _};

use carnet_proto::cbor::{Decode, Encode, Mode, Value, check};
use carnet_proto::cose::Sign1;
use carnet_proto::id::sha256;
use data_encoding::HEXLOWER;

/// Larger ones stand in a file of their own.
const MAX_INLINE_BYTES: usize = 1536;
/// Bytes of a line.
const LINE_BYTES: usize = 48;

/// One object as bytes.
pub struct Example {
    /// The name of its rule, and a variant behind a slash if there are several.
    pub name: String,
    pub about: String,
    pub bytes: Vec<u8>,
    /// Objects within it: their rules and bytes.
    pub parts: Vec<(&'static str, Vec<u8>)>,
    notes: Vec<String>,
    /// Where the parts lie, in words.
    places: Vec<(usize, String)>,
}

impl Example {
    pub fn new(name: &str, about: &str, bytes: Vec<u8>) -> Self {
        // Strict, and the one encoding of what it says.
        check(&bytes, Mode::Strict).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(Value::from_cbor(&bytes).unwrap().to_cbor(), bytes, "{name}");
        let mut example = Self {
            name: name.into(),
            about: about.into(),
            bytes,
            parts: vec![],
            notes: vec![],
            places: vec![],
        };
        if let Ok(sign1) = Sign1::parse(&example.bytes, Mode::Strict) {
            let signed = sign1.to_be_signed();
            let hash = HEXLOWER.encode(&sha256(&signed));
            example.notes.push(format!("signed bytes: {}, SHA-256 {hash}", signed.len()));
        }
        example
    }

    /// An object whose signed bytes hold what is not in it.
    pub fn detached(name: &str, about: &str, bytes: Vec<u8>) -> Self {
        let mut example = Self::new(name, about, bytes);
        example.notes.clear();
        example
    }

    /// An object that is read again by its own decoder.
    pub fn of<T>(name: &str, about: &str, value: &T) -> Self
    where
        T: Encode + for<'b> Decode<'b> + PartialEq + Debug,
    {
        Self::new(name, about, reread(name, value))
    }

    pub fn rule(&self) -> &str {
        self.name.split('/').next().unwrap()
    }

    /// Says where an object lies in this one.
    pub fn holds<T>(self, rule: &'static str, value: &T) -> Self
    where
        T: Encode + for<'b> Decode<'b> + PartialEq + Debug,
    {
        let bytes = reread(rule, value);
        self.holds_bytes(rule, &bytes)
    }

    pub fn holds_bytes(mut self, rule: &'static str, part: &[u8]) -> Self {
        let found = self.bytes.windows(part.len()).position(|window| window == part);
        let at = found.unwrap_or_else(|| panic!("{} holds no such {rule}", self.name));
        self.places.push((at, format!("{at}..{} {rule}", at + part.len())));
        self.places.sort();
        self.parts.push((rule, part.into()));
        self
    }

    /// The header and the payload of a signed object.
    pub fn signed(self, header: &'static str, payload: &'static str) -> Self {
        let bytes = self.bytes.clone();
        let sign1 = Sign1::parse(&bytes, Mode::Strict).unwrap();
        self.holds_bytes(header, sign1.protected).holds_bytes(payload, sign1.payload.unwrap())
    }

    /// Adds a line of words.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// The file for a large one.
    pub fn file(&self) -> Option<String> {
        let is_large = self.bytes.len() > MAX_INLINE_BYTES;
        is_large.then(|| format!("{}.hex", self.name.replace('/', "-")))
    }

    pub fn hex(&self) -> String {
        let mut text = String::new();
        for line in self.bytes.chunks(LINE_BYTES) {
            writeln!(text, "{}", HEXLOWER.encode(line)).unwrap();
        }
        text
    }

    /// The lines in the document.
    pub fn text(&self) -> String {
        let mut text = format!("# {}", self.name);
        if !self.about.is_empty() {
            write!(text, ": {}", self.about).unwrap();
        }
        text.push('\n');
        self.notes.iter().for_each(|note| writeln!(text, "; {note}").unwrap());
        // Places share a line.
        let mut line = String::new();
        for (_, place) in &self.places {
            if !line.is_empty() && line.len() + place.len() > 94 {
                writeln!(text, "; {line}").unwrap();
                line.clear();
            }
            let comma = if line.is_empty() { "" } else { ", " };
            write!(line, "{comma}{place}").unwrap();
        }
        if !line.is_empty() {
            writeln!(text, "; {line}").unwrap();
        }
        match self.file() {
            Some(file) => {
                writeln!(text, "; {} bytes, in examples/{file}", self.bytes.len()).unwrap();
            }
            None => text += &self.hex(),
        }
        text
    }
}

fn reread<T>(name: &str, value: &T) -> Vec<u8>
where
    T: Encode + for<'b> Decode<'b> + PartialEq + Debug,
{
    let bytes = value.to_cbor();
    let read = T::from_cbor(&bytes).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(read, *value, "{name}");
    bytes
}
