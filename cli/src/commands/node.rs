//! `carnet node`: setting up, running and looking after a node.

mod copying;
mod restore;
mod rotate;
mod status;
mod store;

pub use rotate::rotate;

use super::institution::{Operator, appended};
use super::trust::fingerprint_of;
use super::{Context, node_dir, rng};
use crate::args::node as args;
use crate::error::{Answer, CliError};
use crate::forms::profile;
use crate::ledger;
use crate::render::Mark;
use crate::text::Args;
use carnet_node::clock::SystemClock;
use carnet_node::config::{CONFIG_FILE, Config, ConfigError, LogFormat};
use carnet_node::institution::{InitOptions, InitReport, init as make};
use carnet_node::net::Multiaddr;
use carnet_node::run::{
    Node, NodeOptions, StartError, check as check_dir, drop_copy, serve as run_node,
};
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::key::Seed;
use carnet_proto::ledger::ProfileView;
use carnet_proto::statement::profile::InstitutionProfile;
use carnet_proto::text::{Language, Line, Name};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Runs a command of the group.
///
/// # Errors
/// What kept it from an answer.
pub fn run(command: args::Node, context: &mut Context) -> Result<Answer, CliError> {
    store::leave_guarded_panics();
    match command {
        args::Node::Init(args) => init(&args, context),
        args::Node::Run(args) => serve(&args, context),
        args::Node::Restore(args) => restore::restore(&args, context),
        args::Node::Check(args) => check(&args, context),
        args::Node::Migrate(args) => store::migrate(&args, context),
        args::Node::Status(args) => status::run(&args, context),
        args::Node::Profile(args) => state_profile(&args, context),
    }
}

fn init(args: &args::Init, context: &mut Context) -> Result<Answer, CliError> {
    let dir = node_dir(args.dir.as_deref())?;
    let (http, listen) = addresses(&args.http, &args.listen)?;
    let config = Config { http, listen, ..Config::default() };
    let profile = if args.no_log { None } else { Some(profile_of(args)?) };
    let made = make(&dir, InitOptions { profile, config }, &mut rng()).map_err(|cause| {
        CliError::store("node-init").arg("dir", dir.display().to_string()).caused_by(cause)
    })?;
    show_made(&dir, &made, context)
}

/// Reads the addresses that a node is to listen on.
fn addresses(http: &str, listen: &[String]) -> Result<(SocketAddr, Vec<Multiaddr>), CliError> {
    let at = http.parse().map_err(|cause| {
        CliError::usage("http-address").arg("value", http.to_owned()).caused_by(cause)
    })?;
    let multiaddress = |text: &String| {
        text.parse().map_err(|cause| {
            CliError::usage("multiaddress").arg("value", text.clone()).caused_by(cause)
        })
    };
    Ok((at, listen.iter().map(multiaddress).collect::<Result<_, _>>()?))
}

fn profile_of(args: &args::Init) -> Result<InstitutionProfile, CliError> {
    let (Some(name), Some(country), Some(role)) = (&args.name, args.country, args.role) else {
        // The argument parser asks for all three.
        return Err(CliError::bug("arguments"));
    };
    let text = Line::parse(name).map_err(|cause| CliError::usage("name").caused_by(cause))?;
    let english = Language::parse("en").map(|language| Name { language, text });
    let mut profile = InstitutionProfile {
        names: english.into_iter().collect(),
        country,
        role,
        web: None,
        nodes: Vec::new(),
        contacts: Vec::new(),
        witnesses: Vec::new(),
        quorum: None,
    };
    if let Some(path) = &args.profile {
        profile::read(path)?.apply(&mut profile);
    }
    checked(&profile)
}

fn checked(profile: &InstitutionProfile) -> Result<InstitutionProfile, CliError> {
    InstitutionProfile::from_cbor(&profile.to_cbor())
        .map_err(|cause| CliError::usage("statement-rule").caused_by(cause))
}

fn state_profile(args: &args::Profile, context: &mut Context) -> Result<Answer, CliError> {
    let Some(path) = args.file.as_deref().filter(|_| !args.template) else {
        context.out.line(profile::TEMPLATE.trim_end())?;
        return Ok(Answer::Yes);
    };
    let changes = profile::read(path)?;
    let operator = Operator::of(&args.node)?;
    let own = operator.did()?;
    let log = ledger::fetch_one(&operator.client, &own)?;
    let ProfileView::Known(known) = &log.view().profile else {
        return Err(CliError::input("no-profile").arg("did", own.to_string()));
    };
    let mut profile = known.clone();
    changes.apply(&mut profile);
    let done = operator.append("profile", &checked(&profile)?)?;
    crate::uses_texts!["node-profile-stated"];
    appended(&done, "node-profile-stated", Args::new(), context)
}

/// Returns the 24 words of a seed.
pub fn words(seed: &Seed) -> Result<Zeroizing<String>, CliError> {
    let words = bip39::Mnemonic::from_entropy(seed.expose())
        .map_err(|cause| CliError::bug("words").caused_by(cause))?;
    Ok(Zeroizing::new(words.to_string()))
}

fn show_made(dir: &Path, made: &InitReport, context: &mut Context) -> Result<Answer, CliError> {
    let words = made.next_seed.as_ref().map(words).transpose()?;
    let token = made.token_file.display().to_string();
    if context.out.is_json() {
        context.out.json(&json!({
            "version": 1,
            "dir": dir.display().to_string(),
            "did": made.did,
            "fingerprint": made.did.as_ref().map(fingerprint_of),
            "token_file": token,
            "next_words": words.as_ref().map(|words| words.as_str()),
        }))?;
        return Ok(Answer::Yes);
    }
    let mut args = Args::new().with("dir", dir.display().to_string()).with("token", token);
    if let Some(did) = &made.did {
        args.set("did", did.to_string());
        args.set("fingerprint", fingerprint_of(did));
        context.say("node-made", &args)?;
    } else {
        context.say("node-made-no-log", &args)?;
    }
    if let Some(words) = words {
        context.out.line("")?;
        context.say("node-words", &args)?;
        say_words(&words, context)?;
    }
    context.say("node-next", &args)?;
    Ok(Answer::Yes)
}

/// Writes 24 words with their numbers.
fn say_words(words: &str, context: &mut Context) -> Result<(), CliError> {
    let words: Vec<&str> = words.split(' ').collect();
    for (row, line) in words.chunks(6).enumerate() {
        let numbered = (row * 6 + 1..).zip(line).map(|(n, word)| format!("{n:>2} {word:<9}"));
        context.out.line(format!("  {}", numbered.collect::<String>().trim_end()))?;
    }
    context.out.line("")
}

fn serve(args: &args::Run, context: &mut Context) -> Result<Answer, CliError> {
    let dir = node_dir(args.dir.as_deref())?;
    let failed = |cause: StartError| store::failed("node-start", &dir, cause);
    let cannot = |cause: std::io::Error| {
        CliError::store("node-start").arg("dir", dir.display().to_string()).caused_by(cause)
    };
    let config = Config::load(&dir).map_err(|cause| failed(cause.into()))?;
    crate::logging::start_node(config.log_format == LogFormat::Json, config.log_level.name());
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot)?;
    runtime.block_on(async {
        // Listened for before the node starts, so that no signal is lost.
        let stop = Stop::listen().map_err(cannot)?;
        let (silenced, is_silenced) = tokio::sync::oneshot::channel();
        let (mut silenced, mut said) = (Some(silenced), Ok(()));
        let is_json = config.log_format == LogFormat::Json;
        let copying = context.texts.plain("progress-copying");
        let started = |node: &Node| {
            // Ends when the node stops.
            tokio::spawn(copying::show(node.copying(), copying.clone(), is_json));
            said = say_started(node, context);
            if said.is_err()
                && let Some(silenced) = silenced.take()
            {
                let _ = silenced.send(());
            }
        };
        let stop = async {
            tokio::select! {
                () = stop.wait() => {}
                // Nobody reads what the node says.
                Ok(()) = is_silenced => {}
            }
        };
        let options = NodeOptions {
            danger_publish_unconfirmed: args.danger_publish_unconfirmed,
            ..NodeOptions::default()
        };
        let clock = Arc::new(SystemClock);
        let served = run_node(config, &dir, clock, options, stop, started).await;
        served.map_err(failed)?;
        said
    })?;
    if !context.out.is_json() {
        context.say("node-stopped", &Args::new())?;
    }
    Ok(Answer::Yes)
}

fn say_started(node: &Node, context: &mut Context) -> Result<(), CliError> {
    let url = format!("http://{}", node.http_addr());
    let addresses: Vec<_> = node.listen_addrs().iter().map(ToString::to_string).collect();
    let peer = node.peer_id().to_string();
    if context.out.is_json() {
        return context.out.json(&json!({
            "version": 1, "http": url, "addresses": addresses, "peer_id": peer,
            "standby_for": node.standby_for(),
        }));
    }
    if let Some(holder) = node.standby_for() {
        return context
            .say("node-standing-by", &Args::new().with("url", url).with("holder", holder));
    }
    let args =
        Args::new().with("url", url).with("addresses", addresses.join(", ")).with("peer", peer);
    context.say("node-started", &args)
}

/// What ends a node: ctrl-c, or SIGTERM.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        Ok(Self {
            #[cfg(unix)]
            terminate,
        })
    }

    async fn wait(self) {
        #[cfg(unix)]
        {
            let mut terminate = self.terminate;
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
        }
        #[cfg(not(unix))]
        // If it cannot be listened for, the node stops at once rather than never.
        let _ = tokio::signal::ctrl_c().await;
    }
}

fn check(args: &args::Check, context: &mut Context) -> Result<Answer, CliError> {
    let dir = node_dir(args.dir.as_deref())?;
    if args.config {
        return check_config(&dir, context);
    }
    if let Some(did) = &args.drop {
        drop_copy(&dir, did).map_err(|cause| store::failed("node-check", &dir, cause))?;
        if !context.out.is_json() {
            context.say("node-dropped-copy", &Args::new().with("did", did.to_string()))?;
        }
    }
    let mut report =
        check_dir(&dir, args.repair).map_err(|cause| store::failed("node-check", &dir, cause))?;
    report.dropped.extend(args.drop.filter(|_| context.out.is_json()));
    let answer = if report.problems.is_empty() { Answer::Yes } else { Answer::No };
    if context.out.is_json() {
        let logs: Vec<Value> = report
            .logs
            .iter()
            .map(|log| {
                json!({ "did": log.did, "size": log.size, "checkpoint_size": log.checkpoint_size,
                        "ignored": log.ignored, "in_order": log.in_order, "own": log.own })
            })
            .collect();
        context.out.json(&json!({
            "version": 1, "ok": answer == Answer::Yes, "logs": logs, "records": report.records,
            "problems": report.problems, "dropped": report.dropped,
            "set_aside": report.set_aside.as_ref().map(|path| path.display().to_string()),
            "salvaged": report.salvaged,
        }))?;
        return Ok(answer);
    }
    for log in &report.logs {
        let mark = if log.in_order { Mark::Yes } else { Mark::Unknown };
        let args = Args::new()
            .with("did", log.did.to_string())
            .with("size", log.size)
            .with("ignored", log.ignored);
        let line =
            format!("{} {}", context.out.mark(mark), context.texts.get("node-checked-log", &args));
        context.out.line(line)?;
    }
    if let Some(path) = &report.set_aside {
        context.say("node-set-aside", &Args::new().with("path", path.display().to_string()))?;
        context.say("node-salvaged", &Args::new().with("count", report.salvaged.len()))?;
    }
    for did in &report.dropped {
        context.say("node-dropped", &Args::new().with("did", did.to_string()))?;
    }
    for problem in &report.problems {
        let line = format!("{} {}", context.out.mark(Mark::No), crate::text::clean(problem));
        context.out.line(line)?;
    }
    let args = Args::new().with("records", report.records).with("problems", report.problems.len());
    context.say("node-checked", &args)?;
    Ok(answer)
}

/// Reads the configuration and nothing else, which may be done while the node runs.
fn check_config(dir: &Path, context: &mut Context) -> Result<Answer, CliError> {
    let file = dir.join(CONFIG_FILE).display().to_string();
    let wrong = match Config::load(dir) {
        Ok(_) => None,
        Err(error @ ConfigError::Wrong { .. }) => Some(error.to_string()),
        Err(cause) => {
            let error = CliError::store("node-check").arg("dir", dir.display().to_string());
            return Err(error.caused_by(cause));
        }
    };
    let answer = if wrong.is_none() { Answer::Yes } else { Answer::No };
    if context.out.is_json() {
        let ok = answer == Answer::Yes;
        context.out.json(&json!({ "version": 1, "ok": ok, "file": file, "problem": wrong }))?;
    } else if let Some(wrong) = wrong {
        context.out.item(0, Mark::No, &crate::text::clean(&wrong))?;
    } else {
        let text = context.texts.get("node-config-checked", &Args::new().with("file", file));
        context.out.item(0, Mark::Yes, &text)?;
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_24_words_and_the_words_are_the_seed() {
        let words = words(&Seed::new([7; 32])).unwrap();
        assert_eq!(words.split(' ').count(), 24);
        let back = bip39::Mnemonic::parse(words.as_str()).unwrap();
        assert_eq!(back.to_entropy(), vec![7; 32]);
    }
}
