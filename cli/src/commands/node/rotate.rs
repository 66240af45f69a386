//! `carnet key rotate`: replaces the keys of an institution whose node does not run.

use super::{say_words, store, words};
use crate::args::key as args;
use crate::commands::{Context, agreed, did, node_dir, rng};
use crate::error::{Answer, CliError};
use crate::secret;
use crate::text::Args;
use carnet_node::run::{Affected, Offline, Repudiation, RotateError, RotationPlan};
use carnet_proto::id::{Digest, LeafIndex};
use carnet_proto::key::Seed;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use std::io::IsTerminal as _;

/// Runs `key rotate`.
///
/// # Errors
/// `key-rotate` with what is wrong, those of the words, `key-unconfirmed`.
pub fn rotate(args: &args::Rotate, context: &mut Context) -> Result<Answer, CliError> {
    let dir = node_dir(args.dir.as_deref())?;
    may_ask(args.yes, context)?;
    let institution = args.institution.as_deref().map(did).transpose()?;
    let wish = Repudiation {
        from: args.repudiated_from.map(LeafIndex),
        keep: args.keep.iter().map(|text| digest(text)).collect::<Result<_, _>>()?,
        keep_known_batches: !args.keep_none,
    };
    let offline = Offline::open(&dir, institution.as_ref()).map_err(refused)?;
    let revealed = secret::read_words(&context.texts.plain("key-words-prompt"), args.words_fd)?;
    let plan = offline.plan(revealed, &wish).map_err(refused)?;
    let next = Seed::generate(&mut rng());
    show(&offline, &plan, &next, context)?;
    if !args.yes && !agreed("key-confirm", context)? {
        return Err(CliError::usage("key-unconfirmed").hint("key-unconfirmed"));
    }
    let rotated = offline.rotate(plan, &next, context.now()).map_err(refused)?;
    if !context.out.is_json() {
        let args = Args::new()
            .with("digest", rotated.digest.to_string())
            .with("leaf", rotated.leaf.0)
            .with("lists", rotated.lists)
            .with("dir", dir.display().to_string());
        context.say("key-rotated", &args)?;
    }
    Ok(Answer::Yes)
}

/// Refuses to show words to nobody who could say that they are on paper.
///
/// # Errors
/// `key-unconfirmed`.
pub(super) fn may_ask(yes: bool, context: &Context) -> Result<(), CliError> {
    if yes || (!context.out.is_json() && std::io::stdin().is_terminal()) {
        return Ok(());
    }
    Err(CliError::usage("key-unconfirmed").hint("key-unconfirmed"))
}

/// Shows what will be done, and the words that nobody will show again.
fn show(
    offline: &Offline,
    plan: &RotationPlan,
    next: &Seed,
    context: &mut Context,
) -> Result<(), CliError> {
    let next = words(next)?;
    if context.out.is_json() {
        let list = |affected: &[Affected]| -> Vec<Value> {
            let one = |a: &Affected| json!({ "leaf": a.leaf.0, "digest": a.digest.to_string(), "kind": a.kind });
            affected.iter().map(one).collect()
        };
        return context.out.json(&json!({
            "version": 1, "did": offline.did(), "leaf": plan.size, "void": list(&plan.void),
            "kept": list(&plan.kept), "next_words": next.as_str(),
        }));
    }
    let args = Args::new().with("did", offline.did().to_string()).with("leaf", plan.size);
    context.say("key-plan", &args)?;
    let [void, kept] = crate::text_ids!["key-void", "key-kept"];
    for (id, affected) in [(void, &plan.void), (kept, &plan.kept)] {
        for Affected { leaf, digest, kind } in affected {
            let args = Args::new()
                .with("leaf", leaf.0)
                .with("digest", digest.to_string())
                .with("kind", *kind);
            context.say(id, &args)?;
        }
    }
    if !plan.kept.is_empty() {
        context.say("key-kept-why", &Args::new())?;
    }
    context.out.line("")?;
    context.say("key-words", &args)?;
    say_words(&next, context)
}

fn digest(text: &str) -> Result<Digest, CliError> {
    let mut bytes = [0; 32];
    match text.len() == 64 && HEXLOWER.decode_mut(text.as_bytes(), &mut bytes).is_ok() {
        true => Ok(Digest::new(bytes)),
        false => Err(CliError::usage("digest-whole").arg("digest", text.to_owned()).hint("digest")),
    }
}

/// Says why keys are not replaced.
pub(super) fn refused(cause: RotateError) -> CliError {
    match &cause {
        RotateError::Start(cause) => {
            CliError::store("key-rotate").hint(store::hint(cause).unwrap_or("key-rotate"))
        }
        RotateError::Which
        | RotateError::CatchingUp
        | RotateError::InForce
        | RotateError::NotTheNext
        | RotateError::From { .. }
        | RotateError::NotThere(_)
        | RotateError::TooManyKept(_) => CliError::usage("key-rotate"),
        _ => CliError::store("key-rotate"),
    }
    .caused_by(cause)
}
