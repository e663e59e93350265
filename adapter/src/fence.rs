//! Closing and opening the fence, and giving the collection away.
//!
//! Each takes the exclusive side of the collection's lock, so it waits for the writes that run. While it waits, new writes
//! wait behind it: so it gives up after a moment, and can be tried again.

use std::time::Duration;

use crate::collection::CollectionName;
use crate::functions::LONGEST;
use crate::name::text;
use crate::objects::Objects;
use crate::session::{Error, Session};

/// The longest fence. The triggers ignore a longer one: the clock was set back.
pub const MAX_FENCE: Duration = Duration::from_secs(60);

/// For how long to wait for the writes that run, and for how long to stand still while they wait.
const WAIT: &str =
    "SET LOCAL lock_timeout = '900ms'; SET LOCAL idle_in_transaction_session_timeout = '900ms'";

/// The statements that take the exclusive side of a collection's lock.
pub(crate) fn lock(objects: &Objects) -> [String; 2] {
    [WAIT.to_owned(), format!("SELECT pg_advisory_xact_lock({})", objects.lock())]
}

/// Why the fence is not closed.
#[derive(Debug, thiserror::Error)]
pub enum FenceError {
    /// The collection is not installed here, or this database is not its primary.
    #[error("this database is not the primary of the collection")]
    NotPrimary,
    /// The installation is not whole: writes could pass by.
    #[error("the installation of the collection is not whole; run adapter install again")]
    NotInstalled,
    /// There is no fence, or it has passed.
    #[error("the collection has no fence: its writes go on")]
    NotFenced,
    /// A fence may last for [`MAX_FENCE`].
    #[error("a fence lasts for {} s at most", MAX_FENCE.as_secs())]
    TooLong,
    /// Writes that were running did not end in time. Nothing was changed.
    #[error("writes are still running: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    WritesRun(Vec<Writer>),
    /// A statement failed.
    #[error(transparent)]
    Session(#[from] Error),
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

/// Refuses writes for a time. When this answers, no write is running, each one before is in the feed, and each one after
/// gets the error `ZB001`.
///
/// # Errors
/// [`FenceError::WritesRun`] names the writes that did not end.
pub async fn fence(
    session: &Session,
    schema: &str,
    name: &CollectionName,
    lasts: Duration,
) -> Result<(), FenceError> {
    if lasts > MAX_FENCE {
        return Err(FenceError::TooLong);
    }
    let until = format!("fenced_until = clock_timestamp() + interval '{} ms'", lasts.as_millis());
    change(session, schema, name, &until, "true").await
}

/// Lets writes go on.
///
/// # Errors
/// As [`fence()`].
pub async fn release(
    session: &Session,
    schema: &str,
    name: &CollectionName,
) -> Result<(), FenceError> {
    change(session, schema, name, "fenced_until = '-infinity'", "true").await
}

/// Gives the collection away for good: each later write gets the error `ZB002`, which names the new primary. It must be
/// fenced.
///
/// # Errors
/// As [`fence()`], and [`FenceError::NotFenced`].
pub async fn hand_over(
    session: &Session,
    schema: &str,
    name: &CollectionName,
    primary: &str,
) -> Result<(), FenceError> {
    let given = format!("role = 'follower', epoch = epoch + 1, \"primary\" = {}", text(primary));
    let fenced = format!(
        "f.fenced_until > clock_timestamp() AND f.fenced_until <= clock_timestamp() + {LONGEST}"
    );
    change(session, schema, name, &given, &fenced).await
}

async fn change(
    session: &Session,
    schema: &str,
    name: &CollectionName,
    set: &str,
    condition: &str,
) -> Result<(), FenceError> {
    let objects = Objects::of(schema, name.as_str());
    let (fence, collections, named) = (objects.fence(), objects.collections(), objects.name());
    let sql = format!(
        "SELECT c.state = 'installed' FROM {fence} f JOIN {collections} c ON c.name = f.collection \
         WHERE f.collection = {named} AND f.role = 'primary'"
    );
    match session.rows("reading the fence", &sql, &[]).await?.first() {
        None => return Err(FenceError::NotPrimary),
        Some(row) if !row.get::<_, bool>(0) => return Err(FenceError::NotInstalled),
        Some(_) => {}
    }
    let update = format!(
        "UPDATE {fence} f SET {set} WHERE f.collection = {named} AND f.role = 'primary' AND {condition} \
         AND (SELECT c.state = 'installed' FROM {collections} c WHERE c.name = {named}) RETURNING 1"
    );
    match session.guarded("changing the fence", &lock(&objects), &update).await {
        Err(error) if error.is_lock_timeout() => {
            Err(FenceError::WritesRun(writers(session, &objects).await?))
        }
        Ok(false) => match session.rows("reading the fence", &sql, &[]).await?.first() {
            None => Err(FenceError::NotPrimary),
            Some(row) if row.get::<_, bool>(0) => Err(FenceError::NotFenced),
            Some(_) => Err(FenceError::NotInstalled),
        },
        done => Ok(done.map(drop)?),
    }
}

/// The transactions that hold the shared side of the lock.
async fn writers(session: &Session, objects: &Objects) -> Result<Vec<Writer>, Error> {
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
