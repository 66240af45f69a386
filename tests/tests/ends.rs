//! How accreditations and agreements end, and what may follow.

use carnet_proto::cbor::Encode as _;
use carnet_proto::classification::Country;
use carnet_proto::statement::accreditation::Withdrawal;
use carnet_proto::statement::accreditation::WithdrawalReason::{Fraud, OwnRequest};
use carnet_proto::statement::agreement::Denunciation;
use carnet_proto::statement::profile::Role;
use carnet_proto::time::DAY;
use carnet_proto::verify::report::Verdict;
use carnet_proto::verify::verify;
use carnet_tests::world::{World, welding, worker};

#[test]
fn a_late_withdrawal_does_not_put_off_an_earlier_one() {
    let mut world = World::new();
    let accreditation = world.accredit("ph-ministry", "ph-institute", &["72"], 0);
    world.agree();
    for name in
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
    {
        world.ratify(name);
    }
    world.step(DAY);
    world.issue("ph-institute", &worker(), welding());
    world.step(DAY);
    // A thief of the ministry's key states a withdrawal for the far future.
    let withdrawal = |effective, reason, retroactive| Withdrawal {
        target: accreditation,
        effective,
        reason,
        retroactive,
    };
    world.say("ph-ministry", withdrawal(world.now.plus(9000 * DAY), OwnRequest, false));
    world.step(DAY);
    let (presentation, policy) = (world.present(0), world.policy());
    let report = verify(&presentation.to_cbor(), &policy, &world.ledger(), world.now);
    assert_eq!(report.verdict, Verdict::Valid);
    // The ministry's own counts all the same.
    world.say("ph-ministry", withdrawal(world.now, Fraud, true));
    world.step(DAY);
    let (presentation, policy) = (world.present(0), world.policy());
    let report = verify(&presentation.to_cbor(), &policy, &world.ledger(), world.now);
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
    world.issue("ph-institute", &worker(), welding());
    world.step(DAY);
    let (presentation, policy) = (world.present(1), world.policy());
    let report = verify(&presentation.to_cbor(), &policy, &world.ledger(), world.now);
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
}

#[test]
fn who_left_an_agreement_may_join_it_again() {
    let mut world = World::usual();
    let (agreement, party) = (world.agreement.unwrap(), Country::parse("DE").unwrap());
    let denunciation = Denunciation { agreement, party, role: Role::Union, effective: world.now };
    world.say("de-union", denunciation);
    world.step(DAY);
    let verdict = |world: &World| {
        let presentation = world.present(0).to_cbor();
        verify(&presentation, &world.policy(), &world.ledger(), world.now).verdict
    };
    assert_eq!(verdict(&world), Verdict::Undetermined);
    world.ratify("de-union");
    world.step(DAY);
    assert_eq!(verdict(&world), Verdict::Valid);
}
