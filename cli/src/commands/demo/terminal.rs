//! Commands as somebody types them in the demo: the real ones, at the time of the story, with what they
//! print.

use super::trouble;
use crate::args::{Cli, Command};
use crate::commands::{self, Context, worksheet};
use crate::error::{Answer, CliError};
use crate::render::Output;
use crate::text::Texts;
use carnet_proto::time::UnixSeconds;
use clap::Parser as _;
use serde_json::Value;
use std::ffi::OsString;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// A command line without the name of the program.
#[derive(Clone)]
pub struct CommandLine(Vec<OsString>);

/// What came of counting periods.
pub struct Counted {
    /// The answer.
    pub answer: Answer,
    /// Everything, as `carnet totalise --json` prints it.
    pub json: Value,
    /// The result in sentences.
    pub result: Vec<String>,
    /// How it came about.
    pub steps: Vec<String>,
    /// The rules behind it, each with the place where it stands.
    pub rules: Vec<String>,
}

impl CommandLine {
    /// Begins with words that are parted by spaces.
    pub fn new(words: &str) -> Self {
        Self(words.split_whitespace().map(OsString::from).collect())
    }

    /// Adds one word, whatever stands in it.
    pub fn and(mut self, word: impl Into<OsString>) -> Self {
        self.0.push(word.into());
        self
    }

    /// Runs it and returns what it prints, with its answer.
    ///
    /// # Errors
    /// Those of the command.
    pub fn run(&self, now: UnixSeconds) -> Result<(Answer, String), CliError> {
        let page = Page::default();
        let answer = commands::run(self.parse()?, &mut context(page.output(), now))?;
        Ok((answer, page.text()))
    }

    /// Runs it with `--json` and returns what it prints, with its answer.
    ///
    /// # Errors
    /// Those of the command.
    pub fn json(&self, now: UnixSeconds) -> Result<(Answer, Value), CliError> {
        let page = Page::default();
        let answer = commands::run(self.parse()?, &mut context(page.output().with_json(), now))?;
        Ok((answer, serde_json::from_str(&page.text()).map_err(trouble)?))
    }

    /// Runs it as `totalise`, and returns what came of it.
    ///
    /// # Errors
    /// Those of the command.
    pub fn count(&self, now: UnixSeconds) -> Result<Counted, CliError> {
        let Command::Totalise(args) = self.parse()? else { return Err(CliError::bug("demo")) };
        let mut context = context(Output::plain(io::sink(), true), now);
        worksheet::counted(&args, &mut context, |work, context| {
            let (answer, json) = (work.answer(), work.to_json());
            let (result, steps, rules) = work.told(&context.texts);
            Ok(Counted { answer, json, result, steps, rules })
        })
    }

    fn parse(&self) -> Result<Command, CliError> {
        let words = [OsString::from("carnet")].into_iter().chain(self.0.iter().cloned());
        Ok(Cli::try_parse_from(words).map_err(trouble)?.command)
    }
}

fn context(out: Output, now: UnixSeconds) -> Context {
    Context { texts: Texts::load(None), out, clock: Arc::new(move || now) }
}

/// What a command printed.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    /// Columns of a line, so that it can be quoted.
    const WIDTH: usize = 76;

    fn output(&self) -> Output {
        Output::plain(self.clone(), true).of_width(Self::WIDTH)
    }

    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
