//! Commands as somebody types them in the demo: the real ones, at the time of the story, with what they
//! print.

use super::trouble;
use crate::args::{Cli, Command, Global};
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
pub struct CommandLine {
    words: Vec<OsString>,
    /// Whether it prints signs, or ASCII alone.
    unicode: bool,
}

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
        Self { words: words.split_whitespace().map(OsString::from).collect(), unicode: true }
    }

    /// Adds one word, whatever stands in it.
    pub fn and(mut self, word: impl Into<OsString>) -> Self {
        self.words.push(word.into());
        self
    }

    /// Lets it print in the language and with the signs of something else.
    pub fn like(mut self, texts: &Texts, out: &Output) -> Self {
        self.unicode = out.is_unicode();
        self.and("--lang").and(texts.language())
    }

    /// Runs it and returns what it prints, with its answer.
    ///
    /// # Errors
    /// Those of the command.
    pub fn run(&self, now: UnixSeconds) -> Result<(Answer, String), CliError> {
        let page = Page::default();
        let Cli { command, global } = self.parse()?;
        let answer = commands::run(command, &mut context(page.output(self.unicode), &global, now))?;
        Ok((answer, page.text()))
    }

    /// Runs it with `--json` and returns what it prints, with its answer.
    ///
    /// # Errors
    /// Those of the command.
    pub fn json(&self, now: UnixSeconds) -> Result<(Answer, Value), CliError> {
        let page = Page::default();
        let Cli { command, global } = self.parse()?;
        let out = page.output(self.unicode).with_json();
        let answer = commands::run(command, &mut context(out, &global, now))?;
        Ok((answer, serde_json::from_str(&page.text()).map_err(trouble)?))
    }

    /// Runs it as `totalise`, and returns what came of it.
    ///
    /// # Errors
    /// Those of the command.
    pub fn count(&self, now: UnixSeconds) -> Result<Counted, CliError> {
        let Cli { command: Command::Totalise(args), global } = self.parse()? else {
            return Err(CliError::bug("demo"));
        };
        let mut context = context(Output::plain(io::sink(), self.unicode), &global, now);
        worksheet::counted(&args, &mut context, |work, context| {
            let (answer, json) = (work.answer(), work.to_json());
            let (result, steps, rules) = work.told(&context.texts);
            Ok(Counted { answer, json, result, steps, rules })
        })
    }

    fn parse(&self) -> Result<Cli, CliError> {
        let words = [OsString::from("carnet")].into_iter().chain(self.words.iter().cloned());
        Cli::try_parse_from(words).map_err(trouble)
    }
}

fn context(out: Output, global: &Global, now: UnixSeconds) -> Context {
    Context { texts: Texts::load(global.lang.as_deref()), out, clock: Arc::new(move || now) }
}

/// What a command printed.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    /// Columns of a line, so that it can be quoted.
    const WIDTH: usize = 76;

    fn output(&self, unicode: bool) -> Output {
        Output::plain(self.clone(), unicode).of_width(Self::WIDTH)
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
