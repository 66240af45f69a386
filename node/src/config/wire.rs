//! The configuration as it is written: what serde reads, and the range of each value.

use std::net::SocketAddr;
use std::path::{Component, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use carnet_proto::id::Did;
use carnet_proto::status::MIN_ENTRIES;
use libp2p::Multiaddr;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::{
    Announce, Config, LogFormat, LogLevel, MAX_CACHE_MEBIBYTES, MAX_LISTED, MAX_SECONDS,
    StoreConfig, WitnessedLog, Wrong, keys,
};
use crate::desk::register::MAX_LIST_ENTRIES;

/// The file as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    #[serde(default = "Wire::listen", deserialize_with = "list")]
    listen: Vec<Multiaddr>,
    #[serde(default)]
    mdns: bool,
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
    #[serde(default, deserialize_with = "witnessed")]
    witnessed: Vec<WitnessedLog>,
    #[serde(default)]
    store: StoreConfig,
    #[serde(default = "Wire::log_format", deserialize_with = "one")]
    log_format: LogFormat,
    #[serde(default = "Wire::log_level", deserialize_with = "one")]
    log_level: LogLevel,
}

impl Wire {
    /// Reads a text; what is wrong names its key.
    pub(super) fn read(text: &str) -> Result<Self, Wrong> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            let message = match keys::at(text, at) {
                Some(key) => format!("`{key}`: {}", error.message()),
                None => error.message().to_owned(),
            };
            Wrong { at, message }
        })
    }

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
    fn log_format() -> LogFormat {
        Config::default().log_format
    }
    fn log_level() -> LogLevel {
        Config::default().log_level
    }
}

impl From<Wire> for Config {
    fn from(wire: Wire) -> Self {
        Self {
            listen: wire.listen,
            mdns: wire.mdns,
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
            log_format: wire.log_format,
            log_level: wire.log_level,
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
    within(u64::deserialize(d)?, 1, MAX_SECONDS)
}

fn list_entries<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    let entries = u32::deserialize(d)?;
    within(entries.into(), MIN_ENTRIES.into(), MAX_LIST_ENTRIES.into()).map(|_: u64| entries)
}

fn cache<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    within(u64::deserialize(d)?, 1, MAX_CACHE_MEBIBYTES)
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

fn witnessed<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<WitnessedLog>, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Table {
        origin: String,
        key: String,
    }
    let tables = Vec::<Table>::deserialize(d)?;
    if tables.len() > MAX_LISTED {
        return Err(D::Error::custom(format!("{} logs, more than {MAX_LISTED}", tables.len())));
    }
    let logs = tables.iter().map(|Table { origin, key }| {
        let expected = "expected an origin that is not a DID, and an Ed25519 key as NAME+ID+KEY";
        WitnessedLog::new(origin, key)
            .map_err(|_| D::Error::custom(format!("`{origin}`, `{key}`: {expected}")))
    });
    logs.collect()
}
