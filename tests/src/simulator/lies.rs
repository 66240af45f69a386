//! What a lying peer says instead of the truth.

use std::sync::Arc;

use carnet_proto::cbor::{Bytes, Encode as _};
use carnet_proto::id::{Did, RootHash, TreeSize};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::log::proof::ConsistencyProof;
use carnet_proto::sync::message::{
    Gossip, Head, MAX_GOSSIP_BYTES, MAX_MESSAGE_BYTES, Offer, Peers, Range, Request, Response,
    Since,
};

use super::institution::{BEGINNING, Institution};
use super::random::Random;

/// Bytes that are no message.
pub fn noise(random: &mut Random) -> Vec<u8> {
    let length = random.below(200);
    (0..length).map(|_| random.any() as u8).collect()
}

/// A request for as much as there may be.
pub fn hungry(random: &mut Random, wanted: &[Did]) -> Request {
    let origin = random.one_of(wanted).copied().unwrap_or_else(|| Did::of_inception(b""));
    if random.happens(500) {
        Request::Entries(Range { origin, from: TreeSize(0), to: TreeSize(u64::MAX >> 1) })
    } else {
        Request::Checkpoints(Since { origin, epoch: 0, revision: 0 })
    }
}

/// Breaks the log's own signature on a note.
fn unsigned(note: &Note) -> Note {
    let text = note.to_string();
    let mut bytes = text.into_bytes();
    // The last characters of the first signature line are of the signature itself.
    let body = note.body().len();
    let end = bytes.iter().skip(body + 1).position(|b| *b == b'\n').map_or(0, |at| body + 1 + at);
    if let Some(byte) = end.checked_sub(8).and_then(|at| bytes.get_mut(at)) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    let text = String::from_utf8(bytes).unwrap_or_default();
    Note::parse(&text).unwrap_or_else(|_| note.clone())
}

/// Adds a cosignature that its witness never gave.
fn falsely_cosigned(note: &Note, random: &mut Random, everybody: &[Arc<Institution>]) -> Note {
    let Some(witness) = random.one_of(everybody) else { return note.clone() };
    let time = BEGINNING.plus(random.below(1_000_000));
    let cosigned = witness.cosign_anything(note, time);
    let mut line = cosigned.signatures().last().cloned();
    if let Some(byte) = line.as_mut().and_then(|line| line.bytes.get_mut(40)) {
        *byte ^= 1;
    }
    let mut note = note.clone();
    line.into_iter().for_each(|line| note.add(line));
    note
}

/// Gossip that should not be: a note that the log never signed, one with a false cosignature, bytes
/// that are no message, too many bytes.
pub fn gossip(
    note: Note,
    random: &mut Random,
    everybody: &[Arc<Institution>],
) -> (&'static str, Vec<u8>) {
    let told = |note| Gossip::Checkpoint(Offer { note }).to_cbor();
    match random.below(8) {
        0..3 => ("lie: gossip that the log never signed", told(unsigned(&note))),
        3..6 => {
            let note = falsely_cosigned(&note, random, everybody);
            ("lie: gossip with a false cosignature", told(note))
        }
        6 => ("lie: gossip that is no message", noise(random)),
        _ => ("lie: gossip over the limit", vec![0; MAX_GOSSIP_BYTES + 1]),
    }
}

/// Returns a false answer instead of a true one, and what is wrong with it; `None` if nothing about
/// it could be.
pub fn instead_of(
    truth: &[u8],
    random: &mut Random,
    everybody: &[Arc<Institution>],
) -> Option<(&'static str, Vec<u8>)> {
    match random.below(14) {
        0 => return Some(("lie: bytes that are no message", noise(random))),
        1 => return Some(("lie: too many bytes", vec![0x82; MAX_MESSAGE_BYTES + 1])),
        2 => {
            let other = Response::Peers(Peers::default()).to_cbor();
            return Some(("lie: another answer", other));
        }
        _ => {}
    }
    let mut response = Response::parse(truth).ok()?;
    let what = match &mut response {
        Response::Heads(heads) => {
            let index = random.index(heads.heads.len());
            inflate(heads.heads.get_mut(index)?, random);
            "lie: heads that are not held"
        }
        Response::Entries(entries) => match random.below(6) {
            0 if !entries.entries.is_empty() => {
                let index = random.index(entries.entries.len());
                let byte = entries.entries.get_mut(index)?.0.last_mut()?;
                *byte ^= 1;
                "lie: another entry"
            }
            1 if entries.entries.len() > 1 => {
                entries.entries.swap(0, 1);
                "lie: another order"
            }
            2 if !entries.entries.is_empty() => {
                entries.entries.pop();
                "lie: an entry less"
            }
            3 => {
                entries.proof = ConsistencyProof::new(vec![[7; 32]; 2]).ok();
                if entries.proof.is_some() && !entries.entries.is_empty() {
                    entries.entries.pop();
                }
                "lie: another proof"
            }
            4 => {
                entries.note = unsigned(&entries.note);
                "lie: a note that the log never signed"
            }
            _ => {
                entries.note = falsely_cosigned(&entries.note, random, everybody);
                "lie: a false cosignature with entries"
            }
        },
        Response::Checkpoints(checkpoints) => {
            let index = random.index(checkpoints.notes.len());
            match checkpoints.notes.get_mut(index) {
                Some(note) if random.happens(700) => {
                    *note = if random.happens(500) {
                        unsigned(note)
                    } else {
                        falsely_cosigned(note, random, everybody)
                    };
                    "lie: a false checkpoint"
                }
                _ => {
                    checkpoints.more = true;
                    checkpoints.revision = random.below(3);
                    "lie: more checkpoints than there are"
                }
            }
        }
        Response::Status(status) => {
            match status.tokens.first_mut() {
                Some(Bytes(token)) => *token.last_mut()? ^= 1,
                None => status.root = RootHash::new([3; 32]),
            }
            "lie: another status list"
        }
        Response::Cosigned(cosigned) => {
            let line = cosigned.lines.first_mut()?;
            *line.bytes.get_mut(40)? ^= 1;
            "lie: a cosignature that does not verify"
        }
        _ => return None,
    };
    let lie = response.to_cbor();
    (lie != truth).then_some((what, lie))
}

fn inflate(head: &mut Head, random: &mut Random) {
    head.size = TreeSize(head.size.0 + random.between(1, 1 << 40));
    head.state = [random.any() as u8; 16];
    head.revision = random.any() >> 1;
}
