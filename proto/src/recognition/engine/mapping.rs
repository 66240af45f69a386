//! Titles and levels, by rows and nothing else.

use alloc::vec::Vec;

use super::Judge;
use crate::credential::skill::Skill;
use crate::recognition::compensation::CompensationReason;
use crate::recognition::condition::{EvidenceKind, has_ended, was_passed};
use crate::recognition::level::{Correspondence, HostRequirement, correspondence};
use crate::recognition::outcome::{RecognitionOutcome as Outcome, Route, Status, Step, step};
use crate::recognition::terms::Citation;
use crate::recognition::title::{TitleMatch, TitleRow, UnitName};
use crate::text::Line;

impl Judge<'_> {
    /// Maps title or level by the rows; returns what may have to be compensated for.
    pub(super) fn map(
        &self,
        route: &mut Route,
        skill: &Skill,
    ) -> Result<Vec<CompensationReason>, Outcome> {
        if let Some(row) = self.title_row(route, skill) {
            route.host_title = Some(row.host_title.clone());
            route.occupation = row.occupation;
            route.steps.push(
                Step::new(Status::Met, step::TITLE_CORRESPONDS)
                    .with("home", &row.home_title)
                    .with("host", &row.host_title)
                    .with("country", self.question.destination.name())
                    .cited(&row.source),
            );
            return self.units(route, row);
        }
        let demands: Vec<&HostRequirement> = self.demands().collect();
        if demands.is_empty() {
            self.level_alone(route, skill);
            return Err(Outcome::NotInScope);
        }
        if !self.question.occupation.covers(skill.occupation) {
            route.steps.push(
                Step::new(Status::NotMet, step::OTHER_OCCUPATION)
                    .with("occupation", skill.occupation)
                    .with("title", skill.occupation.title()),
            );
            return Err(Outcome::NotInScope);
        }
        let mut worst = Err(Outcome::NotInScope);
        for demand in demands {
            match self.level(route, skill, demand) {
                Ok(because) => {
                    route.host_title = Some(demand.title.clone());
                    route.occupation = demand.occupation;
                    return Ok(because);
                }
                Err(outcome) => worst = worst.map_err(|known: Outcome| known.min(outcome)),
            }
        }
        worst
    }

    pub(super) fn title_row(&self, route: &mut Route, skill: &Skill) -> Option<&TitleRow> {
        let leads = |row: &&TitleRow| {
            row.leads(self.home, self.question.destination, self.question.occupation)
        };
        let rows = self.ground.terms.title_rows.iter().filter(leads);
        // Of several the one with the fewest units missing.
        let mut found: Option<&TitleRow> = None;
        for row in rows {
            match row.compare(skill) {
                TitleMatch::Yes if found.is_none_or(|f| row.missing.len() < f.missing.len()) => {
                    found = Some(row);
                }
                TitleMatch::OtherStandard => {
                    let wanted = row.standard.as_ref().map_or("", Line::as_str);
                    let shown = skill.standard.as_ref().map_or("none", Line::as_str);
                    route.steps.push(
                        Step::new(Status::NotShown, step::TITLE_OTHER_STANDARD)
                            .with("home", &row.home_title)
                            .with("wanted", wanted)
                            .with("shown", shown)
                            .cited(&row.source),
                    );
                }
                TitleMatch::Yes | TitleMatch::No => {}
            }
        }
        found
    }

    /// Looks which of the missing units other attestations show.
    pub(super) fn units(
        &self,
        route: &mut Route,
        row: &TitleRow,
    ) -> Result<Vec<CompensationReason>, Outcome> {
        if row.missing.is_empty() {
            return Ok(Vec::new());
        }
        let names = |skill: &Skill, code: &Line| {
            skill.national_code.as_ref() == Some(code)
                || skill.skills.iter().any(|item| item.code == *code)
        };
        let kinds = [EvidenceKind::UnitCertificate, EvidenceKind::QualificationCertificate];
        let (counted, others) =
            self.admit(&kinds, |skill| row.missing.iter().any(|unit| names(skill, &unit.code)));
        for reason in others {
            route.steps.push(Step { status: Status::Note, reason, citation: None });
        }
        let today = self.question.today;
        let counts = |skill: &Skill| {
            was_passed(skill) == Some(true)
                && !has_ended(skill, today)
                && skill.prior_learning_faults().is_empty()
        };
        let is_shown = |code: &Line| {
            counted.iter().any(|shown| counts(shown.skill) && names(shown.skill, code))
        };
        let (covered, missing): (Vec<_>, Vec<_>) =
            row.missing.iter().cloned().partition(|unit| is_shown(&unit.code));
        let list = |units: &[UnitName]| {
            let titles: Vec<&str> = units.iter().map(|unit| unit.title.as_str()).collect();
            titles.join("; ")
        };
        if !covered.is_empty() {
            let step = Step::new(Status::Met, step::UNITS_COVERED).with("units", list(&covered));
            route.steps.push(step.cited(&row.source));
        }
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let step = Step::new(Status::NotShown, step::UNITS_MISSING).with("units", list(&missing));
        route.steps.push(step.cited(&row.source));
        route.units_missing = missing;
        if row.partial {
            route.steps.push(Step::new(Status::Note, step::PARTIAL_ACCESS).cited(&row.source));
        }
        Ok(Vec::from([CompensationReason::UnitsMissing]))
    }

    pub(super) fn level(
        &self,
        route: &mut Route,
        skill: &Skill,
        demand: &HostRequirement,
    ) -> Result<Vec<CompensationReason>, Outcome> {
        let mine = (&skill.framework, skill.level);
        let wanted = (&demand.framework, demand.level);
        let told = |status, id, source: &Citation| {
            Step::new(status, id)
                .with("framework", &skill.framework)
                .with("level", skill.level)
                .with("wanted_framework", &demand.framework)
                .with("wanted", demand.level)
                .with("title", &demand.title)
                .cited(source)
        };
        let (result, step) = match correspondence(&self.ground.terms.levels, mine, wanted) {
            Correspondence::Same => {
                (Ok(Vec::new()), told(Status::Met, step::LEVEL_SAME, &demand.source))
            }
            Correspondence::Reached(row) => {
                (Ok(Vec::new()), told(Status::Met, step::LEVEL_REACHED, &row.source))
            }
            Correspondence::OneBelow(row) => (
                Ok(Vec::from([CompensationReason::LevelOneBelow])),
                told(Status::Met, step::LEVEL_ONE_BELOW, &row.source),
            ),
            Correspondence::TooLow(row) => {
                let source = row.map_or(&demand.source, |row| &row.source);
                (Err(Outcome::Refused), told(Status::NotMet, step::LEVEL_TOO_LOW, source))
            }
            Correspondence::NoneAgreed => (
                Err(Outcome::NotInScope),
                told(Status::NotShown, step::NO_CORRESPONDENCE, &demand.source),
            ),
        };
        route.steps.push(step);
        result
    }

    /// Says what the rows say of the level, and that it recognises nothing; or that no row says anything.
    pub(super) fn level_alone(&self, route: &mut Route, skill: &Skill) {
        let rows = self.ground.terms.levels.iter();
        let mine =
            rows.filter(|r| r.from_framework == skill.framework && r.from_level == skill.level);
        for row in mine {
            route.steps.push(
                Step::new(Status::Note, step::LEVEL_ALONE)
                    .with("framework", &skill.framework)
                    .with("level", skill.level)
                    .with("wanted_framework", &row.to_framework)
                    .with("wanted", row.to_level)
                    .cited(&row.source),
            );
        }
        route
            .steps
            .push(Step::new(Status::NotShown, step::NO_TITLE_ROW).with("title", &skill.title.text));
    }
}
