//! The arguments of a function.

use super::node::At;

/// `N` arguments in a list, or an error that says what they are.
pub(super) fn arguments<'a, T, const N: usize>(
    list: &At<'a>,
    what: &str,
    read: impl Fn(&At<'a>) -> Result<T, String>,
) -> Result<[T; N], String> {
    let wrong = || list.error(format!("takes a list of {N}: {what}"));
    let items = list.items().unwrap_or_default();
    if items.len() != N {
        return Err(wrong());
    }
    let read: Vec<T> = items.iter().map(read).collect::<Result<_, _>>()?;
    read.try_into().map_err(|_more_or_fewer| wrong())
}
