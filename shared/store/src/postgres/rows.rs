//! Rows in and out of statements.

use std::error::Error;
use std::pin::pin;

use bytes::BytesMut;
use deadpool_postgres::GenericClient;
use futures_util::TryStreamExt;
use models::Timestamp;

use tokio_postgres::types::{FromSqlOwned, IsNull, ToSql, Type, to_sql_checked};

use super::error::{store_error, write_error};
use crate::page::Met;
use crate::record::Value;
use crate::sql::Statements;
use crate::{Cells, Record, Row, StoreError};

/// An id as PostgreSQL counts.
pub(super) fn sql_id(id: u64) -> Result<i64, StoreError> {
    id.try_into().map_err(StoreError::failed)
}

pub(super) async fn find<R: Record>(
    client: &impl GenericClient,
    sql: &str,
    id: u64,
) -> Result<Option<Row<R::Content>>, StoreError> {
    let statement = client.prepare_cached(sql).await.map_err(store_error)?;
    let row = client.query_opt(&statement, &[&sql_id(id)?]).await.map_err(store_error)?;
    row.map(|row| Row::read::<R>(&mut PostgresCells::new(&row))).transpose()
}

/// Walks from `start` (not met) over at most `limit` rows, and looks whether there is one more.
pub(super) async fn list<R: Record>(
    client: &impl GenericClient,
    sql: &str,
    start: u64,
    limit: usize,
    filter: Option<u64>,
) -> Result<Met<R::Content>, StoreError> {
    let statement = client.prepare_cached(sql).await.map_err(store_error)?;
    let mut params = vec![sql_id(start)?, i64::try_from(limit + 1).map_err(StoreError::failed)?];
    if let Some(id) = filter {
        params.push(sql_id(id)?);
    }
    let mut rows = pin!(client.query_raw(&statement, params).await.map_err(store_error)?);
    let mut met = Met::new(limit);
    while let Some(row) = rows.try_next().await.map_err(store_error)? {
        let mut cells = PostgresCells::new(&row);
        let row = Row::read::<R>(&mut cells)?;
        if !met.take(row, cells.bytes) {
            break;
        }
    }
    Ok(met)
}

pub(super) async fn insert(
    client: &impl GenericClient,
    statements: &Statements,
    now: Timestamp,
    values: &[Value<'_>],
) -> Result<u64, StoreError> {
    let statement = client.prepare_cached(&statements.insert).await.map_err(store_error)?;
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&now.unix_ms];
    params.extend(values.iter().map(|value| value as &(dyn ToSql + Sync)));
    let row = client.query_one(&statement, &params).await;
    let row = row.map_err(|error| write_error(error, statements.table.unique))?;
    let id: i64 = row.try_get(0).map_err(store_error)?;
    id.try_into().map_err(StoreError::failed)
}

/// Runs an update or delete: `$1` id, `$2` now, then the values.
pub(super) async fn execute(
    client: &impl GenericClient,
    sql: &str,
    statements: &Statements,
    id: u64,
    now: Timestamp,
    values: &[Value<'_>],
) -> Result<(), StoreError> {
    let statement = client.prepare_cached(sql).await.map_err(store_error)?;
    let id = sql_id(id)?;
    let mut params: Vec<&(dyn ToSql + Sync)> = vec![&id, &now.unix_ms];
    params.extend(values.iter().map(|value| value as &(dyn ToSql + Sync)));
    let done = client.execute(&statement, &params).await;
    done.map(drop).map_err(|error| write_error(error, statements.table.unique))
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Text(text) => text.to_sql(ty, out),
            Self::Id(id) => i64::try_from(*id)?.to_sql(ty, out),
        }
    }

    fn accepts(ty: &Type) -> bool {
        <&str as ToSql>::accepts(ty) || <i64 as ToSql>::accepts(ty)
    }

    to_sql_checked!();
}

struct PostgresCells<'a> {
    row: &'a tokio_postgres::Row,
    next: usize,
    bytes: usize,
}

impl<'a> PostgresCells<'a> {
    fn new(row: &'a tokio_postgres::Row) -> Self {
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
