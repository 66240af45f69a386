//! The status lists of one issuer.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::sync::Arc;
use core::ops::Deref;

use crate::log::merkle::TreeHead;
use crate::statement::standing::{empty_head, status_tree};
use crate::status::StatusToken;

/// Status lists by URI, which copies share: read as a map.
#[derive(Clone, Debug)]
pub struct StatusLists {
    lists: Arc<BTreeMap<String, StatusToken>>,
    /// Head of the tree over them, where they are all lists of their issuer.
    head: Option<TreeHead>,
}

impl StatusLists {
    /// Takes all lists of an issuer.
    pub fn all(lists: BTreeMap<String, StatusToken>) -> Self {
        let head = status_tree(lists.iter().map(|(uri, token)| (uri, token.digest()))).head();
        Self { lists: Arc::new(lists), head: Some(head) }
    }

    /// Adds one of an issuer's lists, of which others may not be known.
    pub(crate) fn add(&mut self, token: StatusToken) {
        self.head = None;
        Arc::make_mut(&mut self.lists).insert(token.uri.clone(), token);
    }

    /// Returns size and root over all lists of the issuer, where all are known.
    pub fn head(&self) -> Option<TreeHead> {
        self.head
    }
}

impl Default for StatusLists {
    /// An issuer without lists.
    fn default() -> Self {
        Self { lists: Arc::default(), head: Some(empty_head()) }
    }
}

impl Deref for StatusLists {
    type Target = BTreeMap<String, StatusToken>;

    fn deref(&self) -> &Self::Target {
        &self.lists
    }
}
