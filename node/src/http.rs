//! The HTTP interface: what anyone may read, and what the operators of the institutions do.
//!
//! Public answers say only what the logs say. Operator routes need the token of an institution.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use carnet_proto::id::Did;
use carnet_proto::key::SigningKey;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower::limit::GlobalConcurrencyLimitLayer;

use crate::clock::Clock;
use crate::desk::Desk;
use crate::institution::TokenDigest;
use crate::logs::Logs;
use crate::net::NetHandle;
use crate::store::postgres::Database;
use crate::sync::SyncHandle;
use crate::witness::Witness;
use crate::writer::WriterHandle;

mod cosigned;
mod error;
mod input;
mod lists;
mod metrics;
mod openapi;
mod operator;
mod overview;
mod public;
mod resolve;
mod status;
mod views;
mod warnings;
mod witness;

pub use error::{ApiError, Refusal};
pub use input::{MAX_BODY_BYTES, MAX_WAIT_SECONDS};
pub use metrics::HttpCounters;
pub use overview::{
    BACKUP_MARK, LONELY_SECONDS, LastSeen, MAX_CATCH_UP_SECONDS, NodeFacts, SILENT_SECONDS,
};
pub use warnings::{LOW_DISK_BYTES, OLD_BACKUP_SECONDS, WARNINGS};

/// Requests worked on at once; more wait.
pub const MAX_CONCURRENT: usize = 256;
/// Longest time that a request may take, its body included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Longest time that requests have to end after the interface was told to stop.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What the interface speaks for. Shared as an `Arc`.
#[derive(Debug)]
pub struct Api {
    /// The logs that are served.
    pub logs: Arc<Logs>,
    /// The clock of the node.
    pub clock: ClockRef,
    /// The network.
    pub net: NetHandle,
    /// Replication.
    pub sync: SyncHandle,
    /// Cosigns what is submitted.
    pub witness: Arc<Witness>,
    /// Who may do what: one operator for each institution, or one for a node without a log.
    pub operators: Vec<Operator>,
    /// What is told of the node itself.
    pub node: NodeFacts,
    /// Counts the requests.
    pub requests: HttpCounters,
    /// Becomes true when the node stops.
    pub stopping: watch::Receiver<bool>,
    /// The database, if it is not below a directory.
    pub database: Option<Arc<Database>>,
    /// The name of the node that writes while this one stands by.
    pub standby: Option<watch::Receiver<String>>,
}

/// A clock that says nothing of itself.
#[derive(Clone)]
pub struct ClockRef(pub Arc<dyn Clock>);

impl std::fmt::Debug for ClockRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// Who holds a token, and what it opens.
#[derive(Clone, Debug)]
pub struct Operator {
    /// What the token is compared with.
    pub token: TokenDigest,
    /// The institution; none on a node without a log.
    pub institution: Option<Arc<OwnInstitution>>,
}

/// An institution of this node.
#[derive(Clone, Debug)]
pub struct OwnInstitution {
    /// Its identifier.
    pub did: Did,
    /// Writes its log.
    pub writer: WriterHandle,
    /// Issues for it.
    pub desk: Arc<Desk>,
    /// Signs receipts of its log, and nothing else.
    pub receipt_key: SigningKey,
}

impl Api {
    /// Returns the identifiers of the node's own institutions.
    pub fn institutions(&self) -> Vec<Did> {
        self.operators.iter().filter_map(|o| o.institution.as_ref()).map(|i| i.did).collect()
    }
}

/// The interface, listening.
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Http {
    /// Listens on an address; port 0 lets the system choose.
    ///
    /// # Errors
    /// [`HttpError`], which names the address.
    pub async fn bind(address: SocketAddr) -> Result<TcpListener, HttpError> {
        TcpListener::bind(address).await.map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => HttpError::AddressInUse { address },
            _ => HttpError::CannotListen { address, source },
        })
    }

    /// Serves on a listener.
    ///
    /// # Errors
    /// [`HttpError::CannotListen`].
    pub fn serve(listener: TcpListener, api: Arc<Api>) -> Result<Self, HttpError> {
        let address = listener.local_addr().map_err(|source| HttpError::CannotListen {
            address: SocketAddr::from(([0, 0, 0, 0], 0)),
            source,
        })?;
        let (stop, mut stopped) = watch::channel(false);
        let server = axum::serve(listener, router(api)).with_graceful_shutdown(async move {
            // An error means that whoever could tell is gone.
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        let task = tokio::spawn(async move {
            if let Err(error) = server.await {
                tracing::error!(%error, "the HTTP interface ended by itself");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Returns the address listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, and returns once the requests under way are answered, or after
    /// [`STOP_TIMEOUT`].
    pub async fn stop(mut self) {
        // The task has ended already if nobody hears this.
        let _ = self.stop.send(true);
        if tokio::time::timeout(STOP_TIMEOUT, &mut self.task).await.is_err() {
            tracing::warn!("requests that did not end were cut off");
            self.task.abort();
            let _ = self.task.await;
        }
    }
}

fn router(api: Arc<Api>) -> Router {
    let public = Router::new()
        .route("/health", get(public::health))
        .route("/ready", get(status::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(openapi::document))
        .route("/v1/node", get(public::node))
        .route("/v1/logs", get(public::logs))
        .route("/v1/logs/{did}", get(public::log))
        .route("/v1/logs/{did}/entries", get(public::entries))
        .route("/v1/logs/{did}/statements", get(public::statements))
        .route("/v1/logs/{did}/checkpoint", get(views::checkpoint))
        .route("/v1/logs/{did}/tile/entries/{*index}", get(views::bundle))
        .route("/v1/logs/{did}/tile/{level}/{*index}", get(views::tile))
        .route("/v1/logs/{did}/proof", get(views::proof))
        .route("/v1/logs/{did}/receipts/inclusion", get(views::inclusion))
        .route("/v1/logs/{did}/receipts/consistency", get(views::consistency))
        .route("/v1/logs/{did}/checkpoints", get(public::checkpoints))
        .route("/v1/logs/{did}/status", get(public::status))
        .route("/v1/logs/{did}/fork", get(public::fork))
        .route("/v1/witness/add-checkpoint", post(witness::add_checkpoint))
        .route("/v1/witness/{origin}/checkpoint", get(witness::checkpoint))
        .route("/1.0/identifiers/{did}", get(resolve::resolve));
    let operator = Router::new()
        .route("/status", get(status::status))
        .route("/statements/{kind}", post(operator::state))
        .route("/issue", post(operator::issue))
        .route("/credentials/status", post(operator::set_status))
        .route("/status-lists/publish", post(operator::publish_status))
        .route("/status-lists/adopt", post(lists::adopt))
        .route("/status-lists/entry", post(lists::set_entry))
        .route("/follows", get(operator::follows).post(operator::follow).delete(operator::unfollow))
        .route("/register", get(operator::register));
    Router::new()
        .merge(public)
        .nest("/operator/v1", operator)
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::clone(&api), within_time))
        .layer(middleware::from_fn_with_state(Arc::clone(&api), metrics::count))
        .layer(GlobalConcurrencyLimitLayer::new(MAX_CONCURRENT))
        .with_state(api)
}

async fn within_time(_: State<Arc<Api>>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => axum::response::IntoResponse::into_response(error::timed_out()),
    }
}

/// Why the interface could not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HttpError {
    /// Another program listens there.
    #[error("cannot serve HTTP on {address}: the port is taken by another program")]
    AddressInUse {
        /// The address asked for.
        address: SocketAddr,
    },
    /// The system refused.
    #[error("cannot serve HTTP on {address}")]
    CannotListen {
        /// The address asked for.
        address: SocketAddr,
        /// Answer of the operating system.
        source: std::io::Error,
    },
}
