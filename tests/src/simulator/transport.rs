//! What the transport makes of a node's actions, and of what arrives for it.

use std::sync::Arc;

use carnet_proto::sync::{Action, Input, Verdict};

use super::byzantine::Deed;
use super::network::{Network, Parcel, print_of};
use super::node::Member;

impl Network {
    /// Returns what a member is told of what arrived, and which of its parts asked for it.
    pub fn input(&self, from: Member, parcel: Parcel) -> Option<(Option<usize>, Input<Member>)> {
        Some(match parcel {
            Parcel::Request { exchange, bytes } => {
                (None, Input::Request { peer: from, id: exchange, bytes: bytes.to_vec() })
            }
            Parcel::Response { exchange, bytes } => {
                let known = self.exchange(exchange)?;
                (Some(known.part), Input::Response { id: known.id, bytes: bytes.to_vec() })
            }
            Parcel::Failed { exchange } => {
                let known = self.exchange(exchange)?;
                (Some(known.part), Input::Failed { id: known.id })
            }
            Parcel::Gossip { bytes, print, .. } => {
                (None, Input::Gossip { peer: from, id: print, bytes: bytes.to_vec() })
            }
        })
    }

    /// Does what a member wants of its transport. `cause` is the gossip that it answers to, and who
    /// passed it on; `hears` tells which peers hear what it tells all. Returns what the transport
    /// has no part in.
    pub fn carry(
        &mut self,
        member: Member,
        deed: Deed,
        cause: Option<(Member, &Arc<[u8]>)>,
        hears: impl Fn(Member) -> bool,
    ) -> Option<Action<Member>> {
        let Deed { part, action, after } = deed;
        match action {
            Action::Send { peer, id, bytes } if self.is_linked(member, peer) => {
                self.ask(member, part, peer, id, bytes.into());
            }
            Action::Respond { id, bytes } => self.respond(id, bytes.into(), after),
            Action::Refuse { id } => self.refuse(id),
            Action::Publish { bytes } => {
                let bytes: Arc<[u8]> = bytes.into();
                let print = print_of(&bytes);
                for peer in self.peers(member).into_iter().filter(|peer| hears(*peer)) {
                    self.gossip(member, peer, &bytes, print);
                }
            }
            Action::Judge { verdict: Verdict::Accept, .. } => {
                let (from, bytes) = cause?;
                let print = print_of(bytes);
                let others = self.peers(member).into_iter().filter(|peer| *peer != from);
                for peer in others.filter(|peer| hears(*peer)) {
                    self.gossip(member, peer, bytes, print);
                }
            }
            Action::Judge { verdict: Verdict::Ignore, .. } => {}
            other => return Some(other),
        }
        None
    }
}
