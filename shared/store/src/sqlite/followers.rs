//! The followers that read the feed, and the tombstones that none of them needs.

use std::sync::Arc;
use std::time::Duration;

use models::Timestamp;
use rusqlite::params;

use super::SqliteStore;
use super::error::store_error;
use super::ownership::{OwnershipTx, maybe, run};
use crate::table::Table;
use crate::{FollowerSeen, MoveError, StoreError};

impl SqliteStore {
    pub(crate) async fn passed(
        &self,
        table: &Arc<Table>,
        follower: &str,
        position: u64,
    ) -> Result<(), StoreError> {
        if !table.position_watch.is_to_note(follower) {
            return Ok(());
        }
        let sql = table.statements.moves.passed.clone();
        let (follower, now) = (follower.to_owned(), Timestamp::now().unix_ms);
        let work = move |connection: &_| run(connection, &sql, params![follower, position, now]);
        self.writer.write(work, |_| ()).await.map(drop)
    }

    pub(crate) async fn followers(
        &self,
        table: &Arc<Table>,
    ) -> Result<Vec<FollowerSeen>, StoreError> {
        let sql = &table.statements.moves.followers;
        let mut followers = self.reader()?.prepare_cached(sql).map_err(store_error)?;
        let now = Timestamp::now();
        followers
            .query_map([], |row| {
                let seconds_ago = seconds_since(now, row.get(2)?);
                Ok(FollowerSeen { store: row.get(0)?, position: row.get(1)?, seconds_ago })
            })
            .and_then(Iterator::collect)
            .map_err(store_error)
    }

    pub(crate) async fn forget(
        &self,
        table: &Arc<Table>,
        follower: &str,
    ) -> Result<(), StoreError> {
        let sql = table.statements.moves.forget_follower.clone();
        let follower = follower.to_owned();
        let work = move |connection: &_| run(connection, &sql, [follower]);
        self.writer.write(work, |_| ()).await.map(drop)
    }

    pub(crate) async fn purge_tombstones(
        &self,
        table: &Arc<Table>,
        age_ms: i64,
    ) -> Result<u64, MoveError> {
        self.change(table, "purge", move |tx| Ok(purge(tx, age_ms)? as u64)).await
    }
}

/// How long ago a time was, in whole seconds.
fn seconds_since(now: Timestamp, then: i64) -> u64 {
    Duration::from_millis(now.unix_ms.saturating_sub(then).max(0) as u64).as_secs()
}

/// Removes a portion of the tombstones, and notes the last place of them in the store's history.
fn purge(tx: &OwnershipTx<'_>, age_ms: i64) -> Result<usize, StoreError> {
    let OwnershipTx { connection, statements, now, .. } = *tx;
    let passed: Option<u64> = maybe(connection, &statements.moves.all_passed, [])?.flatten();
    let end = passed.unwrap_or(i64::MAX as u64);
    let mut purge = connection.prepare_cached(&statements.feed.purge).map_err(store_error)?;
    let places = purge
        .query_map(params![now.unix_ms.saturating_sub(age_ms), end], |row| row.get::<_, u64>(0))
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(store_error)?;
    if let Some(highest) = places.iter().max() {
        tx.begin_run(*highest)?;
    }
    Ok(places.len())
}
