//! Who vouches for the issuer, and who watches the logs on the way.

use carnet_proto::ledger::WitnessPolicy;
use carnet_proto::statement::accreditation::{Accreditation, Withdrawal, WithdrawalReason};
use carnet_proto::statement::agreement::Agreement;
use carnet_proto::time::{DAY, Validity};
use carnet_proto::verify::report::{Outcome, Verdict, check, reason};
use carnet_tests::world::{START, World, grant, line, welding, worker};

use crate::support::{both, expect};

/// Signs and ratifies the agreement, with this validity.
fn agree(world: &mut World, validity: Validity) {
    // Signed as usual in a world of its own, so that this one has no other agreement.
    let mut elsewhere = World::new();
    elsewhere.agree();
    let view = elsewhere.institutions["de-ministry"].replica.view();
    let (_, _, agreement) = view.agreements().next().unwrap();
    let agreement = Agreement { validity, ..agreement.clone() };
    world.agreement = Some(world.say("de-ministry", agreement));
    for name in
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
    {
        world.ratify(name);
    }
}

/// For ever.
fn always() -> Validity {
    Validity { from: START, until: None }
}

#[test]
fn without_a_trust_anchor_nothing_can_be_told() {
    let world = World::usual();
    let mut policy = world.policy();
    let purposeless = {
        let mut policy = policy.clone();
        policy.trust_anchors[0].purposes.clear();
        policy
    };
    policy.trust_anchors.clear();
    for policy in [policy, purposeless] {
        let reports = both(&world, &policy, &world.present(0));
        let (undetermined, none) = (Outcome::Undetermined, reason::NO_TRUST_ANCHOR);
        expect(&reports, Verdict::Undetermined, check::PATH, undetermined, none);
    }
}

#[test]
fn an_accreditation_must_have_begun_and_not_ended_when_the_credential_was_proven() {
    // The credential is proven a day after the start.
    let issued = START.plus(DAY);
    for (validity, verdict, outcome, reason) in [
        (
            Validity { from: issued, until: Some(issued.plus(1)) },
            Verdict::Valid,
            Outcome::Pass,
            reason::OK,
        ),
        (
            Validity { from: issued.plus(1), until: None },
            Verdict::Invalid,
            Outcome::Fail,
            reason::ACCREDITATION_NOT_YET,
        ),
        (
            Validity { from: START, until: Some(issued.minus(1)) },
            Verdict::Invalid,
            Outcome::Fail,
            reason::ACCREDITATION_ENDED,
        ),
    ] {
        let mut world = World::new();
        let accreditation = Accreditation {
            subject: world.did("ph-institute"),
            name: line("Institute"),
            grants: vec![grant(&["72"])],
            may_accredit: 0,
            validity,
            legal_basis: None,
            appeal_body: None,
        };
        world.say("ph-ministry", accreditation);
        agree(&mut world, always());
        world.step(DAY);
        world.issue("ph-institute", &worker(), welding());
        world.step(3 * DAY);
        let reports = both(&world, &world.policy(), &world.present(0));
        expect(&reports, verdict, check::PATH, outcome, reason);
    }
}

#[test]
fn a_body_that_may_only_issue_accredits_nobody() {
    let mut world = World::usual();
    world.accredit("ph-institute", "stranger", &["72"], 0);
    world.step(DAY);
    world.issue("stranger", &worker(), welding());
    world.step(60);
    let reports = both(&world, &world.policy(), &world.present(1));
    let may_not = reason::MAY_NOT_ACCREDIT;
    expect(&reports, Verdict::Invalid, check::PATH, Outcome::Fail, may_not);
}

#[test]
fn an_agreement_leads_nowhere_before_it_begins_and_after_it_has_ended() {
    let now = START.plus(DAY + 60);
    for (validity, is_in_force) in [
        (Validity { from: now, until: Some(now.plus(1)) }, true),
        (Validity { from: now.plus(1), until: None }, false),
        (Validity { from: START, until: Some(now.minus(1)) }, false),
    ] {
        let mut world = World::new();
        world.accredit("ph-ministry", "ph-institute", &["72"], 0);
        agree(&mut world, validity);
        world.step(DAY);
        world.issue("ph-institute", &worker(), welding());
        world.step(60);
        assert_eq!(world.now, now);
        let (verdict, outcome, reason) = match is_in_force {
            true => (Verdict::Valid, Outcome::Pass, reason::OK),
            false => (Verdict::Undetermined, Outcome::Undetermined, reason::AGREEMENT_NOT_IN_FORCE),
        };
        let reports = both(&world, &world.policy(), &world.present(0));
        expect(&reports, verdict, check::PATH, outcome, reason);
    }
}

#[test]
fn a_withdrawal_dated_back_behind_the_credential_that_nobody_saw_in_time_is_undetermined() {
    let mut world = World::new();
    let accreditation = world.accredit("ph-ministry", "ph-institute", &["72"], 0);
    agree(&mut world, always());
    world.step(DAY);
    let effective = world.now;
    // From here to the withdrawal no witness looks at the ministry's log.
    world.now = world.now.plus(60);
    world.issue("ph-institute", &worker(), welding());
    world.now = world.now.plus(60);
    let reason = WithdrawalReason::Fraud;
    let target = accreditation;
    world.say("ph-ministry", Withdrawal { target, effective, reason, retroactive: false });
    world.step(60);
    let reports = both(&world, &world.policy(), &world.present(0));
    let (undetermined, unclear) = (Outcome::Undetermined, reason::WITHDRAWAL_UNCLEAR);
    expect(&reports, Verdict::Undetermined, check::PATH, undetermined, unclear);
}

#[test]
fn logs_that_no_quorum_of_the_verifiers_own_witnesses_cosigned_prove_nothing() {
    let world = World::usual();
    let mut policy = world.policy();
    policy.witnesses = Some(WitnessPolicy { witnesses: vec![world.did("stranger")], quorum: 1 });
    let reports = both(&world, &policy, &world.present(0));
    let (undetermined, verdict) = (Outcome::Undetermined, Verdict::Undetermined);
    expect(&reports, verdict, check::WITNESSES, undetermined, reason::NO_QUORUM);
    expect(&reports, verdict, check::PATH, undetermined, reason::NO_QUORUM);
    expect(&reports, verdict, check::ANCHOR, undetermined, reason::NOT_PROVEN);
    expect(&reports, verdict, check::STATUS, Outcome::NotChecked, reason::DEPENDS);
}

#[test]
fn a_clock_behind_what_witnesses_signed_decides_nothing() {
    let mut world = World::usual();
    world.now = world.now.minus(300);
    let reports = both(&world, &world.policy(), &world.present(0));
    expect(&reports, Verdict::Valid, check::WITNESSES, Outcome::Pass, reason::OK);
    world.now = world.now.minus(1);
    let reports = both(&world, &world.policy(), &world.present(0));
    let (undetermined, behind) = (Outcome::Undetermined, reason::CLOCK_BEHIND);
    expect(&reports, Verdict::Undetermined, check::WITNESSES, undetermined, behind);
    expect(&reports, Verdict::Undetermined, check::PATH, undetermined, behind);
}
