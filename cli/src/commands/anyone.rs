//! `carnet resolve` and `carnet log`: what everybody may read.

use super::{Context, did, read_from};
use crate::args::anyone as args;
use crate::error::{Answer, CliError};
use crate::http::Client;
use crate::ledger;
use crate::render::{bold, inline};
use crate::text::Args;
use carnet_proto::id::Did;
use carnet_proto::log::checkpoint::Note;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;

mod fork;
mod saved;

/// Most statements that are asked for at once.
const MAX_PAGE: u64 = 1024;

/// Looks up an institution.
///
/// # Errors
/// Those of the client, `did`, or `did-unknown`.
pub fn resolve(args: &args::Resolve, context: &mut Context) -> Result<Answer, CliError> {
    let wanted = did(&args.did)?;
    let client = read_from(&args.node)?;
    let unknown =
        || CliError::input("did-unknown").arg("did", wanted.to_string()).hint("did-unknown");
    let resolution: Value =
        client.find_json(&format!("/1.0/identifiers/{wanted}"))?.ok_or_else(unknown)?;
    if context.out.is_json() {
        context.out.json(&resolution)?;
        return Ok(Answer::Yes);
    }
    let log: LogDetail = client.find_json(&format!("/v1/logs/{wanted}"))?.ok_or_else(unknown)?;
    context.out.line(bold(log.name.unwrap_or_else(|| wanted.to_string())))?;
    let cosigned: Vec<_> =
        log.cosigned.into_iter().map(|line| line.name.unwrap_or(line.did)).collect();
    let args = Args::new()
        .with("did", wanted.to_string())
        .with("fingerprint", super::trust::fingerprint_of(&wanted))
        .with("role", log.role.unwrap_or_default())
        .with("country", log.country.unwrap_or_default())
        .with("size", log.size)
        .with("ignored", log.ignored.len())
        .with("cosigned", cosigned.join(", "));
    let ids = crate::text_ids![
        "resolve-did",
        "resolve-fingerprint",
        "resolve-role",
        "resolve-log",
        "resolve-cosigned"
    ];
    for id in ids {
        context.say(id, &args)?;
    }
    context.say("resolve-claims", &args)?;
    Ok(Answer::Yes)
}

/// What a node says of a log.
#[derive(Deserialize)]
struct LogDetail {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    country: Option<String>,
    size: u64,
    #[serde(default)]
    cosigned: Vec<Cosigned>,
    #[serde(default)]
    ignored: Vec<Value>,
}

#[derive(Deserialize)]
struct Cosigned {
    did: String,
    #[serde(default)]
    name: Option<String>,
}

/// Runs a command of the group `log`.
///
/// # Errors
/// Those of the client, or `did`.
pub fn log(command: args::Log, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        args::Log::Show(args) => show(&args, context),
        args::Log::Fork(command) => fork::fork(command, context),
        args::Log::Receipt(args) => saved::receipt(&args.save, context),
        args::Log::Proof(args) => saved::proof(&args.save, context),
        args::Log::Verify(args) if args.receipt.is_some() || args.proof.is_some() => {
            saved::verify(&args, context)
        }
        args::Log::Verify(args) => verify(&args, context),
    }
}

#[derive(Deserialize, Serialize)]
struct Listed {
    leaf: u64,
    digest: String,
    kind: String,
    #[serde(default)]
    state: Option<Value>,
    #[serde(default)]
    summary: Option<Value>,
}

/// The statements, bare or in an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum Statements {
    Bare(Vec<Listed>),
    Named { statements: Vec<Listed> },
}

/// Lists some statements of a log.
fn page(client: &Client, did: &Did, from: u64, limit: u64) -> Result<Vec<Listed>, CliError> {
    let path = format!("/v1/logs/{did}/statements?from={from}&limit={limit}");
    match client.find_json(&path)? {
        Some(Statements::Bare(page) | Statements::Named { statements: page }) => Ok(page),
        None => {
            let error = CliError::input("did-unknown").arg("did", did.to_string());
            Err(error.hint("did-unknown"))
        }
    }
}

fn show(args: &args::LogShow, context: &mut Context) -> Result<Answer, CliError> {
    let wanted = did(&args.did)?;
    let client = read_from(&args.node)?;
    let mut statements: Vec<Listed> = Vec::new();
    while (statements.len() as u64) < args.count {
        let have = statements.len() as u64;
        let (from, limit) = (args.from + have, (args.count - have).min(MAX_PAGE));
        let page = page(&client, &wanted, from, limit)?;
        let is_last = (page.len() as u64) < limit;
        statements.extend(page);
        if is_last {
            break;
        }
    }
    if context.out.is_json() {
        context.out.json(&json!({ "version": 1, "did": wanted, "statements": statements }))?;
        return Ok(Answer::Yes);
    }
    let heads = crate::text_ids![
        "log-head-leaf",
        "log-head-digest",
        "log-head-kind",
        "log-head-state",
        "log-head-summary"
    ];
    let mut rows = vec![heads.iter().map(|id| bold(context.texts.plain(id))).collect::<Vec<_>>()];
    for statement in &statements {
        let digest: String = statement.digest.chars().take(12).collect();
        rows.push(vec![
            statement.leaf.to_string(),
            digest,
            statement.kind.clone(),
            statement.state.as_ref().map(inline).unwrap_or_default(),
            statement.summary.as_ref().map(inline).unwrap_or_default(),
        ]);
    }
    context.out.table(&rows)?;
    Ok(Answer::Yes)
}

/// Adds an entry to an object.
fn set(line: &mut Value, name: &str, value: Value) {
    if let Some(line) = line.as_object_mut() {
        line.insert(name.into(), value);
    }
}

/// Counts those who signed a checkpoint besides its log; a witness may have signed twice. Nothing of it
/// is checked here.
fn others(note: &Note, log: &Did) -> usize {
    let log = log.to_string();
    let names = note.signatures().iter().map(|line| line.name.as_str());
    names.filter(|name| *name != log).collect::<BTreeSet<_>>().len()
}

fn verify(args: &args::LogVerify, context: &mut Context) -> Result<Answer, CliError> {
    let wanted: Did = did(&args.did)?;
    let client = read_from(&args.node)?;
    let replica = match ledger::fetch_one(&client, &wanted) {
        Ok(replica) => replica,
        // The log itself is wrong: that is an answer.
        Err(error) if error.code() == "log-wrong" => {
            let reason = error.message(&context.texts);
            if context.out.is_json() {
                context
                    .out
                    .json(&json!({ "version": 1, "did": wanted, "ok": false, "reason": reason }))?;
            } else {
                context.out.line(reason)?;
            }
            return Ok(Answer::No);
        }
        Err(error) => return Err(error),
    };
    let order = replica.is_in_order();
    let answer = if order.is_ok() { Answer::Yes } else { Answer::No };
    let view = replica.view();
    let newest = view.newest();
    let cosignatures = newest.map_or(0, |checkpoint| others(&checkpoint.note, &wanted));
    if context.out.is_json() {
        let ignored: Vec<_> = replica
            .ignored()
            .iter()
            .map(|ignored| json!({ "leaf": ignored.leaf, "reason": ignored.reason }))
            .collect();
        context.out.json(&json!({
            "version": 1, "did": wanted, "ok": order.is_ok(),
            "reason": order.as_ref().err().map(ToString::to_string),
            "size": replica.size(), "root": newest.map(|checkpoint| checkpoint.head.root),
            "checkpoints": view.checkpoints.len(), "signatures_of_others": cosignatures,
            "status_lists": view.status.len(), "ignored": ignored,
        }))?;
        return Ok(answer);
    }
    let mut args = Args::new()
        .with("size", replica.size().0)
        .with("checkpoints", view.checkpoints.len())
        .with("lists", view.status.len())
        .with("cosignatures", cosignatures)
        .with("ignored", replica.ignored().len());
    let text = match &order {
        Ok(()) => context.texts.get("log-holds", &args),
        Err(error) => {
            args.set("reason", error.to_string());
            context.texts.get("log-not-in-order", &args)
        }
    };
    let line = format!("{} {text}", context.out.mark(answer.into()));
    context.out.line(line)?;
    context.say("log-signatures", &args)?;
    for ignored in replica.ignored() {
        let args = Args::new().with("leaf", ignored.leaf.0).with("reason", ignored.reason.clone());
        context.say("log-ignored", &args)?;
    }
    Ok(answer)
}
