//! Arguments of `totalise`.

use super::one_of;
use super::verifier::Demands;
use crate::forms::{FromText, not};
use carnet_proto::credential::contribution::Decimal;
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::time::Date;
use carnet_proto::totalisation::period::{StateCode, TimeUnit};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `totalise`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet totalise --agreement eu-883 --claim-country DE --branch old-age --needed 60 periods.carnet --policy trust.toml
  carnet totalise --agreement de-ph --claim-country DE --branch old-age --needed 60 --third-state JP periods.carnet --policy trust.toml
  carnet totalise --cases cases.json --explain
  carnet totalise --cases cases.json --json
  carnet totalise --agreement eu-883 --claim-country DE --branch old-age --risk-date 2026-05-01 --html worksheet.html periods.carnet --policy trust.toml

Every presentation is verified first, as `carnet verify` does; what is not valid is refused and said so.
Several count together only if they are shown to be about one person.
What is wrong with the question itself (the agreement does not bind the State, a file is named twice) is
refused before that, and leaves the challenge open.
Exit codes: 0 counted, and the right opens as far as that is asked; 1 it does not open; 2 the question is
wrong; 3 something was refused, or nothing could be counted.

With --cases every case of a file is computed by the rules of the agreement that it names, and the
answer compared with the one that the file expects: 0 if all are alike, 1 if one is not or has no answer, 3 if
some expect nothing, so that there is nothing to compare. Two cases of one id are refused, and so are two
periods of one id in a case.
With --json: version, count, matching, not_compared, cases: [{ id, computed (or null), matches (null where
nothing is expected), differences: [{ at, expected, computed }], error, explanation }].")]
pub struct Totalise {
    /// File of cases, as JSON: what is given and what is expected.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["agreement", "claim_country", "branch", "presentations"])]
    pub cases: Option<PathBuf>,
    /// Tell how each answer on a right came about: every step with its rule, what did not count and why,
    /// what to beware of, and what is missing.
    #[arg(long, requires = "cases")]
    pub explain: bool,
    /// Rules to count by: the name of a shipped agreement, a file, or the digest of one in a log of --node.
    #[arg(long, value_name = "AGREEMENT", required_unless_present = "cases")]
    pub agreement: Option<String>,
    /// The State whose institution is asked.
    #[arg(long, value_name = "STATE", value_parser = state, required_unless_present = "cases")]
    pub claim_country: Option<StateCode>,
    /// The branch of social security.
    #[arg(long, value_name = "BRANCH", value_parser = one_of(Branch::ALL, Branch::name), required_unless_present = "cases")]
    pub branch: Option<Branch>,
    /// When the risk materialised: time after it does not count.
    #[arg(long, value_name = "DAY", value_parser = read::<Date>)]
    pub risk_date: Option<Date>,
    /// The unit to count in.
    #[arg(long, value_name = "UNIT", default_value = "month", value_parser = one_of(UNITS, TimeUnit::name))]
    pub unit: TimeUnit,
    /// The time that the right needs, in that unit [default: as the agreement states].
    #[arg(long, value_name = "N", value_parser = read::<Decimal>)]
    pub needed: Option<Decimal>,
    /// A third State with which the State that is asked has an agreement of its own on adding periods; may be
    /// repeated. Its periods count only if the rules add those of third States, and the right does not open
    /// without them.
    #[arg(long, value_name = "STATE", value_parser = state, conflicts_with = "cases")]
    pub third_state: Vec<StateCode>,
    /// The presentations; `-` is stdin.
    #[arg(value_name = "FILE", required_unless_present = "cases")]
    pub presentations: Vec<PathBuf>,
    /// Also write a worksheet to print; `-` is stdout, in place of the text.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// What they are judged by.
    #[command(flatten)]
    pub demands: Demands,
}

/// The units that a right is counted in.
const UNITS: &[TimeUnit] = &[
    TimeUnit::Year,
    TimeUnit::Quarter,
    TimeUnit::Month,
    TimeUnit::Week,
    TimeUnit::Day5,
    TimeUnit::Day6,
    TimeUnit::Day7,
];

fn state(text: &str) -> Result<StateCode, String> {
    StateCode::parse(text).ok_or_else(|| not(text, "the code of a State, such as DE or CA-QC"))
}

fn read<T: FromText + Clone>(text: &str) -> Result<T, String> {
    T::from_text(text)
}
