//! Arguments of `node`.

use super::{Operate, one_of};
use carnet_proto::classification::Country;
use carnet_proto::id::Did;
use carnet_proto::statement::profile::Role;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Where a new node listens for others.
const LISTEN: [&str; 2] = ["/ip4/0.0.0.0/tcp/7879", "/ip4/0.0.0.0/udp/7879/quic-v1"];

/// Subcommands of `node`.
#[derive(Debug, Subcommand)]
pub enum Node {
    /// Make an institution: its keys, its log and its configuration.
    Init(Init),
    /// Run the node until it is told to stop.
    Run(Run),
    /// Make an institution again after the loss of its disk: from its 24 words and others' copies.
    Restore(Restore),
    /// Check a node that does not run: re-derive everything from the entries.
    Check(Check),
    /// Move logs and registers to a database, or back to the disk.
    Migrate(Migrate),
    /// Ask a running node how it is.
    Status(Status),
    /// State anew who the institution is, whom to ask and who witnesses its log.
    Profile(Profile),
}

/// Arguments of `node init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet node init --name \"Institute of Welding\" --country PH --role training-body
  carnet node init --dir node --no-log

The 24 words of the next key set are printed once and not kept. Write them on paper.")]
pub struct Init {
    /// Directory to make it in [default: ~/.carnet/node].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Name of the institution, in English.
    #[arg(long, value_name = "NAME", required_unless_present = "no_log")]
    pub name: Option<String>,
    /// Country of the institution, ISO 3166-1.
    #[arg(long, value_name = "XX", value_parser = Country::parse, required_unless_present = "no_log")]
    pub country: Option<Country>,
    /// What the institution is.
    #[arg(
        long,
        value_name = "ROLE",
        value_parser = one_of(Role::ALL, Role::name),
        required_unless_present = "no_log"
    )]
    pub role: Option<Role>,
    /// Further names, contacts and witnesses of the institution, as TOML.
    #[arg(long, value_name = "FILE")]
    pub profile: Option<PathBuf>,
    /// A node that follows others and owns no log, such as an employer's.
    #[arg(long, conflicts_with_all = ["name", "country", "role", "profile"])]
    pub no_log: bool,
    /// Address of the HTTP interface.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7878")]
    pub http: String,
    /// Address to listen on for other nodes, as a multiaddress; may be repeated.
    #[arg(long, value_name = "ADDR", default_values = LISTEN)]
    pub listen: Vec<String>,
}

/// Arguments of `node run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet node run
  carnet node run --dir node

Its configuration is carnet.toml in its directory. Log lines go to standard error,
and on a terminal a bar while many entries of logs are copied.")]
pub struct Run {
    /// Directory of the node [default: ~/.carnet/node].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Publish at once, also if the witnesses of the log have not confirmed that they know of nothing
    /// newer. If this is an old backup, the log will show two histories, which is proven for ever.
    #[arg(long)]
    pub danger_publish_unconfirmed: bool,
}

/// Arguments of `node restore`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet node restore did:carnet:abc --dir node --from https://node.example
  carnet node restore did:carnet:abc --from https://a.example --from https://b.example --words-fd 3 --yes 3< words
  carnet node restore did:carnet:abc --dir node --from https://node.example --backup node.old

The log is fetched from each node, and the largest copy that holds is taken. The lost keys are replaced
by the next ones at once; the words of the keys after them are printed before anything is made.")]
pub struct Restore {
    /// Identifier of the institution.
    #[arg(value_name = "DID")]
    pub institution: String,
    /// Address of the HTTP interface of a node that has its log; may be repeated.
    #[arg(long, value_name = "URL", required = true)]
    pub from: Vec<String>,
    /// Directory of an old backup of the institution: its register is taken over, brought in line with
    /// the published status lists. Nothing else of it is, and it is not changed.
    #[arg(long, value_name = "DIR")]
    pub backup: Option<PathBuf>,
    /// Directory to make it in [default: ~/.carnet/node].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Address of the HTTP interface.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:7878")]
    pub http: String,
    /// Address to listen on for other nodes, as a multiaddress; may be repeated.
    #[arg(long, value_name = "ADDR", default_values = LISTEN)]
    pub listen: Vec<String>,
    /// Read the 24 words from this file descriptor rather than from the terminal.
    #[arg(long, value_name = "FD")]
    pub words_fd: Option<u32>,
    /// Do not ask whether the new words were written down.
    #[arg(long)]
    pub yes: bool,
}

/// Arguments of `node check`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet node check --dir node
  carnet node check --dir node --repair
  carnet node check --dir node --drop did:carnet:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  carnet node check --dir node --config

The node must not be running, unless only its configuration is checked.")]
pub struct Check {
    /// Drop damaged copies of others' logs; the node fetches them again.
    #[arg(long)]
    pub repair: bool,
    /// Drop the copy of another institution's log, sound or not; the node fetches it again from its
    /// peers. For a node that holds another history than they do.
    #[arg(long, value_name = "DID")]
    pub drop: Option<Did>,
    /// Check carnet.toml and nothing else.
    #[arg(long, conflicts_with_all = ["repair", "drop"])]
    pub config: bool,
    /// Directory of the node [default: ~/.carnet/node].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Arguments of `node migrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet node migrate --to \"host=/run/postgresql user=carnet dbname=carnet\" --dir node
  carnet node migrate --to \"host=db.example user=carnet sslmode=disable\" --password-file pg.password
  carnet node migrate --to sled --dir node

The node must not be running. What is copied is compared and checked before carnet.toml names the new
place; the old one is kept and not opened again. If it is interrupted, the same command goes on.")]
pub struct Migrate {
    /// A connection string of PostgreSQL without a password, or `sled`.
    #[arg(long, value_name = "URL|sled")]
    pub to: String,
    /// Schema of the database, for this node alone.
    #[arg(long, value_name = "NAME", default_value = "carnet")]
    pub schema: String,
    /// File with the password, relative to the directory of the node.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Seconds after which a second node takes over from one that is gone.
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    pub lease_seconds: u64,
    /// Directory of the node [default: ~/.carnet/node].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Arguments of `node status`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet node status
  carnet node status --node http://127.0.0.1:7878 --token-file node/operator.token --json
  carnet node status --ready")]
pub struct Status {
    /// Only tell whether the node does its work; this needs no token.
    #[arg(long)]
    pub ready: bool,
    /// The node to ask.
    #[command(flatten)]
    pub node: Operate,
}

/// Arguments of `node profile`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet node profile --template > profile.toml
  carnet node profile profile.toml

What the file does not say stays as it is. `carnet node init --profile` takes the same file.")]
pub struct Profile {
    /// Names, contacts and witnesses, as TOML.
    #[arg(value_name = "FILE", required_unless_present = "template")]
    pub file: Option<PathBuf>,
    /// Print a file to start from, and do nothing else.
    #[arg(long)]
    pub template: bool,
    /// The node of the institution.
    #[command(flatten)]
    pub node: Operate,
}
