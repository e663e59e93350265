//! The lock of a collection: its writes share it, and a step that changes what they may do holds it alone.
//!
//! Such a step waits for the writes that run. While it waits, new writes wait behind it: so it gives up after a moment, and
//! can be tried again.

use std::time::Duration;

use crate::objects::Objects;
use crate::session::{Error, Session};

/// For how long to wait for the writes that run, and for how long to stand still while they wait.
const WAIT: &str =
    "SET LOCAL lock_timeout = '900ms'; SET LOCAL idle_in_transaction_session_timeout = '900ms'";

/// The statements that take the exclusive side of a collection's lock.
pub(crate) fn lock(objects: &Objects) -> [String; 2] {
    [WAIT.to_owned(), format!("SELECT pg_advisory_xact_lock({})", objects.lock())]
}

/// A transaction that has written to the collection and is still open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Writer {
    /// Its process; none for a prepared transaction.
    pub pid: Option<i32>,
    /// The name of the application; of a prepared transaction, its own name.
    pub name: String,
    /// Its last statement, if this session may see it.
    pub query: Option<String>,
    /// For how long its transaction has been open, if this session may see it.
    pub age: Option<Duration>,
}

impl std::fmt::Display for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid} ({})", self.name)?,
            None => write!(f, "the prepared transaction {}", self.name)?,
        }
        if let Some(age) = self.age {
            write!(f, ", open for {} ms", age.as_millis())?;
        }
        match &self.query {
            Some(query) => write!(f, ", last statement: {query}"),
            None => Ok(()),
        }
    }
}

/// The transactions that hold the shared side of the lock.
pub(crate) async fn writers(session: &Session, objects: &Objects) -> Result<Vec<Writer>, Error> {
    let sql = "SELECT l.pid, coalesce(a.application_name, p.gid, ''), nullif(a.query, ''), \
         (extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::bigint \
         FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) \
         LEFT JOIN pg_locks x ON l.pid IS NULL AND x.locktype = 'transactionid' \
         AND x.virtualtransaction = l.virtualtransaction \
         LEFT JOIN pg_prepared_xacts p ON p.transaction = x.transactionid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.mode = 'ShareLock' \
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
         AND ((l.classid::bigint << 32) | l.objid::bigint) = $1 ORDER BY 4 DESC NULLS LAST";
    let rows = session.rows("looking for the writes", sql, &[&objects.lock()]).await?;
    let writers = rows.iter().map(|row| Writer {
        pid: row.get(0),
        name: row.get(1),
        query: row.get(2),
        age: row
            .get::<_, Option<i64>>(3)
            .map(|ms| Duration::from_millis(ms.max(0).cast_unsigned())),
    });
    Ok(writers.collect())
}
