//! What the certificate opens abroad: with what is missing, and with that shown.

use super::Play;
use super::federation::{AUDIENCE, YEARS, in_force};
use crate::commands::demo::terminal::CommandLine;
use crate::error::CliError;
use crate::text::Args;
use carnet_proto::id::Digest;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::TrustPurpose;
use serde_json::Value;
use std::path::Path;

const WORK: &str = include_str!("../papers/work.toml");
const LANGUAGE: &str = include_str!("../papers/language.toml");
/// Welders and flamecutters.
const WELDER: &str = "7212";
/// Sheet-metal workers: in the scope of the agreement, and no row leads there.
const SHEET_METAL_WORKER: &str = "7213";

impl Play<'_, '_> {
    /// One certificate, and what the agreement makes of it.
    pub(super) fn recognition(&mut self) -> Result<(), CliError> {
        self.story.chapter("recognition")?;
        self.trust("trust.toml", AUDIENCE, &["de-authority"], TrustPurpose::Skill)?;
        self.refresh(0)?;
        let alone = self.show_skills("certificate.carnet", &[])?;
        self.recognise(
            "recognise-certificate",
            "recognised_with_conditions, missing work-certificate and language-certificate",
            &alone,
            ("DE", WELDER),
        )?;

        self.accredit_chamber()?;
        self.certify("work", "ph-employers", "skill", WORK)?;
        self.certify("language", "ph-institute", "skill", LANGUAGE)?;
        self.stage.publish_status("ph-employers")?;
        self.settle()?;
        self.refresh(0)?;
        let worked = self.show_skills("with-work.carnet", &[("work", "experience")])?;
        self.recognise(
            "recognise-work",
            "recognised_with_conditions, missing language-certificate",
            &worked,
            ("DE", WELDER),
        )?;
        let all = self.show_all_skills()?;
        self.recognise("recognise-all", "automatic", &all, ("DE", WELDER))?;
        self.recognise("recognise-no-row", "not_in_scope", &all, ("DE", SHEET_METAL_WORKER))?;
        self.recognise("recognise-no-agreement", "no_agreement", &all, ("SA", WELDER))
    }

    /// Makes the copy with everything that the agreement asks for.
    pub(super) fn show_all_skills(&self) -> Result<std::path::PathBuf, CliError> {
        let papers = [("work", "experience"), ("language", "languages")];
        self.show_skills("welder-skills.carnet", &papers)
    }

    fn accredit_chamber(&mut self) -> Result<(), CliError> {
        let now = self.stage.now();
        let accredit = CommandLine::new("accredit --subject")
            .and(self.stage.did("ph-employers")?.to_string())
            .and("--name")
            .and(self.stage.name("ph-employers")?.to_string())
            .and("--grant")
            .and(self.stage.dir().join("grant.toml"))
            .and("--from")
            .and(now.minus(YEARS * DAY).date().to_string());
        let (_, stated) = self.stage.operate(accredit, "ph-authority")?.json(now)?;
        let digest = stated.get("digest").and_then(Value::as_str).and_then(Digest::from_hex);
        let digest = digest.ok_or_else(|| CliError::bug("demo"))?;
        let state = in_force(&self.stage, "ph-authority", &digest);
        self.story.step("accredit-chamber", &Args::new(), "in force", state)
    }

    /// Asks what agreements make of a copy, as the yard does with its own node.
    fn recognise(
        &mut self,
        id: &'static str,
        expected: &str,
        file: &Path,
        (destination, occupation): (&str, &str),
    ) -> Result<(), CliError> {
        let line = CommandLine::new("recognise")
            .and(file)
            .and("--destination")
            .and(destination)
            .and("--occupation")
            .and(occupation)
            .and("--policy")
            .and(self.stage.dir().join("trust.toml"))
            .and("--node")
            .and(self.stage.url("employer")?);
        let now = self.stage.now();
        let (_, json) = line.json(now)?;
        self.story.step(id, &Args::new(), expected, told(&json))?;
        let texts = self.story.texts();
        let [steps, conditions, missing] =
            ["recognise-steps", "recognise-conditions", "recognise-missing"]
                .map(|id| texts.plain(id));
        let (_, text) = line.run(now)?;
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split("\n\n") {
            let heading = part.lines().next().unwrap_or_default();
            if [&steps, &conditions, &missing].iter().any(|wanted| *wanted == heading) {
                parts.push(part);
            }
        }
        // Without a route there is only the sentence that says so.
        let own =
            |line: &&str| line.trim_start().starts_with('✗') && !line.contains("no_agreement");
        let lines: Vec<&str> = match parts.is_empty() {
            true => text.lines().filter(own).collect(),
            false => parts,
        };
        self.story.quote_lines(&lines.join("\n"))
    }
}

/// Says what came of a question: the outcome, and what is missing.
fn told(answer: &Value) -> String {
    let outcome = answer.pointer("/recognition/outcome").and_then(Value::as_str).unwrap_or("?");
    let missing = answer.pointer("/recognition/routes/0/missing").and_then(Value::as_array);
    let evidence = |one: &Value| one.get("evidence").and_then(Value::as_str).map(str::to_owned);
    let missing: Vec<String> = missing.into_iter().flatten().filter_map(evidence).collect();
    match missing.is_empty() {
        true => outcome.to_owned(),
        false => format!("{outcome}, missing {}", missing.join(" and ")),
    }
}
