//! What is verified and issued: presentations out of batches of 64.

use carnet_proto::anchor::Batch;
use carnet_proto::cbor::{Bytes, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::issue::Issue;
use carnet_proto::id::Digest;
use carnet_proto::issuing::CredentialFile;
use carnet_proto::key::Purpose;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingToken, Presentation};
use carnet_proto::profile::{Profile, VCT_SKILL};
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::status::StatusUri;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::Policy;
use carnet_tests::world::{World, line, welding, worker};
use ed25519_dalek::{Signature, VerifyingKey};

/// Credentials in a batch.
const BATCH: usize = 64;

/// Two countries and an agreement, a presentation, and who verifies it.
pub struct Usual {
    pub world: World,
    pub policy: Policy,
    pub ledger: Ledger,
    /// The body of a presentation of three claims, without evidence.
    pub body: Vec<u8>,
    /// The same with evidence.
    pub stapled: Vec<u8>,
    /// The signatures that any verifier of it has to check.
    pub signed: Vec<Signed>,
}

/// What was signed, with the signature and the key as bytes.
pub struct Signed {
    pub message: Vec<u8>,
    pub signature: [u8; 64],
    pub key: [u8; 32],
}

impl Signed {
    /// Decompresses the key and verifies.
    pub fn verify(&self) -> bool {
        VerifyingKey::from_bytes(&self.key).is_ok_and(|key| {
            key.verify_strict(&self.message, &Signature::from_bytes(&self.signature)).is_ok()
        })
    }
}

impl Usual {
    pub fn new() -> Self {
        let mut world = World::usual();
        let index = issue_in_batch(&mut world, "ph-institute");
        world.step(3600);
        world.refresh();
        let shown = |with_evidence| {
            let presentation = world.present_as(
                &[index],
                carnet_tests::world::AUDIENCE,
                Some(&[9; 16]),
                with_evidence,
            );
            Presentation::open(&presentation.to_file()).expect("a presentation").to_vec()
        };
        let (body, stapled) = (shown(false), shown(true));
        let presentation = world.present(index);
        let token = KeyBindingToken::parse(&presentation.presented[0].token).expect("a token");
        let holder = world.wallet.key(&world.wallet.credentials()[index]).public();
        let issuer = world.institutions["ph-institute"].seed.signing_key(Purpose::Credential);
        let outer =
            carnet_proto::cose::Sign1::parse(&presentation.presented[0].token, Mode::Strict)
                .expect("a token");
        let signed = [(&outer, holder), (token.credential.sign1(), issuer.public())]
            .map(|(sign1, key)| Signed {
                message: sign1.to_be_signed(),
                signature: sign1.signature.try_into().expect("64 bytes"),
                key: *key.as_bytes(),
            })
            .into();
        let (policy, ledger) = (world.policy(), world.ledger());
        Self { policy, ledger, body, stapled, signed, world }
    }

    /// Checks the two signatures that every verifier has to.
    pub fn verify_signatures(&self) -> bool {
        self.signed.iter().all(Signed::verify)
    }
}

/// Issues a credential in a batch of 64 to the world's wallet; returns its place there.
fn issue_in_batch(world: &mut World, name: &'static str) -> usize {
    let did = world.did(name);
    let request = world.wallet.request_key(did, world.now, &mut world.rng).expect("room");
    let index = world.wallet.credentials().len();
    let key = world.institutions[name].seed.signing_key(Purpose::Credential);
    let issued = Issue {
        issuer: &did,
        holder_key: KeyRequest::open(&request, &did).expect("a request").key(),
        person: &worker(),
        skill: &welding(),
        issued_at: world.now,
        expires_at: world.now.plus(365 * DAY),
        status: (StatusUri { issuer: did, list: 0 }, 5000),
    }
    .sign(&key, &mut world.rng)
    .expect("a credential");
    let mut digests: Vec<_> = (1..BATCH as u64).map(|n| Digest::of(&n.to_be_bytes())).collect();
    digests.insert(0, SdCwt::parse(&issued.sd_cwt, Mode::Strict).expect("a credential").digest());
    let batch = Batch::new(&digests, &mut world.rng).expect("a batch");
    let issuance =
        world.say(name, Issuance { credential_type: line(VCT_SKILL), root: batch.root() });
    world.publish_status(name);
    world.cosign(name);
    let anchor = batch.anchors(issuance).next().expect("an anchor");
    let sd_cwt = Bytes(issued.sd_cwt);
    let file = CredentialFile { profile: Profile::SdCwt08, sd_cwt, anchor };
    world.wallet.add(file).expect("a credential of this wallet");
    index
}
