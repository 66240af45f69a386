//! The one place where an error becomes a status and a body. Internal causes go to the log alone.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::register::RegisterError;
use crate::desk::{DeskError, RowError};
use crate::logs::LogsError;
use crate::store::StoreError;
use crate::sync::SyncError;
use crate::witness::SubmissionError;
use crate::writer::WriterError;

/// A refusal on its way to whoever asked.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: Refusal,
}

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub struct Refusal {
    /// Names the reason; stable.
    pub code: &'static str,
    /// Says it in English.
    pub message: String,
    /// Rows of an order that cannot be issued.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RefusedRow>,
}

/// What is wrong with a row of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedRow {
    /// The row, from 0.
    pub row: usize,
    /// Which part of it.
    pub field: &'static str,
    /// What is wrong.
    pub message: String,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, body: Refusal { code, message: message.into(), rows: Vec::new() } }
    }

    pub(super) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(super) fn unknown_log(did: impl std::fmt::Display) -> Self {
        let message = format!("this node does not hold the log of {did}");
        Self::new(StatusCode::NOT_FOUND, "unknown-log", message)
    }

    /// Something of ours failed; the cause is for the operator of the machine.
    pub(super) fn internal(error: &dyn std::error::Error) -> Self {
        let mut causes = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            causes = format!("{causes}: {cause}");
            source = cause.source();
        }
        tracing::error!(error = %causes, "a request failed");
        let message = "the node failed at this; its own log says why";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }

    /// Another node writes.
    pub(super) fn standby(holder: Option<&str>) -> Self {
        let holder = holder.unwrap_or("another node");
        let message = format!(
            "this node stands by: {holder} writes. Ask there; if it is gone, this node takes over \
             when its lease runs out"
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "standby", message)
    }

    /// What whoever asks can do something about, of what a store reports.
    fn store(error: &StoreError) -> Option<Self> {
        let unavailable = |code, message: &str| {
            tracing::error!(%error, "the store takes no writes");
            Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
        };
        match error {
            StoreError::NotWriter { holder } => Some(Self::standby(holder.as_deref())),
            StoreError::Full { .. } => Some(unavailable(
                "disk-full",
                "the node's disk is full; nothing is taken until there is space",
            )),
            StoreError::Stopped { .. } => Some(unavailable(
                "store-stopped",
                "the node takes no writes, as one failed; its own log says why",
            )),
            StoreError::Unreachable { .. } => Some(unavailable(
                "store-unreachable",
                "the node cannot reach its database; it tries again by itself",
            )),
            _ => None,
        }
    }

    fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the node is stopping")
    }

    pub(super) fn code(&self) -> &'static str {
        self.body.code
    }

    pub(super) fn message(&self) -> &str {
        &self.body.message
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = axum::http::HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<LogsError> for ApiError {
    fn from(error: LogsError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, error.to_string());
        match &error {
            LogsError::UnknownLog(did) => Self::unknown_log(did),
            LogsError::TooMany { .. } => conflict("limit"),
            LogsError::Address => Self::bad_request("address", error.to_string()),
            LogsError::OwnLog(_) => conflict("own-log"),
            LogsError::Store(cause) => Self::store(cause).unwrap_or_else(|| Self::internal(&error)),
            _ => Self::internal(&error),
        }
    }
}

impl From<SyncError> for ApiError {
    fn from(error: SyncError) -> Self {
        match error {
            SyncError::Logs(error) => error.into(),
            _ => Self::stopping(),
        }
    }
}

impl From<WriterError> for ApiError {
    fn from(error: WriterError) -> Self {
        let unprocessable =
            |code, message| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message);
        match error {
            WriterError::CannotCount(error) => {
                Self::new(StatusCode::CONFLICT, "cannot-count", error.to_string())
            }
            WriterError::Statement(error) => unprocessable("statement", error.to_string()),
            WriterError::TooMany(_) => unprocessable("limit", error.to_string()),
            WriterError::CatchingUp => {
                Self::new(StatusCode::CONFLICT, "catching-up", error.to_string())
            }
            WriterError::Unconfirmed => {
                Self::new(StatusCode::CONFLICT, "unconfirmed", error.to_string())
            }
            WriterError::Stopped => Self::stopping(),
            WriterError::Logs(error) => error.into(),
            WriterError::Commit(cause) => match &*cause {
                WriterError::CatchingUp => {
                    Self::new(StatusCode::CONFLICT, "catching-up", cause.to_string())
                }
                WriterError::Logs(LogsError::Store(found)) => {
                    Self::store(found).unwrap_or_else(|| Self::internal(&*cause))
                }
                _ => Self::internal(&*cause),
            },
            error => Self::internal(&error),
        }
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Rows(rows) => {
                let message = DeskError::Rows(rows.clone()).to_string();
                let mut refused = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rows", message);
                refused.body.rows = rows.into_iter().map(RefusedRow::from).collect();
                refused
            }
            DeskError::UnknownRecord => {
                Self::new(StatusCode::NOT_FOUND, "unknown-record", error.to_string())
            }
            DeskError::UnknownEntry => {
                Self::new(StatusCode::NOT_FOUND, "unknown-entry", error.to_string())
            }
            DeskError::NotSuccessor(_) => {
                Self::new(StatusCode::CONFLICT, "not-successor", error.to_string())
            }
            DeskError::Register(RegisterError::Final { .. } | RegisterError::FinalEntry { .. }) => {
                let message = "the credential is invalid, which is final";
                Self::new(StatusCode::CONFLICT, "final", message)
            }
            DeskError::Older(error) => {
                Self::new(StatusCode::CONFLICT, "older-register", error.to_string())
            }
            DeskError::Writer(error) => error.into(),
            DeskError::Register(RegisterError::Store(cause)) => {
                let refused = Self::store(&cause);
                refused.unwrap_or_else(|| Self::internal(&cause))
            }
            DeskError::TooManyLists(_) => {
                Self::new(StatusCode::CONFLICT, "limit", error.to_string())
            }
            DeskError::Stopped => Self::stopping(),
            error => Self::internal(&error),
        }
    }
}

impl From<SubmissionError> for ApiError {
    fn from(error: SubmissionError) -> Self {
        let (status, code) = match error {
            SubmissionError::UnknownOrigin => (StatusCode::NOT_FOUND, "unknown-log"),
            SubmissionError::NotSigned(_) => (StatusCode::FORBIDDEN, "not-signed"),
            SubmissionError::Extended => (StatusCode::BAD_REQUEST, "malformed"),
            SubmissionError::OldSize => (StatusCode::BAD_REQUEST, "old-size"),
            SubmissionError::OtherSize(_) => (StatusCode::CONFLICT, "other-size"),
            SubmissionError::OtherRoot => (StatusCode::UNPROCESSABLE_ENTITY, "other-root"),
            SubmissionError::Proof(_) => (StatusCode::UNPROCESSABLE_ENTITY, "proof"),
            SubmissionError::Behind { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "behind"),
            SubmissionError::Ahead { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "ahead"),
            SubmissionError::Fork => (StatusCode::UNPROCESSABLE_ENTITY, "fork"),
            SubmissionError::NotInOrder => (StatusCode::UNPROCESSABLE_ENTITY, "not-in-order"),
            SubmissionError::Unable => (StatusCode::SERVICE_UNAVAILABLE, "unable"),
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<RowError> for RefusedRow {
    fn from(error: RowError) -> Self {
        Self { row: error.row, field: error.field, message: error.message }
    }
}

pub(super) async fn not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "not-found", "there is nothing at this address")
}

pub(super) async fn wrong_method() -> ApiError {
    let message = "this address does not take this method";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method", message)
}

pub(super) fn timed_out() -> ApiError {
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", "the request took too long")
}
