//! `carnet recognise`: what agreements make of attestations abroad, and what is missing.
//!
//! Presentations are verified first, by the same code as in `carnet verify`. What is judged here is
//! only what was found valid, and the verdict on it stays what it is.

mod grounds;
mod html;
mod sheet;
pub mod shipped;
mod shown;

use super::Context;
use super::verify::{self, Judged, Verified, report as told};
use crate::args::verifier::Recognise;
use crate::error::{Answer, CliError};
use crate::files;
use crate::text::Args;
use carnet_proto::classification::{Country, Occupation};
use carnet_proto::ledger::Ledger;
use carnet_proto::recognition::{
    Evidence, Ground, Question, Recognition, RecognitionOutcome, Route, opens, recognise,
};
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::Sameness;
use carnet_proto::verify::report::Verdict;
use grounds::{Found, Named};
use serde_json::json;
use sheet::Sheet;
use shown::Accepted;
use std::path::Path;

/// Says what agreements make of presentations.
///
/// # Errors
/// What kept them from being judged, as for `carnet verify`; those of reading an agreement.
pub fn run(args: &Recognise, context: &mut Context) -> Result<Answer, CliError> {
    let named = |_: &Ledger, _: &mut Context| grounds::named(&args.agreements, args.destination);
    verify::each(&args.presentations, &args.demands, context, named, |verified, named, context| {
        answer(args, verified, named, context)
    })
}

fn answer(
    args: &Recognise,
    verified: &Verified<'_>,
    named: Vec<Named>,
    context: &mut Context,
) -> Result<Answer, CliError> {
    let now = context.now();
    let (judged, rules) = (verified.judged, verified.rules);
    let accepted = Accepted::of(verified);
    if !accepted.is_any() || !accepted.is_one_person() {
        return refused(judged, &accepted, context);
    }
    let grounds = grounds::find(named, rules, &accepted, now)?;
    let grounds: Vec<Ground<'_>> = grounds.iter().map(Found::ground).collect();
    let shown = accepted.shown();
    let evidence = Evidence { shown: &shown, birth_date: accepted.birth_date() };
    let today = now.date();
    let answered = match (args.destination, args.occupation) {
        (Some(destination), Some(occupation)) => {
            let question = Question { destination, occupation, purpose: args.purpose, today };
            Answered::Question(recognise(&evidence, &question, &grounds))
        }
        _ => {
            let mut routes = opens(&evidence, args.purpose, &grounds, today);
            routes.retain(|route| {
                args.destination.is_none_or(|country| country == route.host)
                    && args.occupation.is_none_or(|group| group.covers(route.occupation))
            });
            Answered::Opens(routes)
        }
    };
    let levels = sheet::levels(&shown, args.destination)?;
    let seats = grounds::seats(&grounds, &accepted.ledger);
    let sheet = Sheet::new(judged, (&accepted, &seats), &answered, &levels, today, &context.texts);
    if let Some(path) = &args.html {
        let page = html::page(&sheet, context.texts.language());
        if context.page(path, &page, answered.answer())? {
            return Ok(answered.answer());
        }
    }
    context.out.answer(answered.answer(), |out| {
        if out.is_json() {
            return out.json(&json!({
                "version": 1,
                "presentations": presentations(judged, &accepted),
                "recognition": answered.recognition(),
                "opens": answered.opens(),
                "levels": levels,
            }));
        }
        sheet.write(out)?;
        match &args.html {
            Some(path) => {
                let args = Args::new().with("file", path.display().to_string());
                out.line("")?;
                out.line(context.texts.get("recognise-html-written", &args))
            }
            None => Ok(()),
        }
    })
}

/// Says what the agreements in force make of one presentation, if it is valid.
///
/// # Errors
/// None: without names of agreements no file is read.
pub fn beside(
    verified: &Verified<'_>,
    question: (Country, Occupation),
    now: UnixSeconds,
) -> Result<Option<Recognition>, CliError> {
    let accepted = Accepted::of(verified);
    if !accepted.is_any() {
        return Ok(None);
    }
    let grounds = grounds::find(Vec::new(), verified.rules, &accepted, now)?;
    let grounds: Vec<Ground<'_>> = grounds.iter().map(Found::ground).collect();
    let shown = accepted.shown();
    let evidence = Evidence { shown: &shown, birth_date: accepted.birth_date() };
    let (destination, occupation) = question;
    let question = Question { destination, occupation, purpose: None, today: now.date() };
    Ok(Some(recognise(&evidence, &question, &grounds)))
}

/// What was answered.
enum Answered {
    /// A question about one occupation in one country.
    Question(Recognition),
    /// What the attestations open.
    Opens(Vec<Route>),
}

impl Answered {
    fn recognition(&self) -> Option<&Recognition> {
        match self {
            Self::Question(recognition) => Some(recognition),
            Self::Opens(_) => None,
        }
    }

    fn opens(&self) -> Option<&[Route]> {
        match self {
            Self::Question(_) => None,
            Self::Opens(routes) => Some(routes),
        }
    }

    fn answer(&self) -> Answer {
        let outcome = match self {
            Self::Question(recognition) => Some(recognition.outcome),
            Self::Opens(routes) => routes.first().map(|route| route.outcome),
        };
        match outcome {
            Some(outcome) if outcome < RecognitionOutcome::Refused => Answer::Yes,
            _ => Answer::No,
        }
    }
}

fn presentations(judged: &[Judged], accepted: &Accepted<'_>) -> Vec<serde_json::Value> {
    let one = |judged: &Judged| {
        let verdict = judged.report.verdict;
        let used = verdict == Verdict::Valid && accepted.is_one_person();
        json!({ "file": judged.path.display().to_string(), "verdict": verdict, "used": used })
    };
    judged.iter().map(one).collect()
}

/// Says why nothing was judged.
fn refused(
    judged: &[Judged],
    accepted: &Accepted,
    context: &mut Context,
) -> Result<Answer, CliError> {
    let (texts, out) = (&context.texts, &mut context.out);
    // Nothing was judged: that the attestations are not good says nothing of their holder's skills.
    out.answer(Answer::Unknown, |out| {
        if out.is_json() {
            return out.json(&json!({
                "version": 1,
                "presentations": presentations(judged, accepted),
                "recognition": null,
                "opens": null,
                "levels": [],
            }));
        }
        for line in not_used(judged, texts) {
            out.paragraph(0, &line)?;
        }
        out.paragraph(
            0,
            &match (accepted.is_any(), accepted.sameness()) {
                (false, _) => texts.plain("recognise-nothing-valid"),
                (true, Sameness::OtherDocuments) => texts.plain("recognise-other-documents"),
                (true, _) => texts.plain("recognise-other-person"),
            },
        )
    })
}

/// Says of every presentation that is not valid that it is not used.
fn not_used(judged: &[Judged], texts: &crate::text::Texts) -> Vec<String> {
    let refused = judged.iter().filter(|judged| judged.report.verdict != Verdict::Valid);
    let line = |judged: &Judged| {
        let args = Args::new()
            .with("file", judged.path.display().to_string())
            .with("verdict", told::verdict_text(judged.report.verdict, texts))
            .with("reason", told::in_one_sentence(&judged.report, texts));
        texts.get("recognise-refused", &args)
    };
    refused.map(line).collect()
}

/// Reads an agreement's rules from a file.
///
/// # Errors
/// Those of reading a form.
pub fn read_terms(path: &Path) -> Result<carnet_proto::recognition::RecognitionTerms, CliError> {
    shipped::parse(path, &files::read_text(path, crate::forms::MAX_FORM_BYTES)?)
}
