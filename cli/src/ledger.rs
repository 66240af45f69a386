//! Copies of logs, fetched from a node as wholes and checked entry by entry.
//!
//! A worker or a verifier fetches every log that the node serves, so that the node cannot tell which
//! institution matters to them.

use crate::error::CliError;
use crate::http::Client;
use crate::progress;
use carnet_proto::cbor::{Bytes, CborError, Decode, Decoder, Mode};
use carnet_proto::id::Did;
use carnet_proto::ledger::{Ledger, LogView, ProfileView, Replica};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::fork::{ForkProof, MAX_FORK_BYTES};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most logs that are fetched.
const MAX_LOGS: usize = 10_000;
/// Most entries of one log.
const MAX_ENTRIES: u64 = 10_000_000;
/// Largest log, in bytes of its entries.
const MAX_LOG_BYTES: usize = 1024 * 1024 * 1024;
/// Entries asked for at once.
const PAGE: u64 = 1024;
/// Largest page of entries, in bytes.
const MAX_PAGE_BYTES: u64 = 8 * 1024 * 1024;
/// Largest list of checkpoints, in bytes.
const MAX_CHECKPOINTS_BYTES: u64 = 32 * 1024 * 1024;
/// Largest bundle of status lists, in bytes.
const MAX_STATUS_BYTES: u64 = 256 * 1024 * 1024;
/// Most items in one list that a node sends.
const MAX_ITEMS: usize = 10_000;
/// How often a log is fetched anew that was published while it was being fetched.
const TRIES: u32 = 4;

/// A log in the list that a node gives.
#[derive(Debug, Deserialize)]
pub struct Listed {
    /// The institution.
    pub did: String,
    /// What it calls itself.
    #[serde(default)]
    pub name: Option<String>,
    /// Whether the node has a proof that it shows two histories.
    #[serde(default)]
    pub forked: bool,
}

#[derive(Deserialize)]
struct Logs {
    logs: Vec<Listed>,
}

/// What was fetched.
#[derive(Debug, Default)]
pub struct Fetched {
    /// Logs that hold.
    pub replicas: BTreeMap<Did, Replica>,
    /// Proofs that logs show two histories.
    pub forks: Vec<ForkProof>,
    /// Logs that do not hold, or could not be fetched whole, and why.
    pub failed: Vec<(String, CliError)>,
}

impl Fetched {
    /// Returns the views for a verification.
    pub fn ledger(&self) -> Ledger {
        let mut ledger: Ledger =
            self.replicas.values().map(|replica| Arc::clone(replica.view())).collect();
        self.forks.iter().for_each(|proof| ledger.add_fork(proof));
        ledger
    }

    /// Returns what to call an institution: what it calls itself, else its identifier.
    pub fn name(&self, did: &Did) -> String {
        self.replicas
            .get(did)
            .and_then(|replica| name(replica.view()))
            .unwrap_or_else(|| did.to_string())
    }
}

/// Returns what an institution calls itself.
pub fn name(log: &LogView) -> Option<String> {
    match &log.profile {
        ProfileView::Known(profile) => {
            carnet_proto::text::choose(&profile.names, "en").map(ToString::to_string)
        }
        ProfileView::None | ProfileView::NotShown => None,
    }
}

/// Lists the logs that a node serves.
///
/// # Errors
/// Those of the client, or `node-answer`.
pub fn list(client: &Client) -> Result<Vec<Listed>, CliError> {
    let logs: Logs = client.get_json("/v1/logs")?;
    if logs.logs.len() > MAX_LOGS {
        return Err(answer(client, "it lists too many logs"));
    }
    Ok(logs.logs)
}

/// Fetches every log of a node. One that does not hold is named in [`Fetched::failed`].
///
/// # Errors
/// Those of the client, if the node cannot be reached or stops answering.
pub fn fetch(client: &Client, message: String) -> Result<Fetched, CliError> {
    let listed = list(client)?;
    let bar = progress::bar(listed.len() as u64, message);
    let mut fetched = Fetched::default();
    for log in listed {
        match Did::parse(&log.did)
            .map_err(|error| answer(client, &error.to_string()))
            .and_then(|did| Ok((did, fetch_one(client, &did)?)))
        {
            Ok((did, mut replica)) => {
                if log.forked
                    && let Some(proof) = fetch_fork(client, &did)?
                {
                    replica.learn_fork(&proof);
                    fetched.forks.push(proof);
                }
                fetched.replicas.insert(did, replica);
            }
            // The node itself is gone: what is left would be missing for a reason of no log.
            Err(error) if matches!(error.code(), "node-unreachable" | "node-timeout") => {
                bar.finish_and_clear();
                return Err(error);
            }
            Err(error) => fetched.failed.push((log.did, error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(fetched)
}

/// Fetches one log. Only for what concerns the institution itself, never a credential.
///
/// # Errors
/// Those of the client; `log-wrong` if the log does not hold.
pub fn fetch_one(client: &Client, did: &Did) -> Result<Replica, CliError> {
    fetch_whole(client, did).map(|whole| whole.replica)
}

/// A log as it was fetched, and what it says.
#[derive(Debug)]
pub struct Whole {
    /// Every entry.
    pub entries: Vec<Vec<u8>>,
    /// Its checkpoints, the newest last.
    pub notes: Vec<Note>,
    /// Its status lists, in the order of their URIs.
    pub status: Vec<Vec<u8>>,
    /// All of it, checked.
    pub replica: Replica,
}

/// Fetches one log, and keeps its entries. Only for what concerns the institution itself, never a
/// credential.
///
/// # Errors
/// As [`fetch_one`].
pub fn fetch_whole(client: &Client, did: &Did) -> Result<Whole, CliError> {
    let mut tries = 1;
    loop {
        match fetch_once(client, did) {
            // Its owner may have published in between.
            Err(error) if error.code() == "log-wrong" && tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

/// Fetches the proof that a log shows two histories; `None` if the node has none, or one that proves
/// nothing. Only for what concerns the institution itself, never a credential.
///
/// # Errors
/// Those of the client.
pub fn fetch_fork(client: &Client, did: &Did) -> Result<Option<ForkProof>, CliError> {
    let found = client.find_bytes(&format!("/v1/logs/{did}/fork"), MAX_FORK_BYTES as u64)?;
    let proof = found.and_then(|bytes| ForkProof::open(&bytes).ok());
    Ok(proof.filter(|proof| proof.verify().is_ok_and(|fork| fork.origin == *did)))
}

/// Fetches one entry of a log. Only for what concerns the institution itself, never a credential.
///
/// # Errors
/// Those of the client, or `node-answer`.
pub fn fetch_entry(client: &Client, did: &Did, leaf: u64) -> Result<Vec<u8>, CliError> {
    let path = format!("/v1/logs/{did}/entries?from={leaf}&limit=1");
    let entries: Vec<Bytes> = get_list(client, &path, MAX_PAGE_BYTES, 1)?;
    let entry = entries.into_iter().next();
    entry.map(|Bytes(entry)| entry).ok_or_else(|| answer(client, "it has no such entry"))
}

fn fetch_once(client: &Client, did: &Did) -> Result<Whole, CliError> {
    let wrong = |reason: &str| {
        CliError::input("log-wrong").arg("did", did.to_string()).arg("reason", reason.to_owned())
    };
    let path = format!("/v1/logs/{did}");
    let notes: Vec<String> =
        get_list(client, &format!("{path}/checkpoints"), MAX_CHECKPOINTS_BYTES, MAX_ITEMS)?;
    let notes: Vec<Note> = notes
        .iter()
        .map(|note| Note::parse(note).map_err(|error| wrong(&error.to_string())))
        .collect::<Result<_, _>>()?;
    let newest = notes.last().ok_or_else(|| wrong("it has no checkpoint yet"))?;
    let size = newest.checkpoint().map_err(|error| wrong(&error.to_string()))?.head.size.0;
    if size > MAX_ENTRIES {
        return Err(wrong("it has too many entries"));
    }
    let mut entries: Vec<Vec<u8>> = Vec::new();
    let mut bytes = 0;
    while (entries.len() as u64) < size {
        let from = entries.len() as u64;
        let limit = PAGE.min(size - from);
        let page = format!("{path}/entries?from={from}&limit={limit}");
        let page: Vec<Bytes> = get_list(client, &page, MAX_PAGE_BYTES, PAGE as usize)?;
        if page.is_empty() || page.len() as u64 > limit {
            return Err(wrong("the node does not serve all of its entries"));
        }
        bytes += page.iter().map(|Bytes(entry)| entry.len()).sum::<usize>();
        if bytes > MAX_LOG_BYTES {
            return Err(wrong("it is too large"));
        }
        entries.extend(page.into_iter().map(|Bytes(entry)| entry));
    }
    let first = entries.first().ok_or_else(|| wrong("it is empty"))?;
    let mut replica = Replica::new(first).map_err(|error| wrong(&error.to_string()))?;
    if replica.origin() != did {
        return Err(wrong("it is the log of another institution"));
    }
    let rest = entries.get(1..).unwrap_or_default();
    replica.extend(rest, newest, None).map_err(|error| wrong(&error.to_string()))?;
    for note in &notes {
        replica.add_checkpoint(note, |_, _| true).map_err(|error| wrong(&error.to_string()))?;
    }
    let tokens: Vec<Bytes> =
        get_list(client, &format!("{path}/status"), MAX_STATUS_BYTES, MAX_ITEMS)?;
    let tokens: Vec<Vec<u8>> = tokens.into_iter().map(|Bytes(token)| token).collect();
    replica.set_status(&tokens).map_err(|error| wrong(&error.to_string()))?;
    Ok(Whole { entries, notes, status: tokens, replica })
}

fn get_list<T: for<'b> Decode<'b>>(
    client: &Client,
    path: &str,
    max_bytes: u64,
    max_items: usize,
) -> Result<Vec<T>, CliError> {
    let bytes = client.get_bytes(path, max_bytes)?;
    let mut decoder = Decoder::new(&bytes, Mode::Strict);
    let read = |decoder: &mut Decoder<'_>| -> Result<Vec<T>, CborError> {
        let items = {
            // The items own what they hold, so the borrow of the body ends here.
            decoder.array(|d, count| {
                if count > max_items {
                    return Err(CborError::invalid("too many items"));
                }
                (0..count).map(|_| T::decode(d)).collect::<Result<Vec<T>, _>>()
            })?
        };
        decoder.finish()?;
        Ok(items)
    };
    read(&mut decoder).map_err(|error| answer(client, "it is malformed").caused_by(error))
}

/// Says that an answer of a node is not what it should be.
pub fn answer(client: &Client, reason: &str) -> CliError {
    let cause = std::io::Error::other(reason.to_owned());
    CliError::network("node-answer")
        .arg("url", client.address().to_owned())
        .hint("node-answer")
        .caused_by(cause)
}
