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
use super::verify::{self, report as verified};
use crate::args::verifier::{Recognise, Verify};
use crate::challenges::Challenges;
use crate::error::{Answer, CliError};
use crate::files::{self, Access, Existing};
use crate::policy::Rules;
use crate::text::Args;
use carnet_proto::classification::{Country, Occupation};
use carnet_proto::ledger::Ledger;
use carnet_proto::recognition::{
    Evidence, Ground, Question, Recognition, RecognitionOutcome, Route, opens, recognise,
};
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::report::{Report, Verdict};
use grounds::Found;
use serde_json::json;
use sheet::Sheet;
use shown::Accepted;
use std::path::Path;

/// A presentation, and what verification said of it.
struct Judged {
    file: String,
    report: Report,
    bytes: Vec<u8>,
}

/// Says what agreements make of presentations.
///
/// # Errors
/// What kept them from being judged, as for `carnet verify`; those of reading an agreement.
pub fn run(args: &Recognise, context: &mut Context) -> Result<Answer, CliError> {
    let as_verify = Verify {
        presentations: args.presentations.clone(),
        policy: args.policy.clone(),
        challenge: args.challenge.clone(),
        node: args.node.clone(),
        offline: args.offline,
        destination: None,
        occupation: None,
    };
    let (rules, ledger, challenge) = verify::demands(&as_verify, context)?;
    let challenges = Challenges::of_user()?;
    let mut nonces = verify::Nonces::new(&rules, &challenges);
    let only = verify::nonce_asked(challenge.as_ref());
    let now = context.now();
    let mut judged = Vec::new();
    for path in &args.presentations {
        let bytes = verify::read(path)?;
        let body = verify::open(path, &bytes)?.to_vec();
        let report = nonces.judge(&body, &ledger, only, now)?;
        judged.push(Judged { file: path.display().to_string(), report, bytes: body });
    }
    let accepted = Accepted::of(&judged, ledger);
    if !accepted.is_any() || !accepted.is_one_person() {
        let told = refused(&judged, &accepted, context);
        if told.is_err() {
            nonces.give_back();
        }
        return told;
    }
    let grounds = grounds::find(&args.agreements, &rules, &accepted, now)?;
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
    let sheet = Sheet::new(&judged, &accepted, &answered, &levels, today, &context.texts);
    if let Some(path) = &args.html {
        let page = html::page(&sheet, context.texts.language());
        files::write(path, page.as_bytes(), Access::Private, Existing::Keep)?;
    }
    let told = context.out.answer(answered.answer(), |out| {
        if out.is_json() {
            return out.json(&json!({
                "version": 1,
                "presentations": presentations(&judged, &accepted),
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
    });
    if told.is_err() {
        nonces.give_back();
    }
    told
}

/// Says what the agreements in force make of one presentation, if it is valid.
///
/// # Errors
/// None: without names of agreements no file is read.
pub fn beside(
    report: &Report,
    body: &[u8],
    question: (Country, Occupation),
    (rules, ledger): (&Rules, &Ledger),
    now: UnixSeconds,
) -> Result<Option<Recognition>, CliError> {
    let judged = [Judged { file: String::new(), report: report.clone(), bytes: body.to_vec() }];
    let accepted = Accepted::of(&judged, ledger.clone());
    if !accepted.is_any() {
        return Ok(None);
    }
    let grounds = grounds::find(&[], rules, &accepted, now)?;
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
        json!({ "file": judged.file, "verdict": verdict, "used": used })
    };
    judged.iter().map(one).collect()
}

/// Says why nothing was judged.
fn refused(
    judged: &[Judged],
    accepted: &Accepted,
    context: &mut Context,
) -> Result<Answer, CliError> {
    let worst = judged.iter().map(|judged| judged.report.verdict).max();
    let answer = match worst {
        _ if accepted.is_any() => Answer::Unknown,
        Some(Verdict::Invalid) => Answer::No,
        _ => Answer::Unknown,
    };
    let (texts, out) = (&context.texts, &mut context.out);
    out.answer(answer, |out| {
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
            &match accepted.is_any() {
                true => texts.plain("recognise-other-person"),
                false => texts.plain("recognise-nothing-valid"),
            },
        )
    })
}

/// Says of every presentation that is not valid that it is not used.
fn not_used(judged: &[Judged], texts: &crate::text::Texts) -> Vec<String> {
    let refused = judged.iter().filter(|judged| judged.report.verdict != Verdict::Valid);
    let line = |judged: &Judged| {
        let args = Args::new()
            .with("file", judged.file.clone())
            .with("verdict", verified::verdict_text(judged.report.verdict, texts))
            .with("reason", verified::in_one_sentence(&judged.report, texts));
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
