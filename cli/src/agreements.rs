//! The agreements on periods that come with the program, and files of the same shape.

use crate::error::CliError;
use crate::files;
use crate::forms::periods::{self, PeriodFile};
use crate::forms::{MAX_FORM_BYTES, broken};
use carnet_proto::totalisation::rules::{PeriodRule, PeriodRules, RuleId};
use std::path::Path;
use std::sync::OnceLock;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// Name and text of every file in `data/agreements`.
        const SHIPPED: &[(&str, &str)] = &[
            $((concat!($name, ".toml"), include_str!(concat!("../../data/agreements/", $name, ".toml"))),)*
        ];
    };
}
shipped![
    "au-in",
    "au-it",
    "ca-qc-it",
    "ch-ph",
    "de-ph",
    "eu-883",
    "eu-rules",
    "eu-uk",
    "gb-bb",
    "gcc",
    "general",
    "ibero",
    "jp-gb",
    "mercosur",
    "model",
    "national",
    "national-formulas",
    "none",
    "us",
    "us-ca",
    "us-de",
    "us-es",
    "us-fr",
    "us-gr",
    "us-is",
    "us-it",
    "us-jp",
    "us-kr",
    "us-nl",
    "us-pl",
    "us-pt",
];

/// Returns the text of the shipped file with this identifier, in capitals or not.
///
/// # Errors
/// As [`shipped()`].
pub fn text(id: &str) -> Result<Option<&'static str>, CliError> {
    let place = shipped()?.iter().position(|file| file.rules.id.as_str().eq_ignore_ascii_case(id));
    Ok(place.and_then(|place| SHIPPED.get(place)).map(|(_, text)| *text))
}

/// Returns every shipped file, read once.
///
/// # Errors
/// What is wrong with one; a test reads them all.
pub fn shipped() -> Result<&'static [PeriodFile], CliError> {
    static READ: OnceLock<Vec<PeriodFile>> = OnceLock::new();
    if let Some(read) = READ.get() {
        return Ok(read);
    }
    let read = SHIPPED.iter().map(|(name, text)| periods::parse(Path::new(name), text));
    let read = read.collect::<Result<Vec<_>, _>>()?;
    Ok(READ.get_or_init(|| read))
}

/// Returns the shipped file with this identifier, in capitals or not.
///
/// # Errors
/// As [`shipped()`].
pub fn by_id(id: &str) -> Result<Option<&'static PeriodFile>, CliError> {
    Ok(shipped()?.iter().find(|file| file.rules.id.as_str().eq_ignore_ascii_case(id)))
}

/// Returns the first shipped rule with this identifier.
///
/// # Errors
/// As [`shipped()`].
pub fn rule(id: &str) -> Result<Option<&'static PeriodRule>, CliError> {
    let rules = || shipped().map(|files| files.iter().flat_map(|file| &file.rules.rules));
    Ok(rules()?.find(|rule| rule.id.as_str() == id))
}

/// Tells whether a set of rules that agreements share goes by this identifier.
///
/// # Errors
/// As [`shipped()`].
pub fn is_set(id: RuleId) -> Result<bool, CliError> {
    Ok(by_id(id.as_str())?.is_some_and(|set| set.rules.parties.is_empty()))
}

/// Returns an agreement's rules with those of the sets that it includes, its own first.
///
/// # Errors
/// `form-rule`, if there is no such set or the rules together break a rule of rules.
pub fn complete(path: &Path, file: &PeriodFile) -> Result<PeriodRules, CliError> {
    let mut rules = file.rules.clone();
    let mut open: Vec<RuleId> = file.includes.clone();
    let mut done: Vec<RuleId> = Vec::new();
    while !open.is_empty() {
        let id = open.remove(0);
        if done.contains(&id) {
            continue;
        }
        let Some(set) = by_id(id.as_str())?.filter(|set| set.rules.parties.is_empty()) else {
            return Err(broken(path, format!("there is no set of rules {id}")));
        };
        for rule in &set.rules.rules {
            if rules.rule(rule.id).is_none() {
                rules.rules.push(rules.adopt(rule.clone()));
            }
        }
        open.extend(&set.includes);
        done.push(id);
    }
    periods::checked(&rules).map_err(|reason| broken(path, reason))
}

/// Returns the rules that a name stands for: those of a shipped agreement, else those of a file.
///
/// # Errors
/// As [`read`].
pub fn named(name: &str) -> Result<(PeriodFile, PeriodRules), CliError> {
    match by_id(name)? {
        Some(file) => Ok((file.clone(), complete(Path::new(name), file)?)),
        None => read(Path::new(name)),
    }
}

/// Reads a file of rules, with those of the sets that it includes.
///
/// # Errors
/// As [`periods::parse`] and [`complete`].
pub fn read(path: &Path) -> Result<(PeriodFile, PeriodRules), CliError> {
    let file = periods::parse(path, &files::read_text(path, MAX_FORM_BYTES)?)?;
    let rules = complete(path, &file)?;
    Ok((file, rules))
}

#[cfg(test)]
mod tests;
