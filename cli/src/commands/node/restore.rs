//! `carnet node restore`: an institution from its 24 words and its peers' copies.

use super::rotate::{may_ask, refused};
use super::{say_words, words};
use crate::args::node as args;
use crate::commands::{Context, agreed, did, node_dir, rng};
use crate::error::{Answer, CliError};
use crate::files;
use crate::http::Client;
use crate::ledger::{self, Whole};
use crate::secret;
use crate::text::Args;
use carnet_node::config::Config;
use carnet_node::institution::{DID_FILE, Restoring, must_be_empty, restore as make};
use carnet_node::logs::WholeLog;
use carnet_node::net::Multiaddr;
use carnet_node::run::RotateError;
use carnet_proto::id::Did;
use carnet_proto::key::Seed;
use carnet_proto::ledger::ProfileView;
use serde::Deserialize;
use serde_json::json;
use std::path::Path;

/// Largest file with an identifier, in bytes.
const MAX_DID_BYTES: u64 = 256;
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
    let wanted = did(&args.institution)?;
    // Before anybody writes words on paper.
    must_be_empty(&dir).map_err(|cause| {
        refused(cause.into()).hint(if is_directory_of(&dir, &wanted) {
            "restore-old-directory"
        } else {
            "restore-not-empty"
        })
    })?;
    if let Some(backup) = args.backup.as_ref().filter(|backup| !is_directory_of(backup, &wanted)) {
        let error = CliError::usage("restore-backup").arg("did", wanted.to_string());
        return Err(error.arg("dir", backup.display().to_string()).hint("restore-backup"));
    }
    let (http, listen) = super::addresses(&args.http, &args.listen)?;
    let mut config = Config { http, listen, ..Config::default() };
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
            "backup": args.backup.as_ref().map(|dir| dir.display().to_string()),
            "next_words": next_words.as_str(),
        }))?;
    }
    let log = WholeLog { entries: whole.entries, notes: whole.notes, status: whole.status };
    let (log, backup) = (&log, args.backup.as_deref());
    let (revealed, next) = (&revealed, &next);
    let restoring = Restoring { log, revealed, next, config, backup, now: context.now() };
    let made = make(&dir, restoring, &mut rng()).map_err(|cause| match cause {
        RotateError::BackupNewer { .. } | RotateError::BackupDiffers(_) => {
            refused(cause).hint("restore-backup-log")
        }
        cause => refused(cause),
    })?;
    if !context.out.is_json() {
        let shown = shown
            .with("lists", made.adopted.lists)
            .with("batches", made.adopted.lost_batches)
            .with("records", made.adopted.records)
            .with("token", made.token_file.display().to_string());
        context.say("restored", &shown)?;
        let [kept, lost] = crate::text_ids!["restored-register", "restored-no-register"];
        context.say(if backup.is_some() { kept } else { lost }, &shown)?;
        context.say("restored-next", &shown)?;
    }
    Ok(Answer::Yes)
}

/// Returns whether a directory says that it belongs to an institution.
fn is_directory_of(dir: &Path, wanted: &Did) -> bool {
    let text = files::read_text(&dir.join(DID_FILE), MAX_DID_BYTES);
    text.is_ok_and(|text| text.trim() == wanted.to_string())
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
