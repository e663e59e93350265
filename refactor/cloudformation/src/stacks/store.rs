//! Stacks on SQLite. Every change of state is one transaction; it is on disk when `write` returns.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Params, TransactionBehavior, params};
use serde::{Serialize, de::DeserializeOwned};

use super::error::StackError;
use super::{ChangeSet, Event, Resource, Stack, StackOperation, next_millisecond};

/// How many change sets a stack keeps; the oldest go first.
const CHANGE_SETS_KEPT: u32 = 50;
/// How many events a stack keeps; the oldest go first.
const EVENTS_KEPT: u32 = 2_000;
/// How many deleted stacks a region keeps, to be described by ARN; the oldest go first.
const DELETED_KEPT: u32 = 200;

/// The state of all stacks. The connection is shared with the refactor spaces, whose file it is.
#[derive(Clone)]
pub(crate) struct StackStore {
    connection: Arc<Mutex<Connection>>,
}

impl StackStore {
    /// A store on a connection that [`super::migrate`] has seen.
    pub(crate) fn new(connection: Arc<Mutex<Connection>>) -> Self {
        Self { connection }
    }

    /// Runs `work` on one state of the stacks.
    ///
    /// # Errors
    /// What `work` answers, and what SQLite says.
    pub(crate) fn read<T, E: From<StackError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(TransactionBehavior::Deferred, work)
    }

    /// Runs `work` in one transaction, which is rolled back if `work` fails.
    ///
    /// # Errors
    /// What `work` answers, and what SQLite says.
    pub(crate) fn write<T, E: From<StackError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transact(TransactionBehavior::Immediate, work)
    }

    fn transact<T, E: From<StackError>>(
        &self,
        behavior: TransactionBehavior,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // A thread that panicked while it held the connection has left no open transaction: it was rolled back.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            Transaction(connection.transaction_with_behavior(behavior).map_err(StackError::from)?);
        let answer = work(&transaction)?;
        transaction.0.commit().map_err(StackError::from)?;
        Ok(answer)
    }
}

/// A transaction on the stacks.
pub(crate) struct Transaction<'a>(pub(super) rusqlite::Transaction<'a>);

impl Transaction<'_> {
    /// The stack of that ARN, or the living one of that name.
    pub(crate) fn stack(
        &self,
        region: &str,
        name_or_id: &str,
    ) -> Result<Option<Stack>, StackError> {
        if name_or_id.starts_with("arn:") {
            self.one(
                "SELECT document FROM cfn_stacks WHERE region = ?1 AND id = ?2",
                params![region, name_or_id],
            )
        } else {
            self.one(
                "SELECT document FROM cfn_stacks WHERE region = ?1 AND name = ?2 AND living",
                params![region, name_or_id],
            )
        }
    }

    /// The stack of that ARN, which must be there.
    pub(crate) fn stack_by_id(&self, id: &str) -> Result<Stack, StackError> {
        let stack = self.one("SELECT document FROM cfn_stacks WHERE id = ?1", params![id])?;
        stack.ok_or(rusqlite::Error::QueryReturnedNoRows.into())
    }

    /// All stacks of a region, the newest first.
    pub(crate) fn stacks(&self, region: &str) -> Result<Vec<Stack>, StackError> {
        self.all(
            "SELECT document FROM cfn_stacks WHERE region = ?1 ORDER BY seq DESC",
            params![region],
        )
    }

    /// How many stacks of a region are not deleted.
    pub(crate) fn living(&self, region: &str) -> Result<usize, StackError> {
        let sql = "SELECT count(*) FROM cfn_stacks WHERE region = ?1 AND living";
        Ok(self.0.query_row(sql, params![region], |row| row.get(0))?)
    }

    /// Stores a stack, new or known. One that is deleted gives its name and exports free.
    pub(crate) fn put_stack(&self, stack: &Stack) -> Result<(), StackError> {
        let living = stack.deleted.is_none();
        self.run(
            "INSERT INTO cfn_stacks (id, region, name, living, document) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET living = excluded.living, document = excluded.document",
            params![stack.id, stack.region, stack.name, living, document(stack)?],
        )?;
        if !living {
            self.run("DELETE FROM cfn_exports WHERE stack = ?1", params![stack.id])?;
            self.drop_imports(&stack.id)?;
            self.forget_deleted(&stack.region)?;
        }
        Ok(())
    }

    /// The resources of a stack, by name.
    pub(crate) fn resources(&self, stack: &str) -> Result<Vec<Resource>, StackError> {
        self.all(
            "SELECT document FROM cfn_resources WHERE stack = ?1 ORDER BY logical_id",
            params![stack],
        )
    }

    pub(crate) fn put_resource(&self, stack: &str, resource: &Resource) -> Result<(), StackError> {
        self.run(
            "INSERT INTO cfn_resources (stack, logical_id, document) VALUES (?1, ?2, ?3)
             ON CONFLICT (stack, logical_id) DO UPDATE SET document = excluded.document",
            params![stack, resource.logical_id, document(resource)?],
        )
    }

    /// The change set of that ARN, or of that name in the stack.
    pub(crate) fn change_set(
        &self,
        stack: Option<&str>,
        name_or_id: &str,
    ) -> Result<Option<ChangeSet>, StackError> {
        if name_or_id.starts_with("arn:") {
            self.one("SELECT document FROM cfn_change_sets WHERE id = ?1", params![name_or_id])
        } else {
            self.one(
                "SELECT document FROM cfn_change_sets WHERE stack = ?1 AND name = ?2",
                params![stack, name_or_id],
            )
        }
    }

    /// The change sets of a stack, the oldest first.
    pub(crate) fn change_sets(&self, stack: &str) -> Result<Vec<ChangeSet>, StackError> {
        self.all(
            "SELECT document FROM cfn_change_sets WHERE stack = ?1 ORDER BY seq",
            params![stack],
        )
    }

    pub(crate) fn put_change_set(&self, change_set: &ChangeSet) -> Result<(), StackError> {
        self.run(
            "INSERT INTO cfn_change_sets (id, stack, name, document) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            params![change_set.id, change_set.stack_id, change_set.name, document(change_set)?],
        )?;
        // The change set that an operation carries out is never among the oldest: executing makes the others obsolete,
        // and a stack in progress takes no new ones.
        self.run(
            "DELETE FROM cfn_change_sets WHERE stack = ?1 AND seq NOT IN
                 (SELECT seq FROM cfn_change_sets WHERE stack = ?1 ORDER BY seq DESC LIMIT ?2)",
            params![change_set.stack_id, CHANGE_SETS_KEPT],
        )
    }

    pub(crate) fn delete_change_set(&self, id: &str) -> Result<(), StackError> {
        self.run("DELETE FROM cfn_change_sets WHERE id = ?1", params![id])
    }

    pub(crate) fn delete_resource(&self, stack: &str, logical_id: &str) -> Result<(), StackError> {
        self.run(
            "DELETE FROM cfn_resources WHERE stack = ?1 AND logical_id = ?2",
            params![stack, logical_id],
        )
    }

    /// Adds an event. Its time becomes later than that of the event before, by 1 ms at least: clients sort by it.
    pub(crate) fn add_event(&self, event: &Event) -> Result<(), StackError> {
        let last: Option<Event> = self.one(
            "SELECT document FROM cfn_events WHERE stack = ?1 ORDER BY seq DESC LIMIT 1",
            params![event.stack_id],
        )?;
        let time = last.and_then(|last| next_millisecond(&last.time));
        let time = time.map_or(event.time.clone(), |next| next.max(event.time.clone()));
        self.run(
            "INSERT INTO cfn_events (stack, document) VALUES (?1, ?2)",
            params![event.stack_id, document(&Event { time, ..event.clone() })?],
        )?;
        self.run(
            "DELETE FROM cfn_events WHERE stack = ?1 AND seq <=
                 (SELECT seq FROM cfn_events WHERE stack = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
            params![event.stack_id, EVENTS_KEPT],
        )
    }

    /// The events of a stack, the newest first.
    pub(crate) fn events(&self, stack: &str) -> Result<Vec<Event>, StackError> {
        self.all(
            "SELECT document FROM cfn_events WHERE stack = ?1 ORDER BY seq DESC",
            params![stack],
        )
    }

    /// The operation that is next: they are carried out in the order in which they were asked for.
    pub(crate) fn next_operation(&self) -> Result<Option<StackOperation>, StackError> {
        self.one("SELECT document FROM cfn_operations ORDER BY seq LIMIT 1", [])
    }

    /// The operation on a stack that is not finished.
    pub(crate) fn operation(&self, stack: &str) -> Result<Option<StackOperation>, StackError> {
        self.one("SELECT document FROM cfn_operations WHERE stack = ?1", params![stack])
    }

    pub(crate) fn put_operation(&self, operation: &StackOperation) -> Result<(), StackError> {
        self.run(
            "INSERT INTO cfn_operations (stack, document) VALUES (?1, ?2)
             ON CONFLICT (stack) DO UPDATE SET document = excluded.document",
            params![operation.stack_id, document(operation)?],
        )
    }

    pub(crate) fn end_operation(&self, stack: &str) -> Result<(), StackError> {
        self.run("DELETE FROM cfn_operations WHERE stack = ?1", params![stack])
    }

    /// Forgets what a stack imports.
    pub(crate) fn drop_imports(&self, stack: &str) -> Result<(), StackError> {
        self.run("DELETE FROM cfn_imports WHERE stack = ?1", params![stack])
    }

    fn forget_deleted(&self, region: &str) -> Result<(), StackError> {
        let old = "SELECT id FROM cfn_stacks WHERE region = ?1 AND NOT living ORDER BY seq DESC LIMIT -1 OFFSET ?2";
        for table in ["cfn_resources", "cfn_change_sets", "cfn_events"] {
            self.run(
                &format!("DELETE FROM {table} WHERE stack IN ({old})"),
                params![region, DELETED_KEPT],
            )?;
        }
        self.run(
            &format!("DELETE FROM cfn_stacks WHERE id IN ({old})"),
            params![region, DELETED_KEPT],
        )
    }

    /// Carries one statement out.
    pub(super) fn run(&self, sql: &str, params: impl Params) -> Result<(), StackError> {
        self.0.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }

    fn one<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: impl Params,
    ) -> Result<Option<T>, StackError> {
        Ok(self.all(sql, params)?.pop())
    }

    fn all<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: impl Params,
    ) -> Result<Vec<T>, StackError> {
        let mut statement = self.0.prepare_cached(sql)?;
        let rows = statement.query_map(params, |row| row.get::<_, String>(0))?;
        rows.map(|document| Ok(serde_json::from_str(&document?)?)).collect()
    }
}

fn document(value: &impl Serialize) -> Result<String, StackError> {
    Ok(serde_json::to_string(value)?)
}
