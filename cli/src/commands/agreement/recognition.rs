//! The rules of recognition in an agreement: checked as a file, shown as a part of a statement.

use super::Found;
use crate::commands::Context;
use crate::commands::recognise::shipped;
use crate::error::{Answer, CliError};
use crate::render::Mark;
use crate::text::{Args, Texts};
use carnet_proto::ledger::Signed;
use carnet_proto::recognition::{
    Basis, Citation, FeeLimit, Mismatch, Payer, Procedure, RecognitionParty, RecognitionTerms,
    SigningRule, check_cases,
};
use carnet_proto::statement::agreement::Party;
use serde_json::{Value, json};
use std::path::Path;

/// Checks the rules in a file, and answers its cases.
///
/// # Errors
/// Those of reading a form.
pub fn check(path: &Path, text: &str, context: &mut Context) -> Result<Answer, CliError> {
    let terms = shipped::parse(path, text)?;
    let wrong = check_cases(&terms);
    let answer = if wrong.is_empty() { Answer::Yes } else { Answer::No };
    let (texts, out) = (&context.texts, &mut context.out);
    out.answer(answer, |out| {
        if out.is_json() {
            return out.json(&to_json(&terms, &wrong));
        }
        out.line(texts.get("check-recognition", &counts(&terms)))?;
        let of = |basis| citations(&terms).filter(|c| c.basis == basis).count();
        let args = Args::new()
            .with("knowledge", of(Basis::GeneralKnowledge))
            .with("fictitious", of(Basis::Fictitious));
        out.line(texts.get("check-basis", &args))?;
        for warning in worker_pays(&terms, texts) {
            out.item(0, Mark::Unknown, &warning)?;
        }
        for case in &terms.cases {
            let args = Args::new()
                .with("id", case.id.to_string())
                .with("about", case.about.to_string())
                .with("outcome", case.outcome.name());
            match wrong.iter().find(|mismatch| mismatch.case == case.id) {
                None => out.item(2, Mark::Yes, &texts.get("check-case-right", &args))?,
                Some(mismatch) => {
                    out.item(2, Mark::No, &texts.get("check-case-wrong", &args))?;
                    for line in differences(mismatch, texts) {
                        out.paragraph(6, &line)?;
                    }
                }
            }
        }
        out.line(match (terms.cases.len(), wrong.len()) {
            (0, _) => texts.plain("check-no-case"),
            (_, 0) => texts.plain("check-right"),
            (_, count) => texts.get("check-wrong", &Args::new().with("count", count)),
        })
    })
}

/// Checks a file of levels.
///
/// # Errors
/// Those of reading a form.
pub fn check_levels(path: &Path, text: &str, context: &mut Context) -> Result<Answer, CliError> {
    let levels = shipped::parse_levels(path, text)?;
    if context.out.is_json() {
        context.out.json(&json!({
            "version": 1, "kind": "levels", "ok": true, "rows": levels.rows,
            "frameworks": levels.frameworks.iter().map(|f| json!({
                "code": f.code, "country": f.country, "source": f.source,
            })).collect::<Vec<_>>(),
            "none": levels.none.iter().map(|(a, b, note)| json!({
                "between": [a, b], "note": note,
            })).collect::<Vec<_>>(),
        }))?;
        return Ok(Answer::Yes);
    }
    let args = Args::new()
        .with("frameworks", levels.frameworks.len())
        .with("rows", levels.rows.len())
        .with("none", levels.none.len());
    context.say("check-levels", &args)?;
    Ok(Answer::Yes)
}

/// Returns the parties whose procedure costs the worker something.
fn with_fee_of_worker(
    terms: &RecognitionTerms,
) -> impl Iterator<Item = (&RecognitionParty, &Procedure, &FeeLimit)> {
    let fees = terms.parties.iter().filter_map(|party| {
        let procedure = party.procedure.as_ref()?;
        Some((party, procedure, procedure.fee.as_ref()?))
    });
    fees.filter(|(_, _, fee)| fee.payer == Payer::Worker && fee.amount > 0)
}

/// Says of every fee that the worker pays what is to be thought of it. It is no mistake: the one fee that an
/// agreement can name is that of a public procedure, and a law may set it.
pub fn worker_pays(terms: &RecognitionTerms, texts: &Texts) -> Vec<String> {
    let one = |(party, procedure, fee): (&RecognitionParty, &Procedure, &FeeLimit)| {
        let args = Args::new()
            .with("country", party.country.name())
            .with("body", procedure.body.to_string())
            .with("amount", fee.amount)
            .with("currency", fee.currency.to_string());
        texts.get("agreement-worker-pays", &args)
    };
    with_fee_of_worker(terms).map(one).collect()
}

fn counts(terms: &RecognitionTerms) -> Args {
    Args::new()
        .with("id", terms.id.to_string())
        .with("version", terms.version.to_string())
        .with("titles", terms.title_rows.len())
        .with("levels", terms.levels.len())
        .with("conditions", terms.conditions.len())
        .with("cases", terms.cases.len())
}

/// Returns the citation of every rule.
fn citations(terms: &RecognitionTerms) -> impl Iterator<Item = &Citation> {
    let procedures = terms.parties.iter().filter_map(|party| party.procedure.as_ref());
    procedures
        .map(|procedure| &procedure.source)
        .chain([&terms.scope.source])
        .chain(terms.requirements.iter().map(|requirement| &requirement.source))
        .chain(terms.levels.iter().map(|row| &row.source))
        .chain(terms.title_rows.iter().map(|row| &row.source))
        .chain(terms.conditions.iter().map(|condition| &condition.source))
        .chain(terms.compensation.iter().map(|rules| &rules.source))
}

type Found4<'m> = &'m (
    carnet_proto::recognition::RecognitionOutcome,
    Vec<carnet_proto::recognition::EvidenceKind>,
    Vec<carnet_proto::text::Line>,
    Vec<carnet_proto::text::Line>,
);

fn answer_json((outcome, missing, not_met, not_shown): Found4<'_>) -> Value {
    json!({ "outcome": outcome, "missing": missing, "not_met": not_met, "not_shown": not_shown })
}

fn differences(mismatch: &Mismatch, texts: &Texts) -> [String; 2] {
    let words = |answer: Found4<'_>| crate::render::inline(&answer_json(answer));
    [
        texts.get("check-case-expected", &Args::new().with("expected", words(&mismatch.expected))),
        texts.get("check-case-found", &Args::new().with("found", words(&mismatch.found))),
    ]
}

fn to_json(terms: &RecognitionTerms, wrong: &[Mismatch]) -> Value {
    let cases = terms.cases.iter().map(|case| {
        let mismatch = wrong.iter().find(|mismatch| mismatch.case == case.id);
        let found = mismatch.map(|mismatch| answer_json(&mismatch.found));
        json!({ "id": case.id, "about": case.about, "matches": mismatch.is_none(),
                "expected": case.outcome, "found": found })
    });
    let warnings = with_fee_of_worker(terms).map(|(party, procedure, fee)| {
        json!({ "id": "worker-pays", "country": party.country, "body": procedure.body, "fee": fee })
    });
    json!({ "version": 1, "kind": "recognition", "id": terms.id, "terms_version": terms.version,
            "ok": wrong.is_empty(), "warnings": warnings.collect::<Vec<_>>(),
            "cases": cases.collect::<Vec<_>>() })
}

/// Shows the rules of recognition of an agreement in a log, and how far the threshold of signatures is
/// reached.
///
/// # Errors
/// Those of writing.
pub fn show(found: &Found, context: &mut Context) -> Result<(), CliError> {
    let Some(terms) = &found.agreement.recognition else { return Ok(()) };
    context.out.line("")?;
    let args = counts(terms).with("acquired", terms.acquired.name());
    context.say("agreement-recognition", &args)?;
    let Some(rule) = &terms.signing else { return Ok(()) };
    for party in &found.agreement.parties {
        let signed = signed_roles(found, party, rule);
        let enough = signed.len() >= usize::from(rule.at_least);
        let args = Args::new()
            .with("country", party.country.name())
            .with("signed", signed.len())
            .with("roles", rule.roles.len())
            .with("names", signed.join(", "))
            .with("least", rule.at_least);
        let text = context.texts.get("agreement-threshold", &args);
        context.out.item(2, if enough { Mark::Yes } else { Mark::No }, &text)?;
    }
    Ok(())
}

/// Returns the same as JSON.
pub fn shown_json(found: &Found) -> Value {
    let Some(terms) = &found.agreement.recognition else { return Value::Null };
    let threshold = terms.signing.as_ref().map(|rule| {
        let parties = found.agreement.parties.iter().map(|party| {
            let signed = signed_roles(found, party, rule);
            json!({ "country": party.country, "enough": signed.len() >= usize::from(rule.at_least),
                    "signed": signed })
        });
        json!({ "roles": rule.roles, "at_least": rule.at_least, "parties": parties.collect::<Vec<_>>() })
    });
    json!({ "id": terms.id, "version": terms.version, "acquired": terms.acquired,
            "title_rows": terms.title_rows.len(), "level_rows": terms.levels.len(),
            "conditions": terms.conditions.len(), "threshold": threshold })
}

/// Returns the roles of the rule in which somebody has signed for a party.
fn signed_roles(found: &Found, party: &Party, rule: &SigningRule) -> Vec<&'static str> {
    let has_signed = |role| {
        party
            .signatories
            .iter()
            .any(|s| s.role == role && matches!(super::signed(found, party, s), Signed::Yes { .. }))
    };
    rule.roles.iter().copied().filter(|role| has_signed(*role)).map(|role| role.name()).collect()
}
