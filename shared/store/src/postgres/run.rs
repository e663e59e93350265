//! Running a statement, and reading what it gives.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, FromSqlOwned};

use super::error::store_error;
use super::link::{Link, Parameter};
use crate::StoreError;

/// An id as PostgreSQL counts.
pub(super) fn sql_id(id: u64) -> Result<i64, StoreError> {
    id.try_into().map_err(StoreError::failed)
}

/// A value of a row.
pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Row, place: usize) -> Result<T, StoreError> {
    row.try_get(place).map_err(StoreError::failed)
}

/// A number that PostgreSQL counts and that is never negative.
pub(super) fn unsigned(number: i64) -> Result<u64, StoreError> {
    number.try_into().map_err(StoreError::failed)
}

/// Runs a statement that gives nothing; says how many rows it changed.
pub(super) async fn run(
    client: &Link,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<u64, StoreError> {
    client.execute(sql, parameters).await.map_err(store_error)
}

/// Runs a statement that gives one value, or nothing.
pub(super) async fn maybe<T: FromSqlOwned>(
    client: &Link,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Option<T>, StoreError> {
    let row = client.query_opt(sql, parameters).await.map_err(store_error)?;
    row.map(|row| row.try_get(0)).transpose().map_err(StoreError::failed)
}

/// Runs a statement that gives one number.
pub(super) async fn number(
    client: &Link,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<u64, StoreError> {
    unsigned(maybe(client, sql, parameters).await?.unwrap_or(0))
}

/// Runs a statement that gives rows.
pub(super) async fn query(
    client: &Link,
    sql: &str,
    parameters: &[Parameter<'_>],
) -> Result<Vec<Row>, StoreError> {
    client.query(sql, parameters).await.map_err(store_error)
}
