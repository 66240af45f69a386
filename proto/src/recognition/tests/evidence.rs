//! What counts as evidence: its kind, who issued it, which word is the newest, and what a result is.

use super::predicates::{assessed, experience, licensed, worked};
use super::*;
use crate::credential::skill::{EvidenceRule, PriorLearningEvidence, PriorLearningKind};

/// An attestation, by whom, and issued when.
type Piece = (Skill, &'static str, &'static str);

fn by_board(skill: Skill) -> Piece {
    (skill, "Certification Board", "2026-05-01")
}

/// Asks about welding in DE with the certificate and these pieces.
fn ask_with(terms: &RecognitionTerms, pieces: &[Piece]) -> Recognition {
    assert_eq!(RecognitionTerms::from_cbor(&terms.to_cbor()).as_ref(), Ok(terms));
    let own = certificate();
    let mut all = vec![shown(&own)];
    all.extend(pieces.iter().map(|(skill, issuer, day)| Shown {
        issuer: Some(Did::of_inception(issuer.as_bytes())),
        issuer_name: Some(*issuer),
        issued: date(day),
        ..shown(skill)
    }));
    recognise(&Evidence { shown: &all, birth_date: None }, &question(), &[file(terms)])
}

/// Returns how the only condition came out, why, and what was not counted.
fn judge(condition: Condition, pieces: &[Piece]) -> (Status, &'static str, Vec<&'static str>) {
    let mut terms = terms();
    terms.scope.issuers = vec![accepted("PH")];
    terms.conditions = vec![condition];
    let answer = ask_with(&terms, pieces);
    let judged = &answer.routes[0].conditions[0];
    let others: Vec<_> = judged.not_counted.iter().map(|reason| reason.id).collect();
    assert!(others.iter().all(|id| step::ALL.contains(id)));
    (judged.status, judged.reason.id, others)
}

fn registration() -> Condition {
    condition(ConditionKind::Registration, EvidenceKind::RegisterExtract)
}

#[test]
fn a_certificate_of_work_says_nothing_of_a_licence() {
    let expired = licensed(LicenceStatus::Expired, None);
    let mut work = worked(&[("2024-01-01", None)]);
    work.licence = licensed(LicenceStatus::Active, Some("2026-04-30")).licence;
    let found = judge(registration(), &[by_board(work.clone())]);
    assert_eq!(found, (Status::NotShown, "registration-not-shown", vec!["evidence-other-kind"]));
    for pieces in [[expired.clone(), work.clone()], [work.clone(), expired]] {
        let found = judge(registration(), &pieces.map(by_board));
        let wanted = (Status::NotMet, "registration-status", vec!["evidence-other-kind"]);
        assert_eq!(found, wanted, "whichever is shown first");
    }
}

#[test]
fn work_is_shown_by_certificates_of_work_alone() {
    let work = worked(&[("2020-01-01", None)]);
    let course = Skill { claim_type: ClaimType::ContinuingEducation, ..work.clone() };
    let found = judge(experience("1 year"), &[by_board(course)]);
    assert_eq!(found, (Status::NotShown, "experience-not-shown", vec!["evidence-other-kind"]));
    assert_eq!(judge(experience("1 year"), &[by_board(work)]).0, Status::Met);
}

#[test]
fn what_an_issuer_that_is_not_accepted_says_does_not_count() {
    let work = worked(&[("2020-01-01", None)]);
    let found = judge(experience("1 year"), &[(work.clone(), "Somebody", "2026-05-01")]);
    assert_eq!(found, (Status::NotShown, "experience-not-shown", vec!["evidence-other-issuer"]));
    let early = Skill { award_date: date("2014-12-31"), ..work };
    let found = judge(experience("1 year"), &[by_board(early)]);
    assert_eq!(found, (Status::NotShown, "experience-not-shown", vec!["evidence-other-time"]));
}

#[test]
fn units_and_work_that_make_up_for_something_have_to_be_of_accepted_issuers_too() {
    let mut terms = terms();
    terms.scope.issuers = vec![accepted("PH")];
    let unit = UnitName { code: line("SAFETY"), title: line("Safety") };
    terms.title_rows[0].missing = vec![unit];
    terms.compensation = Some(CompensationRules {
        waived_by: Some(span("1 year")),
        ..compensation(&[CompensationReason::UnitsMissing])
    });
    let unit =
        Skill { claim_type: ClaimType::Unit, national_code: Some(line("SAFETY")), ..certificate() };
    let work = worked(&[("2020-01-01", None)]);
    let outcome =
        |skill: &Skill, issuer| ask_with(&terms, &[(skill.clone(), issuer, "2026-05-01")]).outcome;
    use RecognitionOutcome::{Automatic, CompensationRequired};
    for skill in [&unit, &work] {
        assert_eq!(outcome(skill, "Certification Board"), Automatic);
        assert_eq!(outcome(skill, "Somebody"), CompensationRequired);
    }
    let mut listed = work.clone();
    listed.experience.clear();
    listed.skills = vec![SkillItem { code: line("SAFETY"), title: None, level: None }];
    assert_eq!(outcome(&listed, "Certification Board"), CompensationRequired, "no unit of work");
}

fn standing(
    status: LicenceStatus,
    number: &str,
    day: &'static str,
    good_standing: Option<&str>,
) -> Piece {
    let mut skill = licensed(status, good_standing);
    skill.licence.as_mut().unwrap().number = line(number);
    (skill, "Certification Board", day)
}

#[test]
fn the_newest_word_of_a_register_counts_and_a_contradiction_is_said() {
    use LicenceStatus::{Active, Expired};
    let judge = |pieces: &[Piece]| {
        let (status, why, _) = judge(registration(), pieces);
        let mut turned = pieces.to_vec();
        turned.reverse();
        assert_eq!(super::evidence::judge(registration(), &turned).1, why, "in any order");
        (status, why)
    };
    let (old, new) = ("2026-01-05", "2026-04-05");
    let word = |status, number, day| standing(status, number, day, None);
    let met = (Status::Met, "registration-met");
    let ended = (Status::NotMet, "registration-status");
    let unclear = (Status::NotShown, "registration-contradiction");
    assert_eq!(judge(&[word(Active, "1", old), word(Expired, "1", new)]), ended);
    assert_eq!(judge(&[word(Expired, "1", old), word(Active, "1", new)]), met);
    assert_eq!(judge(&[word(Expired, "1", new), word(Active, "1", new)]), unclear);
    assert_eq!(judge(&[word(Expired, "1", old), word(Active, "2", new)]), met, "renewed");
    assert_eq!(judge(&[word(Active, "1", old), word(Expired, "2", new)]), unclear);
}

#[test]
fn a_suspension_that_was_lifted_is_no_sanction_and_a_contradiction_is_none_either() {
    use LicenceStatus::{Active, Suspended};
    let no_sanctions = Condition {
        within: Some(span("3 months")),
        ..condition(ConditionKind::NoSanctions, EvidenceKind::GoodStandingCertificate)
    };
    let good = Some("2026-04-30");
    let judge = |a: Piece, b: Piece| {
        let (status, why, _) = judge(no_sanctions.clone(), &[a, b]);
        (status, why)
    };
    let active = |day| standing(Active, "1", day, good);
    let suspended = |number, day| standing(Suspended, number, day, None);
    let (old, new) = ("2026-01-05", "2026-05-01");
    assert_eq!(judge(suspended("1", old), active(new)), (Status::Met, "sanctions-none"));
    let unclear = (Status::NotShown, "registration-contradiction");
    assert_eq!(judge(suspended("1", new), active(new)), unclear);
    let sanction = (Status::NotMet, "registration-status");
    assert_eq!(judge(suspended("2", old), active(new)), sanction, "another licence");
}

fn trade_test(passed: Option<bool>, day: &str) -> Piece {
    let mut skill = Skill { national_code: Some(line("TRADE-TEST")), ..assessed(passed) };
    skill.assessment.as_mut().unwrap().date = Some(date(day));
    by_board(skill)
}

#[test]
fn an_examination_counts_by_its_result() {
    let examination = || Condition {
        code: Some(line("TRADE-TEST")),
        ..condition(ConditionKind::Examination, EvidenceKind::ExaminationCertificate)
    };
    let judge = |pieces: &[Piece]| {
        let (status, why, _) = judge(examination(), pieces);
        (status, why)
    };
    let (old, new) = ("2024-03-01", "2025-03-01");
    let failed = (Status::NotMet, "examination-failed");
    let unsaid = (Status::NotShown, "examination-result-not-shown");
    let met = (Status::Met, "examination-met");
    assert_eq!(judge(&[trade_test(Some(false), old)]), failed);
    assert_eq!(judge(&[trade_test(None, old)]), unsaid);
    let (mut hidden, ..) = trade_test(Some(false), old);
    hidden.assessment = None;
    assert_eq!(judge(&[by_board(hidden)]), unsaid, "who failed withholds the assessment");
    assert_eq!(judge(&[trade_test(Some(false), old), trade_test(Some(true), new)]), met);
    assert_eq!(judge(&[trade_test(Some(true), old), trade_test(Some(false), new)]), failed);
    let both = [trade_test(Some(true), new), trade_test(Some(false), new)];
    assert_eq!(judge(&both), (Status::NotShown, "examination-contradiction"));
    let (mut over, ..) = trade_test(Some(true), new);
    over.valid_until = Some(date("2026-05-31"));
    assert_eq!(judge(&[by_board(over)]), (Status::NotMet, "examination-ended"));
    let (qualification, ..) = trade_test(Some(true), new);
    let qualification = Skill { claim_type: ClaimType::Qualification, ..qualification };
    assert_eq!(judge(&[by_board(qualification)]).0, Status::NotShown, "of another kind");
}

#[test]
fn a_certificate_that_has_ended_or_was_failed_opens_nothing() {
    let ended = Skill { valid_until: Some(date("2026-05-31")), ..certificate() };
    let answer = ask(&terms(), &[ended]);
    assert_eq!(answer.outcome, RecognitionOutcome::Refused);
    assert!(has(&answer, step::ATTESTATION_ENDED));
    let last = Skill { valid_until: Some(date(TODAY)), ..certificate() };
    assert_eq!(ask(&terms(), &[last]).outcome, RecognitionOutcome::Automatic);
    let mut failed = certificate();
    failed.assessment.as_mut().unwrap().passed = Some(false);
    let answer = ask(&terms(), &[failed]);
    assert_eq!(answer.outcome, RecognitionOutcome::Refused);
    assert!(has(&answer, step::ASSESSMENT_FAILED));
}

fn prior_learning(kinds: &[(PriorLearningKind, &[EvidenceRule])], day: &str) -> Skill {
    let one = crate::test_support::skill().prior_learning.remove(0);
    let piece = |(kind, rules): &(PriorLearningKind, &[EvidenceRule])| PriorLearningEvidence {
        kind: *kind,
        rules: rules.to_vec(),
        date: date(day),
        unit: None,
        ..one.clone()
    };
    Skill {
        claim_type: ClaimType::PriorLearning,
        award_date: date("2026-01-01"),
        prior_learning: kinds.iter().map(piece).collect(),
        ..certificate()
    }
}

#[test]
fn recognition_of_prior_learning_is_held_to_its_four_rules() {
    use EvidenceRule::{Authenticity, Currency, Sufficiency, Validity};
    use PriorLearningKind::{SelfStatement, ThirdPartyReference, WorkProduct};
    use RecognitionOutcome::{Automatic, RecognisedWithConditions, Refused};
    let all = EvidenceRule::ALL;
    let asked = |skill: Skill| {
        let answer = ask(&terms(), &[skill]);
        (answer.outcome, steps(&answer).last().copied().unwrap())
    };
    let judged = |pieces: &[_]| asked(prior_learning(pieces, "2025-06-01"));
    assert_eq!(judged(&[(WorkProduct, all)]), (Automatic, step::PRIOR_LEARNING_MET));
    let references = (Refused, step::PRIOR_LEARNING_REFERENCES);
    assert_eq!(judged(&[(ThirdPartyReference, all)]), references);
    assert_eq!(judged(&[(ThirdPartyReference, all), (SelfStatement, all)]), references);
    assert_eq!(judged(&[(ThirdPartyReference, all), (WorkProduct, &[])]), references);
    assert_eq!(judged(&[(SelfStatement, all)]), (Refused, step::PRIOR_LEARNING_STATEMENTS));
    let three: &[_] = &[Validity, Sufficiency, Authenticity];
    assert_eq!(judged(&[(WorkProduct, three)]), (Refused, step::PRIOR_LEARNING_RULES));
    let shared = [(WorkProduct, three), (ThirdPartyReference, &[Currency] as &[_])];
    assert_eq!(judged(&shared), (Automatic, step::PRIOR_LEARNING_MET));
    let old = prior_learning(&[(WorkProduct, all)], "2021-12-31");
    assert_eq!(asked(old), (Refused, step::PRIOR_LEARNING_OLD));
    let future = prior_learning(&[(WorkProduct, all)], "2026-01-02");
    assert_eq!(asked(future), (Refused, step::PRIOR_LEARNING_FUTURE));
    let hidden = prior_learning(&[], "2025-06-01");
    let answer = ask(&terms(), &[hidden]);
    assert_eq!(answer.outcome, RecognisedWithConditions, "not shown is not met");
    let missing: Vec<_> = answer.routes[0].missing.iter().map(|m| m.evidence).collect();
    assert_eq!(missing, [EvidenceKind::PriorLearningRecord]);
}

#[test]
fn who_can_supply_what_is_missing_is_named() {
    let mut terms = terms();
    terms.scope.issuers = vec![accepted("PH")];
    terms.conditions = vec![experience("1 year")];
    let answer = ask(&terms, &[certificate()]);
    let missing = &answer.routes[0].missing;
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].evidence, EvidenceKind::WorkCertificate);
    assert_eq!(missing[0].issuers, [line("Certification Board")]);
}
