//! The workers of the class and the employer: wallets, requests, challenges, verdicts.

use super::stage::Stage;
use super::trouble;
use crate::challenges::Challenges;
use crate::commands::verify::judge;
use crate::commands::{rng, wallet};
use crate::error::CliError;
use crate::files::{self, Access, Existing};
use crate::forms::certificate::Certificate;
use crate::ledger::Fetched;
use crate::policy::Rules;
use carnet_proto::cbor::{Bytes, Decode as _, Encode as _};
use carnet_proto::evidence::Evidence;
use carnet_proto::issuing::{CredentialFile, IssuedBatch, IssuingOrder, IssuingRow};
use carnet_proto::key::Seed;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::Presentation;
use carnet_proto::profile::MAX_LIVE_SECONDS;
use carnet_proto::time::{DAY, UnixSeconds};
use carnet_proto::verify::policy::Policy;
use carnet_proto::verify::report::Report;
use carnet_proto::wallet::{PresentRequest, Wallet};
use getrandom::rand_core::Rng as _;
use std::path::Path;

/// Largest answer of the issuing desk, in bytes.
const MAX_BATCH_BYTES: u64 = 64 * 1024 * 1024;
/// What the worker shows: three claims.
pub const SHOWN: [&str; 3] = ["name_latin", "birth_date", "assessment"];

/// A worker with a wallet.
pub struct Worker {
    /// The row of the class list.
    pub row: Certificate,
    /// The wallet.
    pub wallet: Wallet,
}

impl Worker {
    /// Makes an empty wallet.
    pub fn new(row: Certificate) -> Self {
        Self { row, wallet: Wallet::new(Seed::generate(&mut rng())) }
    }

    /// Makes a key request for an institution.
    pub fn request(&mut self, stage: &Stage, key: &str) -> Result<Vec<u8>, CliError> {
        let institution = stage.did(key)?;
        self.wallet.request_key(institution, stage.now(), &mut rng()).map_err(trouble)
    }

    /// Has one more credential issued, outside the class. Returns the row's key.
    pub fn issue(
        &mut self,
        stage: &Stage,
        key: &str,
        change: impl FnOnce(&mut Certificate),
    ) -> Result<(), CliError> {
        let mut row = self.row.clone();
        row.row = carnet_proto::text::Line::parse(key).map_err(trouble)?;
        change(&mut row);
        let order = IssuingOrder {
            rows: vec![IssuingRow {
                row: row.row.clone(),
                key_request: Bytes(self.request(stage, "ph-institute")?),
                person: row.person,
                skill: row.attested.skill().cloned(),
                contribution: row.attested.contribution().cloned(),
                expires_at: row.expires_at,
            }],
        };
        let operator = stage.operator("ph-institute")?;
        let path = operator.path("/operator/v1/issue?dry_run=false");
        let batch = operator.client.post_cbor(&path, &order.to_cbor(), MAX_BATCH_BYTES)?;
        let batch = IssuedBatch::from_cbor(&batch).map_err(trouble)?;
        let issued = batch.rows.first().ok_or_else(|| CliError::bug("demo"))?;
        self.take(&issued.file.0)
    }

    /// Puts a credential file into the wallet.
    pub fn take(&mut self, file: &[u8]) -> Result<(), CliError> {
        let file = CredentialFile::open(file).map_err(trouble)?;
        self.wallet.add(file).map(|_| ()).map_err(trouble)
    }

    /// Fetches evidence for everything in the wallet, from all the logs of a node.
    pub fn refresh(&mut self, fetched: &Fetched, now: UnixSeconds) -> Result<usize, CliError> {
        wallet::gather(&mut self.wallet, fetched, now)
            .map(|gathered| gathered.refreshed.len())
            .map_err(trouble)
    }

    /// Presents credentials, showing [`SHOWN`].
    pub fn present(&self, asked: &Asked<'_>, indexes: &[usize]) -> Result<Presentation, CliError> {
        let each: Vec<_> = indexes.iter().map(|index| (*index, Vec::new())).collect();
        self.present_each(asked, &SHOWN, &each)
    }

    /// Presents credentials, each showing `all`, and claims of its own.
    pub fn present_each(
        &self,
        asked: &Asked<'_>,
        all: &[&str],
        each: &[(usize, Vec<String>)],
    ) -> Result<Presentation, CliError> {
        let disclose: Vec<String> = all.iter().map(|name| (*name).to_owned()).collect();
        let request = PresentRequest {
            audience: asked.audience,
            nonce: asked.nonce,
            issued_at: asked.now,
            expires_at: asked.now.plus(match asked.nonce {
                Some(_) => MAX_LIVE_SECONDS,
                None => 30 * DAY,
            }),
            disclose: &disclose,
            with_evidence: asked.with_evidence,
        };
        self.wallet.present_each(each, &request, Evidence::join_encoded).map_err(trouble)
    }
}

/// For whom a presentation is, and when.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The verifier.
    pub audience: &'a str,
    /// The nonce of its challenge.
    pub nonce: Option<&'a [u8]>,
    /// The time.
    pub now: UnixSeconds,
    /// Whether evidence is stapled.
    pub with_evidence: bool,
}

/// The employer's desk: its rules and the challenges that it has made.
pub struct Employer {
    /// The rules of `trust.toml`.
    pub rules: Rules,
    challenges: Challenges,
}

impl Employer {
    /// Sits down with rules, and a place for its challenges.
    pub fn new(rules: Rules, home: &Path) -> Self {
        Self { rules, challenges: Challenges::at(home) }
    }

    /// Returns the rules with every nonce that was handed out.
    pub fn policy(&self) -> Result<Policy, CliError> {
        let audience = self.rules.audience.as_str();
        Ok(self.rules.policy(self.challenges.issued(audience)?))
    }

    /// Makes a challenge and returns its nonce.
    pub fn challenge(&self, now: UnixSeconds) -> Result<[u8; 16], CliError> {
        let mut nonce = [0; 16];
        rng().fill_bytes(&mut nonce);
        let audience = self.rules.audience.as_str();
        self.challenges.issue(audience, &nonce, now, now.plus(MAX_LIVE_SECONDS))?;
        Ok(nonce)
    }

    /// Judges a presentation by what a ledger says.
    pub fn judge(
        &self,
        presentation: &Presentation,
        ledger: &Ledger,
        now: UnixSeconds,
    ) -> Result<Report, CliError> {
        self.judge_bytes(&presentation.to_file(), ledger, now)
    }

    /// Judges the bytes of a presentation file.
    pub fn judge_bytes(
        &self,
        file: &[u8],
        ledger: &Ledger,
        now: UnixSeconds,
    ) -> Result<Report, CliError> {
        let body = Presentation::open(file).map_err(trouble)?;
        judge(body, &self.rules, ledger, &self.challenges, None, now)
    }

    /// Challenges a worker, takes the answer and judges it by the logs of the employer's own node.
    pub fn meet(
        &self,
        worker: &Worker,
        indexes: &[usize],
        stage: &Stage,
        with_evidence: bool,
    ) -> Result<Presentation, CliError> {
        let now = stage.now();
        let nonce = self.challenge(now)?;
        let asked = Asked {
            audience: self.rules.audience.as_str(),
            nonce: Some(&nonce),
            now,
            with_evidence,
        };
        worker.present(&asked, indexes)
    }
}

/// Writes a file of the demo.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    if let Some(parent) = path.parent() {
        files::create_dir(parent, Access::Private)?;
    }
    files::write(path, bytes, Access::Private, Existing::Replace)
}
