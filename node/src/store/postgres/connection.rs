//! A bounded pool of connections, each set up so that what is acknowledged is on disk.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};

use super::super::StoreError;
use super::failure::{Failure, classify};
use super::settings::PostgresOptions;

/// Most connections at a time.
const MAX_CONNECTIONS: usize = 4;
/// Longest time that the server may work on one statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time that a statement waits for a lock of another.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time that an answer is waited for, also if the server is gone without a word.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(75);
/// First and longest pause between two attempts to reach the server.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// A parameter of a statement.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Bytes(Vec<u8>),
    List(Vec<Vec<u8>>),
    Number(i64),
    Seconds(f64),
    Text(String),
}

impl Value {
    fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Bytes(bytes) => (bytes, Type::BYTEA),
            Self::List(list) => (list, Type::BYTEA_ARRAY),
            Self::Number(number) => (number, Type::INT8),
            Self::Seconds(seconds) => (seconds, Type::FLOAT8),
            Self::Text(text) => (text, Type::TEXT),
        }
    }
}

/// The connections of a database.
pub(super) struct Pool {
    options: PostgresOptions,
    idle: Mutex<Vec<Client>>,
    permits: Semaphore,
    /// The next answers never arrive.
    #[cfg(test)]
    pub(super) lost_answers: std::sync::atomic::AtomicU32,
}

impl Pool {
    pub(super) fn new(options: PostgresOptions) -> Self {
        Self {
            options,
            idle: Mutex::default(),
            permits: Semaphore::new(MAX_CONNECTIONS),
            #[cfg(test)]
            lost_answers: std::sync::atomic::AtomicU32::new(0),
        }
    }

    pub(super) fn options(&self) -> &PostgresOptions {
        &self.options
    }

    /// Runs a statement that may be run twice, until it is answered or patience is at its end.
    pub(super) async fn repeat(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut attempts = Attempts::new(self.options.patience);
        loop {
            match self.once(sql, values).await {
                Ok(rows) => return Ok(rows),
                Err(Failure::Refused(error)) => return Err(error),
                Err(Failure::Lost(detail)) => attempts.pause(self, detail).await?,
            }
        }
    }

    /// Runs a statement once.
    pub(super) async fn once(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Failure> {
        let typed: Vec<_> = values.iter().map(Value::typed).collect();
        self.with(async |client| client.query_typed(sql, &typed).await).await
    }

    /// Runs several statements without parameters, as one transaction.
    pub(super) async fn script(&self, sql: &str) -> Result<(), StoreError> {
        let mut attempts = Attempts::new(self.options.patience);
        loop {
            match self.with(async |client| client.batch_execute(sql).await).await {
                Ok(()) => return Ok(()),
                Err(Failure::Refused(error)) => return Err(error),
                Err(Failure::Lost(detail)) => attempts.pause(self, detail).await?,
            }
        }
    }

    async fn with<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Failure> {
        let stopping = |_| Failure::Lost("the node is stopping".to_owned());
        let _permit = self.permits.acquire().await.map_err(stopping)?;
        let known = self.idle().pop().filter(|client| !client.is_closed());
        let client = match known {
            Some(client) => client,
            None => self.connect().await?,
        };
        let answer = timeout(ANSWER_TIMEOUT, work(&client)).await;
        #[cfg(test)]
        {
            use std::sync::atomic::Ordering::SeqCst;
            let one_less = |count: u32| count.checked_sub(1);
            if self.lost_answers.fetch_update(SeqCst, SeqCst, one_less).is_ok() {
                return Err(Failure::Lost("the answer is lost".to_owned()));
            }
        }
        let failed = match answer {
            Ok(Ok(done)) => {
                self.idle().push(client);
                return Ok(done);
            }
            Ok(Err(error)) => classify(&self.options.server, &error),
            Err(_) => Failure::Lost("the server does not answer".to_owned()),
        };
        match &failed {
            // The others are of the same server.
            Failure::Lost(_) => self.idle().clear(),
            Failure::Refused(_) if client.is_closed() => {}
            Failure::Refused(_) => self.idle().push(client),
        }
        Err(failed)
    }

    async fn connect(&self) -> Result<Client, Failure> {
        let failed = |error| classify(&self.options.server, &error);
        let (client, connection) = self.options.config.connect(NoTls).await.map_err(failed)?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection to PostgreSQL ended");
            }
        });
        // A server may be set to wait for more than its own disk; never for less.
        let statement = STATEMENT_TIMEOUT.as_millis();
        let lock = LOCK_TIMEOUT.as_millis();
        let setup = format!(
            "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
             SET idle_in_transaction_session_timeout = {lock}; SET search_path = ''; \
             SET client_min_messages = warning; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
        );
        let ready = timeout(ANSWER_TIMEOUT, client.batch_execute(&setup)).await;
        match ready {
            Ok(ready) => ready.map_err(failed)?,
            Err(_) => return Err(Failure::Lost("the server does not answer".to_owned())),
        }
        Ok(client)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Attempts to reach a server, with growing pauses.
pub(super) struct Attempts {
    until: Instant,
    pause: Duration,
}

impl Attempts {
    pub(super) fn new(patience: Duration) -> Self {
        Self { until: Instant::now() + patience, pause: BACK_OFF.0 }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] if there is to be none.
    pub(super) async fn pause(&mut self, pool: &Pool, detail: String) -> Result<(), StoreError> {
        if Instant::now() + self.pause > self.until {
            let server = pool.options.server.clone();
            return Err(StoreError::Unreachable { server, detail });
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(BACK_OFF.1);
        Ok(())
    }
}
