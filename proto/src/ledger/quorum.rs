//! Which cosignatures count, and what times they prove.

use alloc::collections::BTreeMap;
use alloc::rc::Rc;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use super::{DigestMap, Ledger, LogView, ProfileView};
use crate::id::{Did, LeafIndex, RootHash, TreeSize};
use crate::log::checkpoint::{NoteKey, NoteSignature};
use crate::log::merkle::TreeHead;
use crate::time::UnixSeconds;

/// Whose cosignatures count, and how many of them are enough.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WitnessPolicy {
    /// The witnesses.
    pub witnesses: Vec<Did>,
    /// How many must have cosigned; at least 1.
    pub quorum: u8,
}

/// A witness policy whose witnesses' own logs were checked in turn: only those that hold are left.
#[derive(Clone, Debug)]
pub struct Settled {
    policy: Rc<WitnessPolicy>,
    /// Those that hold; witnesses on one node stand together and count once.
    groups: Groups,
    /// Tells it from every other that the same [`Quorums`] settled.
    id: u32,
    /// The newest view of a witness's own log that was too old to rely on.
    stale: Option<UnixSeconds>,
}

impl Settled {
    /// Returns the policy that was settled.
    pub fn policy(&self) -> &WitnessPolicy {
        &self.policy
    }

    /// Returns when a witness that does not count was last seen, if what is known of it would count
    /// but for its age.
    pub fn stale(&self) -> Option<UnixSeconds> {
        self.stale
    }

    /// Returns a number that no other policy settled by the same [`Quorums`] has.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }
}

/// How far, and until when, a log is cosigned by a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The largest size that a quorum cosigned.
    pub covered: TreeSize,
    /// The q-th newest cosignature: as of then, a quorum knew no larger tree.
    pub seen: UnixSeconds,
    /// Whether statements count up to `covered` (a whole view) or only if `covered` is the newest.
    is_usable: bool,
}

impl Position {
    /// Returns whether what stands at a leaf counts.
    pub fn covers(&self, leaf: LeafIndex) -> bool {
        self.is_usable && leaf.is_in(self.covered)
    }

    /// Returns whether the view counts at all.
    pub fn is_usable(&self) -> bool {
        self.is_usable
    }
}

/// The first and the last time.
pub(super) type Times = Option<(UnixSeconds, UnixSeconds)>;

/// By log, size and witness.
type OfRoot = BTreeMap<(Did, TreeSize, Did), Times>;

/// When witnesses cosigned, as far as their signatures have been verified. It holds for one ledger, and
/// at any time.
#[derive(Debug, Default)]
pub struct Cosignatures {
    /// By root, and then by log, size and witness: the first and the last time. Roots are looked up in
    /// a few steps, however many logs there are.
    times: RefCell<DigestMap<RootHash, OfRoot>>,
}

/// Verifies cosignatures as they are asked for, each once.
#[derive(Debug)]
pub struct Quorums<'l> {
    ledger: &'l Ledger,
    now: UnixSeconds,
    view_age: u64,
    known: Rc<Cosignatures>,
    /// By policy, log and head: when a quorum cosigned.
    quorate: RefCell<BTreeMap<(u32, Did, TreeSize, RootHash), Times>>,
    /// How far a view is cosigned.
    positions: RefCell<BTreeMap<ViewKey, Option<Position>>>,
    /// By when a leaf of a view is proven.
    proven: RefCell<BTreeMap<(ViewKey, LeafIndex), Option<UnixSeconds>>>,
    /// By policy and log: the witnesses that count for it.
    counting: RefCell<BTreeMap<(u32, Did), Groups>>,
    settled: Cell<u32>,
}

/// A policy, and the address of a view: two views of one log may have one head and know different
/// checkpoints below it. The ledger is borrowed, so that a view stays where it is.
type ViewKey = (u32, usize);

fn view_key(log: &LogView, settled: &Settled) -> ViewKey {
    (settled.id, core::ptr::from_ref(log).addr())
}

/// Returns whether a view knows all key sets that another knows, and more.
fn is_longer(view: &LogView, than: &LogView) -> bool {
    view.keys.len() > than.keys.len() && than.chain.is_prefix_of(&view.chain)
}

/// Witnesses by node.
type Groups = Rc<Vec<Vec<Did>>>;

impl<'l> Quorums<'l> {
    /// Judges a ledger at a time; a view older than `view_age` seconds is too old to rely on.
    pub fn new(ledger: &'l Ledger, now: UnixSeconds, view_age: u64) -> Self {
        Self::with(ledger, now, view_age, Rc::default())
    }

    /// As [`Quorums::new`], with what was verified before of the same ledger.
    pub fn with(
        ledger: &'l Ledger,
        now: UnixSeconds,
        view_age: u64,
        known: Rc<Cosignatures>,
    ) -> Self {
        Self {
            ledger,
            now,
            view_age,
            known,
            proven: RefCell::default(),
            quorate: RefCell::default(),
            positions: RefCell::default(),
            counting: RefCell::default(),
            settled: Cell::default(),
        }
    }

    /// Returns the first and last time at which a witness cosigned a checkpoint, in whichever view
    /// the cosignature stands.
    fn cosigned(&self, origin: &Did, head: &TreeHead, witness: &Did) -> Times {
        let key = (*origin, head.size, *witness);
        let known = self.known.times.borrow().get(&head.root).and_then(|k| k.get(&key).copied());
        if let Some(times) = known {
            return times;
        }
        let times = self.cosigned_anew(origin, head, witness);
        let mut known = self.known.times.borrow_mut();
        match known.get_mut(&head.root) {
            Some(of_root) => {
                of_root.insert(key, times);
            }
            None => {
                known.insert(head.root, BTreeMap::from([(key, times)]));
            }
        }
        times
    }

    fn cosigned_anew(&self, origin: &Did, head: &TreeHead, witness: &Did) -> Times {
        let keys = self.keys_of(witness)?.current_keys()?.keys;
        self.cosigned_with(origin, head, &NoteKey::of_witness(witness, keys.witness))
    }

    /// Returns the view of a log that knows the most of its key sets: a chain proves itself.
    fn keys_of(&self, institution: &Did) -> Option<&'l LogView> {
        let own = self.ledger.log(institution)?;
        let longer = |best: &'l LogView, view| if is_longer(view, best) { view } else { best };
        Some(self.ledger.views(institution).fold(own, longer))
    }

    fn cosigned_with(&self, origin: &Did, head: &TreeHead, key: &NoteKey) -> Times {
        let mut found: Times = None;
        let mut seen = Vec::new();
        let views = self.ledger.views(origin).filter_map(|view| view.checkpoints.get(&head.size));
        let held = views.filter(|held| held.head == *head).map(|held| &held.note);
        let proven = self.ledger.forks(origin).flat_map(|(proof, fork)| {
            [(&proof.smaller, fork.smaller), (&proof.larger, fork.larger)]
        });
        let proven = proven.filter(|(_, shown)| shown == head).map(|(note, _)| note);
        for note in held.chain(proven) {
            // What one view says wrongly takes nothing from what another says rightly.
            let note = note.clone().retain(|line| !seen.contains(line));
            for time in note.cosignature_times(key).unwrap_or_default() {
                let (first, last) = found.unwrap_or((time, time));
                found = Some((first.min(time), last.max(time)));
            }
            seen.extend(note.signatures().iter().cloned());
        }
        found
    }

    /// Returns when a witness cosigned with keys that it has replaced since: they count only before
    /// the rotation is proven to have been there.
    fn cosigned_before(
        &self,
        origin: &Did,
        head: &TreeHead,
        witness: &Did,
        settled: &Settled,
    ) -> Times {
        let view = self.keys_of(witness)?;
        let mut found: Times = None;
        for period in &view.keys {
            let Some(rotation) = period.until else { continue };
            let key = NoteKey::of_witness(witness, period.keys.witness);
            let Some((first, last)) = self.cosigned_with(origin, head, &key) else { continue };
            let Some(replaced) = self.replaced_at(view, rotation, settled) else { continue };
            for time in [first, last].into_iter().filter(|time| *time < replaced) {
                let (first, last) = found.unwrap_or((time, time));
                found = Some((first.min(time), last.max(time)));
            }
        }
        found
    }

    /// Returns by when a witness's rotation is proven, by the keys that the others have now: theirs of
    /// before would need the same proof.
    fn replaced_at(
        &self,
        view: &LogView,
        rotation: LeafIndex,
        settled: &Settled,
    ) -> Option<UnixSeconds> {
        let nth = usize::from(settled.policy.quorum).checked_sub(1)?;
        let groups = self.counting(&view.origin, settled);
        let covering = view.checkpoints.values().filter(|c| rotation.is_in(c.head.size));
        let times = covering.filter_map(|checkpoint| {
            let first = |group: &Vec<Did>| {
                let times = group.iter();
                let times = times.filter_map(|w| self.cosigned(&view.origin, &checkpoint.head, w));
                times.map(|(first, _)| first).min()
            };
            let mut times: Vec<_> = groups.iter().filter_map(first).collect();
            times.sort_unstable();
            times.get(nth).copied()
        });
        times.min()
    }

    /// Returns the q-th earliest and the q-th newest cosignature of a checkpoint; the log's owner
    /// never counts, nor does a witness on the owner's node.
    pub(super) fn quorum(&self, origin: &Did, head: &TreeHead, settled: &Settled) -> Times {
        let key = (settled.id, *origin, head.size, head.root);
        if let Some(times) = self.quorate.borrow().get(&key) {
            return *times;
        }
        let times = self.quorum_anew(origin, head, settled);
        self.quorate.borrow_mut().insert(key, times);
        times
    }

    fn quorum_anew(&self, origin: &Did, head: &TreeHead, settled: &Settled) -> Times {
        let nth = usize::from(settled.policy.quorum).checked_sub(1)?;
        let mut first = Vec::new();
        let mut last = Vec::new();
        for group in self.counting(origin, settled).iter() {
            let times = group.iter().flat_map(|witness| {
                let now = self.cosigned(origin, head, witness);
                now.into_iter().chain(self.cosigned_before(origin, head, witness, settled))
            });
            let times: Vec<_> = times.collect();
            first.extend(times.iter().map(|(first, _)| *first).min());
            last.extend(times.iter().map(|(_, last)| *last).max());
        }
        first.sort_unstable();
        last.sort_unstable_by(|a, b| b.cmp(a));
        Some((*first.get(nth)?, *last.get(nth)?))
    }

    /// Returns the witnesses that count for a log: all but its owner, and whoever is on its node.
    fn counting(&self, origin: &Did, settled: &Settled) -> Groups {
        let key = (settled.id, *origin);
        if let Some(groups) = self.counting.borrow().get(&key) {
            return Rc::clone(groups);
        }
        let is_owner = |group: &&Vec<Did>| group.iter().any(|w| self.is_one_node(w, origin));
        let groups = settled.groups.iter().filter(|group| !is_owner(group)).cloned().collect();
        let groups = Rc::new(groups);
        self.counting.borrow_mut().insert(key, Rc::clone(&groups));
        groups
    }

    /// Returns the peer ids that any view's profile names; `None` if no profile is shown.
    fn peers(&self, institution: &Did) -> Option<Vec<&'l str>> {
        let mut found: Option<Vec<&str>> = None;
        for view in self.ledger.views(institution) {
            match &view.profile {
                ProfileView::Known(profile) => {
                    let peers = profile.nodes.iter().map(|node| node.peer.as_str());
                    found.get_or_insert_default().extend(peers);
                }
                ProfileView::None => {
                    found.get_or_insert_default();
                }
                ProfileView::NotShown => {}
            }
        }
        found
    }

    fn is_one_node(&self, one: &Did, other: &Did) -> bool {
        let shared = |a: Vec<&str>, b: Vec<&str>| a.iter().any(|peer| b.contains(peer));
        one == other
            || self.peers(one).zip(self.peers(other)).is_some_and(|(one, other)| shared(one, other))
    }

    /// Groups witnesses whose profiles name the same peer id. A witness whose profile is not shown
    /// is left out: it might be another's twin.
    fn by_node(&self, witnesses: &[Did]) -> Vec<Vec<Did>> {
        let mut groups: Vec<(Vec<&str>, Vec<Did>)> = Vec::new();
        for witness in witnesses {
            let Some(mut peers) = self.peers(witness) else { continue };
            let mut members = Vec::from([*witness]);
            // A witness on two nodes joins the groups of both into one.
            groups.retain_mut(|(known, group)| {
                let shared = known.iter().any(|peer| peers.contains(peer));
                if shared {
                    peers.append(known);
                    members.append(group);
                }
                !shared
            });
            groups.push((peers, members));
        }
        groups.into_iter().map(|(_, members)| members).collect()
    }

    /// Checks the witnesses' own logs against each other: nothing counts until all hold.
    ///
    /// Starts from all witnesses whose keys are known and drops those whose own log is not cosigned
    /// by a quorum of the others, or not recently, until none is dropped.
    pub fn settle(&self, policy: &WitnessPolicy) -> Settled {
        let mut holding = policy.witnesses.clone();
        holding.sort_unstable();
        holding.dedup();
        holding.retain(|witness| self.ledger.log(witness).is_some());
        let policy = Rc::new(policy.clone());
        let mut stale = None;
        loop {
            let before = holding.len();
            let id = self.settled.get();
            self.settled.set(id.wrapping_add(1));
            let groups = Rc::new(self.by_node(&holding));
            let current = Settled { policy: Rc::clone(&policy), groups, id, stale };
            holding.retain(|witness| {
                let position = self.best(witness, &current).map(|(_, position)| position);
                let Some(position) = position.filter(Position::is_usable) else { return false };
                let is_fresh = self.is_fresh(&position);
                if !is_fresh {
                    stale = stale.max(Some(position.seen));
                }
                is_fresh
            });
            if holding.len() == before {
                return current;
            }
        }
    }

    /// Returns whether a view is recent enough to rely on.
    pub fn is_fresh(&self, position: &Position) -> bool {
        self.now.since(position.seen) <= self.view_age
    }

    /// Returns the view of a log that a quorum has cosigned furthest, and how far; a view that
    /// counts before one that does not. `None` if no view is cosigned anywhere.
    pub fn best(&self, origin: &Did, settled: &Settled) -> Option<(&'l LogView, Position)> {
        let mut best: Option<(&LogView, Position)> = None;
        for view in self.ledger.views(origin) {
            let Some(position) = self.position(view, settled) else { continue };
            let rank = |p: &Position| (p.is_usable, p.covered, p.seen);
            if best.as_ref().is_none_or(|(_, known)| rank(known) < rank(&position)) {
                best = Some((view, position));
            }
        }
        best
    }

    /// Returns how far a view of this ledger is cosigned; `None` if nowhere by a quorum.
    pub fn position(&self, log: &LogView, settled: &Settled) -> Option<Position> {
        let key = view_key(log, settled);
        if let Some(position) = self.positions.borrow().get(&key) {
            return *position;
        }
        let position = self.position_anew(log, settled);
        self.positions.borrow_mut().insert(key, position);
        position
    }

    fn position_anew(&self, log: &LogView, settled: &Settled) -> Option<Position> {
        let newest = log.newest()?.head.size;
        // Whatever an entry of an unknown kind says might change what stands before and after it.
        let known = |size: TreeSize| log.unsupported_from.is_none_or(|leaf| !leaf.is_in(size));
        log.checkpoints.values().rev().filter(|c| known(c.head.size)).find_map(|checkpoint| {
            let (_, seen) = self.quorum(&log.origin, &checkpoint.head, settled)?;
            let covered = checkpoint.head.size;
            Some(Position { covered, seen, is_usable: log.is_whole || covered == newest })
        })
    }

    /// Returns the earliest time by which a leaf is proven to have existed: the q-th earliest
    /// cosignature on a checkpoint that covers it, the earliest over all of this view, which is one of this ledger.
    pub fn proven_time(
        &self,
        log: &LogView,
        settled: &Settled,
        leaf: LeafIndex,
    ) -> Option<UnixSeconds> {
        let view = view_key(log, settled);
        if let Some(proven) = self.proven.borrow().get(&(view, leaf)) {
            return *proven;
        }
        let proven = self.proven_anew(log, settled, leaf);
        self.proven.borrow_mut().insert((view, leaf), proven);
        proven
    }

    fn proven_anew(
        &self,
        log: &LogView,
        settled: &Settled,
        leaf: LeafIndex,
    ) -> Option<UnixSeconds> {
        let mut earliest: Option<UnixSeconds> = None;
        let covering = log.checkpoints.values().filter(|c| leaf.is_in(c.head.size));
        for checkpoint in covering {
            // What a note claims is looked at before its signatures are: a log of years has thousands
            // of checkpoints, and only the first of them prove anything earlier.
            let mut claims = self
                .ledger
                .views(&log.origin)
                .filter_map(|view| view.checkpoints.get(&checkpoint.head.size))
                .flat_map(|same| same.note.signatures())
                .filter_map(NoteSignature::cosignature);
            if earliest.is_some_and(|known| claims.all(|(time, _)| time >= known)) {
                continue;
            }
            let first = self.quorum(&log.origin, &checkpoint.head, settled).map(|(first, _)| first);
            earliest = earliest.into_iter().chain(first).min();
        }
        earliest
    }

    /// Returns whether a quorum stated, at or after a time, that the log had no more than `size`
    /// entries.
    pub fn was_no_larger(
        &self,
        origin: &Did,
        settled: &Settled,
        size: TreeSize,
        at: UnixSeconds,
    ) -> bool {
        self.ledger
            .views(origin)
            .flat_map(|view| view.checkpoints.range(..=size).rev())
            .filter_map(|(_, checkpoint)| self.quorum(origin, &checkpoint.head, settled))
            .any(|(_, last)| last >= at)
    }

    /// Returns the ledger that is judged.
    pub fn ledger(&self) -> &'l Ledger {
        self.ledger
    }

    /// Returns the time of judging.
    pub fn now(&self) -> UnixSeconds {
        self.now
    }
}
