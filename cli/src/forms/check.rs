//! Every mistake in a form, each with its line.
//!
//! Reading a form stops at the first mistake. Whoever writes one wants to see all of them: so every key is
//! looked at for itself, and the rules of the format where all keys are well.

use super::{FromText, broken_rule, place};
use crate::error::Mistake;
use carnet_proto::cbor::{Decode, Encode};
use serde::de::DeserializeOwned;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

/// A value with its place.
pub type Value<'t> = Spanned<DeValue<'t>>;

/// Looks at one value, and notes what is wrong.
pub type Look = fn(&Value<'_>, &mut Found<'_>);

/// A key, whether it must be there, and how its value is looked at.
pub type Key = (&'static str, bool, Look);

/// Returns what is wrong with the syntax of a file, if anything is.
pub fn syntax(text: &str) -> Vec<Mistake> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let mut found = Found::new(text);
    for error in errors {
        found.error(0..0, &error);
    }
    found.mistakes
}

/// Returns everything that is wrong with a file, whose syntax first; then `look` is at its table.
pub fn mistakes(text: &str, look: impl FnOnce(&DeTable<'_>, &mut Found<'_>)) -> Vec<Mistake> {
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return syntax(text);
    }
    let mut found = Found::new(text);
    look(&document.into_inner(), &mut found);
    found.mistakes.sort_by_key(|mistake| mistake.line);
    found.mistakes
}

/// Returns the elements of a list; none of anything else.
pub fn list<'v, 't>(value: Option<&'v Value<'t>>) -> &'v [Value<'t>] {
    value.and_then(|value| value.get_ref().as_array()).map_or(&[], |array| array)
}

/// Reads a text, if it is what it should be.
pub fn read<T: FromText>(value: &Value<'_>) -> Option<T> {
    T::from_text(value.get_ref().as_str()?).ok()
}

/// Reads a value.
///
/// # Errors
/// What is wrong with it.
pub fn deserialize<T: DeserializeOwned>(value: &Value<'_>) -> Result<T, Error> {
    T::deserialize(ValueDeserializer::from(value.clone()))
}

/// Looks at a value that is read as a whole.
pub fn one<T: DeserializeOwned>(value: &Value<'_>, found: &mut Found<'_>) {
    if let Err(error) = deserialize::<T>(value) {
        found.error(value.span(), &error);
    }
}

/// Looks at a list, element by element.
pub fn several<T: DeserializeOwned>(value: &Value<'_>, found: &mut Found<'_>) {
    match value.get_ref().as_array() {
        Some(values) => values.iter().for_each(|value| one::<T>(value, found)),
        None => one::<Vec<T>>(value, found),
    }
}

/// Looks at a version number.
pub fn version(value: &Value<'_>, found: &mut Found<'_>) {
    let version = super::version_one(ValueDeserializer::from(value.clone()));
    if let Err(error) = version {
        found.error(value.span(), &error);
    }
}

/// Leaves a value to whoever knows more of it.
pub fn apart(_: &Value<'_>, _: &mut Found<'_>) {}

/// What was found so far.
pub struct Found<'t> {
    pub(super) text: &'t str,
    pub(super) mistakes: Vec<Mistake>,
}

impl<'t> Found<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, mistakes: Vec::new() }
    }

    /// Returns the line of a byte, from 1.
    pub fn line(&self, at: usize) -> usize {
        place(self.text, at).0
    }

    /// Notes a mistake.
    pub fn at(&mut self, span: Range<usize>, reason: String) {
        let line = u64::try_from(self.line(span.start)).unwrap_or(u64::MAX);
        self.mistakes.push(Mistake::new(line, None, reason));
    }

    /// Notes an error of reading; `span` is where it is, if it does not say so itself.
    pub fn error(&mut self, span: Range<usize>, error: &Error) {
        self.at(error.span().unwrap_or(span), error.message().trim().to_owned());
    }

    /// Looks at every key of a table. Returns whether all of it is well.
    pub fn keys(&mut self, table: &DeTable<'_>, span: Range<usize>, keys: &[Key]) -> bool {
        let before = self.mistakes.len();
        for (name, value) in table {
            match keys.iter().find(|(key, ..)| key == name.get_ref()) {
                Some((_, _, look)) => look(value, self),
                None => self.at(name.span(), format!("there is no key {:?} here", name.get_ref())),
            }
        }
        for (name, _, _) in keys.iter().filter(|(_, must, _)| *must) {
            if !table.contains_key(*name) {
                self.at(span.clone(), format!("the key {name:?} is missing"));
            }
        }
        self.mistakes.len() == before
    }

    /// Looks at a table with these keys. Returns whether all of it is well.
    pub fn table(&mut self, value: &Value<'_>, keys: &[Key]) -> bool {
        match value.get_ref().as_table() {
            Some(table) => self.keys(table, value.span(), keys),
            None => {
                self.at(value.span(), "a table is needed here".to_owned());
                false
            }
        }
    }

    /// Looks at a list of tables.
    pub fn each(&mut self, value: &Value<'_>, look: Look) {
        match value.get_ref().as_array() {
            Some(values) => values.iter().for_each(|value| look(value, self)),
            None => self.at(value.span(), "a list of tables is needed here".to_owned()),
        }
    }

    /// Holds a part whose keys are well against the rules of the format.
    pub fn whole<F: DeserializeOwned, T: Encode + for<'a> Decode<'a>>(
        &mut self,
        value: &Value<'_>,
        convert: impl FnOnce(F) -> Result<T, String>,
    ) {
        let form = match deserialize::<F>(value) {
            Ok(form) => form,
            Err(error) => return self.error(value.span(), &error),
        };
        match convert(form) {
            Ok(part) => {
                if let Err(error) = T::from_cbor(&part.to_cbor()) {
                    self.at(value.span(), broken_rule(&error));
                }
            }
            Err(reason) => self.at(value.span(), reason),
        }
    }
}
