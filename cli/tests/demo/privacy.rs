//! The search of every log, gossip and sync message for anything about the workers.

use super::run::{Run, listing, run};
use super::traces::Traces;
use crate::support::User;
use carnet_node::logs::Logs;
use carnet_node::net::{Kind, Record, read_transcript};
use carnet_node::store::sled::{SledOptions, SledStore};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

/// The institutions; the last three join when one has closed and stopped.
const INSTITUTIONS: [&str; 10] = [
    "ph-authority",
    "ph-union",
    "ph-employers",
    "ph-institute",
    "de-authority",
    "de-union",
    "de-employers",
    "ph-pension",
    "de-pension",
    "sa-pension",
];
const NEWCOMERS: usize = 3;

fn transcript(bytes: &[u8]) -> Vec<Record> {
    read_transcript(bytes).unwrap()
}

fn contents(records: &[Record]) -> impl Iterator<Item = &[u8]> {
    records.iter().map(|record| record.bytes.as_slice())
}

/// The traces of the class, and of the further papers of the first: periods of insurance, work, languages.
fn class(run: &Run) -> Traces {
    let mut traces = Traces::of_class(&run.path("class"));
    for file in listing(&run.path("papers/issued")).into_keys() {
        traces.add_credential(&std::fs::read(file).unwrap());
    }
    traces
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
    // Four employers, one of them also by a reference.
    assert_eq!(counts["employer"].len(), 5, "{:?}", counts["employer"]);
    assert_eq!(counts["insurance number"].len(), 2);
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
            let unknown = if key == "ph-institute" { NEWCOMERS } else { 0 };
            assert_eq!(logs.dids().len(), INSTITUTIONS.len() - unknown, "{key} holds every log");
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
