//! What a verifier keeps makes it faster and changes no answer.

use std::num::NonZeroUsize;

use carnet_proto::cbor::Encode as _;
use carnet_proto::status::Status;
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::verify::report::Verdict;
use carnet_proto::verify::{Verifier, verify, verify_many};
use carnet_tests::world::{AUDIENCE, World, welding, worker};

/// Presentations of every kind: genuine, with evidence, of a revoked credential, of several, for
/// somebody else, altered, of an institute that nobody accredited, and no presentation at all.
fn bodies(world: &mut World) -> Vec<Vec<u8>> {
    world.issue("ph-institute", &worker(), welding());
    let revoked = world.issue("ph-institute", &worker(), welding());
    world.issue("de-union", &worker(), welding());
    world.step(3600);
    world.set_status("ph-institute", revoked, Status::Invalid);
    world.step(3600);
    world.refresh();
    let nonce = Some([9; 16].as_slice());
    let mut bodies: Vec<_> = [
        world.present(0),
        world.present_as(&[1], AUDIENCE, nonce, true),
        world.present(2),
        world.present_as(&[0, 1], AUDIENCE, nonce, false),
        world.present_as(&[0], "somebody else", nonce, true),
        world.present_as(&[3], AUDIENCE, nonce, true),
    ]
    .iter()
    .map(|presentation| presentation.to_cbor())
    .collect();
    for at in (0..bodies[0].len()).step_by(97) {
        let mut altered = bodies[0].clone();
        altered[at] ^= 4;
        bodies.push(altered);
    }
    bodies.push(b"nothing".to_vec());
    bodies
}

#[test]
fn a_warm_verifier_answers_as_one_that_knows_nothing_in_any_order_and_at_any_time() {
    let mut world = World::usual();
    let bodies = bodies(&mut world);
    let (policy, ledger, now) = (world.policy(), world.ledger(), world.now);
    let verifier = Verifier::new(&policy, &ledger);
    let times = [0, 2 * DAY, 0, 400 * DAY, 60].map(|later| now.plus(later));
    let mut verdicts = Vec::new();
    for (turn, time) in times.into_iter().chain([UnixSeconds(now.0 - DAY)]).enumerate() {
        for index in 0..bodies.len() {
            let body = &bodies[(index * 7 + turn) % bodies.len()];
            let cold = verify(body, &policy, &ledger, time);
            assert_eq!(verifier.verify(body, time), cold);
            verdicts.push(cold.verdict);
        }
    }
    for verdict in [Verdict::Valid, Verdict::Invalid, Verdict::Undetermined] {
        assert!(verdicts.contains(&verdict), "{verdict:?}");
    }
}

#[test]
fn many_are_verified_as_each_by_itself_whatever_the_number_of_threads() {
    let mut world = World::usual();
    let bodies = bodies(&mut world);
    let (policy, ledger, now) = (world.policy(), world.ledger(), world.now);
    let alone: Vec<_> = bodies.iter().map(|body| verify(body, &policy, &ledger, now)).collect();
    for threads in [1, 2, 3, 64] {
        let threads = NonZeroUsize::new(threads).unwrap();
        assert_eq!(verify_many(&bodies, &policy, &ledger, now, threads), alone);
    }
    let none: [&[u8]; 0] = [];
    assert!(verify_many(&none, &policy, &ledger, now, NonZeroUsize::MIN).is_empty());
}
