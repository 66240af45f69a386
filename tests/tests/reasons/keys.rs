//! Keys that are replaced or were stolen, institutions that end, and logs that show two histories.

use carnet_proto::cbor::Encode as _;
use carnet_proto::id::Digest;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::Replica;
use carnet_proto::log::fork::ForkProof;
use carnet_proto::status::Status;
use carnet_proto::time::DAY;
use carnet_proto::verify::report::{Outcome, Report, Verdict, check, reason};
use carnet_proto::verify::verify;
use carnet_tests::world::{World, welding, worker};

use crate::support::{both, expect};

const INSTITUTE: &str = "ph-institute";

/// The size of the institute's log: the next leaf.
fn next_leaf(world: &World, name: &str) -> u64 {
    world.institutions[name].replica.size().0
}

fn judged(world: &World, index: usize) -> [Report; 2] {
    both(world, &world.policy(), &world.present(index))
}

#[track_caller]
fn valid(world: &World, index: usize) {
    let ok = reason::OK;
    expect(&judged(world, index), Verdict::Valid, check::ISSUER_KEY, Outcome::Pass, ok);
}

#[track_caller]
fn repudiated(world: &World, index: usize) {
    let (fail, reason) = (Outcome::Fail, reason::KEY_REPUDIATED);
    expect(&judged(world, index), Verdict::Invalid, check::ISSUER_KEY, fail, reason);
}

fn issue(world: &mut World) -> usize {
    world.issue(INSTITUTE, &worker(), welding());
    world.step(3600);
    world.wallet.credentials().len() - 1
}

/// Has the institute issue with other keys than those in force.
fn issue_with(world: &mut World, seed: &Seed) -> usize {
    let until = world.now.plus(365 * DAY);
    world.issue_with(INSTITUTE, &worker(), welding(), until, Some(seed));
    world.step(3600);
    world.wallet.credentials().len() - 1
}

#[test]
fn what_was_issued_before_a_rotation_counts_and_so_does_what_the_new_keys_issue() {
    let mut world = World::usual();
    for _ in 0..3 {
        world.rotate(INSTITUTE, None, &[]);
        world.step(3600);
        let newest = issue(&mut world);
        (0..=newest).for_each(|index| valid(&world, index));
    }
}

#[test]
fn the_keys_of_before_a_rotation_issue_nothing_more() {
    let mut world = World::usual();
    let stolen = world.institutions[INSTITUTE].seed.clone();
    world.rotate(INSTITUTE, None, &[]);
    world.step(3600);
    let forged = issue_with(&mut world, &stolen);
    let (fail, reason) = (Outcome::Fail, reason::KEY_NOT_IN_FORCE);
    expect(&judged(&world, forged), Verdict::Invalid, check::ISSUER_KEY, fail, reason);
    valid(&world, 0);
}

#[test]
fn what_a_thief_issued_is_void_and_what_was_anchored_before_or_kept_is_not() {
    let mut world = World::usual();
    let from = next_leaf(&world, INSTITUTE);
    let by_thief = issue(&mut world);
    let by_owner = issue(&mut world);
    let kept = world.wallet.credentials()[by_owner].anchor.issuance;
    valid(&world, by_thief);
    world.rotate(INSTITUTE, Some(from), &[kept]);
    world.step(3600);
    repudiated(&world, by_thief);
    valid(&world, 0);
    valid(&world, by_owner);
    // A second rotation can void more, also from before the first.
    let later = issue(&mut world);
    world.rotate(INSTITUTE, Some(from), &[world.wallet.credentials()[later].anchor.issuance]);
    world.step(3600);
    repudiated(&world, by_owner);
    valid(&world, later);
    valid(&world, 0);
}

#[test]
fn an_older_view_cannot_bring_back_what_is_void() {
    let mut world = World::usual();
    let from = next_leaf(&world, INSTITUTE);
    let by_thief = issue(&mut world);
    world.refresh();
    let stapled =
        world.present_as(&[by_thief], carnet_tests::world::AUDIENCE, Some(&[9; 16]), true);
    world.rotate(INSTITUTE, Some(from), &[]);
    world.step(60);
    // The worker shows evidence from before the rotation to a verifier who knows of it.
    let report = verify(&stapled.to_cbor(), &world.policy(), &world.ledger(), world.now);
    let (fail, reason) = (Outcome::Fail, reason::KEY_REPUDIATED);
    expect(&[report], Verdict::Invalid, check::ISSUER_KEY, fail, reason);
}

#[test]
fn a_thiefs_accreditation_is_void_and_a_thiefs_withdrawal_takes_nothing_away() {
    let mut world = World::usual();
    let from = next_leaf(&world, "ph-ministry");
    world.accredit("ph-ministry", "stranger", &["72"], 0);
    let institutes = world.institutions["ph-ministry"].replica.view().clone();
    let institutes = institutes.accreditations_of(&world.did(INSTITUTE)).next().unwrap();
    world.withdraw("ph-ministry", *institutes.0, true);
    world.step(3600);
    world.issue("stranger", &worker(), welding());
    world.step(3600);
    valid(&world, 1);
    let (undetermined, reason) = (Outcome::Undetermined, reason::WITHDRAWN_RETROACTIVELY);
    expect(&judged(&world, 0), Verdict::Undetermined, check::PATH, undetermined, reason);
    world.rotate("ph-ministry", Some(from), &[]);
    world.step(3600);
    let (fail, reason) = (Outcome::Fail, reason::ACCREDITATION_VOID);
    expect(&judged(&world, 1), Verdict::Invalid, check::PATH, fail, reason);
    valid(&world, 0);
}

#[test]
fn a_thiefs_revocation_is_undone_once_the_lists_are_signed_anew() {
    let mut world = World::usual();
    let from = next_leaf(&world, INSTITUTE);
    let own = world.institutions[INSTITUTE].list.clone();
    world.set_status(INSTITUTE, 1000, Status::Invalid);
    world.step(3600);
    let view = world.ledger();
    let (fail, revoked) = (Outcome::Fail, reason::REVOKED);
    expect(&judged(&world, 0), Verdict::Invalid, check::STATUS, fail, revoked);
    world.institutions.get_mut(INSTITUTE).unwrap().list = own;
    world.rotate(INSTITUTE, Some(from), &[]);
    world.step(3600);
    valid(&world, 0);
    // Also for a verifier whose own view is the thief's and who is shown the rotation.
    world.refresh();
    let stapled = world.present_as(&[0], carnet_tests::world::AUDIENCE, Some(&[9; 16]), true);
    let report = verify(&stapled.to_cbor(), &world.policy(), &view, world.now);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
}

#[test]
fn cosignatures_of_before_a_witness_rotated_go_on_to_prove_times() {
    let mut world = World::usual();
    let before = judged(&world, 0);
    for name in
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
    {
        world.rotate(name, None, &[]);
    }
    world.step(3600);
    let after = judged(&world, 0);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(after.verdict, Verdict::Valid, "{after:#?}");
        assert_eq!(before.credentials[0].proven_time, after.credentials[0].proven_time);
    }
}

#[test]
fn a_witness_key_that_was_replaced_cosigns_nothing_more() {
    let mut world = World::usual();
    let stolen =
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
            .map(|name| (world.did(name), world.institutions[name].seed.clone()));
    for (name, _) in carnet_tests::world::INSTITUTIONS.iter().map(|i| (i.0, ())) {
        world.rotate(name, None, &[]);
    }
    world.step(3600);
    // Only thieves of the witnesses' old keys cosign what the institute issues now.
    let until = world.now.plus(365 * DAY);
    world.issue_with(INSTITUTE, &worker(), welding(), until, None);
    let institute = world.institutions.get_mut(INSTITUTE).unwrap();
    let newest = institute.replica.view().newest().unwrap().note.clone();
    let owner = institute.did.to_string();
    let mut note = newest.retain(|line| line.name == owner);
    for (did, seed) in &stolen {
        note.add(note.cosign(did, &seed.signing_key(Purpose::Witness), world.now));
    }
    let mut replica = Replica::new(&institute.entries[0]).unwrap();
    replica.extend(&institute.entries[1..], &note, None).unwrap();
    replica.set_status(&institute.token.iter().cloned().collect::<Vec<_>>()).unwrap();
    institute.replica = replica;
    let reports = judged(&world, 1);
    assert!(reports.iter().all(|report| report.verdict != Verdict::Valid), "{reports:#?}");
}

/// Lets nine days pass in which the institute's node is off: its list expires.
fn fall_silent(world: &mut World) {
    world.institutions.get_mut(INSTITUTE).unwrap().is_silent = true;
    world.step(9 * DAY);
}

#[test]
fn the_last_list_of_a_closed_institute_counts_past_its_end_and_says_so() {
    for by in [INSTITUTE, "ph-ministry"] {
        let mut world = World::usual();
        let revoked = issue(&mut world);
        world.set_status(INSTITUTE, 1000 + revoked as u64, Status::Invalid);
        world.step(3600);
        fall_silent(&mut world);
        let (undetermined, stale) = (Outcome::Undetermined, reason::STATUS_STALE);
        expect(&judged(&world, 0), Verdict::Undetermined, check::STATUS, undetermined, stale);
        world.succeed(by, INSTITUTE, None);
        world.step(3600);
        let (pass, closed) = (Outcome::Pass, reason::ISSUER_CLOSED);
        expect(&judged(&world, 0), Verdict::Valid, check::STATUS, pass, closed);
        let (fail, is_revoked) = (Outcome::Fail, reason::REVOKED);
        expect(&judged(&world, revoked), Verdict::Invalid, check::STATUS, fail, is_revoked);
    }
}

#[test]
fn a_closed_institute_issues_nothing_more() {
    let mut world = World::usual();
    world.succeed(INSTITUTE, INSTITUTE, None);
    world.step(3600);
    let later = issue(&mut world);
    let (undetermined, unknown) = (Outcome::Undetermined, reason::ISSUANCE_UNKNOWN);
    expect(&judged(&world, later), Verdict::Undetermined, check::ANCHOR, undetermined, unknown);
}

#[test]
fn nobody_but_the_accreditor_closes_an_institute_and_not_while_it_goes_on() {
    let mut world = World::usual();
    world.succeed("ph-union", INSTITUTE, None);
    fall_silent(&mut world);
    let (undetermined, stale) = (Outcome::Undetermined, reason::STATUS_STALE);
    expect(&judged(&world, 0), Verdict::Undetermined, check::STATUS, undetermined, stale);
    // The accreditor says that it closed, but its lists show that it did not.
    let mut world = World::usual();
    world.succeed("ph-ministry", INSTITUTE, None);
    world.step(3600);
    expect(&judged(&world, 0), Verdict::Valid, check::STATUS, Outcome::Pass, reason::OK);
    fall_silent(&mut world);
    expect(&judged(&world, 0), Verdict::Undetermined, check::STATUS, undetermined, stale);
}

#[test]
fn a_successor_continues_the_lists_of_a_closed_institute() {
    for by in [INSTITUTE, "ph-ministry"] {
        let mut world = World::usual();
        world.institutions.get_mut(INSTITUTE).unwrap().is_silent = true;
        world.step(60);
        world.succeed(by, INSTITUTE, Some("ph-union"));
        world.continue_list("ph-union", INSTITUTE);
        world.step(9 * DAY);
        let (pass, succeeded) = (Outcome::Pass, reason::ISSUER_SUCCEEDED);
        expect(&judged(&world, 0), Verdict::Valid, check::STATUS, pass, succeeded);
        let (_, list, _) =
            world.institutions.get_mut("ph-union").unwrap().continued.as_mut().unwrap();
        assert!(list.set(1000, Status::Invalid));
        world.step(3600);
        let (fail, revoked) = (Outcome::Fail, reason::REVOKED);
        expect(&judged(&world, 0), Verdict::Invalid, check::STATUS, fail, revoked);
        // Where the successor falls silent too nobody knows what is revoked.
        let mut world = World::usual();
        world.succeed(by, INSTITUTE, Some("ph-union"));
        fall_silent(&mut world);
        let (undetermined, stale) = (Outcome::Undetermined, reason::STATUS_STALE);
        expect(&judged(&world, 0), Verdict::Undetermined, check::STATUS, undetermined, stale);
    }
}

fn judge(world: &World, index: usize) -> Report {
    verify(&world.present(index).to_cbor(), &world.policy(), &world.ledger(), world.now)
}

#[track_caller]
fn harmless(world: &World, index: usize) {
    let (pass, harmless) = (Outcome::Pass, reason::FORK_HARMLESS);
    expect(&[judge(world, index)], Verdict::Valid, check::FORKS, pass, harmless);
}

#[track_caller]
fn in_doubt(world: &World, index: usize) {
    let (undetermined, forked) = (Outcome::Undetermined, reason::FORKED);
    expect(&[judge(world, index)], Verdict::Undetermined, check::FORKS, undetermined, forked);
}

#[test]
fn a_history_that_no_quorum_has_cosigned_leaves_nothing_in_doubt() {
    let mut world = World::usual();
    world.fork(INSTITUTE, false);
    world.step(3600);
    let later = issue(&mut world);
    harmless(&world, 0);
    harmless(&world, later);
}

#[test]
fn two_histories_that_a_quorum_has_cosigned_leave_in_doubt_what_came_after() {
    let mut world = World::usual();
    world.fork(INSTITUTE, true);
    world.step(3600);
    in_doubt(&world, 0);
}

#[test]
fn a_forked_institution_gets_out_by_replacing_its_keys() {
    let mut world = World::usual();
    world.fork(INSTITUTE, true);
    world.step(3600);
    let between = issue(&mut world);
    let confirmed = issue(&mut world);
    // Nothing is void: the institution says what it stands by.
    let kept: [Digest; 1] = [world.wallet.credentials()[confirmed].anchor.issuance];
    let from = next_leaf(&world, INSTITUTE);
    world.rotate(INSTITUTE, Some(from), &kept);
    world.step(3600);
    let after = issue(&mut world);
    for index in [0, confirmed, after] {
        harmless(&world, index);
    }
    in_doubt(&world, between);
}

#[test]
fn a_thief_of_replaced_keys_can_put_nothing_in_doubt() {
    let mut world = World::usual();
    world.step(3600);
    // The thief signs another history with the old keys, and finds witnesses who sign it after the
    // institution has replaced them.
    let mut thief = world.institutions[INSTITUTE].clone();
    world.rotate(INSTITUTE, None, &[]);
    world.step(3600);
    std::mem::swap(world.institutions.get_mut(INSTITUTE).unwrap(), &mut thief);
    world.set_status(INSTITUTE, 7, Status::Invalid);
    world.cosign(INSTITUTE);
    std::mem::swap(world.institutions.get_mut(INSTITUTE).unwrap(), &mut thief);
    let note = &thief.replica.view().newest().unwrap().note;
    let proof = ForkProof::of(&world.institutions[INSTITUTE].replica, note).unwrap();
    assert_eq!(proof.verify().unwrap().sets[0], 0);
    world.institutions.get_mut(INSTITUTE).unwrap().replica.learn_fork(&proof);
    world.forks.push(proof);
    world.step(60);
    harmless(&world, 0);
}

#[test]
fn a_fork_of_a_body_on_the_way_is_in_the_path() {
    let mut world = World::usual();
    world.fork("ph-ministry", true);
    world.step(60);
    let (undetermined, forked) = (Outcome::Undetermined, reason::FORKED);
    let report = judge(&world, 0);
    expect(std::slice::from_ref(&report), Verdict::Undetermined, check::PATH, undetermined, forked);
    in_doubt(&world, 0);
}
