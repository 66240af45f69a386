//! The part of the configuration that says where the node keeps its data.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use crate::store::postgres::{DEFAULT_LEASE, DEFAULT_SCHEMA, PostgresSettings};

/// Where a node keeps its logs, and the registers of its institutions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreConfig {
    /// On the local disk, below the node's directory.
    #[default]
    Sled,
    /// In a PostgreSQL database, which another node can take over.
    Postgres(PostgresSettings),
}

impl StoreConfig {
    /// Returns the table of the configuration that says so.
    pub fn to_toml(&self) -> String {
        let Self::Postgres(settings) = self else {
            return "[store]\nkind = \"sled\"\n".to_owned();
        };
        let mut text = format!("[store]\nkind = \"postgres\"\nurl = {}\n", quote(settings.url()));
        text += &format!("schema = {}\n", quote(settings.schema()));
        if let Some(path) = settings.password_file() {
            text += &format!("password_file = {}\n", quote(&path.display().to_string()));
        }
        text + &format!("lease_seconds = {}\n", settings.lease().as_secs())
    }
}

impl<'de> Deserialize<'de> for StoreConfig {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        match Table::deserialize(d)? {
            Table::Sled {} => Ok(Self::Sled),
            Table::Postgres { url, schema, password_file, lease_seconds } => {
                PostgresSettings::new(url, schema, password_file, lease_seconds)
                    .map(Self::Postgres)
                    .map_err(D::Error::custom)
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Table {
    Sled {},
    Postgres {
        url: String,
        #[serde(default = "schema")]
        schema: String,
        password_file: Option<PathBuf>,
        #[serde(default = "lease_seconds")]
        lease_seconds: u64,
    },
}

fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn schema() -> String {
    DEFAULT_SCHEMA.to_owned()
}

fn lease_seconds() -> u64 {
    DEFAULT_LEASE.as_secs()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Config;
    use super::*;

    fn parse(text: &str) -> Result<StoreConfig, String> {
        let parsed = Config::parse(text, Path::new("carnet.toml"));
        parsed.map(|config| config.store).map_err(|error| error.to_string())
    }

    #[test]
    fn a_database_is_configured_and_written_as_it_was_read() {
        assert_eq!(parse("").unwrap(), StoreConfig::Sled);
        assert_eq!(parse("[store]\nkind = \"sled\"").unwrap(), StoreConfig::Sled);
        let text = "[store]\nkind = \"postgres\"\nurl = \"host=/run/postgresql user=carnet\"\n";
        let store = parse(text).unwrap();
        assert_eq!(parse(&store.to_toml()).unwrap(), store);
        let text = format!("{text}schema = \"b\"\npassword_file = \"p w\"\nlease_seconds = 30\n");
        let store = parse(&text).unwrap();
        assert_eq!(store.to_toml(), text);
        let config = Config { store, ..Config::default() };
        assert_eq!(Config::parse(&config.to_toml(), Path::new("x")).unwrap(), config);
    }

    #[test]
    fn a_mistake_in_the_store_is_named() {
        for (text, part) in [
            ("[store]\nkind = \"mysql\"", "mysql"),
            ("[store]\nkind = \"postgres\"", "url"),
            ("[store]\nkind = \"sled\"\nurl = \"x\"", "url"),
            ("[store]\nkind = \"postgres\"\nurl = \"host=/x\"\npassword = \"p\"", "password"),
            ("[store]\nkind = \"postgres\"\nurl = \"host=/x password=p\"", "password_file"),
            ("[store]\nkind = \"postgres\"\nurl = \"host=db.example\"", "sslmode=disable"),
            ("[store]\nkind = \"postgres\"\nurl = \"host=/x\"\nschema = \"A\"", "schema"),
            ("[store]\nkind = \"postgres\"\nurl = \"host=/x\"\nlease_seconds = 0", "lease"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with("carnet.toml, line "), "{text}: {error}");
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
