//! Who and what the federation in memory is about. All of it is made up.

use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::skill::{
    Assessment, AssessmentMethod, ClaimType, Learning, Skill, SkillItem,
};
use carnet_proto::profile::VCT_SKILL;
use carnet_proto::statement::accreditation::{Grant, Level, LevelRange};
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::Date;

use super::START;

/// A line of text that is known to be one.
pub fn line(text: &str) -> Line {
    Line::parse(text).expect("a line")
}

/// A grant for skills of these occupations at PQF levels 1 to 4.
pub fn grant(occupations: &[&str]) -> Grant {
    Grant {
        credential_type: line(VCT_SKILL),
        occupations: occupations.iter().map(|o| Occupation::parse(o).expect("ISCO")).collect(),
        fields: vec![Field::parse("07").expect("ISCED-F")],
        levels: vec![LevelRange {
            framework: Framework::parse("PQF").expect("framework"),
            lowest: Level::parse("1").expect("level"),
            highest: Level::parse("4").expect("level"),
        }],
        branches: vec![],
        countries: vec![Country::parse("PH").expect("country")],
    }
}

/// A welder's qualification.
pub fn welding() -> Skill {
    Skill {
        claim_type: ClaimType::Qualification,
        title: Name {
            language: Language::parse("en").expect("language"),
            text: line("Shielded Metal Arc Welding II"),
        },
        national_code: Some(line("SMAW-II")),
        standard: None,
        occupation: Occupation::parse("7212").expect("ISCO"),
        esco_occupation: None,
        framework: Framework::parse("PQF").expect("framework"),
        level: Level::parse("2").expect("level"),
        isced_level: None,
        field: Field::parse("0715").expect("ISCED-F"),
        award_date: START.date(),
        valid_until: None,
        renewal: None,
        country: Country::parse("PH").expect("country"),
        endorsements: vec![],
        series: None,
        sequence: None,
        supersedes: None,
        skills: vec![
            SkillItem { code: line("SMAW-PLATE"), title: None, level: None },
            SkillItem { code: line("SMAW-PIPE"), title: None, level: None },
        ],
        assessment: Some(Assessment {
            methods: vec![AssessmentMethod::Practical, AssessmentMethod::Written],
            body: Some(line("Test Hall 4")),
            date: Some(START.date()),
            result: Some(line("competent")),
            language: None,
            place: None,
        }),
        learning: Some(Learning {
            provider: None,
            hours: Some(268),
            credits: None,
            start: None,
            end: None,
        }),
        experience: vec![],
        licence: None,
        prior_learning: vec![],
        languages: vec![],
        endorses: None,
    }
}

/// The worker.
pub fn worker() -> Person {
    Person {
        name_native: Some(line("Ligaya Halimbawa")),
        name_latin: Some(line("Ligaya Halimbawa")),
        name_icao: Some(line("HALIMBAWA<<LIGAYA")),
        birth_date: Date::parse("1994-05-17"),
        nationality: Some(Country::parse("PH").expect("country")),
        document_number: Some(line("X0000017")),
        portrait: None,
    }
}
