//! What a log says, worked out anew from its entries alone: the copy that is kept step by step has to
//! say the same.

use super::*;
use crate::cbor::Bytes;
use crate::id::{Commitment, RootHash};
use crate::key::PublicKeySet;
use crate::ledger::about;
use crate::log::fork::ForkProof;
use crate::statement::fork::Accusation;
use crate::statement::identity::{Rotation, Succession};
use crate::statement::profile::InstitutionProfile;
use crate::statement::standing::{Closing, KeyPeriod};

/// What the entries of a log say.
#[derive(Debug, Default, PartialEq)]
struct Model {
    keys: Vec<KeyPeriod>,
    /// Accreditations, agreements and ratifications.
    states: Vec<(LeafIndex, Digest, State)>,
    /// Issuances that are not void.
    issuances: BTreeMap<Digest, LeafIndex>,
    profile: Option<Digest>,
    closing: Option<Closing>,
    successions: BTreeMap<Digest, LeafIndex>,
    accusations: BTreeMap<Digest, LeafIndex>,
    unsupported_from: Option<LeafIndex>,
}

impl Model {
    /// Reads the log from its first entry to its last, and knows beforehand what is void.
    fn of(entries: &[Vec<u8>]) -> Self {
        let mut model = Self::default();
        let mut signed = Vec::new();
        let mut unsupported = Vec::new();
        let mut rotations: Vec<(LeafIndex, Rotation)> = Vec::new();
        let origin = Did::of_inception(&entries[0]);
        for (leaf, entry) in (0..).map(LeafIndex).zip(entries) {
            let statement = match Statement::parse(entry) {
                Ok(statement) if *statement.issuer() == origin => statement,
                Err(StatementError::Unsupported(_)) => {
                    unsupported.push((leaf, Digest::of(entry)));
                    continue;
                }
                _ => continue,
            };
            match statement.body() {
                Body::Inception(first) if leaf.0 == 0 => {
                    model.keys.push(period(leaf, first.keys, first.next));
                }
                Body::Rotation(rotation) if model.is_next(leaf, &statement, rotation) => {
                    model.keys.last_mut().unwrap().until = Some(leaf);
                    model.keys.push(period(leaf, rotation.keys, rotation.next));
                    rotations.push((leaf, Rotation::clone(rotation)));
                }
                Body::Rotation(_) => {}
                _ if statement.is_signed_by(&model.keys.last().unwrap().keys.statement) => {
                    signed.push((leaf, statement));
                }
                _ => {}
            }
        }
        for (period, (_, rotation)) in model.keys.iter_mut().zip(&rotations) {
            let leaves = rotation.kept.iter().map(|digest| leaf_hash(digest.as_bytes()));
            let root = Tree::from_leaves(leaves).head().root;
            period.repudiated_from = rotation.repudiated_from;
            period.kept = rotation.repudiated_from.map(|_| root);
        }
        let is_void = |leaf: LeafIndex, digest: &Digest| {
            rotations.iter().any(|(at, rotation)| {
                rotation.repudiated_from.is_some_and(|from| from <= leaf && leaf < *at)
                    && !rotation.kept.contains(digest)
            })
        };
        let first = unsupported.iter().find(|(leaf, digest)| !is_void(*leaf, digest));
        model.unsupported_from = first.map(|(leaf, _)| *leaf);
        let mut bodies = BTreeMap::new();
        for (leaf, statement) in &signed {
            bodies.insert(statement.digest(), statement.body().clone());
            model.say(*leaf, statement, is_void(*leaf, &statement.digest()), &bodies);
        }
        model
    }

    fn is_next(&self, leaf: LeafIndex, statement: &Statement, rotation: &Rotation) -> bool {
        let is_new = |purpose: &Purpose| {
            self.keys.iter().all(|period| period.keys.key(*purpose) != rotation.keys.key(*purpose))
        };
        self.keys.last().is_some_and(|period| period.next == rotation.keys.commitment())
            && Purpose::ALL.iter().all(is_new)
            && statement.is_signed_by(&rotation.keys.statement)
            && rotation.repudiated_from.is_none_or(|from| from <= leaf)
    }

    fn say(
        &mut self,
        leaf: LeafIndex,
        statement: &Statement,
        is_void: bool,
        bodies: &BTreeMap<Digest, Body>,
    ) {
        let digest = statement.digest();
        if self.closing.is_some() {
            return;
        }
        match statement.body() {
            Body::Accreditation(_) | Body::Agreement(_) | Body::Ratification(_)
                if self.states.iter().all(|(_, known, _)| *known != digest) =>
            {
                let state = if is_void { State::Void } else { State::InForce };
                self.states.push((leaf, digest, state));
            }
            _ if is_void => {}
            Body::Issuance(_) => {
                self.issuances.entry(digest).or_insert(leaf);
            }
            Body::Profile(_) => self.profile = Some(digest),
            Body::Withdrawal(w) => {
                if matches!(bodies.get(&w.target), Some(Body::Accreditation(_))) {
                    self.end(&w.target, w.effective, leaf, w.retroactive);
                }
            }
            Body::Denunciation(d) => {
                let is_meant = |(_, digest, state): &&(LeafIndex, Digest, State)| {
                    let Body::Ratification(r) = &bodies[digest] else { return false };
                    *state == State::InForce
                        && (r.agreement, r.party, r.role) == (d.agreement, d.party, d.role)
                };
                let target = self.states.iter().filter(is_meant).map(|(_, digest, _)| *digest);
                if let Some(target) = target.min() {
                    self.end(&target, d.effective, leaf, false);
                }
            }
            Body::Succession(s) if s.institution == *statement.issuer() => {
                let (closed, successor) = (s.closed, s.successor);
                self.closing = Some(Closing { closed, successor, by: leaf });
            }
            Body::Succession(s) => {
                self.successions.entry(about(&s.institution)).or_insert(leaf);
            }
            Body::Fork(a) => {
                self.accusations.entry(about(&a.accused)).or_insert(leaf);
            }
            _ => {}
        }
    }

    /// Ends a statement: from the earliest time that was stated, by the first that did, and with
    /// doubt cast back by any.
    fn end(&mut self, target: &Digest, effective: UnixSeconds, by: LeafIndex, doubt: bool) {
        for (_, digest, state) in &mut self.states {
            let known = match *state {
                _ if digest != target => continue,
                State::Void => continue,
                State::InForce => (effective, by, doubt),
                State::Withdrawn { effective: earlier, by, retroactive } => {
                    (earlier.min(effective), by, retroactive || doubt)
                }
            };
            let (effective, by, retroactive) = known;
            *state = State::Withdrawn { effective, by, retroactive };
        }
    }

    /// What a copy says.
    fn shown_by(replica: &Replica) -> Self {
        let view = replica.view();
        let held = view.statements.iter();
        let mut states: Vec<_> = held.map(|(digest, h)| (h.leaf, *digest, h.state)).collect();
        states.sort_unstable_by_key(|(leaf, ..)| *leaf);
        let issuances =
            view.issuances.stated().unwrap().iter().map(|(digest, (leaf, _))| (*digest, *leaf));
        Self {
            keys: view.keys.clone(),
            states,
            issuances: issuances.filter(|(digest, leaf)| !view.is_void(*leaf, digest)).collect(),
            profile: replica.profile().map(Statement::digest),
            closing: view.closing,
            successions: leaves(&view.successions),
            accusations: leaves(&view.accusations),
            unsupported_from: view.unsupported_from,
        }
    }

    fn count(&self, is_it: impl Fn(&Digest, &State) -> bool) -> usize {
        self.states.iter().filter(|(_, digest, state)| is_it(digest, state)).count()
    }
}

fn leaves<T: Clone>(stated: &DigestMap<Digest, (LeafIndex, T)>) -> BTreeMap<Digest, LeafIndex> {
    stated.iter().map(|(about, (leaf, _))| (*about, *leaf)).collect()
}

fn period(from: LeafIndex, keys: PublicKeySet, next: Commitment) -> KeyPeriod {
    KeyPeriod { from, until: None, keys, next, repudiated_from: None, kept: None }
}

/// A proof that another log shows two histories.
pub(super) fn accusation(number: u16) -> Accusation {
    let mut seed = [100; 32];
    seed[..2].copy_from_slice(&number.to_be_bytes());
    let seed = Seed::new(seed);
    let next = Seed::new([200; 32]).public_key_set().commitment();
    let inception = Inception { keys: seed.public_key_set(), next };
    let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
    let note = |second: &[u8]| {
        let tree = Tree::from_leaves([inception.leaf_hash(), leaf_hash(second)]);
        let checkpoint = Checkpoint::new(inception.issuer(), tree.head());
        Note::sign(&checkpoint, &seed.signing_key(Purpose::Checkpoint))
    };
    let mut notes = [note(b"one"), note(b"other")];
    notes.sort_unstable_by_key(|note| note.checkpoint().unwrap().head.root);
    let [smaller, larger] = notes;
    let accused = *inception.issuer();
    let inception = Bytes(inception.entry().to_vec());
    let rotations = Vec::new();
    let proof = ForkProof { inception, smaller, larger, root: None, proof: None, rotations };
    Accusation { accused, proof }
}

impl Writer {
    fn any_digests(&mut self) -> Vec<Digest> {
        let keep = self.rng.below(4);
        let said = self.said.clone();
        said.into_iter().filter(|_| self.rng.below(4) < keep).collect()
    }

    /// Appends an entry of a kind that this build does not know.
    fn state_unknown(&mut self) {
        let root = RootHash::new([self.rng.below(256) as u8; 32]);
        let body = Issuance { credential_type: line("urn:carnet:skill:1"), root };
        let mut entry = Statement::sign(&self.did(), body, &self.key()).unwrap().entry().to_vec();
        let at = entry.windows(8).position(|window| window == b"issuance").unwrap();
        entry[at] = b'j';
        self.replica.tree.push(leaf_hash(&entry));
        self.replica.fold(Statement::parse(&entry), &entry);
        self.said.push(Digest::of(&entry));
        self.entries.push(entry);
    }

    fn state_profile(&mut self, number: u64) {
        let text = line("A body");
        self.state(InstitutionProfile {
            names: vec![Name { language: Language::parse("en").unwrap(), text }],
            country: Country::parse("PH").unwrap(),
            role: Role::Ministry,
            web: Some(line(&alloc::format!("https://{number}.example"))),
            nodes: Vec::new(),
            contacts: Vec::new(),
            witnesses: Vec::new(),
            quorum: None,
        });
    }

    /// States one thing of any kind, or something that looks like it.
    fn state_anything(&mut self) {
        let size = self.entries.len();
        // A theft is noticed soon, or late.
        let reach = if self.rng.below(2) == 0 { size } else { size.min(8) };
        let from = (size - self.rng.below(reach)) as u64;
        match self.rng.below(40) {
            0..=2 => {
                let kept = self.any_digests();
                self.rotate(Some(from), &kept);
            }
            3 => self.rotate(None, &[]),
            4 => {
                // Signed by the set that it would replace.
                let rotation = self.rotation(Some(from), &[]);
                self.state(rotation);
            }
            5 => {
                // Declares void what is yet to come.
                let rotation = self.rotation(Some(size as u64 + 1), &[]);
                let key = self.next.signing_key(Purpose::Statement);
                self.append(&Statement::sign(&self.did(), rotation, &key).unwrap());
            }
            6 if self.rng.below(2) == 0 => {
                let institution = self.did();
                self.state(Succession { institution, closed: UnixSeconds(from), successor: None });
            }
            7 | 8 => {
                let institution = Did::of_inception(&[from as u8 % 3]);
                let successor = Some(self.did());
                self.state(Succession { institution, closed: UnixSeconds(from), successor });
            }
            9 => self.state(accusation(from as u16 % 2)),
            10 => self.state_unknown(),
            11..=14 => {
                let again = self.rng.below(size);
                if let Ok(statement) = Statement::parse(&self.entries[again]) {
                    self.append(&statement);
                }
            }
            15 | 16 => self.state_profile(from),
            _ => self.state_any(),
        }
    }
}

#[test]
fn whatever_is_stated_and_declared_void_a_copy_says_what_the_entries_say() {
    let (mut void, mut back, mut reopened, mut known) = (0, 0, 0, 0);
    for random in 0..12 {
        let mut writer = Writer::new(1000 + random);
        let mut before = Model::of(&writer.entries);
        for _ in 0..60 {
            writer.state_anything();
            let now = Model::of(&writer.entries);
            assert_eq!(Model::shown_by(&writer.replica), now, "log {random}");
            check_standing(&writer.replica);
            void += now.count(|_, state| *state == State::Void);
            // A withdrawal that is void leaves its target in force.
            let ended = |d: &Digest| {
                before.count(|e, state| e == d && matches!(state, State::Withdrawn { .. })) > 0
            };
            back += now.count(|digest, state| *state == State::InForce && ended(digest));
            reopened += usize::from(before.closing.is_some() && now.closing.is_none());
            known +=
                usize::from(before.unsupported_from.is_some() && now.unsupported_from.is_none());
            before = now;
        }
        check_indexes(writer.replica.view());
        check_copies(&mut writer);
    }
    let seen = [void, back, reopened, known];
    assert!(seen.iter().all(|count| *count > 0), "{seen:?}");
}

/// The same entries, however they come, give the same.
fn check_copies(writer: &mut Writer) {
    writer.conclude();
    let model = Model::of(&writer.entries);
    let (note, size) = (writer.note(), writer.entries.len());
    let chain = Arc::clone(&writer.replica.view().chain);
    let mut copy = Replica::new(&writer.entries[0]).unwrap();
    // Nobody takes part of what leads to a checkpoint whose key is not known yet.
    let is_rotated = !chain.rotations().is_empty();
    while copy.size().0 < size as u64 {
        let from = copy.size().0 as usize;
        let step = if is_rotated { size } else { 1 + writer.rng.below(size - from).min(9) };
        let to = (from + step).min(size);
        let proof =
            writer.replica.tree().consistency_proof(TreeSize(to as u64), TreeSize(size as u64));
        copy.extend(&writer.entries[from..to], &note, proof.as_ref()).unwrap();
        assert_eq!(Model::shown_by(&copy), Model::of(&writer.entries[..to]));
    }
    let mut whole = Replica::new(&writer.entries[0]).unwrap();
    whole.extend(&writer.entries[1..], &note, None).unwrap();
    for copy in [&copy, &whole] {
        assert_eq!(Model::shown_by(copy), model);
        assert_eq!(copy.is_in_order().is_ok(), model.unsupported_from.is_none());
        assert_eq!(copy.is_in_order(), writer.replica.is_in_order());
        assert_eq!(copy.ignored(), writer.replica.ignored());
        assert_eq!(leaves_anew(copy.view()), leaves_anew(writer.replica.view()));
    }
}
