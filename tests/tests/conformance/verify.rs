//! Answers the cases of verification: the logs of a world file, a policy and a clock from the JSON.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use carnet_proto::id::Did;
use carnet_proto::ledger::{Ledger, LogView, Replica, WitnessPolicy};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::fork::ForkProof;
use carnet_proto::presentation::Presentation;
use carnet_proto::text::Line;
use carnet_proto::time::UnixSeconds;
use carnet_proto::verify::policy::{Accept, IssuedNonce, Policy, TrustAnchor, TrustPurpose};
use carnet_proto::verify::report::Report;
use carnet_proto::verify::verify;
use data_encoding::HEXLOWER;
use serde_json::Value as Json;

use crate::run::{bytes, str};

/// World files as read, by name.
#[derive(Default)]
pub struct Worlds(BTreeMap<String, World>);

/// Logs by name, and proofs that logs show two histories.
type World = (BTreeMap<String, Arc<LogView>>, Vec<ForkProof>);

impl Worlds {
    /// Reads every world file of a directory.
    pub fn read(dir: &Path) -> Self {
        let mut worlds = Self::default();
        for entry in std::fs::read_dir(dir).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let world: Json = serde_json::from_str(&text).unwrap();
            let logs = world["logs"].as_array().unwrap().iter();
            let logs = logs.map(|log| (str(log, "name").to_owned(), view(log))).collect();
            let forks = world["forks"].as_array().unwrap().iter();
            let forks = forks.map(|file| {
                let file = HEXLOWER.decode(file.as_str().unwrap().as_bytes()).unwrap();
                ForkProof::open(&file).unwrap()
            });
            worlds.0.insert(str(&world, "name").to_owned(), (logs, forks.collect()));
        }
        worlds
    }

    fn ledger(&self, reference: &Json) -> Ledger {
        let (world, forks) = &self.0[str(reference, "world")];
        let mut ledger: Ledger = match reference.get("logs") {
            None => world.values().cloned().collect(),
            Some(names) => {
                let names = names.as_array().unwrap().iter();
                names.map(|name| world[name.as_str().unwrap()].clone()).collect()
            }
        };
        forks.iter().for_each(|proof| ledger.add_fork(proof));
        ledger
    }
}

/// A log with its checkpoints and status lists, every entry judged anew.
fn view(log: &Json) -> Arc<LogView> {
    let list = |field: &str| {
        let items = log[field].as_array().unwrap().iter();
        items.map(|text| text.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let decoded = |texts: Vec<String>| -> Vec<Vec<u8>> {
        texts.iter().map(|text| HEXLOWER.decode(text.as_bytes()).unwrap()).collect()
    };
    let entries = decoded(list("entries"));
    let mut replica = Replica::new(&entries[0]).unwrap();
    assert_eq!(replica.origin().to_string(), str(log, "did"));
    let notes: Vec<_> = list("checkpoints").iter().map(|text| Note::parse(text).unwrap()).collect();
    if let Some(newest) = notes.last() {
        replica.extend(&entries[1..], newest, None).unwrap();
    }
    for note in &notes {
        replica.add_checkpoint(note, |_, _| true).unwrap();
    }
    replica.set_status(&decoded(list("status"))).unwrap();
    replica.view().clone()
}

fn policy(json: &Json) -> Policy {
    let did = |value: &Json| Did::parse(value.as_str().unwrap()).unwrap();
    let anchors = json["trust_anchors"].as_array().unwrap().iter().map(|anchor| TrustAnchor {
        did: did(&anchor["did"]),
        name: Line::parse(str(anchor, "name")).unwrap(),
        purposes: anchor["purposes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|_| TrustPurpose::Skill)
            .collect(),
    });
    let accept = match json["accept"].get("live") {
        None => Accept::Prepared,
        Some(nonces) => Accept::Live(
            nonces
                .as_array()
                .unwrap()
                .iter()
                .map(|nonce| IssuedNonce {
                    nonce: bytes(nonce, "nonce"),
                    expires_at: UnixSeconds(nonce["expires_at"].as_u64().unwrap()),
                    used: nonce["used"].as_bool().unwrap(),
                })
                .collect(),
        ),
    };
    let witnesses = json["witnesses"].as_object().map(|witnesses| WitnessPolicy {
        witnesses: witnesses["witnesses"].as_array().unwrap().iter().map(did).collect(),
        quorum: u8::try_from(witnesses["quorum"].as_u64().unwrap()).unwrap(),
    });
    Policy {
        trust_anchors: anchors.collect(),
        audience: str(json, "audience").into(),
        accept,
        witnesses,
        view_age: json["view_age"].as_u64().unwrap(),
        clock_skew: json["clock_skew"].as_u64().unwrap(),
    }
}

/// Verifies the presentation of a case.
pub fn report(worlds: &Worlds, input: &Json, context: &Json) -> Report {
    let file = bytes(input, "presentation");
    let body = Presentation::open(&file).unwrap();
    let now = UnixSeconds(context["now"].as_u64().unwrap());
    verify(body, &policy(&context["policy"]), &worlds.ledger(&context["ledger"]), now)
}
