//! What the operator of an institution does.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use carnet_proto::cbor::{CborError, Decode as _, Encode as _};
use carnet_proto::id::{Did, TreeSize};
use carnet_proto::issuing::IssuingOrder;
use carnet_proto::statement::Body;
use carnet_proto::statement::accreditation::{Accreditation, Withdrawal};
use carnet_proto::statement::agreement::{Agreement, Denunciation, Ratification};
use carnet_proto::statement::fork::Accusation;
use carnet_proto::statement::identity::Succession;
use carnet_proto::statement::profile::InstitutionProfile;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::cosigned::has_quorum;
use super::input::{
    Asked, Authorized, Cbor, CborAnswer, ForInstitution, Json as Given, MAX_WAIT_SECONDS, RawCbor,
};
use super::{Api, ApiError, Refusal};
use crate::desk::MAX_PAGE;
use crate::desk::register::RecordState;

/// For how long to wait.
#[derive(Deserialize, IntoParams)]
pub(super) struct Wait {
    /// Seconds to wait for a quorum of cosignatures, at most 60.
    #[serde(default)]
    wait: u64,
}

/// Where a statement stands.
#[derive(Serialize, ToSchema)]
pub(super) struct Stated {
    /// Its digest, hexadecimal.
    digest: String,
    leaf: u64,
    /// Size of the checkpoint that covers it.
    size: u64,
    /// Whether a quorum cosigned it, if that was waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    cosigned: Option<bool>,
}

/// States something: the body is the payload of the statement in CBOR, and the kind one of
/// `accreditation`, `withdrawal`, `agreement`, `ratification`, `denunciation`, `fork`, `profile` and
/// `succession`.
#[utoipa::path(post, path = "/operator/v1/statements/{kind}", security(("token" = [])),
    params(("kind" = String, Path), Wait),
    request_body(content_type = "application/cbor", content = Vec<u8>),
    responses((status = 200, body = Stated), (status = 400, body = Refusal),
        (status = 409, body = Refusal, description = "It would count for nothing")))]
pub(super) async fn state(
    State(api): State<Arc<Api>>,
    ForInstitution(institution): ForInstitution,
    Path(kind): Path<String>,
    Asked(Wait { wait }): Asked<Wait>,
    RawCbor(payload): RawCbor,
) -> Result<Json<Stated>, ApiError> {
    if wait > MAX_WAIT_SECONDS {
        let message = format!("a request waits at most {MAX_WAIT_SECONDS} seconds");
        return Err(ApiError::bad_request("wait", message));
    }
    let malformed = |error: CborError| ApiError::bad_request("malformed", error.to_string());
    let body = parse(&kind, &payload).map_err(malformed)?.ok_or_else(|| {
        let message =
            format!("statements of kind `{}` are not made by request", kind.escape_debug());
        ApiError::new(StatusCode::NOT_FOUND, "unknown-kind", message)
    })?;
    let appended = institution.writer.state(body).await?;
    let cosigned = match wait {
        0 => None,
        seconds => Some(until_cosigned(&api, &institution.did, appended.size, seconds).await),
    };
    Ok(Json(Stated {
        digest: appended.digest.to_string(),
        leaf: appended.leaf.0,
        size: appended.size.0,
        cosigned,
    }))
}

fn parse(kind: &str, payload: &[u8]) -> Result<Option<Body>, CborError> {
    Ok(Some(match kind {
        "accreditation" => Accreditation::from_cbor(payload)?.into(),
        "withdrawal" => Withdrawal::from_cbor(payload)?.into(),
        "agreement" => Agreement::from_cbor(payload)?.into(),
        "ratification" => Ratification::from_cbor(payload)?.into(),
        "denunciation" => Denunciation::from_cbor(payload)?.into(),
        "fork" => Accusation::from_cbor(payload)?.into(),
        "profile" => InstitutionProfile::from_cbor(payload)?.into(),
        "succession" => Succession::from_cbor(payload)?.into(),
        _ => return Ok(None),
    }))
}

/// Waits until a quorum has cosigned a size, and returns whether it has.
async fn until_cosigned(api: &Api, did: &Did, size: TreeSize, seconds: u64) -> bool {
    let mut changes = api.logs.changes();
    let mut stopping = api.stopping.clone();
    let is_cosigned = || {
        let view = api.logs.with(did, |replica| Arc::clone(replica.view()));
        view.is_some_and(|view| has_quorum(&api.logs.ledger(), &view, size))
    };
    let waiting = async {
        while !is_cosigned() {
            // One that missed changes looks again at once.
            if let Err(tokio::sync::broadcast::error::RecvError::Closed) = changes.recv().await {
                return;
            }
        }
    };
    tokio::select! {
        () = waiting => {}
        () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
    is_cosigned()
}

/// Whether to issue in earnest.
#[derive(Deserialize, IntoParams)]
pub(super) struct DryRun {
    /// Only check the order.
    #[serde(default)]
    dry_run: bool,
}

/// Issues all rows of an order, or none. A dry run answers with an empty batch whose issuance is 32
/// zero bytes.
#[utoipa::path(post, path = "/operator/v1/issue", security(("token" = [])), params(DryRun),
    request_body(content_type = "application/cbor", content = Vec<u8>),
    responses((status = 200, content_type = "application/cbor", body = Vec<u8>),
        (status = 422, body = Refusal, description = "Rows that cannot be issued")))]
pub(super) async fn issue(
    ForInstitution(institution): ForInstitution,
    Asked(DryRun { dry_run }): Asked<DryRun>,
    Cbor(order): Cbor<IssuingOrder>,
) -> Result<CborAnswer, ApiError> {
    let issued = match dry_run {
        true => institution.desk.check(order).await?,
        false => institution.desk.issue(order).await?,
    };
    Ok(CborAnswer(issued.to_cbor()))
}

/// A new status for a credential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewStatus {
    /// The row key, or the credential's identifier in hexadecimal.
    record: String,
    status: WireState,
}

/// The status of a credential.
#[derive(Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum WireState {
    Valid,
    Suspended,
    Invalid,
}

impl From<WireState> for RecordState {
    fn from(state: WireState) -> Self {
        match state {
            WireState::Valid => RecordState::Valid,
            WireState::Suspended => RecordState::Suspended,
            WireState::Invalid => RecordState::Invalid,
        }
    }
}

impl From<RecordState> for WireState {
    fn from(state: RecordState) -> Self {
        match state {
            RecordState::Valid => WireState::Valid,
            RecordState::Suspended => WireState::Suspended,
            RecordState::Invalid => WireState::Invalid,
        }
    }
}

/// A status that was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedStatus {
    record: String,
    before: WireState,
    after: WireState,
}

/// Changes the status of a credential; the next publication of the status lists shows it.
#[utoipa::path(post, path = "/operator/v1/credentials/status", security(("token" = [])),
    request_body = NewStatus, responses((status = 200, body = ChangedStatus),
        (status = 404, body = Refusal), (status = 409, body = Refusal)))]
pub(super) async fn set_status(
    ForInstitution(institution): ForInstitution,
    Given(NewStatus { record, status }): Given<NewStatus>,
) -> Result<Json<ChangedStatus>, ApiError> {
    let before = institution.desk.set_state(record.clone(), status.into()).await?;
    Ok(Json(ChangedStatus { record, before: before.into(), after: status }))
}

/// What was published.
#[derive(Serialize, ToSchema)]
pub(super) struct PublishedLists {
    lists: usize,
    /// Size of the checkpoint that covers them.
    size: u64,
}

/// Publishes all status lists now.
#[utoipa::path(post, path = "/operator/v1/status-lists/publish", security(("token" = [])),
    responses((status = 200, body = PublishedLists), (status = 409, body = Refusal,
        description = "The register is older than what is published")))]
pub(super) async fn publish_status(
    ForInstitution(institution): ForInstitution,
) -> Result<Json<PublishedLists>, ApiError> {
    let published = institution.desk.publish_status().await?;
    Ok(Json(PublishedLists { lists: published.lists, size: published.size.0 }))
}

/// The followed institutions.
#[derive(Serialize, ToSchema)]
pub(super) struct Follows {
    #[schema(value_type = Vec<String>)]
    follows: Vec<Did>,
}

/// The followed institutions.
#[utoipa::path(get, path = "/operator/v1/follows", security(("token" = [])),
    responses((status = 200, body = Follows)))]
pub(super) async fn follows(State(api): State<Arc<Api>>, _: Authorized) -> Json<Follows> {
    Json(Follows { follows: api.logs.follows().into_keys().collect() })
}

/// An institution to follow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFollow {
    did: String,
    /// Multiaddrs of nodes that have its log.
    #[serde(default)]
    addresses: Vec<String>,
}

/// Follows an institution.
#[utoipa::path(post, path = "/operator/v1/follows", security(("token" = [])),
    request_body = NewFollow, responses((status = 200, body = Follows)))]
pub(super) async fn follow(
    State(api): State<Arc<Api>>,
    _: Authorized,
    Given(new): Given<NewFollow>,
) -> Result<Json<Follows>, ApiError> {
    let did = parse_did(&new.did)?;
    let parsed = new.addresses.iter().map(|address| address.parse::<libp2p::Multiaddr>());
    let addresses = parsed
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ApiError::bad_request("address", error.to_string()))?;
    api.sync.follow(did, &addresses).await?;
    Ok(Json(Follows { follows: api.logs.follows().into_keys().collect() }))
}

/// Which institution to follow no longer.
#[derive(Deserialize, IntoParams)]
pub(super) struct Unfollow {
    /// Its identifier.
    did: String,
}

/// Follows an institution no longer; its log stays.
#[utoipa::path(delete, path = "/operator/v1/follows", security(("token" = [])), params(Unfollow),
    responses((status = 200, body = Follows)))]
pub(super) async fn unfollow(
    State(api): State<Arc<Api>>,
    _: Authorized,
    Asked(Unfollow { did }): Asked<Unfollow>,
) -> Result<Json<Follows>, ApiError> {
    let did = parse_did(&did)?;
    api.sync.unfollow(did).await?;
    Ok(Json(Follows { follows: api.logs.follows().into_keys().collect() }))
}

pub(super) fn parse_did(text: &str) -> Result<Did, ApiError> {
    Did::parse(text).map_err(|error| ApiError::bad_request("did", error.to_string()))
}

/// A page of the register.
#[derive(Deserialize, IntoParams)]
pub(super) struct Page {
    /// Most records wanted, at most 1000.
    #[serde(default = "Page::limit")]
    limit: usize,
    /// The last record of the page before: its row key or credential.
    after: Option<String>,
}

impl Page {
    fn limit() -> usize {
        MAX_PAGE
    }
}

/// A page of the register.
#[derive(Serialize, ToSchema)]
pub(super) struct Records {
    records: Vec<Record>,
}

/// A credential that was issued.
#[derive(Serialize, ToSchema)]
pub(super) struct Record {
    /// The clerk's key for the row.
    row: String,
    /// The credential's identifier, hexadecimal.
    credential: String,
    /// Its status list.
    list: u32,
    /// Its index there.
    index: u32,
    state: WireState,
    /// Unix seconds.
    issued_at: u64,
    /// Unix seconds.
    expires_at: u64,
}

/// What was issued, in an order that means nothing but stays the same.
#[utoipa::path(get, path = "/operator/v1/register", security(("token" = [])), params(Page),
    responses((status = 200, body = Records)))]
pub(super) async fn register(
    ForInstitution(institution): ForInstitution,
    Asked(Page { limit, after }): Asked<Page>,
) -> Result<Json<Records>, ApiError> {
    let records = institution.desk.records(after, limit).await?;
    let record = |record: crate::desk::register::IssuingRecord| Record {
        row: record.label.as_str().to_owned(),
        credential: HEXLOWER.encode(&record.credential),
        list: record.status_list,
        index: record.status_index,
        state: record.state.into(),
        issued_at: record.issued_at,
        expires_at: record.expires_at,
    };
    Ok(Json(Records { records: records.into_iter().map(record).collect() }))
}
