//! `carnet agreement check`: whether the rules in a file are right, and whether its cases come out as it says.

use crate::args::agreement::Check;
use crate::agreements;
use crate::commands::Context;
use crate::commands::recognise::shipped;
use crate::commands::totalise;
use crate::error::{Answer, CliError};
use crate::files;
use crate::forms::{self, broken};
use std::path::Path;

/// Checks a file, or what comes with the program under a name. What is in a file is told by its top-level
/// table.
///
/// # Errors
/// Those of reading a form; `form-rule` if no table of rules is in it.
pub fn run(args: &Check, context: &mut Context) -> Result<Answer, CliError> {
    let path = &args.file;
    let built_in = path.to_str().and_then(shipped::text);
    let text = match built_in {
        Some(text) => text.to_owned(),
        None if is_name_of_periods(path)? => return totalise::check(path, context),
        None => files::read_text(path, forms::MAX_FORM_BYTES)?,
    };
    let table: toml::Table = forms::parse_toml(path, &text)?;
    if table.contains_key("recognition") {
        return super::recognition::check(path, &text, context);
    }
    if table.contains_key("levels") {
        return super::recognition::check_levels(path, &text, context);
    }
    let kind = table.get("kind").and_then(toml::Value::as_str);
    if kind == Some("periods") || table.contains_key("periods") {
        return totalise::check(path, context);
    }
    Err(broken(path, "it has none of the tables [periods], [recognition] and [levels]"))
}

fn is_name_of_periods(path: &Path) -> Result<bool, CliError> {
    match path.to_str() {
        Some(name) => Ok(agreements::by_id(name)?.is_some()),
        None => Ok(false),
    }
}
