//! What keeps the feeds of a server from going on.

use ::postgres::blocking::{BlockingCheck, OLDEST, OldestTransaction};

use super::link::Link;
use super::run::query;
use crate::{BlockingTransaction, StoreError};

/// The transaction that holds the feeds back, once it has for a while.
pub(super) async fn find(
    check: &BlockingCheck,
    client: &Link,
) -> Result<Option<BlockingTransaction>, StoreError> {
    let Some(row) = query(client, OLDEST, &[]).await?.into_iter().next() else {
        return Ok(None);
    };
    let found = check.read(&row).map_err(StoreError::failed)?;
    Ok(found.map(|OldestTransaction { pid, prepared, role, database, open }| BlockingTransaction {
        pid,
        prepared,
        role,
        database,
        seconds: open.as_secs(),
    }))
}
