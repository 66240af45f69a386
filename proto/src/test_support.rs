//! What the tests of several modules share.

use alloc::vec::Vec;
use core::convert::Infallible;

use rand_core::{CryptoRng, TryCryptoRng, TryRng};

use crate::classification::{Country, Field, Framework, Occupation};
use crate::credential::claims::Person;
use crate::credential::contribution::{
    Contribution, Decimal, Earnings, Employer, Institution, InstitutionRole, InsuranceNumber,
    Month, NationalRight, PeriodKind, PeriodType, Quantity, Refund, ReportingMode, SchemeClass,
    SchemeTotals, Sex, Unit, YearValue,
};
use crate::credential::issue::{Issue, Issued};
use crate::credential::skill::{
    Assessment, AssessmentMethod, ClaimType, Endorsed, EvidenceRule, Experience, LanguageSkill,
    Learning, Licence, LicenceStatus, PriorLearningEvidence, PriorLearningKind, Skill, SkillItem,
};
use crate::id::{CredentialId, Did, Digest};
use crate::key::{Purpose, Seed, SigningKey};
use crate::statement::accreditation::{Branch, Level};
use crate::statement::profile::Role;
use crate::status::StatusUri;
use crate::text::{Language, Line, Name};
use crate::time::{DAY, Date, UnixSeconds};

/// Random numbers that are the same in every run (SplitMix64). Secret from nobody.
#[derive(Clone, Debug)]
pub(crate) struct SeededRng(pub u64);

impl SeededRng {
    /// Draws a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let Ok(drawn) = self.try_next_u64();
        (drawn % limit as u64) as usize
    }
}

impl TryRng for SeededRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok(z ^ (z >> 31))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let random = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for SeededRng {}

/// A day on which everything in these tests happens, not at its beginning.
pub(crate) const NOW: UnixSeconds = UnixSeconds(20_400 * DAY + 40_000);

pub(crate) fn line(text: &str) -> Line {
    Line::parse(text).unwrap()
}

pub(crate) fn date(text: &str) -> Date {
    Date::parse(text).unwrap()
}

/// The key that issues in these tests.
pub(crate) fn issuer_key() -> SigningKey {
    Seed::new([1; 32]).signing_key(Purpose::Credential)
}

/// The holder's key in these tests.
pub(crate) fn holder_key() -> SigningKey {
    Seed::new([2; 32]).credential_key(&[0; 16])
}

/// A person of whom everything is known.
pub(crate) fn person() -> Person {
    Person {
        name_native: Some(line("ᜋᜎᜌ ᜐᜈ᜔ᜆᜓᜐ᜔")),
        name_latin: Some(line("Malaya Santos")),
        name_icao: Some(line("SANTOS<<MALAYA")),
        birth_date: Some(date("1993-05-17")),
        nationality: Some(Country::parse("PH").unwrap()),
        document_number: Some(line("P4915937B")),
        portrait: Some(Digest::of(b"portrait")),
    }
}

/// An attestation of which every part is filled in.
pub(crate) fn skill() -> Skill {
    let item = |code: &str| SkillItem { code: line(code), title: None, level: Level::parse("2") };
    Skill {
        claim_type: ClaimType::Qualification,
        title: Name { language: Language::parse("en").unwrap(), text: line("Arc welding NC II") },
        national_code: Some(line("MEE721306")),
        standard: Some(line("2013")),
        occupation: Occupation::parse("7212").unwrap(),
        esco_occupation: None,
        framework: Framework::parse("PQF").unwrap(),
        level: Level::parse("2").unwrap(),
        isced_level: Some(3),
        field: Field::parse("0715").unwrap(),
        award_date: date("2024-03-08"),
        valid_until: Some(date("2029-03-08")),
        renewal: None,
        country: Country::parse("PH").unwrap(),
        endorsements: Vec::new(),
        series: Some(CredentialId::new([3; 16])),
        sequence: Some(4_000_000_001),
        supersedes: Some(CredentialId::new([5; 16])),
        skills: ["unit-a", "unit-b", "unit-c", "unit-d", "unit-e"].map(item).into(),
        assessment: Some(Assessment {
            methods: [AssessmentMethod::Practical, AssessmentMethod::Interview].into(),
            body: Some(line("Assessment centre of Batangas")),
            date: Some(date("2024-03-01")),
            result: Some(line("competent")),
            language: Language::parse("fil"),
            place: None,
            passed: None,
        }),
        learning: Some(Learning {
            provider: Some(line("Batangas School of Trades")),
            hours: Some(268),
            credits: None,
            start: Some(date("2023-09-04")),
            end: Some(date("2024-02-16")),
        }),
        experience: [Experience {
            role: line("welder, shipyard"),
            start: date("2019-01-07"),
            end: None,
            hours: Some(5200),
            supervised: Some(true),
            employer: Some(line("Balayan Bay Shipbuilding")),
        }]
        .into(),
        licence: Some(Licence {
            number: line("WL-2024-000417"),
            register: line("National register of welders"),
            status: LicenceStatus::Active,
            restrictions: None,
            good_standing: Some(date("2024-03-08")),
        }),
        prior_learning: [PriorLearningEvidence {
            kind: PriorLearningKind::ThirdPartyReference,
            date: date("2022-06-30"),
            vouched_by: Some(line("Shipyard workers' union")),
            digest: Digest::of(b"testimonial"),
            unit: None,
            rules: [EvidenceRule::Authenticity].into(),
        }]
        .into(),
        languages: [LanguageSkill { language: Language::parse("de").unwrap(), level: line("B1") }]
            .into(),
        endorses: Some(Endorsed {
            credential: CredentialId::new([6; 16]),
            role: Role::Union,
            statement: None,
        }),
    }
}

/// A contribution attestation year by year, of which every part is filled in.
pub(crate) fn contribution() -> Contribution {
    let months = |number: &str| Quantity::of(Unit::Month, Decimal::parse(number).unwrap());
    let year = |year, number: &str| YearValue { year, value: months(number) };
    let earnings = |year, base| Earnings {
        year,
        base: Decimal::parse(base).unwrap(),
        currency: line("EUR"),
        ceiling: Decimal::parse("71400"),
        worker: Decimal::parse("2790.45"),
        employer: Decimal::parse("2790.45"),
    };
    let employer = |name: &str| Employer {
        name: line(name),
        reference: Some(line("77-1200")),
        place: Some(line("Kiel")),
    };
    Contribution {
        institution: Institution {
            code: line("DE:0401"),
            name: line("Fictitious Pension Insurance"),
            role: InstitutionRole::Competent,
        },
        legislation: Country::parse("DE").unwrap(),
        scheme: line("general"),
        branches: [Branch::OldAge, Branch::Invalidity].into(),
        kind: PeriodKind::Compulsory,
        period_type: Some(PeriodType::CompulsoryEmployed),
        start: Month::parse("2014-03").unwrap(),
        end: Month::parse("2016-10").unwrap(),
        dates_uncertain: false,
        mode: ReportingMode::ByYear,
        day_basis: None,
        value: None,
        counts_for_right: [Branch::OldAge, Branch::Invalidity].into(),
        counts_for_amount: [Branch::OldAge].into(),
        refunded: Refund::None,
        refund_date: None,
        category: None,
        as_of: date("2025-06-30"),
        complete: true,
        complete_up_to: Some(date("2025-06-30")),
        series: Some(CredentialId::new([3; 16])),
        sequence: Some(2),
        supersedes: Some(CredentialId::new([4; 16])),
        years: [year(2014, "10"), year(2015, "12"), year(2016, "9.5")].into(),
        total: Some(months("31.5")),
        scheme_totals: Some(SchemeTotals { right: months("61.5"), amount: months("60") }),
        first_day: Some(date("2014-03-17")),
        last_day: Some(date("2016-10-15")),
        national_right: Some(NationalRight::No),
        scheme_class: Some(SchemeClass::General),
        occupation: Occupation::parse("7212").ok(),
        legislation_part: None,
        special_scheme: Some(line("seafarers")),
        employers: [employer("Förde Shipyard"), employer("Baltic Steel")].into(),
        earnings: [earnings(2014, "30100"), earnings(2015, "36000.5")].into(),
        insurance_numbers: [InsuranceNumber {
            country: Country::parse("DE").unwrap(),
            number: line("65 170593 S 001"),
        }]
        .into(),
        sex: Some(Sex::Female),
    }
}

/// Issues a credential to [`holder_key`].
pub(crate) fn issue(person: &Person, skill: &Skill, rng: &mut impl CryptoRng) -> Issued {
    let issuer = Did::of_inception(b"an institution");
    let request = Issue {
        issuer: &issuer,
        holder_key: holder_key().public(),
        person,
        attested: &skill.clone().into(),
        issued_at: NOW,
        expires_at: NOW.plus(1000 * DAY),
        status: (StatusUri { issuer, list: 3 }, 97_341),
    };
    request.sign(&issuer_key(), rng).unwrap()
}
