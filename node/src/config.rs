//! The configuration of a node: `carnet.toml` in its directory, read once at the start.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use carnet_proto::id::{DID_PREFIX, Did};
use carnet_proto::log::checkpoint::{NoteError, NoteKey, NoteKeyKind};
use carnet_proto::status::MIN_ENTRIES;
use carnet_proto::time::DAY;
use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use thiserror::Error;

mod keys;
mod store;
#[cfg(test)]
mod tests;
mod wire;

pub use store::StoreConfig;
use wire::Wire;

/// Name of the file in a node's directory.
pub const CONFIG_FILE: &str = "carnet.toml";
/// Largest configuration, in bytes.
pub const MAX_CONFIG_BYTES: u64 = 64 * 1024;
/// Most entries of each list in it.
pub const MAX_LISTED: usize = 64;
/// Longest time in it, in seconds: a week, after which a status list has run out.
pub const MAX_SECONDS: u64 = 7 * DAY;
/// Most memory for pages of the database, in MiB.
pub const MAX_CACHE_MEBIBYTES: u64 = 1 << 20;

/// An enumeration that is written as one of its words.
macro_rules! codes {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$each:meta])* $item:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$each])* $item,)* }

        impl $name {
            /// Returns the word.
            pub fn name(self) -> &'static str {
                match self { $(Self::$item => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let words = [$($word),*];
                match text {
                    $($word => Ok(Self::$item),)*
                    _ => Err(format!("expected one of {}", words.join(", "))),
                }
            }
        }
    };
}

/// How a node runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Addresses to listen on for other nodes; port 0 lets the system choose.
    pub listen: Vec<Multiaddr>,
    /// Whether nodes on the local network are looked for, and told that this one is here.
    pub mdns: bool,
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
    /// The form of the lines that the program logs.
    pub log_format: LogFormat,
    /// The least important of these lines.
    pub log_level: LogLevel,
}

codes! {
    /// The form of logged lines.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// An object of JSON a line, for programs.
        Json = "json",
    }
}

codes! {
    /// How important a logged line is.
    pub enum LogLevel {
        /// Something failed.
        Error = "error",
        /// Something may need the operator.
        Warn = "warn",
        /// What happens now and then.
        Info = "info",
        /// What happens all the time.
        Debug = "debug",
    }
}

/// A log that is not of Carnet, and a key that signs its checkpoints. Several may share an origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessedLog {
    origin: String,
    key: NoteKey,
}

impl WitnessedLog {
    /// Names a log by its origin, one line, and a verifier key as in C2SP signed-note.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] if the origin is empty, has control characters or is a DID of
    /// Carnet, whose logs are followed instead; or if the key is not an Ed25519 key of a log.
    pub fn new(origin: &str, vkey: &str) -> Result<Self, NoteError> {
        let key = NoteKey::parse(vkey)?;
        let is_origin = !origin.is_empty() && !origin.contains(char::is_control);
        if is_origin && !origin.starts_with(DID_PREFIX) && key.kind() == NoteKeyKind::Log {
            Ok(Self { origin: origin.to_owned(), key })
        } else {
            Err(NoteError::Malformed)
        }
    }

    /// Returns the first line of its checkpoints.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns the key.
    pub fn key(&self) -> &NoteKey {
        &self.key
    }
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
            listen: listen_everywhere(),
            mdns: false,
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
            log_format: LogFormat::Text,
            log_level: LogLevel::Info,
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
        keys::check(text).and_then(|()| Wire::read(text)).map(Self::from).map_err(|wrong| {
            let before = text.get(..wrong.at).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            ConfigError::Wrong { path: path.to_owned(), line, message: wrong.message }
        })
    }

    /// Writes the configuration with what is to be known of each key.
    pub fn to_toml(&self) -> String {
        keys::write(self)
    }
}

fn listen_everywhere() -> Vec<Multiaddr> {
    let port = |part| Multiaddr::from(std::net::Ipv4Addr::UNSPECIFIED).with(part);
    Vec::from([port(Protocol::Tcp(7879)), port(Protocol::Udp(7879)).with(Protocol::QuicV1)])
}

/// What is wrong in the text of a configuration.
struct Wrong {
    /// Where it begins, in bytes.
    at: usize,
    /// In words, with the key.
    message: String,
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
