//! The answer as a sheet: headings, sentences with marks, each with the rule behind it. The terminal and
//! the printed page show the same.

use super::grounds::Seat;
use super::shipped::{self, Levels};
use super::shown::Accepted;
use super::{Answered, Judged, not_used};
use crate::error::{Answer, CliError};
use crate::render::{Mark, Output, bold};
use crate::text::{Args, Texts};
use carnet_proto::classification::{Country, Framework};
use carnet_proto::recognition::{
    Basis, Citation, Missing, Procedure, RecognitionOutcome, Route, Shown, Status, Step,
};
use carnet_proto::statement::accreditation::Level;
use carnet_proto::text::Name;
use carnet_proto::time::Date;
use carnet_proto::verify::report::Reason;
use serde::Serialize;

/// A part of a sheet.
pub enum Block {
    /// The title.
    Title(String),
    /// A heading.
    Heading(String),
    /// A sentence.
    Text(String),
    /// A sentence with a mark; none for what decides nothing. The last is where the rule stands.
    Item(Option<Mark>, String, Option<String>),
}

/// The sheet.
pub struct Sheet {
    /// Its parts, in order.
    pub blocks: Vec<Block>,
}

/// What reference frameworks say of the level of an attestation.
#[derive(Serialize)]
pub struct LevelNote {
    from: String,
    to: String,
    relation: Option<carnet_proto::recognition::LevelRelation>,
    source: Option<Citation>,
}

/// Returns what the built-in rows say of the levels shown: every framework that they correspond to, and
/// the one of the destination, with or without a row.
///
/// # Errors
/// As [`shipped::levels`].
pub fn levels(
    shown: &[Shown<'_>],
    destination: Option<Country>,
) -> Result<Vec<LevelNote>, CliError> {
    let known = shipped::levels()?;
    let mut notes: Vec<LevelNote> = Vec::new();
    for shown in shown {
        let (framework, level) = (&shown.skill.framework, shown.skill.level);
        let from = format!("{framework} {level}");
        if notes.iter().any(|note| note.from == from) {
            continue;
        }
        for row in
            known.rows.iter().filter(|r| r.from_framework == *framework && r.from_level == level)
        {
            notes.push(LevelNote {
                from: from.clone(),
                to: format!("{} {}", row.to_framework, row.to_level),
                relation: Some(row.relation),
                source: Some(row.source.clone()),
            });
        }
        let none = |to: &Framework| LevelNote {
            from: from.clone(),
            to: to.to_string(),
            relation: None,
            source: None,
        };
        notes.extend(without_rows(&known, framework, level, destination).into_iter().map(none));
    }
    Ok(notes)
}

/// Returns the frameworks to which nobody has agreed on a correspondence.
fn without_rows<'k>(
    known: &'k Levels,
    framework: &Framework,
    level: Level,
    destination: Option<Country>,
) -> Vec<&'k Framework> {
    let said = known.none.iter().filter_map(|(a, b, _)| match framework {
        own if own == a => Some(b),
        own if own == b => Some(a),
        _ => None,
    });
    let there = known.frameworks.iter().filter(|f| f.country.is_some() && f.country == destination);
    let mut all: Vec<_> = said.chain(there.map(|framework| &framework.code)).collect();
    all.sort_unstable();
    all.dedup();
    all.retain(|to| {
        *to != framework
            && !known.rows.iter().any(|row| {
                row.from_framework == *framework
                    && row.from_level == level
                    && row.to_framework == **to
            })
    });
    all
}

impl Sheet {
    /// Writes down an answer.
    pub(super) fn new(
        judged: &[Judged],
        (accepted, seats): (&Accepted<'_>, &[Seat]),
        answered: &Answered,
        levels: &[LevelNote],
        today: Date,
        texts: &Texts,
    ) -> Self {
        let mut sheet = Self { blocks: Vec::new() };
        let shown = accepted.shown();
        match answered {
            Answered::Question(recognition) => {
                let args = Args::new()
                    .with("occupation", recognition.occupation.code())
                    .with("title", recognition.occupation.title())
                    .with("country", recognition.destination.name());
                sheet.add(Block::Title(texts.get("recognise-question", &args)));
                sheet.outcome(recognition.outcome, texts);
            }
            Answered::Opens(_) => sheet.add(Block::Title(texts.plain("recognise-opens"))),
        }
        let day = Args::new().with("day", today.to_string());
        sheet.text(texts.get("recognise-from-shown", &day));
        not_used(judged, texts).into_iter().for_each(|line| sheet.text(line));
        if accepted.has_superseded {
            sheet.text(texts.plain("recognise-superseded"));
        }
        sheet.attestations(&shown, (accepted, seats), texts);
        match answered {
            Answered::Question(recognition) => {
                recognition.steps.iter().for_each(|step| sheet.step(step, texts));
                if let Some((best, others)) = recognition.routes.split_first() {
                    sheet.route(best, texts);
                    if !others.is_empty() {
                        sheet.heading("recognise-others", texts);
                        others.iter().for_each(|route| sheet.in_short(route, texts));
                    }
                }
            }
            Answered::Opens(routes) => {
                if routes.is_empty() {
                    sheet.text(texts.plain("recognise-opens-nothing"));
                }
                routes.iter().for_each(|route| sheet.route(route, texts));
            }
        }
        sheet.levels(levels, texts);
        sheet
    }

    /// Writes the sheet to the terminal.
    ///
    /// # Errors
    /// As [`Output::line`].
    pub fn write(&self, out: &mut Output) -> Result<(), CliError> {
        for block in &self.blocks {
            match block {
                Block::Title(text) => out.line(bold(text))?,
                Block::Heading(text) => {
                    out.line("")?;
                    out.line(bold(text))?;
                }
                Block::Text(text) => out.paragraph(0, text)?,
                Block::Item(mark, text, source) => {
                    let text = match source {
                        Some(source) => format!("{text} [{source}]"),
                        None => text.clone(),
                    };
                    match mark {
                        Some(mark) => out.item(2, *mark, &text)?,
                        None => out.paragraph(4, &text)?,
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, block: Block) {
        self.blocks.push(block);
    }

    fn heading(&mut self, id: &str, texts: &Texts) {
        crate::uses_texts![
            "recognise-others",
            "recognise-attestations",
            "recognise-steps",
            "recognise-signatures",
            "recognise-conditions",
            "recognise-missing",
            "recognise-procedure",
            "recognise-levels"
        ];
        self.add(Block::Heading(texts.plain(id)));
    }

    fn text(&mut self, text: String) {
        self.add(Block::Text(text));
    }

    fn item(&mut self, mark: Option<Mark>, text: String, source: Option<String>) {
        self.add(Block::Item(mark, text, source));
    }

    fn outcome(&mut self, outcome: RecognitionOutcome, texts: &Texts) {
        let text = texts.plain(&format!("recognise-outcome-{outcome}"));
        self.item(Some(mark_of(outcome)), format!("{outcome}: {text}"), None);
    }

    fn attestations(
        &mut self,
        shown: &[Shown<'_>],
        (accepted, seats): (&Accepted<'_>, &[Seat]),
        texts: &Texts,
    ) {
        self.heading("recognise-attestations", texts);
        for (number, shown) in (1..).zip(shown) {
            let args = Args::new()
                .with("number", number)
                .with("title", shown.skill.title.text.to_string())
                .with("claim", shown.skill.claim_type.name())
                .with("day", shown.skill.award_date.to_string())
                .with("issuer", shown.issuer_name.unwrap_or("?").to_owned());
            self.item(None, texts.get("recognise-attestation", &args), None);
            for endorsing in accepted.endorsements(shown.id, shown.issuer) {
                let role = endorsing.endorsed.role;
                // As what it speaks, an endorser says itself; a seat that an agreement gives it shows it.
                let seat =
                    seats.iter().find(|seat| Some(seat.did) == endorsing.by && seat.role == role);
                let mut args =
                    Args::new().with("issuer", endorsing.name.to_owned()).with("role", role.name());
                let [by_seat, by_itself] =
                    crate::text_ids!["recognise-endorsed", "recognise-endorsed-own-claim"];
                match seat {
                    Some(seat) => {
                        args.set("agreement", seat.agreement.to_string());
                        self.item(Some(Mark::Yes), texts.get(by_seat, &args), None);
                    }
                    None => self.item(None, texts.get(by_itself, &args), None),
                }
            }
        }
    }

    fn in_short(&mut self, route: &Route, texts: &Texts) {
        let text = format!("{}: {}", agreement(route, texts), route.outcome);
        self.item(Some(mark_of(route.outcome)), text, None);
    }

    fn route(&mut self, route: &Route, texts: &Texts) {
        self.add(Block::Heading(agreement(route, texts)));
        let args = Args::new()
            .with("home", route.home.name())
            .with("host", route.host.name())
            .with("occupation", route.occupation.code())
            .with("title", route.occupation.title());
        self.text(texts.get("recognise-way", &args));
        if let Some(title) = &route.host_title {
            let args = Args::new().with("title", title.to_string());
            self.text(texts.get("recognise-way-title", &args));
        }
        self.outcome(route.outcome, texts);
        let [binding, not_binding] = crate::text_ids!["recognise-binding", "recognise-not-binding"];
        self.text(texts.plain(if route.is_binding { binding } else { not_binding }));
        self.heading("recognise-steps", texts);
        route.steps.iter().for_each(|step| self.step(step, texts));
        if !route.signatures.is_empty() {
            self.heading("recognise-signatures", texts);
        }
        for seat in &route.signatures {
            let args = Args::new()
                .with("country", seat.country.name())
                .with("name", seat.name.to_string())
                .with("role", seat.role.name())
                .with("must", if seat.must { "yes" } else { "no" });
            let mark = if seat.since.is_some() { Mark::Yes } else { Mark::Unknown };
            self.item(Some(mark), texts.get("recognise-seat", &args), None);
        }
        if !route.conditions.is_empty() {
            self.heading("recognise-conditions", texts);
        }
        for judged in &route.conditions {
            let condition = &judged.condition;
            let text =
                in_language(&condition.text, texts).unwrap_or_else(|| condition.id.to_string());
            let found = reason(&judged.reason, texts);
            let source = source(&condition.source, texts);
            self.item(mark(judged.status), format!("{text} {found}"), Some(source));
            for other in &judged.not_counted {
                self.item(None, reason(other, texts), None);
            }
        }
        self.missing(&route.missing, texts);
        self.compensation(route, texts);
        if let Some(procedure) = &route.procedure {
            self.procedure(procedure, texts);
        }
    }

    fn step(&mut self, step: &Step, texts: &Texts) {
        let source = step.citation.as_ref().map(|citation| source(citation, texts));
        self.item(mark(step.status), reason(&step.reason, texts), source);
    }

    fn missing(&mut self, missing: &[Missing], texts: &Texts) {
        self.heading("recognise-missing", texts);
        if missing.is_empty() {
            self.item(None, texts.plain("recognise-missing-nothing"), None);
        }
        for missing in missing {
            let list = |lines: &[carnet_proto::text::Line]| match lines {
                [] => "none".to_owned(),
                lines => lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            };
            let evidence = texts.plain(&format!("recognise-evidence-{}", missing.evidence));
            let args = Args::new()
                .with("evidence", evidence)
                .with("conditions", list(&missing.conditions))
                .with("titles", list(&missing.one_of));
            let text = texts.get("recognise-missing-item", &args);
            let from = match missing.issuers.as_slice() {
                [] => texts.plain(&format!("recognise-supplier-{}", missing.evidence)),
                issuers => {
                    let args = Args::new().with("issuers", list(issuers));
                    texts.get("recognise-supplier-issuers", &args)
                }
            };
            self.item(Some(Mark::Unknown), format!("{text}; {from}"), None);
        }
    }

    fn compensation(&mut self, route: &Route, texts: &Texts) {
        let Some(asked) = &route.compensation else { return };
        let args = Args::new().with("chooser", asked.rules.chooser.name());
        self.add(Block::Heading(texts.get("recognise-compensation", &args)));
        for measure in &asked.rules.measures {
            let maximum = measure.maximum.map_or("none".to_owned(), |span| span.to_string());
            let args = Args::new()
                .with("kind", measure.kind.name())
                .with("maximum", maximum)
                .with("text", in_language(&measure.text, texts).unwrap_or_default());
            let source = source(&asked.rules.source, texts);
            self.item(None, texts.get("recognise-measure", &args), Some(source));
        }
    }

    fn procedure(&mut self, procedure: &Procedure, texts: &Texts) {
        self.heading("recognise-procedure", texts);
        let cited = Some(source(&procedure.source, texts));
        let args = Args::new().with("body", procedure.body.to_string());
        self.item(None, texts.get("recognise-body", &args), cited);
        if !procedure.documents.is_empty() {
            let documents: Vec<String> =
                procedure.documents.iter().map(ToString::to_string).collect();
            let args = Args::new().with("documents", documents.join("; "));
            self.item(None, texts.get("recognise-documents", &args), None);
        }
        let [acknowledgement, decision] =
            crate::text_ids!["recognise-acknowledgement", "recognise-decision"];
        for (id, span) in
            [(acknowledgement, procedure.acknowledgement), (decision, procedure.decision)]
        {
            if let Some(span) = span {
                let args = Args::new().with("span", span.to_string());
                self.item(None, texts.get(id, &args), None);
            }
        }
        if let Some(fee) = &procedure.fee {
            let args = Args::new()
                .with("amount", fee.amount.to_string())
                .with("currency", fee.currency.to_string())
                .with("payer", fee.payer.name());
            let text = match fee.payer {
                carnet_proto::recognition::Payer::Nobody => texts.plain("recognise-no-fee"),
                _ => texts.get("recognise-fee", &args),
            };
            self.item(None, text, None);
        }
        if let Some(appeal) = &procedure.appeal {
            let args = Args::new().with("appeal", appeal.to_string());
            self.item(None, texts.get("recognise-appeal", &args), None);
        }
    }

    fn levels(&mut self, levels: &[LevelNote], texts: &Texts) {
        if levels.is_empty() {
            return;
        }
        self.heading("recognise-levels", texts);
        for note in levels {
            let args = Args::new().with("from", note.from.clone()).with("to", note.to.clone());
            let [row, none] = crate::text_ids!["recognise-level-row", "recognise-level-none"];
            let text = texts.get(if note.relation.is_some() { row } else { none }, &args);
            self.item(None, text, note.source.as_ref().map(|citation| source(citation, texts)));
        }
    }
}

fn agreement(route: &Route, texts: &Texts) -> String {
    let args = Args::new()
        .with("title", in_language(&route.titles, texts).unwrap_or_default())
        .with("id", route.agreement.to_string())
        .with("version", route.version.to_string());
    texts.get("recognise-agreement", &args)
}

fn in_language(names: &[Name], texts: &Texts) -> Option<String> {
    carnet_proto::text::choose(names, texts.language()).map(ToString::to_string)
}

fn mark_of(outcome: RecognitionOutcome) -> Mark {
    match outcome {
        RecognitionOutcome::Automatic => Answer::Yes.into(),
        outcome if outcome < RecognitionOutcome::Refused => Mark::Unknown,
        _ => Mark::No,
    }
}

const fn mark(status: Status) -> Option<Mark> {
    match status {
        Status::Met => Some(Mark::Yes),
        Status::NotMet => Some(Mark::No),
        Status::NotShown => Some(Mark::Unknown),
        Status::Note => None,
    }
}

/// Returns what was found, in words.
pub fn reason(reason: &Reason, texts: &Texts) -> String {
    let mut args = Args::new();
    for (name, value) in &reason.args {
        args.set(name, value.clone());
    }
    texts.get(&format!("recognise-step-{}", reason.id), &args)
}

/// Returns where a rule stands, and whether that is to be doubted.
fn source(citation: &Citation, texts: &Texts) -> String {
    match citation.basis {
        Basis::Source => citation.text.to_string(),
        Basis::GeneralKnowledge => {
            format!("{}; {}", citation.text, texts.plain("recognise-general-knowledge"))
        }
        Basis::Fictitious => format!("{}; {}", citation.text, texts.plain("recognise-fictitious")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use carnet_proto::recognition::{EvidenceKind, step};

    #[test]
    fn everything_that_the_core_says_has_a_text() {
        let texts = Texts::load(Some("en"));
        let steps = step::ALL.iter().map(|id| format!("recognise-step-{id}"));
        let outcomes = RecognitionOutcome::ALL.iter().map(|o| format!("recognise-outcome-{o}"));
        let evidence = EvidenceKind::ALL.iter().map(|kind| format!("recognise-evidence-{kind}"));
        let from = EvidenceKind::ALL.iter().map(|kind| format!("recognise-supplier-{kind}"));
        for id in steps.chain(outcomes).chain(evidence).chain(from) {
            assert!(texts.has(&id), "{id}");
        }
    }
}
