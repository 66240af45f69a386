//! Everything that fuzzing has found and kept, replayed on any toolchain, by the code that is fuzzed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/lib.rs"]
mod targets;

#[path = "corpora/seeds.rs"]
mod seeds;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Replays the corpus of a target, and every input that once broke it.
fn replay(name: &str) {
    let (_, target) = targets::ALL.iter().find(|(known, _)| *known == name).expect("a target");
    let corpus = files(&fuzz().join("corpus").join(name));
    assert!(corpus.len() >= 5, "the corpus of {name} is not here");
    for path in corpus.into_iter().chain(files(&fuzz().join("regressions").join(name))) {
        let shown = format!("{}", path.display());
        // A panic inside names what is wrong, and this which input it was.
        std::panic::catch_unwind(|| target(&fs::read(&path).unwrap()))
            .unwrap_or_else(|_| panic!("{shown}"));
    }
}

macro_rules! replays {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            super::replay(stringify!($name));
        })*

        #[test]
        fn no_target_is_left_out() {
            let names: Vec<_> = super::targets::ALL.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

mod replay {
    replays! { cbor statement credential presentation status log files sync verify }
}

/// The names of all types that are read from bytes or text: what [`Decode`] is written for, by hand
/// or by a macro, and what has a constructor that parses.
///
/// [`Decode`]: carnet_proto::cbor::Decode
fn decoders(source: &str) -> BTreeSet<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let word = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = BTreeSet::new();
    let (mut owner, mut in_macro) = (String::new(), false);
    for line in source.lines() {
        let text = line.trim_start();
        if let Some(name) = text.strip_prefix("impl<'b> Decode<'b> for ") {
            found.insert(word(name));
        }
        for start in ["record! {", "codes! {", "union! {"] {
            in_macro |= line == start;
        }
        in_macro &= line != "}";
        for start in ["pub struct ", "pub enum "] {
            if let Some(name) = text.strip_prefix(start)
                && in_macro
            {
                found.insert(word(name));
            }
        }
        if let Some(name) = line.strip_prefix("impl") {
            let name = name.trim_start_matches("<'b>").trim_start();
            owner = word(name);
        }
        if ["pub fn parse", "pub fn open(", "pub fn from_hex"].iter().any(|f| text.starts_with(f)) {
            found.insert(owner.clone());
        }
    }
    // What a macro reads for another crate's trait, and not from bytes.
    for other in ["", "serde"] {
        found.remove(other);
    }
    found
}

#[test]
fn every_decoder_has_a_target() {
    fn walk(dir: &Path, found: &mut BTreeSet<String>) {
        for path in files(dir) {
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                found.extend(decoders(&fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&fuzz().join("../proto/src"), &mut found);
    assert!(found.len() > 80 && found.contains("Note") && found.contains("Anchor"), "{found:?}");
    let readme = fs::read_to_string(fuzz().join("README.md")).unwrap();
    let mut listed = BTreeSet::new();
    for line in readme.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = line.trim_matches('|').split('|').map(str::trim);
        let target = cells.next().unwrap().trim_matches('`');
        assert!(targets::ALL.iter().any(|(name, _)| *name == target), "no target `{target}`");
        let names = cells.next().unwrap().split(", ").map(|name| name.trim_matches('`').to_owned());
        listed.extend(names);
    }
    let missing: Vec<_> = found.difference(&listed).collect();
    assert!(missing.is_empty(), "fuzz/README.md names no target for {missing:?}");
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "fuzz/README.md names what is not there: {gone:?}");
}

#[test]
fn the_corpora_are_small() {
    let all: Vec<_> = ["corpus", "regressions", "fixtures"]
        .iter()
        .flat_map(|name| files(&fuzz().join(name)))
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect();
    let bytes: u64 = all.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(all.len() < 1000 && bytes < 1 << 20, "{} files, {bytes} bytes", all.len());
}
