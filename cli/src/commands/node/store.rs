//! `carnet node migrate`, and what is said of a store that does not open.

use super::super::{Context, node_dir};
use crate::args::node as args;
use crate::error::{Answer, CliError};
use crate::progress;
use crate::text::Args;
use carnet_node::config::StoreConfig;
use carnet_node::run::{MigrateError, StartError, StoreProblem, migrate as move_data};
use carnet_node::store::postgres::PostgresSettings;
use serde_json::{Value, json};
use std::path::Path;

/// Leaves alone the panics over damaged files that are caught and reported as such.
pub fn leave_guarded_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !carnet_node::store::sled::is_guarded() {
            report(panic);
        }
    }));
}

/// Says why a node cannot start or be checked, with the hint that fits.
pub fn failed(code: &'static str, dir: &Path, cause: StartError) -> CliError {
    crate::uses_texts!["error-node-start", "error-node-check"];
    let hint = match cause.store_problem() {
        None if matches!(cause, StartError::Http(_) | StartError::Net(_)) => "node-address",
        None => "node-start",
        Some(StoreProblem::Locked) => "store-locked",
        Some(StoreProblem::Leased) => "store-leased",
        Some(StoreProblem::Damaged) => "store-damaged",
        Some(StoreProblem::Newer) => "store-newer",
        Some(StoreProblem::Moved) => "store-moved",
        Some(StoreProblem::Permission) => "store-permission",
        Some(StoreProblem::Full) => "store-full",
        Some(StoreProblem::Unreachable) => "store-unreachable",
        Some(StoreProblem::Refused) => "store-refused",
    };
    crate::uses_texts![
        "hint-node-address",
        "hint-node-start",
        "hint-store-locked",
        "hint-store-leased",
        "hint-store-damaged",
        "hint-store-newer",
        "hint-store-moved",
        "hint-store-permission",
        "hint-store-full",
        "hint-store-unreachable",
        "hint-store-refused"
    ];
    CliError::store(code).arg("dir", dir.display().to_string()).hint(hint).caused_by(cause)
}

/// Moves what a node keeps.
pub fn migrate(args: &args::Migrate, context: &mut Context) -> Result<Answer, CliError> {
    let dir = node_dir(args.dir.as_deref())?;
    let target = match args.to.as_str() {
        "sled" => StoreConfig::Sled,
        url => {
            let (schema, file) = (args.schema.clone(), args.password_file.clone());
            let settings = PostgresSettings::new(url.to_owned(), schema, file, args.lease_seconds);
            let wrong = |cause| CliError::usage("store-target").caused_by(cause);
            StoreConfig::Postgres(settings.map_err(wrong)?)
        }
    };
    let bar = progress::bar(0, context.texts.plain("node-moving"));
    let moved = move_data(&dir, target, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let moved = moved.map_err(|cause| match cause {
        MigrateError::Start(cause) => failed("node-migrate", &dir, *cause),
        cause => {
            let hint = match &cause {
                MigrateError::Occupied(_) | MigrateError::Differs(_) => Some("store-occupied"),
                _ => None,
            };
            let error = CliError::store("node-migrate").arg("dir", dir.display().to_string());
            let error = match hint {
                Some(hint) => error.hint(hint),
                None => error,
            };
            error.caused_by(cause)
        }
    })?;
    crate::uses_texts!["error-node-migrate", "hint-store-occupied"];
    let entries: u64 = moved.stores.iter().map(|store| store.entries).sum();
    if context.out.is_json() {
        let stores = moved.stores.iter().map(|store| {
            let digest: String = store.digest.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "entries": store.entries, "digest": digest })
        });
        context.out.json(&json!({
            "version": 1, "from": moved.from, "to": moved.to, "stores": stores.collect::<Vec<Value>>(),
            "logs": moved.check.logs.len(), "records": moved.check.records,
        }))?;
        return Ok(Answer::Yes);
    }
    let args = Args::new()
        .with("from", moved.from)
        .with("to", moved.to)
        .with("entries", entries)
        .with("logs", moved.check.logs.len())
        .with("records", moved.check.records);
    context.say("node-moved", &args)?;
    Ok(Answer::Yes)
}
