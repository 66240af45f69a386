//! Notices a register that is older than what its node has published: lost, or put back from a backup.
//!
//! The log and its status lists tell what the register must know. The root of every batch is in the
//! register before it is in the log, see [`Register::announce`]; and whatever a list shows as other
//! than valid was set by a record of the register.

use carnet_proto::ledger::LogView;
use carnet_proto::statement::Body;
use carnet_proto::status::{Status, StatusList, StatusToken};
use thiserror::Error;

use super::register::{BatchNames, RecordState, Register, RegisterError};
use super::status::{List, lists_of};

#[cfg(test)]
mod tests;

/// Most entries that an error names.
const MAX_NAMED: usize = 8;

/// How a register is seen to be older than what was published.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OlderRegister {
    /// A published revocation would be taken back.
    #[error(
        "the register is older than the status lists that this node has published: by it, {count} of \
         the revoked or suspended certificates of status list {list} would be valid again (entries {}); \
         nothing is published and the lists in force stay. Stop the node, restore register/ from its \
         newest backup, and set again what was set after that backup; or, if there is none, take the lists over \
         as they are published: carnet status adopt",
        named(.entries, *.count)
    )]
    TakesBack {
        /// Number of the status list.
        list: u32,
        /// How many of its entries.
        count: usize,
        /// The first of them.
        entries: Vec<u64>,
    },
    /// A list would be shorter than it is published, or its entries cannot be read.
    #[error(
        "status list {list} would lose entries that this node has published; nothing is published and \
         the lists in force stay. Stop the node and restore store/ and register/ from their newest backup"
    )]
    Shortens {
        /// Number of the status list.
        list: u32,
    },
    /// A published list would vanish.
    #[error(
        "this node has published {published} status lists and knows {known} of them; nothing is \
         published and the lists in force stay. Stop the node and restore store/ and register/ from \
         their newest backup"
    )]
    Vanishes {
        /// Lists under the newest standing.
        published: u64,
        /// Lists that would be published.
        known: u64,
    },
    /// Batches are in the log that the register knows nothing of.
    #[error(
        "the register is older than the log of this node: it does not know {0} of the batches in the \
         log, so that rows and status indexes in use could be given away again; nothing is issued. Stop \
         the node and restore register/ from its newest backup; or, if the newest there is was put back, take \
         the lists over as they are published: carnet status adopt. If nothing was put back, somebody else \
         signs with the keys of this institution: carnet key rotate"
    )]
    UnknownBatches(usize),
}

fn named(entries: &[u64], count: usize) -> String {
    let mut text = entries.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    if entries.len() < count {
        text += ", …";
    }
    text
}

/// Tells all in which a register is older than what is published of a log.
///
/// # Errors
/// [`RegisterError`].
pub fn find(register: &Register, view: &LogView) -> Result<Vec<OlderRegister>, RegisterError> {
    let mut found = Vec::new();
    match unknown_batches(register, view)? {
        0 => {}
        unknown => found.push(OlderRegister::UnknownBatches(unknown)),
    }
    let lists = lists_of(view);
    found.extend(keeps_all(view, &lists).err());
    for list in &lists {
        if let Some(held) = view.status.get(&list.uri.to_string()) {
            found.extend(Drawn::up(register, list)?.keeps(held).err());
        }
    }
    Ok(found)
}

/// Counts the batches of a log that were not issued with this register.
pub(super) fn unknown_batches(register: &Register, view: &LogView) -> Result<usize, RegisterError> {
    Ok(unknown_issuances(register, view)?.len())
}

/// Returns digest and root of each batch of a log that was not issued with this register. What
/// somebody else issued with keys that were repudiated is none of it.
pub(crate) fn unknown_issuances(
    register: &Register,
    view: &LogView,
) -> Result<Vec<BatchNames>, RegisterError> {
    let stated = view.issuances.stated().ok_or(RegisterError::OtherLog)?;
    let batches = stated.iter().filter_map(|(digest, (leaf, statement))| {
        let Body::Issuance(issuance) = statement.body() else { return None };
        let counts = !view.is_void(*leaf, digest);
        counts.then(|| (*digest.as_bytes(), *issuance.root.as_bytes()))
    });
    register.unknown(batches)
}

/// Refuses to go on with fewer lists than are published.
pub(super) fn keeps_all(view: &LogView, lists: &[List]) -> Result<(), OlderRegister> {
    let published = view.standing.as_ref().map_or(0, |standing| standing.status_lists.size.0);
    let published = published.max(view.status.len() as u64);
    let known = lists.len() as u64;
    if known < published { Err(OlderRegister::Vanishes { published, known }) } else { Ok(()) }
}

/// A status list as the register has it.
pub(crate) struct Drawn {
    number: u32,
    /// What would be published.
    pub(crate) list: StatusList,
    /// Marks the entries that belong to a record.
    recorded: StatusList,
}

impl Drawn {
    /// Draws up a list.
    pub(crate) fn up(register: &Register, list: &List) -> Result<Self, RegisterError> {
        let adopted = register.adopted(&list.uri)?;
        let mut recorded = StatusList::new(list.entries);
        if adopted.is_some() && !list.is_own() {
            // Whoever may change its entries has done so there.
            for index in 0..recorded.len() {
                recorded.set(index, Status::Invalid);
            }
        }
        let mut drawn = adopted.unwrap_or_else(|| StatusList::new(list.entries));
        if list.is_own() {
            for found in register.states_of_list(list.uri.list) {
                let (index, state) = found?;
                if drawn.value(index.into()) != Some(Status::Invalid as u8) {
                    drawn.set(index.into(), status_of(state));
                }
                recorded.set(index.into(), Status::Invalid);
            }
        }
        Ok(Self { number: list.uri.list, list: drawn, recorded })
    }

    /// Refuses to replace a list that was published, if that took back a revocation, which is final,
    /// or a suspension that no record lifted.
    pub(crate) fn keeps(&self, held: &StatusToken) -> Result<(), OlderRegister> {
        let list = self.number;
        let held = held.inflate().map_err(|_| OlderRegister::Shortens { list })?;
        if self.list.len() < held.len() {
            return Err(OlderRegister::Shortens { list });
        }
        let is_lost = |index: &u64| match held.value(*index) {
            None | Some(0) => false,
            Some(value) if value == Status::Invalid as u8 => self.list.value(*index) != Some(value),
            Some(_) => self.recorded.value(*index) == Some(Status::Valid as u8),
        };
        let mut entries = Vec::new();
        let mut count = 0;
        for index in (0..held.len()).filter(is_lost) {
            count += 1;
            if entries.len() < MAX_NAMED {
                entries.push(index);
            }
        }
        if count > 0 { Err(OlderRegister::TakesBack { list, count, entries }) } else { Ok(()) }
    }
}

fn status_of(state: RecordState) -> Status {
    match state {
        RecordState::Valid => Status::Valid,
        RecordState::Invalid => Status::Invalid,
        RecordState::Suspended => Status::Suspended,
    }
}
