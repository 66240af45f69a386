//! A schema of a database, as one process holds it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use data_encoding::HEXLOWER;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, watch};
use tokio_postgres::Row;

use super::Space;
use super::connection::{Pool, Value};
use super::failure::Failure;
use super::lease::{Held, Holder, LeaseSql, LeaseState, Outcome};
use super::settings::PostgresOptions;
use crate::store::{FORMAT_KEY, MOVED_KEY, StoreError, check_format_value, check_not_moved};

/// How often a lease is renewed while it lasts.
const RENEWALS: u32 = 3;
/// Longest pause between two questions whether the server is there.
const BEAT: Duration = Duration::from_secs(5);
/// How long a release is waited for at the end.
const RELEASE_PATIENCE: Duration = Duration::from_secs(3);
/// Oldest server that is known to do, as it counts its versions.
const MIN_SERVER: i64 = 120_000;
/// Taken while tables are made, so that two processes do not make the same one: "carnet" in ASCII.
const MAKING: i64 = 0x6361_726e_6574;

/// A schema, and the lease on it if this process has it. Releases that when it is dropped.
///
/// Its calls block, and work on a runtime of their own: they may be made from anywhere.
pub struct Database {
    core: Arc<Core>,
    runtime: Option<Runtime>,
}

/// What the tasks of the runtime share.
struct Core {
    pool: Pool,
    sql: LeaseSql,
    /// Locked through a write: batches go in one after the other.
    held: Mutex<Option<Held>>,
    /// Whether what is read may still change by a batch that was given up.
    is_unresolved: AtomicBool,
    state: watch::Sender<LeaseState>,
    /// What the schema took on the disk of the server when that was last asked.
    disk_bytes: AtomicU64,
}

impl Database {
    /// Connects, and makes the schema if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::Refused`]; [`StoreError::NewerVersion`] and
    /// [`StoreError::Moved`] before anything is changed.
    pub fn open(options: PostgresOptions) -> Result<Arc<Self>, StoreError> {
        let refused = |detail: String| StoreError::Refused { server: "PostgreSQL".into(), detail };
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|error| refused(error.to_string()))?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| refused(error.to_string()))?;
        let sql = LeaseSql::new(&options.schema, HEXLOWER.encode(&nonce));
        let core = Core {
            pool: Pool::new(options),
            sql,
            held: Mutex::default(),
            is_unresolved: AtomicBool::new(false),
            state: watch::Sender::new(LeaseState::None),
            disk_bytes: AtomicU64::new(0),
        };
        let database = Self { core: Arc::new(core), runtime: Some(runtime) };
        database.run(|core| async move {
            core.prepare().await?;
            tokio::spawn(core.watch());
            Ok::<_, StoreError>(())
        })??;
        Ok(Arc::new(database))
    }

    /// Takes the lease if nobody else holds it, and renews it from then on; otherwise tells who does.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::Refused`].
    pub fn acquire(&self) -> Result<Option<Holder>, StoreError> {
        self.run(|core| async move {
            let mut held = core.held.lock().await;
            if held.is_some() && *core.state.borrow() == LeaseState::Held {
                return Ok(None);
            }
            match core.sql.acquire(&core.pool).await? {
                Some(new) => {
                    *held = Some(new);
                    core.state.send_replace(LeaseState::Held);
                    tokio::spawn(Arc::clone(&core).renew());
                    Ok(None)
                }
                None => {
                    let holder = core.sql.holder(&core.pool).await?;
                    // It may have been released since.
                    Ok(Some(holder.unwrap_or_else(Holder::unknown)))
                }
            }
        })?
    }

    /// Lets another process write at once.
    pub fn release(&self) {
        let (sent, done) = sync_channel(1);
        let Some(runtime) = &self.runtime else { return };
        let core = Arc::clone(&self.core);
        runtime.spawn(async move {
            core.release().await;
            let _ = sent.send(());
        });
        if done.recv_timeout(RELEASE_PATIENCE).is_err() {
            tracing::warn!("the lease could not be released; it runs out by itself");
        }
    }

    /// Returns whether this process holds the lease, as far as it knows.
    pub fn is_writer(&self) -> bool {
        *self.core.state.borrow() == LeaseState::Held
    }

    /// Returns a receiver of whether this process holds the lease.
    pub fn lease(&self) -> watch::Receiver<LeaseState> {
        self.core.state.subscribe()
    }

    /// Asks who holds the lease.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::Refused`].
    pub fn holder(&self) -> Result<Option<Holder>, StoreError> {
        self.run(|core| async move { core.sql.holder(&core.pool).await })?
    }

    /// Counts the batches that anybody committed: what was read is old once this grows.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::Refused`].
    pub fn writes(&self) -> Result<i64, StoreError> {
        self.run(|core| async move { core.sql.writes(&core.pool).await })?
    }

    /// Names the database for people.
    pub fn server(&self) -> &str {
        &self.core.pool.options().server
    }

    /// Returns what is wrong, if the server cannot be reached. Also while nothing is read or written it is
    /// asked every five seconds, with leases below 15 seconds more often, and has five to answer.
    pub fn away(&self) -> Option<String> {
        self.core.pool.away().map(|away| away.detail)
    }

    /// Asks for the bytes that the schema takes on the disk of the server; while it cannot be reached,
    /// returns what it said last.
    pub fn disk_bytes(&self) -> u64 {
        let known = &self.core.disk_bytes;
        let asked = self.run(|core| async move {
            if core.pool.away().is_some() {
                return None;
            }
            let schema = core.pool.options().schema.clone();
            let sql = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::int8 \
                       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                       WHERE c.relkind = 'r' AND n.nspname IN ($1, $1 || '_register')";
            // Once: whoever asks how the node is does not wait for a server that is gone.
            let rows = core.pool.once(sql, &[Value::Text(schema)]).await.ok()?;
            rows.first()?.try_get::<_, i64>(0).ok()
        });
        if let Ok(Some(bytes)) = asked {
            known.store(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
        }
        known.load(Ordering::Relaxed)
    }

    /// Makes the table of a space, and returns its quoted name.
    pub(super) fn make_table(&self, space: Space) -> Result<String, StoreError> {
        let schema = &self.core.pool.options().schema;
        let (schema, table) = match space {
            Space::Logs => (schema.clone(), "entries".to_owned()),
            Space::Register(did) => {
                let did = did.to_string();
                let hash = did.rsplit(':').next().unwrap_or_default();
                (format!("{schema}_register"), format!("register_{hash}"))
            }
        };
        let name = format!("\"{schema}\".\"{table}\"");
        // Values are signed or encrypted: there is nothing to compress.
        let make = format!(
            "CREATE TABLE IF NOT EXISTS {name} (key bytea PRIMARY KEY, value bytea NOT NULL); \
             ALTER TABLE {name} ALTER value SET STORAGE EXTERNAL;"
        );
        self.run(move |core| async move { core.make(&schema, &table, &make).await })??;
        Ok(name)
    }

    pub(super) fn read(&self, sql: String, values: Vec<Value>) -> Result<Vec<Row>, StoreError> {
        self.run(|core| async move {
            if core.is_unresolved.load(Ordering::SeqCst) {
                core.resolve().await?;
            }
            core.pool.repeat(&sql, &values).await
        })?
    }

    pub(super) fn write(&self, table: &str, change: [Value; 3]) -> Result<(), StoreError> {
        let table = table.to_owned();
        self.run(|core| async move { core.write(&table, change).await })?
    }

    /// Runs work to its end on the runtime of the database, while this thread waits.
    fn run<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<Core>) -> F,
    ) -> Result<T, StoreError> {
        let stopped = || StoreError::Stopped { cause: "the database is being closed".to_owned() };
        let runtime = self.runtime.as_ref().ok_or_else(stopped)?;
        let (sent, done) = sync_channel(1);
        let work = work(Arc::clone(&self.core));
        runtime.spawn(async move {
            // Whoever asked waits.
            let _ = sent.send(work.await);
        });
        done.recv().map_err(|_| stopped())
    }

    /// Ends the renewals, as a process that is paused does not renew.
    #[cfg(test)]
    pub(crate) fn pause(&self) {
        self.core.state.send_replace(LeaseState::None);
    }

    /// Loses the answers to the next statements, which are done all the same.
    #[cfg(test)]
    pub(super) fn lose_answers(&self, count: u32) {
        self.core.pool.lost_answers.store(count, Ordering::SeqCst);
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.is_writer() {
            self.release();
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("server", &self.server()).finish_non_exhaustive()
    }
}

impl Core {
    /// Looks at the server, and makes the schema.
    async fn prepare(&self) -> Result<(), StoreError> {
        let options = self.pool.options();
        let refused = |detail: &str| StoreError::Refused {
            server: options.server.clone(),
            detail: detail.to_owned(),
        };
        let sql = "SELECT current_setting('server_version_num')::int8, current_setting('fsync')";
        let rows = self.pool.repeat(sql, &[]).await?;
        let row = rows.first().ok_or_else(|| refused("it tells no version"))?;
        let read = (row.try_get::<_, i64>(0), row.try_get::<_, String>(1));
        let (Ok(version), Ok(fsync)) = read else { return Err(refused("it tells no version")) };
        if version < MIN_SERVER {
            return Err(refused("it is older than PostgreSQL 12"));
        }
        if fsync != "on" {
            return Err(refused("it runs with fsync off, and could lose what was acknowledged"));
        }
        let schema = &options.schema;
        if self.is_there(schema, "entries").await? {
            self.check_format(&format!("\"{schema}\".\"entries\"")).await?;
        }
        self.make(schema, "lease", &self.sql.make()).await
    }

    /// Refuses what a newer version wrote, before anything is changed.
    async fn check_format(&self, table: &str) -> Result<(), StoreError> {
        let sql = format!("SELECT value FROM {table} WHERE key = $1");
        let get = async |key: &[u8]| {
            let rows = self.pool.repeat(&sql, &[Value::Bytes(key.to_vec())]).await?;
            Ok::<_, StoreError>(rows.first().and_then(|row| row.try_get::<_, Vec<u8>>(0).ok()))
        };
        match get(FORMAT_KEY).await? {
            Some(format) => drop(check_format_value(&format)?),
            None => return Ok(()),
        }
        check_not_moved(get(MOVED_KEY).await?)
    }

    async fn is_there(&self, schema: &str, table: &str) -> Result<bool, StoreError> {
        let sql = "SELECT true FROM pg_catalog.pg_tables WHERE schemaname = $1 AND tablename = $2";
        let values = [Value::Text(schema.to_owned()), Value::Text(table.to_owned())];
        Ok(!self.pool.repeat(sql, &values).await?.is_empty())
    }

    /// Makes a table and its schema, unless it is there.
    async fn make(&self, schema: &str, table: &str, make: &str) -> Result<(), StoreError> {
        if self.is_there(schema, table).await? {
            return Ok(());
        }
        let script = format!(
            "BEGIN; SELECT pg_advisory_xact_lock({MAKING}); \
             CREATE SCHEMA IF NOT EXISTS \"{schema}\"; {make} COMMIT;"
        );
        self.pool.script(&script).await
    }

    async fn write(&self, table: &str, change: [Value; 3]) -> Result<(), StoreError> {
        let mut held = self.held.lock().await;
        let Some(lease) = held.as_mut() else { return Err(self.not_writer().await) };
        let outcome = self.sql.commit(&self.pool, lease, table, &change).await;
        self.is_unresolved.store(lease.is_unresolved, Ordering::SeqCst);
        match outcome? {
            Outcome::Committed => Ok(()),
            Outcome::Fenced => {
                *held = None;
                self.lose();
                Err(self.not_writer().await)
            }
        }
    }

    async fn resolve(&self) -> Result<(), StoreError> {
        let mut held = self.held.lock().await;
        if let Some(lease) = held.as_mut().filter(|lease| lease.is_unresolved)
            && self.sql.resolve(&self.pool, lease).await?.is_none()
        {
            *held = None;
            self.lose();
        }
        self.is_unresolved.store(false, Ordering::SeqCst);
        Ok(())
    }

    /// Asks again and again whether the server is there.
    async fn watch(self: Arc<Self>) {
        let pause = (self.pool.options().lease / RENEWALS).min(BEAT);
        loop {
            tokio::time::sleep(pause).await;
            self.pool.beat().await;
        }
    }

    async fn renew(self: Arc<Self>) {
        let pause = self.pool.options().lease / RENEWALS;
        let mut state = self.state.subscribe();
        loop {
            tokio::select! {
                _ = state.wait_for(|state| *state != LeaseState::Held) => return,
                () = tokio::time::sleep(pause) => {}
            }
            match self.sql.renew(&self.pool).await {
                Ok(true) => {}
                Ok(false) => return self.lose(),
                // As long as nobody else took it, it is ours, also once it ran out.
                Err(Failure::Lost(detail)) => {
                    tracing::warn!(%detail, "the lease could not be renewed");
                }
                Err(Failure::Refused(error)) => {
                    tracing::warn!(%error, "the lease could not be renewed");
                }
            }
        }
    }

    async fn release(&self) {
        let mut held = self.held.lock().await;
        if held.take().is_some() {
            self.state.send_if_modified(|state| {
                let was_held = *state == LeaseState::Held;
                if was_held {
                    *state = LeaseState::None;
                }
                was_held
            });
            if self.sql.release(&self.pool).await.is_err() {
                tracing::warn!("the lease could not be released; it runs out by itself");
            }
        }
    }

    fn lose(&self) {
        self.is_unresolved.store(false, Ordering::SeqCst);
        self.state.send_if_modified(|state| {
            let was_held = *state == LeaseState::Held;
            if was_held {
                *state = LeaseState::Lost;
            }
            was_held
        });
    }

    async fn not_writer(&self) -> StoreError {
        match self.sql.holder(&self.pool).await {
            Ok(holder) => StoreError::NotWriter { holder: holder.map(|holder| holder.name) },
            Err(error) => error,
        }
    }
}
