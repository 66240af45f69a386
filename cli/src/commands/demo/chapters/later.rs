//! Weeks later: statuses change, things grow old, the accreditation ends; and then it is today.

use super::Play;
use super::attacks::alter_claim;
use super::federation::AUDIENCE;
use crate::commands::demo::people::{Asked, keep};
use crate::commands::demo::stage::DAYS;
use crate::commands::demo::{privacy, trouble};
use crate::error::CliError;
use crate::policy;
use crate::secret::{self, Passphrase};
use crate::text::Args;
use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::classification::Occupation;
use carnet_proto::credential::attested::Attested;
use carnet_proto::evidence::Evidence;
use carnet_proto::ledger::Ledger;
use carnet_proto::presentation::Presentation;
use carnet_proto::statement::accreditation::{Withdrawal, WithdrawalReason};
use carnet_proto::statement::standing::State;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::TrustPurpose;
use serde::Deserialize;
use std::path::Path;
use zeroize::Zeroizing;

/// The passphrase of the wallet that the demo leaves behind.
const PASSPHRASE: &str = "carnet demo";

impl Play<'_, '_> {
    /// Judges one of a worker's credentials by the employer's node.
    pub(super) fn judge(
        &mut self,
        id: &'static str,
        expected: &str,
        worker: usize,
        credential: usize,
    ) -> Result<(), CliError> {
        let presentation =
            self.employer.meet(self.worker(worker)?, &[credential], &self.stage, false)?;
        let report = self.employer.judge(&presentation, &self.ledger()?, self.stage.now())?;
        self.story.verdict(id, &Args::new(), expected, &report)
    }

    /// Sets the status of a classmate's credential.
    fn set_status(&self, worker: usize, status: &str) -> Result<(), CliError> {
        #[derive(Deserialize)]
        struct Changed {}
        let operator = self.stage.operator("ph-institute")?;
        let path = operator.path("/operator/v1/credentials/status");
        let record = self.worker(worker)?.row.row.to_string();
        let change = serde_json::json!({ "record": record, "status": status });
        operator.client.post_json::<Changed>(&path, &change).map(|_| ())
    }

    pub(super) fn weeks(&mut self) -> Result<(), CliError> {
        self.story.chapter("weeks")?;
        self.go_to_day(8)?;
        let running = self.stage.start()?;
        self.story.step(
            "nodes-restart",
            &Args::new(),
            "8 nodes run",
            format!("{running} nodes run"),
        )?;
        self.set_status(1, "suspended")?;
        self.set_status(2, "invalid")?;
        self.settle()?;
        self.converge("converge-restart")?;
        self.judge("suspended", "invalid: status", 1, 0)?;
        self.judge("revoked", "invalid: status", 2, 0)?;

        let expires = self.stage.now().plus(3 * DAY);
        let nursing = Occupation::parse("2221").map_err(trouble)?;
        self.issue_to(5, "short-course", |row| row.expires_at = expires)?;
        self.issue_to(5, "night-school", |row| {
            if let Attested::Skill(skill) = &mut row.attested {
                skill.occupation = nursing;
            }
        })?;
        self.settle()?;
        self.judge("outside-scope", "invalid: path", 5, 2)?;

        self.refresh(0)?;
        self.go_to_day(13)?;
        self.settle()?;
        self.judge("expired", "invalid: time", 5, 1)?;

        // The institute's node is down for nine days; the witnesses go on cosigning what it has.
        self.stage.stop_one("ph-institute");
        self.go_to_day(22)?;
        self.stage.converge()?;
        self.judge("stale-status", "undetermined: status", 0, 0)?;
        let presentation = self.meet(&[0], true)?;
        let now = self.stage.now();
        let report = self.employer.judge(&presentation, &Ledger::new(), now)?;
        self.story.verdict("stale-evidence", &Args::new(), "undetermined: witnesses", &report)?;
        self.stage.start()?;
        self.settle()
    }

    pub(super) fn issue_to(
        &mut self,
        worker: usize,
        key: &str,
        change: impl FnOnce(&mut crate::forms::certificate::Certificate),
    ) -> Result<(), CliError> {
        let worker = self.workers.get_mut(worker).ok_or_else(|| CliError::bug("demo"))?;
        worker.issue(&self.stage, key, change)
    }

    pub(super) fn withdrawal(&mut self) -> Result<(), CliError> {
        self.story.chapter("withdrawal")?;
        self.go_to_day(24)?;
        let withdrawal = Withdrawal {
            target: self.accreditation,
            effective: self.stage.now(),
            reason: WithdrawalReason::NotCompliant,
            retroactive: false,
        };
        self.stage.state("ph-authority", "withdrawal", &withdrawal)?;
        self.settle()?;
        let state = self.accreditation_state()?;
        self.story.step("withdraw", &Args::new(), "withdrawn", state)?;

        self.go_to_day(26)?;
        self.issue_to(6, "after-the-end", |_| {})?;
        self.settle()?;
        self.judge("withdrawn-before", "invalid: path", 6, 1)?;
        self.refresh(6)?;
        let mut hidden = self.employer.meet(self.worker(6)?, &[1], &self.stage, true)?;
        hide_withdrawal(&mut hidden)?;
        let now = self.stage.now();
        let report = self.employer.judge(&hidden, &Ledger::new(), now)?;
        self.story.verdict("withdrawal-left-out", &Args::new(), "undetermined: path", &report)?;
        self.judge("withdrawn-afterwards", "valid", 0, 0)
    }

    fn accreditation_state(&self) -> Result<&'static str, CliError> {
        let fetched = self.stage.fetch("employer")?;
        let log = fetched.replicas.get(&self.stage.did("ph-authority")?);
        let held = log.and_then(|log| log.view().statements.get(&self.accreditation));
        Ok(match held.map(|held| held.state) {
            Some(State::Withdrawn { .. }) => "withdrawn",
            Some(State::InForce) => "in force",
            Some(State::Void) => "void",
            None => "unknown",
        })
    }

    /// It is today: the files that stay are made, and the promise of privacy is checked.
    pub(super) fn today(&mut self) -> Result<(), CliError> {
        self.story.chapter("today")?;
        self.go_to_day(DAYS)?;
        for key in ["ph-employers", "ph-pension", "de-pension", "sa-pension"] {
            self.stage.publish_status(key)?;
        }
        self.stage.converge()?;
        self.refresh(0)?;
        let dir = self.stage.dir().to_owned();
        let now = self.stage.now();
        let copy = Asked {
            audience: carnet_proto::profile::AUDIENCE_ANYONE,
            nonce: None,
            now,
            with_evidence: true,
        };
        let copy = self.hero()?.present(&copy, &[0])?;
        keep(&dir.join("presentation.carnet"), &copy.to_file())?;
        let mut altered = copy.clone();
        alter_claim(&mut altered)?;
        keep(&dir.join("presentation-altered.carnet"), &altered.to_file())?;
        keep(&dir.join("noise.carnet"), &noise())?;
        let trust = self.trust("trust.toml", AUDIENCE, &["de-authority"], TrustPurpose::Skill)?;
        self.show_all_skills()?;
        self.show_all_periods()?;
        self.keep_wallet(&dir)?;

        self.employer.rules = policy::read(&trust)?;
        let report = self.employer.judge(&copy, &Ledger::new(), now)?;
        self.story.verdict("copy", &Args::new(), "valid", &report)?;
        let report = self.employer.judge(&altered, &Ledger::new(), now)?;
        self.story.verdict("copy-altered", &Args::new(), "invalid: disclosures", &report)?;

        let mut entries = Vec::new();
        for key in self.stage.institutions() {
            entries.extend(self.stage.entries(key)?);
        }
        // Nothing is written any more while it is read.
        self.stage.stop();
        let searched = privacy::search(&dir.join("messages.bin"), &entries, &self.workers)?;
        let args = Args::new()
            .with("messages", searched.messages)
            .with("entries", searched.entries)
            .with("traces", searched.traces);
        let got = format!("{} traces", searched.found);
        self.story.step("privacy", &args, "0 traces", got)
    }

    fn keep_wallet(&self, dir: &Path) -> Result<(), CliError> {
        let path = dir.join("wallet.age");
        let passphrase = Passphrase::new(Zeroizing::new(PASSPHRASE.into()))?;
        let plain = Zeroizing::new(self.hero()?.wallet.to_file());
        keep(&path, &secret::seal(&path, &plain, &passphrase)?)?;
        keep(&dir.join("wallet.passphrase"), format!("{PASSPHRASE}\n").as_bytes())
    }
}

/// The forger claims in the evidence that what was withdrawn is in force.
fn hide_withdrawal(presentation: &mut Presentation) -> Result<(), CliError> {
    let bytes = presentation.evidence.as_ref().ok_or_else(|| CliError::bug("demo"))?;
    let mut evidence = Evidence::from_cbor(bytes).map_err(trouble)?;
    for statement in evidence.logs.iter_mut().flat_map(|log| &mut log.statements) {
        statement.state = State::InForce;
    }
    presentation.evidence = Some(evidence.to_cbor());
    Ok(())
}

/// A file that is no presentation.
fn noise() -> Vec<u8> {
    (0u32..512).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}
