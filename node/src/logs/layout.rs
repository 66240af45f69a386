//! Where the parts of a log stand in the store.

use std::sync::Arc;

use carnet_proto::cbor::{Decode as _, Decoder, Encode, Encoder, Mode};
use carnet_proto::id::{Did, RootHash, TreeSize};
use carnet_proto::ledger::{LogView, Replica};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::log::proof::ConsistencyProof;

use super::{Checkpoints, LogsError};
use crate::store::{Batch, Store, entries as scan};

pub(super) const LOGS: &[u8] = b"L";
pub(super) const FOLLOWS: &[u8] = b"F";

/// Bytes of a run beyond which no entry is added to it.
const RUN_BYTES: usize = 4 * 1024;

pub(super) fn log(did: &Did) -> Vec<u8> {
    [LOGS, did.as_bytes()].concat()
}

pub(super) fn part(did: &Did, tag: u8) -> Vec<u8> {
    [LOGS, did.as_bytes(), &[tag]].concat()
}

pub(super) fn numbered(did: &Did, tag: u8, number: u64) -> Vec<u8> {
    [part(did, tag).as_slice(), &number.to_be_bytes()].concat()
}

pub(super) fn entries(did: &Did) -> Vec<u8> {
    part(did, b'e')
}

/// The key of the run that ends with a leaf.
pub(super) fn run(did: &Did, last: u64) -> Vec<u8> {
    numbered(did, b'e', last)
}

pub(super) fn notes(did: &Did) -> Vec<u8> {
    part(did, b'n')
}

pub(super) fn status(did: &Did) -> Vec<u8> {
    part(did, b's')
}

pub(super) fn fork(did: &Did) -> Vec<u8> {
    part(did, b'f')
}

pub(super) fn committed(did: &Did) -> Vec<u8> {
    part(did, b'c')
}

/// What was set aside of an own log.
pub(super) const ASIDE: u8 = b'q';

/// The status lists of an own log under its newest checkpoint, while others wait to be published.
pub(super) const PUBLISHED: u8 = b'o';

pub(super) fn aside(did: &Did, number: u64) -> Vec<u8> {
    numbered(did, ASIDE, number)
}

pub(super) fn towards(did: &Did) -> Vec<u8> {
    part(did, b't')
}

/// Puts entries that come at once, in runs: a value for each would make a store do more work for a
/// statement than signing it does.
pub(super) fn put_entries(
    batch: &mut Batch,
    did: &Did,
    from: TreeSize,
    entries: impl IntoIterator<Item: AsRef<[u8]>>,
) {
    let mut next = from.0;
    let mut run = Encoder::new();
    let mut put = |last: u64, run: &mut Encoder| {
        batch.put(self::run(did, last), run.as_bytes());
        run.clear();
    };
    for entry in entries {
        let entry = entry.as_ref();
        let held = run.as_bytes().len();
        if held > 0 && held + entry.len() > RUN_BYTES {
            put(next - 1, &mut run);
        }
        run.bytes(entry);
        next += 1;
    }
    if !run.as_bytes().is_empty() {
        put(next - 1, &mut run);
    }
}

/// Reads a run: the leaf of its first entry, and the entries.
pub(super) fn read_run(key: &[u8], value: &[u8]) -> Option<(u64, Vec<Vec<u8>>)> {
    let last = u64::from_be_bytes(*key.last_chunk()?);
    let mut d = Decoder::new(value, Mode::Strict);
    let mut entries = Vec::new();
    while !d.is_done() {
        entries.push(d.bytes().ok()?.to_vec());
    }
    Some((last.checked_add(1)?.checked_sub(entries.len() as u64)?, entries))
}

/// Puts the checkpoints of a view that differ from those stored, and deletes those that are gone.
pub(super) fn put_checkpoints(batch: &mut Batch, did: &Did, stored: &Checkpoints, view: &LogView) {
    let mut stored = stored.iter().peekable();
    for (size, checkpoint) in view.checkpoints.iter() {
        while let Some((gone, _)) = stored.next_if(|(known, _)| *known < size) {
            batch.delete(numbered(did, b'n', gone.0));
        }
        let known = stored.next_if(|(known, _)| *known == size).map(|(_, known)| known);
        // Most are the very same.
        let is_same =
            |known: &Arc<_>| Arc::ptr_eq(known, checkpoint) || known.note == checkpoint.note;
        if !known.is_some_and(is_same) {
            batch.put(numbered(did, b'n', size.0), checkpoint.note.to_string());
        }
    }
    for (gone, _) in stored {
        batch.delete(numbered(did, b'n', gone.0));
    }
}

/// Replaces the status lists stored by those of a view.
pub(super) fn put_status(
    batch: &mut Batch,
    store: &dyn Store,
    did: &Did,
    view: &LogView,
) -> Result<(), LogsError> {
    for found in scan(store, &status(did)) {
        batch.delete(found?.0);
    }
    for (number, token) in (0u32..).zip(view.status.values()) {
        let key = [status(did).as_slice(), &number.to_be_bytes()].concat();
        batch.put(key, token.as_bytes());
    }
    Ok(())
}

pub(super) fn put_committed(batch: &mut Batch, did: &Did, head: &TreeHead) {
    let value = [head.size.0.to_be_bytes().as_slice(), head.root.as_bytes()].concat();
    batch.put(committed(did), value);
}

pub(super) fn read_committed(value: &[u8]) -> Option<TreeHead> {
    let (size, root) = value.split_first_chunk::<8>()?;
    let root = RootHash::new(root.try_into().ok()?);
    Some(TreeHead { size: TreeSize(u64::from_be_bytes(*size)), root })
}

/// Remembers the checkpoint that the entries held lead towards, until they reach it.
pub(super) fn put_towards(
    batch: &mut Batch,
    did: &Did,
    replica: &Replica,
    note: &Note,
    proof: Option<&ConsistencyProof>,
) {
    let newest = replica.view().newest().map(|checkpoint| checkpoint.head.size);
    match proof {
        Some(proof) if newest != Some(replica.size()) => {
            let towards = Towards { note: note.clone(), proof: proof.clone() };
            batch.put(self::towards(did), towards.to_cbor());
        }
        _ => {
            batch.delete(self::towards(did));
        }
    }
}

/// A checkpoint beyond the entries held, and the proof that they lead to it.
pub(super) struct Towards {
    pub(super) note: Note,
    pub(super) proof: ConsistencyProof,
}

impl Towards {
    pub(super) fn read(value: &[u8]) -> Option<Self> {
        let mut d = Decoder::new(value, Mode::Strict);
        let (note, proof) =
            d.array(|d, _| Ok((d.text()?.to_owned(), ConsistencyProof::decode(d)?))).ok()?;
        Some(Self { note: Note::parse(&note).ok()?, proof })
    }
}

impl Encode for Towards {
    fn encode(&self, e: &mut Encoder) {
        e.array(2).text(&self.note.to_string()).item(&self.proof);
    }
}
