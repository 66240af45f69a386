//! Cosigning others' checkpoints with the witness keys of the institutions on this node.
//!
//! What a witness cosigns is on disk before the cosignature is given away, and one log is decided
//! about at a time: whatever happens in between, no two roots are ever cosigned for one size, and no
//! smaller size after a larger one.
//!
//! ```text
//! "W" | 32 bytes: log | 32 bytes: witness -> the checkpoint cosigned last
//! "X" | 32 bytes: SHA-256 of an origin    -> of a log that the operator listed, the same
//! "Y" | 32 bytes: SHA-256 of an origin    -> that checkpoint, signed and cosigned
//! ```

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use carnet_proto::cbor::{Decode as _, Encode as _};
use carnet_proto::id::Did;
use carnet_proto::key::SigningKey;
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Note, NoteSignature};
use carnet_proto::profile::CLOCK_SKEW;
use carnet_proto::sync::message::CosignRefusal;
use carnet_proto::sync::witness::{LastCosigned, cosigning_time, decide};
use carnet_proto::time::UnixSeconds;

use crate::clock::Clock;
use crate::config::WitnessedLog;
use crate::store::{Batch, Store, StoreError};

mod submission;

pub use submission::SubmissionError;

/// Seconds after which a checkpoint that is still the newest is cosigned anew: within the hour,
/// with the pause between two looks.
pub const RECOSIGN_SECONDS: u64 = 3_000;

/// Seconds within which a checkpoint that is submitted again gets the cosignature it was given, and
/// nothing is written.
pub const REPEAT_SECONDS: u64 = 60;

/// Prefix of the records.
const COSIGNED: &[u8] = b"W";
/// Prefix of the records of listed logs.
const LISTED: &[u8] = b"X";
/// Prefix of the checkpoints of listed logs.
const NOTES: &[u8] = b"Y";

/// The witnesses of a node.
pub struct Witness {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    interval: u64,
    keys: RwLock<BTreeMap<Did, SigningKey>>,
    listed: Vec<WitnessedLog>,
    /// Held from the decision until it is on disk.
    deciding: Mutex<Recorded>,
    given: AtomicU64,
    refused: AtomicU64,
    /// The latest time cosigned that the clock was found to be behind.
    ahead: AtomicU64,
}

/// What this process has put on disk, by the key of the record: the same need not be written again.
type Recorded = BTreeMap<Vec<u8>, LastCosigned>;

impl Witness {
    /// Starts without any witness; `clock` gives the times that cosignatures state.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            interval: RECOSIGN_SECONDS,
            keys: RwLock::default(),
            listed: Vec::new(),
            deciding: Mutex::default(),
            given: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            ahead: AtomicU64::new(0),
        }
    }

    /// Cosigns anew after so many seconds instead of [`RECOSIGN_SECONDS`].
    #[must_use]
    pub fn with_interval(mut self, seconds: u64) -> Self {
        self.interval = seconds;
        self
    }

    /// Cosigns these logs of others too, when they ask for it.
    #[must_use]
    pub fn with_listed(mut self, logs: Vec<WitnessedLog>) -> Self {
        self.listed = logs;
        self
    }

    /// Cosigns with the witness key of an institution from now on.
    pub fn add(&self, did: Did, key: SigningKey) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(did, key);
    }

    /// Returns the institutions that cosign.
    pub fn dids(&self) -> Vec<Did> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Returns how many cosignatures were given since the start, and how often they were refused.
    pub fn counts(&self) -> (u64, u64) {
        (self.given.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }

    /// Returns by how many seconds the clock is behind a time that was cosigned, if that keeps the
    /// witnesses from cosigning.
    pub fn clock_behind(&self) -> Option<u64> {
        let ahead = UnixSeconds(self.ahead.load(Ordering::Relaxed));
        Some(ahead.since(self.clock.now())).filter(|seconds| *seconds > CLOCK_SKEW)
    }

    /// Takes note of a clock that is behind what was cosigned.
    fn look_at_clock(&self, last: Option<&LastCosigned>, now: UnixSeconds) {
        if let Some(last) = last.filter(|_| cosigning_time(last, now).is_none()) {
            tracing::error!(seconds = last.time.since(now), "the clock went back; cannot cosign");
            self.ahead.fetch_max(last.time.0, Ordering::Relaxed);
        }
    }

    /// Cosigns a checkpoint by every institution that has not done so lately, or by every one, if
    /// `anew`; the log's owner never does. Blocks until what is cosigned is on disk.
    ///
    /// # Errors
    /// [`CosignRefusal`] if `replica` is not the whole log of that size and in order, or if a
    /// larger tree or another root was cosigned before.
    pub fn cosign(
        &self,
        replica: &Replica,
        note: &Note,
        anew: bool,
    ) -> Result<Vec<NoteSignature>, CosignRefusal> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut recorded = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
        let granted = self.grant(&keys, &mut recorded, replica, note, anew);
        self.count(granted.as_ref().ok().map(Vec::len));
        granted
    }

    /// Counts cosignatures that are given, or a refusal.
    fn count(&self, given: Option<usize>) {
        match given {
            Some(given) => self.given.fetch_add(given as u64, Ordering::Relaxed),
            None => self.refused.fetch_add(1, Ordering::Relaxed),
        };
    }

    fn grant(
        &self,
        keys: &BTreeMap<Did, SigningKey>,
        recorded: &mut Recorded,
        replica: &Replica,
        note: &Note,
        anew: bool,
    ) -> Result<Vec<NoteSignature>, CosignRefusal> {
        let now = self.clock.now();
        let mut records = Vec::new();
        let mut granted = Vec::new();
        for (witness, key) in keys {
            let place = place(replica.origin(), witness);
            let last = self.last(&place).map_err(unable)?;
            let (last, interval) = (last.as_ref(), self.interval);
            self.look_at_clock(last, now);
            if let Some(record) = decide(replica, witness, last, note, now, interval, anew)? {
                granted.push(note.cosign(witness, key, record.time));
                records.push((place, record));
            }
        }
        self.record(recorded, records, None).map_err(unable)?;
        Ok(granted)
    }

    /// Returns once the records are on disk, with the note that belongs to them.
    fn record(
        &self,
        recorded: &mut Recorded,
        mut records: Vec<(Vec<u8>, LastCosigned)>,
        note: Option<(Vec<u8>, &Note)>,
    ) -> Result<(), StoreError> {
        records.retain(|(place, record)| recorded.get(place) != Some(record));
        if records.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for (place, record) in &records {
            batch.put(place.clone(), record.to_cbor());
        }
        if let Some((place, note)) = note {
            batch.put(place, note.to_string().into_bytes());
        }
        self.store.apply(batch)?;
        recorded.extend(records);
        Ok(())
    }

    fn last(&self, place: &[u8]) -> Result<Option<LastCosigned>, StoreError> {
        let Some(bytes) = self.store.get(place)? else { return Ok(None) };
        // A record that cannot be read must not be taken for none.
        let record = LastCosigned::from_cbor(&bytes);
        let damaged = |error| StoreError::Corrupt { detail: format!("what was cosigned: {error}") };
        record.map(Some).map_err(damaged)
    }
}

fn place(log: &Did, witness: &Did) -> Vec<u8> {
    [COSIGNED, log.as_bytes(), witness.as_bytes()].concat()
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("dids", &self.dids()).finish_non_exhaustive()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the last that is heard of the error")]
fn unable(error: StoreError) -> CosignRefusal {
    tracing::error!(error = &error as &dyn std::error::Error, "cannot cosign");
    CosignRefusal::Unable
}

#[cfg(test)]
mod tests {
    use carnet_proto::id::RootHash;
    use carnet_proto::key::{Purpose, Seed};
    use carnet_proto::log::checkpoint::{Checkpoint, NoteKey};
    use carnet_proto::statement::Statement;
    use carnet_proto::statement::identity::Inception;
    use carnet_proto::statement::issuance::Issuance;
    use carnet_proto::statement::standing::empty_head;
    use carnet_proto::text::Line;

    use super::*;
    use crate::clock::SteppedClock;
    use crate::store::memory::{Fault, MemoryDisk, MemoryStore};
    use crate::test_support::SetClock;

    const START: UnixSeconds = UnixSeconds(1_790_000_000);

    /// A log of one issuance under `root` and its standing, with its signed checkpoint.
    fn log(root: u8) -> (Replica, Note) {
        let seed = Seed::new([9; 32]);
        let keys = seed.public_key_set();
        let next = Seed::new([8; 32]).public_key_set().commitment();
        let key = seed.signing_key(Purpose::Statement);
        let inception = Statement::incept(Inception { keys, next }, &key);
        let mut replica = Replica::new(inception.entry()).unwrap();
        state(&mut replica, root);
        let note = publish(&mut replica);
        (replica, note)
    }

    fn issue(replica: &mut Replica, root: u8) {
        let key = Seed::new([9; 32]).signing_key(Purpose::Statement);
        let credential_type = Line::parse("urn:carnet:skill:1").unwrap();
        let root = RootHash::new([root; 32]);
        let issuance = Issuance { credential_type, root };
        replica.append(&[Statement::sign(replica.origin(), issuance, &key).unwrap()]);
    }

    fn state(replica: &mut Replica, root: u8) {
        issue(replica, root);
        let key = Seed::new([9; 32]).signing_key(Purpose::Statement);
        let standing = replica.derive_standing(empty_head());
        let standing = Statement::sign(replica.origin(), standing, &key).unwrap();
        replica.append(&[standing]);
    }

    fn publish(replica: &mut Replica) -> Note {
        let key = Seed::new([9; 32]).signing_key(Purpose::Checkpoint);
        let note = Note::sign(&Checkpoint::new(replica.origin(), replica.tree().head()), &key);
        replica.publish(note.clone()).unwrap();
        note
    }

    fn witness(disk: &MemoryDisk, clock: &Arc<SteppedClock>) -> (Witness, Did, NoteKey) {
        let store = Arc::new(MemoryStore::open(disk).unwrap());
        let witness = Witness::new(store, Arc::<SteppedClock>::clone(clock));
        let key = Seed::new([7; 32]).signing_key(Purpose::Witness);
        let did = Did::of_inception(b"witness");
        let public = NoteKey::of_witness(&did, key.public());
        witness.add(did, key);
        (witness, did, public)
    }

    fn setting() -> (MemoryDisk, Arc<SteppedClock>) {
        (MemoryStore::new().disk(), Arc::new(SteppedClock::starting_at(START)))
    }

    /// Keeps cosignatures, as the node's logs do.
    fn keep(replica: &mut Replica, note: &Note, lines: Vec<NoteSignature>) -> Note {
        let mut note = note.clone();
        lines.into_iter().for_each(|line| note.add(line));
        replica.add_checkpoint(&note, |_, _| true).unwrap();
        note
    }

    #[test]
    fn a_log_in_order_is_cosigned_once_an_interval_or_when_told() {
        let (disk, clock) = setting();
        let (witness, _, key) = witness(&disk, &clock);
        let (mut replica, note) = log(1);
        let lines = witness.cosign(&replica, &note, false).unwrap();
        let cosigned = keep(&mut replica, &note, lines);
        let times = cosigned.cosignature_times(&key).unwrap();
        assert!(times.len() == 1 && times[0] >= START);
        assert_eq!(witness.cosign(&replica, &note, false), Ok(Vec::new()));
        assert_eq!(witness.cosign(&replica, &note, true).unwrap().len(), 1);
        clock.step(RECOSIGN_SECONDS);
        assert_eq!(witness.cosign(&replica, &note, false).unwrap().len(), 1);
    }

    #[test]
    fn after_a_restart_it_refuses_another_root_and_a_smaller_size() {
        let (disk, clock) = setting();
        let (mut replica, small) = log(1);
        let before = replica.clone();
        state(&mut replica, 2);
        let large = publish(&mut replica);
        let (first, ..) = witness(&disk, &clock);
        assert_eq!(first.cosign(&replica, &large, false).unwrap().len(), 1);
        drop(first);
        let (second, ..) = witness(&disk, &clock);
        assert_eq!(second.cosign(&before, &small, false), Err(CosignRefusal::Ahead));
        assert_eq!(second.cosign(&replica, &small, true), Err(CosignRefusal::Ahead));
        let (mut other, _) = log(3);
        state(&mut other, 2);
        let forked = publish(&mut other);
        assert_eq!(second.cosign(&other, &forked, false), Err(CosignRefusal::OtherRoot));
    }

    #[test]
    fn nothing_is_given_away_that_is_not_on_disk() {
        let (disk, clock) = setting();
        let (witness, ..) = witness(&disk, &clock);
        let (replica, note) = log(1);
        disk.fail_after(0, Fault::NotWritten);
        assert_eq!(witness.cosign(&replica, &note, false), Err(CosignRefusal::Unable));
    }

    #[test]
    fn a_log_that_is_not_whole_or_not_in_order_or_its_own_is_not_cosigned() {
        let (disk, clock) = setting();
        let (witness, ..) = witness(&disk, &clock);
        let (mut replica, _) = log(1);
        let mut behind = replica.clone();
        state(&mut replica, 2);
        let large = publish(&mut replica);
        assert_eq!(witness.cosign(&behind, &large, false), Err(CosignRefusal::Behind));
        issue(&mut behind, 3);
        let disordered = publish(&mut behind);
        assert_eq!(witness.cosign(&behind, &disordered, false), Err(CosignRefusal::NotInOrder));
        let origin = *replica.origin();
        let own = Witness::new(Arc::new(MemoryStore::open(&disk).unwrap()), clock);
        own.add(origin, Seed::new([9; 32]).signing_key(Purpose::Witness));
        assert_eq!(own.cosign(&replica, &large, true), Ok(Vec::new()));
    }
    #[test]
    fn a_clock_set_back_a_little_repeats_its_last_time_and_set_back_far_it_stops_cosigning() {
        let disk = MemoryStore::new().disk();
        let clock = SetClock::at(START.0);
        let store = Arc::new(MemoryStore::open(&disk).unwrap());
        let witness = Witness::new(store, Arc::<SetClock>::clone(&clock));
        let key = Seed::new([7; 32]).signing_key(Purpose::Witness);
        let did = Did::of_inception(b"witness");
        let public = NoteKey::of_witness(&did, key.public());
        witness.add(did, key);
        let (mut replica, note) = log(1);
        let time_of = |note: &Note, lines: Vec<NoteSignature>| {
            let mut note = note.clone();
            lines.into_iter().for_each(|line| note.add(line));
            note.cosignature_times(&public).unwrap()
        };
        let lines = witness.cosign(&replica, &note, true).unwrap();
        assert_eq!(time_of(&note, lines), [START]);
        // As network time does it: within what verifiers allow.
        state(&mut replica, 2);
        let note = publish(&mut replica);
        clock.set(START.0 - CLOCK_SKEW);
        let lines = witness.cosign(&replica, &note, true).unwrap();
        assert_eq!(time_of(&note, lines), [START]);
        assert_eq!(witness.clock_behind(), None);
        // Farther: a time before the last would prove what was not.
        clock.set(START.0 - CLOCK_SKEW - 1);
        assert_eq!(witness.cosign(&replica, &note, true), Err(CosignRefusal::Unable));
        assert_eq!(witness.clock_behind(), Some(CLOCK_SKEW + 1));
        // Set right, it goes on, also far ahead.
        clock.set(START.0 + 1);
        assert_eq!(witness.clock_behind(), None);
        for later in [START.0 + 1, START.0 + 10_000_000_000] {
            clock.set(later);
            let lines = witness.cosign(&replica, &note, true).unwrap();
            assert_eq!(time_of(&note, lines), [UnixSeconds(later)]);
        }
    }
}
