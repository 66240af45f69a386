use super::*;
use RecognitionOutcome as Outcome;

#[test]
fn a_title_with_a_row_and_nothing_more_to_ask_is_recognised() {
    let answer = ask(&terms(), &[certificate()]);
    assert_eq!(answer.outcome, Outcome::Automatic);
    let route = &answer.routes[0];
    assert_eq!(route.host_title, Some(line("Welder")));
    assert!(route.missing.is_empty());
    let procedure = route.procedure.as_ref().unwrap();
    assert_eq!(procedure.decision, Some(span("3 months")));
    assert!(!route.is_binding && has(&answer, step::FILE_ONLY));
    assert!(route.steps.iter().all(|step| step::ALL.contains(&step.reason.id)));
}

#[test]
fn a_condition_that_is_not_shown_makes_it_conditional() {
    let mut terms = terms();
    terms.conditions = vec![condition(ConditionKind::Registration, EvidenceKind::RegisterExtract)];
    let answer = ask(&terms, &[certificate()]);
    assert_eq!(answer.outcome, Outcome::RecognisedWithConditions);
    let missing = &answer.routes[0].missing;
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].evidence, EvidenceKind::RegisterExtract);
    assert_eq!(missing[0].conditions, [line("registration")]);
}

#[test]
fn a_level_one_below_asks_for_compensation_unless_work_makes_up_for_it() {
    let rows = vec![level_row("2", "3", LevelRelation::OneBelowAccepted)];
    let mut terms = by_level(rows, "3");
    assert_eq!(ask(&terms, &[certificate()]).outcome, Outcome::Automatic, "none is foreseen");
    terms.compensation = Some(compensation(&[CompensationReason::LevelOneBelow]));
    let answer = ask(&terms, &[certificate()]);
    assert_eq!(answer.outcome, Outcome::CompensationRequired);
    let asked = answer.routes[0].compensation.as_ref().unwrap();
    assert_eq!(asked.because, [CompensationReason::LevelOneBelow]);
    assert_eq!(asked.rules.chooser, Chooser::Worker);
    terms.compensation.as_mut().unwrap().waived_by = Some(span("2 years"));
    let work = |end| Experience {
        role: line("welder"),
        start: date("2020-01-01"),
        end: Some(date(end)),
        hours: None,
        supervised: None,
        employer: None,
    };
    let worked = |end| Skill {
        claim_type: ClaimType::WorkExperience,
        experience: vec![work(end)],
        ..certificate()
    };
    let short = [certificate(), worked("2021-12-29")];
    assert_eq!(ask(&terms, &short).outcome, Outcome::CompensationRequired);
    let answer = ask(&terms, &[certificate(), worked("2021-12-30")]);
    assert_eq!(answer.outcome, Outcome::Automatic);
    assert!(has(&answer, step::COMPENSATION_WAIVED));
}

#[test]
fn units_that_are_missing_ask_for_compensation_or_open_a_part() {
    let mut terms = terms();
    let unit = |code: &str| UnitName { code: line(code), title: line(code) };
    terms.title_rows[0].missing = vec![unit("overhead"), unit("safety")];
    assert_eq!(ask(&terms, &[certificate()]).outcome, Outcome::Refused, "none is foreseen");
    terms.compensation = Some(compensation(&[CompensationReason::UnitsMissing]));
    let item = SkillItem { code: line("overhead"), title: None, level: None };
    let some = Skill { skills: vec![item], ..certificate() };
    let answer = ask(&terms, core::slice::from_ref(&some));
    assert_eq!(answer.outcome, Outcome::CompensationRequired);
    assert_eq!(answer.routes[0].units_missing, [unit("safety")]);
    assert_eq!(answer.routes[0].missing[0].one_of, [line("safety")]);
    let safety =
        Skill { claim_type: ClaimType::Unit, national_code: Some(line("safety")), ..certificate() };
    assert_eq!(ask(&terms, &[some.clone(), safety]).outcome, Outcome::Automatic);
    terms.title_rows[0].partial = true;
    let answer = ask(&terms, &[some]);
    assert_eq!(answer.outcome, Outcome::Partial);
    assert!(has(&answer, step::PARTIAL_ACCESS));
}

#[test]
fn what_is_shown_may_say_no() {
    let rows = vec![level_row("2", "2", LevelRelation::Equal)];
    let answer = ask(&by_level(rows, "3"), &[certificate()]);
    assert_eq!(answer.outcome, Outcome::Refused);
    assert!(has(&answer, step::LEVEL_TOO_LOW));
    let mut terms = terms();
    terms.conditions = vec![condition(ConditionKind::Registration, EvidenceKind::RegisterExtract)];
    let licence = Licence {
        number: line("1"),
        register: line("register"),
        status: LicenceStatus::Suspended,
        restrictions: None,
        good_standing: None,
    };
    let suspended =
        Skill { claim_type: ClaimType::Licence, licence: Some(licence), ..certificate() };
    assert_eq!(ask(&terms, &[certificate(), suspended]).outcome, Outcome::Refused);
}

#[test]
fn a_condition_that_may_be_made_up_for_leads_to_compensation() {
    let mut terms = terms();
    let mut german = condition(ConditionKind::Language, EvidenceKind::LanguageCertificate);
    german.language = Language::parse("de");
    german.level = Some(LanguageLevel::B2);
    german.otherwise = Otherwise::Compensate;
    terms.conditions = vec![german];
    let language = LanguageSkill { language: Language::parse("de").unwrap(), level: line("B1") };
    let speaks = Skill { languages: vec![language], ..certificate() };
    assert_eq!(
        ask(&terms, core::slice::from_ref(&speaks)).outcome,
        Outcome::Refused,
        "none is foreseen"
    );
    terms.compensation = Some(compensation(&[CompensationReason::ConditionNotMet]));
    let answer = ask(&terms, &[speaks]);
    assert_eq!(answer.outcome, Outcome::CompensationRequired);
    assert_eq!(answer.routes[0].missing[0].evidence, EvidenceKind::LanguageCertificate);
}

#[test]
fn what_the_agreement_does_not_speak_of_is_not_in_scope() {
    let asked = |terms: &RecognitionTerms, question: &Question, skill: &Skill| {
        let shown = [shown(skill)];
        let evidence = Evidence { shown: &shown, birth_date: None };
        recognise(&evidence, question, &[file(terms)])
    };
    let mut with = terms();
    let own = certificate();
    let nurse = Question { occupation: job("2221"), ..question() };
    assert_eq!(asked(&with, &nurse, &own).outcome, Outcome::NotInScope);
    let excluded = Question { occupation: job("7214"), ..question() };
    assert_eq!(asked(&with, &excluded, &own).outcome, Outcome::NotInScope);
    let group = Question { occupation: job("72"), ..question() };
    assert_eq!(asked(&with, &group, &own).outcome, Outcome::NotInScope, "wider than the scope");
    with.scope.purposes = vec![MobilityPurpose::TemporaryService];
    let settle = Question { purpose: Some(MobilityPurpose::Establishment), ..question() };
    assert!(has(&asked(&with, &settle, &own), step::PURPOSE_OUTSIDE));
    assert_eq!(asked(&with, &question(), &own).outcome, Outcome::Automatic);
    with.scope.levels = vec![LevelRange {
        framework: Framework::parse("PQF").unwrap(),
        lowest: Level::parse("3").unwrap(),
        highest: Level::parse("4").unwrap(),
    }];
    assert!(has(&asked(&with, &question(), &own), step::LEVEL_OUTSIDE));
    let other = Skill { national_code: Some(line("NC1")), ..own };
    let answer = ask(&terms(), &[other]);
    assert_eq!(answer.outcome, Outcome::NotInScope);
    assert!(has(&answer, step::NO_TITLE_ROW));
    assert_eq!(answer.routes[0].missing[0].one_of, [line("Welding NC II")]);
}

#[test]
fn another_version_of_the_standard_is_another_title() {
    let mut terms = terms();
    terms.title_rows[0].standard = Some(line("2020"));
    let answer = ask(&terms, &[certificate()]);
    assert_eq!(answer.outcome, Outcome::NotInScope);
    assert!(has(&answer, step::TITLE_OTHER_STANDARD));
    let newer = Skill { standard: Some(line("2020")), ..certificate() };
    assert_eq!(ask(&terms, &[newer]).outcome, Outcome::Automatic);
}

#[test]
fn without_an_agreement_between_both_countries_there_is_none() {
    let mut terms = terms();
    terms.parties = vec![party("PH"), party("JP")];
    terms.title_rows[0].host = None;
    let answer = ask(&terms, &[certificate()]);
    assert_eq!((answer.outcome, answer.routes.len()), (Outcome::NoAgreement, 0));
    assert_eq!(answer.steps[0].reason.id, step::NO_AGREEMENT);
    assert_eq!(recognise(&Evidence::default(), &question(), &[]).outcome, Outcome::NoAgreement);
}

#[test]
fn a_certificate_of_the_destination_itself_needs_no_agreement_and_gets_no_route() {
    let own = Skill { country: country("DE"), ..certificate() };
    let answer = ask(&terms(), &[own]);
    assert_eq!(answer.outcome, Outcome::NoAgreement);
    assert!(answer.steps.iter().any(|step| step.reason.id == step::OWN_CERTIFICATE));
}

#[test]
fn a_level_alone_recognises_nothing() {
    // The levels are the same by a row, and no host demand or title says what they are good for.
    let mut levels = terms();
    levels.title_rows[0].home_title = line("Another title");
    levels.title_rows[0].home_code = Some(line("OTHER"));
    levels.levels = vec![level_row("2", "2", LevelRelation::Equal)];
    let answer = ask(&levels, &[certificate()]);
    assert_eq!(answer.outcome, Outcome::NotInScope);
    assert!(has(&answer, step::LEVEL_ALONE));
    // A demand is there, and the certificate is of another occupation.
    let rows = vec![level_row("2", "3", LevelRelation::Equal)];
    let cook = Skill { occupation: job("5120"), ..certificate() };
    let answer = ask(&by_level(rows, "3"), &[cook]);
    assert_eq!(answer.outcome, Outcome::NotInScope);
    assert!(has(&answer, step::OTHER_OCCUPATION));
}

#[test]
fn no_row_is_no_correspondence_even_through_a_third_framework() {
    let eqf = Framework::parse("EQF").unwrap();
    let to_eqf =
        LevelRow { to_framework: eqf.clone(), ..level_row("2", "2", LevelRelation::Equal) };
    let from_eqf = LevelRow { from_framework: eqf, ..level_row("2", "3", LevelRelation::Equal) };
    let answer = ask(&by_level(vec![to_eqf, from_eqf], "3"), &[certificate()]);
    assert_eq!(answer.outcome, Outcome::NotInScope);
    assert!(has(&answer, step::NO_CORRESPONDENCE));
}

#[test]
fn rows_of_levels_say_what_they_say() {
    let asked = |from, to, relation, wanted| {
        ask(&by_level(vec![level_row(from, to, relation)], wanted), &[certificate()]).outcome
    };
    assert_eq!(asked("2", "3", LevelRelation::Equal, "3"), Outcome::Automatic);
    assert_eq!(asked("2", "4", LevelRelation::AtLeast, "3"), Outcome::Automatic);
    assert_eq!(asked("2", "2", LevelRelation::AtLeast, "3"), Outcome::Refused);
    assert_eq!(asked("3", "3", LevelRelation::Equal, "3"), Outcome::NotInScope, "of another level");
    let german = Skill { framework: Framework::parse("DQR").unwrap(), ..certificate() };
    let german = Skill { level: Level::parse("3").unwrap(), ..german };
    assert_eq!(
        ask(&by_level(vec![], "3"), core::slice::from_ref(&german)).outcome,
        Outcome::Automatic
    );
    assert_eq!(ask(&by_level(vec![], "4"), &[german]).outcome, Outcome::Refused);
}

#[test]
fn an_issuer_is_judged_on_the_day_of_the_award() {
    let mut terms = terms();
    let board = Did::of_inception(b"board");
    let issuer = |did, from| AcceptedIssuer {
        country: country("PH"),
        name: line("Certification Board"),
        did,
        from,
        until: None,
        occupations: vec![],
    };
    let outcome = |terms: &RecognitionTerms| ask(terms, &[certificate()]).outcome;
    terms.scope.issuers = vec![issuer(Some(board), None)];
    assert_eq!(outcome(&terms), Outcome::Automatic);
    terms.scope.issuers = vec![issuer(None, None)];
    assert_eq!(outcome(&terms), Outcome::Automatic, "by the name that accreditations give");
    terms.scope.issuers = vec![issuer(Some(board), Some(date("2024-03-09")))];
    assert!(has(&ask(&terms, &[certificate()]), step::ISSUER_OTHER_TIME));
    terms.scope.issuers = vec![issuer(Some(Did::of_inception(b"namesake")), None)];
    let answer = ask(&terms, &[certificate()]);
    assert_eq!(answer.outcome, Outcome::Refused);
    assert!(has(&answer, step::ISSUER_NOT_ACCEPTED));
    assert_eq!(answer.routes[0].missing[0].evidence, EvidenceKind::QualificationCertificate);
    // Whoever is accepted has to have been accredited then, too.
    terms.scope.issuers.clear();
    let own = certificate();
    let late = [Shown { accredited_from: Some(date("2024-03-09")), ..shown(&own) }];
    let evidence = Evidence { shown: &late, birth_date: None };
    assert_eq!(recognise(&evidence, &question(), &[file(&terms)]).outcome, Outcome::Refused);
}

#[test]
fn what_was_earned_before_the_end_stays_if_the_agreement_says_so() {
    let own = certificate();
    let shown = [shown(&own)];
    let evidence = Evidence { shown: &shown, birth_date: None };
    let ask = |terms: &RecognitionTerms, ended: &str| {
        let ground = Ground { ended: Some(date(ended)), ..file(terms) };
        recognise(&evidence, &question(), &[ground])
    };
    let mut terms = terms();
    assert_eq!(ask(&terms, "2026-06-02").outcome, Outcome::Automatic, "it has not ended yet");
    let answer = ask(&terms, "2024-03-09");
    assert_eq!(answer.outcome, Outcome::Automatic);
    assert!(has(&answer, step::ENDED_BUT_STAYS));
    assert_eq!(ask(&terms, "2024-03-08").outcome, Outcome::NoAgreement, "awarded on that day");
    terms.acquired = Acquired::Ends;
    assert_eq!(ask(&terms, "2024-03-09").outcome, Outcome::NoAgreement);
    terms.acquired = Acquired::Stays;
    terms.parties[1].from = date("2026-06-02");
    assert_eq!(ask(&terms, "2027-01-01").outcome, Outcome::NoAgreement, "not yet in force");
    terms.parties[1].from = date("2020-01-01");
    terms.parties[1].until = Some(date("2024-03-07"));
    assert_eq!(ask(&terms, "2027-01-01").outcome, Outcome::NoAgreement, "awarded after its end");
}

#[test]
fn a_partial_set_of_signatures_is_shown_as_such() {
    let mut terms = terms();
    let roles = vec![Role::Ministry, Role::Union, Role::EmployersBody];
    terms.signing = Some(SigningRule { roles, at_least: 2, parties: None });
    let seat = |code, role, signs: bool| SeenSignature {
        country: country(code),
        role,
        name: line("a signatory"),
        must: role == Role::Ministry,
        since: signs.then_some(UnixSeconds(5)),
    };
    let ask = |de_union: bool, de_ministry: bool| {
        let seats = vec![
            seat("PH", Role::Ministry, true),
            seat("PH", Role::Union, true),
            seat("PH", Role::EmployersBody, false),
            seat("DE", Role::Ministry, de_ministry),
            seat("DE", Role::Union, de_union),
            seat("DE", Role::EmployersBody, true),
        ];
        let own = certificate();
        let shown = [shown(&own)];
        let evidence = Evidence { shown: &shown, birth_date: None };
        let ground = Ground { signatures: Signatures::Seen(seats), ..file(&terms) };
        recognise(&evidence, &question(), &[ground])
    };
    let whole = ask(false, true);
    assert_eq!(whole.outcome, Outcome::Automatic);
    assert!(whole.routes[0].is_binding && has(&whole, step::SIGNED));
    for partial in [ask(true, false), ask(false, false)] {
        assert_eq!(partial.outcome, Outcome::NoAgreement);
        assert!(!partial.routes[0].is_binding && has(&partial, step::SIGNED_IN_PART));
        assert_eq!(partial.routes[0].signatures.len(), 6);
    }
}

#[test]
fn it_works_both_ways() {
    let mut terms = terms();
    terms.parties.push(party("AT"));
    terms.title_rows.push(TitleRow { host: Some(country("AT")), ..title_row() });
    terms.title_rows.push(TitleRow {
        home_title: line("Nursing"),
        home_code: None,
        occupation: job("7213"),
        ..title_row()
    });
    let own = certificate();
    let shown = [shown(&own)];
    let evidence = Evidence { shown: &shown, birth_date: None };
    let routes = opens(&evidence, None, &[file(&terms)], date(TODAY));
    let opened: Vec<_> = routes.iter().map(|r| (r.host.code(), r.occupation.code())).collect();
    assert_eq!(opened, [("AT", "7212"), ("DE", "7212")]);
    let there = Question { occupation: job("7213"), ..question() };
    let answer = recognise(&evidence, &there, &[file(&terms)]);
    assert_eq!(answer.outcome, Outcome::NotInScope);
    assert_eq!(answer.routes[0].missing[0].one_of, [line("Nursing")]);
    let asked_as = recognise(&Evidence::default(), &there, &[file(&terms)]);
    assert_eq!(asked_as.outcome, Outcome::NoAgreement, "of no country anything is shown");
}

#[test]
fn the_order_of_attestations_and_agreements_does_not_matter() {
    let mut other = terms();
    other.id = line("other");
    other.conditions = vec![condition(ConditionKind::Registration, EvidenceKind::RegisterExtract)];
    let terms = terms();
    let (own, cook) = (certificate(), Skill { national_code: None, ..certificate() });
    let forth = [shown(&own), shown(&cook)];
    let back = [shown(&cook), shown(&own)];
    let ask = |shown: &[Shown<'_>], grounds: &[Ground<'_>]| {
        let answer = recognise(&Evidence { shown, birth_date: None }, &question(), grounds);
        let routes = answer.routes.into_iter();
        (answer.outcome, routes.map(|r| (r.agreement.to_string(), r.outcome)).collect::<Vec<_>>())
    };
    let one = ask(&forth, &[file(&terms), file(&other)]);
    assert_eq!(one.0, Outcome::Automatic);
    assert_eq!(one, ask(&back, &[file(&other), file(&terms)]));
}
