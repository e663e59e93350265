//! The arguments of a function.

use super::TemplateError;
use super::node::At;

/// `N` arguments in a list, or an error that says what they are.
pub(super) fn arguments<'a, const N: usize>(
    list: &At<'a>,
    what: &str,
) -> Result<[At<'a>; N], TemplateError> {
    let wrong = || list.error(format!("takes a list of {N}: {what}"));
    let Ok(items) = list.items() else { return Err(wrong()) };
    let Ok(items) = items.try_into() else { return Err(wrong()) };
    Ok(items)
}
