use super::*;
use crate::error::CliError;
use crate::forms::table;
use crate::text::Texts;

fn contribution(certificate: &Certificate) -> Contribution {
    certificate.attested.contribution().unwrap().clone()
}

fn read_text(text: &str) -> Result<Contribution, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("period.toml");
    std::fs::write(&path, text).unwrap();
    let read = read(&path).map(|certificate| contribution(&certificate));
    read.map_err(|error| error.message(&Texts::load(Some("en"))))
}

fn rows(text: &str) -> Result<Vec<Certificate>, CliError> {
    table::parse::<Periods>(Path::new("periods.csv"), text)
}

fn mistakes(text: &str) -> Vec<(u64, Option<String>, String)> {
    let error = rows(text).unwrap_err();
    error.all_mistakes().iter().map(|m| (m.line, m.column.clone(), m.reason.clone())).collect()
}

#[test]
fn the_template_is_an_attestation_and_its_total_is_the_sum() {
    let read = read_text(TEMPLATE).unwrap();
    assert_eq!(read.mode, ReportingMode::ByYear);
    assert_eq!(read.total.unwrap().to_string(), "31.5 months");
    assert_eq!(read.period_type, PeriodType::from_code(11));
    assert!(read.complete && read.counts_for_right == read.branches);
}

#[test]
fn the_table_to_start_from_says_the_same() {
    let table = rows(&table::template::<Periods>()).unwrap();
    let read = read_text(TEMPLATE).unwrap();
    let bare = Contribution { employers: Vec::new(), earnings: Vec::new(), ..read };
    assert_eq!(contribution(&table[0]), bare);
}

#[test]
fn the_law_may_be_that_of_a_part_of_a_state() {
    let with =
        |law: &str| TEMPLATE.replace("legislation = \"PH\"", &format!("legislation = {law:?}"));
    let read = read_text(&with("CA-QC")).unwrap();
    assert_eq!((read.legislation.code(), read.law().code()), ("CA", "CA-QC"));
    assert_eq!(read_text(&with("CA")).unwrap().law().code(), "CA");
    for wrong in ["QQ-1", "CA-", "Quebec"] {
        let refused = read_text(&with(wrong)).unwrap_err();
        assert!(refused.contains("PH, CA-QC"), "{refused}");
    }
}

#[test]
fn a_rule_that_is_broken_is_named_with_its_field() {
    for (from, to, said) in [
        ("2015 = \"12\"", "2015 = \"13\"", "[contribution] years: the number of a year is more"),
        ("2015 = \"12\"", "2015 = \"12.00001\"", "is not an exact number"),
        ("2015 = \"12\"", "2015 = 11.5", "decimals stand in quotation marks"),
        ("as_of = \"2026-06-30\"", "as_of = \"2016-09-30\"", "[contribution] end: "),
        ("compulsory-employed", "child-care", "(type-not-of-kind)"),
        ("\"survivors\"]", "\"old-age\"]", "(branch-twice)"),
        ("unit = \"month\"", "unit = \"day\"", "(no-day-basis)"),
        ("# value = \"31.5\"", "value = \"31.5\"", "(not-aggregate)"),
        ("start = \"2014-03\"", "start = \"2014-13\"", "is not a month"),
        ("currency = \"PHP\"", "currency = \"pesos\"", "three capital letters"),
    ] {
        assert!(TEMPLATE.contains(from), "{from}");
        let refused = read_text(&TEMPLATE.replace(from, to)).unwrap_err();
        assert!(refused.contains(said), "{to}: {refused}");
    }
}

#[test]
fn every_mistake_of_a_table_has_its_line_and_column() {
    let good = table::template::<Periods>();
    let row = good.lines().nth(1).unwrap();
    let other = |from: &str, to: &str, key: &str| {
        assert!(row.contains(from), "{from}");
        row.replace(from, to).replace("period-2014-ana", key)
    };
    let text = [
        good.trim_end(),
        &other("compulsory,11", "compulsory,30", "b"),
        &other("2014: 10", "2014: 11", "c"),
        &other("month", "moon", "d"),
        &other("2014-03", "2016-11", "e"),
    ]
    .join("\n");
    let found = mistakes(&text);
    let places: Vec<_> = found.iter().map(|(line, column, _)| (*line, column.as_deref())).collect();
    let expected = [
        (3, Some("period_type")),
        (4, Some("years")),
        (5, Some("unit")),
        (6, Some("end")),
        (6, Some("years")),
    ];
    assert_eq!(places, expected, "{found:?}");
}

#[test]
fn years_months_and_days_and_all_lists_can_stand_in_a_table() {
    let header = "row,key_request,name_latin,birth_date,institution_code,institution_name,\
                  legislation,scheme,branches,kind,start,end,unit,day_basis,value,as_of,expires,\
                  counts_for_amount,employers,earnings,insurance_numbers,sex";
    let row = "a,a.request,Ana,1988-02-17,NO:1,Fictitious Office,NO,general,old-age,equivalent,\
               1990-01,1992-02,years-months-days,5,2/1/4,2026-06-30,2031-01-01,-,\
               Yard|7|Bergen; Mill,1990|100.5|NOK|8|14,NO|1; PH|2,male";
    let read = contribution(&rows(&format!("{header}\n{row}\n")).unwrap()[0]);
    assert_eq!(read.value.unwrap().to_string(), "2 years, 1 month, 4 days");
    assert!(read.counts_for_amount.is_empty() && read.counts_for_right == [Branch::OldAge]);
    assert_eq!((read.employers.len(), read.insurance_numbers.len()), (2, 2));
    assert_eq!(read.earnings[0].employer, Decimal::parse("14"));
}
