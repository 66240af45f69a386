//! Members that do not keep to the protocol. Each has real nodes inside, so that what it says is
//! nearly right.

use std::collections::BTreeMap;
use std::sync::Arc;

use carnet_proto::cbor::Encode as _;
use carnet_proto::statement::Body;
use carnet_proto::sync::message::{Gossip, Head, Heads, Offer, Request, Response};
use carnet_proto::sync::{Action, Archive as _, Input, MAX_IN_FLIGHT_PER_PEER};

use super::institution::Institution;
use super::lies;
use super::node::{Member, Node};
use super::random::Random;
use super::trace::Tally;

/// Answers that a replaying member remembers.
const REMEMBERED: usize = 64;

/// What is wrong with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Behaviour {
    /// Answers with wrong entries, proofs, notes, lists and cosignatures.
    Lies,
    /// Signs two histories of its log, and shows one to each side.
    Forks,
    /// Sends far more than anybody asked for.
    Floods,
    /// Takes requests and answers too late, in part or never.
    Stalls,
    /// Says again what was said before.
    Replays,
    /// Serves old checkpoints only.
    Withholds,
}

impl Behaviour {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Lies, Self::Forks, Self::Floods, Self::Stalls, Self::Replays, Self::Withholds];
}

/// Something that a member does.
#[derive(Debug)]
pub struct Deed {
    /// Which of its parts does it.
    pub part: usize,
    /// What.
    pub action: Action<Member>,
    /// After how many milliseconds.
    pub after: u64,
}

/// A member that breaks rules.
pub struct Byzantine {
    /// What is wrong with it.
    pub behaviour: Behaviour,
    /// The nodes inside: one, or one for each history that it shows.
    pub parts: Vec<Node>,
    /// Which history each peer is shown, where there are two.
    pub shown: BTreeMap<Member, usize>,
    /// What it did.
    pub tally: Tally,
    /// The logs as they were when it began to withhold.
    old: Option<Box<Node>>,
    random: Random,
    everybody: Vec<Arc<Institution>>,
    remembered: Vec<(u8, Vec<u8>)>,
    next_id: u64,
}

impl Byzantine {
    /// A member that was not started.
    pub fn new(
        behaviour: Behaviour,
        node: Node,
        random: Random,
        everybody: Vec<Arc<Institution>>,
    ) -> Self {
        Self {
            behaviour,
            parts: vec![node],
            shown: BTreeMap::new(),
            tally: Tally::default(),
            old: None,
            random,
            everybody,
            remembered: Vec::new(),
            next_id: 1 << 60,
        }
    }

    /// Returns which part a peer deals with.
    pub fn part_for(&self, peer: Member) -> usize {
        self.shown.get(&peer).copied().unwrap_or(0)
    }

    /// Handles what happened, in its way.
    pub fn on(
        &mut self,
        now: u64,
        from: Option<Member>,
        input: Input<Member>,
        peers: &[Member],
    ) -> Vec<Deed> {
        let parts = match from {
            Some(peer) => self.part_for(peer)..self.part_for(peer) + 1,
            None => 0..self.parts.len(),
        };
        let mut deeds = Vec::new();
        let is_tick = matches!(input, Input::Tick { .. });
        for part in parts {
            match self.behaviour {
                Behaviour::Withholds => self.withhold(now, part, input.clone(), &mut deeds),
                Behaviour::Replays => self.replay(now, part, input.clone(), &mut deeds),
                _ => self.honestly(now, part, input.clone(), &mut deeds),
            }
        }
        match self.behaviour {
            Behaviour::Lies => self.lie(&mut deeds, is_tick, peers),
            Behaviour::Stalls => self.stall(&mut deeds),
            Behaviour::Floods if is_tick && self.random.happens(100) => {
                self.flood(&mut deeds, peers)
            }
            _ => {}
        }
        deeds
    }

    fn honestly(&mut self, now: u64, part: usize, input: Input<Member>, deeds: &mut Vec<Deed>) {
        let Some(node) = self.parts.get_mut(part) else { return };
        let actions = node.handle(now, input);
        deeds.extend(actions.into_iter().map(|action| Deed { part, action, after: 0 }));
    }

    fn lie(&mut self, deeds: &mut Vec<Deed>, is_tick: bool, peers: &[Member]) {
        for deed in deeds.iter_mut() {
            if let Action::Respond { bytes, .. } = &mut deed.action
                && self.random.happens(350)
                && let Some((what, lie)) =
                    lies::instead_of(bytes, &mut self.random, &self.everybody)
            {
                self.tally.count(what);
                *bytes = lie;
            }
        }
        if is_tick && self.random.happens(150) {
            let Some(node) = self.parts.first() else { return };
            let notes: Vec<_> =
                node.archive.origins().iter().filter_map(|o| node.archive.view(o)).collect();
            let note = self.random.one_of(&notes).and_then(|view| view.newest().cloned());
            let Some(note) = note.map(|newest| newest.note) else { return };
            let (what, bytes) = lies::gossip(note, &mut self.random, &self.everybody);
            self.tally.count(what);
            deeds.push(Deed { part: 0, action: Action::Publish { bytes }, after: 0 });
        }
        if is_tick
            && self.random.happens(60)
            && let Some(peer) = self.random.one_of(peers)
        {
            self.tally.count("lie: a request that is none");
            let (peer, id) = (*peer, self.next_id);
            self.next_id += 1;
            let bytes = lies::noise(&mut self.random);
            deeds.push(Deed { part: 0, action: Action::Send { peer, id, bytes }, after: 0 });
        }
    }

    fn stall(&mut self, deeds: &mut Vec<Deed>) {
        deeds.retain_mut(|deed| {
            let Action::Respond { bytes, .. } = &mut deed.action else { return true };
            // Without an answer to the first question, nobody would ask a second.
            if matches!(Response::parse(bytes), Ok(Response::Heads(_))) && self.random.happens(700)
            {
                return true;
            }
            match self.random.below(4) {
                0 => {
                    self.tally.count("stall: answered too late");
                    deed.after = self.random.between(19_500, 41_000);
                    true
                }
                1 => {
                    self.tally.count("stall: all but the last byte");
                    bytes.pop();
                    true
                }
                _ => {
                    self.tally.count("stall: never answered");
                    false
                }
            }
        });
    }

    fn flood(&mut self, deeds: &mut Vec<Deed>, peers: &[Member]) {
        let Some(peer) = self.random.one_of(peers).copied() else { return };
        let Some(node) = self.parts.first() else { return };
        let wanted: Vec<_> = node.wanted().into_iter().collect();
        let views: Vec<_> =
            node.archive.origins().iter().filter_map(|o| node.archive.view(o)).collect();
        for _ in 0..2 * MAX_IN_FLIGHT_PER_PEER + 2 {
            self.tally.count("flood: requests");
            let request = match self.random.below(3) {
                0 => {
                    let head = |origin: &_| Head {
                        origin: *origin,
                        size: carnet_proto::id::TreeSize(self.random.any() >> 1),
                        state: [self.random.any() as u8; 16],
                        revision: self.random.any() >> 1,
                    };
                    let heads = wanted.iter().map(head).collect();
                    Request::Heads(Heads { epoch: self.random.any() >> 1, heads })
                }
                1 => {
                    let newest = self.random.one_of(&views).and_then(|view| view.newest().cloned());
                    let Some(newest) = newest else { continue };
                    Request::Cosign(Offer { note: newest.note })
                }
                _ => lies::hungry(&mut self.random, &wanted),
            };
            let (id, bytes) = (self.next_id, request.to_cbor());
            self.next_id += 1;
            deeds.push(Deed { part: 0, action: Action::Send { peer, id, bytes }, after: 0 });
        }
        for _ in 0..6 {
            let newest = self.random.one_of(&views).and_then(|view| view.newest().cloned());
            let Some(newest) = newest else { continue };
            let cosigned = self.parts[0].institution.cosign_anything(
                &newest.note,
                self.parts[0].archive.now.plus(self.random.below(100_000)),
            );
            self.tally.count("flood: gossip");
            let bytes = Gossip::Checkpoint(Offer { note: cosigned }).to_cbor();
            deeds.push(Deed { part: 0, action: Action::Publish { bytes }, after: 0 });
        }
    }

    fn replay(&mut self, now: u64, part: usize, input: Input<Member>, deeds: &mut Vec<Deed>) {
        let heard = match &input {
            Input::Gossip { bytes, .. } => Some(bytes.clone()),
            _ => None,
        };
        let mut fresh = Vec::new();
        self.honestly(now, part, input, &mut fresh);
        for deed in &mut fresh {
            let Action::Respond { bytes, .. } = &mut deed.action else { continue };
            let Some(kind) = bytes.get(1).copied() else { continue };
            let same: Vec<_> = self.remembered.iter().filter(|(known, _)| *known == kind).collect();
            let old = self.random.one_of(&same).map(|(_, old)| old.clone());
            if let Some(old) = old.filter(|old| old != bytes && self.random.happens(400)) {
                self.tally.count("replay: an old answer");
                *bytes = old;
            } else {
                self.remember(kind, bytes.clone());
            }
        }
        if let Some(bytes) = heard {
            self.remember(0, bytes);
        }
        if self.random.happens(100) {
            let gossip: Vec<_> = self.remembered.iter().filter(|(kind, _)| *kind == 0).collect();
            if let Some((_, bytes)) = self.random.one_of(&gossip) {
                self.tally.count("replay: old gossip");
                let action = Action::Publish { bytes: bytes.clone() };
                fresh.push(Deed { part, action, after: 130_000 });
            }
        }
        deeds.extend(fresh);
    }

    fn remember(&mut self, kind: u8, bytes: Vec<u8>) {
        if self.remembered.len() >= REMEMBERED {
            let index = self.random.index(REMEMBERED);
            self.remembered.swap_remove(index);
        }
        self.remembered.push((kind, bytes));
    }

    fn withhold(&mut self, now: u64, part: usize, input: Input<Member>, deeds: &mut Vec<Deed>) {
        let Some(old) = &mut self.old else { return self.honestly(now, part, input, deeds) };
        let is_asked_for_heads = match &input {
            Input::Request { bytes, .. } => {
                matches!(Request::parse(bytes), Ok(Request::Heads(_)))
            }
            _ => true,
        };
        // It may well say what there is; it only does not give it away.
        if is_asked_for_heads && self.random.happens(500) || !matches!(input, Input::Request { .. })
        {
            self.honestly(now, part, input, deeds);
            deeds.retain(|deed| !matches!(deed.action, Action::Publish { .. }));
            return;
        }
        self.tally.count("withhold: served what was");
        let actions = old.handle(now, input);
        let actions = actions.into_iter().filter(|a| matches!(a, Action::Respond { .. }));
        deeds.extend(actions.map(|action| Deed { part, action, after: 0 }));
    }

    /// Begins to withhold: from now on it serves what there is now.
    pub fn withhold_from(&mut self, now: u64, epoch: u64) {
        let mut old = self.parts[0].twin();
        old.start(now, epoch);
        self.old = Some(Box::new(old));
    }

    /// Begins a second history: one for those on the second side, one for all others. Returns what
    /// its new part has to be told, and the old one.
    pub fn fork(
        &mut self,
        now: u64,
        epoch: u64,
        second: &[Member],
        peers: &[Member],
    ) -> Vec<(Member, Input<Member>)> {
        let mut twin = self.parts[0].twin();
        twin.start(now, epoch);
        self.parts.push(twin);
        self.shown = second.iter().map(|peer| (*peer, 1)).collect();
        self.tally.count("fork: a second history");
        let moved = peers.iter().filter(|peer| second.contains(peer));
        moved.map(|peer| (*peer, Input::Connected(*peer))).collect()
    }

    /// Publishes on every history that it has, each its own way once there are two.
    pub fn publish(&mut self, number: u64) {
        let count = self.parts.len();
        for (part, node) in self.parts.iter_mut().enumerate() {
            let number = if count == 1 { number } else { number * 2 + part as u64 };
            let more = if count == 1 { 1 } else { 1 + self.random.below(2) };
            let bodies: Vec<Body> =
                (0..more).map(|i| Institution::issuance(number << 8 | i)).collect();
            node.publish(bodies);
        }
    }
}
