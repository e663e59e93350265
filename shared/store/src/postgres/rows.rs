//! Rows in and out of statements.

use std::error::Error;

use bytes::BytesMut;
use models::Timestamp;

use tokio_postgres::types::{FromSql, FromSqlOwned, IsNull, ToSql, Type, to_sql_checked};

use super::error::{store_error, write_error};
use super::link::Link;
use crate::page::{Met, Taken};
use crate::record::Value;
use crate::sql::Statements;
use crate::{Cells, Record, Row, StoreError};

/// The most rows fetched at once.
const PORTION: usize = 250;

/// An id as PostgreSQL counts.
pub(super) fn sql_id(id: u64) -> Result<i64, StoreError> {
    id.try_into().map_err(StoreError::failed)
}

/// A value of a row.
pub(super) fn get<'a, T: FromSql<'a>>(
    row: &'a tokio_postgres::Row,
    place: usize,
) -> Result<T, StoreError> {
    row.try_get(place).map_err(StoreError::failed)
}

/// A number that PostgreSQL counts and that is never negative.
pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    number.try_into().map_err(StoreError::failed)
}

pub(super) async fn find<R: Record>(
    client: &Link,
    sql: &str,
    id: u64,
) -> Result<Option<Row<R::Content>>, StoreError> {
    let row = client.query_opt(sql, &[&sql_id(id)?]).await.map_err(store_error)?;
    row.map(|row| Row::read::<R>(&mut PostgresCells::new(&row))).transpose()
}

/// Walks from `start` (not met) until the page is full, and looks whether there is one more row.
///
/// The server sends all rows of a query, wanted or not, so it is asked for them in portions: a page
/// that is full at its limit in bytes has not fetched many more than it holds.
pub(super) async fn list<R: Record>(
    client: &Link,
    sql: &str,
    start: u64,
    mut met: Met<R::Content>,
    filter: Option<u64>,
) -> Result<Met<R::Content>, StoreError> {
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
            let mut cells = PostgresCells::new(&row);
            let row = Row::read::<R>(&mut cells)?;
            from = sql_id(row.id)?;
            if met.take(row, cells.bytes) == Taken::Full {
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
    values: &[Value<'_>],
) -> Result<(u64, u64), StoreError> {
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&now.unix_ms];
    params.extend(values.iter().map(|value| value as &(dyn ToSql + Sync)));
    let row = client.query_opt(&statements.insert, &params).await;
    let row = row.map_err(|error| write_error(error, statements))?.ok_or(StoreError::NotFound)?;
    let number = |place| unsigned(get(&row, place)?);
    Ok((number(0)?, number(1)?))
}

/// Runs an update or delete of a row that is there: `$1` id, `$2` now, then the values. Gives the rev and the place.
pub(super) async fn execute(
    client: &Link,
    sql: &str,
    statements: &Statements,
    id: u64,
    now: Timestamp,
    values: &[Value<'_>],
) -> Result<(u64, u64), StoreError> {
    let id = sql_id(id)?;
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
        match self {
            Self::Text(text) => text.to_sql_checked(ty, out),
            Self::Id(id) => i64::try_from(*id)?.to_sql_checked(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        <&str as ToSql>::accepts(ty) || <i64 as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

pub(super) struct PostgresCells<'a> {
    row: &'a tokio_postgres::Row,
    next: usize,
    pub(super) bytes: usize,
}

impl<'a> PostgresCells<'a> {
    pub(super) fn new(row: &'a tokio_postgres::Row) -> Self {
        Self { row, next: 0, bytes: 0 }
    }

    fn cell<T: FromSqlOwned>(&mut self) -> Result<T, StoreError> {
        let cell = self.row.try_get(self.next).map_err(StoreError::failed)?;
        self.next += 1;
        Ok(cell)
    }
}

impl Cells for PostgresCells<'_> {
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
