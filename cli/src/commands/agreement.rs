//! `carnet agreement`: putting an agreement between countries into force.

mod check;
mod recognition;

use super::institution::{Operator, appended, day, only_one};
use super::{Context, read_from};
use crate::args::agreement as args;
use crate::error::{Answer, CliError};
use crate::forms::agreement as form;
use crate::http::Client;
use crate::ledger::{self, Fetched};
use crate::render::{Mark, bold};
use crate::text::{Args, Texts};
use carnet_proto::id::Digest;
use carnet_proto::ledger::{Ledger, Signed};
use carnet_proto::statement::agreement::{Agreement, Denunciation, Party, Ratification, Signatory};
use carnet_proto::statement::standing::State;
use carnet_proto::time::{Date, UnixSeconds};
use serde_json::{Value, json};

/// Runs a command of the group.
///
/// # Errors
/// What kept it from an answer.
pub fn run(command: args::Agreement, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        args::Agreement::Propose(args) => propose(&args, context),
        args::Agreement::Ratify(args) => ratify(&args, context),
        args::Agreement::Denounce(args) => denounce(&args, context),
        args::Agreement::Show(args) => show(&args, context),
        args::Agreement::Check(args) => check::run(&args, context),
    }
}

fn propose(args: &args::Propose, context: &mut Context) -> Result<Answer, CliError> {
    let Some(path) = args.text.as_deref().filter(|_| !args.template) else {
        context.out.line(form::TEMPLATE.trim_end())?;
        return Ok(Answer::Yes);
    };
    let agreement = form::read(path)?;
    let operator = Operator::of(&args.node)?;
    warn_of_fees(&agreement, context);
    let done = operator.append("agreement", &agreement)?;
    crate::uses_texts!["agreement-proposed"];
    appended(&done, "agreement-proposed", Args::new(), context)
}

/// Warns whoever proposes or signs of fees that fall on workers.
fn warn_of_fees(agreement: &Agreement, context: &Context) {
    let warnings = agreement
        .recognition
        .iter()
        .flat_map(|terms| recognition::worker_pays(terms, &context.texts));
    for warning in warnings {
        context.note("note", &Args::new().with("text", warning));
    }
}

/// An agreement that was found in the logs of a node.
struct Found {
    digest: Digest,
    agreement: Agreement,
    state: State,
    fetched: Fetched,
    logs: Ledger,
    now: UnixSeconds,
}

fn find(client: &Client, named: &str, context: &Context) -> Result<Found, CliError> {
    let fetched = ledger::fetch(client, context.texts.plain("progress-logs"))?;
    let logs = fetched.ledger();
    let known = logs.agreements();
    let digests = known.keys().map(|digest| **digest).filter(|d| d.to_string().starts_with(named));
    let digest = only_one(named, digests)?;
    let Some((_, held, agreement)) = known.get(&digest) else {
        return Err(CliError::bug("arguments"));
    };
    let (agreement, state) = ((*agreement).clone(), held.state);
    drop(known);
    Ok(Found { digest, agreement, state, fetched, logs, now: context.now() })
}

fn ratify(args: &args::Ratify, context: &mut Context) -> Result<Answer, CliError> {
    let operator = Operator::of(&args.node)?;
    let own = operator.did()?;
    let found = find(&operator.client, &args.agreement, context)?;
    let digest = found.digest.to_string();
    let refused = |code| CliError::usage(code).arg("digest", digest.clone());
    let Some((party, signatory)) = found.agreement.signatory(&own) else {
        return Err(refused("agreement-not-named").arg("did", own.to_string()));
    };
    let Some(party) = found.agreement.parties.get(party) else {
        return Err(CliError::bug("arguments"));
    };
    if ratified_without_end(&found, party, signatory) {
        return Err(refused("agreement-ratified-already"));
    }
    let ratification = Ratification {
        agreement: found.digest,
        party: party.country,
        role: signatory.role,
        since: context.now(),
    };
    warn_of_fees(&found.agreement, context);
    let done = operator.append("ratification", &ratification)?;
    let args = Args::new()
        .with("title", title(&found.agreement, &context.texts))
        .with("country", party.country.name())
        .with("role", signatory.role.name());
    crate::uses_texts!["agreement-ratified"];
    appended(&done, "agreement-ratified", args, context)
}

fn denounce(args: &args::Denounce, context: &mut Context) -> Result<Answer, CliError> {
    let operator = Operator::of(&args.node)?;
    let own = operator.did()?;
    let from = day(args.from.as_deref())?.map_or_else(|| context.now(), |day| day.start());
    let found = find(&operator.client, &args.agreement, context)?;
    let refused = |code| CliError::usage(code).arg("digest", found.digest.to_string());
    let Some((party, signatory)) = found.agreement.signatory(&own) else {
        return Err(refused("agreement-not-named").arg("did", own.to_string()));
    };
    let Some(party) = found.agreement.parties.get(party) else {
        return Err(CliError::bug("arguments"));
    };
    if !ratified_without_end(&found, party, signatory) {
        return Err(refused("agreement-not-ratified"));
    }
    let denunciation = Denunciation {
        agreement: found.digest,
        party: party.country,
        role: signatory.role,
        effective: from,
    };
    let done = operator.append("denunciation", &denunciation)?;
    crate::uses_texts!["agreement-denounced"];
    let args = Args::new().with("from", from.date().to_string());
    appended(&done, "agreement-denounced", args, context)
}

/// Returns what is known of the ratification of a signatory of a party.
fn signed(found: &Found, party: &Party, signatory: &Signatory) -> Signed {
    found.logs.signed(&found.digest, party, signatory, found.now)
}

/// Tells whether a signatory has ratified and not left, not even for a later day.
fn ratified_without_end(found: &Found, party: &Party, signatory: &Signatory) -> bool {
    matches!(signed(found, party, signatory), Signed::Yes { leaves: None, .. })
}

/// Returns the day on which a signatory leaves, or left.
fn leaves(signed: Signed) -> Option<Date> {
    match signed {
        Signed::Yes { leaves: Some(end), .. } | Signed::Left { end, .. } => Some(end.date()),
        _ => None,
    }
}

fn title(agreement: &Agreement, texts: &Texts) -> String {
    carnet_proto::text::choose(&agreement.titles, texts.language())
        .map(ToString::to_string)
        .unwrap_or_default()
}

/// Tells whether the agreement is in force: yes, no, or unknown where the log of a signatory that must
/// ratify is not at hand.
fn in_force(found: &Found) -> Answer {
    if found.state != State::InForce {
        return Answer::No;
    }
    match found.logs.in_force(&found.digest, &found.agreement, found.now) {
        Some(true) => Answer::Yes,
        Some(false) => Answer::No,
        None => Answer::Unknown,
    }
}

fn show(args: &args::Show, context: &mut Context) -> Result<Answer, CliError> {
    let client = read_from(&args.node)?;
    let found = find(&client, &args.agreement, context)?;
    let answer = in_force(&found);
    if context.out.is_json() {
        let json = to_json(&found, answer);
        context.out.json(&json)?;
        return Ok(Answer::Yes);
    }
    let agreement = &found.agreement;
    context.out.line(bold(title(agreement, &context.texts)))?;
    let until = match agreement.validity.until {
        Some(until) => {
            let day = Args::new().with("day", until.date().to_string());
            context.texts.get("until-day", &day)
        }
        None => context.texts.plain("without-end"),
    };
    let args = Args::new()
        .with("digest", found.digest.to_string())
        .with("from", agreement.validity.from.date().to_string())
        .with("until", until);
    context.say("agreement-digest", &args)?;
    context.say("agreement-dates", &args)?;
    crate::uses_texts!["agreement-in-force", "agreement-not-in-force", "agreement-unclear"];
    let text = match answer {
        Answer::Yes => "agreement-in-force",
        Answer::No => "agreement-not-in-force",
        Answer::Unknown => "agreement-unclear",
    };
    let line = format!("{} {}", context.out.mark(answer.into()), context.texts.plain(text));
    context.out.line(line)?;
    for party in &agreement.parties {
        context.out.line("")?;
        context.out.line(bold(party.country.name()))?;
        for body in &party.bodies {
            let args = Args::new()
                .with("name", body.name.to_string())
                .with("did", body.did.to_string())
                .with("scope", body.grants.iter().map(in_words).collect::<Vec<_>>().join("; "));
            context.say("agreement-body", &args)?;
        }
        for signatory in &party.signatories {
            let signed = signed(&found, party, signatory);
            let mark = match signed {
                Signed::Yes { .. } => Mark::Yes,
                Signed::Left { .. } | Signed::No => Mark::No,
                Signed::NotAtHand => Mark::Unknown,
            };
            let args = Args::new()
                .with("name", signatory.name.to_string())
                .with("role", signatory.role.name())
                .with("must", if signatory.must { "yes" } else { "no" });
            let text = context.texts.get("agreement-signatory", &args);
            let line = format!("  {} {text}", context.out.mark(mark));
            context.out.line(line)?;
            if let Some(day) = leaves(signed) {
                context.say("agreement-leaves", &Args::new().with("day", day.to_string()))?;
            }
        }
        if let Some(quorum) = party.quorum {
            let names: Vec<_> = party.witnesses.iter().map(|did| found.fetched.name(did)).collect();
            let args = Args::new().with("quorum", quorum).with("names", names.join(", "));
            context.say("agreement-witnesses", &args)?;
        }
    }
    recognition::show(&found, context)?;
    Ok(Answer::Yes)
}

/// Returns what a grant covers, in codes.
pub fn in_words(grant: &carnet_proto::statement::accreditation::Grant) -> String {
    let mut parts = Vec::new();
    let mut list = |name: &str, codes: Vec<String>| {
        if !codes.is_empty() {
            parts.push(format!("{name} {}", codes.join(", ")));
        }
    };
    list("ISCO-08", grant.occupations.iter().map(ToString::to_string).collect());
    list("ISCED-F", grant.fields.iter().map(ToString::to_string).collect());
    let level = |range: &carnet_proto::statement::accreditation::LevelRange| {
        format!("{} {}-{}", range.framework, range.lowest, range.highest)
    };
    list("level", grant.levels.iter().map(level).collect());
    list("country", grant.countries.iter().map(ToString::to_string).collect());
    parts.join(", ")
}

fn to_json(found: &Found, answer: Answer) -> Value {
    let parties: Vec<Value> = found
        .agreement
        .parties
        .iter()
        .map(|party| {
            let bodies: Vec<Value> = party
                .bodies
                .iter()
                .map(|body| {
                    json!({ "did": body.did, "name": body.name, "may_accredit": body.may_accredit,
                            "grants": body.grants.iter().map(in_words).collect::<Vec<_>>() })
                })
                .collect();
            let signatories: Vec<Value> = party
                .signatories
                .iter()
                .map(|signatory| {
                    let signed = signed(found, party, signatory);
                    let ratification = match signed {
                        Signed::Yes { ratification, .. } => Some(ratification),
                        _ => None,
                    };
                    json!({ "did": signatory.did, "name": signatory.name,
                            "role": signatory.role, "must": signatory.must,
                            "ratification": ratification, "leaves": leaves(signed) })
                })
                .collect();
            json!({ "country": party.country, "bodies": bodies, "signatories": signatories,
                    "witnesses": party.witnesses, "quorum": party.quorum })
        })
        .collect();
    json!({
        "version": 1,
        "digest": found.digest,
        "kind": found.agreement.kind,
        "titles": found.agreement.titles,
        "validity": found.agreement.validity,
        "in_force": match answer { Answer::Yes => Some(true), Answer::No => Some(false), Answer::Unknown => None },
        "parties": parties,
        "recognition": recognition::shown_json(found),
    })
}
