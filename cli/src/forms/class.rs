//! A class to be certified, as CSV: one skill credential per row.

use super::certificate::checked;
use super::table::{Column, Row, Table, trimmed};
use super::{FromText, not};
use carnet_proto::credential::attested::Attested;
use carnet_proto::credential::skill::{
    Assessment, AssessmentMethod, ClaimType, LanguageSkill, Learning, Skill, SkillItem,
};
use carnet_proto::statement::accreditation::Level;
use carnet_proto::text::{Language, Line, Name};

/// A table of skill credentials.
#[derive(Debug)]
pub enum Class {}

/// Every column: its name, whether it must be there, and what it holds.
const COLUMNS: &[Column] = &[
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
    ("assessment_passed", false, "yes or no: programs read this and never the words of the result"),
    ("learning_provider", false, "who taught"),
    ("learning_hours", false, "whole number"),
    ("learning_start", false, "YYYY-MM-DD"),
    ("learning_end", false, "YYYY-MM-DD"),
    ("languages", false, "en:B1; de:A2"),
];

impl Table for Class {
    const COMMAND: &str = "issue skill";
    const COLUMNS: &[Column] = COLUMNS;

    fn sample(name: &str) -> &'static str {
        match name {
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
        }
    }

    fn attested(row: &mut Row<'_>) -> Option<Attested> {
        let skill = skill(row)?;
        match checked(skill) {
            Ok(skill) => Some(skill.into()),
            Err(reason) => {
                row.mistake_of_row(reason);
                None
            }
        }
    }
}

fn skill(row: &mut Row<'_>) -> Option<Skill> {
    let title = row.must("title");
    let language = row.must("language");
    let occupation = row.must("occupation");
    let framework = row.must("framework");
    let level = row.must("level");
    let field = row.must("field");
    let award_date = row.must("award_date");
    let country = row.must("country");
    let skill = Skill {
        claim_type: row.may("claim_type").unwrap_or(ClaimType::Qualification),
        title: Name { language: language?, text: title? },
        national_code: row.may("national_code"),
        standard: row.may("standard"),
        occupation: occupation?,
        esco_occupation: None,
        framework: framework?,
        level: level?,
        isced_level: row.may("isced_level"),
        field: field?,
        award_date: award_date?,
        valid_until: row.may("valid_until"),
        renewal: row.may("renewal"),
        country: country?,
        endorsements: Vec::new(),
        series: None,
        sequence: None,
        supersedes: None,
        skills: row.list("skills", skill_item),
        assessment: assessment(row),
        learning: learning(row),
        experience: Vec::new(),
        licence: None,
        prior_learning: Vec::new(),
        languages: row.list("languages", language_skill),
        endorses: None,
    };
    Some(skill)
}

fn assessment(row: &mut Row<'_>) -> Option<Assessment> {
    let assessment = Assessment {
        methods: row.list("assessment_methods", AssessmentMethod::from_text),
        body: row.may("assessment_body"),
        date: row.may("assessment_date"),
        result: row.may("assessment_result"),
        language: None,
        place: row.may("assessment_place"),
        passed: row.yes_or_no("assessment_passed"),
    };
    row.any("assessment_").then_some(assessment)
}

fn learning(row: &mut Row<'_>) -> Option<Learning> {
    let learning = Learning {
        provider: row.may("learning_provider"),
        hours: row.may("learning_hours"),
        credits: None,
        start: row.may("learning_start"),
        end: row.may("learning_end"),
    };
    row.any("learning_").then_some(learning)
}

/// Reads `code|title|level`.
fn skill_item(text: &str) -> Result<SkillItem, String> {
    let mut parts = text.split('|').map(trimmed);
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
    let language = Language::from_text(trimmed(language))?;
    Ok(LanguageSkill { language, level: Line::from_text(trimmed(level))? })
}

#[cfg(test)]
mod tests;
