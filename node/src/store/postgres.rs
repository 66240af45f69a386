//! The store in PostgreSQL, for nodes that must outlive a machine. No other file names its client.
//!
//! One schema of a database belongs to one node. At any time one process writes there, by a lease
//! with a fencing token; others read and take over when the lease is released or runs out.
//!
//! ```text
//! lease            one row: token, nonce and name of the holder, when it runs out, number of writes
//! entries          key bytea, value bytea: the logs
//! register_<DID>   in the schema with `_register` at its end: the register of an institution, to be
//!                  backed up apart
//! ```
//!
//! A batch is one statement, which is one transaction: it counts the lease's writes up under the
//! token that its author holds, and changes nothing if the row has another token or another number.
//! A writer that was paused is so refused by the database, whatever the clocks say; and one that lost
//! its connection finds out whether its last batch was committed before it answers anything else.

use std::ops::Bound;
use std::sync::Arc;

use carnet_proto::id::Did;

use super::{
    Batch, Entry, FORMAT_KEY, MAX_SCAN_BYTES, MAX_SCAN_ENTRIES, Store, StoreError, check_format,
    check_format_of, key_range,
};

#[cfg(test)]
pub(crate) mod cluster;
mod connection;
mod database;
mod failure;
mod lease;
mod settings;
#[cfg(test)]
mod tests;

pub use database::Database;
pub use lease::{Holder, LeaseState};
pub use settings::{
    DEFAULT_LEASE, DEFAULT_SCHEMA, MAX_SCHEMA_BYTES, PostgresOptions, PostgresSettings,
    SettingsError,
};

use connection::Value;

/// What a table of a schema holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// The logs, and whatever else the node itself keeps.
    Logs,
    /// The private register of an institution.
    Register(Did),
}

/// One table of ordered bytes in a [`Database`].
pub struct PostgresStore {
    database: Arc<Database>,
    table: String,
}

impl PostgresStore {
    /// Opens a table, which is made if it is not there and this process holds the lease.
    ///
    /// # Errors
    /// [`StoreError::NewerVersion`], [`StoreError::Corrupt`], [`StoreError::Moved`],
    /// [`StoreError::Unreachable`], [`StoreError::Refused`].
    pub fn open(database: &Arc<Database>, space: Space) -> Result<Self, StoreError> {
        let table = database.make_table(space)?;
        let store = Self { database: Arc::clone(database), table };
        if database.is_writer() {
            check_format(&store, false)?;
        } else {
            // Whoever holds the lease marks a new one.
            let format = store.get(FORMAT_KEY)?;
            if format.is_some() || store.last(&[])?.is_some() {
                check_format_of(&store, format)?;
            }
        }
        Ok(store)
    }

    fn read(&self, sql: String, values: Vec<Value>) -> Result<Vec<Entry>, StoreError> {
        let rows = self.database.read(sql, values)?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, tokio_postgres::Error>>()
            .map_err(|error| StoreError::Corrupt { detail: error.to_string() })
    }
}

impl Store for PostgresStore {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = format!("SELECT key, value FROM {} WHERE key = $1", self.table);
        let found = self.read(sql, Vec::from([Value::Bytes(key.to_vec())]))?;
        Ok(found.into_iter().next().map(|(_, value)| value))
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let limit = limit.min(MAX_SCAN_ENTRIES);
        let Some(range) = key_range(prefix, after).filter(|_| limit > 0) else {
            return Ok(Vec::new());
        };
        let (condition, mut values) = condition(range);
        values.push(Value::Number(limit as i64));
        let nth = values.len();
        // The sum is taken of lengths alone: no value is read that is not sent.
        let sql = format!(
            "SELECT key, value FROM (SELECT key, value, \
             sum(octet_length(value)) OVER (ORDER BY key ROWS UNBOUNDED PRECEDING) \
             - octet_length(value) AS before FROM {} WHERE {condition} ORDER BY key LIMIT ${nth}) \
             AS page WHERE before + octet_length(value) <= {MAX_SCAN_BYTES} \
             ORDER BY key",
            self.table
        );
        self.read(sql, values)
    }

    fn last(&self, prefix: &[u8]) -> Result<Option<Entry>, StoreError> {
        let Some(range) = key_range(prefix, None) else { return Ok(None) };
        let (condition, values) = condition(range);
        let sql = format!(
            "SELECT key, value FROM {} WHERE {condition} ORDER BY key DESC LIMIT 1",
            self.table
        );
        Ok(self.read(sql, values)?.pop())
    }

    fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        batch.check()?;
        if batch.is_empty() {
            return Ok(());
        }
        let (mut deleted, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (key, value) in batch.into_final() {
            match value {
                Some(value) => {
                    keys.push(key);
                    values.push(value);
                }
                None => deleted.push(key),
            }
        }
        let change = [Value::List(deleted), Value::List(keys), Value::List(values)];
        self.database.write(&self.table, change)
    }
}

/// Returns a range of keys as a condition, and its values.
fn condition((start, end): super::KeyRange) -> (String, Vec<Value>) {
    let mut values = Vec::new();
    let mut terms = Vec::new();
    for (bound, including, excluding) in [(start, ">=", ">"), (end, "<=", "<")] {
        let (sign, key) = match bound {
            Bound::Included(key) => (including, key),
            Bound::Excluded(key) => (excluding, key),
            Bound::Unbounded => continue,
        };
        values.push(Value::Bytes(key));
        terms.push(format!("key {sign} ${}", values.len()));
    }
    (terms.join(" AND "), values)
}
