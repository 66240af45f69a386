//! Presentations of up to 64 KiB that were put together to take as long as they can. All are signed
//! by strangers, who need nobody's leave.

use carnet_proto::cbor::{Encode, Mode};
use carnet_proto::credential::SdCwt;
use carnet_proto::evidence::{EarlierCheckpoint, Evidence, LogEvidence};
use carnet_proto::id::Did;
use carnet_proto::key::{Purpose, SigningKey};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::presentation::{KeyBindingToken, Presentation, Presented};

use super::super::fixture::seed;
use super::adversary::Adversary;
use super::{Base, encode};

/// Most bytes of each.
pub const MAX_BYTES: usize = 64 * 1024;

/// Returns them by name.
pub fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("statements", statements()),
        ("cosigned-logs", logs(8, true)),
        ("many-logs", logs(0, false)),
        ("repeated-lines", repeated_lines()),
        ("repeated-checkpoints", repeated_checkpoints()),
        ("status-lists", status_lists()),
        ("status-blocks", status_blocks()),
        ("key-sets", key_sets()),
        ("agreements", agreements()),
        ("credentials", credentials()),
    ]
}

/// A presentation whose credential a stranger issued, and that stranger's log.
fn forged(adversary: &mut Adversary) -> Presentation {
    let base = Base::get();
    let genuine = &base.genuine[0];
    let like = SdCwt::parse(&genuine.sd_cwt, Mode::Strict).expect("a credential");
    let (sd_cwt, anchor) = adversary.issue(&like).expect("claims");
    let token = KeyBindingToken::parse(&base.bodies[0].0.presented[0].token).expect("a token");
    let token = KeyBindingToken::sign(&sd_cwt, &token.claims, &genuine.key);
    let presented = vec![Presented { token, anchor: Some(anchor) }];
    Presentation { presented, evidence: None, ..base.bodies[0].0.clone() }
}

/// Takes as many of what makes a presentation larger as there is room for.
fn fill(presentation: &Presentation, mut make: impl FnMut(usize) -> Vec<LogEvidence>) -> Vec<u8> {
    let body = |logs| encode(presentation, &Evidence { logs });
    let (mut low, mut high) = (0, 256);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if body(make(middle)).len() <= MAX_BYTES { low = middle } else { high = middle }
    }
    body(make(low))
}

/// One log that accredits everyone, itself included.
fn statements() -> Vec<u8> {
    let now = Base::get().now;
    let make = |count: usize| {
        let mut adversary = Adversary::new(seed(200));
        adversary.introduce(vec![adversary.did]);
        let presentation = forged(&mut adversary);
        for n in 0..count {
            let subject = if n == 0 { adversary.did } else { Did::of_inception(&[n as u8]) };
            adversary.accredit(subject, now.minus(86_400));
        }
        let cosigner = (adversary.did, adversary.seed.signing_key(Purpose::Witness));
        (presentation, vec![adversary.evidence(&[cosigner], now)])
    };
    fill(&make(0).0, |count| make(count).1)
}

/// Logs with nothing in them, each cosigned by the others.
fn logs(cosigners: usize, is_introduced: bool) -> Vec<u8> {
    let now = Base::get().now;
    let mut first = Adversary::new(seed(100));
    let presentation = forged(&mut first);
    let witnesses: Vec<(Did, SigningKey)> = (0..cosigners as u8)
        .map(|n| Adversary::new(seed(100 + n)))
        .map(|other| (other.did, other.seed.signing_key(Purpose::Witness)))
        .collect();
    fill(&presentation, |count| {
        (0..count.min(100) as u8)
            .map(|n| {
                let mut adversary = Adversary::new(seed(100 + n));
                if is_introduced {
                    adversary.introduce(witnesses.iter().map(|(did, _)| *did).collect());
                }
                adversary.evidence(&witnesses, now)
            })
            .collect()
    })
}

/// Checkpoints that repeat the log's own line as often as a note may.
fn repeated_lines() -> Vec<u8> {
    let now = Base::get().now;
    let mut adversary = Adversary::new(seed(200));
    let presentation = forged(&mut adversary);
    let log = adversary.evidence(&[], now);
    let note = Note::parse(&log.note).expect("a note");
    let line = note.signatures()[0].to_line();
    let proof = carnet_proto::log::proof::ConsistencyProof::default();
    fill(&presentation, |count| {
        let lines =
            |count: usize| format!("{}\n{}", note.body(), format!("{line}\n").repeat(count));
        let mut earlier =
            vec![EarlierCheckpoint { note: lines(64), proof: proof.clone() }; count / 64];
        earlier.push(EarlierCheckpoint { note: lines(count % 64 + 1), proof: proof.clone() });
        vec![LogEvidence { note: lines(64), earlier, ..log.clone() }]
    })
}

/// Status lists that inflate a thousandfold.
fn status_lists() -> Vec<u8> {
    let now = Base::get().now;
    let mut adversary = Adversary::new(seed(200));
    let presentation = forged(&mut adversary);
    let make = |count: usize| {
        let mut adversary = Adversary::new(seed(200));
        let _ = forged(&mut adversary);
        adversary.lists(count.min(32) as u32, 1 << 22, now);
        vec![adversary.evidence(&[], now)]
    };
    // Each takes a moment to make, and more than there is room for are not inflated anyhow.
    let body = encode(&presentation, &Evidence { logs: make(32) });
    assert!(body.len() <= MAX_BYTES, "{}", body.len());
    body
}

/// Status lists that inflate to nothing, in as many blocks as there is room for, each with codes of its
/// own: the one that the credential names, and another.
fn status_blocks() -> Vec<u8> {
    let now = Base::get().now;
    let mut adversary = Adversary::new(seed(200));
    let presentation = forged(&mut adversary);
    fill(&presentation, |count| {
        let mut adversary = Adversary::new(seed(200));
        let _ = forged(&mut adversary);
        adversary.deflated_lists(&[empty_blocks(200 * count), empty_blocks(8)], now);
        vec![adversary.evidence(&[], now)]
    })
}

/// A zlib stream of blocks that hold nothing but codes.
fn empty_blocks(count: usize) -> Vec<u8> {
    let mut stream = Bits::default();
    stream.push(0x9c78, 16);
    for block in 0..count {
        // One literal, the end of the block, and one distance, each of one bit.
        stream.push(u32::from(block + 1 == count), 1);
        stream.push(0b10, 2);
        stream.push(14 << 10, 14);
        for symbol in [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1] {
            stream.push(u32::from(symbol == 18 || symbol == 1), 3);
        }
        // 138 and 118 symbols without a code, then two with one; of the two codes 18 is the later.
        stream.push(1 | (127 << 1), 8);
        stream.push(1 | (107 << 1), 8);
        stream.push(0, 3);
    }
    let mut bytes = stream.bytes;
    bytes.extend_from_slice(&[0, 0, 0, 1]);
    bytes
}

/// Bits in the order of a deflated stream, filled up to bytes.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    fn push(&mut self, bits: u32, count: usize) {
        for bit in 0..count {
            if self.len.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().expect("a byte");
            *last |= ((bits >> bit & 1) as u8) << (self.len % 8);
            self.len += 1;
        }
    }
}

/// One checkpoint as often as there is room for.
fn repeated_checkpoints() -> Vec<u8> {
    let now = Base::get().now;
    let mut adversary = Adversary::new(seed(200));
    let presentation = forged(&mut adversary);
    let log = adversary.evidence(&[], now);
    let proof = carnet_proto::log::proof::ConsistencyProof::default();
    let earlier = EarlierCheckpoint { note: log.note.clone(), proof };
    fill(&presentation, |count| {
        vec![LogEvidence { earlier: vec![earlier.clone(); count], ..log.clone() }]
    })
}

/// As many rotations as there is room for.
fn key_sets() -> Vec<u8> {
    let now = Base::get().now;
    let mut adversary = Adversary::new(seed(200));
    let presentation = forged(&mut adversary);
    fill(&presentation, |count| {
        let mut adversary = Adversary::new(seed(200));
        let _ = forged(&mut adversary);
        (0..count.min(200)).for_each(|_| adversary.rotate(None));
        vec![adversary.evidence(&[], now)]
    })
}

/// Agreements that name the verifier's trust anchor, each with witnesses of its own.
fn agreements() -> Vec<u8> {
    let base = Base::get();
    let make = |count: usize| {
        let mut adversary = Adversary::new(seed(200));
        adversary.introduce(vec![adversary.did]);
        let presentation = forged(&mut adversary);
        for n in 0..count {
            let witnesses = (0..4).map(|w| Did::of_inception(&[n as u8, w])).collect();
            adversary.agree(&[base.trusted], witnesses, base.now.minus(86_400));
        }
        let cosigner = (adversary.did, adversary.seed.signing_key(Purpose::Witness));
        (presentation, vec![adversary.evidence(&[cosigner], base.now)])
    };
    fill(&make(0).0, |count| make(count).1)
}

/// As many credentials as a container takes, all of one stranger.
fn credentials() -> Vec<u8> {
    let base = Base::get();
    let mut adversary = Adversary::new(seed(200));
    adversary.introduce(vec![adversary.did]);
    let mut presentation = forged(&mut adversary);
    let genuine = SdCwt::parse(&base.genuine[0].sd_cwt, Mode::Strict).expect("a credential");
    let bare = genuine.with_disclosures(|_| false);
    let bare = SdCwt::parse(&bare, Mode::Strict).expect("a credential");
    let token = KeyBindingToken::parse(&base.bodies[0].0.presented[0].token).expect("a token");
    let claims = token.claims.clone();
    presentation.presented = Vec::new();
    let mut log = None;
    while presentation.presented.len() < carnet_proto::profile::MAX_CREDENTIALS {
        let before = presentation.clone();
        let (sd_cwt, anchor) = adversary.issue(&bare).expect("claims");
        let token = KeyBindingToken::sign(&sd_cwt, &claims, &base.genuine[0].key);
        presentation.presented.push(Presented { token, anchor: Some(anchor) });
        if presentation.to_cbor().len() > MAX_BYTES - 12_000 {
            presentation = before;
            break;
        }
    }
    log.get_or_insert_with(|| adversary.evidence(&[], base.now));
    let body = encode(&presentation, &Evidence { logs: log.into_iter().collect() });
    assert!(body.len() <= MAX_BYTES, "{}", body.len());
    body
}
