//! At the yard: too early, then for real, with every node but the employer's stopped.

use super::Play;
use crate::commands::demo::people::{Worker, keep};
use crate::commands::verify::report::path_in_words;
use crate::error::CliError;
use crate::text::Args;
use carnet_proto::ledger::Ledger;

impl Play<'_, '_> {
    /// One signatory has not ratified yet: nobody can say yes, and nobody says no.
    pub(super) fn too_early(&mut self) -> Result<(), CliError> {
        self.story.chapter("early")?;
        self.go_to_day(4)?;
        self.settle()?;
        let presentation = self.meet(&[0], false)?;
        let report = self.employer.judge(&presentation, &self.ledger()?, self.stage.now())?;
        self.story.verdict("not-ratified", &Args::new(), "undetermined: path", &report)?;
        self.go_to_day(6)?;
        self.ratify("ratify-de-union", "de-union")?;
        self.settle()
    }

    /// The worker whom the story follows answers a challenge of the employer's.
    pub(super) fn meet(
        &self,
        indexes: &[usize],
        with_evidence: bool,
    ) -> Result<carnet_proto::presentation::Presentation, CliError> {
        self.employer.meet(self.hero()?, indexes, &self.stage, with_evidence)
    }

    pub(super) fn hero(&self) -> Result<&Worker, CliError> {
        self.worker(0)
    }

    pub(super) fn worker(&self, index: usize) -> Result<&Worker, CliError> {
        self.workers.get(index).ok_or_else(|| CliError::bug("demo"))
    }

    /// Lets a worker fetch evidence from the union's node at home.
    pub(super) fn refresh(&mut self, index: usize) -> Result<usize, CliError> {
        let fetched = self.stage.fetch("ph-union")?;
        let now = self.stage.now();
        let worker = self.workers.get_mut(index).ok_or_else(|| CliError::bug("demo"))?;
        worker.refresh(&fetched, now)
    }

    /// Five minutes at the yard.
    pub(super) fn yard(&mut self) -> Result<(), CliError> {
        self.story.chapter("yard")?;
        self.go_to_day(7)?;
        self.settle()?;
        let credentials = self.hero()?.wallet.credentials().len();
        let got = format!("{credentials} credential");
        self.story.step("wallet", &Args::new(), "1 credential", got)?;
        let refreshed = self.refresh(0)?;
        let got = format!("evidence for {refreshed}");
        self.story.step("refresh", &Args::new(), "evidence for 1", got)?;

        let presentation = self.meet(&[0], true)?;
        let bytes = presentation.to_file();
        keep(&self.stage.dir().join("presentation-live.carnet"), &bytes)?;
        let args = Args::new().with("bytes", bytes.len());
        self.story.step(
            "present",
            &args,
            "1 credential shown",
            format!("{} credential shown", presentation.presented.len()),
        )?;

        let running = self.stage.stop_all_but("employer");
        self.story.step(
            "nodes-stop",
            &Args::new(),
            "1 node runs",
            format!("{running} node runs"),
        )?;
        let ledger = self.ledger()?;
        let now = self.stage.now();
        // The nonce counts once, so the same presentation is judged first as evidence alone would
        // have it, by somebody who has nothing but the trust anchor and this challenge.
        let report = carnet_proto::verify::verify(
            carnet_proto::presentation::Presentation::open(&bytes)
                .map_err(crate::commands::demo::trouble)?,
            &self.employer.policy()?,
            &Ledger::new(),
            now,
        );
        self.story.verdict("verify-evidence", &Args::new(), "valid", &report)?;
        let alone = report.credentials.first().and_then(|c| c.path.clone());
        let report = self.employer.judge_bytes(&bytes, &ledger, now)?;
        self.story.verdict("verify-node", &Args::new(), "valid", &report)?;
        let path = report.credentials.first().and_then(|c| c.path.clone());
        if let Some(path) = &path {
            for sentence in path_in_words(path, self.story.texts()) {
                self.story.quote(&sentence)?;
            }
        }
        let same = if path == alone { "the same path" } else { "another path" };
        self.story.step("same-path", &Args::new(), "the same path", same)
    }
}
