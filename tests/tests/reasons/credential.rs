//! The credential: its signature, claims, times and status.

use carnet_proto::cbor::{Decode as _, Encode as _, Value};
use carnet_proto::id::Digest;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::Ledger;
use carnet_proto::profile::{VCT_SKILL, claim};
use carnet_proto::status::{MIN_ENTRIES, Status, StatusList};
use carnet_proto::time::DAY;
use carnet_proto::verify::report::{Outcome, Verdict, check, reason};
use carnet_proto::verify::verify;
use carnet_tests::world::{START, World, welding, worker};

use crate::support::{
    altered, anchored, answer, both, crafted, expect, institutes_key, presented, set,
};

#[test]
fn a_crafted_credential_without_a_flaw_is_valid() {
    let mut world = World::usual();
    let presentation = crafted(&mut world, |_| {});
    let reports = both(&world, &world.policy(), &presentation);
    expect(&reports, Verdict::Valid, check::ISSUER_SIGNATURE, Outcome::Pass, reason::OK);
}

#[test]
fn a_signature_of_another_key_under_the_issuers_key_identifier_is_invalid() {
    let mut world = World::usual();
    let forger = Seed::new([0xee; 32]).signing_key(Purpose::Credential);
    let sd_cwt = altered(&world, &forger, |_| {});
    let anchor = anchored(&mut world, &sd_cwt, VCT_SKILL);
    let forged = presented(&world, &sd_cwt, anchor, &answer(&world));
    let reports = both(&world, &world.policy(), &forged);
    let (signature, wrong) = (check::ISSUER_SIGNATURE, reason::SIGNATURE_WRONG);
    expect(&reports, Verdict::Invalid, signature, Outcome::Fail, wrong);
    expect(&reports, Verdict::Invalid, check::ISSUER_KEY, Outcome::Pass, reason::OK);
}

#[test]
fn an_unknown_key_in_a_view_too_old_to_rely_on_is_undetermined() {
    let mut world = World::usual();
    let forger = Seed::new([0xee; 32]);
    let until = world.now.plus(365 * DAY);
    world.issue_with("ph-institute", &worker(), welding(), until, Some(&forger));
    world.now = world.now.plus(2 * DAY);
    let reports = both(&world, &world.policy(), &world.present(1));
    let (undetermined, stale) = (Outcome::Undetermined, reason::KEY_UNKNOWN_STALE);
    expect(&reports, Verdict::Undetermined, check::ISSUER_KEY, undetermined, stale);
    let stale = reason::VIEW_STALE;
    expect(&reports, Verdict::Undetermined, check::WITNESSES, undetermined, stale);
}

#[test]
fn a_verifier_that_knows_no_log_cannot_tell_who_issued() {
    let world = World::usual();
    let body = world.present(0).to_cbor();
    let report = [verify(&body, &world.policy(), &Ledger::new(), world.now)];
    let (undetermined, unknown) = (Outcome::Undetermined, reason::ISSUER_UNKNOWN);
    expect(&report, Verdict::Undetermined, check::ISSUER_KEY, undetermined, unknown);
    let (signature, depends) = (check::ISSUER_SIGNATURE, reason::DEPENDS);
    expect(&report, Verdict::Undetermined, signature, Outcome::NotChecked, depends);
}

#[test]
fn claims_that_the_format_does_not_have_are_invalid_whoever_signed_them() {
    let (live, depends) = ((Outcome::Pass, reason::LIVE), (Outcome::NotChecked, reason::DEPENDS));
    // What can still be judged is judged: without the times, nothing can be said of the holder.
    for (key, value, (holder, why)) in [
        (claim::AUD, Some("urn:carnet:anyone".into()), live),
        (500, Some(Value::Null), live),
        (claim::EXP, Some("tomorrow".into()), depends),
        (claim::IAT, Some(Value::Int(-1)), depends),
        (claim::CTI, None, live),
        (claim::STATUS, Some(Value::Map(vec![])), live),
    ] {
        let mut world = World::usual();
        let presentation = crafted(&mut world, |claims| match value {
            Some(value) => set(claims, key, value),
            None => claims.retain(|(known, _)| *known != Value::Int(key.into())),
        });
        let reports = both(&world, &world.policy(), &presentation);
        let wrong = reason::CLAIMS_WRONG;
        expect(&reports, Verdict::Invalid, check::CLAIM_SHAPE, Outcome::Fail, wrong);
        expect(&reports, Verdict::Invalid, check::HOLDER_BINDING, holder, why);
        expect(&reports, Verdict::Invalid, check::ISSUER_SIGNATURE, Outcome::Pass, reason::OK);
    }
}

#[test]
fn a_credential_type_of_a_later_version_is_undetermined_never_invalid() {
    let mut world = World::usual();
    let presentation = crafted(&mut world, |c| set(c, claim::VCT, "urn:carnet:skill:2"));
    let reports = both(&world, &world.policy(), &presentation);
    let (undetermined, unsupported) = (Outcome::Undetermined, reason::TYPE_UNSUPPORTED);
    expect(&reports, Verdict::Undetermined, check::CLAIM_SHAPE, undetermined, unsupported);
}

#[test]
fn a_credential_of_the_future_does_not_count_yet() {
    for (ahead, outcome, reason) in
        [(300, Outcome::Pass, reason::OK), (301, Outcome::Fail, reason::NOT_YET_VALID)]
    {
        let mut world = World::usual();
        let from = world.now.plus(ahead);
        let presentation = crafted(&mut world, |claims| set(claims, claim::IAT, from.0));
        let reports = both(&world, &world.policy(), &presentation);
        // Nobody can present it before it was issued, so that the verdict is invalid either way.
        expect(&reports, Verdict::Invalid, check::TIME, outcome, reason);
    }
}

#[test]
fn times_that_contradict_each_other_are_invalid() {
    let day = START.plus(DAY).0;
    for (not_before, issued_at, expires_at, is_right) in [
        (Some(day), day, day + 365 * DAY, true),
        (Some(day + 1), day, day + 365 * DAY, false),
        (None, day, day, false),
        (None, day + 1, day, false),
    ] {
        let mut world = World::usual();
        let presentation = crafted(&mut world, |claims| {
            set(claims, claim::IAT, issued_at);
            set(claims, claim::EXP, expires_at);
            if let Some(not_before) = not_before {
                set(claims, claim::NBF, not_before);
            }
        });
        let reports = both(&world, &world.policy(), &presentation);
        let (verdict, outcome, reason) = match is_right {
            true => (Verdict::Valid, Outcome::Pass, reason::OK),
            false => (Verdict::Invalid, Outcome::Fail, reason::TIMES_WRONG),
        };
        expect(&reports, verdict, check::TIME, outcome, reason);
    }
}

#[test]
fn a_qualification_counts_to_the_end_of_its_last_day() {
    let mut world = World::usual();
    let mut skill = welding();
    skill.valid_until = Some(world.now.date());
    world.issue("ph-institute", &worker(), &skill);
    world.step(60);
    let reports = both(&world, &world.policy(), &world.present(1));
    expect(&reports, Verdict::Valid, check::TIME, Outcome::Pass, reason::OK);
    world.step(DAY);
    let reports = both(&world, &world.policy(), &world.present(1));
    let ended = reason::QUALIFICATION_ENDED;
    expect(&reports, Verdict::Invalid, check::TIME, Outcome::Fail, ended);
}

/// A list with entries of another width over the same bytes.
fn with_bits(list: &StatusList, bits: u8) -> StatusList {
    let mut bytes = list.to_cbor();
    *bytes.last_mut().unwrap() = bits;
    StatusList::from_cbor(&bytes).unwrap()
}

#[test]
fn a_status_value_without_meaning_is_invalid() {
    let mut world = World::usual();
    // Two entries of one bit are one of two.
    let mut list = with_bits(&StatusList::new(MIN_ENTRIES), 1);
    assert!(list.set(2000, Status::Invalid) && list.set(2001, Status::Invalid));
    let list = with_bits(&list, 2);
    assert_eq!((list.value(1000), list.value(1001)), (Some(3), Some(0)));
    world.institutions.get_mut("ph-institute").unwrap().list = list;
    world.step(60);
    let reports = both(&world, &world.policy(), &world.present(0));
    let value = reason::STATUS_VALUE;
    expect(&reports, Verdict::Invalid, check::STATUS, Outcome::Fail, value);
}

#[test]
fn a_status_in_no_list_or_in_anothers_is_never_valid() {
    let own = |world: &World| format!("{}/status/0", world.did("ph-institute"));
    let second = |world: &World| format!("{}/status/1", world.did("ph-institute"));
    let others = |world: &World| format!("{}/status/0", world.did("stranger"));
    let web = |_: &World| "https://status.example/0".to_owned();
    let last = u64::from(MIN_ENTRIES) - 1;
    let (valid, invalid) = (Verdict::Valid, Verdict::Invalid);
    type Uri = fn(&World) -> String;
    let cases: [(Uri, u64, Verdict, Outcome, &str); 6] = [
        (own, last, valid, Outcome::Pass, reason::OK),
        (own, last + 1, invalid, Outcome::Fail, reason::STATUS_INDEX),
        (own, u64::MAX, invalid, Outcome::Fail, reason::STATUS_INDEX),
        (others, 1000, invalid, Outcome::Fail, reason::STATUS_OTHER_ISSUER),
        (web, 1000, invalid, Outcome::Fail, reason::STATUS_OTHER_ISSUER),
        (second, 1000, Verdict::Undetermined, Outcome::Undetermined, reason::STATUS_UNKNOWN),
    ];
    for (uri, index, verdict, outcome, reason) in cases {
        let mut world = World::usual();
        let uri = Value::Text(uri(&world));
        let list = Value::Map(vec![("idx".into(), index.into()), ("uri".into(), uri)]);
        let presentation = crafted(&mut world, |claims| {
            set(claims, claim::STATUS, Value::Map(vec![("status_list".into(), list)]));
        });
        let reports = both(&world, &world.policy(), &presentation);
        expect(&reports, verdict, check::STATUS, outcome, reason);
    }
}

#[test]
fn a_credential_is_proven_by_its_own_batch_of_its_own_type_and_no_other() {
    let mut world = World::usual();
    world.issue("ph-institute", &worker(), welding());
    let sd_cwt = altered(&world, &institutes_key(&world), |_| {});
    let of_another_type = anchored(&mut world, &sd_cwt, "urn:carnet:other:1");
    world.step(60);
    let genuine = world.present(0);
    let mut foreign = genuine.clone();
    foreign.presented[0].anchor = world.present(1).presented.remove(0).anchor;
    let mut unknown = genuine.clone();
    unknown.presented[0].anchor.as_mut().unwrap().issuance = Digest::of(b"never logged");
    let typed = presented(&world, &sd_cwt, of_another_type, &answer(&world));
    let (fail, undetermined) = (Outcome::Fail, Outcome::Undetermined);
    for (presentation, verdict, outcome, reason) in [
        (genuine, Verdict::Valid, Outcome::Pass, reason::PROVEN),
        (foreign, Verdict::Invalid, fail, reason::ANCHOR_WRONG),
        (typed, Verdict::Invalid, fail, reason::ANCHOR_WRONG),
        (unknown, Verdict::Undetermined, undetermined, reason::ISSUANCE_UNKNOWN),
    ] {
        let reports = both(&world, &world.policy(), &presentation);
        expect(&reports, verdict, check::ANCHOR, outcome, reason);
    }
}

#[test]
fn a_credential_dated_after_its_batch_was_logged_is_invalid() {
    let mut world = World::usual();
    let proven = world.now;
    for (after, verdict, outcome, reason) in [
        (300, Verdict::Valid, Outcome::Pass, reason::PROVEN),
        (301, Verdict::Invalid, Outcome::Fail, reason::ISSUED_AFTER_ANCHOR),
    ] {
        world.now = proven;
        let sd_cwt = altered(&world, &institutes_key(&world), |claims| {
            set(claims, claim::IAT, proven.plus(after).0);
        });
        let anchor = anchored(&mut world, &sd_cwt, VCT_SKILL);
        world.step(3600);
        let presentation = presented(&world, &sd_cwt, anchor, &answer(&world));
        let reports = both(&world, &world.policy(), &presentation);
        expect(&reports, verdict, check::ANCHOR, outcome, reason);
    }
}
