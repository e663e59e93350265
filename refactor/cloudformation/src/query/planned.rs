//! What a request comes to for a stack: everything that can be known beforehand is decided before it is answered.

use super::api::Api;
use super::checks;
use super::definition::definition;
use super::error::ApiError;
use super::form::Form;
use crate::blueprint::Blueprint;
use crate::change::PlannedChange;
use crate::id;
use crate::plan::plan;
use crate::stacks::{
    ChangeSet, ChangeSetStatus, Definition, Execution, Stack, StackResource, StackStatus,
    Transaction, now,
};
use crate::template::Template;

/// How many stacks a region may have: a list of all of them is made in memory, templates included.
const STACKS_LIMIT: usize = 200;

/// A plan for a stack.
pub(super) struct Planned {
    pub(super) definition: Definition,
    pub(super) changes: Vec<PlannedChange>,
    /// Whether nothing would change.
    pub(super) nothing: bool,
}

impl Planned {
    /// A change set that can be executed.
    pub(super) fn change_set(self, stack: &Stack, name: &str, fingerprint: u64) -> ChangeSet {
        ChangeSet {
            id: id::change_set(&stack.region, name),
            name: name.to_owned(),
            stack_id: stack.id.clone(),
            stack_name: stack.name.clone(),
            description: None,
            created: now(),
            status: ChangeSetStatus::Complete,
            reason: None,
            execution: Execution::Available,
            definition: self.definition,
            changes: self.changes,
            fingerprint,
            on_failure: None,
            reverts_drift: false,
        }
    }
}

impl Api {
    /// Plans what a request asks for; `parsed` is its TemplateBody, and `seen` are the resources that are not as the
    /// stack has them.
    ///
    /// # Errors
    /// 400 for a bad template or parameter, and a resource type or property that is not supported.
    pub(super) fn planned(
        &self,
        state: &Transaction<'_>,
        stack: &Stack,
        form: &Form<'_>,
        parsed: Option<Result<Template, String>>,
        seen: &[StackResource],
    ) -> Result<Planned, ApiError> {
        let exports = state.exports(&stack.region, &stack.id)?;
        let mut resources = state.resources(&stack.id)?;
        for resource in &mut resources {
            if let Some(now) = seen.iter().find(|now| now.logical_id == resource.logical_id) {
                resource.current.clone_from(&now.current);
            }
        }
        let definition = definition(&stack.definition, form, parsed)?;
        let blueprint =
            Blueprint::new(&definition, stack, exports).map_err(ApiError::validation)?;
        let plan = plan(&blueprint, &resources, self.engine.provider());
        let plan = plan.map_err(ApiError::validation)?;
        let nothing = plan.changes.is_empty()
            && plan.outputs == stack.outputs
            && definition.tags == stack.definition.tags
            && definition.notification_arns == stack.definition.notification_arns
            && is_whole(stack);
        Ok(Planned { definition, changes: plan.changes, nothing })
    }
}

/// Whether the last operation left the stack as it was meant to be. One that failed half-way is made whole even by a
/// template that changes nothing.
fn is_whole(stack: &Stack) -> bool {
    let whole = [
        StackStatus::CreateComplete,
        StackStatus::UpdateComplete,
        StackStatus::UpdateRollbackComplete,
    ];
    whole.contains(&stack.status)
}

/// A stack that there is not yet, under review.
///
/// # Errors
/// 400 for a bad name, and if the region has as many stacks as it may have.
pub(super) fn new_stack(
    state: &Transaction<'_>,
    form: &Form<'_>,
    name: &str,
) -> Result<Stack, ApiError> {
    if state.living(form.region)? >= STACKS_LIMIT {
        let message = format!("A region has at most {STACKS_LIMIT} stacks; delete one first");
        return Err(ApiError::new("LimitExceededException", message));
    }
    checks::name("StackName", name)?;
    Ok(Stack {
        id: id::stack(form.region, name),
        name: name.to_owned(),
        region: form.region.to_owned(),
        status: StackStatus::ReviewInProgress,
        reason: Some("User Initiated".to_owned()),
        created: now(),
        updated: None,
        deleted: None,
        definition: Definition::default(),
        outputs: Vec::new(),
        change_set_id: None,
        disable_rollback: false,
        termination_protection: false,
        timeout_minutes: None,
        last_request: None,
        drift: None,
    })
}

/// The stack that is to be updated.
///
/// # Errors
/// 400 if there is none, or it is in a state that allows no update.
pub(super) fn stack_to_update(name: &str, known: Option<Stack>) -> Result<Stack, ApiError> {
    let stack = known.ok_or_else(|| ApiError::no_stack(name))?;
    if stack.status.can_update() {
        return Ok(stack);
    }
    let hint = match stack.status {
        StackStatus::RollbackComplete | StackStatus::RollbackFailed | StackStatus::DeleteFailed => {
            format!(" Delete it first: aws cloudformation delete-stack --stack-name {}", stack.name)
        }
        _ => String::new(),
    };
    Err(ApiError::wrong_state(&stack, "updated", &hint))
}
