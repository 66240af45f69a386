//! What an issuer should look at before signing: attestations that the format allows and that say
//! nothing, or contradict themselves.

use alloc::vec::Vec;

use super::{CURRENCY, ClaimType, EvidenceRule, LicenceStatus, PriorLearningKind, Skill};
use crate::time::Date;

/// Most hours that are believable for one day of work.
const HOURS_A_DAY: u64 = 16;

/// How much something weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It cannot be: nobody should sign it.
    Wrong,
    /// It may be; those who read it will ask.
    Weak,
}

/// Defines what is found, each with its weight and what it says.
macro_rules! lints {
    ($($name:ident: $weight:ident, $text:literal;)*) => {
        /// Something to look at before signing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "its text says it")]
        pub enum SkillLint { $($name,)* }

        impl SkillLint {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns how much it weighs.
            pub fn weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight,)* }
            }

            /// Returns what it says, in English.
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

lints! {
    AwardInFuture: Wrong, "the day of the award lies in the future";
    EndedAlready: Weak, "the qualification has ended already";
    AssessedAfterAward: Wrong, "it was assessed after the award";
    AwardedThoughFailed: Wrong, "something is awarded, and its assessment was not passed";
    LanguageThoughFailed: Wrong, "a language is attested, and its assessment was not passed";
    AssessmentUndecided: Weak, "an assessment does not say whether it was passed: `passed`";
    LearntAfterAward: Weak, "the learning ended after the award";
    ExperienceMissing: Wrong, "an attestation of work states no work";
    ExperienceInFuture: Wrong, "work lies in the future";
    ExperienceHours: Wrong, "more hours of work than the days between hold";
    LicenceMissing: Wrong, "a licence is attested and not stated";
    GoodStandingInFuture: Wrong, "good standing is attested for a day in the future";
    GoodStandingOfNone: Wrong, "good standing is attested for a licence that is suspended or revoked";
    RestrictionsUnstated: Weak, "a restricted licence does not say what it does not allow";
    RestrictionsOfActive: Wrong, "a licence with restrictions has the status restricted";
    PriorLearningMissing: Wrong, "recognition of prior learning names no evidence";
    PriorLearningReferences: Wrong, "references of others alone are not sufficient evidence of prior learning";
    PriorLearningStatements: Wrong, "what the person says alone is not sufficient evidence of prior learning";
    PriorLearningRules: Wrong, "no evidence of prior learning meets each of the four rules: validity, sufficiency, authenticity, currency";
    PriorLearningOld: Wrong, "evidence of prior learning is said to be current and is older than four years";
    PriorLearningInFuture: Wrong, "evidence of prior learning lies behind the day of the award";
    PriorLearningUnit: Weak, "evidence of prior learning supports a unit that the attestation does not list";
    EducationHours: Wrong, "continuing education states no hours";
    EndorsementOfNone: Wrong, "an endorsement does not say which attestation it supports";
    EndorsesBeside: Wrong, "only an endorsement supports another attestation";
}

impl Skill {
    /// Returns what to look at before signing on a day, each once.
    pub fn lint(&self, today: Date) -> Vec<SkillLint> {
        let mut found = Vec::new();
        let mut see = |is_there: bool, lint| {
            if is_there {
                found.push(lint);
            }
        };
        see(self.award_date > today, SkillLint::AwardInFuture);
        see(self.valid_until.is_some_and(|until| until < today), SkillLint::EndedAlready);
        let assessed = self.assessment.as_ref().and_then(|assessment| assessment.date);
        see(assessed.is_some_and(|day| day > self.award_date), SkillLint::AssessedAfterAward);
        let learnt = self.learning.as_ref().and_then(|learning| learning.end);
        see(learnt.is_some_and(|end| end > self.award_date), SkillLint::LearntAfterAward);
        let is = |claim| self.claim_type == claim;
        let failed = self.assessment.as_ref().is_some_and(|a| a.passed == Some(false));
        see(failed && !is(ClaimType::Assessment), SkillLint::AwardedThoughFailed);
        see(failed && !self.languages.is_empty(), SkillLint::LanguageThoughFailed);
        let unsaid = self.assessment.as_ref().is_none_or(|a| a.passed.is_none());
        see(is(ClaimType::Assessment) && unsaid, SkillLint::AssessmentUndecided);
        see(
            is(ClaimType::WorkExperience) && self.experience.is_empty(),
            SkillLint::ExperienceMissing,
        );
        let work = &self.experience;
        let in_future = |work: &super::Experience| work.end.unwrap_or(work.start) > today;
        see(work.iter().any(in_future), SkillLint::ExperienceInFuture);
        let too_many = |work: &super::Experience| {
            let days = i64::from(work.end.unwrap_or(today).0) - i64::from(work.start.0) + 1;
            let most = u64::try_from(days).unwrap_or(0).saturating_mul(HOURS_A_DAY);
            work.hours.is_some_and(|hours| u64::from(hours) > most)
        };
        see(work.iter().any(too_many), SkillLint::ExperienceHours);
        see(is(ClaimType::Licence) && self.licence.is_none(), SkillLint::LicenceMissing);
        if let Some(licence) = &self.licence {
            use LicenceStatus::{Active, Restricted, Revoked, Suspended};
            let standing = licence.good_standing;
            see(standing.is_some_and(|day| day > today), SkillLint::GoodStandingInFuture);
            let lost = matches!(licence.status, Revoked | Suspended);
            see(lost && standing.is_some_and(|day| day == today), SkillLint::GoodStandingOfNone);
            let restricted = licence.restrictions.is_some();
            see(licence.status == Restricted && !restricted, SkillLint::RestrictionsUnstated);
            see(licence.status == Active && restricted, SkillLint::RestrictionsOfActive);
        }
        let has_hours = self.learning.as_ref().is_some_and(|learning| learning.hours.is_some());
        see(is(ClaimType::ContinuingEducation) && !has_hours, SkillLint::EducationHours);
        see(is(ClaimType::Endorsement) && self.endorses.is_none(), SkillLint::EndorsementOfNone);
        see(!is(ClaimType::Endorsement) && self.endorses.is_some(), SkillLint::EndorsesBeside);
        let unlisted = |piece: &super::PriorLearningEvidence| {
            let is_listed =
                |unit: &crate::text::Line| self.skills.iter().any(|item| item.code == *unit);
            piece.unit.as_ref().is_some_and(|unit| !is_listed(unit))
        };
        let has_unlisted = self.prior_learning.iter().any(unlisted);
        found.extend(self.prior_learning_faults());
        if has_unlisted {
            found.push(SkillLint::PriorLearningUnit);
        }
        found
    }

    /// Holds the evidence of prior learning to its four rules: validity, sufficiency, authenticity and
    /// currency. What others or the person say is not sufficient alone: something else has to meet a rule.
    pub fn prior_learning_faults(&self) -> Vec<SkillLint> {
        let evidence = &self.prior_learning;
        let mut found = Vec::new();
        if evidence.is_empty() {
            if self.claim_type == ClaimType::PriorLearning {
                found.push(SkillLint::PriorLearningMissing);
            }
            return found;
        }
        use PriorLearningKind::{SelfStatement, ThirdPartyReference};
        // Pieces that meet no rule carry nothing.
        let carries = |piece: &&super::PriorLearningEvidence| !piece.rules.is_empty();
        let carrying = || evidence.iter().filter(carries);
        let is_said = |kind| matches!(kind, ThirdPartyReference | SelfStatement);
        if evidence.iter().all(|piece| piece.kind == SelfStatement) {
            found.push(SkillLint::PriorLearningStatements);
        } else if evidence.iter().all(|piece| is_said(piece.kind))
            || (carrying().next().is_some() && carrying().all(|piece| is_said(piece.kind)))
        {
            found.push(SkillLint::PriorLearningReferences);
        }
        let meets = |rule: &EvidenceRule| evidence.iter().any(|piece| piece.rules.contains(rule));
        if !EvidenceRule::ALL.iter().all(meets) {
            found.push(SkillLint::PriorLearningRules);
        }
        let oldest = CURRENCY.before(self.award_date);
        let is_old = |piece: &super::PriorLearningEvidence| {
            piece.rules.contains(&EvidenceRule::Currency) && piece.date < oldest
        };
        if evidence.iter().any(is_old) {
            found.push(SkillLint::PriorLearningOld);
        }
        if evidence.iter().any(|piece| piece.date > self.award_date) {
            found.push(SkillLint::PriorLearningInFuture);
        }
        found
    }
}

#[cfg(test)]
mod tests;
