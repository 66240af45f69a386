//! When a witness may cosign: it has seen the whole log, in order, and no larger tree.

use super::message::CosignRefusal;
use crate::cbor::record;
use crate::id::{Did, RootHash, TreeSize};
use crate::ledger::Replica;
use crate::log::checkpoint::Note;
use crate::profile::CLOCK_SKEW;
use crate::time::UnixSeconds;

record! {
    /// The newest checkpoint that a witness has cosigned of a log.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LastCosigned {
        /// Its size.
        size [1]: TreeSize,
        /// Its root.
        root [2]: RootHash,
        /// When.
        time [3]: UnixSeconds,
    }
}

/// Decides whether a witness cosigns a note now. `last` is what it has cosigned of this log before,
/// `interval` the seconds after which it cosigns a checkpoint anew, `anew` whether it does so
/// in any case.
///
/// Returns what has to be recorded before the cosignature is given away, with the time that it states;
/// `None` if it has cosigned lately, or owns the log.
///
/// # Errors
/// [`CosignRefusal`].
pub fn decide(
    replica: &Replica,
    witness: &Did,
    last: Option<&LastCosigned>,
    note: &Note,
    now: UnixSeconds,
    interval: u64,
    anew: bool,
) -> Result<Option<LastCosigned>, CosignRefusal> {
    let checkpoint = note.checkpoint().map_err(|_| CosignRefusal::NotFollowed)?;
    if checkpoint.did() != Ok(*replica.origin()) {
        return Err(CosignRefusal::NotFollowed);
    }
    if replica.origin() == witness {
        return Ok(None);
    }
    let head = checkpoint.head;
    if let Some(last) = last {
        if head.size < last.size {
            return Err(CosignRefusal::Ahead);
        }
        if head.size == last.size && head.root != last.root {
            return Err(CosignRefusal::OtherRoot);
        }
    }
    let time = cosigning_time(last, now).ok_or(CosignRefusal::Unable)?;
    if replica.size() < head.size {
        return Err(CosignRefusal::Behind);
    }
    if replica.size() > head.size {
        return Err(CosignRefusal::Ahead);
    }
    // A checkpoint is kept only if the log signed it and the entries lead to it.
    let held = replica.view().checkpoints.get(&head.size).ok_or(CosignRefusal::Behind)?;
    if held.head != head {
        return Err(CosignRefusal::OtherRoot);
    }
    replica.is_in_order().map_err(|_| CosignRefusal::NotInOrder)?;
    let name = alloc::format!("{witness}");
    let newest = held.note.signatures().iter().filter(|line| line.name == name);
    let newest = newest.filter_map(|line| line.cosignature()).map(|(time, _)| time).max();
    let is_due = anew || newest.is_none_or(|time| now.since(time) >= interval);
    Ok(is_due.then_some(LastCosigned { size: head.size, root: head.root, time }))
}

/// Returns the time that a cosignature states: a witness states no time before its last. A clock that
/// went back by no more than verifiers allow is overlooked, and the last time is stated again; beyond
/// that there is none.
pub fn cosigning_time(last: Option<&LastCosigned>, now: UnixSeconds) -> Option<UnixSeconds> {
    let earliest = last.map_or(now, |last| last.time.max(now));
    (earliest.since(now) <= CLOCK_SKEW).then_some(earliest)
}
