//! Whoever takes part: an honest node, or a member that breaks rules.

use super::byzantine::Byzantine;
use super::node::{Member, Node};

/// A member of the network.
pub enum Actor {
    /// Runs the state machine and does what it says.
    Honest(Box<Node>),
    /// Does not.
    Byzantine(Box<Byzantine>),
}

impl Actor {
    /// Returns whether it is honest.
    pub fn is_honest(&self) -> bool {
        matches!(self, Self::Honest(_))
    }

    /// Returns its nodes: one, or one for each history that it shows.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        match self {
            Self::Honest(node) => std::slice::from_ref(&**node).iter(),
            Self::Byzantine(byzantine) => byzantine.parts.iter(),
        }
    }

    /// Returns its nodes.
    pub fn nodes_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        match self {
            Self::Honest(node) => std::slice::from_mut(&mut **node).iter_mut(),
            Self::Byzantine(byzantine) => byzantine.parts.iter_mut(),
        }
    }

    /// Returns the node, if it is honest.
    pub fn honest(&self) -> Option<&Node> {
        match self {
            Self::Honest(node) => Some(node),
            Self::Byzantine(_) => None,
        }
    }

    /// Returns which of its nodes a peer deals with.
    pub fn part_for(&self, peer: Member) -> usize {
        match self {
            Self::Honest(_) => 0,
            Self::Byzantine(byzantine) => byzantine.part_for(peer),
        }
    }

    /// Starts it.
    pub fn start(&mut self, now: u64, epoch: u64) {
        self.nodes_mut().for_each(|node| node.start(now, epoch));
    }

    /// Returns whether it runs.
    pub fn is_running(&self) -> bool {
        self.nodes().all(Node::is_running)
    }

    /// Returns how often it was started, 0 while it does not run.
    pub fn run(&self) -> u64 {
        self.nodes().next().filter(|node| node.is_running()).map_or(0, |node| node.run)
    }
}
