//! `carnet node status`: how a node is, for whoever looks after it; what needs them comes first.

use super::super::Context;
use super::super::institution::Operator;
use super::super::trust::fingerprint_of;
use super::super::verify::report::span;
use crate::args::node as args;
use crate::error::{Answer, CliError};
use crate::http::Client;
use crate::render::{Mark, bold};
use crate::text::Args;
use carnet_proto::id::Did;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Runs the command.
///
/// # Errors
/// Those of the client.
pub fn run(args: &args::Status, context: &mut Context) -> Result<Answer, CliError> {
    if args.ready {
        return ready(&args.node.url, context);
    }
    let status = Operator::of(&args.node)?.status()?;
    if context.out.is_json() {
        let mut json = status.rest;
        json.insert("version".into(), Value::from(1));
        json.insert("did".into(), Value::from(status.did));
        context.out.json(&json)?;
        return Ok(Answer::Yes);
    }
    let shown: Shown = serde_json::from_value(Value::Object(status.rest))
        .map_err(|cause| CliError::network("node-answer").arg("url", "").caused_by(cause))?;
    warnings(&shown, context)?;
    who(&shown, status.did.as_deref(), context)?;
    if status.did.is_some() {
        context.out.line("")?;
        own_log(&shown, context)?;
    }
    context.out.line("")?;
    peers(&shown, context)?;
    logs(&shown, context)?;
    context.out.line("")?;
    machine(&shown, context)?;
    Ok(Answer::Yes)
}

/// What a node says of itself to its operator.
#[derive(Deserialize)]
struct Shown {
    warnings: Vec<Warning>,
    name: Option<String>,
    node_version: String,
    peer_id: String,
    addresses: Vec<String>,
    now: u64,
    uptime: u64,
    size: u64,
    published_size: u64,
    #[serde(default)]
    phase: Option<String>,
    witnesses: Witnesses,
    status_lists: u64,
    status_age: Option<u64>,
    peers: Vec<Peer>,
    banned: u64,
    logs: Vec<Log>,
    pending: Pending,
    store: String,
    #[serde(default)]
    standby_for: Option<String>,
    disk_bytes: u64,
    free_bytes: Option<u64>,
    backup_age: Option<u64>,
}

#[derive(Deserialize)]
struct Warning {
    id: String,
    about: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Witnesses {
    quorum: Option<u64>,
    tolerates: Option<i64>,
    view_age: Option<u64>,
    list: Vec<Witness>,
}

#[derive(Deserialize)]
struct Witness {
    did: String,
    name: Option<String>,
    held: bool,
    last: Option<u64>,
    newest: bool,
    silent: bool,
}

#[derive(Deserialize)]
struct Peer {
    peer: String,
    names: Vec<String>,
    address: String,
    round_trip: Option<u64>,
}

#[derive(Deserialize)]
struct Log {
    did: String,
    name: Option<String>,
    own: bool,
    size: u64,
    missing: u64,
    age: Option<u64>,
}

#[derive(Deserialize)]
struct Pending {
    writer: u64,
    messages: u64,
    entries: u64,
}

/// Whether a node does its work.
#[derive(Deserialize, Serialize)]
struct Readiness {
    ready: bool,
    reasons: Vec<Reason>,
}

#[derive(Deserialize, Serialize)]
struct Reason {
    code: String,
    message: String,
}

/// Asks a node whether it does its work.
fn ready(url: &str, context: &mut Context) -> Result<Answer, CliError> {
    let readiness: Readiness = Client::new(url)?.get_json_if_ready("/ready")?;
    let answer = if readiness.ready { Answer::Yes } else { Answer::No };
    if context.out.is_json() {
        let Readiness { ready, reasons } = readiness;
        context.out.json(&json!({ "version": 1, "ready": ready, "reasons": reasons }))?;
        return Ok(answer);
    }
    if readiness.ready {
        context.say("node-ready", &Args::new())?;
    }
    for reason in &readiness.reasons {
        context.out.item(0, Mark::No, &crate::text::clean(&reason.message))?;
    }
    Ok(answer)
}

/// Says what needs the operator, and what to do.
fn warnings(shown: &Shown, context: &mut Context) -> Result<(), CliError> {
    for warning in &shown.warnings {
        let args = arguments(warning, shown.now, context);
        let id = format!("node-warning-{}", warning.id);
        let text = context.texts.get(&id, &args);
        context.out.item(0, Mark::Unknown, &text)?;
        let next = context.texts.get(&format!("{id}-next"), &args);
        context.out.paragraph(4, &next)?;
    }
    if !shown.warnings.is_empty() {
        context.out.line("")?;
    }
    Ok(())
}

/// What a warning may be about, besides times and bytes.
const ABOUT: [&str; 14] = [
    "did",
    "name",
    "witness",
    "store",
    "cause",
    "quorum",
    "witnesses",
    "needed",
    "silent",
    "tolerates",
    "batches",
    "held",
    "signed",
    "missing",
];

/// Returns what a warning is about, as its text takes it.
fn arguments(warning: &Warning, now: u64, context: &Context) -> Args {
    let number = |key: &str| warning.about.get(key).and_then(Value::as_u64);
    let age = |seconds: u64| span(seconds, &context.texts);
    let mut args = Args::new();
    for key in ABOUT {
        match warning.about.get(key) {
            Some(Value::Number(number)) => args.set(key, number.as_i64().unwrap_or(i64::MAX)),
            Some(Value::String(text)) => args.set(key, text.clone()),
            _ => {}
        }
    }
    // Of a witness that never cosigned, the node knows no time.
    let last = number("last").unwrap_or_default();
    args.set("last", last);
    args.set("age", age(number("seconds").unwrap_or(now.saturating_sub(last))));
    args.set("rest", age(number("left").unwrap_or_default()));
    args.set("free", mebibytes(number("free_bytes").unwrap_or_default()));
    args
}

fn who(shown: &Shown, did: Option<&str>, context: &mut Context) -> Result<(), CliError> {
    let name = shown.name.clone().unwrap_or_else(|| context.texts.plain(nameless(shown)));
    context.out.line(bold(name))?;
    if let Some(did) = did {
        let parsed = Did::parse(did).ok();
        let args = Args::new()
            .with("did", did.to_owned())
            .with("fingerprint", parsed.as_ref().map(fingerprint_of).unwrap_or_default());
        context.say("node-status-who", &args)?;
    }
    let args = Args::new()
        .with("version", shown.node_version.clone())
        .with("up", span(shown.uptime, &context.texts))
        .with("addresses", shown.addresses.join(", "))
        .with("peer", shown.peer_id.clone());
    context.say("node-status-up", &args)
}

/// Returns what a node is that speaks for no institution: one that stands by owns a log, and does not write it.
const fn nameless(shown: &Shown) -> &'static str {
    crate::uses_texts!["node-no-log", "node-standby"];
    if shown.standby_for.is_some() { "node-standby" } else { "node-no-log" }
}

fn own_log(shown: &Shown, context: &mut Context) -> Result<(), CliError> {
    let args = Args::new().with("size", shown.size).with("published", shown.published_size);
    let text = context.texts.get("node-status-log", &args);
    context.out.line(bold(text))?;
    crate::uses_texts!["node-status-waiting", "node-status-catching-up"];
    let phase = match shown.phase.as_deref() {
        Some("waiting") => Some("node-status-waiting"),
        Some("catching-up") => Some("node-status-catching-up"),
        _ => None,
    };
    if let Some(id) = phase {
        context.out.paragraph(2, &context.texts.plain(id))?;
    }
    let witnesses = &shown.witnesses;
    match (witnesses.quorum, witnesses.tolerates) {
        (Some(quorum), Some(tolerates)) => {
            let count = tolerates + 1 + i64::try_from(quorum).unwrap_or(i64::MAX);
            let mut args = Args::new()
                .with("quorum", quorum)
                .with("count", count)
                .with("tolerates", tolerates.max(0));
            let id = match witnesses.view_age {
                Some(age) => {
                    args.set("age", span(age, &context.texts));
                    "node-status-view"
                }
                None => "node-status-no-view",
            };
            let text = context.texts.get(id, &args);
            context.out.paragraph(2, &text)?;
        }
        _ => context.out.paragraph(2, &context.texts.plain("node-status-no-witnesses"))?,
    }
    for witness in &witnesses.list {
        let (mark, id) = state(witness);
        let name = witness.name.clone().unwrap_or_else(|| witness.did.clone());
        let age = shown.now.saturating_sub(witness.last.unwrap_or_default());
        let args = Args::new().with("name", name).with("age", span(age, &context.texts));
        let text = context.texts.get(id, &args);
        context.out.item(2, mark, &text)?;
    }
    let lists = match shown.status_age {
        Some(age) => {
            let args = Args::new().with("count", shown.status_lists);
            let args = args.with("age", span(age, &context.texts));
            context.texts.get("node-status-lists", &args)
        }
        None => context.texts.plain("node-status-no-lists"),
    };
    context.out.line(lists)
}

/// Returns how a witness is, as a mark and a text.
fn state(witness: &Witness) -> (Mark, &'static str) {
    crate::uses_texts![
        "node-status-not-held",
        "node-status-silent-ever",
        "node-status-silent",
        "node-status-cosigned",
        "node-status-cosigned-older",
        "node-status-view",
        "node-status-no-view"
    ];
    match witness {
        Witness { held: false, .. } => (Mark::Unknown, "node-status-not-held"),
        Witness { last: None, .. } => (Mark::No, "node-status-silent-ever"),
        Witness { silent: true, .. } => (Mark::No, "node-status-silent"),
        Witness { newest: true, .. } => (Mark::Yes, "node-status-cosigned"),
        _ => (Mark::Yes, "node-status-cosigned-older"),
    }
}

fn peers(shown: &Shown, context: &mut Context) -> Result<(), CliError> {
    let args = Args::new().with("peers", shown.peers.len()).with("banned", shown.banned);
    let text = context.texts.get("node-status-peers", &args);
    context.out.line(bold(text))?;
    let rows = shown.peers.iter().map(|peer| {
        let name = match peer.names.is_empty() {
            true => peer.peer.clone(),
            false => peer.names.join(", "),
        };
        let time = peer.round_trip.map(|time| format!("{time} ms")).unwrap_or_default();
        vec![format!("  {name}"), peer.address.clone(), time]
    });
    context.out.table(&rows.collect::<Vec<_>>())
}

fn logs(shown: &Shown, context: &mut Context) -> Result<(), CliError> {
    let heads = crate::text_ids![
        "node-head-log",
        "node-head-whose",
        "node-head-size",
        "node-head-lag",
        "node-head-cosigned"
    ];
    let mut rows = vec![heads.iter().map(|id| bold(context.texts.plain(id))).collect::<Vec<_>>()];
    for log in &shown.logs {
        let whose = if log.own { "node-own" } else { "node-followed" };
        crate::uses_texts!["node-own", "node-followed"];
        let age = log.age.map(|age| span(age, &context.texts));
        rows.push(vec![
            log.name.clone().unwrap_or_else(|| log.did.clone()),
            context.texts.plain(whose),
            log.size.to_string(),
            log.missing.to_string(),
            age.unwrap_or_else(|| context.texts.plain("node-never")),
        ]);
    }
    context.out.table(&rows)
}

fn machine(shown: &Shown, context: &mut Context) -> Result<(), CliError> {
    if let Some(holder) = &shown.standby_for {
        context.say("node-status-standby", &Args::new().with("holder", holder.clone()))?;
    }
    let Pending { writer, messages, entries } = shown.pending;
    let args = Args::new()
        .with("requests", writer)
        .with("messages", messages)
        .with("entries", entries)
        .with("store", shown.store.clone())
        .with("used", mebibytes(shown.disk_bytes))
        .with("free", mebibytes(shown.free_bytes.unwrap_or_default()))
        .with("age", span(shown.backup_age.unwrap_or_default(), &context.texts));
    let texts = [
        match writer + messages + entries {
            0 => "node-status-pending-none",
            _ => "node-status-pending",
        },
        match shown.free_bytes {
            Some(_) => "node-status-disk",
            None => "node-status-disk-used",
        },
        match shown.backup_age {
            Some(_) => "node-status-backup",
            None => "node-status-backup-unknown",
        },
    ];
    texts.iter().try_for_each(|id| context.say(id, &args))
}

/// Rounds up.
fn mebibytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::{Shown, nameless};
    use crate::text::Texts;
    use carnet_node::http::WARNINGS;

    #[test]
    fn a_node_that_stands_by_is_not_said_to_own_no_log() {
        let shown = |holder: serde_json::Value| -> Shown {
            serde_json::from_value(serde_json::json!({
                "warnings": [], "name": null, "node_version": "1", "peer_id": "p", "addresses": [],
                "now": 0, "uptime": 0, "size": 0, "published_size": 0, "status_lists": 0,
                "witnesses": { "quorum": null, "tolerates": null, "view_age": null, "list": [] },
                "status_age": null, "peers": [], "banned": 0, "logs": [], "store": "postgres",
                "pending": { "writer": 0, "messages": 0, "entries": 0 }, "disk_bytes": 0,
                "free_bytes": null, "backup_age": null, "standby_for": holder,
            }))
            .unwrap()
        };
        let texts = Texts::load(Some("en"));
        let told = |holder| texts.plain(nameless(&shown(holder)));
        assert!(told("the first node".into()).contains("stands by"));
        assert_eq!(told(serde_json::Value::Null), "a node without a log");
    }

    #[test]
    fn every_warning_of_a_node_has_its_text_and_says_what_to_do() {
        let texts = Texts::load(Some("en"));
        for (id, ..) in WARNINGS {
            assert!(texts.has(&format!("node-warning-{id}")), "{id}");
            assert!(texts.has(&format!("node-warning-{id}-next")), "{id}");
        }
        let file = include_str!("../../../locales/en/institution.ftl");
        let ids = file.lines().filter_map(|line| line.strip_prefix("node-warning-"));
        assert_eq!(ids.count(), 2 * WARNINGS.len());
    }
}
