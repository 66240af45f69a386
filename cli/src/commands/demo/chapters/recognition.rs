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
/// The parts of the answer that are told: the headings under which they stand.
const STEPS: &str = "recognise-steps";
const CONDITIONS: &str = "recognise-conditions";
const MISSING: &str = "recognise-missing";
/// Without a route, that there is none stands behind the attestations.
const NO_ROUTE: &str = "recognise-attestations";
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
            &[STEPS, CONDITIONS, MISSING],
        )?;

        self.accredit_chamber()?;
        self.certify("work", "ph-employers", "skill", WORK)?;
        self.certify("language", "ph-institute", "skill", LANGUAGE)?;
        self.stage.publish_status("ph-employers")?;
        self.settle()?;
        self.refresh(0)?;
        let worked = self.show_skills("with-work.carnet", &[("work", &["experience"])])?;
        self.recognise(
            "recognise-work",
            "recognised_with_conditions, missing language-certificate",
            &worked,
            ("DE", WELDER),
            &[CONDITIONS, MISSING],
        )?;
        let all = self.show_all_skills()?;
        self.recognise("recognise-all", "automatic", &all, ("DE", WELDER), &[CONDITIONS, MISSING])?;
        self.recognise(
            "recognise-no-row",
            "not_in_scope",
            &all,
            ("DE", SHEET_METAL_WORKER),
            &[STEPS],
        )?;
        self.recognise("recognise-no-agreement", "no_agreement", &all, ("SA", WELDER), &[NO_ROUTE])
    }

    /// Makes the copy with everything that the agreement asks for.
    pub(super) fn show_all_skills(&self) -> Result<std::path::PathBuf, CliError> {
        let language = ["languages", "assessment"];
        let papers = [("work", &["experience"] as &[&str]), ("language", &language)];
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
        parts: &[&str],
    ) -> Result<(), CliError> {
        let line = self
            .story
            .typed("recognise")
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
        let wanted: Vec<String> = parts.iter().map(|id| texts.plain(id)).collect();
        let (_, text) = line.run(now)?;
        for part in text.split("\n\n") {
            let heading = part.lines().next().unwrap_or_default();
            if wanted.iter().any(|wanted| wanted == heading) {
                self.story.quote_lines(part)?;
            }
        }
        Ok(())
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
