//! A worksheet: what it says, in order, whatever it is printed on.

use super::{Work, day, words};
use crate::commands::totalise::words::Sentences;
use crate::error::CliError;
use crate::render::{Output, bold, time};
use crate::text::{Args, Texts};
use carnet_proto::totalisation::Rational;
use carnet_proto::totalisation::explain::Explanation;
use serde_json::{Value, json};

/// A worksheet in words.
#[derive(Debug, Default)]
pub struct Sheet {
    /// What it is called.
    pub title: String,
    /// What it rests on.
    pub lead: String,
    /// What was asked, as names and values.
    pub facts: Vec<(String, String)>,
    /// The answer, in sentences.
    pub answer: Vec<String>,
    /// Everything else.
    pub sections: Vec<Section>,
    /// What it is not.
    pub footer: String,
    /// Lines to be filled in by hand.
    pub to_sign: Vec<String>,
}

/// A part of a worksheet. Empty parts are left out.
#[derive(Debug, Default)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// Sentences, each a point.
    pub lines: Vec<String>,
    /// A table, the first row of which is its head.
    pub table: Vec<Vec<String>>,
}

/// Puts the worksheet into words.
pub fn sheet(work: &Work<'_>, texts: &Texts) -> Sheet {
    let periods = words::named(work, texts);
    let said = Sentences { texts, periods: &periods, unit: work.claim.unit };
    let told = work.outcome.as_ref().map(|outcome| &outcome.explanation);
    let mut complete: Vec<String> =
        work.attested.notes.iter().map(|note| words::note(note, work, texts)).collect();
    if work.outcome.is_some() {
        let state = work.claim.country.map(|state| state.to_string()).unwrap_or_default();
        complete.push(texts.get("totalise-hidden", &Args::new().with("state", state)));
    }
    let each = |of: &dyn Fn(&Explanation) -> Vec<String>| told.map(of).unwrap_or_default();
    let not = each(&|told| told.not_counted.iter().map(|one| said.not_counted(one)).collect());
    let mut beware = each(&|told| told.warnings.iter().map(|one| said.warning(one)).collect());
    beware.dedup();
    beware.extend(words::odd(work, texts));
    let missing = each(&|told| told.missing.iter().map(|one| said.missing(one)).collect());
    let refused = work.refused.iter().map(|item| words::refused(item, texts)).collect();
    let left = work.attested.left_out.iter().map(|left| words::left_out(left, texts)).collect();
    let part = |id: &str, lines: Vec<String>, table: Vec<Vec<String>>| Section {
        heading: texts.plain(id),
        lines,
        table,
    };
    crate::uses_texts![
        "totalise-attestations",
        "totalise-refused",
        "totalise-left-out",
        "totalise-complete",
        "totalise-steps",
        "totalise-not",
        "totalise-beware",
        "totalise-missing",
        "totalise-rules"
    ];
    let mut sections = vec![
        part("totalise-attestations", Vec::new(), attestations(work, texts)),
        part("totalise-refused", refused, Vec::new()),
        part("totalise-left-out", left, Vec::new()),
        part("totalise-complete", complete, Vec::new()),
        part("totalise-steps", Vec::new(), steps(work, &said)),
        part("totalise-not", not, Vec::new()),
        part("totalise-beware", beware, Vec::new()),
        part("totalise-missing", missing, Vec::new()),
        part("totalise-rules", rules(work, texts), Vec::new()),
    ];
    sections.retain(|section| !section.lines.is_empty() || section.table.len() > 1);
    Sheet {
        title: texts.plain("totalise-title"),
        lead: texts.plain("totalise-lead"),
        facts: facts(work, texts),
        answer: words::answer(work, texts),
        sections,
        footer: texts.plain("totalise-footer"),
        to_sign: vec![texts.plain("totalise-signed"), texts.plain("totalise-date")],
    }
}

fn facts(work: &Work<'_>, texts: &Texts) -> Vec<(String, String)> {
    let claim = &work.claim;
    let agreement = work.agreement;
    let mut named = format!("{} ({})", agreement.title, agreement.rules.id);
    if let Some(statement) = &agreement.statement {
        named = format!("{named}, {statement}");
    }
    let risk = match claim.risk {
        Some(risk) => risk.to_string(),
        None => texts.plain("totalise-no-risk"),
    };
    let needed = work.outcome.as_ref().and_then(|outcome| outcome.needed).or(claim.qualifying);
    let needed = match needed {
        Some(needed) => words::time(needed, claim.unit, texts),
        None => texts.plain("totalise-not-known"),
    };
    let person = work.person.filter(|_| work.is_one_person);
    let name = person.and_then(|person| {
        let names = [&person.name_latin, &person.name_native, &person.name_icao];
        names.into_iter().flatten().next().map(ToString::to_string)
    });
    let ids = crate::text_ids![
        "totalise-agreement",
        "totalise-state",
        "totalise-branch",
        "totalise-risk",
        "totalise-needed",
        "totalise-unit",
        "totalise-made",
        "totalise-person",
        "totalise-born"
    ];
    let values = [
        named,
        claim.country.map(|state| state.to_string()).unwrap_or_default(),
        claim.branch.map(|branch| branch.to_string()).unwrap_or_default(),
        risk,
        needed,
        claim.unit.to_string(),
        time(work.made_at),
        name.unwrap_or_default(),
        day(person.and_then(|person| person.birth_date)),
    ];
    let facts = ids.into_iter().zip(values).filter(|(_, value)| !value.is_empty());
    facts.map(|(id, value)| (texts.plain(id), value)).collect()
}

fn attestations(work: &Work<'_>, texts: &Texts) -> Vec<Vec<String>> {
    let heads = crate::text_ids![
        "totalise-head-number",
        "totalise-head-state",
        "totalise-head-scheme",
        "totalise-head-kind",
        "totalise-head-months",
        "totalise-head-certified",
        "totalise-head-converted",
        "totalise-head-counted",
        "totalise-head-issuer"
    ];
    let mut rows = vec![heads.iter().map(|id| texts.plain(id)).collect::<Vec<_>>()];
    for (index, (item, place)) in work.counted.iter().zip(&work.places).enumerate() {
        let contribution = place.contribution;
        let result = work.result_of(index);
        let show = |much: Option<Rational>| match much {
            Some(much) => words::time(much, work.claim.unit, texts),
            None => texts.plain("totalise-not-counted-mark"),
        };
        let code = contribution.period_type.map(|one| format!(" ({})", one.code()));
        let issuer = item.report.path.as_ref().and_then(|path| path.last());
        let certified = contribution.shown_quantity().map(|number| number.to_string());
        rows.push(vec![
            (index + 1).to_string(),
            contribution.law().to_string(),
            contribution.scheme.to_string(),
            format!("{}{}", contribution.kind, code.unwrap_or_default()),
            format!("{} {}", contribution.start, contribution.end),
            certified.unwrap_or_default(),
            show(result.map(|result| result.converted.value)),
            show(result.map(|result| result.counted)),
            issuer.map(|link| link.name().to_string()).unwrap_or_default(),
        ]);
    }
    rows
}

fn steps(work: &Work<'_>, said: &Sentences<'_>) -> Vec<Vec<String>> {
    let heads = crate::text_ids![
        "totalise-head-number",
        "totalise-head-step",
        "totalise-head-rule",
        "totalise-head-citation"
    ];
    let mut rows = vec![heads.iter().map(|id| said.texts.plain(id)).collect::<Vec<_>>()];
    let Some(outcome) = &work.outcome else { return rows };
    for (number, step) in (1..).zip(&outcome.explanation.steps) {
        let rule = step.rule.and_then(|rule| work.agreement.rules.rule(rule));
        rows.push(vec![
            format!("{number}"),
            said.step(step),
            step.rule.map(|rule| rule.to_string()).unwrap_or_default(),
            rule.map(|rule| rule.citation.to_string()).unwrap_or_default(),
        ]);
    }
    rows
}

/// Tells where the agreement data are from, and each rule that was used with the place where it stands.
pub fn rules(work: &Work<'_>, texts: &Texts) -> Vec<String> {
    let agreement = work.agreement;
    let from = Args::new()
        .with("id", agreement.rules.id.to_string())
        .with("title", agreement.title.clone());
    let mut lines = vec![texts.get("totalise-rule-from", &from)];
    for rule in work.rules_used() {
        let text: Vec<_> = rule.text.iter().map(|line| line.as_str()).collect();
        let mut line = format!("{}: {}. {}", rule.id, rule.citation, text.join(" "));
        if rule.general_knowledge {
            line = format!("{line} ({})", texts.plain("totalise-rule-memory"));
        }
        lines.push(line);
    }
    lines
}

/// Writes the worksheet as text.
///
/// # Errors
/// As [`Output::line`].
pub fn write(sheet: &Sheet, out: &mut Output) -> Result<(), CliError> {
    out.line(bold(&sheet.title))?;
    out.line(&sheet.lead)?;
    out.line("")?;
    let facts: Vec<_> =
        sheet.facts.iter().map(|(name, value)| vec![name.clone(), clean(value)]).collect();
    out.table(&facts)?;
    out.line("")?;
    for line in &sheet.answer {
        out.paragraph(0, line)?;
    }
    for section in &sheet.sections {
        out.line("")?;
        out.line(bold(&section.heading))?;
        for line in &section.lines {
            out.paragraph(2, &clean(line))?;
        }
        let table: Vec<Vec<_>> =
            section.table.iter().map(|row| row.iter().map(|cell| clean(cell)).collect()).collect();
        out.table(&table)?;
    }
    out.line("")?;
    out.paragraph(0, &sheet.footer)
}

fn clean(text: &str) -> String {
    crate::text::clean(text).into_owned()
}

impl Work<'_> {
    /// Returns what became of an attestation, by its place among those shown.
    fn result_of(&self, shown: usize) -> Option<&carnet_proto::totalisation::count::PeriodResult> {
        let index = self.attested.shown.iter().position(|at| *at == shown)?;
        let outcome = self.outcome.as_ref()?;
        outcome.counted.periods.iter().find(|result| result.index == index)
    }

    /// Returns everything as JSON, version 1 of its shape.
    pub fn to_json(&self) -> Value {
        let claim = &self.claim;
        let attestations =
            self.counted.iter().zip(&self.places).enumerate().map(|(index, (item, place))| {
                let period = self.attested.shown.iter().position(|at| *at == index);
                json!({
                    "number": index + 1, "file": item.file.display().to_string(), "id": place.id,
                    "issuer": place.issuer, "contribution": place.contribution,
                    "period": period, "result": self.result_of(index),
                })
            });
        let attestations: Vec<_> = attestations.collect();
        let refused = self.refused.iter().map(|item| {
            json!({
                "file": item.file.display().to_string(), "id": item.report.id,
                "issuer": item.report.issuer, "verdict": item.report.verdict,
                "check": item.report.decisive().map(|check| check.id),
                "reason": item.report.decisive().map(|check| &check.reason),
            })
        });
        let rules = self.rules_used().into_iter().map(|rule| {
            json!({
                "id": rule.id, "citation": rule.citation, "text": rule.text,
                "general_knowledge": rule.general_knowledge,
            })
        });
        json!({
            "version": 1,
            "from": "the attestations shown",
            "made_at": self.made_at,
            "agreement": {
                "id": self.agreement.rules.id, "title": self.agreement.title,
                "statement": self.agreement.statement,
            },
            "claim": {
                "state": claim.country, "branch": claim.branch, "unit": claim.unit,
                "risk_date": claim.risk, "needed": claim.qualifying.map(|needed| needed.to_string()),
                "on": claim.on,
            },
            "one_person": self.is_one_person,
            "attestations": attestations,
            "refused": refused.collect::<Vec<_>>(),
            "left_out": self.attested.left_out,
            "notes": self.attested.notes,
            "outcome": self.outcome,
            "rules": rules.collect::<Vec<_>>(),
        })
    }
}
