//! How a rotation changes what counts in a log.

use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Replica;
use crate::id::LeafIndex;
use crate::ledger::{DigestMap, ProfileView, Statements};
use crate::log::merkle::Tree;
use crate::log::sequence::Sequence;
use crate::statement::Statement;
use crate::statement::identity::Rotation;
use crate::statement::standing::KeyPeriod;

impl Replica {
    /// Replaces the key set, and declares void what the rotation says.
    pub(super) fn rotate(
        &mut self,
        leaf: LeafIndex,
        statement: &Statement,
        rotation: &Rotation,
    ) -> Result<(), &'static str> {
        if rotation.repudiated_from.is_some_and(|from| from > leaf) {
            return Err("declares void what is not in the log yet");
        }
        let view = Arc::make_mut(&mut self.view);
        let mut chain = crate::ledger::KeyChain::clone(&view.chain);
        chain
            .push(statement.clone())
            .map_err(|_| "not the rotation that the log has committed to")?;
        view.chain = Arc::new(chain);
        if let Some(current) = view.keys.last_mut() {
            current.until = Some(leaf);
            current.repudiated_from = rotation.repudiated_from;
            current.kept = rotation.kept_root();
        }
        view.keys.push(KeyPeriod {
            from: leaf,
            until: None,
            keys: rotation.keys,
            next: rotation.next,
            repudiated_from: None,
            kept: None,
        });
        if rotation.repudiated_from.is_some() {
            self.replay();
            // What is void says nothing any more, whatever it said.
            let view = Arc::make_mut(&mut self.view);
            let mut unsupported = self.unsupported.iter().copied();
            let first = unsupported.find(|(leaf, digest)| !view.is_void(*leaf, digest));
            view.unsupported_from = first.map(|(leaf, _)| leaf);
        }
        Ok(())
    }

    /// Folds everything but standings once more, now that some of it is void. Issuances that counted stay.
    fn replay(&mut self) {
        let held = self.view.statements.values();
        let mut events: Vec<_> = held.map(|held| (held.leaf, held.statement.clone())).collect();
        events.extend(self.journal.iter().cloned());
        events.sort_unstable_by_key(|(leaf, _)| *leaf);
        self.states = Tree::new();
        self.leaves = Sequence::new();
        self.profile = None;
        let view = Arc::make_mut(&mut self.view);
        view.statements = Statements::default();
        view.profile = ProfileView::None;
        view.closing = None;
        view.successions = DigestMap::new();
        view.accusations = DigestMap::new();
        for (leaf, statement) in events {
            // What counted for nothing before may count now, and the other way round; the reasons
            // remembered are those of the first time.
            let _ = self.count(leaf, statement);
        }
    }
}
