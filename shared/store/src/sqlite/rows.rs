//! Rows in and out of statements.

use models::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::error::{store_error, write_error};
use crate::page::{Met, Taken};
use crate::record::Value;
use crate::sql::Statements;
use crate::{Cells, Record, Row, StoreError};

pub(super) fn find<R: Record>(
    connection: &Connection,
    sql: &str,
    id: u64,
) -> Result<Option<Row<R::Content>>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    statement
        .query_row([id], |row| Ok(Row::read::<R>(&mut SqliteCells::new(row))))
        .optional()
        .map_err(store_error)?
        .transpose()
}

/// Walks from `start` (not met) until the page is full, and looks whether there is one more row.
pub(super) fn list<R: Record>(
    connection: &Connection,
    sql: &str,
    start: u64,
    mut met: Met<R::Content>,
    filter: Option<u64>,
) -> Result<Met<R::Content>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let one_more = met.wanted();
    let mut rows = match filter {
        Some(id) => statement.query(params![start, one_more, id]),
        None => statement.query(params![start, one_more]),
    }
    .map_err(store_error)?;
    while let Some(row) = rows.next().map_err(store_error)? {
        let mut cells = SqliteCells::new(row);
        let row = Row::read::<R>(&mut cells)?;
        if met.take(row, cells.bytes) == Taken::Full {
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
    values: &[Value<'_>],
) -> Result<u64, StoreError> {
    let taken = |error| write_error(error, statements.table.unique);
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
    values: &[Value<'_>],
) -> Result<u64, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let mut params: Vec<&dyn ToSql> = vec![&id, &now.unix_ms, &place];
    params.extend(values.iter().map(|value| value as &dyn ToSql));
    let changed = statement.query_row(params.as_slice(), |row| row.get(0));
    changed.map_err(|error| write_error(error, statements.table.unique))
}

pub(super) struct SqliteCells<'a> {
    row: &'a rusqlite::Row<'a>,
    next: usize,
    pub(super) bytes: usize,
}

impl<'a> SqliteCells<'a> {
    pub(super) fn new(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row, next: 0, bytes: 0 }
    }

    fn cell<T: rusqlite::types::FromSql>(&mut self) -> Result<T, StoreError> {
        let cell = self.row.get(self.next).map_err(store_error)?;
        self.next += 1;
        Ok(cell)
    }
}

impl Cells for SqliteCells<'_> {
    fn text(&mut self) -> Result<String, StoreError> {
        let text: String = self.cell()?;
        self.bytes += text.len();
        Ok(text)
    }

    fn integer(&mut self) -> Result<i64, StoreError> {
        self.bytes += size_of::<i64>();
        self.cell()
    }
}
