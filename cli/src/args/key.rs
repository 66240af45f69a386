//! Arguments of `key`.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Subcommands of `key`.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Replace the keys of an institution by the next ones, from their 24 words.
    Rotate(Rotate),
}

/// Arguments of `key rotate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  carnet key rotate --dir node
  carnet key rotate --dir node --repudiated-from 412
  carnet key rotate --dir node --words-fd 3 --yes --json 3< words

Stop the node first, and start it again afterwards: it publishes the rotation once its witnesses have
confirmed, on top of what they hold. The words of the keys after the next are printed before
anything is changed. With --json they are in the one object that is printed; whether the rotation
was then made tells the exit code.")]
pub struct Rotate {
    /// Directory of the node [default: ~/.carnet/node].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Institution to act for, where the node hosts several.
    #[arg(long = "as", value_name = "DID")]
    pub institution: Option<String>,
    /// After a theft: the first leaf that the thief may have stated. Statements from there on are void,
    /// but issuances whose batch the register of this node knows.
    #[arg(long, value_name = "LEAF")]
    pub repudiated_from: Option<u64>,
    /// Digest of a statement that counts all the same, in full; may be repeated.
    #[arg(long, value_name = "DIGEST", requires = "repudiated_from")]
    pub keep: Vec<String>,
    /// Keep no issuances but those that --keep names.
    #[arg(long, requires = "repudiated_from")]
    pub keep_none: bool,
    /// Read the 24 words from this file descriptor rather than from the terminal.
    #[arg(long, value_name = "FD")]
    pub words_fd: Option<u32>,
    /// Do not ask whether the new words were written down.
    #[arg(long)]
    pub yes: bool,
}
