//! Arguments of `issue` and `status`.

use super::Operate;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Subcommands of `issue`.
#[derive(Debug, Subcommand)]
pub enum Issue {
    /// Issue skill credentials: one file per person.
    Skill(Skill),
    /// Issue contribution attestations: one file per period.
    Contribution(Contribution),
}

/// Arguments of `issue skill`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet issue skill --toml certificate.toml --out issued
  carnet issue skill --csv class.csv --out issued --dry-run
  carnet issue skill --csv-template > class.csv
  carnet issue skill --columns

If a row is wrong, all wrong rows are listed with line and column, and nothing is issued.")]
pub struct Skill {
    /// What to issue, and where to.
    #[command(flatten)]
    pub issue: Issuing,
}

/// Arguments of `issue contribution`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet issue contribution --toml-template > period.toml
  carnet issue contribution --toml period.toml --out issued
  carnet issue contribution --csv periods.csv --out issued --dry-run
  carnet issue contribution --columns

A period is checked before it is signed: no more than it can hold, nothing in the future, a type that
fits the kind. If a row is wrong, all wrong rows are listed with line and column, and nothing is
issued.")]
pub struct Contribution {
    /// What to issue, and where to.
    #[command(flatten)]
    pub issue: Issuing,
}

/// What to issue, and where to.
#[derive(Debug, Args)]
pub struct Issuing {
    /// What to issue.
    #[command(flatten)]
    pub from: From,
    /// Directory for the credentials, one .carnet file each.
    #[arg(long, value_name = "DIR", required_unless_present_any = ["columns", "csv_template", "toml_template", "dry_run"])]
    pub out: Option<PathBuf>,
    /// Check everything and issue nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// The node of the institution that issues.
    #[command(flatten)]
    pub node: Operate,
}

/// One credential or many.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct From {
    /// List the columns of a table, and do nothing else.
    #[arg(long)]
    pub columns: bool,
    /// Print a table to start from, and do nothing else.
    #[arg(long)]
    pub csv_template: bool,
    /// Print a certificate as TOML to start from, and do nothing else.
    #[arg(long, visible_alias = "template")]
    pub toml_template: bool,
    /// One credential, as TOML.
    #[arg(long, value_name = "FILE")]
    pub toml: Option<PathBuf>,
    /// Many credentials, one per row; `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

/// Subcommands of `status`.
#[derive(Debug, Subcommand)]
pub enum Status {
    /// Set the status of one credential; it shows with the next publication.
    Set(Set),
    /// Publish all status lists now, rather than on schedule.
    Publish(Publish),
    /// Take published lists over as they are: after a restore, or as a successor.
    Adopt(Adopt),
}

/// The status of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// It counts.
    Valid,
    /// It does not count for now.
    Suspended,
    /// It does not count any more. This cannot be undone.
    Invalid,
}

/// Arguments of `status set`.
#[derive(Debug, Args)]
#[command(
    allow_missing_positional = true,
    after_help = "\
Examples:
  carnet status set class-7-ana suspended
  carnet status set class-7-ana invalid --publish
  carnet status set --list did:carnet:abc/status/1 --index 4711 invalid

What was taken over by `carnet status adopt` has no record here, and is named by list and index."
)]
pub struct Set {
    /// Key of the row that the credential was issued from, or its id.
    #[arg(value_name = "RECORD", required_unless_present = "list", conflicts_with = "list")]
    pub record: Option<String>,
    /// The new status.
    #[arg(value_name = "STATUS")]
    pub state: State,
    /// A list that was taken over, by its URI.
    #[arg(long, value_name = "URI", requires = "index")]
    pub list: Option<String>,
    /// The index in that list.
    #[arg(long, value_name = "N", requires = "list")]
    pub index: Option<u64>,
    /// Publish at once.
    #[arg(long)]
    pub publish: bool,
    /// The node of the institution that issued it.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `status publish`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet status publish")]
pub struct Publish {
    /// The node of the institution.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `status adopt`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet status adopt
  carnet status adopt --institution did:carnet:abc

Without an institution, the lists of the own log are taken over: after the register was lost, or put
back from a backup, and for nothing else. With one, those of an institution that has closed and
names this one as its successor. No index of these lists is given out any more.")]
pub struct Adopt {
    /// The institution that has closed.
    #[arg(long = "institution", value_name = "DID")]
    pub closed: Option<String>,
    /// The node of the institution that takes them over.
    #[command(flatten)]
    pub node: Operate,
}
