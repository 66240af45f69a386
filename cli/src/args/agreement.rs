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
    /// Show an agreement and who has signed.
    Show(Show),
}

/// Arguments of `agreement propose`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet agreement propose agreement.toml

The text names parties, bodies and grants, who must sign, and witnesses.")]
pub struct Propose {
    /// The text, as TOML.
    #[arg(value_name = "FILE")]
    pub text: PathBuf,
    /// The node of the institution that proposes.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `agreement ratify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet agreement ratify 3b9f0c
  carnet agreement ratify 3b9f0c --party PH --role union")]
pub struct Ratify {
    /// Digest of the agreement, in full or as many digits as make it unique.
    #[arg(value_name = "DIGEST")]
    pub agreement: String,
    /// Party to sign for, where the agreement names this institution for several.
    #[arg(long, value_name = "PARTY")]
    pub party: Option<String>,
    /// Role to sign in, where the agreement names this institution for several.
    #[arg(long, value_name = "ROLE")]
    pub role: Option<String>,
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
