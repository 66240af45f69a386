//! What `docs/agreements.md` says of cases, held against what is computed.

use super::*;
use crate::agreements;
use carnet_proto::totalisation::rules::{Denominator, Formula, QuarterBasis, ShortPeriod};
use std::path::Path;

/// Returns the rows of a table of the guide, each as its cells.
pub fn table(name: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agreements.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let marker = format!("<!-- table: {name} -->\n");
    let (_, rest) = guide.split_once(&marker).unwrap_or_else(|| panic!("no table {name}"));
    let rows = rest.lines().take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::to_owned).collect()).collect()
}

/// Returns the names in backticks.
pub fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Returns the names in the first column of a table.
pub fn named(rows: &[Vec<String>]) -> Vec<&str> {
    rows.iter().flat_map(|row| quoted(&row[0])).collect()
}

#[test]
fn every_value_and_every_task_is_explained() {
    let names = |table: &str| named(&self::table(table)).join(" ");
    let all = |names: &[&str]| names.join(" ");
    let bases: Vec<_> = QuarterBasis::ALL.iter().map(|one| one.name()).collect();
    let formulas: Vec<_> = Formula::ALL.iter().map(|one| one.name()).collect();
    assert_eq!(names("basis"), all(&bases));
    assert_eq!(names("formula"), all(&formulas));
    assert_eq!(names("tasks"), all(TASKS));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/agreements.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let policies = Denominator::ALL.iter().map(|one| one.name());
    for name in policies.chain(ShortPeriod::ALL.iter().map(|one| one.name())) {
        assert!(guide.contains(&format!("`{name}`")), "{name} is not explained");
    }
    for row in table("formula") {
        assert!(quoted(&row[2]).iter().all(|task| TASKS.contains(task)), "{row:?}");
    }
}

#[test]
fn every_task_is_known_and_no_other() {
    let asked = |task: &str| answer(&json!({ "id": "x", "task": task, "inputs": {} })).computed;
    for task in TASKS {
        assert!(!matches!(asked(task), Err(CaseError::Task(_))), "{task}");
    }
    assert!(matches!(asked("guess"), Err(CaseError::Task(_))));
}

#[test]
fn every_key_of_an_answer_is_explained() {
    let rows = table("tasks");
    let row = |task: &str| rows.iter().find(|row| quoted(&row[0]).contains(&task)).unwrap();
    let explained = |task: &str| -> Vec<String> {
        let cell = &row(task)[4];
        let more =
            if cell.contains("those of `totalise`") { row("totalise")[4].as_str() } else { "" };
        quoted(cell).into_iter().chain(quoted(more)).map(str::to_owned).collect()
    };
    let mut tried = BTreeSet::new();
    for file in agreements::shipped().unwrap() {
        let rules = agreements::complete(Path::new("shipped"), file).unwrap();
        for case in &file.cases {
            let task = case["task"].as_str().unwrap();
            let keys = explained(task);
            let computed = answer_by(case, &rules).computed.unwrap();
            let nested = computed.get("institutions").and_then(|all| all.get(0));
            for key in [Some(&computed), nested]
                .into_iter()
                .flatten()
                .flat_map(|object| object.as_object().unwrap().keys())
            {
                assert!(keys.contains(key), "{task}: {key} is not explained");
            }
            tried.insert(task.to_owned());
        }
    }
    assert!(tried.len() > 10, "{tried:?}");
}

#[test]
fn a_case_that_expects_nothing_is_open_and_two_periods_of_one_id_are_none() {
    let period = json!({ "id": "a", "country": "DE", "type": "compulsory", "start": "2000-01-01",
        "end": "2000-12-31" });
    let case = |expected: Value, periods: Value| {
        answer(&json!({ "id": "x", "task": "totalise", "agreement": { "id": "DE-PH" },
            "parameters": { "claim_country": "DE", "unit": "month" },
            "inputs": { "periods": periods }, "expected": expected }))
    };
    for nothing in [json!({}), Value::Null, json!({ "ratio": {} })] {
        let open = case(nothing, json!([period]));
        assert!(open.is_open() && !open.matches(), "{open:?}");
        assert_eq!(open.to_json()["matches"], Value::Null);
        assert_eq!(open.to_json()["computed"]["own"], 12);
    }
    let right = case(json!({ "own": 12 }), json!([period]));
    assert!(right.matches() && !right.is_open(), "{right:?}");
    let twice = case(json!({ "own": 24 }), json!([period, period]));
    assert!(matches!(&twice.computed, Err(CaseError::Twice(id)) if id == "a"), "{twice:?}");
    assert_eq!(twice.to_json()["matches"], false);
    let ids = |ids: &[&str]| ids.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>();
    assert_eq!(super::twice(&ids(&["a", "b", "a"])), Some("a"));
    assert_eq!(super::twice(&ids(&["a", "b"])), None);
}
