//! What a wallet shows to its holder.

use super::Gathered;
use crate::claims;
use crate::commands::Context;
use crate::error::{Answer, CliError};
use crate::ledger::{self, Fetched};
use crate::render::{bold, time};
use crate::text::Args;
use carnet_proto::cbor::Decode as _;
use carnet_proto::challenge::Challenge;
use carnet_proto::credential::attested::Attested;
use carnet_proto::evidence::Evidence;
use carnet_proto::id::Did;
use carnet_proto::status::Status;
use carnet_proto::time::UnixSeconds;
use carnet_proto::wallet::{Contents, Wallet, WalletCredential, contents_of};
use serde_json::{Value, json};
use std::path::Path;

/// Lists what is in the wallet.
pub fn list(wallet: &Wallet, context: &mut Context) -> Result<Answer, CliError> {
    if context.out.is_json() {
        let credentials = (1..).zip(wallet.credentials()).map(|(number, c)| summary(number, c));
        let credentials: Vec<Value> = credentials.collect::<Result<_, _>>()?;
        let pending: Vec<Value> = wallet
            .pending()
            .iter()
            .map(|key| json!({ "institution": key.institution, "requested_at": key.created_at }))
            .collect();
        context
            .out
            .json(&json!({ "version": 1, "credentials": credentials, "pending": pending }))?;
        return Ok(Answer::Yes);
    }
    if wallet.credentials().is_empty() && wallet.pending().is_empty() {
        context.say("wallet-empty", &Args::new())?;
    }
    if !wallet.credentials().is_empty() {
        let heads = crate::text_ids![
            "wallet-head-number",
            "wallet-head-title",
            "wallet-head-level",
            "wallet-head-issuer",
            "wallet-head-until",
            "wallet-head-evidence"
        ];
        let mut rows =
            vec![heads.iter().map(|id| bold(context.texts.plain(id))).collect::<Vec<_>>()];
        for (number, credential) in (1..).zip(wallet.credentials()) {
            let claims = read(credential)?.claims;
            let evidence = match credential.refreshed_at {
                Some(at) => at.date().to_string(),
                None => context.texts.plain("wallet-none"),
            };
            rows.push(vec![
                format!("{number}"),
                claims::title(&claims.attested, &context.texts),
                claims::extent(&claims.attested),
                issuer(credential, &claims.issuer, &claims.issuer.short()),
                claims.expires_at.date().to_string(),
                evidence,
            ]);
        }
        context.out.table(&rows)?;
    }
    for key in wallet.pending() {
        let args = Args::new()
            .with("did", key.institution.to_string())
            .with("day", key.created_at.date().to_string());
        context.say("wallet-pending", &args)?;
    }
    Ok(Answer::Yes)
}

/// Shows one credential with every claim.
pub fn one(wallet: &Wallet, index: usize, context: &mut Context) -> Result<Answer, CliError> {
    let Some(credential) = wallet.credentials().get(index) else { return Ok(Answer::No) };
    let contents = read(credential)?;
    let (always, disclosable) = parts(&contents)?;
    if context.out.is_json() {
        let mut shown = summary(index + 1, credential)?;
        if let Value::Object(map) = &mut shown {
            map.insert("version".into(), json!(1));
            map.insert("always".into(), Value::Object(always.into_iter().collect()));
            let disclosable: Vec<Value> = disclosable
                .into_iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect();
            map.insert("disclosable".into(), Value::Array(disclosable));
        }
        context.out.json(&shown)?;
        return Ok(Answer::Yes);
    }
    let read = &contents.claims;
    context.out.line(bold(claims::title(&read.attested, &context.texts)))?;
    let args = Args::new()
        .with("id", read.id.to_string())
        .with("issuer", issuer(credential, &read.issuer, &read.issuer.to_string()))
        .with("issued", read.issued_at.date().to_string())
        .with("until", read.expires_at.date().to_string());
    for id in crate::text_ids!["wallet-show-id", "wallet-show-issuer", "wallet-show-times"] {
        context.say(id, &args)?;
    }
    match credential.refreshed_at {
        Some(at) => {
            context.say("wallet-show-evidence", &Args::new().with("at", time(at)))?;
        }
        None => context.say("wallet-show-no-evidence", &Args::new())?,
    }
    for (id, rows) in crate::text_ids!["wallet-show-always", "wallet-show-chosen"]
        .into_iter()
        .zip([always, disclosable])
    {
        context.out.line("")?;
        context.say(id, &Args::new())?;
        let rows: Vec<_> = rows
            .iter()
            .map(|(name, value)| vec![format!("  {name}"), claims::for_people(name, value)])
            .collect();
        context.out.table(&rows)?;
    }
    Ok(Answer::Yes)
}

/// Says what was added.
pub fn added(wallet: &Wallet, first: usize, context: &mut Context) -> Result<Answer, CliError> {
    let new = (1..).zip(wallet.credentials()).skip(first);
    if context.out.is_json() {
        let added = new.map(|(number, c)| summary(number, c)).collect::<Result<Vec<_>, _>>()?;
        context.out.json(&json!({ "version": 1, "added": added }))?;
        return Ok(Answer::Yes);
    }
    for (number, credential) in new {
        let claims = read(credential)?.claims;
        let args = Args::new()
            .with("number", number)
            .with("title", claims::title(&claims.attested, &context.texts))
            .with("issuer", claims.issuer.to_string())
            .with("until", claims.expires_at.date().to_string());
        context.say("wallet-added", &args)?;
    }
    context.say("wallet-added-next", &Args::new())?;
    Ok(Answer::Yes)
}

/// What was made to be shown.
pub struct Presented<'a> {
    /// Whom it is for.
    pub audience: &'a str,
    /// What it answers; none for a copy.
    pub challenge: Option<&'a Challenge>,
    /// Until when it counts.
    pub until: UnixSeconds,
}

/// Returns the names of the claims that a challenge asks for, as a wallet writes them.
pub fn wishes(challenge: &Challenge) -> Vec<String> {
    challenge.wishes.iter().map(|wish| wish.as_str().replace('-', "_")).collect()
}

/// Tells the holder who asks, what for, and for which claims.
pub fn challenge(challenge: &Challenge, context: &Context) {
    let args = Args::new().with("audience", challenge.audience.to_string());
    context.note("challenge-from", &args);
    if let Some(purpose) = &challenge.purpose {
        context.note("challenge-purpose", &Args::new().with("purpose", purpose.to_string()));
    }
    let claims = wishes(challenge);
    if !claims.is_empty() {
        context.note("challenge-claims", &Args::new().with("claims", claims.join(", ")));
    }
}

/// Says what was presented to whom.
pub fn presented(
    file: &Path,
    made: &Presented<'_>,
    disclosed: &[String],
    context: &mut Context,
) -> Result<Answer, CliError> {
    let &Presented { audience, challenge, until } = made;
    let live = challenge.is_some();
    let file = file.display().to_string();
    if context.out.is_json() {
        let kind = if live { "live" } else { "prepared" };
        context.out.json(&json!({
            "version": 1, "file": file, "kind": kind, "audience": audience,
            "purpose": challenge.and_then(|challenge| challenge.purpose.as_ref()),
            "asked": challenge.map(wishes),
            "expires_at": until, "disclosed": disclosed,
        }))?;
        return Ok(Answer::Yes);
    }
    let args = Args::new()
        .with("file", file)
        .with("audience", audience.to_owned())
        .with("until", time(until))
        .with("claims", disclosed.join(", "));
    context.say(if live { "wallet-presented-live" } else { "wallet-presented-copy" }, &args)?;
    context.say(
        if disclosed.is_empty() { "wallet-disclosed-nothing" } else { "wallet-disclosed" },
        &args,
    )?;
    Ok(Answer::Yes)
}

/// Says what was refreshed.
pub fn refreshed(
    fetched: &Fetched,
    gathered: &Gathered,
    context: &mut Context,
) -> Result<Answer, CliError> {
    let Gathered { refreshed, missing, not_in_force } = gathered;
    let answer = if missing.is_empty() { Answer::Yes } else { Answer::Unknown };
    for (did, error) in &fetched.failed {
        let args =
            Args::new().with("did", did.clone()).with("reason", error.message(&context.texts));
        context.note("log-left-out", &args);
    }
    if context.out.is_json() {
        let missing: Vec<_> = missing
            .iter()
            .map(|(index, issuer)| json!({ "number": index + 1, "issuer": issuer }))
            .collect();
        let numbers: Vec<_> = refreshed.iter().map(|index| index + 1).collect();
        let logs = fetched.replicas.len();
        let ended: Vec<_> = not_in_force
            .iter()
            .map(|(index, status)| json!({ "number": index + 1, "status": status }))
            .collect();
        context.out.json(&json!({
            "version": 1, "logs": logs, "refreshed": numbers, "missing": missing,
            "not_in_force": ended,
        }))?;
        return Ok(answer);
    }
    let args = Args::new().with("count", refreshed.len()).with("logs", fetched.replicas.len());
    context.say("wallet-refreshed", &args)?;
    for (index, issuer) in missing {
        let args = Args::new().with("number", index + 1).with("issuer", issuer.to_string());
        context.say("wallet-not-refreshed", &args)?;
    }
    for (index, status) in not_in_force {
        let args = Args::new().with("number", index + 1);
        let [revoked, suspended] = crate::text_ids!["wallet-revoked", "wallet-suspended"];
        context.say(if *status == Status::Invalid { revoked } else { suspended }, &args)?;
    }
    Ok(answer)
}

fn read(credential: &WalletCredential) -> Result<Contents, CliError> {
    contents_of(credential).map_err(|cause| CliError::input("credential-read").caused_by(cause))
}

fn summary(number: usize, credential: &WalletCredential) -> Result<Value, CliError> {
    let claims = read(credential)?.claims;
    let mut summary = match &claims.attested {
        Attested::Skill(skill) => json!({
            "title": skill.title.text,
            "occupation": skill.occupation,
            "framework": skill.framework,
            "level": skill.level,
            "country": skill.country,
        }),
        Attested::Contribution(contribution) => json!({
            "legislation": contribution.law(),
            "scheme": contribution.scheme,
            "branches": contribution.branches,
            "kind": contribution.kind,
            "start": contribution.start,
            "end": contribution.end,
            "total": contribution.total.or_else(|| contribution.shown_quantity()),
        }),
    };
    if let Value::Object(map) = &mut summary {
        map.insert("number".into(), json!(number));
        map.insert("id".into(), json!(claims.id));
        map.insert("type".into(), json!(claims.attested.credential_type()));
        map.insert("issuer".into(), json!(claims.issuer));
        map.insert("issued_at".into(), json!(claims.issued_at));
        map.insert("expires_at".into(), json!(claims.expires_at));
        map.insert("refreshed_at".into(), json!(credential.refreshed_at));
    }
    Ok(summary)
}

/// Returns what the issuer calls itself, by the evidence in the wallet, beside its identifier.
fn issuer(credential: &WalletCredential, did: &Did, shown: &str) -> String {
    let evidence =
        credential.evidence.as_ref().and_then(|bytes| Evidence::from_cbor(&bytes.0).ok());
    let name = evidence.and_then(|evidence| ledger::name(evidence.verify().0.log(did)?));
    match name {
        Some(name) => format!("{name} ({shown})"),
        None => shown.to_owned(),
    }
}

type Named = Vec<(String, Value)>;

/// Parts what is always shown from what is shown by name.
fn parts(contents: &Contents) -> Result<(Named, Named), CliError> {
    let bug = |cause| CliError::bug("json-write").caused_by(cause);
    let person = serde_json::to_value(&contents.claims.person).map_err(bug)?;
    let attested = claims::to_json(&contents.claims.attested).map_err(bug)?;
    let names: Vec<&str> = contents.disclosures.iter().map(|d| d.name.as_str()).collect();
    let always = attested.as_object().into_iter().flatten();
    let always = always
        .filter(|(name, _)| !names.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()));
    let find = |name: &str| match name.split_once('.') {
        Some((list, number)) => {
            let index = number.parse::<usize>().ok()?.checked_sub(1)?;
            attested.get(list)?.get(index).cloned()
        }
        None if name == "sub" => contents.claims.subject.clone().map(Value::String),
        None => person.get(name).or_else(|| attested.get(name)).cloned(),
    };
    let mut always: Named = always.collect();
    let mut disclosable: Named =
        names.iter().filter_map(|name| Some(((*name).to_owned(), find(name)?))).collect();
    always.sort_by_key(|(name, _)| claims::rank(name));
    disclosable.sort_by_key(|(name, _)| claims::rank(name));
    Ok((always, disclosable))
}
