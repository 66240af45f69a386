use super::*;
use crate::text::Texts;
use carnet_proto::classification::Country;
use carnet_proto::credential::attested::Attested as AttestedClaim;
use carnet_proto::credential::contribution::{
    Contribution, Institution, InstitutionRole, Month, PeriodKind, PeriodType, Quantity, Refund,
    ReportingMode, SchemeTotals, Unit as Certified, YearValue,
};
use carnet_proto::id::{CredentialId, Did, Digest};
use carnet_proto::statement::accreditation::Branch;
use carnet_proto::text::Line;
use carnet_proto::totalisation::TimeUnit;
use carnet_proto::totalisation::period::StateCode;
use carnet_proto::verify::report::{
    Check, Disclosed, Link, Outcome as Checked, REPORT_VERSION, Reason, Report, check, reason,
};
use std::path::PathBuf;

const NOW: UnixSeconds = UnixSeconds(1_780_000_000);

fn line(text: &str) -> Line {
    Line::parse(text).unwrap()
}

fn did(name: &str) -> Did {
    Did::of_inception(name.as_bytes())
}

fn months(number: u32) -> Quantity {
    Quantity::of(Certified::Month, Decimal::whole(number))
}

fn period(state: &str, start: &str, end: &str, number: u32) -> Contribution {
    Contribution {
        institution: Institution {
            code: line(&format!("{state}:1")),
            name: line("Fictitious Office"),
            role: InstitutionRole::Competent,
        },
        legislation: Country::parse(state).unwrap(),
        scheme: line("general"),
        branches: vec![Branch::OldAge],
        kind: PeriodKind::Compulsory,
        period_type: Some(PeriodType::Compulsory),
        start: Month::parse(start).unwrap(),
        end: Month::parse(end).unwrap(),
        dates_uncertain: false,
        mode: ReportingMode::Aggregate,
        day_basis: None,
        value: Some(months(number)),
        counts_for_right: vec![Branch::OldAge],
        counts_for_amount: vec![Branch::OldAge],
        refunded: Refund::None,
        refund_date: None,
        category: None,
        as_of: Date::parse("2026-01-31").unwrap(),
        complete: true,
        complete_up_to: Date::parse("2026-01-31"),
        series: None,
        sequence: None,
        supersedes: None,
        years: vec![],
        total: None,
        scheme_totals: None,
        first_day: None,
        last_day: None,
        national_right: None,
        scheme_class: None,
        occupation: None,
        legislation_part: None,
        special_scheme: None,
        employers: vec![],
        earnings: vec![],
        insurance_numbers: vec![],
        sex: None,
    }
}

/// 48 German and 15 Spanish months: neither alone makes 60.
fn usual() -> Vec<Contribution> {
    vec![period("DE", "2001-01", "2004-12", 48), period("ES", "2005-01", "2006-03", 15)]
}

fn person() -> Person {
    Person {
        name_latin: Some(line("Ana Example")),
        birth_date: Date::parse("1970-02-17"),
        ..Person::default()
    }
}

/// The report on one valid credential.
fn valid(number: u8, contribution: Contribution) -> CredentialReport {
    let issuer = did(contribution.legislation.code());
    let disclosed = Disclosed {
        person: person(),
        sub: None,
        attested: AttestedClaim::from(contribution),
        issued_at: NOW,
        expires_at: NOW,
    };
    CredentialReport {
        verdict: Verdict::Valid,
        id: Some(CredentialId::new([number; 16])),
        issuer: Some(issuer),
        calls_itself: None,
        checks: vec![],
        path: Some(vec![Link::TrustAnchor { did: issuer, name: line("Pension Office <b>") }]),
        proven_time: None,
        disclosed: Some(disclosed),
        withheld: vec![],
        withheld_hashes: 0,
        prepared: false,
    }
}

fn refused(mut report: CredentialReport, id: &'static str, why: Reason) -> CredentialReport {
    let outcome = Checked::Fail;
    report.verdict = Verdict::Invalid;
    report.checks = vec![Check { id, outcome, reason: why, statements: vec![Digest::of(b"x")] }];
    report
}

/// What a computation says, in text, as JSON and on paper.
struct Said {
    answer: Answer,
    text: String,
    json: serde_json::Value,
    page: String,
}

fn totalise(agreement: &str, credentials: Vec<CredentialReport>, needed: u32) -> Said {
    totalise_before(agreement, credentials, needed, None)
}

fn totalise_before(
    agreement: &str,
    credentials: Vec<CredentialReport>,
    needed: u32,
    risk_date: Option<Date>,
) -> Said {
    let asked = args::Totalise { risk_date, ..asked(agreement, needed) };
    totalise_as(&asked, credentials)
}

fn asked(agreement: &str, needed: u32) -> args::Totalise {
    args::Totalise {
        cases: None,
        explain: false,
        agreement: Some(agreement.to_owned()),
        claim_country: StateCode::parse("DE"),
        branch: Some(Branch::OldAge),
        risk_date: None,
        unit: TimeUnit::Month,
        needed: Some(Decimal::whole(needed)),
        third_state: Vec::new(),
        presentations: Vec::new(),
        html: None,
        demands: crate::args::verifier::Demands {
            policy: crate::args::PolicyFile { path: None },
            challenge: None,
            node: None,
            offline: false,
        },
    }
}

fn totalise_as(args: &args::Totalise, credentials: Vec<CredentialReport>) -> Said {
    let agreement = args.agreement.as_deref().unwrap();
    let verdict = Verdict::Valid;
    let report = Report {
        version: REPORT_VERSION,
        verdict,
        checked_at: NOW,
        evidence_age: None,
        credentials,
    };
    let rules = super::agreement(agreement, &Ledger::new(), NOW).unwrap();
    let judged = [Judged { path: PathBuf::from("shown.carnet"), body: Vec::new(), report }];
    let work = Work::of(args, &rules, &judged, NOW).unwrap();
    let sheet = sheet::sheet(&work, &Texts::load(Some("en")));
    let mut text = sheet.answer.join("\n");
    for section in &sheet.sections {
        text += &format!("\n# {}\n{}\n", section.heading, section.lines.join("\n"));
        for row in &section.table {
            text += &format!("{}\n", row.join(" | "));
        }
    }
    let page = html::page(&sheet, "en");
    Said { answer: work.answer(), text, json: work.to_json(), page }
}

fn both(first: Contribution, second: Contribution) -> Vec<CredentialReport> {
    vec![valid(1, first), valid(2, second)]
}

fn usual_two() -> Vec<CredentialReport> {
    let [first, second] = <[_; 2]>::try_from(usual()).unwrap();
    both(first, second)
}

#[track_caller]
fn says(said: &Said, words: &[&str]) {
    for word in words {
        assert!(said.text.contains(word), "{word}:\n{}", said.text);
    }
}

#[test]
fn periods_of_two_states_open_a_right_that_neither_opens_alone() {
    let said = totalise("eu-883", usual_two(), 60);
    assert_eq!(said.answer, Answer::Yes);
    says(
        &said,
        &[
            "From the attestations shown: 48 months of DE and 15 months of other States make 63",
            "it opens with the periods of the other States",
            "Share of DE: 48 / 63.",
            "# Steps",
            "EU-6",
            "No. 1: the institution states that every period of the scheme “general” up to 2026-01-31",
        ],
    );
    assert_eq!(said.json["outcome"]["together"], true);
    assert_eq!(said.json["attestations"][1]["number"], 2);
    let not = totalise("eu-883", usual_two(), 64);
    assert_eq!(not.answer, Answer::No);
    says(
        &not,
        &["it does not open", "1 months more, certified by a State whose periods count here"],
    );
}

#[test]
fn the_page_escapes_what_issuers_call_themselves() {
    let said = totalise("eu-883", usual_two(), 60);
    assert!(said.page.contains("Pension Office &lt;b&gt;") && !said.page.contains("Office <b>"));
    assert!(said.page.contains("Ana Example") && said.page.contains("Checked by"));
}

#[test]
fn what_is_not_valid_is_refused_by_name_and_the_answer_is_open() {
    let [own, other] = <[_; 2]>::try_from(usual()).unwrap();
    let scope =
        Reason::new(reason::OUTSIDE_SCOPE).with("name", "Office of Spain").with("part", "branch");
    let other = refused(valid(2, other), check::PATH, scope);
    let said = totalise("eu-883", vec![valid(1, own.clone()), other], 60);
    assert_eq!(said.answer, Answer::Unknown);
    says(
        &said,
        &[
            "1 credential was refused".replace("1", "One").as_str(),
            "# Refused, and not counted",
            "the accreditation of Office of Spain does not cover this branch of social security",
            "48 months of DE and 0 months of other States",
        ],
    );
    assert_eq!(said.json["refused"][0]["reason"]["id"], "outside-scope");
    let revoked = refused(valid(1, own), check::STATUS, Reason::new(reason::REVOKED));
    let said = totalise("eu-883", vec![revoked], 60);
    assert_eq!(said.answer, Answer::Unknown);
    says(&said, &["Nothing was counted", "the issuer has revoked it"]);
    assert_eq!(said.json["outcome"], serde_json::Value::Null);
}

#[test]
fn a_replaced_and_a_repeated_attestation_do_not_count_twice() {
    let series = |sequence, number| Contribution {
        series: Some(CredentialId::new([9; 16])),
        sequence: Some(sequence),
        ..period("DE", "2001-01", "2004-12", number)
    };
    let shown = vec![valid(1, series(1, 48)), valid(2, series(2, 40)), valid(2, series(2, 40))];
    let said = totalise("eu-883", shown, 60);
    says(
        &said,
        &[
            "40 months of DE and 0 months",
            "No. 1: a newer attestation that was shown, No. 2, takes its place",
            "No. 3: the same as No. 2",
        ],
    );
    let plain = period("DE", "2001-01", "2004-12", 48);
    let said = totalise("eu-883", both(plain.clone(), plain), 60);
    says(&said, &["48 months of DE", "Ask for series and sequence of both"]);
}

#[test]
fn a_refund_ends_the_time_and_a_risk_cuts_it() {
    let [own, other] = <[_; 2]>::try_from(usual()).unwrap();
    let refunded = Contribution {
        refunded: Refund::Full,
        refund_date: Date::parse("2010-01-01"),
        ..other.clone()
    };
    let said = totalise("eu-883", both(own.clone(), refunded), 60);
    assert_eq!(said.answer, Answer::No);
    says(&said, &["because the contributions were paid back", "0 months of other States"]);
    let risk = Date::parse("2005-12-31");
    let said = totalise_before("eu-883", both(own, other), 60, risk);
    says(&said, &["No. 2: 3 months lie after the risk"]);
}

#[test]
fn hidden_years_and_scheme_totals_are_told() {
    let years = |list: &[u16]| {
        list.iter().map(|year| YearValue { year: *year, value: months(12) }).collect()
    };
    let some = Contribution {
        mode: ReportingMode::ByYear,
        value: None,
        years: years(&[2001, 2003]),
        total: Some(months(48)),
        scheme_totals: Some(SchemeTotals { right: months(60), amount: months(60) }),
        ..period("DE", "2001-01", "2004-12", 48)
    };
    let none = Contribution { years: vec![], ..some.clone() };
    let said = totalise("eu-883", vec![valid(1, some)], 60);
    says(
        &said,
        &[
            "24 months of DE",
            "No. 1: its total is more than the years shown",
            "No. 1: the institution has more on record",
            "Periods of other States that are hidden make the share of DE larger",
        ],
    );
    let said = totalise("eu-883", vec![valid(1, none)], 60);
    says(&said, &["no year is shown", "Nothing was counted"]);
}

#[test]
fn what_is_certified_and_not_shown_never_makes_a_no() {
    let all = Contribution {
        mode: ReportingMode::ByYear,
        value: None,
        years: vec![YearValue { year: 2001, value: months(12) }],
        total: Some(months(12)),
        ..period("DE", "2001-01", "2001-12", 12)
    };
    let answer = |one: Contribution| totalise("eu-883", vec![valid(1, one)], 60);
    assert_eq!(answer(all.clone()).answer, Answer::No);
    let hidden = Contribution { total: Some(months(36)), ..all.clone() };
    let said = answer(hidden);
    assert_eq!(said.answer, Answer::Unknown);
    says(&said, &["Whether the right opens cannot be told", "years of it are hidden"]);
    let more = SchemeTotals { right: months(60), amount: months(60) };
    let of_scheme = Contribution { scheme_totals: Some(more), ..all };
    assert_eq!(answer(of_scheme).answer, Answer::Unknown);
}

#[test]
fn a_third_state_counts_only_if_it_is_named_and_needed() {
    let shown = || {
        let german = period("DE", "2001-01", "2004-12", 48);
        both(german, period("JP", "2005-01", "2006-03", 15))
    };
    let alone = totalise("de-ph", shown(), 60);
    assert_eq!(alone.answer, Answer::No);
    let thirds = |needed| args::Totalise {
        third_state: vec![StateCode::parse("JP").unwrap()],
        ..asked("de-ph", needed)
    };
    let said = totalise_as(&thirds(60), shown());
    assert_eq!(said.answer, Answer::Yes);
    says(&said, &["48 months of DE", "15 months of other States"]);
    says(&totalise_as(&thirds(48), shown()), &["from the 48 months of DE alone"]);
}

#[test]
fn two_holders_are_not_added_up() {
    let [own, other] = <[_; 2]>::try_from(usual()).unwrap();
    let mut second = valid(2, other);
    second.disclosed.as_mut().unwrap().person.birth_date = Date::parse("1971-01-01");
    let said = totalise("eu-883", vec![valid(1, own), second], 60);
    assert_eq!(said.answer, Answer::Unknown);
    says(&said, &["not shown to be about one person"]);
    assert_eq!(said.json["one_person"], false);
    assert_eq!(said.json["outcome"], serde_json::Value::Null);
    assert!(!said.page.contains("Ana Example"), "whose worksheet it would be is not known");
}

#[test]
fn an_agreement_that_is_not_there_says_what_may_be_named() {
    let named = |name: &str| super::agreement(name, &Ledger::new(), NOW).unwrap_err();
    assert_eq!(named("no-such-agreement").code(), "totalise-agreement");
    assert_eq!(named("general-system").code(), "agreement-of-recognition");
}

#[test]
fn what_is_left_out_because_of_the_same_time_never_makes_a_no() {
    // Whether the 30 months lie beside the 36 cannot be told; the Spanish ones are 12.
    let credentials = || {
        vec![
            valid(1, period("DE", "2001-01", "2010-12", 30)),
            valid(2, period("DE", "2001-01", "2010-12", 36)),
            valid(3, period("ES", "2012-01", "2012-12", 12)),
        ]
    };
    let said = totalise("eu-883", credentials(), 60);
    assert_eq!(said.answer, Answer::Unknown, "{}", said.text);
    assert_eq!(said.json["outcome"]["total"], 48);
    assert!(said.text.contains("Whether the right opens cannot be told"), "{}", said.text);
    assert!(said.page.contains("Whether the right opens cannot be told"));
    // Where all of it would not do, the answer is no; where what counts does, it is yes.
    assert_eq!(totalise("eu-883", credentials(), 79).answer, Answer::No);
    assert_eq!(totalise("eu-883", credentials(), 48).answer, Answer::Yes);
    let mut turned = credentials();
    turned.reverse();
    let turned = totalise("eu-883", turned, 60);
    assert_eq!((turned.answer, &turned.json["outcome"]["total"]), (Answer::Unknown, &48.into()));
}

#[test]
fn two_attestations_that_share_a_month_count_it_once() {
    let halves = || {
        vec![
            valid(1, period("DE", "2001-01", "2001-06", 6)),
            valid(2, period("DE", "2001-06", "2001-12", 7)),
        ]
    };
    assert_eq!(totalise("eu-883", halves(), 12).answer, Answer::Yes);
    let more = totalise("eu-883", halves(), 13);
    assert_eq!(more.answer, Answer::No, "a year holds no thirteen months: {}", more.text);
}

#[test]
fn an_institution_of_another_state_and_what_cannot_be_are_told() {
    let mut foreign = period("DE", "2001-01", "2004-12", 48);
    foreign.institution.code = line("FR:1");
    let said = totalise("eu-883", vec![valid(1, foreign)], 40);
    assert!(said.text.contains("FR:1 certifies time under the law of DE"), "{}", said.text);
    let mut early = valid(1, period("DE", "1960-01", "1963-12", 48));
    early.disclosed.as_mut().unwrap().person.birth_date = Date::parse("1970-02-17");
    let said = totalise("eu-883", vec![early], 40);
    assert!(said.text.contains("the period began before the birth"), "{}", said.text);
}

#[test]
fn an_agreement_that_does_not_bind_the_state_gives_no_answer() {
    // jp-gb binds Japan and the United Kingdom, and Germany is asked.
    let shown = || (1..).zip(usual()).map(|(number, one)| valid(number, one)).collect::<Vec<_>>();
    let said = totalise("jp-gb", shown(), 60);
    assert_eq!(said.answer, Answer::Unknown, "{}", said.text);
    assert!(said.text.contains("does not bind DE"), "{}", said.text);
    assert!(!said.text.contains("only the other side"), "{}", said.text);
    assert_eq!(said.json["outcome"]["bound"], false);
    assert_eq!(totalise("jp-gb", shown(), 48).answer, Answer::Yes, "own time alone is enough");
}
