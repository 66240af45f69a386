//! Who and what the federation in memory is about. All of it is made up.

use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::contribution::{
    Contribution, DayBasis, Decimal, Earnings, Employer, Institution, InstitutionRole,
    InsuranceNumber, Month, NationalRight, PeriodKind, PeriodType, Quantity, Refund, ReportingMode,
    SchemeClass, SchemeTotals, Sex, Unit, YearValue,
};
use carnet_proto::credential::skill::{
    Assessment, AssessmentMethod, ClaimType, Learning, Skill, SkillItem,
};
use carnet_proto::id::CredentialId;
use carnet_proto::profile::{VCT_CONTRIBUTION, VCT_SKILL};
use carnet_proto::statement::accreditation::{Branch, Grant, Level, LevelRange};
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
            passed: None,
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

/// A grant for contribution periods under the law of these States, for old age and invalidity.
pub fn period_grant(countries: &[&str]) -> Grant {
    Grant {
        credential_type: line(VCT_CONTRIBUTION),
        occupations: vec![],
        fields: vec![],
        levels: vec![],
        branches: vec![Branch::OldAge, Branch::Invalidity],
        countries: countries.iter().map(|code| Country::parse(code).expect("country")).collect(),
    }
}

/// A number of months.
pub fn months(number: &str) -> Quantity {
    Quantity::of(Unit::Month, Decimal::parse(number).expect("a decimal"))
}

/// A period of 32 months in one figure, of which nothing is redactable.
pub fn period() -> Contribution {
    Contribution {
        institution: Institution {
            code: line("PH:SSO-1"),
            name: line("Fictitious Social Security Office"),
            role: InstitutionRole::Competent,
        },
        legislation: Country::parse("PH").expect("country"),
        scheme: line("employees"),
        branches: vec![Branch::OldAge, Branch::Invalidity],
        kind: PeriodKind::Compulsory,
        period_type: Some(PeriodType::CompulsoryEmployed),
        start: Month::parse("2014-03").expect("month"),
        end: Month::parse("2016-10").expect("month"),
        dates_uncertain: false,
        mode: ReportingMode::Aggregate,
        day_basis: None,
        value: Some(months("32")),
        counts_for_right: vec![Branch::OldAge, Branch::Invalidity],
        counts_for_amount: vec![Branch::OldAge],
        refunded: Refund::None,
        refund_date: None,
        category: None,
        as_of: Date::parse("2025-12-31").expect("date"),
        complete: true,
        complete_up_to: Date::parse("2025-12-31"),
        series: None,
        sequence: None,
        supersedes: None,
        years: vec![],
        total: None,
        scheme_totals: None,
        first_day: None,
        last_day: None,
        national_right: None,
        scheme_class: None,
        occupation: None,
        legislation_part: None,
        special_scheme: None,
        employers: vec![],
        earnings: vec![],
        insurance_numbers: vec![],
        sex: None,
    }
}

/// The same period year by year, with everything in it.
pub fn period_by_year() -> Contribution {
    let day = |text: &str| Date::parse(text).expect("date");
    let year = |year, number| YearValue { year, value: months(number) };
    let amount = |text| Decimal::parse(text).expect("a decimal");
    Contribution {
        mode: ReportingMode::ByYear,
        day_basis: Some(DayBasis::Six),
        value: None,
        refunded: Refund::Partial,
        refund_date: Some(day("2017-02-01")),
        category: Some(line("seasonal")),
        series: Some(CredentialId::new([0x33; 16])),
        sequence: Some(2),
        supersedes: Some(CredentialId::new([0x44; 16])),
        years: vec![year(2014, "10"), year(2015, "12"), year(2016, "9.5")],
        total: Some(months("31.5")),
        scheme_totals: Some(SchemeTotals { right: months("61.5"), amount: months("60") }),
        first_day: Some(day("2014-03-17")),
        last_day: Some(day("2016-10-15")),
        national_right: Some(NationalRight::No),
        scheme_class: Some(SchemeClass::Employed),
        occupation: Occupation::parse("7212").ok(),
        special_scheme: Some(line("seafarers")),
        employers: vec![Employer {
            name: line("Fictitious Yard"),
            reference: Some(line("77-12")),
            place: Some(line("Manila")),
        }],
        earnings: vec![Earnings {
            year: 2014,
            base: amount("180000.25"),
            currency: line("PHP"),
            ceiling: Some(amount("240000")),
            worker: Some(amount("6530")),
            employer: Some(amount("13260")),
        }],
        insurance_numbers: vec![InsuranceNumber {
            country: Country::parse("PH").expect("country"),
            number: line("00-0000017-0"),
        }],
        sex: Some(Sex::Female),
        ..period()
    }
}
