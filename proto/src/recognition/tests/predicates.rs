use super::*;

/// Judges one condition by attestations; returns how it came out, why, and whether evidence is asked for.
fn judge(
    condition: Condition,
    skills: &[Skill],
    birth: Option<&str>,
) -> (Status, &'static str, bool) {
    let mut terms = terms();
    terms.conditions = vec![condition];
    assert_eq!(RecognitionTerms::from_cbor(&terms.to_cbor()), Ok(terms.clone()));
    let own = certificate();
    let mut all = vec![shown(&own)];
    all.extend(skills.iter().map(shown));
    let evidence = Evidence { shown: &all, birth_date: birth.map(date) };
    let answer = recognise(&evidence, &question(), &[file(&terms)]);
    let route = &answer.routes[0];
    let judged = &route.conditions[0];
    assert!(step::ALL.contains(&judged.reason.id), "{}", judged.reason.id);
    (judged.status, judged.reason.id, !route.missing.is_empty())
}

const MET: Status = Status::Met;
const NOT_MET: Status = Status::NotMet;
const NOT_SHOWN: Status = Status::NotShown;

pub(super) fn worked(times: &[(&str, Option<&str>)]) -> Skill {
    let work = |(start, end): &(&str, Option<&str>)| Experience {
        role: line("welder"),
        start: date(start),
        end: end.map(date),
        hours: None,
        supervised: None,
        employer: None,
    };
    Skill {
        claim_type: ClaimType::WorkExperience,
        experience: times.iter().map(work).collect(),
        ..certificate()
    }
}

pub(super) fn experience(length: &str) -> Condition {
    Condition {
        length: Some(span(length)),
        ..condition(ConditionKind::Experience, EvidenceKind::WorkCertificate)
    }
}

#[test]
fn experience_adds_up_and_no_day_counts_twice() {
    let judge = |length, times: &[_]| judge(experience(length), &[worked(times)], None);
    assert_eq!(judge("1 year", &[]), (NOT_SHOWN, "experience-not-shown", true));
    let half = ("2024-01-01", Some("2024-06-30"));
    let rest = ("2025-01-01", Some("2025-07-02"));
    assert_eq!(judge("1 year", &[half, rest]), (MET, "experience-met", false));
    assert_eq!(judge("1 year", &[half, half]), (NOT_MET, "experience-short", true));
    // What goes on is attested up to the day of issue, 2026-05-01.
    assert_eq!(judge("1 year", &[("2025-05-02", None)]).0, MET);
    assert_eq!(judge("1 year", &[("2025-05-03", None)]).0, NOT_MET);
    assert_eq!(
        judge("1 year", &[("2025-05-03", Some("2026-06-01"))]).0,
        NOT_MET,
        "not yet attested"
    );
}

#[test]
fn continuous_experience_is_counted_in_the_calendar() {
    let mut three = Condition { continuous: Some(true), ..experience("3 years") };
    let gone = [("2021-03-01", Some("2022-12-30")), ("2023-01-02", Some("2024-02-29"))];
    assert_eq!(judge(three.clone(), &[worked(&gone)], None).0, NOT_MET);
    three.gap = Some(span("2 days"));
    assert_eq!(judge(three.clone(), &[worked(&gone)], None).0, MET);
    three.gap = Some(span("1 day"));
    assert_eq!(judge(three.clone(), &[worked(&gone)], None).0, NOT_MET);
    // Two attestations of work that touch are one time.
    let one = worked(&[("2021-03-01", Some("2022-12-31"))]);
    let two = worked(&[("2023-01-01", Some("2024-02-29"))]);
    three.gap = None;
    assert_eq!(judge(three.clone(), &[two, one], None).0, MET);
    let short = worked(&[("2021-03-01", Some("2024-02-28"))]);
    assert_eq!(judge(three, &[short], None).0, NOT_MET);
}

#[test]
fn only_the_last_years_count_where_the_agreement_says_so() {
    let recent = Condition { within: Some(span("5 years")), ..experience("1 year") };
    let old = worked(&[("2010-01-01", Some("2021-05-31"))]);
    assert_eq!(judge(recent.clone(), &[old], None).0, NOT_SHOWN);
    let partly = worked(&[("2010-01-01", Some("2022-05-31"))]);
    assert_eq!(judge(recent, &[partly], None).0, MET);
}

#[test]
fn work_in_another_occupation_does_not_count() {
    let cook = Skill { occupation: job("5120"), ..worked(&[("2010-01-01", None)]) };
    assert_eq!(judge(experience("1 year"), &[cook], None).0, NOT_SHOWN);
}

pub(super) fn licensed(status: LicenceStatus, good_standing: Option<&str>) -> Skill {
    let licence = Licence {
        number: line("17"),
        register: line("Register of Welders"),
        status,
        restrictions: None,
        good_standing: good_standing.map(date),
    };
    Skill { claim_type: ClaimType::Licence, licence: Some(licence), ..certificate() }
}

#[test]
fn a_registration_has_to_hold_now() {
    let judge = |skill: Option<Skill>| {
        let condition = condition(ConditionKind::Registration, EvidenceKind::RegisterExtract);
        judge(condition, skill.as_slice(), None)
    };
    assert_eq!(judge(None), (NOT_SHOWN, "registration-not-shown", true));
    let active = licensed(LicenceStatus::Active, None);
    assert_eq!(judge(Some(active.clone())), (MET, "registration-met", false));
    let until = |day| Skill { valid_until: Some(date(day)), ..active.clone() };
    assert_eq!(judge(Some(until(TODAY))).0, MET);
    assert_eq!(judge(Some(until("2026-05-31"))), (NOT_MET, "registration-ended", true));
    for status in LicenceStatus::ALL.iter().filter(|status| **status != LicenceStatus::Active) {
        let found = judge(Some(licensed(*status, None)));
        assert_eq!(found, (NOT_MET, "registration-status", false), "{status}");
    }
}

#[test]
fn good_standing_grows_old() {
    let judge = |kind, standing: Option<&str>| {
        let condition = Condition {
            within: Some(span("3 months")),
            ..condition(kind, EvidenceKind::GoodStandingCertificate)
        };
        judge(condition, &[licensed(LicenceStatus::Active, standing)], None)
    };
    use ConditionKind::{GoodStanding, NoSanctions};
    assert_eq!(judge(GoodStanding, None), (NOT_SHOWN, "standing-not-shown", true));
    assert_eq!(judge(GoodStanding, Some("2026-03-01")), (MET, "standing-met", false));
    assert_eq!(judge(GoodStanding, Some("2026-02-28")), (NOT_MET, "standing-old", true));
    assert_eq!(judge(NoSanctions, Some("2026-03-01")), (MET, "sanctions-none", false));
    assert_eq!(judge(NoSanctions, None).0, NOT_SHOWN);
}

#[test]
fn a_sanction_on_one_licence_is_not_outweighed_by_another() {
    let condition = Condition {
        within: Some(span("3 months")),
        ..condition(ConditionKind::NoSanctions, EvidenceKind::GoodStandingCertificate)
    };
    let mut other = licensed(LicenceStatus::Revoked, None);
    other.licence.as_mut().unwrap().number = line("18");
    let skills = [licensed(LicenceStatus::Active, Some("2026-05-01")), other];
    assert_eq!(judge(condition, &skills, None), (NOT_MET, "registration-status", false));
}

#[test]
fn hours_of_continuing_education_add_up_within_their_time() {
    let course = |hours, end| Skill {
        claim_type: ClaimType::ContinuingEducation,
        learning: Some(Learning {
            provider: None,
            hours: Some(hours),
            credits: None,
            start: None,
            end: Some(date(end)),
        }),
        ..certificate()
    };
    let judge = |skills: &[Skill]| {
        let condition = Condition {
            hours: Some(40),
            within: Some(span("2 years")),
            ..condition(ConditionKind::ContinuingEducation, EvidenceKind::TrainingRecord)
        };
        judge(condition, skills, None)
    };
    assert_eq!(judge(&[]), (NOT_SHOWN, "education-not-shown", true));
    let (one, two) = (course(25, "2025-01-01"), course(15, "2024-06-01"));
    assert_eq!(judge(&[one.clone(), two]), (MET, "education-met", false));
    let old = course(15, "2024-05-31");
    assert_eq!(judge(&[one.clone(), old]), (NOT_MET, "education-short", true));
    let qualification = Skill { claim_type: ClaimType::Qualification, ..course(400, "2025-01-01") };
    assert_eq!(
        judge(&[qualification]).0,
        NOT_SHOWN,
        "what led to the title is no further education"
    );
    assert_eq!(judge(&[course(u32::MAX, "2025-01-01"), one]).0, MET);
}

#[test]
fn a_language_is_compared_by_its_level() {
    let judge = |known: &[(&str, &str)]| {
        let condition = Condition {
            language: Language::parse("de"),
            level: Some(LanguageLevel::B2),
            ..condition(ConditionKind::Language, EvidenceKind::LanguageCertificate)
        };
        let language = |(tag, level): &(&str, &str)| LanguageSkill {
            language: Language::parse(tag).unwrap(),
            level: line(level),
        };
        let skill = Skill { languages: known.iter().map(language).collect(), ..certificate() };
        judge(condition, &[skill], None)
    };
    assert_eq!(judge(&[]), (NOT_SHOWN, "language-not-shown", true));
    assert_eq!(judge(&[("de", "B1")]), (NOT_MET, "language-short", true));
    assert_eq!(judge(&[("de", "B1"), ("de-AT", "C1")]), (MET, "language-met", false));
    assert_eq!(judge(&[("en", "C2"), ("del", "C2")]).0, NOT_SHOWN);
}

#[test]
fn a_language_counts_only_if_its_assessment_says_that_it_was_passed() {
    let judge = |passed| {
        let condition = Condition {
            language: Language::parse("de"),
            level: Some(LanguageLevel::B2),
            ..condition(ConditionKind::Language, EvidenceKind::LanguageCertificate)
        };
        let known = LanguageSkill { language: Language::parse("de").unwrap(), level: line("B2") };
        judge(condition, &[Skill { languages: Vec::from([known]), ..assessed(passed) }], None)
    };
    assert_eq!(judge(Some(true)), (MET, "language-met", false));
    assert_eq!(judge(None), (NOT_SHOWN, "language-result-not-shown", true));
    assert_eq!(judge(Some(false)).0, NOT_SHOWN);
}

pub(super) fn assessed(passed: Option<bool>) -> Skill {
    let mut skill = Skill { claim_type: ClaimType::Assessment, ..certificate() };
    skill.assessment.as_mut().unwrap().passed = passed;
    skill
}

#[test]
fn an_examination_is_found_by_code_or_title() {
    let judge = |skill: Option<Skill>, within| {
        let condition = Condition {
            code: Some(line("TRADE-TEST")),
            within,
            ..condition(ConditionKind::Examination, EvidenceKind::ExaminationCertificate)
        };
        judge(condition, skill.as_slice(), None)
    };
    assert_eq!(judge(None, None), (NOT_SHOWN, "examination-not-shown", true));
    let passed = Skill {
        claim_type: ClaimType::Assessment,
        national_code: Some(line("TRADE-TEST")),
        ..assessed(Some(true))
    };
    assert_eq!(judge(Some(passed.clone()), None), (MET, "examination-met", false));
    let found = judge(Some(passed), Some(span("2 years")));
    assert_eq!(found, (NOT_MET, "examination-old", true), "assessed on 2024-03-01");
}

#[test]
fn age_is_counted_to_the_birthday() {
    let judge = |birth, youngest, oldest| {
        let condition = Condition {
            youngest,
            oldest,
            ..condition(ConditionKind::Age, EvidenceKind::BirthDate)
        };
        judge(condition, &[], birth)
    };
    assert_eq!(judge(None, Some(18), None), (NOT_SHOWN, "age-not-shown", true));
    assert_eq!(judge(Some("2008-06-01"), Some(18), None), (MET, "age-met", false));
    assert_eq!(judge(Some("2008-06-02"), Some(18), None), (NOT_MET, "age-outside", false));
    assert_eq!(judge(Some("1980-06-02"), None, Some(45)).0, MET);
    assert_eq!(judge(Some("1980-06-01"), None, Some(45)).0, NOT_MET);
}

#[test]
fn what_only_the_host_can_say_asks_for_nothing() {
    let mut host = condition(ConditionKind::HostDecision, EvidenceKind::BirthDate);
    host.evidence.clear();
    assert_eq!(judge(host, &[], None), (NOT_SHOWN, "host-decides", false));
}

#[test]
fn a_condition_applies_where_it_says() {
    let mut terms = terms();
    let mut elsewhere = experience("1 year");
    elsewhere.hosts = vec![country("PH")];
    let mut others = experience("1 year");
    others.id = line("others");
    others.occupations = vec![job("2")];
    let mut of_others = experience("1 year");
    of_others.id = line("of-others");
    of_others.homes = vec![country("DE")];
    terms.conditions = vec![elsewhere, others, of_others];
    assert_eq!(ask(&terms, &[certificate()]).outcome, RecognitionOutcome::Automatic);
}

#[test]
fn a_condition_has_the_values_of_its_kind_and_no_others() {
    let refused = |condition: Condition| Condition::from_cbor(&condition.to_cbor()).is_err();
    let work = experience("1 year");
    assert!(!refused(work.clone()));
    assert!(refused(Condition { length: None, ..work.clone() }));
    assert!(refused(Condition { hours: Some(3), ..work.clone() }));
    assert!(refused(Condition { gap: Some(span("1 day")), ..work.clone() }), "not continuous");
    assert!(refused(Condition { evidence: vec![], ..work.clone() }));
    let extract = vec![EvidenceKind::WorkCertificate, EvidenceKind::RegisterExtract];
    assert!(refused(Condition { evidence: extract, ..work }), "a register does not attest work");
    for kind in ConditionKind::ALL {
        let fitting = match kind {
            ConditionKind::Experience => EvidenceKind::WorkCertificate,
            ConditionKind::ContinuingEducation => EvidenceKind::TrainingRecord,
            ConditionKind::Language => EvidenceKind::LanguageCertificate,
            ConditionKind::Examination => EvidenceKind::ExaminationCertificate,
            ConditionKind::Age | ConditionKind::HostDecision => EvidenceKind::BirthDate,
            _ => EvidenceKind::RegisterExtract,
        };
        let mut bare = condition(*kind, fitting);
        if *kind == ConditionKind::HostDecision {
            assert!(refused(bare.clone()), "evidence for what only the host can say");
            bare.evidence.clear();
        }
        let needs_nothing =
            matches!(kind, ConditionKind::Registration | ConditionKind::HostDecision);
        assert_eq!(refused(bare), !needs_nothing, "{kind}");
    }
}

#[test]
fn terms_that_contradict_themselves_are_refused() {
    let refused = |change: fn(&mut RecognitionTerms)| {
        let mut terms = terms();
        change(&mut terms);
        RecognitionTerms::from_cbor(&terms.to_cbor()).is_err()
    };
    assert!(!refused(|_| {}));
    assert!(refused(|t| t.id = line("Not an id")));
    assert!(refused(|t| t.parties.truncate(1)));
    assert!(refused(|t| t.parties[1].country = t.parties[0].country));
    assert!(refused(|t| t.title_rows.clear()));
    assert!(refused(|t| t.title_rows[0].host = Some(country("FR"))));
    assert!(refused(|t| t.scope.occupations.clear()));
    assert!(refused(|t| t.conditions = vec![experience("1 year"), experience("2 years")]));
    assert!(refused(|t| {
        t.signing = Some(SigningRule { roles: vec![Role::Union], at_least: 2, parties: None });
    }));
    assert!(refused(|t| t.parties[0].until = Some(Date(0))));
    assert!(refused(|t| t.scope.issuers = vec![accepted("FR")]));
    assert!(refused(|t| {
        let title = NationalTitle { country: country("FR"), title: line("Soudeur") };
        t.scope.national_titles = vec![title];
    }));
    assert!(refused(|t| {
        let fee = FeeLimit { amount: 1, currency: line("EUR"), payer: Payer::Nobody };
        t.parties[0].procedure.as_mut().unwrap().fee = Some(fee);
    }));
}
