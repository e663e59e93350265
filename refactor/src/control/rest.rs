//! REST-JSON: finds the operation of a method and path, reads what it takes, writes what it answers.

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::ControlAnswer;
use super::json;
use super::operations::{ApiOperation, Call, LIST, OPERATIONS, Takes};
use super::protocol::{JSON, Protocol};
use super::signature::Received;
use cloudformation::Caller;
use spaces::{ApiError, Spaces};

/// Carries out the operation of a signed request.
pub(super) fn answer(spaces: &Spaces, caller: &Caller, received: &Received) -> ControlAnswer {
    let found = OPERATIONS.iter().find_map(|operation| {
        let parameters = (operation.method == received.method)
            .then(|| parameters(operation.path, &received.path))??;
        Some((operation, parameters))
    });
    let Some((operation, parameters)) = found else { return unknown(received) };
    match call(operation, caller, parameters, received)
        .and_then(|call| (operation.run)(spaces, &call))
    {
        Ok(body) => {
            log::debug!("{}: done", operation.name);
            done(&body)
        }
        Err(error) => refused(operation, &error),
    }
}

/// 200 with what was asked for.
pub(super) fn done(body: &Value) -> ControlAnswer {
    ControlAnswer::new(200, JSON, body.to_string())
}

fn refused(operation: &ApiOperation, error: &ApiError) -> ControlAnswer {
    log::debug!("{}: {} ({})", operation.name, error.code(), error.message());
    ControlAnswer {
        error_type: Some(error.code().into()),
        ..ControlAnswer::new(error.status(), JSON, error.body().to_string())
    }
}

/// An error that is none of an operation's.
pub(super) fn plain(status: u16, code: &'static str, message: &str) -> ControlAnswer {
    Protocol::RestJson.error(status, code, message)
}

/// 405 at a path that takes only the method `allow`; `instead` says so for people.
pub(super) fn not_allowed(method: &str, allow: &'static str, instead: &str) -> ControlAnswer {
    let message = format!("there is no {method} here: {instead}");
    let answer = plain(405, "MethodNotAllowedException", &message);
    ControlAnswer { allow: Some(allow.into()), ..answer }
}

/// 400 at a path that takes no query.
pub(super) fn no_query(received: &Received) -> ControlAnswer {
    let message =
        format!("{} has no query parameters; leave out ?{}", received.path, received.query);
    plain(400, "ValidationException", &message)
}

fn unknown(received: &Received) -> ControlAnswer {
    let message = format!(
        "there is no operation {} {}: this endpoint speaks migration-hub-refactor-spaces, cloudformation \
         and sts get-caller-identity, at the root of its address",
        received.method, received.path
    );
    plain(404, "UnknownOperationException", &message)
}

/// What the segments of a path are for the parameters of a template, decoded; `None` if the path is
/// another one. An ARN is one segment, whose slashes are encoded: the path is split before it is decoded.
fn parameters(template: &str, path: &str) -> Option<Vec<String>> {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (template.next(), path.next()) {
            (None, None) => return Some(parameters),
            (Some(parameter), Some(given)) if parameter.starts_with('{') && !given.is_empty() => {
                parameters.push(percent_decode_str(given).decode_utf8_lossy().into_owned());
            }
            (Some(literal), Some(given)) if literal == given => {}
            _ => return None,
        }
    }
}

fn call(
    operation: &ApiOperation,
    caller: &Caller,
    parameters: Vec<String>,
    received: &Received,
) -> Result<Call, ApiError> {
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(received.query.as_bytes()).into_owned().collect();
    let body = match received.body.as_slice() {
        [] => Map::new(),
        body => json::object(body).map_err(ApiError::Validation)?,
    };
    check_names(operation, &query, &body).map_err(ApiError::Validation)?;
    Ok(Call { region: caller.region.clone(), parameters, query, body })
}

/// Whether the operation takes all that it is given: what it does not know could change what is meant.
fn check_names(
    operation: &ApiOperation,
    query: &[(String, String)],
    body: &Map<String, Value>,
) -> Result<(), String> {
    let (members, parameters): (&[_], &[_]) = match operation.takes {
        Takes::Body(members) => (members, &[]),
        Takes::Query(parameters) => (&[], parameters),
    };
    let given = |(name, value): (_, &Value)| (!value.is_null()).then_some(name);
    let members = body.iter().filter_map(given).map(|name| ("member", name, members));
    let parameters = query.iter().map(|(name, _)| ("query parameter", name, parameters));
    let mut faults: Vec<_> = members
        .chain(parameters)
        .filter(|(_, name, known)| !known.contains(&name.as_str()))
        .map(|(what, name, _)| format!("{} has no {what} {name}", operation.name))
        .collect();
    let once = |(name, _): &&(String, String)| name != LIST;
    let mut seen = BTreeSet::new();
    let twice = query.iter().filter(once).filter(|(name, _)| !seen.insert(name));
    faults.extend(twice.map(|(name, _)| format!("the query has {name} twice")));
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::parameters;

    #[test]
    fn a_path_is_split_before_it_is_decoded() {
        let arn = "/tags/arn%3Aaws%3Arefactor-spaces%3Alocal%3A0%3Aenvironment%2Fenv-0123456789";
        let found = parameters("/tags/{ResourceArn}", arn).unwrap();
        assert_eq!(found, ["arn:aws:refactor-spaces:local:0:environment/env-0123456789"]);
        assert_eq!(parameters("/a/{b}/c/{d}", "/a/1/c/2").unwrap(), ["1", "2"]);
        for path in ["/a/1/c", "/a/1/c/2/", "/a//c/2", "/x/1/c/2", "//a/1/c/2", "/a/1/c/2/3"] {
            assert_eq!(parameters("/a/{b}/c/{d}", path), None, "{path}");
        }
    }
}
