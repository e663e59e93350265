//! The followers that read the feed, and the tombstones that none of them needs.

use std::time::Duration;

use super::PostgresStore;
use super::lease::lease_alone;
use super::ownership::OwnershipTx;
use super::run::{get, maybe, query, run, sql_id, unsigned};
use super::steps::Bars;
use crate::sql::CLOCK;
use crate::table::Table;
use crate::{FollowerSeen, MoveError, StoreError};

impl PostgresStore {
    pub(crate) async fn passed(
        &self,
        table: &Table,
        follower: &str,
        position: u64,
    ) -> Result<(), StoreError> {
        let Table { statements, position_watch } = table;
        if !position_watch.is_to_note(follower) {
            return Ok(());
        }
        let position = sql_id(position)?;
        lease_alone(&self.pool, async |client| {
            run(client, &statements.moves.passed, &[&follower, &position]).await.map(drop)
        })
        .await
    }

    pub(crate) async fn followers(&self, table: &Table) -> Result<Vec<FollowerSeen>, StoreError> {
        let statements = &table.statements;
        lease_alone(&self.pool, async |client| {
            let now: i64 = maybe(client, &format!("SELECT {CLOCK}"), &[]).await?.unwrap_or(0);
            let mut followers = Vec::new();
            for row in query(client, &statements.moves.followers, &[]).await? {
                let ago = now.saturating_sub(get(&row, 2)?).max(0).cast_unsigned();
                followers.push(FollowerSeen {
                    store: get(&row, 0)?,
                    position: unsigned(get(&row, 1)?)?,
                    seconds_ago: Duration::from_millis(ago).as_secs(),
                });
            }
            Ok(followers)
        })
        .await
    }

    pub(crate) async fn forget(&self, table: &Table, follower: &str) -> Result<(), StoreError> {
        let statements = &table.statements;
        lease_alone(&self.pool, async |client| {
            run(client, &statements.moves.forget_follower, &[&follower]).await.map(drop)
        })
        .await
        .map_err(StoreError::perhaps_done)
    }

    pub(crate) async fn purge_tombstones(
        &self,
        table: &Table,
        age_ms: i64,
    ) -> Result<u64, MoveError> {
        let work = async |tx: &mut OwnershipTx<'_>| Ok(purge(tx, age_ms).await? as u64);
        self.change(table, "purge", Bars::Steps, work).await
    }
}

/// Removes a portion of the tombstones, and notes the last place of them in the store's history.
async fn purge(tx: &OwnershipTx<'_>, age_ms: i64) -> Result<usize, StoreError> {
    let statements = tx.statements;
    let passed: Option<Option<i64>> = maybe(tx.client, &statements.moves.all_passed, &[]).await?;
    let end = passed.flatten().unwrap_or(i64::MAX);
    let oldest = tx.facts.now_ms.saturating_sub(age_ms);
    let mut highest = 0;
    let places = query(tx.client, &statements.feed.purge, &[&oldest, &end]).await?;
    for row in &places {
        highest = highest.max(unsigned(get(row, 0)?)?);
    }
    if highest > 0 {
        // Writes go on beside it, so it says nothing of which places there were.
        tx.begin_run(highest, i64::MAX).await?;
    }
    Ok(places.len())
}
