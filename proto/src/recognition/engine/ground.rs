//! Whether an agreement binds, and speaks of the question and the attestation at hand.

use alloc::vec::Vec;

use super::{Ends, Judge, On, Verdict};
use crate::classification::{Country, Occupation};
use crate::credential::skill::Skill;
use crate::recognition::outcome::{
    RecognitionOutcome as Outcome, Route, Shown, Signatures, Status, Step, step,
};
use crate::recognition::terms::{AcceptedIssuer, Acquired, SigningRule};
use crate::statement::profile::Role;
use crate::text::Line;
use crate::time::Date;

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
        let scope = &self.ground.terms.scope;
        let awarded = shown.skill.award_date;
        let name = shown.issuer_name.unwrap_or("?");
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
        let (status, id) = if !covers_day(shown.accredited_from, shown.accredited_until) {
            (Status::NotMet, step::ISSUER_OTHER_TIME)
        } else if scope.issuers.is_empty() {
            (Status::Met, step::ISSUER_ACCEPTED)
        } else if listed.peek().is_none() {
            (Status::NotMet, step::ISSUER_NOT_ACCEPTED)
        } else if listed.any(|accepted| covers_day(accepted.from, accepted.until)) {
            (Status::Met, step::ISSUER_ACCEPTED)
        } else {
            (Status::NotMet, step::ISSUER_OTHER_TIME)
        };
        let found = Step::new(status, id).with("issuer", name).with("day", awarded);
        route.steps.push(found.cited(&scope.source));
        status == Status::Met
    }
}
