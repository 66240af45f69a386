//! What others may see of an own log's status lists while newer ones wait to be published.
//!
//! Whoever replaces the keys signs all lists anew, under a standing that is published once the witnesses
//! have confirmed. Until then others are shown the lists that belong to the newest checkpoint: a
//! verifier that was given those of another standing would have to refuse the whole log, and a witness
//! that lacks them could never confirm.

use std::collections::BTreeMap;
use std::sync::Arc;

use carnet_proto::cbor::Mode;
use carnet_proto::id::Did;
use carnet_proto::ledger::{LogView, Replica, StatusLists};
use carnet_proto::statement::standing::Standing;
use carnet_proto::statement::{Body, Statement};
use carnet_proto::status::StatusToken;

use super::{Log, Logs, LogsError, layout, load, read, write};
use crate::store::{Batch, Store, entries as scan};

/// The newest standing under a checkpoint, and its status lists.
#[derive(Debug)]
pub(super) struct Published {
    standing: Standing,
    lists: StatusLists,
}

impl Published {
    /// Takes those of a replica, if all of it is published.
    fn of(replica: &Replica) -> Option<Self> {
        let view = replica.view();
        let standing = view.standing.clone().filter(|_| !has_more(replica))?;
        Some(Self { standing, lists: view.status.clone() })
    }
}

impl Logs {
    /// Returns the view of a log for others: the standing and the status lists in it are those under the
    /// newest checkpoint.
    pub fn published_view(&self, did: &Did) -> Option<Arc<LogView>> {
        let log = read(&self.logs).get(did).cloned()?;
        // In this order: what is not published yet is kept before it is shown.
        let view = Arc::clone(read(&log.replica).view());
        let published = read(&log.published).clone();
        Some(match published {
            None => view,
            Some(published) => {
                let mut view = LogView::clone(&view);
                view.standing = Some(published.standing.clone());
                view.status = published.lists.clone();
                Arc::new(view)
            }
        })
    }

    /// Keeps what is published before newer lists are shown in its place; on disk too, if that may outlast
    /// this process.
    pub(super) fn keep_published(
        &self,
        log: &Log,
        replica: &Replica,
        on_disk: bool,
    ) -> Result<(), LogsError> {
        let known = read(&log.published).clone();
        let Some(published) = known.or_else(|| Published::of(replica).map(Arc::new)) else {
            return Ok(());
        };
        if on_disk {
            let did = replica.origin();
            let mut batch = self.without_published(did)?;
            for (number, token) in (0..).zip(published.lists.values()) {
                batch.put(layout::numbered(did, layout::PUBLISHED, number), token.as_bytes());
            }
            self.store.apply(batch)?;
        }
        *write(&log.published) = Some(published);
        Ok(())
    }

    /// Takes notice of a replica that is shown from now on.
    pub(super) fn settle_published(&self, log: &Log, replica: &Replica) -> Result<(), LogsError> {
        if !has_more(replica) {
            *write(&log.published) = None;
        } else if read(&log.published).is_none() {
            *write(&log.published) = load(&*self.store, replica)?;
        }
        Ok(())
    }

    /// Deletes what was kept on disk.
    pub(super) fn forget_published(&self, did: &Did) -> Result<(), LogsError> {
        let batch = self.without_published(did)?;
        if batch.is_empty() { Ok(()) } else { Ok(self.store.apply(batch)?) }
    }

    fn without_published(&self, did: &Did) -> Result<Batch, LogsError> {
        let mut batch = Batch::new();
        for found in scan(&*self.store, &layout::part(did, layout::PUBLISHED)) {
            batch.delete(found?.0);
        }
        Ok(batch)
    }
}

/// Finds what is published of a log that another process writes, after it was read again: as `known` had
/// it, unless it is on disk.
pub(super) fn follow(
    store: &dyn Store,
    log: &Log,
    known: &Replica,
    replica: &Replica,
) -> Result<Option<Arc<Published>>, LogsError> {
    if !has_more(replica) {
        return Ok(None);
    }
    let newest = |replica: &Replica| replica.view().newest().map(|newest| newest.head.size);
    let found = load(store, replica)?;
    Ok(found.or_else(|| match newest(replica) {
        size if size == newest(known) => {
            read(&log.published).clone().or_else(|| Published::of(known).map(Arc::new))
        }
        // All that was there before is published now.
        size if size == Some(known.size()) => {
            let (standing, lists) = (known.view().standing.clone()?, known.view().status.clone());
            Some(Arc::new(Published { standing, lists }))
        }
        _ => None,
    }))
}

/// Returns whether there is more of a log than its newest checkpoint covers.
fn has_more(replica: &Replica) -> bool {
    replica.view().newest().map(|newest| newest.head.size) != Some(replica.size())
}

/// Reads what is published of a log that goes on behind its newest checkpoint, where newer lists have
/// taken its place. What is on disk counts only if it is what that checkpoint covers.
pub(super) fn load(
    store: &dyn Store,
    replica: &Replica,
) -> Result<Option<Arc<Published>>, LogsError> {
    let (did, view) = (replica.origin(), replica.view());
    let newest = view.newest().filter(|_| has_more(replica));
    let Some(last) = newest.and_then(|newest| newest.head.size.0.checked_sub(1)) else {
        return Ok(None);
    };
    let entry = load::entries(store, did, last, 1, usize::MAX)?.pop();
    let statement = entry.and_then(|entry| Statement::parse(&entry).ok());
    let Some(Body::Standing(standing)) = statement.as_ref().map(Statement::body) else {
        return Ok(None);
    };
    if view.status.head() == Some(standing.status_lists) {
        return Ok(None);
    }
    let mut lists = BTreeMap::new();
    for found in scan(store, &layout::part(did, layout::PUBLISHED)) {
        let Ok(token) = StatusToken::parse(&found?.1, Mode::Strict) else { return Ok(None) };
        lists.insert(token.uri.clone(), token);
    }
    let lists = StatusLists::all(lists);
    let is_covered = lists.head() == Some(standing.status_lists);
    Ok(is_covered.then(|| Arc::new(Published { standing: standing.clone(), lists })))
}
