use super::*;
use crate::credential::skill::{Endorsed, EvidenceRule, Experience, Licence};
use crate::test_support::{date, line};

const TODAY: &str = "2026-03-02";

/// An attestation with which nothing is wrong.
fn clean() -> Skill {
    let full = crate::test_support::skill();
    Skill { prior_learning: Vec::new(), endorses: None, ..full }
}

fn lint(change: impl FnOnce(&mut Skill)) -> Vec<SkillLint> {
    let mut skill = clean();
    change(&mut skill);
    skill.lint(date(TODAY))
}

/// Recognition of prior learning by evidence of these kinds, of which each meets every rule.
fn prior_learning(skill: &mut Skill, kinds: &[PriorLearningKind]) {
    skill.claim_type = ClaimType::PriorLearning;
    let one = crate::test_support::skill().prior_learning.remove(0);
    let rules = || EvidenceRule::ALL.to_vec();
    let piece = |kind: &PriorLearningKind| super::super::PriorLearningEvidence {
        kind: *kind,
        rules: rules(),
        ..one.clone()
    };
    skill.prior_learning = kinds.iter().map(piece).collect();
}

#[test]
fn an_attestation_with_nothing_wrong_has_nothing_to_look_at() {
    assert_eq!(lint(|_| {}), []);
    assert_eq!(
        lint(|s| prior_learning(
            s,
            &[PriorLearningKind::WorkProduct, PriorLearningKind::Interview]
        )),
        []
    );
}

#[test]
fn every_lint_is_found_where_it_is_due_and_alone() {
    use SkillLint::*;
    let licence =
        |change: fn(&mut Licence)| move |s: &mut Skill| s.licence.iter_mut().for_each(change);
    let work =
        |change: fn(&mut Experience)| move |s: &mut Skill| s.experience.iter_mut().for_each(change);
    let evidence = |change: fn(&mut Skill)| {
        move |s: &mut Skill| {
            prior_learning(s, &[PriorLearningKind::WorkProduct, PriorLearningKind::Test]);
            change(s);
        }
    };
    let cases: Vec<(SkillLint, Vec<SkillLint>)> = Vec::from([
        (
            AwardInFuture,
            lint(|s| {
                s.award_date = date("2026-03-03");
            }),
        ),
        (EndedAlready, lint(|s| s.valid_until = Some(date("2026-03-01")))),
        (
            AssessedAfterAward,
            lint(|s| {
                s.assessment.iter_mut().for_each(|a| a.date = Some(date("2024-03-09")));
            }),
        ),
        (
            AwardedThoughFailed,
            lint(|s| {
                s.languages.clear();
                s.assessment.iter_mut().for_each(|a| a.passed = Some(false));
            }),
        ),
        (
            LanguageThoughFailed,
            lint(|s| {
                s.claim_type = ClaimType::Assessment;
                s.assessment.iter_mut().for_each(|a| a.passed = Some(false));
            }),
        ),
        (AssessmentUndecided, lint(|s| s.claim_type = ClaimType::Assessment)),
        (
            LearntAfterAward,
            lint(|s| {
                s.learning.iter_mut().for_each(|l| l.end = Some(date("2024-03-09")));
            }),
        ),
        (
            ExperienceMissing,
            lint(|s| {
                s.claim_type = ClaimType::WorkExperience;
                s.experience.clear();
            }),
        ),
        (ExperienceInFuture, lint(work(|w| w.end = Some(date("2026-03-03"))))),
        (
            ExperienceHours,
            lint(work(|w| {
                w.end = Some(date("2019-01-07"));
                w.hours = Some(17);
            })),
        ),
        (
            LicenceMissing,
            lint(|s| {
                s.claim_type = ClaimType::Licence;
                s.licence = None;
            }),
        ),
        (GoodStandingInFuture, lint(licence(|l| l.good_standing = Some(date("2026-03-03"))))),
        (
            GoodStandingOfNone,
            lint(licence(|l| {
                l.status = LicenceStatus::Suspended;
                l.good_standing = Some(date(TODAY));
            })),
        ),
        (RestrictionsUnstated, lint(licence(|l| l.status = LicenceStatus::Restricted))),
        (RestrictionsOfActive, lint(licence(|l| l.restrictions = Some(line("no heights"))))),
        (PriorLearningMissing, lint(|s| s.claim_type = ClaimType::PriorLearning)),
        (
            PriorLearningReferences,
            lint(|s| {
                prior_learning(
                    s,
                    &[PriorLearningKind::ThirdPartyReference, PriorLearningKind::SelfStatement],
                );
            }),
        ),
        (PriorLearningStatements, lint(|s| prior_learning(s, &[PriorLearningKind::SelfStatement]))),
        (
            PriorLearningRules,
            lint(evidence(|s| {
                for piece in &mut s.prior_learning {
                    piece.rules.retain(|rule| *rule != EvidenceRule::Sufficiency);
                }
            })),
        ),
        (PriorLearningOld, lint(evidence(|s| s.prior_learning[0].date = date("2020-03-07")))),
        (PriorLearningInFuture, lint(evidence(|s| s.prior_learning[0].date = date("2024-03-09")))),
        (PriorLearningUnit, lint(evidence(|s| s.prior_learning[0].unit = Some(line("unit-z"))))),
        (
            EducationHours,
            lint(|s| {
                s.claim_type = ClaimType::ContinuingEducation;
                s.learning = None;
            }),
        ),
        (EndorsementOfNone, lint(|s| s.claim_type = ClaimType::Endorsement)),
        (
            EndorsesBeside,
            lint(|s| {
                s.endorses = Some(Endorsed {
                    credential: crate::id::CredentialId::new([6; 16]),
                    role: crate::statement::profile::Role::Union,
                    statement: None,
                });
            }),
        ),
    ]);
    let named: Vec<SkillLint> = cases.iter().map(|(lint, _)| *lint).collect();
    assert_eq!(named, SkillLint::ALL);
    for (expected, found) in cases {
        assert_eq!(found, [expected]);
    }
}

#[test]
fn references_beside_evidence_that_meets_no_rule_are_references_alone() {
    use PriorLearningKind::{ThirdPartyReference, WorkProduct};
    let found = lint(|s| {
        prior_learning(s, &[ThirdPartyReference, WorkProduct]);
        s.prior_learning[1].rules.clear();
    });
    assert_eq!(found, [SkillLint::PriorLearningReferences]);
}

#[test]
fn evidence_is_current_up_to_the_day_four_years_before_the_award() {
    let on_the_day = lint(|s| {
        prior_learning(s, &[PriorLearningKind::Test]);
        s.prior_learning[0].date = date("2020-03-08");
    });
    assert_eq!(on_the_day, []);
}

#[test]
fn work_that_goes_on_may_have_the_hours_of_its_days_up_to_today() {
    let hours = |hours| {
        lint(move |s| {
            s.experience[0].start = date(TODAY);
            s.experience[0].hours = Some(hours);
        })
    };
    assert_eq!(hours(16), []);
    assert_eq!(hours(17), [SkillLint::ExperienceHours]);
}
