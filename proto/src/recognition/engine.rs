//! From attestations and agreements to routes and outcomes.

mod ground;
mod mapping;

use alloc::vec::Vec;

use super::compensation::CompensationReason;
use super::condition::{EvidenceKind, Judged, Otherwise, has_worked};
use super::level::HostRequirement;
use super::missing::{Missing, smallest};
use super::outcome::{
    AskedMeasures, Evidence, Ground, JudgedCondition, Question, RECOGNITION_VERSION, Recognition,
    RecognitionOutcome as Outcome, Route, Shown, Signatures, Status, Step, step,
};
use super::terms::{AcceptedIssuer, MobilityPurpose};
use crate::classification::{Country, Occupation};
use crate::credential::skill::{ClaimType, Skill};
use crate::text::Line;
use crate::time::Date;

/// Says what agreements make of attestations, for one occupation in one country.
///
/// The attestations were verified before and are of one person. The outcome is that of the best route:
/// of several, the one that asks for less further evidence, then the one whose agreement comes first by id.
pub fn recognise(
    evidence: &Evidence<'_>,
    question: &Question,
    grounds: &[Ground<'_>],
) -> Recognition {
    let mut routes = Vec::new();
    for ground in grounds {
        routes.extend(by_agreement(evidence, question, ground));
    }
    sort(&mut routes);
    let outcome = routes.first().map_or(Outcome::NoAgreement, |best| best.outcome);
    let mut steps = Vec::new();
    if routes.is_empty() {
        let none = Step::new(Status::NotMet, step::NO_AGREEMENT);
        steps.push(none.with("country", question.destination.name()).with("count", grounds.len()));
    }
    let is_own = |shown: &Shown<'_>| shown.skill.country == question.destination;
    if evidence.shown.iter().any(is_own) {
        let own = Step::new(Status::Note, step::OWN_CERTIFICATE);
        steps.push(own.with("country", question.destination.name()));
    }
    Recognition {
        shape: RECOGNITION_VERSION,
        outcome,
        destination: question.destination,
        occupation: question.occupation,
        today: question.today,
        steps,
        routes,
    }
}

/// Lists what attestations open abroad: one route for each agreement, host country and occupation to which a
/// row of the agreement leads, the best first.
pub fn opens(
    evidence: &Evidence<'_>,
    purpose: Option<MobilityPurpose>,
    grounds: &[Ground<'_>],
    today: Date,
) -> Vec<Route> {
    let mut routes = Vec::new();
    for ground in grounds {
        let rows = &ground.terms.title_rows;
        let demands = &ground.terms.requirements;
        let mut wanted: Vec<(Country, Occupation)> = Vec::new();
        for party in &ground.terms.parties {
            let host = party.country;
            let is_here = |country: &Option<Country>| country.is_none_or(|country| country == host);
            let by_title = rows.iter().filter(|row| is_here(&row.host)).map(|row| row.occupation);
            let by_level = demands.iter().filter(|d| d.host == host).map(|d| d.occupation);
            wanted.extend(by_title.chain(by_level).map(|occupation| (host, occupation)));
        }
        wanted.sort_unstable();
        wanted.dedup();
        for (destination, occupation) in wanted {
            let question = Question { destination, occupation, purpose, today };
            let mut found = by_agreement(evidence, &question, ground);
            sort(&mut found);
            let best = found.into_iter().next();
            routes.extend(best.filter(|route| route.outcome < Outcome::NotInScope));
        }
    }
    sort(&mut routes);
    routes
}

fn sort(routes: &mut [Route]) {
    routes.sort_by(|a, b| {
        let order = |route: &Route| {
            (
                route.outcome,
                !route.is_binding,
                route.missing.len(),
                route.agreement.clone(),
                route.digest,
                route.host,
                route.occupation,
                route.home,
                route.attestation,
            )
        };
        order(a).cmp(&order(b))
    });
}

/// Returns the best route for each country of which something is shown, by one agreement.
fn by_agreement(evidence: &Evidence<'_>, question: &Question, ground: &Ground<'_>) -> Vec<Route> {
    if ground.terms.party(question.destination).is_none() {
        return Vec::new();
    }
    let mut homes: Vec<Country> = evidence.shown.iter().map(|shown| shown.skill.country).collect();
    homes.sort_unstable();
    homes.dedup();
    homes.retain(|home| *home != question.destination && ground.terms.party(*home).is_some());
    let best = homes.into_iter().filter_map(|home| {
        let judge = Judge { evidence, question, ground, home };
        let mut routes = judge.routes();
        sort(&mut routes);
        routes.into_iter().next()
    });
    best.collect()
}

/// One agreement between two countries, and the question.
struct Judge<'a> {
    evidence: &'a Evidence<'a>,
    question: &'a Question,
    ground: &'a Ground<'a>,
    home: Country,
}

/// How the steps so far came out.
enum Verdict {
    /// They lead on.
    On,
    /// They end here.
    Ends(Outcome),
}
use Verdict::{Ends, On};

impl Judge<'_> {
    /// Returns a route for every attestation of the home country that might be mapped; if none, one that
    /// says what is missing.
    fn routes(&self) -> Vec<Route> {
        let mut base = self.base();
        for judged in
            [self.signed(&mut base), self.in_force(&mut base, None), self.in_scope(&mut base)]
        {
            if let Ends(outcome) = judged {
                base.outcome = outcome;
                return Vec::from([base]);
            }
        }
        let shown = self.evidence.shown.iter().enumerate();
        let candidates = shown.filter(|(_, shown)| {
            shown.skill.country == self.home && self.is_claim(shown.skill.claim_type)
        });
        let routes: Vec<Route> =
            candidates.map(|(index, shown)| self.route(index, shown)).collect();
        if !routes.is_empty() {
            return routes;
        }
        self.nothing_shown(&mut base);
        Vec::from([base])
    }

    fn base(&self) -> Route {
        let terms = self.ground.terms;
        let (signatures, is_binding) = match &self.ground.signatures {
            Signatures::NotChecked => (Vec::new(), false),
            Signatures::Seen(seen) => (seen.clone(), true),
        };
        Route {
            outcome: Outcome::NotInScope,
            agreement: terms.id.clone(),
            version: terms.version.clone(),
            titles: terms.titles.clone(),
            digest: self.ground.digest,
            is_binding,
            signatures,
            home: self.home,
            host: self.question.destination,
            occupation: self.question.occupation,
            attestation: None,
            host_title: None,
            steps: Vec::new(),
            conditions: Vec::new(),
            units_missing: Vec::new(),
            compensation: None,
            missing: Vec::new(),
            procedure: self.procedure(),
        }
    }

    fn procedure(&self) -> Option<super::terms::Procedure> {
        self.ground.terms.party(self.question.destination)?.procedure.clone()
    }

    fn is_claim(&self, claim: ClaimType) -> bool {
        match self.ground.terms.scope.claims.as_slice() {
            [] => matches!(claim, ClaimType::Qualification | ClaimType::PriorLearning),
            claims => claims.contains(&claim),
        }
    }

    /// Judges one attestation.
    fn route(&self, index: usize, shown: &Shown<'_>) -> Route {
        let mut route = self.base();
        route.attestation = Some(index);
        // The first three were found to lead on; they are said again for this attestation.
        let _ = self.signed(&mut route);
        let _ = self.in_force(&mut route, None);
        let _ = self.in_scope(&mut route);
        for judged in [
            self.in_force(&mut route, Some(shown.skill.award_date)),
            self.fits_scope(&mut route, shown.skill),
        ] {
            if let Ends(outcome) = judged {
                route.outcome = outcome;
                return route;
            }
        }
        let mapping = self.map(&mut route, shown.skill);
        route.outcome = match mapping {
            Err(outcome) => {
                if outcome == Outcome::NotInScope {
                    route.missing = self.titles_wanted();
                }
                outcome
            }
            Ok(because) => {
                let issuer = self.issuer(&mut route, shown);
                let (stands, wanted) = self.stands(&mut route, shown.skill);
                route.missing.extend(wanted.map(Missing::of));
                let stands = if issuer { stands } else { Status::NotMet };
                self.conclude(&mut route, stands, because)
            }
        };
        self.name_issuers(&mut route.missing);
        route
    }

    /// Returns the demands of the host for the occupation that the scope means.
    fn demands(&self) -> impl Iterator<Item = &HostRequirement> {
        let scope = &self.ground.terms.scope;
        self.ground.terms.requirements.iter().filter(|demand| {
            demand.host == self.question.destination
                && self.question.occupation.covers(demand.occupation)
                && scope.regulated.is_none_or(|regulated| regulated == demand.regulated)
        })
    }

    /// Judges the conditions and what has to be compensated for, and says what comes of it all.
    fn conclude(
        &self,
        route: &mut Route,
        stands: Status,
        mut because: Vec<CompensationReason>,
    ) -> Outcome {
        let (host, occupation) = (self.question.destination, route.occupation);
        let mut refused = stands == Status::NotMet;
        let mut open: Vec<(&Line, &[EvidenceKind])> = Vec::new();
        for condition in &self.ground.terms.conditions {
            if !condition.applies(self.home, host, occupation) {
                continue;
            }
            let speaks = |skill: &Skill| {
                condition.predicate().is_ok_and(|predicate| predicate.is_spoken_of(skill))
            };
            let (counted, not_counted) = self.admit(&condition.evidence, speaks);
            let counted = Evidence { shown: &counted, birth_date: self.evidence.birth_date };
            let Judged { status, reason, is_curable } = condition.judge(&counted, self.question);
            if status == Status::NotMet {
                match condition.otherwise {
                    Otherwise::Refuse => refused = true,
                    Otherwise::Compensate => because.push(CompensationReason::ConditionNotMet),
                }
            }
            if status != Status::Met && is_curable {
                open.push((&condition.id, &condition.evidence));
            }
            let condition = condition.clone();
            route.conditions.push(JudgedCondition { condition, status, reason, not_counted });
        }
        route.missing.extend(smallest(&open));
        for unit in &route.units_missing {
            let one_of = Vec::from([unit.code.clone()]);
            route.missing.push(Missing { one_of, ..Missing::of(EvidenceKind::UnitCertificate) });
        }
        if stands == Status::NotMet {
            route.missing.extend(self.titles_wanted());
        }
        because.dedup();
        match self.compensate(route, because) {
            _ if refused => Outcome::Refused,
            Some(outcome) => outcome,
            None if stands == Status::NotShown
                || route.conditions.iter().any(|c| c.status == Status::NotShown) =>
            {
                Outcome::RecognisedWithConditions
            }
            None => Outcome::Automatic,
        }
    }

    /// Says which measures may be asked for, if any.
    fn compensate(&self, route: &mut Route, because: Vec<CompensationReason>) -> Option<Outcome> {
        use CompensationReason::{ConditionNotMet, LevelOneBelow, UnitsMissing};
        let units = because.contains(&UnitsMissing);
        let partial = route.steps.iter().any(|step| step.reason.id == step::PARTIAL_ACCESS);
        if units && partial {
            return Some(Outcome::Partial);
        }
        let rules = self.ground.terms.compensation.as_ref();
        let foreseen: Vec<CompensationReason> = because
            .iter()
            .copied()
            .filter(|reason| rules.is_some_and(|rules| rules.reasons.contains(reason)))
            .collect();
        // A level that is accepted needs no measure where none is foreseen; what is lacking does.
        let lacking = [UnitsMissing, ConditionNotMet];
        let unforeseen =
            |reason: &&CompensationReason| lacking.contains(reason) && !foreseen.contains(reason);
        if let Some(reason) = because.iter().find(unforeseen) {
            let step = Step::new(Status::NotMet, step::COMPENSATION_NOT_FORESEEN);
            route.steps.push(step.with("reason", reason));
            return Some(Outcome::Refused);
        }
        let rules = rules.filter(|_| !foreseen.is_empty())?;
        let kinds = [EvidenceKind::WorkCertificate];
        let (work, _) = self.admit(&kinds, |skill| !skill.experience.is_empty());
        let work = Evidence { shown: &work, birth_date: None };
        let waived = rules.waived_by.filter(|length| {
            // Work makes up for a lower level or a unit, not for a condition of its own.
            foreseen.iter().all(|reason| [LevelOneBelow, UnitsMissing].contains(reason))
                && has_worked(&work, self.question, *length)
        });
        if let Some(length) = waived {
            let step = Step::new(Status::Met, step::COMPENSATION_WAIVED).with("length", length);
            route.steps.push(step.cited(&rules.source));
            return None;
        }
        let names: Vec<&str> = foreseen.iter().map(|reason| reason.name()).collect();
        let step = Step::new(Status::NotShown, step::COMPENSATION)
            .with("because", names.join(", "))
            .with("chooser", rules.chooser);
        route.steps.push(step.cited(&rules.source));
        route.compensation = Some(AskedMeasures { because: foreseen, rules: rules.clone() });
        Some(Outcome::CompensationRequired)
    }

    /// Says which certificate would lead on, where none does.
    fn nothing_shown(&self, route: &mut Route) {
        let claims: Vec<&str> = ClaimType::ALL
            .iter()
            .filter(|claim| self.is_claim(**claim))
            .map(|claim| claim.name())
            .collect();
        let scope = &self.ground.terms.scope;
        let shown = self.evidence.shown.iter().filter(|shown| shown.skill.country == self.home);
        let id = if shown.count() == 0 { step::NOTHING_SHOWN } else { step::CLAIM_OUTSIDE };
        let step = Step::new(Status::NotShown, id).with("claims", claims.join(", "));
        route.steps.push(step.cited(&scope.source));
        route.missing = self.titles_wanted();
        self.name_issuers(&mut route.missing);
    }

    /// Returns the one certificate that is missing: the titles of which it may be one.
    fn titles_wanted(&self) -> Vec<Missing> {
        let question = self.question;
        let rows = self.ground.terms.title_rows.iter();
        let rows = rows.filter(|r| r.leads(self.home, question.destination, question.occupation));
        let mut one_of: Vec<Line> = rows.map(|row| row.home_title.clone()).collect();
        one_of.dedup();
        if one_of.is_empty() && self.demands().next().is_none() {
            return Vec::new();
        }
        let only_licences = self.ground.terms.scope.claims.as_slice() == [ClaimType::Licence];
        let evidence = match only_licences {
            true => EvidenceKind::RegisterExtract,
            false => EvidenceKind::QualificationCertificate,
        };
        Vec::from([Missing { one_of, ..Missing::of(evidence) }])
    }

    /// Names the accepted issuers that can supply what is missing. The holder alone discloses the rest.
    fn name_issuers(&self, missing: &mut [Missing]) {
        let question = self.question;
        let can = |issuer: &&AcceptedIssuer| {
            let fits =
                |o: &Occupation| o.covers(question.occupation) || question.occupation.covers(*o);
            issuer.country == self.home
                && (issuer.occupations.is_empty() || issuer.occupations.iter().any(fits))
                && issuer.until.is_none_or(|until| question.today <= until)
        };
        let issuers = self.ground.terms.scope.issuers.iter().filter(can);
        let names: Vec<Line> = issuers.map(|issuer| issuer.name.clone()).collect();
        let is_disclosed =
            |kind| matches!(kind, EvidenceKind::BirthDate | EvidenceKind::PriorLearningRecord);
        for missing in missing.iter_mut().filter(|missing| !is_disclosed(missing.evidence)) {
            missing.issuers.clone_from(&names);
        }
    }
}
