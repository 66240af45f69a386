//! What an adversary tries: a holder with an accomplice, a thief of keys, a rogue body. None of it is
//! ever `valid`, and none of it makes a verifier forget what it knows.

use carnet_proto::cbor::{Decode as _, Encode as _, Encoder};
use carnet_proto::classification::Country;
use carnet_proto::cose;
use carnet_proto::evidence::Evidence;
use carnet_proto::id::Did;
use carnet_proto::key::Purpose;
use carnet_proto::ledger::{Ledger, ProfileView};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::log::merkle::leaf_hash;
use carnet_proto::presentation::Presentation;
use carnet_proto::profile::{ALG_ED25519, claim, header};
use carnet_proto::statement::Statement;
use carnet_proto::statement::agreement::{
    Agreement, AgreementKind, Body as AgreementBody, Denunciation, Party, Ratification, Signatory,
};
use carnet_proto::statement::profile::{NodeAddress, Role};
use carnet_proto::status::Status;
use carnet_proto::text::{Language, Name};
use carnet_proto::time::{DAY, Validity};
use carnet_proto::verify::policy::{Policy, TrustAnchor, TrustPurpose};
use carnet_proto::verify::report::{Report, Verdict, check, reason};
use carnet_proto::verify::verify;
use carnet_tests::world::{AUDIENCE, START, World, grant, line, welding, worker};

#[path = "attacks/limits.rs"]
mod limits;

/// Presents a credential with evidence gathered now, and verifies it with a ledger.
fn stapled(world: &mut World, index: usize, ledger: &Ledger) -> Report {
    world.refresh();
    let presentation = world.present_as(&[index], AUDIENCE, Some(&[9; 16]), true);
    let policy = world.policy();
    verify(&presentation.to_cbor(), &policy, ledger, world.now)
}

/// As [`stapled`], with the evidence altered first.
fn altered(world: &mut World, ledger: &Ledger, alter: impl FnOnce(&mut Evidence)) -> Report {
    world.refresh();
    let mut presentation = world.present_as(&[0], AUDIENCE, Some(&[9; 16]), true);
    let mut evidence = Evidence::from_cbor(presentation.evidence.as_ref().unwrap()).unwrap();
    alter(&mut evidence);
    presentation.evidence = Some(evidence.to_cbor());
    verify(&presentation.to_cbor(), &world.policy(), ledger, world.now)
}

fn whole(world: &World, index: usize, policy: &Policy) -> Report {
    verify(&world.present(index).to_cbor(), policy, &world.ledger(), world.now)
}

fn signatory(world: &World, name: &str, role: Role, must: bool) -> Signatory {
    Signatory { did: world.did(name), name: line(name), role, must }
}

/// An agreement in which a home party accepts whatever the stranger attests in welding.
fn agreement_with_the_stranger(world: &World, home: Vec<Signatory>) -> Agreement {
    let party = |country, bodies, signatories, witnesses| Party {
        country: Country::parse(country).unwrap(),
        bodies,
        signatories,
        witnesses,
        quorum: Some(2),
    };
    let body = AgreementBody {
        did: world.did("stranger"),
        name: line("Ministry of Everything"),
        grants: vec![grant(&["7"])],
        may_accredit: 0,
    };
    let theirs = vec![signatory(world, "stranger", Role::Ministry, true)];
    Agreement {
        kind: AgreementKind::Skills,
        titles: vec![Name { language: Language::parse("en").unwrap(), text: line("A favour") }],
        parties: vec![
            party("DE", vec![], home, world.witnesses("de")),
            party("PH", vec![body], theirs, world.witnesses("ph")),
        ],
        validity: Validity { from: START, until: None },
        chains: false,
        texts: vec![],
        periods: None,
        recognition: None,
    }
}

fn ratify(world: &mut World, name: &str, agreement: &Agreement, country: &str, role: Role) {
    let digest = {
        let i = &world.institutions["stranger"];
        let key = i.seed.signing_key(Purpose::Statement);
        Statement::sign(&i.did, agreement.clone(), &key).unwrap().digest()
    };
    let party = Country::parse(country).unwrap();
    let since = world.now;
    world.say(name, Ratification { agreement: digest, party, role, since });
}

#[test]
fn an_agreement_that_the_trust_anchor_never_ratified_leads_nowhere() {
    let mut world = World::usual();
    // A home body whose log everybody witnesses names the ministry beside itself, and ratifies alone.
    let home = vec![
        signatory(&world, "de-ministry", Role::Ministry, false),
        signatory(&world, "ph-institute", Role::TrainingBody, true),
    ];
    let agreement = agreement_with_the_stranger(&world, home);
    world.say("stranger", agreement.clone());
    ratify(&mut world, "ph-institute", &agreement, "DE", Role::TrainingBody);
    ratify(&mut world, "stranger", &agreement, "PH", Role::Ministry);
    world.issue("stranger", &worker(), welding());
    world.step(60);
    let report = whole(&world, 1, &world.policy());
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
    assert_eq!(stapled(&mut world, 1, &Ledger::new()).verdict, Verdict::Undetermined);
}

#[test]
fn a_body_that_may_only_issue_lets_nobody_in_by_an_agreement() {
    let mut world = World::usual();
    world.accredit("de-ministry", "ph-institute", &["72"], 0);
    let home = vec![signatory(&world, "ph-institute", Role::TrainingBody, true)];
    let agreement = agreement_with_the_stranger(&world, home);
    world.say("stranger", agreement.clone());
    ratify(&mut world, "ph-institute", &agreement, "DE", Role::TrainingBody);
    ratify(&mut world, "stranger", &agreement, "PH", Role::Ministry);
    world.issue("stranger", &worker(), welding());
    world.step(60);
    let report = whole(&world, 1, &world.policy());
    assert_ne!(report.verdict, Verdict::Valid, "{report:#?}");
    assert_ne!(stapled(&mut world, 1, &Ledger::new()).verdict, Verdict::Valid);
}

#[test]
fn a_newer_view_without_the_status_list_does_not_hide_a_revocation_that_is_known() {
    let mut world = World::usual();
    world.set_status("ph-institute", 1000, Status::Invalid);
    world.step(60);
    let known = world.ledger();
    world.step(3600);
    let report = altered(&mut world, &known, |evidence| {
        for log in &mut evidence.logs {
            log.status.clear();
        }
    });
    let status = report.credentials[0].check(check::STATUS).unwrap();
    assert_eq!((report.verdict, status.reason.id), (Verdict::Invalid, reason::REVOKED));
}

#[test]
fn a_newer_view_that_nobody_cosigned_does_not_displace_what_is_known() {
    let mut world = World::usual();
    let known = world.ledger();
    world.publish_status("ph-institute");
    let unchanged = profile(&world, "ph-ministry");
    world.say("ph-ministry", unchanged);
    let report = stapled(&mut world, 0, &known);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
}

fn profile(world: &World, name: &str) -> carnet_proto::statement::profile::InstitutionProfile {
    match world.institutions[name].replica.view().profile.clone() {
        ProfileView::Known(profile) => profile,
        _ => panic!("a profile"),
    }
}

#[test]
fn fresh_cosignatures_that_come_with_a_presentation_refresh_what_is_known() {
    let mut world = World::usual();
    let known = world.ledger();
    // Nothing happens for two days but that the witnesses cosign anew.
    world.now = world.now.plus(2 * DAY);
    world.cosign_all();
    let report = stapled(&mut world, 0, &known);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    // Cosignatures that are wrong take nothing away either.
    let known = world.ledger();
    let report = altered(&mut world, &known, |evidence| {
        for log in &mut evidence.logs {
            let note = Note::parse(&log.note).unwrap();
            let mut spoilt = note.clone().retain(|_| false);
            for line in note.signatures() {
                let mut line = line.clone();
                if line.bytes.len() > 64 {
                    line.bytes[20] ^= 1;
                }
                spoilt.add(line);
            }
            log.note = spoilt.to_string();
        }
    });
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
}

#[test]
fn a_view_of_before_does_not_hide_a_withdrawal_that_is_known() {
    let mut world = World::new();
    let accreditation = world.accredit("ph-ministry", "ph-institute", &["72"], 0);
    world.agree();
    for name in
        ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
    {
        world.ratify(name);
    }
    world.step(60);
    world.issue("ph-institute", &worker(), welding());
    world.step(60);
    world.refresh();
    let presentation = world.present_as(&[0], AUDIENCE, Some(&[9; 16]), true);
    let policy = world.policy();
    let report = verify(&presentation.to_cbor(), &policy, &Ledger::new(), world.now);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    // The verifier has heard of the withdrawal, though no witness has confirmed it yet.
    world.withdraw("ph-ministry", accreditation, true);
    let report = verify(&presentation.to_cbor(), &policy, &world.ledger(), world.now);
    let path = report.credentials[0].check(check::PATH).unwrap();
    assert_eq!(
        (report.verdict, path.reason.id),
        (Verdict::Undetermined, reason::WITHDRAWN_RETROACTIVELY)
    );
}

/// These, and nobody else, cosign the newest checkpoint of a log.
fn cosign_by(world: &mut World, name: &str, witnesses: &[&str]) {
    let mut note = world.institutions[name].replica.view().newest().unwrap().note.clone();
    let bare = note.clone();
    for witness in witnesses {
        let w = &world.institutions[witness];
        note.add(bare.cosign(&w.did, &w.seed.signing_key(Purpose::Witness), world.now));
    }
    let i = world.institutions.get_mut(name).unwrap();
    i.replica.add_checkpoint(&note, |_, _| true).unwrap();
}

#[test]
fn a_thief_of_the_trust_anchors_keys_cannot_choose_its_witnesses() {
    let mut world = World::usual();
    // The verifier follows its ministry and its witnesses, and knows nothing of the others.
    let known: Ledger = ["de-ministry", "de-union", "de-employers"]
        .map(|name| world.institutions[name].replica.view().clone())
        .into_iter()
        .collect();
    // The thief names its own witnesses, who cosign each other, and accredits the stranger.
    let puppets = ["stranger", "ph-institute"];
    let mut stolen = profile(&world, "de-ministry");
    stolen.witnesses = puppets.map(|name| world.did(name)).into();
    stolen.quorum = Some(1);
    world.say("de-ministry", stolen);
    world.accredit("de-ministry", "stranger", &["72"], 0);
    world.now = world.now.plus(60);
    world.issue("stranger", &worker(), welding());
    for name in ["de-ministry", "stranger", "ph-institute"] {
        cosign_by(&mut world, name, &puppets);
    }
    let report = stapled(&mut world, 1, &known);
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
}

#[test]
fn witnesses_that_the_former_ones_confirmed_are_accepted() {
    let mut world = World::usual();
    let known = world.ledger();
    let mut changed = profile(&world, "de-ministry");
    changed.witnesses = world.witnesses("ph");
    world.say("de-ministry", changed);
    world.step(60);
    let report = stapled(&mut world, 0, &known);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
}

#[test]
fn a_denunciation_ends_the_ratification_of_its_own_seat() {
    let mut world = World::usual();
    let agreement = world.agreement.unwrap();
    // The union has ratified for seats that are not its own, too.
    for role in Role::ALL {
        for country in ["PH", "DE"] {
            if (country, *role) != ("DE", Role::Union) {
                let party = Country::parse(country).unwrap();
                let since = world.now;
                world.say("de-union", Ratification { agreement, party, role: *role, since });
            }
        }
    }
    world.step(60);
    assert_eq!(stapled(&mut world, 0, &Ledger::new()).verdict, Verdict::Valid);
    let party = Country::parse("DE").unwrap();
    let effective = world.now;
    world.say("de-union", Denunciation { agreement, party, role: Role::Union, effective });
    world.step(60);
    let report = whole(&world, 0, &world.policy());
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
    assert_eq!(stapled(&mut world, 0, &Ledger::new()).verdict, Verdict::Undetermined);
}

/// A statement of a kind that this build does not know.
fn of_the_future(did: &Did, key: &carnet_proto::key::SigningKey) -> Vec<u8> {
    let mut e = Encoder::new();
    e.map(4).int(header::ALG.into()).int(ALG_ED25519.into());
    e.int(header::KID.into()).item(&key.public().kid());
    e.int(header::CWT_CLAIMS.into()).map(2);
    e.int(claim::ISS.into()).text(&did.to_string()).int(claim::SUB.into()).text("anything");
    e.int(header::TYP.into()).text("application/vnd.carnet.revolution+cose");
    cose::sign1(e.as_bytes(), b"\xa0", b"\xa0", key)
}

#[test]
fn nothing_counts_from_a_statement_on_that_this_build_does_not_know() {
    let mut world = World::usual();
    let i = world.institutions.get_mut("ph-ministry").unwrap();
    let entry = of_the_future(&i.did, &i.seed.signing_key(Purpose::Statement));
    let mut tree = i.replica.tree().clone();
    tree.push(leaf_hash(&entry));
    let checkpoint = Checkpoint::new(&i.did, tree.head());
    let note = Note::sign(&checkpoint, &i.seed.signing_key(Purpose::Checkpoint));
    i.replica.extend(&[entry], &note, None).unwrap();
    world.step(2 * DAY);
    let report = whole(&world, 0, &world.policy());
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
}

#[test]
fn a_clock_behind_any_log_of_the_path_decides_nothing() {
    let mut world = World::usual();
    let now = world.now;
    let presentation = world.present(0);
    world.now = now.plus(DAY);
    world.cosign("ph-ministry");
    let report = verify(&presentation.to_cbor(), &world.policy(), &world.ledger(), now);
    let witnesses = report.credentials[0].check(check::WITNESSES).unwrap();
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
    assert_eq!(witnesses.reason.id, reason::CLOCK_BEHIND);
}

#[test]
fn a_way_whose_witnesses_are_silent_does_not_hide_another_to_the_same_body() {
    let mut world = World::usual();
    let mut silent = profile(&world, "ph-ministry");
    silent.witnesses = vec![world.did("stranger"), world.did("ph-institute")];
    world.say("ph-ministry", silent);
    world.step(60);
    let mut policy = world.policy();
    assert_eq!(whole(&world, 0, &policy).verdict, Verdict::Valid);
    policy.trust_anchors.push(TrustAnchor {
        did: world.did("ph-ministry"),
        name: line("Skills Authority"),
        purposes: vec![TrustPurpose::Skill],
    });
    let report = whole(&world, 0, &policy);
    assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
}

#[test]
fn a_witness_on_the_owners_node_is_the_owner() {
    let mut world = World::usual();
    let node = NodeAddress { peer: line("12D3KooWshared"), addresses: vec![] };
    for name in ["ph-institute", "ph-union"] {
        let mut changed = profile(&world, name);
        changed.nodes = vec![node.clone()];
        world.say(name, changed);
    }
    world.step(60);
    assert_eq!(whole(&world, 0, &world.policy()).verdict, Verdict::Valid);
    // From now on only the ministry and the union cosign the institute's log.
    world.now = world.now.plus(2 * DAY);
    world.publish_status("ph-institute");
    let others: Vec<_> = world.institutions.keys().copied().collect();
    for name in others.into_iter().filter(|name| *name != "ph-institute") {
        world.cosign(name);
    }
    cosign_by(&mut world, "ph-institute", &["ph-ministry", "ph-union"]);
    let report = whole(&world, 0, &world.policy());
    assert_eq!(report.verdict, Verdict::Undetermined, "{report:#?}");
    cosign_by(&mut world, "ph-institute", &["ph-employers"]);
    assert_eq!(whole(&world, 0, &world.policy()).verdict, Verdict::Valid);
}

#[test]
fn one_credential_does_not_count_twice() {
    let world = World::usual();
    let twice = world.present_as(&[0, 0], AUDIENCE, Some(&[9; 16]), false);
    let report = verify(&twice.to_cbor(), &world.policy(), &world.ledger(), world.now);
    assert_eq!(report.verdict, Verdict::Invalid, "{report:#?}");
}

#[test]
fn a_report_repeats_no_control_characters_of_a_presentation() {
    let world = World::usual();
    let audience = "urn:\u{1b}[2Jx\u{202e}";
    let presentation = world.present_as(&[0], audience, Some(&[9; 16]), false);
    let report = verify(&presentation.to_cbor(), &world.policy(), &world.ledger(), world.now);
    let binding = report.credentials[0].check(check::HOLDER_BINDING).unwrap();
    assert_eq!(binding.reason.id, reason::WRONG_AUDIENCE);
    for (_, text) in &binding.reason.args {
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}

#[test]
fn a_log_shown_in_two_parts_counts_as_one_in_either_order() {
    let mut world = World::usual();
    let mut reports = Vec::new();
    for reverse in [false, true] {
        reports.push(altered(&mut world, &Ledger::new(), |evidence| {
            let mut bare = evidence.clone();
            for log in &mut bare.logs {
                log.statements.clear();
                log.issuances.clear();
                log.status.clear();
                log.profile = None;
            }
            evidence.logs.extend(bare.logs);
            if reverse {
                evidence.logs.reverse();
            }
        }));
    }
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[0].verdict, Verdict::Valid, "{:#?}", reports[0]);
}

#[test]
fn joined_evidence_has_the_newest_cosignatures_of_all_its_parts() {
    let mut world = World::usual();
    let evidence = |world: &mut World| {
        world.refresh();
        world.wallet.credentials()[0].evidence.as_ref().unwrap().0.clone()
    };
    let old = evidence(&mut world);
    world.now = world.now.plus(2 * DAY);
    world.cosign_all();
    let new = evidence(&mut world);
    for parts in [[old.as_slice(), &new], [new.as_slice(), &old]] {
        let evidence = Evidence::join_encoded(&parts);
        let presentation = Presentation { evidence, ..world.present(0) };
        let report = verify(&presentation.to_cbor(), &world.policy(), &Ledger::new(), world.now);
        assert_eq!(report.verdict, Verdict::Valid, "{report:#?}");
    }
}
