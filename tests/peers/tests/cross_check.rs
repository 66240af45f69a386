//! The `sd-cwt` crate and Carnet read each other's tokens, as far as the crate's hash rule allows.
//!
//! Both follow draft-ietf-spice-sd-cwt-08. It says of what the redacted claim hash is taken: of the
//! encoded byte string. So do its signed examples, and so does Carnet; the crate (0.3.0) takes it of the
//! contents of that byte string, as two of the draft's figures do. Nothing else keeps the two apart.

use std::path::{Path, PathBuf};

use carnet_peers::ours::Ours;
use carnet_peers::sd_cwt::{
    EncodedByteString, Public, SdCwtCrate, check, claim_of, restore_hashed,
};
use carnet_peers::{Peer as _, worker};
use carnet_proto::cbor::Mode;
use carnet_proto::credential::claims::Claims;
use carnet_proto::credential::disclosure::{DisclosureError, Reader};
use carnet_proto::credential::{CredentialError, SdCwt};
use carnet_proto::presentation::{KeyBindingToken, Presentation};
use carnet_proto::profile::{Profile, claim};
use cbor2::Value;
use cose2::Sign1Message;
use sd_cwt::{
    HEADER_KCWT, RedactionHasher, RestoreMode, SdCwtValidationOptions, Sha256RedactionHasher,
    restore_payload_from_message, restore_payload_with_disclosures,
    verify_validate_and_restore_sd_cwt,
};

fn strict(ours: &Ours, credential: &[u8], mode: RestoreMode) -> Result<Value, String> {
    let (key, options) = (Public(ours.issuer_key()), SdCwtValidationOptions::default());
    verify_validate_and_restore_sd_cwt(&key, credential, None, mode, options)
        .map(|(_, restored)| restored.value)
        .map_err(|e| e.to_string())
}

#[test]
fn the_crate_reads_our_credential_under_our_hash_rule_and_not_under_its_own() {
    let ours = Ours::new();
    let credential = ours.credential().sd_cwt.0;

    // Its own way in: signature, headers and required claims are accepted, the hashes are not.
    let refused = strict(&ours, &credential, RestoreMode::Verifier).unwrap_err();
    assert!(refused.contains("without a matching redacted claim"), "{refused}");
    let refused = strict(&ours, &credential, RestoreMode::Holder).unwrap_err();
    assert!(refused.contains("redact"), "{refused}");

    // The same with the hash of the encoded byte string: every claim is there.
    let key = ours.issuer_key();
    let restored =
        restore_hashed(key, &credential, &EncodedByteString, RestoreMode::Holder).unwrap();
    assert_eq!((restored.disclosed, restored.removed_redactions), (12, 0));
    let name = claim_of(&restored.value, claim::NAME_LATIN);
    assert_eq!(name, Some(&Value::from(worker::PERSON.name_latin.as_ref().unwrap().as_str())));
}

#[test]
fn the_crate_accepts_our_credential_with_nothing_disclosed_as_it_is() {
    let ours = Ours::new();
    let credential = ours.credential().sd_cwt.0;
    let bare = SdCwt::parse(&credential, Mode::Strict).unwrap().with_disclosures(|_| false);
    let restored = strict(&ours, &bare, RestoreMode::Verifier).unwrap();
    let issuer = ours.world.did(carnet_peers::ours::ISSUER).to_string();
    assert_eq!(claim_of(&restored, claim::ISS), Some(&Value::from(issuer)));
    assert!(claim_of(&restored, claim::SKILL).is_some());
    assert!(claim_of(&restored, claim::NAME_LATIN).is_none());
}

#[test]
fn our_key_binding_token_is_read_with_cose2_and_binds_audience_and_nonce() {
    let ours = Ours::new();
    let token = ours.present_with(false).presented.remove(0).token;
    let restored = check(&token, |credential| {
        restore_hashed(ours.issuer_key(), credential, &EncodedByteString, RestoreMode::Verifier)
    });
    let restored = restored.unwrap();
    assert_eq!((restored.disclosed, restored.removed_redactions), (3, 9));
}

#[test]
fn we_read_the_crates_credential_under_our_hash_rule_and_not_under_its_own() {
    let crates = SdCwtCrate::new();
    let key = &crates.issuer;
    let issuer = Ours::new().world.did(carnet_peers::ours::ISSUER).to_string();
    let kid = crates.issuer_key().kid();
    let kid = Some(&kid.as_bytes()[..]);

    let own = crates.issue_hashed(&issuer, key, kid, &Sha256RedactionHasher);
    let read = SdCwt::parse(&own, Mode::Strict).unwrap();
    assert!(read.is_signed_by(&crates.issuer_key()));
    let refused = read.restore(Profile::SdCwt08, Reader::Holder).unwrap_err();
    assert_eq!(refused, DisclosureError::Unmatched);

    let hashed = crates.issue_hashed(&issuer, key, kid, &EncodedByteString);
    let read = SdCwt::parse(&hashed, Mode::Strict).unwrap();
    assert!(read.is_signed_by(&crates.issuer_key()));
    let restored = read.restore(Profile::SdCwt08, Reader::Holder).unwrap();
    assert_eq!((restored.placed.len(), restored.withheld), (12, 0));
    let claims = Claims::read(&restored.claims).unwrap();
    assert_eq!(claims.person, *worker::PERSON);
    assert_eq!(claims.skill, *worker::SKILL);
}

#[test]
fn without_a_key_identifier_we_read_the_crates_credential_as_a_foreign_one_only() {
    let crates = SdCwtCrate::new();
    let credential = crates.issue();
    let refused = SdCwt::parse(&credential, Mode::Strict).unwrap_err();
    assert_eq!(refused, CredentialError::WrongHeaders);
    let read = SdCwt::parse(&credential, Mode::Foreign).unwrap();
    assert!(read.is_signed_by(&crates.issuer_key()));
    assert_eq!(read.disclosures().len(), 12);
}

#[test]
fn we_read_a_key_binding_token_made_with_cose2() {
    let crates = SdCwtCrate::new();
    let kid = crates.issuer_key().kid();
    let issuer = Ours::new().world.did(carnet_peers::ours::ISSUER).to_string();
    let kid = Some(&kid.as_bytes()[..]);
    let credential = crates.issue_hashed(&issuer, &crates.issuer, kid, &EncodedByteString);
    let presentation = crates.present(&credential);
    let token = KeyBindingToken::parse(&presentation).unwrap();
    let restored = token.credential.restore(Profile::SdCwt08, Reader::Verifier).unwrap();
    assert_eq!((restored.placed.len(), restored.withheld), (3, 9));
    let holder = Claims::read(&restored.claims).unwrap().holder_key;
    assert!(token.is_signed_by(&holder));
    assert_eq!(token.claims.audience, carnet_peers::AUDIENCE);
    assert_eq!(token.claims.nonce.as_deref(), Some(&carnet_peers::NONCE[..]));
}

/// The draft's examples, where they lie: `$CARNET_VECTORS`, else `shared/vectors` beside the repository.
fn examples() -> Vec<PathBuf> {
    let vectors = std::env::var_os("CARNET_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let directories = ["sd-cwt/2026-04-editors-copy", "sd-cwt/draft-08"];
    let files = directories.iter().filter_map(|name| std::fs::read_dir(vectors.join(name)).ok());
    let mut files: Vec<_> = files.flatten().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "cbor"));
    files
}

#[test]
fn the_drafts_signed_examples_follow_our_hash_rule() {
    let examples = examples();
    if examples.is_empty() {
        println!("left out: the vectors sd-cwt are not here; set CARNET_VECTORS");
        return;
    }
    for path in &examples {
        let bytes = std::fs::read(path).unwrap();
        let mut message = Sign1Message::from_slice(&bytes).unwrap();
        if let Some(inner) = message.protected.get(HEADER_KCWT) {
            message = Sign1Message::from_slice(&cbor2::to_vec(inner).unwrap()).unwrap();
        }
        let own = restore_payload_from_message(&message, RestoreMode::Verifier).unwrap_err();
        let own = own.to_string();
        assert!(own.contains("without a matching redacted claim"), "{path:?}: {own}");

        let disclosures = sd_cwt::disclosures_from_unprotected(&message.unprotected).unwrap();
        let count = disclosures.len();
        let hasher: &dyn RedactionHasher = &EncodedByteString;
        let mode = RestoreMode::Verifier;
        let restored =
            restore_payload_with_disclosures(&message, disclosures, hasher, mode).unwrap();
        assert_eq!(restored.disclosed + restored.decoys, count, "{path:?}");
    }
    println!("the crate's own rule fits none of {} examples, ours all", examples.len());
}

#[test]
fn every_presentation_that_is_measured_shows_three_claims_of_twelve() {
    let ours = Ours::new();
    let file = ours.present_with(true).to_file();
    let report = ours.judge(&file, &carnet_proto::ledger::Ledger::default(), ours.world.now);
    let shown = report.credentials[0].disclosed.as_ref().unwrap();
    assert!(shown.person.name_latin.is_some() && shown.person.birth_date.is_some());
    assert!(shown.person.name_native.is_none() && shown.skill.assessment.is_some());
    assert_eq!(report.credentials[0].withheld_hashes, 9);
    assert!(Presentation::open(&file).is_ok());
}
