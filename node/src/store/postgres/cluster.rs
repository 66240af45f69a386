//! A server of PostgreSQL for tests: its own files, a Unix socket, gone with the last test that uses it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::{PostgresOptions, PostgresSettings};

/// Runs a server until its standard input ends, as it does when the test is killed.
const RUN: &str = r#""$@" & pid=$!; read _; kill -INT $pid; wait $pid"#;
/// User of the databases.
const USER: &str = "carnet";

/// A server that runs.
pub(crate) struct Cluster {
    programs: PathBuf,
    directory: tempfile::TempDir,
    server: Mutex<Option<Child>>,
    schemas: AtomicU32,
}

impl Cluster {
    /// Returns the server that the running tests share. `None`: there is no PostgreSQL here, which was
    /// said in one line.
    ///
    /// # Panics
    /// With `CARNET_TEST_ALL=1`, leaving a test out is a failure.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shared.upgrade() {
            return Some(known);
        }
        let new = Arc::new(Self::start_new()?);
        *shared = Arc::downgrade(&new);
        Some(new)
    }

    /// Returns a server that no other test uses.
    pub(crate) fn start_new() -> Option<Self> {
        let Some(programs) = programs() else {
            let is_all = std::env::var_os("CARNET_TEST_ALL").is_some_and(|all| all == "1");
            assert!(!is_all, "PostgreSQL is not installed");
            println!("left out: PostgreSQL is not installed");
            return None;
        };
        let directory = tempfile::Builder::new().prefix("pg").tempdir_in("/tmp").unwrap();
        if is_root() {
            run(Command::new("chown").arg(user()).arg(directory.path()));
        }
        let mut make = program(&programs.join("initdb"));
        make.args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--username"]);
        run(make.arg(USER).arg("--pgdata").arg(directory.path().join("data")));
        let server = Mutex::default();
        let cluster = Self { programs, directory, server, schemas: AtomicU32::new(0) };
        cluster.start();
        Some(cluster)
    }

    /// Starts the server, and waits until it answers.
    pub(crate) fn start(&self) {
        let server = program(&self.programs.join("postgres"));
        let mut shell = Command::new("sh");
        shell.args(["-c", RUN, "sh"]).arg(server.get_program()).args(server.get_args());
        shell.arg("-D").arg(self.directory.path().join("data"));
        shell.arg("-k").arg(self.directory.path());
        shell.args(["-c", "listen_addresses=", "-c", "log_min_messages=panic"]);
        let child = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        *self.server.lock().unwrap() = Some(child.unwrap());
        let is_ready = || {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.arg("-q").arg("-h").arg(self.directory.path()).status().unwrap().success()
        };
        while !is_ready() {
            let mut server = self.server.lock().unwrap();
            assert!(server.as_mut().unwrap().try_wait().unwrap().is_none(), "PostgreSQL ended");
            drop(server);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server, and ends all its connections.
    pub(crate) fn stop(&self) {
        if let Some(mut server) = self.server.lock().unwrap().take() {
            drop(server.stdin.take());
            let _ = server.wait();
        }
    }

    /// Lets whatever of the server serves the node stand still, with its connections open.
    pub(crate) fn freeze(&self) -> Frozen {
        let file = self.directory.path().join("data/postmaster.pid");
        let postmaster = std::fs::read_to_string(file).unwrap().lines().next().unwrap().to_owned();
        let serving = "SELECT pid FROM pg_stat_activity WHERE application_name = 'carnet'";
        let mut pids = Vec::from([postmaster]);
        pids.extend(self.sql(serving).lines().map(str::to_owned));
        run(Command::new("kill").arg("-STOP").args(&pids));
        Frozen(pids)
    }

    /// Runs a statement, and returns what it answers.
    pub(crate) fn sql(&self, sql: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-U", USER]);
        let output = psql.arg("-h").arg(self.directory.path()).arg("-c").arg(sql).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Returns a schema that no other test uses.
    pub(crate) fn schema(&self) -> String {
        format!("test_{}", self.schemas.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn settings(&self, schema: &str, lease_seconds: u64) -> PostgresSettings {
        let host = self.directory.path().display();
        let url = format!("host={host} user={USER} dbname=postgres");
        PostgresSettings::new(url, schema.to_owned(), None, lease_seconds).unwrap()
    }

    pub(crate) fn options(
        &self,
        schema: &str,
        holder: &str,
        lease_seconds: u64,
    ) -> PostgresOptions {
        self.settings(schema, lease_seconds).options(Path::new("."), holder).unwrap()
    }
}

/// Processes that stand still until this is dropped.
pub(crate) struct Frozen(Vec<String>);

impl Drop for Frozen {
    fn drop(&mut self) {
        run(Command::new("kill").arg("-CONT").args(&self.0));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Finds the directory of the programs of a server.
fn programs() -> Option<PathBuf> {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<_> = installed.map(|found| found.path().join("bin")).collect();
    installed.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = std::env::split_paths(&path).chain(installed.into_iter().rev());
    all.find(|bin| ["initdb", "postgres", "psql"].iter().all(|name| bin.join(name).is_file()))
}

/// Returns a program to be run; the server refuses to be run by root.
fn program(path: &Path) -> Command {
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user(), "--regid", &group(), "--clear-groups"]).arg(path);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    id(&["-u"]).as_deref() == Some("0")
}

fn user() -> String {
    id(&["-u", "postgres"]).or_else(|| id(&["-u", "nobody"])).unwrap()
}

fn group() -> String {
    id(&["-g", "postgres"]).or_else(|| id(&["-g", "nobody"])).unwrap()
}

fn id(arguments: &[&str]) -> Option<String> {
    let output = Command::new("id").args(arguments).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
