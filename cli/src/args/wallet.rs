//! Arguments of `wallet`.

use super::ReadFrom;
use carnet_proto::totalisation::StateCode;
use carnet_proto::wallet::Preset;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Subcommands of `wallet`.
#[derive(Debug, Subcommand)]
pub enum Wallet {
    /// Make an empty wallet, locked with a passphrase.
    New(New),
    /// Make a key request for an institution, to hand in for a credential.
    Key(Key),
    /// Put credentials into the wallet.
    Add(Add),
    /// List what is in the wallet.
    List(List),
    /// Show one credential with every claim.
    Show(Show),
    /// Show chosen claims of credentials to a verifier.
    Present(Present),
    /// Fetch newer statuses and evidence for what is in the wallet.
    Refresh(Refresh),
}

/// A wallet file and what opens it.
#[derive(Debug, Clone, Args)]
pub struct File {
    /// Wallet file [default: ~/.carnet/wallet.age].
    #[arg(long = "wallet", value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Read the passphrase from the first line of this file descriptor, rather than ask for it.
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<u32>,
}

/// Arguments of `wallet new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet wallet new
  carnet wallet new --wallet ana.age --passphrase-fd 3 3< passphrase.txt

The passphrase has at least 8 characters.")]
pub struct New {
    /// The wallet to make.
    #[command(flatten)]
    pub file: File,
}

/// Arguments of `wallet key`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet wallet key --for did:carnet:abc --out ana.request")]
pub struct Key {
    /// Institution the request is for.
    #[arg(long = "for", value_name = "DID")]
    pub institution: String,
    /// File for the request.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The wallet that keeps the key.
    #[command(flatten)]
    pub file: File,
}

/// Arguments of `wallet add`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet wallet add ana.carnet")]
pub struct Add {
    /// Credentials as the institution handed them out.
    #[arg(value_name = "FILE", required = true)]
    pub credentials: Vec<PathBuf>,
    /// The wallet to put them into.
    #[command(flatten)]
    pub file: File,
}

/// Arguments of `wallet list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet wallet list
  carnet wallet list --json")]
pub struct List {
    /// The wallet to look into.
    #[command(flatten)]
    pub file: File,
}

/// Arguments of `wallet show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet wallet show 1")]
pub struct Show {
    /// Number of the credential as `wallet list` gives it, or its id.
    #[arg(value_name = "CREDENTIAL")]
    pub credential: String,
    /// The wallet to look into.
    #[command(flatten)]
    pub file: File,
}

/// Arguments of `wallet present`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet wallet present 1 --challenge challenge.carnet --disclose name_latin --disclose skills.1 --out shown.carnet
  carnet wallet present 1 --audience urn:carnet:anyone --days 30 --disclose name_latin --disclose birth_date --out copy.carnet
  carnet wallet present 2 3 --challenge challenge.carnet --preset ratio --disclose name_latin --disclose birth_date --out periods.carnet
  carnet wallet present 2 --challenge challenge.carnet --preset at-least:60 --out sixty.carnet

`carnet wallet show` lists the names of the claims. What is always shown needs no name.
With a challenge the presentation counts once, for that verifier, and for 5 minutes. Without one it is
a copy, which the verifier compares with an identity document; it must then disclose a name and the
birth date.

Presets, beside what a contribution attestation always shows:
  eligible        whether a right exists: the certified numbers, year by year
  ratio           the share that a State pays: also totals, what replaces what, whether a short
                  period gives a right alone
  own-amount:DE   the amount in one State: as ratio, and earnings under the law of that State alone
  wage-claim      a wage claim or union case: employers and earnings, of one State
  at-least:60     so many months: as few years as that takes
None of them shows a name; several attestations count together only if each shows the birth date
and a name or document number.")]
pub struct Present {
    /// Numbers of the credentials as `wallet list` gives them, or their ids.
    #[arg(value_name = "CREDENTIAL", required = true)]
    pub credentials: Vec<String>,
    /// The verifier's challenge; `-` is stdin.
    #[arg(long, value_name = "FILE", required_unless_present = "audience")]
    pub challenge: Option<PathBuf>,
    /// Whom a copy is for, when there is no challenge; urn:carnet:anyone for anyone.
    #[arg(long, value_name = "AUDIENCE", conflicts_with = "challenge")]
    pub audience: Option<String>,
    /// Days that a copy counts, 90 at most.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 90,
        value_parser = clap::value_parser!(u16).range(1..=90),
        conflicts_with = "challenge"
    )]
    pub days: u16,
    /// A claim to disclose, by the name that `wallet show` gives it; may be repeated.
    #[arg(long = "disclose", value_name = "CLAIM")]
    pub disclose: Vec<String>,
    /// A set of claims of contribution attestations, by what it is for; adds to --disclose.
    #[arg(long, value_name = "PRESET", value_parser = preset)]
    pub preset: Option<Preset>,
    /// Leave out what a verifier without a network needs.
    #[arg(long)]
    pub without_evidence: bool,
    /// File for the presentation.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The wallet to show from.
    #[command(flatten)]
    pub file: File,
}

/// Reads the name of a preset, and the State or the months behind it.
fn preset(text: &str) -> Result<Preset, String> {
    let (name, of) = text.split_once(':').map_or((text, None), |(name, of)| (name, Some(of)));
    match (name, of) {
        ("eligible", None) => Ok(Preset::Eligible),
        ("ratio", None) => Ok(Preset::Ratio),
        ("wage-claim", None) => Ok(Preset::WageClaim),
        ("own-amount", Some(state)) => {
            let code = StateCode::parse(state).filter(|code| code.state().is_some());
            let wrong = || "the State is a code such as DE, or CA-QC for a part of one".to_owned();
            code.map(Preset::OwnAmount).ok_or_else(wrong)
        }
        ("at-least", Some(months)) => {
            let months = months.parse().map_err(|_| "months are a whole number".to_owned())?;
            Ok(Preset::AtLeast(months))
        }
        _ => {
            Err("one of eligible, ratio, own-amount:STATE, wage-claim, at-least:MONTHS".to_owned())
        }
    }
}

/// Arguments of `wallet refresh`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet wallet refresh
  carnet wallet refresh --node https://node.example

Every log that the node serves is fetched as a whole, so that it cannot tell who issued what you hold.")]
pub struct Refresh {
    /// The node to fetch from.
    #[command(flatten)]
    pub node: ReadFrom,
    /// The wallet to refresh.
    #[command(flatten)]
    pub file: File,
}
