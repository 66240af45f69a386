//! Tables of people to be certified, as CSV: one credential per row.
//!
//! UTF-8 with or without byte order mark; columns parted by comma, semicolon or tab, in any order, and
//! named in the first line; fields may be quoted; empty lines do not count. All mistakes are found at
//! once, each with its line and column.

use super::certificate::{Certificate, beside, has_name};
use super::{FromText, not};
use crate::error::{CliError, Mistake};
use crate::files;
use carnet_proto::credential::attested::Attested;
use carnet_proto::issuing::{MAX_ROWS, PersonRow};
use carnet_proto::time::Date;
use csv::StringRecord;
use std::collections::BTreeMap;
use std::path::Path;

/// Largest table, in bytes.
pub const MAX_TABLE_BYTES: u64 = 16 * 1024 * 1024;
/// Most mistakes that are listed.
const MAX_MISTAKES: usize = 50;

/// A column: its name, whether it must be there, and what it holds.
pub type Column = (&'static str, bool, &'static str);

/// A kind of table: its columns, and how what is attested is read from a row.
pub trait Table {
    /// The command that issues it.
    const COMMAND: &str;
    /// Every column.
    const COLUMNS: &[Column];

    /// Returns what stands in a column of the row to start from.
    fn sample(column: &str) -> &'static str;

    /// Reads what a row attests; nothing if there are mistakes, which the row keeps.
    fn attested(row: &mut Row<'_>) -> Option<Attested>;
}

/// Returns a table to start from: every column, and one fictitious row.
pub fn template<T: Table>() -> String {
    let line = |cells: Vec<&str>| cells.join(",") + "\n";
    line(T::COLUMNS.iter().map(|(name, ..)| *name).collect())
        + &line(T::COLUMNS.iter().map(|(name, ..)| T::sample(name)).collect())
}

/// The rows that can be read, and every mistake in the others.
pub type Rows = (Vec<Certificate>, Vec<Mistake>);

/// Reads a table. Key requests are named relative to it and are not opened.
///
/// # Errors
/// Those of reading, or `rows` with every mistake.
pub fn read<T: Table>(path: &Path) -> Result<Vec<Certificate>, CliError> {
    parse::<T>(path, &files::read_text(path, MAX_TABLE_BYTES)?)
}

/// Reads a table as far as it can be read, for whoever finds further mistakes in its rows.
///
/// # Errors
/// Those of reading the file.
pub fn read_rows<T: Table>(path: &Path) -> Result<Rows, CliError> {
    Ok(scan::<T>(path, &files::read_text(path, MAX_TABLE_BYTES)?))
}

/// Returns the error that lists mistakes; there is at least one.
pub fn wrong_rows(path: &Path, mistakes: Vec<Mistake>) -> CliError {
    listed(CliError::input("rows"), path, mistakes).hint("rows")
}

/// Adds mistakes to an error, as many as are listed, in the order of their lines.
pub fn listed(error: CliError, path: &Path, mut mistakes: Vec<Mistake>) -> CliError {
    let count = mistakes.len();
    mistakes.sort_by_key(|mistake| mistake.line);
    mistakes.truncate(MAX_MISTAKES);
    error
        .arg("file", path.display().to_string())
        .arg("count", count)
        .mistakes(mistakes)
        .more_mistakes(count.saturating_sub(MAX_MISTAKES))
}

/// Reads a table that is in memory.
///
/// # Errors
/// `rows` with every mistake.
pub fn parse<T: Table>(path: &Path, text: &str) -> Result<Vec<Certificate>, CliError> {
    let (rows, mistakes) = scan::<T>(path, text);
    if mistakes.is_empty() { Ok(rows) } else { Err(wrong_rows(path, mistakes)) }
}

fn scan<T: Table>(path: &Path, text: &str) -> Rows {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut mistakes = Vec::new();
    let mut columns = None;
    let mut rows = Vec::new();
    let mut keys: BTreeMap<String, u64> = BTreeMap::new();
    let mut lines = Lines { text: text.as_bytes(), at: 0, line: 1 };
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(Mistake::new(lines.line, None, error.to_string()));
                break;
            }
        };
        let line = lines.of(&record);
        if record.iter().all(|cell| trimmed(cell).is_empty()) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(read_columns(T::COLUMNS, &record, line, &mut mistakes));
            continue;
        };
        if rows.len() >= MAX_ROWS {
            mistakes.push(Mistake::new(line, None, format!("more than {MAX_ROWS} rows")));
            break;
        }
        let mut row = Row { record: &record, columns, line, mistakes: Vec::new() };
        let certificate = row.certificate::<T>(path);
        if let Some(key) = row.cell("row") {
            let first = *keys.entry(key.to_owned()).or_insert(line);
            if first != line {
                row.mistake("row", format!("the same key stands in line {first} already"));
            }
        }
        mistakes.append(&mut row.mistakes);
        rows.extend(certificate);
    }
    if mistakes.is_empty() && rows.is_empty() {
        mistakes.push(Mistake::new(1, None, "the table has no rows".into()));
    }
    (rows, mistakes)
}

/// Takes away the spaces around a text. Control characters stay: whoever reads the text refuses them.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() && !c.is_control())
}

/// Returns what parts the columns: whatever the first line has most of.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |mark: u8| header.bytes().filter(|byte| *byte == mark).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',')
}

/// Counts lines as records are read. The reader's own count stops before empty lines.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    /// Returns the line in which a record begins, from 1.
    fn of(&mut self, record: &StringRecord) -> u64 {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX).min(self.text.len());
        let rest = self.text.get(start..).unwrap_or_default();
        let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let end = start + empty;
        let passed = self.text.get(self.at..end).unwrap_or_default();
        let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
        self.line += breaks as u64;
        self.at = end.max(self.at);
        self.line
    }
}

/// Where each column stands, and how many there are.
struct Columns {
    places: BTreeMap<&'static str, usize>,
    width: usize,
}

fn read_columns(
    known: &[Column],
    header: &StringRecord,
    line: u64,
    mistakes: &mut Vec<Mistake>,
) -> Columns {
    let mut columns = Columns { places: BTreeMap::new(), width: header.len() };
    for (index, cell) in header.iter().map(trimmed).enumerate() {
        let mut wrong = |reason: String| {
            mistakes.push(Mistake::new(line, Some(cell.chars().take(40).collect()), reason));
        };
        match known.iter().find(|(name, ..)| name.eq_ignore_ascii_case(cell)) {
            None => wrong(format!("there is no such column (column {})", index + 1)),
            Some((name, ..)) if columns.places.insert(name, index).is_some() => {
                wrong("the column stands there twice".into());
            }
            Some(_) => {}
        }
    }
    for (name, must, _) in known {
        if *must && !columns.places.contains_key(name) {
            mistakes.push(Mistake::new(
                line,
                Some((*name).to_owned()),
                "the column is missing".into(),
            ));
        }
    }
    columns
}

/// One row while it is read; mistakes are collected.
pub struct Row<'r> {
    record: &'r StringRecord,
    columns: &'r Columns,
    line: u64,
    mistakes: Vec<Mistake>,
}

impl<'r> Row<'r> {
    /// Returns what stands in a column, if anything does.
    pub fn cell(&self, column: &str) -> Option<&'r str> {
        let cell = trimmed(self.record.get(*self.columns.places.get(column)?)?);
        Some(cell).filter(|cell| !cell.is_empty())
    }

    /// Keeps a mistake.
    pub fn mistake(&mut self, column: &str, reason: String) {
        self.mistakes.push(Mistake::new(self.line, Some(column.to_owned()), reason));
    }

    /// Reads what may stand in a column.
    pub fn may<T: FromText>(&mut self, column: &str) -> Option<T> {
        let cell = self.cell(column)?;
        T::from_text(cell).map_err(|reason| self.mistake(column, reason)).ok()
    }

    /// Reads yes or no, if anything stands there.
    pub fn yes_or_no(&mut self, column: &str) -> Option<bool> {
        match self.cell(column)? {
            "yes" => Some(true),
            "no" => Some(false),
            other => {
                let reason = not(other, "yes or no");
                self.mistake(column, reason);
                None
            }
        }
    }

    /// Reads what must stand in a column.
    pub fn must<T: FromText>(&mut self, column: &str) -> Option<T> {
        self.must_stand(column);
        self.may(column)
    }

    /// Keeps a mistake if nothing stands in a column. A column that is missing is one mistake of the table.
    pub fn must_stand(&mut self, column: &str) {
        if self.columns.places.contains_key(column) && self.cell(column).is_none() {
            self.mistake(column, "nothing stands there".into());
        }
    }

    /// Reads a list parted by semicolons.
    pub fn list<T>(&mut self, column: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let items = self.cell(column).unwrap_or_default().split(';').map(trimmed);
        let mut values = Vec::new();
        for item in items.filter(|item| !item.is_empty()) {
            match read(item) {
                Ok(value) => values.push(value),
                Err(reason) => self.mistake(column, reason),
            }
        }
        values
    }

    fn certificate<T: Table>(&mut self, path: &Path) -> Option<Certificate> {
        let width = self.columns.width;
        let extra = self.record.iter().skip(width).filter(|cell| !trimmed(cell).is_empty());
        if extra.count() > 0 || self.record.len() < width {
            let (found, wanted) = (self.record.len(), width);
            let reason = format!("the row has {found} fields, the first line {wanted}");
            self.mistakes.push(Mistake::new(self.line, None, reason));
            return None;
        }
        let row = self.must("row");
        let person = self.person();
        let attested = T::attested(self);
        let expires = self.must::<Date>("expires");
        let named = self.cell("key_request").map(Path::new);
        if !self.mistakes.is_empty() {
            return None;
        }
        Some(Certificate {
            line: self.line,
            row: row?,
            key_request: named.map(|named| beside(path, named)),
            person,
            attested: attested?,
            expires_at: expires?.start(),
        })
    }

    fn person(&mut self) -> PersonRow {
        let person = PersonRow {
            name_native: self.may("name_native"),
            name_latin: self.may("name_latin"),
            name_icao: self.may("name_icao"),
            birth_date: self.must("birth_date"),
            nationality: self.may("nationality"),
            document_number: self.may("document_number"),
            portrait: None,
        };
        let named = ["name_native", "name_latin", "name_icao"];
        let has_column = named.iter().any(|name| self.columns.places.contains_key(name));
        let is_empty = named.iter().all(|column| self.cell(column).is_none());
        if has_column && !has_name(&person) && is_empty {
            self.mistake("name_latin", "the row gives no name in any of the three columns".into());
        }
        person
    }

    /// Returns whether anything stands in a column whose name begins so.
    pub fn any(&self, prefix: &str) -> bool {
        self.columns.places.keys().any(|name| name.starts_with(prefix) && self.cell(name).is_some())
    }

    /// Keeps a mistake of the row as a whole.
    pub fn mistake_of_row(&mut self, reason: String) {
        self.mistakes.push(Mistake::new(self.line, None, reason));
    }
}
