//! A report in words: the verdict first, then why, step by step.

use crate::claims;
use crate::error::{Answer, CliError};
use crate::render::{Mark, Output, bold, time};
use crate::text::{Args, Texts};
use carnet_proto::profile::AUDIENCE_ANYONE;
use carnet_proto::verify::report::{
    Check, CredentialReport, Disclosed, Link, Outcome, Reason, Report, Verdict, reason,
};
use serde_json::Value;

/// How far a check is indented, in columns.
const INDENT: usize = 2;

/// Returns the answer that a verdict is.
pub const fn answer(verdict: Verdict) -> Answer {
    match verdict {
        Verdict::Valid => Answer::Yes,
        Verdict::Invalid => Answer::No,
        Verdict::Undetermined => Answer::Unknown,
    }
}

/// Returns the word for a verdict.
pub fn verdict_text(verdict: Verdict, texts: &Texts) -> String {
    let [valid, invalid, undetermined] =
        crate::text_ids!["answer-valid", "answer-invalid", "answer-undetermined"];
    texts.plain(match verdict {
        Verdict::Valid => valid,
        Verdict::Invalid => invalid,
        Verdict::Undetermined => undetermined,
    })
}

/// Returns why a check came out as it did, in one sentence: the text for this reason at this check,
/// else the text for the reason.
pub fn reason_text(check: &Check, texts: &Texts) -> String {
    let mut args = Args::new();
    for (name, value) in &check.reason.args {
        match value.parse::<u32>() {
            Ok(seconds) if *name == "age" => args.set(name, span(seconds.into(), texts)),
            // A number, so that the text can tell one from several.
            Ok(number) => args.set(name, number),
            Err(_) => args.set(name, for_people(value)),
        }
    }
    let at_check = format!("reason-{}-{}", check.reason.id, check.id);
    let id = match &check.reason {
        reason if is_open_copy(reason) => "reason-open-copy-refused".to_owned(),
        _ if texts.has(&at_check) => at_check,
        reason => format!("reason-{}", reason.id),
    };
    texts.get(&id, &args)
}

/// Tells whether a copy for anyone was refused by who accepts no copy: that it names another audience is true,
/// and helps nobody.
fn is_open_copy(reason: &Reason) -> bool {
    reason.id == reason::WRONG_AUDIENCE
        && reason.args.iter().any(|(name, value)| *name == "found" && value == AUDIENCE_ANYONE)
}

/// Writes a time in a reason as people do; anything else stays as it is.
fn for_people(value: &str) -> String {
    match (value.get(..10), value.get(10..11), value.get(11..16), value.get(19..)) {
        (Some(day), Some("T"), Some(minute), Some("Z")) => format!("{day} {minute} UTC"),
        _ => value.to_owned(),
    }
}

/// Writes a report.
///
/// # Errors
/// As [`Output::line`].
pub fn write(report: &Report, texts: &Texts, out: &mut Output) -> Result<(), CliError> {
    let mark = out.mark(answer(report.verdict).into());
    out.line(format!("{mark} {}", bold(verdict_text(report.verdict, texts))))?;
    out.paragraph(INDENT, &in_one_sentence(report, texts))?;
    let several = report.credentials.len() > 1;
    for (number, credential) in (1..).zip(&report.credentials) {
        if several {
            out.line("")?;
            let args = Args::new()
                .with("number", number)
                .with("verdict", verdict_text(credential.verdict, texts));
            out.line(bold(texts.get("report-credential", &args)))?;
        }
        write_credential(credential, texts, out)?;
    }
    let text = match report.evidence_age {
        Some(age) => texts.get("report-evidence-age", &Args::new().with("age", span(age, texts))),
        None if report.credentials.iter().any(|c| c.path.is_some()) => {
            texts.plain("report-no-evidence")
        }
        // Without a path nothing was relied on, and the checks have said why.
        None => return Ok(()),
    };
    out.line("")?;
    out.paragraph(0, &text)
}

/// Returns the reason for the verdict in one sentence.
pub fn in_one_sentence(report: &Report, texts: &Texts) -> String {
    let worst = report.credentials.iter().find(|c| c.verdict == report.verdict);
    if let Some(check) = worst.and_then(CredentialReport::decisive) {
        return reason_text(check, texts);
    }
    if report.credentials.iter().any(|credential| credential.prepared) {
        return texts.plain("report-valid-copy");
    }
    texts.plain("report-valid")
}

fn write_credential(
    credential: &CredentialReport,
    texts: &Texts,
    out: &mut Output,
) -> Result<(), CliError> {
    heading("report-checks", texts, out)?;
    for check in &credential.checks {
        let mark = match check.outcome {
            Outcome::Pass => Mark::Yes,
            Outcome::Fail => Mark::No,
            Outcome::Undetermined | Outcome::NotChecked => Mark::Unknown,
        };
        let name = texts.plain(&format!("check-{}", check.id));
        out.item(INDENT, mark, &format!("{name}: {}", reason_text(check, texts)))?;
    }
    if let Some(links) = &credential.path {
        heading("report-path", texts, out)?;
        for sentence in path_in_words(links, texts) {
            out.paragraph(INDENT, &sentence)?;
        }
    }
    if let Some(proven) = credential.proven_time {
        out.line("")?;
        let args = Args::new().with("time", time(proven));
        out.paragraph(0, &texts.get("report-proven", &args))?;
    }
    if let Some(disclosed) = &credential.disclosed {
        heading("report-disclosed", texts, out)?;
        let rows: Vec<_> = claim_rows(disclosed)
            .into_iter()
            .map(|(name, value)| vec![format!("  {name}"), value])
            .collect();
        out.table(&rows)?;
        let issued_on = disclosed.issued_at.date();
        for oddity in disclosed.attested.oddities(disclosed.person.birth_date, issued_on) {
            let args = Args::new().with("reason", oddity.text());
            out.item(INDENT, Mark::Unknown, &texts.get("report-beware", &args))?;
        }
    }
    if !credential.withheld.is_empty() || credential.withheld_hashes > 0 {
        out.line("")?;
        let args = Args::new()
            .with("claims", credential.withheld.join(", "))
            .with("count", credential.withheld_hashes);
        out.paragraph(0, &texts.get("report-withheld", &args))?;
    }
    out.line("")?;
    out.paragraph(0, &whom_to_ask(credential, texts))
}

fn heading(id: &str, texts: &Texts, out: &mut Output) -> Result<(), CliError> {
    crate::uses_texts!["report-checks", "report-path", "report-disclosed"];
    out.line("")?;
    out.line(bold(texts.plain(id)))
}

/// Returns one sentence for each step from a trust anchor to the issuer.
pub fn path_in_words(links: &[Link], texts: &Texts) -> Vec<String> {
    let mut before = String::new();
    let mut sentences = Vec::new();
    for link in links {
        let args = Args::new().with("by", before).with("name", link.name().to_string());
        sentences.push(match link {
            Link::TrustAnchor { .. } => texts.get("path-trust-anchor", &args),
            Link::Accreditation { statement, .. } => {
                texts.get("path-accreditation", &args.with("statement", short(statement)))
            }
            Link::Agreement { title, country, statement, .. } => texts.get(
                "path-agreement",
                &args
                    .with("title", title.clone())
                    .with("country", country.name())
                    .with("statement", short(statement)),
            ),
        });
        before = link.name().to_string();
    }
    sentences
}

fn short(digest: &carnet_proto::id::Digest) -> String {
    digest.to_string().chars().take(12).collect()
}

/// Returns the disclosed claims as rows: those of the person, then those of the skill.
fn claim_rows(disclosed: &Disclosed) -> Vec<(String, String)> {
    let value = |value: serde_json::Result<Value>| value.unwrap_or_default();
    let person = value(serde_json::to_value(&disclosed.person));
    let attested = value(claims::to_json(&disclosed.attested));
    let mut rows = claims::ordered(&person);
    rows.extend(disclosed.sub.clone().map(|sub| ("sub".to_owned(), sub)));
    rows.extend(claims::ordered(&attested));
    rows.push(("issued".to_owned(), disclosed.issued_at.date().to_string()));
    rows.push(("expires".to_owned(), disclosed.expires_at.date().to_string()));
    rows
}

fn whom_to_ask(credential: &CredentialReport, texts: &Texts) -> String {
    let appeal = credential.path.iter().flatten().rev().find_map(|link| match link {
        Link::Accreditation { appeal_body, .. } => appeal_body.clone(),
        _ => None,
    });
    let last = credential.path.as_ref().and_then(|links| links.last());
    let issuer = last.map(|link| link.name().to_string());
    let args = Args::new();
    match (issuer, appeal, &credential.calls_itself, credential.issuer) {
        (Some(issuer), Some(appeal), ..) => texts.get(
            "report-ask-appeal",
            &args.with("issuer", issuer).with("appeal", appeal.to_string()),
        ),
        (Some(issuer), None, ..) => texts.get("report-ask-issuer", &args.with("issuer", issuer)),
        (None, _, Some(name), _) => {
            texts.get("report-ask-calls-itself", &args.with("issuer", name.to_string()))
        }
        (None, _, None, Some(did)) => {
            texts.get("report-ask-unknown", &args.with("issuer", did.to_string()))
        }
        (None, _, None, None) => texts.plain("report-ask-holder"),
    }
}

/// Returns a length of time in the largest unit that says enough.
pub fn span(seconds: u64, texts: &Texts) -> String {
    let (id, count) = match seconds {
        0..120 => ("span-seconds", seconds),
        120..7200 => ("span-minutes", seconds / 60),
        7200..172_800 => ("span-hours", seconds / 3600),
        _ => ("span-days", seconds / 86_400),
    };
    crate::uses_texts!["span-seconds", "span-minutes", "span-hours", "span-days"];
    texts.get(id, &Args::new().with("count", count))
}

#[cfg(test)]
mod tests;
