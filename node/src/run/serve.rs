//! A node that goes on when its role changes.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::{Node, NodeOptions, StartError};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::StoreError;

/// Pause before another attempt to start again.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs the node in `directory` until `stop` is ready: as the writer of its database or standing by,
/// whichever is its turn. `started` is told of every start; the HTTP address stays the same.
///
/// # Errors
/// [`StartError`] of the first start, or of a later one that will not do better by itself.
pub async fn serve(
    mut config: Config,
    directory: &Path,
    clock: Arc<dyn Clock>,
    options: NodeOptions,
    stop: impl Future<Output = ()>,
    mut started: impl FnMut(&Node),
) -> Result<(), StartError> {
    let mut stop = std::pin::pin!(stop);
    let start = async |config: &Config| {
        Node::start(config.clone(), directory, Arc::clone(&clock), options.clone()).await
    };
    let mut node = start(&config).await?;
    config.http = node.http_addr();
    loop {
        started(&node);
        let reason = tokio::select! {
            biased;
            () = &mut stop => {
                node.stop().await;
                return Ok(());
            }
            reason = node.changed() => reason,
        };
        tracing::warn!(%reason, "the node starts again");
        node.stop().await;
        node = loop {
            match start(&config).await {
                Ok(node) => break node,
                Err(StartError::Store(error)) if is_passing(&error) => {
                    tracing::warn!(%error, "the node cannot start again yet");
                }
                Err(error) => return Err(error),
            }
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {}
            }
        };
    }
}

/// Returns whether a store may do better by itself.
fn is_passing(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Unreachable { .. } | StoreError::NotWriter { .. } | StoreError::Full { .. }
    )
}
