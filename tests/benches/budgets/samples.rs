//! What is verified and issued: a presentation out of a batch of 64, a credential of 12 claims.

use carnet_proto::anchor::Batch;
use carnet_proto::cbor::{Bytes, Mode};
use carnet_proto::cose::Sign1;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::credential::issue::{Issue, Issued};
use carnet_proto::id::{Did, Digest};
use carnet_proto::issuing::CredentialFile;
use carnet_proto::key::{PublicKey, Purpose, Seed, SigningKey};
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingToken, Presentation};
use carnet_proto::profile::{Profile, VCT_SKILL};
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::status::StatusUri;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::Report;
use carnet_proto::verify::verify;
use carnet_tests::SeededRng;
use carnet_tests::world::{AUDIENCE, START, World, line, welding, worker};
use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Redactable claims of the credential that is issued.
const REDACTABLE: usize = 12;
/// Credentials in a batch.
const BATCH: usize = 64;

/// Two countries and an agreement, a presentation, and who verifies it.
pub struct Usual {
    pub world: World,
    pub policy: Policy,
    pub ledger: Ledger,
    /// The place of the credential in the wallet.
    pub index: usize,
    /// A presentation of three claims, without evidence, as a file.
    pub file: Vec<u8>,
    /// Its body.
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
        let shown =
            |evidence| world.present_as(&[index], AUDIENCE, Some(&[9; 16]), evidence).to_file();
        let body = |file: &[u8]| Presentation::open(file).expect("a presentation").to_vec();
        let file = shown(false);
        let (body, stapled) = (body(&file), body(&shown(true)));
        let presentation = world.present(index);
        let token = KeyBindingToken::parse(&presentation.presented[0].token).expect("a token");
        let holder = world.wallet.key(&world.wallet.credentials()[index]).public();
        let issuer = world.institutions["ph-institute"].seed.signing_key(Purpose::Credential);
        let outer = Sign1::parse(&presentation.presented[0].token, Mode::Strict).expect("a token");
        let signed = [(&outer, holder), (token.credential.sign1(), issuer.public())]
            .map(|(sign1, key)| Signed {
                message: sign1.to_be_signed(),
                signature: sign1.signature.try_into().expect("64 bytes"),
                key: *key.as_bytes(),
            })
            .into();
        let (policy, ledger) = (world.policy(), world.ledger());
        Self { policy, ledger, index, file, body, stapled, signed, world }
    }

    /// Verifies with nothing remembered.
    pub fn verify(&self, body: &[u8], ledger: &Ledger) -> Report {
        verify(body, &self.policy, ledger, self.world.now)
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
        attested: &welding().into(),
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

/// What one credential is made of, and what it makes an issuer sign and hash.
pub struct Order {
    person: Person,
    attested: Attested,
    issuer: Did,
    holder: PublicKey,
    key: SigningKey,
    to_be_signed: Vec<u8>,
    disclosures: Vec<Vec<u8>>,
    bare_key: ed25519_dalek::SigningKey,
}

impl Order {
    pub fn new() -> Self {
        let mut order = Self {
            person: worker(),
            attested: welding().into(),
            issuer: Did::of_inception(b"an issuer"),
            holder: Seed::new([2; 32]).credential_key(&[0; 16]).public(),
            key: Seed::new([1; 32]).signing_key(Purpose::Credential),
            to_be_signed: Vec::new(),
            disclosures: Vec::new(),
            bare_key: ed25519_dalek::SigningKey::from_bytes(&[1; 32]),
        };
        let issued = order.sign(&mut SeededRng(3));
        let token = SdCwt::parse(&issued.sd_cwt, Mode::Strict).expect("a credential");
        let placed = token.restore(Profile::SdCwt08, Reader::Holder).expect("disclosures").placed;
        assert_eq!(placed.len(), REDACTABLE);
        order.to_be_signed = token.sign1().to_be_signed();
        order.disclosures = token.disclosures().iter().map(|d| d.to_vec()).collect();
        order
    }

    /// Issues the credential.
    pub fn sign(&self, rng: &mut SeededRng) -> Issued {
        Issue {
            issuer: &self.issuer,
            holder_key: self.holder,
            person: &self.person,
            attested: &self.attested,
            issued_at: START,
            expires_at: START.plus(365 * DAY),
            status: (StatusUri { issuer: self.issuer, list: 0 }, 77),
        }
        .sign(&self.key, rng)
        .expect("a credential")
    }

    /// Signs bytes of the same length, and hashes as many of the same lengths.
    pub fn work(&self) -> (Signature, u8) {
        let hash = |sum, bytes: &Vec<u8>| sum ^ Sha256::digest(bytes)[0];
        let hashes = self.disclosures.iter().fold(0, hash);
        (self.bare_key.sign(&self.to_be_signed), hashes)
    }
}
