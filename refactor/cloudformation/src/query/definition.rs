//! What a request says a stack is to be. A member that is absent keeps what the stack has; an empty list removes it.

use xxhash_rust::xxh3::xxh3_64;

use super::checks;
use super::error::ApiError;
use super::form::Form;
use crate::parameters::{self, GivenParameter};
use crate::stacks::Definition;
use crate::template::Template;

/// The definition that a request asks for; `parsed` is its TemplateBody.
///
/// # Errors
/// 400 for a bad template or parameter, and for members that break a rule.
pub(super) fn definition(
    before: &Definition,
    form: &Form<'_>,
    parsed: Option<Result<Template, String>>,
) -> Result<Definition, ApiError> {
    let previous = form.flag("UsePreviousTemplate")?;
    let (body, parsed) = match (form.get("TemplateBody").zip(parsed), previous) {
        (Some(given), false) => given,
        (None, true) if !before.template.is_empty() => {
            (before.template.as_str(), Template::parse(&before.template))
        }
        _ => {
            return Err(ApiError::validation(
                "Either TemplateBody or UsePreviousTemplate must be given",
            ));
        }
    };
    let template = parsed.map_err(ApiError::validation)?;
    checks::resource_types(form, template.resources.iter().map(|found| found.kind.as_str()))?;
    let parameters = parameters::settle(&template, &given(form)?, &before.parameters)
        .map_err(ApiError::validation)?;
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
        tags: kept(form, "Tags", checks::tags(form)?, &before.tags),
        capabilities: kept(form, "Capabilities", checks::capabilities(form)?, &before.capabilities),
        notification_arns: kept(
            form,
            "NotificationARNs",
            checks::notification_arns(form)?,
            &before.notification_arns,
        ),
        role: checks::role(form)?.or_else(|| before.role.clone()),
    })
}

/// A number for the whole request, to tell a repeat from another request.
pub(super) fn fingerprint(form: &Form<'_>) -> u64 {
    let mut fields: Vec<String> =
        form.fields().iter().map(|(key, value)| format!("{key}={value}")).collect();
    fields.sort();
    xxh3_64(fields.join("\n").as_bytes())
}

fn kept<T: Clone>(form: &Form<'_>, name: &str, given: Vec<T>, before: &[T]) -> Vec<T> {
    if form.is_sent(name) { given } else { before.to_vec() }
}

fn given(form: &Form<'_>) -> Result<Vec<GivenParameter>, ApiError> {
    let mut all: Vec<GivenParameter> = Vec::new();
    for member in form.members("Parameters")? {
        let key = member
            .get("ParameterKey")
            .ok_or_else(|| ApiError::validation("a member of Parameters has no ParameterKey"))?;
        let previous = match member.get("UsePreviousValue") {
            None | Some(&"" | &"false") => false,
            Some(&"true") => true,
            Some(other) => {
                return Err(ApiError::validation(format!(
                    "UsePreviousValue of the parameter {key} is '{other}'; it takes true or false"
                )));
            }
        };
        let value = match (member.get("ParameterValue"), previous) {
            (Some(value), false) => Some((*value).to_owned()),
            (None | Some(&""), true) => None,
            (Some(_), true) => {
                return Err(ApiError::validation(format!(
                    "Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value for a parameter"
                )));
            }
            (None, false) => {
                return Err(ApiError::validation(format!(
                    "Parameter {key} must have either ParameterValue or UsePreviousValue"
                )));
            }
        };
        if all.iter().any(|known| known.0 == **key) {
            return Err(ApiError::validation(format!("Parameter {key} is given twice")));
        }
        all.push(((*key).to_owned(), value));
    }
    Ok(all)
}
