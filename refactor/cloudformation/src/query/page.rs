//! Pages of lists: a token is the key of the last item that was given.

use super::error::ApiError;
use super::form::Form;
use super::xml::Xml;

/// Items a page, at most.
const PAGE: usize = 100;

/// Adds the page of a list that the form asks for, and the token of the next one.
///
/// # Errors
/// 400 for a token that was not given, and for a size that a page cannot have.
pub(super) fn page<'a, T>(
    mut xml: Xml,
    form: &Form<'_>,
    name: &str,
    items: &'a [T],
    key: impl Fn(&'a T) -> &'a str,
    content: impl FnMut(&mut Xml, &'a T),
) -> Result<Xml, ApiError> {
    let start = match form.get("NextToken") {
        None => 0,
        Some(token) => match items.iter().position(|item| key(item) == token) {
            Some(last) => last + 1,
            None => {
                return Err(ApiError::validation(format!(
                    "NextToken {token} is not valid; begin without one"
                )));
            }
        },
    };
    let size = match form.get("MaxResults").map(str::parse::<usize>) {
        None => PAGE,
        Some(Ok(size)) if (1..=PAGE).contains(&size) => size,
        Some(_) => {
            return Err(ApiError::validation(format!(
                "MaxResults takes a number between 1 and {PAGE}"
            )));
        }
    };
    let rest = &items[start..];
    let given = &rest[..rest.len().min(size)];
    xml.list(name, given, content);
    xml.optional("NextToken", given.last().filter(|_| rest.len() > size).map(key));
    Ok(xml)
}
