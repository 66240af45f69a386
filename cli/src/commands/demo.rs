//! `carnet demo`: a certificate crosses a border.
//!
//! Real nodes on loopback, with fictitious institutions and keys: eight in two countries, and three more
//! when periods of insurance are counted. The clock
//! starts 30 days ago and is stepped between chapters. Everything is done by the code that the other
//! commands run; each step says what was expected and what came.

mod chapters;
mod people;
mod privacy;
mod stage;
mod story;
mod terminal;

use crate::args::anyone::Demo;
use crate::commands::Context;
use crate::error::{Answer, CliError};
use crate::files::{self, Access};
use crate::text::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Instant;
use story::{Step, Story};

/// Version of the shape that `--json` prints.
const VERSION: u32 = 1;

/// Plays the demo.
///
/// # Errors
/// What kept it from playing to the end, such as a directory that cannot be made. A step that came out
/// otherwise than expected is an answer of no, not an error.
pub fn run(args: &Demo, context: &mut Context) -> Result<Answer, CliError> {
    let begun = Instant::now();
    let (dir, temporary) = directory(args.dir.as_deref())?;
    let now = context.now();
    let mut story = Story::new(&context.texts, &mut context.out);
    story.say("demo-opening", &Args::new())?;
    chapters::play(&dir, now, &mut story)?;
    let steps = story.into_steps();
    let seconds = begun.elapsed().as_secs_f64();
    let answer = if steps.iter().all(|step| step.ok) { Answer::Yes } else { Answer::No };
    finish(&steps, args.dir.as_deref(), seconds, context)?;
    drop(temporary);
    Ok(answer)
}

/// Makes the directory that everything goes into; without `--dir` one that is removed at the end.
fn directory(named: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>), CliError> {
    let Some(dir) = named else {
        let temporary = tempfile::Builder::new()
            .prefix("carnet-demo-")
            .tempdir()
            .map_err(|cause| CliError::store("demo-directory").caused_by(cause))?;
        return Ok((temporary.path().to_owned(), Some(temporary)));
    };
    files::create_dir(dir, Access::Private)?;
    let mut found = std::fs::read_dir(dir).map_err(|cause| {
        CliError::store("file-read").arg("file", dir.display().to_string()).caused_by(cause)
    })?;
    if found.next().is_some() {
        return Err(CliError::usage("demo-not-empty").arg("dir", dir.display().to_string()));
    }
    Ok((dir.to_owned(), None))
}

fn finish(
    steps: &[Step],
    dir: Option<&Path>,
    seconds: f64,
    context: &mut Context,
) -> Result<(), CliError> {
    let ok = steps.iter().all(|step| step.ok);
    let dir = dir.map(|dir| dir.display().to_string());
    if context.out.is_json() {
        return context.out.json(&json!({
            "version": VERSION, "ok": ok, "seconds": seconds, "dir": dir, "steps": steps,
        }));
    }
    let right = steps.iter().filter(|step| step.ok).count();
    let args = Args::new()
        .with("right", right)
        .with("count", steps.len())
        .with("seconds", format!("{seconds:.1}"));
    context.out.line("")?;
    context.say(if ok { "demo-end" } else { "demo-end-not-ok" }, &args)?;
    match dir {
        Some(dir) => context.say("demo-kept", &Args::new().with("dir", dir)),
        None => context.say("demo-not-kept", &Args::new()),
    }
}

/// Turns a cause that ought not to arise on the demo's own stage into an error.
fn trouble(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CliError {
    CliError::store("demo-trouble").caused_by(cause)
}
