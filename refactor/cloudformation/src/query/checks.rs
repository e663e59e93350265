//! Rules of single members: names, ARNs, tags, capabilities, resource types.

use regex::Regex;

use super::error::ApiError;
use super::form::Form;

const CAPABILITIES: [&str; 3] =
    ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"];

/// How many topics a stack may name, as on AWS.
const TOPICS_LIMIT: usize = 5;

/// Names of stacks and change sets: a letter, then letters, digits and hyphens, 128 at most.
pub(super) fn name(field: &str, name: &str) -> Result<(), ApiError> {
    if matches("[a-zA-Z][-a-zA-Z0-9]{0,127}", name) {
        return Ok(());
    }
    Err(ApiError::constraint(
        field,
        name,
        "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]* and have at most 128 characters",
    ))
}

/// `Tags`: each key once, by AWS' rules.
pub(super) fn tags(form: &Form<'_>) -> Result<Vec<(String, String)>, ApiError> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for member in form.members("Tags")? {
        let (Some(key), Some(value)) = (member.get("Key"), member.get("Value")) else {
            return Err(ApiError::validation("a member of Tags takes both Key and Value"));
        };
        if key.is_empty()
            || key.chars().count() > 128
            || value.chars().count() > 256
            || key.starts_with("aws:")
        {
            return Err(ApiError::validation(format!(
                "Tag {key}: a key has 1 to 128 characters and does not begin with aws:, a value has up to 256"
            )));
        }
        if tags.iter().any(|(known, _)| known == key) {
            return Err(ApiError::validation(format!("Duplicate tag keys found: [{key}]")));
        }
        tags.push(((*key).to_owned(), (*value).to_owned()));
    }
    if tags.len() > 50 {
        return Err(ApiError::validation("A stack has at most 50 tags"));
    }
    Ok(tags)
}

/// `Capabilities`: words of AWS, each of which changes nothing here, since no type makes roles or macros.
pub(super) fn capabilities(form: &Form<'_>) -> Result<Vec<String>, ApiError> {
    form.words("Capabilities", &CAPABILITIES)
}

/// `NotificationARNs`: ARNs of topics.
pub(super) fn notification_arns(form: &Form<'_>) -> Result<Vec<String>, ApiError> {
    let given = form.texts("NotificationARNs")?;
    let topic = |arn: &&String| matches("arn:aws[^:]*:sns:[^:]+:[0-9]{12}:[^:/]+", arn);
    if let Some(arn) = given.iter().find(|arn| !topic(arn)) {
        return Err(ApiError::constraint(
            "NotificationARNs",
            arn,
            "Member must be the ARN of a topic: arn:aws:sns:REGION:ACCOUNT:NAME",
        ));
    }
    if given.len() > TOPICS_LIMIT {
        return Err(ApiError::validation(format!(
            "NotificationARNs has {} members; a stack notifies at most {TOPICS_LIMIT} topics",
            given.len()
        )));
    }
    Ok(given)
}

/// `RoleARN`: the ARN of a role.
pub(super) fn role(form: &Form<'_>) -> Result<Option<String>, ApiError> {
    let Some(arn) = form.get("RoleARN") else { return Ok(None) };
    if arn.len() <= 2_048 && matches("arn:aws[^:]*:iam::[0-9]{12}:role/.+", arn) {
        return Ok(Some(arn.to_owned()));
    }
    Err(ApiError::constraint(
        "RoleARN",
        arn,
        "Member must be the ARN of a role: arn:aws:iam::ACCOUNT:role/NAME",
    ))
}

/// `ResourceTypes`: the types that the request may work with, `AWS::EC2::*` for all of a service.
pub(super) fn resource_types<'a>(
    form: &Form<'_>,
    mut kinds: impl Iterator<Item = &'a str>,
) -> Result<(), ApiError> {
    let allowed = form.texts("ResourceTypes")?;
    if allowed.is_empty() {
        return Ok(());
    }
    let allows = |pattern: &String, kind: &str| match pattern.strip_suffix('*') {
        Some(prefix) => kind.starts_with(prefix),
        None => kind == pattern,
    };
    match kinds.find(|kind| !allowed.iter().any(|pattern| allows(pattern, kind))) {
        Some(kind) => Err(ApiError::validation(format!(
            "Resource type {kind} is not allowed by parameter ResourceTypes [{}]",
            allowed.join(", ")
        ))),
        None => Ok(()),
    }
}

/// Whether the whole of a text matches, and has no blanks.
fn matches(pattern: &str, text: &str) -> bool {
    let is_graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
    is_graphic && Regex::new(&format!(r"\A(?:{pattern})\z")).is_ok_and(|regex| regex.is_match(text))
}
