//! The shape of the command line, and nothing else. Each group of commands has its arguments in
//! `args/<group>.rs` and its work in `commands/<group>.rs`.
//!
//! A secret is never an argument: arguments name the file or the descriptor that holds it. Help is
//! English; what commands print is in `locales/`.

pub mod agreement;
pub mod anyone;
pub mod institution;
pub mod issue;
pub mod key;
pub mod node;
pub mod totalise;
pub mod trust;
pub mod verifier;
pub mod wallet;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Carry skills across borders: issue, hold and verify attestations without a centre.
#[derive(Debug, Parser)]
#[command(
    name = "carnet",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "\
Examples:
  carnet demo
  carnet verify presentation.carnet --policy trust.toml
  carnet doctor

Exit codes: 0 done or valid, 1 the answer is no, 2 wrong usage, 3 could not tell, 255 a bug."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options that every command takes.
    #[command(flatten)]
    pub global: Global,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Print the result as JSON of a stable, versioned shape.
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of the texts, such as en; the environment decides without it.
    #[arg(long, global = true, value_name = "LANG", value_parser = crate::text::known)]
    pub lang: Option<String>,
    /// Say on stderr what is being done.
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// Every command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show it all: real nodes of three countries on this machine, a worker and those she shows her papers to.
    Demo(anyone::Demo),
    /// Tell what is set up, reachable and fresh, and what to do next.
    Doctor(anyone::Doctor),
    /// Set up, run and look after a node.
    #[command(subcommand, arg_required_else_help = true)]
    Node(node::Node),
    /// Choose the institutions that a verifier starts from.
    #[command(subcommand, arg_required_else_help = true)]
    Trust(trust::Trust),
    /// Let the node replicate the log of an institution.
    Follow(institution::Follow),
    /// Let another body issue, or accredit others, within a scope.
    Accredit(institution::Accredit),
    /// Withdraw an accreditation.
    Withdraw(institution::Withdraw),
    /// State the end of an institution, and who continues its status lists.
    Succeed(institution::Succeed),
    /// Replace keys.
    #[command(subcommand, arg_required_else_help = true)]
    Key(key::Key),
    /// Agree with another country on whose attestations count.
    #[command(subcommand, arg_required_else_help = true)]
    Agreement(agreement::Agreement),
    /// Issue credentials.
    #[command(subcommand, arg_required_else_help = true)]
    Issue(issue::Issue),
    /// Suspend, revoke or restore credentials.
    #[command(subcommand, arg_required_else_help = true)]
    Status(issue::Status),
    /// Keep credentials and show them.
    #[command(subcommand, arg_required_else_help = true)]
    Wallet(wallet::Wallet),
    /// Ask a holder for a presentation: makes a nonce that counts once.
    Challenge(verifier::Challenge),
    /// Verify a presentation, and say why.
    Verify(verifier::Verify),
    /// Add up contribution periods of several countries, as far as an agreement says.
    Totalise(totalise::Totalise),
    /// Say what agreements make of attestations in another country, and what is missing.
    Recognise(verifier::Recognise),
    /// Look up an institution by its DID.
    Resolve(anyone::Resolve),
    /// Read and check the public log of an institution.
    #[command(subcommand, arg_required_else_help = true)]
    Log(anyone::Log),
}

/// Parses one of the values of the core by its name.
fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.iter().map(|value| name(*value))).try_map(move |text| {
        all.iter().copied().find(|value| name(*value) == text).ok_or("no such value")
    })
}

/// A node to ask, for what everybody may read.
#[derive(Debug, Clone, Args)]
pub struct ReadFrom {
    /// Address of the node.
    #[arg(long = "node", value_name = "URL", default_value = DEFAULT_NODE)]
    pub url: String,
}

/// Where a node answers unless it is told otherwise.
pub const DEFAULT_NODE: &str = "http://127.0.0.1:7878";

/// A node to operate.
#[derive(Debug, Clone, Args)]
pub struct Operate {
    /// Address of the node.
    #[arg(long = "node", value_name = "URL", default_value = DEFAULT_NODE)]
    pub url: String,
    /// File with the operator token [default: $CARNET_TOKEN_FILE, else operator.token in the
    /// directory of the node].
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Directory of the node, to find its token [default: ~/.carnet/node].
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Institution to act for, where the node hosts several.
    #[arg(long = "as", value_name = "DID")]
    pub institution: Option<String>,
}

/// A file of trust anchors and rules.
#[derive(Debug, Clone, Args)]
pub struct PolicyFile {
    /// Whom the verifier trusts and what it demands [default: ~/.carnet/trust.toml].
    #[arg(long = "policy", value_name = "FILE")]
    pub path: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn leaves(command: &clap::Command, path: &str, found: &mut Vec<(String, clap::Command)>) {
        let subcommands: Vec<_> =
            command.get_subcommands().filter(|sub| sub.get_name() != "help").collect();
        if subcommands.is_empty() {
            found.push((path.to_owned(), command.clone()));
        }
        for sub in subcommands {
            leaves(sub, &format!("{path} {}", sub.get_name()), found);
        }
    }

    fn all() -> Vec<(String, clap::Command)> {
        let mut command = Cli::command();
        command.build();
        let mut found = Vec::new();
        leaves(&command, "carnet", &mut found);
        found
    }

    /// Renders the reference of every command from its own help.
    fn reference() -> String {
        let mut command = Cli::command().term_width(100);
        command.build();
        let mut text = String::from(
            "# The command line\n\nThe help of every command, as the program prints it. A test keeps this \
             file equal to the program;\n`CARNET_UPDATE=1 cargo test -p carnet-cli reference` writes it anew.\n",
        );
        let mut render = |path: &str, command: &clap::Command| {
            let help = command.clone().term_width(100).render_long_help().to_string();
            let lines: Vec<_> = help.lines().map(str::trim_end).collect();
            text += &format!("\n## `{path}`\n\n```text\n{}\n```\n", lines.join("\n").trim_end());
        };
        render("carnet", &command);
        let mut found = Vec::new();
        leaves(&command, "carnet", &mut found);
        for (path, command) in found {
            render(&path, &command);
        }
        text
    }

    #[test]
    fn the_reference_in_docs_is_what_the_program_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
        let wanted = reference();
        if std::env::var_os("CARNET_UPDATE").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "docs/cli.md is stale: CARNET_UPDATE=1 cargo test -p carnet-cli reference"
        );
    }

    /// Splits an example as a shell would, as far as examples need it.
    fn words(line: &str) -> Vec<String> {
        let mut words = Vec::new();
        for (index, part) in line.split('"').enumerate() {
            if index % 2 == 1 {
                words.push(part.to_owned());
            } else {
                words.extend(part.split_whitespace().map(str::to_owned));
            }
        }
        let redirects = |word: &String| word == ">" || word == "<" || word == "3<";
        let end = words.iter().position(redirects).unwrap_or(words.len());
        words.truncate(end);
        words
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_that_works() {
        let commands = all();
        assert!(commands.len() >= 28, "{}", commands.len());
        for (path, command) in commands {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples: Vec<_> = help
                .lines()
                .map(str::trim)
                .filter(|line| line.starts_with(&path))
                .map(words)
                .collect();
            assert!(!examples.is_empty(), "{path} has no example");
            for example in examples {
                Cli::try_parse_from(&example)
                    .unwrap_or_else(|error| panic!("{example:?}: {error}"));
            }
        }
    }

    #[test]
    fn no_argument_takes_a_secret() {
        for (path, command) in all() {
            for argument in command.get_arguments() {
                let name = argument.get_long().unwrap_or(argument.get_id().as_str());
                let secret =
                    ["passphrase", "password", "token", "seed", "secret", "pin", "words", "key"]
                        .iter()
                        .any(|word| name.split('-').any(|part| part == *word));
                let by_reference = name.ends_with("-file") || name.ends_with("-fd");
                assert!(!secret || by_reference, "{path} --{name}");
            }
        }
    }

    #[test]
    fn every_command_takes_the_global_options() {
        let cli = Cli::try_parse_from(["carnet", "log", "show", "did:carnet:x", "--json"]).unwrap();
        assert!(cli.global.json);
        for (path, command) in all() {
            for name in ["json", "lang", "verbose"] {
                assert!(
                    command.get_arguments().any(|argument| argument.get_id() == name),
                    "{path} --{name}"
                );
            }
        }
    }

    #[test]
    fn a_code_that_does_not_exist_is_wrong_usage() {
        let command = "carnet node init --name X --role union --country UK";
        let error = Cli::try_parse_from(command.split(' ')).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("UK"), "{error}");
    }
}
