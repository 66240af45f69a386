//! Text that people will read: bounded, in one form, and unable to disguise itself.

use alloc::string::String;
use core::fmt;

use unicode_normalization::UnicodeNormalization as _;

use crate::cbor::{CborError, CborErrorKind, Decode, Decoder, Encode, Encoder, record};

/// Most bytes of a line.
pub const MAX_LINE_BYTES: usize = 256;
/// Most languages in which a name is given.
pub const MAX_NAMES: usize = 16;

/// One line of text: 1 to [`MAX_LINE_BYTES`] bytes of UTF-8 in NFC, without control characters and
/// without the marks that reverse the direction of writing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line(String);

/// Why a text is not a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// Nothing but spaces.
    #[error("the text is empty")]
    Empty,
    /// More than [`MAX_LINE_BYTES`].
    #[error("the text has more than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// A control character, a line break or a mark that changes the direction of writing.
    #[error("the text has a control character")]
    Control,
}

impl Line {
    /// Reads a text, bringing it into NFC and removing spaces around it.
    ///
    /// # Errors
    /// [`LineError`].
    pub fn parse(text: &str) -> Result<Self, LineError> {
        if text.len() > 4 * MAX_LINE_BYTES {
            return Err(LineError::TooLong);
        }
        // ASCII is in every normal form.
        // What is hidden is refused at the edges too, not taken away.
        let inner = text.trim_matches(|c: char| c.is_whitespace() && !is_hidden(c));
        let line: String = match inner {
            ascii if ascii.is_ascii() => ascii.into(),
            other => other.nfc().collect(),
        };
        if line.is_empty() {
            return Err(LineError::Empty);
        }
        if line.len() > MAX_LINE_BYTES {
            return Err(LineError::TooLong);
        }
        if line.chars().any(is_hidden) {
            return Err(LineError::Control);
        }
        Ok(Self(line))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, line and paragraph separators, and the bidirectional overrides.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Encode for Line {
    fn encode(&self, e: &mut Encoder) {
        e.text(&self.0);
    }
}

impl<'b> Decode<'b> for Line {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        let text = d.text()?;
        let error = |what| CborError::new(CborErrorKind::Invalid(what), start);
        let line = Self::parse(text).map_err(|e| {
            error(match e {
                LineError::Empty => "a text is empty",
                LineError::TooLong => "a text is longer than 256 bytes",
                LineError::Control => "a text has a control character",
            })
        })?;
        if line.0 == text { Ok(line) } else { Err(error("a text is not in NFC")) }
    }
}

impl serde::Serialize for Line {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

/// A language tag of BCP 47 in the shapes that occur: letters, digits and hyphens, 2 to 35 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Language(String);

impl Language {
    /// Reads a tag.
    pub fn parse(tag: &str) -> Option<Self> {
        let first = tag.split('-').next()?;
        let parts = tag.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        let language =
            (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase());
        (parts && language && tag.len() <= 35).then(|| Self(tag.into()))
    }

    /// Returns the tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Encode for Language {
    fn encode(&self, e: &mut Encoder) {
        e.text(&self.0);
    }
}

impl<'b> Decode<'b> for Language {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        let start = d.position();
        Self::parse(d.text()?)
            .ok_or(CborError::new(CborErrorKind::Invalid("not a language tag"), start))
    }
}

impl serde::Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}

record! {
    /// A text in a language.
    #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
    pub struct Name {
        /// Its language.
        language [1]: Language,
        /// The text.
        text [2]: Line,
    }
}

/// Chooses among names: the wanted language, else English, else the first.
pub fn choose<'n>(names: &'n [Name], language: &str) -> Option<&'n Line> {
    let find = |tag: &str| names.iter().find(|name| name.language.as_str() == tag);
    find(language).or_else(|| find("en")).or(names.first()).map(|name| &name.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_normalised_once_and_cannot_hide_anything() {
        assert_eq!(Line::parse(" Jose\u{301} ").unwrap().as_str(), "Jos\u{e9}");
        assert_eq!(Line::parse("a\u{202e}b"), Err(LineError::Control));
        assert_eq!(Line::parse("a\nb"), Err(LineError::Control));
        for edge in ["a\n", "\ta", "a\u{b}", "\u{2028}a", "a\u{85}"] {
            assert_eq!(Line::parse(edge), Err(LineError::Control), "{edge:?}");
        }
        assert_eq!(Line::parse("  "), Err(LineError::Empty));
        assert!(Line::parse("மாலதி").is_ok());
        let mut e = Encoder::new();
        e.text("Jose\u{301}");
        assert!(Line::from_cbor(e.as_bytes()).is_err());
    }
}
