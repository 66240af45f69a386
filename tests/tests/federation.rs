//! Institutions on nodes of their own, connected over loopback: the logs come to be the same
//! everywhere, cosigned by the others, whoever is away in between.

#[path = "federation/resume.rs"]
mod resume;
#[path = "federation/trust.rs"]
mod trust;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use carnet_node::clock::{Clock, SteppedClock};
use carnet_node::config::{Announce, Config};
use carnet_node::institution::{InitOptions, init};
use carnet_node::logs::Logs;
use carnet_node::net::{Multiaddr, Net, NetConfig, NetHandle, Tap};
use carnet_node::run::{Node, NodeOptions};
use carnet_node::store::Store;
use carnet_node::store::memory::{MemoryDisk, MemoryStore};
use carnet_node::sync::{Sync, SyncConfig, SyncHandle};
use carnet_node::witness::Witness;
use carnet_node::writer::Writer;
use carnet_proto::classification::Country;
use carnet_proto::id::{Did, RootHash, TreeSize};
use carnet_proto::key::{Purpose, Seed};
use carnet_proto::ledger::{Quorums, Replica, WitnessPolicy};
use carnet_proto::log::checkpoint::{Checkpoint, Note};
use carnet_proto::statement::accreditation::{Accreditation, Grant};
use carnet_proto::statement::identity::Inception;
use carnet_proto::statement::issuance::Issuance;
use carnet_proto::statement::profile::{InstitutionProfile, Role};
use carnet_proto::statement::standing::empty_head;
use carnet_proto::statement::{Body, Statement};
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{UnixSeconds, Validity};
use getrandom::SysRng;
use rand_core::UnwrapErr;

/// Long enough on a machine that does other things too.
const DEADLINE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);
const START: u64 = 1_790_000_000;

async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let polled = async {
        while !condition().await {
            tokio::time::sleep(POLL).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, polled).await.is_ok(), "gave up waiting until {what}");
}

/// An institution and the disk of its node.
struct Site {
    seed: Seed,
    did: Did,
    disk: MemoryDisk,
    clock: Arc<SteppedClock>,
}

/// Its node, while it runs.
struct Running {
    did: Did,
    net: NetHandle,
    logs: Arc<Logs>,
    writer: Writer,
    sync: Sync,
}

impl Site {
    /// Begins a log with a profile that proposes `witnesses`.
    fn new(number: u8) -> Self {
        let seed = Seed::new([number; 32]);
        let next = Seed::new([number ^ 0x80; 32]).public_key_set().commitment();
        let inception = Inception { keys: seed.public_key_set(), next };
        let inception = Statement::incept(inception, &seed.signing_key(Purpose::Statement));
        let did = *inception.issuer();
        let mut replica = Replica::new(inception.entry()).unwrap();
        let key = seed.signing_key(Purpose::Statement);
        let profile = Statement::sign(&did, profile(number), &key).unwrap();
        replica.append(std::slice::from_ref(&profile));
        let standing = replica.derive_standing(empty_head());
        let standing = Statement::sign(&did, standing, &key).unwrap();
        let store = MemoryStore::new();
        let disk = store.disk();
        let logs = Logs::open(Arc::new(store)).unwrap();
        let head = logs.begin_own(&[inception, profile, standing]).unwrap();
        let key = seed.signing_key(Purpose::Checkpoint);
        logs.publish_own(&did, &Note::sign(&Checkpoint::new(&did, head), &key)).unwrap();
        let clock = Arc::new(SteppedClock::starting_at(UnixSeconds(START)));
        Self { seed, did, disk, clock }
    }

    /// Starts the node. It compares with others every `period`, besides when they connect.
    async fn start(&self, follows: &[Did], dial: &[Multiaddr], period: Duration) -> Running {
        self.start_tapped(follows, dial, period, None).await
    }

    async fn start_tapped(
        &self,
        follows: &[Did],
        dial: &[Multiaddr],
        period: Duration,
        tap: Option<Arc<dyn Tap>>,
    ) -> Running {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::open(&self.disk).unwrap());
        let logs = Arc::new(Logs::open(Arc::clone(&store)).unwrap());
        let writer = Writer::start(Arc::clone(&logs), self.did, self.seed.clone(), true).unwrap();
        let clock: Arc<dyn Clock> = self.clock.clone();
        let witness = Arc::new(Witness::new(store, clock));
        witness.add(self.did, self.seed.signing_key(Purpose::Witness));
        let mut config = NetConfig::new(self.seed.derive(b"", b"network").expose()).unwrap();
        config.listen.push("/ip4/127.0.0.1/tcp/0".parse().unwrap());
        config.persistent = dial.to_vec();
        config.tap = tap;
        config.limits.redial_first = Duration::from_millis(50);
        config.limits.redial_longest = Duration::from_millis(200);
        let (net, events) = Net::start(config).await.unwrap();
        let follows = follows.iter().copied().filter(|did| *did != self.did).collect();
        let config = SyncConfig { period, follows, ..SyncConfig::default() };
        let sync = Sync::start(net.clone(), events, Arc::clone(&logs), witness, config);
        Running { did: self.did, net, logs, writer, sync }
    }
}

fn profile(number: u8) -> InstitutionProfile {
    let text = Line::parse(&format!("Institution {number}")).unwrap();
    InstitutionProfile {
        names: vec![Name { language: Language::parse("en").unwrap(), text }],
        country: Country::parse("PH").unwrap(),
        role: Role::TrainingBody,
        web: None,
        nodes: Vec::new(),
        contacts: Vec::new(),
        witnesses: Vec::new(),
        quorum: None,
    }
}

fn issuances(from: u64, count: u64) -> Vec<Body> {
    let issuance = |number: u64| {
        let mut root = [0; 32];
        root[..8].copy_from_slice(&number.to_be_bytes());
        let credential_type = Line::parse("urn:carnet:skill:1").unwrap();
        Body::Issuance(Issuance { credential_type, root: RootHash::new(root) })
    };
    (from..from + count).map(issuance).collect()
}

impl Running {
    fn address(&self) -> Multiaddr {
        self.net.listen_addrs()[0].clone().with_p2p(self.net.local_peer_id()).unwrap()
    }

    fn handle(&self) -> SyncHandle {
        self.sync.handle()
    }

    async fn publish(&self, bodies: Vec<Body>) -> TreeSize {
        self.writer.handle().append(bodies, None).await.unwrap()[0].size
    }

    /// Returns how far a log is cosigned by a quorum of 2 of these witnesses.
    fn position(&self, origin: &Did, witnesses: &[Did]) -> Option<(TreeSize, UnixSeconds)> {
        let ledger = self.logs.ledger();
        let quorums = Quorums::new(&ledger, UnixSeconds(START + 10_000_000), u64::MAX);
        let policy = WitnessPolicy { witnesses: witnesses.to_vec(), quorum: 2 };
        let settled = quorums.settle(&policy);
        let position = quorums.position(ledger.log(origin)?, &settled)?;
        Some((position.covered, position.seen))
    }

    /// Waits until a log is here, whole, and cosigned by a quorum.
    async fn until_cosigned(&self, origin: Did, size: TreeSize, witnesses: &[Did]) {
        let what = format!("{} holds {size} of {}", self.did.short(), origin.short());
        until(&what, || async {
            self.logs.with(&origin, |replica| replica.size()) == Some(size)
                && self.position(&origin, witnesses).is_some_and(|(covered, _)| covered == size)
        })
        .await;
    }

    async fn stop(self) {
        self.net.shutdown().await;
        self.sync.stop().await;
        self.writer.stop().await;
    }
}

/// Anti-entropy that does not come to help within a test.
const NEVER: Duration = Duration::from_secs(100_000);

fn all(sites: &[Site]) -> Vec<Did> {
    sites.iter().map(|site| site.did).collect()
}

/// Starts all nodes, each connected to those before it.
async fn start(sites: &[Site], period: Duration) -> Vec<Running> {
    let dids = all(sites);
    let mut nodes: Vec<Running> = Vec::new();
    for site in sites {
        let dial: Vec<_> = nodes.iter().map(Running::address).collect();
        nodes.push(site.start(&dids, &dial, period).await);
    }
    nodes
}

#[tokio::test(flavor = "multi_thread")]
async fn three_institutions_hold_the_same_cosigned_by_a_quorum_of_two() {
    let sites: Vec<_> = (1..=3).map(Site::new).collect();
    let dids = all(&sites);
    let nodes = start(&sites, NEVER).await;
    let mut sizes = Vec::new();
    for (number, node) in (0..).zip(&nodes) {
        sizes.push(node.publish(issuances(number, number + 1)).await);
    }
    for node in &nodes {
        for (origin, size) in dids.iter().zip(&sizes) {
            node.until_cosigned(*origin, *size, &dids).await;
        }
    }
    let status = nodes[0].handle().status().await.unwrap();
    assert_eq!(status.logs.len(), 3);
    assert!(status.logs.iter().all(|lag| lag.held == lag.known && lag.has_status));
    assert!(dids.iter().all(|did| nodes[0].logs.fork(did).is_none()));
    assert_eq!(nodes[0].net.peers().iter().map(|peer| peer.score as u32).sum::<u32>(), 0);
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_was_down_catches_up_and_cosigns() {
    let sites: Vec<_> = (11..=13).map(Site::new).collect();
    let dids = all(&sites);
    let mut nodes = start(&sites, NEVER).await;
    let size = nodes[0].publish(issuances(0, 1)).await;
    nodes[2].until_cosigned(dids[0], size, &dids).await;
    nodes.pop().unwrap().stop().await;
    // While it is down, more is published than fits into one range.
    for from in [1_000, 2_000] {
        nodes[0].publish(issuances(from, 900)).await;
    }
    let size = nodes[0].publish(issuances(3_000, 2)).await;
    until("the other node has it", || async {
        nodes[1].logs.with(&dids[0], |replica| replica.size()) == Some(size)
    })
    .await;
    let dial: Vec<_> = nodes.iter().map(Running::address).collect();
    let third = sites[2].start(&dids, &dial, NEVER).await;
    third.until_cosigned(dids[0], size, &dids).await;
    nodes[0].until_cosigned(dids[0], size, &dids).await;
    nodes.push(third);
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_the_clock_and_a_nudge_renew_every_cosignature() {
    let sites: Vec<_> = (21..=23).map(Site::new).collect();
    let dids = all(&sites);
    let nodes = start(&sites, NEVER).await;
    let size = nodes[0].publish(issuances(0, 1)).await;
    for node in &nodes {
        node.until_cosigned(dids[0], size, &dids).await;
    }
    let later = UnixSeconds(START + 86_400);
    for site in &sites {
        site.clock.step_to(later);
    }
    for node in &nodes {
        node.handle().nudge().await.unwrap();
    }
    for node in &nodes {
        for origin in &dids {
            until("the cosignatures are of the new day", || async {
                node.position(origin, &dids).is_some_and(|(_, seen)| seen >= later)
            })
            .await;
        }
    }
    for node in nodes {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_held_from_the_moment_it_is_followed_and_not_before() {
    let sites: Vec<_> = (31..=32).map(Site::new).collect();
    let owner = sites[0].start(&[], &[], NEVER).await;
    let other = sites[1].start(&[], &[owner.address()], NEVER).await;
    until("both are connected", || async { !other.net.peers().is_empty() }).await;
    let size = owner.publish(issuances(0, 2)).await;
    let status = other.handle().status().await.unwrap();
    assert_eq!(status.logs.iter().map(|lag| lag.origin).collect::<Vec<_>>(), [other.did]);
    assert_eq!(other.logs.dids(), [other.did]);
    other.handle().follow(owner.did, &[owner.address()]).await.unwrap();
    until("the log is here", || async {
        other.logs.with(&owner.did, |replica| replica.size()) == Some(size)
    })
    .await;
    // What nobody follows there is held there no more than before.
    assert_eq!(owner.logs.dids(), [owner.did]);
    let held: BTreeSet<_> = other.logs.dids().into_iter().collect();
    assert_eq!(held, BTreeSet::from([owner.did, other.did]));
    owner.stop().await;
    other.stop().await;
}

/// Makes the directory of a whole node that keeps to this machine and tells where it listens.
fn make(directory: &std::path::Path, number: u8, peers: Vec<Multiaddr>, follows: Vec<Did>) -> Did {
    let config = Config {
        listen: vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()],
        http: "127.0.0.1:0".parse().unwrap(),
        announce: Announce::Listening,
        peers,
        follows,
        ..Config::default()
    };
    let options = InitOptions { profile: Some(profile(number)), config };
    let report = init(directory, options, &mut UnwrapErr(SysRng)).unwrap();
    report.did.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_who_knows_one_node_finds_the_one_that_its_log_leads_to() {
    let parent = tempfile::tempdir().unwrap();
    let place = |name: &str| parent.path().join(name);
    let clock: Arc<dyn Clock> = Arc::new(SteppedClock::starting_at(UnixSeconds(START)));
    let start = async |directory: &std::path::Path| {
        let config = Config::load(directory).unwrap();
        let options = NodeOptions::default();
        Node::start(config, directory, Arc::clone(&clock), options).await.unwrap()
    };
    let at = |node: &Node| node.listen_addrs()[0].clone().with_p2p(node.peer_id()).unwrap();

    let school = make(&place("school"), 1, Vec::new(), Vec::new());
    let school_node = start(&place("school")).await;
    let ministry = make(&place("ministry"), 2, vec![at(&school_node)], vec![school]);
    let ministry_node = start(&place("ministry")).await;
    let writer = ministry_node.institutions()[0].writer.clone();
    writer.state(Body::Accreditation(accreditation(school))).await.unwrap();
    // It follows the ministry alone, and knows the address of nobody else.
    make(&place("verifier"), 3, vec![at(&ministry_node)], vec![ministry]);
    let verifier_node = start(&place("verifier")).await;
    for origin in [ministry, school] {
        until("the newcomer holds the log", || async {
            let size = |node: &Node| node.logs().with(&origin, |replica| replica.size());
            let owner = if origin == school { &school_node } else { &ministry_node };
            size(&verifier_node).is_some() && size(&verifier_node) == size(owner)
        })
        .await;
    }
    until("the newcomer is connected to the school", || async {
        verifier_node.net().peers().iter().any(|peer| peer.peer == school_node.peer_id())
    })
    .await;
    // The way through the ministry is gone; news come all the same.
    ministry_node.stop().await;
    let writer = school_node.institutions()[0].writer.clone();
    let size = writer.append(issuances(0, 2), None).await.unwrap()[0].size;
    until("the news are there", || async {
        verifier_node.logs().with(&school, |replica| replica.size()) == Some(size)
    })
    .await;
    drop(writer);
    verifier_node.stop().await;
    school_node.stop().await;
}

fn accreditation(subject: Did) -> Accreditation {
    Accreditation {
        subject,
        name: Line::parse("A school").unwrap(),
        grants: vec![Grant {
            credential_type: Line::parse("urn:carnet:skill:1").unwrap(),
            occupations: Vec::new(),
            fields: Vec::new(),
            levels: Vec::new(),
            branches: Vec::new(),
            countries: vec![Country::parse("PH").unwrap()],
        }],
        may_accredit: 0,
        validity: Validity { from: UnixSeconds(START), until: None },
        legal_basis: None,
        appeal_body: None,
    }
}
