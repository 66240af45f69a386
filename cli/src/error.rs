//! What a command answers and how it fails: exit codes, errors with causes and one hint, and the
//! panic hook.
//!
//! stdout holds the result and nothing else. A failure goes to stderr: one line that says what failed,
//! its causes, and one hint. With `--json` a failure is one line of JSON on stderr instead,
//! `{"version":1,"error":{"code","message","causes":[],"hint"}}`, for a table of rows with `mistakes`
//! (`line`, `column`, `reason`) too, and `more_mistakes` where not all are listed; stdout stays empty.
//! `code` is stable, the texts are not. Wrong usage that the argument parser finds is always plain text.
//!
//! This crate is the edge of the system, so there is one error type with a stable `code` in place of an
//! enum per concern: the message and the hint are texts of `locales/`, found by that code.

use crate::text::{Args, Texts};
use fluent_bundle::FluentValue;
use serde::Serialize;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::io::Write;
use std::process::ExitCode;

/// Version of the shape of an error printed with `--json`.
pub const ERROR_VERSION: u32 = 1;
/// Most causes that are printed.
const MAX_CAUSES: usize = 8;
/// Exit code of a bug of ours.
const BUG: u8 = 255;

/// What a command that worked answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Done, or valid: exit code 0.
    Yes,
    /// The answer is no: exit code 1.
    No,
    /// It could not be told: exit code 3.
    Unknown,
}

impl Answer {
    /// Returns the exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Unknown => 3,
        }
    }
}

impl From<Answer> for ExitCode {
    fn from(answer: Answer) -> Self {
        Self::from(answer.code())
    }
}

/// Who or what is at fault. It decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The command was called wrongly: exit code 2.
    Usage,
    /// A file or an answer is not what it should be: exit code 3.
    Input,
    /// Something could not be reached or refused to answer: exit code 3.
    Network,
    /// A file or a directory could not be read or written: exit code 3.
    Store,
    /// We are at fault: exit code 255.
    Bug,
    /// Nobody reads our output any more: ends quietly with exit code 0, as ripgrep does.
    ClosedPipe,
}

/// A failure: its kind, a stable code, the causes and one hint.
#[derive(Debug)]
pub struct CliError {
    kind: Kind,
    code: &'static str,
    args: Args,
    hint: Option<&'static str>,
    cause: Option<Box<dyn StdError + Send + Sync>>,
    mistakes: Vec<Mistake>,
    more_mistakes: usize,
}

/// One mistake of several in a table that was handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Line, from 1.
    pub line: u64,
    /// Name of the column, where one is to blame.
    pub column: Option<String>,
    /// What is wrong.
    pub reason: String,
}

/// A failure as JSON says it, below the key `error`.
#[derive(Debug, Serialize)]
pub struct ErrorBody<'a> {
    code: &'a str,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
    #[serde(skip_serializing_if = "<[Mistake]>::is_empty")]
    mistakes: &'a [Mistake],
    #[serde(skip_serializing_if = "Option::is_none")]
    more_mistakes: Option<usize>,
}

impl Mistake {
    /// Names a mistake.
    pub fn new(line: u64, column: Option<String>, reason: String) -> Self {
        let clean = |text: String| crate::text::clean(&text).into_owned();
        Self { line, column: column.map(clean), reason: clean(reason) }
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.column {
            Some(column) => write!(f, "line {}, {column}: {}", self.line, self.reason),
            None => write!(f, "line {}: {}", self.line, self.reason),
        }
    }
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $kind:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub fn $name(code: &'static str) -> Self {
            Self {
                kind: Kind::$kind,
                code,
                args: Args::new(),
                hint: None,
                cause: None,
                mistakes: Vec::new(),
                more_mistakes: 0,
            }
        }
    )*};
}

impl CliError {
    constructors! {
        /// Wrong usage. The message is the text `error-<code>`.
        usage => Usage,
        /// A file or an answer that is not what it should be.
        input => Input,
        /// Something that could not be reached, or refused.
        network => Network,
        /// A file or a directory that could not be read or written.
        store => Store,
        /// A bug of ours, found without a panic.
        bug => Bug,
    }

    /// Says that nobody reads our output any more.
    pub fn closed_pipe() -> Self {
        Self {
            kind: Kind::ClosedPipe,
            code: "closed-pipe",
            args: Args::new(),
            hint: None,
            cause: None,
            mistakes: Vec::new(),
            more_mistakes: 0,
        }
    }

    /// Adds a value that the message or the hint names.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl Into<FluentValue<'static>>) -> Self {
        self.args.set(name, value);
        self
    }

    /// Adds the text `hint-<hint>`: the one thing to do about it.
    #[must_use]
    pub fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Adds what caused it; its own sources follow.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds mistakes that are listed below the message, each on its line.
    #[must_use]
    pub fn mistakes(mut self, mistakes: Vec<Mistake>) -> Self {
        self.mistakes = mistakes;
        self
    }

    /// Says how many mistakes there are beyond those that are listed.
    #[must_use]
    pub const fn more_mistakes(mut self, count: usize) -> Self {
        self.more_mistakes = count;
        self
    }

    /// Returns the mistakes that are listed.
    pub fn all_mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// Returns the stable code.
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// Returns the kind.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns the exit code.
    pub const fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::ClosedPipe => 0,
            Kind::Usage => 2,
            Kind::Input | Kind::Network | Kind::Store => 3,
            Kind::Bug => BUG,
        }
    }

    /// Returns the message in the reader's language.
    pub fn message(&self, texts: &Texts) -> String {
        texts.get(&format!("error-{}", self.code), &self.args)
    }

    fn hint_text(&self, texts: &Texts) -> Option<String> {
        self.hint.map(|hint| texts.get(&format!("hint-{hint}"), &self.args))
    }

    fn causes(&self, texts: &Texts) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.cause.as_deref().map(|cause| cause as &dyn StdError);
        while let Some(cause) = next.filter(|_| causes.len() < MAX_CAUSES) {
            let said = cause.to_string();
            causes.push(crate::text::clean(&texts.in_words(&said)).into_owned());
            next = cause.source();
        }
        causes
    }

    /// Writes the failure, as text or as one line of JSON, and returns the exit code.
    pub fn report(&self, to: &mut dyn Write, texts: &Texts, json: bool) -> ExitCode {
        if self.kind != Kind::ClosedPipe {
            let text = if json { self.to_json(texts) } else { self.to_text(texts) };
            // There is nowhere left to report that stderr is closed.
            let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
        }
        ExitCode::from(self.exit_code())
    }

    fn to_text(&self, texts: &Texts) -> String {
        let mut text = format!("carnet: {}\n", self.message(texts));
        for mistake in &self.mistakes {
            text += &format!("  {}\n", Self::mistake_text(mistake, texts));
        }
        if self.more_mistakes > 0 {
            let args = Args::new().with("count", self.more_mistakes);
            text += &format!("  {}\n", texts.get("error-mistakes-more", &args));
        }
        for cause in self.causes(texts) {
            text += &format!("  {}\n", texts.get("error-cause", &Args::new().with("cause", cause)));
        }
        if let Some(hint) = self.hint_text(texts) {
            text += &format!("  {}\n", texts.get("error-hint", &Args::new().with("hint", hint)));
        }
        text
    }

    fn mistake_text(mistake: &Mistake, texts: &Texts) -> String {
        let args = Args::new().with("line", mistake.line).with("reason", mistake.reason.clone());
        match &mistake.column {
            Some(column) => texts.get("error-mistake-in", &args.with("column", column.clone())),
            None => texts.get("error-mistake", &args),
        }
    }

    /// Returns what JSON says of the failure.
    pub fn body(&self, texts: &Texts) -> ErrorBody<'_> {
        ErrorBody {
            code: self.code,
            message: self.message(texts),
            causes: self.causes(texts),
            hint: self.hint_text(texts),
            mistakes: &self.mistakes,
            more_mistakes: (self.more_mistakes > 0).then_some(self.more_mistakes),
        }
    }

    fn to_json(&self, texts: &Texts) -> String {
        #[derive(Serialize)]
        struct Report<'a> {
            version: u32,
            error: ErrorBody<'a>,
        }
        let report = Report { version: ERROR_VERSION, error: self.body(texts) };
        serde_json::to_string(&report).unwrap_or_default() + "\n"
    }
}

/// Replaces the panic message: a panic is a bug of ours, and ends the process with exit code 255.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<&str>()
            .map(|text| Cow::from(*text))
            .or_else(|| payload.downcast_ref::<String>().map(Cow::from))
            .unwrap_or(Cow::from("no message"));
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        // The hook must not panic itself, so a closed stderr is no concern.
        let _ = writeln!(
            std::io::stderr(),
            "carnet: this is a bug in carnet {}: {}\n  at {place}\n  hint: please report this \
             text; nothing that was acknowledged before is lost",
            env!("CARGO_PKG_VERSION"),
            crate::text::clean(&message),
        );
        std::process::exit(i32::from(BUG));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unreachable_node() -> CliError {
        CliError::network("node-unreachable")
            .arg("url", "http://127.0.0.1:1")
            .hint("node-unreachable")
            .caused_by(std::io::Error::other("connection\u{1b}[31m refused"))
    }

    fn written(error: &CliError, json: bool) -> String {
        let mut out = Vec::new();
        error.report(&mut out, &Texts::load(Some("en")), json);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_failure_names_what_failed_its_cause_and_one_hint() {
        assert_eq!(
            written(&unreachable_node(), false),
            "carnet: the node at http://127.0.0.1:1 cannot be reached\n  \
             because: connection[31m refused\n  \
             hint: is `carnet node run` running? If it listens elsewhere, name it with --node URL\n"
        );
    }

    #[test]
    fn a_failure_in_json_is_one_line_with_a_stable_code() {
        let text = written(&unreachable_node(), true);
        assert_eq!(text.lines().count(), 1);
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["version"], 1);
        assert_eq!(json["error"]["code"], "node-unreachable");
        assert_eq!(json["error"]["causes"].as_array().unwrap().len(), 1);
        assert!(json["error"]["hint"].as_str().unwrap().contains("carnet node run"));
    }

    #[test]
    fn exit_codes_follow_grep() {
        assert_eq!([Answer::Yes, Answer::No, Answer::Unknown].map(Answer::code), [0, 1, 3]);
        assert_eq!(CliError::usage("x").exit_code(), 2);
        assert_eq!(CliError::input("x").exit_code(), 3);
        assert_eq!(CliError::network("x").exit_code(), 3);
        assert_eq!(CliError::store("x").exit_code(), 3);
        assert_eq!(CliError::bug("x").exit_code(), 255);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_cause_is_told_in_words_and_not_by_number() {
        let error = CliError::store("file-write").arg("file", "x");
        let error = error.caused_by(std::io::Error::from_raw_os_error(17));
        for json in [false, true] {
            let text = written(&error, json);
            assert!(text.contains("a file of this name exists already"), "{text}");
            assert!(!text.contains("os error"), "{text}");
        }
    }

    #[test]
    fn a_closed_pipe_is_silent() {
        assert_eq!(written(&CliError::closed_pipe(), false), "");
        assert_eq!(CliError::closed_pipe().exit_code(), 0);
    }
}
