//! Arguments of the single commands of an institution: `follow`, `accredit`, `withdraw` and `succeed`.

use super::Operate;
use super::one_of;
use carnet_proto::statement::accreditation::WithdrawalReason;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `follow`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet follow did:carnet:abc
  carnet follow did:carnet:abc --address /ip4/192.0.2.7/tcp/7879 --wait
  carnet follow did:carnet:abc --stop")]
pub struct Follow {
    /// Identifier of the institution whose log to replicate.
    #[arg(value_name = "DID")]
    pub did: String,
    /// Where a node that has it listens, as a multiaddress; may be repeated.
    #[arg(long = "address", value_name = "ADDR")]
    pub addresses: Vec<String>,
    /// Follow it no longer; what is held of its log stays.
    #[arg(long, conflicts_with = "addresses")]
    pub stop: bool,
    /// Wait until the node holds the log as far as its peers do.
    #[arg(long, conflicts_with = "stop")]
    pub wait: bool,
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

The grants say what may be issued: occupations, fields, levels, countries. `carnet accredit --template`
prints a file to start from.")]
pub struct Accredit {
    /// Identifier of the body that is accredited.
    #[arg(long, value_name = "DID", required_unless_present = "template")]
    pub subject: Option<String>,
    /// Name that reports will give it.
    #[arg(long, value_name = "NAME", required_unless_present = "template")]
    pub name: Option<String>,
    /// What it may issue, as TOML.
    #[arg(long, value_name = "FILE", required_unless_present = "template")]
    pub grant: Option<PathBuf>,
    /// Print a file of grants to start from, and do nothing else.
    #[arg(long)]
    pub template: bool,
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

/// Arguments of `withdraw`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet withdraw 3b9f0c --reason not-compliant
  carnet withdraw 3b9f0c --reason fraud --retroactive

`carnet log show DID` lists the digests of an institution's statements.")]
pub struct Withdraw {
    /// Digest of the accreditation, in full or as many digits as make it unique.
    #[arg(value_name = "DIGEST")]
    pub target: String,
    /// Why.
    #[arg(long, value_name = "REASON", value_parser = one_of(WithdrawalReason::ALL, WithdrawalReason::name))]
    pub reason: WithdrawalReason,
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

/// Arguments of `succeed`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet succeed --closed 2026-06-30 --successor did:carnet:abc
  carnet succeed --closed 2026-06-30 --institution did:carnet:def --successor did:carnet:abc --yes

What was issued before stays verifiable: the last status lists count on, or the successor continues
them with `carnet status adopt`. An institution that has closed itself can state nothing any more.")]
pub struct Succeed {
    /// The day it closed, UTC: today or before. What is stated counts at once, and cannot be taken back.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub closed: String,
    /// Identifier of the institution that continues its status lists [default: none].
    #[arg(long, value_name = "DID")]
    pub successor: Option<String>,
    /// Identifier of the institution that closes, if another says it that has accredited it [default:
    /// the own one].
    #[arg(long = "institution", value_name = "DID")]
    pub closing: Option<String>,
    /// Do not ask again.
    #[arg(long)]
    pub yes: bool,
    /// The node of the institution that states it.
    #[command(flatten)]
    pub node: Operate,
}
