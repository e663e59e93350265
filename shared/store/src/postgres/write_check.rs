//! What each write of a client passes first, in its own transaction.
//!
//! Every write shares the collection's lock until it ends. A step that takes the ownership away holds that lock
//! alone: it waits for the writes that run, and later writes see what it did. The check is in a statement behind
//! the lock, because what a statement sees is settled before it waits for anything. A transaction gets its
//! number with its first change, so behind the lock too: no number from before a fence is used after it.

use std::future::Future;
use std::io;

use ::postgres::failure::is_refusal;
use models::{Cell, Timestamp};
use replication::PositionWatch;
use tokio_postgres::Error;
use tokio_postgres::types::ToSql;

use super::error::{commit_error, store_error, write_error};
use super::link::{Link, READ_COMMITTED};
use super::lock::{SHARED, lock_number, note_shared};
use super::ownership;
use super::rows::insert_parameters;
use super::run::{get, sql_id, unsigned};
use crate::outcome::Stage;
use crate::sql::Statements;
use crate::table::Table;
use crate::value::values;
use crate::{Position, StoreError};

/// Commits, unless the write was given up: then the connection is to be closed, and nothing is stored.
pub(super) async fn commit(
    commit: impl Future<Output = Result<(), Error>>,
) -> Result<(), StoreError> {
    may_commit()?;
    commit.await.map_err(commit_error)
}

/// Called before a commit is sent.
fn may_commit() -> Result<(), StoreError> {
    if Stage::present().begin() {
        return Ok(());
    }
    Err(StoreError::unavailable(io::Error::other("the write was given up")))
}

/// Inserts a row in one round trip, and gives its id. What is sent together stands together: an error aborts the
/// transaction, which then refuses the rest, and a commit of it stores nothing. If not even the transaction began,
/// the insert does not find the note of the lock, and does nothing either.
///
/// The check is a part of the insert, a statement behind the one that takes the lock: see above.
pub(super) async fn checked_insert(
    client: &Link,
    table: &Table,
    now: Timestamp,
    cells: &[Cell],
) -> Result<u64, StoreError> {
    let Table { statements, position_watch } = table;
    let insert = &*statements.checked_insert;
    let (lock, values) = (note_shared(statements), values(cells));
    // What cannot be sent must not be found out between the beginning and the commit.
    for cell in cells {
        if let Cell::Id(id) = cell {
            sql_id(*id)?;
        }
    }
    client.ready(&[insert]).await.map_err(store_error)?;
    may_commit()?;
    let parameters = insert_parameters(&now.unix_ms, &values);
    let (begun, inserted, committed) = tokio::join!(
        biased;
        client.begin_with(&lock),
        client.query_opt(insert, &parameters),
        client.batch("COMMIT"),
    );
    begun.map_err(commit_error)?;
    let row = match inserted {
        Ok(row) => row,
        Err(error) if is_refusal(&error) => {
            committed.map_err(StoreError::unavailable)?;
            return Err(write_error(error, statements));
        }
        Err(error) => return Err(StoreError::outcome_unknown(error)),
    };
    let Some(row) = row else {
        committed.map_err(StoreError::unavailable)?;
        let document = client.alone(async |client| ownership::document(client, statements).await);
        return Err(StoreError::NotPrimary { primary: document.await?.primary() });
    };
    committed.map_err(commit_error)?;
    let number = |place| unsigned(get(&row, place)?);
    position_watch.wrote(Position { epoch: number(2)?, at: number(1)? });
    number(0)
}

/// Runs a client's work in a transaction, once it is sure that the store may be written to. The work gives the
/// place at which it changed something, if it did.
pub(super) async fn checked<T>(
    client: &Link,
    statements: &Statements,
    position_watch: &PositionWatch,
    work: impl AsyncFnOnce(&Link) -> Result<(T, Option<u64>), StoreError>,
) -> Result<T, StoreError> {
    client.ready(&[SHARED, &statements.moves.write_check]).await.map_err(store_error)?;
    let number = lock_number(statements);
    let parameters: [&(dyn ToSql + Sync); 1] = [&number];
    // All three are on their way before the first is answered; the server takes them in this order.
    let (begun, locked, epoch) = tokio::join!(
        biased;
        client.begin(READ_COMMITTED),
        client.query(SHARED, &parameters),
        client.query_opt(&statements.moves.write_check, &[]),
    );
    begun?;
    let epoch = || -> Result<Option<i64>, Error> {
        locked?;
        epoch?.map(|row| row.try_get(0)).transpose()
    };
    let work = async || match epoch().map_err(store_error)? {
        Some(epoch) => Ok((work(client).await?, epoch)),
        None => {
            let primary = ownership::document(client, statements).await?.primary();
            Err(StoreError::NotPrimary { primary })
        }
    };
    let done = work().await;
    // If the end fails, the connection must not be used again.
    let ((answer, place), epoch) = match done {
        Ok(done) => {
            commit(client.batch("COMMIT")).await?;
            done
        }
        Err(error) => {
            client.roll_back().await?;
            return Err(error);
        }
    };
    if let Some(at) = place {
        position_watch.wrote(Position { epoch: epoch.try_into().map_err(StoreError::failed)?, at });
    }
    Ok(answer)
}
