//! Which routes have to stay: a primary of a collection that no route leads to gets no writes.

use super::journal::Journal;
use super::record::Primary;
use super::sides;
use spaces::ApiError;
use spaces::resource::{ResourceType, Route};

/// Whether nothing of a move stands against the end of a route. It asks no store: a service that is stopped is no reason to
/// lose its route. Once a move is completed the route is a route like any other, for nothing would ever let it go.
///
/// # Errors
/// 409 that says which collection needs the route, and what comes first; 500 if the state cannot be read.
pub(super) fn may_go(journal: &Journal, route: &Route) -> Result<(), ApiError> {
    let Some(collection) = sides::collection(route) else { return Ok(()) };
    let key = (route.details.application.clone(), collection.to_owned());
    let found = journal.find(&key).map_err(|error| ApiError::internal(&error))?;
    match found.filter(|record| record.primary == Primary::Target) {
        None => Ok(()),
        Some(record) => Err(ApiError::conflict(
            ResourceType::Route,
            &route.id,
            format!(
                "the route {} (/{collection}) leads to the primary of {collection}, {}, which would get no more \
                 writes: `banyan reverse {collection}` gives {collection} back, and `banyan cancel \
                 {collection}` ends the move; the route may go then. Where its programs are gone for good: `banyan \
                 cancel {collection} --force`",
                route.id, record.target
            ),
        )),
    }
}
