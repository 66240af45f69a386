//! Other people's test vectors against our decoders and verifiers.
//!
//! They are read where they lie (`$CARNET_VECTORS`, else `shared/vectors` beside the repository) and
//! never copied. Each suite prints how many cases passed and has a minimum, so that a folder that lost
//! its files fails. Each folder's SOURCE.txt says where its files come from.

use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde_json::Value as Json;

#[path = "vectors/cbor.rs"]
mod cbor;
#[path = "vectors/cose.rs"]
mod cose;
#[path = "vectors/ed25519.rs"]
mod ed25519;
#[path = "vectors/merkle.rs"]
mod merkle;
#[path = "vectors/receipts.rs"]
mod receipts;
#[path = "vectors/sd_cwt.rs"]
mod sd_cwt;
#[path = "vectors/tlog.rs"]
mod tlog;
#[path = "vectors/token_status_list.rs"]
mod token_status_list;

/// Says how many cases of a suite passed, and fails if they are fewer than there are known to be.
fn passed(suite: &str, cases: usize, at_least: usize) {
    assert!(cases >= at_least, "{suite}: {cases} cases, there should be {at_least}");
    println!("{suite}: {cases} cases passed");
}

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

fn base64(value: &Json) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

fn json(path: &Path) -> Json {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap_or_else(|e| panic!("{path:?}: {e}"))
}

/// Returns the files below a directory, at any depth, with this extension, in order.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}
