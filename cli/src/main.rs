//! `carnet`: issue, carry and verify skill attestations without a centre.
//!
//! Parses the arguments, runs the command and returns its exit code; `docs/cli.md` lists what there is.

mod agreements;
mod args;
mod cases;
mod challenges;
mod claims;
mod commands;
mod error;
mod files;
mod forms;
mod http;
mod ledger;
mod logging;
mod policy;
mod progress;
mod render;
mod secret;
mod text;

use clap::Parser;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    error::install_panic_hook();
    let args::Cli { command, global } = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(usage) => {
            // Help goes to stdout with 0, wrong usage to stderr with 2; a closed pipe is no concern.
            let _ = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
        }
    };
    // A node starts to log once it has read how.
    if !matches!(command, args::Command::Node(args::node::Node::Run(_))) {
        logging::start(global.verbose);
    }
    let texts = text::Texts::load(global.lang.as_deref());
    let mut context = commands::Context {
        texts,
        out: render::Output::stdout(global.json),
        clock: commands::system_clock(),
    };
    match commands::run(command, &mut context) {
        Ok(answer) => answer.into(),
        Err(error) => error.report(&mut io::stderr().lock(), &context.texts, global.json),
    }
}
