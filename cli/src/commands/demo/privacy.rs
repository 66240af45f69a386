//! Looks for anything about the workers in what the nodes wrote down and sent each other.

use super::people::Worker;
use super::trouble;
use crate::error::CliError;
use aho_corasick::AhoCorasick;
use carnet_node::net::read_transcript;
use carnet_proto::cbor::Mode;
use carnet_proto::credential::SdCwt;
use carnet_proto::credential::attested::Attested;
use carnet_proto::key::PublicKey;
use carnet_proto::text::Line;
use carnet_proto::wallet::contents_of;
use std::collections::BTreeSet;
use std::path::Path;

/// Fewest bytes of a trace: what is shorter may stand anywhere by chance.
const MIN_TRACE: usize = 8;

/// What was searched, and how often a trace was found.
pub struct Searched {
    /// Messages between nodes.
    pub messages: usize,
    /// Entries of logs.
    pub entries: usize,
    /// Byte strings that would give a worker away.
    pub traces: usize,
    /// How many of them were found.
    pub found: usize,
}

/// Searches every message that was sent, before encryption, and every entry of every log.
pub fn search(
    transcript: &Path,
    entries: &[Vec<u8>],
    workers: &[Worker],
) -> Result<Searched, CliError> {
    let bytes = std::fs::read(transcript).map_err(trouble)?;
    let messages = read_transcript(&bytes).map_err(trouble)?;
    let traces = traces(workers);
    let search = AhoCorasick::new(&traces).map_err(trouble)?;
    let mut found = BTreeSet::new();
    let sent = messages.iter().map(|message| message.bytes.as_slice());
    for hay in sent.chain(entries.iter().map(Vec::as_slice)) {
        found.extend(search.find_overlapping_iter(hay).map(|hit| hit.pattern()));
    }
    let found = found.len();
    Ok(Searched { messages: messages.len(), entries: entries.len(), traces: traces.len(), found })
}

/// Everything about the workers that has 8 bytes or more: names, birth dates, document and insurance numbers,
/// employers, keys, identifiers and digests of credentials.
fn traces(workers: &[Worker]) -> Vec<Vec<u8>> {
    let mut traces: Vec<Vec<u8>> = Vec::new();
    for worker in workers {
        let person = &worker.row.person;
        let names = [&person.name_native, &person.name_latin, &person.name_icao];
        traces.extend(names.into_iter().flatten().map(line));
        traces.extend(person.document_number.as_ref().map(line));
        traces.extend(person.birth_date.map(|date| date.to_string().into_bytes()));
        for credential in worker.wallet.credentials() {
            let key: PublicKey = worker.wallet.key(credential).public();
            traces.push(key.as_bytes().to_vec());
            traces.push(key.kid().as_bytes().to_vec());
            if let Ok(contents) = contents_of(credential) {
                traces.push(contents.claims.id.as_bytes().to_vec());
                let lines = private_lines(&contents.claims.attested);
                traces.extend(lines.into_iter().map(line));
            }
            if let Ok(sd_cwt) = SdCwt::parse(&credential.sd_cwt.0, Mode::Strict) {
                traces.push(sd_cwt.digest().as_bytes().to_vec());
            }
        }
    }
    traces.retain(|trace| trace.len() >= MIN_TRACE);
    traces
}

/// What an attestation says of where somebody worked and how they are known there.
fn private_lines(attested: &Attested) -> Vec<&Line> {
    let mut lines = Vec::new();
    if let Some(contribution) = attested.contribution() {
        let employers = contribution.employers.iter();
        lines.extend(employers.flat_map(|e| [Some(&e.name), e.reference.as_ref()]).flatten());
        lines.extend(contribution.insurance_numbers.iter().map(|known| &known.number));
    }
    if let Some(skill) = attested.skill() {
        lines.extend(skill.experience.iter().filter_map(|work| work.employer.as_ref()));
    }
    lines
}

fn line(line: &Line) -> Vec<u8> {
    line.as_str().as_bytes().to_vec()
}
