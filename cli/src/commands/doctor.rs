//! `carnet doctor`: what is set up, reachable and fresh, and what to do next.

use super::trust::fingerprint_of;
use super::{Context, policy_file};
use crate::args::DEFAULT_NODE;
use crate::args::anyone::Doctor;
use crate::error::{Answer, CliError};
use crate::files;
use crate::http::Client;
use crate::policy;
use crate::render::Mark;
use crate::secret::{self, MAX_LOCKED_BYTES};
use crate::text::{Args, Texts};
use carnet_proto::id::Did;
use carnet_proto::log::checkpoint::Note;
use carnet_proto::profile::CLOCK_SKEW;
use carnet_proto::time::UnixSeconds;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Age above which a log is called stale, in seconds: it is cosigned at least hourly.
const STALE: u64 = 2 * 3600;

/// One thing that was looked at.
#[derive(Serialize)]
struct Finding {
    id: &'static str,
    #[serde(serialize_with = "outcome")]
    outcome: Mark,
    text: String,
    next: Option<String>,
}

fn outcome<S: serde::Serializer>(mark: &Mark, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_str(match mark {
        Mark::Yes => "ok",
        Mark::No => "wrong",
        Mark::Unknown => "unknown",
    })
}

struct Findings<'t> {
    texts: &'t Texts,
    list: Vec<Finding>,
}

impl Findings<'_> {
    /// Notes a finding: the text `doctor-<text>`, and what to do, `doctor-next-<next>`.
    fn add(
        &mut self,
        id: &'static str,
        outcome: Mark,
        text: &str,
        args: &Args,
        next: Option<&str>,
    ) {
        let text = self.texts.get(&format!("doctor-{text}"), args);
        let next = next.map(|next| self.texts.get(&format!("doctor-next-{next}"), args));
        self.list.push(Finding { id, outcome, text, next });
    }

    fn failed(&mut self, id: &'static str, error: &CliError, args: &Args, next: Option<&str>) {
        let text = error.message(self.texts);
        let next = next.map(|next| self.texts.get(&format!("doctor-next-{next}"), args));
        self.list.push(Finding { id, outcome: Mark::No, text, next });
    }
}

/// Looks at everything.
///
/// # Errors
/// Those of writing the result.
pub fn run(args: &Doctor, context: &mut Context) -> Result<Answer, CliError> {
    let now = context.now();
    let mut findings = Findings { texts: &context.texts, list: Vec::new() };
    home(&mut findings);
    wallet(args.wallet.clone(), &mut findings);
    rules(policy_file(&args.policy), &mut findings);
    match Client::new(&args.node.url) {
        Ok(client) => node(&client, now, &mut findings),
        Err(error) => findings.failed("node", &error, &Args::new(), None),
    }
    let list = findings.list;
    // What is not set up yet is no fault; what is wrong is.
    let answer = if list.iter().any(|f| f.outcome == Mark::No) { Answer::No } else { Answer::Yes };
    if context.out.is_json() {
        context
            .out
            .json(&json!({ "version": 1, "ok": answer == Answer::Yes, "findings": list }))?;
        return Ok(answer);
    }
    for finding in &list {
        context.out.item(0, finding.outcome, &finding.text)?;
        if let Some(next) = &finding.next {
            context.out.paragraph(4, next)?;
        }
    }
    Ok(answer)
}

fn home(findings: &mut Findings<'_>) {
    match files::carnet_home() {
        Ok(dir) => {
            let args = Args::new().with("dir", dir.display().to_string());
            crate::uses_texts![
                "doctor-home",
                "doctor-home-none",
                "doctor-home-open",
                "doctor-next-home-open"
            ];
            match std::fs::metadata(&dir) {
                Ok(meta) if is_open(&meta) => {
                    findings.add("home", Mark::No, "home-open", &args, Some("home-open"));
                }
                Ok(_) => findings.add("home", Mark::Yes, "home", &args, None),
                Err(_) => findings.add("home", Mark::Unknown, "home-none", &args, None),
            }
        }
        Err(error) => findings.failed("home", &error, &Args::new(), None),
    }
}

/// Tells whether others may write to a directory.
#[cfg(unix)]
fn is_open(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o022 != 0
}

#[cfg(not(unix))]
fn is_open(_: &std::fs::Metadata) -> bool {
    false
}

fn wallet(named: Option<PathBuf>, findings: &mut Findings<'_>) {
    let path = match named.map_or_else(|| Ok(files::carnet_home()?.join("wallet.age")), Ok) {
        Ok(path) => path,
        Err(error) => {
            findings.failed("wallet", &error, &Args::new(), None);
            return;
        }
    };
    let args = Args::new().with("file", path.display().to_string());
    crate::uses_texts!["doctor-wallet", "doctor-wallet-none", "doctor-next-wallet-none"];
    match check_wallet(&path) {
        Ok(()) => findings.add("wallet", Mark::Yes, "wallet", &args, None),
        Err(error) if error.code() == "file-missing" => {
            findings.add("wallet", Mark::Unknown, "wallet-none", &args, Some("wallet-none"));
        }
        Err(error) => findings.failed("wallet", &error, &args, None),
    }
}

/// Looks whether a wallet could be opened, given its passphrase.
fn check_wallet(path: &Path) -> Result<(), CliError> {
    let bytes = files::read_limited(path, MAX_LOCKED_BYTES as u64)?;
    secret::check_form(path, &bytes)
}

fn rules(path: Result<PathBuf, CliError>, findings: &mut Findings<'_>) {
    crate::uses_texts![
        "doctor-policy",
        "doctor-policy-none",
        "doctor-policy-no-anchor",
        "doctor-next-trust-add"
    ];
    let path = match path {
        Ok(path) => path,
        Err(error) => {
            findings.failed("policy", &error, &Args::new(), None);
            return;
        }
    };
    let args = Args::new().with("file", path.display().to_string());
    match policy::read(&path) {
        Ok(rules) if rules.anchors.is_empty() => {
            findings.add("policy", Mark::Unknown, "policy-no-anchor", &args, Some("trust-add"));
        }
        Ok(rules) => {
            let names: Vec<_> = rules
                .anchors
                .iter()
                .map(|anchor| format!("{} ({})", anchor.name, fingerprint_of(&anchor.did)))
                .collect();
            findings.add(
                "policy",
                Mark::Yes,
                "policy",
                &args.with("anchors", names.join(", ")),
                None,
            );
        }
        Err(error) if error.code() == "policy-missing" => {
            findings.add("policy", Mark::Unknown, "policy-none", &args, Some("trust-add"));
        }
        Err(error) => findings.failed("policy", &error, &args, None),
    }
}

#[derive(Deserialize)]
struct NodeStatus {
    version: String,
    now: u64,
    #[serde(default)]
    peers: u64,
    #[serde(default)]
    institutions: Vec<String>,
}

fn node(client: &Client, now: UnixSeconds, findings: &mut Findings<'_>) {
    crate::uses_texts![
        "doctor-node",
        "doctor-node-none",
        "doctor-next-node-none",
        "doctor-next-node-down",
        "doctor-clock",
        "doctor-clock-off",
        "doctor-next-clock-off",
        "doctor-peers",
        "doctor-no-peers",
        "doctor-next-no-peers"
    ];
    let url = Args::new().with("url", client.address().to_owned());
    let status: NodeStatus = match client.get_json("/v1/node") {
        Ok(status) => status,
        // Whoever named an address, or made a node, wants one to answer.
        Err(error) if error.code() == "node-unreachable" && is_configured(client) => {
            findings.add("node", Mark::No, "node-none", &url, Some("node-down"));
            return;
        }
        Err(error) if error.code() == "node-unreachable" => {
            findings.add("node", Mark::Unknown, "node-none", &url, Some("node-none"));
            return;
        }
        Err(error) => {
            findings.failed("node", &error, &url, None);
            return;
        }
    };
    let args = url
        .with("version", status.version)
        .with("institutions", status.institutions.len())
        .with("peers", status.peers)
        .with("seconds", now.0.abs_diff(status.now));
    findings.add("node", Mark::Yes, "node", &args, None);
    if now.0.abs_diff(status.now) > CLOCK_SKEW {
        findings.add("clock", Mark::No, "clock-off", &args, Some("clock-off"));
    } else {
        findings.add("clock", Mark::Yes, "clock", &args, None);
    }
    if status.peers == 0 {
        findings.add("peers", Mark::Unknown, "no-peers", &args, Some("no-peers"));
    } else {
        findings.add("peers", Mark::Yes, "peers", &args, None);
    }
    logs(client, now, &status.institutions, findings);
}

fn is_configured(client: &Client) -> bool {
    client.address() != DEFAULT_NODE || super::node_dir(None).is_ok_and(|dir| dir.exists())
}

/// What a node tells of the witnesses of a log.
#[derive(Deserialize)]
struct LogWitnesses {
    #[serde(default)]
    quorum: Option<i64>,
    #[serde(default)]
    tolerates: Option<i64>,
}

/// Looks whether the witnesses that a log proposes can settle.
fn witnesses(client: &Client, did: &Did, name: &str, is_own: bool, findings: &mut Findings<'_>) {
    crate::uses_texts![
        "doctor-witnesses",
        "doctor-witnesses-tight",
        "doctor-witnesses-never",
        "doctor-next-witnesses"
    ];
    let log: LogWitnesses = match client.get_json(&format!("/v1/logs/{did}")) {
        Ok(log) => log,
        Err(error) => {
            findings.failed("witnesses", &error, &Args::new(), None);
            return;
        }
    };
    let (Some(quorum), Some(tolerates)) = (log.quorum, log.tolerates) else { return };
    let args = Args::new()
        .with("name", name.to_owned())
        .with("count", tolerates + 1 + quorum)
        .with("quorum", quorum)
        .with("needed", quorum + 2)
        .with("tolerates", tolerates);
    let (mark, text) = match tolerates {
        ..0 if is_own => (Mark::No, "witnesses-never"),
        ..0 => (Mark::Unknown, "witnesses-never"),
        0 => (Mark::Unknown, "witnesses-tight"),
        1.. => (Mark::Yes, "witnesses"),
    };
    let next = (is_own && mark != Mark::Yes).then_some("witnesses");
    findings.add("witnesses", mark, text, &args, next);
}

/// Looks how long ago each log was cosigned, and whether the clock is behind that.
fn logs(client: &Client, now: UnixSeconds, own: &[String], findings: &mut Findings<'_>) {
    crate::uses_texts![
        "doctor-logs",
        "doctor-logs-none",
        "doctor-next-logs-none",
        "doctor-log-stale",
        "doctor-next-log-stale",
        "doctor-log-uncosigned",
        "doctor-next-log-uncosigned",
        "doctor-clock-behind"
    ];
    let listed = match crate::ledger::list(client) {
        Ok(listed) => listed,
        Err(error) => {
            findings.failed("logs", &error, &Args::new(), None);
            return;
        }
    };
    if listed.is_empty() {
        findings.add("logs", Mark::Unknown, "logs-none", &Args::new(), Some("logs-none"));
        return;
    }
    let mut fresh = 0_usize;
    for log in &listed {
        let Ok(did) = Did::parse(&log.did) else { continue };
        let name = log.name.clone().unwrap_or_else(|| log.did.clone());
        witnesses(client, &did, &name, own.contains(&log.did), findings);
        match newest_cosignature(client, &did) {
            Ok(Some(at)) => {
                let age = super::verify::report::span(now.since(at), findings.texts);
                let args = Args::new().with("name", name).with("age", age);
                if at > now.plus(CLOCK_SKEW) {
                    findings.add("clock", Mark::No, "clock-behind", &args, Some("clock-off"));
                } else if now.since(at) > STALE {
                    findings.add("log", Mark::Unknown, "log-stale", &args, Some("log-stale"));
                } else {
                    fresh += 1;
                }
            }
            Ok(None) => {
                let args = Args::new().with("name", name);
                findings.add("log", Mark::Unknown, "log-uncosigned", &args, Some("log-uncosigned"));
            }
            Err(error) => findings.failed("log", &error, &Args::new(), None),
        }
    }
    let args = Args::new().with("count", listed.len()).with("fresh", fresh);
    let mark = if fresh == 0 { Mark::Unknown } else { Mark::Yes };
    findings.add("logs", mark, "logs", &args, None);
}

fn newest_cosignature(client: &Client, did: &Did) -> Result<Option<UnixSeconds>, CliError> {
    /// Largest note, in bytes.
    const MAX_NOTE_BYTES: u64 = 64 * 1024;
    let Some(bytes) = client.find_bytes(&format!("/v1/logs/{did}/checkpoint"), MAX_NOTE_BYTES)?
    else {
        return Ok(None);
    };
    let note = std::str::from_utf8(&bytes).ok().and_then(|text| Note::parse(text).ok());
    let note = note.ok_or_else(|| crate::ledger::answer(client, "it is malformed"))?;
    let owner = did.to_string();
    let others = note.signatures().iter().filter(|line| line.name != owner);
    Ok(others.filter_map(|line| Some(line.cosignature()?.0)).max())
}
