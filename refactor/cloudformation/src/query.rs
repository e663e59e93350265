//! The Query API: form fields in, XML out. One file a topic; each action is one function.

mod change_set;
mod change_sets;
mod changes;
mod checks;
mod definition;
mod deletion;
mod direct;
mod drift;
mod error;
mod events;
mod execution;
mod exports;
mod form;
mod members;
mod page;
mod planned;
mod resources;
mod stacks;
mod start;
mod summaries;
mod templates;
mod xml;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::StatusCode;

use super::engine::Engine;
use super::stacks::{Stack, Store, StoreError};
use crate::Caller;
use error::ApiError;
use form::Form;
use xml::Xml;

/// How long an answer is held back for an operation to finish. The AWS CLI gives up after 60 s; it looks again only
/// after 5 or 30 s, so an answer that comes a little later is an answer that is needed once.
const HOLD: Duration = Duration::from_secs(25);
/// How many answers may be held at a time; more are answered at once.
/// Each keeps its thread.
pub const HELD_ANSWERS: usize = 8;

/// The CloudFormation API.
pub struct Api {
    store: Store,
    engine: Arc<Engine>,
    held: AtomicUsize,
}

impl Api {
    pub(super) fn new(store: Store, engine: Arc<Engine>) -> Self {
        Self { store, engine, held: AtomicUsize::new(0) }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Answers one request: its form fields, decoded. Blocks: until the change is on disk, and for up to 25 s until a
    /// stack operation is done.
    pub fn handle(&self, caller: &Caller, form: &[(String, String)]) -> (StatusCode, String) {
        let form = Form::new(&caller.region, form);
        let action = form.get("Action").unwrap_or_default();
        match self.answer(action, &form) {
            Ok(xml) => (StatusCode::OK, xml.into_answer(action)),
            Err(err) => err.into_answer(),
        }
    }

    fn answer(&self, action: &str, form: &Form<'_>) -> Result<Xml, ApiError> {
        members::check(action, form)?;
        match action {
            "CreateChangeSet" => self.create_change_set(form),
            "CreateStack" => self.create_stack(form),
            "DeleteChangeSet" => self.delete_change_set(form),
            "DeleteStack" => self.delete_stack(form),
            "DescribeChangeSet" => self.describe_change_set(form),
            "DescribeStackDriftDetectionStatus" => self.describe_stack_drift_detection_status(form),
            "DescribeStackEvents" => self.describe_stack_events(form),
            "DescribeStackResource" => self.describe_stack_resource(form),
            "DescribeStackResourceDrifts" => self.describe_stack_resource_drifts(form),
            "DescribeStackResources" => self.describe_stack_resources(form),
            "DescribeStacks" => self.describe_stacks(form),
            "DetectStackDrift" => self.detect_stack_drift(form),
            "DetectStackResourceDrift" => self.detect_stack_resource_drift(form),
            "ExecuteChangeSet" => self.execute_change_set(form),
            "GetTemplate" => self.get_template(form),
            "GetTemplateSummary" => self.get_template_summary(form),
            "ListChangeSets" => self.list_change_sets(form),
            "ListExports" => self.list_exports(form),
            "ListImports" => self.list_imports(form),
            "ListStackResources" => self.list_stack_resources(form),
            "ListStacks" => self.list_stacks(form),
            "UpdateStack" => self.update_stack(form),
            "UpdateTerminationProtection" => self.update_termination_protection(form),
            "ValidateTemplate" => self.validate_template(form),
            _ => Err(ApiError::unknown_action(action)),
        }
    }

    /// The stack that a request names.
    fn stack(&self, form: &Form<'_>, name: &str) -> Result<Option<Stack>, StoreError> {
        self.store.read(|state| state.stack(form.region, name))
    }

    /// Holds the answer until nothing is under way for the stack, within limits.
    fn hold(&self, stack_id: &str) -> Result<(), StoreError> {
        if self.held.fetch_add(1, Ordering::Relaxed) >= HELD_ANSWERS {
            self.held.fetch_sub(1, Ordering::Relaxed);
            return Ok(());
        }
        let waited = self.engine.wait_for(stack_id, HOLD);
        self.held.fetch_sub(1, Ordering::Relaxed);
        waited
    }
}
