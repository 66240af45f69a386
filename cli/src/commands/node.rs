//! `carnet node`: setting up, running and looking after a node.

use super::Context;
use super::institution::Operator;
use crate::args::node as args;
use crate::error::{Answer, CliError};
use crate::render::{bold, inline};
use serde_json::Value;

/// Runs a command of the group.
///
/// # Errors
/// What kept it from an answer.
pub fn run(command: args::Node, context: &mut Context) -> Result<Answer, CliError> {
    match command {
        args::Node::Init(_) => Err(CliError::usage("not-built").arg("command", "node init")),
        args::Node::Run(_) => Err(CliError::usage("not-built").arg("command", "node run")),
        args::Node::Check(_) => Err(CliError::usage("not-built").arg("command", "node check")),
        args::Node::Status(args) => status(&args, context),
    }
}

fn status(args: &args::Status, context: &mut Context) -> Result<Answer, CliError> {
    let status = Operator::of(&args.node)?.status()?;
    if context.out.is_json() {
        let mut json = status.rest;
        json.insert("version".into(), Value::from(1));
        json.insert("did".into(), Value::from(status.did));
        context.out.json(&json)?;
        return Ok(Answer::Yes);
    }
    let name = status.rest.get("name").map(inline).unwrap_or_default();
    context.out.line(bold(name))?;
    context.out.line(format!("  {}", status.did))?;
    let mut rows = Vec::new();
    for (name, value) in status.rest.iter().filter(|(name, _)| *name != "name") {
        match value {
            Value::Array(items) if items.iter().any(Value::is_object) => {
                rows.push(vec![format!("  {name}"), items.len().to_string()]);
                rows.extend(items.iter().map(|item| vec![String::new(), inline(item)]));
            }
            value => rows.push(vec![format!("  {name}"), inline(value)]),
        }
    }
    context.out.table(&rows)?;
    Ok(Answer::Yes)
}
