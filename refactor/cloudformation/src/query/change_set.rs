//! `CreateChangeSet`.

use super::definition::fingerprint;
use super::error::ApiError;
use super::form::Form;
use super::planned::{Around, new_stack, planned, stack_to_update};
use super::xml::Xml;
use super::{Api, checks};
use crate::engine::stack_event;
use crate::id;
use crate::stacks::{
    ChangeSet, ChangeSetStatus, Execution, OnFailure, Stack, StackStatus, Transaction, now,
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
            let mut around = self.around(state, &stack)?;
            for resource in &mut around.resources {
                let now = seen.iter().find(|now| now.logical_id == resource.logical_id);
                resource.current = now.map_or(resource.current.take(), |now| now.current.clone());
            }
            let planned = prepare(state, &stack, around, name, creates, form, parsed)?;
            let made = ChangeSet { on_failure, reverts_drift, ..planned };
            // A stack under review has had no other state, so it is stored now with its first event.
            if creates && state.stack(form.region, &stack.id)?.is_none() {
                state.put_stack(&stack)?;
                state.add_event(&stack_event(&stack, None))?;
            }
            state.put_change_set(&made)?;
            Ok::<_, ApiError>(made)
        })?;
        let mut xml = Xml::default();
        xml.text("Id", &made.id);
        xml.text("StackId", &made.stack_id);
        Ok(xml)
    }
}

/// What a request wants to become of a stack whose operation fails.
///
/// # Errors
/// 400 for a word that AWS does not have.
pub(super) fn on_failure(form: &Form<'_>, name: &str) -> Result<Option<OnFailure>, ApiError> {
    let words = [OnFailure::DoNothing, OnFailure::RollBack, OnFailure::Delete];
    let Some(given) = form.get(name) else { return Ok(None) };
    match words.into_iter().find(|word| word.word() == given) {
        Some(word) => Ok(Some(word)),
        None => Err(ApiError::not_one_of(name, given, &words.map(OnFailure::word))),
    }
}

/// The change set, ready to be stored: the known one, if the same request comes again.
fn prepare(
    state: &Transaction<'_>,
    stack: &Stack,
    around: Around<'_>,
    name: &str,
    creates: bool,
    form: &Form<'_>,
    parsed: Option<Result<Template, String>>,
) -> Result<ChangeSet, ApiError> {
    let fingerprint = fingerprint(form);
    if let Some(known) = state.change_set(Some(&stack.id), name)? {
        let waits = matches!(known.execution, Execution::Available | Execution::InProgress);
        match (waits, known.fingerprint == fingerprint) {
            (true, true) => return Ok(known),
            (true, false) => return Err(ApiError::already_exists(name)),
            (false, _) => state.delete_change_set(&known.id)?,
        }
    }
    let planned = planned(stack, around, form, parsed)?;
    let nothing = !creates && planned.nothing;
    Ok(ChangeSet {
        id: id::change_set(&stack.region, name),
        name: name.to_owned(),
        stack_id: stack.id.clone(),
        stack_name: stack.name.clone(),
        description: form.get("Description").map(str::to_owned),
        created: now(),
        status: if nothing { ChangeSetStatus::Failed } else { ChangeSetStatus::Complete },
        reason: nothing.then(|| NO_CHANGES.to_owned()),
        execution: if nothing { Execution::Unavailable } else { Execution::Available },
        definition: planned.definition,
        changes: planned.changes,
        fingerprint,
        on_failure: None,
        reverts_drift: false,
    })
}
