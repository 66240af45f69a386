//! Messages between nodes, and two nodes between which a stranger sits.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::OnceLock;

use carnet_proto::cbor::Encode;
use carnet_proto::id::Did;
use carnet_proto::key::Purpose;
use carnet_proto::sync::memory::MemoryArchive;
use carnet_proto::sync::message::{Gossip, Request, Response};
use carnet_proto::sync::{Action, Archive, Config, Input, Millis, Sync};

use super::fixture::{Fixture, Log, seed};
use super::recipe::Recipe;

/// Most instructions of one recipe that are followed.
const MAX_STEPS: usize = 200;
/// Rounds of a second each within which undisturbed nodes agree.
const MAX_ROUNDS: usize = 120;

/// Messages, and the state machine that they are fed to.
pub fn sync(data: &[u8]) {
    let Some((selector, rest)) = data.split_first() else { return };
    match selector % 4 {
        0 => {
            if let Ok(message) = Request::parse(rest) {
                assert_eq!(message.to_cbor(), rest);
            }
        }
        1 => {
            if let Ok(message) = Response::parse(rest) {
                assert_eq!(message.to_cbor(), rest);
            }
        }
        2 => {
            if let Ok(message) = Gossip::parse(rest) {
                assert_eq!(message.to_cbor(), rest);
            }
        }
        _ => Network::new().follow(&mut Recipe::new(rest)),
    }
}

struct Node {
    sync: Sync<usize>,
    archive: MemoryArchive,
}

/// A node that holds everything, one that holds nothing yet, and what is on its way between them.
struct Network {
    nodes: [Node; 2],
    now: Millis,
    wire: VecDeque<(usize, Input<usize>)>,
    /// Requests under way, by the name given to them here: who asked, and what it calls it.
    asked: BTreeMap<u64, (usize, u64)>,
    /// Whether anything was sent that no node had said.
    is_disturbed: bool,
    has_reported: bool,
}

fn logs() -> [&'static Log; 3] {
    let all = &Fixture::get().logs;
    [&all[0], &all[1], &all[4]]
}

impl Network {
    fn new() -> Self {
        static ARCHIVES: OnceLock<[MemoryArchive; 2]> = OnceLock::new();
        let archives = ARCHIVES.get_or_init(|| {
            let mut full = MemoryArchive::new(Fixture::get().now);
            let mut empty = full.clone();
            for log in logs() {
                let origin = log.origin();
                full.extend(&origin, &log.raw_entries(), log.newest(), None).expect("its entries");
                for note in &log.notes {
                    full.add_checkpoint(&origin, note).expect("its checkpoint");
                }
                full.set_status(&origin, &log.raw_tokens()).expect("its status lists");
            }
            // The second log is that of an institution that this node witnesses for.
            let witness = (1..=8).map(seed).find(|seed| {
                let keys = full.view(&logs()[1].origin()).expect("held").keys[0].keys;
                seed.public_key_set() == keys
            });
            let key = witness.expect("a known seed").signing_key(Purpose::Witness);
            empty.add_witness(logs()[1].origin(), key);
            [full, empty]
        });
        let all: BTreeSet<Did> = logs().iter().map(|log| log.origin()).collect();
        let nodes = [0, 1].map(|number| {
            let archive = archives[number].clone();
            let mut sync = Sync::new(Config::new(number as u64 + 1));
            let own = if number == 0 { all.iter().take(1).copied().collect() } else { [].into() };
            sync.follow(own, all.clone(), &archive);
            Node { sync, archive }
        });
        let mut network = Self {
            nodes,
            now: Millis(0),
            wire: VecDeque::new(),
            asked: BTreeMap::new(),
            is_disturbed: false,
            has_reported: false,
        };
        network.give(0, Input::Connected(1));
        network.give(1, Input::Connected(0));
        network
    }

    /// Lets a node know something, and puts what it says on the wire.
    fn give(&mut self, to: usize, input: Input<usize>) {
        let node = &mut self.nodes[to];
        for action in node.sync.handle(self.now, input, &mut node.archive) {
            match action {
                Action::Send { peer, id, bytes } => {
                    assert!(Request::parse(&bytes).is_ok(), "a node asks in messages");
                    let name = self.asked.len() as u64;
                    self.asked.insert(name, (to, id));
                    self.wire.push_back((peer, Input::Request { peer: to, id: name, bytes }));
                }
                Action::Respond { id, bytes } => {
                    assert!(Response::parse(&bytes).is_ok(), "a node answers in messages");
                    if let Some((asker, id)) = self.asked.get(&id).copied() {
                        self.wire.push_back((asker, Input::Response { id, bytes }));
                    }
                }
                Action::Refuse { id } => {
                    if let Some((asker, id)) = self.asked.get(&id).copied() {
                        self.wire.push_back((asker, Input::Failed { id }));
                    }
                }
                Action::Publish { bytes } => {
                    assert!(Gossip::parse(&bytes).is_ok(), "a node tells in messages");
                    self.wire.push_back((1 - to, Input::Gossip { peer: to, id: 0, bytes }));
                }
                Action::Report { .. } => self.has_reported = true,
                _ => {}
            }
        }
    }

    fn deliver(&mut self) {
        if let Some((to, input)) = self.wire.pop_front() {
            self.give(to, input);
        }
    }

    fn tick(&mut self, milliseconds: u64) {
        self.now = self.now.plus(milliseconds);
        for node in [0, 1] {
            self.give(node, Input::Tick { random: self.now.0 });
        }
    }

    fn follow(mut self, recipe: &mut Recipe<'_>) {
        for _ in 0..MAX_STEPS {
            if recipe.is_done() {
                break;
            }
            self.step(recipe);
        }
        if !self.is_disturbed {
            assert!(!self.has_reported, "an honest node was reported");
            self.settle();
        }
        for log in logs() {
            let [full, other] = [0, 1].map(|node| self.nodes[node].archive.replica(&log.origin()));
            let full = full.expect("held from the beginning").tree();
            assert_eq!(full.size().0, log.entries.len() as u64, "nothing is forgotten or invented");
            if let Some(copy) = other {
                assert_eq!(
                    Some(copy.tree().head().root),
                    full.root_at(copy.size()),
                    "a copy is true"
                );
            }
        }
    }

    fn step(&mut self, recipe: &mut Recipe<'_>) {
        match recipe.byte() % 12 {
            0..=2 => self.deliver(),
            3 | 4 => {
                let Some((to, mut input)) = self.wire.pop_front() else { return };
                if let Input::Request { bytes, .. }
                | Input::Response { bytes, .. }
                | Input::Gossip { bytes, .. } = &mut input
                {
                    self.is_disturbed |= recipe.tamper(bytes);
                }
                self.give(to, input);
            }
            5 => {
                // Lost: whoever asked is told so in the end, and gossip is not missed.
                let id = match self.wire.pop_front() {
                    Some((to, Input::Response { id, .. } | Input::Failed { id })) => Some((to, id)),
                    Some((_, Input::Request { id, .. })) => self.asked.get(&id).copied(),
                    _ => None,
                };
                if let Some((asker, id)) = id {
                    self.wire.push_back((asker, Input::Failed { id }));
                }
            }
            6 => {
                if let Some((to, input)) = self.wire.front().cloned() {
                    // An answer that comes twice is one that was not asked for.
                    self.is_disturbed = true;
                    self.give(to, input);
                }
            }
            7 => {
                self.is_disturbed = true;
                let to = recipe.index(2);
                let (kind, id) = (recipe.byte(), u64::from(recipe.byte()));
                let (peer, bytes) = (1 - to, recipe.piece(1 << 16).to_vec());
                let input = match kind % 3 {
                    0 => Input::Request { peer, id: u64::MAX, bytes },
                    1 => Input::Response { id, bytes },
                    _ => Input::Gossip { peer, id, bytes },
                };
                self.give(to, input);
            }
            8 => self.tick(u64::from(recipe.word())),
            9 => {
                let node = recipe.index(2);
                self.give(node, Input::Nudge);
            }
            10 => {
                let node = recipe.index(2);
                let origin = logs()[recipe.index(3)].origin();
                self.give(node, Input::Changed(origin));
            }
            _ => {
                let node = recipe.index(2);
                self.wire.clear();
                self.give(node, Input::Disconnected(1 - node));
                self.give(1 - node, Input::Disconnected(node));
                self.give(node, Input::Connected(1 - node));
                self.give(1 - node, Input::Connected(node));
            }
        }
    }

    /// Left alone, the node that held nothing holds everything in the end.
    fn settle(&mut self) {
        let is_whole = |network: &Self| {
            logs().iter().all(|log| {
                let origin = log.origin();
                network.nodes[1].archive.size(&origin).0 == log.entries.len() as u64
                    && network.nodes[1].archive.view(&origin).is_some_and(|v| v.has_newest_status())
            })
        };
        for _ in 0..MAX_ROUNDS {
            while !self.wire.is_empty() {
                self.deliver();
            }
            if is_whole(self) {
                return;
            }
            self.tick(1000);
        }
        panic!("two honest nodes do not agree");
    }
}
