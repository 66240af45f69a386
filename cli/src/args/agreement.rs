//! Arguments of `agreement`.

use super::{Operate, ReadFrom};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Subcommands of `agreement`.
#[derive(Debug, Subcommand)]
pub enum Agreement {
    /// Put the text of an agreement into the log.
    Propose(Propose),
    /// Sign an agreement for the party and in the role that it names for this institution.
    Ratify(Ratify),
    /// Leave an agreement, from a day on.
    Denounce(Denounce),
    /// Show an agreement and who has signed.
    Show(Show),
    /// Check the rules of an agreement, and answer the cases in it.
    Check(Check),
}

/// Arguments of `agreement propose`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet agreement propose --template > agreement.toml
  carnet agreement propose agreement.toml

The text names parties, bodies and grants, who must sign, and witnesses. Proposing does not ratify.")]
pub struct Propose {
    /// The text, as TOML.
    #[arg(value_name = "FILE", required_unless_present = "template")]
    pub text: Option<PathBuf>,
    /// Print a text to start from, and do nothing else.
    #[arg(long)]
    pub template: bool,
    /// The node of the institution that proposes.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `agreement ratify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet agreement ratify 3b9f0c

The agreement says for which party and in which role this institution signs. Read it first with
`carnet agreement show`.")]
pub struct Ratify {
    /// Digest of the agreement, in full or as many digits as make it unique.
    #[arg(value_name = "DIGEST")]
    pub agreement: String,
    /// The node of the institution that signs.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `agreement show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet agreement show 3b9f0c
  carnet agreement show 3b9f0c --json")]
pub struct Show {
    /// Digest of the agreement, in full or as many digits as make it unique.
    #[arg(value_name = "DIGEST")]
    pub agreement: String,
    /// The node to ask.
    #[command(flatten)]
    pub node: ReadFrom,
}

/// Arguments of `agreement denounce`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet agreement denounce 3b9f0c --from 2027-01-01

From that day on the agreement is no longer in force, if it needs this institution's signature. What was
earned before stays as the agreement says.")]
pub struct Denounce {
    /// Digest of the agreement, in full or as many digits as make it unique.
    #[arg(value_name = "DIGEST")]
    pub agreement: String,
    /// The first day on which it no longer holds [default: today].
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// The node of the institution that leaves.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `agreement check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet agreement check draft.toml
  carnet agreement check asean-nursing --json

Exit codes: 0 the file is right and every case comes out as it says, 1 a case does not, 3 the file cannot be
read.")]
pub struct Check {
    /// The file, as TOML, or the name of one that comes with the program.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}
