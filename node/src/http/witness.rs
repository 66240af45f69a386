//! The witnesses of the node as logs reach them: C2SP tlog-witness.
//!
//! `/v1/witness` is the submission prefix and the monitoring prefix in the sense of
//! c2sp.org/tlog-witness.

use std::sync::Arc;

use axum::extract::{FromRequest, Path, Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use carnet_proto::log::add_checkpoint::{AddCheckpoint, MAX_ADD_CHECKPOINT_BYTES};
use data_encoding::HEXLOWER;

use super::input::limited;
use super::{Api, ApiError, Refusal};
use crate::witness::SubmissionError;

#[cfg(test)]
mod tests;

const TEXT: &str = "text/plain; charset=utf-8";
/// Type of a body that states the size of the checkpoint cosigned last.
const SIZE: &str = "text/x.tlog.size";

/// A submission, whatever type it is said to have.
pub(super) struct Submission(AddCheckpoint);

impl<S: Send + Sync> FromRequest<S> for Submission {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let body = limited(request, MAX_ADD_CHECKPOINT_BYTES).await?;
        let malformed = |message| ApiError::bad_request("malformed", message);
        let text =
            String::from_utf8(body).map_err(|_| malformed("the body is not UTF-8".into()))?;
        let submission = AddCheckpoint::parse(&text);
        submission.map(Self).map_err(|error| malformed(error.to_string()))
    }
}

/// Cosigns a checkpoint of a log that this node holds whole and in order, or that its operator
/// listed (c2sp.org/tlog-witness). The body is `old`, a space and the size of the checkpoint cosigned
/// last; a line of base64 for each of at most 63 hashes of the proof that this one continues it; an
/// empty line; and the checkpoint, a signed note. The answer has a cosignature line of each
/// institution of the node but the log's owner.
#[utoipa::path(post, path = "/v1/witness/add-checkpoint",
    request_body(content = String, content_type = "text/plain"),
    responses(
        (status = 200, description = "The cosignature lines, recorded before they are given away",
            content_type = "text/plain", body = String),
        (status = 400, description = "Malformed, or the old size is above that of the checkpoint",
            body = Refusal),
        (status = 403, description = "Not signed by a key known of the log", body = Refusal),
        (status = 404, description = "A log that is not witnessed here", body = Refusal),
        (status = 409, description = "The old size is not that of the checkpoint cosigned last, \
            which the body states",
            content_type = "text/x.tlog.size", body = String),
        (status = 413, description = "The body is too large", body = Refusal),
        (status = 422, description = "The proof does not verify, another root was cosigned for \
            this size, or the log is not held here up to this checkpoint and in order", body = Refusal),
        (status = 503, description = "The witness cannot cosign now", body = Refusal)))]
pub(super) async fn add_checkpoint(
    State(api): State<Arc<Api>>,
    Submission(submission): Submission,
) -> Result<Response, ApiError> {
    let cosign = move || api.witness.add_checkpoint(&api.logs, &submission);
    let cosigned = tokio::task::spawn_blocking(cosign).await;
    match cosigned.map_err(|error| ApiError::internal(&error))? {
        Ok(lines) => {
            let lines: String = lines.iter().map(|line| line.to_line() + "\n").collect();
            Ok(([(CONTENT_TYPE, TEXT)], lines).into_response())
        }
        Err(SubmissionError::OtherSize(size)) => {
            let size = format!("{size}\n");
            Ok((StatusCode::CONFLICT, [(CONTENT_TYPE, SIZE)], size).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// The newest checkpoint of a log that a witness of this node has cosigned, with the log's signature
/// and the cosignatures (c2sp.org/tlog-witness, monitoring). The log is named by the SHA-256 of its
/// origin, hexadecimal in lower case.
#[utoipa::path(get, path = "/v1/witness/{origin}/checkpoint", params(("origin" = String, Path)),
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 404, description = "No checkpoint of such a log was cosigned", body = Refusal)))]
pub(super) async fn checkpoint(
    State(api): State<Arc<Api>>,
    Path(origin): Path<String>,
) -> Result<Response, ApiError> {
    let mut hash = [0; 32];
    let is_hash = origin.len() == 64
        && HEXLOWER.decode_mut(origin.as_bytes(), &mut hash).is_ok_and(|length| length == 32);
    let newest = move || api.witness.newest(&api.logs, &hash);
    let newest = match is_hash {
        true => tokio::task::spawn_blocking(newest).await,
        false => Ok(Ok(None)),
    };
    let newest = newest.map_err(|error| ApiError::internal(&error))?;
    let note = newest.map_err(|error| ApiError::internal(&error))?.ok_or_else(|| {
        let message = "no witness of this node has cosigned a log whose origin has this SHA-256";
        ApiError::new(StatusCode::NOT_FOUND, "unknown-log", message)
    })?;
    Ok(([(CONTENT_TYPE, TEXT)], note.to_string()).into_response())
}
