//! Arguments of `totalise`.

use clap::Args;
use std::path::PathBuf;

/// Arguments of `totalise`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet totalise --cases cases.json
  carnet totalise --cases cases.json --explain
  carnet totalise --cases cases.json --json

Computes every case of a file by the rules of the agreement that it names, and compares the answer with
the one that the file expects. Exit code 0 if all are alike, 1 if one is not.")]
pub struct Totalise {
    /// File of cases, as JSON: what is given and what is expected.
    #[arg(long, value_name = "FILE", required = true)]
    pub cases: Option<PathBuf>,
    /// Tell how each answer on a right came about: every step with its rule, what did not count and why,
    /// what to beware of, and what is missing.
    #[arg(long)]
    pub explain: bool,
}
