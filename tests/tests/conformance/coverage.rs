//! That the vectors cover what they have to: every check, every reason, every rejection that a
//! specification makes mandatory; and that each fails in one way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use carnet_proto::verify::report::{check, reason};
use serde_json::{Value as Json, json};

use crate::rejections::REJECTIONS;
use crate::run::str;
use crate::{cases, dir};

/// Cases that differ from their sibling in several fields, and why they have to.
const SHAPED: [(&str, &str); 1] =
    [("inclusion-proof/node-for-a-leaf.json", "the tree is taken for one of half its height")];

/// The checks of a credential, as `[id, outcome, reason]`.
fn checks(case: &Json) -> Vec<Vec<(String, String, String)>> {
    let credentials = case["expect"]["credentials"].as_array().unwrap();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    credentials
        .iter()
        .map(|credential| {
            let list = credential["checks"].as_array().unwrap().iter();
            list.map(|c| (text(&c[0]), text(&c[1]), text(&c[2]))).collect()
        })
        .collect()
}

fn is_verification(case: &Json) -> bool {
    case["object"] == "verify"
}

#[test]
fn every_invalid_case_has_a_valid_sibling_from_which_it_differs_in_one_way() {
    let all = cases();
    for (path, case) in &all {
        let class = str(&case["expect"], "class");
        let Some(base) = case["base"].as_str() else {
            assert_eq!(class, "valid", "{path} has no valid sibling");
            continue;
        };
        assert_ne!(class, "valid", "{path} is valid and needs no sibling");
        let base_path = format!("{}/{base}.json", str(case, "object"));
        let base = all.get(&base_path).unwrap_or_else(|| panic!("{path}: there is no {base_path}"));
        // Step by step, each a difference in one way, it leads to a valid case.
        let is_valid = base["expect"]["class"] == "valid";
        assert!(is_valid || base["base"].is_string(), "{path}: {base_path} is not valid");
        let mut differences = Vec::new();
        for part in ["input", "context"] {
            for (field, value) in case[part].as_object().unwrap() {
                // A verifier key is the key again, as C2SP writes it.
                if base[part].get(field) != Some(value) && field != "vkey" {
                    differences.push(format!("{part}.{field}"));
                }
            }
        }
        let is_shaped = SHAPED.iter().any(|(shaped, _)| shaped == path);
        assert_eq!(differences.len() == 1, !is_shaped, "{path} and {base_path}: {differences:?}");
    }
}

#[test]
fn in_every_failing_verification_one_check_fails_and_what_depends_on_it() {
    for (path, case) in cases() {
        if !is_verification(&case) {
            continue;
        }
        let expect = &case["expect"];
        let also: BTreeSet<_> = expect["also"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|id| id.as_str().unwrap())
            .collect();
        let mut wrong = BTreeSet::new();
        let listed = checks(&case);
        for (id, outcome, reason) in listed.iter().flatten() {
            if ["fail", "undetermined"].contains(&outcome.as_str()) && reason != reason::DEPENDS {
                wrong.insert(id.as_str());
            }
        }
        match str(expect, "class") {
            "valid" => assert!(wrong.is_empty(), "{path}: {wrong:?}"),
            _ => {
                assert!(
                    wrong.remove(str(expect, "check")),
                    "{path}: nothing is wrong with its check"
                );
                assert_eq!(wrong, also, "{path}: what else is wrong");
            }
        }
    }
}

#[test]
fn every_check_and_every_reason_has_a_vector() {
    let mut reached = BTreeSet::new();
    for case in cases().values().filter(|case| is_verification(case)) {
        reached.extend(checks(case).into_iter().flatten());
    }
    let text = fs::read_to_string(checks_document()).unwrap();
    let mut wanted = BTreeSet::new();
    for section in sections(&text) {
        for (reason, outcome) in &section.reasons {
            wanted.insert((section.id.clone(), outcome.clone(), reason.clone()));
        }
        assert!(section.reasons.iter().any(|(_, outcome)| outcome == "pass"), "{}", section.id);
        assert!(section.reasons.iter().any(|(_, outcome)| outcome != "pass"), "{}", section.id);
    }
    let listed: Vec<_> = sections(&text).into_iter().map(|section| section.id).collect();
    assert_eq!(listed, check::ALL);
    for (id, outcome, reason) in wanted {
        let is_reached = reached.contains(&(id.clone(), outcome.clone(), reason.clone()));
        assert!(is_reached, "no vector has {id} {outcome} {reason}");
    }
    assert!(reached.iter().any(|(_, outcome, r)| outcome == "not_checked" && r == reason::DEPENDS));
}

#[test]
fn every_mandatory_rejection_has_a_vector() {
    let all = cases();
    let rules = REJECTIONS.iter().flat_map(|(_, rules)| *rules);
    for (rejection, source, vectors) in rules {
        assert!(!vectors.is_empty(), "{rejection}");
        assert!(!source.is_empty(), "{rejection}");
        for vector in *vectors {
            let case = all.get(&format!("{vector}.json"));
            let case = case.unwrap_or_else(|| panic!("{rejection}: there is no {vector}"));
            // A rule that says what must be accepted has a valid vector.
            let is_accepted = rejection.ends_with("accepted");
            assert_eq!(
                case["expect"]["class"] == json!("valid"),
                is_accepted,
                "{rejection}: {vector}"
            );
        }
    }
}

#[test]
fn the_documents_name_the_vectors() {
    let all = cases();
    let readme = fs::read_to_string(dir().join("README.md")).unwrap();
    assert_eq!(readme, readme_with(&readme, &all), "CARNET_UPDATE=1 writes the tables anew");
    let document = fs::read_to_string(checks_document()).unwrap();
    assert_eq!(document, checks_with(&document, &all), "CARNET_UPDATE=1 writes the links anew");
}

/// Writes the generated parts of the documents anew.
pub fn update_documents(all: &BTreeMap<String, Json>) {
    for (path, with) in [
        (dir().join("README.md"), readme_with as fn(&str, &BTreeMap<String, Json>) -> String),
        (checks_document(), checks_with),
    ] {
        let text = fs::read_to_string(&path).unwrap();
        let new = with(&text, all);
        if new != text {
            fs::write(path, new).unwrap();
        }
    }
}

fn checks_document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/checks.md")
}

/// Replaces the table behind a marker.
fn with_table(text: &str, name: &str, table: &str) -> String {
    let marker = format!("<!-- table: {name} -->\n");
    let (before, rest) = text.split_once(&marker).unwrap_or_else(|| panic!("no table {name}"));
    let after: String = rest.split_inclusive('\n').skip_while(|l| l.starts_with('|')).collect();
    format!("{before}{marker}{table}{after}")
}

fn readme_with(text: &str, all: &BTreeMap<String, Json>) -> String {
    let mut objects: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for case in all.values() {
        let counts = objects.entry(str(case, "object")).or_default();
        counts[usize::from(case["expect"]["class"] != "valid")] += 1;
    }
    let mut counted = String::from("| Object | Valid | Others |\n|---|---|---|\n");
    for (object, [valid, others]) in objects {
        counted.push_str(&format!("| [`{object}`]({object}) | {valid} | {others} |\n"));
    }
    let mut rejections = String::from("| Rule | Source | Vectors |\n|---|---|---|\n");
    for (section, rules) in REJECTIONS {
        rejections.push_str(&format!("| **{section}** | | |\n"));
        for (rejection, source, vectors) in *rules {
            let links: Vec<_> =
                vectors.iter().map(|vector| format!("[{vector}]({vector}.json)")).collect();
            rejections.push_str(&format!("| {rejection} | {source} | {} |\n", links.join(", ")));
        }
    }
    let text = with_table(text, "objects", &counted);
    with_table(&text, "rejections", &rejections)
}

/// One check as the document describes it.
struct Section {
    id: String,
    /// Reasons with their outcomes.
    reasons: Vec<(String, String)>,
}

/// Reads the sections of `docs/checks.md` that describe a check.
fn sections(text: &str) -> Vec<Section> {
    let parts = text.split("\n## `").skip(1);
    parts
        .map(|part| {
            let (id, body) = part.split_once('`').unwrap();
            let rows = body.lines().skip_while(|line| !line.starts_with("| Reason |")).skip(2);
            let cells = |line: &str| -> Vec<String> {
                line.split('|').map(|cell| cell.trim().replace('`', "")).collect()
            };
            let reasons = rows
                .take_while(|line| line.starts_with('|'))
                .map(|line| (cells(line)[1].clone(), cells(line)[2].clone()))
                .collect();
            Section { id: id.into(), reasons }
        })
        .collect()
}

/// Writes under each check which vectors pass it and which do not: those that are about it.
fn checks_with(text: &str, all: &BTreeMap<String, Json>) -> String {
    let link = |case: &Json| {
        let name = str(case, "name");
        format!("[{name}](../tests/vectors/verify/{name}.json)")
    };
    let mut out = String::new();
    let mut id: Option<&str> = None;
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("Vectors: ") {
            // The old paragraph, to its empty line.
            while lines.peek().is_some_and(|line| !line.trim().is_empty()) {
                lines.next();
            }
            lines.next();
            continue;
        }
        if let Some(heading) = line.strip_prefix("## ") {
            id = heading.strip_prefix('`').and_then(|rest| rest.split('`').next());
        }
        if line.starts_with("Tests: ")
            && let Some(id) = id
        {
            let about: Vec<_> =
                all.values().filter(|c| is_verification(c) && c["expect"]["check"] == id).collect();
            let of = |valid: bool| {
                let of = about.iter().filter(|case| (case["expect"]["class"] == "valid") == valid);
                of.map(|case| link(case)).collect::<Vec<_>>().join(",\n")
            };
            out.push_str(&format!(
                "Vectors: passing:\n{};\nnot passing:\n{}.\n\n",
                of(true),
                of(false)
            ));
        }
        out.push_str(line);
    }
    out
}
