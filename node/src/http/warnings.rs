//! What needs the operator, most urgent first. Each has an identifier that stays, and says it in English;
//! the command line words it for people, with what to do.

use std::collections::BTreeMap;

use carnet_proto::id::Did;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::overview::{NodeFacts, Overview, OwnState, Witnesses};
use crate::desk::status::LIST_LIFETIME;
use crate::writer::Phase;

#[cfg(test)]
mod tests;

/// Free bytes of the disk below which the operator is warned.
pub const LOW_DISK_BYTES: u64 = 1 << 30;
/// Seconds after which a backup is called old.
pub const OLD_BACKUP_SECONDS: u64 = 7 * 86_400;

/// The database cannot be reached.
pub(super) const STORE_UNREACHABLE: &str = "store-unreachable";

/// Every warning, most urgent first: its identifier, what is wrong, and whether the node is not ready
/// then.
pub const WARNINGS: [(&str, &str, bool); 23] = [
    ("store-failed", "a write to the store failed, and it takes no more of them", true),
    (
        STORE_UNREACHABLE,
        "the database cannot be reached; orders are refused until it is back",
        true,
    ),
    (
        "older-than-published",
        "others hold more of the own log than this node, which fetches it; nothing is stated meanwhile",
        true,
    ),
    (
        "own-contradicted",
        "the own log's key has signed another history than the one held here",
        false,
    ),
    (
        "own-unconfirmed",
        "the witnesses have not confirmed that they know of nothing newer; nothing is published",
        true,
    ),
    ("register-older", "the register is older than the log; nothing can be issued", true),
    (
        "clock-behind",
        "the clock is behind what the witness key has signed; nothing is cosigned",
        false,
    ),
    ("catching-up", "entries are missing that logs were seen to sign", true),
    ("own-fork", "the own log is proven to show two histories", false),
    ("out-of-order", "the own log does not end with the right standing", false),
    ("witnesses-never", "whatever the proposed witnesses do, no quorum can be reached", false),
    ("quorum-lost", "more witnesses are silent than the quorum tolerates", false),
    ("status-late", "the status lists were not published on schedule", false),
    ("disk-low", "the disk is nearly full", false),
    ("fork", "a followed log is proven to show two histories", false),
    ("witness-silent", "a witness has not cosigned for two hours", false),
    ("witness-unknown", "the log of a witness is not held, so that it cannot be counted", false),
    ("witnesses-tight", "no witness may be silent", false),
    ("no-witnesses", "the institution proposes no witnesses", false),
    ("missing", "entries of a followed log are missing", false),
    ("no-peers", "no other node is connected", false),
    ("backup-none", "certificates were issued and no backup is known", false),
    ("backup-old", "the last backup is more than a week old", false),
];

/// Something that needs the operator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Warning {
    /// Names it; stable.
    pub(super) id: &'static str,
    /// Says it in English.
    pub(super) message: &'static str,
    /// What it is about: identifiers, names, counts, seconds and bytes.
    #[schema(value_type = Object)]
    pub(super) about: BTreeMap<&'static str, Value>,
}

/// Collects warnings in the order of [`WARNINGS`].
#[derive(Default)]
struct Found(Vec<(usize, Warning)>);

impl Found {
    fn add<const N: usize>(&mut self, id: &str, about: [(&'static str, Value); N]) {
        let known = WARNINGS.iter().enumerate().find(|(_, (known, ..))| *known == id);
        if let Some((place, (id, message, _))) = known {
            self.0.push((place, Warning { id, message, about: about.into_iter().collect() }));
        }
    }
}

/// Returns what needs the operator of an institution, or of all if none is named.
pub(super) fn warnings(seen: &Overview, node: &NodeFacts, of: Option<Did>) -> Vec<Warning> {
    let mut found = Found::default();
    for (store, watch) in &node.stores {
        if let Some(cause) = watch.failure() {
            found.add("store-failed", [("store", (*store).into()), ("cause", cause.into())]);
        }
    }
    if let Some((server, cause)) = &seen.away {
        let about = [("store", server.as_str().into()), ("cause", cause.as_str().into())];
        found.add(STORE_UNREACHABLE, about);
    }
    for own in seen.own.iter().filter(|own| of.is_none_or(|of| of == own.did)) {
        own_warnings(&mut found, own, seen, node);
    }
    if let Some(seconds) = seen.clock_behind {
        found.add("clock-behind", [("seconds", seconds.into())]);
    }
    let is_caught_up = node.caught_up.load(std::sync::atomic::Ordering::Relaxed);
    if !is_caught_up {
        let missing: u64 = seen.logs.iter().map(|log| log.missing).sum();
        found.add("catching-up", [("missing", missing.into())]);
    }
    for log in seen.logs.iter().filter(|log| !log.own) {
        let name = log.name.clone().unwrap_or_else(|| log.did.to_string());
        let about = || [("did", log.did.to_string().into()), ("name", name.clone().into())];
        if log.forked {
            found.add("fork", about());
        }
        if log.missing > 0 && is_caught_up {
            let [did, name] = about();
            found.add("missing", [did, name, ("missing", log.missing.into())]);
        }
    }
    if let Some(free) = seen.free_bytes.filter(|free| *free < LOW_DISK_BYTES) {
        found.add("disk-low", [("free_bytes", free.into())]);
    }
    if seen.peers == 0 && (node.configured_peers > 0 || seen.follows > 0) {
        found.add("no-peers", []);
    }
    let has_issued = seen.own.iter().any(|own| own.batches > 0);
    match seen.backup_age {
        Some(age) if age > OLD_BACKUP_SECONDS => {
            found.add("backup-old", [("seconds", age.into())]);
        }
        None if has_issued => found.add("backup-none", []),
        _ => {}
    }
    // Stable: those of one kind stay in the order in which they were found.
    found.0.sort_by_key(|(place, _)| *place);
    found.0.into_iter().map(|(_, warning)| warning).collect()
}

fn own_warnings(found: &mut Found, own: &OwnState, seen: &Overview, node: &NodeFacts) {
    let did = || ("did", Value::from(own.did.to_string()));
    let (signed, contradicted) = (own.heard.signed.0, own.heard.contradicted.0);
    if own.phase == Phase::CatchingUp || signed > own.published {
        let counts = [("held", own.published.into()), ("signed", signed.into())];
        let [held, signed] = counts;
        found.add("older-than-published", [did(), held, signed]);
    } else if own.phase == Phase::Waiting {
        found.add("own-unconfirmed", [did()]);
    }
    if contradicted > own.published {
        let counts = [("held", own.published.into()), ("signed", contradicted.into())];
        let [held, signed] = counts;
        found.add("own-contradicted", [did(), held, signed]);
    }
    if own.unknown_batches > 0 {
        found.add("register-older", [did(), ("batches", own.unknown_batches.into())]);
    }
    if seen.logs.iter().any(|log| log.did == own.did && log.forked) {
        found.add("own-fork", [did()]);
    }
    // A log that is being completed ends anywhere.
    if !own.in_order && own.phase != Phase::CatchingUp {
        found.add("out-of-order", [did()]);
    }
    // Twice the schedule, and the time a list has left in any case.
    let late = (2 * node.status_schedule).min(LIST_LIFETIME / 2);
    if let Some(age) = own.status_age.filter(|age| *age > late) {
        let left = LIST_LIFETIME.saturating_sub(age);
        found.add("status-late", [did(), ("seconds", age.into()), ("left", left.into())]);
    }
    witness_warnings(found, own, &own.witnesses);
}

fn witness_warnings(found: &mut Found, own: &OwnState, witnesses: &Witnesses) {
    let did = || ("did", Value::from(own.did.to_string()));
    let (Some(quorum), Some(tolerates)) = (witnesses.quorum, witnesses.tolerates) else {
        found.add("no-witnesses", [did()]);
        return;
    };
    let count = tolerates + 1 + i64::from(quorum);
    let silent: Vec<_> = witnesses.list.iter().filter(|witness| witness.silent).collect();
    let silent_count = i64::try_from(silent.len()).unwrap_or(i64::MAX);
    let list = || [("quorum", Value::from(quorum)), ("witnesses", count.into())];
    if tolerates < 0 {
        let needed = ("needed", (i64::from(quorum) + 2).into());
        let [quorum, count] = list();
        found.add("witnesses-never", [did(), quorum, count, needed]);
    } else if silent_count > tolerates {
        let [quorum, count] = list();
        let counts = [("silent", silent_count.into()), ("tolerates", tolerates.into())];
        let [silent, tolerates] = counts;
        found.add("quorum-lost", [did(), quorum, count, silent, tolerates]);
    } else if tolerates == 0 {
        let [quorum, count] = list();
        found.add("witnesses-tight", [did(), quorum, count]);
    }
    for witness in silent {
        let name = witness.name.clone().unwrap_or_else(|| witness.did.to_string());
        let about = [("witness", witness.did.to_string().into()), ("name", name.into())];
        let [witness_did, name] = about;
        if witness.held {
            let last = witness.last.map_or(Value::Null, Value::from);
            found.add("witness-silent", [did(), witness_did, name, ("last", last)]);
        } else {
            found.add("witness-unknown", [did(), witness_did, name]);
        }
    }
}
