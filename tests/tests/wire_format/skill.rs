//! A skill and a contribution attestation with everything in them.

use carnet_proto::credential::skill::{
    Endorsed, Endorsement, EvidenceRule, Experience, LanguageSkill, Licence, LicenceStatus,
    PriorLearningEvidence, PriorLearningKind, Skill,
};
use carnet_proto::id::{CredentialId, Did, Digest};
use carnet_proto::statement::accreditation::Level;
use carnet_proto::statement::profile::Role;
use carnet_proto::text::Language;
use carnet_proto::time::Date;
use carnet_tests::world::{line, period_by_year, welding};

use super::example::Example;

fn full() -> Skill {
    let day = |text: &str| Date::parse(text).unwrap();
    let welding = welding();
    let mut skills = welding.skills;
    skills.truncate(1);
    skills[0].title = Some(line("Plates"));
    skills[0].level = Level::parse("2.5");
    let mut assessment = welding.assessment.unwrap();
    assessment.language = Language::parse("en");
    assessment.place = Some(line("Manila"));
    let mut learning = welding.learning.unwrap();
    learning.provider = Some(line("Fictitious Welding Institute"));
    learning.credits = Some(12);
    learning.start = Some(day("2025-09-01"));
    learning.end = Some(day("2026-02-20"));
    Skill {
        standard: Some(line("2024")),
        esco_occupation: Some(line("http://data.example/occupation/welder")),
        isced_level: Some(3),
        valid_until: Some(day("2031-03-01")),
        renewal: Some(line("after a practical test")),
        endorsements: vec![Endorsement {
            by: Did::of_inception(b"union"),
            digest: Digest::of(b"endorsement"),
        }],
        series: Some(CredentialId::new([0x11; 16])),
        sequence: Some(2),
        supersedes: Some(CredentialId::new([0x22; 16])),
        skills,
        assessment: Some(assessment),
        learning: Some(learning),
        experience: vec![Experience {
            role: line("welder"),
            start: day("2019-01-07"),
            end: Some(day("2024-12-20")),
            hours: Some(9000),
            supervised: Some(true),
            employer: Some(line("Fictitious Yard")),
        }],
        licence: Some(Licence {
            number: line("L-17"),
            register: line("Register of Welders"),
            status: LicenceStatus::Restricted,
            restrictions: Some(line("no pressure vessels")),
            good_standing: Some(day("2026-03-01")),
        }),
        prior_learning: vec![PriorLearningEvidence {
            kind: PriorLearningKind::WorkProduct,
            date: day("2025-08-01"),
            vouched_by: Some(line("Fictitious Yard")),
            digest: Digest::of(b"portfolio"),
            unit: Some(line("SMAW-PLATE")),
            rules: vec![EvidenceRule::Validity, EvidenceRule::Currency],
        }],
        languages: vec![LanguageSkill {
            language: Language::parse("en").unwrap(),
            level: line("B1"),
        }],
        endorses: Some(Endorsed {
            credential: CredentialId::new([0x33; 16]),
            role: Role::Union,
            statement: Some(line("assessed in the presence of the union")),
        }),
        ..self::welding()
    }
}

pub fn skills() -> Vec<Example> {
    let skill = full();
    vec![
        Example::of("skill", "restored, with every entry", &skill)
            .holds("name", &skill.title)
            .holds("endorsement", &skill.endorsements[0])
            .holds("endorsed", skill.endorses.as_ref().unwrap())
            .holds("skill-item", &skill.skills[0])
            .holds("assessment", skill.assessment.as_ref().unwrap())
            .holds("learning", skill.learning.as_ref().unwrap())
            .holds("experience", &skill.experience[0])
            .holds("licence", skill.licence.as_ref().unwrap())
            .holds("prior-learning-evidence", &skill.prior_learning[0])
            .holds("language-skill", &skill.languages[0]),
    ]
}

pub fn contributions() -> Vec<Example> {
    let period = period_by_year();
    vec![
        Example::of("contribution", "restored, with every redactable entry", &period)
            .holds("institution", &period.institution)
            .holds("quantity", period.total.as_ref().unwrap())
            .holds("year-value", &period.years[0])
            .holds("scheme-totals", period.scheme_totals.as_ref().unwrap())
            .holds("employer", &period.employers[0])
            .holds("earnings", &period.earnings[0])
            .holds("insurance-number", &period.insurance_numbers[0]),
    ]
}
