//! The container and what the holder says.

use carnet_proto::cbor::{Encode as _, Encoder};
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::Presentation;
use carnet_proto::profile::{AUDIENCE_ANYONE, MAX_LIVE_SECONDS, MAX_PREPARED_SECONDS};
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::{Accept, Policy};
use carnet_proto::verify::report::{Outcome, Report, Verdict, check, reason};
use carnet_proto::verify::verify;
use carnet_proto::wallet::{PresentRequest, contents_of};
use carnet_tests::world::{AUDIENCE, World, welding, worker};

use crate::support::{both, expect, saying};

/// A policy that accepts copies.
fn copies(world: &World) -> Policy {
    Policy { accept: Accept::Prepared, ..world.policy() }
}

/// Asserts that a report fails to decode and makes no other check.
#[track_caller]
fn expect_undecodable(report: Report, reason: &str) {
    for other in &report.credentials[0].checks[1..] {
        // That there is one credential can be told even of one that cannot be read.
        if other.reason.id == reason::SINGLE {
            continue;
        }
        assert_eq!((other.outcome, other.reason.id), (Outcome::NotChecked, reason::DEPENDS));
    }
    expect(&[report], Verdict::Invalid, check::DECODE, Outcome::Fail, reason);
}

#[test]
fn malformed_bytes_containers_and_tokens_are_invalid_and_nothing_else_is_checked() {
    let world = World::usual();
    let good = world.present(0);
    let body = good.to_cbor();
    let mut nothing = good.clone();
    nothing.presented.clear();
    let mut token = good.clone();
    token.presented[0].token.pop();
    let mut unversioned = Encoder::new();
    unversioned.map(0);
    for bad in [
        Vec::new(),
        vec![0xff],
        body[..body.len() - 1].to_vec(),
        [body.as_slice(), b"\0"].concat(),
        unversioned.into_bytes(),
        nothing.to_cbor(),
        token.to_cbor(),
    ] {
        let report = verify(&bad, &world.policy(), &world.ledger(), world.now);
        expect_undecodable(report, reason::MALFORMED);
    }
}

#[test]
fn a_malformed_token_beside_a_good_one_leaves_the_container_unchecked() {
    let mut world = World::usual();
    world.issue("ph-institute", &worker(), welding());
    world.step(60);
    let mut two = world.present_as(&[0, 1], AUDIENCE, Some(&[9; 16]), false);
    two.presented[1].token.pop();
    let report = verify(&two.to_cbor(), &world.policy(), &world.ledger(), world.now);
    assert_eq!(report.verdict, Verdict::Invalid);
    let [good, bad] = report.credentials.as_slice() else { panic!("two credentials") };
    assert_eq!(good.check(check::CONTAINER).unwrap().reason.id, reason::DEPENDS);
    assert_eq!(good.verdict, Verdict::Undetermined, "{good:#?}");
    assert_eq!(bad.check(check::DECODE).unwrap().reason.id, reason::MALFORMED);
}

#[test]
fn malformed_evidence_is_invalid_even_where_it_is_not_needed() {
    let world = World::usual();
    for bad in [b"\xf6".as_slice(), b"\xa0", b"\x81\x00", b"\x81\xa0"] {
        let stapled = Presentation { evidence: Some(bad.into()), ..world.present(0) };
        for ledger in [Ledger::new(), world.ledger()] {
            let report = verify(&stapled.to_cbor(), &world.policy(), &ledger, world.now);
            expect_undecodable(report, reason::MALFORMED_EVIDENCE);
        }
    }
}

#[test]
fn an_answer_and_a_copy_pass_as_what_they_are() {
    let world = World::usual();
    let copy = world.present_as(&[0], AUDIENCE_ANYONE, None, false);
    for (presentation, policy, kind) in
        [(world.present(0), world.policy(), reason::LIVE), (copy, copies(&world), reason::PREPARED)]
    {
        let reports = both(&world, &policy, &presentation);
        expect(&reports, Verdict::Valid, check::HOLDER_BINDING, Outcome::Pass, kind);
        expect(&reports, Verdict::Valid, check::SAME_SUBJECT, Outcome::Pass, reason::SINGLE);
        expect(&reports, Verdict::Valid, check::CONTAINER, Outcome::Pass, reason::OK);
    }
}

#[test]
fn a_copy_for_this_verifier_is_refused_where_an_answer_is_demanded() {
    let world = World::usual();
    let copy = saying(&world, |claims| claims.nonce = None);
    let reports = both(&world, &world.policy(), &copy);
    let refused = reason::PREPARED_REFUSED;
    expect(&reports, Verdict::Invalid, check::HOLDER_BINDING, Outcome::Fail, refused);
    let reports = both(&world, &copies(&world), &copy);
    expect(&reports, Verdict::Valid, check::HOLDER_BINDING, Outcome::Pass, reason::PREPARED);
}

#[test]
fn a_copy_without_a_name_or_birth_date_is_invalid() {
    let world = World::usual();
    for (disclose, is_complete) in [
        (["assessment"].as_slice(), false),
        (&["name_latin"], false),
        (&["birth_date"], false),
        (&["birth_date", "nationality"], false),
        (&["birth_date", "name_native"], true),
    ] {
        let request = PresentRequest {
            audience: AUDIENCE_ANYONE,
            nonce: None,
            issued_at: world.now,
            expires_at: world.now.plus(DAY),
            disclose: &disclose.iter().map(|name| (*name).into()).collect::<Vec<_>>(),
            with_evidence: false,
        };
        let copy = world.wallet.present(&[0], &request, |_| None).unwrap();
        let reports = both(&world, &copies(&world), &copy);
        let (verdict, outcome, reason) = match is_complete {
            true => (Verdict::Valid, Outcome::Pass, reason::OK),
            false => (Verdict::Invalid, Outcome::Fail, reason::PREPARED_INCOMPLETE),
        };
        expect(&reports, verdict, check::CLAIM_SHAPE, outcome, reason);
    }
}

#[test]
fn a_presentation_expires_when_its_time_and_the_skew_have_passed() {
    let mut world = World::usual();
    let answer = world.present(0);
    world.now = world.now.plus(300 + 300);
    let reports = both(&world, &world.policy(), &answer);
    expect(&reports, Verdict::Valid, check::HOLDER_BINDING, Outcome::Pass, reason::LIVE);
    world.now = world.now.plus(1);
    let reports = both(&world, &world.policy(), &answer);
    let expired = reason::PRESENTATION_EXPIRED;
    expect(&reports, Verdict::Invalid, check::HOLDER_BINDING, Outcome::Fail, expired);
}

#[test]
fn a_presentation_from_the_future_is_invalid_beyond_the_skew() {
    let world = World::usual();
    let ahead = |seconds| {
        saying(&world, |claims| {
            claims.issued_at = world.now.plus(seconds);
            claims.expires_at = claims.issued_at.plus(60);
        })
    };
    let reports = both(&world, &world.policy(), &ahead(300));
    expect(&reports, Verdict::Valid, check::HOLDER_BINDING, Outcome::Pass, reason::LIVE);
    let reports = both(&world, &world.policy(), &ahead(301));
    let future = reason::PRESENTATION_FUTURE;
    expect(&reports, Verdict::Invalid, check::HOLDER_BINDING, Outcome::Fail, future);
}

#[test]
fn a_presentation_that_ends_before_it_begins_or_outlives_its_credential_is_invalid() {
    let world = World::usual();
    let credential = contents_of(&world.wallet.credentials()[0]).unwrap().claims;
    let now = world.now;
    for (issued_at, expires_at) in [
        (now, now),
        (now, now.minus(1)),
        (credential.issued_at.minus(1), now.plus(60)),
        (now, credential.expires_at.plus(1)),
        (credential.expires_at, credential.expires_at.plus(60)),
    ] {
        let bad = saying(&world, |claims| {
            (claims.issued_at, claims.expires_at) = (issued_at, expires_at);
        });
        let reports = both(&world, &world.policy(), &bad);
        let times = reason::PRESENTATION_TIMES;
        expect(&reports, Verdict::Invalid, check::HOLDER_BINDING, Outcome::Fail, times);
    }
}

#[test]
fn an_answer_or_a_copy_made_to_count_for_too_long_is_invalid() {
    let world = World::usual();
    for (nonce, policy, longest, kind) in [
        (Some(vec![9; 16]), world.policy(), MAX_LIVE_SECONDS, reason::LIVE),
        (None, copies(&world), MAX_PREPARED_SECONDS, reason::PREPARED),
    ] {
        let lasting = |seconds| {
            saying(&world, |claims| {
                claims.expires_at = world.now.plus(seconds);
                claims.nonce.clone_from(&nonce);
            })
        };
        let reports = both(&world, &policy, &lasting(longest));
        expect(&reports, Verdict::Valid, check::HOLDER_BINDING, Outcome::Pass, kind);
        let reports = both(&world, &policy, &lasting(longest + 1));
        let too_long = reason::PRESENTATION_TOO_LONG;
        expect(&reports, Verdict::Invalid, check::HOLDER_BINDING, Outcome::Fail, too_long);
    }
}
