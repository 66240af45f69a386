//! Keeps the own log in step with what others hold of it: when it may be published, and when it has
//! to be completed first.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet_proto::id::Did;
use carnet_proto::ledger::{Ledger, LogView, ProfileView};
use carnet_proto::log::checkpoint::NoteKey;
use carnet_proto::time::UnixSeconds;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::desk::Desk;
use crate::logs::Logs;
use crate::sync::{OwnLog, SyncError, SyncHandle};
use crate::writer::{Phase, WriterError, WriterHandle};

/// How often it is looked what others hold, while nothing waits for it and while something does.
const POLL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_millis(100));
/// Pause between two requests for fresh cosignatures.
const ASK_PAUSE: Duration = Duration::from_secs(4);

/// What looks after one own log.
pub(super) struct Keeper {
    pub(super) sync: SyncHandle,
    pub(super) writer: WriterHandle,
    pub(super) desk: Arc<Desk>,
    pub(super) logs: Arc<Logs>,
    pub(super) clock: Arc<dyn Clock>,
    /// The institutions of this node, whose cosignatures confirm nothing.
    pub(super) own: BTreeSet<Did>,
    /// Cosignatures made after this moment confirm.
    pub(super) since: UnixSeconds,
    /// When cosignatures were last asked for.
    pub(super) asked: Option<Instant>,
    /// What the operator was told last.
    pub(super) told: Option<&'static str>,
}

impl Keeper {
    /// Looks after the log until told to stop.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            match self.step().await {
                Ok(()) | Err(StepError::Writer(WriterError::Stopped)) => {}
                Err(StepError::Sync(SyncError::Stopped)) => return,
                Err(StepError::Writer(WriterError::WrongSeed(did))) => self.tell(
                    "the keys of this log were replaced elsewhere, and this node does not have the new ones; \
                     nothing is stated or published. Restore the institution from the 24 words of its next keys",
                    &did,
                ),
                Err(error) => tracing::error!(did = %self.writer.did(), %error, "the own log"),
            }
            let waits = self.writer.phase() != Phase::Writing && self.told.is_none();
            let pause = if waits { POLL.1 } else { POLL.0 };
            tokio::select! {
                // An error means that whoever could tell is gone.
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn step(&mut self) -> Result<(), StepError> {
        let did = *self.writer.did();
        let OwnLog { signed, contradicted } = self.sync.own_log(did).await?;
        let view = self.logs.with(&did, |replica| Arc::clone(replica.view()));
        let Some(view) = view else { return Ok(()) };
        let published = view.newest().map(|newest| newest.head.size).unwrap_or_default();
        let phase = self.writer.phase();
        if phase == Phase::CatchingUp {
            if published >= signed && self.writer.resume().await? {
                tracing::info!(%did, size = published.0, "the own log is complete");
                (self.since, self.asked) = (self.clock.now(), None);
                self.desk.look_again().await;
                self.told = None;
            }
            return Ok(());
        }
        if signed > published {
            let aside = self.writer.set_aside().await?;
            tracing::warn!(
                %did, held = published.0, signed = signed.0, aside,
                "others hold more of the own log: it was put back from a backup, or somebody else signs with \
                 its keys. It is fetched from them; what was not published is stated again on top"
            );
            self.sync.refresh().await?;
            return Ok(());
        }
        if phase == Phase::Writing {
            if contradicted > published {
                self.tell(
                    "a checkpoint that this log's key has signed contradicts what this node has published; \
                     somebody else signs with it. Replace the keys: carnet key rotate",
                    &did,
                );
            }
            return Ok(());
        }
        if is_confirmed(&self.logs.ledger(), &view, &self.own, self.since) {
            self.writer.confirm().await?;
            self.desk.publish_under_new_keys().await;
            if self.told.take().is_some() {
                tracing::info!(%did, "the witnesses have confirmed; the own log is published");
            }
        } else {
            let what = if contradicted > published {
                "what this node has published contradicts what others hold of its log, under signatures of the \
                 log's own key: two histories. Nothing is published. Restore the institution from its 24 \
                 words and its peers' copies: carnet node restore"
            } else {
                "nothing is published until a quorum of the log's witnesses confirms that they know of \
                 nothing newer; if they are gone for good: carnet node run --danger-publish-unconfirmed"
            };
            // Most starts are confirmed by the first answer.
            let is_late = self.asked.is_some_and(|asked| asked.elapsed() >= ASK_PAUSE);
            if contradicted > published || is_late {
                self.tell(what, &did);
            }
            if self.asked.is_none_or(|asked| asked.elapsed() >= ASK_PAUSE) {
                self.asked = Some(Instant::now());
                self.sync.confirm(did).await?;
            }
        }
        Ok(())
    }

    /// Tells the operator once.
    fn tell(&mut self, what: &'static str, did: &Did) {
        if self.told != Some(what) {
            tracing::warn!(%did, "{what}");
            self.told = Some(what);
        }
    }
}

/// Returns whether a log has no witnesses, so that nobody has to confirm it.
pub(super) fn is_alone(view: &LogView) -> bool {
    match &view.profile {
        ProfileView::Known(profile) => profile.witnesses.is_empty(),
        ProfileView::None | ProfileView::NotShown => true,
    }
}

/// Returns whether a quorum of the witnesses has cosigned the newest checkpoint after a moment, which
/// none does that has cosigned a larger one.
fn is_confirmed(ledger: &Ledger, view: &LogView, own: &BTreeSet<Did>, since: UnixSeconds) -> bool {
    let ProfileView::Known(profile) = &view.profile else { return true };
    let Some(newest) = view.newest() else { return true };
    if profile.witnesses.is_empty() {
        return true;
    }
    let witnesses: BTreeSet<&Did> = profile.witnesses.iter().collect();
    let has_confirmed = |witness: &&&Did| {
        let keys = ledger.log(witness).and_then(LogView::current_keys).map(|period| period.keys);
        let times = keys.and_then(|keys| {
            newest.note.cosignature_times(&NoteKey::of_witness(witness, keys.witness)).ok()
        });
        times.is_some_and(|times| times.into_iter().any(|time| time > since))
    };
    let confirmed = witnesses.iter().filter(|witness| !own.contains(**witness));
    confirmed.filter(has_confirmed).count() >= usize::from(profile.quorum.unwrap_or(1).max(1))
}

#[derive(Debug, thiserror::Error)]
enum StepError {
    #[error(transparent)]
    Sync(#[from] SyncError),
    #[error(transparent)]
    Writer(#[from] WriterError),
}
