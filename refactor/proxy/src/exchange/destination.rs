//! The service that answers a request, and the other one that could: the two sides of its route.

use std::sync::Arc;

use http::Method;

use crate::path::RequestPath;
use crate::split::Split;
use crate::table::{RouteMatch, RouteTable};
use crate::target::RouteTarget;

/// The service that answers a request, and the other side if there is one.
#[derive(Debug)]
pub(super) struct Destination {
    pub(super) side: RouteSide,
    /// The other side of a route whose tags divide it.
    pub(super) other: Option<Other>,
}

/// A service that can answer a request.
#[derive(Clone, Debug)]
pub(super) struct RouteSide {
    pub(super) target: Arc<RouteTarget>,
    /// How many bytes of the path the route takes away.
    pub(super) matched: usize,
}

/// The side that does not answer.
#[derive(Debug)]
pub(super) struct Other {
    /// The route whose tags say so.
    pub(super) route: Arc<RouteTarget>,
    pub(super) side: RouteSide,
}

/// The primary of a request that this route takes.
pub(super) fn destination(
    table: &RouteTable,
    method: &Method,
    path: &RequestPath<'_>,
    found: &RouteMatch<'_>,
) -> Destination {
    let Some(split) = &found.target.split else {
        return Destination { side: RouteSide::of(found), other: None };
    };
    let Some(rest) = rest(table, method, path, found) else {
        return Destination { side: RouteSide::of(found), other: None };
    };
    divide(split, method, found, &rest)
}

fn divide(
    split: &Split,
    method: &Method,
    found: &RouteMatch<'_>,
    rest: &RouteMatch<'_>,
) -> Destination {
    let (destination, other) = if split.keeps(method) { (found, rest) } else { (rest, found) };
    let other = Other { route: Arc::clone(found.target), side: RouteSide::of(other) };
    Destination { side: RouteSide::of(destination), other: Some(other) }
}

/// The target of a request without this route. The next best route may pass the request on too; the last one does
/// not.
fn rest<'a>(
    table: &'a RouteTable,
    method: &Method,
    path: &RequestPath<'_>,
    found: &RouteMatch<'a>,
) -> Option<RouteMatch<'a>> {
    let mut passed = vec![found.target];
    let mut rest = table.find_past(method, path, &passed)?;
    while rest.target.split.as_ref().is_some_and(|split| !split.keeps(method)) {
        passed.push(rest.target);
        match table.find_past(method, path, &passed) {
            Some(next) => rest = next,
            None => break,
        }
    }
    Some(rest)
}

impl RouteSide {
    pub(super) fn of(found: &RouteMatch<'_>) -> Self {
        Self { target: Arc::clone(found.target), matched: found.matched }
    }
}
