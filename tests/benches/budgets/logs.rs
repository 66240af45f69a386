//! Logs: appending through the writer, copying, and the standing.

use std::cell::{Cell, LazyCell, RefCell};
use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet_node::logs::Logs;
use carnet_node::store::sled::{SledOptions, SledStore};
use carnet_node::writer::{MAX_GROUP, Writer};
use carnet_proto::cbor::Mode;
use carnet_proto::cose::Sign1;
use carnet_proto::id::{Did, Digest};
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::ledger::Replica;
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::statement::Statement;
use carnet_proto::statement::accreditation::{Accreditation, Withdrawal, WithdrawalReason};
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::standing::empty_head;
use carnet_proto::time::{UnixSeconds, Validity};
use carnet_tests::world::{START, grant, line};
use ed25519_dalek::{Signature, Signer as _};
use tokio::runtime::Runtime;

use super::bench::{Bench, Round, Spec, time};
use super::cores::spread;
use super::federation::progress;
use super::table::Budget;

/// Entries of the log that is appended to, where it is not empty.
const HELD: u64 = 10_000;
/// Callers that append at once.
const CALLERS: usize = 16_384;
/// Entries that are copied at once.
const COPIED: usize = 2048;
/// Accreditations of the two logs whose standings change.
const MANY: usize = 100_000;
const FEW: usize = 1_000;

pub fn rows(bench: &mut Bench) {
    let one = Against { yardstick: "bare signing, one thread", is_spread: false };
    let all = Against { yardstick: "bare signing, all cores", is_spread: true };
    append(bench, "append: 16,384 callers with a statement each, empty log", 0, &one);
    append(bench, "append: 16,384 callers with a statement each, 10,000 entries held", HELD, &one);
    append(bench, "append: the same, empty log, against more cores", 0, &all);
    copy(bench);
    standing(bench);
}

/// The keys of a log, and its first entry.
struct Log {
    did: Did,
    seed: Seed,
    key: SigningKey,
    inception: Statement,
}

impl Log {
    fn new() -> Self {
        let seed = Seed::new([21; 32]);
        let key = seed.signing_key(Purpose::Statement);
        let next = Seed::new([22; 32]).public_key_set().commitment();
        let inception = Statement::incept(Inception { keys: seed.public_key_set(), next }, &key);
        Self { did: *inception.issuer(), seed, key, inception }
    }

    fn accreditation(&self, number: usize) -> Statement {
        Statement::sign(&self.did, accreditation(number), &self.key).expect("a statement")
    }

    fn standing(&self, replica: &Replica) -> Statement {
        let standing = replica.derive_standing(empty_head());
        Statement::sign(&self.did, standing, &self.key).expect("a standing")
    }

    /// A log of so many accreditations, and the entries after its first, without its newest standing.
    fn with(&self, statements: &[Statement]) -> Replica {
        let mut replica = Replica::new(self.inception.entry()).expect("a log");
        replica.append(statements);
        replica
    }
}

fn accreditation(number: usize) -> Accreditation {
    Accreditation {
        subject: Did::of_inception(&number.to_be_bytes()),
        name: line(&format!("Institution {number}")),
        grants: vec![grant(&["721"])],
        may_accredit: 0,
        validity: Validity { from: START, until: None },
        legal_basis: None,
        appeal_body: None,
    }
}

fn to_be_signed(statement: &Statement) -> Vec<u8> {
    Sign1::parse(statement.entry(), Mode::Strict).expect("a statement").to_be_signed()
}

/// A node's writer on a disk of its own, and statements to append.
struct Appending {
    runtime: Runtime,
    writer: Writer,
    next: usize,
    bare: Vec<Vec<u8>>,
    bare_key: ed25519_dalek::SigningKey,
    _directory: tempfile::TempDir,
}

impl Appending {
    fn new(held: u64) -> Self {
        let log = Log::new();
        let runtime = Runtime::new().expect("a runtime");
        let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
        let store = SledStore::open(directory.path(), &SledOptions::default()).expect("a store");
        let logs = Arc::new(Logs::open(Arc::new(store)).expect("logs"));
        let standing = log.standing(&log.with(&[]));
        logs.begin_own(&[log.inception.clone(), standing]).expect("a log");
        let writer = {
            let _entered = runtime.enter();
            Writer::start(logs, log.did, log.seed.clone(), true).expect("a writer")
        };
        let bare = (0..MAX_GROUP).map(|number| to_be_signed(&log.accreditation(number))).collect();
        let bare_key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        let next = 0;
        let mut appending = Self { runtime, writer, next, bare, bare_key, _directory: directory };
        while (appending.next as u64) < held {
            appending.append();
        }
        appending
    }

    /// As many callers as sixteen commits have room for, each with a statement.
    fn append(&mut self) -> Duration {
        let bodies: Vec<_> =
            (self.next..self.next + CALLERS).map(|number| accreditation(number).into()).collect();
        self.next += CALLERS;
        let start = Instant::now();
        let callers = bodies.into_iter().map(|body| {
            let handle = self.writer.handle();
            self.runtime.spawn(async move { handle.state(body).await })
        });
        let callers: Vec<_> = callers.collect();
        self.runtime.block_on(async {
            for caller in callers {
                caller.await.expect("a caller").expect("a statement on disk");
            }
        });
        start.elapsed()
    }
}

/// What appending is compared with. A log has one writer, and signs with one key; that the writer
/// spreads its signing over the cores is its own affair.
struct Against {
    yardstick: &'static str,
    is_spread: bool,
}

fn append(bench: &mut Bench, what: &'static str, held: u64, against: &Against) {
    let appending: LazyCell<RefCell<Appending>, _> =
        LazyCell::new(|| RefCell::new(Appending::new(held)));
    let spec = Spec {
        what,
        yardstick: against.yardstick,
        item: "statements",
        items: CALLERS as u32,
        budget: if against.is_spread { Budget::Information } else { Budget::Rate(0.8) },
    };
    bench.rounds(spec, || {
        let mut appending = appending.borrow_mut();
        let ours = appending.append();
        let (bare, key) = (&appending.bare, &appending.bare_key);
        let sign = |at: usize| key.sign(&bare[at % bare.len()]);
        let yardstick = if against.is_spread {
            time(1, || drop(spread(CALLERS, sign)))
        } else {
            time(1, || drop((0..CALLERS).map(sign).collect::<Vec<_>>()))
        };
        (ours, yardstick)
    });
}

/// Copying a log: what `Replica::extend` adds to verifying signatures, on one core.
fn copy(bench: &mut Bench) {
    let prepared = LazyCell::new(|| {
        let log = Log::new();
        let mut statements = spread(COPIED - 1, |number| log.accreditation(number));
        let mut source = log.with(&statements);
        let standing = log.standing(&source);
        source.append(std::slice::from_ref(&standing));
        statements.push(standing);
        let checkpoint = Checkpoint::new(&log.did, source.tree().head());
        let note = Note::sign(&checkpoint, &log.seed.signing_key(Purpose::Checkpoint));
        let signatures: Vec<_> = statements
            .iter()
            .map(|statement| {
                let sign1 = Sign1::parse(statement.entry(), Mode::Strict).expect("a statement");
                let signature = Signature::from_slice(sign1.signature).expect("64 bytes");
                (sign1.to_be_signed(), signature)
            })
            .collect();
        let entries: Vec<_> = statements.iter().map(|s| s.entry().to_vec()).collect();
        let key = *log.key.public().as_bytes();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&key).expect("a key");
        (log, entries, note, key, signatures)
    });
    let spec = Spec {
        what: "fold: entries of a log copied, read, checked and put in order, one core",
        yardstick: "verifying their signatures, one core",
        item: "statements",
        items: COPIED as u32,
        budget: Budget::Rate(0.7),
    };
    bench.rounds(spec, || -> Round {
        let (log, entries, note, key, signatures) = &*prepared;
        let mut copy = Replica::new(log.inception.entry()).expect("a log");
        let ours = time(1, || copy.extend(entries, note, None).expect("entries"));
        assert!(copy.is_in_order().is_ok());
        let is_right = |(message, signature): &(Vec<u8>, Signature)| {
            key.verify_strict(message, signature).is_ok()
        };
        (ours, time(1, || assert!(signatures.iter().all(is_right))))
    });
}

/// A log whose accreditations are withdrawn in turn.
struct Changing {
    replica: Replica,
    targets: Vec<Digest>,
}

/// One withdrawal and the standing after it, in a long log and in a short one.
fn standing(bench: &mut Bench) {
    let log = Log::new();
    let logs = LazyCell::new(|| {
        let progress = progress("a log of 100,000 accreditations", MANY);
        let statements = spread(MANY, |number| {
            progress.inc(1);
            log.accreditation(number)
        });
        [MANY, FEW].map(|count| {
            let statements = &statements[..count];
            let targets = statements.iter().map(Statement::digest).collect();
            RefCell::new(Changing { replica: log.with(statements), targets })
        })
    });
    let turn = Cell::new(0);
    let change = |changing: &RefCell<Changing>| {
        let Changing { replica, targets } = &mut *changing.borrow_mut();
        // A withdrawal from an earlier time on says more than the one before.
        let withdrawal = Withdrawal {
            target: targets[turn.get() * 37 % targets.len()],
            effective: UnixSeconds(START.0 - turn.get() as u64),
            reason: WithdrawalReason::OwnRequest,
            retroactive: false,
        };
        let withdrawal = Statement::sign(&log.did, withdrawal, &log.key).expect("a statement");
        let appended = time(1, || replica.append(std::slice::from_ref(&withdrawal)));
        let start = Instant::now();
        let standing = replica.derive_standing(empty_head());
        let derived = start.elapsed();
        let standing = Statement::sign(&log.did, standing, &log.key).expect("a standing");
        appended + derived + time(1, || replica.append(std::slice::from_ref(&standing)))
    };
    let spec = Spec {
        what: "standing: one withdrawal among 100,000 accreditations, signatures aside",
        yardstick: "the same among 1,000",
        item: "changes",
        items: 1,
        budget: Budget::Times(3.0),
    };
    bench.rounds(spec, || {
        turn.set(turn.get() + 1);
        (change(&logs[0]), change(&logs[1]))
    });
}
