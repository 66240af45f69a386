//! `carnet`: issue, carry and verify skill attestations without a centre.
//!
//! Parses the arguments, runs the command and returns its exit code; `docs/cli.md` lists what there is.

mod args;
mod challenges;
mod claims;
mod commands;
mod error;
mod files;
mod forms;
mod http;
mod ledger;
mod policy;
mod progress;
mod render;
mod secret;
mod text;

use clap::Parser;
use std::io;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

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
    let runs_a_node = matches!(command, args::Command::Node(args::node::Node::Run(_)));
    log_to_stderr(global.verbose || runs_a_node);
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

/// Sends log lines to stderr: warnings, more with `--verbose` and from a node that runs, or what `CARNET_LOG` asks for.
fn log_to_stderr(verbose: bool) {
    // Gossip warns of every message that comes by two ways, which is what gossip is for.
    let level = if verbose {
        "carnet=info,carnet_node=info,warn,libp2p_gossipsub=error"
    } else {
        "warn,libp2p_gossipsub=error"
    };
    let filter = EnvFilter::try_from_env("CARNET_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
}
