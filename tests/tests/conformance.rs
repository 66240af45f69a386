//! The conformance vectors of `tests/vectors/`: made anew and compared with the files, and each file
//! answered from its JSON alone.
//!
//! `CARNET_UPDATE=1 cargo test -p carnet-tests --test conformance` writes them again.

#[path = "conformance/coverage.rs"]
mod coverage;
#[path = "conformance/rejections.rs"]
mod rejections;
#[path = "conformance/run.rs"]
mod run;
#[path = "conformance/verify.rs"]
mod verify;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use carnet_tests::forge;
use carnet_tests::forge::verify::credential_json;
use serde_json::{Value as Json, json};

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Every JSON file below `tests/vectors`, by its path there.
fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for object in fs::read_dir(dir()).unwrap().map(|entry| entry.unwrap().path()) {
        if !object.is_dir() {
            continue;
        }
        for file in fs::read_dir(&object).unwrap().map(|entry| entry.unwrap().path()) {
            let path = file.strip_prefix(dir()).unwrap().to_str().unwrap().replace('\\', "/");
            files.insert(path, fs::read_to_string(&file).unwrap());
        }
    }
    files
}

/// Every case on disk, by its path.
fn cases() -> BTreeMap<String, Json> {
    let files = files().into_iter().filter(|(path, _)| !path.starts_with("world/"));
    files.map(|(path, text)| (path, serde_json::from_str(&text).unwrap())).collect()
}

#[test]
fn the_vectors_are_those_that_are_made_from_the_seeds() {
    let (cases, worlds) = forge::all();
    let mut made = BTreeMap::new();
    let texts = cases.iter().map(|case| (case.path(), case.to_text()));
    for (path, text) in texts.chain(worlds.iter().map(|world| (world.path(), world.text.clone()))) {
        assert!(made.insert(path.clone(), text).is_none(), "{path} is made twice");
    }
    if std::env::var_os("CARNET_UPDATE").is_some_and(|update| update == "1") {
        write(&made);
    }
    let found = files();
    for (path, text) in &made {
        assert!(found.get(path).is_some_and(|t| t == text), "{path} is not what is made now");
    }
    for path in found.keys() {
        assert!(made.contains_key(path), "{path} is made by nothing");
    }
    let bytes: usize = found.values().map(String::len).sum();
    assert!(bytes < 4_000_000, "{bytes} bytes of vectors");
}

/// Writes every file, and takes away those that are not made any more.
fn write(made: &BTreeMap<String, String>) {
    for path in files().into_keys().filter(|path| !made.contains_key(path)) {
        fs::remove_file(dir().join(path)).unwrap();
    }
    for (path, text) in made {
        let path = dir().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    coverage::update_documents(&cases());
}

#[test]
fn every_vector_is_answered_as_it_expects() {
    let worlds = verify::Worlds::read(&dir().join("world"));
    let mut wrong = Vec::new();
    let mut classes: BTreeMap<String, u32> = BTreeMap::new();
    for (path, case) in cases() {
        assert_eq!(case["format"], forge::FORMAT, "{path}");
        let (object, name) = (run::str(&case, "object"), run::str(&case, "name"));
        assert_eq!(path, format!("{object}/{name}.json"));
        let got = match object {
            "verify" => verified(&worlds, &case),
            _ => answered(object, &case),
        };
        *classes.entry(run::str(&case["expect"], "class").to_owned()).or_default() += 1;
        if got != case["expect"] {
            wrong.push(format!("{path}\n  expected {}\n  got      {got}", case["expect"]));
        }
    }
    println!("vectors answered: {classes:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a decoder answers, in the form in which a case expects it.
fn answered(object: &str, case: &Json) -> Json {
    let answer = run::answer(object, &case["input"], &case["context"]);
    match answer.unwrap_or_else(|| panic!("no object {object}")) {
        Ok(mut reads) => {
            reads["class"] = json!("valid");
            reads
        }
        // What is newer than this reader is refused, and not called malformed.
        Err(error) => {
            let is_newer = ["Unsupported", "UnknownType"].contains(&error.as_str());
            let class = if is_newer { "refused" } else { "invalid" };
            json!({ "class": class, "error": error })
        }
    }
}

/// What verification answers, in the form in which a case expects it.
fn verified(worlds: &verify::Worlds, case: &Json) -> Json {
    let report = verify::report(worlds, &case["input"], &case["context"]);
    let expect = &case["expect"];
    // The check that the case is about is one of those listed.
    let shown = report.credentials.iter().flat_map(|credential| &credential.checks).any(|check| {
        json!([check.id, check.outcome, check.reason.id])
            == json!([expect["check"], expect["outcome"], expect["reason"]])
    });
    let mut got = expect.clone();
    got["class"] = json!(report.verdict);
    got["credentials"] = report.credentials.iter().map(credential_json).collect();
    if !shown {
        got["check"] = Json::Null;
    }
    got
}
