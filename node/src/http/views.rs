//! The tree of a log as others read it: C2SP tlog-tiles, proof files, and receipts.
//!
//! `/v1/logs/<did>` is the prefix of a log in the sense of c2sp.org/tlog-tiles, so a tool that reads
//! tiled logs is pointed there. Nothing beyond the newest checkpoint is served. Tiles and bundles never
//! change and may be cached for ever; what leads to the newest checkpoint changes with it.
//!
//! Every node that holds a log serves all of this but receipts: those are signed by the institution's
//! key, which only its own node has.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use carnet_proto::id::{Did, Digest, LeafIndex, TreeSize, sha256};
use carnet_proto::ledger::{CheckpointView, Replica};
use carnet_proto::log::bundle;
use carnet_proto::log::receipt::{RECEIPT_TYPE, ReceiptIssuer};
use carnet_proto::log::tile::TilePath;
use carnet_proto::log::tlog_proof::TlogProof;
use data_encoding::HEXLOWER;
use futures::stream;
use serde::Deserialize;
use utoipa::IntoParams;

use super::input::{Asked, OfLog, header, parse_did};
use super::public::held;
use super::{Api, ApiError, OwnInstitution, Refusal};
use crate::logs::Logs;

#[cfg(test)]
mod tests;

/// How long what never changes may be kept.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// How long what leads to the newest checkpoint may be kept.
const SHORTLY: &str = "public, max-age=5";
/// Entries of a bundle are read from disk in pieces of so many bytes, or one entry.
const BUNDLE_PIECE_BYTES: usize = 256 * 1024;

const TEXT: &str = "text/plain; charset=utf-8";
const BYTES: &str = "application/octet-stream";

/// The newest checkpoint, a signed note with its cosignatures (c2sp.org/tlog-tiles).
#[utoipa::path(get, path = "/v1/logs/{did}/checkpoint", params(("did" = String, Path)),
    responses((status = 200, content_type = "text/plain", body = String), (status = 304),
        (status = 404, body = Refusal)))]
pub(super) async fn checkpoint(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let replica = held(&api, &did)?;
    Ok(Answer::whole(TEXT, SHORTLY, newest(&replica)?.note.to_string()).to(&headers))
}

/// A tile: up to 256 hashes of a level of the tree, the leaves at level 0 (c2sp.org/tlog-tiles).
/// `index` is written in groups of three digits, all but the last behind an `x`; a partial tile ends
/// in `.p/` and its width.
#[utoipa::path(get, path = "/v1/logs/{did}/tile/{level}/{index}",
    params(("did" = String, Path), ("level" = u8, Path), ("index" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304), (status = 400, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn tile(
    State(api): State<Arc<Api>>,
    Path((did, level, index)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (replica, path, size) = located(&api, &did, &format!("{level}/{index}"))?;
    let bytes = path.hashes(replica.tree(), size).ok_or_else(|| not_there(&path, size))?;
    Ok(Answer::whole(BYTES, FOR_EVER, bytes).to(&headers))
}

/// An entry bundle: the entries behind a tile of level 0, each behind its length in two bytes, the
/// higher first (c2sp.org/tlog-tiles). `index` as of a tile.
#[utoipa::path(get, path = "/v1/logs/{did}/tile/entries/{index}",
    params(("did" = String, Path), ("index" = String, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 304), (status = 400, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn bundle(
    State(api): State<Arc<Api>>,
    Path((did, index)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (replica, path, size) = located(&api, &did, &format!("entries/{index}"))?;
    if !path.is_in(size) {
        return Err(not_there(&path, size));
    }
    let end = path.first() + u64::from(path.width());
    let leaves = (path.first()..end).filter_map(|leaf| replica.tree().leaf(LeafIndex(leaf)));
    let leaves: Vec<u8> = leaves.flat_map(|leaf| *leaf.as_bytes()).collect();
    let (logs, did) = (Arc::clone(&api.logs), *replica.origin());
    let body = move || entries(logs, did, path.first(), end);
    Ok(Answer { media_type: BYTES, cache: FOR_EVER, tag: tag(&leaves), body }.to(&headers))
}

/// Which statement: by its leaf, or by the digest of its entry.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Leaf, from 0.
    leaf: Option<u64>,
    /// SHA-256 over the entry, hexadecimal: of an accreditation, agreement, ratification or issuance,
    /// the inception, or the newest profile or standing.
    statement: Option<String>,
}

/// A proof that a statement is under the newest checkpoint, with the statement itself as `extra`
/// (c2sp.org/tlog-proof).
#[utoipa::path(get, path = "/v1/logs/{did}/proof", params(("did" = String, Path), Wanted),
    responses((status = 200, content_type = "text/plain", body = String), (status = 304),
        (status = 400, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn proof(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let replica = held(&api, &did)?;
    let note = &newest(&replica)?.note;
    let (leaf, entry) = find(&api, &replica, &wanted).await?;
    let proof = TlogProof::new(replica.tree(), leaf, &entry, note);
    let proof = proof.map_err(|error| ApiError::internal(&error))?;
    Ok(Answer::whole(TEXT, SHORTLY, proof.to_string()).to(&headers))
}

/// A receipt that a statement is in the log, signed now over the tree of the newest checkpoint (RFC
/// 9942, RFC 9943). Only the institution's own node makes receipts.
#[utoipa::path(get, path = "/v1/logs/{did}/receipts/inclusion",
    params(("did" = String, Path), Wanted),
    responses((status = 200, content_type = "application/scitt-receipt+cose", body = Vec<u8>),
        (status = 304), (status = 400, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn inclusion(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
    Asked(wanted): Asked<Wanted>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let replica = held(&api, &did)?;
    let size = newest(&replica)?.head.size;
    let owner = owner(&api, &replica, size)?;
    let (leaf, entry) = find(&api, &replica, &wanted).await?;
    let issuer = ReceiptIssuer { log: &did, key: &owner.receipt_key };
    let receipt = issuer.inclusion(replica.tree(), size, leaf, &entry);
    let receipt = receipt.map_err(|error| ApiError::internal(&error))?;
    Ok(Answer::whole(RECEIPT_TYPE, SHORTLY, receipt).to(&headers))
}

/// Which older tree.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct Older {
    /// Its size, at least 1.
    from: u64,
}

/// A receipt that the log continues what it was at an older size, signed now over the tree of the
/// newest checkpoint (RFC 9942). Only the institution's own node makes receipts.
#[utoipa::path(get, path = "/v1/logs/{did}/receipts/consistency",
    params(("did" = String, Path), Older),
    responses((status = 200, content_type = "application/scitt-receipt+cose", body = Vec<u8>),
        (status = 304), (status = 400, body = Refusal), (status = 404, body = Refusal)))]
pub(super) async fn consistency(
    State(api): State<Arc<Api>>,
    OfLog(did): OfLog,
    Asked(Older { from }): Asked<Older>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let replica = held(&api, &did)?;
    let size = newest(&replica)?.head.size;
    let owner = owner(&api, &replica, size)?;
    if from == 0 {
        return Err(ApiError::bad_request("from", "every log continues the empty one"));
    }
    if from > size.0 {
        return Err(beyond(size));
    }
    let issuer = ReceiptIssuer { log: &did, key: &owner.receipt_key };
    let receipt = issuer.consistency(replica.tree(), TreeSize(from), size);
    let receipt = receipt.map_err(|error| ApiError::internal(&error))?;
    Ok(Answer::whole(RECEIPT_TYPE, SHORTLY, receipt).to(&headers))
}

/// An answer that caches may keep.
struct Answer<F> {
    media_type: &'static str,
    cache: &'static str,
    /// Names the content; quoted.
    tag: String,
    body: F,
}

impl Answer<()> {
    fn whole(
        media_type: &'static str,
        cache: &'static str,
        content: impl Into<Bytes>,
    ) -> Answer<impl FnOnce() -> Body> {
        let content = content.into();
        Answer { media_type, cache, tag: tag(&content), body: move || Body::from(content) }
    }
}

impl<F: FnOnce() -> Body> Answer<F> {
    /// Answers a request: with nothing if whoever asks has it already.
    fn to(self, headers: &HeaderMap) -> Response {
        let known = header(headers, IF_NONE_MATCH.as_str()).unwrap_or_default();
        let mut known = known.split(',').map(|tag| tag.trim().trim_start_matches("W/"));
        let is_known = known.any(|tag| tag == self.tag || tag == "*");
        let kept = [(ETAG, self.tag), (CACHE_CONTROL, self.cache.to_owned())];
        if is_known {
            (StatusCode::NOT_MODIFIED, kept).into_response()
        } else {
            (kept, [(CONTENT_TYPE, self.media_type)], (self.body)()).into_response()
        }
    }
}

/// Names content by what it is.
fn tag(content: &[u8]) -> String {
    format!("\"{}\"", HEXLOWER.encode(&sha256(content)))
}

fn newest(replica: &Replica) -> Result<&CheckpointView, ApiError> {
    replica.view().newest().ok_or_else(|| ApiError::unknown_log(replica.origin()))
}

/// Reads where a tile or bundle is, and finds its log and how much of it is published.
fn located(
    api: &Api,
    did: &str,
    path: &str,
) -> Result<(Arc<Replica>, TilePath, TreeSize), ApiError> {
    let did = parse_did(did)?;
    let path = TilePath::parse(&format!("tile/{path}"));
    let path = path.map_err(|error| ApiError::bad_request("tile", error.to_string()))?;
    let replica = held(api, &did)?;
    let size = newest(&replica)?.head.size;
    Ok((replica, path, size))
}

fn not_there(path: &TilePath, size: TreeSize) -> ApiError {
    let message = format!("a log of {size} entries does not have {path}");
    ApiError::new(StatusCode::NOT_FOUND, "no-tile", message)
}

fn beyond(size: TreeSize) -> ApiError {
    let message = format!("the log has {size} entries under its newest checkpoint");
    ApiError::new(StatusCode::NOT_FOUND, "beyond", message)
}

/// Returns the institution of this node whose log it is, if its key signs for this size.
fn owner<'a>(
    api: &'a Api,
    replica: &Replica,
    size: TreeSize,
) -> Result<&'a OwnInstitution, ApiError> {
    let own = api.operators.iter().filter_map(|operator| operator.institution.as_deref());
    let owner = own.clone().find(|institution| institution.did == *replica.origin());
    let keys = replica.view().keys_under(size);
    let in_force = keys.map(|period| period.keys.receipt);
    owner.filter(|owner| Some(owner.receipt_key.public()) == in_force).ok_or_else(|| {
        let message = "only the institution's own node makes receipts of its log; `proof` shows the \
                       same without its key";
        ApiError::new(StatusCode::NOT_FOUND, "no-receipts", message)
    })
}

/// Finds a published statement and reads its entry.
async fn find(
    api: &Api,
    replica: &Replica,
    wanted: &Wanted,
) -> Result<(LeafIndex, Vec<u8>), ApiError> {
    let leaf = match (wanted.leaf, &wanted.statement) {
        (Some(leaf), None) => LeafIndex(leaf),
        (None, Some(digest)) => {
            let digest = Digest::from_hex(digest).ok_or_else(|| {
                let message = "a digest is 64 hexadecimal digits in lower case";
                ApiError::bad_request("statement", message)
            })?;
            find_leaf(api, replica, digest).await?.ok_or_else(|| {
                let message = "no statement of this log is found by that digest; `statements` lists \
                               them all with their leaves";
                ApiError::new(StatusCode::NOT_FOUND, "unknown-statement", message)
            })?
        }
        _ => {
            let message = "name the statement by `leaf` or by `statement`, its digest";
            return Err(ApiError::bad_request("query", message));
        }
    };
    let size = newest(replica)?.head.size;
    if !leaf.is_in(size) {
        return Err(beyond(size));
    }
    let (logs, did) = (Arc::clone(&api.logs), *replica.origin());
    let read = move || logs.entries(&did, leaf.0, 1, BUNDLE_PIECE_BYTES);
    match tokio::task::spawn_blocking(read).await {
        Ok(entries) => match entries?.pop() {
            Some(entry) => Ok((leaf, entry)),
            None => Err(beyond(size)),
        },
        Err(error) => Err(ApiError::internal(&error)),
    }
}

/// Finds a statement by its digest: in memory, else where an issuance with such a digest may stand.
async fn find_leaf(
    api: &Api,
    replica: &Replica,
    digest: Digest,
) -> Result<Option<LeafIndex>, ApiError> {
    let places = replica.view().issuances.places(&digest);
    if places.is_empty() {
        return Ok(leaf_of(replica, &digest));
    }
    let (logs, did) = (Arc::clone(&api.logs), *replica.origin());
    let find = move || logs.find(&did, &digest, places);
    match tokio::task::spawn_blocking(find).await {
        Ok(found) => Ok(found?),
        Err(error) => Err(ApiError::internal(&error)),
    }
}

/// Finds a statement among those that a replica keeps by digest.
fn leaf_of(replica: &Replica, digest: &Digest) -> Option<LeafIndex> {
    let view = replica.view();
    if let Some(held) = view.statements.get(digest) {
        return Some(held.leaf);
    }
    if replica.inception().digest() == *digest {
        return Some(LeafIndex(0));
    }
    // The newest of their kind: they stand near the end.
    let kept = [replica.profile(), replica.standing()];
    let statement = kept.into_iter().flatten().find(|kept| kept.digest() == *digest)?;
    let hash = Some(statement.leaf_hash());
    (0..replica.size().0).rev().map(LeafIndex).find(|leaf| replica.tree().leaf(*leaf) == hash)
}

/// Reads entries as a bundle, piece by piece, so that a slow reader holds little of it. If the disk
/// fails in between the answer breaks off, which its reader notices.
fn entries(logs: Arc<Logs>, did: Did, first: u64, end: u64) -> Body {
    Body::from_stream(stream::try_unfold(first, move |from| {
        let logs = Arc::clone(&logs);
        async move {
            let count = usize::try_from(end - from).unwrap_or(usize::MAX);
            if count == 0 {
                return Ok(None);
            }
            let read = move || logs.entries(&did, from, count, BUNDLE_PIECE_BYTES);
            let read = tokio::task::spawn_blocking(read).await.map_err(io::Error::other)?;
            let entries = read.map_err(io::Error::other)?;
            let mut piece = Vec::new();
            for entry in &entries {
                bundle::push(&mut piece, entry).map_err(io::Error::other)?;
            }
            if entries.is_empty() {
                return Err(io::Error::other("entries are missing"));
            }
            Ok::<_, io::Error>(Some((Bytes::from(piece), from + entries.len() as u64)))
        }
    }))
}
