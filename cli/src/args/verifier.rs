//! Arguments of the verifier's commands: `challenge` and `verify`.

use super::PolicyFile;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `challenge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet challenge --ask name_latin --ask assessment --out challenge.carnet
  carnet challenge --policy trust.toml --audience https://employer.example --out challenge.carnet

Its nonce is kept below ~/.carnet/challenges for `carnet verify`, and counts once.")]
pub struct Challenge {
    /// A claim to ask for; may be repeated.
    #[arg(long = "ask", value_name = "CLAIM")]
    pub ask: Vec<String>,
    /// Who is asking [default: the audience of the policy].
    #[arg(long, value_name = "URI")]
    pub audience: Option<String>,
    /// What it is wanted for, shown to the holder.
    #[arg(long, value_name = "TEXT")]
    pub purpose: Option<String>,
    /// Minutes for which an answer is accepted.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 15,
        value_parser = clap::value_parser!(u16).range(1..=1440)
    )]
    pub minutes: u16,
    /// File for the challenge, to hand to the holder.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The verifier's rules.
    #[command(flatten)]
    pub policy: PolicyFile,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet verify presentation.carnet --policy trust.toml
  carnet verify shown.carnet --challenge challenge.carnet --node http://127.0.0.1:7878
  carnet verify - --policy trust.toml --offline --json < presentation.carnet
  carnet verify applicants/anna.carnet applicants/ben.carnet --policy trust.toml

Without --node the evidence stapled to the presentation is all that is used.
Of several files each gets one line, in the order given; what cannot be read is named and the
others are still verified. Two answers to one challenge are not both accepted.
Exit codes: 0 valid, 1 invalid, 3 could not tell; of several files 1 if any is invalid, else 3 if
any could not be told or read.

The shape of --json, version 1:
  version, verdict (\"valid\", \"invalid\", \"undetermined\"), checked_at (Unix seconds),
  evidence_age (seconds, or null), credentials: [{
    verdict, id, issuer, calls_itself,
    checks: [{ id, outcome (\"pass\", \"fail\", \"undetermined\", \"not_checked\"),
               reason: { id, and the values that its text names }, statements: [digest] }],
    path: [{ kind (\"trust_anchor\", \"accreditation\", \"agreement\"), did, name, ... }] or null,
    proven_time (Unix seconds, or null), disclosed: { claims shown } or null,
    withheld: [claim], withheld_hashes, prepared }]
Of several files it is one such object a line, with file; of one that cannot be read, its line is
  version, file, error: { code, message, causes, hint }.
A later version adds to it and takes nothing away.")]
pub struct Verify {
    /// The presentations; `-` is stdin.
    #[arg(value_name = "FILE", required = true)]
    pub presentations: Vec<PathBuf>,
    /// The verifier's rules.
    #[command(flatten)]
    pub policy: PolicyFile,
    /// The challenge that it must answer [default: any of yours that is open].
    #[arg(long, value_name = "FILE")]
    pub challenge: Option<PathBuf>,
    /// A node of yours to take logs and status lists from, as wholes.
    #[arg(long, value_name = "URL")]
    pub node: Option<String>,
    /// Use the stapled evidence alone.
    #[arg(long, conflicts_with = "node")]
    pub offline: bool,
}
