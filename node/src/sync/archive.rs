//! The node's logs and witnesses as replication sees them.

use std::sync::Arc;

use carnet_proto::id::{Did, TreeSize};
use carnet_proto::ledger::{LogView, ProfileView, Replica};
use carnet_proto::log::checkpoint::{Note, NoteSignature};
use carnet_proto::log::fork::ForkProof;
use carnet_proto::log::proof::ConsistencyProof;
use carnet_proto::statement::profile::{MAX_ADDRESSES, NodeAddress};
use carnet_proto::sync::message::{CosignRefusal, MAX_PEERS};
use carnet_proto::sync::{Archive, ArchiveError};
use carnet_proto::text::Line;

use crate::logs::{Logs, LogsError};
use crate::net::NetHandle;
use crate::witness::Witness;

/// Access to the logs of a node. Blocks while it reads and writes.
#[derive(Clone, Debug)]
pub(super) struct NodeArchive {
    pub(super) logs: Arc<Logs>,
    pub(super) witness: Arc<Witness>,
    pub(super) net: NetHandle,
}

impl From<LogsError> for ArchiveError {
    fn from(error: LogsError) -> Self {
        match error {
            LogsError::Replica(error) => Self::Refused(error),
            LogsError::UnknownLog(_) => Self::NotHeld,
            error => {
                tracing::error!(error = &error as &dyn std::error::Error, "the logs failed");
                Self::Failed(error.to_string())
            }
        }
    }
}

impl Archive for NodeArchive {
    fn origins(&self) -> Vec<Did> {
        self.logs.dids()
    }

    fn view(&self, origin: &Did) -> Option<Arc<LogView>> {
        self.logs.published_view(origin)
    }

    fn size(&self, origin: &Did) -> TreeSize {
        let published = |replica: &Replica| {
            replica.view().newest().map(|newest| newest.head.size).unwrap_or_default()
        };
        let is_own = self.logs.is_own(origin);
        let size = |replica: &Replica| if is_own { published(replica) } else { replica.size() };
        self.logs.with(origin, size).unwrap_or_default()
    }

    fn leads_on(
        &self,
        origin: &Did,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> Option<bool> {
        Some(self.logs.leads_on(origin, entries, note, proof))
    }

    fn entries(
        &self,
        origin: &Did,
        from: TreeSize,
        to: TreeSize,
        max_bytes: usize,
    ) -> Result<Vec<Vec<u8>>, ArchiveError> {
        let count = usize::try_from(to.0.saturating_sub(from.0)).unwrap_or(usize::MAX);
        Ok(self.logs.entries(origin, from.0, count, max_bytes)?)
    }

    fn consistency(&self, origin: &Did, old: TreeSize, new: TreeSize) -> Option<ConsistencyProof> {
        self.logs.with(origin, |replica| replica.tree().consistency_proof(old, new))?
    }

    fn extend(
        &mut self,
        origin: &Did,
        entries: &[Vec<u8>],
        note: &Note,
        proof: Option<&ConsistencyProof>,
    ) -> Result<(), ArchiveError> {
        self.logs.extend(origin, entries, note, proof)?;
        Ok(())
    }

    fn add_checkpoint(&mut self, origin: &Did, note: &Note) -> Result<bool, ArchiveError> {
        Ok(self.logs.add_checkpoint(origin, note, |_, _| true)?)
    }

    fn set_status(&mut self, origin: &Did, tokens: &[Vec<u8>]) -> Result<(), ArchiveError> {
        Ok(self.logs.set_status(origin, tokens)?)
    }

    fn cosign(&mut self, note: &Note, anew: bool) -> Result<Vec<NoteSignature>, CosignRefusal> {
        let origin = note.checkpoint().and_then(|checkpoint| checkpoint.did());
        let origin = origin.map_err(|_| CosignRefusal::NotFollowed)?;
        let replica = self.logs.get(&origin).ok_or(CosignRefusal::Behind)?;
        self.witness.cosign(&replica, note, anew)
    }

    fn fork(&self, origin: &Did) -> Option<Arc<ForkProof>> {
        self.logs.fork(origin)
    }

    fn prove_fork(&self, origin: &Did, other: &Note) -> Option<ForkProof> {
        ForkProof::of(&*self.logs.get(origin)?, other)
    }

    fn keep_fork(&mut self, origin: &Did, proof: ForkProof) -> Result<bool, ArchiveError> {
        Ok(self.logs.keep_fork(origin, proof)?)
    }

    /// Connected peers that synchronise, where they say they listen; then what profiles name.
    fn nodes(&self) -> Vec<NodeAddress> {
        let connected = self.net.peers().into_iter().filter(|peer| peer.syncs);
        let connected = connected.filter_map(|peer| {
            let addresses = peer.listen_addrs.iter().take(MAX_ADDRESSES);
            let addresses: Result<Vec<_>, _> =
                addresses.map(|address| Line::parse(&address.to_string())).collect();
            let addresses = addresses.ok().filter(|addresses| !addresses.is_empty())?;
            Some(NodeAddress { peer: Line::parse(&peer.peer.to_string()).ok()?, addresses })
        });
        let mut nodes: Vec<_> = connected.take(MAX_PEERS).collect();
        for node in self.profile_nodes() {
            if nodes.len() >= MAX_PEERS {
                break;
            }
            if !nodes.iter().any(|known| known.peer == node.peer) {
                nodes.push(node);
            }
        }
        nodes
    }
}

impl NodeArchive {
    /// Returns the nodes that the profiles of the logs held name.
    pub(super) fn profile_nodes(&self) -> Vec<NodeAddress> {
        let views = self.logs.views();
        let profiles = views.iter().filter_map(|view| match &view.profile {
            ProfileView::Known(profile) => Some(profile),
            _ => None,
        });
        profiles.flat_map(|profile| profile.nodes.iter().cloned()).collect()
    }
}
