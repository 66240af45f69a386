//! Carnet itself, through the public interface of `carnet-proto`.

use carnet_proto::anchor::Batch;
use carnet_proto::cbor::{Bytes, Decode as _, Encode as _, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::Claims;
use carnet_proto::credential::disclosure::Reader;
use carnet_proto::credential::issue::Issue;
use carnet_proto::evidence::Evidence;
use carnet_proto::id::Digest;
use carnet_proto::issuing::CredentialFile;
use carnet_proto::key::{Purpose, Signature, SigningKey};
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::{KeyBindingToken, Presentation};
use carnet_proto::profile::{Profile, VCT_SKILL};
use carnet_proto::statement::Statement;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::status::StatusUri;
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::{Report, Verdict};
use carnet_proto::verify::{Verifier, verify};
use carnet_proto::wallet::PresentRequest;
use getrandom::SysRng;
use rand_core::UnwrapErr;

use crate::federation::world::{World, line};
use crate::{AUDIENCE, NONCE, Peer, worker};

/// The institute that issues.
pub const ISSUER: &str = "ph-institute";

/// The federation with one credential for the worker, a verifier's policy, and the logs it has read.
pub struct Ours {
    /// The federation.
    pub world: World,
    policy: Policy,
    ledger: Ledger,
    key: SigningKey,
}

impl Default for Ours {
    fn default() -> Self {
        Self::new()
    }
}

impl Ours {
    /// An accredited institute, a ratified agreement, a credential issued an hour ago, and evidence
    /// fetched by the worker.
    #[must_use]
    pub fn new() -> Self {
        Self::issued_by(ISSUER)
    }

    /// The same, with the credential of any institution.
    #[must_use]
    pub fn issued_by(issuer: &str) -> Self {
        let mut world = World::new();
        world.accredit("ph-ministry", ISSUER, &["72"], 0);
        world.agree();
        for name in
            ["ph-ministry", "ph-union", "ph-employers", "de-ministry", "de-union", "de-employers"]
        {
            world.ratify(name);
        }
        world.step(DAY);
        world.issue(issuer, &worker::PERSON, &worker::SKILL);
        world.step(3600);
        world.refresh();
        let (policy, ledger) = (world.policy(), world.ledger());
        let key = world.institutions[ISSUER].seed.signing_key(Purpose::Credential);
        Self { world, policy, ledger, key }
    }

    /// Lets the verifier read the logs anew and hand out a nonce now.
    pub fn settle(&mut self) {
        (self.policy, self.ledger) = (self.world.policy(), self.world.ledger());
    }

    /// The credential file in the worker's wallet.
    #[must_use]
    pub fn credential(&self) -> CredentialFile {
        let kept = &self.world.wallet.credentials()[0];
        let (sd_cwt, anchor) = (kept.sd_cwt.clone(), kept.anchor.clone());
        CredentialFile { profile: kept.profile, sd_cwt, anchor }
    }

    /// The public key that the issuer signs credentials with.
    #[must_use]
    pub fn issuer_key(&self) -> carnet_proto::key::PublicKey {
        self.key.public()
    }

    /// Presents the wallet's credential, with evidence if wanted.
    #[must_use]
    pub fn present_with(&self, with_evidence: bool) -> Presentation {
        let request = PresentRequest {
            audience: AUDIENCE,
            nonce: Some(&NONCE),
            issued_at: self.world.now,
            expires_at: self.world.now.plus(300),
            disclose: &worker::SHOWN.map(|place| place[place.len() - 1].to_owned()),
            with_evidence,
        };
        let wallet = &self.world.wallet;
        wallet.present(&[0], &request, Evidence::join_encoded).expect("a presentation")
    }

    /// Judges a presentation file with these logs at this time.
    #[must_use]
    pub fn judge(&self, file: &[u8], ledger: &Ledger, now: UnixSeconds) -> Report {
        verify(Presentation::open(file).expect("a presentation"), &self.policy, ledger, now)
    }

    /// Makes a verifier with the logs of the federation as they were when this was made.
    #[must_use]
    pub fn verifier(&self) -> Verifier<'_> {
        Verifier::new(&self.policy, &self.ledger)
    }

    /// Judges with a verifier that keeps what it finds out about these logs.
    ///
    /// # Errors
    /// The checks that did not pass.
    pub fn verify_warm(&self, verifier: &Verifier<'_>, file: &[u8]) -> Result<(), String> {
        let body = Presentation::open(file).expect("a presentation");
        answer(&verifier.verify(body, self.world.now))
    }

    /// Judges with nothing but the policy and what is stapled.
    ///
    /// # Errors
    /// The checks that did not pass.
    pub fn verify_stapled(&self, file: &[u8]) -> Result<(), String> {
        answer(&self.judge(file, &Ledger::default(), self.world.now))
    }

    /// Issues `count` credentials as a desk does: signed, batched, and logged in one statement.
    #[must_use]
    pub fn issue_batch(&self, count: usize) -> Vec<CredentialFile> {
        let issued: Vec<_> = (0..count).map(|_| self.issue()).collect();
        let digest = |bytes: &Vec<u8>| SdCwt::parse(bytes, Mode::Strict).expect("ours").digest();
        let digests: Vec<Digest> = issued.iter().map(digest).collect();
        let batch = Batch::new(&digests, &mut UnwrapErr(SysRng)).expect("a batch");
        let institution = &self.world.institutions[ISSUER];
        let issuance = Issuance { credential_type: line(VCT_SKILL), root: batch.root() };
        let key = institution.seed.signing_key(Purpose::Statement);
        let issuance = Statement::sign(&institution.did, issuance, &key).expect("a statement");
        let anchors = batch.anchors(issuance.digest());
        let file = |(sd_cwt, anchor)| CredentialFile {
            profile: Profile::SdCwt08,
            sd_cwt: Bytes(sd_cwt),
            anchor,
        };
        issued.into_iter().zip(anchors).map(file).collect()
    }
}

/// Returns `Ok` if everything passed, else what did not, with the reason.
///
/// # Errors
/// The checks that did not pass.
pub fn answer(report: &Report) -> Result<(), String> {
    if report.verdict == Verdict::Valid {
        return Ok(());
    }
    let decisive = report.credentials.first().and_then(|credential| credential.decisive());
    let why = decisive.map(|check| format!("{}: {}", check.id, check.reason.id));
    let verdict = match report.verdict {
        Verdict::Undetermined => "undetermined",
        _ => "invalid",
    };
    Err(format!("{verdict}, {}", why.unwrap_or_default()))
}

impl Peer for Ours {
    fn name(&self) -> &'static str {
        "carnet"
    }

    fn algorithm(&self) -> &'static str {
        "Ed25519 (ed25519-dalek 3)"
    }

    fn issue(&self) -> Vec<u8> {
        let did = self.world.did(ISSUER);
        let issue = Issue {
            issuer: &did,
            holder_key: self.world.wallet.key(&self.world.wallet.credentials()[0]).public(),
            person: &worker::PERSON,
            attested: &worker::SKILL.clone().into(),
            issued_at: self.world.now,
            expires_at: self.world.now.plus(365 * DAY),
            status: (StatusUri { issuer: did, list: 0 }, 1000),
        };
        issue.sign(&self.key, &mut UnwrapErr(SysRng)).expect("a credential").sd_cwt
    }

    /// Presents the credential that is in the wallet.
    fn present(&self, _: &[u8]) -> Vec<u8> {
        self.present_with(false).to_file()
    }

    /// What peers verify as well, and nothing more: both signatures, audience and nonce, and that
    /// disclosures belong to the credential. Not how Carnet decides.
    fn verify(&self, file: &[u8]) -> Result<(), String> {
        let body = Presentation::open(file).map_err(|e| e.to_string())?;
        let presentation = Presentation::from_cbor(body).map_err(|e| e.to_string())?;
        let token = presentation.presented.first().ok_or("nothing presented")?;
        let token = KeyBindingToken::parse(&token.token).map_err(|e| e.to_string())?;
        let restored = token.credential.restore(presentation.profile, Reader::Verifier);
        let restored = restored.map_err(|e| e.to_string())?;
        let claims = Claims::read(&restored.claims).map_err(|e| e.to_string())?;
        let now = self.world.now;
        let for_us = token.claims.audience == AUDIENCE
            && token.claims.nonce.as_deref() == Some(&NONCE[..])
            && token.claims.expires_at > now
            && claims.expires_at > now;
        if !for_us {
            return Err("for another verifier or time".into());
        }
        let signed = token.credential.is_signed_by(&self.key.public())
            && token.is_signed_by(&claims.holder_key);
        if signed { Ok(()) } else { Err("a signature is wrong".into()) }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.key.sign(message).0.to_vec()
    }

    fn verify_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature = signature.try_into().expect("64 bytes");
        self.key.public().verifies(message, &Signature(signature))
    }
}

/// Bytes of a presentation with and without its anchor and evidence, of the evidence alone, and of
/// a status list token.
pub struct Sizes {
    /// The SD-CWT with every disclosure.
    pub sd_cwt: usize,
    /// The credential file: the SD-CWT and its anchor.
    pub credential: usize,
    /// The presentation without an anchor.
    pub bare: usize,
    /// The presentation.
    pub presentation: usize,
    /// The presentation with evidence.
    pub stapled: usize,
    /// The status list tokens within that evidence.
    pub status_tokens: usize,
}

impl Ours {
    /// Measures.
    #[must_use]
    pub fn sizes(&self) -> Sizes {
        let presentation = self.present_with(false);
        let mut bare = presentation.clone();
        bare.presented.iter_mut().for_each(|presented| presented.anchor = None);
        let stapled = self.present_with(true);
        let evidence = stapled.evidence.as_deref().expect("evidence");
        let evidence = Evidence::from_cbor(evidence).expect("evidence");
        let tokens = evidence.logs.iter().flat_map(|log| &log.status);
        Sizes {
            sd_cwt: self.credential().sd_cwt.0.len(),
            credential: self.credential().to_cbor().len(),
            bare: bare.to_file().len(),
            presentation: presentation.to_file().len(),
            stapled: stapled.to_file().len(),
            status_tokens: tokens.map(|status| status.token.0.len()).sum(),
        }
    }
}
