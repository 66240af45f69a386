//! `carnet demo`, played once by the binary: its steps, the files that it leaves, and what its nodes
//! said to each other.

#[cfg(test)]
#[path = "demo/run.rs"]
mod run;
#[cfg(test)]
mod support;
#[cfg(test)]
#[path = "demo/traces.rs"]
mod traces;

use carnet_node::logs::Logs;
use carnet_node::net::{Kind, Record, read_transcript};
use carnet_node::store::sled::{SledOptions, SledStore};
use run::{Run, run};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::SystemTime;
use support::{Answer, User};
use traces::Traces;

const INSTITUTIONS: [&str; 7] = [
    "ph-authority",
    "ph-union",
    "ph-employers",
    "ph-institute",
    "de-authority",
    "de-union",
    "de-employers",
];

/// The verdicts that the demo shows, with the check that decides.
const VERDICTS: [(&str, &str); 24] = [
    ("not-ratified", "undetermined: path"),
    ("verify-evidence", "valid"),
    ("verify-node", "valid"),
    ("forged-key", "invalid: issuer-key"),
    ("altered-claim", "invalid: disclosures"),
    ("foreign-disclosure", "invalid: disclosures"),
    ("answer-once", "valid"),
    ("replayed-nonce", "invalid: holder-binding"),
    ("wrong-audience", "invalid: holder-binding"),
    ("another-holder", "invalid: holder-binding"),
    ("no-anchor", "undetermined: anchor"),
    ("unknown-issuer", "undetermined: issuer-key"),
    ("two-people", "undetermined: same-subject"),
    ("suspended", "invalid: status"),
    ("revoked", "invalid: status"),
    ("outside-scope", "invalid: path"),
    ("expired", "invalid: time"),
    ("stale-status", "undetermined: status"),
    ("stale-evidence", "undetermined: witnesses"),
    ("withdrawn-before", "invalid: path"),
    ("withdrawal-left-out", "undetermined: path"),
    ("withdrawn-afterwards", "valid"),
    ("copy", "valid"),
    ("copy-altered", "invalid: disclosures"),
];

/// What leads there.
const EVENTS: [(&str, &str); 21] = [
    ("nodes-start", "8 nodes run"),
    ("witnesses", "7 institutions"),
    ("accredit", "in force"),
    ("propose", "in force"),
    ("ratify-ph-authority", "in force"),
    ("ratify-ph-union", "in force"),
    ("ratify-ph-employers", "in force"),
    ("ratify-de-authority", "in force"),
    ("ratify-de-employers", "in force"),
    ("ratify-de-union", "in force"),
    ("key-requests", "25 key requests"),
    ("bad-rows", "2 mistakes, nothing issued"),
    ("issue-class", "25 credentials"),
    ("converge", "8 nodes agree"),
    ("wallet", "1 credential"),
    ("present", "1 credential shown"),
    ("nodes-stop", "1 node runs"),
    ("same-path", "the same path"),
    ("nodes-restart", "8 nodes run"),
    ("withdraw", "withdrawn"),
    ("privacy", "0 traces"),
];

#[test]
fn every_step_of_the_demo_comes_out_as_expected_even_with_the_default_ports_taken() {
    let run = run();
    assert_eq!(run.answer.code, 0, "{}\n{}", run.answer.stdout, run.answer.stderr);
    let json: Value = serde_json::from_str(&run.answer.stdout).unwrap();
    assert_eq!((&json["version"], &json["ok"]), (&1.into(), &true.into()));
    assert_eq!(json["dir"], run.dir.to_str().unwrap());
    let mut steps = BTreeMap::new();
    for step in json["steps"].as_array().unwrap() {
        let text = |key: &str| step[key].as_str().unwrap();
        assert_eq!(step["ok"], true, "{step}");
        assert_eq!(text("expected"), text("got"), "{step}");
        assert!(!text("text").is_empty(), "{step}");
        let again = steps.insert(text("id"), text("got"));
        assert_eq!(again, None, "{} names one step", text("id"));
    }
    for (id, expected) in VERDICTS.into_iter().chain(EVENTS) {
        assert_eq!(steps.get(id), Some(&expected), "{id}");
    }
    assert!(!run.touched_home, "everything goes into the directory that was named");
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
fn the_wallet_that_stays_opens_with_its_passphrase() {
    let user = User::new();
    let passphrase = String::from_utf8(run().read("wallet.passphrase")).unwrap();
    let list = format!("wallet list --wallet {}", run().path("wallet.age").display());
    let listed = user.run_locked(&list, passphrase.trim_end()).ok();
    assert!(listed.contains("Shielded Metal Arc Welding NC II"), "{listed}");
    user.run_locked(&list, "another").fails(3, &["passphrase"]);
}

/// Returns every file below a directory with its size and when it was written.
fn listing(dir: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        if meta.is_dir() {
            files.extend(listing(&entry.path()));
        } else {
            files.insert(entry.path(), (meta.len(), meta.modified().unwrap()));
        }
    }
    files
}

#[test]
fn a_second_run_into_the_same_directory_is_refused_and_nothing_is_lost() {
    let dir = &run().dir;
    let before = listing(dir);
    let again = User::new().run_with(["demo", "--dir", dir.to_str().unwrap()], b"");
    again.fails(2, &["not empty", dir.to_str().unwrap()]);
    assert_eq!(listing(dir), before);
}

#[test]
fn a_directory_that_cannot_be_made_is_named_in_the_error() {
    let user = User::new();
    std::fs::write(user.path("file"), "in the way").unwrap();
    let below = user.path("file").join("demo");
    let refused = user.run_with(["demo", "--dir", below.to_str().unwrap()], b"");
    refused.fails(3, &[below.to_str().unwrap()]);
    assert_eq!(std::fs::read(user.path("file")).unwrap(), b"in the way");
}

#[test]
fn without_a_network_a_node_is_set_up_and_a_copy_is_verified() {
    let permitted = Command::new("unshare").args(["-rn", "true"]).output();
    if !permitted.is_ok_and(|output| output.status.success()) {
        println!("left out: unshare -rn is not permitted here");
        return;
    }
    let user = User::new();
    let cut_off = |args: &[&str]| -> Answer {
        let command = user.command(args);
        let mut cut_off = Command::new("unshare");
        cut_off.arg("-rn").arg(command.get_program()).args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => cut_off.env(key, value),
                None => cut_off.env_remove(key),
            };
        }
        cut_off.current_dir(command.get_current_dir().unwrap()).output().unwrap().into()
    };
    let role = ["--name", "Ministry", "--country", "PH", "--role", "ministry"];
    cut_off(&[["node", "init", "--dir", "node"].as_slice(), &role].concat()).ok();
    cut_off(&["node", "check", "--dir", "node"]).ok();
    let copy = run().path("presentation.carnet");
    let policy = run().path("trust.toml");
    let [copy, policy] = [&copy, &policy].map(|path| path.to_str().unwrap());
    cut_off(&["verify", copy, "--policy", policy]).ok();
}

fn transcript(bytes: &[u8]) -> Vec<Record> {
    read_transcript(bytes).unwrap()
}

fn contents(records: &[Record]) -> impl Iterator<Item = &[u8]> {
    records.iter().map(|record| record.bytes.as_slice())
}

fn class(run: &Run) -> Traces {
    Traces::of_class(&run.path("class"))
}

/// Appends a message to a transcript, as a node would have sent it.
fn plant(transcript: &mut Vec<u8>, message: &[u8]) {
    transcript.extend([0, 2]);
    transcript.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    transcript.extend(message);
}

#[test]
fn the_traces_are_of_all_kinds_and_of_the_whole_class() {
    let traces = class(run());
    let mut counts = BTreeMap::<_, BTreeSet<_>>::new();
    for (kind, bytes) in &traces.all {
        counts.entry(*kind).or_default().insert(bytes);
    }
    for kind in ["row key", "Latin name", "ICAO name", "birth date", "document number"] {
        assert!(counts[kind].len() >= 25, "{kind}: {}", counts[kind].len());
    }
    assert!(!counts["native name"].is_empty());
    // Raw, hex in both cases, base32 in both cases, base64 in two alphabets at three places.
    for kind in ["holder key", "key identifier", "credential id", "credential digest"] {
        assert!(counts[kind].len() >= 25 * 5, "{kind}: {}", counts[kind].len());
    }
    for kind in ["redacted claim", "redacted claim hash"] {
        assert!(counts[kind].len() >= 25 * 10, "{kind}: {}", counts[kind].len());
    }
}

#[test]
fn no_message_between_nodes_says_anything_about_a_worker() {
    let records = transcript(&run().read("messages.bin"));
    for kind in [Kind::Gossip, Kind::Request, Kind::Response] {
        let count = records.iter().filter(|record| record.kind == kind).count();
        assert!(count > 100, "{count} of {kind:?}");
    }
    let mut institutions = Traces::default();
    for key in INSTITUTIONS {
        let did = run().read(&format!("nodes/{key}/institution.did"));
        institutions.add("institution", did.trim_ascii());
    }
    let public = institutions.search(contents(&records));
    assert_eq!(public.len(), INSTITUTIONS.len(), "what is searched is plaintext: {public:?}");

    let found = class(run()).search(contents(&records));
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn whatever_is_planted_in_the_transcript_is_found_by_the_same_search() {
    let traces = class(run());
    let mut bytes = run().read("messages.bin");
    plant(&mut bytes, b"...certified Malaya Halimbawa, welder...");
    let found = traces.search(contents(&transcript(&bytes)));
    assert_eq!(found, BTreeSet::from(["Latin name Malaya Halimbawa".to_owned()]));

    // Each of them is found, wherever it stands.
    for (at, (_, trace)) in traces.all.iter().enumerate() {
        let hay = [b"before ".as_slice(), trace, b" after"].concat();
        assert!(traces.found_in(&hay).contains(&at), "{}", traces.in_words(at));
    }
    let key = traces.all.iter().find(|(kind, _)| *kind == "holder key").unwrap();
    for shift in 0..3 {
        let longer = [vec![1; shift].as_slice(), &key.1, b"..."].concat();
        let text = data_encoding::BASE64URL_NOPAD.encode(&longer);
        let found = traces.search([text.as_bytes()]);
        assert_eq!(found.len(), 1, "at {shift}: {found:?}");
    }
}

/// Copies a directory, so that opening a database changes nothing of the shared run.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in listing(from).into_keys() {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, target).unwrap();
    }
}

#[test]
fn no_log_and_no_register_says_anything_about_a_worker_in_clear() {
    let traces = class(run());
    let user = User::new();
    let mut problems = String::new();
    for key in INSTITUTIONS.into_iter().chain(["employer"]) {
        let home = run().path("nodes").join(key);
        let mut values = Vec::new();
        for database in ["store", "register"] {
            if !home.join(database).exists() {
                assert_eq!((key, database), ("employer", "register"));
                continue;
            }
            let dir = user.path(key).join(database);
            copy(&home.join(database), &dir);
            let store = Arc::new(SledStore::open(&dir, &SledOptions::default()).unwrap());
            let before = values.len();
            for entry in carnet_node::store::entries(&*store, b"") {
                let (name, value) = entry.unwrap();
                values.extend([name, value]);
            }
            if database == "register" {
                assert!(key != "ph-institute" || values.len() - before > 25 * 2, "rows are kept");
                continue;
            }
            let logs = Logs::open(store).unwrap();
            assert_eq!(logs.dids().len(), INSTITUTIONS.len(), "{key} holds every log");
            for did in logs.dids() {
                let entries = logs.entries(&did, 0, usize::MAX, usize::MAX).unwrap();
                assert!(!entries.is_empty());
                values.extend(entries);
                values.extend(logs.status_tokens(&did).unwrap());
                let notes = logs.notes(&did).unwrap().into_iter();
                values.extend(notes.map(|note| note.to_string().into_bytes()));
            }
        }
        for found in traces.search(values.iter().map(Vec::as_slice)) {
            let _ = writeln!(problems, "{key}: {found}");
        }
    }
    assert!(problems.is_empty(), "{problems}");
}
