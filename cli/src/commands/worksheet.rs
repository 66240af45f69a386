//! `carnet totalise` of presentations: to the time that counts in one State, step by step.
//!
//! Verified first, as `carnet verify` does: what is not valid is refused and named. What remains is
//! counted only if it is shown to be about one person.

mod html;
mod sheet;
mod words;

use super::Context;
use super::totalise::words::explain;
use super::verify::{self, Judged};
use crate::agreements;
use crate::args::totalise as args;
use crate::commands::recognise::shipped;
use crate::error::{Answer, CliError};
use crate::text::{Args, Texts};
use carnet_proto::credential::claims::Person;
use carnet_proto::credential::contribution::{Decimal, Place};
use carnet_proto::id::Digest;
use carnet_proto::ledger::Ledger;
use carnet_proto::statement::standing::State;
use carnet_proto::time::{Date, UnixSeconds};
use carnet_proto::totalisation::attested::{Attested, attested};
use carnet_proto::totalisation::qualify::Outcome;
use carnet_proto::totalisation::rules::PeriodRules;
use carnet_proto::totalisation::{Claim, Plan, Rational, TotalisationError};
use carnet_proto::verify::is_one_person;
use carnet_proto::verify::report::{CredentialReport, Verdict};
use std::path::Path;

/// Counts the periods of presentations together.
///
/// # Errors
/// Those of verifying, of the agreement and of the computation. A refused credential is no error.
pub fn run(args: &args::Totalise, context: &mut Context) -> Result<Answer, CliError> {
    counted(args, context, |work, context| {
        let page = sheet::sheet(work, &context.texts);
        let answer = work.answer();
        if let Some(path) = &args.html {
            let text = html::page(&page, context.texts.language());
            if context.page(path, &text, answer)? {
                return Ok(answer);
            }
        }
        context.out.answer(answer, |out| {
            if out.is_json() { out.json(&work.to_json()) } else { sheet::write(&page, out) }
        })?;
        if let Some(path) = args.html.as_ref().filter(|_| !context.out.is_json()) {
            let file = Args::new().with("file", path.display().to_string());
            context.note("totalise-written", &file);
        }
        Ok(answer)
    })
}

/// Counts the periods of presentations together, and hands on what came of it.
///
/// # Errors
/// As [`run`], and those of `use_it`.
pub fn counted<T>(
    args: &args::Totalise,
    context: &mut Context,
    use_it: impl FnOnce(&Work<'_>, &mut Context) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let asked = |ledger: &Ledger, context: &mut Context| asked(args, ledger, context.now());
    verify::each(
        &args.presentations,
        &args.demands,
        context,
        asked,
        |verified, agreement, context| {
            let work = Work::of(args, &agreement, verified.judged, context.now())?;
            use_it(&work, context)
        },
    )
}

/// Finds the agreement that is named, if it has an answer to what is asked of it.
///
/// # Errors
/// As [`agreement`]; `totalise-not-party`, `totalise-not-branch`.
fn asked(args: &args::Totalise, ledger: &Ledger, now: UnixSeconds) -> Result<Agreement, CliError> {
    let name = args.agreement.as_deref().ok_or_else(|| CliError::bug("arguments"))?;
    let agreement = agreement(name, ledger, now)?;
    let PeriodRules { id, parties, branches, .. } = &agreement.rules;
    let names = |names: Vec<&str>| names.join(", ");
    if let Some(state) = args.claim_country.filter(|state| !agreement.rules.is_party(*state)) {
        return Err(CliError::usage("totalise-not-party")
            .arg("agreement", id.to_string())
            .arg("state", state.code().to_owned())
            .arg("parties", names(parties.iter().map(|party| party.code()).collect()))
            .hint("totalise-not-party"));
    }
    if let Some(branch) = args.branch.filter(|branch| !agreement.rules.is_about(Some(*branch))) {
        return Err(CliError::usage("totalise-not-branch")
            .arg("agreement", id.to_string())
            .arg("branch", branch.name())
            .arg("branches", names(branches.iter().map(|branch| branch.name()).collect()))
            .hint("totalise-not-party"));
    }
    Plan::new(&agreement.rules).map_err(failed)?;
    Ok(agreement)
}

/// The rules to count by, and what people call them.
#[derive(Debug)]
pub struct Agreement {
    title: String,
    rules: PeriodRules,
    /// The statement, if it was found in the ledger.
    statement: Option<Digest>,
}

/// Finds an agreement: by its digest in the ledger, by the name of a shipped one, or in a file.
fn agreement(name: &str, ledger: &Ledger, now: UnixSeconds) -> Result<Agreement, CliError> {
    let missing = || {
        CliError::input("totalise-agreement")
            .arg("name", name.to_owned())
            .hint("totalise-agreement")
    };
    if let Some(digest) = Digest::from_hex(name) {
        let (_, held, logged) = ledger.agreements().remove(&digest).ok_or_else(missing)?;
        let without = |code| CliError::input(code).arg("name", name.to_owned());
        // Anybody can log a text: it counts once all have signed who must.
        let in_force = ledger.in_force(&digest, logged, now) == Some(true);
        if held.state != State::InForce || !in_force {
            return Err(without("totalise-not-in-force").hint("totalise-not-in-force"));
        }
        let rules = logged.periods.clone().ok_or_else(|| without("totalise-without-rules"))?;
        let title = carnet_proto::text::choose(&logged.titles, "en").map(ToString::to_string);
        return Ok(Agreement { title: title.unwrap_or_default(), rules, statement: Some(digest) });
    }
    let known = agreements::by_id(name)?.is_some();
    if !known && !Path::new(name).exists() {
        return Err(match shipped::text(name) {
            None => missing(),
            Some(_) => CliError::usage("agreement-of-recognition")
                .arg("name", name.to_owned())
                .hint("agreement-of-recognition"),
        });
    }
    let (file, rules) = agreements::named(name)?;
    Ok(Agreement { title: file.title, rules, statement: None })
}

/// A credential with the file it was shown in.
#[derive(Debug, Clone, Copy)]
pub struct Item<'r> {
    file: &'r Path,
    report: &'r CredentialReport,
}

impl<'r> Item<'r> {
    /// Returns what it attests, if it is valid and attests a period.
    fn period(&self) -> Option<(Place<'r>, &'r Person)> {
        let disclosed = self.report.disclosed.as_ref()?;
        let contribution = disclosed.attested.contribution()?;
        let (issuer, id) = self.report.issuer.zip(self.report.id)?;
        let valid = self.report.verdict == Verdict::Valid;
        valid.then_some((Place { issuer, id, contribution }, &disclosed.person))
    }
}

/// Everything that a worksheet says.
#[derive(Debug)]
pub struct Work<'r> {
    agreement: &'r Agreement,
    claim: Claim,
    made_at: UnixSeconds,
    /// Valid attestations of periods, in the order shown.
    counted: Vec<Item<'r>>,
    places: Vec<Place<'r>>,
    /// What was refused: not valid, or no period.
    refused: Vec<Item<'r>>,
    /// Whom it is about, by the first attestation.
    person: Option<&'r Person>,
    is_one_person: bool,
    attested: Attested,
    outcome: Option<Outcome>,
    /// Whether what is certified and not counted could make a right of what is none.
    is_undetermined: bool,
}

impl<'r> Work<'r> {
    fn of(
        args: &'r args::Totalise,
        agreement: &'r Agreement,
        judged: &'r [Judged],
        now: UnixSeconds,
    ) -> Result<Self, CliError> {
        let items = judged.iter().flat_map(|Judged { path, report, .. }| {
            report.credentials.iter().map(move |report| Item { file: path, report })
        });
        let (counted, refused): (Vec<_>, Vec<_>) = items.partition(|item| item.period().is_some());
        let (places, people): (Vec<_>, Vec<_>) = counted.iter().filter_map(Item::period).unzip();
        let is_one_person = is_one_person(&people);
        let person = people.first().copied();
        let claim = Claim {
            branch: args.branch,
            qualifying: args.needed.map(rational).transpose().map_err(failed)?,
            risk: args.risk_date,
            birth: person.and_then(|person| person.birth_date),
            on: Some(args.risk_date.unwrap_or_else(|| now.date())),
            thirds: args.third_state.clone(),
            ..Claim::new(args.claim_country, args.unit)
        };
        let attested =
            if is_one_person { attested(&places, args.branch) } else { Attested::default() };
        let (mut outcome, mut is_undetermined) = (None, false);
        if !attested.periods.is_empty() {
            let plan = Plan::new(&agreement.rules).map_err(failed)?;
            let found = plan.totalise(&claim, &attested.periods).map_err(failed)?;
            is_undetermined = attested.leaves_open(&plan, &found);
            outcome = Some(found);
        }
        Ok(Self {
            agreement,
            claim,
            made_at: now,
            counted,
            places,
            refused,
            person,
            is_one_person,
            attested,
            outcome,
            is_undetermined,
        })
    }

    /// Returns the answer: whether the right opens, and unknown if something was refused, if something
    /// left out could change it, or if the agreement does not bind the State.
    pub fn answer(&self) -> Answer {
        match &self.outcome {
            Some(_) if !self.refused.is_empty() => Answer::Unknown,
            Some(outcome) if !outcome.bound && outcome.alone != Some(true) => Answer::Unknown,
            Some(_) if self.is_undetermined => Answer::Unknown,
            Some(outcome) if outcome.together == Some(false) => Answer::No,
            Some(_) => Answer::Yes,
            None => Answer::Unknown,
        }
    }

    /// Tells the result in sentences, how it came about, as `totalise --explain` does, and by which rules.
    pub fn told(&self, texts: &Texts) -> (Vec<String>, Vec<String>, Vec<String>) {
        let periods = words::named(self, texts);
        let outcome = self.outcome.as_ref();
        let refused = self.refused.iter().map(|item| words::refused(item, texts));
        let left = self.attested.left_out.iter().map(|left| words::left_out(left, texts));
        let steps = outcome.map(|outcome| explain(outcome, &periods, texts)).unwrap_or_default();
        let steps = refused.chain(left).chain(steps).collect();
        (words::answer(self, texts), steps, sheet::rules(self, texts))
    }

    /// Returns the rules that some step, or something that was not counted, names.
    fn rules_used(&self) -> Vec<&carnet_proto::totalisation::rules::PeriodRule> {
        let Some(outcome) = &self.outcome else { return Vec::new() };
        let told = &outcome.explanation;
        let steps = told.steps.iter().filter_map(|step| step.rule);
        let not = told.not_counted.iter().filter_map(|not| not.rule);
        let warnings = told.warnings.iter().filter_map(|warning| warning.rule);
        let periods = outcome.counted.periods.iter().filter_map(|period| period.rule);
        let used: std::collections::BTreeSet<_> =
            steps.chain(not).chain(warnings).chain(periods).chain(outcome.reason).collect();
        self.agreement.rules.rules.iter().filter(|rule| used.contains(&rule.id)).collect()
    }
}

fn rational(decimal: Decimal) -> Result<Rational, TotalisationError> {
    Rational::new(decimal.ten_thousandths().into(), Decimal::PARTS.into())
}

fn failed(cause: TotalisationError) -> CliError {
    CliError::input("totalise-rules").caused_by(cause)
}

/// Returns a day, or nothing.
fn day(date: Option<Date>) -> String {
    date.map(|date| date.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
