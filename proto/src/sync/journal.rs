//! In which order checkpoints changed, so that a peer asks for what it has not seen.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::id::{Did, TreeSize, sha256};
use crate::ledger::LogView;
use crate::log::checkpoint::Note;

type Fingerprint = [u8; 16];

/// The changes of one log's checkpoints.
#[derive(Debug, Default)]
pub(super) struct LogJournal {
    revision: u64,
    /// All fingerprints, added up without carry: equal for equal sets, in whatever order they came.
    state: Fingerprint,
    by_size: BTreeMap<TreeSize, (u64, Fingerprint)>,
    by_revision: BTreeMap<u64, TreeSize>,
}

impl LogJournal {
    fn set(&mut self, size: TreeSize, note: Option<&Note>) -> bool {
        let print = note.map(fingerprint);
        let before = self.by_size.get(&size).copied();
        if before.map(|(_, print)| print) == print {
            return false;
        }
        if let Some((revision, print)) = before {
            self.by_revision.remove(&revision);
            self.by_size.remove(&size);
            add(&mut self.state, &print);
        }
        if let Some(print) = print {
            self.revision += 1;
            self.by_revision.insert(self.revision, size);
            self.by_size.insert(size, (self.revision, print));
            add(&mut self.state, &print);
        }
        true
    }

    /// Returns the sizes that changed after a revision, with theirs, oldest first.
    pub(super) fn since(&self, revision: u64) -> impl Iterator<Item = (u64, TreeSize)> {
        let start = revision.saturating_add(1);
        self.by_revision.range(start..).map(|(revision, size)| (*revision, *size))
    }

    /// Returns the newest revision.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the fingerprint of all checkpoints.
    pub(super) fn state(&self) -> Fingerprint {
        self.state
    }
}

/// The changes of all logs since the node was started.
#[derive(Debug, Default)]
pub(super) struct Journal {
    logs: BTreeMap<Did, LogJournal>,
}

impl Journal {
    /// Takes note of new checkpoints and of a change of the newest. Returns whether there was any.
    pub(super) fn refresh(&mut self, view: &LogView) -> bool {
        let log = self.logs.entry(view.origin).or_default();
        let mut changed = false;
        if let Some(newest) = view.newest() {
            changed |= log.set(newest.head.size, Some(&newest.note));
        }
        if log.by_size.len() != view.checkpoints.len() {
            let gone: Vec<_> =
                log.by_size.keys().filter(|s| !view.checkpoints.contains_key(s)).copied().collect();
            for size in gone {
                changed |= log.set(size, None);
            }
            for (size, checkpoint) in view.checkpoints.iter() {
                if !log.by_size.contains_key(size) {
                    changed |= log.set(*size, Some(&checkpoint.note));
                }
            }
        }
        changed
    }

    /// Takes note of a change of one checkpoint.
    pub(super) fn touch(&mut self, view: &LogView, size: TreeSize) -> bool {
        let changed = self.refresh(view);
        let note = view.checkpoints.get(&size).map(|checkpoint| &checkpoint.note);
        self.logs.entry(view.origin).or_default().set(size, note) || changed
    }

    /// Returns the number of changes that are remembered of all logs.
    pub(super) fn len(&self) -> usize {
        self.logs.values().map(|log| log.by_revision.len()).sum()
    }

    /// Returns the changes of a log.
    pub(super) fn log(&self, origin: &Did) -> Option<&LogJournal> {
        self.logs.get(origin)
    }
}

fn add(state: &mut Fingerprint, print: &Fingerprint) {
    state.iter_mut().zip(print).for_each(|(a, b)| *a ^= b);
}

/// Hashes a note whatever the order of its lines.
pub(super) fn fingerprint(note: &Note) -> Fingerprint {
    let mut lines: Vec<_> = note.signatures().iter().map(|line| line.to_line()).collect();
    lines.sort_unstable();
    let mut text = Vec::from(note.body().as_bytes());
    for line in lines {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    let hash = sha256(&text);
    hash.first_chunk::<16>().copied().unwrap_or_default()
}
