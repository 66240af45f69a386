//! What the demo tells: chapters, steps with what was expected and what came, and the end.

use super::terminal::CommandLine;
use crate::commands::verify::report::in_one_sentence;
use crate::error::CliError;
use crate::render::{Mark, Output, bold, wrap};
use crate::text::{Args, Texts};
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::report::{Report, Verdict};
use serde::Serialize;

/// How far a step is indented, in columns.
const INDENT: usize = 2;
/// How wide the story is, in columns.
const WIDTH: usize = 80;

/// One thing that was done, and whether it came out as it should.
#[derive(Debug, Serialize)]
pub struct Step {
    /// Its chapter.
    pub chapter: &'static str,
    /// Its name, stable across versions.
    pub id: &'static str,
    /// What should come.
    pub expected: String,
    /// What came.
    pub got: String,
    /// Whether they are equal.
    pub ok: bool,
    /// The step in words.
    pub text: String,
}

/// Tells the story and keeps the steps.
pub struct Story<'c> {
    texts: &'c Texts,
    out: &'c mut Output,
    chapter: &'static str,
    steps: Vec<Step>,
}

impl<'c> Story<'c> {
    /// Begins.
    pub fn new(texts: &'c Texts, out: &'c mut Output) -> Self {
        Self { texts, out, chapter: "", steps: Vec::new() }
    }

    /// Returns the texts.
    pub const fn texts(&self) -> &'c Texts {
        self.texts
    }

    /// Begins a command line whose output is to be quoted.
    pub fn typed(&self, words: &str) -> CommandLine {
        CommandLine::new(words).like(self.texts, self.out)
    }

    /// Begins a chapter: `demo-chapter-<id>` and what happens in it, `demo-chapter-<id>-about`.
    pub fn chapter(&mut self, id: &'static str) -> Result<(), CliError> {
        self.chapter = id;
        self.blank()?;
        let number = self.texts.plain(&format!("demo-chapter-{id}"));
        self.line(bold(number))?;
        self.say(&format!("demo-chapter-{id}-about"), &Args::new())
    }

    /// Says on which day the story is.
    pub fn day(&mut self, day: u64, now: UnixSeconds) -> Result<(), CliError> {
        let args = Args::new().with("day", day).with("date", now.date().to_string());
        let text = self.texts.get("demo-day", &args);
        self.blank()?;
        self.line(text)
    }

    /// Writes a paragraph.
    pub fn say(&mut self, id: &str, args: &Args) -> Result<(), CliError> {
        if self.out.is_json() {
            return Ok(());
        }
        self.out.paragraph(0, &self.texts.get(id, args))
    }

    /// Writes something that was made elsewhere, indented.
    pub fn quote(&mut self, text: &str) -> Result<(), CliError> {
        if self.out.is_json() {
            return Ok(());
        }
        self.out.paragraph(INDENT + 2, text)
    }

    /// Writes what a command printed, indented, without its empty lines.
    pub fn quote_lines(&mut self, text: &str) -> Result<(), CliError> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| format!("{}{line}", " ".repeat(INDENT + 2))).try_for_each(|l| self.line(l))
    }

    /// Keeps a step and tells it: `demo-step-<id>`, with `args`.
    pub fn step(
        &mut self,
        id: &'static str,
        args: &Args,
        expected: impl ToString,
        got: impl ToString,
    ) -> Result<(), CliError> {
        let (expected, got) = (expected.to_string(), got.to_string());
        let text = self.texts.get(&format!("demo-step-{id}"), args);
        let ok = expected == got;
        if !self.out.is_json() {
            let mark = self.out.mark(if ok { Mark::Yes } else { Mark::No });
            let told = Args::new().with("expected", expected.clone()).with("got", got.clone());
            let result =
                self.texts.get(if ok { "demo-as-expected" } else { "demo-not-as-expected" }, &told);
            let wrapped = wrap(&format!("{mark} {text}"), WIDTH, INDENT + 2);
            self.out.line(format!("{}{}", " ".repeat(INDENT), wrapped.trim_start()))?;
            self.out.paragraph(INDENT + 2, &result)?;
        }
        self.steps.push(Step { chapter: self.chapter, id, expected, got, ok, text });
        Ok(())
    }

    /// Keeps a step whose result is a report, and says why in one sentence.
    pub fn verdict(
        &mut self,
        id: &'static str,
        args: &Args,
        expected: &str,
        report: &Report,
    ) -> Result<(), CliError> {
        self.step(id, args, expected, told(report))?;
        if report.verdict == Verdict::Valid {
            return Ok(());
        }
        self.quote(&in_one_sentence(report, self.texts))
    }

    /// Returns the steps.
    pub fn into_steps(self) -> Vec<Step> {
        self.steps
    }

    fn blank(&mut self) -> Result<(), CliError> {
        self.line("")
    }

    fn line(&mut self, text: impl std::fmt::Display) -> Result<(), CliError> {
        if self.out.is_json() { Ok(()) } else { self.out.line(text) }
    }
}

/// Returns a verdict and the check that decided it: `invalid: status`.
pub fn told(report: &Report) -> String {
    let verdict = match report.verdict {
        Verdict::Valid => return "valid".into(),
        Verdict::Invalid => "invalid",
        Verdict::Undetermined => "undetermined",
    };
    let worst = report.credentials.iter().find(|c| c.verdict == report.verdict);
    let check = worst.and_then(|credential| credential.decisive()).map_or("?", |check| check.id);
    format!("{verdict}: {check}")
}
