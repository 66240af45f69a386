//! `carnet agreement check`: whether the rules in a file are right, and whether its cases come out as it says.

use crate::agreements;
use crate::args::agreement::Check;
use crate::commands::Context;
use crate::commands::recognise::shipped;
use crate::commands::totalise;
use crate::error::{Answer, CliError};
use crate::files;
use crate::forms::{self, broken};

/// Checks a file, or what comes with the program under a name. What is in a file is told by its top-level
/// table.
///
/// # Errors
/// Those of reading a form; `form-rule` if no table of rules is in it.
pub fn run(args: &Check, context: &mut Context) -> Result<Answer, CliError> {
    let path = &args.file;
    let name = path.to_str().filter(|_| !path.exists());
    let text = match name.and_then(shipped::text) {
        Some(text) => text.to_owned(),
        None if name.is_some_and(is_name_of_periods) => return totalise::check(path, context),
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

fn is_name_of_periods(name: &str) -> bool {
    agreements::by_id(name).is_ok_and(|found| found.is_some())
}
