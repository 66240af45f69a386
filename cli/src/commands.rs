//! What each command does: one module per group, `commands/<group>.rs`, each taking its arguments from
//! `args/<group>.rs` and a [`Context`].
//!
//! A command that works returns its [`Answer`]; a failure is a [`CliError`]. Only `node` and `demo` name
//! the node's crate; the others reach a node over HTTP by [`operate`] and [`read_from`].

pub mod agreement;
pub mod anyone;
pub mod challenge;
pub mod demo;
pub mod doctor;
pub mod institution;
pub mod issue;
pub mod node;
pub mod recognise;
pub mod totalise;
pub mod trust;
pub mod verify;
pub mod wallet;
pub mod worksheet;

use crate::args::{self, Command};
use crate::error::{Answer, CliError};
use crate::files;
use crate::http::{self, Client};
use crate::render::Output;
use crate::text::{Args, Texts};
use carnet_proto::id::Did;
use carnet_proto::time::UnixSeconds;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> UnixSeconds + Send + Sync>;

/// What every command works with.
pub struct Context {
    /// The texts of the reader's language.
    pub texts: Texts,
    /// Where the result goes.
    pub out: Output,
    /// What tells the time.
    pub clock: Clock,
}

impl Context {
    /// Returns the time.
    pub fn now(&self) -> UnixSeconds {
        (self.clock)()
    }

    /// Writes the text `id` with its values as one line.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn say(&mut self, id: &str, args: &Args) -> Result<(), CliError> {
        let text = self.texts.get(id, args);
        self.out.line(text)
    }

    /// Writes a page to print into a file that is not there yet. With `-` it goes to stdout, in place of
    /// the result, which is said by returning true.
    ///
    /// # Errors
    /// As [`files::write`] and [`Output::line`]; `html-and-json` if both would go to stdout.
    pub fn page(&mut self, path: &Path, page: &str, answer: Answer) -> Result<bool, CliError> {
        if path != Path::new(files::STDIN) {
            let (access, existing) = (files::Access::Private, files::Existing::Keep);
            return files::write(path, page.as_bytes(), access, existing).map(|()| false);
        }
        if self.out.is_json() {
            return Err(CliError::usage("html-and-json"));
        }
        self.out.answer(answer, |out| out.line(page.trim_end()))?;
        Ok(true)
    }

    /// Writes the text `id` to stderr: what the reader should know beside the result.
    pub fn note(&self, id: &str, args: &Args) {
        // Nobody may be reading; the result stands all the same.
        let _ = writeln!(std::io::stderr(), "{}", self.texts.get(id, args));
    }
}

/// Returns the clock of the machine.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        UnixSeconds(since.map_or(0, |since| since.as_secs()))
    })
}

/// Returns the randomness of the machine.
pub fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// Runs one command.
///
/// # Errors
/// Whatever kept the command from an answer.
pub fn run(command: Command, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        Command::Demo(args) => demo::run(&args, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Node(command) => node::run(command, context),
        Command::Trust(command) => trust::run(command, context),
        Command::Follow(args) => institution::follow(&args, context),
        Command::Accredit(args) => institution::accredit(args, context),
        Command::Withdraw(args) => institution::withdraw(&args, context),
        Command::Succeed(args) => institution::succeed(&args, context),
        Command::Key(args::key::Key::Rotate(args)) => node::rotate(&args, context),
        Command::Agreement(command) => agreement::run(command, context),
        Command::Issue(args::issue::Issue::Skill(args)) => issue::skill(&args.issue, context),
        Command::Issue(args::issue::Issue::Contribution(args)) => {
            issue::contribution(&args.issue, context)
        }
        Command::Status(command) => issue::status(command, context),
        Command::Wallet(command) => wallet::run(command, context),
        Command::Challenge(args) => challenge::run(&args, context),
        Command::Verify(args) => verify::run(&args, context),
        Command::Totalise(args) => totalise::run(&args, context),
        Command::Recognise(args) => recognise::run(&args, context),
        Command::Resolve(args) => anyone::resolve(&args, context),
        Command::Log(command) => anyone::log(command, context),
    }
}

/// Asks a question on the terminal; without one the answer is no.
///
/// # Errors
/// `terminal`.
pub fn agreed(question: &str, context: &Context) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    let failed = |cause| CliError::store("terminal").caused_by(cause);
    let mut stderr = std::io::stderr();
    write!(stderr, "{}", context.texts.plain(question)).map_err(failed)?;
    stderr.flush().map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(failed)?;
    Ok(answer.trim().eq_ignore_ascii_case(&context.texts.plain("trust-confirm-yes")))
}

/// Reads an institution's identifier that stands on the command line.
///
/// # Errors
/// `did`.
pub fn did(text: &str) -> Result<Did, CliError> {
    Did::parse(text)
        .map_err(|cause| CliError::usage("did").arg("did", text.to_owned()).caused_by(cause))
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
pub fn node_dir(named: Option<&Path>) -> Result<PathBuf, CliError> {
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
