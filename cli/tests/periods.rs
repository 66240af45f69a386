//! Periods of two States, from the offices that certify them to the clerk's worksheet.

#[cfg(test)]
mod support;

use serde_json::Value;
use support::node::{Node, until};
use support::{PASSPHRASE, User};

/// A grant for periods of both States in three branches.
const GRANT: &str = "[[grant]]\ncredential = \"urn:carnet:contribution:1\"\n\
    branches = [\"old-age\", \"invalidity\", \"survivors\"]\ncountries = [\"PH\", \"DE\"]\n";

#[test]
fn periods_are_certified_carried_shown_in_part_and_counted_on_a_worksheet() {
    let user = User::new();
    let authority = Node::institution(&user, "authority", "Ministry", "ministry");
    let office = Node::institution(&user, "office", "Social Office", "social-security");
    Node::init(&user, "clerk", &["--no-log"]);
    let a = Node::start(&user, "authority");
    let o = Node::start(&user, "office");
    let c = Node::start(&user, "clerk");
    a.follow(&user, &office, &o);
    o.follow(&user, &authority, &a);
    c.follow(&user, &authority, &a);
    c.follow(&user, &office, &o);
    std::fs::write(user.path("grant.toml"), GRANT).unwrap();
    let accredit =
        format!("accredit --subject {office} --name Office --grant grant.toml --from 2020-01-01");
    a.operate(&user, &accredit).ok();
    let witnesses = format!("witnesses = [\"{authority}\", \"{office}\"]\nquorum = 1\n");
    std::fs::write(user.path("profile.toml"), witnesses).unwrap();
    a.operate(&user, "node profile profile.toml").ok();

    user.run_locked("wallet new --wallet ana.age", PASSPHRASE).ok();
    for name in ["ana", "two"] {
        let line = format!("wallet key --for {office} --out {name}.request --wallet ana.age");
        user.run_locked(&line, PASSPHRASE).ok();
    }
    // 31.5 months year by year from one State, 40 months in one figure from the other.
    let template = user.run("issue contribution --toml-template").ok();
    let born = "birth_date = \"1988-02-17\"\n";
    assert!(template.contains(born), "{template}");
    let template = template.replace(born, &format!("{born}document_number = \"X1\"\n"));
    std::fs::write(user.path("period.toml"), &template).unwrap();
    let wrong = template.replace("2015 = \"12\"", "2015 = \"13\"");
    std::fs::write(user.path("wrong.toml"), wrong).unwrap();
    o.operate(&user, "issue contribution --toml wrong.toml --out issued")
        .fails(3, &["above-year", "wrong.toml"]);
    o.operate(&user, "issue contribution --toml period.toml --out issued").ok();
    let table = "row,key_request,name_latin,birth_date,document_number,institution_code,institution_name,\
         legislation,scheme,branches,kind,period_type,start,end,unit,value,as_of,complete_up_to,expires\n\
         period-two,two.request,Ana Example,1988-02-17,X2,DE:EX,Fictitious Pension Insurance,DE,general,\
         old-age; invalidity,compulsory,11,2017-01,2020-04,month,40,2026-06-30,2026-06-30,2031-01-01\n";
    std::fs::write(user.path("periods.csv"), table.replace("2020-04,", "2020-03,")).unwrap();
    let refused = o.operate(&user, "issue contribution --csv periods.csv --out issued");
    refused.fails(3, &["rows", "value", "above-frame"]);
    std::fs::write(user.path("periods.csv"), table).unwrap();
    o.operate(&user, "issue contribution --csv periods.csv --out issued").ok();
    let files = "issued/period-2014-ana.carnet issued/period-two.carnet";
    user.run_locked(&format!("wallet add {files} --wallet ana.age"), PASSPHRASE).ok();
    let listed = user.run_locked("wallet list --wallet ana.age", PASSPHRASE).ok();
    assert!(listed.contains("Contributions 2014-03 to 2016-10, Philippines"), "{listed}");
    assert!(listed.contains("31.5 months") && listed.contains("40 months"), "{listed}");
    let shown = user.run_locked("wallet show 1 --wallet ana.age", PASSPHRASE).ok();
    assert!(shown.contains("2014: 10 months") && shown.contains("earnings.1"), "{shown}");

    let trust = format!("trust add {authority} --name Ministry --policy trust.toml --yes");
    user.run(&format!("{trust} --for contributions")).ok();
    let number = std::cell::Cell::new(0);
    // Presents under a new challenge, and returns the file.
    let present = |what: &str| {
        number.set(number.get() + 1);
        let name = format!("shown-{}", number.get());
        user.run(&format!("challenge --policy trust.toml --out {name}.challenge")).ok();
        let line = format!(
            "wallet present {what} --challenge {name}.challenge --out {name}.carnet --wallet ana.age"
        );
        user.run_locked(&line, PASSPHRASE).ok();
        format!("{name}.carnet")
    };
    let person = "--disclose name_latin --disclose birth_date";
    let count = |file: &str, more: &str| {
        user.run(&format!(
            "totalise --agreement eu-883 --claim-country DE --branch old-age --needed 60 {file} \
             --policy trust.toml --offline {more}"
        ))
    };
    // As soon as witnesses have cosigned what was issued, stapled evidence is enough.
    let refresh = format!("wallet refresh --node {} --wallet ana.age", c.url);
    let told = until(|| {
        user.run_locked(&refresh, PASSPHRASE);
        let file = present(&format!("1 2 --preset ratio {person}"));
        let answer = user.run(&format!(
            "totalise --agreement de-ph --claim-country DE --branch old-age --needed 60 {file} \
             --policy trust.toml --offline --html worksheet.html"
        ));
        let _ = std::fs::rename(user.path("worksheet.html"), user.path("printed.html"));
        if answer.code == 0 { Ok(answer.stdout) } else { Err(answer.stdout + &answer.stderr) }
    });
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("40 months of DE and"), "{told}");
    assert!(told.contains("it opens with the periods of the other States"), "{told}");
    assert!(
        told.contains("Office") && told.contains("No. 1: certified time comes to 32 months"),
        "{told}"
    );
    let page = std::fs::read_to_string(user.path("printed.html")).unwrap();
    assert!(page.contains("Ana Example") && !page.contains("<script"), "{page}");
    assert!(!page.contains("Example Shipyard"), "employers were not shown");

    // Two attestations that do not show whose they are do not count together.
    let file = present("1 2 --preset eligible");
    let apart = count(&file, "--json");
    assert_eq!(apart.code, 3, "{}", apart.stdout);
    assert!(apart.stdout.contains("subject-not-shown"), "{}", apart.stdout);

    // One name does not outweigh two document numbers, in one answer or in two.
    let numbered = format!("{person} --disclose document_number");
    let (one, two) = (format!("1 {numbered}"), format!("2 {numbered}"));
    let files = format!("{} {}", present(&one), present(&two));
    let apart = count(&files, "");
    assert_eq!(apart.code, 3, "{}", apart.stdout);
    let told = apart.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("Where two document numbers are shown, the same name is not"), "{told}");
    let together = count(&present(&format!("1 2 {numbered}")), "");
    assert_eq!(together.code, 3, "{}", together.stdout);
    let told = together.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("one person with a renewed or a second document"), "{told}");

    // As few years as twelve months take; nothing else of the attestation.
    let file = present("1 --preset at-least:12");
    let verified = user.run(&format!("verify {file} --policy trust.toml --offline --json")).json();
    let shown = &verified["credentials"][0]["disclosed"];
    assert_eq!(shown["contribution"]["years"].as_array().unwrap().len(), 1);
    assert_eq!(shown["contribution"]["years"][0]["year"], 2015);
    assert!(shown.get("name_latin").is_none() && shown["contribution"].get("earnings").is_none());

    // Whoever is trusted for skills alone vouches for no period.
    let skills = trust.replace("trust.toml", "skills.toml");
    user.run(&skills).ok();
    let audience = |file: &str| {
        let text = std::fs::read_to_string(user.path(file)).unwrap();
        text.lines().find(|line| line.starts_with("audience")).unwrap().to_owned()
    };
    let text = std::fs::read_to_string(user.path("skills.toml")).unwrap();
    let text = text.replace(&audience("skills.toml"), &audience("trust.toml"));
    std::fs::write(user.path("skills.toml"), text).unwrap();
    let file = present(&format!("1 2 --preset ratio {person}"));
    let refused = user.run(&format!(
        "totalise --agreement de-ph --claim-country DE --branch old-age {file} \
         --policy skills.toml --offline"
    ));
    assert_eq!(refused.code, 3, "{}", refused.stdout);
    assert!(refused.stdout.contains("Nothing was counted"), "{}", refused.stdout);
    assert!(refused.stdout.contains("nobody whom you trust"), "{}", refused.stdout);

    // Rules in a log count once all have signed who must, and not before.
    let agreement = format!(
        "version = 1\nkind = \"contributions\"\nfrom = \"2020-01-01\"\nperiods = \"de-ph\"\n\
         [titles]\nen = \"Fictitious agreement\"\n\
         [[party]]\ncountry = \"PH\"\n[[party.signatory]]\ndid = \"{authority}\"\n\
         name = \"Ministry\"\nrole = \"ministry\"\nmust = true\n\
         [[party]]\ncountry = \"DE\"\n[[party.signatory]]\ndid = \"{office}\"\n\
         name = \"Office\"\nrole = \"social-security\"\nmust = true\n"
    );
    std::fs::write(user.path("agreement.toml"), &agreement).unwrap();
    let one = agreement.replace("de-ph", "eu-883");
    std::fs::write(user.path("strange.toml"), one).unwrap();
    user.run("agreement check strange.toml").fails(3, &["EU-883 name AT, which is no party"]);
    user.run("agreement check agreement.toml").ok();
    let proposed = a.operate(&user, "agreement propose agreement.toml").json();
    let digest = proposed["digest"].as_str().unwrap().to_owned();
    let by_digest = || {
        let file = present(&format!("1 2 --preset ratio {person}"));
        user.run(&format!(
            "totalise --agreement {digest} --claim-country DE --branch old-age --needed 60 {file} \
             --policy trust.toml --node {}",
            c.url
        ))
    };
    a.operate(&user, &format!("agreement ratify {digest}")).ok();
    let refused = until(|| match by_digest() {
        answer if answer.stderr.contains("no agreement is called") => Err(answer.stderr),
        answer => Ok(answer),
    });
    refused.fails(3, &["is not in force, as far as the logs at hand say"]);
    until(|| match o.operate(&user, &format!("agreement ratify {digest}")) {
        answer if answer.code == 0 => Ok(()),
        answer => Err(answer.stderr),
    });
    let told = until(|| match by_digest() {
        answer if answer.code == 0 => Ok(answer.stdout),
        answer => Err(answer.stdout + &answer.stderr),
    });
    assert!(told.contains("Fictitious agreement (DE-PH)"), "{told}");

    // What is wrong with a question is told before the challenge is spent on it.
    let file = present(&format!("1 2 --preset ratio {person}"));
    let ask = |agreement: &str, state: &str, files: &str| {
        user.run(&format!(
            "totalise --agreement {agreement} --claim-country {state} --branch old-age --needed 60 \
             {files} --policy trust.toml --offline"
        ))
    };
    let not_bound = ["DE-PH does not bind FR", "it binds DE, PH", "--agreement none"];
    ask("de-ph", "FR", &file).fails(2, &not_bound);
    ask("no-such", "DE", &file).fails(3, &["no agreement is called no-such"]);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/agreements/de-ph.toml");
    let sick = std::fs::read_to_string(path).unwrap();
    let sick = sick.replacen("\"old-age\", \"invalidity\", \"survivors\"", "\"sickness\"", 1);
    std::fs::write(user.path("sick.toml"), sick).unwrap();
    ask("sick.toml", "DE", &file).fails(2, &["DE-PH is not about old-age", "about sickness"]);
    std::fs::copy(user.path(&file), user.path("same.carnet")).unwrap();
    let line = format!(
        "wallet present 1 --preset ratio {person} --challenge {} --out second.carnet --wallet ana.age",
        file.replace(".carnet", ".challenge")
    );
    user.run_locked(&line, PASSPHRASE).ok();
    let same = "are the same presentation, which counts once";
    for files in
        [format!("{file} {file}"), format!("{file} ./{file}"), format!("{file} same.carnet")]
    {
        ask("de-ph", "DE", &files).fails(2, &[same]);
        user.run(&format!("recognise {files} --policy trust.toml --offline")).fails(2, &[same]);
    }
    let twice = format!("{file} ./{file}");
    user.run(&format!("verify {twice} --policy trust.toml --offline")).fails(2, &[same]);
    ask("de-ph", "DE", &format!("{file} second.carnet"))
        .fails(2, &["answer the same challenge", "one presentation of all of it"]);
    let recognise =
        |more: &str| user.run(&format!("recognise {file} --policy trust.toml --offline {more}"));
    recognise("--agreement de-ph")
        .fails(2, &["de-ph is an agreement on periods", "`carnet totalise`"]);
    recognise("--agreement nope").fails(3, &["no agreement nope", "built in are asean-nursing"]);
    recognise("--agreement asean-nursing --destination DE")
        .fails(2, &["Germany is no party of asean-nursing"]);
    let told = ask("de-ph", "DE", &file);
    assert_eq!(told.code, 0, "the challenge was spent: {}", told.stdout);

    // A preset says what it shows without having been asked, and a copy that nobody asked for it.
    let asked = "challenge --policy trust.toml --ask employers --out wages.challenge";
    user.run(asked).ok();
    let wages = "wallet present 1 --preset wage-claim --wallet ana.age";
    let line = format!("{wages} --challenge wages.challenge --out wages.carnet");
    let told = user.run_locked(&line, PASSPHRASE);
    assert!(told.stderr.contains("does not ask for: earnings."), "{}", told.stderr);
    assert!(!told.stderr.contains("not disclosed of what was asked"), "{}", told.stderr);
    let line = format!("{wages} --audience urn:carnet:anyone {person} --out wages-copy.carnet");
    let told = user.run_locked(&line, PASSPHRASE).ok();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("answers no challenge: no verifier has asked for it"), "{told}");

    // A page can go where the text would have gone.
    let file = present(&format!("1 2 --preset ratio {person}"));
    let page = count(&file, "--html -").stdout;
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(!user.path("-").exists());
}

#[test]
fn cases_are_explained_step_by_step() {
    let user = User::new();
    let case = r#"{ "format": "totalisation-cases/1", "cases": [{
        "id": "one", "task": "totalise", "agreement": { "id": "DE-PH" },
        "parameters": { "claim_country": "DE", "unit": "month",
            "qualifying": { "value": 60, "unit": "month" } },
        "inputs": { "periods": [
            { "id": "own", "country": "DE", "type": "compulsory", "start": "2001-01-01",
              "end": "2004-12-31", "reported": { "mode": "aggregate", "unit": "month", "value": 48 } },
            { "id": "other", "country": "PH", "type": "compulsory", "start": "2005-01-01",
              "end": "2006-06-30", "reported": { "mode": "aggregate", "unit": "month", "value": 18 } }
        ] },
        "expected": { "own": 48, "foreign_counted": 18, "qualifies_with_totalisation": true } }] }"#;
    std::fs::write(user.path("cases.json"), case).unwrap();
    let told = user.run("totalise --cases cases.json --explain").ok();
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "From the attestations shown, and no legal advice:",
        "other: certified time comes to 18 months, and 18 of them count",
        "all time together: 66 months of 60 that the right needs (DE-PH-",
        "the one case comes out as expected",
    ] {
        assert!(told.contains(said), "no {said:?} in: {told}");
    }
    let json = user.run("totalise --cases cases.json --explain --json").json();
    let lines = json["cases"][0]["explanation"].as_array().unwrap();
    assert!(lines.len() > 5 && json["matching"] == 1, "{json}");
    // Without it nothing is explained, and another answer is told.
    let other = case.replace("\"own\": 48", "\"own\": 47");
    std::fs::write(user.path("other.json"), other).unwrap();
    let plain = user.run("totalise --cases other.json");
    assert_eq!(plain.code, 1);
    assert!(plain.stdout.contains("own: expected 47, computed 48"), "{}", plain.stdout);
    assert!(!plain.stdout.contains("From the attestations shown"), "{}", plain.stdout);
    // Nothing expected is nothing proven, and nobody knows which of two of one id is meant.
    let expected = case.find("\"expected\"").unwrap();
    let nothing = format!("{}\"expected\": {{}} }}] }}", &case[..expected]);
    std::fs::write(user.path("nothing.json"), &nothing).unwrap();
    let open = user.run("totalise --cases nothing.json");
    assert_eq!(open.code, 3, "{}", open.stdout);
    assert!(open.stdout.contains("one case expects nothing"), "{}", open.stdout);
    let json = user.run("totalise --cases nothing.json --json").json();
    assert_eq!((&json["cases"][0]["matches"], &json["not_compared"]), (&Value::Null, &1.into()));
    let mut twice: Value = serde_json::from_str(case).unwrap();
    let first = twice["cases"][0].clone();
    twice["cases"].as_array_mut().unwrap().push(first);
    std::fs::write(user.path("twice.json"), twice.to_string()).unwrap();
    user.run("totalise --cases twice.json").fails(3, &["two cases have the id \"one\""]);
}

#[test]
fn an_agreement_is_checked_from_a_pipe_and_every_mistake_has_its_line() {
    let user = User::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/agreements/de-ph.toml");
    let text = std::fs::read_to_string(path).unwrap();
    for name in ["-", "/dev/stdin"] {
        let answer = user.run_with(["agreement", "check", name], text.as_bytes());
        assert_eq!(answer.code, 0, "{name}: {}", answer.stderr);
    }
    let wrong = text
        .replace("\"DE\", \"PH\"]", "\"DE\", \"PH\", \"PH\"]")
        .replace("countries = [\"PH\"], policy", "countries = [\"FR\"], policy");
    assert_ne!(wrong, text);
    let line = |part: &str| wrong.lines().position(|line| line.contains(part)).unwrap() + 1;
    let answer = user.run_with(["agreement", "check", "-"], wrong.as_bytes());
    answer.fails(
        3,
        &[
            "2 mistakes in -",
            &format!("line {}: the party PH stands there twice", line("\"PH\", \"PH\"")),
            &format!("line {}: the rule DE-PH-", line("[\"FR\"]")),
            "names FR, which is no party",
        ],
    );
}

#[test]
fn all_that_is_wrong_with_a_table_of_periods_is_told_at_once() {
    let user = User::new();
    Node::institution(&user, "office", "Social Office", "social-security");
    let node = Node::start(&user, "office");
    let template = user.run("issue contribution --csv-template").ok();
    let (head, row) = template.trim_end().split_once('\n').unwrap();
    let other = |key: &str, from: &str, to: &str| {
        assert!(row.contains(from), "{from}");
        row.replace("period-2014-ana", key).replace(from, to)
    };
    let text = [
        head.to_owned(),
        other("a", "1988-02-17", "2990-01-01"),
        other("b", "1988-02-17", "2015-01-01"),
        other("c", "2015: 12", "2015: 13")
            .replace("2026-06-30,2026-06-30", "2015-01-01,2016-01-01"),
        other("d", "compulsory,11", "compulsory,moon"),
        other("e", "ana.request", "missing.request"),
    ];
    std::fs::write(user.path("periods.csv"), text.join("\n")).unwrap();
    let refused = node.operate(&user, "issue contribution --csv periods.csv --out issued");
    let told = refused.fails(3, &["rows", "issue contribution --columns"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let mistakes = told["error"]["mistakes"].as_array().unwrap();
    let found: Vec<(u64, &str)> = mistakes
        .iter()
        .map(|one| (one["line"].as_u64().unwrap(), one["column"].as_str().unwrap_or_default()))
        .collect();
    for wanted in [
        (2, "birth_date"),
        (3, "start"),
        (4, "years"),
        (4, "end"),
        (4, "complete_up_to"),
        (5, "period_type"),
        (6, "key_request"),
    ] {
        assert!(found.contains(&wanted), "no {wanted:?} in {found:?}");
    }
    // The form for one says the same.
    let form = user.run("issue contribution --template").ok();
    std::fs::write(user.path("p.toml"), form.replace("1988-02-17", "2990-01-01")).unwrap();
    let one = node.operate(&user, "issue contribution --toml p.toml --out issued");
    one.fails(3, &["the birth date lies in the future"]);
    let skill = user.run("issue skill --template").ok();
    std::fs::write(user.path("s.toml"), skill.replace("1998-02-17", "2990-01-01")).unwrap();
    let one = node.operate(&user, "issue skill --toml s.toml --out issued");
    one.fails(3, &["the birth date lies in the future"]);
}
