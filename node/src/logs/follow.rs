//! The institutions that the operator follows, beside those that the node's own logs reach.

use std::collections::BTreeMap;

use carnet_proto::cbor::{CborError, Decoder, Encoder, Mode};
use carnet_proto::id::Did;
use carnet_proto::text::Line;

use super::{Logs, LogsError, layout, read, write};
use crate::store::{Batch, Store, entries};

/// Most institutions that an operator follows.
pub const MAX_FOLLOWS: usize = 4096;
/// Most addresses for one of them.
pub const MAX_FOLLOW_ADDRESSES: usize = 8;

/// A followed institution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Follow {
    /// Multiaddrs of nodes that were said to have its log.
    pub addresses: Vec<Line>,
}

impl Logs {
    /// Returns the followed institutions with the addresses given for them.
    pub fn follows(&self) -> BTreeMap<Did, Follow> {
        read(&self.follows).clone()
    }

    /// Follows an institution; the addresses replace those given before.
    ///
    /// # Errors
    /// [`LogsError::TooMany`], [`LogsError::Address`], [`LogsError::Store`].
    pub fn follow<A: AsRef<str>>(&self, did: &Did, addresses: &[A]) -> Result<(), LogsError> {
        if addresses.len() > MAX_FOLLOW_ADDRESSES {
            return Err(LogsError::TooMany { what: "addresses", limit: MAX_FOLLOW_ADDRESSES });
        }
        let lines = addresses.iter().map(|address| Line::parse(address.as_ref()));
        let addresses = lines.collect::<Result<Vec<_>, _>>().map_err(|_| LogsError::Address)?;
        let mut follows = write(&self.follows);
        if follows.len() >= MAX_FOLLOWS && !follows.contains_key(did) {
            return Err(LogsError::TooMany { what: "followed institutions", limit: MAX_FOLLOWS });
        }
        let mut e = Encoder::new();
        e.list(&addresses);
        let mut batch = Batch::new();
        batch.put(key(did), e.into_bytes());
        self.store.apply(batch)?;
        follows.insert(*did, Follow { addresses });
        Ok(())
    }

    /// Follows institutions until the node stops, unless they are followed already.
    pub fn assume_follows(&self, dids: &[Did]) {
        let mut follows = write(&self.follows);
        for did in dids {
            follows.entry(*did).or_default();
        }
    }

    /// Follows an institution no longer; its log stays. Returns whether it was followed.
    ///
    /// # Errors
    /// [`LogsError::Store`].
    pub fn unfollow(&self, did: &Did) -> Result<bool, LogsError> {
        let mut follows = write(&self.follows);
        if !follows.contains_key(did) {
            return Ok(false);
        }
        let mut batch = Batch::new();
        batch.delete(key(did));
        self.store.apply(batch)?;
        follows.remove(did);
        Ok(true)
    }
}

pub(super) fn load(store: &dyn Store) -> Result<BTreeMap<Did, Follow>, LogsError> {
    let mut follows = BTreeMap::new();
    for found in entries(store, layout::FOLLOWS) {
        let (key, value) = found?;
        let hash = key.get(layout::FOLLOWS.len()..).and_then(|hash| hash.try_into().ok());
        let did = hash.map(Did::new);
        let did = did.ok_or(LogsError::DamagedFollow(CborError::invalid("an identifier")))?;
        let mut d = Decoder::new(&value, Mode::Strict);
        let addresses = d.list(MAX_FOLLOW_ADDRESSES).map_err(LogsError::DamagedFollow)?;
        follows.insert(did, Follow { addresses });
    }
    Ok(follows)
}

fn key(did: &Did) -> Vec<u8> {
    [layout::FOLLOWS, did.as_bytes()].concat()
}
