//! `carnet log fork`: proofs that a log shows two histories.

use std::path::Path;

use carnet_proto::log::fork::{Fork, ForkError, ForkProof, MAX_FORK_BYTES};
use carnet_proto::log::merkle::TreeHead;
use carnet_proto::statement::fork::Accusation;
use serde_json::{Value, json};

use super::{Context, did, read_from, set};
use crate::args::anyone as args;
use crate::commands::institution::{Operator, appended};
use crate::error::{Answer, CliError};
use crate::files::{self, Access, Existing};
use crate::text::Args;

/// Runs a command of the group `log fork`.
///
/// # Errors
/// Those of reading, of writing and of the client; `fork-file`, `fork-none`, `fork-wrong`.
pub fn fork(command: args::LogFork, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        args::LogFork::Save(args) => save(&args, context),
        args::LogFork::Show(args) => show(&args.file, context),
        args::LogFork::Verify(args) => verify(&args.file, context),
        args::LogFork::State(args) => state(&args, context),
    }
}

fn save(args: &args::ForkSave, context: &mut Context) -> Result<Answer, CliError> {
    let (wanted, client) = (did(&args.did)?, read_from(&args.node)?);
    let about = |error: CliError| error.arg("did", wanted.to_string());
    let found = client.find_bytes(&format!("/v1/logs/{wanted}/fork"), MAX_FORK_BYTES as u64)?;
    let bytes = found.ok_or_else(|| about(CliError::input("fork-none")))?;
    let proof = ForkProof::open(&bytes);
    let proof = proof.map_err(|cause| about(CliError::network("fork-wrong").caused_by(cause)))?;
    let fork = proof.verify();
    let fork = fork.map_err(|cause| about(CliError::network("fork-wrong").caused_by(cause)))?;
    if fork.origin != wanted {
        return Err(about(CliError::network("fork-wrong").caused_by(ForkError::OtherLog)));
    }
    files::write(&args.out, &bytes, Access::Shared, Existing::Keep)?;
    let file = args.out.display().to_string();
    if context.out.is_json() {
        let mut line = line_of(&Ok(fork));
        set(&mut line, "file", json!(file));
        context.out.json(&line)?;
    } else {
        context.say("fork-saved", &values(&fork).with("file", file))?;
    }
    Ok(Answer::Yes)
}

fn show(file: &Path, context: &mut Context) -> Result<Answer, CliError> {
    let proof = open(file)?;
    let verified = proof.verify();
    let (smaller, larger) = (proof.smaller.to_string(), proof.larger.to_string());
    if context.out.is_json() {
        let mut line = line_of(&verified);
        set(&mut line, "notes", json!([smaller, larger]));
        context.out.json(&line)?;
        return Ok(Answer::Yes);
    }
    for note in [&smaller, &larger] {
        for line in note.lines() {
            context.out.line(format!("  {line}"))?;
        }
        context.out.line("")?;
    }
    say(&verified, context)?;
    Ok(Answer::Yes)
}

fn verify(file: &Path, context: &mut Context) -> Result<Answer, CliError> {
    let verified = open(file)?.verify();
    let answer = if verified.is_ok() { Answer::Yes } else { Answer::No };
    if context.out.is_json() {
        let line = line_of(&verified);
        return context.out.answer(answer, |out| out.json(&line));
    }
    say(&verified, context)?;
    Ok(answer)
}

fn state(args: &args::ForkState, context: &mut Context) -> Result<Answer, CliError> {
    let proof = open(&args.file)?;
    let fork = proof.verify().map_err(|cause| {
        let error = CliError::input("fork-file").arg("file", args.file.display().to_string());
        error.caused_by(cause)
    })?;
    let operator = Operator::of(&args.node)?;
    let accusation = Accusation { accused: fork.origin, proof };
    let done = operator.append("fork", &accusation)?;
    crate::uses_texts!["fork-stated"];
    let args = Args::new().with("did", fork.origin.to_string());
    appended(&done, "fork-stated", args, context)
}

fn open(file: &Path) -> Result<ForkProof, CliError> {
    let bytes = files::read_limited(file, MAX_FORK_BYTES as u64)?;
    ForkProof::open(&bytes).map_err(|cause| {
        let error = CliError::input("fork-file").arg("file", file.display().to_string());
        error.caused_by(cause)
    })
}

fn say(verified: &Result<Fork, ForkError>, context: &mut Context) -> Result<(), CliError> {
    match verified {
        Ok(fork) => {
            context.say("fork-proven", &values(fork))?;
            context.say("fork-proven-means", &values(fork))
        }
        Err(error) => {
            context.say("fork-not-proven", &Args::new().with("reason", error.to_string()))
        }
    }
}

fn values(fork: &Fork) -> Args {
    Args::new()
        .with("did", fork.origin.to_string())
        .with("smaller", fork.smaller.size.0)
        .with("larger", fork.larger.size.0)
        .with("common", fork.common().0)
}

fn line_of(verified: &Result<Fork, ForkError>) -> Value {
    let head = |head: &TreeHead| json!({ "size": head.size, "root": head.root });
    match verified {
        Ok(fork) => json!({
            "version": 1, "ok": true, "reason": null, "did": fork.origin,
            "smaller": head(&fork.smaller), "larger": head(&fork.larger), "common": fork.common(),
        }),
        Err(error) => json!({ "version": 1, "ok": false, "reason": error.to_string() }),
    }
}
