//! What is kept on disk: resources and policies as documents, and the tokens of requests.

use std::sync::PoisonError;

use rusqlite::{Connection, OptionalExtension, Result, params};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::model::{Model, ModelChange, ResourceTable};
use super::resource::{Details, Resource, ResourceType, now_ms};
use super::state::Shared;
use super::token::ClientToken;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS spaces_resources (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        document TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS spaces_policies (
        arn TEXT PRIMARY KEY,
        policy TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS spaces_tokens (
        scope TEXT NOT NULL,
        token TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        resource TEXT NOT NULL,
        answer TEXT NOT NULL,
        lasting INTEGER NOT NULL,
        created_ms INTEGER NOT NULL,
        PRIMARY KEY (scope, token)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS spaces_tokens_by_age ON spaces_tokens (created_ms);
    CREATE INDEX IF NOT EXISTS spaces_tokens_by_resource ON spaces_tokens (resource);
";

/// How long a token is remembered.
const TOKEN_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a token was answered with.
pub(crate) struct Answered {
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) answer: Value,
}

/// The state on disk.
pub(crate) struct Journal(Shared);

impl Journal {
    /// Brings the schema up to date.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn open(connection: Shared) -> Result<Self> {
        lock(&connection).execute_batch(SCHEMA)?;
        Ok(Self(connection))
    }

    /// Everything that was ever committed.
    ///
    /// # Errors
    /// If a document cannot be read.
    pub(crate) fn load(&self) -> Result<Model> {
        let connection = lock(&self.0);
        let mut policies = connection.prepare("SELECT arn, policy FROM spaces_policies")?;
        let policies = policies.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Model {
            environments: load(&connection)?,
            applications: load(&connection)?,
            services: load(&connection)?,
            routes: load(&connection)?,
            policies: policies.collect::<Result<_>>()?,
        })
    }

    /// The answer to a token, if it was given within the last 24 hours or the token is a lasting one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(crate) fn answered(&self, token: &ClientToken) -> Result<Option<Answered>> {
        let sql = "SELECT fingerprint, answer FROM spaces_tokens
            WHERE scope = ? AND token = ? AND (lasting OR created_ms > ?)";
        let connection = lock(&self.0);
        let mut statement = connection.prepare_cached(sql)?;
        let oldest = now_ms() - TOKEN_MS;
        let read = |row: &rusqlite::Row<'_>| {
            let answer = serde_json::from_str(&row.get::<_, String>(1)?).map_err(unreadable)?;
            Ok(Answered { fingerprint: row.get(0)?, answer })
        };
        statement.query_row(params![token.scope, token.token, oldest], read).optional()
    }

    /// Commits all changes, or none. They are on disk when this returns.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write(&self, changes: &[ModelChange]) -> Result<()> {
        let mut connection = lock(&self.0);
        let transaction = connection.transaction()?;
        for change in changes {
            write(&transaction, change)?;
        }
        transaction.commit()
    }
}

fn lock(connection: &Shared) -> std::sync::MutexGuard<'_, Connection> {
    // A thread that panicked with the lock left no transaction behind: dropping one rolls it back.
    connection.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unreadable(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
}

fn load<D: Details + DeserializeOwned>(connection: &Connection) -> Result<ResourceTable<D>> {
    let mut statement =
        connection.prepare("SELECT document FROM spaces_resources WHERE kind = ?")?;
    let read = |row: &rusqlite::Row<'_>| {
        let document: String = row.get(0)?;
        let resource: Resource<D> = serde_json::from_str(&document).map_err(unreadable)?;
        Ok((resource.id.clone(), resource))
    };
    statement.query_map([D::KIND.as_str()], read)?.collect()
}

fn write(connection: &Connection, change: &ModelChange) -> Result<()> {
    match change {
        ModelChange::Environment(resource) => put(connection, resource),
        ModelChange::Application(resource) => put(connection, resource),
        ModelChange::Service(resource) => put(connection, resource),
        ModelChange::Route(resource) | ModelChange::Protection(resource) => {
            put(connection, resource)
        }
        ModelChange::Delete(_, id) => {
            execute(connection, "DELETE FROM spaces_resources WHERE id = ?", [id])
        }
        ModelChange::Policy(arn, Some(policy)) => execute(
            connection,
            "INSERT OR REPLACE INTO spaces_policies (arn, policy) VALUES (?, ?)",
            [arn, policy],
        ),
        ModelChange::Policy(arn, None) => {
            execute(connection, "DELETE FROM spaces_policies WHERE arn = ?", [arn])
        }
        ModelChange::ClientToken(token, resource, answer) => {
            forget_old_tokens(connection)?;
            let sql = "INSERT OR REPLACE INTO spaces_tokens
                (scope, token, fingerprint, resource, answer, lasting, created_ms)
                VALUES (?, ?, ?, ?, ?, ?, ?)";
            let ClientToken { scope, token, fingerprint, lasting } = token;
            let answer = answer.to_string();
            let values = params![scope, token, fingerprint, resource, answer, lasting, now_ms()];
            execute(connection, sql, values)
        }
        ModelChange::Answer(resource, answer) => execute(
            connection,
            "UPDATE spaces_tokens SET answer = ?2 WHERE resource = ?1",
            params![resource, answer.to_string()],
        ),
    }
}

fn put<D: Details>(connection: &Connection, resource: &Resource<D>) -> Result<()> {
    let document = serde_json::to_string(resource).map_err(unreadable)?;
    let sql = "INSERT OR REPLACE INTO spaces_resources (id, kind, document) VALUES (?, ?, ?)";
    execute(connection, sql, params![resource.id, kind_of(resource).as_str(), document])
}

fn kind_of<D: Details>(_: &Resource<D>) -> ResourceType {
    D::KIND
}

fn forget_old_tokens(connection: &Connection) -> Result<()> {
    let sql = "DELETE FROM spaces_tokens WHERE created_ms <= ?
        AND NOT (lasting AND EXISTS (SELECT 1 FROM spaces_resources WHERE id = resource))";
    execute(connection, sql, [now_ms() - TOKEN_MS])
}

fn execute(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<()> {
    connection.prepare_cached(sql)?.execute(values).map(drop)
}
