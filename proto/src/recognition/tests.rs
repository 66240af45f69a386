//! One test for every outcome and every predicate, the smallest set of evidence as a property, and what
//! must never be said.

use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::cbor::{Decode as _, Encode as _};
use crate::classification::{Country, Framework, Occupation};
use crate::credential::skill::{
    ClaimType, Experience, LanguageSkill, Learning, Licence, LicenceStatus, Skill, SkillItem,
};
use crate::id::Did;
use crate::statement::accreditation::{Level, LevelRange};
use crate::statement::profile::Role;
use crate::test_support::{date, line};
use crate::text::{Language, Name};
use crate::time::{Date, UnixSeconds};

mod evidence;
mod outcomes;
mod predicates;
mod smallest_set;

const TODAY: &str = "2026-06-01";

fn country(code: &str) -> Country {
    Country::parse(code).unwrap()
}

fn job(code: &str) -> Occupation {
    Occupation::parse(code).unwrap()
}

fn span(text: &str) -> TimeSpan {
    TimeSpan::parse(text).unwrap()
}

fn words(text: &str) -> Vec<Name> {
    vec![Name { language: Language::parse("en").unwrap(), text: line(text) }]
}

fn cite(text: &str) -> Citation {
    Citation { text: line(text), basis: Basis::Fictitious }
}

fn party(code: &str) -> RecognitionParty {
    RecognitionParty {
        country: country(code),
        region: None,
        authority: line("Ministry"),
        professional_body: None,
        from: date("2020-01-01"),
        until: None,
        procedure: Some(Procedure {
            body: line("Recognition Office"),
            did: None,
            documents: vec![line("the certificate")],
            acknowledgement: Some(span("1 month")),
            decision: Some(span("3 months")),
            fee: Some(FeeLimit { amount: 0, currency: line("EUR"), payer: Payer::Nobody }),
            appeal: Some(line("Labour Court")),
            alert: None,
            source: cite("art. 9"),
        }),
    }
}

fn title_row() -> TitleRow {
    TitleRow {
        home: Some(country("PH")),
        home_title: line("Welding NC II"),
        home_code: Some(line("NC2")),
        standard: None,
        host: Some(country("DE")),
        host_title: line("Welder"),
        occupation: job("7212"),
        missing: vec![],
        partial: false,
        source: cite("annex 1"),
    }
}

fn condition(kind: ConditionKind, evidence: EvidenceKind) -> Condition {
    Condition {
        id: line(kind.name()),
        kind,
        text: words("a condition"),
        evidence: vec![evidence],
        otherwise: Otherwise::Refuse,
        source: cite("art. 5"),
        hosts: vec![],
        occupations: vec![],
        length: None,
        within: None,
        continuous: None,
        gap: None,
        hours: None,
        language: None,
        level: None,
        code: None,
        youngest: None,
        oldest: None,
        homes: vec![],
    }
}

/// Welders of PH in DE, by title and nothing else.
fn terms() -> RecognitionTerms {
    RecognitionTerms {
        id: line("welders"),
        version: line("1"),
        titles: words("Agreement on welders"),
        texts: vec![],
        parties: vec![party("PH"), party("DE")],
        scope: RecognitionScope {
            occupations: vec![job("721")],
            esco: vec![],
            national_titles: vec![],
            regulated: None,
            sectors: vec![],
            excluded: vec![],
            excluded_occupations: vec![job("7214")],
            purposes: vec![],
            levels: vec![],
            claims: vec![],
            issuers: vec![],
            source: cite("art. 2"),
        },
        requirements: vec![],
        levels: vec![],
        title_rows: vec![title_row()],
        conditions: vec![],
        compensation: None,
        acquired: Acquired::Stays,
        supervision: None,
        signing: None,
        samples: vec![],
        cases: vec![],
    }
}

fn accepted(code: &str) -> AcceptedIssuer {
    AcceptedIssuer {
        country: country(code),
        name: line("Certification Board"),
        did: None,
        from: None,
        until: None,
        occupations: vec![],
    }
}

fn level_row(from: &str, to: &str, relation: LevelRelation) -> LevelRow {
    LevelRow {
        from_framework: Framework::parse("PQF").unwrap(),
        from_level: Level::parse(from).unwrap(),
        to_framework: Framework::parse("DQR").unwrap(),
        to_level: Level::parse(to).unwrap(),
        relation,
        source: cite("annex 2"),
    }
}

fn requirement(level: &str) -> HostRequirement {
    HostRequirement {
        host: country("DE"),
        occupation: job("7212"),
        title: line("Welder"),
        regulated: false,
        framework: Framework::parse("DQR").unwrap(),
        level: Level::parse(level).unwrap(),
        source: cite("annex 3"),
    }
}

/// The same agreement, by levels.
fn by_level(rows: Vec<LevelRow>, level: &str) -> RecognitionTerms {
    RecognitionTerms {
        title_rows: vec![],
        requirements: vec![requirement(level)],
        levels: rows,
        ..terms()
    }
}

fn compensation(reasons: &[CompensationReason]) -> CompensationRules {
    CompensationRules {
        measures: vec![CompensationMeasure {
            kind: MeasureKind::AdaptationPeriod,
            maximum: Some(span("3 years")),
            text: words("work under guidance"),
            body: None,
        }],
        chooser: Chooser::Worker,
        reasons: reasons.to_vec(),
        waived_by: None,
        source: cite("art. 14"),
    }
}

/// The certificate of a welder.
fn certificate() -> Skill {
    Skill {
        claim_type: ClaimType::Qualification,
        title: words("Welding NC II").remove(0),
        national_code: Some(line("NC2")),
        standard: Some(line("2013")),
        licence: None,
        experience: vec![],
        languages: vec![],
        prior_learning: vec![],
        skills: vec![],
        learning: None,
        endorses: None,
        valid_until: None,
        ..crate::test_support::skill()
    }
}

fn shown(skill: &Skill) -> Shown<'_> {
    Shown {
        skill,
        id: None,
        issuer: Some(Did::of_inception(b"board")),
        issuer_name: Some("Certification Board"),
        issued: date("2026-05-01"),
        accredited_from: Some(date("2015-01-01")),
        accredited_until: None,
    }
}

fn question() -> Question {
    Question {
        destination: country("DE"),
        occupation: job("7212"),
        purpose: None,
        today: date(TODAY),
    }
}

fn file(terms: &RecognitionTerms) -> Ground<'_> {
    Ground { terms, digest: None, signatures: Signatures::NotChecked, ended: None }
}

/// Asks about welding in DE.
fn ask(terms: &RecognitionTerms, skills: &[Skill]) -> Recognition {
    let shown: Vec<_> = skills.iter().map(shown).collect();
    let evidence = Evidence { shown: &shown, birth_date: None };
    // What is tested here has to be an agreement that can be written.
    assert_eq!(RecognitionTerms::from_cbor(&terms.to_cbor()).as_ref(), Ok(terms));
    recognise(&evidence, &question(), &[file(terms)])
}

fn steps(recognition: &Recognition) -> Vec<&'static str> {
    let best = recognition.routes.first();
    best.iter().flat_map(|route| &route.steps).map(|step| step.reason.id).collect()
}

fn has(recognition: &Recognition, id: &'static str) -> bool {
    assert!(step::ALL.contains(&id));
    steps(recognition).contains(&id)
}
