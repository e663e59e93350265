//! The API, and what its actions have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::error::ApiError;
use super::form::Form;
use crate::engine::StackEngine;
use crate::stacks::{Stack, StackError, StackResource, StackStore, Transaction};

/// How long an answer is held back for an operation to finish. The AWS CLI gives up after 60 s; it looks again only
/// after 5 or 30 s, so an answer that comes a little later is an answer that is needed once.
const HOLD: Duration = Duration::from_secs(25);
/// How many answers may be held at a time; more are answered at once.
/// Each keeps its thread.
pub const HELD_ANSWERS: usize = 8;

/// The CloudFormation API.
pub struct Api {
    pub(crate) store: StackStore,
    pub(super) engine: Arc<StackEngine>,
    held: AtomicUsize,
}

impl Api {
    pub(crate) fn new(store: StackStore, engine: Arc<StackEngine>) -> Self {
        Self { store, engine, held: AtomicUsize::new(0) }
    }

    /// Takes up what was left unfinished.
    pub fn begin(&self) {
        self.engine.wake();
    }

    /// Ends the engine's thread if it waits, and its state is over.
    pub fn close(&self) {
        self.engine.wake();
    }

    /// Waits until no operation is under way, or for the deadline.
    ///
    /// # Errors
    /// If the state cannot be read.
    pub fn settle(&self, deadline: Instant) -> Result<(), StackError> {
        self.engine.wait_until(deadline, |state| Ok(state.next_operation()?.is_none()))
    }

    /// The stack of that name or ARN.
    pub(super) fn stack(&self, form: &Form<'_>, name: &str) -> Result<Option<Stack>, StackError> {
        self.store.read(|state| state.stack(form.region, name))
    }

    /// The stack that a request names, and its resources.
    pub(super) fn stack_resources(
        &self,
        form: &Form<'_>,
    ) -> Result<(Stack, Vec<StackResource>), ApiError> {
        self.store.read(|state| {
            let stack = stack(state, form, ApiError::no_stack_with_id)?;
            let resources = state.resources(&stack.id)?;
            Ok((stack, resources))
        })
    }

    /// Holds the answer until nothing is under way for the stack, within limits.
    pub(super) fn hold(&self, stack_id: &str) -> Result<(), StackError> {
        let mut waited = Ok(());
        if self.held.fetch_add(1, Ordering::Relaxed) < HELD_ANSWERS {
            waited = self.engine.wait_until(Instant::now() + HOLD, |state| {
                Ok(state.operation(stack_id)?.is_none())
            });
        }
        self.held.fetch_sub(1, Ordering::Relaxed);
        waited
    }
}

/// The stack that a request names; `unknown` says that there is none.
pub(super) fn stack(
    state: &Transaction<'_>,
    form: &Form<'_>,
    unknown: fn(&str) -> ApiError,
) -> Result<Stack, ApiError> {
    let name = form.required("StackName")?;
    state.stack(form.region, name)?.ok_or_else(|| unknown(name))
}
