//! Other people's test vectors against our decoders and verifiers.
//!
//! They are read where they lie (`$CARNET_VECTORS`, else `shared/vectors` beside the repository) and
//! never copied. `table.rs` is the one list of what runs, and of what is left out and why: a folder it
//! does not know, a folder of which nothing ran, and a file that is neither read nor left out are
//! failures. `docs/vectors.md` is made from it.
//!
//! This target has no harness of the compiler's, so that suites and their counts are seen in every
//! run. A test is a `pub fn` with its line in `table.rs`; it opens files through [`read`], [`text`] and
//! [`json`], and says with [`passed`] how many cases it judged.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde_json::Value as Json;

#[path = "vectors/cbor.rs"]
mod cbor;
#[path = "vectors/cose.rs"]
mod cose;
#[path = "vectors/document.rs"]
mod document;
#[path = "vectors/domain.rs"]
mod domain;
#[path = "vectors/ecdsa.rs"]
mod ecdsa;
#[path = "vectors/ed25519.rs"]
mod ed25519;
#[path = "vectors/edn.rs"]
mod edn;
#[path = "vectors/merkle.rs"]
mod merkle;
#[path = "vectors/receipts.rs"]
mod receipts;
#[path = "vectors/runner.rs"]
mod runner;
#[path = "vectors/sd_cwt.rs"]
mod sd_cwt;
#[path = "vectors/sd_cwt_signed.rs"]
mod sd_cwt_signed;
#[path = "vectors/table.rs"]
mod table;
#[path = "vectors/tlog.rs"]
mod tlog;
#[path = "vectors/token_status_list.rs"]
mod token_status_list;
#[path = "vectors/vc_bridge.rs"]
mod vc_bridge;

fn main() -> ExitCode {
    runner::main()
}

/// Which suites of the running test passed, with their cases, and which files it opened.
static RECORD: Mutex<Record> = Mutex::new(Record { suites: Vec::new(), opened: BTreeSet::new() });

#[derive(Default)]
struct Record {
    suites: Vec<(String, usize)>,
    opened: BTreeSet<PathBuf>,
}

/// Says how many cases of a suite passed, and fails if they are fewer than there are known to be.
fn passed(suite: &str, cases: usize, at_least: usize) {
    assert!(cases >= at_least, "{suite}: {cases} cases, there should be {at_least}");
    println!("suite {suite}: {cases} cases passed");
    RECORD.lock().unwrap().suites.push((suite.to_owned(), cases));
}

fn read(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("{path:?}: {e}"));
    RECORD.lock().unwrap().opened.insert(path.to_owned());
    bytes
}

fn text(path: &Path) -> String {
    String::from_utf8(read(path)).unwrap_or_else(|e| panic!("{path:?}: {e}"))
}

fn json(path: &Path) -> Json {
    serde_json::from_slice(&read(path)).unwrap_or_else(|e| panic!("{path:?}: {e}"))
}

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn base64(value: &Json) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

/// Splits a line of a CSV file; a quoted field may hold commas.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for c in line.trim_start_matches('\u{feff}').chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().unwrap().push(c),
        }
    }
    fields
}

/// Returns the files below a directory, at any depth, in order.
fn all_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns those with this extension.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = all_files(directory);
    found.retain(|path| path.extension().is_some_and(|e| e == extension));
    found
}
