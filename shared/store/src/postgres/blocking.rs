//! What keeps the feeds of a server from going on: its oldest transaction that has a number.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::link::Link;
use super::run::{get, query};
use crate::{BlockingTransaction, StoreError};

/// From this time on it is said.
const LONG: Duration = Duration::from_secs(1);

/// The oldest transaction, if any runs: its number, process, name (if it is prepared), role, database, and for how
/// many milliseconds it has been open.
///
/// `pg_stat_activity` shows the transaction's role to all, and its age only to roles that may see it. Prepared
/// transactions are not in it but in `pg_prepared_xacts`.
const OLDEST: &str = "SELECT oldest.number::text::bigint, a.pid, p.gid, \
     coalesce(a.usename, p.owner)::text, coalesce(a.datname, p.database)::text, \
     (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::bigint \
     FROM (SELECT pg_snapshot_xmin(s) AS number FROM pg_current_snapshot() s \
     WHERE pg_snapshot_xmin(s) < pg_snapshot_xmax(s)) oldest \
     LEFT JOIN pg_stat_activity a ON a.backend_xid = oldest.number::xid \
     LEFT JOIN pg_prepared_xacts p ON p.transaction = oldest.number::xid LIMIT 1";

/// Finds it, and remembers since when it is known: a server does not tell every role how old it is.
#[derive(Debug, Default)]
pub(super) struct BlockingCheck(Mutex<Option<(i64, Instant)>>);

impl BlockingCheck {
    /// The transaction that holds the feeds back, once it has for a while.
    pub(super) async fn find(
        &self,
        client: &Link,
    ) -> Result<Option<BlockingTransaction>, StoreError> {
        let Some(row) = query(client, OLDEST, &[]).await?.into_iter().next() else {
            return Ok(None);
        };
        let known = self.known_for(get(&row, 0)?);
        let told: Option<i64> = get(&row, 5)?;
        let told = told.map(|ms| Duration::from_millis(ms.max(0).cast_unsigned()));
        let open = told.unwrap_or_default().max(known);
        let blocked = BlockingTransaction {
            pid: get(&row, 1)?,
            prepared: get(&row, 2)?,
            role: get(&row, 3)?,
            database: get(&row, 4)?,
            seconds: open.as_secs(),
        };
        Ok(Some(blocked).filter(|_| open >= LONG))
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
