use super::*;
use crate::error::Mistake;
use crate::forms::certificate::Certificate;
use crate::forms::table::{parse, template, wrong_rows};
use std::path::Path;

const HEADER: &str = "row,key_request,name_latin,birth_date,title,language,occupation,framework,level,field,award_date,country,expires,skills";
const GOOD: &str = "a-1,a.request,Ana Example,1998-02-17,Welding NC II,en,7212,PQF,2,0715,2026-01-15,PH,2031-01-01,S-1|Flat; S-2||3";

fn read_all(text: &str) -> Result<Vec<Certificate>, Vec<String>> {
    parse::<Class>(Path::new("class.csv"), text)
        .map_err(|error| error.all_mistakes().iter().map(ToString::to_string).collect())
}

#[test]
fn a_row_becomes_a_certificate() {
    let rows = read_all(&format!("{HEADER}\n{GOOD}\n")).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].row.as_str(), "a-1");
    assert_eq!(
        rows[0].attested.skill().unwrap().skills[0].title.as_ref().unwrap().as_str(),
        "Flat"
    );
    assert_eq!(rows[0].attested.skill().unwrap().skills[1].level.unwrap().to_string(), "3");
    assert_eq!(rows[0].expires_at.to_string(), "2031-01-01T00:00:00Z");
    assert!(rows[0].attested.skill().unwrap().assessment.is_none());
}

#[test]
fn what_spreadsheets_write_is_read() {
    let semicolons = format!("{HEADER}\n{GOOD}").replace("; S-2||3", "").replace(',', ";");
    let quoted = format!(
        "{HEADER}\r\n\r\n{}\r\n,,,,,,,,,,,,,\r\n",
        GOOD.replace("Ana Example", "\"Example, Ana\"")
    );
    for text in [format!("\u{feff}{HEADER}\n{GOOD}"), semicolons, quoted.clone()] {
        assert_eq!(read_all(&text).unwrap().len(), 1, "{text}");
    }
    assert_eq!(
        read_all(&quoted).unwrap()[0].person.name_latin.as_ref().unwrap().as_str(),
        "Example, Ana"
    );
}

#[test]
fn all_mistakes_are_listed_with_line_and_column() {
    let text = format!(
        "{HEADER}\n{GOOD}\n{}\n\n{}\n{GOOD}\n",
        GOOD.replace("a-1", "a-2").replace("7212", "7219").replace("1998-02-17", "17/02/1998"),
        GOOD.replace("a-1", "").replace("Ana Example", ""),
    );
    let mistakes = read_all(&text).unwrap_err();
    let expected = [
        "line 3, birth_date: \"17/02/1998\" is not a day",
        "line 3, occupation: 7219 is not an ISCO-08 occupation",
        "line 5, row: nothing stands there",
        "line 5, name_latin: the row gives no name",
        "line 6, row: the same key stands in line 2 already",
    ];
    assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
    for (mistake, expected) in mistakes.iter().zip(expected) {
        assert!(mistake.starts_with(expected), "{mistake}");
    }
}

#[test]
fn a_wrong_header_is_named_column_by_column() {
    let text = format!("{}\n{GOOD}", HEADER.replace("occupation", "ocupation"));
    let mistakes = read_all(&text).unwrap_err();
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes[0].starts_with("line 1, ocupation: there is no such column"));
    assert!(mistakes[1].starts_with("line 1, occupation: the column is missing"));
    assert!(read_all(&format!("{HEADER},row\n{GOOD},x")).unwrap_err()[0].contains("twice"));
}

#[test]
fn a_row_of_the_wrong_length_and_a_table_without_rows_are_refused() {
    assert!(read_all(&format!("{HEADER}\na-1,b\n")).unwrap_err()[0].contains("2 fields"));
    assert!(read_all(&format!("{HEADER}\n{GOOD},more\n")).unwrap_err()[0].contains("15 fields"));
    for empty in ["", "\n\n", HEADER] {
        assert_eq!(read_all(empty).unwrap_err().len(), 1, "{empty:?}");
    }
    let backwards = GOOD.replace("S-1|Flat; S-2||3", "S-1|a|b|c");
    assert_eq!(read_all(&format!("{HEADER}\n{backwards}")).unwrap_err().len(), 1);
}

#[test]
fn the_template_is_a_class() {
    assert_eq!(read_all(&template::<Class>()).unwrap().len(), 1);
}

#[test]
fn the_class_that_ships_is_of_25_welders_who_do_not_exist() {
    let rows = read_all(include_str!("../../commands/demo/class.csv")).unwrap();
    assert_eq!(rows.len(), 25);
    let mut seen = std::collections::BTreeSet::new();
    for row in &rows {
        assert_eq!(row.attested.skill().unwrap().occupation.code(), "7212");
        assert_eq!(
            (
                row.attested.skill().unwrap().framework.code(),
                row.attested.skill().unwrap().country.code()
            ),
            ("PQF", "PH")
        );
        assert!(row.key_request.is_none() && row.person.birth_date.is_some());
        assert!(seen.insert(row.person.document_number.clone().unwrap()));
    }
}

#[test]
fn many_mistakes_are_counted_and_the_first_fifty_listed() {
    let mistakes =
        (1..=60).map(|line| Mistake::new(line, None, "wrong".into())).collect::<Vec<_>>();
    let error = wrong_rows(Path::new("class.csv"), mistakes);
    assert_eq!(error.all_mistakes().len(), 50);
    let mut text = Vec::new();
    error.report(&mut text, &crate::text::Texts::load(Some("en")), false);
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("60 mistakes") && text.contains("  and 10 more\n"), "{text}");
    assert!(text.contains("line 50") && !text.contains("line 51"), "{text}");
}

#[test]
fn a_control_character_is_refused_by_row_and_column_and_never_taken_away() {
    let with = |cell: &str| read_all(&format!("{HEADER}\n{}\n", GOOD.replace("Ana Example", cell)));
    for cell in ["\"Ana\nExample\"", "\"Ana Example\n\"", "\tAna Example", "Ana\u{7}Example"] {
        let mistakes = with(cell).unwrap_err();
        assert_eq!(mistakes, ["line 2, name_latin: the text has a control character"], "{cell:?}");
    }
    let item = GOOD.replace("S-1|Flat", "S-1|Flat\u{b}");
    let mistakes = read_all(&format!("{HEADER}\n{item}\n")).unwrap_err();
    assert_eq!(mistakes, ["line 2, skills: the text has a control character"]);
    assert!(with("  Ana Example\u{a0}").is_ok(), "spaces say nothing");
}

#[test]
fn whether_it_was_passed_is_yes_or_no() {
    let read = |cell: &str| {
        read_all(&format!("{HEADER},assessment_passed\n{GOOD},{cell}\n")).map(|rows| {
            rows[0].attested.skill().unwrap().assessment.as_ref().and_then(|a| a.passed)
        })
    };
    assert_eq!(read("yes").unwrap(), Some(true));
    assert_eq!(read("").unwrap(), None);
    assert!(read("no").is_ok_and(|passed| passed == Some(false)));
    assert!(read("competent").unwrap_err()[0].contains("yes or no"));
}
