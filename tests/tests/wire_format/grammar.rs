//! The CDDL of the document as one grammar, and whether bytes are of one of its rules.
//!
//! `cddl-cat` knows neither tags nor simple values. Both grammar and data are given to it in a form
//! without: tag n over x is the array `["tag", n, x]`, simple(n) the text `simple(n)`.

use std::collections::{BTreeMap, BTreeSet};

use carnet_proto::cbor::{Decode as _, Encode as _, Value};
use cddl_cat::validate_cbor_bytes;

/// What RFC 8610 defines, as far as it is used.
const PRELUDE: [&str; 7] = ["any", "uint", "int", "bstr", "tstr", "bool", "nil"];

pub struct Grammar {
    text: String,
    /// Each rule's definition by its name, without comments; generic parameters go with the name.
    rules: BTreeMap<String, String>,
}

impl Grammar {
    /// Collects the blocks of a document.
    pub fn of(document: &str) -> Self {
        let mut text = String::new();
        for block in document.split("```cddl\n").skip(1) {
            for line in block.split("```").next().unwrap().lines() {
                text += line.split(';').next().unwrap().trim_end();
                text.push('\n');
            }
        }
        let mut rules = BTreeMap::new();
        let mut current = None;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            // A rule begins at the margin; what continues it is indented or closes a bracket.
            if line.starts_with(|c: char| c.is_alphabetic()) {
                let (name, definition) = line.split_once(" =").unwrap_or_else(|| panic!("{line}"));
                let known = rules.insert(name.to_owned(), definition.trim_start().to_owned());
                assert!(known.is_none(), "{name} is defined twice");
                current = Some(name.to_owned());
            } else {
                let rule = rules.get_mut(current.as_ref().expect("a rule")).unwrap();
                rule.push('\n');
                *rule += line;
            }
        }
        Self { text: untagged(&text), rules }
    }

    /// The names of all rules but generic ones.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.keys().map(String::as_str).filter(|name| !name.contains('<'))
    }

    pub fn definition(&self, name: &str) -> &str {
        &self.rules[name]
    }

    /// The names that are used and not defined.
    pub fn undefined(&self) -> BTreeSet<String> {
        let bare = |name: &str| name.split('<').next().unwrap().to_owned();
        let defined: BTreeSet<_> = self.rules.keys().map(|name| bare(name)).collect();
        let mut undefined = BTreeSet::new();
        for (name, definition) in &self.rules {
            let parameters: Vec<_> = words(name).into_iter().skip(1).collect();
            for word in words(definition) {
                let known = PRELUDE.contains(&word.as_str())
                    || defined.contains(&word)
                    || parameters.contains(&word);
                if !known {
                    undefined.insert(word);
                }
            }
        }
        undefined
    }

    /// Checks that an encoded object is what a rule says.
    pub fn check(&self, rule: &str, bytes: &[u8]) -> Result<(), String> {
        let value = Value::from_cbor(bytes).map_err(|e| e.to_string())?;
        validate_cbor_bytes(rule, &self.text, &plain(value).to_cbor()).map_err(|e| e.to_string())
    }
}

/// The names of types in a definition: no literals, no labels, no control operators.
fn words(definition: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (index, part) in definition.split('"').enumerate() {
        if index % 2 == 1 {
            continue;
        }
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '#');
        let mut rest = part;
        while let Some(at) = rest.find(is_name) {
            let tail = &rest[at..];
            let end = tail.find(|c| !is_name(c)).unwrap_or(tail.len());
            let (word, after) = tail.split_at(end);
            let is_label = after.starts_with(':') || after.starts_with(" =>");
            if word.starts_with(|c: char| c.is_alphabetic()) && !is_label {
                out.push(word.to_owned());
            }
            rest = after;
        }
    }
    out
}

/// Writes `#6.n(x)` as `["tag", n, x]` and `#7.n` as a text.
fn untagged(text: &str) -> String {
    let mut out = text.to_owned();
    while let Some(at) = out.find("#6.") {
        let open = at + out[at..].find('(').unwrap();
        let mut depth = 0;
        let close = out[open..].char_indices().find_map(|(i, c)| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            (depth == 0).then_some(open + i)
        });
        let close = close.expect("a closing bracket");
        let (number, inner) = (&out[at + 3..open], &out[open + 1..close]);
        out = format!("{}[\"tag\", {number}, {inner}]{}", &out[..at], &out[close + 1..]);
    }
    while let Some(at) = out.find("#7.") {
        let tail = &out[at + 3..];
        let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        out = format!("{}\"simple({})\"{}", &out[..at], &tail[..end], &tail[end..]);
    }
    out
}

/// The same for data, down into byte strings that hold an object.
fn plain(value: Value) -> Value {
    let all = |items: Vec<Value>| items.into_iter().map(plain).collect();
    match value {
        Value::Tag(number, content) => {
            Value::Array(vec!["tag".into(), number.into(), plain(*content)])
        }
        Value::Simple(number) => Value::Text(format!("simple({number})")),
        Value::Array(items) => Value::Array(all(items)),
        Value::Map(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| (plain(key), plain(value))).collect())
        }
        Value::Bytes(bytes) => match Value::from_cbor(&bytes) {
            Ok(inner) => Value::Bytes(plain(inner).to_cbor()),
            Err(_) => Value::Bytes(bytes),
        },
        other => other,
    }
}
