//! Arguments of the commands for everybody: `demo`, `doctor`, `resolve` and `log`.

use super::{PolicyFile, ReadFrom};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet demo
  carnet demo --json --dir demo-files

Everything is fictitious, runs on this machine alone and needs no network.")]
pub struct Demo {
    /// Keep every file that is made in this directory, which must not exist or be empty.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet doctor
  carnet doctor --node http://127.0.0.1:7878 --policy trust.toml")]
pub struct Doctor {
    /// The node to look at.
    #[command(flatten)]
    pub node: ReadFrom,
    /// The verifier's rules to look at.
    #[command(flatten)]
    pub policy: PolicyFile,
    /// Wallet to look for [default: ~/.carnet/wallet.age].
    #[arg(long, value_name = "FILE")]
    pub wallet: Option<PathBuf>,
}

/// Arguments of `resolve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet resolve did:carnet:abc
  carnet resolve did:carnet:abc --node https://node.example --json")]
pub struct Resolve {
    /// Identifier of the institution.
    #[arg(value_name = "DID")]
    pub did: String,
    /// The node to ask.
    #[command(flatten)]
    pub node: ReadFrom,
}

/// Subcommands of `log`.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// List the statements of a log, newest last.
    Show(LogShow),
    /// Fetch a whole log and check every signature, proof and rule here.
    Verify(LogVerify),
}

/// Arguments of `log show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log show did:carnet:abc
  carnet log show did:carnet:abc --from 100 --count 20")]
pub struct LogShow {
    /// Identifier of the institution whose log it is.
    #[arg(value_name = "DID")]
    pub did: String,
    /// First leaf to show, counted from 0.
    #[arg(long, value_name = "LEAF", default_value_t = 0)]
    pub from: u64,
    /// Most leaves to show.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub count: u64,
    /// The node to ask.
    #[command(flatten)]
    pub node: ReadFrom,
}

/// Arguments of `log verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log verify did:carnet:abc
  carnet log verify did:carnet:abc --node https://node.example")]
pub struct LogVerify {
    /// Identifier of the institution whose log it is.
    #[arg(value_name = "DID")]
    pub did: String,
    /// The node to fetch from.
    #[command(flatten)]
    pub node: ReadFrom,
}
