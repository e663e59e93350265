//! Rows in and out of statements.

use std::error::Error;
use std::iter;

use bytes::BytesMut;
use models::{Cell, Timestamp};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::error::{store_error, write_error};
use super::link::{Link, Parameter};
use super::run::{get, sql_id, unsigned};
use crate::StoreError;
use crate::page::{Met, RowTaken};
use crate::row::{Columns, RowRef};
use crate::sql::Statements;
use crate::value::{Value, values};

/// The most rows fetched at once.
const PORTION: usize = 250;

/// Runs a statement that gives one row of the table, or none, and reads it where it stands.
pub(super) async fn find<T>(
    client: &Link,
    statements: &Statements,
    sql: &str,
    id: u64,
    read: impl FnOnce(&RowRef<'_>) -> Result<T, StoreError>,
) -> Result<Option<T>, StoreError> {
    let row = client.query_opt(sql, &[&sql_id(id)?]).await.map_err(store_error)?;
    let Some(row) = row else { return Ok(None) };
    RowRef::read(&statements.collection, &PostgresColumns(&row), 0)
        .and_then(|row| read(&row))
        .map(Some)
}

/// Walks from `start` (not met) until the page is full, and looks whether there is one more row.
///
/// The server sends all rows of a query, wanted or not, so it is asked for them in portions: a page
/// that is full at its limit in bytes has not fetched many more than it holds.
pub(super) async fn list(
    client: &Link,
    statements: &Statements,
    sql: &str,
    start: u64,
    mut met: Met,
    filter: Option<u64>,
) -> Result<Met, StoreError> {
    let filter = filter.map(sql_id).transpose()?;
    let mut from = sql_id(start)?;
    loop {
        let portion = met.wanted().min(PORTION);
        let count = i64::try_from(portion).map_err(StoreError::failed)?;
        let mut params: Vec<&(dyn ToSql + Sync)> = vec![&from, &count];
        params.extend(filter.as_ref().map(|id| id as &(dyn ToSql + Sync)));
        let rows = client.query(sql, &params).await.map_err(store_error)?;
        let last = rows.len() < portion;
        for row in rows {
            let columns = PostgresColumns(&row);
            let row = RowRef::read(&statements.collection, &columns, 0)?;
            from = sql_id(row.id)?;
            if met.take(&row)? == RowTaken::Full {
                return Ok(met);
            }
        }
        if last {
            return Ok(met);
        }
    }
}

/// Gives the id and the place.
pub(super) async fn insert(
    client: &Link,
    statements: &Statements,
    now: Timestamp,
    cells: &[Cell],
) -> Result<(u64, u64), StoreError> {
    let values = values(cells);
    let params = insert_parameters(&now.unix_ms, &values);
    let row = client.query_opt(&statements.insert, &params).await;
    let row = row.map_err(|error| write_error(error, statements))?.ok_or(StoreError::NotFound)?;
    let number = |place| unsigned(get(&row, place)?);
    Ok((number(0)?, number(1)?))
}

/// What an insert is told: now, and the values.
pub(super) fn insert_parameters<'a>(now: &'a i64, values: &'a [Value<'_>]) -> Vec<Parameter<'a>> {
    let values = values.iter().map(|value| value as Parameter<'a>);
    iter::once(now as Parameter<'a>).chain(values).collect()
}

/// Runs an update or delete of a row that is there: `$1` id, `$2` now, then the values. Gives the rev and the place.
pub(super) async fn execute(
    client: &Link,
    sql: &str,
    statements: &Statements,
    id: u64,
    now: Timestamp,
    cells: &[Cell],
) -> Result<(u64, u64), StoreError> {
    let (id, values) = (sql_id(id)?, values(cells));
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&id, &now.unix_ms];
    params.extend(values.iter().map(|value| value as &(dyn ToSql + Sync)));
    let row = client.query_opt(sql, &params).await;
    let row = row.map_err(|error| write_error(error, statements))?.ok_or(StoreError::NotFound)?;
    let number = |place| unsigned(get(&row, place)?);
    Ok((number(0)?, number(1)?))
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Cell::Text(text) => text.to_sql_checked(ty, out),
            Cell::Integer(number) => number.to_sql_checked(ty, out),
            Cell::Boolean(is) => is.to_sql_checked(ty, out),
            Cell::Time(time) => time.unix_ms.to_sql_checked(ty, out),
            Cell::Id(id) => i64::try_from(*id)?.to_sql_checked(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        <&str as ToSql>::accepts(ty) || <i64 as ToSql>::accepts(ty) || <bool as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

/// The columns of a row.
pub(super) struct PostgresColumns<'a>(pub(super) &'a tokio_postgres::Row);

impl Columns for PostgresColumns<'_> {
    fn text(&self, place: usize) -> Result<&str, StoreError> {
        get(self.0, place)
    }

    fn integer(&self, place: usize) -> Result<i64, StoreError> {
        get(self.0, place)
    }

    fn boolean(&self, place: usize) -> Result<bool, StoreError> {
        get(self.0, place)
    }
}
