//! Arguments of the single commands of an institution: `follow`, `accredit` and `withdraw`.

use super::Operate;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `follow`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet follow did:carnet:abc
  carnet follow did:carnet:abc --address /ip4/192.0.2.7/tcp/7879")]
pub struct Follow {
    /// Identifier of the institution whose log to replicate.
    #[arg(value_name = "DID")]
    pub did: String,
    /// Where a node that has it listens, as a multiaddress; may be repeated.
    #[arg(long = "address", value_name = "ADDR")]
    pub addresses: Vec<String>,
    /// The node that is to follow.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `accredit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet accredit --subject did:carnet:abc --name \"Institute of Welding\" --grant grant.toml
  carnet accredit --subject did:carnet:abc --name \"Board\" --grant grant.toml --may-accredit 1 --until 2030-12-31

The grants say what may be issued: occupations, fields, levels, countries.")]
pub struct Accredit {
    /// Identifier of the body that is accredited.
    #[arg(long, value_name = "DID")]
    pub subject: String,
    /// Name that reports will give it.
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// What it may issue, as TOML.
    #[arg(long, value_name = "FILE")]
    pub grant: PathBuf,
    /// How many further steps it may accredit others; 0 means it may only issue.
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    pub may_accredit: u8,
    /// First day it holds, UTC [default: today].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub from: Option<String>,
    /// Last day it holds, UTC [default: without end].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub until: Option<String>,
    /// The law or order it rests on.
    #[arg(long, value_name = "TEXT")]
    pub legal_basis: Option<String>,
    /// The body to appeal to.
    #[arg(long, value_name = "TEXT")]
    pub appeal: Option<String>,
    /// The node of the institution that accredits.
    #[command(flatten)]
    pub node: Operate,
}

/// Why an accreditation is withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reason {
    /// It ended as planned, or at the body's own wish.
    Ended,
    /// The body no longer meets the conditions.
    Conditions,
    /// The body closed.
    Closed,
    /// It was granted in error.
    Error,
    /// Fraud.
    Fraud,
}

/// Arguments of `withdraw`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet withdraw 3b9f0c --reason conditions
  carnet withdraw 3b9f0c --reason fraud --retroactive

`carnet log show DID` lists the digests of an institution's statements.")]
pub struct Withdraw {
    /// Digest of the accreditation, in full or as many digits as make it unique.
    #[arg(value_name = "DIGEST")]
    pub target: String,
    /// Why.
    #[arg(long, value_name = "REASON")]
    pub reason: Reason,
    /// First day without it, UTC [default: from now on].
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub effective: Option<String>,
    /// Put what was issued under it before in doubt too; only for fraud or error.
    #[arg(long)]
    pub retroactive: bool,
    /// The node of the institution that withdraws.
    #[command(flatten)]
    pub node: Operate,
}
