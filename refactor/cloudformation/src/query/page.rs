//! Pages of lists: a token is the key of the last item that was given.

use super::error::ApiError;
use super::form::Form;
use super::xml::Xml;

/// Items a page, at most.
const PAGE: usize = 100;

/// The items of the page that the form asks for, and the token of the next one.
pub(super) fn page<'a, T>(
    items: &'a [T],
    form: &Form<'_>,
    key: impl Fn(&'a T) -> &'a str,
) -> Result<(&'a [T], Option<&'a str>), ApiError> {
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
    let next = if rest.len() > size { given.last().map(key) } else { None };
    Ok((given, next))
}

/// Writes the token, if there is one.
pub(super) fn next_token(xml: &mut Xml, token: Option<&str>) {
    xml.optional("NextToken", token);
}
