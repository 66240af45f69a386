//! `carnet trust`: the institutions that a verifier starts from.

use super::{Context, agreed, did, policy_file, rng};
use crate::args::trust as args;
use crate::error::{Answer, CliError};
use crate::files::{self, Access, Existing};
use crate::policy::{self, Accepts, Rules};
use crate::text::Args;
use carnet_proto::id::Did;
use carnet_proto::key::fingerprint;
use carnet_proto::text::Line;
use carnet_proto::verify::policy::TrustPurpose;
use data_encoding::HEXLOWER;
use getrandom::rand_core::Rng as _;
use serde_json::{Value, json};
use std::path::Path;

/// Runs a command of the group.
///
/// # Errors
/// What kept it from an answer.
pub fn run(command: args::Trust, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        args::Trust::Add(args) => add(&args, context),
        args::Trust::List(args) => list(&args, context),
        args::Trust::Remove(args) => remove(&args, context),
    }
}

/// Returns what two people compare by telephone to be sure that they mean the same institution.
pub fn fingerprint_of(did: &Did) -> String {
    fingerprint(did.to_string().as_bytes())
}

fn add(args: &args::Add, context: &mut Context) -> Result<Answer, CliError> {
    let anchor = did(&args.did)?;
    let name = Line::parse(&args.name).map_err(|cause| CliError::usage("name").caused_by(cause))?;
    let mut purposes: Vec<TrustPurpose> = args.purposes.iter().map(|one| (*one).into()).collect();
    purposes.sort_unstable();
    purposes.dedup();
    let witnesses = args.witnesses.iter().map(|text| did(text)).collect::<Result<Vec<_>, _>>()?;
    let path = policy_file(&args.policy)?;
    let existing = match policy::read_text(&path) {
        Ok(text) => Some(text),
        Err(error) if error.code() == "policy-missing" => None,
        Err(error) => return Err(error),
    };
    let text = existing.clone().unwrap_or_else(|| policy::template(&new_audience()));
    let known = policy::parse(&path, &text)?;
    let refused = |code| {
        CliError::usage(code).arg("did", anchor.to_string()).arg("file", path.display().to_string())
    };
    let before = known.anchors.iter().find(|known| known.did == anchor);
    if let Some(before) = before {
        if purposes.iter().all(|purpose| before.purposes.contains(purpose)) {
            return Err(refused("trust-known").arg("purposes", names(&before.purposes).join(", ")));
        }
        purposes.extend(&before.purposes);
        purposes.sort_unstable();
        purposes.dedup();
    }
    // What it is called stays: changing that is not what was asked.
    let name = before.map_or(name, |before| before.name.clone());
    if known.witnesses.is_some() && !witnesses.is_empty() {
        return Err(refused("trust-witnesses"));
    }
    if !args.yes && !confirmed(&anchor, &name, context)? {
        return Err(CliError::usage("trust-unconfirmed").hint("trust-unconfirmed"));
    }
    let rest = match before {
        None => text,
        Some(_) => policy::without_anchor(&text, &anchor)
            .ok_or_else(|| refused("trust-by-hand").hint("trust-by-hand"))?,
    };
    let mut changed = policy::with_anchor(&rest, &anchor, &name, &purposes);
    if let Some(quorum) = args.quorum {
        changed = policy::with_witnesses(&changed, &witnesses, quorum);
    }
    let now = policy::parse(&path, &changed)?;
    if now.anchors.len() != known.anchors.len() + usize::from(before.is_none()) {
        return Err(refused("trust-by-hand").hint("trust-by-hand"));
    }
    if let (None, None, Some(dir)) = (&existing, &args.policy.path, path.parent()) {
        files::create_dir(dir, Access::Private)?;
    }
    write(&path, &changed, existing.is_some())?;
    if context.out.is_json() {
        context.out.json(&json!({
            "version": 1, "added": anchor, "name": name, "fingerprint": fingerprint_of(&anchor),
            "purposes": names(&purposes), "policy": path.display().to_string(),
        }))?;
        return Ok(Answer::Yes);
    }
    let args = Args::new()
        .with("name", name.to_string())
        .with("file", path.display().to_string())
        .with("purposes", names(&purposes).join(", "))
        .with("fingerprint", fingerprint_of(&anchor));
    let [added, more] = crate::text_ids!["trust-added", "trust-purposes-added"];
    context.say(if before.is_some() { more } else { added }, &args)?;
    if existing.is_none() {
        context.say("trust-new-file", &args)?;
    }
    Ok(Answer::Yes)
}

/// A name for a verifier that gave itself none: it tells nobody who that is.
fn new_audience() -> String {
    let mut random = [0; 16];
    rng().fill_bytes(&mut random);
    format!("urn:carnet:verifier:{}", HEXLOWER.encode(&random))
}

fn write(path: &Path, text: &str, exists: bool) -> Result<(), CliError> {
    let existing = if exists { Existing::Replace } else { Existing::Keep };
    files::write(path, text.as_bytes(), Access::Shared, existing)
}

/// Shows the fingerprint and asks whether it was compared.
fn confirmed(did: &Did, name: &Line, context: &Context) -> Result<bool, CliError> {
    let args = Args::new()
        .with("name", name.to_string())
        .with("did", did.to_string())
        .with("fingerprint", fingerprint_of(did));
    context.note("trust-compare", &args);
    crate::uses_texts!["trust-confirm"];
    agreed("trust-confirm", context)
}

fn list(args: &args::List, context: &mut Context) -> Result<Answer, CliError> {
    let path = policy_file(&args.policy)?;
    let rules = policy::read(&path)?;
    if context.out.is_json() {
        context.out.json(&to_json(&rules, &path))?;
        return Ok(Answer::Yes);
    }
    let accepts = match rules.accepts {
        Accepts::Live => "trust-accepts-live",
        Accepts::Prepared => "trust-accepts-prepared",
    };
    let args = Args::new()
        .with("file", path.display().to_string())
        .with("audience", rules.audience.to_string())
        .with("hours", rules.view_age / 3600)
        .with("skew", rules.clock_skew);
    crate::uses_texts!["trust-accepts-live", "trust-accepts-prepared"];
    for id in ["trust-file", "trust-audience", accepts, "trust-view-age", "trust-skew"] {
        context.say(id, &args)?;
    }
    crate::uses_texts!["trust-file", "trust-audience", "trust-view-age", "trust-skew"];
    match &rules.witnesses {
        None => context.say("trust-witnesses-named", &Args::new())?,
        Some(policy) => {
            let args =
                Args::new().with("quorum", policy.quorum).with("count", policy.witnesses.len());
            context.say("trust-witnesses-own", &args)?;
            for witness in &policy.witnesses {
                context.out.line(format!("  {witness}"))?;
            }
        }
    }
    if rules.anchors.is_empty() {
        context.say("trust-none", &Args::new())?;
    }
    for anchor in &rules.anchors {
        let args = Args::new()
            .with("name", anchor.name.to_string())
            .with("did", anchor.did.to_string())
            .with("purposes", names(&anchor.purposes).join(", "))
            .with("fingerprint", fingerprint_of(&anchor.did));
        context.say("trust-anchor", &args)?;
    }
    Ok(Answer::Yes)
}

fn names(purposes: &[TrustPurpose]) -> Vec<&'static str> {
    purposes.iter().map(|purpose| purpose.name()).collect()
}

fn to_json(rules: &Rules, path: &Path) -> Value {
    let anchors: Vec<Value> = rules
        .anchors
        .iter()
        .map(|anchor| {
            json!({ "did": anchor.did, "name": anchor.name, "purposes": names(&anchor.purposes),
                    "fingerprint": fingerprint_of(&anchor.did) })
        })
        .collect();
    let witnesses = rules
        .witnesses
        .as_ref()
        .map(|policy| json!({ "dids": policy.witnesses, "quorum": policy.quorum }));
    json!({
        "version": 1,
        "policy": path.display().to_string(),
        "audience": rules.audience,
        "accept": match rules.accepts { Accepts::Live => "live", Accepts::Prepared => "prepared" },
        "view_age": rules.view_age,
        "clock_skew": rules.clock_skew,
        "trust_anchors": anchors,
        "witnesses": witnesses,
    })
}

fn remove(args: &args::Remove, context: &mut Context) -> Result<Answer, CliError> {
    let anchor = did(&args.did)?;
    let path = policy_file(&args.policy)?;
    let text = policy::read_text(&path)?;
    let rules = policy::parse(&path, &text)?;
    let refused = |code| {
        CliError::usage(code).arg("did", anchor.to_string()).arg("file", path.display().to_string())
    };
    let Some(known) = rules.anchors.iter().find(|known| known.did == anchor) else {
        return Err(refused("trust-unknown"));
    };
    let by_hand = || refused("trust-by-hand").hint("trust-by-hand");
    let changed = policy::without_anchor(&text, &anchor).ok_or_else(by_hand)?;
    let left = policy::parse(&path, &changed).map_err(|_| by_hand())?;
    if left.anchors.len() + 1 != rules.anchors.len() {
        return Err(by_hand());
    }
    write(&path, &changed, true)?;
    if context.out.is_json() {
        context.out.json(
            &json!({ "version": 1, "removed": anchor, "policy": path.display().to_string() }),
        )?;
    } else {
        let args = Args::new()
            .with("name", known.name.to_string())
            .with("file", path.display().to_string());
        context.say("trust-removed", &args)?;
    }
    Ok(Answer::Yes)
}
