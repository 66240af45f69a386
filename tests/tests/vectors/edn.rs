//! Diagnostic notation as the SD-CWT draft writes it, encoded in the order in which it stands.

use std::iter::Peekable;
use std::str::Chars;

use carnet_proto::cbor::Encoder;

/// Encodes every item of a text, one after the other. Colons and commas separate like blanks, so that
/// the entries of a map without its braces are keys and values in turn.
pub fn items(text: &str) -> Vec<Vec<u8>> {
    let mut reader = Reader(text.chars().peekable());
    let items = reader.items(None);
    assert!(reader.0.next().is_none());
    items
}

struct Reader<'t>(Peekable<Chars<'t>>);

impl Reader<'_> {
    /// Skips blanks, separators, and comments: `/ ... /`, and `# ...` to the end of the line.
    fn skip(&mut self) {
        while let Some(c) = self.0.peek().copied() {
            match c {
                '/' => {
                    self.0.next();
                    while self.0.next().is_some_and(|c| c != '/') {}
                }
                '#' => while self.0.next().is_some_and(|c| c != '\n') {},
                c if c.is_whitespace() || c == ',' || c == ':' => {
                    self.0.next();
                }
                _ => break,
            }
        }
    }

    /// Reads items up to what closes them, or to the end.
    fn items(&mut self, close: Option<char>) -> Vec<Vec<u8>> {
        let mut items = Vec::new();
        loop {
            self.skip();
            if self.0.peek().copied() == close {
                self.0.next();
                return items;
            }
            items.push(self.item());
        }
    }

    fn item(&mut self) -> Vec<u8> {
        let mut e = Encoder::new();
        match self.0.next().unwrap() {
            '[' => {
                let items = self.items(Some(']'));
                e.array(items.len()).raw(&items.concat());
            }
            '{' => {
                let items = self.items(Some('}'));
                e.map(items.len() / 2).raw(&items.concat());
            }
            '"' => {
                e.text(&self.until('"'));
            }
            '\'' => {
                e.bytes(self.until('\'').as_bytes());
            }
            '<' => {
                assert_eq!(self.0.next(), Some('<'));
                let contents = self.items(Some('>')).concat();
                assert_eq!(self.0.next(), Some('>'));
                e.bytes(&contents);
            }
            first => self.word(first, &mut e),
        }
        e.into_bytes()
    }

    fn until(&mut self, quote: char) -> String {
        self.0.by_ref().take_while(|c| *c != quote).collect()
    }

    /// Reads a number, a tag, or a name.
    fn word(&mut self, first: char, e: &mut Encoder) {
        let mut word = String::from(first);
        while let Some(c) = self.0.next_if(|c| c.is_ascii_alphanumeric()) {
            word.push(c);
        }
        if word == "h" && self.0.next_if_eq(&'\'').is_some() {
            e.bytes(&crate::hex(&self.until('\'')));
            return;
        }
        if self.0.next_if_eq(&'(').is_some() {
            let inner = self.items(Some(')'));
            let [inner] = inner.as_slice() else { panic!("{word}( ) holds one item") };
            match word.as_str() {
                // The number in simple(59) is written as the second byte.
                "simple" => e.raw(&[&[0xf8], inner.last_chunk::<1>().unwrap().as_slice()].concat()),
                tag => e.tag(tag.parse().unwrap()).raw(inner),
            };
            return;
        }
        match word.as_str() {
            "true" => e.raw(b"\xf5"),
            number => e.int(number.parse().unwrap_or_else(|_| panic!("what is {number}?"))),
        };
    }
}
