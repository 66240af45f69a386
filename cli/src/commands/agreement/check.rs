//! `carnet agreement check`: whether the rules in a file are right, and whether its cases come out as it says.

use crate::args::agreement::Check;
use crate::commands::Context;
use crate::commands::recognise::shipped;
use crate::error::{Answer, CliError};
use crate::files;
use crate::forms::{self, broken};

/// Checks a file. What is in it is told by its top-level table.
///
/// # Errors
/// Those of reading a form; `form-rule` if no table of rules is in it.
pub fn run(args: &Check, context: &mut Context) -> Result<Answer, CliError> {
    let built_in = || shipped::text(args.file.to_str()?);
    let text = match built_in().filter(|_| !args.file.exists()) {
        Some(text) => text.to_owned(),
        None => files::read_text(&args.file, forms::MAX_FORM_BYTES)?,
    };
    let table: toml::Table = forms::parse_toml(&args.file, &text)?;
    if table.contains_key("recognition") {
        return super::recognition::check(&args.file, &text, context);
    }
    if table.contains_key("levels") {
        return super::recognition::check_levels(&args.file, &text, context);
    }
    Err(broken(&args.file, "it has none of the tables [recognition] and [levels]"))
}
