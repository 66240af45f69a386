//! Who may write, and how that is found out.

use std::time::Duration;

use tokio_postgres::Row;

use super::super::StoreError;
use super::connection::{Attempts, Pool, Value};
use super::failure::Failure;

/// Whoever holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The name that it gave, for people.
    pub name: String,
    /// How long the lease lasts if it is not renewed.
    pub left: Duration,
}

impl Holder {
    /// Whoever released a lease while it was asked about.
    pub(super) fn unknown() -> Self {
        Self { name: "another process".to_owned(), left: Duration::ZERO }
    }
}

/// Whether this process may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaseState {
    /// It never could, or released the lease.
    None,
    /// It can.
    Held,
    /// Another process took the lease.
    Lost,
}

/// What the holder of a lease knows.
#[derive(Debug)]
pub(super) struct Held {
    token: i64,
    /// Batches committed under all leases.
    writes: i64,
    /// The connection was lost with a batch: it may be committed or not.
    pub(super) is_unresolved: bool,
}

/// How a batch ended.
pub(super) enum Outcome {
    Committed,
    /// The lease is another's.
    Fenced,
}

/// The statements about the lease of one schema.
pub(super) struct LeaseSql {
    table: String,
    nonce: String,
}

impl LeaseSql {
    /// `nonce` is drawn by this process: names can be the same.
    pub(super) fn new(schema: &str, nonce: String) -> Self {
        Self { table: format!("\"{schema}\".lease"), nonce }
    }

    fn nonce(&self) -> Value {
        Value::Text(self.nonce.clone())
    }

    /// Makes the one row.
    pub(super) fn make(&self) -> String {
        format!(
            "CREATE TABLE IF NOT EXISTS {0} (id boolean PRIMARY KEY DEFAULT true CHECK (id), \
             token bigint NOT NULL DEFAULT 0, writes bigint NOT NULL DEFAULT 0, \
             nonce text, holder text, expires timestamptz NOT NULL DEFAULT '-infinity'); \
             INSERT INTO {0} DEFAULT VALUES ON CONFLICT DO NOTHING;",
            self.table
        )
    }

    /// Takes the lease if nobody else holds it. A token is never used again.
    pub(super) async fn acquire(&self, pool: &Pool) -> Result<Option<Held>, StoreError> {
        let options = pool.options();
        let sql = format!(
            "UPDATE {} SET token = token + 1, nonce = $1, holder = $2, \
             expires = clock_timestamp() + make_interval(secs => $3) \
             WHERE nonce IS NULL OR nonce = $1 OR expires < clock_timestamp() \
             RETURNING token, writes",
            self.table
        );
        let seconds = Value::Seconds(options.lease.as_secs_f64());
        let values = [self.nonce(), Value::Text(options.holder.clone()), seconds];
        let rows = pool.repeat(&sql, &values).await?;
        rows.first().map(|row| held(pool, row)).transpose()
    }

    /// Prolongs the lease; returns whether it is still ours.
    pub(super) async fn renew(&self, pool: &Pool) -> Result<bool, Failure> {
        let sql = format!(
            "UPDATE {} SET expires = clock_timestamp() + make_interval(secs => $2) \
             WHERE nonce = $1 RETURNING token",
            self.table
        );
        let seconds = Value::Seconds(pool.options().lease.as_secs_f64());
        Ok(!pool.once(&sql, &[self.nonce(), seconds]).await?.is_empty())
    }

    /// Lets others take the lease at once.
    pub(super) async fn release(&self, pool: &Pool) -> Result<(), Failure> {
        let sql = format!(
            "UPDATE {} SET nonce = NULL, holder = NULL, expires = '-infinity' WHERE nonce = $1",
            self.table
        );
        pool.once(&sql, &[self.nonce()]).await.map(|_| ())
    }

    /// Returns who holds the lease.
    pub(super) async fn holder(&self, pool: &Pool) -> Result<Option<Holder>, StoreError> {
        let sql = format!(
            "SELECT holder, greatest(0, extract(epoch FROM expires - clock_timestamp()))::float8 \
             FROM {} WHERE nonce IS NOT NULL AND expires >= clock_timestamp()",
            self.table
        );
        let rows = pool.repeat(&sql, &[]).await?;
        let read = |row: &Row| -> Result<Holder, tokio_postgres::Error> {
            let left = Duration::try_from_secs_f64(row.try_get(1)?).unwrap_or_default();
            Ok(Holder { name: row.try_get(0)?, left })
        };
        rows.first().map(read).transpose().map_err(|error| unexpected(pool, &error))
    }

    /// Returns how many batches were committed.
    pub(super) async fn writes(&self, pool: &Pool) -> Result<i64, StoreError> {
        let rows = pool.repeat(&format!("SELECT writes FROM {}", self.table), &[]).await?;
        let row = rows.first().ok_or_else(|| StoreError::Corrupt { detail: LOST_ROW.into() })?;
        row.try_get(0).map_err(|error| unexpected(pool, &error))
    }

    /// Commits a batch under a lease, once: also if the connection is lost with it.
    pub(super) async fn commit(
        &self,
        pool: &Pool,
        held: &mut Held,
        table: &str,
        change: &[Value; 3],
    ) -> Result<Outcome, StoreError> {
        let lease = &self.table;
        let sql = format!(
            "WITH fence AS (UPDATE {lease} SET writes = writes + 1, \
             expires = clock_timestamp() + make_interval(secs => $7) \
             WHERE nonce = $1 AND token = $2 AND writes = $3 RETURNING true), \
             deleted AS (DELETE FROM {table} USING unnest($4) AS gone (gone_key) \
             WHERE key = gone_key AND EXISTS (SELECT FROM fence)), \
             written AS (INSERT INTO {table} (key, value) SELECT new_key, new_value \
             FROM unnest($5, $6) AS new (new_key, new_value) WHERE EXISTS (SELECT FROM fence) \
             ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value) \
             SELECT true FROM fence"
        );
        let mut attempts = Attempts::new(pool);
        let [deleted, keys, contents] = change;
        loop {
            if held.is_unresolved && self.resolve(pool, held).await?.is_none() {
                return Ok(Outcome::Fenced);
            }
            let values = [
                self.nonce(),
                Value::Number(held.token),
                Value::Number(held.writes),
                deleted.clone(),
                keys.clone(),
                contents.clone(),
                Value::Seconds(pool.options().lease.as_secs_f64()),
            ];
            match pool.once(&sql, &values).await {
                Ok(rows) if rows.is_empty() => return Ok(Outcome::Fenced),
                Ok(_) => {
                    held.writes += 1;
                    return Ok(Outcome::Committed);
                }
                Err(Failure::Refused(error)) => return Err(error),
                Err(Failure::Lost(detail)) => {
                    held.is_unresolved = true;
                    attempts.pause(pool, detail).await?;
                    match self.resolve(pool, held).await? {
                        Some(true) => return Ok(Outcome::Committed),
                        Some(false) => {}
                        None => return Ok(Outcome::Fenced),
                    }
                }
            }
        }
    }

    /// Finds out whether the batch with which the connection was lost is committed; `None`: the lease
    /// is another's. The new token keeps that batch out for good if it is still on its way.
    pub(super) async fn resolve(
        &self,
        pool: &Pool,
        held: &mut Held,
    ) -> Result<Option<bool>, StoreError> {
        let sql = format!(
            "UPDATE {} SET token = token + 1 WHERE nonce = $1 RETURNING token, writes",
            self.table
        );
        let rows = pool.repeat(&sql, &[self.nonce()]).await?;
        let Some(found) = rows.first().map(|row| self::held(pool, row)).transpose()? else {
            return Ok(None);
        };
        let is_committed = found.writes > held.writes;
        *held = found;
        Ok(Some(is_committed))
    }
}

const LOST_ROW: &str = "the table of the lease has no row";

fn held(pool: &Pool, row: &Row) -> Result<Held, StoreError> {
    let read = || -> Result<Held, tokio_postgres::Error> {
        Ok(Held { token: row.try_get(0)?, writes: row.try_get(1)?, is_unresolved: false })
    };
    read().map_err(|error| unexpected(pool, &error))
}

fn unexpected(pool: &Pool, error: &tokio_postgres::Error) -> StoreError {
    StoreError::Refused { server: pool.options().server.clone(), detail: error.to_string() }
}
