//! What pages have begun. It goes on when its page is closed, and every page sees it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use moves::Move;

use crate::source::Refused;

/// How many are remembered; the oldest go first.
const REMEMBERED: usize = 100;

/// A command that a page has begun.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// Made with the form: the same form begins it once.
    pub(crate) id: String,
    pub(crate) application: String,
    pub(crate) collection: String,
    pub(crate) verb: String,
    /// Whether checks were passed over.
    pub(crate) forced: bool,
    /// The id of the key of its session.
    pub(crate) by: String,
    pub(crate) began_ms: i64,
    pub(crate) ended_ms: Option<i64>,
    /// What became of it; none while it is under way.
    pub(crate) outcome: Option<Result<Arc<Move>, Refused>>,
}

/// The last operations, the newest first.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    all: Mutex<VecDeque<Operation>>,
    /// How often one was begun or has ended.
    changes: AtomicU64,
}

/// What came of a form.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Begun {
    /// It is to be carried out now.
    Now,
    /// The same form has begun it before.
    Before,
    /// Another one is under way on the collection.
    Other(String),
}

impl Operations {
    /// Begins one, unless the same form did, or another one is under way on the same collection.
    pub(crate) fn begin(&self, operation: Operation) -> Begun {
        let mut all = self.lock();
        if all.iter().any(|other| other.id == operation.id) {
            return Begun::Before;
        }
        let other = all.iter().find(|other| {
            other.outcome.is_none()
                && other.application == operation.application
                && other.collection == operation.collection
        });
        if let Some(other) = other {
            return Begun::Other(other.id.clone());
        }
        all.push_front(operation);
        self.changes.fetch_add(1, Ordering::AcqRel);
        // What is under way stays.
        while all.len() > REMEMBERED {
            let Some(oldest) = all.iter().rposition(|other| other.outcome.is_some()) else { break };
            all.remove(oldest);
        }
        Begun::Now
    }

    /// Notes what became of one.
    pub(crate) fn end(&self, id: &str, ended_ms: i64, outcome: Result<Arc<Move>, Refused>) {
        if let Some(found) = self.lock().iter_mut().find(|found| found.id == id) {
            (found.ended_ms, found.outcome) = (Some(ended_ms), Some(outcome));
            self.changes.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// How often one was begun or has ended: a look from before another change is no longer fresh.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// All that are remembered.
    pub(crate) fn all(&self) -> Vec<Operation> {
        self.lock().iter().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Operation>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Begun, Operation, Operations, REMEMBERED};
    use crate::source::Refused;

    fn operation(id: &str, collection: &str) -> Operation {
        Operation {
            id: id.into(),
            application: "app".into(),
            collection: collection.into(),
            verb: "switch".into(),
            forced: false,
            by: "KEY".into(),
            began_ms: 0,
            ended_ms: None,
            outcome: None,
        }
    }

    fn end(operations: &Operations, id: &str) {
        operations.end(id, 1, Err(Refused { status: 409, message: String::new() }));
    }

    #[test]
    fn a_form_begins_its_command_once_and_only_if_no_other_is_under_way() {
        let operations = Operations::default();
        assert_eq!(operations.begin(operation("1", "users")), Begun::Now);
        assert_eq!(operations.begin(operation("1", "users")), Begun::Before);
        assert_eq!(operations.begin(operation("2", "users")), Begun::Other("1".into()));
        assert_eq!(operations.begin(operation("3", "posts")), Begun::Now);
        end(&operations, "1");
        assert_eq!(operations.begin(operation("1", "users")), Begun::Before, "also when it ended");
        assert_eq!(operations.begin(operation("2", "users")), Begun::Now);
    }

    #[test]
    fn what_is_under_way_is_not_forgotten() {
        let operations = Operations::default();
        operations.begin(operation("under way", "users"));
        for number in 0..2 * REMEMBERED {
            let id = number.to_string();
            operations.begin(operation(&id, "posts"));
            end(&operations, &id);
        }
        let all = operations.all();
        assert_eq!(all.len(), REMEMBERED);
        assert!(all.iter().any(|found| found.id == "under way"));
    }
}
