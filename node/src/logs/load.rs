//! Reads logs back from the store, and checks them as if they had just come in.

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::key::PublicKey;
use carnet_proto::ledger::{Replica, ReplicaError};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::statement::{Statement, StatementError};

use super::LogsError;
use super::layout::{self, Towards};
use crate::cores::spread;
use crate::store::{Store, entries as scan};

/// Entries read back at once, to be checked on all cores.
const PIECE: usize = 1024;
/// Runs of entries read at once.
pub(super) const PAGE: usize = 16;

/// Returns the institutions whose logs are stored.
pub(super) fn dids(store: &dyn Store) -> Result<Vec<Did>, LogsError> {
    let mut found = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, _)) = store.scan(layout::LOGS, after.as_deref(), 1)?.pop() {
        let hash = key.get(layout::LOGS.len()..).and_then(|rest| rest.first_chunk());
        let Some(hash) = hash else {
            after = Some(key);
            continue;
        };
        let did = Did::new(*hash);
        found.push(did);
        after = Some([layout::log(&did).as_slice(), &[u8::MAX]].concat());
    }
    Ok(found)
}

/// Reads entries from a leaf on, at most `count`, and at most `bytes` in sum unless the first alone
/// has more.
pub(super) fn entries(
    store: &dyn Store,
    did: &Did,
    from: u64,
    count: usize,
    bytes: usize,
) -> Result<Vec<Vec<u8>>, LogsError> {
    let prefix = layout::entries(did);
    let mut after = from.checked_sub(1).map(|before| layout::run(did, before));
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut next = from;
    let mut sum = 0;
    while found.len() < count {
        let page = store.scan(&prefix, after.as_deref(), PAGE.min(count - found.len()))?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (key, value) in page {
            // The first run may begin before what is asked for; no other may.
            let run = layout::read_run(&key, &value)
                .filter(|(first, _)| *first == next || (found.is_empty() && *first < next));
            let Some((first, run)) = run else {
                let detail = format!("the entry {next} is not where it belongs");
                return Err(LogsError::Damaged { did: *did, detail });
            };
            for (_, entry) in (first..).zip(run).filter(|(leaf, _)| *leaf >= from) {
                sum += entry.len();
                if found.len() == count || (sum > bytes && !found.is_empty()) {
                    return Ok(found);
                }
                found.push(entry);
                next += 1;
            }
        }
    }
    Ok(found)
}

/// Reads one log and what it may sign. Of another's log the issuances are not kept in memory; one that
/// may sign something is an own one.
pub(super) fn replica(
    store: &dyn Store,
    did: &Did,
    is_own: bool,
) -> Result<(Replica, Option<TreeHead>), LogsError> {
    let damaged = |detail: String| LogsError::Damaged { did: *did, detail };
    let wrong = |error: ReplicaError| damaged(error.to_string());
    let first = entries(store, did, 0, 1, usize::MAX)?.pop();
    let first = first.ok_or_else(|| damaged("the first entry is missing".into()))?;
    let committed = match store.get(&layout::committed(did))? {
        Some(value) => {
            Some(layout::read_committed(&value).ok_or_else(|| damaged("its commit".into()))?)
        }
        None => None,
    };
    let mut replica = begin(&first, is_own || committed.is_some()).map_err(wrong)?;
    if replica.origin() != did {
        return Err(damaged("it begins with the entry of another log".into()));
    }
    for found in scan(store, &layout::notes(did)) {
        let (_, note) = found?;
        let note = String::from_utf8(note).map_err(|_| damaged("a checkpoint".into()))?;
        let note = Note::parse(&note).map_err(|error| damaged(error.to_string()))?;
        let head = note.checkpoint().map_err(|error| damaged(error.to_string()))?.head;
        catch_up(store, did, &mut replica, &note, head.size)?;
    }
    let before = replica.size();
    restore(store, did, &mut replica, None)?;
    match store.get(&layout::towards(did))? {
        _ if replica.size() == before || committed.is_some() => {}
        Some(towards) => {
            let towards = Towards::read(&towards).ok_or_else(|| damaged("a proof".into()))?;
            replica.extend(&[], &towards.note, Some(&towards.proof)).map_err(wrong)?;
        }
        None => return Err(damaged("entries without a checkpoint".into())),
    }
    if let Some(head) = committed
        && replica.tree().head() != head
    {
        return Err(damaged("its entries are not those that were committed".into()));
    }
    let tokens = scan(store, &layout::status(did)).map(|found| found.map(|(_, token)| token));
    let tokens = tokens.collect::<Result<Vec<_>, _>>()?;
    match replica.set_status(&tokens) {
        Ok(()) => {}
        Err(error) if committed.is_some() => return Err(wrong(error)),
        // An own log that was set aside has those it had published.
        Err(_) => {
            let kept = scan(store, &layout::part(did, layout::PUBLISHED));
            let kept = kept.map(|found| found.map(|(_, token)| token));
            // Else another's lists, replaced by a standing whose own had not come yet.
            let _ = replica.set_status(&kept.collect::<Result<Vec<_>, _>>()?);
        }
    }
    Ok((replica, committed))
}

/// Begins a replica: with its issuances if it is an own log, whose register is compared with them.
pub(super) fn begin(first: &[u8], is_own: bool) -> Result<Replica, ReplicaError> {
    if is_own { Replica::new(first) } else { Replica::with_places(first) }
}

/// Reads entries and checks their signatures, on all cores.
pub(super) fn read(entries: &[Vec<u8>], key: &PublicKey) -> Vec<Result<Statement, StatementError>> {
    spread(entries.iter().collect(), |entry| Statement::parse_signed_by(entry, key))
}

/// Reads what lies between a replica and a checkpoint, and compares where it leads. After an error the
/// replica is not to be used.
pub(super) fn catch_up(
    store: &dyn Store,
    did: &Did,
    replica: &mut Replica,
    note: &Note,
    size: TreeSize,
) -> Result<(), LogsError> {
    restore(store, did, replica, Some(size))?;
    let arrived = replica.extend(&[], note, None);
    arrived.map_err(|error| LogsError::Damaged { did: *did, detail: error.to_string() })
}

/// Reads the entries after those of a replica, up to a size if one is given, a few at a time. The caller
/// compares where they lead.
pub(super) fn restore(
    store: &dyn Store,
    did: &Did,
    replica: &mut Replica,
    size: Option<TreeSize>,
) -> Result<(), LogsError> {
    loop {
        let from = replica.size().0;
        let left = size.map_or(u64::MAX, |size| size.0.saturating_sub(from));
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        let some = entries(store, did, from, count, usize::MAX)?;
        if some.is_empty() {
            return Ok(());
        }
        replica.restore_read_by(&some, read);
    }
}
