//! Status lists that are taken over: one's own after a restore, and those of closed institutions.

use axum::Json;
use carnet_proto::status::StatusUri;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{ForInstitution, Json as Given};
use super::operator::{WireState, parse_did};
use super::{ApiError, Refusal};

/// Whose lists to take over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Adoption {
    /// The institution that has closed; absent for the lists of the own log.
    institution: Option<String>,
}

/// What was taken over and published.
#[derive(Serialize, ToSchema)]
pub(super) struct AdoptedLists {
    /// Lists taken over now.
    lists: usize,
    /// Batches of the own log that the register does not know.
    lost_batches: usize,
    /// Records whose status was brought in line with what is published.
    records: usize,
    /// Lists published.
    published: usize,
    /// Size of the checkpoint that covers them.
    size: u64,
}

/// Takes over published status lists as they are, and publishes them; no index of them is given out
/// any more.
#[utoipa::path(post, path = "/operator/v1/status-lists/adopt", security(("token" = [])),
    request_body = Adoption, responses((status = 200, body = AdoptedLists),
        (status = 409, body = Refusal)))]
pub(super) async fn adopt(
    ForInstitution(institution): ForInstitution,
    Given(Adoption { institution: closed }): Given<Adoption>,
) -> Result<Json<AdoptedLists>, ApiError> {
    let desk = &institution.desk;
    let (adopted, published) = match closed {
        Some(closed) => desk.adopt_from(parse_did(&closed)?).await?,
        None => desk.adopt_own().await?,
    };
    Ok(Json(AdoptedLists {
        lists: adopted.lists,
        lost_batches: adopted.lost_batches,
        records: adopted.records,
        published: published.lists,
        size: published.size.0,
    }))
}

/// A new status for an entry of a list that was taken over.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEntry {
    /// URI of the list.
    list: String,
    index: u64,
    status: WireState,
}

/// An entry that was changed.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangedEntry {
    list: String,
    index: u64,
    before: WireState,
    after: WireState,
}

/// Changes an entry of a list that was taken over; the next publication of the status lists shows it.
#[utoipa::path(post, path = "/operator/v1/status-lists/entry", security(("token" = [])),
    request_body = NewEntry, responses((status = 200, body = ChangedEntry),
        (status = 404, body = Refusal), (status = 409, body = Refusal)))]
pub(super) async fn set_entry(
    ForInstitution(institution): ForInstitution,
    Given(NewEntry { list, index, status }): Given<NewEntry>,
) -> Result<Json<ChangedEntry>, ApiError> {
    let uri = StatusUri::parse(&list)
        .ok_or_else(|| ApiError::bad_request("list", "not the URI of a status list"))?;
    let before = institution.desk.set_entry(uri, index, status.into()).await?;
    Ok(Json(ChangedEntry { list, index, before: before.into(), after: status }))
}
