//! What the tests of several modules share.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use carnet_proto::cbor::Bytes;
use carnet_proto::classification::{Country, Field, Framework, Occupation};
use carnet_proto::credential::skill::{ClaimType, Skill};
use carnet_proto::id::{Did, TreeSize};
use carnet_proto::issuing::{IssuingOrder, IssuingRow, PersonRow};
use carnet_proto::key::{Purpose, Seed, SigningKey};
use carnet_proto::log::add_checkpoint::AddCheckpoint;
use carnet_proto::log::checkpoint::{Checkpoint, Note, NoteKey, NoteKeyKind};
use carnet_proto::log::merkle::{Tree, TreeHead, leaf_hash};
use carnet_proto::log::proof::ConsistencyProof;
use carnet_proto::request::KeyRequest;
use carnet_proto::statement::accreditation::{Accreditation, Grant, Level};
use carnet_proto::statement::profile::{InstitutionProfile, Role};
use carnet_proto::text::{Language, Line, Name};
use carnet_proto::time::{DAY, Date, UnixSeconds, Validity};
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::clock::{Clock, SteppedClock, SystemClock};
use crate::config::{Config, WitnessedLog};
use crate::institution::{InitOptions, TOKEN_FILE, init};
use crate::run::{Node, NodeOptions};

pub(crate) fn line(text: &str) -> Line {
    Line::parse(text).unwrap()
}

pub(crate) fn name(text: &str) -> Name {
    Name { language: Language::parse("en").unwrap(), text: line(text) }
}

pub(crate) fn profile() -> InstitutionProfile {
    InstitutionProfile {
        names: Vec::from([name("Institute of Welding")]),
        country: Country::parse("PH").unwrap(),
        role: Role::TrainingBody,
        web: None,
        nodes: Vec::new(),
        contacts: Vec::new(),
        witnesses: Vec::new(),
        quorum: None,
    }
}

/// An accreditation of an institution that the number names.
pub(crate) fn accreditation(number: u64) -> Accreditation {
    let grant = Grant {
        credential_type: line("urn:carnet:skill:1"),
        occupations: Vec::from([Occupation::parse("721").unwrap()]),
        fields: Vec::new(),
        levels: Vec::new(),
        branches: Vec::new(),
        countries: Vec::new(),
    };
    Accreditation {
        subject: Did::of_inception(&number.to_be_bytes()),
        name: line(&format!("Body {number}")),
        grants: Vec::from([grant]),
        may_accredit: 0,
        validity: Validity { from: UnixSeconds(5), until: None },
        legal_basis: None,
        appeal_body: None,
    }
}

fn skill() -> Skill {
    Skill {
        claim_type: ClaimType::Qualification,
        title: name("Arc welding NC II"),
        national_code: None,
        standard: None,
        occupation: Occupation::parse("7212").unwrap(),
        esco_occupation: None,
        framework: Framework::parse("PQF").unwrap(),
        level: Level::parse("2").unwrap(),
        isced_level: Some(3),
        field: Field::parse("0715").unwrap(),
        award_date: Date::parse("2024-03-08").unwrap(),
        valid_until: None,
        renewal: None,
        country: Country::parse("PH").unwrap(),
        endorsements: Vec::new(),
        series: None,
        sequence: None,
        supersedes: None,
        skills: Vec::new(),
        assessment: None,
        learning: None,
        experience: Vec::new(),
        licence: None,
        prior_learning: Vec::new(),
        languages: Vec::new(),
        endorses: None,
    }
}

/// An order of rows with the keys `prefix-0`, `prefix-1` and so on.
pub(crate) fn order(did: Did, prefix: &str, count: u8) -> IssuingOrder {
    let now = SystemClock.now();
    let row = |number: u8| {
        let mut salt = [number; 16];
        salt[..prefix.len().min(15)].copy_from_slice(&prefix.as_bytes()[..prefix.len().min(15)]);
        let key = Seed::new([9; 32]).credential_key(&salt);
        IssuingRow {
            row: line(&format!("{prefix}-{number}")),
            key_request: Bytes(KeyRequest::sign(did, &key, now)),
            person: PersonRow {
                name_native: None,
                name_latin: Some(line(&format!("Worker {number}"))),
                name_icao: None,
                birth_date: Some(Date::parse("1990-01-31").unwrap()),
                nationality: None,
                document_number: None,
                portrait: None,
            },
            skill: Some(skill()),
            contribution: None,
            expires_at: now.plus(1000 * DAY),
        }
    };
    IssuingOrder { rows: (0..count).map(row).collect() }
}

/// A log that is not of Carnet, of 64 entries.
pub(crate) struct ForeignLog {
    pub(crate) origin: &'static str,
    pub(crate) key: SigningKey,
    pub(crate) tree: Tree,
}

impl ForeignLog {
    /// Two of different numbers are two histories of one log.
    pub(crate) fn new(number: u8) -> Self {
        let key = Seed::new([5; 32]).signing_key(Purpose::Checkpoint);
        let tree = Tree::from_leaves((0..64).map(|leaf| leaf_hash(&[number, leaf])));
        Self { origin: "log.example/2026", key, tree }
    }

    pub(crate) fn vkey(&self) -> String {
        NoteKey::new(self.origin, NoteKeyKind::Log, self.key.public()).unwrap().to_vkey()
    }

    pub(crate) fn listed(&self) -> WitnessedLog {
        WitnessedLog::new(self.origin, &self.vkey()).unwrap()
    }

    pub(crate) fn note(&self, size: u64) -> Note {
        let root = self.tree.root_at(TreeSize(size)).unwrap();
        let head = TreeHead { size: TreeSize(size), root };
        Note::sign(&Checkpoint { origin: self.origin.into(), head }, &self.key)
    }

    pub(crate) fn submission(&self, old: u64, new: u64) -> AddCheckpoint {
        let (old, new) = (TreeSize(old), TreeSize(new));
        let proof = match old.0 {
            0 => ConsistencyProof::default(),
            _ => self.tree.consistency_proof(old, new).unwrap_or_default(),
        };
        AddCheckpoint::new(old, proof, self.note(new.0)).unwrap()
    }
}

/// A clock that shows what it is set to, also what has been.
#[derive(Debug)]
pub(crate) struct SetClock(AtomicU64);

impl SetClock {
    pub(crate) fn at(time: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(time)))
    }

    pub(crate) fn set(&self, time: u64) {
        self.0.store(time, Ordering::SeqCst);
    }
}

impl Clock for SetClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds(self.0.load(Ordering::SeqCst))
    }
}

/// A configuration that needs no fixed port.
pub(crate) fn config() -> Config {
    Config {
        listen: Vec::from(["/ip4/127.0.0.1/tcp/0".parse().unwrap()]),
        http: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Config::default()
    }
}

/// Makes the directory of a node with an institution.
pub(crate) fn make(directory: &Path) -> Did {
    make_with_next(directory).0
}

/// Makes the directory of a node with an institution; also returns the seed of its next keys.
pub(crate) fn make_with_next(directory: &Path) -> (Did, Seed) {
    let options = InitOptions { profile: Some(profile()), config: config() };
    let made = init(directory, options, &mut UnwrapErr(SysRng)).unwrap();
    (made.did.unwrap(), made.next_seed.unwrap())
}

/// A node that runs, with a client of its HTTP interface.
pub(crate) struct Running {
    pub(crate) node: Node,
    pub(crate) clock: Arc<SteppedClock>,
    pub(crate) token: String,
}

/// An answer of the HTTP interface.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Returns the value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap().to_owned()
    }
}

impl Running {
    pub(crate) async fn start(directory: &Path) -> Self {
        Self::start_with(directory, NodeOptions::default()).await
    }

    pub(crate) async fn start_with(directory: &Path, options: NodeOptions) -> Self {
        let clock = Arc::new(SteppedClock::starting_at(SystemClock.now()));
        let for_node = Arc::clone(&clock) as Arc<dyn Clock>;
        Self { clock, ..Self::start_as(directory, for_node, options).await }
    }

    /// Starts by another clock than that of the field.
    pub(crate) async fn start_by(directory: &Path, for_node: Arc<dyn Clock>) -> Self {
        Self::start_as(directory, for_node, NodeOptions::default()).await
    }

    async fn start_as(directory: &Path, for_node: Arc<dyn Clock>, options: NodeOptions) -> Self {
        let config = Config::load(directory).unwrap();
        let clock = Arc::new(SteppedClock::starting_at(SystemClock.now()));
        let node = Node::start(config, directory, for_node, options).await.unwrap();
        let token = std::fs::read_to_string(directory.join(TOKEN_FILE)).unwrap();
        Self { node, clock, token: token.trim().to_owned() }
    }

    /// Returns where other nodes reach it.
    pub(crate) fn address(&self) -> String {
        format!("{}/p2p/{}", self.node.listen_addrs()[0], self.node.peer_id())
    }

    pub(crate) async fn follow(&self, did: Did, addresses: &[String]) -> Answer {
        let body = serde_json::json!({"did": did.to_string(), "addresses": addresses});
        self.post_json("/operator/v1/follows", body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None, b"").await
    }

    /// Asks for what has changed since an answer with this tag.
    pub(crate) async fn get_unless(&self, path: &str, tag: &str) -> Answer {
        self.exchange("GET", path, &format!("if-none-match: {tag}\r\n"), b"").await
    }

    pub(crate) async fn post(&self, path: &str, media_type: &str, body: &[u8]) -> Answer {
        self.send("POST", path, Some(media_type), body).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: serde_json::Value) -> Answer {
        self.post(path, "application/json", &serde_json::to_vec(&body).unwrap()).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        media_type: Option<&str>,
        body: &[u8],
    ) -> Answer {
        self.send_as(&self.token, method, path, media_type, body).await
    }

    pub(crate) async fn send_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        media_type: Option<&str>,
        body: &[u8],
    ) -> Answer {
        let mut headers = String::new();
        if !token.is_empty() {
            headers += &format!("authorization: Bearer {token}\r\n");
        }
        if let Some(media_type) = media_type {
            headers += &format!("content-type: {media_type}\r\n");
        }
        self.exchange(method, path, &headers, body).await
    }

    async fn exchange(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let answer = exchange(self.node.http_addr(), method, path, headers, body).await;
        answer.expect("the node answers")
    }
}

/// Sends a request; `None` if nobody answers.
pub(crate) async fn exchange(
    to: SocketAddr,
    method: &str,
    path: &str,
    headers: &str,
    body: &[u8],
) -> Option<Answer> {
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\ncontent-length: {}\r\n\
             {headers}\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(to).await.ok()?;
    stream.write_all(head.as_bytes()).await.ok()?;
    // A refusal may come before the whole body was taken.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = answer[end + 4..].to_vec();
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        body = joined(&body);
    }
    Some(Answer { status, head, body })
}

/// Waits until something is so.
pub(crate) async fn within_a_minute(what: &str, mut is_done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_done().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Joins the chunks of a body (RFC 9112, section 7.1).
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|two| two == b"\r\n").unwrap();
        let length = std::str::from_utf8(&chunks[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&chunks[end + 2..][..length]);
        chunks = &chunks[end + 2 + length + 2..];
    }
}
