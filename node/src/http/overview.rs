//! How the node is at one moment: what its status, its metrics and its readiness are made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use carnet_proto::id::Did;
use carnet_proto::ledger::{Ledger, LogView};
use carnet_proto::statement::profile::InstitutionProfile;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use super::cosigned::{cosignatures, name, profile};
use super::{Api, ApiError, OwnInstitution};
use crate::machine;
use crate::store::measured::StoreWatch;
use crate::sync::{OwnLog, SyncStatus};
use crate::writer::{Phase, WriterCounts};

/// File in the directory of a node that a backup leaves behind: it was made when that was last written.
pub const BACKUP_MARK: &str = "last-backup";
/// Seconds after which a witness that was to cosign hourly is called silent.
pub const SILENT_SECONDS: u64 = 2 * 3600;
/// Seconds after its start in which a node that wants peers waits for the first.
pub const LONELY_SECONDS: u64 = 60;
/// Seconds after its start beyond which a node no longer waits for entries that are missing: the log
/// may have signed what nobody has.
pub const MAX_CATCH_UP_SECONDS: u64 = 600;
/// Age to which what was seen is told again to those who need no token.
const MAX_AGE: Duration = Duration::from_secs(1);
/// Newest checkpoints of a log that are searched for the last cosignature of a witness.
const MAX_SEARCHED: usize = 64;

/// What the interface tells of the node besides its logs.
#[derive(Debug)]
pub struct NodeFacts {
    /// When it started.
    pub started: Instant,
    /// Its directory.
    pub directory: PathBuf,
    /// Directories whose size is told.
    pub disk: Vec<PathBuf>,
    /// Its stores: "logs", and "register" for each institution.
    pub stores: Vec<(&'static str, Arc<StoreWatch>)>,
    /// Seconds between two publications of the status lists.
    pub status_schedule: u64,
    /// Nodes that it is to be connected to, by its configuration.
    pub configured_peers: usize,
    /// Once it held all that the logs it wants were seen to sign.
    pub caught_up: AtomicBool,
    /// What was seen last.
    pub seen: LastSeen,
}

/// The node as it was when it was looked at last. Whoever asks meanwhile waits for the same look.
#[derive(Default)]
pub struct LastSeen(Mutex<Option<(Instant, Arc<Overview>)>>);

impl std::fmt::Debug for LastSeen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LastSeen")
    }
}

/// The node at one moment.
pub struct Overview {
    /// By the clock of the node, Unix seconds.
    pub(super) now: u64,
    pub(super) uptime: u64,
    pub(super) own: Vec<OwnState>,
    pub(super) logs: Vec<LogState>,
    pub(super) sync: SyncStatus,
    pub(super) peers: usize,
    pub(super) banned: usize,
    pub(super) disk_bytes: u64,
    pub(super) free_bytes: Option<u64>,
    pub(super) backup_age: Option<u64>,
    pub(super) follows: usize,
    /// Seconds that the clock is behind what the witness key has signed, if that keeps it from signing.
    pub(super) clock_behind: Option<u64>,
    /// The database that cannot be reached, and why.
    pub(super) away: Option<(String, String)>,
}

/// An institution of this node and its log.
#[derive(Clone, Debug)]
pub(super) struct OwnState {
    pub(super) did: Did,
    pub(super) name: Option<String>,
    pub(super) size: u64,
    pub(super) published: u64,
    /// What peers hold of it.
    pub(super) heard: OwnLog,
    /// Whether it is published.
    pub(super) phase: Phase,
    pub(super) witnesses: Witnesses,
    pub(super) writer: WriterCounts,
    pub(super) in_order: bool,
    /// Status lists, and the age of the oldest.
    pub(super) lists: usize,
    pub(super) status_age: Option<u64>,
    pub(super) batches: usize,
    pub(super) unknown_batches: usize,
    pub(super) failed_publications: u64,
}

/// The witnesses that a log proposes.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(super) struct Witnesses {
    /// How many of them make a quorum.
    pub(super) quorum: Option<u8>,
    /// How many of them may be silent; negative: whatever they do, no quorum can be reached.
    pub(super) tolerates: Option<i64>,
    /// Seconds since the cosignature that completed the newest quorum: the age of the log as
    /// verifiers count it.
    pub(super) view_age: Option<u64>,
    /// Each of them but the log's owner.
    pub(super) list: Vec<WitnessState>,
}

/// A witness of an own log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct WitnessState {
    /// The witness.
    #[schema(value_type = String)]
    pub(super) did: Did,
    /// Name that it gives itself.
    pub(super) name: Option<String>,
    /// Whether its own log is held here; if not, its cosignatures cannot be checked.
    pub(super) held: bool,
    /// When it last cosigned, Unix seconds.
    pub(super) last: Option<u64>,
    /// Whether it cosigned the newest checkpoint.
    pub(super) newest: bool,
    /// Whether it has not cosigned for two hours.
    pub(super) silent: bool,
}

/// How a held log is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct LogState {
    #[schema(value_type = String)]
    pub(super) did: Did,
    pub(super) name: Option<String>,
    /// Whether this node writes it.
    pub(super) own: bool,
    pub(super) size: u64,
    /// Entries that are known to exist and are not held.
    pub(super) lag: u64,
    /// Those of them that the log was seen to sign.
    pub(super) missing: u64,
    /// Seconds since the newest cosignature of the newest checkpoint.
    pub(super) age: Option<u64>,
    /// Whether it is proven to show two histories.
    pub(super) forked: bool,
}

impl Overview {
    /// Returns how the node was at most [`MAX_AGE`] ago, so that strangers who ask often cost no more than
    /// one who asks now and then. That the database went away or came back is told at once, as at `/ready`.
    pub(super) async fn recent(api: &Arc<Api>) -> Result<Arc<Self>, ApiError> {
        let mut seen = api.node.seen.0.lock().await;
        if let Some((at, overview)) = &*seen
            && at.elapsed() < MAX_AGE
            && overview.away.is_some() == away(api).is_some()
        {
            return Ok(Arc::clone(overview));
        }
        let overview = Arc::new(Self::look(api).await?);
        *seen = Some((Instant::now(), Arc::clone(&overview)));
        Ok(overview)
    }

    /// Looks at the node: walks its directories, and checks the cosignatures of every log.
    pub(super) async fn look(api: &Arc<Api>) -> Result<Self, ApiError> {
        let sync = api.sync.status().await?;
        // Before the logs are looked at, which do not shrink.
        let mut heard = BTreeMap::new();
        for did in api.institutions() {
            heard.insert(did, api.sync.own_log(did).await?);
        }
        let asked = Arc::clone(api);
        let looked = tokio::task::spawn_blocking(move || Self::gather(&asked, sync, &heard));
        looked.await.map_err(|error| ApiError::internal(&error))
    }

    fn gather(api: &Api, sync: SyncStatus, heard: &BTreeMap<Did, OwnLog>) -> Self {
        let ledger = api.logs.ledger();
        let now = api.clock.0.now().0;
        let own: Vec<_> = api
            .operators
            .iter()
            .filter_map(|operator| operator.institution.as_deref())
            .filter_map(|institution| {
                let heard = heard.get(&institution.did).copied().unwrap_or_default();
                own_state(api, &ledger, institution, heard, now)
            })
            .collect();
        let logs = log_states(api, &ledger, &sync, now);
        let uptime = api.node.started.elapsed().as_secs();
        let is_whole = logs.iter().all(|log| log.missing == 0);
        let has_looked = uptime >= LONELY_SECONDS || has_peers_or_wants_none(api, &sync);
        if (is_whole && has_looked) || uptime >= MAX_CATCH_UP_SECONDS {
            api.node.caught_up.store(true, Ordering::Relaxed);
        }
        Self {
            now,
            uptime,
            own,
            logs,
            sync,
            peers: api.net.peers().len(),
            banned: api.net.banned(),
            disk_bytes: match &api.database {
                Some(database) => database.disk_bytes(),
                None => api.node.disk.iter().map(|path| machine::bytes_in(path)).sum(),
            },
            free_bytes: machine::free_bytes(&api.node.directory),
            backup_age: machine::age_of(&api.node.directory.join(BACKUP_MARK)),
            follows: api.logs.follows().len(),
            clock_behind: api.witness.clock_behind(),
            away: away(api),
        }
    }
}

/// Returns the database of the node if it cannot be reached, and why.
pub(super) fn away(api: &Api) -> Option<(String, String)> {
    let database = api.database.as_ref()?;
    database.away().map(|cause| (database.server().to_owned(), cause))
}

/// Before anybody is connected, nothing is known to be missing.
fn has_peers_or_wants_none(api: &Api, sync: &SyncStatus) -> bool {
    let wants_peers = api.node.configured_peers > 0
        || api.logs.follows().values().any(|follow| !follow.addresses.is_empty());
    !wants_peers || !sync.peers.is_empty()
}

fn log_states(api: &Api, ledger: &Ledger, sync: &SyncStatus, now: u64) -> Vec<LogState> {
    let lags: BTreeMap<Did, _> = sync.logs.iter().map(|lag| (lag.origin, lag)).collect();
    let own = api.institutions();
    let held: BTreeSet<Did> = api.logs.dids().into_iter().collect();
    // A log that is wanted and not here yet is shown too.
    let all: BTreeSet<Did> = held.iter().chain(lags.keys()).copied().collect();
    let state = |did: Did| {
        let replica = api.logs.get(&did);
        let size = replica.as_ref().map_or(0, |replica| replica.size().0);
        let newest = replica.as_ref().and_then(|replica| replica.view().newest());
        let times = newest.map(|newest| cosignatures(ledger, newest)).unwrap_or_default();
        let newest = times.iter().map(|(_, time)| time.0).max();
        let beyond = |known: u64| known.saturating_sub(size);
        LogState {
            did,
            name: name(ledger, &did),
            own: own.contains(&did),
            size,
            lag: lags.get(&did).map_or(0, |lag| beyond(lag.known.0)),
            missing: lags.get(&did).map_or(0, |lag| beyond(lag.signed.0)),
            age: newest.map(|time| now.saturating_sub(time)),
            forked: api.logs.fork(&did).is_some(),
        }
    };
    all.into_iter().map(state).collect()
}

fn own_state(
    api: &Api,
    ledger: &Ledger,
    institution: &OwnInstitution,
    heard: OwnLog,
    now: u64,
) -> Option<OwnState> {
    let did = institution.did;
    let replica = api.logs.get(&did)?;
    let view = replica.view();
    let issued = view.status.values().map(|token| token.issued_at.0);
    Some(OwnState {
        did,
        name: name(ledger, &did),
        size: replica.size().0,
        published: view.newest().map_or(0, |newest| newest.head.size.0),
        heard,
        phase: institution.writer.phase(),
        witnesses: witnesses(ledger, view, now),
        writer: institution.writer.counts(),
        in_order: replica.is_in_order().is_ok(),
        lists: view.status.values().count(),
        status_age: issued.min().map(|time| now.saturating_sub(time)),
        batches: view.issuances.len(),
        unknown_batches: institution.desk.unknown_batches(),
        failed_publications: institution.desk.failed_publications(),
    })
}

/// Returns how the witnesses are that a log's own profile proposes.
pub(super) fn witnesses(ledger: &Ledger, log: &LogView, now: u64) -> Witnesses {
    let Some(profile) = profile(log) else { return Witnesses::default() };
    if profile.witnesses.is_empty() {
        return Witnesses::default();
    }
    let checkpoints: Vec<_> = log.checkpoints.values().rev().take(MAX_SEARCHED).collect();
    let cosigned: Vec<_> =
        checkpoints.iter().map(|checkpoint| cosignatures(ledger, checkpoint)).collect();
    let last = |did: &Did| {
        let of = cosigned.iter().flatten().filter(|(witness, _)| witness == did);
        of.map(|(_, time)| time.0).max()
    };
    let others = profile.witnesses.iter().filter(|did| **did != log.origin);
    let list: Vec<_> = others
        .map(|did| {
            let last = last(did);
            let newest = cosigned.first();
            WitnessState {
                did: *did,
                name: name(ledger, did),
                held: ledger.log(did).is_some(),
                last,
                newest: newest.is_some_and(|of| of.iter().any(|(witness, _)| witness == did)),
                silent: last.is_none_or(|last| now.saturating_sub(last) > SILENT_SECONDS),
            }
        })
        .collect();
    let mut times: Vec<_> = list.iter().filter(|w| w.newest).filter_map(|w| w.last).collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    let completing = profile.quorum.and_then(|quorum| times.get(usize::from(quorum).max(1) - 1));
    Witnesses {
        quorum: profile.quorum,
        tolerates: tolerates(ledger, profile),
        view_age: completing.map(|time| now.saturating_sub(*time)),
        list,
    }
}

/// Returns how many witnesses of a profile may be silent before answers become undetermined; negative:
/// a quorum can never be reached. Witnesses on one node count once, and the log of each witness needs a
/// quorum of the others.
pub(super) fn tolerates(ledger: &Ledger, profile: &InstitutionProfile) -> Option<i64> {
    let quorum = i64::from(profile.quorum?);
    let nodes = |did: &Did| -> Vec<&str> {
        let profile = ledger.log(did).and_then(self::profile);
        profile.into_iter().flat_map(|profile| &profile.nodes).map(|n| n.peer.as_str()).collect()
    };
    // Groups of witnesses that share a node, each as the names of its nodes.
    let mut groups: Vec<BTreeSet<&str>> = Vec::new();
    let mut apart = 0_usize;
    for did in &profile.witnesses {
        let mut joined: BTreeSet<&str> = nodes(did).into_iter().collect();
        if joined.is_empty() {
            apart += 1;
            continue;
        }
        groups.retain(|group| {
            let is_apart = group.is_disjoint(&joined);
            if !is_apart {
                joined.extend(group);
            }
            is_apart
        });
        groups.push(joined);
    }
    let count = i64::try_from(groups.len() + apart).unwrap_or(i64::MAX);
    Some(count - 1 - quorum)
}
