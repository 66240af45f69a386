//! Nodes on loopback: a new one that copies a long log, a checkpoint on its way to fifty, and one at
//! rest. What is measured in memory runs in a process of its own: this program, started again.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use carnet_node::clock::SystemClock;
use carnet_node::logs::{Appending, Logs, LogsError};
use carnet_node::net::{Multiaddr, Net, NetConfig, NetHandle};
use carnet_node::store::memory::MemoryStore;
use carnet_node::store::sled::{SledOptions, SledStore};
use carnet_node::store::{Batch, Store};
use carnet_node::sync::{Sync, SyncConfig};
use carnet_node::witness::Witness;
use carnet_proto::cbor::Mode;
use carnet_proto::cose::Sign1;
use carnet_proto::id::{Did, RootHash, TreeSize};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::standing::empty_head;
use carnet_proto::statement::{Body, Statement};
use carnet_tests::world::line;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use super::bench::{Bench, time};
use super::cores::spread;
use super::federation::progress;
use super::table::{Budget, Row};

const STATEMENTS: usize = 1_000_000;
/// Statements that are signed and appended at once.
const CHUNK: usize = 8_192;
const RESTING_LOGS: usize = 100;
const RESTING_ENTRIES: usize = 10_000;
const OTHERS: usize = 50;
const CHECKPOINTS: usize = 40;
/// How long a node at rest is watched.
const WATCH: Duration = Duration::from_secs(30);
/// Tells the program, started again, what it is to be.
const ROLE: &str = "CARNET_BENCH_ROLE";
const MEBIBYTE: f64 = 1024.0 * 1024.0;

const SYNC: &str = "sync: 1,000,000 statements to a new node";
const PEAK: &str = "sync: memory at the peak, of what is held at the end";
const SPREAD: &str =
    "gossip: a checkpoint and its entries from one node to 50 others, 99th percentile";
const REST: &str = "rest: memory of a node with 100 logs of 10,000 entries";
const IDLE: &str = "rest: processor time of that node in 30 s";

/// What a process of its own is told.
#[derive(Serialize, Deserialize)]
enum Role {
    Sync { peer: String, did: String, size: u64 },
    Rest { peer: String, directory: String },
}

/// What it answers.
#[derive(Default, Serialize, Deserialize)]
struct Measured {
    seconds: f64,
    resident: f64,
    peak: f64,
    processor: f64,
}

/// Plays the role that this process was started for, if it was.
pub fn played_role() -> bool {
    let Ok(role) = std::env::var(ROLE) else { return false };
    let role = serde_json::from_str(&role).expect("a role");
    let runtime = Runtime::new().expect("a runtime");
    let measured = runtime.block_on(async {
        match role {
            Role::Sync { peer, did, size } => copy(&peer, &did, size).await,
            Role::Rest { peer, directory } => rest(&peer, &directory).await,
        }
    });
    let text = serde_json::to_string(&measured).expect("numbers");
    writeln!(std::io::stdout(), "{text}").expect("somebody who reads");
    true
}

fn start(role: &Role) -> Measured {
    let role = serde_json::to_string(role).expect("a role");
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let child = command.env(ROLE, role).stdout(Stdio::piped()).spawn().expect("a process");
    let output = child.wait_with_output().expect("its answer");
    assert!(output.status.success(), "the process failed");
    serde_json::from_slice(&output.stdout).expect("what it measured")
}

/// What `--quick` divides the numbers by; its rows say so.
fn part() -> usize {
    if std::env::args().any(|arg| arg == "--quick") { 10 } else { 1 }
}

pub fn rows(bench: &mut Bench) {
    if bench.wants(SYNC) || bench.wants(PEAK) {
        cold_sync(bench);
    }
    if bench.wants(SPREAD) {
        one_to_many(bench);
    }
    if bench.wants(REST) || bench.wants(IDLE) {
        at_rest(bench);
    }
}

/// An own log that grows without a writer.
struct Source {
    did: Did,
    seed: Seed,
    next: usize,
}

impl Source {
    fn begin(logs: &Logs, number: u8) -> Self {
        let seed = Seed::new([number; 32]);
        let key = seed.signing_key(Purpose::Statement);
        let next = Seed::new([0xee; 32]).public_key_set().commitment();
        let inception = Statement::incept(Inception { keys: seed.public_key_set(), next }, &key);
        let did = *inception.issuer();
        let replica = carnet_proto::ledger::Replica::new(inception.entry()).expect("a log");
        let standing = replica.derive_standing(empty_head());
        let standing = Statement::sign(&did, standing, &key).expect("a standing");
        logs.begin_own(&[inception, standing]).expect("a log");
        logs.claim(&did).expect("a log");
        Self { did, seed, next: 0 }
    }

    fn statement(&self, number: usize) -> Statement {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let credential_type = line("urn:carnet:skill:1");
        let issuance = Issuance { credential_type, root: RootHash::new(root) };
        let key = self.seed.signing_key(Purpose::Statement);
        Statement::sign(&self.did, Body::Issuance(issuance), &key).expect("a statement")
    }

    /// Appends so many statements and a standing, without a checkpoint.
    fn append(&mut self, logs: &Logs, count: usize) {
        let from = self.next;
        self.next += count;
        let mut statements = spread(count, |number| self.statement(from + number));
        let appended = logs.append_own::<LogsError>(&self.did, |replica| {
            replica.append(&statements);
            let standing = replica.derive_standing(empty_head());
            let key = self.seed.signing_key(Purpose::Statement);
            let standing = Statement::sign(&self.did, standing, &key).expect("a standing");
            replica.append(std::slice::from_ref(&standing));
            statements.push(standing);
            Ok(Appending { statements, status: None, waits: false })
        });
        appended.expect("room on the disk");
    }

    fn publish(&self, logs: &Logs) -> TreeSize {
        let head = logs.committed(&self.did).expect("a commit");
        let key = self.seed.signing_key(Purpose::Checkpoint);
        let note = Note::sign(&Checkpoint::new(&self.did, head), &key);
        logs.publish_own(&self.did, &note).expect("a checkpoint");
        head.size
    }
}

struct Node {
    net: NetHandle,
    sync: Sync,
    logs: Arc<Logs>,
}

impl Node {
    async fn start(
        number: u64,
        store: Arc<dyn Store>,
        follows: &[Did],
        peers: Vec<Multiaddr>,
    ) -> Self {
        let logs = Arc::new(Logs::open(Arc::clone(&store)).expect("logs"));
        Self::with(number, store, logs, follows, peers).await
    }

    async fn with(
        number: u64,
        store: Arc<dyn Store>,
        logs: Arc<Logs>,
        follows: &[Did],
        peers: Vec<Multiaddr>,
    ) -> Self {
        let mut seed = [0xd0; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        let mut config = NetConfig::new(&seed).expect("a key");
        config.listen.push("/ip4/127.0.0.1/tcp/0".parse().expect("an address"));
        config.persistent = peers;
        let (net, events) = Net::start(config).await.expect("a port");
        let follows = follows.iter().copied().collect();
        let config = SyncConfig { follows, discovers: false, ..SyncConfig::default() };
        let witness = Arc::new(Witness::new(store, Arc::new(SystemClock)));
        let sync = Sync::start(net.clone(), events, Arc::clone(&logs), witness, config);
        Self { net, sync, logs }
    }

    fn address(&self) -> Multiaddr {
        self.net.listen_addrs()[0].clone().with_p2p(self.net.local_peer_id()).expect("a name")
    }

    async fn stop(self) {
        self.net.shutdown().await;
        self.sync.stop().await;
    }

    fn size(&self, did: &Did) -> TreeSize {
        self.logs.with(did, |replica| replica.size()).unwrap_or_default()
    }

    async fn until(&self, did: &Did, size: TreeSize) {
        while self.size(did) < size {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

fn sled(directory: &Path) -> Arc<dyn Store> {
    Arc::new(SledStore::open(directory, &SledOptions::default()).expect("a store"))
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory")
}

fn cold_sync(bench: &mut Bench) {
    let directory = directory();
    let store = sled(directory.path());
    let logs = Arc::new(Logs::open(Arc::clone(&store)).expect("logs"));
    let mut source = Source::begin(&logs, 1);
    let count = STATEMENTS / part();
    let bar = progress("a log of 1,000,000 statements", count);
    while source.next < count {
        source.append(&logs, CHUNK.min(count - source.next));
        bar.set_position(source.next as u64);
    }
    let size = source.publish(&logs);
    let runtime = Runtime::new().expect("a runtime");
    let node = runtime.block_on(Node::with(1, store, logs, &[], Vec::new()));
    let (peer, did) = (node.address().to_string(), source.did.to_string());
    let measured = start(&Role::Sync { peer, did, size: size.0 });
    runtime.block_on(node.stop());
    let verified = verify_on_all_cores(&source);
    let rate = count as f64 / measured.seconds;
    bench.count(row(
        SYNC,
        format!("{rate:.0} statements/s"),
        ("verifying their signatures, all cores", format!("{verified:.0} statements/s")),
        rate / verified,
        Budget::Rate(0.7),
    ));
    bench.count(row(
        PEAK,
        mebibytes(measured.peak),
        ("resident at the end", mebibytes(measured.resident)),
        measured.peak / measured.resident,
        Budget::Information,
    ));
}

/// Returns how many signatures of the log's statements the cores verify in a second.
fn verify_on_all_cores(source: &Source) -> f64 {
    const ROUNDS: usize = 16;
    let key = source.seed.signing_key(Purpose::Statement);
    let key = VerifyingKey::from_bytes(key.public().as_bytes()).expect("a key");
    let signed = spread(CHUNK, |number| {
        let statement = source.statement(number);
        let sign1 = Sign1::parse(statement.entry(), Mode::Strict).expect("a statement");
        (sign1.to_be_signed(), Signature::from_slice(sign1.signature).expect("64 bytes"))
    });
    let all = || {
        spread(CHUNK * ROUNDS, |number| {
            let (message, signature) = &signed[number % CHUNK];
            key.verify_strict(message, signature).is_ok()
        })
    };
    (CHUNK * ROUNDS) as f64
        / time(1, || assert!(all().into_iter().all(|is_right| is_right))).as_secs_f64()
}

/// Copies a log from a peer, in a process of its own.
async fn copy(peer: &str, did: &str, size: u64) -> Measured {
    let directory = directory();
    let did = Did::parse(did).expect("an identifier");
    let start = Instant::now();
    let store = sled(directory.path());
    let peers = vec![peer.parse().expect("an address")];
    let node = Node::start(2, store, &[did], peers).await;
    node.until(&did, TreeSize(size)).await;
    let seconds = start.elapsed().as_secs_f64();
    let measured = Measured { seconds, ..measure() };
    node.stop().await;
    measured
}

fn one_to_many(bench: &mut Bench) {
    let runtime = Runtime::new().expect("a runtime");
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let logs = Arc::new(Logs::open(Arc::clone(&store)).expect("logs"));
    let mut source = Source::begin(&logs, 2);
    let mut size = source.publish(&logs);
    let mut times = runtime.block_on(async {
        let mut nodes = vec![Node::with(1, store, logs, &[], Vec::new()).await];
        for number in 1..=OTHERS {
            // Each dials a few of those before it; not all know the owner.
            let known = [number - 1, number / 2, number / 3].map(|known| nodes[known].address());
            let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
            let node = Node::start(1 + number as u64, store, &[source.did], known.into()).await;
            nodes.push(node);
        }
        for node in &nodes {
            node.until(&source.did, size).await;
        }
        let (mut times, mut published) = (Vec::new(), 0);
        for _ in 0..CHECKPOINTS {
            source.append(&nodes[0].logs, 1);
            let start = Instant::now();
            size = source.publish(&nodes[0].logs);
            let mut waiting: Vec<&Node> = nodes[1..].iter().collect();
            while !waiting.is_empty() {
                waiting.retain(|node| node.size(&source.did) < size);
                let arrived = OTHERS - waiting.len();
                times.resize(published + arrived, start.elapsed().as_secs_f64());
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            published += OTHERS;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        for node in nodes {
            node.stop().await;
        }
        times
    });
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    let (median, tail) = (at(0.5), at(0.99));
    bench.count(row(
        SPREAD,
        format!("{:.0} ms", tail * 1e3),
        ("of one second; half arrive within", format!("{:.0} ms", median * 1e3)),
        tail,
        Budget::Times(1.0),
    ));
}

fn at_rest(bench: &mut Bench) {
    let directory = directory();
    let store = sled(directory.path());
    let logs = Logs::open(Arc::clone(&store)).expect("logs");
    let count = RESTING_LOGS / part();
    let bar = progress("100 logs of 10,000 entries", count);
    for number in 0..count {
        let mut source = Source::begin(&logs, 100 + number as u8);
        source.append(&logs, RESTING_ENTRIES - 3);
        source.publish(&logs);
        // What may be signed next makes a log an own one; the node holds them as copies.
        let committed = [b"L".as_slice(), source.did.as_bytes(), b"c"].concat();
        let mut batch = Batch::new();
        batch.delete(committed);
        store.apply(batch).expect("room on the disk");
        bar.inc(1);
    }
    drop((logs, store));
    let runtime = Runtime::new().expect("a runtime");
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let peer = runtime.block_on(Node::start(1, store, &[], Vec::new()));
    let role = Role::Rest {
        peer: peer.address().to_string(),
        directory: directory.path().display().to_string(),
    };
    let measured = start(&role);
    runtime.block_on(peer.stop());
    let budget = 150.0 * MEBIBYTE / part() as f64;
    bench.count(row(
        REST,
        mebibytes(measured.resident),
        ("the budget", mebibytes(budget)),
        measured.resident / budget,
        Budget::Times(1.0),
    ));
    bench.count(row(
        IDLE,
        format!("{:.0} ms", measured.processor * 1e3),
        ("the time", format!("{} s", WATCH.as_secs())),
        measured.processor / WATCH.as_secs_f64(),
        Budget::Times(0.01),
    ));
}

/// Holds logs and does nothing, in a process of its own.
async fn rest(peer: &str, directory: &str) -> Measured {
    let store = sled(Path::new(directory));
    let logs = Arc::new(Logs::open(Arc::clone(&store)).expect("logs"));
    let follows = logs.dids();
    let peers = vec![peer.parse().expect("an address")];
    let node = Node::with(2, store, logs, &follows, peers).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = measure();
    tokio::time::sleep(WATCH).await;
    let after = measure();
    node.stop().await;
    Measured { processor: after.processor - before.processor, ..after }
}

fn row(what: &str, ours: String, yardstick: (&str, String), ratio: f64, budget: Budget) -> Row {
    let what = match part() {
        1 => what.to_owned(),
        part => format!("{what}; with a part of 1/{part}"),
    };
    Row {
        what,
        yardstick_is: yardstick.0.into(),
        ours,
        yardstick: yardstick.1,
        ratio,
        quartiles: [ratio, ratio],
        rounds: 1,
        budget,
    }
}

fn mebibytes(bytes: f64) -> String {
    format!("{:.0} MiB", bytes / MEBIBYTE)
}

/// Reads from Linux what this process takes; zeros elsewhere.
fn measure() -> Measured {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kibibytes = |name: &str| -> f64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        number.unwrap_or_default() * 1024.0
    };
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    // Linux counts in hundredths of a second.
    let ticks: f64 = fields.filter_map(|field| field.parse::<f64>().ok()).sum();
    Measured {
        seconds: 0.0,
        resident: kibibytes("VmRSS:"),
        peak: kibibytes("VmHWM:"),
        processor: ticks / 100.0,
    }
}
