//! A connection in use, and how statements are sent on it.
//!
//! A connection of our own keeps what is prepared and set on it. Behind a pooler in transaction mode
//! (PgBouncer's `pool_mode = transaction`) the next transaction may be on another one: there nothing is
//! prepared, and each transaction is told by itself what a connection of our own is told once.

use ::postgres::failure::is_lost_statement;
use bytes::BytesMut;
use deadpool_postgres::Object;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use super::error::store_error;
use super::session::{LOCAL, Sharing};
use crate::StoreError;

pub(super) type Parameter<'a> = &'a (dyn ToSql + Sync);

/// A transaction that sees what was committed before each of its statements.
pub(super) const READ_COMMITTED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
/// A transaction that reads in one snapshot.
pub(super) const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

#[derive(Debug)]
pub(super) struct Link {
    object: Object,
    sharing: Sharing,
}

impl Link {
    pub(super) fn new(object: Object, sharing: Sharing) -> Self {
        Self { object, sharing }
    }

    /// Takes it out of the pool and closes it.
    pub(super) fn close(self) {
        drop(Object::take(self.object));
    }

    /// Prepares statements that are then sent in one go.
    pub(super) async fn ready(&self, statements: &[&str]) -> Result<(), Error> {
        if !self.sharing.get() {
            for sql in statements {
                let prepared = self.object.prepare_cached(sql).await;
                prepared.map_err(|error| self.seen(error))?;
            }
        }
        Ok(())
    }

    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Error> {
        let rows = if self.sharing.get() {
            self.object.query_typed(sql, &typed(parameters)).await
        } else {
            match self.object.prepare_cached(sql).await {
                Ok(statement) => self.object.query(&statement, parameters).await,
                Err(error) => Err(error),
            }
        };
        rows.map_err(|error| self.seen(error))
    }

    pub(super) async fn query_opt(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<Option<Row>, Error> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// Runs a statement; says how many rows it changed.
    pub(super) async fn execute(
        &self,
        sql: &str,
        parameters: &[Parameter<'_>],
    ) -> Result<u64, Error> {
        let count = if self.sharing.get() {
            self.object.execute_typed(sql, &typed(parameters)).await
        } else {
            match self.object.prepare_cached(sql).await {
                Ok(statement) => self.object.execute(&statement, parameters).await,
                Err(error) => Err(error),
            }
        };
        count.map_err(|error| self.seen(error))
    }

    /// Runs statements that take and give nothing.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Error> {
        self.object.batch_execute(sql).await
    }

    /// Begins a transaction of this kind. If this fails, the connection must not be used again: the transaction may
    /// have begun without its limits.
    pub(super) async fn begin(&self, kind: &str) -> Result<(), StoreError> {
        let begun = if self.sharing.get() {
            self.batch(&format!("{kind}; {}", *LOCAL)).await
        } else {
            self.batch(kind).await
        };
        begun.map_err(StoreError::unavailable)
    }

    /// Begins a transaction that sees what was committed before each of its statements, and runs its first one.
    pub(super) async fn begin_with(&self, first: &str) -> Result<(), Error> {
        let limits = if self.sharing.get() { format!("; {}", *LOCAL) } else { String::new() };
        self.batch(&format!("{READ_COMMITTED}{limits}; {first}")).await
    }

    /// Does work inside a transaction that takes as long as the tables are large.
    pub(super) async fn unhurried<T>(
        &self,
        work: impl AsyncFnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.batch("SET LOCAL statement_timeout = 0").await.map_err(store_error)?;
        let done = work().await?;
        self.batch("SET LOCAL statement_timeout = '10s'").await.map_err(store_error)?;
        Ok(done)
    }

    /// Ends a transaction in which nothing was changed that matters, or all of it failed.
    pub(super) async fn end<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Ok(_) => self.batch("COMMIT").await.map_err(store_error)?,
            Err(_) => self.roll_back().await?,
        }
        done
    }

    /// If this fails, the connection must not be used again.
    pub(super) async fn roll_back(&self) -> Result<(), StoreError> {
        self.batch("ROLLBACK").await.map_err(StoreError::unavailable)
    }

    /// Runs work whose statements need not stand together.
    pub(super) async fn alone<T>(
        &self,
        work: impl AsyncFnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if !self.sharing.get() {
            return work(self).await;
        }
        // Both are on their way before the first is answered.
        let (begun, done) = tokio::join!(biased; self.begin(READ_COMMITTED), work(self));
        begun?;
        self.end(done).await
    }

    /// Looks whether an error is that of a statement which was prepared in another session.
    fn seen(&self, error: Error) -> Error {
        if error.code().is_some_and(is_lost_statement) {
            self.sharing.found();
        }
        error
    }
}

/// Parameters with the types that they have in SQL: without preparing, the server cannot be asked.
fn typed<'a>(parameters: &[Parameter<'a>]) -> Vec<(Parameter<'a>, Type)> {
    parameters.iter().map(|parameter| (*parameter, kind(*parameter))).collect()
}

/// The type that a parameter can be sent as. One that is none of these is refused when it is sent.
fn kind(parameter: Parameter<'_>) -> Type {
    let kinds = [
        Type::INT8,
        Type::TEXT,
        Type::BOOL,
        Type::INT8_ARRAY,
        Type::TEXT_ARRAY,
        Type::BOOL_ARRAY,
        Type::INT4,
    ];
    let fits = |kind: &Type| parameter.to_sql_checked(kind, &mut BytesMut::new()).is_ok();
    kinds.into_iter().find(fits).unwrap_or(Type::UNKNOWN)
}

#[cfg(test)]
mod tests {
    use models::Cell;
    use tokio_postgres::types::Type;

    use super::{Parameter, kind};
    use crate::value::Value;

    #[test]
    fn each_parameter_has_its_type() {
        let parameters: [(Parameter<'_>, Type); 10] = [
            (&1_i64, Type::INT8),
            (&"text", Type::TEXT),
            (&String::new(), Type::TEXT),
            (&Value(&Cell::Id(7)), Type::INT8),
            (&Value(&Cell::Text("7".into())), Type::TEXT),
            (&Value(&Cell::Boolean(true)), Type::BOOL),
            (&vec![1_i64], Type::INT8_ARRAY),
            (&vec![true], Type::BOOL_ARRAY),
            (&vec!["text"], Type::TEXT_ARRAY),
            (&vec![None::<&str>], Type::TEXT_ARRAY),
        ];
        for (parameter, of) in parameters {
            assert_eq!(kind(parameter), of);
        }
    }
}
