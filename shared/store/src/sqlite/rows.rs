//! Rows in and out of statements.

use models::{Cell, Timestamp};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::error::{store_error, write_error};
use crate::StoreError;
use crate::page::{Met, RowTaken};
use crate::row::{Columns, RowRef};
use crate::sql::Statements;
use crate::value::{Value, values};

/// Runs a statement that gives one row of the table, or none, and reads it where it stands.
pub(super) fn find<T>(
    connection: &Connection,
    statements: &Statements,
    sql: &str,
    id: u64,
    read: impl FnOnce(&RowRef<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let found = statement.query_row([id], |row| {
        Ok(RowRef::read(&statements.collection, &SqliteColumns(row), 0).and_then(|row| read(&row)))
    });
    found.optional().map_err(store_error)?.transpose()
}

/// Walks from `start` (not met) until the page is full, and looks whether there is one more row.
pub(super) fn list(
    connection: &Connection,
    statements: &Statements,
    sql: &str,
    start: u64,
    mut met: Met,
    filter: Option<u64>,
) -> Result<Met, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let one_more = met.wanted();
    let mut rows = match filter {
        Some(id) => statement.query(params![start, one_more, id]),
        None => statement.query(params![start, one_more]),
    }
    .map_err(store_error)?;
    while let Some(row) = rows.next().map_err(store_error)? {
        let columns = SqliteColumns(row);
        if met.take(&RowRef::read(&statements.collection, &columns, 0)?)? == RowTaken::Full {
            break;
        }
    }
    Ok(met)
}

pub(super) fn insert(
    connection: &Connection,
    statements: &Statements,
    now: Timestamp,
    place: u64,
    cells: &[Cell],
) -> Result<u64, StoreError> {
    let taken = |error| write_error(error, &statements.collection);
    let values = values(cells);
    let mut insert = connection.prepare_cached(&statements.insert).map_err(store_error)?;
    let mut params: Vec<&dyn ToSql> = vec![&now.unix_ms, &place];
    params.extend(values.iter().map(|value| value as &dyn ToSql));
    insert.query_row(params.as_slice(), |row| row.get(0)).map_err(taken)
}

/// Runs an update or delete: `?1` id, `?2` now, `?3` its place, then the values. Gives the rev.
pub(super) fn execute(
    connection: &Connection,
    sql: &str,
    statements: &Statements,
    id: u64,
    now: Timestamp,
    place: u64,
    cells: &[Cell],
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let values = values(cells);
    let mut params: Vec<&dyn ToSql> = vec![&id, &now.unix_ms, &place];
    params.extend(values.iter().map(|value| value as &dyn ToSql));
    let changed = statement.query_row(params.as_slice(), |row| row.get(0));
    changed.map_err(|error| write_error(error, &statements.collection))
}

/// The columns of a row.
pub(super) struct SqliteColumns<'a>(pub(super) &'a rusqlite::Row<'a>);

impl Columns for SqliteColumns<'_> {
    fn text(&self, place: usize) -> Result<&str, StoreError> {
        let text = self.0.get_ref(place).map_err(store_error)?;
        text.as_str().map_err(StoreError::failed)
    }

    fn integer(&self, place: usize) -> Result<i64, StoreError> {
        let number = self.0.get_ref(place).map_err(store_error)?;
        number.as_i64().map_err(StoreError::failed)
    }

    fn boolean(&self, place: usize) -> Result<bool, StoreError> {
        self.integer(place).map(|number| number != 0)
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self.0 {
            Cell::Text(text) => text.to_sql(),
            Cell::Integer(number) => number.to_sql(),
            Cell::Boolean(is) => is.to_sql(),
            Cell::Time(time) => Ok(time.unix_ms.into()),
            Cell::Id(id) => id.to_sql(),
        }
    }
}
