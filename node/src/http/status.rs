//! How the node is, for its operator, for machines that watch it, and for whoever starts it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use carnet_proto::id::Did;
use serde::Serialize;
use utoipa::ToSchema;

use super::cosigned::profile;
use super::input::Authorized;
use super::overview::{LogState, Overview, Witnesses, away};
use super::public::{Cosigned, cosigned};
use super::warnings::{STORE_UNREACHABLE, WARNINGS, Warning, warnings};
use super::{Api, ApiError, Refusal};

#[cfg(test)]
mod tests;

/// How the node of an institution is.
#[derive(Serialize, ToSchema)]
pub(super) struct Status {
    /// What needs the operator, most urgent first.
    warnings: Vec<Warning>,
    /// The institution; none on a node without a log.
    #[schema(value_type = Option<String>)]
    did: Option<Did>,
    name: Option<String>,
    /// Version of the program.
    node_version: &'static str,
    /// Its name on the network.
    peer_id: String,
    /// Multiaddrs that it listens on.
    addresses: Vec<String>,
    /// Its clock, Unix seconds.
    now: u64,
    /// Seconds since it started.
    uptime: u64,
    /// Entries of the own log.
    size: u64,
    /// Entries under its newest checkpoint.
    published_size: u64,
    /// Whether the own log is published: `publishing`, `waiting` for its witnesses, or `catching-up`.
    phase: Option<&'static str>,
    /// Who cosigned the newest checkpoint.
    cosignatures: Vec<Cosigned>,
    /// How many cosignatures make a quorum, by the own profile.
    quorum: Option<u8>,
    /// The witnesses that the own profile proposes.
    witnesses: Witnesses,
    /// Status lists that are published.
    status_lists: usize,
    /// Seconds since the oldest of them was signed.
    status_age: Option<u64>,
    /// Other nodes that are connected.
    peers: Vec<Peer>,
    /// Nodes that it is to be connected to, by its configuration.
    configured_peers: usize,
    /// Peers that are refused for a time, as they broke rules.
    banned: usize,
    logs: Vec<LogState>,
    #[schema(value_type = Vec<String>)]
    follows: Vec<Did>,
    /// What waits to be done.
    pending: Pending,
    /// What the stores stand on.
    store: &'static str,
    /// Database, host and schema, if the data is not on the node's own disk.
    database: Option<String>,
    /// Which node writes while this one stands by.
    standby_for: Option<String>,
    /// Bytes on disk.
    disk_bytes: u64,
    /// Bytes that may still be written.
    free_bytes: Option<u64>,
    /// Seconds since `last-backup` in the node's directory was written.
    backup_age: Option<u64>,
}

/// What waits to be done.
#[derive(Serialize, ToSchema)]
pub(super) struct Pending {
    /// Requests for the writer of the own log.
    writer: usize,
    /// Messages for replication.
    messages: usize,
    /// Whether replication has nothing under way.
    idle: bool,
    /// Entries that logs were seen to sign and that are not held.
    entries: u64,
}

/// A node that is connected.
#[derive(Serialize, ToSchema)]
pub(super) struct Peer {
    peer: String,
    /// Names of the institutions whose profiles name this node.
    names: Vec<String>,
    address: String,
    agent: String,
    /// Milliseconds.
    round_trip: Option<u64>,
}

/// How the node is.
#[utoipa::path(get, path = "/operator/v1/status", security(("token" = [])), responses(
    (status = 200, body = Status), (status = 401, body = Refusal), (status = 403, body = Refusal)))]
pub(super) async fn status(
    State(api): State<Arc<Api>>,
    Authorized(operator): Authorized,
) -> Result<Json<Status>, ApiError> {
    let seen = Overview::look(&api).await?;
    let did = operator.institution.as_ref().map(|institution| institution.did);
    let warnings = warnings(&seen, &api.node, did);
    let own = seen.own.iter().find(|own| Some(own.did) == did);
    let ledger = api.logs.ledger();
    let replica = did.and_then(|did| api.logs.get(&did));
    let witnesses = own.map(|own| own.witnesses.clone()).unwrap_or_default();
    Ok(Json(Status {
        warnings,
        did,
        name: own.and_then(|own| own.name.clone()),
        node_version: env!("CARGO_PKG_VERSION"),
        peer_id: api.net.local_peer_id().to_string(),
        addresses: api.net.listen_addrs().iter().map(ToString::to_string).collect(),
        now: seen.now,
        uptime: seen.uptime,
        size: own.map_or(0, |own| own.size),
        published_size: own.map_or(0, |own| own.published),
        phase: own.map(|own| own.phase.name()),
        cosignatures: replica.as_ref().map(|own| cosigned(&ledger, own)).unwrap_or_default(),
        quorum: witnesses.quorum,
        witnesses,
        status_lists: own.map_or(0, |own| own.lists),
        status_age: own.and_then(|own| own.status_age),
        peers: peers(&api),
        configured_peers: api.node.configured_peers,
        banned: seen.banned,
        follows: api.logs.follows().into_keys().collect(),
        pending: Pending {
            writer: own.map_or(0, |own| own.writer.waiting),
            messages: seen.sync.pending,
            idle: seen.sync.is_idle,
            entries: seen.logs.iter().map(|log| log.missing).sum(),
        },
        store: api.node.stores.first().map_or("", |(_, watch)| watch.kind()),
        database: api.database.as_ref().map(|database| database.server().to_owned()),
        standby_for: api.standby.as_ref().map(|holder| holder.borrow().clone()),
        disk_bytes: seen.disk_bytes,
        free_bytes: seen.free_bytes,
        backup_age: seen.backup_age,
        logs: seen.logs,
    }))
}

fn peers(api: &Api) -> Vec<Peer> {
    let ledger = api.logs.ledger();
    let views = api.logs.views();
    let names = |peer: &str| {
        let naming = views.iter().filter(|view| {
            let nodes = profile(view).into_iter().flat_map(|profile| &profile.nodes);
            nodes.into_iter().any(|node| node.peer.as_str() == peer)
        });
        naming.filter_map(|view| super::cosigned::name(&ledger, &view.origin)).collect()
    };
    let connected = api.net.peers().into_iter().map(|peer| Peer {
        names: names(&peer.peer.to_string()),
        peer: peer.peer.to_string(),
        address: peer.addr.to_string(),
        agent: peer.agent,
        round_trip: peer.round_trip.and_then(|time| u64::try_from(time.as_millis()).ok()),
    });
    connected.collect()
}

/// Whether the node does its work.
#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    ready: bool,
    /// Why not.
    reasons: Vec<Reason>,
}

/// A reason.
#[derive(Serialize, ToSchema)]
pub(super) struct Reason {
    /// Names it; stable.
    code: &'static str,
    /// Says it in English.
    message: &'static str,
}

impl Readiness {
    /// Takes those of the warnings that keep a node from its work.
    pub(super) fn of(warnings: &[Warning]) -> Self {
        Self::for_those(|id| warnings.iter().any(|warning| warning.id == id))
    }

    fn for_those(is_so: impl Fn(&str) -> bool) -> Self {
        let stops = WARNINGS.iter().filter(|(id, _, stops)| *stops && is_so(id));
        let reasons: Vec<_> = stops.map(|(code, message, _)| Reason { code, message }).collect();
        Self { ready: reasons.is_empty(), reasons }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }
}

/// Whether the node does its work: its database is there, its stores take writes, its registers are in step with their logs, its
/// institutions may state, and it holds what the logs it wants were seen to sign. Entries that are
/// missing are waited for at most ten minutes after the start.
#[utoipa::path(get, path = "/ready", responses((status = 200, body = Readiness),
    (status = 503, body = Readiness)))]
pub(super) async fn ready(
    State(api): State<Arc<Api>>,
) -> Result<(StatusCode, Json<Readiness>), ApiError> {
    // Looking at the rest may have to wait for the database.
    let readiness = match away(&api) {
        Some(_) => Readiness::for_those(|id| id == STORE_UNREACHABLE),
        None => Readiness::of(&warnings(&*Overview::recent(&api).await?, &api.node, None)),
    };
    let status = match readiness.is_ready() && !*api.stopping.borrow() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    Ok((status, Json(readiness)))
}
