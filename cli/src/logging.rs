//! Log lines, which go to stderr: few of a command, more of a node that runs.

use crate::progress::Lines;
use tracing_subscriber::EnvFilter;

/// Overrides what is logged, in the words of `tracing`: `carnet_node=debug,warn`.
const VARIABLE: &str = "CARNET_LOG";

/// Logs for a command: warnings, more with `--verbose`.
pub fn start(verbose: bool) {
    start_node(false, if verbose { "info" } else { "warn" });
}

/// Logs for a node that runs: as text, or as an object of JSON a line; lines of Carnet from `level` on.
pub fn start_node(json: bool, level: &str) {
    let filter =
        EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(directives(level)));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Lines);
    if json { lines.json().flatten_event(true).init() } else { lines.init() }
}

/// Of other crates no more than warnings. Gossip warns of every message that comes by two ways, which
/// is what gossip is for.
fn directives(level: &str) -> String {
    let others = if level == "error" { "error" } else { "warn" };
    format!("carnet={level},carnet_node={level},{others},libp2p_gossipsub=error")
}
