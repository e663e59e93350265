//! Which routes have to stay: a primary of a collection that no route leads to gets no writes.

use super::code::Code;
use super::journal::Journal;
use super::record::Primary;
use super::refusal::Refusal;
use super::sides;
use spaces::resource::Route;

/// Whether nothing of a move stands against the end of a route. It asks no store: a service that is stopped is no reason to
/// lose its route. Once a move is completed the route is a route like any other, for nothing would ever let it go.
///
/// # Errors
/// 409 that says which collection needs the route; 500 if the state cannot be read.
pub(super) fn may_go(journal: &Journal, route: &Route) -> Result<(), Refusal> {
    let Some(collection) = sides::collection(route) else { return Ok(()) };
    let key = (route.details.application.clone(), collection.to_owned());
    let found = journal.find(&key)?;
    match found.filter(|record| record.primary == Primary::Target) {
        None => Ok(()),
        Some(record) => Err(Refusal::of(
            Code::RouteNeeded,
            format!(
                "the route {} (/{collection}) leads to the primary of {collection}, {}, which would get no more writes",
                route.id, record.target
            ),
        )),
    }
}
