//! Logs that another process writes, read again and again.

use carnet_proto::id::Did;
use carnet_proto::ledger::{Replica, ReplicaError};
use carnet_proto::log::checkpoint::Note;

use super::{Changed, Log, Logs, LogsError, follow, fork, layout, load, published, read, write};
use crate::store::{Store, entries};
use std::sync::Arc;

impl Logs {
    /// Takes over what another process wrote to the store since it was read. What it writes meanwhile
    /// may be taken over or not. Blocks.
    ///
    /// # Errors
    /// [`LogsError`]; the logs that could be read are taken over.
    pub fn read_again(&self) -> Result<(), LogsError> {
        let mut result = Ok(());
        for did in load::dids(&*self.store)? {
            if let Err(error) = self.read_log_again(&did) {
                result = Err(error);
            }
        }
        *write(&self.follows) = follow::load(&*self.store)?;
        result
    }

    fn read_log_again(&self, did: &Did) -> Result<(), LogsError> {
        let known = self.get(did);
        let replica = match catch_up(&*self.store, did, known.as_deref()) {
            // An own log that is completed from peers loses what was not published of it.
            Err(LogsError::Damaged { .. }) if known.is_some() => catch_up(&*self.store, did, None)?,
            found => found?,
        };
        if let Some(proof) = fork::load(&*self.store, did)? {
            write(&self.forks).entry(*did).or_insert(proof);
        }
        let (size, newest) = (replica.size(), replica.view().newest().map(|newest| newest.head));
        let log = read(&self.logs).get(did).cloned();
        let published = match (&log, &known) {
            (Some(log), Some(known)) => published::follow(&*self.store, log, known, &replica)?,
            _ => published::load(&*self.store, &replica)?,
        };
        let log = log.unwrap_or_else(|| Arc::new(Log::new(replica.clone(), None)));
        *write(&log.published) = published;
        *write(&log.replica) = Arc::new(replica);
        write(&self.logs).insert(*did, log);
        let known_newest = known.as_ref().and_then(|known| known.view().newest().map(|n| n.head));
        if known.map(|known| known.size()) != Some(size) {
            self.tell(did, Changed::Entries)?;
        }
        if known_newest != newest {
            self.tell(did, Changed::Checkpoint)?;
        }
        Ok(())
    }
}

/// Reads what is stored of a log beyond `known`. It may be written at the same time: what is only ever
/// added to is read up to what was there before.
fn catch_up(store: &dyn Store, did: &Did, known: Option<&Replica>) -> Result<Replica, LogsError> {
    let damaged = |detail: String| LogsError::Damaged { did: *did, detail };
    let wrong = |error: ReplicaError| damaged(error.to_string());
    let committed = store.get(&layout::committed(did))?;
    let committed = match committed {
        Some(value) => {
            Some(layout::read_committed(&value).ok_or_else(|| damaged("its commit".into()))?)
        }
        None => None,
    };
    let mut replica = match known {
        Some(known) => known.clone(),
        None => {
            let first = load::entries(store, did, 0, 1, usize::MAX)?.pop();
            let first = first.ok_or_else(|| damaged("the first entry is missing".into()))?;
            load::begin(&first, committed.is_some()).map_err(wrong)?
        }
    };
    for found in entries(store, &layout::notes(did)) {
        let (_, note) = found?;
        let note = String::from_utf8(note).map_err(|_| damaged("a checkpoint".into()))?;
        let note = Note::parse(&note).map_err(|error| damaged(error.to_string()))?;
        let head = note.checkpoint().map_err(|error| damaged(error.to_string()))?.head;
        if committed.is_some_and(|committed| committed.size < head.size) {
            break;
        }
        let held = replica.view().checkpoints.get(&head.size);
        if held.is_some_and(|held| held.note == note) {
            continue;
        }
        if head.size <= replica.size() {
            replica.add_checkpoint(&note, |_, _| true).map_err(wrong)?;
        } else {
            load::catch_up(store, did, &mut replica, &note, head.size)?;
        }
    }
    if let Some(head) = committed {
        load::restore(store, did, &mut replica, Some(head.size))?;
        if replica.tree().head() != head {
            return Err(damaged("its entries are not those that were committed".into()));
        }
    }
    let tokens = entries(store, &layout::status(did)).map(|found| found.map(|(_, token)| token));
    // Those of another standing are replaced with the next look.
    let _ = replica.set_status(&tokens.collect::<Result<Vec<_>, _>>()?);
    Ok(replica)
}
