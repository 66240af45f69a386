//! The files that the demo leaves, in the hands of somebody with the command line alone.

use super::run::run;
use crate::support::{Answer, User};
use serde_json::Value;
use std::path::Path;

/// Runs a command line as somebody does in the directory that the demo left, with no node at hand.
fn in_files(line: &str) -> Answer {
    let user = User::new();
    let mut command = user.command(line.split_whitespace());
    command.current_dir(&run().dir).output().unwrap().into()
}

/// What is told, in one line.
fn words(told: &str) -> String {
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Verifies a file by the rules that the demo left, with no node at hand.
fn verify(file: &Path, json: bool) -> Answer {
    let policy = run().path("trust.toml");
    let mut args = vec![Path::new("verify"), file, Path::new("--policy"), &policy];
    args.extend(json.then_some(Path::new("--json")));
    User::new().run_with(args, b"")
}

fn check<'j>(json: &'j Value, id: &str) -> &'j Value {
    let checks = json["credentials"][0]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap()
}

#[test]
fn the_copy_that_stays_verifies_from_its_evidence_alone() {
    let file = run().path("presentation.carnet");
    let told = verify(&file, false).ok();
    for words in ["Malaya Halimbawa", "Musteramt", "Halimbawa Institute of Welding"] {
        assert!(told.contains(words), "no {words:?} in {told}");
    }

    let json = verify(&file, true);
    assert_eq!(json.code, 0);
    let json = json.json();
    assert_eq!((&json["version"], &json["verdict"]), (&1.into(), &"valid".into()));
    assert!(json["evidence_age"].is_u64(), "{json}");
    let credentials = json["credentials"].as_array().unwrap();
    assert_eq!(credentials.len(), 1);
    let credential = &credentials[0];
    assert_eq!(credential["verdict"], "valid");
    for check in credential["checks"].as_array().unwrap() {
        assert!(check["id"].is_string() && check["reason"]["id"].is_string(), "{check}");
        assert_eq!(check["outcome"], "pass", "{check}");
    }
    let kinds: Vec<_> =
        credential["path"].as_array().unwrap().iter().map(|link| &link["kind"]).collect();
    assert_eq!(kinds, ["trust_anchor", "agreement", "accreditation"]);
    assert!(credential["proven_time"].is_u64(), "{credential}");
    let disclosed = &credential["disclosed"];
    assert_eq!(disclosed["name_latin"], "Malaya Halimbawa");
    assert_eq!(disclosed["birth_date"], "1995-03-13");
    assert_eq!(disclosed["skill"]["assessment"]["result"], "competent");
    for withheld in ["name_native", "name_icao", "nationality", "document_number"] {
        assert!(credential["withheld"].as_array().unwrap().contains(&withheld.into()));
        assert_eq!(disclosed.get(withheld), None);
    }
}

#[test]
fn one_changed_byte_of_a_disclosed_value_is_told_and_the_answer_is_no() {
    let user = User::new();
    let mut bytes = run().read("presentation.carnet");
    let places: Vec<_> = memchr::memmem::find_iter(&bytes, b"Malaya Halimbawa").collect();
    assert_eq!(places.len(), 1, "the name stands in the file once");
    bytes[places[0]] = b'N';
    std::fs::write(user.path("changed.carnet"), bytes).unwrap();
    for file in [user.path("changed.carnet"), run().path("presentation-altered.carnet")] {
        let told = verify(&file, false);
        assert_eq!(told.code, 1, "{}", told.stdout);
        let json = verify(&file, true);
        assert_eq!(json.code, 1);
        let json = json.json();
        assert_eq!(json["verdict"], "invalid");
        assert_eq!(check(&json, "disclosures")["outcome"], "fail");
        let reason = check(&json, "disclosures")["reason"]["id"].as_str().unwrap();
        assert_ne!(reason, "ok");
        assert!(told.stdout.contains("something shown was changed"), "{}", told.stdout);
    }
}

#[test]
fn noise_is_no_presentation_and_the_error_says_why() {
    let noise = run().path("noise.carnet");
    verify(&noise, false).fails(3, &["noise.carnet is not a presentation", "not a Carnet file"]);
    let told = verify(&noise, true).fails(3, &[]);
    let error: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(error["version"], 1);
    assert_eq!(error["error"]["code"], "presentation-not");
    assert_eq!(error["error"]["causes"][0], "not a Carnet file");
}

#[test]
fn a_folder_is_verified_at_once_and_the_worst_is_the_answer() {
    let policy = run().path("trust.toml");
    let verify_all = |names: &[&str], json: bool| {
        let files: Vec<_> = names.iter().map(|name| run().path(name)).collect();
        let mut args = vec![Path::new("verify"), Path::new("--policy"), &policy];
        args.extend(json.then_some(Path::new("--json")));
        args.extend(files.iter().map(std::path::PathBuf::as_path));
        User::new().run_with(args, b"")
    };
    let copy = "presentation.carnet";
    let told = verify_all(&[copy, copy], false).ok();
    assert_eq!(told.matches("(Malaya Halimbawa): Every check holds.").count(), 2, "{told}");
    assert!(told.ends_with("2 files: 2 valid, 0 invalid, 0 undetermined, 0 could not be read\n"));
    assert_eq!(verify_all(&[copy, "noise.carnet"], false).code, 3);

    let told = verify_all(&["presentation-altered.carnet", copy, "noise.carnet"], true);
    assert_eq!(told.code, 1, "{}", told.stderr);
    let lines: Vec<Value> =
        told.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["verdict"], "invalid");
    assert_eq!(lines[1]["credentials"][0]["disclosed"]["name_latin"], "Malaya Halimbawa");
    assert_eq!(lines[2]["error"]["code"], "presentation-not");
    // The same object as of the file alone, and its name.
    let mut alone = verify(&run().path(copy), true).json();
    alone["checked_at"] = lines[1]["checked_at"].clone();
    alone["file"] = lines[1]["file"].clone();
    let at_all_times = |json: &Value| {
        let mut json = json.clone();
        json["evidence_age"] = Value::Null;
        for check in json["credentials"][0]["checks"].as_array_mut().unwrap() {
            check["reason"]["age"] = Value::Null;
        }
        json
    };
    assert_eq!(at_all_times(&alone), at_all_times(&lines[1]));
}

/// The commands of the README, but for the directory.
const TOTALISE: &str = "totalise --agreement de-ph --claim-country DE --branch old-age --needed 60 \
                        welder-periods.carnet --policy pension.toml --offline";
const RECOGNISE: &str = "recognise welder-skills.carnet --destination DE --occupation 7212 --policy trust.toml --offline";

#[test]
fn the_periods_that_stay_are_counted_from_their_evidence_alone() {
    let told = words(&in_files(TOTALISE).ok());
    for sentence in [
        "42 months of DE and 78 months of other States make 120 months",
        "it opens with the periods of the other States",
        "No. 2: 12 months do not count, because no agreement",
        "DE-PH-10",
        "Musterrentenkasse",
        "Mithal Social Insurance Office",
    ] {
        assert!(told.contains(sentence), "no {sentence:?} in {told}");
    }
    for withheld in ["Dry Dock", "Musterdock", "Mithal Shipyard", "34125", "EXAMPLE-"] {
        let file = run().read("welder-periods.carnet");
        assert!(!told.contains(withheld), "{withheld} in {told}");
        assert_eq!(memchr::memmem::find(&file, withheld.as_bytes()), None, "{withheld}");
    }
    let json = in_files(&format!("{TOTALISE} --json")).json();
    assert_eq!(json["outcome"]["together"], true);
    assert_eq!(json["outcome"]["explanation"]["not_counted"][0]["reason"], "no-agreement");
}

#[test]
fn the_revoked_sheet_that_stays_is_refused_and_leaves_the_answer_open() {
    let told = in_files(&TOTALISE.replace("welder-periods", "with-a-mistake"));
    assert_eq!(told.code, 3, "{}", told.stdout);
    let told = words(&told.stdout);
    for sentence in ["make 120 months", "One credential was refused", "the issuer has revoked it"] {
        assert!(told.contains(sentence), "no {sentence:?} in {told}");
    }
}

#[test]
fn the_skills_that_stay_are_recognised_from_their_evidence_alone() {
    let told = words(&in_files(RECOGNISE).ok());
    for sentence in [
        "automatic: Recognised. Nothing more is asked.",
        "It stands in a log and is signed.",
        "6 of 6 seats",
        "1065 days of work are shown",
        "agreement, art. 5(2)",
    ] {
        assert!(told.contains(sentence), "no {sentence:?} in {told}");
    }
    let alone = RECOGNISE.replace("welder-skills", "certificate");
    let json = in_files(&format!("{alone} --json"));
    // Two weeks old, and rules that ask for a week: not used.
    assert_eq!(json.code, 3, "{}", json.stdout);
}

#[test]
fn the_wallet_that_stays_opens_with_its_passphrase() {
    let user = User::new();
    let passphrase = String::from_utf8(run().read("wallet.passphrase")).unwrap();
    let list = format!("wallet list --wallet {}", run().path("wallet.age").display());
    let listed = user.run_locked(&list, passphrase.trim_end()).ok();
    assert!(listed.contains("Shielded Metal Arc Welding NC II"), "{listed}");
    assert!(listed.contains("Contributions 2022-01 to 2025-06, Germany"), "{listed}");
    user.run_locked(&list, "another").fails(3, &["passphrase"]);
}
