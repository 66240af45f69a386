//! What requests bring: bodies, queries, identifiers and tokens, each checked before use.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use carnet_proto::cbor::Decode;
use carnet_proto::id::Did;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Api, ApiError, Operator, OwnInstitution};

/// Largest body of a request, in bytes.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;
/// Longest time that a request may ask to wait for cosignatures.
pub const MAX_WAIT_SECONDS: u64 = 60;

/// A body in deterministic CBOR.
pub(super) struct Cbor<T>(pub(super) T);

impl<T, S> FromRequest<S> for Cbor<T>
where
    T: for<'b> Decode<'b>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = body(request, "application/cbor").await?;
        let value = T::from_cbor(&bytes);
        value.map(Self).map_err(|error| ApiError::bad_request("malformed", error.to_string()))
    }
}

/// A body in CBOR that is decoded by its receiver.
pub(super) struct RawCbor(pub(super) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for RawCbor {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Ok(Self(body(request, "application/cbor").await?))
    }
}

/// A body in JSON.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = body(request, "application/json").await?;
        let value = serde_json::from_slice(&bytes);
        value.map(Self).map_err(|error| ApiError::bad_request("malformed", error.to_string()))
    }
}

async fn body(request: Request, wanted: &str) -> Result<Vec<u8>, ApiError> {
    let found = header(request.headers(), CONTENT_TYPE.as_str()).unwrap_or_default();
    let media_type = found.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case(wanted) {
        let message = format!("the body of this request is {wanted}");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", message));
    }
    limited(request, MAX_BODY_BYTES).await
}

/// Reads a body of any type, of at most `limit` bytes.
pub(super) async fn limited(request: Request, limit: usize) -> Result<Vec<u8>, ApiError> {
    let body = to_bytes(request.into_body(), limit).await;
    body.map(Vec::from).map_err(|error| {
        let cause = std::error::Error::source(&error);
        if cause.is_some_and(|cause| cause.to_string().contains("length limit")) {
            let message = format!("the body of this request has at most {limit} bytes");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message)
        } else {
            ApiError::bad_request("incomplete", "the body did not arrive whole")
        }
    })
}

pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// The query of a request.
pub(super) struct Asked<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(ApiError::bad_request("query", error.body_text())),
        }
    }
}

/// The institution that the path names.
pub(super) struct OfLog(pub(super) Did);

impl<S: Send + Sync> FromRequestParts<S> for OfLog {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let did = Path::<String>::from_request_parts(parts, state).await;
        let Path(did) = did.map_err(|error| ApiError::bad_request("did", error.body_text()))?;
        parse_did(&did).map(Self)
    }
}

/// Reads the identifier of an institution.
pub(super) fn parse_did(text: &str) -> Result<Did, ApiError> {
    Did::parse(text).map_err(|error| ApiError::bad_request("did", error.to_string()))
}

/// An operator who has shown a token.
pub(super) struct Authorized(pub(super) Operator);

/// An operator of an institution who has shown a token.
pub(super) struct ForInstitution(pub(super) Arc<OwnInstitution>);

#[derive(Deserialize)]
struct As {
    #[serde(rename = "as")]
    institution: Option<String>,
}

impl FromRequestParts<Arc<Api>> for Authorized {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let shown = header(&parts.headers, AUTHORIZATION.as_str())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim());
        let token = shown.ok_or_else(|| {
            let message = "this needs the operator token, as `Authorization: Bearer TOKEN`";
            ApiError::new(StatusCode::UNAUTHORIZED, "token-missing", message)
        })?;
        // Every token is compared, so that the time does not tell which are there.
        let known: Vec<_> = api.operators.iter().filter(|o| o.token.matches(token)).collect();
        let operator = known.first().copied().cloned().ok_or_else(|| {
            let message = "this is not the operator token of this node";
            ApiError::new(StatusCode::FORBIDDEN, "token-wrong", message)
        })?;
        let Asked(As { institution }) = Asked::from_request_parts(parts, api).await?;
        match institution {
            Some(wanted)
                if operator.institution.as_ref().map(|i| i.did.to_string()).as_ref()
                    != Some(&wanted) =>
            {
                let message = "this token is not that of the institution named by `as`";
                Err(ApiError::new(StatusCode::FORBIDDEN, "token-other", message))
            }
            _ => Ok(Self(operator)),
        }
    }
}

impl FromRequestParts<Arc<Api>> for ForInstitution {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let Authorized(operator) = Authorized::from_request_parts(parts, api).await?;
        if let Some(holder) = &api.standby {
            return Err(ApiError::standby(Some(&holder.borrow())));
        }
        operator.institution.map(Self).ok_or_else(|| {
            let message = "this node owns no log; it only follows those of others";
            ApiError::new(StatusCode::CONFLICT, "no-institution", message)
        })
    }
}

/// An answer in CBOR.
pub(super) struct CborAnswer(pub(super) Vec<u8>);

impl IntoResponse for CborAnswer {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/cbor")], self.0).into_response()
    }
}
