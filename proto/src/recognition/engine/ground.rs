//! Whether an agreement binds, and speaks of the question and the attestation at hand.

use alloc::vec::Vec;

use super::{Ends, Judge, On, Verdict};
use crate::classification::{Country, Occupation};
use crate::credential::skill::{ClaimType, Skill, SkillLint};
use crate::recognition::condition::{EvidenceKind, has_ended, was_passed};
use crate::recognition::outcome::{
    RecognitionOutcome as Outcome, Route, Shown, Signatures, Status, Step, step,
};
use crate::recognition::terms::{AcceptedIssuer, Acquired, SigningRule};
use crate::statement::profile::Role;
use crate::text::Line;
use crate::time::Date;
use crate::verify::report::Reason;

impl Judge<'_> {
    /// Looks at the signatures.
    pub(super) fn signed(&self, route: &mut Route) -> Verdict {
        let Signatures::Seen(seen) = &self.ground.signatures else {
            route.steps.push(Step::new(Status::Note, step::FILE_ONLY));
            return On;
        };
        let mut countries: Vec<Country> = seen.iter().map(|seat| seat.country).collect();
        countries.sort_unstable();
        countries.dedup();
        let signed = |country: &Country| {
            let mut own = seen.iter().filter(|seat| seat.country == *country);
            let reaches = |rule: &SigningRule| {
                let has_signed = |role: &&Role| {
                    let mut seats = seen.iter().filter(|seat| seat.since.is_some());
                    seats.any(|seat| seat.country == *country && seat.role == **role)
                };
                rule.roles.iter().filter(has_signed).count() >= usize::from(rule.at_least)
            };
            own.all(|seat| !seat.must || seat.since.is_some())
                && self.ground.terms.signing.as_ref().is_none_or(reaches)
        };
        let whole: Vec<Country> = countries.into_iter().filter(signed).collect();
        let least = self.ground.terms.signing.as_ref().and_then(|rule| rule.parties);
        let is_whole = whole.contains(&self.home)
            && whole.contains(&self.question.destination)
            && least.is_none_or(|least| whole.len() >= usize::from(least));
        let have = seen.iter().filter(|seat| seat.since.is_some()).count();
        let (status, id) = match is_whole {
            true => (Status::Met, step::SIGNED),
            false => (Status::NotMet, step::SIGNED_IN_PART),
        };
        let open = seen.iter().filter(|seat| seat.since.is_none()).map(|seat| seat.name.as_str());
        let open: Vec<&str> = open.collect();
        let step = Step::new(status, id).with("signed", have).with("seats", seen.len());
        route.steps.push(step.with("open", open.join(", ")));
        route.is_binding = is_whole;
        if is_whole { On } else { Ends(Outcome::NoAgreement) }
    }

    /// Looks at the dates; `awarded` is when the attestation at hand was.
    pub(super) fn in_force(&self, route: &mut Route, awarded: Option<Date>) -> Verdict {
        let terms = self.ground.terms;
        let today = self.question.today;
        let parties = [self.home, self.question.destination].map(|country| terms.party(country));
        let parties = || parties.iter().flatten();
        let from = parties().map(|party| party.from).max().unwrap_or(today);
        let ends =
            parties().filter_map(|party| party.until).map(|last| Date(last.0.saturating_add(1)));
        let end = ends.chain(self.ground.ended).min().filter(|end| *end <= today);
        let (verdict, found) = match (end, awarded) {
            _ if from > today => (
                Ends(Outcome::NoAgreement),
                Step::new(Status::NotMet, step::NOT_YET_IN_FORCE).with("from", from),
            ),
            (None, _) => (On, Step::new(Status::Met, step::IN_FORCE).with("from", from)),
            (Some(end), _) if terms.acquired == Acquired::Ends => (
                Ends(Outcome::NoAgreement),
                Step::new(Status::NotMet, step::ENDED).with("end", end),
            ),
            (Some(end), Some(awarded)) if awarded >= end => (
                Ends(Outcome::NoAgreement),
                Step::new(Status::NotMet, step::ENDED).with("end", end),
            ),
            (Some(end), _) => (On, Step::new(Status::Met, step::ENDED_BUT_STAYS).with("end", end)),
        };
        // For the agreement as a whole first, and again for an attestation if that makes a difference.
        if awarded.is_none() || matches!(verdict, Ends(_)) {
            route.steps.push(found);
        }
        verdict
    }

    /// Looks at the scope, as far as it does not depend on an attestation.
    pub(super) fn in_scope(&self, route: &mut Route) -> Verdict {
        let scope = &self.ground.terms.scope;
        let occupation = self.question.occupation;
        let covers = |list: &[Occupation]| list.iter().any(|group| group.covers(occupation));
        let told = |id| {
            Step::new(
                if id == step::OCCUPATION_IN_SCOPE { Status::Met } else { Status::NotMet },
                id,
            )
            .with("occupation", occupation)
            .with("title", occupation.title())
            .cited(&scope.source)
        };
        if !covers(&scope.occupations) || covers(&scope.excluded_occupations) {
            route.steps.push(told(step::OCCUPATION_OUTSIDE));
            return Ends(Outcome::NotInScope);
        }
        route.steps.push(told(step::OCCUPATION_IN_SCOPE));
        if let Some(purpose) = self.question.purpose
            && !scope.purposes.is_empty()
            && !scope.purposes.contains(&purpose)
        {
            route.steps.push(
                Step::new(Status::NotMet, step::PURPOSE_OUTSIDE)
                    .with("purpose", purpose)
                    .cited(&scope.source),
            );
            return Ends(Outcome::NotInScope);
        }
        if !scope.excluded.is_empty() {
            let excluded: Vec<&str> = scope.excluded.iter().map(Line::as_str).collect();
            route.steps.push(
                Step::new(Status::Note, step::ACTIVITIES_EXCLUDED)
                    .with("activities", excluded.join("; "))
                    .cited(&scope.source),
            );
        }
        On
    }

    /// Looks at the scope, as far as it depends on the attestation.
    pub(super) fn fits_scope(&self, route: &mut Route, skill: &Skill) -> Verdict {
        let scope = &self.ground.terms.scope;
        let level = (skill.framework.clone(), skill.level);
        let in_range = |range: &crate::statement::accreditation::LevelRange| {
            range.framework == level.0 && (range.lowest..=range.highest).contains(&level.1)
        };
        let outside = if !scope.levels.is_empty() && !scope.levels.iter().any(in_range) {
            step::LEVEL_OUTSIDE
        } else if !scope.esco.is_empty()
            && skill.esco_occupation.as_ref().is_some_and(|uri| !scope.esco.contains(uri))
        {
            step::ESCO_OUTSIDE
        } else {
            return On;
        };
        route.steps.push(
            Step::new(Status::NotMet, outside)
                .with("framework", &skill.framework)
                .with("level", skill.level)
                .cited(&scope.source),
        );
        Ends(Outcome::NotInScope)
    }

    /// Judges the issuer on the day of the award.
    pub(super) fn issuer(&self, route: &mut Route, shown: &Shown<'_>) -> bool {
        let id = self.acceptance(shown);
        let is_accepted = id == step::ISSUER_ACCEPTED;
        let found = Step::new(if is_accepted { Status::Met } else { Status::NotMet }, id)
            .with("issuer", shown.issuer_name.unwrap_or("?"))
            .with("day", shown.skill.award_date);
        route.steps.push(found.cited(&self.ground.terms.scope.source));
        is_accepted
    }

    /// Tells whether the issuer of an attestation was accepted on the day of the award: one of the three
    /// steps on issuers.
    fn acceptance(&self, shown: &Shown<'_>) -> &'static str {
        let scope = &self.ground.terms.scope;
        let awarded = shown.skill.award_date;
        let covers_day = |from: Option<Date>, until: Option<Date>| {
            from.is_none_or(|from| from <= awarded) && until.is_none_or(|until| awarded <= until)
        };
        let is_it = |accepted: &&AcceptedIssuer| {
            accepted.country == shown.skill.country
                && match accepted.did {
                    Some(did) => shown.issuer == Some(did),
                    None => shown.issuer_name == Some(accepted.name.as_str()),
                }
                && (accepted.occupations.is_empty()
                    || accepted.occupations.iter().any(|o| o.covers(shown.skill.occupation)))
        };
        let mut listed = scope.issuers.iter().filter(is_it).peekable();
        if !covers_day(shown.accredited_from, shown.accredited_until) {
            step::ISSUER_OTHER_TIME
        } else if scope.issuers.is_empty() {
            step::ISSUER_ACCEPTED
        } else if listed.peek().is_none() {
            step::ISSUER_NOT_ACCEPTED
        } else if listed.any(|accepted| covers_day(accepted.from, accepted.until)) {
            step::ISSUER_ACCEPTED
        } else {
            step::ISSUER_OTHER_TIME
        }
    }

    /// Parts what speaks of something into what counts, being of one of the kinds of evidence and by an
    /// accepted issuer, and what does not, with the reason why not.
    pub(super) fn admit(
        &self,
        kinds: &[EvidenceKind],
        speaks: impl Fn(&Skill) -> bool,
    ) -> (Vec<Shown<'_>>, Vec<Reason>) {
        let (mut counted, mut others) = (Vec::new(), Vec::new());
        for shown in self.evidence.shown.iter().filter(|shown| speaks(shown.skill)) {
            let claim = shown.skill.claim_type;
            let why = if !kinds.iter().any(|kind| kind.is_attested_by(claim)) {
                "evidence-other-kind"
            } else {
                match self.acceptance(shown) {
                    step::ISSUER_ACCEPTED => {
                        counted.push(*shown);
                        continue;
                    }
                    step::ISSUER_OTHER_TIME => "evidence-other-time",
                    _ => "evidence-other-issuer",
                }
            };
            others.push(
                Reason::new(why)
                    .with("title", &shown.skill.title.text)
                    .with("claim", claim)
                    .with("issuer", shown.issuer_name.unwrap_or("?"))
                    .with("day", shown.skill.award_date),
            );
        }
        (counted, others)
    }

    /// Tells whether the attestation itself holds: it has not ended, was not failed, and rests on evidence as
    /// recognition of prior learning has to. Names the evidence that would show what is not shown.
    pub(super) fn stands(
        &self,
        route: &mut Route,
        skill: &Skill,
    ) -> (Status, Option<EvidenceKind>) {
        let mut met = Status::Met;
        let mut refuse = |step: Step| {
            route.steps.push(step);
            met = Status::NotMet;
        };
        let not_met = |id| Step::new(Status::NotMet, id);
        let today = self.question.today;
        if let Some(until) = skill.valid_until.filter(|_| has_ended(skill, today)) {
            refuse(not_met(step::ATTESTATION_ENDED).with("day", until));
        }
        if was_passed(skill) == Some(false) {
            refuse(not_met(step::ASSESSMENT_FAILED));
        }
        let is_prior = skill.claim_type == ClaimType::PriorLearning;
        for fault in skill.prior_learning_faults() {
            let id = match fault {
                SkillLint::PriorLearningStatements => step::PRIOR_LEARNING_STATEMENTS,
                SkillLint::PriorLearningReferences => step::PRIOR_LEARNING_REFERENCES,
                SkillLint::PriorLearningOld => step::PRIOR_LEARNING_OLD,
                SkillLint::PriorLearningInFuture => step::PRIOR_LEARNING_FUTURE,
                SkillLint::PriorLearningRules => step::PRIOR_LEARNING_RULES,
                // What is not disclosed is not a fault: the holder can show it.
                _ => continue,
            };
            refuse(not_met(id));
        }
        if met == Status::NotMet {
            return (met, None);
        }
        let not_shown = |id| Step::new(Status::NotShown, id);
        if was_passed(skill).is_none() {
            route.steps.push(not_shown(step::ASSESSMENT_NOT_SHOWN));
            return (Status::NotShown, Some(EvidenceKind::ExaminationCertificate));
        }
        if is_prior && skill.prior_learning.is_empty() {
            route.steps.push(not_shown(step::PRIOR_LEARNING_NOT_SHOWN));
            return (Status::NotShown, Some(EvidenceKind::PriorLearningRecord));
        }
        if is_prior {
            let count = skill.prior_learning.len();
            let step = Step::new(Status::Met, step::PRIOR_LEARNING_MET).with("count", count);
            route.steps.push(step);
        }
        (met, None)
    }
}
