//! Status lists: built from the register, and published together under one standing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::key::SigningKey;
use carnet_proto::ledger::LogView;
use carnet_proto::profile::CLOCK_SKEW;
use carnet_proto::status::{StatusList, StatusToken, StatusUri};
use carnet_proto::time::{DAY, UnixSeconds};
use tokio::sync::watch;

use super::older::{Drawn, keeps_all};
use super::{Desk, DeskError};
use crate::logs::LogsError;
use crate::writer::{Phase, WriterError};

/// How long a published list counts, in seconds.
pub const LIST_LIFETIME: u64 = 7 * DAY;
/// For how long a published list may be cached, in seconds.
pub const LIST_TTL: u64 = 3600;
/// Most status lists of an institution: together they fit into one write of the store.
pub const MAX_LISTS: usize = 48;
/// How often the schedule looks at the clock, which may be stepped.
const SCHEDULE_POLL: Duration = Duration::from_secs(1);
/// Pause after a publication that failed.
const RETRY_PAUSE: Duration = Duration::from_secs(30);

/// What a publication of the status lists came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// How many lists.
    pub lists: usize,
    /// The size of the checkpoint that covers them.
    pub size: TreeSize,
}

/// One status list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List {
    pub(crate) uri: StatusUri,
    /// The institution that publishes it: that of its URI, unless that one has closed.
    publisher: Did,
    pub(crate) entries: u32,
    /// It is not published yet.
    pub(super) is_new: bool,
}

impl List {
    /// Returns whether it belongs to whoever publishes it.
    pub(crate) fn is_own(&self) -> bool {
        self.publisher == self.uri.issuer
    }

    #[cfg(test)]
    pub(super) fn own(issuer: Did, number: u32, entries: u32) -> Self {
        let uri = StatusUri { issuer, list: number };
        Self { uri, publisher: issuer, entries, is_new: false }
    }
}

impl Desk {
    /// Publishes all status lists as they stand in the register. Without a list nothing is stated.
    ///
    /// # Errors
    /// [`DeskError::Older`] if that took back what is published: then nothing is.
    /// [`DeskError::Register`], [`DeskError::Writer`].
    pub async fn publish_status(self: &Arc<Self>) -> Result<Published, DeskError> {
        let desk = Arc::clone(self);
        let published = tokio::spawn(async move {
            let _turn = desk.turn.lock().await;
            let tokens = desk.blocking(|desk| desk.tokens(desk.clock.now(), None)).await?;
            let lists = tokens.len();
            if lists > 0 {
                desk.writer.append(Vec::new(), Some(tokens)).await?;
            }
            let size = desk.view()?.newest().map_or(TreeSize(0), |newest| newest.head.size);
            Ok(Published { lists, size })
        });
        published.await.unwrap_or(Err(DeskError::Stopped))
    }

    /// Publishes the status lists if one of them was signed with keys that were replaced since.
    pub async fn publish_under_new_keys(self: &Arc<Self>) {
        let key = self.status_key.public();
        let is_old = |view: &LogView| view.status.values().any(|token| !token.is_signed_by(&key));
        if self.view().is_ok_and(|view| is_old(&view))
            && let Err(error) = self.publish_status().await
        {
            tracing::error!(did = %self.did, %error, "status lists not published");
        }
    }

    /// Publishes the status lists whenever the newest are `seconds` old, until told to stop.
    pub async fn run_schedule(self: Arc<Self>, seconds: u64, mut stop: watch::Receiver<bool>) {
        loop {
            let is_due = self.writer.phase() == Phase::Writing
                && self.view().is_ok_and(|view| is_due(&view, self.clock.now(), seconds));
            let pause = match is_due {
                true => match self.publish_status().await {
                    Ok(_) => SCHEDULE_POLL,
                    Err(error) => {
                        self.failed_publications.fetch_add(1, Ordering::Relaxed);
                        tracing::error!(did = %self.did, %error, "status lists not published");
                        RETRY_PAUSE
                    }
                },
                false => SCHEDULE_POLL,
            };
            tokio::select! {
                // An error means that whoever could tell is gone.
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Chooses the list for `count` credentials: the newest, or one more where that would leave less
    /// than a quarter of it free, so that indexes stay random.
    pub(super) fn list_for(&self, count: usize) -> Result<List, DeskError> {
        let lists = lists_of(&*self.view()?);
        let newest = lists.iter().rfind(|list| list.is_own());
        if let Some(list) = newest
            && self.register.adopted(&list.uri)?.is_none()
        {
            let taken = u64::from(self.register.taken(list.uri.list)?) + count as u64;
            if taken * 4 <= u64::from(list.entries) * 3 {
                return Ok(*list);
            }
        }
        self.has_room(1)?;
        let list = newest.map_or(1, |list| list.uri.list.saturating_add(1));
        let (uri, publisher) = (StatusUri { issuer: self.did, list }, self.did);
        Ok(List { uri, publisher, entries: self.list_entries, is_new: true })
    }

    /// Refuses more lists than there may be.
    pub(super) fn has_room(&self, more: usize) -> Result<(), DeskError> {
        let lists = self.with_adopted(lists_of(&*self.view()?))?;
        if lists.len() + more > MAX_LISTS {
            return Err(DeskError::TooManyLists(MAX_LISTS));
        }
        Ok(())
    }

    /// Adds the lists that were taken over and are not published yet.
    fn with_adopted(&self, mut lists: Vec<List>) -> Result<Vec<List>, DeskError> {
        for (uri, entries) in self.register.all_adopted()? {
            if !lists.iter().any(|list| list.uri == uri) {
                let entries = u32::try_from(entries).unwrap_or(u32::MAX);
                lists.push(List { uri, publisher: self.did, entries, is_new: true });
            }
        }
        Ok(lists)
    }

    /// Signs the tokens of all lists, and of one that is to be added.
    ///
    /// # Errors
    /// [`DeskError::Older`] if that took back what is published; [`DeskError::Register`].
    pub(super) fn tokens(
        &self,
        now: UnixSeconds,
        added: Option<&List>,
    ) -> Result<Vec<Vec<u8>>, DeskError> {
        let view = self.view()?;
        let lists = lists_of(&view);
        keeps_all(&view, &lists)?;
        let lists = self.with_adopted(lists)?;
        lists.iter().chain(added).map(|list| self.token(now, list, &view)).collect()
    }

    fn token(&self, now: UnixSeconds, list: &List, view: &LogView) -> Result<Vec<u8>, DeskError> {
        let drawn = Drawn::up(&self.register, list)?;
        if let Some(held) = view.status.get(&list.uri.to_string()) {
            drawn.keeps(held)?;
        }
        Ok(sign(&list.uri, &drawn.list, now, &self.status_key))
    }

    pub(super) fn view(&self) -> Result<Arc<LogView>, DeskError> {
        let view = self.logs.with(&self.did, |replica| Arc::clone(replica.view()));
        Ok(view.ok_or(LogsError::UnknownLog(self.did)).map_err(WriterError::from)?)
    }
}

/// Signs a list.
pub(crate) fn sign(
    uri: &StatusUri,
    list: &StatusList,
    now: UnixSeconds,
    key: &SigningKey,
) -> Vec<u8> {
    StatusToken::sign(uri, list, now, now.plus(LIST_LIFETIME), LIST_TTL, key)
}

/// Returns the lists that are published, by number.
pub(crate) fn lists_of(view: &LogView) -> Vec<List> {
    let lists = view.status.values().filter_map(|token| {
        let (uri, publisher) = (StatusUri::parse(&token.uri)?, view.origin);
        let entries = u32::try_from(token.entries?).ok()?;
        Some(List { uri, publisher, entries, is_new: false })
    });
    let mut lists: Vec<_> = lists.collect();
    lists.sort_unstable_by_key(|list| (list.uri.list, list.uri.issuer));
    lists
}

/// Tells whether a list is old enough, or was signed by a clock that was ahead: nobody takes such a one.
fn is_due(view: &LogView, now: UnixSeconds, seconds: u64) -> bool {
    let is_ahead = |at: UnixSeconds| at > now.plus(CLOCK_SKEW);
    let is_due = |at: UnixSeconds| now.since(at) >= seconds || is_ahead(at);
    view.status.values().any(|token| is_due(token.issued_at))
}
