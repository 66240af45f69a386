//! A class to be certified, as CSV: one credential per row.
//!
//! UTF-8 with or without byte order mark; columns parted by comma, semicolon or tab, in any order, and
//! named in the first line; fields may be quoted; empty lines do not count. All mistakes are found at
//! once, each with its line and column.

use super::certificate::{Certificate, beside, checked, has_name};
use super::{FromText, not};
use crate::error::{CliError, Mistake};
use crate::files;
use carnet_proto::credential::skill::{
    Assessment, AssessmentMethod, ClaimType, LanguageSkill, Learning, Skill, SkillItem,
};
use carnet_proto::issuing::{MAX_ROWS, PersonRow};
use carnet_proto::statement::accreditation::Level;
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::Date;
use csv::StringRecord;
use std::collections::BTreeMap;
use std::path::Path;

/// Largest table, in bytes.
pub const MAX_TABLE_BYTES: u64 = 16 * 1024 * 1024;
/// Most mistakes that are listed.
const MAX_MISTAKES: usize = 50;

/// Every column: its name, whether it must be there, and what it holds.
pub const COLUMNS: &[(&str, bool, &str)] = &[
    ("row", true, "your own key for the row, unique; `carnet status set` takes it later"),
    ("key_request", true, "file from `carnet wallet key`, relative to the table"),
    ("name_native", false, "name in the own script; at least one of the three names"),
    ("name_latin", false, "name in Latin letters"),
    ("name_icao", false, "name as in the machine-readable zone of a passport"),
    ("birth_date", true, "YYYY-MM-DD"),
    ("nationality", false, "ISO 3166-1: PH"),
    ("document_number", false, "number of an identity document"),
    (
        "claim_type",
        false,
        "qualification (if left out), unit, licence, work-experience, prior-learning, assessment",
    ),
    ("title", true, "title of the qualification"),
    ("language", true, "language of the title: en"),
    ("national_code", false, "national code of the qualification"),
    ("standard", false, "version of the standard"),
    ("occupation", true, "ISCO-08: 7212"),
    ("framework", true, "qualification framework: PQF"),
    ("level", true, "level in it: 2"),
    ("isced_level", false, "level of ISCED 2011: 0 to 8"),
    ("field", true, "ISCED-F 2013: 0715"),
    ("award_date", true, "YYYY-MM-DD"),
    ("valid_until", false, "YYYY-MM-DD, where the qualification itself ends"),
    ("renewal", false, "how it is renewed"),
    ("country", true, "country whose qualification it is: PH"),
    ("expires", true, "YYYY-MM-DD; the credential counts up to the beginning of this day"),
    ("skills", false, "code|title|level; code|title; code"),
    ("assessment_methods", false, "written; practical; portfolio; interview; observation"),
    ("assessment_body", false, "who assessed"),
    ("assessment_date", false, "YYYY-MM-DD"),
    ("assessment_result", false, "with which result"),
    ("assessment_place", false, "where"),
    ("learning_provider", false, "who taught"),
    ("learning_hours", false, "whole number"),
    ("learning_start", false, "YYYY-MM-DD"),
    ("learning_end", false, "YYYY-MM-DD"),
    ("languages", false, "en:B1; de:A2"),
];

/// Returns a table to start from: every column, and one fictitious row.
pub fn template() -> String {
    let sample = |name: &str| match name {
        "row" => "class-7-ana",
        "key_request" => "ana.request",
        "name_latin" => "Ana Example",
        "birth_date" => "1998-02-17",
        "nationality" | "country" => "PH",
        "title" => "Shielded Metal Arc Welding NC II",
        "language" => "en",
        "national_code" => "SMAW-NC-II",
        "occupation" => "7212",
        "framework" => "PQF",
        "level" => "2",
        "field" => "0715",
        "award_date" => "2026-01-15",
        "expires" => "2031-01-01",
        "skills" => "SMAW-1|Weld plates flat; SMAW-2|Weld plates vertical",
        "assessment_methods" => "practical; interview",
        "assessment_result" => "competent",
        _ => "",
    };
    let line = |cells: Vec<&str>| cells.join(",") + "\n";
    line(COLUMNS.iter().map(|(name, ..)| *name).collect())
        + &line(COLUMNS.iter().map(|(name, ..)| sample(name)).collect())
}

/// Reads a table. Key requests are named relative to it and are not opened.
///
/// # Errors
/// Those of reading, or `rows` with every mistake.
pub fn read(path: &Path) -> Result<Vec<Certificate>, CliError> {
    parse(path, &files::read_text(path, MAX_TABLE_BYTES)?)
}

/// Returns the error that lists mistakes; there is at least one.
pub fn wrong_rows(path: &Path, mut mistakes: Vec<Mistake>) -> CliError {
    let count = mistakes.len();
    mistakes.sort_by_key(|mistake| mistake.line);
    mistakes.truncate(MAX_MISTAKES);
    CliError::input("rows")
        .arg("file", path.display().to_string())
        .arg("count", count)
        .mistakes(mistakes)
        .more_mistakes(count.saturating_sub(MAX_MISTAKES))
        .hint("rows")
}

/// Reads a table that is in memory.
///
/// # Errors
/// `rows` with every mistake.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Certificate>, CliError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .has_headers(false)
        .trim(csv::Trim::All)
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
        if record.iter().all(str::is_empty) {
            continue;
        }
        let Some(columns) = &columns else {
            columns = Some(read_columns(&record, line, &mut mistakes));
            if !mistakes.is_empty() {
                break;
            }
            continue;
        };
        if rows.len() >= MAX_ROWS {
            mistakes.push(Mistake::new(line, None, format!("more than {MAX_ROWS} rows")));
            break;
        }
        let mut row = Row { record: &record, columns, line, mistakes: Vec::new() };
        let certificate = row.certificate(path);
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
    if mistakes.is_empty() { Ok(rows) } else { Err(wrong_rows(path, mistakes)) }
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

type Columns = BTreeMap<&'static str, usize>;

fn read_columns(header: &StringRecord, line: u64, mistakes: &mut Vec<Mistake>) -> Columns {
    let mut columns = Columns::new();
    for (index, cell) in header.iter().enumerate() {
        let mut wrong = |reason: String| {
            mistakes.push(Mistake::new(line, Some(cell.chars().take(40).collect()), reason));
        };
        match COLUMNS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(cell)) {
            None => wrong(format!("there is no such column (column {})", index + 1)),
            Some((name, ..)) if columns.insert(name, index).is_some() => {
                wrong("the column stands there twice".into());
            }
            Some(_) => {}
        }
    }
    for (name, must, _) in COLUMNS {
        if *must && !columns.contains_key(name) {
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
struct Row<'r> {
    record: &'r StringRecord,
    columns: &'r Columns,
    line: u64,
    mistakes: Vec<Mistake>,
}

impl<'r> Row<'r> {
    /// Returns what stands in a column, if anything does.
    fn cell(&self, column: &str) -> Option<&'r str> {
        self.record.get(*self.columns.get(column)?).filter(|cell| !cell.is_empty())
    }

    fn mistake(&mut self, column: &str, reason: String) {
        self.mistakes.push(Mistake::new(self.line, Some(column.to_owned()), reason));
    }

    fn may<T: FromText>(&mut self, column: &str) -> Option<T> {
        let cell = self.cell(column)?;
        T::from_text(cell).map_err(|reason| self.mistake(column, reason)).ok()
    }

    fn must<T: FromText>(&mut self, column: &str) -> Option<T> {
        if self.cell(column).is_none() {
            self.mistake(column, "nothing stands there".into());
        }
        self.may(column)
    }

    /// Reads a list parted by semicolons.
    fn list<T>(&mut self, column: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let items = self.cell(column).unwrap_or_default().split(';').map(str::trim);
        let mut values = Vec::new();
        for item in items.filter(|item| !item.is_empty()) {
            match read(item) {
                Ok(value) => values.push(value),
                Err(reason) => self.mistake(column, reason),
            }
        }
        values
    }

    fn certificate(&mut self, path: &Path) -> Option<Certificate> {
        let extra = self.record.iter().skip(self.columns.len()).filter(|cell| !cell.is_empty());
        if extra.count() > 0 || self.record.len() < self.columns.len() {
            let (found, wanted) = (self.record.len(), self.columns.len());
            let reason = format!("the row has {found} fields, the first line {wanted}");
            self.mistakes.push(Mistake::new(self.line, None, reason));
            return None;
        }
        let row = self.must("row");
        let person = self.person();
        let skill = self.skill();
        let expires = self.must::<Date>("expires");
        let named = self.cell("key_request").map(Path::new);
        if !self.mistakes.is_empty() {
            return None;
        }
        let skill = match checked(skill?) {
            Ok(skill) => skill,
            Err(reason) => {
                self.mistakes.push(Mistake::new(self.line, None, reason));
                return None;
            }
        };
        Some(Certificate {
            line: self.line,
            row: row?,
            key_request: named.map(|named| beside(path, named)),
            person,
            skill,
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
        if !has_name(&person) && named.iter().all(|column| self.cell(column).is_none()) {
            self.mistake("name_latin", "the row gives no name in any of the three columns".into());
        }
        person
    }

    fn skill(&mut self) -> Option<Skill> {
        let title = self.must("title");
        let language = self.must("language");
        let occupation = self.must("occupation");
        let framework = self.must("framework");
        let level = self.must("level");
        let field = self.must("field");
        let award_date = self.must("award_date");
        let country = self.must("country");
        let skill = Skill {
            claim_type: self.may("claim_type").unwrap_or(ClaimType::Qualification),
            title: Name { language: language?, text: title? },
            national_code: self.may("national_code"),
            standard: self.may("standard"),
            occupation: occupation?,
            esco_occupation: None,
            framework: framework?,
            level: level?,
            isced_level: self.may("isced_level"),
            field: field?,
            award_date: award_date?,
            valid_until: self.may("valid_until"),
            renewal: self.may("renewal"),
            country: country?,
            endorsements: Vec::new(),
            series: None,
            sequence: None,
            supersedes: None,
            skills: self.list("skills", skill_item),
            assessment: self.assessment(),
            learning: self.learning(),
            experience: Vec::new(),
            licence: None,
            prior_learning: Vec::new(),
            languages: self.list("languages", language_skill),
            endorses: None,
        };
        Some(skill)
    }

    fn assessment(&mut self) -> Option<Assessment> {
        let assessment = Assessment {
            methods: self.list("assessment_methods", AssessmentMethod::from_text),
            body: self.may("assessment_body"),
            date: self.may("assessment_date"),
            result: self.may("assessment_result"),
            language: None,
            place: self.may("assessment_place"),
        };
        let given =
            self.columns.keys().any(|c| c.starts_with("assessment_") && self.cell(c).is_some());
        given.then_some(assessment)
    }

    fn learning(&mut self) -> Option<Learning> {
        let learning = Learning {
            provider: self.may("learning_provider"),
            hours: self.may("learning_hours"),
            credits: None,
            start: self.may("learning_start"),
            end: self.may("learning_end"),
        };
        let given =
            self.columns.keys().any(|c| c.starts_with("learning_") && self.cell(c).is_some());
        given.then_some(learning)
    }
}

/// Reads `code|title|level`.
fn skill_item(text: &str) -> Result<SkillItem, String> {
    let mut parts = text.split('|').map(str::trim);
    let code = Line::from_text(parts.next().unwrap_or_default())?;
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let title = next().map(Line::from_text).transpose()?;
    let level = next().map(Level::from_text).transpose()?;
    match parts.next() {
        Some(_) => Err(not(text, "a skill: code|title|level")),
        None => Ok(SkillItem { code, title, level }),
    }
}

/// Reads `en:B1`.
fn language_skill(text: &str) -> Result<LanguageSkill, String> {
    let (language, level) = text
        .split_once(':')
        .ok_or_else(|| not(text, "a language with its level, such as en:B1"))?;
    let language = Language::from_text(language.trim())?;
    Ok(LanguageSkill { language, level: Line::from_text(level.trim())? })
}

#[cfg(test)]
mod tests;
