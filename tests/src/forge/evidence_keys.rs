//! Evidence of logs whose keys were replaced, and of one that was closed.

use std::collections::BTreeMap;

use carnet_proto::cbor::{Bytes, Encode as _};
use carnet_proto::evidence::{EntryEvidence, Evidence, GatherFor, LogEvidence};
use carnet_proto::id::{Digest, LeafIndex, RootHash};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::statement::identity::{Rotation, Succession};
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::standing::Standing;
use carnet_proto::statement::{Body, Statement};
use serde_json::{Value as Json, json};

use super::{Cases, hex};
use crate::world::{INSTITUTIONS, World, line, welding, worker};

const INSTITUTE: &str = "ph-institute";

/// The seed of the institute's key set, counted from 0.
fn seed(set: usize) -> Seed {
    let number = INSTITUTIONS.iter().position(|(name, ..)| *name == INSTITUTE).expect("known");
    let number = number as u8 + 1;
    Seed::new([[number, number + 100, number + 200][set]; 32])
}

fn rotation(from: Option<LeafIndex>, kept: Vec<Digest>) -> Rotation {
    let (keys, next) = (seed(1).public_key_set(), seed(2).public_key_set().commitment());
    Rotation { keys, next, repudiated_from: from, kept }
}

/// The institute accredits and issues; a thief says that the body it accredits has closed; it replaces
/// its keys, keeps one of what was said since the theft, and says itself that the body has closed.
fn rotated() -> (World, LogEvidence) {
    let mut world = World::new();
    world.accredit("stranger", INSTITUTE, &["72"], 1);
    world.accredit(INSTITUTE, "stranger", &["72"], 0);
    world.issue(INSTITUTE, &worker(), welding());
    let stolen = LeafIndex(world.institutions[INSTITUTE].replica.size().0);
    let institution = world.did("stranger");
    let succession = |closed| Succession { institution, closed, successor: None };
    world.say(INSTITUTE, succession(world.now));
    let kept = world.accredit(INSTITUTE, "ph-ministry", &["72"], 0);
    world.institutions.get_mut(INSTITUTE).expect("an institution").seed = seed(1);
    world.say(INSTITUTE, rotation(Some(stolen), vec![kept]));
    world.say(INSTITUTE, succession(world.now.plus(60)));
    let log = gathered(&world);
    assert_eq!((log.rotations.len(), log.successions.len()), (1, 1));
    (world, log)
}

/// The institute's log, with its own signatures alone.
fn gathered(world: &World) -> LogEvidence {
    let replicas: BTreeMap<_, _> =
        world.institutions.values().map(|i| (i.did, i.replica.clone())).collect();
    let issuer = world.did(INSTITUTE);
    let issuance = world.wallet.credentials()[0].anchor.issuance;
    let status_uri = &format!("{issuer}/status/0");
    let evidence = Evidence::gather(&replicas, &GatherFor { issuer, issuance, status_uri });
    let mut log =
        evidence.logs.into_iter().find(|log| log.status.len() == 1).expect("the issuer's log");
    let own = |text: &str| {
        let note = Note::parse(text).expect("a note");
        note.retain(|line| line.name == issuer.to_string()).to_string()
    };
    log.note = own(&log.note);
    for earlier in &mut log.earlier {
        earlier.note = own(&earlier.note);
    }
    log
}

/// The log once more, with another standing at its end.
fn restated(
    world: &World,
    log: &LogEvidence,
    alter: impl FnOnce(&mut Standing),
    signers: [&Seed; 2],
) -> LogEvidence {
    let replica = &world.institutions[INSTITUTE].replica;
    let Some(Body::Standing(standing)) = replica.standing().map(Statement::body) else {
        panic!("a standing")
    };
    let mut standing = standing.clone();
    alter(&mut standing);
    let [statement, checkpoint] = signers;
    let key = statement.signing_key(Purpose::Statement);
    let standing = Statement::sign(replica.origin(), standing, &key).expect("a standing");
    let mut tree = replica.tree().clone();
    tree.push(standing.leaf_hash());
    let head = tree.head();
    let key = checkpoint.signing_key(Purpose::Checkpoint);
    let last = LeafIndex(head.size.0 - 1);
    LogEvidence {
        inception: log.inception.clone(),
        note: Note::sign(&Checkpoint::new(replica.origin(), head), &key).to_string(),
        standing: Bytes(standing.entry().to_vec()),
        standing_path: tree.inclusion_proof(last, head.size).expect("a leaf"),
        earlier: vec![],
        statements: vec![],
        issuances: vec![],
        status: vec![],
        profile: None,
        rotations: log.rotations.clone(),
        successions: vec![],
    }
}

fn input(log: &LogEvidence) -> Json {
    json!({ "evidence": hex(Evidence { logs: vec![log.clone()] }.to_cbor()) })
}

fn reads(world: &World, log: &LogEvidence) -> Json {
    json!({
        "logs": [world.did(INSTITUTE).to_string()],
        "statements": log.statements.len(), "issuances": log.issuances.len(),
        "status": log.status.len(), "checkpoints": log.earlier.len() + 1,
        "profile": log.profile.is_some(),
        "key_sets": log.rotations.len() + 1, "successions": log.successions.len(),
    })
}

/// Evidence with a rotation, and each way to break it.
pub fn cases() -> Cases {
    let mut c = Cases::new("evidence");
    c.source("wire-format.md, evidence");
    let (world, good) = rotated();
    let about = "A log whose keys were replaced after a theft: its issuance and status list are of the first set.";
    c.valid("valid-rotated", about, input(&good), reads(&world, &good));
    chains(&mut c, &world, &good);
    let alone = restated(&world, &good, |_| {}, [&seed(1), &seed(1)]);
    let about = "A checkpoint, the standing under it and the rotation that it names.";
    c.valid("valid-rotated-standing-alone", about, input(&alone), reads(&world, &alone));
    standings(&mut c, &world, &good);
    successions(&mut c, &world, &good);
    closed(&mut c);
    c
}

fn chains(c: &mut Cases, world: &World, good: &LogEvidence) {
    let did = &world.did(INSTITUTE);
    let own = &good.rotations[0];
    let body = Statement::parse(&own.0).expect("a rotation").body().clone();
    let signed = |did, body: Body, seed: &Seed| {
        let key = seed.signing_key(Purpose::Statement);
        Bytes(Statement::sign(did, body, &key).expect("a statement").entry().to_vec())
    };
    let mut flipped = own.clone();
    *flipped.0.last_mut().expect("a byte") ^= 1;
    let thief = Seed::new([0x66; 32]);
    let other = Rotation { keys: thief.public_key_set(), ..rotation(None, vec![]) };
    let Body::Rotation(mut nothing_void) = body.clone() else { panic!("a rotation") };
    (nothing_void.repudiated_from, nothing_void.kept) = (None, vec![]);
    for (name, rotations, about) in [
        ("rotation-missing", vec![], "The standing names two key sets, and one is shown."),
        (
            "rotation-twice",
            vec![own.clone(), own.clone()],
            "More rotations are shown than the standing names.",
        ),
        ("rotation-signature-wrong", vec![flipped], "A rotation's signature is wrong."),
        (
            "rotation-signed-by-the-set-before",
            vec![signed(did, body.clone(), &seed(0))],
            "A rotation is signed by the set that it replaces.",
        ),
        (
            "rotation-not-committed",
            vec![signed(did, other.into(), &thief)],
            "A rotation reveals another set than the one committed to.",
        ),
        (
            "rotation-of-another-log",
            vec![signed(&world.did("stranger"), body, &seed(1))],
            "A rotation names another institution.",
        ),
        (
            "rotation-that-repudiates-nothing",
            vec![signed(did, (*nothing_void).into(), &seed(1))],
            "The standing says what is void, and the rotation shown does not.",
        ),
    ] {
        let log = LogEvidence { rotations, ..good.clone() };
        c.invalid(name, "valid-rotated", "Dropped:log", about, input(&log));
    }
}

fn standings(c: &mut Cases, world: &World, good: &LogEvidence) {
    let (old, new) = (&seed(0), &seed(1));
    let as_is = |_: &mut Standing| {};
    for (name, log, about) in [
        (
            "note-signed-by-the-set-before",
            restated(world, good, as_is, [new, old]),
            "The checkpoint is signed by the set that was replaced.",
        ),
        (
            "standing-signed-by-the-set-before",
            restated(world, good, as_is, [old, new]),
            "The standing is signed by the set that was replaced.",
        ),
        (
            "standing-hides-what-is-void",
            restated(world, good, |s| s.keys[0].repudiated_from = None, [new, new]),
            "The standing does not say what the rotation declares void.",
        ),
        (
            "standing-keeps-others",
            restated(world, good, |s| s.keys[0].kept = Some(RootHash::new([9; 32])), [new, new]),
            "The root over what is kept is not that of the rotation.",
        ),
        (
            "standing-with-a-gap-between-sets",
            restated(world, good, |s| s.keys[1].from.0 += 1, [new, new]),
            "A set begins at another leaf than the one before it ends at.",
        ),
        (
            "standing-with-a-rotation-before-what-it-voids",
            restated(
                world,
                good,
                |s| {
                    s.keys[0].until = Some(LeafIndex(1));
                    s.keys[1].from = LeafIndex(1);
                },
                [new, new],
            ),
            "A rotation would declare void what is not in the log yet.",
        ),
        (
            "standing-with-a-set-at-the-first-leaf",
            restated(
                world,
                good,
                |s| {
                    s.keys[0].until = Some(LeafIndex(0));
                    s.keys[1].from = LeafIndex(0);
                },
                [new, new],
            ),
            "A rotation would stand where the log begins.",
        ),
    ] {
        let base = "valid-rotated-standing-alone";
        c.invalid(name, base, "Dropped:log", about, input(&log));
    }
}

/// Shows an entry of the institute's log.
fn entry(world: &World, statement: &Statement) -> EntryEvidence {
    let institute = &world.institutions[INSTITUTE];
    let at = institute.entries.iter().position(|entry| entry == statement.entry());
    let leaf = LeafIndex(at.expect("an entry") as u64);
    let tree = institute.replica.tree();
    let path = tree.inclusion_proof(leaf, tree.size()).expect("a leaf");
    EntryEvidence { entry: Bytes(statement.entry().to_vec()), leaf, path }
}

fn first(world: &World, is_it: impl Fn(&Body) -> bool) -> Statement {
    let entries = &world.institutions[INSTITUTE].entries;
    let mut statements = entries.iter().filter_map(|entry| Statement::parse(entry).ok());
    statements.find(|statement| is_it(statement.body())).expect("a statement")
}

fn successions(c: &mut Cases, world: &World, good: &LogEvidence) {
    let void = first(world, |body| matches!(body, Body::Succession(_)));
    let other = first(world, |body| matches!(body, Body::Accreditation(_)));
    let mut unlogged = good.successions[0].clone();
    unlogged.leaf.0 -= 1;
    for (name, succession, about) in [
        (
            "succession-void",
            entry(world, &void),
            "A thief's word of another's end: the rotation declares it void.",
        ),
        (
            "succession-of-another-kind",
            entry(world, &other),
            "What is shown as a succession is an accreditation.",
        ),
        ("succession-at-another-leaf", unlogged, "A succession is not in the log at that leaf."),
    ] {
        let log = LogEvidence { successions: vec![succession], ..good.clone() };
        c.invalid(name, "valid-rotated", "Dropped:succession", about, input(&log));
    }
}

/// A log that was closed, and what was put behind its end.
fn closed(c: &mut Cases) {
    let mut world = World::new();
    world.issue(INSTITUTE, &worker(), welding());
    let (institution, closed) = (world.did(INSTITUTE), world.now);
    world.say(INSTITUTE, Succession { institution, closed, successor: None });
    let root = RootHash::new([3; 32]);
    world.say(INSTITUTE, Issuance { credential_type: line(VCT_SKILL), root });
    let good = gathered(&world);
    let about = "A log that was closed behind its last issuance.";
    c.valid("valid-closed", about, input(&good), reads(&world, &good));
    let late = first(&world, |body| matches!(body, Body::Issuance(i) if i.root == root));
    let log = LogEvidence { issuances: vec![entry(&world, &late)], ..good };
    let about = "An issuance from behind the leaf that closed the log.";
    c.invalid(
        "issuance-behind-the-closing",
        "valid-closed",
        "Dropped:issuance",
        about,
        input(&log),
    );
}
