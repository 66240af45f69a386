//! What is known does not depend on the order in which it became known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use carnet_proto::cbor::Encode as _;
use carnet_proto::evidence::{Evidence, GatherFor, LogEvidence};
use carnet_proto::id::{Did, TreeSize};
use carnet_proto::ledger::{Ledger, LogView, Replica};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::presentation::Presentation;
use carnet_proto::statement::Statement;
use carnet_proto::statement::standing::empty_head;
use carnet_proto::status::Status;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::{Report, Verdict};
use carnet_proto::verify::verify;
use carnet_proto::wallet::contents_of;
use carnet_tests::world::{World, welding, worker};
use proptest::prelude::*;

use crate::cases;
use crate::draw::Source;

/// A federation with some history: credentials of two issuers, one revoked; an accreditation
/// withdrawn and given anew; and what is true of it.
struct Story {
    world: World,
    presentations: Vec<Presentation>,
    policy: Policy,
    reports: Vec<Report>,
}

fn story() -> &'static Story {
    static STORY: OnceLock<Story> = OnceLock::new();
    STORY.get_or_init(|| {
        let mut world = World::usual();
        let index = world.issue("ph-institute", &worker(), welding());
        world.step(3600);
        let first = world.accredit("ph-ministry", "stranger", &["72"], 0);
        world.step(60);
        world.issue("stranger", &worker(), welding());
        world.step(DAY / 2);
        world.set_status("ph-institute", index, Status::Invalid);
        world.withdraw("ph-ministry", first, true);
        world.accredit("ph-ministry", "ph-institute", &["71", "72"], 1);
        world.step(600);
        world.issue("ph-institute", &worker(), welding());
        world.step(60);
        world.refresh();
        let presentations: Vec<_> = (0..4).map(|index| world.present(index)).collect();
        let policy = world.policy();
        let reports = judge(&presentations, &policy, &world, &world.ledger());
        let verdicts: BTreeSet<_> = reports.iter().map(|report| report.verdict).collect();
        assert_eq!(verdicts.len(), 3, "{verdicts:?}");
        Story { world, presentations, policy, reports }
    })
}

fn judge(
    presentations: &[Presentation],
    policy: &Policy,
    world: &World,
    ledger: &Ledger,
) -> Vec<Report> {
    presentations.iter().map(|p| verify(&p.to_cbor(), policy, ledger, world.now)).collect()
}

impl Story {
    fn judge(&self, ledger: &Ledger) -> Vec<Report> {
        judge(&self.presentations, &self.policy, &self.world, ledger)
    }
}

/// Puts a list into an order that the bytes choose.
fn shuffle<T>(list: &mut [T], s: &mut Source<'_>) {
    for i in (1..list.len()).rev() {
        list.swap(i, s.below(i + 1));
    }
}

/// A log as it arrives: its entries in their order, its notes line by line in any.
struct Arriving<'s> {
    entries: &'s [Vec<u8>],
    source: &'s Replica,
    notes: Vec<(TreeSize, Note)>,
    replica: Replica,
}

impl<'s> Arriving<'s> {
    fn new(entries: &'s [Vec<u8>], source: &'s Replica, s: &mut Source<'_>) -> Self {
        let owner = source.origin().to_string();
        let mut notes = Vec::new();
        for checkpoint in source.view().checkpoints.values() {
            let note = &checkpoint.note;
            for (at, line) in note.signatures().iter().enumerate() {
                let mut number = 0..;
                let alone = note.clone().retain(|other| {
                    let is_it = number.next() == Some(at);
                    is_it || (other.name == owner && line.name != owner)
                });
                notes.push((checkpoint.head.size, alone));
            }
        }
        shuffle(&mut notes, s);
        Self { entries, source, notes, replica: Replica::new(&entries[0]).unwrap() }
    }

    /// Takes the next entries, or a note of entries that are held; tells whether anything was left.
    fn step(&mut self, s: &mut Source<'_>) -> bool {
        let held = self.replica.size();
        let rest = &self.entries[held.0 as usize..];
        let ready = self.notes.iter().position(|(size, _)| *size <= held);
        if let (Some(at), true) = (ready, rest.is_empty() || s.byte().is_multiple_of(2)) {
            let (_, note) = self.notes.remove(at);
            self.replica.add_checkpoint(&note, |_, _| true).unwrap();
            if s.byte().is_multiple_of(4) {
                // A second time it says nothing new.
                assert_eq!(self.replica.add_checkpoint(&note, |_, _| true), Ok(false));
            }
            return true;
        }
        if rest.is_empty() {
            return false;
        }
        let newest = self.source.view().newest().unwrap();
        let chunk = &rest[..1 + s.below(rest.len())];
        let after = TreeSize(held.0 + chunk.len() as u64);
        let proof = self.source.tree().consistency_proof(after, newest.head.size);
        let bare = newest.note.clone().retain(|line| line.name == self.source.origin().to_string());
        self.replica.extend(chunk, &bare, proof.as_ref()).unwrap();
        true
    }
}

/// What a view says, without the order of a note's lines.
fn said(view: &LogView) -> (String, BTreeMap<TreeSize, BTreeSet<String>>) {
    let lines = |note: &Note| note.signatures().iter().map(|line| line.to_line()).collect();
    let notes = view.checkpoints.values().map(|c| (c.head.size, lines(&c.note))).collect();
    let rest = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        view.keys,
        view.standing,
        view.is_whole,
        view.statements,
        view.issuances,
        view.profile,
        view.status
    );
    (rest, notes)
}

/// Cuts what is shown of a log into parts that each prove themselves.
fn cut(log: &LogEvidence) -> Vec<LogEvidence> {
    let bare = LogEvidence {
        earlier: vec![],
        statements: vec![],
        issuances: vec![],
        status: vec![],
        profile: None,
        ..log.clone()
    };
    let mut parts = vec![bare.clone()];
    parts.extend(
        log.earlier.iter().map(|e| LogEvidence { earlier: vec![e.clone()], ..bare.clone() }),
    );
    parts.extend(
        log.statements.iter().map(|e| LogEvidence { statements: vec![e.clone()], ..bare.clone() }),
    );
    parts.extend(
        log.issuances.iter().map(|e| LogEvidence { issuances: vec![e.clone()], ..bare.clone() }),
    );
    parts
        .extend(log.status.iter().map(|e| LogEvidence { status: vec![e.clone()], ..bare.clone() }));
    parts.extend(
        log.profile.iter().map(|p| LogEvidence { profile: Some(p.clone()), ..bare.clone() }),
    );
    parts
}

/// The evidence for every credential, gathered from whole logs.
fn evidence(world: &World) -> Vec<Evidence> {
    let replicas: BTreeMap<Did, Replica> =
        world.institutions.values().map(|i| (i.did, i.replica.clone())).collect();
    let gather = |credential| {
        let claims = contents_of(credential).unwrap().claims;
        let wanted = GatherFor {
            issuer: claims.issuer,
            issuance: credential.anchor.issuance,
            status_uri: &claims.status.uri,
        };
        Evidence::gather(&replicas, &wanted)
    };
    world.wallet.credentials().iter().map(gather).collect()
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 2048)
}

proptest! {
    #![proptest_config(cases(16))]

    #[test]
    fn logs_that_arrive_in_any_order_give_the_same_answers(drawn in bytes()) {
        let (story, s) = (story(), &mut Source(&drawn));
        let institutions = || story.world.institutions.values();
        let mut arriving: Vec<_> =
            institutions().map(|i| Arriving::new(&i.entries, &i.replica, s)).collect();
        while !arriving.iter().all(|log| log.notes.is_empty() && log.replica.size() == log.source.size()) {
            let at = s.below(arriving.len());
            if !arriving[at].step(s) {
                // Whose turn it was has nothing left: the others go on.
                arriving.iter_mut().for_each(|log| {
                    log.step(s);
                });
            }
        }
        for (log, institution) in arriving.iter_mut().zip(institutions()) {
            if let Some(token) = &institution.token {
                log.replica.set_status(std::slice::from_ref(token)).unwrap();
            }
            prop_assert_eq!(said(log.replica.view()), said(log.source.view()));
            prop_assert_eq!(log.replica.is_in_order(), Ok(()));
            prop_assert_eq!(
                log.replica.derive_standing(empty_head()),
                log.source.derive_standing(empty_head())
            );
        }
        let mut views: Vec<_> = arriving.iter().map(|log| log.replica.view().clone()).collect();
        shuffle(&mut views, s);
        let mut ledger = Ledger::new();
        views.into_iter().for_each(|view| ledger.insert(view));
        prop_assert_eq!(&story.judge(&ledger), &story.reports);
    }

    #[test]
    fn a_standing_is_the_same_by_whatever_way_it_is_derived(drawn in bytes()) {
        let (story, s) = (story(), &mut Source(&drawn));
        for institution in story.world.institutions.values() {
            let entries: Vec<_> =
                institution.entries.iter().map(|entry| Statement::parse(entry).unwrap()).collect();
            let end = 1 + s.below(entries.len());
            let mut at_once = Replica::new(entries[0].entry()).unwrap();
            at_once.append(&entries[1..end]);
            let mut in_steps = Replica::new(entries[0].entry()).unwrap();
            let mut at = 1;
            while at < end {
                let next = at + 1 + s.below(end - at);
                // A copy that goes on elsewhere takes nothing from the one that it was made of.
                let mut copy = in_steps.clone();
                copy.append(&entries[at..end]);
                prop_assert_eq!(copy.derive_standing(empty_head()), at_once.derive_standing(empty_head()));
                in_steps.append(&entries[at..next]);
                at = next;
            }
            let standing = at_once.derive_standing(empty_head());
            prop_assert_eq!(&in_steps.derive_standing(empty_head()), &standing);
            prop_assert_eq!(at_once.statement_tree().head(), standing.statements);
            prop_assert_eq!(in_steps.tree().head(), at_once.tree().head());
            prop_assert_eq!(format!("{:?}", in_steps.ignored()), format!("{:?}", at_once.ignored()));
        }
    }

    #[test]
    fn evidence_joined_in_any_order_gives_the_same_answers(drawn in bytes()) {
        let (story, s) = (story(), &mut Source(&drawn));
        let whole = evidence(&story.world);
        let joined = Evidence::join(whole.iter().cloned());
        let right = story.judge(&joined.verify().0);
        prop_assert!(right.iter().any(|report| report.verdict == Verdict::Valid));
        let mut parts: Vec<Evidence> = whole
            .iter()
            .flat_map(|evidence| evidence.logs.iter().flat_map(cut))
            .map(|log| Evidence { logs: vec![log] })
            .collect();
        shuffle(&mut parts, s);
        let stapled = Evidence::join(parts.iter().cloned());
        prop_assert_eq!(&story.judge(&stapled.verify().0), &right);

        // As a ledger of its own, part by part, and beside what others show.
        let mut own = Ledger::new();
        let mut shown = Ledger::new();
        for part in &parts {
            let (ledger, dropped) = part.verify();
            prop_assert!(dropped.is_empty(), "{:?}", dropped);
            shown.merge(&ledger);
            for view in ledger.logs() {
                own.insert(view.clone().into());
            }
        }
        prop_assert_eq!(&story.judge(&own), &right);
        prop_assert_eq!(&story.judge(&shown), &right);
    }
}
