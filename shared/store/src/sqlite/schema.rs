//! Opening a file: look first, then bring its schema up to date in one transaction.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use models::Collection;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::connection;
use super::error::is_damage;
use crate::OpenError;
use crate::sql::{
    Dialect, Present, READ_VERSION, RENAME_OLD_COLUMN, SCHEMA_VERSION, VERSION_TABLE,
    WRITE_VERSION, additions, has_old_column, migrations, read_columns, read_indexes,
};
use crate::table::Tables;

/// How long the start may take to look for damage; a large file is looked at only in part.
const CHECK_TIME: Duration = Duration::from_millis(250);
/// How many of SQLite's virtual machine steps pass between two looks at the clock.
const CHECK_STEPS: i32 = 10_000;

/// What helps if the file cannot be used.
const ADVICE: &str = "make sure that its folder exists, that this user may write there, and that there is space left, \
    or name another database";

pub(super) fn open(path: &Path, tables: &Tables) -> Result<Connection, OpenError> {
    let database = format!("sqlite:{}", path.display());
    let unreachable = |error: rusqlite::Error| {
        if is_damage(&error) {
            return damaged(&database, &error);
        }
        OpenError::Unreachable {
            database: database.clone(),
            advice: ADVICE,
            cause: Arc::new(error),
        }
    };
    files::make_database(path).map_err(|error| OpenError::Unreachable {
        database: database.clone(),
        advice: ADVICE,
        cause: Arc::new(error),
    })?;
    let mut connection = connection::write(path).map_err(unreachable)?;
    check(&mut connection, &database).map_err(|error| match error {
        Finding::Damage(error) => error,
        Finding::Trouble(error) => unreachable(error),
    })?;
    for table in tables.all() {
        let collection = &table.statements.collection;
        let found = version(&connection, collection).map_err(unreachable)?;
        if found > SCHEMA_VERSION {
            let (collection, known) = (collection.name.clone(), SCHEMA_VERSION);
            return Err(OpenError::Newer { database, collection, found, known });
        }
    }
    connection::make_durable(&connection).map_err(unreachable)?;
    let migrated = migrate(&mut connection, tables, &database).map_err(|error| {
        if is_damage(&error) {
            return damaged(&database, &error);
        }
        OpenError::Schema { database: database.clone(), cause: Arc::new(error) }
    })?;
    migrated.map(|()| connection)
}

fn damaged(database: &str, error: &rusqlite::Error) -> OpenError {
    OpenError::Damaged { database: database.to_owned(), finding: error.to_string() }
}

enum Finding {
    Damage(OpenError),
    Trouble(rusqlite::Error),
}

/// Looks for damage, for as long as [`CHECK_TIME`] allows.
fn check(connection: &mut Connection, database: &str) -> Result<(), Finding> {
    let end = Instant::now() + CHECK_TIME;
    connection
        .progress_handler(CHECK_STEPS, Some(move || Instant::now() > end))
        .map_err(Finding::Trouble)?;
    let finding = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get::<_, String>(0));
    connection.progress_handler(0, None::<fn() -> bool>).map_err(Finding::Trouble)?;
    match finding {
        Ok(finding) if finding == "ok" => Ok(()),
        Ok(finding) => {
            Err(Finding::Damage(OpenError::Damaged { database: database.to_owned(), finding }))
        }
        Err(error)
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
        {
            Ok(())
        }
        Err(error) => Err(Finding::Trouble(error)),
    }
}

/// The version of a collection's schema; 0 if it has none yet.
fn version(connection: &Connection, collection: &Collection) -> rusqlite::Result<i64> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE name = 'banyan_schema'";
    if connection.query_row(sql, [], |_| Ok(())).optional()?.is_none() {
        return Ok(0);
    }
    let sql = READ_VERSION.replace('$', "?");
    Ok(connection.query_row(&sql, [&collection.name], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Brings the tables up to date, or refuses a description and changes nothing.
fn migrate(
    connection: &mut Connection,
    tables: &Tables,
    database: &str,
) -> rusqlite::Result<Result<(), OpenError>> {
    // Another process may have come first between the look and this transaction.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(VERSION_TABLE)?;
    let old = has_old_column(Dialect::Sqlite);
    if transaction.query_row(old, [], |_| Ok(())).optional()?.is_some() {
        transaction.execute_batch(RENAME_OLD_COLUMN)?;
    }
    for table in tables.all() {
        let collection = &table.statements.collection;
        let found = version(&transaction, collection)?;
        for statement in migrations(collection, Dialect::Sqlite, found) {
            transaction.execute_batch(&statement)?;
        }
        if found < SCHEMA_VERSION {
            let sql = WRITE_VERSION.replace('$', "?");
            transaction.execute(&sql, (&collection.name, SCHEMA_VERSION))?;
        }
        let present = Present {
            columns: names(&transaction, read_columns(Dialect::Sqlite), collection)?,
            indexes: names(&transaction, read_indexes(Dialect::Sqlite), collection)?,
        };
        match additions(collection, Dialect::Sqlite, &present) {
            Ok(statements) => {
                for statement in statements {
                    transaction.execute_batch(&statement)?;
                }
            }
            Err(reason) => {
                let (database, collection) = (database.to_owned(), collection.name.clone());
                return Ok(Err(OpenError::Collection { database, collection, reason }));
            }
        }
    }
    transaction.commit().map(Ok)
}

/// The names that a statement gives of a collection's table.
fn names(
    connection: &Connection,
    sql: &str,
    collection: &Collection,
) -> rusqlite::Result<BTreeSet<String>> {
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([&collection.name], |row| row.get(0))?;
    names.collect()
}
