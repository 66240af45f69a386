//! Issuing a credential, against one signature and its hashes.

use std::cell::LazyCell;

use carnet_proto::cbor::Mode;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::issue::Issue;
use carnet_proto::id::Did;
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::status::StatusUri;
use carnet_proto::time::DAY;
use carnet_tests::SeededRng;
use carnet_tests::world::{START, welding, worker};
use ed25519_dalek::Signer as _;
use sha2::{Digest as _, Sha256};

use super::bench::{Bench, Spec};
use super::table::Budget;

/// Redactable claims of the sample.
const REDACTABLE: usize = 12;

/// The bytes that one credential makes an issuer sign and hash.
struct Work {
    to_be_signed: Vec<u8>,
    disclosures: Vec<Vec<u8>>,
    key: ed25519_dalek::SigningKey,
}

pub fn rows(bench: &mut Bench) {
    let key = Seed::new([1; 32]).signing_key(Purpose::Credential);
    let mut rng = SeededRng(3);
    let (person, skill) = (worker(), welding());
    let issuer = Did::of_inception(b"an issuer");
    let holder_key = Seed::new([2; 32]).credential_key(&[0; 16]).public();
    let order = Issue {
        issuer: &issuer,
        holder_key,
        person: &person,
        skill: &skill,
        issued_at: START,
        expires_at: START.plus(365 * DAY),
        status: (StatusUri { issuer, list: 0 }, 77),
    };
    let work = LazyCell::new(|| work(&order, &key));
    bench.compare(
        Spec {
            what: "issue: a credential with 12 redactable claims",
            yardstick: "one signature and its SHA-256",
            item: "credentials",
            items: 1,
            budget: Budget::Times(1.5),
        },
        || order.sign(&key, &mut rng).expect("a credential"),
        || {
            let signature = work.key.sign(&work.to_be_signed);
            let hash = |bytes: &Vec<u8>| Sha256::digest(bytes);
            (signature, work.disclosures.iter().map(hash).fold(0, |sum, hash| sum ^ hash[0]))
        },
    );
}

fn work(order: &Issue<'_>, key: &SigningKey) -> Work {
    let issued = order.sign(key, &mut SeededRng(3)).expect("a credential");
    let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).expect("a credential");
    let profile = carnet_proto::profile::Profile::SdCwt08;
    let placed = token.restore(profile, carnet_proto::credential::disclosure::Reader::Holder);
    assert_eq!(placed.expect("disclosures").placed.len(), REDACTABLE);
    Work {
        to_be_signed: token.sign1().to_be_signed(),
        disclosures: token.disclosures().iter().map(|d| d.to_vec()).collect(),
        key: ed25519_dalek::SigningKey::from_bytes(&[1; 32]),
    }
}
