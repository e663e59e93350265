//! The rules for texts in requests. Each error says what the text must be.

use super::arn::{Arn, is_id};
use super::resource::ResourceType;

/// What a text must be, said after the name of its member.
pub(crate) type BrokenRule = String;

fn require(held: bool, rule: &str) -> Result<(), BrokenRule> {
    if held { Ok(()) } else { Err(format!("must be {rule}")) }
}

fn length(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.chars().count())
}

/// An id of that kind. What `Ref` gives in a template names all parents too; the part to use is named.
pub fn id(kind: ResourceType, text: &str) -> Result<(), BrokenRule> {
    let part = text.split('|').find(|part| is_id(kind, part));
    match part {
        Some(part) if part == text => Ok(()),
        Some(part) => Err(format!("holds several ids; use {part}")),
        None => Err(format!(
            "must be the id of one {}: {} and 10 letters or digits",
            kind.noun(),
            kind.prefix()
        )),
    }
}

/// A name. The published pattern looks ahead, which regular expressions in Rust cannot.
pub(crate) fn name(kind: ResourceType, text: &str) -> Result<(), BrokenRule> {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_ ".contains(&byte);
    let held = length(text, 3, 63)
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().all(inner)
        && !text.starts_with(kind.prefix());
    let prefix = kind.prefix();
    require(
        held,
        &format!(
            "3 to 63 letters, digits, -, _ and spaces, begin with a letter or digit, and not begin with {prefix}"
        ),
    )
}

/// A description.
pub(crate) fn description(text: &str) -> Result<(), BrokenRule> {
    let allowed = |byte: u8| {
        byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace() || b"-_.!*#@'".contains(&byte)
    };
    require(
        length(text, 1, 256) && text.bytes().all(allowed),
        "1 to 256 letters, digits, spaces and - _ . ! * # @ '",
    )
}

/// The id of a VPC. It is kept and shown; no network is made.
pub(crate) fn vpc_id(text: &str) -> Result<(), BrokenRule> {
    let held = text.strip_prefix("vpc-").is_some_and(|rest| {
        matches!(rest.len(), 8 | 17)
            && rest.bytes().all(|byte| b"-abcdef0123456789".contains(&byte))
    });
    require(held, "vpc- and 8 or 17 characters of -, a to f and 0 to 9")
}

/// The stage of an application at the root of its URL, as API Gateway calls it.
pub(crate) const ROOT_STAGE: &str = "$default";

/// The name of an application's stage, which begins the path of its URL.
pub(crate) fn stage_name(text: &str) -> Result<(), BrokenRule> {
    if text == ROOT_STAGE {
        return Ok(());
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    require(
        length(text, 1, 128) && text.bytes().all(allowed),
        "1 to 128 letters, digits, - and _, or $default for the root",
    )
}

/// A segment that requests can have: the proxy refuses those with these segments, whatever routes there are.
fn reachable(segment: &str) -> Result<(), BrokenRule> {
    match segment {
        "." | ".." => Err(format!(
            "has the segment {segment}, with which the proxy refuses every request; choose another word"
        )),
        _ => Ok(()),
    }
}

/// A URL of a service.
pub(crate) fn url(text: &str) -> Result<(), BrokenRule> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    let last = |byte: u8| byte.is_ascii_alphanumeric() || b"-+@#/%=~_|".contains(&byte);
    let any = |byte: u8| last(byte) || b"?!:,.;".contains(&byte);
    let held = length(text, 1, 2_048)
        && rest.is_some_and(|rest| rest.bytes().all(any) && rest.bytes().last().is_some_and(last));
    require(
        held,
        "http:// or https:// and up to 2048 letters, digits and - + @ # / % ? = ~ _ | ! : , . ; \
         and not end with one of ? ! : , . ;",
    )
}

/// A source path: segments that are literal or one parameter each, no name twice.
pub(crate) fn source_path(text: &str) -> Result<(), BrokenRule> {
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte))
    };
    let segment = |segment: &str| {
        let parameter = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        word(parameter.unwrap_or(segment))
    };
    let segments = text.strip_prefix('/').map(|rest| rest.split('/').collect::<Vec<_>>());
    let held = length(text, 1, 2_048)
        && segments.as_ref().is_some_and(|segments| segments.iter().copied().all(segment));
    require(
        held,
        "/ and a segment or a {parameter}, once or more, at most 2048 characters: letters, digits \
         and . _ : - (no / at the end, no wildcard; for all paths below it set IncludeChildPaths)",
    )?;
    let mut names = std::collections::BTreeSet::new();
    for segment in segments.into_iter().flatten() {
        reachable(segment)?;
        if segment.starts_with('{') && !names.insert(segment) {
            return Err(format!("has the parameter {segment} twice; give each its own name"));
        }
    }
    Ok(())
}

/// A token that names a request, so that a repeat is known as one.
pub fn client_token(text: &str) -> Result<(), BrokenRule> {
    let held = length(text, 1, 64) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    require(held, "1 to 64 printable ASCII characters")
}

/// The key of a tag.
pub fn tag_key(text: &str) -> Result<(), BrokenRule> {
    require(
        length(text, 1, 128) && !text.starts_with("aws:"),
        "1 to 128 characters, and not begin with aws:",
    )
}

/// The value of a tag.
pub(crate) fn tag_value(text: &str) -> Result<(), BrokenRule> {
    require(length(text, 0, 256), "at most 256 characters")
}

/// The ARN of a resource of this service.
pub fn resource_arn(text: &str) -> Result<Arn<'_>, BrokenRule> {
    let arn = Arn::parse(text).filter(|_| length(text, 20, 2_048));
    arn.ok_or_else(|| {
        "must be the ARN of an environment, application, service or route, such as \
         arn:aws:refactor-spaces:REGION:ACCOUNT:environment/env-0123456789"
            .into()
    })
}

#[cfg(test)]
mod tests;
