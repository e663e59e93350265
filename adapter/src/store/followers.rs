//! The stores that read the feed, and the lines of deleted rows that none of them needs.

use std::sync::PoisonError;
use std::time::Duration;

use replication::{FollowerSeen, MIN_TOMBSTONE_AGE};

use super::AdapterStore;
use super::ownership::{OwnershipTx, sql_number, unsigned};
use super::transaction::Bars;
use crate::collection::Collection;
use crate::key::{names, values};
use crate::objects::Objects;
use crate::store_error::{MoveError, StoreError};

/// How many lines are looked at in one transaction.
const PORTION: i64 = 10_000;

impl AdapterStore {
    /// Notes that a follower has come this far in the feed; written at most once a second.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn passed(&self, follower: &str, position: u64) -> Result<(), StoreError> {
        let inner = &*self.inner;
        if !inner.watch.is_to_note(follower) {
            return Ok(());
        }
        let (sql, position) = (&inner.statements.passed, sql_number(position)?);
        inner
            .sessions
            .with(async |session| {
                session.change("noting a follower", sql, &[&follower, &position]).await?;
                Ok(())
            })
            .await
    }

    /// The followers that have read the feed, and how far each has come.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn followers(&self) -> Result<Vec<FollowerSeen>, StoreError> {
        let inner = &*self.inner;
        inner
            .sessions
            .with(async |session| {
                let sql = &inner.statements.followers;
                let rows = session.rows("reading the followers", sql, &[]).await?;
                let followers = rows.iter().map(|row| {
                    Ok(FollowerSeen {
                        store: row.get(0),
                        position: unsigned(row.get(1))?,
                        seconds_ago: unsigned(row.get(2))? / 1_000,
                    })
                });
                followers.collect()
            })
            .await
    }

    /// No longer waits for a follower before deleted rows are purged.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn forget(&self, follower: &str) -> Result<(), StoreError> {
        let inner = &*self.inner;
        inner
            .sessions
            .with(async |session| {
                let sql = &inner.statements.forget_follower;
                let done = session.change("forgetting a follower", sql, &[&follower]).await;
                done.map(drop).map_err(|error| match StoreError::from(error) {
                    StoreError::Unavailable(cause) => StoreError::OutcomeUnknown(cause),
                    other => other,
                })
            })
            .await
    }

    /// Purges a portion of the lines of rows that were deleted [`MIN_TOMBSTONE_AGE`] ago and that every follower has
    /// passed; says how many. 0 if there is none left.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub async fn purge_tombstones(&self) -> Result<u64, StoreError> {
        self.purge(MIN_TOMBSTONE_AGE).await
    }

    async fn purge(&self, age: Duration) -> Result<u64, StoreError> {
        loop {
            let scan = self.change("purge", Bars::Steps, async |tx| {
                Ok(purge(tx, &self.inner.purge, self.scanned(), age).await?)
            });
            let Scan { purged, ripe, last } = scan.await.map_err(|error| match error {
                MoveError::Store(error) => error,
                refused => StoreError::failed(refused),
            })?;
            if let Some(last) = last {
                *self.inner.scanned.lock().unwrap_or_else(PoisonError::into_inner) = last;
            }
            if purged > 0 || ripe < PORTION {
                return Ok(purged);
            }
        }
    }

    fn scanned(&self) -> (i64, String) {
        self.inner.scanned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a look at a portion of the feed came to.
struct Scan {
    purged: u64,
    /// How many lines are old enough.
    ripe: i64,
    /// The last of these.
    last: Option<(i64, String)>,
}

/// The statement of a portion: `$1` and `$2` the line behind which it begins, `$3` the first place that stays, `$4` the
/// newest time. A line is looked at once: if its row is deleted later, the line moves behind.
pub(super) fn statement(collection: &Collection, objects: &Objects) -> String {
    let feed = objects.feed();
    let missing = collection.members.iter().map(|member| {
        format!(
            "WHEN {} THEN NOT EXISTS (SELECT 1 FROM {} t WHERE ROW({}) = ROW({}))",
            member.number,
            member.sql(),
            names(&member.key, "t."),
            values(&member.key, "r.k")
        )
    });
    format!(
        "WITH portion AS (SELECT key, position, member, k, noted_at FROM {feed} WHERE (position, key) > ($1, $2) \
         AND position < $3 ORDER BY position, key LIMIT {PORTION}), \
         ripe AS (SELECT * FROM portion WHERE noted_at < $4), \
         gone AS (DELETE FROM {feed} f USING ripe r WHERE f.key = r.key AND CASE r.member {} END RETURNING f.position) \
         SELECT (SELECT count(*) FROM gone), (SELECT max(position) FROM gone), (SELECT count(*) FROM ripe), \
         r.position, r.key FROM (VALUES (1)) one LEFT JOIN (SELECT position, key FROM ripe ORDER BY position DESC, \
         key DESC LIMIT 1) r ON true",
        missing.collect::<Vec<_>>().join(" ")
    )
}

/// Looks at a portion, and notes the last place that it purged in the store's history.
async fn purge(
    tx: &OwnershipTx<'_>,
    sql: &str,
    (position, key): (i64, String),
    age: Duration,
) -> Result<Scan, StoreError> {
    let what = "purging deleted rows";
    let passed = tx.session.rows(what, &tx.statements.all_passed, &[]).await?;
    let end = passed.first().and_then(|row| row.get::<_, Option<i64>>(0)).unwrap_or(i64::MAX);
    let oldest = tx.facts.now_ms.saturating_sub(age.as_millis() as i64);
    let rows = tx.session.rows(what, sql, &[&position, &key, &end, &oldest]).await?;
    let Some(row) = rows.first() else { return Ok(Scan { purged: 0, ripe: 0, last: None }) };
    if let Some(highest) = row.get::<_, Option<i64>>(1) {
        // Writes go on beside it, so it says nothing of which places there were.
        tx.begin_run(unsigned(highest)?, i64::MAX).await?;
    }
    let last = row.get::<_, Option<i64>>(3).zip(row.get(4));
    Ok(Scan { purged: unsigned(row.get(0))?, ripe: row.get(2), last })
}
