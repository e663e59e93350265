//! `CreateChangeSet`.

use super::api::Api;
use super::checks;
use super::definition::fingerprint;
use super::error::ApiError;
use super::form::Form;
use super::planned::{new_stack, stack_to_update};
use super::xml::Xml;
use crate::stacks::{
    ChangeSet, ChangeSetStatus, Execution, OnFailure, Stack, StackStatus, Transaction,
};
use crate::template::Template;

/// The sentence by which the CLI knows that there is nothing to deploy.
const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";

impl Api {
    /// Plans a change set and stores it. A new stack begins in `REVIEW_IN_PROGRESS`. If nothing changes, the change
    /// set is stored as failed, as on AWS.
    ///
    /// # Errors
    /// 400 for a bad name, template or parameter, a resource type or property that is not supported, a stack in the
    /// wrong state, and a name that waits to be executed.
    pub(super) fn create_change_set(&self, form: &Form<'_>) -> Result<Xml, ApiError> {
        let stack_name = form.required("StackName")?;
        let name = form.required("ChangeSetName")?;
        checks::name("ChangeSetName", name)?;
        let creates = match form.get("ChangeSetType") {
            Some("CREATE") => true,
            Some("UPDATE") | None => false,
            Some(other) => {
                return Err(ApiError::validation(format!(
                    "ChangeSetType {other} is not supported; it takes CREATE or UPDATE"
                )));
            }
        };
        form.flag("IncludeNestedStacks")?;
        let on_failure = on_failure(form, "OnStackFailure")?;
        if on_failure == Some(OnFailure::Delete) && !creates {
            return Err(ApiError::validation(
                "OnStackFailure DELETE is only valid with ChangeSetType CREATE; an update takes ROLLBACK or DO_NOTHING",
            ));
        }
        let reverts_drift = form.one_of("DeploymentMode", &["REVERT_DRIFT"])?.is_some();
        if reverts_drift && creates {
            return Err(ApiError::validation(
                "DeploymentMode REVERT_DRIFT is only valid with ChangeSetType UPDATE",
            ));
        }
        let fingerprint = fingerprint(form);
        // Before the store is locked: what looks at the resources locks it, too.
        let seen = if reverts_drift { self.as_they_are(form, stack_name)? } else { Vec::new() };
        // Before the store is locked, since it takes a while; what is wrong with it is said after what is wrong with the stack.
        let parsed = form.get("TemplateBody").map(Template::parse);
        let made = self.store.write(|state| {
            let known = state.stack(form.region, stack_name)?;
            let stack = match known {
                known if !creates => stack_to_update(stack_name, known)?,
                Some(known) if known.status == StackStatus::ReviewInProgress => known,
                Some(_) => {
                    return Err(ApiError::validation(format!(
                        "Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
                    )));
                }
                None => new_stack(state, form, stack_name)?,
            };
            let known = known_change_set(state, &stack, name, fingerprint)?;
            let made = match known {
                Some(known) => known,
                None => {
                    let planned = self.planned(state, &stack, form, parsed, &seen)?;
                    let nothing = !creates && planned.nothing;
                    let mut made = planned.change_set(&stack, name, fingerprint);
                    made.description = form.get("Description").map(str::to_owned);
                    if nothing {
                        made.status = ChangeSetStatus::Failed;
                        made.reason = Some(NO_CHANGES.to_owned());
                        made.execution = Execution::Unavailable;
                    }
                    ChangeSet { on_failure, reverts_drift, ..made }
                }
            };
            // A stack under review has had no other state, so it is stored now with its first event.
            if creates && state.stack(form.region, &stack.id)?.is_none() {
                state.put_stack(&stack)?;
                state.add_event(&stack.event(None))?;
            }
            state.put_change_set(&made)?;
            Ok::<_, ApiError>(made)
        })?;
        Ok(Xml::of(&[("Id", &made.id), ("StackId", &made.stack_id)]))
    }
}

/// What a request wants to become of a stack whose operation fails.
///
/// # Errors
/// 400 for a word that AWS does not have.
pub(super) fn on_failure(form: &Form<'_>, name: &str) -> Result<Option<OnFailure>, ApiError> {
    let words = [OnFailure::DoNothing, OnFailure::RollBack, OnFailure::Delete];
    let given = form.one_of(name, &words.map(OnFailure::word))?;
    Ok(words.into_iter().find(|word| Some(word.word()) == given))
}

/// The change set of that name that waits to be executed, if the same request comes again.
///
/// # Errors
/// 400 if another request made it.
fn known_change_set(
    state: &Transaction<'_>,
    stack: &Stack,
    name: &str,
    fingerprint: u64,
) -> Result<Option<ChangeSet>, ApiError> {
    let Some(known) = state.change_set(Some(&stack.id), name)? else { return Ok(None) };
    if !matches!(known.execution, Execution::Available | Execution::InProgress) {
        state.delete_change_set(&known.id)?;
        return Ok(None);
    }
    if known.fingerprint == fingerprint {
        return Ok(Some(known));
    }
    let message = format!(
        "ChangeSet {name} already exists; execute it, delete it, or give this one another name"
    );
    Err(ApiError::new("AlreadyExistsException", message))
}
