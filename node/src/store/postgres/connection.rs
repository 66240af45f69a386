//! A bounded pool of connections, each set up so that what is acknowledged is on disk.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row};

use super::super::StoreError;
use super::failure::{Failure, classify, is_answer};
use super::settings::PostgresOptions;

/// Most connections at a time, besides the one that asks whether the server is there.
const MAX_CONNECTIONS: usize = 4;
/// Longest time that the server may work on one statement.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest time that a statement waits for a lock of another.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest time that an answer is waited for, also if the server is gone without a word.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(75);
/// Longest time until a new connection is ready.
const GREETING_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest time that a server which is there takes to say so.
const BEAT_TIMEOUT: Duration = Duration::from_secs(5);
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

/// That a server cannot be reached.
#[derive(Clone, Debug)]
pub(super) struct Away {
    /// When that was noticed.
    since: Instant,
    /// What was found.
    pub(super) detail: String,
    /// It holds connections open and answers nothing: what waits for an answer need not.
    is_silent: bool,
}

/// The connections of a database.
pub(super) struct Pool {
    options: PostgresOptions,
    idle: Mutex<Vec<Client>>,
    permits: Semaphore,
    away: watch::Sender<Option<Away>>,
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
            away: watch::Sender::new(None),
            #[cfg(test)]
            lost_answers: std::sync::atomic::AtomicU32::new(0),
        }
    }

    pub(super) fn options(&self) -> &PostgresOptions {
        &self.options
    }

    /// Returns what is wrong, if the last that was heard of the server is that it is not there.
    pub(super) fn away(&self) -> Option<Away> {
        self.away.borrow().clone()
    }

    /// Asks the server whether it is there, beside whatever else it is asked.
    pub(super) async fn beat(&self) {
        let ask = self.attempt(async |client| client.query_typed("SELECT 1", &[]).await);
        if timeout(BEAT_TIMEOUT, ask).await.is_err() {
            self.idle().clear();
            self.lost("the server does not answer", true);
        }
    }

    /// Takes notice that the server answers.
    fn heard(&self) {
        if self.away.send_if_modified(|away| away.take().is_some()) {
            tracing::info!(server = %self.options.server, "the database can be reached again");
        }
    }

    /// Takes notice that the server cannot be reached.
    fn lost(&self, detail: &str, is_silent: bool) {
        let is_new = self.away.send_if_modified(|away| match away {
            Some(away) => {
                let is_changed = away.is_silent != is_silent;
                away.is_silent = is_silent;
                is_changed && is_silent
            }
            None => {
                // A silent one was last there before it was asked.
                let waited = if is_silent { BEAT_TIMEOUT } else { Duration::ZERO };
                let now = Instant::now();
                let since = now.checked_sub(waited).unwrap_or(now);
                *away = Some(Away { since, detail: detail.to_owned(), is_silent });
                true
            }
        });
        if is_new {
            tracing::warn!(server = %self.options.server, detail, "the database cannot be reached");
        }
    }

    /// Returns once it is known that the server answers nothing.
    async fn silence(&self) {
        let mut away = self.away.subscribe();
        let is_silent = |away: &Option<Away>| away.as_ref().is_some_and(|away| away.is_silent);
        if away.wait_for(is_silent).await.is_err() {
            std::future::pending().await
        }
    }

    /// Runs a statement that may be run twice, until it is answered or patience is at its end.
    pub(super) async fn repeat(&self, sql: &str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut attempts = Attempts::new(self);
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
        let mut attempts = Attempts::new(self);
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
        let permitted = async {
            let stopping = |_| Failure::Lost("the node is stopping".to_owned());
            let _permit = self.permits.acquire().await.map_err(stopping)?;
            self.attempt(work).await
        };
        let done = tokio::select! {
            done = permitted => done,
            () = self.silence() => Err(Failure::Lost("the server does not answer".to_owned())),
        };
        #[cfg(test)]
        {
            use std::sync::atomic::Ordering::SeqCst;
            let one_less = |count: u32| count.checked_sub(1);
            if self.lost_answers.fetch_update(SeqCst, SeqCst, one_less).is_ok() {
                return Err(Failure::Lost("the answer is lost".to_owned()));
            }
        }
        done
    }

    async fn attempt<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, tokio_postgres::Error>,
    ) -> Result<T, Failure> {
        let known = self.idle().pop().filter(|client| !client.is_closed());
        let client = match known {
            Some(client) => client,
            None => match timeout(GREETING_TIMEOUT, self.connect()).await {
                Ok(Ok(client)) => client,
                Ok(Err(error)) => return Err(self.failed(&error)),
                Err(_) => return Err(self.unanswered()),
            },
        };
        let answer = timeout(ANSWER_TIMEOUT, work(&client)).await;
        let failed = match answer {
            Ok(Ok(done)) => {
                self.heard();
                self.idle().push(client);
                return Ok(done);
            }
            Ok(Err(error)) => self.failed(&error),
            Err(_) => self.unanswered(),
        };
        match &failed {
            // The others are of the same server.
            Failure::Lost(_) => self.idle().clear(),
            Failure::Refused(_) if client.is_closed() => {}
            Failure::Refused(_) => self.idle().push(client),
        }
        Err(failed)
    }

    /// Tells what a failure of the client means, and takes notice of it.
    fn failed(&self, error: &tokio_postgres::Error) -> Failure {
        let failure = classify(&self.options.server, error);
        match &failure {
            Failure::Lost(detail) if !is_answer(error) => self.lost(detail, false),
            _ => self.heard(),
        }
        failure
    }

    fn unanswered(&self) -> Failure {
        let detail = "the server does not answer";
        self.lost(detail, false);
        Failure::Lost(detail.to_owned())
    }

    async fn connect(&self) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.options.config.connect(NoTls).await?;
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
        client.batch_execute(&setup).await?;
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
    /// Patience begins when the server was last there: what comes later does not wait again.
    pub(super) fn new(pool: &Pool) -> Self {
        let from = pool.away().map_or_else(Instant::now, |away| away.since);
        Self { until: from + pool.options.patience, pause: BACK_OFF.0 }
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
