//! What anyone may read.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use carnet_proto::cbor::Encoder;
use carnet_proto::id::{Did, LeafIndex, TreeSize};
use carnet_proto::key::Purpose;
use carnet_proto::ledger::{Ledger, Replica};
use carnet_proto::statement::standing::State as StatementState;
use carnet_proto::statement::{Body, Statement};
use carnet_proto::text::choose;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cosigned::{cosignatures, name, profile};
use super::input::{Asked, CborAnswer, OfLog};
use super::overview::tolerates;
use super::{Api, ApiError, Refusal};

/// Most entries of one answer.
pub const MAX_ENTRIES: usize = 1024;
/// Most bytes of the entries of one answer.
pub const MAX_ENTRIES_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of the checkpoints of one answer; beyond them those in the middle are left out.
pub const MAX_NOTES_BYTES: usize = 8 * 1024 * 1024;

/// That the node answers.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    status: &'static str,
}

/// That the node answers.
#[utoipa::path(get, path = "/health", responses((status = 200, body = Health)))]
pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// A node.
#[derive(Serialize, ToSchema)]
pub(super) struct Node {
    version: &'static str,
    /// Its name on the network.
    peer_id: String,
    /// Multiaddrs that it listens on.
    addresses: Vec<String>,
    /// Institutions whose logs it writes.
    #[schema(value_type = Vec<String>)]
    institutions: Vec<Did>,
    /// Its clock, Unix seconds.
    now: u64,
    /// How many other nodes it is connected to.
    peers: usize,
}

/// Who the node is.
#[utoipa::path(get, path = "/v1/node", responses((status = 200, body = Node)))]
pub(super) async fn node(State(api): State<Arc<Api>>) -> Json<Node> {
    Json(Node {
        version: env!("CARGO_PKG_VERSION"),
        peer_id: api.net.local_peer_id().to_string(),
        addresses: api.net.listen_addrs().iter().map(ToString::to_string).collect(),
        institutions: api.institutions(),
        now: api.clock.0.now().0,
        peers: api.net.peers().len(),
    })
}

/// The logs of a node.
#[derive(Serialize, ToSchema)]
pub(super) struct LogList {
    logs: Vec<LogLine>,
}

/// A log in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct LogLine {
    /// The institution.
    #[schema(value_type = String)]
    did: Did,
    /// Entries held.
    size: u64,
    /// Entries under the newest checkpoint.
    checkpoint_size: u64,
    /// Root over them, hexadecimal.
    root: Option<String>,
    /// Name that the institution gives itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Whether this node writes the log.
    own: bool,
    /// Whether it is proven to show two histories.
    forked: bool,
}

/// The logs that the node holds.
#[utoipa::path(get, path = "/v1/logs", responses((status = 200, body = LogList)))]
pub(super) async fn logs(State(api): State<Arc<Api>>) -> Json<LogList> {
    let ledger = api.logs.ledger();
    let own = api.institutions();
    let logs = api.logs.dids().into_iter().filter_map(|did| {
        let replica = api.logs.get(&did)?;
        let newest = replica.view().newest().map(|newest| newest.head);
        Some(LogLine {
            did,
            size: replica.size().0,
            checkpoint_size: newest.map_or(0, |head| head.size.0),
            root: newest.map(|head| head.root.to_string()),
            name: name(&ledger, &did),
            own: own.contains(&did),
            forked: api.logs.fork(&did).is_some(),
        })
    });
    Json(LogList { logs: logs.collect() })
}

/// A log in detail.
#[derive(Serialize, ToSchema)]
pub(super) struct LogDetail {
    /// The institution.
    #[schema(value_type = String)]
    did: Did,
    /// Entries held.
    size: u64,
    /// Entries under the newest checkpoint.
    checkpoint_size: u64,
    /// Root over them, hexadecimal.
    root: Option<String>,
    /// Name that the institution gives itself.
    name: Option<String>,
    /// What it says it is.
    role: Option<&'static str>,
    /// Its country, ISO 3166-1.
    country: Option<&'static str>,
    /// Identifier of the key for each purpose, hexadecimal.
    kids: BTreeMap<&'static str, String>,
    /// Witnesses that it proposes.
    #[schema(value_type = Vec<String>)]
    witnesses: Vec<Did>,
    /// How many of them make a quorum.
    quorum: Option<u8>,
    /// How many of the witnesses may be silent; negative: no quorum can ever be reached.
    tolerates: Option<i64>,
    /// Who cosigned the newest checkpoint.
    cosigned: Vec<Cosigned>,
    /// Entries that count for nothing.
    ignored: Vec<IgnoredEntry>,
    /// Whether the log ends with the right standing and its status lists are known.
    in_order: bool,
    /// Whether it is proven to show two histories.
    forked: bool,
}

/// A cosignature.
#[derive(Serialize, ToSchema)]
pub(super) struct Cosigned {
    /// The witness.
    #[schema(value_type = String)]
    did: Did,
    /// Name that the witness gives itself.
    name: Option<String>,
    /// Unix seconds.
    pub(super) time: u64,
}

/// An entry that counts for nothing.
#[derive(Serialize, ToSchema)]
pub(super) struct IgnoredEntry {
    leaf: u64,
    reason: String,
}

/// A log in detail.
#[utoipa::path(get, path = "/v1/logs/{did}", params(("did" = String, Path)), responses(
    (status = 200, body = LogDetail), (status = 404, body = Refusal)))]
pub(super) async fn log(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
) -> Result<Json<LogDetail>, ApiError> {
    let replica = held(&api, &did)?;
    let ledger = api.logs.ledger();
    let view = replica.view();
    let newest = view.newest();
    let profile = profile(view);
    let keys = view.current_keys();
    let kids = keys.map(|period| {
        let kid = |purpose: &Purpose| period.keys.key(*purpose).kid().to_string();
        Purpose::ALL.iter().map(|purpose| (purpose.name(), kid(purpose))).collect()
    });
    let ignored = replica.ignored().iter();
    Ok(Json(LogDetail {
        did,
        size: replica.size().0,
        checkpoint_size: newest.map_or(0, |newest| newest.head.size.0),
        root: newest.map(|newest| newest.head.root.to_string()),
        name: profile.and_then(|p| choose(&p.names, "en")).map(|name| name.as_str().to_owned()),
        role: profile.map(|profile| profile.role.name()),
        country: profile.map(|profile| profile.country.code()),
        kids: kids.unwrap_or_default(),
        witnesses: profile.map(|profile| profile.witnesses.clone()).unwrap_or_default(),
        quorum: profile.and_then(|profile| profile.quorum),
        tolerates: profile.and_then(|profile| tolerates(&ledger, profile)),
        cosigned: cosigned(&ledger, &replica),
        ignored: ignored
            .map(|entry| IgnoredEntry { leaf: entry.leaf.0, reason: entry.reason.clone() })
            .collect(),
        in_order: replica.is_in_order().is_ok(),
        forked: api.logs.fork(&did).is_some(),
    }))
}

/// The proof that a log shows two histories, a file.
#[utoipa::path(get, path = "/v1/logs/{did}/fork", params(("did" = String, Path)),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>),
        (status = 404, body = Refusal)))]
pub(super) async fn fork(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
) -> Result<CborAnswer, ApiError> {
    held(&api, &did)?;
    let proof = api.logs.fork(&did).ok_or_else(|| {
        let message = "this node has no proof that the log shows two histories";
        ApiError::new(StatusCode::NOT_FOUND, "no-fork", message)
    })?;
    Ok(CborAnswer(proof.to_file()))
}

/// Returns who cosigned the newest checkpoint of a log.
pub(super) fn cosigned(ledger: &Ledger, replica: &Replica) -> Vec<Cosigned> {
    let newest = replica.view().newest();
    let cosigned = newest.map(|newest| cosignatures(ledger, newest)).unwrap_or_default();
    let line = |(did, time): (Did, carnet_proto::time::UnixSeconds)| Cosigned {
        did,
        name: name(ledger, &did),
        time: time.0,
    };
    cosigned.into_iter().map(line).collect()
}

/// A range of entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    /// The first leaf, from 0.
    #[serde(default)]
    from: u64,
    /// Most entries wanted, at most 1024.
    #[serde(default = "Range::limit")]
    limit: usize,
}

impl Range {
    fn limit() -> usize {
        MAX_ENTRIES
    }
}

/// Entries of a log as signed: `[* bstr]`, at most 1024 and about 4 MiB.
#[utoipa::path(get, path = "/v1/logs/{did}/entries", params(("did" = String, Path), Range),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>),
        (status = 404, body = Refusal)))]
pub(super) async fn entries(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
    Asked(range): Asked<Range>,
) -> Result<CborAnswer, ApiError> {
    let entries = read_entries(&api, did, range).await?;
    let mut e = Encoder::new();
    e.array(entries.len());
    for entry in &entries {
        e.bytes(entry);
    }
    Ok(CborAnswer(e.into_bytes()))
}

/// A statement in a list.
#[derive(Serialize, ToSchema)]
pub(super) struct StatementLine {
    leaf: u64,
    /// SHA-256 over the entry, hexadecimal.
    digest: String,
    /// The kind; `unknown` if this version does not know it.
    kind: String,
    /// Whether an accreditation, agreement or ratification is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// What it says, in a line.
    summary: String,
}

/// What the entries of a log say.
#[utoipa::path(get, path = "/v1/logs/{did}/statements", params(("did" = String, Path), Range),
    responses((status = 200, body = Vec<StatementLine>), (status = 404, body = Refusal)))]
pub(super) async fn statements(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
    Asked(range): Asked<Range>,
) -> Result<Json<Vec<StatementLine>>, ApiError> {
    let from = range.from;
    let replica = held(&api, &did)?;
    let entries = read_entries(&api, did, range).await?;
    let line = |(leaf, entry): (u64, &Vec<u8>)| describe(&replica, leaf, entry);
    Ok(Json((from..).zip(&entries).map(line).collect()))
}

fn describe(replica: &Replica, leaf: u64, entry: &[u8]) -> StatementLine {
    let digest = carnet_proto::id::Digest::of(entry);
    let (kind, summary) = match Statement::parse(entry) {
        Ok(statement) => (statement.body().kind(), summary(statement.body())),
        Err(error) => ("unknown", error.to_string()),
    };
    let view = replica.view();
    let held = view.statements.get(&digest).filter(|held| held.leaf.0 == leaf);
    let is_void = view.is_void(LeafIndex(leaf), &digest) && !matches!(kind, "rotation");
    let state = held.map(|held| match held.state {
        StatementState::InForce => "in-force",
        StatementState::Withdrawn { .. } => "withdrawn",
        StatementState::Void => "void",
    });
    let state = state.or(is_void.then_some("void"));
    StatementLine { leaf, digest: digest.to_string(), kind: kind.to_owned(), state, summary }
}

fn summary(body: &Body) -> String {
    let first = |names: &[carnet_proto::text::Name]| {
        choose(names, "en").map(|name| name.as_str().to_owned()).unwrap_or_default()
    };
    match body {
        Body::Inception(_) => "begins the log".to_owned(),
        Body::Profile(profile) => {
            format!("{}, {} in {}", first(&profile.names), profile.role, profile.country.code())
        }
        Body::Accreditation(accreditation) => {
            let (name, did) = (accreditation.name.as_str(), accreditation.subject.short());
            format!("accredits {name} ({did})")
        }
        Body::Withdrawal(withdrawal) => format!(
            "withdraws {} from {}: {}",
            withdrawal.target, withdrawal.effective, withdrawal.reason
        ),
        Body::Agreement(agreement) => {
            let parties: Vec<_> = agreement.parties.iter().map(|p| p.country.code()).collect();
            format!("{} ({})", first(&agreement.titles), parties.join(", "))
        }
        Body::Ratification(r) => {
            format!("ratifies {} as {} of {}", r.agreement, r.role, r.party.code())
        }
        Body::Denunciation(d) => format!("leaves {} from {}", d.agreement, d.effective),
        Body::Issuance(issuance) => format!("a batch of {}", issuance.credential_type.as_str()),
        Body::Rotation(rotation) => match rotation.repudiated_from {
            None => "replaces the keys".to_owned(),
            Some(leaf) => {
                let kept = rotation.kept.len();
                format!("replaces the keys; void from leaf {leaf} on, but for {kept} statements")
            }
        },
        Body::Succession(succession) => {
            let (who, closed) = (succession.institution.short(), succession.closed);
            match succession.successor {
                None => format!("{who} closed on {closed}"),
                Some(successor) => {
                    let successor = successor.short();
                    format!("{who} closed on {closed}; {successor} continues its status lists")
                }
            }
        }
        Body::Fork(accusation) => {
            format!("proves that the log of {} shows two histories", accusation.accused.short())
        }
        Body::Standing(standing) => format!(
            "{} statements and {} status lists",
            standing.statements.size, standing.status_lists.size
        ),
    }
}

/// All checkpoints held, by size, the newest last: `[* tstr]`.
#[utoipa::path(get, path = "/v1/logs/{did}/checkpoints", params(("did" = String, Path)),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>),
        (status = 404, body = Refusal)))]
pub(super) async fn checkpoints(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
) -> Result<CborAnswer, ApiError> {
    let replica = held(&api, &did)?;
    let checkpoints = replica.view().checkpoints.values();
    let mut notes: Vec<_> = checkpoints.map(|checkpoint| checkpoint.note.to_string()).collect();
    let mut bytes: usize = notes.iter().map(String::len).sum();
    while bytes > MAX_NOTES_BYTES {
        bytes -= notes.remove(notes.len() / 2).len();
    }
    let mut e = Encoder::new();
    e.array(notes.len());
    for note in &notes {
        e.text(note);
    }
    Ok(CborAnswer(e.into_bytes()))
}

/// The status list tokens of the standing under the newest checkpoint, ordered by URI: `[* bstr]`. Always all of an
/// issuer's, so that nobody learns which credential is looked up.
#[utoipa::path(get, path = "/v1/logs/{did}/status", params(("did" = String, Path)),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>),
        (status = 404, body = Refusal)))]
pub(super) async fn status(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
) -> Result<CborAnswer, ApiError> {
    let view = api.logs.published_view(&did).ok_or_else(|| ApiError::unknown_log(did))?;
    let tokens = &view.status;
    let mut e = Encoder::new();
    e.array(tokens.len());
    for token in tokens.values() {
        e.bytes(token.as_bytes());
    }
    Ok(CborAnswer(e.into_bytes()))
}

/// Returns a log that is held.
pub(super) fn held(api: &Api, did: &Did) -> Result<Arc<Replica>, ApiError> {
    api.logs.get(did).ok_or_else(|| ApiError::unknown_log(did))
}

async fn read_entries(api: &Arc<Api>, did: Did, range: Range) -> Result<Vec<Vec<u8>>, ApiError> {
    if range.limit > MAX_ENTRIES {
        let message = format!("at most {MAX_ENTRIES} entries at once");
        return Err(ApiError::bad_request("limit", message));
    }
    let size = held(api, &did)?.size();
    if TreeSize(range.from) > size {
        let message = format!("the log has {size} entries");
        return Err(ApiError::bad_request("range", message));
    }
    let logs = Arc::clone(&api.logs);
    let read = move || logs.entries(&did, range.from, range.limit, MAX_ENTRIES_BYTES);
    match tokio::task::spawn_blocking(read).await {
        Ok(entries) => Ok(entries?),
        Err(error) => Err(ApiError::internal(&error)),
    }
}
