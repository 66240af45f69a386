//! The one task that writes an institution's log; everybody else sends it what to state.
//!
//! What is asked for while the disk is busy is signed meanwhile, and committed together:
//!
//! 1. each statement is signed, on all cores, and checked, in the order of the requests;
//! 2. one standing is signed behind them;
//! 3. entries, status lists and the size and root that they lead to go to disk in one batch;
//! 4. only then is that size and root signed as a checkpoint and shown to others;
//! 5. only then is anyone told that it is done.
//!
//! The disk is waited for once: the checkpoint goes there with the next batch, after a moment of quiet,
//! or when the writer stops. After a crash in between it is signed again at the next start, byte for byte. As only what
//! was committed is ever signed, no size is signed with two roots.
//!
//! Nothing is signed while it is not known whether others hold more of the log, see [`phase`].

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use carnet_proto::cbor::Mode;
use carnet_proto::id::{Did, Digest, LeafIndex, TreeSize};
use carnet_proto::key::{PublicKeySet, Purpose, Seed, SigningKey};
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::statement::standing::{empty_head, status_tree};
use carnet_proto::statement::{Body, Statement, StatementError};
use carnet_proto::status::StatusToken;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::cores::spread;
use crate::logs::{Appending, Logs, LogsError};

mod check;
mod counts;
mod error;
pub mod phase;
#[cfg(test)]
mod tests;

pub use check::CannotCount;
pub use counts::WriterCounts;
pub use error::WriterError;
pub use phase::Phase;

use counts::Counts;

/// Most statements in one commit; the standing is one more.
pub const MAX_GROUP: usize = 1024;
/// Requests that wait for the writer: as many as a commit may take. Whoever comes next waits to be let
/// in.
pub const REQUEST_QUEUE: usize = MAX_GROUP;
/// Groups that are signed and wait for the disk, besides the one that goes there and the one that is
/// being signed.
const GROUPS_AHEAD: usize = 1;
/// Time without requests after which a checkpoint goes to disk by itself: whoever reads the same database
/// knows of it only then.
const QUIET: Duration = Duration::from_secs(1);

/// Where a statement stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appended {
    /// Its digest.
    pub digest: Digest,
    /// Its leaf.
    pub leaf: LeafIndex,
    /// Size of the checkpoint under which it was published.
    pub size: TreeSize,
}

/// Sends requests to the writer of one log. Clones are cheap.
#[derive(Clone, Debug)]
pub struct WriterHandle {
    did: Did,
    requests: mpsc::Sender<Request>,
    core: Arc<Core>,
}

#[derive(Debug)]
struct Request {
    bodies: Vec<Body>,
    status: Option<Vec<Vec<u8>>>,
    reply: oneshot::Sender<Result<Vec<Appended>, WriterError>>,
}

impl WriterHandle {
    /// Returns the institution.
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// Returns what the writer has done since it started, and what waits for it.
    pub fn counts(&self) -> WriterCounts {
        self.core.counts.read(self.requests.max_capacity() - self.requests.capacity())
    }

    /// States one thing. Returns once it is on disk and, unless that has to wait, published.
    ///
    /// # Errors
    /// As [`WriterHandle::append`].
    pub async fn state(&self, body: Body) -> Result<Appended, WriterError> {
        let appended = self.append(Vec::from([body]), None).await?;
        appended.first().copied().ok_or(WriterError::Stopped)
    }

    /// Makes statements, all or none, and replaces the status lists if there are new ones: all
    /// tokens of the issuer, in any order. Returns once all is on disk and, unless that has to wait,
    /// published. A caller that no longer waits takes nothing back.
    ///
    /// # Errors
    /// [`WriterError::CannotCount`], [`WriterError::Statement`], [`WriterError::TooMany`]: nothing
    /// was stated; nor with [`WriterError::CatchingUp`] and [`WriterError::Unconfirmed`].
    /// [`WriterError::Logs`], [`WriterError::Stopped`]: it is unknown whether it was.
    pub async fn append(
        &self,
        bodies: Vec<Body>,
        status: Option<Vec<Vec<u8>>>,
    ) -> Result<Vec<Appended>, WriterError> {
        if bodies.len() > MAX_GROUP {
            return Err(WriterError::TooMany(bodies.len()));
        }
        let (reply, answer) = oneshot::channel();
        let request = Request { bodies, status, reply };
        self.requests.send(request).await.map_err(|_| WriterError::Stopped)?;
        answer.await.unwrap_or(Err(WriterError::Stopped))
    }
}

/// The task that writes one log.
#[derive(Debug)]
pub struct Writer {
    handle: WriterHandle,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Writer {
    /// Claims an own log and starts to write. What was committed but not published before is published
    /// in the phase [`Phase::Writing`], which the log is in from the start if `is_confirmed`, unless it is
    /// being completed from peers. Blocks while it reads and signs.
    ///
    /// # Errors
    /// [`WriterError::WrongSeed`] if the seed is not that of the keys in force, [`WriterError::Logs`].
    pub fn start(
        logs: Arc<Logs>,
        did: Did,
        seed: Seed,
        is_confirmed: bool,
    ) -> Result<Self, WriterError> {
        let core = Core {
            phase: RwLock::new(Phase::Waiting),
            keys: seed.public_key_set(),
            counts: Counts::default(),
            statement: seed.signing_key(Purpose::Statement),
            checkpoint: seed.signing_key(Purpose::Checkpoint),
            logs,
            did,
        };
        match core.logs.claim(&did) {
            Ok(()) => {
                core.has_keys(&*core.replica()?)?;
                if is_confirmed {
                    core.confirm()?;
                }
            }
            Err(LogsError::NotOwn(_)) => core.enter(Phase::CatchingUp),
            Err(error) => return Err(error.into()),
        }
        let core = Arc::new(core);
        let (requests, queue) = mpsc::channel(REQUEST_QUEUE);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(run(Arc::clone(&core), queue, stopped));
        Ok(Self { handle: WriterHandle { did, requests, core }, stop, task })
    }

    /// Returns what sends requests to this writer.
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Takes no more requests, and returns once those that came before are done.
    pub async fn stop(self) {
        // The task has ended already if nobody hears this.
        let _ = self.stop.send(());
        if let Err(error) = self.task.await {
            tracing::error!(did = %self.handle.did, %error, "the writer ended by itself");
        }
    }
}

async fn run(
    core: Arc<Core>,
    mut queue: mpsc::Receiver<Request>,
    mut stopped: oneshot::Receiver<()>,
) {
    let (signed, mut to_commit) = mpsc::channel(GROUPS_AHEAD);
    let committing = {
        let core = Arc::clone(&core);
        tokio::task::spawn_blocking(move || {
            while let Some(group) = to_commit.blocking_recv() {
                core.commit(group);
            }
        })
    };
    let (mut is_stopping, mut is_saved) = (false, true);
    loop {
        let first = tokio::select! {
            biased;
            _ = &mut stopped, if !is_stopping => {
                is_stopping = true;
                queue.close();
                continue;
            }
            request = queue.recv() => request,
            () = tokio::time::sleep(QUIET), if !is_saved => {
                is_saved = true;
                save(&core).await;
                continue;
            }
        };
        let Some(first) = first else { break };
        let mut statements = first.bodies.len();
        let mut group = Vec::from([first]);
        while statements < MAX_GROUP
            && let Ok(request) = queue.try_recv()
        {
            statements += request.bodies.len();
            group.push(request);
        }
        let signing = {
            let core = Arc::clone(&core);
            tokio::task::spawn_blocking(move || core.sign(group))
        };
        // A panic there drops the replies: the callers see that the writer stopped.
        match signing.await {
            Ok(group) => {
                is_saved = false;
                if signed.send(group).await.is_err() {
                    break;
                }
            }
            Err(error) => tracing::error!(%error, "signing ended by itself"),
        }
    }
    drop(signed);
    if let Err(error) = committing.await {
        tracing::error!(%error, "committing ended by itself");
    }
    save(&core).await;
}

/// Writes the last checkpoint to disk, once what waits to be committed is there.
async fn save(core: &Arc<Core>) {
    if core.phase() == Phase::CatchingUp {
        return;
    }
    let core = Arc::clone(core);
    let saved = tokio::task::spawn_blocking(move || core.logs.save(&core.did)).await;
    if let Ok(Err(error)) = saved {
        // The next start signs it again.
        tracing::warn!(%error, "the last checkpoint is not on disk");
    }
}

struct Core {
    /// Held for reading through a commit, and for writing through a change of it.
    phase: RwLock<Phase>,
    keys: PublicKeySet,
    counts: Counts,
    logs: Arc<Logs>,
    did: Did,
    statement: SigningKey,
    checkpoint: SigningKey,
}

/// A request whose statements are signed and not checked yet.
struct Signed {
    statements: Vec<Result<Statement, StatementError>>,
    status: Option<Vec<Vec<u8>>>,
    reply: oneshot::Sender<Result<Vec<Appended>, WriterError>>,
}

/// Why nothing was committed.
enum Uncommitted {
    /// Every request was refused.
    Nothing,
    /// All fail together.
    Failed(WriterError),
}

impl From<WriterError> for Uncommitted {
    fn from(error: WriterError) -> Self {
        Self::Failed(error)
    }
}

impl From<LogsError> for Uncommitted {
    fn from(error: LogsError) -> Self {
        Self::Failed(error.into())
    }
}

/// The statements of a request that is granted if the commit succeeds.
struct Granted {
    reply: oneshot::Sender<Result<Vec<Appended>, WriterError>>,
    places: Vec<(Digest, LeafIndex)>,
}

impl Core {
    fn replica(&self) -> Result<Arc<Replica>, WriterError> {
        Ok(self.logs.get(&self.did).ok_or(LogsError::UnknownLog(self.did))?)
    }

    /// Refuses to write a log with keys that are not in force.
    fn has_keys(&self, replica: &Replica) -> Result<(), WriterError> {
        let in_force = replica.view().current_keys().map(|period| period.keys);
        if in_force == Some(self.keys) { Ok(()) } else { Err(WriterError::WrongSeed(self.did)) }
    }

    /// Signs what a group of requests asks for.
    fn sign(&self, group: Vec<Request>) -> Vec<Signed> {
        let mut bodies = Vec::new();
        let mut requests = Vec::with_capacity(group.len());
        for Request { bodies: wanted, status, reply } in group {
            requests.push((wanted.len(), status, reply));
            bodies.extend(wanted);
        }
        let mut signed =
            spread(bodies, |body| Statement::sign(&self.did, body, &self.statement)).into_iter();
        let signed = requests.into_iter().map(|(count, status, reply)| {
            let statements = signed.by_ref().take(count).collect();
            Signed { statements, status, reply }
        });
        signed.collect()
    }

    /// Commits and publishes what a group of requests asks for, and answers each.
    fn commit(&self, group: Vec<Signed>) {
        let phase = self.phase.read().unwrap_or_else(PoisonError::into_inner);
        let mut waiting = group.into_iter();
        let mut granted = Vec::new();
        let committed = self.logs.append_own(&self.did, |replica| {
            let mut appending = Appending::default();
            for Signed { statements, status, reply } in waiting.by_ref() {
                let allowed = phase.allows(&statements, status.is_some());
                match allowed.and_then(|()| self.append_all(replica, statements)) {
                    Ok(appended) => {
                        let first = replica.size().0 - appended.len() as u64;
                        let leaves = (first..).map(LeafIndex);
                        let places = appended.iter().map(Statement::digest).zip(leaves).collect();
                        granted.push(Granted { reply, places });
                        appending.statements.extend(appended);
                        appending.status = status.or(appending.status);
                    }
                    // Whoever asked no longer waits.
                    Err(error) => {
                        self.counts.refused(1);
                        drop(reply.send(Err(error)));
                    }
                }
            }
            if granted.is_empty() {
                return Err(Uncommitted::Nothing);
            }
            let standing = self.standing(replica, appending.status.as_deref())?;
            replica.append(std::slice::from_ref(&standing));
            appending.statements.push(standing);
            Ok(appending)
        });
        let published = match committed {
            Ok(_) if *phase == Phase::Writing => self.publish(Logs::show_own),
            Ok(head) => Ok(head),
            Err(Uncommitted::Nothing) => return,
            Err(Uncommitted::Failed(WriterError::Logs(LogsError::NotOwn(_)))) => {
                Err(WriterError::CatchingUp)
            }
            Err(Uncommitted::Failed(error)) => Err(error),
        };
        match published {
            Ok(head) => {
                self.counts.committed(granted.iter().map(|granted| granted.places.len()).sum());
                for Granted { reply, places } in granted {
                    let appended = places
                        .into_iter()
                        .map(|(digest, leaf)| Appended { digest, leaf, size: head.size })
                        .collect();
                    let _ = reply.send(Ok(appended));
                }
            }
            Err(error) => {
                let granted = granted.into_iter().map(|granted| granted.reply);
                let replies: Vec<_> = granted.chain(waiting.map(|signed| signed.reply)).collect();
                self.counts.refused(replies.len());
                refuse(replies, Arc::new(error));
            }
        }
    }

    /// Checks the statements of one request and appends them to a replica that nobody sees yet; on an
    /// error that is as before.
    fn append_all(
        &self,
        replica: &mut Replica,
        signed: Vec<Result<Statement, StatementError>>,
    ) -> Result<Vec<Statement>, WriterError> {
        let before = (signed.len() > 1).then(|| replica.clone());
        let append = |statement: Result<Statement, StatementError>| {
            let statement = statement?;
            check::counts(replica, statement.body(), || self.logs.ledger())?;
            check::is_new(replica, &statement)?;
            replica.append(std::slice::from_ref(&statement));
            Ok(statement)
        };
        let appended = signed.into_iter().map(append).collect::<Result<Vec<_>, WriterError>>();
        if let (Err(_), Some(before)) = (&appended, before) {
            *replica = before;
        }
        appended
    }

    /// Signs the standing that a replica calls for, with these status lists or those before.
    fn standing(
        &self,
        replica: &Replica,
        status: Option<&[Vec<u8>]>,
    ) -> Result<Statement, WriterError> {
        let lists = match status {
            Some(tokens) => status_head(tokens)?,
            None => replica.view().standing.as_ref().map_or_else(empty_head, |s| s.status_lists),
        };
        let standing = replica.derive_standing(lists);
        Ok(Statement::sign(&self.did, standing, &self.statement)?)
    }

    /// Signs the size and root that were committed last, unless that was done, and keeps the note.
    fn publish(
        &self,
        keep: impl FnOnce(&Logs, &Did, &Note) -> Result<(), LogsError>,
    ) -> Result<TreeHead, WriterError> {
        let head = self.logs.committed(&self.did).ok_or(LogsError::NotOwn(self.did))?;
        let replica = self.replica()?;
        if replica.tree().root_at(head.size) != Some(head.root) {
            let detail = "its entries are not those that were committed".to_owned();
            return Err(LogsError::Damaged { did: self.did, detail }.into());
        }
        if !replica.view().checkpoints.contains_key(&head.size) {
            replica.is_in_order().map_err(LogsError::from)?;
            let note = Note::sign(&Checkpoint::new(&self.did, head), &self.checkpoint);
            keep(&self.logs, &self.did, &note)?;
        }
        Ok(head)
    }
}

/// Returns the head of the tree over status lists, in any order.
pub(crate) fn status_head(tokens: &[Vec<u8>]) -> Result<TreeHead, WriterError> {
    let mut lists = Vec::with_capacity(tokens.len());
    for token in tokens {
        let token = StatusToken::parse(token, Mode::Strict).map_err(StatementError::from)?;
        lists.push((token.uri.clone(), *token.digest()));
    }
    lists.sort_unstable();
    Ok(status_tree(lists.iter().map(|(uri, digest)| (uri, digest))).head())
}

fn refuse(
    replies: Vec<oneshot::Sender<Result<Vec<Appended>, WriterError>>>,
    error: Arc<WriterError>,
) {
    tracing::error!(%error, "a commit failed");
    for reply in replies {
        // Whoever asked may no longer wait.
        let _ = reply.send(Err(WriterError::Commit(Arc::clone(&error))));
    }
}
