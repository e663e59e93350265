//! The actions, and the members of each request that are honoured. Any other is refused by its name, before anything is
//! done: a member that is dropped in silence looks as if it had been obeyed.
//!
//! `refactor/tests/service_models` asks for every member of AWS' service model and fails for one that is neither here nor refused.

use super::api::Api;
use super::error::ApiError;
use super::form::Form;
use super::xml::Xml;

type Run = fn(&Api, &Form<'_>) -> Result<Xml, ApiError>;

struct Action {
    name: &'static str,
    run: Run,
    /// Dotted names without the numbers of lists.
    members: &'static [&'static str],
    /// Whether it takes the members of a definition, too.
    takes_definition: bool,
}

const fn action(name: &'static str, run: Run, members: &'static [&'static str]) -> Action {
    Action { name, run, members, takes_definition: false }
}

impl Action {
    const fn with_definition(self) -> Self {
        Self { takes_definition: true, ..self }
    }
}

/// All actions. `IncludeNestedStacks` finds none: no type here is a stack.
const ACTIONS: [Action; 24] = [
    action(
        "CreateChangeSet",
        Api::create_change_set,
        &[
            "ChangeSetName",
            "ChangeSetType",
            "ClientToken",
            "Description",
            "UsePreviousTemplate",
            "OnStackFailure",
            "DeploymentMode",
            "IncludeNestedStacks",
        ],
    )
    .with_definition(),
    action(
        "CreateStack",
        Api::create_stack,
        &[
            "ClientRequestToken",
            "OnFailure",
            "DisableRollback",
            "RetainExceptOnCreate",
            "TimeoutInMinutes",
            "EnableTerminationProtection",
        ],
    )
    .with_definition(),
    action("DeleteChangeSet", Api::delete_change_set, &["StackName", "ChangeSetName"]),
    action(
        "DeleteStack",
        Api::delete_stack,
        &[
            "StackName",
            "ClientRequestToken",
            "RoleARN",
            "RetainResources",
            "DeletionMode",
            "DeploymentConfig.Mode",
        ],
    ),
    action(
        "DescribeChangeSet",
        Api::describe_change_set,
        &["StackName", "ChangeSetName", "NextToken", "IncludePropertyValues"],
    ),
    action(
        "DescribeStackDriftDetectionStatus",
        Api::describe_stack_drift_detection_status,
        &["StackDriftDetectionId"],
    ),
    action("DescribeStackEvents", Api::describe_stack_events, &["StackName", "NextToken"]),
    action(
        "DescribeStackResource",
        Api::describe_stack_resource,
        &["StackName", "LogicalResourceId"],
    ),
    action(
        "DescribeStackResourceDrifts",
        Api::describe_stack_resource_drifts,
        &["StackName", "StackResourceDriftStatusFilters", "MaxResults", "NextToken"],
    ),
    action(
        "DescribeStackResources",
        Api::describe_stack_resources,
        &["StackName", "LogicalResourceId", "PhysicalResourceId"],
    ),
    action("DescribeStacks", Api::describe_stacks, &["StackName", "NextToken"]),
    action("DetectStackDrift", Api::detect_stack_drift, &["StackName", "LogicalResourceIds"]),
    action(
        "DetectStackResourceDrift",
        Api::detect_stack_resource_drift,
        &["StackName", "LogicalResourceId"],
    ),
    action(
        "ExecuteChangeSet",
        Api::execute_change_set,
        &[
            "StackName",
            "ChangeSetName",
            "ClientRequestToken",
            "DisableRollback",
            "RetainExceptOnCreate",
        ],
    ),
    action("GetTemplate", Api::get_template, &["StackName", "ChangeSetName", "TemplateStage"]),
    action("GetTemplateSummary", Api::get_template_summary, &["StackName", "TemplateBody"]),
    action("ListChangeSets", Api::list_change_sets, &["StackName", "NextToken"]),
    action("ListExports", Api::list_exports, &["NextToken"]),
    action("ListImports", Api::list_imports, &["ExportName", "NextToken"]),
    action("ListStackResources", Api::list_stack_resources, &["StackName", "NextToken"]),
    action("ListStacks", Api::list_stacks, &["NextToken", "StackStatusFilter"]),
    action(
        "UpdateStack",
        Api::update_stack,
        &["ClientRequestToken", "UsePreviousTemplate", "DisableRollback", "RetainExceptOnCreate"],
    )
    .with_definition(),
    action(
        "UpdateTerminationProtection",
        Api::update_termination_protection,
        &["StackName", "EnableTerminationProtection"],
    ),
    action("ValidateTemplate", Api::validate_template, &["TemplateBody"]),
];

/// What says what a stack is to be: members of `CreateStack`, `UpdateStack` and `CreateChangeSet`.
const DEFINITION: [&str; 14] = [
    "StackName",
    "TemplateBody",
    "Parameters",
    "Parameters.ParameterKey",
    "Parameters.ParameterValue",
    "Parameters.UsePreviousValue",
    "Capabilities",
    "ResourceTypes",
    "RoleARN",
    "NotificationARNs",
    "Tags",
    "Tags.Key",
    "Tags.Value",
    "DeploymentConfig.Mode",
];

/// What carries an action out, if the request has no member that is not honoured. A flag that is `false` and a list that
/// is empty ask for nothing.
///
/// # Errors
/// 400 for an unknown action, and with the name of the first member that is not honoured.
pub(super) fn find(name: &str, form: &Form<'_>) -> Result<Run, ApiError> {
    let Some(action) = ACTIONS.iter().find(|action| action.name == name) else {
        let message = format!("Could not find operation {name} for version 2010-05-15");
        return Err(ApiError::new("InvalidAction", message));
    };
    // EXPRESS would answer before resources are ready; STANDARD is what is done.
    form.one_of("DeploymentConfig.Mode", &["STANDARD"])?;
    for (field, value) in form.fields() {
        let member = without_numbers(field);
        let member = member.as_str();
        let is_honoured = matches!(member, "Action" | "Version")
            || action.members.contains(&member)
            || action.takes_definition && DEFINITION.contains(&member);
        if is_honoured || value.is_empty() || value == "false" {
            continue;
        }
        let is_url = member == "TemplateURL";
        let hint = if is_url { "; send the template as TemplateBody" } else { "" };
        return Err(ApiError::validation(format!("{member} is not supported here{hint}")));
    }
    Ok(action.run)
}

/// `Tags.member.1.Key` is `Tags.Key`; of a map (`Filter.entry.1.key`) only its name counts.
fn without_numbers(field: &str) -> String {
    let mut parts = Vec::new();
    let mut rest = field.split('.').peekable();
    while let Some(part) = rest.next() {
        let number =
            |next: &&str| !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit());
        if part == "member" && !parts.is_empty() && rest.next_if(number).is_some() {
            continue;
        }
        if part == "entry" && !parts.is_empty() && rest.next_if(number).is_some() {
            break;
        }
        parts.push(part);
    }
    parts.join(".")
}
