//! The state, and transactions on it.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use postgres::PostgresUrl;

use crate::locks::LOCKS;
use crate::session::DatabaseSession;
use crate::{Error, StateError, Transaction, file, schema};

/// The state of the control plane. Cheap to clone. Code within a transaction must not begin another one.
#[derive(Clone, Debug)]
pub struct Journal {
    engine: Engine,
    /// Whether the state may be changed.
    writes: bool,
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(Arc<DatabaseSession>),
}

/// A file that is closed, so that another process can open it. Whatever uses the state waits for as long as this is there.
pub struct GivenUp<'a>(MutexGuard<'a, Connection>);

impl GivenUp<'_> {
    /// Opens the file again.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub fn reopen(&mut self, folder: &Path) -> Result<(), StateError> {
        *self.0 = file::connect(folder)?;
        Ok(())
    }
}

impl Journal {
    /// The state in a data folder. Each commit is on disk when it returns (WAL, synchronous=FULL), and no second process
    /// can open the file meanwhile.
    ///
    /// # Errors
    /// If the file cannot be used: damaged, not writable, or used by another process.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        file::connect(folder).map(Self::on)
    }

    /// Closes the file, so that another process can open it. Drop what this gives only after [`GivenUp::reopen`], or with
    /// the end of the process: what is asked of the state in between fails.
    ///
    /// # Errors
    /// If it cannot be closed, or is none; the state is as before then.
    pub fn give_up(&self) -> Result<GivenUp<'_>, Error> {
        let Engine::Sqlite(connection) = &self.engine else {
            return Err(Error::failed("it is no file"));
        };
        let mut open = lock(connection);
        let file = std::mem::replace(&mut *open, Connection::open_in_memory()?);
        match file.close() {
            Ok(()) => Ok(GivenUp(open)),
            Err((file, cause)) => {
                *open = file;
                Err(cause.into())
            }
        }
    }

    /// The state behind a connection to SQLite.
    pub fn on(connection: Connection) -> Self {
        Self { engine: Engine::Sqlite(Arc::new(Mutex::new(connection))), writes: true }
    }

    /// A session with PostgreSQL, which begins now.
    ///
    /// # Errors
    /// If the server cannot be reached.
    pub fn connect(url: &PostgresUrl) -> Result<Self, Error> {
        let session = DatabaseSession::open(url)?;
        Ok(Self { engine: Engine::Postgres(Arc::new(session)), writes: true })
    }

    /// The same state, without the right to change it.
    pub fn read_only(&self) -> Self {
        Self { engine: self.engine.clone(), writes: false }
    }

    /// Whether the session has ended: nothing can be read or written through it any more. A file is never over.
    pub fn is_over(&self) -> bool {
        self.session().is_some_and(DatabaseSession::is_over)
    }

    /// The session, if this is one with PostgreSQL.
    pub(crate) fn session(&self) -> Option<&DatabaseSession> {
        match &self.engine {
            Engine::Sqlite(_) => None,
            Engine::Postgres(session) => Some(session),
        }
    }

    /// Makes tables that are not there, if the state may be changed. The schema is SQL with the words of `schema.rs`: `TEXT`, `NUMBER`, `FLAG`,
    /// `BYTES`, and `SEQUENCE` for a key that grows; a table ends with a line of its own, `);`.
    ///
    /// # Errors
    /// What the engine says.
    pub fn make_tables(&self, schema: &str) -> Result<(), Error> {
        if !self.writes {
            return Ok(());
        }
        match &self.engine {
            Engine::Sqlite(connection) => {
                Ok(lock(connection).execute_batch(&schema::sqlite(schema))?)
            }
            Engine::Postgres(session) => session.batch(&format!(
                // One transaction: several processes may start at once.
                "SELECT pg_advisory_xact_lock({LOCKS}, -1); {}",
                schema::postgres(schema)
            )),
        }
    }

    /// Runs `work` on one state, which does not change meanwhile.
    ///
    /// # Errors
    /// What `work` answers, and what the engine says.
    pub fn read<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        match &self.engine {
            Engine::Sqlite(connection) => {
                on_sqlite(connection, TransactionBehavior::Deferred, work)
            }
            Engine::Postgres(session) => session
                .transact("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", |session| {
                    work(&Transaction::postgres(session))
                }),
        }
    }

    /// Runs `work` in one transaction, which is rolled back if `work` fails. It is on disk when this returns.
    ///
    /// # Errors
    /// What `work` answers, and what the engine says. If the session ends during the commit, it is not known whether
    /// it was done.
    pub fn write<T, E: From<Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.writes {
            return Err(Error::not_leader().into());
        }
        match &self.engine {
            Engine::Sqlite(connection) => {
                on_sqlite(connection, TransactionBehavior::Immediate, work)
            }
            Engine::Postgres(session) => session
                .transact("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", |session| {
                    work(&Transaction::postgres(session))
                }),
        }
    }
}

fn on_sqlite<T, E: From<Error>>(
    connection: &Mutex<Connection>,
    behavior: TransactionBehavior,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let mut connection = lock(connection);
    let transaction = connection.transaction_with_behavior(behavior).map_err(Error::from)?;
    let answer = work(&Transaction::sqlite(&transaction))?;
    transaction.commit().map_err(Error::from)?;
    Ok(answer)
}

fn lock(connection: &Mutex<Connection>) -> MutexGuard<'_, Connection> {
    // A thread that panicked with the lock left no transaction behind: dropping one rolls it back.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}
