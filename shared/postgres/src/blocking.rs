//! What keeps the feeds of a server from going on: its oldest transaction that has a number.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_postgres::{Error, Row};

/// From this time on it is said.
const LONG: Duration = Duration::from_secs(1);

/// The oldest transaction, if any runs: its number, process, name (if it is prepared), role, database, and for how
/// many milliseconds it has been open. [`BlockingCheck::read`] reads it.
///
/// `pg_stat_activity` shows the transaction's role to all, and its age only to roles that may see it. Prepared
/// transactions are not in it but in `pg_prepared_xacts`.
pub const OLDEST: &str = "SELECT oldest.number::text::bigint, a.pid, p.gid, \
     coalesce(a.usename, p.owner)::text, coalesce(a.datname, p.database)::text, \
     (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::bigint \
     FROM (SELECT pg_snapshot_xmin(s) AS number FROM pg_current_snapshot() s \
     WHERE pg_snapshot_xmin(s) < pg_snapshot_xmax(s)) oldest \
     LEFT JOIN pg_stat_activity a ON a.backend_xid = oldest.number::xid \
     LEFT JOIN pg_prepared_xacts p ON p.transaction = oldest.number::xid LIMIT 1";

/// A transaction that holds the feeds back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldestTransaction {
    /// The server process that runs it; none of a prepared one, and none if it cannot be seen.
    pub pid: Option<i32>,
    /// The name that `PREPARE TRANSACTION` gave it.
    pub prepared: Option<String>,
    /// The role that began it.
    pub role: Option<String>,
    /// The database that it works in.
    pub database: Option<String>,
    /// For how long it has been open, as far as that is known.
    pub open: Duration,
}

/// Remembers since when a transaction is known: a server does not tell every role how old it is.
#[derive(Debug, Default)]
pub struct BlockingCheck(Mutex<Option<(i64, Instant)>>);

impl BlockingCheck {
    /// Reads a row of [`OLDEST`]: the transaction that holds the feeds back, once it has for a while.
    ///
    /// # Errors
    /// If it is no such row.
    pub fn read(&self, row: &Row) -> Result<Option<OldestTransaction>, Error> {
        let known = self.known_for(row.try_get(0)?);
        let told: Option<i64> = row.try_get(5)?;
        let told = told.map(|ms| Duration::from_millis(ms.max(0).cast_unsigned()));
        let oldest = OldestTransaction {
            pid: row.try_get(1)?,
            prepared: row.try_get(2)?,
            role: row.try_get(3)?,
            database: row.try_get(4)?,
            open: told.unwrap_or_default().max(known),
        };
        Ok(Some(oldest).filter(|oldest| oldest.open >= LONG))
    }

    fn known_for(&self, number: i64) -> Duration {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*known {
            Some((same, since)) if *same == number => since.elapsed(),
            _ => {
                *known = Some((number, Instant::now()));
                Duration::ZERO
            }
        }
    }
}
