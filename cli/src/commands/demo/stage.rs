//! The nodes of the demo: real ones, each with its own directory, database, keys and ports.

use super::terminal::CommandLine;
use super::trouble;
use crate::commands::institution::Operator;
use crate::error::CliError;
use crate::http::{Client, read_token};
use crate::ledger::{self, Fetched};
use carnet_node::clock::{Clock as _, SteppedClock};
use carnet_node::config::{Announce, Config};
use carnet_node::institution::{InitOptions, Institution, init};
use carnet_node::net::{FileTap, Multiaddr};
use carnet_node::run::{Node, NodeOptions, Offline, Repudiation};
use carnet_node::writer::Phase;
use carnet_proto::cbor::Encode;
use carnet_proto::classification::Country;
use carnet_proto::id::{Did, Digest, LeafIndex};
use carnet_proto::key::Seed;
use carnet_proto::ledger::ProfileView;
use carnet_proto::statement::profile::{InstitutionProfile, Role};
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{DAY, UnixSeconds};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Longest time that the nodes may take to agree.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often nodes that do not agree yet are asked to compare what they have.
const NUDGE_EVERY: Duration = Duration::from_millis(1500);
/// Days over which the story goes.
pub const DAYS: u64 = 30;

/// Who takes part: a short name, the name it goes by, its country, and what it is.
pub const CAST: [(&str, &str, &str, Option<Role>); 8] = [
    ("ph-authority", "Halimbawa Skills Authority", "PH", Some(Role::Ministry)),
    ("ph-union", "Halimbawa Union of Metal Workers", "PH", Some(Role::Union)),
    ("ph-employers", "Halimbawa Chamber of Shipyards", "PH", Some(Role::EmployersBody)),
    ("ph-institute", "Halimbawa Institute of Welding", "PH", Some(Role::TrainingBody)),
    ("de-authority", "Musteramt für Berufsbildung", "DE", Some(Role::Ministry)),
    ("de-union", "Mustergewerkschaft Metall", "DE", Some(Role::Union)),
    ("de-employers", "Musterverband der Werften", "DE", Some(Role::EmployersBody)),
    ("employer", "Musterwerft", "DE", None),
];

/// Who comes later: those who certify periods of insurance, in three countries.
pub const NEWCOMERS: [(&str, &str, &str, Option<Role>); 3] = [
    ("ph-pension", "Halimbawa Social Insurance Fund", "PH", Some(Role::SocialSecurity)),
    ("de-pension", "Musterrentenkasse", "DE", Some(Role::SocialSecurity)),
    ("sa-pension", "Mithal Social Insurance Office", "SA", Some(Role::SocialSecurity)),
];

/// One of those who take part.
struct Member {
    key: &'static str,
    name: &'static str,
    dir: PathBuf,
    did: Option<Did>,
    /// The words on paper: the seed of its next key set.
    next_seed: Option<Seed>,
    node: Option<Node>,
}

impl Member {
    /// Makes its directory, keys and log.
    fn set(
        dir: &Path,
        (key, name, country, role): (&'static str, &'static str, &str, Option<Role>),
    ) -> Result<Self, CliError> {
        let home = dir.join("nodes").join(key);
        let profile = role.map(|role| profile(name, country, role)).transpose()?;
        let config = Config {
            listen: vec![loopback()?],
            http: SocketAddr::from(([127, 0, 0, 1], 0)),
            announce: Announce::Listening,
            // The story asks for it where it matters.
            anti_entropy: Duration::from_secs(20),
            // The story publishes when it says so.
            status_schedule: 7 * DAY,
            ..Config::default()
        };
        let made = init(&home, InitOptions { profile, config }, &mut crate::commands::rng())
            .map_err(trouble)?;
        let (did, next_seed) = (made.did, made.next_seed);
        Ok(Self { key, name, dir: home, did, next_seed, node: None })
    }

    /// Whether it is one of those who witness, and runs.
    fn is_witness(&self) -> bool {
        self.node.is_some() && self.did.is_some() && self.key != "ph-institute"
    }
}

/// What a rotation did to statements.
pub struct Replaced {
    /// How many are void.
    pub void: usize,
    /// How many are kept.
    pub kept: usize,
}

/// The nodes, their clock, and the directory in which everything is.
pub struct Stage {
    dir: PathBuf,
    clock: Arc<SteppedClock>,
    began: UnixSeconds,
    runtime: Runtime,
    tap: Arc<FileTap>,
    members: Vec<Member>,
}

impl Stage {
    /// Makes the directories, keys and logs of the first eight. Nothing runs yet. The clock starts
    /// [`DAYS`] days ago.
    pub fn set(dir: &Path, now: UnixSeconds) -> Result<Self, CliError> {
        let began = now.minus(DAYS * DAY);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .map_err(trouble)?;
        let members = CAST.into_iter().map(|member| Member::set(dir, member));
        let members = members.collect::<Result<Vec<_>, _>>()?;
        let tap = FileTap::append(&dir.join("messages.bin")).map_err(trouble)?;
        Ok(Self {
            dir: dir.to_owned(),
            clock: Arc::new(SteppedClock::starting_at(began)),
            began,
            runtime,
            tap: Arc::new(tap),
            members,
        })
    }

    /// Returns the directory in which everything is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the time of the story.
    pub fn now(&self) -> UnixSeconds {
        self.clock.now()
    }

    /// Returns the day of the story, counted from 0.
    pub fn day(&self) -> u64 {
        self.now().since(self.began) / DAY
    }

    /// Steps the clock to the beginning of a later day of the story; the last day is today.
    pub fn step_to_day(&self, day: u64) {
        if day >= DAYS {
            self.clock.catch_up();
        } else {
            self.clock.step_to(self.began.plus(day * DAY));
        }
    }

    fn member(&self, key: &str) -> Result<&Member, CliError> {
        self.members.iter().find(|m| m.key == key).ok_or_else(|| CliError::bug("demo"))
    }

    /// Returns the identifier of an institution.
    pub fn did(&self, key: &str) -> Result<Did, CliError> {
        self.member(key)?.did.ok_or_else(|| CliError::bug("demo"))
    }

    /// Returns the name that an institution goes by.
    pub fn name(&self, key: &str) -> Result<Line, CliError> {
        Line::parse(self.member(key)?.name).map_err(trouble)
    }

    /// Returns the short names of those that own a log, so far.
    pub fn institutions(&self) -> Vec<&'static str> {
        self.members.iter().filter(|member| member.did.is_some()).map(|member| member.key).collect()
    }

    /// Starts every node that does not run. Each is told of those that ran before it, and follows
    /// the two authorities; the rest it finds by what they say.
    pub fn start(&mut self) -> Result<usize, CliError> {
        let follows = vec![self.did("ph-authority")?, self.did("de-authority")?];
        self.start_those(|_| true, &follows)
    }

    fn start_those(
        &mut self,
        which: impl Fn(&Member) -> bool,
        follows: &[Did],
    ) -> Result<usize, CliError> {
        let mut peers: Vec<_> =
            self.members.iter().filter_map(|m| m.node.as_ref()).flat_map(addresses).collect();
        for member in self.members.iter_mut().filter(|member| which(member)) {
            if member.node.is_none() {
                let mut config = Config::load(&member.dir).map_err(trouble)?;
                config.peers.clone_from(&peers);
                config.follows = follows.to_vec();
                let options = NodeOptions { tap: Some(self.tap.clone()), ..NodeOptions::default() };
                let node = Node::start(config, &member.dir, self.clock.clone(), options);
                let node = self.runtime.block_on(node).map_err(trouble)?;
                peers.extend(addresses(&node));
                member.node = Some(node);
            }
        }
        self.until_published();
        Ok(self.members.iter().filter(|m| m.node.is_some()).count())
    }

    /// Lets the newcomers make their logs and start. They follow everybody, and every node that runs is
    /// told to follow them. Returns how many run.
    pub fn join(&mut self) -> Result<usize, CliError> {
        for newcomer in NEWCOMERS {
            self.members.push(Member::set(&self.dir, newcomer)?);
        }
        let is_new = |key| NEWCOMERS.iter().any(|(new, ..)| *new == key);
        let follows: Vec<Did> = self.members.iter().filter_map(|member| member.did).collect();
        let running = self.start_those(|member| is_new(member.key), &follows)?;
        for member in self.members.iter().filter(|m| m.node.is_some() && !is_new(m.key)) {
            for (newcomer, ..) in NEWCOMERS {
                let follow = CommandLine::new("follow").and(self.did(newcomer)?.to_string());
                self.operate(follow, member.key)?.run(self.now())?;
            }
        }
        Ok(running)
    }

    /// Completes a command line with the node that is operated, and its directory.
    pub fn operate(&self, line: CommandLine, key: &str) -> Result<CommandLine, CliError> {
        let url = self.url(key)?;
        Ok(line.and("--node").and(url).and("--dir").and(&self.member(key)?.dir))
    }

    /// Waits until the witnesses have confirmed the log of every node that runs.
    fn until_published(&self) {
        let start = Instant::now();
        let waits = || {
            let nodes = self.members.iter().filter_map(|member| member.node.as_ref());
            let mut institutions = nodes.flat_map(Node::institutions);
            institutions.any(|own| own.writer.phase() != Phase::Writing)
        };
        while waits() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops every node but one. Returns how many still run.
    pub fn stop_all_but(&mut self, key: &str) -> usize {
        let nodes: Vec<_> = self
            .members
            .iter_mut()
            .filter(|m| m.key != key)
            .filter_map(|m| m.node.take())
            .collect();
        for node in nodes {
            self.runtime.block_on(node.stop());
        }
        self.members.iter().filter(|m| m.node.is_some()).count()
    }

    /// Stops one node.
    pub fn stop_one(&mut self, key: &str) {
        let member = self.members.iter_mut().find(|member| member.key == key);
        if let Some(node) = member.and_then(|member| member.node.take()) {
            self.runtime.block_on(node.stop());
        }
    }

    /// Returns the keys of an institution, as whoever reads its directory has them.
    pub fn seed(&self, key: &str) -> Result<Seed, CliError> {
        Ok(Institution::open(&self.member(key)?.dir).map_err(trouble)?.seed)
    }

    /// Stops the node of an institution, and replaces its keys by those on paper: what was stated from a
    /// leaf on was a thief's.
    pub fn rotate(&mut self, key: &str, from: LeafIndex) -> Result<Replaced, CliError> {
        self.stop_one(key);
        let now = self.now();
        let member = self.members.iter_mut().find(|member| member.key == key);
        let member = member.ok_or_else(|| CliError::bug("demo"))?;
        let revealed = member.next_seed.take().ok_or_else(|| CliError::bug("demo"))?;
        let next = Seed::generate(&mut crate::commands::rng());
        let wish = Repudiation { from: Some(from), keep: Vec::new(), keep_known_batches: false };
        let offline = Offline::open(&member.dir, None).map_err(trouble)?;
        let plan = offline.plan(revealed, &wish).map_err(trouble)?;
        let replaced = Replaced { void: plan.void.len(), kept: plan.kept.len() };
        offline.rotate(plan, &next, now).map_err(trouble)?;
        member.next_seed = Some(next);
        Ok(replaced)
    }

    /// Waits until every running node holds a proof that a log shows two histories. Returns how many do.
    pub fn hold_fork(&self, did: &Did) -> Result<usize, CliError> {
        let deadline = Instant::now() + PATIENCE;
        let mut nudged = None::<Instant>;
        loop {
            let nodes = || self.members.iter().filter_map(|member| member.node.as_ref());
            let holding = nodes().filter(|node| node.logs().fork(did).is_some()).count();
            if holding == nodes().count() || Instant::now() > deadline {
                return Ok(holding);
            }
            if nudged.is_none_or(|at| at.elapsed() > NUDGE_EVERY) {
                nudged = Some(Instant::now());
                for node in nodes() {
                    self.runtime.block_on(node.sync().nudge()).map_err(trouble)?;
                }
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops everything.
    pub fn stop(&mut self) {
        self.stop_all_but("");
    }

    /// Returns the address of a node's HTTP interface.
    pub fn url(&self, key: &str) -> Result<String, CliError> {
        let node = self.member(key)?.node.as_ref().ok_or_else(|| CliError::bug("demo"))?;
        Ok(format!("http://{}", node.http_addr()))
    }

    /// Returns a client for what everybody may read of a node.
    pub fn client(&self, key: &str) -> Result<Client, CliError> {
        Client::new(&self.url(key)?)
    }

    /// Returns a client with the operator's token of a node.
    pub fn operator(&self, key: &str) -> Result<Operator, CliError> {
        let token = read_token(&self.member(key)?.dir.join("operator.token"))?;
        Ok(Operator::at(self.client(key)?.with_token(token)?))
    }

    /// Lets an institution state something. Returns the digest.
    pub fn state(&self, key: &str, kind: &str, body: &impl Encode) -> Result<Digest, CliError> {
        let digest = self.operator(key)?.append(kind, body)?.digest;
        Digest::from_hex(&digest).ok_or_else(|| CliError::bug("demo"))
    }

    /// Returns the newest profile of an institution, as its own node has it.
    pub fn profile(&self, key: &str) -> Result<InstitutionProfile, CliError> {
        let did = self.did(key)?;
        let node = self.member(key)?.node.as_ref().ok_or_else(|| CliError::bug("demo"))?;
        let view = node.logs().with(&did, |replica| replica.view().clone());
        match view.as_deref().map(|view| &view.profile) {
            Some(ProfileView::Known(profile)) => Ok(profile.clone()),
            _ => Err(CliError::bug("demo")),
        }
    }

    /// Lets an institution say which witnesses to rely on, two of whom make a quorum.
    pub fn name_witnesses(&self, key: &str, witnesses: &[String]) -> Result<(), CliError> {
        let mut profile = self.profile(key)?;
        for witness in witnesses {
            profile.witnesses.push(self.did(witness)?);
        }
        profile.quorum = Some(2);
        self.state(key, "profile", &profile).map(|_| ())
    }

    /// Returns every entry of an institution's log, as the employer's node has it.
    pub fn entries(&self, key: &str) -> Result<Vec<Vec<u8>>, CliError> {
        let did = self.did(key)?;
        let node = self.member("employer")?.node.as_ref().ok_or_else(|| CliError::bug("demo"))?;
        node.logs().entries(&did, 0, usize::MAX, usize::MAX).map_err(trouble)
    }

    /// Fetches every log from a node, as a verifier or a worker does.
    pub fn fetch(&self, key: &str) -> Result<Fetched, CliError> {
        ledger::fetch(&self.client(key)?, String::new())
    }

    /// Asks an institute to publish its status lists.
    pub fn publish_status(&self, key: &str) -> Result<(), CliError> {
        #[derive(Deserialize)]
        struct Published {}
        let operator = self.operator(key)?;
        let path = operator.path("/operator/v1/status-lists/publish");
        operator.client.post_json::<Published>(&path, &serde_json::json!({})).map(|_| ())
    }

    /// Waits until every running node holds every log as far as any does, cosigned by every witness
    /// that runs at the time of the story or later. Returns how many nodes agree.
    pub fn converge(&self) -> Result<usize, CliError> {
        let since = self.now();
        let deadline = Instant::now() + PATIENCE;
        let mut nudged = None::<Instant>;
        let mut every = NUDGE_EVERY;
        loop {
            if nudged.is_none_or(|at| at.elapsed() > every) {
                // Where the machine is slow, more questions make it slower still.
                every += if nudged.is_some() { every } else { Duration::ZERO };
                nudged = Some(Instant::now());
                for node in self.members.iter().filter_map(|member| member.node.as_ref()) {
                    self.runtime.block_on(node.sync().nudge()).map_err(trouble)?;
                }
            }
            let running = self.members.iter().filter(|m| m.node.is_some()).count();
            let agreed = self.members.iter().filter(|m| self.agrees(m, since)).count();
            if agreed == running || Instant::now() > deadline {
                return Ok(agreed);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn agrees(&self, member: &Member, since: UnixSeconds) -> bool {
        let Some(node) = &member.node else { return false };
        self.members.iter().filter_map(|owner| owner.did).all(|did| {
            let size = |node: &Node| node.logs().with(&did, carnet_proto::ledger::Replica::size);
            let largest = self.members.iter().filter_map(|m| size(m.node.as_ref()?)).max();
            let witnesses = self.members.iter().filter(|m| m.is_witness() && m.did != Some(did));
            let fresh = node.logs().with(&did, |replica| {
                let Some(newest) = replica.view().newest() else { return false };
                let lines = newest.note.signatures().iter();
                let recent: Vec<_> = lines
                    .filter(|line| line.cosignature().is_some_and(|(time, _)| time >= since))
                    .map(|line| line.name.as_str())
                    .collect();
                witnesses
                    .filter_map(|witness| witness.did)
                    .all(|witness| recent.contains(&witness.to_string().as_str()))
            });
            size(node).is_some() && size(node) == largest && fresh == Some(true)
        })
    }
}

/// The addresses at which others reach a node.
fn addresses(node: &Node) -> Vec<Multiaddr> {
    let peer = node.peer_id();
    let with_peer = |address: Multiaddr| address.with_p2p(peer).unwrap_or_else(|same| same);
    node.listen_addrs().into_iter().map(with_peer).collect()
}

fn loopback() -> Result<Multiaddr, CliError> {
    "/ip4/127.0.0.1/tcp/0".parse().map_err(trouble)
}

fn profile(name: &str, country: &str, role: Role) -> Result<InstitutionProfile, CliError> {
    let language = Language::parse("en").ok_or_else(|| CliError::bug("demo"))?;
    Ok(InstitutionProfile {
        names: vec![Name { language, text: Line::parse(name).map_err(trouble)? }],
        country: Country::parse(country).map_err(trouble)?,
        role,
        web: None,
        nodes: Vec::new(),
        contacts: Vec::new(),
        witnesses: Vec::new(),
        quorum: None,
    })
}
