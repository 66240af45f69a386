//! Rules of recognition in which everything occurs that the format has.

use carnet_proto::classification::{Country, Framework, Occupation};
use carnet_proto::credential::skill::ClaimType;
use carnet_proto::id::{Did, Digest};
use carnet_proto::recognition::{
    AcceptedIssuer, Acquired, Basis, Chooser, Citation, CompensationMeasure, CompensationReason,
    CompensationRules, Condition, ConditionKind, EvidenceKind, FeeLimit, HostRequirement,
    LevelRelation, LevelRow, MeasureKind, MobilityPurpose, NationalTitle, Otherwise, Payer,
    Procedure, RecognitionCase, RecognitionOutcome, RecognitionParty, RecognitionScope,
    RecognitionTerms, SampleAttestation, SigningRule, Supervision, TimeSpan, TitleRow, UnitName,
};
use carnet_proto::statement::accreditation::{Level, LevelRange};
use carnet_proto::statement::agreement::SourceText;
use carnet_proto::statement::profile::Role;
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::Date;

fn line(text: &str) -> Line {
    Line::parse(text).expect("a line")
}

fn country(code: &str) -> Country {
    Country::parse(code).expect("a country")
}

fn welder() -> Occupation {
    Occupation::parse("7212").expect("an occupation")
}

fn day(text: &str) -> Date {
    Date::parse(text).expect("a day")
}

fn span(text: &str) -> Option<TimeSpan> {
    TimeSpan::parse(text)
}

fn level(text: &str) -> Level {
    Level::parse(text).expect("a level")
}

fn framework(code: &str) -> Framework {
    Framework::parse(code).expect("a framework")
}

fn words(text: &str) -> Vec<Name> {
    vec![Name { language: Language::parse("en").expect("a language"), text: line(text) }]
}

fn source(text: &str) -> Citation {
    Citation { text: line(text), basis: Basis::Fictitious }
}

fn procedure() -> Procedure {
    Procedure {
        body: line("Recognition Office"),
        did: Some(Did::of_inception(b"office")),
        documents: vec![line("the certificate")],
        acknowledgement: span("2 weeks"),
        decision: span("2 months"),
        fee: Some(FeeLimit { amount: 200, currency: line("EUR"), payer: Payer::Employer }),
        appeal: Some(line("Labour Court")),
        alert: Some(line("withdrawn certificates are told")),
        source: source("art. 8"),
    }
}

fn party(code: &str) -> RecognitionParty {
    RecognitionParty {
        country: country(code),
        region: None,
        authority: line("Ministry"),
        professional_body: Some(line("Chamber")),
        from: day("2024-01-01"),
        until: None,
        procedure: Some(procedure()),
    }
}

fn condition() -> Condition {
    Condition {
        id: line("practice"),
        kind: ConditionKind::Experience,
        text: words("A year of work in the occupation."),
        evidence: vec![EvidenceKind::WorkCertificate],
        otherwise: Otherwise::Refuse,
        source: source("art. 5"),
        hosts: vec![country("DE")],
        occupations: vec![],
        length: span("1 year"),
        within: span("5 years"),
        continuous: Some(true),
        gap: span("1 month"),
        hours: None,
        language: None,
        level: None,
        code: None,
        youngest: None,
        oldest: None,
        homes: vec![],
    }
}

fn scope() -> RecognitionScope {
    RecognitionScope {
        occupations: vec![welder()],
        esco: vec![],
        national_titles: vec![NationalTitle { country: country("DE"), title: line("Schweißer") }],
        regulated: None,
        sectors: vec![line("metal")],
        excluded: vec![line("pressure vessels")],
        excluded_occupations: vec![],
        purposes: vec![MobilityPurpose::Establishment],
        levels: vec![LevelRange {
            framework: framework("PQF"),
            lowest: level("2"),
            highest: level("4"),
        }],
        claims: vec![ClaimType::Qualification],
        issuers: vec![AcceptedIssuer {
            country: country("PH"),
            name: line("Institute"),
            did: None,
            from: Some(day("2020-01-01")),
            until: None,
            occupations: vec![],
        }],
        source: source("art. 2"),
    }
}

/// Returns the rules.
pub fn terms() -> RecognitionTerms {
    let case = RecognitionCase {
        id: line("certificate-alone"),
        about: line("work is still to be shown"),
        show: vec![line("welder")],
        birth_date: None,
        destination: country("DE"),
        occupation: welder(),
        purpose: None,
        today: day("2026-03-02"),
        outcome: RecognitionOutcome::CompensationRequired,
        missing: vec![EvidenceKind::UnitCertificate, EvidenceKind::WorkCertificate],
        not_met: vec![],
        not_shown: vec![line("practice")],
    };
    let sample = SampleAttestation {
        id: line("welder"),
        skill: crate::world::welding(),
        issued: day("2026-03-01"),
        issuer: None,
        issuer_name: Some(line("Institute")),
        accredited_from: Some(day("2020-01-01")),
        accredited_until: None,
    };
    let title = TitleRow {
        home: Some(country("PH")),
        home_title: sample.skill.title.text.clone(),
        home_code: sample.skill.national_code.clone(),
        standard: None,
        host: Some(country("DE")),
        host_title: line("Welder of the partnership"),
        occupation: welder(),
        missing: vec![UnitName { code: line("SAFETY"), title: line("Safety at work") }],
        partial: false,
        source: source("annex 1"),
    };
    RecognitionTerms {
        id: line("welders"),
        version: line("1"),
        titles: words("Partnership on welders"),
        texts: vec![SourceText {
            language: Language::parse("en").expect("a language"),
            digest: Digest::of(b"text"),
            address: None,
        }],
        parties: vec![party("PH"), party("DE")],
        scope: scope(),
        requirements: vec![HostRequirement {
            host: country("DE"),
            occupation: welder(),
            title: line("Welder"),
            regulated: false,
            framework: framework("DQR"),
            level: level("3"),
            source: source("annex 3"),
        }],
        levels: vec![LevelRow {
            from_framework: framework("PQF"),
            from_level: level("2"),
            to_framework: framework("AQRF"),
            to_level: level("2"),
            relation: LevelRelation::Equal,
            source: source("annex 2"),
        }],
        title_rows: vec![title],
        conditions: vec![condition()],
        compensation: Some(CompensationRules {
            measures: vec![CompensationMeasure {
                kind: MeasureKind::GapUnits,
                maximum: span("2 months"),
                text: words("The missing unit."),
                body: Some(line("Training Centre")),
            }],
            chooser: Chooser::Worker,
            reasons: vec![CompensationReason::UnitsMissing],
            waived_by: None,
            source: source("art. 6"),
        }),
        acquired: Acquired::Stays,
        supervision: Some(Supervision {
            committee: Some(line("Joint committee")),
            review: Some(day("2029-01-01")),
            withdrawal: None,
            dispute: Some(line("arbitration")),
        }),
        signing: Some(SigningRule {
            roles: vec![Role::Ministry, Role::Union, Role::EmployersBody],
            at_least: 3,
            parties: None,
        }),
        samples: vec![sample],
        cases: vec![case],
    }
}
