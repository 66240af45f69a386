//! `docs/wire-format.md` has an example of every object it defines, made here from fixed seeds, and
//! its CDDL is one grammar that the examples follow.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "wire_format/example.rs"]
mod example;
#[path = "wire_format/grammar.rs"]
mod grammar;
#[path = "wire_format/objects.rs"]
mod objects;
#[path = "wire_format/period_rules.rs"]
mod period_rules;
#[path = "wire_format/recognition.rs"]
mod recognition;
#[path = "wire_format/skill.rs"]
mod skill;
#[path = "wire_format/story.rs"]
mod story;
#[path = "wire_format/sync.rs"]
mod sync;
#[path = "wire_format/views.rs"]
mod views;

use example::Example;
use grammar::Grammar;
use objects::{Group, groups};
use story::Story;

/// Rules without an example of their own: numbers, texts and byte strings, all of them parts of
/// objects that have one.
const SCALARS: [&str; 72] = [
    "bytes16",
    "bytes32",
    "digest",
    "hash",
    "kid",
    "uint8",
    "uint16",
    "uint32",
    "unix-time",
    "date",
    "did",
    "line",
    "language",
    "level",
    "month",
    "decimal",
    "occupation",
    "field",
    "country",
    "framework",
    "public-key",
    "note",
    "note-signature",
    "agreement-family",
    "agreement-kind",
    "assessment-method",
    "branch",
    "claim-type",
    "cosign-refusal",
    "day-basis",
    "file-kind",
    "institution-role",
    "national-right",
    "period-kind",
    "period-type",
    "denominator",
    "formula",
    "mechanism-kind",
    "profile",
    "purpose",
    "quarter-basis",
    "refusal-reason",
    "refund",
    "reporting-mode",
    "role",
    "scheme-class",
    "sex",
    "rule-id",
    "short-period",
    "state-code",
    "status",
    "time-unit",
    "withdrawal-reason",
    "statement",
    "redactions",
    "span-unit",
    "basis",
    "mobility-purpose",
    "acquired",
    "payer",
    "level-relation",
    "condition-kind",
    "evidence-kind",
    "language-level",
    "otherwise",
    "measure-kind",
    "chooser",
    "compensation-reason",
    "recognition-outcome",
    "licence-status",
    "prior-learning-kind",
    "evidence-rule",
];

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn document() -> String {
    fs::read_to_string(docs().join("wire-format.md")).unwrap()
}

fn updating() -> bool {
    std::env::var_os("CARNET_UPDATE").is_some()
}

const STALE: &str = "CARNET_UPDATE=1 cargo test -p carnet-tests --test wire_format";

/// Puts the examples behind their markers.
fn with_examples(document: &str, groups: &[(&str, Group)]) -> String {
    let mut text = document.to_owned();
    for (name, group) in groups {
        let marker = format!("<!-- examples: {name} -->\n");
        let at = text.find(&marker).unwrap_or_else(|| panic!("no place for {name}"));
        let start = at + marker.len();
        assert!(text[start..].starts_with("```"), "{name}: no block");
        let end = start + text[start..].find("\n```\n").unwrap() + "\n```\n".len();
        let block = match group {
            Group::Text(text) => format!("```text\n{text}```\n"),
            Group::Objects(examples) => {
                let texts: Vec<_> = examples.iter().map(Example::text).collect();
                format!("```hex\n{}```\n", texts.join("\n"))
            }
        };
        text.replace_range(start..end, &block);
    }
    text
}

fn examples<'a>(groups: &'a [(&str, Group)]) -> impl Iterator<Item = &'a Example> {
    groups.iter().flat_map(|(_, group)| match group {
        Group::Objects(examples) => examples.as_slice(),
        Group::Text(_) => &[],
    })
}

#[test]
fn the_examples_are_what_the_program_makes() {
    let groups = groups(&Story::tell());
    let found = document();
    let wanted = with_examples(&found, &groups);
    let markers = found.matches("<!-- examples: ").count();
    assert_eq!(markers, groups.len(), "a marker without examples");
    let directory = docs().join("examples");
    let files: BTreeMap<_, _> =
        examples(&groups).filter_map(|e| Some((e.file()?, e.hex()))).collect();
    if updating() {
        fs::write(docs().join("wire-format.md"), &wanted).unwrap();
        fs::create_dir_all(&directory).unwrap();
        for (name, text) in &files {
            fs::write(directory.join(name), text).unwrap();
        }
    }
    assert!(document() == wanted, "docs/wire-format.md is stale: {STALE}");
    let mut there = BTreeMap::new();
    for entry in fs::read_dir(&directory).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        there.insert(name, fs::read_to_string(entry.path()).unwrap());
    }
    assert!(there == files, "docs/examples is stale: {STALE}");
}

#[test]
fn every_object_has_an_example() {
    let document = document();
    let grammar = Grammar::of(&document);
    let groups = groups(&Story::tell());
    let mut shown = BTreeSet::new();
    let mut names = BTreeSet::new();
    for example in examples(&groups) {
        assert!(names.insert(&example.name), "two examples {}", example.name);
        shown.insert(example.rule());
        shown.extend(example.parts.iter().map(|(rule, _)| *rule));
    }
    for rule in grammar.names().filter(|rule| !SCALARS.contains(rule)) {
        assert!(shown.contains(rule), "{rule} has no example");
    }
}

#[test]
fn the_grammar_is_whole_and_the_examples_follow_it() {
    let grammar = Grammar::of(&document());
    assert_eq!(grammar.undefined(), BTreeSet::new());
    for scalar in SCALARS {
        assert!(grammar.names().any(|rule| rule == scalar), "{scalar} is not in the document");
    }
    let groups = groups(&Story::tell());
    let mut checked = 0;
    for example in examples(&groups) {
        let own = [(example.rule(), &example.bytes)];
        let parts = example.parts.iter().map(|(rule, bytes)| (*rule, bytes));
        for (rule, bytes) in own.into_iter().chain(parts) {
            let result = grammar.check(rule, bytes);
            assert_eq!(result, Ok(()), "{}: {rule}", example.name);
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
    // The grammar refuses what is not of it.
    assert!(grammar.check("level-range", b"\xa3\x01\x63PQF\x02\x0a\x03\x19\x03\xe8").is_err());
    assert!(grammar.check("level-range", b"\xa4\x01\x63PQF\x02\x0a\x03\x14\x04\x00").is_err());
    assert!(grammar.check("state", b"\x81\x03").is_err());
    let inception = examples(&groups).find(|e| e.name == "inception-statement").unwrap();
    assert!(grammar.check("withdrawal-statement", &inception.bytes).is_err());
    assert!(grammar.check("inception-statement", &inception.bytes[1..]).is_err(), "no tag");
}

#[test]
fn the_grammar_has_the_numbers_of_the_code_lists() {
    let document = document();
    let grammar = Grammar::of(&document);
    let (_, table) = document.split_once("<!-- table: codes -->\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|')).skip(2);
    let mut lists = 0;
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let numbers = cells[1].split(", ").map(|item| item.split(' ').next().unwrap());
        let numbers: Vec<_> = numbers.collect();
        let wanted = match numbers.as_slice() {
            [one] => (*one).to_owned(),
            [first, .., last] => format!("{first}..{last}"),
            [] => unreachable!(),
        };
        assert_eq!(grammar.definition(cells[0].trim_matches('`')), wanted, "{}", cells[0]);
        lists += 1;
    }
    assert!(lists >= 12);
}
