//! `carnet totalise --cases` and `carnet agreement check`: rules on periods held against worked cases.
//! What `carnet totalise` does with presentations is in [`super::worksheet`].

pub mod words;

use super::{Context, worksheet};
use crate::args::totalise as args;
use crate::cases::{self, Answered, MAX_CASES};
use crate::error::{Answer, CliError};
use crate::files;
use crate::forms::periods::PeriodFile;
use crate::forms::{broken, wrong};
use crate::render::{Mark, bold, inline};
use crate::text::Args;
use carnet_proto::totalisation::rules::PeriodRules;
use serde_json::{Value, json};
use std::path::Path;

/// Version of the JSON that both commands print.
const VERSION: u32 = 1;
/// Largest file of cases, in bytes.
const MAX_CASES_BYTES: u64 = 8 * 1024 * 1024;
/// The format of a file of cases.
const FORMAT: &str = "totalisation-cases/1";

/// Runs `totalise`.
///
/// # Errors
/// What kept it from an answer.
pub fn run(args: &args::Totalise, context: &mut Context) -> Result<Answer, CliError> {
    let Some(path) = args.cases.as_deref() else { return worksheet::run(args, context) };
    let cases = read(path)?;
    let answered: Vec<Answered> = cases.iter().map(cases::answer).collect();
    let explained = if args.explain { explain(&cases, context) } else { Vec::new() };
    report(&answered, &explained, json!({ "version": VERSION }), context)
}

/// Returns, for each case on a right, how its answer came about; nothing for others.
fn explain(cases: &[Value], context: &Context) -> Vec<Vec<String>> {
    let told = |case: &Value| match cases::outcome(case) {
        Some((periods, outcome)) => words::explain(&outcome, &periods, &context.texts),
        None => Vec::new(),
    };
    cases.iter().map(told).collect()
}

/// Reads the cases of a file.
fn read(path: &Path) -> Result<Vec<Value>, CliError> {
    let text = files::read_text(path, MAX_CASES_BYTES)?;
    let file: Value = serde_json::from_str(&text)
        .map_err(|error| wrong(path, error.line(), error.column(), &error.to_string()))?;
    if let Some(format) = file.get("format")
        && format != FORMAT
    {
        return Err(broken(path, format!("its format is {} and not {FORMAT}", inline(format))));
    }
    match file.get("cases") {
        Some(Value::Array(cases)) if cases.len() <= MAX_CASES => match cases::twice(cases) {
            Some(id) => Err(broken(path, format!("two cases have the id {id:?}"))),
            None => Ok(cases.clone()),
        },
        Some(Value::Array(_)) => Err(broken(path, format!("it has more than {MAX_CASES} cases"))),
        _ => Err(broken(path, "it has no list of cases")),
    }
}

/// Shows cases with their answers and, where they were asked for, explanations; `head` is what the JSON begins
/// with.
fn report(
    answered: &[Answered],
    explained: &[Vec<String>],
    head: Value,
    context: &mut Context,
) -> Result<Answer, CliError> {
    let matching = answered.iter().filter(|case| case.matches()).count();
    let open = answered.iter().filter(|case| case.is_open()).count();
    let answer = match (matching + open == answered.len(), open) {
        (false, _) => Answer::No,
        (true, 0) => Answer::Yes,
        (true, _) => Answer::Unknown,
    };
    if context.out.is_json() {
        let mut all = head;
        put(&mut all, "count", answered.len().into());
        put(&mut all, "matching", matching.into());
        put(&mut all, "not_compared", open.into());
        let mut cases: Vec<Value> = answered.iter().map(Answered::to_json).collect();
        for (case, lines) in cases.iter_mut().zip(explained) {
            put(case, "explanation", lines.clone().into());
        }
        put(&mut all, "cases", cases.into());
        return context.out.answer(answer, |out| out.json(&all));
    }
    let lines: Vec<(Mark, String, Vec<String>)> =
        answered.iter().map(|case| lines(case, context)).collect();
    let nothing = Vec::new();
    let explained = |index: usize| explained.get(index).unwrap_or(&nothing);
    let compared = answered.len().saturating_sub(open);
    let args = Args::new().with("matching", matching).with("count", compared);
    let total = context.texts.get("cases-total", &args);
    let total = Some(total).filter(|_| compared > 0 || answered.is_empty());
    let open = context.texts.get("cases-not-compared", &Args::new().with("count", open));
    let open = Some(open).filter(|_| answered.iter().any(Answered::is_open));
    context.out.answer(answer, |out| {
        for (index, (mark, line, details)) in lines.iter().enumerate() {
            out.item(0, *mark, line)?;
            let told = details.iter().chain(explained(index));
            told.into_iter().try_for_each(|detail| out.paragraph(4, detail))?;
        }
        total.into_iter().chain(open).try_for_each(|line| out.line(line))
    })
}

/// Adds a member to an object.
fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(key.to_owned(), value);
    }
}

/// Returns the line of a case, and one for each difference.
fn lines(case: &Answered, context: &Context) -> (Mark, String, Vec<String>) {
    let name = [case.id.as_str(), case.title.as_str()].join(" ");
    let details = match &case.computed {
        Err(error) => {
            let args = Args::new().with("reason", error.to_string());
            vec![context.texts.get("case-not-computed", &args)]
        }
        Ok(computed) if case.is_open() => {
            let args = Args::new().with("computed", computed.to_string());
            vec![context.texts.get("case-not-compared", &args)]
        }
        Ok(_) => {
            let differs = |(path, expected, computed): &(String, Value, Value)| {
                let args = Args::new()
                    .with("at", path.clone())
                    .with("expected", expected.to_string())
                    .with("computed", computed.to_string());
                context.texts.get("case-differs", &args)
            };
            case.differences.iter().map(differs).collect()
        }
    };
    let mark = match (&case.computed, case.matches()) {
        (_, true) => Mark::Yes,
        (Ok(_), false) if case.is_open() => Mark::Unknown,
        (Ok(_), false) => Mark::No,
        (Err(_), _) => Mark::Unknown,
    };
    (mark, crate::text::clean(name.trim()).into_owned(), details)
}

/// Runs `agreement check` on rules on periods that were read, and looked through for mistakes: the file's own
/// cases are computed by them.
///
/// # Errors
/// Those of writing.
pub fn check(
    (file, rules): (PeriodFile, PeriodRules),
    context: &mut Context,
) -> Result<Answer, CliError> {
    let answered: Vec<Answered> =
        file.cases.iter().map(|case| cases::answer_by(case, &rules)).collect();
    let unsure = rules.rules.iter().filter(|rule| rule.general_knowledge).count();
    if context.out.is_json() {
        let head = json!({
            "version": VERSION,
            "kind": "periods",
            "id": rules.id,
            "title": file.title,
            "family": rules.family,
            "parties": rules.parties,
            "rules": rules.rules.iter().map(rule_to_json).collect::<Vec<_>>(),
        });
        return report(&answered, &[], head, context);
    }
    context.out.line(bold(&file.title))?;
    let args = Args::new()
        .with("id", rules.id.to_string())
        .with("family", rules.family.name())
        .with("rules", rules.rules.len())
        .with("unsure", unsure);
    context.say("agreement-rules", &args)?;
    if is_untried(&rules, &answered) {
        context.say("agreement-no-cases", &Args::new())?;
    }
    report(&answered, &[], Value::Null, context)
}

/// Tells whether an agreement of parties has no case to hold it against.
fn is_untried(rules: &PeriodRules, answered: &[Answered]) -> bool {
    !rules.parties.is_empty() && answered.is_empty()
}

fn rule_to_json(rule: &carnet_proto::totalisation::rules::PeriodRule) -> Value {
    let text: Vec<_> = rule.text.iter().map(ToString::to_string).collect();
    let does: Vec<_> = rule.does.iter().map(|does| does.kind.name()).collect();
    json!({
        "id": rule.id,
        "citation": rule.citation.to_string(),
        "text": text.join(" "),
        "general_knowledge": rule.general_knowledge,
        "does": does,
    })
}
