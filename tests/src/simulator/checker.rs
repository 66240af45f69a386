//! What must hold at every step, whatever the network and the other members do.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use carnet_proto::id::{Did, RootHash, TreeSize};
use carnet_proto::ledger::{CheckpointView, LogView, Replica};
use carnet_proto::log::checkpoint::{Note, NoteSignature};
use carnet_proto::log::merkle::{Tree, leaf_hash};
use carnet_proto::sync::message::{Gossip, MAX_GOSSIP_BYTES, MAX_MESSAGE_BYTES, Response};
use carnet_proto::sync::{
    Action, Archive as _, Load, MAX_FORKS, MAX_IN_FLIGHT, MAX_IN_FLIGHT_PER_PEER, MAX_STATUS_BYTES,
    MAX_STRANGERS, PUBLISH_PAUSE, Verdict,
};

use super::node::{Member, Node};

/// Requests that a node may send to one peer within a minute: [`ASKED_PER_LOG`] for each log that
/// it wants, and these besides.
pub const ASKED_PER_MINUTE: u64 = 60;
/// Pauses double from a tenth of a second, so a peer that has nothing is asked some ten times in
/// the first minute about a log; what it does have makes up the rest.
pub const ASKED_PER_LOG: u64 = 40;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// An honest node accepted a checkpoint that contradicts one that it had accepted.
    TwoHistories { member: Member, origin: Did, size: u64 },
    /// An honest node accepted a checkpoint that its log never signed.
    NeverSigned { member: Member, origin: Did, size: u64 },
    /// An honest node holds entries that are not those of its checkpoint.
    WrongEntries { member: Member, origin: Did },
    /// An honest witness cosigned two roots of one size.
    TwoRootsCosigned { member: Member, origin: Did, size: u64 },
    /// An honest node keeps a cosignature that its witness never gave.
    FalseCosignature { member: Member, origin: Did, size: u64 },
    /// An honest witness gave a cosignature away before it was recorded.
    UnrecordedCosignature { member: Member },
    /// An honest node holds something against another.
    HonestAccused { member: Member, peer: Member, what: String },
    /// An honest node asks somebody to whom it is not connected.
    NotConnected { member: Member, peer: Member },
    /// The state machine holds, or sends, more than its limits promise.
    Unbounded { member: Member, what: &'static str, found: u64, limit: u64 },
    /// Connected honest nodes do not hold the same, long after all faults have ended.
    Diverged { what: String },
    /// Honest nodes saw both sides of a fork, and none can prove it.
    Unproven { origin: Did },
    /// A proof that an honest node keeps proves nothing.
    FalseProof { member: Member, origin: Did },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// What an honest node has accepted of one log since the beginning, restarts included.
#[derive(Debug)]
struct Copied {
    view: Arc<LogView>,
    /// The root of every size at which it accepted a checkpoint.
    accepted: BTreeMap<u64, RootHash>,
}

/// Watches the honest nodes.
#[derive(Debug)]
pub struct Checker {
    honest: BTreeMap<Did, Member>,
    /// The root of every size, for each history that a log has.
    histories: BTreeMap<Did, Vec<Vec<RootHash>>>,
    copies: BTreeMap<(Member, Did), Copied>,
    cosigned: BTreeMap<(Did, Did, u64), RootHash>,
    /// Cosignatures that honest witnesses gave, with what they are on, and alone.
    given: HashSet<String>,
    lines: HashSet<String>,
    published: BTreeMap<(Member, Did), u64>,
    asked: BTreeMap<(Member, Member), (u64, u64)>,
    /// The most requests of a node to one peer within a minute.
    pub most_asked: u64,
    /// The most that a state machine held.
    pub most_held: u64,
}

impl Checker {
    /// Watches these.
    pub fn new(honest: BTreeMap<Did, Member>) -> Self {
        Self {
            honest,
            histories: BTreeMap::new(),
            copies: BTreeMap::new(),
            cosigned: BTreeMap::new(),
            given: HashSet::new(),
            lines: HashSet::new(),
            published: BTreeMap::new(),
            asked: BTreeMap::new(),
            most_asked: 0,
            most_held: 0,
        }
    }

    /// Returns whether a member is honest.
    pub fn is_honest(&self, member: Member) -> bool {
        self.honest.values().any(|honest| *honest == member)
    }

    /// Takes note of what an institution has signed.
    pub fn signed(&mut self, history: usize, replica: &Replica) {
        let histories = self.histories.entry(*replica.origin()).or_default();
        while histories.len() <= history {
            histories.push(Vec::new());
        }
        let roots = (0..=replica.size().0).filter_map(|n| replica.tree().root_at(TreeSize(n)));
        histories[history] = roots.collect();
    }

    /// Returns the histories, a bit each, on which all lies that a node has accepted of a log.
    pub fn histories_of(&self, member: Member, origin: &Did) -> u32 {
        let accepted = self.copies.get(&(member, *origin)).map(|copy| copy.accepted.iter());
        let each = accepted.into_iter().flatten();
        each.fold(u32::MAX, |all, (size, root)| all & self.histories_with(origin, *size, root))
    }

    /// Returns the logs that show more than one history.
    pub fn forked(&self) -> Vec<Did> {
        let forked = self.histories.iter().filter(|(_, histories)| histories.len() > 1);
        forked.map(|(origin, _)| *origin).collect()
    }

    /// Looks at a node that has just handled something that came from a member.
    pub fn handled(
        &mut self,
        now: u64,
        member: Member,
        node: &Node,
        from: Option<Member>,
        actions: &[Action<Member>],
    ) -> Result<(), Violation> {
        self.look_at_logs(member, node)?;
        for action in actions {
            self.look_at(now, member, node, from, action)?;
        }
        let Some(sync) = node.sync() else { return Ok(()) };
        self.look_at_load(member, node, &sync.load())
    }

    /// Looks at the logs of a node.
    pub fn look_at_logs(&mut self, member: Member, node: &Node) -> Result<(), Violation> {
        for origin in node.archive.origins() {
            let Some(view) = node.archive.view(&origin) else { continue };
            let known = self.copies.get(&(member, origin)).map(|copy| Arc::clone(&copy.view));
            if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, &view)) {
                continue;
            }
            let mut accepted = match self.copies.remove(&(member, origin)) {
                Some(copy) => copy.accepted,
                None => BTreeMap::new(),
            };
            let mut histories = u32::MAX;
            for (size, root) in &accepted {
                histories &= self.histories_with(&origin, *size, root);
            }
            for (size, checkpoint) in view.checkpoints.iter() {
                let before = known.as_ref().and_then(|view| view.checkpoints.get(size));
                if before.is_some_and(|before| Arc::ptr_eq(before, checkpoint)) {
                    continue;
                }
                let (size, root) = (size.0, checkpoint.head.root);
                let signed = self.histories_with(&origin, size, &root);
                if signed == 0 {
                    return Err(Violation::NeverSigned { member, origin, size });
                }
                histories &= signed;
                if histories == 0 {
                    return Err(Violation::TwoHistories { member, origin, size });
                }
                accepted.insert(size, root);
                self.look_at_lines(member, node, &origin, checkpoint)?;
            }
            self.copies.insert((member, origin), Copied { view, accepted });
        }
        Ok(())
    }

    fn histories_with(&self, origin: &Did, size: u64, root: &RootHash) -> u32 {
        let mut found = 0;
        for (index, roots) in self.histories.get(origin).into_iter().flatten().enumerate() {
            let index = u32::try_from(index).unwrap_or(31);
            if roots.get(size as usize) == Some(root) {
                found |= 1 << index;
            }
        }
        found
    }

    fn look_at_lines(
        &mut self,
        member: Member,
        node: &Node,
        origin: &Did,
        checkpoint: &CheckpointView,
    ) -> Result<(), Violation> {
        let (size, root) = (checkpoint.head.size.0, checkpoint.head.root);
        for line in checkpoint.note.signatures() {
            let Ok(witness) = Did::parse(&line.name) else { continue };
            if witness == *origin || !self.honest.contains_key(&witness) {
                continue;
            }
            let text = given_text(line, &checkpoint.note);
            if witness != node.institution.did {
                if !self.given.contains(&text) {
                    return Err(Violation::FalseCosignature { member, origin: *origin, size });
                }
                continue;
            }
            self.given.insert(text);
            self.lines.insert(line.to_line());
            let first = *self.cosigned.entry((witness, *origin, size)).or_insert(root);
            if first != root {
                return Err(Violation::TwoRootsCosigned { member, origin: *origin, size });
            }
        }
        Ok(())
    }

    fn look_at(
        &mut self,
        now: u64,
        member: Member,
        node: &Node,
        from: Option<Member>,
        action: &Action<Member>,
    ) -> Result<(), Violation> {
        let bounded = |what, found: usize, limit: usize| {
            let (found, limit) = (found as u64, limit as u64);
            let violation = Violation::Unbounded { member, what, found, limit };
            if found <= limit { Ok(()) } else { Err(violation) }
        };
        match action {
            Action::Send { peer, bytes, .. } => {
                bounded("bytes of a request", bytes.len(), MAX_MESSAGE_BYTES)?;
                let asked = self.asked.entry((member, *peer)).or_default();
                if asked.0 != now / 60_000 {
                    *asked = (now / 60_000, 0);
                }
                asked.1 += 1;
                self.most_asked = self.most_asked.max(asked.1);
                let wanted = node.sync().map_or(0, |sync| sync.wanted().len());
                let limit = ASKED_PER_MINUTE + ASKED_PER_LOG * wanted as u64;
                bounded("requests to a peer in a minute", asked.1 as usize, limit as usize)
            }
            Action::Respond { bytes, .. } => {
                bounded("bytes of a response", bytes.len(), MAX_MESSAGE_BYTES)?;
                // Only these hold cosignatures that may be new.
                let Some(&[0x82, 0x05]) = bytes.first_chunk::<2>() else { return Ok(()) };
                let Ok(Response::Cosigned(cosigned)) = Response::parse(bytes) else {
                    return Ok(());
                };
                if cosigned.lines.iter().all(|line| self.lines.contains(&line.to_line())) {
                    Ok(())
                } else {
                    Err(Violation::UnrecordedCosignature { member })
                }
            }
            Action::Publish { bytes } => {
                bounded("bytes of gossip", bytes.len(), MAX_GOSSIP_BYTES)?;
                let Ok(Gossip::Checkpoint(offer)) = Gossip::parse(bytes) else { return Ok(()) };
                let origin = offer.note.checkpoint().and_then(|checkpoint| checkpoint.did());
                let Ok(origin) = origin else { return Ok(()) };
                if origin != node.institution.did {
                    self.look_at_told(member, node, &origin, &offer.note)?;
                }
                let before = self.published.insert((member, origin), now);
                let pause = before.map_or(PUBLISH_PAUSE, |before| now - before);
                // Its clock may run a little fast, and a restart forgets when it last told.
                let is_early = pause < PUBLISH_PAUSE * 99 / 100 && !node.has_just_started(now);
                let what = "milliseconds between two gossip messages about a log";
                let limit = PUBLISH_PAUSE;
                let violation = Violation::Unbounded { member, what, found: pause, limit };
                if is_early { Err(violation) } else { Ok(()) }
            }
            Action::Report { peer, what } if self.is_honest(*peer) => {
                let what = format!("{what:?}");
                Err(Violation::HonestAccused { member, peer: *peer, what })
            }
            Action::Judge { verdict: Verdict::Reject, .. } => match from {
                Some(peer) if self.is_honest(peer) => {
                    let what = "gossip that breaks a rule".to_owned();
                    Err(Violation::HonestAccused { member, peer, what })
                }
                _ => Ok(()),
            },
            Action::Fork { origin, .. } => match node.proofs.get(origin) {
                Some(proof) if proof.verify().map(|fork| fork.origin) != Ok(*origin) => {
                    Err(Violation::FalseProof { member, origin: *origin })
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Looks at the cosignatures of its own that a node tells.
    fn look_at_told(
        &self,
        member: Member,
        node: &Node,
        origin: &Did,
        note: &Note,
    ) -> Result<(), Violation> {
        let witness = node.institution.did;
        let own = witness.to_string();
        let Ok(checkpoint) = note.checkpoint() else { return Ok(()) };
        let (size, root) = (checkpoint.head.size.0, checkpoint.head.root);
        for line in note.signatures().iter().filter(|line| line.name == own) {
            let known = self.cosigned.get(&(witness, *origin, size));
            if known.is_some_and(|known| *known != root) {
                return Err(Violation::TwoRootsCosigned { member, origin: *origin, size });
            }
            if !self.given.contains(&given_text(line, note)) {
                return Err(Violation::UnrecordedCosignature { member });
            }
        }
        Ok(())
    }

    fn look_at_load(&mut self, member: Member, node: &Node, load: &Load) -> Result<(), Violation> {
        let wanted = node.sync().map_or(0, |sync| sync.wanted().len());
        let held = node.archive.origins();
        let logs = wanted + held.len();
        let checkpoints: usize = held
            .iter()
            .filter_map(|origin| node.archive.view(origin))
            .map(|view| view.checkpoints.len())
            .sum();
        let limits = [
            ("requests under way", load.in_flight, MAX_IN_FLIGHT),
            ("requests under way to one peer", load.in_flight_to_one, MAX_IN_FLIGHT_PER_PEER),
            ("claims of peers", load.claims, load.peers * wanted),
            ("cosignatures wanted of peers", load.jobs, load.peers),
            ("logs looked after", load.logs, logs),
            ("logs that wait", load.waiting, 3 * logs),
            ("unknown witnesses", load.strangers, MAX_STRANGERS * logs),
            ("bytes of status lists", load.status_bytes, MAX_STATUS_BYTES * logs),
            ("changes in journals", load.journal, checkpoints),
            ("forks remembered", load.forks, MAX_FORKS),
        ];
        for (what, found, limit) in limits {
            if found > limit {
                let (found, limit) = (found as u64, limit as u64);
                return Err(Violation::Unbounded { member, what, found, limit });
            }
        }
        let held = limits.iter().map(|(_, found, _)| *found as u64).sum();
        self.most_held = self.most_held.max(held);
        Ok(())
    }

    /// Looks at everything once more, from the bare entries.
    pub fn look_at_entries(&self, member: Member, node: &Node) -> Result<(), Violation> {
        for origin in node.archive.origins() {
            let size = node.archive.size(&origin);
            let entries = node.archive.entries(&origin, TreeSize(0), size, usize::MAX);
            let tree = Tree::from_leaves(entries.unwrap_or_default().iter().map(|e| leaf_hash(e)));
            let newest = node.archive.view(&origin).and_then(|view| view.newest().cloned());
            let is_right = newest
                .is_none_or(|newest| tree.root_at(newest.head.size) == Some(newest.head.root));
            if !is_right {
                return Err(Violation::WrongEntries { member, origin });
            }
        }
        let is_false = |(origin, proof): (&Did, &carnet_proto::log::fork::ForkProof)| {
            (proof.verify().map(|fork| fork.origin) != Ok(*origin)).then_some(*origin)
        };
        match node.proofs.iter().find_map(is_false) {
            Some(origin) => Err(Violation::FalseProof { member, origin }),
            None => Ok(()),
        }
    }
}

/// A cosignature, and what it is on.
fn given_text(line: &NoteSignature, note: &Note) -> String {
    format!("{} on {}", line.to_line(), note.body())
}
