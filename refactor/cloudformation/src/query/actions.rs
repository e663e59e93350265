//! The actions, and the members of each request that are honoured. Any other is refused by its name, before anything is
//! done: a member that is dropped in silence looks as if it had been obeyed.
//!
//! `refactor/tests/service_models` asks for every member of AWS' service model and fails for one that is neither here nor refused.

use super::api::Api;
use super::error::ApiError;
use super::form::Form;
use super::xml::Xml;

type Run = fn(&Api, &Form<'_>) -> Result<Xml, ApiError>;

/// Each action with its function, whether it takes the members of a definition, and its other members: dotted names
/// without the numbers of lists. `IncludeNestedStacks` finds none: no type here is a stack.
#[rustfmt::skip]
const ACTIONS: [(&str, Run, bool, &str); 24] = [
    ("CreateChangeSet", Api::create_change_set, true, "ChangeSetName ChangeSetType ClientToken Description UsePreviousTemplate OnStackFailure DeploymentMode IncludeNestedStacks"),
    ("CreateStack", Api::create_stack, true, "ClientRequestToken OnFailure DisableRollback RetainExceptOnCreate TimeoutInMinutes EnableTerminationProtection"),
    ("DeleteChangeSet", Api::delete_change_set, false, "StackName ChangeSetName"),
    ("DeleteStack", Api::delete_stack, false, "StackName ClientRequestToken RoleARN RetainResources DeletionMode DeploymentConfig.Mode"),
    ("DescribeChangeSet", Api::describe_change_set, false, "StackName ChangeSetName NextToken IncludePropertyValues"),
    ("DescribeStackDriftDetectionStatus", Api::describe_stack_drift_detection_status, false, "StackDriftDetectionId"),
    ("DescribeStackEvents", Api::describe_stack_events, false, "StackName NextToken"),
    ("DescribeStackResource", Api::describe_stack_resource, false, "StackName LogicalResourceId"),
    ("DescribeStackResourceDrifts", Api::describe_stack_resource_drifts, false, "StackName StackResourceDriftStatusFilters MaxResults NextToken"),
    ("DescribeStackResources", Api::describe_stack_resources, false, "StackName LogicalResourceId PhysicalResourceId"),
    ("DescribeStacks", Api::describe_stacks, false, "StackName NextToken"),
    ("DetectStackDrift", Api::detect_stack_drift, false, "StackName LogicalResourceIds"),
    ("DetectStackResourceDrift", Api::detect_stack_resource_drift, false, "StackName LogicalResourceId"),
    ("ExecuteChangeSet", Api::execute_change_set, false, "StackName ChangeSetName ClientRequestToken DisableRollback RetainExceptOnCreate"),
    ("GetTemplate", Api::get_template, false, "StackName ChangeSetName TemplateStage"),
    ("GetTemplateSummary", Api::get_template_summary, false, "StackName TemplateBody"),
    ("ListChangeSets", Api::list_change_sets, false, "StackName NextToken"),
    ("ListExports", Api::list_exports, false, "NextToken"),
    ("ListImports", Api::list_imports, false, "ExportName NextToken"),
    ("ListStackResources", Api::list_stack_resources, false, "StackName NextToken"),
    ("ListStacks", Api::list_stacks, false, "NextToken StackStatusFilter"),
    ("UpdateStack", Api::update_stack, true, "ClientRequestToken UsePreviousTemplate DisableRollback RetainExceptOnCreate"),
    ("UpdateTerminationProtection", Api::update_termination_protection, false, "StackName EnableTerminationProtection"),
    ("ValidateTemplate", Api::validate_template, false, "TemplateBody"),
];

/// What says what a stack is to be: members of `CreateStack`, `UpdateStack` and `CreateChangeSet`.
const DEFINITION: &str = "StackName TemplateBody Parameters Parameters.ParameterKey Parameters.ParameterValue \
    Parameters.UsePreviousValue Capabilities ResourceTypes RoleARN NotificationARNs Tags Tags.Key Tags.Value \
    DeploymentConfig.Mode";

/// What carries an action out, if the request has no member that is not honoured. A flag that is `false` and a list that
/// is empty ask for nothing.
///
/// # Errors
/// 400 for an unknown action, and with the name of the first member that is not honoured.
pub(super) fn find(name: &str, form: &Form<'_>) -> Result<Run, ApiError> {
    let found = ACTIONS.iter().find(|(action, ..)| *action == name);
    let Some((_, run, takes_definition, members)) = found else {
        let message = format!("Could not find operation {name} for version 2010-05-15");
        return Err(ApiError::new("InvalidAction", message));
    };
    // EXPRESS would answer before resources are ready; STANDARD is what is done.
    form.one_of("DeploymentConfig.Mode", &["STANDARD"])?;
    for (field, value) in form.fields() {
        let member = without_numbers(field);
        let member = member.as_str();
        let definition = if *takes_definition { DEFINITION } else { "" };
        let mut honoured =
            ["Action Version", members, definition].into_iter().flat_map(str::split_whitespace);
        let is_honoured = honoured.any(|honoured| honoured == member);
        if is_honoured || value.is_empty() || value == "false" {
            continue;
        }
        let is_url = member == "TemplateURL";
        let hint = if is_url { "; send the template as TemplateBody" } else { "" };
        return Err(ApiError::validation(format!("{member} is not supported here{hint}")));
    }
    Ok(*run)
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
