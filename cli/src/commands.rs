//! What each command does: one module per group, `commands/<group>.rs`, each taking its arguments from
//! `args/<group>.rs` and a [`Context`].
//!
//! A command that works returns its [`Answer`]; a failure is a [`CliError`]. Only `node` and `demo` name
//! the node's crate; the others reach a node over HTTP by [`operate`] and [`read_from`].

use crate::args::{self, Command};
use crate::error::{Answer, CliError};
use crate::files;
use crate::http::{self, Client};
use crate::render::Output;
use crate::text::{Args, Texts};
use std::path::PathBuf;

/// What every command works with.
pub struct Context {
    /// The texts of the reader's language.
    pub texts: Texts,
    /// Where the result goes.
    pub out: Output,
}

impl Context {
    /// Writes the text `id` with its values as one line.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn say(&mut self, id: &str, args: &Args) -> Result<(), CliError> {
        let text = self.texts.get(id, args);
        self.out.line(text)
    }
}

/// Runs one command.
///
/// # Errors
/// Whatever kept the command from an answer.
pub fn run(command: Command, _context: &mut Context) -> Result<Answer, CliError> {
    // One arm per group, as `Command::Trust(trust) => trust::run(trust, context)`.
    Err(CliError::usage("not-built").arg("command", name(&command)))
}

fn name(command: &Command) -> &'static str {
    match command {
        Command::Demo(_) => "demo",
        Command::Doctor(_) => "doctor",
        Command::Node(_) => "node",
        Command::Trust(_) => "trust",
        Command::Follow(_) => "follow",
        Command::Accredit(_) => "accredit",
        Command::Withdraw(_) => "withdraw",
        Command::Agreement(_) => "agreement",
        Command::Issue(_) => "issue",
        Command::Status(_) => "status",
        Command::Wallet(_) => "wallet",
        Command::Challenge(_) => "challenge",
        Command::Verify(_) => "verify",
        Command::Resolve(_) => "resolve",
        Command::Log(_) => "log",
    }
}

/// Returns a client for what everybody may read.
///
/// # Errors
/// As [`Client::new`].
pub fn read_from(from: &args::ReadFrom) -> Result<Client, CliError> {
    Client::new(&from.url)
}

/// Returns a client with the operator token: that of `--token-file`, else of `$CARNET_TOKEN_FILE`, else
/// `operator.token` in the directory of the node.
///
/// # Errors
/// As [`Client::new`], [`http::read_token`] and [`Client::with_token`].
pub fn operate(node: &args::Operate) -> Result<Client, CliError> {
    let named = node.token_file.clone();
    let from_environment = || std::env::var_os("CARNET_TOKEN_FILE").map(PathBuf::from);
    let path = match named.or_else(|| from_environment().filter(|_| node.dir.is_none())) {
        Some(path) => path,
        None => node_dir(node.dir.as_deref())?.join("operator.token"),
    };
    Client::new(&node.url)?.with_token(http::read_token(&path)?)
}

/// Returns the directory of the node: the one that is named, else `~/.carnet/node`.
///
/// # Errors
/// As [`files::carnet_home`].
pub fn node_dir(named: Option<&std::path::Path>) -> Result<PathBuf, CliError> {
    named.map_or_else(|| Ok(files::carnet_home()?.join("node")), |dir| Ok(dir.to_owned()))
}

/// Returns the wallet file: the one that is named, else `~/.carnet/wallet.age`.
///
/// # Errors
/// As [`files::carnet_home`].
pub fn wallet_file(named: &args::wallet::File) -> Result<PathBuf, CliError> {
    match &named.path {
        Some(path) => Ok(path.clone()),
        None => Ok(files::carnet_home()?.join("wallet.age")),
    }
}

/// Returns the verifier's rules: the file that is named, else `~/.carnet/trust.toml`.
///
/// # Errors
/// As [`files::carnet_home`].
pub fn policy_file(named: &args::PolicyFile) -> Result<PathBuf, CliError> {
    match &named.path {
        Some(path) => Ok(path.clone()),
        None => Ok(files::carnet_home()?.join("trust.toml")),
    }
}
