//! How results look: lines, wrapped paragraphs, tables, marks and JSON on stdout.
//!
//! Colours appear only where the terminal wants them (`NO_COLOR` and pipes are respected); marks fall
//! back to ASCII where the locale is not UTF-8.

use crate::error::{Answer, CliError};
use anstream::AutoStream;
use carnet_proto::time::UnixSeconds;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Width of a line where the terminal does not say, in columns.
const DEFAULT_WIDTH: usize = 80;
/// Narrowest and widest line we write, in columns.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=100;
/// Columns between two columns of a table.
const GAP: &str = "  ";

/// The outcome that a mark shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Good.
    Yes,
    /// Not good.
    No,
    /// Not known.
    Unknown,
}

impl From<Answer> for Mark {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Yes => Self::Yes,
            Answer::No => Self::No,
            Answer::Unknown => Self::Unknown,
        }
    }
}

/// Where results go: stdout as text or as JSON.
pub struct Output {
    to: Box<dyn Write + Send>,
    json: bool,
    unicode: bool,
    width: usize,
}

impl Output {
    /// Writes to stdout.
    pub fn stdout(json: bool) -> Self {
        let width = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            to: Box::new(AutoStream::auto(io::stdout())),
            json,
            unicode: locale_is_utf8() && !no_color,
            width: width.unwrap_or(DEFAULT_WIDTH).clamp(*WIDTHS.start(), *WIDTHS.end()),
        }
    }

    /// Writes text without colours to anything else, with marks in ASCII unless `unicode`.
    pub fn plain(to: impl Write + Send + 'static, unicode: bool) -> Self {
        let to = Box::new(anstream::StripStream::new(Box::new(to) as Box<dyn Write + Send>));
        Self { to, json: false, unicode, width: DEFAULT_WIDTH }
    }

    /// Writes JSON where a result has it.
    pub fn with_json(mut self) -> Self {
        self.json = true;
        self
    }

    /// Writes lines of at most so many columns.
    pub fn of_width(mut self, columns: usize) -> Self {
        self.width = columns.clamp(*WIDTHS.start(), *WIDTHS.end());
        self
    }

    /// Tells whether the result is wanted as JSON; then text must not be written.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Tells whether marks are signs, and not ASCII.
    pub const fn is_unicode(&self) -> bool {
        self.unicode
    }

    /// Writes one line of text.
    ///
    /// # Errors
    /// A closed pipe, which ends the program quietly, or `stdout`.
    pub fn line(&mut self, text: impl Display) -> Result<(), CliError> {
        writeln!(self.to, "{text}").and_then(|()| self.to.flush()).map_err(failed)
    }

    /// Writes one paragraph, wrapped, every line indented by `indent` columns.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn paragraph(&mut self, indent: usize, text: &str) -> Result<(), CliError> {
        self.line(wrap(text, self.width, indent))
    }

    /// Writes one paragraph behind a mark, wrapped, its further lines below its text.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn item(&mut self, indent: usize, mark: Mark, text: &str) -> Result<(), CliError> {
        let sign = self.mark(mark);
        let hang = indent + columns(sign) + 1;
        let body = wrap(text, self.width, hang);
        self.line(format!("{}{sign} {}", " ".repeat(indent), body.trim_start()))
    }

    /// Writes a table: columns as wide as their widest cell, the last one left ragged.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn table(&mut self, rows: &[Vec<String>]) -> Result<(), CliError> {
        table(rows).iter().try_for_each(|line| self.line(line))
    }

    /// Writes one value as JSON, indented, with a line break at the end.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|cause| CliError::bug("json-write").caused_by(cause))?;
        self.line(text)
    }

    /// Writes one value as JSON on one line.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn json_line(&mut self, value: &impl Serialize) -> Result<(), CliError> {
        let text = serde_json::to_string(value)
            .map_err(|cause| CliError::bug("json-write").caused_by(cause))?;
        self.line(text)
    }

    /// Ends a command whose exit code is an answer. If nobody reads the text any more, the answer still
    /// counts: a reader that goes away must not turn a no into a yes.
    ///
    /// # Errors
    /// `stdout`.
    pub fn answer(
        &mut self,
        answer: Answer,
        write: impl FnOnce(&mut Self) -> Result<(), CliError>,
    ) -> Result<Answer, CliError> {
        match write(self) {
            Err(error) if error.kind() != crate::error::Kind::ClosedPipe => Err(error),
            _ => Ok(answer),
        }
    }

    /// Returns the sign of an outcome, three columns wide at most, in colour.
    pub fn mark(&self, mark: Mark) -> &'static str {
        match (mark, self.unicode) {
            (Mark::Yes, true) => "\u{1b}[32m✓\u{1b}[0m",
            (Mark::No, true) => "\u{1b}[31m✗\u{1b}[0m",
            (Mark::Unknown, true) => "\u{1b}[33m?\u{1b}[0m",
            (Mark::Yes, false) => "ok ",
            (Mark::No, false) => "NO ",
            (Mark::Unknown, false) => "?  ",
        }
    }
}

/// Writes text in bold where the terminal can.
pub fn bold(text: impl Display) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}

/// Writes a JSON value on one line for people: no braces, no quotation marks.
pub fn inline(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => crate::text::clean(text).into_owned(),
        Value::Array(items) => items.iter().map(inline).collect::<Vec<_>>().join("; "),
        // A text in a language is the text.
        Value::Object(map) if map.len() == 2 && map.contains_key("language") => map
            .get("text")
            .map(inline)
            .unwrap_or_else(|| map.values().map(inline).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let parts = map.iter().map(|(name, value)| format!("{name} {}", inline(value)));
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// Writes a time for people: `2026-03-31 14:05 UTC`.
pub fn time(time: UnixSeconds) -> String {
    let text = time.to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

/// Breaks a text into lines of at most `width` columns, every line indented. A word that is longer
/// stays whole, because a cut digest cannot be compared.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let pad = " ".repeat(indent);
    lines.iter().map(|line| format!("{pad}{line}")).collect::<Vec<_>>().join("\n")
}

fn table(rows: &[Vec<String>]) -> Vec<String> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (index, cell) in row.iter().enumerate() {
            match widths.get_mut(index) {
                Some(width) => *width = columns(cell).max(*width),
                None => widths.push(columns(cell)),
            }
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| {
            format!("{cell}{}", " ".repeat(width.saturating_sub(columns(cell))))
        });
        cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// Counts the columns a text takes, without colour codes. One per character: close enough for Latin
/// script, and elsewhere only the alignment suffers.
fn columns(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(|part| part.chars().count()).sum()
}

fn failed(cause: io::Error) -> CliError {
    match cause.kind() {
        ErrorKind::BrokenPipe => CliError::closed_pipe(),
        _ => CliError::store("stdout").caused_by(cause),
    }
}

fn locale_is_utf8() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    match locale {
        Some(name) => {
            let name = name.to_ascii_lowercase();
            name.contains("utf-8") || name.contains("utf8")
        }
        // Without a locale, unix means ASCII; the others are Unicode throughout.
        None => cfg!(any(windows, target_os = "macos")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct NobodyReads;

    impl Write for NobodyReads {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn page(write: impl FnOnce(&mut Output) -> Result<(), CliError>) -> String {
        let page = Page::default();
        write(&mut Output::plain(page.clone(), true)).unwrap();
        let bytes = page.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_table_lines_up_whatever_the_colours() {
        let rows = [
            vec![bold("who"), "what".into()],
            vec!["Institute of Welding".into(), "7212".into()],
            vec!["Jürgen".into(), String::new()],
        ];
        assert_eq!(
            page(|out| out.table(&rows)),
            "who                   what\nInstitute of Welding  7212\nJürgen\n"
        );
    }

    #[test]
    fn a_paragraph_is_wrapped_and_a_long_word_stays_whole() {
        let digest = "d".repeat(64);
        let text = format!("{} {digest} end", "word ".repeat(20));
        for line in wrap(&text, 40, 4).lines() {
            assert!(line.starts_with("    "), "{line:?}");
            assert!(columns(line) <= 40 || line.trim() == digest, "{line:?}");
        }
        assert_eq!(wrap("", 40, 4), "");
    }

    #[test]
    fn a_time_is_told_to_the_minute() {
        assert_eq!(time(UnixSeconds(1_700_000_000)), "2023-11-14 22:13 UTC");
    }

    #[test]
    fn lines_behind_a_mark_hang_below_the_text() {
        let text = page(|out| out.item(2, Mark::Yes, &"word ".repeat(30)));
        assert!(text.starts_with("  ✓ word"), "{text}");
        assert!(text.lines().skip(1).all(|line| line.starts_with("    word")), "{text}");
    }

    #[test]
    fn marks_are_signs_with_unicode_and_words_without() {
        let yes = page(|out| {
            let mark = out.mark(Mark::Yes);
            out.line(mark)
        });
        assert_eq!(yes, "✓\n");
        let ascii = Output::plain(io::sink(), false);
        for mark in [Mark::Yes, Mark::No, Mark::Unknown] {
            assert!(ascii.mark(mark).is_ascii());
        }
    }

    #[test]
    fn a_reader_that_goes_away_does_not_change_the_answer() {
        let mut out = Output::plain(NobodyReads, false);
        assert_eq!(out.line("x").unwrap_err().kind(), crate::error::Kind::ClosedPipe);
        for answer in [Answer::Yes, Answer::No, Answer::Unknown] {
            assert_eq!(out.answer(answer, |out| out.line("x")).unwrap(), answer);
        }
    }
}
