//! What forgers try: each attempt with the check that stops it.

use super::Play;
use crate::commands::demo::people::Asked;
use crate::commands::demo::trouble;
use crate::commands::rng;
use crate::error::CliError;
use crate::text::Args;
use carnet_proto::anchor::Batch;
use carnet_proto::cbor::{Bytes, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::issue::Issue;
use carnet_proto::id::Did;
use carnet_proto::issuing::CredentialFile;
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::presentation::{
    KeyBindingClaims, KeyBindingToken, Presentation, container_digest,
};
use carnet_proto::profile::Profile;
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::Statement;
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::status::StatusUri;
use carnet_proto::text::Line;
use carnet_proto::time::DAY;

impl Play<'_, '_> {
    /// Judges by the employer's own node and keeps the verdict.
    fn attempt(
        &mut self,
        id: &'static str,
        expected: &str,
        presentation: &Presentation,
    ) -> Result<(), CliError> {
        let report = self.employer.judge(presentation, &self.ledger()?, self.stage.now())?;
        self.story.verdict(id, &Args::new(), expected, &report)
    }

    pub(super) fn attacks(&mut self) -> Result<(), CliError> {
        self.story.chapter("forgers")?;
        let own = self.hero()?.wallet.clone();
        self.forged_key()?;

        let mut altered = self.meet(&[0], false)?;
        alter_claim(&mut altered)?;
        self.attempt("altered-claim", "invalid: disclosures", &altered)?;

        let foreign = self.foreign_disclosure()?;
        self.attempt("foreign-disclosure", "invalid: disclosures", &foreign)?;

        let once = self.meet(&[0], false)?;
        self.attempt("answer-once", "valid", &once)?;
        self.attempt("replayed-nonce", "invalid: holder-binding", &once)?;

        let nonce = self.employer.challenge(self.stage.now())?;
        let elsewhere = Asked {
            audience: "https://another-yard.example/verify",
            nonce: Some(&nonce),
            now: self.stage.now(),
            with_evidence: false,
        };
        let elsewhere = self.hero()?.present(&elsewhere, &[0])?;
        self.attempt("wrong-audience", "invalid: holder-binding", &elsewhere)?;

        let mut stolen = self.meet(&[0], false)?;
        steal(&mut stolen)?;
        self.attempt("another-holder", "invalid: holder-binding", &stolen)?;

        let mut unanchored = self.meet(&[0], false)?;
        for presented in &mut unanchored.presented {
            presented.anchor = None;
        }
        self.attempt("no-anchor", "undetermined: anchor", &unanchored)?;

        self.unknown_issuer()?;
        let two = self.two_people()?;
        self.attempt("two-people", "undetermined: same-subject", &two)?;
        // What forgers slipped into the wallet is not kept.
        if let Some(hero) = self.workers.first_mut() {
            hero.wallet = own;
        }
        Ok(())
    }

    /// Somebody makes a certificate in the institute's name with a key of their own.
    fn forged_key(&mut self) -> Result<(), CliError> {
        let institute = self.stage.did("ph-institute")?;
        let forger = Seed::generate(&mut rng());
        let index = self.smuggle(&institute, &forger, None)?;
        let presentation = self.meet(&[index], false)?;
        self.attempt("forged-key", "invalid: issuer-key", &presentation)
    }

    /// A school that nobody vouches for issues a certificate.
    fn unknown_issuer(&mut self) -> Result<(), CliError> {
        let school = Seed::generate(&mut rng());
        let next = Seed::generate(&mut rng()).public_key_set().commitment();
        let inception = Inception { keys: school.public_key_set(), next };
        let inception = Statement::incept(inception, &school.signing_key(Purpose::Statement));
        let did = *inception.issuer();
        let index = self.smuggle(&did, &school, Some(&school))?;
        let presentation = self.meet(&[index], false)?;
        self.attempt("unknown-issuer", "undetermined: issuer-key", &presentation)
    }

    /// Puts a credential into the wallet that no desk has issued; returns its place.
    fn smuggle(
        &mut self,
        issuer: &Did,
        key: &Seed,
        own_log: Option<&Seed>,
    ) -> Result<usize, CliError> {
        let now = self.stage.now();
        let worker = self.workers.first_mut().ok_or_else(|| CliError::bug("demo"))?;
        let anchor = worker.wallet.credentials().first().map(|c| c.anchor.clone());
        let request = worker.wallet.request_key(*issuer, now, &mut rng()).map_err(trouble)?;
        let holder_key = KeyRequest::open(&request, issuer).map_err(trouble)?.key();
        let person: Person = worker.row.person.clone().into();
        let issued = Issue {
            issuer,
            holder_key,
            person: &person,
            attested: &worker.row.attested,
            issued_at: now,
            expires_at: now.plus(365 * DAY),
            status: (StatusUri { issuer: *issuer, list: 0 }, 7),
        }
        .sign(&key.signing_key(Purpose::Credential), &mut rng())
        .map_err(trouble)?;
        let anchor = match own_log {
            // The best a forger can do: the anchor of another credential.
            None => anchor.ok_or_else(|| CliError::bug("demo"))?,
            Some(seed) => {
                let digest = SdCwt::parse(&issued.sd_cwt, Mode::Strict).map_err(trouble)?.digest();
                let batch = Batch::new(&[digest], &mut rng()).map_err(trouble)?;
                let credential_type =
                    Line::parse(carnet_proto::profile::VCT_SKILL).map_err(trouble)?;
                let issuance = Issuance { credential_type, root: batch.root() };
                let key = seed.signing_key(Purpose::Statement);
                let issuance = Statement::sign(issuer, issuance, &key).map_err(trouble)?;
                let anchors = batch.anchors(issuance.digest()).next();
                anchors.ok_or_else(|| CliError::bug("demo"))?
            }
        };
        let file =
            CredentialFile { profile: Profile::SdCwt08, sd_cwt: Bytes(issued.sd_cwt), anchor };
        worker.take(&file.to_file())?;
        Ok(worker.wallet.credentials().len() - 1)
    }

    /// A classmate's disclosure takes the place of the worker's own, and the worker signs that.
    fn foreign_disclosure(&self) -> Result<Presentation, CliError> {
        let mut presentation = self.meet(&[0], false)?;
        let other = self.employer.meet(self.worker(4)?, &[0], &self.stage, false)?;
        let (Some(ours), Some(theirs)) = (presentation.presented.first(), other.presented.first())
        else {
            return Err(CliError::bug("demo"));
        };
        let ours = KeyBindingToken::parse(&ours.token).map_err(trouble)?;
        let theirs = KeyBindingToken::parse(&theirs.token).map_err(trouble)?;
        let (Some(mine), Some(foreign)) =
            (ours.credential.disclosures().first(), theirs.credential.disclosures().first())
        else {
            return Err(CliError::bug("demo"));
        };
        let mut sd_cwt = ours.credential.with_disclosures(|_| true);
        let at = memchr::memmem::find(&sd_cwt, mine).ok_or_else(|| CliError::bug("demo"))?;
        sd_cwt.splice(at..at + mine.len(), foreign.iter().copied());
        let wallet = &self.hero()?.wallet;
        let first = wallet.credentials().first().ok_or_else(|| CliError::bug("demo"))?;
        let token = KeyBindingToken::sign(&sd_cwt, &ours.claims, &wallet.key(first));
        if let Some(presented) = presentation.presented.first_mut() {
            presented.token = token;
        }
        Ok(presentation)
    }

    /// Two classmates answer one challenge together, in one container.
    fn two_people(&self) -> Result<Presentation, CliError> {
        let now = self.stage.now();
        let nonce = self.employer.challenge(now)?;
        let asked = Asked {
            audience: self.employer.rules.audience.as_str(),
            nonce: Some(&nonce),
            now,
            with_evidence: false,
        };
        let mut together = self.hero()?.present(&asked, &[0])?;
        together.presented.extend(self.worker(3)?.present(&asked, &[0])?.presented);
        let mut digests = Vec::new();
        for presented in &together.presented {
            let token = KeyBindingToken::parse(&presented.token).map_err(trouble)?;
            digests.push(token.credential.digest());
        }
        let container = container_digest(&digests);
        for (presented, worker) in together.presented.iter_mut().zip([0, 3]) {
            let token = KeyBindingToken::parse(&presented.token).map_err(trouble)?;
            let claims = KeyBindingClaims { container, ..token.claims.clone() };
            let wallet = &self.worker(worker)?.wallet;
            let first = wallet.credentials().first().ok_or_else(|| CliError::bug("demo"))?;
            let sd_cwt = token.credential.with_disclosures(|_| true);
            presented.token = KeyBindingToken::sign(&sd_cwt, &claims, &wallet.key(first));
        }
        Ok(together)
    }
}

/// Changes one byte of the disclosed assessment.
pub(super) fn alter_claim(presentation: &mut Presentation) -> Result<(), CliError> {
    let presented = presentation.presented.first_mut().ok_or_else(|| CliError::bug("demo"))?;
    let at = memchr::memmem::find(&presented.token, b"competent");
    let byte = at.and_then(|at| presented.token.get_mut(at));
    *byte.ok_or_else(|| CliError::bug("demo"))? = b'C';
    Ok(())
}

/// A thief has the credential and signs with a key of their own.
fn steal(presentation: &mut Presentation) -> Result<(), CliError> {
    let presented = presentation.presented.first_mut().ok_or_else(|| CliError::bug("demo"))?;
    let token = KeyBindingToken::parse(&presented.token).map_err(trouble)?;
    let sd_cwt = token.credential.with_disclosures(|_| true);
    let thief = Seed::generate(&mut rng()).credential_key(&[0; 16]);
    presented.token = KeyBindingToken::sign(&sd_cwt, &token.claims, &thief);
    Ok(())
}
