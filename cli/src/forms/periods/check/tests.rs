use super::*;
use std::path::Path;

const FILE: &str = r#"version = 1
kind = "periods"
id = "XA-XB"
title = "Model"
family = "totalisation"
parties = ["DE", "PH"]
includes = ["GENERAL"]
[[rule]]
id = "R-1"
citation = "art. 1"
text = "adds"
does = [{ mechanism = "totalise" }]
[[rule]]
id = "R-2"
citation = "art. 2"
text = "needs"
does = [{ mechanism = "own-minimum", countries = ["DE"], value = 12, unit = "month" }]
[[case]]
id = "one"
task = "totalise"
parameters = { claim_country = "DE", unit = "month" }
inputs = { periods = [{ id = "a", country = "PH", type = "compulsory", start = "2000-01-01", end = "2000-12-31" }] }
expected = { total = 12 }
"#;

fn lines(text: &str) -> Vec<(u64, String)> {
    mistakes(text).into_iter().map(|mistake| (mistake.line, mistake.reason)).collect()
}

#[test]
fn a_right_file_has_no_mistake_and_neither_has_one_that_is_shipped() {
    assert_eq!(lines(FILE), []);
    for file in agreements::shipped().unwrap() {
        let text = agreements::text(file.rules.id.as_str()).unwrap().unwrap();
        assert_eq!(lines(text), [], "{}", file.rules.id);
    }
}

#[test]
fn each_mistake_is_named_with_its_line() {
    for (from, to, line, says) in [
        ("version = 1", "version = 2", 1, "version 2"),
        ("\"periods\"", "\"recognition\"", 2, "not \"periods\""),
        ("title", "titel", 4, "no key \"titel\""),
        ("\"totalisation\"", "\"totalization\"", 5, "a family of agreements"),
        ("\"DE\", \"PH\"", "", 6, "at least two parties"),
        ("\"DE\", \"PH\"", "\"DE\", \"PH\", \"DE\"", 6, "the party DE stands there twice"),
        ("\"DE\", \"PH\"", "\"DE\", \"Ph\"", 6, "the code of a State"),
        ("\"GENERAL\"", "\"SPECIAL\"", 7, "no set of rules SPECIAL"),
        ("text = \"adds\"", "text = \"\"", 8, "has a text"),
        ("\"totalise\" }", "\"totalize\" }", 12, "a mechanism: one of"),
        ("\"totalise\" }", "\"totalise\", value = 3 }", 12, "totalise takes no key `value`"),
        ("\"totalise\" }", "\"totalise\", year = 0 }", 12, "`year` is a number from 1"),
        (", unit = \"month\" }]", " }]", 17, "the rule R-2: own-minimum needs the key `unit`"),
        ("countries = [\"DE\"], value = 12", "value = 0", 17, "`value` is a number from 1 to"),
        (
            "includes =",
            "from = \"2020-01-01\"\nuntil = \"2019-12-31\"\nincludes =",
            8,
            "ends before it begins",
        ),
        ("\"R-2\"", "\"R-1\"", 14, "the rule R-1 stands in line 9 already"),
        (
            "countries = [\"DE\"]",
            "countries = [\"FR\"]",
            17,
            "the rule R-2 names FR, which is no party",
        ),
        ("task =", "tusk =", 20, "no key \"tusk\""),
        ("\"totalise\"\nparameters", "\"totalize\"\nparameters", 20, "this is no task: one of"),
        ("claim_country = \"DE\"", "claim_country = \"FR\"", 21, "a case names FR"),
        ("unit = \"month\" }\n", "united = \"month\" }\n", 21, "no key \"united\""),
        ("country = \"PH\"", "country = \"FR\"", 22, "a case names FR"),
        ("{ total = 12 }", "{}", 23, "expects nothing"),
        ("{ total = 12 }", "{ ratio = {} }", 23, "expects nothing"),
    ] {
        let text = FILE.replacen(from, to, 1);
        let text = if from == "unit = \"month\" }\n" {
            FILE.replace("\"DE\", unit = \"month\" }\n", "\"DE\", united = \"month\" }\n")
        } else {
            text
        };
        let found = lines(&text);
        assert!(
            found.iter().any(|(at, reason)| *at == line && reason.contains(says)),
            "{says} in {line}: {found:?}"
        );
    }
    let twice = format!(
        "{FILE}[[case]]\nid = \"one\"\ntask = \"totalise\"\ninputs = {{}}\nexpected = {{ total = 1 }}\n"
    );
    assert_eq!(lines(&twice), [(25, "the case \"one\" stands in line 19 already".to_owned())]);
    let period = "{ id = \"a\", country = \"PH\", type = \"compulsory\", start = \"2000-01-01\", \
                  end = \"2000-12-31\" }";
    assert!(FILE.contains(period));
    let twice = FILE.replace(period, &format!("{period}, {period}"));
    let says = "the period \"a\" of this case stands in line 22 already";
    assert_eq!(lines(&twice), [(22, says.to_owned())]);
}

#[test]
fn all_mistakes_are_named_at_once_and_whatever_cannot_be_read_has_one() {
    let text = FILE
        .replace("\"totalisation\"", "\"total\"")
        .replace("\"PH\"]", "\"PH\", \"DE\"]")
        .replace("value = 12", "value = \"12\"")
        .replace("id = \"one\"", "ID = \"one\"");
    let found: Vec<u64> = lines(&text).into_iter().map(|(line, _)| line).collect();
    for line in [5, 6, 17, 19] {
        assert!(found.contains(&line), "{found:?}");
    }
    // Nothing that the reader refuses passes, whatever line is gone or broken.
    for (number, _) in FILE.lines().enumerate() {
        let without: Vec<&str> =
            FILE.lines().enumerate().filter(|(n, _)| *n != number).map(|(_, line)| line).collect();
        let text = without.join("\n");
        if super::super::parse(Path::new("x"), &text).is_err() {
            assert!(!mistakes(&text).is_empty(), "without line {}", number + 1);
        }
    }
}

#[test]
fn broken_syntax_is_named_wherever_it_is() {
    let text = FILE.replace("title = ", "title ").replace("family = ", "family ");
    let found: Vec<u64> = lines(&text).into_iter().map(|(line, _)| line).collect();
    assert!(found.contains(&4) && found.contains(&5), "{found:?}");
}

#[test]
fn every_key_of_a_case_is_explained_and_no_other() {
    use crate::cases::tests::{named, table};
    for (name, keys) in [
        ("case", case::CASE),
        ("parameters", case::PARAMETERS),
        ("inputs", case::INPUTS),
        ("period", case::PERIOD),
        ("reported", case::REPORTED),
    ] {
        let rows = table(name);
        let mut explained = named(&rows);
        explained.sort_unstable();
        let mut known = keys.to_vec();
        known.sort_unstable();
        assert_eq!(explained, known, "{name}");
    }
}
