//! `carnet node restore`: an institution from its 24 words and its peers' copies.

use super::rotate::{may_ask, refused};
use super::{say_words, words};
use crate::args::node as args;
use crate::commands::{Context, agreed, did, node_dir, rng};
use crate::error::{Answer, CliError};
use crate::http::Client;
use crate::ledger::{self, Whole};
use crate::secret;
use crate::text::Args;
use carnet_node::config::Config;
use carnet_node::institution::{must_be_empty, restore as make};
use carnet_node::logs::WholeLog;
use carnet_node::net::Multiaddr;
use carnet_proto::id::Did;
use carnet_proto::key::Seed;
use carnet_proto::ledger::ProfileView;
use serde::Deserialize;
use serde_json::json;

/// Most addresses that are taken over from a node.
const MAX_ADDRESSES: usize = 8;

/// Runs `node restore`.
///
/// # Errors
/// `restore-none` if no node has the log, `restore-fork`, `key-rotate` with what is wrong,
/// `key-unconfirmed`, and those of the words.
pub fn restore(args: &args::Restore, context: &mut Context) -> Result<Answer, CliError> {
    let dir = node_dir(args.dir.as_deref())?;
    may_ask(args.yes, context)?;
    // Before anybody writes words on paper.
    must_be_empty(&dir).map_err(|cause| refused(cause.into()))?;
    let wanted = did(&args.institution)?;
    let (http, listen) = super::addresses(&args.http, &args.listen)?;
    let mut config = Config { http, listen: vec![listen], ..Config::default() };
    let whole = largest(&args.from, &wanted, &mut config, context)?;
    let revealed = secret::read_words(&context.texts.plain("key-words-prompt"), args.words_fd)?;
    let view = whole.replica.view();
    let committed = view.current_keys().map(|period| period.next);
    if committed != Some(revealed.public_key_set().commitment()) {
        return Err(CliError::usage("words-not-next").arg("did", wanted.to_string()));
    }
    if let ProfileView::Known(profile) = &view.profile {
        config.follows = profile.witnesses.iter().filter(|did| **did != wanted).copied().collect();
    }
    let next = Seed::generate(&mut rng());
    let next_words = words(&next)?;
    let shown = Args::new()
        .with("did", wanted.to_string())
        .with("size", whole.replica.size().0)
        .with("dir", dir.display().to_string());
    if !context.out.is_json() {
        context.say("restore-plan", &shown)?;
        context.out.line("")?;
        context.say("key-words", &shown)?;
        say_words(&next_words, context)?;
        if !args.yes && !agreed("key-confirm", context)? {
            return Err(CliError::usage("key-unconfirmed").hint("key-unconfirmed"));
        }
    } else {
        context.out.json(&json!({
            "version": 1, "did": wanted, "size": whole.replica.size().0,
            "dir": dir.display().to_string(), "token_file": dir.join("operator.token").display().to_string(),
            "next_words": next_words.as_str(),
        }))?;
    }
    let log = WholeLog { entries: whole.entries, notes: whole.notes, status: whole.status };
    let made = make(&dir, &log, &revealed, &next, config, context.now(), &mut rng());
    let made = made.map_err(refused)?;
    if !context.out.is_json() {
        let args = shown
            .with("lists", made.adopted.lists)
            .with("token", made.token_file.display().to_string());
        context.say("restored", &args)?;
    }
    Ok(Answer::Yes)
}

/// Fetches the log from each node, and returns the largest copy that holds. Nodes that have one become
/// peers of the new node.
fn largest(
    from: &[String],
    wanted: &Did,
    config: &mut Config,
    context: &Context,
) -> Result<Whole, CliError> {
    let mut best: Option<Whole> = None;
    for url in from {
        let client = Client::new(url)?;
        let found = match ledger::fetch_whole(&client, wanted) {
            Ok(found) => found,
            Err(error) => {
                let reason = error.message(&context.texts);
                let args = Args::new().with("url", url.clone()).with("reason", reason);
                context.note("restore-left-out", &args);
                continue;
            }
        };
        config.peers.extend(peers(&client));
        let Some(known) = best.take() else {
            best = Some(found);
            continue;
        };
        let (small, large) = match known.replica.size() < found.replica.size() {
            true => (known, found),
            false => (found, known),
        };
        let head = small.replica.tree().head();
        if large.replica.tree().root_at(head.size) != Some(head.root) {
            let error = CliError::input("restore-fork").arg("did", wanted.to_string());
            return Err(error.hint("restore-fork"));
        }
        best = Some(large);
    }
    best.ok_or_else(|| CliError::network("restore-none").arg("did", wanted.to_string()))
}

/// Asks a node where it listens for others; what it does not say has to be followed by hand.
fn peers(client: &Client) -> Vec<Multiaddr> {
    #[derive(Deserialize)]
    struct Node {
        peer_id: String,
        addresses: Vec<String>,
    }
    let Ok(node) = client.get_json::<Node>("/v1/node") else { return Vec::new() };
    let named = |address: &String| match address.contains("/p2p/") {
        true => address.clone(),
        false => format!("{address}/p2p/{}", node.peer_id),
    };
    let parsed = node.addresses.iter().filter_map(|address| named(address).parse().ok());
    parsed.take(MAX_ADDRESSES).collect()
}
