//! Status lists: built from the register, and published together under one standing.

use std::sync::Arc;
use std::time::Duration;

use carnet_proto::id::TreeSize;
use carnet_proto::ledger::LogView;
use carnet_proto::status::{StatusToken, StatusUri};
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
pub(super) struct List {
    pub(super) number: u32,
    pub(super) entries: u32,
    /// It is not published yet.
    pub(super) is_new: bool,
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

    /// Publishes the status lists whenever the newest are `seconds` old, until told to stop.
    pub async fn run_schedule(self: Arc<Self>, seconds: u64, mut stop: watch::Receiver<bool>) {
        loop {
            let is_due = self.writer.phase() == Phase::Writing
                && self.view().is_ok_and(|view| is_due(&view, self.clock.now(), seconds));
            let pause = match is_due {
                true => match self.publish_status().await {
                    Ok(_) => SCHEDULE_POLL,
                    Err(error) => {
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
        let newest = lists.last();
        if let Some(list) = newest {
            let taken = u64::from(self.register.taken(list.number)?) + count as u64;
            if taken * 4 <= u64::from(list.entries) * 3 {
                return Ok(*list);
            }
        }
        if lists.len() >= MAX_LISTS {
            return Err(DeskError::TooManyLists(MAX_LISTS));
        }
        let number = newest.map_or(1, |list| list.number + 1);
        Ok(List { number, entries: self.list_entries, is_new: true })
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
        lists.iter().chain(added).map(|list| self.token(now, list, &view)).collect()
    }

    fn token(&self, now: UnixSeconds, list: &List, view: &LogView) -> Result<Vec<u8>, DeskError> {
        let drawn = Drawn::up(&self.register, list)?;
        let uri = StatusUri { issuer: self.did, list: list.number };
        if let Some(held) = view.status.get(&uri.to_string()) {
            drawn.keeps(held)?;
        }
        let expires_at = now.plus(LIST_LIFETIME);
        Ok(StatusToken::sign(&uri, &drawn.list, now, expires_at, LIST_TTL, &self.status_key))
    }

    pub(super) fn view(&self) -> Result<Arc<LogView>, DeskError> {
        let view = self.logs.with(&self.did, |replica| Arc::clone(replica.view()));
        Ok(view.ok_or(LogsError::UnknownLog(self.did)).map_err(WriterError::from)?)
    }
}

/// Returns the lists that are published, by number.
pub(super) fn lists_of(view: &LogView) -> Vec<List> {
    let lists = view.status.values().filter_map(|token| {
        let number = StatusUri::parse(&token.uri)?.list;
        let entries = u32::try_from(token.entries?).ok()?;
        Some(List { number, entries, is_new: false })
    });
    let mut lists: Vec<_> = lists.collect();
    lists.sort_unstable_by_key(|list| list.number);
    lists
}

fn is_due(view: &LogView, now: UnixSeconds, seconds: u64) -> bool {
    view.status.values().any(|token| now.since(token.issued_at) >= seconds)
}
