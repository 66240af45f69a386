//! Agreements on recognition in logs: who has signed, who left, and whom it helps.

use carnet_proto::classification::{Country, Occupation};
use carnet_proto::id::Digest;
use carnet_proto::ledger::Ledger;
use carnet_proto::recognition::{
    Evidence, Ground, Question, Recognition, RecognitionOutcome, Shown, ground, has_ratified,
    recognise, step,
};
use carnet_proto::statement::agreement::{Agreement, Denunciation};
use carnet_proto::statement::profile::Role;
use carnet_proto::time::{DAY, Date};
use carnet_tests::world::{World, welding};

const SIX: [&str; 6] =
    ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"];

/// A world in which an agreement with rules is proposed and nobody has signed; `must` says who has to.
fn proposed(must: fn(Role) -> bool) -> World {
    let mut world = World::new();
    let digest = world.agree();
    let mut agreement = of(&world.ledger(), &digest).clone();
    let mut terms = carnet_tests::recognition::terms();
    // Here the title alone decides.
    terms.conditions.clear();
    terms.title_rows.iter_mut().for_each(|row| row.missing.clear());
    terms.scope.issuers.clear();
    terms.cases.clear();
    agreement.recognition = Some(terms);
    let signatories = agreement.parties.iter_mut().flat_map(|party| &mut party.signatories);
    signatories.for_each(|signatory| signatory.must = must(signatory.role));
    let digest = world.say("de-ministry", agreement);
    world.agreement = Some(digest);
    world
}

fn of<'l>(ledger: &'l Ledger, digest: &Digest) -> &'l Agreement {
    ledger.agreements()[digest].2
}

fn ask(world: &World, awarded: Option<Date>) -> Recognition {
    let mut skill = welding();
    skill.award_date = awarded.unwrap_or(skill.award_date);
    let shown = [Shown {
        skill: &skill,
        id: None,
        issuer: None,
        issuer_name: Some("Institute"),
        issued: world.now.date(),
        accredited_from: None,
        accredited_until: None,
    }];
    let evidence = Evidence { shown: &shown, birth_date: None };
    let question = Question {
        destination: Country::parse("DE").unwrap(),
        occupation: Occupation::parse("7212").unwrap(),
        purpose: None,
        today: world.now.date(),
    };
    let ledger = world.ledger();
    let digest = world.agreement.unwrap();
    let ground: Option<Ground<'_>> = ground(&ledger, &digest, of(&ledger, &digest), world.now);
    recognise(&evidence, &question, ground.as_slice())
}

fn leave(world: &mut World, name: &str, effective: carnet_proto::time::UnixSeconds) {
    let (home, role) = name.split_once('-').unwrap();
    let role = if role == "union" { Role::Union } else { Role::Ministry };
    let party = Country::parse(&home.to_uppercase()).unwrap();
    let agreement = world.agreement.unwrap();
    world.say(name, Denunciation { agreement, party, role, effective });
}

#[test]
fn a_tripartite_text_counts_once_its_threshold_is_reached_on_both_sides() {
    // Only ministries have to sign; the rules want all three roles of each side.
    let mut world = proposed(|role| role == Role::Ministry);
    for (signed, name) in SIX.iter().enumerate() {
        let answer = ask(&world, None);
        assert_eq!(answer.outcome, RecognitionOutcome::NoAgreement, "{signed} of six");
        let route = &answer.routes[0];
        assert!(!route.is_binding);
        assert!(route.steps.iter().any(|step| step.reason.id == step::SIGNED_IN_PART));
        let seen = route.signatures.iter().filter(|seat| seat.since.is_some()).count();
        assert_eq!((seen, route.signatures.len()), (signed, 6));
        world.ratify(name);
    }
    let answer = ask(&world, None);
    assert_eq!(answer.outcome, RecognitionOutcome::Automatic, "{answer:#?}");
    assert!(answer.routes[0].is_binding);
}

#[test]
fn a_denunciation_takes_effect_at_its_date_and_what_was_earned_before_stays() {
    let mut world = proposed(|role| role == Role::Ministry);
    SIX.iter().for_each(|name| {
        world.ratify(name);
    });
    let end = world.now.plus(30 * DAY).start_of_day();
    leave(&mut world, "de-ministry", end);
    let before = ask(&world, None);
    assert_eq!(before.outcome, RecognitionOutcome::Automatic, "it has not ended yet");
    world.step(31 * DAY);
    let stays = ask(&world, Some(Date(end.date().0 - 1)));
    assert_eq!(stays.outcome, RecognitionOutcome::Automatic);
    assert!(stays.routes[0].steps.iter().any(|s| s.reason.id == step::ENDED_BUT_STAYS));
    let after = ask(&world, Some(end.date()));
    assert_eq!(after.outcome, RecognitionOutcome::NoAgreement);
}

#[test]
fn a_union_that_leaves_takes_its_signature_from_the_threshold() {
    let mut world = proposed(|role| role == Role::Ministry);
    SIX.iter().for_each(|name| {
        world.ratify(name);
    });
    let now = world.now;
    leave(&mut world, "ph-union", now);
    world.step(60);
    assert_eq!(ask(&world, None).outcome, RecognitionOutcome::NoAgreement);
}

#[test]
fn being_named_is_not_having_ratified() {
    let mut world = proposed(|role| role == Role::Union);
    let digest = world.agreement.unwrap();
    let anchor = world.did("de-ministry");
    for name in SIX.iter().filter(|name| **name != "de-ministry") {
        world.ratify(name);
    }
    let has = |world: &World| {
        let ledger = world.ledger();
        has_ratified(&ledger, &digest, of(&ledger, &digest), &anchor, world.now)
    };
    assert!(!has(&world), "it is named, and has logged the text, and has not signed");
    world.ratify("de-ministry");
    assert!(has(&world));
    let stranger = world.did("ph-institute");
    let ledger = world.ledger();
    assert!(!has_ratified(&ledger, &digest, of(&ledger, &digest), &stranger, world.now));
}

#[test]
fn an_old_view_does_not_hide_that_a_signatory_left() {
    let mut world = proposed(|role| role == Role::Ministry);
    SIX.iter().for_each(|name| {
        world.ratify(name);
    });
    let old = world.ledger();
    let now = world.now;
    leave(&mut world, "ph-ministry", now);
    world.step(60);
    let digest = world.agreement.unwrap();
    for (first, second) in [(&old, &world.ledger()), (&world.ledger(), &old)] {
        let mut ledger = first.clone();
        ledger.merge(second);
        let found = ground(&ledger, &digest, of(&ledger, &digest), world.now).unwrap();
        assert_eq!(found.ended, Some(now.date()));
    }
}

#[test]
fn an_agreement_is_in_force_once_all_have_signed_who_must_and_until_one_of_them_leaves() {
    let mut world = proposed(|role| role == Role::Ministry);
    let holds = |world: &World| {
        let (ledger, digest) = (world.ledger(), world.agreement.unwrap());
        ledger.in_force(&digest, of(&ledger, &digest), world.now) == Some(true)
    };
    world.ratify("de-union");
    world.ratify("de-ministry");
    assert!(!holds(&world), "a ministry has not signed");
    world.ratify("ph-ministry");
    assert!(holds(&world));
    let end = world.now.plus(30 * DAY).start_of_day();
    leave(&mut world, "de-union", end);
    leave(&mut world, "ph-ministry", end.plus(DAY));
    world.step(30 * DAY);
    assert!(holds(&world), "the union need not have signed");
    world.step(2 * DAY);
    assert!(!holds(&world));
}
