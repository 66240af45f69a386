//! Arguments of the verifier's commands: `challenge`, `verify` and `recognise`.

use super::{PolicyFile, one_of};
use carnet_proto::classification::{Country, Occupation};
use carnet_proto::recognition::MobilityPurpose;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `challenge`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet challenge --ask name_latin --ask assessment --out challenge.carnet
  carnet challenge --policy trust.toml --audience https://employer.example --out challenge.carnet

Its nonce is kept below ~/.carnet/challenges for `carnet verify`, and counts once, until --minutes are over.
What can be asked for is what `carnet wallet show` lists as shown by choice; of a list also one part, such as
years.1. Whether it is shown stays the holder's choice.")]
pub struct Challenge {
    /// A claim to ask for, such as name_latin; may be repeated.
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

/// What presentations are judged by.
#[derive(Debug, Args)]
pub struct Demands {
    /// The verifier's rules.
    #[command(flatten)]
    pub policy: PolicyFile,
    /// The challenge that a presentation must answer [default: any of yours that is open].
    #[arg(long, value_name = "FILE")]
    pub challenge: Option<PathBuf>,
    /// A node of yours to take logs and status lists from, as wholes.
    #[arg(long, value_name = "URL")]
    pub node: Option<String>,
    /// Use the stapled evidence alone.
    #[arg(long, conflicts_with = "node")]
    pub offline: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet verify presentation.carnet --policy trust.toml
  carnet verify shown.carnet --challenge challenge.carnet --node http://127.0.0.1:7878
  carnet verify - --policy trust.toml --offline --json < presentation.carnet
  carnet verify presentation.carnet --policy trust.toml --destination DE --occupation 7212
  carnet verify applicants/anna.carnet applicants/ben.carnet --policy trust.toml

With --destination and --occupation it says beside the verdict what agreements in force make of a valid
presentation there; `carnet recognise` says why, step by step. The verdict and the exit code stay the same.

Without --node the evidence stapled to the presentation is all that is used.
Of several files each gets one line, in the order given; what cannot be read is named and the
others are still verified. Two answers to one challenge are not both accepted; where answers are, a file
that is named twice is refused before anything is verified.
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
With --destination and --occupation also recognition: as of `carnet recognise`, or null if it is not valid.
Of several files it is one such object a line, with file; of one that cannot be read, its line is
  version, file, error: { code, message, causes, hint }.
A later version adds to it and takes nothing away.")]
pub struct Verify {
    /// The presentations; `-` is stdin.
    #[arg(value_name = "FILE", required = true)]
    pub presentations: Vec<PathBuf>,
    /// What they are judged by.
    #[command(flatten)]
    pub demands: Demands,
    /// Country where the holder wants to work: say also what agreements make of it there.
    #[arg(long, value_name = "COUNTRY", requires = "occupation", value_parser = |text: &str| Country::parse(text))]
    pub destination: Option<Country>,
    /// Occupation there, ISCO-08.
    #[arg(long, value_name = "ISCO", requires = "destination", value_parser = |text: &str| Occupation::parse(text))]
    pub occupation: Option<Occupation>,
}

/// Arguments of `recognise`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet recognise presentation.carnet --destination DE --occupation 7212 --policy trust.toml
  carnet recognise presentation.carnet --destination SG --occupation 2221 --agreement asean-nursing
  carnet recognise presentation.carnet --agreement skills-partnership --html sheet.html
  carnet recognise licence.carnet work.carnet --occupation 2221 --agreement draft.toml --json

Presentations are verified first, as by `carnet verify`; what is not valid is refused, and said so. What
comes of it never changes that verdict. Several presentations count together if they are shown to be of
one person. Without --destination and --occupation it lists what the attestations open abroad; with one of
them, as far as that goes.

Without --agreement those agreements count that a trust anchor has signed, in the logs of --node, and those
by which the presentation was found valid. An agreement may be named as a file, by its digest in the logs of
--node, or by id; built in are, as models that bind nobody: asean-nursing, asean-tourism, general-system,
skills-partnership.

Exit codes: 0 it is recognised, if under conditions, after compensation or in part; 1 it is not; 2 the
question is wrong, such as an agreement that does not bind the destination: then nothing is verified and the
challenge stays open; 3 could not tell: nothing shown is valid, it is not shown to be of one person, or an
agreement could not be read.

The shape of --json, version 1:
  version, presentations: [{ file, verdict, used }],
  recognition: { version, outcome, destination, occupation, today, steps, routes } or null,
  opens: [route] or null, levels: [{ from, to, relation or null, source or null }].
  outcome is one of automatic, recognised_with_conditions, compensation_required, partial, refused,
  not_in_scope, no_agreement. A route has outcome, agreement, version, titles, digest, is_binding,
  signatures, home, host, occupation, attestation (its place among those shown, from 0), host_title,
  steps: [{ status (\"met\", \"not_met\", \"not_shown\", \"note\"), reason, citation }], conditions,
  units_missing, compensation, missing: [{ evidence, conditions, one_of, issuers }], procedure.
  A condition has not_counted: what speaks of it and is no evidence that the agreement accepts.
A later version adds to it and takes nothing away.")]
pub struct Recognise {
    /// The presentations.
    #[arg(value_name = "PRESENTATION", required = true)]
    pub presentations: Vec<PathBuf>,
    /// Country where the holder wants to work.
    #[arg(long, value_name = "COUNTRY", value_parser = |text: &str| Country::parse(text))]
    pub destination: Option<Country>,
    /// Occupation there, ISCO-08.
    #[arg(long, value_name = "ISCO", value_parser = |text: &str| Occupation::parse(text))]
    pub occupation: Option<Occupation>,
    /// To settle there, or to serve for a time.
    #[arg(long, value_parser = one_of(MobilityPurpose::ALL, MobilityPurpose::name))]
    pub purpose: Option<MobilityPurpose>,
    /// An agreement to judge by: a file, a digest or an id; may be repeated.
    #[arg(long = "agreement", value_name = "FILE|ID|DIGEST")]
    pub agreements: Vec<String>,
    /// Also write a sheet to print; `-` is stdout, in place of the text.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What they are judged by.
    #[command(flatten)]
    pub demands: Demands,
}
