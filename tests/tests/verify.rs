//! Every verdict that users rely on, each reached twice: with the logs whole, as a node has them, and
//! from the stapled evidence alone.

use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::evidence::Evidence;
use carnet_proto::key::Seed;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingToken, Presentation};
use carnet_proto::profile::AUDIENCE_ANYONE;
use carnet_proto::status::Status;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::{Accept, Policy};
use carnet_proto::verify::report::{Report, Verdict, check, reason};
use carnet_proto::verify::verify;
use carnet_proto::wallet::PresentRequest;
use carnet_tests::world::{AUDIENCE, World, welding, worker};

/// Verifies with the whole logs, and with the stapled evidence alone; both must agree.
fn both(world: &mut World, policy: &Policy, presentation: &Presentation) -> Report {
    world.refresh();
    let whole = verify(&presentation.to_cbor(), policy, &world.ledger(), world.now);
    let evidence: Vec<_> = world
        .wallet
        .credentials()
        .iter()
        .filter_map(|credential| credential.evidence.as_ref().map(|e| e.0.as_slice()))
        .collect();
    let stapled =
        Presentation { evidence: Evidence::join_encoded(&evidence), ..presentation.clone() };
    let alone = verify(&stapled.to_cbor(), policy, &Ledger::new(), world.now);
    assert_eq!(whole.verdict, alone.verdict, "{whole:#?}\n{alone:#?}");
    for (a, b) in whole.credentials.iter().zip(&alone.credentials) {
        assert_eq!(a.decisive().map(|c| c.id), b.decisive().map(|c| c.id), "{a:#?}\n{b:#?}");
        assert_eq!(a.path, b.path);
        assert_eq!(a.proven_time, b.proven_time);
    }
    whole
}

#[track_caller]
fn assert_decided(report: &Report, verdict: Verdict, check: &str, reason: &str) {
    let credential = &report.credentials[0];
    let decisive = credential.decisive().map(|c| (c.id, c.reason.id));
    assert_eq!((report.verdict, decisive), (verdict, Some((check, reason))), "{credential:#?}");
}

#[test]
fn a_genuine_credential_is_valid_and_the_path_is_told() {
    let mut world = World::usual();
    let report = {
        let presentation = world.present(0);
        let policy = world.policy();
        both(&mut world, &policy, &presentation)
    };
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    let credential = &report.credentials[0];
    assert_eq!(
        credential.checks.iter().map(|c| c.id).collect::<Vec<_>>(),
        check::ALL,
        "every check is listed"
    );
    let path = credential.path.as_ref().unwrap();
    let names: Vec<_> = path.iter().map(|link| link.name().as_str()).collect();
    assert_eq!(
        names,
        ["Federal Office", "Skills Authority of the Philippines", "Institute ph-institute"]
    );
    let disclosed = credential.disclosed.as_ref().unwrap();
    assert_eq!(disclosed.person.name_latin, worker().name_latin);
    assert_eq!(disclosed.person.document_number, None);
    assert!(credential.withheld.contains(&"document_number"));
    assert!(!credential.withheld.contains(&"assessment"));
}

#[test]
fn a_forged_issuer_key_is_invalid() {
    let mut world = World::usual();
    let forger = Seed::new([0xee; 32]);
    let until = world.now.plus(365 * DAY);
    world.issue_with("ph-institute", &worker(), welding(), until, Some(&forger));
    world.step(60);
    let (presentation, policy) = (world.present(1), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::ISSUER_KEY, reason::KEY_UNKNOWN);
}

#[test]
fn an_altered_claim_is_invalid() {
    let mut world = World::usual();
    let mut presentation = world.present(0);
    let token = &mut presentation.presented[0].token;
    let at = token.windows(6).position(|w| w == b"Ligaya").unwrap();
    token[at] = b'M';
    let policy = world.policy();
    let report = both(&mut world, &policy, &presentation);
    let failed: Vec<_> = report.credentials[0]
        .checks
        .iter()
        .filter(|c| c.outcome == carnet_proto::verify::report::Outcome::Fail)
        .map(|c| c.id)
        .collect();
    assert_eq!(report.verdict, Verdict::Invalid);
    assert!(failed.contains(&check::DISCLOSURES), "{failed:?}");
}

#[test]
fn a_replayed_unknown_or_late_nonce_is_invalid() {
    let mut world = World::usual();
    let presentation = world.present(0);
    let mut policy = world.policy();
    let nonces = |policy: &mut Policy| match &mut policy.accept {
        Accept::Live(nonces) => std::mem::take(nonces),
        Accept::Prepared => unreachable!(),
    };
    let mut issued = nonces(&mut policy);
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::HOLDER_BINDING, reason::NONCE_UNKNOWN);
    issued[0].used = true;
    policy.accept = Accept::Live(issued.clone());
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::HOLDER_BINDING, reason::NONCE_USED);
    issued[0].used = false;
    issued[0].expires_at = world.now.minus(301);
    policy.accept = Accept::Live(issued);
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::HOLDER_BINDING, reason::NONCE_EXPIRED);
}

#[test]
fn another_audience_is_invalid() {
    let mut world = World::usual();
    let presentation = world.present_as(&[0], "urn:carnet:verifier:other", Some(&[9; 16]), false);
    let policy = world.policy();
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::HOLDER_BINDING, reason::WRONG_AUDIENCE);
}

#[test]
fn another_holders_key_is_invalid() {
    let mut world = World::usual();
    let mut presentation = world.present(0);
    let token = KeyBindingToken::parse(&presentation.presented[0].token).unwrap();
    let sd_cwt = token.credential.with_disclosures(|_| true);
    let thief = Seed::new([0xdd; 32]).credential_key(&[0; 16]);
    presentation.presented[0].token = KeyBindingToken::sign(&sd_cwt, &token.claims, &thief);
    let policy = world.policy();
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::HOLDER_BINDING, reason::HOLDER_SIGNATURE);
}

#[test]
fn a_copy_is_valid_only_where_copies_are_accepted() {
    let mut world = World::usual();
    let copy = world.present_as(&[0], AUDIENCE_ANYONE, None, false);
    let mut policy = world.policy();
    let report = both(&mut world, &policy, &copy);
    assert_eq!(report.verdict, Verdict::Invalid);
    policy.accept = Accept::Prepared;
    let report = both(&mut world, &policy, &copy);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    assert!(report.credentials[0].prepared);
    let live = world.present(0);
    let report = both(&mut world, &policy, &live);
    assert_decided(&report, Verdict::Invalid, check::HOLDER_BINDING, reason::LIVE_UNASKED);
}

#[test]
fn an_expired_credential_is_invalid() {
    let mut world = World::usual();
    let until = world.now.plus(2 * DAY);
    world.issue_with("ph-institute", &worker(), welding(), until, None);
    world.step(DAY);
    let presentation = world.present(1);
    world.step(2 * DAY);
    let policy = world.policy();
    let report = both(&mut world, &policy, &presentation);
    assert_eq!(report.verdict, Verdict::Invalid);
    let time = report.credentials[0].check(check::TIME).unwrap();
    assert_eq!(time.reason.id, reason::EXPIRED);
}

#[test]
fn revoked_and_suspended_are_invalid_and_a_lifted_suspension_is_valid() {
    let mut world = World::usual();
    for (status, expected) in [
        (Status::Suspended, Some(reason::SUSPENDED)),
        (Status::Valid, None),
        (Status::Invalid, Some(reason::REVOKED)),
    ] {
        world.set_status("ph-institute", 1000, status);
        world.step(60);
        let (presentation, policy) = (world.present(0), world.policy());
        let report = both(&mut world, &policy, &presentation);
        match expected {
            None => assert_eq!(report.verdict, Verdict::Valid),
            Some(reason) => assert_decided(&report, Verdict::Invalid, check::STATUS, reason),
        }
    }
}

#[test]
fn an_occupation_outside_the_accreditation_is_invalid() {
    let mut world = World::usual();
    let mut nursing = welding();
    nursing.occupation = carnet_proto::classification::Occupation::parse("2221").unwrap();
    world.issue("ph-institute", &worker(), &nursing);
    world.step(60);
    let (presentation, policy) = (world.present(1), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::PATH, reason::OUTSIDE_SCOPE);
}

/// A world in which the institute's accreditation is withdrawn before or after the credential.
fn withdrawn(before: bool, retroactive: bool) -> World {
    let mut world = World::new();
    let accreditation = world.accredit("ph-ministry", "ph-institute", &["72"], 0);
    world.agree();
    for name in
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
    {
        world.ratify(name);
    }
    world.step(DAY);
    if before {
        world.withdraw("ph-ministry", accreditation, retroactive);
        world.step(DAY);
    }
    world.issue("ph-institute", &worker(), welding());
    world.step(DAY);
    if !before {
        world.withdraw("ph-ministry", accreditation, retroactive);
        world.step(DAY);
    }
    world
}

#[test]
fn an_accreditation_withdrawn_before_is_invalid_and_afterwards_still_valid() {
    let mut world = withdrawn(true, false);
    let (presentation, policy) = (world.present(0), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Invalid, check::PATH, reason::ACCREDITATION_WITHDRAWN);

    let mut world = withdrawn(false, false);
    let (presentation, policy) = (world.present(0), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
}

#[test]
fn a_retroactive_withdrawal_makes_earlier_credentials_undetermined_never_invalid() {
    let mut world = withdrawn(false, true);
    let (presentation, policy) = (world.present(0), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Undetermined, check::PATH, reason::WITHDRAWN_RETROACTIVELY);
}

#[test]
fn evidence_without_the_withdrawal_is_undetermined_not_valid() {
    let mut world = withdrawn(true, false);
    world.refresh();
    let mut presentation = world.present_as(&[0], AUDIENCE, Some(&[9; 16]), true);
    let mut evidence = Evidence::from_cbor(presentation.evidence.as_ref().unwrap()).unwrap();
    for log in &mut evidence.logs {
        for statement in &mut log.statements {
            // The forger claims that the accreditation is in force.
            statement.state = carnet_proto::statement::standing::State::InForce;
        }
    }
    presentation.evidence = Some(evidence.to_cbor());
    let policy = world.policy();
    let report = verify(&presentation.to_cbor(), &policy, &Ledger::new(), world.now);
    assert_decided(&report, Verdict::Undetermined, check::PATH, reason::NO_PATH);
}

#[test]
fn an_unknown_issuer_is_undetermined() {
    let mut world = World::usual();
    world.issue("stranger", &worker(), welding());
    world.step(60);
    let (presentation, policy) = (world.present(1), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_eq!(report.verdict, Verdict::Undetermined);
    let path = report.credentials[0].check(check::PATH).unwrap();
    assert_eq!(path.reason.id, reason::NO_PATH);
}

#[test]
fn an_agreement_that_lacks_a_ratification_is_undetermined_and_says_whose() {
    let mut world = World::new();
    world.accredit("ph-ministry", "ph-institute", &["72"], 0);
    world.agree();
    for name in ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-employers"] {
        world.ratify(name);
    }
    world.issue("ph-institute", &worker(), welding());
    world.step(60);
    let (presentation, policy) = (world.present(0), world.policy());
    let report = both(&mut world, &policy, &presentation);
    let path = report.credentials[0].check(check::PATH).unwrap();
    assert_eq!(report.verdict, Verdict::Undetermined);
    assert_eq!(path.reason.id, reason::AGREEMENT_NOT_RATIFIED);
    assert!(path.reason.args.contains(&("missing", "de union".into())), "{path:?}");
}

#[test]
fn stale_evidence_is_undetermined() {
    let mut world = World::usual();
    world.refresh();
    world.now = world.now.plus(2 * DAY);
    let presentation = world.present_as(&[0], AUDIENCE, Some(&[9; 16]), true);
    let policy = world.policy();
    let report = verify(&presentation.to_cbor(), &policy, &Ledger::new(), world.now);
    assert_eq!(report.verdict, Verdict::Undetermined);
    let witnesses = report.credentials[0].check(check::WITNESSES).unwrap();
    assert!(
        [reason::VIEW_STALE, reason::NO_QUORUM].contains(&witnesses.reason.id),
        "{witnesses:?}"
    );
}

#[test]
fn a_stale_status_list_is_undetermined() {
    let mut world = World::usual();
    // The institute stops publishing; the witnesses go on cosigning what it has.
    world.now = world.now.plus(8 * DAY);
    world.cosign_all();
    let (presentation, policy) = (world.present(0), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Undetermined, check::STATUS, reason::STATUS_STALE);
}

#[test]
fn a_credential_without_its_anchor_is_undetermined() {
    let mut world = World::usual();
    let mut presentation = world.present(0);
    presentation.presented[0].anchor = None;
    let policy = world.policy();
    let report = both(&mut world, &policy, &presentation);
    assert_decided(&report, Verdict::Undetermined, check::ANCHOR, reason::ANCHOR_MISSING);
}

#[test]
fn two_peoples_credentials_in_one_container_are_undetermined() {
    let mut world = World::usual();
    let mut other = worker();
    other.name_latin = Some(carnet_tests::world::line("Tala Halimbawa"));
    other.birth_date = carnet_proto::time::Date::parse("1991-01-02");
    world.issue("ph-institute", &other, welding());
    world.issue("ph-institute", &worker(), welding());
    world.step(60);
    let policy = world.policy();
    let mixed = world.present_as(&[0, 1], AUDIENCE, Some(&[9; 16]), false);
    let report = both(&mut world, &policy, &mixed);
    assert_decided(&report, Verdict::Undetermined, check::SAME_SUBJECT, reason::SUBJECT_NOT_SHOWN);
    let same = world.present_as(&[0, 2], AUDIENCE, Some(&[9; 16]), false);
    assert_eq!(both(&mut world, &policy, &same).verdict, Verdict::Valid);
}

#[test]
fn one_name_and_two_document_numbers_are_not_shown_to_be_one_person() {
    let mut world = World::usual();
    let mut renewed = worker();
    renewed.document_number = Some(carnet_tests::world::line("X0000018"));
    world.issue("ph-institute", &renewed, welding());
    world.step(60);
    let policy = world.policy();
    let withheld = world.present_as(&[0, 1], AUDIENCE, Some(&[9; 16]), false);
    assert_eq!(both(&mut world, &policy, &withheld).verdict, Verdict::Valid);
    let request = PresentRequest {
        audience: AUDIENCE,
        nonce: Some(&[9; 16]),
        issued_at: world.now,
        expires_at: world.now.plus(300),
        disclose: &["name_latin".into(), "birth_date".into(), "document_number".into()],
        with_evidence: false,
    };
    let shown = world.wallet.present(&[0, 1], &request, Evidence::join_encoded).unwrap();
    let report = both(&mut world, &policy, &shown);
    let (id, why) = (check::SAME_SUBJECT, reason::SUBJECT_OTHER_DOCUMENTS);
    assert_decided(&report, Verdict::Undetermined, id, why);
}

#[test]
fn a_token_moved_into_or_out_of_a_container_is_invalid() {
    let mut world = World::usual();
    world.issue("ph-institute", &worker(), welding());
    world.step(60);
    let policy = world.policy();
    let two = world.present_as(&[0, 1], AUDIENCE, Some(&[9; 16]), false);
    let mut alone = two.clone();
    alone.presented.truncate(1);
    let report = both(&mut world, &policy, &alone);
    assert_decided(&report, Verdict::Invalid, check::CONTAINER, reason::CONTAINER_MISMATCH);
    let mut joined = world.present(0);
    joined.presented.extend(world.present(1).presented);
    let report = both(&mut world, &policy, &joined);
    assert_decided(&report, Verdict::Invalid, check::CONTAINER, reason::CONTAINER_MISMATCH);
}

#[test]
fn a_disclosure_from_another_credential_is_invalid() {
    let mut world = World::usual();
    world.issue("ph-institute", &worker(), welding());
    world.step(60);
    let mut presentation = world.present(0);
    let other = world.present(1);
    let ours = KeyBindingToken::parse(&presentation.presented[0].token).unwrap();
    let theirs = KeyBindingToken::parse(&other.presented[0].token).unwrap();
    // The first disclosure of one takes the place of the first of the other.
    let (mine, foreign) = (ours.credential.disclosures()[0], theirs.credential.disclosures()[0]);
    let mut sd_cwt = ours.credential.with_disclosures(|_| true);
    let at = sd_cwt.windows(mine.len()).position(|w| w == mine).unwrap();
    sd_cwt.splice(at..at + mine.len(), foreign.iter().copied());
    let key = world.wallet.key(&world.wallet.credentials()[0]);
    presentation.presented[0].token = KeyBindingToken::sign(&sd_cwt, &ours.claims, &key);
    let policy = world.policy();
    let report = both(&mut world, &policy, &presentation);
    let disclosures = report.credentials[0].check(check::DISCLOSURES).unwrap();
    assert_eq!(report.verdict, Verdict::Invalid);
    assert_eq!(disclosures.reason.id, reason::DISCLOSURE_WRONG);
}

#[test]
fn a_flipped_bit_anywhere_in_the_token_or_anchor_is_never_valid() {
    let mut world = World::usual();
    let presentation = world.present(0);
    let policy = world.policy();
    let ledger = world.ledger();
    let body = presentation.to_cbor();
    assert_eq!(verify(&body, &policy, &ledger, world.now).verdict, Verdict::Valid);
    for at in 0..body.len() {
        let mut bad = body.clone();
        bad[at] ^= 1 << (at % 8);
        let report = verify(&bad, &policy, &ledger, world.now);
        assert_ne!(report.verdict, Verdict::Valid, "byte {at}: {report:#?}");
    }
    world.step(1);
}

#[test]
fn two_witnesses_on_one_node_count_once() {
    let mut world = World::usual();
    world.step(60);
    let node = carnet_proto::statement::profile::NodeAddress {
        peer: carnet_tests::world::line("12D3KooWshared"),
        addresses: vec![],
    };
    // All three Philippine witnesses turn out to run on one node: their quorum of 2 is gone.
    for name in ["ph-ministry", "ph-union", "ph-employers"] {
        let view = world.institutions[name].replica.view().clone();
        let carnet_proto::ledger::ProfileView::Known(mut profile) = view.profile.clone() else {
            panic!("a profile")
        };
        profile.nodes = vec![node.clone()];
        world.say(name, profile);
    }
    world.step(60);
    let (presentation, policy) = (world.present(0), world.policy());
    let report = both(&mut world, &policy, &presentation);
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
}

#[test]
fn the_age_told_is_that_of_the_oldest_view_on_the_path() {
    let mut world = World::usual();
    let report = |world: &mut World| {
        let (presentation, policy) = (world.present(0), world.policy());
        both(world, &policy, &presentation)
    };
    assert_eq!(report(&mut world).evidence_age, Some(0));
    // The witnesses cosign everything again an hour later, but not the institute's log.
    world.now = world.now.plus(3600);
    for name in
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
    {
        world.cosign(name);
    }
    assert_eq!(report(&mut world).evidence_age, Some(3600));
    world.cosign("ph-institute");
    assert_eq!(report(&mut world).evidence_age, Some(0));
}
