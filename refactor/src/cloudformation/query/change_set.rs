//! `CreateChangeSet`: everything about a template that can be known beforehand is decided before it is answered.

use xxhash_rust::xxh3::xxh3_64;

use super::error::ApiError;
use super::form::Form;
use super::xml::Xml;
use super::{Api, Caller};
use crate::cloudformation::blueprint::Blueprint;
use crate::cloudformation::engine::stack_event;
use crate::cloudformation::functions::StackIdentity;
use crate::cloudformation::id;
use crate::cloudformation::parameters::{self, Given, GivenValue};
use crate::cloudformation::plan::plan;
use crate::cloudformation::stacks::{
    ChangeSet, ChangeSetStatus, Definition, Execution, Stack, StackStatus, Transaction, now,
};
use crate::cloudformation::template::{Template, TemplateError};

/// The sentence by which the CLI knows that there is nothing to deploy.
const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";

/// How many stacks a region may have: a list of all of them is made in memory, templates included.
const STACKS_LIMIT: usize = 200;

/// Fields that would change what is deployed and that are not supported: better refused than ignored.
const REFUSED: [&str; 5] = [
    "TemplateURL",
    "ResourcesToImport.member.1.ResourceType",
    "ImportExistingResources",
    "StackSetName",
    "DeploymentMode",
];

impl Api {
    /// Plans a change set and stores it; a new stack begins in `REVIEW_IN_PROGRESS`. Where there is nothing to change,
    /// the change set is there and has failed, as on AWS.
    ///
    /// # Errors
    /// 400 for a bad name, template or parameter, a resource type or property that is not supported, a stack in the
    /// wrong state, and a name that waits to be executed.
    pub(super) fn create_change_set(
        &self,
        caller: &Caller,
        form: &Form<'_>,
        xml: &mut Xml,
    ) -> Result<(), ApiError> {
        let stack_name = form.required("StackName")?;
        let name = form.required("ChangeSetName")?;
        check_name("changeSetName", name)?;
        if let Some(field) =
            REFUSED.iter().find(|field| form.get(field).is_some_and(|value| value != "false"))
        {
            return Err(ApiError::validation(format!("{field} is not supported here")));
        }
        let creates = match form.get("ChangeSetType") {
            Some("CREATE") => true,
            Some("UPDATE") | None => false,
            Some(other) => {
                return Err(ApiError::validation(format!(
                    "ChangeSetType {other} is not supported; it takes CREATE or UPDATE"
                )));
            }
        };
        // Before the store is locked, since it takes a while; what is wrong with it is said after what is wrong with the stack.
        let parsed = form.get("TemplateBody").map(Template::parse);
        let made = self.store.write(|state| {
            let known = state.stack(&caller.region, stack_name)?;
            if creates && known.is_none() && state.living(&caller.region)? >= STACKS_LIMIT {
                return Err(ApiError::too_many_stacks(STACKS_LIMIT));
            }
            let stack = if creates {
                new_stack(caller, stack_name, name, known)?
            } else {
                stack_to_update(stack_name, known)?
            };
            let made = prepare(state, &stack, name, creates, form, parsed)?;
            // A stack that is only under review has never been described by anyone as anything else.
            if creates && state.stack(&caller.region, &stack.id)?.is_none() {
                state.put_stack(&stack)?;
                state.add_event(&stack_event(&stack))?;
            }
            state.put_change_set(&made)?;
            Ok::<_, ApiError>(made)
        })?;
        xml.text("Id", &made.id);
        xml.text("StackId", &made.stack_id);
        Ok(())
    }
}

/// The change set, ready to be stored: the known one, where the same request comes again.
fn prepare(
    state: &Transaction<'_>,
    stack: &Stack,
    name: &str,
    creates: bool,
    form: &Form<'_>,
    parsed: Option<Result<Template, TemplateError>>,
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
    let definition = definition(stack, form, parsed)?;
    let identity = StackIdentity {
        id: stack.id.clone(),
        name: stack.name.clone(),
        region: stack.region.clone(),
    };
    let blueprint = Blueprint::new(&definition, identity).map_err(ApiError::validation)?;
    let plan = plan(&blueprint, &state.resources(&stack.id)?).map_err(ApiError::validation)?;
    let nothing = !creates
        && plan.changes.is_empty()
        && plan.outputs == stack.outputs
        && definition.tags == stack.definition.tags
        && is_whole(stack);
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
        definition,
        changes: plan.changes,
        fingerprint,
    })
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

fn new_stack(
    caller: &Caller,
    name: &str,
    change_set: &str,
    known: Option<Stack>,
) -> Result<Stack, ApiError> {
    match known {
        Some(stack) if stack.status == StackStatus::ReviewInProgress => return Ok(stack),
        Some(_) => {
            return Err(ApiError::validation(format!(
                "Stack [{name}] already exists and cannot be created again with the changeSet [{change_set}]."
            )));
        }
        None => check_name("stackName", name)?,
    }
    Ok(Stack {
        id: id::stack(&caller.region, name),
        name: name.to_owned(),
        region: caller.region.clone(),
        status: StackStatus::ReviewInProgress,
        reason: Some("User Initiated".to_owned()),
        created: now(),
        updated: None,
        deleted: None,
        definition: Definition::default(),
        outputs: Vec::new(),
        change_set_id: None,
        disable_rollback: false,
    })
}

fn stack_to_update(name: &str, known: Option<Stack>) -> Result<Stack, ApiError> {
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

/// What the request wants the stack to be; `parsed` is its TemplateBody.
fn definition(
    stack: &Stack,
    form: &Form<'_>,
    parsed: Option<Result<Template, TemplateError>>,
) -> Result<Definition, ApiError> {
    let previous = form.flag("UsePreviousTemplate")?;
    let (body, parsed) = match (form.get("TemplateBody").zip(parsed), previous) {
        (Some(given), false) => given,
        (None, true) if !stack.definition.template.is_empty() => {
            let body = stack.definition.template.as_str();
            (body, Template::parse(body))
        }
        _ => {
            return Err(ApiError::validation(
                "Either TemplateBody or UsePreviousTemplate must be given",
            ));
        }
    };
    let template = parsed.map_err(|err| ApiError::validation(err.0))?;
    let given = given(form)?;
    let parameters = parameters::settle(&template, &given, &stack.definition.parameters)
        .map_err(|err| ApiError::validation(err.0))?;
    Ok(Definition {
        template: body.to_owned(),
        description: template.description.clone(),
        parameters,
        hidden: template
            .parameters
            .iter()
            .filter(|known| known.no_echo)
            .map(|known| known.name.clone())
            .collect(),
        tags: tags(form)?,
        capabilities: form.texts("Capabilities")?,
        notification_arns: form.texts("NotificationARNs")?,
    })
}

fn given(form: &Form<'_>) -> Result<Vec<Given>, ApiError> {
    form.members("Parameters")?
        .into_iter()
        .map(|member| {
            let key = member.get("ParameterKey").ok_or_else(|| {
                ApiError::validation("a member of Parameters has no ParameterKey")
            })?;
            let previous = member.get("UsePreviousValue").is_some_and(|flag| *flag == "true");
            let value = match (member.get("ParameterValue"), previous) {
                (Some(value), false) => GivenValue::New((*value).to_owned()),
                (None, true) => GivenValue::Previous,
                _ => {
                    return Err(ApiError::validation(format!(
                        "Parameter {key} must have either ParameterValue or UsePreviousValue"
                    )));
                }
            };
            Ok(Given { key: (*key).to_owned(), value })
        })
        .collect()
}

fn tags(form: &Form<'_>) -> Result<Vec<(String, String)>, ApiError> {
    let tags: Vec<(String, String)> = form
        .members("Tags")?
        .iter()
        .filter_map(|member| {
            Some(((*member.get("Key")?).to_owned(), (*member.get("Value")?).to_owned()))
        })
        .collect();
    match tags.iter().find(|(key, value)| {
        key.is_empty()
            || key.chars().count() > 128
            || value.chars().count() > 256
            || key.starts_with("aws:")
    }) {
        Some((key, _)) => Err(ApiError::validation(format!(
            "Tag {key}: a key has 1 to 128 characters and does not begin with aws:, a value has up to 256"
        ))),
        None if tags.len() > 50 => Err(ApiError::validation("A stack has at most 50 tags")),
        None => Ok(tags),
    }
}

/// Names of stacks and change sets: a letter, then letters, digits and hyphens, 128 at most.
fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let all = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if first && all && name.len() <= 128 {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]* and have at most 128 characters"
    )))
}

fn fingerprint(form: &Form<'_>) -> u64 {
    let mut fields: Vec<String> =
        form.fields().iter().map(|(key, value)| format!("{key}={value}")).collect();
    fields.sort();
    xxh3_64(fields.join("\n").as_bytes())
}
