//! The further papers of the worker whom the story follows: certified by forms, kept, and shown as copies.

use super::Play;
use super::federation::YEARS;
use crate::commands::demo::people::{Asked, keep};
use crate::commands::demo::terminal::CommandLine;
use crate::commands::wallet::chosen;
use crate::error::CliError;
use crate::files;
use crate::policy;
use carnet_proto::time::DAY;
use carnet_proto::verify::policy::TrustPurpose;
use carnet_proto::wallet::Preset;
use std::path::PathBuf;

/// Where her papers are, in the directory of the demo.
const PAPERS: &str = "papers";
/// Largest credential file, in bytes.
const MAX_FILE: u64 = 1 << 20;

impl Play<'_, '_> {
    /// Lets an institution certify something by a form: `carnet issue skill --toml`, or `contribution`.
    /// `body` is the form without its head; TODAY stands for the day.
    pub(super) fn certify(
        &mut self,
        name: &'static str,
        issuer: &str,
        kind: &str,
        body: &str,
    ) -> Result<(), CliError> {
        let dir = self.stage.dir().join(PAPERS);
        let now = self.stage.now();
        let expires = now.plus(YEARS * DAY).date();
        let worker = self.workers.first_mut().ok_or_else(|| CliError::bug("demo"))?;
        keep(&dir.join(format!("{name}.request")), &worker.request(&self.stage, issuer)?)?;
        let text = |line: &Option<carnet_proto::text::Line>| {
            line.as_ref().map(ToString::to_string).unwrap_or_default()
        };
        let person = &worker.row.person;
        let born = person.birth_date.map(|date| date.to_string()).unwrap_or_default();
        let head = format!(
            "row = \"{name}\"\nkey_request = \"{name}.request\"\nexpires = \"{expires}\"\n\n\
             [person]\nname_latin = \"{}\"\nbirth_date = \"{born}\"\n\n",
            text(&person.name_latin),
        );
        let form = dir.join(format!("{name}.toml"));
        keep(&form, (head + &body.replace("TODAY", &now.date().to_string())).as_bytes())?;
        let out = dir.join("issued");
        let issue = CommandLine::new("issue").and(kind).and("--toml").and(&form);
        self.stage.operate(issue.and("--out").and(&out), issuer)?.run(now)?;
        worker.take(&files::read_limited(&out.join(format!("{name}.carnet")), MAX_FILE)?)?;
        self.papers.insert(name, worker.wallet.credentials().len() - 1);
        Ok(())
    }

    /// Returns the place of a paper in the wallet.
    fn paper(&self, name: &str) -> Result<usize, CliError> {
        self.papers.get(name).copied().ok_or_else(|| CliError::bug("demo"))
    }

    /// Makes a copy of the certificate and further papers on skills, and keeps it as a file.
    pub(super) fn show_skills(
        &self,
        file: &str,
        papers: &[(&'static str, &[&str])],
    ) -> Result<PathBuf, CliError> {
        let mut each = vec![(0, vec!["assessment".to_owned()])];
        for (paper, claims) in papers {
            let claims = claims.iter().map(|claim| (*claim).to_owned()).collect();
            each.push((self.paper(paper)?, claims));
        }
        self.show(file, &each)
    }

    /// Makes a copy of papers on periods with what is shown for a ratio, and keeps it as a file.
    pub(super) fn show_periods(&self, file: &str, papers: &[&str]) -> Result<PathBuf, CliError> {
        let indexes = papers.iter().map(|paper| self.paper(paper));
        let indexes = indexes.collect::<Result<Vec<_>, _>>()?;
        let each = chosen(Some(Preset::Ratio), &self.hero()?.wallet, &indexes)?;
        self.show(file, &each)
    }

    fn show(&self, file: &str, each: &[(usize, Vec<String>)]) -> Result<PathBuf, CliError> {
        let copy = Asked {
            audience: carnet_proto::profile::AUDIENCE_ANYONE,
            nonce: None,
            now: self.stage.now(),
            with_evidence: true,
        };
        let copy = self.hero()?.present_each(&copy, &["name_latin", "birth_date"], each)?;
        let path = self.stage.dir().join(file);
        keep(&path, &copy.to_file())?;
        Ok(path)
    }

    /// Writes the rules of somebody who takes copies and trusts these institutions. Returns the file.
    pub(super) fn trust(
        &self,
        file: &str,
        audience: &str,
        anchors: &[&str],
        purpose: TrustPurpose,
    ) -> Result<PathBuf, CliError> {
        let mut text = policy::template(audience)
            .replace("accept = \"live\"", "accept = \"prepared\"")
            .replace("view_age = \"24h\"", "view_age = \"7d\"");
        for key in anchors {
            let (did, name) = (self.stage.did(key)?, self.stage.name(key)?);
            text = policy::with_anchor(&text, &did, &name, &[purpose]);
        }
        let path = self.stage.dir().join(file);
        keep(&path, text.as_bytes())?;
        Ok(path)
    }
}
