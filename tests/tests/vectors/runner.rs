//! Runs the table one test after the other and answers as the usual harness does: a filter,
//! `--exact`, `--skip`, `--list`, and a last line `test result: ...`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use crate::table::{FOLDERS, Folder};
use crate::{RECORD, all_files, document};

/// What became of the tests: by test, the suites that passed with their cases; and the files read.
#[derive(Default)]
pub struct Run {
    pub suites: BTreeMap<&'static str, Vec<(String, usize)>>,
    opened: BTreeSet<PathBuf>,
}

/// What is judged of a whole run.
type Afterwards = fn(&Path, &Run);

/// Judged when everything else has run.
const AFTERWARDS: [(&str, Afterwards); 3] = [
    ("table::every_folder_is_known_and_some_of_it_ran", every_folder_is_known),
    ("table::every_file_is_run_or_left_out_with_a_reason", every_file_is_accounted_for),
    ("table::docs_vectors_md_is_made_from_it", document::is_current),
];

/// What the command line asks for. Options that mean nothing here are taken and ignored.
#[derive(Default)]
struct Arguments {
    filters: Vec<String>,
    skips: Vec<String>,
    exact: bool,
    list: bool,
    terse: bool,
    ignored: bool,
}

impl Arguments {
    fn read() -> Self {
        let mut found = Self::default();
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (argument.as_str(), None),
            };
            match name {
                "--exact" => found.exact = true,
                "--list" => found.list = true,
                "--ignored" => found.ignored = true,
                "--skip" => found.skips.extend(value.or_else(|| arguments.next())),
                "--format" => {
                    found.terse = value.or_else(|| arguments.next()).is_some_and(|v| v == "terse");
                }
                "--test-threads" | "--color" | "--logfile" | "--shuffle-seed" | "-Z" => {
                    drop(value.or_else(|| arguments.next()));
                }
                _ if name.starts_with('-') => {}
                _ => found.filters.push(argument),
            }
        }
        found
    }

    fn wants(&self, test: &str) -> bool {
        let fits =
            |filter: &String| if self.exact { test == filter } else { test.contains(filter) };
        !self.ignored
            && (self.filters.is_empty() || self.filters.iter().any(fits))
            && !self.skips.iter().any(fits)
    }
}

pub fn main() -> ExitCode {
    let arguments = Arguments::read();
    let tests =
        || FOLDERS.iter().flat_map(|f| f.tests.iter().map(move |(name, run)| (f, *name, *run)));
    let names = tests().map(|(_, name, _)| name).chain(AFTERWARDS.map(|(name, _)| name));
    let wanted: Vec<&str> = names.clone().filter(|name| arguments.wants(name)).collect();
    if arguments.list {
        wanted.iter().for_each(|name| println!("{name}: test"));
        if !arguments.terse {
            println!("\n{} tests, 0 benchmarks", wanted.len());
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", wanted.len());
    let (start, all) = (Instant::now(), names.count());
    let (mut run, mut failed, mut ignored) = (Run::default(), Vec::new(), 0);
    let vectors = carnet_tests::vectors_dir();
    for (folder, name, test) in tests().filter(|(_, name, _)| arguments.wants(name)) {
        *RECORD.lock().unwrap() = crate::Record::default();
        let is_there = vectors.as_ref().is_some_and(|dir| dir.join(folder.name).exists());
        let done = catch_unwind(test).is_ok();
        let record = std::mem::take(&mut *RECORD.lock().unwrap());
        if !done || (is_there && record.suites.is_empty()) {
            println!("test {name} ... FAILED");
            failed.push(name);
        } else if record.suites.is_empty() {
            println!("test {name} ... ignored, {} is not here", folder.name);
            ignored += 1;
        } else {
            println!("test {name} ... ok");
            run.suites.insert(name, record.suites);
            run.opened.extend(record.opened);
        }
    }
    let is_whole = wanted.len() == all;
    for (name, judge) in AFTERWARDS.into_iter().filter(|(name, _)| arguments.wants(name)) {
        let Some(vectors) = vectors.as_ref().filter(|_| is_whole) else {
            println!("test {name} ... ignored, only a run of everything shows it");
            ignored += 1;
            continue;
        };
        let holds = catch_unwind(AssertUnwindSafe(|| judge(vectors, &run))).is_ok();
        println!("test {name} ... {}", if holds { "ok" } else { "FAILED" });
        failed.extend((!holds).then_some(name));
    }
    if !failed.is_empty() {
        println!("\nfailures:\n    {}", failed.join("\n    "));
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; {ignored} ignored; 0 measured; {} filtered out; \
         finished in {:.2}s\n",
        if failed.is_empty() { "ok" } else { "FAILED" },
        wanted.len() - failed.len() - ignored,
        failed.len(),
        all - wanted.len(),
        start.elapsed().as_secs_f64()
    );
    // What the usual harness returns.
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(101) }
}

/// The files of a folder of the table, as paths within it, and whether each was opened. What a
/// SOURCE.txt says is for people.
pub fn accounted(vectors: &Path, folder: &Folder, run: &Run) -> Vec<(String, bool)> {
    let root = vectors.join(folder.name);
    let files = if root.is_dir() { all_files(&root) } else { vec![root.clone()] };
    let files = files.into_iter().filter(|path| !path.ends_with("SOURCE.txt"));
    let within = |path: &Path| match path.strip_prefix(&root).unwrap().to_str().unwrap() {
        "" => folder.name.to_owned(),
        name => name.to_owned(),
    };
    files.map(|path| (within(&path), run.opened.contains(&path))).collect()
}

fn every_folder_is_known(vectors: &Path, run: &Run) {
    for entry in std::fs::read_dir(vectors).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(FOLDERS.iter().any(|f| *f.name == *name), "{name:?} is not in the table");
    }
    for folder in FOLDERS.iter().filter(|folder| vectors.join(folder.name).exists()) {
        let ran = folder.tests.iter().any(|(name, _)| run.suites.contains_key(name));
        let later = folder.tests.is_empty() && !folder.left_out.is_empty();
        assert!(ran || later, "{}: no case ran", folder.name);
    }
    // Outside the usual harness its attribute would make a test vanish without a word.
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    for path in all_files(&sources) {
        if path.ends_with("runner.rs") || path.ends_with("document.rs") {
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        for (unwanted, instead) in [
            ("#[test]", "a `pub fn` in table.rs runs"),
            ("fs::read", "`crate::read` and its like count what is opened"),
        ] {
            assert!(!source.contains(unwanted), "{path:?} has {unwanted}: {instead}");
        }
    }
}

fn every_file_is_accounted_for(vectors: &Path, run: &Run) {
    for folder in FOLDERS.iter().filter(|folder| vectors.join(folder.name).exists()) {
        let files = accounted(vectors, folder, run);
        let idle: Vec<&str> = files.iter().filter(|f| !f.1).map(|f| f.0.as_str()).collect();
        for file in &idle {
            let named = folder.left_out.iter().any(|(pattern, _)| fits(pattern, file));
            assert!(named, "{}/{file} is neither run nor left out for a reason", folder.name);
        }
        for (pattern, _) in folder.left_out {
            let some = idle.iter().any(|file| fits(pattern, file));
            assert!(some, "{}: nothing is left out as {pattern}", folder.name);
        }
    }
}

/// Whether a path fits a pattern with at most one `*`, which stands for anything.
pub fn fits(pattern: &str, path: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == path,
        Some((start, end)) => {
            path.len() >= start.len() + end.len() && path.starts_with(start) && path.ends_with(end)
        }
    }
}
