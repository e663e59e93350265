//! What is kept on disk: resources and policies as documents, and the tokens of requests.

use std::collections::BTreeMap;

use journal::{Error, Transaction, values};
use proxy::CanaryTally;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::canary_counts;
use super::change_log;
use super::model::{Model, ModelChange, ResourceTable};
use super::resource::{Details, Resource, ResourceType, now_ms};
use super::token::ClientToken;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS spaces_resources (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        document TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS spaces_policies (
        arn TEXT PRIMARY KEY,
        policy TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS spaces_tokens (
        scope TEXT NOT NULL,
        token TEXT NOT NULL,
        fingerprint BYTES NOT NULL,
        resource TEXT NOT NULL,
        answer TEXT NOT NULL,
        lasting FLAG NOT NULL,
        created_ms NUMBER NOT NULL,
        PRIMARY KEY (scope, token)
    );
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
pub(crate) struct SpacesJournal(journal::Journal);

impl SpacesJournal {
    /// Brings the schema up to date.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(crate) fn open(state: journal::Journal) -> Result<Self, Error> {
        state.make_tables(SCHEMA)?;
        state.make_tables(canary_counts::SCHEMA)?;
        state.make_tables(change_log::SCHEMA)?;
        Ok(Self(state))
    }

    /// Everything that was ever committed.
    ///
    /// # Errors
    /// If a document cannot be read.
    pub(crate) fn load(&self) -> Result<Model, Error> {
        self.0.read(|state| {
            let sql = "SELECT arn, policy FROM spaces_policies";
            let policies = state.all(sql, values![], |row| Ok((row.text(0)?, row.text(1)?)))?;
            Ok(Model {
                environments: load(state)?,
                applications: load(state)?,
                services: load(state)?,
                routes: load(state)?,
                policies: policies.into_iter().collect(),
            })
        })
    }

    /// What changed in a shared state between two versions, as it is now; nothing if that is not known.
    ///
    /// # Errors
    /// If a document cannot be read.
    pub(crate) fn load_between(
        &self,
        from: i64,
        to: i64,
    ) -> Result<Option<Vec<ModelChange>>, Error> {
        self.0.read(|state| change_log::between(state, from, to))
    }

    /// The answer to a token, if it was given within the last 24 hours or the token is a lasting one.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub(crate) fn answered(&self, token: &ClientToken) -> Result<Option<Answered>, Error> {
        let sql = "SELECT fingerprint, answer FROM spaces_tokens
            WHERE scope = ?1 AND token = ?2 AND (lasting OR created_ms > ?3)";
        let values = values![&token.scope, &token.token, now_ms() - TOKEN_MS];
        self.0.read(|state| {
            state.one(sql, values, |row| {
                let answer = serde_json::from_str(&row.text(1)?)?;
                Ok(Answered { fingerprint: row.bytes(0)?, answer })
            })
        })
    }

    /// Commits all changes, or none. They are on disk when this returns.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(crate) fn write(&self, changes: &[ModelChange]) -> Result<(), Error> {
        self.0.write(|state| {
            changes.iter().try_for_each(|change| write(state, change))?;
            let announces = changes.iter().any(ModelChange::concerns_traffic);
            if announces { announce(state, changes) } else { Ok(()) }
        })
    }

    /// Takes away what other processes saw of canaries, by route.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(crate) fn take_canary_counts(&self) -> Result<BTreeMap<String, CanaryTally>, Error> {
        canary_counts::take(&self.0)
    }

    /// Tells other processes to read the state again.
    ///
    /// # Errors
    /// If the state cannot be written.
    pub(crate) fn announce(&self) -> Result<(), Error> {
        self.0.write(|state| announce(state, &[]))
    }

    /// Waits until every live process has what is changed so far; gives the names of those that do not have it.
    ///
    /// # Errors
    /// If the session does not lead any more.
    pub(crate) fn everywhere(&self) -> Result<Vec<String>, Error> {
        self.0.everywhere()
    }

    /// Whether another process has an upload of an application under way that began with earlier routes.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub(crate) fn has_earlier_uploads(&self, application: &str) -> Result<bool, Error> {
        self.0.has_earlier_uploads(application)
    }
}

fn announce(state: &Transaction<'_>, changes: &[ModelChange]) -> Result<(), Error> {
    let announced = state.announce()?;
    announced.map_or(Ok(()), |version| change_log::note(state, version, changes))
}

fn load<D: Details + DeserializeOwned>(state: &Transaction<'_>) -> Result<ResourceTable<D>, Error> {
    let sql = "SELECT document FROM spaces_resources WHERE kind = ?1";
    let resources: Vec<Resource<D>> = state.documents(sql, values![D::KIND.as_str()])?;
    Ok(resources.into_iter().map(|resource| (resource.id.clone(), resource)).collect())
}

fn write(state: &Transaction<'_>, change: &ModelChange) -> Result<(), Error> {
    match change {
        ModelChange::Environment(resource) => put(state, resource),
        ModelChange::Application(resource) => put(state, resource),
        ModelChange::Service(resource) => put(state, resource),
        ModelChange::Route(resource) | ModelChange::Protection(resource) => put(state, resource),
        ModelChange::Delete(_, id) => {
            state.run("DELETE FROM spaces_resources WHERE id = ?1", values![id])
        }
        ModelChange::Policy(arn, Some(policy)) => {
            let sql = "INSERT INTO spaces_policies (arn, policy) VALUES (?1, ?2)
                ON CONFLICT (arn) DO UPDATE SET policy = excluded.policy";
            state.run(sql, values![arn, policy])
        }
        ModelChange::Policy(arn, None) => {
            state.run("DELETE FROM spaces_policies WHERE arn = ?1", values![arn])
        }
        ModelChange::ClientToken(token, resource, answer) => {
            forget_old_tokens(state)?;
            let ClientToken { scope, token, fingerprint, lasting } = token;
            let key = values![scope, token];
            state.run("DELETE FROM spaces_tokens WHERE scope = ?1 AND token = ?2", key)?;
            let sql = "INSERT INTO spaces_tokens
                (scope, token, fingerprint, resource, answer, lasting, created_ms)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let (fingerprint, answer) = (fingerprint.as_slice(), answer.to_string());
            let (lasting, now) = (*lasting, now_ms());
            state.run(sql, values![scope, token, fingerprint, resource, answer, lasting, now])
        }
        ModelChange::Answer(resource, answer) => {
            let sql = "UPDATE spaces_tokens SET answer = ?2 WHERE resource = ?1";
            state.run(sql, values![resource, answer.to_string()])
        }
    }
}

fn put<D: Details>(state: &Transaction<'_>, resource: &Resource<D>) -> Result<(), Error> {
    let document = serde_json::to_string(resource)?;
    let sql = "INSERT INTO spaces_resources (id, kind, document) VALUES (?1, ?2, ?3)
        ON CONFLICT (id) DO UPDATE SET document = excluded.document";
    state.run(sql, values![&resource.id, kind_of(resource).as_str(), document])
}

fn kind_of<D: Details>(_: &Resource<D>) -> ResourceType {
    D::KIND
}

fn forget_old_tokens(state: &Transaction<'_>) -> Result<(), Error> {
    let sql = "DELETE FROM spaces_tokens WHERE created_ms <= ?1
        AND NOT (lasting AND EXISTS (SELECT 1 FROM spaces_resources WHERE id = resource))";
    state.run(sql, values![now_ms() - TOKEN_MS])
}
