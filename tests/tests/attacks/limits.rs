//! What an adversary can make others spend, lose or hide.

use carnet_proto::cbor::Mode;
use carnet_proto::credential::SdCwt;
use carnet_proto::issuing::CredentialFile;
use carnet_proto::log::checkpoint::{MAX_SIGNATURES, NoteSignature};
use carnet_proto::profile::MAX_CREDENTIALS;
use carnet_proto::statement::Body;
use carnet_proto::statement::standing::status_tree;
use carnet_proto::status::{StatusList, StatusToken, StatusUri};
use carnet_proto::time::UnixSeconds;

use super::*;

#[test]
fn evidence_inflates_no_more_status_lists_than_a_presentation_has_credentials() {
    let mut world = World::usual();
    let count = MAX_CREDENTIALS as u32 + 8;
    let i = world.institutions.get_mut("ph-institute").unwrap();
    let key = i.seed.signing_key(Purpose::Status);
    let list = StatusList::new(1 << 22);
    let mut tokens = std::collections::BTreeMap::new();
    for number in 0..count {
        let uri = StatusUri { issuer: i.did, list: number };
        let until = world.now.plus(DAY);
        let token = StatusToken::sign(&uri, &list, world.now, until, 60, &key);
        tokens.insert(uri.to_string(), token);
    }
    let tokens: Vec<_> = tokens.into_values().collect();
    let parsed: Vec<_> =
        tokens.iter().map(|t| StatusToken::parse(t, Mode::Strict).unwrap()).collect();
    let tree = status_tree(parsed.iter().map(|t| (&t.uri, t.digest())));
    let standing = i.replica.derive_standing(tree.head());
    let standing =
        Statement::sign(&i.did, standing, &i.seed.signing_key(Purpose::Statement)).unwrap();
    i.replica.append(&[standing]);
    let checkpoint = Checkpoint::new(&i.did, i.replica.tree().head());
    let note = Note::sign(&checkpoint, &i.seed.signing_key(Purpose::Checkpoint));
    i.replica.publish(note).unwrap();
    i.replica.set_status(&tokens).unwrap();
    world.cosign("ph-institute");
    world.refresh();
    let evidence = world.wallet.credentials()[0].evidence.as_ref().unwrap();
    let mut evidence = Evidence::from_cbor(&evidence.0).unwrap();
    let institute = world.did("ph-institute");
    let log = evidence.logs.iter_mut().find(|log| Did::of_inception(&log.inception.0) == institute);
    log.unwrap().status = (0..)
        .zip(&tokens)
        .map(|(position, token)| carnet_proto::evidence::StatusEvidence {
            token: carnet_proto::cbor::Bytes(token.clone()),
            position: carnet_proto::id::LeafIndex(position),
            path: tree.inclusion_proof(carnet_proto::id::LeafIndex(position), tree.size()).unwrap(),
        })
        .collect();
    let (ledger, dropped) = evidence.verify();
    assert_eq!(ledger.log(&institute).unwrap().status.len(), MAX_CREDENTIALS);
    assert_eq!(dropped.len(), 8, "{dropped:?}");
}

#[test]
fn a_wallet_presents_all_that_was_chosen_or_nothing() {
    let world = World::usual();
    let request = carnet_proto::wallet::PresentRequest {
        audience: AUDIENCE,
        nonce: Some(&[9; 16]),
        issued_at: world.now,
        expires_at: world.now.plus(300),
        disclose: &[],
        with_evidence: false,
    };
    assert!(world.wallet.present(&[0], &request, Evidence::join_encoded).is_ok());
    assert!(world.wallet.present(&[0, 1], &request, Evidence::join_encoded).is_err());
}

#[test]
fn lines_under_the_logs_own_name_leave_room_for_cosignatures() {
    let mut world = World::usual();
    let i = world.institutions.get_mut("ph-union").unwrap();
    let mut replica = carnet_proto::ledger::Replica::new(i.replica.inception().entry()).unwrap();
    // The replica is one entry long; its first checkpoint is made here.
    let checkpoint = Checkpoint::new(&i.did, replica.tree().head());
    let first = Note::sign(&checkpoint, &i.seed.signing_key(Purpose::Checkpoint));
    let mut junk = first.clone();
    for n in 0..MAX_SIGNATURES as u8 {
        junk.add(NoteSignature { name: i.did.to_string(), id: [n; 4], bytes: vec![n; 64] });
    }
    replica.extend(&[], &junk, None).unwrap();
    let mut cosigned = first.clone();
    let key = i.seed.signing_key(Purpose::Witness);
    cosigned.add(first.cosign(&Did::of_inception(b"w"), &key, UnixSeconds(1)));
    assert!(replica.add_checkpoint(&cosigned, |_, _| true).unwrap());
    assert_eq!(replica.view().newest().unwrap().note.signatures().len(), 2);
    // Nor does the bare checkpoint take the cosignature away again.
    replica.extend(&[], &first, None).unwrap();
    assert_eq!(replica.view().newest().unwrap().note.signatures().len(), 2);
}

#[test]
fn a_credential_that_hides_something_from_its_holder_is_refused() {
    let mut world = World::usual();
    let did = world.did("ph-institute");
    let request = world.wallet.request_key(did, world.now, &mut world.rng).unwrap();
    let holder_key = carnet_proto::request::KeyRequest::open(&request, &did).unwrap().key();
    let issued = carnet_proto::credential::issue::Issue {
        issuer: &did,
        holder_key,
        person: &worker(),
        attested: &welding().into(),
        issued_at: world.now,
        expires_at: world.now.plus(DAY * 9),
        status: (StatusUri { issuer: did, list: 0 }, 5),
    }
    .sign(&world.institutions["ph-institute"].seed.signing_key(Purpose::Credential), &mut world.rng)
    .unwrap();
    let file = |sd_cwt| CredentialFile {
        profile: carnet_proto::profile::Profile::SdCwt08,
        sd_cwt: carnet_proto::cbor::Bytes(sd_cwt),
        anchor: world.wallet.credentials()[0].anchor.clone(),
    };
    let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).unwrap();
    let (hiding, full) = (file(token.with_disclosures(|i| i != 3)), file(issued.sd_cwt.clone()));
    assert!(world.wallet.add(hiding).is_err());
    assert!(world.wallet.add(full).is_ok());
}

#[test]
fn an_agreement_that_anyone_logs_costs_a_verifier_little() {
    // Each names the trust anchor and a set of witnesses of its own; none is judged further than to
    // the ratification that the anchor never made.
    let mut world = World::usual();
    for n in 0..40u8 {
        let home = vec![
            signatory(&world, "de-ministry", Role::Ministry, false),
            signatory(&world, "stranger", Role::Union, true),
        ];
        let mut agreement = agreement_with_the_stranger(&world, home);
        agreement.parties[1].signatories =
            vec![signatory(&world, "ph-institute", Role::Ministry, true)];
        agreement.parties[1].witnesses = (0..30u8).map(|w| Did::of_inception(&[n, w])).collect();
        world.say("stranger", Body::from(agreement));
    }
    world.issue("stranger", &worker(), welding());
    world.step(60);
    assert_eq!(whole(&world, 1, &world.policy()).verdict, Verdict::Undetermined);
}
