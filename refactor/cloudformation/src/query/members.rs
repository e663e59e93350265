//! The members of each request that are honoured. Any other is refused by its name, before anything is done: a member
//! that is dropped in silence looks as if it had been obeyed.
//!
//! `refactor/tests/service_models` asks for every member of AWS' service model and fails for one that is neither here nor refused.

use super::error::ApiError;
use super::form::Form;

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

/// Whether an action is one that makes or changes a stack by a definition.
fn takes_definition(action: &str) -> bool {
    matches!(action, "CreateChangeSet" | "CreateStack" | "UpdateStack")
}

/// The members that an action honours beside a definition, as dotted names without the numbers of lists; `None` for an
/// unknown action.
fn honoured(action: &str) -> Option<&'static [&'static str]> {
    Some(match action {
        "CreateChangeSet" => &[
            "ChangeSetName",
            "ChangeSetType",
            "ClientToken",
            "Description",
            "UsePreviousTemplate",
            "OnStackFailure",
            "DeploymentMode",
            // No type here is a stack, so there are none to look into.
            "IncludeNestedStacks",
        ],
        "CreateStack" => &[
            "ClientRequestToken",
            "OnFailure",
            "DisableRollback",
            "RetainExceptOnCreate",
            "TimeoutInMinutes",
            "EnableTerminationProtection",
        ],
        "UpdateStack" => &[
            "ClientRequestToken",
            "UsePreviousTemplate",
            "DisableRollback",
            "RetainExceptOnCreate",
        ],
        "DeleteStack" => &[
            "StackName",
            "ClientRequestToken",
            "RoleARN",
            "RetainResources",
            "DeletionMode",
            "DeploymentConfig.Mode",
        ],
        "ExecuteChangeSet" => &[
            "StackName",
            "ChangeSetName",
            "ClientRequestToken",
            "DisableRollback",
            "RetainExceptOnCreate",
        ],
        "DescribeChangeSet" => {
            &["StackName", "ChangeSetName", "NextToken", "IncludePropertyValues"]
        }
        "DeleteChangeSet" => &["StackName", "ChangeSetName"],
        "DescribeStackDriftDetectionStatus" => &["StackDriftDetectionId"],
        "DescribeStackResourceDrifts" => {
            &["StackName", "StackResourceDriftStatusFilters", "MaxResults", "NextToken"]
        }
        "DetectStackDrift" => &["StackName", "LogicalResourceIds"],
        "DescribeStackResource" | "DetectStackResourceDrift" => &["StackName", "LogicalResourceId"],
        "DescribeStackResources" => &["StackName", "LogicalResourceId", "PhysicalResourceId"],
        "DescribeStackEvents" | "DescribeStacks" | "ListChangeSets" | "ListStackResources" => {
            &["StackName", "NextToken"]
        }
        "GetTemplate" => &["StackName", "ChangeSetName", "TemplateStage"],
        "GetTemplateSummary" => &["StackName", "TemplateBody"],
        "ListExports" => &["NextToken"],
        "ListImports" => &["ExportName", "NextToken"],
        "ListStacks" => &["NextToken", "StackStatusFilter"],
        "UpdateTerminationProtection" => &["StackName", "EnableTerminationProtection"],
        "ValidateTemplate" => &["TemplateBody"],
        _ => return None,
    })
}

/// Refuses what is not honoured. A flag that is `false` and a list that is empty ask for nothing.
///
/// # Errors
/// 400 for an unknown action, and with the name of the first member that is not honoured.
pub(super) fn check(action: &str, form: &Form<'_>) -> Result<(), ApiError> {
    let Some(honoured) = honoured(action) else { return Err(ApiError::unknown_action(action)) };
    // EXPRESS would answer before resources are ready; STANDARD is what is done.
    form.one_of("DeploymentConfig.Mode", &["STANDARD"])?;
    for (field, value) in form.fields() {
        let member = without_numbers(field);
        let known = matches!(member.as_str(), "Action" | "Version");
        let defines = takes_definition(action) && DEFINITION.contains(&member.as_str());
        let is_honoured = defines || honoured.contains(&member.as_str());
        if known || is_honoured || value.is_empty() || value == "false" {
            continue;
        }
        let hint = match member.as_str() {
            "TemplateURL" => "; send the template as TemplateBody",
            _ => "",
        };
        return Err(ApiError::validation(format!("{member} is not supported here{hint}")));
    }
    Ok(())
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
