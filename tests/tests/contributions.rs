//! Contribution attestations through the whole of verification: whose word counts for which branch.

use carnet_proto::cbor::Encode as _;
use carnet_proto::classification::Country;
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::contribution::Contribution;
use carnet_proto::evidence::Evidence;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::Presentation;
use carnet_proto::statement::accreditation::{Branch, Grant};
use carnet_proto::status::Status;
use carnet_proto::text::Line;
use carnet_proto::time::{DAY, Date};
use carnet_proto::verify::policy::{Policy, TrustAnchor, TrustPurpose};
use carnet_proto::verify::report::{Report, Verdict, check, reason};
use carnet_proto::verify::verify;
use carnet_proto::wallet::PresentRequest;
use carnet_tests::world::{
    AUDIENCE, World, grant, line, period, period_by_year, period_grant, welding, worker,
};

/// A clerk who trusts the Philippine ministry for these purposes.
fn clerk(world: &World, purposes: &[TrustPurpose]) -> Policy {
    let anchor = TrustAnchor {
        did: world.did("ph-ministry"),
        name: line("Ministry"),
        purposes: purposes.into(),
    };
    Policy { trust_anchors: vec![anchor], ..world.policy() }
}

/// A world in which the institute has one grant, and one attestation.
fn world(grant: Grant, attested: impl Into<Attested>) -> World {
    let mut world = World::new();
    world.accredit_for("ph-ministry", "ph-institute", grant, 0);
    world.step(DAY);
    world.issue("ph-institute", &worker(), attested);
    world.step(3600);
    world
}

fn present(world: &World, disclose: &[&str]) -> Presentation {
    let indexes: Vec<_> = (0..world.wallet.credentials().len()).collect();
    let disclose: Vec<_> = disclose.iter().map(ToString::to_string).collect();
    let request = PresentRequest {
        audience: AUDIENCE,
        nonce: Some(&[9; 16]),
        issued_at: world.now,
        expires_at: world.now.plus(300),
        disclose: &disclose,
        with_evidence: true,
    };
    world.wallet.present(&indexes, &request, Evidence::join_encoded).unwrap()
}

/// Verifies with whole logs and with evidence alone, which must agree.
fn report(world: &mut World, purposes: &[TrustPurpose], disclose: &[&str]) -> Report {
    world.refresh();
    let policy = clerk(world, purposes);
    let stapled = present(world, disclose);
    let bare = Presentation { evidence: None, ..stapled.clone() };
    let whole = verify(&bare.to_cbor(), &policy, &world.ledger(), world.now);
    let alone = verify(&stapled.to_cbor(), &policy, &Ledger::new(), world.now);
    assert_eq!(whole.verdict, alone.verdict, "{whole:#?}\n{alone:#?}");
    whole
}

fn decided(report: &Report, at: usize) -> Option<(&'static str, &'static str)> {
    report.credentials[at].decisive().map(|check| (check.id, check.reason.id))
}

const CONTRIBUTION: &[TrustPurpose] = &[TrustPurpose::Contribution];

#[test]
fn a_period_is_valid_if_a_body_trusted_for_periods_vouches_for_every_branch_of_it() {
    let mut world = world(period_grant(&["PH"]), period());
    let report = report(&mut world, CONTRIBUTION, &[]);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    let disclosed = report.credentials[0].disclosed.as_ref().unwrap();
    assert_eq!(disclosed.attested, Attested::from(period()));
    assert_eq!(disclosed.person, Person::default());
}

#[test]
fn an_issuer_without_authority_for_a_branch_is_refused_and_the_branch_is_to_blame() {
    let only_old_age = Grant { branches: vec![Branch::OldAge], ..period_grant(&["PH"]) };
    let other_state = period_grant(&["DE"]);
    for (grant, part) in [(only_old_age, "branch"), (other_state, "country")] {
        let mut world = world(grant, period());
        let report = report(&mut world, CONTRIBUTION, &[]);
        assert_eq!(report.verdict, Verdict::Invalid);
        assert_eq!(decided(&report, 0), Some((check::PATH, reason::OUTSIDE_SCOPE)));
        let args = &report.credentials[0].check(check::PATH).unwrap().reason.args;
        assert!(args.contains(&("part", part.to_owned())), "{args:?}");
    }
    let mut skills = world(grant(&["72"]), period());
    let report = report(&mut skills, CONTRIBUTION, &[]);
    assert_eq!(decided(&report, 0), Some((check::PATH, reason::OUTSIDE_SCOPE)));
}

#[test]
fn trust_for_skills_is_no_trust_for_periods_nor_the_reverse() {
    let none = Some((check::PATH, reason::NO_TRUST_ANCHOR));
    let mut periods = world(period_grant(&["PH"]), period());
    let of_periods = report(&mut periods, &[TrustPurpose::Skill], &[]);
    assert_eq!(of_periods.verdict, Verdict::Undetermined);
    assert_eq!(of_periods.credentials[0].check(check::PATH).map(|c| (c.id, c.reason.id)), none);
    let mut skills = world(grant(&["72"]), welding());
    let of_skills = report(&mut skills, CONTRIBUTION, &[]);
    assert_eq!(of_skills.credentials[0].check(check::PATH).map(|c| (c.id, c.reason.id)), none);
    let both = report(&mut skills, TrustPurpose::ALL, &[]);
    assert_eq!(both.verdict, Verdict::Valid);
}

#[test]
fn one_presentation_may_hold_a_skill_and_a_period() {
    let mut world = world(grant(&["72"]), welding());
    world.accredit_for("ph-ministry", "ph-institute", period_grant(&["PH"]), 0);
    world.step(DAY);
    world.issue("ph-institute", &worker(), period_by_year());
    world.step(3600);
    let disclose = ["name_latin", "birth_date", "years"];
    let both = report(&mut world, TrustPurpose::ALL, &disclose);
    assert_eq!(both.verdict, Verdict::Valid, "{both:#?}");
    let shown = |at: usize| &both.credentials[at].disclosed.as_ref().unwrap().attested;
    assert!(shown(0).skill().is_some());
    let years = &shown(1).contribution().unwrap().years;
    assert_eq!(years.len(), 3);
    assert!(both.credentials[1].withheld.contains(&"earnings"));
    assert!(!both.credentials[1].withheld.contains(&"years"));
}

#[test]
fn a_revoked_period_is_invalid_and_two_holders_are_not_one() {
    let mut revoked = world(period_grant(&["PH"]), period());
    revoked.set_status("ph-institute", 1000, Status::Invalid);
    revoked.step(60);
    let report_of = report(&mut revoked, CONTRIBUTION, &[]);
    assert_eq!(report_of.verdict, Verdict::Invalid);
    assert_eq!(decided(&report_of, 0), Some((check::STATUS, reason::REVOKED)));

    let mut two = world(period_grant(&["PH"]), period());
    let other = Person {
        name_latin: Line::parse("Another Person").ok(),
        birth_date: Date::parse("1990-01-01"),
        document_number: None,
        ..worker()
    };
    two.issue("ph-institute", &other, period());
    two.step(60);
    let report_of = report(&mut two, CONTRIBUTION, &["name_latin", "birth_date"]);
    assert_eq!(report_of.verdict, Verdict::Undetermined);
    assert_eq!(decided(&report_of, 1), Some((check::SAME_SUBJECT, reason::SUBJECT_NOT_SHOWN)));
}

#[test]
fn the_law_of_another_state_needs_its_own_grant() {
    let abroad = Contribution { legislation: Country::parse("DE").unwrap(), ..period() };
    let mut both = world(period_grant(&["PH", "DE"]), abroad);
    assert_eq!(report(&mut both, CONTRIBUTION, &[]).verdict, Verdict::Valid);
}
