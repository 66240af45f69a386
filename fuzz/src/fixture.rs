//! Genuine material to begin from: a small federation, a worker's wallet and presentations from it.
//!
//! `fixtures/world.cbor` is written by `cargo test -p carnet-tests --test corpora -- --ignored`, from
//! the federation with fixed keys that the other tests use too.

#[path = "../../tests/src/seeded.rs"]
mod seeded;

pub use seeded::SeededRng;

use std::sync::OnceLock;

use carnet_proto::cbor::{Bytes, CborError, Decode, Decoder, Encode, Encoder};
use carnet_proto::id::Did;
use carnet_proto::key::Seed;
use carnet_proto::ledger::{Ledger, Replica};
use carnet_proto::log::checkpoint::Note;
use carnet_proto::time::UnixSeconds;

const WORLD: &[u8] = include_bytes!("../fixtures/world.cbor");

/// For whom the presentations are.
pub const AUDIENCE: &str = "urn:carnet:verifier:nordwerft";
/// The nonce that the verifier has handed out.
pub const NONCE: [u8; 16] = [9; 16];

/// A whole log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    /// Its entries.
    pub entries: Vec<Bytes>,
    /// Its checkpoints with their cosignatures, oldest first.
    pub notes: Vec<Note>,
    /// Its status lists.
    pub tokens: Vec<Bytes>,
}

/// Genuine material. Its institutions have the seeds `[n; 32]`, `n` from 1 on; that of the one that has
/// replaced its keys is `[n + 100; 32]` now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixture {
    /// When all of it is valid.
    pub now: UnixSeconds,
    /// The wallet, of which the last credential is revoked.
    pub wallet: Bytes,
    /// Presentations: one credential, one without evidence, all that are valid, a copy made
    /// beforehand, the revoked one.
    pub bodies: Vec<Bytes>,
    /// The logs. The first is the institution that the verifier trusts.
    pub logs: Vec<Log>,
}

impl Encode for Log {
    fn encode(&self, e: &mut Encoder) {
        e.array(3).list(&self.entries).list(&self.notes).list(&self.tokens);
    }
}

impl<'b> Decode<'b> for Log {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.tuple(3, |d| {
            Ok(Self { entries: d.list(4096)?, notes: d.list(4096)?, tokens: d.list(16)? })
        })
    }
}

impl Encode for Fixture {
    fn encode(&self, e: &mut Encoder) {
        e.array(4).item(&self.now).item(&self.wallet).list(&self.bodies).list(&self.logs);
    }
}

impl<'b> Decode<'b> for Fixture {
    fn decode(d: &mut Decoder<'b>) -> Result<Self, CborError> {
        d.tuple(4, |d| {
            let (now, wallet) = (UnixSeconds::decode(d)?, Bytes::decode(d)?);
            Ok(Self { now, wallet, bodies: d.list(16)?, logs: d.list(64)? })
        })
    }
}

impl Fixture {
    /// Returns the committed one.
    pub fn get() -> &'static Self {
        static FIXTURE: OnceLock<Fixture> = OnceLock::new();
        FIXTURE
            .get_or_init(|| Self::from_cbor(WORLD).expect("fixtures/world.cbor is of this build"))
    }

    /// Returns every log whole, as a node knows it.
    pub fn ledger(&self) -> Ledger {
        self.logs.iter().map(|log| log.replica().view().clone()).collect()
    }
}

impl Log {
    /// Returns the institution.
    pub fn origin(&self) -> Did {
        Did::of_inception(&self.entries.first().expect("a log has entries").0)
    }

    /// Returns the newest checkpoint.
    pub fn newest(&self) -> &Note {
        self.notes.last().expect("a log has a checkpoint")
    }

    /// Returns the entries as replication sends them.
    pub fn raw_entries(&self) -> Vec<Vec<u8>> {
        self.entries.iter().map(|entry| entry.0.clone()).collect()
    }

    /// Returns the tokens as replication sends them.
    pub fn raw_tokens(&self) -> Vec<Vec<u8>> {
        self.tokens.iter().map(|token| token.0.clone()).collect()
    }

    /// Checks and folds the log.
    pub fn replica(&self) -> Replica {
        let entries = self.raw_entries();
        let (first, rest) = entries.split_first().expect("a log has entries");
        let mut replica = Replica::new(first).expect("a log");
        replica.extend(rest, self.newest(), None).expect("its entries");
        for note in &self.notes {
            replica.add_checkpoint(note, |_, _| true).expect("its checkpoint");
        }
        replica.set_status(&self.raw_tokens()).expect("its status lists");
        replica
    }
}

/// The seed of an institution, or of one that has never been heard of.
pub fn seed(number: u8) -> Seed {
    Seed::new([number; 32])
}
