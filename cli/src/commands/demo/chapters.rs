//! The chapters, in the order in which they are told.

mod attacks;
mod federation;
mod later;
mod papers;
mod periods;
mod recognition;
mod theft;
mod yard;

use super::people::{Employer, Worker};
use super::stage::{DAYS, Stage};
use super::story::Story;
use crate::error::CliError;
use crate::text::Args;
use carnet_proto::id::Digest;
use carnet_proto::ledger::Ledger;
use carnet_proto::time::UnixSeconds;
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that the chapters share.
pub struct Play<'s, 'c> {
    stage: Stage,
    story: &'s mut Story<'c>,
    employer: Employer,
    /// The class; the first is the one whom the story follows.
    workers: Vec<Worker>,
    accreditation: Digest,
    agreement: Digest,
    /// What the first of the class was certified later, by name: its place in the wallet.
    papers: BTreeMap<&'static str, usize>,
}

/// Plays all chapters.
pub fn play(dir: &Path, now: UnixSeconds, story: &mut Story<'_>) -> Result<(), CliError> {
    let stage = Stage::set(dir, now)?;
    let mut play = federation::begin(stage, story)?;
    let told = play.tell();
    play.stage.stop();
    told
}

impl Play<'_, '_> {
    fn tell(&mut self) -> Result<(), CliError> {
        self.class()?;
        self.too_early()?;
        self.yard()?;
        self.attacks()?;
        self.weeks()?;
        self.recognition()?;
        let stolen = self.theft()?;
        self.histories(&stolen)?;
        self.withdrawal()?;
        self.closing()?;
        self.periods()?;
        self.not_counted()?;
        self.today()
    }

    /// Steps the clock and says so; with nodes running, they cosign anew and agree.
    fn go_to_day(&mut self, day: u64) -> Result<(), CliError> {
        self.stage.step_to_day(day);
        self.story.day(self.stage.day().min(DAYS), self.stage.now())
    }

    /// Lets the institute publish its lists, and waits until all nodes agree.
    fn settle(&mut self) -> Result<(), CliError> {
        self.stage.publish_status("ph-institute")?;
        self.stage.converge().map(|_| ())
    }

    /// Waits until all nodes agree, and keeps that as a step.
    fn converge(&mut self, id: &'static str) -> Result<(), CliError> {
        let agreed = self.stage.converge()?;
        self.story.step(id, &Args::new(), "8 nodes agree", format!("{agreed} nodes agree"))
    }

    /// Fetches the logs from the employer's own node.
    fn ledger(&self) -> Result<Ledger, CliError> {
        Ok(self.stage.fetch("employer")?.ledger())
    }
}
