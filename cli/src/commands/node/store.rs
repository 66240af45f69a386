//! `carnet node migrate`, and what is said of a store that does not open.

use super::super::{Context, node_dir};
use crate::args::node as args;
use crate::error::{Answer, CliError};
use crate::progress;
use crate::text::Args;
use carnet_node::config::{ConfigError, StoreConfig};
use carnet_node::institution::InstitutionError;
use carnet_node::run::{MigrateError, StartError, StoreProblem, migrate as move_data};
use carnet_node::store::StoreError;
use carnet_node::store::postgres::PostgresSettings;
use serde_json::{Value, json};
use std::io::ErrorKind;
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
    let error = CliError::store(code).arg("dir", dir.display().to_string());
    match hint(&cause) {
        Some(hint) => error.hint(hint),
        None => error,
    }
    .caused_by(cause)
}

/// Returns what to do about a node that cannot start, where there is one thing to do.
pub fn hint(cause: &StartError) -> Option<&'static str> {
    let missing = |source: &std::io::Error| source.kind() == ErrorKind::NotFound;
    let hint = match cause.store_problem() {
        None => match cause {
            StartError::Http(_) | StartError::Net(_) => "node-address",
            StartError::Config(ConfigError::Unreadable { source, .. }) if missing(source) => {
                "node-start"
            }
            StartError::Config(ConfigError::Wrong { .. } | ConfigError::TooLarge { .. }) => {
                "node-config"
            }
            StartError::Institution(InstitutionError::Unreadable { source, .. })
                if missing(source) =>
            {
                "node-files"
            }
            _ => return None,
        },
        Some(StoreProblem::Locked) => "store-locked",
        Some(StoreProblem::Leased) => "store-leased",
        Some(StoreProblem::Damaged) => "store-damaged",
        Some(StoreProblem::Newer) => "store-newer",
        Some(StoreProblem::Moved) => "store-moved",
        Some(StoreProblem::Permission) => "store-permission",
        Some(StoreProblem::Full) => "store-full",
        Some(StoreProblem::Unreachable) => "store-unreachable",
        Some(StoreProblem::Refused) if is_password(cause) => "store-password",
        Some(StoreProblem::Refused) => "store-refused",
    };
    crate::uses_texts![
        "hint-node-address",
        "hint-node-start",
        "hint-node-config",
        "hint-node-files",
        "hint-store-locked",
        "hint-store-leased",
        "hint-store-damaged",
        "hint-store-newer",
        "hint-store-moved",
        "hint-store-permission",
        "hint-store-full",
        "hint-store-unreachable",
        "hint-store-password",
        "hint-store-refused"
    ];
    Some(hint)
}

/// Tells whether it is the password of the database that is missing, cannot be read or is wrong.
fn is_password(cause: &StartError) -> bool {
    match cause {
        StartError::Store(StoreError::Password { .. }) => true,
        StartError::Store(StoreError::Refused { detail, .. }) => detail.contains("password"),
        _ => false,
    }
}

/// Returns what to do about a move that cannot begin, by where it goes: what `--to` names is not in the
/// configuration.
fn migrate_hint(cause: &StartError, target: &StoreConfig) -> Option<&'static str> {
    crate::uses_texts![
        "hint-store-target-left",
        "hint-store-target-unreachable",
        "hint-store-target-password"
    ];
    match (cause.store_problem(), target) {
        (Some(StoreProblem::Moved), StoreConfig::Sled) => Some("store-target-left"),
        (Some(StoreProblem::Unreachable), StoreConfig::Postgres(_)) => {
            Some("store-target-unreachable")
        }
        (Some(StoreProblem::Refused), StoreConfig::Postgres(_)) if is_password(cause) => {
            Some("store-target-password")
        }
        _ => hint(cause),
    }
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
    let moved = move_data(&dir, target.clone(), &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let moved = moved.map_err(|cause| {
        let hint = match (&cause, &target) {
            (MigrateError::Start(cause), target) => migrate_hint(cause, target),
            (MigrateError::Same, _) => Some("store-same"),
            (MigrateError::Occupied(_) | MigrateError::Differs(_), StoreConfig::Sled) => {
                Some("store-target-left")
            }
            (MigrateError::Occupied(_) | MigrateError::Differs(_), _) => Some("store-occupied"),
            _ => None,
        };
        // Where there is no node, none goes on.
        let error = match hint {
            Some("node-start") => CliError::store("node-none"),
            _ => CliError::store("node-migrate"),
        };
        let error = error.arg("dir", dir.display().to_string());
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
        .caused_by(cause)
    })?;
    crate::uses_texts!["hint-store-same", "hint-store-occupied"];
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
