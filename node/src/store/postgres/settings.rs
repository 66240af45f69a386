//! How a database is reached: everything but the password, which comes from a file or the environment.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio_postgres::config::{Host, SslMode};
use zeroize::Zeroizing;

use super::super::StoreError;

/// Schema that a node uses unless it is told another.
pub const DEFAULT_SCHEMA: &str = "carnet";
/// Longest name of a schema, in bytes: the server's limit, less what is added for registers.
pub const MAX_SCHEMA_BYTES: usize = 50;
/// How long a lease lasts that is not renewed, unless the configuration says otherwise.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(15);
/// Shortest and longest lease, in seconds.
const LEASE_SECONDS: std::ops::RangeInclusive<u64> = 1..=3600;
/// Largest file with a password, in bytes.
const MAX_PASSWORD_BYTES: u64 = 4096;
/// The variable that the tools of PostgreSQL read.
const PASSWORD_VARIABLE: &str = "PGPASSWORD";
/// How long to wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long what was sent may stay without an answer from the other machine.
const TCP_TIMEOUT: Duration = Duration::from_secs(20);

/// The database of a node, as its configuration names it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresSettings {
    url: String,
    schema: String,
    password_file: Option<PathBuf>,
    lease: Duration,
}

impl PostgresSettings {
    /// Checks a connection string, as libpq takes it, without a password; the name of a schema; and
    /// the seconds of a lease.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(
        url: String,
        schema: String,
        password_file: Option<PathBuf>,
        lease_seconds: u64,
    ) -> Result<Self, SettingsError> {
        let parsed: tokio_postgres::Config = url.parse().map_err(|_| SettingsError::Url)?;
        if parsed.get_password().is_some() {
            return Err(SettingsError::Password);
        }
        if parsed.get_hosts().is_empty() && parsed.get_hostaddrs().is_empty() {
            return Err(SettingsError::NoHost);
        }
        match parsed.get_ssl_mode() {
            SslMode::Disable => {}
            SslMode::Prefer if is_local(&parsed) => {}
            SslMode::Prefer => return Err(SettingsError::Plain),
            _ => return Err(SettingsError::Tls),
        }
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if schema.is_empty()
            || schema.len() > MAX_SCHEMA_BYTES
            || schema.starts_with(|first: char| first.is_ascii_digit())
            || schema.starts_with("pg_")
            || !schema.bytes().all(is_name)
        {
            return Err(SettingsError::Schema);
        }
        if !LEASE_SECONDS.contains(&lease_seconds) {
            return Err(SettingsError::Lease);
        }
        Ok(Self { url, schema, password_file, lease: Duration::from_secs(lease_seconds) })
    }

    /// Returns the connection string.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Returns the file with the password, as configured.
    pub fn password_file(&self) -> Option<&Path> {
        self.password_file.as_deref()
    }

    /// Returns how long a lease lasts that is not renewed.
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// Adds the password; a relative file is below `directory`. `holder` is the name under which the
    /// lease is held, for people to read.
    ///
    /// # Errors
    /// [`StoreError::Password`] if the file cannot be read, or others can read it.
    pub fn options(&self, directory: &Path, holder: &str) -> Result<PostgresOptions, StoreError> {
        let mut config: tokio_postgres::Config = self.url.parse().map_err(|_| {
            StoreError::Refused { server: self.server(), detail: SettingsError::Url.to_string() }
        })?;
        let password = match &self.password_file {
            Some(path) => Some(read_password(&directory.join(path))?),
            None => std::env::var(PASSWORD_VARIABLE).ok().map(Zeroizing::new),
        };
        if let Some(password) = password {
            config.password(password.as_bytes());
        }
        config.application_name("carnet");
        config.connect_timeout(CONNECT_TIMEOUT);
        config.tcp_user_timeout(TCP_TIMEOUT);
        config.keepalives_idle(TCP_TIMEOUT);
        Ok(PostgresOptions {
            config,
            server: self.server(),
            schema: self.schema.clone(),
            holder: holder.to_owned(),
            lease: self.lease,
            patience: PostgresOptions::PATIENCE,
        })
    }

    /// Names the database for people.
    pub fn server(&self) -> String {
        let Ok(config) = self.url.parse::<tokio_postgres::Config>() else {
            return "PostgreSQL".to_owned();
        };
        let host = match config.get_hosts().first() {
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            Some(Host::Tcp(host)) => host.clone(),
            None => config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
        };
        let name = config.get_dbname().or(config.get_user()).unwrap_or("postgres");
        format!("{name} at {host}, schema {}", self.schema)
    }
}

/// How a database is opened.
#[derive(Clone)]
pub struct PostgresOptions {
    /// How it is connected to, with the password.
    pub(super) config: tokio_postgres::Config,
    /// Names it in messages.
    pub(super) server: String,
    pub(super) schema: String,
    pub(super) holder: String,
    pub(super) lease: Duration,
    /// How long a lost connection is tried again before a call fails.
    pub patience: Duration,
}

impl PostgresOptions {
    const PATIENCE: Duration = Duration::from_secs(10);
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Returns whether what is sent stays on this machine.
fn is_local(config: &tokio_postgres::Config) -> bool {
    let is_local = |host: &Host| match host {
        #[cfg(unix)]
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
        }
    };
    config.get_hosts().iter().all(is_local)
        && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

fn read_password(path: &Path) -> Result<Zeroizing<String>, StoreError> {
    let cannot = |source| StoreError::Password { path: path.to_owned(), source };
    let file = File::open(path).map_err(cannot)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata().map_err(cannot)?.permissions().mode() & 0o077 != 0 {
            let kind = io::ErrorKind::PermissionDenied;
            return Err(cannot(io::Error::new(kind, "others can read it; make it mode 0600")));
        }
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_PASSWORD_BYTES).read_to_string(&mut text).map_err(cannot)?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Why a database cannot be configured like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Not a connection string.
    #[error("expected a connection string, like postgresql:///carnet?host=/run/postgresql")]
    Url,
    /// A secret where people look.
    #[error("a connection string holds no password; name a file in `password_file`")]
    Password,
    /// No server.
    #[error("the connection string names no host")]
    NoHost,
    /// Another machine, and nobody said that this is fine.
    #[error(
        "connections to PostgreSQL on another machine are not encrypted; use a tunnel, or add \
         sslmode=disable if the network between is private"
    )]
    Plain,
    /// TLS is asked for.
    #[error("TLS to PostgreSQL is not supported; use a Unix socket or a tunnel")]
    Tls,
    /// Not a name.
    #[error("a schema is at most {MAX_SCHEMA_BYTES} lower-case letters, digits and underscores")]
    Schema,
    /// Too short or too long.
    #[error("a lease lasts from 1 to 3600 seconds")]
    Lease,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Result<PostgresSettings, SettingsError> {
        PostgresSettings::new(url.into(), DEFAULT_SCHEMA.into(), None, 15)
    }

    #[test]
    fn a_connection_that_could_tell_a_secret_is_refused() {
        assert!(settings("postgresql:///carnet?host=/run/postgresql").is_ok());
        assert!(settings("host=localhost user=carnet").is_ok());
        assert!(settings("postgresql://carnet@db.example/carnet?sslmode=disable").is_ok());
        for (url, error) in [
            ("postgresql://carnet:secret@localhost/carnet", SettingsError::Password),
            ("postgresql://carnet@db.example/carnet", SettingsError::Plain),
            ("postgresql://localhost,db.example/carnet", SettingsError::Plain),
            ("postgresql://localhost/carnet?sslmode=require", SettingsError::Tls),
            ("postgresql:///carnet", SettingsError::NoHost),
            ("mysql://localhost", SettingsError::Url),
        ] {
            assert_eq!(settings(url), Err(error), "{url}");
        }
    }

    #[test]
    fn a_schema_is_a_plain_name() {
        for schema in ["", "1a", "pg_x", "a\"b", "A", "a-b", &"a".repeat(MAX_SCHEMA_BYTES + 1)] {
            let url = "host=localhost".to_owned();
            let refused = PostgresSettings::new(url, schema.to_owned(), None, 15);
            assert_eq!(refused, Err(SettingsError::Schema), "{schema}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_password_comes_from_a_file_of_ours_alone_and_is_never_shown() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        std::fs::write(&path, "hunter2\n").unwrap();
        let url = "host=localhost user=carnet".to_owned();
        let file = Some(PathBuf::from("password"));
        let settings = PostgresSettings::new(url, "carnet".into(), file, 15).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = settings.options(directory.path(), "x").unwrap_err();
        assert!(matches!(refused, StoreError::Password { .. }));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let options = settings.options(directory.path(), "x").unwrap();
        assert_eq!(options.config.get_password(), Some(b"hunter2".as_slice()));
        assert!(!format!("{settings:?}{options:?}").contains("hunter2"));
    }
}
