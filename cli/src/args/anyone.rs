//! Arguments of the commands for everybody: `demo`, `doctor`, `resolve` and `log`.

use super::{Operate, PolicyFile, ReadFrom};
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
    /// Save a statement with the institution's receipt that its log has it.
    Receipt(LogReceipt),
    /// Save a proof that a log has a statement, with the cosignatures of witnesses.
    Proof(LogProof),
    /// Fetch a whole log and check every signature, proof and rule here; or check a saved file.
    Verify(LogVerify),
    /// Proofs that a log shows two histories.
    #[command(subcommand)]
    Fork(LogFork),
}

/// Subcommands of `log fork`.
#[derive(Debug, Subcommand)]
pub enum LogFork {
    /// Save the proof that a node holds against a log, once it is checked here.
    Save(ForkSave),
    /// Print the two checkpoints of a proof, and what they show.
    Show(ForkShow),
    /// Check a proof: exit 0 if the log is proven to show two histories, 1 if the file proves nothing.
    Verify(ForkVerify),
    /// State a proof in the own log, where it stays and everybody who follows the log reads it.
    State(ForkState),
}

/// Arguments of `log fork state`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log fork state fork.carnet --dir /srv/carnet
  carnet log fork state fork.carnet --dir /srv/carnet --json")]
pub struct ForkState {
    /// The proof.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The node of the institution that says it.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `log fork save`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log fork save did:carnet:abc --out fork.carnet
  carnet log fork save did:carnet:abc --out fork.carnet --node https://node.example")]
pub struct ForkSave {
    /// Identifier of the institution whose log it is.
    #[arg(value_name = "DID")]
    pub did: String,
    /// File to write, which must not exist.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The node to ask.
    #[command(flatten)]
    pub node: ReadFrom,
}

/// Arguments of `log fork show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log fork show fork.carnet
  carnet log fork show fork.carnet --json

Asks nobody: everything that is needed is in the file.")]
pub struct ForkShow {
    /// The proof.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// Arguments of `log fork verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log fork verify fork.carnet
  carnet log fork verify fork.carnet --json

Asks nobody: everything that is needed is in the file, and nothing in it has to be trusted.")]
pub struct ForkVerify {
    /// The proof.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
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

/// Which statement to save, and where.
#[derive(Debug, Args)]
pub struct SaveStatement {
    /// Identifier of the institution whose log it is.
    #[arg(value_name = "DID")]
    pub did: String,
    /// The statement: its leaf, or 12 or more of the first digits of its digest.
    #[arg(value_name = "STATEMENT")]
    pub statement: String,
    /// File to write, which must not exist.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The node to ask.
    #[command(flatten)]
    pub node: ReadFrom,
}

/// Arguments of `log receipt`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log receipt did:carnet:abc 7 --out accreditation.cose
  carnet log receipt did:carnet:abc 0 --out inception.cose --node https://node.example

Only the institution's own node makes receipts. The file is a transparent statement (RFC 9943).

Statements about institutions only: who asks for one issuance would tell the node which batch of
credentials matters to them. Of issuances, wallets and verifiers fetch whole logs.")]
pub struct LogReceipt {
    /// What to save.
    #[command(flatten)]
    pub save: SaveStatement,
}

/// Arguments of `log proof`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log proof did:carnet:abc 7 --out accreditation.tlog-proof
  carnet log proof did:carnet:abc 9c49e14c074c --out accreditation.tlog-proof

Every node that holds the log has proofs. The file is a c2sp.org/tlog-proof with the statement in it.

Statements about institutions only: who asks for one issuance would tell the node which batch of
credentials matters to them. Of issuances, wallets and verifiers fetch whole logs.")]
pub struct LogProof {
    /// What to save.
    #[command(flatten)]
    pub save: SaveStatement,
}

/// Arguments of `log verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet log verify did:carnet:abc
  carnet log verify did:carnet:abc --node https://node.example
  carnet log verify did:carnet:abc --receipt accreditation.cose
  carnet log verify did:carnet:abc --proof accreditation.tlog-proof --inception inception.cose")]
pub struct LogVerify {
    /// Identifier of the institution whose log it is.
    #[arg(value_name = "DID")]
    pub did: String,
    /// Check this file of `log receipt`: is its statement in the log?
    #[arg(long, value_name = "FILE", group = "saved")]
    pub receipt: Option<PathBuf>,
    /// Check this file of `log proof`: is its statement in the log?
    #[arg(long, value_name = "FILE", group = "saved")]
    pub proof: Option<PathBuf>,
    /// Ask no node: take the institution's keys from leaf 0 of its log, a file of `log receipt` or
    /// `log proof`. Those are the first keys, which may have been replaced or stolen since.
    #[arg(long, value_name = "FILE", requires = "saved")]
    pub inception: Option<PathBuf>,
    /// The node to fetch from.
    #[command(flatten)]
    pub node: ReadFrom,
}
