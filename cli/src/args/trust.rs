//! Arguments of `trust`.

use super::PolicyFile;
use carnet_proto::verify::policy::TrustPurpose;
use clap::{Args, Subcommand, ValueEnum};

/// Subcommands of `trust`.
#[derive(Debug, Subcommand)]
pub enum Trust {
    /// Add an institution to start from. Its fingerprint is shown, to compare by another channel.
    Add(Add),
    /// List the institutions to start from, and the rules.
    List(List),
    /// Remove an institution.
    Remove(Remove),
}

/// What an institution is trusted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Purpose {
    /// Skills: qualifications, licences, experience.
    Skills,
    /// Contribution periods.
    Contributions,
}

impl From<Purpose> for TrustPurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Skills => Self::Skill,
            Purpose::Contributions => Self::Contribution,
        }
    }
}

/// Arguments of `trust add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet trust add did:carnet:abc --name \"Ministry of Labour\"
  carnet trust add did:carnet:abc --name Board --policy trust.toml --witness did:carnet:def --witness did:carnet:ghi --quorum 2
  carnet trust add did:carnet:abc --name \"Pension Insurance\" --for contributions")]
pub struct Add {
    /// Identifier of the institution.
    #[arg(value_name = "DID")]
    pub did: String,
    /// What you call it.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// What it is trusted for; may be repeated.
    #[arg(long = "for", value_name = "PURPOSE", default_value = "skills")]
    pub purposes: Vec<Purpose>,
    /// A witness whose cosignature counts; may be repeated [default: those the institution proposes].
    #[arg(long = "witness", value_name = "DID", requires = "quorum")]
    pub witnesses: Vec<String>,
    /// How many witnesses it takes.
    #[arg(long, value_name = "N", requires = "witnesses")]
    pub quorum: Option<u8>,
    /// Do not ask whether the fingerprint was compared.
    #[arg(long)]
    pub yes: bool,
    /// The file to add it to; made if there is none.
    #[command(flatten)]
    pub policy: PolicyFile,
}

/// Arguments of `trust list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet trust list
  carnet trust list --policy trust.toml --json")]
pub struct List {
    /// The file to read.
    #[command(flatten)]
    pub policy: PolicyFile,
}

/// Arguments of `trust remove`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet trust remove did:carnet:abc")]
pub struct Remove {
    /// Identifier of the institution.
    #[arg(value_name = "DID")]
    pub did: String,
    /// The file to remove it from.
    #[command(flatten)]
    pub policy: PolicyFile,
}
