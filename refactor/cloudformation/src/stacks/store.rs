//! Stacks on disk. Every change of state is one transaction; it is on disk when `write` returns.

use journal::{Journal, Value, values};
use serde::{Serialize, de::DeserializeOwned};

use super::error::StackError;
use super::{ChangeSet, Event, Stack, StackOperation, StackResource, next_millisecond};

/// How many change sets a stack keeps; the oldest go first.
const CHANGE_SETS_KEPT: i64 = 50;
/// How many events a stack keeps; the oldest go first.
const EVENTS_KEPT: i64 = 2_000;
/// How many deleted stacks a region keeps, to be described by ARN; the oldest go first.
const DELETED_KEPT: i64 = 200;

/// The state of all stacks.
#[derive(Clone)]
pub(crate) struct StackStore {
    journal: Journal,
}

impl StackStore {
    /// A store in a state that [`super::migrate`] has seen.
    pub(crate) fn new(journal: Journal) -> Self {
        Self { journal }
    }

    /// Whether nothing can be written any more: the process has lost the control database, or another one leads.
    pub(crate) fn is_over(&self) -> bool {
        self.journal.is_over()
    }

    /// Runs `work` on one state of the stacks.
    ///
    /// # Errors
    /// What `work` answers, and what the journal says.
    pub(crate) fn read<T, E: From<StackError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        unwrapped(self.journal.read(|state| work(&Transaction(state)).map_err(Failed::Work)))
    }

    /// Runs `work` in one transaction, which is rolled back if `work` fails.
    ///
    /// # Errors
    /// What `work` answers, and what the journal says.
    pub(crate) fn write<T, E: From<StackError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        unwrapped(self.journal.write(|state| work(&Transaction(state)).map_err(Failed::Work)))
    }
}

/// Why a transaction failed.
enum Failed<E> {
    Work(E),
    Journal(journal::Error),
}

impl<E> From<journal::Error> for Failed<E> {
    fn from(error: journal::Error) -> Self {
        Self::Journal(error)
    }
}

fn unwrapped<T, E: From<StackError>>(done: Result<T, Failed<E>>) -> Result<T, E> {
    done.map_err(|failed| match failed {
        Failed::Work(error) => error,
        Failed::Journal(error) => StackError::from(error).into(),
    })
}

/// A transaction on the stacks.
pub(crate) struct Transaction<'a>(&'a journal::Transaction<'a>);

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
                values![region, name_or_id],
            )
        } else {
            self.one(
                "SELECT document FROM cfn_stacks WHERE region = ?1 AND name = ?2 AND living",
                values![region, name_or_id],
            )
        }
    }

    /// The stack of that ARN, which must be there.
    pub(crate) fn stack_by_id(&self, id: &str) -> Result<Stack, StackError> {
        self.known(id)?.ok_or_else(|| StackError::missing(id))
    }

    /// The stack of that ARN, if there is one.
    pub(crate) fn known(&self, id: &str) -> Result<Option<Stack>, StackError> {
        self.one("SELECT document FROM cfn_stacks WHERE id = ?1", values![id])
    }

    /// The stacks of every region that are not deleted, the newest first.
    pub(crate) fn all_living(&self) -> Result<Vec<Stack>, StackError> {
        self.all("SELECT document FROM cfn_stacks WHERE living ORDER BY seq DESC", values![])
    }

    /// All stacks of a region, the newest first.
    pub(crate) fn stacks(&self, region: &str) -> Result<Vec<Stack>, StackError> {
        self.all(
            "SELECT document FROM cfn_stacks WHERE region = ?1 ORDER BY seq DESC",
            values![region],
        )
    }

    /// How many stacks of a region are not deleted.
    pub(crate) fn living(&self, region: &str) -> Result<usize, StackError> {
        let sql = "SELECT count(*) FROM cfn_stacks WHERE region = ?1 AND living";
        let count = self.0.one(sql, values![region], |row| row.number(0))?;
        Ok(count.and_then(|count| usize::try_from(count).ok()).unwrap_or_default())
    }

    /// Stores a stack, new or known. One that is deleted gives its name and exports free.
    pub(crate) fn put_stack(&self, stack: &Stack) -> Result<(), StackError> {
        let living = stack.deleted.is_none();
        self.run(
            "INSERT INTO cfn_stacks (id, region, name, living, document) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (id) DO UPDATE SET living = excluded.living, document = excluded.document",
            values![&stack.id, &stack.region, &stack.name, living, document(stack)?],
        )?;
        if !living {
            self.run("DELETE FROM cfn_exports WHERE stack = ?1", values![&stack.id])?;
            self.drop_imports(&stack.id)?;
            self.forget_deleted(&stack.region)?;
        }
        Ok(())
    }

    /// The resources of a stack, by name.
    pub(crate) fn resources(&self, stack: &str) -> Result<Vec<StackResource>, StackError> {
        self.all(
            "SELECT document FROM cfn_resources WHERE stack = ?1 ORDER BY logical_id",
            values![stack],
        )
    }

    pub(crate) fn put_resource(
        &self,
        stack: &str,
        resource: &StackResource,
    ) -> Result<(), StackError> {
        self.run(
            "INSERT INTO cfn_resources (stack, logical_id, document) VALUES (?1, ?2, ?3)
             ON CONFLICT (stack, logical_id) DO UPDATE SET document = excluded.document",
            values![stack, &resource.logical_id, document(resource)?],
        )
    }

    /// The change set of that ARN, or of that name in the stack.
    pub(crate) fn change_set(
        &self,
        stack: Option<&str>,
        name_or_id: &str,
    ) -> Result<Option<ChangeSet>, StackError> {
        if name_or_id.starts_with("arn:") {
            self.one("SELECT document FROM cfn_change_sets WHERE id = ?1", values![name_or_id])
        } else {
            self.one(
                "SELECT document FROM cfn_change_sets WHERE stack = ?1 AND name = ?2",
                values![stack, name_or_id],
            )
        }
    }

    /// The change sets of a stack, the oldest first.
    pub(crate) fn change_sets(&self, stack: &str) -> Result<Vec<ChangeSet>, StackError> {
        self.all(
            "SELECT document FROM cfn_change_sets WHERE stack = ?1 ORDER BY seq",
            values![stack],
        )
    }

    pub(crate) fn put_change_set(&self, change_set: &ChangeSet) -> Result<(), StackError> {
        self.run(
            "INSERT INTO cfn_change_sets (id, stack, name, document) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            values![&change_set.id, &change_set.stack_id, &change_set.name, document(change_set)?],
        )?;
        // The change set that an operation carries out is never among the oldest: executing makes the others obsolete,
        // and a stack in progress takes no new ones.
        self.run(
            "DELETE FROM cfn_change_sets WHERE stack = ?1 AND seq NOT IN
                 (SELECT seq FROM cfn_change_sets WHERE stack = ?1 ORDER BY seq DESC LIMIT ?2)",
            values![&change_set.stack_id, CHANGE_SETS_KEPT],
        )
    }

    pub(crate) fn delete_change_set(&self, id: &str) -> Result<(), StackError> {
        self.run("DELETE FROM cfn_change_sets WHERE id = ?1", values![id])
    }

    pub(crate) fn delete_resource(&self, stack: &str, logical_id: &str) -> Result<(), StackError> {
        self.run(
            "DELETE FROM cfn_resources WHERE stack = ?1 AND logical_id = ?2",
            values![stack, logical_id],
        )
    }

    /// Adds an event. Its time becomes later than that of the event before, by 1 ms at least: clients sort by it.
    pub(crate) fn add_event(&self, event: &Event) -> Result<(), StackError> {
        let last: Option<Event> = self.one(
            "SELECT document FROM cfn_events WHERE stack = ?1 ORDER BY seq DESC LIMIT 1",
            values![&event.stack_id],
        )?;
        let time = last.and_then(|last| next_millisecond(&last.time));
        let time = time.map_or(event.time.clone(), |next| next.max(event.time.clone()));
        self.run(
            "INSERT INTO cfn_events (stack, document) VALUES (?1, ?2)",
            values![&event.stack_id, document(&Event { time, ..event.clone() })?],
        )?;
        self.run(
            "DELETE FROM cfn_events WHERE stack = ?1 AND seq <=
                 (SELECT seq FROM cfn_events WHERE stack = ?1 ORDER BY seq DESC LIMIT 1 OFFSET ?2)",
            values![&event.stack_id, EVENTS_KEPT],
        )
    }

    /// The events of a stack, the newest first.
    pub(crate) fn events(&self, stack: &str) -> Result<Vec<Event>, StackError> {
        self.all(
            "SELECT document FROM cfn_events WHERE stack = ?1 ORDER BY seq DESC",
            values![stack],
        )
    }

    /// The operation that is next: they are carried out in the order in which they were asked for.
    pub(crate) fn next_operation(&self) -> Result<Option<StackOperation>, StackError> {
        self.one("SELECT document FROM cfn_operations ORDER BY seq LIMIT 1", values![])
    }

    /// The operation on a stack that is not finished.
    pub(crate) fn operation(&self, stack: &str) -> Result<Option<StackOperation>, StackError> {
        self.one("SELECT document FROM cfn_operations WHERE stack = ?1", values![stack])
    }

    pub(crate) fn put_operation(&self, operation: &StackOperation) -> Result<(), StackError> {
        self.run(
            "INSERT INTO cfn_operations (stack, document) VALUES (?1, ?2)
             ON CONFLICT (stack) DO UPDATE SET document = excluded.document",
            values![&operation.stack_id, document(operation)?],
        )
    }

    pub(crate) fn end_operation(&self, stack: &str) -> Result<(), StackError> {
        self.run("DELETE FROM cfn_operations WHERE stack = ?1", values![stack])
    }

    /// Forgets what a stack imports.
    pub(crate) fn drop_imports(&self, stack: &str) -> Result<(), StackError> {
        self.run("DELETE FROM cfn_imports WHERE stack = ?1", values![stack])
    }

    fn forget_deleted(&self, region: &str) -> Result<(), StackError> {
        let old = "SELECT id FROM cfn_stacks WHERE region = ?1 AND NOT living ORDER BY seq DESC LIMIT ?3 OFFSET ?2";
        for table in ["cfn_resources", "cfn_change_sets", "cfn_events"] {
            self.run(
                &format!("DELETE FROM {table} WHERE stack IN ({old})"),
                values![region, DELETED_KEPT, i64::MAX],
            )?;
        }
        self.run(
            &format!("DELETE FROM cfn_stacks WHERE id IN ({old})"),
            values![region, DELETED_KEPT, i64::MAX],
        )
    }

    /// Carries one statement out.
    pub(super) fn run(&self, sql: &str, values: &[Value]) -> Result<(), StackError> {
        Ok(self.0.run(sql, values)?)
    }

    /// The texts that a statement finds in its first column.
    pub(super) fn texts(&self, sql: &str, values: &[Value]) -> Result<Vec<String>, StackError> {
        Ok(self.0.all(sql, values, |row| row.text(0))?)
    }

    fn one<T: DeserializeOwned>(
        &self,
        sql: &str,
        values: &[Value],
    ) -> Result<Option<T>, StackError> {
        Ok(self.all(sql, values)?.pop())
    }

    fn all<T: DeserializeOwned>(&self, sql: &str, values: &[Value]) -> Result<Vec<T>, StackError> {
        Ok(self.0.documents(sql, values)?)
    }
}

fn document(value: &impl Serialize) -> Result<String, StackError> {
    Ok(serde_json::to_string(value)?)
}
