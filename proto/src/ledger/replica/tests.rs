mod keys;
mod model;

use alloc::collections::BTreeMap;
use alloc::vec;

use super::*;
use crate::anchor::Batch;
use crate::classification::Country;
use crate::id::LeafHash;
use crate::key::{Purpose, Seed, SigningKey};
use crate::log::checkpoint::Checkpoint;
use crate::log::merkle::counted::HASHES;
use crate::statement::Body;
use crate::statement::accreditation::{Accreditation, Grant, Withdrawal, WithdrawalReason};
use crate::statement::agreement::{
    Agreement, AgreementKind, Denunciation, Party, Ratification, Signatory,
};
use crate::statement::identity::Inception;
use crate::statement::issuance::Issuance;
use crate::statement::profile::Role;
use crate::statement::standing::{State, statement_leaf};
use crate::test_support::{SeededRng, line};
use crate::text::{Language, Name};
use crate::time::{UnixSeconds, Validity};

const ALWAYS: Validity = Validity { from: UnixSeconds(0), until: None };

/// An institution that states whatever comes to its mind, also what counts for nothing.
struct Writer {
    seed: Seed,
    /// The seed of the set that the log has committed to.
    next: Seed,
    generation: u8,
    replica: Replica,
    entries: Vec<Vec<u8>>,
    said: Vec<Digest>,
    rng: SeededRng,
}

impl Writer {
    fn new(random: u64) -> Self {
        let (seed, next) = (Seed::new([7; 32]), Seed::new([8; 32]));
        let committed = next.public_key_set().commitment();
        let inception = Inception { keys: seed.public_key_set(), next: committed };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        let replica = Replica::new(inception.entry()).unwrap();
        let entries = vec![inception.entry().to_vec()];
        let (said, rng) = (Vec::new(), SeededRng(random));
        Self { seed, next, generation: 8, replica, entries, said, rng }
    }

    fn key(&self) -> SigningKey {
        self.seed.signing_key(Purpose::Statement)
    }

    fn did(&self) -> Did {
        *self.replica.origin()
    }

    fn state(&mut self, body: impl Into<Body>) {
        let statement = Statement::sign(&self.did(), body, &self.key()).unwrap();
        self.append(&statement);
    }

    fn append(&mut self, statement: &Statement) {
        self.said.push(statement.digest());
        self.entries.push(statement.entry().to_vec());
        self.replica.append(core::slice::from_ref(statement));
    }

    fn conclude(&mut self) {
        let standing = self.replica.derive_standing(empty_head());
        self.state(standing);
    }

    fn any_said(&mut self) -> Digest {
        let index = self.rng.below(self.said.len() + 1);
        self.said.get(index).copied().unwrap_or(Digest::of(b"nothing"))
    }

    /// States one thing of some kind.
    fn state_any(&mut self) {
        let number = self.rng.below(12);
        let country = Country::parse(["DE", "PH"][number % 2]).unwrap();
        let target = self.any_said();
        let effective = UnixSeconds(number as u64);
        match self.rng.below(8) {
            0 => self.state(Issuance {
                credential_type: line("urn:carnet:skill:1"),
                root: Batch::new(&[target], &mut self.rng.clone()).unwrap().root(),
            }),
            1 => {
                let signatory = |did| Signatory {
                    did,
                    name: line("A ministry"),
                    role: Role::Ministry,
                    must: true,
                };
                let party = |country, did| Party {
                    country: Country::parse(country).unwrap(),
                    bodies: Vec::new(),
                    signatories: vec![signatory(did)],
                    quorum: None,
                    witnesses: Vec::new(),
                };
                let text = line(&alloc::format!("Agreement {number}"));
                self.state(Agreement {
                    kind: AgreementKind::Skills,
                    titles: vec![Name { language: Language::parse("en").unwrap(), text }],
                    parties: vec![
                        party("PH", self.did()),
                        party("DE", Did::of_inception(b"another")),
                    ],
                    validity: ALWAYS,
                    chains: false,
                    texts: Vec::new(),
                    periods: None,
                    recognition: None,
                });
            }
            2 => self.state(Ratification {
                agreement: target,
                party: country,
                role: Role::Ministry,
                since: effective,
            }),
            3 => self.state(Denunciation {
                agreement: target,
                party: country,
                role: Role::Ministry,
                effective,
            }),
            4 => self.state(Withdrawal {
                target,
                effective,
                reason: WithdrawalReason::Fraud,
                retroactive: number.is_multiple_of(3),
            }),
            5 => self.conclude(),
            _ => self.accredit(number as u8, &[number as u8]),
        }
    }

    fn accredit(&mut self, may_accredit: u8, subject: &[u8]) {
        self.state(Accreditation {
            subject: Did::of_inception(subject),
            name: line("An institute"),
            grants: vec![Grant {
                credential_type: line("urn:carnet:skill:1"),
                occupations: Vec::new(),
                fields: Vec::new(),
                levels: Vec::new(),
                branches: Vec::new(),
                countries: vec![Country::parse("PH").unwrap()],
            }],
            may_accredit: may_accredit % 3,
            validity: ALWAYS,
            legal_basis: None,
            appeal_body: None,
        });
    }

    fn note(&self) -> Note {
        let checkpoint = Checkpoint::new(&self.did(), self.replica.tree().head());
        Note::sign(&checkpoint, &self.seed.signing_key(Purpose::Checkpoint))
    }
}

/// The leaves of the standing's first tree, from the statements and nothing else.
fn leaves_anew(view: &LogView) -> Vec<(Digest, LeafHash)> {
    let by_leaf: BTreeMap<_, _> =
        view.statements.iter().map(|(digest, held)| (held.leaf, (digest, held))).collect();
    let leaf = |(digest, held): &(&Digest, &super::super::Held)| {
        (**digest, statement_leaf(held.leaf, digest, &held.state))
    };
    by_leaf.values().map(leaf).collect()
}

fn check_standing(replica: &Replica) {
    let leaves = leaves_anew(replica.view());
    let tree = Tree::from_leaves(leaves.iter().map(|(_, leaf)| *leaf));
    assert_eq!(replica.statement_tree().head(), tree.head());
    assert_eq!(replica.derive_standing(empty_head()).statements, tree.head());
    for (position, (digest, leaf)) in (0..).map(LeafIndex).zip(&leaves) {
        assert_eq!(replica.position(digest), Some(position));
        assert_eq!(replica.statement_tree().leaf(position), Some(*leaf));
    }
}

fn check_indexes(view: &LogView) {
    let all = || view.statements.iter().map(|(digest, held)| (*digest, held.statement.body()));
    let agreements = all().filter(|(_, body)| matches!(body, Body::Agreement(_)));
    let agreements: Vec<_> = agreements.map(|(digest, _)| digest).collect();
    assert_eq!(view.agreements().map(|(digest, ..)| *digest).collect::<Vec<_>>(), agreements);
    for (_, body) in all() {
        if let Body::Accreditation(a) = body {
            let same =
                |body: &Body| matches!(body, Body::Accreditation(b) if b.subject == a.subject);
            let expected: Vec<_> =
                all().filter(|(_, b)| same(b)).map(|(digest, _)| digest).collect();
            let found: Vec<_> = view.accreditations_of(&a.subject).map(|(d, ..)| *d).collect();
            assert_eq!(found, expected);
        }
        if let Body::Ratification(r) = body {
            let same =
                |body: &Body| matches!(body, Body::Ratification(o) if o.agreement == r.agreement);
            let expected: Vec<_> =
                all().filter(|(_, b)| same(b)).map(|(digest, _)| digest).collect();
            let found: Vec<_> = view.ratifications(&r.agreement).map(|(d, ..)| *d).collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn the_standing_kept_is_the_standing_built_anew_whatever_is_stated() {
    let mut ended = 0;
    for random in 0..4 {
        let mut writer = Writer::new(random);
        let mut shown = Vec::new();
        for step in 0..100 {
            writer.state_any();
            check_standing(&writer.replica);
            if step % 20 == 0 {
                let view = Arc::clone(writer.replica.view());
                shown.push((leaves_anew(&view), view));
            }
        }
        writer.conclude();
        check_standing(&writer.replica);
        check_indexes(writer.replica.view());
        assert_eq!(writer.replica.is_in_order(), Ok(()));
        // What readers were shown stays what it was.
        for (leaves, view) in shown {
            assert_eq!(leaves_anew(&view), leaves);
        }
        let held = writer.replica.view().statements.values();
        ended += held.filter(|held| held.state != State::InForce).count();

        // The same entries, however they come, give the same.
        let note = writer.note();
        let size = writer.entries.len();
        let mut copy = Replica::new(&writer.entries[0]).unwrap();
        while copy.size().0 < size as u64 {
            let from = copy.size().0 as usize;
            let to = from + 1 + writer.rng.below(size - from);
            let proof =
                writer.replica.tree().consistency_proof(TreeSize(to as u64), TreeSize(size as u64));
            copy.extend(&writer.entries[from..to], &note, proof.as_ref()).unwrap();
            check_standing(&copy);
        }
        assert_eq!(copy.is_in_order(), Ok(()));
        assert_eq!(copy.ignored(), writer.replica.ignored());
        assert_eq!(leaves_anew(copy.view()), leaves_anew(writer.replica.view()));
    }
    assert!(ended > 10, "{ended}");
}

#[test]
fn a_change_among_many_accreditations_hashes_a_few_nodes() {
    const MANY: u32 = 3000;
    let mut writer = Writer::new(1);
    for number in 0..MANY {
        writer.accredit(0, &number.to_be_bytes());
    }
    writer.conclude();
    let shown = Arc::clone(writer.replica.view());
    let target = writer.said[1234];
    HASHES.set(0);
    writer.state(Withdrawal {
        target,
        effective: UnixSeconds(5),
        reason: WithdrawalReason::Ceased,
        retroactive: false,
    });
    writer.accredit(0, b"one more");
    writer.conclude();
    // Three entries in one tree, two changes of the other and its root twice: 12 levels each.
    assert!(HASHES.get() <= 7 * 13, "{}", HASHES.get());
    check_standing(&writer.replica);
    assert_eq!(writer.replica.is_in_order(), Ok(()));
    let state = |view: &LogView| view.statements.get(&target).unwrap().state;
    assert_eq!(state(&shown), State::InForce);
    assert!(matches!(state(writer.replica.view()), State::Withdrawn { .. }));
}

#[test]
fn entries_that_do_not_lead_to_the_checkpoint_change_nothing() {
    let mut writer = Writer::new(1);
    writer.conclude();
    let mut copy = Replica::new(&writer.entries[0]).unwrap();
    copy.extend(&writer.entries[1..], &writer.note(), None).unwrap();
    let (head, view) = (copy.tree().head(), Arc::clone(copy.view()));
    let from = writer.entries.len();
    (0..40).for_each(|_| writer.state_any());
    writer.conclude();
    let mut bad = writer.entries[from..].to_vec();
    bad[3][90] ^= 1;
    assert!(copy.extend(&bad, &writer.note(), None).is_err());
    assert_eq!(copy.tree().head(), head);
    assert!(Arc::ptr_eq(copy.view(), &view));
    copy.extend(&writer.entries[from..], &writer.note(), None).unwrap();
    assert_eq!(copy.tree().head(), writer.replica.tree().head());
}

#[test]
fn a_signature_is_believed_only_of_the_key_that_made_it() {
    let mut writer = Writer::new(1);
    let other = Seed::new([9; 32]).signing_key(Purpose::Statement);
    let body = Issuance {
        credential_type: line("urn:carnet:skill:1"),
        root: Batch::new(&[Digest::of(b"x")], &mut SeededRng(1)).unwrap().root(),
    };
    let theirs = Statement::sign(&writer.did(), body.clone(), &other).unwrap();
    let key = writer.key().public();
    assert!(theirs.is_signed_by(&other.public()) && !theirs.is_signed_by(&key));
    assert!(!Statement::parse_signed_by(theirs.entry(), &key).unwrap().is_signed_by(&key));
    writer.replica.append(&[theirs]);
    assert_eq!(writer.replica.ignored().len(), 1);
    let ours = Statement::sign(&writer.did(), body, &writer.key()).unwrap();
    let mut forged = ours.entry().to_vec();
    *forged.last_mut().unwrap() ^= 1;
    let forged = Statement::parse_signed_by(&forged, &key).unwrap();
    assert!(ours.is_signed_by(&key) && !forged.is_signed_by(&key));
    writer.replica.append(&[forged, ours]);
    assert_eq!((writer.replica.ignored().len(), writer.replica.view().issuances.len()), (2, 1));
}

#[test]
fn a_log_accuses_so_many_others_and_what_it_states_beyond_counts_for_nothing() {
    let mut writer = Writer::new(1);
    let limit = MAX_ACCUSATIONS as u16;
    for number in 0..=limit {
        writer.state(model::accusation(number));
    }
    let view = writer.replica.view();
    assert_eq!(view.accusations.len(), MAX_ACCUSATIONS);
    assert!(view.accusation_of(&model::accusation(limit - 1).accused).is_some());
    assert!(view.accusation_of(&model::accusation(limit).accused).is_none());
    assert_eq!(writer.replica.ignored().len(), 1);
    // A ledger takes them as they were checked.
    let mut ledger = crate::ledger::Ledger::new();
    ledger.insert(Arc::clone(view));
    assert_eq!(ledger.forks(&model::accusation(0).accused).count(), 1);
    assert_eq!(ledger.forks(&model::accusation(limit).accused).count(), 0);
}
