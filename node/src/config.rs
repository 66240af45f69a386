//! The configuration of a node: `carnet.toml` in its directory, read once at the start.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use carnet_proto::id::Did;
use carnet_proto::status::MIN_ENTRIES;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use thiserror::Error;

use crate::desk::register::MAX_LIST_ENTRIES;

mod store;
mod witnessed;

pub use store::StoreConfig;
pub use witnessed::WitnessedLog;

/// Name of the file in a node's directory.
pub const CONFIG_FILE: &str = "carnet.toml";
/// Largest configuration, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 64 * 1024;
/// Most entries of each list in it.
pub const MAX_LISTED: usize = 64;

/// How a node runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Addresses to listen on for other nodes; port 0 lets the system choose.
    pub listen: Vec<Multiaddr>,
    /// Address of the HTTP interface; port 0 lets the system choose.
    pub http: SocketAddr,
    /// Addresses that the profiles of its institutions name.
    pub announce: Announce,
    /// Nodes to be connected to at all times.
    pub peers: Vec<Multiaddr>,
    /// Institutions whose logs are replicated, besides those followed by command.
    pub follows: Vec<Did>,
    /// Time between two comparisons with a random peer.
    pub anti_entropy: Duration,
    /// Seconds, of the node's clock, between two publications of the status lists.
    pub status_schedule: u64,
    /// Entries of a new status list.
    pub status_list_entries: u32,
    /// Memory for pages of the database that were read, in MiB.
    pub cache_mebibytes: u64,
    /// Directories of the institutions, relative to that of the node; none: it owns no log.
    pub institutions: Vec<PathBuf>,
    /// Logs of others that the witnesses cosign when asked over HTTP.
    pub witnessed: Vec<WitnessedLog>,
    /// Where the logs and the registers are kept.
    pub store: StoreConfig,
}

/// Which addresses the profiles of a node's institutions name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announce {
    /// None.
    Nothing,
    /// Those that the node listens on.
    Listening,
    /// These.
    Addresses(Vec<Multiaddr>),
}

impl Default for Config {
    /// A node on this machine alone, with one institution in its own directory.
    fn default() -> Self {
        Self {
            listen: Vec::from([Multiaddr::empty()
                .with(Protocol::Ip4([0, 0, 0, 0].into()))
                .with(Protocol::Tcp(7879))]),
            http: SocketAddr::from(([127, 0, 0, 1], 7878)),
            announce: Announce::Nothing,
            peers: Vec::new(),
            follows: Vec::new(),
            anti_entropy: Duration::from_secs(30),
            status_schedule: 3600,
            status_list_entries: MIN_ENTRIES,
            cache_mebibytes: 16,
            institutions: Vec::from([PathBuf::from(".")]),
            witnessed: Vec::new(),
            store: StoreConfig::default(),
        }
    }
}

impl Config {
    /// Reads the configuration in a node's directory.
    ///
    /// # Errors
    /// [`ConfigError`], with the file and, where there is one, the line.
    pub fn load(directory: &Path) -> Result<Self, ConfigError> {
        let path = directory.join(CONFIG_FILE);
        let size = fs::metadata(&path).map(|found| found.len());
        let size = size.map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        if size > MAX_CONFIG_BYTES {
            return Err(ConfigError::TooLarge { path, size });
        }
        let text = fs::read_to_string(&path)
            .map_err(|source| ConfigError::Unreadable { path: path.clone(), source })?;
        Self::parse(&text, &path)
    }

    /// Reads a configuration; `path` is for messages.
    ///
    /// # Errors
    /// [`ConfigError::Wrong`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let wire: Wire = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| before.matches('\n').count() + 1);
            let message = error.message().to_owned();
            ConfigError::Wrong { path: path.to_owned(), line, message }
        })?;
        Ok(wire.into())
    }

    /// Writes the configuration with comments.
    pub fn to_toml(&self) -> String {
        let list = |items: Vec<String>| {
            let quoted: Vec<_> = items.iter().map(|item| quote(item)).collect();
            format!("[{}]", quoted.join(", "))
        };
        let addresses = |items: &[Multiaddr]| list(items.iter().map(ToString::to_string).collect());
        let announce = match &self.announce {
            Announce::Nothing => "[]".to_owned(),
            Announce::Listening => quote("listening"),
            Announce::Addresses(items) => addresses(items),
        };
        let witnessed = self.witnessed.iter().map(|log| {
            let (origin, key) = (quote(log.origin()), quote(&log.key().to_vkey()));
            format!("\n[[witnessed]]\norigin = {origin}\nkey = {key}\n")
        });
        let witnessed: String = witnessed.collect();
        let store = self.store.explained();
        format!(
            "# Configuration of a Carnet node. It is read once, when the node starts.\n\
             \n\
             # Where to listen for other nodes. Port 0 lets the system choose.\n\
             listen = {}\n\
             # Where the HTTP interface listens. Beyond this machine, put TLS in front of it.\n\
             http = {}\n\
             # Addresses that the public profile names, so that others find this node: a list, or\n\
             # \"listening\" for those that it listens on.\n\
             announce = {announce}\n\
             # Nodes to be connected to at all times: /ip4/192.0.2.7/tcp/7879\n\
             peers = {}\n\
             # Institutions whose logs are kept here, besides those followed by command.\n\
             follows = {}\n\
             # Seconds between two comparisons with a random peer.\n\
             anti_entropy_seconds = {}\n\
             # Seconds between two publications of the status lists.\n\
             status_schedule_seconds = {}\n\
             # Entries of a new status list, at least {MIN_ENTRIES}.\n\
             status_list_entries = {}\n\
             # Memory for pages of the database, in MiB.\n\
             cache_mebibytes = {}\n\
             # Directories of the institutions whose logs this node writes.\n\
             institutions = {}\n\
             # Logs of others that are cosigned when they ask (C2SP tlog-witness), a table each:\n\
             # [[witnessed]]\n\
             # origin = \"log.example/2026\"\n\
             # key = \"NAME+ID+KEY\", its verifier key\n\
             {witnessed}\
             {store}",
            addresses(&self.listen),
            quote(&self.http.to_string()),
            addresses(&self.peers),
            list(self.follows.iter().map(ToString::to_string).collect()),
            self.anti_entropy.as_secs(),
            self.status_schedule,
            self.status_list_entries,
            self.cache_mebibytes,
            list(self.institutions.iter().map(|path| path.display().to_string()).collect()),
        )
    }
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default = "Wire::listen", deserialize_with = "list")]
    listen: Vec<Multiaddr>,
    #[serde(default = "Wire::http", deserialize_with = "one")]
    http: SocketAddr,
    #[serde(default)]
    announce: WireAnnounce,
    #[serde(default, deserialize_with = "list")]
    peers: Vec<Multiaddr>,
    #[serde(default, deserialize_with = "list")]
    follows: Vec<Did>,
    #[serde(default = "Wire::anti_entropy", deserialize_with = "seconds")]
    anti_entropy_seconds: u64,
    #[serde(default = "Wire::status_schedule", deserialize_with = "seconds")]
    status_schedule_seconds: u64,
    #[serde(default = "Wire::status_list_entries", deserialize_with = "list_entries")]
    status_list_entries: u32,
    #[serde(default = "Wire::cache_mebibytes", deserialize_with = "cache")]
    cache_mebibytes: u64,
    #[serde(default = "Wire::institutions", deserialize_with = "directories")]
    institutions: Vec<PathBuf>,
    #[serde(default, deserialize_with = "witnessed::read")]
    witnessed: Vec<WitnessedLog>,
    #[serde(default)]
    store: StoreConfig,
}

impl Wire {
    fn listen() -> Vec<Multiaddr> {
        Config::default().listen
    }
    fn http() -> SocketAddr {
        Config::default().http
    }
    fn anti_entropy() -> u64 {
        Config::default().anti_entropy.as_secs()
    }
    fn status_schedule() -> u64 {
        Config::default().status_schedule
    }
    fn status_list_entries() -> u32 {
        Config::default().status_list_entries
    }
    fn cache_mebibytes() -> u64 {
        Config::default().cache_mebibytes
    }
    fn institutions() -> Vec<PathBuf> {
        Config::default().institutions
    }
}

impl From<Wire> for Config {
    fn from(wire: Wire) -> Self {
        Self {
            listen: wire.listen,
            http: wire.http,
            announce: wire.announce.0,
            peers: wire.peers,
            follows: wire.follows,
            anti_entropy: Duration::from_secs(wire.anti_entropy_seconds),
            status_schedule: wire.status_schedule_seconds,
            status_list_entries: wire.status_list_entries,
            cache_mebibytes: wire.cache_mebibytes,
            institutions: wire.institutions,
            witnessed: wire.witnessed,
            store: wire.store,
        }
    }
}

struct WireAnnounce(Announce);

impl Default for WireAnnounce {
    fn default() -> Self {
        Self(Announce::Nothing)
    }
}

impl<'de> Deserialize<'de> for WireAnnounce {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Word(String),
            List(Vec<String>),
        }
        let expected = "expected a list of addresses, or \"listening\"";
        match Either::deserialize(d).map_err(|_| D::Error::custom(expected))? {
            Either::Word(word) if word == "listening" => Ok(Self(Announce::Listening)),
            Either::Word(_) => Err(D::Error::custom(expected)),
            Either::List(items) if items.is_empty() => Ok(Self(Announce::Nothing)),
            Either::List(items) => Ok(Self(Announce::Addresses(parse_all(&items)?))),
        }
    }
}

fn parse<T: FromStr<Err: std::fmt::Display>, E: serde::de::Error>(text: &str) -> Result<T, E> {
    text.parse().map_err(|error| E::custom(format!("`{text}`: {error}")))
}

fn parse_all<T: FromStr<Err: std::fmt::Display>, E: serde::de::Error>(
    items: &[String],
) -> Result<Vec<T>, E> {
    if items.len() > MAX_LISTED {
        return Err(E::custom(format!("{} items, more than {MAX_LISTED}", items.len())));
    }
    items.iter().map(|item| parse(item)).collect()
}

fn one<'de, T, D>(d: D) -> Result<T, D::Error>
where
    T: FromStr<Err: std::fmt::Display>,
    D: Deserializer<'de>,
{
    parse(&String::deserialize(d)?)
}

fn list<'de, T, D>(d: D) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err: std::fmt::Display>,
    D: Deserializer<'de>,
{
    parse_all(&Vec::<String>::deserialize(d)?)
}

fn within<E: serde::de::Error>(value: u64, lowest: u64, highest: u64) -> Result<u64, E> {
    if (lowest..=highest).contains(&value) {
        Ok(value)
    } else {
        Err(E::custom(format!("expected a number from {lowest} to {highest}")))
    }
}

fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(u64::deserialize(d)?, 1, 7 * carnet_proto::time::DAY)
}

fn list_entries<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    let entries = u32::deserialize(d)?;
    within(entries.into(), MIN_ENTRIES.into(), MAX_LIST_ENTRIES.into()).map(|_: u64| entries)
}

fn cache<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(u64::deserialize(d)?, 1, 1 << 20)
}

fn directories<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<PathBuf>, D::Error> {
    let paths: Vec<PathBuf> = parse_all(&Vec::<String>::deserialize(d)?)?;
    let is_below = |path: &PathBuf| {
        path.components().all(|c| matches!(c, Component::Normal(_) | Component::CurDir))
    };
    match paths.iter().find(|path| !is_below(path) || path.as_os_str().is_empty()) {
        None => Ok(paths),
        Some(path) => {
            let message = format!("`{}` is not below the node's directory", path.display());
            Err(D::Error::custom(message))
        }
    }
}

/// Why there is no configuration.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Answer of the operating system.
        source: io::Error,
    },
    /// The file is larger than [`MAX_CONFIG_BYTES`].
    #[error("{path} has {size} bytes, more than {MAX_CONFIG_BYTES}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// The file does not say what a configuration may say.
    #[error("{path}, line {line}: {message}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use carnet_proto::log::checkpoint::{NoteError, NoteKey, NoteKeyKind};

    use super::*;
    use crate::test_support::ForeignLog;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("carnet.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(parse("").unwrap(), Config::default());
        let config = Config {
            announce: Announce::Listening,
            peers: Vec::from(["/dns4/node.example/tcp/7879".parse().unwrap()]),
            follows: Vec::from([Did::of_inception(b"x")]),
            institutions: Vec::from([PathBuf::from("a \"b\"")]),
            witnessed: Vec::from([ForeignLog::new(1).listed(), ForeignLog::new(1).listed()]),
            ..Config::default()
        };
        assert_eq!(parse(&config.to_toml()).unwrap(), config);
        let config = Config {
            announce: Announce::Addresses(Config::default().listen),
            institutions: Vec::new(),
            ..config
        };
        assert_eq!(parse(&config.to_toml()).unwrap(), config);
    }

    #[test]
    fn only_a_log_of_others_is_listed_and_only_with_a_key_of_a_log() {
        let vkey = ForeignLog::new(1).vkey();
        assert!(WitnessedLog::new("log.example/other", &vkey).is_ok());
        let did = Did::of_inception(b"x").to_string();
        for origin in [did.as_str(), "", "two\nlines"] {
            assert_eq!(WitnessedLog::new(origin, &vkey), Err(NoteError::Malformed), "{origin:?}");
        }
        let key = carnet_proto::key::Seed::new([1; 32]).public_key_set().witness;
        let key = NoteKey::new("w.example", NoteKeyKind::Cosignature, key).unwrap();
        let refused = WitnessedLog::new("log.example", &key.to_vkey());
        assert_eq!(refused, Err(NoteError::Malformed));
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        for (text, line, part) in [
            ("http = \"127.0.0.1\"", 1, "127.0.0.1"),
            ("\n\nlisten = [\"/ip4/1.2.3\"]", 3, "/ip4/1.2.3"),
            ("htttp = 1", 1, "htttp"),
            ("\nstatus_list_entries = 1000", 2, "131072"),
            ("anti_entropy_seconds = 0", 1, "from 1"),
            ("announce = \"everything\"", 1, "listening"),
            ("follows = [\"did:web:x\"]", 1, "did:web:x"),
            ("institutions = [\"../other\"]", 1, "../other"),
            (
                "\n[[witnessed]]\norigin = \"log.example\"\nkey = \"log.example+0+AQ==\"",
                2,
                "NAME+ID",
            ),
            ("\n[[witnessed]]\norigin = \"log.example\"", 2, "key"),
            ("http =", 1, ""),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(&format!("carnet.toml, line {line}: ")), "{text}: {error}");
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
