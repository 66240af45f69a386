//! `carnet agreement check`: whether the rules in a file are right, and whether its cases come out as it says.

use crate::agreements;
use crate::args::agreement::Check;
use crate::commands::Context;
use crate::commands::recognise::shipped;
use crate::commands::totalise;
use crate::error::{Answer, CliError};
use crate::files;
use crate::forms::{self, agreement, broken, mistaken, periods};
use std::path::Path;

/// Checks a file, or what comes with the program under a name. What is in a file is told by its top-level
/// table. It is read once, so that it may be a pipe.
///
/// # Errors
/// Those of reading a form; `form-mistakes` with every mistake, each with its line; `form-rule` if no
/// table of rules is in it.
pub fn run(args: &Check, context: &mut Context) -> Result<Answer, CliError> {
    let path = &args.file;
    let name = path.to_str().filter(|_| !path.exists());
    let text = match name.and_then(shipped::text) {
        Some(text) => text.to_owned(),
        None => match name.map(agreements::text).transpose()?.flatten() {
            Some(text) => text.to_owned(),
            None => files::read_text(path, forms::MAX_FORM_BYTES)?,
        },
    };
    let broken_syntax = forms::check::syntax(&text);
    if !broken_syntax.is_empty() {
        return Err(mistaken(path, broken_syntax));
    }
    let table: toml::Table = forms::parse_toml(path, &text)?;
    if table.contains_key("party") {
        return check_agreement(path, &text, &table, context);
    }
    if table.contains_key("recognition") {
        let mistakes = shipped::mistakes(&text);
        if !mistakes.is_empty() {
            return Err(mistaken(path, mistakes));
        }
        return super::recognition::check(path, &text, context);
    }
    if table.contains_key("levels") {
        return super::recognition::check_levels(path, &text, context);
    }
    let kind = table.get("kind").and_then(toml::Value::as_str);
    if kind == Some("periods") || table.contains_key("rule") {
        return check_periods(path, &text, context);
    }
    Err(broken(
        path,
        "it is no agreement, and holds no rules on periods, [recognition] or [levels]",
    ))
}

/// Checks the text of an agreement, with the rules that it holds or names.
fn check_agreement(
    path: &Path,
    text: &str,
    table: &toml::Table,
    context: &mut Context,
) -> Result<Answer, CliError> {
    if let Some(name) = table.get("periods").and_then(toml::Value::as_str)
        && agreements::by_id(name)?.is_none()
    {
        let beside = agreement::beside(path, name);
        let mistakes = periods::check::mistakes(&files::read_text(&beside, forms::MAX_FORM_BYTES)?);
        if !mistakes.is_empty() {
            return Err(mistaken(&beside, mistakes));
        }
    }
    let mistakes = agreement::mistakes(path, text);
    if !mistakes.is_empty() {
        return Err(mistaken(path, mistakes));
    }
    let agreement = agreement::parse(path, text)?;
    if agreement.recognition.is_some() {
        return super::recognition::check(path, text, context);
    }
    match agreement::names_periods(path, text)? {
        Some(named) => totalise::check(named, context),
        None => Err(broken(path, "it holds no rules on periods and no [recognition]")),
    }
}

fn check_periods(path: &Path, text: &str, context: &mut Context) -> Result<Answer, CliError> {
    let mistakes = periods::check::mistakes(text);
    if !mistakes.is_empty() {
        return Err(mistaken(path, mistakes));
    }
    let file = periods::parse(path, text)?;
    let rules = agreements::complete(path, &file)?;
    totalise::check((file, rules), context)
}
